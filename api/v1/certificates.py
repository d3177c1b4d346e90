"""Certificates: what a scheme's body has confirmed, for which products and sites, from when to when."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args

import sqlalchemy as sa
from fastapi import Query, Request, Response
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, ReadDep, WriteDep
from api.paging import Listing, Order, Page, turn
from api.v1.farmers import put_status
from api.versions import (
    Body,
    Instant,
    LoweredOut,
    MaybeVersionDep,
    Shown,
    Text,
    VersionDep,
    change,
    claim_id,
    example,
    find,
    iso,
    left_out,
    lowered,
    make,
    new_id,
    nothing,
    refused,
    same,
    sent,
    shown,
    tag,
)
from domain import events as told
from domain.refusals import Refused
from domain.values import dated
from ledger import registry
from ledger.profiles import profiles
from models.base import table
from models.db import ScopedSession, as_system
from models.registry import CERTIFICATE_STATES

routes = Routes(prefix="/v1/certificates", tags=["certificates"])
READ, WRITE = Needs("registry:read"), Needs("registry:write")

_CERTIFICATE = "0193b2c4-8a11-7c3e-9a57-000000000002"
_SITE = "0193b2c4-8a11-7c3e-9a57-000000000006"

State: TypeAlias = Literal["active", "suspended", "withdrawn"]
StateOn: TypeAlias = Literal["active", "suspended", "withdrawn", "expired", "not_yet"]
assert get_args(State) == CERTIFICATE_STATES

# --- shapes ---


def _known(category: str) -> str:
    known = {product.category for one in profiles().commodities.values() for product in one.products.values()}
    if category not in known:
        said = "No profile knows this product category. Known are: {known}."
        raise PydanticCustomError("category", said, {"known": ", ".join(sorted(known))})
    return category


def _once(values: list[Any]) -> list[Any]:
    keys = [_key(value) for value in values]
    if len(set(keys)) < len(keys):
        raise PydanticCustomError("twice", "An entry stands here twice: a site from a day, or a product, counts once.")
    return values


def _key(value: str | SiteScope | ProductScope) -> Any:
    if isinstance(value, SiteScope):
        return value.site_id, value.from_day
    return value if isinstance(value, str) else value.category


def _in_order(value: Dated) -> Dated:
    if value.from_day is not None and value.to_day is not None and value.to_day < value.from_day:
        raise PydanticCustomError("period", "The last day lies before the first.")
    return value


class SiteScope(Shown, Body):
    """A site in the scope, from a day to a day (null: open). Both days count."""

    site_id: told.Id
    from_day: told.Day
    to_day: told.Day | None = None


class ProductScope(Shown, Body):
    """A product category in the scope, from a day to a day (null: as long as the certificate). Both days count."""

    category: Annotated[told.Word, AfterValidator(_known)]
    from_day: told.Day | None = None
    to_day: told.Day | None = None


Dated = TypeVar("Dated", SiteScope, ProductScope)
Category = Annotated[told.Word, AfterValidator(_known)]
Categories = Annotated[
    list[Category | Annotated[ProductScope, AfterValidator(_in_order)]], Field(max_length=200), AfterValidator(_once)
]
Scopes = Annotated[list[Annotated[SiteScope, AfterValidator(_in_order)]], Field(max_length=500), AfterValidator(_once)]


class CertificateStatusIn(Body):
    """From which day which status holds."""

    model_config = example(from_day="2024-06-01", status="active", reason="First certification")

    from_day: told.Day
    status: State
    reason: told.Note | None = None


class CertificateIn(Body):
    """A certificate that your organisation holds. ``products`` are product categories of the profiles."""

    model_config = example(
        id=_CERTIFICATE,
        scheme="EU_ORG",
        number="LR-BIO-2024-0001",
        body="Certifier of the example",
        body_code="LR-BIO-000",
        valid_from="2024-06-01",
        valid_to="2025-12-31",
        products=["cocoa_beans"],
        sites=[{"site_id": _SITE, "from_day": "2024-06-01"}],
        status={"from_day": "2024-06-01", "status": "active"},
    )

    id: told.Id | None = None
    scheme: told.Word
    number: Text
    body: Text
    body_code: told.Code | None = None
    valid_from: told.Day
    valid_to: told.Day
    zone: Annotated[told.Code | None, Field(description="delimited zone, of a geographical indication")] = None
    products: Categories = Field(default_factory=list)
    sites: Scopes = Field(default_factory=list)
    status: CertificateStatusIn | None = None


class CertificateChange(Body):
    """Fields that are not sent stay."""

    model_config = example(valid_to="2026-12-31")

    body: Text = Field(default_factory=left_out)
    body_code: told.Code | None = Field(default_factory=left_out)
    valid_from: told.Day = Field(default_factory=left_out)
    valid_to: told.Day = Field(default_factory=left_out)
    zone: told.Code | None = Field(default_factory=left_out)


class SitesIn(Body):
    """The whole list of sites in the scope: what is not in it is no longer covered."""

    model_config = example(sites=[{"site_id": _SITE, "from_day": "2024-06-01", "to_day": "2025-12-31"}])

    sites: Scopes


class ProductsIn(Body):
    """The whole list of product categories in the scope: by name, or with the days from which and to which."""

    model_config = example(products=["cocoa_beans", {"category": "cocoa_nibs", "from_day": "2025-01-01"}])

    products: Categories


class CertificateStatusOut(Shown):
    """A status and the day from which it holds."""

    from_day: date
    status: State
    reason: str | None
    recorded_at: Instant


class CertificateOut(Shown):
    """A certificate with its scope and all its statuses."""

    id: str
    scheme: str
    number: str
    body: str
    body_code: str | None
    valid_from: date
    valid_to: date
    version: int
    created_at: Instant
    zone: str | None
    products: list[str]
    product_scope: list[ProductScope] = Field(description="the same with their days")
    sites: list[SiteScope]
    statuses: list[CertificateStatusOut] = Field(description="oldest first; each holds until the next")

    def status_on(self, day: date) -> StateOn:
        """The status on a day, as the rules see it."""
        if day > self.valid_to:
            return "expired"
        if day < self.valid_from:
            return "not_yet"
        known = dated(tuple((one.from_day, one.status) for one in self.statuses), day)
        return known or "not_yet"  # type: ignore[return-value]


class CertificateJudged(CertificateOut):
    """A certificate after a change, and the lots whose claims it lowered."""

    lowered: list[LoweredOut]


class CertificateOn(CertificateOut):
    """A certificate and its status on the day asked for."""

    on: date
    status: StateOn


class Certificates(Listing):
    """Which certificates."""

    scheme: told.Word | None = None
    status: Annotated[StateOn | None, Field(description="status on the day `on`")] = None
    on: Annotated[told.Day | None, Field(description="the day of `status`; today (UTC) if not said")] = None


# --- reading ---

BY_NUMBER = Order(
    "certificates",
    (col(models.Certificate.valid_from), col(models.Certificate.id)),
    lambda row: (row.valid_from, row.id),
    newest_first=True,
)


def _out(session: ScopedSession, rows: list[models.Certificate]) -> list[CertificateOut]:
    """Certificates with their dated scope and status."""
    ids = [row.id for row in rows]
    products: dict[str, list[Any]] = defaultdict(list)
    sites: dict[str, list[Any]] = defaultdict(list)
    statuses: dict[str, list[Any]] = defaultdict(list)
    product, site, status = models.CertificateProduct, models.CertificateSite, models.CertificateStatus
    covered = select(product).where(col(product.certificate_id).in_(ids)).order_by(col(product.category))
    for one in session.scalars(covered):
        products[one.certificate_id].append(one)
    places = select(site).where(col(site.certificate_id).in_(ids))
    for place in session.scalars(places.order_by(col(site.from_day), col(site.site_id))):
        sites[place.certificate_id].append(place)
    states = select(status).where(col(status.certificate_id).in_(ids))
    for state in session.scalars(states.order_by(col(status.from_day))):
        statuses[state.certificate_id].append(state)
    return [
        CertificateOut.model_validate(
            row.model_dump()
            | {
                "products": [one.category for one in products[row.id]],
                "product_scope": products[row.id],
                "sites": sites[row.id],
                "statuses": statuses[row.id],
            }
        )
        for row in rows
    ]


def _with_status(query: Any, status: StateOn, on: date) -> Any:
    """Certificates whose status on a day is this one; the same rule as ``status_on``."""
    day, held, state = on.isoformat(), models.Certificate, models.CertificateStatus
    valid_from, valid_to = col(held.valid_from), col(held.valid_to)
    newest = (
        select(state.status)
        .where(
            col(state.org_id) == held.org_id,
            col(state.certificate_id) == held.id,
            col(state.from_day) <= day,
        )
        .order_by(col(state.from_day).desc())
        .limit(1)
        .correlate(held)
        .scalar_subquery()
    )
    if status == "expired":
        return query.where(valid_to < day)
    if status == "not_yet":
        return query.where(valid_to >= day, sa.or_(valid_from > day, newest.is_(None)))
    return query.where(valid_to >= day, valid_from <= day, newest == status)


@routes.get("", access=READ, name="list", summary="Your certificates, newest first")
def list_certificates(
    session: ReadDep,
    recorder: LedgerDep,
    listing: Annotated[Certificates, Query()],
    request: Request,
    response: Response,
) -> Page[CertificateOn]:
    """Each with its status on the day `on`, as the rules see it."""
    on = listing.on or datetime.fromtimestamp(recorder.clock() / 1000, UTC).date()
    query: Any = select(models.Certificate)
    if listing.scheme is not None:
        query = query.where(models.Certificate.scheme == listing.scheme)
    if listing.status is not None:
        query = _with_status(query, listing.status, on)
    rows, following = turn(session, query, BY_NUMBER, listing, request, response)
    found = _out(session, rows)
    data = [CertificateOn(**one.model_dump(), on=on, status=one.status_on(on)) for one in found]
    return Page(data=data, next=following)


@routes.get(
    "/{certificate_id}",
    access=READ,
    name="show",
    summary="One certificate with scope and statuses",
    response_model=CertificateOut,
)
def show_certificate(
    session: ReadDep, certificate_id: told.Id, request: Request, response: Response
) -> CertificateOut | Response:
    """What its scope and status were on any day can be read from it."""
    row = find(session, models.Certificate, certificate_id, "certificate")
    return shown(request, response, _out(session, [row])[0], row.version)


# --- writing ---


def _require_sites(session: ScopedSession, wanted: list[SiteScope]) -> None:
    """The sites of a scope are the caller's own or shared with the caller; 404 for all others."""
    ids = {one.site_id for one in wanted}
    own = set(session.scalars(select(models.Site.id).where(col(models.Site.id).in_(ids))))
    if own == ids:
        return
    share = table(models.SiteShare)
    query = sa.select(share.c.site_id).where(share.c.to_org_id == session.org_id, share.c.site_id.in_(ids - own))
    with as_system(session) as system:
        shared = set(system.execute(query).scalars())
    if own | shared != ids:
        raise nothing("site")


