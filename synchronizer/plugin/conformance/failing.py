# SPDX-License-Identifier: Apache-2.0
"""How a check fails, and calls of the plugin that end in time or fail."""

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from synchronizer import errors

#: pytest shows the check that failed, and not these lines below it.
__tracebackhide__ = True

T = TypeVar("T")


class NotConforming(AssertionError):
    """The plugin does not do what the sampler relies on: `what`, `where`, and how to `mend` it."""

    def __init__(self, what: str, *, where: str, mend: str) -> None:
        super().__init__(f"{what}\n  where: {where}\n  mend:  {mend}")
        self.what, self.where, self.mend = what, where, mend


class Caller:
    """A thread that makes calls, one after the other, as each poll of the sampler has its own.

    Used in a `with`: the thread ends after it, unless a call never ends.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._calls: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self._stuck = False
        self._thread = threading.Thread(target=self._run, name=f"check of {where}", daemon=True)
        self._thread.start()

    def call(self, seconds: float, call: Callable[[], T]) -> T:
        """What the call returns or raises.

        `NotConforming` if it does not end in time, or raises what is no error of the SDK.
        """
        if not self._stuck:
            self._calls.put(call)
            try:
                answer, error = self._answers.get(timeout=seconds)
            except queue.Empty:
                self._stuck = True
            else:
                if error is not None:
                    raise _told(error, self._where)
                result: T = answer
                return result
        raise NotConforming(
            f"it did not end within {seconds:g} s",
            where=self._where,
            mend="give every request of the plugin a time-out, and raise SourceUnavailable when it"
            " passes (or give the checks more time: Source.deadline)",
        )

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                self._answers.put((call(), None))
            except BaseException as error:
                self._answers.put((None, error))
            del call

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self._calls.put(None)
        if not self._stuck:
            self._thread.join()


def bounded(where: str, seconds: float, call: Callable[[], T]) -> T:
    """One call from a thread of its own, as `Caller.call`."""
    with Caller(where) as caller:
        return caller.call(seconds, call)


def _told(error: BaseException, where: str) -> BaseException:
    """The error itself where a plugin may raise it, else one that says that it may not."""
    if isinstance(error, errors.SynchronizerError | NotConforming | pytest.skip.Exception):
        return error
    wrong = NotConforming(
        f"{type(error).__name__} left the plugin: {error}",
        where=where,
        mend="catch what the service's library raises, and raise the error of synchronizer.plugin"
        " that fits: SourceUnavailable where there is no answer, BadAnswer where it cannot be"
        " understood, NotFound, NotPermitted ...",
    )
    wrong.__cause__ = error
    return wrong
