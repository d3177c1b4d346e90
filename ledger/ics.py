"""The internal control system at work: inspections judged, groups listed, samples drawn, what is due.

Everything reads through the session of the organisation; only the question whether a person is registered in another
group of the deployment looks further, and answers yes or no.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlmodel import col, select

import models
from domain import ics
from domain.findings import Finding
from domain.profiles import IcsRules, SampleRule, Scheme
from domain.refusals import Refused
from domain.values import dated
from ledger.profiles import profiles
from models.base import table
from models.db import ScopedSession, as_system

MINUTE_MS = 60_000


def day_of(at: int) -> date:
    """The UTC day of an instant in milliseconds."""
    return datetime.fromtimestamp(at / 1000, UTC).date()


def _rows(session: ScopedSession, query: Any) -> list[Any]:
    return list(session.scalars(query))


# --- inspections ---


def inspectors(session: ScopedSession, codes: Iterable[str] | None = None) -> dict[str, ics.InspectorFacts]:
    """Inspectors with their ties, statements and trainings passed, by code."""
    query = select(models.Inspector)
    if codes is not None:
        query = query.where(col(models.Inspector.code).in_(list(codes)))
    rows = _rows(session, query.order_by(col(models.Inspector.code)))
    ids, names = [row.id for row in rows], [row.code for row in rows]
    ties: dict[str, dict[str, str]] = defaultdict(dict)
    for tie in _rows(session, select(models.InspectorTie).where(col(models.InspectorTie.inspector_id).in_(ids))):
        ties[tie.inspector_id][tie.farmer] = tie.kind
    signed: dict[str, list[date]] = defaultdict(list)
    statement = models.InspectorStatement
    for one in _rows(session, select(statement).where(col(statement.inspector_id).in_(ids))):
        signed[one.inspector_id].append(date.fromisoformat(one.signed_on))
    trained = _trained(session, names)
    return {
        row.code: ics.InspectorFacts(
            row.code,
            row.manager,
            row.farmer,
            ties[row.id],
            tuple(sorted(trained[row.code])),
            tuple(sorted(signed[row.id])),
            row.unit,
        )
        for row in rows
    }


def _trained(session: ScopedSession, codes: Sequence[str]) -> dict[str, list[date]]:
    held, record = models.Training, models.TrainingRecord
    records = _rows(session, select(record).where(col(record.person).in_(list(codes)), record.passed == sa.true()))
    query = select(held).where(col(held.id).in_({one.training_id for one in records}), held.audience == "inspector")
    days = {one.id: date.fromisoformat(one.held_on) for one in _rows(session, query)}
    answer: dict[str, list[date]] = defaultdict(list)
    for one in records:
        if one.training_id in days:
            answer[one.person].append(days[one.training_id])
    return answer


@dataclass(frozen=True, slots=True)
class Told:
    """An inspection as it was reported."""

    farmer: str
    inspector: str
    day: date
    scheme: str
    started_at: int | None
    ended_at: int | None
    inspector_signed_on: date | None
    member_signed_on: date | None


def judge_inspection(session: ScopedSession, told: Told, *, but: str | None = None) -> tuple[Finding, ...]:
    """Why an inspection does not count, or asks for a look. ``but``: the id of this one, already recorded."""
    rules = rules_of(told.scheme, told.day)
    visit = ics.Visit(
        told.inspector,
        told.farmer,
        told.day,
        (told.ended_at - told.started_at) // MINUTE_MS if told.started_at and told.ended_at else None,
        told.inspector_signed_on is not None,
        told.member_signed_on is not None,
    )
    farmer, seen = models.Farmer, models.Inspection
    of_farmer = select(farmer.id).where(farmer.code == told.farmer, farmer.org_id == session.org_id)
    earlier = select(seen).where(col(seen.farmer_id).in_(of_farmer), seen.inspector == told.inspector)
    years = {int(row.inspected_on[:4]) for row in _rows(session, earlier) if row.id != but}
    same_day = _rows(
        session, select(seen).where(seen.inspector == told.inspector, seen.inspected_on == told.day.isoformat())
    )
    others = sum(row.id != but for row in same_day)
    by = inspectors(session, [told.inspector]).get(told.inspector)
    return ics.judge_visit(rules, visit, by, years=years, same_day=others + 1)


def rules_of(scheme: str, day: date) -> IcsRules:
    """The rules of internal inspections of a scheme; refused where the scheme has none."""
    known = profiles().schemes.get(scheme)
    rules = known.ics_at(day) if known is not None else None
    if rules is None:
        raise Refused("SCHEME_UNKNOWN", scheme=scheme)
    return rules


# --- one registration a person ---


def registered_elsewhere(session: ScopedSession, farmer_id: str, certificate: models.Certificate) -> bool:
    """Whether the person has another active registration for a product of the certificate under its scheme.

    Reg. (EU) 2021/279 Art. 4: one group a product. The same farmer, or the same identity number, in this or in any
    other group of the deployment; whose group it is, is not said.
    """
    person = session.get(models.Person, (session.org_id, farmer_id))
    identity = person.identity_no if person is not None else None
    with as_system(session) as system:
        connection = system.connection()
        scope = connection.execute(
            sa.select(_PRODUCT.c.category).where(_PRODUCT.c.certificate_id == certificate.id)
        ).scalars()
        same = sa.and_(_MEMBER.c.org_id == session.org_id, _MEMBER.c.farmer_id == farmer_id)
        if identity:
            people = sa.select(_PERSON.c.org_id, _PERSON.c.farmer_id).where(_PERSON.c.identity_no == identity)
            same = sa.or_(same, sa.tuple_(_MEMBER.c.org_id, _MEMBER.c.farmer_id).in_(people))
        query = (
            sa.select(_MEMBER.c.org_id, _MEMBER.c.id)
            .join(_CERTIFICATE, _CERTIFICATE.c.id == _MEMBER.c.certificate_id)
            .join(_PRODUCT, _PRODUCT.c.certificate_id == _CERTIFICATE.c.id)
            .where(
                same,
                _CERTIFICATE.c.scheme == certificate.scheme,
                sa.or_(_CERTIFICATE.c.id != certificate.id, _MEMBER.c.farmer_id != farmer_id),
                _CERTIFICATE.c.valid_from <= certificate.valid_to,
                _CERTIFICATE.c.valid_to >= certificate.valid_from,
                _PRODUCT.c.category.in_(list(scope)),
            )
            .distinct()
        )
        found = connection.execute(query).all()
        return any(_still_in(connection, org_id, membership) for org_id, membership in found)


def _still_in(connection: sa.Connection, org_id: int, membership: str) -> bool:
    query = (
        sa.select(_STATE.c.status)
        .where(_STATE.c.org_id == org_id, _STATE.c.membership_id == membership)
        .order_by(_STATE.c.from_day.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none() != "withdrawn"


_MEMBER, _PERSON, _STATE = table(models.Membership), table(models.Person), table(models.MembershipStatus)
_CERTIFICATE, _PRODUCT = table(models.Certificate), table(models.CertificateProduct)


# --- the list of members ---


@dataclass(slots=True)
class ListedPlot:
    """A plot on the list: size, place, crop, start of conversion."""

    code: str
    area_m2: int
    crop: str
    conversion_start: str | None
    located: bool


@dataclass(slots=True)
class Listed:
    """A member on the list, with what Reg. (EU) 2021/279 Art. 5(a) asks for; names are not in it."""

    code: str
    membership: str
    status: str
    status_since: str | None
    joined_on: str
    unit: str | None
    agreement_on: str | None
    plots: list[ListedPlot] = field(default_factory=list)
    area_m2: int = 0
    estimates: dict[str, int] = field(default_factory=dict)  # "season product" -> grams
    inspected_on: str | None = None
    inspector: str | None = None
    controlled_on: str | None = None
    controller: str | None = None
    open_findings: int = 0


def members(session: ScopedSession, certificate_id: str, as_of: date) -> list[Listed]:
    """The members of a group on a day, suspended and withdrawn ones too, by code."""
    held = models.Membership
    memberships = _rows(
        session, select(held).where(held.certificate_id == certificate_id, held.joined_on <= as_of.isoformat())
    )
    ids = [row.farmer_id for row in memberships]
    codes = {row.id: row.code for row in _of(session, models.Farmer, models.Farmer.id, ids)}
    states: dict[str, list[tuple[date, str]]] = defaultdict(list)
    status = models.MembershipStatus
    for row in sorted(
        _of(session, status, status.membership_id, [row.id for row in memberships]), key=lambda row: row.from_day
    ):
        states[row.membership_id].append((date.fromisoformat(row.from_day), row.status))
    listed = {}
    for row in memberships:
        begun = [since for since, _ in states[row.id] if since <= as_of]
        listed[row.farmer_id] = Listed(
            codes[row.farmer_id],
            row.id,
            dated(tuple(states[row.id]), as_of) or "applied",
            max(begun).isoformat() if begun else None,
            row.joined_on,
            row.unit,
            row.agreement_on,
        )
    _with_plots(session, listed, as_of)
    _with_visits(session, listed, as_of)
    return sorted(listed.values(), key=lambda one: one.code)


def _of(session: ScopedSession, model: Any, column: Any, ids: Sequence[str]) -> list[Any]:
    """Rows of a model by a column, in pieces."""
    found: list[Any] = []
    for start in range(0, len(ids), 500):
        found += _rows(session, select(model).where(col(column).in_(list(ids[start : start + 500]))))
    return found


def _with_plots(session: ScopedSession, listed: dict[str, Listed], as_of: date) -> None:
    for plot in sorted(_of(session, models.Plot, models.Plot.farmer_id, list(listed)), key=lambda row: row.code):
        worked = plot.from_day is None or plot.from_day <= as_of.isoformat()
        if worked and (plot.ended_at is None or day_of(plot.ended_at) >= as_of):
            one = listed[plot.farmer_id]
            one.plots.append(
                ListedPlot(plot.code, plot.area_m2, plot.crop, plot.conversion_start, plot.geometry is not None)
            )
            one.area_m2 += plot.area_m2
    for estimate in _of(session, models.Estimate, models.Estimate.farmer_id, list(listed)):
        listed[estimate.farmer_id].estimates[f"{estimate.season} {estimate.product}"] = estimate.grams


def _with_visits(session: ScopedSession, listed: dict[str, Listed], as_of: date) -> None:
    day, ids = as_of.isoformat(), list(listed)
    for visit in sorted(
        _of(session, models.Inspection, models.Inspection.farmer_id, ids), key=lambda row: row.inspected_on
    ):
        if visit.valid and visit.inspected_on <= day:
            one = listed[visit.farmer_id]
            one.inspected_on, one.inspector = visit.inspected_on, visit.inspector
    control = models.OfficialControl
    for seen in sorted(_of(session, control, control.farmer_id, ids), key=lambda row: row.controlled_on):
        if seen.controlled_on <= day:
            one = listed[seen.farmer_id]
            one.controlled_on, one.controller = seen.controlled_on, seen.inspector
    finding = models.NonConformity
    for found in _of(session, finding, finding.farmer_id, ids):
        if found.found_on <= day and (found.closed_on is None or found.closed_on > day):
            listed[found.farmer_id].open_findings += 1


def _overdue(one: Listed, on: date, days: int) -> bool:
    """Whether a member was not inspected within so many days before a day."""
    return one.inspected_on is None or (on - date.fromisoformat(one.inspected_on)).days > days


def frozen(listed: Sequence[Listed]) -> tuple[str, str]:
    """The list as canonical JSON, and its digest."""
    text = orjson.dumps([asdict(one) for one in listed], option=orjson.OPT_SORT_KEYS).decode()
    return text, hashlib.sha256(text.encode()).hexdigest()


def difference(before: str, after: str) -> dict[str, Any]:
    """What changed between two frozen lists: members added, removed, and the fields changed of each other one."""
    old = {one["code"]: one for one in json.loads(before)}
    new = {one["code"]: one for one in json.loads(after)}
    return {
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": {
            code: sorted(name for name in new[code] if new[code][name] != old[code].get(name))
            for code in sorted(new.keys() & old.keys())
            if new[code] != old[code]
        },
    }


# --- risk, samples, plan ---


def candidates(session: ScopedSession, certificate: models.Certificate, on: date) -> list[ics.Candidate]:
    """The approved members of a group with their points of risk."""
    scheme = profiles().schemes[certificate.scheme]
    rules, listed = rules_of(scheme.id, on), members(session, certificate.id, on)
    approved = [one for one in listed if one.status == "approved"]
    grave = _open_severities(session)
    sanctioned = {row.membership_id for row in _rows(session, select(models.Sanction)) if row.lifted_on is None}
    limits = scheme.group_at(on)
    interval = scheme.params_at(on).inspection_interval_days
    answer = []
    for one in approved:
        facts = set(grave.get(one.code, ()))
        facts |= {"new_member"} if (on - date.fromisoformat(one.joined_on)).days < YEAR else set()
        facts |= {"never_controlled"} if one.controlled_on is None else set()
        facts |= {"sanctioned"} if one.membership in sanctioned else set()
        facts |= {"in_conversion"} if _converting(one, on, scheme) else set()
        if limits is not None and limits.holding_max_m2 is not None and one.area_m2 * 2 > limits.holding_max_m2:
            facts.add("large_holding")
        if interval is not None and _overdue(one, on, interval):
            facts.add("inspection_overdue")
        answer.append(ics.Candidate(one.code, one.unit or "-", ics.risk(rules, facts)))
    return answer


YEAR = 365


def _converting(one: Listed, on: date, scheme: Scheme) -> bool:
    months = scheme.params_at(on).perennial_months
    starts = [date.fromisoformat(plot.conversion_start) for plot in one.plots if plot.conversion_start]
    return months is not None and any((on - start).days < months * 30 for start in starts)


def _open_severities(session: ScopedSession) -> dict[str, set[str]]:
    """Farmer code -> open_major, open_critical."""
    finding = models.NonConformity
    rows = _rows(session, select(finding).where(col(finding.closed_on).is_(None), col(finding.farmer_id).is_not(None)))
    codes = {row.id: row.code for row in _of(session, models.Farmer, models.Farmer.id, [row.farmer_id for row in rows])}
    answer: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.severity != "minor":
            answer[codes[row.farmer_id]].add(f"open_{row.severity}")
    return answer


def sample(
    session: ScopedSession, certificate: models.Certificate, rule: SampleRule, seed: str, on: date
) -> ics.Sample:
    """A sample for an outside control: the same seed on the same day draws the same members."""
    rules = rules_of(certificate.scheme, on)
    return ics.draw(rule, candidates(session, certificate, on), seed, high_risk=rules.high_risk_points)


def plan(session: ScopedSession, certificate: models.Certificate, first: date, last: date) -> ics.Plan:
    """Who should inspect whom between two days, so that no inspection falls overdue."""
    scheme = profiles().schemes[certificate.scheme]
    interval = scheme.params_at(first).inspection_interval_days or YEAR
    listed = [one for one in members(session, certificate.id, first) if one.status in ("approved", "applied")]
    farmer_ids = _of(session, models.Farmer, models.Farmer.code, [one.code for one in listed])
    codes = {row.id: row.code for row in farmer_ids}
    seen: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in _of(session, models.Inspection, models.Inspection.farmer_id, list(codes)):
        seen[codes[row.farmer_id]].append((int(row.inspected_on[:4]), row.inspector))
    due = []
    for one in listed:
        last_seen = date.fromisoformat(one.inspected_on) if one.inspected_on else None
        by = last_seen + timedelta(days=interval) if last_seen else first
        if by <= last:
            due.append(ics.Due(one.code, one.unit, max(by, first), tuple(seen[one.code])))
    able = list(inspectors(session).values())
    return ics.plan(rules_of(scheme.id, first), due, able, first, last)


# --- what is due today ---


@dataclass(frozen=True, slots=True)
class Task:
    """Something to clear: what, how many, since or until when, and the first few it is about."""

    code: str
    count: int
    due_on: str | None
    subjects: tuple[str, ...]


SHOWN = 20


def today(session: ScopedSession, on: date) -> list[Task]:
    """The to-do list of an ICS manager on a day, the gravest first."""
    found: list[Task] = []
    for certificate in _rows(session, select(models.Certificate)):
        scheme = profiles().schemes.get(certificate.scheme)
        if scheme is None or certificate.valid_from > on.isoformat():
            continue
        found += _of_certificate(session, certificate, scheme, on)
    found += _of_findings(session, on)
    found += _of_instruments(session, on)
    found += _of_labels(session)
    return sorted(found, key=lambda task: (GRAVITY.index(task.code), task.due_on or "9999", task.subjects))


GRAVITY = (
    "INSPECTIONS_OVERDUE",
    "MEMBERS_ABOVE_LIMIT",
    "CORRECTIVE_ACTIONS_OVERDUE",
    "CERTIFICATES_FLAGGED",
    "DELIVERIES_HELD",
    "LABELS_SEEN_ELSEWHERE",
    "CERTIFICATE_ENDS",
    "INSPECTIONS_PLANNED",
    "TRAININGS_MISSING",
    "CALIBRATIONS_ENDED",
)
NOTICE_DAYS = (7, 30, 90)


def _of_certificate(session: ScopedSession, certificate: Any, scheme: Scheme, on: date) -> list[Task]:
    tasks = []
    ends = date.fromisoformat(certificate.valid_to)
    if 0 <= (ends - on).days <= NOTICE_DAYS[-1]:
        tasks.append(Task("CERTIFICATE_ENDS", 1, certificate.valid_to, (certificate.number,)))
    if not scheme.params_at(on).member_required or ends < on:
        return tasks
    listed = members(session, certificate.id, on)
    approved = [one for one in listed if one.status == "approved"]
    interval = scheme.params_at(on).inspection_interval_days
    if interval is not None:
        tasks += _task("INSPECTIONS_OVERDUE", [one.code for one in approved if _overdue(one, on, interval)])
    limits = scheme.group_at(on)
    size = ics.group_size(limits, len(approved)) if limits is not None else None
    if size is not None:
        tasks.append(Task("MEMBERS_ABOVE_LIMIT", len(approved), None, (certificate.number,)))
    rules = scheme.ics_at(on)
    if rules is not None and rules.training_months is not None:
        missing = [
            code
            for code, facts in inspectors(session).items()
            if not facts.manager and not ics.is_trained(rules, facts, on)
        ]
        tasks += _task("TRAININGS_MISSING", missing)
    return tasks


def _task(code: str, subjects: Sequence[str], due_on: str | None = None) -> list[Task]:
    return [Task(code, len(subjects), due_on, tuple(sorted(subjects)[:SHOWN]))] if subjects else []


def _of_findings(session: ScopedSession, on: date) -> list[Task]:
    finding, planned = models.NonConformity, models.PlannedInspection
    late = _rows(session, select(finding).where(col(finding.closed_on).is_(None), col(finding.due_on) < on.isoformat()))
    soon = (on + timedelta(days=7)).isoformat()
    next_ones = _rows(session, select(planned).where(planned.state == "planned", planned.due_on <= soon))
    by = Counter(row.inspector for row in next_ones)
    paper, lot, hold = models.Consignment, models.Lot, models.Hold
    flagged = _rows(session, select(paper).where(paper.state == "flagged"))
    open_claims = select(hold.lot_id).where(hold.kind == "claim", col(hold.ended_seq).is_(None))
    held = _rows(session, select(lot).where(col(lot.id).in_(open_claims)))
    return [
        *_task("CORRECTIVE_ACTIONS_OVERDUE", [row.code for row in late]),
        *_task("INSPECTIONS_PLANNED", list(by), soon if by else None),
        *_task("CERTIFICATES_FLAGGED", [row.number for row in flagged]),
        *_task("DELIVERIES_HELD", [row.code for row in held]),
    ]


def _of_instruments(session: ScopedSession, on: date) -> list[Task]:
    rows = _rows(session, select(models.Instrument).where(col(models.Instrument.ended_at).is_(None)))
    until: dict[str, str] = defaultdict(str)
    for one in _of(session, models.Calibration, models.Calibration.instrument_id, [row.id for row in rows]):
        until[one.instrument_id] = max(until[one.instrument_id], one.to_day)
    return _task("CALIBRATIONS_ENDED", [row.code for row in rows if until[row.id] < on.isoformat()])


def _of_labels(session: ScopedSession) -> list[Task]:
    """Labels that may have been copied, which nobody looked into yet."""
    open_ones = select(models.LabelAlert).where(col(models.LabelAlert.closed_at).is_(None))
    return _task("LABELS_SEEN_ELSEWHERE", [row.code for row in _rows(session, open_ones)])


# --- the group as a whole ---


def eligibilities(session: ScopedSession, limits: Any, listed: Sequence[Listed], on: date) -> list[Finding]:
    """Whether each listed member may be one; the area of the plots counts where no holding was declared."""
    farmers = {
        row.code: row.id for row in _of(session, models.Farmer, models.Farmer.code, [one.code for one in listed])
    }
    declared: dict[str, Any] = {}
    for row in sorted(
        _of(session, models.Holding, models.Holding.farmer_id, list(farmers.values())), key=lambda row: row.from_day
    ):
        if row.from_day <= on.isoformat():
            declared[row.farmer_id] = row
    answer = []
    for one in listed:
        row = declared.get(farmers[one.code])
        holding = (
            ics.Holding(one.area_m2)
            if row is None
            else ics.Holding(
                max(row.area_m2, one.area_m2),
                row.greenhouse_m2,
                row.grassland_only,
                row.organic_turnover_cents,
                row.standard_output_cents,
                row.cost_share_bp,
            )
        )
        answer.append(ics.eligibility(limits, one.code, holding))
    return answer


def counted(
    session: ScopedSession, certificate: models.Certificate, listed: Sequence[Listed], on: date
) -> dict[str, int]:
    """Cases of each serious deficiency of a control system on a day."""
    scheme = profiles().schemes[certificate.scheme]
    interval = scheme.params_at(on).inspection_interval_days or YEAR
    approved = [one for one in listed if one.status == "approved"]
    late = [
        one
        for one in approved
        if one.inspected_on is None or (on - date.fromisoformat(one.inspected_on)).days > interval
    ]
    unchecked = [one for one in approved if one.inspected_on is None or one.inspected_on > (one.status_since or "")]
    never = [one for one in unchecked if one.inspected_on is None]
    finding = models.NonConformity
    overdue = _rows(
        session,
        select(finding).where(
            finding.scheme == scheme.id, col(finding.closed_on).is_(None), col(finding.due_on) < on.isoformat()
        ),
    )
    rules = scheme.ics_at(on)
    people = inspectors(session)
    able = [
        facts for facts in people.values() if not facts.manager and (rules is None or ics.is_trained(rules, facts, on))
    ]
    control = models.OfficialControl
    deviating = [
        row for row in _rows(session, select(control).where(control.scheme == scheme.id)) if row.conform is False
    ]
    return {
        "annual_inspection_missing": len(late),
        "members_added_without_approval": len(never),
        "measures_not_followed_up": len(overdue),
        "inspectors_insufficient": int(bool(approved) and not able),
        "deviation_internal_vs_external": len(deviating),
        "products_from_suspended_members": _from_suspended(session, listed),
    }


def _from_suspended(session: ScopedSession, listed: Sequence[Listed]) -> int:
    """Deliveries that still carry a claim although the member was not approved: none, unless a rule failed."""
    codes = [one.code for one in listed if one.status in ("suspended", "withdrawn")]
    since = {one.code: one.status_since or "" for one in listed}
    cases = 0
    for lot in _of(session, models.Lot, models.Lot.farmer, codes):
        if lot.kind == "delivery" and day_of(lot.made_at).isoformat() >= since[lot.farmer]:
            claims = _rows(session, select(models.LotClaim).where(models.LotClaim.lot_id == lot.id))
            cases += any(profiles().schemes[one.scheme].value(one.value).claimable for one in claims)
    return cases
