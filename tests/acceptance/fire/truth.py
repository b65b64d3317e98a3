# SPDX-License-Identifier: Apache-2.0
"""The simulated cloud's own log, followed while it grows."""

import pathlib
from typing import Any

import msgspec

from synchronizer.simulator import GroundTruth, Tail
from tests.acceptance.fire.lines import state_of

Entity = dict[str, Any]

#: Never leaves the daemon, so a copy has to lack it.
SENSITIVE = ("OS-EXT-SRV-ATTR:user_data",)


def visible(entity: Entity) -> Entity:
    """What a consumer is to see of a server."""
    return {name: value for name, value in entity.items() if name not in SENSITIVE}


def as_member(entity: Entity) -> Entity:
    """What Nova shows of a server to a credential without the role admin."""
    extended = "OS-EXT-SRV-ATTR:"
    hidden = {name for name in entity if name.startswith(extended)} - {f"{extended}hostname"}
    shown = {name: value for name, value in entity.items() if name not in {*hidden, "host_status"}}
    if "fault" in shown:
        shown["fault"] = {k: v for k, v in shown["fault"].items() if k != "details"}
    return shown


class Truth:
    """`live`: id -> entity as of the last `read`; `gone`: id -> when it was deleted, in
    microseconds since 1970; `states`: every (id, state) that ever was; `member_states`: the
    same, as those may see it who are no administrators."""

    def __init__(self, path: pathlib.Path) -> None:
        self._tail = Tail(path)
        first = GroundTruth(path).at_seq(0)
        self.live: dict[str, Entity] = {id_: visible(e) for id_, e in first.items()}
        self.gone: dict[str, int] = {}
        self.states: set[tuple[str, int]] = set()
        self.member_states: set[tuple[str, int]] = set()
        for id_, entity in self.live.items():
            self._note(id_, entity)
        self.mutations = 0

    def read(self) -> None:
        """Takes over what was written since."""
        for mutation in self._tail.read():
            self.mutations += 1
            if mutation.op == "delete":
                self.gone[mutation.id] = mutation.at
                self.live.pop(mutation.id, None)
                continue
            entity = visible(msgspec.json.decode(mutation.entity))
            self.live[mutation.id] = entity
            self._note(mutation.id, entity)

    def _note(self, id_: str, entity: Entity) -> None:
        self.states.add((id_, state_of(entity)))
        self.member_states.add((id_, state_of(as_member(entity))))

    def was_gone(self, id_: str, at: int) -> bool:
        """Whether the server was deleted at or before that instant."""
        return id_ in self.gone and self.gone[id_] <= at


def differences(copy: dict[str, Entity], truth: dict[str, Entity], most: int = 5) -> list[str]:
    """What is wrong with a copy, in words; empty when it is exact."""
    missing = sorted(truth.keys() - copy.keys())
    extra = sorted(copy.keys() - truth.keys())
    differing = sorted(id_ for id_ in truth.keys() & copy.keys() if truth[id_] != copy[id_])
    found = []
    if missing:
        found.append(f"{len(missing)} are missing: {', '.join(missing[:most])}")
    if extra:
        found.append(f"{len(extra)} exist no more: {', '.join(extra[:most])}")
    for id_ in differing[:most]:
        mine, its = copy[id_], truth[id_]
        fields = [f for f in sorted(mine.keys() | its.keys()) if mine.get(f) != its.get(f)]
        values = "; ".join(f"{f}: {mine.get(f)!r} instead of {its.get(f)!r}" for f in fields)
        found.append(f"{id_} differs: {values:.500}")
    if len(differing) > most:
        found.append(f"and {len(differing) - most} more differ")
    return found
