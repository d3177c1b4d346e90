"""Cells of a list that is brought in: what people write, and the value that it means. Pure.

Every reader takes the text of a cell (as typed, without spaces around), the terms of the list, and whether the cell was
a number in the sheet. What it cannot read it raises as ``Wrong``, with a code of ``domain.faults``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, TypeVar

from domain.countries import Bounds
from domain.events import FORBIDDEN_TEXT
from domain.geo import MICRO
from domain.profiles import Limit, _once, _Table, _whole, in_force
from domain.quantity import GRAMS_PER_UNIT, MOST_GRAMS, decimal_text

T = TypeVar("T")
Kind: TypeAlias = Literal["farmers", "plots", "deliveries", "inspections"]
Mark: TypeAlias = Literal[",", "."]
DateOrder: TypeAlias = Literal["dmy", "mdy"]

MOST_TEXT: Final = 200
MOST_CODE: Final = 40
MOST_LOT_CODE: Final = 20
MOST_M2: Final = 10**10
"""As long as the registry takes texts and codes, and as large as it takes areas."""


# --- limits ---

LIMITS: Final = ("area_times_usual", "age_least", "age_most", "name_alike_bp", "name_unlike_bp")


@dataclass(frozen=True, slots=True)
class Limits:
    """What makes a value worth a question, on one day."""

    area_times_usual: Limit
    age_least: Limit
    age_most: Limit
    name_alike_bp: Limit
    name_unlike_bp: Limit


@dataclass(frozen=True, slots=True)
class Rules:
    """Every limit with its days."""

    dated: Mapping[str, tuple[Limit, ...]]

    def at(self, on: date) -> Limits:
        """What holds on a day; before the first of a limit, its first."""
        return Limits(**{key: in_force(dated, on) for key, dated in self.dated.items()})


def load_rules(text: str, name: str) -> Rules:
    """The limits that a TOML text describes; ``name`` is its file name. Raises ``ProfileMistake``."""
    top = _Table.parse(text, name)
    rules = Rules({key: tuple(_whole(one, _limit) for one in top.tables(key)) for key in LIMITS})
    top.end()
    for key, dated in rules.dated.items():
        _once([one.valid_from.isoformat() for one in dated], name, key)
    return rules


def _limit(table: _Table) -> Limit:
    return Limit(table.integer("value", least=1), table.day("valid_from"), table.text("source"))


# --- by what a list is read ---


@dataclass(frozen=True, slots=True)
class ProductTerms:
    """A product, and the packagings of its commodity in grams."""

    code: str
    packaging: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Terms:
    """By what a list is read: the day, how it writes numbers and dates, and the words that are known.

    ``units``: the unit that a heading names, by column. ``crops``, ``products``: folded names and codes. ``product``,
    ``site``, ``crop``: what a row without one means. ``membership``: a certificate was chosen. ``utc_offset``: minutes
    by which the clock of the list is ahead of UTC.
    """

    now: int
    limits: Limits
    decimal: Mark | None = None
    date_order: DateOrder = "dmy"
    units: Mapping[str, str] = field(default_factory=dict)
    bounds: Bounds | None = None
    country: str = ""
    crops: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, ProductTerms] = field(default_factory=dict)
    crop: str | None = None
    product: str | None = None
    site: str | None = None
    membership: bool = False
    utc_offset: int = 0

    @property
    def today(self) -> date:
        """The day where the list was written."""
        return datetime.fromtimestamp(self.now / 1000 + self.utc_offset * 60, UTC).date()


class Wrong(Exception):
    """A cell cannot be read: ``code`` is one of ``domain.faults.FAULTS``."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


# --- text ---


def fold(text: str) -> str:
    """Text as it is compared: no accents, capitals or marks; digits of any script as 0 to 9."""
    plain = "".join(_folded(one) for one in unicodedata.normalize("NFKD", text))
    return " ".join(plain.casefold().split())


def _folded(character: str) -> str:
    if unicodedata.category(character) == "Mn":
        return ""
    if not character.isalnum():
        return " "
    return latin_digits(character)


def latin_digits(text: str) -> str:
    """Digits of any script as 0 to 9."""
    return "".join(str(unicodedata.digit(one)) if one.isdigit() and not one.isascii() else one for one in text)


def plain(text: str) -> str:
    """A cell without what stands around it: NFC, one space where there were several."""
    return " ".join(unicodedata.normalize("NFC", text).split(" ")).strip()


