"""Mass balance: statements of an organisation, a site, a certificate; the events behind each figure; the pack."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, LedgerReadDep
from api.problems import language
from api.v1.events import FindingOut
from api.versions import nothing, refused
from domain import balance
from domain import events as told
from domain.balance import Account, Balance, Span
from domain.findings import Finding, sentence
from domain.refusals import Lang, Refused
from ledger import balances, pack
from ledger.balances import Books, Season
from ledger.profiles import profiles
from ledger.queries import instant
from models.db import SystemSession

routes = Routes(prefix="/v1", tags=["balances"])
READ, PERSONS = Needs("lots:read"), Needs("registry:read")

Cell = Literal[
    "opening", "delivered", "moved_in", "made", "used", "moved_out", "shipped", "lost", "closing"
]  # fmt: skip


# --- what is asked ---


class Wanted(BaseModel):
    """Which time. A season needs its commodity where goods of several are there."""

    model_config = ConfigDict(extra="forbid")

    season: Annotated[str | None, Field(pattern=r"^[0-9]{4}(/[0-9]{2})?$", description="such as 2024/25")] = None
    commodity: Annotated[told.Word | None, Field(description="id of a commodity, such as cocoa")] = None
    since: Annotated[told.When | None, Field(description="from this instant on")] = None
    until: Annotated[told.When | None, Field(description="before this instant")] = None


class WantedOwn(Wanted):
    """Whose goods: those that the organisation owns, wherever they lie, or those that it holds, whosever they are."""

    basis: Annotated[Literal["owned", "held"], Field(description="what is yours, or what lies with you")] = "owned"


class Figure(BaseModel):
    """Which figure of a statement; with ``scheme`` and ``value``, of the part that claims it."""

    product: Annotated[told.Word, Field(description="code of the product")]
    cell: Annotated[Cell, Field(description="the figure")]
    scheme: told.Word | None = None
    value: told.Word | None = None


class WantedFigure(Wanted, Figure):
    """A figure, and which time."""


class WantedOwnFigure(WantedOwn, Figure):
    """A figure of the organisation's own statement."""


class WantedSeason(BaseModel):
    """Which season."""

    model_config = ConfigDict(extra="forbid")

    season: Annotated[
        str,
        Field(pattern=r"^[0-9]{4}(/[0-9]{2})?$", examples=["2024/25"], description="such as 2024/25"),
    ]
    commodity: Annotated[told.Word | None, Field(description="id of a commodity, such as cocoa")] = None


class WantedPack(WantedSeason):
    """Which season, and in which language."""

    lang: Annotated[Literal["en", "fr"], Field(description="language of the text")] = "en"


# --- what is answered ---


class BalanceOut(BaseModel):
    """Grams: opening + delivered + moved_in + made = used + moved_out + shipped + lost + closing."""

    product: str
    opening_g: int
    delivered_g: int
    moved_in_g: int
    made_g: int
    used_g: int
    moved_out_g: int
    shipped_g: int
    lost_g: int
    closing_g: int
    difference_g: int

    @classmethod
    def of(cls, product: str, one: Balance) -> BalanceOut:
        return cls(product=product, difference_g=one.difference_g, **asdict(one))


class ClaimOut(BaseModel):
    """The part of the goods that claims a value of a scheme, and the grams shipped with that claim told."""

    scheme: str
    value: str
    products: list[BalanceOut]
    shipped_as_g: int


class StatementOut(BaseModel):
    """A statement by product, all products as one (the loss then holds what processing took), and by claim."""

    account: str
    season: str | None
    since: datetime | None
    until: datetime | None
    products: list[BalanceOut]
    total: BalanceOut
    claims: list[ClaimOut]
    findings: list[FindingOut]


class BehindOut(BaseModel):
    """An event behind a figure: grams of a lot, as the figure counts them."""

    seq: int
    event: str
    type: str
    process: str | None
    at: datetime
    lot: str
    lot_code: str
    farmer: str | None
    grams: int


class BehindPage(BaseModel):
    """All events behind a figure; their grams sum to it. There is never a next page."""

    grams: int
    data: list[BehindOut]
    next: None = None


