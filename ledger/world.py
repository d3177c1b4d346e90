"""Rows into the plain values that the rules need: exactly what a batch of events speaks of, in a few queries."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row, bindparam, select

import models
from domain import events as told
from domain.book import Book, CapRow, CheckRow, HoldRow, LabelRow, LineRow
from domain.findings import Finding
from domain.judge import World
from domain.values import (
    Actor,
    Load,
    Lot,
    Registry,
    Transfer,
)
from ledger import facts
from ledger.facts import among, ask
from ledger.profiles import profiles
from models.base import table
from models.db import SystemSession
from models.graph import family

CHUNK = 5_000

_LOT = table(models.Lot)
_LINE = table(models.Line)
_LOAD = table(models.Load)
LOT_FIELDS = [column.name for column in _LOT.columns]


@dataclass(slots=True)
class Named:
    """The references of a batch of events, gathered once."""

    lots: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    sites: set[str] = field(default_factory=set)
    vessels: set[str] = field(default_factory=set)
    loads: set[str] = field(default_factory=set)
    farmers: set[str] = field(default_factory=set)
    certificates: set[str] = field(default_factory=set)
    organisations: set[str] = field(default_factory=set)
    transfers: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    earliest: int = 1 << 62

    @classmethod
    def of(cls, events: Iterable[told.AnyEvent]) -> Named:
        named = cls()
        for event in events:
            named.add(event)
        return named

    def add(self, event: told.AnyEvent) -> None:
        self.lots.update(told.lots_named(event))
        self.made.update(told.lots_made(event))
        self.earliest = min(self.earliest, told.millis(event.occurred_at))
        match event:
            case told.Delivered():
                self.farmers.add(event.farmer)
                self._outputs([event.lot])
            case told.Received() | told.Bulked():
                self.codes.add(event.into.code)
            case told.Split():
                self._outputs(event.outputs)
            case told.Transformed():
                self._outputs(event.outputs)
                self.loads.update(event.loads)
            case told.Loaded():
                self.vessels.add(event.vessel)
                self.loads.add(event.load)
            case told.Read() | told.Turned() | told.Unloaded():
                self.loads.add(event.load)
            case told.TransferOffered():
                self.organisations.add(event.to)
            case told.TransferAccepted() | told.TransferRejected():
                self.transfers.add(event.offer)
            case told.Shipped():
                self.certificates.update(identity for claim in event.claims for identity in claim.certificates)
            case told.LabelRevoked():
                self.labels.add(event.code)
            case told.Corrected():
                if event.instead is not None:
                    self.add(event.instead)
            case _:
                pass
        site = getattr(event, "site", None)
        if site is not None:
            self.sites.add(site)

    def _outputs(self, outputs: Iterable[told.NewLot]) -> None:
        for item in outputs:
            self.codes.add(item.code)
            if item.owner is not None:
                self.organisations.add(item.owner)


class Loader:
    """Fills a book and a registry from the database, within one transaction.

    On PostgreSQL the lots that will be written are locked, in the order of their keys.
    """

    def __init__(self, session: SystemSession, actor: Actor) -> None:
        self.connection = session.connection()
        self.actor = actor
        self.book = Book(profiles().schemes, self.fetch_descendants)
        self.was: dict[int, int] = {}  # lot key -> remaining grams as loaded
        self._linked: set[int] = set()
        self._capped: set[int] = set()

    # --- the world of a batch ---

    def world(self, events: Sequence[told.AnyEvent], now: int) -> World:
        named = Named.of(events)
        loads = self._loads(named)
        transfers = self._transfers(named.transfers)
        uids = named.lots | named.made | {uid for transfer in transfers for uid, _ in transfer.lots}
        self.lots_by_uid(uids)
        self.lots_by_key({key for load in loads for key in load.contents} | self._labels(named.labels, set()))
        self._active_loads()
        if any(isinstance(event, told.LabelIssued) for event in events):
            self._labels(set(), set(self.book.by_key))
        registry = self.registry(named)
        runs: dict[str, list[Load]] = defaultdict(list)
        for load in self._runs(named.vessels, named.earliest):
            runs[load.vessel_id].append(load)
        taken_lots, taken_codes = self._taken(named)
        return World(self.book, registry, profiles(), self.actor, now, taken_codes, taken_lots, runs)

    def _taken(self, named: Named) -> tuple[set[str], set[str]]:
        mine = self.actor.org_id
        lots = {uid for (uid,) in ask(self.connection, _TAKEN_LOTS, named.made, org_id=mine)}
        codes = {code for (code,) in ask(self.connection, _TAKEN_CODES, named.codes, org_id=mine)}
        return lots, codes

    # --- lots ---

    def lots_by_uid(self, uids: Collection[str]) -> None:
        wanted = {uid for uid in uids if uid not in self.book.by_uid}
        self._take(list(ask(self.connection, _LOTS_BY_UID, wanted)))

    def lots_by_key(self, keys: Collection[int]) -> None:
        wanted = {key for key in keys if key not in self.book.by_key}
        self._take(list(ask(self.connection, _LOTS_BY_KEY, wanted)))

    def _take(self, rows: Sequence[Row[Any]]) -> None:
        """Lots with their parties, claims and open holds. Of two lots with one id, the actor sees its own."""
        lots = [_lot(row) for row in rows]
        by_key = {lot.key: lot for lot in lots}
        for key, org_id in ask(self.connection, _PARTIES, by_key):
            by_key[key].parties.add(org_id)
        for key, scheme, value in ask(self.connection, _CLAIMS, by_key):
            by_key[key].claims[scheme] = value
        for lot in sorted(lots, key=lambda lot: self.actor.org_id in lot.parties):
            self.book.put(lot)
            self.was[lot.key] = lot.remaining_g
        blocked = [lot.key for lot in lots if lot.disposition != "available"]
        for row in ask(self.connection, _HOLDS, blocked):
            self.book.holds[row.lot_id].append(HoldRow(row.lot_id, row.seq, row.kind, row.code, row.reason, row.since))

    def fetch_descendants(self, keys: set[int]) -> None:
        """Everything made from some lots, with all that decides its claims."""
        below = self.descendants(keys)
        self.lots_by_key(below)
        fresh = below - self._linked
        edges = self._edges_into(fresh)
        self.lots_by_key({parent for parent, _ in edges})
        ancestors = {parent for parent, _ in edges}
        for parent, child in edges:
            self.book.link(parent, child)
        self._linked |= fresh
        self._caps(fresh | ancestors)
        self._deep_parents(ancestors - below)

    def _deep_parents(self, keys: set[int]) -> None:
        """Parents outside the family whose caps began later than some draws: their own parents are needed too."""
        wanted = {key for key in keys if any(row.since for row in self.book.caps[key])} - self._linked
        while wanted:
            edges = self._edges_into(wanted)
            self.lots_by_key({parent for parent, _ in edges})
            for parent, child in edges:
                self.book.link(parent, child)
            self._linked |= wanted
            parents = {parent for parent, _ in edges}
            self._caps(parents)
            wanted = {key for key in parents if any(row.since for row in self.book.caps[key])} - self._linked

    def descendants(self, keys: Collection[int]) -> set[int]:
        """Keys of the lots and of all that was ever made from them."""
        return family(self.connection, keys, "forward")

    def _edges_into(self, keys: Collection[int]) -> list[tuple[int, int]]:
        out = _LINE.alias("o")
        into = _LINE.alias("i")
        edges: list[tuple[int, int]] = []
        for chunk in _chunks(keys):
            query = (
                select(out.c.lot_id, into.c.lot_id)
                .select_from(into.join(out, sa.and_(out.c.seq == into.c.seq, out.c.kind == "out")))
                .where(into.c.lot_id.in_(chunk), into.c.kind == "in")
                .distinct()
            )
            edges += [(parent, child) for parent, child in self.connection.execute(query)]
        return sorted(edges)

    def _caps(self, keys: Collection[int]) -> None:
        cap = table(models.LotCap)
        wanted = [key for key in keys if key not in self._capped]
        self._capped.update(wanted)
        for chunk in _chunks(wanted):
            query = select(cap).where(cap.c.lot_id.in_(chunk)).order_by(cap.c.lot_id, cap.c.seq, cap.c.scheme)
            for row in self.connection.execute(query):
                reasons = tuple(Finding.from_dict(reason) for reason in json.loads(row.reasons))
                self.book.caps[row.lot_id].append(
                    CapRow(row.lot_id, row.scheme, row.seq, row.value, reasons, row.since)
                )

    # --- vessels, transfers, labels ---

    def _loads(self, named: Named) -> list[Load]:
        return self._load_rows(_LOAD.c.uid.in_(named.loads)) if named.loads else []

    def _runs(self, vessels: set[str], earliest: int) -> list[Load]:
        if not vessels:
            return []
        open_or_later = sa.or_(_LOAD.c.ended_at.is_(None), _LOAD.c.ended_at > earliest)
        return self._load_rows(sa.and_(_LOAD.c.vessel_id.in_(vessels), open_or_later))

    def _active_loads(self) -> None:
        """Runs that lots about to be drawn lie in. A delivery of its own draws nothing and asks nothing."""
        seqs = {seq for (seq,) in ask(self.connection, _ACTIVE_LOADS, self.book.by_key)}
        if seqs:
            self._load_rows(_LOAD.c.seq.in_(seqs))

    def _load_rows(self, where: Any) -> list[Load]:
        item = table(models.LoadItem)
        rows = self.connection.execute(select(_LOAD).where(where).order_by(_LOAD.c.seq)).all()
        contents: dict[int, dict[int, int]] = defaultdict(dict)
        for chunk in _chunks([row.seq for row in rows]):
            query = select(item).where(item.c.load_seq.in_(chunk))
            for row in self.connection.execute(query.order_by(item.c.load_seq, item.c.lot_id)):
                contents[row.load_seq][row.lot_id] = row.grams
        answer = []
        for row in rows:
            load = self.book.loads.get(row.uid)
            if load is None:
                load = Load(
                    row.seq,
                    row.uid,
                    row.org_id,
                    row.vessel_id,
                    row.site_id,
                    row.started_at,
                    contents[row.seq],
                    row.ended_at,
                )
                self.book.put_load(load)
            answer.append(load)
        return answer

    def _transfers(self, ids: set[str]) -> list[Transfer]:
        if not ids:
            return []
        transfer = table(models.Transfer)
        query = select(transfer).where(transfer.c.id.in_(ids)).order_by(transfer.c.seq).with_for_update()
        answer = []
        for row in self.connection.execute(query):
            lots = tuple((item["lot"], item["grams"]) for item in json.loads(row.items))
            offer = Transfer(row.seq, row.id, row.org_id, row.to_org_id, row.ownership, row.upstream, row.state, lots)
            if self.actor.org_id in (row.org_id, row.to_org_id):
                self.book.transfers[row.id] = offer
                answer.append(offer)
        return answer

    def _labels(self, codes: set[str], keys: set[int]) -> set[int]:
        """Labels by code or by lot; answers the keys of their lots."""
        label = table(models.Label)
        found: set[int] = set()
        for column, wanted in ((label.c.code, codes), (label.c.lot_id, keys)):
            for chunk in _chunks(wanted):
                for row in self.connection.execute(select(label).where(column.in_(chunk))):
                    found.add(row.lot_id)
                    self.book.labels[row.code] = LabelRow(
                        row.lot_id,
                        row.code,
                        row.org_id,
                        row.seq,
                        row.issued_at,
                        json.loads(row.claims),
                        row.state,
                        row.reason,
                        row.superseded_by,
                        row.ended_at,
                    )
        return found

    # --- what a correction takes back ---

    def lines_of(self, seq: int) -> tuple[LineRow, ...]:
        query = select(_LINE).where(_LINE.c.seq == seq).order_by(_LINE.c.lot_id, _LINE.c.kind)
        rows = self.connection.execute(query).all()
        self.lots_by_key({row.lot_id for row in rows})
        return tuple(
            LineRow(
                row.lot_id,
                row.seq,
                row.kind,
                row.grams,
                row.type,
                row.process,
                row.occurred_at,
                row.org_id,
                row.site_id,
            )
            for row in rows
        )

    def checks_but(self, key: int, seq: int) -> tuple[CheckRow, ...]:
        check = table(models.Check)
        query = select(check).where(check.c.lot_id == key, check.c.seq != seq).order_by(check.c.seq)
        return tuple(
            CheckRow(
                row.lot_id,
                row.seq,
                row.org_id,
                row.checked_at,
                row.stage,
                row.verdict,
                row.grade,
                json.loads(row.lines),
            )
            for row in self.connection.execute(query)
        )

    # --- the registry ---

    def registry(self, named: Named) -> Registry:
        """What the registry knows of everything named."""
        vessels = facts.vessels(self.connection, named.vessels)
        loads = {self.book.loads[uid].site_id for uid in named.loads if uid in self.book.loads}
        sites = facts.sites(self.connection, named.sites | {vessel.site_id for vessel in vessels.values()} | loads)
        farmers = facts.farmers(self.connection, self.actor.org_id, named.farmers)
        under = {held.certificate_id for farmer in farmers.values() for held in farmer.memberships}
        certificates = facts.certificates(self.connection, self.actor.org_id, under | named.certificates, set(sites))
        organisations = facts.organisations(self.connection, named.organisations)
        return Registry(sites, vessels, farmers, certificates, organisations)


_LOTS_BY_UID = select(_LOT).where(among(_LOT.c.uid)).order_by(_LOT.c.id).with_for_update()
_LOTS_BY_KEY = select(_LOT).where(among(_LOT.c.id)).order_by(_LOT.c.id).with_for_update()
_TAKEN_LOTS = select(_LOT.c.uid).where(_LOT.c.org_id == bindparam("org_id"), among(_LOT.c.uid))
_TAKEN_CODES = select(_LOT.c.code).where(_LOT.c.org_id == bindparam("org_id"), among(_LOT.c.code))
_PARTY, _CLAIM, _HOLD = table(models.LotParty), table(models.LotClaim), table(models.Hold)
_ITEM = table(models.LoadItem)
_PARTIES = select(_PARTY.c.lot_id, _PARTY.c.org_id).where(among(_PARTY.c.lot_id))
_CLAIMS = select(_CLAIM.c.lot_id, _CLAIM.c.scheme, _CLAIM.c.value).where(among(_CLAIM.c.lot_id))
_HOLDS = (
    select(_HOLD)
    .where(among(_HOLD.c.lot_id), _HOLD.c.ended_seq.is_(None))
    .order_by(_HOLD.c.lot_id, _HOLD.c.seq, _HOLD.c.kind)
)
_ACTIVE_LOADS = (
    select(_ITEM.c.load_seq)
    .join(_LOAD, _LOAD.c.seq == _ITEM.c.load_seq)
    .where(among(_ITEM.c.lot_id), _LOAD.c.ended_at.is_(None))
)


def _lot(row: Row[Any]) -> Lot:
    values = dict(zip(LOT_FIELDS, row, strict=True))
    values["key"] = values.pop("id")
    values["sealed"] = bool(values["sealed"])
    return Lot(**values)


def _chunks(values: Collection[Any]) -> Iterable[list[Any]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]
