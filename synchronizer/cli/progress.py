# SPDX-License-Identifier: Apache-2.0
"""One line on a terminal that says what is being waited for."""

from typing import TextIO

from synchronizer import errors


class Progress:
    """Writes where somebody looks, and nowhere else: not into files and pipes."""

    def __init__(self, entity_type: str, out: TextIO) -> None:
        self._type = entity_type
        self._out = out
        self._is_looked_at = out.isatty()
        self._length = 0

    def tell(self, told: errors.Listing, seconds: float) -> None:
        """What the server said last, after so many seconds of waiting."""
        text = f"{self._type} is being listed; waited {seconds:.0f} s"
        if told.kwargs.get("listed_at"):
            text += f", the last complete listing began at {told.listed_at}"
        self._show(text)

    def end(self) -> None:
        """Leaves the line empty."""
        if self._length:
            self._show("")

    def _show(self, text: str) -> None:
        if self._is_looked_at:
            self._out.write("\r" + text.ljust(self._length) + ("" if text else "\r"))
            self._out.flush()
            self._length = len(text)
