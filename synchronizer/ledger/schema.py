# SPDX-License-Identifier: Apache-2.0
"""The tables. The migrations create them; a test keeps the two alike."""

from sqlalchemy import Column, ForeignKey, Index, MetaData, Table, UniqueConstraint, text

from synchronizer.ledger.columns import Hash, Name, Number, Payload, Prose

#: The newest migration. A database that names another one is older or newer than this code.
HEAD = "0004"

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", Name, primary_key=True),
    Column("value", Prose, nullable=False),
)

stream = Table(
    "stream",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("cloud", Name, nullable=False),
    Column("type", Name, nullable=False),
    Column("epoch", Name, nullable=False),
    Column("revision", Number, nullable=False),
    Column("published", Number, nullable=False),
    Column("floor", Number, nullable=False),
    Column("listed_at", Number),
    Column("count", Number, nullable=False),
    Column("digest", Hash, nullable=False),
    Column("rules", Prose, nullable=False),
    Column("owner", Prose),
    Column("fence", Number, nullable=False),
    Column("beat", Number, nullable=False, server_default=text("0")),
    UniqueConstraint("cloud", "type", name="stream_key"),
)

# The payload is last, so that SQLite reads the rest of a row without its overflow pages.
version = Table(
    "version",
    metadata,
    Column("stream", Number, ForeignKey("stream.id"), primary_key=True, autoincrement=False),
    Column("revision", Number, primary_key=True, autoincrement=False),
    Column("id", Name, nullable=False),
    Column("op", Name, nullable=False),
    Column("fingerprint", Hash),
    Column("match", Hash),
    Column("base", Number, nullable=False),
    Column("sampled_at", Number, nullable=False),
    Column("committed_at", Number, nullable=False),
    Column("superseded", Number),
    Column("count", Number, nullable=False),
    Column("digest", Hash, nullable=False),
    Column("changed", Prose),
    Column("payload", Payload),
)

# Where the database can index a part of a table, these hold only what they are for.
_newest = text("superseded IS NULL")
Index(
    "version_newest",
    version.c.stream,
    version.c.id,
    version.c.superseded,
    sqlite_where=_newest,
    postgresql_where=_newest,
)
_superseded = text("superseded IS NOT NULL")
Index(
    "version_superseded",
    version.c.stream,
    version.c.superseded,
    sqlite_where=_superseded,
    postgresql_where=_superseded,
)
_tombstone = text("op = 'delete'")
Index(
    "version_tombstone",
    version.c.stream,
    version.c.op,
    version.c.revision,
    sqlite_where=_tombstone,
    postgresql_where=_tombstone,
)

held = Table(
    "held",
    metadata,
    Column("stream", Number, ForeignKey("stream.id"), primary_key=True, autoincrement=False),
    Column("id", Name, primary_key=True),
    Column("base", Number, nullable=False),
    Column("reason", Prose, nullable=False),
    Column("since", Number, nullable=False),
    Column("verdict", Name),
)

condition = Table(
    "source_condition",  # CONDITION is a reserved word of MySQL and MariaDB
    metadata,
    Column("stream", Number, ForeignKey("stream.id"), primary_key=True, autoincrement=False),
    Column("since", Number, nullable=False),
    Column("message", Prose, nullable=False),
)

# One row for each stream, made with it.
listing = Table(
    "listing",
    metadata,
    Column("stream", Number, ForeignKey("stream.id"), primary_key=True, autoincrement=False),
    Column("begun", Number, nullable=False),
    Column("proven", Number, nullable=False),
    Column("wanted", Number, nullable=False),
    Column("holder", Name),
    Column("fence", Number, nullable=False),
    Column("began_at", Number),
    Column("expires", Number, nullable=False),
    Column("failures", Number, nullable=False),
    Column("not_before", Number, nullable=False),
    Column("since", Number),
    Column("problem", Prose),
)

# One row for each stream, made with it. Durations are microseconds.
activity = Table(
    "activity",
    metadata,
    Column("stream", Number, ForeignKey("stream.id"), primary_key=True, autoincrement=False),
    Column("calls", Number, nullable=False),
    Column("errors", Number, nullable=False),
    Column("busy", Number, nullable=False),
    Column("waited", Number, nullable=False),
    Column("listing", Number),
)
