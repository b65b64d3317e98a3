# SPDX-License-Identifier: Apache-2.0
"""What digests, roster and history cost a ledger of many versions.

`python -m benchmarks.past`. A SQLite ledger with that many versions of servers, most of them
superseded, filled by the ledger's own commits; then the questions of a consumer that comes
back, or whose digest differs, asked of the ledger in this process. CPU, the best of three.
"""

import argparse
import dataclasses
import json
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from synchronizer.ledger import Ledger, StreamState, Write
from synchronizer.model import Op, StreamKey

_ROWS = 1000
_PAGE = 5000
_HISTORIES = 100
_BITS = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """Milliseconds of CPU: SQLite is in this process. `history`: of one entity, on average;
    `filling`: seconds for all commits."""

    versions: int
    live: int
    megabytes: float
    filling: float
    digests: float
    digests_half_way: float
    roster: float
    bucket: float
    history: float
    history_versions: float


def fill(ledger: Ledger, versions: int, live: int) -> tuple[StreamState, list[str]]:
    """The stream, and the ids of its entities."""
    state = ledger.ensure_stream(StreamKey("openstack1", "nova.server"), "benchmark")
    chance = random.Random(1)
    ids = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(live)]
    made = 0
    while made < versions:
        size = min(_ROWS, versions - made)
        if made < live:
            size = min(size, live - made)
            names = ids[made : made + size]
        else:
            names = chance.sample(ids, size)
        op: Op = "create" if made < live else "update"
        writes = []
        for id_ in names:
            print_ = chance.randbytes(16)
            # About what is left of a server of 2.8 KB when it is compressed.
            text = f'{{"id":"{id_}","status":"ACTIVE","text":"{chance.randbytes(600).hex()}"}}'
            at = 1_700_000_000_000_000 + made
            writes.append(Write(op, id_, print_, print_, state.revision, at, text.encode()))
        state = ledger.commit(state, writes)
        made += size
    return state, ids


def best(ask: Callable[[], object]) -> float:
    """Milliseconds of CPU."""
    took = []
    for _ in range(3):
        began = time.process_time()
        ask()
        took.append(time.process_time() - began)
    return 1000 * min(took)


def walk(ledger: Ledger, state: StreamState, bits: int = 0) -> int:
    """Reads a roster to its end; how many are in it."""
    found, after, done = 0, 0, False
    while not done:
        page = ledger.roster(
            state.id, state.epoch, state.revision, after, bits=bits, bucket=0, limit=_PAGE
        )
        found, after, done = found + len(page.entries), page.last, page.done
    return found


def measure(versions: int, live: int) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.sqlite"
        ledger = Ledger.open(f"sqlite:///{file}", state_path=Path(folder), migrate=True)
        began = time.process_time()
        state, ids = fill(ledger, versions, live)
        filling = time.process_time() - began
        _, (whole,) = ledger.digests(state.id, state.epoch, state.revision, 0)
        assert (whole.count, whole.digest) == (state.count, state.digest)
        assert walk(ledger, state) == live
        asked = random.Random(2).sample(ids, min(_HISTORIES, live))

        def histories() -> int:
            return sum(
                len(ledger.history(state.id, id_, limit=100, max_bytes=1 << 19).versions)
                for id_ in asked
            )

        def digests(at: int) -> float:
            return best(lambda: ledger.digests(state.id, state.epoch, at, _BITS))

        result = Result(
            versions=versions,
            live=live,
            megabytes=file.stat().st_size / 1e6,
            filling=filling,
            digests=digests(state.revision),
            digests_half_way=digests(state.revision // 2),
            roster=best(lambda: walk(ledger, state)),
            bucket=best(lambda: walk(ledger, state, _BITS)),
            history=best(histories) / len(asked),
            history_versions=histories() / len(asked),
        )
        ledger.close()
        return result


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.past", description=__doc__)
    parser.add_argument("--versions", type=int, default=1_000_000)
    parser.add_argument("--live", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    options = parser.parse_args(argv)
    found = dataclasses.asdict(measure(options.versions, options.live))
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name.replace('_', ' '):18}{value:>14,.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
