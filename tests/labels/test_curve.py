"""Curves and control charts as drawings: what is said is drawn, nothing is drawn that was not read."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from labels.curve import HOUR_MS, Control, Curve, Measured, Series, Warned, control_svg, curve_svg, nice

START = 1_733_040_000_000


def curve(*stretches: list[tuple[int, float]], **more: object) -> Curve:
    cut = [[(START + hour * HOUR_MS, value) for hour, value in some] for some in stretches]
    values = {"low": "40", "high": "52", "low_from": 48, "source": "A & B"} | more
    return Curve("Heap <1>", "BOX", "°C", START, START + 96 * HOUR_MS, [Series("T-17", cut)], **values)  # type: ignore[arg-type]


def texts(svg: bytes) -> str:
    return " ".join(ET.fromstring(svg).itertext())


def lines_of(svg: bytes) -> list[str]:
    return re.findall(r'stroke-width="1.8"[^>]* d="([^"]+)"', svg.decode())


def test_a_line_breaks_where_nothing_was_read_and_a_lone_value_is_a_dot() -> None:
    svg = curve_svg(curve([(0, 28.0), (1, 29.0), (2, 30.0)], [(20, 44.0), (21, 45.0)], [(60, 48.0)]))
    assert [path.count("L") for path in lines_of(svg)] == [2, 1]
    assert svg.count(b"<circle") == 6


def test_many_values_are_a_line_without_dots_that_keeps_its_peak() -> None:
    values = [(number / 100, 45.0) for number in range(9_000)]
    values[4_321] = (43.21, 51.5)
    svg = curve_svg(curve(values))  # type: ignore[arg-type]
    (path,) = lines_of(svg)
    assert svg.count(b"<circle") == 0
    assert path.count("L") < 4 * 800
    heights = [float(point.split(" ")[1]) for point in path[1:].split("L")]
    assert min(heights) < 120 < max(heights)  # the peak is there
    assert len(svg) < 60_000


@pytest.mark.parametrize(("lang", "said"), [("en", "Above from"), ("fr", "Au-dessus du")])
def test_alarms_are_said_in_words_as_well_as_drawn(lang: str, said: str) -> None:
    alarm = Warned("high", START + HOUR_MS, START + 3 * HOUR_MS, "53.5", 2)
    svg = curve_svg(curve([(0, 53.0), (4, 48.0)], alarms=[alarm], turned=[START + 50 * HOUR_MS]), lang)
    assert said in texts(svg)
    assert ("53.5" if lang == "en" else "53,5") in texts(svg)
    assert "<1>" in texts(svg)
    assert b"<script" not in svg
    assert b"href" not in svg


def test_without_a_range_or_without_values_there_is_still_a_picture() -> None:
    assert "Good practice" not in texts(curve_svg(curve([(0, 1.0)], low=None, high=None)))
    assert "Nothing was read" in texts(curve_svg(curve()))
    assert "Nothing was read" in texts(control_svg(Control("M", "P", "%", [])))
    assert "The one value is within" in texts(curve_svg(curve([(0, 45.0)])))


def test_a_control_chart_names_its_lines_and_what_stands_out() -> None:
    values = [Measured(START + n * HOUR_MS, 7.0 + n % 2 / 10, f"7.{n % 2}", f"B{n}") for n in range(9)]
    values.append(Measured(START + 99 * HOUR_MS, 7.9, "7.9", "B9", ["beyond the control limits"]))
    said = texts(control_svg(Control("Moisture", "Beans", "%", values, 7.1, 6.8, 7.4, None, "8.0", 8)))
    for part in ("mean 7.10", "+3σ 7.40", "−3σ 6.80", "limit 8.0", "B9 · 7.9 %: beyond the control limits"):
        assert part in said
    few = texts(control_svg(Control("Moisture", "Beans", "%", values[:3], 7.1, least=8)))
    assert "3 values: control limits need at least 8." in few


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.0, 90.0), (6.31, 8.02), (0.001, 0.0042), (1e5, 1.1e6)])
def test_round_values_lie_within_and_are_not_too_many(low: float, high: float) -> None:
    ticks = nice(low, high)
    assert 3 <= len(ticks) <= 13
    assert all(low - 1e-9 <= value <= high + 1e-9 for value, _ in ticks)
    assert len({said for _, said in ticks}) == len(ticks)


def test_a_lone_value_out_of_range_marks_itself_and_not_the_day_after_it() -> None:
    def marked(seen_until: int | None) -> float:
        alarm = Warned("high", START + HOUR_MS, START + 25 * HOUR_MS, "53.5", 1, seen_until)
        svg = curve_svg(curve([(0, 48.0), (1, 53.5)], [(25, 48.0)], alarms=[alarm])).decode()
        found = re.search(r'stroke-width="4" d="M([\d.]+) [\d.]+H([\d.]+)"', svg)
        assert found is not None
        return float(found[2]) - float(found[1])

    assert marked(None) > 100
    assert 2 < marked(START + HOUR_MS) < 4
