"""The books of an organisation, read once: its movements, and the accounts that statements are made for.

    books = read(session, org_id)
    statement(books.movements, books.under(session, certificate), span)

Every figure leads to the events behind it: see ``events_behind``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain import balance
from domain.balance import Account, Balance, Entry, Goods, Movement, Place, Span
from domain.book import LineRow
from domain.findings import Finding, found
from domain.profiles import Commodity, Scheme, add_months
from domain.quantity import WHOLE_BP
from domain.refusals import Refused
from ledger.facts import among, ask, organisations
from ledger.profiles import profiles
from ledger.queries import claims_of, instant
from models.base import table
from models.db import SystemSession

_LOT, _LINE, _PARTY = table(models.Lot), table(models.Line), table(models.LotParty)
_TRANSFER, _SITE, _EVENT = table(models.Transfer), table(models.Site), table(models.Event)
_CERTIFICATE, _SCOPE = table(models.Certificate), table(models.CertificateSite)
_MEMBER, _STATE, _FARMER = table(models.Membership), table(models.MembershipStatus), table(models.Farmer)
_ESTIMATE, _PLOT, _CONTRACT = table(models.Estimate), table(models.Plot), table(models.Contract)

_LINES = (
    select(
        _LINE.c.lot_id,
        _LINE.c.seq,
        _LINE.c.kind,
        _LINE.c.grams,
        _LINE.c.type,
        _LINE.c.process,
        _LINE.c.occurred_at,
        _LINE.c.org_id,
        _LINE.c.site_id,
    )
    .where(among(_LINE.c.lot_id))
    .where(sa.or_(_LINE.c.kind != "note", _LINE.c.type == "transfer_accepted"))
)
_SITES = select(_SITE.c.id, _SITE.c.org_id).where(among(_SITE.c.id))
_EVENT_IDS = select(_EVENT.c.seq, _EVENT.c.id).where(among(_EVENT.c.seq))

DAY_MS = 86_400_000


# --- the books ---


@dataclass(frozen=True, slots=True)
class Books:
    """What an organisation may know of its lots: as they stand, what they claim, and every movement.

    ``lots`` holds more than ``visible``: lots of others that shared an event with its own, so that both ends of a
    movement are known. They are never shown.
    """

    org_id: int
    lots: Mapping[int, Any]  # rows of lots by key
    claims: Mapping[int, Mapping[str, str]]
    movements: list[Movement]
    visible: frozenset[int]  # keys of the lots that the organisation is a party of

    def value(self, lot: int, scheme: str) -> str:
        """What a lot claims under a scheme, as it stands now."""
        return self.claims.get(lot, {}).get(scheme, profiles().schemes[scheme].values[0].code)

    def held(self) -> Account:
        """What the organisation holds."""
        return lambda place: place.holder == self.org_id

    def owned(self) -> Account:
        """What belongs to the organisation, wherever it lies."""
        return lambda place: place.owner == self.org_id

    def at(self, site: str) -> Account:
        """What lies at a site of the organisation."""
        return lambda place: place.site == site and place.holder == self.org_id

    def claiming(self, account: Account, scheme: str, *values: str) -> Account:
        """The part of an account that claims one of some values."""
        known = {key for key in self.lots if self.value(key, scheme) in values}
        return lambda place: place.lot in known and account(place)

    def made_from(self, lots: Collection[int]) -> set[int]:
        """Lots, and all lots of the organisation's own that were made from them."""
        children: dict[int, set[int]] = defaultdict(set)
        parents: dict[int, set[int]] = defaultdict(set)
        made: dict[int, set[int]] = defaultdict(set)
        for one in self.movements:
            if one.kind == "moved" and one.source and one.target and one.source.lot != one.target.lot:
                children[one.source.lot].add(one.target.lot)
            elif one.kind == "used" and one.source:
                parents[one.seq].add(one.source.lot)
            elif one.kind == "made" and one.target and one.target.owner == self.org_id:
                made[one.seq].add(one.target.lot)
        for seq, drawn in parents.items():
            for lot in drawn:
                children[lot] |= made[seq]
        seen, todo = set(lots), list(lots)
        while todo:
            for child in children[todo.pop()] - seen:
                seen.add(child)
                todo.append(child)
        return seen

    def stock(self, account: Account) -> dict[str, int]:
        """Grams in stock now, by product, as the lots themselves say: not worked out from the movements."""
        answer: dict[str, int] = defaultdict(int)
        for key, row in self.lots.items():
            if account(Place(key, row.site_id, row.holder_id, row.owner_id)):
                answer[row.product] += row.remaining_g
        return dict(answer)


