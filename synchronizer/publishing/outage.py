# SPDX-License-Identifier: Apache-2.0
"""When to try again after a failure, and what to say of it: once when it begins, once when it ends.

A stream whose message is not taken waits by itself, so that one bad topic holds up
nobody. Once several streams in a row have failed it is the bus that is out: then all
wait, and one message at a time, of another stream each time, asks whether it is back.
"""

import random
from collections.abc import Callable

from oslo_log import log as logging

from synchronizer.model import StreamKey

LOG = logging.getLogger(__name__)


class Backoff:
    """Pauses in seconds that double with each failure up to a limit, less some jitter."""

    def __init__(
        self,
        first: float = 0.2,
        longest: float = 5.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._first = first
        self._longest = longest
        self._chance = chance
        self._failures = 0

    def failed(self) -> float:
        """The pause after one more failure."""
        # The exponent is bounded: an outage of days must not overflow a float.
        pause = min(self._longest, self._first * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return pause * (1.0 - 0.25 * self._chance())

    def worked(self) -> None:
        self._failures = 0


class Spell:
    """One trouble that lasts; logged when it begins and when it ends."""

    def __init__(self, what: str, chance: Callable[[], float] = random.random) -> None:
        self._what = what
        self._since: float | None = None
        self._backoff = Backoff(chance=chance)

    def failed(self, reason: object, now: float) -> float:
        """Seconds to wait before the next attempt."""
        if self._since is None:
            self._since = now
            LOG.warning("%s: %s; trying again until that is over", self._what, reason)
        return self._backoff.failed()

    def worked(self, now: float) -> None:
        if self._since is not None:
            LOG.info("%s: over after %.1f s", self._what, now - self._since)
            self._since = None
            self._backoff.worked()


class BusOutage:
    """Which streams cannot be published, and when each may be tried again."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._since = 0.0
        self._bus = Backoff(chance=chance)
        self._bus_until = 0.0
        self._backoffs: dict[StreamKey, Backoff] = {}
        self._until: dict[StreamKey, float] = {}
        #: Streams that failed since anything was taken last.
        self._in_a_row: set[StreamKey] = set()

    @property
    def failing(self) -> frozenset[StreamKey]:
        return frozenset(self._until)

    def failed(self, key: StreamKey, reason: object, now: float) -> None:
        if not self._until:
            self._since = now
            LOG.warning("%s cannot be published: %s; trying again until it can", key, reason)
        backoff = self._backoffs.setdefault(key, Backoff(chance=self._chance))
        self._until[key] = now + backoff.failed()
        self._in_a_row.add(key)
        if len(self._in_a_row) > 1:
            self._bus_until = now + self._bus.failed()

    def worked(self, key: StreamKey, now: float) -> None:
        """Something of this stream was taken."""
        if len(self._in_a_row) > 1:
            # The bus is back: nobody needs to sit out a pause that was the bus's.
            self._until = dict.fromkeys(self._until, now)
        self._in_a_row.clear()
        self._bus.worked()
        self._bus_until = 0.0
        self.forget(key, now)

    def forget(self, key: StreamKey, now: float) -> None:
        """The stream is well again, or gone."""
        self._backoffs.pop(key, None)
        self._in_a_row.discard(key)
        if self._until.pop(key, None) is not None and not self._until:
            LOG.info("Everything can be published again, after %.1f s", now - self._since)

    def may_try(self, key: StreamKey, now: float) -> bool:
        return now >= self._bus_until and now >= self._until.get(key, 0.0)

    def next_try(self, now: float) -> float | None:
        """Seconds until a failing stream may be tried again; None when none is failing."""
        if not self._until:
            return None
        return max(0.0, self._bus_until - now, min(self._until.values()) - now)
