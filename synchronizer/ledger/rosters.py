# SPDX-License-Identifier: Apache-2.0
"""What lived at a revision without its content: ids, revisions and fingerprints, or only
digests of them, bucket by bucket."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from synchronizer import errors
from synchronizer.fingerprint import DIGEST_MODULUS, bucket_of, digest_of
from synchronizer.ledger import reading, streams
from synchronizer.ledger.schema import version
from synchronizer.ledger.values import Bucket, RosterEntry, RosterPage, StreamState

#: Rows read at once: of any number of live entities no more are in memory.
_ROWS_AT_ONCE = 10_000

#: Live entities looked at for one page of one bucket.
_MOST_SCANNED = 100_000

# Made once. The columns are a `RosterEntry`'s, in its order.
_ROSTER = (
    select(version.c.revision, version.c.id, version.c.fingerprint)
    .where(*reading.LIVED_AT)
    .order_by(version.c.revision)
    .limit(bindparam("most"))
)


def digests(
    connection: Connection, stream_id: int, epoch: str, at: int, bits: int
) -> tuple[StreamState, list[Bucket]]:
    """Count and digest of each of the 2**bits buckets of what lived at revision `at`."""
    state = _state_at(connection, stream_id, epoch, at)
    counts, sums = [0] * (1 << bits), [0] * (1 << bits)
    for rows in _chunks(connection, stream_id, at, 0):
        for _, id_, fingerprint in rows:
            bucket = bucket_of(id_, bits)
            counts[bucket] += 1
            sums[bucket] += digest_of(id_, fingerprint)
    return state, [
        Bucket(count, total % DIGEST_MODULUS) for count, total in zip(counts, sums, strict=True)
    ]


def page(
    connection: Connection,
    stream_id: int,
    epoch: str,
    at: int,
    after: int,
    *,
    bits: int,
    bucket: int,
    limit: int,
) -> RosterPage:
    """What lived at revision `at` in one bucket, from above revision `after`; at most `limit`."""
    state = _state_at(connection, stream_id, epoch, at)
    entries: list[RosterEntry] = []
    scanned, last = 0, after
    for rows in _chunks(connection, stream_id, at, after, 0 if bits else limit + 1):
        for row in rows:
            if bits == 0 or bucket_of(row[1], bits) == bucket:
                if len(entries) == limit:
                    return RosterPage(state, entries, last, done=False)
                entries.append(RosterEntry(*row))
            last = row[0]
        scanned += len(rows)
        if scanned >= _MOST_SCANNED:
            return RosterPage(state, entries, last, done=False)
    return RosterPage(state, entries, at, done=True)


def _state_at(connection: Connection, stream_id: int, epoch: str, at: int) -> StreamState:
    state = streams.load(connection, stream_id)
    if state.epoch != epoch:
        raise errors.EpochChanged(epoch=state.epoch)
    return reading.above_floor(state, at)


def _chunks(
    connection: Connection, stream_id: int, at: int, after: int, most: int = 0
) -> Iterator[Sequence[Row[Any, Any, Any]]]:
    """The live rows by revision; each chunk goes on where the one before ended."""
    size = most or _ROWS_AT_ONCE
    while True:
        rows = connection.execute(
            _ROSTER, {"stream_id": stream_id, "after": after, "at": at, "most": size}
        ).all()
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = rows[-1][0]