def read(session: SystemSession, org_id: int) -> Books:
    """The books of an organisation: the lots that it is a party of, and those that share an event with them."""
    mine = select(_PARTY.c.lot_id).where(_PARTY.c.org_id == org_id)
    moving = _LINE.c.kind.in_(("in", "out"))
    events = select(_LINE.c.seq).where(_LINE.c.lot_id.in_(mine), moving)
    touched = select(_LINE.c.lot_id).where(_LINE.c.seq.in_(events), moving)
    query = select(_LOT).where(sa.or_(_LOT.c.id.in_(mine), _LOT.c.id.in_(touched)))
    lots = {row.id: row for row in session.execute(query)}
    connection = session.connection()
    lines = [LineRow(*row) for row in ask(connection, _LINES, lots)]
    sites = {line.site_id for line in lines if line.site_id is not None}
    operators: dict[str, int] = {row[0]: row[1] for row in ask(connection, _SITES, sites)}
    sold, sellers = _sales(session, org_id, {row.uid: key for key, row in lots.items()})
    goods = {key: Goods(row.product, sellers.get(key, row.owner_id)) for key, row in lots.items()}
    moved = balance.movements(goods, lines, operators, sold)
    visible = frozenset(session.execute(mine).scalars())
    return Books(org_id, lots, claims_of(session, list(lots)), moved, visible)


def _sales(session: SystemSession, org_id: int, keys: Mapping[str, int]) -> tuple[set[tuple[int, int]], dict[int, int]]:
    """The takeovers by which goods changed their owner, as (lot, instant), and who owned each lot before the first."""
    query = (
        select(_TRANSFER.c["items"], _TRANSFER.c.answered_at, _TRANSFER.c.org_id)
        .where(_TRANSFER.c.state == "accepted", _TRANSFER.c.ownership.is_(True))
        .where(sa.or_(_TRANSFER.c.org_id == org_id, _TRANSFER.c.to_org_id == org_id))
        .order_by(_TRANSFER.c.answered_at.desc(), _TRANSFER.c.seq.desc())
    )
    sold: set[tuple[int, int]] = set()
    sellers: dict[int, int] = {}
    for items, at, seller in session.execute(query):
        for item in json.loads(items):
            key = keys.get(item["lot"])
            if key is not None:
                sold.add((key, at))
                sellers[key] = seller
    return sold, sellers


# --- certificates and seasons ---


def certificate(session: SystemSession, org_id: int | None, wanted: str) -> Any:
    """A certificate by id or number, of an organisation (none: of any)."""
    query = select(_CERTIFICATE).where(sa.or_(_CERTIFICATE.c.id == wanted.lower(), _CERTIFICATE.c.number == wanted))
    if org_id is not None:
        query = query.where(_CERTIFICATE.c.org_id == org_id)
    row = session.execute(query.order_by(_CERTIFICATE.c.id)).first()
    if row is None:
        raise Refused("CERT_UNKNOWN", certificate=wanted, scheme="-")
    return row


