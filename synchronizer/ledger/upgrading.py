# SPDX-License-Identifier: Apache-2.0
"""An upgrade of the schema by an operator's word. No stream is touched: no epoch begins."""

import dataclasses
from collections.abc import Sequence

from sqlalchemy import func, select

from synchronizer.ledger import migrate, schema
from synchronizer.ledger.engine import Database
from synchronizer.ledger.migrate import Step
from synchronizer.ledger.schema import stream


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """Where a ledger stands. `schema`: None while it is empty; `steps`: what it has before it;
    `streams`: how many it has."""

    where: str
    schema: str | None
    steps: Sequence[Step]
    streams: int


def standing(url: str) -> Standing:
    """Changes nothing. `errors.LedgerUnavailable`; `errors.LedgerUnusable` also for a ledger of a
    newer program."""
    database = Database(url)
    try:
        with database.read() as connection:
            database.dialect.require(connection)
            found = migrate.present(connection)
            if found is not None and found > schema.HEAD:
                raise migrate.newer(database, found)
            count = 0
            if found is not None:
                count = connection.execute(select(func.count()).select_from(stream)).scalar_one()
        return Standing(database.dialect.where, found, migrate.steps_after(found), count)
    finally:
        database.close()


def upgrade(url: str) -> None:
    """Brings the schema to that of this program; one process does it, others wait for it."""
    database = Database(url)
    try:
        migrate.ensure(database, migrate=True)
    finally:
        database.close()
