# SPDX-License-Identifier: Apache-2.0
"""A complete listing: every page compared and recorded as it comes, then the absences.

Only a listing that was complete, and after which nothing is in doubt, moves the
stream's `listed_at`, to the instant when its first request began: it then is proven
that the ledger is not older than that.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.plugin import Page
from synchronizer.plugin.budget import Purpose
from synchronizer.sampling.baseline import Moment
from synchronizer.sampling.evidence import Evidence
from synchronizer.sampling.holds import SECOND_LISTING, Holds
from synchronizer.sampling.newcontent import NewContent
from synchronizer.sampling.observation import Request, Sight
from synchronizer.sampling.pace import Pace
from synchronizer.sampling.stream import StreamSampler

LOG = logging.getLogger(__name__)

#: Times that a discarded observation is sampled again before the listing gives up on it.
_TRIES = 3

#: Times that a proof is tried against other writers.
_PROOFS = 5


@dataclasses.dataclass(slots=True)
class Progress:
    """What the pages of one listing showed so far."""

    pages: int = 0
    ended: bool = False
    problems: list[str] = dataclasses.field(default_factory=list)
    again: set[str] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """The end of a listing. `problems`: why it was not complete; `held`: deletes held after
    it; `again`: ids of which nothing is sure yet. It was proven when there is none of these.
    `soon`: the next listing would help and should not wait for its time. `later`: one would
    that begins in so many seconds (0: none)."""

    problems: tuple[str, ...] = ()
    held: int = 0
    again: frozenset[str] = frozenset()
    soon: bool = False
    later: float = 0.0

    @property
    def proven(self) -> bool:
        return not (self.problems or self.held or self.again)


class Listing:
    """Lists one stream. One listing at a time; the caller sees to that.

    `last_word` is called after the pages, before anything absent is judged; it may record
    what it learns, and gives ids that are to be sampled again.
    """

    def __init__(
        self,
        sampler: StreamSampler,
        evidence: Evidence,
        holds: Holds,
        pace: Pace,
        new_content: NewContent,
        *,
        on_server_time: Callable[[int], None],
        on_again: Callable[[Iterable[str]], None],
        last_word: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._sampler = sampler
        self._last_word = last_word
        self._evidence = evidence
        self._holds = holds
        self._pace = pace
        self._new_content = new_content
        self._on_server_time = on_server_time
        self._on_again = on_again
        self._previous: Moment | None = None

    def run(self, check: Callable[[], None] = lambda: None) -> Listed:
        """One listing, from its first request to its proof. Raises what stops it.

        `check` is called before each page and each commit of new content, and may raise.
        """
        sampler = self._sampler
        self._on_again(sampler.catch_up())
        began = sampler.now()
        previous, self._previous = self._previous, None
        progress = Progress()
        try:
            listed = self._run(began, previous, progress, check)
        except BaseException:
            self._on_again(progress.again)
            raise
        finally:
            seconds = (sampler.clock.now() - began.at) / 1_000_000
            sampler.counters.listed(seconds)
        self._on_again(listed.again)
        if not listed.proven:
            sampler.counters.add(listings_unproven=1)
            self._on_again(sampler.catch_up())
        return listed

    def _run(
        self,
        began: Request,
        previous: Moment | None,
        progress: Progress,
        check: Callable[[], None],
    ) -> Listed:
        try:
            self._read_pages(progress, check)
        except errors.Retry:
            # Else a listing that breaks each time would never have it recorded.
            self._record_new_content(progress, check)
            raise
        if not progress.ended:
            progress.problems.append("the listing broke off before its end")
        if progress.problems:
            self._record_new_content(progress, check)
            return Listed(_few(progress.problems), again=frozenset(progress.again))
        if previous is not None and previous.generation != began.moment.generation:
            previous = None
        progress.again.update(self._last_word())
        verdict = self._evidence.after_listing(began, previous)
        self._holds.replace(verdict.held, began)
        self._previous = began.moment
        problems: list[str] = []
        if verdict.unclear:
            problems.append(f"{len(verdict.unclear)} entities exist but cannot be read now")
        # After the deletes, so that nothing else waits for it.
        self._record_new_content(progress, check)
        left = self._new_content.end()
        if left:
            problems.append(f"new content of {left} entities waits for the next listing")
        # What the service calls deleted, and the listing showed, is one or the other.
        again = self._settle(progress.again.union(verdict.again, self._sampler.words.left()))
        if not (problems or verdict.held or again):
            again = self._prove(began)
        soon = bool(again or left) or SECOND_LISTING in verdict.held.values()
        return Listed(tuple(problems), len(verdict.held), frozenset(again), soon, verdict.later)

    def _read_pages(self, progress: Progress, check: Callable[[], None]) -> None:
        sampler = self._sampler
        self._new_content.begin()
        pages: Iterator[Page] = iter(sampler.plugin.get_all(sampler.type))
        while not progress.ended:
            self._pace.check()
            check()
            with sampler.request(Purpose.LISTING) as request:
                page = next(pages, None)
                if page is None:
                    return
                outcome = sampler.record_page(page, request, self._new_content.divert)
            self._holds.forget(outcome.deleted)
            if progress.pages == 0:
                self._on_server_time(request.at if page.server_time is None else page.server_time)
            progress.pages += 1
            progress.ended = page.last
            progress.again.update(outcome.again)
            # With each page: the less there is to be looked at again in the end.
            progress.again.update(sampler.catch_up())
            progress.problems += page.problems
            if page.unclear:
                progress.problems.append(f"{len(page.unclear)} entities cannot be read now")
            if outcome.bad:
                progress.problems.append(f"{outcome.bad} items cannot be decoded")

    def _record_new_content(self, progress: Progress, check: Callable[[], None]) -> None:
        progress.again.update(self._new_content.record(check).again)

    def _settle(self, ids: Iterable[str]) -> set[str]:
        """Samples discarded ids by GET; returns those of which nothing is sure yet."""
        unsettled = set(ids)
        if not self._sampler.gets_one:
            return unsettled
        for _ in range(_TRIES):
            for id_ in sorted(unsettled):
                self._pace.step()
                sight, request = self._sampler.look(id_)
                if sight is Sight.FOUND or (
                    sight is Sight.ABSENT
                    and (not self._sampler.is_live(id_) or self._evidence.of(id_, request))
                ):
                    unsettled.discard(id_)
        return unsettled

    def _prove(self, began: Request) -> set[str]:
        for _ in range(_PROOFS):
            touched = self._sampler.prove(began.at, began.moment.generation)
            if not touched:
                return set()
            left = self._settle(touched)
            if left:
                return left
        raise errors.Refused(f"others write {self._sampler.key} all the time")


def _few(problems: list[str], most: int = 3) -> tuple[str, ...]:
    different = list(dict.fromkeys(problems))
    if len(different) <= most:
        return tuple(different)
    return (*different[:most], f"and {len(different) - most} more")
