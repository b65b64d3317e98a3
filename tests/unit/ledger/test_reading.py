# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger, SnapshotPage, StreamState
from synchronizer.model import StreamKey
from tests.unit.ledger.builders import NO_LIMITS, T0, create, delete, entity, update


@pytest.fixture
def lived(ledger: Ledger, stream: StreamState) -> StreamState:
    """Revisions 1 to 6: a, b and c made, b changed, a deleted, d made."""
    state = ledger.commit(stream, [create("a"), create("b"), create("c")])
    state = ledger.commit(state, [update("b", status="ERROR"), delete("a")])
    return ledger.commit(state, [create("d")])


def pages(ledger: Ledger, state: StreamState, at: int, **limits: int) -> list[SnapshotPage]:
    found: list[SnapshotPage] = []
    after = 0
    while not found or not found[-1].done:
        page = ledger.snapshot_page(state.id, state.epoch, at, after, **limits)
        found.append(page)
        after = page.last
    return found


def test_the_baseline_is_what_lives_by_revision(ledger: Ledger, lived: StreamState) -> None:
    state, live = ledger.baseline(lived.id)
    assert state == lived
    assert [(row.id, row.revision) for row in live] == [("c", 3), ("b", 4), ("d", 6)]


def test_the_tail_tells_every_revision_above(ledger: Ledger, lived: StreamState) -> None:
    state, tail = ledger.tail(lived.id, 3)
    assert state == lived
    assert [(e.revision, e.id, e.op, e.match is None) for e in tail] == [
        (4, "b", "update", False),
        (5, "a", "delete", True),
        (6, "d", "create", False),
    ]
    assert ledger.tail(lived.id, 6)[1] == []


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("at", "ids"), [(0, ""), (1, "a"), (3, "abc"), (4, "acb"), (5, "cb"), (6, "cbd")]
)
def test_a_snapshot_is_what_lived_at_its_revision(
    ledger: Ledger, lived: StreamState, at: int, ids: str, limit: int
) -> None:
    found = pages(ledger, lived, at, limit=limit, max_bytes=1 << 20)
    assert "".join(v.id for page in found for v in page.versions) == ids
    assert all(len(page.versions) <= limit for page in found)


def test_pages_of_one_snapshot_agree_whatever_is_committed_between_them(
    ledger: Ledger, lived: StreamState
) -> None:
    first = ledger.snapshot_page(lived.id, lived.epoch, 6, 0, limit=1, max_bytes=1 << 20)
    ledger.commit(lived, [delete("b"), update("d", name="new"), create("e")])
    rest = ledger.snapshot_page(lived.id, lived.epoch, 6, first.last, limit=9, max_bytes=1 << 20)
    assert [v.id for v in first.versions + rest.versions] == ["c", "b", "d"]
    assert rest.versions[-1].entity == json.dumps(entity("d")).encode()


def test_a_page_is_bounded_in_bytes_but_never_stuck(ledger: Ledger, stream: StreamState) -> None:
    writes = [create("a"), create("big", pad="x" * 5000), create("c"), create("d")]
    state = ledger.commit(stream, writes)
    small = len(writes[0].entity or b"")
    found = pages(ledger, state, state.revision, limit=100, max_bytes=2 * small)
    assert [[v.id for v in page.versions] for page in found] == [["a"], ["big"], ["c", "d"]]


def test_changes_are_bounded_in_number_and_bytes_but_never_stuck(
    ledger: Ledger, stream: StreamState
) -> None:
    writes = [create("a"), create("b"), create("big", pad="x" * 5000)]
    state = ledger.commit(stream, writes)
    state = ledger.commit(state, [delete("a")])
    small = len(writes[0].entity or b"")

    def revisions(since: int, limit: int, max_bytes: int) -> list[int]:
        found = ledger.changes(stream.id, since, limit=limit, max_bytes=max_bytes)
        assert found.state == state
        return [v.revision for v in found.versions]

    assert revisions(0, 100, 1 << 20) == [1, 2, 3, 4]
    assert revisions(0, 1, 1 << 20) == [1]
    assert revisions(0, 100, 2 * small) == [1, 2]
    assert revisions(2, 100, small) == [3]
    assert revisions(4, 100, 1 << 20) == []


def test_above_the_revision_there_is_nothing_to_ask_for(ledger: Ledger, lived: StreamState) -> None:
    with pytest.raises(errors.EpochChanged) as caught:
        ledger.changes(lived.id, 7, **NO_LIMITS)
    assert caught.value.kwargs == {"epoch": lived.epoch}
    with pytest.raises(errors.EpochChanged):
        ledger.tail(lived.id, 7)
    with pytest.raises(errors.EpochChanged):
        ledger.snapshot_page(lived.id, lived.epoch, 7, 0, **NO_LIMITS)


def test_a_page_of_another_epoch_is_not_served(ledger: Ledger, lived: StreamState) -> None:
    fresh = ledger.new_epoch(lived.id, "a test says so")
    with pytest.raises(errors.EpochChanged) as caught:
        ledger.snapshot_page(lived.id, lived.epoch, 6, 0, **NO_LIMITS)
    assert caught.value.kwargs == {"epoch": fresh.epoch}


def test_one_version_by_id_and_by_revision(ledger: Ledger, lived: StreamState) -> None:
    newest = ledger.version(lived.id, "b")
    assert (newest.revision, newest.op, newest.changed, newest.superseded) == (
        4,
        "update",
        ("status",),
        None,
    )
    assert (newest.base, newest.sampled_at) == (0, T0)
    assert newest.entity == json.dumps(entity("b", status="ERROR")).encode()
    assert ledger.version(lived.id, "b", 2).entity == json.dumps(entity("b")).encode()
    tombstone = ledger.version(lived.id, "a", 5)
    assert (tombstone.op, tombstone.entity, tombstone.fingerprint) == ("delete", None, None)


@pytest.mark.parametrize(("id_", "revision"), [("a", None), ("x", None), ("b", 5), ("b", 99)])
def test_what_never_was_or_is_gone_is_not_found(
    ledger: Ledger, lived: StreamState, id_: str, revision: int | None
) -> None:
    with pytest.raises(errors.NotFound):
        ledger.version(lived.id, id_, revision)


def test_entities_are_the_live_ones_among_the_ids(ledger: Ledger, lived: StreamState) -> None:
    asked = ["a", "b", "b", "never", *(f"no-{n}" for n in range(600)), "d"]
    assert ledger.entities(lived.id, asked) == {
        "b": json.dumps(entity("b", status="ERROR")).encode(),
        "d": json.dumps(entity("d")).encode(),
    }


def test_streams_do_not_see_each_other(ledger: Ledger, lived: StreamState) -> None:
    other = ledger.ensure_stream(StreamKey("openstack2", "nova.server"), "rules 1")
    ledger.commit(other, [create("a", name="of the other cloud")])
    assert ledger.state(lived.id) == lived
    assert [row.id for row in ledger.baseline(other.id)[1]] == ["a"]
    assert [s.key.cloud for s in ledger.streams()] == ["openstack1", "openstack2"]
    assert ledger.find(other.key) == ledger.state(other.id)
    assert ledger.find(StreamKey("openstack3", "nova.server")) is None


def test_a_stream_that_is_not_there_is_not_found(ledger: Ledger) -> None:
    with pytest.raises(errors.NotFound):
        ledger.baseline(4711)
