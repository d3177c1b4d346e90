"""The book into rows: one statement a table, in the transaction of the events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam

import models
from domain.book import Book
from domain.units import ranges_of
from domain.values import Lot
from models.base import table
from models.db import SystemSession


class Overtaken(RuntimeError):
    """Another writer changed a lot between reading and writing; the transaction is tried again."""


LOT_STATE = (
    "code", "product", "owner_id", "holder_id", "site_id", "made_at", "initial_g", "remaining_g", "deficit_g", "sealed",
    "disposition", "qc", "grade", "moisture_bp", "farmer", "plot", "harvested_on", "units", "unit_code", "transfer_seq",
    "expires_on", "certified_seq",
)  # fmt: skip


UNIT_STATE = (
    "state", "state_seq", "state_at", "state_org", "label_seq", "labelled_by", "labelled_at", "prints", "applied_at",
    "weighed_g", "shipped_at", "received_at", "opened_at", "returned_at", "opening_prints",
)  # fmt: skip


_LOT = table(models.Lot)
_UPDATE_LOT = (
    sa.update(_LOT)
    .where(_LOT.c.id == bindparam("key"), _LOT.c.remaining_g == bindparam("was"))
    .values({name: bindparam(f"new_{name}") for name in LOT_STATE})
)


def flush(session: SystemSession, book: Book, was: dict[int, int]) -> set[int]:
    """Write everything that waits in the book; answers the lots that were there before and changed, or were labelled.

    ``was`` holds the remaining grams of each lot as it was read; a lot is written only if that still stands.
    """
    fresh = {lot.key for lot in book.new_lots}
    ended = {id(row) for row in book.ended_caps}
    affected = (set(book.changed) | set(book.reclaimed)) - fresh | {label.lot for label in book.new_labels}
    _take_back(session, book)
    _insert(session, models.Lot, [_lot_row(lot) for lot in book.new_lots])
    _update_lots(session, [lot for key, lot in sorted(book.changed.items()) if key not in fresh], was)
    _parties(session, book, fresh)
    _insert(
        session,
        models.Line,
        [
            {
                "lot_id": row.lot,
                "seq": row.seq,
                "kind": row.kind,
                "grams": row.grams,
                "type": row.type,
                "process": row.process,
                "occurred_at": row.occurred_at,
                "org_id": row.org_id,
                "site_id": row.site_id,
            }
            for row in book.lines
        ],
    )
    _claims(session, book, fresh)
    _uncap(session, book)
    _insert(
        session,
        models.LotCap,
        [
            {
                "lot_id": row.lot,
                "scheme": row.scheme,
                "seq": row.seq,
                "of_seq": row.of,
                "value": row.value,
                "reasons": dumps([reason.to_dict() for reason in row.reasons]),
                "since": row.since,
            }
            for row in book.new_caps
            if id(row) not in ended
        ],
    )
    _holds(session, book)
    _quality(session, book)
    _vessels(session, book)
    _custody(session, book)
    _issued(session, book)
    _insert(session, models.Voided, [{"org_id": org, "seq": seq, "by_seq": by} for org, seq, by in book.voided])
    _forget(book, was)
    return affected


def dumps(value: Any) -> str:
    """JSON text with sorted keys: the same on both databases."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _insert(session: SystemSession, model: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        session.connection().execute(sa.insert(table(model)), rows)


def _lot_row(lot: Lot) -> dict[str, Any]:
    row = {name: getattr(lot, name) for name in LOT_STATE}
    return row | {"org_id": lot.org_id, "id": lot.key, "uid": lot.uid, "kind": lot.kind}


def _update_lots(session: SystemSession, lots: Sequence[Lot], was: dict[int, int]) -> None:
    if not lots:
        return
    rows = [
        {"key": lot.key, "was": was[lot.key], **{f"new_{name}": getattr(lot, name) for name in LOT_STATE}}
        for lot in lots
    ]
    result = session.connection().execute(_UPDATE_LOT, rows)
    if result.rowcount != len(rows):
        message = f"{len(rows) - result.rowcount} of {len(rows)} lots changed meanwhile"
        raise Overtaken(message)


TAKEN_BACK = (
    models.Check,
    models.Unit,
    models.Cleaning,
    models.Sample,
    models.SampleHandover,
    models.TestOrder,
    models.LotChecklist,
    models.SiteChecklist,
    models.LabelCount,
    models.LabelRegister,
    models.AttachedDocument,
)
"""Beside lines and caps: rows that go when their event is taken back."""


def _take_back(session: SystemSession, book: Book) -> None:
    for model in (models.Line, *TAKEN_BACK):
        if book.dropped:
            rows = table(model)
            session.connection().execute(sa.delete(rows).where(rows.c.seq.in_(sorted(book.dropped))))


def _parties(session: SystemSession, book: Book, fresh: set[int]) -> None:
    party = table(models.LotParty)
    new: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    for (key, org_id), upstream in sorted(book.new_parties.items()):
        row = {"lot_id": key, "org_id": org_id, "upstream": upstream}
        (new if key in fresh else known).append(row)
    _insert(session, models.LotParty, new)
    for row in known:
        same = sa.and_(party.c.lot_id == row["lot_id"], party.c.org_id == row["org_id"])
        updated = session.connection().execute(
            sa.update(party).where(same).values(upstream=sa.or_(party.c.upstream, sa.literal(row["upstream"])))
        )
        if not updated.rowcount:
            _insert(session, models.LotParty, [row])


