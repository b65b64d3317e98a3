# SPDX-License-Identifier: Apache-2.0
"""Hints from the service's own notifications."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from synchronizer.plugin.base import HearsNotifications
from synchronizer.plugin.conformance.failing import NotConforming, bounded
from synchronizer.plugin.conformance.subject import Subject
from synchronizer.plugin.page import Hint

#: What may stand where something else was expected.
_INSTEAD: tuple[Any, ...] = (None, True, 7, "", "x", [], [None], {}, {"x": None})


class NotificationChecks:
    """Of `HearsNotifications.on_notification`."""

    def test_a_notification_hints_at_its_entities(self, subject: Subject) -> None:
        """At those that the source under test says, and no others."""
        _require(subject)
        for notified in subject.source.notifications():
            hints = _hints(subject, notified.event_type, notified.payload)
            found = {(hint.type, hint.id) for hint in hints}
            if found != notified.hints:
                raise NotConforming(
                    f"it hints at {_said(found)}, and not at {_said(notified.hints)}",
                    where=f"{subject.name}.on_notification({notified.event_type!r})",
                    mend="yield Hint(type, id) for each entity that the notification speaks of;"
                    " Hint(type, None) where it does not tell which one",
                )

    def test_a_foreign_notification_hints_at_nothing(self, subject: Subject) -> None:
        """Whatever comes over the bus, it is no error."""
        _require(subject)
        payloads: tuple[Mapping[str, Any], ...] = ({}, {"id": None}, {"x": [1, {"y": "z"}]})
        for payload in payloads:
            hints = _hints(subject, "synchronizer.conformance.unheard-of", payload)
            if hints:
                raise NotConforming(
                    f"it hints at {hints[0]} for an event of nobody's",
                    where=f"{subject.name}.on_notification",
                    mend="look at the event_type first, and yield nothing for those of no interest",
                )

    def test_a_mutilated_notification_is_no_error(self, subject: Subject) -> None:
        """Of an event that it knows, with anything missing, null or of another type."""
        _require(subject)
        for notified in subject.source.notifications():
            _hints(subject, notified.event_type, *_mutilated(notified.payload))

    def test_its_channels_are_named(self, subject: Subject) -> None:
        """Pairs of texts: (exchange, topic)."""
        channels: object = _require(subject).channels
        if not (isinstance(channels, tuple) and channels and all(map(_is_channel, channels))):
            raise NotConforming(
                f"they are {channels!r}",
                where=f"{subject.name}.channels",
                mend="say where the service notifies: channels = (('nova', 'notifications'),)",
            )


def _is_channel(channel: object) -> bool:
    return (
        isinstance(channel, tuple)
        and len(channel) == 2
        and all(isinstance(part, str) and part for part in channel)
    )


def _mutilated(value: Any) -> Iterator[Any]:
    """The value with one of its parts, however deep, missing or something else."""
    if isinstance(value, Mapping):
        yield {}
        for name, inner in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            for instead in (*_INSTEAD, *_mutilated(inner)):
                yield {**value, name: instead}
    elif isinstance(value, list):
        yield []
        for number, inner in enumerate(value):
            for instead in (*_INSTEAD, *_mutilated(inner)):
                yield [*value[:number], instead, *value[number + 1 :]]


def _hints(subject: Subject, event_type: str, *payloads: Mapping[str, Any]) -> list[Hint]:
    """All that it hints at, for each of these payloads."""
    plugin = _require(subject)
    where = f"{subject.name}.on_notification({event_type!r})"

    def ask() -> list[Hint]:
        return [
            hint for payload in payloads for hint in plugin.on_notification(event_type, payload)
        ]

    hints = bounded(where, subject.source.deadline, ask)
    known = {type_.name for type_ in subject.types}
    for hint in hints:
        if not isinstance(hint, Hint) or hint.type not in known or not _is_id(hint.id):
            raise NotConforming(
                f"it gives {hint!r}",
                where=where,
                mend="yield Hint(type, id), the id a text or None, of one of the types"
                f" {', '.join(sorted(known))}",
            )
    return hints


def _is_id(id_: object) -> bool:
    return id_ is None or (isinstance(id_, str) and id_ != "")


def _said(hints: Iterable[tuple[str, str | None]]) -> str:
    return ", ".join(sorted(f"{type_} {id_}" for type_, id_ in hints)) or "nothing"


def _require(subject: Subject) -> HearsNotifications:
    plugin = subject.plugin
    if not isinstance(plugin, HearsNotifications):
        pytest.skip(f"{subject.name} does not declare HearsNotifications")
    return plugin
