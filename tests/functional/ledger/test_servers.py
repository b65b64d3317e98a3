# SPDX-License-Identifier: Apache-2.0
"""Which servers the tests of this directory ran on."""

import os

import pytest

from tests.functional.ledger.conftest import SERVERS


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_is_named_and_can_be_reached(name: str) -> None:
    if SERVERS[name] not in os.environ:
        pytest.skip(f"{SERVERS[name]} names no server: the ledger was not tested on {name}")
    import sqlalchemy

    from synchronizer.ledger.dialects import dialect_of

    engine = dialect_of(sqlalchemy.make_url(os.environ[SERVERS[name]])).engine()
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT 1")).scalar() == 1
    engine.dispose()
