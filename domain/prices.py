"""Prices at the gate: which line of a price list a delivery gets, and what it is paid, in whole minor units.

A price list is a chain of versions, each from a day on; the version in force on the day of a delivery prices it,
whenever it was recorded. Of the lines that a delivery meets, the narrowest wins; a list in which two lines could both
win is refused when it is saved. Nothing here is ever a float: prices are minor units a tonne, weights grams, and an
amount is rounded once, at its end, by the rule of the list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from fractions import Fraction
from functools import reduce
from itertools import combinations
from typing import Any, Final, Literal, TypeAlias

from domain.profiles import _once, _Table
from domain.quantity import WHOLE_BP, rebase_moisture
from domain.refusals import NONE, Lang, Params, Refused, say

GRAMS_PER_TONNE: Final = 1_000_000

Rounding: TypeAlias = Literal["half_even", "half_up", "down"]
ROUNDINGS: Final[tuple[Rounding, ...]] = ("half_even", "half_up", "down")
"""How an amount becomes whole: to the nearest (a tie to the even one, or up), or never more than it is."""

# --- money ---


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency of ISO 4217; its minor unit has ``digits`` decimals (TND 3, EUR 2, XOF 0)."""

    code: str
    digits: int
    name: str

    def text(self, minor: int) -> str:
        """Minor units as a plain decimal number: 1440000 of TND is "1440.000"."""
        return _decimal(minor, self.digits)

    def per_kg(self, per_tonne: int) -> str:
        """Minor units a tonne as plain decimal units a kilogram: 1200000 of TND is "1.200"."""
        whole = _decimal(per_tonne, self.digits + 3)
        kept = len(whole) - 3
        return (whole[:kept] + whole[kept:].rstrip("0")).rstrip(".")

    def said(self, minor: int) -> str:
        """The amount with its currency: "1440.000 TND"."""
        return f"{self.text(minor)} {self.code}"


def load_currencies(text: str, name: str) -> dict[str, Currency]:
    """The currencies of a TOML text by code; ``name`` is its file name. Raises ``ProfileMistake``."""
    top = _Table.parse(text, name)
    known = []
    for table in top.tables("currencies"):
        known.append(Currency(table.text("code"), table.integer("digits"), table.text("name")))
        table.end()
    top.end()
    _once([one.code for one in known], name, "currencies")
    return {one.code: one for one in known}


def _decimal(value: int, places: int) -> str:
    whole, part = divmod(abs(value), 10**places)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"


def rounded_to(exact: Fraction, step: int, rounding: Rounding) -> int:
    """A number of zero or more as a whole multiple of ``step``."""
    steps = exact / step
    match rounding:
        case "half_even":
            return round(steps) * step
        case "half_up":
            return int(steps + Fraction(1, 2)) * step
        case "down":
            return int(steps) * step


def cost(grams: int, per_tonne: int) -> Fraction:
    """What grams cost at minor units a tonne: exact, not yet rounded."""
    return Fraction(grams * per_tonne, GRAMS_PER_TONNE)


