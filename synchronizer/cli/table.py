# SPDX-License-Identifier: Apache-2.0
"""Rows in columns without rules: fitted to a person's terminal, whole for a program."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from synchronizer.cli import texts
from synchronizer.cli.terminal import Terminal

#: Stands for nothing, so that every line has as many words as there are columns.
NOTHING = "-"
GAP = "  "
#: A column is not made narrower than this.
LEAST = 8
#: Columns that are copied from the screen: they are cut when all others are.
COPIED = frozenset({"id", "type", "cloud"})

#: The style of a value in a column; None for a plain one.
Mood = Callable[[str, Any], str | None]


def write(
    terminal: Terminal,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    mood: Mood = lambda column, value: None,
) -> None:
    """A heading, and a line for each row. Numbers stand to the right."""
    values = [list(row) for row in rows]
    cells = [[cell(value) for value in row] for row in values]
    right = [_are_numbers([row[at] for row in values]) for at in range(len(columns))]
    widths = [
        max([width(name), *(width(row[at]) for row in cells)]) for at, name in enumerate(columns)
    ]
    if terminal.person:
        room = terminal.width - len(GAP) * (len(columns) - 1)
        last = [name in COPIED for name in columns]
        widths = fitted(fitted(widths, room, last), room)
    lines = [_joined(terminal, columns, ["head"] * len(columns), widths, right)]
    for row, line in zip(values, cells, strict=True):
        moods = [mood(name, value) for name, value in zip(columns, row, strict=True)]
        lines.append(_joined(terminal, line, moods, widths, right))
    terminal.line("\n".join(lines))


def fitted(widths: Sequence[int], room: int, keep: Sequence[bool] = ()) -> list[int]:
    """The widths, the widest made narrower until all fit; none below `LEAST`, and none that is
    to be kept."""
    fits = list(widths)
    cuttable = [at for at in range(len(fits)) if not (keep and keep[at]) and fits[at] > LEAST]
    while sum(fits) > room and cuttable:
        widest = max(cuttable, key=lambda at: fits[at])
        fits[widest] -= 1
        cuttable = [at for at in cuttable if fits[at] > LEAST]
    return fits


def width(text: str) -> int:
    """The columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def cut(text: str, room: int) -> str:
    """The text, or as much of it as there is room for, and a sign that it is cut."""
    if width(text) <= room:
        return text
    taken, used = [], 1
    for character in text:
        used += width(character)
        if used > room:
            break
        taken.append(character)
    return "".join(taken) + "…"


def _joined(
    terminal: Terminal,
    cells: Sequence[str],
    moods: Sequence[str | None],
    widths: Sequence[int],
    right: Sequence[bool],
) -> str:
    line = []
    for at, (cell, mood) in enumerate(zip(cells, moods, strict=True)):
        text = cut(cell, widths[at])
        padding = " " * (widths[at] - width(text))
        styled = terminal.styled(text, mood)
        line.append(padding + styled if right[at] else styled + padding)
    return GAP.join(line).rstrip()


def cell(value: Any) -> str:
    """A value as one line of text."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    return texts.line(str(texts.cell(value)))


def _are_numbers(values: Iterable[Any]) -> bool:
    """Whether there are numbers, and nothing else."""
    there = [value for value in values if value not in (None, "")]
    return bool(there) and all(type(value) in (int, float) for value in there)
