# SPDX-License-Identifier: Apache-2.0
"""Lists one stream for callers who want that now, in a process that samples nothing else.

Through the same sampler, evidence and commit as the worker's, which it takes nothing over
from. Its baseline costs what a worker's does for each live entity of the stream, as long as
it is kept: from the first listing that is wanted until nobody has wanted one for a while.
"""

import dataclasses
import threading
from collections.abc import Callable
from typing import Protocol

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState
from synchronizer.model import StreamKey
from synchronizer.plugin import Plugin
from synchronizer.sampling.activity import Reporting
from synchronizer.sampling.changes import ChangesPoll
from synchronizer.sampling.clock import Clock, Watched
from synchronizer.sampling.counters import NO_TALLY, Counters, Tally
from synchronizer.sampling.evidence import Evidence
from synchronizer.sampling.holds import Holds
from synchronizer.sampling.lease import LEASE, LeasedListing, told
from synchronizer.sampling.listing import Listing
from synchronizer.sampling.newcontent import NewContent
from synchronizer.sampling.pace import Pace, Stopped
from synchronizer.sampling.settings import TypeSettings
from synchronizer.sampling.stream import StreamSampler
from synchronizer.sampling.visibility import Visibility
from synchronizer.vitals import NO_PULSE, Pulse

LOG = logging.getLogger(__name__)

#: Seconds between two looks whether it is our turn, or another has listed meanwhile.
POLL = 0.05
#: Seconds for which a listing is wanted after its caller was last heard of.
LINGER = 30.0
#: Seconds after which the baseline of a stream that nobody asks of is given up.
IDLE = 300.0
#: Streams that are listed at once.
MOST = 4
#: Seconds before a stream is tried again that cannot be listed here: it may have been taken
#: over just now; or an operator has to act.
_RETRY, _RETRY_STOP = 5.0, 60.0


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """What lists one stream: a plugin of its own, and how its type is sampled."""

    plugin: Plugin
    settings: TypeSettings


class Sources(Protocol):
    """What this process can list."""

    def has(self, key: StreamKey) -> bool: ...

    def make(self, key: StreamKey) -> Source:
        """Raises an error of `synchronizer.errors` when it cannot."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """See the constants; `lease`: seconds until a killed process's turn ends."""

    poll: float = POLL
    linger: float = LINGER
    idle: float = IDLE
    most: int = MOST
    lease: float = LEASE


class _Sampling:
    """The parts that list one stream."""

    def __init__(
        self,
        source: Source,
        ledger: Ledger,
        key: StreamKey,
        limits: Limits,
        stop: threading.Event,
        clock: Clock,
        uniform: Callable[[float, float], float],
        tally: Tally,
        pulse: Pulse,
    ) -> None:
        self.plugin, settings = source.plugin, source.settings
        self._counters = Counters(key, tally)
        self._reporting = Reporting(ledger)
        (type_,) = (found for found in self.plugin.types() if found.name == key.type)
        self.sampler = StreamSampler(
            ledger,
            self.plugin,
            type_,
            counters=self._counters,
            clock=clock,
            volatile=settings.volatile,
            sensitive=settings.sensitive,
            pulse=pulse,
        )
        self._holds = Holds(self.sampler)
        pace = Pace(settings.confirm_rate, stop, clock)
        evidence = Evidence(
            self.sampler, Visibility(self.sampler, pace), self._holds, pace, settings.settle
        )
        #: Ids of which a listing that proved nothing left it open who saw them last.
        self.doubtful: set[str] = set()
        listing = Listing(
            self.sampler,
            evidence,
            self._holds,
            pace,
            NewContent(self.sampler, settings.new_content_rate, stop, clock),
            on_server_time=self._note_time,
            on_again=self.doubtful.update,
            last_word=self._ask_for_changes,
        )
        self._pace = pace
        self._asks_for_changes = settings.changes_interval is not None
        self._server_time = 0
        self.leased = LeasedListing(
            self.sampler, listing, settings, uniform=uniform, seconds=limits.lease
        )

    def _note_time(self, server_time: int) -> None:
        self._server_time = server_time

    def _ask_for_changes(self) -> set[str]:
        """What the service says was deleted during the listing needs no second one, nor does
        it have to wait for the worker to hear of it."""
        again: set[str] = set()
        if self._asks_for_changes and self.sampler.gets_changes:
            poll = ChangesPoll(
                self.sampler,
                self._holds,
                self._pace,
                on_again=again.update,
                on_told=lambda _: None,  # the listing sees to them
            )
            poll.start_from(self._server_time)
            try:
                poll.run()
            except errors.SourceUnavailable as error:
                LOG.debug("%s: changes cannot be asked for: %s", self.sampler.key, error)
        return again

    def failed(self, error: BaseException) -> None:
        """A listing failed."""
        self._counters.failed("listing", error)

    def report(self) -> None:
        """Tells what it cost."""
        try:
            self._reporting.report({self.sampler.id: self._counters})
        except errors.SynchronizerError as error:
            LOG.debug("%s: what it cost could not be told: %s", self.sampler.key, error)

    def open(self) -> None:
        """Restores the baseline, and takes nothing over."""
        self.sampler.open(None)
        self._holds.open()


