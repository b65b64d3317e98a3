# SPDX-License-Identifier: Apache-2.0
"""Twenty consumers of one type, killed at once: RabbitMQ is as it was before they came."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from synchronizer.bus import rabbit
from synchronizer.bus.subscription import POOL_PREFIX
from synchronizer.client import Client
from tests.acceptance.simulated.settings import PATIENCE, options
from tests.engines.rabbit import RabbitBroker
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud
from tests.support.waiting import until

CONSUMERS = 20


@contextlib.contextmanager
def watching(url: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Consumers that hold a whole copy; killed at the end."""
    argv = [
        sys.executable, "-u", "-m", "synchronizer", "--transport-url", url, "watch", TYPE,
        "-f", "jsonl",
    ]  # fmt: skip
    processes: list[subprocess.Popen[str]] = []
    try:
        processes.extend(
            subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(CONSUMERS)
        )
        for process in processes:
            assert process.stdout is not None
            assert any('"synced"' in line for line in process.stdout), "a watch ended"
        yield processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


# Most of it is the time that a queue waits for its consumer.
@pytest.mark.timeout(2 * rabbit.GRACE + 8 * PATIENCE)
def test_twenty_killed_consumers_leave_the_queues_that_were_there_before(
    cloud: SimulatedCloud, make_vhost: Callable[[], RabbitBroker]
) -> None:
    vhost = make_vhost()
    daemon = Daemon(
        cloud=CLOUD,
        clouds_yaml=cloud.clouds_yaml,
        options=options(extra=f"transport_url = {vhost.url}"),
    )
    with daemon, Copying(vhost.url, TYPE, cloud=CLOUD) as alive, Client(vhost.url) as client:
        alive.wait_synced(CLOUD, TYPE, PATIENCE)
        assert client.describe()
        before = set(vhost.queues())
        with watching(vhost.url) as processes:
            queues = set(vhost.queues())
            assert len([name for name in queues if name.startswith(POOL_PREFIX)]) == CONSUMERS + 1
            cloud.control.churn(rate=10)
            for process in processes:
                assert process.stdout is not None
                assert any('"updated"' in line for line in process.stdout), "a watch ended"
        # All are dead now, and what happens goes on to be told to their queues.
        assert before < queues <= set(vhost.queues())
        until(
            "the broker to remove the queues of the dead",
            lambda: set(vhost.queues()) == before,
            rabbit.GRACE + PATIENCE,
            gap=1.0,
        )
        cloud.control.churn(rate=0)
        alive.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
