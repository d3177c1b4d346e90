"""The plain values that the rules work on: lots as they stand, and the registry as it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Actor:
    """Who tells an event: an organisation, and the user or key that acts for it."""

    org_id: int
    org_code: str
    name: str  # "user:<id>", "key:<id>" or "system"


@dataclass(slots=True)
class Lot:
    """A lot as it stands. ``key`` is its number inside, ``uid`` its id outside."""

    key: int
    org_id: int  # who made it
    uid: str
    code: str
    kind: str  # "delivery", "receiving", "lot"
    product: str
    owner_id: int
    holder_id: int
    site_id: str | None
    made_at: int
    initial_g: int = 0
    remaining_g: int = 0
    deficit_g: int = 0
    sealed: bool = False
    disposition: str = "available"
    qc: str = "pending"
    grade: str | None = None
    moisture_bp: int | None = None
    farmer: str | None = None
    plot: str | None = None
    harvested_on: str | None = None
    units: int = 0
    unit_code: str | None = None
    transfer_seq: int | None = None
    parties: set[int] = field(default_factory=set)
    claims: dict[str, str] = field(default_factory=dict)

    @property
    def spent_g(self) -> int:
        return self.initial_g - self.remaining_g + self.deficit_g

    def credit(self, grams: int) -> None:
        """Grams are added to the lot; an open deficit is made good first."""
        paid = min(self.deficit_g, grams)
        self.initial_g += grams
        self.deficit_g -= paid
        self.remaining_g += grams - paid

    def debit(self, grams: int) -> None:
        """Grams are drawn. The caller has checked that they are there."""
        assert 0 <= grams <= self.remaining_g
        self.remaining_g -= grams

    def take_back_credit(self, grams: int) -> None:
        """A correction says that these grams never came: what was already spent becomes a deficit."""
        self.initial_g -= grams
        covered = min(self.remaining_g, grams)
        self.remaining_g -= covered
        self.deficit_g += grams - covered

    def take_back_debit(self, grams: int) -> None:
        """A correction says that these grams were never drawn."""
        paid = min(self.deficit_g, grams)
        self.deficit_g -= paid
        self.remaining_g += grams - paid


@dataclass(frozen=True, slots=True)
class Site:
    """A place, the organisation that operates it, and those that may bring goods to it."""

    id: str
    org_id: int
    code: str
    shared_with: frozenset[int] = frozenset()

    def open_to(self, org_id: int) -> bool:
        return org_id == self.org_id or org_id in self.shared_with


@dataclass(frozen=True, slots=True)
class Vessel:
    """A box, rack or dryer."""

    id: str
    site_id: str
    org_id: int
    code: str
    capacity_g: int


@dataclass(slots=True)
class Load:
    """One run of a vessel: what lies in it, from when to when (milliseconds)."""

    seq: int
    uid: str
    org_id: int
    vessel_id: str
    site_id: str
    started_at: int
    contents: dict[int, int]  # lot key -> grams
    ended_at: int | None = None


@dataclass(slots=True)
class Transfer:
    """An offer of custody."""

    seq: int
    id: str
    org_id: int
    to_org_id: int
    ownership: bool
    upstream: bool
    state: str
    lots: tuple[tuple[str, int], ...]  # (uid, grams offered)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """A certificate as the registry knows it: scope and status are dated."""

    id: str
    org_id: int
    scheme: str
    number: str
    valid_from: date
    valid_to: date
    products: frozenset[str]  # product categories
    sites: tuple[tuple[str, date, date | None], ...]  # (site id, from, to)
    statuses: tuple[tuple[date, str], ...]  # from day on, oldest first

    def status_on(self, day: date) -> str:
        """``active``, ``suspended``, ``withdrawn``, ``expired`` or ``not_yet`` on a day."""
        if day > self.valid_to:
            return "expired"
        if day < self.valid_from:
            return "not_yet"
        return dated(self.statuses, day) or "not_yet"

    def covers_site(self, site_id: str, day: date) -> bool:
        return any(
            site == site_id and since <= day and (until is None or day <= until) for site, since, until in self.sites
        )


@dataclass(frozen=True, slots=True)
class PlotFacts:
    """A plot of a farmer: crop, and since when it is under conversion (none: not)."""

    code: str
    crop: str
    conversion_start: date | None
    from_day: date | None = None  # since when the farmer works it; none: always
    to_day: date | None = None  # until when

    def worked_on(self, day: date) -> bool:
        return (self.from_day is None or self.from_day <= day) and (self.to_day is None or day <= self.to_day)


@dataclass(frozen=True, slots=True)
class MembershipFacts:
    """A membership under a certificate, with its dated states."""

    certificate_id: str
    statuses: tuple[tuple[date, str], ...]


@dataclass(frozen=True, slots=True)
class FarmerFacts:
    """A farmer as the registry knows it."""

    code: str
    memberships: tuple[MembershipFacts, ...] = ()
    inspections: tuple[date, ...] = ()  # those that count, oldest first
    plots: tuple[PlotFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Registry:
    """What the registry knows of everything that a batch of events speaks of."""

    sites: Mapping[str, Site] = field(default_factory=dict)
    vessels: Mapping[str, Vessel] = field(default_factory=dict)
    farmers: Mapping[str, FarmerFacts] = field(default_factory=dict)  # of the actor's organisation, by code
    certificates: Mapping[str, CertificateFacts] = field(default_factory=dict)
    organisations: Mapping[str, int] = field(default_factory=dict)  # code -> id


def dated(states: tuple[tuple[date, str], ...], day: date) -> str | None:
    """The state in force on a day: the newest that began on it or before."""
    current = None
    for since, state in states:
        if since > day:
            break
        current = state
    return current
