"""Plots drawn to scale: outlines, north, a scale bar, and where they lie on other plots (hatched).

Equirectangular around the middle of the drawing, which at the size of a farm is true in angles and lengths. A plot of
which only a point is known is a dashed circle of its declared area around that point. The SVG holds no script, no
style sheet, no font and no reference; colours repeat what words and shapes say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from domain.geo import Geometry, Rings, common, metres_a_microdegree
from labels import print_texts as words
from labels import texts
from labels.lot_label import FONT, POINT_MM, cut, text_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labels.print_texts import Lang

WIDE: Final = 720
EDGE: Final = 24
TOP: Final = 74
MAP: Final = (WIDE - 2 * EDGE, 420)
"""Pixels: the drawing, its margin, where the map begins, and the size of the map."""

PADDING: Final = 56
"""Around the plots, inside the map: room for north and the scale bar."""

LEAST_M: Final = 40.0
"""No map shows less: a plot fills it, and a single point is not drawn as if it were a field."""

MOST_ROWS: Final = 14
"""Lines of the list below the map."""

ROW: Final = 21
STEP: Final = 7
"""Pixels between two lines of text, and between two lines of a hatching."""

INK: Final = "#1c2320"
MUTED: Final = "#5a655f"
ACCENT: Final = "#0b5d3b"
FIELD: Final = "#d5eadf"
STRANGE: Final = "#e9ecee"
GROUND: Final = "#f7f9f8"
LINE: Final = "#c3cdc7"
ALERT: Final = "#9b1c1c"

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "plot": ("Plot {code}", "Parcelle {code}"),
    "farmer": ("Plots of {code}", "Parcelles de {code}"),
    "declared": ("{area} declared", "{area} déclarés"),
    "outline": ("{area} by the outline", "{area} d’après le contour"),
    "point": ("only a point is known", "seul un point est connu"),
    "circle": (
        "The dashed circle has the area declared; where the plot ends is not known.",
        "Le cercle en tirets a la surface déclarée ; les limites de la parcelle ne sont pas connues.",
    ),
    "count": ("{n} plots", "{n} parcelles"),
    "overlap": ("on {plot}: {share} of the smaller plot", "sur {plot} : {share} de la plus petite parcelle"),
    "more": ("and {n} more", "et {n} de plus"),
    "north": ("N", "N"),
    "no_overlap": ("No other plot of yours lies on it.", "Aucune autre de vos parcelles ne s’y trouve."),
    "overlaps": ("Hatched: land in two plots.", "Hachuré : terrain dans deux parcelles."),
}

Pixels: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class MapPlot:
    """A plot to draw: codes, declared area and area by the outline (none: a point) in square metres."""

    code: str
    farmer: str
    area_m2: int
    measured_m2: int | None
    geometry: Geometry


@dataclass(frozen=True, slots=True)
class MapOverlap:
    """A plot of the drawing that lies on another; ``share_bp`` of the smaller one."""

    plot: MapPlot
    other: MapPlot
    share_bp: int


def plot_map_svg(
    plots: Sequence[MapPlot],
    overlaps: Sequence[MapOverlap],
    lang: str = "en",
    *,
    of: Literal["plot", "farmer"] = "plot",
) -> bytes:
    """Plots, at least one, and what they lie on, as SVG. ``of``: the drawing of one plot, or of a farmer's plots."""
    return _Drawing(plots, overlaps, words.language(lang), of).svg()


