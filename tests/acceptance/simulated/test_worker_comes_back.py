# SPDX-License-Identifier: Apache-2.0
"""A worker that is killed comes back, and announces nothing twice."""

import contextlib
import os
import signal
from pathlib import Path

import psutil

from synchronizer.client import Client
from tests.acceptance.simulated.settings import PATIENCE, options
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud
from tests.support.waiting import until


def worker_of(daemon: Daemon) -> int | None:
    """The pid of the process that samples, by the title that it gives itself."""
    for process in psutil.Process(daemon.pid).children():
        with contextlib.suppress(psutil.Error):  # it has just been killed
            if f"worker {CLOUD}/nova" in " ".join(process.cmdline()):
                return process.pid
    return None


def revisions(client: Client) -> dict[str, int]:
    return {item.id: item.revision for item in client.get_all(TYPE).items()}


def test_a_killed_worker_goes_on_from_the_ledger(tmp_path: Path) -> None:
    with SimulatedCloud(tmp_path, servers=300) as cloud:
        daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=options())
        with daemon, Copying(daemon.transport_url, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            (before,) = consumer.client.describe()
            numbers = revisions(consumer.client)
            worker = until("the worker", lambda: worker_of(daemon))
            os.kill(worker, signal.SIGKILL)
            # While nobody samples, something happens.
            changed = cloud.control.mutate("rename")
            again = until("a new worker", lambda: worker_of(daemon) not in (None, worker))
            assert again
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
            (now,) = consumer.client.describe()
            proof = now.listed_at or 0

            def compared() -> bool:
                return (consumer.client.describe()[0].listed_at or 0) > proof

            until("a whole listing more", compared)
            (after,) = consumer.client.describe()
            assert after.epoch == before.epoch
            assert {event.id for _, event in consumer.told if hasattr(event, "id")} == {changed}
            unchanged = revisions(consumer.client)
            assert unchanged.pop(changed) > numbers.pop(changed)
            assert unchanged == numbers
            assert after.revision == before.revision + 1
