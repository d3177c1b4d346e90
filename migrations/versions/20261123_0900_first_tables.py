"""The first tables: access, registry, log, projections, what was issued.

Law: stored events are never rewritten. Expand, backfill, contract over two releases; up and down on both databases.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_first_tables"
down_revision = None
branch_labels = None
depends_on = None

APP_ROLE = "filiere_app"

ORG_TABLES = (
    "app_user",
    "web_session",
    "api_key",
    "event",
    "load",
    "transfer",
    "voided",
    "document",
    "frozen",
    "farmer",
    "person",
    "membership",
    "membership_status",
    "inspection",
    "plot",
    "estimate",
    "site",
    "site_share",
    "vessel",
    "certificate",
    "certificate_product",
    "certificate_site",
    "certificate_status",
)
"""Rows of one organisation."""

LOT_TABLES = (
    "line",
    "lot_claim",
    "lot_cap",
    "hold",
    "lot_check",
    "load_item",
    "reading",
    "unit",
    "label",
)
"""Rows of a lot: its parties see them."""

SYSTEM = "(SELECT current_setting('app.system', true)) = 'on'"
ORG = "(SELECT nullif(current_setting('app.org', true), '')::integer)"
OWN_LOT = f"IN (SELECT p.lot_id FROM lot_party p WHERE p.org_id = {ORG})"


def upgrade() -> None:
    tables()
    append_only()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE event_seq AS bigint")
        row_level_security()


def append_only() -> None:
    """The log takes no UPDATE, no DELETE and no TRUNCATE, whoever asks."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER event_no_{act.lower()} BEFORE {act} ON event "
                "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION event_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event "
        "FOR EACH ROW EXECUTE FUNCTION event_append_only()"
    )
    op.execute(
        "CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_append_only()"
    )


def row_level_security() -> None:
    """The second wall: as ``filiere_app`` a transaction sees its organisation's rows and nothing else."""
    op.execute(
        f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN "
        f"CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE; END IF; END $$"
    )
    op.execute(  # the login role must be able to become it; whoever made the role may have granted that before
        f"DO $$ BEGIN EXECUTE 'GRANT {APP_ROLE} TO ' || quote_ident(current_user); "
        "EXCEPTION WHEN insufficient_privilege OR invalid_grant_operation THEN NULL; END $$"
    )
    op.execute(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}")
    op.execute(f"GRANT USAGE, SELECT ON SEQUENCE event_seq TO {APP_ROLE}")
    op.execute(f"GRANT SELECT ON alembic_version TO {APP_ROLE}")
    policies = dict.fromkeys(ORG_TABLES, f"org_id = {ORG}")
    policies |= dict.fromkeys(LOT_TABLES, f"lot_id {OWN_LOT}")
    policies["lot"] = f"id {OWN_LOT}"
    policies["lot_party"] = f"org_id = {ORG}"
    policies["organisation"] = f"id = {ORG}"
    policies["public_page"] = "true"
    for name, condition in policies.items():
        writes = "SELECT, INSERT" if name == "event" else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {writes} ON {name} TO {APP_ROLE}")
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        if name == "public_page":
            op.execute(f"CREATE POLICY read_all ON {name} FOR SELECT USING (true)")
            op.execute(f"CREATE POLICY system ON {name} USING ({SYSTEM}) WITH CHECK ({SYSTEM})")
        else:
            op.execute(
                f"CREATE POLICY own ON {name} USING ({SYSTEM} OR {condition}) WITH CHECK ({SYSTEM} OR {condition})"
            )
    op.execute(
        f"CREATE POLICY shared ON site FOR SELECT USING "
        f"(id IN (SELECT s.site_id FROM site_share s WHERE s.to_org_id = {ORG}))"
    )
    op.execute(f"CREATE POLICY shared_with_me ON site_share FOR SELECT USING (to_org_id = {ORG})")
    op.execute(
        f"CREATE POLICY shared ON vessel FOR SELECT USING "
        f"(site_id IN (SELECT s.site_id FROM site_share s WHERE s.to_org_id = {ORG}))"
    )
    op.execute(f"CREATE POLICY offered_to_me ON transfer FOR SELECT USING (to_org_id = {ORG})")


