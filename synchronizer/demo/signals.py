# SPDX-License-Identifier: Apache-2.0
"""How signals end the demonstration: as exceptions, and not in the middle of cleaning up."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

ENDING = (signal.SIGTERM, signal.SIGHUP)


class Told(KeyboardInterrupt):
    """A closed terminal, or `kill`: to end at once. Ctrl-C is a plain KeyboardInterrupt."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def endings_as_interrupts() -> Iterator[None]:
    def interrupt(number: int, _frame: object) -> None:
        raise Told(number)

    with _handled(ENDING, interrupt):
        yield


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Nothing interrupts what is done within; it has to be brief."""
    with _handled((signal.SIGINT, *ENDING), signal.SIG_IGN):
        yield


@contextlib.contextmanager
def _handled(
    numbers: tuple[signal.Signals, ...], handler: Callable[[int, Any], None] | signal.Handlers
) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # What is ignored stays so: nohup means it.
    handled = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in handled}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
