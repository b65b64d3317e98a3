# SPDX-License-Identifier: Apache-2.0
"""Writers who come in each other's way on a server: none is lost, none overwrites another."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import insert

from synchronizer import errors
from synchronizer.ledger import Hold, Ledger, StreamState, schema
from synchronizer.ledger.commit import Commit
from synchronizer.ledger.dialects import limits
from synchronizer.ledger.engine import Database
from synchronizer.ledger.payload import Payloads
from tests.functional.ledger.consistency import assert_consistent
from tests.functional.ledger.contention import (
    PATIENCE,
    before_statements,
    beside,
    until_somebody_waits,
)
from tests.functional.ledger.places import ServerPlace, database_of, of_servers
from tests.unit.ledger.builders import KEY, T0, create, delete, update

pytestmark = of_servers

LATE = 1 << 60

FAILURES = {
    "postgresql": "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001'; END $$;"
    " CREATE TRIGGER lose BEFORE INSERT ON version FOR EACH ROW EXECUTE FUNCTION lose()",
    "mariadb": "CREATE TRIGGER lose BEFORE INSERT ON version FOR EACH ROW"
    " SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'certification failed'",
}


def lock_stream(connection: sqlalchemy.Connection) -> None:
    connection.exec_driver_sql("SELECT id FROM stream FOR UPDATE").all()


def test_whoever_completes_a_circle_of_locks_is_refused_and_repeats_nothing(
    server_place: ServerPlace, ledger_url: str, state_path: Path
) -> None:
    if server_place.kind == "postgresql":  # ours is to find the circle, and not the other
        name = database_of(ledger_url)
        server_place.execute(f"ALTER DATABASE {name} SET deadlock_timeout = '50ms'")
    ledger = Ledger.open(ledger_url, state_path=state_path, migrate=True)
    stream = ledger.ensure_stream(KEY, "rules 1")
    state = ledger.commit(stream, [create(f"id-{n}") for n in range(50)])
    other: list[Future[Any]] = []

    with server_place.connect(database_of(ledger_url), "READ COMMITTED") as connection:
        if server_place.kind == "postgresql":
            connection.exec_driver_sql("SET deadlock_timeout = '1h'")
        connection.exec_driver_sql("UPDATE version SET base = base + 1")  # and the heavier one

        def close_the_circle(statement: str) -> None:
            if statement.startswith("UPDATE version") and not other:
                other.append(beside(lambda: lock_stream(connection)))
                until_somebody_waits(server_place, ledger_url)

        with (
            before_statements(ledger._database, close_the_circle),
            pytest.raises(errors.Refused, match="gave way"),
        ):
            ledger.commit(state, [update("id-7", n=1), create("new")])
        other[0].result(PATIENCE)
        connection.rollback()

    found, tail = ledger.tail(stream.id, state.revision)
    assert (found, tail) == (state, [])
    state = ledger.commit(found, [update("id-7", n=1), create("new")])
    assert state.revision == 52
    assert_consistent(ledger, stream.id)
    ledger.close()


def test_a_serialization_failure_is_a_refusal(
    server_place: ServerPlace, ledger: Ledger, stream: StreamState, ledger_url: str
) -> None:
    state = ledger.commit(stream, [create("a")])
    name = database_of(ledger_url)
    server_place.execute(FAILURES[server_place.kind], name)
    with pytest.raises(errors.Refused):
        ledger.commit(state, [update("a", n=1)])
    on_version = " ON version" if server_place.kind == "postgresql" else ""
    server_place.execute(f"DROP TRIGGER lose{on_version}", name)
    assert ledger.state(stream.id) == state
    assert ledger.commit(state, [update("a", n=1)]).revision == 2
    assert_consistent(ledger, stream.id)


def test_a_lock_held_for_too_long_is_a_refusal(
    server_place: ServerPlace,
    ledger_url: str,
    state_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "LOCK_TIMEOUT", 1.0)
    ledger = Ledger.open(ledger_url, state_path=state_path, migrate=True)
    stream = ledger.ensure_stream(KEY, "rules 1")
    with server_place.connect(database_of(ledger_url), "READ COMMITTED") as connection:
        lock_stream(connection)
        with pytest.raises(errors.Refused):
            ledger.commit(stream, [create("a")])
        assert ledger.baseline(stream.id)[1] == []  # readers never wait
    assert ledger.commit(stream, [create("a")]).revision == 1
    ledger.close()


def test_locks_of_a_writer_who_fell_silent_are_taken_from_him(
    server_place: ServerPlace,
    ledger: Ledger,
    stream: StreamState,
    ledger_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent = Database(ledger_url)
    with monkeypatch.context() as patch:
        patch.setattr(limits, "IDLE_TIMEOUT", 1.0)
        with silent.read() as connection:  # its one connection
            connection.exec_driver_sql("SELECT 1")
    with pytest.raises(errors.LedgerUnavailable), silent.write() as connection:
        lock_stream(connection)
        assert ledger.commit(stream, [create("a")]).revision == 1
        lock_stream(connection)
    with silent.read() as connection:  # on a new one
        assert connection.exec_driver_sql("SELECT count(*) FROM version").scalar() == 1
    silent.close()


def test_a_revision_is_not_given_before_the_one_below_it_can_be_seen(
    server_place: ServerPlace, ledger: Ledger, stream: StreamState, ledger_url: str
) -> None:
    slow = Database(ledger_url)
    first = Commit(stream, [create("a")], None, Payloads())
    with slow.write() as connection:
        first.run(connection)
        second = beside(lambda: ledger.commit(stream, [create("b")]))
        until_somebody_waits(server_place, ledger_url)
        assert ledger.tail(stream.id, 0) == (stream, [])
    with pytest.raises(errors.Refused):
        second.result(PATIENCE)
    state, tail = ledger.tail(stream.id, 0)
    assert [(entry.revision, entry.id) for entry in tail] == [(1, "a")]
    assert ledger.commit(state, [create("b")]).revision == 2
    slow.close()


def test_isolation_is_ours_whatever_the_servers_default(
    server_place: ServerPlace, ledger_url: str, state_path: Path
) -> None:
    if server_place.kind == "postgresql":
        server_place.execute(
            f"ALTER DATABASE {database_of(ledger_url)}"
            " SET default_transaction_isolation = 'serializable'"
        )
    ledger = Ledger.open(ledger_url, state_path=state_path, migrate=True)
    stream = ledger.ensure_stream(KEY, "rules 1")
    database = Database(ledger_url)
    query = "SELECT count(*) FROM version"
    for scope, seen in ((database.read, 0), (database.write, 2), (database.alone, 3)):
        with scope() as connection:
            before = connection.exec_driver_sql(query).scalar()
            assert before == stream.revision
            stream = ledger.commit(stream, [create(f"id-{stream.revision}")])
            assert connection.exec_driver_sql(query).scalar() == seen
    database.close()
    ledger.close()


# --- what is read and then written ---------------------------------------------------


def new_epoch(ledger: Ledger, stream: StreamState) -> None:
    ledger.new_epoch(stream.id, "a test")
    state = ledger.state(stream.id)
    assert state.revision == state.published == state.floor > 10


def compact(ledger: Ledger, stream: StreamState) -> None:
    ledger.compact(stream.id, LATE)
    assert ledger.state(stream.id).floor == 10


def hold(ledger: Ledger, stream: StreamState) -> None:
    ledger.hold(stream.id, [Hold("a", 0, "because", T0, None)])
    assert ledger.held_count(stream.id) == 1


def condition(ledger: Ledger, stream: StreamState) -> None:
    ledger.set_condition(stream.id, "it fails")
    found = ledger.condition(stream.id)
    assert found is not None
    assert found.message == "it fails"


@pytest.mark.parametrize("act", [new_epoch, compact, hold, condition])
def test_what_is_read_before_it_is_written_is_not_overtaken(
    server_place: ServerPlace,
    ledger: Ledger,
    stream: StreamState,
    ledger_url: str,
    act: Callable[[Ledger, StreamState], None],
) -> None:
    state = ledger.commit(stream, [create("a")])
    state = ledger.commit(state, [delete("a")])
    ledger.mark_published(stream.id, state.epoch, 0, 2)
    with server_place.connect(database_of(ledger_url), "READ COMMITTED") as connection:
        # Another process in the middle of beginning an epoch, and of noting the same things.
        connection.exec_driver_sql("UPDATE stream SET revision = 10, published = 10, floor = 10")
        row = {"stream": stream.id, "since": 1}
        connection.execute(insert(schema.condition).values(message="it failed", **row))
        connection.execute(insert(schema.held).values(id="a", base=0, reason="another", **row))
        future = beside(lambda: act(ledger, stream))
        until_somebody_waits(server_place, ledger_url)
        connection.commit()
        future.result(PATIENCE)


def test_a_stream_made_by_two_at_once_is_one(
    server_place: ServerPlace, ledger: Ledger, ledger_url: str, state_path: Path
) -> None:
    second = Ledger.open(ledger_url, state_path=state_path)
    first_of_all = Database(ledger_url)
    with first_of_all.alone():
        making = [beside(partial(who.ensure_stream, KEY, "rules 1")) for who in (ledger, second)]
        until_somebody_waits(server_place, ledger_url, 2)
    made = [future.result(PATIENCE) for future in making]
    assert made == [ledger.find(KEY)] * 2
    first_of_all.close()
    second.close()


def test_who_opens_while_another_does_so_for_too_long_may_try_again(
    server_place: ServerPlace,
    ledger: Ledger,
    ledger_url: str,
    state_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "OPENING_TIMEOUT", 1.0)
    other = Database(ledger_url)
    with other.alone(), pytest.raises(errors.LedgerUnavailable, match="opened by another"):
        Ledger.open(ledger_url, state_path=state_path)
    Ledger.open(ledger_url, state_path=state_path).close()
    other.close()
