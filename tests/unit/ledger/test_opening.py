# SPDX-License-Identifier: Apache-2.0
import shutil
import sqlite3
import stat
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

import synchronizer.ledger
from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState, migrate, schema
from synchronizer.ledger.dialects import dialect_of, limits
from synchronizer.ledger.engine import Database
from tests.unit.ledger.builders import create

STATE = "state"


def test_a_missing_file_and_its_directory_are_made_for_their_owner_only(
    ledger: Ledger, tmp_path: Path
) -> None:
    assert stat.S_IMODE((tmp_path / "db").stat().st_mode) == 0o700
    for file in (tmp_path / "db").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_existing_directory_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Ledger.open(f"sqlite:///{tmp_path}/l.sqlite", state_path=tmp_path, migrate=True).close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_commits_are_on_disk(url: str, tmp_path: Path) -> None:
    database = Database(url)
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    database.close()


def test_migrating_makes_the_tables_of_the_code(ledger: Ledger, url: str) -> None:
    database = Database(url)
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []
        created = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND name LIKE 'version_%'"
        ).all()
    database.close()
    assert {name: sql.partition(" WHERE ")[2] for name, sql in created} == {
        "version_newest": "superseded IS NULL",
        "version_superseded": "superseded IS NOT NULL",
        "version_tombstone": "op = 'delete'",
    }


def test_the_code_knows_the_newest_migration() -> None:
    config = Config()
    folder = Path(synchronizer.ledger.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_migrating_again_changes_nothing(ledger: Ledger, stream: StreamState, url: str) -> None:
    state = ledger.commit(stream, [create("a")])
    again = Ledger.open(url, state_path=ledger.high_water.file.parent, migrate=True)
    assert again.state(stream.id) == state
    again.close()


def test_a_failed_migration_leaves_nothing_behind(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = migrate.upgrade

    def failing(connection: object) -> None:
        real(connection)  # type: ignore[arg-type]
        raise RuntimeError("in the middle")

    monkeypatch.setattr(migrate, "upgrade", failing)
    with pytest.raises(RuntimeError):
        Ledger.open(url, state_path=tmp_path / STATE, migrate=True)
    monkeypatch.undo()
    with pytest.raises(errors.LedgerUnusable, match="is empty"):
        Ledger.open(url, state_path=tmp_path / STATE)
    Ledger.open(url, state_path=tmp_path / STATE, migrate=True).close()


@pytest.mark.parametrize(
    ("found", "match"), [("9999", "newer than"), ("0000", "older than .* db upgrade")]
)
def test_another_schema_is_refused_and_says_what_to_do(
    ledger: Ledger, url: str, tmp_path: Path, found: str, match: str
) -> None:
    ledger.close()
    with sqlite3.connect(tmp_path / "db" / "ledger.sqlite") as raw:
        raw.execute("UPDATE alembic_version SET version_num = ?", (found,))
    raw.close()
    with pytest.raises(errors.LedgerUnusable, match=match):
        Ledger.open(url, state_path=tmp_path / STATE, migrate=found == "9999")


def test_a_file_that_is_no_database_is_unusable(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    file.write_bytes(b"something else entirely" * 100)
    with pytest.raises(errors.LedgerUnusable, match="is damaged"):
        Ledger.open(f"sqlite:///{file}", state_path=tmp_path / STATE, migrate=True)


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite://var/lib/ledger.sqlite", "must be a file"),
        ("oracle://somewhere", "no ledger can be kept in 'oracle'"),
        ("not a url, secret", "is not a database URL"),
        ("postgresql://me:pw@x:secret@host/db", "must be percent-encoded"),
    ],
)
def test_a_url_that_cannot_be_a_ledger_is_unusable(tmp_path: Path, url: str, match: str) -> None:
    with pytest.raises(errors.LedgerUnusable, match=match) as caught:
        Ledger.open(url, state_path=tmp_path / STATE, migrate=True)
    assert "secret" not in str(caught.value)


def test_a_place_without_room_for_a_file_is_unusable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for place in (tmp_path, tmp_path / "file" / "ledger.sqlite"):
        with pytest.raises(errors.LedgerUnusable, match=str(place)):
            Ledger.open(f"sqlite:///{place}", state_path=tmp_path / STATE, migrate=True)


def test_a_ledger_locked_for_too_long_can_be_tried_again(
    ledger: Ledger, stream: StreamState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.close()
    monkeypatch.setattr(limits, "LOCK_TIMEOUT", 0.05)
    quick = Ledger.open(ledger_url(ledger), state_path=tmp_path / STATE)
    other = sqlite3.connect(tmp_path / "db" / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(errors.LedgerUnavailable, match="locked by another process"):
        quick.commit(stream, [create("a")])
    assert quick.baseline(stream.id)[1] == []  # readers never wait
    other.execute("ROLLBACK")
    assert quick.commit(stream, [create("a")]).revision == 1
    other.close()
    quick.close()


def test_a_new_file_that_another_is_about_to_write_is_waited_for(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_url(url).database or ""
    Path(path).parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # not in WAL mode: a switch is refused without waiting
    refused = 0

    def give_up_after_a_while(_seconds: float) -> None:
        nonlocal refused
        refused += 1
        if refused == 3:
            other.close()

    monkeypatch.setattr(time, "sleep", give_up_after_a_while)
    Ledger.open(url, state_path=tmp_path / STATE, migrate=True).close()
    assert refused == 3


def test_a_new_file_that_another_keeps_locked_can_be_tried_again(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOCK_TIMEOUT", 0.05)
    path = make_url(url).database or ""
    Path(path).parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(errors.LedgerUnavailable, match="locked by another process"):
        Ledger.open(url, state_path=tmp_path / STATE, migrate=True)
    other.close()


def test_a_full_disk_can_be_tried_again(url: str, tmp_path: Path) -> None:
    database = Database(url)
    with database.write() as connection:
        migrate.upgrade(connection)
    with (
        pytest.raises(errors.LedgerUnavailable, match="full disk"),
        database.write() as connection,
    ):
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        connection.exec_driver_sql("INSERT INTO meta VALUES ('x', hex(zeroblob(1000000)))")
    database.close()


def test_what_sqlite_calls_an_io_error_on_a_full_disk_is_said_as_what_it_is(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    dialect = dialect_of(make_url(url))
    assert "disk I/O error" in str(dialect.explain(error))
    full = shutil.disk_usage("/")._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    assert "full disk; make room" in str(dialect.explain(error))


def test_a_read_only_database_is_unusable(url: str) -> None:
    database = Database(url)
    with (
        pytest.raises(errors.LedgerUnusable, match="cannot be written"),
        database.read() as connection,
    ):
        connection.exec_driver_sql("PRAGMA query_only = 1")
        connection.exec_driver_sql("CREATE TABLE x (y)")
    database.close()


def ledger_url(ledger: Ledger) -> str:
    return f"sqlite:///{ledger.url}"
