# SPDX-License-Identifier: Apache-2.0
"""What a thread says of its own progress."""

from typing import Protocol

#: Seconds for any step that has no deadline of its own to name: more than a database that is
#: away, or locked by others, keeps anybody waiting for one answer.
STEP = 60.0


class Pulse(Protocol):
    """Threads share it; each speaks for itself alone."""

    def expect(self, seconds: float = STEP, doing: str = "") -> None:
        """The calling thread is heard of again, or rests, within so many seconds; who is not
        is stuck. `doing`: in a few words, for the log."""
        ...

    def rest(self) -> None:
        """The calling thread is expected to do nothing."""
        ...


class NoPulse:
    """Nobody watches."""

    def expect(self, seconds: float = STEP, doing: str = "") -> None:
        return

    def rest(self) -> None:
        return


NO_PULSE = NoPulse()
