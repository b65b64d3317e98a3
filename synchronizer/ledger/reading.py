# SPDX-License-Identifier: Apache-2.0
"""The questions that the temporal table answers, each within the caller's transaction."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Result,
    Row,
    and_,
    bindparam,
    or_,
    select,
)

from synchronizer import errors
from synchronizer.ledger import streams
from synchronizer.ledger.payload import Payloads
from synchronizer.ledger.schema import version
from synchronizer.ledger.values import (
    Changes,
    Live,
    SnapshotItem,
    SnapshotPage,
    StreamState,
    TailEntry,
    Version,
)

_IDS_PER_QUERY = 250
_ROWS_AT_ONCE = 50

# There is no index by id over what is superseded.
_LOOKED_BACK = 20_000

_AT: BindParameter[int] = bindparam("at")

#: What lived at a revision, from above another one.
LIVED_AT: tuple[ColumnElement[bool], ...] = (
    version.c.stream == bindparam("stream_id"),
    version.c.revision > bindparam("after"),
    version.c.revision <= _AT,
    or_(version.c.superseded.is_(None), version.c.superseded > _AT),
    version.c.op != "delete",
)

# Made once: each page of a snapshot asks it. The columns are a `SnapshotItem`'s, in its order.
_SNAPSHOT = (
    select(
        version.c.revision,
        version.c.id,
        version.c.fingerprint,
        version.c.sampled_at,
        version.c.payload,
    )
    .where(*LIVED_AT)
    .order_by(version.c.revision)
    .limit(bindparam("most"))
)

# Made once: each page of a listing asks it. The columns are a `TailEntry`'s, in its order.
_TAIL = (
    select(
        version.c.revision,
        version.c.id,
        version.c.op,
        version.c.base,
        version.c.fingerprint,
        version.c.match,
    )
    .where(version.c.stream == bindparam("stream_id"), version.c.revision > bindparam("after"))
    .order_by(version.c.revision)
)

#: Part of the baseline.
LIVE: ColumnElement[bool] = and_(version.c.superseded.is_(None), version.c.op != "delete")


def baseline(connection: Connection, stream_id: int) -> tuple[StreamState, list[Live]]:
    """What lives now, by revision."""
    state = streams.load(connection, stream_id)
    rows = connection.execute(
        select(version.c.id, version.c.fingerprint, version.c.match, version.c.revision)
        .where(version.c.stream == stream_id, LIVE)
        .order_by(version.c.revision)
    )
    return state, [Live(*row) for row in rows]


def tail(connection: Connection, stream_id: int, after: int) -> tuple[StreamState, list[TailEntry]]:
    """Every revision above `after`."""
    state = above_floor(streams.load(connection, stream_id), after)
    rows = connection.execute(_TAIL, {"stream_id": stream_id, "after": after})
    return state, [TailEntry(*row) for row in rows]


def changes(
    connection: Connection,
    payloads: Payloads,
    stream_id: int,
    since: int,
    limit: int,
    max_bytes: int,
) -> Changes:
    """Revisions from `since` + 1, as many as fit; at least one if there is any."""
    state = above_floor(streams.load(connection, stream_id), since)
    rows = connection.execute(
        select(version)
        .where(version.c.stream == stream_id, version.c.revision > since)
        .order_by(version.c.revision)
        .limit(limit)
    )
    return Changes(state, _fitting(rows, payloads, max_bytes))


def snapshot_page(
    connection: Connection,
    payloads: Payloads,
    stream_id: int,
    epoch: str,
    at: int,
    after: int,
    limit: int,
    max_bytes: int,
) -> SnapshotPage:
    """What lived at revision `at`, from above revision `after`, as much as fits."""
    state = streams.load(connection, stream_id)
    if state.epoch != epoch:
        raise errors.EpochChanged(epoch=state.epoch)
    above_floor(state, at)
    rows = connection.execute(
        _SNAPSHOT,
        # One more tells whether something follows.
        {"stream_id": stream_id, "after": after, "at": at, "most": limit + 1},
    )
    versions: list[SnapshotItem] = []
    size, done, unpack = 0, True, payloads.unpack
    for revision, id_, fingerprint, sampled_at, payload in rows.yield_per(_ROWS_AT_ONCE):
        entity = unpack(payload)
        size += len(entity)
        if versions and (len(versions) == limit or size > max_bytes):
            done = False
            rows.close()
            break
        versions.append(SnapshotItem(revision, id_, fingerprint, sampled_at, entity))
    return SnapshotPage(state, versions, versions[-1].revision if versions else at, done)


def one(
    connection: Connection, payloads: Payloads, stream_id: int, id_: str, revision: int | None
) -> Version:
    """The live version of an id, or exactly that revision of it."""
    state = streams.load(connection, stream_id)
    wanted = select(version).where(version.c.stream == stream_id, version.c.id == id_)
    if revision is None:
        row = connection.execute(wanted.where(LIVE)).one_or_none()
    else:
        row = connection.execute(wanted.where(version.c.revision == revision)).one_or_none()
    if row is not None:
        return version_of(row, payloads)
    if revision is not None and revision <= state.floor:
        raise errors.Compacted(floor=state.floor)
    raise errors.NotFound


def born(connection: Connection, stream_id: int, newest: Version) -> int | None:
    """When the present life of an id was sampled first (microseconds), as far as can be told
    from the last revisions of the stream up to its newest version."""
    found: int | None = connection.execute(
        select(version.c.sampled_at)
        .where(
            version.c.stream == stream_id,
            version.c.revision <= newest.revision,
            version.c.revision > newest.revision - _LOOKED_BACK,
            version.c.id == newest.id,
            version.c.op == "create",
        )
        .order_by(version.c.revision.desc())
        .limit(1)
    ).scalar_one_or_none()
    return found


def entities(
    connection: Connection, payloads: Payloads, stream_id: int, ids: Iterable[str]
) -> dict[str, bytes]:
    """The live entities among some ids."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, bytes] = {}
    for at in range(0, len(wanted), _IDS_PER_QUERY):
        for id_, payload in connection.execute(
            select(version.c.id, version.c.payload).where(
                version.c.stream == stream_id,
                version.c.id.in_(wanted[at : at + _IDS_PER_QUERY]),
                LIVE,
            )
        ):
            found[id_] = payloads.unpack(payload)
    return found


