"""Price lists; bookings, tariffs, baselines and sensor readings of shared facilities.

Expand only: new tables. Stored events are not touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_prices_and_facilities"
down_revision = "20261123_recall"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

ORG_TABLES = ("price_list", "booking", "loss_baseline", "price_version", "priced_product", "sensor_reading", "tariff")
"""Rows of one organisation."""

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"
ORG = "(SELECT nullif(current_setting('app.org', true), '')::integer)"


def upgrade() -> None:
    tables()
    if op.get_bind().dialect.name == "postgresql":
        row_level_security()


def row_level_security() -> None:
    """The second wall, as for the first tables."""
    for name in ORG_TABLES:
        condition = f"{SYSTEM} OR org_id = {ORG}"
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {APP_ROLE}")
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON {name} USING ({condition}) WITH CHECK ({condition})")


def tables() -> None:
    op.create_table(
        "sensor_reading",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("load_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "load_id", "name", "device", "read_at", name=op.f("pk_sensor_reading")),
    )
    op.create_table(
        "price_list",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_price_list_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_price_list")),
        sa.UniqueConstraint("org_id", "code", name=op.f("uq_price_list_org_id_code")),
    )
    op.create_table(
        "loss_baseline",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("measured_on", sa.String(), nullable=False),
        sa.Column("loss_bp", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("loss_bp > 0 AND loss_bp <= 10000", name=op.f("ck_loss_baseline_share")),
        sa.ForeignKeyConstraint(
            ["org_id", "site_id"], ["site.org_id", "site.id"], name=op.f("fk_loss_baseline_org_id_site_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "site_id", "measured_on", name=op.f("pk_loss_baseline")),
    )
    op.create_table(
        "price_version",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_day", sa.String(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "list_id"], ["price_list.org_id", "price_list.id"], name=op.f("fk_price_version_org_id_list_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "list_id", "number", name=op.f("pk_price_version")),
    )
    op.create_table(
        "priced_product",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "list_id"], ["price_list.org_id", "price_list.id"], name=op.f("fk_priced_product_org_id_list_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "product", name=op.f("pk_priced_product")),
    )
    op.create_table(
        "tariff",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("from_day", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("fee_per_tonne", sa.BigInteger(), nullable=False),
        sa.Column("capital_minor", sa.BigInteger(), nullable=False),
        sa.Column("users_share_bp", sa.Integer(), nullable=False),
        sa.Column("spread_months", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("fee_per_tonne >= 0 AND capital_minor >= 0", name=op.f("ck_tariff_amounts")),
        sa.CheckConstraint("users_share_bp >= 0 AND users_share_bp <= 10000", name=op.f("ck_tariff_share")),
        sa.ForeignKeyConstraint(
            ["org_id", "site_id"], ["site.org_id", "site.id"], name=op.f("fk_tariff_org_id_site_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "site_id", "from_day", name=op.f("pk_tariff")),
    )
    op.create_table(
        "booking",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("vessel_id", sa.String(), nullable=False),
        sa.Column("for_org_id", sa.Integer(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("to_at", sa.BigInteger(), nullable=False),
        sa.Column("grams", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("booked_by", sa.Integer(), nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("to_at > from_at AND grams > 0", name=op.f("ck_booking_slot")),
        sa.ForeignKeyConstraint(
            ["org_id", "vessel_id"], ["vessel.org_id", "vessel.id"], name=op.f("fk_booking_org_id_vessel_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_booking")),
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_booking_for_org_id"), ["for_org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_booking_id"), ["id"], unique=False)
        batch_op.create_index("ix_booking_site", ["site_id", "from_at"], unique=False)
        batch_op.create_index("ix_booking_vessel", ["vessel_id", "from_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.drop_index("ix_booking_vessel")
        batch_op.drop_index("ix_booking_site")
        batch_op.drop_index(batch_op.f("ix_booking_id"))
        batch_op.drop_index(batch_op.f("ix_booking_for_org_id"))

    op.drop_table("booking")
    op.drop_table("tariff")
    op.drop_table("priced_product")
    op.drop_table("price_version")
    op.drop_table("loss_baseline")
    op.drop_table("price_list")
    op.drop_table("sensor_reading")
