"""The rules of an internal control system: who may be a member, which inspections count, whom the sample takes.

Reg. (EU) 2018/848 Art. 36 with 2021/279 and 2021/771, 7 CFR 205.400(g), GLOBALG.A.P. rules for producer groups: the
figures are data of the scheme. What is law warns; what makes an inspection worthless says so.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from domain.findings import Finding
from domain.profiles import FindingSeverity, GroupLimits, IcsRules, SampleRule, add_months
from domain.quantity import WHOLE_BP

# --- who may be a member ---


@dataclass(frozen=True, slots=True)
class Holding:
    """What a farmer declared of the whole farm: areas in square metres, money in euro cents a year."""

    area_m2: int
    greenhouse_m2: int = 0
    grassland_only: bool = False
    organic_turnover_cents: int | None = None
    standard_output_cents: int | None = None
    cost_share_bp: int | None = None


def eligibility(limits: GroupLimits, farmer: str, holding: Holding) -> Finding:
    """Whether a farmer may be a member: small enough, or earning so little that certifying alone costs too much.

    Reg. (EU) 2018/848 Art. 36(1)(b): the area test and the turnover test are alternatives.
    """
    if _small(limits, holding):
        return _of_group(limits, "ELIGIBLE_BY_AREA", "notice", farmer=farmer, area_m2=holding.area_m2)
    if _earns_little(limits, holding):
        return _of_group(
            limits,
            "ELIGIBLE_BY_TURNOVER",
            "notice",
            farmer=farmer,
            turnover_cents=holding.organic_turnover_cents if holding.organic_turnover_cents is not None else "-",
            cost_share_bp=holding.cost_share_bp or 0,
        )
    return _of_group(limits, "NOT_ELIGIBLE", "alert", farmer=farmer, area_m2=holding.area_m2)


def _small(limits: GroupLimits, holding: Holding) -> bool:
    most = limits.grassland_max_m2 if holding.grassland_only else limits.holding_max_m2
    greenhouse = limits.greenhouse_max_m2
    return (most is None or holding.area_m2 <= most) and (greenhouse is None or holding.greenhouse_m2 <= greenhouse)


def _earns_little(limits: GroupLimits, holding: Holding) -> bool:
    costs = limits.cost_share_min_bp is not None and (holding.cost_share_bp or 0) > limits.cost_share_min_bp
    turnover, output = holding.organic_turnover_cents, holding.standard_output_cents
    little = (
        limits.turnover_max_cents is not None and turnover is not None and turnover <= limits.turnover_max_cents
    ) or (
        limits.standard_output_max_cents is not None
        and output is not None
        and output <= limits.standard_output_max_cents
    )
    return costs and little


def group_size(limits: GroupLimits, members: int) -> Finding | None:
    """A group beyond its largest size (Reg. (EU) 2021/279 Art. 4)."""
    if limits.max_members is None or members <= limits.max_members:
        return None
    return _of_group(limits, "GROUP_SIZE_LIMIT", "alert", members=members, most=limits.max_members)


def new_members(limits: GroupLimits, members: int, added: int) -> Finding | None:
    """More new members than may be added before the next inspection (GLOBALG.A.P. rules for producer groups)."""
    most = limits.new_members_immediate_max_bp
    if most is None or added * WHOLE_BP <= members * most:
        return None
    return _of_group(limits, "NEW_MEMBERS_LIMIT", "alert", added=added, members=members, most_bp=most)


def _of_group(limits: GroupLimits, code: str, level: Literal["alert", "notice"], **params: str | int) -> Finding:
    return Finding(code, level, params, limits.source)


# --- which inspections count ---


@dataclass(frozen=True, slots=True)
class InspectorFacts:
    """An internal inspector: role, own farm, declared ties, trainings passed and statements signed."""

    code: str
    manager: bool = False
    farmer: str | None = None
    ties: Mapping[str, str] | None = None  # farmer code -> kind
    trained: tuple[date, ...] = ()
    statements: tuple[date, ...] = ()
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """An internal inspection as told: minutes none where start or end is missing."""

    inspector: str
    farmer: str
    day: date
    minutes: int | None = None
    inspector_signed: bool = True
    member_signed: bool = True


def judge_visit(
    rules: IcsRules, visit: Visit, inspector: InspectorFacts | None, *, years: Iterable[int] = (), same_day: int = 1
) -> tuple[Finding, ...]:
    """Why an inspection does not count (alerts), or asks for a look (notices). Nothing: it counts.

    ``years`` are those in which the inspector inspected the member before; ``same_day`` how many inspections of the
    day are the inspector's, this one included.
    """
    found = list(_invalid(rules, visit, inspector))
    if rules.rotation_years is not None:
        in_a_row = _years_in_a_row({*years, visit.day.year}, visit.day.year)
        if in_a_row > rules.rotation_years:
            found.append(_of_visit(rules, "WARN_ROTATION", visit, "notice", years=in_a_row, most=rules.rotation_years))
    if rules.minutes_min is not None and visit.minutes is not None and visit.minutes < rules.minutes_min:
        said = {"minutes": visit.minutes, "least": rules.minutes_min}
        found.append(_of_visit(rules, "WARN_TOO_SHORT", visit, "notice", **said))
    if rules.per_day_max is not None and same_day > rules.per_day_max:
        said = {"inspections": same_day, "most": rules.per_day_max}
        found.append(_of_visit(rules, "WARN_TOO_MANY_PER_DAY", visit, "notice", **said))
    return tuple(found)


def _invalid(rules: IcsRules, visit: Visit, inspector: InspectorFacts | None) -> Iterable[Finding]:
    if inspector is None:
        yield _of_visit(rules, "INVALID_INSPECTOR_UNKNOWN", visit)
        return
    if visit.farmer in (inspector.farmer, inspector.code):
        yield _of_visit(rules, "INVALID_SELF", visit)
    tie = (inspector.ties or {}).get(visit.farmer)
    if tie is not None:
        yield _of_visit(rules, "INVALID_CONFLICT", visit, tie=tie)
    if inspector.manager:
        yield _of_visit(rules, "INVALID_ROLE", visit)
    if rules.training_months is not None and not _within(inspector.trained, visit.day, rules.training_months):
        last = max((day for day in inspector.trained if day <= visit.day), default=None)
        said = last.isoformat() if last else "-"
        yield _of_visit(rules, "INVALID_TRAINING_EXPIRED", visit, last=said, months=rules.training_months)
    if rules.statement_months is not None and not _within(inspector.statements, visit.day, rules.statement_months):
        yield _of_visit(rules, "WARN_STATEMENT_MISSING", visit, "notice", months=rules.statement_months)
    if not (visit.inspector_signed and visit.member_signed):
        missing = "member" if visit.inspector_signed else "inspector"
        yield _of_visit(rules, "INVALID_UNSIGNED", visit, missing=missing)


def is_trained(rules: IcsRules, inspector: InspectorFacts, day: date) -> bool:
    """Whether the inspector's last training still counts on a day."""
    return rules.training_months is None or _within(inspector.trained, day, rules.training_months)


