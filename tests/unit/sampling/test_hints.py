# SPDX-License-Identifier: Apache-2.0
"""What notifications name is read soon, once, and not faster than the service is to bear."""

import pytest

from synchronizer import errors
from synchronizer.sampling import hints
from synchronizer.sampling.pace import Stopped
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import OWN, Source, VirtualClock


@pytest.fixture
def known(bench: Bench, source: Source) -> Bench:
    """With `a`, and `w` of another project, recorded."""
    source.put("a")
    source.put("w", project="p2")
    bench.sampling.loops[0].once()
    return bench


def wants_a_listing(bench: Bench) -> bool:
    """Before its time, which is in 600 s."""
    seconds = bench.sampling.loops[0].seconds_left()
    return seconds is not None and seconds < 100


def test_a_hinted_entity_is_read_after_a_moment(
    known: Bench, source: Source, clock: VirtualClock
) -> None:
    source.put("a", "B")
    began = clock.seconds
    known.sampling.hint("a")
    known.follow_hints()
    assert source.gets == ["a"]
    assert known.states == {"a": "B", "w": "A"}
    assert clock.seconds - began == pytest.approx(hints.QUIET)


def test_an_entity_that_is_not_known_yet_is_created(known: Bench, source: Source) -> None:
    source.put("new")
    known.sampling.hint("new")
    known.follow_hints()
    assert known.states == {"a": "A", "new": "A", "w": "A"}


def test_ten_hints_within_a_second_are_few_looks(
    known: Bench, source: Source, clock: VirtualClock
) -> None:
    pause = known.sampling.hints._pace.pause
    left = [9]

    def another(seconds: float) -> None:
        clock.seconds += 0.1
        if left[0]:
            left[0] -= 1
            source.put("a", f"B{left[0]}")
            known.sampling.hint("a")
        else:
            pause(seconds)

    known.sampling.hints._pace.pause = another  # type: ignore[method-assign]
    known.sampling.hint("a")
    known.follow_hints()
    assert known.states["a"] == "B0"
    assert 1 <= len(source.gets) <= 2
    assert known.sampling.counters.read().hints == 10


def test_a_change_that_cannot_be_read_yet_is_looked_for_again(known: Bench, source: Source) -> None:
    def commit(id_: str) -> None:
        if len(source.gets) == 1:
            source.put("a", "B")

    source.on_get = commit
    known.sampling.hint("a")
    known.follow_hints()
    assert source.gets == ["a", "a"]
    assert known.states["a"] == "B"


def test_a_hint_of_nothing_costs_two_looks(known: Bench, source: Source) -> None:
    known.sampling.hint("a")
    known.follow_hints()
    assert source.gets == ["a"] * (1 + len(hints.AGAIN))
    assert known.sampling.hints.waiting() == 0


def test_a_young_entity_that_is_said_to_be_deleted_goes_at_once(
    known: Bench, source: Source, clock: VirtualClock
) -> None:
    source.drop("a")
    began = clock.seconds
    known.sampling.hint("a", deleted=True)
    known.follow_hints()
    assert known.states == {"w": "A"}
    assert source.gets == ["a", "w"]
    assert clock.seconds - began < 1.0


def test_without_that_word_a_young_one_waits_for_listings(known: Bench, source: Source) -> None:
    source.drop("a")
    known.sampling.hint("a")
    known.follow_hints()
    assert known.states == {"a": "A", "w": "A"}
    assert wants_a_listing(known)


def test_the_word_alone_deletes_nothing(known: Bench, source: Source) -> None:
    known.sampling.hint("a", deleted=True)
    known.follow_hints()
    assert known.states == {"a": "A", "w": "A"}
    assert source.gets == ["a"] * (1 + len(hints.AGAIN_IF_DELETED))
    assert wants_a_listing(known)


def test_a_delete_that_comes_late_is_seen(known: Bench, source: Source) -> None:
    source.on_get = lambda id_: source.drop("a") if source.gets == ["a"] else None
    known.sampling.hint("a", deleted=True)
    known.follow_hints()
    assert known.states == {"w": "A"}


def test_a_credential_that_sees_its_own_only_deletes_nothing(known: Bench, source: Source) -> None:
    source.sees_all = False
    known.sampling.hint("a", deleted=True)
    known.follow_hints()
    assert known.states == {"a": "A", "w": "A"}
    assert known.history == [("create", "a"), ("create", "w")]


def test_a_credential_that_changes_meanwhile_deletes_nothing_yet(
    known: Bench, source: Source
) -> None:
    source.drop("a")

    def renew(id_: str) -> None:
        if source.gets == ["a"]:
            source.token = "t2"
            assert known.states == {"a": "A", "w": "A"}

    source.on_get = renew
    known.sampling.hint("a", deleted=True)
    known.follow_hints()
    assert source.gets == ["a", "w", "a", "w"]
    assert known.states == {"w": "A"}


def test_the_last_entity_that_only_who_sees_all_can_see_may_go(
    bench: Bench, source: Source
) -> None:
    source.put("mine", project=OWN)
    source.put("w", project="p2")
    bench.listing()
    source.drop("w")
    bench.sampling.hint("w", deleted=True)
    bench.follow_hints()
    assert bench.states == {"mine": "A"}


