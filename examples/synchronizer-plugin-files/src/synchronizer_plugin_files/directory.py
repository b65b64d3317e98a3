# SPDX-License-Identifier: Apache-2.0
"""A directory as a service: what may be known of its files, and what must not be guessed."""

import contextlib
import datetime
import hashlib
import os
import pathlib
from collections.abc import Callable, Iterator

import msgspec
from synchronizer.plugin import NotFound, NotPermitted, SourceUnavailable, Unclear

#: The longest id that Synchronizer keeps, in bytes.
MAX_ID_BYTES = 1020


class Directory:
    """The regular files below `root`. An id is a path from there, with slashes.

    `marker`: a file that is there whenever the directory is the right one; what stands
    below an empty mount point says nothing about the files that are not mounted.
    """

    def __init__(self, root: pathlib.Path, marker: str) -> None:
        self.root = root
        self._marker = marker

    def require(self) -> None:
        """`SourceUnavailable` unless the directory itself is there, `NotPermitted` if it is not
        ours to read."""
        if not self.root.is_dir():
            raise SourceUnavailable(f"files: {self.root} is not a directory, or not there")
        if self._marker and not (self.root / self._marker).exists():
            raise SourceUnavailable(f"files: {self.root} has no {self._marker}; is it mounted?")
        if not os.access(self.root, os.R_OK | os.X_OK):
            raise NotPermitted(f"files: {self.root} cannot be read by this user")

    def ids(self, problem: Callable[[str], None]) -> list[str]:
        """The ids of all files. Whatever could not be looked into is told as a problem."""

        def failed(error: OSError) -> None:
            problem(f"{error.filename}: {error.strerror}")

        found: list[str] = []
        for directory, _, names in os.walk(self.root, onerror=failed):
            for name in names:
                path = pathlib.Path(directory, name)
                id_ = path.relative_to(self.root).as_posix()
                if _fits(id_) and path.is_file() and not path.is_symlink():
                    found.append(id_)
        return sorted(found)

    def changed_at(self, id_: str) -> int:
        """When the file's content or attributes changed last, in microseconds; 0 if it is gone."""
        with contextlib.suppress(FileNotFoundError):
            return (self.root / id_).lstat().st_ctime_ns // 1000
        return 0

    def text(self, id_: str) -> bytes:
        """The JSON text of one file.

        `NotFound` if the directory is there and has no such file; `Unclear` if there is
        one and it cannot be read.
        """
        path = self.root / id_
        try:
            if not _fits(id_) or path.resolve() != self.root.resolve() / id_:
                raise FileNotFoundError(id_)  # leads out of the directory, or is no id of ours
            if not path.is_file():
                raise FileNotFoundError(id_)
            status = path.stat()
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except (FileNotFoundError, NotADirectoryError):
            self.require()
            raise NotFound(f"files: {self.root} has no file {id_!r}") from None
        except OSError as error:
            raise Unclear(f"files: {id_!r} cannot be read: {error.strerror}") from None
        return msgspec.json.encode(
            {
                "path": id_,
                "size": status.st_size,
                "sha256": sha256,
                "mode": f"{status.st_mode & 0o7777:04o}",
                "uid": status.st_uid,
                "gid": status.st_gid,
                "modified": _instant(status.st_mtime),
                "accessed": _instant(status.st_atime),
            }
        )


def _fits(id_: str) -> bool:
    """Whether it can be an id: a plain path of UTF-8 text that is not too long."""
    parts = id_.split("/")
    if "\0" in id_ or any(part in {"", ".", ".."} for part in parts):
        return False
    try:
        return len(id_.encode()) <= MAX_ID_BYTES
    except UnicodeEncodeError:
        return False


def _instant(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()


def slices(ids: list[str], size: int) -> Iterator[list[str]]:
    """The ids in parts of at most `size`; one empty part if there are none."""
    for start in range(0, max(len(ids), 1), size):
        yield ids[start : start + size]
