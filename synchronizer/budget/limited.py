# SPDX-License-Identifier: Apache-2.0
"""The budget of one service: when the next request may be sent, and whose it is.

A request counts from when it is sent until a minute after its answer: whatever the network
does to it, no minute by the service's own clock sees more than the budget. No purpose gets
more than `MOST` of it, so that a long listing starves neither changes nor single looks;
and changes always have the rest of `NOT_CHANGES`.
"""

import dataclasses
import math
import pathlib
import threading
import time
import urllib.parse
from collections.abc import Callable, Sequence

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.budget.places import Here, Place, Shared
from synchronizer.plugin.budget import Metered, Purpose, Stopped, waiting

LOG = logging.getLogger(__name__)

#: Shares of the requests per minute: for each purpose, and for listings and looks together.
MOST, NOT_CHANGES = 0.7, 0.9
#: Seconds between two looks: whether a request of another process has ended; whether the
#: minute allows for one more, or the service's pause is over.
POLL, WINDOW_POLL = 0.02, 0.1
#: Seconds for which a listing lets others go first.
PATIENCE = 5.0
#: Seconds between two looks for killed processes.
REAP = 1.0
#: The longest pause that is obeyed, in seconds.
LONGEST_PAUSE = 86400.0
#: Seconds that a request has waited when it is told, and between two times that this is told.
TOLD, TOLD_AGAIN = 10.0, 600.0


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """`max_in_flight`: requests at once; `requests_per_minute`: in any 60 s (0: any number)."""

    max_in_flight: int = 4
    requests_per_minute: int = 600

    def __post_init__(self) -> None:
        if self.max_in_flight < 1 or self.requests_per_minute < 0:
            raise errors.BadConfiguration(
                "max_in_flight must be at least 1, and requests_per_minute not below 0"
            )

    def share(self, purpose: Purpose) -> int:
        """The most requests per minute for this purpose."""
        return self._part(MOST)

    def allows(self, purpose: Purpose, counted: Sequence[int]) -> bool:
        """Whether one more for this fits into the minute, with those counted by purpose."""
        if counted[purpose] >= self.share(purpose):
            return False
        total = sum(counted)
        if purpose is not Purpose.CHANGES:
            others = total - counted[Purpose.CHANGES]
            if others >= self._part(NOT_CHANGES):
                return False
        return total < self.requests_per_minute

    def has_room(self, purpose: Purpose, flying: Sequence[int]) -> bool:
        """Whether one more for this may be under way beside those."""
        if purpose is Purpose.LISTING and flying[purpose] >= max(1, self.max_in_flight - 1):
            return False
        return sum(flying) < self.max_in_flight

    def _part(self, share: float) -> int:
        return max(1, math.floor(share * self.requests_per_minute))


class Limited(Metered):
    """See `plugin.Budget`. `name` is what the log calls the service. Threads share it."""

    def __init__(
        self,
        name: str,
        place: Place,
        limits: Limits,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._place = place
        self._limits = limits
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._stopped = self._closed = False
        self._reaped = self._told = -math.inf

    def enter(self, purpose: Purpose) -> None:
        began = self._monotonic()
        with self._changed:
            while (pause := self._attempt(purpose, began)) > 0:
                waiting()
                self._changed.wait(pause)

    def leave(self, purpose: Purpose) -> None:
        with self._changed:
            if self._closed:  # others take it back, as of a process that was killed
                return
            with self._place.locked():
                self._place.counts.end(self._place.holder, purpose, self._monotonic())
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        with self._changed:
            if self._closed:
                return
            now = self._monotonic()
            counts = self._place.counts
            until = now + max(0.0, min(seconds, LONGEST_PAUSE))
            if until > counts.paused_until + 1.0:
                LOG.warning("%s asks to be left alone for %.0f s", self._name, until - now)
            counts.paused_until = max(counts.paused_until, until)

    def stop(self) -> None:
        """Whoever waits, or comes later, gets `Stopped`."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def close(self) -> None:
        """After the last request."""
        with self._changed:
            self._stopped = True
            if not self._closed:
                self._closed = True
                self._place.close()
            self._changed.notify_all()

    def _attempt(self, purpose: Purpose, began: float) -> float:
        """Takes its place among the requests (0), or says how long to wait, in seconds."""
        if self._stopped:
            raise Stopped
        with self._place.locked():
            now = self._monotonic()
            counts, limits = self._place.counts, self._limits
            paused = counts.paused_until - now
            if paused > 0:
                return min(paused, WINDOW_POLL)
            flying = counts.flying()
            if not limits.has_room(purpose, flying):
                if now - self._reaped >= REAP:
                    self._reaped = now
                    self._place.reap(now)
                if purpose is not Purpose.LISTING:
                    counts.urgent_until = now + 3 * POLL
                return POLL
            if purpose is Purpose.LISTING and now - began < PATIENCE and counts.urgent_until > now:
                return POLL
            if limits.requests_per_minute:
                counted = [f + e for f, e in zip(flying, counts.ended(now), strict=True)]
                if not limits.allows(purpose, counted):
                    self._tell(now, now - began)
                    return WINDOW_POLL
            counts.begin(self._place.holder, purpose)
            return 0.0

    def _tell(self, now: float, waited: float) -> None:
        if waited >= TOLD and now - self._told >= TOLD_AGAIN:
            self._told = now
            LOG.warning(
                "%s: requests wait for their budget of %d a minute; see requests_per_minute",
                *(self._name, self._limits.requests_per_minute),
            )


def alone(cloud: str, service: str, limits: Limits) -> Limited:
    """For a process that shares the service with no other."""
    return Limited(f"{cloud}/{service}", Here(), limits)


def shared(runtime_path: pathlib.Path, cloud: str, service: str, limits: Limits) -> Limited:
    """For all processes that name the same directory. `errors.BadConfiguration`."""
    name = ".".join(urllib.parse.quote(part, safe="") for part in (cloud, service))
    return Limited(f"{cloud}/{service}", Shared(runtime_path / "budget" / name), limits)
