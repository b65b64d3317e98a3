# SPDX-License-Identifier: Apache-2.0
"""The asyncio twin of a watch: the same events, handed over from a thread."""

import asyncio
import collections
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from synchronizer.client.checking import Verified
from synchronizer.client.events import Event
from synchronizer.client.token import Position, Positions
from synchronizer.client.watch import Watch
from synchronizer.model import StreamKey

#: Events that wait to be taken, at most; the watch stands still meanwhile.
WAITING = 100


class AsyncWatch:
    """`async with` begins and ends it, `async for` brings its events; see `Watch`.

    The loop is never blocked, and an `async for` that is cancelled loses no event: the
    next one brings it. `token` stands for the event that came last. For one task.
    """

    def __init__(self, make: Callable[[], Watch]) -> None:
        self._make = make
        self._watch: Watch | None = None
        self._handover: _Handover | None = None
        self._thread: threading.Thread | None = None
        self._positions = Positions()

    async def __aenter__(self) -> Self:
        self._watch = self._make()
        self._positions = self._watch.positions.copy()
        self._handover = _Handover(asyncio.get_running_loop())
        self._thread = threading.Thread(
            target=_pump, args=(self._watch, self._handover), name="awatch", daemon=True
        )
        self._thread.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if self._handover is None:
            raise RuntimeError("a watch is begun by `async with`")
        event, position = await self._handover.take()
        self._positions.put(event.stream, position)
        return event

    @property
    def streams(self) -> tuple[StreamKey, ...]:
        """What is watched; known from the first event on."""
        return () if self._watch is None else self._watch.streams

    @property
    def token(self) -> str:
        """Stands for the event that came last and all before it; see `Watch.token`."""
        return self._positions.to_token()

    async def verify(self) -> dict[StreamKey, Verified]:
        """See `Watch.verify`. The events of what is put right have to be taken meanwhile, by
        another task."""
        if self._watch is None:
            raise RuntimeError("a watch is begun by `async with`")
        return await asyncio.wrap_future(self._watch.verify())

    async def aclose(self) -> None:
        """Ends it; an `async for` of another task ends, too. What was not taken is lost, and
        not in the token."""
        if self._watch is None or self._handover is None or self._thread is None:
            return
        self._handover.close()
        # Also when this is cancelled, which ends only the waiting.
        await asyncio.to_thread(_end, self._watch, self._thread)


class _Handover:
    """From the watch's thread to the loop, in order, `WAITING` at most."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._changed = threading.Condition()
        self._waiting: collections.deque[tuple[Event, Position | None]] = collections.deque()
        self._arrived = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None

    def put(self, event: Event, position: Position | None) -> bool:
        """In the watch's thread; waits for room. False: nobody takes anything any more."""
        with self._changed:
            while len(self._waiting) >= WAITING and not self._ended:
                self._changed.wait()
            if self._ended:
                return False
            self._waiting.append((event, position))
            first = len(self._waiting) == 1
        return not first or self._wake()

    def end(self, error: BaseException | None) -> None:
        """In the watch's thread: that was the last, or this is what ended it."""
        with self._changed:
            self._ended = True
            self._error = error
        self._wake()

    def close(self) -> None:
        """In the loop."""
        with self._changed:
            self._ended = True
            self._waiting.clear()
            self._changed.notify_all()
        self._arrived.set()

    async def take(self) -> tuple[Event, Position | None]:
        """In the loop. What is taken is returned without waiting in between, so it cannot be
        lost to a cancellation."""
        while True:
            with self._changed:
                if self._waiting:
                    self._changed.notify_all()
                    return self._waiting.popleft()
                if self._ended:
                    error, self._error = self._error, None
                    if error is not None:
                        raise error
                    raise StopAsyncIteration
                self._arrived.clear()
            await self._arrived.wait()

    def _wake(self) -> bool:
        try:
            self._loop.call_soon_threadsafe(self._arrived.set)
        except RuntimeError:  # the loop is closed
            return False
        return True


def _pump(watch: Watch, handover: _Handover) -> None:
    error: BaseException | None = None
    try:
        with watch:
            for event in watch:
                if not handover.put(event, watch.positions.of(event.stream)):
                    break
    except Exception as raised:
        error = raised
    handover.end(error)


def _end(watch: Watch, thread: threading.Thread) -> None:
    watch.close()
    thread.join()
