# SPDX-License-Identifier: Apache-2.0
"""What the snapshot server answers, as values.

Instants are microseconds since the epoch, fingerprints 16 bytes, digests integers.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from synchronizer.model import Change, Entity, Op, StreamKey


@dataclasses.dataclass(frozen=True, slots=True)
class Info:
    """What a snapshot is of, and how fresh. `held`: deletes that wait for evidence."""

    cloud: str
    type: str
    epoch: str
    revision: int
    count: int
    digest: int
    listed_at: int | None
    held: int


class Item(msgspec.Struct, frozen=True):
    """One entity of a snapshot, as of its revision. `entity` is None only where an
    `oversized` one was not fetched yet; a `Snapshot` has fetched it. Where entities were not
    to be decoded, it is the JSON `text` instead. A struct, as there are many: a dataclass takes
    five times as long to make."""

    id: str
    revision: int
    fingerprint: bytes
    sampled_at: int
    entity: Entity | None
    oversized: bool = False
    text: bytes | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """`cursor` leads to the next page; None: this was the last."""

    info: Info
    items: Sequence[Item]
    cursor: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Version:
    """One revision of one entity; `entity` is None for a delete."""

    cloud: str
    type: str
    epoch: str
    id: str
    revision: int
    op: Op
    fingerprint: bytes | None
    sampled_at: int
    changed: tuple[str, ...]
    entity: Entity | None


@dataclasses.dataclass(frozen=True, slots=True)
class Activity:
    """What sampling a stream has cost since its ledger was made. `calls`: requests to its
    service; `errors`: polls that failed. Seconds: in requests; `waited` for the service's
    budget; the last listing; `stale`: since the last proven listing began, when this was told."""

    calls: int
    errors: int
    seconds: float
    waited: float
    listing_seconds: float | None
    stale_seconds: float | None


@dataclasses.dataclass(frozen=True, slots=True)
class StreamInfo:
    """Where a stream stands. `failing_since` and `problem`: its source does not answer.
    `activity`: None from a server that does not tell it. `interval`: seconds between complete
    listings, None where the server does not know it. `owner`: who samples it, "host:pid"."""

    cloud: str
    type: str
    epoch: str
    revision: int
    published: int
    count: int
    digest: int
    floor: int
    listed_at: int | None
    held: int
    failing_since: int | None
    problem: str | None
    activity: Activity | None = None
    interval: float | None = None
    owner: str | None = None

    @property
    def stream(self) -> StreamKey:
        return StreamKey(self.cloud, self.type)


@dataclasses.dataclass(frozen=True, slots=True)
class ChangesAnswer:
    """What `changes` answers: a change set (`changes` may be empty: then `last` is the
    revision that was asked from), and the stream's present revision."""

    epoch: str
    first: int
    last: int
    count: int
    digest: int
    changes: tuple[Change, ...]
    revision: int
    listed_at: int | None
    held: int


@dataclasses.dataclass(frozen=True, slots=True)
class Bucket:
    """The entities whose ids are in one bucket: how many, and their digest."""

    count: int
    digest: int


@dataclasses.dataclass(frozen=True, slots=True)
class Digests:
    """What lived in a stream at one revision; `buckets` has 2**bits of them, by number (see
    `fingerprint.bucket_of`)."""

    cloud: str
    type: str
    epoch: str
    revision: int
    bits: int
    buckets: tuple[Bucket, ...]


class RosterItem(NamedTuple):
    """One entity of a roster, without its content."""

    id: str
    revision: int
    fingerprint: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class RosterPage:
    """`cursor` leads to the next page; None: this was the last."""

    items: Sequence[RosterItem]
    cursor: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class PastVersion:
    """One version of an entity's history.

    `entity` is None for a delete, and where an `oversized` one was not fetched yet; a `History`
    has fetched it. `differences`: of an update, each changed top-level field with its value
    before and after (None where the entity did not have it); None where the version before is
    no longer kept, and empty for a create and a delete.
    """

    cloud: str
    type: str
    id: str
    revision: int
    op: Op
    sampled_at: int
    committed_at: int
    fingerprint: bytes | None
    changed: tuple[str, ...]
    entity: Entity | None
    oversized: bool = False
    differences: Mapping[str, tuple[Any, Any]] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class HistoryPage:
    """Versions, the newest first. `before` leads to older ones; None: there are none. `floor`:
    what was superseded up to this revision of the stream may be forgotten."""

    cloud: str
    type: str
    epoch: str
    floor: int
    versions: tuple[PastVersion, ...]
    before: int | None
