# SPDX-License-Identifier: Apache-2.0
"""Work that is begun before its result is wanted."""

import concurrent.futures
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

#: Seconds in which a question is on its way.
_HEAD_START = 0.0005


class Ahead(Generic[T]):
    """Does one piece of work on a thread of its own, at once.

    A result that nobody asks for any more is dropped when it comes.
    """

    def __init__(self, name: str, work: Callable[[], T]) -> None:
        self._result: concurrent.futures.Future[T] = concurrent.futures.Future()
        threading.Thread(target=self._run, args=(work,), name=name, daemon=True).start()
        # Otherwise it may not begin before this thread waits for something: Python changes
        # threads every 5 ms only, and a page is used up in less.
        time.sleep(_HEAD_START)

    def result(self) -> T:
        """What the work returned, or raises what it raised; waits for either."""
        return self._result.result()

    def _run(self, work: Callable[[], T]) -> None:
        try:
            self._result.set_result(work())
        except BaseException as error:
            self._result.set_exception(error)
