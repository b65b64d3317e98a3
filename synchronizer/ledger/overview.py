# SPDX-License-Identifier: Apache-2.0
"""All streams at a glance, for whoever watches and does nothing else."""

import dataclasses

from sqlalchemy import Connection, func, select

from synchronizer.ledger import streams
from synchronizer.ledger.engine import Database
from synchronizer.ledger.schema import activity, condition, held, version
from synchronizer.ledger.values import StreamState

_SECOND = 1_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class StreamOverview:
    """One stream. `held`: deletes; `failing`: there is a condition; `listing`: seconds that the
    last listing took; `unpublished_since`: when the oldest revision above `published` was
    committed (microseconds), None if there is none."""

    state: StreamState
    held: int
    failing: bool
    listing: float | None
    unpublished_since: int | None


class Watcher:
    """Reads a ledger that others keep: opens nothing anew, moves no epoch, migrates nothing.

    `answer_timeout`: seconds for which the server may be silent. Raises what every method of
    the ledger may raise. For one thread at a time.
    """

    def __init__(self, url: str, answer_timeout: float) -> None:
        self._url = url
        self._answer_timeout = answer_timeout
        self._database: Database | None = None

    def read(self) -> tuple[list[StreamOverview], int | None]:
        """Every stream, in one consistent read; and the bytes of the database, where it tells."""
        database = self._database
        if database is None:
            database = self._database = Database(self._url, answer_timeout=self._answer_timeout)
        try:
            database.dialect.check()
            with database.read() as connection:
                return _streams(connection), database.dialect.size(connection)
        except BaseException:
            self.close()  # it may be another database the next time
            raise

    def close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()


def _streams(connection: Connection) -> list[StreamOverview]:
    counts = select(held.c.stream, func.count()).group_by(held.c.stream)
    holds = {row[0]: int(row[1]) for row in connection.execute(counts)}
    failing = set(connection.execute(select(condition.c.stream)).scalars())
    last = select(activity.c.stream, activity.c.listing)
    listings = {row[0]: row[1] for row in connection.execute(last)}
    return [
        StreamOverview(
            state,
            holds.get(state.id, 0),
            state.id in failing,
            None if (took := listings.get(state.id)) is None else took / _SECOND,
            _unpublished_since(connection, state),
        )
        for state in streams.load_all(connection)
    ]


def _unpublished_since(connection: Connection, state: StreamState) -> int | None:
    if state.published >= state.revision:
        return None
    found: int | None = connection.execute(
        select(version.c.committed_at)
        .where(version.c.stream == state.id, version.c.revision > state.published)
        .order_by(version.c.revision)
        .limit(1)
    ).scalar_one_or_none()
    return found
