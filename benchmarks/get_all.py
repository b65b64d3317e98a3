# SPDX-License-Identifier: Apache-2.0
"""Fetching everything: our consumer from our daemon, beside the floor of the bus.

`python -m benchmarks.get_all`. A daemon that has sampled a simulated cloud is asked for all
its servers by a consumer, over the local bus and over a private RabbitMQ. Beside it, in
turns, two processes with nothing but oslo.messaging move the very same pages, encoded
beforehand. And once more with a quarter of the servers: memory must not follow their number.
"""

import contextlib
import dataclasses
import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks import report
from benchmarks.process import Process
from benchmarks.rig import CLOUD, TYPE, Rig
from synchronizer import errors
from synchronizer.bus import rpc, transport
from tests.engines.rabbit import RabbitBroker, RabbitNode

MOST_TIMES_THE_FLOOR = 2.0
#: How much a process may grow between a quarter of the servers and all of them.
MOST_GROWTH = 1.15
SMALLER = 4

_MB = 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """`ours`, `floor`: seconds of each walk; `server`, `client`: peak bytes during ours."""

    bus: str
    servers: int
    ours: list[float]
    floor: list[float]
    server: int
    client: int

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.floor)


def save_pages(url: str, path: Path) -> None:
    """Write each answer of a get_all, as a plain client is given it, on a line."""
    made = transport.rpc_transport(url)
    client = rpc.RpcClient(made)
    cursor, more = None, True
    with path.open("wb") as file:
        while more:
            answer = client.call("get_all", type=TYPE, cloud=CLOUD, cursor=cursor, encoding="zlib")
            file.write(msgspec.json.encode(answer) + b"\n")
            cursor = answer.get("cursor")
            more = cursor is not None
    made.cleanup()


def walk(rig: Rig, name: str, servers: int) -> float:
    """Have a process fetch everything; the seconds it took."""
    rig.write_line(name, "go")
    report = json.loads(rig.read_line(name))
    if report["entities"] != servers:
        raise errors.ServiceUnavailable(f"{name} got {report['entities']} of {servers} servers")
    return float(report["seconds"])


def measure(rig: Rig, bus: str, servers: int, walks: int) -> Result:
    """The daemon of `rig` over its bus, in turns with the floor."""
    pages = rig.path / "pages.jsonl"
    save_pages(rig.transport_url, pages)
    python = [sys.executable, "-m"]
    rig.start("ours", [*python, "benchmarks.fetcher", rig.transport_url, CLOUD, TYPE])
    rig.start("floor-server", [*python, "benchmarks.floor", "serve", rig.transport_url, str(pages)])
    rig.start("floor", [*python, "benchmarks.floor", "fetch", rig.transport_url])
    server, client = rig.part("snapshot"), Process(rig.pid("ours"))
    for name in ("ours", "floor"):
        walk(rig, name, servers)  # not counted: everybody's first
    for process in (server, client):
        process.forget_peak()
    ours, floor = [], []
    for _ in range(walks):
        ours.append(walk(rig, "ours", servers))
        floor.append(walk(rig, "floor", servers))
    result = Result(bus, servers, ours, floor, server.usage().peak, client.usage().peak)
    for name in ("ours", "floor", "floor-server"):
        rig.stop(name)
    return result


@contextlib.contextmanager
def rabbit() -> Iterator[str]:
    """The URL of a RabbitMQ that is ours alone."""
    node = RabbitNode()
    try:
        yield RabbitBroker(node).url
    finally:
        node.close()


def results(servers: int, walks: int) -> Iterator[Result]:
    """Both buses and both sizes."""
    with rabbit() as url:
        for size in (servers // SMALLER, servers):
            with Rig() as rig:
                rig.start_simulator(size)
                for bus, bus_url in (("local", None), ("rabbit", url)):
                    rig.use_bus(bus_url)
                    rig.start_daemon(interval=3600, changes_interval=3600)
                    rig.listed(0, 60 + size / 500)
                    yield measure(rig, bus, size, walks)
                    rig.stop_daemon()


def table(found: list[Result]) -> str:
    lines = [
        f"{'bus':8}{'servers':>10}{'ours, s':>10}{'floor, s':>10}{'ratio':>8}"
        f"{'server, MB':>12}{'client, MB':>12}"
    ]
    lines += [
        f"{r.bus:8}{r.servers:>10}{statistics.median(r.ours):>10.2f}"
        f"{statistics.median(r.floor):>10.2f}{r.ratio:>8.2f}"
        f"{r.server / _MB:>12.0f}{r.client / _MB:>12.0f}"
        for r in found
    ]
    return "\n".join(lines)


def failures(found: list[Result]) -> list[str]:
    """What misses a target."""
    missed = []
    largest = max(r.servers for r in found)
    for large in (r for r in found if r.servers == largest):
        small = next(r for r in found if r.bus == large.bus and r.servers < largest)
        if large.ratio > MOST_TIMES_THE_FLOOR:
            missed.append(f"{large.bus}: {large.ratio:.2f} times the floor")
        for who in ("server", "client"):
            growth = getattr(large, who) / getattr(small, who)
            if growth > MOST_GROWTH:
                missed.append(f"{large.bus}: the {who}'s memory grew {growth:.2f} times")
    return missed


def main(argv: list[str] | None = None) -> int:
    parser = report.parser("get_all", __doc__)
    parser.add_argument("--servers", type=int, default=100_000)
    parser.add_argument("--walks", type=int, default=3, help="over everything, by each")
    options = parser.parse_args(argv)
    found = list(results(options.servers, options.walks))
    return report.tell(options, found, table(found), failures(found))


if __name__ == "__main__":
    sys.exit(main())
