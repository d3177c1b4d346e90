"""Farmers and what hangs on them: the person behind the code, memberships, inspections, harvest estimates."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias, get_args

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints, ValidationError
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, ReadDep, WriteDep
from api.paging import Listing, Order, Page, turn
from api.problems import Problem, language, malformed, of_code
from api.v1.estimates import EstimateOut
from api.v1.inspections import InspectionOut
from api.v1.plots import PlotOut
from api.versions import (
    Body,
    Instant,
    LoweredOut,
    MaybeVersionDep,
    Shown,
    Text,
    VersionDep,
    change,
    ended,
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
    taken,
)
from domain import events as told
from domain.refusals import Refused
from ledger import ics, import_undo, registry
from ledger.record import Recorder
from models.db import ScopedSession
from models.registry import MEMBERSHIP_STATES

routes = Routes(prefix="/v1")
READ, WRITE = Needs("registry:read"), Needs("registry:write")
MOST = 500

_FARMER = "0193b2c4-8a11-7c3e-9a57-000000000001"
_CERTIFICATE = "0193b2c4-8a11-7c3e-9a57-000000000002"
_MEMBERSHIP = "0193b2c4-8a11-7c3e-9a57-000000000003"
_INSPECTION = "0193b2c4-8a11-7c3e-9a57-000000000004"

# --- shapes ---

Sex: TypeAlias = Literal["F", "M"]
MembershipState: TypeAlias = Literal["applied", "approved", "suspended", "withdrawn"]
assert get_args(MembershipState) == MEMBERSHIP_STATES
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()/.-]{3,28}[0-9]$")]
BirthYear = Annotated[int, Field(strict=True, ge=1900, le=2100)]


class Person(Body):
    """The person behind a farmer's code. It can be erased; the code stays."""

    full_name: Text | None = None
    sex: Sex | None = None
    birth_year: BirthYear | None = None
    phone: Phone | None = None
    village: Text | None = None
    identity_no: Annotated[
        told.Code | None, Field(description="of an official paper; one registration a person and product")
    ] = None


PERSONAL = tuple(Person.model_fields)


class FarmerIn(Body):
    """A farmer, known by a code that is never used again."""

    model_config = example(
        id=_FARMER,
        code="LR-C1-0001",
        person={
            "full_name": "Anna Kollie",
            "sex": "F",
            "birth_year": 1981,
            "phone": "+231 770 000 000",
            "village": "Gbarnga",
        },
    )

    id: told.Id | None = None
    code: told.Code
    person: Person | None = None


class FarmerChange(Body):
    """Fields of ``person`` that are not sent stay; null clears one."""

    model_config = example(person={"phone": "+231 770 000 001"}, ended=False)

    person: Person = Field(default_factory=left_out)
    ended: Annotated[bool, Field(strict=True)] = Field(default_factory=left_out)


class PersonOut(Shown):
    """The person behind the code, as far as known."""

    full_name: str | None
    sex: Sex | None
    birth_year: int | None
    phone: str | None
    village: str | None
    identity_no: str | None


class FarmerOut(Shown):
    """A farmer and the person; null once it was erased."""

    id: str
    code: str
    version: int
    created_at: Instant
    ended_at: Instant | None
    person: PersonOut | None


class MembershipStatusOut(Shown):
    """A status and the day from which it holds."""

    from_day: date
    status: MembershipState
    reason: str | None
    recorded_at: Instant


class MembershipOut(Shown):
    """A farmer in the group that a certificate covers."""

    id: str
    farmer_id: str
    certificate_id: str
    joined_on: date
    unit: str | None
    agreement_on: date | None
    agreement_ref: str | None
    version: int
    statuses: list[MembershipStatusOut] = Field(description="oldest first; each holds until the next")


class MembershipJudged(MembershipOut):
    """A membership after a new status, and the lots whose claims it lowered."""

    lowered: list[LoweredOut]


class FarmerDetail(FarmerOut):
    """A farmer with everything that claims depend on."""

    memberships: list[MembershipOut]
    plots: list[PlotOut]
    inspections: list[InspectionOut] = Field(description="newest first")
    estimates: list[EstimateOut]


