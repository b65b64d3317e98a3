# SPDX-License-Identifier: Apache-2.0
"""One entity type's samplers, put together: listing, changes, single looks, evidence."""

import threading
from collections.abc import Callable

from synchronizer import errors
from synchronizer.ledger import Ledger
from synchronizer.model import EntityType
from synchronizer.plugin import Plugin
from synchronizer.sampling.absence import Absence
from synchronizer.sampling.backoff import Backoff
from synchronizer.sampling.changes import ChangesPoll
from synchronizer.sampling.clock import Clock
from synchronizer.sampling.conditions import Conditions
from synchronizer.sampling.counters import Counters
from synchronizer.sampling.evidence import Evidence
from synchronizer.sampling.holds import Holds
from synchronizer.sampling.lease import LeasedListing, told
from synchronizer.sampling.listing import Listing
from synchronizer.sampling.newcontent import NewContent
from synchronizer.sampling.pace import Pace
from synchronizer.sampling.resample import Resampler
from synchronizer.sampling.schedule import PollLoop
from synchronizer.sampling.settings import TypeSettings
from synchronizer.sampling.stream import StreamSampler
from synchronizer.sampling.visibility import Visibility

_LISTING = "listing"


class TypeSampling:
    """The parts that sample one type, and the loops that run them."""

    def __init__(
        self,
        plugin: Plugin,
        ledger: Ledger,
        type_: EntityType,
        settings: TypeSettings,
        *,
        stop: threading.Event,
        on_fatal: Callable[[BaseException], None],
        clock: Clock,
        uniform: Callable[[float, float], float],
        absence: Absence | None = None,
    ) -> None:
        self._absence = absence or Absence(f"{plugin.context.cloud}/{plugin.service}")
        self.counters = Counters()
        self.sampler = StreamSampler(
            ledger,
            plugin,
            type_,
            counters=self.counters,
            clock=clock,
            volatile=settings.volatile,
            sensitive=settings.sensitive,
            on_reload=self.list_now,
        )
        self.holds = Holds(self.sampler)
        self._ledger = ledger
        self._conditions = Conditions(self.sampler)
        pace = Pace(settings.confirm_rate, stop, clock)
        evidence = Evidence(
            self.sampler, Visibility(self.sampler, pace), self.holds, pace, settings.settle
        )
        self.resampler = Resampler(
            self.sampler, evidence, pace, wake=lambda: self._resampling.wake(), early=self.list_now
        )
        self.changes: ChangesPoll | None = None
        if settings.changes_interval is not None and self.sampler.gets_changes:
            self.changes = ChangesPoll(
                self.sampler,
                self.holds,
                pace,
                on_again=self.resampler.add,
                on_told=self.resampler.confirm,
            )
        self.listing = Listing(
            self.sampler,
            evidence,
            self.holds,
            pace,
            NewContent(self.sampler, settings.new_content_rate, stop, clock),
            on_server_time=self._on_server_time,
            on_again=self.resampler.add,
        )
        self._leased = LeasedListing(self.sampler, self.listing, settings, uniform=uniform)
        self._stop = stop

        def loop(
            kind: str, poll: Callable[[], None], interval: float | None, early_gap: float
        ) -> PollLoop:
            return PollLoop(
                f"{self.sampler.key} {kind}",
                poll,
                interval=interval,
                early_gap=early_gap,
                backoff=Backoff(settings.backoff_first, settings.backoff_most, uniform),
                clock=clock,
                stop=stop,
                failing=lambda error: self._failed(kind, error),
                working=lambda: self._worked(kind),
                on_fatal=on_fatal,
                uniform=uniform,
            )

        early_gap = min(settings.early_gap, settings.interval)
        self._listing = loop(_LISTING, self._list, settings.interval, early_gap)
        self._resampling = loop("looks", self.resampler.run, None, 0.0)
        self.loops = [self._listing, self._resampling]
        if self.changes is not None:
            self._polling = loop("changes", self.changes.run, settings.changes_interval, 0.0)
            self.loops.append(self._polling)

    def open(self, owner: str) -> None:
        """Takes the stream over and restores what is known of it."""
        self.sampler.open(owner)
        self.holds.open()

    def start(self) -> None:
        """Starts the loops."""
        for loop in self.loops:
            loop.start()

    def list_now(self) -> None:
        """Asks for a listing before its time."""
        self._listing.wake()

    def list_if_wanted(self) -> None:
        """Asks for a listing before its time, if somebody asked for it in the ledger."""
        present = self._ledger.listings.state(self.sampler.id)
        if present.wanted > present.begun:
            self.list_now()

    def hint(self, id_: str) -> None:
        """The entity is to be looked at."""
        self.sampler.doubt((id_,))
        self.resampler.add((id_,))

    def _list(self) -> None:
        self._ledger.check()
        listed = self._leased.run(self._stop)
        if listed.problems:
            self._conditions.failing("completeness", "; ".join(listed.problems))
        else:
            self._conditions.working("completeness")
        if listed.soon:
            self.list_now()

    def _on_server_time(self, server_time: int) -> None:
        if self.changes is not None:
            self.changes.start_from(server_time)
            self._polling.wake()

    def _failed(self, kind: str, error: BaseException) -> None:
        self.counters.add(errors=1)
        missing = isinstance(error, errors.NoSuchService)
        if missing:
            self._absence.note(error)
        self._conditions.failing(kind, told(error), say=not missing)

    def _worked(self, kind: str) -> None:
        if kind == _LISTING:
            self._absence.over()
        self._conditions.working(kind)