class RunOut(BaseModel):
    """A transformation: inputs, outputs and loss in grams, its conversion factor, and what that says."""

    event: str
    seq: int
    at: datetime
    process: str | None
    site: str | None
    inputs: dict[str, int]
    outputs: dict[str, int]
    used_g: int
    made_g: int
    loss_g: int
    yield_bp: int
    finding: FindingOut | None


class RunPage(BaseModel):
    """All runs of a statement. There is never a next page."""

    used_g: int
    made_g: int
    data: list[RunOut]
    next: None = None


class DeliveredOut(BaseModel):
    """Grams of a product with a claim."""

    product: str
    value: str
    grams: int


class MemberOut(BaseModel):
    """A member's season. ``delivered_g`` and ``previous_g`` are in grams of ``product``, that of the estimate."""

    farmer_id: str
    farmer: str
    status: str
    area_m2: dict[str, int]
    delivered: list[DeliveredOut]
    deliveries: int
    product: str
    delivered_g: int
    previous_g: int
    estimate_g: int | None
    signed: bool
    share_bp: int | None
    excess_g: int


class MemberPage(BaseModel):
    """All members of the certificate, those first who delivered most beyond their estimate. There is no next page."""

    season: str
    scheme: str
    data: list[MemberOut]
    next: None = None


class CommitmentOut(BaseModel):
    """What is promised of a product in a season, with a claim, and what stands behind it, in grams."""

    scheme: str | None
    value: str | None
    product: str
    contracts: list[str]
    contracted_g: int
    estimate_g: int
    available_g: int
    missing_g: int
    finding: FindingOut | None


class CommitmentPage(BaseModel):
    """All promises of a season. There is never a next page."""

    season: str
    data: list[CommitmentOut]
    next: None = None


# --- accounts ---


@dataclass(frozen=True, slots=True)
class _Account:
    """An account, its time, and the name under which it is answered."""

    name: str
    books: Books
    inside: Account
    span: Span
    season: Season | None

    @property
    def products(self) -> frozenset[str] | None:
        """The products that are looked at; none: all."""
        return frozenset(self.season.commodity.products) if self.season is not None else None

    def of(self, figure: Figure) -> Account:
        """The part of it that a figure is of."""
        if figure.scheme is None and figure.value is None:
            return self.inside
        if figure.scheme is None or figure.value is None:
            raise refused("value", "missing", "Scheme and value are named together, or neither.")
        scheme = profiles().schemes.get(figure.scheme)
        if scheme is None:
            raise Refused("SCHEME_UNKNOWN", scheme=figure.scheme)
        return self.books.claiming(self.inside, scheme.id, scheme.value(figure.value).code)


def _time(wanted: Wanted, products: set[str]) -> tuple[Span, Season | None]:
    if wanted.season is None:
        since, until = (told.millis(at) if at is not None else None for at in (wanted.since, wanted.until))
        return Span(since, until), None
    if wanted.since is not None or wanted.until is not None:
        raise refused("season", "both", "Name a season, or since and until: not both.")
    commodity = balances.commodity_of(products, wanted.commodity)
    season = balances.season(commodity, wanted.season)
    return season.span, season


def _own(session: SystemSession, org_id: int, wanted: WantedOwn) -> _Account:
    books = balances.read(session, org_id)
    span, season = _time(wanted, balances.products_of(books))
    inside = books.owned() if wanted.basis == "owned" else books.held()
    return _Account(f"organisation, {wanted.basis}", books, inside, span, season)


def _site(session: SystemSession, org_id: int, site_id: str, wanted: Wanted) -> _Account:
    if not balances.operates(session, org_id, site_id):
        raise nothing("site")
    books = balances.read(session, org_id)
    span, season = _time(wanted, balances.products_of(books))
    return _Account(f"site {site_id}", books, books.at(site_id), span, season)


def _certificate(session: SystemSession, org_id: int, certificate_id: str, wanted: Wanted) -> _Account:
    held = balances.certificate(session, org_id, certificate_id)
    books = balances.read(session, org_id)
    known = balances.commodity_of_certificate(session, held, wanted.commodity) if wanted.season else None
    span, season = _time(wanted, set(known.products) if known else set())
    return _Account(f"certificate {held.number}", books, balances.under(session, books, held), span, season)


# --- answers ---


