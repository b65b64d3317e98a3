# SPDX-License-Identifier: Apache-2.0
"""Which entities only who sees all of Neutron can see.

A plain member of a project sees what is the project's own; networks (with their subnets) and
security groups that are shared with it, external networks, ports on its own networks, and rules
of its own security groups. Of agents a member sees none, and no error.

A subnet, a port or a rule does not tell what it is on or in, so that those of others need not
vouch for anything: for them Neutron is asked for something else that only who sees all sees.
"""

import contextlib

import msgspec

from synchronizer.plugin import Entity
from synchronizer.plugin.openstack import Service, documents, failure

_NETWORKS = "/networks"
#: Of a network, for administrators only: as long as Neutron's policy is its own.
_PROVIDER = "provider:network_type"
#: Networks among which one is looked for that vouches.
_MOST = "1000"

_networks = msgspec.json.Decoder(dict[str, object])


def of_network(network: Entity, own: str | None) -> bool:
    """Neutron says `shared` of what the asking project may use, and `router:external` of what
    may be used by others, too."""
    return (
        _foreign(network, own)
        and network.get("shared") is False
        and network.get("router:external", False) is False
    )


def of_security_group(group: Entity, own: str | None) -> bool:
    """Releases that cannot share security groups say nothing of it."""
    return _foreign(group, own) and group.get("shared", False) is False


def of_agent(agent: Entity, own: str | None) -> bool:
    """Whoever sees one sees all."""
    return True


def _foreign(entity: Entity, own: str | None) -> bool:
    project = entity.get("project_id")
    return isinstance(project, str) and project != own


def doubt(neutron: Service) -> str | None:
    """Asks for a network as only an administrator sees it, or else for one that only an
    administrator sees.

    Whoever sees no network at all sees no port or subnet of others either, so that these, if
    some were known, vouch well enough.
    """
    found = _page(neutron, {"limit": "1", "fields": _PROVIDER})
    if not found or any(documents.text(text, _PROVIDER) for text in found):
        return None
    own = neutron.credential.rights().project_id
    # A policy of the operator's own may show everything, and not this field.
    for text in _page(neutron, {"limit": _MOST}):
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            if of_network(_networks.decode(text), own):
                return None
    return (
        "neutron shows this credential no network of others that is not shared, and no"
        f" {_PROVIDER}; give it a role that sees all projects"
    )


def _page(neutron: Service, params: dict[str, str]) -> list[msgspec.Raw]:
    answer = neutron.get(_NETWORKS, params)
    if answer.status != 200:
        raise failure(answer, neutron.name)
    return documents.page(answer, neutron.name, "networks")[0]
