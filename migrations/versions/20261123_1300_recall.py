"""Recalls and their tests: cases, notices to other organisations, who was told, what came back, consignees.

Expand only: new tables. Stored events are not touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_recall"
down_revision = "20261123_quality_control"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"
ORG_TABLES = ("consignee", "recall_case", "recall_notice", "recall_notification", "recall_return")
"""Rows of one organisation."""

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"
ORG = "(SELECT nullif(current_setting('app.org', true), '')::integer)"


def upgrade() -> None:
    tables()
    if op.get_bind().dialect.name == "postgresql":
        for name in ORG_TABLES:
            condition = f"{SYSTEM} OR org_id = {ORG}"
            op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {APP_ROLE}")
            op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own ON {name} USING ({condition}) WITH CHECK ({condition})")


def tables() -> None:
    op.create_table(
        "consignee",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_consignee_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_consignee")),
        sa.UniqueConstraint("org_id", "code", name=op.f("uq_consignee_org_id_code")),
    )
    op.create_table(
        "recall_case",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("from_day", sa.String(), nullable=True),
        sa.Column("to_day", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("roots", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("held_lots", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('real', 'mock')", name=op.f("ck_recall_case_kind")),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_recall_case_state")),
        sa.CheckConstraint(
            "origin IN ('lot', 'input', 'plot', 'load', 'vessel', 'check')", name=op.f("ck_recall_case_origin")
        ),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_recall_case_closed")),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_recall_case_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_recall_case")),
        sa.UniqueConstraint("org_id", "number", name=op.f("uq_recall_case_org_id_number")),
    )
    with op.batch_alter_table("recall_case", schema=None) as batch_op:
        batch_op.create_index("ix_recall_case_opened", ["org_id", "opened_at"], unique=False)

    op.create_table(
        "recall_notice",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("by_org_id", sa.Integer(), nullable=False),
        sa.Column("lots", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_org_id", "case_id"],
            ["recall_case.org_id", "recall_case.id"],
            name=op.f("fk_recall_notice_by_org_id_case_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "case_id", name=op.f("pk_recall_notice")),
    )
    op.create_table(
        "recall_notification",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("notified_at", sa.BigInteger(), nullable=False),
        sa.Column("notified_by", sa.String(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "case_id", "recipient", name=op.f("pk_recall_notification")),
    )
    op.create_table(
        "recall_return",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("grams", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("outcome IN ('returned', 'destroyed')", name=op.f("ck_recall_return_outcome")),
        sa.CheckConstraint("grams > 0", name=op.f("ck_recall_return_grams")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_recall_return")),
    )
    with op.batch_alter_table("recall_return", schema=None) as batch_op:
        batch_op.create_index("ix_recall_return_case", ["case_id", "lot_id"], unique=False)


def downgrade() -> None:
    for name in ("recall_notice", "recall_return", "recall_notification", "recall_case", "consignee"):
        op.drop_table(name)
