# SPDX-License-Identifier: Apache-2.0
"""Looks at a ledger without changing anything, for whoever checks a configuration."""

from sqlalchemy import func, select

from synchronizer.ledger import migrate, schema
from synchronizer.ledger.engine import Database


def examine(url: str) -> str:
    """What the database at `url` holds, in a line. `errors.LedgerUnusable`, `LedgerUnavailable`."""
    database = Database(url)
    try:
        with database.read() as connection:
            found = migrate.present(connection)
            if found is None:
                return "reachable and empty; the daemon will make its tables"
            if found > schema.HEAD:
                raise migrate.newer(database, found)
            if found < schema.HEAD:
                return f"has schema {found}; the daemon will bring it to {schema.HEAD}"
            streams = connection.execute(select(func.count()).select_from(schema.stream)).scalar()
            return f"has schema {found} and {streams} streams"
    finally:
        database.close()
