# SPDX-License-Identifier: Apache-2.0
"""Every test here runs on SQLite, PostgreSQL and MariaDB, unless it is of one of them.

The servers are private ones. `SYNCHRONIZER_TEST_POSTGRESQL` and `SYNCHRONIZER_TEST_MARIADB`
name others instead, by URLs of a user who may create databases, with a database to connect
to: postgresql://user@127.0.0.1/postgres. Tests that kill a server skip then.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer.ledger import Ledger, StreamState
from tests.engines.database import DatabaseServer
from tests.functional.ledger.places import FilePlace, Place, ServerPlace, named_server
from tests.unit.ledger.builders import KEY


@pytest.fixture(scope="session", params=["sqlite", "postgresql", "mariadb"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Where a test makes its databases."""
    found: Place
    if request.param == "sqlite":
        found = FilePlace(tmp_path_factory.mktemp("ledgers"))
    elif (url := named_server(request.param)) is not None:
        found = ServerPlace(request.param, url)
    else:
        server: DatabaseServer = request.getfixturevalue(f"{request.param}_server")
        found = ServerPlace(request.param, server.url(""), server)
    yield found
    found.close()


@pytest.fixture
def server_place(place: Place) -> ServerPlace:
    """The `place` of a test that is marked with `of_servers`, or with one of them."""
    assert isinstance(place, ServerPlace), "mark the test with of_servers"
    return place


@pytest.fixture
def server(server_place: ServerPlace) -> Iterator[DatabaseServer]:
    """A server that a test may kill, pause and restart; it runs again afterwards."""
    found = server_place.server
    if found is None:
        pytest.skip("not with a server that the environment names")
    yield found
    if found.running:
        found.resume()
    else:
        found.start()


@pytest.fixture
def ledger_url(place: Place) -> Iterator[str]:
    """The URL of an empty database."""
    url = place.create()
    yield url
    place.drop(url)


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
