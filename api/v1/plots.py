"""Plots: where a farmer grows what, since when the land is under conversion, and what its geometry says.

Positions come as GeoJSON in decimal degrees and are kept as whole micro-degrees (about 11 cm). They are read from the
text of the request, so that it is known with how many decimals they were told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field, WithJsonSchema
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, ReadDep, WriteDep
from api.paging import Listing, Order, Page, turn
from api.problems import Problem
from api.v1.events import FindingOut
from api.versions import (
    Body,
    Instant,
    LoweredOut,
    Shown,
    Text,
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
from domain import geo
from domain.findings import Finding, sentence
from domain.refusals import WORDS, Lang
from ledger import geo as ground
from ledger import registry
from models.db import ScopedSession, row_values

routes = Routes(prefix="/v1/plots", tags=["plots"])
READ, WRITE = Needs("registry:read"), Needs("registry:write")

# --- geometry ---


async def body_text(request: Request) -> bytes:
    """The body as it was sent."""
    return await request.body()


BodyTextDep = Annotated[bytes, Depends(body_text)]


class Point(BaseModel):
    """GeoJSON: one position, longitude then latitude."""

    type: Literal["Point"]
    coordinates: list[float]


class Polygon(BaseModel):
    """GeoJSON: the outer ring, then holes; each ring ends where it begins."""

    type: Literal["Polygon"]
    coordinates: list[list[list[float]]]


class MultiPolygon(BaseModel):
    """GeoJSON: several polygons, where a plot has parts."""

    type: Literal["MultiPolygon"]
    coordinates: list[list[list[list[float]]]]


Geometry = Annotated[Point | Polygon | MultiPolygon, Field(discriminator="type")]

_GEOMETRY = {
    "type": "object",
    "description": "GeoJSON Point, Polygon or MultiPolygon in decimal degrees (WGS 84), longitude first. "
    "Coordinates are numbers, or text where zeros at the end shall count as decimals.",
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"enum": ["Point", "Polygon", "MultiPolygon"]},
        "coordinates": {"type": "array", "items": {}},
    },
}
GeometryIn = Annotated[Any, WithJsonSchema({"anyOf": [_GEOMETRY, {"type": "null"}]})]


def read_geometry(body: bytes, plot: str, now: int) -> geo.Told | None:
    """The geometry in a body, tested; 422 with its place where it is none. None: none was sent, or null."""
    plain = json.loads(body, parse_float=str, parse_int=str, parse_constant=str).get("geometry")
    if plain is None:
        return None
    try:
        read = geo.parse(plain, ground.geo_rules().at(ground.day_of(now)).vertices.value)
        geo.check(read.geometry)
    except geo.BadGeometry as bad:
        raise Problem(
            422,
            "malformed",
            sentence(bad.finding(plot)),
            advice="Correct the place that is named, and send the plot again.",
            errors=[
                {
                    "pointer": "/".join(["#/geometry", *map(str, bad.path)]),
                    "code": "INVALID_GEOMETRY",
                    "detail": WORDS["en"][bad.why],
                }
            ],
        ) from None
    return read


def degrees(coordinates: Any) -> Any:
    """Micro-degrees as decimal degrees, however nested."""
    return coordinates / geo.MICRO if isinstance(coordinates, int) else [degrees(part) for part in coordinates]


# --- shapes ---

Area = Annotated[int, Field(strict=True, ge=1, le=10**10)]
Year = Annotated[int, Field(strict=True, ge=1800, le=2200)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


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
        country="LR",
        variety="Amelonado",
        planted_year=2009,
    )

    id: told.Id | None = None
    farmer_id: told.Id
    code: told.Code
    crop: told.Word
    area_m2: Area
    conversion_start: told.Day | None = None
    from_day: Annotated[told.Day | None, Field(description="since when the farmer works it; none: always")] = None
    geometry: GeometryIn = None
    country: Annotated[Country | None, Field(description="ISO 3166; none: that of your organisation")] = None
    zone: Annotated[told.Code | None, Field(description="delimited zone of a geographical indication")] = None
    variety: Text | None = None
    planted_year: Year | None = None
    last_treated_on: Annotated[
        told.Day | None, Field(description="last use of a substance that the scheme does not allow")
    ] = None
    cleared_on: Annotated[told.Day | None, Field(description="day on which forest was cleared here")] = None
    screened_on: Annotated[told.Day | None, Field(description="day on which deforestation was looked up")] = None
    screened_by: Annotated[Text | None, Field(description="by whom, or with what")] = None


class PlotChange(Body):
    """Fields that are not sent stay."""

    model_config = example(area_m2=18_650, conversion_start="2019-03-01")

    crop: told.Word = Field(default_factory=left_out)
    area_m2: Area = Field(default_factory=left_out)
    conversion_start: told.Day | None = Field(default_factory=left_out)
    geometry: GeometryIn = Field(default_factory=left_out)
    country: Country | None = Field(default_factory=left_out)
    zone: told.Code | None = Field(default_factory=left_out)
    variety: Text | None = Field(default_factory=left_out)
    planted_year: Year | None = Field(default_factory=left_out)
    last_treated_on: told.Day | None = Field(default_factory=left_out)
    cleared_on: told.Day | None = Field(default_factory=left_out)
    screened_on: told.Day | None = Field(default_factory=left_out)
    screened_by: Text | None = Field(default_factory=left_out)
    ended: Annotated[bool, Field(strict=True)] = Field(default_factory=left_out)


class PlotOut(Shown):
    """A field of a farmer. ``findings``: what its geometry makes worth a question, as of its last change."""

    id: str
    farmer_id: str
    code: str
    crop: str
    area_m2: int
    measured_m2: Annotated[int | None, Field(description="area by the outline; none for a point")]
    conversion_start: date | None
    from_day: date | None
    geometry: Geometry | None
    country: str | None
    zone: str | None
    variety: str | None
    planted_year: int | None
    last_treated_on: date | None
    cleared_on: date | None
    screened_on: date | None
    screened_by: str | None
    findings: list[FindingOut]
    version: int
    ended_at: Instant | None

    @classmethod
    def of(cls, row: models.Plot) -> PlotOut:
        """A row as it is answered."""
        values = row.model_dump() | {"findings": findings_out(ground.findings(row))}
        if row.geometry is not None:
            kept = geo.Geometry.stored(row.geometry)
            values["geometry"] = {"type": kept.kind, "coordinates": degrees(kept.coordinates)}
        return cls.model_validate(values)


def findings_out(found: Iterable[Finding], lang: Lang = "en") -> list[FindingOut]:
    """Findings as they are answered, countries by their names."""
    words = {code: country.name[lang] for code, country in ground.countries().items()}
    return [
        FindingOut(
            code=one.code,
            level=one.level,
            detail=sentence(one, lang, words),
            rule=one.rule,
            params=dict(one.params),
        )
        for one in found
    ]


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
def add_plot(session: WriteDep, recorder: LedgerDep, body: PlotIn, text: BodyTextDep, response: Response) -> PlotOut:
    """The geometry is GeoJSON in decimal degrees, longitude first; six decimals are kept.

    It is measured and compared with your other plots: what is worth a question is answered in `findings`, and the
    plot is recorded all the same.
    """
    now = recorder.clock()
    read = read_geometry(text, body.code, now)
    values = {name: iso(value) for name, value in body.model_dump(exclude={"id"}).items()}
    values["geometry"] = read and read.geometry.store()
    row = session.get(models.Plot, (session.org_id, body.id)) if body.id else None
    if row is not None:
        same(row, values)
        response.status_code = 200
    else:
        find(session, models.Farmer, body.farmer_id, "farmer")
        row = models.Plot(org_id=session.org_id, id=body.id or new_id(recorder), **values)
        if read is not None:
            around = ground.ground(session, read.geometry)
            ground.judge(row, around, ground.country_of(session), now, read.decimals)
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
    text: BodyTextDep,
    version: VersionDep,
    response: Response,
) -> PlotJudged:
    """Needs `If-Match`. A geometry that is sent is compared anew with the plots around.

    Where the change may lower claims (a later start of conversion, land cleared, another zone, area or outline),
    deliveries are judged again.
    """
    judged = bool(body.model_fields_set & LOWERING)
    if judged:
        registry.begin(session)
    row = find(session, models.Plot, plot_id, "plot", update=True)
    was, values, now = row_values(row), sent(body), recorder.clock()
    read = read_geometry(text, row.code, now) if "geometry" in values else None
    if "geometry" in values:
        values["geometry"] = read and read.geometry.store()
    change(row, version, ended(values, row, now))
    if body.model_fields_set & PLACING:
        place(session, row, was, read.decimals if read else None, now)
    session.flush()
    since = concerned(was, row) if judged else None
    found: list[registry.Lowered] = []
    if since is not None:
        code = find(session, models.Farmer, row.farmer_id, "farmer").code
        change_of = registry.Change("plot", row.id, since, farmers=(code,))
        found = registry.settle(session, recorder, caller.actor, change_of)
    tag(response, row.version)
    return PlotJudged(**PlotOut.of(row).model_dump(), lowered=lowered(found))


PLACING: Final = frozenset({"geometry", "area_m2", "country", "ended"})
"""Fields by which the geometry of a plot is judged."""

LOWERING: Final = frozenset({"conversion_start", "crop", "geometry", "area_m2", "zone", "cleared_on"})
"""Fields by which claims may fall."""

EVER: Final = date(1970, 1, 1)


def place(session: ScopedSession, row: models.Plot, was: Mapping[str, Any], decimals: int | None, now: int) -> None:
    """Judge the geometry of a changed plot again. The same geometry keeps the decimals that it was told with."""
    around = ground.ground(session, geo.Geometry.stored(row.geometry)) if row.geometry else geo.Ground([])
    country = ground.country_of(session)
    anew = decimals if row.geometry != was["geometry"] else None
    ground.judge(row, around, country, now, anew)
    if row.judged != was["judged"] and row.version == was["version"]:
        row.version += 1


def concerned(was: Mapping[str, Any], row: models.Plot) -> date | None:
    """From which day on deliveries are judged again after a change of their plot; none: no claim can fall by it."""
    if (
        (row.cleared_on is not None and row.cleared_on != was["cleared_on"])
        or row.zone != was["zone"]
        or row.area_m2 > was["area_m2"]
        or _located(row.geometry, row.judged) < _located(was["geometry"], was["judged"])
    ):
        return EVER
    start: str | None = was["conversion_start"]
    if start is not None and (row.conversion_start is None or row.conversion_start > start or row.crop != was["crop"]):
        return date.fromisoformat(start)  # before it, nothing was claimed
    return None


def _located(geometry: str | None, judged: str) -> tuple[bool, bool, bool]:
    """How well a plot is located: at all, told with enough decimals, by an outline."""
    if geometry is None:
        return (False, False, False)
    return (True, "PRECISION_BELOW_6_DECIMALS" not in judged, geo.Geometry.stored(geometry).kind != "Point")
