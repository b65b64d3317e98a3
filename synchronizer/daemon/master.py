# SPDX-License-Identifier: Apache-2.0
"""The master's own part in the vital signs: that it lives, and that its monitor does.

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
from synchronizer.vitals import Board, Heart, Phase

LOG = logging.getLogger(__name__)

MASTER, MONITOR = "master", "monitor"

#: Seconds between two looks at the monitor.
LOOK = 1.0


class Master:
    """`grace`: seconds that the master may be late; for the others `graces`, by name.
    `supervises`: whether whoever starts processes again is still there."""

    def __init__(
        self,
        board: Board,
        grace: float,
        graces: Mapping[str, float],
        supervises: Callable[[], bool],
    ) -> None:
        self._board = board
        self._graces = graces
        self._supervises = supervises
        self._slot = board.slot(MASTER)
        self._heart = Heart(self._slot, grace)
        self._judge = Judge()
        self._killed = 0
        self._told = False
        self._ending = threading.Event()

    def start(self) -> None:
        """Beats, and watches over the monitor, from now on."""
        self._heart.phase(Phase.RUNNING)
        threading.Thread(target=self._run, name="master", daemon=True).start()

    def dead(self, name: str, exit_code: int) -> None:
        """A process is gone; it is about to be started again."""
        self._board.ended(name, self._graces[name])
        if exit_code < 0:
            LOG.warning(
                "%s was killed by %s; it is started again", name, signal.Signals(-exit_code).name
            )
        elif exit_code:
            LOG.warning("%s ended with status %d; it is started again", name, exit_code)

    def reload_begins(self) -> None:
        """The configuration is being read again."""
        self._slot.write(turn=self._slot.vital.turn + 1)
        self._heart.phase(Phase.RELOADING)

    def reload_ends(self) -> None:
        """It is in force, or refused; processes may still be starting again."""
        self._heart.phase(Phase.RUNNING)

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
        monitor = self._board.read(MONITOR)
        late = self._judge.overdue([monitor], time.monotonic())
        if late and monitor.pid and monitor.starts != self._killed:
            self._killed = monitor.starts
            LOG.error(
                "The monitor (pid %d) makes no progress; it is killed and started again",
                monitor.pid,
            )
            with contextlib.suppress(ProcessLookupError):
                os.kill(monitor.pid, signal.SIGKILL)
