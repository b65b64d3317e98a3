# SPDX-License-Identifier: Apache-2.0
"""Follows the simulator's log while it grows: which state of which server came when."""

import pathlib
from typing import Any

import msgspec

from synchronizer.simulator import GroundTruth, Tail

#: Never leaves the daemon, so a copy has to lack it.
SENSITIVE = ("OS-EXT-SRV-ATTR:user_data",)

_encoder = msgspec.json.Encoder(order="deterministic")


def visible(entity: dict[str, Any]) -> dict[str, Any]:
    """What a consumer may see of a server."""
    return {name: value for name, value in entity.items() if name not in SENSITIVE}


def state_key(entity: dict[str, Any] | None) -> bytes:
    """Stands for one state of an entity; None for its absence."""
    return b"" if entity is None else _encoder.encode(entity)


class TruthTail:
    """Reads what is new in the log each time it is asked."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._tail = Tail(path)
        self.mutations = 0
        #: (id, hash of its state) -> when it came to be, in microseconds since 1970.
        self.came: dict[tuple[str, int], int] = {}
        #: id -> when it was deleted.
        self.gone: dict[str, int] = {}

    def read(self) -> None:
        for mutation in self._tail.read():
            self.mutations += 1
            if mutation.op == "delete":
                self.gone[mutation.id] = mutation.at
                entity = None
            else:
                entity = visible(msgspec.json.decode(mutation.entity))
            self.came[mutation.id, hash(state_key(entity))] = mutation.at

    def final(self) -> dict[str, dict[str, Any]]:
        """Every server as it is after the last mutation, from the log and the seed alone."""
        return {id_: visible(e) for id_, e in GroundTruth(self._path).final().items()}
