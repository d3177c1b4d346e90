"""Wrong opening codes count by the day: forms that were shut open again.

A new column; rows from before are of a day that is over.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_opening_tries"
down_revision = "20261201_scan_salts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("opening_try") as batch_op:
        batch_op.add_column(sa.Column("day", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("opening_try") as batch_op:
        batch_op.alter_column("day", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("opening_try") as batch_op:
        batch_op.drop_column("day")
