# SPDX-License-Identifier: Apache-2.0
"""How a check fails, and calls of the plugin that end in time or fail."""

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

from synchronizer import errors

T = TypeVar("T")


class NotConforming(AssertionError):
    """The plugin does not do what the sampler relies on: `what`, `where`, and how to `mend` it."""

    def __init__(self, what: str, *, where: str, mend: str) -> None:
        super().__init__(f"{what}\n  where: {where}\n  mend:  {mend}")
        self.what, self.where, self.mend = what, where, mend


def bounded(where: str, seconds: float, call: Callable[[], T]) -> T:
    """What the call returns or raises, from a thread of its own.

    `NotConforming` if it does not end in time, or raises what is no error of the SDK.
    """
    returned: queue.SimpleQueue[T] = queue.SimpleQueue()
    raised: queue.SimpleQueue[BaseException] = queue.SimpleQueue()
    ended = threading.Event()

    def run() -> None:
        try:
            returned.put(call())
        except BaseException as error:
            raised.put(error)
        finally:
            ended.set()

    thread = threading.Thread(target=run, name=f"conformance {where}", daemon=True)
    thread.start()
    if not ended.wait(seconds):
        raise NotConforming(
            f"it did not end within {seconds:g} s",
            where=where,
            mend="give every request of the plugin a time-out, and raise SourceUnavailable when it"
            " passes (or give the checks more time: Source.deadline)",
        )
    thread.join()
    if not raised.empty():
        raise told(raised.get(), where)
    return returned.get()


def told(error: BaseException, where: str) -> BaseException:
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
