"""Prices at the gate: the narrowest line wins, ties are refused, amounts are exact and rounded once."""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.prices import (
    Conditions,
    Deduction,
    Goods,
    PriceLine,
    Terms,
    Version,
    amount,
    in_force,
    line_for,
    load_currencies,
    payouts,
    plain,
    refuse_not_due,
    refuse_ties,
    rounded_to,
    terms_of,
    totals,
)
from domain.profiles import ProfileMistake
from domain.refusals import Refused

TEXT = (Path(__file__).resolve().parents[2] / "profiles" / "currencies.toml").read_text("utf-8")
MONEY = load_currencies(TEXT, "currencies.toml")
LATE = date(2025, 10, 1)
FRUIT = "pear_fruit"

STANDARD = PriceLine("STD", 300_000, Conditions(FRUIT))
LATE_HARVEST = PriceLine("LATE", 1_200_000, Conditions(FRUIT, harvested_from=LATE))


def version(
    *lines: PriceLine, deductions: tuple[Deduction, ...] = (), currency: str = "TND", **more: object
) -> Version:
    terms = Terms(currency, lines, deductions, **more)  # type: ignore[arg-type]
    return Version("GATE", 1, date(2025, 7, 1), terms)


def fruit(kg: int, harvested: date | None = None, **more: object) -> Goods:
    return Goods(FRUIT, kg * 1000, harvested_on=harvested, **more)  # type: ignore[arg-type]


def paid(one: Version, goods: Goods) -> int | None:
    return amount(one, goods, date(2025, 10, 7), MONEY).minor


# --- currencies ---


@pytest.mark.parametrize(
    ("code", "minor", "text"),
    [("TND", 1_440_000, "1440.000"), ("EUR", 5, "0.05"), ("XOF", 500, "500"), ("LRD", -250, "-2.50")],
)
def test_a_minor_unit_has_the_decimals_of_its_currency(code: str, minor: int, text: str) -> None:
    assert MONEY[code].text(minor) == text


@pytest.mark.parametrize(
    ("code", "per_tonne", "text"),
    [
        ("TND", 1_200_000, "1.200"),
        ("TND", 1, "0.000001"),
        ("USD", 450_000, "4.50"),
        ("USD", 2_000, "0.02"),
        ("XOF", 500_000, "500"),
        ("XOF", 500_500, "500.5"),
    ],
)
def test_a_price_is_said_by_the_kilogram(code: str, per_tonne: int, text: str) -> None:
    assert MONEY[code].per_kg(per_tonne) == text


def test_currencies_are_data_and_a_mistake_names_its_place() -> None:
    assert {code: MONEY[code].digits for code in ("TND", "EUR", "XOF", "GHS", "GEL", "LRD", "JPY")} == {
        "TND": 3, "EUR": 2, "XOF": 0, "GHS": 2, "GEL": 2, "LRD": 2, "JPY": 0,
    }  # fmt: skip
    with pytest.raises(ProfileMistake, match=r"currencies\.toml"):
        load_currencies(TEXT + '\n[[currencies]]\ncode = "EUR"\ndigits = 2\nname = "euro"\n', "currencies.toml")


# --- C35: the price of the late harvest ---


def test_C35_the_late_price_is_a_fact_of_the_day_of_harvest() -> None:
    prices = version(STANDARD, LATE_HARVEST)
    brought = [
        fruit(1200, date(2025, 10, 5), zone="KASSERINE"),
        fruit(800, date(2025, 9, 28), zone="KASSERINE"),
        fruit(200, date(2025, 10, 6), zone="SBEITLA"),
    ]
    assert [paid(prices, one) for one in brought] == [1_440_000, 240_000, 240_000]
    with pytest.raises(Refused, match=r"HARVEST_OUTSIDE_WINDOW.*28 Sep 2025.*1 Oct 2025") as refused:
        refuse_not_due(prices.terms.lines, "LATE", brought[1])
    assert refused.value.params["harvested_on"] == "2025-09-28"
    refuse_not_due(prices.terms.lines, "LATE", brought[0])
    with pytest.raises(Refused, match="not known"):
        refuse_not_due(prices.terms.lines, "LATE", fruit(800))
    assert paid(prices, fruit(100)) == 30_000  # day of harvest not told: no window is met


