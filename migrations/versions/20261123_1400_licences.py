"""Licences of producers, such as to fish.

Expand only: a new table. Stored events are not touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_licences"
down_revision = "20261123_prices_and_facilities"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"
ORG = "(SELECT nullif(current_setting('app.org', true), '')::integer)"


def upgrade() -> None:
    op.create_table(
        "licence",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("farmer_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=True),
        sa.Column("valid_from", sa.String(), nullable=False),
        sa.Column("valid_to", sa.String(), nullable=False),
        sa.Column("ended_on", sa.String(), nullable=True),
        sa.Column("flag", sa.String(), nullable=True),
        sa.Column("registration", sa.String(), nullable=True),
        sa.Column("imo", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('fishing')", name=op.f("ck_licence_kind")),
        sa.ForeignKeyConstraint(
            ["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"], name=op.f("fk_licence_org_id_farmer_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_licence")),
        sa.UniqueConstraint(
            "org_id", "kind", "number", "valid_from", name=op.f("uq_licence_org_id_kind_number_valid_from")
        ),
    )
    op.create_index("ix_licence_farmer", "licence", ["org_id", "farmer_id"])
    if op.get_bind().dialect.name == "postgresql":
        condition = f"{SYSTEM} OR org_id = {ORG}"
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON licence TO {APP_ROLE}")
        op.execute("ALTER TABLE licence ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE licence FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON licence USING ({condition}) WITH CHECK ({condition})")


def downgrade() -> None:
    op.drop_index("ix_licence_farmer", "licence")
    op.drop_table("licence")
