# SPDX-License-Identifier: Apache-2.0
"""A server that does not let us in, or not far: said clearly, and without the password."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.ledger import Ledger
from synchronizer.ledger.engine import Database
from tests.engines.database import DatabaseServer
from tests.functional.ledger.contention import until
from tests.functional.ledger.places import ServerPlace, of_servers

pytestmark = of_servers

PASSWORD = "correct-horse"
USER = "ledger_guest"


def create_user(place: ServerPlace) -> None:
    """A user with a password who has no rights yet, and may have two connections."""
    if place.kind == "postgresql":
        place.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 2")
    else:
        place.execute(
            f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}' WITH MAX_USER_CONNECTIONS 2"
        )


@pytest.fixture
def guest(server_place: ServerPlace, server: DatabaseServer) -> Iterator[ServerPlace]:
    """A place with a user `USER`, whose password the server looks at."""
    create_user(server_place)
    rules = server.home / "data" / "pg_hba.conf"
    before = ""
    if server_place.kind == "postgresql":
        before = rules.read_text()
        rules.write_text(f"host all {USER} 127.0.0.1/32 scram-sha-256\n{before}")
        server_place.execute("SELECT pg_reload_conf()")
    yield server_place
    server_place.close()  # what belongs to the user, first
    if server_place.kind == "postgresql":
        rules.write_text(before)
        server_place.execute("SELECT pg_reload_conf()")
        server_place.execute(f"DROP ROLE {USER}")
    else:
        server_place.execute(f"DROP USER {USER}@'%'")


def database_of_guest(place: ServerPlace) -> str:
    """The name of a new database where the guest may do everything."""
    name = place.new_name()
    owner = f" OWNER {USER}" if place.kind == "postgresql" else ""
    place.execute(f"CREATE DATABASE {name}{owner}")
    if place.kind == "mariadb":
        place.execute(f"GRANT ALL PRIVILEGES ON {name}.* TO {USER}@'%'")
    return name


def assert_refused(url: str, state_path: Path, match: str) -> None:
    """It cannot be opened until somebody acts; nothing that is logged holds a password."""
    with pytest.raises(errors.LedgerUnusable, match=match) as caught:
        Ledger.open(url, state_path=state_path, migrate=True)
    told = "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in told
    assert "wrong-horse" not in told
    assert "\n" not in caught.value.message


def test_a_user_who_owns_the_database_is_enough(guest: ServerPlace, state_path: Path) -> None:
    url = guest.url(database_of_guest(guest), USER, PASSWORD)
    ledger = Ledger.open(url, state_path=state_path, migrate=True)
    assert PASSWORD not in ledger.url
    assert ledger.streams() == []
    ledger.close()


def test_a_wrong_password_is_unusable(guest: ServerPlace, state_path: Path) -> None:
    url = guest.url(database_of_guest(guest), USER, "wrong-horse")
    assert_refused(url, state_path, "refuses the login")


def test_a_database_that_is_not_there_is_unusable(
    server_place: ServerPlace, state_path: Path
) -> None:
    assert_refused(server_place.url("ledger_missing"), state_path, "create it first")


def test_a_user_without_rights_is_unusable(guest: ServerPlace, state_path: Path) -> None:
    name = guest.new_name()
    guest.execute(f"CREATE DATABASE {name}")
    assert_refused(guest.url(name, USER, PASSWORD), state_path, "not let this user do")


def test_a_database_with_other_tables_is_unusable(
    server_place: ServerPlace, state_path: Path
) -> None:
    url = server_place.create()
    with server_place.connect(url.rpartition("/")[2]) as connection:
        connection.exec_driver_sql("CREATE TABLE stream (something INTEGER)")
    assert_refused(url, state_path, "its own database")


def test_a_server_full_of_connections_serves_when_there_is_room_again(
    guest: ServerPlace, state_path: Path
) -> None:
    url = guest.url(database_of_guest(guest), USER, PASSWORD)
    ledger = Ledger.open(url, state_path=state_path, migrate=True)  # keeps one of two
    other, late = Database(url), Database(url)
    assert answers(other)  # and has the second
    with pytest.raises(errors.LedgerUnavailable) as caught, late.read():
        pass
    assert PASSWORD not in caught.value.message
    assert ledger.streams() == []  # who has a connection goes on
    other.close()
    until(lambda: answers(late), "there is room for one more")
    late.close()
    ledger.close()


def answers(database: Database) -> bool:
    try:
        with database.read() as connection:
            return connection.exec_driver_sql("SELECT 1").scalar() == 1
    except errors.LedgerUnavailable:
        return False
