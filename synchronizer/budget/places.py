# SPDX-License-Identifier: Apache-2.0
"""Where the numbers of a budget are kept: in this process, or in a file that others map, too.

Whoever shares the file holds a lock on a file of his own for as long as he lives; the
kernel lets go of it when he is killed, and the others see it.
"""

import contextlib
import fcntl
import mmap
import os
import pathlib
import time
from collections.abc import Iterator
from typing import Protocol

from synchronizer import errors
from synchronizer.budget.counts import HOLDERS, SIZE, Counts

#: Seconds between two tries to lock, and for which it is tried at most: whoever holds the
#: lock holds it for microseconds, unless he was stopped just then.
_TRY, _PATIENCE = 0.0005, 2.0
_BOOT_ID = pathlib.Path("/proc/sys/kernel/random/boot_id")


class Place(Protocol):
    """`holder`: the number of this process among those that share it."""

    counts: Counts
    holder: int

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Nobody else writes, inside."""
        ...

    def reap(self, now: float) -> None:
        """Takes back what killed processes had in flight. Locked."""
        ...

    def close(self) -> None: ...


class Here:
    """In this process alone; its threads lock by themselves."""

    def __init__(self) -> None:
        self.counts = Counts(bytearray(SIZE))
        self.holder = 0

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        yield

    def reap(self, now: float) -> None:
        return

    def close(self) -> None:
        return


class Shared:
    """In a file. Its directory is made if need be; `errors.BadConfiguration` if that fails."""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        with contextlib.ExitStack() as making:
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = _opened(path)
                making.callback(os.close, self._file)
                with self.locked():
                    if os.fstat(self._file).st_size < SIZE:
                        # With room: who writes to a page that finds none is killed (SIGBUS).
                        os.posix_fallocate(self._file, 0, SIZE)
                    self._map = making.enter_context(mmap.mmap(self._file, SIZE))
                    self.counts = Counts(self._map)
                    self.counts.prepare(_boot())
                    self.holder, held = self._hold()
                    making.callback(os.close, held)
            except OSError as error:
                raise errors.BadConfiguration(f"{path}: {error.strerror}") from None
            self._resources = making.pop_all()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        deadline = time.monotonic() + _PATIENCE
        while not _locked(self._file):
            if time.monotonic() > deadline:
                # Whoever was stopped inside must not stop us all; at worst a count is off by one.
                yield
                return
            time.sleep(_TRY)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def reap(self, now: float) -> None:
        for holder in range(HOLDERS):
            if holder == self.holder or not self.counts.holds(holder):
                continue
            file = _opened(self._own(holder))
            try:
                if _locked(file):
                    self.counts.drop(holder, now)
            finally:
                os.close(file)

    def close(self) -> None:
        self._resources.close()

    def _hold(self) -> tuple[int, int]:
        for holder in range(HOLDERS):
            file = _opened(self._own(holder))
            if _locked(file):
                self.counts.drop(holder, time.monotonic())
                return holder, file
            os.close(file)
        raise errors.BadConfiguration(f"{self._path} is in use by {HOLDERS} processes")

    def _own(self, holder: int) -> pathlib.Path:
        return self._path.with_name(f"{self._path.name}.{holder}")


def _opened(path: pathlib.Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(file: int) -> bool:
    """Whether the lock is ours now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _boot() -> bytes:
    """Names this boot of the machine; without a name, all are taken for one."""
    try:
        return bytes.fromhex(_BOOT_ID.read_text().strip().replace("-", ""))[:16].ljust(16, b"\0")
    except (OSError, ValueError):
        return bytes(16)
