# SPDX-License-Identifier: Apache-2.0
"""The sampling worker: everything that one process does for one service of one cloud."""

import random
import threading
from collections.abc import Callable, Mapping

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.ledger import Ledger
from synchronizer.plugin import Plugin
from synchronizer.sampling.backoff import Backoff
from synchronizer.sampling.clock import Clock, SystemClock
from synchronizer.sampling.counters import Counts
from synchronizer.sampling.schedule import PollLoop
from synchronizer.sampling.settings import TypeSettings
from synchronizer.sampling.typesampling import TypeSampling

LOG = logging.getLogger(__name__)

#: Seconds between two looks at operators' verdicts and at the ledger's file.
SUPERVISION_INTERVAL = 3.0


class SamplingWorker:
    """Samples the types of one plugin into the ledger.

    `settings`: for each type's name that is to be sampled. `owner`: who takes the streams
    over; the process that had them is fenced off. `on_fatal` is called, once, from one of
    the worker's threads when it cannot go on: the process should end and be started again.
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
        self._stop = threading.Event()
        self._fatal = threading.Lock()
        clock = clock or SystemClock()
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
            )
            for name, of in settings.items()
        }
        self._supervision = PollLoop(
            f"{plugin.context.cloud}/{plugin.service} supervision",
            self._supervise,
            interval=SUPERVISION_INTERVAL,
            backoff=Backoff(1.0, 30.0, uniform),
            clock=clock,
            stop=self._stop,
            failing=lambda error: LOG.warning("verdicts cannot be read: %s", error),
            working=lambda: None,
            on_fatal=self._fail,
            uniform=uniform,
        )

    def start(self) -> None:
        """Takes the streams over, restores their baselines and begins. Raises ledger errors."""
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

    def hint(self, type_name: str, id_: str) -> None:
        """Something may have happened to this entity; it is looked at soon."""
        self._types[type_name].hint(id_)

    def counts(self) -> dict[str, Counts]:
        """What was done so far, by type."""
        return {name: of.counters.read() for name, of in self._types.items()}

    def _loops(self) -> list[PollLoop]:
        return [loop for of in self._types.values() for loop in of.loops] + [self._supervision]

    def _supervise(self) -> None:
        self._ledger.check()
        for of in self._types.values():
            of.holds.obey()

    def _fail(self, error: BaseException) -> None:
        if self._fatal.acquire(blocking=False):
            self.stop()
            self._on_fatal(error)
