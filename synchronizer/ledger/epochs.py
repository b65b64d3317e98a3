# SPDX-License-Identifier: Apache-2.0
"""When the numbering of a stream begins anew, and how.

A new epoch tells every consumer to forget what it holds and get all again. Revisions go
on rising across epochs, with at least one number left out in between; nothing below that
number can be asked for any more.
"""

import secrets
import time
from collections.abc import Mapping

from oslo_log import log as logging
from sqlalchemy import Connection, insert, select, update

from synchronizer.fingerprint import digest as digest_of_all
from synchronizer.ledger import streams
from synchronizer.ledger.highwater import Mark
from synchronizer.ledger.reading import LIVE
from synchronizer.ledger.schema import meta, stream, version
from synchronizer.ledger.values import StreamState
from synchronizer.model import StreamKey

LOG = logging.getLogger(__name__)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> str:
    """A ULID: 26 characters, milliseconds first and then chance."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def begin(connection: Connection, stream_id: int, reason: str, above: int = 0) -> StreamState:
    """A new epoch, whose numbers are above the old ones' and above `above`."""
    old = streams.lock(connection, stream_id)
    epoch = new_id()
    revision = max(old.revision, above) + 1
    connection.execute(
        update(stream)
        .where(stream.c.id == stream_id)
        .values(epoch=epoch, revision=revision, published=revision, floor=revision)
    )
    LOG.warning(
        "%s: a new epoch %s begins at revision %d (was %s at %d): %s",
        old.key,
        epoch,
        revision,
        old.epoch,
        old.revision,
        reason,
        revision=revision,
    )
    return streams.load(connection, stream_id)


def first(connection: Connection, key: StreamKey, rules: str, mark: Mark | None) -> StreamState:
    """A new stream; above its mark, if another ledger has published it before."""
    revision = 0 if mark is None else mark[1] + 1
    created = streams.create(connection, key, rules, new_id(), revision)
    LOG.info(
        "%s: a new stream, epoch %s at revision %d",
        *(key, created.epoch, revision),
        revision=revision,
    )
    return created


def settle_identity(connection: Connection, identity: str) -> None:
    """Begin new epochs when this is not the database that the streams were numbered in.

    Writes the identity in the same transaction, so that one opener alone finds a change.
    """
    row = connection.execute(select(meta.c.value).where(meta.c.name == "identity")).one_or_none()
    if row is None:
        connection.execute(insert(meta).values(name="identity", value=identity))
        return
    if row.value == identity:
        return
    connection.execute(update(meta).where(meta.c.name == "identity").values(value=identity))
    for state in streams.load_all(connection):
        begin(connection, state.id, f"the ledger was moved or copied from {row.value}")


def settle_marks(connection: Connection, marks: Mapping[StreamKey, Mark]) -> None:
    """Begin new epochs for streams that are behind what was published of them.

    `marks` must have been read before this transaction began.
    """
    for state in streams.load_all(connection):
        mark = marks.get(state.key)
        if mark is None:
            continue
        epoch, revision = mark
        behind = state.revision < revision
        if behind or (state.epoch != epoch and state.revision == revision):
            reason = f"revision {revision} of epoch {epoch} had been published already"
            begin(connection, state.id, reason, above=revision)


def verify(connection: Connection, state: StreamState) -> tuple[int, int] | None:
    """Count and digest by a scan, when they are not those of the stream's row."""
    live = connection.execute(
        select(version.c.id, version.c.fingerprint).where(version.c.stream == state.id, LIVE)
    )
    found = [(row[0], row[1]) for row in live]
    scanned = (len(found), digest_of_all(found))
    return None if scanned == (state.count, state.digest) else scanned


def mend(connection: Connection, stream_id: int) -> bool:
    """Verify again while nobody else writes; on a difference, a new epoch with the scan's."""
    state = streams.lock(connection, stream_id)
    scanned = verify(connection, state)
    if scanned is None:
        return False
    count, digest = scanned
    LOG.error(
        "%s: the ledger is damaged: %d live entities with digest %032x, where its row says %d "
        "with %032x; examine the disk",
        state.key,
        count,
        digest,
        state.count,
        state.digest,
        revision=state.revision,
    )
    connection.execute(
        update(stream)
        .where(stream.c.id == stream_id)
        .values(count=count, digest=streams.digest_bytes(digest))
    )
    begin(connection, stream_id, "count or digest differed from the live versions")
    return True
