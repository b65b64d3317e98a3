# SPDX-License-Identifier: Apache-2.0
"""What can happen to a server, as the steps in which Nova lets it be seen.

An operation is one or more phases; each phase is one mutation.  Every phase moves `updated`
except the change of an address, which Nova does not record there either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

from synchronizer.simulator.seeded import Facts, first_address
from synchronizer.simulator.state import State
from synchronizer.simulator.world import Change, Server, World


@dataclass(frozen=True)
class Operation:
    """`kind` is the word in the log; `phases` are applied in order, to a server that fits."""

    kind: str
    phases: tuple[Change, ...]
    fits: Callable[[State], bool]


def _idle(state: State) -> bool:
    return state.task_state is None and state.vm_state != "building"


def _active(state: State) -> bool:
    return _idle(state) and state.vm_state == "active"


def _stopped(state: State) -> bool:
    return _idle(state) and state.vm_state == "stopped"


def _placed(state: State) -> bool:
    return _idle(state) and state.vm_state in ("active", "stopped")


def _task(task: str, _facts: Facts, state: State, now: int) -> State:
    return state._replace(task_state=task, updated=now)


def _power(vm_state: str, power: int, _facts: Facts, state: State, now: int) -> State:
    return state._replace(vm_state=vm_state, power_state=power, task_state=None, updated=now)


def _spawned(facts: Facts, state: State, now: int) -> State:
    return _power("active", 1, facts, state, now)._replace(launched=now)


def _deleted(_facts: Facts, state: State, now: int) -> State:
    return state._replace(
        vm_state="deleted",
        task_state=None,
        power_state=0,
        terminated=now,
        updated=now,
        deleted=True,
    )


def _renamed(name: str, _facts: Facts, state: State, now: int) -> State:
    return state._replace(name=name, updated=now)


def _annotated(key: str, value: str, _facts: Facts, state: State, now: int) -> State:
    metadata = {**dict(state.metadata), key: value}
    return state._replace(metadata=tuple(metadata.items()), updated=now)


def _readdressed(address: int, _facts: Facts, state: State, _now: int) -> State:
    return state._replace(address=address)


def _locked(reason: str | None, _facts: Facts, state: State, now: int) -> State:
    return state._replace(locked=True, locked_reason=reason, updated=now)


def _unlocked(_facts: Facts, state: State, now: int) -> State:
    return state._replace(locked=False, locked_reason=None, updated=now)


def _built(facts: Facts, now: int) -> State:
    return State(
        name=f"{facts.role}-{facts.birth:07d}",
        metadata=(("created-by", "churn"),),
        vm_state="building",
        task_state="spawning",
        power_state=0,
        address=first_address(facts),
        locked=False,
        locked_reason=None,
        created=now,
        updated=now,
        launched=None,
        terminated=None,
        deleted=False,
    )


SPAWNED = Operation("create", (_spawned,), lambda state: state.vm_state == "building")
STOP = Operation("stop", (partial(_task, "powering-off"), partial(_power, "stopped", 4)), _active)
START = Operation("start", (partial(_task, "powering-on"), partial(_power, "active", 1)), _stopped)
DELETE = Operation("delete", (partial(_task, "deleting"), _deleted), _idle)
UNLOCK = Operation("unlock", (_unlocked,), lambda state: _idle(state) and state.locked)


def create(world: World) -> Server:
    """Create a server in BUILD; `SPAWNED` is what makes it active."""
    return world.create("create", _built)


def _rename(random: Random) -> Operation:
    return Operation(
        "rename", (partial(_renamed, f"renamed-{random.getrandbits(40):010x}"),), _idle
    )


def _metadata(random: Random) -> Operation:
    key, value = f"key-{random.randrange(4)}", f"{random.getrandbits(40):010x}"
    return Operation("metadata", (partial(_annotated, key, value),), _idle)


def _address(random: Random) -> Operation:
    return Operation("address", (partial(_readdressed, random.getrandbits(24)),), _placed)


def _lock(random: Random) -> Operation:
    reason = random.choice((None, "maintenance", "audit"))
    return Operation(
        "lock", (partial(_locked, reason),), lambda state: _idle(state) and not state.locked
    )


KINDS: Mapping[str, Callable[[Random], Operation]] = {
    "rename": _rename,
    "metadata": _metadata,
    "address": _address,
    "lock": _lock,
    "unlock": lambda _random: UNLOCK,
    "stop": lambda _random: STOP,
    "start": lambda _random: START,
    "delete": lambda _random: DELETE,
}
"""Every kind of operation on a server that exists; `create` is the other kind."""
