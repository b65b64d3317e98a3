# SPDX-License-Identifier: Apache-2.0
"""The versions of one id, from the newest back.

No index leads from an id to what is superseded, and none is needed: a revision supersedes
one version at most, the one that its own id had before. So each version leads to the one
before it, by the index that compaction has. Compaction takes the oldest first, so what is
left of an id's versions always hangs together.
"""

from typing import Any

from sqlalchemy import Connection, Select, bindparam, literal, select

from synchronizer.ledger import reading, streams
from synchronizer.ledger.payload import Payloads
from synchronizer.ledger.schema import version
from synchronizer.ledger.values import History, Version

#: Links followed by one statement: MariaDB silently follows no more than 1,000.
_LINKS = 500
#: Versions read at once, with their content.
_ROWS_AT_ONCE = 20


def _chain() -> Select[Any]:
    """The revision `first` and those that each the one after it superseded, `most` at most."""
    links = (
        select(version.c.revision, literal(1).label("number"))
        .where(version.c.stream == bindparam("stream_id"), version.c.revision == bindparam("first"))
        .cte("links", recursive=True)
    )
    links = links.union_all(
        select(version.c.revision, links.c.number + 1).where(
            version.c.stream == bindparam("stream_id"),
            version.c.superseded == links.c.revision,
            links.c.number < bindparam("most"),
        )
    )
    return select(links.c.revision).order_by(links.c.revision.desc())


_CHAIN = _chain()


def read(
    connection: Connection,
    payloads: Payloads,
    stream_id: int,
    id_: str,
    before: int | None,
    limit: int,
    max_bytes: int,
) -> History:
    """Versions of an id below revision `before` (None: all), newest first, as many as fit; at
    least one, if there is one."""
    state = streams.load(connection, stream_id)
    revisions = _revisions(connection, stream_id, id_, before, limit + 1)
    versions: list[Version] = []
    size = 0
    for at in range(0, min(limit, len(revisions)), _ROWS_AT_ONCE):
        chunk = revisions[at : min(limit, at + _ROWS_AT_ONCE)]
        rows = connection.execute(
            select(version)
            .where(version.c.stream == stream_id, version.c.revision.in_(chunk))
            .order_by(version.c.revision.desc())
        ).all()
        for row in rows:
            found = reading.version_of(row, payloads)
            size += 0 if found.entity is None else len(found.entity)
            if versions and size > max_bytes:
                return History(state, versions, done=False)
            versions.append(found)
    return History(state, versions, done=len(versions) == len(revisions))


def _revisions(
    connection: Connection, stream_id: int, id_: str, before: int | None, most: int
) -> list[int]:
    """The first revisions of an id, downwards from below `before`."""
    of_stream = version.c.stream == stream_id
    newest = (version.c.id == id_, version.c.superseded.is_(None))
    if before is None:
        return _follow(connection, stream_id, _one(connection, of_stream, *newest), most)
    # Nearly always `before` is a version of this id: the last that the caller was given.
    first = _one(connection, of_stream, version.c.superseded == before, version.c.id == id_)
    if first is not None:
        return _follow(connection, stream_id, first, most)
    if _one(connection, of_stream, version.c.revision == before, version.c.id == id_) is not None:
        return []
    first = _one(connection, of_stream, *newest)
    while first is not None and first >= before:
        links = _follow(connection, stream_id, first, _LINKS)
        first = next((revision for revision in links if revision < before), None)
        if first is None and len(links) == _LINKS:
            first = links[-1]
    return _follow(connection, stream_id, first, most)


def _one(connection: Connection, *conditions: Any) -> int | None:
    found: int | None = connection.execute(
        select(version.c.revision).where(*conditions)
    ).scalar_one_or_none()
    return found


def _follow(connection: Connection, stream_id: int, first: int | None, most: int) -> list[int]:
    """The chain of versions from `first` down."""
    links: list[int] = []
    while first is not None and len(links) < most:
        asked = min(_LINKS, most - len(links))
        found = (
            connection.execute(_CHAIN, {"stream_id": stream_id, "first": first, "most": asked})
            .scalars()
            .all()
        )
        links += found
        first = None
        if len(found) == asked and len(links) < most:
            first = _one(
                connection, version.c.stream == stream_id, version.c.superseded == links[-1]
            )
    return links