def test_TN_PEAR_payout_by_the_draw_order_of_the_scenario() -> None:
    """726,878.1 TND for 1,026 deliveries, 1,183,780 kg, of which 413,049 kg were harvested from 1 October on."""
    draw, prices, day = random.Random(20240918).random, version(STANDARD, LATE_HARVEST), date(2025, 7, 15)
    brought, women = [], 0
    for cooperative in range(4):
        for member in range(125):
            women += draw() < 0.72
            draw(), draw()  # area, zone
            for _ in range(1 + int(3 * draw())):
                harvested = day + timedelta(days=int(120 * draw()))
                goods = fruit(int(300 + 1700 * draw()), harvested)
                brought.append((f"C{cooperative}-{member:03}", amount(prices, goods, harvested, MONEY)))
    assert (len(brought), women) == (1026, 360)
    assert sum(one.grams for _, one in brought) == 1_183_780_000
    assert sum(one.grams for _, one in brought if one.line == "LATE") == 413_049_000
    farmers = payouts(brought)
    assert len(farmers) == 500
    assert sum(one.minor for one in farmers) == 726_878_100
    assert totals([one for _, one in brought]) == {"TND": 726_878_100}
    assert MONEY["TND"].said(726_878_100) == "726878.100 TND"


# --- which line ---

CONDITIONS = st.builds(
    Conditions,
    st.just(FRUIT),
    st.sampled_from([None, "G1", "G2"]),
    st.frozensets(
        st.sampled_from([("EU_ORG", "organic"), ("GI", "gi"), ("EU_ORG", "in_conversion")]), max_size=2
    ).filter(lambda claims: len(dict(claims)) == len(claims)),
    st.sampled_from([None, "KASSERINE"]),
    st.sampled_from([None, LATE]),
    st.sampled_from([None, date(2025, 10, 31)]),
)
GOODS = st.builds(
    Goods,
    st.just(FRUIT),
    st.integers(1, 10**9),
    st.sampled_from([None, "G1", "G2"]),
    st.dictionaries(st.sampled_from(["EU_ORG", "GI"]), st.sampled_from(["organic", "in_conversion", "gi"])),
    st.sampled_from([None, "KASSERINE", "SBEITLA"]),
    st.sampled_from([None, date(2025, 9, 28), date(2025, 10, 5), date(2025, 11, 5)]),
)


@given(st.lists(CONDITIONS, max_size=6), GOODS)
def test_a_list_that_was_saved_has_one_narrowest_line_for_any_goods(conditions: list[Conditions], goods: Goods) -> None:
    lines = [PriceLine(f"L{n}", n, one) for n, one in enumerate(conditions)]
    met = [line for line in lines if line.conditions.met_by(goods)]
    try:
        refuse_ties(lines)
    except Refused as refused:
        assert refused.code in ("PRICE_TIE", "PRICE_LINE_TWICE")
        return
    chosen = line_for(lines, goods)
    assert (chosen is None) == (not met)
    if chosen is not None:
        assert all(line.conditions.both(chosen.conditions) == chosen.conditions for line in met)
        assert line_for(list(reversed(lines)), goods) == chosen


@given(CONDITIONS, CONDITIONS, GOODS)
def test_goods_meet_two_lines_exactly_if_they_meet_what_both_ask(
    one: Conditions, other: Conditions, goods: Goods
) -> None:
    both = one.both(other)
    assert (one.met_by(goods) and other.met_by(goods)) == (both is not None and both.met_by(goods))
    assert both == other.both(one)


def test_two_lines_that_could_both_win_are_refused_until_one_says_what_holds_for_both() -> None:
    organic = PriceLine("ORG", 500_000, Conditions(FRUIT, claims=frozenset({("EU_ORG", "organic")})))
    both = PriceLine(
        "ORG-LATE", 1_500_000, Conditions(FRUIT, claims=frozenset({("EU_ORG", "organic")}), harvested_from=LATE)
    )
    with pytest.raises(Refused, match=r"PRICE_TIE.*LATE.*ORG"):
        refuse_ties([STANDARD, LATE_HARVEST, organic])
    refuse_ties([STANDARD, LATE_HARVEST, organic, both])
    prices = version(STANDARD, LATE_HARVEST, organic, both)
    claimed = {"EU_ORG": "organic"}
    assert [
        amount(prices, goods, LATE, MONEY).line
        for goods in (
            fruit(1),
            fruit(1, LATE),
            fruit(1, claims=claimed),
            fruit(1, LATE, claims=claimed),
            fruit(1, claims={"EU_ORG": "in_conversion"}),
        )
    ] == ["STD", "LATE", "ORG", "ORG-LATE", "STD"]


def test_the_same_conditions_or_the_same_code_twice_are_refused() -> None:
    for twin in (PriceLine("TWIN", 1, STANDARD.conditions), PriceLine("STD", 1, Conditions(FRUIT, zone="KASSERINE"))):
        with pytest.raises(Refused, match="PRICE_LINE_TWICE"):
            refuse_ties([STANDARD, twin])


def test_seasons_that_do_not_meet_and_other_products_are_no_tie() -> None:
    early = PriceLine("EARLY", 1, Conditions(FRUIT, harvested_to=LATE - timedelta(days=1)))
    seed = PriceLine("SEED", 9, Conditions("pear_seed", harvested_from=LATE))
    refuse_ties([early, LATE_HARVEST, seed])
    with pytest.raises(Refused, match="PRICE_TIE"):
        refuse_ties([PriceLine("EARLY", 1, Conditions(FRUIT, harvested_to=LATE)), LATE_HARVEST])


