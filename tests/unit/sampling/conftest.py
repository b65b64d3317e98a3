# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer.ledger import Ledger
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import Listed, Source, VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(
        f"sqlite:///{tmp_path}/ledger.sqlite", state_path=tmp_path / "state", migrate=True
    )
    yield opened
    opened.close()


@pytest.fixture
def source(clock: VirtualClock) -> Source:
    return Source(clock)


@pytest.fixture
def bench(ledger: Ledger, source: Source, clock: VirtualClock) -> Bench:
    return Bench(ledger, source, clock)


@pytest.fixture
def bare(ledger: Ledger, clock: VirtualClock) -> Bench:
    """A service that can be listed, and no more."""
    return Bench(ledger, Listed(clock), clock)
