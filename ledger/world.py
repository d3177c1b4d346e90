"""Rows into the plain values that the rules need: exactly what a batch of events speaks of, in a few queries."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Row, bindparam, select

import models
from domain import events as told
from domain.book import (
    Book,
    CapRow,
    ChecklistRow,
    CheckRow,
    ConsignmentRow,
    DeviationRow,
    DocumentRow,
    Fill,
    HandoverRow,
    HoldRow,
    LabelCountRow,
    LabelRow,
    LineRow,
    OrderRow,
    SampleRow,
    UnitRow,
)
from domain.findings import Finding
from domain.fold import Logged, Original, Past
from domain.judge import Run, World
from domain.ruling import Ruling, units_meant
from domain.units import numbers_of
from domain.values import (
    Actor,
    CatchSpent,
    Load,
    Lot,
    Registry,
    Transfer,
)
from ledger import catch, claims, facts
from ledger.facts import among, ask
from ledger.profiles import profiles
from models.base import table
from models.db import SystemSession
from models.graph import family, fills_into

CHUNK = 5_000

_LOT = table(models.Lot)
_LINE = table(models.Line)
_LOAD, _EVENT = table(models.Load), table(models.Event)
_FILED = table(models.AttachedDocument)
LOT_FIELDS = [column.name for column in _LOT.columns]
DEVIATION_FIELDS = ("lot_id", *(item.name for item in fields(DeviationRow) if item.name != "lot"))


@dataclass(slots=True)
class Named:
    """The references of a batch of events, gathered once."""

    lots: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    sites: set[str] = field(default_factory=set)
    vessels: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    """Vessels of which a run begins: one at a time."""
    loads: set[str] = field(default_factory=set)
    farmers: set[str] = field(default_factory=set)
    certificates: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    """Lots that receive deliveries: they may be there."""
    organisations: set[str] = field(default_factory=set)
    transfers: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    papers_issued: set[str] = field(default_factory=set)
    """Numbers of documents of the actor's organisation."""
    instruments: set[str] = field(default_factory=set)
    days: dict[str, set[tuple[str, date]]] = field(default_factory=lambda: defaultdict(set))
    """Farmer -> (product, day) of what is delivered: the seasons to be counted."""
    samples: set[str] = field(default_factory=set)
    units: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Lot -> the first and the last of its units that matter."""
    unit_codes: set[str] = field(default_factory=set)
    papers: bool = False  # certificates of control bodies matter
    deviations: set[str] = field(default_factory=set)
    quality: bool = False  # checks, orders and checklists matter
    earliest: int = 1 << 62

    @classmethod
    def of(cls, events: Iterable[told.AnyEvent]) -> Named:
        named, events = cls(), list(events)
        for event in events:
            named.add(event)
        if any(isinstance(event, told.Corrected) for event in events):
            for event in events:
                if isinstance(event, told.UnitsVoided):  # labels that count again are held against the lot, with all
                    named._units(event.lot, 1, told.MAX_UNITS)
        return named

    def add(self, event: told.AnyEvent) -> None:  # noqa: PLR0915 - one case an event type
        self.lots.update(told.lots_named(event))
        self.made.update(told.lots_made(event))
        self.earliest = min(self.earliest, told.millis(event.occurred_at))
        self.quality |= isinstance(event, QUALITY) or event.type in profiles().waiting
        for first, last in told.units_named(event):
            self._units(told.lots_named(event)[0], first, last)
        match event:
            case told.UnitsLabelled() | told.Packed() | told.Returned():
                self._units(
                    event.lot, 1, told.MAX_UNITS
                )  # all labels are held against the lot; which come back is not said
            case told.UnitsReceived():
                self.unit_codes.update(event.codes)
            case told.Delivered():
                self.farmers.add(event.farmer)
                self.days[event.farmer].add((event.lot.product, event.occurred_at.date()))
                self.instruments |= _given(event.scale)
                self._outputs([event.lot])
            case told.Received():
                self.codes.add(event.into.code)
                self.filled.add(event.into.lot)
                self.instruments |= _given(event.scale)
            case told.Bulked():
                self.codes.add(event.into.code)
            case told.Split():
                self._outputs(event.outputs)
            case told.Transformed():
                self._outputs(event.outputs)
                self.organisations.update(part.owner for part in event.key or ())
                self.loads.update(event.loads)
            case told.Loaded():
                self.vessels.add(event.vessel)
                self.begun.add(event.vessel)
                self.loads.add(event.load)
            case told.Read() | told.Turned() | told.Unloaded():
                self.loads.add(event.load)
            case told.TransferOffered():
                self.organisations.add(event.to)
            case told.TransferRejected():
                self.transfers.add(event.offer)
            case told.Shipped():
                self.certificates.update(identity for claim in event.claims for identity in claim.certificates)
            case told.LabelRevoked():
                self.labels.add(event.code)
            case told.DocumentIssued():
                self.papers_issued |= _given(event.supersedes)
            case told.DocumentRevoked():
                self.papers_issued.add(event.number)
            case told.Cleaned() | told.Checked():
                self.vessels |= _given(event.vessel)
            case told.DeviationRaised() | told.DeviationClosed() | told.ActionVerified():
                self.deviations.add(event.deviation)
            case told.Sampled() | told.SampleHandedOver():
                self.samples.add(event.sample)
            case told.Inspected():
                self.samples |= _given(event.sample)
                self.instruments.update(item.instrument for item in event.measurements if item.instrument)
            case told.Certified() | told.TransferAccepted():
                self.papers = True
                if isinstance(event, told.TransferAccepted):
                    self.transfers.add(event.offer)
            case told.Corrected():
                self.papers = True
                if event.instead is not None:
                    self.add(event.instead)
            case _:
                pass
        site = getattr(event, "site", None)
        if site is not None:
            self.sites.add(site)

    def _units(self, lot: str, first: int, last: int) -> None:
        known = self.units.get(lot, (first, last))
        self.units[lot] = (min(first, known[0]), max(last, known[1]))

    def _outputs(self, outputs: Iterable[told.NewLot]) -> None:
        for item in outputs:
            self.codes.add(item.code)
            if item.owner is not None:
                self.organisations.add(item.owner)


def _asks_for_a_licence(named: Named) -> bool:
    """Whether the law asks those who bring the goods for a licence, on any day."""
    licensed = {
        category
        for scheme in profiles().schemes.values()
        for params in scheme.params
        if params.licence is not None
        for category in params.mandatory_for
    }
    brought = {product for days in named.days.values() for product, _ in days}
    categories = {
        product.category
        for commodity in profiles().commodities.values()
        for product in commodity.products.values()
        if product.code in brought
    }
    return bool(categories & licensed)


def _given(reference: str | None) -> set[str]:
    return set() if reference is None else {reference}


QUALITY = (
    told.Split,
    told.TestsOrdered,
    told.Inspected,
    told.Checked,
    told.BatchCertified,
    told.Released,
    told.Corrected,
)
"""Events that are judged by what quality control found so far."""


class Loader:
    """Fills a book and a registry from the database, within one transaction.

    On PostgreSQL the lots that will be written are locked, in the order of their keys.
    """

    def __init__(self, session: SystemSession, actor: Actor) -> None:
        self.connection = session.connection()
        self.actor = actor
        self.book = Book(profiles().schemes, self.fetch_descendants, self.fetch_ancestors, self.fetch_moves)
        self.was: dict[int, int] = {}  # lot key -> remaining grams as loaded
        self._linked: set[int] = set()
        self._capped: set[int] = set()
        self._papered: set[int] = set()
        self._inspected: set[int] = set()
        self._deep = False

    # --- the world of a batch ---

    def world(self, events: Sequence[told.AnyEvent], now: int) -> World:
        named = Named.of(events)
        self._deep = any(isinstance(event, told.Corrected) for event in events)
        loads = self._loads(named)
        transfers = self._transfers(named.transfers)
        uids = named.lots | named.made | {uid for transfer in transfers for uid, _ in transfer.lots}
        self.lots_by_uid(uids)
        if any(isinstance(event, told.Sampled) for event in events):
            facts.lock_organisation(self.connection, self.actor.org_id)  # a code names one sample
        unit_codes = self._units(named)
        self._samples(named.samples)
        self._deviations(_DEVIATIONS_BY_UID, named.deviations)
        if named.quality:
            self._quality(self.book.by_key)
        self.lots_by_key({key for load in loads for key in load.contents} | self._labels(named.labels, set()))
        self._documents(named.papers_issued)
        self._active_loads()
        if any(isinstance(event, told.LabelIssued | told.UnitsLabelled) for event in events):
            self._labels(set(), set(self.book.by_key))
        filled = {self.book.by_uid[uid].key for uid in named.filled if uid in self.book.by_uid}
        self._consignments(self.book.by_key if named.papers else filled)
        self._dated(filled | {lot.key for lot in self.book.by_key.values() if lot.holder_id != lot.org_id})
        self._moved_later(named.earliest)
        if any(isinstance(event, told.Released) for event in events):
            self._held_for_the_estimate(named)
        registry = self.registry(named)
        runs: dict[str, list[Load]] = defaultdict(list)
        ending = [self.book.loads[uid] for uid in named.loads if uid in self.book.loads]
        earliest = min((named.earliest, *(load.started_at for load in ending)))
        for load in self._runs(named.vessels | {load.vessel_id for load in ending}, earliest):
            runs[load.vessel_id].append(load)
        taken_lots, taken_codes = self._taken(named)
        return World(
            self.book,
            registry,
            profiles(),
            self.actor,
            now,
            taken_codes,
            taken_lots,
            runs,
            delivered=self._delivered(named, registry),
            run_claims=self._run_claims(runs),
            unit_codes=unit_codes,
        )

    def _units(self, named: Named) -> dict[str, tuple[int, int, int]]:
        """The units named, by number and by code, once their lots are locked; answers what is behind the codes."""
        codes = {row.code: (row.lot_id, row.number, row.run) for row in ask(self.connection, _CODES, named.unit_codes)}
        spans = {self.book.by_uid[uid].key: span for uid, span in named.units.items() if uid in self.book.by_uid}
        for key, number, _ in codes.values():
            if key in self.book.by_key:  # of another lot than the event names: refused
                first, last = spans.get(key, (number, number))
                spans[key] = (min(first, number), max(last, number))
        for key, (first, last) in sorted(spans.items()):
            for row in self.connection.execute(_UNITS, {"lot": key, "first": first, "last": last}):
                self.book.units_of[key].setdefault(row.number, UnitRow(*row))
        return codes

    def _held_for_the_estimate(self, named: Named) -> None:
        """Deliveries that a release would end the hold of: their farmer's season is counted again."""
        for lot in self.book.by_key.values():
            if lot.farmer is not None and any(row.code == "OVER_DELIVERY" for row in self.book.open_holds(lot)):
                named.farmers.add(lot.farmer)
                named.days[lot.farmer].add((lot.product, datetime.fromtimestamp(lot.made_at / 1000, UTC).date()))

    def _delivered(self, named: Named, registry: Registry) -> dict[tuple[str, str, str], dict[str, int]]:
        """What the farmers named brought with a claim in the seasons at hand; events of this batch not counted."""
        wanted: dict[tuple[str, date, date], set[str]] = defaultdict(set)
        for farmer, days in named.days.items():
            if farmer not in registry.farmers or not registry.farmers[farmer].estimates:
                continue
            for product, day in days:
                commodity = profiles().commodity_of(product)
                if commodity is not None:
                    season = commodity.season_of(day)
                    wanted[(season, *commodity.season_days(season))].add(farmer)
        answer: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for (season, first, last), farmers in wanted.items():
            rows = ask(
                self.connection,
                _DELIVERED,
                farmers,
                org_id=self.actor.org_id,
                first=_midnight(first),
                after=_midnight(last) + DAY_MS,
            )
            for row in rows:
                scheme = profiles().schemes.get(row.scheme)
                if row.uid not in named.made and scheme is not None and scheme.value(row.value).claimable:
                    answer[row.farmer, row.scheme, season][row.product] += row.initial_g
        return answer

    def _run_claims(self, runs: dict[str, list[Load]]) -> dict[str, dict[str, str]]:
        """The lowest value, by scheme, of what lay in loads that are not of this batch's lots."""
        uids = {load.seq: load.uid for loads in runs.values() for load in loads if load.ended_at is not None}
        values: dict[str, dict[str, list[str]]] = {uid: defaultdict(list) for uid in uids.values()}
        lots: dict[str, set[int]] = defaultdict(set)
        for load_seq, lot_id, scheme, value in ask(self.connection, _RUN_CLAIMS, uids):
            lots[uids[load_seq]].add(lot_id)
            if scheme is not None:
                values[uids[load_seq]][scheme].append(value)
        answer: dict[str, dict[str, str]] = {}
        for uid, schemes in values.items():
            answer[uid] = {}
            for scheme, found in schemes.items():
                rules = profiles().schemes[scheme]
                short = len(found) < len(lots[uid])  # a lot that the scheme does not know carries nothing
                answer[uid][scheme] = rules.values[0].code if short else min(found, key=rules.rank)
        return answer

    def _consignments(self, keys: Collection[int]) -> None:
        wanted = [key for key in keys if key not in self._papered]
        self._papered.update(wanted)
        for row in ask(self.connection, _CONSIGNMENTS, wanted):
            self.book.consignments[row.lot_id].append(ConsignmentRow(*row))

    def _samples(self, codes: set[str]) -> None:
        """Samples of the actor's organisation, with the lots that they were drawn of."""
        rows = list(ask(self.connection, _SAMPLES, codes, org_id=self.actor.org_id))
        self.lots_by_key({row.lot_id for row in rows})
        for row in rows:
            self.book.samples[row.code].append(SampleRow(*row))
        for row in ask(self.connection, _HANDOVERS, codes, org_id=self.actor.org_id):
            self.book.handovers[row.code].append(HandoverRow(*row))

    def _quality(self, keys: Collection[int]) -> None:
        """Checks, orders and checklists of some lots."""
        wanted = [key for key in keys if key not in self._inspected]
        self._inspected.update(wanted)
        self._deviations(_DEVIATIONS, wanted)
        for row in ask(self.connection, _CHECKS, wanted):
            check = (*row[:-1], tuple(orjson.loads(row.lines)))
            self.book.checks[row.lot_id].append(CheckRow(*check))
        for row in ask(self.connection, _ORDERS, wanted):
            order = (*row[:4], tuple(orjson.loads(row.tests)), *row[5:])
            self.book.orders[row.lot_id].append(OrderRow(*order))
        for row in ask(self.connection, _LABEL_COUNTS, wanted):
            self.book.label_counts[row.lot_id].append(LabelCountRow(*row))
        for row in ask(self.connection, _CHECKLISTS, wanted):
            done = (*row[:7], bool(row.passed), tuple(orjson.loads(row.answers)))
            self.book.checklists[row.lot_id].append(ChecklistRow(*done))

    def _deviations(self, query: Any, wanted: Collection[Any]) -> None:
        rows = [DeviationRow(*row) for row in ask(self.connection, query, wanted)]
        self.lots_by_key({row.lot for row in rows})
        for row in rows:
            self.book.deviations.setdefault(row.uid, row)

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
        """Lots with their parties, claims and holds. Of two lots with one id, the actor sees its own.

        What was held once and is not any more matters to corrections alone: they do not hold it again.
        """
        lots = [_lot(row) for row in rows]
        by_key = {lot.key: lot for lot in lots}
        for key, org_id in ask(self.connection, _PARTIES, by_key):
            by_key[key].parties.add(org_id)
        for key, scheme, value in ask(self.connection, _CLAIMS, by_key):
            by_key[key].claims[scheme] = value
        for lot in sorted(lots, key=lambda lot: self.actor.org_id in lot.parties):
            self.book.put(lot)
            self.was[lot.key] = lot.remaining_g
        blocked = [lot.key for lot in lots if self._deep or lot.disposition != "available"]
        for row in ask(self.connection, _HOLDS, blocked):
            self.book.holds[row.lot_id].append(HoldRow(*row))

    def fetch_descendants(self, keys: set[int]) -> None:
        """Everything made from some lots, with all that decides its claims."""
        below = self.descendants(keys)
        self.lots_by_key(below)
        fresh = below - self._linked
        parents = self._link(below)
        self._consignments(fresh)
        self._caps(below)
        if self._deep:  # parts of a lot are tested with it
            self._quality(below)
        self._dated(parents - below)

    def fetch_ancestors(self, keys: set[int]) -> None:
        """Everything that some lots were made from."""
        above = family(self.connection, keys, "back")
        self.lots_by_key(above)
        self._link(above)

    def fetch_moves(self, keys: set[int]) -> None:
        """Everything that was put into some lots, or drawn from them."""
        self._moves(ask(self.connection, _MOVES, keys))

    def _moves(self, rows: Iterable[Row[Any]]) -> None:
        for row in rows:
            self.book.moves[row.lot_id][row.seq] = (row.occurred_at, row.grams if row.kind == "in" else -row.grams)

    def _link(self, keys: set[int]) -> set[int]:
        """The fills of some lots; answers the keys of the lots that they drew from, loaded too."""
        fresh = keys - self._linked
        self._linked |= fresh
        fills = fills_into(self.connection, fresh)
        self.lots_by_key({parent for fill in fills for parent in fill.parents})
        for fill in fills:
            self.book.put_fill(fill.lot, Fill(fill.seq, fill.at, fill.parents))
        return {parent for key in keys for parent in self.book.parents(key)}

    def _dated(self, keys: set[int]) -> None:
        """Lots that may be drawn from as they were before a cap began: their own parents are needed too."""
        self._caps(keys)
        wanted = {key for key in keys if any(row.since for row in self.book.caps[key])} - self._linked
        while wanted:
            parents = self._link(wanted)
            self._caps(parents)
            wanted = {key for key in parents if any(row.since for row in self.book.caps[key])} - self._linked

    def _moved_later(self, earliest: int) -> None:
        """What was put into receiving lots, or drawn from them, after the first of the events at hand."""
        receiving = [lot.key for lot in self.book.by_key.values() if lot.kind == "receiving"]
        self._moves(ask(self.connection, _MOVED_LATER, receiving, earliest=earliest))

    def descendants(self, keys: Collection[int]) -> set[int]:
        """Keys of the lots and of all that was ever made from them."""
        return family(self.connection, keys, "forward")

    def _caps(self, keys: Collection[int]) -> None:
        cap = table(models.LotCap)
        wanted = [key for key in keys if key not in self._capped]
        self._capped.update(wanted)
        for chunk in _chunks(wanted):
            query = select(cap).where(cap.c.lot_id.in_(chunk))
            query = query.order_by(cap.c.lot_id, cap.c.seq, cap.c.scheme, cap.c.of_seq)
            for row in self.connection.execute(query):
                reasons = tuple(Finding.from_dict(reason) for reason in json.loads(row.reasons))
                self.book.caps[row.lot_id].append(
                    CapRow(row.lot_id, row.scheme, row.seq, row.of_seq, row.value, reasons, row.since)
                )

    # --- vessels, transfers, labels ---

    def _loads(self, named: Named) -> list[Load]:
        return self._load_rows(_LOAD.c.uid.in_(named.loads)) if named.loads else []

    def _runs(self, vessels: set[str], earliest: int) -> list[Load]:
        """Runs of some vessels that are open or ended later than an instant, and the last one before it."""
        if not vessels:
            return []
        before = _LOAD.alias()
        last = (
            select(sa.func.max(before.c.ended_at))
            .where(before.c.vessel_id == _LOAD.c.vessel_id, before.c.ended_at <= earliest)
            .scalar_subquery()
        )
        wanted = sa.or_(_LOAD.c.ended_at.is_(None), _LOAD.c.ended_at > earliest, _LOAD.c.ended_at == last)
        return self._load_rows(sa.and_(_LOAD.c.vessel_id.in_(vessels), wanted))

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
                        tuple(json.loads(row.declares)),
                        row.state,
                        row.reason,
                        row.superseded_by,
                        row.ended_at,
                    )
        return found

    def _documents(self, numbers: set[str]) -> None:
        """Documents of the actor's organisation, with their lots."""
        rows = [DocumentRow(*row) for row in ask(self.connection, _DOCUMENTS, numbers, org_id=self.actor.org_id)]
        self.lots_by_key({row.lot for row in rows})
        for row in rows:
            self.book.papers[row.org_id, row.number] = row

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

    def original(self, event: told.AnyEvent, seq: int, ruling: Ruling) -> Original:
        """An event that is taken back, with what it wrote, and the lives of the units that it meant."""
        lines = self.lines_of(seq)
        if not isinstance(event, LIVES) or not units_meant(event, ruling):
            return Original(event, seq, lines, ruling)
        key = self.book.by_uid[event.lot].key
        rows = self.connection.execute(_LIVES, {"lot": key, "seq": seq}).all()
        lives = []
        for row in rows:
            past, judged = told.parse(row.body), Ruling.load(orjson.loads(row.ruling))
            if isinstance(past, told.Corrected) and past.instead is not None and judged.instead is not None:
                past, judged = past.instead, judged.instead
            lives.append(Past(past, judged, Logged(row.seq, row.org_id)))
        return Original(event, seq, lines, ruling, tuple(lives))

    # --- the registry ---

    def registry(self, named: Named) -> Registry:
        """What the registry knows of everything named."""
        facts.lock_vessels(self.connection, named.begun)
        vessels = facts.vessels(self.connection, named.vessels)
        loads = {self.book.loads[uid].site_id for uid in named.loads if uid in self.book.loads}
        sites = facts.sites(self.connection, named.sites | {vessel.site_id for vessel in vessels.values()} | loads)
        counted = bool(named.days)
        farmers = facts.farmers(
            self.connection, self.actor.org_id, named.farmers, locked=counted, licensed=_asks_for_a_licence(named)
        )
        under = {held.certificate_id for farmer in farmers.values() for held in farmer.memberships}
        certificates = facts.certificates(self.connection, self.actor.org_id, under | named.certificates, set(sites))
        organisations = facts.organisations(self.connection, named.organisations)
        instruments = facts.instruments(self.connection, self.actor.org_id, named.instruments)
        settings = facts.settings(self.connection, self.actor.org_id)
        return Registry(sites, vessels, farmers, certificates, organisations, instruments, settings)

    # --- asked for only when a rule needs it ---

    def line_before(self, site_id: str, at: int) -> Run | None:
        """The last transformation at a site before an instant that named no vessel, with the lowest values made."""
        found = self.connection.execute(_LINE_BEFORE, {"site": site_id, "at": at}).first()
        if found is None:
            return None
        values: dict[str, list[str]] = defaultdict(list)
        lots: set[int] = set()
        for lot_id, scheme, value in self.connection.execute(_MADE_CLAIMS, {"seq": found.seq}):
            lots.add(lot_id)
            if scheme is not None:
                values[scheme].append(value)
        carried = {}
        for scheme, known in values.items():
            rules = profiles().schemes[scheme]
            carried[scheme] = rules.values[0].code if len(known) < len(lots) else min(known, key=rules.rank)
        return Run(found.occurred_at, carried)

    def cleanings(self, site_id: str, vessel: str | None, since: int, until: int) -> list[tuple[int, int]]:
        """When a vessel (or the line) of a site was cleaned between two instants, and when that was told."""
        rows = self.connection.execute(_CLEANINGS, {"site": site_id, "since": since, "until": until})
        return [(row.cleaned_at, row.told_at) for row in rows if row.vessel_id == vessel]

    def results(self, key: int) -> list[tuple[str, str, str]]:
        """The last values measured on a lot and on all that it was made from."""
        last: dict[tuple[int, str], tuple[str, str, str]] = {}
        for row in ask(self.connection, _RESULTS, family(self.connection, [key], "back")):
            for line in orjson.loads(row.lines):
                if not line.get("below"):
                    last[row.lot_id, line["test"]] = (row.product, line["test"], line["value"])
        return list(last.values())

    def expiring_before(self, key: int, day: str) -> tuple[str, str] | None:
        """A lot in stock of the same goods, owner and site that expires first, if that is before this lot does."""
        found = self.connection.execute(_EXPIRING, {"lot": key, "day": day}).first()
        return (found.code, found.expires_on) if found is not None else None

    def shipped_g(self, key: int) -> int:
        """Grams of a lot that left and did not come back."""
        return int(self.connection.execute(_SHIPPED, {"lot": key}).scalar_one() or 0)

    def rulings_of(self, key: int) -> list[Ruling]:
        """The rulings of the events that made a lot; of a correction, what it put in place."""
        rulings = [
            Ruling.load(orjson.loads(text)) for text in self.connection.execute(_RULINGS_OF, {"lot": key}).scalars()
        ]
        return [ruling.instead or ruling for ruling in rulings]

    def unfit(self, site: str, vessel: str | None, since: int, until: int) -> list[tuple[str, str]]:
        """Checklists that stood failed at an instant, or failed from then until another: code, critical points."""
        failed: set[tuple[str, str]] = set()
        for row in self.connection.execute(_SITE_CHECKLISTS, {"site": site}):
            if row.vessel_id != vessel or row.checked_at > until:
                continue
            points = ", ".join(orjson.loads(row.failed))
            if row.checked_at < since:
                failed = {known for known in failed if known[0] != row.checklist}
            if points:
                failed.add((row.checklist, points))
        return sorted(failed)

    def made_meanwhile(self, site: str, vessel: str | None, checklist: str, at: int) -> list[str]:
        """Lots made at a site (in a vessel) from an instant until the checklist was passed again; they are loaded."""
        rows = self.connection.execute(_SITE_CHECKLISTS, {"site": site})
        passed = (
            row.checked_at
            for row in rows
            if (row.vessel_id, row.checklist) == (vessel, checklist)
            and row.checked_at > at
            and not orjson.loads(row.failed)
        )
        until = min(passed, default=1 << 62)
        made = list(self.connection.execute(_MADE_AT, {"site": site, "since": at}))
        if vessel is None:
            found = [row.uid for row in made if row.occurred_at < until]
        else:
            runs = self.connection.execute(_RUNS_ENDED, {"vessel": vessel, "since": at})
            ended = {row.ended_seq for row in runs if row.started_at < until}
            found = [row.uid for row in made if row.seq in ended]
        self.lots_by_uid(found)
        return found

    def makers(self, key: int) -> set[str]:
        """Who told the events that made a lot."""
        return set(self.connection.execute(_MAKERS, {"lot": key}).scalars())

    def check_of(self, event: str, key: int) -> int | None:
        """The number of the check that an event made of a lot; a correction counts as what it put in place."""
        return self.connection.execute(_CHECK_OF, {"event": event, "lot": key}).scalar_one_or_none()

    def attached(self, key: int, sha256: str) -> bool:
        """Whether the actor's organisation attached a paper with a digest to a lot before."""
        said = {"org": self.actor.org_id, "lot": key, "sha256": sha256}
        return self.connection.execute(_ATTACHED, said).first() is not None

    def ruling_at(self, seq: int) -> Ruling:
        text = self.connection.execute(_RULING, {"seq": seq}).scalar_one()
        return Ruling.load(orjson.loads(text))

    def gone_g(self, key: int) -> int:
        """Grams of a lot that went into other lots or were lost."""
        return int(self.connection.execute(_GONE, {"lot": key}).scalar_one() or 0)

    def claimed_g(self, key: int, scheme: str, value: str) -> int:
        """Grams of a lot that may still leave with a value of a scheme that keeps a mass balance."""
        return claims.claimed_g(self.connection, key, profiles().schemes[scheme], value) or 0

    def catch_behind(self, key: int, grams: int, scheme: str) -> list[CatchSpent]:
        """The landings behind so many grams of a lot; nobody else spends them meanwhile."""
        self.lots_by_key(family(self.connection, [key], "back"))
        return catch.behind(self.connection, key, grams, scheme)

    def shipped_to_me(self, key: int) -> list[frozenset[int] | None]:
        """Shipments of a lot to the actor's organisation: the units that each named; none: it named no units."""
        answer: list[frozenset[int] | None] = []
        for body in self.connection.execute(_SHIPMENTS, {"lot": key}).scalars():
            event = told.parse(body)
            event = event.instead if isinstance(event, told.Corrected) and event.instead is not None else event
            if isinstance(event, told.Shipped) and event.to == self.actor.org_code:
                answer.append(None if event.units is None else frozenset(numbers_of(told.units_named(event))))
        return answer

    def origins(self, keys: set[int]) -> int:
        """How many farmers the goods of some lots come from."""
        return claims.origins(self.connection, keys)


