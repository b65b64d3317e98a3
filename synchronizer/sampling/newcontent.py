# SPDX-License-Identifier: Apache-2.0
"""New content at a bounded rate.

When a service, or a plugin, begins to show more fields (or fewer), all entities differ at
once, and nothing has happened to any of them. What a listing shows of such entities waits
until everything else that it showed is recorded, and is then recorded at a bounded rate.

What waits is bounded, too. The rest is left for the next listing, which comes soon; until
nothing is left, no listing is proven. A rest that does not shrink from one listing to the
next is no new content but the way this service is: then nothing waits any longer.
"""

import threading
from collections.abc import Callable, Sequence

import msgspec
from oslo_log import log as logging

from synchronizer.sampling.clock import Clock
from synchronizer.sampling.diff import Difference
from synchronizer.sampling.observation import Outcome
from synchronizer.sampling.pace import Pace
from synchronizer.sampling.stream import StreamSampler

LOG = logging.getLogger(__name__)

#: Of each page, so many entities are recorded at once, whatever differs.
FEW = 10

#: What waits at most.
MOST_ENTITIES = 10_000
MOST_BYTES = 64 << 20

_CHUNKS_PER_SECOND = 2
_MOST_IN_CHUNK = 500

_top_level = msgspec.json.Decoder(dict[str, msgspec.Raw])


class NewContent:
    """The new content of one stream, as its listings show it. `rate`: entities a second."""

    def __init__(
        self, sampler: StreamSampler, rate: float, stop: threading.Event, clock: Clock
    ) -> None:
        self._sampler = sampler
        self._rate = rate
        self._chunk = max(1, min(_MOST_IN_CHUNK, int(rate / _CHUNKS_PER_SECOND)))
        self._pace = Pace(rate / self._chunk, stop, clock)
        self._waiting: dict[str, tuple[Difference, int]] = {}
        self._bytes = 0
        self._left = 0
        self._before: int | None = None  # what the last listing left
        self._unbounded = False

    def begin(self) -> None:
        """A listing begins; what waited for an earlier one is seen again."""
        self._waiting.clear()
        self._bytes = self._left = 0

    def divert(self, differences: Sequence[Difference], tick: int) -> list[Difference]:
        """What is to be recorded now, of what a part of a page showed at this tick."""
        updates = [difference for difference in differences if difference.op == "update"]
        if self._unbounded or len(updates) <= FEW:
            return list(differences)
        sampler = self._sampler
        stored = sampler.ledger.entities(sampler.id, [difference.id for difference in updates])
        now = []
        for difference in differences:
            before, after = stored.get(difference.id), difference.entity
            waits = (
                difference.op == "update"
                and before is not None
                and after is not None
                and only_fields_differ(before, after, sampler.indifferent)
            )
            if not waits:
                now.append(difference)
            elif difference.id in self._waiting:  # the later page wins
                self._waiting[difference.id] = (difference, tick)
            elif len(self._waiting) >= MOST_ENTITIES or self._bytes >= MOST_BYTES:
                self._left += 1
            else:
                self._waiting[difference.id] = (difference, tick)
                self._bytes += len(after or b"")
        return now

    def record(self, check: Callable[[], None]) -> Outcome:
        """Records what waits, at the bounded rate; `check` is called now and then, and may
        raise. `Stopped` when the worker ends."""
        outcome = Outcome()
        if len(self._waiting) > self._chunk:
            LOG.info(
                "%s: %d entities have new content; %g of them a second are recorded",
                *(self._sampler.key, len(self._waiting) + self._left, self._rate),
            )
        waiting = list(self._waiting.values())
        for start in range(0, len(waiting), self._chunk):
            with self._sampler.keeping(outcome):
                self._pace.step()
                check()
                done = self._sampler.record_later(waiting[start : start + self._chunk])
            outcome.again += done.again
        self._waiting.clear()
        self._bytes = 0
        return outcome

    def end(self) -> int:
        """The pages are over and all that waited is recorded; how many entities are left."""
        left, before = self._left, self._before
        self._before = left or None
        self._unbounded = bool(left) and before is not None and left >= before
        if self._unbounded:
            LOG.warning(
                "%s: the fields of %d entities differ each time; the next listing records them "
                "at once",
                *(self._sampler.key, left),
            )
        return left


def only_fields_differ(before: bytes, after: bytes, indifferent: frozenset[str]) -> bool:
    """Whether two entities in canonical form are alike in all fields that both have."""
    old, new = _top_level.decode(before), _top_level.decode(after)
    return all(
        bytes(old[name]) == bytes(new[name])
        for name in old.keys() & new.keys()
        if name not in indifferent
    )
