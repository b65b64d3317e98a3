# SPDX-License-Identifier: Apache-2.0
"""Looks at everything that a ledger has to be, and changes nothing: also not what opening it
would change. Of any schema since the first, so that it can be asked before an upgrade, too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from sqlalchemy import Connection, inspect, select, text

from synchronizer import errors
from synchronizer.ledger import migrate, schema, streamcheck
from synchronizer.ledger.dialects import limits
from synchronizer.ledger.engine import Database
from synchronizer.ledger.highwater import FILE_NAME, HighWater, Mark
from synchronizer.ledger.schema import meta, stream
from synchronizer.model import StreamKey

#: Problems of SQLite's own that are told, at most.
_MOST = 5

Mood = Literal["well", "note", "wrong"]


class Finding(NamedTuple):
    """`what` was found; `do`: the way out, where it is `wrong`, or what will happen."""

    mood: Mood
    what: str
    do: str = ""


def check_up(url: str, state_path: Path, *, contents: bool = True) -> Iterator[Finding]:
    """What is found, one after the other; the last may take a minute for a million versions.

    `contents`: whether each version's content is read, too. `errors.LedgerUnavailable`,
    `errors.LedgerUnusable` where nothing can be looked at. Each stream is read at one instant;
    others may write meanwhile.
    """
    # To look through millions of versions may take a server longer than others wait for it.
    database = Database(url, answer_timeout=limits.MIGRATION_TIMEOUT)
    try:
        with database.read() as connection:
            database.dialect.require(connection)
            found = migrate.present(connection)
            size = database.dialect.size(connection)
        yield _schema(database, found, size)
        if found is None:
            return
        with database.read() as connection:
            # Told after the transaction: whoever hears it may take his time.
            findings = [*_weaknesses(database, connection)]
            if database.dialect.single_writer:
                findings += _file(connection)
            if found == schema.HEAD:
                findings += _tables(connection)
            findings += _identity(connection, database.dialect.identity(connection))
            keys = list(connection.execute(select(stream.c.id, stream.c.cloud, stream.c.type)))
        yield from findings
        marks = HighWater(state_path).all() if (state_path / FILE_NAME).exists() else {}
        for id_, cloud, type_ in sorted(keys, key=lambda row: (row[1], row[2])):
            key = StreamKey(cloud, type_)
            yield from _stream(database, id_, key, marks.get(key), contents)
    finally:
        database.close()


def _schema(database: Database, found: str | None, size: int | None) -> Finding:
    where = f"ledger {database.dialect.where}"
    if found is None:
        return Finding("note", f"{where}: empty", "the daemon makes its tables when it begins")
    if found > schema.HEAD:
        raise migrate.newer(database, found)
    what = f"{where}: schema {found}" + ("" if size is None else f", {size / 1e6:.1f} MB")
    if found < schema.HEAD:
        do = f"'synchronizer db upgrade' brings it to {schema.HEAD}, or the daemon when it begins"
        return Finding("note", what, do)
    return Finding("well", what)


def _weaknesses(database: Database, connection: Connection) -> Iterator[Finding]:
    for weakness in database.dialect.weaknesses(connection):
        yield Finding(
            "note", weakness, "what was published may be lost when the server's host crashes"
        )


def _file(connection: Connection) -> Iterator[Finding]:
    """What SQLite says of its file."""
    told = connection.execute(text(f"PRAGMA quick_check({_MOST})")).scalars().all()
    if told == ["ok"]:
        yield Finding("well", "the file's structure")
        return
    for line in told:
        yield Finding("wrong", f"the file is damaged: {line}", streamcheck.RESTORE)


def _tables(connection: Connection) -> Iterator[Finding]:
    """Whether tables, columns and indexes are those of this program."""
    inspector = inspect(connection)
    missing = []
    for table in schema.metadata.sorted_tables:
        if not inspector.has_table(table.name):
            missing.append(f"the table {table.name}")
            continue
        there = {column["name"] for column in inspector.get_columns(table.name)}
        missing += [
            f"the column {table.name}.{c.name}" for c in table.columns if c.name not in there
        ]
        indexes = {index["name"] for index in inspector.get_indexes(table.name)}
        missing += [
            f"the index {index.name}" for index in table.indexes if index.name not in indexes
        ]
    if missing:
        yield Finding("wrong", f"is not there: {', '.join(missing)}", streamcheck.RESTORE)
    else:
        yield Finding("well", "tables, columns and indexes")


def _identity(connection: Connection, identity: str) -> Iterator[Finding]:
    known = connection.execute(select(meta.c.value).where(meta.c.name == "identity")).scalar()
    if known not in (None, identity):
        yield Finding(
            "note",
            f"it was moved or copied from {known}",
            "new epochs begin when the daemon opens it here: every consumer gets all again",
        )


def _stream(
    database: Database, stream_id: int, key: StreamKey, mark: Mark | None, contents: bool
) -> Iterator[Finding]:
    try:
        with database.read() as connection:
            what, problems = streamcheck.look(connection, stream_id, mark, contents)
    except errors.NotFound:
        return  # it is gone since
    for problem in problems:
        yield Finding("wrong" if problem.wrong else "note", f"{key}: {problem.what}", problem.do)
    if not any(problem.wrong for problem in problems):
        yield Finding("well", f"{key}: {what}")
