# SPDX-License-Identifier: Apache-2.0
"""A plain copy of the watched streams, kept by applying the events of a watch."""

from synchronizer.client.events import Added, Deleted, Event, Resynced, Synced, Updated
from synchronizer.model import Entity, StreamKey


class Copy:
    """`entities[StreamKey(cloud, type)][id]` is the entity. For one thread.

    A stream in `synced` is whole; another is being filled.
    """

    def __init__(self) -> None:
        self.entities: dict[StreamKey, dict[str, Entity]] = {}
        self.revisions: dict[StreamKey, int] = {}
        self.synced: set[StreamKey] = set()

    def apply(self, event: Event) -> None:
        """Takes the events of a watch, all of them, in their order."""
        stream = event.stream
        held = self.entities.setdefault(stream, {})
        match event:
            case Added():
                held[event.id] = event.entity
            case Updated():
                held[event.id] = event.new
            case Deleted():
                held.pop(event.id, None)
            case Resynced():
                held.clear()
                self.revisions.pop(stream, None)
                self.synced.discard(stream)
            case Synced():
                self.synced.add(stream)
                self.revisions[stream] = event.revision
        if stream in self.synced and isinstance(event, Added | Updated | Deleted):
            self.revisions[stream] = event.revision

    def of(self, cloud: str, entity_type: str) -> dict[str, Entity]:
        """The entities of one stream by id; empty when nothing is known of it."""
        return self.entities.get(StreamKey(cloud, entity_type), {})
