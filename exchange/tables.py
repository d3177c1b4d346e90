"""Spreadsheets as rows of text: XLSX, XLS, ODS and CSV.

A workbook is a ZIP from anybody: its directory is weighed before anything is unpacked, every part is unpacked once
against what the directory declares, and it is parsed in a process of its own whose memory and time are bounded. A
text stays as it was typed, zeros in front included; a number is the shortest decimal text that the cell shows; a day is
ISO 8601.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

Form: TypeAlias = Literal["xlsx", "xls", "ods", "csv"]
Lang: TypeAlias = Literal["en", "fr"]

MOST_BYTES: Final = 10 << 20
"""Of a file: a list of 50,000 rows has less."""
MOST_ENTRIES: Final = 200
"""Parts of a workbook: a plain list has about ten, one with pictures some dozens."""
MOST_UNPACKED: Final = 50 << 20
MOST_RATIO: Final = 100
"""Unpacked bytes, and how often more than packed: sheets shrink to a tenth or a twentieth, bombs to a thousandth."""
MOST_ROWS: Final = 50_000
MOST_COLUMNS: Final = 200
MOST_CELLS: Final = 200_000
"""A season of 11,291 deliveries with twelve columns is 135,492 cells."""
MOST_TEXT: Final = 2_000
"""Characters of a cell that are kept: enough to say that it is too long."""
MOST_TEXT_IN_ALL: Final = 20_000_000
MEMORY: Final = 512 << 20
SECONDS: Final = 20
"""What the process that parses may take."""

DELIMITERS: Final = (";", ",", "\t", "|")
ARCHIVES: Final = (".zip", ".xlsx", ".xlsm", ".ods", ".docx", ".jar", ".gz", ".7z", ".rar")

SAID: Final[dict[str, tuple[str, str, str, str]]] = {
    "empty": (
        "The file is empty.",
        "Le fichier est vide.",
        "Choose the file with the list.",
        "Choisissez le fichier qui contient la liste.",
    ),
    "too_large": (
        "The file has {size} MiB; at most {most} MiB are read.",
        "Le fichier fait {size} Mio ; {most} Mio au plus sont lus.",
        "Remove pictures and other sheets, or bring it in in parts.",
        "Retirez les images et les autres feuilles, ou importez-le en plusieurs parties.",
    ),
    "damaged": (
        "The workbook is damaged or cut off.",
        "Le classeur est endommagé ou tronqué.",
        "Open it in the spreadsheet program, save it again, and send that copy.",
        "Ouvrez-le dans le tableur, enregistrez-le de nouveau et envoyez cette copie.",
    ),
    "bomb": (
        "The workbook unpacks to more than its size allows ({what}).",
        "Le classeur, une fois décompressé, dépasse ce que sa taille permet ({what}).",
        "Save the list alone as a new workbook, or as CSV.",
        "Enregistrez la liste seule dans un nouveau classeur, ou en CSV.",
    ),
    "nested": (
        "The workbook holds another archive: {what}.",
        "Le classeur contient une autre archive : {what}.",
        "Remove embedded files, and save it again.",
        "Retirez les fichiers incorporés et enregistrez-le de nouveau.",
    ),
    "password": (
        "The workbook is protected by a password.",
        "Le classeur est protégé par un mot de passe.",
        "Save a copy without the password.",
        "Enregistrez une copie sans mot de passe.",
    ),
    "html": (
        "The file is a web page, whatever its name ends in.",
        "Le fichier est une page web, quelle que soit son extension.",
        "Open it in the spreadsheet program and save it as XLSX or CSV.",
        "Ouvrez-le dans le tableur et enregistrez-le en XLSX ou CSV.",
    ),
    "not_a_table": (
        "The file is no spreadsheet: XLSX, XLS, ODS and CSV are read.",
        "Le fichier n'est pas un tableau : XLSX, XLS, ODS et CSV sont lus.",
        "Save the list as XLSX or CSV.",
        "Enregistrez la liste en XLSX ou CSV.",
    ),
    "too_many_rows": (
        "Sheet “{sheet}” has more than {most} rows.",
        "La feuille « {sheet} » a plus de {most} lignes.",
        "Bring it in in parts, and delete formatted rows below the list.",
        "Importez-la en plusieurs parties et supprimez les lignes mises en forme sous la liste.",
    ),
    "too_many_columns": (
        "Sheet “{sheet}” has more than {most} columns.",
        "La feuille « {sheet} » a plus de {most} colonnes.",
        "Delete the columns beside the list.",
        "Supprimez les colonnes à côté de la liste.",
    ),
    "too_many_cells": (
        "The sheets read have more than {most} cells.",
        "Les feuilles lues ont plus de {most} cellules.",
        "Bring the list in in parts, or name the sheet that holds it.",
        "Importez la liste en plusieurs parties, ou nommez la feuille qui la contient.",
    ),
    "too_heavy": (
        "Reading the workbook takes more memory or time than it may.",
        "La lecture du classeur prend plus de mémoire ou de temps que permis.",
        "Save the list alone as a new workbook, or as CSV.",
        "Enregistrez la liste seule dans un nouveau classeur, ou en CSV.",
    ),
    "no_such_sheet": (
        "There is no sheet “{sheet}”; there are {sheets}.",
        "Il n'y a pas de feuille « {sheet} » ; il y a {sheets}.",
        "Name one of them, or none.",
        "Nommez l'une d'elles, ou aucune.",
    ),
    "no_header": (
        "There is no row {row} with headings.",
        "Il n'y a pas de ligne {row} avec des titres de colonnes.",
        "Name the row of the headings as the spreadsheet numbers it.",
        "Donnez la ligne des titres comme le tableur la numérote.",
    ),
}
"""Why a file cannot be read, and what to do: English, French."""


class TableError(ValueError):
    """A file cannot be read as a table: ``code`` is one of ``SAID``."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(" ".join(SAID[code][place].format(**params) for place in (0, 2)))
        self.code = code
        self.params = params

    def said(self, lang: Lang = "en") -> str:
        """What is the case."""
        return SAID[self.code][lang == "fr"].format(**self.params)

    def todo(self, lang: Lang = "en") -> str:
        """What to do."""
        return SAID[self.code][2 + (lang == "fr")].format(**self.params)


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row from column A on; ``numbers``: the places of those that are numbers, not text."""

    cells: tuple[str, ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet; its first row is row 1."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """What a file holds. ``decimal``: how the file writes the decimal mark in text, where its form tells.

    ``sheets`` are those that were read, ``names`` all of them.
    """

    form: Form
    sheets: tuple[Sheet, ...]
    names: tuple[str, ...]
    decimal: Literal[",", "."] | None = None
    encoding: str | None = None
    delimiter: str | None = None


def read(data: bytes, sheet: str | None = None) -> Book:
    """The sheets of a file (or only the one named), told apart by what the file is, not by its name.

    Raises ``TableError``.
    """
    if not data.strip(b"\0 \r\n\t"):
        raise TableError("empty")
    if len(data) > MOST_BYTES:
        raise TableError("too_large", size=f"{len(data) / (1 << 20):.1f}", most=MOST_BYTES >> 20)
    if data.startswith(b"PK"):
        return _workbook(data, guard(data), sheet)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):  # compound file: XLS, or a locked XLSX
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise TableError("password")
        return _workbook(data, "xls", sheet)
    start = data[:2048].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<"):
        raise TableError("html" if b"<html" in start or b"<table" in start else "not_a_table")
    return _csv(data)


# --- workbooks ---


def guard(data: bytes) -> Form:
    """Weigh the directory of a ZIP, then unpack every part once and keep nothing. Raises ``TableError``.

    A part that is longer than declared, or whose check sum is wrong, is not unpacked further.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = {one.filename for one in entries}
            _weigh(entries, len(data))
            for one in entries:
                _unpack(archive, one)
    except TableError:
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise TableError("damaged") from error
    except Exception as error:  # zlib.error has no base of its own
        raise TableError("damaged") from error
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    raise TableError("not_a_table")


