"""What the registry knows of what a list speaks of, and by what terms the list is read."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache

import sqlalchemy as sa
from sqlmodel import col, select

import models
from domain.cells import DateOrder, Kind, Mark, ProductTerms, Rules, Terms, fold, load_rules
from domain.importing import Known, KnownFarmer, KnownPlot
from domain.profiles import Commodity
from domain.refusals import Refused
from domain.values import dated
from ledger import geo as ground
from ledger.profiles import FOLDER, profiles
from ledger.queries import chunks
from models.base import table
from models.db import ScopedSession, as_system

REPORTED = ("start", "end", "inspector_signed_on", "member_signed_on")
"""Columns of an inspection that its report holds, which is one of a scheme."""


@cache
def rules() -> Rules:
    """The limits of ``profiles/importing.toml``."""
    path = FOLDER / "importing.toml"
    return load_rules(path.read_text("utf-8"), path.name)


@dataclass(frozen=True, slots=True)
class Options:
    """What is said of a list as a whole; none: as it follows from the list and the certificate.

    ``certificate``: id or number, under which the farmers become members. ``crop``, ``product``, ``site``: of rows that
    tell none. ``season``: of the estimates. ``sheet``, ``header``: where the list stands. ``decimal``: the decimal mark
    of numbers written as text. ``utc_offset``: minutes by which its clock is ahead of UTC. ``corrects``: the import
    whose rows the list corrects; ``origin``: the digest of the first list of such a chain; ``turn``: how often it was
    taken back before.
    """

    certificate: str | None = None
    season: str | None = None
    product: str | None = None
    crop: str | None = None
    site: str | None = None
    sheet: str | None = None
    header: int | None = None
    decimal: Mark | None = None
    date_order: DateOrder | None = None
    utc_offset: int | None = None
    corrects: str | None = None
    origin: str | None = None
    turn: int | None = None

    def dump(self) -> str:
        """As a column holds it."""
        return json.dumps({key: value for key, value in asdict(self).items() if value is not None}, sort_keys=True)

    @classmethod
    def load(cls, text: str) -> Options:
        return cls(**json.loads(text))

    def over(self, others: Options) -> Options:
        """These, and the others where these say nothing; where a list stands is its own."""
        told = {key: value for key, value in asdict(self).items() if value is not None}
        return replace(others, **({"sheet": None, "header": None} | told))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is brought in for: the certificate, the season and product of its estimates, the sites by code."""

    terms: Terms
    certificate: models.Certificate | None
    season: str | None
    product: str | None
    sites: dict[str, str]

    @property
    def inspected(self) -> bool:
        """Whether the scheme of the certificate asks for internal inspections: then a report is one of it."""
        scheme = profiles().schemes.get(self.certificate.scheme) if self.certificate is not None else None
        return scheme is not None and scheme.ics_at(self.terms.today) is not None


def wanted(session: ScopedSession, kind: Kind, options: Options, now: int) -> Wanted:
    """By what a list is read. Raises ``Refused`` where an option names what is not there."""
    today = ground.day_of(now)
    certificate = _certificate(session, options)
    commodity = _commodity(session, options, certificate)
    crops = {fold(name): one.id for one in profiles().commodities.values() for name in (one.id, *one.name.values())}
    products = {
        fold(name): ProductTerms(product.code, one.packaging_grams())
        for one in profiles().commodities.values()
        for product in one.products.values()
        for name in (product.code, *product.name.values())
    }
    if options.product is not None:
        profiles().product(options.product)
    product = options.product or (next(iter(commodity.products)) if commodity is not None else None)
    season = options.season or (commodity.season_of(today) if commodity is not None else None)
    country = ground.country_of(session)
    known = ground.countries().get(country or "")
    sites = _sites(session) if kind == "deliveries" else {}
    if options.site is not None and kind == "deliveries" and options.site not in sites:
        raise Refused("SITE_UNKNOWN", site=options.site)
    terms = Terms(
        now=now,
        limits=rules().at(today),
        decimal=options.decimal,
        date_order=options.date_order or "dmy",
        bounds=known.bounds_at(today) if known is not None else None,
        country=known.name["en"] if known is not None else "",
        crops=crops,
        products=products,
        crop=options.crop or (commodity.id if commodity is not None else None),
        product=options.product,
        site=options.site,
        membership=certificate is not None,
        utc_offset=options.utc_offset or 0,
    )
    return Wanted(terms, certificate, season, product, sites)


