"""Price lists of organisations. A version is never changed: another one follows it."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import millis, org_scoped, text


@org_scoped
class PriceList(SQLModel, table=True):
    """A price list. ``version`` is the number of the newest of its versions."""

    __tablename__ = "price_list"
    __table_args__ = (
        ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        UniqueConstraint("org_id", "code"),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    code: str
    name: str
    version: int = 1
    created_at: int = millis()


@org_scoped
class PriceVersion(SQLModel, table=True):
    """What a list says from a day on. ``terms`` is JSON of ``domain.prices.plain``."""

    __tablename__ = "price_version"
    __table_args__ = (ForeignKeyConstraint(["org_id", "list_id"], ["price_list.org_id", "price_list.id"]),)

    org_id: int = Field(primary_key=True)
    list_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    from_day: str
    terms: str = text()
    reason: str | None = text(None)  # why it changes what was delivered already
    recorded_at: int = millis()


@org_scoped
class PricedProduct(SQLModel, table=True):
    """The one list of an organisation that prices a product: no delivery has two prices."""

    __tablename__ = "priced_product"
    __table_args__ = (ForeignKeyConstraint(["org_id", "list_id"], ["price_list.org_id", "price_list.id"]),)

    org_id: int = Field(primary_key=True)
    product: str = Field(primary_key=True)
    list_id: str
