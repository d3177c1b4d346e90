"""GTINs that organisations were given for their products.

Expand only: a new table. Stored events are not touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_trade_items"
down_revision = "20261201_units"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"
ORG = "(SELECT nullif(current_setting('app.org', true), '')::integer)"


def upgrade() -> None:
    op.create_table(
        "trade_item",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("gtin", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_trade_item_org_id")),
        sa.PrimaryKeyConstraint("org_id", "product", name=op.f("pk_trade_item")),
        sa.UniqueConstraint("gtin", name=op.f("uq_trade_item_gtin")),
    )
    if op.get_bind().dialect.name == "postgresql":
        condition = f"{SYSTEM} OR org_id = {ORG}"
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON trade_item TO {APP_ROLE}")
        op.execute("ALTER TABLE trade_item ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE trade_item FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON trade_item USING ({condition}) WITH CHECK ({condition})")


def downgrade() -> None:
    op.drop_table("trade_item")
