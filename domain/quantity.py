"""Weights as people say them, turned into integer grams, and grams shared out without losing one."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.refusals import Refused

GRAMS_PER_UNIT: Final[Mapping[str, Fraction]] = MappingProxyType(
    {
        "g": Fraction(1),
        "kg": Fraction(1_000),
        "t": Fraction(1_000_000),
        "lb": Fraction("453.59237"),
        "oz": Fraction("28.349523125"),
        "short_ton": Fraction("907184.74"),
        "long_ton": Fraction("1016046.9088"),
    }
)
"""Exact by definition: the international pound is 0.45359237 kg; the others are 1/16, 2,000 and 2,240
pounds."""

LITRES: Final = frozenset({"l", "L"})
"""Units of volume: they weigh nothing until a density is given."""

MOST_GRAMS: Final = 1_000_000_000_000
"""1,000,000 t. No single lot of goods weighs more: beyond it the unit or a decimal point is wrong. It keeps
the sum of millions of lots inside the 63 bits of a database integer."""

LONGEST_TEXT: Final = 400
"""Characters of a number that are read at all: enough for the largest float written out."""

SHOWN: Final = 40
"""Characters of a text that a refusal repeats."""

NO_PACKAGING: Final[Mapping[str, int]] = MappingProxyType({})

WHOLE_BP: Final = 10_000

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)


def grams(value: str, unit: str, packaging: Mapping[str, int] = NO_PACKAGING, *, density: str | None = None) -> int:
    """The weight of ``value`` ``unit`` in grams, rounded half to even.

    ``value`` is plain decimal text ("62.5"); ``unit`` a unit of weight, a code of ``packaging`` (code ->
    grams), or a litre where ``density`` is given in kg per litre. Refuses with QTY_NOT_A_NUMBER,
    NON_POSITIVE_QTY, QTY_ABSURD, UNIT_UNKNOWN and DENSITY_REQUIRED: an unknown unit is never taken one to
    one.
    """
    number = _number(value)
    shown = _shown(value)
    if number <= 0:
        raise Refused("NON_POSITIVE_QTY", value=shown, unit=unit)
    exact = number * _grams_per(unit, packaging, density)
    if exact > MOST_GRAMS:
        raise Refused("QTY_ABSURD", value=shown, unit=unit, most_g=MOST_GRAMS)
    weight = round(exact)
    if weight == 0:
        raise Refused("NON_POSITIVE_QTY", value=shown, unit=unit)
    return weight


def decimal_text(value: object) -> str:
    """A number from JSON as canonical plain text: 62.5, 62.50 and "62.50" are all "62.5".

    Takes an integer, a finite float (as it is written, by its shortest form) or plain decimal text without
    exponent, sign ``+``, comma or spaces; refuses everything else, truth values included, with
    QTY_NOT_A_NUMBER.
    """
    if isinstance(value, str):
        text = value
    elif isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < LONGEST_TEXT:
        text = str(value)
    elif isinstance(value, float) and math.isfinite(value):
        text = format(Decimal(repr(value)), "f")
    else:
        raise Refused("QTY_NOT_A_NUMBER", value=_shown(value))
    _number(text)
    return _canonical(text)


def rounded(value: str, places: int) -> int:
    """Plain decimal text in units of 10 ** -``places``, rounded half to even: ("8.05", 1) is 80."""
    return round(_number(value) * int(10**places))


def decimals(text: str) -> int:
    """How many decimals a plain decimal text is written with: "8.0" has one."""
    return len(text.partition(".")[2])


def split_evenly(grams: int, parts: int) -> list[int]:
    """``grams`` in ``parts`` as equal as grams allow; the earlier parts take the grams left over."""
    return proportion(grams, [1] * parts)


def proportion(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` shared out by ``weights``, to the gram: largest remainder, ties to the earlier.

    The shares sum to ``total`` exactly. ``ValueError`` on a negative number or when no weight is above zero.
    """
    whole = sum(weights)
    if total < 0 or whole <= 0 or min(weights) < 0:
        message = "a total of zero or more is shared by weights of zero or more that are not all zero"
        raise ValueError(message)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def rebase_moisture(grams: int, from_bp: int, to_bp: int) -> int:
    """What ``grams`` at a moisture of ``from_bp`` weigh at ``to_bp`` (basis points, wet basis).

    Dry matter is kept: w * (100 - m1) / (100 - m2), rounded half to even. ``ValueError`` when a weight is
    negative or a moisture is not from 0 to 9,999.
    """
    if grams < 0 or not 0 <= from_bp < WHOLE_BP or not 0 <= to_bp < WHOLE_BP:
        message = "weights are zero or more grams, moistures from 0 to 9,999 basis points"
        raise ValueError(message)
    return round(Fraction(grams * (WHOLE_BP - from_bp), WHOLE_BP - to_bp))


def _grams_per(unit: str, packaging: Mapping[str, int], density: str | None) -> Fraction:
    if unit in GRAMS_PER_UNIT:
        return GRAMS_PER_UNIT[unit]
    if unit in packaging:
        return Fraction(packaging[unit])
    if unit not in LITRES:
        raise Refused("UNIT_UNKNOWN", unit=_shown(unit))
    if density is None:
        raise Refused("DENSITY_REQUIRED", unit=unit)
    return _number(density) * GRAMS_PER_UNIT["kg"]


def _number(text: str) -> Fraction:
    if len(text) > LONGEST_TEXT or _PLAIN.fullmatch(text) is None:
        raise Refused("QTY_NOT_A_NUMBER", value=_shown(text))
    return Fraction(text)


def _canonical(text: str) -> str:
    whole, _, part = text.lstrip("-").partition(".")
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    plain = f"{whole}.{part}" if part else whole
    return f"-{plain}" if text.startswith("-") and plain != "0" else plain


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else _written(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _written(value: object) -> str:
    return repr(value) if isinstance(value, bool | float | None) else type(value).__name__
