# SPDX-License-Identifier: Apache-2.0
"""When a stream's next bookmark is due."""

import random
from collections.abc import Callable

from synchronizer.ledger import StreamState


class BookmarkClock:
    """Due at once, then within each interval, and as soon as there is news to prove.

    News is a new epoch or a later complete listing: neither needs to have changed an
    entity, and a consumer sees them in nothing but a bookmark.
    """

    def __init__(self, interval: float, chance: Callable[[], float] = random.random) -> None:
        if interval <= 0:
            raise ValueError(f"the interval of bookmarks is not positive: {interval}")
        self._interval = interval
        self._chance = chance
        self._due: float | None = None
        self._told: tuple[str, int | None] | None = None

    def is_due(self, state: StreamState, now: float) -> bool:
        return self.wait(state, now) <= 0

    def wait(self, state: StreamState, now: float) -> float:
        """Seconds until a bookmark is due; 0 or less when it is."""
        if self._due is None or self._told != (state.epoch, state.listed_at):
            return 0.0
        return self._due - now

    def sent(self, state: StreamState, now: float) -> None:
        self._told = (state.epoch, state.listed_at)
        # Streams drift apart, and the promise holds though a loop may come late.
        self._due = now + self._interval * (0.7 + 0.2 * self._chance())
