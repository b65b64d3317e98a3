# SPDX-License-Identifier: Apache-2.0
"""How many changes a second the relay publishes, over the local bus and over RabbitMQ.

`python -m benchmarks.publishing`. A ledger with that many updates of servers nobody was told
of, a relay, a stock listener, and between them each bus, one after the other: three real
processes. The seconds are the listener's, from its first message to its last.
"""

import argparse
import contextlib
import dataclasses
import json
import pathlib
import sys
from collections.abc import Iterator

import msgspec
from keystoneauth1 import session
from keystoneauth1.identity import v3

from benchmarks.rig import CLOUD, TYPE, Rig
from synchronizer import fingerprint
from synchronizer.bus import topics
from synchronizer.ledger import Ledger, Write
from synchronizer.model import StreamKey
from tests.engines.rabbit import RabbitBroker, RabbitNode

_ENTITIES = 1000
_ROWS = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """`seconds`: from the listener's first message to its last; `cpu`: the relay's."""

    bus: str
    changes: int
    bytes: int
    seconds: float
    cpu: float


def servers(rig: Rig) -> list[dict[str, object]]:
    """Some servers as Nova shows them."""
    rig.start_simulator(_ENTITIES)
    asking = session.Session(auth=v3.Password(**rig.auth))
    answer = asking.get(
        f"/servers/detail?all_tenants=1&limit={_ENTITIES}",
        endpoint_filter={"service_type": "compute"},
        headers={"OpenStack-API-Version": "compute 2.96"},
    )
    found = msgspec.json.decode(answer.content)["servers"]
    assert len(found) == _ENTITIES
    return list(found)


def fill(url: str, state: pathlib.Path, entities: list[dict[str, object]], changes: int) -> int:
    """Record creates and then updates; the bytes of their entities."""
    ledger = Ledger.open(url, state_path=state, migrate=True)
    stream = ledger.ensure_stream(StreamKey(CLOUD, TYPE), "benchmark")
    written = 0
    for first in range(0, changes, _ROWS):
        writes = []
        for number in range(first, min(first + _ROWS, changes)):
            entity = {**entities[number % _ENTITIES], "updated": str(number)}
            text = fingerprint.encode(entity)
            print_ = fingerprint.fingerprint(entity, frozenset(), ledger.seed)
            writes.append(
                Write(
                    id=str(entity["id"]),
                    op="create" if number < _ENTITIES else "update",
                    fingerprint=print_,
                    match=print_,
                    base=stream.revision,
                    sampled_at=1_700_000_000_000_000 + number,
                    entity=text,
                )
            )
            written += len(text)
        stream = ledger.commit(stream, writes)
    ledger.close()
    return written


@contextlib.contextmanager
def bus(rig: Rig, kind: str) -> Iterator[str]:
    """The URL of a broker that nobody else uses."""
    if kind == "local":
        path = rig.path / "publishing.sock"
        rig.start("broker", [sys.executable, "-m", "synchronizer.bus.local", str(path)])
        yield f"local://{path}"
        rig.stop("broker")
        return
    node = RabbitNode()
    try:
        yield RabbitBroker(node).url
    finally:
        node.close()


def measure(kind: str, changes: int) -> Result:
    with Rig() as rig, bus(rig, kind) as url:
        ledger, state = f"sqlite:///{rig.path}/ledger.sqlite", rig.path / "marks"
        size = fill(ledger, state, servers(rig), changes)
        topic = topics.topic_of(CLOUD, TYPE)
        python = [sys.executable, "-m"]
        rig.start("listener", [*python, "benchmarks.listening", url, topic, str(changes)])
        rig.start("relay", [*python, "benchmarks.relaying", ledger, str(state), url])
        rig.write_line("relay", "go")
        cpu = float(json.loads(rig.read_line("relay")))
        seconds = float(json.loads(rig.read_line("listener")))
        return Result(kind, changes, size, seconds, cpu)


def table(found: list[Result]) -> str:
    lines = [f"{'bus':8}{'changes':>10}{'MB':>8}{'changes/s':>12}{'relay, us of CPU each':>24}"]
    lines += [
        f"{r.bus:8}{r.changes:>10}{r.bytes / 1e6:>8.0f}{r.changes / r.seconds:>12.0f}"
        f"{1e6 * r.cpu / r.changes:>24.0f}"
        for r in found
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publishing", description=__doc__)
    parser.add_argument("--changes", type=int, default=50_000)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(argv)
    found = [measure(kind, options.changes) for kind in ("local", "rabbit")]
    if options.json:
        print(json.dumps([dataclasses.asdict(r) for r in found]))
    else:
        print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
