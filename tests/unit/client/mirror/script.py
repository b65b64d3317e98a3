# SPDX-License-Identifier: Apache-2.0
"""A watch that tells what a test has it tell, and values to tell."""

import collections
import concurrent.futures
import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from synchronizer.client import Added, Deleted, Event, Resynced, Synced, Updated, Verified
from synchronizer.client.mirror.mirror import Watched
from synchronizer.client.packed import Packed
from synchronizer.client.standing import Standing
from synchronizer.model import Entity, StreamKey

SERVERS = StreamKey("c1", "nova.server")
PATIENCE = 60.0


class Script:
    """Is its own client, and its watch. `problem`, `streams` and `standings` are the test's."""

    def __init__(self) -> None:
        self.streams: tuple[StreamKey, ...] = (SERVERS,)
        self.standings: dict[StreamKey, Standing] = {SERVERS: standing()}
        self.problem: str | None = None
        self.asked: list[tuple[list[str], str | None, bool]] = []
        self.verified: concurrent.futures.Future[dict[StreamKey, Verified]] = (
            concurrent.futures.Future()
        )
        self._events: collections.deque[Event | BaseException] = collections.deque()
        self._changed = threading.Condition()
        self._idle = self.closed = False

    def watch(
        self,
        types: Sequence[str],
        *,
        cloud: str | None = None,
        packed: bool = False,
        patient: bool = False,
    ) -> Watched:
        assert packed
        self.asked.append((list(types), cloud, patient))
        return self

    def verify(self) -> concurrent.futures.Future[dict[StreamKey, Verified]]:
        return self.verified

    def __iter__(self) -> Iterator[Event]:
        while True:
            with self._changed:
                self._idle = not self._events
                self._changed.notify_all()
                assert self._changed.wait_for(lambda: self._events or self.closed, PATIENCE)
                if self.closed:
                    return
                self._idle = False
                event = self._events.popleft()
            if isinstance(event, BaseException):
                raise event
            yield event

    def tell(self, *events: Event | BaseException) -> None:
        """Has them told, and returns when the mirror has taken them all."""
        self.put(*events)
        with self._changed:
            assert self._changed.wait_for(lambda: self._idle and not self._events, PATIENCE)

    def put(self, *events: Event | BaseException) -> None:
        """Has them told, and returns at once."""
        with self._changed:
            self._idle = self._idle and not events
            self._events.extend(events)
            self._changed.notify_all()

    @property
    def left(self) -> int:
        """What the mirror has not taken yet."""
        with self._changed:
            return len(self._events)

    def close(self) -> None:
        with self._changed:
            self.closed = True
            self._changed.notify_all()


def standing(
    heard: float | None = 0.0,
    exact: float | None = 0.0,
    *,
    proven_at: int | None = 1,
    silence: float = 20.0,
    problem: str | None = None,
) -> Standing:
    return Standing(proven_at, heard, exact, silence, problem)


def added(id_: str, revision: int = 1, stream: StreamKey = SERVERS, **fields: Any) -> Added:
    return Added(
        cloud=stream.cloud,
        type=stream.type,
        id=id_,
        revision=revision,
        sampled_at=revision,
        entity={"id": id_, **fields},
    )


def packed(id_: str, revision: int = 1, stream: StreamKey = SERVERS, **fields: Any) -> Packed:
    """The same as a mirror is told it of a snapshot; fields in another order than `added` has."""
    text = json.dumps({**fields, "id": id_}).encode()
    return Packed(stream, id_, revision, revision, text)


def updated(id_: str, revision: int, stream: StreamKey = SERVERS, **fields: Any) -> Updated:
    return Updated(
        cloud=stream.cloud,
        type=stream.type,
        id=id_,
        revision=revision,
        sampled_at=revision,
        old=None,
        new={"id": id_, **fields},
        changed=tuple(fields),
    )


def deleted(id_: str, revision: int, stream: StreamKey = SERVERS) -> Deleted:
    return Deleted(
        cloud=stream.cloud,
        type=stream.type,
        id=id_,
        revision=revision,
        sampled_at=revision,
        old=None,
    )


def synced(revision: int = 1, stream: StreamKey = SERVERS) -> Synced:
    return Synced(
        cloud=stream.cloud,
        type=stream.type,
        epoch="e",
        revision=revision,
        count=0,
        listed_at=7,
        held=0,
    )


def resynced(reason: str = "for a test", stream: StreamKey = SERVERS) -> Resynced:
    return Resynced(cloud=stream.cloud, type=stream.type, reason=reason)


class Told:
    """A handler that notes what it is told."""

    def __init__(self) -> None:
        self.events: list[Added | Updated | Deleted] = []

    def __call__(self, event: Added | Updated | Deleted) -> None:
        self.events.append(event)

    def folded(self) -> dict[tuple[StreamKey, str], Entity]:
        """What the events make of nothing, each fitting what came before."""
        made: dict[tuple[StreamKey, str], Entity] = {}
        for event in self.events:
            key = (event.stream, event.id)
            match event:
                case Added():
                    assert key not in made, f"{event} was there"
                    made[key] = event.entity
                case Updated():
                    assert made[key] == event.old, f"{event} was {made[key]}"
                    made[key] = event.new
                case Deleted():
                    assert made.pop(key) == event.old
        return made
