# SPDX-License-Identifier: Apache-2.0
"""The promises of every plugin, checked on a real directory."""

import itertools
import pathlib

import pytest
from synchronizer.model import EntityType
from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.conformance import PluginConformance, Source

from synchronizer_plugin_files.plugin import FilesPlugin


class FilesSource(Source):
    """Nine files in two directories, four a page."""

    changes_show_deletes = False

    def __init__(self, root: pathlib.Path) -> None:
        self._root = root
        self._numbers = itertools.count(1)
        (root / "sub").mkdir()
        for _ in range(8):
            self._make()
        (root / "sub" / "deep.txt").write_text("deep")

    def make_plugin(self) -> Plugin:
        return FilesPlugin(PluginContext("here", {"path": str(self._root), "page_size": 4}))

    def make_unreachable_plugin(self) -> Plugin:
        return FilesPlugin(PluginContext("here", {"path": str(self._root / "not-mounted")}))

    def create(self, type_: EntityType) -> str:
        return self._make()

    def update(self, type_: EntityType, id_: str) -> None:
        (self._root / id_).write_text("something else")

    def delete(self, type_: EntityType, id_: str) -> None:
        (self._root / id_).unlink()

    def _make(self) -> str:
        name = f"file-{next(self._numbers)}.txt"
        (self._root / name).write_text(name)
        return name


class TestFiles(PluginConformance):
    @pytest.fixture
    def source(self, tmp_path: pathlib.Path) -> Source:
        return FilesSource(tmp_path)