# --- reading a cell ---

_CODE = re.compile(r"[A-Z0-9](?:[A-Z0-9./_-]{0,38}[A-Z0-9])?")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.%/-]{0,39}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{3,28}[0-9]")
_FAILED = re.compile(r"#(?:REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|NOM\?|VALEUR!|NOMBRE!|NUL!)", re.IGNORECASE)
_SPACED = re.compile(r"[+-]?[0-9]{1,3}(?:[\s'’][0-9]{3})+(?:[.,][0-9]+)?")
_NUMBER = re.compile(r"[+-]?(?:[0-9][0-9.,]*|[.,][0-9]+)")
_MEASURE = re.compile(r"([+-]?[0-9.,][0-9.,\s'’]*)(.*)", re.DOTALL)
_ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ].*)?")
_DAY = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})(?: .*)?")
_NAMED = re.compile(r"([0-9]{1,2})(?:er|st|nd|rd|th)?\.?[ -]?([^\W\d_]{3,12})\.?,?[ -]?([0-9]{4})")
_TIME = re.compile(r"([0-9]{1,2})\s*[:hH.]\s*([0-9]{2})?(?::([0-9]{2}))?")
_SERIALS: Final = range(10_000, 80_000)
"""Days since 1899-12-30, as spreadsheets count them: from 1927 to 2119."""


def _each(words: str, value: T) -> dict[str, T]:
    return dict.fromkeys(words.split(), value)


MONTHS: Final[Mapping[str, int]] = MappingProxyType(
    {
        name: number
        for number, names in enumerate(
            (
                "jan january janv janvier იანვარი يناير",
                "feb february fev fevr fevrier თებერვალი فبراير",
                "mar march mars მარტი مارس",
                "apr april avr avril აპრილი أبريل ابريل",
                "may mai მაისი مايو",
                "jun june juin ივნისი يونيو",
                "jul july juil juillet ივლისი يوليو",
                "aug august aout აგვისტო أغسطس اغسطس",
                "sep sept september septembre სექტემბერი سبتمبر",
                "oct october octobre ოქტომბერი أكتوبر اكتوبر",
                "nov november novembre ნოემბერი نوفمبر",
                "dec december decembre დეკემბერი ديسمبر",
            ),
            start=1,
        )
        for name in map(str, names.split())
    }
)
SEXES: Final[Mapping[str, str]] = MappingProxyType(
    _each("f female femme feminin woman girl fille w أنثى انثى امرأة ქალი მდედრობითი მდედრ", "F")
    | _each("m male man homme h masculin masc boy garcon ذكر رجل კაცი მამრობითი მამრ", "M")
)
"""What people write; H is homme."""

STATUSES: Final[Mapping[str, str]] = MappingProxyType(
    _each("applied applicant candidate demande candidat postulant nouveau new مرشح განაცხადი", "applied")
    | _each("approved active accepted certified member agree approuve actif accepte certifie membre", "approved")
    | _each("معتمد نشط დამტკიცებული აქტიური", "approved")
    | _each("suspended suspendu suspension معلق შეჩერებული", "suspended")
    | _each("withdrawn left excluded expelled inactive retire exclu sorti inactif منسحب გასული გარიცხული", "withdrawn")
)
TRUTHS: Final[Mapping[str, bool]] = MappingProxyType(
    _each("yes y oui o true vrai 1 x نعم კი დიახ", True) | _each("no n non false faux 0 لا არა", False)
)
AREA_UNITS: Final[Mapping[str, Fraction]] = MappingProxyType(
    _each("ha hectare hectares has hct هكتار ჰა ჰექტარი", Fraction(10_000))
    | _each("m2 sqm m² metres م2 მ2", Fraction(1))
    | _each("acre acres ac", Fraction("4046.8564224"))
    | _each("are ares", Fraction(100))
)
"""In square metres; the international acre by definition."""

WEIGHT_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    _each("kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes كغ كيلو კგ კილოგრამი", "kg")
    | _each("g gram grams gramme grammes გ", "g")
    | _each("t tonne tonnes ton tons mt طن ტონა", "t")
    | _each("lb lbs pound pounds", "lb")
)
TOTALS: Final = frozenset(map(fold, _each("total totals totaux sum somme subtotal المجموع الإجمالي مجموع ჯამი სულ", 0)))
"""Words of a row that is a total, folded."""