def _require_period(valid_from: str, valid_to: str) -> None:
    if valid_to < valid_from:
        raise refused("valid_to", "period", "The certificate ends before it begins.", "Check both days.")


def _put_sites(session: ScopedSession, row: models.Certificate, wanted: list[SiteScope]) -> bool:
    """The sites of the scope from now on; answers whether anything is covered less."""
    site = models.CertificateSite
    held = {
        (one.site_id, one.from_day): one for one in session.scalars(select(site).where(site.certificate_id == row.id))
    }
    new = {(one.site_id, one.from_day.isoformat()): iso(one.to_day) for one in wanted}
    less = any(key not in new or (new[key] or "9999") < (one.to_day or "9999") for key, one in held.items())
    for key, one in held.items():
        if key not in new:
            session.delete(one)
    for (site_id, from_day), to_day in new.items():
        found = held.get((site_id, from_day))
        if found is None:
            found = site(org_id=session.org_id, certificate_id=row.id, site_id=site_id, from_day=from_day)
            session.add(found)
        found.to_day = to_day
    session.flush()
    return less


def _days(wanted: list[str | ProductScope]) -> dict[str, tuple[str | None, str | None]]:
    """Category -> first and last day."""
    scoped = [ProductScope(category=one) if isinstance(one, str) else one for one in wanted]
    return {one.category: (iso(one.from_day), iso(one.to_day)) for one in scoped}


