"""Plots: where a farmer grows what, and since when the land is under conversion.

Positions come as GeoJSON in decimal degrees and are kept as whole micro-degrees (about 11 cm).
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query, Request, Response
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, ReadDep, WriteDep
from api.paging import Listing, Order, Page, turn
from api.versions import (
    Body,
    Instant,
    LoweredOut,
    Shown,
    VersionDep,
    change,
    ended,
    example,
    find,
    iso,
    left_out,
    lowered,
    make,
    new_id,
    same,
    sent,
    shown,
    tag,
)
from domain import events as told
from ledger import registry

routes = Routes(prefix="/v1/plots", tags=["plots"])
READ, WRITE = Needs("registry:read"), Needs("registry:write")

MOST_VERTICES = 5_000
MICRO = 1_000_000

# --- geometry ---


def _bad(code: str, said: str) -> PydanticCustomError:
    return PydanticCustomError(code, said)


def _position(value: Any) -> list[float]:
    """A position: longitude, latitude; a height after them is left away."""
    if not isinstance(value, list | tuple) or not 2 <= len(value) <= 3:  # noqa: PLR2004
        raise _bad(
            "position",
            "A position is two numbers: longitude, then latitude, for example [-9.471234, 6.998765].",
        )
    if any(isinstance(part, bool) or not isinstance(part, int | float) for part in value):
        raise _bad("position", "Longitude and latitude are numbers in decimal degrees, without quotes.")
    longitude, latitude = value[0], value[1]
    if not -180 <= longitude <= 180:  # noqa: PLR2004
        raise _bad("longitude", "Longitude lies between -180 and 180 degrees, and comes first.")
    if not -90 <= latitude <= 90:  # noqa: PLR2004
        raise _bad("latitude", "Latitude lies between -90 and 90 degrees, and comes second, after longitude.")
    return [degrees(micro(longitude)), degrees(micro(latitude))]


def micro(value: float) -> int:
    """Decimal degrees as whole micro-degrees, by the digits that were written."""
    return round(Decimal(repr(value)) * MICRO)


def degrees(value: int) -> float:
    """Whole micro-degrees as decimal degrees."""
    return value / MICRO


def _ring(value: list[list[float]]) -> list[list[float]]:
    if len(value) < 4:  # noqa: PLR2004
        raise _bad("ring", "A ring has at least four positions: three corners, and the first once more.")
    if value[0] != value[-1]:
        raise _bad("ring_open", "The ring is not closed: repeat its first position at the end.")
    if len({tuple(position) for position in value}) < 3:  # noqa: PLR2004
        raise _bad("ring", "A ring has at least three different corners.")
    return value


def _not_too_many(value: Any) -> Any:
    if isinstance(value, list) and sum(len(ring) for ring in value if isinstance(ring, list)) > MOST_VERTICES:
        raise _bad("vertices", f"A polygon has at most {MOST_VERTICES:,} positions: record fewer, or simplify it.")
    return value


Position = Annotated[list[float], BeforeValidator(_position)]
Ring = Annotated[list[Position], AfterValidator(_ring)]


class Point(Body):
    """GeoJSON: one position, longitude then latitude."""

    type: Literal["Point"]
    coordinates: Position


class Polygon(Body):
    """GeoJSON: the outer ring, then holes; each ring ends where it begins."""

    type: Literal["Polygon"]
    coordinates: Annotated[list[Ring], Field(min_length=1, max_length=100), BeforeValidator(_not_too_many)]


def _kind(value: Any) -> Any:
    return value.get("type") if isinstance(value, dict) else getattr(value, "type", None)


Geometry = Annotated[
    Annotated[Point, Tag("Point")] | Annotated[Polygon, Tag("Polygon")],
    Discriminator(
        _kind,
        custom_error_type="geometry",
        custom_error_message="Send a GeoJSON geometry of type Point or Polygon.",
    ),
]


def stored(geometry: Any) -> str | None:
    """A geometry as it is kept: JSON text with whole micro-degrees."""
    if geometry is None:
        return None
    return orjson.dumps({"type": geometry["type"], "coordinates": _each(geometry["coordinates"], micro)}).decode()


def _each(coordinates: Any, act: Any) -> Any:
    return [_each(part, act) for part in coordinates] if isinstance(coordinates, list) else act(coordinates)


# --- shapes ---

Area = Annotated[int, Field(strict=True, ge=1, le=10**10)]


class PlotIn(Body):
    """A field of a farmer. ``conversion_start``: since when it is farmed by the scheme's rules."""

    model_config = example(
        id="0193b2c4-8a11-7c3e-9a57-000000000005",
        farmer_id="0193b2c4-8a11-7c3e-9a57-000000000001",
        code="LR-C1-0001-A",
        crop="cocoa",
        area_m2=18_400,
        conversion_start="2019-01-01",
        geometry={
            "type": "Polygon",
            "coordinates": [
                [[-9.471234, 6.998765], [-9.470111, 6.998765], [-9.470111, 6.999901], [-9.471234, 6.998765]]
            ],
        },
    )

    id: told.Id | None = None
    farmer_id: told.Id
    code: told.Code
    crop: told.Word
    area_m2: Area
    conversion_start: told.Day | None = None
    from_day: Annotated[told.Day | None, Field(description="since when the farmer works it; none: always")] = None
    geometry: Geometry | None = None


