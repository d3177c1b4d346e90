"""GTINs that organisations were given by GS1 for their products; none is ever made up."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from models.base import millis, org_scoped


@org_scoped
class TradeItem(SQLModel, table=True):
    """The GTIN (14 digits) under which an organisation sells a product, and its GS1 company prefix.

    A GTIN is one organisation's; it is printed on goods, so that there is nothing to hide in saying it is taken.
    """

    __tablename__ = "trade_item"
    __table_args__ = (ForeignKeyConstraint(["org_id"], ["organisation.id"]),)

    org_id: int = Field(primary_key=True)
    product: str = Field(primary_key=True)
    gtin: str = Field(unique=True)
    prefix: str
    recorded_at: int = millis()
