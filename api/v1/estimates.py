"""What farmers are expected to harvest: every version is kept, with its reason and who signed for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Response
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, ReadDep, WriteDep
from api.versions import Body, Instant, Shown, change, example, find, make, nothing, refused, tag
from domain import events as told
from ledger.profiles import profiles

routes = Routes(prefix="/v1")
READ, WRITE = Needs("registry:read"), Needs("registry:write")

_FARMER = "0193b2c4-8a11-7c3e-9a57-000000000001"
_INSPECTION = "0193b2c4-8a11-7c3e-9a57-000000000004"


def _season(value: str) -> str:
    first, _, second = value.partition("/")
    if second and (int(first) + 1) % 100 != int(second):
        raise PydanticCustomError("season", "A season spans two years in a row, for example 2024/25.")
    return value


Season = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(/[0-9]{2})?$"), AfterValidator(_season)]


class EstimateOut(Shown):
    """What a farmer is expected to harvest. ``signed``: the ICS manager stands for the newest version."""

    farmer_id: str
    season: str
    product: str
    grams: int
    version: int
    signed: bool


class EstimateIn(Body):
    """What a farmer is expected to harvest of a product in a season. A revision says why."""

    model_config = example(farmer_id=_FARMER, season="2024/25", product="cocoa_wet_beans", grams=1_800_000)

    farmer_id: told.Id
    season: Season
    product: told.Word
    grams: Annotated[int, Field(strict=True, ge=0, le=10**12)]
    reason: Annotated[told.Note | None, Field(description="needed for a revision")] = None
    inspection_id: Annotated[told.Id | None, Field(description="the inspection that it rests on")] = None
    signed: Annotated[bool, Field(strict=True, description="you stand for it as ICS manager")] = False


class RevisionOut(Shown):
    """One version of an estimate."""

    season: str
    product: str
    number: int
    grams: int
    reason: str | None
    inspection_id: str | None
    signed_by: str | None
    recorded_at: Instant


class RevisionsOut(Shown):
    """The versions of an estimate, oldest first."""

    data: list[RevisionOut]


@routes.put("/estimates", access=WRITE, tags=["estimates"], name="put", summary="Say a farmer's expected harvest")
def put_estimate(
    session: WriteDep, caller: CallerDep, recorder: LedgerDep, body: EstimateIn, response: Response
) -> EstimateOut:
    """One figure for each farmer, season and product. Another figure is a revision and needs a reason.

    Deliveries beyond the estimate are held until a revision covers them; far beyond it, until it is signed.
    """
    if session.get(models.Farmer, (session.org_id, body.farmer_id)) is None:
        raise nothing("farmer")
    profiles().product(body.product)
    if body.inspection_id is not None:
        find(session, models.Inspection, body.inspection_id, "inspection")
    key = (session.org_id, body.farmer_id, body.season, body.product)
    row = session.get(models.Estimate, key, with_for_update=True)
    values = {"grams": body.grams, "signed": body.signed}
    if row is None:
        row = models.Estimate(org_id=session.org_id, **body.model_dump(exclude={"reason", "inspection_id"}))
        make(session, row, field="season", value=body.season)
        response.status_code = 201
        changed = True
    else:
        if row.grams != body.grams and body.reason is None:
            said = f"The estimate was {row.grams} g; a revision needs a reason."
            raise refused("reason", "missing", said, "Say why it is another figure now.")
        changed = change(row, row.version, values)
        session.flush()
    if changed:
        session.add(
            models.EstimateRevision(
                org_id=session.org_id,
                farmer_id=row.farmer_id,
                season=row.season,
                product=row.product,
                number=row.version,
                grams=row.grams,
                reason=body.reason,
                inspection_id=body.inspection_id,
                signed_by=caller.actor.name if body.signed else None,
                recorded_at=recorder.clock(),
            )
        )
        session.flush()
    tag(response, row.version)
    return EstimateOut.model_validate(row)


@routes.get(
    "/farmers/{farmer_id}/estimate-revisions",
    access=READ,
    tags=["estimates"],
    name="revisions",
    summary="Every version of a farmer's estimates",
)
def list_revisions(
    session: ReadDep, farmer_id: told.Id, season: Season | None = None, product: told.Word | None = None
) -> RevisionsOut:
    """By season and product, oldest first, with reason and who signed."""
    find(session, models.Farmer, farmer_id, "farmer")
    held = models.EstimateRevision
    query = select(held).where(held.farmer_id == farmer_id)
    if season is not None:
        query = query.where(held.season == season)
    if product is not None:
        query = query.where(held.product == product)
    rows = session.scalars(query.order_by(col(held.season), col(held.product), col(held.number)))
    return RevisionsOut(data=[RevisionOut.model_validate(row) for row in rows])
