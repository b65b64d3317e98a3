# SPDX-License-Identifier: Apache-2.0
"""What the daemon's processes have in common: how they begin, go on and end."""

import abc
import threading
from typing import ClassVar, Protocol

import cotyledon
from cotyledon.types import WorkerId
from oslo_log import log as logging

from synchronizer import errors
from synchronizer.conf import Settings

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
    else ends the process, and the master starts it again.
    """

    name: ClassVar[str] = "part"
    #: Seconds before the next try where an operator has to act first.
    stop_seconds: ClassVar[float] = 15.0

    def __init__(self, worker_id: int, settings: Settings) -> None:
        super().__init__(WorkerId(worker_id))
        self.settings = settings
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._part: Part | None = None
        self._lock = threading.Lock()

    @abc.abstractmethod
    def make(self) -> Part:
        """The part; called in this process, again after an error."""

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._run_once()
        finally:
            self._ended.set()

    def terminate(self) -> None:
        """Has the part end; the process ends when this returns."""
        self._stopping.set()
        with self._lock:
            part = self._part
        if part is not None:
            part.stop()
        self._ended.wait(self.settings.graceful_shutdown_timeout)

    def _run_once(self) -> None:
        try:
            part = self.make()
            with self._lock:
                self._part = part
            if not self._stopping.is_set():
                part.run()
        except errors.Stop as error:
            LOG.error("%s cannot go on: %s", self.name, error)
            self._stopping.wait(self.stop_seconds)
        except errors.SynchronizerError as error:
            LOG.warning("%s begins again: %s", self.name, error)
            self._stopping.wait(RETRY_SECONDS)
