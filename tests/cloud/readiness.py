# SPDX-License-Identifier: Apache-2.0
"""Waits until services answer, and their workers have reported in."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from keystoneauth1 import exceptions
from openstack import exceptions as sdk

from tests.cloud.errors import CloudError

Check = Callable[[], bool]


def wait_ready(cloud: Any, services: Iterable[str], since: float, seconds: float = 240.0) -> None:
    """Wait for these services; a worker's report counts if it is not older than ``since``.

    ``since`` is in seconds since the epoch.
    """
    wanted = set(services)
    deadline = time.monotonic() + seconds
    for name, check in _checks(cloud, since).items():
        if name.partition(":")[0] in wanted:
            _wait(name, check, deadline)


def _wait(name: str, check: Check, deadline: float) -> None:
    problem: object = "its workers have not reported in"
    while True:
        try:
            if check():
                return
        except (exceptions.ClientException, sdk.SDKException) as error:
            problem = error  # an API that still starts
        if time.monotonic() > deadline:
            raise CloudError(f"{name} is not ready: {problem}")
        time.sleep(0.5)


def _checks(cloud: Any, since: float) -> dict[str, Check]:
    """Return a check for each service; one after a colon is of the same service."""
    started = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%S")

    def reported(workers: Iterable[Any], binary: str) -> bool:
        return any(
            worker.binary == binary and worker.state == "up" and (worker.updated_at or "") > started
            for worker in workers
        )

    def heat_engine() -> bool:
        answer = cloud.orchestration.get("/services")
        engines = answer.json()["services"] if answer.ok else []
        return any(engine.get("status") == "up" for engine in engines)

    return {
        "keystone": lambda: any(cloud.identity.projects()),
        "placement": lambda: bool(cloud.placement.get("/").ok),
        "glance": lambda: isinstance(list(cloud.image.images(limit=1)), list),
        "neutron": lambda: any(agent.is_alive for agent in cloud.network.agents()),
        "nova": lambda: reported(cloud.compute.services(), "nova-compute"),
        "nova:hypervisors": lambda: any(cloud.compute.hypervisors()),
        "cinder": lambda: reported(cloud.block_storage.services(), "cinder-volume"),
        "heat": heat_engine,
    }
