# SPDX-License-Identifier: Apache-2.0
"""What it costs the daemon to publish for many consumers instead of one.

`python -m benchmarks.crowd`. Two daemons side by side, each on a bus of its own, publish what
another process commits to their ledgers, the same number of changes at the same pace: one has a
single consumer, the other a crowd of them, each a process of its own that watches. The CPU is that
of the relays, from /proc, less what they take while nothing is to be published. On the local bus
the broker is a process of the daemon, too, and its work grows with those whom it is done for: it
has columns of its own, and no target. In the end, on RabbitMQ, the crowd is killed: how long until
its queues are gone?
"""

import contextlib
import dataclasses
import json
import os
import signal
import sys
import time
from collections.abc import Sequence

from benchmarks import report
from benchmarks.rig import TYPE, Rig
from benchmarks.sleeping import CLOUD, start
from synchronizer import errors
from synchronizer.bus.rabbit import GRACE
from tests.engines.rabbit import RabbitBroker, RabbitNode

CROWD = 20
MOST_TIMES_ONE = 1.2
#: Commits a second.
RATE = 5
#: They rest for this part of the time in which they publish.
IDLE_SHARE = 2
#: Seconds by which the broker may be late with what it removes.
LATE = 10.0

_LOOK = 0.5


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """CPU seconds that publishing took the relay with `one` consumer, and with the `crowd`; and
    the local broker. `gone`: seconds from the crowd's death until the queue list was the one
    before."""

    bus: str
    consumers: int
    changes: int
    one: float
    crowd: float
    broker_one: float | None
    broker_crowd: float | None
    gone: float | None

    @property
    def ratio(self) -> float:
        return self.crowd / self.one


