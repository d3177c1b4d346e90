"""The facts of a certificate of analysis, from the rows as they stand: what ``domain.analysis`` says, filled in."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

import models
from domain import events as told
from domain.analysis import (
    Analysis,
    Check,
    DueTests,
    Names,
    OrderedTest,
    SampleDrawn,
    TestLine,
    standing_of,
    verdict_of,
)
from domain.profiles import Commodity
from domain.quality import lifted_by, outcome_of
from domain.refusals import Refused
from ledger.passport import public_url
from ledger.profiles import profiles
from ledger.quality import Quality, quality_of
from ledger.queries import find_lot, instant
from models.base import table
from models.db import SystemSession

_CHECK, _EVENT, _LABEL = table(models.Check), table(models.Event), table(models.Label)
_ORG = table(models.Organisation)


@dataclass(frozen=True, slots=True)
class _Tested:
    """A lot's product, by whose profile tests are named and limits have a source."""

    commodity: Commodity
    product: str

    def name(self, test: str) -> Names | None:
        """What the profile calls a test; none where it has no name for it."""
        found = next((dict(item.name) for item in self.commodity.specifications if item.test == test), None)
        classes = (item for grading in self.commodity.gradings for item in grading.classes)
        return found or next((dict(item.name) for item in classes if item.code == test), None)

    def source(self, line: dict[str, Any], stage: str, on: date) -> tuple[str, date] | None:
        """Where the limit of a line is written, and since when that is in force."""
        if line["limit"] is None:
            return None
        if line.get("of") is not None:
            grading = self.commodity.grading_at(on)
            return (grading.source, grading.valid_from) if grading is not None else None
        limit = self.commodity.specification(line["test"], stage, on, self.product)
        return (limit.source, limit.valid_from) if limit is not None else None

    def line(self, line: dict[str, Any], stage: str, on: date) -> TestLine:
        source = self.source(line, stage, on)
        return TestLine(
            line["test"],
            self.name(line["test"]),
            line["value"],
            line["unit"],
            line["limit"],
            verdict_of(line),
            bool(line.get("below")),
            line.get("uncertainty"),
            line.get("method"),
            line.get("count"),
            line.get("of"),
            source[0] if source is not None else None,
            source[1] if source is not None else None,
        )


def analysis_of(session: SystemSession, host: str, org_id: int, wanted: str, now: int) -> Analysis:
    """What is known of a lot (by id or code) at an instant, said by one of its parties.

    Refuses with LOT_UNKNOWN, and with NOTHING_ANALYSED where nothing was ever measured.
    """
    lot = find_lot(session, org_id, wanted)
    today = instant(now).date()
    known = quality_of(session, org_id, lot.uid, today)
    if not known.checks:
        raise Refused("NOTHING_ANALYSED", lot=lot.code)
    commodity, product = profiles().product(lot.product)
    tested = _Tested(commodity, lot.product)
    names = dict(session.execute(select(_ORG.c.id, _ORG.c.name).where(_ORG.c.id.in_([lot.owner_id, org_id]))).all())
    label = session.execute(
        select(_LABEL.c.code).where(_LABEL.c.lot_id == lot.id, _LABEL.c.state == "issued").order_by(_LABEL.c.seq.desc())
    ).scalar()
    due = tuple(
        DueTests(item.before, tuple((test, tested.name(test)) for test in item.tests))
        for item in known.due
        if item.tests
    )
    return Analysis(
        lot=lot.uid,
        lot_code=lot.code,
        product=dict(product.name),
        net_g=lot.initial_g,
        made_on=instant(lot.made_at).date(),
        expires_on=date.fromisoformat(lot.expires_on) if lot.expires_on is not None else None,
        owner=names[lot.owner_id],
        issuer=names[org_id],
        disposition=lot.disposition,
        standing=standing_of(known.verdict, due),
        counted=known.counted,
        checks=_checks(session, lot.id, known, tested),
        samples=tuple(
            SampleDrawn(
                item.code,
                instant(item.at),
                item.by,
                item.bags,
                item.drawn_from,
                item.increments,
                item.grams,
                item.seal,
                item.lots,
            )
            for item in known.samples
        ),
        ordered=_ordered(known, tested),
        due=due,
        url=public_url(host, label) if label is not None else None,
        label=label,
    )


def _checks(session: SystemSession, key: int, known: Quality, tested: _Tested) -> tuple[Check, ...]:
    """Every check of the lot, numbered as told; what failed says which retest lifted it."""
    rows = session.execute(select(_CHECK).where(_CHECK.c.lot_id == key).order_by(_CHECK.c.seq)).all()
    outcomes = [outcome_of(row.seq, row.verdict, json.loads(row.lines), row.retest_of) for row in rows]
    number = {row.seq: position for position, row in enumerate(rows, start=1)}
    events = _inspections(session, list(number))
    answer = []
    for row, made, outcome in zip(rows, known.checks, outcomes, strict=True):
        event, at = events[row.seq], instant(row.checked_at)
        lifting = lifted_by(outcome, outcomes) if outcome.failed else None
        answer.append(
            Check(
                number[row.seq],
                made.event,
                at,
                made.by,
                row.stage,
                row.verdict,
                row.grade,
                event.sample,
                event.laboratory,
                event.accreditation,
                _number_of(row.retest_of, number),
                event.reason,
                number[lifting.seq] if lifting is not None else None,
                tuple(tested.line(line, row.stage, at.date()) for line in made.lines),
            )
        )
    return tuple(answer)


def _number_of(seq: int | None, number: dict[int, int]) -> int | None:
    return number.get(seq) if seq is not None else None


def _inspections(session: SystemSession, seqs: Collection[int]) -> dict[int, told.Inspected]:
    """The checks as they were told, by number of the log; a correction counts as what it put in place."""
    found = {}
    for row in session.execute(select(_EVENT.c.seq, _EVENT.c.body).where(_EVENT.c.seq.in_(seqs))):
        event = told.parse(row.body)
        if isinstance(event, told.Corrected):
            event = event.instead  # type: ignore[assignment]  # a check stands only where something is in its place
        assert isinstance(event, told.Inspected)
        found[row.seq] = event
    return found


def _ordered(known: Quality, tested: _Tested) -> tuple[OrderedTest, ...]:
    return tuple(
        OrderedTest(
            item.test,
            tested.name(item.test),
            item.state,
            instant(order.at),
            order.laboratory,
            date.fromisoformat(order.due) if order.due is not None else None,
            order.late and item.state == "awaited",
        )
        for order in known.orders
        for item in order.tests
    )
