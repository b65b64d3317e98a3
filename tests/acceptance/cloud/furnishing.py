# SPDX-License-Identifier: Apache-2.0
"""What a load does not make, so that there is one of each type: once for a cloud."""

from typing import Any

from tests.support.waiting import until

NAME = "furnished"
COMPUTE = {"OpenStack-API-Version": "compute 2.90"}
VOLUME = {"OpenStack-API-Version": "volume 3.70"}


def furnish(session: Any) -> None:
    """An aggregate, a server group, a private flavor, a snapshot; what is there stays."""

    def ask(service: str, method: str, path: str, body: Any = None) -> Any:
        answer = session.request(
            path,
            method,
            json=body,
            headers=COMPUTE if service == "compute" else VOLUME,
            endpoint_filter={"service_type": service, "interface": "public"},
        )
        return answer.json() if answer.content else None

    def lacks(service: str, path: str, key: str) -> bool:
        return all(one["name"] != NAME for one in ask(service, "GET", path)[key])

    if lacks("compute", "/os-aggregates", "aggregates"):
        ask("compute", "POST", "/os-aggregates", {"aggregate": {"name": NAME}})
    if lacks("compute", "/os-server-groups", "server_groups"):
        group = {"name": NAME, "policy": "affinity"}
        ask("compute", "POST", "/os-server-groups", {"server_group": group})
    if lacks("compute", "/flavors/detail?is_public=None", "flavors"):
        flavor = {"name": NAME, "ram": 64, "vcpus": 1, "disk": 0}
        private = {**flavor, "os-flavor-access:is_public": False}
        ask("compute", "POST", "/flavors", {"flavor": private})
    if lacks("block-storage", "/snapshots/detail", "snapshots"):
        body = {"volume": {"name": NAME, "size": 1}}
        id_ = ask("block-storage", "POST", "/volumes", body)["volume"]["id"]
        path = f"/volumes/{id_}"
        until(
            "a volume to be available",
            lambda: ask("block-storage", "GET", path)["volume"]["status"] == "available",
            120,
        )
        snapshot = {"name": NAME, "volume_id": id_}
        ask("block-storage", "POST", "/snapshots", {"snapshot": snapshot})
