"""Weights as people say them become grams, and no gram is made or lost by sharing."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quantity import MOST_GRAMS, decimal_text, grams, proportion, rebase_moisture, split_evenly
from domain.refusals import Refused

JUTE = {"jute_62.5": 62_500, "bag_64kg": 64_000}
WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=40).filter(any)


def code_of(call: Callable[..., object], *args: object, **kwargs: object) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **kwargs)
    return refused.value.code


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("220", "lb", 99_790),
        ("200", "jute_62.5", 12_500_000),
        ("1", "bag_64kg", 64_000),
        ("12.5", "t", 12_500_000),
        ("1", "short_ton", 907_185),
        ("1", "long_ton", 1_016_047),
        ("16", "oz", 454),
        ("62.5", "kg", 62_500),
        ("7", "g", 7),
    ],
)
def test_C11_units_become_grams_exactly(value: str, unit: str, expected: int) -> None:
    assert grams(value, unit, JUTE) == expected


def test_C11_a_litre_weighs_by_its_density() -> None:
    assert grams("50", "L", density="0.92") == 46_000


def test_C11_a_litre_without_density_is_refused() -> None:
    assert code_of(grams, "50", "L") == "DENSITY_REQUIRED"


@pytest.mark.parametrize("unit", ["bag", "jute_60", "KG", "kilo", "", "kg "])
def test_C11_an_unknown_unit_is_never_taken_one_to_one(unit: str) -> None:
    assert code_of(grams, "10", unit, JUTE) == "UNIT_UNKNOWN"


def test_C11_a_split_sums_to_the_whole() -> None:
    assert split_evenly(1_000_000, 3) == [333_334, 333_333, 333_333]


def test_C11_moisture_is_rebased_on_the_same_dry_matter() -> None:
    assert rebase_moisture(400_000, 840, 750) == 396_108


def test_a_bag_weighs_what_the_packaging_of_the_product_says() -> None:
    assert grams("1", "jute", {"jute": 65_000}) == 65_000


@pytest.mark.parametrize(("value", "expected"), [("0.0005", 0), ("0.0015", 2), ("0.0025", 2), ("1.0005", 1_000)])
def test_half_a_gram_goes_to_the_even_gram(value: str, expected: int) -> None:
    if expected:
        assert grams(value, "kg") == expected
    else:
        assert code_of(grams, value, "kg") == "NON_POSITIVE_QTY"


@pytest.mark.parametrize("value", ["0", "-5", "-10", "0.0", "-0", "0.0004"])
def test_C43_nothing_and_less_is_no_quantity(value: str) -> None:
    assert code_of(grams, value, "kg") == "NON_POSITIVE_QTY"


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "1e309", "1e3", "62,5", "1 000", "", ".5", "5.", "+5", "0x10", "٦٢", "1_000", "kg"],
)
def test_C43_what_is_not_a_plain_number_is_refused(value: str) -> None:
    assert code_of(grams, value, "kg") == "QTY_NOT_A_NUMBER"


def test_C43_more_than_any_lot_can_weigh_is_refused() -> None:
    assert grams("1000000", "t") == MOST_GRAMS == 10**12
    assert code_of(grams, "1000000.000001", "t") == "QTY_ABSURD"
    assert code_of(grams, "9" * 300, "kg") == "QTY_ABSURD"


def test_a_refusal_does_not_repeat_an_endless_text() -> None:
    with pytest.raises(Refused) as refused:
        grams("7" * 5_000, "kg")
    assert len(str(refused.value.params["value"])) == 40


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (62, "62"),
        (62.5, "62.5"),
        ("62.50", "62.5"),
        ("0062.5", "62.5"),
        (1e22, "10000000000000000000000"),
        (1e-07, "0.0000001"),
        (0.1, "0.1"),
        ("-4.20", "-4.2"),
        ("-0.0", "0"),
        (-0.0, "0"),
        ("100", "100"),
    ],
)
def test_a_json_number_is_taken_as_it_is_written(value: float | str, expected: str) -> None:
    assert decimal_text(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        None,
        float("nan"),
        float("inf"),
        [],
        {},
        "62,5",
        "1e3",
        " 62.5",
        10**500,
        b"1",
        Decimal(1),
    ],
)
def test_what_is_no_json_number_is_refused(value: object) -> None:
    assert code_of(decimal_text, value) == "QTY_NOT_A_NUMBER"


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_the_canonical_text_keeps_the_value_and_is_stable(number: Decimal) -> None:
    text = decimal_text(format(number, "f"))
    assert Decimal(text) == number
    assert decimal_text(text) == text


@given(st.integers(1, MOST_GRAMS))
def test_grams_told_in_kilograms_come_back_to_the_gram(weight: int) -> None:
    assert grams(f"{weight // 1000}.{weight % 1000:03d}", "kg") == weight


@given(st.decimals(min_value="0.01", max_value="1e6", places=4), st.sampled_from(["lb", "oz", "kg", "short_ton"]))
def test_rounding_moves_a_weight_by_at_most_half_a_gram(value: Decimal, unit: str) -> None:
    factor = {"lb": "453.59237", "oz": "28.349523125", "kg": "1000", "short_ton": "907184.74"}[unit]
    exact = value * Decimal(factor)
    if exact >= 1:
        assert abs(grams(format(value, "f"), unit) - exact) <= Decimal("0.5")


@given(st.integers(0, 10**13), WEIGHTS)
def test_shares_sum_to_the_whole_and_are_fair_to_a_gram(total: int, weights: list[int]) -> None:
    shares = proportion(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - total * weight) < sum(weights)


@given(st.integers(0, 10**9), WEIGHTS)
def test_who_brought_nothing_gets_nothing_and_who_brought_more_never_gets_less(total: int, weights: list[int]) -> None:
    shares = proportion(total, weights)
    for i, weight in enumerate(weights):
        assert weight or not shares[i]
        assert all(shares[i] >= shares[j] for j, other in enumerate(weights) if weight > other)


@given(st.integers(0, 10**12), st.integers(1, 500))
def test_even_parts_differ_by_at_most_a_gram_and_the_earlier_are_the_larger(total: int, parts: int) -> None:
    shares = split_evenly(total, parts)
    assert sum(shares) == total
    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] <= 1


def test_ties_go_to_the_earlier() -> None:
    assert proportion(1, [1, 1, 1]) == [1, 0, 0]
    assert proportion(5, [1, 1]) == [3, 2]


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0, 0]), (-1, [1]), (1, [2, -1])])
def test_nothing_can_be_shared_by_nobody(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        proportion(total, weights)


@given(st.integers(0, 10**10), st.integers(0, 9_999), st.integers(0, 9_999))
def test_drying_never_adds_weight(weight: int, first: int, second: int) -> None:
    wetter, drier = max(first, second), min(first, second)
    assert rebase_moisture(weight, wetter, drier) <= weight
    assert rebase_moisture(weight, wetter, wetter) == weight


@pytest.mark.parametrize("moistures", [(10_000, 0), (0, 10_000), (-1, 0)])
def test_a_moisture_is_less_than_everything(moistures: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="moistures"):
        rebase_moisture(1, *moistures)
