# SPDX-License-Identifier: Apache-2.0
"""How long to wait after a failure."""

import random
from collections.abc import Callable

from synchronizer import errors


class Backoff:
    """Doubling pauses with jitter, never shorter than the service asks for.

    What an operator has to mend first (`errors.Stop`) is tried again slowly at once.
    """

    def __init__(
        self, first: float, most: float, uniform: Callable[[float, float], float] = random.uniform
    ) -> None:
        self._first = first
        self._most = most
        self._uniform = uniform
        self._failures = 0

    def succeeded(self) -> None:
        """The next failure is a first one again."""
        self._failures = 0

    def failed(self, error: BaseException) -> float:
        """Seconds to wait after this failure."""
        self._failures += 1
        return self.pause(error, self._failures - 1)

    def pause(self, error: BaseException, failures: int) -> float:
        """Seconds to wait after this failure, given how many came before it in a row."""
        exponent = min(failures, 30)
        pause = self._most if isinstance(error, errors.Stop) else self._first * 2**exponent
        pause = self._uniform(0.5, 1.0) * min(pause, self._most)
        asked = error.retry_after if isinstance(error, errors.Retry) else None
        if asked is not None:
            # A little later than asked for, so that not all come back in the same instant.
            pause = max(pause, asked * self._uniform(1.0, 1.1))
        return pause
