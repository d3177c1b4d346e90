"""Tables as an XLSX workbook: numbers as numbers, days as days, sums as formulas with their value beside them.

A program that does not recalculate (a viewer, a script) shows the same sums as one that does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final, Literal, TypeAlias

Kind: TypeAlias = Literal[
    "text", "kg", "ha", "percent", "count", "day", "moment", "degrees", "truth", "hours", "minor0", "minor2", "minor3"
]
"""How a raw value is written: grams as kilograms, square metres as hectares, basis points as percent, micro-degrees as
decimal degrees, milliseconds as hours, minor units of money with so many decimals as units."""

SCALE: Final[Mapping[Kind, int]] = {
    "kg": 1_000,
    "ha": 10_000,
    "percent": 10_000,
    "degrees": 1_000_000,
    "count": 1,
    "hours": 3_600_000,
    "minor0": 1,
    "minor2": 100,
    "minor3": 1_000,
}
FORMATS: Final[Mapping[Kind, str]] = {
    "kg": "#,##0.000",
    "ha": "#,##0.0000",
    "percent": "0.0%",
    "count": "#,##0",
    "degrees": "0.000000",
    "hours": "#,##0.0",
    "minor0": "#,##0",
    "minor2": "#,##0.00",
    "minor3": "#,##0.000",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
}
DANGEROUS: Final = frozenset("=+-@|%＝＋－＠｜％")
"""Characters with which a spreadsheet begins a formula or a command, and their full-width forms."""

LONGEST: Final = 32_000
"""Characters of a cell: a little below what the format takes."""

FIRST_ROW: Final = 5
"""Number of the first row with data, counted from 1: title, note, sums and headings stand above it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: key, heading, kind of value, width in characters, and whether it is summed.

    ``formula`` makes the cell a formula; ``{key}`` in it is the cell of that column in the same row.
    """

    key: str
    title: str
    kind: Kind = "text"
    width: int = 14
    summed: bool = False
    formula: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet: name, what it shows, how to read it, columns, rows of raw values in the order of the columns."""

    key: str
    name: str
    title: str
    note: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]

    def index(self, key: str) -> int:
        return next(i for i, column in enumerate(self.columns) if column.key == key)

    def total(self, key: str) -> int:
        """The sum of a column, as raw value."""
        at = self.index(key)
        return sum(row[at] for row in self.rows if row[at] is not None)

    def cells(self, key: str) -> str:
        """The cells of a column, as a formula of another sheet names them."""
        letter = letters(self.index(key))
        return f"'{self.name}'!${letter}${FIRST_ROW}:${letter}${self.last_row}"

    @property
    def last_row(self) -> int:
        return FIRST_ROW + max(1, len(self.rows)) - 1


@dataclass(frozen=True, slots=True)
class Check:
    """A figure on the cover: what the ledger says by itself, and the sum of a sheet that has to be the same."""

    title: str
    kind: Kind
    ledger: int
    table: Table
    column: str
    counted: bool = False  # rows are counted, not summed

    @property
    def sheet(self) -> int:
        return len(self.table.rows) if self.counted else self.table.total(self.column)


@dataclass(frozen=True, slots=True)
class Cover:
    """The first sheet: title, facts, figures to check, and lines on how to read the others."""

    name: str
    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]
    headings: tuple[str, str, str, str, str]  # figure, the ledger's own sum, sum of the sheet, difference, check
    same: str
    differs: str
    checks: Sequence[Check]
    reading: Sequence[str] = field(default_factory=tuple)


def workbook(cover: Cover, tables: Sequence[Table], made_at: datetime, author: str) -> bytes:
    """The cover and the tables as XLSX. The same values give the same bytes."""
    import xlsxwriter

    out = BytesIO()
    book: Any = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"title": cover.title, "author": author, "created": made_at.replace(tzinfo=None)})
    styles = _Styles(book)
    _write_cover(book.add_worksheet(cover.name), cover, styles)
    for table in tables:
        _write_table(book.add_worksheet(table.name), table, styles)
    book.close()
    return out.getvalue()


def safe(text: str) -> str:
    """Text as a cell takes it: no control characters; what a spreadsheet would run begins with an apostrophe."""
    plain = "".join(" " if unicodedata.category(sign) in ("Cc", "Cf", "Cs") else sign for sign in text)
    plain = plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"
    begins = plain.lstrip()[:1]
    return f"'{plain}" if begins in DANGEROUS and begins else plain


def letters(column: int) -> str:
    """The name of a column, counted from 0: A, B, … Z, AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


class _Styles:
    """The formats of a workbook, made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[str, Any] = {}

    def of(self, kind: str = "", **look: Any) -> Any:
        key = f"{kind} {sorted(look.items())}"
        if key not in self._made:
            number = {"num_format": FORMATS[kind]} if kind in FORMATS else {}  # type: ignore[index]
            base = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
            self._made[key] = self._book.add_format(base | number | look)
        return self._made[key]


HEAD: Final[dict[str, Any]] = {
    "bold": True,
    "bg_color": "#0B5D3B",
    "font_color": "#FFFFFF",
    "text_wrap": True,
    "valign": "vcenter",
}
SUM: Final[dict[str, Any]] = {"bold": True, "bg_color": "#EEF5F1", "top": 1, "bottom": 1}
TITLE: Final[dict[str, Any]] = {"bold": True, "font_size": 14, "font_color": "#0B5D3B"}
MUTED: Final[dict[str, Any]] = {"font_color": "#5A655F"}


