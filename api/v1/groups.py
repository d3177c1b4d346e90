"""A group of operators: its list of members, plan and samples, sanctions, eligibility, and what is due today."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import Field, StringConstraints
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, ReadDep, WriteDep
from api.v1.estimates import Season
from api.v1.inspections import FindingOut, finding_out
from api.versions import (
    Body,
    Instant,
    LoweredOut,
    Shown,
    example,
    find,
    iso,
    lowered,
    make,
    new_id,
    nothing,
)
from domain import events as told
from domain import ics as rules
from domain.findings import Finding
from domain.refusals import Refused
from ledger import ics, registry
from ledger.profiles import profiles
from ledger.record import Recorder
from models.db import ScopedSession

routes = Routes(prefix="/v1", tags=["groups"])
READ, WRITE = Needs("registry:read"), Needs("registry:write")

# --- shapes ---


class PlotListed(Shown):
    """A plot on the list of members."""

    code: str
    area_m2: int
    crop: str
    conversion_start: date | None
    located: bool


class MemberListed(Shown):
    """A member on the list: the fields of Reg. (EU) 2021/279 Art. 5(a). Names are with the farmer's record."""

    code: str
    membership: str
    status: str
    status_since: date | None
    joined_on: date
    unit: str | None
    agreement_on: date | None
    plots: list[PlotListed]
    area_m2: int
    estimates: dict[str, int] = Field(description="season and product → grams")
    inspected_on: date | None
    inspector: str | None
    controlled_on: date | None
    controller: str | None
    open_findings: int


class MembersOut(Shown):
    """The members of a group on a day, suspended and withdrawn ones too."""

    certificate_id: str
    as_of: date
    counts: dict[str, int] = Field(description="members by status")
    area_m2: int
    data: list[MemberListed]


class FreezeIn(Body):
    """The list of a day becomes a version that stays as it is."""

    model_config = example(as_of="2024-09-30", reason="Before the audit")

    as_of: told.Day
    reason: told.Note | None = None


class VersionOut(Shown):
    """A frozen list: its number, and the digest of its content."""

    number: int
    as_of: date
    frozen_at: Instant
    frozen_by: str
    reason: str | None
    sha256: str


class VersionDetail(VersionOut):
    """A frozen list with its rows."""

    data: list[MemberListed]


class VersionsOut(Shown):
    """The frozen lists of a group, oldest first."""

    data: list[VersionOut]


class DifferenceOut(Shown):
    """What changed between two frozen lists."""

    added: list[str]
    removed: list[str]
    changed: dict[str, list[str]] = Field(description="member → fields that differ")


class Picked(Shown):
    """A member of a sample, and why."""

    code: str
    why: Literal["risk", "unit", "chance"]


class SampleOut(Shown):
    """A sample for an outside control; the same seed and day draw it again."""

    rule: str
    source: str
    members: int
    size: int
    seed: str
    data: list[Picked]


class PlanIn(Body):
    """Plan the inspections that fall due between two days."""

    model_config = example(season="2024/25", from_day="2024-06-01", to_day="2024-09-30", dry_run=True)

    season: Season
    from_day: told.Day
    to_day: told.Day
    dry_run: Annotated[bool, Field(strict=True)] = True


class PlannedOut(Shown):
    """An inspection that is planned."""

    farmer: str
    inspector: str
    due_on: date


class LeftOut(Shown):
    """A member whom nobody may inspect."""

    farmer: str
    reason: str


class PlanOut(Shown):
    """Who inspects whom, how many each inspector has, and who is left over."""

    planned: list[PlannedOut]
    left: list[LeftOut]
    load: dict[str, int]
    stored: bool


class SanctionIn(Body):
    """A step of the ladder. Suspension and expulsion end the approval from the day on, also back-dated."""

    model_config = example(step="suspension", from_day="2025-01-20", reason="Spray found", dry_run=True)

    step: Literal["warning", "lot_excluded", "suspension", "expulsion"]
    from_day: told.Day
    reason: told.Note
    non_conformity_id: told.Id | None = None
    dry_run: Annotated[bool, Field(strict=True, description="say what it would lower, and change nothing")] = False


