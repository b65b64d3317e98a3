# SPDX-License-Identifier: Apache-2.0
"""A bounded rate of single requests, which a stop interrupts."""

import threading

from synchronizer.plugin.budget import Stopped
from synchronizer.sampling.clock import Clock

__all__ = ["Pace", "Stopped"]


class Pace:
    """At most `rate` steps a second, for all threads that share it."""

    def __init__(self, rate: float, stop: threading.Event, clock: Clock) -> None:
        if rate <= 0:
            raise ValueError(f"a rate of {rate} requests a second")
        self._gap = 1.0 / rate
        self._stop = stop
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0

    def step(self) -> None:
        """Waits for the next turn. `Stopped` when the worker ends."""
        with self._lock:
            now = self._clock.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._gap
        if self._stop.is_set() or (turn > now and self._clock.wait(self._stop, turn - now)):
            raise Stopped

    def pause(self, seconds: float) -> None:
        """Waits so long. `Stopped` when the worker ends."""
        if self._clock.wait(self._stop, seconds):
            raise Stopped

    def check(self) -> None:
        """`Stopped` when the worker ends."""
        if self._stop.is_set():
            raise Stopped
