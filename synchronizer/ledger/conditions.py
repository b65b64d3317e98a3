# SPDX-License-Identifier: Apache-2.0
"""Which streams' sources fail, and since when."""

import time

from sqlalchemy import Connection, delete, insert, select, update

from synchronizer.ledger import streams
from synchronizer.ledger.schema import condition
from synchronizer.ledger.values import Condition


def load(connection: Connection, stream_id: int) -> Condition | None:
    row = connection.execute(
        select(condition.c.since, condition.c.message).where(condition.c.stream == stream_id)
    ).one_or_none()
    return None if row is None else Condition(row.since, row.message)


def store(connection: Connection, stream_id: int, message: str | None) -> None:
    """The source fails with this message, or (None) no longer; `since` stays while it fails."""
    streams.lock(connection, stream_id)
    of_stream = condition.c.stream == stream_id
    if message is None:
        connection.execute(delete(condition).where(of_stream))
    elif load(connection, stream_id) is None:
        connection.execute(
            insert(condition).values(
                stream=stream_id, since=time.time_ns() // 1000, message=message
            )
        )
    else:
        connection.execute(update(condition).where(of_stream).values(message=message))
