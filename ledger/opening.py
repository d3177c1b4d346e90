"""A unit is opened: whoever has the code under its tear-off says so on its page, once, without an account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain import events as told
from domain.clones import DAY
from domain.units import OPENED_BY_CODE, OPENING_TRIES, labelled, opens
from domain.values import Actor
from ledger.ids import uuid7
from ledger.record import Recorder, record
from models.base import table
from models.db import SystemSession, system_session

Answer = Literal["opened", "wrong", "locked", "unknown"]

_CODE, _UNIT, _RUN = table(models.UnitCode), table(models.Unit), table(models.LabelRun)
_LOT, _ORG, _TRY = table(models.Lot), table(models.Organisation), table(models.OpeningTry)


def open_unit(recorder: Recorder, code: str, typed: str) -> Answer:
    """Say that a unit was opened, by the code under its tear-off.

    A wrong code counts, and after five of them no code is taken until the next day (UTC). What was opened before stays
    so. The event is told in the organisation that owns the lot, by ``OPENED_BY_CODE``.
    """
    with system_session(recorder.database, write=True) as session:
        row = _found(session, code)
        if row is None:
            return "unknown"
        if row.state == "opened":
            return "opened"
        if not _one_more(session, code, row.lot_id, recorder.clock() // DAY):
            return "locked"
    if not opens(row.opening_seed, row.number, typed):
        return "wrong"
    actor = Actor(row.owner_id, row.owner, OPENED_BY_CODE)
    now = recorder.clock()
    event = told.UnitsOpened(
        id=uuid7(now, recorder.entropy),
        occurred_at=datetime.fromtimestamp(now / 1000, UTC),
        lot=row.uid,
        units=(told.UnitRange(first=row.number, last=row.number),),
    )
    (answer,) = record(recorder, actor, [event])
    if answer.refused is not None:  # opened, or void, by somebody else at this moment
        with system_session(recorder.database, write=False) as session:
            again = _found(session, code)
        return "opened" if again is not None and again.state == "opened" else "unknown"
    return "opened"


def _found(session: SystemSession, code: str) -> Any:
    """The unit behind a label that counts."""
    row = session.execute(
        select(
            _CODE.c.lot_id,
            _CODE.c.number,
            _CODE.c.run,
            _UNIT.c.state,
            _UNIT.c.label_seq,
            _RUN.c.opening_seed,
            _LOT.c.uid,
            _LOT.c.owner_id,
            _ORG.c.code.label("owner"),
        )
        .join(_UNIT, sa.and_(_UNIT.c.lot_id == _CODE.c.lot_id, _UNIT.c.number == _CODE.c.number))
        .join(_RUN, _RUN.c.seq == _CODE.c.run)
        .join(_LOT, _LOT.c.id == _CODE.c.lot_id)
        .join(_ORG, _ORG.c.id == _LOT.c.owner_id)
        .where(_CODE.c.code == code)
    ).one_or_none()
    return row if row is not None and labelled(row.state) and row.label_seq == row.run else None


def _one_more(session: SystemSession, code: str, lot: int, day: int) -> bool:
    """Count one more try before the code is looked at, so that many at once gain nothing; false: there were five.

    The first of a day begins anew. A clock that is behind does not: its day is over for this label.
    """
    connection = session.connection()
    known = sa.text(
        "INSERT INTO opening_try (code, lot_id, tries, day) VALUES (:code, :lot, 0, :day) ON CONFLICT (code) DO NOTHING"
    )
    connection.execute(known, {"code": code, "lot": lot, "day": day})
    new_day = _TRY.c.day < day
    more = (
        sa.update(_TRY)
        .where(_TRY.c.code == code, sa.or_(new_day, _TRY.c.tries < OPENING_TRIES))
        .values(tries=sa.case((new_day, 1), else_=_TRY.c.tries + 1), day=sa.case((new_day, day), else_=_TRY.c.day))
    )
    result: Any = connection.execute(more)
    return bool(result.rowcount)


def sweep(recorder: Recorder) -> int:
    """Delete tries of days that are over; answers how many rows."""
    with system_session(recorder.database, write=True) as session:
        old = sa.delete(_TRY).where(_TRY.c.day < recorder.clock() // DAY)
        result: Any = session.connection().execute(old)
        return int(result.rowcount)
