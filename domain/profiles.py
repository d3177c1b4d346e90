"""Commodities and schemes as typed values, read from the TOML that agronomists keep in ``profiles/``.

Every limit is data with a day from which it holds (``valid_from``) and a source. Where a file cannot be
understood, ``ProfileMistake`` names the file, the line and the key and says what to write. Percentages are whole basis
points, weights whole grams; limits of laboratory tests are decimal text in quotes, because "8.0" says how
exactly to compare.
"""

from __future__ import annotations

import calendar
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from fractions import Fraction
from functools import partial
from itertools import pairwise
from math import isqrt
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar, cast, get_args

from domain.quantity import GRAMS_PER_UNIT, WHOLE_BP, decimal_text, decimals, rounded
from domain.refusals import Refused
from domain.season import days_of, season_of
from domain.toml_lines import line_of, line_of_error

T = TypeVar("T")
Names: TypeAlias = dict[str, str]
"""What people call it: "en" and "fr"; of commodities and products also those of ``ON_LABELS`` that are written."""

ON_LABELS: Final = ("ar", "ka")
"""Languages that labels print and pages do not: names in them may be left out, the English one stands there then."""

CropType: TypeAlias = Literal["perennial", "annual", "none"]
"""How long a field bears; "none" is no crop: a medicine, a catch."""

Severity: TypeAlias = Literal["info", "downgrade_grade", "hold", "reject"]
ChainOfCustody: TypeAlias = Literal["segregated", "mass_balance", "identity_preserved"]

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""From the mildest to the gravest."""

CUT_DEFECTS: Final = ("mouldy", "slaty", "insect_damaged", "germinated", "flat", "violet")
"""What is counted in a cut test; a grading's classes put these together."""


WAITING: Final = ("transformed", "bulked", "packed", "batch_certified", "shipped", "label_issued")
"""Event types that a profile can make wait for tests and checklists."""


APART: Final = ("sampler", "owner")
"""Whom a sampling plan can ask the tester not to be."""


class ProfileMistake(ValueError):
    """A profile cannot be understood: ``file``, ``line`` (from 1, where it is known), ``key``, and what to do."""

    def __init__(self, file: str, key: str, todo: str, line: int | None = None) -> None:
        place = f"{file}:{line}" if line is not None else file
        super().__init__(": ".join(part for part in (place, key, todo) if part))
        self.file = file
        self.key = key
        self.todo = todo
        self.line = line


# --- commodities ---


@dataclass(frozen=True, slots=True)
class Product:
    """A form in which the commodity is traded or processed; certificates list its ``category``.

    ``density`` is of liquids, in kilograms per litre: weights are kept, litres are what they come to.
    """

    code: str
    category: str
    name: Names
    form: str
    hs: str
    density: str | None = None

    def millilitres(self, grams: int) -> int | None:
        """What grams of a liquid take up, rounded half to even; none of what has no density."""
        if self.density is None:
            return None
        return round(Fraction(grams) / Fraction(self.density))


@dataclass(frozen=True, slots=True)
class Packaging:
    """A bag or box and the net grams that fill it."""

    code: str
    name: Names
    grams: int


@dataclass(frozen=True, slots=True)
class Step:
    """A process: what goes in, what comes out, and how much (basis points of the input) is plausible.

    ``rework`` may take lots that only quality holds; ``mass_adding`` may give more than goes in.
    """

    code: str
    name: Names
    from_products: tuple[str, ...]
    to_products: tuple[str, ...]
    yield_min_bp: int | None
    yield_typ_bp: int | None
    yield_max_bp: int | None
    mass_adding: bool
    rework: bool
    readings: tuple[str, ...]
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class ProcessLimit:
    """Something read on a load in process, and the range of good practice, if there is one.

    The minimum is asked for only from ``min_from_hours`` after the start of the run: a heap warms up first. ``aim_min``
    and ``aim_max`` are what is aimed at within it.
    """

    code: str
    name: Names
    unit: str
    steps: tuple[str, ...]
    min: str | None
    typ: str | None
    max: str | None
    min_from_hours: int
    valid_from: date
    source: str
    aim_min: str | None = None
    aim_max: str | None = None

    def holds(self, value: str, hours: int | None = None) -> bool:
        """Whether a value (plain decimal text) is within the range, ``hours`` after the start of the run.

        Hours not known: a minimum that does not hold from the start is not judged.
        """
        low = self.min if self.min_from_hours <= (hours or 0) else None
        return within(value, low, self.max)


@dataclass(frozen=True, slots=True)
class Specification:
    """A limit for a test at some stages of some products (none named: all), as decimal text in ``unit``."""

    test: str
    name: Names
    unit: str
    min: str | None
    max: str | None
    basis: str
    method: str | None
    stages: tuple[str, ...]
    products: tuple[str, ...]
    severity: Severity
    valid_from: date
    source: str

    def applies(self, stage: str, product: str | None) -> bool:
        """Whether the limit is for this stage and product. Product not told: it is for all."""
        return (not self.stages or stage in self.stages) and (
            product is None or not self.products or product in self.products
        )

    @property
    def limit(self) -> str | None:
        """The limit as printed: "8.0" (at most), "≥ 1" or "5.0–8.0"."""
        if self.min is not None:
            return f"{self.min}–{self.max}" if self.max is not None else f"≥ {self.min}"
        return self.max


@dataclass(frozen=True, slots=True)
class CutClass:
    """A class of beans in the cut test, and the counts that make it up."""

    code: str
    name: Names
    counts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade and the most of each class that it allows, in basis points of the beans cut.

    ``severity`` is how grave it is to fall to this grade: none for the best.
    """

    code: str
    name: Names
    max_bp: dict[str, int]
    severity: Severity | None


@dataclass(frozen=True, slots=True)
class Grading:
    """Grades from the best to the last (which allows everything) by a cut test of ``beans`` beans.

    ``classes`` are in the order of gravity: a bean is counted once, in its gravest class.
    """

    method: str
    beans: int
    classes: tuple[CutClass, ...]
    grades: tuple[Grade, ...]
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class ValueGrade:
    """A grade and what it allows of some tests: at most ``max``, at least ``min``, decimal text by test.

    ``severity`` is how grave it is to fall to this grade: none for the best.
    """

    code: str
    name: Names
    max: dict[str, str]
    min: dict[str, str]
    severity: Severity | None


@dataclass(frozen=True, slots=True)
class Classing:
    """Grades of some products from the best to the last (which allows everything) by values of tests."""

    products: tuple[str, ...]
    grades: tuple[ValueGrade, ...]
    valid_from: date
    source: str

    def tests(self) -> frozenset[str]:
        """The tests that must be known to say the grade."""
        return frozenset(test for grade in self.grades for test in (*grade.max, *grade.min))


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a sample is drawn of some products, for some tests (none named: of all, for all).

    The share of the bags, beans per tonne in bulk, weights in grams; 0: the method does not ask for it. Where
    ``units`` samples are tested apart, at most ``may_exceed`` of them may lie between ``exceed_from`` (decimal text
    in the unit of the test) and the limit, none above it: n, c and m of Reg. (EC) 2073/2005. ``apart``: whoever tests
    is not the one who drew the sample (``sampler``), nor the owner of the goods (``owner``). ``accredited``: the
    laboratory is, by ISO/IEC 17025. What passes otherwise does not count.
    """

    method: str
    products: tuple[str, ...]
    tests: tuple[str, ...]
    bags_min_bp: int
    bulk_beans_per_tonne: int
    increment_max_g: int
    sample_min_g: int
    units: int
    may_exceed: int
    exceed_from: str | None
    apart: tuple[str, ...]
    accredited: bool
    valid_from: date
    source: str

    def applies(self, product: str | None, test: str | None) -> bool:
        """Whether the plan is for this product (none told: any) and this test (none told: a plan for all tests)."""
        fits = product is None or not self.products or product in self.products
        return fits and (test in self.tests if test is not None else not self.tests)


