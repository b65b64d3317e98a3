# SPDX-License-Identifier: Apache-2.0
"""The sampling worker: everything that one process does for one service of one cloud."""

import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.ledger import Ledger
from synchronizer.plugin import HearsNotifications, Hint, Plugin
from synchronizer.sampling.absence import Absence
from synchronizer.sampling.activity import Reporting
from synchronizer.sampling.backoff import Backoff
from synchronizer.sampling.clock import Clock, SystemClock, Watched
from synchronizer.sampling.counters import NO_TALLY, Counts, Tally
from synchronizer.sampling.notified import Notified
from synchronizer.sampling.schedule import PollLoop
from synchronizer.sampling.settings import TypeSettings
from synchronizer.sampling.standby import BEAT
from synchronizer.sampling.typesampling import TypeSampling
from synchronizer.vitals import NO_PULSE, Pulse

LOG = logging.getLogger(__name__)

#: Seconds since the begin within which it is no loss to hear nothing yet.
FIRST_MOMENTS = 5.0

#: Seconds between two looks at operators' verdicts, at listings that others want, and at
#: the ledger's file.
SUPERVISION_INTERVAL = 3.0


class SamplingWorker:
    """Samples the types of one plugin into the ledger.

    `settings`: for each type's name that is to be sampled. `owner`: who takes the streams
    over; the process that had them is fenced off. `on_fatal` is called, once, from one of
    the worker's threads when it cannot go on: the process should end and be started again.
    `tally` is told of what is counted; `pulse`, of progress.
    """

    def __init__(
        self,
        plugin: Plugin,
        ledger: Ledger,
        settings: Mapping[str, TypeSettings],
        *,
        owner: str,
        on_fatal: Callable[[BaseException], None],
        clock: Clock | None = None,
        uniform: Callable[[float, float], float] = random.uniform,
        tally: Tally = NO_TALLY,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        known = {type_.name: type_ for type_ in plugin.types()}
        unknown = sorted(settings.keys() - known.keys())
        if unknown:
            raise errors.BadConfiguration(
                f"the plugin {plugin.service} has no type {', '.join(unknown)};"
                f" it has {', '.join(sorted(known))}"
            )
        self._plugin = plugin
        self._ledger = ledger
        self._owner = owner
        self._on_fatal = on_fatal
        self._reporting = Reporting(ledger)
        self._stop = threading.Event()
        self._fatal = threading.Lock()
        clock = Watched(clock or SystemClock(), pulse)
        self._clock = clock
        self._missing_from = clock.monotonic() + FIRST_MOMENTS
        self._notified = Notified(plugin, self._hint)
        absence = Absence(f"{plugin.context.cloud}/{plugin.service}")
        self._types = {
            name: TypeSampling(
                plugin,
                ledger,
                known[name],
                of,
                stop=self._stop,
                on_fatal=self._fail,
                clock=clock,
                uniform=uniform,
                absence=absence,
                tally=tally,
                pulse=pulse,
            )
            for name, of in settings.items()
        }

        def loop(
            kind: str, poll: Callable[[], None], interval: float, most: float, level: int
        ) -> PollLoop:
            name = f"{plugin.context.cloud}/{plugin.service} {kind}"
            return PollLoop(
                name,
                poll,
                interval=interval,
                backoff=Backoff(1.0, most, uniform),
                clock=clock,
                stop=self._stop,
                failing=lambda error: LOG.log(level, "%s: %s", name, error),
                working=lambda: None,
                on_fatal=self._fail,
                uniform=uniform,
                pulse=pulse,
            )

        self._supervision = loop(
            "supervision", self._supervise, SUPERVISION_INTERVAL, 30.0, logging.WARNING
        )
        # Where the ledger cannot be written, the others say it.
        self._heart = loop("signs of life", self._beat, BEAT, BEAT, logging.DEBUG)

    def start(self) -> None:
        """Takes the streams over, restores their baselines and begins. Raises ledger errors."""
        # First: other rules for many entities take a while.
        self._heart.start()
        for of in self._types.values():
            of.open(self._owner)
        for of in self._types.values():
            of.start()
        self._supervision.start()

    def stop(self) -> None:
        """Asks all threads to end; returns at once."""
        self._stop.set()
        for loop in self._loops():
            loop.ring()

    def wait(self, seconds: float) -> bool:
        """Waits at most that long, in all, for the threads; whether all have ended. Then
        closes the plugin. A thread inside a request ends with it, or with the process."""
        clock = SystemClock()
        deadline = clock.monotonic() + seconds
        ended = [loop.join(max(0.0, deadline - clock.monotonic())) for loop in self._loops()]
        self._plugin.close()
        return all(ended)

    def list_now(self, type_name: str) -> None:
        """Asks for a listing before its time."""
        self._types[type_name].list_now()

    def notified(self, event_type: str, payload: Any) -> None:
        """A notification of the service's own; what it names is looked at soon. Never raises
        for what it says, and logs nothing of it but its type."""
        self._notified(event_type, payload)

    def hearing(self, problem: str | None) -> None:
        """Notifications are heard from now on, and some may have been missed; or, with the
        reason, they are not: that is told with the types, and fails none of them."""
        # What changed in the first moments the first listing shows.
        missed = problem is None and self._clock.monotonic() > self._missing_from
        for of in self._types.values():
            if isinstance(self._plugin, HearsNotifications) and self._plugin.hears(of.sampler.type):
                of.hearing(problem)
                if missed:
                    of.missed()

    def _hint(self, hint: Hint) -> None:
        of = self._types.get(hint.type)
        if of is not None:
            of.hint(hint.id, hint.deleted)

    def counts(self) -> dict[str, Counts]:
        """What was done so far, by type."""
        return {name: of.counters.read() for name, of in self._types.items()}

    def _loops(self) -> list[PollLoop]:
        return [loop for of in self._types.values() for loop in of.loops] + [
            self._supervision,
            self._heart,
        ]

    def _supervise(self) -> None:
        self._ledger.check()
        for of in self._types.values():
            of.holds.obey()
            of.list_if_wanted()
        self._report()

    def _report(self) -> None:
        self._reporting.report({of.sampler.id: of.counters for of in self._types.values()})

    def _beat(self) -> None:
        self._ledger.beat(self._owner)

    def _fail(self, error: BaseException) -> None:
        if self._fatal.acquire(blocking=False):
            self.stop()
            self._on_fatal(error)
