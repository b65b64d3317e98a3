# SPDX-License-Identifier: Apache-2.0
"""While a screen is shown: the last warning goes into it, and no log line over it."""

import contextlib
import logging
import time
from collections.abc import Iterator

#: Seconds for which a warning is shown.
SHOWN = 10.0


class Notices(logging.Handler):
    """Keeps the last warning of this project's own loggers."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.addFilter(logging.Filter("synchronizer"))
        self._last = ""
        self._at = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        self._last, self._at = record.getMessage(), time.monotonic()

    @property
    def recent(self) -> str:
        return self._last if time.monotonic() - self._at < SHOWN else ""

    @contextlib.contextmanager
    def instead_of_others(self) -> Iterator[None]:
        root = logging.getLogger()
        others = root.handlers[:]
        root.handlers[:] = [self]
        try:
            yield
        finally:
            root.handlers[:] = others
