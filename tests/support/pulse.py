# SPDX-License-Identifier: Apache-2.0
"""What threads say of their progress, kept for a test to look at."""

import threading

from synchronizer.vitals import STEP

#: A word of one who rests.
RESTS = (-1.0, "rests")


class Heard:
    """A pulse that keeps the words of all threads, in order; `said` is set by each."""

    def __init__(self) -> None:
        self.words: list[tuple[float, str]] = []
        self.said = threading.Event()

    def expect(self, seconds: float = STEP, doing: str = "") -> None:
        self.words.append((seconds, doing))
        self.said.set()

    def rest(self) -> None:
        self.words.append(RESTS)

    def taken(self) -> list[tuple[float, str]]:
        """What was said since the last time."""
        words, self.words = self.words, []
        return words
