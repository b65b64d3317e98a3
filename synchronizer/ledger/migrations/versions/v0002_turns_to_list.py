# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is to list a stream, and which listing was proven last."""

import sqlalchemy as sa
from alembic import op

from synchronizer.ledger.columns import Name, Number, Prose
from synchronizer.ledger.migrations import steps

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        "listing",
        sa.Column(
            "stream", Number, sa.ForeignKey("stream.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("begun", Number, nullable=False),
        sa.Column("proven", Number, nullable=False),
        sa.Column("wanted", Number, nullable=False),
        sa.Column("holder", Name),
        sa.Column("fence", Number, nullable=False),
        sa.Column("began_at", Number),
        sa.Column("expires", Number, nullable=False),
        sa.Column("failures", Number, nullable=False),
        sa.Column("not_before", Number, nullable=False),
        sa.Column("since", Number),
        sa.Column("problem", Prose),
    )
    op.execute(
        "INSERT INTO listing"
        " (stream, begun, proven, wanted, fence, expires, failures, not_before)"
        " SELECT id, 0, 0, 0, 0, 0, 0, 0 FROM stream"
    )
