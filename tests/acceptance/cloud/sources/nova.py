# SPDX-License-Identifier: Apache-2.0
"""Nova, as it runs in the cloud."""

from typing import ClassVar

from synchronizer.plugin import EntityType
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.acceptance.cloud.sources.real import RealSource


class NovaSource(RealSource):
    """Servers come and go; the services and hypervisors are the cloud's own."""

    plugin_class = NovaPlugin
    service_type = "compute"
    headers: ClassVar[dict[str, str]] = {"OpenStack-API-Version": "compute 2.90"}

    def creatable(self, type_: EntityType) -> bool:
        return type_.name == "nova.server"

    def create(self, type_: EntityType) -> str:
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
        id_ = str(self.call("POST", "/servers", {"server": body})["server"]["id"])
        self.later("DELETE", f"/servers/{id_}")
        self.settled("the server to be active", lambda: self._is_active(id_))
        return id_

    def update(self, type_: EntityType, id_: str) -> None:
        self.call("PUT", f"/servers/{id_}", {"server": {"name": self.new_name("renamed")}})

    def delete(self, type_: EntityType, id_: str) -> None:
        self.call("DELETE", f"/servers/{id_}")
        self.gone(f"/servers/{id_}")

    def _is_active(self, id_: str) -> bool:
        server = self.call("GET", f"/servers/{id_}")["server"]
        return server["status"] == "ACTIVE" and not server["OS-EXT-STS:task_state"]