class Lister:
    """One stream's thread, with what it knows of the stream for as long as it lives."""

    def __init__(
        self,
        stream: StreamState,
        ledger: Ledger,
        sources: Sources,
        limits: Limits,
        slots: threading.Semaphore,
        stop: threading.Event,
        clock: Clock,
        uniform: Callable[[float, float], float],
        tally: Tally = NO_TALLY,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self._key, self._stream = stream.key, stream.id
        self._ledger = ledger
        self._sources = sources
        self._limits = limits
        self._slots = slots
        self._stop = stop
        self._clock = Watched(clock, pulse)
        self._uniform = uniform
        self._tally = tally
        self._pulse = pulse
        self._changed = threading.Condition()
        self._number = 0
        self._until = clock.monotonic() + limits.linger
        self._unable_until = 0.0
        self._sampling: _Sampling | None = None
        self._said: str | None = None
        self.ended = False
        self._thread = threading.Thread(
            target=self._run, name=f"{stream.key} on demand", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def want(self, number: int) -> bool:
        with self._changed:
            now = self._clock.monotonic()
            if now < self._unable_until:
                return False
            self._number = max(self._number, number)
            self._until = now + self._limits.linger
            self._changed.notify_all()
            return True

    def ring(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def join(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    # --- in the thread ----------------------------------------------------

    def _run(self) -> None:
        self._pulse.expect()
        try:
            while (number := self._wanted()) is not None:
                try:
                    self._serve(number)
                except errors.Fenced:
                    self._drop()  # a worker began anew; and so do we
                except errors.SynchronizerError as error:
                    self._say(error)
                    self._pause()
                except Stopped:
                    raise
                except Exception as error:
                    LOG.exception("%s: an error that the plugin should have named", self._key)
                    self._said = told(error)
                    self._pause()
        except Stopped:
            LOG.debug("%s: stopped", self._key)
        finally:
            with self._changed:
                self.ended = True
            self._drop()
            self._pulse.rest()

    def _wanted(self) -> int | None:
        """The listing that is wanted; None when there has been none for long, or at the end."""
        with self._changed:
            while not self._stop.is_set():
                left = self._until - self._clock.monotonic()
                if self._number and left > 0:
                    return self._number
                self._number = 0
                idle = left + self._limits.idle
                if idle <= 0:
                    self.ended = True
                    return None
                self._pulse.rest()  # until it is woken
                self._changed.wait(idle)
                self._pulse.expect()
            self.ended = True
            return None

    def _serve(self, number: int) -> None:
        """One look at where the listings stand, and a listing if it is our turn."""
        present = self._ledger.listings.state(self._stream)
        if present.proven >= number:
            with self._changed:
                if self._number <= present.proven:
                    self._number = 0
            return
        if present.running or present.pause:
            self._pause()
            return
        if not self._slots.acquire(timeout=self._limits.poll):
            return
        try:
            self._list(number)
        finally:
            self._slots.release()

    def _list(self, number: int) -> None:
        sampling = self._sampling or self._open()
        if sampling is None:
            return
        began = self._clock.monotonic()
        # What others recorded since our last listing will be seen by this one.
        sampling.sampler.catch_up()
        sampling.doubtful.clear()
        try:
            listed = sampling.leased.attempt(number)
        except (errors.Fenced, errors.Refused, errors.LedgerUnavailable, Stopped):
            self._leave_to_the_worker(sampling)
            raise
        except Exception as error:
            sampling.failed(error)
            self._give_up_the_turn()
            raise
        finally:
            sampling.report()
        if listed is None:
            self._pause()
        elif listed.proven:
            self._said = None
            count = sampling.sampler.baseline.known.count
            seconds = self._clock.monotonic() - began
            LOG.debug("%s: listed on demand, %d entities in %.1f s", self._key, count, seconds)
        else:
            self._leave_to_the_worker(sampling)

    def _open(self) -> _Sampling | None:
        """The sampler, ready; None when this process cannot list the stream for now."""
        try:
            source = self._sources.make(self._key)
        except errors.SynchronizerError as error:
            self._unable(error)
            return None
        sampling = _Sampling(
            source,
            self._ledger,
            self._key,
            self._limits,
            self._stop,
            self._clock,
            self._uniform,
            self._tally,
            self._pulse,
        )
        try:
            sampling.open()
        except BaseException as error:
            source.plugin.close()
            if not isinstance(error, errors.SynchronizerError):
                raise
            self._unable(error)
            return None
        self._sampling = sampling
        return sampling

    def _unable(self, error: errors.SynchronizerError) -> None:
        """Leaves the stream to others for a while."""
        self._say(error)
        act = isinstance(error, errors.Stop) and not isinstance(error, errors.Fenced)
        with self._changed:
            self._unable_until = self._clock.monotonic() + (_RETRY_STOP if act else _RETRY)
            self._number = 0

    def _leave_to_the_worker(self, sampling: _Sampling) -> None:
        """A listing by the worker settles what ours left open."""
        if sampling.doubtful:
            begun = self._ledger.listings.state(self._stream).begun
            self._ledger.listings.want(self._stream, begun + 1)

    def _give_up_the_turn(self) -> None:
        """What this process cannot reach a worker elsewhere may: the next listing is its own,
        however often callers ask here."""
        present = self._ledger.listings.state(self._stream)
        self._ledger.listings.want(self._stream, present.begun + 1)
        with self._changed:
            self._unable_until = self._clock.monotonic() + present.pause + _RETRY
            self._number = 0

    def _say(self, error: errors.SynchronizerError) -> None:
        """Once, until it is another failure, or it works again."""
        text = told(error)
        if text != self._said:
            LOG.warning("%s cannot be listed on demand: %s", self._key, text)
        self._said = text

    def _pause(self) -> None:
        if self._clock.wait(self._stop, self._limits.poll):
            raise Stopped

    def _drop(self) -> None:
        sampling, self._sampling = self._sampling, None
        if sampling is not None:
            sampling.plugin.close()
