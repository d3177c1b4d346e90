"""Countries as far as plots are concerned: their names, and the box of positions that holds each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.profiles import Names, _once, _Table, _whole, in_force

LONGITUDES: Final = (-180_000_000, 180_000_000)
LATITUDES: Final = (-90_000_000, 90_000_000)
"""Where positions may lie, in micro-degrees."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The latitudes and longitudes between which a country lies, in micro-degrees (WGS 84)."""

    south: int
    north: int
    west: int
    east: int
    valid_from: date
    source: str

    def hold(self, longitude: int, latitude: int) -> bool:
        """Whether a position lies within, the edges included."""
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north


@dataclass(frozen=True, slots=True)
class Country:
    """A country by its ISO 3166 alpha-2 code."""

    id: str
    name: Names
    bounds: tuple[Bounds, ...]

    def bounds_at(self, on: date) -> Bounds:
        """The box in force on a day; before the first, the first."""
        return in_force(self.bounds, on)


def load_country(text: str, name: str) -> Country:
    """The country that a TOML text describes; ``name`` is its file name. Raises ``ProfileMistake``."""
    top = _Table.parse(text, name)
    country = Country(top.text("id"), top.names("name"), tuple(_whole(one, _bounds) for one in top.tables("bounds")))
    top.end()
    if len(country.id) != 2 or not country.id.isascii() or not country.id.isupper():  # noqa: PLR2004 - alpha-2
        raise top.mistake("id", "write the two capital letters of ISO 3166, for example LR")
    _once([one.valid_from.isoformat() for one in country.bounds], name, "bounds")
    return country


def _bounds(table: _Table) -> Bounds:
    return Bounds(
        *_between(table, "south", "north", LATITUDES),
        *_between(table, "west", "east", LONGITUDES),
        valid_from=table.day("valid_from"),
        source=table.text("source"),
    )


def _between(table: _Table, low: str, high: str, most: tuple[int, int]) -> tuple[int, int]:
    """Two edges of the box, the lower first. A box may not pass the antimeridian."""
    first, last = table.integer(low, least=most[0]), table.integer(high, least=most[0])
    if last > most[1]:
        raise table.mistake(high, f"write micro-degrees, at most {most[1]}")
    if first >= last:
        raise table.mistake(low, f"write less than {high}")
    return first, last
