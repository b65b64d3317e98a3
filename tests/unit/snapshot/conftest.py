# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer.ledger import Ledger
from synchronizer.snapshot import Endpoint
from tests.unit.publishing.support import Author, Bus, open_ledger

LISTED = 1_700_000_000_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def author(ledger: Ledger) -> Author:
    """The author of a stream that was listed once, and was empty then."""
    made = Author(ledger)
    made.listed(LISTED)
    return made


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def make_endpoint(ledger: Ledger, bus: Bus) -> Callable[..., Endpoint]:
    def make(**settings: Any) -> Endpoint:
        return Endpoint(ledger, bus.send, host="here", **settings)

    return make


@pytest.fixture
def endpoint(make_endpoint: Callable[..., Endpoint]) -> Endpoint:
    return make_endpoint()
