# SPDX-License-Identifier: Apache-2.0
"""The values that everything else speaks of. All are frozen; none does any work.

Instants are integers: microseconds since 1970 in UTC. Fingerprints are 16 bytes
(xxh3_128, big-endian), digests integers modulo 2**128, entities JSON objects.
"""

import dataclasses
from typing import Any, Literal

Op = Literal["create", "update", "delete"]

Entity = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class EntityType:
    """What a plugin says of one kind of entity.

    `name` is `service.kind`. `volatile` fields change by themselves: they are kept
    in the payload but not in the fingerprint. `sensitive` fields are dropped before
    anything is hashed or kept. `scope_field` names the field with the owner (an
    OpenStack project) of an entity; it lets the sampler see whether the credential
    still sees what is not its own. All are names of top-level fields.
    """

    name: str
    id_field: str = "id"
    volatile: frozenset[str] = frozenset()
    sensitive: frozenset[str] = frozenset()
    scope_field: str | None = None

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]


@dataclasses.dataclass(frozen=True, slots=True)
class StreamKey:
    """One (cloud, entity type): the unit of order."""

    cloud: str
    type: str

    def __str__(self) -> str:
        return f"{self.cloud}/{self.type}"


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One revision of a stream.

    `entity` is the whole entity after the change, decoded or (on the way out, to
    save a decoding) as JSON bytes; None for a delete, and for a change too big to
    travel, which then is `oversized`. `changed` names the top-level fields that
    differ from the version before; empty for create and delete.
    """

    revision: int
    op: Op
    id: str
    sampled_at: int
    fingerprint: bytes | None
    changed: tuple[str, ...] = ()
    entity: Entity | bytes | None = None
    oversized: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class ChangeSet:
    """Contiguous changes of one stream, `first` to `last`.

    `count` and `digest` are those of the stream's live entities after `last`.
    """

    cloud: str
    type: str
    epoch: str
    first: int
    last: int
    count: int
    digest: int
    changes: tuple[Change, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Bookmark:
    """Where a stream stands, without a change.

    `listed_at`: when the first request of the last complete listing began, or None
    before the first. `next_within`: seconds after which another one comes at the
    latest. `nonce`: of the barrier that asked for it, if one did.
    """

    cloud: str
    type: str
    epoch: str
    revision: int
    count: int
    digest: int
    listed_at: int | None
    next_within: float
    nonce: str | None = None
