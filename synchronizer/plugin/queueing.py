# SPDX-License-Identifier: Apache-2.0
"""A lock around requests: whoever waits for it is not stuck, as the requests of the one who
holds it have their time-outs."""

import threading

from synchronizer.plugin.budget import asking, waiting

#: Seconds between two words of who waits.
WORD = 1.0


class Queueing:
    """As `threading.Lock`, for `with` alone. Whoever gets it is taken to send something."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        while not self._lock.acquire(timeout=WORD):
            waiting()
        asking()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
