"""What a delivery of prickly pears is worth: the season's price, or four times as much for a late harvest."""

from __future__ import annotations

from datetime import date

import pytest

from demo.payout import PRICES, Price, amount, payout, price_of

FRUIT = "prickly_pear_fruit"


@pytest.mark.parametrize(
    ("kilograms", "harvested_on", "millimes"),
    [
        (1_200, date(2025, 10, 5), 1_440_000),
        (800, date(2025, 9, 28), 240_000),
        (200, date(2025, 10, 6), 240_000),  # outside the zone: the price does not ask
        (1, date(2025, 9, 30), 300),
        (1, date(2025, 10, 1), 1_200),
    ],
)
def test_a_late_harvest_pays_four_times_as_much(kilograms: int, harvested_on: date, millimes: int) -> None:
    assert payout([(FRUIT, harvested_on, kilograms * 1000)]) == millimes


def test_a_payout_is_the_sum_of_the_deliveries_each_rounded() -> None:
    price = Price(FRUIT, date(2025, 1, 1), 3, "a test")
    assert [amount(grams, price) for grams in (166, 167, 500, 1500)] == [0, 1, 2, 4]  # half to even
    assert payout([(FRUIT, date(2025, 2, 1), 500), (FRUIT, date(2025, 2, 1), 1500)], [price]) == 6


def test_nothing_is_paid_that_has_no_price() -> None:
    with pytest.raises(LookupError, match="2025-07-14"):
        price_of(FRUIT, date(2025, 7, 14))
    assert price_of(FRUIT, date(2026, 1, 1)) == PRICES[1]
