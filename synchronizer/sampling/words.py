# SPDX-License-Identifier: Apache-2.0
"""Entities of which the service says that they are deleted, until that is sure.

A service may take its word back: Nova shows a server as DELETED a moment before it lets go
of it, and if that fails it is there still, in ERROR. So the word alone deletes nothing where
the service can be asked; it spares the wait for a second listing.
"""

import threading
from collections.abc import Iterable


class Words:
    """Ids of a stream that the service calls deleted, and the tick of the baseline when it
    did. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ticks: dict[str, int] = {}

    def give(self, ids: Iterable[str], tick: int) -> None:
        """The service says that these are deleted."""
        with self._lock:
            self._ticks.update(dict.fromkeys(ids, tick))

    def take_back(self, ids: Iterable[str], asked: int) -> None:
        """These were seen by a request of that tick."""
        if self._ticks:
            with self._lock:
                for id_ in ids:
                    if self._ticks.get(id_, asked) < asked:
                        del self._ticks[id_]

    def settle(self, ids: Iterable[str]) -> None:
        """Of these the delete is recorded."""
        if self._ticks:
            with self._lock:
                for id_ in ids:
                    self._ticks.pop(id_, None)

    def left(self) -> list[str]:
        """All of which it is not sure yet."""
        with self._lock:
            return list(self._ticks)

    def given(self, ids: Iterable[str]) -> list[str]:
        """Those of the ids that the service calls deleted."""
        with self._lock:
            return [id_ for id_ in ids if id_ in self._ticks]