def under(session: SystemSession, books: Books, held: Any) -> Account:
    """What moves under a certificate: its members' deliveries and what was made of them, as long as the holder owns it.

    A certificate without members (a trader's, a processor's) covers what its holder owns or holds at its sites.
    """
    farmers = {
        row[0]
        for row in session.execute(
            select(_FARMER.c.code)
            .join(_MEMBER, sa.and_(_MEMBER.c.org_id == _FARMER.c.org_id, _MEMBER.c.farmer_id == _FARMER.c.id))
            .where(_MEMBER.c.org_id == held.org_id, _MEMBER.c.certificate_id == held.id)
        )
    }
    if farmers:
        brought = {key for key, row in books.lots.items() if row.org_id == books.org_id and row.farmer in farmers}
        lots = books.made_from(brought)
        return lambda place: place.lot in lots and place.owner == books.org_id
    query = select(_SCOPE.c.site_id).where(_SCOPE.c.org_id == held.org_id, _SCOPE.c.certificate_id == held.id)
    sites = set(session.execute(query).scalars())
    return lambda place: place.site in sites and books.org_id in (place.owner, place.holder)


@dataclass(frozen=True, slots=True)
class Season:
    """A season of a commodity: its code, its days, and the span of event time that they make."""

    code: str
    commodity: Commodity
    first: date
    last: date

    @property
    def span(self) -> Span:
        return Span(start_of(self.first), start_of(self.last + timedelta(days=1)))

    def before(self) -> Season:
        """The season before."""
        return season(self.commodity, self.commodity.season_of(self.first - timedelta(days=1)))

    def shifted(self, code: str) -> Season:
        """Another season of the same commodity."""
        return season(self.commodity, code)


