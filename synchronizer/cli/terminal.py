# SPDX-License-Identifier: Apache-2.0
"""Who reads an output: a person at a terminal, or a program; and what a person's terminal can.

`NO_COLOR` (to anything), `TERM=dumb` and `--color` say whether colours are wanted.
"""

import os
import shutil
from collections.abc import Mapping
from typing import Any, TextIO

CHOICES = ("auto", "always", "never")

#: What is said by a colour is said by a word or a sign, too.
STYLES = {
    "good": "32",
    "bad": "31",
    "warn": "33",
    "strong": "1",
    "dim": "2",
    "head": "1;4",
    "name": "36",
}

#: In place of signs that the output's encoding does not have.
_PLAIN = str.maketrans({"✔": "+", "✖": "x", "●": "*", "→": ">", "…": "~", "·": "-", "│": "|"})


class Terminal:
    """One output. `person`: somebody looks at it; `moves`: a line can be written over."""

    def __init__(
        self, out: TextIO, colour: str = "auto", environment: Mapping[str, str] | None = None
    ) -> None:
        environment = os.environ if environment is None else environment
        self.out = out
        self.person = bool(getattr(out, "isatty", lambda: False)())
        self.moves = self.person and environment.get("TERM") != "dumb"
        self._coloured = colour == "always" or (
            colour == "auto" and self.moves and not environment.get("NO_COLOR")
        )
        self._signs = _writes_signs(out)

    @property
    def width(self) -> int:
        """Its columns, as they are now."""
        try:
            columns = os.get_terminal_size(self.out.fileno()).columns
        except (OSError, ValueError, AttributeError):
            columns = 0
        return columns or shutil.get_terminal_size((80, 24)).columns

    def styled(self, text: str, style: str | None) -> str:
        """The text in one of `STYLES`, if colours are wanted."""
        if not (self._coloured and style and text):
            return text
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m"

    def signs(self, text: str) -> str:
        """The text with signs that the output can write."""
        return text if self._signs else text.translate(_PLAIN)

    def line(self, text: str = "") -> None:
        """Writes one line, and sends it off."""
        self.out.write(self.signs(text) + "\n")
        self.out.flush()


def of(app: Any, out: TextIO | None = None) -> Terminal:
    """An application's output (default: its stdout), as its options say."""
    return Terminal(out or app.stdout, getattr(app.options, "color", "auto"))


def _writes_signs(out: TextIO) -> bool:
    try:
        "✔✖●→…·│".encode(getattr(out, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
