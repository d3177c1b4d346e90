"""Internal inspections: reported, judged by the rules of the control system, decided by somebody else."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Query, Request, Response
from pydantic import AwareDatetime, Field
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.auth import Caller
from api.deps import CallerDep, LedgerDep, ReadDep, WriteDep
from api.paging import Listing, Order, Page, turn
from api.problems import language
from api.versions import (
    Body,
    Instant,
    LoweredOut,
    Shown,
    VersionDep,
    change,
    example,
    find,
    iso,
    lowered,
    make,
    new_id,
    same,
    sent,
    shown,
    tag,
)
from domain import events as told
from domain.findings import Finding, sentence
from domain.ics import counts
from domain.refusals import Refused
from ledger import ics, registry
from ledger.profiles import profiles
from ledger.project import dumps
from models.db import ScopedSession

routes = Routes(prefix="/v1/inspections", tags=["inspections"])
READ, WRITE = Needs("registry:read"), Needs("registry:write")

_FARMER = "0193b2c4-8a11-7c3e-9a57-000000000001"
_INSPECTION = "0193b2c4-8a11-7c3e-9a57-000000000004"

# --- shapes ---

Decision: TypeAlias = Literal["approved", "conditions", "rejected"]
Severity: TypeAlias = Literal["minor", "major", "critical"]


class FindingOut(Shown):
    """Why an inspection does not count (alert), or asks for a look (notice)."""

    code: str
    level: str
    detail: str
    rule: str | None


class AnswerIn(Body):
    """An answer to a question of the checklist."""

    code: told.Word
    answer: Literal["yes", "no", "na"]
    note: told.Note | None = None


class NonConformityIn(Body):
    """Something found: how grave, what is to be done, until when."""

    code: told.Word
    severity: Severity
    note: told.Note | None = None
    action: told.Note | None = None
    due_on: told.Day | None = None


class ReportIn(Body):
    """What the inspection looked at and found. The days of the signatures, not the signatures."""

    scheme: told.Word
    scope: told.Note | None = None
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    answers: Annotated[list[AnswerIn], Field(max_length=200)] = Field(default_factory=list)
    findings: Annotated[list[NonConformityIn], Field(max_length=100)] = Field(default_factory=list)
    inspector_signed_on: told.Day | None = None
    member_signed_on: told.Day | None = None
    issued_on: told.Day | None = None


class ReportOut(Shown):
    """The report of an inspection, what stands against it, and what was decided on it."""

    scheme: str
    scope: str | None
    started_at: Instant | None
    ended_at: Instant | None
    answers: list[AnswerIn]
    inspector_signed_on: date | None
    member_signed_on: date | None
    issued_on: date | None
    judged: list[FindingOut]
    decision: Decision | None
    decided_by: str | None
    decided_at: Instant | None
    reason: str | None


class InspectionOut(Shown):
    """An internal inspection of a farmer."""

    id: str
    farmer_id: str
    inspected_on: date
    inspector: str
    valid: bool
    version: int
    recorded_at: Instant


class InspectionDetail(InspectionOut):
    """An inspection with its report, if one was told."""

    report: ReportOut | None


class InspectionJudged(InspectionDetail):
    """An inspection after a change, and the lots whose claims it lowered."""

    lowered: list[LoweredOut]


class InspectionIn(Body):
    """An internal inspection of a farmer. ``inspector`` is a code, never a name.

    With a report, whether it counts is worked out and ``valid`` is not taken.
    """

    model_config = example(
        id=_INSPECTION,
        farmer_id=_FARMER,
        inspected_on="2024-08-10",
        inspector="I-07",
        report={
            "scheme": "EU_ORG",
            "scope": "Plot A, store, records",
            "started_at": "2024-08-10T08:00:00Z",
            "ended_at": "2024-08-10T08:35:00Z",
            "answers": [{"code": "BUFFER", "answer": "no"}],
            "findings": [{"code": "BUFFER", "severity": "minor", "action": "Hedge", "due_on": "2024-09-30"}],
            "inspector_signed_on": "2024-08-10",
            "member_signed_on": "2024-08-10",
        },
    )

    id: told.Id | None = None
    farmer_id: told.Id
    inspected_on: told.Day
    inspector: told.Code
    valid: Annotated[bool, Field(strict=True)] = True
    report: ReportIn | None = None


class InspectionChange(Body):
    """Whether it counts."""

    model_config = example(valid=False)

    valid: Annotated[bool, Field(strict=True)]


class DecisionIn(Body):
    """What the ICS manager decides on the report. ``approved`` approves the membership from a day on."""

    model_config = example(decision="approved", from_day="2024-08-15", reason="No findings")

    decision: Decision
    from_day: Annotated[
        told.Day | None, Field(description="first day as approved member; the day of the inspection")
    ] = None
    reason: told.Note | None = None


class Inspections(Listing):
    """Which inspections."""

    farmer: Annotated[told.Id | None, Field(description="id of the farmer")] = None
    inspector: Annotated[told.Code | None, Field(description="the inspector's code")] = None
    valid: Annotated[bool | None, Field(description="those that count, or those that do not")] = None
    since: Annotated[told.Day | None, Field(alias="from", description="inspected on this day or later")] = None
    until: Annotated[told.Day | None, Field(alias="to", description="inspected on this day or before")] = None


# --- reading ---

BY_DAY = Order(
    "inspections",
    (col(models.Inspection.inspected_on), col(models.Inspection.id)),
    lambda row: (row.inspected_on, row.id),
    newest_first=True,
)


def finding_out(finding: Finding, lang: str) -> FindingOut:
    """A finding in the caller's language."""
    said = sentence(finding, "fr" if lang == "fr" else "en")
    return FindingOut(code=finding.code, level=finding.level, detail=said, rule=finding.rule)


