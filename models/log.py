"""The log: what happened, as it was told. Append-only by trigger on both databases."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import millis, org_scoped, text


@org_scoped
class Event(SQLModel, table=True):
    """One event: canonical JSON (RFC 8785), three times, the salt of its commitment, and its ruling.

    ``body`` is exactly the typed object that was sent. ``ruling`` is what the registry said of it when it was
    judged, so that replay does not re-judge history.
    """

    __tablename__ = "event"
    __table_args__ = (
        ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        UniqueConstraint("org_id", "id"),
        Index("ix_event_type_time", "org_id", "type", "occurred_at"),
    )

    org_id: int = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger, unique=True)
    id: str
    type: str
    version: int
    occurred_at: int = millis()
    received_at: int = millis()
    logged_at: int = millis()
    actor: str  # "user:<id>", "key:<id>" or "system"
    body: str = text()
    ruling: str = text()
    salt: bytes = Field(sa_type=LargeBinary)
