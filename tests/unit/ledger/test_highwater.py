# SPDX-License-Identifier: Apache-2.0
import stat
from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.ledger import HighWater
from synchronizer.model import StreamKey

ONE = StreamKey("openstack1", "nova.server")
OTHER = StreamKey("openstack2", "nova.server")


def test_a_mark_is_there_for_the_next_process(tmp_path: Path) -> None:
    HighWater(tmp_path / "state").record(ONE, "E1", 5)
    again = HighWater(tmp_path / "state")
    assert again.get(ONE) == ("E1", 5)
    assert again.get(OTHER) is None


def test_a_mark_only_rises(tmp_path: Path) -> None:
    marks = HighWater(tmp_path)
    marks.record(ONE, "E1", 5)
    marks.record(ONE, "E1", 4)
    assert marks.get(ONE) == ("E1", 5)
    marks.record(ONE, "E2", 6)
    assert marks.get(ONE) == ("E2", 6)


def test_a_late_mark_of_an_older_epoch_does_not_hide_the_newer_one(tmp_path: Path) -> None:
    marks = HighWater(tmp_path)
    marks.record(ONE, "E1", 5)
    marks.record(ONE, "E2", 7)
    marks.record(ONE, "E1", 6)
    assert marks.get(ONE) == ("E2", 7)


def test_two_recorders_keep_each_others_marks(tmp_path: Path) -> None:
    one, other = HighWater(tmp_path), HighWater(tmp_path)
    for revision in range(1, 20):
        one.record(ONE, "E1", revision)
        other.record(OTHER, "E2", revision)
    assert one.all() == other.all() == {ONE: ("E1", 19), OTHER: ("E2", 19)}


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    marks = HighWater(tmp_path / "a" / "b")
    marks.record(ONE, "E1", 1)
    assert stat.S_IMODE(marks.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(marks.file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"marks": [{}]}', b"\xff"])
def test_a_damaged_file_is_not_taken_for_none(tmp_path: Path, text: bytes) -> None:
    marks = HighWater(tmp_path)
    marks.file.write_bytes(text)
    with pytest.raises(errors.LedgerUnusable, match="damaged"):
        marks.get(ONE)


def test_a_place_that_cannot_be_written_can_be_tried_again(tmp_path: Path) -> None:
    marks = HighWater(tmp_path / "state")
    (tmp_path / "state").rmdir()
    with pytest.raises(errors.LedgerUnavailable, match="high-water"):
        marks.record(ONE, "E1", 1)
    (tmp_path / "state").mkdir()
    marks.record(ONE, "E1", 1)
    assert marks.get(ONE) == ("E1", 1)
