"""Geometry of plots: the agreed cases, known figures, and properties that hold for every outline."""

from __future__ import annotations

import math
import random
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.countries import Country, load_country
from domain.findings import sentence
from domain.geo import (
    BadGeometry,
    Geometry,
    Ground,
    Neighbour,
    area_m2,
    check,
    common,
    judge_plot,
    load_geo,
    metres_a_microdegree,
    parse,
)
from domain.profiles import ProfileMistake, load_scheme

PROFILES = Path(__file__).resolve().parents[2] / "profiles"
COUNTRIES = sorted((PROFILES / "countries").glob("*.toml"))
GEO = (PROFILES / "geo.toml").read_text("utf-8")
LIBERIA_TEXT = (PROFILES / "countries" / "lr.toml").read_text("utf-8")
LIBERIA = load_country(LIBERIA_TEXT, "lr.toml")
TODAY = date(2026, 11, 23)
RULES = load_geo(GEO, "geo.toml")
LIMITS = RULES.at(TODAY)
WEST, SOUTH = -8_654_321, 7_123_456
"""A place in Liberia, in micro-degrees."""


def degrees(micro: int) -> str:
    return f"{'-' if micro < 0 else ''}{abs(micro) // 10**6}.{abs(micro) % 10**6:06}"


def ring(*places: tuple[int, int]) -> list[list[str]]:
    return [[degrees(x), degrees(y)] for x, y in (*places, places[0])]


def polygon(*places: tuple[int, int]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring(*places)]}


def point(longitude: str, latitude: str) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [longitude, latitude]}


def box(wide: int, high: int, x: int = WEST, y: int = SOUTH) -> dict[str, Any]:
    return polygon((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))


def geometry(plain: dict[str, Any]) -> Geometry:
    return parse(plain, LIMITS.vertices.value).geometry


def square_of(hectares: float) -> dict[str, Any]:
    """A square field near the place, made by metres: not by the function under test."""
    side = math.sqrt(hectares * 10_000)
    latitude = math.radians(SOUTH / 1e6)
    return box(round(side / (111_320 * math.cos(latitude)) * 1e6), round(side / 110_590 * 1e6))


def judged(
    plain: dict[str, Any],
    declared_m2: int = 18_000,
    *,
    others: list[Neighbour] | None = None,
    country: str | None = "LR",
    known: Country | None = LIBERIA,
) -> list[Any]:
    told = parse(plain, LIMITS.vertices.value)
    found = judge_plot(
        "P",
        told.geometry,
        decimals=told.decimals,
        declared_m2=declared_m2,
        country=country,
        known=known,
        ground=Ground(others or []),
        limits=LIMITS,
        on=TODAY,
    )
    return list(found)


def codes(found: list[Any]) -> list[str]:
    return [one.code for one in found]


# --- the agreed cases ---


def test_C26_a_point_in_the_country_is_in_order() -> None:
    assert judged(point("-8.654321", "7.123456")) == []


def test_C26_swapped_coordinates_lie_outside_of_the_country() -> None:
    (found,) = judged(point("7.123456", "-8.654321"))
    assert (found.code, found.params["swapped"]) == ("OUTSIDE_COUNTRY", "yes")
    assert "exchange them" in sentence(found, words={"LR": "Liberia"})
    (elsewhere,) = judged(point("2.350000", "48.850000"))
    assert (elsewhere.code, elsewhere.params["swapped"]) == ("OUTSIDE_COUNTRY", "-")
    assert sentence(elsewhere) == "Plot P lies outside of LR: check its position, or its country."


def test_C26_two_decimals_are_too_few() -> None:
    (found,) = judged(point("-8.65", "7.12"))
    assert (found.code, found.params["decimals"], found.params["needed"]) == ("PRECISION_BELOW_6_DECIMALS", 2, 6)
    assert found.rule == "Reg. (EU) 2023/1115 Art. 2(28)"


