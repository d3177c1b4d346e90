"""Price lists, what a delivery is paid and why, and the payout of each farmer."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal, Self

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field, model_validator
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, LedgerReadDep, ReadDep, WriteDep
from api.paging import Listing, Order, Page, turn
from api.problems import language
from api.versions import (
    Body,
    Instant,
    Shown,
    Text,
    VersionDep,
    change,
    example,
    find,
    iso,
    make,
    new_id,
    nothing,
    refused,
    reused,
    shown,
    tag,
)
from domain import events as told
from domain import prices as rules
from domain.prices import Amount, Conditions, Deduction, Goods, PriceLine, Rounding, Terms
from domain.quantity import MOST_GRAMS
from domain.refusals import Lang, Refused
from ledger import prices
from ledger.profiles import profiles
from ledger.queries import instant
from models.db import ScopedSession, as_system

routes = Routes(prefix="/v1", tags=["prices"])
READ, WRITE = Needs("registry:read"), Needs("registry:write")

_LIST = "0193b2c4-8a11-7c3e-9a57-000000000061"
MOST_PRICE = 10**13
"""Minor units a tonne: beyond it the unit is wrong."""

PerTonne = Annotated[int, Field(strict=True, ge=0, le=MOST_PRICE, description="minor units a tonne")]
BasisPoints = Annotated[int, Field(strict=True, ge=0, le=10_000)]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]

# --- shapes ---


class LineIn(Body):
    """A price for what meets the conditions. Those that are not sent do not matter; the narrowest line met counts.

    `claims`: what the delivery claimed at the gate, by scheme. `zone`: of the plot it is from. A harvest window
    includes both of its days.
    """

    code: told.Code
    product: told.Word
    per_tonne: PerTonne
    grade: told.Word | None = None
    claims: Annotated[dict[told.Word, told.Word], Field(max_length=5)] = Field(default_factory=dict)
    zone: told.Word | None = None
    harvested_from: told.Day | None = None
    harvested_to: told.Day | None = None


class DeductionIn(Body):
    """What is taken off, for a product or for all, in the order written.

    `moisture`: water above `free_bp` is not paid. `share`: of `test`, measured in percent, what is above `free_bp` is
    not paid. `fixed`: `per_tonne` off the price.
    """

    code: told.Code
    kind: Literal["moisture", "share", "fixed"]
    product: told.Word | None = None
    test: told.Word | None = None
    free_bp: BasisPoints = 0
    per_tonne: PerTonne = 0

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.kind == "share") != (self.test is not None):
            raise ValueError("a test is named with “share”, and only there")
        if (self.kind == "fixed") != (self.per_tonne > 0) or (self.kind == "fixed" and self.free_bp):
            raise ValueError("“fixed” takes per_tonne, the others free_bp")
        if self.kind != "fixed" and self.free_bp == 10_000:  # noqa: PLR2004 - the whole
            raise ValueError("free_bp is below 10000")
        return self


class TermsIn(Body):
    """Prices from a day on. An amount is rounded once, to a whole multiple of `round_to` minor units.

    No lines: from that day on nothing has a price.
    """

    from_day: told.Day
    currency: CurrencyCode
    lines: Annotated[list[LineIn], Field(max_length=200)]
    deductions: Annotated[list[DeductionIn], Field(max_length=20)] = Field(default_factory=list)
    rounding: Rounding = "half_even"
    round_to: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 1


_LINES = [
    {"code": "STD", "product": "mango_fresh", "per_tonne": 300_000},
    {"code": "LATE", "product": "mango_fresh", "per_tonne": 1_200_000, "harvested_from": "2025-10-01"},
]


class PriceListIn(TermsIn):
    """A price list with its first version."""

    model_config = example(
        id=_LIST, code="GATE", name="Prices at the gate", from_day="2025-07-01", currency="TND", lines=_LINES,
        deductions=[{"code": "CRATES", "kind": "fixed", "per_tonne": 5_000}],
    )  # fmt: skip

    id: told.Id | None = None
    code: told.Code
    name: Text


class VersionIn(TermsIn):
    """What the list says from a day on. `reason`: needed where amounts of recorded deliveries change."""

    model_config = example(from_day="2026-07-01", currency="TND", lines=_LINES, reason="Agreed by the board")

    reason: told.Note | None = None


class VersionOut(BaseModel):
    """A version of a list; it is never changed."""

    number: int
    from_day: date
    reason: str | None
    recorded_at: Instant
    currency: str
    rounding: Rounding
    round_to: int
    lines: list[dict[str, Any]]
    deductions: list[dict[str, Any]]


class PriceListOut(Shown):
    """A price list; the newest version last."""

    id: str
    code: str
    name: str
    version: int
    versions: list[VersionOut]


class ReasonOut(BaseModel):
    """A step of the way to an amount."""

    code: str
    params: dict[str, str | int]
    detail: str


class AmountOut(BaseModel):
    """What is paid, in minor units of the currency and as people write it; null where no line is met."""

    grams: int
    paid_g: int
    minor: int | None
    currency: str | None
    amount: str | None
    line: str | None
    price_list: str | None
    version: int | None
    reasons: list[ReasonOut]


class DeliveryOut(AmountOut):
    """A delivery and what it is paid."""

    event: str
    at: Instant
    lot: str
    lot_code: str
    farmer: str
    product: str
    harvested_on: date | None
    zone: str | None
    claims: dict[str, str]
    disposition: str


class DeliveryPage(BaseModel):
    """All of them: there is never a next page."""

    data: list[DeliveryOut]
    next: None = None


class PayoutOut(BaseModel):
    """What a farmer gets in a currency; deliveries without a price are a line without one."""

    farmer: str
    currency: str | None
    deliveries: int
    grams: int
    paid_g: int
    minor: int
    amount: str | None
    unpriced: int


class TotalOut(BaseModel):
    """The sum of a currency."""

    currency: str
    minor: int
    amount: str


class PayoutPage(BaseModel):
    """By farmer and currency, and the sums. There is never a next page."""

    totals: list[TotalOut]
    deliveries: int
    unpriced: int
    data: list[PayoutOut]
    next: None = None


class WantedTime(Body):
    """Which deliveries: of a season, or of some days (both included), or all."""

    season: Annotated[str | None, Field(max_length=7, description="such as 2024/25; not with days")] = None
    commodity: Annotated[told.Word | None, Field(description="whose season; needed where you have several")] = None
    from_day: told.Day | None = None
    to_day: told.Day | None = None


class WantedFarmer(WantedTime):
    """Whose deliveries."""

    farmer: told.Code


class WantedFile(WantedTime):
    """Which deliveries, in which language."""

    lang: Lang = "en"


class WantedQuote(Body):
    """Goods, as if they were brought on a day. `line`: the price that is claimed for them."""

    product: told.Word
    grams: Annotated[int, Field(ge=1, le=MOST_GRAMS)]
    day: told.Day
    harvested_on: told.Day | None = None
    zone: told.Word | None = None
    grade: told.Word | None = None
    scheme: told.Word | None = None
    value: told.Word | None = None
    moisture_bp: Annotated[int | None, Field(ge=0, le=9_999)] = None
    line: told.Code | None = None


# --- lists ---

BY_CODE = Order("price-lists", (col(models.PriceList.code),), lambda row: (row.code,))


def _terms(body: TermsIn) -> Terms:
    """The terms that were sent. Refuses what is not known, and lines of which two could win."""
    prices.currency(body.currency)
    lines = []
    for place, one in enumerate(body.lines):
        profiles().product(one.product)
        for scheme, value in one.claims.items():
            known = profiles().schemes.get(scheme)
            if known is None:
                raise Refused("SCHEME_UNKNOWN", scheme=scheme)
            known.value(value)
        since, until = one.harvested_from, one.harvested_to
        if since is not None and until is not None and until < since:
            raise refused(f"lines/{place}/harvested_to", "order", "The last day of harvest is before the first.")
        claims = frozenset(one.claims.items())
        lines.append(
            PriceLine(one.code, one.per_tonne, Conditions(one.product, one.grade, claims, one.zone, since, until))
        )
    rules.refuse_ties(lines)
    taken = tuple(Deduction(**one.model_dump()) for one in body.deductions)
    return Terms(body.currency, tuple(lines), taken, body.rounding, body.round_to)


def _versions(session: ScopedSession, list_id: str) -> list[models.PriceVersion]:
    query = select(models.PriceVersion).where(models.PriceVersion.list_id == list_id)
    return list(session.scalars(query.order_by(col(models.PriceVersion.number))))


def _out(session: ScopedSession, row: models.PriceList) -> PriceListOut:
    versions = [
        VersionOut.model_validate(
            json.loads(one.terms) | one.model_dump(include={"number", "from_day", "reason", "recorded_at"})
        )
        for one in _versions(session, row.id)
    ]
    return PriceListOut(id=row.id, code=row.code, name=row.name, version=row.version, versions=versions)


def _add_version(
    session: ScopedSession, row: models.PriceList, number: int, body: TermsIn, reason: str | None, now: int
) -> None:
    terms = _terms(body)
    prices.claim_products(session, row, {line.conditions.product for line in terms.lines})
    session.add(
        models.PriceVersion(
            org_id=session.org_id,
            list_id=row.id,
            number=number,
            from_day=body.from_day.isoformat(),
            terms=json.dumps(rules.plain(terms), ensure_ascii=False, sort_keys=True),
            reason=reason,
            recorded_at=now,
        )
    )
    session.flush()


@routes.get("/price-lists", access=READ, name="lists", summary="Your price lists, by code")
def list_price_lists(
    session: ReadDep, listing: Annotated[Listing, Query()], request: Request, response: Response
) -> Page[PriceListOut]:
    """Each with its versions."""
    rows, following = turn(session, select(models.PriceList), BY_CODE, listing, request, response)
    return Page(data=[_out(session, row) for row in rows], next=following)


@routes.post("/price-lists", access=WRITE, name="add_list", summary="Make a price list", status_code=201)
def add_price_list(session: WriteDep, recorder: LedgerDep, body: PriceListIn, response: Response) -> PriceListOut:
    """The same content under the same id changes nothing. A product has its prices in one list only."""
    row = session.get(models.PriceList, (session.org_id, body.id)) if body.id else None
    if row is not None:
        first = _versions(session, row.id)[0]
        said = {"code": body.code, "name": body.name}
        differs = [name for name, value in said.items() if getattr(row, name) != value]
        if first.from_day != iso(body.from_day) or json.loads(first.terms) != rules.plain(_terms(body)):
            differs.append("lines")
        if differs:
            raise reused(differs)
        response.status_code = 200
    else:
        now = recorder.clock()
        row = models.PriceList(
            org_id=session.org_id, id=body.id or new_id(recorder), code=body.code, name=body.name, created_at=now
        )
        make(session, row, field="code", value=body.code)
        _add_version(session, row, 1, body, None, now)
    response.headers["location"] = f"/v1/price-lists/{row.id}"
    tag(response, row.version)
    return _out(session, row)


@routes.get(
    "/price-lists/{price_list_id}",
    access=READ,
    name="show_list",
    summary="One price list",
    response_model=PriceListOut,
)
def show_price_list(
    session: ReadDep, price_list_id: told.Id, request: Request, response: Response
) -> PriceListOut | Response:
    """With all of its versions."""
    row = find(session, models.PriceList, price_list_id, "price list")
    return shown(request, response, _out(session, row), row.version)


@routes.post(
    "/price-lists/{price_list_id}/versions",
    access=WRITE,
    name="add_version",
    summary="Prices from a day on",
    status_code=201,
)
def add_price_version(
    session: WriteDep,
    recorder: LedgerDep,
    price_list_id: told.Id,
    body: VersionIn,
    version: VersionDep,
    response: Response,
) -> PriceListOut:
    """Needs `If-Match`. What was brought before the first day keeps its amount, whenever it was recorded."""
    row = find(session, models.PriceList, price_list_id, "price list", update=True)
    chain = [prices.version_of(row.code, one) for one in _versions(session, row.id)]
    with as_system(session) as system:
        prices.refuse_in_use(system, session.org_id, row.code, chain, body.from_day, body.reason)
    change(row, version, {}, also=True)
    _add_version(session, row, row.version, body, body.reason, recorder.clock())
    tag(response, row.version)
    return _out(session, row)


# --- what is paid ---


def _lang(request: Request) -> Lang:
    return "fr" if language(request) == "fr" else "en"


def _amount(one: Amount, lang: Lang) -> dict[str, Any]:
    money = prices.currencies()
    return {
        "grams": one.grams,
        "paid_g": one.paid_g,
        "minor": one.minor,
        "currency": one.currency,
        "amount": money[one.currency].text(one.minor) if one.currency and one.minor is not None else None,
        "line": one.line,
        "price_list": one.list_code,
        "version": one.version,
        "reasons": [
            ReasonOut(code=reason.code, params=dict(reason.params), detail=reason.sentence(lang))
            for reason in one.reasons
        ],
    }


@routes.get("/prices/quote", access=READ, name="quote", summary="What goods would be paid")
def quote(
    caller: CallerDep, session: LedgerReadDep, wanted: Annotated[WantedQuote, Query()], request: Request
) -> AmountOut:
    """With every step. A line that is claimed and not due is refused, with the reason."""
    profiles().product(wanted.product)
    if (wanted.scheme is None) != (wanted.value is None):
        raise refused("value", "missing", "Scheme and value are named together, or neither.")
    goods = Goods(
        wanted.product,
        wanted.grams,
        wanted.grade,
        {wanted.scheme: wanted.value} if wanted.scheme is not None and wanted.value is not None else {},
        wanted.zone,
        wanted.harvested_on,
        {"moisture": wanted.moisture_bp} if wanted.moisture_bp is not None else {},
    )
    found = prices.quote(session, caller.org_id, goods, wanted.day, wanted.line)
    return AmountOut(**_amount(found, _lang(request)))


def _wanted(session: Any, org_id: int, wanted: WantedTime, farmer: str | None = None) -> list[prices.Priced]:
    """The deliveries that are asked for."""
    if wanted.season is not None and (wanted.from_day is not None or wanted.to_day is not None):
        raise refused("season", "both", "Name a season, or days: not both.")
    return prices.wanted(
        session,
        org_id,
        season=wanted.season,
        commodity=wanted.commodity,
        first=wanted.from_day,
        last=wanted.to_day,
        farmer=farmer,
    )


@routes.get("/payouts", access=READ, name="payouts", summary="What each farmer gets")
def list_payouts(caller: CallerDep, session: LedgerReadDep, wanted: Annotated[WantedTime, Query()]) -> PayoutPage:
    """Sums over the deliveries that stand in the log, computed now; by currency."""
    rows, money = _wanted(session, caller.org_id, wanted), prices.currencies()
    data = [
        PayoutOut(**asdict(one), amount=money[one.currency].text(one.minor) if one.currency is not None else None)
        for one in prices.payouts(rows)
    ]
    found = rules.totals([row.amount for row in rows])
    return PayoutPage(
        totals=[TotalOut(currency=code, minor=minor, amount=money[code].text(minor)) for code, minor in found.items()],
        deliveries=len(rows),
        unpriced=sum(row.amount.minor is None for row in rows),
        data=data,
    )


@routes.get("/payouts/deliveries", access=READ, name="payout_behind", summary="The deliveries behind a payout")
def payout_deliveries(
    caller: CallerDep, session: LedgerReadDep, wanted: Annotated[WantedFarmer, Query()], request: Request
) -> DeliveryPage:
    """Of one farmer, each with its amount and why. Their amounts sum to the payout."""
    lang = _lang(request)
    data = [
        DeliveryOut(
            event=row.event,
            at=row.at,
            lot=row.lot,
            lot_code=row.lot_code,
            farmer=row.farmer,
            product=row.product,
            harvested_on=row.harvested_on,
            zone=row.zone,
            claims=dict(row.claims),
            disposition=row.disposition,
            **_amount(row.amount, lang),
        )
        for row in _wanted(session, caller.org_id, wanted, wanted.farmer)
    ]
    if not data:
        raise nothing("farmer with deliveries then")
    return DeliveryPage(data=data)


def _period(wanted: WantedTime) -> str:
    if wanted.season is not None:
        return wanted.season
    return f"{wanted.from_day or '…'} – {wanted.to_day or '…'}"


def _named(kind: str, wanted: WantedTime) -> dict[str, str]:
    named = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in _period(wanted)).strip("-")
    return {"Content-Disposition": f'attachment; filename="payout-{named or "all"}.{kind}"'}


@routes.get(
    "/payouts.csv",
    access=READ,
    name="payout_csv",
    summary="Every delivery and its amount as CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
def payouts_csv(caller: CallerDep, session: LedgerReadDep, wanted: Annotated[WantedFile, Query()]) -> Response:
    """One line a delivery, with the reasons of its amount."""
    from exchange.payouts import payout_csv

    rows = prices.sheet_rows(_wanted(session, caller.org_id, wanted))
    content = payout_csv(rows, prices.currencies(), wanted.lang)
    return Response(content, media_type="text/csv; charset=utf-8", headers=_named("csv", wanted))


@routes.get(
    "/payouts.xlsx",
    access=READ,
    name="payout_xlsx",
    summary="The payout as a workbook",
    response_class=Response,
    responses={200: {"content": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {}}}},
)
def payouts_xlsx(
    caller: CallerDep, ledger: LedgerDep, session: LedgerReadDep, wanted: Annotated[WantedFile, Query()]
) -> Response:
    """By farmer and by delivery, for each currency; the cover compares them with the ledger's own sums."""
    from exchange import payouts as sheets

    found = _wanted(session, caller.org_id, wanted)
    content = sheets.payout_xlsx(
        prices.sheet_rows(found),
        rules.totals([row.amount for row in found]),
        prices.currencies(),
        organisation=caller.actor.org_code,
        period=_period(wanted),
        made_at=instant(ledger.clock()),
        lang=wanted.lang,
    )
    return Response(content, media_type=sheets.MEDIA_TYPE, headers=_named("xlsx", wanted))