class SanctionOut(Shown):
    """A sanction and what it lowered. ``notify``: the control body must be told without delay."""

    id: str | None
    step: str
    from_day: date
    reason: str
    notify: bool
    lowered: list[LoweredOut]
    lowered_g: int = Field(description="grams that these lots held when they were made")
    dry_run: bool


class HoldingIn(Body):
    """What a farmer declared of the whole farm, from a day on. Money in euro cents a year."""

    model_config = example(from_day="2024-06-01", area_m2=32000, grassland_only=False)

    from_day: told.Day
    area_m2: Annotated[int, Field(strict=True, ge=0, le=10**11)]
    greenhouse_m2: Annotated[int, Field(strict=True, ge=0, le=10**11)] = 0
    grassland_only: Annotated[bool, Field(strict=True)] = False
    organic_turnover_cents: Annotated[int | None, Field(strict=True, ge=0, le=10**13)] = None
    standard_output_cents: Annotated[int | None, Field(strict=True, ge=0, le=10**13)] = None
    cost_share_bp: Annotated[int | None, Field(strict=True, ge=0, le=10**6)] = None


class EligibilityOut(Shown):
    """Whether the farmer may be a member, by the scheme's tests, and their law."""

    scheme: str
    finding: FindingOut


class CheckOut(Shown):
    """What stands against a group as a whole: limits passed, members not eligible, serious deficiencies."""

    certificate_id: str
    as_of: date
    members: int
    findings: list[FindingOut]
    deficiencies: dict[str, int] = Field(description="serious deficiency → cases (Reg. (EU) 2018/848 Art. 36(2))")


class TaskOut(Shown):
    """Something to clear: how many, until when, and the first few it is about."""

    code: str
    count: int
    due_on: date | None
    subjects: list[str]


class TodayOut(Shown):
    """The to-do list of a day, the gravest first."""

    on: date
    data: list[TaskOut]


# --- the list of members ---


def _day(recorder: Recorder) -> date:
    return datetime.fromtimestamp(recorder.clock() / 1000, UTC).date()


@routes.get("/certificates/{certificate_id}/members", access=READ, name="members", summary="The members of a group")
def list_members(
    session: ReadDep, recorder: LedgerDep, certificate_id: told.Id, as_of: told.Day | None = None
) -> MembersOut:
    """As of any day; today if none is said."""
    find(session, models.Certificate, certificate_id, "certificate")
    day = as_of or _day(recorder)
    listed = ics.members(session, certificate_id, day)
    counts: dict[str, int] = {}
    for one in listed:
        counts[one.status] = counts.get(one.status, 0) + 1
    data = [MemberListed.model_validate(one, from_attributes=True) for one in listed]
    area = sum(one.area_m2 for one in listed if one.status == "approved")
    return MembersOut(certificate_id=certificate_id, as_of=day, counts=counts, area_m2=area, data=data)


@routes.post(
    "/certificates/{certificate_id}/members/freeze",
    access=WRITE,
    name="freeze",
    summary="Freeze the list of members",
    status_code=201,
)
def freeze_members(
    session: WriteDep, caller: CallerDep, recorder: LedgerDep, certificate_id: told.Id, body: FreezeIn
) -> VersionOut:
    """A numbered version with a digest. The same list frozen again answers the version that is there."""
    find(session, models.Certificate, certificate_id, "certificate", update=True)
    text, digest = ics.frozen(ics.members(session, certificate_id, body.as_of))
    held = models.MemberList
    before = session.scalars(
        select(held).where(held.certificate_id == certificate_id).order_by(col(held.number).desc()).limit(1)
    ).first()
    if before is not None and before.sha256 == digest:
        return VersionOut.model_validate(before)
    row = held(
        org_id=session.org_id,
        certificate_id=certificate_id,
        number=before.number + 1 if before is not None else 1,
        as_of=body.as_of.isoformat(),
        frozen_at=recorder.clock(),
        frozen_by=caller.actor.name,
        reason=body.reason,
        rows=text,
        sha256=digest,
    )
    make(session, row, field="as_of", value=row.as_of)
    return VersionOut.model_validate(row)


