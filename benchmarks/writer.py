# SPDX-License-Identifier: Apache-2.0
"""Commits changes of servers to a ledger, as a sampling worker does, at the pace it is told.

A process of its own: `python -m benchmarks.writer LEDGER STATE CLOUD TYPE FILE`. FILE has an
entity a line, of which new ones are made. It prints a line when the stream is there and listed.
For each line "CHANGES COMMITS SECONDS" it makes so many changes in so many commits, evenly
within the seconds, and prints a line of JSON: `revision`, `count`, `state` (see `stamp.sum_of`)
of what lives then, and the `seconds` that it took.
"""

import json
import random
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from benchmarks.stamp import stamped, sum_of
from synchronizer import fingerprint
from synchronizer.ledger import Ledger, Write
from synchronizer.model import Op, StreamKey

#: Of ten changes, once there is enough: creates, and as many deletes. The others update.
_CREATES = 1
_LEAST = 1000


class Writer:
    """`live`: what was committed, by id."""

    def __init__(self, ledger: Ledger, key: StreamKey, examples: list[dict[str, Any]]) -> None:
        self._ledger = ledger
        self._examples = examples
        self._chance = random.Random(5)
        self.live: dict[str, dict[str, Any]] = {}
        state = ledger.ensure_stream(key, "benchmark")
        self.state = ledger.commit(state, [], listed_at=time.time_ns() // 1000)

    def write(self, changes: int) -> None:
        """That many, in as few commits as may be."""
        while changes > 0:
            size = min(changes, 1000)
            self.state = self._ledger.commit(self.state, self._writes(size))
            changes -= size

    def _writes(self, changes: int) -> list[Write]:
        old = self._chance.sample(sorted(self.live), min(changes, len(self.live)))
        made = []
        for _ in range(changes):
            kind = self._chance.randrange(10) if len(self.live) > _LEAST else 0
            if kind < _CREATES or not old:
                made.append(self._put("create", str(uuid.UUID(int=self._chance.getrandbits(128)))))
            elif kind < 2 * _CREATES:
                made.append(self._drop(old.pop()))
            else:
                made.append(self._put("update", old.pop()))
        return made

    def _put(self, op: Op, id_: str) -> Write:
        entity = self.live.get(id_) or {**self._chance.choice(self._examples), "id": id_}
        entity = stamped({**entity, "name": f"{op} {self.state.revision}"})
        print_ = fingerprint.fingerprint(entity, frozenset(), self._ledger.seed)
        self.live[id_] = entity
        text = fingerprint.encode(entity)
        now = time.time_ns() // 1000
        return Write(op, id_, print_, print_, self.state.revision, now, text)

    def _drop(self, id_: str) -> Write:
        del self.live[id_]
        now = time.time_ns() // 1000
        return Write("delete", id_, None, None, self.state.revision, now, None)


def main() -> None:
    url, state, cloud, type_, path = sys.argv[1:]
    examples = [json.loads(line) for line in Path(path).read_text().splitlines()]
    ledger = Ledger.open(url, state_path=Path(state))
    writer = Writer(ledger, StreamKey(cloud, type_), examples)
    print("ready", flush=True)
    for line in sys.stdin:
        changes, commits, within = (float(word) for word in line.split())
        began = time.monotonic()
        for number in range(int(commits)):
            due = began + within * number / commits
            time.sleep(max(0.0, due - time.monotonic()))
            writer.write(int(changes * (number + 1) / commits) - int(changes * number / commits))
        answer = {
            "revision": writer.state.revision,
            "count": len(writer.live),
            "state": sum_of(writer.live.values()),
            "seconds": time.monotonic() - began,
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