def _claims(session: SystemSession, book: Book, fresh: set[int]) -> None:
    claim = table(models.LotClaim)
    old = sorted(set(book.reclaimed) - fresh)
    if old:
        session.connection().execute(sa.delete(claim).where(claim.c.lot_id.in_(old)))
    rows = [
        {"lot_id": key, "scheme": scheme, "value": value}
        for key, lot in book.reclaimed.items()
        for scheme, value in sorted(lot.claims.items())
    ]
    _insert(session, models.LotClaim, rows)


def _uncap(session: SystemSession, book: Book) -> None:
    cap = table(models.LotCap)
    new = {id(row) for row in book.new_caps}
    for row in book.ended_caps:
        if id(row) not in new:
            own = sa.and_(cap.c.lot_id == row.lot, cap.c.scheme == row.scheme, cap.c.seq == row.seq)
            session.connection().execute(sa.delete(cap).where(own, cap.c.of_seq == row.of))


def _holds(session: SystemSession, book: Book) -> None:
    hold = table(models.Hold)
    _insert(
        session,
        models.Hold,
        [
            {
                "lot_id": row.lot,
                "seq": row.seq,
                "kind": row.kind,
                "code": row.code,
                "reason": row.reason,
                "since": row.since,
                "ended_seq": row.ended_seq,
            }
            for row in book.new_holds
        ],
    )
    new = {id(row) for row in book.new_holds}
    for row in book.ended_holds:
        if id(row) not in new:
            same = sa.and_(hold.c.lot_id == row.lot, hold.c.seq == row.seq, hold.c.kind == row.kind)
            session.connection().execute(sa.update(hold).where(same).values(ended_seq=row.ended_seq))


def _quality(session: SystemSession, book: Book) -> None:
    _insert(
        session,
        models.Check,
        [
            {
                "lot_id": row.lot,
                "seq": row.seq,
                "org_id": row.org_id,
                "checked_at": row.checked_at,
                "stage": row.stage,
                "verdict": row.verdict,
                "grade": row.grade,
                "retest_of": row.retest_of,
                "lines": dumps(list(row.lines)),
            }
            for row in book.new_checks
        ],
    )
    _insert(session, models.Sample, [_renamed(asdict(row)) for row in book.new_samples])
    _insert(session, models.SampleHandover, [asdict(row) for row in book.new_handovers])
    _insert(session, models.LabelCount, [_renamed(asdict(row)) for row in book.new_label_counts])
    _insert(
        session,
        models.SiteChecklist,
        [
            asdict(row) | {"failed": dumps(list(row.failed)), "answers": dumps(list(row.answers))}
            for row in book.site_checklists
        ],
    )
    _insert(
        session,
        models.TestOrder,
        [_renamed(asdict(row)) | {"tests": dumps(list(row.tests))} for row in book.new_orders],
    )
    _insert(session, models.Deviation, [_renamed(asdict(row)) for row in book.new_deviations])
    deviation, new = table(models.Deviation), {row.uid for row in book.new_deviations}
    for uid, row in sorted(book.changed_deviations.items()):
        if uid not in new:
            said = {name: value for name, value in asdict(row).items() if name not in ("lot", "seq", "uid")}
            session.connection().execute(
                sa.update(deviation).where(deviation.c.lot_id == row.lot, deviation.c.seq == row.seq).values(**said)
            )
    _insert(
        session,
        models.LotChecklist,
        [_renamed(asdict(row)) | {"answers": dumps(list(row.answers))} for row in book.new_checklists],
    )
    _insert(session, models.Reading, [_renamed(asdict(row)) for row in book.readings])
    _units(session, book)


def _units(session: SystemSession, book: Book) -> None:
    """New units, and those that changed: one statement for neighbours that changed alike."""
    new = {(row.lot, row.number) for row in book.units}
    _insert(session, models.Unit, [_renamed(asdict(row)) for row in book.units])
    unit = table(models.Unit)
    alike: dict[tuple[Any, ...], list[int]] = {}
    for key, row in book.changed_units.items():
        if key not in new:
            alike.setdefault((row.lot, *(getattr(row, name) for name in UNIT_STATE)), []).append(row.number)
    for (lot, *values), numbers in alike.items():
        for first, last in ranges_of(numbers):
            same = sa.and_(unit.c.lot_id == lot, unit.c.number.between(first, last))
            session.connection().execute(sa.update(unit).where(same).values(dict(zip(UNIT_STATE, values, strict=True))))
    _insert(
        session,
        models.LabelRegister,
        [_renamed(asdict(row)) | {"units": dumps([list(span) for span in row.units])} for row in book.label_register],
    )


