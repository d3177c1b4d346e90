"""GTINs that an organisation was given by GS1 for its products: its retail labels carry GS1 Digital Links then."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response
from pydantic import Field
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import LedgerDep, ReadDep, WriteDep
from api.versions import Body, Instant, Shown, example, make, nothing, refused
from domain import events as told
from domain.gs1 import BadIdentifier, gtin_of_party
from ledger.profiles import profiles
from ledger.queries import instant

routes = Routes(prefix="/v1", tags=["labels"])

READ, WRITE = Needs("registry:read"), Needs("registry:write")


class TradeItemIn(Body):
    """A GTIN of 8, 12, 13 or 14 digits, and the GS1 company prefix that it begins with (4 to 12 digits)."""

    model_config = example(product="cocoa_dry_beans", gtin="9521321000018", prefix="9521321")

    product: told.Word
    gtin: Annotated[str, Field(min_length=8, max_length=14)]
    prefix: Annotated[str, Field(min_length=4, max_length=12)]


class TradeItemOut(Shown):
    """The GTIN, as 14 digits, under which a product of yours is sold."""

    product: str
    gtin: str
    prefix: str
    recorded_at: Instant


class TradeItems(Shown):
    """Every product of yours that has a GTIN."""

    data: list[TradeItemOut]


def _out(row: models.TradeItem) -> TradeItemOut:
    return TradeItemOut(product=row.product, gtin=row.gtin, prefix=row.prefix, recorded_at=instant(row.recorded_at))


@routes.get("/trade-items", access=READ, summary="Products with a GTIN")
def list_trade_items(session: ReadDep) -> TradeItems:
    """By product."""
    rows = session.execute(select(models.TradeItem).order_by(col(models.TradeItem.product))).scalars()
    return TradeItems(data=[_out(row) for row in rows])


@routes.post("/trade-items", access=WRITE, summary="Say the GTIN of a product", status_code=201)
def say_trade_item(session: WriteDep, ledger: LedgerDep, body: TradeItemIn, response: Response) -> TradeItemOut:
    """As GS1 gave it: check digit and prefix are checked, numbers of restricted circulation are refused."""
    product = body.product
    profiles().product(product)
    try:
        gtin = gtin_of_party(body.gtin, body.prefix)
    except BadIdentifier as error:
        said = str(error)
        raise refused("gtin", "gs1", f"{said[0].upper()}{said[1:]}.", "Look it up in the letter of GS1.") from None
    row = session.get(models.TradeItem, (session.org_id, product))
    if row is not None and (row.gtin, row.prefix) == (gtin, body.prefix):
        response.status_code = 200
        return _out(row)
    if row is not None:
        session.delete(row)
        session.flush()
    row = models.TradeItem(
        org_id=session.org_id, product=product, gtin=gtin, prefix=body.prefix, recorded_at=ledger.clock()
    )
    make(session, row, field="gtin", value=gtin)
    return _out(row)


@routes.delete("/trade-items/{product}", access=WRITE, summary="Sell a product without a GTIN", status_code=204)
def delete_trade_item(session: WriteDep, product: told.Word) -> Response:
    """Labels that are printed keep their link, which leads nowhere then: void them first."""
    row = session.get(models.TradeItem, (session.org_id, product))
    if row is None:
        raise nothing("trade item")
    session.delete(row)
    return Response(status_code=204)
