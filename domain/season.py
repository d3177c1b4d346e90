"""Seasons: the year of a harvest, named as people name it, and the days that it spans.

A season that begins on 1 January is a plain year, ``2025``; any other spans two, ``2024/25``.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

SEASON: Final = re.compile(r"^([0-9]{4})(?:/([0-9]{2}))?$")
"""How a season is written."""


def _start(year: int, starts: str) -> date:
    return date(year, int(starts[:2]), int(starts[3:]))


def season_of(day: date, starts: str) -> str:
    """The season that a day belongs to; ``starts`` is the first day, "MM-DD"."""
    year = day.year if day >= _start(day.year, starts) else day.year - 1
    return str(year) if starts == "01-01" else f"{year}/{(year + 1) % 100:02}"


def days_of(season: str, starts: str) -> tuple[date, date]:
    """First and last day of a season. A season that is not written so is a ``ValueError``."""
    found = SEASON.match(season)
    if found is None or (found[2] is not None and (int(found[1]) + 1) % 100 != int(found[2])):
        message = f"“{season}” is not a season: write 2024/25, or 2025 where it begins in January"
        raise ValueError(message)
    first = _start(int(found[1]), starts)
    return first, _start(first.year + 1, starts) - timedelta(days=1)


def following(season: str) -> str:
    """The season after."""
    year = int(season[:4]) + 1
    return f"{year}/{(year + 1) % 100:02}" if "/" in season else str(year)
