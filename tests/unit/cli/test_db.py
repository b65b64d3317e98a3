# SPDX-License-Identifier: Apache-2.0
"""The commands of the ledger's database, on a ledger that an older version left."""

import gzip
import pathlib
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from synchronizer.cli.main import main
from synchronizer.ledger import Ledger, schema
from synchronizer.ledger.checkup import check_up
from tests.unit.ledger.builders import KEY, create, update
from tests.upgrades import place

VERSION = "0.1.0"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command: its exit status, and what it told."""
    file = tmp_path / "synchronizer.conf"
    file.write_text(
        f"[DEFAULT]\nclouds = east, west\nstate_path = {tmp_path}\nruntime_path = {tmp_path}\n"
    )

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["--config-file", str(file), *arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


@pytest.fixture
def old(tmp_path: pathlib.Path) -> pathlib.Path:
    """The file of a ledger that an older version left."""
    place.place(VERSION, tmp_path)
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(tmp_path: pathlib.Path) -> pathlib.Path:
    """The file of a ledger of this version, with a stream."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    with closing(Ledger.open(url, state_path=tmp_path, migrate=True)) as made:
        state = made.ensure_stream(KEY, "rules")
        state = made.commit(state, [create("a"), create("b", text="x" * 10_000)], listed_at=1)
        state = made.commit(state, [update("a", n=2), update("b", n=2)])
        made.mark_published(state.id, state.epoch, 0, state.revision)
    return tmp_path / "ledger.sqlite"


def execute(file: pathlib.Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_an_upgrade_says_what_it_does_and_does_it_once(run: Run, old: pathlib.Path) -> None:
    status, planned, _ = run("db", "upgrade", "--dry-run")
    assert status == 0
    assert "has schema 0003" in planned
    assert f"{schema.HEAD}  " in planned
    assert "nothing was changed" in planned
    assert run("db", "upgrade", "--dry-run")[1] == planned

    status, done, _ = run("db", "upgrade")
    assert status == 0
    assert f"has schema {schema.HEAD} now; its 2 streams go on" in done
    assert "nothing to upgrade" in run("db", "upgrade")[1]


def test_an_upgrade_leaves_a_moved_ledger_in_its_epochs(run: Run, old: pathlib.Path) -> None:
    execute(old, "UPDATE meta SET value = 'elsewhere' WHERE name = 'identity'")
    epochs = "SELECT cloud, epoch, revision FROM stream ORDER BY cloud"
    with closing(sqlite3.connect(old)) as connection:
        before = connection.execute(epochs).fetchall()
        assert run("db", "upgrade")[0] == 0
        assert connection.execute(epochs).fetchall() == before


def test_a_ledger_of_a_newer_program_is_refused(run: Run, old: pathlib.Path) -> None:
    execute(old, "UPDATE alembic_version SET version_num = '9999'")
    for command in ("upgrade", "check", "compact"):
        status, _, told = run("db", command)
        assert status == 1
        assert "has schema 9999, newer than" in told
        assert "run the newer program" in told


def test_a_ledger_that_is_not_there_is_not_made(run: Run, tmp_path: pathlib.Path) -> None:
    for command in ("upgrade", "check", "compact"):
        status, _, told = run("db", command)
        assert status == 1
        assert "there is no ledger" in told
    assert not (tmp_path / "ledger.sqlite").exists()


def test_a_ledger_that_may_not_be_looked_at_is_said_with_the_way_out(
    run: Run, tmp_path: pathlib.Path
) -> None:
    # As for the ledger of another user, also where the test may look at everything.
    with (tmp_path / "synchronizer.conf").open("a") as file:
        file.write(f"[ledger]\nconnection = sqlite:///{tmp_path}/{'x' * 300}/ledger.sqlite\n")
    status, _, told = run("db", "check")
    assert status == 1
    assert "cannot be looked at: File name too long; run this as the daemon's user" in told


def test_a_check_tells_what_there_is(run: Run, old: pathlib.Path) -> None:
    status, told, _ = run("db", "check")
    assert status == 0
    assert "note  ledger" in told
    assert "synchronizer db upgrade" in told
    run("db", "upgrade")
    status, told, _ = run("db", "check")
    assert status == 0
    assert "FAIL" not in told
    assert "note" not in told
    assert "remembered from 9 on, 3 to be published" in told


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM version WHERE revision = 3", "3 of the 4 revisions above 0 are there"),
        ("UPDATE stream SET count = 3", "2 entities live, or others, where its row says 3"),
        ("UPDATE stream SET digest = zeroblob(16)", "2 entities live, or others"),
        ("UPDATE stream SET published = 5", "are not in this order"),
        ("UPDATE version SET payload = x'00' WHERE revision = 4", "cannot be read: b at 4"),
        ("UPDATE version SET payload = NULL WHERE revision = 1", "cannot be read: a at 1"),
        ("UPDATE version SET superseded = NULL WHERE revision = 1", "is the newest of a"),
        ("UPDATE version SET superseded = 9 WHERE revision = 1", "that there cannot be"),
        ("DROP INDEX version_newest", "is not there: the index version_newest"),
        ("DROP TABLE activity", "is not there: the table activity"),
        ("ALTER TABLE stream DROP COLUMN beat", "is not there: the column stream.beat"),
    ],
)
def test_a_check_finds_each_damage_and_says_what_to_do(
    run: Run, ledger: pathlib.Path, damage: str, told: str
) -> None:
    assert run("db", "check")[0] == 0
    execute(ledger, damage)
    status, found, _ = run("db", "check")
    assert status == 1
    lines = found.splitlines()
    (at,) = (number for number, line in enumerate(lines) if told in line)
    assert lines[at].startswith("FAIL")
    assert lines[at + 1].strip()[0] in "→>"


