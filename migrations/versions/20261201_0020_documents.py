"""What became of a document that was handed out, and the document as it was signed.

Expand only: a new table, and columns with a default. Stored events are not touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_documents"
down_revision = "20261201_transparency_log"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"
ORG = "(SELECT nullif(current_setting('app.org', true), '')::integer)"

COLUMNS = ("about", "supersedes", "reason", "superseded_by", "ended_at", "state")


def upgrade() -> None:
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.add_column(sa.Column("about", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("supersedes", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("state", sa.String(), nullable=False, server_default="issued"))
        batch_op.add_column(sa.Column("reason", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("superseded_by", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("ended_at", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.alter_column("state", server_default=None)
        batch_op.create_check_constraint(op.f("ck_document_state"), "state IN ('issued', 'superseded', 'revoked')")
        batch_op.create_index("ix_document_number", ["number"], unique=False)
    op.create_table(
        "document_file",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "number", name=op.f("pk_document_file")),
    )
    op.create_index("ix_document_file_sha256", "document_file", ["sha256"])
    op.create_index("ix_document_file_signer", "document_file", ["signer"])
    if op.get_bind().dialect.name == "postgresql":
        condition = f"{SYSTEM} OR org_id = {ORG}"
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON document_file TO {APP_ROLE}")
        op.execute("ALTER TABLE document_file ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE document_file FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON document_file USING ({condition}) WITH CHECK ({condition})")


def downgrade() -> None:
    op.drop_index("ix_document_file_signer", "document_file")
    op.drop_index("ix_document_file_sha256", "document_file")
    op.drop_table("document_file")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index("ix_document_number")
        batch_op.drop_constraint(op.f("ck_document_state"), type_="check")
        for name in COLUMNS:
            batch_op.drop_column(name)
