# SPDX-License-Identifier: Apache-2.0
"""Which entities Neutron's notifications speak of.

Neutron's API tells `<resource>.<action>.start` and, once it is done, `.end`, whose payload is
{"<resource>": {...}}, or {"<resources>": [...]} when many were created at once, or for
a delete {"<resource>_id": ...} with or without the entity. Interfaces of routers, tags and
policies of sharing have forms of their own.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from synchronizer.plugin import Hint

_TYPES = {
    "network": "neutron.network",
    "subnet": "neutron.subnet",
    "port": "neutron.port",
    "router": "neutron.router",
    "floatingip": "neutron.floating_ip",
    "security_group": "neutron.security_group",
    "security_group_rule": "neutron.security_group_rule",
    "agent": "neutron.agent",
}

#: What changes with an entity: the resource that holds it, whose id it has as `<resource>_id`.
_HOLDERS = {"subnet": "network", "security_group_rule": "security_group"}


def hints(event_type: str, payload: Mapping[str, Any]) -> Iterator[Hint]:
    """Each entity once."""
    yield from dict.fromkeys(_hints(event_type, payload))


def _hints(event_type: str, payload: Mapping[str, Any]) -> Iterator[Hint]:
    resource, _, rest = event_type.partition(".")
    if resource in _TYPES and rest in {"create.end", "update.end", "delete.end"}:
        deleted = rest == "delete.end"
        yield from _hint(resource, payload.get(f"{resource}_id"), deleted)
        for entity in _entities(payload, resource):
            yield from _of_entity(resource, entity, deleted)
    elif event_type in {"router.interface.create", "router.interface.delete"}:
        interface = _mapping(payload.get("router_interface"))
        yield from _hint("router", interface.get("id"))
        # It may be an interface to several subnets, and stay as one to the rest.
        yield from _hint("port", interface.get("port_id"))
    elif resource == "rbac_policy" and rest in {"create.end", "update.end", "delete.end"}:
        policy = _mapping(payload.get("rbac_policy"))
        yield from _hint(policy.get("object_type"), policy.get("object_id"))
    elif resource == "tag" and rest in {"create.end", "update.end", "delete.end"}:
        # The second pair is that of older releases.
        for key in ("obj_resource", "parent_resource"):
            yield from _hint(_singular(payload.get(key)), payload.get(f"{key}_id"))


def _of_entity(resource: str, entity: Mapping[str, Any], deleted: bool) -> Iterator[Hint]:
    yield from _hint(resource, entity.get("id"), deleted)
    if (holder := _HOLDERS.get(resource)) is not None:
        yield from _hint(holder, entity.get(f"{holder}_id"))
    if resource == "security_group":
        # Of its default rules, and of those that go with it, Neutron says nothing else.
        for rule in _mappings(entity.get("security_group_rules")):
            yield from _hint("security_group_rule", rule.get("id"), deleted)
    if resource == "network" and deleted:
        for subnet in _list(entity.get("subnets")):
            yield from _hint("subnet", subnet, deleted)


def _hint(resource: object, id_: object, deleted: bool = False) -> Iterator[Hint]:
    if isinstance(resource, str) and resource in _TYPES and isinstance(id_, str) and id_:
        yield Hint(_TYPES[resource], id_, deleted=deleted)


def _entities(payload: Mapping[str, Any], resource: str) -> Iterator[Mapping[str, Any]]:
    yield _mapping(payload.get(resource))
    yield from _mappings(payload.get(f"{resource}s"))


def _singular(plural: object) -> str | None:
    """The resource of a path's part: "security-groups", or "security_groups"."""
    if not isinstance(plural, str):
        return None
    return plural.replace("-", "_").removesuffix("s")


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    for each in _list(value):
        yield _mapping(each)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
