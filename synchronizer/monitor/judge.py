# SPDX-License-Identifier: Apache-2.0
"""Who is overdue, by a clock that stands still while the judge itself gets no time.

After a host was suspended, or was too busy for everybody, all deadlines have passed at
once, and nobody is to blame.
"""

from collections.abc import Iterable

from synchronizer.vitals import Vital

#: Seconds between two looks beyond which the judge was itself kept from looking.
LONGEST_GAP = 5.0


class Judge:
    """One thread looks, about once a second."""

    def __init__(self) -> None:
        self._lost = 0.0
        self._looked: float | None = None
        self._seen: dict[str, tuple[float, float]] = {}  # due -> what was lost when first seen

    def overdue(self, vitals: Iterable[Vital], now: float) -> list[Vital]:
        """Those of whom a word is due. `now`: `time.monotonic()`."""
        if self._looked is not None:
            self._lost += max(0.0, now - self._looked - LONGEST_GAP)
        self._looked = now
        late = []
        for vital in vitals:
            due, lost = self._seen.get(vital.name, (None, 0.0))
            if due != vital.due:
                lost = self._lost
                self._seen[vital.name] = vital.due, lost
            if vital.due and now - (self._lost - lost) >= vital.due:
                late.append(vital)
        return late
