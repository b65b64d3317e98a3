# SPDX-License-Identifier: Apache-2.0
"""A service that a cloud does not have: said once for all of its types."""

import threading

from oslo_log import log as logging

LOG = logging.getLogger(__name__)


class Absence:
    """Whether the service behind a plugin is missing; `name`: what the log calls it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._missing = False

    def note(self, error: BaseException) -> None:
        """It was looked for, and is not there."""
        with self._lock:
            if not self._missing:
                LOG.warning(
                    "%s is not sampled: %s. It is looked for again, every minute or so",
                    *(self._name, error),
                )
            self._missing = True

    def over(self) -> None:
        """It was listed."""
        with self._lock:
            if self._missing:
                LOG.info("%s is there now, and sampled", self._name)
            self._missing = False
