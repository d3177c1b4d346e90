"""Labels of units: issue them, register prints, tell what became of the units, receive by scanning, see alerts."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from io import BytesIO
from typing import Annotated, Any, Final, Literal

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, LedgerReadDep
from api.versions import Instant
from domain import events as told
from domain.clones import Rule
from domain.units import State
from ledger import receipts, scans, unit_print, units
from ledger.ids import uuid7
from ledger.queries import find_lot, instant
from ledger.record import Recorder, record
from ledger.unit_print import Job
from models.db import system_session

routes = Routes(prefix="/v1", tags=["units"])

MOST_SCANS = 500


class Body(BaseModel):
    """A request that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid")


class LabelUnits(Body):
    """Which packed units get labels, and under which label key."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"first": 1, "count": 200}]})

    first: Annotated[int, Field(ge=1, le=told.MAX_UNITS)] = 1
    count: Annotated[int, Field(ge=1, le=told.MAX_UNITS)]
    key: Annotated[
        int | None, Field(ge=0, le=0xFFFF, description="number of the label key, where a certain one must sign")
    ] = None
    design: told.Word | None = None
    declares: Annotated[list[told.Word], Field(max_length=20)] = []


MEDIA: Final = {"pdf": "application/pdf", "zpl": "application/zpl", "png": "image/png", "svg": "image/svg+xml"}


class PrintJob(Body):
    """Which labels are drawn, and how. ``reason``: why again, where any of them was printed before.

    ``design``: ``opening`` draws the opening codes, for under the tear-off.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"first": 1, "count": 200, "form": "zpl", "dpi": 203}]}
    )

    first: Annotated[int, Field(ge=1, le=told.MAX_UNITS)] = 1
    count: Annotated[int, Field(ge=1, le=5_000)]
    form: Literal["pdf", "zpl", "png", "svg"] = "pdf"
    design: Literal["sack", "carton", "retail", "pallet", "tag", "short", "opening"] = "sack"
    lang: Literal["en", "fr", "ar", "ka"] = "en"
    dpi: Literal[203, 300, 600] = 300
    grid: Literal["roll", "2x4", "2x2", "3x6", "3x7"] = "roll"
    skip: Annotated[int, Field(ge=0, le=20)] = 0
    copies: Annotated[int, Field(ge=1, le=20)] = 1
    reason: told.Note | None = None


class LabelledOut(BaseModel):
    """Labels that were issued. ``label``: the lot's own code; ``codes_root``: as it stands in the event."""

    model_config = ConfigDict(from_attributes=True)

    lot_code: str
    first: int
    count: int
    label: str
    event: str
    seq: int
    codes_root: str


class Print(Body):
    """Labels that went to a printer. ``reason``: why again, where any of them was printed before."""

    first: Annotated[int, Field(ge=1, le=told.MAX_UNITS)]
    count: Annotated[int, Field(ge=1, le=told.MAX_UNITS)]
    copies: Annotated[int, Field(ge=1, le=20)] = 1
    design: told.Word | None = None
    reason: told.Note | None = None


class Applied(Body):
    """Units that have their labels on them, and the net weight of those that were weighed."""

    units: told.UnitRanges
    weighed: Annotated[tuple[told.UnitWeighed, ...], Field(max_length=told.MAX_LOTS)] = ()
    at: told.When | None = None


class Opened(Body):
    """Units that were opened."""

    units: told.UnitRanges
    at: told.When | None = None


class Voided(Body):
    """Units whose labels count no more, and why."""

    units: told.UnitRanges
    reason: told.Note


class EventOut(BaseModel):
    """The event that was recorded."""

    event: str


