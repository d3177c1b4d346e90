"""The book of lots: the lots that a batch of events touches, as they stand, and every row that follows from it.

Live recording and replay keep the same book with the same rules; only what is written where differs, and that is
the ledger's business. A row is a plain tuple of values, collected per table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.claims import Cap, mixture
from domain.findings import Finding
from domain.lineage import oldest_first
from domain.profiles import Scheme
from domain.values import Load, Lot, Transfer

LOTS_PER_EVENT = 512
"""Lot keys of one event: key = sequence number of the event x 512 + position."""

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


@dataclass(slots=True)
class CapRow:
    """The most that a lot can carry under a scheme, by one event. ``since``: only what is drawn from then on."""

    lot: int
    scheme: str
    seq: int
    value: str
    reasons: tuple[Finding, ...]
    since: int | None


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
    lines: tuple[Mapping[str, object], ...]


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


@dataclass(slots=True)
class LabelRow:
    """A public code of a lot."""

    lot: int
    code: str
    org_id: int
    seq: int
    issued_at: int
    claims: dict[str, str]
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

    ``fetch_descendants`` brings in everything that was ever made from some lots; it is called before a rule
    reaches downstream, so that ordinary events load no more than they name.
    """

    schemes: Mapping[str, Scheme]
    fetch_descendants: Callable[[set[int]], None] = lambda _keys: None
    by_uid: dict[str, Lot] = field(default_factory=dict)
    by_key: dict[int, Lot] = field(default_factory=dict)
    loads: dict[str, Load] = field(default_factory=dict)
    loads_of: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    transfers: dict[str, Transfer] = field(default_factory=dict)
    labels: dict[str, LabelRow] = field(default_factory=dict)
    consignments: dict[int, list[ConsignmentRow]] = field(default_factory=lambda: defaultdict(list))
    parents: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    children: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    caps: dict[int, list[CapRow]] = field(default_factory=lambda: defaultdict(list))
    holds: dict[int, list[HoldRow]] = field(default_factory=lambda: defaultdict(list))
    # what waits to be written
    new_lots: list[Lot] = field(default_factory=list)
    changed: dict[int, Lot] = field(default_factory=dict)
    lines: list[LineRow] = field(default_factory=list)
    new_caps: list[CapRow] = field(default_factory=list)
    new_holds: list[HoldRow] = field(default_factory=list)
    ended_holds: list[HoldRow] = field(default_factory=list)
    checks: list[CheckRow] = field(default_factory=list)
    readings: list[ReadingRow] = field(default_factory=list)
    units: list[UnitRow] = field(default_factory=list)
    new_loads: list[Load] = field(default_factory=list)
    ended_loads: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)  # load seq -> (ended, by)
    new_transfers: list[tuple[Transfer, int]] = field(default_factory=list)
    answered_transfers: list[tuple[Transfer, int]] = field(default_factory=list)
    new_parties: dict[tuple[int, int], bool] = field(default_factory=dict)
    reclaimed: dict[int, Lot] = field(default_factory=dict)  # claims changed after the lot was made
    new_labels: list[LabelRow] = field(default_factory=list)
    changed_labels: dict[str, LabelRow] = field(default_factory=dict)
    documents: list[DocumentRow] = field(default_factory=list)
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

    def link(self, parent: int, child: int) -> None:
        self.parents[child].add(parent)
        self.children[parent].add(child)

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
        self.touch(lot)

    # --- claims ---

    def cap(self, lot: Lot, seq: int, scheme: str, cap: Cap, *, since: int | None = None) -> None:
        """Keep why a lot cannot carry more. A cap at the top value is kept only for a rule that it names (strict)."""
        if cap.value == self.schemes[scheme].values[-1].code and not cap.reasons:
            return
        row = CapRow(lot.key, scheme, seq, cap.value, cap.reasons, since)
        self.caps[lot.key].append(row)
        self.new_caps.append(row)

    def claim_now(self, lot: Lot, inputs: Iterable[Lot]) -> None:
        """The claims of a lot just made (or filled): the mixture of its inputs as they stand, under its caps."""
        inputs = list(inputs)
        schemes = {scheme for parent in inputs for scheme in parent.claims} | set(lot.claims)
        for scheme in schemes:
            bottom = self.schemes[scheme].values[0].code
            values = [parent.claims.get(scheme, bottom) for parent in inputs]
            if scheme in lot.claims:
                values.append(lot.claims[scheme])
            lot.claims[scheme] = self._capped(scheme, values, self.caps[lot.key])
        self.reclaimed[lot.key] = lot

    def reclaim(self, keys: Iterable[int], seq: int) -> list[Lot]:
        """Work out the claims of some lots and of all that was made from them anew; answers those that changed.

        ``seq`` is the event that asks: certificates issued for more than a lot carries now are flagged by it.
        """
        affected = self.with_descendants(keys)
        changed = []
        for key in oldest_first({key: self.parents[key] & affected for key in affected}):
            lot = self.by_key[key]
            before = dict(lot.claims)
            for scheme in self._schemes_of(key):
                lot.claims[scheme] = self._value(key, scheme)
            if lot.claims != before:
                self.reclaimed[key] = lot
                changed.append(lot)
                self.flag(lot, seq)
        return changed

    def flag(self, lot: Lot, seq: int) -> None:
        """Certificates that say more than the lot carries now."""
        for row in self.consignments[lot.key]:
            rules = self.schemes[row.scheme]
            carried = lot.claims.get(row.scheme, rules.values[0].code)
            if row.state == "issued" and rules.rank(carried) < rules.rank(row.value):
                self.end_consignment(row, "flagged", seq)

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

    def _schemes_of(self, key: int) -> set[str]:
        own = set(self.by_key[key].claims)
        return own.union(*(self.by_key[parent].claims for parent in self.parents[key]), set())

    def _capped(self, scheme: str, values: Sequence[str], caps: Iterable[CapRow]) -> str:
        """The mixture of some values, and no more than the caps of the scheme allow. No values: nothing was mixed."""
        rules = self.schemes[scheme]
        rows = [row for row in caps if row.scheme == scheme]
        strict = any(reason.code == "STRICT_MIXTURE" for row in rows for reason in row.reasons)
        mixed = mixture(rules, values, strict=strict) if values else rules.values[-1].code
        return min((mixed, *(row.value for row in rows)), key=rules.rank)

    def _value(self, key: int, scheme: str) -> str:
        bottom = self.schemes[scheme].values[0].code
        lot = self.by_key[key]
        values = [self._drawn_value(self.by_key[parent], scheme, lot.made_at, bottom) for parent in self.parents[key]]
        if not self.parents[key] and scheme not in lot.claims:
            return bottom
        return self._capped(scheme, values, self.caps[key])

    def _drawn_value(self, parent: Lot, scheme: str, at: int, bottom: str) -> str:
        """What a parent carried for goods drawn at an instant: caps that began later do not reach back."""
        later = [row for row in self.caps[parent.key] if row.scheme == scheme and row.since and row.since > at]
        if not later:
            return parent.claims.get(scheme, bottom)
        values = [
            self._drawn_value(self.by_key[grand], scheme, parent.made_at, bottom) for grand in self.parents[parent.key]
        ]
        return self._capped(scheme, values, [row for row in self.caps[parent.key] if row not in later])

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