def _put_products(session: ScopedSession, row: models.Certificate, wanted: list[str | ProductScope]) -> bool:
    """The product categories of the scope from now on; answers whether anything is covered less."""
    product, new = models.CertificateProduct, _days(wanted)
    held = {one.category: one for one in session.scalars(select(product).where(product.certificate_id == row.id))}
    less = any(
        category not in new
        or (new[category][0] or "") > (one.from_day or "")
        or (new[category][1] or "9999") < (one.to_day or "9999")
        for category, one in held.items()
    )
    for category, one in held.items():
        if category not in new:
            session.delete(one)
    for category, (from_day, to_day) in new.items():
        found = held.get(category)
        if found is None:
            found = product(org_id=session.org_id, certificate_id=row.id, category=category)
            session.add(found)
        found.from_day, found.to_day = from_day, to_day
    session.flush()
    return less


def _said(out: CertificateOut) -> tuple[Any, ...]:
    first = out.statuses[0] if out.statuses else None
    return (
        _days(list(out.product_scope)),
        {(one.site_id, one.from_day, one.to_day) for one in out.sites},
        (first.from_day, first.status, first.reason) if first else None,
    )


@routes.post("", access=WRITE, name="add", summary="Register a certificate", status_code=201)
def add_certificate(session: WriteDep, recorder: LedgerDep, body: CertificateIn, response: Response) -> CertificateOut:
    """With products, sites and a first status; each can be changed later. It lowers no claim."""
    if body.scheme not in profiles().schemes:
        raise Refused("SCHEME_UNKNOWN", scheme=body.scheme)
    values = body.model_dump(exclude={"id", "products", "sites", "status"})
    values = {name: iso(value) for name, value in values.items()}
    _require_period(values["valid_from"], values["valid_to"])
    row = session.get(models.Certificate, (session.org_id, body.id)) if body.id else None
    if row is not None:
        status = (body.status.from_day, body.status.status, body.status.reason) if body.status else None
        sites = {(one.site_id, one.from_day, one.to_day) for one in body.sites}
        scope = (_days(body.products), sites, status)
        same(row, values, otherwise=_said(_out(session, [row])[0]) != scope)
        response.status_code = 200
    else:
        if body.id is not None:
            claim_id(session, models.Certificate, body.id)
        _require_sites(session, body.sites)
        now = recorder.clock()
        row = models.Certificate(org_id=session.org_id, id=body.id or new_id(recorder), created_at=now, **values)
        make(session, row, field="number", value=body.number)
        _put_sites(session, row, body.sites)
        _put_products(session, row, body.products)
        if body.status is not None:
            put_status(session, models.CertificateStatus, "certificate_id", row, body.status, None, now, first=True)
    response.headers["location"] = f"/v1/certificates/{row.id}"
    tag(response, row.version)
    return _out(session, [row])[0]


