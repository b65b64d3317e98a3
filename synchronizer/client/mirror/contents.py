# SPDX-License-Identifier: Apache-2.0
"""What a mirror holds of all its streams, and what an event of the watch makes of it."""

import dataclasses
from collections.abc import Iterator, Sequence

from synchronizer import fingerprint
from synchronizer.client.events import Added, Deleted, Event, Resynced, Synced, Updated
from synchronizer.client.mirror.indexing import Indexing
from synchronizer.client.mirror.table import Record, Table, encode
from synchronizer.client.packed import Packed
from synchronizer.model import Entity, StreamKey


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One entity that is another than before. `old` None: it was not there; `new` None: it is
    gone. `changed`: the fields that differ; None: not known yet. `repaired`: it did not happen
    now, but was found."""

    stream: StreamKey
    id: str
    old: Record | None
    new: Record | None
    revision: int
    sampled_at: int
    changed: tuple[str, ...] | None
    repaired: bool

    def event(self) -> Added | Updated | Deleted:
        """For one handler: the entities in it are its own."""
        cloud, type_, id_ = self.stream.cloud, self.stream.type, self.id
        revision, at, repaired = self.revision, self.sampled_at, self.repaired
        old = None if self.old is None else self.old.entity
        if self.new is None:
            return Deleted(
                cloud=cloud,
                type=type_,
                id=id_,
                revision=revision,
                sampled_at=at,
                old=old,
                repaired=repaired,
            )
        new = self.new.entity
        if old is None:
            return Added(
                cloud=cloud,
                type=type_,
                id=id_,
                revision=revision,
                sampled_at=at,
                entity=new,
                repaired=repaired,
            )
        return Updated(
            cloud=cloud,
            type=type_,
            id=id_,
            revision=revision,
            sampled_at=at,
            old=old,
            new=new,
            changed=differing(self.old, self.new) if self.changed is None else self.changed,
            repaired=repaired,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """What is to be done to a stream's table at once: `changes`, in order; or `table` takes its
    place, for `synced`."""

    stream: StreamKey
    changes: Sequence[Change] = ()
    table: Table | None = None
    synced: Synced | None = None


class Contents:
    """`tables`: the streams that are, or were, whole; what others read. For one writer, who
    alone calls `prepare`, and calls `apply` while nobody reads.

    A stream that is told anew is filled beside its table, and takes its place when it is whole.
    """

    def __init__(self, indexing: Indexing) -> None:
        self.tables: dict[StreamKey, Table] = {}
        #: Streams that are being filled, with the reason if they were whole before.
        self.filling: dict[StreamKey, str | None] = {}
        self._indexing = indexing
        self._filled: dict[StreamKey, Table] = {}
        # The stream that is being told, and what of it is filled and read.
        self._told: tuple[StreamKey, Table, Table | None] | None = None

    def prepare(self, event: Event) -> Difference | None:
        """What an event makes of a table, if it makes something of it now."""
        stream = event.stream
        if type(event) is Packed and self._told is not None and self._told[0] is stream:
            _, table, known = self._told  # one of many in a row
            table.put(event.id, self._record(event, known))
            return None
        self._told = None
        match event:
            case Resynced():
                self._fill(stream, event.reason if stream in self.tables else None)
                return None
            case Synced():
                return self._whole(event)
        if stream not in self._filled and stream not in self.tables:
            self._fill(stream, None)
        if (filled := self._filled.get(stream)) is not None:
            match event:
                case Deleted():
                    filled.drop(event.id)
                case _:
                    known = self.tables.get(stream)
                    filled.put(event.id, self._record(event, known))
                    self._told = stream, filled, known
            return None
        change = self._change(event)
        return None if change is None else Difference(stream, [change])

    def changes(self, difference: Difference) -> Sequence[Change]:
        """What `apply` is about to change."""
        if difference.table is None or difference.synced is None:
            return difference.changes
        return list(self._differences(difference.synced, difference.table))

    def apply(self, difference: Difference) -> None:
        """Changes what others read."""
        if difference.table is not None:
            self.tables[difference.stream] = difference.table
            self.filling.pop(difference.stream, None)
            return
        table = self.tables[difference.stream]
        for change in difference.changes:
            if change.new is None:
                table.drop(change.id)
            else:
                table.put(change.id, change.new)

    def there(self) -> Iterator[Change]:
        """All that can be read at the time of the call, as if it were new."""
        now = [(stream, list(table.records.items())) for stream, table in self.tables.items()]
        return (
            Change(stream, id_, None, record, record.revision, record.sampled_at, None, False)
            for stream, records in now
            for id_, record in records
        )

    # --- inside ----------------------------------------------------------------

    def _fill(self, stream: StreamKey, reason: str | None) -> None:
        self._filled[stream] = Table(self._indexing.names)
        self.filling[stream] = reason

    def _record(self, event: Added | Updated, table: Table | None) -> Record:
        text = event.text if isinstance(event, Packed) else encode(_entity(event))
        known = None if table is None else table.records.get(event.id)
        if known is not None and known.text == text:
            # What is told anew is mostly what is there: it is held once.
            if (known.revision, known.sampled_at) == (event.revision, event.sampled_at):
                return known
            return Record(known.text, event.revision, event.sampled_at, known.keys)
        keys = self._indexing.keys(_entity(event), event.type) if self._indexing.names else ()
        return Record(text, event.revision, event.sampled_at, keys)

    def _change(self, event: Added | Updated | Deleted) -> Change | None:
        """None: nothing is another than before."""
        stream, id_ = event.stream, event.id
        table = self.tables[stream]
        old = table.records.get(id_)
        new = None if isinstance(event, Deleted) else self._record(event, table)
        if same(old, new):
            return None
        happened = isinstance(event, Updated) and not event.repaired
        changed = event.changed if isinstance(event, Updated) and happened else None
        return Change(
            stream, id_, old, new, event.revision, event.sampled_at, changed, event.repaired
        )

    def _whole(self, event: Synced) -> Difference | None:
        stream = event.stream
        table = self._filled.pop(stream, None)
        if table is None:
            if stream in self.tables:
                return None
            table = Table(self._indexing.names)
        return Difference(stream, table=table, synced=event)

    def _differences(self, event: Synced, table: Table) -> Iterator[Change]:
        """Between what is read and what takes its place: deletes, then the rest in order."""
        stream = event.stream
        before = self.tables.get(stream)
        held = {} if before is None else before.records
        again = before is not None
        for id_, old in held.items():
            if id_ not in table.records:
                at = event.listed_at or old.sampled_at
                yield Change(stream, id_, old, None, event.revision, at, None, again)
        for id_, new in table.records.items():
            known = held.get(id_)
            if not same(known, new):
                yield Change(stream, id_, known, new, new.revision, new.sampled_at, None, again)


def _entity(event: Added | Updated) -> Entity:
    return event.entity if isinstance(event, Added) else event.new


def same(old: Record | None, new: Record | None) -> bool:
    """Is it the same entity in the same state?"""
    if old is None or new is None:
        return old is new
    # The order of fields means nothing, and true is not 1.
    return old.text == new.text or fingerprint.encode(old.entity) == fingerprint.encode(new.entity)


def differing(old: Record | None, new: Record | None) -> tuple[str, ...]:
    """The top-level fields that differ, sorted."""
    before = {} if old is None else old.entity
    after = {} if new is None else new.entity
    return tuple(
        name
        for name in sorted(before.keys() | after.keys())
        if name not in before
        or name not in after
        or fingerprint.encode(before[name]) != fingerprint.encode(after[name])
    )
