# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from synchronizer.ledger import Ledger


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a ledger without streams: to copy it is faster than to create one."""
    folder = tmp_path_factory.mktemp("empty")
    file = folder / "ledger.sqlite"
    Ledger.open(f"sqlite:///{file}", state_path=folder / "state", migrate=True).close()
    return file
