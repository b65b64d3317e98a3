# SPDX-License-Identifier: Apache-2.0
"""A remote service in memory, whose every answer a test can change while it is given."""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import msgspec

from synchronizer.plugin import (
    EntityType,
    GetsChanges,
    GetsOne,
    KnowsScope,
    NotFound,
    Page,
    Plugin,
    PluginContext,
)

THING = EntityType(
    "test.thing",
    volatile=frozenset({"heartbeat"}),
    sensitive=frozenset({"password"}),
    scope_field="project",
)
OWN = "own-project"
SECOND = 1_000_000


class VirtualClock:
    """Time passes when somebody waits, and at no other time."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0
        self.waits: list[float] = []

    def now(self) -> int:
        return int(self.seconds * SECOND)

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        self.seconds += max(seconds, 0.0)
        return event.is_set()


class Listed(Plugin):
    """Can be listed, and no more.

    `on_page(n)` is called between what page n shows being read (`on_read`) and its being
    handed over: whatever it changes, page n does not show. `hidden` ids are left out of
    listings, though they exist.
    """

    service: ClassVar[str] = "test"

    def __init__(self, clock: VirtualClock, cloud: str = "c1") -> None:
        super().__init__(PluginContext(cloud))
        self.clock = clock
        self.entities: dict[str, dict[str, Any]] = {}
        self.deleted: dict[str, int] = {}
        self.touched: dict[str, int] = {}
        self.page_size = 2
        self.on_page: Callable[[int], None] = lambda number: None
        self.on_get: Callable[[str], None] = lambda id_: None
        self.on_read: Callable[[Iterable[str]], None] = lambda ids: None
        self.hidden: set[str] = set()
        self.sees_all = True
        self.token = "t1"
        self.gets: list[str] = []
        self.closed = False

    def types(self) -> tuple[EntityType, ...]:
        return (THING,)

    def put(self, id_: str, state: Any = "A", project: str = "p1", **more: Any) -> None:
        self.entities[id_] = {"id": id_, "state": state, "project": project, **more}
        self.touched[id_] = self.clock.now()

    def drop(self, id_: str) -> None:
        del self.entities[id_]
        self.deleted[id_] = self.clock.now()

    def visible(self) -> dict[str, dict[str, Any]]:
        return {
            id_: entity
            for id_, entity in self.entities.items()
            if self.sees_all or entity["project"] == OWN
        }

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        after = ""
        for number in itertools.count():
            ids = sorted(id_ for id_ in self.visible() if id_ > after)[: self.page_size]
            shown = [id_ for id_ in ids if id_ not in self.hidden]
            items = [raw(self.entities[id_]) for id_ in shown]
            self.on_read(shown)
            last = not any(id_ > ids[-1] for id_ in self.visible()) if ids else True
            time = self.clock.now()
            self.on_page(number)
            yield Page(items, last=last, server_time=time)
            if last:
                return
            after = ids[-1]

    def close(self) -> None:
        self.closed = True


class Source(Listed, GetsChanges, GetsOne, KnowsScope):
    """Has every capability."""

    changes_overlap: ClassVar[float] = 30.0

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        shown = self.visible()
        items = [
            raw(shown[id_]) for id_, at in self.touched.items() if at >= since and id_ in shown
        ]
        gone = [i for i, at in self.deleted.items() if at >= since and i not in self.entities]
        time = self.clock.now()
        self.on_page(-1)
        yield Page(items, deleted=gone, last=True, server_time=time)

    def get(self, type_: EntityType, id_: str) -> bytes:
        self.gets.append(id_)
        shown = self.visible().get(id_)
        if shown is not None:
            self.on_read([id_])
        self.on_get(id_)
        if shown is None:
            raise NotFound(f"no thing {id_}")
        return msgspec.json.encode(shown)

    def own_scope(self) -> str | None:
        return OWN

    def credential(self) -> str:
        return self.token


def raw(entity: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(entity))
