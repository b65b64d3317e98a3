# SPDX-License-Identifier: Apache-2.0
"""A database that was copied, or restored from a backup: a new epoch, above all old numbers."""

import subprocess
from pathlib import Path

import pytest
import sqlalchemy

from synchronizer.ledger import Ledger, StreamState, schema
from tests.engines.postgresql import PostgresServer
from tests.functional.ledger.consistency import assert_consistent
from tests.functional.ledger.places import ServerPlace, database_of, of, of_servers
from tests.unit.ledger.builders import KEY, create


def copy_of(place: ServerPlace, url: str) -> str:
    """The URL of a database with the same content."""
    source = database_of(url)
    if place.kind == "postgresql":  # which copies no database that is in use
        place.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'"  # noqa: S608
        )
        name = place.new_name()
        place.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
        return place.url(name)
    copied = place.create()
    name = database_of(copied)
    tables = place.execute(
        f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{source}'"  # noqa: S608
    )
    for (table,) in tables:
        place.execute(f"CREATE TABLE {name}.{table} LIKE {source}.{table}")
        place.execute(f"INSERT INTO {name}.{table} SELECT * FROM {source}.{table}")  # noqa: S608
    return copied


def published(ledger: Ledger, state: StreamState) -> StreamState:
    """Publish everything, as the relay does: noted outside the database first."""
    ledger.high_water.record(state.key, state.epoch, state.revision)
    assert ledger.mark_published(state.id, state.epoch, state.published, state.revision)
    return ledger.state(state.id)


@of_servers
def test_a_copy_begins_a_new_epoch_and_the_original_does_not(
    server_place: ServerPlace,
    ledger: Ledger,
    stream: StreamState,
    ledger_url: str,
    state_path: Path,
    tmp_path: Path,
) -> None:
    state = published(ledger, ledger.commit(stream, [create("a"), create("b")]))
    ledger.close()
    copied = copy_of(server_place, ledger_url)
    copy = Ledger.open(copied, state_path=tmp_path / "elsewhere")
    began = copy.state(stream.id)
    assert began.epoch != state.epoch
    assert began.revision == began.published == state.revision + 1
    assert_consistent(copy, stream.id)
    copy.close()
    again = Ledger.open(ledger_url, state_path=state_path)
    assert again.state(stream.id) == state
    again.close()


@of_servers
def test_a_database_replaced_by_its_older_copy_begins_an_epoch_above_what_was_published(
    server_place: ServerPlace,
    ledger: Ledger,
    stream: StreamState,
    ledger_url: str,
    state_path: Path,
) -> None:
    state = published(ledger, ledger.commit(stream, [create("a")]))
    copied = copy_of(server_place, ledger_url)
    lost = published(ledger, ledger.commit(state, [create("b"), create("c")]))
    ledger.close()
    server_place.drop(ledger_url)
    restored = Ledger.open(copied, state_path=state_path)
    began = restored.state(stream.id)
    assert began.epoch not in {state.epoch, lost.epoch}
    assert began.revision > lost.revision
    assert_consistent(restored, stream.id)
    restored.close()


@of("postgresql")
def test_a_dump_restored_into_the_same_database_begins_an_epoch(
    server_place: ServerPlace,
    ledger: Ledger,
    stream: StreamState,
    ledger_url: str,
    state_path: Path,
) -> None:
    server = server_place.server
    if not isinstance(server, PostgresServer):
        pytest.skip("not with a server that the environment names")
    state = published(ledger, ledger.commit(stream, [create("a")]))
    dump = subprocess.run(
        [str(server.programs / "pg_dump"), "--clean", ledger_url],
        check=True,
        capture_output=True,
    ).stdout
    lost = published(ledger, ledger.commit(state, [create("b")]))
    ledger.close()
    subprocess.run(
        [str(server.programs / "psql"), "-q", "-v", "ON_ERROR_STOP=1", ledger_url],
        input=dump,
        check=True,
        capture_output=True,
    )
    # The database is the same one: what was published tells that its tail is lost.
    restored = Ledger.open(ledger_url, state_path=state_path)
    began = restored.state(stream.id)
    assert began.epoch != lost.epoch
    assert began.revision == lost.revision + 1
    assert [row.id for row in restored.baseline(stream.id)[1]] == ["a"]
    assert_consistent(restored, stream.id)
    restored.close()


@of_servers
def test_tables_restored_into_the_same_database_begin_an_epoch(
    server_place: ServerPlace,
    ledger: Ledger,
    stream: StreamState,
    ledger_url: str,
    state_path: Path,
) -> None:
    state = published(ledger, ledger.commit(stream, [create("a")]))
    lost = published(ledger, ledger.commit(state, [create("b")]))
    ledger.close()
    with server_place.connect(database_of(ledger_url), "READ COMMITTED") as connection:
        of_version, of_stream = schema.version.c, schema.stream.c
        connection.execute(sqlalchemy.delete(schema.version).where(of_version.revision == 2))
        old = {"revision": 1, "published": 1, "count": 1}
        row = sqlalchemy.select(of_version.digest).where(of_version.revision == 1)
        digest = connection.execute(row).scalar_one()
        connection.execute(
            sqlalchemy.update(schema.stream)
            .where(of_stream.id == stream.id)
            .values(digest=digest, **old)
        )
        connection.commit()
    restored = Ledger.open(ledger_url, state_path=state_path)
    began = restored.find(KEY)
    assert began is not None
    assert began.epoch != lost.epoch
    assert began.revision == lost.revision + 1
    assert_consistent(restored, stream.id)
    restored.close()