# --- lists ---


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a delivery has to be for a line. None, or no claim: it does not matter.

    A harvest window includes its first and last day; goods whose day of harvest is not known meet no window.
    """

    product: str
    grade: str | None = None
    claims: frozenset[tuple[str, str]] = frozenset()
    zone: str | None = None
    harvested_from: date | None = None
    harvested_to: date | None = None

    def met_by(self, brought: Goods) -> bool:
        """Whether goods are so."""
        return (
            brought.product == self.product
            and self.grade in (None, brought.grade)
            and self.zone in (None, brought.zone)
            and all(brought.claims.get(scheme) == value for scheme, value in self.claims)
            and self._in_window(brought.harvested_on)
        )

    def _in_window(self, day: date | None) -> bool:
        if self.harvested_from is None and self.harvested_to is None:
            return True
        return day is not None and (self.harvested_from or day) <= day <= (self.harvested_to or day)

    def both(self, other: Conditions) -> Conditions | None:
        """The conditions of goods that meet these and the others; none: no goods can."""
        claims = dict(self.claims)
        if any(claims.setdefault(scheme, value) != value for scheme, value in other.claims):
            return None
        for mine, theirs in ((self.grade, other.grade), (self.zone, other.zone)):
            if mine is not None and theirs is not None and mine != theirs:
                return None
        since = max((day for day in (self.harvested_from, other.harvested_from) if day), default=None)
        until = min((day for day in (self.harvested_to, other.harvested_to) if day), default=None)
        if self.product != other.product or (since is not None and until is not None and until < since):
            return None
        return Conditions(
            self.product, self.grade or other.grade, frozenset(claims.items()), self.zone or other.zone, since, until
        )


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A price for goods that meet some conditions, in minor units a tonne."""

    code: str
    per_tonne: int
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Deduction:
    """What is taken off, for one product or for all.

    ``moisture``: water above ``free_bp`` is not paid (dry matter is kept). ``share``: of a test measured in percent,
    what is above ``free_bp`` is not paid. ``fixed``: minor units a tonne off the price.
    """

    code: str
    kind: Literal["moisture", "share", "fixed"]
    product: str | None = None
    test: str | None = None
    free_bp: int = 0
    per_tonne: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a version of a list says. An amount is rounded once, to a whole multiple of ``round_to`` minor units."""

    currency: str
    lines: tuple[PriceLine, ...]
    deductions: tuple[Deduction, ...] = ()
    rounding: Rounding = "half_even"
    round_to: int = 1


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a list: it holds from a day on, until the next one; of two of one day, the one noted later."""

    list_code: str
    number: int
    from_day: date
    terms: Terms


def in_force(versions: Iterable[Version], day: date) -> Version | None:
    """The version that prices what is brought on a day; none: no prices yet."""
    known = [one for one in versions if one.from_day <= day]
    return max(known, key=lambda one: (one.from_day, one.number), default=None)


def refuse_ties(lines: Sequence[PriceLine]) -> None:
    """Refuse lines of which two can be met by one delivery, neither narrower, unless a line says what holds for both.

    After this every delivery has at most one narrowest line. Refuses with PRICE_LINE_TWICE and PRICE_TIE.
    """
    known = {line.conditions: line for line in reversed(lines)}
    for one, other in combinations(lines, 2):
        if one.code == other.code or one.conditions == other.conditions:
            raise Refused("PRICE_LINE_TWICE", first=one.code, second=other.code)
        both = one.conditions.both(other.conditions)
        if both is not None and both not in known:
            raise Refused("PRICE_TIE", first=one.code, second=other.code)


# --- what a delivery is paid ---


@dataclass(frozen=True, slots=True)
class Goods:
    """A delivery as prices see it: what it weighs and is, what it claimed at the gate, what was measured (in bp)."""

    product: str
    grams: int
    grade: str | None = None
    claims: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    harvested_on: date | None = None
    measured: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reason:
    """A step of the way to an amount, with its figures."""

    code: str
    params: Params

    def sentence(self, lang: Lang = "en") -> str:
        """The step in words."""
        return say(_STEPS[self.code], {}, self.params, lang)


_STEPS: Final[dict[str, dict[Lang, str]]] = {
    "WEIGHT": {"en": "{grams_g} were brought.", "fr": "{grams_g} ont été livrés."},
    "PRICE": {
        "en": "Line {line} of {list}, version {version}: {price} a kilogram.",
        "fr": "Ligne {line} de {list}, version {version} : {price} le kilogramme.",
    },
    "NO_PRICE": {
        "en": "No line of a price list is met by this delivery on {day}.",
        "fr": "Aucune ligne d'une liste de prix ne correspond à cette livraison le {day}.",
    },
    "MOISTURE": {
        "en": "{deduction}: moisture {measured_bp}, free up to {free_bp}: {grams_g} of water are not paid.",
        "fr": "{deduction} : humidité {measured_bp}, franchise {free_bp} : {grams_g} d'eau ne sont pas payés.",
    },
    "SHARE": {
        "en": "{deduction}: {test} {measured_bp}, free up to {free_bp}: {grams_g} are not paid.",
        "fr": "{deduction} : {test} {measured_bp}, franchise {free_bp} : {grams_g} ne sont pas payés.",
    },
    "FIXED": {
        "en": "{deduction}: {price} a kilogram less.",
        "fr": "{deduction} : {price} de moins par kilogramme.",
    },
    "ROUNDED": {
        "en": "Rounded to {step}: {amount}.",
        "fr": "Arrondi à {step} : {amount}.",
    },
}


