# SPDX-License-Identifier: Apache-2.0
"""The master's own part in the vital signs: that it lives, and that its monitor does; and of
whom the monitor knows nothing, those who hang before their first word.

One thread, which waits for nothing but the clock.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping

from oslo_log import log as logging

from synchronizer.monitor.judge import Judge
from synchronizer.monitor.replacing import parent_of
from synchronizer.vitals import STEP, Board, Heart, Phase, Vital

LOG = logging.getLogger(__name__)

MASTER, MONITOR = "master", "monitor"

#: Seconds between two looks at the monitor.
LOOK = 1.0

#: Seconds for a process to say its first word, at least.
FIRST_WORD = 20.0


class Master:
    """Made before the first process is started: from then on a word of each is due.

    `grace`: seconds that the master may be late; for the others `graces`, by name.
    `supervises`: whether whoever starts processes again is still there. `started`: the pid of
    the last process that was started under a name; None if there is none. `on_replaced` is told
    the name of each process that hung, and was killed.
    """

    def __init__(
        self,
        board: Board,
        grace: float,
        graces: Mapping[str, float],
        supervises: Callable[[], bool],
        started: Callable[[str], int | None],
        on_replaced: Callable[[str], None] = lambda name: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = board
        self._graces = graces
        self._supervises = supervises
        self._started = started
        self._on_replaced = on_replaced
        self._slot = board.slot(MASTER)
        self._clock = clock
        self._heart = Heart(self._slot, grace, clock=clock)
        self._judge = Judge()
        self._killed: dict[str, int] = {}
        self._told = False
        self._ending = threading.Event()
        for name in graces:
            self._expect(name)

    def start(self) -> None:
        """Beats, and watches over the monitor, from now on."""
        self._heart.phase(Phase.RUNNING)
        threading.Thread(target=self._run, name="master", daemon=True).start()

    def dead(self, name: str, exit_code: int) -> None:
        """A process is gone; it is about to be started again."""
        self._expect(name)
        if exit_code < 0:
            LOG.warning("%s was killed by %s; it is started again", name, signal_name(-exit_code))
        elif exit_code:
            LOG.warning("%s ended with status %d; it is started again", name, exit_code)

    def reload_begins(self) -> None:
        """The configuration is being read again, by the thread that takes signals."""
        self._heart.expect(STEP, "reads the configuration")
        self._slot.write(turn=self._slot.vital.turn + 1)
        self._heart.phase(Phase.RELOADING)

    def reload_ends(self) -> None:
        """It is in force, or refused; processes may still be starting again."""
        self._heart.phase(Phase.RUNNING)
        self._heart.rest()

    def ends(self, seconds: float) -> None:
        """The daemon was told to end, and does within so many seconds."""
        self._ending.set()
        self._heart.ending(seconds)

    def _run(self) -> None:
        while not self._ending.is_set():
            self.look()
            self._ending.wait(LOOK)

    def look(self) -> None:
        """Once; for its thread."""
        if self._supervises():
            self._heart.beat()
        elif not self._told:
            self._told = True
            LOG.error("The master cannot start processes any more; restart the daemon")
        for vital in self._judge.overdue(self._board.all(), self._clock()):
            if vital.name == MONITOR or vital.phase is Phase.ABSENT:
                self._replace(vital)

    def _expect(self, name: str) -> None:
        self._board.ended(name, max(FIRST_WORD, self._graces[name]))

    def _replace(self, vital: Vital) -> None:
        """Kills the process, once. Not by the pid on the board: that one may be gone, and
        another have its number."""
        pid = self._started(vital.name)
        if pid is None or pid == self._killed.get(vital.name) or parent_of(pid) != os.getpid():
            return
        self._killed[vital.name] = pid
        LOG.error(
            "%s (pid %d) makes no progress (%s); it is killed and started again",
            *(vital.name, pid, vital.activity or "it has not begun"),
        )
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self._on_replaced(vital.name)


def signal_name(number: int) -> str:
    """Python has none for most of the real-time signals."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
