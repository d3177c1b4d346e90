"""The statistics behind the signals: how unusual a figure is among its like.

Floats live inside a function; what leaves it is an integer. *Surprise* is -100 x log10 of the chance that an honest
record shows as much: 300 is one in a thousand, 600 one in a million. *Deviation* is in hundredths of a robust
standard deviation from the median, so that those who stand out do not hide themselves.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import median, median_high

NORMAL_MAD = 1.4826  # of a normal distribution: standard deviation / median absolute deviation
MOST = 100_000
"""A surprise beyond this (1 in 10^1000) says no more."""


def surprise_of(log10_chance: float) -> int:
    """-100 x log10 of a chance, never negative."""
    return min(MOST, max(0, math.floor(-100 * log10_chance)))


def at_least(k: int, n: int, chance: float) -> int:
    """The surprise of ``k`` or more of ``n`` where each has this chance (binomial)."""
    if k <= 0 or n <= 0 or chance >= 1:
        return 0
    if chance <= 0:
        return MOST
    if k <= n * chance:
        return 0
    up, down = math.log(chance), math.log1p(-chance)
    ways = math.lgamma(n + 1)
    first = ways - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * up + (n - k) * down
    total, term = 1.0, 1.0
    for i in range(k, n):
        term *= (n - i) / (i + 1) * chance / (1 - chance)
        total += term
        if term < total * 1e-12:
            break
    return surprise_of((first + math.log(total)) / math.log(10))


def at_most(k: int, n: int, chance: float) -> int:
    """The surprise of ``k`` or fewer of ``n`` where each has this chance (binomial)."""
    return at_least(n - k, n, 1 - chance)


def as_many(k: int, mean: float) -> int:
    """The surprise of ``k`` or more where ``mean`` are expected (Poisson)."""
    if k <= mean or k <= 0:
        return 0
    mean = max(mean, 1e-9)
    first = k * math.log(mean) - mean - math.lgamma(k + 1)
    total, term, i = 1.0, 1.0, k
    while term > total * 1e-12:
        i += 1
        term *= mean / i
        total += term
    return surprise_of((first + math.log(total)) / math.log(10))


def uneven(counts: Collection[int]) -> int:
    """The surprise of counts that should be even (Pearson's chi-square, by Wilson and Hilferty's cube root)."""
    total, classes = sum(counts), len(counts)
    if not total or classes < 2:  # noqa: PLR2004 - one class is always even
        return 0
    expected = total / classes
    square = sum((count - expected) ** 2 for count in counts) / expected
    freedom = classes - 1
    part = 2 / (9 * freedom)
    return normal_tail(((square / freedom) ** (1 / 3) - (1 - part)) / math.sqrt(part))


def normal_tail(z: float) -> int:
    """The surprise of a standard normal value of ``z`` or more."""
    if z <= 0:
        return 0
    tail = math.erfc(z / math.sqrt(2)) / 2
    log10 = math.log10(tail) if tail > 0 else (-z * z / 2 - math.log(z * math.sqrt(2 * math.pi))) / math.log(10)
    return surprise_of(log10)


def centre(values: Sequence[float], least_spread: float = 0.0) -> tuple[float, float]:
    """The median and the robust standard deviation (never less than ``least_spread``)."""
    middle = median(values)
    return middle, max(least_spread, NORMAL_MAD * median([abs(value - middle) for value in values]))


def deviation(value: float, middle: float, spread: float) -> int:
    """How far a value lies above the middle, in hundredths of the spread."""
    if spread <= 0:
        return 0 if value == middle else (MOST if value > middle else -MOST)
    return max(-MOST, min(MOST, round(100 * (value - middle) / spread)))


def share_bp(part: int, whole: int) -> int:
    """A part in basis points of the whole."""
    return part * 10_000 // whole if whole else 0


def logs(values: Mapping[str, int]) -> dict[str, float]:
    """Natural logarithms of what is above zero."""
    return {key: math.log(value) for key, value in values.items() if value > 0}


def middle_of(values: Iterable[int]) -> int:
    """The median of whole numbers, a whole number itself."""
    return int(median_high(values))


def equal_ones(n: int, equal: int, chance: float) -> int:
    """The surprise of ``equal`` same values among ``n``, where two are the same by this chance."""
    if equal < 2:  # noqa: PLR2004 - a value is always equal to itself
        return 0
    return surprise_of(math.log10(math.comb(n, equal)) + (equal - 1) * math.log10(max(chance, 1e-12)))


def commonest(values: Iterable[str]) -> tuple[str, int]:
    """The value that comes most often (of equals the smallest), and how often."""
    counted = Counter(values)
    value = min(counted, key=lambda one: (-counted[one], one))
    return value, counted[value]


def distance_m(first: tuple[int, int], second: tuple[int, int]) -> int:
    """Metres between two positions (longitude, latitude in micro-degrees), on a sphere."""
    lon1, lat1, lon2, lat2 = (math.radians(part / 1_000_000) for part in (*first, *second))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return round(2 * 6_371_000 * math.asin(math.sqrt(min(1.0, half))))
