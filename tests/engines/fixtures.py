# SPDX-License-Identifier: Apache-2.0
"""One server of each kind for a whole run of tests.

Where it is not installed, tests that ask for it skip on a laptop and fail in CI.
"""

import os
from collections.abc import Iterator

import pytest

from tests.engines import mariadb, postgresql, rabbit


def _require(installed: bool, name: str) -> None:
    if installed:
        return
    problem = f"{name} is not installed; as root: python -m tests.engines install"
    if os.environ.get("CI"):
        pytest.fail(problem)
    pytest.skip(problem)


@pytest.fixture(scope="session")
def rabbit_node() -> Iterator[rabbit.RabbitNode]:
    """A RabbitMQ; `RabbitBroker(node)` is a virtual host of it."""
    _require(rabbit.installed(), "RabbitMQ")
    node = rabbit.RabbitNode()
    yield node
    node.close()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.PostgresServer]:
    """A PostgreSQL; `create_database()` is the URL of a database of it."""
    _require(postgresql.installed(), "PostgreSQL")
    server = postgresql.PostgresServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[mariadb.MariaServer]:
    """A MariaDB; `create_database()` is the URL of a database of it."""
    _require(mariadb.installed(), "MariaDB")
    server = mariadb.MariaServer()
    yield server
    server.close()
