# SPDX-License-Identifier: Apache-2.0
"""What the consumer saw, against what was true: lag, false deletes, rates."""

import collections
import dataclasses
import time

from synchronizer.client import Added, Deleted, Event, Synced, Updated
from synchronizer.demo.truth import TruthTail, state_key

WINDOW = 10.0
#: Microseconds for which the truth about a state may come after the state.
KEPT = 5_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """One change as the consumer applied it, at an instant in microseconds since 1970."""

    at: int
    id: str
    state: int


class Measure:
    """Takes events as they are applied. Without a truth (a user's own cloud) it only counts."""

    def __init__(self, truth: TruthTail | None) -> None:
        self._truth = truth
        self._unmatched: list[Seen] = []
        self._recent: collections.deque[float] = collections.deque()
        self._deletes: list[tuple[int, str]] = []
        self.synced = False
        self.changes = 0
        self.lags: list[float] = []

    def take(self, event: Event, synced: bool) -> None:
        """An event, and whether its stream was whole before."""
        now = time.time_ns() // 1000
        if isinstance(event, Synced):
            self.synced = True
        if not synced or not isinstance(event, Added | Updated | Deleted):
            return
        self.changes += 1
        self._recent.append(time.monotonic())
        if self._truth is None:
            return
        if isinstance(event, Deleted):
            self._deletes.append((now, event.id))
            entity = None
        else:
            entity = event.entity if isinstance(event, Added) else event.new
        self._unmatched.append(Seen(now, event.id, hash(state_key(entity))))

    def match(self) -> None:
        """Finds when each seen state came to be, in what has been read of the truth."""
        if self._truth is None:
            return
        came = self._truth.came
        # The consumer's thread goes on appending, to the list that it finds.
        unmatched, self._unmatched = self._unmatched, []
        oldest = time.time_ns() // 1000 - KEPT
        for seen in unmatched:
            at = came.get((seen.id, seen.state))
            if at is not None:
                self.lags.append((seen.at - at) / 1000)
            elif seen.at > oldest:
                self._unmatched.append(seen)

    def false_deletes(self) -> int:
        """Deletes that were told of servers which were not gone at that moment."""
        if self._truth is None:
            return 0
        gone = self._truth.gone
        return sum(1 for at, id_ in self._deletes if gone.get(id_, at + 1) > at)

    def per_second(self) -> float:
        """Changes per second, over the last seconds."""
        horizon = time.monotonic() - WINDOW
        while self._recent and self._recent[0] < horizon:
            self._recent.popleft()
        return len(self._recent) / WINDOW


def percentile(values: list[float], share: float) -> float | None:
    """The nearest-rank percentile; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
