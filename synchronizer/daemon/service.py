# SPDX-License-Identifier: Apache-2.0
"""What the daemon's processes have in common: how they begin, go on and end."""

import abc
import threading
from collections.abc import Callable
from typing import ClassVar, Protocol

import cotyledon
from cotyledon.types import WorkerId
from oslo_log import log as logging

from synchronizer import errors
from synchronizer.conf import Settings
from synchronizer.metrics import Numbers, Recorder
from synchronizer.vitals import Board, Heart, Phase

LOG = logging.getLogger(__name__)

#: Seconds before a part that could not be made is tried again.
RETRY_SECONDS = 2.0


class Part(Protocol):
    """What a process runs: made after the fork, runs until it is told to stop."""

    def run(self) -> None: ...

    def stop(self) -> None: ...


class PartService(cotyledon.Service, abc.ABC):
    """One process: makes its part, runs it, and makes it anew when it could not go on.

    An error that says what to do is one line in the log and another try; anything
    else ends the process, and the master starts it again. `heart` tells how it is, on
    the `board`, and `recorder` counts, among the `numbers`. `outdated` is asked at SIGHUP,
    with the process's `name`: whether it has to begin again.
    """

    name: ClassVar[str] = "part"
    #: Seconds before the next try where an operator has to act first.
    stop_seconds: ClassVar[float] = 15.0

    def __init__(
        self,
        worker_id: int,
        settings: Settings,
        board: Board,
        numbers: Numbers,
        outdated: Callable[[str], bool] = lambda name: False,
    ) -> None:
        super().__init__(WorkerId(worker_id))
        self.settings = settings
        self.board = board
        self._outdated = outdated
        self.heart = Heart(board.slot(self.slot_name(worker_id)), self.grace(settings))
        self.heart.start()
        self.recorder = Recorder(numbers.of(self.slot_name(worker_id)))
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._part: Part | None = None
        self._lock = threading.Lock()

    @classmethod
    def slot_name(cls, worker_id: int) -> str:
        """The name of this process, which no other one of the daemon has."""
        return cls.name

    @classmethod
    def grace(cls, settings: Settings) -> float:
        """Seconds that it may be late."""
        return settings.monitor.hang_timeout

    @abc.abstractmethod
    def make(self) -> Part:
        """The part; called in this process, again after an error."""

    def begins(self) -> None:
        """Right before the part runs."""
        self.heart.phase(Phase.RUNNING)
        self.heart.rest()

    def run(self) -> None:
        # Who was forked while the configuration was read again may have missed the signal.
        self.reload()
        try:
            while not self._stopping.is_set():
                self._run_once()
        finally:
            self._ended.set()

    def terminate(self) -> None:
        """Has the part end; the process ends when this returns."""
        self.heart.ending(self.settings.graceful_shutdown_timeout)
        self._stopping.set()
        with self._lock:
            part = self._part
        # What is only being made may be left as it is: a kill has to be harmless anyway.
        if part is not None:
            part.stop()
            self._ended.wait(self.settings.graceful_shutdown_timeout)

    def reload(self) -> None:
        """Ends, to be started again, if the configuration has other settings for this process."""
        if self._outdated(self.name):
            super().reload()

    def _run_once(self) -> None:
        self.heart.expect(doing="begins")
        with self._lock:
            self._part = None
        try:
            part = self.make()
            with self._lock:
                self._part = part
            if not self._stopping.is_set():
                self.begins()
                part.run()
        except errors.Stop as error:
            LOG.error("%s cannot go on: %s", self.name, error)
            self._pause(Phase.BLOCKED, error, self.stop_seconds)
        except errors.SynchronizerError as error:
            LOG.warning("%s begins again: %s", self.name, error)
            self._pause(Phase.WAITING, error, RETRY_SECONDS)

    def _pause(self, phase: Phase, error: errors.SynchronizerError, seconds: float) -> None:
        if not self._stopping.is_set():
            self.heart.phase(phase, error.message)
            self.heart.expect(seconds, "waits for another try")
            self._stopping.wait(seconds)
