"""Collects the critical tracking events of FSMA 204 that an organisation told: see ``domain.fsma``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import select

import models
from domain import events as told
from domain.fsma import UNIT, Record, Sheet
from domain.profiles import Listed
from domain.refusals import Refused
from ledger.facts import among, ask
from ledger.pack import position
from ledger.profiles import profiles
from ledger.queries import Flows, find_lot, flows, instant
from ledger.recall import events_of, find_case
from models.base import table
from models.db import SystemSession
from models.graph import family

_LOT, _LINE, _PARTY = table(models.Lot), table(models.Line), table(models.LotParty)
_ORG, _SITE, _PLOT = table(models.Organisation), table(models.Site), table(models.Plot)
_FARMER, _PERSON, _UNIT = table(models.Farmer), table(models.Person), table(models.Unit)
_TRANSFER, _CONSIGNEE = table(models.Transfer), table(models.Consignee)

_LOTS = select(_LOT).where(among(_LOT.c.id))
_LINES = select(_LINE).where(among(_LINE.c.lot_id), _LINE.c.org_id == sa.bindparam("org_id"))
_MADE = select(_LINE.c.lot_id, _LINE.c.site_id).where(among(_LINE.c.lot_id), _LINE.c.kind == "in")
_OFFERS = select(_TRANSFER).where(among(_TRANSFER.c.id))
_SITES = select(_SITE).where(among(_SITE.c.id))
_CHANGES = ("transformed", "split", "bulked")


def sheet(
    session: SystemSession,
    org_id: int,
    *,
    now: int,
    lot: str | None = None,
    recall: str | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Sheet:
    """The records of an organisation about foods on the list: of a lot, up and down; of a recall; of some days."""
    keys = _keys(session, org_id, lot, recall)
    holder = session.execute(select(_ORG).where(_ORG.c.id == org_id)).one()
    reader = _Reader(session, org_id, holder, {row.id: row for row in ask(session.connection(), _LOTS, keys)})
    records = [
        one
        for one in reader.records()
        if (first is None or one.at.date() >= first) and (last is None or one.at.date() <= last)
    ]
    asked = [f"lot {lot}" if lot else "", f"recall {recall}" if recall else ""]
    asked.append(f"{first or '…'} to {last or '…'}" if first or last else "")
    foods = sorted(
        {
            (food.food, ", ".join(food.products))
            for one in profiles().commodities.values()
            for food in one.traceability_list
        }
    )
    return Sheet(
        holder.name,
        holder.contact or "",
        instant(now),
        "; ".join(part for part in asked if part) or "all records",
        tuple(sorted(records, key=lambda one: one.at)),
        tuple(foods),
    )


def _keys(session: SystemSession, org_id: int, lot: str | None, recall: str | None) -> set[int]:
    """The lots that are asked for, and all up and down from them, as far as the organisation may see them."""
    mine = set(session.execute(select(_PARTY.c.lot_id).where(_PARTY.c.org_id == org_id)).scalars())
    starts: set[int] = set()
    if lot is not None:
        starts.add(find_lot(session, org_id, lot).id)
    if recall is not None:
        row, own = find_case(session, org_id, recall)
        if not own:
            raise Refused("RECALL_UNKNOWN", recall=recall)
        starts.update(orjson.loads(row.roots))
    if lot is None and recall is None:
        listed = {
            code for one in profiles().commodities.values() for food in one.traceability_list for code in food.products
        }
        starts = mine & set(session.execute(select(_LOT.c.id).where(_LOT.c.product.in_(sorted(listed)))).scalars())
    connection = session.connection()
    return (family(connection, starts, "back") | family(connection, starts, "forward")) & mine


@dataclass
class _Reader:
    """Turns lines and events into records; everything is asked once."""

    session: SystemSession
    org_id: int
    holder: Any
    lots: Mapping[int, Any]

    @cached_property
    def lines(self) -> list[Any]:
        rows = ask(self.session.connection(), _LINES, self.lots, org_id=self.org_id)
        return sorted(rows, key=lambda row: (row.occurred_at, row.seq, row.lot_id))

    @cached_property
    def events(self) -> dict[int, tuple[str, told.AnyEvent]]:
        return events_of(self.session, {line.seq for line in self.lines})

    @cached_property
    def flow(self) -> Flows:
        return flows(self.session, self.lots)

    @cached_property
    def sites(self) -> dict[str, Any]:
        wanted = {row.site_id for row in self.lots.values()} | {line.site_id for line in self.lines}
        wanted |= set(self.sources.values())
        return {row.id: row for row in ask(self.session.connection(), _SITES, {one for one in wanted if one})}

    @cached_property
    def sources(self) -> dict[int, str]:
        """Where each lot got its code: the site of the event that made it."""
        return {lot: site for lot, site in ask(self.session.connection(), _MADE, self.lots) if site is not None}

    @cached_property
    def farmers(self) -> dict[str, tuple[str, str]]:
        """Business name and telephone by farmer's code."""
        query = (
            select(_FARMER.c.code, _PERSON.c.full_name, _PERSON.c.phone)
            .join(_PERSON, sa.and_(_PERSON.c.org_id == _FARMER.c.org_id, _PERSON.c.farmer_id == _FARMER.c.id))
            .where(_FARMER.c.org_id == self.org_id)
        )
        return {code: (name or code, phone or "") for code, name, phone in self.session.execute(query)}

    @cached_property
    def plots(self) -> dict[str, Any]:
        rows = self.session.execute(select(_PLOT).where(_PLOT.c.org_id == self.org_id))
        return {row.code: row for row in rows}

    @cached_property
    def recipients(self) -> dict[str, str]:
        """Name, address and telephone by code: organisations, and over them the organisation's own consignees."""
        known = {row.code: f"{row.name}, {row.country}" for row in self.session.execute(select(_ORG))}
        query = select(_CONSIGNEE).where(_CONSIGNEE.c.org_id == self.org_id)
        for row in self.session.execute(query):
            known[row.code] = ", ".join(part for part in (row.name, row.address, row.phone) if part)
        return known

    @cached_property
    def organisations(self) -> dict[int, str]:
        return {row.id: f"{row.name}, {row.country}" for row in self.session.execute(select(_ORG))}

    @cached_property
    def businesses(self) -> dict[int, str]:
        """Business name by organisation; of one's own, with whom to reach there."""
        names = {row.id: str(row.name) for row in self.session.execute(select(_ORG))}
        own = ", ".join(part for part in (self.holder.name, self.holder.contact) if part)
        return names | {self.org_id: own}

    @cached_property
    def packed(self) -> dict[int, int]:
        """Grams in units, by lot."""
        query = select(_UNIT.c.lot_id, sa.func.sum(_UNIT.c.grams)).group_by(_UNIT.c.lot_id)
        rows = ask(self.session.connection(), query.where(among(_UNIT.c.lot_id)), self.lots)
        return {lot: int(grams) for lot, grams in rows}

    # --- records ---

    def records(self) -> Iterator[Record]:
        done: set[int] = set()
        offers = {event.offer: event for _, event in self.events.values() if isinstance(event, told.TransferAccepted)}
        accepted = {row.id: row for row in ask(self.session.connection(), _OFFERS, offers)}
        for line in self.lines:
            _, event = self.events[line.seq]
            lot = self.lots[line.lot_id]
            listed = self._listed(lot, line)
            if line.type in _CHANGES and line.seq not in done:
                done.add(line.seq)
                yield from self._transformation(line, event)
            if listed is None:
                continue
            match event:
                case told.Delivered() if line.kind == "in":
                    yield self._landing(line, lot, event) if listed.landed else self._harvest(line, lot, event)
                case told.Packed():
                    yield from self._packing(line, lot)
                case told.Shipped() if line.kind == "shipped":
                    to = self.recipients.get(event.to or "", event.to)
                    yield self._shipping(line, lot, line.grams, to, event.document)
                case told.TransferOffered():
                    to = self.recipients.get(event.to, event.to)
                    yield self._shipping(line, lot, self._offered(line.seq, lot), to, event.document)
                case told.TransferAccepted():
                    yield self._receiving(line, lot, event, accepted[event.offer])
                case _:
                    pass

    def _listed(self, lot: Any, line: Any) -> Listed | None:
        commodity, _ = profiles().product(lot.product)
        return commodity.listed_as(lot.product, instant(line.occurred_at).date())

    def _record(self, event: Any, line: Any, document: tuple[str, str | None], **elements: Any) -> Record:
        kind, number = document
        elements |= {"document_type": kind if number else None, "document_number": number}
        return Record(event, instant(line.occurred_at), elements)

    def _product(self, lot: Any) -> str:
        return str(profiles().product(lot.product)[1].name["en"])

    def _commodity(self, lot: Any) -> str:
        plot = self.plots.get(lot.plot or "")
        variety = f", {plot.variety}" if plot is not None and plot.variety else ""
        return f"{profiles().product(lot.product)[0].name['en']}{variety}"

    def _place(self, site_id: str | None) -> str | None:
        """The location description of 21 CFR 1.1310: business and whom to reach, place, country."""
        site = self.sites.get(site_id or "")
        if site is None:
            return None
        parts = (self.businesses.get(site.org_id), site.name, site.region, site.country)
        return ", ".join(part for part in parts if part)

    def _farm(self, lot: Any) -> str | None:
        """The farmer's code, with the position of the plot where it is known."""
        plot = self.plots.get(lot.plot or "")
        longitude, latitude, _ = position(plot.geometry) if plot is not None else (None, None, False)
        if longitude is None or latitude is None:
            return str(lot.farmer) if lot.farmer else None
        return f"{lot.farmer}, {latitude / 1e6:.6f} {longitude / 1e6:.6f}"

    def _day(self, lot: Any) -> date | None:
        return date.fromisoformat(lot.harvested_on) if lot.harvested_on else None

    def _harvester(self, lot: Any) -> tuple[str, str]:
        return self.farmers.get(lot.farmer or "", (self.holder.name, self.holder.contact or ""))

    def _harvest(self, line: Any, lot: Any, event: told.Delivered) -> Record:
        name, phone = self._harvester(lot)
        return self._record(
            "harvesting", line, ("Receipt", event.receipt), next_recipient=self._place(line.site_id),
            commodity=self._commodity(lot), grams=line.grams, unit=UNIT, farm_location=self._farm(lot),
            field_name=lot.plot, harvest_date=self._day(lot), harvester=name, harvester_phone=phone,
        )  # fmt: skip

    def _landing(self, line: Any, lot: Any, event: told.Delivered) -> Record:
        """Days and area of the trip, as the catch was told; else the day of harvest."""
        catch, days, area = event.catch, lot.harvested_on, lot.plot
        if catch is not None:
            days = f"{catch.since.isoformat()} to {catch.until.isoformat()}"
            area = f"FAO area {catch.area}"
        return self._record(
            "first_land_receiving", line, ("Receipt", event.receipt), lot_code=lot.code, product=self._product(lot),
            grams=line.grams, unit=UNIT, harvest_dates=days, harvest_area=area,
            lot_code_source=self._place(line.site_id), landing_date=instant(line.occurred_at).date(),
        )  # fmt: skip

    def _packing(self, line: Any, lot: Any) -> Iterator[Record]:
        """A row for each delivery that went into the lot."""
        inputs = self.flow.inputs
        todo, deliveries = [lot.id], list[Any]()
        seen = {lot.id}
        while todo:
            key = todo.pop()
            one = self.lots.get(key)
            if one is not None and one.kind == "delivery":
                deliveries.append(one)
            fresh = set(inputs.get(key, ())) - seen
            seen |= fresh
            todo += sorted(fresh)
        for one in sorted(deliveries, key=lambda row: row.id) or [None]:
            name, phone = self._harvester(one) if one is not None else ("", "")
            yield self._record(
                "initial_packing", line, ("Packing", lot.code), commodity=self._commodity(one or lot),
                received_date=instant(one.made_at).date() if one is not None else None,
                received_grams=one.initial_g if one is not None else None, unit=UNIT,
                farm_location=self._farm(one) if one is not None else None,
                field_name=one.plot if one is not None else None, harvester=name, harvester_phone=phone,
                harvest_date=self._day(one) if one is not None else None, lot_code=lot.code,
                product=self._product(lot), packed_grams=self.packed.get(lot.id), packed_unit=UNIT,
                lot_code_source=self._place(line.site_id), packing_date=instant(line.occurred_at).date(),
            )  # fmt: skip

    def _shipping(self, line: Any, lot: Any, grams: int | None, to: str | None, document: str | None) -> Record:
        return self._record(
            "shipping", line, ("Transport document", document), lot_code=lot.code, grams=grams, unit=UNIT,
            product=self._product(lot), next_recipient=to, ship_from=self._place(line.site_id),
            ship_date=instant(line.occurred_at).date(), lot_code_source=self._place(self.sources.get(lot.id)),
        )  # fmt: skip

    def _offered(self, seq: int, lot: Any) -> int | None:
        return self._offers.get(seq, {}).get(lot.uid)

    @cached_property
    def _offers(self) -> dict[int, dict[str, int]]:
        seqs = {line.seq for line in self.lines if line.type == "transfer_offered"}
        query: Any = select(_TRANSFER.c.seq, _TRANSFER.c["items"]).where(among(_TRANSFER.c.seq))
        return {
            seq: {one["lot"]: one["grams"] for one in orjson.loads(items)}
            for seq, items in ask(self.session.connection(), query, seqs)
        }

    def _receiving(self, line: Any, lot: Any, event: told.TransferAccepted, offer: Any) -> Record:
        grams = {one["lot"]: one["grams"] for one in orjson.loads(offer.items)}[lot.uid]
        lost = line.grams if line.kind == "lost" else 0
        return self._record(
            "receiving", line, ("Transfer", event.offer), lot_code=lot.code, grams=grams - lost, unit=UNIT,
            product=self._product(lot), previous_source=self.organisations.get(offer.org_id),
            received_at=self._place(event.site), received_date=instant(line.occurred_at).date(),
            lot_code_source=self._place(self.sources.get(lot.id)),
        )  # fmt: skip

    @cached_property
    def _made_by(self) -> dict[int, list[tuple[int, int, int]]]:
        """(parent, child, grams of the parent in the child) by event."""
        found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for seq, parent, child, grams in self.flow.edges():
            found[seq].append((parent, child, grams))
        return found

    def _transformation(self, line: Any, event: told.AnyEvent) -> Iterator[Record]:
        """A row for each lot used and each lot made, where one of them is on the list."""
        made = dict(self.flow.into.get(line.seq, ()))
        for parent, child, grams in self._made_by.get(line.seq, ()):
            before, after = self.lots[parent], self.lots[child]
            if self._listed(before, line) is None and self._listed(after, line) is None:
                continue
            yield self._record(
                "transformation", line, ("Record", event.id), input_lot_code=before.code,
                input_product=self._product(before), used_grams=grams, used_unit=UNIT, lot_code=after.code,
                lot_code_source=self._place(line.site_id), completed_date=instant(line.occurred_at).date(),
                product=self._product(after), grams=made[child], unit=UNIT,
            )  # fmt: skip
