# SPDX-License-Identifier: Apache-2.0
"""What was done for one entity type since the worker began."""

import dataclasses
import threading


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


class Counters:
    """Counts that several threads add to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = Counts()

    def add(self, **more: float) -> None:
        """Adds to the named counters."""
        with self._lock:
            present = {name: getattr(self._counts, name) + n for name, n in more.items()}
            self._counts = dataclasses.replace(self._counts, **present)

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
