"""Geometry of plots: read, measured, tested, and compared with the plots around.

Positions are whole micro-degrees (about 11 cm) in the order of GeoJSON: longitude, latitude; WGS 84. Areas are whole
square metres on the ellipsoid, shares basis points. What is found are findings: they warn and never stop a record;
only what is no geometry at all cannot be kept (``BadGeometry``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, Literal, TypeAlias, cast

import orjson

from domain.countries import LATITUDES, LONGITUDES, Bounds, Country
from domain.findings import Finding, found
from domain.profiles import Limit, _once, _Table, _whole, in_force
from domain.quantity import WHOLE_BP
from domain.refusals import NONE

Kind: TypeAlias = Literal["Point", "Polygon", "MultiPolygon"]
Position: TypeAlias = tuple[int, int]
Ring: TypeAlias = tuple[Position, ...]
Rings: TypeAlias = tuple[Ring, ...]
"""The outer ring, then holes; each ring ends where it begins."""

Box: TypeAlias = tuple[int, int, int, int]
"""West, south, east, north."""

MICRO: Final = 1_000_000
DEPTHS: Final[dict[str, int]] = {"Point": 0, "Polygon": 2, "MultiPolygon": 3}
"""How many lists stand around a position."""

EUDR: Final = "EUDR"
"""The scheme that asks where a plot lies and since when it was no forest: Reg. (EU) 2023/1115."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """A point, or polygons. The earth is cut at the antimeridian: no polygon passes it (RFC 7946, 3.1.9)."""

    kind: Kind
    point: Position | None = None
    polygons: tuple[Rings, ...] = ()

    @classmethod
    def stored(cls, text: str) -> Geometry:
        """The geometry of the JSON text that a column holds."""
        plain = orjson.loads(text)
        kind, coordinates = plain["type"], plain["coordinates"]
        if kind == "Point":
            return cls(kind, point=(coordinates[0], coordinates[1]))
        polygons = [coordinates] if kind == "Polygon" else coordinates
        return cls(
            kind,
            polygons=tuple(tuple(tuple((x, y) for x, y in ring) for ring in rings) for rings in polygons),
        )

    @property
    def coordinates(self) -> Any:
        """As GeoJSON nests them, in micro-degrees."""
        if self.point is not None:
            return self.point
        return self.polygons[0] if self.kind == "Polygon" else self.polygons

    def store(self) -> str:
        """The JSON text that a column holds."""
        return orjson.dumps({"type": self.kind, "coordinates": self.coordinates}).decode()

    def positions(self) -> Iterator[Position]:
        """Every position, from the first ring on."""
        if self.point is not None:
            yield self.point
        for rings in self.polygons:
            for ring in rings:
                yield from ring

    def bounds(self) -> Box:
        """The least box that holds it."""
        longitudes, latitudes = zip(*self.positions(), strict=True)
        return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def near(text: str, box: Box) -> bool:
    """Whether the geometry of the JSON text that a column holds may lie in a box: most plots do not, and are left."""
    plain = orjson.loads(text)
    rings = plain["coordinates"]
    for _ in range(DEPTHS[plain["type"]] - 2):
        rings = [ring for part in rings for ring in part]
    places = [rings] if plain["type"] == "Point" else [place for ring in rings for place in ring]
    west, south, east, north = box
    longitudes, latitudes = zip(*places, strict=False)
    return bool(
        min(longitudes) <= east and west <= max(longitudes) and min(latitudes) <= north and south <= max(latitudes)
    )


def around(geometries: Iterable[Geometry]) -> Box:
    """The least box that holds some geometries, at least one."""
    west, south, east, north = zip(*(one.bounds() for one in geometries), strict=True)
    return min(west), min(south), max(east), max(north)


@dataclass(frozen=True, slots=True)
class Told:
    """A geometry as it was told: more than half of its coordinates have so many ``decimals``, or more.

    A position needs both of its own. In an outline a few may be shorter: programs leave zeros at the end out.
    """

    geometry: Geometry
    decimals: int


class BadGeometry(ValueError):
    """It is no geometry of a plot: ``why`` is a word of ``domain.refusals.WORDS``, ``path`` leads to the place.

    ``where`` says the place to people: positions count from 1; before a slash stand ring and polygon, unless it is
    the outer ring of the first.
    """

    def __init__(self, why: str, path: Sequence[str | int] = (), where: str = NONE) -> None:
        super().__init__(f"{why} at {where}")
        self.why = why
        self.path = tuple(path)
        self.where = where

    def finding(self, plot: str) -> Finding:
        """The same, told of a plot."""
        return found("INVALID_GEOMETRY", plot=plot, why=self.why, where=self.where)


# --- limits ---


@dataclass(frozen=True, slots=True)
class GeoLimits:
    """What holds on one day. ``decimals`` of degrees; areas in square metres; shares in basis points."""

    decimals: Limit
    polygon_above_m2: Limit
    area_difference_bp: Limit
    overlap_bp: Limit
    vertices: Limit


@dataclass(frozen=True, slots=True)
class GeoRules:
    """Every limit with its days."""

    limits: dict[str, tuple[Limit, ...]]

    def at(self, on: date) -> GeoLimits:
        """What holds on a day; before the first of a limit, its first."""
        return GeoLimits(**{key: in_force(dated, on) for key, dated in self.limits.items()})


def load_geo(text: str, name: str) -> GeoRules:
    """The limits that a TOML text describes; ``name`` is its file name. Raises ``ProfileMistake``."""
    top = _Table.parse(text, name)
    keys = ("decimals", "polygon_above_m2", "area_difference_bp", "overlap_bp", "vertices")
    rules = GeoRules({key: tuple(_whole(one, _limit) for one in top.tables(key)) for key in keys})
    top.end()
    for key, dated in rules.limits.items():
        _once([one.valid_from.isoformat() for one in dated], name, key)
    return rules


def _limit(table: _Table) -> Limit:
    return Limit(table.integer("value", least=1), table.day("valid_from"), table.text("source"))


# --- reading ---

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?")


def parse(plain: Any, most: int) -> Told:
    """A GeoJSON geometry whose numbers are decimal text, so that it is known with how many decimals they were told.

    A height is left away, and so is a position that repeats the one before it. ``most`` positions are taken.
    Raises ``BadGeometry``.
    """
    kind = plain.get("type") if isinstance(plain, dict) else None
    if not isinstance(kind, str) or kind not in DEPTHS:
        raise BadGeometry("not_a_plot")
    coordinates = plain.get("coordinates")
    if _count(coordinates, DEPTHS[kind], most) > most:
        raise BadGeometry("too_many_positions", ("coordinates",), str(most + 1))
    reader = _Reader()
    if kind == "Point":
        return Told(Geometry("Point", point=reader.position(coordinates, ())), reader.decimals())
    polygons = [coordinates] if kind == "Polygon" else reader.some(coordinates, (), "empty")
    read = [reader.rings(rings, () if kind == "Polygon" else (place,)) for place, rings in enumerate(polygons)]
    return Told(Geometry(cast("Kind", kind), polygons=tuple(read)), reader.decimals())


def _count(coordinates: Any, depth: int, most: int) -> int:
    """How many positions there are, ``most`` and one at the most: no more is looked at than needed."""
    if not isinstance(coordinates, list | tuple):
        return 0
    if depth <= 1:
        return len(coordinates) if depth else 1
    total = 0
    for part in coordinates:
        total += max(1, _count(part, depth - 1, most))
        if total > most:
            break
    return total


class _Reader:
    """Reads positions and remembers how many decimals each coordinate had."""

    def __init__(self) -> None:
        self._decimals: list[int] = []

    def decimals(self) -> int:
        """What more than half of the coordinates have."""
        return sorted(self._decimals, reverse=True)[len(self._decimals) // 2]

    def rings(self, plain: Any, path: tuple[int, ...]) -> Rings:
        rings = self.some(plain, path, "empty")
        return tuple(self.ring(ring, (*path, place)) for place, ring in enumerate(rings))

    def ring(self, plain: Any, path: tuple[int, ...]) -> Ring:
        positions = [
            self.position(position, (*path, place))
            for place, position in enumerate(self.some(plain, path, "too_few_positions"))
        ]
        first = _said((*path, 0))
        if len(positions) < 4:  # noqa: PLR2004 - RFC 7946, 3.1.6
            raise _bad("too_few_positions", path, first)
        if positions[0] != positions[-1]:
            raise _bad("ring_open", path, first)
        if len(set(positions)) < 3:  # noqa: PLR2004 - a triangle
            raise _bad("too_few_corners", path, first)
        return tuple(
            position for place, position in enumerate(positions) if place == 0 or position != positions[place - 1]
        )

    def position(self, plain: Any, path: tuple[int, ...]) -> Position:
        if not isinstance(plain, list | tuple) or not 2 <= len(plain) <= 3:  # noqa: PLR2004 - and a height
            raise _bad("not_a_position", path)
        read = []
        for part, why, (least, most) in zip(
            plain, ("beyond_longitude", "beyond_latitude"), (LONGITUDES, LATITUDES), strict=False
        ):
            if not isinstance(part, str) or _NUMBER.fullmatch(part) is None:
                raise _bad("not_numbers", path)
            number = Decimal(part)
            micro = round(number * MICRO)
            if not least <= micro <= most:
                raise _bad(why, path)
            read.append(micro)
            self._decimals.append(max(0, -cast("int", number.as_tuple().exponent)))
        return read[0], read[1]

    @staticmethod
    def some(plain: Any, path: tuple[int, ...], why: str) -> Sequence[Any]:
        if not isinstance(plain, list | tuple) or not plain:
            raise _bad(why, path)
        return plain


def _bad(why: str, path: tuple[int, ...], where: str | None = None) -> BadGeometry:
    return BadGeometry(why, ("coordinates", *path), _said(path) if where is None else where)


def _said(path: Sequence[int]) -> str:
    """A place as people say it, counted from 1; the first ring of the first polygon goes without saying."""
    numbers = [place + 1 for place in path]
    while len(numbers) > 1 and numbers[0] == 1:
        numbers = numbers[1:]
    return "/".join(map(str, numbers)) or NONE


# --- measuring ---

_AXIS_M: Final = 6_378_137.0
_FLATTENING: Final = 1 / 298.257223563
"""The ellipsoid of WGS 84."""
_E2: Final = _FLATTENING * (2 - _FLATTENING)
_E: Final = math.sqrt(_E2)


def area_m2(geometry: Geometry) -> int:
    """Square metres on the ellipsoid; 0 for a point.

    By the cylindrical equal-area projection of the ellipsoid (Snyder, Map Projections: A Working Manual, USGS 1987,
    eq. 3-12, 10-14, 10-15): every area is kept, and an edge of some kilometres is as good as straight.
    """
    return round(sum(_ring_m2(rings[0]) - sum(map(_ring_m2, rings[1:])) for rings in geometry.polygons))


def _ring_m2(ring: Ring) -> float:
    """The shoelace formula, from the first position on: small numbers, and no digit is lost."""
    first_x, first_y = ring[0][0], _northing(ring[0][1])
    plane = [(math.radians((x - first_x) / MICRO) * _AXIS_M, _northing(y) - first_y) for x, y in ring]
    twice = math.fsum(x * next_y - next_x * y for (x, y), (next_x, next_y) in pairwise(plane))
    return abs(twice) / 2


def _northing(latitude: int) -> float:
    sine = math.sin(math.radians(latitude / MICRO))
    q = (1 - _E2) * (sine / (1 - _E2 * sine * sine) + math.atanh(_E * sine) / _E)
    return _AXIS_M * q / 2


def metres_a_microdegree(latitude: int) -> tuple[float, float]:
    """How many metres one micro-degree is, to the east and to the north, at a latitude."""
    sine = math.sin(math.radians(latitude / MICRO))
    w = 1 - _E2 * sine * sine
    one = math.radians(1 / MICRO) * _AXIS_M
    return one * math.cos(math.radians(latitude / MICRO)) / math.sqrt(w), one * (1 - _E2) / w**1.5


# --- validity ---


def check(geometry: Geometry) -> None:
    """Raises ``BadGeometry`` where an outline crosses or touches itself, or a hole does not lie in it."""
    from shapely import is_valid_reason

    if geometry.point is not None:
        return
    west, _, east, _ = geometry.bounds()
    if east - west > LONGITUDES[1]:
        raise _bad("passes_antimeridian", ())
    reason = str(is_valid_reason(_shape(geometry)))
    if reason == "Valid Geometry":
        return
    said, _, place = reason.rstrip("]").partition("[")
    why = _REASONS.get(said.strip().lower(), "crosses_itself")
    x, y = (float(part) for part in place.split())
    raise _bad(why, *_nearest(geometry, x, y, two=why == "crosses_itself"))


_REASONS: Final = {
    "self-intersection": "crosses_itself",
    "ring self-intersection": "touches_itself",
    "hole lies outside shell": "hole_outside",
    "holes are nested": "hole_outside",
    "nested shells": "parts_overlap",
    "duplicate rings": "parts_overlap",
    "interior is disconnected": "hole_cuts",
    "too few points in geometry component": "too_few_corners",
}
"""What GEOS says, in our words."""


def _nearest(geometry: Geometry, x: float, y: float, *, two: bool) -> tuple[tuple[int, ...], str]:
    """The ring and, as people say it, the side or the two sides that pass nearest to a place."""
    sides = sorted(
        (_distance(start, end, x, y), (*((part,) if geometry.kind == "MultiPolygon" else ()), number), place)
        for part, rings in enumerate(geometry.polygons)
        for number, ring in enumerate(rings)
        for place, (start, end) in enumerate(pairwise(ring))
    )
    chosen = sides[:1]
    for side in sides[1:]:
        if two and len(chosen) == 1 and (side[1] != chosen[0][1] or abs(side[2] - chosen[0][2]) > 1):
            chosen.append(side)
    chosen.sort(key=lambda side: side[1:])
    said = ", ".join(f"{_said((*path, place))}–{place + 2}" for _, path, place in chosen)
    return chosen[0][1], said


def _distance(start: Position, end: Position, x: float, y: float) -> float:
    """The square of the distance between a side and a place, in square micro-degrees."""
    wide, high = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * wide + (y - start[1]) * high) / (wide * wide + high * high)
    along = min(1.0, max(0.0, along))
    return (start[0] + along * wide - x) ** 2 + (start[1] + along * high - y) ** 2


def _shape(geometry: Geometry) -> Any:
    """The geometry on the plane of micro-degrees. Neighbours share its scale, so that shares of areas hold on it."""
    from shapely import MultiPolygon, Point, Polygon

    if geometry.point is not None:
        return Point(geometry.point)
    shapes = [Polygon(rings[0], rings[1:]) for rings in geometry.polygons]
    return shapes[0] if geometry.kind == "Polygon" else MultiPolygon(shapes)


def _sound(geometry: Geometry) -> Any:
    """The same, put right where it crosses itself: for what was recorded before anybody looked."""
    from shapely import make_valid

    shape = _shape(geometry)
    return shape if shape.is_valid else make_valid(shape)


# --- neighbours ---


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another plot. ``plot`` and ``farmer`` are codes; none: it is not the caller's to know whose it is."""

    geometry: Geometry
    plot: str | None = None
    farmer: str | None = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """A neighbour, and how much of the smaller of the two lies in both, in basis points."""

    neighbour: Neighbour
    share_bp: int


