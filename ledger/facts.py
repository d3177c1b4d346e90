"""What the registry knows, as plain values. Each statement is built once; only the values change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection, bindparam, select

import models
from domain.values import (
    CertificateFacts,
    EstimateFacts,
    FarmerFacts,
    InstrumentFacts,
    LicenceFacts,
    MembershipFacts,
    PlotFacts,
    Setting,
    Site,
    Vessel,
)
from models.base import table

CHUNK = 5_000

_SITE, _SHARE, _VESSEL = table(models.Site), table(models.SiteShare), table(models.Vessel)
_PARTY = table(models.Organisation)
_FARMER, _MEMBER, _STATE = table(models.Farmer), table(models.Membership), table(models.MembershipStatus)
_VISIT, _PLOT, _LICENCE = table(models.Inspection), table(models.Plot), table(models.Licence)
_CERTIFICATE, _PRODUCT = table(models.Certificate), table(models.CertificateProduct)
_SCOPE, _STATUS = table(models.CertificateSite), table(models.CertificateStatus)
_ESTIMATE, _SETTING = table(models.Estimate), table(models.SchemeSetting)
_INSTRUMENT, _CALIBRATION = table(models.Instrument), table(models.Calibration)


def among(column: sa.Column[Any]) -> Any:
    """``column IN (…)`` whose values come with the call, as ``ids``."""
    return column.in_(bindparam("ids", expanding=True))


_ORG: sa.BindParameter[int] = bindparam("org_id")
_SITES = (
    select(_SITE.c.id, _SITE.c.org_id, _SITE.c.code, _SHARE.c.to_org_id)
    .join(_SHARE, _SHARE.c.site_id == _SITE.c.id, isouter=True)
    .where(among(_SITE.c.id))
)
_VESSELS = select(_VESSEL).where(among(_VESSEL.c.id), _VESSEL.c.ended_at.is_(None))
_LOCKED_VESSELS = select(_VESSEL.c.id).where(among(_VESSEL.c.id)).order_by(_VESSEL.c.id).with_for_update(key_share=True)
_LOCKED_PARTY = select(_PARTY.c.id).where(_PARTY.c.id == _ORG).with_for_update(key_share=True)
_PARTIES = select(_PARTY.c.code, _PARTY.c.id).where(among(_PARTY.c.code))
_FARMERS = select(_FARMER.c.id, _FARMER.c.code).where(_FARMER.c.org_id == _ORG, among(_FARMER.c.code))
_LOCKED_FARMERS = _FARMERS.order_by(_FARMER.c.id).with_for_update(key_share=True)
_MEMBERS = (
    select(_MEMBER.c.farmer_id, _MEMBER.c.id, _MEMBER.c.certificate_id, _STATE.c.from_day, _STATE.c.status)
    .join(_STATE, sa.and_(_STATE.c.org_id == _MEMBER.c.org_id, _STATE.c.membership_id == _MEMBER.c.id), isouter=True)
    .where(_MEMBER.c.org_id == _ORG, among(_MEMBER.c.farmer_id))
    .order_by(_MEMBER.c.id, _STATE.c.from_day)
)
_VISITS = (
    select(_VISIT.c.farmer_id, _VISIT.c.inspected_on)
    .where(_VISIT.c.org_id == _ORG, among(_VISIT.c.farmer_id), _VISIT.c.valid.is_(True))
    .order_by(_VISIT.c.inspected_on)
)
_PLOTS = select(_PLOT).where(_PLOT.c.org_id == _ORG, among(_PLOT.c.farmer_id)).order_by(_PLOT.c.code)
_CERTIFICATES = (
    select(_CERTIFICATE)
    .where(
        sa.or_(
            _CERTIFICATE.c.org_id == _ORG,
            among(_CERTIFICATE.c.id),
            _CERTIFICATE.c.id.in_(
                select(_SCOPE.c.certificate_id).where(_SCOPE.c.site_id.in_(bindparam("sites", expanding=True)))
            ),
        )
    )
    .order_by(_CERTIFICATE.c.id)
)
_PRODUCTS = select(_PRODUCT).where(among(_PRODUCT.c.certificate_id)).order_by(_PRODUCT.c.category)
_ESTIMATES = (
    select(_ESTIMATE)
    .where(_ESTIMATE.c.org_id == _ORG, among(_ESTIMATE.c.farmer_id))
    .order_by(_ESTIMATE.c.season, _ESTIMATE.c.product)
)
_LICENCES = (
    select(_LICENCE)
    .where(_LICENCE.c.org_id == _ORG, among(_LICENCE.c.farmer_id))
    .order_by(_LICENCE.c.valid_from, _LICENCE.c.id)
)
_SETTINGS = select(_SETTING).where(_SETTING.c.org_id == _ORG).order_by(_SETTING.c.scheme, _SETTING.c.from_day)
_INSTRUMENTS = select(_INSTRUMENT.c.id, _INSTRUMENT.c.code).where(_INSTRUMENT.c.org_id == _ORG, among(_INSTRUMENT.c.id))
_CALIBRATIONS = (
    select(_CALIBRATION)
    .where(_CALIBRATION.c.org_id == _ORG, among(_CALIBRATION.c.instrument_id))
    .order_by(_CALIBRATION.c.from_day)
)
_SCOPES = (
    select(_SCOPE.c.certificate_id, _SCOPE.c.site_id, _SCOPE.c.from_day, _SCOPE.c.to_day)
    .where(among(_SCOPE.c.certificate_id))
    .order_by(_SCOPE.c.site_id, _SCOPE.c.from_day)
)
_STATUSES = (
    select(_STATUS.c.certificate_id, _STATUS.c.from_day, _STATUS.c.status)
    .where(among(_STATUS.c.certificate_id))
    .order_by(_STATUS.c.from_day)
)


def ask(connection: Connection, query: Any, ids: Collection[Any], **more: Any) -> Iterator[Any]:
    """Run a statement for some values, in pieces; nothing is asked when there are none."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        yield from connection.execute(query, {"ids": ordered[start : start + CHUNK], **more})


