"""Prices of an organisation and what its farmers get: sums over the deliveries that stand in the log.

A delivery that was corrected counts as it was put right, one that was taken back does not count. Its price is that of
the day on which it was brought, its claim the one that it carried at the gate.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import select

import models
from domain import prices
from domain.balance import Span
from domain.prices import Amount, Currency, Goods, Payout, Version
from domain.quantity import rounded
from domain.refusals import Refused
from exchange.payouts import Row
from ledger import balances
from ledger.balances import start_of
from ledger.facts import among, ask
from ledger.profiles import FOLDER
from ledger.queries import instant
from models.base import table
from models.db import ScopedSession, SystemSession

_LIST, _VERSION = table(models.PriceList), table(models.PriceVersion)
_LOT, _LINE = table(models.Lot), table(models.Line)
_CHECK, _PLOT, _EVENT = table(models.Check), table(models.Plot), table(models.Event)

_CHECKS = select(_CHECK.c.lot_id, _CHECK.c.seq, _CHECK.c.lines).where(among(_CHECK.c.lot_id))
_ZONES = select(_PLOT.c.code, _PLOT.c.zone).where(
    _PLOT.c.org_id == sa.bindparam("org_id"), _PLOT.c.zone.is_not(None), among(_PLOT.c.code)
)
_EVENTS = select(_EVENT.c.seq, _EVENT.c.id, _EVENT.c.ruling).where(among(_EVENT.c.seq))


@cache
def currencies() -> dict[str, Currency]:
    """The currencies of ``profiles/currencies.toml`` by code."""
    path = FOLDER / "currencies.toml"
    return prices.load_currencies(path.read_text("utf-8"), path.name)


def currency(code: str) -> Currency:
    """A currency that is known; refuses with CURRENCY_UNKNOWN."""
    found = currencies().get(code)
    if found is None:
        raise Refused("CURRENCY_UNKNOWN", currency=code)
    return found


# --- lists ---


def versions(session: SystemSession, org_id: int) -> dict[str, list[Version]]:
    """The versions that may price each product of an organisation."""
    query = (
        select(_LIST.c.code, _VERSION.c.number, _VERSION.c.from_day, _VERSION.c.terms)
        .join(_LIST, sa.and_(_LIST.c.org_id == _VERSION.c.org_id, _LIST.c.id == _VERSION.c.list_id))
        .where(_VERSION.c.org_id == org_id)
        .order_by(_LIST.c.code, _VERSION.c.number)
    )
    by_list: dict[str, list[Version]] = defaultdict(list)
    for code, number, from_day, terms in session.execute(query):
        by_list[code].append(Version(code, number, date.fromisoformat(from_day), prices.terms_of(json.loads(terms))))
    return {product: chain for chain in by_list.values() for product in products_of(chain)}


def version_of(code: str, row: models.PriceVersion) -> Version:
    """A row as a version of the list with this code."""
    return Version(code, row.number, date.fromisoformat(row.from_day), prices.terms_of(json.loads(row.terms)))


def products_of(chain: Collection[Version]) -> set[str]:
    """The products that some versions price."""
    return {line.conditions.product for one in chain for line in one.terms.lines}


def claim_products(session: ScopedSession, row: models.PriceList, products: Collection[str]) -> None:
    """Note that a list prices these products. Refuses with PRICED_ELSEWHERE: a product is in one list only."""
    for product in sorted(products):
        held = session.get(models.PricedProduct, (session.org_id, product))
        if held is None:
            session.add(models.PricedProduct(org_id=session.org_id, product=product, list_id=row.id))
        elif held.list_id != row.id:
            other = session.get(models.PriceList, (session.org_id, held.list_id))
            assert other is not None
            raise Refused("PRICED_ELSEWHERE", product=product, list=other.code)
    session.flush()


def refuse_in_use(
    session: SystemSession, org_id: int, code: str, chain: list[Version], from_day: date, reason: str | None
) -> None:
    """A version that changes amounts of deliveries recorded already needs a reason: PRICES_IN_USE.

    What was brought before its first day keeps its amount in any case.
    """
    if reason is not None or not chain:
        return
    until = min((one.from_day for one in chain if one.from_day > from_day), default=None)
    span = Span(start_of(from_day), start_of(until) if until is not None else None)
    concerned = [one for one in _standing(session, org_id, span, None) if one.product in products_of(chain)]
    if concerned:
        raise Refused("PRICES_IN_USE", list=code, since=from_day.isoformat(), count=len(concerned))


# --- deliveries ---


@dataclass(frozen=True, slots=True)
class Priced:
    """A delivery that stands, and what it is paid."""

    event: str
    seq: int
    at: datetime
    lot: str
    lot_code: str
    farmer: str
    product: str
    harvested_on: date | None
    zone: str | None
    claims: Mapping[str, str]
    disposition: str
    amount: Amount

    @property
    def day(self) -> date:
        """The day on which it was brought (UTC): that of its price."""
        return self.at.date()


def deliveries(
    session: SystemSession, org_id: int, span: Span, farmer: str | None = None, products: Collection[str] | None = None
) -> list[Priced]:
    """The deliveries that an organisation took in a span of time, each with its amount, oldest first."""
    rows = [row for row in _standing(session, org_id, span, farmer) if products is None or row.product in products]
    connection, keys = session.connection(), [row.id for row in rows]
    measured = _measured(session, keys)
    zones = _zones(session, org_id, {row.plot for row in rows if row.plot is not None})
    events = {seq: (uid, _claims(text)) for seq, uid, text in ask(connection, _EVENTS, {row.seq for row in rows})}
    known, money = versions(session, org_id), currencies()
    answer = []
    for row in rows:
        at, (event, claims) = instant(row.occurred_at), events[row.seq]
        goods = Goods(
            row.product,
            row.grams,
            row.grade,
            claims,
            zones.get(row.plot) if row.plot is not None else None,
            date.fromisoformat(row.harvested_on) if row.harvested_on is not None else None,
            measured.get(row.id, {}),
        )
        version = prices.in_force(known.get(row.product, ()), at.date())
        answer.append(
            Priced(
                event,
                row.seq,
                at,
                row.uid,
                row.code,
                row.farmer,
                row.product,
                goods.harvested_on,
                goods.zone,
                claims,
                row.disposition,
                prices.amount(version, goods, at.date(), money),
            )
        )
    return answer


def wanted(
    session: SystemSession,
    org_id: int,
    *,
    season: str | None = None,
    commodity: str | None = None,
    first: date | None = None,
    last: date | None = None,
    farmer: str | None = None,
) -> list[Priced]:
    """The deliveries of a season of a commodity (which need not be named where there is one), or of some days.

    Refuses with SEASON_UNKNOWN and COMMODITY_UNKNOWN.
    """
    if season is not None:
        query = select(_LOT.c.product).where(_LOT.c.org_id == org_id, _LOT.c.kind == "delivery").distinct()
        brought = set(session.execute(query).scalars())
        if commodity is None and not brought:
            return []
        year = balances.season(balances.commodity_of(brought, commodity), season)
        return deliveries(session, org_id, year.span, farmer, year.commodity.products)
    since = start_of(first) if first is not None else None
    until = start_of(last + timedelta(days=1)) if last is not None else None
    products = balances.commodity_of((), commodity).products if commodity is not None else None
    return deliveries(session, org_id, Span(since, until), farmer, products)


def _standing(session: SystemSession, org_id: int, span: Span, farmer: str | None) -> list[Any]:
    """Deliveries as they stand: the line of a corrected one is that of its correction; what is void has none."""
    query = (
        select(
            _LOT.c.id, _LOT.c.uid, _LOT.c.code, _LOT.c.product, _LOT.c.farmer, _LOT.c.plot, _LOT.c.grade,
            _LOT.c.harvested_on, _LOT.c.disposition, _LINE.c.seq, _LINE.c.grams, _LINE.c.occurred_at,
        )
        .join(_LINE, _LINE.c.lot_id == _LOT.c.id)
        .where(_LOT.c.org_id == org_id, _LOT.c.kind == "delivery", _LOT.c.farmer.is_not(None))
        .where(_LINE.c.kind == "in", _LOT.c.disposition != "void")
        .order_by(_LINE.c.occurred_at, _LINE.c.seq)
    )  # fmt: skip
    if span.since is not None:
        query = query.where(_LINE.c.occurred_at >= span.since)
    if span.until is not None:
        query = query.where(_LINE.c.occurred_at < span.until)
    if farmer is not None:
        query = query.where(_LOT.c.farmer == farmer)
    return list(session.execute(query))


def _claims(ruling: str) -> dict[str, str]:
    """What a delivery claimed at the gate, by its ruling, or by that of the correction which put it right."""
    ruled = orjson.loads(ruling)
    return {scheme: cap["value"] for scheme, cap in ruled.get("instead", ruled).get("caps", {}).items()}


def _measured(session: SystemSession, keys: Collection[int]) -> dict[int, dict[str, int]]:
    """What was measured on each lot in percent, in basis points: the newest value of each test."""
    answer: dict[int, dict[str, int]] = defaultdict(dict)
    for lot, _, lines in sorted(ask(session.connection(), _CHECKS, keys), key=lambda row: (row[0], row[1])):
        for line in json.loads(lines):
            if line["unit"].startswith("%") and line.get("count") is None:
                answer[lot][line["test"]] = rounded(line["value"], 2)
    return answer


def _zones(session: SystemSession, org_id: int, plots: Collection[str]) -> dict[str, str]:
    """The delimited zones of plots."""
    return {row[0]: row[1] for row in ask(session.connection(), _ZONES, plots, org_id=org_id)}


def payouts(rows: Collection[Priced]) -> list[Payout]:
    """What each farmer gets for some deliveries."""
    return prices.payouts((row.farmer, row.amount) for row in rows)


def sheet_rows(rows: Collection[Priced]) -> list[Row]:
    """Deliveries as the sheets show them."""
    return [
        Row(row.farmer, row.at, row.lot_code, row.product, row.harvested_on, row.disposition, row.event, row.amount)
        for row in rows
    ]


def quote(session: SystemSession, org_id: int, goods: Goods, day: date, claimed: str | None = None) -> Amount:
    """What goods would be paid if they were brought on a day. ``claimed``: a line that they must meet, or refused."""
    version = prices.in_force(versions(session, org_id).get(goods.product, ()), day)
    if claimed is not None:
        prices.refuse_not_due(version.terms.lines if version is not None else (), claimed, goods)
    return prices.amount(version, goods, day, currencies())
