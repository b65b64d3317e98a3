# SPDX-License-Identifier: Apache-2.0
"""digests and roster: what lived at a revision, told by digests of buckets, or by fingerprints.

With them a caller finds out what its copy lacks without reading all entities again: first
the buckets of ids whose digests differ, then the ids in those.
"""

from typing import Any

import msgspec

from synchronizer import errors, outgoing
from synchronizer.bus import envelope
from synchronizer.fingerprint import MOST_BITS
from synchronizer.ledger import Ledger, RosterEntry, StreamState
from synchronizer.snapshot import arguments
from synchronizer.snapshot.cursor import packed, unpacked
from synchronizer.snapshot.directory import Directory
from synchronizer.snapshot.numbering import MOST_REVISION, Numbering

MOST_ITEMS = 5000

#: An item beside its id, escaped.
_FRAME = 120


class RosterCursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a walk over a roster stands. `after`: the last revision looked at."""

    cloud: str
    type: str
    epoch: str
    at: int
    bits: int
    bucket: int
    after: int

    def encode(self) -> str:
        return packed(msgspec.json.encode(self))


class Rosters:
    """Answers digests and roster."""

    def __init__(
        self, ledger: Ledger, directory: Directory, numbering: Numbering, *, max_bytes: int
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._numbering = numbering
        self._max_bytes = max_bytes

    def digests(
        self, type_: Any, cloud: Any, epoch: Any, revision: Any, bits: Any
    ) -> dict[str, Any]:
        """Count and digest of each bucket, at exactly that revision."""
        number = arguments.optional_integer("bits", bits, 0, MOST_BITS) or 0
        state, at = self._stream(type_, cloud, epoch, revision)
        state, buckets = self._ledger.digests(state.id, state.epoch, at, number)
        return {
            **_named(state, at),
            "bits": number,
            "buckets": [
                {"count": bucket.count, "digest": envelope.digest_to_wire(bucket.digest)}
                for bucket in buckets
            ],
        }

    def roster(
        self,
        type_: Any,
        cloud: Any,
        epoch: Any,
        revision: Any,
        bits: Any,
        bucket: Any,
        limit: Any,
        cursor: Any,
    ) -> dict[str, Any]:
        """A page of ids and fingerprints of one bucket, at exactly that revision."""
        number = arguments.optional_integer("bits", bits, 0, MOST_BITS) or 0
        which = arguments.optional_integer("bucket", bucket, 0, (1 << number) - 1) or 0
        most = arguments.optional_integer("limit", limit, 1, MOST_ITEMS) or MOST_ITEMS
        state, at = self._stream(type_, cloud, epoch, revision)
        position = RosterCursor(state.key.cloud, state.key.type, state.epoch, at, number, which, 0)
        if cursor is not None:
            position = _resumed(cursor, position)
        read = self._ledger.roster(
            state.id, state.epoch, at, position.after, bits=number, bucket=which, limit=most
        )
        entries = self._fitting(read.entries)
        following = None
        if len(entries) < len(read.entries):
            following = msgspec.structs.replace(position, after=entries[-1].revision)
        elif not read.done:
            following = msgspec.structs.replace(position, after=read.last)
        return {
            **_named(read.state, at),
            "items": [
                {
                    "id": entry.id,
                    "revision": entry.revision,
                    "fingerprint": envelope.fingerprint_to_wire(entry.fingerprint),
                }
                for entry in entries
            ],
            "cursor": None if following is None else following.encode(),
        }

    def _stream(self, type_: Any, cloud: Any, epoch: Any, revision: Any) -> tuple[StreamState, int]:
        known = arguments.text("epoch", epoch)
        at = arguments.integer("revision", revision, 0, MOST_REVISION)
        state = self._directory.find(type_, cloud)
        self._numbering.agree(state, known, at)
        return state, at

    def _fitting(self, entries: list[RosterEntry]) -> list[RosterEntry]:
        """As many of the first as one message carries; at least one, if there is one."""
        room = outgoing.message_bytes(self._max_bytes)
        for taken, entry in enumerate(entries):
            room -= _FRAME + outgoing.weigh(msgspec.json.encode(entry.id))
            if room < 0 and taken:
                return entries[:taken]
        return entries


def _named(state: StreamState, at: int) -> dict[str, Any]:
    return {
        "schema": envelope.SCHEMA,
        "cloud": state.key.cloud,
        "type": state.key.type,
        "epoch": state.epoch,
        "revision": at,
    }


def _resumed(text: Any, first: RosterCursor) -> RosterCursor:
    """The position that a cursor names, of the walk that begins with `first`."""
    if not isinstance(text, str):
        raise errors.BadCursor
    try:
        position = msgspec.json.decode(unpacked(text), type=RosterCursor)
    except msgspec.MsgspecError:
        raise errors.BadCursor("the cursor is not one that roster gave") from None
    if msgspec.structs.replace(position, after=0) != first or not 0 <= position.after <= first.at:
        raise errors.BadCursor("the cursor belongs to another roster")
    return position