def _weigh(entries: Sequence[zipfile.ZipInfo], packed: int) -> None:
    if len(entries) > MOST_ENTRIES:
        raise TableError("bomb", what=f"{len(entries):,} > {MOST_ENTRIES}")
    unpacked = sum(one.file_size for one in entries)
    if unpacked > MOST_UNPACKED:
        raise TableError("bomb", what=f"{unpacked >> 20:,} MiB > {MOST_UNPACKED >> 20} MiB")
    if unpacked > MOST_RATIO * packed:
        raise TableError("bomb", what=f"{unpacked // max(packed, 1):,} × > {MOST_RATIO} ×")
    for one in entries:
        if one.flag_bits & 1:
            raise TableError("password")
        if one.filename.lower().endswith(ARCHIVES):
            raise TableError("nested", what=one.filename[:80])
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise TableError("damaged")


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Read a part to its end: the standard library stops at the size declared and compares the check sum."""
    with archive.open(entry) as stream:
        start = stream.read(1 << 16)
        if start.startswith(b"PK\x03\x04"):
            raise TableError("nested", what=entry.filename[:80])
        size = len(start)
        while chunk := stream.read(1 << 16):
            size += len(chunk)
    if size != entry.file_size:
        raise TableError("damaged")


_CHILD = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from exchange.tables import child; child()"


def _workbook(data: bytes, form: Form, sheet: str | None) -> Book:
    """Parsed by a process of its own."""
    command = [sys.executable, "-I", "-c", _CHILD, json.dumps(sys.path), form, json.dumps(sheet)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603 - our own interpreter
    except subprocess.TimeoutExpired:
        raise TableError("too_heavy") from None
    if done.returncode != 0:
        raise TableError("too_heavy")
    told = json.loads(done.stdout)
    if "code" in told:
        raise TableError(told["code"], **told["params"])
    sheets = tuple(
        Sheet(one["name"], tuple(Row(tuple(cells), frozenset(numbers)) for cells, numbers in one["rows"]))
        for one in told["sheets"]
    )
    return Book(form, sheets, tuple(told["names"]))


def child() -> None:
    """What the process does: the bytes from standard input, the rows as JSON to standard output."""
    form, sheet = sys.argv[2], json.loads(sys.argv[3])
    try:
        import resource
    except ImportError:  # no such bounds on Windows; the time is bounded there
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        told = _parse(sys.stdin.buffer.read(), form, sheet)
    except TableError as error:
        told = {"code": error.code, "params": error.params}
    except MemoryError:
        told = {"code": "too_heavy", "params": {}}
    sys.stdout.write(json.dumps(told))


def _parse(data: bytes, form: str, wanted: str | None) -> dict[str, Any]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        shown = [
            one.name
            for one in book.sheets_metadata
            if one.typ is SheetTypeEnum.WorkSheet and one.visible is SheetVisibleEnum.Visible
        ]
        if wanted is not None and wanted not in book.sheet_names:
            raise TableError("no_such_sheet", sheet=wanted[:80], sheets=", ".join(book.sheet_names)[:400])
        cells = text = 0
        sheets: list[dict[str, Any]] = []
        for name in [wanted] if wanted is not None else shown:
            sheet = book.get_sheet_by_name(name)
            cells += _measure(sheet, name)
            if cells > MOST_CELLS:
                raise TableError("too_many_cells", most=f"{MOST_CELLS:,}")
            rows = [_row(row) for row in sheet.to_python(skip_empty_area=False)]
            text += sum(len(cell) for row, _ in rows for cell in row)
            if text > MOST_TEXT_IN_ALL:
                raise TableError("too_heavy")
            sheets.append({"name": name, "rows": rows})
    except PasswordError:
        raise TableError("password") from None
    except CalamineError:
        raise TableError("damaged" if form != "xls" else "not_a_table") from None
    return {"sheets": sheets, "names": list(book.sheet_names)}


def _measure(sheet: Any, name: str) -> int:
    """How many cells a sheet spans, from A1 on."""
    if sheet.end is None:
        return 0
    rows, columns = sheet.end[0] + 1, sheet.end[1] + 1
    if rows > MOST_ROWS:
        raise TableError("too_many_rows", sheet=name[:80], most=f"{MOST_ROWS:,}")
    if columns > MOST_COLUMNS:
        raise TableError("too_many_columns", sheet=name[:80], most=MOST_COLUMNS)
    return int(rows * columns)


def _row(values: Iterable[Any]) -> tuple[list[str], list[int]]:
    cells, numbers = [], []
    for place, value in enumerate(values):
        cells.append(cell_text(value)[:MOST_TEXT])
        if isinstance(value, int | float) and not isinstance(value, bool):
            numbers.append(place)
    return cells, numbers


def cell_text(value: Any) -> str:
    """A cell as text: numbers with the 15 digits that a spreadsheet shows, never with an exponent."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="minutes" if not value.second else "seconds")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return str(value)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return ""
    text = format(Decimal(format(value, ".15g")), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# --- CSV ---


def _csv(data: bytes) -> Book:
    text, encoding = _decoded(data)
    if "\0" in text:
        raise TableError("not_a_table")
    told = re.match(r"sep=(.)\r?\n", text)
    if told is not None:
        text = text[told.end() :]
    delimiter = told[1] if told is not None else _delimiter(text)
    rows: list[Row] = []
    cells = 0
    try:
        for line in _records(text, delimiter):
            cells += len(line)
            if len(rows) == MOST_ROWS:
                raise TableError("too_many_rows", sheet="CSV", most=f"{MOST_ROWS:,}")
            if len(line) > MOST_COLUMNS:
                raise TableError("too_many_columns", sheet="CSV", most=MOST_COLUMNS)
            if cells > MOST_CELLS:
                raise TableError("too_many_cells", most=f"{MOST_CELLS:,}")
            rows.append(Row(tuple(cell[:MOST_TEXT] for cell in line)))
    except csv.Error:
        raise TableError("not_a_table") from None
    decimal: Literal[",", "."] | None = {";": ",", ",": "."}.get(delimiter)  # type: ignore[assignment]
    return Book("csv", (Sheet("CSV", tuple(rows)),), ("CSV",), decimal, encoding, delimiter)


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _decoded(data: bytes) -> tuple[str, str]:
    """The text, and what it was written in: UTF-8, UTF-16 with its mark, else Windows-1252."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            return data.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise TableError("not_a_table")


def _delimiter(text: str) -> str:
    """The mark that cuts the first lines into most columns, most evenly."""
    start = "".join(text.splitlines(keepends=True)[:50])

    def fit(mark: str) -> tuple[float, int]:
        try:
            widths = [len(line) for line in _records(start, mark) if any(line)]
        except csv.Error:
            return (0, 0)
        return (statistics.median_high(widths or [0]), -len(set(widths)))

    return max(DELIMITERS, key=fit)
