# SPDX-License-Identifier: Apache-2.0
"""Every test here runs on SQLite, and on each server whose URL the environment names.

`SYNCHRONIZER_TEST_POSTGRESQL` and `SYNCHRONIZER_TEST_MARIADB` are URLs of a user who may
create databases, with a database to connect to: postgresql://user@127.0.0.1/postgres
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from synchronizer.ledger import Ledger, StreamState
from synchronizer.ledger.dialects import dialect_of
from tests.unit.ledger.builders import KEY

SERVERS = {
    "postgresql": "SYNCHRONIZER_TEST_POSTGRESQL",
    "mariadb": "SYNCHRONIZER_TEST_MARIADB",
}


@pytest.fixture(params=["sqlite", *(name for name in SERVERS if SERVERS[name] in os.environ)])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.sqlite"
        return
    server = sqlalchemy.make_url(os.environ[SERVERS[request.param]])
    engine = dialect_of(server).engine().execution_options(isolation_level="AUTOCOMMIT")
    name = f"ledger_{secrets.token_hex(6)}"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name}")
    engine.dispose()


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
