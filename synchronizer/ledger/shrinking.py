# SPDX-License-Identifier: Apache-2.0
"""Giving room back to the file system. Without it, what was freed is used again by the ledger."""

from synchronizer import errors
from synchronizer.ledger.dialects import limits
from synchronizer.ledger.engine import Database


def size(url: str) -> int | None:
    """Bytes that the ledger takes; None where its database does not tell."""
    database = Database(url)
    try:
        with database.read() as connection:
            return database.dialect.size(connection)
    finally:
        database.close()


def shrink(url: str) -> None:
    """Writes the tables anew, without holes. Who wants to write waits meanwhile, and it takes as
    much free room as what lives in the ledger; of SQLite as much in its directory, and as much
    in that of temporary files. `errors.LedgerUnavailable`, also where others hold it for too
    long."""
    database = Database(url, answer_timeout=limits.MIGRATION_TIMEOUT)
    try:
        database.shrink()
    except errors.Refused as error:
        raise database.dialect.unavailable(
            f"is held by others for too long ({error}); try again, or stop the daemon first"
        ) from error
    finally:
        database.close()
