# SPDX-License-Identifier: Apache-2.0
"""All entities differ at once by the fields that they have. Time passes only in waits."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState, Write
from synchronizer.sampling import newcontent
from synchronizer.sampling.newcontent import only_fields_differ
from synchronizer.sampling.pace import Stopped
from tests.unit.sampling.bench import Bench
from tests.unit.sampling.source import Source, VirtualClock

ENTITIES = 120
RATE = 10.0


class Waiting(VirtualClock):
    """Others act while the recording of new content waits."""

    def __init__(self) -> None:
        super().__init__()
        self.during: Callable[[], None] = lambda: None

    def wait(self, event: threading.Event, seconds: float) -> bool:
        over = super().wait(event, seconds)
        during, self.during = self.during, lambda: None
        during()
        return over or event.is_set()


@pytest.fixture
def clock() -> Waiting:
    return Waiting()


@pytest.fixture
def bench(ledger: Ledger, source: Source, clock: Waiting) -> Bench:
    """A stream whose entities were all recorded as they were."""
    source.page_size = 40
    for number in range(ENTITIES):
        source.put(f"e{number:03}")
    made = Bench(ledger, source, clock, new_content_rate=RATE)
    assert made.listing().proven
    made.settle()
    made.poll_changes()  # from now on it asks for what changes from now on
    return made


def paint(source: Source, colour: str = "red") -> None:
    """Every entity is shown with a field more."""
    for entity in source.entities.values():
        entity["colour"] = colour


def new(bench: Bench) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(v.op, v.id, v.changed) for v in bench.versions[ENTITIES:]]


def exact(bench: Bench, source: Source) -> bool:
    return bench.states == {id_: e["state"] for id_, e in source.entities.items()}


def test_it_is_recorded_at_the_rate_after_everything_else(
    bench: Bench, source: Source, clock: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[tuple[float, int]] = []
    commit = bench.ledger.commit

    def noted(state: StreamState, writes: list[Write], **more: Any) -> StreamState:
        commits.append((clock.seconds, len(writes)))
        return commit(state, writes, **more)

    monkeypatch.setattr(bench.ledger, "commit", noted)
    paint(source)
    source.entities["e110"]["state"] = "B"
    source.drop("e050")
    source.put("new")
    began = clock.now()
    assert bench.listing().proven
    recorded = new(bench)
    assert set(recorded[:2]) == {("update", "e110", ("colour", "state")), ("create", "new", ())}
    # One entity is looked at beside the one that is gone: does the credential still see?
    assert recorded[2:4] == [("update", "e000", ("colour",)), ("delete", "e050", ())]
    assert all((op, changed) == ("update", ("colour",)) for op, _, changed in recorded[4:])
    assert len(recorded) == ENTITIES + 1
    assert bench.state.listed_at == began
    paced = commits[4:]
    for at, _ in paced:
        assert sum(writes for when, writes in paced if at <= when < at + 1.0) <= RATE + 5
    assert bench.listing().proven
    assert len(new(bench)) == ENTITIES + 1


def test_a_few_are_recorded_at_once(bench: Bench, source: Source, clock: Waiting) -> None:
    for number in range(newcontent.FEW):
        source.entities[f"e{number:03}"]["colour"] = "red"
    before = clock.seconds
    assert bench.listing().proven
    assert len(new(bench)) == newcontent.FEW
    assert clock.seconds == before


def test_what_happens_meanwhile_does_not_wait_and_the_older_state_never_stands(
    bench: Bench, source: Source, clock: Waiting
) -> None:
    paint(source)
    seen: list[int] = []

    def meanwhile() -> None:
        source.put("e100", state="B", colour="red")
        source.put("e101", state="B", colour="red")
        source.put("e101", state="A", colour="red")
        source.drop("e102")
        bench.poll_changes()
        bench.look_again()
        source.put("e103", state="B", colour="red")  # nobody has seen this one yet
        seen.append(len(bench.versions))

    clock.during = meanwhile
    assert bench.listing().proven
    assert seen[0] < ENTITIES + 20
    recorded = new(bench)
    assert recorded.index(("update", "e100", ("colour", "state"))) < 20
    assert recorded.index(("delete", "e102", ())) < 20
    for id_ in ("e100", "e101", "e102"):
        assert len([one for _, one, _ in recorded if one == id_]) == 1
    bench.poll_changes()
    assert exact(bench, source)
    assert bench.listing().proven
    assert exact(bench, source)


def test_what_waits_is_bounded_and_no_listing_is_proven_until_nothing_is_left(
    bench: Bench, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcontent, "MOST_ENTITIES", 50)
    paint(source)
    proof = bench.state.listed_at
    left = []
    while not (listed := bench.listing()).proven:
        assert listed.soon
        assert bench.state.listed_at == proof
        left.append(listed.problems)
    assert left == [
        ("new content of 70 entities waits for the next listing",),
        ("new content of 20 entities waits for the next listing",),
    ]
    assert len(new(bench)) == ENTITIES
    assert bench.state.listed_at != proof


def test_fields_that_come_and_go_all_the_time_do_not_keep_a_listing_from_being_proven(
    bench: Bench, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcontent, "MOST_ENTITIES", 50)
    proven = []
    for number in range(6):
        for entity in source.entities.values():
            entity[f"field{number}"] = entity.pop(f"field{number - 1}", 0)
        proven.append(bench.listing().proven)
    assert proven == [False, False, True, False, False, True]


def test_a_worker_that_ends_amid_it_leaves_the_rest_to_the_next(
    bench: Bench, source: Source, clock: Waiting
) -> None:
    paint(source)
    clock.during = bench.stop.set
    with pytest.raises(Stopped):
        bench.listing()
    recorded = len(new(bench))
    assert 0 < recorded < ENTITIES
    again = Bench(bench.ledger, source, clock, new_content_rate=RATE)
    assert again.listing().proven
    assert sorted(id_ for _, id_, _ in new(again)) == sorted(source.entities)


def test_a_listing_that_breaks_off_records_what_it_showed(bench: Bench, source: Source) -> None:
    paint(source)

    def breaks(number: int) -> None:
        if number == 2:
            raise errors.SourceUnavailable

    source.on_page = breaks
    with pytest.raises(errors.SourceUnavailable):
        bench.listing()
    assert len(new(bench)) == 80


def test_a_field_that_is_no_longer_volatile_is_told_at_the_rate_until_a_listing_is_proven(
    bench: Bench, source: Source, ledger: Ledger, clock: Waiting
) -> None:
    heartbeat = frozenset({"state"})
    masked = Bench(ledger, source, clock, new_content_rate=RATE, volatile=heartbeat)
    for id_ in source.entities:
        source.entities[id_]["state"] = "B"
    assert masked.listing().proven
    bare = Bench(ledger, source, clock, new_content_rate=RATE)
    before = clock.seconds
    assert bare.listing().proven
    assert len(new(bare)) == ENTITIES
    assert clock.seconds - before >= ENTITIES / RATE - 1
    for id_ in source.entities:
        source.entities[id_]["state"] = "C"
    before = clock.seconds
    assert bare.listing().proven
    assert len(new(bare)) == 2 * ENTITIES
    assert clock.seconds == before


@pytest.mark.parametrize(
    ("before", "after", "only"),
    [
        (b'{"a":1}', b'{"a":1,"b":2}', True),
        (b'{"a":1,"b":2}', b'{"b":2}', True),
        (b'{"a":1,"b":2}', b'{"a":2,"b":2,"c":3}', False),
        (b'{"a":1,"v":2}', b'{"a":1,"c":3,"v":9}', True),
        (b'{"a":{"x":1}}', b'{"a":{"x":1,"y":2}}', False),
    ],
)
def test_new_content_is_what_differs_by_top_level_fields_alone(
    before: bytes, after: bytes, only: bool
) -> None:
    assert only_fields_differ(before, after, frozenset({"v"})) is only
