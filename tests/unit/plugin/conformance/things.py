# SPDX-License-Identifier: Apache-2.0
"""A service in memory, and a plugin for it that has every capability and keeps its promises."""

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import msgspec

from synchronizer.plugin import (
    EntityType,
    GetsChanges,
    GetsOne,
    HearsNotifications,
    Hint,
    KnowsScope,
    NotFound,
    Page,
    Plugin,
    PluginContext,
    Setting,
    SourceUnavailable,
)
from synchronizer.plugin.conformance import Notified, Source

THING = EntityType(
    "things.thing",
    volatile=frozenset({"heartbeat"}),
    sensitive=frozenset({"password"}),
    scope_field="owner",
)
PASSWORD = "hunter2-of-the-thing"
PAGE = 3

_beats = itertools.count()


class Service:
    """What there is, and what there was. Its clock never shows an instant twice."""

    def __init__(self) -> None:
        self.up = True
        self.things: dict[str, dict[str, Any]] = {}
        self.touched: dict[str, int] = {}
        self._numbers = itertools.count(1)
        self._now = 0
        for _ in range(8):
            self.add()

    def now(self) -> int:
        self._now = max(self._now + 1, time.time_ns() // 1000)
        return self._now

    def add(self) -> str:
        id_ = f"t-{next(self._numbers):03}"
        self.things[id_] = {
            "id": id_,
            "state": "new",
            "owner": "ours" if len(self.things) % 2 else "theirs",
            "detail": {"size": 1},
            "password": PASSWORD,
        }
        self.touched[id_] = self.now()
        return id_

    def ask(self) -> None:
        if not self.up:
            raise SourceUnavailable("the things do not answer")

    def text(self, id_: str) -> msgspec.Raw:
        thing = self.things[id_] | {"heartbeat": next(_beats)}
        return msgspec.Raw(msgspec.json.encode(thing))


class Listed(Plugin):
    """Can be listed, and no more."""

    service: ClassVar[str] = "things"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("token", "", "opens the service", secret=True),
        Setting("page_size", PAGE, "things on a page"),
    )

    def __init__(self, context: PluginContext, things: Service) -> None:
        super().__init__(context)
        self.things = things

    def types(self) -> tuple[EntityType, ...]:
        return (THING,)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        after = ""
        while True:
            self.things.ask()
            ids = sorted(id_ for id_ in self.things.things if id_ > after)
            shown = ids[: self.setting("page_size")]
            last = len(ids) == len(shown)
            yield Page(
                [self.things.text(id_) for id_ in shown],
                last=last,
                server_time=self.things.now(),
            )
            if last:
                return
            after = shown[-1]


class Good(Listed, GetsChanges, GetsOne, KnowsScope, HearsNotifications):
    """Has every capability."""

    changes_overlap: ClassVar[float] = 0.0
    channels = (("things", "notifications"),)

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        self.things.ask()
        changed = [id_ for id_, at in self.things.touched.items() if at >= since]
        yield Page(
            [self.things.text(id_) for id_ in changed if id_ in self.things.things],
            deleted=[id_ for id_ in changed if id_ not in self.things.things],
            last=True,
            server_time=self.things.now(),
        )

    def get(self, type_: EntityType, id_: str) -> bytes:
        self.things.ask()
        if id_ not in self.things.things:
            raise NotFound(f"there is no thing {id_}")
        return bytes(self.things.text(id_))

    def own_scope(self) -> str | None:
        return "ours"

    def credential(self) -> str:
        return "the first token"

    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        if event_type.startswith("thing."):
            id_ = payload.get("id")
            yield Hint(THING.name, id_ if isinstance(id_, str) and id_ else None)

    def check(self) -> Iterable[str]:
        self.things.ask()
        yield "things: they answer"


#: What the service is made of: it can be listed, and no more.
PART = EntityType("things.part")


class Mixed(Good):
    """Can do more for one type than for the other."""

    def types(self) -> tuple[EntityType, ...]:
        return (PART, THING)

    def gets_one(self, type_: EntityType) -> bool:
        return type_ == THING

    def gets_changes(self, type_: EntityType) -> bool:
        return type_ == THING

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        if type_ == THING:
            yield from super().get_all(type_)
            return
        self.things.ask()
        yield Page([b'{"id": "wheel"}', b'{"id": "bolt"}'], last=True)

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        if type_ != THING:
            raise TypeError(f"{type_.name} has no changes-since")
        return super().get_changes(type_, since)

    def get(self, type_: EntityType, id_: str) -> bytes:
        if type_ != THING:
            raise TypeError(f"{type_.name} has no GET")
        return super().get(type_, id_)


class Things(Source):
    """A service of its own for each check, read by a plugin of the class that is given."""

    def __init__(self, plugin: type[Listed]) -> None:
        self._class = plugin
        self._things = Service()

    def make_plugin(self) -> Plugin:
        return self._class(PluginContext("c1", {"token": "open-sesame"}), self._things)

    def make_unreachable_plugin(self) -> Plugin:
        down = Service()
        down.up = False
        return self._class(PluginContext("c1"), down)

    def secrets(self) -> list[str]:
        return [PASSWORD]

    def notifications(self) -> list[Notified]:
        return [
            Notified("thing.update", {"id": "t-001"}, frozenset({(THING.name, "t-001")})),
            Notified("thing.update", {"all": [1, {"x": "y"}]}, frozenset({(THING.name, None)})),
            Notified("stuff.update", {"id": "t-001"}),
        ]


class HookedThings(Things):
    """The checks can change what there is, parts apart. It shows at once, or never."""

    patience = 0.0

    def creatable(self, type_: EntityType) -> bool:
        return type_ != PART

    def create(self, type_: EntityType) -> str:
        return self._things.add()

    def update(self, type_: EntityType, id_: str) -> None:
        self._things.things[id_]["state"] = "updated"
        self._things.touched[id_] = self._things.now()

    def delete(self, type_: EntityType, id_: str) -> None:
        del self._things.things[id_]
        self._things.touched[id_] = self._things.now()
