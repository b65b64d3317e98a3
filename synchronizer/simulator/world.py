# SPDX-License-Identifier: Apache-2.0
"""The servers and their order: what exists, what existed, and how it changes.

Only servers that something happened to take memory: their states, newest last.  The others
are computed.  States are immutable, so what is selected under the lock is rendered outside.
"""

from __future__ import annotations

import bisect
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from synchronizer.simulator.seeded import MAX_FIRST_UPDATE, ORIGIN, SPACING, Facts, Seeded
from synchronizer.simulator.state import State

MICROSECONDS = 1_000_000
KEEP_HISTORY = 900.0

Change = Callable[[Facts, State, int], State]


class Server(NamedTuple):
    """One server at one moment."""

    facts: Facts
    state: State


class Recorder(Protocol):
    """Writes a mutation down; called under the world's lock, before anyone can see it."""

    def record(self, seq: int, at: int, op: str, kind: str, server: Server) -> None:
        """Write the mutation, or raise: then it does not happen."""


class UnknownServerError(LookupError):
    """No server has or had this id."""


class World:
    """The servers of one simulated cloud; all methods may be called from any thread.

    `clock` returns microseconds since the epoch.  `keep_history` is for how many seconds past
    states are kept, for answers as of an earlier time.
    """

    def __init__(
        self,
        seeded: Seeded,
        servers: int,
        *,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        keep_history: float = KEEP_HISTORY,
    ) -> None:
        if clock() // MICROSECONDS <= ORIGIN + servers * SPACING:
            raise ValueError("the clock is before the creation of the first servers")
        self.seeded = seeded
        self.first_servers = servers
        self.recorder: Recorder | None = None
        self._clock = clock
        self._keep = int(keep_history * MICROSECONDS)
        self._lock = threading.RLock()
        self._histories: dict[int, list[tuple[int, State]]] = {}
        self._born = 0
        self._born_order: list[tuple[int, bytes, int]] = []
        self._deleted: set[int] = set()
        self._seq = 0
        self._last_at = 0

    @property
    def births(self) -> int:
        """How many servers there ever were."""
        return self.first_servers + self._born

    @property
    def live(self) -> int:
        """How many servers there are."""
        return self.births - len(self._deleted)

    @property
    def seq(self) -> int:
        """The number of mutations so far."""
        return self._seq

    @property
    def remembered(self) -> int:
        """How many servers take memory, because something happened to them."""
        return len(self._histories)

    def birth(self, uuid: str) -> int:
        """Return the birth of a server that is or was.  Raises UnknownServerError."""
        birth = self.seeded.birth(uuid)
        if birth is None or birth >= self.births:
            raise UnknownServerError(uuid)
        return birth

    def server(self, birth: int, as_of: int | None = None) -> Server | None:
        """Return a server, deleted or not, as it is or was at `as_of` (microseconds)."""
        facts = self.seeded.facts(birth)
        with self._lock:
            state = self._state(facts, as_of)
        return None if state is None else Server(facts, state)

    def ordered(
        self, after: int | None = None, as_of: int | None = None, newer_than: int | None = None
    ) -> Iterator[Server]:
        """Yield all servers, deleted ones too, latest creation first, then by id.

        `after` is a birth to begin behind, `newer_than` (microseconds) leaves out servers whose
        `updated` is earlier.  Take what you need while `reading()` holds the world still.
        """
        since = None if newer_than is None else -(-newer_than // MICROSECONDS)
        for birth in self._births_after(after, since):
            facts = self.seeded.facts(birth)
            state = self._state(facts, as_of)
            if state is not None and (since is None or state.updated >= since):
                yield Server(facts, state)

    def reading(self) -> threading.RLock:
        """Return the lock under which `ordered` sees one moment."""
        return self._lock

    def create(self, kind: str, make: Callable[[Facts, int], State]) -> Server:
        """Add a server; `make` gets its facts and the time in seconds."""
        with self._lock:
            birth = self.births
            facts = self.seeded.facts(birth)
            at = self._now()
            server = Server(facts, make(facts, at // MICROSECONDS))
            self._record(at, "create", kind, server)
            self._histories[birth] = [(at, server.state)]
            self._born += 1
            bisect.insort(self._born_order, self._key(server))
            return server

    def change(self, birth: int, kind: str, change: Change) -> Server | None:
        """Change a server; None if it is deleted or if the change makes no difference."""
        with self._lock:
            facts = self.seeded.facts(birth)
            state = self._state(facts, None)
            if state is None or state.deleted:
                return None
            at = self._now()
            changed = change(facts, state, at // MICROSECONDS)
            if changed == state:
                return None
            server = Server(facts, changed)
            self._record(at, "delete" if changed.deleted else "update", kind, server)
            history = self._histories.setdefault(birth, [])
            history.append((at, changed))
            self._forget(history, at)
            if changed.deleted:
                self._deleted.add(birth)
            return server

    def _births_after(self, after: int | None, since: int | None) -> Iterator[int]:
        yield from (key[2] for key in self._born_order[self._born_place(after) :])
        top = self.first_servers if after is None or after >= self.first_servers else after
        # Servers that nobody touched were last updated soon after their creation.
        lowest = 0
        if since is not None:
            lowest = max(0, (since - MAX_FIRST_UPDATE - ORIGIN) // SPACING)
        yield from range(top - 1, lowest - 1, -1)
        if lowest:
            touched = (b for b in self._histories if b < lowest and b < top)
            yield from sorted(touched, reverse=True)

    def _born_place(self, after: int | None) -> int:
        if after is None:
            return 0
        if after < self.first_servers:
            return len(self._born_order)
        facts = self.seeded.facts(after)
        return bisect.bisect_right(
            self._born_order, self._key(Server(facts, self._histories[after][0][1]))
        )

    @staticmethod
    def _key(server: Server) -> tuple[int, bytes, int]:
        return (-server.state.created, server.facts.id, server.facts.birth)

    def _state(self, facts: Facts, as_of: int | None) -> State | None:
        history = self._histories.get(facts.birth)
        if history is not None:
            if as_of is None:
                return history[-1][1]
            place = bisect.bisect_right(history, as_of, key=lambda entry: entry[0])
            if place:
                return history[place - 1][1]
        if facts.birth >= self.first_servers:
            return None
        return self.seeded.first_state(facts)

    def _now(self) -> int:
        self._last_at = max(self._clock(), self._last_at + 1)
        return self._last_at

    def _record(self, at: int, op: str, kind: str, server: Server) -> None:
        if self.recorder is not None:
            self.recorder.record(self._seq + 1, at, op, kind, server)
        self._seq += 1

    def _forget(self, history: list[tuple[int, State]], now: int) -> None:
        # The newest state from before the horizon still answers for the horizon itself.
        while len(history) > 2 and history[1][0] < now - self._keep:
            del history[0]