def start_of(day: date) -> int:
    """The first millisecond of a day (UTC)."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def day_of(at: int) -> date:
    """The day of an instant (UTC)."""
    return instant(at).date()


def season(commodity: Commodity, code: str) -> Season:
    """A season of a commodity; a code that is not one is refused."""
    try:
        first, last = commodity.season_days(code)
    except ValueError:
        raise Refused("SEASON_UNKNOWN", season=code, commodity=commodity.id) from None
    return Season(code, commodity, first, last)


def commodity_of(products: Iterable[str], named: str | None = None) -> Commodity:
    """The commodity of some products; where they are of several, one must be named."""
    known = profiles().commodities
    if named is not None:
        if named not in known:
            raise Refused("COMMODITY_UNKNOWN", commodity=named, commodities=", ".join(sorted(known)))
        return known[named]
    of = {profiles().product(product)[0].id for product in products} or set(known)
    if len(of) > 1:
        raise Refused("COMMODITY_UNKNOWN", commodity="-", commodities=", ".join(sorted(of)))
    return known[of.pop()]


def commodity_of_certificate(session: SystemSession, held: Any, named: str | None = None) -> Commodity:
    """The commodity that a certificate covers, by the categories that it lists."""
    product = table(models.CertificateProduct)
    query = select(product.c.category).where(product.c.org_id == held.org_id, product.c.certificate_id == held.id)
    categories = set(session.execute(query).scalars())
    covered = [
        code
        for commodity in profiles().commodities.values()
        for code, one in commodity.products.items()
        if one.category in categories
    ]
    return commodity_of(covered, named)


def operates(session: SystemSession, org_id: int, site_id: str) -> bool:
    """Whether an organisation operates a site."""
    query = select(_SITE.c.id).where(_SITE.c.org_id == org_id, _SITE.c.id == site_id)
    return session.execute(query).first() is not None


def whose(session: SystemSession, organisation: str | None, site: str | None) -> tuple[int, str | None]:
    """The organisation (and site) behind codes, as the command line takes them."""
    if site is not None:
        party = table(models.Organisation)
        query = select(_SITE.c.org_id, _SITE.c.id).join(party, party.c.id == _SITE.c.org_id).where(_SITE.c.code == site)
        if organisation is not None:
            query = query.where(party.c.code == organisation)
        row = session.execute(query.order_by(_SITE.c.org_id)).first()
        if row is None:
            raise Refused("SITE_UNKNOWN", site=site)
        return row.org_id, row.id
    codes = organisations(session.connection(), [organisation or ""])
    if organisation not in codes:
        raise Refused("ORGANISATION_UNKNOWN", organisation=organisation or "–")
    return codes[organisation], None


# --- what is behind a figure ---


@dataclass(frozen=True, slots=True)
class Behind:
    """An event behind a figure: grams of a lot, as the figure counts them."""

    seq: int
    event: str
    type: str
    process: str | None
    at: datetime
    lot: str
    lot_code: str
    farmer: str | None
    grams: int


def events_behind(
    session: SystemSession, books: Books, account: Account, span: Span, product: str, cell: str
) -> list[Behind]:
    """The events behind a figure of a statement; their grams sum to it."""
    entries = balance.behind(books.movements, account, span, product, cell)
    ids = event_ids(session, {entry.movement.seq for entry in entries})
    return [_behind(books, entry, cell, ids) for entry in entries]


def _behind(books: Books, entry: Entry, cell: str, ids: Mapping[int, str]) -> Behind:
    moved, lot = entry.movement, books.lots[entry.lot]
    return Behind(
        moved.seq,
        ids[moved.seq],
        moved.type,
        moved.process,
        instant(moved.at),
        lot.uid,
        lot.code,
        lot.farmer,
        balance.figure(entry, cell),
    )


def deliveries_of(session: SystemSession, books: Books, held: Any, farmer_id: str, year: Season) -> list[Behind] | None:
    """What a member of a certificate brought in a season; none: there is no such member."""
    query = (
        select(_FARMER.c.code)
        .join(_MEMBER, sa.and_(_MEMBER.c.org_id == _FARMER.c.org_id, _MEMBER.c.farmer_id == _FARMER.c.id))
        .where(_MEMBER.c.org_id == held.org_id, _MEMBER.c.certificate_id == held.id, _FARMER.c.id == farmer_id)
    )
    code = session.execute(query).scalar()
    if code is None:
        return None
    brought = {key for key, row in books.lots.items() if row.farmer == code and row.org_id == books.org_id}
    entries = [
        entry
        for entry in balance.entries(books.movements, lambda place: place.lot in brought)
        if entry.cell == "delivered"
        and entry.movement.product in year.commodity.products
        and not year.span.before(entry.movement.at)
        and not year.span.after(entry.movement.at)
    ]
    ids = event_ids(session, {entry.movement.seq for entry in entries})
    return [_behind(books, entry, "delivered", ids) for entry in entries]


def event_ids(session: SystemSession, seqs: Collection[int]) -> dict[int, str]:
    """Ids of events by their number in the log."""
    return {seq: identity for seq, identity in ask(session.connection(), _EVENT_IDS, seqs)}  # noqa: C416 - rows


# --- runs ---


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """A transformation, its event, and what its conversion factor says."""

    run: balance.Run
    event: str
    finding: Finding | None


def judged_runs(session: SystemSession, books: Books, account: Account, span: Span) -> list[JudgedRun]:
    """The transformations of an account, each against the plausible range of its step."""
    done = balance.runs(books.movements, account, span)
    ids = event_ids(session, {run.seq for run in done})
    return [JudgedRun(run, ids[run.seq], _judged(run)) for run in done]


def _judged(run: balance.Run) -> Finding | None:
    product = next(iter(run.inputs), None)
    if product is None or run.process is None:
        return None
    step = profiles().product(product)[0].steps.get(run.process)
    return balance.yield_finding(step, run.used_g, run.made_g) if step is not None else None


# --- claims ---


def by_claim(books: Books, account: Account, span: Span) -> dict[tuple[str, str], dict[str, Balance]]:
    """The statements of the parts of an account that claim something, by scheme and value.

    What is mixed into goods that carry less moves out of one claim and into the other. The parts of a scheme sum to the
    account, but for what moves between them.
    """
    schemes = sorted({scheme for claims in books.claims.values() for scheme in claims})
    answer = {}
    for scheme in schemes:
        for value in reversed(profiles().schemes[scheme].values):
            part = balance.statement(books.movements, books.claiming(account, scheme, value.code), span)
            if part:
                answer[scheme, value.code] = part
    return answer


def shipped_as(session: SystemSession, books: Books, account: Account, span: Span) -> dict[tuple[str, str], int]:
    """Grams that were shipped with a claim told in the event, by scheme and value."""
    shipped = [
        entry
        for entry in balance.entries(books.movements, account)
        if entry.cell == "shipped" and not span.before(entry.movement.at) and not span.after(entry.movement.at)
    ]
    query = select(_EVENT.c.seq, _EVENT.c.body).where(among(_EVENT.c.seq))
    bodies = dict(ask(session.connection(), query, {entry.movement.seq for entry in shipped}))
    answer: dict[tuple[str, str], int] = defaultdict(int)
    for entry in shipped:
        body = json.loads(bodies[entry.movement.seq])
        for claim in (body.get("instead") or body).get("claims", ()):
            answer[claim["scheme"], claim["value"]] += entry.grams
    return dict(answer)


def sold(books: Books, account: Account, span: Span) -> dict[str, int]:
    """Grams that left an account for good, by product: shipped, or gone over to another owner."""
    answer: dict[str, int] = defaultdict(int)
    for entry in balance.entries(books.movements, account):
        moved = entry.movement
        if span.before(moved.at) or span.after(moved.at):
            continue
        gone = moved.target is None or moved.target.owner != books.org_id
        if entry.cell == "shipped" or (entry.cell == "moved_out" and gone):
            answer[moved.product] += entry.grams
    return dict(answer)


def _bought(books: Books, account: Account, span: Span) -> dict[str, int]:
    answer: dict[str, int] = defaultdict(int)
    for entry in balance.entries(books.movements, account):
        moved = entry.movement
        if span.before(moved.at) or span.after(moved.at) or entry.cell != "moved_in":
            continue
        if moved.source is None or moved.source.owner != books.org_id:
            answer[moved.product] += entry.grams
    return dict(answer)


# --- members ---


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a group in a season: area by status, estimate, what was delivered with which claim.

    ``delivered`` by (product, value of the scheme). ``delivered_g`` and ``previous_g`` are in grams of ``product``, the
    product of the estimate (without one: as delivered).
    """

    farmer_id: str
    code: str
    status: str
    joined_on: date
    area_m2: Mapping[str, int]  # value of the scheme -> square metres, by months of conversion
    product: str
    estimate_g: int | None
    signed: bool
    delivered: Mapping[tuple[str, str], int]
    delivered_g: int
    previous_g: int
    deliveries: int

    @property
    def share_bp(self) -> int | None:
        """Delivered against the estimate, in basis points."""
        return self.delivered_g * WHOLE_BP // self.estimate_g if self.estimate_g else None

    @property
    def excess_g(self) -> int:
        """Delivered beyond the estimate."""
        return max(0, self.delivered_g - self.estimate_g) if self.estimate_g is not None else 0


