"""How often the opening code of a unit was printed, beside the prints of its label.

Expand only: a new column. Stored events are not touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_opening_prints"
down_revision = "20261201_witness_addresses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("unit") as batch_op:
        batch_op.add_column(sa.Column("opening_prints", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("unit") as batch_op:
        batch_op.alter_column("opening_prints", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("unit") as batch_op:
        batch_op.drop_column("opening_prints")