def counts(findings: Iterable[Finding]) -> bool:
    """Whether an inspection with these findings counts: none of them makes it invalid."""
    return all(finding.level != "alert" for finding in findings)


def _within(days: Iterable[date], day: date, months: int) -> bool:
    """Whether one of some days lies before a day and not more than so many months."""
    return any(known <= day < add_months(known, months) for known in days)


def _years_in_a_row(years: set[int], last: int) -> int:
    count = 0
    while last - count in years:
        count += 1
    return count


def _of_visit(
    rules: IcsRules, code: str, visit: Visit, level: Literal["alert", "notice"] = "alert", **params: str | int
) -> Finding:
    said: dict[str, str | int] = {"inspector": visit.inspector, "farmer": visit.farmer, "day": visit.day.isoformat()}
    return Finding(code, level, {**said, **params}, rules.source)


# --- risk and samples ---


def risk(rules: IcsRules, facts: Iterable[str]) -> int:
    """The points of a member: the sum over what is known (see ``risks`` of the scheme). Unknown words count nothing."""
    return sum(rules.risks.get(fact, 0) for fact in set(facts))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member of whom a sample is drawn."""

    code: str
    unit: str
    points: int = 0


Why = Literal["risk", "unit", "chance"]


@dataclass(frozen=True, slots=True)
class Sample:
    """Whom an outside control looks at, and why each: the same seed draws the same sample."""

    rule: str
    size: int
    seed: str
    picked: tuple[tuple[str, Why], ...]


def draw(rule: SampleRule, members: Sequence[Candidate], seed: str, *, high_risk: int | None = None) -> Sample:
    """A sample of the size that the rule asks for: by risk, one a unit where it says so, the rest by chance.

    Every high-risk member and every unit may make it larger than the size (7 CFR 205.403(a)(2)). Chance is the
    order of a hash of seed and code: anybody can draw it again.
    """
    size = rule.size(len(members))
    chance = sorted(members, key=lambda member: (_hash(seed, member.code), member.code))
    risky = sorted(members, key=lambda member: (-member.points, _hash(seed, member.code), member.code))
    picked: dict[str, Why] = {}
    must = [member for member in risky if high_risk is not None and member.points >= high_risk]
    for member in must if rule.every_high_risk else ():
        picked[member.code] = "risk"
    for member in risky:
        if member.points and len(picked) < size * rule.by_risk_bp // WHOLE_BP:
            picked.setdefault(member.code, "risk")
    if rule.every_unit:
        covered = {member.unit for member in members if member.code in picked}
        for member in chance:
            if member.unit not in covered:
                picked[member.code] = "unit"
                covered.add(member.unit)
    for member in chance:
        if len(picked) >= size:
            break
        picked.setdefault(member.code, "chance")
    return Sample(rule.code, size, seed, tuple(sorted(picked.items())))


def _hash(seed: str, code: str) -> bytes:
    return hashlib.sha256(f"{seed}\n{code}".encode()).digest()


# --- the plan ---


@dataclass(frozen=True, slots=True)
class Due:
    """A member to be inspected: by when, and by whom in the years before."""

    farmer: str
    unit: str | None
    due_on: date
    inspected_by: tuple[tuple[int, str], ...] = ()  # (year, inspector)


@dataclass(frozen=True, slots=True)
class Planned:
    """Who inspects whom, and on which day at the latest."""

    farmer: str
    inspector: str
    due_on: date


@dataclass(frozen=True, slots=True)
class Plan:
    """Inspections assigned, those that nobody may do with the reason, and how many each inspector has."""

    planned: tuple[Planned, ...]
    left: tuple[tuple[str, str], ...]  # (farmer, reason code)
    load: dict[str, int]


def plan(rules: IcsRules, due: Sequence[Due], inspectors: Sequence[InspectorFacts], first: date, last: date) -> Plan:
    """Assign members to inspectors: without a tie, not too many years in a row, near by first, evenly.

    Due days lie within ``first`` and ``last``, spread so that nobody has more a day than the rules allow.
    """
    able = [inspector for inspector in inspectors if not inspector.manager]
    load: Counter[str] = Counter({inspector.code: 0 for inspector in able})
    a_day: dict[str, Counter[date]] = defaultdict(Counter)
    planned: list[Planned] = []
    left: list[tuple[str, str]] = []
    for item in sorted(due, key=lambda one: (one.due_on, one.farmer)):
        free = [inspector for inspector in able if not _tied(inspector, item.farmer)]
        fresh = [inspector for inspector in free if not _too_often(rules, inspector, item, last.year)]
        if not fresh:
            left.append((item.farmer, "NO_INSPECTOR" if not free else "ROTATION"))
            continue
        chosen = min(fresh, key=lambda one: (load[one.code], one.unit != item.unit, one.code))
        near = [one for one in fresh if one.unit is not None and one.unit == item.unit]
        closest = min(near, key=lambda one: (load[one.code], one.code), default=None)
        if closest is not None and load[closest.code] <= load[chosen.code] + EVEN:
            chosen = closest
        day = _free_day(rules, a_day[chosen.code], min(max(item.due_on, first), last), first)
        if day is None:
            left.append((item.farmer, "NO_DAY"))
            continue
        load[chosen.code] += 1
        a_day[chosen.code][day] += 1
        planned.append(Planned(item.farmer, chosen.code, day))
    return Plan(tuple(planned), tuple(left), dict(load))


EVEN: Final = 3
"""How many more inspections somebody near by may have than the least busy."""


def _tied(inspector: InspectorFacts, farmer: str) -> bool:
    return farmer in (inspector.farmer, inspector.code) or farmer in (inspector.ties or {})


def _too_often(rules: IcsRules, inspector: InspectorFacts, item: Due, year: int) -> bool:
    if rules.rotation_years is None:
        return False
    years = {known for known, code in item.inspected_by if code == inspector.code}
    return _years_in_a_row(years | {year}, year) > rules.rotation_years


def _free_day(rules: IcsRules, taken: Counter[date], due_on: date, first: date) -> date | None:
    """The last day on or before the due day on which the inspector still has room."""
    day = due_on
    while rules.per_day_max is not None and taken[day] >= rules.per_day_max:
        day -= timedelta(days=1)
        if day < first:
            return None
    return day


# --- sanctions ---

Step = Literal["warning", "lot_excluded", "suspension", "expulsion"]
STEPS: Final[tuple[Step, ...]] = ("warning", "lot_excluded", "suspension", "expulsion")


def next_step(severity: FindingSeverity, before: Sequence[Step], *, prohibited_input: bool = False) -> Step:
    """The step that a finding asks for, by its severity and the steps taken before: the ladder only climbs.

    Domain facts 1.9 (default of this product): minor, a warning; major, the season's lot is excluded; repeated or
    critical, suspension; a prohibited substance, expulsion with a new conversion.
    """
    if prohibited_input:
        return "expulsion"
    asked: Step = {"minor": "warning", "major": "lot_excluded", "critical": "suspension"}[severity]  # type: ignore[assignment]
    if not before:
        return asked
    worst = max(STEPS.index(step) for step in before)
    repeated = min(worst + 1, len(STEPS) - 1) if severity != "minor" else worst
    return STEPS[max(STEPS.index(asked), repeated)]


def must_notify(step: Step) -> bool:
    """From the second step on the control body is told (Reg. (EU) 2021/279 Art. 6)."""
    return step != "warning"


# --- the group as a whole ---

DEFICIENCIES: Final = (
    "products_from_suspended_members",
    "sale_despite_ban",
    "members_added_without_approval",
    "annual_inspection_missing",
    "suspended_not_shown_in_list",
    "deviation_internal_vs_external",
    "measures_not_followed_up",
    "inspectors_insufficient",
)
"""Deficiencies that cost the whole group its certificate (Reg. (EU) 2018/848 Art. 36(2))."""


def deficiencies(counted: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The serious deficiencies of a control system, with how many cases of each; none where nothing was counted."""
    return tuple((code, counted[code]) for code in DEFICIENCIES if counted.get(code))