def members(session: SystemSession, books: Books, held: Any, year: Season) -> list[Member]:
    """The members of a group in a season, by code; those too who left it before, if they delivered."""
    scheme = profiles().schemes[held.scheme]
    rows = session.execute(
        select(_FARMER.c.id, _FARMER.c.code, _MEMBER.c.id.label("membership"), _MEMBER.c.joined_on)
        .join(_MEMBER, sa.and_(_MEMBER.c.org_id == _FARMER.c.org_id, _MEMBER.c.farmer_id == _FARMER.c.id))
        .where(_MEMBER.c.org_id == held.org_id, _MEMBER.c.certificate_id == held.id)
        .order_by(_FARMER.c.code)
    ).all()
    statuses = _statuses(session, held, year.last)
    areas = _areas(session, held.org_id, scheme, year)
    estimated_by = estimates(session, held.org_id, year)
    now, count = _delivered(books, scheme.id, year)
    before, _ = _delivered(books, scheme.id, year.before())
    answer = []
    for row in rows:
        estimate = estimated_by.get(row.id)
        product = estimate.product if estimate else next((code for code, _ in now[row.code]), "")
        answer.append(
            Member(
                row.id,
                row.code,
                statuses.get(row.membership, "applied"),
                date.fromisoformat(row.joined_on),
                dict(areas[row.id]),
                product,
                estimate.grams if estimate else None,
                bool(estimate and estimate.signed),
                dict(now[row.code]),
                _as(year.commodity, product, now[row.code]),
                _as(year.commodity, product, before[row.code]),
                count[row.code],
            )
        )
    return answer


