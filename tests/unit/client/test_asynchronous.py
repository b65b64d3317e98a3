# SPDX-License-Identifier: Apache-2.0
"""The asyncio twin hands over what a watch tells: all of it, once, in order, with its tokens."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, cast

import pytest

from synchronizer import errors
from synchronizer.client.asynchronous import WAITING, AsyncWatch
from synchronizer.client.events import Added, Event
from synchronizer.client.token import Position, Positions
from synchronizer.client.watch import Watch
from synchronizer.model import StreamKey

STREAM = StreamKey("c", "a.b")


class Scripted:
    """In place of a `Watch`: so many events; then it waits to be closed, or fails, or ends."""

    def __init__(self, count: int, *, then: Exception | str = "wait") -> None:
        self.positions = Positions()
        self.closed = threading.Event()
        self.told = 0
        self.full = threading.Event()
        self._count = count
        self._then = then

    def __enter__(self) -> "Scripted":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed.set()

    @property
    def streams(self) -> tuple[StreamKey, ...]:
        return (STREAM,)

    def __iter__(self) -> Iterator[Event]:
        for number in range(1, self._count + 1):
            if self.closed.is_set():
                return
            self.positions.put(STREAM, Position("e", number, number))
            self.told = number
            if number == WAITING + 1:
                self.full.set()
            yield Added(
                cloud="c", type="a.b", id=f"e{number}", revision=number, sampled_at=0, entity={}
            )
        if isinstance(self._then, Exception):
            raise self._then
        if self._then == "wait":
            self.closed.wait()


def awatch(script: Scripted) -> AsyncWatch:
    return AsyncWatch(lambda: cast(Watch, script))


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


def token_of(revision: int) -> str:
    return Positions({STREAM: Position("e", revision, revision)}).to_token()


def test_every_event_comes_once_in_order_with_its_token() -> None:
    async def work() -> None:
        revisions = []
        async with awatch(Scripted(500)) as events:
            assert events.token == Positions().to_token()
            async for event in events:
                assert isinstance(event, Added)
                revisions.append(event.revision)
                assert events.token == token_of(event.revision)
                if event.revision == 500:
                    break
        assert revisions == list(range(1, 501))

    run(work())


def test_what_is_not_taken_holds_back_the_watch() -> None:
    script = Scripted(10 * WAITING)

    async def work() -> None:
        async with awatch(script) as events:
            await anext(events)
            await asyncio.to_thread(script.full.wait, 60)
            # One was taken, so many wait, and one more was told and finds no room.
            assert script.told <= WAITING + 2
            assert events.token == token_of(1)

    run(work())


def test_a_cancelled_wait_loses_nothing() -> None:
    async def work() -> None:
        revisions = []
        async with awatch(Scripted(200)) as events:
            while len(revisions) < 200:
                waiting = asyncio.ensure_future(anext(events))
                await asyncio.sleep(0)
                if not waiting.done() and len(revisions) % 2:
                    waiting.cancel()
                try:
                    event = await waiting
                except asyncio.CancelledError:
                    event = await anext(events)
                assert isinstance(event, Added)
                revisions.append(event.revision)
        assert revisions == list(range(1, 201))

    run(work())


def test_a_wait_that_is_cancelled_ends_at_once_and_the_next_one_goes_on() -> None:
    async def work() -> None:
        async with awatch(Scripted(1)) as events:
            await anext(events)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(events), 0.01)

    run(work())


def test_what_ends_the_watch_is_raised_after_all_that_it_told() -> None:
    async def work() -> None:
        async with awatch(Scripted(3, then=errors.UnknownType("none"))) as events:
            told = [await anext(events) for _ in range(3)]
            assert len(told) == 3
            with pytest.raises(errors.UnknownType):
                await anext(events)
            with pytest.raises(StopAsyncIteration):
                await anext(events)

    run(work())


def test_a_watch_that_ends_ends_the_iteration() -> None:
    async def work() -> None:
        async with awatch(Scripted(3, then="end")) as events:
            assert len([event async for event in events]) == 3

    run(work())


def test_closing_ends_the_wait_of_another_task() -> None:
    script = Scripted(0)

    async def work() -> None:
        async with awatch(script) as events:
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)
            await events.aclose()
            with pytest.raises(StopAsyncIteration):
                await waiting
        assert script.closed.is_set()

    run(work())


def test_a_task_that_is_cancelled_leaves_no_thread_behind() -> None:
    script = Scripted(0)

    async def consume() -> None:
        async with awatch(script) as events:
            async for _ in events:
                raise AssertionError("there is none")

    async def work() -> None:
        task = asyncio.ensure_future(consume())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert script.closed.is_set()

    run(work())
    assert not any(thread.name == "awatch" for thread in threading.enumerate())


def test_it_has_to_be_begun() -> None:
    async def work() -> None:
        with pytest.raises(RuntimeError, match="async with"):
            await anext(awatch(Scripted(1)))

    run(work())
