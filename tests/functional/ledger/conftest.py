# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer.ledger import Ledger, StreamState
from tests.unit.ledger.builders import KEY

#: Kinds of databases that every test here runs on.
DATABASES = ["sqlite"]


@pytest.fixture(params=DATABASES)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    return {"sqlite": f"sqlite:///{tmp_path}/ledger.sqlite"}[request.param]


@pytest.fixture
def state_path(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def ledger(ledger_url: str, state_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(ledger_url, state_path=state_path, migrate=True)
    yield opened
    opened.close()


@pytest.fixture
def stream(ledger: Ledger) -> StreamState:
    return ledger.ensure_stream(KEY, "rules 1")