def _code(text: str, _terms: Terms, _typed: bool) -> str:
    code = latin_digits(text).upper()
    if _CODE.fullmatch(code) is None:
        raise Wrong("CODE_MALFORMED", most=MOST_CODE)
    return code


def _lot_code(text: str, terms: Terms, typed: bool) -> str:
    code = _code(text, terms, typed)
    if len(code) > MOST_LOT_CODE:
        raise Wrong("CODE_MALFORMED", most=MOST_LOT_CODE)
    return code


def _text(text: str, _terms: Terms, _typed: bool) -> str:
    return text


def _of(words: Mapping[str, Any], code: str, **params: str) -> Callable[[str, Terms, bool], Any]:
    folded = {fold(word): value for word, value in words.items()}

    def read(text: str, _terms: Terms, _typed: bool) -> Any:
        found = folded.get(fold(text))
        if found is None:
            raise Wrong(code, **params)
        return found

    return read


def _phone(text: str, _terms: Terms, _typed: bool) -> str:
    told = re.sub(r"\s+", " ", latin_digits(text)).strip()
    if told.startswith("00"):
        told = f"+{told[2:]}"
    if _PHONE.fullmatch(told) is None:
        raise Wrong("PHONE_UNREADABLE")
    return told


def number(text: str, decimal: Mark | None, *, typed: bool, exact: bool) -> str:
    """A number as plain decimal text. ``typed``: it was a number in the sheet, whose mark is the point.

    ``exact``: three digits behind the only mark may be thousands, unless it is told which mark is the decimal one;
    otherwise they are decimals. Raises ``Wrong``.
    """
    told = latin_digits(text).strip().replace("−", "-")
    if re.search(r"[\s'’]", told):
        if _SPACED.fullmatch(told) is None:
            raise Wrong("NUMBER_UNREADABLE")
        told = re.sub(r"[\s'’]", "", told)
    if _NUMBER.fullmatch(told) is None:
        raise Wrong("NUMBER_UNREADABLE")
    marks = [one for one in told if one in ".,"]
    if len(set(marks)) == 2:  # noqa: PLR2004 - both marks: the last is the decimal one
        thousands, point = marks[0], marks[-1]
        whole, _, part = told.rpartition(point)
        if marks.count(point) > 1 or not _grouped(whole, thousands):
            raise Wrong("NUMBER_UNREADABLE")
        told = f"{whole.replace(thousands, '')}.{part}"
    elif len(marks) > 1:
        if not _grouped(told, marks[0]):
            raise Wrong("NUMBER_UNREADABLE")
        told = told.replace(marks[0], "")
    elif marks:
        if exact and not typed and marks[0] != decimal and _grouped(told, marks[0]):
            raise Wrong("NUMBER_AMBIGUOUS")
        told = told.replace(",", ".")
    told = told.removeprefix("+")
    whole, _, part = told.partition(".")
    return decimal_text(f"{'-' if told.startswith('-') else ''}{whole.lstrip('-') or '0'}{'.' + part if part else ''}")


def _grouped(text: str, mark: str) -> bool:
    """Whether a mark stands between thousands: 1,234 or 12,345,678."""
    return re.fullmatch(rf"[+-]?[1-9][0-9]{{0,2}}(?:{re.escape(mark)}[0-9]{{3}})+", text) is not None


def _measured(text: str) -> tuple[str, str]:
    """The number and the unit of a cell such as "4,8 ha"."""
    found = _MEASURE.fullmatch(latin_digits(text))
    if found is None:
        raise Wrong("NUMBER_UNREADABLE")
    return found[1].strip(), found[2].strip()


def is_measure(text: str) -> bool:
    """Whether a text begins with a number."""
    return _MEASURE.fullmatch(latin_digits(text).strip()) is not None


def _area(text: str, terms: Terms, typed: bool) -> int:
    """Square metres."""
    told, unit = _measured(text)
    unit = unit or terms.units.get("area", "") or "ha"
    factor = AREA_UNITS.get(fold(unit))
    if factor is None:
        raise Wrong("UNIT_UNKNOWN", unit=unit[:20], units="ha, m², acre")
    area = Fraction(number(told, terms.decimal, typed=typed, exact=factor == 1)) * factor
    if area <= 0 or not round(area):
        raise Wrong("AREA_NOT_POSITIVE")
    if area > MOST_M2:
        raise Wrong("AREA_TOO_LARGE")
    return round(area)


