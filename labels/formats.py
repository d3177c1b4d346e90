"""The register of formats: what can be printed, under which name, as which media type, and by which function.

API and command line look here. To add a format, write its function in a file of its own and add one line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, ParamSpec, TypeAlias

from domain.passport import Passport
from domain.trace import Share, Trace
from labels import designs, label_pdf, label_pixels, label_zpl, sheet_a4
from labels.certificate import certificate_pdf
from labels.lineage import trace_svg
from labels.lot_label import Unit, label_png, label_svg
from labels.qr import qr_png, qr_svg
from labels.unit_label import UnitLabel

P = ParamSpec("P")

SVG: Final = "image/svg+xml"
PNG: Final = "image/png"
PDF: Final = "application/pdf"
ZPL: Final = "application/zpl"

DPI: Final = (203, 300, 600)
"""Heads of label printers, in dots an inch."""

Labels: TypeAlias = Sequence[tuple[Passport, Unit | None]]


@dataclass(frozen=True)  # no slots: ``Format[...](...)`` sets an attribute in vain, which slots turn into an error
class Format(Generic[P]):
    """A format: its name in addresses and commands, media type, ending of file names, and what makes it."""

    name: str
    media_type: str
    suffix: str
    make: Callable[P, bytes]


def _qr(name: str, dpi: int) -> Format[[str]]:
    return Format(name, PNG, "png", lambda url: qr_png(url, dpi))


def _label(name: str, dpi: int) -> Format[[Passport, str, Unit | None]]:
    return Format(name, PNG, "png", lambda passport, lang, unit: label_png(passport, lang, dpi, unit))


def _sheet(name: str, grid: str) -> Format[[Labels, str, int]]:
    return Format(name, PDF, "pdf", lambda labels, lang, skip: sheet_a4.sheet_pdf(labels, lang, grid, skip))


def _unit_pdf(labels: Sequence[UnitLabel], lang: str, design: str, grid: str, skip: int, dpi: int) -> bytes:
    return label_pdf.label_pdf(labels, lang, design, grid, skip, dpi=dpi)


def _unit_zpl(labels: Sequence[UnitLabel], lang: str, design: str, _grid: str, _skip: int, dpi: int) -> bytes:
    return label_zpl.label_zpl(labels, lang, design, dpi=dpi)


def _unit_png(labels: Sequence[UnitLabel], lang: str, design: str, grid: str, _skip: int, dpi: int) -> bytes:
    return label_pixels.png(labels[0], lang, designs.find(design, grid), dpi)


def _unit_svg(labels: Sequence[UnitLabel], lang: str, design: str, grid: str, _skip: int, _dpi: int) -> bytes:
    return label_pixels.svg(labels[0], lang, designs.find(design, grid))


def _by_name(*formats: Format[P]) -> dict[str, Format[P]]:
    return {item.name: item for item in formats}


SYMBOLS: Final[dict[str, Format[[str]]]] = _by_name(
    Format[[str]]("qr-svg", SVG, "svg", qr_svg),
    *(_qr(f"qr-png-{dpi}", dpi) for dpi in DPI),
)
"""A symbol alone: ``make(url)``."""

LABELS: Final[dict[str, Format[[Passport, str, Unit | None]]]] = _by_name(
    Format[[Passport, str, Unit | None]]("label-svg", SVG, "svg", label_svg),
    *(_label(f"label-png-{dpi}", dpi) for dpi in DPI),
)
"""One bag label, 99.1 x 67.7 mm: ``make(passport, lang, unit)``."""

SHEETS: Final[dict[str, Format[[Labels, str, int]]]] = _by_name(
    _sheet("sheet-2x4", "2x4"),
    _sheet("sheet-3x7", "3x7"),
)
"""A4 sheets of labels: ``make(labels, lang, skip)``."""

UNITS: Final[dict[str, Format[[Sequence[UnitLabel], str, str, str, int, int]]]] = _by_name(
    Format("unit-pdf", PDF, "pdf", _unit_pdf),
    Format("unit-zpl", ZPL, "zpl", _unit_zpl),
    Format("unit-png", PNG, "png", _unit_png),
    Format("unit-svg", SVG, "svg", _unit_svg),
)
"""Labels of units or lots in a design: ``make(labels, lang, design, grid, skip, dpi)``. PNG and SVG draw the first one.

Thousands of them are streamed: ``label_pdf.write_pdf``, ``label_zpl.stream_zpl``.
"""

CERTIFICATES: Final[dict[str, Format[[Passport, str, datetime, Sequence[Share], str, str]]]] = _by_name(
    Format[[Passport, str, datetime, Sequence[Share], str, str]]("certificate-pdf", PDF, "pdf", certificate_pdf),
)
"""The certificate of a lot: ``make(passport, number, issued_at, composition, lang, frozen_sha256)``."""

TRACES: Final[dict[str, Format[[Trace, str]]]] = _by_name(
    Format[[Trace, str]]("trace-svg", SVG, "svg", trace_svg),
)
"""The drawing of a trace: ``make(trace, lang)``."""

NAMES: Final[tuple[str, ...]] = (*SYMBOLS, *LABELS, *SHEETS, *UNITS, *CERTIFICATES, *TRACES)
"""Every name in the register."""
