# SPDX-License-Identifier: Apache-2.0
"""The plugin under test, asked as the sampler asks it."""

import time
from collections.abc import Callable, Iterable, Iterator

import msgspec
import pytest

from synchronizer import errors, fingerprint
from synchronizer.model import Entity, EntityType
from synchronizer.plugin.base import GetsChanges, GetsOne, Plugin
from synchronizer.plugin.conformance.failing import NotConforming, bounded
from synchronizer.plugin.conformance.reading import Reading, Walk, read
from synchronizer.plugin.conformance.source import Source
from synchronizer.plugin.page import Page

#: pytest shows the check that failed, and not these lines below it.
__tracebackhide__ = True

_GAP = 0.05


class Subject:
    """One plugin, made for one check from the source under test."""

    def __init__(self, source: Source, plugin: Plugin) -> None:
        self.source = source
        self.plugin = plugin
        self.name = type(plugin).__name__

    @property
    def types(self) -> tuple[EntityType, ...]:
        return tuple(self.plugin.sampled())

    def each(self, check: Callable[[EntityType], object], types: Iterable[EntityType]) -> None:
        """The check, of each of these types. Those for which a hook of the source skips it are
        left out; if that leaves none, it is skipped."""
        skipped: list[str] = []
        checked = 0
        for type_ in types:
            try:
                check(type_)
            except pytest.skip.Exception as skip:
                skipped.append(f"{type_.name}: {skip.msg}")
            else:
                checked += 1
        if not checked:
            pytest.skip("; ".join(skipped) or "there is no type to check it of")

    def where(self, call: str, type_: EntityType) -> str:
        return f"{self.name}.{call}, {type_.name}"

    # --- listings and changes ----------------------------------------------

    def listing(self, type_: EntityType) -> Reading:
        """A whole listing. `NotConforming` and errors of the SDK if it cannot be read."""
        where = self.where("get_all", type_)
        return read(where, type_, lambda: self._begin(type_), self.source.deadline)

    def listed(self, type_: EntityType) -> Reading:
        """The same, for checks that speak of something else: a failure is not theirs."""
        try:
            return self.listing(type_)
        except (NotConforming, errors.SynchronizerError) as error:
            pytest.skip(f"nothing can be listed; see test_a_listing_can_be_read: {error}")

    def walk(self, type_: EntityType) -> Walk:
        """A listing that has begun."""
        where = self.where("get_all", type_)
        return Walk(where, lambda: self._begin(type_), self.source.deadline)

    def _begin(self, type_: EntityType) -> Iterator[Page]:
        return self.plugin.get_all(type_)

    def gets_changes(self, type_: EntityType) -> bool:
        return isinstance(self.plugin, GetsChanges) and self.plugin.gets_changes(type_)

    def types_with_changes(self) -> list[EntityType]:
        """Those whose changes can be asked for; the check is skipped if there are none."""
        found = [type_ for type_ in self.types if self.gets_changes(type_)]
        if not found:
            pytest.skip(f"{self.name} does not declare GetsChanges, or for none of its types")
        return found

    def changes(self, type_: EntityType, since: int) -> Reading:
        """All changes since an instant of the service's clock."""
        plugin = self.plugin
        if not isinstance(plugin, GetsChanges):
            pytest.skip(f"{self.name} does not declare GetsChanges")
        where = self.where(f"get_changes(since={since})", type_)
        return read(where, type_, lambda: plugin.get_changes(type_, since), self.source.deadline)

    def since(self, type_: EntityType) -> int:
        """From when the sampler would ask for changes, after a listing that began now."""
        before = time.time_ns() // 1000
        pages = self.listed(type_).pages
        answered = pages[0].server_time if pages else None
        overlap = self.plugin.changes_overlap if isinstance(self.plugin, GetsChanges) else 0.0
        return (before if answered is None else answered) - int(overlap * 1_000_000)

    # --- single entities ----------------------------------------------------

    def gets_one(self, type_: EntityType) -> bool:
        return isinstance(self.plugin, GetsOne) and self.plugin.gets_one(type_)

    def types_with_get(self) -> list[EntityType]:
        """Those whose entities can be shown one by one; the check is skipped if there are none."""
        found = [type_ for type_ in self.types if self.gets_one(type_)]
        if not found:
            pytest.skip(f"{self.name} does not declare GetsOne, or for none of its types")
        return found

    def get(self, type_: EntityType, id_: str) -> Entity:
        """One entity. `NotConforming` if what comes is no JSON text of an object."""
        plugin = self.plugin
        if not isinstance(plugin, GetsOne):
            pytest.skip(f"{self.name} does not declare GetsOne")
        where = self.where(f"get({id_!r})", type_)
        raw = bounded(where, self.source.deadline, lambda: plugin.get(type_, id_))
        mend = "return the entity's JSON text, as bytes; raise NotFound if there is none"
        if not isinstance(raw, bytes | msgspec.Raw):
            raise NotConforming(f"it returns a {type(raw).__name__}", where=where, mend=mend)
        try:
            return fingerprint.decode(raw)
        except errors.BadItem as error:
            raise NotConforming(str(error), where=where, mend=mend) from None

    # --- comparing ------------------------------------------------------------

    def eventually(
        self, what: str, condition: Callable[[], bool], *, where: str, mend: str
    ) -> None:
        """`NotConforming` unless the condition holds within the source's patience."""
        end = time.monotonic() + self.source.patience
        while not condition():
            if time.monotonic() > end:
                raise NotConforming(what, where=where, mend=mend)
            time.sleep(_GAP)


def state(entity: Entity, type_: EntityType) -> Entity:
    """What counts when two states are compared."""
    return fingerprint.without(entity, type_.volatile | type_.sensitive)


def differing(one: Entity, other: Entity, type_: EntityType) -> list[str]:
    """The names of the fields that differ and count. Never their values."""
    first, second = state(one, type_), state(other, type_)
    absent = object()
    return sorted(
        name
        for name in first.keys() | second.keys()
        if first.get(name, absent) != second.get(name, absent)
    )
