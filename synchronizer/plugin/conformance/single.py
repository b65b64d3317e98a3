# SPDX-License-Identifier: Apache-2.0
"""Single entities: the same state as in a listing, and a NotFound that is evidence."""

from synchronizer import errors
from synchronizer.model import Entity, EntityType
from synchronizer.plugin.conformance.failing import NotConforming
from synchronizer.plugin.conformance.subject import Subject, differing

#: Entities of a type that are asked for.
_SAMPLE = 20

#: Ids that lead astray where they become part of a path or a query.
_ODD_IDS = ("", ".", "..", "../..", "/", "a/b", "%2e%2e", "x?y=1#z", "*", "' or '1'='1", "\u2603")


class SingleChecks:
    """Of `GetsOne.get`."""

    def test_a_single_entity_looks_as_in_a_listing(self, subject: Subject) -> None:
        """Its id and every field that counts."""
        for type_ in subject.types_with_get():
            listed = subject.listed(type_).entities
            for id_ in list(listed)[:_SAMPLE]:
                self._check(subject, type_, id_, listed[id_])

    def _check(self, subject: Subject, type_: EntityType, id_: str, listed: Entity) -> None:
        where = subject.where(f"get({id_!r})", type_)
        try:
            found = subject.get(type_, id_)
        except errors.NotFound as error:
            raise NotConforming(
                f"it does not find an entity that the listing shows: {error}",
                where=where,
                mend="ask for it under the id of the listing; NotFound is taken for evidence that"
                " it was deleted",
            ) from error
        if found.get(type_.id_field) != id_:
            raise NotConforming(
                "it shows an entity of another id, or of none",
                where=where,
                mend="unwrap the entity, so that it has the form of the listing's items",
            )
        fields = differing(found, listed, type_)
        if fields:
            raise NotConforming(
                f"it differs from the listing in {', '.join(fields)}",
                where=where,
                mend="ask for both at the same level of detail, and drop here what the listing"
                " never shows: else each look is a change",
            )

    def test_an_absent_entity_is_not_found(self, subject: Subject) -> None:
        """`NotFound`, and nothing else."""
        for type_ in subject.types_with_get():
            id_ = subject.source.absent_id(type_)
            where = subject.where(f"get({id_!r})", type_)
            try:
                subject.get(type_, id_)
            except errors.NotFound:
                continue
            except errors.SynchronizerError as error:
                raise NotConforming(
                    f"for an entity that does not exist it raises {type(error).__name__}: {error}",
                    where=where,
                    mend="raise NotFound where the service itself says so (if the id is not of the"
                    " service's form: Source.absent_id)",
                ) from error
            raise NotConforming(
                "for an entity that does not exist it returns one",
                where=where,
                mend="raise NotFound where the service says that there is none",
            )

    def test_odd_ids_are_no_way_to_something_else(self, subject: Subject) -> None:
        """An error of the SDK, not a listing, another entity or a crash."""
        for type_ in subject.types_with_get():
            listed = subject.listed(type_).entities
            for id_ in _ODD_IDS:
                if id_ in listed:
                    continue
                try:
                    subject.get(type_, id_)
                except errors.SynchronizerError:
                    continue
                raise NotConforming(
                    "it returns something for an id that nothing has",
                    where=subject.where(f"get({id_!r})", type_),
                    mend="quote the id before it becomes part of a path or a query, and see that"
                    " the answer has the id that was asked for",
                )
