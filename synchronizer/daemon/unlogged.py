# SPDX-License-Identifier: Apache-2.0
"""What is said where a line cannot be logged: on stderr, and seldom."""

import logging
import sys
import time
from collections.abc import Callable

#: Seconds between two such lines of a process. Python's own are a page for each line lost.
PAUSE = 60.0


class Unlogged:
    """Takes the place of a handler's `handleError`."""

    def __init__(
        self, handler: logging.Handler, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._handler = handler
        self._clock = clock
        self._told: float | None = None
        self._lost = 0

    def __call__(self, record: logging.LogRecord) -> None:
        error = sys.exception()
        if not isinstance(error, OSError):
            # A defect, which is to be seen whole.
            logging.Handler.handleError(self._handler, record)
            return
        self._lost += 1
        now = self._clock()
        if sys.stderr and (self._told is None or now - self._told >= PAUSE):
            where = getattr(self._handler, "baseFilename", "the log")
            reason = error.strerror or str(error)
            sys.stderr.write(
                f"synchronizer: {where} cannot be written: {reason}; {self._lost} lines of this "
                "process are lost so far\n"
            )
            self._told = now


def seldom(handler: logging.Handler) -> None:
    """This handler complains so from now on."""
    handler.handleError = Unlogged(handler)  # type: ignore[method-assign]
