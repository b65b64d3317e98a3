# SPDX-License-Identifier: Apache-2.0
"""The consumer of the documents that does without our library, on each kind of bus."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.acceptance.simulated.settings import PATIENCE, options
from tests.engines.rabbit import RabbitBroker
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.examples import Example, blocks
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud
from tests.support.waiting import until

Copy = dict[str, dict[str, Any]]

#: Shows what is held, after each message.
SHOW = """
    alive = {id_: entity for id_, entity in held.items() if entity is not None}
    print(json.dumps([revision, alive]), flush=True)
"""
#: Loses every other change set.
LOSE = """
counted = []
def lossy(payload):
    counted.append("first" in payload)
    if "first" not in payload or sum(counted) % 2:
        heard.put(payload)
"""


#: What the documents tell a stock listener to set.
STOCK = "rabbit_qos_prefetch_count=100&rabbit_transient_queues_ttl=120"


def code() -> str:
    (code,) = (block for block in blocks("docs/wire.md") if "oslo_messaging" in block)
    return code


class Following:
    """The example at work; `copy` is what it held last."""

    def __init__(self, example: Example) -> None:
        self.copy: Copy = {}
        self.said: list[str] = []
        self._example = example
        self._copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def equals(self, truth: Copy) -> bool:
        while not self._copies.empty():
            self.copy = self._copies.get()
        return self.copy == truth

    def _read(self) -> None:
        for line in self._example.lines():
            if line.startswith("["):
                self._copies.put(json.loads(line)[1])
            else:
                self.said.append(line)


@pytest.fixture(params=["local", "rabbit"])
def bus(
    request: pytest.FixtureRequest, cloud: SimulatedCloud, make_vhost: Callable[[], RabbitBroker]
) -> Iterator[str]:
    """The URL of the bus of a daemon that has listed the cloud."""
    rabbit = make_vhost().url if request.param == "rabbit" else None
    extra = "" if rabbit is None else f"transport_url = {rabbit}"
    with Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=options(extra=extra)) as daemon:
        url = rabbit or daemon.transport_url
        with Copying(url, TYPE, cloud=CLOUD) as first:
            first.wait_synced(CLOUD, TYPE, PATIENCE)
        yield url if rabbit is None else f"{url}?{STOCK}"


def test_it_has_25_lines() -> None:
    assert len([line for line in code().splitlines() if line.strip()]) <= 25


@pytest.mark.parametrize("losing", [False, True], ids=["losing nothing", "losing messages"])
def test_it_holds_an_exact_copy(bus: str, cloud: SimulatedCloud, losing: bool) -> None:
    text = code() + SHOW
    if losing:
        text = text.replace("heard.put(", "lossy(").replace("listener =", f"{LOSE}\nlistener =")
    with Example(text, bus, CLOUD, 4 * PATIENCE) as example:
        following = Following(example)
        for change in (None, "rename", "delete", "create", "rename"):
            if change is not None:
                cloud.control.mutate(change)
            truth = cloud.servers()
            until(
                f"an exact copy after {change}",
                lambda truth=truth: following.equals(truth),  # type: ignore[misc]
                PATIENCE,
                told="".join(following.said),
            )
