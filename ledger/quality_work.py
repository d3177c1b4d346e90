"""What waits for somebody in quality control: lots on hold, tests awaited, deviations and their actions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Select, select

import models
from domain.quality import Outcome, fate, outcome_of
from ledger.queries import chunks
from models.base import table
from models.db import SystemSession

Kind: TypeAlias = Literal["hold", "tests", "deviation", "action"]

HOLDS: Final = ("hold", "quality", "reject")
"""Holds that quality control looks at: one's own, and those of results. Claims and stock have lists of their own."""

_LOT, _HOLD, _ORDER = table(models.Lot), table(models.Hold), table(models.TestOrder)
_CHECK, _DEVIATION = table(models.Check), table(models.Deviation)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing to do. ``about``: the code of a hold, the tests awaited, a deviation, or its corrective action.

    ``deviation``: its id. ``since``: UTC milliseconds. ``late``: it was due before the day asked for.
    """

    kind: Kind
    lot: str
    lot_code: str
    product: str
    since: int
    about: str
    reason: str | None = None
    grade: str | None = None
    owner: str | None = None
    due: str | None = None
    late: bool = False
    deviation: str | None = None


def waiting(session: SystemSession, org_id: int | None, today: date) -> list[Waiting]:
    """What waits at the lots that an organisation owns or holds (none: at all lots): late first, then by age."""
    found = [*_holds(session, org_id), *_tests(session, org_id, today), *_deviations(session, org_id, today)]
    return sorted(found, key=lambda item: (not item.late, item.due or "9", item.since, item.lot_code))


def _of(org_id: int | None, query: Select[Any]) -> Select[Any]:
    """Of lots that are there, and that the organisation owns or holds."""
    query = query.where(_LOT.c.disposition != "void")
    return query if org_id is None else query.where(sa.or_(_LOT.c.owner_id == org_id, _LOT.c.holder_id == org_id))


def _holds(session: SystemSession, org_id: int | None) -> Iterator[Waiting]:
    query = (
        select(_HOLD.c.code.label("why"), _HOLD.c.reason, _HOLD.c.since, _LOT.c.uid, _LOT.c.code, _LOT.c.product)
        .join(_LOT, _LOT.c.id == _HOLD.c.lot_id)
        .where(_HOLD.c.ended_seq.is_(None), _HOLD.c.kind.in_(HOLDS), _LOT.c.remaining_g > 0)
    )
    for row in session.execute(_of(org_id, query)):
        yield Waiting("hold", row.uid, row.code, row.product, row.since, row.why, row.reason)


def _tests(session: SystemSession, org_id: int | None, today: date) -> Iterator[Waiting]:
    query = (
        select(_ORDER, _LOT.c.uid, _LOT.c.code, _LOT.c.product)
        .join(_LOT, _LOT.c.id == _ORDER.c.lot_id)
        .where(_LOT.c.qc != "pass")
        .order_by(_ORDER.c.seq)
    )
    orders = session.execute(_of(org_id, query)).all()
    outcomes = _outcomes(session, {row.lot_id for row in orders})
    for row in orders:
        tests = [test for test in json.loads(row.tests) if fate(row.seq, test, outcomes[row.lot_id]) == "awaited"]
        if tests:
            late = row.due is not None and row.due < today.isoformat()
            said: dict[str, Any] = {"reason": row.laboratory, "due": row.due, "late": late}
            yield Waiting("tests", row.uid, row.code, row.product, row.ordered_at, ", ".join(tests), **said)


def _outcomes(session: SystemSession, lots: set[int]) -> dict[int, list[Outcome]]:
    answer: dict[int, list[Outcome]] = defaultdict(list)
    for chunk in chunks(lots):
        for row in session.execute(select(_CHECK).where(_CHECK.c.lot_id.in_(chunk)).order_by(_CHECK.c.seq)):
            answer[row.lot_id].append(outcome_of(row.seq, row.verdict, json.loads(row.lines), row.retest_of))
    return answer


def _deviations(session: SystemSession, org_id: int | None, today: date) -> Iterator[Waiting]:
    """Open ones, and closed ones of whose action nobody has said yet whether it had its effect."""
    query = (
        select(_DEVIATION, _LOT.c.uid.label("lot"), _LOT.c.code, _LOT.c.product)
        .join(_LOT, _LOT.c.id == _DEVIATION.c.lot_id)
        .where(sa.or_(_DEVIATION.c.closed_at.is_(None), _DEVIATION.c.verified_at.is_(None)))
    )
    for row in session.execute(_of(org_id, query)):
        late = row.due is not None and row.due < today.isoformat()
        said: dict[str, Any] = {
            "grade": row.grade,
            "owner": row.owner,
            "due": row.due,
            "late": late,
            "deviation": row.uid,
        }
        if row.closed_at is None:
            yield Waiting("deviation", row.lot, row.code, row.product, row.raised_at, row.description, **said)
        elif row.action is not None:
            yield Waiting("action", row.lot, row.code, row.product, row.closed_at, row.action, row.root_cause, **said)