def above_floor(state: StreamState, revision: int) -> StreamState:
    """The stream, of which that revision can be asked: `errors.Compacted` or `EpochChanged`."""
    if revision > state.revision:
        raise errors.EpochChanged(f"{state.key} has no revision {revision} yet", epoch=state.epoch)
    if revision < state.floor:
        raise errors.Compacted(floor=state.floor)
    return state


def _fitting(rows: Result[Any], payloads: Payloads, max_bytes: int) -> list[Version]:
    """The first versions with `max_bytes` of entities, but one in any case."""
    versions: list[Version] = []
    size = 0
    for row in rows:
        found = version_of(row, payloads)
        size += 0 if found.entity is None else len(found.entity)
        if versions and size > max_bytes:
            rows.close()
            break
        versions.append(found)
    return versions


def version_of(row: Row[Any], payloads: Payloads) -> Version:
    """A whole row of the table."""
    return Version(
        revision=row.revision,
        id=row.id,
        op=row.op,
        fingerprint=row.fingerprint,
        base=row.base,
        sampled_at=row.sampled_at,
        committed_at=row.committed_at,
        superseded=row.superseded,
        changed=() if row.changed is None else tuple(msgspec.json.decode(row.changed)),
        entity=None if row.payload is None else payloads.unpack(row.payload),
        count=row._mapping["count"],  # Row.count is a method of tuples
        digest=streams.digest_int(row.digest),
    )