@dataclass(frozen=True, slots=True)
class DueTests:
    """Tests that some products must have passed before a step: an event type such as "shipped"."""

    before: tuple[str, ...]
    products: tuple[str, ...]
    tests: tuple[str, ...]
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class BatchRelease:
    """Products of which no batch leaves before it was certified by a qualified person, and how long its record is kept.

    Until so many years after the last day of use or after the certification, whichever is longer. ``labels``: printed
    labels are reconciled first; ``yields``: a yield beyond the range of its step needs a deviation first.
    """

    products: tuple[str, ...]
    keep_years_after_expiry: int
    keep_years_after_certification: int
    labels: bool
    yields: bool
    valid_from: date
    source: str

    def keep_until(self, expires_on: date | None, certified_on: date | None) -> date | None:
        """The day until which the batch record is kept; none: neither day is known yet."""
        days = [add_months(expires_on, 12 * self.keep_years_after_expiry)] if expires_on is not None else []
        if certified_on is not None:
            days.append(add_months(certified_on, 12 * self.keep_years_after_certification))
        return max(days, default=None)


@dataclass(frozen=True, slots=True)
class ReturnRule:
    """When goods that came back may be sold again: within so many days, unopened, with proof of how they were kept."""

    products: tuple[str, ...]
    most_days: int
    unopened: bool
    kept_as_required: bool
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows from a value above a limit, beside its verdict.

    Schemes whose claim the lot loses, and what its label must declare (an allergen).
    """

    test: str
    above: str
    products: tuple[str, ...]
    lowers: tuple[str, ...]
    declares: str | None
    valid_from: date
    source: str

    def follows(self, product: str, test: str, value: str, on: date) -> bool:
        """Whether a value, compared as exactly as the limit is written, has this consequence."""
        concerned = test == self.test and product in self.products and self.valid_from <= on
        return concerned and not within(value, None, self.above)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a checklist. A critical one holds the lots; ``release_tests`` must be passed before they go on."""

    code: str
    name: Names
    critical: bool
    release_tests: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """Good practice that is gone through; lots of its products need it before the steps of ``before``."""

    code: str
    name: Names
    before: tuple[str, ...]
    products: tuple[str, ...]
    points: dict[str, Point]
    valid_from: date


@dataclass(frozen=True, slots=True)
class Storage:
    """How some products are kept, and for how long from the day (or hour) they were made.

    Temperatures in °C and the humidity of the air in %, as decimal text; a shelf life in months or in hours, or none
    where nothing sets one.
    """

    code: str
    name: Names
    products: tuple[str, ...]
    temperature_min: str | None
    temperature_max: str | None
    humidity_max: str | None
    shelf_life_months: int | None
    shelf_life_hours: int | None
    use_by: bool
    valid_from: date
    source: str

    def until(self, made: datetime) -> datetime | None:
        """When the shelf life of goods made at an instant ends; none where it has no end."""
        if self.shelf_life_hours is not None:
            return made + timedelta(hours=self.shelf_life_hours)
        if self.shelf_life_months is not None:
            return datetime.combine(add_months(made.date(), self.shelf_life_months), made.timetz())
        return None