class Bus:
    """A bus that is ours alone, `kind` local or rabbit. `url`: None for the daemon's own."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._node = RabbitNode() if kind == "rabbit" else None
        self._broker = None if self._node is None else RabbitBroker(self._node)
        self.url = None if self._broker is None else self._broker.url

    def queues(self) -> set[str]:
        """Their names."""
        return set() if self._broker is None else set(self._broker.queues())

    def close(self) -> None:
        if self._node is not None:
            self._node.close()


def consume(rig: Rig, consumers: int) -> list[str]:
    """Starts consumers, and waits until each is whole; their names."""
    names = [f"consumer-{number}" for number in range(consumers)]
    argv = [sys.executable, "-m", "benchmarks.napper", rig.transport_url, CLOUD, TYPE, "watch"]
    for name in names:
        rig.launch(name, argv)
    for name in names:
        rig.read_line(name)
    return names


class Parts:
    """The processes of a daemon that have to do with publishing."""

    def __init__(self, rig: Rig) -> None:
        self._relay = rig.part("relay")
        local = rig.transport_url.startswith("local://")
        self._broker = rig.part("broker") if local else None

    def cpu(self) -> tuple[float, float]:
        """Seconds of the relay's and of the broker's, of those that there are."""
        broker = 0.0 if self._broker is None else self._broker.usage().cpu
        return self._relay.usage().cpu, broker


def rest(rigs: Sequence[Rig], seconds: float) -> list[tuple[float, float]]:
    """What the parts take while nothing is written."""
    parts = [Parts(rig) for rig in rigs]
    before = [part.cpu() for part in parts]
    time.sleep(seconds)
    return _spent(before, [part.cpu() for part in parts])


def publish(
    rigs: Sequence[Rig], names: Sequence[list[str]], changes: int, seconds: float
) -> list[tuple[float, float]]:
    """Has changes written in all rigs at once, and all consumers told; see `Parts.cpu`."""
    parts = [Parts(rig) for rig in rigs]
    before = [part.cpu() for part in parts]
    for rig in rigs:
        rig.write_line("writer", f"{changes} {max(1, RATE * seconds)} {seconds}")
    for rig, consumers in zip(rigs, names, strict=True):
        revision = json.loads(rig.read_line("writer"))["revision"]
        for name in consumers:
            rig.write_line(name, f"reach {revision}")
        for name in consumers:
            report = json.loads(rig.read_line(name))
            if report["missed"] or report["twice"] or report["resyncs"]:
                raise errors.ServiceUnavailable(f"{name} was not told each revision once")
    return _spent(before, [part.cpu() for part in parts])


def _spent(
    before: list[tuple[float, float]], after: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    return [(a[0] - b[0], a[1] - b[1]) for a, b in zip(after, before, strict=True)]


def kill(rig: Rig, bus: Bus, names: list[str], before: set[str]) -> float:
    """Kills consumers; the seconds until the queues are those before."""
    for name in names:
        os.kill(rig.pid(name), signal.SIGKILL)
    began = time.monotonic()
    while (now := bus.queues()) != before:
        if time.monotonic() - began > 2 * GRACE:
            raise errors.ServiceUnavailable(f"queues that are too many or too few: {now ^ before}")
        time.sleep(_LOOK)
    return time.monotonic() - began


def measure(kind: str, consumers: int, changes: int, seconds: float) -> Result:
    with contextlib.ExitStack() as stack:
        buses = [stack.enter_context(contextlib.closing(Bus(kind))) for _ in range(2)]
        rigs = [stack.enter_context(Rig(bus.url)) for bus in buses]
        for rig in rigs:
            start(rig)
        before = buses[1].queues()
        names = [consume(rigs[0], 1), consume(rigs[1], consumers)]
        publish(rigs, names, changes // 10, seconds / 10)  # not counted: everybody's first
        idle = rest(rigs, seconds / IDLE_SHARE)
        busy = publish(rigs, names, changes, seconds)
        (one, broker_one), (crowd, broker_crowd) = (
            (relay - IDLE_SHARE * idle_relay, broker - IDLE_SHARE * idle_broker)
            for (relay, broker), (idle_relay, idle_broker) in zip(busy, idle, strict=True)
        )
        local = kind == "local"
        return Result(
            kind,
            consumers,
            changes,
            one,
            crowd,
            broker_one if local else None,
            broker_crowd if local else None,
            None if local else kill(rigs[1], buses[1], names[1], before),
        )


def table(found: list[Result]) -> str:
    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.2f}"

    lines = [
        f"{'bus':8}{'consumers':>11}{'changes':>9}{'relay, one, s':>15}{'relay, all, s':>15}"
        f"{'ratio':>7}{'broker, one, s':>16}{'broker, all, s':>16}{'gone after, s':>15}"
    ]
    lines += [
        f"{r.bus:8}{r.consumers:>11}{r.changes:>9}{r.one:>15.2f}{r.crowd:>15.2f}{r.ratio:>7.2f}"
        f"{number(r.broker_one):>16}{number(r.broker_crowd):>16}{number(r.gone):>15}"
        for r in found
    ]
    return "\n".join(lines)


def failures(found: list[Result]) -> list[str]:
    """What misses a target."""
    missed = [
        f"{r.bus}: publishing for {r.consumers} takes {r.ratio:.2f} times the CPU of one"
        for r in found
        if r.ratio > MOST_TIMES_ONE
    ]
    return missed + [
        f"{r.bus}: the queues of the dead are gone after {r.gone:.0f} s"
        for r in found
        if r.gone is not None and r.gone > GRACE + LATE
    ]


def main(argv: list[str] | None = None) -> int:
    parser = report.parser("crowd", __doc__)
    parser.add_argument("--consumers", type=int, default=CROWD)
    parser.add_argument("--changes", type=int, default=12_000)
    parser.add_argument("--seconds", type=float, default=60, help="in which they are made")
    options = parser.parse_args(argv)
    found = [
        measure(kind, options.consumers, options.changes, options.seconds)
        for kind in ("local", "rabbit")
    ]
    return report.tell(options, found, table(found), failures(found))


if __name__ == "__main__":
    sys.exit(main())
