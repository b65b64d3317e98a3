# SPDX-License-Identifier: Apache-2.0
"""From notifications to hints: whatever a plugin makes of them, nothing of theirs is logged."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from synchronizer.plugin import HearsNotifications, Hint, Plugin
from synchronizer.sampling.notified import Notified
from tests.unit.sampling.source import Listed, Source, VirtualClock

MARKER = "a-password-of-somebody"


class Heard(Source, HearsNotifications):
    def on_notification(self, event_type: str, payload: Mapping[str, Any]) -> Iterable[Hint]:
        if "broken" in event_type:
            raise KeyError(payload["secret"])
        yield Hint("test.thing", payload["id"], event_type.endswith("delete.end"))


class Hearing:
    def __init__(self, plugin: Plugin) -> None:
        self.hints: list[Hint] = []
        self.notified = Notified(plugin, self.hints.append)


@pytest.fixture
def hearing() -> Hearing:
    return Hearing(Heard(VirtualClock()))


def test_the_plugin_makes_hints_of_notifications(hearing: Hearing) -> None:
    hearing.notified("thing.delete.end", {"id": "a"})
    assert hearing.hints == [Hint("test.thing", "a", deleted=True)]


def test_an_error_of_the_plugin_is_told_once_and_without_what_it_quotes(
    hearing: Hearing, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        hearing.notified("thing.broken", {"secret": MARKER})
    hearing.notified("thing.broken.too", {"secret": MARKER})
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "c1/test: notifications 'thing.broken' are not understood: KeyError" in caplog.text
    assert MARKER not in caplog.text
    assert not any(record.exc_info for record in caplog.records)
    assert hearing.hints == []


def test_what_is_told_of_errors_is_bounded(
    hearing: Hearing, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1000):
        hearing.notified(f"broken {number} {'x' * 10_000}", {"secret": MARKER})
    assert len(caplog.records) == 100
    assert max(len(record.getMessage()) for record in caplog.records) < 500


def test_a_plugin_that_hears_nothing_makes_no_hints() -> None:
    deaf = Hearing(Listed(VirtualClock()))
    deaf.notified("thing.update", {"id": "a"})
    assert deaf.hints == []
