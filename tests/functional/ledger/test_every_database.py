# SPDX-License-Identifier: Apache-2.0
"""What the unit tests ask of the ledger on SQLite, asked on every kind of database."""

import pytest

from tests.functional.ledger.places import Place
from tests.unit.ledger.test_activity import *  # noqa: F403
from tests.unit.ledger.test_commit import *  # noqa: F403
from tests.unit.ledger.test_compaction import *  # noqa: F403
from tests.unit.ledger.test_held import *  # noqa: F403
from tests.unit.ledger.test_history import *  # noqa: F403
from tests.unit.ledger.test_overview import *  # noqa: F403
from tests.unit.ledger.test_reading import *  # noqa: F403
from tests.unit.ledger.test_rosters import *  # noqa: F403
from tests.unit.ledger.test_rules import *  # noqa: F403
from tests.unit.ledger.test_streams import *  # noqa: F403


@pytest.fixture
def ledger_url(place: Place) -> str:
    return place.emptied()


@pytest.fixture
def url(ledger_url: str) -> str:
    return ledger_url
