"""Samples that change hands, labels that are counted, checklists of a site.

Expand only: new tables. Stored events are not touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_samples_and_labels"
down_revision = "20261123_licences"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"
ORG = "(SELECT nullif(current_setting('app.org', true), '')::integer)"
OWN_LOT = f"lot_id IN (SELECT p.lot_id FROM lot_party p WHERE p.org_id = {ORG})"
OWN = {
    "sample_handover": f"org_id = {ORG}",
    "site_checklist": f"org_id = {ORG}",
    "label_count": OWN_LOT,
}
"""Table -> whose rows an organisation sees."""


def upgrade() -> None:
    op.create_table(
        "sample_handover",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("handed_at", sa.BigInteger(), nullable=False),
        sa.Column("to", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=True),
        sa.Column("broken", sa.Boolean(), nullable=False),
        sa.Column("told_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "seq", name=op.f("pk_sample_handover")),
    )
    op.create_index("ix_sample_handover_code", "sample_handover", ["org_id", "code"])
    op.create_table(
        "label_count",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.Column("printed", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("spoiled", sa.Integer(), nullable=False),
        sa.Column("put_back", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "seq", name=op.f("pk_label_count")),
    )
    op.create_table(
        "site_checklist",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("vessel_id", sa.String(), nullable=True),
        sa.Column("checklist", sa.String(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.Text(), nullable=False),
        sa.Column("general", sa.Boolean(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("told_by", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "seq", name=op.f("pk_site_checklist")),
    )
    op.create_index("ix_site_checklist_site", "site_checklist", ["site_id", "checked_at"])
    if op.get_bind().dialect.name == "postgresql":
        for name, own in OWN.items():
            condition = f"{SYSTEM} OR {own}"
            op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {APP_ROLE}")
            op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own ON {name} USING ({condition}) WITH CHECK ({condition})")


def downgrade() -> None:
    op.drop_index("ix_site_checklist_site", "site_checklist")
    op.drop_table("site_checklist")
    op.drop_table("label_count")
    op.drop_index("ix_sample_handover_code", "sample_handover")
    op.drop_table("sample_handover")