def _finding(finding: Finding, lang: Lang) -> FindingOut:
    detail = sentence(finding, lang)
    return FindingOut(
        code=finding.code, level=finding.level, detail=detail, rule=finding.rule, params=dict(finding.params)
    )


def _lang(request: Request) -> Lang:
    return "fr" if language(request) == "fr" else "en"


def _statement(session: SystemSession, account: _Account, request: Request, now: int) -> StatementOut:
    books, inside, span = account.books, account.inside, account.span
    stated = _looked_at(balance.statement(books.movements, inside, span), account)
    shipped = balances.shipped_as(session, books, inside, span)
    claims = {key: _looked_at(part, account) for key, part in balances.by_claim(books, inside, span).items()}
    findings = balances.short_lots(books, inside)
    if account.season is not None:
        findings += balances.checks(session, books, inside, account.season, now=now)
    return StatementOut(
        account=account.name,
        season=account.season.code if account.season else None,
        since=instant(span.since) if span.since is not None else None,
        until=instant(span.until) if span.until is not None else None,
        products=[BalanceOut.of(product, one) for product, one in stated.items()],
        total=BalanceOut.of("–", balance.total(stated.values())),
        claims=[
            ClaimOut(
                scheme=scheme,
                value=value,
                products=[BalanceOut.of(product, one) for product, one in part.items()],
                shipped_as_g=shipped.get((scheme, value), 0),
            )
            for (scheme, value), part in claims.items()
            if part
        ],
        findings=[_finding(one, _lang(request)) for one in findings],
    )


def _looked_at(stated: dict[str, Balance], account: _Account) -> dict[str, Balance]:
    return {product: one for product, one in stated.items() if not account.products or product in account.products}


def _behind(session: SystemSession, account: _Account, figure: Figure) -> BehindPage:
    rows = balances.events_behind(session, account.books, account.of(figure), account.span, figure.product, figure.cell)
    return BehindPage(grams=sum(row.grams for row in rows), data=[BehindOut(**asdict(row)) for row in rows])


def _runs(session: SystemSession, account: _Account, request: Request) -> RunPage:
    done = balances.judged_runs(session, account.books, account.inside, account.span)
    wanted = [one for one in done if not account.products or account.products & one.run.inputs.keys()]
    data = [
        RunOut(
            event=one.event,
            seq=one.run.seq,
            at=instant(one.run.at),
            process=one.run.process,
            site=one.run.site,
            inputs=dict(one.run.inputs),
            outputs=dict(one.run.outputs),
            used_g=one.run.used_g,
            made_g=one.run.made_g,
            loss_g=one.run.loss_g,
            yield_bp=one.run.yield_bp,
            finding=_finding(one.finding, _lang(request)) if one.finding else None,
        )
        for one in wanted
    ]
    return RunPage(used_g=sum(one.used_g for one in data), made_g=sum(one.made_g for one in data), data=data)


# --- routes: the organisation ---


@routes.get("/balances/organisation", access=READ, name="own_balance", summary="Your mass balance")
def own_balance(
    caller: CallerDep,
    ledger: LedgerDep,
    session: LedgerReadDep,
    wanted: Annotated[WantedOwn, Query()],
    request: Request,
) -> StatementOut:
    """By product and by claim, of a season or of any span of time, to the gram.

    Time is when things happened. Claims are those that the lots carry now.
    """
    return _statement(session, _own(session, caller.org_id, wanted), request, ledger.clock())


@routes.get("/balances/organisation/events", access=READ, name="own_behind", summary="The events behind your figures")
def own_behind(caller: CallerDep, session: LedgerReadDep, wanted: Annotated[WantedOwnFigure, Query()]) -> BehindPage:
    """Their grams sum to the figure. Opening and closing stock: all events before, what went out negative."""
    return _behind(session, _own(session, caller.org_id, wanted), wanted)


@routes.get("/balances/organisation/runs", access=READ, name="own_runs", summary="Your transformations")
def own_runs(
    caller: CallerDep, session: LedgerReadDep, wanted: Annotated[WantedOwn, Query()], request: Request
) -> RunPage:
    """Each with its conversion factor against the plausible range of its step."""
    return _runs(session, _own(session, caller.org_id, wanted), request)


