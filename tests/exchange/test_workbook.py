"""A workbook says the same to who recalculates it and to who does not, and nothing in it runs."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from exchange.workbook import DANGEROUS, Check, Column, Cover, Table, letters, safe, workbook

MADE = datetime(2025, 10, 1, 8, 0, tzinfo=UTC)
TABLE = Table(
    "goods",
    "Goods",
    "Goods",
    "How to read",
    (
        Column("lot", "Lot"),
        Column("day", "Day", "day"),
        Column("in", "In (kg)", "kg", summed=True),
        Column("out", "Out (kg)", "kg", summed=True),
        Column("loss", "Loss (kg)", "kg", formula="={in}-{out}"),
        Column("share", "Share", "percent"),
        Column("area", "Area (ha)", "ha", summed=True),
        Column("ok", "In order", "truth"),
    ),
    (
        ("=1+1", date(2025, 1, 2), 1_000_001, 400_000, 600_001, 4_000, 12_345, True),
        ("B", None, 2_500, 1_000, 1_500, None, None, False),
    ),
)
EMPTY = Table("none", "None", "None", "Nothing", (Column("lot", "Lot"), Column("in", "In", "kg", summed=True)), ())


def cover(ledger: int = 1_002_501) -> Cover:
    checks = [Check("In", "kg", ledger, TABLE, "in"), Check("Lots", "count", 2, TABLE, "lot", counted=True)]
    checks.append(Check("None", "kg", 0, EMPTY, "in"))
    return Cover(
        "Cover", "Title", "Sub", [("Made", "today")], ("F", "L", "S", "D", "C"), "in order", "differs", checks, ["Read"]
    )


def sheet(data: bytes, name: str) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(name).to_python()


def test_numbers_are_numbers_and_sums_have_their_value() -> None:
    data = workbook(cover(), [TABLE, EMPTY], MADE, "Somebody")
    assert data == workbook(cover(), [TABLE, EMPTY], MADE, "Somebody")
    rows = sheet(data, "Goods")
    assert rows[2] == ["Σ", "", 1002.501, 401.0, "", "", 1.2345, ""]
    assert rows[4] == ["'=1+1", date(2025, 1, 2), 1000.001, 400.0, 600.001, 0.4, 1.2345, True]
    assert rows[5][:5] == ["B", "", 2.5, 1.0, 1.5]
    assert [row[1:] for row in sheet(data, "Cover")[6:9]] == [
        [1002.501, 1002.501, 0.0, "in order"],
        [2.0, 2.0, 0.0, "in order"],
        [0.0, 0.0, 0.0, "in order"],
    ]
    wrong = sheet(workbook(cover(1_002_500), [TABLE, EMPTY], MADE, "Somebody"), "Cover")
    assert wrong[6][3:] == [0.001, "differs"]


def test_sums_are_formulas() -> None:
    with zipfile.ZipFile(io.BytesIO(workbook(cover(), [TABLE, EMPTY], MADE, ""))) as file:
        first, second = (file.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2))
    assert "<f>SUM('Goods'!$C$5:$C$6)</f><v>1002.501</v>" in first
    assert "<f>COUNTA('Goods'!$A$5:$A$6)</f><v>2</v>" in first
    assert "<f>SUBTOTAL(109,C5:C6)</f><v>1002.501</v>" in second
    assert "<f>C5-D5</f><v>600.001</v>" in second


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "|x", "%x", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＋", "－", "＠", "％", "｜"]
)
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(text: str) -> None:
    assert safe(text).startswith("'")


@given(st.text(max_size=50))
def test_no_cell_begins_a_formula(text: str) -> None:
    cell = safe(text)
    assert cell.lstrip()[:1] not in DANGEROUS or not cell.strip()
    assert "\t" not in cell and "\n" not in cell and "\x00" not in cell


def test_long_text_is_cut_and_columns_have_their_letters() -> None:
    assert len(safe("x" * 40_000)) == 32_000
    assert [letters(at) for at in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