DAY_MS = 24 * 60 * 60 * 1000


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


_LOTS_BY_UID = select(_LOT).where(among(_LOT.c.uid)).order_by(_LOT.c.id).with_for_update()
_LOTS_BY_KEY = select(_LOT).where(among(_LOT.c.id)).order_by(_LOT.c.id).with_for_update()
_TAKEN_LOTS = select(_LOT.c.uid).where(_LOT.c.org_id == bindparam("org_id"), among(_LOT.c.uid))
_TAKEN_CODES = select(_LOT.c.code).where(_LOT.c.org_id == bindparam("org_id"), among(_LOT.c.code))
_PARTY, _CLAIM, _HOLD = table(models.LotParty), table(models.LotClaim), table(models.Hold)
_ITEM = table(models.LoadItem)
_PARTIES = select(_PARTY.c.lot_id, _PARTY.c.org_id).where(among(_PARTY.c.lot_id))
_CLAIMS = select(_CLAIM.c.lot_id, _CLAIM.c.scheme, _CLAIM.c.value).where(among(_CLAIM.c.lot_id))
_HOLDS = (
    select(_HOLD.c.lot_id, _HOLD.c.seq, _HOLD.c.kind, _HOLD.c.code, _HOLD.c.reason, _HOLD.c.since, _HOLD.c.ended_seq)
    .where(among(_HOLD.c.lot_id))
    .order_by(_HOLD.c.lot_id, _HOLD.c.seq, _HOLD.c.kind)
)
_DELIVERED = (
    select(_LOT.c.uid, _LOT.c.farmer, _LOT.c.product, _LOT.c.initial_g, _CLAIM.c.scheme, _CLAIM.c.value)
    .join(_CLAIM, _CLAIM.c.lot_id == _LOT.c.id)
    .where(
        _LOT.c.org_id == bindparam("org_id"),
        among(_LOT.c.farmer),
        _LOT.c.made_at >= bindparam("first"),
        _LOT.c.made_at < bindparam("after"),
        _LOT.c.disposition != "void",
    )
)
_RUN_CLAIMS = (
    select(_ITEM.c.load_seq, _ITEM.c.lot_id, _CLAIM.c.scheme, _CLAIM.c.value)
    .join(_CLAIM, _CLAIM.c.lot_id == _ITEM.c.lot_id, isouter=True)
    .where(among(_ITEM.c.load_seq))
)
_PAPER, _CLEANING = table(models.Consignment), table(models.Cleaning)
_CONSIGNMENTS = (
    select(
        _PAPER.c.lot_id,
        _PAPER.c.seq,
        _PAPER.c.org_id,
        _PAPER.c.kind,
        _PAPER.c.scheme,
        _PAPER.c.value,
        _PAPER.c.number,
        _PAPER.c.grams,
        _PAPER.c.issued_at,
        _PAPER.c.state,
        _PAPER.c.ended_seq,
    )
    .where(among(_PAPER.c.lot_id))
    .order_by(_PAPER.c.lot_id, _PAPER.c.seq)
)
_CLEANINGS = select(_CLEANING).where(
    _CLEANING.c.site_id == bindparam("site"),
    _CLEANING.c.cleaned_at >= bindparam("since"),
    _CLEANING.c.cleaned_at <= bindparam("until"),
)
_LINE_BEFORE = (
    select(_LINE.c.seq, _LINE.c.occurred_at)
    .where(
        _LINE.c.site_id == bindparam("site"),
        _LINE.c.occurred_at < bindparam("at"),
        _LINE.c.type == "transformed",
        _LINE.c.kind == "in",
        ~sa.exists().where(_LOAD.c.ended_seq == _LINE.c.seq),
    )
    .order_by(_LINE.c.occurred_at.desc(), _LINE.c.seq.desc())
    .limit(1)
)
_MADE_CLAIMS = (
    select(_LINE.c.lot_id, _CLAIM.c.scheme, _CLAIM.c.value)
    .join(_CLAIM, _CLAIM.c.lot_id == _LINE.c.lot_id, isouter=True)
    .where(_LINE.c.seq == bindparam("seq"), _LINE.c.kind == "in")
)
_RULING = select(_EVENT.c.ruling).where(_EVENT.c.seq == bindparam("seq"))
_GONE = select(sa.func.sum(_LINE.c.grams)).where(_LINE.c.lot_id == bindparam("lot"), _LINE.c.kind.in_(("out", "lost")))
_CHECK, _SAMPLE, _ORDER, _LIST = (
    table(models.Check),
    table(models.Sample),
    table(models.TestOrder),
    table(models.LotChecklist),
)
_LABEL_COUNT, _HANDOVER, _SITE_LIST = (
    table(models.LabelCount),
    table(models.SampleHandover),
    table(models.SiteChecklist),
)
_DOCUMENT = table(models.Document)
_DOCUMENTS = (
    select(*(_DOCUMENT.c["lot_id" if item.name == "lot" else item.name] for item in fields(DocumentRow)))
    .where(_DOCUMENT.c.org_id == bindparam("org_id"), among(_DOCUMENT.c.number))
    .order_by(_DOCUMENT.c.seq)
)
_HANDOVERS = (
    select(
        _HANDOVER.c.seq,
        _HANDOVER.c.org_id,
        _HANDOVER.c.code,
        _HANDOVER.c.handed_at,
        _HANDOVER.c.to,
        _HANDOVER.c.seal,
        _HANDOVER.c.broken,
        _HANDOVER.c.told_by,
    )
    .where(_HANDOVER.c.org_id == bindparam("org_id"), among(_HANDOVER.c.code))
    .order_by(_HANDOVER.c.seq)
)
_LABEL_COUNTS = (
    select(
        _LABEL_COUNT.c.lot_id,
        _LABEL_COUNT.c.seq,
        _LABEL_COUNT.c.org_id,
        _LABEL_COUNT.c.counted_at,
        _LABEL_COUNT.c.printed,
        _LABEL_COUNT.c.used,
        _LABEL_COUNT.c.spoiled,
        _LABEL_COUNT.c.put_back,
    )
    .where(among(_LABEL_COUNT.c.lot_id))
    .order_by(_LABEL_COUNT.c.lot_id, _LABEL_COUNT.c.seq)
)
_SITE_CHECKLISTS = (
    select(_SITE_LIST.c.vessel_id, _SITE_LIST.c.checklist, _SITE_LIST.c.checked_at, _SITE_LIST.c.failed)
    .where(_SITE_LIST.c.site_id == bindparam("site"), _SITE_LIST.c.general.is_(True))
    .order_by(_SITE_LIST.c.checked_at, _SITE_LIST.c.seq)
)
_MADE_AT = (
    select(_LOT.c.uid, _LINE.c.seq, _LINE.c.occurred_at)
    .join(_LOT, _LOT.c.id == _LINE.c.lot_id)
    .where(
        _LINE.c.site_id == bindparam("site"),
        _LINE.c.type == "transformed",
        _LINE.c.kind == "in",
        _LINE.c.occurred_at >= bindparam("since"),
    )
    .order_by(_LINE.c.seq, _LOT.c.id)
)
_RUNS_ENDED = select(_LOAD.c.ended_seq, _LOAD.c.started_at).where(
    _LOAD.c.vessel_id == bindparam("vessel"), _LOAD.c.ended_at >= bindparam("since")
)
_RULINGS_OF = (
    select(_EVENT.c.ruling)
    .join(_LINE, _LINE.c.seq == _EVENT.c.seq)
    .where(_LINE.c.lot_id == bindparam("lot"), _LINE.c.kind == "in")
)
_SHIPPED = select(sa.func.sum(_LINE.c.grams)).where(_LINE.c.lot_id == bindparam("lot"), _LINE.c.kind == "shipped")
_SHIPMENTS = (
    select(_EVENT.c.body)
    .join(_LINE, _LINE.c.seq == _EVENT.c.seq)
    .where(_LINE.c.lot_id == bindparam("lot"), _LINE.c.kind == "shipped", _LINE.c.type == "shipped")
    .order_by(_EVENT.c.seq)
)
LIVES = (
    told.UnitsLabelled,
    told.UnitsApplied,
    told.Shipped,
    told.UnitsReceived,
    told.Returned,
    told.UnitsOpened,
    told.UnitsVoided,
)
"""Events that go on with the lives of units."""