class UnitOut(BaseModel):
    """A unit as it stands; ``state`` is null before it has a label. Prints of its label and of its opening code."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    net_g: int
    weighed_g: int | None
    state: State | None
    since: Instant | None
    by: str | None
    prints: int
    opening_prints: int


class UnitsOut(BaseModel):
    """Units of a lot from a number on; ``next``: the number that the next part begins with, or null."""

    lot_code: str
    of: int
    data: list[UnitOut]
    next: int | None


class EntryOut(BaseModel):
    """A line of the register of labels; ``code``: of the label of a lot, which has no units."""

    seq: int
    kind: units.Kind
    lot: str
    lot_code: str
    units: list[tuple[int, int]]
    labels: int
    copies: int
    design: str | None
    reason: str | None
    at: Instant
    told_by: str | None
    code: str | None


class RegisterOut(BaseModel):
    """A part of the register, newest first; ``next``: what to ask as ``before`` for the part that follows."""

    data: list[EntryOut]
    next: int | None


class Scans(Body):
    """What was read off labels (addresses or tokens) or typed, in the order of the scanner. ``at``: when they came."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"scans": ["Y3RZ-5WZM-YQVF-FY7S-R2"]}]})

    scans: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=300)]], Field(min_length=1, max_length=MOST_SCANS)
    ]
    at: told.When | None = None


class ScannedOut(BaseModel):
    """What became of one scan (``ledger.receipts.Status``)."""

    text: str
    status: receipts.Status
    code: str | None
    lot: str | None
    lot_code: str | None
    number: int | None
    of: int | None
    net_g: int | None
    state: State | None
    since: Instant | None


class ReceiptOut(BaseModel):
    """One answer a scan, how many of each status, the events recorded, and the grams received by them."""

    scans: list[ScannedOut]
    counts: dict[receipts.Status, int]
    events: list[str]
    grams: int


class FactOut(BaseModel):
    """A rule that speaks, its points, since when, and the countries it speaks of."""

    rule: Rule
    points: int
    at: Instant
    countries: list[str]


class AlertOut(BaseModel):
    """A label that may have been copied, or its bag filled again."""

    code: str
    lot: str
    lot_code: str
    number: int
    points: int
    facts: list[FactOut]
    first_at: Instant
    last_at: Instant
    closed_at: Instant | None
    closed_by: str | None


class AlertsOut(BaseModel):
    """Alerts, heaviest first."""

    data: list[AlertOut]


@routes.post("/lots/{lot}/unit-labels", access=Needs("labels:issue"), status_code=201, summary="Label packed units")
def label_units(caller: CallerDep, ledger: LedgerDep, lot: str, body: LabelUnits) -> LabelledOut:
    """Each unit gets a code of its own. All labels of a lot together never name more than it has.

    A lot without a public code gets one with it; ``declares`` are the allergens that it names.
    """
    done = units.label_units(
        ledger,
        caller.actor,
        lot,
        first=body.first,
        count=body.count,
        key=body.key,
        design=body.design,
        declares=body.declares,
    )
    return LabelledOut.model_validate(done)


@routes.get("/lots/{lot}/units", access=Needs("lots:read"), summary="The units of a lot")
def list_units(
    caller: CallerDep,
    session: LedgerReadDep,
    lot: str,
    first: Annotated[int, Query(ge=1, le=told.MAX_UNITS, description="from this number on")] = 1,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> UnitsOut:
    """Number, net weight, and what became of each."""
    code, of, found = units.units_of(session, caller.org_id, lot, first=first, limit=limit + 1)
    data = [
        UnitOut(
            number=unit.number,
            net_g=unit.net_g,
            weighed_g=unit.weighed_g,
            state=unit.state,
            since=_instant(unit.state_at),
            by=unit.by,
            prints=unit.prints,
            opening_prints=unit.opening_prints,
        )
        for unit in found
    ]
    following = data[limit].number if len(data) > limit else None
    return UnitsOut(lot_code=code, of=of, data=data[:limit], next=following)


@routes.post(
    "/lots/{lot}/unit-labels/printed", access=Needs("labels:issue"), status_code=201, summary="Register a print"
)
def register_print(caller: CallerDep, ledger: LedgerDep, lot: str, body: Print) -> EventOut:
    """Labels printed again are the same labels: the reason goes into the register."""
    event = units.printed(
        ledger,
        caller.actor,
        lot,
        first=body.first,
        count=body.count,
        copies=body.copies,
        design=body.design,
        reason=body.reason,
    )
    return EventOut(event=event)


@routes.post(
    "/lots/{lot}/unit-labels/print",
    access=Needs("labels:issue"),
    summary="Print labels of units",
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in MEDIA.values()}}},
)
def print_units(caller: CallerDep, ledger: LedgerDep, lot: str, body: PrintJob) -> Response:
    """One label a unit, each with its own code; the print goes into the register. More than 5,000: in parts.

    Opening codes (design ``opening``) go into the register too, and are counted for themselves.
    """
    job = Job(lot=lot, **body.model_dump())
    out = BytesIO()
    unit_print.print_units(ledger, caller.actor, job, out)
    return Response(out.getvalue(), media_type=MEDIA[body.form])


