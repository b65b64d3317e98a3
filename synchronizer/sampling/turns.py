# SPDX-License-Identifier: Apache-2.0
"""A lock that is handed over in the order of asking.

A plain lock may be taken again and again by the thread that has just let go of it:
a listing of many pages would starve the changes of its stream.
"""

import collections
import threading

from synchronizer.vitals import NO_PULSE, Pulse

#: Seconds between two words of who waits.
WORD = 1.0


class Turns:
    """A mutual exclusion, first come, first served. Not re-entrant.

    Whoever waits says so to `pulse` each second: if anybody is stuck, it is the one whose turn
    it is.
    """

    def __init__(self, pulse: Pulse = NO_PULSE) -> None:
        self._pulse = pulse
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
        # Released by the one before, who leaves `_taken` set for us.
        while not mine.acquire(timeout=WORD):
            self._pulse.expect(doing="waits for its turn")
        self._pulse.expect()

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
