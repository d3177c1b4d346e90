"""Bookings, cost shares, use and losses of shared sites: read from the log, kept beside it.

The operator of a site sees all of it; an organisation that the site is shared with sees the calendar without the names
and weights of others, and its own part of the cost.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

import models
from domain import balance, facilities
from domain import events as told
from domain.balance import Span
from domain.facilities import CostShare, Handled, Loss, Slot, Tariff, Use, VesselRun
from domain.quantity import proportion
from domain.refusals import NONE, Refused
from domain.values import Actor
from ledger import balances, readings
from ledger.balances import DAY_MS, day_of, start_of
from ledger.facts import among, ask, organisations
from ledger.ids import uuid7
from ledger.queries import instant
from ledger.record import TRIES, Recorder, _passing
from models.base import table
from models.db import SystemSession, system_session

_SITE, _SHARE, _VESSEL = table(models.Site), table(models.SiteShare), table(models.Vessel)
_PARTY, _BOOKING, _TARIFF = table(models.Organisation), table(models.Booking), table(models.Tariff)
_BASELINE, _LOAD, _ITEM = table(models.LossBaseline), table(models.Load), table(models.LoadItem)
_LOT, _LINE, _TRANSFER = table(models.Lot), table(models.Line), table(models.Transfer)
_EVENT = table(models.Event)

_ITEMS = (
    select(_ITEM.c.load_seq, _ITEM.c.lot_id, _ITEM.c.grams, _LOT.c.owner_id, _LOT.c.uid)
    .join(_LOT, _LOT.c.id == _ITEM.c.lot_id)
    .where(among(_ITEM.c.load_seq))
)
_TAKEN_OVER = select(_LINE.c.occurred_at).where(_LINE.c.type == "transfer_accepted", among(_LINE.c.lot_id))
_SALES = (
    select(_TRANSFER.c.answered_at, _TRANSFER.c.org_id, _TRANSFER.c["items"])
    .where(_TRANSFER.c.state == "accepted", _TRANSFER.c.ownership.is_(True), among(_TRANSFER.c.answered_at))
    .order_by(_TRANSFER.c.answered_at, _TRANSFER.c.seq)
)
_CODES = select(_PARTY.c.id, _PARTY.c.code).where(among(_PARTY.c.id))
_BODIES = select(_EVENT.c.seq, _EVENT.c.body).where(among(_EVENT.c.seq))


@dataclass(frozen=True, slots=True)
class Seen:
    """A site as an organisation sees it: its own, or one that is shared with it."""

    id: str
    code: str
    operator: int
    own: bool


def site(session: SystemSession, org_id: int, site_id: str) -> Seen:
    """A site that an organisation operates or may bring goods to. Refuses with SITE_UNKNOWN."""
    shared = select(_SHARE.c.to_org_id).where(_SHARE.c.org_id == _SITE.c.org_id, _SHARE.c.site_id == _SITE.c.id)
    query = select(_SITE.c.id, _SITE.c.code, _SITE.c.org_id).where(
        _SITE.c.id == site_id, sa.or_(_SITE.c.org_id == org_id, shared.where(_SHARE.c.to_org_id == org_id).exists())
    )
    row = session.execute(query.order_by(_SITE.c.org_id != org_id)).first()
    if row is None:
        raise Refused("SITE_UNKNOWN", site=site_id)
    return Seen(row.id, row.code, row.org_id, row.org_id == org_id)


def own_site(session: SystemSession, org_id: int, site_id: str) -> Seen:
    """A site that an organisation operates. Refuses with SITE_UNKNOWN."""
    found = site(session, org_id, site_id)
    if not found.own:
        raise Refused("SITE_UNKNOWN", site=site_id)
    return found


# --- bookings ---

State: TypeAlias = Literal["booked", "used", "over", "cancelled"]
"""used: a load began in the slot. over: the slot ended, and none did."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A slot that is asked for. ``organisation`` is the code of whom it is for; none: who asks."""

    vessel: str
    slot: Slot
    grams: int
    organisation: str | None = None
    note: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """A slot of a vessel. Whose it is and what it holds is none where that is no business of who looks."""

    id: str
    vessel_id: str
    vessel: str
    since: int
    until: int
    organisation: str | None
    grams: int | None
    note: str | None
    state: State
    load: str | None


