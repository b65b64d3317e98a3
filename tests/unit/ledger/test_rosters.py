# SPDX-License-Identifier: Apache-2.0
import pytest

from synchronizer import errors
from synchronizer.fingerprint import bucket_of, digest
from synchronizer.ledger import Bucket, Ledger, RosterEntry, StreamState, rosters
from tests.unit.ledger.builders import NO_LIMITS, create, delete, update


@pytest.fixture
def peopled(ledger: Ledger, stream: StreamState) -> StreamState:
    """Revisions 1 to 24: e0 to e19 made, e0 to e2 changed, e3 deleted."""
    state = ledger.commit(stream, [create(f"e{n}") for n in range(20)])
    state = ledger.commit(state, [update(f"e{n}", status="ERROR") for n in range(3)])
    return ledger.commit(state, [delete("e3")])


def walk(
    ledger: Ledger, state: StreamState, at: int, *, bits: int = 0, bucket: int = 0, limit: int = 3
) -> list[RosterEntry]:
    found: list[RosterEntry] = []
    after, done = 0, False
    while not done:
        page = ledger.roster(
            state.id, state.epoch, at, after, bits=bits, bucket=bucket, limit=limit
        )
        assert len(page.entries) <= limit
        found += page.entries
        after, done = page.last, page.done
    return found


def living(ledger: Ledger, state: StreamState, at: int) -> list[RosterEntry]:
    """The same by the snapshot, which has its own tests."""
    page = ledger.snapshot_page(state.id, state.epoch, at, 0, **NO_LIMITS)
    return [RosterEntry(v.revision, v.id, v.fingerprint) for v in page.versions]


@pytest.mark.parametrize("limit", [1, 3, 20, 5000])
@pytest.mark.parametrize("at", [0, 1, 20, 22, 23, 24])
def test_a_roster_is_what_lived_at_its_revision(
    ledger: Ledger, peopled: StreamState, at: int, limit: int
) -> None:
    assert walk(ledger, peopled, at, limit=limit) == living(ledger, peopled, at)


@pytest.mark.parametrize("rows_at_once", [1, 4, 1000])
@pytest.mark.parametrize("limit", [1, 2, 5000])
def test_the_buckets_of_a_roster_are_disjoint_and_together_the_whole(
    ledger: Ledger,
    peopled: StreamState,
    limit: int,
    rows_at_once: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rosters, "_ROWS_AT_ONCE", rows_at_once)
    found = []
    for bucket in range(8):
        inside = walk(ledger, peopled, 22, bits=3, bucket=bucket, limit=limit)
        assert all(bucket_of(entry.id, 3) == bucket for entry in inside)
        found += inside
    assert sorted(found) == living(ledger, peopled, 22)


def test_a_page_looks_at_so_many_and_may_be_empty_without_being_the_last(
    ledger: Ledger, peopled: StreamState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rosters, "_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(rosters, "_MOST_SCANNED", 2)
    whole = [e for e in living(ledger, peopled, 20) if bucket_of(e.id, 10) == bucket_of("e19", 10)]
    first = ledger.roster(
        peopled.id, peopled.epoch, 20, 0, bits=10, bucket=bucket_of("e19", 10), limit=9
    )
    assert (first.done, first.last) == (False, 2)
    assert walk(ledger, peopled, 20, bits=10, bucket=bucket_of("e19", 10)) == whole


@pytest.mark.parametrize("bits", [0, 1, 3, 10])
@pytest.mark.parametrize("at", [0, 20, 23, 24])
@pytest.mark.parametrize("rows_at_once", [3, 1000])
def test_digests_are_those_of_what_lived_in_each_bucket(
    ledger: Ledger,
    peopled: StreamState,
    at: int,
    bits: int,
    rows_at_once: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rosters, "_ROWS_AT_ONCE", rows_at_once)
    state, buckets = ledger.digests(peopled.id, peopled.epoch, at, bits)
    assert state == peopled
    there = living(ledger, peopled, at)
    assert buckets == [
        Bucket(len(inside), digest((e.id, e.fingerprint) for e in inside))
        for bucket in range(1 << bits)
        for inside in [[e for e in there if bucket_of(e.id, bits) == bucket]]
    ]


def test_one_bucket_is_the_streams_own_count_and_digest(
    ledger: Ledger, peopled: StreamState
) -> None:
    _, (only,) = ledger.digests(peopled.id, peopled.epoch, peopled.revision, 0)
    assert (only.count, only.digest) == (peopled.count, peopled.digest)
    version = ledger.version(peopled.id, "e1", 22)
    _, (then,) = ledger.digests(peopled.id, peopled.epoch, 22, 0)
    assert (then.count, then.digest) == (version.count, version.digest)


def test_what_is_below_the_floor_is_compacted(ledger: Ledger, peopled: StreamState) -> None:
    ledger.mark_published(peopled.id, peopled.epoch, 0, peopled.revision)
    ledger.compact(peopled.id, 1 << 62)
    floor = ledger.state(peopled.id).floor
    assert floor == 24
    for ask in asking(ledger, peopled, peopled.epoch, 23):
        with pytest.raises(errors.Compacted) as caught:
            ask()
        assert caught.value.kwargs == {"floor": floor}
    assert walk(ledger, peopled, 24) == living(ledger, peopled, 24)


def test_another_epoch_or_a_later_revision_is_not_told_of(
    ledger: Ledger, peopled: StreamState
) -> None:
    for epoch, at in (("another", 20), (peopled.epoch, 25)):
        for ask in asking(ledger, peopled, epoch, at):
            with pytest.raises(errors.EpochChanged) as caught:
                ask()
            assert caught.value.kwargs == {"epoch": peopled.epoch}


def asking(ledger: Ledger, state: StreamState, epoch: str, at: int):
    yield lambda: ledger.digests(state.id, epoch, at, 4)
    yield lambda: ledger.roster(state.id, epoch, at, 0, limit=9)