class Ground:
    """Plots, found by where they lie: one is compared with those around it only."""

    def __init__(self, neighbours: Iterable[Neighbour]) -> None:
        self._all = list(neighbours)
        self._shapes: dict[int, Any] = {}
        self._tree: Any = None

    def overlaps(self, geometry: Geometry, plot: str | None = None) -> list[Overlap]:
        """What overlaps a geometry, most first; ``plot`` is the code of its own record, which is left out."""
        from shapely import STRtree, box

        if not self._all:
            return []
        if self._tree is None:
            self._tree = STRtree([box(*one.geometry.bounds()) for one in self._all])
        mine, answer = _sound(geometry), []
        for place in sorted(int(one) for one in self._tree.query(box(*geometry.bounds()))):
            other = self._all[place]
            if plot is not None and other.plot == plot:
                continue
            if place not in self._shapes:
                self._shapes[place] = _sound(other.geometry)
            share = _share_bp(mine, self._shapes[place])
            if share:
                answer.append(Overlap(other, share))
        return sorted(answer, key=lambda one: (-one.share_bp, one.neighbour.plot or ""))


def _share_bp(one: Any, other: Any) -> int:
    """How much of the smaller lies in both. A point that lies in a plot, or on another point, lies in it wholly."""
    smaller: float = min(one.area, other.area)
    if smaller > 0:
        shared: float = one.intersection(other).area
        return round(shared * WHOLE_BP / smaller)
    inside = one.contains(other) or other.contains(one)
    return WHOLE_BP if inside else 0