_LIVES = (
    select(_EVENT.c.seq, _EVENT.c.org_id, _EVENT.c.body, _EVENT.c.ruling)
    .where(
        _EVENT.c.seq.in_(
            select(_LINE.c.seq).where(
                _LINE.c.lot_id == bindparam("lot"),
                _LINE.c.type.in_([kind.model_fields["type"].default for kind in LIVES]),
                _LINE.c.seq != bindparam("seq"),
            )
        )
    )
    .order_by(_EVENT.c.seq)
)
_UNIT, _CODE = table(models.Unit), table(models.UnitCode)
_UNITS = select(*[_UNIT.c["lot_id" if item.name == "lot" else item.name] for item in fields(UnitRow)]).where(
    _UNIT.c.lot_id == bindparam("lot"), _UNIT.c.number.between(bindparam("first"), bindparam("last"))
)
_CODES = select(_CODE.c.code, _CODE.c.lot_id, _CODE.c.number, _CODE.c.run).where(among(_CODE.c.code))
_SAMPLES = (
    select(
        _SAMPLE.c.lot_id,
        _SAMPLE.c.seq,
        _SAMPLE.c.org_id,
        _SAMPLE.c.code,
        _SAMPLE.c.sampled_at,
        _SAMPLE.c.bags,
        _SAMPLE.c.drawn_from,
        _SAMPLE.c.increments,
        _SAMPLE.c.grams,
        _SAMPLE.c.seal,
        _SAMPLE.c.told_by,
    )
    .where(_SAMPLE.c.org_id == bindparam("org_id"), among(_SAMPLE.c.code))
    .order_by(_SAMPLE.c.lot_id, _SAMPLE.c.seq)
)
_CHECKS = (
    select(
        _CHECK.c.lot_id,
        _CHECK.c.seq,
        _CHECK.c.org_id,
        _CHECK.c.checked_at,
        _CHECK.c.stage,
        _CHECK.c.verdict,
        _CHECK.c.grade,
        _CHECK.c.retest_of,
        _CHECK.c.lines,
    )
    .where(among(_CHECK.c.lot_id))
    .order_by(_CHECK.c.lot_id, _CHECK.c.seq)
)
_ORDERS = (
    select(
        _ORDER.c.lot_id,
        _ORDER.c.seq,
        _ORDER.c.org_id,
        _ORDER.c.ordered_at,
        _ORDER.c.tests,
        _ORDER.c.laboratory,
        _ORDER.c.sample,
        _ORDER.c.due,
    )
    .where(among(_ORDER.c.lot_id))
    .order_by(_ORDER.c.lot_id, _ORDER.c.seq)
)
_CHECKLISTS = (
    select(
        _LIST.c.lot_id,
        _LIST.c.seq,
        _LIST.c.org_id,
        _LIST.c.site_id,
        _LIST.c.vessel_id,
        _LIST.c.checklist,
        _LIST.c.checked_at,
        _LIST.c.passed,
        _LIST.c.answers,
    )
    .where(among(_LIST.c.lot_id))
    .order_by(_LIST.c.lot_id, _LIST.c.seq)
)
_RESULTS = (
    select(_CHECK.c.lot_id, _LOT.c.product, _CHECK.c.lines)
    .join(_LOT, _LOT.c.id == _CHECK.c.lot_id)
    .where(among(_CHECK.c.lot_id))
    .order_by(_CHECK.c.seq)
)
_DEVIATION = table(models.Deviation)
_ALL_DEVIATIONS = select(*[_DEVIATION.c[name] for name in DEVIATION_FIELDS]).order_by(_DEVIATION.c.seq)
_DEVIATIONS = _ALL_DEVIATIONS.where(among(_DEVIATION.c.lot_id))
_DEVIATIONS_BY_UID = _ALL_DEVIATIONS.where(among(_DEVIATION.c.uid))
_OTHER = _LOT.alias()
_EXPIRING = (
    select(_OTHER.c.code, _OTHER.c.expires_on)
    .join(
        _LOT,
        sa.and_(
            _LOT.c.product == _OTHER.c.product,
            _LOT.c.owner_id == _OTHER.c.owner_id,
            _LOT.c.site_id == _OTHER.c.site_id,
            _LOT.c.expires_on > _OTHER.c.expires_on,
        ),
    )
    .where(
        _LOT.c.id == bindparam("lot"),
        _OTHER.c.expires_on >= bindparam("day"),
        _OTHER.c.remaining_g > 0,
        _OTHER.c.disposition == "available",
        _OTHER.c.qc == "pass",
    )
    .order_by(_OTHER.c.expires_on, _OTHER.c.code)
    .limit(1)
)
_MAKERS = (
    select(_EVENT.c.actor)
    .join(_LINE, _LINE.c.seq == _EVENT.c.seq)
    .where(_LINE.c.lot_id == bindparam("lot"), _LINE.c.kind == "in")
)
_CHECK_OF = (
    select(_CHECK.c.seq)
    .join(_EVENT, _EVENT.c.seq == _CHECK.c.seq)
    .where(_EVENT.c.id == bindparam("event"), _CHECK.c.lot_id == bindparam("lot"))
)
_ATTACHED = select(_FILED.c.seq).where(
    _FILED.c.lot_id == bindparam("lot"), _FILED.c.org_id == bindparam("org"), _FILED.c.sha256 == bindparam("sha256")
)
_MOVES = select(_LINE.c.lot_id, _LINE.c.seq, _LINE.c.kind, _LINE.c.grams, _LINE.c.occurred_at).where(
    among(_LINE.c.lot_id), _LINE.c.kind != "note", sa.or_(_LINE.c.type != "returned", _LINE.c.kind == "in")
)
"""What came back and went on at once, as a lot of its own, never stood in the lot that it had left from."""
_MOVED_LATER = _MOVES.where(_LINE.c.occurred_at > bindparam("earliest"))
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
