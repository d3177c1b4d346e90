"""Control charts by hand-worked figures, and what stands out."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.control_chart import chart, load_rules
from domain.profiles import ProfileMistake

TEXT = (Path(__file__).resolve().parents[2] / "profiles" / "control_chart.toml").read_text("utf-8")
RULES = load_rules(TEXT, "control_chart.toml")


def values(*written: str) -> list[Fraction]:
    return [Fraction(one) for one in written]


def signals(*written: str) -> list[tuple[int, str]]:
    return [(one.index, one.rule) for one in chart(values(*written), RULES).signals]


def test_limits_by_hand() -> None:
    """Mean 7.05; moving ranges 0.2 0.3 0.1 0.2 0.4 0.1 0.3, their mean 1.6 / 7; sigma = that / 1.128."""
    found = chart(values("7.0", "7.2", "6.9", "7.0", "7.2", "6.8", "6.9", "7.2"), RULES)
    assert found.mean == Fraction("56.2") / 8
    sigma = Fraction("1.6") / 7 / Fraction("1.128")
    assert (found.sigma, found.lower, found.upper) == (sigma, found.mean - 3 * sigma, found.mean + 3 * sigma)
    assert found.signals == ()


def test_too_few_values_have_no_limits() -> None:
    assert chart(values("7", "8"), RULES).mean == Fraction(15, 2)
    assert chart(values("7", "8"), RULES).upper is None
    assert chart([], RULES).mean is None


def test_a_value_beyond_the_limits_stands_out() -> None:
    steady = ["7.0", "7.1"] * 8
    assert (16, "beyond_limits") in signals(*steady, "9.0")
    assert signals(*steady) == []


def test_nine_on_one_side_six_rising_two_of_three_four_of_five() -> None:
    assert ("one_side" in {rule for _, rule in signals(*["7.3", "7.2"] * 5, *["6.8", "6.7"] * 5)}) is True
    rising = ["7.0", "7.2", "7.0", "7.2", "7.0", "6.9", "7.0", "7.1", "7.2", "7.3", "7.35", "7.0", "7.2"]
    assert (10, "trend") in signals(*rising)
    flat = ["7.0", "7.1", "7.0", "7.1", "7.0", "7.1", "7.0", "7.1", "7.0", "7.1", "7.0", "7.1"]
    assert (13, "two_of_three") in signals(*flat, "7.3", "7.3")
    assert "four_of_five" in {rule for _, rule in signals(*flat, *["7.17"] * 4)}


@given(st.lists(st.decimals("-50", "50", places=2), min_size=8, max_size=40), st.decimals("-9", "9", places=1))
def test_a_shift_of_all_values_moves_the_lines_and_nothing_else(drawn: list[object], shift: object) -> None:
    some, by = [Fraction(str(one)) for one in drawn], Fraction(str(shift))
    one, other = chart(some, RULES), chart([value + by for value in some], RULES)
    assert one.mean is not None
    assert one.upper is not None
    assert (other.mean, other.upper, other.sigma) == (one.mean + by, one.upper + by, one.sigma)
    assert one.signals == other.signals


def test_equal_values_show_nothing() -> None:
    assert signals(*["7.0"] * 20) == []


@pytest.mark.parametrize(
    ("old", "new"), [('kind = "trend"', 'kind = "rise"'), ("sigmas = 3", "sigmas = 0"), ("points = 6\n", "")]
)
def test_a_mistake_in_the_rules_is_told_by_its_place(old: str, new: str) -> None:
    with pytest.raises(ProfileMistake, match=r"control_chart\.toml"):
        load_rules(TEXT.replace(old, new, 1), "control_chart.toml")
