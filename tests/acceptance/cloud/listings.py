# SPDX-License-Identifier: Apache-2.0
"""The services' own complete listings of every type, asked plainly and knowing no plugin."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Entity = dict[str, Any]

#: What the listings are asked at; who compares with them asks at the same.
MICROVERSIONS = {"nova": "2.96", "cinder": "3.70"}
_HEADERS = {
    "compute": {"OpenStack-API-Version": f"compute {MICROVERSIONS['nova']}"},
    "block-storage": {"OpenStack-API-Version": f"volume {MICROVERSIONS['cinder']}"},
}
#: The most that any of them gives; more than the tests make.
_MOST = 1000


@dataclasses.dataclass(frozen=True)
class Listing:
    """`service`: in the catalogue; `paths`: all of them together; `key`: of the list in the
    answer. `identify`: gives an entity the id that ours have. `counted`: no page links to the
    next, which begins at an offset."""

    service: str
    key: str
    paths: tuple[str, ...]
    identify: Callable[[Entity], Entity] = lambda entity: entity
    counted: bool = False


def _assignment(entity: Entity) -> Entity:
    who = f"user:{entity['user']['id']}" if "user" in entity else f"group:{entity['group']['id']}"
    scope = entity["scope"]
    kind = next(kind for kind in ("project", "domain", "system") if kind in scope)
    where = "all" if kind == "system" else scope[kind]["id"]
    inherited = ",inherited" if "OS-INHERIT:inherited_to" in scope else ""
    return {**entity, "id": f"{who},role:{entity['role']['id']},{kind}:{where}{inherited}"}


def _pool(entity: Entity) -> Entity:
    details = {k: v for k, v in entity["capabilities"].items() if k != "timestamp"}
    return {**entity, "id": entity["name"], "capabilities": details}


def _neutron(key: str) -> Listing:
    return Listing("network", key, (f"/v2.0/{key.replace('_', '-')}",))


def _keystone(key: str, identify: Callable[[Entity], Entity] | None = None) -> Listing:
    return Listing("identity", key, (f"/{key}",), identify or (lambda entity: entity))


LISTINGS = {
    "nova.server": Listing("compute", "servers", (f"/servers/detail?all_tenants=1&limit={_MOST}",)),
    "nova.hypervisor": Listing("compute", "hypervisors", ("/os-hypervisors/detail",)),
    "nova.service": Listing("compute", "services", ("/os-services",)),
    "nova.aggregate": Listing(
        "compute", "aggregates", ("/os-aggregates",), lambda one: {**one, "id": one["uuid"]}
    ),
    "nova.flavor": Listing("compute", "flavors", ("/flavors/detail?is_public=None",)),
    "nova.server_group": Listing(
        "compute", "server_groups", ("/os-server-groups?all_projects=True",), counted=True
    ),
    "cinder.volume": Listing("block-storage", "volumes", ("/volumes/detail?all_tenants=1",)),
    "cinder.snapshot": Listing("block-storage", "snapshots", ("/snapshots/detail?all_tenants=1",)),
    "cinder.backup": Listing("block-storage", "backups", ("/backups/detail?all_tenants=1",)),
    "cinder.volume_type": Listing("block-storage", "volume_types", ("/types?is_public=None",)),
    "cinder.service": Listing(
        "block-storage",
        "services",
        ("/os-services",),
        lambda one: {**one, "id": f"{one['binary']}:{one['host']}"},
    ),
    "cinder.pool": Listing(
        "block-storage", "pools", ("/scheduler-stats/get_pools?detail=true",), _pool
    ),
    "heat.stack": Listing("orchestration", "stacks", ("/stacks?show_hidden=true",)),
    "neutron.network": _neutron("networks"),
    "neutron.subnet": _neutron("subnets"),
    "neutron.port": _neutron("ports"),
    "neutron.router": _neutron("routers"),
    "neutron.floating_ip": _neutron("floatingips"),
    "neutron.security_group": _neutron("security_groups"),
    "neutron.security_group_rule": _neutron("security_group_rules"),
    "neutron.agent": _neutron("agents"),
    "glance.image": Listing(
        "image",
        "images",
        tuple(
            f"/v2/images?visibility=all&os_hidden={hidden}&limit={_MOST}"
            for hidden in ("false", "true")
        ),
    ),
    "keystone.project": _keystone("projects"),
    "keystone.user": _keystone("users"),
    "keystone.domain": _keystone("domains"),
    "keystone.region": _keystone("regions"),
    "keystone.service": _keystone("services"),
    "keystone.endpoint": _keystone("endpoints"),
    "keystone.role_assignment": _keystone("role_assignments", _assignment),
}


def complete(session: Any, type_: str) -> dict[str, Entity]:
    """Everything of a type, by the id that ours have."""
    listing = LISTINGS[type_]
    found: dict[str, Entity] = {}
    for path in listing.paths:
        for entities in pages(session, listing, path):
            for entity in map(listing.identify, entities):
                found[str(entity["id"])] = entity
    return found


def pages(
    session: Any, listing: Listing, path: str, headers: Mapping[str, str] | None = None
) -> Iterator[list[Entity]]:
    """As many as it takes: a service may give shorter pages than are asked for. `headers`: else
    those that ask at `MICROVERSIONS`."""
    headers = {"Accept": "application/json", **(headers or _HEADERS.get(listing.service, {}))}
    service = {"service_type": listing.service, "interface": "public"}
    first, seen = path, 0
    while path:
        document = session.get(path, headers=headers, endpoint_filter=service).json()
        entities = document[listing.key]
        yield entities
        links = document.get(f"{listing.key}_links", [])
        path = next((link["href"] for link in links if link["rel"] == "next"), "")
        if listing.counted and entities:
            seen += len(entities)
            path = f"{first}&offset={seen}"
        full = len(entities) >= _MOST or document.get("truncated")
        assert path or not full, "there is more"


def comparable(entities: dict[str, Entity], unseen: frozenset[str]) -> dict[str, Entity]:
    """Entities without some fields, and with the lists in them in one order: services do not
    keep to any."""
    return {
        id_: {name: _ordered(value) for name, value in entity.items() if name not in unseen}
        for id_, entity in entities.items()
    }


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ordered(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted(map(_ordered, value), key=lambda inner: json.dumps(inner, sort_keys=True))
    return value
