"""Licences under which vessels fish, and the catches behind a product, as its processing statement lists them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, LedgerReadDep, ReadDep, WriteDep
from api.paging import Listing, Order, Page, turn
from api.problems import Problem
from api.versions import (
    Body,
    LoweredOut,
    Shown,
    Text,
    VersionDep,
    change,
    example,
    find,
    iso,
    left_out,
    lowered,
    make,
    new_id,
    same,
    sent,
    shown,
    tag,
)
from domain import events as told
from ledger import registry
from ledger.catch import Landing, landings
from ledger.queries import find_lot
from models.db import row_values

routes = Routes(prefix="/v1", tags=["fisheries"])
SCHEME = "IUU"
READ, WRITE = Needs("registry:read"), Needs("registry:write")

# --- shapes ---

Flag = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Imo = Annotated[str, Field(pattern=r"^[0-9]{7}$")]


class LicenceIn(Body):
    """A licence of a producer; of a fishing vessel also what it is known by (Reg. (EC) No 1005/2008 Annex II)."""

    model_config = example(
        id="0193b2c4-8a11-7c3e-9a57-000000000021",
        farmer_id="0193b2c4-8a11-7c3e-9a57-000000000001",
        kind="fishing",
        number="GE-2025-0017",
        authority="National Environmental Agency",
        valid_from="2025-11-01",
        valid_to="2026-05-31",
        flag="GE",
        registration="PO-0017",
        imo="9123456",
    )

    id: told.Id | None = None
    farmer_id: told.Id
    kind: Literal["fishing"]
    number: told.Word
    authority: Text | None = None
    valid_from: told.Day
    valid_to: told.Day
    flag: Annotated[Flag | None, Field(description="State whose flag the vessel flies, ISO 3166")] = None
    registration: told.Code | None = None
    imo: Annotated[Imo | None, Field(description="seven digits of the International Maritime Organization")] = None


class LicenceChange(Body):
    """Fields that are not sent stay. ``ended_on``: withdrawn; the first day on which it is not valid any more."""

    model_config = example(valid_to="2026-06-30")

    authority: Text | None = Field(default_factory=left_out)
    valid_to: told.Day = Field(default_factory=left_out)
    ended_on: told.Day | None = Field(default_factory=left_out)
    reason: Text | None = Field(default_factory=left_out)
    flag: Flag | None = Field(default_factory=left_out)
    registration: told.Code | None = Field(default_factory=left_out)
    imo: Imo | None = Field(default_factory=left_out)


class LicenceOut(Shown):
    """A licence of a producer."""

    id: str
    farmer_id: str
    kind: str
    number: str
    authority: str | None
    valid_from: date
    valid_to: date
    ended_on: date | None
    reason: str | None
    flag: str | None
    registration: str | None
    imo: str | None
    version: int


class LicenceJudged(LicenceOut):
    """A licence after a change, and the lots whose claims it lowered."""

    lowered: list[LoweredOut]


class CatchOut(BaseModel):
    """Where, when and with what the fish was caught."""

    area: str
    since: date
    until: date
    gear: str | None
    estimated: told.Quantity | None
    transhipped: bool | None


class LicensedOut(BaseModel):
    """The licence under which the vessel fished, and what the vessel is known by."""

    number: str
    authority: str | None
    valid_from: date
    valid_to: date
    flag: str | None
    registration: str | None
    imo: str | None


class CertifiedOut(BaseModel):
    """Grams of a landing on a catch certificate."""

    number: str
    grams: int


class LandingOut(BaseModel):
    """A landing behind the lot. ``processed_g``: of it went into the lot; ``left_g``: its certificates have left."""

    lot: str
    code: str
    vessel: str
    product: str
    landed_at: datetime
    port: str | None
    catch: CatchOut | None
    licence: LicensedOut | None
    landed_g: int
    processed_g: int
    left_g: int
    certificates: list[CertifiedOut]


class CatchesOut(BaseModel):
    """The catches behind a lot, as far as you may follow it upstream."""

    lot: str
    code: str
    product: str
    made_g: int
    processed_g: int
    landings: list[LandingOut]


class Licences(Listing):
    """Which licences."""

    farmer: Annotated[told.Id | None, Field(description="id of the producer")] = None
    valid_on: told.Day | None = None


# --- routes ---

BY_NUMBER = Order(
    "licences",
    (col(models.Licence.number), col(models.Licence.valid_from), col(models.Licence.id)),
    lambda row: (row.number, row.valid_from, row.id),
)


@routes.get("/licences", access=READ, name="licences", summary="Licences of your producers, by number")
def list_licences(
    session: ReadDep, listing: Annotated[Licences, Query()], request: Request, response: Response
) -> Page[LicenceOut]:
    """Several filters narrow each other."""
    licence, query = models.Licence, select(models.Licence)
    if listing.farmer is not None:
        query = query.where(licence.farmer_id == listing.farmer)
    if listing.valid_on is not None:
        day = listing.valid_on.isoformat()
        ended = col(licence.ended_on)
        query = query.where(licence.valid_from <= day, licence.valid_to >= day, ended.is_(None) | (ended > day))
    rows, following = turn(session, query, BY_NUMBER, listing, request, response)
    return Page(data=[LicenceOut.model_validate(row) for row in rows], next=following)


@routes.post("/licences", access=WRITE, name="add_licence", summary="Register a licence of a producer", status_code=201)
def add_licence(session: WriteDep, recorder: LedgerDep, body: LicenceIn, response: Response) -> LicenceOut:
    """A landing that is held for want of a licence stays so: once this one is registered, correct the landing."""
    _in_order(body.valid_from, body.valid_to)
    values = {name: iso(value) for name, value in body.model_dump(exclude={"id"}).items()}
    row = session.get(models.Licence, (session.org_id, body.id)) if body.id else None
    if row is not None:
        same(row, values)
        response.status_code = 200
    else:
        find(session, models.Farmer, body.farmer_id, "farmer")
        row = models.Licence(org_id=session.org_id, id=body.id or new_id(recorder), **values)
        make(session, row, field="number", value=body.number)
    response.headers["location"] = f"/v1/licences/{row.id}"
    tag(response, row.version)
    return LicenceOut.model_validate(row)


@routes.get("/licences/{licence_id}", access=READ, name="licence", summary="One licence", response_model=LicenceOut)
def show_licence(session: ReadDep, licence_id: told.Id, request: Request, response: Response) -> LicenceOut | Response:
    """With the days on which it is valid."""
    row = find(session, models.Licence, licence_id, "licence")
    return shown(request, response, LicenceOut.model_validate(row), row.version)


@routes.patch("/licences/{licence_id}", access=WRITE, name="change_licence", summary="Prolong or withdraw a licence")
def change_licence(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    licence_id: told.Id,
    body: LicenceChange,
    version: VersionDep,
    response: Response,
) -> LicenceJudged:
    """Needs `If-Match`. Landings of days on which the licence is not valid any more are judged again."""
    registry.begin(session)
    row = find(session, models.Licence, licence_id, "licence", update=True)
    was = row_values(row)
    change(row, version, sent(body))
    _in_order(date.fromisoformat(row.valid_from), date.fromisoformat(row.valid_to))
    session.flush()
    found: list[registry.Lowered] = []
    since = _shortened(was["valid_to"], was["ended_on"], row)
    if since is not None:
        code = find(session, models.Farmer, row.farmer_id, "farmer").code
        change_of = registry.Change("licence", row.id, since, farmers=(code,))
        found = registry.settle(session, recorder, caller.actor, change_of)
    tag(response, row.version)
    return LicenceJudged(**LicenceOut.model_validate(row).model_dump(), lowered=lowered(found))


@routes.get("/lots/{lot}/catches", access=Needs("lots:read"), name="catches", summary="The catches behind a lot")
def list_catches(caller: CallerDep, session: LedgerReadDep, lot: str) -> CatchesOut:
    """What a processing statement lists (Reg. (EC) No 1005/2008 Annex IV).

    Of each landing: vessel, flag, licence, gear, area, days and catch certificates, the grams landed, and those
    that went into this lot.
    """
    row = find_lot(session, caller.org_id, lot)
    found = landings(session, caller.org_id, row, SCHEME)
    return CatchesOut(
        lot=row.uid,
        code=row.code,
        product=row.product,
        made_g=row.initial_g,
        processed_g=sum(one.processed_g for one in found),
        landings=[_landing(one) for one in found],
    )


def _landing(one: Landing) -> LandingOut:
    return LandingOut(
        lot=one.lot,
        code=one.code,
        vessel=one.vessel,
        product=one.product,
        landed_at=one.landed_at,
        port=one.port,
        catch=CatchOut(**one.catch.model_dump()) if one.catch else None,
        licence=LicensedOut(**asdict(one.licence)) if one.licence else None,
        landed_g=one.landed_g,
        processed_g=one.processed_g,
        left_g=one.left_g,
        certificates=[CertifiedOut(number=number, grams=grams) for number, grams in one.certificates],
    )


def _in_order(since: date, until: date) -> None:
    if until < since:
        raise Problem(
            422,
            "malformed",
            "A licence ends after it begins.",
            advice="Correct valid_from or valid_to.",
            errors=[{"pointer": "#/valid_to", "code": "DAYS_IN_WRONG_ORDER", "detail": "It is before valid_from."}],
        )


def _shortened(valid_to: str, ended_on: str | None, row: models.Licence) -> date | None:
    """The first day on which landings may have lost the licence; none: it is valid as long as before, or longer."""

    def ends(last: str, ended: str | None) -> str:
        return min(last + "~", ended or "~")  # the last day counts, the day of withdrawal does not

    if ends(row.valid_to, row.ended_on) >= ends(valid_to, ended_on):
        return None
    return date.fromisoformat(min(row.valid_to, row.ended_on or row.valid_to))