def book(recorder: Recorder, actor: Actor, site_id: str, wanted: Wanted) -> tuple[Booked, bool]:
    """Book a slot; answers it, and whether it is new. The same slot under the same id changes nothing.

    Refuses with SITE_UNKNOWN, VESSEL_UNKNOWN, SITE_NOT_SHARED, FACILITY_OVER_CAPACITY, BOOKING_PAST, VESSEL_BOOKED,
    BOOKING_CANCELLED and EVENT_ID_REUSED. Whoever books a vessel holds its row until the end of the transaction (SQLite
    has one writer anyway): of two that overlap one is refused, however close they come.
    """
    for attempt in range(TRIES):
        try:
            with system_session(recorder.database, write=True) as session:
                identity, new = _book(session, recorder, actor, site_id, wanted)
                rows = calendar(session, actor.org_id, site_id, wanted.slot, recorder.clock())
                return next(row for row in rows if row.id == identity), new
        except IntegrityError:
            if attempt == TRIES - 1:
                raise
        except DBAPIError as error:
            if attempt == TRIES - 1 or not _passing(error):
                raise
        time.sleep(0.02 * (attempt + 1))
    message = "unreachable"
    raise AssertionError(message)


def _book(session: SystemSession, recorder: Recorder, actor: Actor, site_id: str, wanted: Wanted) -> tuple[str, bool]:
    place = site(session, actor.org_id, site_id)
    vessel = session.execute(
        select(_VESSEL)
        .where(_VESSEL.c.org_id == place.operator, _VESSEL.c.site_id == site_id, _VESSEL.c.id == wanted.vessel)
        .where(_VESSEL.c.ended_at.is_(None))
        .with_for_update()
    ).first()
    if vessel is None:
        raise Refused("VESSEL_UNKNOWN", vessel=wanted.vessel)
    for_org = _whose(session, actor, place, wanted.organisation)
    values = {
        "site_id": site_id,
        "vessel_id": vessel.id,
        "for_org_id": for_org,
        "from_at": wanted.slot.since,
        "to_at": wanted.slot.until,
        "grams": wanted.grams,
        "note": wanted.note,
    }
    if wanted.id is not None and _again(session, actor, place, wanted.id, vessel.code, values):
        return wanted.id, False
    now = recorder.clock()
    if wanted.slot.until <= now:
        raise Refused("BOOKING_PAST", until=_said(wanted.slot.until), now=_said(now))
    if wanted.grams > vessel.capacity_g:
        raise Refused("FACILITY_OVER_CAPACITY", vessel=vessel.code, capacity_g=vessel.capacity_g, wanted_g=wanted.grams)
    query = select(_BOOKING.c.from_at, _BOOKING.c.to_at).where(
        _BOOKING.c.vessel_id == vessel.id,
        _BOOKING.c.cancelled_at.is_(None),
        _BOOKING.c.from_at < wanted.slot.until,
        _BOOKING.c.to_at > wanted.slot.since,
    )
    other = facilities.taken(wanted.slot, (Slot(*row) for row in session.execute(query)))
    if other is not None:
        raise Refused("VESSEL_BOOKED", vessel=vessel.code, since=_said(other.since), until=_said(other.until))
    identity = wanted.id or uuid7(now, recorder.entropy)
    session.execute(
        sa.insert(_BOOKING).values(org_id=place.operator, id=identity, booked_by=actor.org_id, booked_at=now, **values)
    )
    return identity, True


def _whose(session: SystemSession, actor: Actor, place: Seen, code: str | None) -> int:
    """Whom a slot is for: who asks, or (asked by the operator) somebody whom the site is shared with."""
    if code is None or code == actor.org_code:
        return actor.org_id
    known = organisations(session.connection(), [code])
    if not place.own or code not in known:
        raise Refused("ORGANISATION_UNKNOWN", organisation=code)
    try:
        site(session, known[code], place.id)
    except Refused:
        raise Refused("SITE_NOT_SHARED", site=place.code) from None
    return known[code]