def test_C26_a_bow_tie_is_no_outline() -> None:
    tie = polygon((WEST, SOUTH), (WEST + 900, SOUTH + 900), (WEST + 900, SOUTH), (WEST, SOUTH + 900))
    (found,) = judged(tie)
    assert (found.code, found.params["why"], found.params["where"]) == (
        "INVALID_GEOMETRY",
        "crosses_itself",
        "1–2, 3–4",
    )
    assert sentence(found).startswith("Plot P, position 1–2, 3–4: The outline crosses itself")
    assert sentence(found, "fr").startswith("Parcelle P, position 1–2, 3–4 : Le contour se croise")


def test_C26_an_area_that_was_declared_otherwise() -> None:
    (found,) = judged(square_of(5.2), declared_m2=21_000)
    assert found.code == "AREA_MISMATCH"
    assert found.params["declared_m2"] == 21_000
    assert found.params["measured_m2"] == pytest.approx(52_000, rel=0.002)
    assert found.params["difference_bp"] == pytest.approx(14_762, rel=0.01)


def test_C26_a_plot_of_another_member_below_a_third_of_it() -> None:
    field, other = box(1_200, 1_200), geometry(box(1_200, 1_300, WEST + 780))
    (found,) = judged(field, area_m2(geometry(field)), others=[Neighbour(other, "Q", "LR-2")])
    assert (found.code, found.params["other"], found.params["farmer"]) == ("OVERLAP", "Q", "LR-2")
    assert found.params["share_bp"] == 3_500
    assert "35 % of the smaller one" in sentence(found)


# --- profiles ---


