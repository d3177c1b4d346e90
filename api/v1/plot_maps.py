"""Plots as maps: a GeoJSON or KML file taken in, GeoJSON given out, and drawings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from fastapi import File, Form, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, ReadDep, WriteDep
from api.paging import Listing, Order, turn
from api.problems import Problem, language
from api.v1.events import FindingOut
from api.v1.plots import Area, concerned, findings_out
from api.versions import LoweredOut, find, lowered, new_id
from domain import events as told
from domain import geo
from domain.refusals import Lang
from exchange import geo as files
from labels.plot_map import MapOverlap, MapPlot, plot_map_svg
from ledger import geo as ground
from ledger import registry
from ledger.record import Recorder
from models.db import ScopedSession, row_values

routes = Routes(prefix="/v1", tags=["plots"])
READ, WRITE = Needs("registry:read"), Needs("registry:write")

SVG: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"image/svg+xml": {}}}}

# --- a file of plots ---

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "plot": ("ProductionPlace", "plot", "plot_code"),
    "farmer": ("ProducerName", "farmer", "farmer_code"),
    "area": ("Area", "area_ha", "hectares"),
    "crop": ("crop",),
}
"""What properties are called, unless the request says otherwise: first as in the EU information system."""

SAID: Final[dict[str, tuple[str, str]]] = {
    "plot_missing": (
        "No property tells the code of the plot.",
        "Aucune propriété ne donne le code de la parcelle.",
    ),
    "plot_malformed": (
        "“{value}” is not a code: capitals, digits and . / _ -, at most 40.",
        "« {value} » n'est pas un code : majuscules, chiffres et . / _ -, 40 au plus.",
    ),
    "plot_twice": (
        "Plot {value} is in this file already: keep one, or make it a MultiPolygon.",
        "La parcelle {value} est déjà dans ce fichier : gardez-en une, ou faites-en un MultiPolygon.",
    ),
    "farmer_missing": (
        "Plot {value} is new, and no property tells whose it is.",
        "La parcelle {value} est nouvelle, et aucune propriété ne dit à qui elle est.",
    ),
    "farmer_unknown": (
        "You have no farmer {value}: register the farmer first.",
        "Vous n'avez pas de producteur {value} : enregistrez-le d'abord.",
    ),
    "farmer_differs": (
        "This plot belongs to another farmer than {value}: correct the code.",
        "Cette parcelle est à un autre producteur que {value} : corrigez le code.",
    ),
    "crop_missing": (
        "Plot {value} is new, and no crop is told.",
        "La parcelle {value} est nouvelle, et aucune culture n'est donnée.",
    ),
    "area_missing": (
        "Plot {value} is new and only a point: tell its area.",
        "La parcelle {value} est nouvelle et seulement un point : donnez sa surface.",
    ),
    "area_malformed": (
        "“{value}” is not an area: write a number above zero, with a point for decimals.",
        "« {value} » n'est pas une surface : écrivez un nombre supérieur à zéro, avec un point pour les décimales.",
    ),
}
"""Why a feature cannot be taken."""


class PlotFeatureOut(BaseModel):
    """What became of a feature of the file; ``detail`` says why it cannot be taken."""

    feature: Annotated[int, Field(description="its number in the file, from 1")]
    plot: str | None
    status: Literal["added", "changed", "unchanged", "refused"]
    code: str | None = None
    detail: str | None = None
    measured_m2: int | None = None
    findings: list[FindingOut] = []


class PlotFileOut(BaseModel):
    """What became of a file: all of it was written, or (``dry_run``) nothing."""

    written: bool
    added: int
    changed: int
    unchanged: int
    refused: int
    features: list[PlotFeatureOut]
    lowered: list[LoweredOut]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A feature that can be taken: which plot it is, and what it says of it."""

    number: int
    plot: str
    read: geo.Told
    values: dict[str, Any]  # of a plot that is known, what changes; else of the new one


