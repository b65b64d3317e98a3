# SPDX-License-Identifier: Apache-2.0
"""What differs between the databases that can hold a ledger, all in one place."""

import abc
import os
import socket
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text

from synchronizer import errors

#: Seconds that a statement waits for another's lock.
LOCK_TIMEOUT = 10.0

#: Seconds between two attempts to switch a new file to WAL.
_SWITCH_PAUSE = 0.005

#: Any number, as long as nothing else in the same database takes this advisory lock.
_ADVISORY_LOCK = 0x73796E6368726F6E


class Dialect(abc.ABC):
    """One kind of database, at one URL."""

    read_options: Mapping[str, Any]
    write_options: Mapping[str, Any]
    #: Only one transaction can write at a time; threads queue up before they begin one.
    single_writer = False

    def __init__(self, url: URL) -> None:
        self.url = url
        self.where = url.render_as_string(hide_password=True)

    @abc.abstractmethod
    def engine(self) -> Engine:
        """Connections to it; opens none yet."""

    @abc.abstractmethod
    def identity(self, connection: Connection) -> str:
        """What tells this database from a copy of it elsewhere."""

    @abc.abstractmethod
    def explain(self, error: BaseException) -> errors.SynchronizerError | None:
        """The error of ours for one of the driver's; None when the fault is in this code."""

    def check(self) -> None:
        """Raise `errors.LedgerUnusable` when the database is no longer the one we opened."""
        return

    @contextmanager
    def alone(self, connection: Connection) -> Iterator[None]:
        """Within the write transaction of `connection`: no other process is in here."""
        yield

    def pulse(self, engine: Engine) -> object:
        """A value that differs after any commit that moved a stream."""
        with engine.connect() as connection:
            row = connection.execute(
                text(
                    "SELECT count(*), sum(revision), sum(published), sum(listed_at), sum(fence)"
                    " FROM stream"
                )
            ).one()
        return tuple(row)

    def close(self) -> None:
        """Give back what `engine` does not hold."""
        return

    def unavailable(self, problem: str) -> errors.LedgerUnavailable:
        return errors.LedgerUnavailable(f"the ledger {self.where} {problem}")

    def unusable(self, problem: str) -> errors.LedgerUnusable:
        return errors.LedgerUnusable(f"the ledger {self.where} {problem}")


