# SPDX-License-Identifier: Apache-2.0
"""Signs of life of those who took streams over."""

import sqlalchemy as sa

from synchronizer.ledger.columns import Number
from synchronizer.ledger.migrations import steps

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column(
        "stream", sa.Column("beat", Number, nullable=False, server_default=sa.text("0"))
    )
