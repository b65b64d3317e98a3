# SPDX-License-Identifier: Apache-2.0
"""Changes-since polling: what the service says has changed since its last answer.

It proves nothing about what it does not show. Its instants are the service's own: the
time of the last answer's first page, less the plugin's overlap.
"""

import dataclasses
import threading
from collections.abc import Callable, Iterable

from synchronizer.plugin import GetsChanges, Page
from synchronizer.plugin.budget import Purpose
from synchronizer.sampling.holds import Holds
from synchronizer.sampling.pace import Pace
from synchronizer.sampling.stream import StreamSampler


class ChangesPoll:
    """Polls the changes of one stream, from the first page of its first listing on."""

    def __init__(
        self,
        sampler: StreamSampler,
        holds: Holds,
        pace: Pace,
        *,
        on_again: Callable[[Iterable[str]], None],
        on_told: Callable[[Iterable[str]], None],
    ) -> None:
        if not (isinstance(sampler.plugin, GetsChanges) and sampler.gets_changes):
            raise TypeError(f"{sampler.key} has no changes-since")
        self._sampler = sampler
        self._source: GetsChanges = sampler.plugin
        self._overlap = int(sampler.plugin.changes_overlap * 1_000_000)
        self._holds = holds
        self._pace = pace
        self._on_again = on_again
        self._on_told = on_told
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._answered: int | None = None

    def start_from(self, server_time: int) -> bool:
        """The service's time (microseconds) when the first listing began; later ones are
        ignored. Whether this was the first."""
        with self._lock:
            if self._answered is not None:
                return False
            self._answered = server_time
            return True

    def poll(self) -> None:
        """`run`, when its time has come."""
        self.run()

    def run(self) -> set[str]:
        """One poll, all its pages; the ids that it showed. Before the first listing has
        answered: nothing. One poll at a time: whoever comes meanwhile waits for his own."""
        with self._turn:
            return self._run()

    def _run(self) -> set[str]:
        with self._lock:
            answered = self._answered
        shown: set[str] = set()
        if answered is None:
            return shown
        sampler = self._sampler
        self._on_again(sampler.catch_up())
        pages = iter(self._source.get_changes(sampler.type, answered - self._overlap))
        first: int | None = None
        ended = False
        while not ended:
            self._pace.check()
            with sampler.request(Purpose.CHANGES) as request:
                page = next(pages, None)
                if page is None:
                    break
                outcome = sampler.record_page(_doubting(page, shown), request)
            self._on_again(outcome.again)
            self._on_told(outcome.told)
            shown.update(outcome.shown, outcome.told)
            self._holds.forget(outcome.deleted)
            if first is None:
                first = request.at if page.server_time is None else page.server_time
            ended = page.last
        if ended and first is not None:
            with self._lock:
                self._answered = first
        return shown


def _doubting(page: Page, shown: set[str]) -> Page:
    """What the same answer showed to be there is not taken for destroyed without a look."""
    twofold = shown.intersection(page.destroyed)
    if not twofold:
        return page
    destroyed = [id_ for id_ in page.destroyed if id_ not in twofold]
    return dataclasses.replace(page, deleted=[*page.deleted, *twofold], destroyed=destroyed)
