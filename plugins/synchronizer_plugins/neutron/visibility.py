# SPDX-License-Identifier: Apache-2.0
"""Which entities only who sees all of Neutron can see.

A plain member of a project sees what is the project's own; networks (with their subnets) and
security groups that are shared with it, external networks, ports on its own networks, and rules
of its own security groups. Of agents a member sees none, and no error.
"""

from synchronizer.model import Entity


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
