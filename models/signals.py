"""Signals: figures that ask for a look, never a verdict; and what somebody made of them."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from models.base import maybe_millis, millis, one_of, org_scoped, text

SIGNAL_STATES = ("open", "explained", "confirmed")


@org_scoped
class Signal(SQLModel, table=True):
    """Something that stands out in a season: pattern, whom or what it is about, a score (0-1000), the evidence."""

    __tablename__ = "signal"
    __table_args__ = (
        ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        Index("ix_signal_season", "org_id", "season", "state", "score"),
        one_of("state", SIGNAL_STATES),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)  # follows from season, pattern and subject: found again, it is the same
    season: str
    pattern: str
    subject_kind: str  # farmer, plot, site, lot, user, instrument
    subject: str  # code
    score: int
    evidence: str = text()  # JSON: the figures
    found_at: int = millis()
    state: str = "open"
    note: str | None = text(None)
    decided_by: str | None = None
    decided_at: int | None = maybe_millis()
    version: int = 1
