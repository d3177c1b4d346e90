"""Sites and their vessels, and who else may bring goods there."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any, Literal, TypeAlias, get_args

from fastapi import Path, Query, Request, Response
from pydantic import Field, StringConstraints
from sqlalchemy import select as plain_select
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, LedgerReadDep, ReadDep, WriteDep
from api.paging import Listing, Order, Page, turn
from api.problems import Problem
from api.versions import (
    Body,
    Instant,
    Shown,
    Text,
    VersionDep,
    change,
    claim_id,
    ended,
    example,
    find,
    left_out,
    make,
    new_id,
    nothing,
    same,
    sent,
    shown,
    tag,
)
from domain import events as told
from domain.refusals import Refused
from ledger.access import ORG_CODE
from models.base import table
from models.db import ScopedSession, as_system
from models.registry import SITE_KINDS, VESSEL_KINDS

routes = Routes(prefix="/v1")
READ, WRITE = Needs("registry:read"), Needs("registry:write")

_SITE = "0193b2c4-8a11-7c3e-9a57-000000000006"

SiteKind: TypeAlias = Literal["buying_station", "facility", "warehouse", "packhouse", "office", "port"]
VesselKind: TypeAlias = Literal["fermentation_box", "drying_rack", "dryer", "tank", "silo"]
assert get_args(SiteKind) == SITE_KINDS
assert get_args(VesselKind) == VESSEL_KINDS
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Capacity = Annotated[int, Field(strict=True, ge=1, le=10**12)]
Organisation = Annotated[str, Path(pattern=ORG_CODE, description="code of the other organisation")]

# --- shapes ---


class SiteIn(Body):
    """A place where your organisation handles goods. ``country`` as in ISO 3166."""

    model_config = example(
        id=_SITE, code="FERM-1", name="Fermentary Gbarnga", kind="facility", country="LR", region="Bong"
    )

    id: told.Id | None = None
    code: told.Code
    name: Text
    kind: SiteKind
    country: Country
    region: Text | None = None


class SiteChange(Body):
    """Fields that are not sent stay."""

    model_config = example(name="Fermentary Gbarnga East", ended=False)

    name: Text = Field(default_factory=left_out)
    kind: SiteKind = Field(default_factory=left_out)
    country: Country = Field(default_factory=left_out)
    region: Text | None = Field(default_factory=left_out)
    ended: Annotated[bool, Field(strict=True)] = Field(default_factory=left_out)


class SiteOut(Shown):
    """A place where your organisation handles goods."""

    id: str
    code: str
    name: str
    kind: SiteKind
    country: str
    region: str | None
    version: int
    ended_at: Instant | None
    shared_with: list[str] = Field(description="codes of the organisations that may bring goods here")


class VesselIn(Body):
    """A box, rack or dryer, and what it holds at most."""

    model_config = example(
        id="0193b2c4-8a11-7c3e-9a57-000000000007", code="BOX-1", kind="fermentation_box", capacity_g=1_200_000
    )

    id: told.Id | None = None
    code: told.Code
    kind: VesselKind
    capacity_g: Capacity


class VesselChange(Body):
    """Fields that are not sent stay."""

    model_config = example(capacity_g=1_000_000)

    kind: VesselKind = Field(default_factory=left_out)
    capacity_g: Capacity = Field(default_factory=left_out)
    ended: Annotated[bool, Field(strict=True)] = Field(default_factory=left_out)


class VesselOut(Shown):
    """A box, rack or dryer of a site."""

    id: str
    site_id: str
    code: str
    kind: VesselKind
    capacity_g: int
    version: int
    ended_at: Instant | None


class SharedVesselOut(Shown):
    """A vessel of another's site."""

    id: str
    code: str
    kind: VesselKind
    capacity_g: int


class SharedSiteOut(Shown):
    """A site of another organisation that you may bring goods to."""

    id: str
    code: str
    name: str
    kind: SiteKind
    country: str
    region: str | None
    operator: str = Field(description="code of the organisation that operates it")
    vessels: list[SharedVesselOut]


class Sites(Listing):
    """Which sites."""

    kind: SiteKind | None = None
    active: Annotated[bool | None, Field(description="not ended, or ended")] = None


class Vessels(Listing):
    """Which vessels."""

    active: Annotated[bool | None, Field(description="not ended, or ended")] = None


# --- sites ---

BY_CODE = Order("sites", (col(models.Site.code),), lambda row: (row.code,))


def _shares(session: ScopedSession, ids: list[str]) -> dict[str, list[str]]:
    """The codes of the organisations that the caller's sites are shared with."""
    share, party = table(models.SiteShare), table(models.Organisation)
    query = (
        plain_select(share.c.site_id, party.c.code)
        .join(party, party.c.id == share.c.to_org_id)
        .where(share.c.org_id == session.org_id, share.c.site_id.in_(ids))
        .order_by(party.c.code)
    )
    answer: dict[str, list[str]] = defaultdict(list)
    if ids:
        with as_system(session) as system:
            for site_id, code in system.execute(query):
                answer[site_id].append(code)
    return answer