def _report(session: ScopedSession, inspection_id: str, lang: str) -> ReportOut | None:
    row = session.get(models.InspectionReport, (session.org_id, inspection_id))
    if row is None:
        return None
    judged = [finding_out(Finding.from_dict(plain), lang) for plain in json.loads(row.judged)]
    return ReportOut.model_validate(row.model_dump() | {"answers": json.loads(row.answers), "judged": judged})


def _detail(session: ScopedSession, row: models.Inspection, lang: str) -> InspectionDetail:
    return InspectionDetail(**InspectionOut.model_validate(row).model_dump(), report=_report(session, row.id, lang))


@routes.get("", access=READ, name="list", summary="Inspections, newest first")
def list_inspections(
    session: ReadDep, listing: Annotated[Inspections, Query()], request: Request, response: Response
) -> Page[InspectionOut]:
    """Several filters narrow each other."""
    visit, query = models.Inspection, select(models.Inspection)
    if listing.farmer is not None:
        query = query.where(visit.farmer_id == listing.farmer)
    if listing.inspector is not None:
        query = query.where(visit.inspector == listing.inspector)
    if listing.valid is not None:
        query = query.where(visit.valid == listing.valid)
    if listing.since is not None:
        query = query.where(visit.inspected_on >= listing.since.isoformat())
    if listing.until is not None:
        query = query.where(visit.inspected_on <= listing.until.isoformat())
    rows, following = turn(session, query, BY_DAY, listing, request, response)
    return Page(data=[InspectionOut.model_validate(row) for row in rows], next=following)


@routes.get(
    "/{inspection_id}", access=READ, name="show", summary="One inspection with report", response_model=InspectionDetail
)
def show_inspection(
    session: ReadDep, inspection_id: told.Id, request: Request, response: Response
) -> InspectionDetail | Response:
    """Its ETag is needed to change it."""
    row = find(session, models.Inspection, inspection_id, "inspection")
    return shown(request, response, _detail(session, row, language(request)), row.version, whole=True)


# --- writing ---


@routes.post("", access=WRITE, name="add", summary="Record an internal inspection", status_code=201)
def add_inspection(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    body: InspectionIn,
    request: Request,
    response: Response,
) -> InspectionDetail:
    """It counts from its day on, and lowers no claim. With a report the rules say whether it counts, and why not."""
    values: dict[str, Any] = {
        "farmer_id": body.farmer_id,
        "inspected_on": body.inspected_on.isoformat(),
        "inspector": body.inspector,
    }
    row = session.get(models.Inspection, (session.org_id, body.id)) if body.id else None
    if row is not None:
        if body.report is None:
            values["valid"] = body.valid
        same(row, values)
        response.status_code = 200
    else:
        farmer = find(session, models.Farmer, body.farmer_id, "farmer")
        identity = body.id or new_id(recorder)
        judged = _judged(session, body, farmer.code) if body.report is not None else ()
        row = models.Inspection(
            org_id=session.org_id,
            id=identity,
            farmer_id=body.farmer_id,
            inspected_on=body.inspected_on.isoformat(),
            inspector=body.inspector,
            valid=counts(judged) if body.report is not None else body.valid,
            recorded_at=recorder.clock(),
        )
        make(session, row, field="id", value=row.id)
        if body.report is not None:
            _keep_report(session, caller, recorder, row, body.report, judged)
        _done(session, row)
    tag(response, row.version)
    response.headers["location"] = f"/v1/inspections/{row.id}"
    return _detail(session, row, language(request))


def _millis(moment: datetime | None) -> int | None:
    return told.millis(moment) if moment is not None else None


def _judged(session: ScopedSession, body: InspectionIn, farmer: str) -> tuple[Finding, ...]:
    report = body.report
    assert report is not None
    return ics.judge_inspection(
        session,
        ics.Told(
            farmer,
            body.inspector,
            body.inspected_on,
            report.scheme,
            _millis(report.started_at),
            _millis(report.ended_at),
            report.inspector_signed_on,
            report.member_signed_on,
        ),
    )


