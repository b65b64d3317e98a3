# SPDX-License-Identifier: Apache-2.0
"""A process's pulse: gathers what its threads expect, and tells the board each second.

That it still tells anything is a sign of life by itself: a process that is stopped, or in
which one thread keeps all others from running, falls silent.
"""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from synchronizer.vitals.board import Slot
from synchronizer.vitals.phase import Phase
from synchronizer.vitals.pulse import STEP

#: Seconds between two words.
BEAT = 1.0

#: Seconds between two beats beyond which everything is taken to have stood still: a host that
#: was suspended, or a process that got no time. Its threads are given that time back.
LONGEST_GAP = 5.0


#: What is stuck where no thread has any time.
AS_A_WHOLE = "the process as a whole"


class _Expected(NamedTuple):
    at: float
    said: float
    doing: str


class Heart:
    """A `Pulse`. Made in the process that it speaks for, after the fork.

    `grace`: seconds beyond what threads expect, and for the process as a whole.
    """

    def __init__(
        self,
        slot: Slot,
        grace: float,
        *,
        beat: float = BEAT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slot = slot
        self._grace = grace
        self._beat = beat
        self._clock = clock
        self._expected: dict[threading.Thread, _Expected] = {}
        self._ending: float | None = None
        self._beaten = clock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        now = clock()
        slot.write(
            phase=Phase.STARTING, since=now, due=now + grace, progress=now, activity=AS_A_WHOLE
        )

    def start(self) -> None:
        """Beats from now on, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No further word comes."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    # --- by any thread ----------------------------------------------------

    def expect(self, seconds: float = STEP, doing: str = "") -> None:
        """See `Pulse`."""
        now = self._clock()
        # One step of the interpreter: no lock.
        self._expected[threading.current_thread()] = _Expected(now + seconds, now, doing)

    def rest(self) -> None:
        """See `Pulse`."""
        self._expected.pop(threading.current_thread(), None)

    def phase(self, phase: Phase, text: str = "") -> None:
        """The process has come so far; `text`: what there is to say of it."""
        was = self._slot.vital
        if was.phase is Phase.ENDING:
            return  # whatever its threads come to meanwhile
        if (was.phase, was.text) != (phase, text):
            since = was.since if was.phase == phase else self._clock()
            self._slot.write(phase=phase, text=text, since=since)

    def ending(self, seconds: float, text: str = "") -> None:
        """The process ends within so many seconds, whatever was expected of its threads."""
        if self._ending is None:
            self.phase(Phase.ENDING, text)
            self._ending = self._clock() + seconds
        self.beat()

    # --- each second ------------------------------------------------------

    def beat(self) -> None:
        """Tells the board what is due next."""
        now = self._clock()
        lost, self._beaten = now - self._beaten - LONGEST_GAP, now
        if lost > 0:
            self._give_back(lost)
        # One step as well, which no other thread can disturb.
        expected = self._expected.copy()
        due, progress, activity = now, now, AS_A_WHOLE
        if self._ending is not None:
            due, activity = min(now, self._ending), "end"
            expected = {}
        for thread, of in expected.items():
            if of.at < due:
                due, progress = of.at, of.said
                activity = f"{thread.name}{of.doing and ': '}{of.doing}"
        due += self._grace
        for thread, of in expected.items():
            if not thread.is_alive() and self._expected.get(thread) is of:
                # It ended without a word: nobody does its work any more.
                due, progress = min(due, now), of.said
                activity = f"{thread.name}: its thread ended"
        self._slot.write(due=due, activity=activity, progress=progress)

    def _give_back(self, seconds: float) -> None:
        for thread, of in self._expected.copy().items():
            if self._expected.get(thread) is of:
                self._expected[thread] = of._replace(at=of.at + seconds)

    def _run(self) -> None:
        while not self._stopping.wait(self._beat):
            self.beat()
