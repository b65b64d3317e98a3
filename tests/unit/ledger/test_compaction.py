# SPDX-License-Identifier: Apache-2.0
import time
from collections.abc import Callable

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState
from tests.unit.ledger.builders import NO_LIMITS, create, delete, update

Clock = Callable[[int], None]
LATER = 1 << 60


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the time of commits, in microseconds."""

    def set_to(instant: int) -> None:
        monkeypatch.setattr(time, "time_ns", lambda: instant * 1000)

    return set_to


def publish(ledger: Ledger, stream_id: int) -> None:
    state = ledger.state(stream_id)
    assert ledger.mark_published(stream_id, state.epoch, state.published, state.revision)


def test_what_was_superseded_long_ago_goes_and_the_floor_rises(
    ledger: Ledger, stream: StreamState
) -> None:
    state = ledger.commit(stream, [create("a"), create("b"), create("c")])
    state = ledger.commit(state, [update("a", name="x"), delete("b")])
    publish(ledger, stream.id)
    assert ledger.compact(stream.id, LATER) == 3  # a's first, b's only version, b's tombstone
    after = ledger.state(stream.id)
    assert (after.floor, after.count, after.digest) == (5, state.count, state.digest)
    page = ledger.snapshot_page(stream.id, state.epoch, 5, 0, **NO_LIMITS)
    assert [(v.id, v.revision) for v in page.versions] == [("c", 3), ("a", 4)]
    assert ledger.verify_digest(stream.id)
    assert ledger.compact(stream.id, LATER) == 0


def test_from_below_the_floor_the_answer_is_compacted(ledger: Ledger, stream: StreamState) -> None:
    state = ledger.commit(stream, [create("a"), create("b")])
    state = ledger.commit(state, [update("a", name="x"), create("c")])
    publish(ledger, stream.id)
    ledger.compact(stream.id, LATER)
    assert ledger.state(stream.id).floor == 3
    for question in (
        lambda: ledger.changes(stream.id, 2, **NO_LIMITS),
        lambda: ledger.tail(stream.id, 2),
        lambda: ledger.snapshot_page(stream.id, state.epoch, 2, 0, **NO_LIMITS),
        lambda: ledger.version(stream.id, "a", 1),
    ):
        with pytest.raises(errors.Compacted) as caught:
            question()
        assert caught.value.kwargs == {"floor": 3}
    assert [v.revision for v in ledger.changes(stream.id, 3, **NO_LIMITS).versions] == [4]
    assert ledger.version(stream.id, "b", 2).revision == 2  # below the floor, but still there


def test_what_went_out_of_use_within_the_retention_stays(
    ledger: Ledger, stream: StreamState, clock: Clock
) -> None:
    clock(100)
    state = ledger.commit(stream, [create("a"), create("b"), create("c")])
    clock(200)
    state = ledger.commit(state, [update("a", n=1), delete("b")])
    clock(300)
    ledger.commit(state, [update("a", n=2), delete("c")])
    publish(ledger, stream.id)
    # All first versions are old, but until 200 and 300 they were what a snapshot shows.
    assert ledger.compact(stream.id, 200) == 0
    assert ledger.compact(stream.id, 300) == 3
    assert ledger.state(stream.id).floor == 5
    assert ledger.compact(stream.id, 301) == 3
    assert ledger.state(stream.id).floor == 7


def test_nothing_above_published_goes(ledger: Ledger, stream: StreamState) -> None:
    state = ledger.commit(stream, [create("a"), update("b")][:1])
    state = ledger.commit(state, [update("a", n=1)])
    state = ledger.commit(state, [update("a", n=2)])
    assert ledger.compact(stream.id, LATER) == 0
    ledger.mark_published(stream.id, state.epoch, 0, 2)
    assert ledger.compact(stream.id, LATER) == 1
    assert ledger.state(stream.id).floor == 2
    assert [v.revision for v in ledger.changes(stream.id, 2, **NO_LIMITS).versions] == [3]


def test_a_limit_bounds_one_compaction_and_the_oldest_go_first(
    ledger: Ledger, stream: StreamState
) -> None:
    state = ledger.commit(stream, [create("a"), create("b")])
    state = ledger.commit(state, [delete("a"), update("b", n=0)])
    for n in range(1, 4):
        state = ledger.commit(state, [update("b", n=n)])
    publish(ledger, stream.id)
    floors = []
    while ledger.compact(stream.id, LATER, limit=2):
        floors.append(ledger.state(stream.id).floor)
    assert floors == [3, 5, 7]
    assert [row.id for row in ledger.baseline(stream.id)[1]] == ["b"]


def test_an_id_whose_tombstone_is_gone_can_live_again(ledger: Ledger, stream: StreamState) -> None:
    state = ledger.commit(stream, [create("a")])
    state = ledger.commit(state, [delete("a")])
    publish(ledger, stream.id)
    assert ledger.compact(stream.id, LATER) == 2
    state = ledger.commit(ledger.state(stream.id), [create("a")])
    assert (state.revision, state.count) == (3, 1)
    assert ledger.verify_digest(stream.id)


def test_a_clock_that_was_set_back_cannot_break_a_snapshot(
    ledger: Ledger, stream: StreamState, clock: Clock
) -> None:
    state = stream
    for n, instant in enumerate([500, 600, 100, 700, 200, 300, 800]):
        clock(instant)
        state = ledger.commit(state, [create("a") if n == 0 else update("a", n=n)])
    publish(ledger, stream.id)
    for older_than in (150, 250, 550, 650, 900):
        ledger.compact(stream.id, older_than)
        floor = ledger.state(stream.id).floor
        for at in range(max(floor, 1), 8):
            page = ledger.snapshot_page(stream.id, state.epoch, at, 0, **NO_LIMITS)
            assert [v.revision for v in page.versions] == [at]
