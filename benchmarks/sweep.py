# SPDX-License-Identifier: Apache-2.0
"""How the time of a complete listing and the memory of its worker follow the size of a cloud.

`python -m benchmarks.sweep`. The sampling worker of a daemon lists a simulated cloud that
does not change, then one ten times as large. The first listing records every server, the
next ones, which count here, find nothing new.
"""

import argparse
import dataclasses
import json
import statistics
import sys
import time

from benchmarks.process import Process
from benchmarks.rig import Rig
from synchronizer import errors

#: Ten times the servers may take so many times the seconds.
LEAST, MOST = 8.0, 12.0
TIMES = 10

_MB = 1024 * 1024
#: Seconds of patience for a server that is recorded for the first time.
_FIRST = 1 / 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """`first`: seconds of the listing that records all; `sweeps`: of each one after it;
    `resident`: bytes of the worker between two listings; `empty`: before the first one."""

    servers: int
    first: float
    sweeps: list[float]
    resident: int
    empty: int

    @property
    def each(self) -> float:
        """Bytes of memory for one entity."""
        return (self.resident - self.empty) / self.servers


def listing(rig: Rig, after: int, patience: float) -> tuple[int, float]:
    """Waits for the listing after an instant; when it began, and how long it took."""
    began = rig.listed(after, patience)
    return began, time.time() - began / 1e6


def measure(servers: int, sweeps: int, interval: float) -> Result:
    with Rig() as rig:
        rig.start_simulator(servers)
        rig.start_daemon(interval=interval, changes_interval=3600)
        empty = rig.wait("the worker", 60, lambda: _worker(rig)).resident()
        patience = 60 + interval + servers * _FIRST
        began, first = listing(rig, 0, patience)
        taken = []
        for _ in range(sweeps):
            began, seconds = listing(rig, began, patience)
            taken.append(seconds)
        stream = rig.stream()
        if stream is None or (stream.count, stream.revision) != (servers, servers):
            raise errors.ServiceUnavailable(f"the servers did not stay as they were: {stream}")
        return Result(servers, first, taken, rig.worker().resident(), empty)


def _worker(rig: Rig) -> Process | None:
    try:
        return rig.worker()
    except ProcessLookupError:
        return None


def table(found: list[Result]) -> str:
    lines = [f"{'servers':>10}{'first, s':>10}{'sweep, s':>10}{'worker, MB':>12}{'bytes each':>12}"]
    lines += [
        f"{r.servers:>10}{r.first:>10.1f}{statistics.median(r.sweeps):>10.2f}"
        f"{r.resident / _MB:>12.0f}{r.each:>12.0f}"
        for r in found
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--servers", type=int, default=100_000, help="of the smaller cloud")
    parser.add_argument("--sweeps", type=int, default=3, help="that count")
    parser.add_argument(
        "--pause", type=float, default=6e-5, help="interval of listings, in seconds per server"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--check", action="store_true", help=f"exit with 1 outside {LEAST:g} to {MOST:g} times"
    )
    options = parser.parse_args(argv)
    found = [
        measure(size, options.sweeps, 10 + size * options.pause)
        for size in (options.servers, options.servers * TIMES)
    ]
    small, large = (statistics.median(result.sweeps) for result in found)
    times = large / small
    if options.json:
        print(json.dumps({"runs": [dataclasses.asdict(r) for r in found], "times": times}))
    else:
        print(table(found))
        print(f"{TIMES} times the servers take {times:.1f} times as long")
    return 1 if options.check and not LEAST <= times <= MOST else 0


if __name__ == "__main__":
    sys.exit(main())
