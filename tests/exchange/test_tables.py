"""Spreadsheets as rows of text: what people send, what attackers send, and what becomes of numbers, dates and zeros."""

from __future__ import annotations

import datetime as dt
import io
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter

from domain.cells import COLUMNS, Kind
from exchange.columns import HEADINGS, key, lay_out, letters, meanings
from exchange.error_sheet import FRONT
from exchange.tables import SAID, Book, TableError, read


def xlsx(fill: Callable[[Any, Any], None], name: str = "Liste") -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False}) as book:
        fill(book, book.add_worksheet(name))
    return stream.getvalue()


def of_rows(*rows: list[Any], name: str = "Liste") -> bytes:
    def fill(_book: Any, sheet: Any) -> None:
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)

    return xlsx(fill, name)


def cells(book: Book) -> list[tuple[str, ...]]:
    return [row.cells for row in book.sheets[0].rows]


def refused(data: bytes, **more: Any) -> TableError:
    with pytest.raises(TableError) as error:
        read(data, **more)
    for lang in ("en", "fr"):
        assert error.value.said(lang).endswith(".")  # type: ignore[arg-type]
        assert error.value.todo(lang).endswith(".")  # type: ignore[arg-type]
        assert "{" not in error.value.said(lang) + error.value.todo(lang)  # type: ignore[arg-type]
    return error.value


# --- what cells become ---


