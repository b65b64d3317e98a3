# SPDX-License-Identifier: Apache-2.0
"""A mirror's first copy of everything, beside the floor of the bus; then its lag.

`python -m benchmarks.mirror`. A daemon that has sampled a simulated cloud is mirrored over the
local bus and over a private RabbitMQ. In turns with it, two processes with nothing but
oslo.messaging move the very same pages, encoded beforehand; one of their clients drops each
entity, the other keeps it by id, which is the least that a copy of dicts takes in memory. In
the end the cloud changes for a while: how long is it from a commit to a handler?
"""

import dataclasses
import json
import statistics
import sys
import time
from collections.abc import Iterator

from benchmarks import report
from benchmarks.get_all import rabbit, save_pages, walk
from benchmarks.latency import SHARES
from benchmarks.process import Process
from benchmarks.rig import CLOUD, TYPE, Rig
from synchronizer import errors
from synchronizer.client import Client
from synchronizer.demo.measure import percentile

MOST_TIMES_THE_FLOOR = 2.0
CHANGES_INTERVAL = 1.0
#: Seconds in which the last change has to arrive.
DRAIN = 5.0

_MB = 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """`mirror`, `floor`: seconds of each. `resident`: peak bytes of the mirror's process, and
    of one that keeps dicts, after their first copies. `changes`, `p50`, `p99`: of the lag, in
    milliseconds."""

    bus: str
    servers: int
    mirror: list[float]
    floor: list[float]
    resident: tuple[int, int]
    changes: int
    p50: float
    p99: float

    @property
    def ratio(self) -> float:
        return statistics.median(self.mirror) / statistics.median(self.floor)


def sync(rig: Rig, servers: int) -> float:
    """The seconds of a first copy."""
    rig.write_line("mirror", "sync")
    report = json.loads(rig.read_line("mirror"))
    if report["entities"] != servers:
        raise errors.ServiceUnavailable(f"mirrored {report['entities']} of {servers} servers")
    return float(report["seconds"])


def lags(rig: Rig, rate: float, seconds: float) -> list[float]:
    """Milliseconds from each commit to the handler, while the cloud changes."""
    rig.write_line("mirror", "follow")
    rig.read_line("mirror")
    rig.control.churn(rate, SHARES)
    time.sleep(seconds)
    rig.control.churn(0, SHARES)
    time.sleep(DRAIN)
    rig.write_line("mirror", "report")
    told = {(id_, revision): at for id_, revision, at in json.loads(rig.read_line("mirror"))}
    with Client(rig.transport_url, cloud=CLOUD) as client:
        committed = {
            (version.id, version.revision): version.committed_at
            for id_ in {id_ for id_, _ in told}
            for version in client.history(TYPE, id_)
        }
    return [(at - committed[key]) / 1000 for key, at in told.items()]


def measure(rig: Rig, bus: str, servers: int, times: int, rate: float, seconds: float) -> Result:
    """The daemon of `rig` over its bus, in turns with the floor."""
    url, pages = rig.transport_url, rig.path / "pages.jsonl"
    save_pages(url, pages)
    python = [sys.executable, "-m"]
    rig.start("mirror", [*python, "benchmarks.mirroring", url, CLOUD, TYPE])
    rig.start("floor-server", [*python, "benchmarks.floor", "serve", url, str(pages)])
    rig.start("floor", [*python, "benchmarks.floor", "fetch", url])
    rig.start("keeping", [*python, "benchmarks.floor", "fetch", url, "keep"])
    mirror, floor = [], []
    walk(rig, "keeping", servers)
    resident: list[int] = []
    for _ in range(times):
        mirror.append(sync(rig, servers))
        if not resident:
            resident = [Process(rig.pid(name)).usage().peak for name in ("mirror", "keeping")]
        floor.append(walk(rig, "floor", servers))
    found = lags(rig, rate, seconds)
    p50, p99 = percentile(found, 0.5), percentile(found, 0.99)
    if p50 is None or p99 is None:
        raise errors.ServiceUnavailable("no change came")
    for name in ("mirror", "floor", "keeping", "floor-server"):
        rig.stop(name)
    return Result(
        bus,
        servers,
        mirror,
        floor,
        (resident[0], resident[1]),
        len(found),
        p50,
        p99,
    )


def results(servers: int, times: int, rate: float, seconds: float) -> Iterator[Result]:
    """On both buses."""
    with rabbit() as url, Rig() as rig:
        rig.start_simulator(servers)
        for bus, bus_url in (("local", None), ("rabbit", url)):
            rig.use_bus(bus_url)
            rig.start_daemon(interval=3600, changes_interval=CHANGES_INTERVAL)
            rig.listed(0, 60 + servers / 500)
            stream = rig.stream()
            if stream is None:
                raise errors.ServiceUnavailable("the stream is gone")
            yield measure(rig, bus, stream.count, times, rate, seconds)
            rig.stop_daemon()


def table(found: list[Result]) -> str:
    lines = [
        f"{'bus':8}{'servers':>10}{'mirror, s':>11}{'floor, s':>10}{'ratio':>8}{'mirror, MB':>12}"
        f"{'dicts, MB':>11}{'changes':>9}{'p50, ms':>9}{'p99, ms':>9}"
    ]
    lines += [
        f"{r.bus:8}{r.servers:>10}{statistics.median(r.mirror):>11.2f}"
        f"{statistics.median(r.floor):>10.2f}{r.ratio:>8.2f}{r.resident[0] / _MB:>12.0f}"
        f"{r.resident[1] / _MB:>11.0f}{r.changes:>9}{r.p50:>9.1f}{r.p99:>9.1f}"
        for r in found
    ]
    return "\n".join(lines)


def failures(found: list[Result]) -> list[str]:
    """What misses a target."""
    # The local bus has hardly a cost of its own; what is promised is promised of RabbitMQ.
    missed = [
        f"{r.bus}: {r.ratio:.2f} times the floor"
        for r in found
        if r.bus == "rabbit" and r.ratio > MOST_TIMES_THE_FLOOR
    ]
    return missed + [
        f"{r.bus}: more memory than dicts take" for r in found if r.resident[0] > r.resident[1]
    ]


def main(argv: list[str] | None = None) -> int:
    parser = report.parser("mirror", __doc__)
    parser.add_argument("--servers", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3, help="that each gets everything")
    parser.add_argument("--rate", type=float, default=20, help="changes a second")
    parser.add_argument("--seconds", type=float, default=30, help="for which they change")
    options = parser.parse_args(argv)
    found = list(results(options.servers, options.times, options.rate, options.seconds))
    return report.tell(options, found, table(found), failures(found))


if __name__ == "__main__":
    sys.exit(main())
