# SPDX-License-Identifier: Apache-2.0
"""Neutron's types: where they are listed, and what of them is kept."""

import datetime
from collections.abc import Callable, Mapping, Sequence

from synchronizer.plugin import Entity, EntityType
from synchronizer.plugin.openstack import Kind, Paging, Service, Text, by_links
from synchronizer_plugins.neutron import visibility
from synchronizer_plugins.neutron.order import in_order

#: Entities per page. Neutron has no limit of its own unless an operator sets one.
PAGE_SIZE = 1000

#: The order of pages. Neutron sorts so anyway, except where it cuts the pages out of a whole
#: listing, as OVN's routers: there each page would have an order of its own.
_BY_ID = {"sort_key": "id", "sort_dir": "asc"}

#: A PUT that changes nothing moves it, and nothing else; so do agents that report what is known
#: already. `revision_number` follows what really changed.
_VOLATILE = frozenset({"updated_at"})

#: Their order changes by itself, and some of what they hold is in a GET only. A rule that comes
#: or goes moves the group's `revision_number`; rules are a type of their own.
_RULES = frozenset({"security_group_rules"})

#: To who is no administrator, whatever else the policies allow, Neutron lists the rules of the own
#: groups alone, unless there is a filter. So there is one, of which each rule passes one value.
_DIRECTIONS = ({"direction": "ingress"}, {"direction": "egress"})


def changed_since(instant: int) -> Mapping[str, str]:
    """The filter for what changed at or after an instant (microseconds since 1970), rounded
    down to the second: Neutron shows no parts of it."""
    moment = datetime.datetime.fromtimestamp(instant // 1_000_000, datetime.UTC)
    return {"changed_since": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _paging(plural: str, size: int) -> Paging:
    # A marker that is gone is a 404, page 1 again or an empty page: that differs between
    # types, plugins and releases.
    return by_links(f"{plural}_links", size, restarts=True, stops=True)


def _kind(
    singular: str,
    path: str,
    plural: str,
    *,
    volatile: frozenset[str] = frozenset(),
    parts: Sequence[Mapping[str, str]] = ({},),
    shape: Callable[[Text], Text] | None = None,
    vouches: Callable[[Entity, str | None], bool] | None = None,
    doubt: Callable[[Service], str | None] | None = None,
) -> Kind:
    return Kind(
        type=EntityType(
            name="neutron." + singular.replace("floatingip", "floating_ip"),
            volatile=_VOLATILE | volatile,
            scope_field="project_id",
        ),
        path=path,
        plural=plural,
        query=_BY_ID,
        parts=parts,
        paging=_paging(plural, PAGE_SIZE),
        one=f"{path}/{{id}}",
        singular=singular,
        changes=changed_since,
        shape=shape,
        vouches=vouches,
        doubt=doubt,
    )


NETWORKS = _kind(
    "network",
    "/networks",
    "networks",
    shape=in_order("availability_zones"),
    vouches=visibility.of_network,
)
SUBNETS = _kind("subnet", "/subnets", "subnets", doubt=visibility.doubt)
PORTS = _kind("port", "/ports", "ports", doubt=visibility.doubt)
ROUTERS = _kind("router", "/routers", "routers", shape=in_order("availability_zones"))
FLOATING_IPS = _kind("floatingip", "/floatingips", "floatingips")
SECURITY_GROUPS = _kind(
    "security_group",
    "/security-groups",
    "security_groups",
    volatile=_RULES,
    vouches=visibility.of_security_group,
)
RULES = _kind(
    "security_group_rule",
    "/security-group-rules",
    "security_group_rules",
    parts=_DIRECTIONS,
    doubt=visibility.doubt,
)
AGENTS = Kind(
    type=EntityType(name="neutron.agent", volatile=frozenset({"heartbeat_timestamp"})),
    path="/agents",
    plural="agents",
    # Older releases know neither pages nor orders of agents. Links are followed all the same:
    # an operator's pagination_max_limit makes pages that nobody asked for.
    paging=_paging("agents", 0),
    one="/agents/{id}",
    singular="agent",
    vouches=visibility.of_agent,
)

KINDS = (
    NETWORKS,
    SUBNETS,
    PORTS,
    ROUTERS,
    FLOATING_IPS,
    SECURITY_GROUPS,
    RULES,
    AGENTS,
)