@dataclass(frozen=True, slots=True)
class Limit:
    """One dated figure with its source."""

    value: int
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class LotSizes:
    """Usual and largest lots, and what a container takes, in grams."""

    usual_g: int
    container_g: int
    most_g: int
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class SeasonStart:
    """The first day of a season, "MM-DD"."""

    starts: str
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Products that are a food on FDA's Food Traceability List (21 CFR part 1 subpart S), from a day on.

    ``landed``: their chain begins with the first receiver on land, not with harvest and packing.
    """

    food: str
    products: tuple[str, ...]
    landed: bool
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class Commodity:
    """Everything that the rules know of one commodity; what has a code is kept by it, in the order told."""

    id: str
    name: Names
    hs: str
    crop_type: CropType
    conversion_months: int
    products: dict[str, Product]
    packaging: dict[str, Packaging]
    steps: dict[str, Step]
    process: dict[str, ProcessLimit]
    stages: tuple[str, ...]
    specifications: tuple[Specification, ...]
    gradings: tuple[Grading, ...]
    samplings: tuple[Sampling, ...]
    due: tuple[DueTests, ...]
    releases: tuple[BatchRelease, ...]
    consequences: tuple[Consequence, ...]
    checklists: dict[str, Checklist]
    storage: dict[str, Storage]
    tolerances: dict[str, Limit]
    lot_sizes: LotSizes
    seasons: tuple[SeasonStart, ...]
    traceability_list: tuple[Listed, ...] = ()
    returns: tuple[ReturnRule, ...] = ()
    classes: tuple[Classing, ...] = ()

    def listed_as(self, product: str, on: date) -> Listed | None:
        """The food on the Food Traceability List that a product is on a day; none: it is not on the list."""
        return next((one for one in self.traceability_list if product in one.products and one.valid_from <= on), None)

    @property
    def handling_loss_notice_bp(self) -> Limit | None:
        """The loss of a lot, in basis points, above which a notice is given."""
        return self.tolerances.get("handling_loss_notice_bp")

    def packaging_grams(self) -> dict[str, int]:
        """Packaging code -> grams, as ``domain.quantity.grams`` takes it."""
        return {packaging.code: packaging.grams for packaging in self.packaging.values()}

    def tests(self) -> frozenset[str]:
        """The tests that any specification speaks of."""
        return frozenset(specification.test for specification in self.specifications)

    def due_before(self, step: str, product: str, on: date) -> tuple[DueTests, ...]:
        """The tests that a product must have passed before a step, on a day."""
        return tuple(
            item for item in self.due if step in item.before and product in item.products and item.valid_from <= on
        )

    def release_of(self, product: str, on: date) -> BatchRelease | None:
        """The rule by which batches of a product leave only when they were certified; none: they need not be."""
        known = [item for item in self.releases if product in item.products and item.valid_from <= on]
        return max(known, key=lambda item: item.valid_from, default=None)

    def return_of(self, product: str, on: date) -> ReturnRule | None:
        """When a product that came back on a day may be sold again; none: nothing rules it."""
        known = [item for item in self.returns if product in item.products and item.valid_from <= on]
        return max(known, key=lambda item: item.valid_from, default=None)

    def use_by(self, product: str, made: date) -> date | None:
        """The last day of use of goods made on a day: the shortest of the ways of keeping that set one."""
        days = [
            add_months(made, way.shelf_life_months)
            for way in self.storage_of(product, made)
            if way.use_by and way.shelf_life_months is not None
        ]
        return min(days, default=None)

    def checklists_before(self, step: str, product: str, on: date) -> tuple[Checklist, ...]:
        """The checklists that a product needs before a step, on a day."""
        return tuple(
            item
            for item in self.checklists.values()
            if step in item.before and product in item.products and item.valid_from <= on
        )

    def declares(self, product: str, test: str, value: str, on: date) -> tuple[str, ...]:
        """What a label must declare because of a value."""
        return tuple(
            item.declares for item in self.consequences if item.declares and item.follows(product, test, value, on)
        )

    def specification(self, test: str, stage: str, on: date, product: str | None = None) -> Specification | None:
        """The limit for a test at a stage, on a day, for a product; none where nothing is limited (yet)."""
        fitting = [item for item in self.specifications if item.test == test and item.applies(stage, product)]
        return max(
            (item for item in fitting if item.valid_from <= on),
            key=lambda item: item.valid_from,
            default=None,
        )

    def grading_at(self, on: date) -> Grading | None:
        """The grading in force on a day; before the first, the first. None: the commodity is not graded."""
        return in_force(self.gradings, on) if self.gradings else None

    def classes_of(self, product: str | None, on: date) -> Classing | None:
        """The grades by values of a product in force on a day; none: it has none (yet)."""
        known = [item for item in self.classes if product in item.products and item.valid_from <= on]
        return max(known, key=lambda item: item.valid_from, default=None)

    def season_of(self, day: date) -> str:
        """The season that a day belongs to, such as 2024/25."""
        return season_of(day, in_force(self.seasons, day).starts)

    def season_days(self, season: str) -> tuple[date, date]:
        """First and last day of a season."""
        first, _ = days_of(season, "01-01")
        return days_of(season, in_force(self.seasons, first).starts)

    def equivalent(self, grams: int, product: str, of: str) -> int | None:
        """What grams of a product are in another, by the typical yield of the step between; none: no such step."""
        if product == of:
            return grams
        for step in self.steps.values():
            if product in step.from_products and of in step.to_products and step.yield_typ_bp is not None:
                return grams * step.yield_typ_bp // WHOLE_BP
        return None

    def sampling_at(self, on: date, product: str | None = None, test: str | None = None) -> Sampling | None:
        """The sampling plan of a product in force on a day, before the first the first; that of a test, if it has one.

        None: nothing says how to sample.
        """
        own = [plan for plan in self.samplings if test is not None and plan.applies(product, test)]
        plans = own or [plan for plan in self.samplings if plan.applies(product, None)]
        return in_force(plans, on) if plans else None

    def storage_of(self, product: str, on: date) -> tuple[Storage, ...]:
        """The ways in which a product may be kept, as known on a day."""
        return tuple(way for way in self.storage.values() if product in way.products and way.valid_from <= on)


# --- schemes ---


@dataclass(frozen=True, slots=True)
class ClaimValue:
    """What may be said under a scheme. ``claimable`` is false for the lowest: it says nothing."""

    code: str
    label: Names
    claimable: bool


@dataclass(frozen=True, slots=True)
class HarvestWindow:
    """The days of the year ("MM-DD") within which a product category must be harvested."""

    category: str
    first: str
    last: str

    def holds(self, day: date) -> bool:
        """Whether a day lies within; a window may pass the turn of the year."""
        told = f"{day.month:02}-{day.day:02}"
        if self.first <= self.last:
            return self.first <= told <= self.last
        return told >= self.first or told <= self.last


PlotCheck: TypeAlias = Literal["conversion", "zone", "eudr"]
"""What a plot is tested for: months of conversion, the delimited zone, Reg. (EU) 2023/1115."""


@dataclass(frozen=True, slots=True)
class SchemeParams:
    """The figures and requirements of a scheme from one day on; none where it asks for nothing of the kind.

    ``site_in_scope_at``, ``product_in_scope_at`` and ``operator_in_scope_at`` are event types: there the site must be
    in the scope of a certificate in force, the product in that of the member's certificate, and one of the
    certificates named must be the owner's own. ``mandatory_for``: product categories that are judged whoever brings
    them, and do not leave without a value that may be claimed. ``licence``: a kind that the producer must hold on every
    day of the harvest or catch.
    """

    valid_from: date
    source: str
    certificate_required: bool
    member_required: bool
    inspection_interval_days: int | None
    inspection_grace_days: int
    certificate_grace_days: int
    plot_checks: tuple[PlotCheck, ...]
    site_in_scope_at: tuple[str, ...]
    product_in_scope_at: tuple[str, ...]
    operator_in_scope_at: tuple[str, ...]
    perennial_months: int | None
    annual_months: int | None
    in_conversion_min_months: int | None
    strict_same_ingredient: bool
    cleaning_required: bool
    cleaning_within_hours: int | None
    over_delivery_notice_bp: int | None
    over_delivery_hold_bp: int | None
    over_delivery_refuse_bp: int | None
    polygon_above_m2: int | None
    cut_off: date | None
    harvest: tuple[HarvestWindow, ...]
    mandatory_for: tuple[str, ...] = ()
    licence: str | None = None

    def conversion_months(self, crop_type: str) -> int | None:
        """Months of conversion before a harvest can carry the top value; none for what is no crop."""
        return {"perennial": self.perennial_months, "annual": self.annual_months}.get(crop_type)


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """Who may be in a group of operators, and how large it may be; money in euro cents a year."""

    valid_from: date
    source: str
    max_members: int | None
    holding_max_m2: int | None
    greenhouse_max_m2: int | None
    grassland_max_m2: int | None
    turnover_max_cents: int | None
    standard_output_max_cents: int | None
    cost_share_min_bp: int | None
    new_members_immediate_max_bp: int | None


@dataclass(frozen=True, slots=True)
class SampleRule:
    """How many of ``n`` members an outside control takes: a share, a root, a least number, whichever is most."""

    code: str
    name: Names
    share_bp: int
    root_milli: int
    least: int
    by_risk_bp: int
    every_unit: bool
    every_high_risk: bool
    valid_from: date
    source: str

    def size(self, n: int) -> int:
        """Members to take of ``n``, always rounded up, never more than there are."""
        share = -(-n * self.share_bp // WHOLE_BP)
        squared = n * self.root_milli**2  # (root_milli x sqrt(n))², so that the root is exact
        root = isqrt(squared)
        root = -(-(root if root * root == squared else root + 1) // 1000)
        return min(n, max(share, root, self.least))


FindingSeverity: TypeAlias = Literal["minor", "major", "critical"]


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """A question of the internal inspection, and how grave a "no" is."""

    code: str
    text: Names
    severity: FindingSeverity
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class IcsRules:
    """When an internal inspection counts, and what asks for a look."""

    valid_from: date
    source: str
    training_months: int | None
    statement_months: int | None
    rotation_years: int | None
    minutes_min: int | None
    per_day_max: int | None
    reinspection_days: int | None
    high_risk_points: int | None
    risks: dict[str, int]
    """Points of risk of a member: what makes a closer look worth while (``domain.ics.risk``)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in one sentence, and where it is written. ``code`` is the code of a finding."""

    code: str
    text: Names
    source: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """What can be claimed, from the lowest value to the highest, and on what conditions."""

    id: str
    name: Names
    values: tuple[ClaimValue, ...]
    chain_of_custody: ChainOfCustody
    params: tuple[SchemeParams, ...]
    rules: dict[str, Rule]
    groups: tuple[GroupLimits, ...] = ()
    samples: tuple[SampleRule, ...] = ()
    checklist: tuple[ChecklistItem, ...] = ()
    ics: tuple[IcsRules, ...] = ()

    def rank(self, value: str) -> int:
        """0 for the lowest value; CLAIM_VALUE_UNKNOWN for a word that the scheme does not have."""
        for rank, known in enumerate(self.values):
            if known.code == value:
                return rank
        raise Refused("CLAIM_VALUE_UNKNOWN", scheme=self.id, value=value)

    def value(self, code: str) -> ClaimValue:
        """The value with its label; CLAIM_VALUE_UNKNOWN for a word that the scheme does not have."""
        return self.values[self.rank(code)]

    def params_at(self, on: date) -> SchemeParams:
        """The set in force on a day; before the first, the first."""
        return in_force(self.params, on)

    def group_at(self, on: date) -> GroupLimits | None:
        """The limits of groups in force on a day; none where the scheme has none."""
        return in_force(self.groups, on) if self.groups else None

    def ics_at(self, on: date) -> IcsRules | None:
        """The rules of internal inspections in force on a day; none where the scheme has none."""
        return in_force(self.ics, on) if self.ics else None

    def checklist_at(self, on: date) -> tuple[ChecklistItem, ...]:
        """The questions in force on a day: of each code the newest."""
        newest = {
            item.code: item for item in sorted(self.checklist, key=lambda one: one.valid_from) if item.valid_from <= on
        }
        return tuple(newest.values())

    def rule(self, code: str) -> str | None:
        """The source behind a finding, such as "Reg. (EU) 2018/848 Annex II Part I 1.7.1"."""
        rule = self.rules.get(code)
        return rule.source if rule else None


# --- dates and ranges ---


class _Dated(Protocol):
    @property
    def valid_from(self) -> date: ...


D = TypeVar("D", bound=_Dated)


def in_force(items: Sequence[D], on: date) -> D:
    """Of dated items, at least one, the newest that began on a day or before; before the first, the first."""
    begun = [item for item in items if item.valid_from <= on]
    return max(begun, key=lambda item: item.valid_from) if begun else min(items, key=lambda item: item.valid_from)


def add_months(day: date, months: int) -> date:
    """The same day of the month, ``months`` later (or earlier); the last of the month where it is shorter."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(day.day, last))


