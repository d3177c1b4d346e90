"""Rebuild everything that follows from the log, and say where the rows differ from it.

Replay parses each stored event, takes its stored ruling, and folds it into an empty book by the same function that
folded it when it was told. It judges nothing again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain import events as told
from domain.book import Book
from domain.fold import Capped, Logged, fold, put_right, reassess, take_back
from domain.ruling import Ruling
from ledger import pages
from ledger.profiles import profiles
from ledger.project import flush
from ledger.record import Recorder, load_ruling, lock
from ledger.registry import capped_since
from models.base import table
from models.db import SystemSession, system_session

PROJECTIONS = (
    models.Lot,
    models.LotParty,
    models.Line,
    models.LotClaim,
    models.LotCap,
    models.Hold,
    models.Check,
    models.Reading,
    models.Unit,
    models.LabelRegister,
    models.Load,
    models.LoadItem,
    models.Transfer,
    models.Label,
    models.Document,
    models.AttachedDocument,
    models.Voided,
    models.Cleaning,
    models.Consignment,
    models.Sample,
    models.SampleHandover,
    models.LabelCount,
    models.SiteChecklist,
    models.TestOrder,
    models.LotChecklist,
    models.Deviation,
)
"""Every table that follows from the log alone."""

BATCH = 1_000
_EVENT = table(models.Event)

Rows = dict[str, set[tuple[Any, ...]]]


@dataclass(slots=True)
class Report:
    """What replay found: events read, and rows that differ, by table (missing in the database, not in the log)."""

    events: int = 0
    rows: int = 0
    missing: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    surplus: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    @property
    def identical(self) -> bool:
        return not self.missing and not self.surplus


def replay(
    recorder: Recorder,
    *,
    write: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Report:
    """Rebuild every projection and compare. ``write`` keeps the rebuilt rows; otherwise nothing is changed."""
    with system_session(recorder.database, write=True) as session:
        lock(session, alone=True)
        before = snapshot(session)
        for model in reversed(PROJECTIONS):
            session.connection().execute(sa.delete(table(model)))
        events = _rebuild(session, progress)
        after = snapshot(session)
        report = Report(events, sum(len(rows) for rows in after.values()))
        for name in after:
            missing, surplus = after[name] - before[name], before[name] - after[name]
            if missing:
                report.missing[name] = sorted(missing, key=repr)
            if surplus:
                report.surplus[name] = sorted(surplus, key=repr)
        if write:
            pages.refresh_all(session, recorder.host, recorder.clock())
        else:
            session.rollback()
    return report


def snapshot(session: SystemSession) -> Rows:
    """Every row of every projection."""
    return {table(model).name: {tuple(row) for row in session.execute(select(table(model)))} for model in PROJECTIONS}


def _rebuild(session: SystemSession, progress: Callable[[int, int], None]) -> int:
    total = session.execute(select(sa.func.count()).select_from(_EVENT)).scalar_one()
    book, was = Book(profiles().schemes), dict[int, int]()
    past = _Past(session)
    done, last = 0, 0
    while True:
        rows = session.execute(
            select(_EVENT.c.seq, _EVENT.c.org_id, _EVENT.c.body, _EVENT.c.ruling)
            .where(_EVENT.c.seq > last)
            .order_by(_EVENT.c.seq)
            .limit(BATCH)
        ).all()
        if not rows:
            return done
        for row in rows:
            past.fold(told.parse(row.body), load_ruling(row.ruling), book, was, Logged(row.seq, row.org_id))
            last = row.seq
        flush(session, book, was)
        done += len(rows)
        progress(done, total)


class _Past:
    """Folds events in the order of the log; those that reach back look up what they reach."""

    def __init__(self, session: SystemSession) -> None:
        self.session = session

    def fold(self, event: told.AnyEvent, ruling: Ruling, book: Book, was: dict[int, int], logged: Logged) -> None:
        match event:
            case told.Corrected():
                flush(self.session, book, was)
                self._correct(event, ruling, book, logged)
            case told.Reassessed():
                flush(self.session, book, was)
                reassess(event, ruling, self._capped(event), book, logged)
            case _:
                fold(event, ruling, book, logged)

    def _correct(self, event: told.Corrected, ruling: Ruling, book: Book, logged: Logged) -> None:
        at = told.millis(event.occurred_at)
        found = self.session.execute(
            select(_EVENT.c.body, _EVENT.c.seq, _EVENT.c.ruling).where(
                _EVENT.c.org_id == logged.org_id, _EVENT.c.id == event.event
            )
        ).one()
        wrong, judged = told.parse(found.body), load_ruling(found.ruling)
        if isinstance(wrong, told.Corrected) and wrong.instead is not None and judged.instead is not None:
            wrong, judged = wrong.instead, judged.instead
        loader = self._loader(book)
        original = loader.original(wrong, found.seq, judged)
        take_back(original, book, logged, at)
        put_right(original, event.instead, ruling, book, logged, at)

    def _loader(self, book: Book) -> Any:
        from domain.values import Actor
        from ledger.world import Loader

        loader = Loader(self.session, Actor(0, "", "system"))
        loader.book = book
        return loader

    def _capped(self, event: told.Reassessed) -> dict[int, Capped]:
        answer = {}
        line = table(models.Line)
        for seq in event.events:
            body = self.session.execute(select(_EVENT.c.body).where(_EVENT.c.seq == seq)).scalar_one()
            past = told.parse(body)
            if isinstance(past, told.Corrected) and past.instead is not None:
                past = past.instead
            kinds = ("in", "note", "lost") if isinstance(past, told.TransferAccepted) else ("in",)
            query = select(line.c.lot_id).where(line.c.seq == seq, line.c.kind.in_(kinds)).order_by(line.c.lot_id)
            answer[seq] = Capped(tuple(self.session.execute(query).scalars()), capped_since(past))
        return answer
