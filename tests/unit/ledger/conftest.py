# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer.ledger import Ledger, StreamState
from tests.unit.ledger.builders import KEY


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/db/ledger.sqlite"


@pytest.fixture
def ledger(url: str, tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(url, state_path=tmp_path / "state", migrate=True)
    yield opened
    opened.close()


@pytest.fixture
def stream(ledger: Ledger) -> StreamState:
    return ledger.ensure_stream(KEY, "rules 1")
