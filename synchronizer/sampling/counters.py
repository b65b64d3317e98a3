# SPDX-License-Identifier: Apache-2.0
"""What was done for one entity type since the worker began."""

import dataclasses
import threading
from collections.abc import Mapping
from typing import Protocol

from synchronizer.model import StreamKey


@dataclasses.dataclass(frozen=True, slots=True)
class Counts:
    """Counters at one moment. `calls`: requests to the service; `call_seconds`: from sending
    one to the end of its answer; `waited_seconds`: for the service's budget, before that.
    `errors`: polls that failed. `hints`: entities that notifications named, each as often as
    it was. `listing_seconds`: spent in listings, complete or not; `last_listing`: in the last
    one. `held`: deletes held now."""

    calls: int = 0
    call_seconds: float = 0.0
    waited_seconds: float = 0.0
    errors: int = 0
    listings: int = 0
    listings_unproven: int = 0
    listing_seconds: float = 0.0
    last_listing: float | None = None
    observed: int = 0
    decoded: int = 0
    creates: int = 0
    updates: int = 0
    deletes: int = 0
    discarded: int = 0
    bad_items: int = 0
    hints: int = 0
    held: int = 0


class Tally(Protocol):
    """Is told of all that is counted, by whichever thread counts, and returns at once."""

    def added(self, key: StreamKey, more: Mapping[str, float]) -> None:
        """By the names of `Counts`."""
        ...

    def failed(self, key: StreamKey, poll: str, error: BaseException) -> None:
        """A poll of this kind failed."""
        ...


class NoTally:
    """Where nobody wants to know."""

    def added(self, key: StreamKey, more: Mapping[str, float]) -> None:
        return

    def failed(self, key: StreamKey, poll: str, error: BaseException) -> None:
        return


NO_TALLY = NoTally()


class Counters:
    """Counts of one stream that several threads add to."""

    def __init__(self, key: StreamKey, tally: Tally = NO_TALLY) -> None:
        self._key = key
        self._tally = tally
        self._lock = threading.Lock()
        self._counts = Counts()

    def add(self, **more: float) -> None:
        """Adds to the named counters."""
        with self._lock:
            present = {name: getattr(self._counts, name) + n for name, n in more.items()}
            self._counts = dataclasses.replace(self._counts, **present)
        self._tally.added(self._key, more)

    def failed(self, poll: str, error: BaseException) -> None:
        """Counts a poll of this kind that failed."""
        self.add(errors=1)
        self._tally.failed(self._key, poll, error)

    def listed(self, seconds: float) -> None:
        """Counts a listing."""
        self.add(listings=1, listing_seconds=seconds)
        with self._lock:
            self._counts = dataclasses.replace(self._counts, last_listing=seconds)

    def hold(self, held: int) -> None:
        """Sets the number of deletes held now."""
        with self._lock:
            self._counts = dataclasses.replace(self._counts, held=held)

    def read(self) -> Counts:
        """All counters at one moment."""
        with self._lock:
            return self._counts
