"""A signed state of the log is found by its root: events may name one, to show that they were written after it.

Expand only: an index. Stored events are not touched.
"""

from __future__ import annotations

from alembic import op

revision = "20261201_beacons"
down_revision = "20261201_trade_items"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_log_checkpoint_root"), "log_checkpoint", ["root"])


def downgrade() -> None:
    op.drop_index(op.f("ix_log_checkpoint_root"), table_name="log_checkpoint")
