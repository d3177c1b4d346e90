"""Recalls and their tests: opened from a lot, plot, load, vessel or failed check; reconciled, notified, closed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Query, Request, Response
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator
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
    left_out,
    make,
    new_id,
    same,
    sent,
    shown,
    tag,
)
from domain import events as told
from domain.findings import sentence
from domain.recall import Report
from domain.refusals import NONE, Lang, Refused
from ledger import fsma, recall
from models.db import system_session

routes = Routes(prefix="/v1", tags=["recalls"])
READ, WRITE = Needs("lots:read"), Needs("recall:write")
PERSONS, KEEPS = Needs("registry:read"), Needs("registry:write")  # contacts are persons

_CASE = "0193b2c4-8a11-7c3e-9a57-000000000701"
_CONSIGNEE = "0193b2c4-8a11-7c3e-9a57-000000000702"
_ENTRY = "0193b2c4-8a11-7c3e-9a57-000000000703"

Kind: TypeAlias = Literal["real", "mock"]
OriginKind: TypeAlias = Literal["lot", "input", "plot", "load", "vessel", "check"]
Outcome: TypeAlias = Literal["returned", "destroyed"]
Ref: TypeAlias = Annotated[
    str, AfterValidator(told._clean), StringConstraints(min_length=1, max_length=64)  # noqa: SLF001
]
LangQuery = Annotated[Literal["en", "fr"], Query(description="language of the document")]

# --- shapes ---


class OriginIn(Body):
    """From what it is opened. ``from_day`` and ``to_day`` are of the runs of a vessel."""

    kind: OriginKind
    ref: Annotated[Ref, Field(description="code or id of the lot, plot, load, vessel; id of the check's event")]
    from_day: told.Day | None = None
    to_day: told.Day | None = None

    @model_validator(mode="after")
    def _days(self) -> OriginIn:
        if self.kind != "vessel" and (self.from_day or self.to_day):
            message = "from_day and to_day are for a vessel; leave them out"
            raise ValueError(message)
        if self.from_day and self.to_day and self.to_day < self.from_day:
            message = "to_day is before from_day; exchange them"
            raise ValueError(message)
        return self

    def origin(self) -> recall.Origin:
        return recall.Origin(self.kind, self.ref, self.from_day, self.to_day)


class RecallIn(Body):
    """A recall (``real``), which blocks everything at once, or a test (``mock``), which touches nothing."""

    model_config = example(
        id=_CASE, kind="mock", origin={"kind": "lot", "ref": "LR-C1-EX-01"}, reason="Yearly test of traceability"
    )

    id: told.Id | None = None
    kind: Kind
    origin: OriginIn
    reason: Annotated[told.Note, Field(description="why; of a recall it stays in the log: no names of persons")]


class NotifyIn(Body):
    """How a recipient was told."""

    model_config = example(recipient="EU-B1", how="Telephone, then e-mail with the list of lots")

    recipient: told.Code
    how: told.Note


class ReturnIn(Body):
    """What became of goods that you shipped: they came back, or the consignee destroyed them.

    It moves grams in the reconciliation and makes no stock: what is sold again comes in as a new delivery.
    """

    model_config = example(
        id=_ENTRY,
        lot="LR-C1-EX-01",
        recipient="EU-B1",
        outcome="returned",
        quantity={"value": "250", "unit": "kg"},
        on_day="2025-02-10",
        place="Warehouse Monrovia",
        document="RN-0007",
    )

    id: told.Id | None = None
    lot: Ref
    recipient: Annotated[told.Code | None, Field(description="none: shipped without saying to whom")] = None
    outcome: Outcome
    quantity: told.Quantity
    on_day: told.Day
    place: Text
    document: told.Code | None = None


class CloseIn(Body):
    """How it ended: cause, what was done, and what is done so that it does not happen again."""

    model_config = example(note="Source found: one wet sack of plot A. Goods destroyed, note 0042.")

    note: told.Note


class FindingOut(BaseModel):
    """What somebody has to look at."""

    code: str
    detail: str
    rule: str | None


class AccountOut(BaseModel):
    """Grams of a lot, or of several: ``made_g`` is the sum of all the others."""

    made_g: int
    in_house_g: int
    processed_g: int = Field(description="went on into other lots")
    lost_g: int = Field(description="lost before the recall")
    destroyed_g: int
    shipped_g: int = Field(description="still out")
    returned_g: int
    difference_g: int


class SumsOut(BaseModel):
    """The whole set: roots + mixed in − lost = affected = in house + shipped + destroyed + returned, to the gram."""

    roots_g: int
    mixed_in_g: int
    process_loss_g: int
    lost_g: int
    affected_g: int
    in_house_g: int
    shipped_g: int
    destroyed_g: int
    returned_g: int
    difference_g: int
    unknown_g: int = Field(description="of what was shipped: nobody told to whom")
    reconciled_bp: int = Field(description="share whose whereabouts are known, in basis points")
    secured_bp: int = Field(description="share in house, destroyed or back, in basis points")


class LotOut(BaseModel):
    """A lot of the affected set."""

    id: str
    code: str
    product: str
    organisation: str
    site: str | None
    at: datetime
    root: bool
    disposition: str
    account: AccountOut


class SourceOut(BaseModel):
    """A lot that the recalled goods come from."""

    id: str
    code: str
    kind: str
    product: str
    grams: int
    at: datetime
    organisation: str
    farmer: str | None
    plot: str | None


class ConsignedOut(BaseModel):
    """Goods that left for a recipient."""

    lot: str
    code: str
    product: str
    how: str
    grams: int
    at: datetime
    document: str | None


class RecipientOut(BaseModel):
    """Who got what from you, whom to reach there, and whether they were told."""

    code: str | None = Field(description="none: nobody told to whom")
    name: str
    person: str | None
    phone: str | None
    email: str | None
    address: str | None
    grams: int
    goods: list[ConsignedOut]
    notified_at: datetime | None
    notified_by: str | None
    how: str | None


class ReturnOut(BaseModel):
    """An entry on what became of shipped goods."""

    id: str
    lot: str
    code: str
    recipient: str | None
    outcome: str
    grams: int
    on_day: date
    place: str
    document: str | None
    recorded_at: datetime
    recorded_by: str
    withdrawn_at: datetime | None


class RecallOut(Shown):
    """A case in the list."""

    id: str
    number: str
    kind: Kind
    state: Literal["open", "closed"]
    origin: OriginKind
    ref: str
    reason: str
    opened_at: Instant
    took_ms: int
    held_lots: int
    closed_at: Instant | None
    version: int


class NoticeOut(BaseModel):
    """A recall of another organisation that concerns lots of yours."""

    id: str
    lots: int
    opened_at: Instant


class RecallDetail(BaseModel):
    """A case with both sets, every account, whom to tell and what was found.

    Of another organisation's recall (``mine`` is false) you see your part: ``sums`` is null.
    """

    id: str
    number: str
    organisation: str
    organisation_name: str
    mine: bool
    kind: Kind
    state: Literal["open", "closed"]
    origin: OriginKind
    ref: str
    reason: str
    opened_at: datetime
    opened_by: str
    took_ms: int
    target_minutes: int
    held_lots: int
    pages: int
    closed_at: datetime | None
    closed_by: str | None
    note: str | None
    as_of: datetime
    sums: SumsOut | None
    affected: list[LotOut]
    others: AccountOut
    others_lots: int
    sources: list[SourceOut]
    recipients: list[RecipientOut]
    returns: list[ReturnOut]
    findings: list[FindingOut]
    version: int


class ConsigneeIn(Body):
    """Whom to reach at a recipient; ``code`` is what shipments tell as ``to``."""

    model_config = example(
        id=_CONSIGNEE,
        code="EU-B1",
        name="Chocolaterie du Port",
        person="Quality manager",
        phone="+33 1 00 00 00 00",
        email="quality@example.org",
        address="1 quai du Port, 76600 Le Havre, France",
    )

    id: told.Id | None = None
    code: told.Code
    name: Text
    person: Text | None = None
    phone: Text | None = None
    email: Text | None = None
    address: Text | None = None


class ConsigneeChange(Body):
    """What changed; null erases. ``ended``: goods no longer go there."""

    model_config = example(phone="+33 2 00 00 00 00")

    name: Text = Field(default_factory=left_out)
    person: Text | None = None
    phone: Text | None = None
    email: Text | None = None
    address: Text | None = None
    ended: Annotated[bool, Field(strict=True)] = Field(default_factory=left_out)


class ConsigneeOut(Shown):
    """Whom to reach at a recipient."""

    id: str
    code: str
    name: str
    person: str | None
    phone: str | None
    email: str | None
    address: str | None
    ended_at: Instant | None
    version: int


# --- answers ---


def _account(account: Any) -> AccountOut:
    return AccountOut(**{name: getattr(account, name) for name in AccountOut.model_fields})


def detail(found: Report, lang: Lang) -> RecallDetail:
    """A case as the API answers it."""
    case, seen = found.case, found.survey
    plain = asdict(case)
    return RecallDetail(
        **{name: plain[name] for name in RecallDetail.model_fields if name in plain},
        target_minutes=found.target.value,
        as_of=seen.made_at,
        sums=SumsOut(**{name: getattr(seen.sums, name) for name in SumsOut.model_fields}) if seen.sums else None,
        affected=[
            LotOut(
                **{name: getattr(one, name) for name in LotOut.model_fields if name != "account"},
                account=_account(one.account),
            )
            for one in seen.lots
        ],
        others=_account(seen.hidden),
        others_lots=seen.hidden_lots,
        sources=[
            SourceOut(**{name: getattr(node, name) for name in SourceOut.model_fields})
            for node in seen.back.nodes
            if node.disclosed and (node.kind == "delivery" or node.code not in seen.roots)
        ],
        recipients=[_recipient(found, code) for code in seen.recipients()],
        returns=[
            ReturnOut(
                id=one.id,
                lot=one.lot,
                code=one.code,
                recipient=_code(one.recipient),
                outcome=one.outcome,
                grams=one.grams,
                on_day=one.on,
                place=one.place,
                document=one.document,
                recorded_at=one.at,
                recorded_by=one.by,
                withdrawn_at=one.withdrawn_at,
            )
            for one in found.returned
        ],
        findings=[FindingOut(code=one.code, detail=sentence(one, lang), rule=one.rule) for one in found.findings],
    )


def _code(recipient: str) -> str | None:
    return None if recipient == NONE else recipient


def _recipient(found: Report, code: str) -> RecipientOut:
    contact, goods, notified = found.survey.contact(code), found.survey.to(code), found.told(code)
    return RecipientOut(
        code=_code(code),
        name=contact.name,
        person=contact.person,
        phone=contact.phone,
        email=contact.email,
        address=contact.address,
        grams=sum(one.grams for one in goods),
        goods=[ConsignedOut(**{name: getattr(one, name) for name in ConsignedOut.model_fields}) for one in goods],
        notified_at=notified.at if notified else None,
        notified_by=notified.by if notified else None,
        how=notified.how if notified else None,
    )


def _lang(request: Request) -> Lang:
    return "fr" if language(request) == "fr" else "en"


# --- cases ---

BY_OPENING = Order(
    "recalls", (col(models.RecallCase.number),), lambda row: (row.number,), newest_first=True
)  # fmt: skip


class Recalls(Listing):
    """Which cases."""

    kind: Kind | None = None
    state: Literal["open", "closed"] | None = None


@routes.get("/recalls", access=READ, name="list", summary="Recalls and tests that you opened")
def list_recalls(
    session: ReadDep, listing: Annotated[Recalls, Query()], request: Request, response: Response
) -> Page[RecallOut]:
    """Recalls first (RC-…), then tests (MR-…); the newest number first."""
    case, query = models.RecallCase, select(models.RecallCase)
    if listing.kind is not None:
        query = query.where(case.kind == listing.kind)
    if listing.state is not None:
        query = query.where(case.state == listing.state)
    rows, following = turn(session, query, BY_OPENING, listing, request, response)
    return Page(data=[RecallOut.model_validate(row) for row in rows], next=following)


BY_NOTICE = Order(
    "recall_notices", (col(models.RecallNotice.case_id),), lambda row: (row.case_id,), newest_first=True
)  # fmt: skip


@routes.get("/recall-notices", access=READ, name="notices", summary="Recalls of others that concern your lots")
def list_notices(
    session: ReadDep, listing: Annotated[Listing, Query()], request: Request, response: Response
) -> Page[NoticeOut]:
    """Each leads to your part of the case: `GET /v1/recalls/{id}`."""
    rows, following = turn(session, select(models.RecallNotice), BY_NOTICE, listing, request, response)
    data = [NoticeOut(id=row.case_id, lots=row.lots, opened_at=row.opened_at) for row in rows]
    return Page(data=data, next=following)


@routes.post("/recalls", access=WRITE, name="open", summary="Open a recall, or test one", status_code=201)
def open_recall(
    caller: CallerDep, recorder: LedgerDep, body: RecallIn, request: Request, response: Response
) -> RecallDetail:
    """Both sets, the quantities and the contacts at once.

    A recall blocks all affected lots and turns their public pages in the same transaction. A test blocks nothing.
    """
    origin = body.origin.origin()
    identity, new = recall.open_case(recorder, caller.actor, body.kind, origin, body.reason, body.id)
    if not new:
        response.status_code = 200
    found = _report(recorder, caller.org_id, identity)
    if not new and (found.case.kind, found.case.reason, found.case.ref) != (body.kind, body.reason, origin.ref):
        raise Refused("RECALL_ID_TAKEN", recall=identity)
    tag(response, found.case.version)
    response.headers["location"] = f"/v1/recalls/{identity}"
    return detail(found, _lang(request))


def _report(recorder: LedgerDep, org_id: int, wanted: str) -> Report:
    with system_session(recorder.database, write=False) as session:
        return recall.report(session, org_id, wanted, now=recorder.clock())


@routes.get("/recalls/{recall_id}", access=PERSONS, name="show", summary="A recall or test, or your part of it")
def show_recall(
    caller: CallerDep,
    recorder: LedgerDep,
    session: LedgerReadDep,
    recall_id: told.Id,
    request: Request,
    response: Response,
) -> RecallDetail:
    """An open recall as it stands now; a test as it was found, a closed recall as it was closed."""
    found = recall.report(session, caller.org_id, recall_id, now=recorder.clock())
    tag(response, found.case.version)
    return detail(found, _lang(request))


@routes.post(
    "/recalls/{recall_id}/notified",
    access=WRITE,
    name="notified",
    summary="A recipient was told",
)
def notified(
    caller: CallerDep, recorder: LedgerDep, recall_id: told.Id, body: NotifyIn, request: Request
) -> RecallDetail:
    """By you, now. Told twice, the first time stands."""
    recall.notify(recorder, caller.actor, recall_id, body.recipient, body.how)
    return detail(_report(recorder, caller.org_id, recall_id), _lang(request))


@routes.get(
    "/recalls/{recall_id}/text",
    access=PERSONS,
    name="text",
    summary="What to tell a recipient",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)
def text(
    caller: CallerDep,
    recorder: LedgerDep,
    session: LedgerReadDep,
    recall_id: told.Id,
    recipient: Annotated[told.Code, Query(description="code of who got the goods")],
    lang: LangQuery = "en",
) -> Response:
    """Plain text to copy or send: lots, kilograms, dates, and what to do."""
    found = recall.report(session, caller.org_id, recall_id, now=recorder.clock())
    return Response(recall.text_for(found, recipient, lang), media_type="text/plain; charset=utf-8")


@routes.post("/recalls/{recall_id}/returns", access=WRITE, name="returned", summary="Goods came back", status_code=201)
def returned(
    caller: CallerDep, recorder: LedgerDep, recall_id: told.Id, body: ReturnIn, request: Request
) -> RecallDetail:
    """Or the consignee destroyed them. At most what you shipped of the lot to that recipient."""
    came = recall.Came(
        body.lot, body.recipient or NONE, body.outcome, body.quantity, body.on_day, body.place, body.document, body.id
    )
    recall.came_back(recorder, caller.actor, recall_id, came)
    return detail(_report(recorder, caller.org_id, recall_id), _lang(request))


@routes.post(
    "/recalls/{recall_id}/returns/{entry_id}/withdraw",
    access=WRITE,
    name="withdraw",
    summary="An entry on returned goods was wrong",
)
def withdraw(
    caller: CallerDep, recorder: LedgerDep, recall_id: told.Id, entry_id: told.Id, request: Request
) -> RecallDetail:
    """It stays in the case, and no longer counts."""
    recall.withdraw(recorder, caller.actor, recall_id, entry_id)
    return detail(_report(recorder, caller.org_id, recall_id), _lang(request))


@routes.post("/recalls/{recall_id}/close", access=WRITE, name="close", summary="Close a recall or a test")
def close(
    caller: CallerDep,
    recorder: LedgerDep,
    recall_id: told.Id,
    body: CloseIn,
    version: VersionDep,
    request: Request,
    response: Response,
) -> RecallDetail:
    """Needs `If-Match`. A recall is closed by a second person, when all recipients were told; its holds stay."""
    recall.close(recorder, caller.actor, recall_id, body.note, version)
    found = _report(recorder, caller.org_id, recall_id)
    tag(response, found.case.version)
    return detail(found, _lang(request))


@routes.get(
    "/recalls/{recall_id}/report.pdf",
    access=PERSONS,
    name="report",
    summary="The report of a recall or test as PDF",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
def report_pdf(
    caller: CallerDep, recorder: LedgerDep, session: LedgerReadDep, recall_id: told.Id, lang: LangQuery = "en"
) -> Response:
    """Figures, graph, timeline, both sets, reconciliation and notifications. It names whom to reach."""
    found = recall.report(session, caller.org_id, recall_id, now=recorder.clock())
    headers = {"Content-Disposition": f'inline; filename="{found.case.number}.pdf"'}
    return Response(recall.paper(found, lang), media_type="application/pdf", headers=headers)


class Asked(Body):
    """Which records. None of them: all."""

    lot: Annotated[Ref | None, Field(description="code or id of a lot: its records, up and down")] = None
    recall: Annotated[told.Id | None, Field(description="id of a recall or test of yours: its records")] = None
    since: Annotated[told.Day | None, Field(alias="from", description="events on this day or later")] = None
    until: Annotated[told.Day | None, Field(alias="to", description="events on this day or before")] = None


@routes.get(
    "/fsma204.xlsx",
    access=PERSONS,
    name="fsma204",
    summary="Traceability records of FSMA 204 as a workbook",
    response_class=Response,
    responses={200: {"content": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {}}}},
)
def fsma204(
    caller: CallerDep, recorder: LedgerDep, session: LedgerReadDep, asked: Annotated[Asked, Query()]
) -> Response:
    """A sheet for each critical tracking event with the key data elements of 21 CFR 1.1325 to 1.1350.

    Of foods on the Food Traceability List only: the commodity's profile says which products are, and since when.
    """
    from exchange.fsma_xlsx import MEDIA_TYPE, fsma_xlsx

    found = fsma.sheet(
        session,
        caller.org_id,
        now=recorder.clock(),
        lot=asked.lot,
        recall=asked.recall,
        first=asked.since,
        last=asked.until,
    )
    headers = {"Content-Disposition": 'attachment; filename="fsma204.xlsx"'}
    return Response(fsma_xlsx(found), media_type=MEDIA_TYPE, headers=headers)


# --- whom to reach ---

BY_CODE = Order("consignees", (col(models.Consignee.code),), lambda row: (row.code,))


@routes.get("/consignees", access=PERSONS, name="consignees", summary="Whom to reach at those who get your goods")
def list_consignees(
    session: ReadDep, listing: Annotated[Listing, Query()], request: Request, response: Response
) -> Page[ConsigneeOut]:
    """By code."""
    rows, following = turn(session, select(models.Consignee), BY_CODE, listing, request, response)
    return Page(data=[ConsigneeOut.model_validate(row) for row in rows], next=following)


@routes.get(
    "/consignees/{consignee_id}", access=PERSONS, name="consignee", summary="One consignee", response_model=ConsigneeOut
)
def show_consignee(
    session: ReadDep, consignee_id: told.Id, request: Request, response: Response
) -> ConsigneeOut | Response:
    """Its ETag is needed to change it."""
    row = find(session, models.Consignee, consignee_id, "consignee")
    return shown(request, response, ConsigneeOut.model_validate(row), row.version)


@routes.post("/consignees", access=KEEPS, name="add_consignee", summary="Add a consignee", status_code=201)
def add_consignee(session: WriteDep, recorder: LedgerDep, body: ConsigneeIn, response: Response) -> ConsigneeOut:
    """The code is what shipments tell; the rest is kept beside the log and can be erased."""
    values = body.model_dump(exclude={"id"})
    row = session.get(models.Consignee, (session.org_id, body.id)) if body.id else None
    if row is not None:
        same(row, values)
        response.status_code = 200
    else:
        row = models.Consignee(org_id=session.org_id, id=body.id or new_id(recorder), **values)
        make(session, row, field="code", value=row.code)
    tag(response, row.version)
    response.headers["location"] = f"/v1/consignees/{row.id}"
    return ConsigneeOut.model_validate(row)


@routes.patch("/consignees/{consignee_id}", access=KEEPS, name="change_consignee", summary="Change a consignee")
def change_consignee(
    session: WriteDep,
    recorder: LedgerDep,
    consignee_id: told.Id,
    body: ConsigneeChange,
    version: VersionDep,
    response: Response,
) -> ConsigneeOut:
    """Needs `If-Match`."""
    row = find(session, models.Consignee, consignee_id, "consignee", update=True)
    values = sent(body, "ended")
    if "ended" in body.model_fields_set:
        values["ended_at"] = recorder.clock() if body.ended else None
    change(row, version, values)
    session.flush()
    tag(response, row.version)
    return ConsigneeOut.model_validate(row)