def _again(
    session: SystemSession, actor: Actor, place: Seen, identity: str, vessel: str, values: Mapping[str, Any]
) -> bool:
    """Whether this very slot was booked under this id before; anything else under the id is refused."""
    query = select(_BOOKING).where(_BOOKING.c.org_id == place.operator, _BOOKING.c.id == identity)
    row = session.execute(query).first()
    if row is None:
        return False
    if actor.org_id not in (place.operator, row.for_org_id, row.booked_by) or any(
        row._mapping[name] != value  # noqa: SLF001 - the row's public mapping
        for name, value in values.items()
    ):
        raise Refused("EVENT_ID_REUSED", event=identity)
    if row.cancelled_at is not None:
        raise Refused("BOOKING_CANCELLED", vessel=vessel)
    return True


def cancel(recorder: Recorder, actor: Actor, site_id: str, booking_id: str) -> bool:
    """Cancel a slot: its operator, or the organisation that it is for. Answers whether there is such a slot."""
    with system_session(recorder.database, write=True) as session:
        place = site(session, actor.org_id, site_id)
        mine = sa.true() if place.own else _BOOKING.c.for_org_id == actor.org_id
        where = (_BOOKING.c.org_id == place.operator, _BOOKING.c.site_id == site_id, _BOOKING.c.id == booking_id, mine)
        found = session.execute(select(_BOOKING.c.cancelled_at).where(*where)).first()
        if found is not None and found.cancelled_at is None:
            session.execute(sa.update(_BOOKING).where(*where).values(cancelled_at=recorder.clock()))
        return found is not None


def calendar(session: SystemSession, org_id: int, site_id: str, period: Slot, now: int) -> list[Booked]:
    """The slots of a site that meet a period, by vessel and time, and whether they were used. Without the cancelled."""
    place = site(session, org_id, site_id)
    query = (
        select(_BOOKING, _VESSEL.c.code.label("vessel"))
        .join(_VESSEL, sa.and_(_VESSEL.c.org_id == _BOOKING.c.org_id, _VESSEL.c.id == _BOOKING.c.vessel_id))
        .where(_BOOKING.c.org_id == place.operator, _BOOKING.c.site_id == site_id)
        .where(_BOOKING.c.cancelled_at.is_(None))
        .where(_BOOKING.c.from_at < period.until, _BOOKING.c.to_at > period.since)
        .order_by(_VESSEL.c.code, _BOOKING.c.from_at)
    )
    rows = list(session.execute(query))
    codes = _codes(session, {row.for_org_id for row in rows})
    started = defaultdict(list)
    if rows:
        span = Span(min(row.from_at for row in rows), max(row.to_at for row in rows))
        for load in _loads(session, place, span):
            started[load.vessel_id].append((load.started_at, load.uid))
    answer = []
    for row in rows:
        mine = place.own or row.for_org_id == org_id
        load = next((uid for at, uid in started[row.vessel_id] if row.from_at <= at < row.to_at), None)
        state: State = "used" if load is not None else "over" if row.to_at <= now else "booked"
        answer.append(
            Booked(
                row.id,
                row.vessel_id,
                row.vessel,
                row.from_at,
                row.to_at,
                codes[row.for_org_id] if mine else None,
                row.grams if mine else None,
                row.note if mine else None,
                state,
                load if mine else None,
            )
        )
    return answer


def _codes(session: SystemSession, ids: Collection[int]) -> dict[int, str]:
    return {row[0]: row[1] for row in ask(session.connection(), _CODES, ids)}