def tables() -> None:
    op.create_table(
        "document",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("facts_sha256", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "seq", name=op.f("pk_document")),
        sa.UniqueConstraint("org_id", "number", name=op.f("uq_document_org_id_number")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_lot_id"), ["lot_id"], unique=False)

    op.create_table(
        "frozen",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "sha256", name=op.f("pk_frozen")),
    )
    op.create_table(
        "hold",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("ended_seq", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('hold', 'quality', 'reject', 'parent', 'stock', 'recall', 'void')", name=op.f("ck_hold_kind")
        ),
        sa.PrimaryKeyConstraint("lot_id", "seq", "kind", name=op.f("pk_hold")),
    )
    op.create_table(
        "label",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("claims", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("superseded_by", sa.String(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('issued', 'superseded', 'revoked')", name=op.f("ck_label_state")),
        sa.PrimaryKeyConstraint("lot_id", "code", name=op.f("pk_label")),
        sa.UniqueConstraint("code", name=op.f("uq_label_code")),
    )
    op.create_table(
        "line",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("grams", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("process", sa.String(), nullable=True),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=True),
        sa.CheckConstraint("kind IN ('in', 'out', 'lost', 'shipped', 'note')", name=op.f("ck_line_kind")),
        sa.PrimaryKeyConstraint("lot_id", "seq", "kind", name=op.f("pk_line")),
    )
    with op.batch_alter_table("line", schema=None) as batch_op:
        batch_op.create_index("ix_line_seq", ["seq", "lot_id"], unique=False)

    op.create_table(
        "load",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("vessel_id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("grams", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("org_id", "seq", name=op.f("pk_load")),
        sa.UniqueConstraint("org_id", "uid", name=op.f("uq_load_org_id_uid")),
    )
    with op.batch_alter_table("load", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_load_uid"), ["uid"], unique=False)
        batch_op.create_index("ix_load_vessel", ["vessel_id", "ended_at"], unique=False)

    op.create_table(
        "load_item",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("load_seq", sa.BigInteger(), nullable=False),
        sa.Column("grams", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "load_seq", name=op.f("pk_load_item")),
    )
    with op.batch_alter_table("load_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_load_item_load_seq"), ["load_seq"], unique=False)

    op.create_table(
        "lot",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("initial_g", sa.BigInteger(), nullable=False),
        sa.Column("remaining_g", sa.BigInteger(), nullable=False),
        sa.Column("deficit_g", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("disposition", sa.String(), nullable=False),
        sa.Column("qc", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("moisture_bp", sa.Integer(), nullable=True),
        sa.Column("farmer", sa.String(), nullable=True),
        sa.Column("plot", sa.String(), nullable=True),
        sa.Column("harvested_on", sa.String(), nullable=True),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(), nullable=True),
        sa.Column("transfer_seq", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "disposition IN ('available', 'on_hold', 'rejected', 'recalled', 'void')", name=op.f("ck_lot_disposition")
        ),
        sa.CheckConstraint("kind IN ('delivery', 'receiving', 'lot')", name=op.f("ck_lot_kind")),
        sa.CheckConstraint("qc IN ('pending', 'pass', 'fail')", name=op.f("ck_lot_qc")),
        sa.CheckConstraint("deficit_g >= 0 AND initial_g >= 0", name=op.f("ck_lot_deficit")),
        sa.CheckConstraint("remaining_g >= 0 AND remaining_g <= initial_g", name=op.f("ck_lot_balance")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_lot")),
        sa.UniqueConstraint("id", name=op.f("uq_lot_id")),
        sa.UniqueConstraint("org_id", "code", name=op.f("uq_lot_org_id_code")),
        sa.UniqueConstraint("org_id", "uid", name=op.f("uq_lot_org_id_uid")),
    )
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.create_index("ix_lot_uid", ["uid"], unique=False)

    op.create_table(
        "lot_cap",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("lot_id", "scheme", "seq", name=op.f("pk_lot_cap")),
    )
    op.create_table(
        "lot_check",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "seq", name=op.f("pk_lot_check")),
    )
    op.create_table(
        "lot_claim",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "scheme", name=op.f("pk_lot_claim")),
    )
    op.create_table(
        "lot_party",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("upstream", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "org_id", name=op.f("pk_lot_party")),
    )
    with op.batch_alter_table("lot_party", schema=None) as batch_op:
        batch_op.create_index("ix_lot_party_org", ["org_id", "lot_id"], unique=False)

    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("contact", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('farmer_group', 'facility_operator', 'exporter', 'buyer', 'certifier', 'laboratory', 'operator')",
            name=op.f("ck_organisation_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("code", name=op.f("uq_organisation_code")),
    )
    op.create_table(
        "public_page",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("review_at", sa.BigInteger(), nullable=True),
        sa.Column("html_en", sa.LargeBinary(), nullable=False),
        sa.Column("html_fr", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_public_page")),
    )
    with op.batch_alter_table("public_page", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_public_page_lot_id"), ["lot_id"], unique=False)

    op.create_table(
        "reading",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("in_range", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("lot_id", "seq", "name", name=op.f("pk_reading")),
    )
    op.create_table(
        "transfer",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("to_org_id", sa.Integer(), nullable=False),
        sa.Column("ownership", sa.Boolean(), nullable=False),
        sa.Column("upstream", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("items", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('offered', 'accepted', 'rejected')", name=op.f("ck_transfer_state")),
        sa.PrimaryKeyConstraint("org_id", "seq", name=op.f("pk_transfer")),
    )
    with op.batch_alter_table("transfer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transfer_id"), ["id"], unique=False)
        batch_op.create_index("ix_transfer_to", ["to_org_id", "state"], unique=False)

    op.create_table(
        "unit",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("grams", sa.BigInteger(), nullable=False),
        sa.Column("packaging", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "number", name=op.f("pk_unit")),
    )
    op.create_table(
        "voided",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("by_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "seq", name=op.f("pk_voided")),
    )
    op.create_table(
        "api_key",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("secret_sha256", sa.String(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_api_key_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_api_key")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_id"), ["id"], unique=False)

    op.create_table(
        "app_user",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_app_user_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("org_id", "name", name=op.f("uq_app_user_org_id_name")),
    )
    op.create_table(
        "certificate",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("body_code", sa.String(), nullable=True),
        sa.Column("valid_from", sa.String(), nullable=False),
        sa.Column("valid_to", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_certificate_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("org_id", "scheme", "number", name=op.f("uq_certificate_org_id_scheme_number")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_id"), ["id"], unique=False)

    op.create_table(
        "event",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("logged_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("ruling", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_event_org_id")),
        sa.PrimaryKeyConstraint("org_id", "seq", name=op.f("pk_event")),
        sa.UniqueConstraint("org_id", "id", name=op.f("uq_event_org_id_id")),
        sa.UniqueConstraint("seq", name=op.f("uq_event_seq")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_type_time", ["org_id", "type", "occurred_at"], unique=False)

    op.create_table(
        "farmer",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_farmer_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_farmer")),
        sa.UniqueConstraint("org_id", "code", name=op.f("uq_farmer_org_id_code")),
    )
    op.create_table(
        "site",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('buying_station', 'facility', 'warehouse', 'packhouse', 'office', 'port')",
            name=op.f("ck_site_kind"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_site_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_site")),
        sa.UniqueConstraint("org_id", "code", name=op.f("uq_site_org_id_code")),
    )
    with op.batch_alter_table("site", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_site_id"), ["id"], unique=False)

    op.create_table(
        "certificate_product",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "certificate_id"],
            ["certificate.org_id", "certificate.id"],
            name=op.f("fk_certificate_product_org_id_certificate_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "certificate_id", "category", name=op.f("pk_certificate_product")),
    )
    op.create_table(
        "certificate_site",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("from_day", sa.String(), nullable=False),
        sa.Column("to_day", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "certificate_id"],
            ["certificate.org_id", "certificate.id"],
            name=op.f("fk_certificate_site_org_id_certificate_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "certificate_id", "site_id", "from_day", name=op.f("pk_certificate_site")),
    )
    with op.batch_alter_table("certificate_site", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_site_site_id"), ["site_id"], unique=False)

    op.create_table(
        "certificate_status",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.String(), nullable=False),
        sa.Column("from_day", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("status IN ('active', 'suspended', 'withdrawn')", name=op.f("ck_certificate_status_status")),
        sa.ForeignKeyConstraint(
            ["org_id", "certificate_id"],
            ["certificate.org_id", "certificate.id"],
            name=op.f("fk_certificate_status_org_id_certificate_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "certificate_id", "from_day", name=op.f("pk_certificate_status")),
    )
    op.create_table(
        "estimate",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("farmer_id", sa.String(), nullable=False),
        sa.Column("season", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("grams", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"], name=op.f("fk_estimate_org_id_farmer_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "farmer_id", "season", "product", name=op.f("pk_estimate")),
    )
    op.create_table(
        "inspection",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("farmer_id", sa.String(), nullable=False),
        sa.Column("inspected_on", sa.String(), nullable=False),
        sa.Column("inspector", sa.String(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"], name=op.f("fk_inspection_org_id_farmer_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_inspection")),
    )
    with op.batch_alter_table("inspection", schema=None) as batch_op:
        batch_op.create_index("ix_inspection_farmer", ["org_id", "farmer_id", "inspected_on"], unique=False)

    op.create_table(
        "membership",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("farmer_id", sa.String(), nullable=False),
        sa.Column("certificate_id", sa.String(), nullable=False),
        sa.Column("joined_on", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"], name=op.f("fk_membership_org_id_farmer_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "org_id", "farmer_id", "certificate_id", name=op.f("uq_membership_org_id_farmer_id_certificate_id")
        ),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_certificate_id"), ["certificate_id"], unique=False)

    op.create_table(
        "person",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("farmer_id", sa.String(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("village", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"], name=op.f("fk_person_org_id_farmer_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "farmer_id", name=op.f("pk_person")),
    )
    op.create_table(
        "plot",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("farmer_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("crop", sa.String(), nullable=False),
        sa.Column("area_m2", sa.BigInteger(), nullable=False),
        sa.Column("conversion_start", sa.String(), nullable=True),
        sa.Column("from_day", sa.String(), nullable=True),
        sa.Column("geometry", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"], name=op.f("fk_plot_org_id_farmer_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_plot")),
        sa.UniqueConstraint("org_id", "code", name=op.f("uq_plot_org_id_code")),
    )
    with op.batch_alter_table("plot", schema=None) as batch_op:
        batch_op.create_index("ix_plot_farmer", ["org_id", "farmer_id"], unique=False)

    op.create_table(
        "site_share",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("to_org_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "site_id"], ["site.org_id", "site.id"], name=op.f("fk_site_share_org_id_site_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "site_id", "to_org_id", name=op.f("pk_site_share")),
    )
    with op.batch_alter_table("site_share", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_site_share_to_org_id"), ["to_org_id"], unique=False)

    op.create_table(
        "vessel",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("capacity_g", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('fermentation_box', 'drying_rack', 'dryer', 'tank', 'silo')", name=op.f("ck_vessel_kind")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "site_id"], ["site.org_id", "site.id"], name=op.f("fk_vessel_org_id_site_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_vessel")),
        sa.UniqueConstraint("org_id", "site_id", "code", name=op.f("uq_vessel_org_id_site_id_code")),
    )
    with op.batch_alter_table("vessel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vessel_id"), ["id"], unique=False)

    op.create_table(
        "web_session",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"], ["app_user.org_id", "app_user.id"], name=op.f("fk_web_session_org_id_user_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "token_sha256", name=op.f("pk_web_session")),
    )
    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_web_session_token_sha256"), ["token_sha256"], unique=False)

    op.create_table(
        "membership_status",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.String(), nullable=False),
        sa.Column("from_day", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status IN ('applied', 'approved', 'suspended', 'withdrawn')", name=op.f("ck_membership_status_status")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "membership_id"],
            ["membership.org_id", "membership.id"],
            name=op.f("fk_membership_status_org_id_membership_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "membership_id", "from_day", name=op.f("pk_membership_status")),
    )


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute("DROP TRIGGER event_no_change ON event")
        op.execute("DROP TRIGGER event_no_truncate ON event")
        op.execute("DROP FUNCTION event_append_only()")
        op.execute("DROP SEQUENCE event_seq")
        op.execute(f"REVOKE SELECT ON alembic_version FROM {APP_ROLE}")
        op.execute(f"REVOKE USAGE ON SCHEMA public FROM {APP_ROLE}")
        for name in (*ORG_TABLES, *LOT_TABLES, "lot", "lot_party", "organisation", "public_page"):
            for policy in ("own", "shared", "shared_with_me", "offered_to_me", "read_all", "system"):
                op.execute(f"DROP POLICY IF EXISTS {policy} ON {name}")
    op.drop_table("membership_status")
    op.drop_table("web_session")
    op.drop_table("vessel")
    op.drop_table("site_share")
    op.drop_table("plot")
    op.drop_table("person")
    op.drop_table("membership")
    op.drop_table("inspection")
    op.drop_table("estimate")
    op.drop_table("certificate_status")
    op.drop_table("certificate_site")
    op.drop_table("certificate_product")
    op.drop_table("site")
    op.drop_table("farmer")
    op.drop_table("event")
    op.drop_table("certificate")
    op.drop_table("app_user")
    op.drop_table("api_key")
    op.drop_table("voided")
    op.drop_table("unit")
    op.drop_table("transfer")
    op.drop_table("reading")
    op.drop_table("public_page")
    op.drop_table("organisation")
    op.drop_table("lot_party")
    op.drop_table("lot_claim")
    op.drop_table("lot_check")
    op.drop_table("lot_cap")
    op.drop_table("lot")
    op.drop_table("load_item")
    op.drop_table("load")
    op.drop_table("line")
    op.drop_table("label")
    op.drop_table("hold")
    op.drop_table("frozen")
    op.drop_table("document")
