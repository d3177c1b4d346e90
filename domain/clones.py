"""Whether a label was copied or a bag filled again: rules with points over who looked at one label, and when.

No rule but one convicts: points are facts to look at. ``ALERT`` points tell the owner, and the page states the facts.
A scan is coarse (a country, or 0.1 degree where the visitor sent it) and says nothing of a person.

Two of the rules need patience to be fair: whoever opens a bag looks at its label again (``AFTER_OPENING``), and a
scanner reads one label twice (``SAME_RECEIPT``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

ALERT: Final = 60
"""Points from which the owner is told."""

KEPT: Final = 90 * DAY
"""How long a scan is kept."""

AFTER_OPENING: Final = DAY
"""A public scan so soon after the opening is by whoever opened it."""

SAME_RECEIPT: Final = DAY
"""A second receipt by the same organisation within this time is the same one, scanned twice."""

FAR_KM: Final = 900
FAR_WITHIN: Final = DAY
ROUGH_KM: Final = 16
"""How far two positions rounded to 0.1 degree may be from where they were, together."""

ABROAD_WITHIN: Final = HOUR
DEVICES: Final = 30
DEVICES_WITHIN: Final = 7 * DAY
_EARTH_KM: Final = 6371.0
_DEGREE: Final = 1_000_000

Kind = Literal["public", "typed", "differs", "receipt", "second"]
"""public: the page was asked for; typed: its code was typed; differs: the visitor says that the bag says otherwise;
receipt: it was received in the application; second: it came again though it had been received."""

Rule = Literal[
    "before_applied", "after_opened", "second_receipt", "far_apart", "off_route", "many_devices", "label_differs"
]

POINTS: Final[dict[Rule, int]] = {
    "before_applied": 20,
    "after_opened": 80,
    "second_receipt": 100,
    "far_apart": 40,
    "off_route": 30,
    "many_devices": 20,
    "label_differs": 50,
}


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


def assess(life: Life, seen: Collection[Sighting]) -> list[Fact]:
    """What the rules say of one label, heaviest first. Each rule counts once."""
    ordered = sorted(seen, key=lambda one: one.at)
    public = [one for one in ordered if one.kind in ("public", "typed", "differs")]
    found = [
        _first("before_applied", public, lambda one: life.out_at is None or one.at < life.out_at),
        _first("after_opened", public, lambda one: _opened(life, one)),
        _first("second_receipt", ordered, lambda one: one.kind == "second"),
        _first("label_differs", ordered, lambda one: one.kind == "differs"),
        _first("off_route", public, lambda one: bool(life.route) and one.country not in (None, *life.route)),
        _far_apart(ordered),
        _many(public),
    ]
    return sorted((fact for fact in found if fact is not None), key=lambda fact: (-fact.points, fact.rule))


def points(facts: Collection[Fact]) -> int:
    """All points together."""
    return sum(fact.points for fact in facts)


def second_receipt(received_at: int | None, same_organisation: bool, at: int) -> bool:
    """Whether a unit that was received already came again, and was not only scanned twice."""
    return received_at is not None and (not same_organisation or at - received_at > SAME_RECEIPT)


def kilometres(one: tuple[int, int], other: tuple[int, int]) -> float:
    """The distance of two positions in micro-degrees, on a sphere."""
    (lat1, lon1), (lat2, lon2) = (
        (math.radians(lat / _DEGREE), math.radians(lon / _DEGREE)) for lat, lon in (one, other)
    )
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def _opened(life: Life, one: Sighting) -> bool:
    return life.opened_at is not None and one.at > life.opened_at + AFTER_OPENING


def _first(rule: Rule, seen: Sequence[Sighting], speaks: Callable[[Sighting], bool]) -> Fact | None:
    for one in seen:
        if speaks(one):
            return Fact(rule, POINTS[rule], one.at, () if one.country is None else (one.country,))
    return None


def _far_apart(ordered: Sequence[Sighting]) -> Fact | None:
    """Two places more than 900 km apart, whatever the rounding, within a day; or two countries within an hour."""
    for i, later in enumerate(ordered):
        for earlier in reversed(ordered[:i]):
            apart = later.at - earlier.at
            if apart > FAR_WITHIN:
                break
            far = (
                earlier.position is not None
                and later.position is not None
                and kilometres(earlier.position, later.position) - ROUGH_KM > FAR_KM
            )
            known = earlier.country is not None and later.country is not None
            abroad = known and earlier.country != later.country and apart <= ABROAD_WITHIN
            if far or abroad:
                countries = tuple(one.country for one in (earlier, later) if one.country is not None)
                return Fact("far_apart", POINTS["far_apart"], later.at, countries)
    return None


def _many(public: Sequence[Sighting]) -> Fact | None:
    """More than 30 devices within seven days; of one device a day counts each, its hash is another the next."""
    for i, one in enumerate(public):
        devices = {other.visitor for other in public[: i + 1] if one.at - other.at <= DEVICES_WITHIN and other.visitor}
        if len(devices) > DEVICES:
            return Fact("many_devices", POINTS["many_devices"], one.at)
    return None
