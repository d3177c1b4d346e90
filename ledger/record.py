"""Record events: the way of every change to a lot.

    load what the events speak of → judge each → fold it into the book → write log and book → prepare public pages

One transaction for a batch. A refused event writes nothing and does not touch its neighbours. The same id again,
with the same content, changes nothing. Writers share a lock; whoever reaches back (a recall, a downgrade, a
correction, a change of the registry) takes it alone, so that no lot is made from another while that one loses its
claim.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, ParamSpec, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

import models
from domain import events as told
from domain.findings import Finding
from domain.fold import Logged, Original, fold, put_right, take_back
from domain.judge import World, judge, judge_instead
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.values import Actor
from ledger import pages
from ledger.facts import among, ask
from ledger.keys import Keys
from ledger.profiles import profiles
from ledger.project import Overtaken, dumps, flush
from ledger.world import Loader
from models.base import table
from models.db import Database, SystemSession, system_session

REACH_BACK = (told.Recalled, told.Downgraded, told.Corrected)
TRIES = 6
RETRY_STATES = {"40001", "40P01", "55P03"}
LOCK = 0xF111
MAX_BATCH = 500

P = ParamSpec("P")
T = TypeVar("T")

_EVENT = table(models.Event)
_VOIDED = table(models.Voided)


def utc_millis() -> int:
    """Now, in UTC milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Recorder:
    """Where events go, and the clock and the chance that the ledger uses. Tests and the demo pass their own."""

    database: Database
    host: str = "http://127.0.0.1:8000"
    clock: Callable[[], int] = utc_millis
    entropy: Callable[[int], bytes] = secrets.token_bytes
    keys: Keys | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one event."""

    id: str
    status: Literal["accepted", "duplicate", "refused"]
    seq: int | None = None
    findings: tuple[Finding, ...] = ()
    refused: Refused | None = None


@dataclass(slots=True)
class _Alone(Exception):
    """The batch turned out to reach downstream: begin again with the lock held alone."""


def record(
    recorder: Recorder,
    actor: Actor,
    events: Sequence[told.AnyEvent],
    *,
    atomic: bool = False,
    beside: Callable[[SystemSession], None] = lambda _session: None,
) -> list[Answer]:
    """Record events in the order given; one answer each.

    ``atomic``: all or nothing; the events that could stand are then answered as refused only if another was.
    ``beside`` writes, in the same transaction, rows that are kept and not projected; not when an event was refused.
    """
    received = recorder.clock()
    alone = any(_may_reach_back(event) for event in events)
    for attempt in range(TRIES):
        try:
            with system_session(recorder.database, write=True) as session:
                lock(session, alone=alone)
                answers = record_in(session, recorder, actor, events, received, alone=alone)
                refused = any(answer.status == "refused" for answer in answers)
                if atomic and refused:
                    session.rollback()
                elif not refused:
                    beside(session)
                return answers
        except _Alone:
            alone = True
        except (Overtaken, IntegrityError):
            if attempt == TRIES - 1:
                raise
        except DBAPIError as error:
            if attempt == TRIES - 1 or not _passing(error):
                raise
        time.sleep(random.uniform(0, 0.02 * (attempt + 1)))  # noqa: S311 - jitter, not a secret
    message = "unreachable"
    raise AssertionError(message)


def _may_reach_back(event: told.AnyEvent) -> bool:
    """Whether an event may change what was made from its lot: then nobody else may write meanwhile."""
    if isinstance(event, told.Inspected):
        return any(item.test in profiles().rejecting for item in event.measurements)
    return isinstance(event, REACH_BACK)


def _passing(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state in RETRY_STATES or "locked" in str(error.orig)


def lock(session: SystemSession, *, alone: bool) -> None:
    """Join the writers, or (``alone``) wait until there are none. SQLite has one writer anyway."""
    if session.is_postgresql:
        function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        session.connection().execute(sa.text(f"SELECT {function}(:key)"), {"key": LOCK})


@dataclass(slots=True)
class _Batch:
    """A batch on its way: the world it sees and the rows of the log that wait."""

    session: SystemSession
    recorder: Recorder
    actor: Actor
    received: int
    alone: bool
    loader: Loader
    numbers: list[int]
    rows: list[dict[str, object]] = field(default_factory=list)
    affected: set[int] = field(default_factory=set)

    def write(self) -> None:
        """Log first, then what follows from it."""
        if self.rows:
            self.session.connection().execute(sa.insert(_EVENT), self.rows)
            self.rows.clear()
        self.affected |= flush(self.session, self.loader.book, self.loader.was)

    def append(self, event: told.AnyEvent, body: str, ruling: Ruling) -> int:
        seq = self.numbers.pop(0)
        self.rows.append(
            {
                "org_id": self.actor.org_id,
                "seq": seq,
                "id": event.id,
                "type": event.type,
                "version": event.version,
                "occurred_at": told.millis(event.occurred_at),
                "received_at": self.received,
                "logged_at": self.recorder.clock(),
                "actor": self.actor.name,
                "body": body,
                "ruling": dumps(ruling.dump()),
                "salt": self.recorder.entropy(32),
            }
        )
        return seq


def record_in(
    session: SystemSession,
    recorder: Recorder,
    actor: Actor,
    events: Sequence[told.AnyEvent],
    received: int,
    *,
    alone: bool,
) -> list[Answer]:
    """Record within a transaction that is already open, and locked."""
    known = _known(session, actor, [event.id for event in events])
    batch = _Batch(session, recorder, actor, received, alone, Loader(session, actor), [])
    world = _world(batch, events)
    # Numbers come after the locks: of two events about a lot, the one that was judged first has the lower number.
    batch.numbers = numbers(session, sum(event.id not in known for event in events))
    answers: list[Answer] = []
    for event in events:
        body = told.canonical(event).decode()
        if event.id in known:
            answers.append(_again(event, body, known[event.id]))
            continue
        try:
            if isinstance(event, told.Corrected):
                batch.write()
                try:
                    with session.begin_nested():  # refused, it leaves nothing of what was taken back
                        seq, ruling = _correct(batch, event, body)
                finally:
                    batch.loader = Loader(session, actor)
                    world = _world(batch, events)
            else:
                ruling = judge(event, world)
                seq = batch.append(event, body, ruling)
                fold(event, ruling, world.book, Logged(seq, actor.org_id))
                _made(event, world)
        except Refused as refused:
            answers.append(Answer(event.id, "refused", refused=refused))
            continue
        known[event.id] = (body, seq, ruling)
        answers.append(Answer(event.id, "accepted", seq, tuple(ruling.findings)))
    batch.write()
    pages.refresh(session, recorder.host, batch.affected, recorder.clock())
    return _settled_meanwhile(session, actor, events, answers)


def _settled_meanwhile(
    session: SystemSession, actor: Actor, events: Sequence[told.AnyEvent], answers: list[Answer]
) -> list[Answer]:
    """An event refused only because the same event, sent twice, was recorded by the other writer: a duplicate."""
    refused = [answer.id for answer in answers if answer.refused is not None]
    known = _known(session, actor, refused) if refused else {}
    return [
        _again(event, told.canonical(event).decode(), known[event.id]) if event.id in known else answer
        for event, answer in zip(events, answers, strict=True)
    ]


def _world(batch: _Batch, events: Sequence[told.AnyEvent]) -> World:
    """The world of the events, from what is written. Reaching downstream writes first, then reads."""
    batch.write()
    batch.loader = Loader(batch.session, batch.actor)
    world = batch.loader.world(events, batch.received)
    loader = batch.loader

    def downstream(keys: set[int]) -> None:
        if not batch.alone and batch.session.is_postgresql:
            raise _Alone
        batch.write()
        loader.fetch_descendants(keys)

    loader.book.fetch_descendants = downstream
    loader.book.fetch_ancestors = _written_first(batch, loader.fetch_ancestors)
    loader.book.fetch_moves = _written_first(batch, loader.fetch_moves)
    world.original = lambda identity: _original(batch, identity)
    world.line_before = _written_first(batch, loader.line_before)
    world.cleanings = _written_first(batch, loader.cleanings)
    world.results = _written_first(batch, loader.results)
    world.expiring_before = _written_first(batch, loader.expiring_before)
    world.makers = _written_first(batch, loader.makers)
    world.check_of = _written_first(batch, loader.check_of)
    world.attached = _written_first(batch, loader.attached)
    world.ruling_at = _written_first(batch, loader.ruling_at)
    world.gone_g = _written_first(batch, loader.gone_g)
    world.claimed_g = _written_first(batch, loader.claimed_g)
    world.shipped_g = _written_first(batch, loader.shipped_g)
    world.rulings_of = _written_first(batch, loader.rulings_of)
    world.unfit = _written_first(batch, loader.unfit)
    world.made_meanwhile = _written_first(batch, loader.made_meanwhile)
    world.catch_behind = _written_first(batch, loader.catch_behind)
    world.shipped_to_me = _written_first(batch, loader.shipped_to_me)
    world.origins = _written_first(batch, loader.origins)
    return world


def _written_first(batch: _Batch, ask: Callable[P, T]) -> Callable[P, T]:
    """What a rule asks the database only now and then: what waits in the book is written before."""

    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        batch.write()
        return ask(*args, **kwargs)

    return asked


def _made(event: told.AnyEvent, world: World) -> None:
    """Later events of the batch see what this one made."""
    for uid in told.lots_made(event):
        world.taken_lots.add(uid)
        world.taken_codes.add(world.book.by_uid[uid].code)
    if isinstance(event, told.Loaded):
        world.vessel_runs.setdefault(event.vessel, []).append(world.book.loads[event.load])
    if isinstance(event, told.Delivered):
        _count(event, world)


def _count(event: told.Delivered, world: World) -> None:
    """The delivery counts for the season of its farmer, for those that follow in the batch."""
    lot = world.book.by_uid[event.lot.lot]
    commodity, _ = world.profiles.product(lot.product)
    season = commodity.season_of(event.occurred_at.date())
    for scheme, value in lot.claims.items():
        if world.profiles.schemes[scheme].value(value).claimable:
            grams = world.delivered.setdefault((event.farmer, scheme, season), {})
            grams[lot.product] = grams.get(lot.product, 0) + lot.initial_g


def _correct(batch: _Batch, event: told.Corrected, body: str) -> tuple[int, Ruling]:
    """Take the error back, judge what stands in its place, and settle everything downstream."""
    found = _original(batch, event.event)
    world = _world(batch, [event] if found is None else [event, found[0]])
    ruling = judge(event, world)
    assert found is not None
    original = _taken_from(batch.loader, *found[:3])
    logged, at = Logged(batch.numbers[0], batch.actor.org_id), told.millis(event.occurred_at)
    remade = take_back(original, world.book, logged, at)
    if event.instead is not None:
        ruling.instead = judge_instead(event.instead, found[0], world, remade)
    batch.append(event, body, ruling)
    put_right(original, event.instead, ruling, world.book, logged, at)
    batch.write()
    return logged.seq, ruling


def _taken_from(loader: Loader, event: told.AnyEvent, ruling: Ruling, seq: int) -> Original:
    original = loader.original(event, seq, ruling)
    loader.fetch_descendants({line.lot for line in original.lines})
    return original


def _original(batch: _Batch, identity: str) -> tuple[told.AnyEvent, Ruling, int, bool] | None:
    row = batch.session.execute(
        select(_EVENT.c.body, _EVENT.c.ruling, _EVENT.c.seq).where(
            _EVENT.c.org_id == batch.actor.org_id, _EVENT.c.id == identity
        )
    ).one_or_none()
    if row is None:
        return None
    voided = batch.session.execute(
        select(_VOIDED.c.seq).where(_VOIDED.c.org_id == batch.actor.org_id, _VOIDED.c.seq == row.seq)
    ).first()
    event, ruling = told.parse(row.body), load_ruling(row.ruling)
    if isinstance(event, told.Corrected) and event.instead is not None and ruling.instead is not None:
        event, ruling = event.instead, ruling.instead  # a correction may itself be corrected
    return event, ruling, row.seq, voided is not None


def load_ruling(text: str) -> Ruling:
    """A stored ruling."""
    return Ruling.load(orjson.loads(text))


Known = dict[str, tuple[str, int, Ruling]]


_KNOWN = select(_EVENT.c.id, _EVENT.c.body, _EVENT.c.seq, _EVENT.c.ruling).where(
    _EVENT.c.org_id == sa.bindparam("org_id"), among(_EVENT.c.id)
)


def _known(session: SystemSession, actor: Actor, ids: Sequence[str]) -> Known:
    found = ask(session.connection(), _KNOWN, set(ids), org_id=actor.org_id)
    return {row.id: (row.body, row.seq, load_ruling(row.ruling)) for row in found}


def _again(event: told.AnyEvent, body: str, before: tuple[str, int, Ruling]) -> Answer:
    """An id seen before: the same content changes nothing; other content is refused, and the first stands."""
    stored, seq, ruling = before
    if stored != body:
        return Answer(event.id, "refused", refused=Refused("EVENT_ID_REUSED", event=event.id))
    return Answer(event.id, "duplicate", seq, tuple(ruling.findings))


def numbers(session: SystemSession, count: int) -> list[int]:
    """Numbers for so many events. They grow; one that a refused event leaves unused is a gap that means nothing."""
    if session.is_postgresql:
        query = sa.text("SELECT nextval('event_seq') FROM generate_series(1, :count)")
        return sorted(session.connection().execute(query, {"count": count}).scalars())
    last = session.execute(select(sa.func.max(_EVENT.c.seq))).scalar_one() or 0
    return list(range(last + 1, last + count + 1))
