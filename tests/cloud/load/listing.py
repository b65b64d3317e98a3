# SPDX-License-Identifier: Apache-2.0
"""Complete listings of every project at once, page by page."""

import time
from collections.abc import Iterator, Set
from typing import Any

from tests.cloud.load.rest import Project
from tests.cloud.load.truth import Truth, now

# kind -> OpenStack service, kind in the catalogue, path, key of the answer
LISTINGS = {
    "server": ("nova", "compute", "/servers/detail?all_tenants=1", "servers"),
    "volume": ("cinder", "block-storage", "/volumes/detail?all_tenants=1", "volumes"),
    "stack": ("heat", "orchestration", "/stacks?global_tenant=true", "stacks"),
    "network": ("neutron", "network", "/networks", "networks"),
    "subnet": ("neutron", "network", "/subnets", "subnets"),
    "port": ("neutron", "network", "/ports", "ports"),
    "router": ("neutron", "network", "/routers", "routers"),
    "floating_ip": ("neutron", "network", "/floatingips", "floatingips"),
    "security_group": ("neutron", "network", "/security-groups", "security_groups"),
    "security_group_rule": (
        "neutron",
        "network",
        "/security-group-rules",
        "security_group_rules",
    ),
    "image": ("glance", "image", "/v2/images", "images"),
    "user": ("keystone", "identity", "/users", "users"),
    "project": ("keystone", "identity", "/projects", "projects"),
    "domain": ("keystone", "identity", "/domains", "domains"),
    "region": ("keystone", "identity", "/regions", "regions"),
    "role_assignment": ("keystone", "identity", "/role_assignments", "role_assignments"),
}
# They come in one answer: Keystone takes no limit, or forgets the marker.
WHOLE = frozenset({"region", "role_assignment"})
# How long side effects take: a deleted server's port goes last.
SIDE_EFFECTS = 3.0


def listing(admin: Project, kind: str, page: int = 500) -> Iterator[dict[str, Any]]:
    """Yield every entity of a kind, in every project."""
    _, service, path, key = LISTINGS[kind]
    if kind in WHOLE:
        whole: list[dict[str, Any]] = admin.get(service, path)[key]
        yield from map(with_id, whole)
        return
    url = f"{path}{'&' if '?' in path else '?'}limit={page}"
    marker = ""
    while found := admin.get(service, url + marker)[key]:
        yield from found
        marker = f"&marker={found[-1]['id']}"


def with_id(found: dict[str, Any]) -> dict[str, Any]:
    """Return an entity as it is; a role assignment with an id, made of its parts."""
    if "role" not in found:
        return found
    actor, scope = "user" if "user" in found else "group", found["scope"]
    where = next((name for name in ("project", "domain") if name in scope), None)
    parts = [
        f"{actor}:{found[actor]['id']}",
        f"role:{found['role']['id']}",
        f"{where}:{scope[where]['id']}" if where else "system:all",
        *(["inherited"] if "OS-INHERIT:inherited_to" in scope else []),
    ]
    return {**found, "id": ",".join(parts)}


def project_of(entity: dict[str, Any]) -> str | None:
    """Return an entity's project, under the name that its own API has for it."""
    for name in ("project_id", "tenant_id", "os-vol-tenant-attr:tenant_id", "project", "owner"):
        if project := entity.get(name):
            return str(project)
    return None


def name_of(entity: dict[str, Any]) -> str | None:
    """Return an entity's name, or what it has for one."""
    names = (entity.get(key) for key in ("name", "stack_name", "description"))
    return next((name for name in names if name is not None), None)


def write_present(admin: Project, truth: Truth, services: Set[str]) -> None:
    """Write down what there is, once the side effects are over."""
    time.sleep(SIDE_EFFECTS)
    for kind, (openstack_service, *_) in LISTINGS.items():
        if openstack_service not in services:
            continue
        for entity in listing(admin, kind):
            truth.write(
                type=kind,
                id=entity["id"],
                op="present",
                sent=now(),
                name=name_of(entity),
                status=entity.get("status", entity.get("stack_status")),
                project=project_of(entity),
            )
