# SPDX-License-Identifier: Apache-2.0
"""Plugins with one fault each, in a capability that they declare. See `broken.py`."""

import dataclasses
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from synchronizer.plugin import (
    Entity,
    EntityType,
    Hint,
    NotFound,
    Page,
    PluginContext,
    SourceUnavailable,
)
from tests.unit.plugin.conformance.broken import Faulty, but, with_fields
from tests.unit.plugin.conformance.things import THING, Good, Service

LOG = logging.getLogger(__name__)


class FaultyCapability(Faulty, Good):
    """Its fault is in a capability."""


# --- single entities -------------------------------------------------------


class GetShowsMore(FaultyCapability):
    breaks = ("a_single_entity_looks_as_in_a_listing",)

    def get(self, type_: EntityType, id_: str) -> bytes:
        return bytes(with_fields(super().get(type_, id_), groups=[]))


class AbsentIsAnError(FaultyCapability):
    breaks = ("an_absent_entity_is_not_found",)

    def get(self, type_: EntityType, id_: str) -> bytes:
        try:
            return super().get(type_, id_)
        except NotFound:
            raise SourceUnavailable("HTTP 404") from None


class AbsentIsEmpty(FaultyCapability):
    breaks = ("an_absent_entity_is_not_found", "odd_ids_are_no_way_to_something_else")

    def get(self, type_: EntityType, id_: str) -> bytes:
        try:
            return super().get(type_, id_)
        except NotFound:
            return b"{}"


class NotFoundWhenDown(FaultyCapability):
    breaks = ("an_unreachable_service_proves_no_absence",)

    def get(self, type_: EntityType, id_: str) -> bytes:
        if not self.things.up:
            raise NotFound("HTTP 404 of a proxy")
        return super().get(type_, id_)


# --- changes ---------------------------------------------------------------


class ChangesWithoutEnd(FaultyCapability):
    breaks = ("changes_come_as_pages",)

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        for page in super().get_changes(type_, since):
            yield but(page, last=False)


class ChangesOfAnotherForm(FaultyCapability):
    breaks = ("changes_look_as_in_a_listing",)

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        for page in super().get_changes(type_, since):
            yield but(page, items=[with_fields(item, groups=[]) for item in page.items])


class OldInstantsUnknown(FaultyCapability):
    breaks = ("any_instant_can_be_asked_for", "changes_look_as_in_a_listing")

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        if since == 0 and self.things.up:
            raise ValueError("year 0 is out of range")
        yield from super().get_changes(type_, since)


class NegativeOverlap(FaultyCapability):
    breaks = ("the_overlap_is_a_number_of_seconds",)
    changes_overlap = -1.0


class SinceInSeconds(FaultyCapability):
    breaks = ("what_is_created_shows", "what_is_updated_shows", "what_is_deleted_is_gone")
    hooks = True

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        yield from super().get_changes(type_, since * 1_000_000)


class ForgetsDeletes(FaultyCapability):
    breaks = ("what_is_deleted_is_gone",)
    hooks = True

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        for page in super().get_changes(type_, since):
            yield but(page, deleted=())


class ChangesWhenDown(FaultyCapability):
    breaks = ("an_unreachable_service_has_no_changes",)

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        if self.things.up:
            yield from super().get_changes(type_, since)
        else:
            yield Page(last=True)


# --- scope, notifications, life --------------------------------------------


class ScopeIsANumber(FaultyCapability):
    breaks = ("its_own_scope_is_a_name_or_nothing",)

    def own_scope(self) -> Any:
        return 7


class ScopeOfNoUse(FaultyCapability):
    breaks = ("it_says_which_fields_hold_the_scope",)

    def types(self) -> tuple[EntityType, ...]:
        return (dataclasses.replace(THING, scope_field=None),)


class VouchesForItself(FaultyCapability):
    breaks = ("an_entity_of_its_own_scope_does_not_vouch",)

    def vouches(self, type_: EntityType, entity: Entity, own: str | None) -> bool:
        return True


class VouchesForWholeEntitiesOnly(FaultyCapability):
    breaks = ("it_says_of_any_entity_whether_it_vouches",)

    def vouches(self, type_: EntityType, entity: Entity, own: str | None) -> bool:
        return bool(entity["owner"] != own)


class VouchesByAsking(FaultyCapability):
    breaks = ("whether_an_entity_vouches_is_told_without_the_service",)

    def vouches(self, type_: EntityType, entity: Entity, own: str | None) -> bool:
        return self.things.up and super().vouches(type_, entity, own)


class CredentialMoves(FaultyCapability):
    breaks = ("its_credential_stays_while_nothing_happens",)

    def credential(self) -> str:
        return str(time.monotonic_ns())


class ChannelWithoutExchange(FaultyCapability):
    breaks = ("its_channels_are_named",)
    channels: ClassVar[Any] = ("notifications",)


class HintsAtTheWrongType(FaultyCapability):
    breaks = ("a_notification_hints_at_its_entities", "a_mutilated_notification_is_no_error")

    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        for hint in super().on_notification(event_type, payload):
            yield Hint("thing", hint.id)


class HintsAtAnything(FaultyCapability):
    breaks = ("a_notification_hints_at_its_entities", "a_foreign_notification_hints_at_nothing")

    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        yield Hint(THING.name, str(payload.get("id") or "t-001"))


class TrustsNotifications(FaultyCapability):
    breaks = ("a_mutilated_notification_is_no_error",)

    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        if not event_type.startswith("thing."):
            return ()
        return [Hint(THING.name, None if "all" in payload else payload["id"])]


class LogsItsToken(FaultyCapability):
    breaks = ("secrets_are_never_said",)

    def check(self) -> Iterable[str]:
        LOG.debug("X-Auth-Token: %s", self.setting("token"))
        return super().check()


class CheckOfTwoLines(FaultyCapability):
    breaks = ("its_check_says_a_line_for_each_thing",)

    def check(self) -> Iterable[str]:
        yield from super().check()
        yield "two\nlines"


class CheckOfNothing(FaultyCapability):
    breaks = ("checking_an_unreachable_service_says_so",)

    def check(self) -> Iterable[str]:
        yield "all is well"


class StartsAThread(FaultyCapability):
    breaks = ("constructing_it_starts_nothing",)

    def __init__(self, context: PluginContext, things: Service) -> None:
        super().__init__(context, things)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._stop.wait, name="polling", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


class ClosesForAll(FaultyCapability):
    breaks = ("it_can_be_closed_in_the_middle_of_a_listing",)

    def close(self) -> None:
        self.things.things.clear()
