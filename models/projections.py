"""What follows from the log: lots, their lines, claims, checks. Written with the event, rebuildable by ``replay``."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import grams, lot_scoped, maybe_millis, millis, one_of, org_scoped, text

DISPOSITIONS = ("available", "on_hold", "rejected", "recalled", "void")
QC_STATES = ("pending", "pass", "fail")
LOT_KINDS = ("delivery", "receiving", "lot")
HOLD_KINDS = ("hold", "quality", "reject", "parent", "stock", "recall", "void", "claim")
UNIT_STATES = ("issued", "applied", "shipped", "received", "returned", "opened", "void")
LINE_KINDS = ("in", "out", "lost", "shipped", "note")


class Lot(SQLModel, table=True):
    """An identified quantity of one product with one history. ``org_id`` is the organisation that made it.

    ``remaining_g`` is the balance. ``deficit_g`` is what was drawn beyond the lot after a correction made it
    smaller; it is zero in a ledger that is in order.
    """

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("org_id", "uid"),
        UniqueConstraint("org_id", "code"),
        Index("ix_lot_uid", "uid"),
        Index("ix_lot_farmer", "org_id", "farmer", "made_at"),
        CheckConstraint("remaining_g >= 0 AND remaining_g <= initial_g", name="balance"),
        CheckConstraint("deficit_g >= 0 AND initial_g >= 0", name="deficit"),
        one_of("disposition", DISPOSITIONS),
        one_of("qc", QC_STATES),
        one_of("kind", LOT_KINDS),
    )

    org_id: int = Field(primary_key=True)
    id: int = Field(primary_key=True, sa_type=BigInteger, unique=True, sa_column_kwargs={"autoincrement": False})
    uid: str
    code: str
    kind: str
    product: str
    owner_id: int
    holder_id: int
    site_id: str | None = None
    made_at: int = millis()
    initial_g: int = grams()
    remaining_g: int = grams()
    deficit_g: int = grams(0)
    sealed: bool = False  # something was drawn: a receiving lot takes no more deliveries
    disposition: str = "available"
    qc: str = "pending"
    grade: str | None = None
    moisture_bp: int | None = None
    farmer: str | None = None  # farmer code, deliveries only
    plot: str | None = None
    harvested_on: str | None = None
    units: int = 0
    unit_code: str | None = None
    transfer_seq: int | None = Field(default=None, sa_type=BigInteger)  # open offer
    expires_on: str | None = None  # the last day of use
    certified_seq: int | None = Field(default=None, sa_type=BigInteger)  # the event by which its batch was certified


@lot_scoped
class LotParty(SQLModel, table=True):
    """An organisation that may see a lot, and whether it may follow it upstream."""

    __tablename__ = "lot_party"
    __table_args__ = (Index("ix_lot_party_org", "org_id", "lot_id"),)

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    org_id: int = Field(primary_key=True)
    upstream: bool = False


@lot_scoped
class Line(SQLModel, table=True):
    """One line in the book of a lot: grams in (+) or out (-) by an event, or a note of an event without grams."""

    __tablename__ = "line"
    __table_args__ = (
        Index("ix_line_seq", "seq", "lot_id"),
        Index("ix_line_site", "site_id", "occurred_at"),
        one_of("kind", LINE_KINDS),
    )

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str = Field(primary_key=True)
    grams: int = grams()
    type: str
    process: str | None = None
    occurred_at: int = millis()
    org_id: int
    site_id: str | None = None


@lot_scoped
class LotClaim(SQLModel, table=True):
    """The value that a lot carries under a scheme: the weakest of its caps and of its parents."""

    __tablename__ = "lot_claim"

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    scheme: str = Field(primary_key=True)
    value: str


@lot_scoped
class LotCap(SQLModel, table=True):
    """Why a lot cannot carry more: a value, the event that set it, and its reasons (JSON of findings).

    ``of_seq``: the event whose part of the lot it caps, and with which it goes; 0: the lot as a whole.
    """

    __tablename__ = "lot_cap"

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    scheme: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    of_seq: int = Field(primary_key=True, sa_type=BigInteger)
    value: str
    reasons: str = text("[]")
    since: int | None = maybe_millis()  # it reaches only what is drawn from then on


@lot_scoped
class Hold(SQLModel, table=True):
    """Something that blocks a lot, from the event that placed it to the one that ended it."""

    __tablename__ = "hold"
    __table_args__ = (one_of("kind", HOLD_KINDS),)

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str = Field(primary_key=True)
    code: str
    reason: str | None = text(None)
    since: int = millis()
    ended_seq: int | None = Field(default=None, sa_type=BigInteger)


@lot_scoped
class Check(SQLModel, table=True):
    """One quality-control act on a sample of a lot. A retest is a further row; nothing is overwritten."""

    __tablename__ = "lot_check"

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    org_id: int
    checked_at: int = millis()
    stage: str
    verdict: str
    grade: str | None = None
    retest_of: int | None = Field(default=None, sa_type=BigInteger)  # the check that failed
    lines: str = text()  # JSON of domain.quality lines


@lot_scoped
class Sample(SQLModel, table=True):
    """A sample drawn of a lot, perhaps with others: they then have the same code."""

    __tablename__ = "sample"
    __table_args__ = (Index("ix_sample_code", "org_id", "code"),)

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    org_id: int
    code: str
    sampled_at: int = millis()
    bags: int | None = None
    drawn_from: int | None = None
    increments: int
    grams: int | None = Field(default=None, sa_type=BigInteger)
    seal: str | None = None
    told_by: str


@org_scoped
class SampleHandover(SQLModel, table=True):
    """A sample that changed hands on its way to the tests."""

    __tablename__ = "sample_handover"
    __table_args__ = (Index("ix_sample_handover_code", "org_id", "code"),)

    org_id: int = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    code: str
    handed_at: int = millis()
    to: str
    seal: str | None = None
    broken: bool
    told_by: str


@lot_scoped
class LabelCount(SQLModel, table=True):
    """The printed labels of a batch, counted."""

    __tablename__ = "label_count"

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    org_id: int
    counted_at: int = millis()
    printed: int
    used: int
    spoiled: int
    put_back: int


@org_scoped
class SiteChecklist(SQLModel, table=True):
    """A checklist of good practice that was gone through at a site. ``org_id`` operates the site."""

    __tablename__ = "site_checklist"
    __table_args__ = (Index("ix_site_checklist_site", "site_id", "checked_at"),)

    org_id: int = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    site_id: str
    vessel_id: str | None = None
    checklist: str
    checked_at: int = millis()
    failed: str = text()  # JSON list of the critical points that were not in order
    general: bool  # of the site or vessel, not of some lots alone
    answers: str = text()  # JSON of the points
    told_by: int  # organisation


@lot_scoped
class TestOrder(SQLModel, table=True):
    """Tests ordered of a lot: until each is decided by a later check, the lot does not leave."""

    __test__ = False
    __tablename__ = "test_order"

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    org_id: int
    ordered_at: int = millis()
    tests: str = text()  # JSON list
    laboratory: str | None = None
    sample: str | None = None
    due: str | None = None


@lot_scoped
class Deviation(SQLModel, table=True):
    """Something that was not as it must for a lot: raised, closed with cause and action, the action verified."""

    __tablename__ = "deviation"
    __table_args__ = (one_of("grade", ("minor", "major", "critical")),)

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    org_id: int
    uid: str = Field(unique=True)
    grade: str
    description: str = text()
    raised_at: int = millis()
    closed_at: int | None = maybe_millis()
    root_cause: str | None = text(None)
    action: str | None = text(None)
    owner: str | None = None
    due: str | None = None
    verified_at: int | None = maybe_millis()
    effective: bool | None = None
    evidence: str | None = text(None)


@lot_scoped
class LotChecklist(SQLModel, table=True):
    """A checklist of good practice that was gone through for a lot."""

    __tablename__ = "lot_checklist"

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    org_id: int
    site_id: str
    vessel_id: str | None = None
    checklist: str
    checked_at: int = millis()
    passed: bool
    answers: str = text()  # JSON of the points


@org_scoped
class Load(SQLModel, table=True):
    """What goes through a vessel in one run. ``org_id`` operates the site."""

    __tablename__ = "load"
    __table_args__ = (Index("ix_load_vessel", "vessel_id", "ended_at"), UniqueConstraint("org_id", "uid"))

    org_id: int = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    uid: str = Field(index=True)
    vessel_id: str
    site_id: str
    grams: int = grams()
    started_at: int = millis()
    ended_at: int | None = maybe_millis()
    ended_seq: int | None = Field(default=None, sa_type=BigInteger)


@lot_scoped
class LoadItem(SQLModel, table=True):
    """Grams of a lot in a load."""

    __tablename__ = "load_item"

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    load_seq: int = Field(primary_key=True, sa_type=BigInteger, index=True)
    grams: int = grams()


@lot_scoped
class Reading(SQLModel, table=True):
    """One value read on a lot in process (temperature, turning), with unit; values are decimal text."""

    __tablename__ = "reading"

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    name: str = Field(primary_key=True)
    value: str
    unit: str
    read_at: int = millis()
    in_range: bool | None = None


@org_scoped
class Transfer(SQLModel, table=True):
    """An offer of custody from ``org_id`` to ``to_org_id``; it is open until accepted or rejected."""

    __tablename__ = "transfer"
    __table_args__ = (
        one_of("state", ("offered", "accepted", "rejected")),
        Index("ix_transfer_to", "to_org_id", "state"),
    )

    org_id: int = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    id: str = Field(index=True)
    to_org_id: int
    ownership: bool
    upstream: bool
    state: str
    offered_at: int = millis()
    answered_at: int | None = maybe_millis()
    items: str = text()  # JSON [{"lot": uid, "grams": n}]


@lot_scoped
class Unit(SQLModel, table=True):
    """One bag, carton or bottle packed from a lot, its label, and what became of it (``domain.units``).

    ``label_seq``: the run of its label; a code of another run is void. Columns from ``state`` on are of this label.
    """

    __tablename__ = "unit"
    __table_args__ = (one_of("state", UNIT_STATES),)

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    number: int = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger)
    grams: int = grams()
    packaging: str
    state: str | None = None
    state_seq: int | None = Field(default=None, sa_type=BigInteger)
    state_at: int | None = maybe_millis()
    state_org: int | None = None
    label_seq: int | None = Field(default=None, sa_type=BigInteger)
    labelled_by: int | None = None
    labelled_at: int | None = maybe_millis()
    prints: int = 0
    applied_at: int | None = maybe_millis()
    weighed_g: int | None = Field(default=None, sa_type=BigInteger)
    shipped_at: int | None = maybe_millis()
    received_at: int | None = maybe_millis()
    opened_at: int | None = maybe_millis()
    returned_at: int | None = maybe_millis()
    opening_prints: int = 0


@org_scoped
class LabelRegister(SQLModel, table=True):
    """The register of unit labels: issued, printed, printed again, void. ``org_id`` did it."""

    __tablename__ = "label_register"
    __table_args__ = (
        Index("ix_label_register_lot", "org_id", "lot_id", "seq"),
        one_of("kind", ("issued", "printed", "reprinted", "void")),
    )

    org_id: int = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    lot_id: int = Field(sa_type=BigInteger)
    kind: str
    units: str = text()  # JSON: ranges of first and last
    labels: int
    copies: int
    design: str | None = None
    reason: str | None = text(None)
    at: int = millis()
    told_by: str | None = None


@org_scoped
class Voided(SQLModel, table=True):
    """An event that a correction declared wrong, and the correction. The event itself stays in the log."""

    __tablename__ = "voided"

    org_id: int = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    by_seq: int = Field(sa_type=BigInteger)


@org_scoped
class Cleaning(SQLModel, table=True):
    """A vessel or the line of a site was cleaned: when, and when that was told. ``org_id`` operates the site."""

    __tablename__ = "cleaning"
    __table_args__ = (Index("ix_cleaning_site", "site_id", "cleaned_at"),)

    org_id: int = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    site_id: str
    vessel_id: str | None = None
    cleaned_at: int = millis()
    told_at: int = millis()


@lot_scoped
class Consignment(SQLModel, table=True):
    """Grams of a lot on an inspection certificate (COI) or transaction certificate (TC) of a control body."""

    __tablename__ = "consignment"
    __table_args__ = (one_of("state", ("issued", "flagged", "cancelled")),)

    lot_id: int = Field(primary_key=True, sa_type=BigInteger)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    org_id: int
    kind: str
    scheme: str
    value: str
    number: str
    grams: int = grams()
    issued_at: int = millis()
    state: str = "issued"  # flagged: the lot lost the claim since, control body and consignee must be told
    ended_seq: int | None = Field(default=None, sa_type=BigInteger)
