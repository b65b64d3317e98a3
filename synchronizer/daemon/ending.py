# SPDX-License-Identifier: Apache-2.0
"""The end of the daemon, within its time: whatever its processes do.

The supervisor tells each process once, and waits for it without a limit. A process that is
just being forked does not hear that; one that is stuck, or stopped, does not obey.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Sequence

from oslo_log import log as logging

from synchronizer.monitor.replacing import parent_of
from synchronizer.vitals import Board, Phase

LOG = logging.getLogger(__name__)

#: Seconds between two looks.
LOOK = 0.5

#: Seconds beyond their time that processes get to end by themselves.
BEYOND = 1.0


class Ending:
    """Of the processes with these pids, children of this one. `seconds`: what each has."""

    def __init__(
        self,
        board: Board,
        pids: Sequence[int],
        seconds: float,
        *,
        kill: Callable[[int, int], None] = os.kill,
        parent: Callable[[int], int | None] = parent_of,
    ) -> None:
        self._board = board
        self._pids = pids
        self._seconds = seconds
        self._kill = kill
        self._parent = parent
        self._waiting = threading.Event()

    def start(self) -> None:
        """Sees to it in a thread of its own."""
        threading.Thread(target=self._run, name="ending", daemon=True).start()

    def tell(self) -> None:
        """Tells those again who do not seem to have heard it."""
        heard = {vital.pid for vital in self._board.all() if vital.phase is Phase.ENDING}
        for pid in self._left():
            if pid not in heard:
                self._signal(pid, signal.SIGTERM)

    def kill(self) -> None:
        """Ends those that are left."""
        names = {vital.pid: vital.name for vital in self._board.all()}
        for pid in self._left():
            LOG.warning(
                "%s (pid %d) did not end within %g s; it is killed",
                *(names.get(pid, "a process that had just begun"), pid, self._seconds),
            )
            self._signal(pid, signal.SIGKILL)

    def _run(self) -> None:
        for _ in range(int((self._seconds + BEYOND) / LOOK)):
            self._waiting.wait(LOOK)
            self.tell()
        self.kill()

    def _left(self) -> list[int]:
        return [pid for pid in self._pids if self._parent(pid) == os.getpid()]

    def _signal(self, pid: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._kill(pid, number)
