"""The drawing of plots: to scale, spoken, honest about points, and safe to put on any page."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from domain.geo import Geometry, area_m2, metres_a_microdegree
from labels import plot_map
from labels.plot_map import MAP, MOST_ROWS, MapOverlap, MapPlot, hectares, plot_map_svg
from tests.labels.reading import SVG, svg_texts

WEST, SOUTH = -9_471_234, 6_998_765


def box(wide: int, high: int, x: int = WEST, y: int = SOUTH) -> Geometry:
    return Geometry("Polygon", polygons=((((x, y), (x + wide, y), (x + wide, y + high), (x, y + high), (x, y)),),))


def plot(code: str = "LR-1-A", geometry: Geometry | None = None, area: int | None = None) -> MapPlot:
    shape = geometry or box(1_200, 1_200)
    measured = area_m2(shape) or None
    return MapPlot(code, code.rpartition("-")[0], area or measured or 18_400, measured, shape)


def point(code: str = "LR-1-P", x: int = WEST, y: int = SOUTH, area: int = 18_400) -> MapPlot:
    return MapPlot(code, "LR-1", area, None, Geometry("Point", point=(x, y)))


ONE = plot()
OTHER = plot("LR-2-B", box(1_200, 1_200, WEST + 900, SOUTH + 100))
LAPPED = MapOverlap(ONE, OTHER, 2_292)


def drawn(*args: Any, **kwargs: Any) -> ET.Element:
    return ET.fromstring(plot_map_svg(*args, **kwargs))


def test_it_is_one_document_that_reads_itself_out() -> None:
    root = drawn([ONE], [LAPPED])
    assert (root.tag, root.attrib["role"], root[0].text) == (f"{SVG}svg", "img", "Plot LR-1-A")
    assert root[1].tag == f"{SVG}desc"
    spoken = str(root[1].text)
    assert "1.76\u00a0ha declared · 1.76\u00a0ha by the outline" in spoken
    assert "on LR-2-B (LR-2): 23\u202f% of the smaller plot" in spoken


def test_it_holds_no_script_style_font_or_reference() -> None:
    svg = plot_map_svg([ONE, point()], [LAPPED], of="farmer").decode()
    assert not re.search(r"<script|<style|<image|<use|href|@font|url\(| on\w+=", svg)
    assert set(re.findall(r"https?://[^\"' ]+", svg)) == {"http://www.w3.org/2000/svg"}


def numbers(data: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", data)]


def test_lengths_are_those_of_the_scale_bar() -> None:
    """A side of the plot and the bar, both measured on the drawing, tell the same metres to the pixel."""
    svg = plot_map_svg([ONE], []).decode()
    corners = numbers(re.search(r'<path d="(M[^"]+Z)" fill="#d5eadf"', svg)[1])  # type: ignore[index]
    pixels = max(x for x, _ in corners) - min(x for x, _ in corners)
    bar = float(re.search(r'stroke="#1c2320" d="M16\.0 [\d.]+h([\d.]+)v5', svg)[1])  # type: ignore[index]
    metres = int(re.search(r">(\d+)\u00a0m<", svg)[1])  # type: ignore[index]
    assert pixels * metres / bar == pytest.approx(1_200 * metres_a_microdegree(SOUTH)[0], rel=0.005)
    high = max(y for _, y in corners) - min(y for _, y in corners)
    assert high / pixels == pytest.approx(
        math.prod((1 / metres_a_microdegree(SOUTH)[0], metres_a_microdegree(SOUTH)[1])), rel=0.01
    )


@pytest.mark.parametrize("side", [1, 30, 1_200, 40_000, 3_000_000])
def test_every_size_fits_on_the_map_with_a_round_bar(side: int) -> None:
    svg = plot_map_svg([plot(geometry=box(side, side))], []).decode()
    corners = numbers(re.search(r'<path d="(M[^"]+Z)" fill="#d5eadf"', svg)[1])  # type: ignore[index]
    assert all(0 <= x <= MAP[0] and 0 <= y <= MAP[1] for x, y in corners)
    bar = float(re.search(r'stroke="#1c2320" d="M16\.0 [\d.]+h([\d.]+)v5', svg)[1])  # type: ignore[index]
    assert MAP[0] / 12 < bar <= MAP[0] / 4
    assert re.search(r">[125]0*\u00a0k?m<", svg)


def test_north_is_up_and_east_is_right() -> None:
    drawing = plot_map._Drawing([ONE], [], "en", "plot")
    x, y = drawing.at(WEST, SOUTH)
    assert drawing.at(WEST + 100, SOUTH)[0] > x
    assert drawing.at(WEST, SOUTH + 100)[1] < y
    assert "N" in svg_texts(plot_map_svg([ONE], []))


def test_land_in_two_plots_is_hatched_and_nothing_else_is() -> None:
    root = drawn([ONE], [LAPPED])
    lines = [
        one.attrib["d"]
        for one in root.iter(f"{SVG}path")
        if one.attrib["d"].count("L") > 5 and "fill" not in one.attrib
    ]
    (hatching,) = lines
    drawing = plot_map._Drawing([ONE], [LAPPED], "en", "plot")
    (west, south), (east, north) = drawing.at(WEST + 900, SOUTH + 100), drawing.at(WEST + 1_200, SOUTH + 1_200)
    for x, y in numbers(hatching):
        assert west - 0.2 <= x <= east + 0.2
        assert north - 0.2 <= y <= south + 0.2
    assert hatching.count("M") > 10


def test_a_hole_is_not_hatched() -> None:
    square = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)]
    hole = [(30.0, 30.0), (70.0, 30.0), (70.0, 70.0), (30.0, 70.0)]
    lines = plot_map._hatching([square, hole])
    assert len(lines) > len(plot_map._hatching([square]))
    for start, end in lines:
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        assert not (30.1 < middle[0] < 69.9 and 30.1 < middle[1] < 69.9)


def test_no_overlap_is_said() -> None:
    assert "No other plot of yours lies on it." in svg_texts(plot_map_svg([ONE], []))
    assert "Hatched: land in two plots." in svg_texts(plot_map_svg([ONE], [LAPPED]))


def test_a_point_is_a_circle_of_its_declared_area_and_says_so() -> None:
    svg = plot_map_svg([point()], []).decode()
    radius = float(re.search(r'r="([\d.]+)" fill="#d5eadf"', svg)[1])  # type: ignore[index]
    bar = float(re.search(r'stroke="#1c2320" d="M16\.0 [\d.]+h([\d.]+)v5', svg)[1])  # type: ignore[index]
    metres = int(re.search(r">(\d+)\u00a0m<", svg)[1])  # type: ignore[index]
    assert math.pi * (radius * metres / bar) ** 2 == pytest.approx(18_400, rel=0.01)
    assert "only a point is known" in svg
    assert "The dashed circle has the area declared" in svg


def test_the_plots_of_a_farmer_are_listed_with_their_areas() -> None:
    plots = [ONE, plot("LR-1-B", box(800, 900, WEST + 9_000)), point()]
    said = svg_texts(plot_map_svg(plots, [LAPPED], "fr", of="farmer"))
    assert "Parcelles de LR-1" in said
    for code in ("LR-1-A", "LR-1-B", "LR-1-P", "LR-2-B"):
        assert code in said
    assert any("seul un point est connu" in text for text in said)
    assert "Hachuré : terrain dans deux parcelles." in said


def test_names_do_not_stand_on_each_other() -> None:
    plots = [plot(f"LR-1-{n}", box(500, 500, WEST + 700 * n, SOUTH + 40 * n)) for n in range(8)]
    drawing = plot_map._Drawing(plots, [], "en", "farmer")
    for one in plots:
        drawing._named(one, own=True)
    boxes = drawing.taken
    assert len(boxes) > 4
    assert not [1 for n, one in enumerate(boxes) for other in boxes[n + 1 :] if plot_map._touch(one, other)]


def test_a_long_list_is_cut_and_counted() -> None:
    plots = [plot(f"LR-1-{n:02}", box(500, 500, WEST + 700 * n)) for n in range(40)]
    root = drawn(plots, [], of="farmer")
    said = [one.text for one in root.iter(f"{SVG}text")]
    assert "and 27 more" in said
    assert float(root.attrib["height"]) < 900
    assert MOST_ROWS == 14


def test_holes_stay_open_and_parts_belong_together() -> None:
    outer, hole = box(2_000, 2_000).polygons[0][0], box(500, 500, WEST + 700, SOUTH + 700).polygons[0][0]
    part = box(500, 500, WEST + 4_000).polygons[0]
    both = plot(geometry=Geometry("MultiPolygon", polygons=((outer, hole), part)))
    (path,) = [one for one in drawn([both], []).iter(f"{SVG}path") if one.attrib.get("fill") == "#d5eadf"]
    assert path.attrib["d"].count("Z") == 3
    assert path.attrib["fill-rule"] == "evenodd"


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "A & B <b>", "a\u202eb\u2066c\x00\ud800", "]]>", "X" * 90]
)
def test_hostile_text_stays_text(text: str) -> None:
    for of in ("plot", "farmer"):
        svg = plot_map_svg(
            [replace(ONE, code=text, farmer=text)],
            [MapOverlap(replace(ONE, code=text), replace(OTHER, code=text, farmer=text), 1)],
            of=of,  # type: ignore[arg-type]
        )
        ET.fromstring(svg)
        assert b"<script" not in svg
        assert "\u202e" not in svg.decode()


def test_the_same_plots_give_the_same_bytes() -> None:
    assert plot_map_svg([ONE], [LAPPED]) == plot_map_svg([ONE], [LAPPED])


def test_a_long_walk_is_a_small_picture() -> None:
    places = [(WEST + round(900 * math.cos(n / 700)), SOUTH + round(900 * math.sin(n / 700))) for n in range(4_398)]
    svg = plot_map_svg([plot(geometry=Geometry("Polygon", polygons=(((*places, places[0]),),)))], [])
    assert len(svg) < 25_000


@pytest.mark.parametrize(
    ("area", "english", "french"),
    [
        (18_400, "1.84\u00a0ha", "1,84\u00a0ha"),
        (18_449, "1.84\u00a0ha", "1,84\u00a0ha"),
        (18_450, "1.85\u00a0ha", "1,85\u00a0ha"),
        (99, "99\u00a0m²", "99\u00a0m²"),
        (25_000_000, "2\u202f500.00\u00a0ha", "2\u202f500,00\u00a0ha"),
    ],
)
def test_areas_are_said_in_hectares(area: int, english: str, french: str) -> None:
    assert (hectares("en", area), hectares("fr", area)) == (english, french)
