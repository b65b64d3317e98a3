# SPDX-License-Identifier: Apache-2.0
"""A lock that is handed over in the order of asking.

A plain lock may be taken again and again by the thread that has just let go of it:
a listing of many pages would starve the changes of its stream.
"""

import collections
import threading
from types import TracebackType


class Turns:
    """A mutual exclusion, first come, first served. Not re-entrant."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: collections.deque[threading.Lock] = collections.deque()

    def __enter__(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # released by the one before, who leaves `_taken` set for us

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
