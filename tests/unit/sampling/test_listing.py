# SPDX-License-Identifier: Apache-2.0
import dataclasses
import logging
from collections.abc import Iterator

import msgspec
import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger
from synchronizer.model import EntityType
from synchronizer.plugin import Page
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import Source, VirtualClock, raw


def script(source: Source, *pages: Page) -> None:
    """The next listings show just these pages."""

    def get_all(type_: EntityType) -> Iterator[Page]:
        yield from pages

    source.get_all = get_all  # type: ignore[method-assign]


def test_a_listing_records_what_is_there_and_proves_it(bench: Bench, source: Source) -> None:
    for id_ in ("a", "b", "c"):
        source.put(id_)
    began = bench.clock.now()
    assert bench.listing().proven
    assert bench.states == {"a": "A", "b": "A", "c": "A"}
    assert bench.state.listed_at == began
    assert [version.base for version in bench.versions] == [0, 0, 2]  # the second page knew 2


def test_an_empty_complete_listing_is_recorded_too(bench: Bench, source: Source) -> None:
    assert bench.listing().proven
    first = bench.state.listed_at
    bench.clock.seconds += 100
    assert bench.listing().proven
    assert (bench.state.revision, first) != (0, None)
    assert bench.state.listed_at == bench.clock.now()


def test_what_is_unchanged_is_neither_decoded_nor_recorded(bench: Bench, source: Source) -> None:
    for id_ in ("a", "b", "c"):
        source.put(id_)
    bench.listing()
    before = bench.sampling.counters.read()
    bench.listing()
    after = bench.sampling.counters.read()
    assert bench.state.revision == before.creates == after.creates + after.updates == 3
    assert (after.observed - before.observed, after.decoded - before.decoded) == (3, 0)


def test_states_that_go_a_b_a_are_three_revisions(bench: Bench, source: Source) -> None:
    for state in ("A", "B", "A"):
        source.put("a", state)
        bench.listing()
    assert bench.history == [("create", "a"), ("update", "a"), ("update", "a")]
    assert bench.states == {"a": "A"}


def test_other_bytes_of_the_same_state_are_no_change(bench: Bench, source: Source) -> None:
    script(source, Page([msgspec.Raw(b'{"id":"a","state":"A","heartbeat":1}')], last=True))
    bench.listing()
    script(source, Page([msgspec.Raw(b'{"heartbeat": 2, "state": "A", "id": "a"}')], last=True))
    bench.listing()
    assert bench.state.revision == 1
    assert bench.sampling.counters.read().decoded == 2
    bench.listing()  # and now these bytes are known
    assert bench.sampling.counters.read().decoded == 2


def test_sensitive_fields_reach_neither_the_ledger_nor_the_fingerprint(
    bench: Bench, source: Source
) -> None:
    source.put("a", password="hush1")
    bench.listing()
    source.put("a", password="hush2")
    bench.listing()
    assert bench.state.revision == 1
    assert b"hush" not in (bench.versions[0].entity or b"")


def test_of_an_id_twice_in_a_page_the_later_wins(bench: Bench, source: Source) -> None:
    one, two = {"id": "a", "state": "A"}, {"id": "a", "state": "B"}
    script(source, Page([raw(one), raw(two)], last=True))
    bench.listing()
    assert bench.states == {"a": "B"}
    script(source, Page([raw(one), raw(two)], last=True))  # the later one is the unchanged one
    bench.listing()
    assert bench.state.revision == 1


def test_of_an_id_on_two_pages_the_later_wins(bench: Bench, source: Source) -> None:
    one, two = {"id": "a", "state": "A"}, {"id": "a", "state": "B"}
    script(source, Page([raw(one)]), Page([raw(two)], last=True))
    assert bench.listing().proven
    assert bench.states == {"a": "B"}
    script(source, Page([raw(one)]), Page([raw(two)], last=True))
    bench.listing()
    assert bench.history == [("create", "a")] + [("update", "a")] * 3
    assert bench.states == {"a": "B"}


@pytest.mark.parametrize(
    "bad",
    [b'{"state":"A"}', b'{"id":7}', b'{"id":""}', b'{"id":null}', b"[1]", b'{"id":"x",', b""],
)
def test_a_bad_item_spoils_the_listing_and_nothing_else(
    bench: Bench, source: Source, bad: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    source.put("gone")
    bench.listing()
    bench.settle()
    proven = bench.state.listed_at
    source.drop("gone")
    good = raw({"id": "a", "state": "A"})
    script(source, Page([bad, good], last=True))
    with caplog.at_level(logging.WARNING):
        assert bench.listing().problems == ("1 items cannot be decoded",)
        bench.listing()
    assert bench.states == {"gone": "A", "a": "A"}
    assert bench.state.listed_at == proven
    assert len([r for r in caplog.records if "left out" in r.getMessage()]) == 1


@pytest.mark.parametrize(
    "flaw",
    [{"last": False}, {"problems": ("truncated",)}, {"unclear": ("gone",)}, {"unclear": ("x",)}],
)
def test_an_incomplete_listing_deletes_nothing_and_proves_nothing(
    bench: Bench, source: Source, flaw: dict[str, object]
) -> None:
    source.put("gone")
    bench.listing()
    bench.settle()
    proven = bench.state.listed_at
    source.drop("gone")
    page = Page([raw({"id": "a", "state": "A"})], last=True)
    script(source, dataclasses.replace(page, **flaw))  # type: ignore[arg-type]
    assert bench.listing().problems
    assert bench.states == {"gone": "A", "a": "A"}
    assert bench.state.listed_at == proven
    assert bench.held == {}


def test_a_listing_that_breaks_off_with_an_error_keeps_what_it_saw(
    bench: Bench, source: Source
) -> None:
    for id_ in ("a", "b", "c"):
        source.put(id_)

    def fail(number: int) -> None:
        if number == 1:
            raise errors.ListingBroken("unknown marker")

    source.on_page = fail
    with pytest.raises(errors.ListingBroken):
        bench.listing()
    assert bench.states == {"a": "A", "b": "A"}
    assert bench.state.listed_at is None


def test_a_large_page_is_recorded_in_parts(bench: Bench, source: Source) -> None:
    source.page_size = 2500
    for number in range(2500):
        source.put(f"{number:04}")
    assert bench.listing().proven
    assert bench.state.revision == bench.state.count == 2500


def test_a_restarted_worker_announces_nothing_again(
    bench: Bench, ledger: Ledger, source: Source, clock: VirtualClock
) -> None:
    for id_ in ("a", "b", "c"):
        source.put(id_)
    bench.listing()
    source.put("b", "B")
    again = Bench(ledger, source, clock)
    assert again.listing().proven
    assert again.history == [("create", "a"), ("create", "b"), ("create", "c"), ("update", "b")]
    with pytest.raises(errors.Fenced):
        bench.listing()


def test_an_epoch_that_begins_during_a_listing_voids_it(bench: Bench, source: Source) -> None:
    for id_ in ("a", "b", "c"):
        source.put(id_)
    bench.listing()
    proven = bench.state.listed_at
    source.put("c", "B")

    def begin_anew(number: int) -> None:
        if number == 0:
            bench.ledger.new_epoch(bench.state.id, "test")

    source.on_page = begin_anew
    bench.clock.seconds += 10
    with pytest.raises(errors.Retry):
        bench.listing()
    assert bench.state.listed_at == proven
    source.on_page = lambda number: None
    assert bench.listing().proven
    assert bench.states["c"] == "B"
