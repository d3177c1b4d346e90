"""What a judged event does to the book. The same function runs when an event is recorded and when it is replayed.

Everything that fold needs of the registry is in the ruling; it asks nobody and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from domain import events as told
from domain.book import (
    LOTS_PER_EVENT,
    AttachedRow,
    Book,
    ChecklistRow,
    CheckRow,
    CleaningRow,
    ConsignmentRow,
    DeviationRow,
    DocumentRow,
    Fill,
    HandoverRow,
    HoldRow,
    LabelCountRow,
    LabelRow,
    LineRow,
    OrderRow,
    ReadingRow,
    RegisterRow,
    SampleRow,
    SiteChecklistRow,
    UnitRow,
)
from domain.lineage import oldest_first
from domain.quantity import grams as to_grams
from domain.ruling import Ruling, units_meant
from domain.units import OPENING_DESIGN, numbers_of
from domain.values import Load, Lot, Transfer


@dataclass(frozen=True, slots=True)
class Logged:
    """Where an event stands in the log: its number and the organisation that told it."""

    seq: int
    org_id: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """An event on its way into the book."""

    book: Book
    ruling: Ruling
    seq: int
    org_id: int
    at: int
    type: str
    process: str | None = None

    def grams(self, quantity: told.Quantity) -> int:
        return to_grams(quantity.value, quantity.unit, self.ruling.packaging)

    def lot(self, uid: str) -> Lot:
        return self.book.by_uid[uid]

    def line(self, lot: Lot, kind: str, grams: int) -> None:
        row = LineRow(
            lot.key,
            self.seq,
            kind,
            grams,
            self.type,
            self.process,
            self.at,
            self.org_id,
            self.ruling.site or lot.site_id,
        )
        self.book.line(lot, row)

    def make(
        self,
        item: told.NewLot | told.Named,
        position: int,
        kind: str,
        product: str,
        grams: int,
        inputs: Iterable[Lot],
    ) -> Lot:
        """A lot made by this event, with its grams, caps and claims. A corrected event makes the same lot again."""
        assert self.ruling.holder is not None
        lot = self.book.by_uid.get(item.lot)
        if lot is None:
            lot = self.book.make(
                Lot(
                    key=self.seq * LOTS_PER_EVENT + position,
                    org_id=self.org_id,
                    uid=item.lot,
                    code=item.code,
                    kind=kind,
                    product=product,
                    owner_id=self.ruling.owners[item.lot],
                    holder_id=self.ruling.holder,
                    site_id=self.ruling.site,
                    made_at=self.at,
                )
            )
        else:
            lot.code, lot.product = item.code, product
        self.fill(lot, grams, inputs)
        return lot

    def fill(self, lot: Lot, grams: int, inputs: Iterable[Lot]) -> None:
        """Grams put into a lot from others, under the caps of the ruling."""
        more = lot.initial_g > 0
        lot.made_at = min(lot.made_at, self.at) if more else self.at
        lot.expires_on = self.ruling.expires.get(lot.uid)
        self.line(lot, "in", grams)
        fill = Fill(self.seq, self.at, tuple(parent.key for parent in inputs))
        self.book.put_fill(lot.key, fill)
        for scheme, cap in self.ruling.caps.items():
            self.book.cap(lot, self.seq, scheme, cap, of=self.seq)
        self.book.claim_now(lot, fill, more=more)
        self.book.flag(lot, self.seq)

    def hold(self, lot: Lot) -> None:
        """What the ruling holds as soon as it is made."""
        if self.ruling.unfit:
            reason = "; ".join(self.ruling.unfit)
            self.book.hold(lot, HoldRow(lot.key, self.seq, "quality", "CRITICAL_POINT_FAILED", reason, self.at))
        code = self.ruling.holds.get(lot.uid)
        if code is not None:
            self.book.hold(lot, HoldRow(lot.key, self.seq, "claim", code, None, self.at))


def fold(event: told.AnyEvent, ruling: Ruling, book: Book, logged: Logged) -> None:  # noqa: PLR0915 - a list
    """Write a judged event into the book."""
    entry = _Entry(
        book,
        ruling,
        logged.seq,
        logged.org_id,
        told.millis(event.occurred_at),
        event.type,
        event.process if isinstance(event, told.Transformed) else None,
    )
    match event:
        case told.Delivered():
            _delivered(event, entry)
        case told.Received():
            _received(event, entry)
        case told.Bulked():
            _bulked(event, entry)
        case told.Split():
            _split(event, entry)
        case told.Loaded():
            _loaded(event, entry)
        case told.Read():
            _read(event, entry)
        case told.Turned():
            _turned(event, entry)
        case told.Unloaded():
            _unloaded(event, entry)
        case told.Transformed():
            _transformed(event, entry)
        case told.Sampled():
            _sampled(event, entry)
        case told.SampleHandedOver():
            _sample_handed_over(event, entry)
        case told.TestsOrdered():
            _tests_ordered(event, entry)
        case told.Inspected():
            _inspected(event, entry)
        case told.DocumentAttached():
            _document_attached(event, entry)
        case told.Checked():
            _checked(event, entry)
        case told.DeviationRaised():
            _deviation_raised(event, entry)
        case told.DeviationClosed():
            _deviation_closed(event, entry)
        case told.ActionVerified():
            _action_verified(event, entry)
        case told.BatchCertified():
            _batch_certified(event, entry)
        case told.Held():
            _held(event, entry)
        case told.Released():
            _released(event, entry)
        case told.TransferOffered():
            _offered(event, entry)
        case told.TransferAccepted():
            _accepted(event, entry)
        case told.TransferRejected():
            _rejected(event, entry)
        case told.Packed():
            _packed(event, entry)
        case told.Shipped():
            _shipped(event, entry)
        case told.UnitsApplied() | told.UnitsOpened():
            _units_noted(event, entry)
        case told.UnitsReceived():
            _units_received(event, entry)
        case told.UnitsVoided():
            _units_voided(event, entry)
        case told.Returned():
            _returned(event, entry)
        case told.LabelsReconciled():
            _labels_reconciled(event, entry)
        case told.Lost():
            entry.line(entry.lot(event.lot), "lost", entry.grams(event.quantity))
        case told.Recalled():
            _recalled(event, entry)
        case told.Downgraded():
            _downgraded(event, entry)
        case told.Cleaned():
            _cleaned(event, entry)
        case told.Certified():
            _certified(event, entry)
        case told.LabelIssued():
            _label_issued(event, entry)
        case told.LabelRevoked():
            _label_revoked(event, entry)
        case told.UnitsLabelled():
            _units_labelled(event, entry)
        case told.LabelsPrinted():
            _labels_printed(event, entry)
        case told.DocumentIssued():
            _document_issued(event, entry)
        case told.DocumentRevoked():
            _document_revoked(event, entry)
        case told.Corrected() | told.Reassessed():
            message = f"{event.type} reaches back: see correct() and reassess()"
            raise TypeError(message)


# --- forward ---


def _delivered(event: told.Delivered, entry: _Entry) -> None:
    lot = entry.make(event.lot, 0, "delivery", event.lot.product, entry.grams(event.lot.quantity), ())
    lot.farmer, lot.plot = event.farmer, event.plot
    lot.harvested_on = event.harvested_on.isoformat() if event.harvested_on else None
    lot.claims = {scheme: cap.value for scheme, cap in entry.ruling.caps.items()}
    entry.book.reclaimed[lot.key] = lot
    entry.hold(lot)


def _draw(items: Iterable[told.Drawn], entry: _Entry) -> list[Lot]:
    """Take the grams out of the lots, in sorted order of their keys, so that writers never wait in a circle."""
    drawn = sorted(((entry.lot(item.lot), entry.grams(item.quantity)) for item in items), key=lambda pair: pair[0].key)
    for lot, grams in drawn:
        entry.line(lot, "out", grams)
    return [lot for lot, _ in drawn]


def _received(event: told.Received, entry: _Entry) -> None:
    total = sum(entry.grams(item.quantity) for item in event.inputs)
    lots = _draw(event.inputs, entry)
    grams = entry.grams(event.weighed) if event.weighed else total
    into = entry.book.by_uid.get(event.into.lot)
    if into is not None and into.disposition != "void":
        entry.fill(into, grams, lots)
    else:
        entry.make(event.into, 0, "receiving", lots[0].product, grams, lots)


def _bulked(event: told.Bulked, entry: _Entry) -> None:
    total = sum(entry.grams(item.quantity) for item in event.inputs)
    lots = _draw(event.inputs, entry)
    made = entry.make(event.into, 0, "lot", lots[0].product, total, lots)
    _inherit(made, lots)


def _split(event: told.Split, entry: _Entry) -> None:
    (lot,) = _draw([event.input], entry)
    for position, item in enumerate(event.outputs):
        made = entry.make(item, position, "lot", item.product, entry.grams(item.quantity), [lot])
        _inherit(made, [lot])
        entry.book.tested_alike(made, lot, entry.at, batch=entry.ruling.batch)


def _inherit(made: Lot, lots: list[Lot]) -> None:
    """Goods that only change heaps keep the grade that they all have, and what they were all certified by."""
    grades, certified = {lot.grade for lot in lots}, {lot.certified_seq for lot in lots}
    if len(grades) == 1:
        made.grade = grades.pop()
    if None not in certified:
        made.certified_seq = max(seq for seq in certified if seq is not None)


def _transformed(event: told.Transformed, entry: _Entry) -> None:
    lots = _draw(event.inputs, entry)
    for position, item in enumerate(event.outputs):
        entry.hold(entry.make(item, position, "lot", item.product, entry.grams(item.quantity), lots))
    for uid in event.loads:
        load = entry.book.loads[uid]
        load.ended_at = entry.at
        entry.book.ended_loads[load.seq] = (entry.at, entry.seq)


def _loaded(event: told.Loaded, entry: _Entry) -> None:
    assert entry.ruling.holder is not None
    assert entry.ruling.site is not None
    contents = {entry.lot(item.lot).key: entry.grams(item.quantity) for item in event.contents}
    load = Load(
        entry.seq,
        event.load,
        entry.ruling.holder,
        event.vessel,
        entry.ruling.site,
        entry.at,
        dict(sorted(contents.items())),
    )
    entry.book.put_load(load)
    entry.book.new_loads.append(load)
    for key in load.contents:
        entry.line(entry.book.by_key[key], "note", 0)


def _read(event: told.Read, entry: _Entry) -> None:
    for key in entry.book.loads[event.load].contents:
        for item in event.measurements:
            unit, within = entry.ruling.units[item.test], entry.ruling.ranges[item.test]
            row = ReadingRow(key, entry.seq, item.test, item.value, unit, entry.at, within)
            entry.book.readings.append(row)
        entry.line(entry.book.by_key[key], "note", 0)


def _turned(event: told.Turned, entry: _Entry) -> None:
    for key in entry.book.loads[event.load].contents:
        entry.line(entry.book.by_key[key], "note", 0)


def _unloaded(event: told.Unloaded, entry: _Entry) -> None:
    load = entry.book.loads[event.load]
    load.ended_at = entry.at
    entry.book.ended_loads[load.seq] = (entry.at, entry.seq)
    for key in load.contents:
        entry.line(entry.book.by_key[key], "note", 0)


def _sampled(event: told.Sampled, entry: _Entry) -> None:
    assert entry.ruling.told_by is not None
    for uid in event.lots:
        lot = entry.lot(uid)
        row = SampleRow(
            lot.key,
            entry.seq,
            entry.org_id,
            event.sample,
            entry.at,
            event.bags,
            event.drawn_from,
            event.increments,
            entry.grams(event.quantity) if event.quantity else None,
            event.seal,
            entry.ruling.told_by,
        )
        entry.book.samples[event.sample].append(row)
        entry.book.new_samples.append(row)
        entry.line(lot, "note", 0)


def _sample_handed_over(event: told.SampleHandedOver, entry: _Entry) -> None:
    assert entry.ruling.told_by is not None
    broken = any(finding.code == "SAMPLE_SEAL_BROKEN" for finding in entry.ruling.findings)
    row = HandoverRow(
        entry.seq, entry.org_id, event.sample, entry.at, event.to, event.seal, broken, entry.ruling.told_by
    )
    entry.book.handovers[event.sample].append(row)
    entry.book.new_handovers.append(row)
    for key in sorted({drawn.lot for drawn in entry.book.samples[event.sample] if drawn.org_id == entry.org_id}):
        entry.line(entry.book.by_key[key], "note", 0)


def _tests_ordered(event: told.TestsOrdered, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    due = event.due.isoformat() if event.due else None
    row = OrderRow(lot.key, entry.seq, entry.org_id, entry.at, event.tests, event.laboratory, event.sample, due)
    entry.book.orders[lot.key].append(row)
    entry.book.new_orders.append(row)
    entry.line(lot, "note", 0)
    entry.book.settle_quality(lot)


def _inspected(event: told.Inspected, entry: _Entry) -> None:
    """The result holds for the lot, and for those that the sample was drawn of together with it."""
    for uid in (event.lot, *entry.ruling.lots):
        _check(entry.lot(uid), event.stage, entry)


def _check(lot: Lot, stage: str, entry: _Entry) -> None:
    verdict = entry.ruling.verdict
    assert verdict is not None
    lines = tuple(verdict["lines"])
    row = CheckRow(
        lot.key,
        entry.seq,
        entry.org_id,
        entry.at,
        stage,
        verdict["verdict"],
        verdict["grade"],
        entry.ruling.retest_of,
        lines,
    )
    entry.book.checks[lot.key].append(row)
    entry.book.new_checks.append(row)
    lot.moisture_bp = verdict.get("moisture_bp") or lot.moisture_bp
    entry.line(lot, "note", 0)
    entry.book.settle_quality(lot)
    for scheme, cap in entry.ruling.caps.items():
        entry.book.cap(lot, entry.seq, scheme, cap)
    if entry.ruling.caps:
        entry.book.reclaim({lot.key}, entry.seq)
    if verdict["verdict"] != "fail":
        return
    failed = next((line["test"] for line in lines if line["passed"] is False), None)
    kind = "reject" if verdict["severity"] == "reject" else "quality"
    entry.book.hold(lot, HoldRow(lot.key, entry.seq, kind, "QUALITY_FAILED", failed, entry.at))
    if kind == "reject":
        for key in sorted(entry.book.with_descendants({lot.key}) - {lot.key}):
            below = entry.book.by_key[key]
            if not any(row.seq == entry.seq and row.kind == "parent" for row in entry.book.open_holds(below)):
                entry.book.hold(below, HoldRow(key, entry.seq, "parent", "PARENT_FAILED", lot.code, entry.at))


def _document_attached(event: told.DocumentAttached, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    entry.book.attached.append(
        AttachedRow(
            entry.org_id,
            entry.seq,
            lot.key,
            event.kind,
            event.sha256,
            event.media_type,
            event.size,
            event.number,
            event.laboratory,
            event.checks,
            entry.at,
        )
    )
    entry.line(lot, "note", 0)


def _checked(event: told.Checked, entry: _Entry) -> None:
    assert entry.ruling.site is not None
    failed = entry.ruling.failed_points
    answers = tuple(answer.model_dump(mode="json", exclude_none=True) for answer in event.answers)
    assert entry.ruling.holder is not None
    entry.book.site_checklists.append(
        SiteChecklistRow(
            entry.seq,
            entry.ruling.holder,
            entry.ruling.site,
            event.vessel,
            event.checklist,
            entry.at,
            tuple(failed),
            not event.lots,
            answers,
            entry.org_id,
        )
    )
    for uid in (*event.lots, *entry.ruling.lots):
        lot = entry.lot(uid)
        row = ChecklistRow(
            lot.key,
            entry.seq,
            entry.org_id,
            entry.ruling.site,
            event.vessel,
            event.checklist,
            entry.at,
            not failed,
            answers,
        )
        entry.book.checklists[lot.key].append(row)
        entry.book.new_checklists.append(row)
        entry.line(lot, "note", 0)
        if failed:
            reason = f"{event.checklist}: {', '.join(failed)}"
            entry.book.hold(lot, HoldRow(lot.key, entry.seq, "quality", "CRITICAL_POINT_FAILED", reason, entry.at))


def _deviation_raised(event: told.DeviationRaised, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    row = DeviationRow(lot.key, entry.seq, entry.org_id, event.deviation, event.grade, event.description, entry.at)
    entry.book.deviations[event.deviation] = row
    entry.book.new_deviations.append(row)
    entry.line(lot, "note", 0)


def _deviation_closed(event: told.DeviationClosed, entry: _Entry) -> None:
    row = entry.book.deviations[event.deviation]
    row.closed_at, row.root_cause, row.action, row.owner = entry.at, event.root_cause, event.action, event.owner
    row.due = event.due.isoformat() if event.due else None
    entry.book.changed_deviations[row.uid] = row
    entry.line(entry.book.by_key[row.lot], "note", 0)


def _action_verified(event: told.ActionVerified, entry: _Entry) -> None:
    row = entry.book.deviations[event.deviation]
    row.verified_at, row.effective, row.evidence = entry.at, event.effective, event.evidence
    entry.book.changed_deviations[row.uid] = row
    entry.line(entry.book.by_key[row.lot], "note", 0)


def _batch_certified(event: told.BatchCertified, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    lot.certified_seq = entry.seq
    entry.line(lot, "note", 0)


def _held(event: told.Held, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    entry.line(lot, "note", 0)
    entry.book.hold(lot, HoldRow(lot.key, entry.seq, "hold", "HOLD", event.reason, entry.at))


def _released(event: told.Released, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    entry.line(lot, "note", 0)
    for row in entry.book.releasable(lot):
        entry.book.end_hold(lot, row, entry.seq)


def _recalled(event: told.Recalled, entry: _Entry) -> None:
    for key in sorted(entry.book.with_descendants({entry.lot(event.lot).key})):
        lot = entry.book.by_key[key]
        entry.line(lot, "note", 0)
        entry.book.hold(lot, HoldRow(key, entry.seq, "recall", "RECALLED", event.reason, entry.at))


def _downgraded(event: told.Downgraded, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    entry.line(lot, "note", 0)
    lot.sealed = True  # what comes after it keeps its own claim
    entry.book.cap(lot, entry.seq, event.scheme, entry.ruling.caps[event.scheme])
    entry.book.reclaim({lot.key}, entry.seq)


def _cleaned(event: told.Cleaned, entry: _Entry) -> None:
    assert entry.ruling.holder is not None
    assert entry.ruling.told_at is not None
    entry.book.cleanings.append(
        CleaningRow(entry.ruling.holder, entry.seq, event.site, event.vessel, entry.at, entry.ruling.told_at)
    )


def _certified(event: told.Certified, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    row = ConsignmentRow(
        lot.key,
        entry.seq,
        entry.org_id,
        event.kind,
        event.scheme,
        event.value,
        event.number,
        entry.grams(event.quantity),
        entry.at,
    )
    entry.book.consignments[lot.key].append(row)
    entry.book.new_consignments.append(row)
    entry.line(lot, "note", 0)


def _offered(event: told.TransferOffered, entry: _Entry) -> None:
    assert entry.ruling.to is not None
    lots = [entry.lot(uid) for uid in event.lots]
    transfer = Transfer(
        entry.seq,
        event.id,
        entry.org_id,
        entry.ruling.to,
        event.ownership,
        event.upstream,
        "offered",
        tuple((lot.uid, lot.remaining_g) for lot in lots),
    )
    entry.book.transfers[event.id] = transfer
    entry.book.new_transfers.append((transfer, entry.at))
    for lot in lots:
        lot.transfer_seq = entry.seq
        entry.book.party(lot, entry.ruling.to, upstream=False)
        entry.line(lot, "note", 0)


def _accepted(event: told.TransferAccepted, entry: _Entry) -> None:
    assert entry.ruling.holder is not None
    transfer = entry.book.transfers[event.offer]
    weighed = {item.lot: entry.grams(item.quantity) for item in event.weighed}
    for uid, _ in transfer.lots:
        lot = entry.lot(uid)
        missing = lot.remaining_g - weighed.get(uid, lot.remaining_g)
        lot.holder_id, lot.site_id, lot.transfer_seq = entry.ruling.holder, entry.ruling.site, None
        if transfer.ownership:
            lot.owner_id = transfer.to_org_id
        entry.book.party(lot, transfer.to_org_id, upstream=transfer.upstream)
        entry.line(lot, "lost" if missing else "note", missing)
        for scheme, cap in entry.ruling.caps.items():
            entry.book.cap(lot, entry.seq, scheme, cap, since=entry.at)
            rules = entry.book.schemes[scheme]
            lot.claims[scheme] = min((lot.claims.get(scheme, rules.values[0].code), cap.value), key=rules.rank)
        entry.book.reclaimed[lot.key] = lot
        entry.book.flag(lot, entry.seq)
    transfer.state = "accepted"
    entry.book.answered_transfers.append((transfer, entry.at))


def _rejected(event: told.TransferRejected, entry: _Entry) -> None:
    transfer = entry.book.transfers[event.offer]
    for uid, _ in transfer.lots:
        lot = entry.lot(uid)
        lot.transfer_seq = None
        entry.line(lot, "note", 0)
    transfer.state = "rejected"
    entry.book.answered_transfers.append((transfer, entry.at))


def _packed(event: told.Packed, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    each = entry.ruling.packaging[event.packaging]
    weights = [each] * event.units + ([entry.grams(event.rest)] if event.rest else [])
    for number, grams in enumerate(weights, start=1):
        unit = UnitRow(lot.key, number, entry.seq, grams, event.packaging)
        entry.book.units_of[lot.key][number] = unit
        entry.book.units.append(unit)
    lot.units, lot.unit_code = len(weights), event.packaging
    entry.line(lot, "note", 0)


def _shipped(event: told.Shipped, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    entry.line(lot, "shipped", entry.grams(event.quantity))
    _live(event, lot, entry)


# --- units ---


def _named(event: told.AnyEvent, lot: Lot, entry: _Entry) -> list[UnitRow]:
    return [entry.book.units_of[lot.key][number] for number in units_meant(event, entry.ruling)]


def _live(event: told.AnyEvent, lot: Lot, entry: _Entry, only: Collection[int] | None = None) -> None:
    """The next step in the lives of the units that an event means, or of some of them."""
    weighed = (
        {item.unit: entry.grams(item.net) for item in event.weighed} if isinstance(event, told.UnitsApplied) else {}
    )
    for number in units_meant(event, entry.ruling):
        unit = entry.book.units_of[lot.key].get(number)
        if unit is None or (only is not None and number not in only):
            continue
        entry.book.changed_units[unit.lot, unit.number] = unit
        match event:
            case told.UnitsLabelled():  # what was known of an earlier, void label is not this one's
                unit.label_seq, unit.labelled_by, unit.labelled_at = entry.seq, entry.org_id, entry.at
                unit.prints = unit.opening_prints = 0
                unit.applied_at = unit.weighed_g = unit.shipped_at = unit.received_at = None
                unit.returned_at = unit.opened_at = None
                _become(unit, "issued", entry)
            case told.UnitsApplied():
                unit.applied_at, unit.weighed_g = entry.at, weighed.get(number)
                _become(unit, "applied", entry)
            case told.Shipped():  # what a correction ships again may have come to its receiver since: that stands
                unit.shipped_at = entry.at
                came_before = unit.state == "received" and (unit.received_at or 0) <= entry.at
                if unit.state in ("issued", "applied") or came_before:
                    _become(unit, "shipped", entry)
            case told.UnitsReceived():
                unit.received_at = entry.at
                _become(unit, "received", entry)
            case told.Returned():
                unit.returned_at = entry.at
                _become(unit, "returned", entry)
            case told.UnitsOpened():
                unit.opened_at = entry.at
                _become(unit, "opened", entry)
            case told.UnitsVoided():
                _become(unit, "void", entry)
            case _:
                pass


def _become(unit: UnitRow, state: str, entry: _Entry) -> None:
    unit.state, unit.state_seq, unit.state_at, unit.state_org = state, entry.seq, entry.at, entry.org_id


def _registered(kind: str, event: told.AnyEvent, lot: Lot, entry: _Entry, **said: int | str | None) -> None:
    """A line in the register of labels."""
    spans = told.units_named(event)
    row = RegisterRow(
        entry.org_id,
        entry.seq,
        lot.key,
        kind,
        spans,
        len(numbers_of(spans)),
        int(said.get("copies") or 1),
        _text(said.get("design")),
        _text(said.get("reason")),
        entry.at,
        entry.ruling.told_by,
    )
    entry.book.label_register.append(row)
    entry.line(lot, "note", 0)


def _text(value: int | str | None) -> str | None:
    return None if value is None else str(value)


def _units_labelled(event: told.UnitsLabelled, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    _live(event, lot, entry)
    _registered("issued", event, lot, entry, design=event.design)


def _labels_printed(event: told.LabelsPrinted, entry: _Entry) -> None:
    lot, again = entry.lot(event.lot), False
    for unit in _named(event, lot, entry):
        again |= unit.printed(event.design) > 0
        if event.design == OPENING_DESIGN:
            unit.opening_prints += event.copies
        else:
            unit.prints += event.copies
        entry.book.changed_units[unit.lot, unit.number] = unit
    kind = "reprinted" if again else "printed"
    _registered(kind, event, lot, entry, copies=event.copies, design=event.design, reason=event.reason)


def _units_noted(event: told.UnitsApplied | told.UnitsOpened, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    _live(event, lot, entry)
    entry.line(lot, "note", 0)


def _units_received(event: told.UnitsReceived, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    _live(event, lot, entry)
    entry.book.party(lot, entry.org_id, upstream=False)
    entry.line(lot, "note", 0)


def _units_voided(event: told.UnitsVoided, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    _live(event, lot, entry)
    _registered("void", event, lot, entry, reason=event.reason)


def _returned(event: told.Returned, entry: _Entry) -> None:
    """What was shipped is shipped no more, and goes on as a lot of its own: blocked, and as the rest of it is."""
    whole, grams = entry.lot(event.lot), entry.grams(event.quantity)
    for kind, amount in (("shipped", -grams), ("out", grams)):
        entry.book.lines.append(
            LineRow(whole.key, entry.seq, kind, amount, entry.type, None, entry.at, entry.org_id, entry.ruling.site)
        )
    whole.sealed = True
    entry.book.touch(whole)
    _live(event, whole, entry)
    made = entry.make(event.into, 0, "lot", whole.product, grams, [whole])
    _inherit(made, [whole])
    entry.hold(made)
    held = {(row.seq, row.kind) for row in entry.book.holds[made.key]}
    for row in entry.book.open_holds(whole):
        if (row.seq, row.kind) not in held:
            entry.book.hold(made, replace(row, lot=made.key))


def _labels_reconciled(event: told.LabelsReconciled, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    counted = (event.printed, event.used, event.spoiled, event.put_back)
    row = LabelCountRow(lot.key, entry.seq, entry.org_id, entry.at, *counted)
    entry.book.label_counts[lot.key].append(row)
    entry.book.new_label_counts.append(row)
    entry.line(lot, "note", 0)


# --- what is handed out ---


def _label_issued(event: told.LabelIssued, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    for label in entry.book.labels.values():
        if label.lot == lot.key and label.state == "issued":
            label.state, label.superseded_by, label.ended_at = "superseded", event.code, entry.at
            entry.book.changed_labels[label.code] = label
    claims, declares = dict(sorted(lot.claims.items())), event.declares or ()
    label = LabelRow(lot.key, event.code, entry.org_id, entry.seq, entry.at, claims, declares)
    entry.book.labels[event.code] = label
    entry.book.new_labels.append(label)
    entry.line(lot, "note", 0)


def _label_revoked(event: told.LabelRevoked, entry: _Entry) -> None:
    label = entry.book.labels[event.code]
    label.state, label.reason, label.ended_at = "revoked", event.reason, entry.at
    entry.book.changed_labels[label.code] = label
    entry.line(entry.book.by_key[label.lot], "note", 0)


def _document_issued(event: told.DocumentIssued, entry: _Entry) -> None:
    lot = entry.lot(event.lot)
    row = DocumentRow(
        entry.org_id,
        entry.seq,
        event.number,
        event.kind,
        lot.key,
        event.language,
        entry.at,
        event.facts_sha256,
        event.about,
        event.supersedes,
    )
    entry.book.papers[entry.org_id, event.number] = row
    entry.book.documents.append(row)
    if event.supersedes is not None:
        old = entry.book.papers[entry.org_id, event.supersedes]
        old.state, old.superseded_by, old.ended_at = "superseded", event.number, entry.at
        entry.book.changed_documents[old.org_id, old.number] = old
    entry.line(lot, "note", 0)


def _document_revoked(event: told.DocumentRevoked, entry: _Entry) -> None:
    row = entry.book.papers[entry.org_id, event.number]
    row.state, row.reason, row.ended_at = "revoked", event.reason, entry.at
    entry.book.changed_documents[row.org_id, row.number] = row
    entry.line(entry.book.by_key[row.lot], "note", 0)


# --- reaching back ---


@dataclass(frozen=True, slots=True)
class Past:
    """An event that is in force, as it was judged."""

    event: told.AnyEvent
    ruling: Ruling
    logged: Logged


@dataclass(frozen=True, slots=True)
class Original:
    """An event that a correction takes back, how it was judged, and what it wrote.

    ``lives``: where it meant units, the other events of their lot that did, in the order of the log.
    """

    event: told.AnyEvent
    seq: int
    lines: tuple[LineRow, ...]
    ruling: Ruling = field(default_factory=Ruling)
    lives: tuple[Past, ...] = ()


def take_back(original: Original, book: Book, by: Logged, at: int) -> set[str]:  # noqa: PLR0915 - a list
    """Undo what an event did to the book; answers the ids of the lots that it made. The event stays in the log."""
    made = set()
    for line in original.lines:
        lot = book.by_key[line.lot]
        if isinstance(original.event, told.Returned) and line.kind != "in":
            pass  # what came back and went on at once never stood in the lot
        elif line.kind == "in":
            lot.take_back_credit(line.grams)
            book.drop_fill(line.lot, original.seq)
            made.add(line.lot)
        elif line.kind in ("out", "lost", "shipped"):
            lot.take_back_debit(line.grams)
        book.moves[line.lot].pop(original.seq, None)
        book.uncap(line.lot, lambda row: original.seq in (row.of, row.seq))
        for row in [row for row in book.open_holds(lot) if row.seq == original.seq]:
            book.end_hold(lot, row, by.seq)
        book.touch(lot)
    match original.event:
        case told.Inspected():
            _forget_quality(original, book)
            _end_holds_below(original, book, by)
        case told.TestsOrdered() | told.Checked():
            _forget_quality(original, book)
            _end_holds_below(original, book, by)
        case told.Sampled():
            rows = book.samples[original.event.sample]
            rows[:] = [row for row in rows if row.seq != original.seq]
        case told.SampleHandedOver():
            passed_on = book.handovers[original.event.sample]
            passed_on[:] = [row for row in passed_on if row.seq != original.seq]
        case told.LabelsReconciled():
            counts = book.label_counts[book.by_uid[original.event.lot].key]
            counts[:] = [row for row in counts if row.seq != original.seq]
        case told.Packed():
            lot = book.by_uid[original.event.lot]
            lot.units, lot.unit_code = 0, None
            book.units_of[lot.key] = {}
        case (
            told.Shipped()
            | told.Returned()
            | told.UnitsApplied()
            | told.UnitsReceived()
            | told.UnitsOpened()
            | told.UnitsVoided()
        ):
            _as_before(original, book)
        case told.Certified():
            lot = book.by_uid[original.event.lot]
            for paper in [paper for paper in book.consignments[lot.key] if paper.seq == original.seq]:
                book.end_consignment(paper, "cancelled", by.seq)
        case told.Transformed():
            for uid in original.event.loads:
                load = book.loads[uid]
                load.ended_at = None
                book.ended_loads[load.seq] = (None, None)
        case _:
            pass
    for key in made:
        lot = book.by_key[key]
        if lot.initial_g == 0:
            book.hold(lot, HoldRow(key, by.seq, "void", "VOID", None, at))
    book.dropped.add(original.seq)
    book.voided.append((by.org_id, original.seq, by.seq))
    return {book.by_key[key].uid for key in made}


def _as_before(original: Original, book: Book) -> None:
    """The units that an event meant live as if it had not been told; what was told since stands."""
    lot = book.by_uid[told.lots_named(original.event)[0]]
    meant = set(units_meant(original.event, original.ruling)) & book.units_of[lot.key].keys()
    if not meant:
        return
    units = book.units_of[lot.key]
    prints = {number: (units[number].prints, units[number].opening_prints) for number in meant}
    for number in meant:
        unit = book.units_of[lot.key][number]
        unit.state = unit.state_seq = unit.state_at = unit.state_org = None
        unit.label_seq = unit.labelled_by = unit.labelled_at = None
        unit.applied_at = unit.weighed_g = unit.shipped_at = unit.received_at = None
        unit.returned_at = unit.opened_at = None
        book.changed_units[unit.lot, number] = unit
    for past in original.lives:
        at = told.millis(past.event.occurred_at)
        entry = _Entry(book, past.ruling, past.logged.seq, past.logged.org_id, at, past.event.type)
        packed_before = {number for number in meant if book.units_of[lot.key][number].seq < past.logged.seq}
        _live(past.event, lot, entry, packed_before)
    for number, counted in prints.items():
        units[number].prints, units[number].opening_prints = counted


def _forget_quality(original: Original, book: Book) -> None:
    """Checks, orders and checklists that an event wrote, also of parts made since; what is left decides."""
    told_of = {line.lot for line in original.lines}
    for key in sorted(told_of | {key for key in book.with_descendants(told_of) if book.tested_by(key, original.seq)}):
        lot = book.by_key[key]
        book.checks[key] = [row for row in book.checks[key] if row.seq != original.seq]
        book.orders[key] = [row for row in book.orders[key] if row.seq != original.seq]
        book.checklists[key] = [row for row in book.checklists[key] if row.seq != original.seq]
        if isinstance(original.event, told.Inspected):
            lot.grade = lot.moisture_bp = None
        book.settle_quality(lot)


def _end_holds_below(original: Original, book: Book, by: Logged) -> None:
    for key in book.with_descendants({line.lot for line in original.lines}):
        lot = book.by_key[key]
        for row in [row for row in book.open_holds(lot) if row.seq == original.seq]:
            book.end_hold(lot, row, by.seq)


def put_right(
    original: Original, instead: told.AnyEvent | None, ruling: Ruling, book: Book, logged: Logged, at: int
) -> None:
    """After ``take_back``: fold the right event, revive the lots it makes again, and settle everything downstream."""
    if instead is not None:
        assert ruling.instead is not None
        fold(instead, ruling.instead, book, logged)
        for uid in told.lots_made(instead):
            lot = book.by_uid[uid]
            for row in [row for row in book.open_holds(lot) if row.kind == "void"]:
                book.end_hold(lot, row, logged.seq)
    if isinstance(original.event, told.Transformed):
        _close_again(original.event, book, logged)
    before = {line.lot for line in original.lines}
    right = (*told.lots_named(instead), *told.lots_made(instead)) if instead is not None else ()
    after = {book.by_uid[uid].key for uid in right}
    for key in sorted(before - after):
        lot = book.by_key[key]
        book.lines.append(LineRow(key, logged.seq, "note", 0, "corrected", None, at, logged.org_id, lot.site_id))
    touched = before | after
    for key in touched:
        lot = book.by_key[key]
        lot.made_at = min((fill.at for fill in book.fills[key].values()), default=lot.made_at)
    book.reclaim(touched, logged.seq, rises=True)
    for key in sorted(touched):
        book.flag(book.by_key[key], logged.seq)
    _settle_stock(touched, book, logged, at)


def _close_again(wrong: told.Transformed, book: Book, logged: Logged) -> None:
    """A run that no transformation ends any more goes on, unless its vessel was filled again since."""
    for uid in wrong.loads:
        load = book.loads[uid]
        since = [run for run in book.loads.values() if run.vessel_id == load.vessel_id]
        if load.ended_at is None and any(run.started_at > load.started_at for run in since):
            load.ended_at = told.millis(wrong.occurred_at)
            book.ended_loads[load.seq] = (load.ended_at, logged.seq)


def _settle_stock(touched: set[int], book: Book, logged: Logged, at: int) -> None:
    """A lot from which more was drawn than it held blocks itself and all that was made from it until it is right."""
    affected = book.with_descendants(touched)
    held = {key for key in affected if any(row.kind == "stock" for row in book.open_holds(book.by_key[key]))}
    book.fetch_moves(touched)
    concerned = held | book.with_descendants({key for key in touched if book.is_short(key)})
    if not concerned:
        return
    causes: dict[int, set[str]] = {}
    family = book.with_ancestors(concerned)
    book.fetch_moves(family)
    for key in oldest_first({key: book.parents(key) for key in family}):
        own = {book.by_key[key].code} if book.is_short(key) else set[str]()
        causes[key] = own.union(*(causes[parent] for parent in book.parents(key)), set())
    for key in sorted(concerned):
        _hold_for_stock(book.by_key[key], ", ".join(sorted(causes[key])), book, logged, at)


def _hold_for_stock(lot: Lot, reason: str, book: Book, logged: Logged, at: int) -> None:
    """Keep, replace or end what blocks a lot for the sake of lots that are short. ``reason``: their codes."""
    standing = [row for row in book.open_holds(lot) if row.kind == "stock"]
    for row in standing:
        if row.reason != reason:
            book.end_hold(lot, row, logged.seq)
    if reason and all(row.reason != reason for row in standing):
        book.hold(lot, HoldRow(lot.key, logged.seq, "stock", "INSUFFICIENT_STOCK_AFTER_CORRECTION", reason, at))


@dataclass(frozen=True, slots=True)
class Capped:
    """A past event whose ruling capped some lots; ``since`` when it reaches only what was drawn from then on."""

    lots: tuple[int, ...]
    since: int | None


def reassess(
    event: told.Reassessed, ruling: Ruling, capped: Mapping[int, Capped], book: Book, logged: Logged
) -> list[Lot]:
    """Lower what past events allow, and all that follows from it; answers the lots whose claims changed."""
    at = told.millis(event.occurred_at)
    touched: set[int] = set()
    for seq in event.events:
        past = capped[seq]
        for key in past.lots:
            lot = book.by_key[key]
            for scheme, cap in sorted(ruling.lowered[str(seq)].items()):
                of = seq if past.since is None else 0
                if not any((row.scheme, row.seq, row.of) == (scheme, logged.seq, of) for row in book.caps[key]):
                    book.cap(lot, logged.seq, scheme, cap, of=of, since=past.since)
            if key not in touched:
                touched.add(key)
                book.lines.append(LineRow(key, logged.seq, "note", 0, event.type, None, at, logged.org_id, lot.site_id))
    return book.reclaim(touched, logged.seq)
