# SPDX-License-Identifier: Apache-2.0
"""A listing of a minute does not hold back the changes of this second."""

import time
from pathlib import Path

from synchronizer.simulator import Fault
from tests.acceptance.simulated.settings import PATIENCE, options
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.lags import lags
from tests.support.simulated import CLOUD, TYPE, SimulatedCloud
from tests.support.waiting import until

LISTING_SECONDS = 60.0
MOST_LAG_SECONDS = 3.0


def test_changes_are_seen_within_seconds_while_a_listing_takes_a_minute(tmp_path: Path) -> None:
    # Ten pages for each listing; no change of which Nova moves no `updated`.
    cloud = SimulatedCloud(
        tmp_path, servers=1000, options=("--page-limit", "100", "--shares", "address=0")
    )
    with cloud:
        daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=options())
        with daemon, Copying(daemon.transport_url, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            slow = Fault(kind="slow", total=LISTING_SECONDS, operations=frozenset({"list"}))
            cloud.control.add_fault(slow)
            begun = time.time_ns() // 1000
            cloud.control.churn(rate=10)

            def listed_at() -> int:
                (stream,) = consumer.client.describe()
                return stream.listed_at or 0

            # A listing that began after the fault has been slow all the way.
            until("the listing's proof", lambda: listed_at() > begun, 3 * LISTING_SECONDS, 0.5)
            ended = time.time_ns() // 1000
            cloud.control.churn(rate=0)
            cloud.control.clear_faults()
            truth = cloud.truth()
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)

            found = lags(consumer, truth, begun, ended)
            assert ended - begun > 0.9 * LISTING_SECONDS * 1e6
            assert len(found) > 3 * LISTING_SECONDS, "the changes did not keep coming"
            assert found[int(0.99 * len(found))] < MOST_LAG_SECONDS, found[-20:]
            gone = {m.id: m.at for m in truth.mutations if m.op == "delete"}
            assert consumer.deletes
            assert all(gone[id_] <= at for at, id_ in consumer.deletes), "a false delete"
