"""The weights that the labels of a run said when they were issued: its Merkle root commits to them.

Expand only: a new column. Of runs from before nothing is known; their root is over bare codes, and is not proven any
more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_said_by_labels"
down_revision = "20261201_opening_tries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("label_run") as batch_op:
        batch_op.add_column(sa.Column("nets", sa.Text(), nullable=False, server_default="[]"))
    with op.batch_alter_table("label_run") as batch_op:
        batch_op.alter_column("nets", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("label_run") as batch_op:
        batch_op.drop_column("nets")
