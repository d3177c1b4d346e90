"""QR symbols of label addresses: error correction M, the smallest version, four modules of quiet zone.

Addresses in capitals go into the symbol in alphanumeric mode (11 bits for two characters, ISO/IEC 18004
7.4.4), so ``HTTPS://T.EXAMPLE.ORG/L/`` with a code of 16 characters is version 3: 29 modules. Sizes are in
millimetres; a module of a printed symbol is 0.5 mm or more and always a whole number of printer dots
(``docs/decisions``; Denso Wave asks for four dots and four modules of quiet zone,
qrcode.com/en/howto/cell.html).
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Matrix: TypeAlias = tuple[tuple[bool, ...], ...]
"""A symbol row by row, dark modules true, without quiet zone."""

QUIET: Final = 4
"""Modules that stay free on every side (ISO/IEC 18004 6.3.8)."""

MODULE_MM: Final = 0.5
"""Side of a module of a bag label: 4 dots at 203 dpi, 6 at 300, 12 at 600."""

INCH_MM: Final = 25.4

ALPHANUMERIC: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
"""The characters of alphanumeric mode (ISO/IEC 18004 table 5)."""

MASK: Final = 4
"""The mask of every symbol (ISO/IEC 18004 7.8.2), instead of the one of eight with the lowest penalty each time.

The library spends most of its time on scoring masks. Every mask is valid and is named in the symbol. In blurred,
tilted, noisy pictures at the edge of what zxing-cpp reads, mask 4 (blocks of three by two) was read as often as the
mask with the lowest penalty or more often: ``read_when_degraded`` in ``bench/labels.py``.
"""

_DIGITS: Final = b"01" + bytes(254)


@lru_cache(maxsize=256)
def symbol(url: str) -> Matrix:
    """The symbol of one address in the smallest version."""
    return _made(_encoder(url))


def symbols(urls: Sequence[str]) -> list[Matrix]:
    """The symbols of many addresses, in the one version that the largest of them needs."""
    if not urls:
        return []
    version = max(int(_encoder(url).version) for url in _longest(urls))
    return [_made(_encoder(url, version), fit=False) for url in urls]


def svg_path(matrix: Matrix, x: float = 0, y: float = 0, module: float = 1) -> str:
    """The dark modules as the data of one SVG path; ``x``, ``y``: top left, in units of the drawing."""
    parts = []
    for row, line in enumerate(matrix):
        for start, length in _runs(line):
            left, top = f"{x + start * module:.6g}", f"{y + row * module:.6g}"
            parts.append(f"M{left} {top}h{length * module:.6g}v{module:.6g}h{-length * module:.6g}z")
    return "".join(parts)


def qr_svg(url: str, module_mm: float = MODULE_MM) -> bytes:
    """An SVG of the symbol and its quiet zone, sized in millimetres: one path, one unit of it one module."""
    matrix = symbol(url)
    side = len(matrix) + 2 * QUIET
    size = f"{side * module_mm:.6g}mm"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 {side} {side}" '
        f'role="img" shape-rendering="crispEdges"><title>{escape(url)}</title>'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/>'
        f'<path d="{svg_path(matrix, QUIET, QUIET)}"/></svg>\n'
    ).encode()


def qr_png(url: str, dpi: int, module_mm: float = MODULE_MM) -> bytes:
    """A PNG of one bit a pixel with its quiet zone; a module is a whole number of dots at ``dpi``."""
    matrix, dots = symbol(url), module_dots(dpi, module_mm)
    side = (len(matrix) + 2 * QUIET) * dots
    blank = b"\0" + _packed([True] * side)
    lines = [blank * (QUIET * dots)]
    for row in matrix:
        pixels = [True] * (QUIET * dots)
        for dark in row:
            pixels += [not dark] * dots
        lines.append((b"\0" + _packed(pixels + [True] * (QUIET * dots))) * dots)
    lines.append(blank * (QUIET * dots))
    per_metre = round(dpi * 1000 / INCH_MM)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
        + _chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1))
        + _chunk(b"IDAT", zlib.compress(b"".join(lines), 9))
        + _chunk(b"IEND", b"")
    )


def module_dots(dpi: int, module_mm: float = MODULE_MM) -> int:
    """How many printer dots a module is wide: the whole number nearest to ``module_mm``, at least one."""
    return max(1, round(module_mm * dpi / INCH_MM))


def bitmap(matrix: Matrix) -> bytes:
    """The symbol as packed rows of one bit a module, dark modules 1, each row padded to a byte."""
    return b"".join(_packed(row) for row in matrix)


def version_of(matrix: Matrix) -> int:
    """1 to 40: a symbol of version v has 4 v + 17 modules a side."""
    return (len(matrix) - 17) // 4


def _longest(urls: Iterable[str]) -> list[str]:
    """The longest address of each mode (alphanumeric, bytes): one of them needs the largest version."""
    by_mode: dict[bool, str] = {}
    for url in urls:
        mode = set(url) <= ALPHANUMERIC
        if len(url.encode()) > len(by_mode.get(mode, "").encode()):
            by_mode[mode] = url
    return list(by_mode.values())


def _encoder(url: str, version: int | None = None) -> Any:
    """The library's encoder with one address, whole (``optimize=0``), in the narrowest mode for it."""
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    code: Any = QRCode(version=version, error_correction=ERROR_CORRECT_M, border=QUIET, mask_pattern=MASK)
    code.add_data(url, optimize=0)
    return code


def _made(code: Any, *, fit: bool = True) -> Matrix:
    code.make(fit=fit)
    return tuple(map(tuple, code.modules))


def _runs(line: Sequence[bool]) -> Iterable[tuple[int, int]]:
    """Start and length of every run of dark modules."""
    start = None
    for column, dark in enumerate((*line, False)):
        if dark and start is None:
            start = column
        elif not dark and start is not None:
            yield start, column - start
            start = None


def _packed(bits: Sequence[bool]) -> bytes:
    count = (len(bits) + 7) // 8
    digits = bytes(bits).translate(_DIGITS).ljust(count * 8, b"0")
    return int(digits, 2).to_bytes(count, "big")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
