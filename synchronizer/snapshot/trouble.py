# SPDX-License-Identifier: Apache-2.0
"""Calls that cannot be answered: told when that begins and when it ends, not for each call."""

import threading
import time
from collections.abc import Callable

from oslo_log import log as logging

LOG = logging.getLogger(__name__)

#: Seconds after which it is told again, while it lasts.
REMINDER = 60.0


class Trouble:
    """Of one server; its threads share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._told: float | None = None
        self._calls = 0

    def failed(self, method: str, reason: Exception, level: int = logging.WARNING) -> None:
        """A call of this method could not be answered."""
        with self._lock:
            self._calls += 1
            now = self._clock()
            if self._told is None or now - self._told >= REMINDER:
                self._told = now
                LOG.log(
                    level,
                    "%s cannot be answered (%d calls so far): %s",
                    method,
                    self._calls,
                    reason,
                )

    def worked(self) -> None:
        """A call was answered that needs what was in trouble."""
        if self._told is None:
            return
        with self._lock:
            if self._told is not None:
                LOG.info("calls are answered again; %d were not", self._calls)
            self._told, self._calls = None, 0
