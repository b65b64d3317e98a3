# SPDX-License-Identifier: Apache-2.0
"""What sampling a stream has cost its service, by all processes that ever did."""

from collections.abc import Mapping

from sqlalchemy import Row, literal, select, update

from synchronizer.ledger.engine import Database
from synchronizer.ledger.schema import activity
from synchronizer.ledger.values import Activity

_SECOND = 1_000_000


class Activities:
    """The activity of all streams. Each method is one transaction; raises what every method of
    the ledger may raise."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, more: Mapping[int, Activity]) -> None:
        """Adds to what is known of streams, by their numbers. A `listing` replaces the last."""
        with self._database.write() as connection:
            for stream_id, of in sorted(more.items()):  # all in one order: none waits crosswise
                changed = {
                    "calls": activity.c.calls + of.calls,
                    "errors": activity.c.errors + of.errors,
                    "busy": activity.c.busy + int(of.seconds * _SECOND),
                    "waited": activity.c.waited + int(of.waited * _SECOND),
                }
                if of.listing is not None:
                    changed["listing"] = literal(int(of.listing * _SECOND))
                connection.execute(
                    update(activity).where(activity.c.stream == stream_id).values(changed)
                )

    def all(self) -> dict[int, Activity]:
        """The activity of every stream, by its number."""
        with self._database.read() as connection:
            return {row.stream: _loaded(row) for row in connection.execute(select(activity))}


def _loaded(row: Row[tuple[int, ...]]) -> Activity:
    return Activity(
        calls=row.calls,
        errors=row.errors,
        seconds=row.busy / _SECOND,
        waited=row.waited / _SECOND,
        listing=None if row.listing is None else row.listing / _SECOND,
    )
