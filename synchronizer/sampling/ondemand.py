# SPDX-License-Identifier: Apache-2.0
"""Listings for callers who want one now, in a process that samples nothing else."""

import random
import threading
from collections.abc import Callable

from synchronizer.ledger import Ledger, StreamState
from synchronizer.sampling.clock import Clock, SystemClock
from synchronizer.sampling.counters import NO_TALLY, Tally
from synchronizer.sampling.lister import Limits, Lister, Sources
from synchronizer.vitals import NO_PULSE, Pulse


class OnDemand:
    """Lists streams in threads of its own when that is wanted. Threads share it.

    `tally` is told of what is counted; `pulse`, of progress.
    """

    def __init__(
        self,
        ledger: Ledger,
        sources: Sources,
        *,
        limits: Limits | None = None,
        clock: Clock | None = None,
        uniform: Callable[[float, float], float] = random.uniform,
        tally: Tally = NO_TALLY,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self._ledger = ledger
        self._sources = sources
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._uniform = uniform
        self._tally = tally
        self._pulse = pulse
        self._stop = threading.Event()
        self._slots = threading.Semaphore(self._limits.most)
        self._lock = threading.Lock()
        self._listers: dict[int, Lister] = {}

    def want(self, stream: StreamState, number: int) -> bool:
        """Sees to it, for a while, that a listing of at least this number is proven, by us or
        another; returns at once. False when this process cannot list the stream now. The
        number 0 stands for the first listing, which the worker begins by itself."""
        if number == 0 or self._stop.is_set() or not self._sources.has(stream.key):
            return False
        with self._lock:
            lister = self._listers.get(stream.id)
            if lister is None or lister.ended:
                lister = Lister(
                    stream,
                    self._ledger,
                    self._sources,
                    self._limits,
                    self._slots,
                    self._stop,
                    self._clock,
                    self._uniform,
                    self._tally,
                    self._pulse,
                )
                self._listers[stream.id] = lister
                lister.start()
            return lister.want(number)

    def stop(self) -> None:
        """Asks all threads to end; returns at once."""
        self._stop.set()
        with self._lock:
            for lister in self._listers.values():
                lister.ring()

    def wait(self, seconds: float) -> bool:
        """Waits at most that long, in all, for the threads; whether all have ended. A thread
        inside a request ends with it, or with the process."""
        clock = SystemClock()
        deadline = clock.monotonic() + seconds
        with self._lock:
            listers = list(self._listers.values())
        ended = [lister.join(max(0.0, deadline - clock.monotonic())) for lister in listers]
        return all(ended)
