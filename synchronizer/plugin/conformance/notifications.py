# SPDX-License-Identifier: Apache-2.0
"""Hints from the service's own notifications."""

from collections.abc import Mapping
from typing import Any

import pytest

from synchronizer.plugin.base import HearsNotifications
from synchronizer.plugin.conformance.failing import NotConforming, bounded
from synchronizer.plugin.conformance.subject import Subject
from synchronizer.plugin.page import Hint


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
                    f"it hints at {sorted(found) or 'nothing'}, and not at"
                    f" {sorted(notified.hints) or 'nothing'}",
                    where=f"{subject.name}.on_notification({notified.event_type!r})",
                    mend="yield Hint(type, id) for each entity that the notification speaks of",
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
        """Of an event that it knows, with nothing in it."""
        _require(subject)
        for notified in subject.source.notifications():
            _hints(subject, notified.event_type, {})


def _hints(subject: Subject, event_type: str, payload: Mapping[str, Any]) -> list[Hint]:
    plugin = _require(subject)
    where = f"{subject.name}.on_notification({event_type!r})"
    hints = bounded(
        where, subject.source.deadline, lambda: list(plugin.on_notification(event_type, payload))
    )
    known = {type_.name for type_ in subject.types}
    for hint in hints:
        if not isinstance(hint, Hint) or hint.type not in known or not hint.id:
            raise NotConforming(
                f"it gives {hint!r}",
                where=where,
                mend=f"yield Hint(type, id), of one of the types {', '.join(sorted(known))}",
            )
    return hints


def _require(subject: Subject) -> HearsNotifications:
    plugin = subject.plugin
    if not isinstance(plugin, HearsNotifications):
        pytest.skip(f"{subject.name} does not declare HearsNotifications")
    return plugin
