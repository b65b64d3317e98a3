# SPDX-License-Identifier: Apache-2.0
"""What a plugin declares: its class, types, masks, settings and entry point."""

import importlib.metadata
import re
from collections.abc import Iterator

import pytest

from synchronizer import errors
from synchronizer.model import Entity, EntityType
from synchronizer.plugin import declarations
from synchronizer.plugin.conformance.failing import NotConforming
from synchronizer.plugin.conformance.subject import Subject
from synchronizer.plugin.loader import GROUP
from synchronizer.plugin.page import Setting

_SETTING = re.compile(r"[a-z][a-z0-9_]*")


class DeclarationChecks:
    """Of the class and of what it says of itself."""

    def test_its_class_can_be_used(self, subject: Subject) -> None:
        """A service, a version, and every abstract method."""
        try:
            declarations.check_class(type(subject.plugin))
        except errors.BadPlugin as error:
            raise NotConforming(
                str(error), where=subject.name, mend="correct the class as it says"
            ) from None

    def test_its_types_are_well_declared(self, subject: Subject) -> None:
        """Named service.kind, distinct, with fit masks, and always the same."""
        where = f"{subject.name}.types"
        try:
            declarations.check_types(subject.plugin)
        except errors.BadPlugin as error:
            raise NotConforming(str(error), where=where, mend="declare the type so") from None
        if subject.plugin.types() != subject.plugin.types():
            raise NotConforming(
                "it says something else each time",
                where=where,
                mend="return the same EntityTypes, always: the daemon asks once, at its start",
            )

    def test_its_settings_are_well_declared(self, subject: Subject) -> None:
        """Each of a name that can stand in a file, a type, and help."""
        seen: set[str] = set()
        for setting in subject.plugin.settings:
            name = setting.name if isinstance(setting, Setting) else repr(setting)
            for wrong in _wrong_with(setting, seen):
                raise NotConforming(
                    f"the setting {name} {wrong}",
                    where=f"{subject.name}.settings",
                    mend="declare Setting(name, default, help), as in Setting('page_size', 500,"
                    " 'entities per request')",
                )
            seen.add(name)

    def test_its_masks_name_top_level_fields(self, subject: Subject) -> None:
        """`volatile`, `sensitive` and `scope_field` are names of fields, not paths."""
        for type_ in subject.types:
            entities = list(subject.listed(type_).entities.values())
            for name in type_.volatile | type_.sensitive | {type_.scope_field or type_.id_field}:
                parts = re.split(r"[.\[/]", name)
                if any(name in entity for entity in entities) or len(parts) == 1:
                    continue
                if any(isinstance(entity.get(parts[0]), dict | list) for entity in entities):
                    raise NotConforming(
                        f"{name!r} is a path, which masks nothing",
                        where=f"{subject.name}.types, {type_.name}",
                        mend=f"name the whole top-level field: {parts[0]!r}",
                    )

    def test_its_listing_has_a_scope_where_it_declares_one(self, subject: Subject) -> None:
        """`scope_field` is a field of the entities."""
        for type_ in subject.types:
            if type_.scope_field is None or _any_has(subject, type_, type_.scope_field):
                continue
            raise NotConforming(
                f"no entity has the scope_field {type_.scope_field!r}",
                where=f"{subject.name}.types, {type_.name}",
                mend="name the top-level field that holds an entity's owner, or leave it out",
            )

    def test_it_has_an_entry_point(self, subject: Subject) -> None:
        """It is installed so that the daemon finds it."""
        class_ = type(subject.plugin)
        points = [
            point
            for point in importlib.metadata.entry_points(group=GROUP)
            if point.value.partition(":")[2] == class_.__qualname__
        ]
        for point in points:
            if _loaded(point) is class_:
                return
        pytest.skip(
            f"no installed entry point leads to {class_.__name__}; as the daemon finds plugins:"
            f' [project.entry-points."{GROUP}"]'
            f' {class_.service} = "{class_.__module__}:{class_.__qualname__}"'
        )


def _loaded(point: importlib.metadata.EntryPoint) -> object:
    try:
        return point.load()
    except Exception:
        return None  # another plugin that cannot be imported


def _wrong_with(setting: object, seen: set[str]) -> Iterator[str]:
    if not isinstance(setting, Setting):
        yield "is no Setting"
        return
    if not _SETTING.fullmatch(setting.name):
        yield "is not named in lower-case letters, digits and '_'"
    if setting.name in seen:
        yield "is declared twice"
    if type(setting.default) not in {str, int, float, bool}:
        yield f"has a default of the type {type(setting.default).__name__}"
    if not setting.help.strip():
        yield "has no help"


def _any_has(subject: Subject, type_: EntityType, field: str) -> bool:
    entities: list[Entity] = list(subject.listed(type_).entities.values())
    return not entities or any(field in entity for entity in entities)
