# SPDX-License-Identifier: Apache-2.0
"""Operations that stop inside each answer of the source until they are told to go on.

Each runs in a thread, but only one of all runs at any time: any interleaving of what is
under way can be played, and played again.
"""

import threading
from collections.abc import Callable, Iterable

from synchronizer import errors


class Operation:
    """Something under way. `reads`: (id, when) of all that the source showed it."""

    def __init__(self, name: str, act: Callable[[], object]) -> None:
        self.name = name
        self._act = act
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self.done = False
        self.error: BaseException | None = None
        self.reads: list[tuple[str, int]] = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def step(self) -> None:
        """Until its next answer was read from the source, or its end."""
        self._go.release()
        self._back.acquire()

    def pause(self) -> None:
        """Called in the operation's own thread."""
        self._back.release()
        self._go.acquire()

    def _run(self) -> None:
        self._go.acquire()
        try:
            self._act()
        except errors.Retry as error:
            self.error = error
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.done = True
            self._back.release()


class Stepper:
    """The operations that are under way."""

    def __init__(self) -> None:
        self.under_way: list[Operation] = []

    def begin(self, name: str, act: Callable[[], object]) -> None:
        self.under_way.append(Operation(name, act))

    def mine(self) -> Operation | None:
        """The operation in whose thread this is called."""
        for operation in self.under_way:
            if operation.thread is threading.current_thread():
                return operation
        return None

    def pause(self) -> None:
        operation = self.mine()
        if operation is not None:
            operation.pause()

    def note(self, ids: Iterable[str], now: int) -> None:
        operation = self.mine()
        if operation is not None:
            operation.reads += [(id_, now) for id_ in ids]

    def step(self, number: int) -> Operation | None:
        """One step of one of them; that operation, if this ended it."""
        operation = self.under_way[number % len(self.under_way)]
        operation.step()
        if not operation.done:
            return None
        self.under_way.remove(operation)
        if operation.error is not None and not isinstance(operation.error, errors.Retry):
            raise operation.error
        return operation
