"""Labels of units: what becomes of a unit, the register of labels, secrets of runs, codes, scans, alerts.

Expand only: new tables and columns. Stored events are not touched. Pages are rendered again when they are next asked
for: they have a place for a unit since.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_units"
down_revision = "20261201_documents"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"
PUBLIC = "(SELECT current_setting('app.public', true)) = 'on'"
"""The connection of the public pages, which reads and writes nothing else."""
ORG = "(SELECT nullif(current_setting('app.org', true), '')::integer)"
OWN = f"org_id = {ORG}"
OWN_LOT = f"lot_id IN (SELECT p.lot_id FROM lot_party p WHERE p.org_id = {ORG})"

WALLS = {
    "label_register": OWN,
    "label_run": OWN,
    "label_alert": OWN,
    "unit_code": OWN_LOT,
    "opening_try": OWN_LOT,
    "scan": OWN_LOT,
}
"""Table -> whose rows: of the parties of a lot, or of one organisation."""

OPEN = ("unit", "unit_code", "label_alert")
"""Tables that the page of a unit reads."""

STATES = "state IN ('issued', 'applied', 'shipped', 'received', 'opened', 'void')"
ADDED = (
    ("state", sa.String()),
    ("state_seq", sa.BigInteger()),
    ("state_at", sa.BigInteger()),
    ("state_org", sa.Integer()),
    ("label_seq", sa.BigInteger()),
    ("labelled_by", sa.Integer()),
    ("labelled_at", sa.BigInteger()),
    ("applied_at", sa.BigInteger()),
    ("weighed_g", sa.BigInteger()),
    ("shipped_at", sa.BigInteger()),
    ("received_at", sa.BigInteger()),
    ("opened_at", sa.BigInteger()),
)


def upgrade() -> None:
    with op.batch_alter_table("unit") as batch_op:
        for name, kind in ADDED:
            batch_op.add_column(sa.Column(name, kind, nullable=True))
        batch_op.add_column(sa.Column("prints", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_check_constraint(op.f("ck_unit_state"), STATES)
    with op.batch_alter_table("unit") as batch_op:
        batch_op.alter_column("prints", server_default=None)
    op.create_table(
        "label_register",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("units", sa.Text(), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("design", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("told_by", sa.String(), nullable=True),
        sa.CheckConstraint("kind IN ('issued', 'printed', 'reprinted', 'void')", name=op.f("ck_label_register_kind")),
        sa.PrimaryKeyConstraint("org_id", "seq", name=op.f("pk_label_register")),
    )
    op.create_index("ix_label_register_lot", "label_register", ["org_id", "lot_id", "seq"])
    op.create_table(
        "label_run",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("commodity", sa.Integer(), nullable=False),
        sa.Column("packed_on", sa.String(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("opening_seed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "seq", name=op.f("pk_label_run")),
    )
    op.create_index(op.f("ix_label_run_lot_id"), "label_run", ["lot_id"])
    op.create_table(
        "unit_code",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_unit_code")),
    )
    op.create_index("ix_unit_code_lot", "unit_code", ["lot_id", "number"])
    op.create_table(
        "opening_try",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_opening_try")),
    )
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "scan",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("lat_udeg", sa.Integer(), nullable=True),
        sa.Column("lon_udeg", sa.Integer(), nullable=True),
        sa.Column("visitor", sa.String(), nullable=True),
        sa.CheckConstraint("kind IN ('public', 'typed', 'differs', 'receipt', 'second')", name=op.f("ck_scan_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan")),
    )
    op.create_index("ix_scan_code", "scan", ["code", "at"])
    op.create_index(op.f("ix_scan_at"), "scan", ["at"])
    op.create_table(
        "label_alert",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("org_id", "code", name=op.f("pk_label_alert")),
    )
    op.create_index(op.f("ix_label_alert_lot_id"), "label_alert", ["lot_id"])
    if op.get_bind().dialect.name == "postgresql":
        for name, own in WALLS.items():
            condition = f"{SYSTEM} OR {own}"
            op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {APP_ROLE}")
            op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own ON {name} USING ({condition}) WITH CHECK ({condition})")
        for name in OPEN:
            op.execute(f"CREATE POLICY public_page ON {name} FOR SELECT USING ({PUBLIC})")
        op.execute(f"GRANT USAGE, SELECT ON SEQUENCE scan_id_seq TO {APP_ROLE}")
        op.execute("SELECT set_config('app.system', 'on', true)")
    op.execute("UPDATE public_page SET review_at = 0")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP POLICY public_page ON unit")
    for name in reversed(WALLS):
        op.drop_table(name)
    with op.batch_alter_table("unit") as batch_op:
        batch_op.drop_constraint(op.f("ck_unit_state"), type_="check")
        batch_op.drop_column("prints")
        for name, _ in reversed(ADDED):
            batch_op.drop_column(name)