class MembershipIn(Body):
    """A farmer joins the group that a certificate covers. Without a status it is applied for, no more."""

    model_config = example(id=_MEMBERSHIP, farmer_id=_FARMER, certificate_id=_CERTIFICATE, joined_on="2024-06-01")

    id: told.Id | None = None
    farmer_id: told.Id
    certificate_id: told.Id
    joined_on: told.Day
    unit: Annotated[Text | None, Field(description="production unit: village or section")] = None
    agreement_on: Annotated[told.Day | None, Field(description="day the membership agreement was signed")] = None
    agreement_ref: told.Code | None = None


class MembershipStatusIn(Body):
    """From which day which status holds."""

    model_config = example(from_day="2024-06-15", status="approved", reason="Internal inspection report 14")

    from_day: told.Day
    status: MembershipState
    reason: told.Note | None = None


class ErasedOut(BaseModel):
    """What was erased: the fields that held something. The code and the deliveries stay."""

    id: str
    code: str
    version: int
    erased: list[str]


class Farmers(Listing):
    """Which farmers."""

    q: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9./_-]{1,40}$", description="code begins with")] = None
    village: Annotated[Text | None, Field(description="exactly")] = None
    certificate: Annotated[told.Id | None, Field(description="members under this certificate")] = None
    active: Annotated[bool | None, Field(description="not ended, or ended")] = None


class FarmerBatch(Body):
    """Farmers, each as it is registered alone."""

    model_config = example(farmers=[{"code": "LR-C1-0002", "person": {"full_name": "Ben Flomo", "sex": "M"}}])

    farmers: Annotated[
        list[Any],
        Field(
            min_length=1,
            max_length=MOST,
            json_schema_extra={"items": {"$ref": "#/components/schemas/FarmerIn"}},
        ),
    ]


class FarmerBatchItem(BaseModel):
    """What became of one farmer; ``problem`` says why it was refused."""

    id: str | None
    code: str | None
    status: Literal["accepted", "duplicate", "refused"]
    problem: dict[str, Any] | None = None


class FarmerCounts(BaseModel):
    """How many of each."""

    accepted: int
    duplicate: int
    refused: int


class FarmerBatchOut(BaseModel):
    """One answer a farmer, in the order sent."""

    summary: FarmerCounts
    results: list[FarmerBatchItem]


# --- farmers ---

BY_CODE = Order("farmers", (col(models.Farmer.code),), lambda row: (row.code,))


def _farmer_out(row: models.Farmer, person: models.Person | None) -> FarmerOut:
    return FarmerOut.model_validate(row.model_dump() | {"person": person})


def _persons(session: ScopedSession, ids: list[str]) -> dict[str, models.Person]:
    query = select(models.Person).where(col(models.Person.farmer_id).in_(ids))
    return {row.farmer_id: row for row in session.scalars(query)}


@routes.get("/farmers", access=READ, tags=["farmers"], name="list", summary="Your farmers, by code")
def list_farmers(
    session: ReadDep, listing: Annotated[Farmers, Query()], request: Request, response: Response
) -> Page[FarmerOut]:
    """Several filters narrow each other."""
    farmer, query = models.Farmer, select(models.Farmer)
    if listing.q is not None:
        query = query.where(col(farmer.code).startswith(listing.q.upper(), autoescape=True))
    if listing.village is not None:
        living = select(models.Person.farmer_id).where(models.Person.village == listing.village)
        query = query.where(col(farmer.id).in_(living.where(models.Person.org_id == session.org_id)))
    if listing.certificate is not None:
        under = select(models.Membership.farmer_id).where(models.Membership.certificate_id == listing.certificate)
        query = query.where(col(farmer.id).in_(under.where(models.Membership.org_id == session.org_id)))
    if listing.active is not None:
        ended_at = col(farmer.ended_at)
        query = query.where(ended_at.is_(None) if listing.active else ended_at.is_not(None))
    rows, following = turn(session, query, BY_CODE, listing, request, response)
    persons = _persons(session, [row.id for row in rows])
    return Page(data=[_farmer_out(row, persons.get(row.id)) for row in rows], next=following)


def _facts(person: models.Person | Person | None) -> dict[str, Any]:
    """What is known of a person: the fields that hold something."""
    if person is None:
        return {}
    return {name: value for name in PERSONAL if (value := getattr(person, name)) is not None}


