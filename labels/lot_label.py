"""The bag label, 99.1 x 67.7 mm, as SVG and PNG; and the drawing that all printed matter is made of.

A drawing is a list of plain items in millimetres, y downwards from the top left corner: what is printed is
decided once, and SVG, PNG and PDF (``labels.sheet_a4``) only draw it. So geometry, claims and glyphs are
tested on the items. Text is set in Bitstream Vera (free licence, shipped with reportlab), whose widths are
those of DejaVu Sans.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from labels import print_texts as words
from labels import qr, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from PIL import ImageDraw, ImageFont

from domain.passport import Certificate, Claim, Passport
from domain.refusals import Refused

WIDTH_MM: Final = 99.1
HEIGHT_MM: Final = 67.7
"""A4 stock with 8 labels (Avery L7165 and equals), thermal 4-inch stock."""

MARGIN_MM: Final = 3.6
POINT_MM: Final = 25.4 / 72

CAP: Final = 0.729
"""Height of capitals of the typeface, in em; ``DESCENT`` is how far g and p reach below the line."""
ASCENT: Final = 0.76
DESCENT: Final = 0.236

LINE_MM: Final = 3.3
"""Base line to base line of text of 9 points."""

MARK_MM: Final = 9.2
"""Side of the shape that holds the letter O, C or N."""

BESIDE_MM: Final = (20.0, 31.0)
"""Room for number and weight beside a lot code that needs two lines."""

LOT_POINTS: Final = 26.0
"""The least size of a lot code on a bag label: read at arm's length in a dim store."""

LARGEST_VERSION: Final = 5
"""Larger symbols leave no room for the lot code between them; an address of 122 capitals fits version 5-M."""

FONT: Final = "font-family=\"'DejaVu Sans','Bitstream Vera Sans',Verdana,'Noto Sans',sans-serif\""
"""Same widths first, then wide faces, so that nothing grows out of its place."""

OWN_WEIGHT: Final = 3
"""Members of a ``Unit`` that carries its own weight."""

FINE_DPI: Final = 300
"""From here on, strokes of 7 points do not drop out."""

ORGANIC_CLAIMS: Final = ("organic", "in_conversion")
NUMBERED: Final = ("gi", "gmp")
"""Claims that a label makes by the number of their certificate."""

Unit: TypeAlias = tuple[int, int] | tuple[int, int, int]
"""A bag: its number, how many there are, and its own net grams where they are known."""

Figure: TypeAlias = Literal["circle", "triangle", "square", "octagon", "tick"]

Part: TypeAlias = Literal["all", "lot", "bag"]

Mark: TypeAlias = Literal["O", "C", "N"]


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text. ``x``, ``y``: its start, end or middle on the base line; ``size`` in points."""

    x: float
    y: float
    size: float
    text: str
    bold: bool = False
    anchor: Literal["start", "middle", "end"] = "start"
    colour: str = "#000000"
    address: bool = False  # host or code: not a word of ours

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in mm, from the height of letters such as b to the depth of g."""
        wide, em = text_width(self.text, self.size, bold=self.bold), self.size * POINT_MM
        left = self.x - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return left, self.y - ASCENT * em, left + wide, self.y + DESCENT * em


@dataclass(frozen=True, slots=True)
class Bar:
    """A filled rectangle: a rule, a ground, a crop mark."""

    x: float
    y: float
    width: float
    height: float
    colour: str = "#000000"

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in mm."""
        return self.x, self.y, self.x + self.width, self.y + self.height


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR symbol; ``x``, ``y`` is its first dark module, the quiet zone lies outside."""

    x: float
    y: float
    module: float
    matrix: qr.Matrix

    @property
    def side(self) -> float:
        """Without quiet zone, in mm."""
        return len(self.matrix) * self.module

    def box(self) -> tuple[float, float, float, float]:
        """With its quiet zone."""
        quiet = qr.QUIET * self.module
        return self.x - quiet, self.y - quiet, self.x + self.side + quiet, self.y + self.side + quiet