@dataclass(frozen=True, slots=True)
class Amount:
    """What a delivery is paid, in minor units, and why. ``minor`` is none where no line is met: that is not zero."""

    grams: int
    paid_g: int
    minor: int | None
    currency: str | None
    line: str | None
    list_code: str | None
    version: int | None
    reasons: tuple[Reason, ...]


def line_for(lines: Iterable[PriceLine], goods: Goods) -> PriceLine | None:
    """The narrowest line that goods meet (see ``refuse_ties``); none: they meet no line."""
    met = {line.conditions: line for line in lines if line.conditions.met_by(goods)}
    if not met:
        return None
    narrowest = reduce(_met_too, met)
    return met[narrowest]


def _met_too(one: Conditions, other: Conditions) -> Conditions:
    both = one.both(other)
    assert both is not None  # one delivery meets the two
    return both


def amount(version: Version | None, goods: Goods, day: date, currencies: Mapping[str, Currency]) -> Amount:
    """What goods brought on a day are paid under a version of a list, with every step of the way."""
    weight = Reason("WEIGHT", {"grams_g": goods.grams})
    line = line_for(version.terms.lines, goods) if version is not None else None
    if version is None or line is None:
        unpriced = Reason("NO_PRICE", {"day": day.isoformat()})
        return Amount(goods.grams, goods.grams, None, None, None, None, None, (weight, unpriced))
    terms, money = version.terms, currencies[version.terms.currency]
    own = [one for one in terms.deductions if one.product in (None, goods.product)]
    paid_g, taken = _paid_weight(own, goods)
    per_tonne, off = _net_price(line.per_tonne, own, money)
    minor = rounded_to(cost(paid_g, per_tonne), terms.round_to, terms.rounding)
    priced = Reason(
        "PRICE",
        {
            "line": line.code,
            "list": version.list_code,
            "version": version.number,
            "price": f"{money.per_kg(line.per_tonne)} {money.code}",
        },
    )
    whole = Reason("ROUNDED", {"step": money.said(terms.round_to), "amount": money.said(minor)})
    reasons = (weight, *taken, priced, *off, whole)
    return Amount(goods.grams, paid_g, minor, money.code, line.code, version.list_code, version.number, reasons)


def _paid_weight(deductions: Iterable[Deduction], goods: Goods) -> tuple[int, list[Reason]]:
    """The grams that are paid: each deduction takes from what the one before left. Not measured: nothing is taken."""
    left, reasons = goods.grams, []
    for one in deductions:
        test = "moisture" if one.kind == "moisture" else one.test
        measured = goods.measured.get(test or "")
        if one.kind == "fixed" or measured is None or measured <= one.free_bp:
            continue
        if one.kind == "moisture":
            paid = rebase_moisture(left, min(measured, WHOLE_BP - 1), one.free_bp)
        else:
            paid = left - round(Fraction(left * min(measured - one.free_bp, WHOLE_BP), WHOLE_BP))
        said: Params = {
            "deduction": one.code,
            "measured_bp": measured,
            "free_bp": one.free_bp,
            "grams_g": left - paid,
        }
        reasons.append(
            Reason("MOISTURE", said) if one.kind == "moisture" else Reason("SHARE", said | {"test": str(test)})
        )
        left = paid
    return left, reasons


