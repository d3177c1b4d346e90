"""The plain values that the rules work on: lots as they stand, and the registry as it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta


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
    expires_on: str | None = None  # the last day of use
    certified_seq: int | None = None  # the event by which its batch was certified
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
    products: tuple[tuple[str, date | None, date | None], ...]  # (category, from, to); none: as long as it is valid
    sites: tuple[tuple[str, date, date | None], ...]  # (site id, from, to)
    statuses: tuple[tuple[date, str], ...]  # from day on, oldest first
    zone: str | None = None  # delimited zone of a geographical indication

    def status_on(self, day: date, grace_days: int = 0) -> str:
        """``active``, ``suspended``, ``withdrawn``, ``expired`` or ``not_yet`` on a day."""
        if day > self.valid_to + timedelta(days=grace_days):
            return "expired"
        if day < self.valid_from:
            return "not_yet"
        return dated(self.statuses, day) or "not_yet"

    def covers_product(self, category: str, day: date) -> bool:
        return any(
            known == category and (since is None or since <= day) and (until is None or day <= until)
            for known, since, until in self.products
        )

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
    area_m2: int = 0
    located: str | None = None  # "Point" or "Polygon"; none: no geometry
    precise: bool = True  # told with as many decimals as the law asks for
    cleared_on: date | None = None  # forest cleared
    zone: str | None = None

    def worked_on(self, day: date) -> bool:
        return (self.from_day is None or self.from_day <= day) and (self.to_day is None or day <= self.to_day)


@dataclass(frozen=True, slots=True)
class MembershipFacts:
    """A membership under a certificate, with its dated states."""

    certificate_id: str
    statuses: tuple[tuple[date, str], ...]


@dataclass(frozen=True, slots=True)
class EstimateFacts:
    """What a farmer is expected to harvest of a product in a season; ``signed`` by the ICS manager."""

    season: str
    product: str
    grams: int
    signed: bool = False


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """A licence of a producer, such as to fish, and the days on which it is valid."""

    kind: str
    number: str
    valid_from: date
    valid_to: date

    def valid_on(self, day: date) -> bool:
        return self.valid_from <= day <= self.valid_to


@dataclass(frozen=True, slots=True)
class FarmerFacts:
    """A farmer as the registry knows it."""

    code: str
    memberships: tuple[MembershipFacts, ...] = ()
    inspections: tuple[date, ...] = ()  # those that count, oldest first
    plots: tuple[PlotFacts, ...] = ()
    estimates: tuple[EstimateFacts, ...] = ()
    licences: tuple[LicenceFacts, ...] = ()

    def unlicensed(self, kind: str, since: date, until: date) -> date | None:
        """The first of some days on which no licence of a kind is valid; none: there is none."""
        day = since
        while day <= until:
            held = max(
                (item.valid_to for item in self.licences if item.kind == kind and item.valid_on(day)), default=None
            )
            if held is None:
                return day
            day = held + timedelta(days=1)
        return None

    def estimate(self, season: str, products: Iterable[str]) -> EstimateFacts | None:
        """The estimate of a season for any of the products of a commodity."""
        known = set(products)
        return next((held for held in self.estimates if held.season == season and held.product in known), None)


@dataclass(frozen=True, slots=True)
class Setting:
    """How an organisation applies a scheme from a day on, where the scheme leaves the choice."""

    scheme: str
    from_day: date
    claimed: bool = False  # judged at deliveries even without a certificate
    strict: bool = False
    over_delivery: str | None = None  # "hold" or "observe"


@dataclass(frozen=True, slots=True)
class InstrumentFacts:
    """A scale or meter, and from when to when it was calibrated."""

    id: str
    code: str
    spans: tuple[tuple[date, date], ...] = ()

    def calibrated_on(self, day: date) -> bool:
        return any(since <= day <= until for since, until in self.spans)

    def calibrated_until(self, day: date) -> date | None:
        """The last day of the newest calibration that began by a day."""
        return max((until for since, until in self.spans if since <= day), default=None)


@dataclass(frozen=True, slots=True)
class CatchSpent:
    """A landing behind a product, in grams of fish landed.

    ``spent_g``: what the product takes of it. ``left_g``: of its catch certificates after the processing statements.
    """

    code: str
    spent_g: int
    left_g: int


@dataclass(frozen=True, slots=True)
class Registry:
    """What the registry knows of everything that a batch of events speaks of."""

    sites: Mapping[str, Site] = field(default_factory=dict)
    vessels: Mapping[str, Vessel] = field(default_factory=dict)
    farmers: Mapping[str, FarmerFacts] = field(default_factory=dict)  # of the actor's organisation, by code
    certificates: Mapping[str, CertificateFacts] = field(default_factory=dict)
    organisations: Mapping[str, int] = field(default_factory=dict)  # code -> id
    instruments: Mapping[str, InstrumentFacts] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()  # of the actor's organisation, oldest first

    def setting(self, scheme: str, day: date) -> Setting | None:
        """How the actor's organisation applies a scheme on a day; none: as the scheme says."""
        held = [item for item in self.settings if item.scheme == scheme and item.from_day <= day]
        return held[-1] if held else None


def dated(states: tuple[tuple[date, str], ...], day: date) -> str | None:
    """The state in force on a day: the newest that began on it or before."""
    current = None
    for since, state in states:
        if since > day:
            break
        current = state
    return current