def test_what_is_said_to_be_deleted_is_no_witness_for_the_others(
    bench: Bench, source: Source, clock: VirtualClock
) -> None:
    source.put("mine", project=OWN)
    source.put("v", project="p2")
    source.put("w", project="p2")
    bench.listing()
    source.drop("v")
    source.drop("w")
    bench.sampling.hint("w", deleted=True)
    clock.seconds += hints.QUIET / 2
    bench.sampling.hint("v", deleted=True)
    bench.follow_hints()
    assert bench.states == {"mine": "A"}
    assert sorted(source.gets) == ["v", "w"]


def test_many_deletes_need_one_witness(known: Bench, source: Source) -> None:
    ids = [f"d{number}" for number in range(hints.BATCH)]
    for id_ in ids:
        source.put(id_)
    known.listing()
    for id_ in ids:
        source.drop(id_)
        known.sampling.hint(id_, deleted=True)
    source.gets.clear()
    known.follow_hints()
    assert len(source.gets) == len(ids) + 1
    assert known.states == {"a": "A", "w": "A"}


def test_when_many_wait_the_changes_are_asked_first(known: Bench, source: Source) -> None:
    known.settle()
    known.poll_changes()
    ids = [f"x{number:02}" for number in range(hints.MANY)]
    for id_ in ids:
        source.put(id_)
        known.sampling.hint(id_)
    # This one differs in what moves no time of a change.
    source.entities["a"]["state"] = "B"
    known.sampling.hint("a")
    known.follow_hints()
    assert source.gets == ["a"]
    assert known.states == dict.fromkeys([*ids, "w"], "A") | {"a": "B"}


def test_what_is_said_while_the_changes_are_asked_is_looked_at(
    known: Bench, source: Source
) -> None:
    ids = [f"x{number:02}" for number in range(hints.MANY + 1)]
    for id_ in ids:
        source.put(id_)
        known.sampling.hint(id_)

    def change(page: int) -> None:
        if page == -1:
            source.on_page = lambda page: None
            source.entities["x00"]["state"] = "B"
            known.clock.seconds += 0.1
            known.sampling.hint("x00")

    source.on_page = change
    known.follow_hints()
    assert source.gets == ["x00"]
    assert known.states["x00"] == "B"


def test_without_changes_since_many_are_looked_at_at_a_bounded_rate(
    known: Bench, source: Source, clock: VirtualClock
) -> None:
    known.sampling.hints._changes = None
    ids = [f"x{number:03}" for number in range(100)]
    for id_ in ids:
        source.put(id_)
        known.sampling.hint(id_)
    began = clock.seconds
    known.follow_hints()
    assert sorted(source.gets) == ids
    assert clock.seconds - began > 99 / 20


def test_too_many_are_left_to_a_listing(known: Bench, source: Source) -> None:
    for number in range(hints.MOST + 1):
        known.sampling.hint(f"x{number}")
    assert known.sampling.hints.waiting() == 0
    assert wants_a_listing(known)


def test_a_hint_without_an_id_asks_for_a_listing(known: Bench, source: Source) -> None:
    known.sampling.hint(None)
    known.follow_hints()
    assert wants_a_listing(known)
    assert source.gets == []


def test_a_service_without_get_is_listed(bare: Bench, source: Source) -> None:
    bare.sampling.loops[0].once()
    bare.sampling.hint("a")
    assert bare.sampling.hints.waiting() == 0
    assert wants_a_listing(bare)


def test_a_hint_outlives_the_service_that_is_away(known: Bench, source: Source) -> None:
    source.put("a", "B")

    def fail(id_: str) -> None:
        if len(source.gets) <= 5:
            raise errors.SourceUnavailable

    source.on_get = fail
    known.sampling.hint("a")
    for _ in range(5):
        with pytest.raises(errors.SourceUnavailable):
            known.follow_hints()
    known.follow_hints()
    assert known.states["a"] == "B"


def test_an_entity_that_cannot_be_read_is_left_to_a_listing(known: Bench, source: Source) -> None:
    def fail(id_: str) -> None:
        if id_ == "a":
            raise errors.BadAnswer

    source.on_get = fail
    source.put("b")
    known.sampling.hint("a")
    known.sampling.hint("b")
    for _ in range(hints.MOST_BAD):
        with pytest.raises(errors.BadAnswer):
            known.follow_hints()
    known.follow_hints()
    assert wants_a_listing(known)
    assert known.states == {"a": "A", "b": "A", "w": "A"}


def test_a_stop_interrupts_the_wait(known: Bench) -> None:
    known.sampling.hint("a")
    known.stop.set()
    with pytest.raises(Stopped):
        known.follow_hints()


def test_missed_notifications_are_made_up_for_by_the_changes(known: Bench) -> None:
    changes = known.sampling.loops[-1]
    changes.once()
    assert (changes.seconds_left() or 0) > 0
    known.sampling.missed()
    assert changes.seconds_left() == 0.0


def test_missed_notifications_are_made_up_for_by_a_listing(bare: Bench) -> None:
    bare.sampling.loops[0].once()
    assert not wants_a_listing(bare)
    bare.sampling.missed()
    assert wants_a_listing(bare)


def test_that_nothing_is_heard_is_told_and_fails_nothing(known: Bench) -> None:
    stream = known.sampling.sampler.id
    known.sampling.hearing("the bus is away")
    condition = known.ledger.condition(stream)
    assert condition is not None
    assert condition.message == "notifications: the bus is away"
    assert known.listing().proven
    known.sampling.hearing(None)
    assert known.ledger.condition(stream) is None
