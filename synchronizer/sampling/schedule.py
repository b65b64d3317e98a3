# SPDX-License-Identifier: Apache-2.0
"""When to poll: a thread for each kind of poll of each type, so that none delays another."""

import random
import threading
from collections.abc import Callable

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.sampling.backoff import Backoff
from synchronizer.sampling.clock import Clock
from synchronizer.sampling.pace import Stopped
from synchronizer.vitals import NO_PULSE, Pulse

LOG = logging.getLogger(__name__)

#: The share of an interval by which a poll may come sooner, so that polls spread.
_JITTER = 0.1

#: The mean of what lies between the beginnings of two polls, in intervals.
MEAN_GAP = 1.0 - _JITTER / 2


class PollLoop:
    """Runs one poll again and again; never two at once.

    A poll begins `interval` seconds after the last one began (at most a tenth sooner),
    or when it is woken, but then not before `early_gap` seconds have passed; with an
    interval of None only when it is woken. After a failure the back-off alone decides.
    `failing` and `working` are told of each end; what cannot be survived (`Fenced`,
    `LedgerUnusable`) goes to `on_fatal` and ends the loop. `pulse`: of the loop's thread.
    """

    def __init__(
        self,
        name: str,
        poll: Callable[[], None],
        *,
        interval: float | None,
        early_gap: float = 0.0,
        backoff: Backoff,
        clock: Clock,
        stop: threading.Event,
        failing: Callable[[BaseException], None],
        working: Callable[[], None],
        on_fatal: Callable[[BaseException], None],
        uniform: Callable[[float, float], float] = random.uniform,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self.name = name
        self._pulse = pulse
        self._poll = poll
        self._interval = interval
        self._early_gap = early_gap
        self._backoff = backoff
        self._clock = clock
        self._stop = stop
        self._failing = failing
        self._working = working
        self._on_fatal = on_fatal
        self._uniform = uniform
        self._bell = threading.Event()
        self._lock = threading.Lock()
        self._wanted: float | None = None
        self._due: float | None = None if interval is None else clock.monotonic()
        self._earliest = clock.monotonic()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins polling in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name=self.name, daemon=True)
        self._thread.start()

    def wake(self, after: float = 0.0) -> None:
        """Asks for a poll before its time, but not for so many seconds. During a poll: for
        another one after it."""
        with self._lock:
            at = self._clock.monotonic() + after
            self._wanted = at if self._wanted is None else min(at, self._wanted)
        self._bell.set()

    def ring(self) -> None:
        """Lets the thread look whether it is to stop."""
        self._bell.set()

    def join(self, seconds: float) -> bool:
        """Waits for the thread; whether it has ended."""
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def run(self) -> None:
        """Polls until the stop."""
        self._pulse.expect()
        while not self._stop.is_set():
            seconds = self.seconds_left()
            if seconds is not None and seconds <= 0:
                if not self.once():
                    break
            else:
                self._clock.wait(self._bell, 3600.0 if seconds is None else seconds)
                self._bell.clear()
        # Not of a thread that a fault ended: it is missed.
        self._pulse.rest()

    def seconds_left(self) -> float | None:
        """Until the next poll begins; None while nothing asks for one."""
        with self._lock:
            due = self._due
            if self._wanted is not None:
                early = max(self._wanted, self._earliest)
                due = early if due is None else min(due, early)
            if due is None:
                return None
            return due - self._clock.monotonic()

    def once(self) -> bool:
        """One poll, and when the next one is due; False when there is to be none."""
        with self._lock:
            self._wanted = None
        began = self._clock.monotonic()
        try:
            self._poll()
        except Stopped:
            return False
        except (errors.Fenced, errors.LedgerUnusable) as error:
            self._on_fatal(error)
            return False
        except Exception as error:
            if not isinstance(error, errors.SynchronizerError):
                LOG.exception("%s: an error that the plugin should have named", self.name)
            self._failing(error)
            pause = self._backoff.failed(error)
            with self._lock:
                self._due = self._earliest = self._clock.monotonic() + pause
            return True
        self._backoff.succeeded()
        self._working()
        with self._lock:
            self._earliest = began + self._early_gap
            if self._interval is None:
                self._due = None
            else:
                took = self._clock.monotonic() - began
                # A poll that takes as long as its interval leaves the service a breath.
                gap = max(
                    self._interval * self._uniform(1.0 - _JITTER, 1.0),
                    took + min(took * _JITTER, self._interval),
                )
                self._due = began + gap
        return True
