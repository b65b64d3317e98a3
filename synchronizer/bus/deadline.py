# SPDX-License-Identifier: Apache-2.0
"""Calls that may block longer than their caller can wait.

Drivers of message buses block as long as they like: for an outage, a memory alarm, a
heartbeat that is missed. So they are called on daemon threads of their own, and the
caller leaves at its deadline. The thread goes on until the driver lets it go; there
are never more of them than `most`.
"""

import collections
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")

#: Seconds after which a thread without work ends.
_IDLE = 60.0


class _Job(Generic[Result]):
    def __init__(self, work: Callable[[], Result]) -> None:
        self.work = work
        self.done = threading.Event()
        self.result: Result | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self.work()
        except BaseException as error:
            self.error = error
        self.done.set()


class _Pool:
    """The threads of one process."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.changed = threading.Condition()
        self.idle: collections.deque[queue.SimpleQueue[_Job[Any]]] = collections.deque()
        self.count = 0


class Caller:
    """Runs blocking work for callers that must not block, on at most `most` threads."""

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._pool = _Pool()

    def run(self, work: Callable[[], Result], seconds: float) -> Result:
        """The work's result, or what it raised. TimeoutError when there is none in time;
        the work may still be going on then."""
        deadline = time.monotonic() + seconds
        if self._pool.process != os.getpid():
            # Threads do not survive a fork.
            self._pool = _Pool()
        job = _Job(work)
        self._thread(self._pool, deadline).put(job)
        if not job.done.wait(deadline - time.monotonic()):
            raise TimeoutError(f"no result within {seconds:g} s")
        if job.error is not None:
            raise job.error
        return job.result  # type: ignore[return-value]

    def _thread(self, pool: _Pool, deadline: float) -> "queue.SimpleQueue[_Job[Any]]":
        """The inbox of a thread that has nothing to do."""
        with pool.changed:
            while not pool.idle:
                if pool.count < self._most:
                    pool.count += 1
                    inbox: queue.SimpleQueue[_Job[Any]] = queue.SimpleQueue()
                    threading.Thread(
                        target=_serve, args=(pool, inbox), name=self._name, daemon=True
                    ).start()
                    return inbox
                if not pool.changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"all {self._most} calls before this one still wait")
            return pool.idle.pop()


def _serve(pool: _Pool, inbox: "queue.SimpleQueue[_Job[Any]]") -> None:
    while True:
        try:
            inbox.get(timeout=_IDLE).run()
        except queue.Empty:
            with pool.changed:
                if inbox in pool.idle:
                    pool.idle.remove(inbox)
                    pool.count -= 1
                    return
            continue
        with pool.changed:
            pool.idle.append(inbox)
            pool.changed.notify()
