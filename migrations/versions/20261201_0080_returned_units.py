"""Units that come back: a state, and the day.

Stored events are not touched. Going back, units that came back are taken as received.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_returned_units"
down_revision = "20261201_said_by_labels"
branch_labels = None
depends_on = None

BEFORE = "state IN ('issued', 'applied', 'shipped', 'received', 'opened', 'void')"
AFTER = "state IN ('issued', 'applied', 'shipped', 'received', 'returned', 'opened', 'void')"


def _states(allowed: str) -> None:
    with op.batch_alter_table("unit") as batch_op:
        batch_op.drop_constraint(op.f("ck_unit_state"), type_="check")
        batch_op.create_check_constraint(op.f("ck_unit_state"), allowed)


def upgrade() -> None:
    with op.batch_alter_table("unit") as batch_op:
        batch_op.add_column(sa.Column("returned_at", sa.BigInteger(), nullable=True))
    _states(AFTER)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT set_config('app.system', 'on', true)")
    op.execute("UPDATE unit SET state = 'received' WHERE state = 'returned'")
    _states(BEFORE)
    with op.batch_alter_table("unit") as batch_op:
        batch_op.drop_column("returned_at")
