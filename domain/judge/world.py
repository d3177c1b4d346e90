"""Everything that a judgement may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from domain import events as told
from domain.book import Book
from domain.profiles import Commodity, Product, Scheme
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.units import Register
from domain.values import Actor, CatchSpent, Load, Registry


@dataclass(slots=True)
class Profiles:
    """The commodities and schemes that this deployment knows."""

    commodities: Mapping[str, Commodity]
    schemes: Mapping[str, Scheme]
    register: Register = field(default_factory=lambda: Register({}, ()))  # of labels
    _products: dict[str, tuple[Commodity, Product]] = field(default_factory=dict)
    _rejecting: frozenset[str] = frozenset()
    _waiting: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for commodity in self.commodities.values():
            for product in commodity.products.values():
                self._products[product.code] = (commodity, product)
        rejecting = {
            item.test
            for commodity in self.commodities.values()
            for item in commodity.specifications
            if item.severity == "reject"
        }
        lowering = {item.test for commodity in self.commodities.values() for item in commodity.consequences}
        self._rejecting = frozenset(rejecting | lowering)
        self._waiting = frozenset(
            step
            for commodity in self.commodities.values()
            for before in (
                *(due.before for due in commodity.due),
                *(checklist.before for checklist in commodity.checklists.values()),
            )
            for step in before
        )

    @property
    def rejecting(self) -> frozenset[str]:
        """Tests whose failure rejects a lot, or takes its claim, and so reaches what was made from it."""
        return self._rejecting

    @property
    def waiting(self) -> frozenset[str]:
        """Event types before which some profile asks for tests or checklists."""
        return self._waiting

    def commodity_of(self, product: str) -> Commodity | None:
        """The commodity of a product; none where no profile knows it."""
        known = self._products.get(product)
        return known[0] if known else None

    def product(self, code: str) -> tuple[Commodity, Product]:
        try:
            return self._products[code]
        except KeyError:
            raise Refused("PRODUCT_UNKNOWN", product=code) from None


@dataclass(slots=True)
class World:
    """Everything that a judgement may look at."""

    book: Book
    registry: Registry
    profiles: Profiles
    actor: Actor
    now: int  # UTC milliseconds
    taken_codes: set[str] = field(default_factory=set)  # lot codes of the actor's organisation
    taken_lots: set[str] = field(default_factory=set)  # lot ids of the actor's organisation
    vessel_runs: dict[str, list[Load]] = field(default_factory=dict)
    remade: set[str] = field(default_factory=set)  # lots that a correction makes again
    correcting: bool = False  # what is only short after a correction may be drawn, to put it right
    original: Callable[[str], tuple[told.AnyEvent, Ruling, int, bool] | None] = lambda _id: None
    """The event of the actor's organisation with an id: the event, its ruling, its number, whether it is voided."""
    delivered: dict[tuple[str, str, str], dict[str, int]] = field(default_factory=dict)
    """(farmer, scheme, season) -> product -> grams delivered with a claim, corrected events left out."""
    run_claims: dict[str, dict[str, str]] = field(default_factory=dict)
    """What earlier runs of a vessel carried: load -> scheme -> lowest value."""
    line_before: Callable[[str, int], Run | None] = lambda _site, _at: None
    """The last transformation at a site, before an instant, that named no vessel."""
    cleanings: Callable[[str, str | None, int, int], list[tuple[int, int]]] = lambda _site, _vessel, _from, _to: []
    """Cleanings of a site's vessel (or line) between two instants: when they were done, and when told."""
    results: Callable[[int], list[tuple[str, str, str]]] = lambda _lot: []
    """The last values measured on a lot (by key) and on all that it was made from: product, test, value."""
    expiring_before: Callable[[int, str], tuple[str, str] | None] = lambda _lot, _day: None
    """A lot of the same goods and owner in stock that expires before a lot (by key) does, but not before a day."""
    makers: Callable[[int], set[str]] = lambda _lot: set()
    """Who told the events that made a lot (by key)."""
    check_of: Callable[[str, int], int | None] = lambda _event, _lot: None
    """The number of the check that an event (by id) made of a lot (by key)."""
    attached: Callable[[int, str], bool] = lambda _lot, _sha256: False
    """Whether the actor's organisation attached a paper with a digest to a lot (by key) before."""
    ruling_at: Callable[[int], Ruling] = lambda _seq: Ruling()
    gone_g: Callable[[int], int] = lambda _lot: 0
    """Grams of a lot (by key) that went into other lots or were lost: on no certificate any more."""
    shipped_g: Callable[[int], int] = lambda _lot: 0
    """Grams of a lot (by key) that left and did not come back."""
    rulings_of: Callable[[int], list[Ruling]] = lambda _lot: []
    """The rulings of the events that made a lot (by key)."""
    unfit: Callable[[str, str | None, int, int], list[tuple[str, str]]] = lambda _site, _vessel, _from, _to: []
    """Checklists of a site's vessel (or of the site) that stood failed at an instant, or failed until another: its code
    and critical points."""
    made_meanwhile: Callable[[str, str | None, str, int], list[str]] = lambda _site, _vessel, _checklist, _at: []
    """Ids of the lots made at a site (in a vessel) from an instant until a checklist was passed again."""
    claimed_g: Callable[[int, str, str], int] = lambda _lot, _scheme, _value: 0
    """Under a mass balance: grams of a lot (by key) that may still leave with a value."""
    catch_behind: Callable[[int, int, str], list[CatchSpent]] = lambda _lot, _grams, _scheme: []
    """The landings behind so many grams of a lot (by key): their catch, and what their certificates have left."""
    unit_codes: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Codes of units that the events at hand name: the lot (by key), the number, and the run that made the code."""
    shipped_to_me: Callable[[int], list[frozenset[int] | None]] = lambda _lot: []
    """Shipments of a lot (by key) to the actor: the units that each named; none: it named no units."""
    origins: Callable[[set[int]], int] = lambda _lots: 1
    """How many farmers the goods of some lots (by key) come from."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that ended: when, and the lowest value that its goods carried, by scheme."""

    ended_at: int
    claims: Mapping[str, str]