@routes.get(
    "/certificates/{certificate_id}/members/versions", access=READ, name="versions", summary="Frozen lists of members"
)
def list_versions(session: ReadDep, certificate_id: told.Id) -> VersionsOut:
    """Oldest first."""
    find(session, models.Certificate, certificate_id, "certificate")
    held = models.MemberList
    rows = session.scalars(select(held).where(held.certificate_id == certificate_id).order_by(col(held.number)))
    return VersionsOut(data=[VersionOut.model_validate(row) for row in rows])


Number = Annotated[int, Field(ge=1, le=10**6)]


def _version(session: ScopedSession, certificate_id: str, number: int) -> models.MemberList:
    row = session.get(models.MemberList, (session.org_id, certificate_id, number))
    if row is None:
        raise nothing("version of the list")
    return row


@routes.get(
    "/certificates/{certificate_id}/members/versions/{number}",
    access=READ,
    name="version",
    summary="One frozen list with its rows",
)
def show_version(session: ReadDep, certificate_id: told.Id, number: Number) -> VersionDetail:
    """As it was frozen; the digest is of its canonical JSON."""
    row = _version(session, certificate_id, number)
    return VersionDetail(**VersionOut.model_validate(row).model_dump(), data=json.loads(row.rows))


@routes.get(
    "/certificates/{certificate_id}/members/difference",
    access=READ,
    name="difference",
    summary="What changed between two frozen lists",
)
def show_difference(
    session: ReadDep, certificate_id: told.Id, before: Number = 1, after: Number | None = None
) -> DifferenceOut:
    """Members added and removed, and which fields of the others differ; against the newest if none is said."""
    find(session, models.Certificate, certificate_id, "certificate")
    held = models.MemberList
    newest = select(held).where(held.certificate_id == certificate_id).order_by(col(held.number).desc()).limit(1)
    last = session.scalars(newest).first()
    old = _version(session, certificate_id, before)
    new = _version(session, certificate_id, after or (last.number if last is not None else 1))
    return DifferenceOut(**ics.difference(old.rows, new.rows))


# --- samples and plan ---


@routes.get("/certificates/{certificate_id}/sample", access=READ, name="sample", summary="Draw a sample of members")
def draw_sample(
    session: ReadDep,
    recorder: LedgerDep,
    certificate_id: told.Id,
    rule: Annotated[told.Word | None, Query(description="of the scheme; its first, if none is said")] = None,
    seed: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "1",
    on: told.Day | None = None,
) -> SampleOut:
    """By a rule of the scheme (`/v1/schemes`): by risk and by chance, drawn again by anybody who has the seed."""
    certificate = find(session, models.Certificate, certificate_id, "certificate")
    scheme = profiles().schemes[certificate.scheme]
    wanted = next((one for one in scheme.samples if rule in (None, one.code)), None)
    if wanted is None:
        raise Refused("SAMPLE_RULE_UNKNOWN", scheme=scheme.id, rule=rule or "-")
    day = on or _day(recorder)
    drawn = ics.sample(session, certificate, wanted, seed, day)
    return SampleOut(
        rule=wanted.code,
        source=wanted.source,
        members=len(ics.candidates(session, certificate, day)),
        size=drawn.size,
        seed=seed,
        data=[Picked(code=code, why=why) for code, why in drawn.picked],
    )


@routes.post(
    "/certificates/{certificate_id}/inspection-plan",
    access=WRITE,
    name="plan",
    summary="Plan the inspections that fall due",
)
def plan_inspections(session: WriteDep, recorder: LedgerDep, certificate_id: told.Id, body: PlanIn) -> PlanOut:
    """No ties, no third year in a row, near by first, evenly. `dry_run` stores nothing."""
    certificate = find(session, models.Certificate, certificate_id, "certificate", update=True)
    made = ics.plan(session, certificate, body.from_day, body.to_day)
    if not body.dry_run:
        _store(session, recorder, certificate_id, body.season, made)
    return PlanOut(
        planned=[PlannedOut.model_validate(one, from_attributes=True) for one in made.planned],
        left=[LeftOut(farmer=farmer, reason=reason) for farmer, reason in made.left],
        load=made.load,
        stored=not body.dry_run,
    )


