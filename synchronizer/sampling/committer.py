# SPDX-License-Identifier: Apache-2.0
"""Where changes become revisions: differences go to the ledger, and then into the baseline.

The ledger refuses a commit when the stream has moved on. Then its tail is read, the ids
that it touched leave the diff (they are to be sampled again: who is the newer one cannot
be told), and the rest, which the tail did not touch, is committed on top of it.
"""

import dataclasses
from collections.abc import Callable, Sequence

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState, Write
from synchronizer.sampling.baseline import Baseline
from synchronizer.sampling.diff import Difference
from synchronizer.vitals import NO_PULSE, STEP, Pulse

LOG = logging.getLogger(__name__)

#: Rows of one commit: no stream holds the ledger's lock for long.
MAX_ROWS = 1000

#: Seconds to read what is known of one entity, at the very most.
RESTORING_ONE = 0.002

#: Refusals in a row after which the poll is given up and backs off.
MAX_REFUSALS = 20


@dataclasses.dataclass(slots=True)
class Committed:
    """`again`: ids that another writer touched meanwhile, to be sampled again."""

    creates: int = 0
    updates: int = 0
    deleted: list[str] = dataclasses.field(default_factory=list)
    again: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Tail:
    """What others recorded. `touched`: the ids. `doubtful`: those of them of which we may
    have seen a newer state, found it to be unchanged, and so recorded nothing."""

    touched: set[str]
    doubtful: set[str]


class Committer:
    """Writes one stream. The caller holds the stream's lock."""

    def __init__(
        self,
        ledger: Ledger,
        baseline: Baseline,
        on_reload: Callable[[], None],
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self._ledger = ledger
        self._pulse = pulse
        self._on_reload = on_reload
        self._baseline = baseline

    def commit(self, differences: Sequence[Difference], tick: int, done: Committed) -> None:
        """Records the differences, deletes last. What was recorded before an error stands, and
        is in `done` then, too."""
        rest = [d for d in differences if d.op != "delete"]
        rest += [d for d in differences if d.op == "delete"]
        refusals = 0
        while rest:
            self._pulse.expect(doing="records changes")
            chunk = rest[:MAX_ROWS]
            known = self._baseline.known
            try:
                state = self._ledger.commit(known, [_write(difference) for difference in chunk])
            except errors.Refused:
                refusals += 1
                if refusals > MAX_REFUSALS:
                    raise
                tail = self.catch_up()
                mine = {d.id for d in rest} & tail.touched
                done.again += mine | tail.doubtful
                rest = [d for d in rest if d.id not in mine]
                continue
            rest = rest[MAX_ROWS:]
            self._apply(chunk, state, tick, done)
            # Another process has proven a listing since the request began: what it saw of
            # these, and found to be unchanged, may be newer than what we wrote.
            proofs = self._baseline.proofs
            done.again += [d.id for d in chunk if d.moment.proofs != proofs]

    def prove(self, listed_at: int) -> set[str]:
        """Records that a complete listing began then, though nothing differs.

        Returns the ids that another writer touched meanwhile, and that are in doubt; if
        there are any, nothing was recorded: they are to be sampled again first.
        """
        for _ in range(MAX_REFUSALS):
            self._pulse.expect(doing="records a listing")
            known = self._baseline.known
            try:
                self._baseline.state = self._ledger.commit(known, (), listed_at=listed_at)
            except errors.Refused:
                doubtful = self.catch_up().doubtful
                if doubtful:
                    return doubtful
            else:
                return set()
        raise errors.Refused

    def catch_up(self) -> Tail:
        """Takes over what others recorded."""
        baseline = self._baseline
        known = baseline.known
        try:
            state, tail = self._ledger.tail(known.id, known.revision)
        except (errors.Compacted, errors.EpochChanged):
            state, tail = self._ledger.state(known.id), None
        if state.fence != known.fence or state.rules != known.rules:
            raise taken_over(state)
        if tail is None or state.epoch != known.epoch:
            self.reload()
            raise errors.Refused(f"the numbering of {known.key} began anew; begin again")
        doubtful = {e.id for e in tail if not baseline.is_newer(e.id, e.base)}
        baseline.mark(state.revision)
        tick = baseline.next_tick()
        for entry in tail:
            if entry.match is None:
                baseline.remove(entry.id, tick)
            else:
                baseline.put(entry.id, entry.match, entry.revision, None, tick)
        if tail:
            # These we did not see ourselves, and those that we saw since are in doubt.
            baseline.mark(known.revision)
        baseline.advance(state)
        return Tail({entry.id for entry in tail}, doubtful)

    def reload(self) -> None:
        """Reads the baseline anew; what began before is void."""
        known = self._baseline.known
        expect_restoring(self._pulse, known)
        state, live = self._ledger.baseline(known.id)
        if state.fence != known.fence or state.rules != known.rules:
            raise taken_over(state)
        self._baseline.load(state, live)
        self._on_reload()
        LOG.info(
            "%s: baseline of %d entities at %d read",
            *(state.key, len(live), state.revision),
            revision=state.revision,
        )

    def _apply(
        self, chunk: Sequence[Difference], state: StreamState, tick: int, done: Committed
    ) -> None:
        baseline = self._baseline
        first = baseline.known.revision + 1
        for revision, difference in enumerate(chunk, first):
            if difference.match is None:
                baseline.remove(difference.id, tick)
                done.deleted.append(difference.id)
            else:
                baseline.put(difference.id, difference.match, revision, difference.raw, tick)
                if difference.op == "create":
                    done.creates += 1
                else:
                    done.updates += 1
        baseline.advance(state)


def expect_restoring(pulse: Pulse, state: StreamState) -> None:
    """What is known of a stream is about to be read."""
    pulse.expect(STEP + state.count * RESTORING_ONE, f"restores {state.key}")


def taken_over(state: StreamState) -> errors.Fenced:
    return errors.Fenced(
        f"another process has taken over {state.key}: {state.owner}", owner=state.owner
    )


def _write(difference: Difference) -> Write:
    return Write(
        op=difference.op,
        id=difference.id,
        fingerprint=difference.match,
        match=difference.match,
        base=difference.moment.base,
        sampled_at=difference.sampled_at,
        entity=difference.entity,
    )
