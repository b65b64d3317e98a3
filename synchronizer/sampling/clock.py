# SPDX-License-Identifier: Apache-2.0
"""The time, and waiting for it: the one place, so that tests can have their own."""

import threading
import time
from typing import Protocol

from synchronizer.vitals import Pulse


class Clock(Protocol):
    """`now`: microseconds since 1970. `monotonic`: seconds, for waiting and measuring.
    `wait`: until the event is set or the seconds are over; whether it is set."""

    def now(self) -> int: ...

    def monotonic(self) -> float: ...

    def wait(self, event: threading.Event, seconds: float) -> bool: ...


class Watched:
    """A clock whose waiting is no standing still: whoever waits says so, and for how long."""

    def __init__(self, clock: Clock, pulse: Pulse) -> None:
        self._clock = clock
        self._pulse = pulse

    def now(self) -> int:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self._pulse.expect(max(0.0, seconds), "waits")
        try:
            return self._clock.wait(event, seconds)
        finally:
            self._pulse.expect()


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(max(0.0, seconds))