def _as(commodity: Commodity, product: str, delivered: Mapping[tuple[str, str], int]) -> int:
    """What was delivered in grams of a product, by typical yields; what cannot be told so is left out."""
    known = (commodity.equivalent(grams, code, product) for (code, _), grams in delivered.items())
    return sum(grams for grams in known if grams is not None)


def _statuses(session: SystemSession, held: Any, on: date) -> dict[str, str]:
    """The state of each membership of a certificate on a day."""
    query = (
        select(_STATE.c.membership_id, _STATE.c.status)
        .join(_MEMBER, sa.and_(_MEMBER.c.org_id == _STATE.c.org_id, _MEMBER.c.id == _STATE.c.membership_id))
        .where(_MEMBER.c.org_id == held.org_id, _MEMBER.c.certificate_id == held.id)
        .where(_STATE.c.from_day <= on.isoformat())
        .order_by(_STATE.c.from_day)
    )
    return {membership: status for membership, status in session.execute(query)}  # noqa: C416 - the last one counts


def plot_value(scheme: Scheme, commodity: Commodity, start: date | None, on: date) -> str:
    """What the months of conversion of a plot allow on a day; the highest where the scheme asks for none."""
    limits = scheme.params_at(on)
    months, least = limits.conversion_months(commodity.crop_type), limits.in_conversion_min_months
    if months is None or "conversion" not in limits.plot_checks:
        return scheme.values[-1].code
    if start is not None and add_months(start, months) <= on:
        return scheme.values[-1].code
    if start is not None and least is not None and add_months(start, least) <= on:
        return scheme.values[-2].code
    return scheme.values[0].code


def _areas(session: SystemSession, org_id: int, scheme: Scheme, year: Season) -> dict[str, dict[str, int]]:
    """Square metres of a commodity by farmer and status at the end of a season."""
    answer: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    query = select(_PLOT).where(_PLOT.c.org_id == org_id, _PLOT.c.crop == year.commodity.id)
    for row in session.execute(query):
        ended = row.ended_at is not None and day_of(row.ended_at) < year.first
        if ended or (row.from_day is not None and row.from_day > year.last.isoformat()):
            continue
        start = date.fromisoformat(row.conversion_start) if row.conversion_start else None
        answer[row.farmer_id][plot_value(scheme, year.commodity, start, year.last)] += row.area_m2
    return answer


def estimates(session: SystemSession, org_id: int, year: Season) -> dict[str, Any]:
    """The estimates of a season by farmer."""
    query = (
        select(_ESTIMATE)
        .where(_ESTIMATE.c.org_id == org_id, _ESTIMATE.c.season == year.code)
        .where(_ESTIMATE.c.product.in_(sorted(year.commodity.products)))
        .order_by(_ESTIMATE.c.product.desc())
    )
    return {row.farmer_id: row for row in session.execute(query)}


