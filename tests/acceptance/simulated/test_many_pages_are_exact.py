# SPDX-License-Identifier: Apache-2.0
"""More servers than the service gives on one page."""

from pathlib import Path

from tests.acceptance.simulated.settings import PATIENCE, options
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud

SERVERS = 3500
STEPS = 400


def test_the_copy_of_3500_servers_is_exact_before_and_after_churn(tmp_path: Path) -> None:
    with SimulatedCloud(tmp_path, servers=SERVERS, options=("--page-limit", "1000")) as cloud:
        daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=options(interval=8))
        with daemon, Copying(daemon.transport_url, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
            assert len(consumer.copy.of(CLOUD, TYPE)) == SERVERS
            assert cloud.control.stats()["operations"]["list"] >= 4

            made = cloud.control.step(STEPS, settle=True)
            after = cloud.servers()
            consumer.wait_equal(CLOUD, TYPE, after, PATIENCE)
            assert made > STEPS / 2
            assert len(after) != SERVERS
            (stream,) = consumer.client.describe()
            assert stream.count == len(after)