def test_cells_stay_what_they_are() -> None:
    def fill(book: Any, sheet: Any) -> None:
        day, moment = (book.add_format({"num_format": form}) for form in ("dd/mm/yyyy", "dd/mm/yyyy hh:mm"))
        sheet.write_string(0, 0, "0770000001")
        sheet.write_number(0, 1, 231_770_000_001)
        sheet.write_number(0, 2, 4.8)
        sheet.write_number(0, 3, 0.1 + 0.2)
        sheet.write_number(0, 4, 1e21)
        sheet.write_string(0, 5, "=1+1")
        sheet.write_formula(0, 6, "=A1", None, "0770000001")
        sheet.write_datetime(1, 0, dt.date(1980, 5, 17), day)
        sheet.write_datetime(1, 1, dt.datetime(2024, 11, 5, 8, 30), moment)
        sheet.write_boolean(1, 2, True)
        sheet.write_string(1, 3, "00042")
        sheet.write_number(1, 4, -9.471234)
        sheet.write_number(1, 5, 20)

    book = read(xlsx(fill))
    assert cells(book) == [
        ("0770000001", "231770000001", "4.8", "0.3", "1" + "0" * 21, "=1+1", "0770000001"),
        ("1980-05-17", "2024-11-05T08:30:00", "TRUE", "00042", "-9.471234", "20", ""),
    ]
    assert [row.numbers for row in book.sheets[0].rows] == [{1, 2, 3, 4}, {4, 5}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize(("delimiter", "decimal"), [(";", ","), (",", "."), ("\t", None)])
def test_csv_in_the_habits_of_spreadsheets(encoding: str, delimiter: str, decimal: str | None) -> None:
    lines = [["Code", "Prénom", "Superficie"], ["0042", "Éléonore", '"4,8"'], ["0043", "Zoé", '"3,1"']]
    book = read("\r\n".join(delimiter.join(line) for line in lines).encode(encoding))
    assert cells(book) == [("Code", "Prénom", "Superficie"), ("0042", "Éléonore", "4,8"), ("0043", "Zoé", "3,1")]
    assert (book.delimiter, book.decimal, book.encoding) == (delimiter, decimal, encoding.removesuffix("-sig"))


def test_a_csv_may_say_its_delimiter_and_hold_lines_in_cells() -> None:
    assert cells(read(b'sep=;\r\na;"b\r\nc";d\r\n1;2;3')) == [("a", "b\r\nc", "d"), ("1", "2", "3")]


def test_ods_is_read() -> None:
    content = (
        '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        '<table:table table:name="Membres"><table:table-row>'
        '<table:table-cell office:value-type="string"><text:p>0042</text:p></table:table-cell>'
        '<table:table-cell office:value-type="float" office:value="4.8"><text:p>4,8</text:p></table:table-cell>'
        "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", '<?xml version="1.0"?><manifest/>')
    book = read(stream.getvalue())
    assert (book.form, book.names, cells(book)) == ("ods", ("Membres",), [("0042", "4.8")])


# --- what is no spreadsheet, or more ---


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return stream.getvalue()


def declared_less(data: bytes, size: int) -> bytes:
    """The directory of a ZIP says that its only part unpacks to fewer bytes than it does."""
    raw = bytearray(data)
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = raw.index(mark) + place
        raw[at : at + 4] = size.to_bytes(4, "little")
    return bytes(raw)


GOOD = of_rows(["Code", "Name"], ["A1", "Anna"])
BOMB = zipped({"xl/worksheets/sheet1.xml": b"0" * (40 << 20)})


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("empty", b""),
        ("empty", b"\r\n  \n"),
        ("too_large", b"x" * ((10 << 20) + 1)),
        ("damaged", GOOD[: len(GOOD) // 2]),
        ("damaged", b"PK\x03\x04" + b"\x00" * 200),
        ("damaged", GOOD.replace(b"xl/workbook.xml", b"xl/workbOOk.xml", 1)),
        ("damaged", zipped({"xl/workbook.xml": b"x" * 2000}, zipfile.ZIP_BZIP2)),
        ("bomb", BOMB),
        ("bomb", zipped({f"xl/{number}.xml": b"<a/>" for number in range(201)})),
        ("bomb", zipped({"xl/a.xml": bytes(range(256)) * (52 << 12)})),
        ("damaged", declared_less(BOMB, 1000)),
        ("nested", zipped({"xl/embeddings/more.zip": b"x"})),
        ("nested", zipped({"xl/media/picture.png": BOMB[:4000]})),
        ("not_a_table", zipped({"word/document.xml": b"<w/>"})),
        ("html", b"<html><body><table><tr><td>Code</td></tr></table></body></html>"),
        ("html", b"\xef\xbb\xbf  <!DOCTYPE html>\n<html>"),
        ("not_a_table", b"<?xml version='1.0'?><Workbook/>"),
        ("not_a_table", b"%PDF-1.7\n\x00\x01\x02"),
        ("not_a_table", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
        ("not_a_table", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000),
        ("password", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 600),
        ("too_many_columns", (";".join(f"c{place}" for place in range(201))).encode()),
        ("too_many_rows", b"a;b\n" * 50_001),
        ("too_many_cells", (b";".join([b"x"] * 100) + b"\n") * 2_001),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(code: str, data: bytes) -> None:
    assert refused(data).code == code


def test_a_bomb_takes_neither_memory_nor_time() -> None:
    """Weighed by its directory: nothing of the 40 MiB is unpacked."""
    tracemalloc.start()
    began = time.perf_counter()
    refused(BOMB)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20, peak
    assert time.perf_counter() - began < 1


def test_300_000_rows_are_too_many() -> None:
    def fill(_book: Any, sheet: Any) -> None:
        for row in range(300_000):
            sheet.write_number(row, 0, row)

    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"constant_memory": True}) as book:
        fill(book, book.add_worksheet("Liste"))
    error = refused(stream.getvalue())
    assert error.said() == "Sheet “Liste” has more than 50,000 rows."


@pytest.mark.parametrize("far", [(1_048_575, 16_383), (49_999, 499)])
def test_one_far_cell_does_not_take_the_memory(far: tuple[int, int]) -> None:
    """A sheet is spread out to its last cell: the process that parses is stopped, the service is not."""

    def fill(_book: Any, sheet: Any) -> None:
        sheet.write_string(0, 0, "Code")
        sheet.write_string(*far, "x")

    assert refused(xlsx(fill)).code == "too_heavy"


def test_a_sheet_can_be_named() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        for name in ("Notes", "Membres"):
            book.add_worksheet(name).write_string(0, 0, name)
        book.add_worksheet("Cachée").hide()
    book_read = read(stream.getvalue())
    assert ([one.name for one in book_read.sheets], book_read.names) == (
        ["Notes", "Membres"],
        ("Notes", "Membres", "Cachée"),
    )
    assert cells(read(stream.getvalue(), "Membres")) == [("Membres",)]
    assert "Notes, Membres, Cachée" in refused(stream.getvalue(), sheet="Autres").said()


@pytest.mark.parametrize("code", SAID)
def test_every_refusal_speaks_both_languages(code: str) -> None:
    assert len(SAID[code]) == 4
    assert all(text.endswith(".") for text in SAID[code])


# --- columns ---


def test_headings_are_known_in_four_languages() -> None:
    headings = [
        "Code du producteur",
        "NOM ET PRÉNOMS",
        "الجنس",
        "დაბადების წელი",
        "Phone",
        "Superficie déclarée [ha]",
        "?",
    ]
    expected = ["farmer_code", "name", "sex", "birth", "phone", "area", None]
    assert meanings(headings, "farmers", {}) == expected


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_column_has_names_in_every_language(kind: Kind) -> None:
    def script(text: str) -> str:
        first = next(one for one in text if one.isalpha())
        return "arabic" if "\u0600" <= first <= "\u06ff" else "georgian" if "\u10d0" <= first <= "\u10ff" else "latin"

    for column in COLUMNS[kind]:
        names = [one.strip() for one in HEADINGS[column.name].split(";")]
        assert {script(name) for name in names} == {"arabic", "georgian", "latin"}, column.name


def test_the_words_of_an_error_sheet_are_known() -> None:
    for row, todo in FRONT.values():
        assert meanings([row, todo], "farmers", {}) == ["row", "todo"]


def test_what_was_chosen_before_goes_first() -> None:
    chosen = {key("Village"): "unit", key("Remarques"): "", key("Localité"): "village"}
    assert meanings(["Village", "Localité", "Remarques", "Nom"], "farmers", chosen) == ["unit", "village", None, "name"]


def test_a_column_is_meant_once() -> None:
    assert meanings(["Nom", "Nom", "Name"], "farmers", {}) == ["name", None, None]


def test_the_header_is_found_below_a_title_and_a_total_is_left_out() -> None:
    data = of_rows(
        ["LISTE DES PRODUCTEURS"],
        [],
        ["Arrêtée au 30/09/2024", "", "Code: A"],
        ["N°", "Code", "Nom", "Superficie (ha)", "Remarques"],
        [1, "A1", "Anna", 4.8, "chef"],
        [],
        [2, "A2", "Ben", 3.1, "–"],
        ["", "", "", 7.9],
        ["", "TOTAL", "", 7.9],
    )
    layout = lay_out(read(data), "farmers", {})
    assert (layout.header, [line.number for line in layout.lines], layout.skipped) == (4, [5, 7], (8, 9))
    assert layout.lines[0].cells == {"farmer_code": "A1", "name": "Anna", "area": "4.8"}
    assert (layout.cell("area", 7), layout.cell("sex", 7), layout.units()) == ("D7", None, {"area": "ha"})
    unknown = {one.text: one.samples for one in layout.headings if one.column is None}
    assert unknown == {"N°": ("1", "2"), "Remarques": ("chef", "–")}


def test_the_sheet_that_fits_best_is_taken() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.add_worksheet("Notes").write_row(0, 0, ["Nom", "Remarque"])
        book.add_worksheet("Liste").write_row(3, 0, ["Code", "Nom", "Village"])
    layout = lay_out(read(stream.getvalue()), "farmers", {})
    assert (layout.sheet, layout.header) == ("Liste", 4)


def test_a_header_that_nobody_knows_is_taken_as_the_fullest_row() -> None:
    layout = lay_out(read(b"Titre\nA;B;C\n1;2;3\n"), "farmers", {})
    assert (layout.header, [one.text for one in layout.headings]) == (2, ["A", "B", "C"])
    with pytest.raises(TableError, match="no row 99"):
        lay_out(read(b"A;B\n1;2\n"), "farmers", {}, header=99)


def test_columns_have_letters() -> None:
    assert [letters(place) for place in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