def test_a_damaged_file_is_found(run: Run, ledger: pathlib.Path) -> None:
    execute(ledger, "PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(ledger.read_bytes())
    content[-4096:] = b"\xff" * 4096
    ledger.write_bytes(content)
    status, out, err = run("db", "check")
    assert status == 1
    assert "damaged" in out + err


def test_who_reads_findings_slowly_holds_up_nobody(
    ledger: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with closing(sqlite3.connect(ledger, timeout=0, isolation_level=None)) as daemon:
        told = 0
        findings = check_up(f"sqlite:///{ledger}", tmp_path)
        while True:
            daemon.execute("UPDATE version SET base = base + 1")
            if next(findings, None) is None:
                break
            told += 1
            (busy, _, _) = daemon.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            assert not busy
        assert told > 3


def test_a_quick_check_reads_no_contents(run: Run, ledger: pathlib.Path) -> None:
    execute(ledger, "UPDATE version SET payload = x'00' WHERE revision = 4")
    assert run("db", "check", "--quick")[0] == 0


def test_a_check_tells_that_a_ledger_was_moved_or_is_behind_and_leaves_it(
    run: Run, ledger: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        (epoch,) = connection.execute("SELECT epoch FROM stream").fetchone()
        connection.execute("UPDATE meta SET value = 'elsewhere' WHERE name = 'identity'")
        connection.commit()
        mark = {"cloud": KEY.cloud, "type": KEY.type, "epoch": epoch, "revision": 7}
        place.place_marks({"schema": 1, "marks": [mark]}, tmp_path)
        for _ in range(2):
            status, told, _ = run("db", "check")
            assert status == 0
            assert "note  it was moved or copied from elsewhere" in told
            assert "is behind revision 7" in told
        assert connection.execute("SELECT epoch FROM stream").fetchone() == (epoch,)


def test_compaction_forgets_at_once_and_gives_room_back(run: Run, ledger: pathlib.Path) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("CREATE TABLE room (of BLOB)")
        connection.execute("INSERT INTO room VALUES (zeroblob(2000000))")
        connection.execute("DROP TABLE room")
        connection.commit()
    size = ledger.stat().st_size
    assert size > 2_000_000
    status, told, _ = run("db", "compact")
    assert status == 0
    assert f"{KEY}: 0 versions forgotten, remembered from 0 on" in told
    status, told, _ = run("db", "compact", "--retention", "0", "--shrink")
    assert status == 0
    assert f"{KEY}: 2 versions forgotten, remembered from 4 on" in told
    assert ledger.stat().st_size < size // 2
    assert "was 2." in told
    assert run("db", "check")[0] == 0


def test_compaction_is_of_the_cloud_that_is_named(run: Run, old: pathlib.Path) -> None:
    run("db", "upgrade")
    status, told, _ = run("--cloud", "west", "db", "compact", "--retention", "0")
    assert status == 0
    assert "west/nova.server: 1 versions forgotten" in told
    assert "east" not in told


def test_what_was_left_is_packed_without_a_time() -> None:
    """So that it is made again alike."""
    for file in (place.HERE / VERSION).glob("*.gz"):
        with gzip.open(file) as packed:
            packed.read()
            assert packed.mtime == 0
