"""Secrets of label runs, the codes made from them, and who looked at them: kept beside the log, not projected."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, LargeBinary
from sqlmodel import Field, SQLModel

from models.base import lot_scoped, millis, one_of, org_scoped, text


@org_scoped
class LabelRun(SQLModel, table=True):
    """What the labels of one ``units_labelled`` are made from. ``seq`` is the number of the event.

    From ``seed`` follow the codes, from ``opening_seed`` the opening codes (``domain.units``). ``nets``: what the
    labels said when they were issued, JSON: how many units in a row are so many grams.
    """

    __tablename__ = "label_run"

    org_id: int = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    lot_id: int = Field(sa_type=BigInteger, index=True)
    key: int
    commodity: int
    packed_on: str
    nets: str = text()
    seed: bytes = Field(sa_type=LargeBinary)
    opening_seed: bytes = Field(sa_type=LargeBinary)


@lot_scoped
class UnitCode(SQLModel, table=True):
    """From a code to its unit. ``run``: the event that made it; the unit may have another label since."""

    __tablename__ = "unit_code"
    __table_args__ = (Index("ix_unit_code_lot", "lot_id", "number"),)

    code: str = Field(primary_key=True)
    lot_id: int = Field(sa_type=BigInteger)
    number: int
    run: int = Field(sa_type=BigInteger)


@lot_scoped
class OpeningTry(SQLModel, table=True):
    """Opening codes that were tried for a label on a day (days since 1970, UTC). Rows go when their day is over."""

    __tablename__ = "opening_try"

    code: str = Field(primary_key=True)
    lot_id: int = Field(sa_type=BigInteger)
    tries: int
    day: int


@lot_scoped
class Scan(SQLModel, table=True):
    """Somebody looked at a label. Rows go after some days (``ledger.scans``).

    ``visitor``: hash of the address with a salt of the day. ``country``: as a proxy told it. ``lat_udeg``,
    ``lon_udeg``: only what the visitor sent, rounded to 0.1 degree.
    """

    __tablename__ = "scan"
    __table_args__ = (
        Index("ix_scan_code", "code", "at"),
        one_of("kind", ("public", "typed", "differs", "receipt", "second")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer, "sqlite"))
    lot_id: int = Field(sa_type=BigInteger)
    code: str
    number: int | None = None  # of the unit; none: the label of a lot
    at: int = millis(index=True)
    kind: str
    country: str | None = None
    lat_udeg: int | None = None
    lon_udeg: int | None = None
    visitor: str | None = None


class ScanSalt(SQLModel, table=True):
    """The salt under which addresses of visitors are hashed on one day (days since 1970, UTC); 32 random bytes.

    Of no organisation: only the ledger itself reads it. The row goes as soon as its day is over.
    """

    __tablename__ = "scan_salt"

    day: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    salt: bytes = Field(sa_type=LargeBinary)


@org_scoped
class LabelAlert(SQLModel, table=True):
    """A label that the rules on copies speak of (``domain.clones``): points, and the facts behind them."""

    __tablename__ = "label_alert"

    org_id: int = Field(primary_key=True)
    code: str = Field(primary_key=True)
    lot_id: int = Field(sa_type=BigInteger, index=True)
    number: int
    points: int
    facts: str = text()  # JSON
    first_at: int = millis()
    last_at: int = millis()
    closed_at: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    closed_by: str | None = None