def _sites(session: ScopedSession, rows: list[models.Site]) -> list[SiteOut]:
    values = [row.model_dump() for row in rows]
    shares = _shares(session, [row["id"] for row in values])
    return [SiteOut.model_validate(row | {"shared_with": shares.get(row["id"], [])}) for row in values]


@routes.get("/sites", access=READ, tags=["sites"], name="list", summary="Your sites, by code")
def list_sites(
    session: ReadDep, listing: Annotated[Sites, Query()], request: Request, response: Response
) -> Page[SiteOut]:
    """Each with the organisations that it is shared with."""
    site, query = models.Site, select(models.Site)
    if listing.kind is not None:
        query = query.where(site.kind == listing.kind)
    if listing.active is not None:
        ended_at = col(site.ended_at)
        query = query.where(ended_at.is_(None) if listing.active else ended_at.is_not(None))
    rows, following = turn(session, query, BY_CODE, listing, request, response)
    return Page(data=_sites(session, rows), next=following)


@routes.post("/sites", access=WRITE, tags=["sites"], name="add", summary="Register a site", status_code=201)
def add_site(session: WriteDep, recorder: LedgerDep, body: SiteIn, response: Response) -> SiteOut:
    """With an `id` made by you, the same request again answers 200 and changes nothing."""
    values = body.model_dump(exclude={"id"})
    row = session.get(models.Site, (session.org_id, body.id)) if body.id else None
    if row is not None:
        same(row, values)
        response.status_code = 200
    else:
        if body.id is not None:
            claim_id(session, models.Site, body.id)
        row = models.Site(org_id=session.org_id, id=body.id or new_id(recorder), **values)
        make(session, row, field="code", value=body.code)
    response.headers["location"] = f"/v1/sites/{row.id}"
    tag(response, row.version)
    return _sites(session, [row])[0]


@routes.get("/sites/{site_id}", access=READ, tags=["sites"], name="show", summary="One site", response_model=SiteOut)
def show_site(session: ReadDep, site_id: told.Id, request: Request, response: Response) -> SiteOut | Response:
    """Its ETag is needed to change it."""
    row = find(session, models.Site, site_id, "site")
    out = _sites(session, [row])[0]
    return shown(request, response, out, out.version)


@routes.patch("/sites/{site_id}", access=WRITE, tags=["sites"], name="change", summary="Change or end a site")
def change_site(
    session: WriteDep,
    recorder: LedgerDep,
    site_id: told.Id,
    body: SiteChange,
    version: VersionDep,
    response: Response,
) -> SiteOut:
    """Needs `If-Match`. The code stays. What a certificate covers is said with the certificate."""
    row = find(session, models.Site, site_id, "site", update=True)
    change(row, version, ended(sent(body), row, recorder.clock()))
    session.flush()
    tag(response, row.version)
    return _sites(session, [row])[0]


# --- who else may bring goods ---


def _organisation(session: ScopedSession, code: str) -> int:
    """The id of another organisation, by its code; 404 where there is none."""
    party = table(models.Organisation)
    with as_system(session) as system:
        found = system.execute(plain_select(party.c.id).where(party.c.code == code)).scalar_one_or_none()
    if found is None:
        raise Refused("ORGANISATION_UNKNOWN", organisation=code)
    return int(found)


@routes.put(
    "/sites/{site_id}/shares/{organisation_code}",
    access=WRITE,
    tags=["sites"],
    name="share",
    summary="Let another organisation bring goods here",
)
def share_site(session: WriteDep, site_id: told.Id, organisation_code: Organisation, response: Response) -> SiteOut:
    """Said again, it changes nothing."""
    find(session, models.Site, site_id, "site")
    to_org_id = _organisation(session, organisation_code)
    if to_org_id == session.org_id:
        raise Problem(409, "own-site", "The site is your own: you may bring goods here anyway.")
    row = find(session, models.Site, site_id, "site", update=True)
    key = (session.org_id, site_id, to_org_id)
    if session.get(models.SiteShare, key) is None:
        session.add(models.SiteShare(org_id=session.org_id, site_id=site_id, to_org_id=to_org_id))
        row.version += 1
        session.flush()
    tag(response, row.version)
    return _sites(session, [row])[0]


@routes.delete(
    "/sites/{site_id}/shares/{organisation_code}",
    access=WRITE,
    tags=["sites"],
    name="unshare",
    summary="End the sharing of a site",
    status_code=204,
)
def unshare_site(session: WriteDep, site_id: told.Id, organisation_code: Organisation) -> None:
    """What was brought here stays recorded; no more goods come in."""
    find(session, models.Site, site_id, "site")
    to_org_id = _organisation(session, organisation_code)
    row = find(session, models.Site, site_id, "site", update=True)
    share = session.get(models.SiteShare, (session.org_id, site_id, to_org_id))
    if share is None:
        raise Problem(404, "not-found", "The site is not shared with this organisation.")
    session.delete(share)
    row.version += 1
    session.flush()


BY_OPERATOR = Order(
    "shared-sites",
    (col(models.Organisation.code), col(models.Site.code)),
    lambda row: (row[1], row[0].code),
)