@routes.get("/balances/contracts", access=PERSONS, name="commitments", summary="What stands behind your contracts")
def commitments(
    caller: CallerDep,
    ledger: LedgerDep,
    session: LedgerReadDep,
    wanted: Annotated[WantedSeason, Query()],
    request: Request,
) -> CommitmentPage:
    """By scheme, value and product: contracted, estimated, in stock or sold, and what has nothing behind it."""
    books = balances.read(session, caller.org_id)
    promised = balances.contract_products(session, caller.org_id) or balances.products_of(books)
    season = balances.season(balances.commodity_of(promised, wanted.commodity), wanted.season)
    found = balances.commitments(session, books, season, now=ledger.clock())
    return CommitmentPage(
        season=season.code, data=[_commitment(one, [row.code for row in rows], request) for one, rows in found]
    )


def _commitment(one: balance.Commitment, codes: list[str], request: Request) -> CommitmentOut:
    finding = balance.overcommitted(one)
    return CommitmentOut(
        scheme=one.scheme if one.scheme != "-" else None,
        value=one.value if one.value != "-" else None,
        product=one.product,
        contracts=codes,
        contracted_g=one.contracted_g,
        estimate_g=one.estimate_g,
        available_g=one.available_g,
        missing_g=one.missing_g,
        finding=_finding(finding, _lang(request)) if finding else None,
    )


# --- routes: a site ---


@routes.get("/balances/sites/{site_id}", access=READ, name="site_balance", summary="The mass balance of a site")
def site_balance(
    caller: CallerDep,
    ledger: LedgerDep,
    session: LedgerReadDep,
    site_id: told.Id,
    wanted: Annotated[Wanted, Query()],
    request: Request,
) -> StatementOut:
    """All that lies or lay at a site that you operate, whosever it is."""
    return _statement(session, _site(session, caller.org_id, site_id, wanted), request, ledger.clock())


@routes.get("/balances/sites/{site_id}/events", access=READ, name="site_behind", summary="The events behind a figure")
def site_behind(
    caller: CallerDep, session: LedgerReadDep, site_id: told.Id, wanted: Annotated[WantedFigure, Query()]
) -> BehindPage:
    """Their grams sum to the figure of the site's statement."""
    return _behind(session, _site(session, caller.org_id, site_id, wanted), wanted)


@routes.get("/balances/sites/{site_id}/runs", access=READ, name="site_runs", summary="The transformations at a site")
def site_runs(
    caller: CallerDep, session: LedgerReadDep, site_id: told.Id, wanted: Annotated[Wanted, Query()], request: Request
) -> RunPage:
    """Each with its conversion factor against the plausible range of its step."""
    return _runs(session, _site(session, caller.org_id, site_id, wanted), request)


# --- routes: a certificate ---


@routes.get(
    "/balances/certificates/{certificate_id}",
    access=READ,
    name="certificate_balance",
    summary="The mass balance under a certificate",
)
def certificate_balance(
    caller: CallerDep,
    ledger: LedgerDep,
    session: LedgerReadDep,
    certificate_id: told.Id,
    wanted: Annotated[Wanted, Query()],
    request: Request,
) -> StatementOut:
    """The members' deliveries and what was made of them, as long as it is yours."""
    return _statement(session, _certificate(session, caller.org_id, certificate_id, wanted), request, ledger.clock())


@routes.get(
    "/balances/certificates/{certificate_id}/events",
    access=READ,
    name="certificate_behind",
    summary="The events behind a figure",
)
def certificate_behind(
    caller: CallerDep, session: LedgerReadDep, certificate_id: told.Id, wanted: Annotated[WantedFigure, Query()]
) -> BehindPage:
    """Their grams sum to the figure of the certificate's statement."""
    return _behind(session, _certificate(session, caller.org_id, certificate_id, wanted), wanted)


@routes.get(
    "/balances/certificates/{certificate_id}/runs",
    access=READ,
    name="certificate_runs",
    summary="The transformations under a certificate",
)
def certificate_runs(
    caller: CallerDep,
    session: LedgerReadDep,
    certificate_id: told.Id,
    wanted: Annotated[Wanted, Query()],
    request: Request,
) -> RunPage:
    """Each with its conversion factor against the plausible range of its step."""
    return _runs(session, _certificate(session, caller.org_id, certificate_id, wanted), request)