def within(value: str, low: str | None, high: str | None) -> bool:
    """Whether a value lies within limits, all plain decimal text, as exactly as the limit is written.

    The value is rounded half to even to as many decimals as the limit: 8.04 is within "8.0", 8.06 is not.
    """
    if low is not None and rounded(value, decimals(low)) < rounded(low, decimals(low)):
        return False
    return high is None or rounded(value, decimals(high)) <= rounded(high, decimals(high))


# --- reading ---


def load_commodity(text: str, name: str) -> Commodity:
    """The commodity that a TOML text describes; ``name`` is its file name. Raises ``ProfileMistake``."""
    top = _Table.parse(text, name)
    commodity = Commodity(
        id=top.word("id"),
        name=top.names("name", ON_LABELS),
        hs=top.hs("hs"),
        crop_type=cast("CropType", top.one_of("crop_type", get_args(CropType))),
        conversion_months=top.integer("conversion_months"),
        products=_by_code(top.tables("products"), _product),
        packaging=_by_code(top.tables("packaging", least=0), _packaging),
        steps=_by_code(top.tables("steps"), _step),
        process=_by_code(top.tables("process", least=0), _process_limit),
        stages=top.words("stages"),
        specifications=tuple(_whole(table, _specification) for table in top.tables("specifications")),
        gradings=tuple(_whole(table, _grading) for table in top.tables("gradings", least=0)),
        classes=tuple(_whole(table, _classing) for table in top.tables("classes", least=0)),
        samplings=tuple(_whole(table, _sampling) for table in top.tables("samplings", least=0)),
        due=tuple(_whole(table, _due) for table in top.tables("due", least=0)),
        releases=tuple(_whole(table, _release) for table in top.tables("releases", least=0)),
        returns=tuple(_whole(table, _return_rule) for table in top.tables("returns", least=0)),
        consequences=tuple(_whole(table, _consequence) for table in top.tables("consequences", least=0)),
        checklists=_by_code(top.tables("checklists", least=0), _checklist),
        storage=_by_code(top.tables("storage", least=0), _storage),
        tolerances={key: _whole(table, _limit) for key, table in top.table("tolerances").children().items()},
        lot_sizes=_whole(top.table("lot_sizes"), _lot_sizes),
        seasons=tuple(_whole(table, _season_start) for table in top.tables("seasons")),
        traceability_list=tuple(_whole(table, _listed_food) for table in top.tables("traceability_list", least=0)),
    )
    top.end()
    _check_commodity(commodity, top)
    return commodity


