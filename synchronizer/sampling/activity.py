# SPDX-License-Identifier: Apache-2.0
"""What sampling costs, told in the ledger from time to time for everybody to see."""

import threading
from collections.abc import Mapping

from synchronizer.ledger import Activity, Ledger
from synchronizer.sampling.counters import Counters, Counts


class Reporting:
    """Adds what counters gained since the last time to the ledger; the counters of some
    streams, by their numbers there."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._told: dict[int, Counts] = {}

    def report(self, counters: Mapping[int, Counters]) -> None:
        """One transaction, or none where nothing was done. Raises ledger errors; then it is told
        the next time."""
        with self._lock:
            present = {stream: of.read() for stream, of in counters.items()}
            gained = {
                stream: _gained(self._told.get(stream, Counts()), counts)
                for stream, counts in present.items()
            }
            more = {stream: of for stream, of in gained.items() if of != Activity()}
            if more:
                self._ledger.activity.add(more)
            self._told |= present


def _gained(before: Counts, now: Counts) -> Activity:
    return Activity(
        calls=now.calls - before.calls,
        errors=now.errors - before.errors,
        seconds=now.call_seconds - before.call_seconds,
        waited=now.waited_seconds - before.waited_seconds,
        listing=now.last_listing if now.listings != before.listings else None,
    )
