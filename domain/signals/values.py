"""What the scorers see: a season of one organisation as plain values, just as the ledger holds it.

Grams, square metres, basis points, UTC milliseconds. Persons are codes; a phone or a paper is a digest, so that two
can be told to be the same without being known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TypeVar

from domain.signals.figures import middle_of

T = TypeVar("T")
DAY = 86_400_000
HOUR = 3_600_000
MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """Goods of a farmer on a scale. ``equivalent_g``: the same in the product that estimates and yields speak of.

    ``at`` is when it happened, ``received`` when the ledger was told; ``clerk`` is who told it.
    """

    id: str
    farmer: str
    site: str
    grams: int
    equivalent_g: int
    at: int
    received: int
    clerk: str
    product: str = ""
    plot: str | None = None
    scale: str | None = None
    receipt: str | None = None
    harvested_on: date | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A farmer. ``unit``: village or section; ``certified_until``: the day on which certificate or membership ends."""

    code: str
    area_m2: int
    estimate_g: int | None = None
    unit: str | None = None
    phone: str | None = None
    identity: str | None = None
    registered: date | None = None
    certified_until: date | None = None


@dataclass(frozen=True, slots=True)
class Plot:
    """A field. ``shape``: a digest of its outline wherever it lies; none for a point."""

    code: str
    farmer: str
    area_m2: int
    measured_m2: int | None = None
    shape: str | None = None
    position: tuple[int, int] | None = None  # longitude, latitude in micro-degrees
    conversion_start: date | None = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two plots that cover each other: the part of the smaller one, in basis points."""

    first: str
    second: str
    share_bp: int


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo filed with a farmer: the digest of its bytes."""

    digest: str
    farmer: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """An internal inspection. ``answers``: a digest of the answers as a whole; ``recorded``: when it was told."""

    id: str
    inspector: str
    farmer: str
    day: date
    valid: bool = True
    minutes: int | None = None
    answers: str | None = None
    recorded: int | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """A version of a harvest estimate."""

    farmer: str
    number: int
    grams: int
    recorded: int


@dataclass(frozen=True, slots=True)
class Correction:
    """A clerk put another weight in the place of one told before."""

    clerk: str
    farmer: str
    at: int
    before_g: int
    after_g: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One process run: what went in, what came out; moistures in basis points where they were measured."""

    lot: str
    site: str
    process: str
    input_g: int
    output_g: int
    at: int
    input_moisture_bp: int | None = None
    output_moisture_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A quality check of a lot; moisture and its limit in basis points where it was measured."""

    lot: str
    site: str
    at: int
    passed: bool
    moisture_bp: int | None = None
    limit_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that asks for a look: pattern, subject, score from 0 to 1000, and the figures behind it.

    ``others`` are further codes of the same kind that it is about, such as all who share a telephone. ``strength`` is
    the score as it would be without an end at 1000.
    """

    pattern: str
    kind: str
    subject: str
    score: int
    evidence: Mapping[str, str | int] = field(hash=False)
    others: tuple[str, ...] = ()
    strength: int = 0


@dataclass(frozen=True)
class Season:
    """All records of a season of one organisation and one commodity.

    ``product`` is what ``equivalent_g`` and estimates speak of; ``offset_min`` is local time of the country less UTC.
    """

    code: str
    first: date
    last: date
    commodity: str
    country: str
    deliveries: Sequence[Delivery] = ()
    members: Sequence[Member] = ()
    plots: Sequence[Plot] = ()
    overlaps: Sequence[Overlap] = ()
    photos: Sequence[Photo] = ()
    inspections: Sequence[Inspection] = ()
    revisions: Sequence[Revision] = ()
    corrections: Sequence[Correction] = ()
    batches: Sequence[Batch] = ()
    checks: Sequence[Check] = ()
    offset_min: int = 0
    product: str = ""

    def local(self, at: int) -> datetime:
        """An instant by the clock of the country."""
        return datetime.fromtimestamp(at // 1000, UTC) + timedelta(minutes=self.offset_min)

    def day(self, at: int) -> date:
        """The local day of an instant."""
        return self.local(at).date()

    @cached_property
    def member(self) -> dict[str, Member]:
        return {one.code: one for one in self.members}

    @cached_property
    def plot(self) -> dict[str, Plot]:
        return {one.code: one for one in self.plots}

    @cached_property
    def in_order(self) -> list[Delivery]:
        """Deliveries in the order in which they happened."""
        return sorted(self.deliveries, key=lambda one: (one.at, one.id))

    @cached_property
    def by_farmer(self) -> dict[str, list[Delivery]]:
        return grouped(self.in_order, lambda one: one.farmer)

    @cached_property
    def by_clerk(self) -> dict[str, list[Delivery]]:
        return grouped(self.in_order, lambda one: one.clerk)

    @cached_property
    def by_site(self) -> dict[str, list[Delivery]]:
        return grouped(self.in_order, lambda one: one.site)

    @cached_property
    def by_scale(self) -> dict[tuple[str, str], list[Delivery]]:
        """By scale, or by site where it is not known which scale it was: (kind of subject, code)."""
        return grouped(
            self.in_order, lambda one: ("instrument", one.scale) if one.scale is not None else ("site", one.site)
        )

    @cached_property
    def delivered_g(self) -> dict[str, int]:
        """What each farmer brought, in the product of the estimate."""
        return {farmer: sum(one.equivalent_g for one in some) for farmer, some in self.by_farmer.items()}

    @cached_property
    def places(self) -> dict[str, tuple[int, int]]:
        """Where each site lies: in the middle of the plots whose farmers bring goods to it."""
        at: dict[str, list[tuple[int, int]]] = defaultdict(list)
        known: dict[str, tuple[int, int]] = {}
        for plot in self.plots:
            if plot.position is not None:
                known.setdefault(plot.farmer, plot.position)
        for site, some in self.by_site.items():
            at[site] = [known[farmer] for farmer in sorted({one.farmer for one in some}) if farmer in known]
        return {
            site: (middle_of(one[0] for one in some), middle_of(one[1] for one in some))
            for site, some in at.items()
            if some
        }

    @cached_property
    def peers(self) -> dict[str, list[str]]:
        """The farmers of each unit who brought goods."""
        return grouped([one for one in sorted(self.delivered_g) if one in self.member], self.unit_of)

    def unit_of(self, farmer: str) -> str:
        """The unit of a farmer; empty where none is known."""
        found = self.member.get(farmer)
        return (found.unit if found else None) or ""


K = TypeVar("K")


def grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Items by a key, each group and the groups in the order of the items."""
    found: dict[K, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found
