"""Changes of the registry that claims depend on: they are judged back to the day from which they hold.

    begin(session)                       before the first change: nobody records meanwhile
    … change rows through the scoped session …
    settle(session, recorder, actor, change)   re-judge what the change may lower, in the same transaction

A claim never rises by a late fact: what a delivery lost when it was judged is only regained by a correction that
puts the delivery right, with its reason. What is lowered is written as one ``reassessed`` event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain import events as told
from domain.claims import Cap, judge_delivery, judge_site
from domain.fold import Capped, Logged, reassess
from domain.judge import brought_by
from domain.ruling import Ruling
from domain.values import Actor, Registry
from ledger import pages
from ledger.ids import uuid7
from ledger.profiles import profiles
from ledger.project import dumps, flush
from ledger.queries import chunks
from ledger.record import Recorder, load_ruling, lock, numbers
from ledger.world import Loader, Named
from models.base import table
from models.db import ScopedSession, SystemSession, as_system

_EVENT, _LINE, _LOT = table(models.Event), table(models.Line), table(models.Lot)
_CAP = table(models.LotCap)
SITE_EVENTS = ("received", "bulked", "split", "transformed", "transfer_accepted", "delivered")


@dataclass(frozen=True, slots=True)
class Change:
    """What changed, and from which day it counts.

    ``farmers``: codes whose deliveries are judged again. ``certificate``: the deliveries of its members and all that
    passed its sites are judged again. ``sites``: what passed these sites.
    """

    cause: Literal["membership", "certificate", "plot", "inspection", "licence"]
    record: str  # id of the record that changed
    since: date
    farmers: tuple[str, ...] = ()
    certificate: str | None = None
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lowered:
    """A lot whose claims a change of the registry lowered."""

    lot: str
    code: str
    claims: dict[str, str]


def begin(session: ScopedSession) -> None:
    """Take the ledger's lock alone, before the change: no event is judged by the old registry meanwhile."""
    with as_system(session) as system:
        lock(system, alone=True)


def settle(session: ScopedSession, recorder: Recorder, actor: Actor, change: Change) -> list[Lowered]:
    """Judge again the events that the change concerns; answers the lots of the caller whose claims fell."""
    with as_system(session) as system:
        lowered = settle_in(system, recorder, actor, change)
        parties = table(models.LotParty)
        mine = {
            key
            for chunk in chunks([lot.key for lot in lowered])
            for key in system.execute(
                select(parties.c.lot_id).where(parties.c.org_id == actor.org_id, parties.c.lot_id.in_(chunk))
            ).scalars()
        }
        return [
            Lowered(lot.uid, lot.code, dict(sorted(lot.claims.items())))
            for lot in sorted(lowered, key=lambda lot: lot.key)
            if lot.key in mine
        ]


@dataclass(slots=True)
class _Past:
    """An event of the past that the change concerns: what it said, what was ruled, which lots it capped."""

    seq: int
    org_id: int
    event: told.AnyEvent
    ruling: Ruling
    lots: tuple[int, ...]


def settle_in(session: SystemSession, recorder: Recorder, actor: Actor, change: Change) -> list[Any]:
    """The same, within the ledger's own session; answers every lot that changed."""
    past = _concerned(session, actor, change)
    standing = _standing(session, past)
    lowered: dict[int, dict[str, Cap]] = {}
    for org_id, group in _by_organisation(past).items():
        loader = Loader(session, Actor(org_id, "", "system"))
        registry = loader.registry(Named.of(item.event for item in group))
        for item in group:
            caps = _rejudged(item, registry, standing)
            if caps:
                lowered[item.seq] = caps
    if not lowered:
        return []
    return _write(session, recorder, actor, change, {item.seq: item for item in past}, lowered)


def _write(
    session: SystemSession,
    recorder: Recorder,
    actor: Actor,
    change: Change,
    past: dict[int, _Past],
    lowered: dict[int, dict[str, Cap]],
) -> list[Any]:
    now = recorder.clock()
    event = told.Reassessed(
        id=uuid7(now, recorder.entropy),
        occurred_at=datetime.fromtimestamp(now / 1000, UTC),
        cause=change.cause,
        record=change.record,
        events=tuple(sorted(lowered)),
    )
    ruling = Ruling(lowered={str(seq): caps for seq, caps in sorted(lowered.items())})
    (seq,) = numbers(session, 1)
    session.connection().execute(
        sa.insert(_EVENT),
        [
            {
                "org_id": actor.org_id,
                "seq": seq,
                "id": event.id,
                "type": event.type,
                "version": event.version,
                "occurred_at": now,
                "received_at": now,
                "logged_at": recorder.clock(),
                "actor": actor.name,
                "body": told.canonical(event).decode(),
                "ruling": dumps(ruling.dump()),
                "salt": recorder.entropy(32),
            }
        ],
    )
    loader = Loader(session, actor)
    loader.lots_by_key({key for item in lowered for key in past[item].lots})
    loader.fetch_descendants({key for item in lowered for key in past[item].lots})
    capped = {item: Capped(past[item].lots, capped_since(past[item].event)) for item in lowered}
    changed = reassess(event, ruling, capped, loader.book, Logged(seq, actor.org_id))
    affected = flush(session, loader.book, loader.was)
    affected |= {key for item in lowered for key in past[item].lots}  # a reason more, where nothing is left to lower
    pages.refresh(session, recorder.host, affected, now)
    return changed