@dataclass(frozen=True, slots=True)
class Shape:
    """An outlined figure inside a square of ``side`` mm; a tick is an open line."""

    x: float
    y: float
    side: float
    figure: Figure
    stroke: float
    colour: str = "#000000"

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in mm."""
        return self.x, self.y, self.x + self.side, self.y + self.side

    def corners(self) -> list[tuple[float, float]]:
        """The corners, the stroke lying inside the box; none for a circle."""
        half = self.stroke / 2
        left, top, right, bottom = (
            self.x + half,
            self.y + half,
            self.x + self.side - half,
            self.y + self.side - half,
        )
        if self.figure == "triangle":
            return [((left + right) / 2, top), (right, bottom), (left, bottom)]
        if self.figure == "square":
            return [(left, top), (right, top), (right, bottom), (left, bottom)]
        if self.figure == "octagon":
            cut = (right - left) * 0.2929
            return [
                (left + cut, top), (right - cut, top), (right, top + cut), (right, bottom - cut),
                (right - cut, bottom), (left + cut, bottom), (left, bottom - cut), (left, top + cut),
            ]  # fmt: skip
        if self.figure == "tick":
            wide, high = right - left, bottom - top
            return [
                (left, top + high * 0.55),
                (left + wide * 0.38, bottom - high * 0.08),
                (right, top + high * 0.1),
            ]
        return []


Item: TypeAlias = Text | Bar | Symbol | Shape


# --- the typeface ---


@cache
def typeface(*, bold: bool) -> Any:
    """The parsed font file that reportlab ships: widths, glyphs, and the path of the file."""
    from reportlab.pdfbase.ttfonts import TTFont

    return TTFont("Vera-Bold" if bold else "Vera", "VeraBd.ttf" if bold else "Vera.ttf")


@cache
def _advances(*, bold: bool) -> dict[int, float]:
    return {code: width / 1000 for code, width in typeface(bold=bold).face.charWidths.items()}


@lru_cache(maxsize=8192)
def _ems(text: str, *, bold: bool) -> float:
    advances = _advances(bold=bold)
    return sum(advances.get(ord(character), 0.7) for character in words.folded(text))


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in mm of a text of ``size`` points; letters that the typeface lacks count as wide ones."""
    return _ems(text, bold=bold) * size * POINT_MM


@lru_cache(maxsize=8192)
def printable(text: str) -> str:
    """The text in glyphs of the shipped typeface. A letter that cannot be set is refused, never a box."""
    known = _advances(bold=False)
    answer = []
    for character in words.folded(words.clean(text)):
        bare = character if ord(character) in known else words.bare(character)
        if not all(ord(part) in known for part in bare):
            raise Refused("GLYPH_MISSING", character=f"U+{ord(character):04X}", text=text)
        answer.append(bare)
    return "".join(answer)


def fitted(text: str, width: float, size: float, smallest: float, *, bold: bool = False) -> tuple[str, float]:
    """The text at the largest size up to ``size`` that fits; at ``smallest`` it is cut, with an ellipsis."""
    needed = text_width(text, 1, bold=bold)
    if needed * size <= width:
        return text, size
    if needed * smallest <= width:
        return text, int(width / needed * 10) / 10
    return cut(text, width, smallest, bold=bold), smallest


