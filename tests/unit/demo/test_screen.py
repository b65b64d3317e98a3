# SPDX-License-Identifier: Apache-2.0
"""The demonstration's screen, drawn at the widths that terminals have."""

import io

import pytest
from rich.console import Console

from synchronizer.client import Added, Copy, Deleted, Event, Synced, Updated
from synchronizer.demo.measure import Measure
from synchronizer.demo.screen import Scene, Screen

STREAM = {"cloud": "demo", "type": "nova.server"}
ID = "8209651b-0000-4000-8000-000000000000"


def shown(width: int, events: list[tuple[Event, bool]], warning: str = "Careful.") -> list[str]:
    note = "It goes on."
    screen, copy, measure = Screen("Synchronizer"), Copy(), Measure(None)
    for event, synced in events:
        copy.apply(event)
        measure.take(event, synced)
        screen.take(event, synced)
    out = io.StringIO()
    Console(file=out, width=width).print(
        screen.draw(Scene(copy, measure, 93.4, note, "Hint.", warning))
    )
    return out.getvalue().splitlines()


def events() -> list[tuple[Event, bool]]:
    entity = {"name": "db-1", "status": "ACTIVE", "metadata": {"k": "v" * 100}}
    renamed = {**entity, "name": "a-rather-long-name-of-a-server"}
    of = {**STREAM, "id": ID, "sampled_at": 0}
    synced = Synced(**STREAM, epoch="E", revision=1, count=1, listed_at=1, held=0)
    return [
        (Added(**of, revision=1, entity=entity), False),
        (synced, False),
        (Updated(**of, revision=2, old=entity, new=renamed, changed=("name",)), True),
        (Deleted(**of, revision=3, old=renamed), True),
        (Added(**of, revision=4, entity=entity), True),
    ]


@pytest.mark.parametrize("width", [60, 80, 100, 130])
def test_no_line_is_wider_than_the_terminal_and_the_height_stays(width: int) -> None:
    lines = shown(width, events())
    assert {len(line) for line in lines} == {width}
    assert len(lines) == len(shown(width, [])) <= 24


@pytest.mark.parametrize("width", [80, 130])
def test_figures_and_changes_can_be_read(width: int) -> None:
    text = "\n".join(shown(width, events()))
    for part in ("It goes on.", "Careful.", "nova.server", "entities", "API calls/min", "93"):
        assert part in text
    assert "name db-1 → a-rather" in text
    assert "deleted" in text
    assert "created  ACTIVE" in text


def test_the_entities_of_the_first_copy_are_no_changes() -> None:
    text = "\n".join(shown(100, events()[:2]))
    assert "created" not in text
    assert "db-1" not in text


def test_without_a_warning_there_is_a_hint() -> None:
    assert "Hint." in "\n".join(shown(80, events(), warning=""))
    assert "Hint." not in "\n".join(shown(80, events()))