def _judged(
    session: ScopedSession,
    caller: CallerDep,
    recorder: LedgerDep,
    row: models.Certificate,
    response: Response,
    change_made: registry.Change | None,
) -> CertificateJudged:
    """The certificate as it stands now, and what the change lowered (none: it takes nothing away)."""
    found: list[registry.Lowered] = []
    if change_made is not None:
        found = registry.settle(session, recorder, caller.actor, change_made)
    tag(response, row.version)
    return CertificateJudged(**_out(session, [row])[0].model_dump(), lowered=lowered(found))


@routes.patch("/{certificate_id}", access=WRITE, name="change", summary="Change validity or body of a certificate")
def change_certificate(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    certificate_id: told.Id,
    body: CertificateChange,
    version: VersionDep,
    response: Response,
) -> CertificateJudged:
    """Needs `If-Match`. What happened on days that it no longer covers is judged again."""
    judged = bool(body.model_fields_set & {"valid_from", "valid_to"})
    if judged:
        registry.begin(session)
    row = find(session, models.Certificate, certificate_id, "certificate", update=True)
    was_from, was_to = row.valid_from, row.valid_to
    values = sent(body)
    _require_period(values.get("valid_from", was_from), values.get("valid_to", was_to))
    change(row, version, values)
    session.flush()
    since: date | None = None
    if row.valid_from > was_from:
        since = date.fromisoformat(was_from)
    elif row.valid_to < was_to:
        since = date.fromisoformat(row.valid_to) + timedelta(days=1)
    made = registry.Change("certificate", row.id, since, certificate=row.id) if since else None
    return _judged(session, caller, recorder, row, response, made)