def _said(at: int) -> str:
    return instant(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def _loads(session: SystemSession, place: Seen, span: Span) -> list[Any]:
    """The runs of a site that began in a span of time."""
    query = select(_LOAD).where(_LOAD.c.org_id == place.operator, _LOAD.c.site_id == place.id)
    if span.since is not None:
        query = query.where(_LOAD.c.started_at >= span.since)
    if span.until is not None:
        query = query.where(_LOAD.c.started_at < span.until)
    return list(session.execute(query.order_by(_LOAD.c.started_at, _LOAD.c.seq)))


def days(first: date, last: date) -> Slot:
    """The time of some days (UTC), both included."""
    return Slot(start_of(first), start_of(last) + DAY_MS)


# --- what it costs ---


def tariffs(session: SystemSession, place: Seen) -> list[Tariff]:
    """The tariffs of a site, oldest first."""
    query = select(_TARIFF).where(_TARIFF.c.org_id == place.operator, _TARIFF.c.site_id == place.id)
    return [
        Tariff(
            date.fromisoformat(row.from_day),
            row.currency,
            row.fee_per_tonne,
            row.capital_minor,
            row.users_share_bp,
            row.spread_months,
        )
        for row in session.execute(query.order_by(_TARIFF.c.from_day))
    ]


def handled(session: SystemSession, place: Seen, period: Slot) -> list[Handled]:
    """What was loaded at a site, by whose it was at that time and day."""
    loads = {row.seq: row for row in _loads(session, place, Span(period.since, period.until))}
    items = list(ask(session.connection(), _ITEMS, loads))
    sold = _sold(session, {row.lot_id for row in items})
    owners = {
        (row.load_seq, row.lot_id): next(
            (seller for at, seller in sold.get(row.uid, ()) if at > loads[row.load_seq].started_at), row.owner_id
        )
        for row in items
    }
    codes = _codes(session, set(owners.values()))
    return [
        Handled(codes[owners[row.load_seq, row.lot_id]], day_of(loads[row.load_seq].started_at), row.grams)
        for row in items
    ]


def _sold(session: SystemSession, lots: Collection[int]) -> dict[str, list[tuple[int, int]]]:
    """For each lot that changed its owner, when and from whom, oldest first."""
    instants = {row.occurred_at for row in ask(session.connection(), _TAKEN_OVER, lots)}
    answer: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for at, seller, items in ask(session.connection(), _SALES, instants):
        for item in json.loads(items):
            answer[item["lot"]].append((at, seller))
    return answer


@dataclass(frozen=True, slots=True)
class Shared:
    """What an organisation had in a load, and its part of what comes out. Grams."""

    organisation: str
    loaded_g: int
    share_g: int


def shares(session: SystemSession, org_id: int, load_id: str, made_g: int, key: Mapping[str, int]) -> list[Shared]:
    """How the owners of a load share what comes out, to the gram: by weight, or by an agreed key of parts.

    All for who operates the site; its own part for who has goods in it. Refuses with LOAD_UNKNOWN, KEY_OF_OTHERS.
    """
    load = readings.run(session, org_id, load_id)
    loaded: dict[int, int] = defaultdict(int)
    for row in ask(session.connection(), _ITEMS, [load.seq]):
        loaded[row.owner_id] += row.grams
    codes = _codes(session, loaded)
    owners = sorted(loaded, key=codes.__getitem__)
    if key and key.keys() != set(codes.values()):
        raise Refused("KEY_OF_OTHERS", owners=", ".join(key))
    parts = proportion(made_g, [key[codes[owner]] if key else loaded[owner] for owner in owners])
    return [
        Shared(codes[owner], loaded[owner], part)
        for owner, part in zip(owners, parts, strict=True)
        if org_id in (load.org_id, owner)
    ]


@dataclass(frozen=True, slots=True)
class Statement:
    """What the users of a site owe for some days, and the tariffs by which they do."""

    site: str
    first: date
    last: date
    shares: tuple[CostShare, ...]
    tariffs: tuple[Tariff, ...]


def statement(session: SystemSession, org_id: int, site_id: str, first: date, last: date) -> Statement:
    """The cost shares of a site: all for its operator, its own for who uses it."""
    place = site(session, org_id, site_id)
    known = tariffs(session, place)
    shares = facilities.cost_shares(handled(session, place, days(first, last)), known, first, last)
    if not place.own:
        mine = _codes(session, [org_id])[org_id]
        shares = [one for one in shares if one.organisation == mine]
    return Statement(place.code, first, last, tuple(shares), tuple(known))


# --- how it is used ---


@dataclass(frozen=True, slots=True)
class VesselUse:
    """A vessel and how it was used."""

    id: str
    code: str
    use: Use


def utilisation(
    session: SystemSession, org_id: int, site_id: str, first: date, last: date, now: int
) -> list[VesselUse]:
    """How the vessels of a site were used on some days. A run that is still open lasts until now.

    A vessel that was taken out of service is counted until then.
    """
    place = own_site(session, org_id, site_id)
    period = days(first, last)
    query = select(_LOAD).where(
        _LOAD.c.org_id == place.operator,
        _LOAD.c.site_id == site_id,
        _LOAD.c.started_at < period.until,
        sa.or_(_LOAD.c.ended_at.is_(None), _LOAD.c.ended_at > period.since),
    )
    runs: dict[str, list[VesselRun]] = defaultdict(list)
    for row in session.execute(query):
        until = row.ended_at if row.ended_at is not None else max(now, row.started_at)
        runs[row.vessel_id].append(VesselRun(Slot(row.started_at, until), row.grams))
    vessels = select(_VESSEL).where(_VESSEL.c.org_id == place.operator, _VESSEL.c.site_id == site_id)
    answer = []
    for row in session.execute(vessels.order_by(_VESSEL.c.code)):
        until = max(period.since, min(period.until, row.ended_at)) if row.ended_at is not None else period.until
        use = facilities.use_of(runs[row.id], row.capacity_g, Slot(period.since, until))
        answer.append(VesselUse(row.id, row.code, use))
    return answer


# --- what is lost ---


@dataclass(frozen=True, slots=True)
class Baseline:
    """The share that was lost before, measured on a day."""

    measured_on: date
    loss_bp: int
    source: str


@dataclass(frozen=True, slots=True)
class Losses:
    """What was lost at a site on some days, of what was there or came in; and what processes took away by nature."""

    handled_g: int
    lost_g: int
    loss_bp: int | None
    reasons: tuple[Loss, ...]
    processes: tuple[Loss, ...]
    baseline: Baseline | None
    reduction_bp: int | None


def losses(session: SystemSession, org_id: int, site_id: str, first: date, last: date) -> Losses:
    """By reason, and against the last baseline measured up to the first day.

    Lost is what was told as lost or was missing at a weighing. What a process takes (water, peel, drainage) is not a
    loss of this kind: it is listed beside it.
    """
    place = own_site(session, org_id, site_id)
    period = days(first, last)
    span = Span(period.since, period.until)
    books = balances.read(session, org_id)
    inside = books.at(site_id)
    stated = balance.statement(books.movements, inside, span)
    behind = [
        one for product in stated for one in balances.events_behind(session, books, inside, span, product, "lost")
    ]
    reasons = _reasons(session, {one.seq for one in behind})
    lost = facilities.losses((reasons.get(one.seq, one.type), one.grams) for one in behind)
    taken = facilities.losses(
        (run.process or NONE, run.loss_g) for run in balance.runs(books.movements, inside, span) if run.loss_g
    )
    handled_g = sum(one.opening_g + one.delivered_g + one.moved_in_g for one in stated.values())
    lost_g = sum(one.grams for one in lost)
    share = facilities.share_bp(lost_g, handled_g)
    known = [one for one in baselines(session, place) if one.measured_on <= first]
    before = known[-1] if known else None
    return Losses(
        handled_g,
        lost_g,
        share,
        tuple(lost),
        tuple(taken),
        before,
        facilities.reduction_bp(before.loss_bp, share) if before is not None and share is not None else None,
    )


def _reasons(session: SystemSession, seqs: Collection[int]) -> dict[int, str]:
    """Why something was lost, where an event says it."""
    answer = {}
    for seq, body in ask(session.connection(), _BODIES, seqs):
        event = told.parse(body)
        event = event.instead if isinstance(event, told.Corrected) and event.instead is not None else event
        if isinstance(event, told.Lost):
            answer[seq] = event.reason
    return answer


def baselines(session: SystemSession, place: Seen) -> list[Baseline]:
    """The baselines of a site, oldest first."""
    query = select(_BASELINE).where(_BASELINE.c.org_id == place.operator, _BASELINE.c.site_id == place.id)
    return [
        Baseline(date.fromisoformat(row.measured_on), row.loss_bp, row.source)
        for row in session.execute(query.order_by(_BASELINE.c.measured_on))
    ]
