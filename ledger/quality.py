"""What quality control knows of a lot: samples, orders, checks, checklists, and what is still due."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain.profiles import WAITING
from domain.quality import Ordered, Outcome, fate, lifted, ordered_of, outcome_of, passed
from ledger.profiles import profiles
from ledger.queries import find_lot
from models.base import table
from models.db import SystemSession

_CHECK, _ORDER, _SAMPLE = table(models.Check), table(models.TestOrder), table(models.Sample)
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
    )


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
        )
        for row in rows
    ]
