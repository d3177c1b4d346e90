"""Catch weights: what of each landing went into a product, and what its catch certificates have left.

The weight on a catch certificate is spent like a lot: a statement of processed products takes of every landing behind
them the grams that were drawn from it, and never more than was certified (Reg. (EC) No 1005/2008 Art. 12, 14 and
Annex IV).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, select

import models
from domain import events as told
from domain.lineage import drawn
from domain.values import CatchSpent
from ledger.facts import among, ask
from ledger.queries import disclosed_ancestors, flows_of
from models.base import table
from models.db import SystemSession
from models.graph import family

_LOT, _LINE, _EVENT, _SITE = (table(item) for item in (models.Lot, models.Line, models.Event, models.Site))
_CONSIGNMENT, _LICENCE, _FARMER = (table(item) for item in (models.Consignment, models.Licence, models.Farmer))

_LANDINGS = select(_LOT).where(among(_LOT.c.id), _LOT.c.kind == "delivery").order_by(_LOT.c.made_at, _LOT.c.id)
_MADE = select(_LOT.c.id, _LOT.c.initial_g).where(among(_LOT.c.id))
_PAPERS = (
    select(_CONSIGNMENT.c.lot_id, _CONSIGNMENT.c.kind, _CONSIGNMENT.c.number, _CONSIGNMENT.c.grams)
    .where(
        among(_CONSIGNMENT.c.lot_id),
        _CONSIGNMENT.c.kind.in_(("catch", "processing")),
        _CONSIGNMENT.c.scheme == sa.bindparam("scheme"),
        _CONSIGNMENT.c.state != "cancelled",
    )
    .order_by(_CONSIGNMENT.c.lot_id, _CONSIGNMENT.c.seq)
)
_TOLD = (
    select(_LINE.c.lot_id, _EVENT.c.body)
    .join(_EVENT, _EVENT.c.seq == _LINE.c.seq)
    .where(among(_LINE.c.lot_id), _LINE.c.kind == "in")
    .order_by(_LINE.c.seq)
)
_LICENCES = (
    select(_LICENCE, _FARMER.c.code.label("farmer"))
    .join(_FARMER, sa.and_(_FARMER.c.org_id == _LICENCE.c.org_id, _FARMER.c.id == _LICENCE.c.farmer_id))
    .where(among(_FARMER.c.code), _LICENCE.c.kind == "fishing")
    .order_by(_LICENCE.c.valid_from)
)
_PORTS = select(_SITE.c.id, _SITE.c.name).where(among(_SITE.c.id))


def behind(connection: Connection, key: int, grams: int, scheme: str) -> list[CatchSpent]:
    """The landings behind so many grams of a lot: what these take of each, and what its certificates have left."""
    taken = _taken(connection, {key: grams})[key]
    left = _left(connection, taken, scheme)
    codes = {row.id: row.code for row in ask(connection, _LANDINGS, taken)}
    return [CatchSpent(code, taken[landing], left.get(landing, 0)) for landing, code in codes.items()]


def _taken(connection: Connection, wanted: dict[int, int]) -> dict[int, dict[int, int]]:
    """For each lot, landing -> grams drawn from it for so many grams of the lot."""
    keys = family(connection, wanted, "back")
    inputs: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for _, parent, child, grams in flows_of(connection, keys).edges():
        inputs[child][parent] += grams
    made = {row.id: row.initial_g for row in ask(connection, _MADE, keys)}
    return {key: drawn(key, inputs, made, grams) for key, grams in wanted.items()}


def _left(connection: Connection, landings: Collection[int], scheme: str) -> dict[int, int]:
    """What the catch certificates of some landings have left after the processing statements so far."""
    certified: dict[int, int] = defaultdict(int)
    stated: dict[int, int] = defaultdict(int)
    for row in ask(connection, _PAPERS, family(connection, landings, "forward"), scheme=scheme):
        (certified if row.kind == "catch" else stated)[row.lot_id] += row.grams
    spent: dict[int, int] = defaultdict(int)
    for taken in _taken(connection, stated).values() if stated else ():
        for landing, grams in taken.items():
            spent[landing] += grams
    return {landing: certified[landing] - spent[landing] for landing in landings}


# --- what an importer asks for ---


@dataclass(frozen=True, slots=True)
class Licensed:
    """What the vessel is known by, and the licence under which it fished."""

    number: str
    authority: str | None
    valid_from: date
    valid_to: date
    flag: str | None
    registration: str | None
    imo: str | None


@dataclass(frozen=True, slots=True)
class Landing:
    """A landing behind a product: who caught it where, and how much of it the product takes. Grams."""

    lot: str
    code: str
    vessel: str
    product: str
    landed_at: datetime
    port: str | None
    catch: told.Catch | None
    licence: Licensed | None
    landed_g: int
    processed_g: int
    left_g: int
    certificates: tuple[tuple[str, int], ...]


def landings(session: SystemSession, org_id: int | None, lot: Any, scheme: str) -> list[Landing]:
    """The landings behind what a lot was made with, as far as an organisation may follow it upstream."""
    connection = session.connection()
    shown = disclosed_ancestors(session, org_id, lot.id)
    taken = _taken(connection, {lot.id: lot.initial_g})[lot.id]
    rows = [row for row in ask(connection, _LANDINGS, taken) if row.id in shown]
    left = _left(connection, taken, scheme)
    papers: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for row in ask(connection, _PAPERS, taken, scheme=scheme):
        if row.kind == "catch":
            papers[row.lot_id].append((row.number, row.grams))
    said = {row.lot_id: _delivered(told.parse(row.body)) for row in ask(connection, _TOLD, {row.id for row in rows})}
    licences = list(ask(connection, _LICENCES, {row.farmer for row in rows}))
    ports = {row.id: row.name for row in ask(connection, _PORTS, {row.site_id for row in rows if row.site_id})}
    answer = []
    for row in rows:
        event = said.get(row.id)
        answer.append(
            Landing(
                lot=row.uid,
                code=row.code,
                vessel=row.farmer,
                product=row.product,
                landed_at=datetime.fromtimestamp(row.made_at / 1000, UTC),
                port=ports.get(row.site_id),
                catch=event.catch if event else None,
                licence=_licence(event, row, licences),
                landed_g=row.initial_g,
                processed_g=taken[row.id],
                left_g=left[row.id],
                certificates=tuple(papers[row.id]),
            )
        )
    return answer


def _delivered(event: told.AnyEvent) -> told.Delivered | None:
    """The landing that an event tells; a correction counts as what it put in place."""
    if isinstance(event, told.Corrected):
        return event.instead if isinstance(event.instead, told.Delivered) else None
    return event if isinstance(event, told.Delivered) else None


def _licence(event: told.Delivered | None, row: Any, licences: list[Any]) -> Licensed | None:
    """The licence that was valid when the catch began."""
    if event is None:
        return None
    day = event.catch.since if event.catch else (event.harvested_on or event.occurred_at.date())
    for one in licences:
        since, until = date.fromisoformat(one.valid_from), date.fromisoformat(one.valid_to)
        ended = one.ended_on is not None and one.ended_on <= day.isoformat()
        if (one.org_id, one.farmer) == (row.org_id, row.farmer) and since <= day <= until and not ended:
            return Licensed(one.number, one.authority, since, until, one.flag, one.registration, one.imo)
    return None