@routes.post("/lots/{lot}/units/applied", access=Needs("events:write"), status_code=201, summary="Labels are on")
def apply_units(caller: CallerDep, ledger: LedgerDep, lot: str, body: Applied) -> EventOut:
    """The labels are on their units; a net weight is held against the tolerance."""
    said = {"units": body.units, "weighed": body.weighed}
    return _tell(ledger, caller, told.UnitsApplied, lot, body.at, said)


@routes.post("/lots/{lot}/units/opened", access=Needs("events:write"), status_code=201, summary="Units were opened")
def open_units(caller: CallerDep, ledger: LedgerDep, lot: str, body: Opened) -> EventOut:
    """Their pages say so: whoever sees one full is asked to report it."""
    return _tell(ledger, caller, told.UnitsOpened, lot, body.at, {"units": body.units})


@routes.post("/lots/{lot}/units/void", access=Needs("labels:issue"), status_code=201, summary="Void labels of units")
def void_units(caller: CallerDep, ledger: LedgerDep, lot: str, body: Voided) -> EventOut:
    """The labels count no more, and their pages say so. The units may be labelled again, under other codes."""
    return _tell(ledger, caller, told.UnitsVoided, lot, None, {"units": body.units, "reason": body.reason})


def _tell(ledger: Recorder, caller: Any, kind: Any, lot: str, at: datetime | None, said: dict[str, Any]) -> EventOut:
    with system_session(ledger.database, write=False) as session:
        found = find_lot(session, caller.org_id, lot)
    now = ledger.clock()
    event = kind(id=uuid7(now, ledger.entropy), occurred_at=at or instant(now), lot=found.uid, **said)
    (answer,) = record(ledger, caller.actor, [event])
    if answer.refused is not None:
        raise answer.refused
    return EventOut(event=event.id)


@routes.post("/receipts/scan", access=Needs("events:write"), summary="Receive by scanning")
def receive_scans(caller: CallerDep, ledger: LedgerDep, body: Scans) -> ReceiptOut:
    """The fastest way to receive: every label that is good is received, in one transaction; each scan gets its answer.

    Tokens are held against the keys, typed codes against their check characters. The same scans again change nothing.
    """
    done = receipts.receive(ledger, caller.actor, body.scans, units.public_keys(ledger), at=body.at)
    counts: dict[receipts.Status, int] = {}
    for one in done.scans:
        counts[one.status] = counts.get(one.status, 0) + 1
    found = [
        ScannedOut(
            text=one.text,
            status=one.status,
            code=one.code,
            lot=one.lot,
            lot_code=one.lot_code,
            number=one.number,
            of=one.of,
            net_g=one.net_g,
            state=one.state,
            since=_instant(one.state_at),
        )
        for one in done.scans
    ]
    return ReceiptOut(scans=found, counts=counts, events=list(done.events), grams=done.grams)