def capped_since(event: told.AnyEvent) -> int | None:
    """From when an event's cap counts: taking over at a site does not reach back to what was drawn before."""
    return told.millis(event.occurred_at) if isinstance(event, told.TransferAccepted) else None


# --- which events a change concerns ---


def _concerned(session: SystemSession, actor: Actor, change: Change) -> list[_Past]:
    since = int(datetime(change.since.year, change.since.month, change.since.day, tzinfo=UTC).timestamp() * 1000)
    seqs: dict[int, set[int]] = defaultdict(set)
    farmers: Collection[str] = change.farmers
    sites: set[str] = set(change.sites)
    if change.certificate is not None:
        farmers = _members(session, actor.org_id, change.certificate)
        scope = table(models.CertificateSite)
        sites |= set(
            session.execute(select(scope.c.site_id).where(scope.c.certificate_id == change.certificate)).scalars()
        )
    for chunk in chunks(set(farmers)):
        query = (
            select(_LINE.c.seq, _LINE.c.lot_id)
            .join(_LOT, _LOT.c.id == _LINE.c.lot_id)
            .where(
                _LOT.c.org_id == actor.org_id,
                _LOT.c.kind == "delivery",
                _LOT.c.farmer.in_(chunk),
                _LINE.c.kind == "in",
                _LINE.c.occurred_at >= since,
            )
        )
        for seq, key in session.execute(query):
            seqs[seq].add(key)
    for chunk in chunks(sites):
        query = select(_LINE.c.seq, _LINE.c.lot_id).where(
            _LINE.c.site_id.in_(chunk),
            _LINE.c.occurred_at >= since,
            _LINE.c.type.in_(SITE_EVENTS),
            _LINE.c.kind.in_(("in", "note", "lost")),
        )
        for seq, key in session.execute(query):
            seqs[seq].add(key)
    return _past(session, seqs)


def _members(session: SystemSession, org_id: int, certificate_id: str) -> set[str]:
    member, farmer = table(models.Membership), table(models.Farmer)
    query = (
        select(farmer.c.code)
        .join(member, sa.and_(member.c.org_id == farmer.c.org_id, member.c.farmer_id == farmer.c.id))
        .where(member.c.org_id == org_id, member.c.certificate_id == certificate_id)
    )
    return set(session.execute(query).scalars())


def _past(session: SystemSession, seqs: dict[int, set[int]]) -> list[_Past]:
    answer = []
    for chunk in chunks(seqs):
        query = select(_EVENT.c.seq, _EVENT.c.org_id, _EVENT.c.body, _EVENT.c.ruling).where(_EVENT.c.seq.in_(chunk))
        for seq, org_id, body, text in session.execute(query.order_by(_EVENT.c.seq)):
            event, ruling = told.parse(body), load_ruling(text)
            if isinstance(event, told.Corrected):
                if event.instead is None or ruling.instead is None:
                    continue
                event, ruling = event.instead, ruling.instead
            if ruling.caps:
                answer.append(_Past(seq, org_id, event, ruling, tuple(sorted(seqs[seq]))))
    return answer


def _by_organisation(past: Iterable[_Past]) -> dict[int, list[_Past]]:
    groups: dict[int, list[_Past]] = defaultdict(list)
    for item in past:
        groups[item.org_id].append(item)
    return groups


Standing = Mapping[tuple[int, int], Mapping[str, Sequence[str]]]
"""Lot and event -> scheme -> what already caps that part of the lot."""


def _rejudged(item: _Past, registry: Registry, standing: Standing) -> dict[str, Cap]:
    """The caps that are lower now than they were, under each scheme ruled at the time."""
    answer = {}
    certificates = tuple(registry.certificates.values())
    for code, before in item.ruling.caps.items():
        scheme = profiles().schemes[code]
        if isinstance(item.event, told.Delivered):
            commodity, product = profiles().product(item.event.lot.product)
            brought = brought_by(item.event, commodity, product)
            cap = judge_delivery(scheme, brought, registry.farmers.get(item.event.farmer), certificates)
        else:
            site = item.ruling.site
            assert site is not None
            day = item.event.occurred_at.date()
            cap = judge_site(scheme, item.event.type, day=day, site_id=site, certificates=certificates)
        capped = [value for key in item.lots for value in standing.get((key, item.seq), {}).get(code, ())]
        now = min((before.value, *capped), key=scheme.rank)
        if scheme.rank(cap.value) < scheme.rank(now):
            answer[code] = cap
    return answer


def _standing(session: SystemSession, past: Iterable[_Past]) -> Standing:
    """What already caps what the events put into their lots, so that the same change twice lowers once."""
    past = list(past)
    whole = {item.seq for item in past if capped_since(item.event) is not None}
    keys = {key for item in past for key in item.lots}
    answer: dict[tuple[int, int], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for chunk in chunks(keys):
        query = select(_CAP.c.lot_id, _CAP.c.of_seq, _CAP.c.scheme, _CAP.c.value).where(_CAP.c.lot_id.in_(chunk))
        for key, of, scheme, value in session.execute(query):
            for seq in (of,) if of else whole:
                answer[key, seq][scheme].append(value)
    return answer
