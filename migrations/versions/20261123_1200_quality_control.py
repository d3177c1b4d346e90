"""Quality control: samples, test orders, checklists, retests.

Expand only: new tables, one new column. Stored events are not touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_quality_control"
down_revision = "20261123_control_system"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

LOT_TABLES = ("sample", "test_order", "lot_checklist", "deviation")
"""Rows of a lot: its parties see them."""

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"
ORG = "(SELECT nullif(current_setting('app.org', true), '')::integer)"
OWN_LOT = f"IN (SELECT p.lot_id FROM lot_party p WHERE p.org_id = {ORG})"


def upgrade() -> None:
    with op.batch_alter_table("lot_check") as batch_op:
        batch_op.add_column(sa.Column("retest_of", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("label") as batch_op:
        batch_op.add_column(sa.Column("declares", sa.Text(), nullable=False, server_default="[]"))
    with op.batch_alter_table("label") as batch_op:
        batch_op.alter_column("declares", server_default=None)
    with op.batch_alter_table("lot") as batch_op:
        batch_op.add_column(sa.Column("expires_on", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("certified_seq", sa.BigInteger(), nullable=True))
    op.create_table(
        "deviation",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("root_cause", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("due", sa.String(), nullable=True),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("effective", sa.Boolean(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.CheckConstraint("grade IN ('minor', 'major', 'critical')", name=op.f("ck_deviation_grade")),
        sa.PrimaryKeyConstraint("lot_id", "seq", name=op.f("pk_deviation")),
        sa.UniqueConstraint("uid", name=op.f("uq_deviation_uid")),
    )
    op.create_table(
        "sample",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("sampled_at", sa.BigInteger(), nullable=False),
        sa.Column("bags", sa.Integer(), nullable=True),
        sa.Column("drawn_from", sa.Integer(), nullable=True),
        sa.Column("increments", sa.Integer(), nullable=False),
        sa.Column("grams", sa.BigInteger(), nullable=True),
        sa.Column("seal", sa.String(), nullable=True),
        sa.Column("told_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "seq", name=op.f("pk_sample")),
    )
    with op.batch_alter_table("sample", schema=None) as batch_op:
        batch_op.create_index("ix_sample_code", ["org_id", "code"], unique=False)
    op.create_table(
        "test_order",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("ordered_at", sa.BigInteger(), nullable=False),
        sa.Column("tests", sa.Text(), nullable=False),
        sa.Column("laboratory", sa.String(), nullable=True),
        sa.Column("sample", sa.String(), nullable=True),
        sa.Column("due", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("lot_id", "seq", name=op.f("pk_test_order")),
    )
    op.create_table(
        "lot_checklist",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("vessel_id", sa.String(), nullable=True),
        sa.Column("checklist", sa.String(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "seq", name=op.f("pk_lot_checklist")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for name in LOT_TABLES:
            op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {APP_ROLE}")
            op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
            op.execute(
                f"CREATE POLICY own ON {name} USING ({SYSTEM} OR lot_id {OWN_LOT}) "
                f"WITH CHECK ({SYSTEM} OR lot_id {OWN_LOT})"
            )


def downgrade() -> None:
    for name in reversed(LOT_TABLES):
        op.drop_table(name)
    with op.batch_alter_table("lot") as batch_op:
        batch_op.drop_column("certified_seq")
        batch_op.drop_column("expires_on")
    with op.batch_alter_table("label") as batch_op:
        batch_op.drop_column("declares")
    with op.batch_alter_table("lot_check") as batch_op:
        batch_op.drop_column("retest_of")
