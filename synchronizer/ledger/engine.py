# SPDX-License-Identifier: Apache-2.0
"""Transactions on the ledger's database, with errors of ours."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sqlalchemy import Connection, exc, make_url

from synchronizer import errors
from synchronizer.ledger.dialects import Dialect, dialect_of, limits


class Database:
    """Connections to one database; for one process, and any number of its threads.

    `answer_timeout`: seconds for which a server may be silent; None for the usual.
    """

    def __init__(self, url: str, *, answer_timeout: float | None = None) -> None:
        try:
            parsed = make_url(url)
        except (exc.ArgumentError, ValueError):  # its text holds the URL, and that a password
            raise errors.LedgerUnusable(
                "the ledger's URL is not a database URL; in a password, characters as @ : / must "
                "be percent-encoded"
            ) from None
        self.url = url
        self.dialect: Dialect = dialect_of(parsed, answer_timeout)
        self._engine = self.dialect.engine()
        self._writing: threading.Lock | None = (
            threading.Lock() if self.dialect.single_writer else None
        )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction in which every read sees the same instant."""
        with self._explained(), self._engine.connect() as connection:
            connection = connection.execution_options(**self.dialect.read_options)
            with connection.begin():
                self.dialect.begin_reading(connection)
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is on disk when the block ends without an error."""
        with self._turn(), self._explained(), self._engine.connect() as connection:
            connection = connection.execution_options(**self.dialect.write_options)
            with connection.begin():
                yield connection

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A `write` that begins when no other process is in an `alone` of this database."""
        with self._turn(), self._explained(), self._engine.connect() as connection:
            connection = connection.execution_options(**self.dialect.write_options)
            with self.dialect.alone(connection):
                yield connection

    def pulse(self) -> object:
        """A value that differs after any commit that moved a stream."""
        with self._explained():
            return self.dialect.pulse(self._engine)

    def shrink(self) -> None:
        """Gives free room back to the file system."""
        with self._turn(), self._explained(), self._engine.connect() as connection:
            self.dialect.shrink(connection.execution_options(**self.dialect.bare_options))

    def close(self) -> None:
        self.dialect.close()
        self._engine.dispose()

    def _turn(self) -> AbstractContextManager[None]:
        # Threads in a queue lose less time than SQLite's lock with its polling.
        return nullcontext() if self._writing is None else _held(self._writing, self.dialect)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except exc.TimeoutError as error:
            raise self.dialect.unavailable("has no free connection") from error
        except exc.DBAPIError as error:
            ours = self.dialect.explain(error.orig or error)
            if ours is None:
                raise
            raise ours from error
        except self._engine.dialect.loaded_dbapi.Error as error:
            # Not everywhere does SQLAlchemy wrap what its driver raises.
            ours = self.dialect.explain(error)
            if ours is None:
                raise
            raise ours from error
        except OSError as error:
            raise self.dialect.unavailable(f"did not answer: {error.strerror}") from error


@contextmanager
def _held(lock: threading.Lock, dialect: Dialect) -> Iterator[None]:
    if not lock.acquire(timeout=3 * limits.LOCK_TIMEOUT):
        raise dialect.unavailable("is being written by another thread for too long")
    try:
        yield
    finally:
        lock.release()
