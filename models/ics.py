"""The internal control system of a group: inspectors, inspections, findings, sanctions, lists, and what members said.

Persons are codes here too: an inspector's name lies in ``inspector_person``, which can be erased.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import grams, maybe_millis, millis, one_of, org_scoped, text

TIES = ("self", "family", "employer", "neighbour", "business")
SEVERITIES = ("minor", "major", "critical")
SANCTION_STEPS = ("warning", "lot_excluded", "suspension", "expulsion")
PLAN_STATES = ("planned", "done", "cancelled")
DECISIONS = ("approved", "conditions", "rejected")
TRAINED = ("inspector", "farmer")
INSTRUMENTS = ("scale", "moisture_meter", "thermometer", "other")
OVER_DELIVERY = ("observe", "hold")


@org_scoped
class Inspector(SQLModel, table=True):
    """An internal inspector, known by a code. ``manager``: the ICS manager, who decides and never inspects."""

    __tablename__ = "inspector"
    __table_args__ = (ForeignKeyConstraint(["org_id"], ["organisation.id"]), UniqueConstraint("org_id", "code"))

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    code: str
    manager: bool = False
    farmer: str | None = None  # code, where the inspector is a member too (lead farmer)
    unit: str | None = None  # village or section where the inspector lives
    from_day: str
    to_day: str | None = None
    version: int = 1


@org_scoped
class InspectorPerson(SQLModel, table=True):
    """The person behind an inspector's code: erasable."""

    __tablename__ = "inspector_person"
    __table_args__ = (ForeignKeyConstraint(["org_id", "inspector_id"], ["inspector.org_id", "inspector.id"]),)

    org_id: int = Field(primary_key=True)
    inspector_id: str = Field(primary_key=True)
    full_name: str | None = None
    phone: str | None = None


@org_scoped
class InspectorTie(SQLModel, table=True):
    """A declared conflict of interest between an inspector and a member."""

    __tablename__ = "inspector_tie"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "inspector_id"], ["inspector.org_id", "inspector.id"]),
        one_of("kind", TIES),
    )

    org_id: int = Field(primary_key=True)
    inspector_id: str = Field(primary_key=True)
    farmer: str = Field(primary_key=True)  # code
    kind: str
    declared_on: str


@org_scoped
class InspectorStatement(SQLModel, table=True):
    """A conflict-of-interest statement that an inspector signed."""

    __tablename__ = "inspector_statement"
    __table_args__ = (ForeignKeyConstraint(["org_id", "inspector_id"], ["inspector.org_id", "inspector.id"]),)

    org_id: int = Field(primary_key=True)
    inspector_id: str = Field(primary_key=True)
    signed_on: str = Field(primary_key=True)


@org_scoped
class Training(SQLModel, table=True):
    """A training held: topic, day, for whom."""

    __tablename__ = "training"
    __table_args__ = (ForeignKeyConstraint(["org_id"], ["organisation.id"]), one_of("audience", TRAINED))

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    topic: str
    held_on: str
    audience: str
    trainer: str | None = None
    minutes: int | None = None
    version: int = 1


@org_scoped
class TrainingRecord(SQLModel, table=True):
    """Who attended a training (inspector or farmer code), and whether the assessment was passed."""

    __tablename__ = "training_record"
    __table_args__ = (ForeignKeyConstraint(["org_id", "training_id"], ["training.org_id", "training.id"]),)

    org_id: int = Field(primary_key=True)
    training_id: str = Field(primary_key=True)
    person: str = Field(primary_key=True)  # code
    passed: bool | None = None


@org_scoped
class PlannedInspection(SQLModel, table=True):
    """An internal inspection that is planned: whom, by whom, until when."""

    __tablename__ = "planned_inspection"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"]),
        UniqueConstraint("org_id", "certificate_id", "season", "farmer_id"),
        Index("ix_planned_inspection_inspector", "org_id", "inspector", "due_on"),
        one_of("state", PLAN_STATES),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    certificate_id: str
    season: str
    farmer_id: str
    inspector: str  # code
    due_on: str
    state: str = "planned"
    inspection_id: str | None = None
    version: int = 1


@org_scoped
class InspectionReport(SQLModel, table=True):
    """What an internal inspection found, and what was decided on it.

    ``judged`` are the findings about the inspection itself (JSON); with one that makes it invalid the member
    stays uninspected.
    """

    __tablename__ = "inspection_report"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "inspection_id"], ["inspection.org_id", "inspection.id"]),
        one_of("decision", DECISIONS),
    )

    org_id: int = Field(primary_key=True)
    inspection_id: str = Field(primary_key=True)
    scheme: str
    scope: str | None = text(None)  # plots, stores and activities looked at
    started_at: int | None = maybe_millis()
    ended_at: int | None = maybe_millis()
    answers: str = text("[]")  # JSON [{"code", "answer": "yes|no|na", "note"?}]
    inspector_signed_on: str | None = None
    member_signed_on: str | None = None
    issued_on: str | None = None
    judged: str = text("[]")
    told_by: str | None = None  # actor who told the report
    decision: str | None = None
    decided_by: str | None = None  # actor
    decided_at: int | None = maybe_millis()
    reason: str | None = text(None)
    version: int = 1


