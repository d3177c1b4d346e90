"""The internal control system, imports, signals, cleaning records, certificates of a control body about lots.

Expand only: new tables, new columns with a default, two indexes, one more kind of hold. Stored events are not touched.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_control_system"
down_revision = "20261123_first_tables"
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

ORG_TABLES = (
    "cleaning",
    "contract",
    "import_mapping",
    "import_run",
    "inspector",
    "non_conformity",
    "scheme_setting",
    "signal",
    "training",
    "holding",
    "import_record",
    "inspector_person",
    "inspector_statement",
    "inspector_tie",
    "instrument",
    "member_list",
    "official_control",
    "planned_inspection",
    "training_record",
    "calibration",
    "estimate_revision",
    "inspection_report",
    "sanction",
)
"""Rows of one organisation."""

LOT_TABLES = ("consignment",)
"""Rows of a lot: its parties see them."""

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"
ORG = "(SELECT nullif(current_setting('app.org', true), '')::integer)"
OWN_LOT = f"IN (SELECT p.lot_id FROM lot_party p WHERE p.org_id = {ORG})"

HOLDS = ("hold", "quality", "reject", "parent", "stock", "recall", "void")


def upgrade() -> None:
    tables()
    holds((*HOLDS, "claim"))
    caps()
    if op.get_bind().dialect.name == "postgresql":
        row_level_security()


def holds(kinds: tuple[str, ...]) -> None:
    """The kinds of hold that the table takes."""
    check = "kind IN (" + ", ".join(f"'{kind}'" for kind in kinds) + ")"
    with op.batch_alter_table("hold") as batch_op:
        batch_op.drop_constraint(op.f("ck_hold_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_hold_kind"), check)


def caps() -> None:
    """A cap names the event whose part of the lot it caps: it goes when that event is taken back."""
    with op.batch_alter_table("lot_cap") as batch_op:
        batch_op.add_column(sa.Column("of_seq", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.drop_constraint(op.f("pk_lot_cap"), type_="primary")
        batch_op.create_primary_key(op.f("pk_lot_cap"), ["lot_id", "scheme", "seq", "of_seq"])
    op.execute(
        "UPDATE lot_cap SET of_seq = seq WHERE EXISTS (SELECT 1 FROM line WHERE line.lot_id = lot_cap.lot_id "
        "AND line.seq = lot_cap.seq AND line.kind = 'in')"
    )
    with op.batch_alter_table("lot_cap") as batch_op:
        batch_op.alter_column("of_seq", server_default=None)


def row_level_security() -> None:
    """The second wall, as for the first tables."""
    policies = dict.fromkeys(ORG_TABLES, f"org_id = {ORG}")
    policies |= dict.fromkeys(LOT_TABLES, f"lot_id {OWN_LOT}")
    for name, condition in policies.items():
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {APP_ROLE}")
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON {name} USING ({SYSTEM} OR {condition}) WITH CHECK ({SYSTEM} OR {condition})")


def tables() -> None:
    op.create_table(
        "cleaning",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("vessel_id", sa.String(), nullable=True),
        sa.Column("cleaned_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "seq", name=op.f("pk_cleaning")),
    )
    with op.batch_alter_table("cleaning", schema=None) as batch_op:
        batch_op.create_index("ix_cleaning_site", ["site_id", "cleaned_at"], unique=False)

    op.create_table(
        "consignment",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("grams", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_seq", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('issued', 'flagged', 'cancelled')", name=op.f("ck_consignment_state")),
        sa.PrimaryKeyConstraint("lot_id", "seq", name=op.f("pk_consignment")),
    )
    op.create_table(
        "contract",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("buyer", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=True),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("grams", sa.BigInteger(), nullable=False),
        sa.Column("from_day", sa.String(), nullable=False),
        sa.Column("to_day", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_contract_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_contract")),
        sa.UniqueConstraint("org_id", "code", name=op.f("uq_contract_org_id_code")),
    )
    op.create_table(
        "import_mapping",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("heading", sa.String(), nullable=False),
        sa.Column("column", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_import_mapping_org_id")),
        sa.PrimaryKeyConstraint("org_id", "kind", "heading", name=op.f("pk_import_mapping")),
    )
    op.create_table(
        "import_run",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("applied_by", sa.String(), nullable=True),
        sa.Column("applied_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('farmers', 'plots', 'deliveries', 'inspections')", name=op.f("ck_import_run_kind")
        ),
        sa.CheckConstraint("state IN ('checked', 'applied', 'undone')", name=op.f("ck_import_run_state")),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_import_run_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_import_run")),
    )
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.create_index("ix_import_run_sha256", ["org_id", "sha256"], unique=False)

    op.create_table(
        "inspector",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("manager", sa.Boolean(), nullable=False),
        sa.Column("farmer", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("from_day", sa.String(), nullable=False),
        sa.Column("to_day", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_inspector_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_inspector")),
        sa.UniqueConstraint("org_id", "code", name=op.f("uq_inspector_org_id_code")),
    )
    op.create_table(
        "non_conformity",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("farmer_id", sa.String(), nullable=True),
        sa.Column("site_id", sa.String(), nullable=True),
        sa.Column("inspection_id", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("found_on", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("due_on", sa.String(), nullable=True),
        sa.Column("closed_on", sa.String(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("effective", sa.Boolean(), nullable=True),
        sa.Column("notified_on", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("severity IN ('minor', 'major', 'critical')", name=op.f("ck_non_conformity_severity")),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_non_conformity_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_non_conformity")),
    )
    with op.batch_alter_table("non_conformity", schema=None) as batch_op:
        batch_op.create_index("ix_non_conformity_farmer", ["org_id", "farmer_id"], unique=False)

    op.create_table(
        "scheme_setting",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("from_day", sa.String(), nullable=False),
        sa.Column("claimed", sa.Boolean(), nullable=False),
        sa.Column("strict", sa.Boolean(), nullable=False),
        sa.Column("over_delivery", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("over_delivery IN ('observe', 'hold')", name=op.f("ck_scheme_setting_over_delivery")),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_scheme_setting_org_id")),
        sa.PrimaryKeyConstraint("org_id", "scheme", "from_day", name=op.f("pk_scheme_setting")),
    )
    op.create_table(
        "signal",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("season", sa.String(), nullable=False),
        sa.Column("pattern", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'explained', 'confirmed')", name=op.f("ck_signal_state")),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_signal_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_signal")),
    )
    with op.batch_alter_table("signal", schema=None) as batch_op:
        batch_op.create_index("ix_signal_season", ["org_id", "season", "state", "score"], unique=False)

    op.create_table(
        "training",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("held_on", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("trainer", sa.String(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("audience IN ('inspector', 'farmer')", name=op.f("ck_training_audience")),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_training_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_training")),
    )
    op.create_table(
        "holding",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("farmer_id", sa.String(), nullable=False),
        sa.Column("from_day", sa.String(), nullable=False),
        sa.Column("area_m2", sa.BigInteger(), nullable=False),
        sa.Column("greenhouse_m2", sa.BigInteger(), nullable=False),
        sa.Column("grassland_only", sa.Boolean(), nullable=False),
        sa.Column("organic_turnover_cents", sa.BigInteger(), nullable=True),
        sa.Column("standard_output_cents", sa.BigInteger(), nullable=True),
        sa.Column("cost_share_bp", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"], name=op.f("fk_holding_org_id_farmer_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "farmer_id", "from_day", name=op.f("pk_holding")),
    )
    op.create_table(
        "import_record",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "run_id"], ["import_run.org_id", "import_run.id"], name=op.f("fk_import_record_org_id_run_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "run_id", "row", "part", name=op.f("pk_import_record")),
    )
    op.create_table(
        "inspector_person",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("inspector_id", sa.String(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "inspector_id"],
            ["inspector.org_id", "inspector.id"],
            name=op.f("fk_inspector_person_org_id_inspector_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "inspector_id", name=op.f("pk_inspector_person")),
    )
    op.create_table(
        "inspector_statement",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("inspector_id", sa.String(), nullable=False),
        sa.Column("signed_on", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "inspector_id"],
            ["inspector.org_id", "inspector.id"],
            name=op.f("fk_inspector_statement_org_id_inspector_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "inspector_id", "signed_on", name=op.f("pk_inspector_statement")),
    )
    op.create_table(
        "inspector_tie",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("inspector_id", sa.String(), nullable=False),
        sa.Column("farmer", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("declared_on", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('self', 'family', 'employer', 'neighbour', 'business')", name=op.f("ck_inspector_tie_kind")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "inspector_id"],
            ["inspector.org_id", "inspector.id"],
            name=op.f("fk_inspector_tie_org_id_inspector_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "inspector_id", "farmer", name=op.f("pk_inspector_tie")),
    )
    op.create_table(
        "instrument",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('scale', 'moisture_meter', 'thermometer', 'other')", name=op.f("ck_instrument_kind")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "site_id"], ["site.org_id", "site.id"], name=op.f("fk_instrument_org_id_site_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_instrument")),
        sa.UniqueConstraint("org_id", "code", name=op.f("uq_instrument_org_id_code")),
    )
    with op.batch_alter_table("instrument", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instrument_id"), ["id"], unique=False)

    op.create_table(
        "member_list",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.String(), nullable=False),
        sa.Column("frozen_at", sa.BigInteger(), nullable=False),
        sa.Column("frozen_by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "certificate_id"],
            ["certificate.org_id", "certificate.id"],
            name=op.f("fk_member_list_org_id_certificate_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "certificate_id", "number", name=op.f("pk_member_list")),
    )
    op.create_table(
        "official_control",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("farmer_id", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("controlled_on", sa.String(), nullable=False),
        sa.Column("inspector", sa.String(), nullable=False),
        sa.Column("conform", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"], name=op.f("fk_official_control_org_id_farmer_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_official_control")),
    )
    with op.batch_alter_table("official_control", schema=None) as batch_op:
        batch_op.create_index("ix_official_control_farmer", ["org_id", "farmer_id"], unique=False)

    op.create_table(
        "planned_inspection",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("certificate_id", sa.String(), nullable=False),
        sa.Column("season", sa.String(), nullable=False),
        sa.Column("farmer_id", sa.String(), nullable=False),
        sa.Column("inspector", sa.String(), nullable=False),
        sa.Column("due_on", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("inspection_id", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'done', 'cancelled')", name=op.f("ck_planned_inspection_state")),
        sa.ForeignKeyConstraint(
            ["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"], name=op.f("fk_planned_inspection_org_id_farmer_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_planned_inspection")),
        sa.UniqueConstraint(
            "org_id",
            "certificate_id",
            "season",
            "farmer_id",
            name=op.f("uq_planned_inspection_org_id_certificate_id_season_farmer_id"),
        ),
    )
    with op.batch_alter_table("planned_inspection", schema=None) as batch_op:
        batch_op.create_index("ix_planned_inspection_inspector", ["org_id", "inspector", "due_on"], unique=False)

    op.create_table(
        "training_record",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("training_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "training_id"],
            ["training.org_id", "training.id"],
            name=op.f("fk_training_record_org_id_training_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "training_id", "person", name=op.f("pk_training_record")),
    )
    op.create_table(
        "calibration",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("instrument_id", sa.String(), nullable=False),
        sa.Column("from_day", sa.String(), nullable=False),
        sa.Column("to_day", sa.String(), nullable=False),
        sa.Column("error_bp", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "instrument_id"],
            ["instrument.org_id", "instrument.id"],
            name=op.f("fk_calibration_org_id_instrument_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "instrument_id", "from_day", name=op.f("pk_calibration")),
    )
    op.create_table(
        "estimate_revision",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("farmer_id", sa.String(), nullable=False),
        sa.Column("season", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("grams", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("inspection_id", sa.String(), nullable=True),
        sa.Column("signed_by", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "farmer_id", "season", "product"],
            ["estimate.org_id", "estimate.farmer_id", "estimate.season", "estimate.product"],
            name=op.f("fk_estimate_revision_org_id_farmer_id_season_product"),
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "farmer_id", "season", "product", "number", name=op.f("pk_estimate_revision")
        ),
    )
    op.create_table(
        "inspection_report",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("inspection_id", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("inspector_signed_on", sa.String(), nullable=True),
        sa.Column("member_signed_on", sa.String(), nullable=True),
        sa.Column("issued_on", sa.String(), nullable=True),
        sa.Column("judged", sa.Text(), nullable=False),
        sa.Column("told_by", sa.String(), nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "decision IN ('approved', 'conditions', 'rejected')", name=op.f("ck_inspection_report_decision")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "inspection_id"],
            ["inspection.org_id", "inspection.id"],
            name=op.f("fk_inspection_report_org_id_inspection_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "inspection_id", name=op.f("pk_inspection_report")),
    )
    op.create_table(
        "sanction",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("membership_id", sa.String(), nullable=False),
        sa.Column("non_conformity_id", sa.String(), nullable=True),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("from_day", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("deliveries", sa.Text(), nullable=False),
        sa.Column("notified_on", sa.String(), nullable=True),
        sa.Column("lifted_on", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "step IN ('warning', 'lot_excluded', 'suspension', 'expulsion')", name=op.f("ck_sanction_step")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "membership_id"],
            ["membership.org_id", "membership.id"],
            name=op.f("fk_sanction_org_id_membership_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_sanction")),
    )
    with op.batch_alter_table("sanction", schema=None) as batch_op:
        batch_op.create_index("ix_sanction_membership", ["org_id", "membership_id"], unique=False)

    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("zone", sa.String(), nullable=True))

    with op.batch_alter_table("certificate_product", schema=None) as batch_op:
        batch_op.add_column(sa.Column("from_day", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("to_day", sa.String(), nullable=True))

    with op.batch_alter_table("estimate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("signed", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("line", schema=None) as batch_op:
        batch_op.create_index("ix_line_site", ["site_id", "occurred_at"], unique=False)

    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.create_index("ix_lot_farmer", ["org_id", "farmer", "made_at"], unique=False)

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unit", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("agreement_on", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("agreement_ref", sa.String(), nullable=True))

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("identity_no", sa.String(), nullable=True))

    with op.batch_alter_table("plot", schema=None) as batch_op:
        batch_op.add_column(sa.Column("measured_m2", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("country", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("zone", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("variety", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("planted_year", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("last_treated_on", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("cleared_on", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("screened_on", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("screened_by", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("judged", sa.Text(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.execute("DELETE FROM hold WHERE kind = 'claim'")
    holds(HOLDS)
    op.execute("DELETE FROM lot_cap WHERE of_seq NOT IN (0, seq)")
    with op.batch_alter_table("lot_cap") as batch_op:
        batch_op.drop_constraint(op.f("pk_lot_cap"), type_="primary")
        batch_op.drop_column("of_seq")
        batch_op.create_primary_key(op.f("pk_lot_cap"), ["lot_id", "scheme", "seq"])
    with op.batch_alter_table("plot", schema=None) as batch_op:
        batch_op.drop_column("judged")
        batch_op.drop_column("screened_by")
        batch_op.drop_column("screened_on")
        batch_op.drop_column("cleared_on")
        batch_op.drop_column("last_treated_on")
        batch_op.drop_column("planted_year")
        batch_op.drop_column("variety")
        batch_op.drop_column("zone")
        batch_op.drop_column("country")
        batch_op.drop_column("measured_m2")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("identity_no")

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_column("agreement_ref")
        batch_op.drop_column("agreement_on")
        batch_op.drop_column("unit")

    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.drop_index("ix_lot_farmer")

    with op.batch_alter_table("line", schema=None) as batch_op:
        batch_op.drop_index("ix_line_site")

    with op.batch_alter_table("estimate", schema=None) as batch_op:
        batch_op.drop_column("signed")

    with op.batch_alter_table("certificate_product", schema=None) as batch_op:
        batch_op.drop_column("to_day")
        batch_op.drop_column("from_day")

    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_column("zone")

    with op.batch_alter_table("sanction", schema=None) as batch_op:
        batch_op.drop_index("ix_sanction_membership")

    op.drop_table("sanction")
    op.drop_table("inspection_report")
    op.drop_table("estimate_revision")
    op.drop_table("calibration")
    op.drop_table("training_record")
    with op.batch_alter_table("planned_inspection", schema=None) as batch_op:
        batch_op.drop_index("ix_planned_inspection_inspector")

    op.drop_table("planned_inspection")
    with op.batch_alter_table("official_control", schema=None) as batch_op:
        batch_op.drop_index("ix_official_control_farmer")

    op.drop_table("official_control")
    op.drop_table("member_list")
    with op.batch_alter_table("instrument", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_instrument_id"))

    op.drop_table("instrument")
    op.drop_table("inspector_tie")
    op.drop_table("inspector_statement")
    op.drop_table("inspector_person")
    op.drop_table("import_record")
    op.drop_table("holding")
    op.drop_table("training")
    with op.batch_alter_table("signal", schema=None) as batch_op:
        batch_op.drop_index("ix_signal_season")

    op.drop_table("signal")
    op.drop_table("scheme_setting")
    with op.batch_alter_table("non_conformity", schema=None) as batch_op:
        batch_op.drop_index("ix_non_conformity_farmer")

    op.drop_table("non_conformity")
    op.drop_table("inspector")
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.drop_index("ix_import_run_sha256")

    op.drop_table("import_run")
    op.drop_table("import_mapping")
    op.drop_table("contract")
    op.drop_table("consignment")
    with op.batch_alter_table("cleaning", schema=None) as batch_op:
        batch_op.drop_index("ix_cleaning_site")

    op.drop_table("cleaning")
