# SPDX-License-Identifier: Apache-2.0
"""The entities of one stream in memory, and where its indexes find them."""

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from synchronizer.client.mirror.indexing import Keys
from synchronizer.model import Entity

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(dict)


class Record(NamedTuple):
    """One entity, as JSON text: a quarter of the memory of its objects, nothing for the garbage
    collector to look through again and again, and nobody can change it."""

    text: bytes
    revision: int
    sampled_at: int
    keys: Keys

    @property
    def entity(self) -> Entity:
        """The entity, made for this caller."""
        return decode(self.text)


def encode(entity: Entity) -> bytes:
    return _encoder.encode(entity)


def decode(text: bytes) -> Entity:
    entity: Entity = _decoder.decode(text)
    return entity


class Table:
    """id -> record. One thread may change it; who reads it meanwhile holds the same lock."""

    def __init__(self, indexes: Iterable[str]) -> None:
        self.records: dict[str, Record] = {}
        self._names = tuple(indexes)
        # By index and key: ids, as a dict for their order.
        self._found: dict[str, dict[Hashable, dict[str, None]]] = {name: {} for name in self._names}

    def __len__(self) -> int:
        return len(self.records)

    def put(self, id_: str, record: Record) -> None:
        """The entity is this now."""
        old = self.records.get(id_)
        self.records[id_] = record
        if old is not None:
            if old.keys == record.keys:
                return
            self._forget(id_, old)
        for name, keys in zip(self._names, record.keys, strict=True):
            found = self._found[name]
            for key in keys:
                found.setdefault(key, {})[id_] = None

    def drop(self, id_: str) -> None:
        """The entity is gone."""
        if (old := self.records.pop(id_, None)) is not None:
            self._forget(id_, old)

    def by(self, index: str, key: Hashable) -> Iterator[Record]:
        """The entities that have this key, in the order in which they got it."""
        return (self.records[id_] for id_ in self._found[index].get(key, ()))

    def keys(self, index: str) -> Iterable[Hashable]:
        """The keys that some entity has."""
        return self._found[index].keys()

    def _forget(self, id_: str, old: Record) -> None:
        for name, keys in zip(self._names, old.keys, strict=True):
            found = self._found[name]
            for key in keys:
                ids = found[key]
                del ids[id_]
                if not ids:
                    del found[key]
