# SPDX-License-Identifier: Apache-2.0
"""A source in memory that several threads may read and change, and how it is watched."""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

import msgspec

from synchronizer.client import Copy, Event, Synced
from synchronizer.embedded import Embedded
from synchronizer.plugin import (
    EntityType,
    GetsChanges,
    GetsOne,
    NotFound,
    Page,
    Plugin,
    PluginContext,
)

CLOUD = "c1"
THING, OTHER = "things.thing", "things.other"


class Listed(Plugin):
    """Can be listed, and no more.

    `failing`: by type, what each request raises; `unchecked`: what `check` does. `resume` is
    set while requests are answered: those that find it cleared wait for it.
    """

    service: ClassVar[str] = "things"

    def __init__(self, cloud: str = CLOUD, names: Sequence[str] = (THING,)) -> None:
        super().__init__(PluginContext(cloud))
        self.names = names
        self.failing: dict[str, Exception] = {}
        self.unchecked: Exception | None = None
        self.closed = 0
        self.listings = 0
        self.resume = threading.Event()
        self.resume.set()
        self.asked = threading.Event()
        self._lock = threading.Lock()
        self._live: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in names}
        self._touched: dict[tuple[str, str], int] = {}

    def put(self, id_: str, *, of: str = THING, **fields: Any) -> None:
        with self._lock:
            self._live[of][id_] = {"id": id_, **fields}
            self._touched[of, id_] = time.time_ns() // 1000

    def drop(self, id_: str, *, of: str = THING) -> None:
        with self._lock:
            del self._live[of][id_]
            self._touched[of, id_] = time.time_ns() // 1000

    def live(self, of: str = THING) -> dict[str, dict[str, Any]]:
        with self._lock:
            return dict(self._live[of])

    # --- what the sampler asks ---------------------------------------------------

    def types(self) -> tuple[EntityType, ...]:
        return tuple(EntityType(name) for name in self.names)

    def check(self) -> Iterable[str]:
        if self.unchecked is not None:
            raise self.unchecked
        return ["it is there"]

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        self._answer(type_)
        with self._lock:
            self.listings += 1
        yield Page([_raw(entity) for entity in self.live(type_.name).values()], last=True)

    def close(self) -> None:
        self.closed += 1

    def _answer(self, type_: EntityType) -> None:
        self.asked.set()
        self.resume.wait()
        if (error := self.failing.get(type_.name)) is not None:
            raise error


class Things(Listed, GetsChanges, GetsOne):
    """Tells what has changed, and shows single things, too."""

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        self._answer(type_)
        with self._lock:
            touched = [id_ for (name, id_), at in self._touched.items() if name == type_.name]
            live = self._live[type_.name]
            items = [_raw(live[id_]) for id_ in touched if id_ in live]
            gone = [id_ for id_ in touched if id_ not in live]
        yield Page(items, deleted=gone, last=True)

    def get(self, type_: EntityType, id_: str) -> bytes:
        self._answer(type_)
        entity = self.live(type_.name).get(id_)
        if entity is None:
            raise NotFound(f"no thing {id_}")
        return msgspec.json.encode(entity)


def embedded(things: Listed, **options: Any) -> Embedded:
    """All types of the source, with changes at once."""
    chosen = {"changes_interval": 0.05, "settle": 0.0, **options}
    return Embedded(things.names, cloud=CLOUD, plugins=[things], **chosen)


def up_to_synced(events: Iterator[Event]) -> list[Event]:
    """The events up to a `Synced`, with it."""
    told = []
    for event in events:
        told.append(event)
        if isinstance(event, Synced):
            return told
    raise AssertionError(f"the events ended after {told}")


def until_equal(events: Iterator[Event], copy: Copy, truth: dict[str, dict[str, Any]]) -> None:
    """Applies events until the copy of the things is the truth."""
    while copy.of(CLOUD, THING) != truth:
        copy.apply(next(events))


def _raw(entity: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(entity))
