# SPDX-License-Identifier: Apache-2.0
"""The file of `watch --resume`: what it holds is whole, and not ahead of what was printed."""

import pathlib

import pytest

from synchronizer import errors
from synchronizer.cli import resume
from synchronizer.cli.resume import ResumeFile
from tests.support.waiting import until


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "token"


def test_the_last_token_is_in_the_file_at_the_end(path: pathlib.Path) -> None:
    file = ResumeFile(str(path))
    assert file.read() is None
    with file:
        for number in range(1000):
            file.reached(f"token-{number}")
    assert ResumeFile(str(path)).read() == "token-999"
    assert path.stat().st_mode & 0o077 == 0, "nobody else's"
    assert [of.name for of in path.parent.iterdir()] == ["token"], "nothing is left beside it"


def test_a_token_is_saved_while_nothing_more_happens(path: pathlib.Path) -> None:
    with ResumeFile(str(path)) as file:
        file.reached("first")
        until("the first token", lambda: path.exists() and path.read_text() == "first\n")
        file.reached("second")
        until("the second token", lambda: path.read_text() == "second\n")


def test_what_was_not_reached_is_not_saved(path: pathlib.Path) -> None:
    path.write_text("old\n")
    with pytest.raises(KeyboardInterrupt), ResumeFile(str(path)) as file:
        file.read()
        raise KeyboardInterrupt
    assert path.read_text() == "old\n"


def test_the_last_token_is_saved_whatever_ends_it(path: pathlib.Path) -> None:
    with pytest.raises(KeyboardInterrupt), ResumeFile(str(path)) as file:
        file.reached("a")
        file.reached("b")
        raise KeyboardInterrupt
    assert path.read_text() == "b\n"


def test_a_failed_write_leaves_the_old_file_whole_and_is_told(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("old\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(resume.os, "fsync", full)
    with (
        pytest.raises(errors.BadConfiguration, match=r"token cannot be written: No space"),
        ResumeFile(str(path)) as file,
    ):
        file.reached("new")
    assert path.read_text() == "old\n"
    assert [of.name for of in path.parent.iterdir()] == ["token"]


def test_a_link_stays_one(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path.write_text("old\n")
    link = tmp_path / "link"
    link.symlink_to(path)
    with ResumeFile(str(link)) as file:
        file.reached("new")
    assert link.is_symlink()
    assert path.read_text() == "new\n"


@pytest.mark.parametrize("content", [b"", b" \n"])
def test_an_empty_file_is_no_beginning(path: pathlib.Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(errors.BadConfiguration, match="remove the file to begin anew"):
        ResumeFile(str(path)).read()


def test_a_file_that_cannot_be_read_or_made_is_told_before_anything_is_printed(
    path: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(errors.BadConfiguration, match="cannot be read"):
        ResumeFile(str(path)).read()
    with pytest.raises(errors.BadConfiguration, match="cannot be read"):
        ResumeFile(str(tmp_path)).read()
    with pytest.raises(errors.BadConfiguration, match="cannot be made"):
        ResumeFile(str(tmp_path / "nowhere" / "token")).read()