def _keep_report(
    session: ScopedSession,
    caller: Caller,
    recorder: LedgerDep,
    row: models.Inspection,
    report: ReportIn,
    judged: tuple[Finding, ...],
) -> None:
    days = ("inspector_signed_on", "member_signed_on", "issued_on")
    session.add(
        models.InspectionReport(
            org_id=session.org_id,
            inspection_id=row.id,
            scheme=report.scheme,
            scope=report.scope,
            started_at=_millis(report.started_at),
            ended_at=_millis(report.ended_at),
            answers=dumps([answer.model_dump(exclude_none=True) for answer in report.answers]),
            judged=dumps([finding.to_dict() for finding in judged]),
            told_by=caller.actor.name,
            **{name: iso(getattr(report, name)) for name in days},
        )
    )
    for found in report.findings:
        session.add(
            models.NonConformity(
                org_id=session.org_id,
                id=new_id(recorder),
                scheme=report.scheme,
                farmer_id=row.farmer_id,
                inspection_id=row.id,
                found_on=row.inspected_on,
                **{name: iso(value) for name, value in found.model_dump().items()},
            )
        )
    session.flush()


def _done(session: ScopedSession, row: models.Inspection) -> None:
    """A planned inspection of the farmer by the inspector is done with this."""
    planned = models.PlannedInspection
    query = select(planned).where(planned.farmer_id == row.farmer_id, planned.state == "planned")
    for one in session.scalars(query.where(planned.inspector == row.inspector)):
        one.state, one.inspection_id = "done", row.id
        one.version += 1
    session.flush()


@routes.patch("/{inspection_id}", access=WRITE, name="change", summary="Say whether an inspection counts")
def change_inspection(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    inspection_id: told.Id,
    body: InspectionChange,
    version: VersionDep,
    request: Request,
    response: Response,
) -> InspectionJudged:
    """Needs `If-Match`. When it no longer counts, deliveries since that day are judged again."""
    registry.begin(session)
    row = find(session, models.Inspection, inspection_id, "inspection", update=True)
    found: list[registry.Lowered] = []
    if change(row, version, sent(body)) and not row.valid:
        code = find(session, models.Farmer, row.farmer_id, "farmer").code
        since = date.fromisoformat(row.inspected_on)
        concerned = registry.Change("inspection", row.id, since, farmers=(code,))
        found = registry.settle(session, recorder, caller.actor, concerned)
    tag(response, row.version)
    out = _detail(session, row, language(request))
    return InspectionJudged(**dict(out), lowered=lowered(found))


@routes.post("/{inspection_id}/decision", access=WRITE, name="decide", summary="Decide on the report of an inspection")
def decide_inspection(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    inspection_id: told.Id,
    body: DecisionIn,
    request: Request,
    response: Response,
) -> InspectionDetail:
    """By somebody else than who told the report (Reg. (EU) 2018/848 Art. 36(1)(h)).

    `approved` makes the farmer an approved member under the scheme's certificates from the day on.
    """
    row = find(session, models.Inspection, inspection_id, "inspection", update=True)
    report = session.get(models.InspectionReport, (session.org_id, row.id), with_for_update=True)
    if report is None or not row.valid:
        raise Refused("INSPECTION_DOES_NOT_COUNT", inspection=row.id)
    if report.decision is not None:
        raise Refused("INSPECTION_DECIDED", inspection=row.id)
    if report.told_by == caller.actor.name:
        raise Refused("FOUR_EYES", inspection=row.id)
    report.decision, report.reason = body.decision, body.reason
    report.decided_by, report.decided_at = caller.actor.name, recorder.clock()
    report.version += 1
    row.version += 1
    if body.decision == "approved":
        _approve(session, recorder, row, report.scheme, iso(body.from_day) or row.inspected_on)
    session.flush()
    tag(response, row.version)
    return _detail(session, row, language(request))


def _approve(session: ScopedSession, recorder: LedgerDep, row: models.Inspection, scheme: str, day: str) -> None:
    """An approval raises no claim of the past: what was delivered before is not judged again."""
    assert scheme in profiles().schemes
    held, certificate, status = models.Membership, models.Certificate, models.MembershipStatus
    under = select(certificate.id).where(certificate.scheme == scheme, certificate.org_id == session.org_id)
    query = select(held).where(held.farmer_id == row.farmer_id, col(held.certificate_id).in_(under))
    for membership in session.scalars(query):
        known: Any = session.get(status, (session.org_id, membership.id, day))
        if known is None:
            session.add(
                status(
                    org_id=session.org_id,
                    membership_id=membership.id,
                    from_day=day,
                    status="approved",
                    reason=f"Inspection {row.id}",
                    recorded_at=recorder.clock(),
                )
            )
            membership.version += 1
