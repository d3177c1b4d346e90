"""Papers of laboratories that are attached to lots, and their bytes.

Expand only: new tables. Stored events are not touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_analysis_certificates"
down_revision = "20261123_samples_and_labels"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"
ORG = "(SELECT nullif(current_setting('app.org', true), '')::integer)"
OWN_LOT = f"lot_id IN (SELECT p.lot_id FROM lot_party p WHERE p.org_id = {ORG})"

WALLS = {"attached_document": OWN_LOT, "attachment": f"org_id = {ORG}"}
"""Table -> whose rows: of the parties of a lot, or of one organisation."""


def upgrade() -> None:
    op.create_table(
        "attached_document",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("laboratory", sa.String(), nullable=True),
        sa.Column("checks", sa.Text(), nullable=False),
        sa.Column("attached_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "org_id", "sha256", name=op.f("pk_attached_document")),
    )
    with op.batch_alter_table("attached_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attached_document_sha256"), ["sha256"], unique=False)
        batch_op.create_index("ix_attached_document_seq", ["seq"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "sha256", name=op.f("pk_attachment")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for name, own in WALLS.items():
            condition = f"{SYSTEM} OR {own}"
            op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {APP_ROLE}")
            op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own ON {name} USING ({condition}) WITH CHECK ({condition})")


def downgrade() -> None:
    op.drop_table("attachment")
    with op.batch_alter_table("attached_document", schema=None) as batch_op:
        batch_op.drop_index("ix_attached_document_seq")
        batch_op.drop_index(batch_op.f("ix_attached_document_sha256"))
    op.drop_table("attached_document")
