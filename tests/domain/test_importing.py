"""Rows of a list: what people write in cells, and what rows say together."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import cells
from domain.cells import COLUMNS, ProductTerms, Terms, Wrong, fold, number
from domain.countries import Bounds
from domain.faults import BY, FAULTS, TITLES, Fault
from domain.importing import Change, Known, KnownFarmer, KnownPlot, Line, Row, check, is_total, likeness
from domain.refusals import Lang

ROOT = Path(__file__).resolve().parents[2]
RULES = cells.load_rules((ROOT / "profiles/importing.toml").read_text("utf-8"), "importing.toml")
UNSPEAKABLE = re.compile(
    r"\b(invalide?|please|oops|forbidden|interdit|veuillez|error|erreur|s'il vous pla[iî]t)\b", re.IGNORECASE
)
NOW = 1_730_800_000_000  # 5 November 2024, 09:46 UTC
TERMS = Terms(
    now=NOW,
    limits=RULES.at(date(2024, 11, 5)),
    bounds=Bounds(4_300_000, 8_600_000, -11_600_000, -7_300_000, date(2022, 1, 1), "test"),
    country="Liberia",
    crops={"cocoa": "cocoa", "cacao": "cocoa"},
    crop="cocoa",
    products={"cocoa wet beans": ProductTerms("cocoa_wet_beans", {"jute_62.5": 62_500})},
    membership=True,
)


def rows(
    kind: Any, *lines: dict[str, str], known: Known | None = None, terms: Terms = TERMS, typed: str = ""
) -> list[Row]:
    numbers = frozenset(typed.split())
    return check(kind, [Line(at, one, numbers) for at, one in enumerate(lines, start=2)], terms, known or Known())


def farmer(**more: str) -> dict[str, str]:
    return {"farmer_code": "A1", "name": "Anna Kollie", "sex": "F", "village": "Gbarnga", "birth": "1981"} | more


def faults(found: list[Row]) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.code) for row in found for one in row.faults]


def one(column: str, text: str, *, typed: bool = False, terms: Terms = TERMS, kind: Any = "farmers") -> Any:
    """The value of a cell, or the code of what is wrong with it."""
    held = next(item for item in COLUMNS[kind] if item.name == column)
    try:
        return cells.read_cell(held, text, terms, typed=typed)
    except Wrong as wrong:
        return wrong.code


# --- cells ---


@pytest.mark.parametrize(
    ("text", "decimal", "exact", "expected"),
    [
        ("4,8", None, False, "4.8"),
        ("4.8", None, False, "4.8"),
        ("4.8", ",", False, "4.8"),
        ("04,80", None, False, "4.8"),
        (",5", None, False, "0.5"),
        ("-1,2", None, False, "-1.2"),
        ("1 234,5", None, True, "1234.5"),
        ("1\u202f234", None, True, "1234"),
        ("12'345.6", None, True, "12345.6"),
        ("1,234,567", None, True, "1234567"),
        ("1.234,5", None, True, "1234.5"),
        ("1,234.5", None, True, "1234.5"),
        ("1,234", None, True, "NUMBER_AMBIGUOUS"),
        ("1,234", ",", True, "1.234"),
        ("1,234", ".", True, "NUMBER_AMBIGUOUS"),
        ("1,234", None, False, "1.234"),
        ("0,250", None, True, "0.25"),
        ("٤,٨", None, False, "4.8"),
        ("4,8,1", None, False, "NUMBER_UNREADABLE"),
        ("4 8", None, False, "NUMBER_UNREADABLE"),
        ("2,3E+11", None, False, "NUMBER_UNREADABLE"),
        ("four", None, False, "NUMBER_UNREADABLE"),
    ],
)
def test_numbers_as_people_write_them(text: str, decimal: Any, exact: bool, expected: str) -> None:
    try:
        assert number(text, decimal, typed=False, exact=exact) == expected
    except Wrong as wrong:
        assert wrong.code == expected


@given(st.decimals(min_value=0, max_value=10**9, places=3, allow_nan=False))
def test_a_number_of_a_sheet_is_read_exactly(value: Any) -> None:
    from decimal import Decimal

    assert Decimal(number(f"{value:f}", None, typed=True, exact=True)) == value


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("4,8 ha", None, 48_000),
        ("4.8", None, 48_000),
        ("48 000 m²", None, 48_000),
        ("48000", "m2", 48_000),
        ("2 acres", None, 8_094),
        ("4,8", "ha", 48_000),
        ("1.234", None, 12_340),
        ("1.234 m2", None, "NUMBER_AMBIGUOUS"),
        ("0", None, "AREA_NOT_POSITIVE"),
        ("-1,2 ha", None, "AREA_NOT_POSITIVE"),
        ("0,00001", None, "AREA_NOT_POSITIVE"),
        ("2000000 ha", None, "AREA_TOO_LARGE"),
        ("4,8 tasks", None, "UNIT_UNKNOWN"),
        ("ha", None, "NUMBER_UNREADABLE"),
    ],
)
def test_areas(text: str, unit: str | None, expected: int | str) -> None:
    terms = replace(TERMS, units={"area": unit} if unit else {})
    assert one("area", text, terms=terms) == expected


@pytest.mark.parametrize(
    ("text", "typed", "expected"),
    [
        ("2024-10-09", False, "2024-10-09"),
        ("09/10/2024", False, "2024-10-09"),
        ("9.10.2024", False, "2024-10-09"),
        ("9 oct. 2024", False, "2024-10-09"),
        ("1er février 2024", False, "2024-02-01"),
        ("9 October 2024", False, "2024-10-09"),
        ("2024-10-09T00:00:00", False, "2024-10-09"),
        ("45574", True, "2024-10-09"),
        ("٠٩/١٠/٢٠٢٤", False, "2024-10-09"),
        ("45574", False, "DATE_UNREADABLE"),
        ("31/02/1980", False, "DATE_IMPOSSIBLE"),
        ("10/31/2023", False, "DATE_IMPOSSIBLE"),
        ("2019", False, "YEAR_ONLY"),
        ("2019", True, "YEAR_ONLY"),
        ("09/10/24", False, "DATE_UNREADABLE"),
        ("soon", False, "DATE_UNREADABLE"),
        ("06/11/2024", False, "DATE_IN_FUTURE"),
        ("05/11/2024", False, "2024-11-05"),
    ],
)
def test_days(text: str, typed: bool, expected: str) -> None:
    assert one("joined_on", text, typed=typed) == expected


def test_months_may_come_first_where_it_is_said() -> None:
    assert one("joined_on", "10/31/2023", terms=replace(TERMS, date_order="mdy")) == "2023-10-31"


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("sex", "H", "M"),
        ("sex", "homme", "M"),
        ("sex", "Féminin", "F"),
        ("sex", "ქალი", "F"),
        ("sex", "أنثى", "F"),
        ("sex", "X", "SEX_UNKNOWN"),
        ("birth", "1981", 1981),
        ("birth", "17/05/1981", 1981),
        ("birth", "1881", "BIRTH_IMPLAUSIBLE"),
        ("birth", "2020", "BIRTH_IMPLAUSIBLE"),
        ("phone", "0770 000 001", "0770 000 001"),
        ("phone", "00231770000001", "+231770000001"),
        ("phone", "231770000001", "231770000001"),
        ("phone", "2.3177E+11", "PHONE_UNREADABLE"),
        ("phone", "none", "PHONE_UNREADABLE"),
        ("farmer_code", "lr-c1-0042", "LR-C1-0042"),
        ("farmer_code", "0042", "0042"),
        ("farmer_code", "A 1", "CODE_MALFORMED"),
        ("farmer_code", "É1", "CODE_MALFORMED"),
        ("farmer_code", "A" * 41, "CODE_MALFORMED"),
        ("name", "=HYPERLINK(1)", "FORMULA"),
        ("name", "#REF!", "CELL_FAILED"),
        ("name", "Anna\u202eKollie", "CONTROL_CHARACTERS"),
        ("name", "@Anna", "@Anna"),
        ("name", "x" * 201, "TEXT_TOO_LONG"),
        ("status", "Agréé", "approved"),
        ("status", "demande", "applied"),
        ("status", "maybe", "STATUS_UNKNOWN"),
        ("crop", "Cacao", "cocoa"),
        ("crop", "rubber", "rubber"),
        ("crop", "caoutchouc (hévéa)", "CROP_UNREADABLE"),
        ("latitude", "6,998765", (6_998_765, 6)),
        ("latitude", "9.47 W", (-9_470_000, 2)),
        ("latitude", "6° 59' 55\"", "COORDINATE_UNREADABLE"),
        ("latitude", "200", "COORDINATE_UNREADABLE"),
        ("estimate", "1 200", 1_200_000),
        ("estimate", "1.2 t", 1_200_000),
        ("estimate", "1,200", "NUMBER_AMBIGUOUS"),
        ("estimate", "-5", "QUANTITY_NOT_POSITIVE"),
        ("estimate", "20 cups", "UNIT_UNKNOWN"),
    ],
)
def test_cells(column: str, text: str, expected: Any) -> None:
    assert one(column, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("8h30", 510), ("08:30", 510), ("8h", 480), ("24:00", "TIME_UNREADABLE"), ("noon", "TIME_UNREADABLE")],
)
def test_times(text: str, expected: Any) -> None:
    assert one("time", text, kind="deliveries") == expected


@given(
    st.text(max_size=300),
    st.sampled_from([(kind, item.name) for kind in COLUMNS for item in COLUMNS[kind]]),
    st.booleans(),
)
def test_no_cell_stops_a_list(text: str, column: tuple[Any, str], typed: bool) -> None:
    """Whatever stands in a cell: a value, or a fault of the catalogue."""
    kind, name = column
    (row,) = check(kind, [Line(2, {name: text}, frozenset([name]) if typed else frozenset())], TERMS, Known())
    for fault in row.faults:
        assert fault.said("en")
        assert fault.todo("fr")


# --- rows ---


def test_a_farmer_of_one_row() -> None:
    (row,) = rows("farmers", farmer(plot_code="A1-A", area="4,8 ha", latitude="6.998765", longitude="-9.471234"))
    assert (row.state, row.faults) == ("new", [])
    assert row.values["point"] == (-9_471_234, 6_998_765)
    assert (row.values["area"], row.values["crop"], row.values["decimals"]) == (48_000, "cocoa", 6)


def test_several_rows_are_several_plots_of_one_farmer() -> None:
    second = {"farmer_code": "A1", "name": "", "plot_code": "A1-B", "area": "2"}
    found = rows("farmers", farmer(plot_code="A1-A", area="4"), second)
    assert (faults(found), [row.state for row in found]) == ([], ["new", "new"])
    third = farmer(plot_code="A1-C", area="1", phone="0770000009", birth="1982")
    assert faults(rows("farmers", farmer(plot_code="A1-A", area="4"), third)) == [(3, "birth", "ROWS_DISAGREE")]


def test_plots_without_codes_are_numbered_by_farmer() -> None:
    found = rows("farmers", farmer(area="4"), farmer(area="2"))
    assert [row.values["plot_code"] for row in found] == ["A1-1", "A1-2"]
    mixed = rows("farmers", farmer(area="4", plot_code="A1-A"), farmer(area="2"))
    assert faults(mixed) == [(3, "plot_code", "VALUE_MISSING")]


def test_one_code_of_two_persons_and_a_row_that_stands_twice() -> None:
    assert faults(rows("farmers", farmer(), farmer(name="Moses Togba"))) == [(3, "farmer_code", "CODE_TWICE")]
    assert faults(rows("farmers", farmer(), farmer())) == [(3, "farmer_code", "ROW_TWICE")]
    plot = farmer(plot_code="A1-A", area="4")
    assert faults(rows("farmers", plot, plot)) == [(3, "plot_code", "PLOT_TWICE")]


def test_what_a_row_cannot_do_without() -> None:
    assert faults(rows("farmers", farmer(name=" "))) == [(2, "name", "VALUE_MISSING")]
    assert faults(rows("farmers", farmer(farmer_code=""))) == [(2, "farmer_code", "VALUE_MISSING")]
    assert faults(rows("farmers", farmer(plot_code="A1-A"))) == [(2, "area", "VALUE_MISSING")]
    assert faults(rows("farmers", farmer(plot_code="A1-A", area="1"), terms=replace(TERMS, crop=None))) == [
        (2, "crop", "VALUE_MISSING")
    ]
    assert faults(rows("farmers", farmer(latitude="6.5"))) == [(2, "longitude", "COORDINATE_MISSING")]


def test_positions_are_held_against_the_country() -> None:
    def at(latitude: str, longitude: str) -> list[tuple[int, str, str]]:
        return faults(rows("farmers", farmer(plot_code="P", area="1", latitude=latitude, longitude=longitude)))

    assert at("6.998765", "-9.471234") == []
    assert at("-9.471234", "6.998765") == [(2, "latitude", "COORDINATES_SWAPPED")]
    assert at("48.858222", "2.294500") == [(2, "latitude", "OUTSIDE_COUNTRY")]
    assert at("6.998765", "9.471234") == [(2, "latitude", "OUTSIDE_COUNTRY")]


def test_zeros_that_a_sheet_drops_count_as_decimals() -> None:
    places = [("6.998765", "-9.471234"), ("6.99877", "-9.4712"), ("6.998123", "-9.471999")]
    lines = [
        farmer(farmer_code=f"A{at}", name=f"N{at}", birth="", plot_code=f"P{at}", area="1", latitude=lat, longitude=lon)
        for at, (lat, lon) in enumerate(places)
    ]
    as_numbers = rows("farmers", *lines, typed="latitude longitude")
    as_text = rows("farmers", *lines)
    assert [row.values["decimals"] for row in as_numbers] == [6, 6, 6]
    assert [row.values["decimals"] for row in as_text] == [6, 4, 6]


def test_a_lost_comma_stands_out_among_the_others() -> None:
    areas = ["4,8", "3,9", "5,1", "4,4", "48", "4,0"]
    lines = [
        farmer(farmer_code=f"A{at}", name=f"N{at}", birth="", plot_code=f"P{at}", area=text)
        for at, text in enumerate(areas)
    ]
    found = rows("farmers", *lines)
    assert faults(found) == [(6, "area", "AREA_LOST_COMMA")]
    assert found[4].state == "new"  # worth a look, no more
    assert faults(rows("farmers", *lines[2:5])) == []  # of three, none is usual


def test_a_phone_without_its_zero_stands_out_among_the_others() -> None:
    def phones(*numbers: str) -> list[tuple[int, str, str]]:
        lines = [farmer(farmer_code=f"A{at}", name=f"N{at}", birth="", phone=text) for at, text in enumerate(numbers)]
        return faults(rows("farmers", *lines))

    assert phones("0770000001", "0770000002", "770000003") == [(4, "phone", "PHONE_WITHOUT_ZERO")]
    assert phones("231770000001", "231770000002", "0770000003") == []


# --- who may be one person ---


def test_one_person_is_asked_about_by_papers_phone_and_name() -> None:
    first = farmer(identity_no="L-12 34", phone="0770000001")
    again = farmer(farmer_code="A2", name="KOLLIE Ana")
    assert faults(rows("farmers", first, again)) == [(3, "name", "SAME_PERSON")]
    by_phone = farmer(farmer_code="A3", name="Moses", birth="", phone="0770 000 001")
    assert faults(rows("farmers", first, by_phone)) == [(3, "phone", "SAME_PERSON")]
    by_paper = farmer(farmer_code="A4", name="Moses", birth="", identity_no="l1234")
    assert faults(rows("farmers", first, by_paper)) == [(3, "identity_no", "SAME_PERSON")]
    for other in (
        farmer(farmer_code="A5", name="Anna Kollie", village="Zorzor"),
        farmer(farmer_code="A5", name="Anna Kollie", birth="1979"),
        farmer(farmer_code="A5", name="Moses Togba"),
    ):
        assert faults(rows("farmers", first, other)) == []


def test_new_farmers_are_held_against_the_registry_and_known_ones_are_not_asked_about() -> None:
    held = KnownFarmer("B7", {"name": "Anna Kolie", "village": "Gbarnga", "birth": 1981})
    found = rows("farmers", farmer(), known=Known(farmers={"B7": held}))
    (fault,) = found[0].faults
    assert fault.params == {"other": "Anna Kolie (B7)", "by": "name"}
    assert "name, village and birth year" in fault.said("en")
    both = {"B7": held, "A1": KnownFarmer("A1", {"name": "Anna Kollie", "village": "Gbarnga", "birth": 1981})}
    assert faults(rows("farmers", farmer(), known=Known(farmers=both))) == []


def test_a_shared_phone_asks_once_a_row() -> None:
    lines = [farmer(farmer_code=f"A{at}", name=f"N{at}", birth="", phone="0770000001") for at in range(6)]
    assert len(faults(rows("farmers", *lines))) == 5


# --- against the registry ---

ANNA = KnownFarmer(
    "A1",
    {"name": "Anna Kollie", "sex": "F", "birth": 1981, "phone": None, "village": "Gbarnga", "identity_no": None},
    {"joined_on": "2021-06-01", "agreement_on": None, "unit": "S1", "status": "approved"},
    1_200_000,
)
PLOT = KnownPlot(
    "A1-A", "A1", {"area": 48_000, "crop": "cocoa", "conversion_start": "2019-01-01", "from_day": None, "point": None}
)
REGISTRY = Known(farmers={"A1": ANNA}, plots={"A1-A": PLOT})


def test_what_is_the_same_is_unchanged() -> None:
    line = farmer(plot_code="A1-A", area="4,8", status="agréé", estimate="1200", unit="S1", phone="")
    (row,) = rows("farmers", line, known=REGISTRY)
    assert (row.state, row.changes, row.faults) == ("unchanged", [], [])


def test_what_differs_is_told_old_and_new() -> None:
    line = farmer(plot_code="A1-A", area="5", status="suspendu", estimate="1300", phone="0770000001")
    (row,) = rows("farmers", line, known=REGISTRY)
    assert row.state == "change"
    assert row.changes == [
        Change("phone", None, "0770000001"),
        Change("status", "approved", "suspended"),
        Change("estimate", 1_200_000, 1_300_000),
        Change("area", 48_000, 50_000),
    ]


def test_a_membership_is_only_touched_under_a_certificate() -> None:
    (row,) = rows("farmers", farmer(status="suspendu"), known=REGISTRY, terms=replace(TERMS, membership=False))
    assert row.state == "unchanged"


def test_a_code_of_another_farmer_and_a_plot_of_another() -> None:
    (row,) = rows("farmers", farmer(name="Moses Togba", birth="1950"), known=REGISTRY)
    assert faults([row]) == [(2, "farmer_code", "CODE_OF_ANOTHER")]
    (married,) = rows("farmers", farmer(name="Anna Togba Sirleaf Weah"), known=REGISTRY)  # the same birth year
    assert (married.faults, [one.column for one in married.changes]) == ([], ["name"])
    (longer,) = rows("farmers", farmer(name="Anna", birth=""), known=REGISTRY)
    assert longer.faults == []
    other = farmer(farmer_code="A2", name="Moses", birth="", plot_code="A1-A", area="1")
    assert faults(rows("farmers", other, known=REGISTRY)) == [(2, "plot_code", "PLOT_OF_ANOTHER")]
    ended = Known(farmers={"A1": replace(ANNA, ended=True)})
    assert faults(rows("farmers", farmer(), known=ended)) == [(2, "farmer_code", "FARMER_ENDED")]


def test_no_point_replaces_an_outline() -> None:
    line = farmer(plot_code="A1-A", area="4,8", latitude="6.998765", longitude="-9.471234")
    (row,) = rows("farmers", line, known=replace(REGISTRY, plots={"A1-A": replace(PLOT, outlined=True)}))
    assert row.state == "unchanged"
    (row,) = rows("farmers", line, known=REGISTRY)
    assert row.changes == [Change("point", None, (-9_471_234, 6_998_765))]


def test_plots_alone() -> None:
    good = {"plot_code": "A1-B", "farmer_code": "A1", "area": "2"}
    found = rows(
        "plots", good, good | {"farmer_code": "A9", "plot_code": "A9-A"}, {"farmer_code": "A1"}, known=REGISTRY
    )
    assert faults(found) == [(3, "farmer_code", "FARMER_UNKNOWN"), (4, "plot_code", "VALUE_MISSING")]
    assert found[0].state == "new"


# --- deliveries, inspections ---


def delivery(**more: str) -> dict[str, str]:
    return {
        "date": "05/11/2024",
        "time": "08:30",
        "farmer_code": "A1",
        "site_code": "S1",
        "quantity": "62,5 kg",
        "product": "cocoa_wet_beans",
    } | more


STATION = replace(REGISTRY, sites={"S1"}, lots={"TAKEN"}, deliveries={("A1", NOW - 1, 1_000)})


def test_deliveries() -> None:
    (row,) = rows("deliveries", delivery(), known=STATION)
    assert (row.state, row.faults) == ("new", [])
    assert (row.values["quantity"], row.values["grams"]) == (("62.5", "kg"), 62_500)
    assert row.values["at"] == 1_730_795_400_000
    ahead = replace(TERMS, utc_offset=60)
    assert rows("deliveries", delivery(), known=STATION, terms=ahead)[0].values["at"] == 1_730_791_800_000
    (midnight,) = rows("deliveries", delivery(time=""), known=STATION, terms=ahead)
    assert midnight.values["at"] == 1_730_764_800_000  # no time told: the day begins in UTC
    (bags,) = rows("deliveries", delivery(quantity="2", quantity_unit="jute 62.5"), known=STATION)
    assert (bags.values["quantity"], bags.values["grams"]) == (("2", "jute_62.5"), 125_000)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"farmer_code": "A9"}, ("farmer_code", "FARMER_UNKNOWN")),
        ({"site_code": "S9"}, ("site_code", "SITE_UNKNOWN")),
        ({"site_code": ""}, ("site_code", "VALUE_MISSING")),
        ({"product": "gold"}, ("product", "PRODUCT_UNKNOWN")),
        ({"product": ""}, ("product", "VALUE_MISSING")),
        ({"plot_code": "A1-Z"}, ("plot_code", "PLOT_UNKNOWN")),
        ({"quantity": "0"}, ("quantity", "QUANTITY_NOT_POSITIVE")),
        ({"quantity": "9999999 t"}, ("quantity", "QUANTITY_TOO_LARGE")),
        ({"quantity": "2 sacks"}, ("quantity", "UNIT_UNKNOWN")),
        ({"quantity": "62,500"}, ("quantity", "NUMBER_AMBIGUOUS")),
        ({"lot_code": "TAKEN"}, ("lot_code", "LOT_CODE_TAKEN")),
        ({"lot_code": "L" * 21}, ("lot_code", "CODE_MALFORMED")),
        ({"time": "23:59"}, ("time", "DATE_IN_FUTURE")),
        ({"harvested_on": "2024-11-05", "date": "2024-11-04"}, ("harvested_on", "HARVEST_AFTER_DELIVERY")),
    ],
)
def test_deliveries_that_cannot_be_taken(more: dict[str, str], fault: tuple[str, str]) -> None:
    found = rows("deliveries", delivery(**more), known=STATION)
    assert faults(found) == [(2, *fault)]
    assert found[0].state == "correct"


def test_deliveries_that_stand_twice_and_those_that_are_recorded() -> None:
    twice = rows("deliveries", delivery(receipt="R1"), delivery(receipt="R1", quantity="9"), known=STATION)
    assert faults(twice) == [(3, "receipt", "RECEIPT_TWICE")]
    alike = rows("deliveries", delivery(), delivery(), known=STATION)
    assert (faults(alike), alike[1].state) == ([(3, "quantity", "SAME_DELIVERY")], "new")
    again = replace(STATION, deliveries={("A1", 1_730_795_400_000, 62_500)})
    assert faults(rows("deliveries", delivery(), known=again)) == [(2, "quantity", "DELIVERY_KNOWN")]
    (told,) = rows("deliveries", delivery(), known=replace(again, told={2}))
    assert (told.state, told.faults) == ("unchanged", [])


def test_inspections() -> None:
    visit = {"farmer_code": "A1", "date": "01/10/2024", "inspector": "I-1", "start": "9h00", "end": "10h15"}
    held = {("A1", "2024-10-01", "I-1"): {"valid": True}}
    (new,) = rows("inspections", visit, known=REGISTRY)
    assert (new.state, new.values["ended_at"] - new.values["started_at"]) == ("new", 75 * 60_000)
    assert rows("inspections", visit, known=replace(REGISTRY, visits=held))[0].state == "unchanged"
    (fallen,) = rows("inspections", visit | {"valid": "non"}, known=replace(REGISTRY, visits=held))
    assert (fallen.state, fallen.changes) == ("change", [Change("valid", True, False)])
    found = rows(
        "inspections",
        visit | {"end": "8:00"},
        visit | {"inspector": "I-9", "farmer_code": "A9"},
        visit,
        known=replace(REGISTRY, inspectors={"I-1"}),
    )
    assert faults(found) == [
        (2, "end", "END_BEFORE_START"),
        (3, "farmer_code", "FARMER_UNKNOWN"),
        (3, "inspector", "INSPECTOR_UNKNOWN"),
        (4, "farmer_code", "VISIT_TWICE"),
    ]


# --- totals, names, words ---


@pytest.mark.parametrize(
    ("cells_", "texts", "total"),
    [
        ({"farmer_code": "TOTAL", "area": "79"}, ["TOTAL"], True),
        ({"name": "Nombre total de membres : 1015"}, ["Nombre total de membres : 1015"], True),
        ({"area": "79,5"}, ["79,5"], True),
        ({"area": "79.5", "estimate": "100"}, [], True),
        ({"farmer_code": "A1", "area": "4"}, ["A1"], False),
        ({"farmer_code": "A1", "name": "Total Kollie"}, ["A1", "Total Kollie"], False),
        ({"name": "Anna"}, ["Anna"], False),
        ({"area": "4"}, ["Gbarnga"], False),
    ],
)
def test_totals(cells_: dict[str, str], texts: list[str], total: bool) -> None:
    assert is_total("farmers", Line(9, cells_), texts) is total


def test_names_are_compared_whatever_the_order_accents_and_capitals() -> None:
    assert likeness("KOLLIÉ Anna", "anna kollie") == 10_000
    assert likeness("Anna Kollie", "KOLLIE Ana") > 9_000
    assert likeness("Anna Kollie", "Moses Togba") < 4_000
    assert fold("Code  du Producteur (N°)") == "code du producteur n"


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("code", FAULTS)
def test_every_fault_speaks_both_languages_with_the_same_figures(code: str) -> None:
    kind = FAULTS[code]
    for texts in (kind.said, kind.todo):
        assert fields(texts["en"]) == fields(texts["fr"]) <= {*kind.params, "value"}
        assert all(text.endswith((".", "?")) or "?" in text for text in texts.values())
        assert not UNSPEAKABLE.search(texts["en"] + texts["fr"])
    assert set(kind.params) <= fields(kind.said["en"]) | fields(kind.todo["en"])


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_column_has_a_title(lang: Lang) -> None:
    for kind in COLUMNS:
        assert all(TITLES[column.name][lang] for column in COLUMNS[kind])
    assert all(BY[key][lang] for key in BY)


def test_a_fault_takes_the_params_of_its_code() -> None:
    with pytest.raises(TypeError, match="CODE_TWICE"):
        Fault(2, "farmer_code", "CODE_TWICE", "A1")
    with pytest.raises(KeyError):
        Fault(2, "farmer_code", "SAD")


def test_every_fault_of_the_catalogue_is_found_by_some_rule() -> None:
    written = "".join(
        (ROOT / path).read_text("utf-8") for path in ("domain/importing.py", "domain/cells.py", "ledger/importing.py")
    )
    assert [code for code in FAULTS if f'"{code}"' not in written] == []
