# SPDX-License-Identifier: Apache-2.0
"""The live entities of one stream, as a consumer holds them: fingerprints, count, digest."""

import dataclasses

from synchronizer import fingerprint
from synchronizer.model import Change, Entity


@dataclasses.dataclass(frozen=True, slots=True)
class Applied:
    """A change that was applied. `entity`: what it is now, None for a delete. `known`:
    was it known before; `old`: as what, None when entities are not kept. `digest`: of all
    that lives after it. `repaired`: it was made to put right what was held.
    """

    change: Change
    entity: Entity | None
    known: bool
    old: Entity | None
    digest: int
    repaired: bool = False


class Live:
    """id -> fingerprint, and the digest kept as they come and go.

    About 170 bytes per entity with an id of 36 characters; `keep_entities` adds the
    entities themselves.
    """

    def __init__(self, *, keep_entities: bool = False) -> None:
        self.fingerprints: dict[str, bytes] = {}
        self.entities: dict[str, Entity] | None = {} if keep_entities else None
        self.digest = 0

    def __len__(self) -> int:
        return len(self.fingerprints)

    def clear(self) -> None:
        self.fingerprints = {}
        if self.entities is not None:
            self.entities = {}
        self.digest = 0

    def agrees(self, count: int, digest: int) -> bool:
        """Is this what the server counted?"""
        return len(self.fingerprints) == count and self.digest == digest

    def put(self, id_: str, fingerprint_: bytes, entity: Entity | None) -> None:
        """The entity has this state now."""
        delta = fingerprint.digest_of(id_, fingerprint_)
        if (old := self.fingerprints.get(id_)) is not None:
            delta -= fingerprint.digest_of(id_, old)
        self.fingerprints[id_] = fingerprint_
        if self.entities is not None and entity is not None:
            self.entities[id_] = entity
        self.digest = (self.digest + delta) % fingerprint.DIGEST_MODULUS

    def drop(self, id_: str) -> None:
        """The entity is gone."""
        if (old := self.fingerprints.pop(id_, None)) is not None:
            self.digest = (self.digest - fingerprint.digest_of(id_, old)) % (
                fingerprint.DIGEST_MODULUS
            )
        if self.entities is not None:
            self.entities.pop(id_, None)

    def apply(self, change: Change, entity: Entity | None, *, repaired: bool = False) -> Applied:
        """Takes one change over. What it was before comes back with it."""
        known = change.id in self.fingerprints
        old = self.entities.get(change.id) if self.entities is not None else None
        if change.fingerprint is None:
            self.drop(change.id)
        else:
            self.put(change.id, change.fingerprint, entity)
        return Applied(change, entity, known, old, self.digest, repaired)
