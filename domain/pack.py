"""The certifier's pack as plain values: everything that one asks for on one day on site, of a certificate and a season.

Collected by the ledger in one consistent read, written as a workbook and as a PDF by ``exchange``. Weights are grams,
areas square metres, shares basis points. The fields of the member list are those of Reg. (EU) 2021/279 Art. 5(a).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from domain.balance import Balance
from domain.findings import Finding
from domain.refusals import Lang


@dataclass(frozen=True, slots=True)
class Paper:
    """The certificate: scheme, number, holder, control body, validity, scope."""

    id: str
    scheme: str
    number: str
    holder: str
    holder_code: str
    country: str
    body: str
    body_code: str | None
    valid_from: date
    valid_to: date
    status: str  # on the last day looked at
    categories: tuple[str, ...]
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackMember:
    """A row of the list of members. ``area_m2`` and ``delivered`` by value of the scheme."""

    code: str
    name: str | None
    phone: str | None
    village: str | None
    registered_on: date
    unit: str | None
    agreement_on: date | None
    status: str
    status_since: date | None
    status_reason: str | None
    holding_m2: int | None  # the whole farm, as declared
    plots: int
    area_m2: Mapping[str, int]
    product: str
    estimate_g: int | None
    estimate_signed: bool
    delivered: Mapping[str, int]  # value -> grams, as delivered
    delivered_g: int  # in grams of the product of the estimate
    previous_g: int  # the same of the season before
    share_bp: int | None
    excess_g: int
    deliveries: int
    inspected_on: date | None
    inspector: str | None
    controlled_on: date | None
    controller: str | None


@dataclass(frozen=True, slots=True)
class PackPlot:
    """A production unit of a member: place, size, crop, conversion, and its part of the member's estimate by area."""

    member: str
    code: str
    crop: str
    area_m2: int
    latitude: int | None  # micro-degrees: of the point, or of the middle of the outline
    longitude: int | None
    outline: bool
    conversion_start: date | None
    status: str  # value of the scheme, by months of conversion
    estimate_g: int | None
    last_treated_on: date | None
    from_day: date | None


@dataclass(frozen=True, slots=True)
class PackInspection:
    """An internal inspection: date, times, findings, scope, decision, signatures."""

    member: str
    inspected_on: date
    inspector: str
    valid: bool
    scope: str | None
    started_at: datetime | None
    ended_at: datetime | None
    findings: int | None  # answered "no"; none: no report is kept
    decision: str | None
    issued_on: date | None
    inspector_signed_on: date | None
    member_signed_on: date | None


@dataclass(frozen=True, slots=True)
class PackNonConformity:
    """A non-compliance and its corrective action."""

    subject: str  # member, site, or "-": the group itself
    code: str
    severity: str
    found_on: date
    note: str | None
    action: str | None
    due_on: date | None
    closed_on: date | None
    effective: bool | None
    notified_on: date | None


@dataclass(frozen=True, slots=True)
class PackSanction:
    """A step of the sanction ladder."""

    member: str
    step: str
    from_day: date
    reason: str
    decided_by: str
    decided_at: datetime
    notified_on: date | None
    lifted_on: date | None


@dataclass(frozen=True, slots=True)
class PackControl:
    """A control of a member by the control body."""

    member: str
    controlled_on: date
    inspector: str
    conform: bool | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A delivery in the purchase register. ``running_g`` of ``estimate_g``: the member's season up to it."""

    receipt: str | None
    at: datetime
    site: str
    buyer: str
    member: str
    plot: str | None
    harvested_on: date | None
    product: str
    grams: int
    at_receipt: str  # value of the scheme when it was judged
    value: str  # value of the scheme now
    running_g: int
    estimate_g: int | None
    scale: str | None
    lot: str
    disposition: str


@dataclass(frozen=True, slots=True)
class PackStatement:
    """A statement of a product, of a part of the goods: of all, of a site, of a claim."""

    account: str  # "certificate", "site", "claim"
    key: str  # "-", code of the site, value of the scheme
    product: str
    balance: Balance


@dataclass(frozen=True, slots=True)
class PackRun:
    """A transformation, and its conversion factor against the plausible range of the step."""

    at: datetime
    process: str | None
    site: str | None
    inputs: tuple[str, ...]  # codes of lots
    outputs: tuple[str, ...]
    used_g: int
    made_g: int
    yield_bp: int
    least_bp: int | None
    most_bp: int | None
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a lot claims no more: a fact, and how many lots upstream it was found at."""

    finding: Finding
    lots: int


@dataclass(frozen=True, slots=True)
class PackLot:
    """A lot made in the season, or in stock: what it claims and why no more."""

    code: str
    product: str
    made_at: datetime
    site: str | None
    made_g: int
    stock_g: int
    grade: str | None
    qc: str
    disposition: str
    value: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class PackCorrection:
    """An event that was declared wrong, and what was put in its place."""

    corrected_at: datetime
    by: str
    reason: str
    type: str
    occurred_at: datetime
    event: str
    lots: tuple[str, ...]
    was_g: int
    now_g: int


@dataclass(frozen=True, slots=True)
class PackContract:
    """A contract of the season, and what stands behind all contracts of its kind."""

    code: str
    buyer: str
    product: str
    value: str | None
    grams: int
    from_day: date
    to_day: date
    estimate_g: int
    available_g: int
    missing_g: int


@dataclass(frozen=True, slots=True)
class Sums:
    """The ledger's own sums, asked of the database by themselves and not added up from the rows of the pack."""

    members: int
    plots: int
    area_m2: int
    estimate_g: int
    deliveries: int
    delivered_g: int
    used_g: int
    made_g: int
    stock_g: int
    contracted_g: int


@dataclass(frozen=True, slots=True)
class Pack:
    """The whole pack. ``events`` is how many events the log held, so that two packs can be told apart."""

    paper: Paper
    season: str
    commodity: str
    first: date
    last: date
    made_at: datetime
    events: int
    list_number: int | None  # version of the frozen list of members; none: none was frozen
    list_on: date | None
    sums: Sums
    members: tuple[PackMember, ...]
    plots: tuple[PackPlot, ...]
    inspections: tuple[PackInspection, ...]
    controls: tuple[PackControl, ...]
    non_conformities: tuple[PackNonConformity, ...]
    sanctions: tuple[PackSanction, ...]
    purchases: tuple[Purchase, ...]
    statements: tuple[PackStatement, ...]
    whole: Balance  # all products of the certificate as one: the loss holds what processing took
    runs: tuple[PackRun, ...]
    lots: tuple[PackLot, ...]
    corrections: tuple[PackCorrection, ...]
    contracts: tuple[PackContract, ...]
    shipped: Mapping[str, int]  # value of the scheme told when it was shipped -> grams
    findings: tuple[Finding, ...]
    values: tuple[str, ...]  # of the scheme, the highest first
    names: Mapping[str, Mapping[str, str]]  # product, value, step, scheme, id of a site -> "en", "fr"

    def of(self, account: str) -> list[PackStatement]:
        """The statements of one kind of account."""
        return [one for one in self.statements if one.account == account]

    def name(self, code: str | None, lang: Lang) -> str:
        """What people call a product, value, step or scheme; a code that is not known is said itself."""
        return self.names[code][lang] if code is not None and code in self.names else code or ""
