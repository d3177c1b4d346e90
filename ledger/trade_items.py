"""From goods to their GS1 Digital Link, and from a link back to the page of the goods."""

from __future__ import annotations

from sqlalchemy import select

import models
from domain.gs1 import BadIdentifier, Item, digital_link
from models.base import table
from models.db import SystemSession

_ITEM, _LOT, _LABEL = table(models.TradeItem), table(models.Lot), table(models.Label)
_CODE, _UNIT = table(models.UnitCode), table(models.Unit)


def links_of(session: SystemSession, host: str, lot: int, numbers: list[int]) -> dict[int, str]:
    """The link of each unit of a lot, where whoever issued its label sells the product under a GTIN; else nothing.

    Only on an address that the link can name (https): a GS1 link of another host would lead nowhere.
    """
    if not host.startswith("https://"):
        return {}
    row = session.execute(
        select(_ITEM.c.gtin, _ITEM.c.prefix, _LOT.c.code)
        .join(_LABEL, _LABEL.c.org_id == _ITEM.c.org_id)
        .join(_LOT, _LOT.c.id == _LABEL.c.lot_id)
        .where(_LOT.c.id == lot, _LABEL.c.state == "issued", _ITEM.c.product == _LOT.c.product)
    ).first()
    if row is None:
        return {}
    bare = host.removeprefix("https://").rstrip("/")
    try:
        return {number: digital_link(bare, row.gtin, row.prefix, row.code, str(number)) for number in numbers}
    except BadIdentifier:  # a lot whose code GS1 does not allow has the labels of everybody else
        return {}


def code_behind(session: SystemSession, item: Item) -> str | None:
    """The code of the page that a link names: of the unit, else of the lot; none where nothing is labelled so."""
    if item.lot is None:
        return None
    row = session.execute(
        select(_LOT.c.id, _LABEL.c.code)
        .join(_LABEL, _LABEL.c.lot_id == _LOT.c.id)
        .join(_ITEM, (_ITEM.c.org_id == _LABEL.c.org_id) & (_ITEM.c.product == _LOT.c.product))
        .where(_ITEM.c.gtin == item.gtin, _LOT.c.code == item.lot)
        .order_by((_LABEL.c.state == "issued").desc(), _LABEL.c.seq.desc())
    ).first()
    if row is None:
        return None
    if item.serial is None:
        return str(row.code)
    if not item.serial.isascii() or not item.serial.isdigit() or len(item.serial) > 6:  # noqa: PLR2004 - 100,000 units
        return None
    query = (
        select(_CODE.c.code)
        .join(_UNIT, (_UNIT.c.lot_id == _CODE.c.lot_id) & (_UNIT.c.number == _CODE.c.number))
        .where(_CODE.c.lot_id == row.id, _CODE.c.number == int(item.serial))
        .order_by((_CODE.c.run == _UNIT.c.label_seq).desc(), _CODE.c.run.desc())
    )
    found = session.execute(query).scalar()
    return None if found is None else str(found)