def _delivered(books: Books, scheme: str, year: Season) -> tuple[dict[str, dict[tuple[str, str], int]], dict[str, int]]:
    """Grams by farmer, product and claim, and the number of deliveries, of a commodity in a season."""
    grams: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    count: dict[str, int] = defaultdict(int)
    for one in books.movements:
        if one.kind != "delivered" or one.product not in year.commodity.products or one.target is None:
            continue
        lot = books.lots[one.target.lot]
        if year.span.before(one.at) or year.span.after(one.at) or lot.farmer is None or lot.org_id != books.org_id:
            continue
        grams[lot.farmer][one.product, books.value(lot.id, scheme)] += one.grams
        count[lot.farmer] += 1
    return grams, count


def estimated(listed: Iterable[Member], scheme: Scheme, commodity: Commodity, product: str, value: str) -> int | None:
    """What approved members were estimated to harvest with a value or a higher one, in grams of a product.

    A member's estimate counts by the share of the area that has the status. None: nobody has an estimate.
    """
    sums = [
        _share_of(one, scheme, value, grams)
        for one in listed
        if one.status == "approved"
        and one.estimate_g is not None
        and (grams := commodity.equivalent(one.estimate_g, one.product, product)) is not None
    ]
    return sum(sums) if sums else None


def _share_of(one: Member, scheme: Scheme, value: str, grams: int) -> int:
    whole = sum(one.area_m2.values())
    part = sum(area for code, area in one.area_m2.items() if scheme.rank(code) >= scheme.rank(value))
    return grams * part // whole if whole else 0


# --- checks ---


def checks(session: SystemSession, books: Books, account: Account, year: Season, *, now: int) -> list[Finding]:
    """What a statement of a season gives rise to: unexplained differences, losses in store, conversion factors."""
    stated = balance.statement(books.movements, account, year.span)
    answer: list[Finding] = []
    if not year.span.after(now):  # stock is what it is now: a season that is over is closed by the movements alone
        stock = books.stock(account)
        by_now = balance.statement(books.movements, account, Span(None, None))
        for product in sorted({*stock, *by_now}):
            found_one = balance.difference(
                product, by_now[product].closing_g if product in by_now else 0, stock.get(product, 0)
            )
            answer += [found_one] if found_one else []
    tolerance = year.commodity.tolerances.get("storage_shrinkage_season_bp")
    if tolerance is not None:
        for product, one in stated.items():
            lost = balance.shrinkage(product, one, tolerance.value, tolerance.source)
            answer += [lost] if lost else []
    answer += [
        run.finding
        for run in judged_runs(session, books, account, year.span)
        if run.finding is not None and run.finding.level == "alert"
    ]
    return answer


def short_lots(books: Books, account: Account) -> list[Finding]:
    """Lots of an account from which more was drawn than they ever held."""
    return [
        found("INSUFFICIENT_STOCK_AFTER_CORRECTION", lot=row.code, deficit_g=row.deficit_g)
        for key, row in books.lots.items()
        if row.deficit_g and account(Place(key, row.site_id, row.holder_id, row.owner_id))
    ]


def claim_checks(
    books: Books, account: Account, scheme: Scheme, year: Season, listed: list[Member] | None
) -> list[Finding]:
    """Goods that left with a claim against what was received with it and against the members' estimates (I10)."""
    answer: list[Finding] = []
    for rank, value in enumerate(scheme.values):
        if not value.claimable:
            continue
        above = [one.code for one in scheme.values[rank:]]
        exactly = books.claiming(account, scheme.id, value.code)
        enough = books.claiming(account, scheme.id, *above)
        stated = balance.statement(books.movements, enough, year.span)
        bought = _bought(books, enough, year.span)
        for product, grams in sorted(sold(books, exactly, year.span).items()):
            claimed = balance.Claimed(
                scheme.id,
                value.code,
                product,
                grams,
                sum(_at_most(year.commodity, one.opening_g, code, product) for code, one in stated.items()),
                sum(_at_most(year.commodity, one, code, product) for code, one in bought.items()),
                sum(_at_most(year.commodity, one.delivered_g, code, product) for code, one in stated.items()),
                estimated(listed, scheme, year.commodity, product, value.code) if listed is not None else None,
            )
            answer += balance.oversold(claimed)
    return answer


