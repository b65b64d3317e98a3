# SPDX-License-Identifier: Apache-2.0
"""How far each stream was published, kept outside the database.

A database that was restored from a backup, or lost its tail, does not know it. This
small file does: the relay records the revision here, durably, before it publishes it.
"""

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synchronizer import errors
from synchronizer.model import StreamKey

FILE_NAME = "high-water.json"

Mark = tuple[str, int]
"""(epoch, revision)"""


class HighWater:
    """The marks in the directory `path`, which is created when missing.

    Safe for several threads and processes. `errors.LedgerUnavailable` when the file
    cannot be written, `errors.LedgerUnusable` when it is not what was written.
    """

    def __init__(self, path: Path) -> None:
        self.file = path / FILE_NAME
        self._lock = threading.Lock()
        self._marks: dict[StreamKey, Mark] = {}
        self._seen: tuple[int, int, int] | None = None
        with self._failures():
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, key: StreamKey) -> Mark | None:
        """The last mark of a stream."""
        return self.all().get(key)

    def all(self) -> dict[StreamKey, Mark]:
        """Every mark."""
        with self._lock, self._failures():
            self._refresh()
            return dict(self._marks)

    def record(self, key: StreamKey, epoch: str, revision: int) -> None:
        """Note that `revision` is about to be published; on disk when this returns.

        A mark only rises, also across epochs, as revisions do: a relay that is late with a
        mark of an older epoch must not hide how far the newer one was published.
        """
        with self._lock, self._failures(), self._alone():
            self._refresh()
            mark = self._marks.get(key)
            if mark is not None and (mark[1] > revision or mark == (epoch, revision)):
                return
            self._write({**self._marks, key: (epoch, revision)})

    def _refresh(self) -> None:
        try:
            found = self.file.stat()
        except FileNotFoundError:
            self._marks, self._seen = {}, None
            return
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen != self._seen:
            self._marks = self._parse(self.file.read_bytes())
            self._seen = seen

    def _parse(self, text: bytes) -> dict[StreamKey, Mark]:
        try:
            return {
                StreamKey(row["cloud"], row["type"]): (str(row["epoch"]), int(row["revision"]))
                for row in json.loads(text)["marks"]
            }
        except (ValueError, KeyError, TypeError) as error:
            raise errors.LedgerUnusable(
                f"{self.file} is damaged ({type(error).__name__}); delete it, and begin a new "
                "epoch of every stream if the database was restored from a backup"
            ) from None

    def _write(self, marks: dict[StreamKey, Mark]) -> None:
        rows = [
            {"cloud": key.cloud, "type": key.type, "epoch": epoch, "revision": revision}
            for key, (epoch, revision) in sorted(marks.items(), key=lambda item: str(item[0]))
        ]
        fresh = self.file.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(json.dumps({"schema": 1, "marks": rows}).encode())
            stream.flush()
            os.fsync(descriptor)
            found = os.fstat(descriptor)
        fresh.replace(self.file)
        folder = os.open(self.file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._marks = marks
        self._seen = (found.st_ino, found.st_mtime_ns, found.st_size)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self.file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise errors.LedgerUnavailable(
                f"cannot keep the high-water marks in {self.file}: {error.strerror}"
            ) from error
