# SPDX-License-Identifier: Apache-2.0
import pytest

from tests.unit.publishing.support import open_ledger
from tests.unit.schemas.samples import Samples, make


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    folder = tmp_path_factory.mktemp("samples")
    ledger = open_ledger(folder)
    try:
        return make(folder, ledger)
    finally:
        ledger.close()
