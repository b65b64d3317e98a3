# SPDX-License-Identifier: Apache-2.0
"""Bringing a database to the schema of this code, and refusing one that is not."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from oslo_log import log as logging
from sqlalchemy import Connection, inspect, text

from synchronizer import errors
from synchronizer.ledger import schema
from synchronizer.ledger.dialects import limits
from synchronizer.ledger.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

LOG = logging.getLogger(__name__)

_VERSION_TABLE = "alembic_version"


def present(connection: Connection) -> str | None:
    """The newest migration that the database has seen; None when it is empty."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    row = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).one_or_none()  # noqa: S608
    return None if row is None else str(row[0])


def ensure(database: Database, *, migrate: bool) -> None:
    """The schema is ours after this, or `errors.LedgerUnusable` says what to do."""
    with database.read() as connection:
        database.dialect.require(connection)
        found = present(connection)
    if found == schema.HEAD:
        return
    if found is not None and found > schema.HEAD:
        raise newer(database, found)
    if not migrate:
        what = "is empty" if found is None else f"has schema {found}, older than {schema.HEAD}"
        raise database.dialect.unusable(
            f"{what}; 'synchronizer db upgrade' brings it there, or the daemon when it begins"
        )
    patient = Database(database.url, answer_timeout=limits.MIGRATION_TIMEOUT)
    try:
        with patient.alone() as connection:
            if present(connection) == schema.HEAD:
                return  # another process was faster
            upgrade(connection)
    finally:
        patient.close()
    LOG.info("the ledger %s has schema %s now (was %s)", database.dialect.where, schema.HEAD, found)


def newer(database: Database, found: str) -> errors.SynchronizerError:
    """What to raise for a database that is ahead of this code."""
    return database.dialect.unusable(
        f"has schema {found}, newer than {schema.HEAD} of this program; run the newer program"
    )


class Step(NamedTuple):
    """A migration: its number, and what it is for."""

    number: str
    what: str


def steps_after(found: str | None) -> list[Step]:
    """The migrations that a database of this schema has before it, in their order."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config())
    missing = scripts.iterate_revisions(schema.HEAD, found or "base")
    return [Step(script.revision, script.doc) for script in reversed(list(missing))]


def upgrade(connection: Connection, target: str = schema.HEAD) -> None:
    """Run the missing migrations in the transaction of `connection`."""
    # Imported when needed: most starts need none of it.
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
