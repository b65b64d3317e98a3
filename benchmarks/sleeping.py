# SPDX-License-Identifier: Apache-2.0
"""Consumers that sleep while the world goes on: their memory, and how they catch up.

`python -m benchmarks.sleeping`. A daemon publishes what another process commits to its ledger,
evenly over a minute. One consumer sleeps over the first of these changes until after the last,
in its loop over `watch`; another sleeps in a handler of its `Mirror`; and a third, on the same
bus, is awake and has to keep up with it all meanwhile. Each is a process of its own. And once
more with half of the changes: memory must not follow their number.
"""

import contextlib
import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import report
from benchmarks.get_all import rabbit
from benchmarks.process import Process
from benchmarks.publishing import servers
from benchmarks.rig import TYPE, Rig
from synchronizer import errors
from synchronizer.demo.measure import percentile

#: The cloud of the stream that is written to.
CLOUD = "written"
ENTITIES = 1000
HOW = ("watch", "mirror")
#: Commits a second.
RATE = 10
#: How much more memory a sleeper may take, at its peak, for all changes than for half of them.
MOST_GROWTH = 1.15
SMALLER = 2

_MB = 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Slept:
    """`slept`: seconds. `before`, `asleep`, `after`: bytes resident when it fell asleep, and at
    most while it slept and while it caught up. `told`, `seconds`: changes from then on, and how
    long they took from its waking. `exact`: each revision was told once, in order, none anew, and
    its copy is what was written."""

    how: str
    slept: float
    before: int
    asleep: int
    after: int
    told: int
    seconds: float
    exact: bool

    @property
    def peak(self) -> int:
        return max(self.asleep, self.after)


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """`seconds`: that writing took. `p50`, `p99`: milliseconds until the consumer that was awake
    was told a change; `awake`: that it was exact, before the others woke."""

    bus: str
    changes: int
    seconds: float
    p50: float
    p99: float
    awake: bool
    sleepers: list[Slept]


def measure(
    bus: str,
    url: str | None,
    changes: int,
    seconds: float,
    meanwhile: Callable[[], None] = lambda: None,
) -> Result:
    """`url`: of a bus that runs, else a local one. `meanwhile`: called when the sleepers sleep
    and the other consumer has been told everything."""
    with Rig(url) as rig:
        start(rig)
        for how in HOW:
            rig.start(how, _consumer(rig, how))
        rig.start("awake", _consumer(rig, "watch"))
        before, asleep_since = {}, {}
        for how in HOW:
            rig.write_line(how, "nap")
            Process(rig.pid(how)).forget_peak()
            before[how] = Process(rig.pid(how)).resident()
        rig.write_line("writer", f"{changes} {max(1, RATE * seconds)} {seconds}")
        for how in HOW:
            rig.read_line(how)
            asleep_since[how] = time.monotonic()
        truth = json.loads(rig.read_line("writer"))
        awake = _reach(rig, "awake", truth)
        meanwhile()
        time.sleep(max(0.0, max(asleep_since.values()) + seconds - time.monotonic()))
        sleepers = []
        for how in HOW:
            process = Process(rig.pid(how))
            asleep, slept = process.usage().peak, time.monotonic() - asleep_since[how]
            process.forget_peak()
            rig.write_line(how, "wake")
            rig.read_line(how)
            found = _reach(rig, how, truth)
            sleepers.append(
                Slept(
                    how,
                    slept,
                    before[how],
                    asleep,
                    process.usage().peak,
                    found["told"],
                    found["seconds"],
                    _exact(found, truth, changes),
                )
            )
        lags = awake["lags"]
        p50, p99 = percentile(lags, 0.5), percentile(lags, 0.99)
        if p50 is None or p99 is None:
            raise errors.ServiceUnavailable("no change came")
        exact = _exact(awake, truth, changes)
        return Result(bus, changes, truth["seconds"], 1e3 * p50, 1e3 * p99, exact, sleepers)


def start(rig: Rig) -> None:
    """A daemon, and a writer to its ledger that has put some servers there."""
    examples = rig.path / "examples.jsonl"
    examples.write_text("".join(json.dumps(one) + "\n" for one in servers(rig)))
    rig.start_daemon(interval=3600, changes_interval=60)
    rig.listed(0, 120)
    state = str(rig.path / "state")
    rig.start(
        "writer",
        [
            sys.executable, "-m", "benchmarks.writer", rig.ledger_url, state, CLOUD, TYPE,
            str(examples),
        ],
    )  # fmt: skip
    rig.write_line("writer", f"{ENTITIES} 1 0")
    rig.read_line("writer")


def _consumer(rig: Rig, how: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.napper", rig.transport_url, CLOUD, TYPE, how]


def _reach(rig: Rig, name: str, truth: dict[str, Any]) -> dict[str, Any]:
    """A consumer's report, once it was told all that was written."""
    rig.write_line(name, f"reach {truth['revision']}")
    return dict(json.loads(rig.read_line(name)))


def _exact(report: dict[str, Any], truth: dict[str, Any], changes: int) -> bool:
    once = report["told"] == changes and not report["missed"] and not report["twice"]
    same = report["count"] == truth["count"] and report["state"] == truth["state"]
    return once and same and not report["resyncs"]


def results(changes: int, seconds: float) -> Iterator[Result]:
    """Both buses and both numbers of changes."""
    for bus in ("local", "rabbit"):
        for number in (changes // SMALLER, changes):
            with rabbit() if bus == "rabbit" else contextlib.nullcontext() as url:
                yield measure(bus, url, number, seconds)


def table(found: list[Result]) -> str:
    lines = [
        f"{'bus':8}{'changes':>9}{'p50, ms':>9}{'p99, ms':>9}  {'asleep':8}{'slept, s':>9}"
        f"{'before, MB':>12}{'asleep, MB':>12}{'after, MB':>11}{'caught up, s':>14}{'exact':>7}"
    ]
    lines += [
        f"{r.bus:8}{r.changes:>9}{r.p50:>9.0f}{r.p99:>9.0f}  {s.how:8}{s.slept:>9.1f}"
        f"{s.before / _MB:>12.0f}{s.asleep / _MB:>12.0f}{s.after / _MB:>11.0f}"
        f"{s.seconds:>14.2f}{'yes' if s.exact else 'NO':>7}"
        for r in found
        for s in r.sleepers
    ]
    return "\n".join(lines)


def failures(found: list[Result]) -> list[str]:
    """What misses a target."""
    missed = []
    for result in found:
        if not result.awake:
            missed.append(f"{result.bus}: the consumer that was awake is not exact")
        missed += [f"{result.bus}: {s.how} is not exact" for s in result.sleepers if not s.exact]
    for smaller, larger in zip(found[::2], found[1::2], strict=True):
        for few, many in zip(smaller.sleepers, larger.sleepers, strict=True):
            if many.peak > MOST_GROWTH * few.peak:
                missed.append(
                    f"{larger.bus}: {many.how} takes {many.peak / few.peak:.2f} times the memory "
                    f"for {SMALLER} times the changes"
                )
    return missed


def main(argv: list[str] | None = None) -> int:
    parser = report.parser("sleeping", __doc__)
    parser.add_argument("--changes", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=60, help="of sleep, and of changes")
    options = parser.parse_args(argv)
    found = list(results(options.changes, options.seconds))
    return report.tell(options, found, table(found), failures(found))


if __name__ == "__main__":
    sys.exit(main())
