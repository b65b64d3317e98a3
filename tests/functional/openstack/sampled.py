# SPDX-License-Identifier: Apache-2.0
"""The real sampler and ledger over the tests' own plugin, and time that passes when told to."""

import threading

from synchronizer.ledger import Ledger
from synchronizer.model import EntityType
from synchronizer.plugin import Plugin
from synchronizer.sampling.settings import TypeSettings
from synchronizer.sampling.typesampling import TypeSampling

SECOND = 1_000_000


class Time:
    """Passes when somebody waits, or a test lets it."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def now(self) -> int:
        return int(self.seconds * SECOND)

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.seconds += max(seconds, 0.0)
        return event.is_set()


class Sampled:
    """One type, listed when a test says so."""

    def __init__(self, ledger: Ledger, plugin: Plugin, type_: EntityType, time: Time) -> None:
        self.time = time
        self._ledger = ledger
        self._sampling = TypeSampling(
            plugin,
            ledger,
            type_,
            # Pauses between listings are by the ledger's clock, which is the machine's.
            TypeSettings(interval=600.0, early_gap=0.0, backoff_first=0.001, backoff_most=0.01),
            stop=threading.Event(),
            on_fatal=lambda error: None,
            clock=time,
            uniform=lambda low, high: high,
        )
        self._sampling.open("me")

    def look(self, *, after: float = 0.0) -> bool:
        """Lets so many seconds pass, lists as the worker does, and looks at what waits for it;
        whether the listing was proven."""
        self.time.seconds += after
        loops = {loop.name.rpartition(" ")[2]: loop for loop in self._sampling.loops}
        before = self._sampling.counters.read()
        assert loops["listing"].once()
        if self._sampling.resampler.waiting():
            loops["looks"].once()
        counts = self._sampling.counters.read()
        failed = counts.errors > before.errors
        return not failed and counts.listings_unproven == before.listings_unproven

    @property
    def listing_due(self) -> float:
        """Seconds until the next listing would begin by itself."""
        (loop,) = (loop for loop in self._sampling.loops if loop.name.endswith("listing"))
        left = loop.seconds_left()
        assert left is not None
        return left

    @property
    def ids(self) -> set[str]:
        _, live = self._ledger.baseline(self._sampling.sampler.id)
        return {row.id for row in live}

    @property
    def deleted(self) -> list[str]:
        """All that was ever recorded as deleted."""
        changes = self._ledger.changes(
            self._sampling.sampler.id, 0, limit=10_000, max_bytes=1 << 30
        )
        return [version.id for version in changes.versions if version.op == "delete"]

    @property
    def held(self) -> dict[str, str]:
        return {hold.id: hold.reason for _, hold in self._ledger.held(self._sampling.sampler.id)}

    @property
    def problem(self) -> str | None:
        condition = self._ledger.condition(self._sampling.sampler.id)
        return None if condition is None else condition.message
