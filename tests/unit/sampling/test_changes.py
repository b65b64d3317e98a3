# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterator

import pytest

from synchronizer import errors
from synchronizer.plugin import Page
from synchronizer.sampling import resample
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import SECOND, Source, raw


def test_changes_wait_for_the_first_page_of_the_first_listing(bench: Bench, source: Source) -> None:
    source.put("a")
    bench.poll_changes()
    assert bench.states == {}
    asked: list[int] = []

    def second_page(number: int) -> None:
        if number == 1:  # the listing is not over; changes are polled already
            source.put("a", "B")
            bench.poll_changes()
            asked.append(bench.state.revision)

    for id_ in ("b", "c"):
        source.put(id_)
    source.on_page = second_page
    bench.listing()
    assert asked == [4]  # two of the first page, the change, and one that no page has shown yet
    assert bench.states["a"] == "B"


def test_the_first_listing_alone_has_the_changes_asked_at_once(
    bench: Bench, source: Source
) -> None:
    source.put("a")
    polling = bench.sampling.loops[-1]
    polling.once()  # before there is anything to ask from
    assert polling.seconds_left() == 5.0
    bench.listing()
    assert polling.seconds_left() == 0.0
    polling.once()
    bench.clock.seconds += 2.0
    bench.listing()
    assert polling.seconds_left() == 3.0


def test_changes_are_asked_from_the_last_answer_less_the_overlap(
    bench: Bench, source: Source
) -> None:
    asked: list[int] = []
    get_changes = source.get_changes

    def ask(type_: object, since: int) -> Iterator[Page]:
        asked.append(since)
        return get_changes(type_, since)  # type: ignore[arg-type]

    source.get_changes = ask  # type: ignore[method-assign, assignment]
    began = bench.clock.now()
    bench.listing()
    bench.clock.seconds += 100
    bench.poll_changes()
    bench.poll_changes()
    assert asked == [began - 30 * SECOND, began + 70 * SECOND]


def test_a_poll_that_broke_off_is_asked_again_from_the_same_time(
    bench: Bench, source: Source
) -> None:
    bench.listing()
    bench.clock.seconds += 100
    source.put("a")

    def fail(number: int) -> None:
        raise errors.SourceUnavailable

    source.on_page = fail
    with pytest.raises(errors.SourceUnavailable):
        bench.poll_changes()
    bench.clock.seconds += 100
    source.on_page = lambda number: None
    bench.poll_changes()
    assert bench.states == {"a": "A"}


def test_a_deletion_that_the_service_tells_is_recorded_after_one_look(
    bench: Bench, source: Source
) -> None:
    source.put("a")
    bench.listing()
    source.drop("a")
    bench.poll_changes()
    bench.look_again()
    bench.poll_changes()  # it tells it again, within its overlap
    bench.look_again()
    assert source.gets == ["a"]
    assert bench.history == [("create", "a"), ("delete", "a")]


def test_deletions_of_unknown_ids_are_ignored(bench: Bench, source: Source) -> None:
    bench.listing()
    source.put("a")
    source.drop("a")
    bench.poll_changes()
    assert bench.state.revision == bench.ledger.state(bench.state.id).revision
    assert bench.history == []


def test_changes_neither_prove_nor_delete_by_silence(bench: Bench, source: Source) -> None:
    source.put("a")
    bench.listing()
    proven = bench.state.listed_at
    bench.clock.seconds += 100
    del source.entities["a"]
    bench.poll_changes()
    assert bench.states == {"a": "A"}
    assert bench.state.listed_at == proven


def test_an_id_that_an_answer_shows_and_calls_deleted_is_looked_at(
    bench: Bench, source: Source
) -> None:
    source.put("a")
    bench.listing()
    page = Page([raw({"id": "a", "state": "B"})], deleted=["a"], last=True)
    source.get_changes = lambda type_, since: iter([page])  # type: ignore[method-assign]
    bench.poll_changes()
    bench.look_again()
    assert bench.states == {"a": "A"}
    assert source.gets == ["a"]


def test_a_full_queue_asks_for_a_listing(bench: Bench, source: Source) -> None:
    bench.sampling.resampler.add(f"{number}" for number in range(10_500))
    assert bench.sampling.resampler.waiting() == 10_000
    assert bench.sampling.loops[0].seconds_left() == 0.0


def test_a_look_that_failed_is_tried_again_after_the_others(bench: Bench, source: Source) -> None:
    source.put("a")
    source.put("b")

    def fail(id_: str) -> None:
        if id_ == "a" and len(source.gets) == 1:
            raise errors.SourceUnavailable

    source.on_get = fail
    bench.sampling.resampler.add(["a", "b"])
    with pytest.raises(errors.SourceUnavailable):
        bench.sampling.resampler.run()
    bench.look_again()
    assert source.gets == ["a", "b", "a"]
    assert bench.states == {"a": "A", "b": "A"}


def test_a_look_that_shows_another_entity_is_no_answer(bench: Bench, source: Source) -> None:
    source.get = lambda type_, id_: b'{"id":"b"}'  # type: ignore[method-assign]
    with pytest.raises(errors.BadAnswer):
        bench.sampling.sampler.look("a")
    assert bench.states == {}


def test_a_deletion_that_the_service_takes_back_is_not_recorded(
    bench: Bench, source: Source
) -> None:
    source.put("a")
    bench.listing()
    told = Page([], deleted=["a"], last=True)
    source.get_changes = lambda type_, since: iter([told])  # type: ignore[method-assign]
    bench.poll_changes()
    source.put("a", "ERROR")  # what it tried has failed
    bench.look_again()
    assert bench.history == [("create", "a"), ("update", "a")]
    assert bench.listing().proven
    assert bench.history == [("create", "a"), ("update", "a")]


def test_what_the_service_destroyed_is_recorded_at_once(bench: Bench, source: Source) -> None:
    source.put("a")
    bench.listing()
    source.drop("a")
    told = Page([], destroyed=["a"], last=True)
    source.get_changes = lambda type_, since: iter([told])  # type: ignore[method-assign]
    bench.poll_changes()
    assert bench.history == [("create", "a"), ("delete", "a")]
    assert source.gets == []


def test_what_the_same_answer_shows_and_calls_destroyed_is_looked_at(
    bench: Bench, source: Source
) -> None:
    source.put("a")
    bench.listing()
    source.put("a", "B")
    told = [Page([raw(source.entities["a"])]), Page([], destroyed=["a"], last=True)]
    source.get_changes = lambda type_, since: iter(told)  # type: ignore[method-assign]
    bench.poll_changes()
    bench.look_again()
    assert bench.states == {"a": "B"}
    assert source.gets == ["a"]


def test_deletions_told_in_great_numbers_are_confirmed_by_a_listing(
    bench: Bench, source: Source
) -> None:
    names = [f"e{number:03}" for number in range(resample.MANY + 50)]
    for name in ("witness", *names):
        source.put(name, project="p2")
    bench.listing()
    for name in names:
        source.drop(name)
    bench.poll_changes()
    source.gets.clear()
    bench.listing()
    assert bench.states == {"witness": "A"}
    assert len(source.gets) < 5
