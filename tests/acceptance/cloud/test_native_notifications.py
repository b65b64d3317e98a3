# SPDX-License-Identifier: Apache-2.0
"""The services' own notifications: they alone bring a change, and nobody else misses one."""

import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import oslo_messaging
import pytest
from oslo_messaging.notify import listener

from benchmarks.native import TYPES
from benchmarks.native_lag import OPTIONS, PLUGINS, Result, measure
from synchronizer.bus.transport import notification_transport
from synchronizer.hearing.queue import QUEUES
from tests.acceptance.cloud.running import RunningCloud
from tests.cloud.environment import environment
from tests.support.daemon import Daemon

#: Lives of each kind, of three changes each.
TIMES = 17
PATIENCE = 120.0
EXCHANGES = ("nova", "openstack", "neutron", "heat", "keystone", "glance")
TOPICS = ("notifications", "versioned_notifications")
KINDS = ["network", "port", "volume", "image", "user"]


@pytest.fixture(scope="module")
def results(whole: RunningCloud) -> list[Result]:
    return measure(whole.cloud, list(TYPES), TIMES)


@pytest.mark.parametrize("type_", TYPES.values())
def test_every_change_comes_by_notifications_alone(results: list[Result], type_: str) -> None:
    """Nothing else is asked in between: what comes was heard, and then read."""
    (result,) = [one for one in results if one.type == type_]
    assert result.changes >= 50
    assert result.missing == 0, result
    assert result.p50 is not None
    assert result.p50 < 10_000, "a delay of seconds is not that of a loaded machine"


class Stock:
    """Stock oslo.messaging's listener to all of the bus, in a pool of its own; by message id."""

    def __init__(self, url: str) -> None:
        self.ids: set[str] = set()
        self._transport = notification_transport(url)
        targets = [
            oslo_messaging.Target(exchange=exchange, topic=topic)
            for exchange in EXCHANGES
            for topic in TOPICS
        ]
        self._server = listener.get_notification_listener(
            self._transport, targets, [self], executor="threading", pool=f"stock-{uuid.uuid4()}"
        )
        self._server.start()

    def info(self, ctxt: Any, publisher: str, event_type: str, payload: Any, metadata: Any) -> None:
        self.ids.add(metadata["message_id"])

    error = info

    def close(self) -> None:
        self._server.stop()
        self._server.wait()
        self._transport.cleanup()


@pytest.fixture
def stock(whole: RunningCloud) -> Iterator[list[Stock]]:
    """Two: what the one gets, the other has to get as well."""
    made = [Stock(f"rabbit://{whole.cloud.settings.transport_url}") for _ in range(2)]
    yield made
    for one in made:
        one.close()


def test_a_stock_consumer_gets_everything_and_nothing_of_ours_is_left(
    whole: RunningCloud, stock: list[Stock]
) -> None:
    settings = whole.cloud.settings
    options = OPTIONS.format(
        cloud=whole.name, plugins=", ".join(PLUGINS), bus=settings.transport_url
    )
    before = set(ours(whole))
    with Daemon(cloud=whole.name, clouds_yaml=whole.clouds_yaml, options=options) as daemon:
        until("our queues are not there", lambda: len(set(ours(whole)) - before) == len(PLUGINS))
        mine = set(ours(whole)) - before
        whole.churn(20, kinds=KINDS)
        assert stock[0].ids
        until("the one has not what the other has", lambda: stock[0].ids == stock[1].ids)
        kill_all(daemon.pid)
    until("our queues are there still", lambda: not mine & set(ours(whole)))
    heard = len(stock[0].ids)
    whole.churn(5, seed=2, kinds=KINDS)
    until("the one has not what the other has", lambda: stock[0].ids == stock[1].ids)
    assert len(stock[0].ids) > heard
    assert not mine & set(ours(whole))


def ours(world: RunningCloud) -> list[str]:
    """The queues of all who listen as we do."""
    settings = world.cloud.settings
    done = subprocess.run(
        ["/usr/lib/rabbitmq/bin/rabbitmqctl", "-q", "list_queues", "name"],
        env=environment(settings) | {"HOME": str(settings.etc)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in done.stdout.split() if name.startswith(QUEUES)]


def kill_all(master: int) -> None:
    """The daemon and all its processes, as a power failure would."""
    session = os.getsid(master)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getsid(int(entry.name)) == session:
                    os.kill(int(entry.name), signal.SIGKILL)
            except ProcessLookupError:
                continue


def until(problem: str, met: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end, problem
        threading.Event().wait(0.5)
