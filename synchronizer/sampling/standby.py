# SPDX-License-Identifier: Apache-2.0
"""Waiting for one's turn, after another process has taken the streams over.

The last to begin has the streams, and his rules are in force; whoever lost them waits
until there is no sign of life of the other for a while. So two daemons on one ledger,
also of different versions or with different masks, never take it from each other in turns.
"""

import threading
from collections.abc import Iterable

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.ledger import Ledger
from synchronizer.model import StreamKey
from synchronizer.sampling.clock import Clock, SystemClock

LOG = logging.getLogger(__name__)

#: Seconds between two signs of life.
BEAT = 5.0

#: Seconds without one after which a process is taken for dead.
QUIET = 30.0


class Standby:
    """Watches over streams that others have; `name` says on whose behalf, for the log."""

    def __init__(
        self,
        ledger: Ledger,
        name: str,
        keys: Iterable[StreamKey],
        *,
        clock: Clock | None = None,
        quiet: float = QUIET,
        gap: float = BEAT,
    ) -> None:
        self._ledger = ledger
        self._name = name
        self._keys = frozenset(keys)
        self._clock = clock or SystemClock()
        self._quiet = quiet
        self._gap = gap

    def wait(self, lost: errors.Fenced, stop: threading.Event) -> bool:
        """Waits until nobody has the streams any longer (True) or for the stop (False)."""
        LOG.warning(
            "%s: %s; it waits until there is no sign of life of that process for %.0f s",
            *(self._name, lost, self._quiet),
        )
        seen: object = None
        since = self._clock.monotonic()
        while not self._clock.wait(stop, self._gap):
            try:
                ids = [state.id for state in self._ledger.streams() if state.key in self._keys]
                signs = self._ledger.signs_of_life(ids)
            except errors.Retry as error:
                # The other one could not give a sign either.
                LOG.debug("%s: no signs of life can be read: %s", self._name, error)
                seen = None
                continue
            now = self._clock.monotonic()
            if signs != seen:
                seen, since = signs, now
            elif now - since >= self._quiet:
                LOG.warning("%s: no sign of life for %.0f s; takes over", self._name, now - since)
                return True
        return False