class Sqlite(Dialect):
    """A file of this host, in WAL mode: one writer at a time, readers never wait."""

    read_options = {"begin": "BEGIN"}
    write_options = {"begin": "BEGIN IMMEDIATE"}
    single_writer = True

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        name = url.database or ""
        if not name or name.startswith((":memory:", "file:")):
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
            connect_args={"timeout": LOCK_TIMEOUT, "check_same_thread": False},
            pool_size=8,
            max_overflow=24,
            pool_timeout=LOCK_TIMEOUT,
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
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

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

    def pulse(self, engine: Engine) -> object:
        # `data_version` changes when any *other* connection commits, so this one never writes.
        try:
            with self._watch_lock:
                if self._watch is None:
                    self._watch = sqlite3.connect(
                        self.path, LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
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
                return self.unavailable(f"was locked by another process for {LOCK_TIMEOUT:g} s")
            case sqlite3.SQLITE_FULL:
                return self.unavailable("is on a full disk; make room or shorten the retention")
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
            if not busy or time.monotonic() - began > LOCK_TIMEOUT:
                raise
        time.sleep(_SWITCH_PAUSE)


class Server(Dialect):
    """A database server, for several hosts."""

    read_options = {"isolation_level": "REPEATABLE READ"}
    write_options = {"isolation_level": "READ COMMITTED"}
    driver: str
    extra: str
    connect_args: Mapping[str, Any]
    #: The driver's numbers for "this transaction lost; begin it again".
    lost: frozenset[str]

    def engine(self) -> Engine:
        url = self.url
        if "+" not in url.drivername:
            url = url.set(drivername=self.driver)
        try:
            engine = create_engine(
                url,
                hide_parameters=True,
                connect_args=dict(self.connect_args),
                pool_pre_ping=True,
                pool_size=8,
                max_overflow=24,
                pool_timeout=LOCK_TIMEOUT,
            )
        except ModuleNotFoundError as error:
            raise self.unusable(
                f"needs the module {error.name}: install Synchronizer with its extra [{self.extra}]"
            ) from None
        return engine

    def explain(self, error: BaseException) -> errors.SynchronizerError | None:
        kind = type(error).__name__
        if self._code(error) in self.lost:
            return errors.Refused("the database gave way to another transaction")
        if kind in {"OperationalError", "InterfaceError", "InternalError"} or isinstance(
            error, OSError
        ):
            return self.unavailable(f"did not answer: {error}")
        if kind in {"IntegrityError", "DataError", "ProgrammingError", "UndefinedTable"}:
            return self.unusable(f"contradicts this program: {error}")
        return None

    @abc.abstractmethod
    def _code(self, error: BaseException) -> str:
        """The number of an error, as in `lost`."""


class Postgresql(Server):
    driver = "postgresql+psycopg"
    extra = "postgresql"
    connect_args = {
        "connect_timeout": int(LOCK_TIMEOUT),
        "options": f"-c lock_timeout={int(LOCK_TIMEOUT * 1000)}",
    }
    lost = frozenset({"40001", "40P01", "55P03"})  # serialization, deadlock, lock timeout

    def identity(self, connection: Connection) -> str:
        row = connection.execute(
            text(
                "SELECT (SELECT system_identifier FROM pg_control_system()),"
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        ).one()
        return f"postgresql:{row[0]}:{row[1]}"

    @contextmanager
    def alone(self, connection: Connection) -> Iterator[None]:
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _ADVISORY_LOCK})
        yield

    def _code(self, error: BaseException) -> str:
        return str(getattr(error, "sqlstate", ""))


class Mysql(Server):
    """MySQL and MariaDB."""

    driver = "mysql+pymysql"
    extra = "mysql"
    connect_args = {
        "charset": "utf8mb4",
        "connect_timeout": int(LOCK_TIMEOUT),
        "init_command": f"SET SESSION innodb_lock_wait_timeout={int(LOCK_TIMEOUT)}",
    }
    lost = frozenset({"1205", "1213", "1020"})  # lock timeout, deadlock, changed since read

    def identity(self, connection: Connection) -> str:
        row = connection.execute(text("SELECT @@hostname, @@port, @@datadir, DATABASE()")).one()
        return "mysql:" + ":".join(str(part) for part in row)

    @contextmanager
    def alone(self, connection: Connection) -> Iterator[None]:
        # Not of the transaction but of the connection: its DDL commits by itself.
        name = {"n": f"{_ADVISORY_LOCK:x}"}
        connection.execute(text("SELECT GET_LOCK(:n, 60)"), name)
        try:
            yield
        finally:
            connection.execute(text("SELECT RELEASE_LOCK(:n)"), name)

    def _code(self, error: BaseException) -> str:
        return str(error.args[0]) if error.args else ""


def dialect_of(url: URL) -> Dialect:
    """The dialect for a URL. `errors.LedgerUnusable` for a database that we do not know."""
    kinds: dict[str, type[Dialect]] = {
        "sqlite": Sqlite,
        "postgresql": Postgresql,
        "mysql": Mysql,
        "mariadb": Mysql,
    }
    kind = kinds.get(url.get_backend_name())
    if kind is None:
        raise errors.LedgerUnusable(
            f"no ledger can be kept in {url.get_backend_name()!r}; use sqlite, postgresql or mysql"
        )
    return kind(url)


def _host() -> str:
    """What tells this host from others."""
    try:
        found = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        found = ""
    return found or socket.gethostname()
