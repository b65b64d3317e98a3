# SPDX-License-Identifier: Apache-2.0
"""One line on a terminal that says how far long work is, or what is being waited for."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from synchronizer import errors
from synchronizer.cli import table
from synchronizer.cli.terminal import Terminal

T = TypeVar("T")

#: Seconds: what is done sooner needs no line; and between two lines.
PATIENCE, PAUSE = 0.5, 0.1
#: Seconds between two lines of what only takes its time.
TICK = 1.0


class Progress:
    """Writes where somebody looks, and nowhere else: not into files and pipes."""

    def __init__(self, terminal: Terminal, clock: Callable[[], float] = time.monotonic) -> None:
        self._terminal = terminal
        self._clock = clock
        self._next = clock() + PATIENCE
        self._shown = False

    def waiting(self, entity_type: str) -> Callable[[errors.Listing, float], None]:
        """What `Client.get_all` tells while a listing is waited for."""

        def tell(told: errors.Listing, seconds: float) -> None:
            text = f"{entity_type} is being listed; waited {seconds:.0f} s"
            if told.kwargs.get("listed_at"):
                text += f", the last complete listing began at {told.listed_at}"
            self.show(text)

        return tell

    def counting(self, things: Iterable[T], what: str, total: int | None) -> Iterator[T]:
        """The things, while it is shown how many have come."""
        of = "" if total is None else f" of {total:,}"
        for number, thing in enumerate(things, 1):
            if not number % 100:
                self.say(f"{number:,}{of} {what}")
            yield thing
        self.end()

    @contextlib.contextmanager
    def ticking(self, what: str) -> Iterator[None]:
        """While the block lasts, shows for how long it has."""
        began, done = self._clock(), threading.Event()

        def tick() -> None:
            while not done.wait(TICK):
                self.show(f"{what}, {self._clock() - began:.0f} s so far")

        if not self._terminal.moves:
            yield
            return
        thread = threading.Thread(target=tick, name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self.end()

    def say(self, text: str) -> None:
        """Shows the text, unless that would be too often, or too soon."""
        if self._clock() >= self._next:
            self.show(text)

    def show(self, text: str) -> None:
        """Shows the text in place of what was there."""
        if self._terminal.moves:
            shown = table.cut(text, self._terminal.width - 1)
            self._terminal.out.write("\r\x1b[K" + self._terminal.styled(shown, "dim"))
            self._terminal.out.flush()
            self._shown = True
        self._next = self._clock() + PAUSE

    def end(self) -> None:
        """Leaves the line empty."""
        if self._shown:
            self._terminal.out.write("\r\x1b[K")
            self._terminal.out.flush()
            self._shown = False