def sites(connection: Connection, ids: Collection[str]) -> dict[str, Site]:
    """Sites by id, with the organisations that may use them."""
    rows = list(ask(connection, _SITES, ids))
    shared: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.to_org_id is not None:
            shared[row.id].add(row.to_org_id)
    return {row.id: Site(row.id, row.org_id, row.code, frozenset(shared[row.id])) for row in rows}


def vessels(connection: Connection, ids: Collection[str]) -> dict[str, Vessel]:
    """Vessels in use, by id."""
    return {
        row.id: Vessel(row.id, row.site_id, row.org_id, row.code, row.capacity_g)
        for row in ask(connection, _VESSELS, ids)
    }


def lock_organisation(connection: Connection, org_id: int) -> None:
    """Nobody else gives out codes of this kind for an organisation until this transaction ends."""
    connection.execute(_LOCKED_PARTY, {"org_id": org_id})


def lock_vessels(connection: Connection, ids: Collection[str]) -> None:
    """Nobody else begins a run of some vessels until this transaction ends: what is read of them from now on stands."""
    for _ in ask(connection, _LOCKED_VESSELS, ids):
        pass


def organisations(connection: Connection, codes: Collection[str]) -> dict[str, int]:
    """Ids of organisations by code."""
    return {code: identity for code, identity in ask(connection, _PARTIES, codes)}  # noqa: C416 - rows, not pairs


def farmers(
    connection: Connection, org_id: int, codes: Collection[str], *, locked: bool = False, licensed: bool = False
) -> dict[str, FarmerFacts]:
    """Farmers of an organisation with memberships, inspections that count, plots and estimates, by code.

    ``locked``: nobody else counts their deliveries meanwhile. ``licensed``: with their licences.
    """
    query = _LOCKED_FARMERS if locked else _FARMERS
    ids: dict[str, str] = {row[0]: row[1] for row in ask(connection, query, codes, org_id=org_id)}
    statuses: dict[str, list[tuple[date, str]]] = defaultdict(list)
    memberships: dict[str, dict[str, str]] = defaultdict(dict)
    inspections: dict[str, list[date]] = defaultdict(list)
    plots: dict[str, list[PlotFacts]] = defaultdict(list)
    estimates: dict[str, list[EstimateFacts]] = defaultdict(list)
    for row in ask(connection, _MEMBERS, ids, org_id=org_id):
        memberships[row.farmer_id][row.id] = row.certificate_id
        if row.from_day is not None:
            statuses[row.id].append((date.fromisoformat(row.from_day), row.status))
    for farmer_id, day in ask(connection, _VISITS, ids, org_id=org_id):
        inspections[farmer_id].append(date.fromisoformat(day))
    for row in ask(connection, _PLOTS, ids, org_id=org_id):
        plots[row.farmer_id].append(_plot(row))
    for row in ask(connection, _ESTIMATES, ids, org_id=org_id):
        estimates[row.farmer_id].append(EstimateFacts(row.season, row.product, row.grams, bool(row.signed)))
    licences: dict[str, list[LicenceFacts]] = defaultdict(list)
    for row in ask(connection, _LICENCES, ids if licensed else (), org_id=org_id):
        licences[row.farmer_id].append(_licence(row))
    return {
        code: FarmerFacts(
            code,
            tuple(
                MembershipFacts(held, tuple(statuses[membership])) for membership, held in memberships[identity].items()
            ),
            tuple(inspections[identity]),
            tuple(plots[identity]),
            tuple(estimates[identity]),
            tuple(licences[identity]),
        )
        for identity, code in ids.items()
    }


