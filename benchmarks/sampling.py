# SPDX-License-Identifier: Apache-2.0
"""CPU and memory of sweeps over servers that do not change: the worker, and the usual way.

`python -m benchmarks.sampling`. One simulated cloud; one after the other read it three
times, after a first reading that is not counted: the sampling worker of a running daemon,
and a poller made of python-novaclient, `to_dict()`, json and md5.
"""

import argparse
import dataclasses
import json
import sys

from benchmarks.process import Process, Usage
from benchmarks.rig import Rig
from synchronizer import errors

MOST_CPU = 1 / 15
MOST_MEMORY = 1 / 3
#: How far the bytes that the two have read may be apart: requests beside the sweeps' own.
SAME_BYTES = 0.01

_MB = 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """One way's sweeps. `cpu`: seconds, of all sweeps; `peak`: bytes, since the process began;
    `sweeps_peak`: the same, of the counted sweeps alone; `read`: bytes it was answered."""

    cpu: float
    peak: int
    sweeps_peak: int
    read: int


class Meter:
    """Around some sweeps of a process."""

    def __init__(self, rig: Rig, process: Process) -> None:
        self._rig = rig
        self._process = process
        earlier = process.usage()
        process.forget_peak()
        self._peak = earlier.peak
        self._began = process.usage()
        self._read = rig.answered_bytes()

    def result(self) -> Result:
        ended: Usage = self._process.usage()
        return Result(
            cpu=ended.cpu - self._began.cpu,
            peak=max(self._peak, ended.peak),
            sweeps_peak=ended.peak,
            read=self._rig.answered_bytes() - self._read,
        )


def worker(rig: Rig, servers: int, sweeps: int, interval: float) -> Result:
    """The daemon's. A sweep is a complete listing, from one proof to the next."""
    patience = 60 + servers / 500
    rig.start_daemon(interval=interval, changes_interval=5)
    listed_at = rig.listed(0, patience)
    process = rig.worker()
    before = rig.stream()
    meter = Meter(rig, process)
    for _ in range(sweeps):
        listed_at = rig.listed(listed_at, patience)
    result = meter.result()
    after = rig.stream()
    if (
        before is None
        or after is None
        or (after.count, after.revision)
        != (
            servers,
            before.revision,
        )
    ):
        raise errors.ServiceUnavailable(f"the servers did not stay as they were: {after}")
    rig.stop("daemon")
    return result


def conventional(rig: Rig, servers: int, sweeps: int) -> Result:
    """The poller's."""
    argv = [sys.executable, "-m", "benchmarks.conventional", json.dumps(rig.auth)]
    rig.start("poller", argv)
    meter = Meter(rig, Process(rig.pid("poller")))
    rig.write_line("poller", str(sweeps))
    report = json.loads(rig.read_line("poller"))
    result = meter.result()
    if report != {"servers": servers, "changed": 0}:
        raise errors.ServiceUnavailable(f"the servers did not stay as they were: {report}")
    rig.stop("poller")
    return result


def measure(servers: int, sweeps: int, interval: float) -> tuple[Result, Result]:
    """The worker's result, and the poller's."""
    with Rig() as rig:
        rig.start_simulator(servers)
        ours = worker(rig, servers, sweeps, interval)
        theirs = conventional(rig, servers, sweeps)
    if abs(ours.read / theirs.read - 1) > SAME_BYTES:
        raise errors.ServiceUnavailable(
            f"the two did not read the same: {ours.read} and {theirs.read} bytes; is the"
            f" interval of {interval:g} s shorter than a sweep?"
        )
    return ours, theirs


def table(ours: Result, theirs: Result, entities: int) -> str:
    rows = [
        ("CPU, s", ours.cpu, theirs.cpu),
        ("CPU per server, us", 1e6 * ours.cpu / entities, 1e6 * theirs.cpu / entities),
        ("peak memory, MB", ours.peak / _MB, theirs.peak / _MB),
        ("  of these sweeps alone", ours.sweeps_peak / _MB, theirs.sweeps_peak / _MB),
        ("read, MB", ours.read / _MB, theirs.read / _MB),
    ]
    lines = [f"{'':26}{'worker':>10}{'novaclient':>12}{'ratio':>10}"]
    lines += [
        f"{name:26}{a:10.2f}{b:12.2f}{f'1 / {b / a:.1f}' if a else '-':>10}" for name, a, b in rows
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sampling", description=__doc__)
    parser.add_argument("--servers", type=int, default=100_000)
    parser.add_argument("--sweeps", type=int, default=3)
    parser.add_argument(
        "--interval", type=float, default=15, help="of listings, in seconds; longer than one takes"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--check",
        action="store_true",
        help="exit with 1 above a fifteenth of the CPU or a third of the memory",
    )
    options = parser.parse_args(argv)
    ours, theirs = measure(options.servers, options.sweeps, options.interval)
    cpu, memory = ours.cpu / theirs.cpu, ours.peak / theirs.peak
    if options.json:
        results = {"worker": dataclasses.asdict(ours), "novaclient": dataclasses.asdict(theirs)}
        print(json.dumps({**results, "cpu_ratio": cpu, "memory_ratio": memory}))
    else:
        print(table(ours, theirs, options.servers * options.sweeps))
    return 1 if options.check and (cpu > MOST_CPU or memory > MOST_MEMORY) else 0


if __name__ == "__main__":
    sys.exit(main())
