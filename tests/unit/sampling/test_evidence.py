# SPDX-License-Identifier: Apache-2.0
"""No delete without evidence."""

import logging

import pytest

from synchronizer import errors
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import OWN, Source


@pytest.fixture
def known(bench: Bench, source: Source) -> Bench:
    """Knows a, b, c of three projects, our own among them; none is young."""
    source.put("a", project="p1")
    source.put("b", project=OWN)
    source.put("c", project="p2")
    bench.listing()
    bench.settle()
    return bench


def test_an_absence_that_the_service_confirms_is_a_delete(known: Bench, source: Source) -> None:
    source.drop("c")
    known.clock.seconds += 1
    assert known.listing().proven
    assert known.history[3:] == [("delete", "c")]
    assert source.gets == ["a", "c", "a"]  # a witness before, the absence, a witness after


def test_an_entity_that_the_listing_forgot_is_found(known: Bench, source: Source) -> None:
    hidden = source.entities.pop("c")

    def come_back(id_: str) -> None:
        source.entities["c"] = hidden

    source.on_get = come_back  # the first GET is that of a witness
    assert known.listing().proven
    assert set(known.states) == {"a", "b", "c"}


def test_an_entity_that_cannot_be_read_is_not_absent(known: Bench, source: Source) -> None:
    source.drop("c")
    proven = known.state.listed_at

    def unclear(id_: str) -> None:
        if id_ == "c":
            raise errors.Unclear("cell down")

    source.on_get = unclear
    assert known.listing().problems == ("1 entities exist but cannot be read now",)
    assert set(known.states) == {"a", "b", "c"}
    assert known.state.listed_at == proven


def test_a_young_entity_needs_a_second_listing(known: Bench, source: Source) -> None:
    source.put("c", state="B", project="p2")
    known.listing()
    proven = known.state.listed_at
    source.drop("c")
    known.clock.seconds += 1
    first = known.listing()
    assert (first.proven, first.held, first.soon) == (False, 1, True)
    assert set(known.held) == {"c"}
    assert known.state.listed_at == proven
    assert known.listing().proven
    assert "c" not in known.states
    assert known.held == {}


def test_one_that_replicas_may_not_know_yet_is_not_deleted_by_any_number_of_listings(
    known: Bench, source: Source
) -> None:
    source.put("d", project="p1")
    known.listing()
    known.clock.seconds += 20
    source.put("d", state="B", project="p1")
    known.listing()
    source.drop("d")
    for _ in range(3):
        known.clock.seconds += 10
        listed = known.listing()
        assert (listed.proven, listed.held, listed.soon) == (False, 1, False)
    assert 9 < listed.later < 11
    assert "d" in known.states
    known.clock.seconds += listed.later
    assert known.listing().proven
    assert "d" not in known.states


def test_two_listings_are_not_in_a_row_with_a_broken_one_between(
    known: Bench, source: Source
) -> None:
    source.put("c", state="B", project="p2")
    known.listing()
    source.drop("c")
    known.listing()

    def fail(number: int) -> None:
        raise errors.SourceUnavailable

    source.on_page = fail
    with pytest.raises(errors.SourceUnavailable):
        known.listing()
    source.on_page = lambda number: None
    assert known.listing().held == 1
    assert known.listing().proven


