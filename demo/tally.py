"""Sums over the ledger's rows that the totals of several clusters ask for."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

import models
from models.base import table
from models.db import SystemSession

LOT, LINE, CLAIM = table(models.Lot), table(models.Line), table(models.LotClaim)
HOLD = table(models.Hold)
PARTY, FARMER, PERSON = table(models.Organisation), table(models.Farmer), table(models.Person)
MEMBERSHIP = table(models.Membership)
CHECK, LOAD, HOLD = table(models.Check), table(models.Load), table(models.Hold)

DELIVERED = sa.and_(LOT.c.kind == "delivery", LOT.c.disposition != "void")


def count(session: SystemSession, query: Any) -> int:
    """How many rows a query answers."""
    return int(session.execute(select(sa.func.count()).select_from(query.subquery())).scalar_one())


def total(session: SystemSession, column: Any, *where: Any) -> int:
    """The sum of a column, 0 where there is no row."""
    return int(session.execute(select(sa.func.coalesce(sa.func.sum(column), 0)).where(*where)).scalar_one())


def parties(session: SystemSession, *kinds: str) -> int:
    """Organisations of some kinds."""
    return count(session, select(PARTY.c.id).where(PARTY.c.kind.in_(kinds)))


def women(session: SystemSession) -> int:
    """Farmers who are women."""
    return count(session, select(PERSON.c.farmer_id).where(PERSON.c.sex == "F"))


def deliveries(session: SystemSession) -> int:
    """Deliveries that stand."""
    return count(session, select(LOT.c.id).where(DELIVERED))


def delivered_g(session: SystemSession, *where: Any) -> int:
    """Grams brought, of the deliveries that stand and meet the conditions."""
    return total(session, LOT.c.initial_g, DELIVERED, *where)


def into_g(session: SystemSession, process: str, *where: Any) -> int:
    """Grams that a process took."""
    return _moved(session, process, "out", *where)


def out_of_g(session: SystemSession, process: str, *where: Any) -> int:
    """Grams that a process gave."""
    return _moved(session, process, "in", *where)


def _moved(session: SystemSession, process: str, kind: str, *where: Any) -> int:
    return total(
        session, LINE.c.grams, LINE.c.type == "transformed", LINE.c.process == process, LINE.c.kind == kind, *where
    )


def runs(session: SystemSession, process: str) -> int:
    """How often a process ran."""
    return count(session, select(LINE.c.seq).where(LINE.c.type == "transformed", LINE.c.process == process).distinct())


def taken_by_run(session: SystemSession, process: str) -> dict[int, int]:
    """Event number of each run of a process -> grams that it took."""
    return _by_run(session, process, "out")


def given_by_run(session: SystemSession, process: str) -> dict[int, int]:
    """Event number of each run of a process -> grams that it gave."""
    return _by_run(session, process, "in")


def _by_run(session: SystemSession, process: str, kind: str) -> dict[int, int]:
    query = (
        select(LINE.c.seq, sa.func.sum(LINE.c.grams))
        .where(LINE.c.type == "transformed", LINE.c.process == process, LINE.c.kind == kind)
        .group_by(LINE.c.seq)
    )
    return {seq: int(grams) for seq, grams in session.execute(query)}


def made_by(process: str) -> Any:
    """The lots that a process made."""
    made = select(LINE.c.lot_id).where(LINE.c.type == "transformed", LINE.c.process == process, LINE.c.kind == "in")
    return LOT.c.id.in_(made)


def carrying(column: Any, scheme: str, value: str) -> Any:
    """The lots of a column that carry a value under a scheme."""
    return column.in_(select(CLAIM.c.lot_id).where(CLAIM.c.scheme == scheme, CLAIM.c.value == value))


def failed(session: SystemSession, *tests: str) -> int:
    """Lots with a check in which one of some tests (none named: any) was not met."""
    lots = set()
    for lot, lines in session.execute(select(CHECK.c.lot_id, CHECK.c.lines).where(CHECK.c.verdict == "fail")):
        if any(line["passed"] is False and (not tests or line["test"] in tests) for line in json.loads(lines)):
            lots.add(lot)
    return len(lots)