def _certificate(session: ScopedSession, options: Options) -> models.Certificate | None:
    """The certificate that the options name, by id or number."""
    if options.certificate is None:
        return None
    held = models.Certificate
    named = (col(held.id) == options.certificate.lower()) | (col(held.number) == options.certificate)
    found = session.scalars(select(held).where(named).order_by(col(held.valid_to).desc())).first()
    if found is None:
        raise Refused("IMPORT_CERTIFICATE_UNKNOWN", certificate=options.certificate)
    return found


def _commodity(session: ScopedSession, options: Options, certificate: models.Certificate | None) -> Commodity | None:
    """The commodity of the list: as said, that of the product, or the only one of the certificate."""
    if options.crop is not None:
        return profiles().commodities.get(options.crop)
    if options.product is not None:
        return profiles().product(options.product)[0]
    if certificate is None:
        return None
    scope = models.CertificateProduct
    categories = set(session.scalars(select(col(scope.category)).where(scope.certificate_id == certificate.id)))
    covered = [
        one for one in profiles().commodities.values() if any(p.category in categories for p in one.products.values())
    ]
    return covered[0] if len(covered) == 1 else None


def _sites(session: ScopedSession) -> dict[str, str]:
    """Sites to which the organisation may bring goods, by code: its own, then those shared with it."""
    site, share = table(models.Site), table(models.SiteShare)
    with as_system(session) as system:
        shared = sa.select(share.c.site_id).where(share.c.to_org_id == session.org_id)
        query = (
            sa.select(site.c.code, site.c.id)
            .where((site.c.org_id == session.org_id) | site.c.id.in_(shared), site.c.ended_at.is_(None))
            .order_by(site.c.org_id == session.org_id, site.c.code)
        )
        return {row.code: row.id for row in system.execute(query)}


# --- known ---


def known(session: ScopedSession, kind: Kind, aim: Wanted, told: Collection[int], codes: Collection[str]) -> Known:
    """The registry, as far as a list of a kind speaks of it. ``codes``: of the lots that it would make."""
    farmers = _farmers(session, aim if kind == "farmers" else None)
    plots = _plots(session) if kind != "inspections" else {}
    visits = _visits(session) if kind == "inspections" else {}
    inspectors = set(session.scalars(select(col(models.Inspector.code)))) if kind == "inspections" else set()
    if kind != "deliveries":
        return Known(farmers, plots, inspectors=inspectors, visits=visits)
    lot = models.Lot
    taken = {
        code
        for some in chunks(codes)
        for code in session.scalars(select(col(lot.code)).where(col(lot.code).in_(some), lot.org_id == session.org_id))
    }
    query = select(col(lot.farmer), col(lot.made_at), col(lot.initial_g)).where(
        lot.kind == "delivery", lot.org_id == session.org_id
    )
    deliveries = {(farmer, made, weight) for farmer, made, weight in session.execute(query) if farmer is not None}
    return Known(farmers, plots, sites=aim.sites.keys(), lots=taken, deliveries=deliveries, told=told)


def _farmers(session: ScopedSession, aim: Wanted | None) -> dict[str, KnownFarmer]:
    """Farmers by code; with person, membership and estimate where there is an aim."""
    farmer = models.Farmer
    rows = session.execute(select(col(farmer.id), col(farmer.code), col(farmer.ended_at))).all()
    if aim is None:
        return {code: KnownFarmer(code, ended=ended is not None) for _, code, ended in rows}
    persons = {
        one.farmer_id: {
            "name": one.full_name,
            "sex": one.sex,
            "birth": one.birth_year,
            "phone": one.phone,
            "village": one.village,
            "identity_no": one.identity_no,
        }
        for one in session.scalars(select(models.Person))
    }
    memberships = _memberships(session, aim)
    estimate = models.Estimate
    estimates: dict[str, int] = {}
    if aim.season is not None and aim.product is not None:
        query = select(col(estimate.farmer_id), col(estimate.grams)).where(
            estimate.season == aim.season, estimate.product == aim.product
        )
        estimates = {identity: weight for identity, weight in session.execute(query)}  # noqa: C416 - rows, not pairs
    return {
        code: KnownFarmer(
            code,
            persons.get(identity, {}),
            memberships.get(identity),
            estimates.get(identity),
            ended=ended is not None,
        )
        for identity, code, ended in rows
    }


