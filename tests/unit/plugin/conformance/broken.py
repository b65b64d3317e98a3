# SPDX-License-Identifier: Apache-2.0
"""Plugins with one fault each.

`breaks` are the names of the checks that have to fail, and no others may but, where two
threads decide it, those of `may_break`. `hooks`: the checks can touch the source.
"""

import dataclasses
import logging
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from synchronizer.plugin import (
    EntityType,
    Page,
    PluginContext,
    Setting,
)
from tests.unit.plugin.conformance.things import THING, Good, Listed, Service

LOG = logging.getLogger(__name__)


class Faulty(Listed):
    """Its fault is in what every plugin has."""

    breaks: ClassVar[tuple[str, ...]]
    may_break: ClassVar[tuple[str, ...]] = ()
    hooks: ClassVar[bool] = False


def but(page: Page, **fields: Any) -> Page:
    return dataclasses.replace(page, **fields)


def with_fields(item: Any, **fields: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(msgspec.json.decode(item) | fields))


# --- declarations ----------------------------------------------------------


class UnusableService(Faulty):
    breaks = ("its_class_can_be_used", "its_types_are_well_declared")
    service = "Things!"


class MisnamedType(Faulty):
    breaks = ("its_types_are_well_declared",)

    def types(self) -> tuple[EntityType, ...]:
        return (dataclasses.replace(THING, name="other.thing"),)


class SettingWithoutHelp(Faulty):
    breaks = ("its_settings_are_well_declared",)
    settings = (*Good.settings, Setting("retries", 3, " "))


class MaskIsAPath(Faulty):
    breaks = ("its_masks_name_top_level_fields",)

    def types(self) -> tuple[EntityType, ...]:
        return (dataclasses.replace(THING, volatile=THING.volatile | {"detail.size"}),)


class ScopeThatNobodyHas(Faulty):
    breaks = ("its_listing_has_a_scope_where_it_declares_one",)

    def types(self) -> tuple[EntityType, ...]:
        return (dataclasses.replace(THING, scope_field="project"),)


class SecretNotDeclared(Faulty):
    breaks = ("fields_that_sound_secret_are_sensitive", "secrets_are_in_sensitive_fields_only")

    def types(self) -> tuple[EntityType, ...]:
        return (dataclasses.replace(THING, sensitive=frozenset()),)


# --- listings --------------------------------------------------------------


class ForeignError(Faulty):
    breaks = ("an_unreachable_service_cannot_be_listed",)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        if not self.things.up:
            raise ConnectionRefusedError(111, "Connection refused")
        yield from super().get_all(type_)


class EmptyWhenDown(Faulty):
    breaks = ("an_unreachable_service_cannot_be_listed",)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        if self.things.up:
            yield from super().get_all(type_)
        else:
            yield Page(last=True)


class ReturnsAList(Faulty):
    breaks = ("a_listing_can_be_read",)

    def get_all(self, type_: EntityType) -> Any:
        return list(super().get_all(type_))


class LoopsForEver(Faulty):
    breaks = ("a_listing_can_be_read",)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        pages = list(super().get_all(type_))
        while True:
            yield but(pages[0], last=False)


class NeverLast(Faulty):
    breaks = ("the_last_page_says_that_it_is_the_last",)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        for page in super().get_all(type_):
            yield but(page, last=False)


class AlwaysLast(Faulty):
    breaks = ("the_last_page_says_that_it_is_the_last",)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        for page in super().get_all(type_):
            yield but(page, last=True)


class ProblemsIsAText(Faulty):
    breaks = ("its_pages_have_the_right_form", "a_healthy_source_has_no_problems")

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        for page in super().get_all(type_):
            yield but(page, problems="truncated")


class TimeInSeconds(Faulty):
    breaks = ("its_pages_have_the_right_form",)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        for page in super().get_all(type_):
            yield but(page, server_time=int(time.time()))


class WrongIdField(Faulty):
    breaks = ("its_items_are_objects_with_an_id", "there_is_something_to_list")

    def types(self) -> tuple[EntityType, ...]:
        return (dataclasses.replace(THING, id_field="uuid"),)


class ItemsDecoded(Faulty):
    breaks = ("its_items_are_objects_with_an_id",)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        for page in super().get_all(type_):
            yield but(page, items=[*page.items, {"id": "decoded"}])


class IdWithNul(Faulty):
    breaks = ("its_items_are_objects_with_an_id",)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        for page in super().get_all(type_):
            ids = [msgspec.json.decode(item)["id"] + "\0" for item in page.items]
            items = [with_fields(i, id=id_) for i, id_ in zip(page.items, ids, strict=True)]
            yield but(page, items=items)


class PagesOverlap(Faulty):
    breaks = ("no_entity_is_listed_twice",)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        before: list[Any] = []
        for page in super().get_all(type_):
            yield but(page, items=[*before, *page.items])
            before = [page.items[-1]]


class MovesByItself(Faulty):
    breaks = ("what_did_not_change_looks_the_same_again",)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        for page in super().get_all(type_):
            yield but(page, items=[with_fields(i, load=time.time_ns()) for i in page.items])


class LeavesFilesOpen(Faulty):
    breaks = ("a_listing_can_be_given_up",)

    def __init__(self, context: PluginContext, things: Service) -> None:
        super().__init__(context, things)
        self._files: list[Any] = []

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        file = open(__file__)  # noqa: PTH123, SIM115 - the fault
        self._files.append(file)
        yield from super().get_all(type_)
        file.close()

    def close(self) -> None:
        for file in self._files:
            file.close()


class OneCursorForAll(Faulty):
    breaks = ("listings_side_by_side_do_not_disturb_each_other",)
    may_break = ("all_questions_can_be_asked_at_once",)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        self._pages = super().get_all(type_)
        # Whoever asks next takes over what is left for those before.
        while (page := next(self._pages, None)) is not None:
            yield page


class Eager(Faulty):
    breaks = ("a_page_is_requested_when_it_is_asked_for",)
    hooks = True

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        return iter(list(super().get_all(type_)))


class RemembersItsFirstListing(Faulty):
    breaks = (
        "what_is_created_shows",
        "what_is_updated_shows",
        "what_is_deleted_is_gone",
        "a_page_is_requested_when_it_is_asked_for",
    )
    hooks = True

    def __init__(self, context: PluginContext, things: Service) -> None:
        super().__init__(context, things)
        self._first: list[Page] = []

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        self._first = self._first or list(super().get_all(type_))
        yield from self._first