def load_scheme(text: str, name: str) -> Scheme:
    """The scheme that a TOML text describes; ``name`` is its file name. Raises ``ProfileMistake``."""
    top = _Table.parse(text, name)
    scheme = Scheme(
        id=top.text("id"),
        name=top.names("name"),
        values=tuple(_by_code(top.tables("values", least=2), _claim_value).values()),
        chain_of_custody=cast("ChainOfCustody", top.one_of("chain_of_custody", get_args(ChainOfCustody))),
        params=tuple(_whole(table, _scheme_params) for table in top.tables("params")),
        rules={code: _whole(table, partial(_rule, code)) for code, table in top.table("rules").children().items()},
        groups=tuple(_whole(table, _group_limits) for table in top.tables("groups", least=0)),
        samples=tuple(_whole(table, _sample_rule) for table in top.tables("samples", least=0)),
        checklist=tuple(_whole(table, _checklist_item) for table in top.tables("checklist", least=0)),
        ics=tuple(_whole(table, _ics_rules) for table in top.tables("ics", least=0)),
    )
    top.end()
    if scheme.values[0].claimable:
        raise top.mistake("values[0].claimable", "write false: the lowest value claims nothing")
    for key, items in (("params", scheme.params), ("groups", scheme.groups), ("ics", scheme.ics)):
        top.once(key, [item.valid_from.isoformat() for item in items])
    for key, coded in (("samples", scheme.samples), ("checklist", scheme.checklist)):
        top.once(key, [f"{item.code} {item.valid_from.isoformat()}" for item in coded])
    return scheme


def _product(table: _Table) -> Product:
    return Product(
        code=table.word("code"),
        category=table.word("category"),
        name=table.names("name", ON_LABELS),
        form=table.text("form"),
        hs=table.hs("hs"),
        density=table.maybe_density("density"),
    )


def _packaging(table: _Table) -> Packaging:
    code = table.word("code")
    if code in GRAMS_PER_UNIT:
        raise table.mistake("code", f"“{code}” is a unit of weight; give the packaging another code")
    return Packaging(code, table.names("name"), table.integer("grams", least=1))


def _step(table: _Table) -> Step:
    step = Step(
        code=table.word("code"),
        name=table.names("name"),
        from_products=table.words("from_products"),
        to_products=table.words("to_products"),
        yield_min_bp=table.maybe_integer("yield_min_bp"),
        yield_typ_bp=table.maybe_integer("yield_typ_bp"),
        yield_max_bp=table.maybe_integer("yield_max_bp"),
        mass_adding=table.truth("mass_adding"),
        rework=table.truth("rework"),
        readings=table.words("readings", least=0),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )
    _rising(
        table,
        ("yield_min_bp", step.yield_min_bp),
        ("yield_typ_bp", step.yield_typ_bp),
        ("yield_max_bp", step.yield_max_bp),
    )
    if not step.mass_adding and (step.yield_max_bp or 0) > WHOLE_BP:
        raise table.mistake("yield_max_bp", f"write at most {WHOLE_BP}, or mass_adding = true")
    return step


def _process_limit(table: _Table) -> ProcessLimit:
    limit = ProcessLimit(
        code=table.word("code"),
        name=table.names("name"),
        unit=table.text("unit"),
        steps=table.words("steps"),
        min=table.maybe_decimal("min"),
        typ=table.maybe_decimal("typ"),
        max=table.maybe_decimal("max"),
        min_from_hours=table.maybe_integer("min_from_hours") or 0,
        valid_from=table.day("valid_from"),
        source=table.text("source"),
        aim_min=table.maybe_decimal("aim_min"),
        aim_max=table.maybe_decimal("aim_max"),
    )
    _rising_decimals(table, ("min", limit.min), ("typ", limit.typ), ("max", limit.max))
    _rising_decimals(
        table, ("min", limit.min), ("aim_min", limit.aim_min), ("aim_max", limit.aim_max), ("max", limit.max)
    )
    return limit


def _specification(table: _Table) -> Specification:
    specification = Specification(
        test=table.word("test"),
        name=table.names("name"),
        unit=table.text("unit"),
        min=table.maybe_decimal("min"),
        max=table.maybe_decimal("max"),
        basis=table.text("basis", default="as is"),
        method=table.maybe_text("method"),
        stages=table.words("stages", least=0),
        products=table.words("products", least=0),
        severity=cast("Severity", table.one_of("severity", SEVERITIES)),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )
    _rising_decimals(table, ("min", specification.min), ("max", specification.max))
    return specification


def _grading(table: _Table) -> Grading:
    grading = Grading(
        method=table.text("method"),
        beans=table.integer("beans", least=1),
        classes=tuple(_by_code(table.tables("classes"), _cut_class).values()),
        grades=tuple(_by_code(table.tables("grades", least=2), _grade).values()),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )
    known = {item.code for item in grading.classes}
    for i, grade in enumerate(grading.grades):
        for code in sorted(grade.max_bp.keys() - known):
            raise table.mistake(f"grades[{i}].max_bp.{code}", f"use a class of this grading: {_listed(known)}")
    if grading.grades[-1].max_bp:
        raise table.mistake(f"grades[{len(grading.grades) - 1}].max_bp", "leave it out: the last grade takes the rest")
    return grading


def _cut_class(table: _Table) -> CutClass:
    item = CutClass(table.text("code"), table.names("name"), table.words("counts"))
    for count in item.counts:
        if count not in CUT_DEFECTS:
            raise table.mistake("counts", f"“{count}” is not counted in a cut test; use {_listed(CUT_DEFECTS)}")
    return item


def _grade(table: _Table) -> Grade:
    severity = cast("Severity | None", table.maybe_one_of("severity", SEVERITIES))
    return Grade(table.text("code"), table.names("name"), table.integers("max_bp"), severity)


def _classing(table: _Table) -> Classing:
    grades = tuple(_by_code(table.tables("grades", least=2), _value_grade).values())
    if grades[-1].max or grades[-1].min:
        key = "max" if grades[-1].max else "min"
        raise table.mistake(f"grades[{len(grades) - 1}].{key}", "leave it out: the last grade takes the rest")
    for i, grade in enumerate(grades[:-1]):
        if not grade.max and not grade.min:
            raise table.mistake(f"grades[{i}].max", "say what it allows: only the last grade takes everything")
    return Classing(table.words("products"), grades, table.day("valid_from"), table.text("source"))


def _value_grade(table: _Table) -> ValueGrade:
    severity = cast("Severity | None", table.maybe_one_of("severity", SEVERITIES))
    return ValueGrade(table.text("code"), table.names("name"), table.decimals("max"), table.decimals("min"), severity)


def _sampling(table: _Table) -> Sampling:
    plan = Sampling(
        method=table.text("method"),
        products=table.words("products", least=0),
        tests=table.words("tests", least=0),
        bags_min_bp=table.maybe_integer("bags_min_bp") or 0,
        bulk_beans_per_tonne=table.maybe_integer("bulk_beans_per_tonne") or 0,
        increment_max_g=table.maybe_integer("increment_max_g") or 0,
        sample_min_g=table.maybe_integer("sample_min_g") or 0,
        units=table.maybe_integer("units") or 0,
        may_exceed=table.maybe_integer("may_exceed") or 0,
        exceed_from=table.maybe_decimal("exceed_from"),
        apart=table.words("apart", least=0),
        accredited=table.truth("accredited"),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )
    if plan.may_exceed and plan.may_exceed >= plan.units:
        raise table.mistake("may_exceed", f"write fewer than units, which is {plan.units}")
    if plan.may_exceed and plan.exceed_from is None:
        raise table.mistake("exceed_from", "add from which value on a sample counts as exceeding")
    for who in plan.apart:
        if who not in APART:
            raise table.mistake("apart", f"“{who}” is nobody whom the tester could be; use {_listed(APART)}")
    return plan