def _net_price(per_tonne: int, deductions: Iterable[Deduction], money: Currency) -> tuple[int, list[Reason]]:
    """The price less what is fixed a kilogram: never below zero."""
    fixed = [one for one in deductions if one.kind == "fixed"]
    reasons = [
        Reason("FIXED", {"deduction": one.code, "price": f"{money.per_kg(one.per_tonne)} {money.code}"})
        for one in fixed
    ]
    return max(0, per_tonne - sum(one.per_tonne for one in fixed)), reasons


def refuse_not_due(lines: Iterable[PriceLine], claimed: str, goods: Goods) -> None:
    """Refuse a line that somebody claims for goods that do not meet it, such as a late price for an early harvest.

    Refuses with PRICE_LINE_UNKNOWN, HARVEST_OUTSIDE_WINDOW and PRICE_NOT_DUE.
    """
    line = next((one for one in lines if one.code == claimed), None)
    if line is None:
        raise Refused("PRICE_LINE_UNKNOWN", line=claimed)
    wanted = line.conditions
    if wanted.met_by(goods):
        return
    if not wanted._in_window(goods.harvested_on):  # noqa: SLF001 - our own
        raise Refused(
            "HARVEST_OUTSIDE_WINDOW",
            line=claimed,
            harvested_on=_day(goods.harvested_on),
            since=_day(wanted.harvested_from),
            until=_day(wanted.harvested_to),
        )
    raise Refused("PRICE_NOT_DUE", line=claimed)


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else NONE


# --- payouts ---


@dataclass(frozen=True, slots=True)
class Payout:
    """What one farmer gets in one currency for some deliveries. ``unpriced``: deliveries that meet no line.

    ``currency`` is none, and the sum zero, where nothing has a price.
    """

    farmer: str
    currency: str | None
    deliveries: int
    grams: int
    paid_g: int
    minor: int
    unpriced: int


def payouts(amounts: Iterable[tuple[str, Amount]]) -> list[Payout]:
    """The amounts of (farmer, delivery) summed by farmer and currency, in the order of their codes.

    Deliveries without a price are a line of their own, with no currency.
    """
    groups: dict[tuple[str, str], list[Amount]] = {}
    for farmer, one in amounts:
        groups.setdefault((farmer, one.currency or ""), []).append(one)
    return [
        Payout(
            farmer,
            currency or None,
            len(some),
            sum(one.grams for one in some),
            sum(one.paid_g for one in some if one.minor is not None),
            sum(one.minor or 0 for one in some),
            sum(one.minor is None for one in some),
        )
        for (farmer, currency), some in sorted(groups.items())
    ]


def totals(amounts: Collection[Amount]) -> dict[str, int]:
    """Minor units by currency."""
    answer: dict[str, int] = {}
    for one in amounts:
        if one.currency is not None and one.minor is not None:
            answer[one.currency] = answer.get(one.currency, 0) + one.minor
    return dict(sorted(answer.items()))


# --- as stored ---


def plain(terms: Terms) -> dict[str, Any]:
    """Terms as plain JSON values."""
    return {
        "currency": terms.currency,
        "rounding": terms.rounding,
        "round_to": terms.round_to,
        "lines": [
            {
                "code": line.code,
                "per_tonne": line.per_tonne,
                "product": line.conditions.product,
                "grade": line.conditions.grade,
                "claims": dict(sorted(line.conditions.claims)),
                "zone": line.conditions.zone,
                "harvested_from": _iso(line.conditions.harvested_from),
                "harvested_to": _iso(line.conditions.harvested_to),
            }
            for line in terms.lines
        ],
        "deductions": [asdict(one) for one in terms.deductions],
    }


def terms_of(values: Mapping[str, Any]) -> Terms:
    """The terms of plain JSON values."""
    lines = tuple(
        PriceLine(
            one["code"],
            one["per_tonne"],
            Conditions(
                one["product"],
                one["grade"],
                frozenset(one["claims"].items()),
                one["zone"],
                _day_of(one["harvested_from"]),
                _day_of(one["harvested_to"]),
            ),
        )
        for one in values["lines"]
    )
    deductions = tuple(Deduction(**one) for one in values["deductions"])
    return Terms(values["currency"], lines, deductions, values["rounding"], values["round_to"])


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _day_of(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None