def test_a_credential_that_lost_its_role_deletes_nothing(
    known: Bench, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.sees_all = False
    proven = known.state.listed_at
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            known.clock.seconds += 100
            assert known.listing().held == 2
    assert set(known.states) == {"a", "b", "c"}
    assert set(known.held) == {"a", "c"}
    assert known.state.listed_at == proven
    assert len([r for r in caplog.records if "held" in r.getMessage()]) == 1
    source.sees_all = True
    assert known.listing().proven
    assert known.held == {}


def test_a_role_lost_after_the_listing_deletes_nothing(known: Bench, source: Source) -> None:
    source.drop("c")

    def lose(number: int) -> None:
        source.sees_all = False

    source.on_page = lose
    assert known.listing().held == 1
    assert set(known.states) == {"a", "b", "c"}


def test_a_role_lost_between_the_confirmations_deletes_nothing(
    known: Bench, source: Source
) -> None:
    hidden = source.entities.pop("c")

    def lose(id_: str) -> None:
        if id_ == "c":
            source.sees_all = False
            source.entities["c"] = hidden

    source.on_get = lose
    assert known.listing().held == 1
    assert set(known.states) == {"a", "b", "c"}


def test_a_credential_that_keeps_changing_confirms_nothing(known: Bench, source: Source) -> None:
    source.drop("c")

    def renew(id_: str) -> None:
        source.token += "x"

    source.on_get = renew
    assert known.listing().held == 1
    source.on_get = lambda id_: None
    assert known.listing().proven


def test_where_all_is_our_own_nothing_needs_a_witness(bench: Bench, source: Source) -> None:
    source.put("a", project=OWN)
    source.put("b", project=OWN)
    bench.listing()
    bench.settle()
    source.drop("a")
    assert bench.listing().proven
    assert source.gets == ["a"]
    assert bench.states == {"b": "A"}


def test_when_no_witness_is_left_the_deletes_are_held(known: Bench, source: Source) -> None:
    for id_ in ("a", "c"):
        source.drop(id_)
    assert known.listing().held == 2
    assert "none of them is seen" in known.held["a"]


def test_a_witness_that_is_deleted_meanwhile_is_replaced_by_another(
    known: Bench, source: Source
) -> None:
    source.put("d", project="p9")
    known.listing()
    known.settle()
    source.drop("c")

    def vanish(number: int) -> None:
        if number == 1 and "a" in source.entities:
            source.drop("a")

    source.on_page = vanish  # page 0 had shown a
    known.listing()
    assert "c" not in known.states


def test_a_forbidden_look_is_no_evidence(known: Bench, source: Source) -> None:
    source.drop("c")

    def forbid(id_: str) -> None:
        if id_ == "c":
            raise errors.NotPermitted

    source.on_get = forbid
    assert known.listing().held == 1
    assert "c" in known.states


def test_an_implausible_share_is_held_until_each_is_confirmed(bench: Bench, source: Source) -> None:
    for number in range(100):
        source.put(f"{number:03}")
    bench.listing()
    bench.settle()
    for number in range(50, 100):
        source.drop(f"{number:03}")
    held_meanwhile: list[int] = []
    source.on_get = lambda id_: held_meanwhile.append(len(bench.held))
    assert bench.listing().proven
    assert max(held_meanwhile) == 50
    assert bench.held == {}
    assert bench.state.count == 50


def test_confirmations_that_fail_half_way_leave_the_rest_held(bench: Bench, source: Source) -> None:
    for number in range(300):
        source.put(f"{number:03}")
    bench.listing()
    bench.settle()
    for number in range(30, 300):
        source.drop(f"{number:03}")

    def fail(id_: str) -> None:
        if len(source.gets) == 250:
            raise errors.SourceBusy(retry_after=7)

    source.on_get = fail
    with pytest.raises(errors.SourceBusy):
        bench.listing()
    assert bench.state.count == 100  # one batch of 200 was confirmed
    assert len(bench.held) == 70
    assert bench.listing().proven
    assert (bench.state.count, bench.held) == (30, {})


def test_a_witness_that_cannot_be_asked_leaves_a_mass_absence_held(
    bench: Bench, source: Source
) -> None:
    for number in range(100):
        source.put(f"{number:03}", project=f"p{number % 5}")
    bench.listing()
    bench.settle()
    for number in range(50, 100):
        source.drop(f"{number:03}")

    def fail(id_: str) -> None:
        raise errors.SourceUnavailable

    source.on_get = fail
    with pytest.raises(errors.SourceUnavailable):
        bench.listing()
    assert len(bench.held) == 50
    assert bench.state.count == 100
    source.on_get = lambda id_: None
    assert bench.listing().proven
    assert (bench.state.count, bench.held) == (50, {})


def test_confirmations_keep_to_their_rate(known: Bench, source: Source) -> None:
    source.drop("c")
    known.clock.waits.clear()
    known.listing()
    assert known.clock.waits == [pytest.approx(0.05)] * 2  # three GETs


def test_without_get_two_listings_in_a_row_are_needed(bare: Bench) -> None:
    for id_ in ("a", "b", "c"):
        bare.source.put(id_)
    bare.listing()
    bare.settle()
    bare.source.drop("c")
    first = bare.listing()
    assert (first.held, first.soon) == (1, True)
    assert bare.listing().proven
    assert set(bare.states) == {"a", "b"}


def test_without_get_one_that_came_back_starts_from_the_beginning(bare: Bench) -> None:
    for id_ in ("a", "b", "c"):
        bare.source.put(id_)
    bare.listing()
    for shown in (False, True, False):
        if shown:
            bare.source.put("c")
        else:
            bare.source.drop("c")
        bare.listing()
    assert set(bare.states) == {"a", "b", "c"}
    assert set(bare.held) == {"c"}


def test_without_get_an_implausible_share_waits_for_an_operator(bare: Bench) -> None:
    for id_ in ("a", "b"):
        bare.source.put(id_)
    bare.listing()
    for id_ in ("a", "b"):
        bare.source.drop(id_)
    for _ in range(3):
        assert bare.listing().held == 2
    assert bare.ledger.decide(bare.state.id, None, "confirm") == 2
    bare.sampling.holds.obey()
    assert (bare.states, bare.held) == ({}, {})
    assert bare.listing().proven


def test_a_released_delete_is_forgotten(known: Bench, source: Source) -> None:
    source.sees_all = False
    known.listing()
    known.ledger.decide(known.state.id, ["a"], "release")
    known.sampling.holds.obey()
    assert set(known.held) == {"c"}
    assert set(known.states) == {"a", "b", "c"}


def test_a_confirmed_delete_does_not_touch_what_was_seen_since(
    known: Bench, source: Source
) -> None:
    source.sees_all = False
    known.listing()
    source.sees_all = True
    source.put("a", "B", project="p1")
    del source.touched["c"]
    known.poll_changes()
    known.ledger.decide(known.state.id, None, "confirm")
    known.sampling.holds.obey()
    assert known.states == {"a": "B", "b": "A"}
    assert known.held == {}


def test_a_restarted_worker_obeys_verdicts_on_what_was_held_before(
    known: Bench, source: Source
) -> None:
    source.sees_all = False
    known.listing()
    again = Bench(known.ledger, source, known.clock)
    again.ledger.decide(again.state.id, ["c"], "confirm")
    again.sampling.holds.obey()
    assert set(again.states) == {"a", "b"}
    assert set(again.held) == {"a"}