def _estimate(text: str, terms: Terms, typed: bool) -> int:
    """Grams of a cell in kilograms, or in the unit that it or its heading names. Nothing at all is an estimate too."""
    told, unit = _measured(text)
    unit = unit or terms.units.get("estimate", "") or "kg"
    known = WEIGHT_UNITS.get(fold(unit))
    if known is None:
        raise Wrong("UNIT_UNKNOWN", unit=unit[:20], units=", ".join(GRAMS_PER_UNIT))
    weight = Fraction(number(told, terms.decimal, typed=typed, exact=True)) * GRAMS_PER_UNIT[known]
    if weight < 0:
        raise Wrong("QUANTITY_NOT_POSITIVE")
    if weight > MOST_GRAMS:
        raise Wrong("QUANTITY_TOO_LARGE")
    return round(weight)


def _quantity(text: str, terms: Terms, typed: bool) -> tuple[str, str]:
    """Number and unit as told; which unit it is depends on the row."""
    told, unit = _measured(text)
    return number(told, terms.decimal, typed=typed, exact=True), unit


def _degrees(text: str, _terms: Terms, _typed: bool) -> tuple[int, int]:
    """Micro-degrees, and with how many decimals they are told."""
    found = re.fullmatch(r"([NSEWO]?)\s*([+-]?[0-9]{1,3}(?:[.,][0-9]{1,20})?)\s*°?\s*([NSEWO]?)", latin_digits(text))
    if found is None or (found[1] and found[3]):
        raise Wrong("COORDINATE_UNREADABLE")
    told = found[2].replace(",", ".").removeprefix("+")
    value = Fraction(told) * (-1 if (found[1] or found[3]) in ("S", "W", "O") else 1)
    if abs(value) > 180:  # noqa: PLR2004 - half the globe
        raise Wrong("COORDINATE_UNREADABLE")
    return round(value * MICRO), len(told.partition(".")[2])


def day(text: str, order: DateOrder = "dmy", *, typed: bool = False) -> date:
    """The day of a cell. A year alone is no day, nor are two digits a year. Raises ``Wrong``."""
    told = latin_digits(text).strip()
    if re.fullmatch(r"[0-9]{4}", told):
        raise Wrong("YEAR_ONLY")
    if typed and told.isdigit() and int(told) in _SERIALS:
        return date(1899, 12, 30) + timedelta(days=int(told))
    if found := _ISO.fullmatch(told):
        year, month, on = map(int, found.groups())
    elif found := _DAY.fullmatch(told):
        first, second, year = map(int, found.groups())
        on, month = (first, second) if order == "dmy" else (second, first)
    elif (found := _NAMED.fullmatch(told)) and fold(found[2]) in MONTHS:
        on, month, year = int(found[1]), MONTHS[fold(found[2])], int(found[3])
    else:
        raise Wrong("DATE_UNREADABLE")
    try:
        return date(year, month, on)
    except ValueError:
        raise Wrong("DATE_IMPOSSIBLE") from None


def _past(text: str, terms: Terms, typed: bool) -> str:
    """A day that is not in the future, as ISO text."""
    on = day(text, terms.date_order, typed=typed)
    if on > terms.today:
        raise Wrong("DATE_IN_FUTURE", day=on.isoformat())
    return on.isoformat()


def _moment(text: str, terms: Terms, typed: bool) -> tuple[str, int | None]:
    """A day that is not in the future, and the minute of the day where the cell tells one."""
    on = _past(text, terms, typed)
    _, _, told = text.strip().replace("T", " ").partition(" ")
    return on, (_minute(told, terms, typed) if _TIME.fullmatch(told.strip()) else None)


def _minute(text: str, _terms: Terms, _typed: bool) -> int:
    """The minute of the day."""
    told = text.strip()
    if found := re.fullmatch(r"[0-9-]{10}[T ](.+)", told):
        told = found[1]
    found = _TIME.fullmatch(latin_digits(told))
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (24, 0)
    if hour > 23 or minute > 59:  # noqa: PLR2004 - a day
        raise Wrong("TIME_UNREADABLE")
    return hour * 60 + minute


