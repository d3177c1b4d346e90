"""Lists brought in: what rows say, what is found about them, and what would become of them. Pure: nothing is written.

    lines of a sheet (text by column) → values, each read on its own → rows, held against each other and the registry

A row is ``new``, a ``change`` of what is registered, ``unchanged``, or ``correct``: to be corrected first. What a cell
leaves empty stays as it is registered. Several rows with one farmer code are several plots of one farmer.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from difflib import SequenceMatcher
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from domain.cells import (
    COLUMNS,
    LAND,
    MEMBERSHIP,
    MOST_CODE,
    MOST_M2,
    MOST_TEXT,
    NUMERIC,
    PERSON,
    TOTALS,
    WEIGHT_UNITS,
    Kind,
    Terms,
    Wrong,
    fold,
    is_measure,
    plain,
    read_cell,
)
from domain.countries import LATITUDES, LONGITUDES
from domain.faults import Fault
from domain.quantity import GRAMS_PER_UNIT, WHOLE_BP, grams
from domain.refusals import Refused

State: TypeAlias = Literal["new", "change", "unchanged", "correct"]


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list: its number in the sheet, and the text of its cells by column, as typed.

    ``numbers``: columns whose cell is a number, not text. ``whole``: every cell of the row, also of columns that mean
    nothing here.
    """

    number: int
    cells: Mapping[str, str]
    numbers: frozenset[str] = frozenset()
    whole: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownFarmer:
    """A farmer as registered. ``person``: by column, what is known. ``membership``: under the certificate chosen."""

    code: str
    person: Mapping[str, Any] = field(default_factory=dict)
    membership: Mapping[str, Any] | None = None
    estimate: int | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class KnownPlot:
    """A plot as registered; ``outlined``: it has an outline, which no point of a list replaces."""

    code: str
    farmer: str
    values: Mapping[str, Any] = field(default_factory=dict)
    outlined: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """The registry, as far as a list speaks of it. ``told``: numbers of the rows that are recorded already.

    ``deliveries``: (farmer, milliseconds, grams). ``visits``: what an inspection says, by (farmer, day, inspector).
    """

    farmers: Mapping[str, KnownFarmer] = field(default_factory=dict)
    plots: Mapping[str, KnownPlot] = field(default_factory=dict)
    sites: Collection[str] = ()
    inspectors: Collection[str] = ()
    lots: Collection[str] = ()
    deliveries: Collection[tuple[str, int, int]] = ()
    visits: Mapping[tuple[str, str, str], Mapping[str, Any]] = field(default_factory=dict)
    told: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A value that the row changes: what is registered (none: nothing), and what it will be."""

    column: str
    old: Any
    new: Any


@dataclass(slots=True)
class Row:
    """A row of the list: what it says, what is found about it, and what would become of it."""

    number: int
    values: dict[str, Any]
    faults: list[Fault]
    state: State = "unchanged"
    changes: list[Change] = field(default_factory=list)

    @property
    def code(self) -> str:
        return str(self.values.get("farmer_code", ""))

    def fault(self, column: str, code: str, value: str = "", **params: str | int) -> None:
        """Something is found about a cell of this row."""
        self.faults.append(Fault(self.number, column, code, value, params))

    @property
    def to_correct(self) -> bool:
        return any(one.level == "correct" for one in self.faults)


# --- names ---


def _words(text: str) -> str:
    return " ".join(sorted(fold(text).split()))


def likeness(one: str, other: str) -> int:
    """How alike two names are, words in any order, in basis points."""
    first, second = _words(one), _words(other)
    return WHOLE_BP if first == second else round(SequenceMatcher(None, first, second, False).ratio() * WHOLE_BP)


def differs(one: str, other: str, unlike: int) -> bool:
    """Whether two names share less than so much; a name with a further word is the same name."""
    first, second = set(fold(one).split()), set(fold(other).split())
    return not (first <= second or second <= first) and likeness(one, other) < unlike


def alike(one: str, other: str, least: int) -> bool:
    """Whether two names are at least so alike; most pairs are told apart by their letters alone."""
    first, second = _words(one), _words(other)
    if first == second:
        return bool(first)
    matcher = SequenceMatcher(None, first, second, False)
    bound = least / WHOLE_BP
    return matcher.real_quick_ratio() >= bound and matcher.quick_ratio() >= bound and matcher.ratio() >= bound


def is_total(kind: Kind, line: Line, texts: Sequence[str]) -> bool:
    """Whether the last row of a list is a total: it says so, or has numbers in columns to sum up and nothing else.

    ``texts``: its cells that are text, also of columns that mean nothing here.
    """
    others = [one for one in texts if not set(fold(one).split()) & TOTALS]
    if len(others) < len(texts):
        return all(fold(one).replace(" ", "").isdigit() or is_measure(one) for one in others)
    told = {column for column, text in line.cells.items() if text.strip()}
    keys = {one.name for one in COLUMNS[kind] if one.required}
    return bool(told) and told <= NUMERIC and not told & (keys - NUMERIC) and not set(others) - set(line.cells.values())


# --- reading a list ---


def read(kind: Kind, lines: Sequence[Line], terms: Terms) -> list[Row]:
    """What each cell says on its own. A row in which something cannot be read says the rest all the same."""
    columns, rows = COLUMNS[kind], []
    usual = _usual_decimals(lines)
    for line in lines:
        row = Row(line.number, {}, [])
        for column in columns:
            told = line.cells.get(column.name, "")
            text = plain(told)
            if not text:
                if column.required:
                    row.fault(column.name, "VALUE_MISSING")
                continue
            try:
                row.values[column.name] = read_cell(column, text, terms, typed=column.name in line.numbers)
            except Wrong as wrong:
                row.fault(column.name, wrong.code, text, **wrong.params)
        _point(row, line, terms, usual)
        rows.append(row)
    return rows


def _usual_decimals(lines: Sequence[Line]) -> dict[str, int]:
    """With how many decimals the numbers of a column of positions are told: a sheet drops zeros at their end."""
    answer = {}
    for column in ("latitude", "longitude"):
        told = [len(line.cells[column].partition(".")[2]) for line in lines if column in line.numbers]
        answer[column] = int(statistics.median_high(told)) if told else 0
    return answer


def _point(row: Row, line: Line, terms: Terms, usual: Mapping[str, int]) -> None:
    """Latitude and longitude as one position: (longitude, latitude) in micro-degrees, and decimals told."""
    bad = {one.column for one in row.faults}
    told = {name: row.values.pop(name, None) for name in ("latitude", "longitude")}
    if bad & told.keys():
        return
    missing = [name for name, value in told.items() if value is None]
    if len(missing) == 1:
        row.fault(missing[0], "COORDINATE_MISSING")
    if missing:
        return
    (latitude, some), (longitude, others) = told["latitude"], told["longitude"]
    value = f"{line.cells['latitude'].strip()}, {line.cells['longitude'].strip()}"
    bounds = terms.bounds
    if bounds is not None and not bounds.hold(longitude, latitude):
        swapped = bounds.hold(latitude, longitude)
        row.fault("latitude", "COORDINATES_SWAPPED" if swapped else "OUTSIDE_COUNTRY", value, country=terms.country)
        return
    if not (LATITUDES[0] <= latitude <= LATITUDES[1] and LONGITUDES[0] <= longitude <= LONGITUDES[1]):
        row.fault("latitude", "COORDINATE_UNREADABLE", value)
        return
    decimals = (
        max(told_with, usual[name] if name in line.numbers else 0)
        for name, told_with in (("latitude", some), ("longitude", others))
    )
    row.values["point"] = (longitude, latitude)
    row.values["decimals"] = min(decimals)


# --- what rows say together ---


def check(kind: Kind, lines: Sequence[Line], terms: Terms, known: Known) -> list[Row]:
    """Every row of a list: what it says, what is found about it, and what would become of it."""
    rows = read(kind, lines, terms)
    _CHECKS[kind](rows, {line.number: line for line in lines}, terms, known)
    for row in rows:
        if row.to_correct:
            row.state, row.changes = "correct", []
        order = {one.name: place for place, one in enumerate(COLUMNS[kind])}
        row.faults.sort(key=lambda one: (order.get(one.column, -1), one.code))
    return rows


def _told(line: Line, column: str) -> str:
    return plain(line.cells.get(column, ""))


def _check_farmers(rows: list[Row], lines: Mapping[int, Line], terms: Terms, known: Known) -> None:
    groups = _by_farmer(rows)
    for code, group in groups.items():
        farmer = known.farmers.get(code)
        _one_person(group, farmer, terms, lines)
        _several_plots(group)
    _unnamed_plots(rows, groups, lines)
    _check_land(rows, lines, terms, known)
    _phones(rows)
    _same_persons(groups, known, terms)
    for code, group in groups.items():
        farmer = known.farmers.get(code)
        for place, row in enumerate(group):
            row.changes += _changes_of_farmer(group, row, farmer, terms) if place == 0 else []
            row.changes += _changes_of_plot(row, known.plots.get(row.values.get("plot_code", "")))
            row.state = "new" if farmer is None else "change" if row.changes else "unchanged"


def _by_farmer(rows: Iterable[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.code:
            groups[row.code].append(row)
    return groups


def facts(group: Sequence[Row], columns: Iterable[str]) -> dict[str, Any]:
    """What the rows of one farmer say in some columns: of each the first that says something."""
    return {
        column: value
        for column in columns
        if (value := next((row.values[column] for row in group if column in row.values), None)) is not None
    }


def _one_person(group: list[Row], farmer: KnownFarmer | None, terms: Terms, lines: Mapping[int, Line]) -> None:
    """The rows of one code name one person, and the one that is registered with it."""
    first = next((row for row in group if "name" in row.values), None)
    limits = terms.limits
    if first is None:
        if not (farmer and farmer.person.get("name")) and not _faulty(group, "name"):
            group[0].fault("name", "VALUE_MISSING")
        return
    if farmer is not None and farmer.ended:
        group[0].fault("farmer_code", "FARMER_ENDED", group[0].code)
    if farmer is not None and _another(first.values, farmer.person, limits.name_unlike_bp.value):
        first.fault("farmer_code", "CODE_OF_ANOTHER", first.code, name=str(farmer.person["name"])[:MOST_TEXT])
    for row in group:
        if row is first or "name" not in row.values:
            continue
        if differs(row.values["name"], first.values["name"], limits.name_unlike_bp.value):
            row.fault("farmer_code", "CODE_TWICE", row.code, row=first.number)
    same = [row for row in group if not any(one.code == "CODE_TWICE" for one in row.faults)]
    for column in PERSON[1:]:
        held = next((row for row in same if column in row.values), None)
        for row in same:
            if held is not None and column in row.values and row.values[column] != held.values[column]:
                row.fault(column, "ROWS_DISAGREE", _told(lines[row.number], column), row=held.number)


def _faulty(group: Iterable[Row], column: str) -> bool:
    return any(one.column == column and one.level == "correct" for row in group for one in row.faults)


def _another(said: Mapping[str, Any], registered: Mapping[str, Any], unlike: int) -> bool:
    """Whether a code is registered for somebody else: the name is another, and nothing else agrees.

    Who marries changes the name, but neither birth year, phone nor papers.
    """
    name = registered.get("name")
    if not name or not differs(str(said["name"]), str(name), unlike):
        return False
    return not any(
        said.get(column) is not None and said.get(column) == registered.get(column)
        for column in ("birth", "phone", "identity_no")
    )


def _several_plots(group: list[Row]) -> None:
    """Rows after the first of a farmer bring a further plot."""
    for row in group[1:]:
        if any(one.code == "CODE_TWICE" for one in row.faults):
            continue
        if not row.values.keys() & {"plot_code", *LAND} and not _faulty([row], "plot_code"):
            row.fault("farmer_code", "ROW_TWICE", row.code, row=group[0].number)


def _unnamed_plots(rows: Iterable[Row], groups: Mapping[str, list[Row]], lines: Mapping[int, Line]) -> None:
    """A list without plot codes numbers the plots of each farmer; a list with them misses those left empty."""
    coded = any(_told(line, "plot_code") for line in lines.values())
    for row in rows:
        if "plot_code" in row.values or not row.values.keys() & set(LAND) or _faulty([row], "plot_code"):
            continue
        if coded:
            row.fault("plot_code", "VALUE_MISSING")
        elif row.code:
            row.values["plot_code"] = f"{row.code[: MOST_CODE - 4]}-{groups[row.code].index(row) + 1}"


def _check_plots(rows: list[Row], lines: Mapping[int, Line], terms: Terms, known: Known) -> None:
    for row in rows:
        if row.code and row.code not in known.farmers:
            row.fault("farmer_code", "FARMER_UNKNOWN", row.code)
    _check_land(rows, lines, terms, known)
    for row in rows:
        plot = known.plots.get(row.values.get("plot_code", ""))
        row.changes += _changes_of_plot(row, plot)
        row.state = "new" if plot is None else "change" if row.changes else "unchanged"


def _check_land(rows: list[Row], lines: Mapping[int, Line], terms: Terms, known: Known) -> None:
    """Plots of the list: each once, its farmer's own, with what a new plot needs, of a plausible size."""
    seen: dict[str, Row] = {}
    areas = [row.values["area"] for row in rows if "area" in row.values]
    enough = len(areas) >= 5  # noqa: PLR2004 - of fewer, none is usual
    usual, times = (statistics.median_low(areas), terms.limits.area_times_usual.value) if enough else (MOST_M2, 1)
    for row in rows:
        if row.values.get("area", 0) >= usual * times:
            told = _told(lines[row.number], "area")
            row.fault("area", "AREA_LOST_COMMA", told, times=row.values["area"] // usual)
        crop = row.values.get("crop")
        if crop is not None and crop not in terms.crops.values():
            row.fault("crop", "CROP_NOT_IN_PROFILES", str(crop))
        code = row.values.get("plot_code")
        if code is None:
            continue
        if code in seen:
            row.fault("plot_code", "PLOT_TWICE", code, row=seen[code].number)
            continue
        seen[code] = row
        plot = known.plots.get(code)
        if plot is not None:
            if row.code and plot.farmer != row.code:
                row.fault("plot_code", "PLOT_OF_ANOTHER", code, farmer=plot.farmer)
            continue
        if "area" not in row.values and not _faulty([row], "area"):
            row.fault("area", "VALUE_MISSING")
        if crop is None and terms.crop is not None:
            row.values["crop"] = terms.crop
        elif crop is None and not _faulty([row], "crop"):
            row.fault("crop", "VALUE_MISSING")


def _changes_of_farmer(group: list[Row], row: Row, farmer: KnownFarmer | None, terms: Terms) -> list[Change]:
    """What the rows of a farmer change of person, membership and estimate."""
    if farmer is None:
        return []
    said = facts(group, PERSON)
    changes = [
        Change(column, farmer.person.get(column), value)
        for column, value in said.items()
        if farmer.person.get(column) != value
    ]
    if terms.membership:
        held = farmer.membership
        for column, value in facts(group, MEMBERSHIP).items():
            if (held or {}).get(column) != value:
                changes.append(Change(column, (held or {}).get(column), value))
        if held is None and not any(one.column == "status" for one in changes):
            changes.append(Change("status", None, "applied"))
    estimate = row.values.get("estimate") or facts(group, ["estimate"]).get("estimate")
    if estimate is not None and estimate != farmer.estimate:
        changes.append(Change("estimate", farmer.estimate, estimate))
    return changes


def _changes_of_plot(row: Row, plot: KnownPlot | None) -> list[Change]:
    """What a row changes of its plot; all of it where the plot is new."""
    if "plot_code" not in row.values:
        return []
    if plot is None:
        return [Change("plot_code", None, row.values["plot_code"])]
    return [
        Change(column, plot.values.get(column), row.values[column])
        for column in LAND
        if column in row.values
        and row.values[column] != plot.values.get(column)
        and not (column == "point" and plot.outlined)
    ]


def _phones(rows: Iterable[Row]) -> None:
    """A number typed without its leading zero stands out where most have one."""
    told = [row for row in rows if "phone" in row.values]
    bare = [row for row in told if row.values["phone"][0] not in "+0"]
    if 0 < len(bare) * 2 < len(told):
        for row in bare:
            row.fault("phone", "PHONE_WITHOUT_ZERO", row.values["phone"])


# --- who may be one person ---


@dataclass(frozen=True, slots=True)
class _Someone:
    """Somebody of the list (``row``) or of the registry alone."""

    code: str
    said: Mapping[str, Any]
    row: Row | None
    new: bool

    def called(self) -> str:
        return f"{self.said.get('name', '')} ({self.code})".strip()


def _same_persons(groups: Mapping[str, list[Row]], known: Known, terms: Terms) -> None:
    """Those of the list who may be somebody else of the list or of the registry: by papers, phone, or name.

    Of several that fit, the first is named; who is registered already is not asked about again.
    """
    people = [
        _Someone(code, farmer.person, None, new=False)
        for code, farmer in known.farmers.items()
        if code not in groups and not farmer.ended
    ]
    people += [
        _Someone(code, facts(group, PERSON), group[0], new=code not in known.farmers) for code, group in groups.items()
    ]
    found: dict[str, set[str]] = defaultdict(set)
    for column, by in (("identity_no", "identity"), ("phone", "phone")):
        held: dict[str, _Someone] = {}
        for someone in people:
            told = fold(str(someone.said.get(column) or "")).replace(" ", "")
            if told and (other := held.setdefault(told, someone)) is not someone:
                _ask(other, someone, column, by, found)
    _alike_by_name(people, terms.limits.name_alike_bp.value, found)


def _ask(one: _Someone, other: _Someone, column: str, by: str, found: dict[str, set[str]]) -> None:
    later, earlier = (other, one) if other.new else (one, other)
    if not later.new or later.row is None or earlier.code in found[later.code]:
        return
    found[later.code].add(earlier.code)
    found[earlier.code].add(later.code)
    said = str(later.said.get(column, ""))
    later.row.fault(column, "SAME_PERSON", said, other=earlier.called()[:MOST_TEXT], by=by)


def _alike_by_name(people: Iterable[_Someone], least: int, found: dict[str, set[str]]) -> None:
    """Compared are only those of one village whose birth years agree, as far as they are told."""
    villages: dict[str, dict[int | None, list[_Someone]]] = defaultdict(lambda: defaultdict(list))
    for someone in people:
        village, name = fold(str(someone.said.get("village") or "")), someone.said.get("name")
        if not village or not name:
            continue
        years, birth = villages[village], someone.said.get("birth")
        for year in [birth, None] if birth is not None else list(years):
            for other in years.get(year, ()):
                if (someone.new or other.new) and alike(str(name), str(other.said["name"]), least):
                    _ask(other, someone, "name", "name", found)
        years[birth].append(someone)


# --- deliveries ---


def _check_deliveries(rows: list[Row], lines: Mapping[int, Line], terms: Terms, known: Known) -> None:
    receipts: dict[str, Row] = {}
    codes: dict[str, Row] = {}
    seen: dict[tuple[str, int, int], int] = {}
    for row in rows:
        if row.number in known.told:
            continue
        _named(row, lines[row.number], terms, known)
        _weigh(row, lines[row.number], terms)
        _when(row, terms)
        for column, held, code in (("receipt", receipts, "RECEIPT_TWICE"), ("lot_code", codes, "LOT_CODE_TAKEN")):
            told = row.values.get(column)
            if told is None:
                continue
            if (first := held.setdefault(told, row)) is not row:
                row.fault(column, code, told, **({"row": first.number} if column == "receipt" else {}))
            elif column == "lot_code" and told in known.lots:
                row.fault(column, code, told)
        if {"at", "grams"} <= row.values.keys() and row.code:
            key = (row.code, row.values["at"], row.values["grams"])
            told = _told(lines[row.number], "quantity")
            if key in known.deliveries:
                row.fault("quantity", "DELIVERY_KNOWN", told)
            elif (first_row := seen.setdefault(key, row.number)) != row.number:
                row.fault("quantity", "SAME_DELIVERY", told, row=first_row)
        row.state = "new"


def _named(row: Row, line: Line, terms: Terms, known: Known) -> None:
    """Farmer, plot, site and product are known; site and product may be said for the whole list."""
    if row.code and row.code not in known.farmers:
        row.fault("farmer_code", "FARMER_UNKNOWN", row.code)
    plot = row.values.get("plot_code")
    if plot is not None and row.code and (held := known.plots.get(plot)) is None:
        row.fault("plot_code", "PLOT_UNKNOWN", plot, farmer=row.code)
    elif plot is not None and row.code and held is not None and held.farmer != row.code:
        row.fault("plot_code", "PLOT_OF_ANOTHER", plot, farmer=held.farmer)
    for column, otherwise in (("site_code", terms.site), ("product", terms.product)):
        if column not in row.values and not _faulty([row], column):
            if otherwise is None:
                row.fault(column, "VALUE_MISSING")
            else:
                row.values[column] = otherwise
    site = row.values.get("site_code")
    if site is not None and site not in known.sites:
        row.fault("site_code", "SITE_UNKNOWN", _told(line, "site_code") or site)


def _weigh(row: Row, line: Line, terms: Terms) -> None:
    """The quantity with its unit: that of the cell, of its own column, or of the heading; kilograms if none is told."""
    told = row.values.get("quantity")
    product = terms.products.get(fold(str(row.values.get("product", ""))))
    if told is None:
        return
    value, unit = told
    column = "quantity" if unit or not _told(line, "quantity_unit") else "quantity_unit"
    unit = unit or str(row.values.get("quantity_unit", "")) or terms.units.get("quantity", "") or "kg"
    packaging = product.packaging if product is not None else {}
    known = WEIGHT_UNITS.get(fold(unit)) or next((one for one in packaging if fold(one) == fold(unit)), unit)
    try:
        row.values["grams"] = grams(value, known, packaging)
    except Refused as refused:
        if refused.code == "UNIT_UNKNOWN":
            units = ", ".join([*GRAMS_PER_UNIT, *packaging])
            row.fault(column, "UNIT_UNKNOWN", _told(line, column), unit=unit[:40], units=units[:300])
            return
        code = "QUANTITY_NOT_POSITIVE" if refused.code == "NON_POSITIVE_QTY" else "QUANTITY_TOO_LARGE"
        row.fault("quantity", code, _told(line, "quantity"))
        return
    row.values["quantity"] = (value, known)


def _when(row: Row, terms: Terms) -> None:
    """The instant in UTC milliseconds. Without a time of day it is the beginning of the day in UTC."""
    if "date" not in row.values:
        return
    on, minute = row.values["date"]
    minute = row.values.get("time", minute)
    start = datetime.combine(date.fromisoformat(on), datetime.min.time(), UTC)
    if minute is not None:
        start += timedelta(minutes=minute - terms.utc_offset)
    row.values["at"] = int(start.timestamp() * 1000)
    if row.values["at"] > terms.now:
        row.fault("time" if "time" in row.values else "date", "DATE_IN_FUTURE", on, day=start.isoformat())
    harvested = row.values.get("harvested_on")
    if harvested is not None and harvested > on:
        row.fault("harvested_on", "HARVEST_AFTER_DELIVERY", harvested, day=harvested)


# --- inspections ---


def _check_inspections(rows: list[Row], _lines: Mapping[int, Line], terms: Terms, known: Known) -> None:
    seen: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        if row.code and row.code not in known.farmers:
            row.fault("farmer_code", "FARMER_UNKNOWN", row.code)
        inspector = row.values.get("inspector")
        if inspector is not None and inspector not in known.inspectors:
            row.fault("inspector", "INSPECTOR_UNKNOWN", inspector)
        if "date" not in row.values or inspector is None or not row.code:
            continue
        on = row.values["date"][0]
        for name in ("start", "end"):
            if name in row.values:
                begun = datetime.combine(date.fromisoformat(on), datetime.min.time(), UTC)
                begun += timedelta(minutes=row.values[name] - terms.utc_offset)
                row.values[f"{name}ed_at"] = int(begun.timestamp() * 1000)
        if row.values.get("end", 24 * 60) < row.values.get("start", 0):
            row.fault("end", "END_BEFORE_START")
        key = (row.code, on, inspector)
        if (first := seen.setdefault(key, row)) is not row:
            row.fault("farmer_code", "VISIT_TWICE", row.code, row=first.number)
        held = known.visits.get(key)
        if held is None:
            row.state = "new"
        elif held["valid"] and row.values.get("valid") is False:  # what does not count is not put back by a list
            row.state = "change"
            row.changes.append(Change("valid", True, False))


_CHECKS: Final[Mapping[Kind, Callable[[list[Row], Mapping[int, Line], Terms, Known], None]]] = MappingProxyType(
    {
        "farmers": _check_farmers,
        "plots": _check_plots,
        "deliveries": _check_deliveries,
        "inspections": _check_inspections,
    }
)
