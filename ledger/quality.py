"""What quality control knows of a lot: samples, orders, checks, checklists, and what is still due."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain.picking import Stock, fefo
from domain.profiles import WAITING
from domain.quality import Ordered, Outcome, fate, lifted, ordered_of, outcome_of, passed
from ledger.attachments import Attached, attached_to
from ledger.profiles import profiles
from ledger.queries import find_lot, instant
from models.base import table
from models.db import SystemSession

_CHECK, _ORDER, _SAMPLE = table(models.Check), table(models.TestOrder), table(models.Sample)
_DEVIATION, _LOT = table(models.Deviation), table(models.Lot)
_LABELS, _HANDOVER = table(models.LabelCount), table(models.SampleHandover)
_DOCUMENT = table(models.Document)
_LIST, _EVENT, _ORG = table(models.LotChecklist), table(models.Event), table(models.Organisation)


@dataclass(frozen=True, slots=True)
class TestState:
    """A test that was ordered, and what became of it."""

    __test__ = False

    test: str
    state: Literal["awaited", "passed", "failed"]


@dataclass(frozen=True, slots=True)
class Order:
    """Tests ordered together. ``late``: something is awaited after the day that it was due."""

    at: int
    by: str
    laboratory: str | None
    sample: str | None
    due: str | None
    late: bool
    tests: tuple[TestState, ...]


@dataclass(frozen=True, slots=True)
class CheckMade:
    """A check with its event's id. ``lifted``: it failed, and a retest with its reason found otherwise."""

    event: str
    at: int
    by: str
    stage: str
    verdict: str
    grade: str | None
    retest_of: str | None
    lifted: bool
    lines: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A step of a sample on its way to the tests."""

    at: int
    to: str
    seal: str | None
    broken: bool


@dataclass(frozen=True, slots=True)
class LabelsCounted:
    """Printed labels of the lot, counted."""

    at: int
    by: str
    printed: int
    used: int
    spoiled: int
    put_back: int
    missing: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample of the lot; ``lots``: how many it was drawn of together."""

    code: str
    at: int
    by: str
    bags: int | None
    drawn_from: int | None
    increments: int
    grams: int | None
    seal: str | None
    lots: int
    way: tuple[HandedOver, ...]


@dataclass(frozen=True, slots=True)
class GoneThrough:
    """A checklist of good practice."""

    checklist: str
    at: int
    by: str
    passed: bool
    answers: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Due:
    """What a lot must still show before a step."""

    before: str
    tests: tuple[str, ...]
    checklists: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeviationState:
    """A deviation with its cause and action. ``late``: the action was due and is not verified."""

    deviation: str
    grade: str
    description: str
    raised_at: int
    by: str
    closed_at: int | None
    root_cause: str | None
    action: str | None
    owner: str | None
    due: str | None
    late: bool
    verified_at: int | None
    effective: bool | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Last day of use, certification, and until when the record is kept."""

    expires_on: str | None
    certified_at: int | None
    certified_by: str | None
    keep_until: date | None


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate of analysis of ours. ``own``: the organisation that asks issued it, and can fetch it."""

    number: str
    at: int
    by: str
    language: str
    own: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """Everything of one lot."""

    lot: str
    product: str
    verdict: str  # "pending", "pass", "fail"
    counted: Ordered
    due: tuple[Due, ...]
    orders: tuple[Order, ...]
    checks: tuple[CheckMade, ...]
    samples: tuple[Drawn, ...]
    checklists: tuple[GoneThrough, ...]
    deviations: tuple[DeviationState, ...]
    labels: tuple[LabelsCounted, ...]
    batch: Batch
    attached: tuple[Attached, ...]
    issued: tuple[Issued, ...]


def quality_of(session: SystemSession, org_id: int | None, wanted: str, today: date) -> Quality:
    """What was ordered, found and gone through of a lot (by id or code), and what is due on a day."""
    lot = find_lot(session, org_id, wanted)
    checks = _rows(session, _CHECK, lot.id)
    orders, checklists = _rows(session, _ORDER, lot.id), _rows(session, _LIST, lot.id)
    outcomes = [outcome_of(row.seq, row.verdict, json.loads(row.lines), row.retest_of) for row in checks]
    ordered = [(row.seq, json.loads(row.tests)) for row in orders]
    done = {row.checklist for row in checklists if row.passed}
    return Quality(
        lot.code,
        lot.product,
        lot.qc,
        ordered_of(ordered, outcomes),
        _due(lot.product, outcomes, done, today),
        tuple(_order(row, tests, outcomes, today) for row, (_, tests) in zip(orders, ordered, strict=True)),
        tuple(_check(row, outcome, outcomes, checks) for row, outcome in zip(checks, outcomes, strict=True)),
        tuple(_samples(session, lot.id)),
        tuple(
            GoneThrough(row.checklist, row.checked_at, row.by, bool(row.passed), tuple(json.loads(row.answers)))
            for row in checklists
        ),
        tuple(_deviation(row, today) for row in _rows(session, _DEVIATION, lot.id)),
        tuple(_counted(row) for row in _rows(session, _LABELS, lot.id)),
        _batch(session, lot, today),
        attached_to(session, lot.id),
        tuple(
            Issued(row.number, row.issued_at, row.by, row.language, org_id in (None, row.org_id))
            for row in _rows(session, _DOCUMENT, lot.id)
            if row.kind == "certificate_of_analysis"
        ),
    )


