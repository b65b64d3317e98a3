# SPDX-License-Identifier: Apache-2.0
"""What the ledger must hold and the bus may say, kept in plain dicts beside the real ones."""

import copy
from dataclasses import dataclass, field
from typing import Any

from synchronizer.ledger import StreamState
from synchronizer.model import Entity, StreamKey

KEY = StreamKey("openstack1", "nova.server")

#: id -> (fingerprint, entity)
Live = dict[str, tuple[bytes, Entity]]
Place = tuple[str, int]
"""(epoch, revision)"""


@dataclass
class Timeline:
    """The ledger's present past: a backup holds an earlier one."""

    place: Place
    first: int
    live: Live = field(default_factory=dict)
    states: dict[Place, Live] = field(default_factory=dict)

    def record(self, id_: str, content: tuple[bytes, Entity] | None) -> None:
        """One revision more."""
        if content is None:
            del self.live[id_]
        else:
            self.live[id_] = content
        self.place = (self.place[0], self.place[1] + 1)
        self._keep()

    def renumber(self, state: StreamState) -> None:
        """The ledger was looked at again: its numbering may have begun anew."""
        epoch, revision = self.place
        if state.epoch == epoch:
            assert state.revision == revision, "the ledger's revision moved by itself"
            return
        assert state.revision > revision, "a new epoch does not number above the old"
        self.place, self.first = (state.epoch, state.revision), state.revision
        self._keep()

    def _keep(self) -> None:
        self.states[self.place] = dict(self.live)

    def copy(self) -> "Timeline":
        return copy.deepcopy(self)


class Said:
    """What was said on the bus. A number never has two contents."""

    def __init__(self) -> None:
        self._changes: dict[Place, dict[str, Any]] = {}
        #: Kept, and not raised: a relay takes an error of the bus for the bus's.
        self.conflicts: list[str] = []

    def take(self, epoch: str, changes: list[dict[str, Any]]) -> None:
        for change in changes:
            before = self._changes.setdefault((epoch, change["revision"]), change)
            if before != change:
                self.conflicts.append(f"revision {change['revision']} has two contents")

    def has(self, place: Place) -> bool:
        return place in self._changes