def _licence(row: Any) -> LicenceFacts:
    """A licence up to its last day, or to the day before it was withdrawn."""
    last, ended = date.fromisoformat(row.valid_to), _day(row.ended_on)
    until = last if ended is None else min(last, ended - timedelta(days=1))
    return LicenceFacts(row.kind, row.number, date.fromisoformat(row.valid_from), until)


def _plot(row: Any) -> PlotFacts:
    until = datetime.fromtimestamp(row.ended_at / 1000, UTC).date() if row.ended_at is not None else None
    start, since, cleared = (_day(day) for day in (row.conversion_start, row.from_day, row.cleared_on))
    located = orjson.loads(row.geometry)["type"] if row.geometry else None
    return PlotFacts(
        code=row.code,
        crop=row.crop,
        conversion_start=start,
        from_day=since,
        to_day=until,
        area_m2=row.area_m2,
        located="Polygon" if located == "MultiPolygon" else located,
        precise="PRECISION_BELOW_6_DECIMALS" not in row.judged,
        cleared_on=cleared,
        zone=row.zone,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def settings(connection: Connection, org_id: int) -> tuple[Setting, ...]:
    """How an organisation applies the schemes that leave a choice, oldest first."""
    return tuple(
        Setting(row.scheme, date.fromisoformat(row.from_day), bool(row.claimed), bool(row.strict), row.over_delivery)
        for row in connection.execute(_SETTINGS, {"org_id": org_id})
    )


def instruments(connection: Connection, org_id: int, ids: Collection[str]) -> dict[str, InstrumentFacts]:
    """Scales and meters of an organisation with their calibrations, by id."""
    spans: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for row in ask(connection, _CALIBRATIONS, ids, org_id=org_id):
        spans[row.instrument_id].append((date.fromisoformat(row.from_day), date.fromisoformat(row.to_day)))
    return {
        identity: InstrumentFacts(identity, code, tuple(spans[identity]))
        for identity, code in ask(connection, _INSTRUMENTS, ids, org_id=org_id)
    }


def certificates(
    connection: Connection, org_id: int, ids: Collection[str], site_ids: Collection[str]
) -> dict[str, CertificateFacts]:
    """Certificates that are the organisation's own, named, or that cover one of the sites."""
    rows = connection.execute(_CERTIFICATES, {"org_id": org_id, "ids": sorted(ids), "sites": sorted(site_ids)}).all()
    return certificate_facts(connection, rows)


def certificate_facts(connection: Connection, rows: Sequence[Any]) -> dict[str, CertificateFacts]:
    """Certificates with their dated scope and status."""
    ids = [row.id for row in rows]
    products: dict[str, list[tuple[str, date | None, date | None]]] = defaultdict(list)
    scopes: dict[str, list[tuple[str, date, date | None]]] = defaultdict(list)
    statuses: dict[str, list[tuple[date, str]]] = defaultdict(list)
    for row in ask(connection, _PRODUCTS, ids):
        products[row.certificate_id].append((row.category, _day(row.from_day), _day(row.to_day)))
    for certificate_id, site_id, since, until in ask(connection, _SCOPES, ids):
        end = date.fromisoformat(until) if until else None
        scopes[certificate_id].append((site_id, date.fromisoformat(since), end))
    for certificate_id, day, status in ask(connection, _STATUSES, ids):
        statuses[certificate_id].append((date.fromisoformat(day), status))
    return {
        row.id: CertificateFacts(
            row.id,
            row.org_id,
            row.scheme,
            row.number,
            date.fromisoformat(row.valid_from),
            date.fromisoformat(row.valid_to),
            tuple(products[row.id]),
            tuple(scopes[row.id]),
            tuple(statuses[row.id]),
            row.zone,
        )
        for row in rows
    }
