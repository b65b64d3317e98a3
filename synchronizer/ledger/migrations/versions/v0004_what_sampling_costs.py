# SPDX-License-Identifier: Apache-2.0
"""What sampling each stream has cost its service."""

import sqlalchemy as sa
from alembic import op

from synchronizer.ledger.columns import Number
from synchronizer.ledger.migrations import steps

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        "activity",
        sa.Column(
            "stream", Number, sa.ForeignKey("stream.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("calls", Number, nullable=False),
        sa.Column("errors", Number, nullable=False),
        sa.Column("busy", Number, nullable=False),
        sa.Column("waited", Number, nullable=False),
        sa.Column("listing", Number),
    )
    op.execute(
        "INSERT INTO activity (stream, calls, errors, busy, waited)"
        " SELECT id, 0, 0, 0, 0 FROM stream"
    )
