# SPDX-License-Identifier: Apache-2.0
"""Two observations of one entity never end with the older state standing."""

from collections.abc import Callable

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import Listed, Source, VirtualClock


def once(page: int, act: Callable[[], None]) -> Callable[[int], None]:
    """Acts while that page of a listing is under way, the first time only."""
    acted: list[int] = []

    def on_page(number: int) -> None:
        if number == page and not acted:
            acted.append(number)
            act()

    return on_page


@pytest.fixture
def other(ledger: Ledger, source: Source, clock: VirtualClock, bench: Bench) -> Bench:
    """Another process's sampler of the same stream, which takes nothing over."""
    source.put("a")
    source.put("b")
    bench.listing()
    return Bench(ledger, source, clock, owner=None)


def test_changes_recorded_while_a_page_is_under_way_are_newer_than_it(
    bench: Bench, source: Source
) -> None:
    source.put("a")
    bench.listing()

    def change() -> None:
        source.put("a", "B")
        bench.poll_changes()

    source.on_page = once(0, change)
    assert bench.listing().proven
    assert bench.history == [("create", "a"), ("update", "a")]
    assert bench.states == {"a": "B"}
    assert source.gets == ["a"]  # the page's A was discarded, and the id sampled again


def test_a_stale_page_does_not_bring_back_what_was_deleted_meanwhile(
    bench: Bench, source: Source
) -> None:
    source.put("a", project="p2")
    source.put("b")
    bench.listing()

    def delete() -> None:
        source.drop("b")
        bench.poll_changes()

    source.on_page = once(0, delete)
    assert bench.listing().proven
    assert bench.history[2:] == [("delete", "b")]


def test_a_stale_page_does_not_create_what_was_never_known_and_is_gone(
    bench: Bench, source: Source
) -> None:
    source.put("a")
    bench.listing()
    source.put("b")

    def delete() -> None:
        source.drop("b")
        bench.poll_changes()  # says that b, unknown to us, is deleted

    source.on_page = once(0, delete)
    assert bench.listing().proven
    assert bench.states == {"a": "A"}


def test_a_newer_look_that_found_no_change_is_newer_all_the_same(
    bench: Bench, source: Source
) -> None:
    source.put("a")
    bench.listing()
    source.put("a", "B")

    def revert() -> None:
        source.put("a", "A")
        bench.poll_changes()  # sees A, which is what the ledger has

    source.on_page = once(0, revert)
    assert bench.listing().proven
    assert bench.states == {"a": "A"}
    assert bench.state.revision == 1


def test_a_refused_commit_keeps_what_the_other_did_not_touch(
    bench: Bench, other: Bench, source: Source
) -> None:
    def elsewhere() -> None:
        source.put("b", "C")
        other.listing()

    source.put("a", "B")
    source.put("b", "B")
    source.on_page = once(0, elsewhere)
    bench.poll_changes()  # page number -1: not disturbed
    assert bench.states == {"a": "B", "b": "B"}
    source.put("a", "X")
    assert bench.listing().proven
    assert bench.states == {"a": "X", "b": "C"}


def test_a_refused_commit_samples_again_what_the_other_touched(
    bench: Bench, other: Bench, source: Source
) -> None:
    def elsewhere() -> None:
        source.put("a", "C")
        other.listing()
        source.put("a", "D")

    source.put("a", "B")
    source.on_page = once(0, elsewhere)
    assert bench.listing().proven
    assert [version.op for version in bench.versions if version.id == "a"] == [
        "create",
        "update",
        "update",
    ]
    assert bench.states == {"a": "D", "b": "A"}


def test_what_is_written_after_another_process_proved_the_stream_is_looked_at_again(
    bench: Bench, other: Bench, source: Source, clock: VirtualClock
) -> None:
    def elsewhere() -> None:
        source.put("a", "A")
        clock.seconds += 1
        assert other.listing().proven  # saw A, unchanged, after this page was read

    source.put("a", "B")
    source.on_page = once(0, elsewhere)
    assert bench.listing().proven
    assert bench.states == {"a": "A", "b": "A"}


def test_a_takeover_stops_the_one_before(
    bench: Bench, ledger: Ledger, source: Source, clock: VirtualClock
) -> None:
    Bench(ledger, source, clock, owner="the next")
    source.put("a")
    with pytest.raises(errors.Fenced):
        bench.listing()


def test_a_service_without_get_is_listed_again_before_its_time(
    bare: Bench, ledger: Ledger, clock: VirtualClock
) -> None:
    bare.source.put("a")
    bare.listing()
    other = Bench(ledger, bare.source, clock, owner=None)

    def elsewhere() -> None:
        bare.source.put("a", "C")
        other.listing()

    bare.source.put("a", "B")
    bare.source.on_page = once(0, elsewhere)
    listed = bare.listing()
    assert listed.again == {"a"}
    assert listed.soon
    assert bare.listing().proven
    assert bare.states == {"a": "C"}


def test_the_source_double_shows_a_page_as_it_was_when_it_was_read(clock: VirtualClock) -> None:
    source = Listed(clock)
    source.put("a")
    source.on_page = lambda number: source.put("a", "B")
    (page,) = source.get_all(source.types()[0])
    assert b'"A"' in bytes(page.items[0])
