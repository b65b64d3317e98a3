# SPDX-License-Identifier: Apache-2.0
"""One entity type's samplers, put together: listing, changes, single looks, evidence."""

import threading
from collections.abc import Callable

from synchronizer import errors
from synchronizer.ledger import Ledger
from synchronizer.model import EntityType, StreamKey
from synchronizer.plugin import Plugin
from synchronizer.sampling.absence import Absence
from synchronizer.sampling.backoff import Backoff
from synchronizer.sampling.changes import ChangesPoll
from synchronizer.sampling.clock import Clock
from synchronizer.sampling.conditions import Conditions
from synchronizer.sampling.counters import NO_TALLY, Counters, Tally
from synchronizer.sampling.evidence import Evidence
from synchronizer.sampling.hints import Hints
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
from synchronizer.vitals import NO_PULSE, Pulse

_LISTING, _NOTIFICATIONS = "listing", "notifications"


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
        tally: Tally = NO_TALLY,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self._absence = absence or Absence(f"{plugin.context.cloud}/{plugin.service}")
        self.counters = Counters(StreamKey(plugin.context.cloud, type_.name), tally)
        self.sampler = StreamSampler(
            ledger,
            plugin,
            type_,
            counters=self.counters,
            clock=clock,
            volatile=settings.volatile,
            sensitive=settings.sensitive,
            on_reload=self.list_now,
            pulse=pulse,
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
        self.hints = Hints(
            self.sampler,
            evidence,
            Pace(settings.hint_rate, stop, clock),
            self.changes,
            clock=clock,
            wake=lambda: self._hinted.wake(),
            early=self.list_now,
            again=self.resampler.add,
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
                pulse=pulse,
            )

        early_gap = min(settings.early_gap, settings.interval)
        self._listing = loop(_LISTING, self._list, settings.interval, early_gap)
        self._resampling = loop("looks", self.resampler.run, None, 0.0)
        self._hinted = loop("hints", self.hints.run, None, 0.0)
        self.loops = [self._listing, self._resampling, self._hinted]
        if self.changes is not None:
            self._polling = loop("changes", self.changes.poll, settings.changes_interval, 0.0)
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

    def hint(self, id_: str | None, deleted: bool = False) -> None:
        """A notification named the entity, or (None) did not say which; or said that it is no
        more."""
        self.hints.add(id_, deleted)

    def missed(self) -> None:
        """Notifications may have been missed: asks for the changes at once, or for a listing."""
        if self.changes is None:
            self.list_now()
        else:
            self._polling.wake()

    def hearing(self, problem: str | None) -> None:
        """Whether notifications are heard, and if not, why."""
        if problem is None:
            self._conditions.working(_NOTIFICATIONS)
        else:
            self._conditions.failing(_NOTIFICATIONS, problem, say=False)

    def _list(self) -> None:
        self._ledger.check()
        listed = self._leased.run(self._stop)
        if listed.problems:
            self._conditions.failing("completeness", "; ".join(listed.problems))
        else:
            self._conditions.working("completeness")
        if listed.soon:
            self.list_now()
        elif listed.later:
            self._listing.wake(after=listed.later)

    def _on_server_time(self, server_time: int) -> None:
        if self.changes is not None and self.changes.start_from(server_time):
            self._polling.wake()

    def _failed(self, kind: str, error: BaseException) -> None:
        self.counters.failed(kind, error)
        missing = isinstance(error, errors.NoSuchService)
        if missing:
            self._absence.note(error)
        self._conditions.failing(kind, told(error), say=not missing)

    def _worked(self, kind: str) -> None:
        if kind == _LISTING:
            self._absence.over()
        self._conditions.working(kind)
