"""Spreadsheets and map files brought in: what came, what was said of it, what it made."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from models.base import maybe_millis, millis, one_of, org_scoped, text

IMPORT_KINDS = ("farmers", "plots", "deliveries", "inspections")
IMPORT_STATES = ("checked", "applied", "undone")


@org_scoped
class ImportRun(SQLModel, table=True):
    """One file brought in. ``content`` is kept until it is applied, so that what was checked is what is written."""

    __tablename__ = "import_run"
    __table_args__ = (
        ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        Index("ix_import_run_sha256", "org_id", "sha256"),
        one_of("kind", IMPORT_KINDS),
        one_of("state", IMPORT_STATES),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    kind: str
    file_name: str
    sha256: str
    content: bytes | None = Field(default=None, sa_type=LargeBinary)
    options: str = text("{}")  # JSON: sheet, header row, columns, target certificate …
    summary: str = text("{}")  # JSON: rows, ready, to correct, warnings, skipped
    state: str = "checked"
    created_by: str
    created_at: int = millis()
    applied_by: str | None = None
    applied_at: int | None = maybe_millis()
    undone_by: str | None = None
    undone_at: int | None = maybe_millis()
    version: int = 1


@org_scoped
class ImportRecord(SQLModel, table=True):
    """What a run made or changed: for the way back, and to say where a record came from."""

    __tablename__ = "import_record"
    __table_args__ = (ForeignKeyConstraint(["org_id", "run_id"], ["import_run.org_id", "import_run.id"]),)

    org_id: int = Field(primary_key=True)
    run_id: str = Field(primary_key=True)
    row: int = Field(primary_key=True)
    part: str = Field(primary_key=True)  # farmer, person, membership, plot, event, inspection
    record: str
    before: str | None = text(None)  # JSON of the fields changed; none: made


@org_scoped
class ImportMapping(SQLModel, table=True):
    """Which column an organisation's heading means: remembered from one import to the next."""

    __tablename__ = "import_mapping"
    __table_args__ = (ForeignKeyConstraint(["org_id"], ["organisation.id"]),)

    org_id: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    heading: str = Field(primary_key=True)
    column: str
