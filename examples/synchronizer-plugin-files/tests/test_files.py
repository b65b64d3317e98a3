# SPDX-License-Identifier: Apache-2.0
"""What is particular to files."""

import os
import pathlib
import sys

import msgspec
import pytest
from synchronizer.plugin import (
    BadConfiguration,
    NotFound,
    Page,
    PluginContext,
    SourceUnavailable,
)

from synchronizer_plugin_files.plugin import FILE, FilesPlugin


def plugin(root: pathlib.Path, **settings: object) -> FilesPlugin:
    return FilesPlugin(PluginContext("here", {"path": str(root), **settings}))


def listed(pages: list[Page]) -> list[str]:
    return [msgspec.json.decode(item)["path"] for page in pages for item in page.items]


def test_an_empty_directory_is_a_whole_listing_of_nothing(tmp_path: pathlib.Path) -> None:
    (page,) = plugin(tmp_path).get_all(FILE)
    assert page.last
    assert not page.items
    assert not page.problems


def test_only_regular_files_with_a_text_for_a_name_are_listed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    (tmp_path / "link.txt").symlink_to("kept.txt")
    (tmp_path / "elsewhere").symlink_to("/")
    os.mkfifo(tmp_path / "pipe")
    if sys.platform == "linux":
        pathlib.Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_text("bytes")
    assert listed(list(plugin(tmp_path).get_all(FILE))) == ["kept.txt"]


def test_no_id_leads_out_of_the_directory(tmp_path: pathlib.Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside.txt").write_text("outside")
    (inside / "way").symlink_to("..")
    for id_ in ("../outside.txt", "way/outside.txt", str(tmp_path / "outside.txt"), "way/../x"):
        with pytest.raises(NotFound):
            plugin(inside).get(FILE, id_)


def test_a_directory_without_its_marker_is_not_taken_for_empty(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    files = plugin(tmp_path, marker=".mounted")
    for ask in (lambda: list(files.get_all(FILE)), lambda: files.get(FILE, "gone.txt")):
        with pytest.raises(SourceUnavailable, match="is it mounted"):
            ask()
    (tmp_path / ".mounted").touch()
    assert listed(list(files.get_all(FILE))) == [".mounted", "a.txt"]


def test_a_directory_that_vanishes_between_two_pages_breaks_the_listing(
    tmp_path: pathlib.Path,
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name in "abc":
        (root / name).write_text(name)
    pages = plugin(root, page_size=1).get_all(FILE)
    next(pages)
    root.rename(tmp_path / "away")
    with pytest.raises(SourceUnavailable):
        next(pages)


def test_what_cannot_be_looked_into_keeps_the_listing_from_being_complete(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    real = os.scandir

    def scandir(path: str) -> object:  # root may read everything: it is denied here
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (page,) = plugin(tmp_path).get_all(FILE)
    assert page.problems == (f"{tmp_path}/closed: Permission denied",)


def test_a_file_that_cannot_be_read_is_unclear_and_not_gone(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed.txt").write_text("x")

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pathlib.Path, "open", denied)
    (page,) = plugin(tmp_path).get_all(FILE)
    assert list(page.unclear) == ["closed.txt"]
    assert not page.items


def test_changes_read_only_the_files_that_changed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "old.txt").write_text("old")
    (page,) = plugin(tmp_path).get_changes(FILE, (tmp_path / "old.txt").stat().st_ctime_ns // 1000)
    assert listed([page]) == ["old.txt"], "at an instant is since it"
    later = (tmp_path / "old.txt").stat().st_ctime_ns // 1000 + 1
    (page,) = plugin(tmp_path).get_changes(FILE, later)
    assert not page.items
    assert page.last


def test_without_a_path_it_says_what_to_set(tmp_path: pathlib.Path) -> None:
    files = FilesPlugin(PluginContext("here"))
    with pytest.raises(BadConfiguration, match="the setting path is empty"):
        list(files.check())
