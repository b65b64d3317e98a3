# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer.ledger import Ledger
from synchronizer.publishing import Relay
from tests.unit.publishing.support import Author, Bus, open_ledger


class Clock:
    """The monotonic clock of a test; moves when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def author(ledger: Ledger) -> Author:
    return Author(ledger)


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_relay(ledger: Ledger, bus: Bus, clock: Clock) -> Callable[..., Relay]:
    """A relay that is moved turn by turn."""

    def make(**settings: Any) -> Relay:
        return Relay(
            ledger, ledger.high_water, bus.send, clock=clock, chance=lambda: 0.0, **settings
        )

    return make


@pytest.fixture
def settle(clock: Clock) -> Callable[[Relay], None]:
    """Turn a relay until it has nothing to do at once."""

    def turn(relay: Relay) -> None:
        for _ in range(10_000):
            if relay.turn() > 0:
                return
        raise AssertionError("the relay never comes to rest")

    return turn