def cut(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """As much of the text as fits, with an ellipsis where something is left out."""
    if text_width(text, size, bold=bold) <= width:
        return text
    while text and text_width(f"{text}…", size, bold=bold) > width:
        text = text[:-1].rstrip(" ,·–(")
    return f"{text}…"


def wrapped(text: str, width: float, size: float, *, bold: bool = False, lines: int = 99) -> list[str]:
    """The text broken at spaces into at most ``lines`` lines; the last one is cut where it must be."""
    broken: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if not line or text_width(longer, size, bold=bold) <= width:
            line = longer
        else:
            broken.append(line)
            line = word
    broken.append(line)
    if len(broken) > lines:
        broken = [*broken[: lines - 1], " ".join(broken[lines - 1 :])]
    return [cut(part, width, size, bold=bold) for part in broken]


# --- what may be claimed ---


def mark_of(passport: Passport) -> Mark:
    """The letter for the warehouse: O organic, C in conversion, N neither; the lowest claim granted."""
    values = {claim.value for claim in passport.claims if claim.granted}
    return "C" if "in_conversion" in values else "O" if "organic" in values else "N"


def claim_lines(passport: Passport, lang: words.Lang) -> list[tuple[str, str]]:
    """What is claimed and on whose word, claim by claim; nothing for a claim that is not granted.

    An organic claim carries the code number of the control body and the place of farming in the same field
    (Reg. (EU) 2018/848 Art. 32(1)(a), (2)); without a code number the label is refused.
    """
    lines = []
    for claim in passport.claims:
        if not claim.granted:
            continue
        rules = words.RULES.get(claim.scheme, {}).get(lang, claim.scheme_name)
        paper = paper_of(passport, claim)
        if claim.value in ORGANIC_CLAIMS:
            country = words.of_language(lang, passport.origin.country_name)
            farmed = words.say(lang, "agriculture", country=country)
            lines.append(
                (
                    words.say(lang, f"claim.{claim.value}", rules=rules),
                    f"{_control(claim, paper, lang)} · {farmed}",
                ),
            )
        elif claim.value == "ggn" and paper:
            lines.append((rules, words.say(lang, "ggn", number=paper.number)))
        elif claim.value in NUMBERED and paper:
            lines.append((rules, paper.number))
    return lines


def paper_of(passport: Passport, claim: Claim) -> Certificate | None:
    """The certificate to print with a claim: if there is one, in force, with code number, of the issuer."""
    papers = [paper for paper in passport.certificates if paper.scheme == claim.scheme]
    return min(
        papers,
        key=lambda paper: (
            paper.status != "active",
            paper.body_code is None,
            paper.holder != passport.organisation,
            paper.number,
        ),
        default=None,
    )


def _control(claim: Claim, paper: Certificate | None, lang: words.Lang) -> str:
    if paper and paper.body_code:
        return paper.body_code
    if paper and claim.scheme != "EU_ORG":
        return words.say(lang, "certified_by", body=paper.body)
    raise Refused("CLAIM_WITHOUT_CONTROL_BODY", scheme=claim.scheme)


def organic_words_allowed(passport: Passport) -> bool:
    """True where some claim to organic or in-conversion goods is granted."""
    return any(claim.granted and claim.value in ORGANIC_CLAIMS for claim in passport.claims)


def guarded(passport: Passport, items: Iterable[Item]) -> list[Item]:
    """The items, unless they hold a word kept for organic goods and the lot may not carry it."""
    items = list(items)
    if not organic_words_allowed(passport):
        words.refuse_claim_words(item.text for item in items if isinstance(item, Text) and not item.address)
    return items


# --- what every label says ---


def net_of(passport: Passport, unit: Unit | None) -> tuple[str, int]:
    """What the printed weight is the weight of (``net`` or ``lot_net``), and grams.

    A bag's weight is its own where it is given, else the equal part where the lot divides into bags evenly to
    100 g; else the weight of the lot is printed, named as such.
    """
    if unit is None:
        return "net", passport.net_g
    if len(unit) == OWN_WEIGHT:
        return "net", unit[2]
    if passport.units == unit[1] and passport.net_g % (100 * unit[1]) == 0:
        return "net", passport.net_g // unit[1]
    return "lot_net", passport.net_g


def unit_words(passport: Passport, unit: Unit | None, lang: words.Lang) -> str:
    """Which bag of how many; without a bag, how many there are."""
    if unit is not None:
        return words.say(lang, "unit", number=unit[0], of=unit[1])
    return words.say(lang, "units", n=texts.number(passport.units)) if passport.units else ""


def place_of(passport: Passport, lang: words.Lang) -> str:
    """Country and region of origin."""
    country = words.of_language(lang, passport.origin.country_name)
    return f"{country}, {passport.origin.region}" if passport.origin.region else country


def facts_of(passport: Passport, lang: words.Lang) -> str:
    """What the label must declare, then grade and crop season, with what is known of them."""
    parts = [f"{texts.text(lang, 'contains')} {texts.declared(lang, passport.declares)}"] if passport.declares else []
    if passport.grade:
        parts.append(grade_words(passport.grade, lang))
    if passport.season:
        parts.append(words.say(lang, "crop", season=passport.season))
    return " · ".join(parts)


def grade_words(grade: str, lang: words.Lang) -> str:
    """``G1`` as «Grade 1»; other grades as they are written."""
    head, rest = grade[:1], grade[1:]
    return f"{texts.text(lang, 'grade')}\u00a0{rest}" if head == "G" and rest.isdigit() else grade


def host_and_code(passport: Passport) -> tuple[str, str]:
    """What to type by hand: host, and code in groups of four."""
    return words.host_of(passport.url), words.typed(passport.code)


def mark_items(mark: Mark, x: float, y: float, side: float, colour: str = "#000000") -> list[Item]:
    """The letter in its shape: readable without colour, and from the shape alone."""
    figure: dict[Mark, Literal["circle", "triangle", "square"]] = {
        "O": "circle",
        "C": "triangle",
        "N": "square",
    }
    share = 0.36 if mark == "C" else 0.54  # of the side, as cap height; a triangle is narrow where the letter stands
    size = side * share / CAP / POINT_MM
    base = y + side * (0.86 if mark == "C" else 0.5 + share / 2)
    return [
        Shape(x, y, side, figure[mark], max(0.3, side * 0.075), colour),
        Text(x + side / 2, base, size, mark, bold=True, anchor="middle", colour=colour),
    ]


# --- the bag label ---


def bag_items(
    passport: Passport,
    lang: str,
    unit: Unit | None,
    *,
    module: float = qr.MODULE_MM,
    smallest: float = 7.0,
    setting: Callable[[str], str] = words.clean,
    matrix: qr.Matrix | None = None,
    part: Part = "all",
) -> list[Item]:
    """The items of a bag label. ``setting`` prepares every text for the typeface that it is drawn with.

    ``matrix``: the symbol of the address, if at hand. ``part``: what differs from bag to bag, what is the same
    on all bags of the lot, or all.
    """
    tongue = words.language(lang)
    matrix = matrix or qr.symbol(passport.url)
    if qr.version_of(matrix) > LARGEST_VERSION:
        raise Refused("ADDRESS_TOO_LONG", url=passport.url)
    label = _Bag(passport, tongue, unit, module, smallest, setting, matrix)
    items = [] if part == "bag" else label.lot()
    return guarded(passport, items + ([] if part == "lot" else label.bag()))


@dataclass(frozen=True, slots=True)
class _Bag:
    """The measures of one bag label, and its rows from top to bottom."""

    passport: Passport
    lang: words.Lang
    unit: Unit | None
    module: float
    smallest: float
    setting: Callable[[str], str]
    matrix: qr.Matrix

    @property
    def side(self) -> float:
        return len(self.matrix) * self.module

    @property
    def right(self) -> float:
        return WIDTH_MM - MARGIN_MM

    @property
    def bottom(self) -> float:
        return HEIGHT_MM - MARGIN_MM

    def lot(self) -> list[Item]:
        """What is the same on every bag of the lot."""
        code, _ = self._code()
        return [*self._symbols(), *self._top(), *code, *self._foot()]

    def bag(self) -> list[Item]:
        """What differs: number and weight."""
        _, items = self._code()
        return items

    def _symbols(self) -> list[Item]:
        """Two copies at opposite corners: dirt and tears seldom take both."""
        return [
            Symbol(self.right - self.side, MARGIN_MM, self.module, self.matrix),
            Symbol(MARGIN_MM, self.bottom - self.side, self.module, self.matrix),
        ]

    def _top(self) -> list[Item]:
        """Product in two languages, grade and season, origin; left of the first symbol."""
        room = self.right - self.side - (qr.QUIET + 2) * self.module - MARGIN_MM
        first, second = words.two_languages(self.lang, self.passport.product)
        last = words.say(self.lang, "origin", place=place_of(self.passport, self.lang))
        if len(self._claims()) > 1:  # each of them says where the goods were farmed; the packer needs the line
            last = self._packed_by()
        rows = [(first, 14.5, True, 0.0), (second or "", 10.5, False, 4.4)]
        rows += [(facts_of(self.passport, self.lang), 9.0, False, 4.5), (last, 9.0, False, 3.8)]
        items: list[Item] = []
        y = MARGIN_MM + 14.5 * POINT_MM * CAP
        for text, size, bold, gap in rows:
            if text:
                y += gap
                items.append(self._line(MARGIN_MM, y, room, text, size, bold=bold))
        return items

    def _code(self) -> tuple[list[Item], list[Item]]:
        """The lot code on the middle band, and beside or below it the number and weight of the bag."""
        code = self.setting(self.passport.lot_code)
        room = self.right - MARGIN_MM
        top = max(23.2, MARGIN_MM + self.side + qr.QUIET * self.module + 0.4)
        wide = text_width(code, 1, bold=True)
        if wide * LOT_POINTS <= room:
            size = min(30.0, room / wide)
            line = top + LOT_POINTS * POINT_MM * CAP
            return [self._exact(MARGIN_MM, line, code, size)], self._bag_row(line + 7.6)
        head, tail = _halves(code, (room - BESIDE_MM[0] - 1.5) / LOT_POINTS)
        widest = max(text_width(part, 1, bold=True) for part in (head, tail))
        beside = min(BESIDE_MM[1], max(BESIDE_MM[0], room - 1.5 - widest * LOT_POINTS))
        size = min(LOT_POINTS, (room - 1.5 - beside) / widest)
        line = self.bottom - 26.0
        lines: list[Item] = [self._exact(MARGIN_MM, line - size * POINT_MM, head, size)]
        return [*lines, self._exact(MARGIN_MM, line, tail, size)], self._bag_column(line, beside)

    def _bag_row(self, line: float) -> list[Item]:
        name, grams = net_of(self.passport, self.unit)
        kg = self.setting(words.kilograms(self.lang, grams))
        net = self.setting(words.say(self.lang, name))
        left = self.right - text_width(kg, 20, bold=True) - 1.6
        items: list[Item] = [
            Text(self.right, line, 20, kg, bold=True, anchor="end"),
            Text(left, line, 11, net, anchor="end"),
        ]
        if text := unit_words(self.passport, self.unit, self.lang):
            room = left - text_width(net, 11) - 2 - MARGIN_MM
            items.append(self._line(MARGIN_MM, line, room, text, 20))
        return items

    def _bag_column(self, line: float, room: float) -> list[Item]:
        """Number above weight, where the lot code takes two lines."""
        name, grams = net_of(self.passport, self.unit)
        kg, size = fitted(self.setting(words.kilograms(self.lang, grams)), room, 17, 9, bold=True)
        net = self.setting(words.say(self.lang, name))
        items: list[Item] = [
            Text(self.right, line, size, kg, bold=True, anchor="end"),
            Text(self.right, line - 5.4, 9, net, anchor="end"),
        ]
        if text := self.setting(unit_words(self.passport, self.unit, self.lang)):
            short, size = fitted(text, room, 12, self.smallest)
            items.append(Text(self.right, line - 9.2, size, short, anchor="end"))
        return items

    def _foot(self) -> list[Item]:
        """Claims, who packed, and the address to type; right of the second symbol."""
        left = MARGIN_MM + self.side + (qr.QUIET + 2) * self.module
        room = self.right - left
        rule, side = self.bottom - 23.1, MARK_MM
        items: list[Item] = [Bar(MARGIN_MM, rule, self.right - MARGIN_MM, 0.3)]
        items += mark_items(mark_of(self.passport), self.right - side, rule + 1.9, side)
        claimed = self._claims()
        y = rule + 1.5 + 9.0 * POINT_MM * CAP - LINE_MM
        for said in claimed:
            y = self._claim(items, left, y, room - side - 2, said=said, alone=len(claimed) == 1)
        if len(claimed) <= 1:
            self._packer(items, left, y, room if claimed else room - side - 2, with_contact=not claimed)
        host, code = host_and_code(self.passport)
        host, size = fitted(host, room, 12.5, 7, bold=True)
        items.append(Text(left, self.bottom - 4.6, size, host, bold=True, address=True))
        code, size = fitted(code, room, 12, 9)
        items.append(Text(left, self.bottom, size, code, address=True))
        return items

    def _claims(self) -> list[tuple[str, str]]:
        """The claims that there is room for; the page shows all of them."""
        return claim_lines(self.passport, self.lang)[:2]

    def _claim(
        self,
        items: list[Item],
        left: float,
        y: float,
        room: float,
        *,
        said: tuple[str, str],
        alone: bool,
    ) -> float:
        """A claim below the line ``y``, in letters smaller than the product's; answers its last line."""
        head, detail = said
        size = 10.5 if alone and text_width(head, 10.5, bold=True) <= room else 9.0
        for line in wrapped(head, room, size, bold=True, lines=2 if alone else 1):
            y += LINE_MM + (size - 9.0) * POINT_MM * CAP
            items.append(Text(left, y, size, self.setting(line), bold=True))
        y += LINE_MM
        items.append(self._line(left, y, room, detail, 9.0))
        return y

    def _packer(self, items: list[Item], left: float, y: float, room: float, *, with_contact: bool) -> None:
        """Who packed, just above the address; where nothing is claimed, from the top and with contact."""
        size, end = 9.0, self.bottom - 8.8
        free = min(2, int((end - y) / LINE_MM + 0.02))
        beside = room if with_contact else room - MARK_MM - 2  # a line above the last one stands beside the mark
        lines = [self._packed_by()]
        if text_width(lines[0], size) > room and free > 1:
            lines = wrapped(lines[0], beside, size)
        if len(lines) > free or text_width(lines[0], size) > room:  # the name matters more than the words before it
            name = words.clean(self.passport.organisation)
            if free == 1:
                name, size = fitted(self.setting(name), room, size, self.smallest)
                lines = [name]
            else:
                size = self.smallest
                lines = wrapped(name, beside, size, lines=free)
        if with_contact:
            contact = words.clean(self.passport.contact or "")
            parts = [contact] if text_width(contact, size) <= room else contact.split(", ")
            if contact and len(parts) <= free and all(text_width(part, size) <= room for part in parts):
                lines += parts
            end = y + LINE_MM * len(lines)
        items += [
            Text(left, end - LINE_MM * (len(lines) - 1 - row), size, self.setting(line))
            for row, line in enumerate(lines)
        ]

    def _packed_by(self) -> str:
        return words.say(self.lang, "packed_by", organisation=words.clean(self.passport.organisation))

    def _line(self, x: float, y: float, room: float, text: str, size: float, *, bold: bool = False) -> Text:
        text, size = fitted(self.setting(text), room, size, min(self.smallest, size), bold=bold)
        return Text(x, y, size, text, bold=bold)

    def _exact(self, x: float, y: float, text: str, size: float) -> Text:
        """A lot code, never cut; moved left by the white that stands before a bold capital at this size."""
        size = int(size * 10) / 10
        return Text(x - 0.05 * size * POINT_MM, y, size, text, bold=True)


def _halves(code: str, room: float) -> tuple[str, str]:
    """A code broken after the hyphen nearest to its middle, or in the middle where only so both halves fit."""
    breaks = [place + 1 for place, character in enumerate(code[:-1]) if character in "-/._"]
    breaks = [place for place in breaks if text_width(max(code[:place], code[place:], key=len), 1, bold=True) <= room]
    middle = min(breaks, key=lambda place: abs(place - len(code) / 2), default=(len(code) + 1) // 2)
    return code[:middle].strip(), code[middle:].strip()


def label_svg(passport: Passport, lang: str, unit: Unit | None = None) -> bytes:
    """The bag label as SVG of 99.1 x 67.7 mm, QR modules of 0.5 mm, text as text."""
    title = words.say(words.language(lang), "label_of", lot=words.clean(passport.lot_code))
    return svg(bag_items(passport, lang, unit), WIDTH_MM, HEIGHT_MM, title, words.language(lang))


def label_png(passport: Passport, lang: str, dpi: int = 203, unit: Unit | None = None) -> bytes:
    """The bag label as PNG of one bit a pixel, ``dpi`` dots an inch; a QR module is whole dots."""
    module = qr.module_dots(dpi) * qr.INCH_MM / dpi
    smallest = 9.0 if dpi < FINE_DPI else 7.0
    items = bag_items(passport, lang, unit, module=module, smallest=smallest, setting=printable)
    return png(items, WIDTH_MM, HEIGHT_MM, dpi)


# --- drawing ---


def svg(items: Sequence[Item], width: float, height: float, title: str, lang: str) -> bytes:
    """A drawing as SVG in millimetres: no script, no style sheet, no font of its own; every text escaped."""
    size = f'width="{width:.6g}mm" height="{height:.6g}mm" viewBox="0 0 {width:.6g} {height:.6g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} xml:lang="{lang}" role="img" {FONT}>',
        f"<title>{escape(title)}</title>",
        f'<path fill="#fff" d="M0 0h{width:.6g}v{height:.6g}h-{width:.6g}z"/>',
        *map(svg_item, items),
        "</svg>\n",
    ]
    return "\n".join(parts).encode()


def svg_item(item: Item) -> str:
    """One item as an element of SVG."""
    match item:
        case Text():
            look = ' font-weight="bold"' if item.bold else ""
            look += f' text-anchor="{item.anchor}"' if item.anchor != "start" else ""
            look += f' fill="{item.colour}"' if item.colour != "#000000" else ""
            where = f'x="{item.x:.6g}" y="{item.y:.6g}" font-size="{item.size * POINT_MM:.5g}"'
            return f"<text {where}{look}>{escape(item.text)}</text>"
        case Bar():
            data = f"M{item.x:.6g} {item.y:.6g}h{item.width:.6g}v{item.height:.6g}h{-item.width:.6g}z"
            return f'<path fill="{item.colour}" d="{data}"/>'
        case Symbol():
            data = qr.svg_path(item.matrix, item.x, item.y, item.module)
            return f'<path shape-rendering="crispEdges" d="{data}"/>'
        case Shape():
            look = f'fill="none" stroke="{item.colour}" stroke-width="{item.stroke:.4g}"'
            if item.figure == "circle":
                half = item.side / 2
                where = f'cx="{item.x + half:.6g}" cy="{item.y + half:.6g}" r="{half - item.stroke / 2:.6g}"'
                return f"<circle {look} {where}/>"
            data = "L".join(f"{x:.6g} {y:.6g}" for x, y in item.corners())
            end = "" if item.figure == "tick" else "z"
            return f'<path {look} stroke-linejoin="round" d="M{data}{end}"/>'


def png(items: Sequence[Item], width: float, height: float, dpi: int) -> bytes:
    """A drawing as PNG of one bit a pixel: no grey, so a thermal head prints what is here."""
    from PIL import Image, ImageDraw

    scale = dpi / qr.INCH_MM
    image = Image.new("1", (round(width * scale), round(height * scale)), 1)
    pen = ImageDraw.Draw(image)
    pen.fontmode = "1"
    for item in items:
        draw_pixels(pen, item, scale)
    out = BytesIO()
    image.save(out, "PNG", dpi=(dpi, dpi), optimize=True)
    return out.getvalue()


def draw_pixels(pen: ImageDraw.ImageDraw, item: Item, scale: float) -> None:
    """One item as black dots, ``scale`` of them a millimetre."""
    match item:
        case Text():
            anchor = {"start": "ls", "middle": "ms", "end": "rs"}[item.anchor]
            font = _pixel_font_within(item, scale)
            pen.text((round(item.x * scale), round(item.y * scale)), item.text, fill=0, font=font, anchor=anchor)
        case Bar():
            left, top = round(item.x * scale), round(item.y * scale)
            right, bottom = left + max(1, round(item.width * scale)), top + max(1, round(item.height * scale))
            pen.rectangle((left, top, right - 1, bottom - 1), fill=0)
        case Symbol():
            dots = round(item.module * scale)
            left, top = round(item.x * scale), round(item.y * scale)
            for row, line in enumerate(item.matrix):
                for column, dark in enumerate(line):
                    if dark:
                        x, y = left + column * dots, top + row * dots
                        pen.rectangle((x, y, x + dots - 1, y + dots - 1), fill=0)
        case Shape():
            stroke = max(1, round(item.stroke * scale))
            if item.figure == "circle":
                box = (round(item.x * scale), round(item.y * scale))
                far = (box[0] + round(item.side * scale) - 1, box[1] + round(item.side * scale) - 1)
                pen.ellipse((*box, *far), outline=0, width=stroke)
                return
            corners = [(round(x * scale), round(y * scale)) for x, y in item.corners()]
            closing = [] if item.figure == "tick" else corners[:2]
            pen.line([*corners, *closing], fill=0, width=stroke, joint="curve")


def _pixel_font_within(item: Text, scale: float) -> ImageFont.FreeTypeFont:
    """The font of a text, a little smaller where whole pixels would make it wider than it was measured."""
    size = round(item.size * POINT_MM * scale * 4) / 4
    most = text_width(item.text, item.size, bold=item.bold) * scale + 1
    while (font := _pixel_font(size, bold=item.bold)).getlength(item.text) > most and size > 1:
        size -= 0.25
    return font


@lru_cache(maxsize=64)
def _pixel_font(size: float, *, bold: bool) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(typeface(bold=bold).face.filename, size, layout_engine=ImageFont.Layout.BASIC)
