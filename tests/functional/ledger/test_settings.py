# SPDX-License-Identifier: Apache-2.0
"""What must not depend on the server's own settings."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger, StreamState
from synchronizer.ledger.engine import Database
from tests.engines.database import DatabaseServer
from tests.functional.ledger.consistency import assert_consistent
from tests.functional.ledger.places import Place, ServerPlace, database_of, of, of_servers
from tests.unit.ledger.builders import KEY, NO_LIMITS, create

MEGABYTE = 1 << 20

#: Alike to a person, or to a collation that is not told otherwise.
ALIKE = [
    *("m1.small", "m1.SMALL", "m1.small ", " m1.small", "m1.small\t"),
    *("é", "e\u0301", "e", "ß", "ss", "ﬁ", "fi", "İ", "i"),
    *("🦊", "🦝", "\u200bm1", "m1", "m1\u200b", "\uffff", "%", "_", "\\", "'", '"', "`"),
]


def scalar(url: str, query: str) -> object:
    database = Database(url)
    try:
        with database.write() as connection:
            return connection.exec_driver_sql(query).scalar()
    finally:
        database.close()


def assert_all_apart(ledger: Ledger) -> None:
    stream = ledger.ensure_stream(KEY, "rules 1")
    ledger.commit(stream, [create(id_, name=id_) for id_ in ALIKE])
    for id_ in ALIKE:
        found = ledger.version(stream.id, id_)
        assert found.id == id_
        assert json.loads(found.entity or b"")["name"] == id_
    assert set(ledger.entities(stream.id, ALIKE)) == set(ALIKE)
    ledger.set_condition(stream.id, "🦊 fails")
    condition = ledger.condition(stream.id)
    assert condition is not None
    assert condition.message == "🦊 fails"
    assert_consistent(ledger, stream.id)


def test_ids_that_look_alike_are_apart(ledger: Ledger) -> None:
    assert_all_apart(ledger)


def test_a_name_with_a_nul_is_not_found(ledger: Ledger, stream: StreamState) -> None:
    with pytest.raises(errors.NotFound):
        ledger.version(stream.id, "a\0b")
    ledger.set_condition(stream.id, "a\0b")  # what a service may say
    condition = ledger.condition(stream.id)
    assert condition is not None
    assert condition.message == "a\ufffdb"


@of("mariadb")
@pytest.mark.parametrize("defaults", ["latin1", "latin1 COLLATE latin1_general_ci", "utf8mb3"])
def test_the_character_set_of_the_database_does_not_matter(
    server_place: ServerPlace, state_path: Path, defaults: str
) -> None:
    url = server_place.create(f"CHARACTER SET {defaults}")
    ledger = Ledger.open(url, state_path=state_path, migrate=True)
    assert_all_apart(ledger)
    ledger.close()


@of("postgresql")
def test_an_encoding_of_the_database_that_lacks_characters_is_unusable(
    server_place: ServerPlace, state_path: Path
) -> None:
    url = server_place.create("ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(errors.LedgerUnusable, match="UTF8"):
        Ledger.open(url, state_path=state_path, migrate=True)


@of("postgresql")
@pytest.mark.parametrize(("default", "found"), [("off", "on"), ("remote_write", "remote_write")])
def test_commits_wait_for_the_disk_whatever_the_default(
    server_place: ServerPlace, ledger_url: str, default: str, found: str
) -> None:
    name = database_of(ledger_url)
    server_place.execute(f"ALTER DATABASE {name} SET synchronous_commit = '{default}'")
    assert scalar(ledger_url, "SHOW synchronous_commit") == found


@of_servers
def test_a_server_that_may_forget_commits_is_told_of(
    server: DatabaseServer, ledger_url: str, state_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert not server.durable
    Ledger.open(ledger_url, state_path=state_path, migrate=True).close()
    assert "may lose what was published" in caplog.text
    caplog.clear()
    Ledger.open(ledger_url, state_path=state_path).close()  # once, by whoever migrates
    assert caplog.text == ""


@pytest.fixture
def careless(server_place: ServerPlace) -> Iterator[ServerPlace]:
    """A MariaDB that cuts what does not fit, and makes tables without transactions."""
    names = ("sql_mode", "default_storage_engine")
    before = server_place.execute(f"SELECT {', '.join(f'@@global.{name}' for name in names)}")[0]
    server_place.execute("SET GLOBAL sql_mode = '', default_storage_engine = 'MyISAM'")
    yield server_place
    for name, value in zip(names, before, strict=True):
        server_place.execute(f"SET GLOBAL {name} = '{value}'")


@of("mariadb")
def test_a_careless_server_cuts_nothing_and_keeps_transactions(
    careless: ServerPlace, ledger_url: str, state_path: Path
) -> None:
    ledger = Ledger.open(ledger_url, state_path=state_path, migrate=True)
    stream = ledger.ensure_stream(KEY, "rules 1")
    with pytest.raises(errors.LedgerUnusable, match="contradicts"):
        ledger.commit(stream, [create("a"), create("x" * 1021)])
    assert ledger.state(stream.id) == stream
    assert ledger.baseline(stream.id)[1] == []
    assert_all_apart(ledger)
    ledger.close()


def large(megabytes: int) -> str:
    """A text that cannot be compressed to less than about this size."""
    return secrets.token_hex(megabytes * MEGABYTE)


def test_an_entity_of_twenty_megabytes_is_kept_where_the_server_takes_it(
    place: Place, state_path: Path
) -> None:
    url = place.create()
    packet = 0
    if isinstance(place, ServerPlace) and place.kind == "mariadb":
        packet = place.execute("SELECT @@global.max_allowed_packet")[0][0]
        place.execute(f"SET GLOBAL max_allowed_packet = {64 * MEGABYTE}")
    try:
        ledger = Ledger.open(url, state_path=state_path, migrate=True)
        stream = ledger.ensure_stream(KEY, "rules 1")
        text = large(20)
        ledger.commit(stream, [create("a", text=text)])
        page = ledger.changes(stream.id, 0, **NO_LIMITS)
        assert json.loads(page.versions[0].entity or b"")["text"] == text
        ledger.close()
    finally:
        if packet and isinstance(place, ServerPlace):
            place.execute(f"SET GLOBAL max_allowed_packet = {packet}")


@of("mariadb")
def test_an_entity_that_the_server_does_not_take_is_named(
    server_place: ServerPlace, ledger: Ledger, stream: StreamState
) -> None:
    with pytest.raises(errors.LedgerUnavailable, match=r"a has \d+ bytes.*max_allowed_packet"):
        ledger.commit(stream, [create("a", text=large(20)), create("b")])
    assert ledger.commit(stream, [create("b")]).revision == 1
