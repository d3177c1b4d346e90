"""Inspectors with ties, statements and trainings; findings and their closing; outside controls; instruments."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import Field
from sqlmodel import SQLModel, col, select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, ReadDep, WriteDep
from api.paging import Listing, Order, Page, turn
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
    same,
    tag,
)
from domain import events as told
from domain.refusals import Refused
from ledger.profiles import profiles
from models.db import ScopedSession

routes = Routes(prefix="/v1")
READ, WRITE = Needs("registry:read"), Needs("registry:write")

_INSPECTOR = "0193b2c4-8a11-7c3e-9a57-000000000011"
_TRAINING = "0193b2c4-8a11-7c3e-9a57-000000000012"
_CONTROL = "0193b2c4-8a11-7c3e-9a57-000000000013"
_INSTRUMENT = "0193b2c4-8a11-7c3e-9a57-000000000014"
_FARMER = "0193b2c4-8a11-7c3e-9a57-000000000001"
_SITE = "0193b2c4-8a11-7c3e-9a57-000000000006"

# --- shapes ---


class TieIn(Shown, Body):
    """A declared conflict of interest with a farmer, by code."""

    farmer: told.Code
    kind: Literal["self", "family", "employer", "neighbour", "business"]
    declared_on: told.Day


class InspectorIn(Body):
    """An internal inspector. ``manager``: the ICS manager, who decides and does not inspect."""

    model_config = example(
        id=_INSPECTOR,
        code="I-07",
        from_day="2024-05-01",
        unit="Gbarnga",
        full_name="Comfort Flomo",
        ties=[{"farmer": "LR-C1-0002", "kind": "family", "declared_on": "2024-05-20"}],
        statements=["2024-05-20"],
    )

    id: told.Id | None = None
    code: told.Code
    manager: Annotated[bool, Field(strict=True)] = False
    farmer: Annotated[told.Code | None, Field(description="where the inspector is a member too")] = None
    unit: Text | None = None
    from_day: told.Day
    full_name: Text | None = None
    ties: Annotated[list[TieIn], Field(max_length=200)] = Field(default_factory=list)
    statements: Annotated[
        list[told.Day], Field(max_length=50, description="days on which a statement on interests was signed")
    ] = Field(default_factory=list)


class InspectorOut(Shown):
    """An inspector with what counts for the inspections."""

    id: str
    code: str
    manager: bool
    farmer: str | None
    unit: str | None
    from_day: date
    version: int
    full_name: str | None
    ties: list[TieIn]
    statements: list[date]
    trainings: list[date] = Field(description="days of trainings passed")


class InspectorsOut(Shown):
    """All inspectors, by code."""

    data: list[InspectorOut]


class RecordIn(Shown, Body):
    """Who attended, by code, and whether the assessment was passed."""

    person: told.Code
    passed: Annotated[bool | None, Field(strict=True)] = None


class TrainingIn(Body):
    """A training held, and who attended."""

    model_config = example(
        id=_TRAINING,
        topic="Internal inspection",
        held_on="2024-05-20",
        audience="inspector",
        minutes=420,
        records=[{"person": "I-07", "passed": True}],
    )

    id: told.Id | None = None
    topic: Text
    held_on: told.Day
    audience: Literal["inspector", "farmer"]
    trainer: told.Code | None = None
    minutes: Annotated[int | None, Field(strict=True, ge=1, le=10_000)] = None
    records: Annotated[list[RecordIn], Field(max_length=2000)] = Field(default_factory=list)


class TrainingOut(Shown):
    """A training and its records."""

    id: str
    topic: str
    held_on: date
    audience: str
    trainer: str | None
    minutes: int | None
    version: int
    records: list[RecordIn]


class NonConformityOut(Shown):
    """Something found, and what became of it."""

    id: str
    scheme: str
    farmer_id: str | None
    site_id: str | None
    inspection_id: str | None
    code: str
    severity: str
    found_on: date
    note: str | None
    action: str | None
    due_on: date | None
    closed_on: date | None
    closed_by: str | None
    effective: bool | None
    notified_on: date | None
    version: int


class CloseIn(Body):
    """The corrective action is done: when, and whether it worked. Or: the control body was told."""

    model_config = example(closed_on="2024-09-20", effective=True)

    closed_on: told.Day | None = None
    effective: Annotated[bool | None, Field(strict=True)] = None
    notified_on: told.Day | None = None


class NonConformities(Listing):
    """Which findings."""

    open: Annotated[bool | None, Field(description="not closed yet, or closed")] = None
    severity: Literal["minor", "major", "critical"] | None = None
    farmer: Annotated[told.Id | None, Field(description="id of the farmer")] = None


class ControlIn(Body):
    """A control of a farmer by the control body. ``inspector`` is a code."""

    model_config = example(
        id=_CONTROL,
        farmer_id=_FARMER,
        scheme="EU_ORG",
        controlled_on="2024-09-18",
        inspector="LR-BIO-A3",
        conform=True,
    )

    id: told.Id | None = None
    farmer_id: told.Id
    scheme: told.Word
    controlled_on: told.Day
    inspector: told.Code
    conform: Annotated[bool | None, Field(strict=True)] = None
    note: told.Note | None = None


class ControlOut(Shown):
    """A control from outside."""

    id: str
    farmer_id: str
    scheme: str
    controlled_on: date
    inspector: str
    conform: bool | None
    note: str | None
    version: int


class InstrumentIn(Body):
    """A scale, moisture meter or thermometer at a site of yours."""

    model_config = example(id=_INSTRUMENT, site_id=_SITE, code="SC-2", kind="scale")

    id: told.Id | None = None
    site_id: told.Id
    code: told.Code
    kind: Literal["scale", "moisture_meter", "thermometer", "other"]


class CalibrationIn(Shown, Body):
    """From when to when a calibration holds, and the error found (basis points). Sent again, it is replaced."""

    model_config = example(from_day="2024-01-01", to_day="2024-12-31", error_bp=10)

    from_day: told.Day
    to_day: told.Day
    error_bp: Annotated[int | None, Field(strict=True, ge=-10_000, le=10_000)] = None
    by: Text | None = None


class InstrumentOut(Shown):
    """An instrument with its calibrations, oldest first."""

    id: str
    site_id: str
    code: str
    kind: str
    version: int
    ended_at: Instant | None
    calibrations: list[CalibrationIn]


class InstrumentsOut(Shown):
    """All instruments, by code."""

    data: list[InstrumentOut]


class SettingIn(Body):
    """How you apply a scheme from a day on, where it leaves the choice."""

    model_config = example(scheme="EU_ORG", from_day="2024-06-01", claimed=False, strict=False, over_delivery="hold")

    scheme: told.Word
    from_day: told.Day
    claimed: Annotated[bool, Field(strict=True, description="judge deliveries by it without a certificate (EUDR)")] = (
        False
    )
    strict: Annotated[bool, Field(strict=True, description="the strict reading of mixing")] = False
    over_delivery: Annotated[
        Literal["observe", "hold"] | None, Field(description="what happens to deliveries beyond the estimate")
    ] = None


class SettingOut(SettingIn, Shown):
    """A setting and the day from which it holds."""

    recorded_at: Instant


class SettingsOut(Shown):
    """Every setting, by scheme, oldest first; each holds until the next of the scheme."""

    data: list[SettingOut]


# --- inspectors and trainings ---


def _inspectors(session: ScopedSession, rows: list[Any]) -> list[InspectorOut]:
    tie, statement, record = models.InspectorTie, models.InspectorStatement, models.TrainingRecord
    ids, codes = [row.id for row in rows], [row.code for row in rows]
    ties = list(session.scalars(select(tie).where(col(tie.inspector_id).in_(ids)).order_by(col(tie.farmer))))
    signed = list(session.scalars(select(statement).where(col(statement.inspector_id).in_(ids))))
    records = list(session.scalars(select(record).where(col(record.person).in_(codes), record.passed == True)))  # noqa: E712
    held = {one.id: one.held_on for one in session.scalars(select(models.Training))}
    people = {row.id: session.get(models.InspectorPerson, (session.org_id, row.id)) for row in rows}
    answer = []
    for row in rows:
        person = people[row.id]
        more = {
            "full_name": person.full_name if person is not None else None,
            "ties": [one for one in ties if one.inspector_id == row.id],
            "statements": sorted(one.signed_on for one in signed if one.inspector_id == row.id),
            "trainings": sorted(held[one.training_id] for one in records if one.person == row.code),
        }
        answer.append(InspectorOut.model_validate(row.model_dump() | more))
    return answer


@routes.get("/inspectors", access=READ, tags=["inspectors"], name="list", summary="Internal inspectors, by code")
def list_inspectors(session: ReadDep) -> InspectorsOut:
    """With ties, statements and trainings passed: what decides whether their inspections count."""
    rows = session.scalars(select(models.Inspector).order_by(col(models.Inspector.code)))
    return InspectorsOut(data=_inspectors(session, list(rows)))


@routes.post(
    "/inspectors", access=WRITE, tags=["inspectors"], name="add", summary="Register an inspector", status_code=201
)
def add_inspector(session: WriteDep, recorder: LedgerDep, body: InspectorIn, response: Response) -> InspectorOut:
    """The name lies apart and can be erased; inspections carry the code."""
    values = body.model_dump(exclude={"id", "ties", "statements", "full_name"})
    values = {name: iso(value) for name, value in values.items()}
    row = session.get(models.Inspector, (session.org_id, body.id)) if body.id else None
    if row is not None:
        same(row, values)
        response.status_code = 200
        return _inspectors(session, [row])[0]
    row = models.Inspector(org_id=session.org_id, id=body.id or new_id(recorder), **values)
    make(session, row, field="code", value=body.code)
    if body.full_name is not None:
        session.add(models.InspectorPerson(org_id=session.org_id, inspector_id=row.id, full_name=body.full_name))
    _put_interests(session, row, body.ties, body.statements)
    tag(response, row.version)
    return _inspectors(session, [row])[0]


class InterestsIn(Body):
    """The whole list of ties and statements."""

    model_config = example(
        ties=[{"farmer": "LR-C1-0002", "kind": "family", "declared_on": "2024-05-20"}], statements=["2024-05-20"]
    )

    ties: Annotated[list[TieIn], Field(max_length=200)]
    statements: Annotated[list[told.Day], Field(max_length=50)]


def _put_interests(session: ScopedSession, row: models.Inspector, ties: list[TieIn], statements: list[date]) -> None:
    tie, statement = models.InspectorTie, models.InspectorStatement
    for held in session.scalars(select(tie).where(tie.inspector_id == row.id)):
        session.delete(held)
    for signed in session.scalars(select(statement).where(statement.inspector_id == row.id)):
        session.delete(signed)
    session.flush()
    key: dict[str, Any] = {"org_id": session.org_id, "inspector_id": row.id}
    for farmer, one in {one.farmer: one for one in ties}.items():
        session.add(tie(**key, farmer=farmer, kind=one.kind, declared_on=one.declared_on.isoformat()))
    for day in sorted(set(statements)):
        session.add(statement(**key, signed_on=day.isoformat()))
    session.flush()


@routes.put(
    "/inspectors/{inspector_id}/interests",
    access=WRITE,
    tags=["inspectors"],
    name="put_interests",
    summary="Say an inspector's ties and statements",
)
def put_interests(
    session: WriteDep, inspector_id: told.Id, body: InterestsIn, version: VersionDep, response: Response
) -> InspectorOut:
    """Needs `If-Match`. What is not in the list is no longer declared."""
    row = find(session, models.Inspector, inspector_id, "inspector", update=True)
    change(row, version, {}, also=True)
    _put_interests(session, row, body.ties, body.statements)
    tag(response, row.version)
    return _inspectors(session, [row])[0]


@routes.post("/trainings", access=WRITE, tags=["trainings"], name="add", summary="Record a training", status_code=201)
def add_training(session: WriteDep, recorder: LedgerDep, body: TrainingIn, response: Response) -> TrainingOut:
    """A training of inspectors counts from its day for as long as the scheme says."""
    values = {name: iso(value) for name, value in body.model_dump(exclude={"id", "records"}).items()}
    row = session.get(models.Training, (session.org_id, body.id)) if body.id else None
    if row is not None:
        same(row, values)
        response.status_code = 200
    else:
        row = models.Training(org_id=session.org_id, id=body.id or new_id(recorder), **values)
        make(session, row, field="id", value=row.id)
        for person, one in {one.person: one for one in body.records}.items():
            session.add(
                models.TrainingRecord(org_id=session.org_id, training_id=row.id, person=person, passed=one.passed)
            )
        session.flush()
    record = models.TrainingRecord
    records = session.scalars(select(record).where(record.training_id == row.id).order_by(col(record.person)))
    return TrainingOut.model_validate(row.model_dump() | {"records": list(records)})


# --- findings and controls from outside ---

BY_FOUND = Order(
    "non-conformities",
    (col(models.NonConformity.found_on), col(models.NonConformity.id)),
    lambda row: (row.found_on, row.id),
    newest_first=True,
)


@routes.get("/non-conformities", access=READ, tags=["non-conformities"], name="list", summary="Findings, newest first")
def list_findings(
    session: ReadDep, listing: Annotated[NonConformities, Query()], request: Request, response: Response
) -> Page[NonConformityOut]:
    """Several filters narrow each other."""
    held: Any = models.NonConformity
    query = select(held)
    if listing.open is not None:
        query = query.where(held.closed_on.is_(None) if listing.open else held.closed_on.is_not(None))
    if listing.severity is not None:
        query = query.where(held.severity == listing.severity)
    if listing.farmer is not None:
        query = query.where(held.farmer_id == listing.farmer)
    rows, following = turn(session, query, BY_FOUND, listing, request, response)
    return Page(data=[NonConformityOut.model_validate(row) for row in rows], next=following)


@routes.patch(
    "/non-conformities/{finding_id}",
    access=WRITE,
    tags=["non-conformities"],
    name="close",
    summary="Close a finding, or say that it was notified",
)
def close_finding(
    session: WriteDep,
    caller: CallerDep,
    finding_id: told.Id,
    body: CloseIn,
    version: VersionDep,
    response: Response,
) -> NonConformityOut:
    """Needs `If-Match`. Closing says whether the action worked."""
    row = find(session, models.NonConformity, finding_id, "finding", update=True)
    values = {name: iso(value) for name, value in body.model_dump(exclude_unset=True).items()}
    if values.get("closed_on") is not None:
        values["closed_by"] = caller.actor.name
    change(row, version, values)
    session.flush()
    tag(response, row.version)
    return NonConformityOut.model_validate(row)


def _scheme(code: str) -> str:
    if code not in profiles().schemes:
        raise Refused("SCHEME_UNKNOWN", scheme=code)
    return code


def _kept(session: ScopedSession, model: type[SQLModel], identity: str | None, values: dict[str, Any]) -> Any:
    """A record with the id sent, if it says the same."""
    row = session.get(model, (session.org_id, identity)) if identity else None
    if row is not None:
        same(row, values)
    return row


@routes.post(
    "/official-controls",
    access=WRITE,
    tags=["official-controls"],
    name="add",
    summary="Record a control by the control body",
    status_code=201,
)
def add_control(session: WriteDep, recorder: LedgerDep, body: ControlIn, response: Response) -> ControlOut:
    """It stands on the list of members. One that is not conform counts as a deviation from internal inspections."""
    _scheme(body.scheme)
    values = {name: iso(value) for name, value in body.model_dump(exclude={"id"}).items()}
    row = _kept(session, models.OfficialControl, body.id, values)
    if row is not None:
        response.status_code = 200
    else:
        find(session, models.Farmer, body.farmer_id, "farmer")
        row = models.OfficialControl(org_id=session.org_id, id=body.id or new_id(recorder), **values)
        make(session, row, field="id", value=row.id)
    tag(response, row.version)
    return ControlOut.model_validate(row)


# --- instruments ---


def _instruments(session: ScopedSession, rows: list[Any]) -> list[InstrumentOut]:
    held = models.Calibration
    query = select(held).where(col(held.instrument_id).in_([row.id for row in rows])).order_by(col(held.from_day))
    spans = list(session.scalars(query))
    return [
        InstrumentOut.model_validate(
            row.model_dump() | {"calibrations": [one for one in spans if one.instrument_id == row.id]}
        )
        for row in rows
    ]


@routes.get("/instruments", access=READ, tags=["instruments"], name="list", summary="Scales and meters, by code")
def list_instruments(session: ReadDep) -> InstrumentsOut:
    """With their calibrations."""
    rows = session.scalars(select(models.Instrument).order_by(col(models.Instrument.code)))
    return InstrumentsOut(data=_instruments(session, list(rows)))


@routes.post(
    "/instruments", access=WRITE, tags=["instruments"], name="add", summary="Register an instrument", status_code=201
)
def add_instrument(session: WriteDep, recorder: LedgerDep, body: InstrumentIn, response: Response) -> InstrumentOut:
    """Deliveries that name a scale say so where it was not calibrated that day."""
    values = body.model_dump(exclude={"id"})
    row = _kept(session, models.Instrument, body.id, values)
    if row is not None:
        response.status_code = 200
    else:
        find(session, models.Site, body.site_id, "site")
        row = models.Instrument(org_id=session.org_id, id=body.id or new_id(recorder), **values)
        make(session, row, field="code", value=body.code)
    tag(response, row.version)
    return _instruments(session, [row])[0]


@routes.put(
    "/instruments/{instrument_id}/calibrations",
    access=WRITE,
    tags=["instruments"],
    name="calibrate",
    summary="Record a calibration",
)
def calibrate(session: WriteDep, recorder: LedgerDep, instrument_id: told.Id, body: CalibrationIn) -> InstrumentOut:
    """It clears no delivery of the past: what was weighed without it keeps its finding."""
    row = find(session, models.Instrument, instrument_id, "instrument", update=True)
    key = (session.org_id, row.id, body.from_day.isoformat())
    held = session.get(models.Calibration, key)
    values = {name: iso(value) for name, value in body.model_dump().items()}
    if held is None:
        held = models.Calibration(org_id=session.org_id, instrument_id=row.id, recorded_at=recorder.clock(), **values)
        session.add(held)
    for name, value in values.items():
        setattr(held, name, value)
    row.version += 1
    session.flush()
    return _instruments(session, [row])[0]


# --- settings ---


@routes.get("/scheme-settings", access=READ, tags=["settings"], name="list", summary="How you apply the schemes")
def list_settings(session: ReadDep) -> SettingsOut:
    """Each holds until the next of its scheme."""
    held = models.SchemeSetting
    rows = session.scalars(select(held).order_by(col(held.scheme), col(held.from_day)))
    return SettingsOut(data=[SettingOut.model_validate(row) for row in rows])


@routes.put("/scheme-settings", access=WRITE, tags=["settings"], name="put", summary="Say how you apply a scheme")
def put_setting(session: WriteDep, recorder: LedgerDep, body: SettingIn) -> SettingOut:
    """From a day on. What was judged before stays as it was judged."""
    key = (session.org_id, _scheme(body.scheme), body.from_day.isoformat())
    row = session.get(models.SchemeSetting, key)
    values = {name: iso(value) for name, value in body.model_dump().items()} | {"recorded_at": recorder.clock()}
    if row is None:
        row = models.SchemeSetting(org_id=session.org_id, **values)
        session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
    return SettingOut.model_validate(row)
