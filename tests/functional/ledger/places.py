# SPDX-License-Identifier: Apache-2.0
"""Where tests make databases, and how they look into them past the ledger."""

import abc
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy

from synchronizer.ledger import schema
from synchronizer.ledger.dialects import dialect_of
from tests.engines.database import DatabaseServer

_VARIABLES = {
    "postgresql": "SYNCHRONIZER_TEST_POSTGRESQL",
    "mariadb": "SYNCHRONIZER_TEST_MARIADB",
}


def of(*kinds: str) -> pytest.MarkDecorator:
    """Runs a test on these kinds alone."""
    return pytest.mark.parametrize("place", kinds, indirect=True, scope="session")


#: Runs a test on every kind of server.
of_servers = of("postgresql", "mariadb")


def named_server(kind: str) -> str | None:
    """The URL of the server to test with, when the environment names one."""
    return os.environ.get(_VARIABLES[kind])


class Place(abc.ABC):
    """Makes empty databases of one kind, and removes them."""

    kind: str

    @abc.abstractmethod
    def create(self) -> str:
        """The URL of an empty database."""

    @abc.abstractmethod
    def emptied(self) -> str:
        """The URL of a database without rows, which may have been used before."""

    @abc.abstractmethod
    def drop(self, url: str) -> None:
        """Remove a database."""

    @abc.abstractmethod
    def close(self) -> None:
        """Remove what is left."""


class FilePlace(Place):
    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self) -> str:
        return f"sqlite:///{self._path}/{secrets.token_hex(4)}/ledger.sqlite"

    def emptied(self) -> str:
        return self.create()  # as quick

    def drop(self, url: str) -> None:
        shutil.rmtree(Path(database_of(url)).parent, ignore_errors=True)

    def close(self) -> None:
        return  # pytest removes the directory


class ServerPlace(Place):
    """On a server: `server` when it is a private one."""

    def __init__(self, kind: str, url: str, server: DatabaseServer | None = None) -> None:
        self.kind = kind
        self.server = server
        self._url = sqlalchemy.make_url(url)
        if not self._url.database:
            self._url = self._url.set(database="postgres" if kind == "postgresql" else "mysql")
        self._made: set[str] = set()
        self._shared: str | None = None

    def create(self, options: str = "") -> str:
        name = self.new_name()
        self.execute(f"CREATE DATABASE {name} {options}")
        return self.url(name)

    def emptied(self) -> str:
        if self._shared is None:
            self._shared = self.create()
        else:
            with self.connect(database_of(self._shared)) as connection:
                for table in reversed(schema.metadata.sorted_tables):
                    connection.execute(table.delete())
        return self._shared

    def new_name(self) -> str:
        """A name for a database, which is removed in the end."""
        name = f"ledger_{secrets.token_hex(6)}"
        self._made.add(name)
        return name

    def url(self, name: str, user: str | None = None, password: str | None = None) -> str:
        url = self._url.set(database=name)
        if user is not None:
            url = url.set(username=user, password=password)
        return url.render_as_string(hide_password=False)

    def execute(self, statement: str, database: str | None = None) -> list[sqlalchemy.Row[object]]:
        """Run a statement as the administrator; its rows, if it gives any."""
        with self.connect(database) as connection:
            result = connection.exec_driver_sql(statement.replace("%", "%%"))
            return list(result.all()) if result.returns_rows else []

    @contextmanager
    def connect(
        self, database: str | None = None, isolation: str = "AUTOCOMMIT"
    ) -> Iterator[sqlalchemy.Connection]:
        """An administrator's connection to a database of here."""
        url = self._url if database is None else self._url.set(database=database)
        engine = dialect_of(url).engine()
        try:
            with engine.connect().execution_options(isolation_level=isolation) as connection:
                yield connection
        finally:
            engine.dispose()

    def drop(self, url: str) -> None:
        self._drop(database_of(url))

    def close(self) -> None:
        self._shared = None
        for name in list(self._made):
            self._drop(name)

    def _drop(self, name: str) -> None:
        force = " WITH (FORCE)" if self.kind == "postgresql" else ""
        self.execute(f"DROP DATABASE IF EXISTS {name}{force}")
        self._made.discard(name)


def database_of(url: str) -> str:
    """The database that a URL names."""
    return str(sqlalchemy.make_url(url).database)
