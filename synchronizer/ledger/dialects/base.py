# SPDX-License-Identifier: Apache-2.0
"""What the ledger asks of a database, whichever it is."""

import abc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, text

from synchronizer import errors
from synchronizer.ledger.dialects import limits


class Dialect(abc.ABC):
    """One kind of database, at one URL."""

    read_options: Mapping[str, Any]
    write_options: Mapping[str, Any]
    #: Each statement by itself, outside of any transaction.
    bare_options: Mapping[str, Any] = {"isolation_level": "AUTOCOMMIT"}
    #: Only one transaction can write at a time; threads queue up before they begin one.
    single_writer = False
    #: Bytes of the largest payload that it takes; None where no entity comes near the limit.
    largest_payload: int | None = None
    #: Statements, with `bare_options`, that give free room back to the file system.
    shrinking: Sequence[str] = ()

    def __init__(self, url: URL, answer_timeout: float | None = None) -> None:
        self.url = url
        self.where = _without_secrets(url)
        self.answer_timeout = limits.ANSWER_TIMEOUT if answer_timeout is None else answer_timeout

    @abc.abstractmethod
    def engine(self) -> Engine:
        """Connections to it; opens none yet."""

    @abc.abstractmethod
    def identity(self, connection: Connection) -> str:
        """What tells this database from a copy of it elsewhere."""

    @abc.abstractmethod
    def explain(self, error: BaseException) -> errors.SynchronizerError | None:
        """The error of ours for one of the driver's; None when the fault is in this code."""

    def check(self) -> None:
        """Raise `errors.LedgerUnusable` when the database is no longer the one we opened."""
        return

    def require(self, connection: Connection) -> None:
        """Raise `errors.LedgerUnusable` when the database cannot hold a ledger."""
        return

    def weaknesses(self, connection: Connection) -> Sequence[str]:
        """How a commit could be lost here that was said to be durable; for the operator."""
        return ()

    def size(self, connection: Connection) -> int | None:
        """Bytes that the database takes; None where it does not tell."""
        return None

    def shrink(self, connection: Connection) -> None:
        """Give free room back to the file system, by a connection with `bare_options`."""
        for statement in self.shrinking:
            connection.exec_driver_sql(statement).close()

    def begin_reading(self, connection: Connection) -> None:
        """What makes every read of this transaction see the same instant, beside its options."""
        return

    @contextmanager
    def alone(self, connection: Connection) -> Iterator[None]:
        """A write transaction; until it has ended no other process is in one of these."""
        with connection.begin():
            yield

    def pulse(self, engine: Engine) -> object:
        """A value that differs after any commit that moved a stream."""
        with engine.connect() as connection:
            row = connection.execute(
                text(
                    "SELECT count(*), sum(revision), sum(published), sum(listed_at), sum(fence)"
                    " FROM stream"
                )
            ).one()
        return tuple(row)

    def close(self) -> None:
        """Give back what `engine` does not hold."""
        return

    def unavailable(self, problem: str) -> errors.LedgerUnavailable:
        return errors.LedgerUnavailable(f"the ledger {self.where} {problem}")

    def unusable(self, problem: str) -> errors.LedgerUnusable:
        return errors.LedgerUnusable(f"the ledger {self.where} {problem}")


def _without_secrets(url: URL) -> str:
    """A URL for people to read; drivers take passwords in its query, too."""
    hidden = {name: "***" for name in url.query if "pass" in name.lower()}
    return url.update_query_dict(hidden).render_as_string(hide_password=True)
