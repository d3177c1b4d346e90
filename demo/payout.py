"""What is paid for a delivery at the gate, from a dated table of prices.

Stands in for the price lists of the ledger: who has those gives ``payout`` their rows instead of ``PRICES``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final


@dataclass(frozen=True, slots=True)
class Price:
    """What a kilogram of a product harvested from a day on is worth, in minor units of the currency."""

    product: str
    harvested_from: date
    minor_per_kg: int
    source: str


PRICES: Final = (
    Price("prickly_pear_fruit", date(2025, 7, 15), 300, "TND 0.300: the season's standard price"),
    Price("prickly_pear_fruit", date(2025, 10, 1), 1_200, "TND 1.200: late harvest, four times the standard price"),
)
"""In millimes: a Tunisian dinar has a thousand."""


def price_of(product: str, harvested_on: date, prices: Sequence[Price] = PRICES) -> Price:
    """The price in force on the day of harvest. ``LookupError`` where nobody set one."""
    begun = [price for price in prices if price.product == product and price.harvested_from <= harvested_on]
    if not begun:
        raise LookupError(f"no price of {product} for a harvest of {harvested_on}")
    return max(begun, key=lambda price: price.harvested_from)


def amount(grams: int, price: Price) -> int:
    """Minor units for a delivery, rounded half to even."""
    return round(Fraction(grams * price.minor_per_kg, 1000))


def payout(deliveries: Iterable[tuple[str, date, int]], prices: Sequence[Price] = PRICES) -> int:
    """Minor units for deliveries (product, day of harvest, grams), each rounded by itself."""
    return sum(amount(grams, price_of(product, day, prices)) for product, day, grams in deliveries)