@pytest.mark.parametrize("path", COUNTRIES, ids=lambda path: path.stem)
def test_every_country_loads(path: Path) -> None:
    country = load_country(path.read_text("utf-8"), path.name)
    bounds = country.bounds_at(TODAY)
    assert country.id == path.stem.upper()
    assert bounds.hold((bounds.west + bounds.east) // 2, (bounds.south + bounds.north) // 2)
    assert bounds.source


@pytest.mark.parametrize(
    ("country", "longitude", "latitude"),
    [("LR", -10.8, 6.3), ("GH", -0.19, 5.6), ("TN", 8.83, 35.17), ("GE", 41.64, 41.65), ("CI", -4.0, 5.3)],
)
def test_known_towns_lie_in_their_countries(country: str, longitude: float, latitude: float) -> None:
    for path in COUNTRIES:
        if path.stem == country.lower():
            bounds = load_country(path.read_text("utf-8"), path.name).bounds_at(TODAY)
            assert bounds.hold(round(longitude * 1e6), round(latitude * 1e6))
            assert not bounds.hold(round(latitude * 1e6), round(longitude * 1e6)) or country == "GE"


@pytest.mark.parametrize(
    ("instead_of", "write", "says"),
    [
        ('id = "LR"', 'id = "Lib"', r"lr\.toml:4: id: write the two capital letters"),
        ("south = 4300000", "south = 9000000", r"bounds\[0\]\.south: write less than north"),
        ("north = 8600000", "north = 98600000", r"bounds\[0\]\.north: write micro-degrees, at most 90000000"),
        ("west = -11500000", "west = -181000000", r"bounds\[0\]\.west: write a whole number, at least -180000000"),
        ("west = -11500000", "west = -11.5", r"bounds\[0\]\.west: write a whole number"),
        ("valid_from = 2022-01-01", "", r"bounds\[0\]\.valid_from: add this key"),
        ("[[bounds]]", "[[limits]]", r"bounds: add this key"),
    ],
)
def test_a_mistake_in_a_country_names_file_key_and_what_to_write(instead_of: str, write: str, says: str) -> None:
    assert instead_of in LIBERIA_TEXT
    with pytest.raises(ProfileMistake, match=says):
        load_country(LIBERIA_TEXT.replace(instead_of, write, 1), "lr.toml")


@pytest.mark.parametrize(
    ("instead_of", "write", "says"),
    [
        ("value = 6 ", 'value = "6" ', r"geo\.toml:\d+: decimals\[0\]\.value: write a whole number"),
        ("[[vertices]]", "[[corners]]", r"vertices: add this key"),
        ("[[decimals]]", "[[decimals]]\nmost = 3", r"decimals\[0\]\.most: remove it"),
    ],
)
def test_a_mistake_in_the_limits_names_the_key(instead_of: str, write: str, says: str) -> None:
    assert instead_of in GEO
    with pytest.raises(ProfileMistake, match=says):
        load_geo(GEO.replace(instead_of, write, 1), "geo.toml")


def test_limits_change_on_their_day() -> None:
    newer = '\n[[decimals]]\nvalue = 7\nvalid_from = 2030-01-01\nsource = "a test"\n'
    rules = load_geo(GEO + newer, "geo.toml")
    assert rules.at(date(2029, 12, 31)).decimals.value == 6
    assert rules.at(date(2030, 1, 1)).decimals.value == 7
    with pytest.raises(ProfileMistake, match=r"decimals: .*stands twice"):
        load_geo(GEO + newer + newer, "geo.toml")


def test_the_scheme_and_the_geodata_tell_the_same_figures() -> None:
    path = PROFILES / "schemes" / "eudr.toml"
    params = load_scheme(path.read_text("utf-8"), path.name).params_at(TODAY)
    assert params.polygon_above_m2 == LIMITS.polygon_above_m2.value


# --- area ---


def test_the_ellipsoid_has_its_known_surface() -> None:
    quarter = 90_000_000
    eighth = Geometry("Polygon", polygons=((((0, 0), (quarter, 0), (quarter, quarter), (0, quarter), (0, 0)),),))
    assert area_m2(eighth) * 8 == pytest.approx(510_065_621_724_000, rel=1e-9)  # WGS 84


def test_a_cell_of_one_degree_at_the_equator_has_its_known_area() -> None:
    cell = Geometry("Polygon", polygons=((((0, 0), (10**6, 0), (10**6, 10**6), (0, 10**6), (0, 0)),),))
    assert area_m2(cell) == pytest.approx(12_308_778_361, rel=1e-4)  # by geodesics, which bend a little


@given(
    st.integers(-80_000_000, 80_000_000),
    st.integers(-179_000_000, 179_000_000),
    st.integers(500, 20_000),
    st.integers(500, 20_000),
)
def test_a_rectangle_is_as_large_as_its_sides_say(latitude: int, longitude: int, wide: int, high: int) -> None:
    """Sides by the radii of curvature of the ellipsoid, an independent way to the same figure."""
    east, north = metres_a_microdegree(latitude + high // 2)
    expected = wide * east * high * north
    assert area_m2(geometry(box(wide, high, longitude, latitude))) == pytest.approx(expected, rel=1e-3, abs=2)


def test_metres_of_a_degree_are_those_of_the_tables() -> None:
    assert metres_a_microdegree(0) == pytest.approx((0.111320, 0.110574), rel=1e-4)
    assert metres_a_microdegree(45_000_000) == pytest.approx((0.078847, 0.111132), rel=1e-4)


def star(seed: int, corners: int) -> list[tuple[int, int]]:
    """Corners around a middle, at random distances: an outline that does not cross itself."""
    pick = random.Random(seed)
    angles = sorted(pick.uniform(0, 2 * math.pi) for _ in range(corners))
    reach = [pick.uniform(300, 2_000) for _ in angles]
    places = [
        (WEST + round(r * math.cos(angle)), SOUTH + round(r * math.sin(angle)))
        for r, angle in zip(reach, angles, strict=True)
    ]
    return list(dict.fromkeys(places))


STARS = st.builds(star, st.integers(0, 10**6), st.integers(5, 60))


@given(STARS, st.integers(0, 100), st.booleans())
def test_where_an_outline_begins_and_which_way_it_goes_does_not_matter(
    places: list[tuple[int, int]], start: int, backwards: bool
) -> None:
    turned = places[start % len(places) :] + places[: start % len(places)]
    turned = turned[::-1] if backwards else turned
    assert area_m2(geometry(polygon(*places))) == area_m2(geometry(polygon(*turned)))


@given(STARS, st.integers(-170_000_000, 170_000_000))
def test_a_field_moved_along_its_parallel_keeps_its_area(places: list[tuple[int, int]], by: int) -> None:
    moved = [((x - WEST) + by, y) for x, y in places]
    assert area_m2(geometry(polygon(*moved))) == pytest.approx(area_m2(geometry(polygon(*places))), abs=1)


def test_holes_are_taken_out_and_parts_are_added() -> None:
    outer, hole = box(2_000, 2_000), box(500, 500, WEST + 700, SOUTH + 700)
    holed = {"type": "Polygon", "coordinates": [*outer["coordinates"], *hole["coordinates"]]}
    parts = {"type": "MultiPolygon", "coordinates": [outer["coordinates"], box(500, 500, WEST + 9_000)["coordinates"]]}
    whole = area_m2(geometry(outer))
    assert area_m2(geometry(holed)) == pytest.approx(whole * 15 / 16, rel=1e-4)
    assert area_m2(geometry(parts)) == pytest.approx(whole * 17 / 16, rel=1e-4)
    assert area_m2(geometry(point("1.000000", "1.000000"))) == 0


# --- reading ---


@given(STARS)
def test_what_is_stored_comes_back(places: list[tuple[int, int]]) -> None:
    for plain in (
        polygon(*places),
        {"type": "MultiPolygon", "coordinates": [[ring(*places)]]},
        point(degrees(places[0][0]), degrees(places[0][1])),
    ):
        told = parse(plain, LIMITS.vertices.value)
        assert Geometry.stored(told.geometry.store()) == told.geometry
        assert told.decimals == 6


@pytest.mark.parametrize(
    ("written", "micro", "decimals"),
    [
        ("7.123456", 7_123_456, 6),
        ("7.1234565", 7_123_456, 7),  # half to even
        ("7.1234575", 7_123_458, 7),
        ("7.1", 7_100_000, 1),
        ("7.100000", 7_100_000, 6),
        ("7", 7_000_000, 0),
        ("7.123456e0", 7_123_456, 6),
        ("71.23456e-1", 7_123_456, 6),
        ("-0.0000001", 0, 7),
    ],
)
def test_a_number_is_read_as_it_was_written(written: str, micro: int, decimals: int) -> None:
    told = parse(point(written, written), 10)
    assert (told.geometry.point, told.decimals) == ((micro, micro), decimals)


def test_a_position_needs_all_its_decimals_an_outline_most() -> None:
    """A program that leaves zeros at the end out writes one coordinate in ten shorter."""
    assert parse(point("-8.654321", "7.12345"), 10).decimals == 5
    plain = square_of(1.8)
    plain["coordinates"][0][1] = ["-8.65312", plain["coordinates"][0][1][1]]
    assert parse(plain, 10).decimals == 6
    coarse = {"type": "Polygon", "coordinates": [[[x[:-2], y[:-2]] for x, y in plain["coordinates"][0]]]}
    assert parse(coarse, 10).decimals == 4


def test_a_height_and_a_position_told_twice_are_left_away() -> None:
    plain = box(900, 900)
    ring = plain["coordinates"][0]
    standing = {"type": "Polygon", "coordinates": [[ring[0], ring[1], ring[1], *ring[1:]]]}
    high = {"type": "Polygon", "coordinates": [[[*place, "211.7"] for place in ring]]}
    assert geometry(standing) == geometry(high) == geometry(plain)


RING = ring((0, 0), (9, 0), (9, 9))


@pytest.mark.parametrize(
    ("plain", "why", "path", "where"),
    [
        (None, "not_a_plot", (), "-"),
        ({"type": "LineString", "coordinates": RING}, "not_a_plot", (), "-"),
        ({"type": ["Point"], "coordinates": RING}, "not_a_plot", (), "-"),
        ({"type": "Polygon"}, "empty", ("coordinates",), "-"),
        ({"type": "MultiPolygon", "coordinates": []}, "empty", ("coordinates",), "-"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "empty", ("coordinates", 0), "1"),
        ({"type": "Polygon", "coordinates": [[]]}, "too_few_positions", ("coordinates", 0), "1"),
        ({"type": "Polygon", "coordinates": [RING[1:]]}, "too_few_positions", ("coordinates", 0), "1"),
        ({"type": "Polygon", "coordinates": [[*RING[:3], ["0", "1"]]]}, "ring_open", ("coordinates", 0), "1"),
        ({"type": "Polygon", "coordinates": [RING, RING[1:]]}, "too_few_positions", ("coordinates", 1), "2/1"),
        (
            {"type": "Polygon", "coordinates": [[*RING[:2], ["0", "91"], RING[0]]]},
            "beyond_latitude",
            ("coordinates", 0, 2),
            "3",
        ),
        (
            {"type": "MultiPolygon", "coordinates": [[RING], [RING, [["1", "x"]]]]},
            "not_numbers",
            ("coordinates", 1, 1, 0),
            "2/2/1",
        ),
        (point("180.0000006", "1"), "beyond_longitude", ("coordinates",), "-"),
        (point("1e309", "1"), "not_numbers", ("coordinates",), "-"),
        (point("NaN", "1"), "not_numbers", ("coordinates",), "-"),
        (point("Infinity", "1"), "not_numbers", ("coordinates",), "-"),
        (point("9" * 30, "1"), "not_numbers", ("coordinates",), "-"),
        (point("1e99", "1"), "beyond_longitude", ("coordinates",), "-"),
        (point("١", "1"), "not_numbers", ("coordinates",), "-"),
        (point("1_0", "1"), "not_numbers", ("coordinates",), "-"),
        ({"type": "Point", "coordinates": [1.5, 2.5]}, "not_numbers", ("coordinates",), "-"),
        ({"type": "Point", "coordinates": ["1"]}, "not_a_position", ("coordinates",), "-"),
        ({"type": "Point", "coordinates": ["1"] * 4}, "not_a_position", ("coordinates",), "-"),
        ({"type": "Point", "coordinates": {"0": "1"}}, "not_a_position", ("coordinates",), "-"),
        ({"type": "Polygon", "coordinates": "9.1"}, "empty", ("coordinates",), "-"),
        ({"type": "Polygon", "coordinates": [[RING[0]] * 5_001]}, "too_many_positions", ("coordinates",), "5001"),
        (
            {"type": "MultiPolygon", "coordinates": [[RING]] * 1_300},
            "too_many_positions",
            ("coordinates",),
            "5001",
        ),
    ],
)
def test_what_is_no_geometry_is_told_by_its_place(
    plain: Any, why: str, path: tuple[str | int, ...], where: str
) -> None:
    with pytest.raises(BadGeometry) as bad:
        parse(plain, 5_000)
    assert (bad.value.why, bad.value.path, bad.value.where) == (why, path, where)
    for lang in ("en", "fr"):
        assert why not in sentence(bad.value.finding("P"), lang)  # type: ignore[arg-type]


def test_deep_nesting_is_no_geometry() -> None:
    deep: Any = "1"
    for _ in range(100_000):
        deep = [deep]
    for kind in ("Point", "Polygon", "MultiPolygon"):
        with pytest.raises(BadGeometry):
            parse({"type": kind, "coordinates": deep}, 5_000)


# --- validity ---


def bad(plain: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(BadGeometry) as caught:
        check(geometry(plain))
    return caught.value.why, caught.value.where


def test_an_outline_that_touches_itself_is_told_where() -> None:
    eight = polygon((0, 0), (900, 0), (500, 500), (900, 900), (0, 900), (500, 500))
    assert bad(eight)[0] == "touches_itself"


def test_holes_lie_inside_and_apart() -> None:
    outer, inner = box(2_000, 2_000)["coordinates"], box(500, 500)["coordinates"]
    away = box(500, 500, WEST + 90_000)["coordinates"]
    nested = box(100, 100, WEST + 900, SOUTH + 900)["coordinates"]
    around = box(500, 500, WEST + 700, SOUTH + 700)["coordinates"]
    assert bad({"type": "Polygon", "coordinates": [*outer, *away]})[0] == "hole_outside"
    assert bad({"type": "Polygon", "coordinates": [*outer, *around, *nested]})[0] == "hole_outside"
    assert bad({"type": "MultiPolygon", "coordinates": [outer, inner]})[0] in ("parts_overlap", "crosses_itself")
    check(geometry({"type": "Polygon", "coordinates": [*outer, *around]}))


def test_an_outline_without_area_is_none() -> None:
    assert bad(polygon((0, 0), (900, 900), (1_800, 1_800)))[0] in ("crosses_itself", "too_few_corners")


def test_an_outline_may_not_pass_the_antimeridian() -> None:
    across = polygon((179_999_000, 0), (-179_999_000, 0), (-179_999_000, 900), (179_999_000, 900))
    assert bad(across)[0] == "passes_antimeridian"
    check(geometry(polygon((179_999_000, 0), (180_000_000, 0), (180_000_000, 900), (179_999_000, 900))))


@given(STARS)
def test_an_outline_that_goes_round_is_sound_and_lies_wholly_on_itself(places: list[tuple[int, int]]) -> None:
    field = geometry(polygon(*places))
    try:
        check(field)
    except BadGeometry as bad:  # rounding to micro-degrees may let corners touch
        assert bad.why in ("crosses_itself", "touches_itself", "too_few_corners")
        return
    (whole,) = Ground([Neighbour(field, "Q")]).overlaps(field)
    assert whole.share_bp == 10_000


def test_a_long_walk_with_one_crossing_is_told_quickly() -> None:
    turn = 2 * math.pi / 4_990
    places = [
        (WEST + round(90_000 * math.cos(n * turn)), SOUTH + round(90_000 * math.sin(n * turn))) for n in range(4_990)
    ]
    places[2_000], places[2_040] = places[2_040], places[2_000]
    start = time.perf_counter()
    with pytest.raises(BadGeometry) as caught:
        check(geometry(polygon(*places)))
    assert caught.value.why == "crosses_itself"
    assert 1_900 < int(caught.value.where.split("–")[0]) < 2_100
    assert time.perf_counter() - start < 2


# --- judging ---


def test_a_country_without_a_profile_is_not_tested() -> None:
    (found,) = judged(point("-8.654321", "7.123456"), country="XX", known=None)
    assert (found.code, found.level) == ("COUNTRY_BOUNDS_UNKNOWN", "notice")
    assert judged(point("120.654321", "7.123456"), country=None, known=None) == []


def test_one_corner_beyond_the_border_is_found() -> None:
    border = LIBERIA.bounds_at(TODAY).east
    assert "OUTSIDE_COUNTRY" in codes(judged(box(2_000, 1_000, border - 1_000, SOUTH), 24_000))
    assert "OUTSIDE_COUNTRY" not in codes(judged(box(1_000, 1_000, border - 1_000, SOUTH), 12_000))


def test_more_than_four_hectares_need_an_outline() -> None:
    place = point("-8.654321", "7.123456")
    assert judged(place, 40_000) == []
    assert codes(judged(place, 40_001)) == ["PLOT_NEEDS_POLYGON"]
    assert judged(square_of(6), area_m2(geometry(square_of(6)))) == []


def test_ten_percent_of_area_and_five_of_overlap_pass() -> None:
    field = box(1_000, 1_000)
    area = area_m2(geometry(field))
    assert judged(field, round(area / 1.0999)) == []
    assert codes(judged(field, round(area / 1.1001))) == ["AREA_MISMATCH"]
    for share, found in ((50, []), (51, ["OVERLAP"])):
        other = geometry(box(1_000, 1_000, WEST + 1_000 - share))
        assert codes(judged(field, area, others=[Neighbour(other, "Q", "F")])) == found


def test_the_share_is_that_of_the_smaller_plot_and_goes_both_ways() -> None:
    large, small = geometry(box(4_000, 4_000)), geometry(box(1_000, 1_000, WEST + 3_500, SOUTH))
    for one, other in ((large, small), (small, large)):
        (found,) = Ground([Neighbour(other, "Q")]).overlaps(one)
        assert found.share_bp == 5_000
    (shared,) = common(large, small)
    assert area_m2(Geometry("Polygon", polygons=(shared,))) == pytest.approx(area_m2(small) / 2, rel=1e-3)


def test_a_point_in_a_plot_or_on_a_point_lies_in_it_wholly() -> None:
    field, inside = geometry(box(1_000, 1_000)), geometry(point(degrees(WEST + 500), degrees(SOUTH + 500)))
    beside = geometry(point(degrees(WEST + 1_500), degrees(SOUTH)))
    ground = Ground([Neighbour(field, "F"), Neighbour(inside, "I"), Neighbour(beside, "B")])
    assert [(one.neighbour.plot, one.share_bp) for one in ground.overlaps(inside)] == [("F", 10_000), ("I", 10_000)]
    assert ground.overlaps(inside, "I")[0].neighbour.plot == "F"
    assert [one.neighbour.plot for one in ground.overlaps(beside, "X")] == ["B"]


def test_neighbours_that_only_share_a_border_do_not_overlap() -> None:
    field = geometry(box(1_000, 1_000))
    assert Ground([Neighbour(geometry(box(1_000, 1_000, WEST + 1_000)), "Q")]).overlaps(field) == []
    assert Ground([]).overlaps(field) == []


def test_a_neighbour_recorded_badly_is_compared_all_the_same() -> None:
    tie = Geometry(
        "Polygon",
        polygons=(
            (((WEST, SOUTH), (WEST + 900, SOUTH + 900), (WEST + 900, SOUTH), (WEST, SOUTH + 900), (WEST, SOUTH)),),
        ),
    )
    (found,) = Ground([Neighbour(tie, "Q")]).overlaps(geometry(box(900, 900)))
    assert found.share_bp == 10_000


def test_whose_the_other_plot_is_may_be_untold() -> None:
    (found,) = judged(box(1_000, 1_000), 12_212, others=[Neighbour(geometry(box(1_000, 1_000)))])
    assert (found.params["other"], found.params["farmer"]) == ("-", "-")
    assert "a plot of another organisation" in sentence(found)


def test_one_plot_against_five_thousand_is_fast() -> None:
    pick = random.Random(5)
    neighbours = [
        Neighbour(geometry(polygon(*[(x + dx, y + dx // 9) for x, y in star(n, 40)])), f"Q{n}", f"F{n}")
        for n in range(200)
        for dx in [pick.randint(-400_000, 400_000)]
    ]
    many = [replace(neighbours[n % 200], plot=f"Q{n}") for n in range(5_000)]
    field = geometry(square_of(1.8))
    start = time.perf_counter()
    ground = Ground(many)
    ground.overlaps(field)
    first = time.perf_counter() - start
    start = time.perf_counter()
    for _ in range(100):
        ground.overlaps(field)
    assert first < 1.5
    assert (time.perf_counter() - start) / 100 < 0.05
