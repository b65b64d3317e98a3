# SPDX-License-Identifier: Apache-2.0
"""What a plugin says of its own credential, and of what it may see."""

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from synchronizer.model import Entity, EntityType
from synchronizer.plugin.base import KnowsScope
from synchronizer.plugin.conformance.failing import NotConforming, bounded
from synchronizer.plugin.conformance.subject import Subject

#: Entities of a type that are looked at.
_SAMPLE = 10

#: What may stand in a field where something else was expected.
_INSTEAD: tuple[Any, ...] = (None, 7, "x", [], {})


class ScopeChecks:
    """Of `KnowsScope`."""

    def test_its_own_scope_is_a_name_or_nothing(self, subject: Subject) -> None:
        """As the entities' scope_field has it."""
        plugin = _scoped(subject)
        scope: object = bounded("own_scope", subject.source.deadline, plugin.own_scope)
        if scope is not None and not (isinstance(scope, str) and scope):
            raise NotConforming(
                f"it is a {type(scope).__name__}, or empty",
                where=f"{subject.name}.own_scope",
                mend="return the id that the credential's own entities have in their scope_field,"
                " or None",
            )

    def test_it_says_which_fields_hold_the_scope(self, subject: Subject) -> None:
        """Without EntityType.scope_field nobody can tell a foreign entity."""
        plugin = _scoped(subject)
        if type(plugin).vouches is not KnowsScope.vouches:
            return
        if all(type_.scope_field is None for type_ in subject.types):
            raise NotConforming(
                "no type has a scope_field, so that the scope is of no use",
                where=f"{subject.name}.types",
                mend="declare EntityType(..., scope_field=...), say in vouches() what shows that"
                " the credential sees all, or do not inherit from KnowsScope",
            )

    def test_it_says_of_any_entity_whether_it_vouches(self, subject: Subject) -> None:
        """True or False, whatever the entity lacks; always the same; the entity stays as it is."""
        plugin = _scoped(subject)
        own = bounded("own_scope", subject.source.deadline, plugin.own_scope)
        for type_ in subject.types:
            for entity in _looks(list(subject.listed(type_).entities.values())[:_SAMPLE]):
                said = _vouches(subject, plugin, type_, entity, own)
                if _vouches(subject, plugin, type_, entity, own) is not said:
                    raise NotConforming(
                        "it says something else each time",
                        where=subject.where("vouches", type_),
                        mend="look at the entity and at `own` alone",
                    )

    def test_an_entity_of_its_own_scope_does_not_vouch(self, subject: Subject) -> None:
        """It is seen with no more than the rights of a plain member."""
        plugin = _scoped(subject)
        own = bounded("own_scope", subject.source.deadline, plugin.own_scope)
        for type_ in subject.types:
            if own is None or type_.scope_field is None:
                continue
            for id_, entity in subject.listed(type_).entities.items():
                mine = {**entity, type_.scope_field: own}
                if _vouches(subject, plugin, type_, mine, own):
                    raise NotConforming(
                        f"it vouches for the credential, were {id_!r} of its own scope",
                        where=subject.where("vouches", type_),
                        mend="say True only of what nobody sees who does not see all of the type",
                    )

    def test_whether_an_entity_vouches_is_told_without_the_service(
        self, subject: Subject, unreachable: Subject
    ) -> None:
        """The sampler asks it of every entity that it decodes."""
        plugin, other = _scoped(subject), _scoped(unreachable)
        own = bounded("own_scope", subject.source.deadline, plugin.own_scope)
        for type_ in subject.types:
            for entity in list(subject.listed(type_).entities.values())[:_SAMPLE]:
                expected = _vouches(subject, plugin, type_, entity, own)
                if _vouches(unreachable, other, type_, entity, own) is not expected:
                    raise NotConforming(
                        "it says something else when the service does not answer",
                        where=subject.where("vouches", type_),
                        mend="look at the entity and at `own` alone; ask nobody",
                    )

    def test_its_credential_stays_while_nothing_happens(self, subject: Subject) -> None:
        """It changes when another token is used, and at no other time."""
        plugin = _scoped(subject)
        named = [
            bounded("credential", subject.source.deadline, plugin.credential) for _ in range(2)
        ]
        where = f"{subject.name}.credential"
        if not all(isinstance(name, str) and name for name in named):
            raise NotConforming(
                "it is no text, or empty", where=where, mend="return a hash of the token in use"
            )
        if named[0] != named[1]:
            raise NotConforming(
                "it is another one each time, so that no absence is ever confirmed",
                where=where,
                mend="return what stays as long as the token does",
            )


def _looks(entities: Iterable[Entity]) -> Iterator[Entity]:
    """Entities as they are, and with each field missing, null and of another type."""
    yield {}
    for entity in entities:
        yield entity
        for name in entity:
            yield {other: value for other, value in entity.items() if other != name}
            for instead in _INSTEAD:
                yield {**entity, name: instead}


def _vouches(
    subject: Subject, plugin: KnowsScope, type_: EntityType, entity: Entity, own: str | None
) -> bool:
    where = subject.where("vouches", type_)
    given = copy.deepcopy(entity)
    mend = "return a bool, of the entity and of `own` alone; a field may be missing or null"
    try:
        said: object = plugin.vouches(type_, given, own)
    except Exception as error:
        raise NotConforming(
            f"{type(error).__name__} left it: {error}", where=where, mend=mend
        ) from error
    if not isinstance(said, bool):
        raise NotConforming(f"it returns a {type(said).__name__}", where=where, mend=mend)
    if given != entity:
        raise NotConforming("it changes the entity", where=where, mend=mend)
    return said


def _scoped(subject: Subject) -> KnowsScope:
    plugin = subject.plugin
    if not isinstance(plugin, KnowsScope):
        pytest.skip(f"{subject.name} does not declare KnowsScope")
    return plugin