def common(one: Geometry, other: Geometry) -> tuple[Rings, ...]:
    """The polygons that lie in both, to draw them."""
    from shapely import get_parts

    parts = [part for part in get_parts(_sound(one).intersection(_sound(other))) if part.geom_type == "Polygon"]
    return tuple(
        tuple(tuple((round(x), round(y)) for x, y in ring.coords) for ring in (part.exterior, *part.interiors))
        for part in parts
    )


# --- judging ---


def judge_plot(
    plot: str,
    geometry: Geometry,
    *,
    decimals: int,
    declared_m2: int,
    country: str | None,
    known: Country | None,
    ground: Ground,
    limits: GeoLimits,
    on: date,
) -> tuple[Finding, ...]:
    """What is worth a question about a plot's geometry; what is no geometry is found alone.

    ``decimals``: with how many it was told. ``country``: the code that the plot carries, ``known`` its profile.
    ``ground``: the plots around, the plot's own record or not. ``on``: the day of the judgement.
    """
    try:
        check(geometry)
    except BadGeometry as bad:
        return (bad.finding(plot),)
    measured = area_m2(geometry)
    return (
        *_placed(plot, geometry, country, known.bounds_at(on) if known else None),
        *_told_exactly(plot, decimals, limits),
        *_as_declared(plot, declared_m2, measured, limits),
        *_outlined(plot, declared_m2, geometry.kind, limits),
        *_apart(plot, geometry, ground, limits),
    )


