"""Readings of sensors as CSV and as EPCIS 2.0 sensor elements, row by row: what cannot be read is told by its row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Final, TypeAlias

from domain.quantity import decimal_text
from domain.refusals import Refused

MOST_ROWS: Final = 5_000
"""Readings in one request: a value a minute for more than three days."""

COLUMNS: Final = ("at", "test", "value")
UNITS: Final[Mapping[str, tuple[str, Fraction, Fraction]]] = {
    "CEL": ("°C", Fraction(1), Fraction(0)),
    "FAH": ("°C", Fraction(5, 9), Fraction(-160, 9)),
    "KEL": ("°C", Fraction(1), Fraction("-273.15")),
    "P1": ("%", Fraction(1), Fraction(0)),
    "H87": ("", Fraction(1), Fraction(0)),
}
"""UN/ECE Recommendation 20 code -> our unit, factor, offset. What is converted is rounded to hundredths."""


@dataclass(frozen=True, slots=True)
class Told:
    """A reading as it was sent: its row, counted from 1."""

    row: int
    at: datetime
    test: str
    value: str
    device: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that cannot be read, and why."""

    row: int
    code: str
    detail: str


Row: TypeAlias = Told | Unreadable


def from_csv(content: bytes, device: str) -> list[Row]:
    """Rows of a CSV with the columns at, test, value, and perhaps device; ``;`` or ``,`` between, UTF-8.

    A heading that lacks a column is a ``ValueError``.
    """
    text = content.decode("utf-8-sig", "replace")
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        message = f"The first line names the columns at, test, value, perhaps device; missing: {', '.join(missing)}."
        raise ValueError(message)
    return [
        read(number, row.get("at"), row.get("test"), row.get("value"), row.get("device") or device)
        for number, row in enumerate(rows, start=1)
    ]


def from_epcis(elements: Sequence[Mapping[str, Any]], tests: Mapping[str, str], device: str) -> list[Row]:
    """The reports of EPCIS 2.0 sensor elements; ``tests``: measurement type -> code of the profile."""
    return [
        _report(number, report, metadata, tests, device)
        for number, (report, metadata) in enumerate(_reports(elements), start=1)
    ]


def _reports(elements: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for element in elements:
        metadata = element.get("sensorMetadata")
        reports = element.get("sensorReport")
        for report in reports if isinstance(reports, list) else [{}]:
            yield report if isinstance(report, dict) else {}, metadata if isinstance(metadata, dict) else {}


def _report(
    number: int, report: Mapping[str, Any], metadata: Mapping[str, Any], tests: Mapping[str, str], device: str
) -> Row:
    kind = str(report.get("type", ""))
    test = tests.get(kind) or tests.get(kind.removeprefix("gs1:"))
    if test is None:
        return Unreadable(number, "type-unknown", f"Say in “tests” which reading “{kind[:60]}” is.")
    at = report.get("time", metadata.get("time"))
    name = report.get("deviceID", metadata.get("deviceID")) or device
    unit, factor, offset = UNITS.get(str(report.get("uom", "")), (None, Fraction(1), Fraction(0)))
    if unit is None:
        known = ", ".join(UNITS)
        return Unreadable(number, "unit-unknown", f"“{str(report.get('uom', ''))[:20]}” is not one of {known}.")
    told = read(number, at, test, report.get("value"), str(name), unit or None)
    if isinstance(told, Told) and (factor != 1 or offset != 0):
        hundredths = round((Fraction(told.value) * factor + offset) * 100)
        sign = "-" if hundredths < 0 else ""
        value = decimal_text(f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}")
        return Told(number, told.at, test, value, told.device, unit)
    return told


def read(number: int, at: Any, test: Any, value: Any, device: Any, unit: str | None = None) -> Row:
    """One reading: an instant with its zone, a number, the code of the test, and the device."""
    try:
        instant = datetime.fromisoformat(str(at).strip())
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        return Unreadable(number, "time", "Write the time with its zone, for example 2024-12-01T08:00:00Z.")
    try:
        text = decimal_text(value.strip() if isinstance(value, str) else value)
    except Refused:
        return Unreadable(number, "value", "Write the value as a number, for example 48.5.")
    if len(text) > 20:  # noqa: PLR2004 - far beyond any sensor
        return Unreadable(number, "value", "The number has too many digits.")
    name = str(device).strip()
    if not 1 <= len(name) <= 80 or not name.isprintable():  # noqa: PLR2004 - an EPCIS device id fits
        return Unreadable(number, "device", "Name the device in 1 to 80 characters.")
    return Told(number, instant.astimezone(UTC), str(test).strip(), text, name, unit)
