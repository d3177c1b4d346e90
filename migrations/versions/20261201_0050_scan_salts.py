"""The salt of the day, under which addresses of visitors are hashed: one for all processes of a deployment.

Expand only: a new table. Stored events are not touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261201_scan_salts"
down_revision = "20261201_beacons"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"
"""No organisation reads it: with the salt, addresses could be tried out against the hashes of a day."""


def upgrade() -> None:
    op.create_table(
        "scan_salt",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_scan_salt")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"GRANT SELECT, INSERT, DELETE ON scan_salt TO {APP_ROLE}")
        op.execute("ALTER TABLE scan_salt ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE scan_salt FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY system ON scan_salt USING ({SYSTEM}) WITH CHECK ({SYSTEM})")


def downgrade() -> None:
    op.drop_table("scan_salt")
