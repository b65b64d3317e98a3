# SPDX-License-Identifier: Apache-2.0
"""The rows of streams: read, create, claim, mark as published."""

from typing import Any

from sqlalchemy import Connection, Row, RowMapping, Select, bindparam, insert, select, update

from synchronizer import errors
from synchronizer.ledger.schema import activity, listing, stream
from synchronizer.ledger.values import StreamState
from synchronizer.model import StreamKey

_NOTHING_YET = dict.fromkeys(("calls", "errors", "busy", "waited"), 0)

# Made once: each page of a snapshot asks them.
_BY_ID = select(stream).where(stream.c.id == bindparam("stream_id"))
_BY_KEY = select(stream).where(
    stream.c.cloud == bindparam("cloud_name"), stream.c.type == bindparam("type_name")
)


def load(connection: Connection, stream_id: int) -> StreamState:
    """One stream. `errors.NotFound` when there is none of this id."""
    return _load(connection, _BY_ID, stream_id)


def lock(connection: Connection, stream_id: int) -> StreamState:
    """One stream, which nobody else changes until this transaction ends.

    Every transaction that writes what it has read before takes this lock, or sets the row,
    as its first statement: so none overwrites another's, and none waits crosswise.
    """
    return _load(connection, _BY_ID.with_for_update(), stream_id)


def _load(connection: Connection, query: Select[Any], stream_id: int) -> StreamState:
    row = connection.execute(query, {"stream_id": stream_id}).one_or_none()
    if row is None:
        raise errors.NotFound(f"there is no stream {stream_id}")
    return _state(row)


def find(connection: Connection, key: StreamKey) -> StreamState | None:
    row = connection.execute(
        _BY_KEY, {"cloud_name": key.cloud, "type_name": key.type}
    ).one_or_none()
    return None if row is None else _state(row)


def load_all(connection: Connection) -> list[StreamState]:
    """Every stream, by cloud and type."""
    return [
        _state(row)
        for row in connection.execute(select(stream).order_by(stream.c.cloud, stream.c.type))
    ]


def create(
    connection: Connection, key: StreamKey, rules: str, epoch: str, revision: int
) -> StreamState:
    """A new stream without entities whose first change will be `revision` + 1."""
    connection.execute(
        insert(stream).values(
            cloud=key.cloud,
            type=key.type,
            epoch=epoch,
            revision=revision,
            published=revision,
            floor=revision,
            count=0,
            digest=digest_bytes(0),
            rules=rules,
            fence=0,
        )
    )
    created = find(connection, key)
    assert created is not None  # noqa: S101  (the same transaction)
    zeros = ("begun", "proven", "wanted", "fence", "expires", "failures", "not_before")
    connection.execute(insert(listing).values(stream=created.id, **dict.fromkeys(zeros, 0)))
    connection.execute(insert(activity).values(stream=created.id, **_NOTHING_YET))
    return created


def claim(connection: Connection, stream_id: int, owner: str) -> StreamState:
    """Give the stream to `owner`: whoever had it before is fenced off."""
    connection.execute(
        update(stream).where(stream.c.id == stream_id).values(owner=owner, fence=stream.c.fence + 1)
    )
    state = load(connection, stream_id)
    _complete(connection, stream_id)
    return state


def _complete(connection: Connection, stream_id: int) -> None:
    """A program of an older schema, beside us on the ledger, makes streams without their rows
    in newer tables."""
    there = select(activity.c.stream).where(activity.c.stream == stream_id)
    if connection.execute(there).one_or_none() is None:
        connection.execute(insert(activity).values(stream=stream_id, **_NOTHING_YET))


def mark_published(
    connection: Connection, stream_id: int, epoch: str, expected: int, published: int
) -> bool:
    """Raise `published`, if it is `expected` in this epoch; never above the revision."""
    result = connection.execute(
        update(stream)
        .where(
            stream.c.id == stream_id,
            stream.c.epoch == epoch,
            stream.c.published == expected,
            stream.c.published <= published,
            stream.c.revision >= published,
        )
        .values(published=published)
    )
    return result.rowcount == 1


def digest_bytes(digest: int) -> bytes:
    return digest.to_bytes(16, "big")


def digest_int(stored: bytes) -> int:
    return int.from_bytes(stored, "big")


def _state(row: Row[Any]) -> StreamState:
    found: RowMapping = row._mapping
    return StreamState(
        id=found["id"],
        key=StreamKey(found["cloud"], found["type"]),
        epoch=found["epoch"],
        revision=found["revision"],
        published=found["published"],
        floor=found["floor"],
        listed_at=found["listed_at"],
        count=found["count"],
        digest=digest_int(found["digest"]),
        rules=found["rules"],
        owner=found["owner"],
        fence=found["fence"],
    )
