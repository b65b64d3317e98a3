# SPDX-License-Identifier: Apache-2.0
"""What a plugin may ask of its service: it enters its context's budget around each request.

    with self.context.budget.request():
        answer = send()

Whoever asks a plugin says what for with `metered`, and learns what it cost: the budget
looks it up, so that plugins need not pass it on.
"""

import abc
import contextlib
import contextvars
import dataclasses
import enum
import time
from collections.abc import Callable, Iterator
from typing import Protocol


class Purpose(enum.IntEnum):
    """What a request is for. A listing has many requests, and none of them is urgent."""

    LISTING = 0
    CHANGES = 1
    LOOK = 2


class Stopped(Exception):
    """The process ends; what was begun is left."""


@dataclasses.dataclass(slots=True)
class Meter:
    """What some requests cost. `seconds`: from sending a request to the end of its answer;
    `waited`: for the budget, before that. `on_wait` is called again and again while one waits
    for the budget or for another thread, `on_request` right before one is sent."""

    purpose: Purpose
    calls: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    on_wait: Callable[[], None] = lambda: None
    on_request: Callable[[], None] = lambda: None


class Budget(Protocol):
    """The requests that one service may get. Threads, and processes, share it."""

    def request(self) -> contextlib.AbstractContextManager[None]:
        """Around one request, its answer included; inside another one of the same thread it is
        a part of that. Waits until the request may be sent; `Stopped` when the process ends
        meanwhile."""
        ...

    def pause(self, seconds: float) -> None:
        """The service asks to be left alone: nobody sends it anything for so long."""
        ...


_METER: contextvars.ContextVar[Meter | None] = contextvars.ContextVar("meter", default=None)
_INSIDE: contextvars.ContextVar[bool] = contextvars.ContextVar("inside", default=False)


@contextlib.contextmanager
def metered(
    purpose: Purpose,
    on_wait: Callable[[], None] = lambda: None,
    on_request: Callable[[], None] = lambda: None,
) -> Iterator[Meter]:
    """Requests of this thread are for this, inside; what they cost."""
    meter = Meter(purpose, on_wait=on_wait, on_request=on_request)
    token = _METER.set(meter)
    try:
        yield meter
    finally:
        _METER.reset(token)


def waiting() -> None:
    """This thread waits for another one's request, or for the budget."""
    meter = _METER.get()
    if meter is not None:
        meter.on_wait()


def asking() -> None:
    """This thread is about to send something."""
    meter = _METER.get()
    if meter is not None:
        meter.on_request()


class Metered(abc.ABC):
    """Measures requests; `enter` and `leave` say how many there may be."""

    @contextlib.contextmanager
    def request(self) -> Iterator[None]:
        """See `Budget`."""
        if _INSIDE.get():
            yield
            return
        meter = _METER.get() or Meter(Purpose.LOOK)
        asked = time.monotonic()
        try:
            self.enter(meter.purpose)
        finally:
            sent = time.monotonic()
            meter.waited += sent - asked
        meter.on_request()
        token = _INSIDE.set(True)
        try:
            yield
        finally:
            _INSIDE.reset(token)
            self.leave(meter.purpose)
            meter.calls += 1
            meter.seconds += time.monotonic() - sent

    @abc.abstractmethod
    def enter(self, purpose: Purpose) -> None:
        """Returns when the request may be sent; meanwhile it calls `waiting` each second, at
        least. `Stopped`."""

    @abc.abstractmethod
    def leave(self, purpose: Purpose) -> None:
        """Its answer is complete, or will not come."""


class Unlimited(Metered):
    """Lets everything pass at once."""

    def enter(self, purpose: Purpose) -> None:
        return

    def leave(self, purpose: Purpose) -> None:
        return

    def pause(self, seconds: float) -> None:
        """It keeps nobody waiting; whoever was told by the service waits by himself."""
        return
