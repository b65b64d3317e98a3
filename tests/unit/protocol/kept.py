# SPDX-License-Identifier: Apache-2.0
"""What a consumer keeps: its copy, the token, and a record of all events by which to judge."""

from typing import Any

from synchronizer.client.copy import Copy
from synchronizer.client.events import Added, Deleted, Event, Resynced, Synced, Updated
from synchronizer.model import Entity
from tests.unit.protocol.model import KEY


class Kept:
    """Checks that no revision is told twice, and none is missing, over all processes that the
    consumer ever was. `spoiled`: some of what it holds was changed behind its back."""

    def __init__(self) -> None:
        self.copy = Copy()
        self.token: str | None = None
        self.spoiled = False
        self._events: list[Event] = []
        #: The revision up to which all was told.
        self._told: int | None = None

    @property
    def is_whole(self) -> bool:
        return KEY in self.copy.synced

    def take(self, event: Event, token: str) -> None:
        """What a consumer does with an event, in one transaction."""
        self._check(event)
        self.copy.apply(event)
        self.token = token
        self._events.append(event)

    def spoil(self, id_: str, entity: Entity | None) -> None:
        """Behind its back; as by an event that was never meant."""
        of: dict[str, Any] = {"cloud": KEY.cloud, "type": KEY.type, "id": id_, "sampled_at": 0}
        revision = self.copy.revisions[KEY]
        event: Event = (
            Deleted(**of, revision=revision, old=None)
            if entity is None
            else Added(**of, revision=revision, entity=entity)
        )
        self.copy.apply(event)
        self._events.append(event)

    def replayed(self) -> dict[str, Entity]:
        """All events, applied to an empty dict by somebody who knows nothing else."""
        held: dict[str, Entity] = {}
        for event in self._events:
            match event:
                case Added():
                    held[event.id] = event.entity
                case Updated():
                    held[event.id] = event.new
                case Deleted():
                    held.pop(event.id, None)
                case Resynced():
                    held = {}
        return held

    def _check(self, event: Event) -> None:
        match event:
            case Resynced():
                self._told = None
            case Synced():
                assert self._told in (None, event.revision), (
                    f"synced at {event.revision}, although told up to {self._told}"
                )
                self._told = event.revision
            case Added() | Updated() | Deleted() if self._told is not None:
                # Of what it has lost, a deletion is not told.
                skipped = 0 if event.repaired else 1
                in_order = event.revision == self._told + skipped or (
                    self.spoiled and event.revision > self._told
                )
                assert in_order, f"revision {event.revision} was told after {self._told}"
                self._told = event.revision