def _at_most(commodity: Commodity, grams: int, product: str, of: str) -> int:
    """The most that grams of a product can give of another, by the highest plausible yield of the step between."""
    if product == of:
        return grams
    for step in commodity.steps.values():
        if product in step.from_products and of in step.to_products and step.yield_max_bp is not None:
            return grams * step.yield_max_bp // WHOLE_BP
    return 0


# --- contracts ---


def commitments(
    session: SystemSession, books: Books, year: Season, *, now: int
) -> list[tuple[balance.Commitment, tuple[Any, ...]]]:
    """What the organisation has promised for a season, by scheme, value and product, and what stands behind it.

    A contract belongs to the season in which its days begin.
    """
    query = (
        select(_CONTRACT)
        .where(_CONTRACT.c.org_id == books.org_id, _CONTRACT.c.ended_at.is_(None))
        .where(_CONTRACT.c.product.in_(sorted(year.commodity.products)))
        .where(_CONTRACT.c.from_day >= year.first.isoformat(), _CONTRACT.c.from_day <= year.last.isoformat())
        .order_by(_CONTRACT.c.code)
    )
    grouped: dict[tuple[str | None, str | None, str], list[Any]] = defaultdict(list)
    for row in session.execute(query):
        grouped[row.scheme, row.value, row.product].append(row)
    answer = []
    for (scheme, value, product), rows in sorted(grouped.items(), key=lambda item: [part or "" for part in item[0]]):
        account = books.owned()
        if scheme is not None and value is not None:
            rules = profiles().schemes[scheme]
            account = books.claiming(account, scheme, *(one.code for one in rules.values[rules.rank(value) :]))
        answer.append(
            (
                balance.Commitment(
                    scheme or "-",
                    value or "-",
                    year.code,
                    product,
                    sum(row.grams for row in rows),
                    _expected(session, books, year, scheme, value, product),
                    _available(books, account, year, product),
                    year.span.after(now),
                ),
                tuple(rows),
            )
        )
    return answer


def _expected(
    session: SystemSession, books: Books, year: Season, scheme: str | None, value: str | None, product: str
) -> int:
    """What the members are estimated to harvest, in grams of a product; with a claim, under its certificates."""
    if scheme is None or value is None:
        rows = estimates(session, books.org_id, year).values()
        known = (year.commodity.equivalent(row.grams, row.product, product) for row in rows)
        return sum(grams for grams in known if grams is not None)
    rules = profiles().schemes[scheme]
    held = session.execute(
        select(_CERTIFICATE).where(_CERTIFICATE.c.org_id == books.org_id, _CERTIFICATE.c.scheme == scheme)
    ).all()
    sums = (estimated(members(session, books, one, year), rules, year.commodity, product, value) or 0 for one in held)
    return sum(sums)


def _available(books: Books, account: Account, year: Season, product: str) -> int:
    """Stock at the end of a season and what left in it, in grams of a product."""
    stated = balance.statement(books.movements, account, year.span)
    left = sold(books, account, year.span)
    stock = (year.commodity.equivalent(one.closing_g, code, product) or 0 for code, one in stated.items())
    return sum(stock) + sum(year.commodity.equivalent(grams, code, product) or 0 for code, grams in left.items())


def contract_findings(found_: Iterable[tuple[balance.Commitment, Any]]) -> list[Finding]:
    """The commitments that nothing stands behind."""
    said = (balance.overcommitted(one) for one, _ in found_)
    return [finding for finding in said if finding is not None]


def contract_products(session: SystemSession, org_id: int) -> set[str]:
    """The products that an organisation has contracts for."""
    return set(session.execute(select(_CONTRACT.c.product).where(_CONTRACT.c.org_id == org_id)).scalars())


def products_of(books: Books) -> set[str]:
    """The products that an organisation's lots are of."""
    return {row.product for row in books.lots.values()}
