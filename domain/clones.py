"""Whether a label was copied or a bag filled again: rules with points over who looked at one label, and when.

No rule but one convicts: points are facts to look at. From ``Rules.alert`` points on the owner is told, and the page
states the facts. A scan is coarse (a country, or 0.1 degree where the visitor sent it) and says nothing of a person.

The figures are dated, sourced data: ``profiles/label-rules.toml``. Two of the rules need patience to be fair: whoever
opens a bag looks at its label again (``Rules.after_opening``), and a scanner reads one label twice
(``Rules.same_receipt``).
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, get_args

from domain.profiles import Limit, ProfileMistake, in_force
from domain.toml_lines import line_of, line_of_error

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

ROUGH_KM: Final = 16
"""How far two positions rounded to 0.1 degree may be from where they were, together."""

_EARTH_KM: Final = 6371.0
_DEGREE: Final = 1_000_000

Kind = Literal["public", "typed", "differs", "receipt", "second"]
"""public: the page was asked for; typed: its code was typed; differs: the visitor says that the bag says otherwise;
receipt: it was received in the application; second: it came again though it had been received."""

Rule = Literal[
    "before_applied", "after_opened", "second_receipt", "far_apart", "off_route", "many_devices", "label_differs"
]

RULES: Final[tuple[Rule, ...]] = get_args(Rule)

_UNITS: Final[Mapping[str, int]] = {
    "alert_points": 1,
    "after_opening_hours": HOUR,
    "same_receipt_hours": HOUR,
    "far_km": 1,
    "far_within_hours": HOUR,
    "abroad_within_minutes": MINUTE,
    "devices": 1,
    "devices_within_days": DAY,
    "kept_days": DAY,
}
"""The figures of the file, and what one of each is in ``Rules``."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The figures of one day; times in milliseconds.

    ``alert``: points from which the owner is told. ``kept``: how long a scan is kept. ``after_opening``: a public scan
    so soon after the opening is by whoever opened it. ``same_receipt``: a second receipt by the same organisation
    within this time is the same one, scanned twice.
    """

    points: Mapping[Rule, int]
    alert: int
    after_opening: int
    same_receipt: int
    far_km: int
    far_within: int
    abroad_within: int
    devices: int
    devices_within: int
    kept: int


@dataclass(frozen=True, slots=True)
class RuleBook:
    """``profiles/label-rules.toml``: every figure with its days and sources."""

    points: Mapping[Rule, Sequence[Limit]]
    figures: Mapping[str, Sequence[Limit]]

    def on(self, day: date) -> Rules:
        """The figures in force on a day."""
        held = [in_force(self.figures[name], day).value * unit for name, unit in _UNITS.items()]
        return Rules({rule: in_force(items, day).value for rule, items in self.points.items()}, *held)


def load_rules(text: str, name: str) -> RuleBook:
    """The figures that a TOML text gives; ``name`` is its file name. ``ProfileMistake`` names file, key and line."""
    try:
        top = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileMistake(name, "", f"the file is not TOML: {error}", line_of_error(error, text)) from error
    known = ("points", *_UNITS)
    for key in sorted(top.keys() - set(known)):
        todo = f"remove it or correct its name; known here: {', '.join(known)}"
        raise ProfileMistake(name, key, todo, line_of(text, key))
    points: dict[Rule, list[Limit]] = {rule: [] for rule in RULES}
    for i, table in enumerate(_tables(top, "points", name)):
        rule = table.get("rule")
        if rule not in RULES:
            key = f"points[{i}].rule"
            raise ProfileMistake(name, key, f"write one of these: {', '.join(RULES)}", line_of(text, key))
        more = {field: value for field, value in table.items() if field != "rule"}
        points[rule].append(_limit(more, f"points[{i}]", points[rule], text, name))
    for rule, items in points.items():
        if not items:
            raise ProfileMistake(name, "points", f"say how many points {rule} gives", line_of(text, "points"))
    figures: dict[str, list[Limit]] = {key: [] for key in _UNITS}
    for key, items in figures.items():
        for i, table in enumerate(_tables(top, key, name)):
            items.append(_limit(table, f"{key}[{i}]", items, text, name))
    return RuleBook(points, figures)


def _tables(top: Mapping[str, Any], key: str, name: str) -> list[dict[str, Any]]:
    tables = top.get(key)
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise ProfileMistake(name, key, f"write at least one [[{key}]]")
    return tables


def _limit(table: Mapping[str, Any], key: str, before: Sequence[Limit], text: str, name: str) -> Limit:
    """A dated figure, of another day than those before it."""
    wanted = {"value": int, "valid_from": date, "source": str}
    for field in sorted({*wanted, *table}):
        if field not in wanted or type(table.get(field)) is not wanted[field]:
            todo = "write a whole number as value, a day as valid_from and text as source, and nothing else"
            raise ProfileMistake(name, f"{key}.{field}", todo, line_of(text, f"{key}.{field}"))
    if table["value"] < 1:
        raise ProfileMistake(name, f"{key}.value", "write a number above zero", line_of(text, f"{key}.value"))
    if any(item.valid_from == table["valid_from"] for item in before):
        todo = "two figures hold from this day; give each its own"
        raise ProfileMistake(name, f"{key}.valid_from", todo, line_of(text, f"{key}.valid_from"))
    return Limit(table["value"], table["valid_from"], table["source"])


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody looked at a label. ``at``: UTC milliseconds; positions in micro-degrees; ``visitor``: of one day."""

    at: int
    kind: Kind
    country: str | None = None
    position: tuple[int, int] | None = None  # latitude, longitude
    visitor: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of the unit itself; instants in UTC milliseconds. ``route``: countries where it may be."""

    applied_at: int | None = None
    shipped_at: int | None = None
    received_at: int | None = None
    opened_at: int | None = None
    route: frozenset[str] = frozenset()

    @property
    def out_at(self) -> int | None:
        """The first instant at which the label was on its unit, as far as anybody told."""
        told = [at for at in (self.applied_at, self.shipped_at, self.received_at, self.opened_at) if at is not None]
        return min(told, default=None)


@dataclass(frozen=True, slots=True)
class Fact:
    """A rule that speaks, its points, since when, and the countries it speaks of."""

    rule: Rule
    points: int
    at: int
    countries: tuple[str, ...] = ()


def assess(life: Life, seen: Collection[Sighting], rules: Rules) -> list[Fact]:
    """What the rules in force say of one label, heaviest first. Each rule counts once."""
    ordered = sorted(seen, key=lambda one: one.at)
    public = [one for one in ordered if one.kind in ("public", "typed", "differs")]

    def first(rule: Rule, among: Sequence[Sighting], speaks: Callable[[Sighting], bool]) -> Fact | None:
        for one in among:
            if speaks(one):
                return Fact(rule, rules.points[rule], one.at, () if one.country is None else (one.country,))
        return None

    found = [
        first("before_applied", public, lambda one: life.out_at is None or one.at < life.out_at),
        first("after_opened", public, lambda one: _opened(life, one, rules)),
        first("second_receipt", ordered, lambda one: one.kind == "second"),
        first("label_differs", ordered, lambda one: one.kind == "differs"),
        first("off_route", public, lambda one: bool(life.route) and one.country not in (None, *life.route)),
        _far_apart(ordered, rules),
        _many(public, rules),
    ]
    return sorted((fact for fact in found if fact is not None), key=lambda fact: (-fact.points, fact.rule))


def points(facts: Collection[Fact]) -> int:
    """All points together."""
    return sum(fact.points for fact in facts)


def second_receipt(received_at: int | None, same_organisation: bool, at: int, rules: Rules) -> bool:
    """Whether a unit that was received already came again, and was not only scanned twice."""
    return received_at is not None and (not same_organisation or at - received_at > rules.same_receipt)


def kilometres(one: tuple[int, int], other: tuple[int, int]) -> float:
    """The distance of two positions in micro-degrees, on a sphere."""
    (lat1, lon1), (lat2, lon2) = (
        (math.radians(lat / _DEGREE), math.radians(lon / _DEGREE)) for lat, lon in (one, other)
    )
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def _opened(life: Life, one: Sighting, rules: Rules) -> bool:
    return life.opened_at is not None and one.at > life.opened_at + rules.after_opening


def _far_apart(ordered: Sequence[Sighting], rules: Rules) -> Fact | None:
    """Two places further apart than a unit travels, whatever the rounding; or two countries within a short time."""
    for i, later in enumerate(ordered):
        for earlier in reversed(ordered[:i]):
            apart = later.at - earlier.at
            if apart > rules.far_within:
                break
            far = (
                earlier.position is not None
                and later.position is not None
                and kilometres(earlier.position, later.position) - ROUGH_KM > rules.far_km
            )
            known = earlier.country is not None and later.country is not None
            abroad = known and earlier.country != later.country and apart <= rules.abroad_within
            if far or abroad:
                countries = tuple(one.country for one in (earlier, later) if one.country is not None)
                return Fact("far_apart", rules.points["far_apart"], later.at, countries)
    return None


def _many(public: Sequence[Sighting], rules: Rules) -> Fact | None:
    """More devices than are usual within some days; of one device each day counts, its hash is another the next."""
    for i, one in enumerate(public):
        devices = {
            other.visitor for other in public[: i + 1] if one.at - other.at <= rules.devices_within and other.visitor
        }
        if len(devices) > rules.devices:
            return Fact("many_devices", rules.points["many_devices"], one.at)
    return None