class PlotChange(Body):
    """Fields that are not sent stay."""

    model_config = example(area_m2=18_650, conversion_start="2019-03-01")

    crop: told.Word = Field(default_factory=left_out)
    area_m2: Area = Field(default_factory=left_out)
    conversion_start: told.Day | None = Field(default_factory=left_out)
    geometry: Geometry | None = Field(default_factory=left_out)
    ended: Annotated[bool, Field(strict=True)] = Field(default_factory=left_out)


class PlotOut(Shown):
    """A field of a farmer."""

    id: str
    farmer_id: str
    code: str
    crop: str
    area_m2: int
    conversion_start: date | None
    from_day: date | None
    geometry: Geometry | None
    version: int
    ended_at: Instant | None

    @classmethod
    def of(cls, row: models.Plot) -> PlotOut:
        values = row.model_dump()
        if row.geometry is not None:
            kept = json.loads(row.geometry)
            values["geometry"] = {
                "type": kept["type"],
                "coordinates": _each(kept["coordinates"], degrees),
            }
        return cls.model_validate(values)


class PlotJudged(PlotOut):
    """A plot after a change, and the lots whose claims it lowered."""

    lowered: list[LoweredOut]


class Plots(Listing):
    """Which plots."""

    farmer: Annotated[told.Id | None, Field(description="id of the farmer")] = None
    crop: told.Word | None = None
    active: Annotated[bool | None, Field(description="not ended, or ended")] = None


# --- routes ---

BY_CODE = Order("plots", (col(models.Plot.code),), lambda row: (row.code,))


@routes.get("", access=READ, name="list", summary="Your farmers' plots, by code")
def list_plots(
    session: ReadDep, listing: Annotated[Plots, Query()], request: Request, response: Response
) -> Page[PlotOut]:
    """Several filters narrow each other."""
    plot, query = models.Plot, select(models.Plot)
    if listing.farmer is not None:
        query = query.where(plot.farmer_id == listing.farmer)
    if listing.crop is not None:
        query = query.where(plot.crop == listing.crop)
    if listing.active is not None:
        ended_at = col(plot.ended_at)
        query = query.where(ended_at.is_(None) if listing.active else ended_at.is_not(None))
    rows, following = turn(session, query, BY_CODE, listing, request, response)
    return Page(data=[PlotOut.of(row) for row in rows], next=following)


@routes.post("", access=WRITE, name="add", summary="Register a plot of a farmer", status_code=201)
def add_plot(session: WriteDep, recorder: LedgerDep, body: PlotIn, response: Response) -> PlotOut:
    """The geometry is GeoJSON in decimal degrees, longitude first; six decimals are kept."""
    values = body.model_dump(exclude={"id"})
    values = {name: iso(value) for name, value in values.items()} | {"geometry": stored(values["geometry"])}
    row = session.get(models.Plot, (session.org_id, body.id)) if body.id else None
    if row is not None:
        same(row, values)
        response.status_code = 200
    else:
        find(session, models.Farmer, body.farmer_id, "farmer")
        row = models.Plot(org_id=session.org_id, id=body.id or new_id(recorder), **values)
        make(session, row, field="code", value=body.code)
    response.headers["location"] = f"/v1/plots/{row.id}"
    tag(response, row.version)
    return PlotOut.of(row)


@routes.get("/{plot_id}", access=READ, name="show", summary="One plot", response_model=PlotOut)
def show_plot(session: ReadDep, plot_id: told.Id, request: Request, response: Response) -> PlotOut | Response:
    """Its geometry is GeoJSON in decimal degrees."""
    row = find(session, models.Plot, plot_id, "plot")
    return shown(request, response, PlotOut.of(row), row.version)


@routes.patch("/{plot_id}", access=WRITE, name="change", summary="Change a plot")
def change_plot(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    plot_id: told.Id,
    body: PlotChange,
    version: VersionDep,
    response: Response,
) -> PlotJudged:
    """Needs `If-Match`. With a later start of conversion, or another crop, deliveries are judged again."""
    judged = bool(body.model_fields_set & {"conversion_start", "crop"})
    if judged:
        registry.begin(session)
    row = find(session, models.Plot, plot_id, "plot", update=True)
    was_crop, was_start = row.crop, row.conversion_start
    values = sent(body)
    if "geometry" in values:
        values["geometry"] = stored(values["geometry"])
    change(row, version, ended(values, row, recorder.clock()))
    session.flush()
    found: list[registry.Lowered] = []
    if judged and was_start is not None and _may_lower(was_start, row) | (row.crop != was_crop):
        code = find(session, models.Farmer, row.farmer_id, "farmer").code
        since = date.fromisoformat(was_start)  # before it, nothing was claimed
        concerned = registry.Change("plot", row.id, since, farmers=(code,))
        found = registry.settle(session, recorder, caller.actor, concerned)
    tag(response, row.version)
    return PlotJudged(**PlotOut.of(row).model_dump(), lowered=lowered(found))


def _may_lower(was_start: str, row: models.Plot) -> bool:
    return row.conversion_start is None or row.conversion_start > was_start
