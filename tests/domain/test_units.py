"""The life of a unit, its codes, and the register of label commodities."""

from __future__ import annotations

import itertools
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.profiles import ProfileMistake
from domain.units import (
    FOLLOWS,
    STATES,
    load_register,
    may_become,
    numbers_of,
    opening_code,
    opens,
    ranges_of,
    unit_code,
)
from ledger.profiles import profiles

TEXT = (Path(__file__).resolve().parents[2] / "profiles" / "label-commodities.toml").read_text("utf-8")
DAY = date(2026, 12, 1)


def test_every_state_has_a_way_in_and_only_void_leads_back() -> None:
    assert set(FOLLOWS) == {None, *STATES}
    assert set().union(*FOLLOWS.values()) == set(STATES)
    assert all(may_become(state, "void") for state in STATES if state != "void")
    assert [state for state in (None, *STATES) if may_become(state, "issued")] == [None, "void"]
    assert not any(may_become(state, state) for state in STATES)
    assert FOLLOWS["opened"] == {"void"}


def test_codes_follow_from_the_seed_as_documented() -> None:
    seed = bytes(range(32))
    assert unit_code(seed, 17) == sha256(b"filiere/unit/v1\0" + seed + (17).to_bytes(8, "big")).digest()[:10]
    assert unit_code(seed, 17) != unit_code(seed, 18) != unit_code(bytes(32), 18)
    code = opening_code(seed, 17)
    assert len(code) == 8
    assert opens(seed, 17, code)
    assert opens(seed, 17, f" {code[:4].lower()}-{code[4:]} ".replace("0", "o").replace("1", "l"))
    assert not opens(seed, 18, code)
    assert not opens(seed, 17, code[:-1])
    assert not opens(seed, 17, code + "7")
    assert not opens(seed, 17, "")


@given(st.sets(st.integers(1, 60)))
def test_ranges_say_the_same_numbers_in_the_fewest_spans(numbers: set[int]) -> None:
    ranges = ranges_of(numbers)
    assert numbers_of(ranges) == sorted(numbers)
    assert all(before[1] + 1 < after[0] for before, after in itertools.pairwise(ranges))


def test_every_commodity_that_ships_has_its_number() -> None:
    register = load_register(TEXT, "label-commodities.toml")
    assert set(register.numbers) == set(profiles().commodities)
    assert len(set(register.numbers.values())) == len(register.numbers)
    assert register.number("shea") == 0


@pytest.mark.parametrize(
    ("grams", "off"),
    [(40, 3), (50, 4), (150, 6), (250, 9), (500, 15), (1_000, 15), (10_000, 150), (15_000, 150), (62_500, 625)],
)
def test_tolerances_by_weight(grams: int, off: int) -> None:
    assert load_register(TEXT, "x").tolerance_g(grams, DAY) == off


def test_a_tolerance_holds_from_its_day() -> None:
    assert load_register(TEXT, "x").tolerance_g(62_500, date(2015, 1, 1)) == 937


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("number = 2", "number = 1", "commodity[1]"),
        ("number = 2", "number = 0", "commodity[1].number"),
        ("number = 2", "number = 256", "commodity[1].number"),
        ('id = "mango"', 'id = "cocoa"', "commodity[2]"),
        ("off_bp = 900", 'off_bp = "900"', "tolerance[0]"),
        ("off_bp = 900", "", "tolerance[0]"),
        ("[[tolerance]]", "[[tolerances]]", "tolerances"),
    ],
)
def test_a_mistake_in_the_register_is_named(old: str, new: str, key: str) -> None:
    with pytest.raises(ProfileMistake) as mistake:
        load_register(TEXT.replace(old, new, 1), "label-commodities.toml")
    assert mistake.value.key == key
