# SPDX-License-Identifier: Apache-2.0
"""A migration that dies half-way is done again, on servers that keep half of it, too."""

from pathlib import Path

from synchronizer.ledger import Ledger, migrate, schema
from synchronizer.ledger.engine import Database
from tests.functional.ledger.consistency import assert_consistent
from tests.functional.ledger.contention import before_statements
from tests.functional.ledger.places import ServerPlace, of_servers
from tests.unit.ledger.builders import KEY, create

pytestmark = of_servers

_STEPS = ("CREATE", "ALTER", "INSERT", "UPDATE")


class Died(Exception):
    """What a kill would have left is left."""


def upgrade(url: str, survives: int) -> bool:
    """Migrate until so many steps are done; whether that was all."""
    database = Database(url)
    steps = 0

    def die(statement: str) -> None:
        nonlocal steps
        if statement.lstrip().startswith(_STEPS):
            if steps == survives:
                raise Died
            steps += 1

    try:
        with before_statements(database, die), database.alone() as connection:
            migrate.upgrade(connection)
    except Died:
        return False
    finally:
        database.close()
    return True


def test_a_migration_that_died_at_any_step_is_done_by_the_next(
    server_place: ServerPlace, state_path: Path
) -> None:
    url = server_place.create()
    survived = 0
    while not upgrade(url, survived):
        # Where steps are kept, the next one begins with the one that died.
        survived += 1
    assert survived > 3
    ledger = Ledger.open(url, state_path=state_path, migrate=True)
    stream = ledger.ensure_stream(KEY, "rules 1")
    ledger.commit(stream, [create("a")])
    assert_consistent(ledger, stream.id)
    ledger.close()


def test_a_migration_that_died_after_its_first_steps_is_done_at_once(
    server_place: ServerPlace, state_path: Path
) -> None:
    url = server_place.create()
    assert not upgrade(url, 7)
    Ledger.open(url, state_path=state_path, migrate=True).close()
    database = Database(url)
    with database.read() as connection:
        assert migrate.present(connection) == schema.HEAD
    database.close()