def _store(session: ScopedSession, recorder: Recorder, certificate_id: str, season: str, made: rules.Plan) -> None:
    """One planned inspection a member and season; those done already stay as they are."""
    held, farmer = models.PlannedInspection, models.Farmer
    query = select(held).where(held.certificate_id == certificate_id, held.season == season)
    known = {row.farmer_id: row for row in session.scalars(query)}
    codes = [one.farmer for one in made.planned]
    ids: dict[str, str] = {}
    for start in range(0, len(codes), 500):
        for found in session.scalars(select(farmer).where(col(farmer.code).in_(codes[start : start + 500]))):
            ids[found.code] = found.id
    for one in made.planned:
        row: Any = known.get(ids[one.farmer])
        if row is None:
            row = held(
                org_id=session.org_id,
                id=new_id(recorder),
                certificate_id=certificate_id,
                season=season,
                farmer_id=ids[one.farmer],
                inspector=one.inspector,
                due_on=one.due_on.isoformat(),
            )
            session.add(row)
        elif row.state == "planned":
            row.inspector, row.due_on = one.inspector, one.due_on.isoformat()
            row.version += 1
    session.flush()


# --- sanctions ---


@routes.post(
    "/memberships/{membership_id}/sanctions",
    access=WRITE,
    name="sanction",
    summary="Take a step of the sanction ladder",
    status_code=201,
)
def sanction_member(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    membership_id: told.Id,
    body: SanctionIn,
    response: Response,
) -> SanctionOut:
    """`dry_run` says what would lose its claim, and changes nothing. From the second step on: tell the control body."""
    registry.begin(session)
    row = find(session, models.Membership, membership_id, "membership", update=True)
    farmer = find(session, models.Farmer, row.farmer_id, "farmer").code
    if body.non_conformity_id is not None:
        find(session, models.NonConformity, body.non_conformity_id, "non-conformity")
    found = _end_approval(session, caller, recorder, row, farmer, body)
    lots = models.Lot
    ids = [lot.lot for lot in found]
    grams = sum(
        lot.initial_g
        for start in range(0, len(ids), 500)
        for lot in session.scalars(select(lots).where(col(lots.uid).in_(ids[start : start + 500])))
    )
    out = SanctionOut(
        id=None,
        step=body.step,
        from_day=body.from_day,
        reason=body.reason,
        notify=rules.must_notify(body.step),
        lowered=lowered(found),
        lowered_g=grams,
        dry_run=body.dry_run,
    )
    if body.dry_run:
        session.rollback()
        response.status_code = 200
        return out
    kept = models.Sanction(
        org_id=session.org_id,
        id=new_id(recorder),
        membership_id=row.id,
        non_conformity_id=body.non_conformity_id,
        step=body.step,
        from_day=body.from_day.isoformat(),
        reason=body.reason,
        decided_by=caller.actor.name,
        decided_at=recorder.clock(),
        deliveries=json.dumps(sorted(ids)),
    )
    make(session, kept, field="id", value=kept.id)
    return out.model_copy(update={"id": kept.id})


ENDS = {"suspension": "suspended", "expulsion": "withdrawn"}


def _end_approval(
    session: ScopedSession,
    caller: CallerDep,
    recorder: Recorder,
    row: models.Membership,
    farmer: str,
    body: SanctionIn,
) -> list[registry.Lowered]:
    """Suspension and expulsion are a status of the membership from the day on; what was delivered since is judged."""
    state = ENDS.get(body.step)
    if state is None:
        return []
    day, status = body.from_day.isoformat(), models.MembershipStatus
    held = session.get(status, (session.org_id, row.id, day))
    if held is None:
        held = status(org_id=session.org_id, membership_id=row.id, from_day=day, status=state, recorded_at=0)
        session.add(held)
    held.status, held.reason, held.recorded_at = state, body.reason, recorder.clock()
    row.version += 1
    session.flush()
    change = registry.Change("membership", row.id, body.from_day, farmers=(farmer,))
    return registry.settle(session, recorder, caller.actor, change)


# --- eligibility and the group as a whole ---