def _memberships(session: ScopedSession, aim: Wanted) -> dict[str, dict[str, str | None]]:
    """Memberships under the certificate, by farmer, with the status of today."""
    if aim.certificate is None:
        return {}
    member, status = models.Membership, models.MembershipStatus
    under = select(member).where(member.certificate_id == aim.certificate.id)
    held = {one.id: one for one in session.scalars(under)}
    states: dict[str, list[tuple[date, str]]] = {}
    dates = (
        select(col(status.membership_id), col(status.from_day), col(status.status))
        .join(member, (col(member.id) == status.membership_id) & (col(member.org_id) == status.org_id))
        .where(member.certificate_id == aim.certificate.id)
        .order_by(col(status.from_day))
    )
    for identity, day, state in session.execute(dates):
        states.setdefault(identity, []).append((date.fromisoformat(day), state))
    return {
        one.farmer_id: {
            "joined_on": one.joined_on,
            "agreement_on": one.agreement_on,
            "unit": one.unit,
            "status": dated(tuple(states.get(identity, ())), aim.terms.today),
        }
        for identity, one in held.items()
    }


def _plots(session: ScopedSession) -> dict[str, KnownPlot]:
    plot, farmer = models.Plot, models.Farmer
    query = sa.select(
        col(plot.code),
        col(farmer.code),
        col(plot.area_m2),
        col(plot.crop),
        col(plot.conversion_start),
        col(plot.from_day),
        col(plot.geometry),
    ).join(farmer, (col(farmer.org_id) == plot.org_id) & (col(farmer.id) == plot.farmer_id))
    answer = {}
    for code, whose, area, crop, start, since, geometry in session.execute(query):
        held = json.loads(geometry) if geometry else {}
        outlined = held.get("type") not in (None, "Point")
        point = None if outlined or not held else tuple(held["coordinates"])
        values = {"area": area, "crop": crop, "conversion_start": start, "from_day": since, "point": point}
        answer[code] = KnownPlot(code, whose, values, outlined)
    return answer


def _visits(session: ScopedSession) -> dict[tuple[str, str, str], dict[str, bool]]:
    visit, farmer = models.Inspection, models.Farmer
    query = select(col(farmer.code), col(visit.inspected_on), col(visit.inspector), col(visit.valid)).join(
        farmer, (col(farmer.org_id) == visit.org_id) & (col(farmer.id) == visit.farmer_id)
    )
    return {(code, day, inspector): {"valid": bool(valid)} for code, day, inspector, valid in session.execute(query)}


def told(session: ScopedSession, ids: dict[int, str]) -> set[int]:
    """The rows whose event is recorded already; ``ids``: the event of each."""
    rows = {identity: number for number, identity in ids.items()}
    event = models.Event
    return {
        rows[identity]
        for some in chunks(rows)
        for identity in session.scalars(select(col(event.id)).where(col(event.id).in_(some)))
    }


def idle(kind: Kind, aim: Wanted, columns: Sequence[str]) -> list[str]:
    """Columns of which nothing becomes: a membership without a certificate, an estimate without a product."""
    useless: set[str] = set()
    if aim.certificate is None:
        useless |= {"joined_on", "agreement_on", "unit", "status"}
    if not aim.inspected:
        useless |= set(REPORTED)
    if aim.product is None or aim.season is None:
        useless.add("estimate")
    return [one for one in columns if one in useless] if kind in ("farmers", "inspections") else []
