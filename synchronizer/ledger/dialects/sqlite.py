# SPDX-License-Identifier: Apache-2.0
"""SQLite: a file of this host."""

import os
import shutil
import socket
import sqlite3
import stat
import threading
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event

from synchronizer import errors
from synchronizer.ledger.dialects import limits
from synchronizer.ledger.dialects.base import Dialect

_NO_ROOM = "is on a full disk; make room or shorten the retention"

#: Bytes without which SQLite cannot even open a ledger, and calls that an I/O error.
_LEAST_ROOM = 1 << 20

#: Seconds between two attempts to switch a new file to WAL.
_SWITCH_PAUSE = 0.005


class Sqlite(Dialect):
    """A file of this host, in WAL mode: one writer at a time, readers never wait."""

    read_options = {"begin": "BEGIN"}
    write_options = {"begin": "BEGIN IMMEDIATE"}
    bare_options = {"begin": ""}
    single_writer = True
    shrinking = ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")

    def __init__(self, url: URL, answer_timeout: float | None = None) -> None:
        super().__init__(url, answer_timeout)
        name = url.database or ""
        # With a host in it, as after two slashes only, it names another file than was meant.
        if not name or name.startswith((":memory:", "file:")) or url.host:
            raise self.unusable("must be a file: sqlite:////var/lib/synchronizer/ledger.sqlite")
        self.path = Path(name).resolve()
        self.where = str(self.path)
        self._opened: tuple[int, int] | None = None
        self._watch: sqlite3.Connection | None = None
        self._watch_lock = threading.Lock()

    def engine(self) -> Engine:
        self._create()
        engine = create_engine(
            self.url.set(database=str(self.path)),
            hide_parameters=True,
            connect_args={"timeout": limits.LOCK_TIMEOUT, "check_same_thread": False},
            pool_size=8,
            max_overflow=24,
            pool_timeout=limits.LOCK_TIMEOUT,
        )
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "begin", self._begin)
        return engine

    def _create(self) -> None:
        """Make the file and its directory when missing, for their owner only."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Never open one that exists: closing it would drop SQLite's locks of this process.
            if not self.path.exists():
                with suppress(FileExistsError):
                    os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            found = self.path.stat()
        except OSError as error:
            raise self.unusable(
                f"cannot be opened: {error.strerror}; the daemon's user must be able to write "
                "the file and its directory"
            ) from error
        if not stat.S_ISREG(found.st_mode):
            raise self.unusable("is not a regular file")
        self._opened = (found.st_dev, found.st_ino)

    def _connected(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin as read_ and write_options say
        if _switch_to_wal(connection) != "wal":
            raise self.unusable("is on a file system without shared memory; use a local disk")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -16384")
        connection.execute("PRAGMA journal_size_limit = 67108864")

    @staticmethod
    def _begin(connection: Connection) -> None:
        if begin := connection.get_execution_options().get("begin", "BEGIN"):
            connection.exec_driver_sql(begin)

    def identity(self, connection: Connection) -> str:
        found = self.path.stat()
        return f"sqlite:{_host()}:{self.path}:{found.st_dev}:{found.st_ino}"

    def check(self) -> None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            raise self.unusable("was deleted while it was open; it is opened anew") from None
        except OSError as error:
            raise self.unavailable(f"cannot be examined: {error.strerror}") from error
        if (found.st_dev, found.st_ino) != self._opened:
            raise self.unusable("was replaced while it was open; it is opened anew")

    def size(self, connection: Connection) -> int | None:
        total = 0
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError):
                total += self.path.with_name(self.path.name + suffix).stat().st_size
        return total

    def pulse(self, engine: Engine) -> object:
        # `data_version` changes when any *other* connection commits, so this one never writes.
        try:
            with self._watch_lock:
                if self._watch is None:
                    self._watch = sqlite3.connect(
                        self.path,
                        limits.LOCK_TIMEOUT,
                        isolation_level=None,
                        check_same_thread=False,
                    )
                return self._watch.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error as error:
            raise self.explain(error) or error from error

    def close(self) -> None:
        with self._watch_lock:
            if self._watch is not None:
                self._watch.close()
                self._watch = None

    def explain(self, error: BaseException) -> errors.SynchronizerError | None:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return None
        match code & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return self.unavailable(
                    f"was locked by another process for {limits.LOCK_TIMEOUT:g} s"
                )
            case sqlite3.SQLITE_FULL:
                return self.unavailable(_NO_ROOM)
            case sqlite3.SQLITE_IOERR if self._is_full():
                return self.unavailable(_NO_ROOM)
            case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_NOMEM | sqlite3.SQLITE_INTERRUPT:
                return self.unavailable(f"cannot be read or written: {error}")
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
                return self.unusable("cannot be written; check its owner and its mount")
            case sqlite3.SQLITE_CANTOPEN:
                return self.unusable("cannot be opened; check its directory's owner and mode")
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return self.unusable(
                    f"is damaged ({error}); restore a backup, or move it away to begin anew"
                )
            case _:
                return self.unusable(f"contradicts this program: {error}")

    def _is_full(self) -> bool:
        try:
            return shutil.disk_usage(self.path.parent).free < _LEAST_ROOM
        except OSError:
            return False


def _switch_to_wal(connection: sqlite3.Connection) -> str:
    """The journal mode after asking for WAL; waits for others who do the same.

    SQLite's own time-out does not hold here: a switch that meets another one, in a file
    just made, is told at once that the database is locked.
    """
    began = time.monotonic()
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() - began > limits.LOCK_TIMEOUT:
                raise
        time.sleep(_SWITCH_PAUSE)


def _host() -> str:
    """What tells this host from others."""
    try:
        found = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        found = ""
    return found or socket.gethostname()