def _vessels(session: SystemSession, book: Book) -> None:
    load = table(models.Load)
    new = {row.seq for row in book.new_loads}
    _insert(
        session,
        models.Load,
        [
            {
                "org_id": row.org_id,
                "seq": row.seq,
                "uid": row.uid,
                "vessel_id": row.vessel_id,
                "site_id": row.site_id,
                "grams": sum(row.contents.values()),
                "started_at": row.started_at,
                "ended_at": row.ended_at,
                "ended_seq": book.ended_loads.get(row.seq, (None, None))[1],
            }
            for row in book.new_loads
        ],
    )
    _insert(
        session,
        models.LoadItem,
        [
            {"lot_id": key, "load_seq": row.seq, "grams": grams}
            for row in book.new_loads
            for key, grams in row.contents.items()
        ],
    )
    ended = [{"load": seq, "at": at, "by": by} for seq, (at, by) in sorted(book.ended_loads.items()) if seq not in new]
    if ended:
        update = sa.update(load).where(load.c.seq == bindparam("load"))
        session.connection().execute(update.values(ended_at=bindparam("at"), ended_seq=bindparam("by")), ended)


def _custody(session: SystemSession, book: Book) -> None:
    transfer = table(models.Transfer)
    answers = {item.seq: (item, at) for item, at in book.answered_transfers}
    new = {item.seq for item, _ in book.new_transfers}
    _insert(
        session,
        models.Transfer,
        [
            {
                "org_id": item.org_id,
                "seq": item.seq,
                "id": item.id,
                "to_org_id": item.to_org_id,
                "ownership": item.ownership,
                "upstream": item.upstream,
                "state": item.state,
                "offered_at": at,
                "answered_at": answers[item.seq][1] if item.seq in answers else None,
                "items": dumps([{"lot": uid, "grams": grams} for uid, grams in item.lots]),
            }
            for item, at in book.new_transfers
        ],
    )
    for seq, (item, at) in sorted(answers.items()):
        if seq not in new:
            session.connection().execute(
                sa.update(transfer).where(transfer.c.seq == seq).values(state=item.state, answered_at=at)
            )


def _issued(session: SystemSession, book: Book) -> None:
    label = table(models.Label)
    new = {row.code for row in book.new_labels}
    _insert(
        session,
        models.Label,
        [
            _renamed(asdict(row)) | {"claims": dumps(row.claims), "declares": dumps(list(row.declares))}
            for row in book.new_labels
        ],
    )
    for code, row in sorted(book.changed_labels.items()):
        if code not in new:
            session.connection().execute(
                sa.update(label)
                .where(label.c.code == code)
                .values(state=row.state, reason=row.reason, superseded_by=row.superseded_by, ended_at=row.ended_at)
            )
    _documents(session, book)
    _insert(
        session,
        models.AttachedDocument,
        [_renamed(asdict(row)) | {"checks": dumps(list(row.checks))} for row in book.attached],
    )
    _insert(session, models.Cleaning, [asdict(row) for row in book.cleanings])
    paper = table(models.Consignment)
    _insert(session, models.Consignment, [_renamed(asdict(row)) for row in book.new_consignments])
    fresh = {id(row) for row in book.new_consignments}
    for ended in book.ended_consignments:
        if id(ended) not in fresh:
            same = sa.and_(paper.c.lot_id == ended.lot, paper.c.seq == ended.seq)
            session.connection().execute(
                sa.update(paper).where(same).values(state=ended.state, ended_seq=ended.ended_seq)
            )


def _documents(session: SystemSession, book: Book) -> None:
    document = table(models.Document)
    _insert(session, models.Document, [_renamed(asdict(row)) for row in book.documents])
    fresh = {id(row) for row in book.documents}
    for row in book.changed_documents.values():
        if id(row) not in fresh:
            same = sa.and_(document.c.org_id == row.org_id, document.c.seq == row.seq)
            said = {name: getattr(row, name) for name in ("state", "reason", "superseded_by", "ended_at")}
            session.connection().execute(sa.update(document).where(same).values(**said))


def _renamed(row: dict[str, Any]) -> dict[str, Any]:
    row["lot_id"] = row.pop("lot")
    return row


def _forget(book: Book, was: dict[int, int]) -> None:
    """What was written no longer waits; the lots stay, with what they hold now."""
    for lot in book.new_lots:
        was[lot.key] = lot.remaining_g
    for key, lot in book.changed.items():
        was[key] = lot.remaining_g
    pending: Iterable[Any] = (
        book.new_lots, book.changed, book.lines, book.new_caps, book.new_holds, book.ended_holds,
        book.new_checks, book.new_samples, book.new_orders, book.new_checklists,
        book.new_handovers, book.new_label_counts, book.site_checklists,
        book.new_deviations, book.changed_deviations,
        book.readings, book.units, book.changed_units, book.label_register,
        book.new_loads, book.ended_loads, book.new_transfers, book.answered_transfers,
        book.new_parties, book.reclaimed, book.new_labels, book.changed_labels, book.documents, book.changed_documents,
        book.voided,
        book.attached, book.dropped, book.ended_caps, book.cleanings, book.new_consignments, book.ended_consignments,
    )  # fmt: skip
    for waiting in pending:
        waiting.clear()
