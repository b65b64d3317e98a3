# SPDX-License-Identifier: Apache-2.0
"""What the checks do to the source shows in listings, changes and single looks alike.

They need the hooks `Source.create`, `update` and `delete`.
"""

from synchronizer import errors
from synchronizer.model import EntityType
from synchronizer.plugin.conformance.failing import NotConforming
from synchronizer.plugin.conformance.reading import decoded
from synchronizer.plugin.conformance.subject import Subject, differing, state

_ASK = "ask the service each time, and for everything"
_SINCE = (
    "ask for what changed at or after `since` (microseconds, the service's clock), rounded down to"
    " its resolution"
)


class AgreementChecks:
    """Of `get_all`, `get_changes` and `get` together."""

    def test_what_is_created_shows(self, subject: Subject) -> None:
        """In the listing, in the changes and by itself, in the same state."""
        subject.each(lambda type_: _check_creating(subject, type_), _creatable(subject))

    def test_what_is_updated_shows(self, subject: Subject) -> None:
        """In the listing, in the changes and by itself, in the same state."""
        subject.each(lambda type_: _check_updating(subject, type_), _creatable(subject))

    def test_what_is_deleted_is_gone(self, subject: Subject) -> None:
        """From the listing; by itself it is not found; the changes tell of it."""
        subject.each(lambda type_: _check_deleting(subject, type_), _creatable(subject))

    def test_a_page_is_requested_when_it_is_asked_for(self, subject: Subject) -> None:
        """What was created after get_all() was called, and before its first page, is in it."""
        subject.each(lambda type_: _check_asking(subject, type_), _creatable(subject))


def _creatable(subject: Subject) -> list[EntityType]:
    return [type_ for type_ in subject.types if subject.source.creatable(type_)]


def _check_creating(subject: Subject, type_: EntityType) -> None:
    since = subject.since(type_)
    id_ = _created(subject, type_)
    _check_agreement(subject, type_, id_, since, "created")


def _check_asking(subject: Subject, type_: EntityType) -> None:
    subject.listed(type_)
    with subject.walk(type_) as walk:
        id_ = _created(subject, type_)
        entities = [decoded(item) for page in walk for item in page.items]
    if id_ not in {entity.get(type_.id_field) for entity in entities if entity}:
        raise NotConforming(
            f"{id_!r}, which was created before the first page was asked for, is not in it",
            where=subject.where("get_all", type_),
            mend="make get_all a generator that sends each page's request when it is"
            " advanced: the sampler notes what it knew at that moment",
        )


def _created(subject: Subject, type_: EntityType) -> str:
    """The id of a new entity, once it is listed."""
    id_ = subject.source.create(type_)
    subject.eventually(
        f"{id_!r} was created and is not listed",
        lambda: id_ in subject.listed(type_).entities,
        where=subject.where("get_all", type_),
        mend=_ASK,
    )
    return id_


def _check_updating(subject: Subject, type_: EntityType) -> None:
    id_ = _created(subject, type_)
    old = subject.listed(type_).entities[id_]
    since = subject.since(type_)
    subject.source.update(type_, id_)
    subject.eventually(
        f"{id_!r} was updated and the listing shows its old state",
        lambda: state(subject.listed(type_).entities.get(id_, old), type_) != state(old, type_),
        where=subject.where("get_all", type_),
        mend=f"{_ASK}; and see that the field is not declared volatile",
    )
    _check_agreement(subject, type_, id_, since, "updated")


def _check_agreement(subject: Subject, type_: EntityType, id_: str, since: int, what: str) -> None:
    if subject.gets_one(type_):
        subject.eventually(
            f"{id_!r} was {what}, and differs from what the listing shows",
            lambda: (
                not differing(
                    subject.get(type_, id_), subject.listed(type_).entities.get(id_, {}), type_
                )
            ),
            where=subject.where(f"get({id_!r})", type_),
            mend="ask for both at the same level of detail, and cache nothing",
        )
    if subject.gets_changes(type_):
        subject.eventually(
            f"{id_!r} was {what}, and the changes since before that do not show it so",
            lambda: (
                not differing(
                    subject.changes(type_, since).entities.get(id_, {}),
                    subject.listed(type_).entities.get(id_, {}),
                    type_,
                )
            ),
            where=subject.where("get_changes", type_),
            mend=_SINCE,
        )


def _check_deleting(subject: Subject, type_: EntityType) -> None:
    id_ = _created(subject, type_)
    since = subject.since(type_)
    subject.source.delete(type_, id_)
    subject.eventually(
        f"{id_!r} was deleted and is listed still",
        lambda: id_ not in subject.listed(type_).entities,
        where=subject.where("get_all", type_),
        mend=f"{_ASK}; hand over what it shows as deleted as Page.deleted",
    )
    if subject.gets_one(type_):
        subject.eventually(
            f"{id_!r} was deleted, and get does not say so",
            lambda: _is_not_found(subject, type_, id_),
            where=subject.where(f"get({id_!r})", type_),
            mend="raise NotFound where the service has no such entity, or shows it as deleted",
        )
    if subject.gets_changes(type_):
        _check_told(subject, type_, id_, since)


def _is_not_found(subject: Subject, type_: EntityType, id_: str) -> bool:
    try:
        subject.get(type_, id_)
    except errors.NotFound:
        return True
    except errors.SynchronizerError:
        return False
    return False


def _check_told(subject: Subject, type_: EntityType, id_: str, since: int) -> None:
    where = subject.where("get_changes", type_)
    subject.eventually(
        f"{id_!r} was deleted, and the changes show it as an entity",
        lambda: id_ not in subject.changes(type_, since).entities,
        where=where,
        mend="hand over what the service shows as deleted as Page.deleted, not among the items",
    )
    if subject.source.changes_show_deletes:
        subject.eventually(
            f"{id_!r} was deleted, and the changes since before that do not tell",
            lambda: id_ in subject.changes(type_, since).deleted,
            where=where,
            mend=f"{_SINCE}, deletions included; if the service cannot tell them:"
            " Source.changes_show_deletes = False",
        )
