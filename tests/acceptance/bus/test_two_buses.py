# SPDX-License-Identifier: Apache-2.0
"""RPC over one bus, notifications over another."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from synchronizer.bus.subscription import POOL_PREFIX
from tests.acceptance.simulated.settings import PATIENCE, options
from tests.engines.rabbit import RabbitBroker
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud


def ours(queue: str) -> bool:
    """Whether it is a subscription's."""
    return queue.startswith(POOL_PREFIX)


@pytest.mark.parametrize("calls", ["local", "rabbit"])
def test_calls_and_notifications_keep_to_their_own_bus(
    calls: str, cloud: SimulatedCloud, make_vhost: Callable[[], RabbitBroker]
) -> None:
    notifications = make_vhost()
    extra = f"notification_transport_url = {notifications.url}\n"
    for_calls = make_vhost() if calls == "rabbit" else None
    if for_calls is not None:
        extra += f"transport_url = {for_calls.url}\n"
    with Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=options(extra=extra)) as daemon:
        url = daemon.transport_url if for_calls is None else for_calls.url
        with Copying(
            url, TYPE, cloud=CLOUD, notification_transport_url=notifications.url
        ) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            cloud.control.mutate("rename")
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
            assert all(ours(name) for name in notifications.queues())
            assert len(notifications.queues()) == 1
            if for_calls is not None:
                assert for_calls.queues()
                assert not any(ours(name) for name in for_calls.queues())
        lines = [line for line in daemon.ask("config", "check").splitlines() if "bus" in line]
        assert len(lines) == 2, lines
        assert all(line.startswith("ok ") for line in lines), lines
        assert "notifications" in lines[1]


def test_the_check_tells_of_the_bus_that_refuses(
    cloud: SimulatedCloud, make_vhost: Callable[[], RabbitBroker], tmp_path: Path
) -> None:
    right = make_vhost().url
    wrong = right.replace("guest:guest", "guest:not-the-password")
    configuration = tmp_path / "synchronizer.conf"
    configuration.write_text(
        f"[DEFAULT]\nclouds = {CLOUD}\nstate_path = {tmp_path}\nruntime_path = {tmp_path}\n"
        f"transport_url = {right}\nnotification_transport_url = {wrong}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "synchronizer", "--config-file", configuration, "config", "check"],
        env={**os.environ, "OS_CLIENT_CONFIG_FILE": str(cloud.clouds_yaml)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert "not-the-password" not in done.stdout + done.stderr
    assert "ok    bus rabbit://guest:***@" in done.stdout
    assert "FAIL  bus for notifications rabbit://guest:***@" in done.stdout
    assert "does not let user 'guest' log in" in done.stdout
