# SPDX-License-Identifier: Apache-2.0
"""How a question gets a fresh listing, where the sampler is in the same process."""

import threading
from collections.abc import Callable

from synchronizer.ledger import Ledger, StreamState
from synchronizer.snapshot import InVain


class AskedListing:
    """A `snapshot.Lister` that asks the sampler for a listing before its time.

    `list_now`: asks for one of this type. `considerate`: gives up on a source that fails,
    as others wait for the same caller; otherwise it is waited for.
    """

    def __init__(
        self,
        ledger: Ledger,
        list_now: Callable[[str], None],
        stopping: threading.Event,
        *,
        considerate: bool,
    ) -> None:
        self._ledger = ledger
        self._list_now = list_now
        self._stopping = stopping
        self._considerate = considerate
        self._lock = threading.Lock()
        self._asked: dict[int, int] = {}  # stream -> listing

    def want(self, stream: StreamState, number: int) -> bool:
        """Asks once for each listing that is wanted; `InVain` when this ends, or (if it is
        considerate) the source fails."""
        if self._stopping.is_set():
            raise InVain
        if self._considerate and self._ledger.condition(stream.id) is not None:
            raise InVain
        with self._lock:
            if number <= self._asked.get(stream.id, 0):
                return False
            self._asked[stream.id] = number
        self._list_now(stream.key.type)
        return False
