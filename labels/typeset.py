"""Lines of text in Latin, Arabic and Georgian letters, in Noto Sans: how wide they are, and how they are drawn.

A line in Latin letters is text to every writer, set with the advances of the shipped font. Every other line is set
once by typst, which joins Arabic letters and orders mixed directions: writers place its outlines (PDF, SVG) or its
dots (PNG, ZPL). So no writer has to know a script, and a sheet of 10,000 labels sets a line once.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from xml.etree import ElementTree as ET

from domain.refusals import Refused
from labels import print_texts as words
from labels.lot_label import POINT_MM

if TYPE_CHECKING:
    from PIL import Image

FONTS: Final = Path(__file__).parent / "fonts"
FAMILIES: Final = ("NotoSans", "NotoSansArabic", "NotoSansGeorgian")

CAP: Final = 0.714
"""Height of capitals, in em."""

ASCENT: Final = 0.77
DESCENT: Final = 0.24
"""How far Latin letters reach above and below the line, in em."""

_CAPITALS: Final = frozenset("0123456789ABCDEFGHIKLMNOPRSTUVWXYZ-./ \u00a0")
"""Characters that end on the base line and reach no higher than capitals do."""

_FLAT: Final = _CAPITALS | frozenset("abcdefhiklmnorstuvwxz:+·–éèêàâîôû'…")
"""Characters that end on the base line."""

_REACH: Final = {"latin": (ASCENT, DESCENT), "georgian": (0.80, 0.27), "arabic": (1.0, 0.47)}
"""What a line of a script is given above and below, in em."""

_SVG: Final = "{http://www.w3.org/2000/svg}"
_LINK: Final = "{http://www.w3.org/1999/xlink}href"
_EM: Final = 100.0
_MARGIN: Final = 50.0
"""Points at which lines are set for their outlines, and the white around them."""

_SOURCE: Final = b"""
#set page(width: auto, height: auto, margin: (x: 50pt, y: 0pt), fill: none)
#set text(
  font: ("Noto Sans", "Noto Sans Arabic", "Noto Sans Georgian"), fallback: false, size: 100pt,
  top-edge: 1.2em, bottom-edge: -0.6em,
  weight: if sys.inputs.bold == "1" { "bold" } else { "regular" },
  dir: if sys.inputs.dir == "rtl" { rtl } else { ltr }, lang: sys.inputs.lang,
)
#sys.inputs.text
"""
_TOP: Final = 1.2
_HEIGHT: Final = 1.8
_ISOLATES: Final = re.compile("[\u2066-\u2069]")

Command = tuple[Literal["m", "l", "q", "z"], tuple[float, ...]]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Outline:
    """A line of 1 em as closed curves, x from its left end, y upwards from its base line; and its ink."""

    width: float
    ink: Box  # left, bottom, right, top
    curves: tuple[Command, ...]


@cache
def face(*, bold: bool, family: str = "NotoSans") -> Any:
    """A shipped font, parsed: advances, glyphs, and the path of its file."""
    from reportlab.pdfbase.ttfonts import TTFont

    name = f"{family}-{'Bold' if bold else 'Regular'}"
    return TTFont(name, str(FONTS / f"{name}.ttf"))


@cache
def _advances(*, bold: bool) -> dict[int, float]:
    return {code: width / 1000 for code, width in face(bold=bold).face.charWidths.items()}


@cache
def _known() -> frozenset[int]:
    """The characters that some shipped font sets, and those that only steer direction."""
    held = [face(bold=bold, family=family).face.charToGlyph for family in FAMILIES for bold in (False, True)]
    both = (set(regular) & set(heavy) for regular, heavy in zip(held[::2], held[1::2], strict=True))
    return frozenset().union(*both) | frozenset(range(0x2066, 0x206A))


@lru_cache(maxsize=2048)
def is_latin(text: str) -> bool:
    """Whether the Latin font sets all of it."""
    return _advances(bold=True).keys() >= set(map(ord, text))


def script_of(text: str) -> str:
    """The script that decides how high and how deep a line reaches."""
    if is_latin(text):
        return "latin"
    return "arabic" if any(unicodedata.bidirectional(each) == "AL" for each in text) else "georgian"


def reach(text: str) -> tuple[float, float]:
    """Above and below the base line, in em."""
    return _REACH[script_of(text)]


def ink(text: str, *, bold: bool = False) -> tuple[float, float]:
    """How far the ink of a line may reach above and below its base line, in em."""
    if is_latin(text):
        held = set(text)
        return CAP + 0.01 if held <= _CAPITALS else ASCENT, 0.02 if held <= _FLAT else DESCENT
    _, bottom, _, top = outline(text, bold=bold).ink
    return top, -bottom


@lru_cache(maxsize=2048)
def printable(text: str) -> str:
    """Text as it is printed: on one line, in characters that a shipped font has. Others are refused, never a box."""
    plain = words.clean(text)
    if is_latin(plain):
        return plain
    answer = []
    for character in plain:
        bare = character if ord(character) in _known() else words.bare(character)
        if not bare or not all(ord(part) in _known() for part in bare):
            raise Refused("GLYPH_MISSING", character=f"U+{ord(character):04X}", text=text)
        answer.append(bare)
    return "".join(answer)


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in mm of a line of ``size`` points."""
    return ems(text, bold=bold) * size * POINT_MM


