"""The tree over the log: its entries, notices, signed states and the witnesses that saw them.

Expand only: new tables. Stored events are not touched; the sequencer enters those that are there already.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_transparency_log"
down_revision = "20261123_analysis_certificates"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"

TABLES = ("log_entry", "log_notice", "log_checkpoint", "cosignature")
"""All are public by their nature: entries are salted commitments. Only the ledger itself writes them."""

APPEND_ONLY = ("log_entry", "log_notice", "log_checkpoint")


def upgrade() -> None:
    op.create_table(
        "log_entry",
        sa.Column("tree", sa.Integer(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("notice", sa.Integer(), nullable=True),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tree", "index", name=op.f("pk_log_entry")),
        sa.UniqueConstraint("tree", "seq", name=op.f("uq_log_entry_tree_seq")),
        sa.UniqueConstraint("tree", "notice", name=op.f("uq_log_entry_tree_notice")),
    )
    op.create_table(
        "log_notice",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_notice")),
    )
    op.create_table(
        "log_checkpoint",
        sa.Column("tree", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tree", "size", name=op.f("pk_log_checkpoint")),
    )
    op.create_table(
        "cosignature",
        sa.Column("tree", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("witness", sa.String(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tree", "size", "witness", name=op.f("pk_cosignature")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for name in APPEND_ONLY:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {name}_no_{act.lower()} BEFORE {act} ON {name} "
                    "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
                )
        return
    for name in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {name}_no_change BEFORE UPDATE OR DELETE ON {name} "
            "FOR EACH ROW EXECUTE FUNCTION event_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION event_append_only()"
        )
    for name in TABLES:
        op.execute(f"GRANT SELECT, INSERT ON {name} TO {APP_ROLE}")
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY read_all ON {name} FOR SELECT USING (true)")
        op.execute(f"CREATE POLICY system ON {name} USING ({SYSTEM}) WITH CHECK ({SYSTEM})")
    op.execute(f"GRANT DELETE ON cosignature TO {APP_ROLE}")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
