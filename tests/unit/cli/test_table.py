# SPDX-License-Identifier: Apache-2.0
"""Tables: whole for programs, fitted for people."""

import io
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer.cli import table
from synchronizer.cli.terminal import Terminal
from tests.unit.cli.looked import Look

COLUMNS = ("id", "count", "note")
ROWS: list[list[Any]] = [["9f1c2e0a-5b1d", 7, "n" * 90], ["77aa41d3-9c0e", 1204, None]]


def written(out: io.StringIO, columns: Any = COLUMNS, rows: Any = ROWS) -> list[str]:
    table.write(Terminal(out, "never", {}), columns, rows)
    return out.getvalue().splitlines()


@pytest.fixture
def eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_a_program_gets_it_whole_with_as_many_words_as_columns() -> None:
    assert [line.split() for line in written(io.StringIO())] == [
        ["id", "count", "note"],
        ["9f1c2e0a-5b1d", "7", "n" * 90],
        ["77aa41d3-9c0e", "1204", "-"],
    ]


def test_numbers_stand_to_the_right() -> None:
    head, first, second = written(io.StringIO())
    assert head.index("count") + 5 == first.index("7") + 1 == second.index("1204") + 4


def test_a_person_gets_what_fits_and_ids_to_copy(eighty: None) -> None:
    lines = written(Look())
    assert max(map(table.width, lines)) == 80
    assert lines[1].startswith("9f1c2e0a-5b1d ") and lines[1].endswith("n…")


def test_what_a_tenant_wrote_cannot_break_a_line_or_talk_to_the_terminal() -> None:
    (_, line) = written(io.StringIO(), ("name",), [["x\n\x1b[2J\x9b2J"]])
    assert line == "x��[2J�2J"


def test_values_are_told_as_json_tells_them() -> None:
    assert table.cell({"ä": [True, None]}) == '{"ä": [true, null]}'
    assert [table.cell(value) for value in (True, None, "", 0)] == ["true", "-", "-", "0"]


def test_wide_characters_take_two_columns() -> None:
    assert table.width("日本") == 4
    assert table.width("e\u0301") == 1
    assert table.cut("日本語", 5) == "日本…"
    assert table.cut("日本語", 6) == "日本語"
    assert table.width(table.cut("日本語", 4)) <= 4


@given(st.text(), st.integers(1, 40))
def test_what_is_cut_fits_and_what_fits_is_not_cut(text: str, room: int) -> None:
    cut = table.cut(text, room)
    assert table.width(cut) <= room
    assert (cut == text) == (table.width(text) <= room)


@given(
    st.lists(st.tuples(st.integers(0, 200), st.booleans()), min_size=1, max_size=12),
    st.integers(1, 200),
)
def test_columns_are_made_to_fit_as_far_as_they_may_be(
    columns: list[tuple[int, bool]], room: int
) -> None:
    widths = [width for width, _ in columns]
    keep = [kept for _, kept in columns]
    fits = table.fitted(widths, room, keep)
    assert all(fit == width for fit, width, kept in zip(fits, widths, keep, strict=True) if kept)
    assert all(fit >= min(width, table.LEAST) for fit, width in zip(fits, widths, strict=True))
    if sum(widths) <= room:
        assert fits == widths
    else:
        cuttable = [f for f, kept in zip(fits, keep, strict=True) if not kept and f > table.LEAST]
        assert sum(fits) == room or not cuttable


def test_the_terminals_own_width_is_used_where_it_has_one() -> None:
    leader, follower = os.openpty()
    with os.fdopen(follower, "w") as out:
        assert Terminal(out).person
        assert Terminal(out).width > 0
    os.close(leader)
