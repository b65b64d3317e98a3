# SPDX-License-Identifier: Apache-2.0
"""Two processes sample one service whose entities change, hide and go, in any order.

At the end the ledger is what the source is; at no time was there a false delete, and
for each entity the recorded states are states that it had, in that order.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from synchronizer import errors
from synchronizer.ledger import Ledger
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import OWN, Source, VirtualClock
from tests.unit.sampling.stepping import Operation, Stepper

# Few of everything, so that what is under way meets.
IDS = st.sampled_from(["a", "b", "c"])
PROJECTS = {"a": "p1", "b": OWN, "c": "p2"}
NEW = "new"  # a state that never was; the others come back
STATES = st.sampled_from([NEW, "A", "B"])
KINDS = st.sampled_from(["listing", "listing on demand", "changes", "looks", "hints"])
WITNESS = "w"  # of another project, and always there


numbers = itertools.count()


class Interleavings(RuleBasedStateMachine):
    """Each run has a stream of its own, in one ledger."""

    ledger: ClassVar[Ledger]

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.source = Source(self.clock, cloud=f"c{next(numbers)}")
        self.stepper = Stepper()
        self.now = 0
        self.fails = False
        self.blinded = False
        self.truth: dict[str, list[str | None]] = {}
        self.changed_at: dict[str, int] = {}
        self.shown_at: dict[str, int] = {}
        self.source.on_page = lambda number: self.answer()
        self.source.on_get = lambda id_: self.answer()
        self.source.on_read = lambda ids: self.stepper.note(ids, self.now)
        self.put(WITNESS, "A")
        self.worker = Bench(self.ledger, self.source, self.clock)
        self.on_demand = Bench(self.ledger, self.source, self.clock, owner=None)
        self.operations: dict[str, Callable[[], object]] = {
            "listing": self.worker.listing,
            "listing on demand": self.on_demand.listing,
            "changes": self.worker.poll_changes,
            "looks": self.worker.sampling.resampler.run,
            "hints": self.worker.sampling.hints.run,
        }

    def answer(self) -> None:
        self.stepper.pause()
        if self.stepper.mine() is not None and self.fails:
            self.fails = False
            raise errors.SourceUnavailable

    # --- the source lives -------------------------------------------------

    @rule(id_=IDS, state=STATES)
    def put(self, id_: str, state: str) -> None:
        self.now += 1
        state = f"{state}-{self.now}" if state == NEW else state
        self.source.put(id_, state, project=PROJECTS.get(id_, "p1"))
        self.source.deleted.pop(id_, None)
        self.truth.setdefault(id_, [None]).append(state)
        self.changed_at[id_] = self.now

    @precondition(lambda self: len(self.source.entities) > 1)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        self.now += 1
        id_ = data.draw(st.sampled_from(sorted(self.source.entities.keys() - {WITNESS})))
        self.source.drop(id_)
        self.truth[id_].append(None)
        self.changed_at[id_] = self.now

    @initialize(spoils=st.booleans())
    def choose(self, spoils: bool) -> None:
        self.spoils = spoils

    @precondition(lambda self: self.spoils)
    @rule(id_=IDS)
    def hide_from_listings(self, id_: str) -> None:
        self.source.hidden ^= {id_}

    @precondition(lambda self: self.spoils)
    @rule()
    def lose_or_regain_the_role(self) -> None:
        self.source.sees_all = not self.source.sees_all
        self.blinded = True

    @precondition(lambda self: self.spoils)
    @rule()
    def fail_once(self) -> None:
        self.fails = True

    @rule(seconds=st.sampled_from([1, 20, 70]))
    def time_passes(self, seconds: int) -> None:
        self.clock.seconds += seconds

    # --- and is sampled ---------------------------------------------------

    @precondition(lambda self: len(self.stepper.under_way) < 4)
    @rule(kind=KINDS)
    def begin(self, kind: str) -> None:
        """Begins an operation, up to its first answer; each kind once at a time."""
        if all(operation.name != kind for operation in self.stepper.under_way):
            self.stepper.begin(kind, self.operations[kind])
            self.ended(self.stepper.step(len(self.stepper.under_way) - 1))

    @rule(id_=IDS, states=st.tuples(STATES, STATES), kinds=st.tuples(KINDS, KINDS))
    def one_overtakes_another(
        self, id_: str, states: tuple[str, str], kinds: tuple[str, str]
    ) -> None:
        """The first reads its first answer, the entity changes, the second reads and ends."""
        for state, kind in zip(states, kinds, strict=True):
            self.put(id_, state)
            self.worker.sampling.resampler.add((id_,))
            self.worker.sampling.hint(id_)
            self.begin(kind)
        self.finish_one(len(self.stepper.under_way) - 1)

    @precondition(lambda self: self.stepper.under_way)
    @rule(number=st.integers(0, 3))
    def go_on(self, number: int) -> None:
        self.ended(self.stepper.step(number))

    @precondition(lambda self: self.stepper.under_way)
    @rule(number=st.integers(0, 3))
    def finish_one(self, number: int) -> None:
        if self.stepper.under_way:
            operation = self.stepper.under_way[number % len(self.stepper.under_way)]
            while not operation.done:
                self.ended(self.stepper.step(self.stepper.under_way.index(operation)))

    @precondition(lambda self: self.stepper.under_way)
    @rule()
    def finish_all(self) -> None:
        self.finish()

    @rule()
    def come_to_rest(self) -> None:
        """What was seen last, and has not changed since, is what the ledger holds."""
        self.finish()
        self.each_entity_had_the_recorded_states_in_that_order()
        for bench in (self.worker, self.on_demand, self.worker):
            bench.sampling.resampler.add(bench.sampling.sampler.catch_up())
            bench.look_again()
        if self.blinded:  # then looks may have found nothing, and a listing has to decide
            self.shown_at.clear()
            self.blinded = not self.source.sees_all
            return
        held = self.worker.states
        for id_, shown in self.shown_at.items():
            if id_ in self.source.entities and shown >= self.changed_at[id_]:
                assert held.get(id_) == self.source.entities[id_]["state"], id_

    def finish(self) -> None:
        while self.stepper.under_way:
            self.ended(self.stepper.step(0))

    def ended(self, operation: Operation | None) -> None:
        if operation is not None and operation.error is None:
            for id_, at in operation.reads:
                self.shown_at[id_] = max(at, self.shown_at.get(id_, 0))

    # --- what always holds ------------------------------------------------

    def each_entity_had_the_recorded_states_in_that_order(self) -> None:
        recorded: dict[str, list[Any]] = {}
        for version in self.worker.versions:
            recorded.setdefault(version.id, []).append(state_of(version.entity))
        for id_, states in recorded.items():
            had = iter(self.truth[id_])
            assert all(state in had for state in states), (id_, states, self.truth[id_])

    def teardown(self) -> None:
        self.source.sees_all, self.fails = True, False
        self.source.hidden.clear()
        self.come_to_rest()
        self.clock.seconds += 61
        assert self.worker.listing().proven or self.worker.listing().proven
        assert self.worker.states == {
            id_: entity["state"] for id_, entity in self.source.entities.items()
        }
        assert self.worker.held == {}
        assert self.ledger.verify_digest(self.worker.state.id)
        self.each_entity_had_the_recorded_states_in_that_order()


def state_of(entity: bytes | None) -> Any:
    return None if entity is None else msgspec.json.decode(entity)["state"]


class TestInterleavings(Interleavings.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(
        max_examples=100,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )

    @pytest.fixture(autouse=True)
    def _ledger(self, tmp_path: Path) -> Iterator[None]:
        Interleavings.ledger = Ledger.open(
            f"sqlite:///{tmp_path}/ledger", state_path=tmp_path / "state", migrate=True
        )
        yield
        Interleavings.ledger.close()
