# SPDX-License-Identifier: Apache-2.0
"""What a document shows of a command's output, as what may stand there in truth."""

import re

#: Stands for anything.
ANY = "…"
#: A number, as 25, 25,318 or 0.1.
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")
#: A state, as ACTIVE.
_STATE = re.compile(r"[A-Z_]{3,}")
#: Of a time.
_UNIT = re.compile(r"ms|s|min|h")


def lines_in(text: str) -> list[str]:
    """What came, line by line."""
    return text.splitlines()


def missing(shown: list[str], said: list[str]) -> str | None:
    """The first of the shown lines that did not come after those before it; None: all did.

    There may be others between them. Numbers, units of time, states, and words with a digit in
    them (ids, names, instants) stand for others of their kind, a word with `…` for anything, and
    the space between words for some.
    """
    rest = iter(said)
    for line in shown:
        form = _form(line)
        if not any(form.fullmatch(one) for one in rest):
            return line
    return None


def _form(line: str) -> re.Pattern[str]:
    return re.compile(r"\s*" + r"\s+".join(map(_word, line.split())) + r"\s*")


def _word(word: str) -> str:
    if ANY in word:
        return ".*"
    start, core, end = _edges(word)
    if _NUMBER.fullmatch(core):
        core = _NUMBER.pattern
    elif any(letter.isdigit() for letter in core):
        core = r"\S+"
    elif _UNIT.fullmatch(core):
        core = _UNIT.pattern
    elif _STATE.fullmatch(core):
        core = _STATE.pattern
    else:
        core = re.escape(core)
    return f"{re.escape(start)}(?:{core}){re.escape(end)}"


def _edges(word: str) -> tuple[str, str, str]:
    """The punctuation around a word, and what is inside of it."""
    found = re.fullmatch(r"(\W*)(.*?)(\W*)", word)
    assert found is not None
    return found[1], found[2], found[3]