@org_scoped
class NonConformity(SQLModel, table=True):
    """A non-compliance: of a member, a site or the group itself, with its corrective action."""

    __tablename__ = "non_conformity"
    __table_args__ = (
        ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        Index("ix_non_conformity_farmer", "org_id", "farmer_id"),
        one_of("severity", SEVERITIES),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    scheme: str
    farmer_id: str | None = None
    site_id: str | None = None
    inspection_id: str | None = None
    code: str  # of the checklist, or of a finding
    severity: str
    found_on: str
    note: str | None = text(None)
    action: str | None = text(None)  # corrective action agreed
    due_on: str | None = None
    closed_on: str | None = None
    closed_by: str | None = None
    effective: bool | None = None
    notified_on: str | None = None  # told to the control body
    version: int = 1


@org_scoped
class Sanction(SQLModel, table=True):
    """A step of the sanction ladder for a member: from a day, with its reason and who decided."""

    __tablename__ = "sanction"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "membership_id"], ["membership.org_id", "membership.id"]),
        Index("ix_sanction_membership", "org_id", "membership_id"),
        one_of("step", SANCTION_STEPS),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    membership_id: str
    non_conformity_id: str | None = None
    step: str
    from_day: str
    reason: str = text()
    decided_by: str
    decided_at: int = millis()
    deliveries: str = text("[]")  # JSON: ids of the lots that the step concerned
    notified_on: str | None = None  # told to the control body
    lifted_on: str | None = None
    version: int = 1


@org_scoped
class OfficialControl(SQLModel, table=True):
    """A control of a member by the control body: external inspection, re-inspection or sample."""

    __tablename__ = "official_control"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"]),
        Index("ix_official_control_farmer", "org_id", "farmer_id"),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    farmer_id: str
    scheme: str
    controlled_on: str
    inspector: str  # as the control body names him: a code
    conform: bool | None = None
    note: str | None = text(None)
    version: int = 1


@org_scoped
class MemberList(SQLModel, table=True):
    """The list of members of a group, frozen: a number, a day, who froze it, and every row as it stood."""

    __tablename__ = "member_list"
    __table_args__ = (ForeignKeyConstraint(["org_id", "certificate_id"], ["certificate.org_id", "certificate.id"]),)

    org_id: int = Field(primary_key=True)
    certificate_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    as_of: str
    frozen_at: int = millis()
    frozen_by: str
    reason: str | None = text(None)
    rows: str = text()  # canonical JSON; names are not in it
    sha256: str


@org_scoped
class Holding(SQLModel, table=True):
    """What a farmer declared of the whole farm from a day on: for the eligibility tests of a group.

    Money is in euro cents a year, the cost of certification in basis points of the organic turnover.
    """

    __tablename__ = "holding"
    __table_args__ = (ForeignKeyConstraint(["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"]),)

    org_id: int = Field(primary_key=True)
    farmer_id: str = Field(primary_key=True)
    from_day: str = Field(primary_key=True)
    area_m2: int = Field(sa_type=BigInteger)
    greenhouse_m2: int = Field(default=0, sa_type=BigInteger)
    grassland_only: bool = False
    organic_turnover_cents: int | None = Field(default=None, sa_type=BigInteger)
    standard_output_cents: int | None = Field(default=None, sa_type=BigInteger)
    cost_share_bp: int | None = None
    recorded_at: int = millis()


@org_scoped
class EstimateRevision(SQLModel, table=True):
    """Every version of a harvest estimate: how much, why, and who signed for it."""

    __tablename__ = "estimate_revision"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "farmer_id", "season", "product"],
            ["estimate.org_id", "estimate.farmer_id", "estimate.season", "estimate.product"],
        ),
    )

    org_id: int = Field(primary_key=True)
    farmer_id: str = Field(primary_key=True)
    season: str = Field(primary_key=True)
    product: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    grams: int = grams()
    reason: str | None = text(None)
    inspection_id: str | None = None
    signed_by: str | None = None  # actor
    recorded_at: int = millis()


@org_scoped
class Instrument(SQLModel, table=True):
    """A scale, moisture meter or thermometer at a site."""

    __tablename__ = "instrument"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "site_id"], ["site.org_id", "site.id"]),
        UniqueConstraint("org_id", "code"),
        one_of("kind", INSTRUMENTS),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True, index=True)
    site_id: str
    code: str
    kind: str
    version: int = 1
    ended_at: int | None = maybe_millis()


@org_scoped
class Calibration(SQLModel, table=True):
    """A calibration of an instrument: from a day until a day, and the error found (basis points)."""

    __tablename__ = "calibration"
    __table_args__ = (ForeignKeyConstraint(["org_id", "instrument_id"], ["instrument.org_id", "instrument.id"]),)

    org_id: int = Field(primary_key=True)
    instrument_id: str = Field(primary_key=True)
    from_day: str = Field(primary_key=True)
    to_day: str
    error_bp: int | None = None
    by: str | None = None
    recorded_at: int = millis()


@org_scoped
class Contract(SQLModel, table=True):
    """So much of a product, with a claim, promised to a buyer within some days."""

    __tablename__ = "contract"
    __table_args__ = (ForeignKeyConstraint(["org_id"], ["organisation.id"]), UniqueConstraint("org_id", "code"))

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    code: str
    buyer: str
    product: str
    scheme: str | None = None
    value: str | None = None
    grams: int = grams()
    from_day: str
    to_day: str
    version: int = 1
    ended_at: int | None = maybe_millis()


@org_scoped
class SchemeSetting(SQLModel, table=True):
    """How an organisation applies a scheme from a day on, where the scheme leaves the choice.

    ``claimed``: the scheme is judged at deliveries even without a certificate (EUDR). ``strict``: the strict
    reading of mixing. ``over_delivery``: ``hold`` goods beyond the estimate, or ``observe`` and say so.
    """

    __tablename__ = "scheme_setting"
    __table_args__ = (
        ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        one_of("over_delivery", OVER_DELIVERY),
    )

    org_id: int = Field(primary_key=True)
    scheme: str = Field(primary_key=True)
    from_day: str = Field(primary_key=True)
    claimed: bool = False
    strict: bool = False
    over_delivery: str | None = None
    recorded_at: int = millis()
