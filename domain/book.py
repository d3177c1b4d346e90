"""The book of lots: the lots that a batch of events touches, as they stand, and every row that follows from it.

Live recording and replay keep the same book with the same rules; only what is written where differs, and that is
the ledger's business. A row is a plain tuple of values, collected per table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from domain.claims import Cap, mixture
from domain.findings import Finding
from domain.lineage import oldest_first
from domain.profiles import Scheme
from domain.quality import Outcome, awaited_of, lifted, outcome_of, standing
from domain.units import OPENING_DESIGN
from domain.values import Load, Lot, Transfer

LOTS_PER_EVENT = 512
"""Lot keys of one event: key = sequence number of the event x 512 + position."""

STANDS = "STRICT_MIXTURE_STANDS"
"""The rule of a cap that a correction ends: goods mixed strictly do not rise when a part is found to be less."""

RELEASABLE = ("hold", "quality", "parent", "claim")
"""Kinds of hold that a release ends; a rejection only when a retest lifted the check."""

BLOCKING = ("void", "recall", "reject", "parent", "quality", "stock", "claim", "hold")
DISPOSITION = {
    "void": "void",
    "recall": "recalled",
    "reject": "rejected",
    "parent": "on_hold",
    "quality": "on_hold",
    "stock": "on_hold",
    "claim": "on_hold",
    "hold": "on_hold",
}


@dataclass(slots=True)
class LineRow:
    """One line in the book of a lot."""

    lot: int
    seq: int
    kind: str  # "in", "out", "lost", "shipped", "note"
    grams: int
    type: str
    process: str | None
    occurred_at: int
    org_id: int
    site_id: str | None


@dataclass(frozen=True, slots=True)
class Fill:
    """One making of a lot: the event that put grams into it, when that happened, and the lots that it drew from."""

    seq: int
    at: int
    parents: tuple[int, ...]


@dataclass(slots=True)
class CapRow:
    """The most that a lot can carry under a scheme, by one event.

    ``of``: the fill that it caps, which it goes with; 0: the lot as a whole. ``since``: it reaches only what is drawn
    from then on.
    """

    lot: int
    scheme: str
    seq: int
    of: int
    value: str
    reasons: tuple[Finding, ...]
    since: int | None

    def names(self, code: str) -> bool:
        """Whether a rule is among the reasons."""
        return any(reason.code == code for reason in self.reasons)


@dataclass(slots=True)
class HoldRow:
    """Something that blocks a lot."""

    lot: int
    seq: int
    kind: str
    code: str
    reason: str | None
    since: int
    ended_seq: int | None = None


@dataclass(slots=True)
class CheckRow:
    """A quality check of a lot."""

    lot: int
    seq: int
    org_id: int
    checked_at: int
    stage: str
    verdict: str
    grade: str | None
    retest_of: int | None
    lines: tuple[Mapping[str, Any], ...]


@dataclass(slots=True)
class SampleRow:
    """A sample that was drawn of a lot, perhaps with others under the same code."""

    lot: int
    seq: int
    org_id: int
    code: str
    sampled_at: int
    bags: int | None
    drawn_from: int | None
    increments: int
    grams: int | None
    seal: str | None
    told_by: str


@dataclass(slots=True)
class HandoverRow:
    """A sample that changed hands; ``broken``: it was not whole, or its seal was another."""

    seq: int
    org_id: int
    code: str
    handed_at: int
    to: str
    seal: str | None
    broken: bool
    told_by: str


@dataclass(slots=True)
class OrderRow:
    """Tests that were ordered of a lot."""

    lot: int
    seq: int
    org_id: int
    ordered_at: int
    tests: tuple[str, ...]
    laboratory: str | None
    sample: str | None
    due: str | None


@dataclass(slots=True)
class ChecklistRow:
    """A checklist that was gone through for a lot."""

    lot: int
    seq: int
    org_id: int
    site_id: str
    vessel_id: str | None
    checklist: str
    checked_at: int
    passed: bool
    answers: tuple[Mapping[str, Any], ...]


@dataclass(slots=True)
class SiteChecklistRow:
    """A checklist that was gone through at a site; ``general``: of the site or a vessel, not of some lots alone."""

    seq: int
    org_id: int
    site_id: str
    vessel_id: str | None
    checklist: str
    checked_at: int
    failed: tuple[str, ...]
    general: bool
    answers: tuple[Mapping[str, Any], ...]
    told_by: int


@dataclass(slots=True)
class LabelCountRow:
    """The printed labels of a batch, counted."""

    lot: int
    seq: int
    org_id: int
    counted_at: int
    printed: int
    used: int
    spoiled: int
    put_back: int

    @property
    def missing(self) -> int:
        return self.printed - self.used - self.spoiled - self.put_back


@dataclass(slots=True)
class DeviationRow:
    """A deviation of a lot, its cause and corrective action."""

    lot: int
    seq: int
    org_id: int
    uid: str
    grade: str
    description: str
    raised_at: int
    closed_at: int | None = None
    root_cause: str | None = None
    action: str | None = None
    owner: str | None = None
    due: str | None = None
    verified_at: int | None = None
    effective: bool | None = None
    evidence: str | None = None


@dataclass(slots=True)
class ReadingRow:
    """A value read on a lot in process."""

    lot: int
    seq: int
    name: str
    value: str
    unit: str
    read_at: int
    in_range: bool | None


@dataclass(slots=True)
class UnitRow:
    """One numbered unit of a lot."""

    lot: int
    number: int
    seq: int
    grams: int
    packaging: str
    state: str | None = None  # of its label; none: it has none yet
    state_seq: int | None = None
    state_at: int | None = None
    state_org: int | None = None
    label_seq: int | None = None  # the run of its label
    labelled_by: int | None = None
    labelled_at: int | None = None
    prints: int = 0
    applied_at: int | None = None
    weighed_g: int | None = None
    shipped_at: int | None = None
    received_at: int | None = None
    opened_at: int | None = None
    returned_at: int | None = None  # part of another lot since
    opening_prints: int = 0  # of its opening code, which is not on the label

    def printed(self, design: str | None) -> int:
        """How often its label went to a printer; of the design for opening codes, its opening code."""
        return self.opening_prints if design == OPENING_DESIGN else self.prints


@dataclass(slots=True)
class RegisterRow:
    """One line in the register of labels: labels issued, printed, printed again, or void."""

    org_id: int
    seq: int
    lot: int
    kind: str  # "issued", "printed", "reprinted", "void"
    units: tuple[tuple[int, int], ...]  # first and last
    labels: int
    copies: int
    design: str | None
    reason: str | None
    at: int
    told_by: str | None


@dataclass(slots=True)
class LabelRow:
    """A public code of a lot."""

    lot: int
    code: str
    org_id: int
    seq: int
    issued_at: int
    claims: dict[str, str]
    declares: tuple[str, ...] = ()
    state: str = "issued"
    reason: str | None = None
    superseded_by: str | None = None
    ended_at: int | None = None


@dataclass(slots=True)
class DocumentRow:
    """A document handed out on a lot."""

    org_id: int
    seq: int
    number: str
    kind: str
    lot: int
    language: str
    issued_at: int
    facts_sha256: str
    about: str | None = None
    supersedes: str | None = None
    state: str = "issued"
    reason: str | None = None
    superseded_by: str | None = None
    ended_at: int | None = None


@dataclass(slots=True)
class AttachedRow:
    """A paper of somebody else about a lot: the digest of its bytes, and the checks that it backs."""

    org_id: int
    seq: int
    lot: int
    kind: str
    sha256: str
    media_type: str
    size: int
    number: str | None
    laboratory: str | None
    checks: tuple[str, ...]
    attached_at: int


@dataclass(slots=True)
class CleaningRow:
    """A vessel, or the line of a site, was cleaned; when that was told."""

    org_id: int
    seq: int
    site_id: str
    vessel_id: str | None
    cleaned_at: int
    told_at: int


@dataclass(slots=True)
class ConsignmentRow:
    """Grams of a lot on a certificate of a control body."""

    lot: int
    seq: int
    org_id: int
    kind: str
    scheme: str
    value: str
    number: str
    grams: int
    issued_at: int
    state: str = "issued"
    ended_seq: int | None = None


@dataclass(slots=True)
class Book:
    """Lots by id and by key, and the rows that wait to be written.

    ``fetch_descendants`` brings in everything that was ever made from some lots, ``fetch_ancestors`` everything that
    they were made from, ``fetch_moves`` every move of theirs; they are called before a rule reaches that far, so that
    ordinary events load no more than they name.
    """

    schemes: Mapping[str, Scheme]
    fetch_descendants: Callable[[set[int]], None] = lambda _keys: None
    fetch_ancestors: Callable[[set[int]], None] = lambda _keys: None
    fetch_moves: Callable[[set[int]], None] = lambda _keys: None
    by_uid: dict[str, Lot] = field(default_factory=dict)
    by_key: dict[int, Lot] = field(default_factory=dict)
    loads: dict[str, Load] = field(default_factory=dict)
    loads_of: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    transfers: dict[str, Transfer] = field(default_factory=dict)
    labels: dict[str, LabelRow] = field(default_factory=dict)
    papers: dict[tuple[int, str], DocumentRow] = field(default_factory=dict)
    """Documents handed out, by organisation and number."""
    consignments: dict[int, list[ConsignmentRow]] = field(default_factory=lambda: defaultdict(list))
    checks: dict[int, list[CheckRow]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[int, list[OrderRow]] = field(default_factory=lambda: defaultdict(list))
    checklists: dict[int, list[ChecklistRow]] = field(default_factory=lambda: defaultdict(list))
    deviations: dict[str, DeviationRow] = field(default_factory=dict)
    units_of: dict[int, dict[int, UnitRow]] = field(default_factory=lambda: defaultdict(dict))
    """Lot -> number -> unit: those that the events at hand speak of."""
    samples: dict[str, list[SampleRow]] = field(default_factory=lambda: defaultdict(list))
    """Samples of the actor's organisation, by code."""
    handovers: dict[str, list[HandoverRow]] = field(default_factory=lambda: defaultdict(list))
    label_counts: dict[int, list[LabelCountRow]] = field(default_factory=lambda: defaultdict(list))
    fills: dict[int, dict[int, Fill]] = field(default_factory=lambda: defaultdict(dict))
    """Lot -> event -> what it put in."""
    children: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    moves: dict[int, dict[int, tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))
    """Lot -> event -> when, and grams (in: above zero): those of the events at hand, of receiving lots also the later
    ones, and all of them after ``fetch_moves``."""
    caps: dict[int, list[CapRow]] = field(default_factory=lambda: defaultdict(list))
    holds: dict[int, list[HoldRow]] = field(default_factory=lambda: defaultdict(list))
    # what waits to be written
    new_lots: list[Lot] = field(default_factory=list)
    changed: dict[int, Lot] = field(default_factory=dict)
    lines: list[LineRow] = field(default_factory=list)
    new_caps: list[CapRow] = field(default_factory=list)
    ended_caps: list[CapRow] = field(default_factory=list)
    new_holds: list[HoldRow] = field(default_factory=list)
    ended_holds: list[HoldRow] = field(default_factory=list)
    new_checks: list[CheckRow] = field(default_factory=list)
    new_samples: list[SampleRow] = field(default_factory=list)
    new_handovers: list[HandoverRow] = field(default_factory=list)
    new_label_counts: list[LabelCountRow] = field(default_factory=list)
    site_checklists: list[SiteChecklistRow] = field(default_factory=list)
    new_orders: list[OrderRow] = field(default_factory=list)
    new_checklists: list[ChecklistRow] = field(default_factory=list)
    new_deviations: list[DeviationRow] = field(default_factory=list)
    changed_deviations: dict[str, DeviationRow] = field(default_factory=dict)
    readings: list[ReadingRow] = field(default_factory=list)
    units: list[UnitRow] = field(default_factory=list)
    changed_units: dict[tuple[int, int], UnitRow] = field(default_factory=dict)
    label_register: list[RegisterRow] = field(default_factory=list)
    new_loads: list[Load] = field(default_factory=list)
    ended_loads: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)  # load seq -> (ended, by)
    new_transfers: list[tuple[Transfer, int]] = field(default_factory=list)
    answered_transfers: list[tuple[Transfer, int]] = field(default_factory=list)
    new_parties: dict[tuple[int, int], bool] = field(default_factory=dict)
    reclaimed: dict[int, Lot] = field(default_factory=dict)  # claims changed after the lot was made
    new_labels: list[LabelRow] = field(default_factory=list)
    changed_labels: dict[str, LabelRow] = field(default_factory=dict)
    documents: list[DocumentRow] = field(default_factory=list)
    changed_documents: dict[tuple[int, str], DocumentRow] = field(default_factory=dict)
    attached: list[AttachedRow] = field(default_factory=list)
    cleanings: list[CleaningRow] = field(default_factory=list)
    new_consignments: list[ConsignmentRow] = field(default_factory=list)
    ended_consignments: list[ConsignmentRow] = field(default_factory=list)
    voided: list[tuple[int, int, int]] = field(default_factory=list)  # org, seq, by
    dropped: set[int] = field(default_factory=set)  # events whose lines, caps, checks … a correction removes

    # --- taking in ---

    def put(self, lot: Lot) -> Lot:
        """A lot as loaded."""
        self.by_uid[lot.uid] = lot
        self.by_key[lot.key] = lot
        return lot

    def put_fill(self, key: int, fill: Fill) -> None:
        self.fills[key][fill.seq] = fill
        for parent in fill.parents:
            self.children[parent].add(key)

    def drop_fill(self, key: int, seq: int) -> None:
        """A correction takes a fill back; what drew from the same lots by another event stays linked."""
        gone = self.fills[key].pop(seq, None)
        left = self.parents(key)
        for parent in gone.parents if gone is not None else ():
            if parent not in left:
                self.children[parent].discard(key)

    def parents(self, key: int) -> set[int]:
        """The lots that a lot was made from."""
        return {parent for fill in self.fills[key].values() for parent in fill.parents}

    # --- grams ---

    def make(self, lot: Lot) -> Lot:
        """A lot comes into being; its grams are credited by ``line``."""
        self.new_lots.append(self.put(lot))
        for org_id in {lot.org_id, lot.owner_id, lot.holder_id}:
            self.party(lot, org_id, upstream=True)
        return lot

    def party(self, lot: Lot, org_id: int, *, upstream: bool) -> None:
        if org_id not in lot.parties or upstream:
            lot.parties.add(org_id)
            key = (lot.key, org_id)
            self.new_parties[key] = upstream or self.new_parties.get(key, False)

    def touch(self, lot: Lot) -> None:
        self.changed[lot.key] = lot

    def line(self, lot: Lot, row: LineRow) -> None:
        """Write a line and move the grams that it speaks of."""
        if row.kind == "in":
            lot.credit(row.grams)
        elif row.kind in ("out", "lost", "shipped"):
            lot.debit(row.grams)
            if row.kind == "out":
                lot.sealed = True
        self.lines.append(row)
        if row.kind != "note":
            self.moves[lot.key][row.seq] = (row.occurred_at, row.grams if row.kind == "in" else -row.grams)
        self.touch(lot)

    def spare_g(self, lot: Lot, at: int) -> int:
        """Grams that may be drawn at an instant: no more than there was then, nor than is left of it later."""
        level = least = lot.remaining_g - lot.deficit_g
        later = [move for move in self.moves[lot.key].values() if move[0] > at]
        for _, grams in sorted(later, key=_in_time, reverse=True):
            level -= grams
            least = min(least, level)
        return max(0, least)

    def is_short(self, key: int) -> bool:
        """Whether more was drawn from a lot, at any instant, than had come by then."""
        level = 0
        for _, grams in sorted(self.moves[key].values(), key=_in_time):
            level += grams
            if level < 0:
                return True
        return False

    # --- claims ---

    def cap(self, lot: Lot, seq: int, scheme: str, cap: Cap, *, of: int = 0, since: int | None = None) -> None:
        """Keep why a lot cannot carry more. A cap at the top value is kept only for a rule that it names (strict)."""
        if cap.value == self.schemes[scheme].values[-1].code and not cap.reasons:
            return
        row = CapRow(lot.key, scheme, seq, of, cap.value, cap.reasons, since)
        self.caps[lot.key].append(row)
        self.new_caps.append(row)

    def uncap(self, key: int, goes: Callable[[CapRow], bool]) -> None:
        """Caps that a correction takes along."""
        gone = [row for row in self.caps[key] if goes(row)]
        self.caps[key] = [row for row in self.caps[key] if not goes(row)]
        self.ended_caps += gone

    def claim_now(self, lot: Lot, fill: Fill, *, more: bool) -> None:
        """The claims of a lot just made or (``more``) filled further: what it held, mixed with what came."""
        inputs = [self.by_key[parent] for parent in fill.parents]
        for scheme in {scheme for parent in inputs for scheme in parent.claims} | set(lot.claims):
            rules = self.schemes[scheme]
            value = self._brought(lot.key, fill, scheme)
            if more:
                held = lot.claims.get(scheme, rules.values[0].code)
                value = mixture(rules, (held, value), strict=self._strict(lot.key, fill, scheme))
            lot.claims[scheme] = self._under(scheme, value, self._whole(lot.key, scheme))
        self.reclaimed[lot.key] = lot

    def reclaim(self, keys: Iterable[int], seq: int, *, rises: bool = False) -> list[Lot]:
        """Work out the claims of some lots and of all that was made from them anew; answers those that changed.

        ``seq`` is the event that asks: certificates issued for more than a lot carries now are flagged by it. Only a
        correction makes claims rise (``rises``).
        """
        affected = self.with_descendants(keys)
        changed = []
        for key in oldest_first({key: self.parents(key) & affected for key in affected}):
            lot = self.by_key[key]
            before = dict(lot.claims)
            if rises:
                self.uncap(key, lambda row: row.names(STANDS))
            for scheme in self._schemes_of(key):
                lot.claims[scheme] = self._value(key, scheme)
                if not rises and scheme in before:
                    self._keep_low(lot, seq, scheme, before[scheme])
            if lot.claims != before:
                self.reclaimed[key] = lot
                changed.append(lot)
                self.flag(lot, seq)
        return changed

    def _keep_low(self, lot: Lot, seq: int, scheme: str, before: str) -> None:
        """Goods mixed from different values (strict) are that still when a part is found to be less: nothing rises."""
        rules = self.schemes[scheme]
        if rules.rank(lot.claims[scheme]) > rules.rank(before):
            stands = Finding(STANDS, "notice", {"scheme": scheme}, rules.rule("STRICT_MIXTURE"))
            self.cap(lot, seq, scheme, Cap(before, (stands,)))
            lot.claims[scheme] = before

    def flag(self, lot: Lot, seq: int) -> None:
        """Certificates that say more than the lot carries now, or (the newest first) than it weighs."""
        summed: dict[tuple[str, str], int] = defaultdict(int)
        for row in sorted(self.consignments[lot.key], key=lambda row: row.seq):
            rules = self.schemes[row.scheme]
            carried = lot.claims.get(row.scheme, rules.values[0].code)
            fits = summed[row.kind, row.scheme] + row.grams <= lot.initial_g
            if row.state != "issued":
                continue
            if rules.rank(carried) < rules.rank(row.value) or not fits:
                self.end_consignment(row, "flagged", seq)
            else:
                summed[row.kind, row.scheme] += row.grams

    def end_consignment(self, row: ConsignmentRow, state: str, seq: int) -> None:
        row.state, row.ended_seq = state, seq
        self.ended_consignments.append(row)

    def with_descendants(self, keys: Iterable[int]) -> set[int]:
        start = set(keys)
        self.fetch_descendants(start)
        seen, todo = set(start), list(start)
        while todo:
            for child in self.children[todo.pop()]:
                if child not in seen:
                    seen.add(child)
                    todo.append(child)
        return seen

    def with_ancestors(self, keys: Iterable[int]) -> set[int]:
        """Some lots, and all that they were made from."""
        start = set(keys)
        self.fetch_ancestors(start)
        seen, todo = set(start), list(start)
        while todo:
            new = self.parents(todo.pop()) - seen
            seen |= new
            todo += new
        return seen

    def _schemes_of(self, key: int) -> set[str]:
        own = set(self.by_key[key].claims)
        return own.union(*(self.by_key[parent].claims for parent in self.parents(key)), set())

    def _value(self, key: int, scheme: str, at: int | None = None) -> str:
        """What a lot carries: its fills mixed in the order told, under what caps it as a whole.

        ``at``: for goods drawn at that instant; what caps the lot from later on does not reach back.
        """
        rules = self.schemes[scheme]
        value: str | None = None
        for fill in sorted(self.fills[key].values(), key=lambda fill: fill.seq):
            part = self._brought(key, fill, scheme)
            strict = self._strict(key, fill, scheme)
            value = part if value is None else mixture(rules, (value, part), strict=strict)
        if value is None:
            return rules.values[0].code  # nothing is known of a lot that never was
        return self._under(scheme, value, self._whole(key, scheme, at))

    def _brought(self, key: int, fill: Fill, scheme: str) -> str:
        """What one fill lets its lot carry: the mixture of what it drew, under its own caps."""
        rules = self.schemes[scheme]
        values = [self._drawn(parent, scheme, fill.at) for parent in fill.parents]
        mixed = mixture(rules, values, strict=self._strict(key, fill, scheme)) if values else rules.values[-1].code
        return self._under(scheme, mixed, (row for row in self.caps[key] if row.of == fill.seq))

    def _drawn(self, key: int, scheme: str, at: int) -> str:
        """What a lot carried for goods drawn at an instant."""
        if any(row.scheme == scheme and row.since and row.since > at for row in self.caps[key]):
            return self._value(key, scheme, at)
        return self.by_key[key].claims.get(scheme, self.schemes[scheme].values[0].code)

    def _under(self, scheme: str, value: str, caps: Iterable[CapRow]) -> str:
        return min((value, *(row.value for row in caps if row.scheme == scheme)), key=self.schemes[scheme].rank)

    def _whole(self, key: int, scheme: str, at: int | None = None) -> list[CapRow]:
        rows = [row for row in self.caps[key] if row.of == 0 and row.scheme == scheme]
        return [row for row in rows if at is None or row.since is None or row.since <= at]

    def _strict(self, key: int, fill: Fill, scheme: str) -> bool:
        """Whether a fill was mixed by the strict reading."""
        rows = (row for row in self.caps[key] if row.of == fill.seq and row.scheme == scheme)
        return any(row.names("STRICT_MIXTURE") for row in rows)

    # --- quality ---

    def outcomes(self, key: int) -> list[Outcome]:
        """What the checks of a lot say, in the order told."""
        rows = sorted(self.checks[key], key=lambda row: row.seq)
        return [outcome_of(row.seq, row.verdict, row.lines, row.retest_of) for row in rows]

    def settle_quality(self, lot: Lot) -> None:
        """What all the checks and orders of a lot come to; its grade is the last found."""
        rows = sorted(self.checks[lot.key], key=lambda row: row.seq)
        ordered = [(row.seq, row.tests) for row in self.orders[lot.key]]
        lot.qc = standing(self.outcomes(lot.key), ordered)
        lot.grade = next((row.grade for row in reversed(rows) if row.grade is not None), lot.grade)
        self.touch(lot)

    def tested_by(self, key: int, seq: int) -> bool:
        """Whether an event wrote a check, an order or a checklist of a lot."""
        return any(row.seq == seq for rows in (self.checks, self.orders, self.checklists) for row in rows[key])

    def tested_alike(self, part: Lot, whole: Lot, at: int, *, batch: bool) -> None:
        """What was found and held of a lot until they were parted is its part's too.

        A batch is tested and released as one: its parts are as it is. Of other lots a part takes along what failed,
        what is awaited and what is held; what was passed speaks of the heap that it was drawn of, and the part is
        tested itself.
        """
        checks = [row for row in self.checks[whole.key] if row.checked_at <= at]
        orders = [row for row in self.orders[whole.key] if row.ordered_at <= at]
        if not batch:
            outcomes = [item for item in self.outcomes(whole.key) if item.seq in {row.seq for row in checks}]
            failed = {item.seq for item in outcomes if item.failed and not lifted(item, outcomes)}
            checks = [row for row in checks if row.seq in failed]
            orders = [row for row in orders if awaited_of(row.seq, row.tests, outcomes)]
        _copied(self.checks, self.new_checks, part, checks)
        _copied(self.orders, self.new_orders, part, orders)
        gone_through = [row for row in self.checklists[whole.key] if row.checked_at <= at]
        _copied(self.checklists, self.new_checklists, part, gone_through)
        if self.checks[part.key] or self.orders[part.key]:
            self.settle_quality(part)
        held = {(row.seq, row.kind) for row in self.holds[part.key]}
        for row in self.open_holds(whole):
            if row.kind in ("quality", "reject") and row.since <= at and (row.seq, row.kind) not in held:
                self.hold(part, replace(row, lot=part.key))

    # --- what blocks ---

    def hold(self, lot: Lot, row: HoldRow) -> None:
        self.holds[lot.key].append(row)
        self.new_holds.append(row)
        self._dispose(lot)

    def end_hold(self, lot: Lot, row: HoldRow, seq: int) -> None:
        row.ended_seq = seq
        self.ended_holds.append(row)
        self._dispose(lot)

    def open_holds(self, lot: Lot) -> list[HoldRow]:
        return [row for row in self.holds[lot.key] if row.ended_seq is None]

    def releasable(self, lot: Lot) -> list[HoldRow]:
        """What a release may end."""
        outcomes = {item.seq: item for item in self.outcomes(lot.key)}
        return [
            row
            for row in self.open_holds(lot)
            if row.kind in RELEASABLE
            or (row.kind == "reject" and row.seq in outcomes and lifted(outcomes[row.seq], list(outcomes.values())))
        ]

    def _dispose(self, lot: Lot) -> None:
        open_kinds = {row.kind for row in self.open_holds(lot)}
        worst = next((kind for kind in BLOCKING if kind in open_kinds), None)
        lot.disposition = DISPOSITION[worst] if worst else "available"
        self.touch(lot)

    # --- loads ---

    def put_load(self, load: Load) -> None:
        self.loads[load.uid] = load
        for key in load.contents:
            self.loads_of[key].add(load.uid)

    def loaded_g(self, key: int, *, but: frozenset[str] = frozenset()) -> int:
        """Grams of a lot that lie in vessels now, those runs left out that end with the event at hand."""
        loads = (self.loads[uid] for uid in self.loads_of.get(key, ()) if uid not in but)
        return sum(load.contents[key] for load in loads if load.ended_at is None)


def _in_time(move: tuple[int, int]) -> tuple[int, bool]:
    """Moves in the order in which they happened; of one instant, what came before what went."""
    return move[0], move[1] < 0


class _OfALot(Protocol):
    lot: int
    seq: int


R = TypeVar("R", bound=_OfALot)


def _copied(kept: dict[int, list[R]], new: list[R], part: Lot, rows: Iterable[R]) -> None:
    """Rows of a lot for a part of it too, once."""
    known = {row.seq for row in kept[part.key]}
    rows = [replace(row, lot=part.key) for row in rows if row.seq not in known]  # type: ignore[type-var]
    kept[part.key] = sorted([*kept[part.key], *rows], key=lambda row: row.seq)
    new.extend(rows)
