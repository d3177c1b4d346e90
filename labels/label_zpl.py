"""Labels of units in ZPL II, for label printers: native symbols and text, other scripts as pictures.

What is the same on all labels of a lot goes to the printer once, as a stored format (``^DF``); each label recalls it
(``^XF``) and fills its fields (``^FN``): some 400 bytes. Latin text is set by the printer (font 0, UTF-8), the symbol
by ``^BQ`` with modules of whole dots. Lines in Arabic or Georgian, and letters that font 0 may lack, are ``^GF``
pictures in the format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final

from labels import designs, label_pdf, qr, typeset, unit_label
from labels import label_texts as says
from labels.designs import Item, Line
from labels.label_pdf import Template
from labels.label_texts import Tongue
from labels.lot_label import POINT_MM, Bar, Shape, Symbol
from labels.unit_label import UnitLabel

LARGEST_MODULE: Final = 10
"""Dots of a module that every printer's ``^BQ`` makes; larger symbols are sent as pictures."""

FONT_HEIGHT: Final = 1.0
"""Height of font 0 for text of one em."""

_PLAIN: Final = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'", "–": "-", "…": "..."})

_COMMANDS: Final = frozenset("^~_\\")

CHUNK: Final = 64_000
"""Bytes that are handed on together."""


def label_zpl(labels: Iterable[UnitLabel], lang: str, design: str = "sack", *, dpi: int = 203) -> bytes:
    """``stream_zpl`` in one piece."""
    return b"".join(stream_zpl(labels, lang, design, dpi=dpi))


def stream_zpl(
    labels: Iterable[UnitLabel],
    lang: str,
    design: str = "sack",
    *,
    dpi: int = 203,
    progress: Callable[[int], None] | None = None,
) -> Iterator[bytes]:
    """Labels in the order given, for a head of ``dpi`` dots an inch, in pieces of some 64 kB.

    ``progress`` is told how many labels are in the pieces handed on so far. To go on after a break, give the labels
    that are missing: every stream carries the formats that it uses.
    """
    made, tongue = designs.find(design), says.tongue(lang)
    formats: dict[tuple[object, ...], _Format] = {}
    kinds = label_pdf.Kinds()
    sizes: dict[int, int] = {}
    parts: list[str] = []
    size = count = 0
    for count, label in enumerate(labels, start=1):
        content = designs.content(label, made)
        if len(content) not in sizes or content.upper() != content:
            sizes[len(content)] = len(designs.symbol(label, made))
        key = kinds.of(label, sizes[len(content)], designs.code_size(label, made))
        known = formats.get(key)
        if known is None:
            template = Template.of(label, tongue, made, dpi, designs.symbol(label, made))
            known = formats[key] = _Format(len(formats) + 1, template, dpi)
            parts.append(known.stored)
        text = known.label(label, tongue, content)
        parts.append(text)
        size += len(text)
        if size >= CHUNK:
            yield "".join(parts).encode()
            parts, size = [], 0
            if progress:
                progress(count)
    yield "".join(parts).encode()
    if progress:
        progress(count)


