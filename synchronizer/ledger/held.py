# SPDX-License-Identifier: Apache-2.0
"""Deletes that lack evidence, and what an operator said of them."""

import dataclasses
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from synchronizer.ledger import streams
from synchronizer.ledger.schema import held, stream
from synchronizer.ledger.values import Hold, Verdict
from synchronizer.model import StreamKey

_IDS_PER_QUERY = 250


def replace(connection: Connection, stream_id: int, holds: Sequence[Hold]) -> None:
    """Make these the held deletes of a stream; ids held before keep `since` and verdict."""
    streams.lock(connection, stream_id)
    before = {hold.id: hold for _, hold in load(connection, stream_id)}
    connection.execute(delete(held).where(held.c.stream == stream_id))
    rows = []
    for hold in holds:
        old = before.get(hold.id)
        kept = (
            hold if old is None else dataclasses.replace(hold, since=old.since, verdict=old.verdict)
        )
        rows.append({"stream": stream_id, **dataclasses.asdict(kept)})
    if rows:
        connection.execute(insert(held), rows)


def load(connection: Connection, stream_id: int | None) -> list[tuple[StreamKey, Hold]]:
    """The held deletes of one stream, or of all, in order of stream and id."""
    query = (
        select(
            stream.c.cloud,
            stream.c.type,
            held.c.id,
            held.c.base,
            held.c.reason,
            held.c.since,
            held.c.verdict,
        )
        .join_from(held, stream, held.c.stream == stream.c.id)
        .order_by(stream.c.cloud, stream.c.type, held.c.id)
    )
    if stream_id is not None:
        query = query.where(held.c.stream == stream_id)
    return [(StreamKey(row[0], row[1]), Hold(*row[2:])) for row in connection.execute(query)]


_COUNT = select(func.count()).select_from(held).where(held.c.stream == bindparam("stream_id"))


def count(connection: Connection, stream_id: int) -> int:
    return connection.execute(_COUNT, {"stream_id": stream_id}).scalar_one()


def decide(
    connection: Connection, stream_id: int, ids: Iterable[str] | None, verdict: Verdict
) -> int:
    """Note a verdict on some held ids, or on all; how many there were."""
    streams.lock(connection, stream_id)
    decided = 0
    for part in _parts(ids):
        query = update(held).where(held.c.stream == stream_id).values(verdict=verdict)
        if part is not None:
            query = query.where(held.c.id.in_(part))
        decided += connection.execute(query).rowcount
    return decided


def forget(connection: Connection, stream_id: int, ids: Iterable[str]) -> None:
    """These ids are held no more."""
    streams.lock(connection, stream_id)
    for part in _parts(ids):
        connection.execute(
            delete(held).where(held.c.stream == stream_id, held.c.id.in_(part or []))
        )


def _parts(ids: Iterable[str] | None) -> list[list[str] | None]:
    if ids is None:
        return [None]
    wanted = sorted(set(ids))
    return [wanted[at : at + _IDS_PER_QUERY] for at in range(0, len(wanted), _IDS_PER_QUERY)]