def _birth(text: str, terms: Terms, typed: bool) -> int:
    """The year of birth, from a year or a date."""
    told = latin_digits(text).strip()
    alone = re.fullmatch(r"[0-9]{4}", told) is not None
    year = int(told) if alone else day(told, terms.date_order, typed=typed).year
    least, most = terms.limits.age_least.value, terms.limits.age_most.value
    if not least <= terms.today.year - year <= most:
        raise Wrong("BIRTH_IMPLAUSIBLE", least=least, most=most)
    return year


def _crop(text: str, terms: Terms, _typed: bool) -> str:
    known = terms.crops.get(fold(text))
    if known is not None:
        return known
    told = text.casefold().replace(" ", "_")
    if _WORD.fullmatch(told) is None:
        raise Wrong("CROP_UNREADABLE")
    return told


def _product(text: str, terms: Terms, _typed: bool) -> str:
    known = terms.products.get(fold(text))
    if known is None:
        raise Wrong("PRODUCT_UNKNOWN", known=", ".join(sorted({one.code for one in terms.products.values()}))[:300])
    return known.code


# --- columns ---


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: how its cells are read, the most characters, and whether no row can do without it."""

    name: str
    read: Callable[[str, Terms, bool], Any]
    most: int = MOST_TEXT
    required: bool = False


_FARMER = Column("farmer_code", _code, MOST_TEXT, required=True)
_STATUS = Column("status", _of(STATUSES, "STATUS_UNKNOWN", known="applied, approved, suspended, withdrawn"))
_LAND: Final = (
    Column("area", _area),
    Column("crop", _crop),
    Column("conversion_start", _past),
    Column("from_day", _past),
    Column("latitude", _degrees),
    Column("longitude", _degrees),
)
_MEMBERSHIP: Final = (
    Column("joined_on", _past),
    Column("agreement_on", _past),
    Column("unit", _text),
    _STATUS,
)
_PERSON: Final = (
    Column("name", _text),
    Column("sex", _of(SEXES, "SEX_UNKNOWN")),
    Column("birth", _birth),
    Column("phone", _phone),
    Column("village", _text),
    Column("identity_no", _text),
)
COLUMNS: Final[Mapping[Kind, tuple[Column, ...]]] = MappingProxyType(
    {
        "farmers": (
            _FARMER,
            *_PERSON,
            Column("plot_code", _code),
            *_LAND,
            *_MEMBERSHIP,
            Column("estimate", _estimate),
        ),
        "plots": (
            Column("plot_code", _code, required=True),
            _FARMER,
            *_LAND,
        ),
        "deliveries": (
            Column("date", _moment, required=True),
            Column("time", _minute),
            _FARMER,
            Column("site_code", _code),
            Column("quantity", _quantity, required=True),
            Column("quantity_unit", _text),
            Column("plot_code", _code),
            Column("receipt", _code),
            Column("product", _product),
            Column("lot_code", _lot_code),
            Column("harvested_on", _past),
        ),
        "inspections": (
            _FARMER,
            Column("date", _moment, required=True),
            Column("inspector", _code, required=True),
            Column("start", _minute),
            Column("end", _minute),
            Column("inspector_signed_on", _past),
            Column("member_signed_on", _past),
            Column("valid", _of(TRUTHS, "YES_OR_NO")),
        ),
    }
)
"""The columns of each kind of list, in the order in which a template has them."""

NUMERIC: Final = frozenset({"area", "estimate", "quantity"})
"""Columns that people sum up below a list."""

PERSON: Final = tuple(one.name for one in _PERSON)
MEMBERSHIP: Final = tuple(one.name for one in _MEMBERSHIP)
LAND: Final = ("area", "crop", "conversion_start", "from_day", "point")


def required(kind: Kind) -> tuple[str, ...]:
    """The columns that a list of a kind cannot do without."""
    return tuple(one.name for one in COLUMNS[kind] if one.required) + (("name",) if kind == "farmers" else ())


def read_cell(column: Column, text: str, terms: Terms, *, typed: bool) -> Any:
    """The value of a cell that is not empty. Raises ``Wrong``."""
    if text.startswith("="):
        raise Wrong("FORMULA")
    if _FAILED.fullmatch(text):
        raise Wrong("CELL_FAILED")
    if any(unicodedata.category(one) in FORBIDDEN_TEXT for one in text):
        raise Wrong("CONTROL_CHARACTERS")
    if len(text) > column.most:
        raise Wrong("TEXT_TOO_LONG", count=len(text), most=column.most)
    return column.read(text, terms, typed)