@routes.get(
    "/shared-sites",
    access=READ,
    tags=["sites"],
    name="list_shared",
    summary="Sites of others that you may bring goods to",
)
def list_shared_sites(
    session: LedgerReadDep,
    caller: CallerDep,
    listing: Annotated[Listing, Query()],
    request: Request,
    response: Response,
) -> Page[SharedSiteOut]:
    """Only what is needed to bring goods there. Sites and vessels that have ended are left out."""
    site, share, party, vessel = models.Site, models.SiteShare, models.Organisation, models.Vessel
    query = (
        select(site, party.code)
        .join(share, (col(share.org_id) == site.org_id) & (col(share.site_id) == site.id))
        .join(party, col(party.id) == site.org_id)
        .where(share.to_org_id == caller.org_id, col(site.ended_at).is_(None))
    )
    rows, following = turn(session, query, BY_OPERATOR, listing, request, response)
    held: dict[tuple[int, str], list[Any]] = defaultdict(list)
    ids = [found.id for found, _ in rows]
    inside = select(vessel).where(col(vessel.site_id).in_(ids), col(vessel.ended_at).is_(None))
    for one in session.scalars(inside.order_by(col(vessel.code))):
        held[one.org_id, one.site_id].append(one)
    data = [
        SharedSiteOut.model_validate(
            found.model_dump() | {"operator": operator, "vessels": held[found.org_id, found.id]}
        )
        for found, operator in rows
    ]
    return Page(data=data, next=following)


# --- vessels ---

VESSELS_BY_CODE = Order("vessels", (col(models.Vessel.code),), lambda row: (row.code,))


def _vessel(session: ScopedSession, site_id: str, vessel_id: str, *, update: bool = False) -> models.Vessel:
    row = find(session, models.Vessel, vessel_id, "vessel", update=update)
    if row.site_id != site_id:
        raise nothing("vessel")
    return row


@routes.get("/sites/{site_id}/vessels", access=READ, tags=["vessels"], name="list", summary="Vessels of a site")
def list_vessels(
    session: ReadDep,
    site_id: told.Id,
    listing: Annotated[Vessels, Query()],
    request: Request,
    response: Response,
) -> Page[VesselOut]:
    """Also those that have ended, unless `active` is true."""
    find(session, models.Site, site_id, "site")
    query = select(models.Vessel).where(models.Vessel.site_id == site_id)
    if listing.active is not None:
        ended_at = col(models.Vessel.ended_at)
        query = query.where(ended_at.is_(None) if listing.active else ended_at.is_not(None))
    rows, following = turn(session, query, VESSELS_BY_CODE, listing, request, response)
    return Page(data=[VesselOut.model_validate(row) for row in rows], next=following)


@routes.post(
    "/sites/{site_id}/vessels",
    access=WRITE,
    tags=["vessels"],
    name="add",
    summary="Register a vessel of a site",
    status_code=201,
)
def add_vessel(
    session: WriteDep, recorder: LedgerDep, site_id: told.Id, body: VesselIn, response: Response
) -> VesselOut:
    """With an `id` made by you, the same request again answers 200 and changes nothing."""
    values = body.model_dump(exclude={"id"}) | {"site_id": site_id}
    row = session.get(models.Vessel, (session.org_id, body.id)) if body.id else None
    if row is not None:
        same(row, values)
        response.status_code = 200
    else:
        find(session, models.Site, site_id, "site")
        if body.id is not None:
            claim_id(session, models.Vessel, body.id)
        row = models.Vessel(org_id=session.org_id, id=body.id or new_id(recorder), **values)
        make(session, row, field="code", value=body.code)
    response.headers["location"] = f"/v1/sites/{site_id}/vessels/{row.id}"
    tag(response, row.version)
    return VesselOut.model_validate(row)


@routes.get(
    "/sites/{site_id}/vessels/{vessel_id}",
    access=READ,
    tags=["vessels"],
    name="show",
    summary="One vessel",
    response_model=VesselOut,
)
def show_vessel(
    session: ReadDep, site_id: told.Id, vessel_id: told.Id, request: Request, response: Response
) -> VesselOut | Response:
    """Its ETag is needed to change it."""
    row = _vessel(session, site_id, vessel_id)
    return shown(request, response, VesselOut.model_validate(row), row.version)


@routes.patch(
    "/sites/{site_id}/vessels/{vessel_id}",
    access=WRITE,
    tags=["vessels"],
    name="change",
    summary="Change or end a vessel",
)
def change_vessel(
    session: WriteDep,
    recorder: LedgerDep,
    site_id: told.Id,
    vessel_id: told.Id,
    body: VesselChange,
    version: VersionDep,
    response: Response,
) -> VesselOut:
    """Needs `If-Match`. A new capacity holds for loads recorded from now on."""
    row = _vessel(session, site_id, vessel_id, update=True)
    change(row, version, ended(sent(body), row, recorder.clock()))
    session.flush()
    tag(response, row.version)
    return VesselOut.model_validate(row)