class _Format:
    """A stored format: what is the same, and the numbered fields of what differs."""

    def __init__(self, number: int, template: Template, dpi: int) -> None:
        self.scale, self.dpi = dpi / qr.INCH_MM, dpi
        self.name = f"R:FIL{number:03d}.ZPL"
        self.module = max((round(symbol.module * self.scale) for symbol in template.symbols), default=0)
        self.native = self.module <= LARGEST_MODULE
        self.slots = [line.slot for line in template.slots]
        self.symbols = template.symbols
        design = template.design
        width, height = round(design.width * self.scale), round(design.height * self.scale)
        self.lines = template.slots
        fields = [self._text(line, f"^FN{index}") for index, line in enumerate(template.slots, start=1)]
        fields += [self._symbol(index, item) for index, item in enumerate(template.symbols, start=len(fields) + 1)]
        self.symbol_fields = [f"^FN{index}" for index in range(len(self.slots) + 1, len(fields) + 1)]
        shared = "".join(self._item(item) for item in template.shared)
        head = f"^CI28^PW{width}^LL{height}^LH0,0^PON"
        self.stored = f"^XA^DF{self.name}^FS{head}\n{shared}{''.join(fields)}^XZ\n"
        self.head = f"^XA^XF{self.name}^FS^CI28"

    def label(self, label: UnitLabel, lang: Tongue, content: str) -> str:
        """One label: the format recalled and its fields filled."""
        said = "".join(
            f"^FN{index}{_data(unit_label.slot(label, lang, slot))}" for index, slot in enumerate(self.slots, start=1)
        )
        if self.native:
            held = _data(content, "MA,")
            return f"{self.head}{said}{''.join(f'{number}{held}' for number in self.symbol_fields)}^XZ\n"
        matrix = qr.symbol(content)
        return f"{self.head}{said}{''.join(self._picture(item, matrix) for item in self.symbols)}^XZ\n"

    def _item(self, item: Item) -> str:
        match item:
            case Line():
                return self._text(item, _data(item.text)) if _native(item.text) else self._line_picture(item)
            case Bar():
                wide, high = self._dots(item.width), self._dots(item.height)
                return f"{self._at(item.x, item.y)}^GB{wide},{high},{min(wide, high)}^FS\n"
            case Shape():
                return self._shape(item)
            case Symbol():
                return ""

    def _text(self, line: Line, what: str) -> str:
        """Text on its base line (``^FT``), in a block as wide as its place; the printer's font is narrower."""
        height = max(10, round(line.size * POINT_MM * self.scale * FONT_HEIGHT))
        wide = max(line.room, line.width) if line.slot else line.width
        left = {"start": line.x, "middle": line.x - wide / 2, "end": line.x - wide}[line.anchor]
        x, y = max(0, round(left * self.scale)), round(line.y * self.scale)
        side = {"start": "L", "middle": "C", "end": "R"}[line.anchor]
        block = "" if side == "L" else f"^FB{round(wide * self.scale)},1,0,{side}"
        return f"^FT{x},{y}^A0N,{height},{height}{block}{what}^FS\n".replace("^FS^FS", "^FS")

    def _symbol(self, index: int, item: Symbol) -> str:
        if not self.native:
            return ""
        return f"{self._at(item.x, item.y)}^BQN,2,{self.module}^FN{index}^FS\n"

    def _line_picture(self, line: Line) -> str:
        picture, left, base = typeset.dots(line.text, line.size, self.dpi, bold=line.bold)
        ink = picture.point(lambda value: 255 - value).getbbox()
        if ink is None:
            return ""
        x = round(line.left * self.scale) - left + ink[0]
        y = round(line.y * self.scale) - base + ink[1]
        inked = picture.crop(ink).point(lambda value: 255 - value)
        return f"^FO{max(0, x)},{max(0, y)}{_graphic(inked.tobytes(), (inked.width + 7) // 8)}^FS\n"

    def _picture(self, item: Symbol, matrix: qr.Matrix) -> str:
        rows = [[dark for dark in row for _ in range(self.module)] for row in matrix]
        data = qr.bitmap(tuple(tuple(row) for row in rows for _ in range(self.module)))
        return f"{self._at(item.x, item.y)}{_graphic(data, (len(rows[0]) + 7) // 8)}^FS\n"

    def _shape(self, item: Shape) -> str:
        side, stroke = self._dots(item.side), self._dots(item.stroke)
        at = self._at(item.x, item.y)
        if item.figure == "circle":
            return f"{at}^GC{side},{stroke}^FS\n"
        if item.figure == "square":
            return f"{at}^GB{side},{side},{stroke}^FS\n"
        half = side // 2
        right = self._at(item.x + half / self.scale, item.y)
        foot = self._at(item.x, item.y + (side - stroke) / self.scale)
        return (
            f"{at}^GD{half},{side},{stroke},B,R^FS\n{right}^GD{side - half},{side},{stroke},B,L^FS\n"
            f"{foot}^GB{side},{stroke},{stroke}^FS\n"
        )

    def _at(self, x: float, y: float) -> str:
        return f"^FO{round(x * self.scale)},{round(y * self.scale)}"

    def _dots(self, mm: float) -> int:
        return max(1, round(mm * self.scale))


@lru_cache(maxsize=4096)
def _native(text: str) -> bool:
    """Whether font 0 of every printer has the letters: those of Latin-1."""
    return all(ord(character) < 0x100 for character in text.translate(_PLAIN))  # noqa: PLR2004 - Latin-1


def _data(text: str, before: str = "") -> str:
    """Field data; what would be a command is written as hexadecimal (``^FH``)."""
    plain = text if text.isascii() else text.translate(_PLAIN)
    if _COMMANDS.isdisjoint(plain):
        return f"^FD{before}{plain}^FS"
    escaped = "".join(f"_{ord(character):02X}" if character in _COMMANDS else character for character in plain)
    return f"^FH_^FD{before}{escaped}^FS"


def _graphic(data: bytes, row: int) -> str:
    """A picture as ``^GF``; rows that repeat are written as a colon, white ones as a comma (ZPL II)."""
    parts, last = [], b""
    for start in range(0, len(data), row):
        line = data[start : start + row]
        parts.append("," if not any(line) else ":" if line == last else line.hex().upper())
        last = line
    return f"^GFA,{len(data)},{len(data)},{row},{''.join(parts)}"
