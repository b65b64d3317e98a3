# SPDX-License-Identifier: Apache-2.0
"""The temporal table, its streams, and what is kept beside them."""

import sqlalchemy as sa

from synchronizer.ledger.columns import Hash, Name, Number, Payload, Prose
from synchronizer.ledger.migrations import steps

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        "meta",
        sa.Column("name", Name, primary_key=True),
        sa.Column("value", Prose, nullable=False),
    )
    steps.create_table(
        "stream",
        sa.Column("id", Number, primary_key=True, autoincrement=True),
        sa.Column("cloud", Name, nullable=False),
        sa.Column("type", Name, nullable=False),
        sa.Column("epoch", Name, nullable=False),
        sa.Column("revision", Number, nullable=False),
        sa.Column("published", Number, nullable=False),
        sa.Column("floor", Number, nullable=False),
        sa.Column("listed_at", Number),
        sa.Column("count", Number, nullable=False),
        sa.Column("digest", Hash, nullable=False),
        sa.Column("rules", Prose, nullable=False),
        sa.Column("owner", Prose),
        sa.Column("fence", Number, nullable=False),
        sa.UniqueConstraint("cloud", "type", name="stream_key"),
    )
    steps.create_table(
        "version",
        _stream(),
        sa.Column("revision", Number, primary_key=True, autoincrement=False),
        sa.Column("id", Name, nullable=False),
        sa.Column("op", Name, nullable=False),
        sa.Column("fingerprint", Hash),
        sa.Column("match", Hash),
        sa.Column("base", Number, nullable=False),
        sa.Column("sampled_at", Number, nullable=False),
        sa.Column("committed_at", Number, nullable=False),
        sa.Column("superseded", Number),
        sa.Column("count", Number, nullable=False),
        sa.Column("digest", Hash, nullable=False),
        sa.Column("changed", Prose),
        sa.Column("payload", Payload),
    )
    steps.create_index(
        "version_newest", "version", ["stream", "id", "superseded"], part="superseded IS NULL"
    )
    steps.create_index(
        "version_superseded", "version", ["stream", "superseded"], part="superseded IS NOT NULL"
    )
    steps.create_index(
        "version_tombstone", "version", ["stream", "op", "revision"], part="op = 'delete'"
    )
    steps.create_table(
        "held",
        _stream(),
        sa.Column("id", Name, primary_key=True),
        sa.Column("base", Number, nullable=False),
        sa.Column("reason", Prose, nullable=False),
        sa.Column("since", Number, nullable=False),
        sa.Column("verdict", Name),
    )
    steps.create_table(
        "source_condition",
        _stream(),
        sa.Column("since", Number, nullable=False),
        sa.Column("message", Prose, nullable=False),
    )


def _stream() -> sa.Column[int]:
    return sa.Column(
        "stream", Number, sa.ForeignKey("stream.id"), primary_key=True, autoincrement=False
    )
