# SPDX-License-Identifier: Apache-2.0
"""One type's sampling without threads: a test says what runs, and when."""

import threading
from typing import Any

import msgspec

from synchronizer.ledger import Ledger, StreamState, Version
from synchronizer.sampling.listing import Listed as ListingEnd
from synchronizer.sampling.settings import TypeSettings
from synchronizer.sampling.typesampling import TypeSampling
from synchronizer.vitals import NO_PULSE, Pulse
from tests.unit.sampling.source import THING, Listed, VirtualClock


class Bench:
    """A source, a ledger and the sampling between them."""

    def __init__(
        self,
        ledger: Ledger,
        source: Listed,
        clock: VirtualClock,
        owner: str | None = "me",
        pulse: Pulse = NO_PULSE,
        **settings: Any,
    ) -> None:
        self.ledger = ledger
        self.source = source
        self.clock = clock
        self.stop = threading.Event()
        self.fatal: list[BaseException] = []
        self.sampling = TypeSampling(
            source,
            ledger,
            THING,
            TypeSettings(interval=600.0, changes_interval=5.0, **settings),
            stop=self.stop,
            on_fatal=self.fatal.append,
            clock=clock,
            uniform=lambda low, high: high,
            pulse=pulse,
        )
        self.sampling.sampler.open(owner)
        self.sampling.holds.open()

    def listing(self) -> ListingEnd:
        return self.sampling.listing.run()

    def poll_changes(self) -> None:
        assert self.sampling.changes is not None
        self.sampling.changes.run()

    def look_again(self) -> None:
        """Samples what waits to be sampled again, until nothing does."""
        for _ in range(50):
            if not self.sampling.resampler.waiting():
                return
            self.sampling.resampler.run()
        raise AssertionError("what is sampled again never settles")

    def follow_hints(self) -> None:
        """Looks at all that notifications named, as long as that takes."""
        self.sampling.hints.run()

    def settle(self) -> None:
        """Time passes until nothing is young any longer."""
        self.clock.seconds += 61.0

    @property
    def state(self) -> StreamState:
        return self.ledger.state(self.sampling.sampler.id)

    @property
    def states(self) -> dict[str, Any]:
        """id -> its `state`, of all that the ledger holds to be there."""
        id_ = self.sampling.sampler.id
        _, live = self.ledger.baseline(id_)
        payloads = self.ledger.entities(id_, [row.id for row in live])
        return {key: msgspec.json.decode(text)["state"] for key, text in payloads.items()}

    @property
    def history(self) -> list[tuple[str, str]]:
        return [(version.op, version.id) for version in self.versions]

    @property
    def versions(self) -> list[Version]:
        return self.ledger.changes(
            self.sampling.sampler.id, 0, limit=100_000, max_bytes=1 << 30
        ).versions

    @property
    def held(self) -> dict[str, str]:
        return {hold.id: hold.reason for _, hold in self.ledger.held(self.sampling.sampler.id)}
