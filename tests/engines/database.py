# SPDX-License-Identifier: Apache-2.0
"""What PostgreSQL and MariaDB have in common for a test."""

import abc
import secrets
import shutil
import tempfile
from pathlib import Path

import sqlalchemy
from sqlalchemy import exc

from tests.engines.processes import ServerProcess, free_port


class DatabaseServer(abc.ABC):
    """A server on loopback, in a temporary directory.

    Commits survive a kill of the server, but not one of the machine, unless `durable`:
    then as a user's server keeps them, at the price of waiting for the disk.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self.port = free_port()
        self.home = Path(tempfile.mkdtemp(prefix=f"{type(self).__name__.lower()}-"))
        self._process: ServerProcess | None = None
        self._prepare()
        self.start()

    # --- for a test -------------------------------------------------------

    def create_database(self) -> str:
        """The URL, as a ledger takes it, of a new and empty database."""
        name = f"ledger_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove one that was created here, also while it is in use."""
        self._drop(str(sqlalchemy.make_url(url).database))

    def execute(self, statement: str) -> None:
        """Run a statement as the administrator, outside any transaction."""
        # Its `%` are no parameters.
        engine = sqlalchemy.create_engine(self._administration(), poolclass=sqlalchemy.NullPool)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement.replace("%", "%%"))

    def terminate_connections(self) -> None:
        """End everybody's connections, as an administrator or a fail-over does."""
        self._terminate()

    def start(self) -> None:
        """Run it, again, at the same address; returns when it answers."""
        assert self._process is None, "it runs"
        self._process = self._run()
        self._process.wait_until(self._answers)

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None, "it does not run"
        self._process.kill()
        self._process = None

    def stop(self) -> None:
        """End it as its administrator would, without waiting for its clients."""
        assert self._process is not None, "it does not run"
        self._process.stop()
        self._process = None

    def pause(self) -> None:
        """Stop it where it is: it accepts connections and answers nothing."""
        assert self._process is not None, "it does not run"
        self._process.pause()

    def resume(self) -> None:
        """Go on after `pause`."""
        assert self._process is not None, "it does not run"
        self._process.resume()

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        """Of its first process."""
        assert self._process is not None, "it does not run"
        return self._process.pid

    def close(self) -> None:
        """End it for good, and remove what it left."""
        if self._process is not None:
            self._process.kill()
            self._process = None
        shutil.rmtree(self.home, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except exc.DBAPIError:
            return False
        return True

    # --- of each kind -----------------------------------------------------

    @abc.abstractmethod
    def url(self, database: str) -> str:
        """The URL of a database of this name, as a ledger takes it."""

    @abc.abstractmethod
    def _administration(self) -> str:
        """SQLAlchemy's URL of a database that is always there."""

    @abc.abstractmethod
    def _prepare(self) -> None:
        """Make the data directory."""

    @abc.abstractmethod
    def _run(self) -> ServerProcess: ...

    @abc.abstractmethod
    def _drop(self, name: str) -> None: ...

    @abc.abstractmethod
    def _terminate(self) -> None: ...
