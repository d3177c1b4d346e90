"""The rows of a list that have to be corrected, as a workbook: same columns, faulty cells marked, what to do in front.

Every cell is written as text: a code keeps its zeros, a phone its digits, and nothing becomes a formula.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from domain.faults import TITLES, Fault
from domain.importing import Line
from domain.refusals import Lang
from exchange.columns import Heading

FRONT: Final[dict[Lang, tuple[str, str]]] = {"en": ("Row", "What to do"), "fr": ("Ligne", "À faire")}
"""What the columns in front are called: by them a corrected sheet is known."""

LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "sex": ("F", "M"),
    "status": ("applied", "approved", "suspended", "withdrawn"),
    "valid": ("yes", "no"),
}
"""Columns whose values are chosen from a list."""

MARKED: Final = "#F8CBAD"
LONGEST: Final = 32_000
"""Characters of a cell: a little below what the format takes."""

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def error_sheet(
    name: str, headings: Sequence[Heading], lines: Sequence[Line], faults: Sequence[Fault], lang: Lang = "en"
) -> bytes:
    """XLSX with the rows that have faults to correct. ``name``: of the sheet, by which it is known again."""
    import xlsxwriter

    found: dict[int, list[Fault]] = defaultdict(list)
    for fault in faults:
        if fault.level == "correct":
            found[fault.row].append(fault)
    kept = [line for line in lines if line.number in found]
    width = max([len(FRONT[lang]), *(one.place + 1 for one in headings)])
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, options) as book:
        sheet = book.add_worksheet(name)
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        text = book.add_format({"num_format": "@", "valign": "top"})
        wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        marked = book.add_format({"num_format": "@", "valign": "top", "bg_color": MARKED})
        for place, title in enumerate(FRONT[lang]):
            sheet.write_string(0, place, title, head)
        places = {one.column: one.place for one in headings if one.column}
        for one in headings:
            sheet.write_string(0, one.place + 2, one.text, head)
        for index, line in enumerate(kept, start=1):
            bad = found[line.number]
            sheet.write_string(index, 0, str(line.number), text)
            sheet.write_string(index, 1, "\n".join(_told(one, headings, lang) for one in bad)[:LONGEST], wrapped)
            wrong = {places[fault.column]: fault for fault in bad if fault.column in places}
            for place in range(width):
                value = line.whole[place] if place < len(line.whole) else ""
                sheet.write_string(index, place + 2, value[:LONGEST], marked if place in wrong else text)
            for place, fault in wrong.items():
                sheet.write_comment(index, place + 2, f"{fault.said(lang)} {fault.todo(lang)}")
        for column, values in LISTS.items():
            if column in places and kept:
                place = places[column] + 2
                rule = {"validate": "list", "source": list(values), "error_type": "warning"}
                sheet.data_validation(1, place, len(kept), place, rule)
        sheet.set_column(0, 0, 8)
        sheet.set_column(1, 1, 60)
        sheet.set_column(2, width + 1, 18, text)
        sheet.freeze_panes(1, 2)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{len(kept) + 1}"})
    return stream.getvalue()


def _told(fault: Fault, headings: Sequence[Heading], lang: Lang) -> str:
    """The column as the list calls it, what is the case, and what to do."""
    return f"{heading_of(fault.column, headings, lang)}: {fault.said(lang)} {fault.todo(lang)}"


def heading_of(column: str, headings: Sequence[Heading], lang: Lang) -> str:
    """What the list calls a column; without a heading, what it is called here."""
    return next((one.text for one in headings if one.column == column and one.text), TITLES[column][lang])
