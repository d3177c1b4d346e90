"""Where witnesses are asked to cosign, and how it went last.

Expand only: a new table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_witness_addresses"
down_revision = "20261201_returned_units"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"


def upgrade() -> None:
    op.create_table(
        "witness_address",
        sa.Column("witness", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("tree", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("witness", name=op.f("pk_witness_address")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON witness_address TO {APP_ROLE}")
        op.execute("ALTER TABLE witness_address ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE witness_address FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY system ON witness_address USING ({SYSTEM}) WITH CHECK ({SYSTEM})")


def downgrade() -> None:
    op.drop_table("witness_address")
