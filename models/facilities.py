"""Shared facilities around the ledger: bookings, tariffs, baselines, and what sensors read.

``org_id`` operates the site; whoever a site is shared with is answered by the ledger, which filters what they see.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from models.base import grams, maybe_millis, millis, org_scoped, text


@org_scoped
class Booking(SQLModel, table=True):
    """A slot of a vessel for an organisation, and the grams that it expects to bring."""

    __tablename__ = "booking"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "vessel_id"], ["vessel.org_id", "vessel.id"]),
        Index("ix_booking_vessel", "vessel_id", "from_at"),
        Index("ix_booking_site", "site_id", "from_at"),
        CheckConstraint("to_at > from_at AND grams > 0", name="slot"),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True, index=True)
    site_id: str
    vessel_id: str
    for_org_id: int = Field(index=True)
    from_at: int = millis()
    to_at: int = millis()
    grams: int = grams()
    note: str | None = text(None)
    booked_by: int  # the organisation that asked
    booked_at: int = millis()
    cancelled_at: int | None = maybe_millis()


@org_scoped
class Tariff(SQLModel, table=True):
    """What a site asks from a day on: a fee by weight, and the part of its cost that its users bear."""

    __tablename__ = "tariff"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "site_id"], ["site.org_id", "site.id"]),
        CheckConstraint("fee_per_tonne >= 0 AND capital_minor >= 0", name="amounts"),
        CheckConstraint("users_share_bp >= 0 AND users_share_bp <= 10000", name="share"),
    )

    org_id: int = Field(primary_key=True)
    site_id: str = Field(primary_key=True)
    from_day: str = Field(primary_key=True)
    currency: str
    fee_per_tonne: int = Field(sa_type=BigInteger)  # minor units a tonne loaded
    capital_minor: int = Field(default=0, sa_type=BigInteger)
    users_share_bp: int = 0
    spread_months: int | None = None  # none: once, not spread
    recorded_at: int = millis()


@org_scoped
class LossBaseline(SQLModel, table=True):
    """The share that was lost before, measured on a day: what a facility is compared with."""

    __tablename__ = "loss_baseline"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "site_id"], ["site.org_id", "site.id"]),
        CheckConstraint("loss_bp > 0 AND loss_bp <= 10000", name="share"),
    )

    org_id: int = Field(primary_key=True)
    site_id: str = Field(primary_key=True)
    measured_on: str = Field(primary_key=True)
    loss_bp: int
    source: str = text()
    recorded_at: int = millis()


@org_scoped
class SensorReading(SQLModel, table=True):
    """One value that a device read on a load. Not an event: see docs/decisions/0012-sensor-readings.md."""

    __tablename__ = "sensor_reading"

    org_id: int = Field(primary_key=True)
    load_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    device: str = Field(primary_key=True)
    read_at: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    value: str
    unit: str
    received_at: int = millis()
