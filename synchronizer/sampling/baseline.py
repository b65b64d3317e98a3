# SPDX-License-Identifier: Apache-2.0
"""What a worker knows of one stream: its live entities at one revision of the ledger.

Beside that, what is needed to tell which of two overlapping observations may speak.
Every request notes a `Moment` when it begins; everything that is applied afterwards
gets a later tick. An observation that differs from what is known may be recorded only
if nothing was learnt of its id since its request began: not a version (tombstones
included), and not that the id was *unchanged* either, for then the other observation
may well be the newer one.

Costs about 300 bytes per live entity (id of 36 characters); with the ids of texts that
`rawhash` remembers it is 350, and up to 540 where every text keeps changing. Not
thread-safe: its owner holds the stream's lock.
"""

import bisect
import dataclasses
from collections.abc import Iterable

import msgspec

from synchronizer.ledger import Live, StreamState


class Known(msgspec.Struct, gc=False):
    """A live entity.

    `raw`: hash of a raw text that is known to stand for `match`, or None. `observed`:
    the tick at which anybody last learnt anything of it.
    """

    match: bytes
    revision: int
    raw: int | None
    observed: int


#: Ticks that are kept with the revision that the ledger had; older ones share the first.
_MARKS = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """When a request began. `base`: the revision known then; `proofs`: how many listings of
    other processes were known to be proven."""

    base: int
    tick: int
    generation: int
    proofs: int


class Baseline:
    """Live entities by id, and the deletions that outstanding requests may not know of."""

    def __init__(self) -> None:
        self.live: dict[str, Known] = {}
        self.state: StreamState | None = None
        #: Rises whenever the baseline was read anew: what began before is void.
        self.generation = 0
        #: Rises whenever another process is seen to have proven a listing.
        self.proofs = 0
        self._tick = 0
        self._outstanding: dict[int, int] = {}  # tick of a moment -> requests that began then
        self._gone: dict[str, int] = {}  # id -> tick at which it was learnt to be absent
        # See `mark`.
        self._ticks: list[int] = []
        self._revisions: list[int] = []

    @property
    def known(self) -> StreamState:
        """The stream as of the last commit or read."""
        if self.state is None:
            raise RuntimeError("the baseline was not loaded")
        return self.state

    def load(self, state: StreamState, live: Iterable[Live]) -> None:
        """Forgets everything and starts from what the ledger says."""
        tick = self.next_tick()
        self.live = {row.id: Known(row.match, row.revision, None, tick) for row in live}
        self._gone.clear()
        self.state = state
        self.generation += 1
        self._ticks, self._revisions = [], []
        self.mark(state.revision)

    def advance(self, state: StreamState) -> None:
        """The stream stands there now, by what we recorded or by what others did."""
        if state.listed_at != self.known.listed_at:
            self.proofs += 1
        self.state = state

    # --- moments ----------------------------------------------------------

    def now(self) -> Moment:
        return Moment(self.known.revision, self._tick, self.generation, self.proofs)

    def open(self, moment: Moment) -> None:
        """Until `close`, absences learnt since the moment are remembered."""
        self._outstanding[moment.tick] = self._outstanding.get(moment.tick, 0) + 1

    def close(self, moment: Moment) -> None:
        left = self._outstanding[moment.tick] - 1
        if left:
            self._outstanding[moment.tick] = left
            return
        del self._outstanding[moment.tick]
        if not self._outstanding:
            self._gone.clear()
            return
        oldest = min(self._outstanding)
        self._gone = {id_: tick for id_, tick in self._gone.items() if tick > oldest}

    def next_tick(self) -> int:
        """The tick of something that is applied now."""
        self._tick += 1
        return self._tick

    def mark(self, revision: int) -> None:
        """What was observed since the last mark was observed when the ledger was at this
        revision, or an earlier one."""
        if self._revisions and self._revisions[-1] == revision:
            self._ticks[-1] = self._tick
            return
        self._ticks.append(self._tick)
        self._revisions.append(revision)
        if len(self._ticks) > 2 * _MARKS:
            self._revisions[_MARKS] = max(self._revisions[: _MARKS + 1])
            del self._ticks[:_MARKS], self._revisions[:_MARKS]

    def is_newer(self, id_: str, base: int) -> bool:
        """Whether what another process recorded, by a request that began at `base`, was
        surely seen after all that we saw of the id.

        So it is when that request's base was not there yet when the ledger was looked at
        after our last observation.
        """
        known = self.live.get(id_)
        if known is None:
            return False
        at = bisect.bisect_left(self._ticks, known.observed)
        return at < len(self._ticks) and base > self._revisions[at]

    def may_speak(self, id_: str, moment: Moment) -> bool:
        """Whether an observation that began then may change what is known of the id."""
        known = self.live.get(id_)
        if known is not None:
            return known.observed <= moment.tick and known.revision <= moment.base
        return self._gone.get(id_, 0) <= moment.tick

    # --- what was learnt --------------------------------------------------

    def put(self, id_: str, match: bytes, revision: int, raw: int | None, tick: int) -> None:
        """A version became the newest."""
        known = self.live.get(id_)
        if known is None:
            self.live[id_] = Known(match, revision, raw, tick)
            self._gone.pop(id_, None)
        else:
            known.match, known.revision, known.raw, known.observed = match, revision, raw, tick

    def remove(self, id_: str, tick: int) -> None:
        """The entity is deleted, or was seen not to be there when nobody knew it."""
        self.live.pop(id_, None)
        if self._outstanding:
            self._gone[id_] = tick

    def doubt(self, id_: str) -> None:
        """The next observation of the id is decoded and compared, whatever its bytes."""
        known = self.live.get(id_)
        if known is not None:
            known.raw = None