@routes.get(
    "/label-register",
    access=Needs("labels:issue"),
    summary="The register of labels",
    response_model=RegisterOut,
    responses={200: {"content": {"text/csv": {}}}},
)
def get_register(
    caller: CallerDep,
    session: LedgerReadDep,
    lot: Annotated[str | None, Query(max_length=60, description="id or code of a lot")] = None,
    kind: units.Kind | None = None,
    since: Annotated[date | None, Query(description="first day, UTC")] = None,
    until: Annotated[date | None, Query(description="last day, UTC")] = None,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="`next` of the part before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    format: Literal["json", "csv"] = "json",  # noqa: A002 - the parameter's plain name
) -> Any:
    """Who issued, printed, printed again and voided labels, when, of which units or lot, and why.

    JSON, or a table (CSV).
    """
    found = units.register(
        session,
        caller.org_id,
        lot=lot,
        kind=kind,
        since=_midnight(since),
        until=None if until is None else (_midnight(until) or 0) + DAY_MS,
        before=before,
        limit=limit + 1,
    )
    following = found[limit - 1].seq if len(found) > limit else None
    lines = found[:limit]
    if format == "csv":
        headers = {"Content-Disposition": 'attachment; filename="label-register.csv"'}
        return Response(_table(lines), media_type="text/csv; charset=utf-8", headers=headers)
    data = [
        EntryOut(
            seq=line.seq,
            kind=line.kind,
            lot=line.lot,
            lot_code=line.lot_code,
            units=list(line.units),
            labels=line.labels,
            copies=line.copies,
            design=line.design,
            reason=line.reason,
            at=instant(line.at),
            told_by=line.told_by,
            code=line.code,
        )
        for line in lines
    ]
    return RegisterOut(data=data, next=following)


DAY_MS = 24 * 60 * 60 * 1000


def _midnight(day: date | None) -> int | None:
    return None if day is None else (day - date(1970, 1, 1)).days * DAY_MS


def _table(lines: list[units.Entry]) -> str:
    """The register as CSV; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["seq", "at", "kind", "lot", "units", "labels", "copies", "design", "reason", "told_by", "code"])
    for line in lines:
        ranges = " ".join(f"{first}-{last}" for first, last in line.units)
        counts, why = (line.labels, line.copies), (line.design, line.reason, line.told_by, line.code)
        cells = (line.kind, line.lot_code, ranges, *counts, *why)
        writer.writerow([line.seq, instant(line.at).isoformat(), *(_cell(cell) for cell in cells)])
    return out.getvalue()


def _cell(value: str | int | None) -> str | int:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None else value


@routes.get("/label-alerts", access=Needs("lots:read"), summary="Labels that may have been copied")
def get_alerts(caller: CallerDep, session: LedgerReadDep, *, closed: bool = False) -> AlertsOut:
    """Facts, with points: what speaks for copies of a label or for a bag that was filled again."""
    return AlertsOut(
        data=[
            AlertOut(
                code=alert.code,
                lot=alert.lot,
                lot_code=alert.lot_code,
                number=alert.number,
                points=alert.points,
                facts=[
                    FactOut(rule=fact.rule, points=fact.points, at=instant(fact.at), countries=list(fact.countries))
                    for fact in alert.facts
                ],
                first_at=instant(alert.first_at),
                last_at=instant(alert.last_at),
                closed_at=_instant(alert.closed_at),
                closed_by=alert.closed_by,
            )
            for alert in scans.alerts(session, caller.org_id, closed=closed)
        ]
    )


@routes.post("/label-alerts/{code}/close", access=Needs("labels:issue"), status_code=204, summary="Close an alert")
def close_alert(caller: CallerDep, ledger: LedgerDep, code: str) -> None:
    """Somebody looked into it. It opens again when more comes to light."""
    scans.close(ledger, caller.actor, code)


def _instant(at: int | None) -> datetime | None:
    return None if at is None else instant(at)
