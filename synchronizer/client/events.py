# SPDX-License-Identifier: Apache-2.0
"""What a watch tells: frozen values, in the order in which they are to be applied.

Per stream: `Added` for every entity there is, then `Synced`, then `Added`, `Updated`
and `Deleted` as it happens. After a `Resynced` all of this begins anew. Instants are
microseconds since the epoch; `old` is None unless the watch keeps entities.
"""

import dataclasses

from synchronizer.model import Entity, StreamKey


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _OfStream:
    cloud: str
    type: str

    @property
    def stream(self) -> StreamKey:
        return StreamKey(self.cloud, self.type)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _OfEntity(_OfStream):
    id: str
    revision: int
    sampled_at: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Added(_OfEntity):
    """An entity that was not there: created, or part of a snapshot."""

    entity: Entity


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Updated(_OfEntity):
    """An entity has another state. `changed`: the top-level fields that differ."""

    old: Entity | None
    new: Entity
    changed: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Deleted(_OfEntity):
    """An entity is gone."""

    old: Entity | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Synced(_OfStream):
    """What was told of this stream so far is all of it, at this revision.

    `count`: its entities. `listed_at`: when the last complete listing of the source
    began. `held`: deletes that wait for evidence.
    """

    epoch: str
    revision: int
    count: int
    listed_at: int | None
    held: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Resynced(_OfStream):
    """Forget what you hold of this stream: it is described anew, up to the next `Synced`.

    Deletions that happened meanwhile are not told one by one. `reason`: for a log.
    """

    reason: str


Event = Added | Updated | Deleted | Synced | Resynced