class _Drawing:
    """One drawing: its scale, and what stands where. Pixels are those of the map, from its top left corner."""

    def __init__(
        self, plots: Sequence[MapPlot], overlaps: Sequence[MapOverlap], lang: Lang, of: Literal["plot", "farmer"]
    ) -> None:
        self.plots, self.overlaps, self.lang, self.of = plots, overlaps, lang, of
        own = {plot.code for plot in plots}
        others = {one.other.code: one.other for one in overlaps if one.other.code not in own}
        self.others = [others[code] for code in sorted(others)]
        self._fit()
        self.taken: list[Box] = [
            (0, MAP[1] - 46, 210, MAP[1]),  # scale bar
            (MAP[0] - 44, 0, MAP[0], 58),  # north
        ]

    def _fit(self) -> None:
        """The scale at which every plot of the drawing, though perhaps not all of its neighbours, is seen whole."""
        boxes = [plot.geometry.bounds() for plot in self.plots]
        west, south = min(box[0] for box in boxes), min(box[1] for box in boxes)
        east, north = max(box[2] for box in boxes), max(box[3] for box in boxes)
        self.middle = ((west + east) / 2, (south + north) / 2)
        self.metres = metres_a_microdegree(round(self.middle[1]))
        beyond = max((2 * _radius_m(plot) for plot in self.plots), default=0.0)
        wide = max((east - west) * self.metres[0] + beyond, LEAST_M)
        high = max((north - south) * self.metres[1] + beyond, LEAST_M)
        self.pixels_a_metre = min((MAP[0] - 2 * PADDING) / wide, (MAP[1] - 2 * PADDING) / high)

    def at(self, longitude: float, latitude: float) -> Pixels:
        """A position on the map."""
        x = (longitude - self.middle[0]) * self.metres[0] * self.pixels_a_metre
        y = (latitude - self.middle[1]) * self.metres[1] * self.pixels_a_metre
        return MAP[0] / 2 + x, MAP[1] / 2 - y

    # --- the whole ---

    def svg(self) -> bytes:
        named = self.plots[0].farmer if self.of == "farmer" else self.plots[0].code
        title = self._say(self.of, code=words.clean(named))
        about, rows, notes = self._about(), self._rows(), self._notes()
        high = TOP + MAP[1] + 22 + ROW * (len(rows) + len(notes)) + 8
        spoken = ". ".join([about, *(" ".join(text for text, _ in row[1:]) for row in rows), *notes])
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{high}" viewBox="0 0 {WIDE} {high}" '
            f'xml:lang="{self.lang}" role="img" font-size="12" {FONT}>',
            f"<title>{escape(title)}</title><desc>{escape(spoken)}</desc>",
            f'<path fill="#fff" d="M0 0h{WIDE}v{high}h-{WIDE}z"/>',
            _text(EDGE, 34, _within(title, MAP[0], 18, bold=True), 18, bold=True),
            _text(EDGE, 56, _within(about, MAP[0], 12), 12, colour=MUTED),
            self._map(),
        ]
        y = TOP + MAP[1] + 30
        for swatch, *said in rows:
            parts.append(_swatch(str(swatch[0]), EDGE, y - 10))
            x = EDGE + 22.0
            for text, bold in said:
                fitted = _within(text, WIDE - EDGE - x, 12, bold=bold)
                parts.append(_text(x, y, fitted, 12, bold=bold))
                x += _width(fitted, 12, bold=bold) + 8
            y += ROW
        for note in notes:
            parts.append(_text(EDGE, y, _within(note, MAP[0], 12), 12, colour=MUTED))
            y += ROW
        return "\n".join([*parts, "</svg>\n"]).encode()

    def _map(self) -> str:
        wide, high = MAP
        parts = [
            f'<svg x="{EDGE}" y="{TOP}" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" overflow="hidden">',
            f'<path fill="{GROUND}" d="M0 0h{wide}v{high}h-{wide}z"/>',
            *(self._drawn(plot, own=False) for plot in self.others),
            *(self._drawn(plot, own=True) for plot in self.plots),
            *(self._hatched(one) for one in self.overlaps),
            *(self._named(plot, own=True) for plot in self.plots),
            *(self._named(plot, own=False) for plot in self.others),
            self._bar(),
            self._north(),
            "</svg>",
            f'<path fill="none" stroke="{LINE}" d="M{EDGE}.5 {TOP}.5h{wide - 1}v{high - 1}h-{wide - 1}z"/>',
        ]
        return "\n".join(parts)

    # --- words ---

    def _say(self, key: str, **params: str | int) -> str:
        return _WORDS[key][0 if self.lang == "en" else 1].format_map(params)

    def _area(self, plot: MapPlot) -> str:
        said = [self._say("declared", area=hectares(self.lang, plot.area_m2))]
        if plot.measured_m2 is None:
            said.append(self._say("point"))
        else:
            said.append(self._say("outline", area=hectares(self.lang, plot.measured_m2)))
        return " · ".join(said)

    def _about(self) -> str:
        if self.of == "plot":
            return f"{words.clean(self.plots[0].farmer)} · {self._area(self.plots[0])}"
        total = hectares(self.lang, sum(plot.area_m2 for plot in self.plots))
        counted = self._say(
            "count" if len(self.plots) > 1 else "plot", n=len(self.plots), code=words.clean(self.plots[0].code)
        )
        return f"{counted} · {self._say('declared', area=total)}"

    def _rows(self) -> list[list[tuple[str, bool]]]:
        """The list below the map, what asks for a walk first: for each line a swatch, then texts, bold or not."""
        rows: list[list[tuple[str, bool]]] = []
        for one in self.overlaps:
            plot = f"{words.clean(one.other.code)} ({words.clean(one.other.farmer)})"
            share = texts.amount(self.lang, str((one.share_bp + 50) // 100 or "< 1"), "%")
            rows.append(
                [
                    ("hatch", False),
                    (words.clean(one.plot.code), True),
                    (self._say("overlap", plot=plot, share=share), False),
                ]
            )
        if self.of == "farmer":
            rows += [
                [
                    ("point" if plot.geometry.point else "field", False),
                    (words.clean(plot.code), True),
                    (self._area(plot), False),
                ]
                for plot in self.plots
            ]
        if len(rows) > MOST_ROWS:
            left = len(rows) - MOST_ROWS + 1
            rows = [*rows[: MOST_ROWS - 1], [("none", False), (self._say("more", n=left), False)]]
        return rows

    def _notes(self) -> list[str]:
        notes = [self._say("overlaps" if self.overlaps else "no_overlap")] if self.of == "plot" or self.overlaps else []
        if any(plot.geometry.point for plot in (*self.plots, *self.others)):
            notes.append(self._say("circle"))
        return notes

    # --- shapes ---

    def _drawn(self, plot: MapPlot, *, own: bool) -> str:
        fill, stroke, width = (FIELD, ACCENT, 2.0) if own else (STRANGE, MUTED, 1.3)
        name = f"<title>{escape(words.clean(plot.code))}</title>"
        if plot.geometry.point is not None:
            x, y = self.at(*plot.geometry.point)
            radius = max(4.0, _radius_m(plot) * self.pixels_a_metre)
            return (
                f'<g>{name}<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{fill}" fill-opacity=".5" '
                f'stroke="{stroke}" stroke-width="1.3" stroke-dasharray="5 4"/>'
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{stroke}"/></g>'
            )
        data = "".join(self._path(rings) for rings in plot.geometry.polygons)
        dashes = "" if own else ' stroke-dasharray="5 4"'
        return (
            f'<g>{name}<path d="{data}" fill="{fill}" fill-rule="evenodd" stroke="{stroke}" '
            f'stroke-width="{width:g}" stroke-linejoin="round"{dashes}/></g>'
        )

    def _path(self, rings: Rings) -> str:
        return "".join(f"M{'L'.join(_place(place) for place in self._ring(ring))}Z" for ring in rings)

    def _ring(self, ring: Iterable[tuple[int, int]]) -> list[Pixels]:
        """The corners of a ring that can be told apart on the map."""
        places: list[Pixels] = []
        for position in ring:
            place = self.at(*position)
            if not places or abs(place[0] - places[-1][0]) + abs(place[1] - places[-1][1]) >= 1:
                places.append(place)
        return places

    def _hatched(self, one: MapOverlap) -> str:
        if one.plot.geometry.point or one.other.geometry.point:
            return ""
        parts = []
        for rings in common(one.plot.geometry, one.other.geometry):
            drawn = [self._ring(ring) for ring in rings]
            lines = "".join(f"M{_place(start)}L{_place(end)}" for start, end in _hatching(drawn))
            parts.append(
                f'<path d="{self._path(rings)}" fill="{ALERT}" fill-opacity=".08" fill-rule="evenodd" '
                f'stroke="{ALERT}" stroke-width="1.2"/><path d="{lines}" stroke="{ALERT}" stroke-width="1.2"/>'
            )
        return f"<g>{''.join(parts)}</g>"

    # --- names, bar, north ---

    def _named(self, plot: MapPlot, *, own: bool) -> str:
        """The code of a plot in it, or above or below; a neighbour's off the plots. Left out where there is no room."""
        code = words.clean(plot.code)
        size = 12.5 if own else 11.0
        wide = _width(code, size, bold=own)
        x, y = self._inside(plot)
        left, top, right, bottom = self._extent(plot)
        within = (y - 10,) if plot.geometry.point else (y + 4, y + 20, y - 16)
        beside = (bottom + 15, top - 6)
        bases = (*within, *beside) if wide < right - left else (*beside, *within)
        boxes = [(x - wide / 2 - 2, base - size, x + wide / 2 + 2, base + 4) for base in bases]
        free = [box for box in boxes if _inside_map(box) and not any(_touch(box, other) for other in self.taken)]
        if not own:
            apart = [box for box in free if not any(_touch(box, self._extent(other)) for other in self.plots)]
            free = apart or free
        if not free:
            return ""
        self.taken.append(free[0])
        colour = INK if own else MUTED
        return _text(x, free[0][3] - 4, code, size, bold=own, anchor="middle", colour=colour, halo=True)

    def _extent(self, plot: MapPlot) -> Box:
        """What a plot takes of the map."""
        west, south, east, north = plot.geometry.bounds()
        (left, bottom), (right, top) = self.at(west, south), self.at(east, north)
        around = _radius_m(plot) * self.pixels_a_metre
        return left - around, top - around, right + around, bottom + around

    def _inside(self, plot: MapPlot) -> Pixels:
        """A place well inside the part of a plot that the map shows, off the hatchings where that is possible."""
        from shapely import Point, Polygon, box, make_valid, union_all

        if plot.geometry.point is not None:
            return self.at(*plot.geometry.point)

        def drawn(polygons: Iterable[Rings]) -> Any:
            return union_all(
                [
                    make_valid(
                        Polygon(
                            [self.at(*one) for one in rings[0]], [[self.at(*one) for one in ring] for ring in rings[1:]]
                        )
                    )
                    for rings in polygons
                ]
            )

        shape = drawn(plot.geometry.polygons).intersection(box(0, 0, *MAP))
        shared = [
            rings
            for one in self.overlaps
            if plot.code in (one.plot.code, one.other.code)
            for rings in common(one.plot.geometry, one.other.geometry)
        ]
        free = shape.difference(drawn(shared)) if shared else shape
        chosen = free if free.area > shape.area / 4 else shape
        if chosen.is_empty:
            return -1.0, -1.0
        middle = chosen.centroid
        place = middle if chosen.contains(Point(middle.x, middle.y)) else chosen.point_on_surface()
        return place.x, place.y

    def _bar(self) -> str:
        """A round length, at most a quarter of the map, in black and white halves."""
        most = MAP[0] / 4 / self.pixels_a_metre
        metres = max(
            length for power in range(6) for length in (10**power, 2 * 10**power, 5 * 10**power) if length <= most
        )
        wide = metres * self.pixels_a_metre
        x, y = 16.0, MAP[1] - 16.0
        said = f"{metres}\u00a0m" if metres < 1000 else f"{metres // 1000}\u00a0km"  # noqa: PLR2004 - a kilometre
        return (
            f'<path fill="#fff" fill-opacity=".85" d="M{x - 8:.1f} {y - 24:.1f}h{wide + 16:.1f}v32h-{wide + 16:.1f}z"/>'
            f'<path fill="#fff" stroke="{INK}" d="M{x:.1f} {y - 5:.1f}h{wide:.1f}v5h-{wide:.1f}z"/>'
            f'<path fill="{INK}" d="M{x:.1f} {y - 5:.1f}h{wide / 2:.1f}v5h-{wide / 2:.1f}z"/>'
            + _text(x + wide, y - 9, said, 11, anchor="end")
            + _text(x, y - 9, "0", 11)
        )

    def _north(self) -> str:
        x = MAP[0] - 24
        return (
            f'<path fill="{INK}" d="M{x} 12l7 19-7-5z"/><path fill="#fff" stroke="{INK}" stroke-linejoin="round" '
            f'd="M{x} 12l-7 19 7-5z"/>' + _text(x, 46, self._say("north"), 12, bold=True, anchor="middle")
        )


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _inside_map(box: Box) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= MAP[0] and box[3] <= MAP[1]


def hectares(lang: Lang, area_m2: int) -> str:
    """Square metres as hectares with two decimals, rounded half up; what is less than 0.01 ha in square metres."""
    if area_m2 < 100:  # noqa: PLR2004 - a hundredth of a hectare
        return f"{area_m2}\u00a0m²"
    hundredths = (area_m2 + 50) // 100
    return f"{texts.decimal(lang, f'{hundredths // 100}.{hundredths % 100:02d}')}\u00a0ha"


def _radius_m(plot: MapPlot) -> float:
    """Of a circle of the declared area, for a plot of which a point is known; 0 for an outline."""
    return math.sqrt(plot.area_m2 / math.pi) if plot.geometry.point else 0.0


def _hatching(rings: Sequence[Sequence[Pixels]]) -> list[tuple[Pixels, Pixels]]:
    """The parts of falling lines that lie within rings (even-odd), at even steps over the whole map.

    A line is x + y = n * step * sqrt(2); where it crosses two sides in turn, it lies within between them.
    """
    sides = [side for ring in rings for side in pairwise((*ring, ring[0]))]
    sums = [x + y for ring in rings for x, y in ring]
    if not sums:
        return []
    step, answer = STEP * math.sqrt(2), []
    first, last = max(min(sums), 0.0), min(max(sums), float(sum(MAP)))
    for number in range(math.ceil(first / step), math.floor(last / step) + 1):
        line = number * step
        crossed = []
        for (x, y), (to_x, to_y) in sides:
            before, after = x + y - line, to_x + to_y - line
            if (before < 0) != (after < 0):
                along = before / (before - after)
                crossed.append((x + along * (to_x - x), y + along * (to_y - y)))
        crossed.sort()
        answer += list(zip(crossed[::2], crossed[1::2], strict=False))
    return answer


def _swatch(kind: str, x: float, y: float) -> str:
    """A small picture of what a line of the list speaks of."""
    square = f"M{x + 0.5:.1f} {y + 0.5:.1f}h13v11h-13z"
    if kind == "field":
        return f'<path d="{square}" fill="{FIELD}" stroke="{ACCENT}" stroke-width="1.5"/>'
    if kind == "point":
        look = f'fill="{FIELD}" stroke="{ACCENT}" stroke-dasharray="3 2"'
        return (
            f'<circle cx="{x + 7:.1f}" cy="{y + 6:.1f}" r="6" {look}/>'
            f'<circle cx="{x + 7:.1f}" cy="{y + 6:.1f}" r="2" fill="{ACCENT}"/>'
        )
    if kind == "hatch":
        lines = (
            f"M{x + 0.5:.1f} {y + 6:.1f}l5.5-5.5M{x + 2:.1f} {y + 11:.1f}l10.5-10.5M{x + 8:.1f} {y + 11.5:.1f}l5.5-5.5"
        )
        return (
            f'<path d="{square}" fill="{ALERT}" fill-opacity=".08"/>'
            f'<path d="{square}{lines}" fill="none" stroke="{ALERT}" stroke-width="1.2"/>'
        )
    return ""


def _place(place: Pixels) -> str:
    return f"{place[0]:.1f} {place[1]:.1f}"


def _width(text: str, size: float, *, bold: bool = False) -> float:
    return text_width(text, size, bold=bold) / POINT_MM


def _within(text: str, width: float, size: float, *, bold: bool = False) -> str:
    return cut(text, max(width, 0) * POINT_MM, size, bold=bold)


def _text(
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    bold: bool = False,
    anchor: str = "start",
    colour: str = INK,
    halo: bool = False,
) -> str:
    look = f' font-size="{size:g}"' if size != 12 else ""  # noqa: PLR2004 - that of the whole drawing
    look += ' font-weight="bold"' if bold else ""
    look += f' text-anchor="{anchor}"' if anchor != "start" else ""
    look += ' stroke="#fff" stroke-width="3" stroke-opacity=".85" paint-order="stroke"' if halo else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{look}>{escape(text)}</text>'
