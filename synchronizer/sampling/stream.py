# SPDX-License-Identifier: Apache-2.0
"""The sampler of one stream: what listings, changes and single looks have in common.

Every observation goes the same way: a request is begun (its moment is noted), its
answer is compared with the baseline and committed under the stream's lock, a part of
at most 1,000 entities at a time. What it may not say for its moment is handed back, to
be sampled again.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence

import msgspec
from oslo_log import log as logging

from synchronizer import errors
from synchronizer.ledger import Ledger
from synchronizer.model import EntityType, StreamKey
from synchronizer.plugin import GetsChanges, GetsOne, Page, Plugin
from synchronizer.plugin.budget import Purpose
from synchronizer.sampling.asking import Asking
from synchronizer.sampling.baditems import BadItems
from synchronizer.sampling.baseline import Baseline, Moment
from synchronizer.sampling.clock import Clock
from synchronizer.sampling.committer import (
    MAX_ROWS,
    Committed,
    Committer,
    expect_restoring,
    taken_over,
)
from synchronizer.sampling.counters import Counters
from synchronizer.sampling.diff import Diff, Difference, compare, compare_absent
from synchronizer.sampling.observation import Outcome, Request, Sight
from synchronizer.sampling.rawhash import RawHasher
from synchronizer.sampling.rules import Rules, masked
from synchronizer.sampling.turns import Turns
from synchronizer.sampling.words import Words
from synchronizer.vitals import NO_PULSE, Pulse

LOG = logging.getLogger(__name__)

#: What of some differences is to be recorded now; the tick at which they were seen.
Divert = Callable[[Sequence[Difference], int], list[Difference]]


class StreamSampler:
    """Compares and records what is observed of one stream. Thread-safe.

    `volatile` and `sensitive` are masked beside what the type itself declares.
    `on_reload` is called, under the lock, when the stream's numbering began anew and the
    ledger may hold older states than the source: a listing is due. `pulse` is told of each
    request, and of each part that is recorded.
    """

    def __init__(
        self,
        ledger: Ledger,
        plugin: Plugin,
        type_: EntityType,
        *,
        counters: Counters,
        clock: Clock,
        volatile: frozenset[str] = frozenset(),
        sensitive: frozenset[str] = frozenset(),
        on_reload: Callable[[], None] = lambda: None,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self.pulse = pulse
        self.asking = Asking(plugin, pulse)
        self.ledger = ledger
        self.plugin = plugin
        self.type = type_
        self.key = StreamKey(plugin.context.cloud, type_.name)
        self.counters = counters
        self.clock = clock
        self.baseline = Baseline()
        self.lock = Turns(pulse)
        self.words = Words()
        self._rules = Rules(masked(type_, volatile, sensitive), ledger.seed, plugin.version)
        self._hasher = RawHasher(type_.id_field, live=lambda: len(self.baseline.live))
        self._committer = Committer(ledger, self.baseline, on_reload, pulse)
        self._bad_items = BadItems(self.key)
        self._owed: set[str] = set()  # to be sampled again, and told to nobody for an error
        self._unmasked: frozenset[str] = frozenset()

    def open(self, owner: str | None) -> None:
        """Restores the baseline; with an owner, takes the stream over from others.

        Only who takes it over puts his rules in force. `errors.Fenced` where others are, or
        when somebody else takes it over at the same time.
        """
        rules = self._rules.name
        self.pulse.expect(doing=f"restores {self.key}")
        found = self.ledger.find(self.key) or self.ledger.ensure_stream(self.key, rules)
        fence = found.fence
        if owner is not None:
            # First: whoever had it commits nothing while the rules change.
            fence = self.ledger.claim(found.id, owner).fence
            change = dataclasses.replace(self._rules.to_change(), progress=self.pulse.expect)
            self.ledger.ensure_stream(self.key, change, fence=fence)
        expect_restoring(self.pulse, found)
        state, live = self.ledger.baseline(found.id)
        if state.fence != fence or state.rules != rules:
            raise taken_over(state)
        self._unmasked = self._rules.unmasked_after(found.rules)
        with self.lock:
            self.baseline.load(state, live)
        named = (self.key, state.count, state.revision)
        LOG.info("%s: %d entities known at %d", *named, revision=state.revision)

    @property
    def id(self) -> int:
        """The stream's number in the ledger."""
        return self.baseline.known.id

    @property
    def indifferent(self) -> frozenset[str]:
        """Fields whose difference alone is no news: volatile ones, and those that were so
        until this process put its rules in force, until a listing is proven."""
        return self._rules.type.volatile | self._unmasked

    @property
    def gets_one(self) -> bool:
        """Whether the service can show one entity of this type."""
        return isinstance(self.plugin, GetsOne) and self.plugin.gets_one(self.type)

    @property
    def gets_changes(self) -> bool:
        """Whether the service can show what changed of this type."""
        return isinstance(self.plugin, GetsChanges) and self.plugin.gets_changes(self.type)

    def now(self) -> Request:
        """This moment, for what consists of several requests."""
        with self.lock:
            return Request(self.baseline.now(), self.clock.now())

    @contextlib.contextmanager
    def request(self, purpose: Purpose = Purpose.LOOK) -> Iterator[Request]:
        """Around a request and the recording of its answer."""
        with self.lock:
            moment = self.baseline.now()
            self.baseline.open(moment)
        began = self.clock.monotonic()
        with self.asking(purpose) as meter:
            try:
                yield Request(moment, self.clock.now())
            except errors.SourceUnavailable as error:
                if error.retry_after:
                    self.plugin.context.budget.pause(error.retry_after)
                raise
            finally:
                with self.lock:
                    self.baseline.close(moment)
                # Of a plugin that enters no budget, all that was done counts as one call.
                took = meter.seconds if meter.calls else self.clock.monotonic() - began
                calls = meter.calls or 1
                self.counters.add(calls=calls, call_seconds=took, waited_seconds=meter.waited)

    # --- recording --------------------------------------------------------

    def record_page(self, page: Page, request: Request, divert: Divert | None = None) -> Outcome:
        """Records the entities of a page; and the deletions that the service tells in it, unless
        it may take them back and can be asked for each: then they are `told`.

        What `divert` keeps back is for `record_later`.
        """
        outcome = self.record(page.items, request, divert)
        if page.unclear:
            self._mark(page.unclear)
        if page.deleted or page.destroyed:
            sure = list(dict.fromkeys(page.deleted))
            if self.gets_one:
                outcome.told, sure = self._told(sure)
            sure += page.destroyed
            with self.keeping(outcome):
                gone = self.record_deleted([(id_, request) for id_ in sure])
            outcome.again += gone.again
            outcome.deleted += gone.deleted
        return outcome

    def record(
        self,
        items: Sequence[msgspec.Raw | bytes],
        request: Request,
        divert: Divert | None = None,
    ) -> Outcome:
        """Records entities that were seen."""
        outcome = Outcome()
        for part in self._hasher.slices(items, MAX_ROWS):
            self.pulse.expect(doing="records what it saw")
            with self.keeping(outcome), self.lock:
                self._require_current(request.moment)
                tick = self.baseline.next_tick()
                diff = compare(part, self.baseline, self._rules, request.moment, request.at, tick)
                if divert is not None:
                    diff.differences = divert(diff.differences, tick)
                self._commit(diff, tick, outcome)
            outcome.shown += part.ids
            self.words.take_back(part.ids, request.moment.tick)
            self.counters.add(observed=len(part.ids), decoded=diff.decoded)
            if diff.bad:
                self.counters.add(bad_items=len(diff.bad))
                self._bad_items.tell(diff.bad)
        return outcome

    def record_later(self, kept: Sequence[tuple[Difference, int]]) -> Outcome:
        """Records differences that were kept back when they were seen, at that tick; at most
        1,000. One of whose entity anything was learnt since is sampled again, if need be."""
        outcome = Outcome()
        with self.keeping(outcome), self.lock:
            diff = Diff()
            for difference, seen in kept:
                self._require_current(difference.moment)
                known = self.baseline.live.get(difference.id)
                if known is None or known.match == difference.match:
                    continue
                if known.observed == seen:
                    diff.differences.append(difference)
                else:
                    diff.again.append(difference.id)
            self._commit(diff, self.baseline.next_tick(), outcome)
        return outcome

    def record_deleted(self, absent: Sequence[tuple[str, Request]]) -> Outcome:
        """Records deletes, given the request that showed each to be gone.

        Whoever calls this has the evidence. Of unknown ids nothing is recorded.
        """
        outcome = Outcome()
        for start in range(0, len(absent), MAX_ROWS):
            self.pulse.expect(doing="records deletes")
            part = [(id_, of.moment, of.at) for id_, of in absent[start : start + MAX_ROWS]]
            with self.keeping(outcome), self.lock:
                for _, moment, _ in part:
                    self._require_current(moment)
                tick = self.baseline.next_tick()
                self._commit(compare_absent(part, self.baseline, tick), tick, outcome)
        self.words.settle(id_ for id_, _ in absent)
        return outcome

    def prove(self, listed_at: int, generation: int) -> set[str]:
        """Records a complete listing; or returns ids to be sampled first, see `Committer`."""
        with self.lock:
            if self.baseline.generation != generation:
                raise errors.ListingBroken(f"{self.key} began anew during the listing")
            touched = self._committer.prove(listed_at)
        if not touched:
            self._unmasked = frozenset()
        return touched

    def catch_up(self) -> set[str]:
        """Takes over what others recorded. Returns the ids that are to be sampled again: what
        we last saw of them, and found unchanged, may be newer than what was recorded."""
        with self.lock:
            doubtful = self._committer.catch_up().doubtful | self._owed
            self._owed.clear()
            return doubtful

    @contextlib.contextmanager
    def keeping(self, outcome: Outcome) -> Iterator[None]:
        """Where an error keeps the outcome from being told: what of it is to be sampled again
        comes with the next `catch_up`. Not under the lock."""
        try:
            yield
        except BaseException:
            with self.lock:
                self._owed.update(outcome.again)
            raise

    def doubt(self, ids: Sequence[str]) -> None:
        """The next observations of the ids are compared, whatever their bytes."""
        with self.lock:
            for id_ in ids:
                self.baseline.doubt(id_)

    # --- looking ----------------------------------------------------------

    def look(self, id_: str) -> tuple[Sight, Request]:
        """GETs one entity and records it if it is there. Absence is not recorded here."""
        if not (isinstance(self.plugin, GetsOne) and self.gets_one):
            raise TypeError(f"{self.key} has no GET")
        with self.request() as request:
            try:
                raw = self.plugin.get(self.type, id_)
            except errors.NotFound:
                self._note_unknown(id_)
                return Sight.ABSENT, request
            except errors.Unclear:
                self._mark((id_,))
                return Sight.UNCLEAR, request
            part = next(self._hasher.slices((raw,), 1))
            if part.ids != [id_]:
                raise errors.BadAnswer(f"{self.key}: the GET of {id_!r} showed something else")
            outcome = self.record((raw,), request)
            if outcome.bad:
                raise errors.BadAnswer(f"{self.key}: the GET of {id_!r} cannot be decoded")
            return (Sight.RACED if outcome.again else Sight.FOUND), request

    # --- what is known ----------------------------------------------------

    def absences(self, began: Moment) -> list[str]:
        """Live ids of which nothing was learnt since then."""
        with self.lock:
            return [
                id_
                for id_, known in self.baseline.live.items()
                if known.observed <= began.tick and known.revision <= began.base
            ]

    def seen_since(self, began: Moment) -> list[str]:
        """Live ids that were observed since then."""
        with self.lock:
            return [id_ for id_, known in self.baseline.live.items() if known.observed > began.tick]

    def live_ids(self) -> list[str]:
        """The ids of all that is recorded as existing."""
        with self.lock:
            return list(self.baseline.live)

    def is_live(self, id_: str) -> bool:
        """Whether the entity is recorded as existing."""
        with self.lock:
            return id_ in self.baseline.live

    def _told(self, ids: Sequence[str]) -> tuple[list[str], list[str]]:
        """The ids that are live, whose delete is to be confirmed; and the others."""
        with self.lock:
            told = [id_ for id_ in ids if id_ in self.baseline.live]
            if told:
                self.words.give(told, self.baseline.next_tick())
        known = set(told)
        return told, [id_ for id_ in ids if id_ not in known]

    def revision_of(self, id_: str) -> int | None:
        """That of the entity's last version; None if it is not recorded as existing."""
        with self.lock:
            known = self.baseline.live.get(id_)
            return None if known is None else known.revision

    # --- inside the lock --------------------------------------------------

    def _commit(self, diff: Diff, tick: int, outcome: Outcome) -> None:
        done = Committed(again=list(diff.again))
        try:
            if diff.differences:
                self._committer.commit(diff.differences, tick, done)
        finally:  # what was recorded before an error stands
            self.counters.add(creates=done.creates, updates=done.updates, deletes=len(done.deleted))
            self.counters.add(discarded=len(done.again))
            outcome.deleted += done.deleted
            outcome.again += done.again
        outcome.bad += len(diff.bad)

    def _require_current(self, moment: Moment) -> None:
        if moment.generation != self.baseline.generation:
            raise errors.Refused(f"{self.key} began anew since the request was made")

    def _mark(self, ids: Sequence[str]) -> None:
        with self.lock:
            tick = self.baseline.next_tick()
            for id_ in ids:
                known = self.baseline.live.get(id_)
                if known is not None:
                    known.observed = tick

    def _note_unknown(self, id_: str) -> None:
        with self.lock:
            if id_ not in self.baseline.live:
                self.baseline.remove(id_, self.baseline.next_tick())
