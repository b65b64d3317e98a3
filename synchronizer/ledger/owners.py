# SPDX-License-Identifier: Apache-2.0
"""Signs of life of those who took streams over.

Whoever waits for his turn sees whether the signs go on, by his own clock: no two clocks
are compared.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from synchronizer.ledger.schema import stream

_STREAMS_PER_QUERY = 250


def beat(connection: Connection, owner: str) -> int:
    """A sign of life in every stream that is the owner's; how many these are."""
    return connection.execute(
        update(stream).where(stream.c.owner == owner).values(beat=stream.c.beat + 1)
    ).rowcount


def signs(connection: Connection, stream_ids: Sequence[int]) -> tuple[object, ...]:
    """A value that differs after any sign of life in one of the streams, or a new claim."""
    found: list[object] = []
    for at in range(0, len(stream_ids), _STREAMS_PER_QUERY):
        part = stream_ids[at : at + _STREAMS_PER_QUERY]
        rows = connection.execute(
            select(stream.c.id, stream.c.fence, stream.c.beat)
            .where(stream.c.id.in_(part))
            .order_by(stream.c.id)
        )
        found += [tuple(row) for row in rows]
    return tuple(found)
