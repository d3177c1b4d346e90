"""Shared facilities around the ledger: slots of vessels, fees and cost shares, how well vessels are used, what is lost.

Pure functions over plain values: times are UTC milliseconds, weights grams, money minor units, shares basis points.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from domain.prices import cost
from domain.profiles import add_months
from domain.quantity import WHOLE_BP, proportion

# --- slots ---


@dataclass(frozen=True, slots=True)
class Slot:
    """A time from an instant on, until before another."""

    since: int
    until: int

    def meets(self, other: Slot) -> bool:
        """Whether the two have an instant in common; one that begins when the other ends does not."""
        return self.since < other.until and other.since < self.until

    def within(self, other: Slot) -> int:
        """Milliseconds that lie in another slot too."""
        return max(0, min(self.until, other.until) - max(self.since, other.since))


def taken(wanted: Slot, booked: Iterable[Slot]) -> Slot | None:
    """The first slot that is in the way; none: the time is free."""
    return min((one for one in booked if one.meets(wanted)), key=lambda one: one.since, default=None)


# --- what it costs ---


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a site asks from a day on.

    The fee is minor units a tonne loaded. Of its capital cost the users bear ``users_share_bp``, spread evenly over the
    days of ``spread_months``; none: once, on the first day. A later tariff ends the fee, not the spread.
    """

    from_day: date
    currency: str
    fee_per_tonne: int
    capital_minor: int = 0
    users_share_bp: int = 0
    spread_months: int | None = None

    @property
    def users_minor(self) -> int:
        """The part of the capital cost that the users bear, rounded half to even."""
        return round(Fraction(self.capital_minor * self.users_share_bp, WHOLE_BP))

    @property
    def others_minor(self) -> int:
        """What somebody else bears: a project, a grant."""
        return self.capital_minor - self.users_minor

    def due(self, first: date, last: date) -> int:
        """The users' part that falls due from a day to a day. Periods that follow each other sum to the whole."""
        return self._due_before(last + timedelta(days=1)) - self._due_before(first)

    def _due_before(self, day: date) -> int:
        if self.spread_months is None:
            return self.users_minor if day > self.from_day else 0
        days = (add_months(self.from_day, self.spread_months) - self.from_day).days
        return self.users_minor * min(max(0, (day - self.from_day).days), days) // days


@dataclass(frozen=True, slots=True)
class Handled:
    """Grams of an organisation that were loaded on a day."""

    organisation: str
    day: date
    grams: int


@dataclass(frozen=True, slots=True)
class CostShare:
    """What an organisation owes for a period in a currency: its fee, and its part of the capital cost by weight."""

    organisation: str
    currency: str
    grams: int
    fee_minor: int
    capital_minor: int

    @property
    def total_minor(self) -> int:
        return self.fee_minor + self.capital_minor


def tariff_on(tariffs: Iterable[Tariff], day: date) -> Tariff | None:
    """The tariff whose fee holds on a day; none: nothing is asked yet."""
    return max((one for one in tariffs if one.from_day <= day), key=lambda one: one.from_day, default=None)


def cost_shares(handled: Sequence[Handled], tariffs: Sequence[Tariff], first: date, last: date) -> list[CostShare]:
    """What each organisation owes from a day to a day, by currency.

    A fee is that of the day of loading, and rounded once (half to even) for an organisation and currency. The capital
    cost that falls due is shared by all grams of the period, to the minor unit; nothing loaded: nobody owes it.
    """
    grams: dict[str, int] = defaultdict(int)
    billed: dict[tuple[str, str], int] = defaultdict(int)
    fees: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for one in handled:
        if not first <= one.day <= last:
            continue
        grams[one.organisation] += one.grams
        tariff = tariff_on(tariffs, one.day)
        if tariff is not None:
            billed[one.organisation, tariff.currency] += one.grams
            fees[one.organisation, tariff.currency] += cost(one.grams, tariff.fee_per_tonne)
    capital: dict[tuple[str, str], int] = defaultdict(int)
    users = sorted(grams)
    for currency in {tariff.currency for tariff in tariffs} if users else ():
        due = sum(tariff.due(first, last) for tariff in tariffs if tariff.currency == currency)
        for user, part in zip(users, proportion(due, [grams[user] for user in users]), strict=True):
            capital[user, currency] = part
    keys = sorted(billed.keys() | {key for key, part in capital.items() if part})
    return [CostShare(*key, billed[key], round(fees[key]), capital[key]) for key in keys]


# --- how well vessels are used ---


@dataclass(frozen=True, slots=True)
class VesselRun:
    """A run of a vessel: its time (open: until now) and the grams in it."""

    slot: Slot
    grams: int


@dataclass(frozen=True, slots=True)
class Use:
    """How a vessel, or a site, was used: hours of hours, and grams of what its runs could hold."""

    runs: int
    used_ms: int
    available_ms: int
    grams: int
    capacity_g: int

    @property
    def used_bp(self) -> int:
        """Time used, of the time that was there."""
        return self.used_ms * WHOLE_BP // self.available_ms if self.available_ms else 0

    @property
    def filled_bp(self) -> int:
        """Grams loaded, of what the runs could have taken."""
        return self.grams * WHOLE_BP // self.capacity_g if self.capacity_g else 0


def use_of(runs: Iterable[VesselRun], capacity_g: int, period: Slot) -> Use:
    """The use of a vessel in a period: time is cut at its ends, grams count where the run began in it."""
    inside = [run for run in runs if run.slot.meets(period)]
    begun = [run for run in inside if period.since <= run.slot.since]
    return Use(
        len(begun),
        sum(run.slot.within(period) for run in inside),
        period.until - period.since,
        sum(run.grams for run in begun),
        capacity_g * len(begun),
    )


def together(uses: Iterable[Use]) -> Use:
    """The use of several vessels as one."""
    some = list(uses)
    return Use(
        sum(one.runs for one in some),
        sum(one.used_ms for one in some),
        sum(one.available_ms for one in some),
        sum(one.grams for one in some),
        sum(one.capacity_g for one in some),
    )


# --- what is lost ---


@dataclass(frozen=True, slots=True)
class Loss:
    """Grams lost for a reason."""

    reason: str
    grams: int


def losses(told: Iterable[tuple[str, int]]) -> list[Loss]:
    """Losses summed by reason, whatever its capitals and spaces; the largest first."""
    sums: dict[str, int] = defaultdict(int)
    written: dict[str, str] = {}
    for reason, grams in told:
        key = " ".join(reason.casefold().split())
        written.setdefault(key, " ".join(reason.split()))
        sums[key] += grams
    return [Loss(written[key], grams) for key, grams in sorted(sums.items(), key=lambda item: (-item[1], item[0]))]


def share_bp(lost_g: int, handled_g: int) -> int | None:
    """What was lost of what was handled, rounded half to even; none: nothing was handled."""
    return round(Fraction(lost_g * WHOLE_BP, handled_g)) if handled_g else None


def reduction_bp(baseline_bp: int, now_bp: int) -> int:
    """By how much a loss fell, of what it was: 3400 and 1950 give 4265 (42.6 %). Negative: it rose."""
    return round(Fraction((baseline_bp - now_bp) * WHOLE_BP, baseline_bp))
