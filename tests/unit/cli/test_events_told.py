# SPDX-License-Identifier: Apache-2.0
"""Events as lines, for people and for programs."""

import json
from typing import Any

import pytest

from synchronizer.cli import events, table
from synchronizer.cli.terminal import Terminal
from synchronizer.client import Added, Deleted, Event, Resynced, Synced, Updated
from synchronizer.model import StreamKey
from tests.unit.cli.looked import Look

ONE = (StreamKey("c1", "nova.server"),)
OF: dict[str, Any] = {"cloud": "c1", "type": "nova.server"}
CHANGE: dict[str, Any] = OF | {"id": "9f1c", "revision": 7, "sampled_at": 0}
OLD = {"name": "web", "status": "ACTIVE", "meta": {"a": 1, "b": 2}, "updated": "x"}
NEW = {"name": "web", "status": "ERROR", "meta": {"a": 1, "c": 3}, "updated": "y"}
UPDATED = Updated(**CHANGE, old=OLD, new=NEW, changed=("meta", "status", "updated"))
SYNCED = Synced(**OF, epoch="e", revision=7, count=12345, listed_at=None, held=2)


@pytest.fixture(autouse=True)
def eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def seen(event: Event, streams: tuple[StreamKey, ...] = ONE) -> list[str]:
    """As a person sees it, without the time of day."""
    text = events.for_people(event, Terminal(Look(), "never", {}), streams)
    return [line[9:] if line[2] == ":" else line for line in text.splitlines()]


def test_a_person_sees_old_and_new_of_each_value_that_differs() -> None:
    head, *values = seen(UPDATED)
    assert head == "~ web 9f1c ERROR"
    assert [value.split() for value in values] == [
        ["status", "ACTIVE", "→", "ERROR"],
        ["meta.b", "2", "→", "-"],
        ["meta.c", "-", "→", "3"],
    ], "what moves with every change is no news"


def test_what_moves_with_every_change_is_told_where_it_is_all() -> None:
    event = Updated(**CHANGE, old=OLD, new=OLD | {"updated": "y"}, changed=("updated",))
    assert seen(event)[1].split() == ["updated", "x", "→", "y"]


def test_a_value_that_was_not_known_is_told_alone() -> None:
    event = Updated(**CHANGE, old=None, new=NEW, changed=("status",))
    assert seen(event)[1].split() == ["status", "ERROR"]
    assert events.as_text(event).endswith(" updated 9f1c web ERROR: status=ERROR")


def test_lines_for_people_fit_their_terminal() -> None:
    old = {f"field-{n}": "o" * (90 - n) for n in range(90)}
    new = {f"field-{n}": "日" * (n + 1) for n in range(90)}
    lines = seen(Updated(**CHANGE, old=old, new=new, changed=tuple(new)))
    assert max(map(table.width, lines)) <= 80
    assert lines[-1].strip() == "… and 78 more"


def test_created_deleted_and_repaired_entities() -> None:
    assert seen(Added(**CHANGE, entity=NEW)) == ["+ web 9f1c ERROR"]
    assert seen(Deleted(**CHANGE, old=OLD)) == ["- web 9f1c ACTIVE"]
    assert seen(Deleted(**CHANGE, old=None)) == ["- 9f1c"]
    assert seen(Deleted(**CHANGE, old=None, repaired=True)) == ["- 9f1c  (repaired)"]


def test_a_line_names_what_distinguishes_its_stream() -> None:
    event = Deleted(**CHANGE, old=None)
    types = (*ONE, StreamKey("c1", "nova.flavor"))
    clouds = (*ONE, StreamKey("c2", "nova.server"))
    assert seen(event, types) == ["- nova.server 9f1c"]
    assert seen(event, clouds) == ["- c1 nova.server 9f1c"]


def test_what_is_synced_or_told_anew() -> None:
    (line,) = seen(SYNCED)
    assert line == "● nova.server  12,345 entities at revision 7, never listed completely"
    (line,) = seen(Resynced(**OF, reason="a gap\x1b[2J"))
    assert line == "● nova.server is described anew: a gap�[2J"


def test_what_a_tenant_wrote_cannot_talk_to_the_terminal() -> None:
    bad = {"name": "\x1b[31m\n", "status": "\x9b2J", "m": {"\x1b]0;x\x07": "\x00"}}
    event = Updated(**CHANGE, old={}, new=bad, changed=("m", "name", "status"))
    for text in (*seen(event), events.as_text(event), *seen(Added(**CHANGE, entity=bad))):
        assert text.isprintable(), text


def test_json_cannot_talk_to_the_terminal_either() -> None:
    entity = {"name": "ä\x9b2J\x7f\u202e"}
    line = events.as_json(Added(**CHANGE, entity=entity))
    assert line.isprintable()
    assert json.loads(line)["entity"] == entity
    assert "ä" in events.as_json(Added(**CHANGE, entity={"name": "ä"}))


def test_a_program_gets_one_object_on_a_line() -> None:
    line = json.loads(events.as_json(UPDATED))
    assert line == OF | {
        "event": "updated",
        "id": "9f1c",
        "revision": 7,
        "sampled_at": "1970-01-01T00:00:00.000000Z",
        "changed": ["meta", "status", "updated"],
        "entity": NEW,
    }
    assert json.loads(events.as_json(UPDATED, old=True)) == line | {"old": OLD}
    deleted = json.loads(events.as_json(Deleted(**CHANGE, old=OLD, repaired=True), old=True))
    assert (deleted["old"], deleted["repaired"]) == (OLD, True)
    assert json.loads(events.as_json(SYNCED)) == OF | {
        "event": "synced",
        "epoch": "e",
        "revision": 7,
        "count": 12345,
        "listed_at": None,
        "held": 2,
    }