def _add(session: ScopedSession, recorder: Recorder, body: FarmerIn, known: models.Farmer | None) -> models.Farmer:
    """A farmer with the person, or the one that is there already with the same content."""
    facts = _facts(body.person)
    if known is not None:
        held = session.get(models.Person, (session.org_id, known.id))
        same(known, {"code": body.code}, otherwise=_facts(held) != facts)
        return known
    row = models.Farmer(
        org_id=session.org_id, id=body.id or new_id(recorder), code=body.code, created_at=recorder.clock()
    )
    make(session, row, field="code", value=body.code)
    if facts:
        session.add(models.Person(org_id=session.org_id, farmer_id=row.id, **facts))
        session.flush()
    return row


@routes.post("/farmers", access=WRITE, tags=["farmers"], name="add", summary="Register a farmer", status_code=201)
def add_farmer(session: WriteDep, recorder: LedgerDep, body: FarmerIn, response: Response) -> FarmerOut:
    """With an `id` made by you, the same request again answers 200 and changes nothing."""
    known = session.get(models.Farmer, (session.org_id, body.id)) if body.id else None
    row = _add(session, recorder, body, known)
    if known is not None:
        response.status_code = 200
    response.headers["location"] = f"/v1/farmers/{row.id}"
    tag(response, row.version)
    return _farmer_out(row, session.get(models.Person, (session.org_id, row.id)))


@routes.post("/farmers/batch", access=WRITE, tags=["farmers"], name="add_batch", summary="Register up to 500 farmers")
def add_farmers(session: WriteDep, recorder: LedgerDep, body: FarmerBatch, request: Request) -> FarmerBatchOut:
    """One answer a farmer; one that is refused does not touch the others."""
    lang, read = language(request), dict[int, FarmerIn]()
    results = dict[int, FarmerBatchItem]()
    for position, plain in enumerate(body.farmers):
        try:
            read[position] = FarmerIn.model_validate(plain)
        except ValidationError as error:
            said = [plain.get(name) if isinstance(plain, dict) else None for name in ("id", "code")]
            identity, code = (value if isinstance(value, str) else None for value in said)
            problem = malformed(error.errors(), plain, at=f"/farmers/{position}")
            results[position] = FarmerBatchItem(id=identity, code=code, status="refused", problem=problem)
    ids = [item.id for item in read.values() if item.id is not None]
    found = session.scalars(select(models.Farmer).where(col(models.Farmer.id).in_(ids)))
    known = {row.id: row for row in found}
    codes = set(
        session.scalars(
            select(models.Farmer.code).where(col(models.Farmer.code).in_([item.code for item in read.values()]))
        )
    )
    for position, item in read.items():
        before = known.get(item.id or "")
        try:
            if before is None and item.code in codes:
                raise taken("code", item.code)
            with session.begin_nested():
                row = _add(session, recorder, item, before)
        except Problem as problem_raised:
            told_as = _told(problem_raised, lang, at=f"/farmers/{position}")
            results[position] = FarmerBatchItem(id=item.id, code=item.code, status="refused", problem=told_as)
        else:
            known[row.id] = row
            codes.add(row.code)
            status: Literal["accepted", "duplicate"] = "accepted" if before is None else "duplicate"
            results[position] = FarmerBatchItem(id=row.id, code=row.code, status=status)
    ordered = [results[position] for position in sorted(results)]
    counts = {name: sum(item.status == name for item in ordered) for name in FarmerCounts.model_fields}
    return FarmerBatchOut(summary=FarmerCounts(**counts), results=ordered)


def _told(problem: Problem, lang: str, *, at: str) -> dict[str, Any]:
    title = of_code("malformed", lang)["title"] if problem.code == "malformed" else problem.code.capitalize()
    errors = [
        one | {"pointer": re.sub("^#", f"#{at}", one["pointer"])} if "pointer" in one else one for one in problem.errors
    ]
    return {
        "type": f"/docs/problems#{problem.code}",
        "title": title.replace("-", " "),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "advice": problem.advice,
        "errors": errors,
    }


