"""Lots as they stand: balances, claims with their reasons, checks, and the trace both ways."""

from __future__ import annotations

import csv
import io
import json
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerReadDep, ReadDep
from api.problems import Problem, language
from domain import grounds
from domain.findings import Finding, sentence
from domain.refusals import Lang
from domain.trace import Trace
from ledger.claims import explain
from ledger.profiles import profiles
from ledger.queries import find_lot, trace

routes = Routes(prefix="/v1/lots", tags=["lots"])


class LotOut(BaseModel):
    """A lot: what it is, what is left of it, and what it may claim."""

    id: str
    code: str
    kind: str
    product: str
    initial_g: int
    remaining_g: int
    deficit_g: int
    disposition: str
    qc: str
    grade: str | None
    owned: bool
    held: bool
    site: str | None
    made_at: int
    farmer: str | None
    plot: str | None
    units: int
    claims: dict[str, str]


class LotPage(BaseModel):
    """A page of lots, newest first."""

    data: list[LotOut]
    next: str | None


class LineOut(BaseModel):
    """One line in the book of a lot."""

    type: str
    process: str | None
    kind: str
    grams: int
    occurred_at: int
    mine: bool


class CheckOut(BaseModel):
    """A quality check of a lot."""

    checked_at: int
    stage: str
    verdict: str
    grade: str | None
    lines: list[dict[str, Any]]


class HoldOut(BaseModel):
    """Something that blocks, or blocked, a lot."""

    kind: str
    code: str
    reason: str | None
    since: int
    open: bool


class ConsignmentOut(BaseModel):
    """A certificate of a control body about grams of a lot. Flagged: the lot has lost the claim since."""

    kind: str
    number: str
    scheme: str
    value: str
    grams: int
    issued_at: int
    state: str


class LotDetail(LotOut):
    """A lot with its book, its checks, its holds and the certificates issued for it."""

    lines: list[LineOut]
    checks: list[CheckOut]
    holds: list[HoldOut]
    consignments: list[ConsignmentOut]


class ReasonOut(BaseModel):
    """Why a lot claims no more: the fact, the lot and event it comes from, and the rule."""

    code: str
    detail: str
    rule: str | None = Field(description="where it is written: regulation and article")
    law: str | None = Field(description="what the rule asks for, in a sentence")
    params: dict[str, str | int]
    lot: str
    event: str


class GroundOut(BaseModel):
    """A fact that stands behind a claim, and the law that asks for it."""

    code: str
    detail: str
    rule: str | None
    params: dict[str, str | int]


class ClaimOut(BaseModel):
    """A claim of a lot: what stands behind it, and why it is not more."""

    scheme: str
    name: str
    value: str
    label: str
    claimable: bool
    grounds: list[GroundOut] = Field(description="why it is as much")
    reasons: list[ReasonOut] = Field(description="why it is not more")
    remaining_g: int = Field(description="grams of the lot that are left")
    claimed_g: int = Field(description="of these, how many may leave with the claim")


class ClaimsOut(BaseModel):
    """The claims of a lot."""

    lot: str
    code: str
    claims: list[ClaimOut]


class NodeOut(BaseModel):
    """A lot in a trace. Undisclosed lots of others are counted, not named."""

    id: str
    code: str
    kind: str
    product: str
    grams: int
    at: str
    organisation: str
    site: str | None
    farmer: str | None
    plot: str | None
    disposition: str
    claims: dict[str, str]
    disclosed: bool


class EdgeOut(BaseModel):
    """Grams of a lot that went into another."""

    parent: str
    child: str
    grams: int
    event: str
    event_id: str
    at: str


class ShareOut(BaseModel):
    """How many grams of the traced lot come from one delivery."""

    lot: str
    code: str
    farmer: str | None
    plot: str | None
    at: str
    delivered_g: int
    grams: int


class TraceOut(BaseModel):
    """The whole trace in one answer; going back, the shares sum to the lot exactly."""

    root: NodeOut
    direction: Literal["back", "forward"]
    nodes: list[NodeOut]
    edges: list[EdgeOut]
    composition: list[ShareOut]
    hidden: int
    shipped_g: int
    lost_g: int
    stock_g: int


def _lot_out(row: models.Lot, org_id: int, claims: dict[str, str]) -> dict[str, Any]:
    return {
        "id": row.uid,
        "code": row.code,
        "kind": row.kind,
        "product": row.product,
        "initial_g": row.initial_g,
        "remaining_g": row.remaining_g,
        "deficit_g": row.deficit_g,
        "disposition": row.disposition,
        "qc": row.qc,
        "grade": row.grade,
        "owned": row.owner_id == org_id,
        "held": row.holder_id == org_id,
        "site": row.site_id,
        "made_at": row.made_at,
        "farmer": row.farmer if row.org_id == org_id else None,
        "plot": row.plot if row.org_id == org_id else None,
        "units": row.units,
        "claims": claims,
    }


