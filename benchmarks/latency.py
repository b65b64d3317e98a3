# SPDX-License-Identifier: Apache-2.0
"""From a change in the cloud to its consumer: does the lag grow with what exists?

`python -m benchmarks.latency`. Two clouds of different sizes, each with a daemon that asks
for changes each second and a consumer that keeps a copy, run side by side and change at the
same rate while each is listed once. Only changes that move `updated` are made: others no
changes-since query shows, whatever the size, and a listing finds them in its time.
"""

import argparse
import contextlib
import dataclasses
import json
import sys
import time

import msgspec

from benchmarks.consumer import mark
from benchmarks.rig import CLOUD, TYPE, Rig
from synchronizer import errors
from synchronizer.demo.measure import percentile
from synchronizer.demo.truth import visible
from synchronizer.simulator.churn import DEFAULT_SHARES
from synchronizer.simulator.ground_truth import Mutation

MOST_GROWTH = 1.5
CHANGES_INTERVAL = 1.0
SHARES = {**DEFAULT_SHARES, "address": 0.0}
#: A listing begins when its interval is over, or so much of it sooner.
JITTER = 0.1
#: Seconds in which the last change has to arrive.
DRAIN = 30.0


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """A line of the consumer's file."""

    at: int
    id: str
    state: str


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """What a server became, and when (microseconds)."""

    at: int
    mark: str


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """Lags in milliseconds. `replaced`: states that gave way to newer ones before anybody
    looked; they count as seen when the newer one was."""

    servers: int
    mutations: int
    replaced: int
    p50: float
    p99: float


class Side:
    """One cloud, its daemon and its consumer."""

    def __init__(self, rig: Rig, servers: int, interval: float) -> None:
        self._rig = rig
        self._servers = servers
        self._seen = rig.path / "seen.jsonl"
        self.listed_at = 0
        rig.start_simulator(servers)
        rig.start_daemon(interval=interval, changes_interval=CHANGES_INTERVAL)

    def prepare(self) -> None:
        """Until the first listing is over, and the consumer has its first copy."""
        self.listed_at = self._rig.listed(0, 60 + self._servers / 500)
        argv = [sys.executable, "-m", "benchmarks.consumer", self._rig.transport_url]
        self._rig.start("consumer", [*argv, CLOUD, TYPE, str(self._seen)])

    def churn(self, rate: float) -> None:
        self._rig.control.churn(rate, SHARES)

    def was_listed(self) -> bool:
        """Whether a complete listing was recorded since it was asked last."""
        stream = self._rig.stream()
        before, self.listed_at = self.listed_at, (stream and stream.listed_at) or 0
        return self.listed_at > before

    def result(self) -> Result:
        """The lags, once the last state of every server that changed has come."""
        states: dict[str, list[State]] = {}
        for mutation in self._mutations():
            entity = None
            if mutation.op != "delete":
                entity = visible(msgspec.json.decode(mutation.entity))
            states.setdefault(mutation.id, []).append(State(mutation.at, mark(entity)))
        last = {id_: history[-1].mark for id_, history in states.items()}

        def arrived() -> list[Seen] | None:
            seen = self._changes()
            newest = {change.id: change.state for change in seen}
            return seen if newest.items() >= last.items() else None

        seen = self._rig.wait("the last changes", DRAIN, arrived)
        lags = [lag for id_, history in states.items() for lag in lags_of(id_, history, seen)]
        p50, p99 = percentile(lags, 0.5), percentile(lags, 0.99)
        if p50 is None or p99 is None:
            raise errors.ServiceUnavailable("nothing has changed")
        return Result(self._servers, len(lags), len(lags) - len(seen), p50, p99)

    def _mutations(self) -> list[Mutation]:
        lines = self._rig.truth.read_bytes().splitlines()[1:]
        return [msgspec.json.decode(line, type=Mutation) for line in lines]

    def _changes(self) -> list[Seen]:
        whole, _, _ = self._seen.read_bytes().rpartition(b"\n")
        return [msgspec.json.decode(line, type=Seen) for line in whole.splitlines()]


def lags_of(id_: str, history: list[State], seen: list[Seen]) -> list[float]:
    """For each state of a server: until the consumer had it, or a newer one in its stead."""
    lags: list[float] = []
    for change in seen:
        if change.id != id_:
            continue
        # A state may come again; nothing is seen before it came.
        shown = max(
            place
            for place, state in enumerate(history)
            if state.mark == change.state and state.at <= change.at
        )
        lags += [(change.at - state.at) / 1000 for state in history[len(lags) : shown + 1]]
    return lags


def measure(sizes: tuple[int, int], rate: float, seconds: float, interval: float) -> list[Result]:
    """The results of both sizes, side by side."""
    with contextlib.ExitStack() as stack:
        sides = [Side(stack.enter_context(Rig()), size, interval) for size in sizes]
        for side in sides:
            side.prepare()
        # Both began at almost the same time, and so do their next listings.
        due = max(side.listed_at for side in sides) / 1e6 + interval * (1 - JITTER / 2)
        begin = due - seconds / 2
        if time.time() > begin:
            raise errors.ServiceUnavailable(
                f"the copies took too long for a listing each {interval:g} s; raise --interval"
            )
        time.sleep(begin - time.time())
        for side in sides:
            side.was_listed()
            side.churn(rate)
        time.sleep(seconds)
        for side in sides:
            side.churn(0)
        listed = [side.was_listed() for side in sides]
        if not all(listed):
            raise errors.ServiceUnavailable("a listing was not over in time; raise --seconds")
        return [side.result() for side in sides]


def table(results: list[Result]) -> str:
    lines = [f"{'servers':>10}{'changes':>10}{'replaced':>10}{'p50, ms':>10}{'p99, ms':>10}"]
    lines += [
        f"{r.servers:>10}{r.mutations:>10}{r.replaced:>10}{r.p50:>10.0f}{r.p99:>10.0f}"
        for r in results
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--servers", type=int, nargs=2, default=(1_000, 100_000))
    parser.add_argument("--rate", type=float, default=10, help="changes a second, in each cloud")
    parser.add_argument("--seconds", type=float, default=60, help="for which they change")
    parser.add_argument(
        "--interval", type=float, default=180, help="of listings; the second one is measured"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--check", action="store_true", help=f"exit with 1 if p50 grows above {MOST_GROWTH} times"
    )
    options = parser.parse_args(argv)
    small, large = measure(tuple(options.servers), options.rate, options.seconds, options.interval)
    growth = large.p50 / small.p50
    if options.json:
        print(
            json.dumps({"runs": [dataclasses.asdict(r) for r in (small, large)], "ratio": growth})
        )
    else:
        print(table([small, large]))
        print(f"p50 is {growth:.2f} times that of the smaller cloud")
    return 1 if options.check and growth > MOST_GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
