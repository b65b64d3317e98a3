# SPDX-License-Identifier: Apache-2.0
"""Reads the ground truth: what existed at any moment, computed without asking the server."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from synchronizer.simulator.accounts import Accounts
from synchronizer.simulator.rendering import View, ViewKey
from synchronizer.simulator.seeded import Seeded

Entity = dict[str, Any]


class Header(msgspec.Struct, frozen=True):
    """The log's first line; `started_at` is in microseconds since the epoch.

    `root` is the compute service's URL without its version, `microversion` as in `2.96`.
    """

    seed: int
    servers: int
    started_at: int
    root: str
    microversion: str


class Mutation(msgspec.Struct, frozen=True):
    """One line: `op` is create, update or delete; `at` is in microseconds since the epoch."""

    seq: int
    at: int
    op: str
    id: str
    kind: str
    entity: msgspec.Raw


class GroundTruth:
    """The states of every server that a log tells of; the file is read once, when made.

    A last line that is still being written is left out.  Raises OSError and msgspec's
    DecodeError for a file that is no such log.
    """

    def __init__(self, path: Path | str) -> None:
        lines = Path(path).read_bytes().split(b"\n")[:-1]
        self.header = msgspec.json.decode(lines[0] if lines else b"", type=Header)
        decoder = msgspec.json.Decoder(Mutation)
        self.mutations = [decoder.decode(line) for line in lines[1:]]
        self._seeded = Seeded(self.header.seed)
        minor = int(self.header.microversion.partition(".")[2])
        key = ViewKey(self.header.root, minor, True, "detail")
        self._view = View(key, Accounts(self.header.seed))
        self._by_id: dict[str, list[Mutation]] = {}
        for mutation in self.mutations:
            self._by_id.setdefault(mutation.id, []).append(mutation)

    @property
    def last_seq(self) -> int:
        """The number of the last mutation, 0 without any."""
        return self.mutations[-1].seq if self.mutations else 0

    def at_seq(self, seq: int) -> dict[str, Entity]:
        """Return id -> entity after the mutation with that number (0: before any)."""
        last: dict[str, bytes | None] = {}
        for mutation in self.mutations[: bisect_right(self.mutations, seq, key=lambda m: m.seq)]:
            last[mutation.id] = None if mutation.op == "delete" else mutation.entity
        state = {uuid: self._first(birth) for uuid, birth in self._first_ids() if uuid not in last}
        state.update({uuid: _decode(raw) for uuid, raw in last.items() if raw is not None})
        return state

    def at_time(self, at: int) -> dict[str, Entity]:
        """Return id -> entity at an instant, in microseconds since the epoch."""
        place = bisect_right(self.mutations, at, key=lambda mutation: mutation.at)
        return self.at_seq(self.mutations[place - 1].seq if place else 0)

    def final(self) -> dict[str, Entity]:
        """Return id -> entity after the last mutation."""
        return self.at_seq(self.last_seq)

    def states_of(self, uuid: str) -> list[Entity | None]:
        """Return every state that a server ever had, in order; None is its deletion."""
        states: list[Entity | None] = []
        birth = self._seeded.birth(uuid)
        if birth is not None and birth < self.header.servers:
            states.append(self._first(birth))
        later = self._by_id.get(uuid, ())
        states += [None if each.op == "delete" else _decode(each.entity) for each in later]
        return states

    def ids_ever(self) -> set[str]:
        """Return the id of every server that ever was."""
        return {uuid for uuid, _ in self._first_ids()} | set(self._by_id)

    def _first_ids(self) -> Iterator[tuple[str, int]]:
        for birth in range(self.header.servers):
            yield self._seeded.facts(birth).id.decode(), birth

    def _first(self, birth: int) -> Entity:
        facts = self._seeded.facts(birth)
        return _decode(self._view.render(facts, self._seeded.first_state(facts)))


def _decode(raw: bytes) -> Entity:
    entity: Entity = msgspec.json.decode(raw)
    return entity