@routes.put(
    "/farmers/{farmer_id}/holding", access=WRITE, name="put_holding", summary="Say what the whole farm is, from a day"
)
def put_holding(session: WriteDep, recorder: LedgerDep, farmer_id: told.Id, body: HoldingIn) -> HoldingIn:
    """Sent again for the same day, it takes the place of the one before."""
    find(session, models.Farmer, farmer_id, "farmer")
    key = (session.org_id, farmer_id, body.from_day.isoformat())
    row = session.get(models.Holding, key)
    values = {name: iso(value) for name, value in body.model_dump().items()}
    if row is None:
        row = models.Holding(org_id=session.org_id, farmer_id=farmer_id, recorded_at=recorder.clock(), **values)
        make(session, row, field="from_day", value=values["from_day"])
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
    return body


def _holding(session: ScopedSession, farmer_id: str, on: date) -> rules.Holding | None:
    held = models.Holding
    query = select(held).where(held.farmer_id == farmer_id, held.from_day <= on.isoformat())
    row = session.scalars(query.order_by(col(held.from_day).desc()).limit(1)).first()
    if row is None:
        return None
    return rules.Holding(
        row.area_m2,
        row.greenhouse_m2,
        row.grassland_only,
        row.organic_turnover_cents,
        row.standard_output_cents,
        row.cost_share_bp,
    )


@routes.get(
    "/farmers/{farmer_id}/eligibility", access=READ, name="eligibility", summary="Whether a farmer may be a member"
)
def show_eligibility(
    session: ReadDep, recorder: LedgerDep, farmer_id: told.Id, scheme: told.Word = "EU_ORG", on: told.Day | None = None
) -> EligibilityOut:
    """By the holding declared, and the limits of the scheme on the day."""
    farmer = find(session, models.Farmer, farmer_id, "farmer")
    known = profiles().schemes.get(scheme)
    if known is None:
        raise Refused("SCHEME_UNKNOWN", scheme=scheme)
    day = on or _day(recorder)
    limits, holding = known.group_at(day), _holding(session, farmer_id, day)
    if limits is None or holding is None:
        raise Refused("HOLDING_NOT_DECLARED", farmer=farmer.code, scheme=scheme)
    return EligibilityOut(scheme=scheme, finding=finding_out(rules.eligibility(limits, farmer.code, holding), "en"))


@routes.get(
    "/certificates/{certificate_id}/check", access=READ, name="check", summary="What stands against a group as a whole"
)
def check_group(
    session: ReadDep, recorder: LedgerDep, certificate_id: told.Id, as_of: told.Day | None = None
) -> CheckOut:
    """Limits passed, members who are not eligible, and the deficiencies that cost the whole group its certificate."""
    certificate = find(session, models.Certificate, certificate_id, "certificate")
    day = as_of or _day(recorder)
    scheme = profiles().schemes[certificate.scheme]
    listed = ics.members(session, certificate_id, day)
    approved = [one for one in listed if one.status == "approved"]
    limits = scheme.group_at(day)
    found: list[Finding] = []
    if limits is not None:
        size = rules.group_size(limits, len(approved))
        found += [size] if size is not None else []
        new = [one for one in approved if (day - date.fromisoformat(one.joined_on)).days < ics.YEAR]
        added = rules.new_members(limits, len(approved) - len(new), len(new))
        found += [added] if added is not None else []
        found += [one for one in ics.eligibilities(session, limits, approved, day) if one.level == "alert"]
    return CheckOut(
        certificate_id=certificate_id,
        as_of=day,
        members=len(approved),
        findings=[finding_out(one, "en") for one in found],
        deficiencies=dict(rules.deficiencies(ics.counted(session, certificate, listed, day))),
    )


class On(Body):
    """Which day."""

    on: told.Day | None = None


@routes.get("/today", access=READ, name="today", summary="What is due, the gravest first")
def show_today(session: ReadDep, recorder: LedgerDep, wanted: Annotated[On, Query()]) -> TodayOut:
    """Each line leads to the list that clears it."""
    day = wanted.on or _day(recorder)
    tasks = [TaskOut.model_validate(task, from_attributes=True) for task in ics.today(session, day)]
    return TodayOut(on=day, data=tasks)
