# SPDX-License-Identifier: Apache-2.0
"""Forgetting what nobody will ask for any more.

A superseded version is of use to a question from below the revision that superseded it,
and a tombstone to one from below its own. So the floor rises to the highest of these
revisions that goes, in the same transaction.
"""

from sqlalchemy import Connection, delete, literal_column, select, update

from synchronizer.ledger import streams
from synchronizer.ledger.schema import stream, version

_ROWS_PER_QUERY = 250


def compact(connection: Connection, stream_id: int, older_than: int, limit: int) -> int:
    """Delete at most `limit` versions that went out of use before `older_than`."""
    state = streams.lock(connection, stream_id)
    newest = min(_last_before(connection, stream_id, state.revision, older_than), state.published)
    if newest <= 0:
        return 0
    of_stream = version.c.stream == stream_id
    doomed: list[tuple[int, int]] = [
        (row[0], row[1])
        for row in connection.execute(
            select(version.c.superseded, version.c.revision)
            .where(of_stream, version.c.superseded <= newest)
            .order_by(version.c.superseded)
            .limit(limit)
        )
    ]
    doomed += [
        (row[0], row[0])
        for row in connection.execute(
            select(version.c.revision)
            .where(
                of_stream,
                version.c.op == literal_column("'delete'"),
                version.c.superseded.is_(None),
                version.c.revision <= newest,
            )
            .order_by(version.c.revision)
            .limit(limit)
        )
    ]
    doomed = sorted(doomed)[:limit]
    if not doomed:
        return 0
    for at in range(0, len(doomed), _ROWS_PER_QUERY):
        revisions = [revision for _, revision in doomed[at : at + _ROWS_PER_QUERY]]
        connection.execute(delete(version).where(of_stream, version.c.revision.in_(revisions)))
    floor = max(state.floor, doomed[-1][0])
    connection.execute(update(stream).where(stream.c.id == stream_id).values(floor=floor))
    return len(doomed)


def _last_before(connection: Connection, stream_id: int, revision: int, instant: int) -> int:
    """The last revision committed before an instant; 0 when there is none.

    A search by halves, since instants rise with revisions. Where a clock was set back
    they do not, and the answer is near one of several true ones, which is good enough.
    """
    low, high = 0, revision
    while low < high:
        middle = (low + high + 1) // 2
        row = connection.execute(
            select(version.c.revision, version.c.committed_at)
            .where(
                version.c.stream == stream_id,
                version.c.revision <= middle,
                version.c.revision > low,
            )
            .order_by(version.c.revision.desc())
            .limit(1)
        ).one_or_none()
        if row is None or row.committed_at < instant:
            low = middle
        else:
            high = row.revision - 1
    return low
