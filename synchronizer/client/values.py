# SPDX-License-Identifier: Apache-2.0
"""What the snapshot server answers, as values.

Instants are microseconds since the epoch, fingerprints 16 bytes, digests integers.
"""

import dataclasses
from collections.abc import Sequence

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


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """One entity of a snapshot, as of its revision. `entity` is None only where an
    `oversized` one was not fetched yet; a `Snapshot` has fetched it."""

    id: str
    revision: int
    fingerprint: bytes
    sampled_at: int
    entity: Entity | None
    oversized: bool = False


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
