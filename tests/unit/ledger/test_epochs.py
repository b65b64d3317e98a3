# SPDX-License-Identifier: Apache-2.0
import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.ledger import HighWater, Ledger, StreamState
from synchronizer.ledger.epochs import new_id
from tests.unit.ledger.builders import KEY, NO_LIMITS, create, where


@contextmanager
def opened(file: Path, state_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.open(f"sqlite:///{file}", state_path=state_path, migrate=True)
    try:
        yield ledger
    finally:
        ledger.close()


def grow(ledger: Ledger, *ids: str) -> StreamState:
    state = ledger.commit(ledger.ensure_stream(KEY, "rules 1"), [create(id_) for id_ in ids])
    ledger.high_water.record(KEY, state.epoch, state.revision)
    assert ledger.mark_published(state.id, state.epoch, state.published, state.revision)
    return ledger.state(state.id)


def overwrite(source: Path, target: Path) -> None:
    """The content of a file, into the same file as before."""
    target.write_bytes(source.read_bytes())


def test_ids_of_epochs_sort_by_time_and_differ() -> None:
    ids = [new_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert {len(id_) for id_ in ids} == {26}
    assert ids[0][:6] <= ids[-1][:6]


def test_a_new_epoch_leaves_a_number_out_and_the_past_behind(
    ledger: Ledger, stream: StreamState
) -> None:
    state = ledger.commit(stream, [create("a"), create("b")])
    fresh = ledger.new_epoch(stream.id, "a test says so")
    assert fresh.epoch != state.epoch
    assert (fresh.revision, fresh.published, fresh.floor) == (3, 3, 3)
    assert (fresh.count, fresh.digest) == (state.count, state.digest)
    with pytest.raises(errors.Compacted):
        ledger.changes(stream.id, 2, **NO_LIMITS)
    page = ledger.snapshot_page(stream.id, fresh.epoch, 3, 0, **NO_LIMITS)
    assert [v.id for v in page.versions] == ["a", "b"]
    assert ledger.commit(fresh, [create("c")]).revision == 4


def test_a_new_epoch_begins_above_what_somebody_has_seen(
    ledger: Ledger, stream: StreamState
) -> None:
    assert ledger.new_epoch(stream.id, "a test says so", above=41).revision == 42


def test_the_same_file_opened_again_goes_on(tmp_path: Path) -> None:
    file, state_path = tmp_path / "ledger.sqlite", tmp_path / "state"
    with opened(file, state_path) as ledger:
        before = grow(ledger, "a", "b")
    with opened(file, state_path) as ledger:
        assert ledger.state(before.id) == before


def test_a_copied_file_is_another_ledger(tmp_path: Path) -> None:
    file, state_path = tmp_path / "ledger.sqlite", tmp_path / "state"
    with opened(file, state_path) as ledger:
        before = grow(ledger, "a", "b")
    (tmp_path / "copy").mkdir()
    shutil.copy(file, tmp_path / "copy" / "ledger.sqlite")
    with opened(tmp_path / "copy" / "ledger.sqlite", tmp_path / "state2") as ledger:
        copy = ledger.state(before.id)
        assert copy.epoch != before.epoch
        assert copy.revision == before.revision + 1
    with opened(tmp_path / "copy" / "ledger.sqlite", tmp_path / "state2") as ledger:
        assert ledger.state(before.id) == copy
    with opened(file, state_path) as ledger:
        assert ledger.state(before.id) == before


def test_a_moved_file_is_another_ledger(tmp_path: Path) -> None:
    file, state_path = tmp_path / "ledger.sqlite", tmp_path / "state"
    with opened(file, state_path) as ledger:
        before = grow(ledger, "a", "b")
    file.rename(tmp_path / "moved.sqlite")
    with opened(tmp_path / "moved.sqlite", state_path) as ledger:
        assert ledger.state(before.id).epoch != before.epoch


def test_a_backup_restored_into_the_same_file_is_above_what_was_published(
    tmp_path: Path,
) -> None:
    file, state_path = tmp_path / "ledger.sqlite", tmp_path / "state"
    with opened(file, state_path) as ledger:
        backup = grow(ledger, "a")
    shutil.copy(file, tmp_path / "backup")
    with opened(file, state_path) as ledger:
        lost = grow(ledger, "b", "c")
    overwrite(tmp_path / "backup", file)
    with opened(file, state_path) as ledger:
        state = ledger.state(backup.id)
        assert state.epoch != lost.epoch
        assert state.revision == lost.revision + 1
        assert [row.id for row in ledger.baseline(state.id)[1]] == ["a"]
    with opened(file, state_path) as ledger:
        assert ledger.state(backup.id) == state


def test_a_single_lost_revision_is_noticed(tmp_path: Path) -> None:
    file, state_path = tmp_path / "ledger.sqlite", tmp_path / "state"
    with opened(file, state_path) as ledger:
        before = grow(ledger, "a", "b")
        ledger.high_water.record(KEY, before.epoch, before.revision + 1)
    with opened(file, state_path) as ledger:
        state = ledger.state(before.id)
    assert state.epoch != before.epoch
    assert state.revision == before.revision + 2


def test_a_backup_of_an_older_epoch_never_repeats_a_published_number(tmp_path: Path) -> None:
    file, state_path = tmp_path / "ledger.sqlite", tmp_path / "state"
    with opened(file, state_path) as ledger:
        first = grow(ledger, "a", "b", "c")
    shutil.copy(file, tmp_path / "backup")
    with opened(file, state_path) as ledger:
        fresh = ledger.new_epoch(first.id, "a test says so")
        ledger.high_water.record(KEY, fresh.epoch, first.revision)  # no higher than the backup
    overwrite(tmp_path / "backup", file)
    with opened(file, state_path) as ledger:
        state = ledger.state(first.id)
    assert state.epoch not in {first.epoch, fresh.epoch}
    assert state.revision > first.revision


def test_a_mark_that_the_ledger_has_passed_changes_nothing(tmp_path: Path) -> None:
    file, state_path = tmp_path / "ledger.sqlite", tmp_path / "state"
    with opened(file, state_path) as ledger:
        grow(ledger, "a")
        fresh = ledger.new_epoch(ledger.ensure_stream(KEY, "rules 1").id, "a test says so")
    with opened(file, state_path) as ledger:
        assert ledger.state(fresh.id) == fresh


def test_a_ledger_begun_anew_numbers_above_what_was_published(tmp_path: Path) -> None:
    file, state_path = tmp_path / "ledger.sqlite", tmp_path / "state"
    with opened(file, state_path) as ledger:
        before = grow(ledger, "a", "b")
    file.unlink()
    with opened(file, state_path) as ledger:
        state = ledger.ensure_stream(KEY, "rules 1")
    assert state.epoch != before.epoch
    assert (state.revision, state.published, state.floor) == (3, 3, 3)


def test_a_file_replaced_under_an_open_ledger_is_noticed(tmp_path: Path) -> None:
    file, state_path = tmp_path / "ledger.sqlite", tmp_path / "state"
    with opened(file, state_path) as ledger:
        grow(ledger, "a")
        ledger.check()
        shutil.copy(file, tmp_path / "backup")
        (tmp_path / "backup").replace(file)
        with pytest.raises(errors.LedgerUnusable, match="was replaced"):
            ledger.check()
        file.unlink()
        with pytest.raises(errors.LedgerUnusable, match="was deleted"):
            ledger.check()


def test_marks_are_compared_for_each_stream_alone(tmp_path: Path) -> None:
    file, state_path = tmp_path / "ledger.sqlite", tmp_path / "state"
    with opened(file, state_path) as ledger:
        mine = grow(ledger, "a")
        other = ledger.ensure_stream(type(KEY)("openstack2", KEY.type), "rules 1")
    HighWater(state_path).record(other.key, other.epoch, 7)
    with opened(file, state_path) as ledger:
        assert where(ledger.state(mine.id)) == where(mine)
        assert ledger.state(other.id).revision == 8


def test_a_differing_digest_is_an_alarm_and_a_new_epoch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, state_path = tmp_path / "ledger.sqlite", tmp_path / "state"
    with opened(file, state_path) as ledger:
        before = grow(ledger, "a", "b", "c")
        assert ledger.verify_digest(before.id)
        with sqlite3.connect(file) as raw:
            raw.execute("DELETE FROM version WHERE id = 'b'")
        raw.close()
        with caplog.at_level(logging.ERROR):
            assert not ledger.verify_digest(before.id)
        assert "damaged" in caplog.text
        after = ledger.state(before.id)
        assert (after.count, after.epoch == before.epoch) == (2, False)
        assert ledger.verify_digest(before.id)
