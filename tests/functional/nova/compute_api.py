# SPDX-License-Identifier: Apache-2.0
"""Nova's listings beside the servers, as Nova makes them, for the scripted cloud.

Forms, limits and refusals are those of a real Nova at 2.96, asked and compared.
"""

import random
import threading
import uuid
from collections.abc import Iterator
from typing import Any

from tests.functional.nova.scripted import Reply, Request, Scripted, fault

Entity = dict[str, Any]


def entity_id(number: int) -> str:
    """The same one each time."""
    return str(uuid.UUID(int=number, version=4))


class ComputeApi:
    """Answers for a `Scripted` cloud, whose `roles` say whether the asker is an administrator.

    `max_limit`: entities on a page, at most. `orphans`: hypervisors without a service, which
    Nova leaves out of their pages. `down_hosts`: those of a cell that does not answer.
    """

    def __init__(self, cloud: Scripted, *, max_limit: int = 3) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._numbers = iter(range(1, 1 << 30))
        self.max_limit = max_limit
        self.orphans: set[str] = set()
        self.down_hosts: list[str] = []
        self.hypervisors = [self._hypervisor(n) for n in range(1, 9)]
        self.services = [self._service(n) for n in range(1, 9)]
        self.aggregates = [self._aggregate() for _ in range(2)]
        self.flavors = sorted((self._flavor() for _ in range(7)), key=lambda f: str(f["id"]))
        self.groups = [self._group() for _ in range(7)]
        cloud.answers = [self.answer]

    @property
    def _admin(self) -> bool:
        return "admin" in self._cloud.roles

    def answer(self, request: Request) -> Reply:
        with self._lock:
            parts = request.path.removeprefix("/v2.1/").split("/")
            reply = self._answer(parts, request.query)
        reply.headers = {"OpenStack-API-Version": request.headers["OpenStack-API-Version"]}
        return reply

    def _answer(self, parts: list[str], query: dict[str, str]) -> Reply:
        match parts:
            case ["os-hypervisors", "detail"] if self._admin:
                return self._hypervisor_page(query)
            case ["os-services"] if self._admin:
                down = [
                    {"binary": "nova-compute", "host": host, "status": "UNKNOWN"}
                    for host in self.down_hosts
                ]
                up = [s for s in self.services if s["host"] not in self.down_hosts]
                return Reply(body={"services": [*up, *down]})
            case ["os-aggregates"] if self._admin:
                return Reply(body={"aggregates": self.aggregates})
            case ["flavors"] | ["flavors", "detail"]:
                return self._flavor_page(query)
            case ["os-server-groups"]:
                return self._group_page(query)
            case ["os-hypervisors", id_] if self._admin:
                return _one("hypervisor", id_, self.hypervisors)
            case ["flavors", id_]:
                return _one("flavor", id_, self._visible_flavors())
            case ["os-server-groups", id_]:
                return _one("server_group", id_, (self._shown(g) for g in self._visible_groups()))
            case ["os-hypervisors" | "os-services" | "os-aggregates", *_] if not self._admin:
                return fault(403, "forbidden", "Policy doesn't allow it to be performed.")
        return Reply(404, {"message": "The resource could not be found."})

    # --- listings --------------------------------------------------------------

    def _hypervisor_page(self, query: dict[str, str]) -> Reply:
        start = _after(self.hypervisors, query.get("marker"))
        if start is None:
            return fault(400, "badRequest", f"marker [{query['marker']}] not found")
        limit = self._limit(query)
        nodes = self.hypervisors[start : start + limit]
        shown = [node for node in nodes if node["id"] not in self.orphans]
        return self._page("hypervisors", shown, limit)

    def _flavor_page(self, query: dict[str, str]) -> Reply:
        wanted = query.get("is_public")
        if self._admin and wanted not in {None, "None", "True", "False"}:
            return fault(400, "badRequest", f"Invalid is_public filter [{wanted}]")
        flavors = self._visible_flavors()
        if wanted is None or not self._admin:
            flavors = [f for f in flavors if f["os-flavor-access:is_public"] or not self._admin]
        start = _after(flavors, query.get("marker"))
        if start is None:
            return fault(400, "badRequest", f"marker [{query['marker']}] not found")
        limit = self._limit(query)
        return self._page("flavors", flavors[start : start + limit], limit)

    def _group_page(self, query: dict[str, str]) -> Reply:
        start = int(query.get("offset", "0"))
        groups = self._visible_groups(everybody="all_projects" in query)
        page = [self._shown(g) for g in groups[start : start + self._limit(query)]]
        return Reply(body={"server_groups": page})

    def _page(self, plural: str, shown: list[Entity], limit: int) -> Reply:
        body: dict[str, Any] = {plural: shown}
        if len(shown) == limit:
            href = f"http://elsewhere.invalid/v2.1/{plural}?limit={limit}&marker={shown[-1]['id']}"
            body[f"{plural}_links"] = [{"rel": "next", "href": href}]
        return Reply(body=body)

    def _limit(self, query: dict[str, str]) -> int:
        return min(int(query.get("limit", self.max_limit)), self.max_limit)

    def _visible_flavors(self) -> list[Entity]:
        def visible(flavor: Entity) -> bool:
            return self._admin or flavor["os-flavor-access:is_public"] or "own" in flavor["name"]

        return [flavor for flavor in self.flavors if visible(flavor)]

    def _visible_groups(self, *, everybody: bool = True) -> list[Entity]:
        own = self._cloud.project
        return [g for g in self.groups if (self._admin and everybody) or g["project_id"] == own]

    def _shown(self, group: Entity) -> Entity:
        """Nova has members in a set: their order is another one each time."""
        return {**group, "members": random.sample(group["members"], len(group["members"]))}

    # --- changes -----------------------------------------------------------------

    def create(self, type_: str) -> str:
        with self._lock:
            kind = type_.removeprefix("nova.")
            made = {"aggregate": self._aggregate, "flavor": self._flavor}.get(kind, self._group)()
            self._all(type_).append(made)
            return str(made.get("uuid", made["id"]))

    def update(self, type_: str, id_: str) -> None:
        with self._lock:
            self._find(type_, id_)["name"] += " renamed"

    def delete(self, type_: str, id_: str) -> None:
        with self._lock:
            self._all(type_).remove(self._find(type_, id_))

    def _find(self, type_: str, id_: str) -> Entity:
        return next(e for e in self._all(type_) if id_ in (e["id"], e.get("uuid")))

    def _all(self, type_: str) -> list[Entity]:
        return {
            "nova.aggregate": self.aggregates,
            "nova.flavor": self.flavors,
            "nova.server_group": self.groups,
        }[type_]

    # --- entities ------------------------------------------------------------------

    def _hypervisor(self, number: int) -> Entity:
        service = {"id": entity_id(100 + number), "host": f"node{number}", "disabled_reason": None}
        return {
            "id": entity_id(200 + number),
            "hypervisor_hostname": f"node{number}",
            "state": "up",
            "status": "enabled",
            "hypervisor_type": "fake",
            "hypervisor_version": 1000,
            "host_ip": "127.0.0.1",
            "service": service,
            "uptime": None,
        }

    def _service(self, number: int) -> Entity:
        return {
            "binary": "nova-compute",
            "host": f"node{number}",
            "id": entity_id(100 + number),
            "zone": "nova",
            "status": "enabled",
            "state": "up",
            "updated_at": "2026-01-01T00:00:00.000000",
            "disabled_reason": None,
            "forced_down": False,
        }

    def _aggregate(self) -> Entity:
        number = next(self._numbers)
        return {
            "id": number,
            "uuid": entity_id(300 + number),
            "name": f"aggregate {number}",
            "hosts": ["node1"],
            "metadata": {},
            "created_at": "2026-01-01T00:00:00.000000",
            "updated_at": None,
            "deleted_at": None,
            "deleted": False,
            "availability_zone": None,
        }

    def _flavor(self) -> Entity:
        number = next(self._numbers)
        name = ("m1", "private", "own")[number % 3]
        return {
            "id": entity_id(4000 + number),
            "name": f"{name} {number}",
            "ram": 64,
            "vcpus": 1,
            "os-flavor-access:is_public": name == "m1",
            "description": None,
            "extra_specs": {},
        }

    def _group(self) -> Entity:
        number = next(self._numbers)
        return {
            "id": entity_id(5000 + number),
            "name": f"group {number}",
            "policy": "affinity",
            "rules": {},
            "members": [entity_id(6000 + n) for n in range(6)],
            "project_id": self._cloud.project if number % 2 else "p2",
            "user_id": "u1",
        }


def _after(entities: list[Entity], marker: str | None) -> int | None:
    """Where the page behind a marker begins; None if there is no such entity."""
    if marker is None:
        return 0
    return next((n for n, e in enumerate(entities, 1) if e["id"] == marker), None)


def _one(kind: str, id_: str, entities: Iterator[Entity] | list[Entity]) -> Reply:
    for entity in entities:
        if entity["id"] == id_:
            return Reply(body={kind: entity})
    return fault(404, "itemNotFound", f"{kind} {id_} could not be found.")
