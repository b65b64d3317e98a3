# SPDX-License-Identifier: Apache-2.0
"""What one process saw, and what another one recorded meanwhile: who is the newer one?"""

from collections.abc import Callable, Sequence

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState, Write
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import THING, Source, VirtualClock


@pytest.fixture
def other(ledger: Ledger, source: Source, clock: VirtualClock, bench: Bench) -> Bench:
    """Lists on demand beside the worker, and takes nothing over."""
    for id_ in ("a", "b", "c"):
        source.put(id_)
    source.put("w", project="p2")
    bench.listing()
    return Bench(ledger, source, clock, owner=None)


def in_flight(bench: Bench, source: Source) -> Callable[[], list[str]]:
    """The worker's changes poll: its answer was read just now, and is recorded when called;
    the ids that are to be sampled again."""
    sampler = bench.sampling.sampler
    under_way = sampler.request()
    request = under_way.__enter__()
    page = next(source.get_changes(THING, 0))

    def record() -> list[str]:
        again = sampler.record_page(page, request).again
        under_way.__exit__(None, None, None)
        return again

    return record


def at(page: int, act: Callable[[], object]) -> Callable[[int], None]:
    def on_page(number: int) -> None:
        if number == page:
            act()

    return on_page


def test_an_older_state_recorded_after_a_look_that_found_no_change_does_not_stand(
    bench: Bench, other: Bench, source: Source
) -> None:
    source.put("a", "B")
    record = in_flight(bench, source)  # shows a in state B
    source.put("a", "A")  # and back again, as it is recorded
    source.put("c", "C")
    # Recorded while the second page is under way, with which the listing records c.
    source.on_page = at(1, record)
    assert other.listing().proven
    assert other.states == {"a": "A", "b": "A", "c": "C", "w": "A"}


@pytest.mark.parametrize("more", [False, True], ids=["alone", "with other changes"])
@pytest.mark.parametrize("told", [False, True], ids=["not told", "told"])
@pytest.mark.parametrize("later", [1, 0, -3600], ids=["in time", "at once", "by a slow clock"])
def test_what_is_recorded_after_a_proof_that_its_request_did_not_see_is_sampled_again(
    bench: Bench,
    other: Bench,
    source: Source,
    clock: VirtualClock,
    more: bool,
    told: bool,
    later: int,
) -> None:
    source.put("a", "B")
    record = in_flight(bench, source)  # shows a in state B
    source.put("a", "A")
    if more:
        source.put("c", "C")
    clock.seconds += later
    assert other.listing().proven  # found a unchanged
    if told:
        bench.sampling.sampler.catch_up()  # as another of the worker's polls does
    assert "a" in record()


def test_what_is_to_be_sampled_again_is_not_forgotten_for_an_error(
    bench: Bench, other: Bench, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.put("a", "B")
    source.drop("c")
    monkeypatch.setattr(source, "gets_one", lambda type_: False)
    record = in_flight(bench, source)  # shows a in state B, and that c is deleted
    source.put("a", "A")
    source.put("c", "A")
    assert other.listing().proven
    commit = bench.ledger.commit

    def first_alone(state: StreamState, writes: Sequence[Write]) -> StreamState:
        if writes[0].op == "delete":
            raise errors.LedgerUnavailable("gone")
        return commit(state, writes)

    monkeypatch.setattr(bench.ledger, "commit", first_alone)
    with pytest.raises(errors.LedgerUnavailable):
        record()
    assert "a" in bench.sampling.sampler.catch_up()
    assert bench.sampling.sampler.catch_up() == set()


def test_what_the_worker_records_all_the_time_is_not_sampled_again_for_the_proof(
    bench: Bench, other: Bench, source: Source
) -> None:
    source.page_size = 1

    def change(number: int) -> None:
        if number == 0:
            source.put("a", "changed before it is seen")
        elif number > 0:
            # Of a, whose page was long ago; the poll begins after that.
            source.put("a", f"changed {number}")
            bench.poll_changes()

    bench.sampling.changes.start_from(0)
    source.on_page = change
    assert other.listing().proven
    source.on_page = lambda number: None
    source.gets.clear()
    assert other.states["a"] == "changed 3"
    assert other.listing().proven
    assert source.gets == []


def test_only_what_may_be_older_is_sampled_again(
    bench: Bench, other: Bench, source: Source
) -> None:
    sampler = other.sampling.sampler
    with sampler.request() as request:
        sampler.record_page(next(source.get_all(THING)), request)  # a and b, unchanged
    record = in_flight(bench, source)
    assert sampler.catch_up() == set()
    record()
    source.put("b", "B")
    bench.poll_changes()  # its request began before anything was recorded: perhaps before ours
    assert sampler.catch_up() == {"b"}
    source.put("a", "B")
    source.put("b", "C")
    bench.poll_changes()  # its request began after b's new state was recorded, after our look
    assert sampler.catch_up() == set()
    source.put("new")
    bench.poll_changes()  # nothing is known of it: it may have been seen to be gone
    assert sampler.catch_up() == {"new"}