def picks(
    session: SystemSession, org_id: int | None, product: str, wanted_g: int, today: date
) -> tuple[list[tuple[str, int]], int]:
    """Which lots of one's own leave first for so many grams of a product, and what is missing (FEFO)."""
    query = select(_LOT).where(
        _LOT.c.product == product,
        _LOT.c.disposition == "available",
        _LOT.c.qc == "pass",
        _LOT.c.transfer_seq.is_(None),
        _LOT.c.remaining_g > 0,
        sa.or_(_LOT.c.expires_on.is_(None), _LOT.c.expires_on >= today.isoformat()),
    )
    if org_id is not None:
        query = query.where(_LOT.c.owner_id == org_id)
    commodity, _ = profiles().product(product)
    released = commodity.release_of(product, today) is None
    rows = [row for row in session.execute(query) if released or row.certified_seq is not None]
    return fefo([Stock(row.code, row.remaining_g, row.expires_on) for row in rows], wanted_g)


def _rows(session: SystemSession, of: Any, key: int) -> list[Any]:
    """Rows of a lot in the order told, with the id of the event and the organisation that told it."""
    query = (
        select(of, _EVENT.c.id.label("event"), _ORG.c.name.label("by"))
        .join(_EVENT, _EVENT.c.seq == of.c.seq)
        .join(_ORG, _ORG.c.id == of.c.org_id)
        .where(of.c.lot_id == key)
        .order_by(of.c.seq)
    )
    return list(session.execute(query))


def _due(product: str, outcomes: list[Outcome], done: set[str], today: date) -> tuple[Due, ...]:
    commodity, _ = profiles().product(product)
    found = passed(outcomes)
    answer = []
    for step in WAITING:
        tests = [
            test for item in commodity.due_before(step, product, today) for test in item.tests if test not in found
        ]
        lists = [item.code for item in commodity.checklists_before(step, product, today) if item.code not in done]
        if tests or lists:
            answer.append(Due(step, tuple(tests), tuple(lists)))
    return tuple(answer)


def _order(row: Any, tests: list[str], outcomes: list[Outcome], today: date) -> Order:
    states = tuple(TestState(test, fate(row.seq, test, outcomes)) for test in tests)
    late = row.due is not None and row.due < today.isoformat() and any(item.state == "awaited" for item in states)
    return Order(row.ordered_at, row.by, row.laboratory, row.sample, row.due, late, states)


def _check(row: Any, outcome: Outcome, outcomes: list[Outcome], checks: list[Any]) -> CheckMade:
    repeated = next((other.event for other in checks if other.seq == row.retest_of), None)
    is_lifted = bool(outcome.failed) and lifted(outcome, outcomes)
    lines = tuple(json.loads(row.lines))
    return CheckMade(row.event, row.checked_at, row.by, row.stage, row.verdict, row.grade, repeated, is_lifted, lines)


def _deviation(row: Any, today: date) -> DeviationState:
    late = row.due is not None and row.due < today.isoformat() and row.verified_at is None
    return DeviationState(
        row.uid,
        row.grade,
        row.description,
        row.raised_at,
        row.by,
        row.closed_at,
        row.root_cause,
        row.action,
        row.owner,
        row.due,
        late,
        row.verified_at,
        None if row.effective is None else bool(row.effective),
        row.evidence,
    )


def _batch(session: SystemSession, lot: Any, today: date) -> Batch:
    certified = None
    if lot.certified_seq is not None:
        query = select(_EVENT.c.occurred_at, _ORG.c.name).join(_ORG, _ORG.c.id == _EVENT.c.org_id)
        certified = session.execute(query.where(_EVENT.c.seq == lot.certified_seq)).one()
    commodity, _ = profiles().product(lot.product)
    release = commodity.release_of(lot.product, today)
    until = None
    if release is not None:
        expires = date.fromisoformat(lot.expires_on) if lot.expires_on is not None else None
        until = release.keep_until(expires, instant(certified.occurred_at).date() if certified is not None else None)
    return Batch(
        lot.expires_on,
        certified.occurred_at if certified is not None else None,
        certified.name if certified is not None else None,
        until,
    )


def _counted(row: Any) -> LabelsCounted:
    missing = row.printed - row.used - row.spoiled - row.put_back
    return LabelsCounted(row.counted_at, row.by, row.printed, row.used, row.spoiled, row.put_back, missing)


def _way(session: SystemSession, org_id: int, code: str) -> tuple[HandedOver, ...]:
    query = select(_HANDOVER).where(_HANDOVER.c.org_id == org_id, _HANDOVER.c.code == code).order_by(_HANDOVER.c.seq)
    return tuple(HandedOver(row.handed_at, row.to, row.seal, bool(row.broken)) for row in session.execute(query))


def _samples(session: SystemSession, key: int) -> list[Drawn]:
    rows = _rows(session, _SAMPLE, key)
    count = sa.func.count()
    query = select(_SAMPLE.c.seq, count).where(_SAMPLE.c.seq.in_([row.seq for row in rows])).group_by(_SAMPLE.c.seq)
    lots = {row[0]: row[1] for row in session.execute(query)}
    return [
        Drawn(
            row.code,
            row.sampled_at,
            row.by,
            row.bags,
            row.drawn_from,
            row.increments,
            row.grams,
            row.seal,
            lots[row.seq],
            _way(session, row.org_id, row.code),
        )
        for row in rows
    ]