# --- versions ---


def test_the_version_of_the_day_prices_it_and_of_one_day_the_newer() -> None:
    first, second = version(STANDARD), Version("GATE", 2, LATE, version(LATE_HARVEST).terms)
    mended = Version("GATE", 3, LATE, version(STANDARD).terms)
    assert in_force([first, second], LATE - timedelta(days=1)) == first
    assert in_force([second, first], LATE) == second
    assert in_force([first, second, mended], LATE) == mended
    assert in_force([first], date(2025, 6, 30)) is None


def test_nothing_is_paid_zero_because_a_price_is_missing() -> None:
    unpriced = amount(version(LATE_HARVEST), fruit(7, date(2025, 9, 1)), date(2025, 9, 1), MONEY)
    assert (unpriced.minor, unpriced.currency, [one.code for one in unpriced.reasons]) == (
        None, None, ["WEIGHT", "NO_PRICE"],
    )  # fmt: skip
    (line,) = payouts([("ANNA", unpriced)])
    assert (line.currency, line.minor, line.unpriced) == (None, 0, 1)


def test_terms_come_back_as_they_were_stored() -> None:
    terms = version(
        STANDARD,
        PriceLine("X", 1, Conditions(FRUIT, "G1", frozenset({("GI", "gi")}), "KASSERINE", LATE, LATE)),
        deductions=(Deduction("WET", "moisture", free_bp=800),),
        rounding="down",
        round_to=50,
    ).terms
    assert terms_of(plain(terms)) == terms


# --- deductions and rounding ---


def test_each_deduction_takes_from_what_the_one_before_left_and_says_so() -> None:
    terms = version(
        STANDARD,
        deductions=(
            Deduction("WET", "moisture", free_bp=800),
            Deduction("REJECTS", "share", test="foreign_matter", free_bp=100),
            Deduction("CARRIAGE", "fixed", per_tonne=20_000),
            Deduction("SEED ONLY", "fixed", product="pear_seed", per_tonne=99_000),
        ),
    )
    found = amount(terms, fruit(1000, measured={"moisture": 1000, "foreign_matter": 350}), LATE, MONEY)
    dry = round(Fraction(1_000_000 * 9000, 9200))  # 978,261 g
    left = dry - round(Fraction(dry * 250, 10_000))
    assert (found.grams, found.paid_g, found.minor) == (1_000_000, left, round(Fraction(left * 280_000, 10**6)))
    assert [one.code for one in found.reasons] == ["WEIGHT", "MOISTURE", "SHARE", "PRICE", "FIXED", "ROUNDED"]
    assert found.reasons[1].sentence() == "WET: moisture 10 %, free up to 8 %: 21.739 kg of water are not paid."
    assert found.reasons[3].sentence("fr") == "Ligne STD de GATE, version 1 : 0.300 TND le kilogramme."


def test_what_was_not_measured_or_is_within_is_paid_in_full() -> None:
    terms = version(STANDARD, deductions=(Deduction("WET", "moisture", free_bp=800),))
    assert paid(terms, fruit(10)) == paid(terms, fruit(10, measured={"moisture": 800})) == 3_000


def test_a_price_never_falls_below_zero() -> None:
    assert paid(version(STANDARD, deductions=(Deduction("ALL", "fixed", per_tonne=400_000),)), fruit(10)) == 0


@pytest.mark.parametrize(
    ("rounding", "step", "grams", "minor"),
    [
        ("half_even", 1, 2_500, 2), ("half_even", 1, 3_500, 4), ("half_up", 1, 2_500, 3), ("down", 1, 2_999, 2),
        ("half_up", 5, 12_500, 15), ("half_even", 5, 12_500, 10), ("down", 5, 14_999, 10),
    ],
)  # fmt: skip
def test_an_amount_is_rounded_once_by_the_rule_of_the_list(rounding: str, step: int, grams: int, minor: int) -> None:
    terms = version(
        PriceLine("ONE", 1_000, Conditions(FRUIT)), currency="XOF", rounding=rounding, round_to=step
    )  # 1 XOF a kilogram
    assert amount(terms, Goods(FRUIT, grams), LATE, MONEY).minor == minor


@given(st.fractions(min_value=0), st.integers(1, 1000), st.sampled_from(["half_even", "half_up", "down"]))
def test_rounding_gives_a_multiple_no_further_than_a_step(exact: Fraction, step: int, rounding: str) -> None:
    found = rounded_to(exact, step, rounding)  # type: ignore[arg-type]
    assert found % step == 0
    assert abs(found - exact) < step if rounding == "down" else abs(found - exact) * 2 <= step