def _due(table: _Table) -> DueTests:
    return DueTests(
        before=_steps_before(table, "before"),
        products=table.words("products"),
        tests=table.words("tests"),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )


def _release(table: _Table) -> BatchRelease:
    return BatchRelease(
        products=table.words("products"),
        keep_years_after_expiry=table.integer("keep_years_after_expiry"),
        keep_years_after_certification=table.integer("keep_years_after_certification"),
        labels=table.truth("labels"),
        yields=table.truth("yields"),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )


def _return_rule(table: _Table) -> ReturnRule:
    return ReturnRule(
        products=table.words("products"),
        most_days=table.integer("most_days"),
        unopened=table.truth("unopened"),
        kept_as_required=table.truth("kept_as_required"),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )


def _steps_before(table: _Table, key: str, least: int = 1) -> tuple[str, ...]:
    """Event types that can be made to wait."""
    words = table.words(key, least=least)
    for word in words:
        if word not in WAITING:
            raise table.mistake(key, f"“{word}” does not wait for checks; use {_listed(WAITING)}")
    return words


def _consequence(table: _Table) -> Consequence:
    item = Consequence(
        test=table.word("test"),
        above=table.decimal("above"),
        products=table.words("products"),
        lowers=table.words("lowers", least=0),
        declares=table.maybe_text("declares"),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )
    if not item.lowers and item.declares is None:
        raise table.mistake("declares", "write what the label declares, or the schemes whose claim is lost as lowers")
    return item


def _checklist(table: _Table) -> Checklist:
    return Checklist(
        code=table.word("code"),
        name=table.names("name"),
        before=_steps_before(table, "before", least=0),
        products=table.words("products"),
        points=_by_code(table.tables("points"), _point),
        valid_from=table.day("valid_from"),
    )


def _point(table: _Table) -> Point:
    return Point(
        code=table.word("code"),
        name=table.names("name"),
        critical=table.truth("critical"),
        release_tests=table.words("release_tests", least=0),
        source=table.text("source"),
    )


def _storage(table: _Table) -> Storage:
    storage = Storage(
        code=table.word("code"),
        name=table.names("name"),
        products=table.words("products"),
        temperature_min=table.maybe_decimal("temperature_min"),
        temperature_max=table.maybe_decimal("temperature_max"),
        humidity_max=table.maybe_decimal("humidity_max"),
        shelf_life_months=table.maybe_integer("shelf_life_months", least=1),
        shelf_life_hours=table.maybe_integer("shelf_life_hours", least=1),
        use_by=table.truth("use_by"),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )
    _rising_decimals(table, ("temperature_min", storage.temperature_min), ("temperature_max", storage.temperature_max))
    if storage.shelf_life_months is not None and storage.shelf_life_hours is not None:
        raise table.mistake("shelf_life_hours", "write the shelf life in months or in hours, not both")
    return storage


def _limit(table: _Table) -> Limit:
    return Limit(table.integer("value"), table.day("valid_from"), table.text("source"))


def _lot_sizes(table: _Table) -> LotSizes:
    sizes = LotSizes(
        usual_g=table.integer("usual_g", least=1),
        container_g=table.integer("container_g", least=1),
        most_g=table.integer("most_g", least=1),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )
    _rising(table, ("usual_g", sizes.usual_g), ("most_g", sizes.most_g))
    return sizes


def _claim_value(table: _Table) -> ClaimValue:
    return ClaimValue(table.text("code"), table.names("label"), table.truth("claimable"))


def _scheme_params(table: _Table) -> SchemeParams:
    checks = table.words("plot_checks", least=0)
    for check in checks:
        if check not in get_args(PlotCheck):
            raise table.mistake("plot_checks", f"“{check}” is not tested; use {_listed(get_args(PlotCheck))}")
    params = SchemeParams(
        valid_from=table.day("valid_from"),
        source=table.text("source"),
        certificate_required=not table.truth("without_certificate"),
        member_required=table.truth("member_required"),
        inspection_interval_days=table.maybe_integer("inspection_interval_days"),
        inspection_grace_days=table.maybe_integer("inspection_grace_days") or 0,
        certificate_grace_days=table.maybe_integer("certificate_grace_days") or 0,
        plot_checks=cast("tuple[PlotCheck, ...]", checks),
        site_in_scope_at=table.words("site_in_scope_at", least=0),
        product_in_scope_at=table.words("product_in_scope_at", least=0),
        operator_in_scope_at=table.words("operator_in_scope_at", least=0),
        perennial_months=table.maybe_integer("perennial_months"),
        annual_months=table.maybe_integer("annual_months"),
        in_conversion_min_months=table.maybe_integer("in_conversion_min_months"),
        strict_same_ingredient=table.truth("strict_same_ingredient"),
        cleaning_required=table.truth("cleaning_required"),
        cleaning_within_hours=table.maybe_integer("cleaning_within_hours"),
        over_delivery_notice_bp=table.maybe_integer("over_delivery_notice_bp"),
        over_delivery_hold_bp=table.maybe_integer("over_delivery_hold_bp"),
        over_delivery_refuse_bp=table.maybe_integer("over_delivery_refuse_bp"),
        polygon_above_m2=table.maybe_integer("polygon_above_m2"),
        cut_off=table.maybe_day("cut_off"),
        harvest=tuple(_whole(item, _harvest_window) for item in table.tables("harvest", least=0)),
        mandatory_for=table.words("mandatory_for", least=0),
        licence=table.maybe_word("licence"),
    )
    if "conversion" in checks and params.perennial_months is None and params.annual_months is None:
        raise table.mistake("perennial_months", "say how many months of conversion, or leave “conversion” out")
    _rising(
        table,
        ("over_delivery_notice_bp", params.over_delivery_notice_bp),
        ("over_delivery_hold_bp", params.over_delivery_hold_bp),
        ("over_delivery_refuse_bp", params.over_delivery_refuse_bp),
    )
    return params


def _harvest_window(table: _Table) -> HarvestWindow:
    return HarvestWindow(table.text("category"), _day_of_year(table, "first"), _day_of_year(table, "last"))


def _day_of_year(table: _Table, key: str) -> str:
    value = table.text(key)
    try:
        date.fromisoformat(f"2024-{value}")
    except ValueError:
        raise table.mistake(key, 'write a day of the year, for example "10-01"') from None
    return value


def _season_start(table: _Table) -> SeasonStart:
    season = SeasonStart(_day_of_year(table, "starts"), table.day("valid_from"), table.text("source"))
    if season.starts == "02-29":
        raise table.mistake("starts", "write a day that every year has")
    return season