@routes.get("", access=Needs("lots:read"), summary="Lots that you own, hold or made")
def list_lots(
    caller: CallerDep,
    session: ReadDep,
    product: Annotated[str | None, Query(max_length=60)] = None,
    kind: Annotated[Literal["delivery", "receiving", "lot"] | None, Query()] = None,
    disposition: Annotated[Literal["available", "on_hold", "rejected", "recalled", "void"] | None, Query()] = None,
    claim: Annotated[str | None, Query(max_length=80, description="scheme:value, e.g. EU_ORG:organic")] = None,
    in_stock: Annotated[bool | None, Query(description="only lots with something left, or with nothing")] = None,
    code: Annotated[str | None, Query(max_length=40, description="code begins with")] = None,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> LotPage:
    """Newest first."""
    lot: Any = models.Lot
    query = select(lot)
    for column, wanted in ((lot.product, product), (lot.kind, kind), (lot.disposition, disposition)):
        if wanted is not None:
            query = query.where(column == wanted)
    if claim is not None:
        scheme, _, value = claim.partition(":")
        carrying: Any = models.LotClaim
        query = query.where(
            lot.id.in_(select(carrying.lot_id).where(carrying.scheme == scheme, carrying.value == value))
        )
    if in_stock is not None:
        query = query.where(lot.remaining_g > 0 if in_stock else lot.remaining_g == 0)
    if code is not None:
        query = query.where(lot.code.startswith(code.upper(), autoescape=True))
    if cursor is not None:
        query = query.where(lot.id < int(cursor))
    rows = list(session.scalars(query.order_by(lot.id.desc()).limit(limit + 1)))
    more, rows = len(rows) > limit, rows[:limit]
    claims = _claims(session, [row.id for row in rows])
    data = [LotOut(**_lot_out(row, caller.org_id, claims.get(row.id, {}))) for row in rows]
    return LotPage(data=data, next=str(rows[-1].id) if more else None)


def _claims(session: Any, keys: list[int]) -> dict[int, dict[str, str]]:
    claim: Any = models.LotClaim
    answer: dict[int, dict[str, str]] = {}
    for row in session.scalars(select(claim).where(claim.lot_id.in_(keys)).order_by(claim.scheme)):
        answer.setdefault(row.lot_id, {})[row.scheme] = row.value
    return answer


def _lot(session: Any, wanted: str) -> models.Lot:
    lot: Any = models.Lot
    query = select(lot).where((lot.uid == wanted.lower()) | (lot.code == wanted.upper()))
    rows = list(session.scalars(query.order_by(lot.id)))
    if not rows:
        raise Problem(404, "not-found", "There is no such lot that you may see.")
    return next((row for row in rows if row.org_id == session.org_id), rows[0])  # type: ignore[no-any-return]


LotRef = Annotated[str, Query(max_length=64)]


@routes.get("/{lot}", access=Needs("lots:read"), summary="One lot with its book")
def get_lot(caller: CallerDep, session: ReadDep, lot: str) -> LotDetail:
    """By id or code: balance, claims, every line of its book, checks and holds."""
    row = _lot(session, lot)
    line, check, hold = models.Line, models.Check, models.Hold
    lines = session.scalars(select(line).where(line.lot_id == row.id).order_by(line.occurred_at, line.seq))  # type: ignore[arg-type]
    checks = session.scalars(select(check).where(check.lot_id == row.id).order_by(check.seq))  # type: ignore[arg-type]
    holds = session.scalars(select(hold).where(hold.lot_id == row.id).order_by(hold.seq))  # type: ignore[arg-type]
    paper: Any = models.Consignment
    consignments = session.scalars(select(paper).where(paper.lot_id == row.id).order_by(paper.seq))
    return LotDetail(
        **_lot_out(row, caller.org_id, _claims(session, [row.id]).get(row.id, {})),
        lines=[
            LineOut(
                type=item.type,
                process=item.process,
                kind=item.kind,
                grams=item.grams,
                occurred_at=item.occurred_at,
                mine=item.org_id == caller.org_id,
            )
            for item in lines
        ],
        checks=[
            CheckOut(
                checked_at=item.checked_at,
                stage=item.stage,
                verdict=item.verdict,
                grade=item.grade,
                lines=json.loads(item.lines),
            )
            for item in checks
        ],
        holds=[
            HoldOut(
                kind=item.kind,
                code=item.code,
                reason=item.reason,
                since=item.since,
                open=item.ended_seq is None,
            )
            for item in holds
        ],
        consignments=[
            ConsignmentOut(
                kind=item.kind,
                number=item.number,
                scheme=item.scheme,
                value=item.value,
                grams=item.grams,
                issued_at=item.issued_at,
                state=item.state,
            )
            for item in consignments
        ],
    )


@routes.get("/{lot}/claims", access=Needs("lots:read"), summary="The claims of a lot, and why not more")
def get_claims(request: Request, caller: CallerDep, session: LedgerReadDep, lot: str) -> ClaimsOut:
    """Each reason names the lot and the event that it comes from, and the rule."""
    lang: Lang = "fr" if language(request) == "fr" else "en"
    row = find_lot(session, caller.org_id, lot)
    claims = [
        ClaimOut(
            scheme=claim.scheme,
            name=claim.name[lang],
            value=claim.value,
            label=claim.label[lang],
            claimable=claim.claimable,
            grounds=[
                GroundOut(
                    code=ground.code, detail=grounds.sentence(ground, lang), rule=ground.rule, params=ground.params
                )
                for ground in claim.grounds
            ],
            reasons=[_reason(reason, claim.scheme, lang) for reason in claim.reasons],
            remaining_g=claim.remaining_g,
            claimed_g=claim.claimed_g,
        )
        for claim in explain(session, caller.org_id, row)
    ]
    return ClaimsOut(lot=row.uid, code=row.code, claims=claims)


def _reason(reason: Any, scheme: str, lang: Lang) -> ReasonOut:
    finding: Finding = reason.finding
    rule = profiles().schemes[scheme].rules.get(finding.code)
    return ReasonOut(
        code=finding.code,
        detail=sentence(finding, lang),
        rule=finding.rule,
        law=rule.text[lang] if rule is not None else None,
        params=dict(finding.params),
        lot=reason.lot_code,
        event=reason.event_id,
    )


@routes.get(
    "/{lot}/trace",
    access=Needs("lots:read"),
    summary="Where a lot is from, or where it went",
    responses={200: {"content": {"text/csv": {}, "image/svg+xml": {}}}},
    response_model=TraceOut,
)
def get_trace(
    request: Request,
    caller: CallerDep,
    session: LedgerReadDep,
    lot: str,
    direction: Literal["back", "forward"] = "back",
    format: Literal["json", "csv", "svg"] = "json",  # noqa: A002 - the parameter's plain name
) -> Any:
    """Back: every delivery with its grams, summing to the lot. Forward: everything made from it, and where it is."""
    found = trace(session, caller.org_id, lot, direction)
    if format == "json":
        return trace_out(found)
    if format == "csv":
        return Response(trace_csv(found), media_type="text/csv; charset=utf-8")
    from labels.lineage import trace_svg

    return Response(trace_svg(found, language(request)), media_type="image/svg+xml")


def trace_out(found: Trace) -> TraceOut:
    """The trace as the API answers it."""
    node = {item.id: _node(item) for item in found.nodes}
    return TraceOut(
        root=_node(found.root),
        direction=found.direction,
        nodes=list(node.values()),
        edges=[
            EdgeOut(
                parent=edge.parent,
                child=edge.child,
                grams=edge.grams,
                event=edge.event,
                event_id=edge.event_id,
                at=edge.at.isoformat(),
            )
            for edge in found.edges
        ],
        composition=[
            ShareOut(
                lot=share.lot,
                code=share.code,
                farmer=share.farmer,
                plot=share.plot,
                at=share.at.isoformat(),
                delivered_g=share.delivered_g,
                grams=share.grams,
            )
            for share in found.composition
        ],
        hidden=found.hidden,
        shipped_g=found.shipped_g,
        lost_g=found.lost_g,
        stock_g=found.stock_g,
    )


def _node(item: Any) -> NodeOut:
    return NodeOut(
        id=item.id,
        code=item.code,
        kind=item.kind,
        product=item.product,
        grams=item.grams,
        at=item.at.isoformat(),
        organisation=item.organisation,
        site=item.site,
        farmer=item.farmer,
        plot=item.plot,
        disposition=item.disposition,
        claims=item.claims,
        disclosed=item.disclosed,
    )


def trace_csv(found: Trace) -> str:
    """Back: one row a delivery. Forward: one row a lot. Grams as integers; text never starts a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if found.direction == "back":
        writer.writerow(["lot", "delivery", "farmer", "plot", "delivered_at", "delivered_g", "grams_in_lot"])
        for share in found.composition:
            row = [found.root.code, share.code, share.farmer, share.plot, share.at.isoformat()]
            writer.writerow([*map(_cell, row), share.delivered_g, share.grams])
    else:
        writer.writerow(["from_lot", "lot", "product", "organisation", "site", "made_at", "disposition", "grams"])
        for node in found.nodes:
            row = [found.root.code, node.code or "not disclosed", node.product, node.organisation, node.site]
            writer.writerow([*map(_cell, [*row, node.at.isoformat(), node.disposition]), node.grams])
    return out.getvalue()


def _cell(value: object) -> str:
    """A text cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \t\r\n")[:1] in set("=+-@|%\t\r\n＝＋－＠") and text else text