@routes.get(
    "/balances/certificates/{certificate_id}/members",
    access=PERSONS,
    name="member_balances",
    summary="Deliveries of each member against the estimate",
)
def member_balances(
    caller: CallerDep, session: LedgerReadDep, certificate_id: told.Id, wanted: Annotated[WantedSeason, Query()]
) -> MemberPage:
    """With area by status, claims, and the season before. Those first who delivered most beyond their estimate."""
    held = balances.certificate(session, caller.org_id, certificate_id)
    season = balances.season(balances.commodity_of_certificate(session, held, wanted.commodity), wanted.season)
    found = balances.members(session, balances.read(session, caller.org_id), held, season)
    ranked = sorted(found, key=lambda one: (-one.excess_g, -(one.share_bp or 0), one.code))
    return MemberPage(season=season.code, scheme=held.scheme, data=[_member(one) for one in ranked])


def _member(one: balances.Member) -> MemberOut:
    return MemberOut(
        farmer_id=one.farmer_id,
        farmer=one.code,
        status=one.status,
        area_m2=dict(one.area_m2),
        delivered=[
            DeliveredOut(product=product, value=value, grams=grams)
            for (product, value), grams in sorted(one.delivered.items())
        ],
        deliveries=one.deliveries,
        product=one.product,
        delivered_g=one.delivered_g,
        previous_g=one.previous_g,
        estimate_g=one.estimate_g,
        signed=one.signed,
        share_bp=one.share_bp,
        excess_g=one.excess_g,
    )


@routes.get(
    "/balances/certificates/{certificate_id}/members/{farmer_id}/events",
    access=READ,
    name="member_behind",
    summary="The deliveries of a member",
)
def member_behind(
    caller: CallerDep,
    session: LedgerReadDep,
    certificate_id: told.Id,
    farmer_id: told.Id,
    wanted: Annotated[WantedSeason, Query()],
) -> BehindPage:
    """What a member brought in a season, event by event."""
    held = balances.certificate(session, caller.org_id, certificate_id)
    season = balances.season(balances.commodity_of_certificate(session, held, wanted.commodity), wanted.season)
    rows = balances.deliveries_of(session, balances.read(session, caller.org_id), held, farmer_id, season)
    if rows is None:
        raise nothing("member")
    return BehindPage(grams=sum(row.grams for row in rows), data=[BehindOut(**asdict(row)) for row in rows])


# --- the pack ---


def _named(kind: str, number: str, season: str) -> dict[str, str]:
    named = f"{number}-{season}"
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "-" for sign in named)
    return {"Content-Disposition": f'attachment; filename="{plain}.{kind}"'}


@routes.get(
    "/certificates/{certificate_id}/pack.xlsx",
    access=PERSONS,
    name="pack_xlsx",
    summary="The certifier's pack as a workbook",
    response_class=Response,
    responses={200: {"content": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {}}}},
)
def pack_xlsx(
    caller: CallerDep,
    ledger: LedgerDep,
    session: LedgerReadDep,
    certificate_id: told.Id,
    wanted: Annotated[WantedPack, Query()],
) -> Response:
    """Members, inspections, purchases, balances, lots, contracts: read at one moment. It names persons."""
    from exchange import pack_xlsx as sheets

    found = pack.pack(session, caller.org_id, certificate_id, wanted.season, now=ledger.clock())
    headers = _named("xlsx", found.paper.number, found.season)
    return Response(sheets.pack_xlsx(found, wanted.lang), media_type=sheets.MEDIA_TYPE, headers=headers)


@routes.get(
    "/certificates/{certificate_id}/pack.pdf",
    access=PERSONS,
    name="pack_pdf",
    summary="The certifier's pack as PDF",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
def pack_pdf(
    caller: CallerDep,
    ledger: LedgerDep,
    session: LedgerReadDep,
    certificate_id: told.Id,
    wanted: Annotated[WantedPack, Query()],
) -> Response:
    """Figures, balances, findings and the list of members, to read and to file. It names persons."""
    from exchange import pack_pdf as paper

    found = pack.pack(session, caller.org_id, certificate_id, wanted.season, now=ledger.clock())
    headers = _named("pdf", found.paper.number, found.season)
    return Response(paper.pack_pdf(found, wanted.lang), media_type="application/pdf", headers=headers)
