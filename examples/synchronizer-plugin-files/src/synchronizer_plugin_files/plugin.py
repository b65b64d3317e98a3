# SPDX-License-Identifier: Apache-2.0
"""The plugin: `files.file`."""

import pathlib
import time
from collections.abc import Iterable, Iterator

from synchronizer.plugin import (
    BadConfiguration,
    EntityType,
    GetsChanges,
    GetsOne,
    NotFound,
    Page,
    Plugin,
    Setting,
    Unclear,
)

from synchronizer_plugin_files.directory import Directory, slices

FILE = EntityType(
    "files.file",
    id_field="path",
    # Reading a file moves it, also when it is us who read.
    volatile=frozenset({"accessed"}),
)


class FilesPlugin(Plugin, GetsChanges, GetsOne):
    """The regular files below a directory, with their checksums."""

    service = "files"
    version = "1"
    settings = (
        Setting("path", "", "the directory"),
        Setting("marker", "", "a file that is in the directory whenever it is mounted"),
        Setting("page_size", 500, "files that are read at a time"),
    )

    #: File systems stamp files with a clock that ticks a few times a second only.
    changes_overlap = 2.0

    def types(self) -> tuple[EntityType, ...]:
        return (FILE,)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        directory = self._directory()
        problems: list[str] = []
        asked = now()
        ids = directory.ids(problems.append)
        yield from self._pages(directory, ids, asked, problems)

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        directory = self._directory()
        asked = now()
        ids = [id_ for id_ in directory.ids(ignore) if directory.changed_at(id_) >= since]
        yield from self._pages(directory, ids, asked, [])

    def get(self, type_: EntityType, id_: str) -> bytes:
        return self._directory().text(id_)

    def check(self) -> Iterable[str]:
        yield f"files: {self._directory().root} can be read"

    def _directory(self) -> Directory:
        """The directory, as configured; raises what keeps it from being read."""
        path = self.setting("path")
        if not path:
            raise BadConfiguration("files: the setting path is empty; name the directory there")
        directory = Directory(pathlib.Path(path), self.setting("marker"))
        directory.require()
        return directory

    def _pages(
        self, directory: Directory, ids: list[str], asked: int, problems: list[str]
    ) -> Iterator[Page]:
        left = len(ids)
        for part in slices(ids, max(1, self.setting("page_size"))):
            left -= len(part)
            items, unclear = [], []
            for id_ in part:
                try:
                    items.append(directory.text(id_))
                except NotFound:
                    continue  # gone since its name was read
                except Unclear:
                    unclear.append(id_)
            directory.require()
            yield Page(
                items,
                unclear=unclear,
                last=left == 0,
                problems=tuple(problems),
                server_time=asked,
            )


def now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def ignore(_problem: str) -> None:
    """Changes prove nothing about what they do not show, so nothing has to be said."""
