# SPDX-License-Identifier: Apache-2.0
"""From notifications to hints: whatever a plugin makes of them, nothing of theirs is logged."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from synchronizer.ledger import Ledger
from synchronizer.plugin import EntityType, HearsNotifications, Hint, Plugin
from synchronizer.sampling import SamplingWorker, TypeSettings
from synchronizer.sampling.notified import Notified
from tests.unit.sampling.source import THING, Listed, Source, VirtualClock

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


class Silent(Heard):
    def hears(self, type_: EntityType) -> bool:
        return False


def worker_of(plugin: Listed, ledger: Ledger) -> tuple[SamplingWorker, list[str]]:
    """Not started; and what its type was asked for."""
    worker = SamplingWorker(
        plugin,
        ledger,
        {THING.name: TypeSettings()},
        owner="me",
        on_fatal=lambda error: None,
        clock=plugin.clock,
    )
    asked: list[str] = []
    of: Any = worker._types[THING.name]
    of.hearing = lambda problem: asked.append(f"hearing {problem}")
    of.missed = lambda: asked.append("missed")
    of.hint = lambda id_, deleted: asked.append(f"hint {id_} {deleted}")
    return worker, asked


def test_hints_go_to_their_type_and_to_none_that_is_not_sampled(ledger: Ledger) -> None:
    worker, asked = worker_of(Heard(VirtualClock()), ledger)
    worker.notified("thing.update", {"id": "a"})
    worker.notified("thing.delete.end", {"id": "a"})
    worker._hint(Hint("test.other", "b"))
    assert asked == ["hint a False", "hint a True"]


def test_what_was_missed_is_made_up_for_but_not_in_the_first_moments(ledger: Ledger) -> None:
    plugin = Heard(VirtualClock())
    worker, asked = worker_of(plugin, ledger)
    worker.hearing(None)
    assert asked == ["hearing None"]
    plugin.clock.seconds += 60
    asked.clear()
    worker.hearing("the bus is away")
    worker.hearing(None)
    assert asked == ["hearing the bus is away", "hearing None", "missed"]


def test_a_type_of_which_the_service_does_not_tell_is_left_alone(ledger: Ledger) -> None:
    plugin = Silent(VirtualClock())
    worker, asked = worker_of(plugin, ledger)
    plugin.clock.seconds += 60
    worker.hearing("the bus is away")
    worker.hearing(None)
    assert asked == []