@routes.get(
    "/farmers/{farmer_id}",
    access=READ,
    tags=["farmers"],
    name="show",
    summary="A farmer, with plots, memberships, inspections",
    response_model=FarmerDetail,
)
def show_farmer(session: ReadDep, farmer_id: told.Id, request: Request, response: Response) -> FarmerDetail | Response:
    """Its ETag changes with everything shown; If-Match compares the farmer's own version."""
    row = find(session, models.Farmer, farmer_id, "farmer")
    memberships = session.scalars(
        select(models.Membership).where(models.Membership.farmer_id == row.id).order_by(col(models.Membership.id))
    ).all()
    plots = session.scalars(select(models.Plot).where(models.Plot.farmer_id == row.id).order_by(col(models.Plot.code)))
    visit, estimate = models.Inspection, models.Estimate
    visits = session.scalars(
        select(visit).where(visit.farmer_id == row.id).order_by(col(visit.inspected_on).desc(), col(visit.id).desc())
    )
    estimates = session.scalars(
        select(estimate)
        .where(estimate.farmer_id == row.id)
        .order_by(col(estimate.season).desc(), col(estimate.product))
    )
    person = session.get(models.Person, (session.org_id, row.id))
    detail = FarmerDetail(
        **_farmer_out(row, person).model_dump(),
        memberships=_memberships(session, list(memberships)),
        plots=[PlotOut.of(one) for one in plots],
        inspections=[InspectionOut.model_validate(one) for one in visits],
        estimates=[EstimateOut.model_validate(one) for one in estimates],
    )
    return shown(request, response, detail, row.version, whole=True)


@routes.patch(
    "/farmers/{farmer_id}",
    access=WRITE,
    tags=["farmers"],
    name="change",
    summary="Change the person, or end the farmer's record",
)
def change_farmer(
    session: WriteDep,
    recorder: LedgerDep,
    farmer_id: told.Id,
    body: FarmerChange,
    version: VersionDep,
    response: Response,
) -> FarmerOut:
    """Needs `If-Match`. To take the person out altogether, erase it."""
    row = find(session, models.Farmer, farmer_id, "farmer", update=True)
    key = (session.org_id, row.id)
    person = session.get(models.Person, key)
    before = _facts(person)
    after = before | (sent(body.person) if "person" in body.model_fields_set else {})
    after = {name: value for name, value in after.items() if value is not None}
    values = ended(sent(body, "person"), row, recorder.clock())
    change(row, version, values, also=after != before)
    if after != before:
        person = person or models.Person(org_id=session.org_id, farmer_id=row.id)
        for name in PERSONAL:
            setattr(person, name, after.get(name))
        session.add(person)
    session.flush()
    tag(response, row.version)
    return _farmer_out(row, person)


@routes.post(
    "/farmers/{farmer_id}/erase-person",
    access=WRITE,
    tags=["farmers"],
    name="erase_person",
    summary="Erase the person, keep the code",
)
def erase_person(session: WriteDep, farmer_id: told.Id, response: Response) -> ErasedOut:
    """What is known of the person leaves the database for good; the log never held it.

    Lists that were uploaded and not brought in are dropped too: they may name the person. Upload them again.
    """
    row = find(session, models.Farmer, farmer_id, "farmer", update=True)
    person = session.get(models.Person, (session.org_id, row.id))
    erased = list(_facts(person))
    if person is not None:
        session.delete(person)
        row.version += 1
        session.flush()
    import_undo.forget(session, row.id)
    import_undo.drop_lists(session)
    tag(response, row.version)
    return ErasedOut(id=row.id, code=row.code, version=row.version, erased=erased)


# --- memberships ---


def _memberships(session: ScopedSession, rows: list[models.Membership]) -> list[MembershipOut]:
    status = models.MembershipStatus
    query = select(status).where(col(status.membership_id).in_([row.id for row in rows]))
    dated: dict[str, list[models.MembershipStatus]] = defaultdict(list)
    for one in session.scalars(query.order_by(col(status.membership_id), col(status.from_day))):
        dated[one.membership_id].append(one)
    return [MembershipOut.model_validate(row.model_dump() | {"statuses": dated[row.id]}) for row in rows]


