# SPDX-License-Identifier: Apache-2.0
"""Whatever the bus loses, repeats or reorders: a replica converges, and tells each change once."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synchronizer import errors
from synchronizer.client.live import Applied
from synchronizer.client.replica import Replica
from synchronizer.model import Bookmark, ChangeSet
from tests.unit.client.origin import Origin, entities

Step = tuple[Any, ...]
IDS = st.sampled_from("abcd")
VALUES = st.one_of(st.none(), st.integers(0, 3))
RECORD = st.tuples(st.just("record"), IDS, VALUES)
PUBLISH = st.tuples(st.just("publish"), st.integers(1, 4), st.booleans())
# Which of the messages under way; "again" leaves it there.
DELIVER = st.tuples(
    st.just("deliver"), st.integers(0, 20), st.sampled_from(["once", "once", "again", "lost"])
)
COMMON = st.one_of(RECORD, PUBLISH, DELIVER)
SELDOM = st.one_of(
    st.just(("bookmark",)),
    st.just(("ask",)),
    st.just(("fail",)),
    st.tuples(st.just("wait"), st.floats(0.1, 30.0)),
    st.just(("compact",)),
    st.just(("epoch",)),
)
STEPS = st.lists(
    st.integers(0, 5).flatmap(lambda n: SELDOM if n == 5 else COMMON), min_size=10, max_size=60
)


class Run:
    """A replica, its origin, and a bus in between that does what it likes."""

    def __init__(self, *, repair: bool = True) -> None:
        self.origin = Origin(limit=2)
        self.replica = Replica(keep_entities=True, repair=repair, jitter=lambda: 1.0)
        self.under_way: list[ChangeSet | Bookmark] = []
        self.published = 0
        self.now = 0.0
        self.epochs = 1
        self.told: list[tuple[str | None, int]] = []
        self.copy: dict[str, object] = {}
        self.ask()

    def ask(self) -> bool:
        following = self.replica.following
        applied = self.origin.serve(self.replica, self.now)
        if applied is None:
            return False
        self.tell(applied)
        if self.replica.following and not following:
            self.copy = dict(entities(self.replica))
            self.told = [(self.replica.epoch, self.replica.revision)]
        return True

    def tell(self, applied: list[Applied]) -> None:
        for one in applied:
            epoch, revision = self.told[-1]
            assert (epoch, revision + 1) == (self.replica.epoch, one.change.revision)
            self.told.append((epoch, one.change.revision))
            assert one.old == self.copy.get(one.change.id)
            if one.entity is None:
                self.copy.pop(one.change.id, None)
            else:
                self.copy[one.change.id] = one.entity

    def deliver(self, message: ChangeSet | Bookmark) -> None:
        if isinstance(message, Bookmark):
            self.replica.hear_bookmark(message, self.now)
        else:
            self.tell(self.replica.hear_changes(message, self.now))

    def step(self, step: Step) -> None:
        match step:
            case "record", id_, value if value is not None or id_ in self.origin.state:
                self.origin.record(id_, value)
            case "publish", size, oversized:
                last = min(self.origin.revision, self.published + size)
                if last > self.published:
                    message = self.origin.after(self.published + 1, last, oversized=oversized)
                    self.under_way.append(message)
                    self.published = last
            case ("bookmark",) if self.published == self.origin.revision:
                self.under_way.append(self.origin.bookmark())
            case "deliver", index, how if self.under_way:
                index %= len(self.under_way)
                message = self.under_way[index]
                if how != "again":
                    del self.under_way[index]
                if how != "lost":
                    self.deliver(message)
            case ("ask",):
                self.ask()
            case ("fail",) if self.replica.question(self.now):
                self.replica.failed(errors.NobodyAnswers(), self.now)
            case "wait", seconds:
                self.now += seconds
            case ("compact",) if self.published == self.origin.revision:
                self.origin.compact()
            case ("epoch",):
                self.epochs += 1
                self.origin.begin_anew(f"epoch-{self.epochs}")
                self.published = self.origin.revision
        # Either there is a question now, or it is known when there will be one.
        assert (self.replica.question(self.now) is not None) == (
            self.replica.wakes_at() <= self.now
        )

    def settle(self) -> None:
        """The bus is well again, and nothing more happens."""
        for _ in range(200):
            if self.ask():
                continue
            if self.replica.wakes_at() == float("inf") or self.settled():
                return
            self.now = max(self.now, self.replica.wakes_at())

    def settled(self) -> bool:
        return (self.replica.epoch, self.replica.revision) == (
            self.origin.epoch,
            self.origin.revision,
        ) and self.replica.following


@given(STEPS)
@settings(max_examples=400, deadline=None)
def test_a_replica_converges_and_tells_each_change_once_in_order(
    steps: list[Step],
) -> None:
    run = Run()
    for step in steps:
        run.step(step)
    run.settle()
    run.deliver(run.origin.bookmark())
    run.settle()
    assert run.settled()
    assert entities(run.replica) == run.origin.state == run.copy
    assert run.replica.live.agrees(run.origin.bookmark().count, run.origin.bookmark().digest)


@given(STEPS, st.lists(st.integers(0, 20), max_size=30))
@settings(max_examples=100, deadline=None)
def test_messages_that_come_long_after_change_nothing(steps: list[Step], order: list[int]) -> None:
    run = Run()
    sent: list[ChangeSet | Bookmark] = []
    for step in steps:
        before = len(run.under_way)
        run.step(step)
        sent += run.under_way[before:]
    run.settle()
    state, told = dict(run.copy), list(run.told)
    for index in order:
        if sent:
            run.deliver(sent[index % len(sent)])
    run.settle()
    assert (run.copy, entities(run.replica)) == (state, run.origin.state)
    assert run.told[: len(told)] == told


def test_without_repair_the_same_loss_is_not_mended() -> None:
    run = Run(repair=False)
    for step in (
        ("record", "a", 1),
        ("publish", 1, False),
        ("deliver", 0, "lost"),
        ("record", "b", 1),
        ("publish", 1, False),
    ):
        run.step(step)
    with pytest.raises(AssertionError):
        run.step(("deliver", 0, "once"))
    run.settle()
    assert entities(run.replica) != run.origin.state


def test_a_digest_that_was_tampered_with_is_noticed_at_the_next_bookmark() -> None:
    run = Run()
    run.step(("record", "a", 1))
    run.step(("publish", 1, False))
    message = run.under_way.pop()
    assert isinstance(message, ChangeSet)
    wrong = dataclasses.replace(message.changes[0], fingerprint=bytes(16))
    run.deliver(dataclasses.replace(message, changes=(wrong,)))
    assert not run.replica.following
