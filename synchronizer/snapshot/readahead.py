# SPDX-License-Identifier: Apache-2.0
"""Pages made before they are asked for.

Who walks over a snapshot asks for its pages one after the other, and what each shows is
settled when the walk begins. So the next one is made while the caller uses the last.
"""

import collections
import concurrent.futures
import dataclasses
import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
P = TypeVar("P")

#: Pages that wait to be asked for; each is about as big as a message.
MOST = 8
#: Seconds after which nobody will ask for one.
LONGEST = 10.0
_THREADS = 2


@dataclasses.dataclass(frozen=True, slots=True)
class _Begun(Generic[P]):
    page: concurrent.futures.Future[P]
    at: float


class ReadAhead(Generic[K, P]):
    """Makes pages by `make` on threads of its own. Thread-safe; make it after forking."""

    def __init__(self, make: Callable[[K], P], clock: Callable[[], float] = time.monotonic) -> None:
        self._make = make
        self._clock = clock
        self._lock = threading.Lock()
        self._begun: collections.OrderedDict[K, _Begun[P]] = collections.OrderedDict()
        self._threads = concurrent.futures.ThreadPoolExecutor(_THREADS, "read-ahead")

    def begin(self, key: K) -> None:
        """Make this page. The oldest gives way when there are too many."""
        with self._lock:
            if key in self._begun:
                return
            while len(self._begun) >= MOST:
                self._begun.popitem(last=False)[1].page.cancel()
            page = self._threads.submit(self._make, key)
            self._begun[key] = _Begun(page, self._clock())

    def take(self, key: K) -> P | None:
        """The page, once; None where it was not begun, is too old, or could not be made:
        then its caller makes it, and meets the error itself."""
        with self._lock:
            begun = self._begun.pop(key, None)
        if begun is None or self._clock() - begun.at > LONGEST:
            return None
        if begun.page.cancel():  # nobody works at it yet
            return None
        concurrent.futures.wait((begun.page,))
        return None if begun.page.exception() is not None else begun.page.result()
