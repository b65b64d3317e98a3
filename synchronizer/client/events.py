# SPDX-License-Identifier: Apache-2.0
"""What a watch tells: frozen values, in the order in which they are to be applied.

Per stream: `Added` for every entity there is, then `Synced`, then `Added`, `Updated`
and `Deleted` as it happens. After a `Resynced` all of this begins anew. A watch that
resumes begins with what has happened since, and then `Synced`. Instants are microseconds
since the epoch; `old` is None where it is not known: the watch keeps no entities, or has
resumed and not been told of this one yet.

Revisions rise by one from change to change. Only what is `repaired` has one that was, or
may have been, told before: nothing happened then, but what was told until then differed
from what the server has at this revision, and this puts it right.
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
    repaired: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Added(_OfEntity):
    """An entity that was not there: created, or part of a snapshot."""

    entity: Entity


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Updated(_OfEntity):
    """An entity has another state. `changed`: the top-level fields that differ (all, when it
    is `repaired` and `old` is not known)."""

    old: Entity | None
    new: Entity
    changed: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Deleted(_OfEntity):
    """An entity is gone. When it is `repaired`, `sampled_at` is when the last complete listing
    began that is known of."""

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