def _listed_food(table: _Table) -> Listed:
    return Listed(
        food=table.text("food"),
        products=table.words("products"),
        landed=table.truth("landed"),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )


def _group_limits(table: _Table) -> GroupLimits:
    figures = (
        "max_members",
        "holding_max_m2",
        "greenhouse_max_m2",
        "grassland_max_m2",
        "turnover_max_cents",
        "standard_output_max_cents",
        "cost_share_min_bp",
        "new_members_immediate_max_bp",
    )
    return GroupLimits(
        table.day("valid_from"), table.text("source"), *(table.maybe_integer(figure) for figure in figures)
    )


def _sample_rule(table: _Table) -> SampleRule:
    return SampleRule(
        code=table.text("code"),
        name=table.names("name"),
        share_bp=table.maybe_integer("share_bp") or 0,
        root_milli=table.maybe_integer("root_milli") or 0,
        least=table.maybe_integer("least") or 0,
        by_risk_bp=table.maybe_integer("by_risk_bp") or 0,
        every_unit=table.truth("every_unit"),
        every_high_risk=table.truth("every_high_risk"),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )


def _checklist_item(table: _Table) -> ChecklistItem:
    return ChecklistItem(
        code=table.text("code"),
        text=table.names("text"),
        severity=cast("FindingSeverity", table.one_of("severity", get_args(FindingSeverity))),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )


def _ics_rules(table: _Table) -> IcsRules:
    figures = (
        "training_months",
        "statement_months",
        "rotation_years",
        "minutes_min",
        "per_day_max",
        "reinspection_days",
        "high_risk_points",
    )
    values = {figure: table.maybe_integer(figure) for figure in figures}
    return IcsRules(
        valid_from=table.day("valid_from"), source=table.text("source"), risks=table.integers("risks"), **values
    )


def _rule(code: str, table: _Table) -> Rule:
    return Rule(code, table.names("text"), table.text("source"))


def _check_commodity(commodity: Commodity, top: _Table) -> None:
    """What one table says of another: products, readings, steps and stages that exist; no limit twice."""
    products, steps = commodity.products.keys(), commodity.steps.keys()
    if "lot" not in commodity.stages:
        raise top.mistake("stages", "add “lot”: a check that names no stage is of the lot")
    for i, step in enumerate(commodity.steps.values()):
        top.known(f"steps[{i}].from_products", step.from_products, products, "a product")
        top.known(f"steps[{i}].to_products", step.to_products, products, "a product")
        top.known(f"steps[{i}].readings", step.readings, commodity.process.keys(), "a code of process")
    for i, limit in enumerate(commodity.process.values()):
        top.known(f"process[{i}].steps", limit.steps, steps, "a step")
    for i, item in enumerate(commodity.specifications):
        top.known(f"specifications[{i}].stages", item.stages, commodity.stages, "a stage")
        top.known(f"specifications[{i}].products", item.products, products, "a product")
        if item.limit is None and item.severity != "info":
            todo = 'write a max or a min, or severity = "info": nothing can fail without a limit'
            raise top.mistake(f"specifications[{i}].max", todo)
    for i, food in enumerate(commodity.traceability_list):
        top.known(f"traceability_list[{i}].products", food.products, products, "a product")
    for i, plan in enumerate(commodity.samplings):
        top.known(f"samplings[{i}].products", plan.products, products, "a product")
        top.known(f"samplings[{i}].tests", plan.tests, commodity.tests(), "a test")
    for i, classing in enumerate(commodity.classes):
        top.known(f"classes[{i}].products", classing.products, products, "a product")
        for j, best in enumerate(classing.grades):
            top.known(f"classes[{i}].grades[{j}].max", tuple(best.max), commodity.tests(), "a test")
            top.known(f"classes[{i}].grades[{j}].min", tuple(best.min), commodity.tests(), "a test")
    tests = {*commodity.tests(), *(["cut_test"] if commodity.gradings else [])}
    for i, due in enumerate(commodity.due):
        top.known(f"due[{i}].products", due.products, products, "a product")
        top.known(f"due[{i}].tests", due.tests, tests, "a test")
    for i, back in enumerate(commodity.returns):
        top.known(f"returns[{i}].products", back.products, products, "a product")
    for i, release in enumerate(commodity.releases):
        top.known(f"releases[{i}].products", release.products, products, "a product")
    for i, then in enumerate(commodity.consequences):
        top.known(f"consequences[{i}].products", then.products, products, "a product")
        top.known(f"consequences[{i}].test", (then.test,), tests, "a test")
    for i, checklist in enumerate(commodity.checklists.values()):
        top.known(f"checklists[{i}].products", checklist.products, products, "a product")
        for j, point in enumerate(checklist.points.values()):
            top.known(f"checklists[{i}].points[{j}].release_tests", point.release_tests, tests, "a test")
    for i, way in enumerate(commodity.storage.values()):
        top.known(f"storage[{i}].products", way.products, products, "a product")
    stages = [(i, item, stage) for i, item in enumerate(commodity.specifications) for stage in item.stages or ("",)]
    top.once("specifications", [_place(item, stage) for _, item, stage in stages], [i for i, _, _ in stages])
    top.once("gradings", [item.valid_from.isoformat() for item in commodity.gradings])
    graded = [(i, item, product) for i, item in enumerate(commodity.classes) for product in item.products]
    top.once("classes", [f"{product} {item.valid_from}" for _, item, product in graded], [i for i, _, _ in graded])
    top.once("samplings", [_plan(item) for item in commodity.samplings])
    top.once("seasons", [item.valid_from.isoformat() for item in commodity.seasons])


def _plan(item: Sampling) -> str:
    return " ".join((",".join(item.products), ",".join(item.tests), item.valid_from.isoformat()))


def _place(item: Specification, stage: str) -> str:
    return " ".join((item.test, stage, ",".join(item.products), item.valid_from.isoformat()))


def _once(items: Iterable[str], file: str, key: str) -> None:
    seen: set[str] = set()
    for item in items:
        if item in seen:
            raise ProfileMistake(file, key, f"“{item.strip()}” stands twice; keep one")
        seen.add(item)


def _rising(table: _Table, *values: tuple[str, int | None]) -> None:
    given = [(key, value) for key, value in values if value is not None]
    for (low, less), (high, more) in pairwise(given):
        if less > more:
            raise table.mistake(high, f"write a number that is not below {low}")


def _rising_decimals(table: _Table, *values: tuple[str, str | None]) -> None:
    places = max(decimals(value or "") for _, value in values)
    _rising(table, *((key, None if value is None else rounded(value, places)) for key, value in values))


def _whole(table: _Table, read: Callable[[_Table], T]) -> T:
    """What is read of a table; nothing of the table may be left over."""
    item = read(table)
    table.end()
    return item


