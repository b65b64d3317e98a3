# SPDX-License-Identifier: Apache-2.0
"""From what was applied to a stream's copy, and what a snapshot has, to events."""

from synchronizer.client.events import Added, Deleted, Event, Resynced, Synced, Updated
from synchronizer.client.live import Applied
from synchronizer.client.packed import Packed
from synchronizer.client.values import Item
from synchronizer.model import StreamKey


class Teller:
    """Makes the events of one stream."""

    def __init__(self, stream: StreamKey) -> None:
        self._stream = stream
        self._cloud, self._type = stream.cloud, stream.type

    def resynced(self, reason: str) -> Resynced:
        return Resynced(cloud=self._cloud, type=self._type, reason=reason)

    def synced(
        self, epoch: str, revision: int, count: int, listed_at: int | None, held: int
    ) -> Synced:
        return Synced(
            cloud=self._cloud,
            type=self._type,
            epoch=epoch,
            revision=revision,
            count=count,
            listed_at=listed_at,
            held=held,
        )

    def there(self, item: Item) -> Added:
        """An entity of a snapshot, which has to be there in one form or the other."""
        if item.text is not None:
            return Packed(self._stream, item.id, item.revision, item.sampled_at, item.text)
        assert item.entity is not None  # noqa: S101 - a snapshot has fetched it
        return Added(
            cloud=self._cloud,
            type=self._type,
            id=item.id,
            revision=item.revision,
            sampled_at=item.sampled_at,
            entity=item.entity,
        )

    def event(self, one: Applied) -> Event | None:
        """None for the delete of what was not known (the digest tells whether that is right),
        and for what has no content because nothing is to be repaired."""
        change, cloud, type_ = one.change, self._cloud, self._type
        id_, revision, at = change.id, change.revision, change.sampled_at
        if change.fingerprint is None:
            if not one.known:
                return None
            return Deleted(
                cloud=cloud,
                type=type_,
                id=id_,
                revision=revision,
                sampled_at=at,
                old=one.old,
                repaired=one.repaired,
            )
        if one.entity is None:
            return None
        if not one.known:
            return Added(
                cloud=cloud,
                type=type_,
                id=id_,
                revision=revision,
                sampled_at=at,
                entity=one.entity,
                repaired=one.repaired,
            )
        return Updated(
            cloud=cloud,
            type=type_,
            id=id_,
            revision=revision,
            sampled_at=at,
            old=one.old,
            new=one.entity,
            changed=change.changed,
            repaired=one.repaired,
        )
