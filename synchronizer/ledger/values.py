# SPDX-License-Identifier: Apache-2.0
"""What the ledger takes and gives. Frozen; none does any work.

Instants are microseconds since 1970 in UTC, fingerprints and matches 16 bytes,
digests integers modulo 2**128, entities JSON texts (bytes, decompressed).
"""

import dataclasses
from typing import Literal, NamedTuple

from synchronizer.model import Op, StreamKey

Verdict = Literal["confirm", "release"]


@dataclasses.dataclass(frozen=True, slots=True)
class StreamState:
    """One stream's row as it was in one read.

    `published`: the last revision known to be on the bus. `floor`: the least revision
    from which changes, and at which snapshots, can be asked. `listed_at`: when the last
    complete listing's first request began. `rules`: what `match` was computed by.
    `fence`: rises with each claim; a commit under an older one is refused.
    """

    id: int
    key: StreamKey
    epoch: str
    revision: int
    published: int
    floor: int
    listed_at: int | None
    count: int
    digest: int
    rules: str
    owner: str | None
    fence: int


@dataclasses.dataclass(frozen=True, slots=True)
class Live:
    """One row of a baseline: a live entity without its payload."""

    id: str
    fingerprint: bytes
    match: bytes
    revision: int


@dataclasses.dataclass(frozen=True, slots=True)
class TailEntry:
    """One revision, without its payload. Hashes are None for a delete.

    `base`: the revision that was known when the request behind it began.
    """

    revision: int
    id: str
    op: Op
    base: int
    fingerprint: bytes | None
    match: bytes | None


@dataclasses.dataclass(frozen=True, slots=True)
class Write:
    """One change to commit.

    `base`: the revision that was known when the request behind it began. `entity`:
    the whole entity as JSON without sensitive fields. It and both hashes are None
    for a delete, and for a delete only.
    """

    op: Op
    id: str
    fingerprint: bytes | None
    match: bytes | None
    base: int
    sampled_at: int
    entity: bytes | None


@dataclasses.dataclass(frozen=True, slots=True)
class Version:
    """One recorded revision.

    `superseded`: the revision that replaced it, or None while it is its id's newest.
    `count` and `digest` are the stream's after this revision.
    """

    revision: int
    id: str
    op: Op
    fingerprint: bytes | None
    base: int
    sampled_at: int
    committed_at: int
    superseded: int | None
    changed: tuple[str, ...]
    entity: bytes | None
    count: int
    digest: int


@dataclasses.dataclass(frozen=True, slots=True)
class Changes:
    """Contiguous revisions from `since` + 1, and the stream in the same read."""

    state: StreamState
    versions: list[Version]


class SnapshotItem(NamedTuple):
    """A live version in a snapshot, and no more of it than a page tells: there are many."""

    revision: int
    id: str
    fingerprint: bytes
    sampled_at: int
    entity: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class SnapshotPage:
    """Live versions at one revision, ascending by revision.

    `last`: the revision to continue after. `done`: nothing follows.
    """

    state: StreamState
    versions: list[SnapshotItem]
    last: int
    done: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Bucket:
    """The live entities whose ids share the first bits of their hash: how many, and their
    digest."""

    count: int
    digest: int


class RosterEntry(NamedTuple):
    """A live version without its content."""

    revision: int
    id: str
    fingerprint: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class RosterPage:
    """Live versions at one revision, ascending by revision.

    `last`: the revision to continue after. `done`: nothing follows.
    """

    state: StreamState
    entries: list[RosterEntry]
    last: int
    done: bool


@dataclasses.dataclass(frozen=True, slots=True)
class History:
    """Versions of one id, the newest first. `done`: there are none older."""

    state: StreamState
    versions: list[Version]
    done: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Hold:
    """A delete that lacks evidence. `since`: when it was held first."""

    id: str
    base: int
    reason: str
    since: int
    verdict: Verdict | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """The source of a stream fails, since then."""

    since: int
    message: str


@dataclasses.dataclass(frozen=True, slots=True)
class Activity:
    """What sampling a stream cost. `calls`: requests to its service; `errors`: polls that failed;
    `seconds`: in requests; `waited`: for the service's budget, before them; `listing`: seconds
    that the last listing took, complete or not."""

    calls: int = 0
    errors: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    listing: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ListingState:
    """Where the listings of a stream stand, numbered from 1.

    `begun`: the last that began. `proven`: the last that was complete and recorded.
    `wanted`: one of at least this number is asked of the worker. `running`: the last that
    began still runs, since `began_at` by its process's clock. `pause`: seconds before the
    next may begin. `problem`: why the last that ended proved nothing, `since` when none
    has; None after a proven one. `expires`: of the lease, by the database's clock.
    """

    begun: int
    proven: int
    wanted: int
    running: bool
    began_at: int | None
    expires: int
    failures: int
    pause: float
    since: int | None
    problem: str | None
