# SPDX-License-Identifier: Apache-2.0
"""From the answers about what was (digests, roster, history) to values. What does not have the
agreed form is `errors.BadMessage`, which says where."""

import itertools
from typing import Any

import msgspec

from synchronizer import errors
from synchronizer.bus import envelope
from synchronizer.client.answers import convert, read
from synchronizer.client.values import (
    Bucket,
    Digests,
    HistoryPage,
    PastVersion,
    RosterItem,
    RosterPage,
)


class _Bucket(msgspec.Struct, gc=False):
    count: int
    digest: str


class _Digests(msgspec.Struct):
    cloud: str
    type: str
    epoch: str
    revision: int
    bits: int
    buckets: list[_Bucket]


class _Item(msgspec.Struct, gc=False):
    id: str
    revision: int
    fingerprint: str


class _Roster(msgspec.Struct):
    epoch: str
    revision: int
    items: list[_Item]
    cursor: str | None


class _Committed(msgspec.Struct):
    committed_at: str


class _History(msgspec.Struct):
    cloud: str
    type: str
    epoch: str
    id: str
    floor: int
    versions: list[Any]
    before: int | None


def digests(wire: object, epoch: str, revision: int, bits: int) -> Digests:
    """The answer to `digests`, which was asked for these."""
    return read("digests", lambda: _digests(convert(wire, _Digests), epoch, revision, bits))


def roster(wire: object, epoch: str, revision: int) -> RosterPage:
    """A page of `roster`, of this revision."""
    return read("roster", lambda: _roster(convert(wire, _Roster), epoch, revision))


def history(wire: object) -> HistoryPage:
    """A page of `history`; its versions have no `differences` yet."""
    return read("history", lambda: _history(convert(wire, _History)))


def _digests(wire: _Digests, epoch: str, revision: int, bits: int) -> Digests:
    if (wire.epoch, wire.revision, wire.bits) != (epoch, revision, bits):
        raise ValueError(f"of revision {wire.revision} of epoch {wire.epoch}, in {wire.bits} bits")
    if len(wire.buckets) != 1 << bits:
        raise ValueError(f"{len(wire.buckets)} buckets instead of {1 << bits}")
    buckets = (Bucket(b.count, envelope.digest_from_wire(b.digest)) for b in wire.buckets)
    return Digests(wire.cloud, wire.type, epoch, revision, bits, tuple(buckets))


def _roster(wire: _Roster, epoch: str, revision: int) -> RosterPage:
    if (wire.epoch, wire.revision) != (epoch, revision):
        raise ValueError(f"of revision {wire.revision} of epoch {wire.epoch}")
    items = [
        RosterItem(item.id, item.revision, envelope.fingerprint_from_wire(item.fingerprint))
        for item in wire.items
    ]
    return RosterPage(items, wire.cursor)


def _history(wire: _History) -> HistoryPage:
    versions = tuple(_past(wire, version) for version in wire.versions)
    for newer, older in itertools.pairwise(versions):
        if older.revision >= newer.revision:
            raise ValueError(f"revision {older.revision} follows {newer.revision}")
    if wire.before is not None and (not versions or wire.before > versions[-1].revision):
        raise errors.BadMessage(f"the answer to history: more before {wire.before}, again")
    return HistoryPage(wire.cloud, wire.type, wire.epoch, wire.floor, versions, wire.before)


def _past(page: _History, wire: Any) -> PastVersion:
    change = envelope.change_from_wire(wire)
    entity = change.entity
    return PastVersion(
        cloud=page.cloud,
        type=page.type,
        id=change.id,
        revision=change.revision,
        op=change.op,
        sampled_at=change.sampled_at,
        committed_at=envelope.instant_from_wire(convert(wire, _Committed).committed_at),
        fingerprint=change.fingerprint,
        changed=change.changed,
        entity=entity if isinstance(entity, dict) else None,
        oversized=change.oversized,
    )