@routes.post(
    "/memberships",
    access=WRITE,
    tags=["memberships"],
    name="add",
    summary="Take a farmer into a certificate's group",
    status_code=201,
)
def add_membership(session: WriteDep, recorder: LedgerDep, body: MembershipIn, response: Response) -> MembershipOut:
    """It counts for claims from the day on which a status `approved` begins."""
    values = {name: iso(value) for name, value in body.model_dump(exclude={"id"}).items()}
    row = session.get(models.Membership, (session.org_id, body.id)) if body.id else None
    if row is not None:
        same(row, values)
        response.status_code = 200
    else:
        registry.begin(session)  # two registrations of one person do not pass each other
        find(session, models.Farmer, body.farmer_id, "farmer")
        certificate = find(session, models.Certificate, body.certificate_id, "certificate")
        if ics.registered_elsewhere(session, body.farmer_id, certificate):
            raise Refused("ALREADY_MEMBER_FOR_PRODUCT", scheme=certificate.scheme)
        row = models.Membership(org_id=session.org_id, id=body.id or new_id(recorder), **values)
        make(session, row, field="farmer_id", value=body.farmer_id)
    response.headers["location"] = f"/v1/memberships/{row.id}"
    tag(response, row.version)
    return _memberships(session, [row])[0]


@routes.get(
    "/memberships/{membership_id}",
    access=READ,
    tags=["memberships"],
    name="show",
    summary="One membership with its statuses",
    response_model=MembershipOut,
)
def show_membership(
    session: ReadDep, membership_id: told.Id, request: Request, response: Response
) -> MembershipOut | Response:
    """Its ETag is needed to put a status in the place of another."""
    row = find(session, models.Membership, membership_id, "membership")
    return shown(request, response, _memberships(session, [row])[0], row.version)


@routes.post(
    "/memberships/{membership_id}/statuses",
    access=WRITE,
    tags=["memberships"],
    name="set_status",
    summary="Say a status from a day on, also back-dated",
    status_code=201,
)
def set_membership_status(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    membership_id: told.Id,
    body: MembershipStatusIn,
    version: MaybeVersionDep,
    response: Response,
) -> MembershipJudged:
    """Deliveries since that day are judged again; `lowered` lists your lots that claim less now.

    A day that has a status already: send `If-Match` with the membership's ETag to put this one in its place.
    """
    registry.begin(session)
    row = find(session, models.Membership, membership_id, "membership", update=True)
    code = find(session, models.Farmer, row.farmer_id, "farmer").code
    certificate = find(session, models.Certificate, row.certificate_id, "certificate")
    if body.status != "withdrawn" and ics.registered_elsewhere(session, row.farmer_id, certificate):
        raise Refused("ALREADY_MEMBER_FOR_PRODUCT", scheme=certificate.scheme)
    found: list[registry.Lowered] = []
    if put_status(session, models.MembershipStatus, "membership_id", row, body, version, recorder.clock()):
        if body.status != "approved":  # that lowers nothing
            concerned = registry.Change("membership", row.id, body.from_day, farmers=(code,))
            found = registry.settle(session, recorder, caller.actor, concerned)
    else:
        response.status_code = 200
    tag(response, row.version)
    out = _memberships(session, [row])[0]
    return MembershipJudged(**out.model_dump(), lowered=lowered(found))


def put_status(
    session: ScopedSession,
    model: Any,
    owner: str,
    row: Any,
    body: Any,
    version: int | None,
    now: int,
    *,
    first: bool = False,
) -> bool:
    """A dated status of a membership or certificate. Answers whether it is new.

    The same again changes nothing. Another for the same day takes its place only from the version read.
    ``first``: it belongs to a record just made, whose version stays 1.
    """
    day = body.from_day.isoformat()
    held = session.get(model, (session.org_id, row.id, day))
    if held is not None and (held.status, held.reason) == (body.status, body.reason):
        return False
    if held is not None and version is None:
        raise Problem(
            409,
            "taken",
            f"From {day} another status is recorded already: {held.status}.",
            advice="To put this one in its place, send If-Match with the ETag that you read.",
            errors=[{"pointer": "#/from_day", "code": "taken", "detail": f"There is a status from {day}."}],
        )
    change(row, row.version if version is None else version, {}, also=not first)
    if held is None:
        held = model(org_id=session.org_id, from_day=day, status=body.status, recorded_at=now, **{owner: row.id})
        session.add(held)
    held.status, held.reason, held.recorded_at = body.status, body.reason, now
    session.flush()
    return True
