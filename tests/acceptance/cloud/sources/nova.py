# SPDX-License-Identifier: Apache-2.0
"""Nova, as it runs in the cloud."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from synchronizer.plugin import EntityType
from synchronizer.plugin.conformance import Notified
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.acceptance.cloud.running import RunningCloud
from tests.acceptance.cloud.sources.real import RealSource
from tests.unit.plugins.nova.recorded import recorded
from tests.unit.plugins.nova.test_nova_notifications import expected

#: How many of each there are at least, so that a listing has several pages.
STOCK = {"nova.flavor": 4, "nova.server_group": 6, "nova.aggregate": 2}
_MADE = frozenset(STOCK)


class NovaSource(RealSource):
    """Servers, flavors, groups and aggregates come and go; the services and hypervisors are
    the cloud's own. The stock of what is not seeded is left for the next check."""

    plugin_class = NovaPlugin
    service_type = "compute"
    headers: ClassVar[dict[str, str]] = {"OpenStack-API-Version": "compute 2.90"}
    settings: ClassVar[Mapping[str, Any]] = {"page_size": 5, "timeout": 60.0}

    def __init__(self, cloud: RunningCloud) -> None:
        super().__init__(cloud)
        lists = {
            "nova.flavor": "/flavors?is_public=None",
            "nova.server_group": "/os-server-groups",
            "nova.aggregate": "/os-aggregates",
        }
        for type_, path in lists.items():
            (there,) = (v for k, v in self.call("GET", path).items() if not k.endswith("_links"))
            names = {entity["name"] for entity in there}
            for number in range(STOCK[type_]):
                name = f"stock-{type_}-{number}"
                if name not in names:
                    self._post(type_, name, private=number % 2 == 1)

    def creatable(self, type_: EntityType) -> bool:
        return type_.name in _MADE | {"nova.server"}

    def create(self, type_: EntityType) -> str:
        if type_.name in _MADE:
            entity = self._post(type_.name, self.new_name(type_.name))
            self.later("DELETE", self._path(type_.name, entity))
            return str(entity.get("uuid", entity["id"]))
        id_ = self._new_server()
        self.settled("the server to be active", lambda: self._is_active(id_))
        return id_

    def update(self, type_: EntityType, id_: str) -> None:
        name = self.new_name("renamed")
        if type_.name == "nova.server":
            self.call("PUT", f"/servers/{id_}", {"server": {"name": name}})
        elif type_.name == "nova.flavor":
            # A flavor's name is for life.
            self.call("POST", f"/flavors/{id_}/os-extra_specs", {"extra_specs": {"name": name}})
        elif type_.name == "nova.aggregate":
            self.call("PUT", self._aggregate(id_), {"aggregate": {"name": name}})
        else:
            # Nothing of a group changes but its members; a server joins as it is made.
            server = self._new_server({"os:scheduler_hints": {"group": id_}})
            self.settled("the server to be a member", lambda: server in self._members(id_))
            self.settled("the server to be active", lambda: self._is_active(server))

    def delete(self, type_: EntityType, id_: str) -> None:
        if type_.name == "nova.aggregate":
            self.call("DELETE", self._aggregate(id_))
            return
        path = self._path(type_.name, {"id": id_})
        self.call("DELETE", path)
        self.gone(path)

    def notifications(self) -> Iterable[Notified]:
        """Of both forms, as a Nova of this release has sent them."""
        for event_type, payload in recorded():
            hints = expected(event_type, payload)
            yield Notified(event_type, payload, frozenset((h.type, h.id) for h in hints))

    def _post(self, type_: str, name: str, *, private: bool = False) -> dict[str, Any]:
        fields: dict[str, Any] = {"name": name}
        if type_ == "nova.flavor":
            fields |= {"ram": 64, "vcpus": 1, "disk": 1, "os-flavor-access:is_public": not private}
        elif type_ == "nova.server_group":
            fields |= {"policy": "affinity"}
        body = {type_.removeprefix("nova."): fields}
        (entity,) = self.call("POST", self._path(type_), body).values()
        return dict(entity)

    def _path(self, type_: str, entity: Mapping[str, Any] | None = None) -> str:
        path = {
            "nova.server": "/servers",
            "nova.flavor": "/flavors",
            "nova.server_group": "/os-server-groups",
            "nova.aggregate": "/os-aggregates",
        }[type_]
        return path if entity is None else f"{path}/{entity['id']}"

    def _aggregate(self, uuid: str) -> str:
        """The path of an aggregate, which takes its number."""
        aggregates = self.call("GET", "/os-aggregates")["aggregates"]
        return f"/os-aggregates/{next(a['id'] for a in aggregates if a['uuid'] == uuid)}"

    def _members(self, group: str) -> list[str]:
        return list(self.call("GET", f"/os-server-groups/{group}")["server_group"]["members"])

    def _new_server(self, more: Mapping[str, Any] | None = None) -> str:
        flavors = self.call("GET", "/flavors")["flavors"]
        images = self.session.get(
            "/v2/images?name=dummy", endpoint_filter={"service_type": "image"}
        ).json()["images"]
        body = {
            "name": self.new_name("server"),
            "flavorRef": next(f["id"] for f in flavors if f["name"] == "m1.nano"),
            "imageRef": images[0]["id"],
            "networks": "none",
        }
        id_ = str(self.call("POST", "/servers", {"server": body, **(more or {})})["server"]["id"])
        self.later("DELETE", f"/servers/{id_}")
        return id_

    def _is_active(self, id_: str) -> bool:
        server = self.call("GET", f"/servers/{id_}")["server"]
        return server["status"] == "ACTIVE" and not server["OS-EXT-STS:task_state"]
