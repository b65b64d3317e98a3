# SPDX-License-Identifier: Apache-2.0
"""What has to be true of one stream and its versions."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, or_, select

from synchronizer import errors
from synchronizer.fingerprint import DIGEST_MODULUS, decode, digest_of
from synchronizer.ledger.highwater import Mark
from synchronizer.ledger.payload import Payloads
from synchronizer.ledger.schema import stream, version

#: Versions that are read at once.
_ROWS_AT_ONCE = 1000

#: Versions that are named, where many cannot be read.
_MOST = 5

RESTORE = (
    "examine the disk, and restore a backup; or move the ledger away with the daemon stopped: "
    "it is made anew, and every consumer gets all again"
)
RENEW = "'synchronizer epoch renew' for this type: its consumers get all again"


class _State(NamedTuple):
    """The columns of a stream that every schema has had."""

    epoch: str
    revision: int
    published: int
    floor: int
    live: int
    digest: bytes


_STATE = select(
    stream.c.epoch,
    stream.c.revision,
    stream.c.published,
    stream.c.floor,
    stream.c.count,
    stream.c.digest,
)
_ROWS = select(
    version.c.revision,
    version.c.id,
    version.c.op,
    version.c.fingerprint,
    version.c.superseded,
).order_by(version.c.revision)


class Problem(NamedTuple):
    """`wrong`: something has to be done; else it is good to know. `do`: what, or what will be."""

    what: str
    do: str
    wrong: bool = True


def look(
    connection: Connection, stream_id: int, mark: Mark | None, contents: bool
) -> tuple[str, list[Problem]]:
    """What there is, in a line, and what is not as it has to be. `errors.NotFound`."""
    found = connection.execute(_STATE.where(stream.c.id == stream_id)).one_or_none()
    if found is None:
        raise errors.NotFound
    state = _State(*found)
    problems = [
        *_numbers(connection, stream_id, state),
        *_versions(connection, stream_id, state, contents),
        *_published(state, mark),
    ]
    waiting = state.revision - state.published
    return (
        f"{state.live} entities at revision {state.revision}, remembered from {state.floor} on"
        + (f", {waiting} to be published" if waiting else ""),
        problems,
    )


def _numbers(connection: Connection, stream_id: int, state: _State) -> Iterator[Problem]:
    of_stream = version.c.stream == stream_id
    if not 0 <= state.floor <= state.published <= state.revision:
        yield Problem(
            f"floor {state.floor}, published {state.published} and revision {state.revision} are "
            "not in this order",
            RENEW,
        )
    above = select(func.count()).where(of_stream, version.c.revision > state.floor)
    there = int(connection.execute(above).scalar_one())
    if there != state.revision - state.floor:
        wanted = state.revision - state.floor
        yield Problem(f"{there} of the {wanted} revisions above {state.floor} are there", RENEW)
    astray = select(func.count()).where(
        of_stream,
        or_(
            version.c.revision > state.revision,
            version.c.superseded <= version.c.revision,
            version.c.superseded > state.revision,
        ),
    )
    if count := connection.execute(astray).scalar_one():
        yield Problem(f"{count} versions are of revisions that there cannot be", RESTORE)
    twice = (
        select(version.c.id)
        .where(of_stream, version.c.superseded.is_(None))
        .group_by(version.c.id)
        .having(func.count() > 1)
    )
    if ids := connection.execute(twice).scalars().all():
        yield Problem(f"more than one version is the newest of {_some(ids)}", RESTORE)


def _versions(
    connection: Connection, stream_id: int, state: _State, contents: bool
) -> Iterator[Problem]:
    """Everything that takes each version to tell."""
    payloads = Payloads()
    count, total = 0, 0
    unreadable: list[str] = []
    for row in _rows(connection, stream_id, contents):
        if row.op == "delete":
            continue
        if row.fingerprint is None or (contents and not _readable(payloads, row.payload)):
            unreadable.append(f"{row.id} at {row.revision}")
        elif row.superseded is None:
            count += 1
            total += digest_of(row.id, row.fingerprint)
    if unreadable:
        yield Problem(f"cannot be read: {_some(unreadable)}", RESTORE)
    if (count, total % DIGEST_MODULUS) != (state.live, int.from_bytes(state.digest, "big")):
        yield Problem(
            f"{count} entities live, or others, where its row says {state.live}",
            "examine the disk; the daemon begins a new epoch of it within a day, or when it begins",
        )


def _rows(connection: Connection, stream_id: int, contents: bool) -> Iterator[Row[Any]]:
    """Every version; of any number no more than some are in memory."""
    wanted = _ROWS.add_columns(version.c.payload) if contents else _ROWS
    after, rows = -1, None
    while rows is None or len(rows) == _ROWS_AT_ONCE:
        following = wanted.where(version.c.stream == stream_id, version.c.revision > after)
        rows = connection.execute(following.limit(_ROWS_AT_ONCE)).all()
        yield from rows
        after = rows[-1].revision if rows else after


def _readable(payloads: Payloads, payload: bytes | None) -> bool:
    if payload is None:
        return False
    try:
        decode(payloads.unpack(payload))
    except (errors.LedgerDamaged, errors.BadItem):
        return False
    return True


def _published(state: _State, mark: Mark | None) -> Iterator[Problem]:
    if mark is None:
        return
    epoch, revision = mark
    if state.revision < revision or (state.epoch != epoch and state.revision == revision):
        yield Problem(
            f"is behind revision {revision}, which was published of it: a restored backup?",
            "a new epoch begins when the daemon opens it: every consumer gets all again",
            wrong=False,
        )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
