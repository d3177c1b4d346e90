"""Recalls and their tests: cases, who was told, what came back, and whom to reach at those who bought.

The holds themselves follow from the events; these rows are the administration around them.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import grams, maybe_millis, millis, one_of, org_scoped, text

CASE_KINDS = ("real", "mock")
CASE_STATES = ("open", "closed")
ORIGINS = ("lot", "input", "plot", "load", "vessel", "check")
OUTCOMES = ("returned", "destroyed")


@org_scoped
class RecallCase(SQLModel, table=True):
    """A recall (``real``) or a test of one (``mock``), open or closed. ``org_id`` opened it."""

    __tablename__ = "recall_case"
    __table_args__ = (
        ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        UniqueConstraint("org_id", "number"),
        Index("ix_recall_case_opened", "org_id", "opened_at"),
        one_of("kind", CASE_KINDS),
        one_of("state", CASE_STATES),
        one_of("origin", ORIGINS),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    number: str
    kind: str
    state: str = "open"
    origin: str
    ref: str  # code or id that it was opened from
    from_day: str | None = None  # of the runs of a vessel
    to_day: str | None = None
    reason: str = text()
    roots: str = text("[]")  # JSON of the keys of the lots where it begins
    events: str = text("[]")  # JSON of the numbers of the events that recalled them
    left_out: int = 0  # lots of others that it was opened from too, and that only they can recall
    held_lots: int = 0  # lots that these events blocked
    pages: int = 0  # public pages that changed with them
    opened_at: int = millis()
    opened_by: str
    took_ms: int  # from the question to both sets, the quantities and the list of contacts
    closed_at: int | None = maybe_millis()
    closed_by: str | None = None
    note: str | None = text(None)
    record: str | None = text(
        None
    )  # JSON of what was found: of a test when it was opened, of a recall when it was closed
    version: int = 1


@org_scoped
class RecallNotice(SQLModel, table=True):
    """A recall of another organisation (``by_org_id``) that concerns lots which this one made, owns, holds or held."""

    __tablename__ = "recall_notice"
    __table_args__ = (ForeignKeyConstraint(["by_org_id", "case_id"], ["recall_case.org_id", "recall_case.id"]),)

    org_id: int = Field(primary_key=True)
    case_id: str = Field(primary_key=True)
    by_org_id: int
    lots: int
    opened_at: int = millis()


@org_scoped
class RecallNotification(SQLModel, table=True):
    """``org_id`` told a recipient of its own: when, by whom, how."""

    __tablename__ = "recall_notification"

    org_id: int = Field(primary_key=True)
    case_id: str = Field(primary_key=True)
    recipient: str = Field(primary_key=True)
    notified_at: int = millis()
    notified_by: str
    how: str = text()
    version: int = 1


@org_scoped
class RecallReturn(SQLModel, table=True):
    """Shipped grams of which it is known what became: they came back, or the consignee destroyed them.

    An entry of the case, not of the stock: what comes back is sold again only as a new delivery.
    """

    __tablename__ = "recall_return"
    __table_args__ = (
        Index("ix_recall_return_case", "case_id", "lot_id"),
        one_of("outcome", OUTCOMES),
        CheckConstraint("grams > 0", name="grams"),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    case_id: str
    lot_id: int = Field(sa_type=BigInteger)
    recipient: str
    outcome: str
    grams: int = grams()
    on_day: str
    place: str
    document: str | None = None
    recorded_at: int = millis()
    recorded_by: str
    withdrawn_at: int | None = maybe_millis()
    withdrawn_by: str | None = None
    version: int = 1


@org_scoped
class Consignee(SQLModel, table=True):
    """Whom to reach at a recipient of goods, known by the code that shipments tell. Erasable, and never in the log."""

    __tablename__ = "consignee"
    __table_args__ = (ForeignKeyConstraint(["org_id"], ["organisation.id"]), UniqueConstraint("org_id", "code"))

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    code: str
    name: str
    person: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    version: int = 1
    ended_at: int | None = maybe_millis()
