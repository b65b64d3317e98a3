# SPDX-License-Identifier: Apache-2.0
"""Life in the cloud: a seeded stream of operations, by the second or step by step."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Mapping
from random import Random

from synchronizer.simulator.operations import KINDS, SPAWNED, Operation, create
from synchronizer.simulator.world import Server, World

LOG = logging.getLogger(__name__)

DEFAULT_SHARES: Mapping[str, float] = {
    "rename": 20,
    "metadata": 25,
    "stop": 10,
    "start": 10,
    "address": 10,
    "lock": 5,
    "unlock": 5,
    "create": 10,
    "delete": 5,
}
_TRIES = 64
_LONGEST_WAIT = 5  # steps between two phases of one operation


class MutationRefusedError(ValueError):
    """The operation does not fit the server, or no such operation exists."""


class Churn:
    """Operations on a world, the same ones in the same order for the same seed and shares.

    Only the order is deterministic: when a step happens is up to the clock.
    """

    def __init__(
        self, world: World, seed: int, shares: Mapping[str, float] = DEFAULT_SHARES
    ) -> None:
        self._world = world
        self._random = Random(f"churn/{seed}")
        self._lock = threading.Lock()
        self._thread_lock = threading.RLock()
        self._steps = 0
        self._order = 0
        self._pending: list[tuple[int, int, int, Operation, int]] = []
        self._busy: set[int] = set()
        self._thread: threading.Thread | None = None
        self._halt = threading.Event()
        self.rate = 0.0
        self.set_shares(shares)

    def set_shares(self, shares: Mapping[str, float]) -> None:
        """Say how often each kind happens, as weights.  Raises MutationRefusedError."""
        unknown = set(shares) - set(KINDS) - {"create"}
        if unknown:
            raise MutationRefusedError(f"no such kinds of operation: {sorted(unknown)}")
        if any(weight < 0 for weight in shares.values()) or not sum(shares.values()):
            raise MutationRefusedError("shares are weights of which one at least is above zero")
        self.shares = dict(shares)

    def step(self, count: int = 1) -> int:
        """Make `count` steps, of one mutation each; return how many mutations that made."""
        return sum(self._step() for _ in range(count))

    def settle(self) -> int:
        """Finish every operation that is under way; return how many mutations that made."""
        with self._lock:
            done = 0
            while self._pending:
                done += self._finish(heapq.heappop(self._pending))
            return done

    def mutate(self, kind: str, uuid: str | None = None) -> list[Server]:
        """Do one whole operation, to a server of choice or to a random one that fits.

        Returns the server after each phase.  Raises MutationRefusedError, UnknownServerError.
        """
        with self._lock:
            if kind == "create":
                created = create(self._world)
                return [created, *self._whole(SPAWNED, created.facts.birth)]
            if kind not in KINDS:
                raise MutationRefusedError(f"no such kind of operation: {kind}")
            operation = KINDS[kind](self._random)
            birth = self._choose(operation) if uuid is None else self._world.birth(uuid)
            server = None if birth is None else self._world.server(birth)
            if server is None or server.state.deleted or not operation.fits(server.state):
                raise MutationRefusedError(f"{kind} fits no such server")
            return self._whole(operation, server.facts.birth)

    def start(self, rate: float) -> None:
        """Make `rate` steps a second from now on, in a thread; 0 stops."""
        with self._thread_lock:
            self.stop()
            if rate <= 0:
                return
            self.rate = rate
            self._halt = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(rate, self._halt), name="churn", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Stop the thread, after the step that it is in."""
        with self._thread_lock:
            self._halt.set()
            if self._thread is not None:
                self._thread.join()
            self._thread = None
            self.rate = 0.0

    def _run(self, rate: float, halt: threading.Event) -> None:
        due = time.monotonic()
        while not halt.is_set():
            try:
                self._step()
            except Exception:
                LOG.exception("Churn stopped: a mutation failed")
                self.rate = 0.0
                return
            due += 1 / rate
            wait = due - time.monotonic()
            if wait > 0:
                halt.wait(wait)

    def _step(self) -> int:
        with self._lock:
            self._steps += 1
            if self._pending and self._pending[0][0] <= self._steps:
                return self._finish(heapq.heappop(self._pending))
            kind = self._random.choices(list(self.shares), list(self.shares.values()))[0]
            if kind == "create" or not self._world.live:
                self._later(SPAWNED, create(self._world).facts.birth, 0)
                return 1
            operation = KINDS[kind](self._random)
            birth = self._choose(operation)
            if birth is None:
                return 0
            changed = self._world.change(birth, operation.kind, operation.phases[0])
            if len(operation.phases) > 1:
                self._later(operation, birth, 1)
            return 0 if changed is None else 1

    def _later(self, operation: Operation, birth: int, phase: int) -> None:
        self._busy.add(birth)
        self._order += 1
        due = self._steps + self._random.randint(1, _LONGEST_WAIT)
        heapq.heappush(self._pending, (due, self._order, birth, operation, phase))

    def _finish(self, entry: tuple[int, int, int, Operation, int]) -> int:
        _, _, birth, operation, phase = entry
        self._busy.discard(birth)
        changed = self._world.change(birth, operation.kind, operation.phases[phase])
        return 0 if changed is None else 1

    def _whole(self, operation: Operation, birth: int) -> list[Server]:
        done = (self._world.change(birth, operation.kind, phase) for phase in operation.phases)
        return [server for server in done if server is not None]

    def _choose(self, operation: Operation) -> int | None:
        for _ in range(_TRIES):
            birth = self._random.randrange(self._world.births) if self._world.births else 0
            server = self._world.server(birth) if birth not in self._busy else None
            if server and not server.state.deleted and operation.fits(server.state):
                return birth
        return None
