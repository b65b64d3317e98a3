# SPDX-License-Identifier: Apache-2.0
"""Who is overdue, unless nobody had any time.

After a host was suspended, or was too busy for everybody, all deadlines have passed at
once, and nobody is to blame: then there is a while in which all can be heard of again.
"""

from collections.abc import Iterable

from synchronizer.vitals import Vital

#: Seconds between two looks beyond which the judge was itself kept from looking.
LONGEST_GAP = 5.0

#: Seconds after that for everybody to be heard of again.
AWAKE = 10.0


class Judge:
    """One thread looks, about once a second."""

    def __init__(self) -> None:
        self._looked: float | None = None
        self._not_before = 0.0

    def overdue(self, vitals: Iterable[Vital], now: float) -> list[Vital]:
        """Those of whom a word is due. `now`: `time.monotonic()`."""
        if self._looked is not None and now - self._looked > LONGEST_GAP:
            self._not_before = now + AWAKE
        self._looked = now
        if now < self._not_before:
            return []
        return [vital for vital in vitals if vital.due and now >= vital.due]
