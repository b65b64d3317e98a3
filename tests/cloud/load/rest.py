# SPDX-License-Identifier: Apache-2.0
"""One project's view of the services, as raw REST."""

from dataclasses import dataclass
from typing import Any

# Recent enough for what is used here.
MICROVERSIONS = {"compute": "compute 2.90", "block-storage": "volume 3.70"}


class RefusedError(Exception):
    """A service's "no": its HTTP status and the beginning of its answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What entities are made from: ids. Of networks: ``network``, for servers and ports;
    ``external``, for floating IPs and gateways; ``subnets``, which has no others."""

    flavor: str
    image: str
    network: str
    external: str
    subnets: str


class Project:
    """Calls the services as the admin, scoped to one project."""

    def __init__(self, name: str, session: Any) -> None:
        self.name = name
        self.id: str = session.get_project_id()
        self._session = session

    def call(self, service: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send one request; ``service`` is a kind of the catalogue.  Raises ``RefusedError``."""
        sent = {"Accept": "application/json", **headers}
        if service in MICROVERSIONS:
            sent["OpenStack-API-Version"] = MICROVERSIONS[service]
        answer = self._session.request(
            f"/v2.0{path}" if service == "network" else path,
            method,
            json=body,
            headers=sent,
            raise_exc=False,
            endpoint_filter={"service_type": service, "interface": "public"},
        )
        if answer.status_code >= 400:
            raise RefusedError(answer.status_code, answer.text[:300])
        return answer

    def get(self, service: str, path: str) -> Any:
        """Return the decoded answer to a GET."""
        return self.call(service, "GET", path).json()


def ingredients(admin: Project) -> Ingredients:
    """Look up what provisioning made."""
    flavors = admin.get("compute", "/flavors")["flavors"]
    networks = {
        network["name"]: network["id"]
        for network in admin.get("network", f"/networks?project_id={admin.id}")["networks"]
    }
    return Ingredients(
        flavor=next(flavor["id"] for flavor in flavors if flavor["name"] == "m1.nano"),
        image=admin.get("image", "/v2/images?name=dummy")["images"][0]["id"],
        network=networks["shared"],
        external=networks["external"],
        subnets=networks["subnets"],
    )
