# SPDX-License-Identifier: Apache-2.0
"""A watch that goes on where another one, of another process, has ended."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from synchronizer import errors
from synchronizer.bus import rpc
from synchronizer.client import Added, Client, Copy, Deleted, Event, Resynced, Synced, Updated
from synchronizer.client.watch import Watch
from synchronizer.model import StreamKey
from tests.functional.client.consumer import Consumer
from tests.functional.client.service import STREAM, Service, server

Consume = Callable[..., Consumer]
Told = Added | Updated | Deleted


def until_synced(watch: Watch, streams: int = 1) -> Iterator[Event]:
    """The events up to the last stream's `Synced`."""
    for event in watch:
        yield event
        streams -= isinstance(event, Synced)
        if not streams:
            return


def first_token(client: Client, copy: Copy, types: tuple[str, ...] = ("nova.server",)) -> str:
    """Of a consumer that has synced, and ended."""
    with client.watch(types) as watch:
        for event in until_synced(watch):
            copy.apply(event)
        return watch.token


def revisions(events: list[Event]) -> list[int]:
    return [event.revision for event in events if isinstance(event, Told)]


def test_what_happened_meanwhile_is_told_and_then_synced(service: Service, client: Client) -> None:
    service.fill(20)
    copy = Copy()
    token = first_token(client, copy)
    service.put({"id": "e3", "name": "another"}, {"id": "new"})
    service.drop("e4")
    with client.watch(["nova.server"], resume=token) as watch:
        events = list(until_synced(watch))
    assert revisions(events) == [21, 22, 23]
    updated, added, deleted, synced = events
    assert isinstance(updated, Updated) and updated.old is None
    assert isinstance(added, Added) and isinstance(deleted, Deleted)
    assert isinstance(synced, Synced) and (synced.revision, synced.count) == (23, 20)
    for event in events:
        copy.apply(event)
    assert copy.of("c1", "nova.server") == service.live[STREAM]


def test_every_event_has_the_token_that_goes_on_behind_it(service: Service, client: Client) -> None:
    service.fill(3)
    token = first_token(client, Copy())
    service.put(*({"id": f"n{number}"} for number in range(6)))
    told: list[Event] = []
    # Each of these processes dies after one event.
    for _ in range(6):
        with client.watch(["nova.server"], resume=token) as watch:
            told.append(next(watch))
            token = watch.token
    with client.watch(["nova.server"], resume=token) as watch:
        assert isinstance(next(watch), Synced)
    assert revisions(told) == list(range(4, 10))


def test_it_goes_on_live_after_it_has_caught_up(
    service: Service, client: Client, consume: Consume
) -> None:
    service.fill(5)
    copy = Copy()
    token = first_token(client, copy)
    service.put(server(7))
    consumer = consume(client.watch(["nova.server"], resume=token))
    consumer.wait(lambda me: bool(me.told(Synced)), "it has caught up")
    service.put(server(8))
    service.drop("e0")
    consumer.wait(lambda me: bool(me.told(Deleted)), "the last change is told")
    assert revisions(consumer.events) == [6, 7, 8]
    assert consumer.told(Resynced) == []


def test_a_token_amid_the_first_description_describes_anew(
    service: Service, client: Client
) -> None:
    service.fill(20)
    with client.watch(["nova.server"]) as watch:
        assert isinstance(next(watch), Added)
        token = watch.token
    with client.watch(["nova.server"], resume=token) as watch:
        events = list(until_synced(watch))
    assert [type(event) for event in events] == [Resynced] + [Added] * 20 + [Synced]


def test_what_was_compacted_meanwhile_is_described_anew(service: Service, client: Client) -> None:
    service.fill(5)
    token = first_token(client, Copy())
    service.drop("e0")
    service.wait_published()
    service.compact()
    with client.watch(["nova.server"], resume=token) as watch:
        events = list(until_synced(watch))
    assert [type(event) for event in events] == [Resynced] + [Added] * 4 + [Synced]


def test_a_new_epoch_is_described_anew(service: Service, client: Client) -> None:
    service.fill(5)
    token = first_token(client, Copy())
    service.begin_anew()
    with client.watch(["nova.server"], resume=token) as watch:
        events = list(until_synced(watch))
    assert [type(event) for event in events] == [Resynced] + [Added] * 5 + [Synced]


def test_a_stream_that_the_token_does_not_have_is_described_from_its_beginning(
    service: Service, client: Client
) -> None:
    volumes = StreamKey("c1", "cinder.volume")
    service.fill(2)
    token = first_token(client, Copy())
    service.list_anew(volumes)
    service.put({"id": "v"}, key=volumes)
    with client.watch(["nova.server", "cinder.volume"], resume=token) as watch:
        events = list(until_synced(watch, streams=2))
        token = watch.token
    assert [type(e) for e in events if e.stream == volumes] == [Resynced, Added, Synced]
    assert [type(e) for e in events if e.stream == STREAM] == [Synced]
    with client.watch(["nova.server", "cinder.volume"], resume=token) as watch:
        assert [type(event) for event in until_synced(watch, streams=2)] == [Synced, Synced]


def test_an_older_server_describes_all_anew(
    service: Service, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.fill(5)
    token = first_token(client, Copy())
    call = rpc.RpcClient.call

    def older(self: rpc.RpcClient, method: str, **arguments: object) -> object:
        if method in ("digests", "roster"):
            raise errors.ServerTooOld(f"the server does not know {method}")
        return call(self, method, **arguments)

    monkeypatch.setattr(rpc.RpcClient, "call", older)
    with client.watch(["nova.server"], resume=token) as watch:
        events = list(until_synced(watch))
    assert [type(event) for event in events] == [Resynced] + [Added] * 5 + [Synced]


def test_a_damaged_token_is_refused_before_anything_is_asked(client: Client) -> None:
    with pytest.raises(errors.BadRequest, match="without resume"):
        client.watch(["nova.server"], resume="nonsense")


def test_the_asyncio_twin_tells_the_same_and_resumes(service: Service, client: Client) -> None:
    async def work() -> None:
        copy = Copy()
        async with client.awatch(["nova.server"]) as events:
            async for event in events:
                copy.apply(event)
                if isinstance(event, Synced):
                    break
            token = events.token
            assert events.streams == (STREAM,)
        service.put({"id": "e1", "name": "changed"}, {"id": "new"})
        async with client.awatch(["nova.server"], resume=token) as events:
            async for event in events:
                copy.apply(event)
                if isinstance(event, Synced):
                    break
            verified = await events.verify()
        assert verified[STREAM].count == 6
        assert copy.of("c1", "nova.server") == service.live[STREAM]

    service.fill(5)
    asyncio.run(asyncio.wait_for(work(), 120))
