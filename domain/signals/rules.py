"""The figures of the signals: dated data with their source, read from ``profiles/signals.toml``.

A pattern measures one figure. At ``low`` it scores 0, at ``high`` 1000, in between in proportion; ``low`` may lie
above ``high`` where less stands out more. ``params`` are the further figures that the pattern needs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from domain.profiles import ProfileMistake, in_force
from domain.signals.catalogue import CATALOGUE
from domain.signals.values import Signal

FULL = 1000
ANYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """The figures of one pattern from a day on."""

    code: str
    low: int
    high: int
    params: Mapping[str, int]
    valid_from: date
    source: str

    def __getitem__(self, name: str) -> int:
        return self.params[name]

    def strength(self, measure: int) -> int:
        """0 at ``low``, 1000 at ``high``, in proportion before, between and beyond."""
        return FULL * (measure - self.low) // (self.high - self.low)

    def signal(
        self, kind: str, subject: str, measure: int, others: tuple[str, ...] = (), **evidence: str | int
    ) -> Signal | None:
        """The signal of a measure; none where it scores nothing."""
        strength = self.strength(measure)
        if strength <= 0:
            return None
        CATALOGUE[self.code].check(self.code, evidence)
        return Signal(self.code, kind, subject, min(FULL, strength), evidence, others, strength)


@dataclass(frozen=True, slots=True)
class Yields:
    """Grams of a product per hectare: the top of the usual range, and what alarms."""

    commodity: str
    country: str
    product: str
    top_g: int
    alarm_g: int
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class Hours:
    """When sites of a country take goods, in minutes of the local day, and its clock."""

    country: str
    offset_min: int
    opens_min: int
    closes_min: int
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class Harvest:
    """The days of the year ("MM-DD") between which a crop is harvested."""

    commodity: str
    country: str
    first: str
    last: str
    valid_from: date
    source: str

    def holds(self, day: date) -> bool:
        """Whether a day lies within; the window may pass the turn of the year."""
        told = f"{day.month:02}-{day.day:02}"
        if self.first <= self.last:
            return self.first <= told <= self.last
        return told >= self.first or told <= self.last


@dataclass(frozen=True, slots=True)
class Settings:
    """From which score a signal is listed, and by how much an explained one must grow to be open again.

    A pattern that more than ``common_bp`` of its subjects show, and at least ``common_least`` of them, says something
    of the records as a whole and is stated once.
    """

    listed_from: int
    reopened_by: int
    common_bp: int
    common_least: int
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class Rules:
    """All figures, dated."""

    settings: tuple[Settings, ...]
    patterns: Mapping[str, tuple[Rule, ...]]
    yields: tuple[Yields, ...]
    hours: tuple[Hours, ...]
    harvests: tuple[Harvest, ...]

    def settings_at(self, on: date) -> Settings:
        return in_force(self.settings, on)

    def rule(self, code: str, on: date) -> Rule:
        """The figures of a pattern in force on a day."""
        return in_force(self.patterns[code], on)

    def yields_at(self, commodity: str, country: str, on: date) -> Yields | None:
        """Yields of a commodity in a country, else anywhere; none where nobody says."""
        return _placed(self.yields, commodity, country, on)

    def harvest_at(self, commodity: str, country: str, on: date) -> Harvest | None:
        """The harvest of a commodity in a country; none where nobody says."""
        return _placed(self.harvests, commodity, country, on)

    def hours_at(self, country: str, on: date) -> Hours:
        """Opening hours and clock of a country, else the usual ones."""
        own = [one for one in self.hours if one.country == country]
        return in_force(own or [one for one in self.hours if one.country == ANYWHERE], on)


P = TypeVar("P", Yields, Harvest)


def _placed(items: tuple[P, ...], commodity: str, country: str, on: date) -> P | None:
    of = [one for one in items if one.commodity == commodity]
    own = [one for one in of if one.country == country] or [one for one in of if one.country == ANYWHERE]
    return in_force(own, on) if own else None


# --- reading ---


def load_rules(text: str, name: str) -> Rules:
    """The figures of a TOML text; ``name`` is its file name. Raises ``ProfileMistake``."""
    try:
        top = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileMistake(name, "", f"not TOML: {error}") from None
    patterns: dict[str, list[Rule]] = {}
    for i, table in enumerate(_tables(top, "patterns", name)):
        where = f"patterns[{i}]"
        rule = Rule(
            **_fields(table, name, where, code=str, low=int, high=int, valid_from=date, source=str, params=dict)
        )
        known = CATALOGUE.get(rule.code)
        if known is None or rule.code == "common":
            raise ProfileMistake(name, f"{where}.code", f"“{rule.code}” is not a pattern of this release")
        if rule.low == rule.high:
            raise ProfileMistake(name, f"{where}.high", "write another figure than low")
        if rule.params.keys() != set(known.figures):
            wanted = ", ".join(known.figures) or "none"
            raise ProfileMistake(name, f"{where}.params", f"{rule.code} takes these figures: {wanted}")
        patterns.setdefault(rule.code, []).append(rule)
    missing = sorted(CATALOGUE.keys() - patterns.keys() - {"common"})
    if missing:
        raise ProfileMistake(name, "patterns", f"add the figures of {', '.join(missing)}")
    place: dict[str, type] = {"commodity": str, "country": str, "valid_from": date, "source": str}
    rules = Rules(
        settings=tuple(
            Settings(
                **_fields(
                    table,
                    name,
                    f"settings[{i}]",
                    listed_from=int,
                    reopened_by=int,
                    common_bp=int,
                    common_least=int,
                    valid_from=date,
                    source=str,
                )
            )
            for i, table in enumerate(_tables(top, "settings", name))
        ),
        patterns={code: tuple(some) for code, some in patterns.items()},
        yields=tuple(
            Yields(**_fields(table, name, f"yields[{i}]", **place, product=str, top_g=int, alarm_g=int))
            for i, table in enumerate(_tables(top, "yields", name))
        ),
        hours=tuple(
            Hours(
                **_fields(
                    table,
                    name,
                    f"hours[{i}]",
                    country=str,
                    offset_min=int,
                    opens_min=int,
                    closes_min=int,
                    valid_from=date,
                    source=str,
                )
            )
            for i, table in enumerate(_tables(top, "hours", name))
        ),
        harvests=tuple(
            Harvest(**_fields(table, name, f"harvests[{i}]", **place, first=str, last=str))
            for i, table in enumerate(_tables(top, "harvests", name))
        ),
    )
    if not any(one.country == ANYWHERE for one in rules.hours):
        raise ProfileMistake(name, "hours", 'add the hours of country "*": they hold where a country has none')
    for i, one in enumerate(rules.yields):
        if one.alarm_g <= one.top_g:
            raise ProfileMistake(name, f"yields[{i}].alarm_g", "write more than top_g")
    return rules


def _tables(top: Mapping[str, Any], key: str, name: str) -> list[dict[str, Any]]:
    found = top.get(key)
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise ProfileMistake(name, key, f"write at least one [[{key}]]")
    return found


def _fields(table: Mapping[str, Any], name: str, where: str, **wanted: type) -> dict[str, Any]:
    given = dict(table)
    if wanted.get("params") is dict:
        given.setdefault("params", {})
    for key in sorted(given.keys() - wanted.keys()):
        raise ProfileMistake(name, f"{where}.{key}", "not known here; leave it out")
    for key, kind in wanted.items():
        if key not in given:
            raise ProfileMistake(name, f"{where}.{key}", "is missing")
        if type(given[key]) is not kind:
            named = {int: "a whole number", str: "text in quotes", date: "a day such as 2022-01-01", dict: "a table"}
            raise ProfileMistake(name, f"{where}.{key}", f"write {named[kind]}")
    for key, value in given.get("params", {}).items():
        if type(value) is not int:
            raise ProfileMistake(name, f"{where}.params.{key}", "write a whole number")
    return given
