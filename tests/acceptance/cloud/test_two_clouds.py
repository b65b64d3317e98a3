# SPDX-License-Identifier: Apache-2.0
"""Two clouds in one daemon: what becomes of one is of no matter to the other."""

import json
import time
from pathlib import Path

from synchronizer.simulator.clouds import administrator
from tests.acceptance.cloud.running import RunningCloud
from tests.cloud.settings import PASSWORD
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.lags import lags
from tests.support.simulated import CLOUD, MICROVERSION, TYPE, SimulatedCloud
from tests.support.waiting import until

REAL = "real"
REAL_TYPES = ("keystone.project", "glance.image")
OPTIONS = f"""
[cloud:{CLOUD}]
plugins = nova
[cloud:{CLOUD}:nova]
microversion = {MICROVERSION}
types = {TYPE}
[cloud:{REAL}]
plugins = keystone, glance
[sampling]
interval = 10
changes_interval = 1
[relay]
bookmark_interval = 2
"""
BEFORE, OUTAGE = 60, 120
PATIENCE = 120
#: Seconds: below it, a lag is of the polls' interval and a busy machine's.
USUAL_LAG = 1.5


def both(path: Path, simulated: SimulatedCloud, world: RunningCloud) -> Path:
    """A clouds.yaml with the two."""
    known = json.loads(simulated.clouds_yaml.read_text())["clouds"]
    auth = administrator(world.auth_url, PASSWORD)
    known[REAL] = {"region_name": "RegionOne", "auth": auth}
    file = path / "both.yaml"
    file.write_text(json.dumps({"clouds": known}))
    return file


def now() -> int:
    return time.time_ns() // 1000


def problems(consumer: Copying) -> dict[str, str]:
    streams = consumer.client.describe()
    return {f"{s.cloud}/{s.type}": s.problem for s in streams if s.problem}


def p99(found: list[float]) -> float:
    return found[int(0.99 * len(found))]


def test_keystone_of_one_is_away_for_two_minutes(world: RunningCloud, tmp_path: Path) -> None:
    # No change of which Nova moves no `updated`: those wait for a listing.
    simulated = SimulatedCloud(tmp_path, servers=300, options=("--shares", "address=0"))
    with simulated:
        yaml = both(tmp_path, simulated, world)
        daemon = Daemon(cloud=f"{CLOUD}, {REAL}", clouds_yaml=yaml, options=OPTIONS)
        url = daemon.transport_url
        with (
            daemon,
            Copying(url, TYPE, cloud=CLOUD) as consumer,
            Copying(url, *REAL_TYPES, cloud=REAL) as other,
        ):
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            for type_ in REAL_TYPES:
                other.wait_synced(REAL, type_, PATIENCE)
            known = {type_: other.copy.of(REAL, type_) for type_ in REAL_TYPES}
            assert all(known.values())

            simulated.control.churn(rate=10)
            time.sleep(5)  # the first changes ever
            begun = now()
            time.sleep(BEFORE)
            lost = now()
            world.stop("keystone")
            try:
                until("a problem", lambda: f"{REAL}/keystone.project" in problems(other), PATIENCE)
                time.sleep(max(0.0, OUTAGE - (now() - lost) / 1e6))
                troubled = problems(other)
                ended = now()
            finally:
                world.start("keystone")
            until("the end of all problems", lambda: not problems(other), PATIENCE, 1.0)
            simulated.control.churn(rate=0)
            truth = simulated.truth()
            consumer.wait_equal(CLOUD, TYPE, simulated.servers(), PATIENCE)

            assert all(name.startswith(f"{REAL}/") for name in troubled), troubled
            assert other.deletes == []
            for type_ in REAL_TYPES:
                assert other.copy.of(REAL, type_).keys() == known[type_].keys()
            gone = {m.id: m.at for m in truth.mutations if m.op == "delete"}
            assert consumer.deletes
            assert all(gone[id_] <= at for at, id_ in consumer.deletes), "a false delete"
            before = lags(consumer, truth, begun, lost)
            during = lags(consumer, truth, lost, ended)
            assert len(before) > 3 * BEFORE
            assert len(during) > 3 * OUTAGE
            print(f"p99 before {p99(before):.2f} s, during the outage {p99(during):.2f} s")
            assert p99(during) <= 2 * max(p99(before), USUAL_LAG), daemon.told()