@routes.put("/{certificate_id}/sites", access=WRITE, name="put_sites", summary="Say which sites it covers")
def put_certificate_sites(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    certificate_id: told.Id,
    body: SitesIn,
    version: VersionDep,
    response: Response,
) -> CertificateJudged:
    """Needs `If-Match`. Own sites or those shared with you. What passed one taken out is judged again."""
    registry.begin(session)
    find(session, models.Certificate, certificate_id, "certificate")
    _require_sites(session, body.sites)
    row = find(session, models.Certificate, certificate_id, "certificate", update=True)
    before = _out(session, [row])[0]
    change(row, version, {}, also=_covers(before.sites) != _covers(body.sites))
    made = None
    if _put_sites(session, row, body.sites):
        since = min(one.from_day for one in before.sites)
        places = tuple(sorted({one.site_id for one in before.sites}))
        made = registry.Change("certificate", row.id, since, sites=places)
    return _judged(session, caller, recorder, row, response, made)


def _covers(scope: list[SiteScope]) -> set[tuple[str, date, date | None]]:
    return {(one.site_id, one.from_day, one.to_day) for one in scope}


@routes.put("/{certificate_id}/products", access=WRITE, name="put_products", summary="Say which products it covers")
def put_certificate_products(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    certificate_id: told.Id,
    body: ProductsIn,
    version: VersionDep,
    response: Response,
) -> CertificateJudged:
    """Needs `If-Match`. What is covered less than before is judged again, as if it never had been covered."""
    registry.begin(session)
    row = find(session, models.Certificate, certificate_id, "certificate", update=True)
    before = _days(list(_out(session, [row])[0].product_scope))
    change(row, version, {}, also=before != _days(body.products))
    made = None
    if _put_products(session, row, body.products):
        since = date.fromisoformat(row.valid_from)
        made = registry.Change("certificate", row.id, since, certificate=row.id)
    return _judged(session, caller, recorder, row, response, made)


@routes.post(
    "/{certificate_id}/statuses",
    access=WRITE,
    name="set_status",
    summary="Say a status from a day on, also back-dated",
    status_code=201,
)
def set_certificate_status(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    certificate_id: told.Id,
    body: CertificateStatusIn,
    version: MaybeVersionDep,
    response: Response,
) -> CertificateJudged:
    """What its members delivered and what passed its sites since then is judged again; `lowered` lists lots.

    A day that has a status already: send `If-Match` with the certificate's ETag to put this one in its place.
    """
    registry.begin(session)
    row = find(session, models.Certificate, certificate_id, "certificate", update=True)
    made: registry.Change | None = None
    if put_status(session, models.CertificateStatus, "certificate_id", row, body, version, recorder.clock()):
        if body.status != "active":  # that lowers nothing
            made = registry.Change("certificate", row.id, body.from_day, certificate=row.id)
    else:
        response.status_code = 200
    return _judged(session, caller, recorder, row, response, made)
