"""Which lots leave first: first expired, first out (FEFO; good distribution practice, 2013/C 343/01)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stock:
    """Grams of a lot that may leave, and its last day of use (ISO date; none: it has none)."""

    lot: str
    grams: int
    expires_on: str | None


def fefo(stock: Iterable[Stock], wanted_g: int) -> tuple[list[tuple[str, int]], int]:
    """So many grams of each lot, what expires first first, and what is missing. Without a day comes last."""
    picked, left = [], wanted_g
    for item in sorted(stock, key=lambda one: (one.expires_on is None, one.expires_on or "", one.lot)):
        grams = min(item.grams, left)
        if grams > 0:
            picked.append((item.lot, grams))
            left -= grams
    return picked, left