def _placed(plot: str, geometry: Geometry, country: str | None, bounds: Bounds | None) -> Iterator[Finding]:
    """Every position lies in the country; else perhaps it does with longitude and latitude the other way round."""
    if country is None:
        return
    if bounds is None:
        yield found("COUNTRY_BOUNDS_UNKNOWN", plot=plot, country=country)
    elif not all(bounds.hold(x, y) for x, y in geometry.positions()):
        swapped = all(bounds.hold(y, x) for x, y in geometry.positions())
        yield found("OUTSIDE_COUNTRY", bounds.source, plot=plot, country=country, swapped="yes" if swapped else NONE)


def _told_exactly(plot: str, decimals: int, limits: GeoLimits) -> Iterator[Finding]:
    needed = limits.decimals
    if decimals < needed.value:
        yield found("PRECISION_BELOW_6_DECIMALS", needed.source, plot=plot, decimals=decimals, needed=needed.value)


def _as_declared(plot: str, declared_m2: int, measured_m2: int, limits: GeoLimits) -> Iterator[Finding]:
    """The area by geometry differs from the one declared by no more than the limit; a point has none."""
    limit, difference = limits.area_difference_bp, abs(measured_m2 - declared_m2)
    if measured_m2 and difference * WHOLE_BP > limit.value * declared_m2:
        yield found(
            "AREA_MISMATCH",
            limit.source,
            plot=plot,
            declared_m2=declared_m2,
            measured_m2=measured_m2,
            difference_bp=difference * WHOLE_BP // declared_m2,
        )


def _outlined(plot: str, area: int, kind: str, limits: GeoLimits) -> Iterator[Finding]:
    above = limits.polygon_above_m2
    if kind == "Point" and area > above.value:
        yield found("PLOT_NEEDS_POLYGON", above.source, scheme=EUDR, plot=plot, area_m2=area, above_m2=above.value)


def _apart(plot: str, geometry: Geometry, ground: Ground, limits: GeoLimits) -> Iterator[Finding]:
    limit = limits.overlap_bp
    for overlap in ground.overlaps(geometry, plot):
        if overlap.share_bp > limit.value:
            yield found(
                "OVERLAP",
                limit.source,
                plot=plot,
                other=overlap.neighbour.plot or NONE,
                farmer=overlap.neighbour.farmer or NONE,
                share_bp=overlap.share_bp,
            )