@lru_cache(maxsize=2048)
def ems(text: str, *, bold: bool = False) -> float:
    """Width of a line in em. A line that typst sets is as wide as its words and the spaces between them."""
    if is_latin(text):
        advances = _advances(bold=bold)
        return sum(advances[ord(character)] for character in text)
    return sum(_word(word, bold=bold) for word in re.split("([ \u00a0])", text))


def _word(word: str, *, bold: bool) -> float:
    if not word or is_latin(word):
        return ems(word, bold=bold) if word else 0.0
    return outline(word, bold=bold).width if _ISOLATES.sub("", word) else 0.0


@lru_cache(maxsize=4096)
def outline(text: str, *, bold: bool = False) -> Outline:
    """A line set by typst, as curves of 1 em."""
    root = ET.fromstring(_set(text, bold=bold, form="svg"))  # noqa: S314 - typst's own output
    shapes = {f"#{symbol.attrib['id']}": symbol[0].attrib["d"] for symbol in root.iter(f"{_SVG}symbol")}
    wide = float(root.attrib["viewBox"].split()[2]) - 2 * _MARGIN
    curves: list[Command] = []
    for group in root.iter(f"{_SVG}g"):
        shift = float(group.attrib["transform"].removeprefix("matrix(").split()[4]) - _MARGIN
        for glyph in group.iter(f"{_SVG}use"):
            x, y = shift + float(glyph.attrib["x"]), float(glyph.attrib["y"])
            curves += _absolute(shapes[glyph.attrib[_LINK]], x, y)
    xs = [value for _, numbers in curves for value in numbers[::2]] or [0.0]
    ys = [value for _, numbers in curves for value in numbers[1::2]] or [0.0]
    return Outline(wide / _EM, (min(xs), min(ys), max(xs), max(ys)), tuple(curves))


@lru_cache(maxsize=1024)
def dots(text: str, size: float, dpi: int, *, bold: bool = False) -> tuple[Image.Image, int, int]:
    """A line as dots of one bit, black on white; and where its base line begins in the picture, in dots."""
    from PIL import Image

    scale = size / _EM
    picture = Image.open(BytesIO(_set(text, bold=bold, form="png", ppi=dpi * scale)))
    alpha = picture.convert("RGBA").getchannel("A")
    one_bit = alpha.point(lambda value: 0 if value > 115 else 255).convert("1", dither=Image.Dither.NONE)  # noqa: PLR2004 - a little bolder than half: thin strokes drop out
    return one_bit, round(_MARGIN * scale * dpi / 72), round(_TOP * size * dpi / 72)


@cache
def _typst() -> tuple[Any, threading.Lock]:
    from typst import Compiler

    return Compiler(font_paths=[str(FONTS)], ignore_system_fonts=True), threading.Lock()


def _set(text: str, *, bold: bool, form: Literal["svg", "png"], ppi: float = 72.0) -> bytes:
    compiler, lock = _typst()
    rtl = _rtl(text)
    given = {
        "text": text,
        "bold": "1" if bold else "0",
        "dir": "rtl" if rtl else "ltr",
        "lang": "ar" if rtl else "ka",
    }
    with lock:  # the compiler is not made for two threads
        answer: bytes = compiler.compile(_SOURCE, format=form, ppi=ppi, sys_inputs=given)
    return answer


def _rtl(text: str) -> bool:
    """The direction of the first letter outside isolates (UAX 9, P2); where none is outside, of the Arabic inside."""
    depth = 0
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("LRI", "RLI", "FSI"):
            depth += 1
        elif kind == "PDI":
            depth -= 1
        elif depth <= 0 and kind in ("L", "R", "AL"):
            return kind != "L"
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)


def _absolute(data: str, x: float, y: float) -> list[Command]:
    """The path of a glyph in relative commands of SVG, as absolute ones in em."""
    found: list[Command] = []
    here = start = (x, y)

    def at(dx: float, dy: float) -> tuple[float, float]:
        return here[0] + dx, here[1] + dy

    for kind, rest in re.findall(r"([MmLlHhVvQqZz])([^MmLlHhVvQqZz]*)", data):
        numbers = [float(number) for number in rest.split()]
        match kind:
            case "M":
                here = start = (x + numbers[0], y + numbers[1])
                continue  # the move that follows begins the contour
            case "m":
                here = start = at(*numbers)
                found.append(("m", _em(here)))
            case "l":
                here = at(*numbers)
                found.append(("l", _em(here)))
            case "h":
                here = at(numbers[0], 0)
                found.append(("l", _em(here)))
            case "v":
                here = at(0, numbers[0])
                found.append(("l", _em(here)))
            case "q":
                bend, end = at(*numbers[:2]), at(*numbers[2:])
                found.append(("q", (*_em(bend), *_em(end))))
                here = end
            case "Z":
                found.append(("z", ()))
                here = start
            case _:
                raise ValueError(f"typst draws glyphs with {kind} now")
    return found


def _em(point: tuple[float, float]) -> tuple[float, float]:
    return round(point[0] / _EM, 4), round(point[1] / _EM, 4)