class _Refusal(Exception):
    """A feature cannot be taken."""

    def __init__(self, code: str, value: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.value = value

    def said(self, lang: Lang) -> str:
        return SAID[self.code][0 if lang == "en" else 1].format(value=self.value)


Property = Annotated[str | None, Form(min_length=1, max_length=100)]


@routes.post("/plots/file", access=WRITE, name="file", summary="Take in a GeoJSON or KML file of plots")
def take_file(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    request: Request,
    file: Annotated[UploadFile, File(description="GeoJSON or KML, at most 10 MiB")],
    dry_run: Annotated[bool, Form(description="say what would become of it, and write nothing")] = False,
    crop: Annotated[told.Word | None, Form(description="of new plots whose properties tell none")] = None,
    plot_property: Annotated[Property, Form(description="the property that holds the plot's code")] = None,
    farmer_property: Annotated[Property, Form(description="the property that holds the farmer's code")] = None,
    area_property: Annotated[Property, Form(description="the property that holds the area")] = None,
    area_unit: Annotated[Literal["ha", "m2"], Form(description="of the area")] = "ha",
) -> PlotFileOut:
    """Plots of known farmers: a code that is known is changed, another is added. All of the file is written, or none.

    What is worth a question is answered as `findings` of each feature, and stops nothing. A feature that cannot be
    taken stops the file; `dry_run` names them all.
    """
    lang: Lang = "fr" if language(request) == "fr" else "en"
    asked = {"plot": plot_property, "farmer": farmer_property, "area": area_property, "crop": None}
    names = {key: (name,) if name else NAMES[key] for key, name in asked.items()}
    try:
        features = files.read(file.file.read(files.MOST_BYTES + 1))
    except files.MapFileError as error:
        raise _unreadable(error) from None
    taking = _Taking(session, names, crop, 1 if area_unit == "m2" else 10_000, recorder.clock())
    wanted, answers = taking.sort(features, lang)
    if answers and not dry_run:
        raise _refused(answers, len(features), lang)
    done, since = taking.write(wanted, recorder, lang)
    found = [
        lot
        for farmer, (day, plot) in sorted(since.items())
        for lot in registry.settle(session, recorder, caller.actor, registry.Change("plot", plot, day, (farmer,)))
    ]
    if dry_run:
        session.rollback()
    answers = sorted([*answers, *done], key=lambda one: one.feature)
    counts = Counter(one.status for one in answers)
    return PlotFileOut(
        written=not dry_run,
        added=counts["added"],
        changed=counts["changed"],
        unchanged=counts["unchanged"],
        refused=counts["refused"],
        features=answers,
        lowered=lowered(found),
    )


def _unreadable(error: files.MapFileError) -> Problem:
    place = {"feature": error.feature} if error.feature else {"parameter": "file"}
    return Problem(
        422,
        "malformed",
        f"Feature {error.feature}: {error.said}" if error.feature else error.said,
        advice=error.todo,
        errors=[{**place, "code": "map_file", "detail": f"{error.said} {error.todo}"}],
    )


def _refused(answers: Sequence[PlotFeatureOut], count: int, lang: Lang) -> Problem:
    said = {
        "en": f"{len(answers)} of {count} features cannot be taken; nothing was written.",
        "fr": f"{len(answers)} des {count} objets ne peuvent être repris ; rien n'a été enregistré.",
    }
    todo = {"en": "Correct them, and send the whole file again.", "fr": "Corrigez-les, puis renvoyez tout le fichier."}
    errors = [
        {"feature": one.feature, "plot": one.plot, "code": one.code, "detail": one.detail} for one in answers[:200]
    ]
    return Problem(422, "malformed", said[lang], advice=todo[lang], errors=errors)


class _Taking:
    """What a file says, held against the records of the caller."""

    def __init__(
        self,
        session: ScopedSession,
        names: Mapping[str, tuple[str, ...]],
        crop: str | None,
        square_metres: int,
        now: int,
    ) -> None:
        self.session, self.names, self.crop, self.square_metres, self.now = session, names, crop, square_metres, now
        self.limits = ground.geo_rules().at(ground.day_of(now))

    def sort(self, features: Sequence[files.Feature], lang: Lang) -> tuple[list[_Wanted], list[PlotFeatureOut]]:
        """The features that can be taken, and the answers to those that cannot. Plots that are known are locked."""
        read = [self._read(one) for one in features]
        self._look_up(features, [one.geometry for one in read if isinstance(one, geo.Told)])
        wanted: dict[str, _Wanted] = {}
        answers: list[PlotFeatureOut] = []
        for feature, geometry in zip(features, read, strict=True):
            code = self._told(feature, "plot").upper()
            try:
                wanted[code] = self._wanted(feature, code, geometry, twice=code in wanted)
            except _Refusal as refusal:
                answers.append(_cannot(feature, code, refusal.code, refusal.said(lang)))
            except geo.BadGeometry as bad:
                (finding,) = findings_out([bad.finding(code[:60])], lang)
                answers.append(_cannot(feature, code, finding.code, finding.detail))
        return list(wanted.values()), answers

    def _read(self, feature: files.Feature) -> geo.Told | geo.BadGeometry:
        """The geometry of a feature, or why it is none."""
        try:
            read = geo.parse(feature.geometry, self.limits.vertices.value)
            geo.check(read.geometry)
        except geo.BadGeometry as bad:
            return bad
        return read

    def _look_up(self, features: Sequence[files.Feature], geometries: Sequence[geo.Geometry]) -> None:
        """The records that the file speaks of; nobody records events while plots that are known change."""
        self.box = geo.around(geometries) if geometries else (0, 0, 0, 0)
        codes = {self._told(one, "plot").upper() for one in features}
        if ground.plots_by_code(self.session, codes):
            registry.begin(self.session)
        self.strangers, self.country = ground.strangers(self.session, self.box), ground.country_of(self.session)
        self.plots = ground.plots_by_code(self.session, codes, update=True)
        named = {self._told(one, "farmer").upper() for one in features}
        self.farmers = ground.farmers_by_code(self.session, named)
        self.whose = ground.farmer_codes(self.session, {row.farmer_id for row in self.plots.values()})
        self.whose |= {row.id: row.code for row in self.farmers.values()}

    def write(
        self, wanted: Sequence[_Wanted], recorder: Recorder, lang: Lang
    ) -> tuple[list[PlotFeatureOut], dict[str, tuple[date, str]]]:
        """Write the plots, each judged against all others, those of the file too.

        Answers as well from which day on the deliveries of which farmers are judged again, and by which plot.
        """
        new = {one.plot: geo.Neighbour(one.read.geometry, one.plot, self._owner(one)) for one in wanted}
        around = geo.Ground([*ground.own_plots(self.session, self.box, new), *new.values(), *self.strangers])
        answers: list[PlotFeatureOut] = []
        since: dict[str, tuple[date, str]] = {}
        for one in wanted:
            row = self.plots.get(one.plot)
            known = row is not None
            row = row or models.Plot(org_id=self.session.org_id, id=new_id(recorder), code=one.plot, **one.values)
            was = row_values(row)
            for name, value in one.values.items():
                setattr(row, name, value)
            anew = not known or row.geometry != was["geometry"]
            ground.judge(row, around, self.country, self.now, one.read.decimals if anew else None)
            differs = row_values(row) != was
            if known and differs:
                row.version += 1
                day, owner = concerned(was, row), self.whose[row.farmer_id]
                if day is not None:
                    since[owner] = min((day, row.id), since.get(owner, (day, row.id)))
            self.session.add(row)
            answers.append(
                PlotFeatureOut(
                    feature=one.number,
                    plot=one.plot,
                    status="added" if not known else "changed" if differs else "unchanged",
                    measured_m2=row.measured_m2,
                    findings=findings_out(ground.findings(row), lang),
                )
            )
        try:
            self.session.flush()
        except IntegrityError:
            raise Problem(
                409,
                "taken",
                "Somebody registered one of these plots at the same time.",
                advice="Send the file again.",
            ) from None
        return answers, since

    def _owner(self, one: _Wanted) -> str:
        plot = self.plots.get(one.plot)
        return self.whose[plot.farmer_id if plot is not None else one.values["farmer_id"]]

    def _wanted(self, feature: files.Feature, code: str, read: geo.Told | geo.BadGeometry, *, twice: bool) -> _Wanted:
        """What a feature says of its plot; ``twice``: one before did too. Raises ``_Refusal``, ``BadGeometry``."""
        if not code:
            raise _Refusal("plot_missing")
        if twice:
            raise _Refusal("plot_twice", code)
        try:
            _CODE.validate_python(code)
        except ValidationError:
            raise _Refusal("plot_malformed", code[:60]) from None
        if isinstance(read, geo.BadGeometry):
            raise read
        values: dict[str, Any] = {"geometry": read.geometry.store()}
        area = self._area(feature)
        if area is not None:
            values["area_m2"] = area
        farmer = self._farmer(feature, code)
        if code not in self.plots:
            values |= self._of_new(feature, code, farmer, area, read.geometry)
        return _Wanted(feature.number, code, read, values)

    def _farmer(self, feature: files.Feature, code: str) -> models.Farmer | None:
        """The farmer that the feature names, who must be that of a known plot."""
        named = self._told(feature, "farmer").upper()
        if not named:
            return None
        farmer, plot = self.farmers.get(named), self.plots.get(code)
        if farmer is None:
            raise _Refusal("farmer_unknown", named[:60])
        if plot is not None and plot.farmer_id != farmer.id:
            raise _Refusal("farmer_differs", named[:60])
        return farmer

    def _of_new(
        self, feature: files.Feature, code: str, farmer: models.Farmer | None, area: int | None, geometry: geo.Geometry
    ) -> dict[str, Any]:
        """What a plot that is added needs besides; its area is that of the outline where none is told."""
        if farmer is None:
            raise _Refusal("farmer_missing", code)
        crop = self._told(feature, "crop") or self.crop
        try:
            _WORD.validate_python(crop)
        except ValidationError:
            raise _Refusal("crop_missing", code) from None
        area = area or geo.area_m2(geometry)
        if not area:
            raise _Refusal("area_missing", code)
        return {"farmer_id": farmer.id, "crop": crop, "area_m2": area}

    def _area(self, feature: files.Feature) -> int | None:
        """Square metres, if an area is told."""
        said = self._told(feature, "area")
        if not said:
            return None
        try:
            return _AREA.validate_python(round(_DECIMAL.validate_python(said) * self.square_metres))
        except ValidationError:
            raise _Refusal("area_malformed", said[:60]) from None

    def _told(self, feature: files.Feature, key: str) -> str:
        """What a feature tells under the first of the names that it has."""
        told_names = {name.casefold(): value for name, value in feature.properties.items()}
        values = (told_names.get(name.casefold(), "").strip() for name in self.names[key])
        return next((value for value in values if value), "")


_CODE, _WORD, _AREA = TypeAdapter[str](told.Code), TypeAdapter[str](told.Word), TypeAdapter[int](Area)
_DECIMAL = TypeAdapter[Decimal](Annotated[Decimal, Field(gt=0, lt=10**11, max_digits=30)])


def _cannot(feature: files.Feature, plot: str, code: str, said: str) -> PlotFeatureOut:
    return PlotFeatureOut(feature=feature.number, plot=plot[:60] or None, status="refused", code=code, detail=said)


# --- maps ---

BY_CODE = Order("plots-map", (col(models.Plot.code),), lambda row: (row[0].code,))


class PlotsOfMap(Listing):
    """Which plots, in pages that may be larger than those of a list."""

    limit: Annotated[int, Field(ge=1, le=5_000, description="plots of one page")] = 5_000
    farmer: Annotated[told.Id | None, Field(description="id of the farmer")] = None
    crop: told.Word | None = None


@routes.get(
    "/plots.geojson",
    access=READ,
    name="geojson",
    summary="Plots as GeoJSON, as due diligence asks for them",
    response_class=Response,
    responses={200: {"content": {files.MEDIA_TYPE: {}}}},
)
def plots_geojson(session: ReadDep, listing: Annotated[PlotsOfMap, Query()], request: Request) -> Response:
    """Plots that are worked and located, by code: WGS 84, longitude first, six decimals.

    The properties are named as the EU information system reads them: ProducerName (the farmer's code),
    ProducerCountry, ProductionPlace (the plot's code), Area in hectares. A further page is in the header Link.
    """
    plot, farmer = models.Plot, models.Farmer
    query = (
        select(plot, col(farmer.code))
        .join(farmer, (col(farmer.org_id) == plot.org_id) & (col(farmer.id) == plot.farmer_id))
        .where(col(plot.geometry).is_not(None), col(plot.ended_at).is_(None))
    )
    if listing.farmer is not None:
        query = query.where(plot.farmer_id == listing.farmer)
    if listing.crop is not None:
        query = query.where(plot.crop == listing.crop)
    answer = Response(media_type=files.MEDIA_TYPE)
    rows, _ = turn(session, query, BY_CODE, listing, request, answer)
    country = ground.country_of(session) or ""
    plots = (
        files.PlotFeature(
            plot=row.code,
            farmer=whose,
            country=row.country or country,
            area_m2=row.area_m2,
            geometry=geo.Geometry.stored(row.geometry or ""),
        )
        for row, whose in rows
    )
    headers = {name: answer.headers[name] for name in ("link",) if name in answer.headers}
    headers["content-disposition"] = 'attachment; filename="plots.geojson"'
    return Response(b"".join(files.write_geojson(plots)), media_type=files.MEDIA_TYPE, headers=headers)


@routes.get(
    "/plots/{plot_id}/map.svg",
    access=READ,
    name="map",
    summary="Draw a plot to scale",
    response_class=Response,
    responses=SVG,
)
def plot_map(session: ReadDep, plot_id: told.Id, lang: Literal["en", "fr"] = "en") -> Response:
    """With its area, a scale bar, north, and your own plots that lie on it; land in two plots is hatched."""
    row = find(session, models.Plot, plot_id, "plot")
    return _map(session, [row] if row.geometry is not None else [], lang, of="plot")


@routes.get(
    "/farmers/{farmer_id}/map.svg",
    access=READ,
    name="map_of_farmer",
    summary="Draw the plots of a farmer to scale",
    response_class=Response,
    responses=SVG,
)
def farmer_map(session: ReadDep, farmer_id: told.Id, lang: Literal["en", "fr"] = "en") -> Response:
    """Those that are worked and located, and your other plots that lie on them."""
    farmer = find(session, models.Farmer, farmer_id, "farmer")
    plot = models.Plot
    query = select(plot).where(
        plot.farmer_id == farmer.id, col(plot.geometry).is_not(None), col(plot.ended_at).is_(None)
    )
    return _map(session, session.scalars(query.order_by(col(plot.code))).all(), lang, of="farmer")


def _map(session: ScopedSession, rows: Sequence[models.Plot], lang: str, *, of: Literal["plot", "farmer"]) -> Response:
    """The drawing of some located plots; 404 where there are none."""
    if not rows:
        raise Problem(
            404,
            "not-found",
            "There is nothing to draw: no position is recorded.",
            advice="Record the geometry of the plot first.",
        )
    whose = ground.farmer_codes(session, {row.farmer_id for row in rows})
    plots = [_drawn(row, whose[row.farmer_id]) for row in rows]
    drawn = {plot.code: plot for plot in plots}
    around = geo.Ground(ground.own_plots(session, geo.around(plot.geometry for plot in plots)))
    found = [
        (plot, one.neighbour.plot or "", one.share_bp)
        for plot in plots
        for one in around.overlaps(plot.geometry, plot.code)
    ]
    others = ground.plots_by_code(session, {code for _, code, _ in found} - drawn.keys())
    whose |= ground.farmer_codes(session, {row.farmer_id for row in others.values()})
    known = drawn | {code: _drawn(row, whose[row.farmer_id]) for code, row in others.items()}
    overlaps = [
        MapOverlap(plot, known[code], share)
        for plot, code, share in found
        if code not in drawn or plot.code < code  # two plots of the drawing: once
    ]
    return Response(plot_map_svg(plots, overlaps, lang, of=of), media_type="image/svg+xml")


def _drawn(row: models.Plot, farmer: str) -> MapPlot:
    return MapPlot(row.code, farmer, row.area_m2, row.measured_m2, geo.Geometry.stored(row.geometry or ""))
