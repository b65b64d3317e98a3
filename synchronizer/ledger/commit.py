# SPDX-License-Identifier: Apache-2.0
"""How changes become revisions.

The first statement is a compare-and-set on the stream's row. It is the only source of
revisions, and it holds the row's lock until the commit: whoever comes second finds that
the stream has moved, and is refused.
"""

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, case, insert, or_, select, update

from synchronizer import errors
from synchronizer.fingerprint import DIGEST_MODULUS, digest_of
from synchronizer.ledger import streams
from synchronizer.ledger.payload import Payloads, changed_fields
from synchronizer.ledger.schema import stream, version
from synchronizer.ledger.values import StreamState, Write

#: So that no stream holds the database for long.
MAX_WRITES = 1000

_IDS_PER_QUERY = 250

_supersede = (
    update(version)
    .where(version.c.stream == bindparam("of_stream"), version.c.revision == bindparam("old"))
    .values(superseded=bindparam("new"))
)


class Commit:
    """One commit, prepared outside of the transaction so that the lock is held briefly."""

    def __init__(
        self,
        state: StreamState,
        writes: Sequence[Write],
        listed_at: int | None,
        payloads: Payloads,
        largest: int | None = None,
    ) -> None:
        """`largest`: bytes of a compressed entity that the database takes."""
        _examine(writes, listed_at)
        self._state = state
        self._writes = writes
        self._listed_at = listed_at
        self._payloads = payloads
        self._packed = [
            None if write.entity is None else payloads.pack(write.entity) for write in writes
        ]
        if largest is not None:
            self._require_room(largest)

    def run(self, connection: Connection) -> StreamState:
        self._compare_and_set(connection)
        if self._writes:
            # What the caller knows may be of a ledger that a backup has since replaced.
            present = streams.load(connection, self._state.id)
            self._record(connection, present, self._replaced(connection))
        return streams.load(connection, self._state.id)

    def _require_room(self, largest: int) -> None:
        for write, packed in zip(self._writes, self._packed, strict=True):
            if packed is not None and len(packed) > largest:
                raise errors.LedgerUnavailable(
                    f"{self._state.key}: {write.id} has {len(packed)} bytes, compressed, and the "
                    f"ledger's database takes {largest}; raise its max_allowed_packet"
                )

    def _compare_and_set(self, connection: Connection) -> None:
        state = self._state
        values: dict[str, Any] = {"revision": state.revision + len(self._writes)}
        if self._listed_at is not None:
            earlier = or_(stream.c.listed_at.is_(None), stream.c.listed_at < self._listed_at)
            # Also where our clock is behind: other samplers see by it that there was a proof.
            values["listed_at"] = case((earlier, self._listed_at), else_=stream.c.listed_at + 1)
        result = connection.execute(
            update(stream)
            .where(
                stream.c.id == state.id,
                stream.c.epoch == state.epoch,
                stream.c.revision == state.revision,
                stream.c.rules == state.rules,
                stream.c.fence == state.fence,
            )
            .values(values)
        )
        if result.rowcount == 1:
            return
        present = streams.load(connection, state.id)
        if present.fence != state.fence:
            raise errors.Fenced(
                f"another process has taken over {state.key}: {present.owner}", owner=present.owner
            )
        raise errors.Refused(
            f"{state.key} is at {present.epoch}/{present.revision}, not at "
            f"{state.epoch}/{state.revision}"
            + ("" if present.rules == state.rules else ", under other rules")
        )

    def _replaced(
        self, connection: Connection
    ) -> dict[str, tuple[int, bytes | None, bytes | None]]:
        """Of each id that has a version: newest revision, and its live fingerprint and payload."""
        with_payload = [write.id for write in self._writes if write.op == "update"]
        without = [write.id for write in self._writes if write.op != "update"]
        found: dict[str, tuple[int, bytes | None, bytes | None]] = {}
        hashes = (version.c.id, version.c.revision, version.c.fingerprint)
        for ids, columns in ((with_payload, (*hashes, version.c.payload)), (without, hashes)):
            for at in range(0, len(ids), _IDS_PER_QUERY):
                for row in connection.execute(
                    select(*columns).where(
                        version.c.stream == self._state.id,
                        version.c.id.in_(ids[at : at + _IDS_PER_QUERY]),
                        version.c.superseded.is_(None),
                    )
                ):
                    found[row[0]] = (row[1], row[2], row[3] if len(row) > 3 else None)
        return found

    def _record(
        self,
        connection: Connection,
        present: StreamState,
        replaced: dict[str, tuple[int, bytes | None, bytes | None]],
    ) -> None:
        state = self._state
        count, digest, revision = present.count, present.digest, state.revision
        now = time.time_ns() // 1000
        rows: list[dict[str, Any]] = []
        superseded: list[dict[str, Any]] = []
        for write, packed in zip(self._writes, self._packed, strict=True):
            revision += 1
            old, old_fingerprint, old_payload = replaced.get(write.id, (None, None, None))
            if (old_fingerprint is None) != (write.op == "create"):
                raise ValueError(
                    f"{state.key}: {write.op} of {write.id!r}, which "
                    + ("is not live" if old_fingerprint is None else "is live already")
                )
            if old is not None:
                superseded.append({"of_stream": state.id, "old": old, "new": revision})
            if old_fingerprint is not None:
                count -= 1
                digest -= digest_of(write.id, old_fingerprint)
            if write.fingerprint is not None:
                count += 1
                digest += digest_of(write.id, write.fingerprint)
            digest %= DIGEST_MODULUS
            rows.append(
                {
                    "stream": state.id,
                    "revision": revision,
                    "id": write.id,
                    "op": write.op,
                    "fingerprint": write.fingerprint,
                    "match": write.match,
                    "base": write.base,
                    "sampled_at": write.sampled_at,
                    "committed_at": now,
                    "superseded": None,
                    "count": count,
                    "digest": streams.digest_bytes(digest),
                    "changed": self._changed(write, old_payload),
                    "payload": packed,
                }
            )
        if superseded:
            connection.execute(_supersede, superseded)
        connection.execute(insert(version), rows)
        connection.execute(
            update(stream)
            .where(stream.c.id == state.id)
            .values(count=count, digest=streams.digest_bytes(digest))
        )

    def _changed(self, write: Write, old_payload: bytes | None) -> str | None:
        if old_payload is None or write.entity is None:
            return None
        names = changed_fields(self._payloads.unpack(old_payload), write.entity)
        return msgspec.json.encode(names).decode()


def _examine(writes: Sequence[Write], listed_at: int | None) -> None:
    if not writes and listed_at is None:
        raise ValueError("nothing to commit: neither writes nor a complete listing")
    if len(writes) > MAX_WRITES:
        raise ValueError(f"{len(writes)} writes in one commit; at most {MAX_WRITES}")
    if len({write.id for write in writes}) != len(writes):
        raise ValueError("an id appears twice in one commit")
    for write in writes:
        parts = (write.fingerprint, write.match, write.entity)
        if any((part is None) != (write.op == "delete") for part in parts):
            raise ValueError(
                f"{write.op} of {write.id!r}: a delete, and nothing else, is without content"
            )
