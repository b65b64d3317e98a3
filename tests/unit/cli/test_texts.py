# SPDX-License-Identifier: Apache-2.0
from synchronizer.cli import texts
from synchronizer.cli.events import as_text
from synchronizer.client import Updated
from synchronizer.model import Entity


def test_default_columns_are_the_usual_ones_first() -> None:
    entities = [{"status": "ACTIVE", "links": [], "name": "a", "id": "1", "flavor": {}}]
    assert texts.default_columns(entities) == ["id", "name", "status"]


def test_entities_without_the_usual_fields_show_short_ones() -> None:
    entities: list[Entity] = [{"id": "1", "b": 1, "c": [1], "d": None}, {"id": "2", "b": {"x": 1}}]
    assert texts.default_columns(entities) == ["id", "d"]


def test_an_empty_listing_has_a_column() -> None:
    assert texts.default_columns([]) == ["id"]


def test_nested_values_are_one_line() -> None:
    assert texts.cell({"a": [1, "ä"]}) == '{"a": [1, "ä"]}'
    assert texts.cell(3) == 3


def test_what_a_tenant_wrote_cannot_talk_to_the_terminal() -> None:
    event = Updated(
        cloud="c",
        type="a.b",
        id="1",
        revision=3,
        sampled_at=0,
        old=None,
        new={"name": "x\n\x1b[2J", "note": "y" * 100},
        changed=("note", "gone"),
    )
    line = as_text(event)
    assert "\n" not in line and "\x1b" not in line
    assert line.endswith("note=" + "y" * 59 + "…, gone=null")
