# SPDX-License-Identifier: Apache-2.0
"""How long to leave the server alone after something went wrong."""

import random
from collections.abc import Callable

FIRST = 0.5
LONGEST = 15.0
#: Seconds without trouble after which the next trouble is the first again.
FORGET = 60.0


class Pace:
    """Exponential back-off with jitter. All times are of the caller's monotonic clock.

    `free`: from when on the next attempt is allowed.
    """

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._times = 0
        self._last = 0.0
        self.free = 0.0

    def trouble(self, now: float, *, first_at_once: bool = False, least: float = 0.0) -> None:
        """One more failure. `least`: seconds that the server asked for."""
        if self._times and now - self._last > FORGET:
            self._times = 0
        times = self._times - 1 if first_at_once else self._times
        delay = 0.0 if times < 0 else min(LONGEST, FIRST * 2.0 ** min(times, 16))
        self._times += 1
        self._last = now
        self.free = now + max(least, delay * (0.5 + self._jitter() / 2))

    def calm(self) -> None:
        """It went well: the next trouble is the first."""
        self._times = 0
        self.free = 0.0