def _write_table(sheet: Any, table: Table, styles: _Styles) -> None:
    sheet.write_string(0, 0, safe(table.title), styles.of(**TITLE))
    sheet.write_string(1, 0, safe(table.note), styles.of(**MUTED))
    for at, column in enumerate(table.columns):
        sheet.set_column(at, at, column.width)
        sheet.write_string(3, at, safe(column.title), styles.of(**HEAD, align=_side(column.kind)))
        if column.summed:
            letter = letters(at)
            shown = f"=SUBTOTAL(109,{letter}{FIRST_ROW}:{letter}{table.last_row})"
            sheet.write_formula(
                2, at, shown, styles.of(column.kind, **SUM), scaled(table.total(column.key), column.kind)
            )
    if any(column.summed for column in table.columns) and not table.columns[0].summed:
        sheet.write_string(2, 0, "Σ", styles.of(**SUM))
    sheet.set_row(0, 22)
    sheet.set_row(3, 32)
    for number, row in enumerate(table.rows, start=FIRST_ROW):
        for at, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            _write_cell(sheet, number, at, column, value, table, styles)
    sheet.freeze_panes(FIRST_ROW - 1, 1)
    sheet.autofilter(3, 0, table.last_row - 1, len(table.columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(3)
    sheet.set_footer("&L&A&R&P / &N")


def _write_cell(sheet: Any, number: int, at: int, column: Column, value: Any, table: Table, styles: _Styles) -> None:
    style = styles.of(column.kind, align=_side(column.kind), indent=0 if column.kind in SCALE else 1)
    if column.formula is not None:
        names = {one.key: f"{letters(i)}{number}" for i, one in enumerate(table.columns)}
        sheet.write_formula(number - 1, at, column.formula.format(**names), style, scaled(value, column.kind))
    elif value is None or value == "":
        return
    elif column.kind in SCALE:
        sheet.write_number(number - 1, at, scaled(value, column.kind), style)
    elif column.kind in ("day", "moment"):
        _write_day(sheet, number - 1, at, value, style)
    elif column.kind == "truth":
        sheet.write_boolean(number - 1, at, value, style)
    else:
        sheet.write_string(number - 1, at, safe(str(value)), style)


def _side(kind: Kind) -> str:
    return "right" if kind in SCALE else "left"


def _write_day(sheet: Any, row: int, column: int, value: date | datetime, style: Any) -> None:
    plain = value.replace(tzinfo=None) if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a sheet knows no zone
    sheet.write_datetime(row, column, plain, style)


def scaled(value: int | None, kind: Kind) -> float | int:
    """A raw value in the unit that people read; the only place where a weight becomes a float."""
    if value is None:
        return 0
    return value / SCALE[kind] if SCALE.get(kind, 1) != 1 else value


def _write_cover(sheet: Any, cover: Cover, styles: _Styles) -> None:
    sheet.hide_gridlines(2)
    sheet.set_row(0, 30)
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 3, 20)
    sheet.set_column(4, 4, 14)
    sheet.write_string(0, 0, safe(cover.title), styles.of(bold=True, font_size=18, font_color="#0B5D3B"))
    sheet.write_string(1, 0, safe(cover.subtitle), styles.of(**MUTED))
    row = 3
    for name, value in cover.facts:
        sheet.write_string(row, 0, safe(name), styles.of(**MUTED))
        sheet.write_string(row, 1, safe(value), styles.of())
        row += 1
    row += 1
    for at, title in enumerate(cover.headings if cover.checks else ()):
        sheet.write_string(row, at, safe(title), styles.of(**HEAD, align="right" if at else "left"))
    for check in cover.checks:
        row += 1
        _write_check(sheet, row, cover, check, styles)
    row += 2
    for text in cover.reading:
        sheet.merge_range(row, 0, row, 4, safe(text), styles.of(text_wrap=True))
        sheet.set_row(row, 15 * (1 + len(text) // 112))
        row += 1
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _write_check(sheet: Any, row: int, cover: Cover, check: Check, styles: _Styles) -> None:
    style = styles.of(check.kind)
    ledger, found = scaled(check.ledger, check.kind), scaled(check.sheet, check.kind)
    how = "COUNTA" if check.counted else "SUM"
    places = {"kg": 3, "ha": 4}.get(check.kind, 0)
    number = row + 1
    verdict = cover.same if check.ledger == check.sheet else cover.differs
    sheet.write_string(row, 0, safe(check.title), styles.of())
    sheet.write_number(row, 1, ledger, style)
    sheet.write_formula(row, 2, f"={how}({check.table.cells(check.column)})", style, found)
    gap = scaled(check.sheet - check.ledger, check.kind)
    sheet.write_formula(row, 3, f"=ROUND(C{number}-B{number},{places})", style, gap)
    told = f'=IF(D{number}=0,"{cover.same}","{cover.differs}")'
    sheet.write_formula(row, 4, told, styles.of(bold=True, align="right"), verdict)