def _by_code(tables: Iterable[_Table], read: Callable[[_Table], T]) -> dict[str, T]:
    items: dict[str, T] = {}
    for table in tables:
        item = _whole(table, read)
        code = table.text("code")
        if code in items:
            raise table.mistake("code", f"“{code}” is taken; give it another code")
        items[code] = item
    return items


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


class _Table:
    """A TOML table that knows its place in the file, and which of its keys were asked for."""

    def __init__(self, values: dict[str, Any], file: str, text: str, path: str = "") -> None:
        self._values = values
        self._file = file
        self._text = text
        self._path = path
        self._asked: set[str] = set()

    @classmethod
    def parse(cls, text: str, file: str) -> _Table:
        try:
            return cls(tomllib.loads(text), file, text)
        except tomllib.TOMLDecodeError as error:
            raise ProfileMistake(file, "", f"the file is not TOML: {error}", line_of_error(error, text)) from error

    def mistake(self, key: str, todo: str) -> ProfileMistake:
        place = self._place(key)
        return ProfileMistake(self._file, place, todo, line_of(self._text, place))

    def end(self) -> None:
        """Nothing may be left that nobody asked for: it would be a limit that holds nowhere."""
        for key in self._values.keys() - self._asked:
            raise self.mistake(key, f"remove it or correct its name; known here: {_listed(self._asked)}")

    def known(self, key: str, words: Iterable[str], known: Iterable[str], what: str) -> None:
        """Every word is one of those known, which are ``what``."""
        known = list(known)
        for word in words:
            if word not in known:
                raise self.mistake(key, f"“{word}” is not {what} of this file; use {_listed(known)}")

    def once(self, key: str, items: Sequence[str], places: Sequence[int] | None = None) -> None:
        """None of the items, each of the table ``places`` tells of ``[[key]]``, stands twice."""
        seen: set[str] = set()
        for place, item in zip(places or range(len(items)), items, strict=True):
            if item in seen:
                raise self.mistake(f"{key}[{place}]", f"“{item.strip()}” stands twice; keep one")
            seen.add(item)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self.mistake(key, "write text in quotes")
        return value

    def word(self, key: str) -> str:
        """A code, as events tell it."""
        value = self.text(key)
        if _CODE.fullmatch(value) is None:
            raise self.mistake(key, "write a code of letters, digits and _ . % / -, at most 40, without spaces")
        return value

    def maybe_word(self, key: str) -> str | None:
        return None if self._missing(key) else self.word(key)

    def hs(self, key: str) -> str:
        value = self.text(key)
        if _HS.fullmatch(value) is None:
            raise self.mistake(key, 'write the customs code as 4 to 10 digits in quotes, for example "180100"')
        return value

    def maybe_text(self, key: str) -> str | None:
        return None if self._missing(key) else self.text(key)

    def integer(self, key: str, least: int = 0) -> int:
        value = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            hint = ", in basis points: 4500 is 45 %" if key.endswith("_bp") else ""
            raise self.mistake(key, f"write a whole number, at least {least}{hint}")
        return value

    def maybe_integer(self, key: str, least: int = 0) -> int | None:
        return None if self._missing(key) else self.integer(key, least)

    def integers(self, key: str) -> dict[str, int]:
        if self._missing(key):
            return {}
        table = self._table(key, self._values[key])
        return {name: table.integer(name) for name in self._values[key]}

    def decimals(self, key: str) -> dict[str, str]:
        if self._missing(key):
            return {}
        table = self._table(key, self._values[key])
        return {name: table.decimal(name) for name in self._values[key]}

    def truth(self, key: str) -> bool:
        value = self._get(key, default=False)
        if not isinstance(value, bool):
            raise self.mistake(key, "write true or false, without quotes")
        return value

    def day(self, key: str) -> date:
        value = self._get(key)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.mistake(key, "write a day without quotes, for example 2022-01-01")
        return value

    def maybe_day(self, key: str) -> date | None:
        return None if self._missing(key) else self.day(key)

    def maybe_decimal(self, key: str) -> str | None:
        return None if self._missing(key) else self.decimal(key)

    def decimal(self, key: str) -> str:
        value = self.text(key)
        try:
            decimal_text(value)
        except Refused as refused:
            raise self.mistake(key, 'write a decimal in quotes, for example "8.0"') from refused
        return value

    def maybe_density(self, key: str) -> str | None:
        value = self.maybe_decimal(key)
        if value is not None and Fraction(value) <= 0:
            raise self.mistake(key, 'write kilograms per litre in quotes, above zero, for example "0.92"')
        return value

    def names(self, key: str, others: Sequence[str] = ()) -> Names:
        """English and French, and those of ``others`` that are written."""
        table = self.table(key)
        names: Names = {"en": table.text("en"), "fr": table.text("fr")}
        names |= {lang: name for lang in others if (name := table.maybe_text(lang)) is not None}
        table.end()
        return names

    def words(self, key: str, least: int = 1) -> tuple[str, ...]:
        value = self._get(key, [] if least == 0 else None)
        if not isinstance(value, list) or len(value) < least or not all(_is_word(item) for item in value):
            raise self.mistake(key, f"write a list of at least {least} words in quotes")
        return tuple(value)

    def one_of(self, key: str, options: Iterable[str]) -> str:
        value = self.text(key)
        if value not in (options := list(options)):
            raise self.mistake(key, f"write one of {', '.join(options)}")
        return value

    def maybe_one_of(self, key: str, options: Iterable[str]) -> str | None:
        return None if self._missing(key) else self.one_of(key, options)

    def table(self, key: str) -> _Table:
        return self._table(key, self._get(key))

    def tables(self, key: str, least: int = 1) -> list[_Table]:
        value = self._get(key, [] if least == 0 else None)
        if not isinstance(value, list) or len(value) < least:
            raise self.mistake(key, f"write at least {least} table(s) [[{key}]]")
        return [self._table(f"{key}[{i}]", item) for i, item in enumerate(value)]

    def children(self) -> dict[str, _Table]:
        """Every key of a table of tables."""
        return {key: self.table(key) for key in self._values}

    def _table(self, key: str, value: Any) -> _Table:
        if not isinstance(value, dict):
            raise self.mistake(key, "write a table with keys")
        return _Table(value, self._file, self._text, self._place(key))

    def _get(self, key: str, default: Any = None) -> Any:
        if not self._missing(key):
            return self._values[key]
        if default is None:
            near = get_close_matches(key, self._values.keys() - self._asked, n=1, cutoff=ALIKE)
            raise self.mistake(near[0], f"write {key}") if near else self.mistake(key, "add this key")
        return default

    def _missing(self, key: str) -> bool:
        self._asked.add(key)
        return key not in self._values

    def _place(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key


ALIKE: Final = 0.88
"""How alike a name must be to a key that is missing to be taken for it: "season" for "seasons"."""

_WORD = re.compile(r"\S+")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.%/-]{0,39}")  # domain.events.Word
_HS = re.compile(r"[0-9]{4,10}")


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and _WORD.fullmatch(value) is not None
