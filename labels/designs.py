"""The designs of labels: which stock, how large a module, and where everything stands.

A design turns a ``UnitLabel`` into items in millimetres, and nothing else: PDF, PNG, SVG and ZPL only draw them
(``labels.label_pdf``, ``labels.label_pixels``, ``labels.label_zpl``). What differs from unit to unit is a line with the
name of its slot, or a symbol; all the rest is the same on every label of a lot and is laid out once. Labels in Arabic
are laid out from left to right and turned over.

Sizes: design notes for print, docs/labels.md. Every symbol has four free modules around it and whole printer dots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from domain.passport import Passport
from domain.refusals import Refused
from domain.units import OPENING_DESIGN
from labels import label_texts as says
from labels import lot_label, qr, typeset, unit_label
from labels import print_texts as words
from labels.label_texts import Tongue
from labels.lot_label import POINT_MM, Bar, Shape, Symbol
from labels.typeset import CAP
from labels.unit_label import UnitLabel

Grid: TypeAlias = Literal["roll", "2x4", "2x2", "3x6", "3x7"]
Content: TypeAlias = Literal["signed", "short", "link", "nothing"]

LARGEST_VERSION: Final = 7
"""Larger symbols fall off at low resolution (design notes, trust 3.6)."""

_UNSEEN: Final = {0x2068: None, 0x2069: None}
"""Isolates, which set no ink."""

GAP: Final = 0.1
"""White between two lines of a block, in em."""


@dataclass(frozen=True, slots=True)
class Design:
    """A label: its stock in mm, the dots of its module by resolution, its type sizes in points.

    ``copies`` of the symbol, at opposite corners. ``holds``: the signed label, the short address, the GS1 link where
    there is one, or nothing: no symbol. ``claim_below``: whether the claim stands beside the lower symbol, or across
    the middle.
    """

    name: str
    width: float
    height: float
    margin: float
    module: float
    copies: int
    kind: str
    holds: Content
    lot: float
    figures: float
    words: float
    product: float
    claim: float
    body: float
    caption: float
    least: float
    claim_below: bool = False
    figures_below: bool = False
    stacked: bool = False
    grids: tuple[Grid, ...] = ("roll",)

    def exact(self, dpi: int) -> float:
        """The side of a module in mm: the whole number of dots that is nearest."""
        return qr.module_dots(dpi, self.module) * qr.INCH_MM / dpi


#                                                       lot figures words product claim body caption least
_SACK = Design(
    "sack", 100, 150, 4.2, 0.75, 2, "bag", "signed", 33, 32, 16, 21, 17, 12.5, 14, 9, stacked=True
)  # fmt: skip
_SACK_A4 = Design(
    "sack", 99.1, 67.7, 3.6, 0.5, 2, "bag", "signed", 26, 18, 10, 14, 10.5, 9, 12, 7,
    claim_below=True, figures_below=True, grids=("2x4",),
)  # fmt: skip
_CARTON = Design("carton", 62, 100, 3, 0.5, 1, "carton", "signed", 19, 17, 9.5, 13, 11, 9, 11, 9)
_CARTON_A4 = Design(
    "carton", 99.1, 139, 4, 0.5, 2, "carton", "signed", 33, 34, 16, 22, 17, 12.5, 14, 7, stacked=True, grids=("2x2",)
)
_RETAIL = Design("retail", 63.5, 46.6, 2.2, 0.5, 1, "item", "link", 9, 13, 8, 12, 7.5, 7.5, 8, 7, grids=("roll", "3x6"))
_PALLET = Design("pallet", 148, 210, 7, 1.5, 2, "pallet", "signed", 42, 28, 14, 30, 20, 15, 22, 11, claim_below=True)
_TAG = Design("tag", 63.5, 38.1, 2.2, 0.5, 1, "bag", "signed", 13, 11, 7.5, 8, 7, 7, 7.5, 7, grids=("roll", "3x7"))
_SHORT = Design("short", 50, 30, 2.2, 0.5, 1, "bag", "short", 13, 11, 9, 9, 9, 9, 9, 9)
_OPENING = Design(OPENING_DESIGN, 50, 30, 2.2, 0.5, 0, "bag", "nothing", 20, 11, 10, 0, 0, 8, 8, 7)
_OPENING_A4 = replace(
    _OPENING, width=63.5, height=38.1, lot=26, figures=13, words=12, body=9.5, caption=9, grids=("3x7",)
)
# Opening codes: ``lot`` is the size of the code. No symbol: what is photographed by chance must not open a unit.

ALL: Final[tuple[Design, ...]] = (
    _SACK, _SACK_A4, _CARTON, _CARTON_A4, _RETAIL, _PALLET, _TAG, _SHORT, _OPENING, _OPENING_A4,
)  # fmt: skip
NAMES: Final[tuple[str, ...]] = tuple(dict.fromkeys(design.name for design in ALL))

DesignName: TypeAlias = Literal["sack", "carton", "retail", "pallet", "tag", "short", "opening"]


def find(name: str, grid: str = "roll") -> Design:
    """The design of this name that is made for a roll, or for the sheet; refused where there is none."""
    known = [design for design in ALL if design.name == name]
    if not known:
        raise Refused("DESIGN_UNKNOWN", design=name, designs=", ".join(NAMES))
    for design in known:
        if grid in design.grids:
            return design
    raise Refused("GRID_UNKNOWN", grid=grid, grids=", ".join(each for design in known for each in design.grids))


def of_grid(grid: str | None) -> str:
    """The name of the design that a die-cut sheet is for; the sack's where none is named, or a roll."""
    return next((design.name for design in ALL if grid and grid in design.grids), "sack")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text. ``x``, ``y``: its start, end or middle on the base line; ``size`` in points.

    ``slot``: what stands here differs from unit to unit. ``room``: the width it may take, in mm. ``address``: a host, a
    code, not a word of ours.
    """

    x: float
    y: float
    size: float
    text: str
    bold: bool = False
    anchor: Literal["start", "middle", "end"] = "start"
    slot: str = ""
    room: float = 0.0
    address: bool = False

    @property
    def width(self) -> float:
        return typeset.width(self.text, self.size, bold=self.bold)

    @property
    def left(self) -> float:
        return self.x - {"start": 0.0, "middle": self.width / 2, "end": self.width}[self.anchor]

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in mm: as far as ink may reach."""
        em, left, wide = self.size * POINT_MM, self.left, self.width
        above, below = typeset.ink(self.text, bold=self.bold)
        return left, self.y - above * em, left + wide, self.y + below * em

    def said(self, text: str) -> Line:
        """The same place with another text, smaller where it needs more than its room."""
        line = replace(self, text=text)
        if not self.room or (wide := line.width) <= self.room:
            return line
        return replace(line, size=int(self.size * self.room / wide * 10) / 10)


Item: TypeAlias = Line | Bar | Shape | Symbol


def content(label: UnitLabel, design: Design) -> str:
    """What the symbol of this design holds; of a design without one, nothing."""
    if design.holds == "nothing":
        return ""
    if design.holds == "short":
        return label.short_url
    return label.link if design.holds == "link" and label.link else label.url


def symbol(label: UnitLabel, design: Design) -> qr.Matrix:
    """The symbol of a label; of a design without one, no modules."""
    held = content(label, design)
    return qr.symbol(held) if held else ()


def code_size(label: UnitLabel, design: Design) -> int:
    """Points at which the opening code is set: as large as designed, or as its letters leave room; 0 elsewhere."""
    if design.holds != "nothing" or not label.opening:
        return 0
    wide = typeset.ems(words.typed(label.opening), bold=True) * POINT_MM
    return int(min(design.lot, (design.width - 2 * design.margin) / wide))


def items(
    label: UnitLabel, lang: str, design: Design, *, module: float | None = None, matrix: qr.Matrix | None = None
) -> list[Item]:
    """All that stands on a label. ``module``: its side in mm, if another than the design's. ``matrix``: its symbol.

    Refused: an address too long for a symbol of version 7, a letter that no font has, an organic claim without the
    code of its control body, a word kept for organic goods on goods that are not, and the design for opening codes
    where the label has none (that of a lot).
    """
    tongue = says.tongue(lang)
    matrix = matrix or symbol(label, design)
    if qr.version_of(matrix) > LARGEST_VERSION:
        raise Refused("ADDRESS_TOO_LONG", url=content(label, design))
    layout = _Layout(label, tongue, design, module or design.module, matrix)
    if design.holds == "nothing":
        made = layout.opening()
    else:
        made = layout.small() if design.name in ("tag", "short", "retail") else layout.large()
    _guard(label.passport, made)
    return _turned(made, design.width) if tongue in says.RIGHT_TO_LEFT else made


def _guard(passport: Passport, made: Sequence[Item]) -> None:
    """Refuse words kept for organic goods on goods that are not."""
    if not lot_label.organic_words_allowed(passport):
        printed = (item.text for item in made if isinstance(item, Line) and not item.address)
        given = passport.organisation, passport.grade or "", passport.origin.region or ""  # also where they are cut
        words.refuse_claim_words([*printed, *given, *passport.product.values()])


def _turned(made: Sequence[Item], width: float) -> list[Item]:
    """The label seen in a mirror, its texts still readable: what began at the left begins at the right."""
    answer: list[Item] = []
    for item in made:
        match item:
            case Line():
                end: Literal["start", "middle", "end"] = (
                    "end" if item.anchor == "start" else "start" if item.anchor == "end" else "middle"
                )
                answer.append(replace(item, x=width - item.x, anchor=end))
            case Bar():
                answer.append(replace(item, x=width - item.x - item.width))
            case Shape() | Symbol():
                answer.append(replace(item, x=width - item.x - item.side))
    return answer


@dataclass(frozen=True, slots=True)
class Row:
    """Text of a block. It breaks into at most ``lines``; a row that is not ``kept`` goes where there is no room."""

    text: str
    size: float
    bold: bool = False
    lines: int = 1
    kept: bool = True
    gap: float = 0.0  # mm above it
    address: bool = False
    whole: bool = False  # never cut: the words of a claim


SEPARATORS: Final = frozenset("–·/")
"""Marks between two parts of a line; where the line breaks there, the break says the same, and the mark is left out."""


def wrapped(text: str, room: float, size: float, *, bold: bool = False) -> list[str]:
    """The text broken at spaces; what is isolated (UAX 9) is isolated on every line that it reaches.

    A mark that separates hangs at the end of its line, and takes no room there.
    """
    lines: list[str] = []
    line, used, space = "", 0.0, typeset.width(" ", size, bold=bold)
    for word in text.split(" "):
        wide = typeset.width(word, size, bold=bold)
        if line and used + space + wide > room and word not in SEPARATORS:
            lines.append(line)
            line, used = word, wide
        else:
            line, used = (f"{line} {word}", used + space + wide) if line else (word, wide)
    lines.append(line)
    answer, depth = [], 0
    for each in lines:
        opened = "\u2068" * depth + each
        depth = opened.count("\u2068") - opened.count("\u2069")
        answer.append(opened + "\u2069" * depth)
    return answer


def _bare(line: str) -> str:
    """A line without the mark that hangs at its end."""
    return line[:-2] if line[-1:] in SEPARATORS and line[-2:-1] == " " else line


def cut(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """As much of the text as fits, with an ellipsis where something is left out."""
    if typeset.width(text, size, bold=bold) <= room:
        return text
    text = text.replace("\u2068", "").replace("\u2069", "")
    while text and typeset.width(f"{text}…", size, bold=bold) > room:
        text = text[:-1].rstrip(" ,·–(")
    return f"{text}…"


def block(
    rows: Sequence[Row], left: float, top: float, right: float, bottom: float, least: float, *, low: bool = False
) -> tuple[list[Line], float]:
    """Rows from the top of a box downwards, or (``low``) sitting on its bottom; and the line where they end or begin.

    Where there is no room, bold rows shrink a little; then rows that are not kept go, the last first; then bold rows
    shrink until they are hardly larger than the others; then all shrink, down to ``least`` points; then rows break into
    fewer lines, and the last line of a row is cut.
    """
    room, high = right - left, bottom - top
    rows = [row for row in rows if row.text and (row.kept or row.lines > 1 or _fits(row, room, least))]
    while _height(_broken(rows, room, least, bold=_LITTLE)) > high and any(not row.kept for row in rows):
        last = max(index for index, row in enumerate(rows) if not row.kept)
        rows.pop(last)
    broken = _broken(rows, room, least)
    for bold, share in _STEPS:
        if _height(broken) <= high:
            break
        broken = _broken(rows, room, least, bold=bold, share=share)
    while _height(broken) > high and any(len(lines) > 1 and not row.whole for row, _, lines in broken):
        _shorten(broken, room)
    y = bottom - _height(broken) if low else top
    start = y
    made: list[Line] = []
    for row, size, lines in broken:
        y += row.gap
        for text in lines:
            above, below = typeset.reach(text)
            y += above * size * POINT_MM
            made.append(Line(left, y, size, text, row.bold, room=room, address=row.address))
            y += (below + GAP) * size * POINT_MM
    return made, start if low else y


def _fits(row: Row, room: float, least: float) -> bool:
    return typeset.width(row.text, min(least, row.size), bold=row.bold) <= room


Broken: TypeAlias = list[tuple[Row, float, list[str]]]


_LITTLE: Final = 0.8
_STEPS: Final = (
    *((bold, 1.0) for bold in (0.93, 0.86, _LITTLE, 0.74, 0.68, 0.62)),
    *((0.0, share) for share in (1.0, 0.93, 0.86, 0.8, 0.74, 0.68, 0.6)),
)
"""How far rows shrink, step by step: bold ones alone, then all."""


def _broken(rows: Sequence[Row], room: float, least: float, *, bold: float = 1.0, share: float = 1.0) -> Broken:
    """Rows in lines: all at ``share`` of their size, bold ones at ``bold`` of that, though never as small as others."""
    answer: Broken = []
    others = max((row.size for row in rows if not row.bold), default=0.0)
    for row in rows:
        full = max(row.size * bold, min(row.size, others * 1.1)) if row.bold else row.size
        size = max(min(least, row.size), round(full * share * 2) / 2)
        longest = max(typeset.width(word, size, bold=row.bold) for word in row.text.split(" "))
        if longest > room:  # a word that does not fit shrinks alone
            size = max(min(least, row.size), int(size * room / longest * 10) / 10)
        while len(wrapped(row.text, room, size, bold=row.bold)) > row.lines and size > min(least, row.size):
            size = max(min(least, row.size), size - 0.5)
        answer.append((row, size, _lines(row, room, size, row.lines)))
    return answer


def _lines(row: Row, room: float, size: float, most: int) -> list[str]:
    """The lines of a row; what is more than ``most`` of them is cut, unless it has to stand whole."""
    lines = wrapped(row.text, room, size, bold=row.bold)
    if row.whole:
        return [*map(_bare, lines[:-1]), lines[-1]]
    lines = [*lines[: most - 1], " ".join(lines[most - 1 :])] if len(lines) > most else lines
    return [cut(line, room, size, bold=row.bold) for line in (*map(_bare, lines[:-1]), lines[-1])]


def _height(broken: Broken) -> float:
    return sum(
        row.gap + sum((sum(typeset.reach(text)) + GAP) * size * POINT_MM for text in lines)
        for row, size, lines in broken
    )


def _shorten(broken: Broken, room: float) -> None:
    """One line less, of the row that has most."""
    index = max(range(len(broken)), key=lambda place: len(broken[place][2]) * (not broken[place][0].whole))
    row, size, lines = broken[index]
    broken[index] = (row, size, _lines(row, room, size, len(lines) - 1))


@dataclass(frozen=True, slots=True)
class _Layout:
    """One label and its measures."""

    label: UnitLabel
    lang: Tongue
    design: Design
    module: float
    matrix: qr.Matrix

    @property
    def side(self) -> float:
        return len(self.matrix) * self.module

    @property
    def quiet(self) -> float:
        return qr.QUIET * self.module

    @property
    def right(self) -> float:
        return self.design.width - self.edge

    @property
    def bottom(self) -> float:
        return self.design.height - self.edge

    @property
    def edge(self) -> float:
        """The margin: never less than the quiet zone."""
        return max(self.design.margin, self.quiet)

    @property
    def passport(self) -> Passport:
        return self.label.passport

    # --- two symbols at opposite corners, or one below

    def large(self) -> list[Item]:
        design, edge = self.design, self.edge
        made: list[Item] = []
        floor = self.bottom
        if not design.figures_below:
            made, floor = self._caption(edge, self.right, self.bottom)
            floor -= self.quiet + 0.4
        lower = floor - self.side
        made.append(Symbol(edge, lower, self.module, self.matrix))
        beside = edge + self.side + self.quiet + 1.2
        if design.copies == 2:  # noqa: PLR2004 - two corners
            made.append(Symbol(self.right - self.side, edge, self.module, self.matrix))
            ceiling = edge + self.side + self.quiet
            top, _ = block(self._about(), edge, edge, self.right - self.side - self.quiet - 1.2, ceiling, design.least)
        else:
            top, ceiling = block(self._about(), edge, edge, self.right, edge + 24, design.least)
        made += top
        y = self._lot(made, edge, ceiling + (0.5 if design.claim_below else 1.2), self.right)
        if not design.figures_below:
            y = self._figures(made, edge, y + 0.1 * design.lot * POINT_MM, self.right)
        if design.figures_below:
            y = self._figures(made, beside, y + 0.8, self.right)
            made += self._address(beside, self.right, floor)
            self._claims(
                made, beside, y + 0.8, self.right, floor - 9.6, packer=[] if self._is_dated(made) else self._dated()
            )
        elif design.claim_below:
            self._claims(
                made,
                beside,
                y + 2.5,
                self.right,
                floor,
                packer=[*self._dated(kept=True), *self._packed()],
            )
        else:
            made.append(Bar(edge, y + 0.8, self.right - edge, 0.35))
            self._claims(made, edge, y + 2.2, self.right, lower - self.quiet - 0.3, packer=self._dated())
            packer, _ = block(
                [*([] if self._is_dated(made) else self._dated(kept=True)), *self._packed()],
                beside,
                lower,
                self.right,
                floor,
                design.least,
                low=True,
            )
            made += packer
        return made

    # --- one symbol at the lower right

    def small(self) -> list[Item]:
        design, edge = self.design, self.edge
        retail, tag = design.name == "retail", design.name == "tag"
        mark = 0.0 if retail else min(6.0, self.design.figures * POINT_MM * 1.75)
        made: list[Item] = []
        floor = self.bottom
        if retail:
            made, floor = self._caption(edge, self.right, self.bottom)
            lines, floor = block(self._numbers(), edge, edge, self.right, floor, design.least, low=True)
            made += lines
            floor -= self.quiet + 0.2
        made.append(Symbol(self.right - self.side, floor - self.side, self.module, self.matrix))
        limit = floor - self.side - self.quiet
        if retail:
            names = says.names(self.lang, self.passport.product)
            head, y = block(
                [Row(self._say(names[0]), design.product, bold=True, lines=1)],
                edge, edge, self.right, limit, design.least,
            )  # fmt: skip
            made += head
        else:
            beside = mark + 1 if tag else 0.0
            y = self._lot(made, edge, edge, self.right - beside, limit - edge)
        y += 0.3
        column = self.right - self.side - self.quiet - 0.8
        if mark:
            made += (
                _mark(self.passport, self.right - mark, edge, mark)
                if tag
                else _mark(self.passport, column - mark, y + 0.4, mark)
            )
        if tag:
            y = self._figures(made, edge, y, self.right - mark - 1)
        else:
            y = self._stacked(made, edge, y, column - (mark + 1 if mark else 0))
        if retail:
            self._boxed(made, edge, y, column, floor)
            return made
        tail = self._code_lines(edge, column)
        made += tail
        rest = min(line.y - typeset.ASCENT * line.size * POINT_MM for line in tail) - 0.4
        lines, _ = block(self._brief(), edge, y, column, rest, design.least)
        made += self._fitting(lines, rest, claims=unit_label.claim_lines(self.passport, self.lang, short=True))
        return made

    # --- the opening code, without a symbol

    def opening(self) -> list[Item]:
        """Word and number, the code, what to do with it, and the lot. Nothing that leads to the unit's page."""
        design, left, right = self.design, self.edge, self.right
        size = code_size(self.label, design)
        if not size:
            others = ", ".join(name for name in NAMES if name != design.name)
            raise Refused("DESIGN_UNKNOWN", design=design.name, designs=others)
        made, y = self._word_and_number(left, right)
        foot = self._lot_at_the_foot(left, right)
        line = y + (CAP * size + 2) * POINT_MM
        below = line + typeset.DESCENT * size * POINT_MM  # the tail of a Q
        told, spare = self._what_to_do(left, below, right, foot[0].y - (CAP * foot[0].size + 2) * POINT_MM)
        code = Line(design.width / 2, line + spare / 3, size, self._filled("opening"), bold=True, anchor="middle")
        made.append(replace(code, slot="opening", room=right - left, address=True))
        return [*made, *(replace(each, y=each.y + 2 * spare / 3) for each in told), *foot]

    def _word_and_number(self, left: float, right: float) -> tuple[list[Item], float]:
        """The word at the left, which unit at the right; answers the line below. All of a lot are set alike."""
        design, gap = self.design, 2.0
        word = self._say(says.say(self.lang, "opening"))
        widest = unit_label.number_of(replace(self.label, number=self.label.of or self.label.number))
        rest = right - left - gap - typeset.width(word, design.words, bold=True)
        most, least = (typeset.width(widest, size, bold=True) for size in (design.figures, design.least + 1))
        room = min(most, max(least, rest))
        figures = min(design.figures, int(design.figures * room / most * 10) / 10) if widest else 0.0
        small = Line(left, 0, design.words, "", bold=True, room=right - left - gap - room).said(word)
        above, below = typeset.reach(word)
        y = self.edge + max(CAP * figures, above * small.size) * POINT_MM
        number = Line(right, y, figures, self._filled("number"), True, "end", "number", room + 0.1)
        return [replace(small, y=y), *([number] if widest else [])], y + below * small.size * POINT_MM

    def _lot_at_the_foot(self, left: float, right: float) -> list[Line]:
        """The lot code, small and never cut: in as many lines as it needs."""
        code, design = typeset.printable(self.passport.lot_code), self.design
        for count in range(1, 5):
            step = -(-len(code) // count)
            parts = [code[start : start + step] for start in range(0, len(code), step)]
            wide = max(typeset.width(part, design.caption) for part in parts)
            size = min(design.caption, int(design.caption * (right - left) / wide * 10) / 10)
            if size >= design.least:
                break
        high = (CAP + 3 * GAP) * size * POINT_MM
        base = self.bottom - typeset.ink(code)[1] * size * POINT_MM
        lines = [base - high * (len(parts) - 1 - index) for index in range(len(parts))]
        return [Line(left, y, size, part, address=True) for y, part in zip(lines, parts, strict=True)]

    def _what_to_do(self, left: float, top: float, right: float, bottom: float) -> tuple[list[Line], float]:
        """Where the code is typed: the address where there is room for it, else the way by the label's symbol.

        Answers also the millimetres that are left above ``bottom``.
        """
        design, text = self.design, ""
        address = f"{unit_label.host_of(self.label)}/l/…"
        for key, given in (("opening.type", {"address": address}), ("opening.scan", {})):
            text = self._say(says.say(self.lang, key, **given))
            row = Row(text, design.body, lines=3, address=True, whole=True)
            lines, end = block([row], left, top, right, bottom, design.least)
            if end <= bottom and all(line.width <= right - left for line in lines):
                return lines, bottom - end
        raise Refused("LABEL_TOO_SMALL", design=design.name, text=text.translate(_UNSEEN))

    # --- parts

    def _say(self, text: str) -> str:
        return typeset.printable(text) if "\u2068" not in text else _isolated(text)

    def _fitting(self, lines: list[Line], bottom: float, claims: Sequence[tuple[str, str]] = ()) -> list[Line]:
        """The lines that end above ``bottom``. Refused where the first claim is not whole among them."""
        kept = [line for line in lines if line.y + typeset.reach(line.text)[1] * line.size * POINT_MM <= bottom + 0.3]
        said = " ".join(line.text for line in kept).translate(_UNSEEN)
        if self.design.name != "short":
            for text in (self._say(part) for claim in claims[:1] for part in claim):
                if any(word not in said for word in text.translate(_UNSEEN).split(" ") if word not in SEPARATORS):
                    raise Refused("LABEL_TOO_SMALL", design=self.design.name, text=text.translate(_UNSEEN))
        return kept

    def _filled(self, slot: str) -> str:
        return unit_label.slot(self.label, self.lang, slot)

    def _about(self) -> list[Row]:
        """Product in up to three languages, what it is, where from."""
        design = self.design
        first, *others = says.names(self.lang, self.passport.product)
        rows = [Row(self._say(first), design.product, bold=True, lines=3)]
        rows += [Row(self._say(name), design.body + 1, lines=2, kept=index == 0) for index, name in enumerate(others)]
        facts = unit_label.facts_of(self.passport, self.lang)
        rows += [
            Row(self._say(fact), design.body, lines=2, gap=0.4 if index == 0 else 0) for index, fact in enumerate(facts)
        ]
        place = says.say(self.lang, "origin", place=unit_label.place_of(self.passport, self.lang))
        rows.append(Row(self._say(place), design.body, lines=2))
        if design.figures_below:
            rows += [*self._dated(), *self._packed()]
        return rows

    def _dated(self, *, kept: bool = False) -> list[Row]:
        """When it was packed."""
        if not self.label.packed_on:
            return []
        said = says.say(self.lang, "packed_on", day=says.day(self.label.packed_on))
        return [Row(self._say(said), self.design.body, lines=2, kept=kept, whole=True)]

    def _is_dated(self, made: Sequence[Item]) -> bool:
        """Whether the day of packing stands there already."""
        day = says.day(self.label.packed_on) if self.label.packed_on else ""
        return any(day in text for text in _texts(made))

    def _packed(self) -> list[Row]:
        """By whom it was packed, and how to reach them where there is room."""
        by = says.say(self.lang, "packed_by", organisation=words.clean(self.passport.organisation))
        contact = words.clean(self.passport.contact or "")
        reached = [Row(self._say(part), self.design.body, kept=False, address=True) for part in contact.split(", ")]
        return [Row(self._say(by), self.design.body, lines=5), *(reached if contact else [])]

    def _lot(self, made: list[Item], left: float, top: float, right: float, height: float = 99.0) -> float:
        """The lot code, never cut, the largest of all; answers the line below it."""
        code = typeset.printable(self.passport.lot_code)
        room = right - left
        wide = typeset.ems(code, bold=True) * POINT_MM
        size = min(self.design.lot, int(room / wide * 10) / 10, int(height / CAP / POINT_MM * 10) / 10)
        parts = [code]
        if size < self.design.least:  # very long codes take two lines
            middle = (len(code) + 1) // 2
            parts = [code[:middle], code[middle:]]
            size = min(int(room / typeset.width(part, 1, bold=True) * 10) / 10 for part in parts)
            size = min(size, self.design.lot / 2)
        y = top
        for part in parts:
            y += CAP * size * POINT_MM
            made.append(Line(left - 0.06 * size * POINT_MM, y, size, part, bold=True, room=room + 1, address=True))
            y += (typeset.ink(part)[1] + GAP) * size * POINT_MM
        return y

    def _figures(self, made: list[Item], left: float, top: float, right: float) -> float:
        """Which unit, and what it holds, side by side: a small word and a large figure each."""
        design = self.design
        name, _ = unit_label.net_of(self.label)
        pairs = [(self._unit_word(), "number"), (says.say(self.lang, name), "net")]
        pairs = [(self._say(word), slot) for word, slot in pairs if self._filled(slot)]
        line = top + 0.75 * design.figures * POINT_MM
        across = 1 if design.stacked else len(pairs)
        room = (right - left - 2.5 * (across - 1)) / max(across, 1)
        for index, (word, slot) in enumerate(pairs):
            x = left if design.stacked else left + index * (room + 2.5)
            if design.stacked and index:
                line += design.figures * POINT_MM
            small = min(design.words, design.words * room * 0.42 / typeset.width(word, design.words))
            small = max(min(design.least, design.words), int(small * 10) / 10)
            made.append(Line(x, line, small, word))
            wide = typeset.width(word, small) + 0.28 * design.figures * POINT_MM
            figure = Line(x + wide, line, design.figures, "", bold=True, slot=slot, room=room - wide)
            made.append(figure.said(self._filled(slot)))
        deepest = max(typeset.reach(word)[1] for word, _ in pairs) * design.words if pairs else 0
        return line + max(0.26 * design.figures, deepest) * POINT_MM

    def _stacked(self, made: list[Item], left: float, top: float, end: float) -> float:
        """Which unit, above what it holds: where there is little width."""
        design, y = self.design, top
        name, _ = unit_label.net_of(self.label)
        sizes = {"number": design.figures * 0.85, "net": design.figures}
        for word, slot in ((self._unit_word(), "number"), (says.say(self.lang, name), "net")):
            if not self._filled(slot) or (design.name == "retail" and slot == "number"):
                continue
            said, size = self._say(word), sizes[slot]
            above, below = typeset.reach(said)
            y += max(0.75 * size, above * design.words) * POINT_MM
            small = max(7.0, min(design.words, design.words * (end - left) * 0.5 / typeset.width(said, design.words)))
            small = int(small * 10) / 10
            made.append(Line(left, y, small, said))
            wide = typeset.width(said, small) + 0.3 * size * POINT_MM
            figure = Line(left + wide, y, size, "", bold=slot == "net", slot=slot, room=end - left - wide)
            made.append(figure.said(self._filled(slot)))
            y += max(0.2 * size, below * small) * POINT_MM
        return y + 0.3

    def _unit_word(self) -> str:
        return says.say(self.lang, f"{'many' if self.label.number is None else 'one'}.{self.design.kind}")

    def _claims(
        self, made: list[Item], left: float, top: float, right: float, bottom: float, *, packer: list[Row]
    ) -> None:
        """What is claimed, beside the letter for the warehouse; and who packed, where it stands here."""
        design = self.design
        side = min(design.claim * POINT_MM * 2.6, (right - left) * 0.22, bottom - top)
        made += _mark(self.passport, right - side, top, side)
        for most, short in ((2, False), (1, False), (1, True)):  # as much as there is room for; the page shows all
            rows = self._claimed(most, short=short)
            if packer:
                rows += [replace(packer[0], gap=0.6 if rows else 0), *packer[1:]]
            lines, end = block(rows, left, top, right - side - 1.6, bottom, design.least)
            if end <= bottom:
                break
        made += self._fitting(lines, bottom, claims=unit_label.claim_lines(self.passport, self.lang, short=short))

    def _claimed(self, most: int, *, short: bool) -> list[Row]:
        """The first claims, none of their words ever cut."""
        rows: list[Row] = []
        for head, detail in unit_label.claim_lines(self.passport, self.lang, short=short)[:most]:
            rows.append(Row(self._say(head), self.design.claim, bold=True, lines=4, whole=True))
            rows.append(Row(self._say(detail), self.design.body, lines=2, whole=True))
        return rows

    def _boxed(self, made: list[Item], left: float, top: float, right: float, bottom: float) -> None:
        """The claim in a frame with code number and origin in the same field; below it, who packed.

        Smaller, then with the law's term alone, where the name of who packed would be cut otherwise.
        """
        size, least = self.design.body, self.design.least
        tries = [(size, False), (least, False), (least, True)]
        drawn = [self._box(left, top, right, bottom, body, short=short) for body, short in tries]
        name = words.clean(self.passport.organisation).split(" ")
        whole = (items for items in drawn if all(word in " ".join(_texts(items)) for word in name))
        made += next(whole, drawn[0])

    def _box(self, left: float, top: float, right: float, bottom: float, body: float, *, short: bool) -> list[Item]:
        design, y = self.design, top + 0.2
        made: list[Item] = []
        claims = unit_label.claim_lines(self.passport, self.lang, short=short)[:1]
        for head, detail in claims:
            rows = [
                Row(self._say(head), body, bold=True, lines=3, whole=True),
                Row(self._say(detail), body, lines=3, whole=True),
            ]
            lines, end = block(rows, left + 1, y + 0.9, right - 1, bottom - 0.5, design.least)
            made += self._fitting(lines, bottom - 0.5, claims=[(head, detail)])
            end += 0.4
            made += [
                Bar(left, y, right - left, 0.25),
                Bar(left, end - 0.25, right - left, 0.25),
                Bar(left, y + 0.25, 0.25, end - y - 0.5),
                Bar(right - 0.25, y + 0.25, 0.25, end - y - 0.5),
            ]
            y = end + 0.6
        facts = [Row(self._say(fact), body) for fact in unit_label.facts_of(self.passport, self.lang)]
        place = says.say(self.lang, "origin", place=unit_label.place_of(self.passport, self.lang))
        origin = [Row(self._say(place), body, lines=2)]
        by = says.say(self.lang, "packed_by", organisation=words.clean(self.passport.organisation))
        rows = [*([] if claims else [*facts, *origin]), Row(self._say(by), body, lines=4)]
        lines, _ = block(rows, left, y, right, bottom, design.least)
        return [*made, *self._fitting(lines, bottom)]

    def _numbers(self) -> list[Row]:
        """Below a retail symbol: GTIN and lot as text, and what to type."""
        design = self.design
        gtin, lot = _gtin(self.label.link), typeset.printable(self.passport.lot_code)
        said = f"(01) {gtin} (10) {lot}" if gtin else self._say(says.say(self.lang, "lot", lot=lot))
        return [Row(said, design.caption, bold=True, address=True)]

    def _caption(self, left: float, right: float, bottom: float) -> tuple[list[Item], float]:
        """Host and code on one line below the lower symbol, or on two; answers also the line above them."""
        design, host = self.design, unit_label.host_of(self.label)
        code = words.typed(self.label.code)
        room = right - left
        gap = 1.2 * design.caption * POINT_MM
        size = design.caption
        wide = typeset.width(code, size, bold=True)
        line = bottom - 0.24 * size * POINT_MM
        if wide > room:
            size = int(size * room / wide * 10) / 10
            wide = room
        rest = room - wide - gap
        beside = int(min(size, size * rest / typeset.width(host, size)) * 10) / 10
        above = line - typeset.ASCENT * size * POINT_MM
        typed = Line(left, line, size, code, bold=True, slot="code", room=max(wide, room * 0.6), address=True)
        if beside >= max(0.7 * size, min(design.least, size)):
            typed = replace(typed, room=room - gap - typeset.width(host, beside))
            return [typed, Line(right, line, beside, host, anchor="end", address=True)], above
        lines, above = block([Row(host, size * 0.9, address=True)], left, 0, right, above - 0.2, design.least, low=True)
        return [typed, *lines], above

    def _address(self, left: float, right: float, bottom: float) -> list[Line]:
        """Host above code, beside the lower symbol."""
        rows = [
            Row(unit_label.host_of(self.label), self.design.caption * 0.92, address=True),
            Row(words.typed(self.label.code), self.design.caption, bold=True, address=True),
        ]
        lines, _ = block(rows, left, bottom - 12, right, bottom + GAP * self.design.caption * POINT_MM, 7, low=True)
        return [*lines[:-1], replace(lines[-1], slot="code")]

    def _code_lines(self, left: float, right: float) -> list[Line]:
        """Host and the code in two lines, at the foot of a narrow column."""
        rows = [
            Row(unit_label.host_of(self.label), self.design.caption * 0.9, address=True, kept=False),
            Row(self._filled("code1"), self.design.caption, bold=True, address=True),
            Row(self._filled("code2"), self.design.caption, bold=True, address=True),
        ]
        below = self.bottom + GAP * self.design.caption * POINT_MM
        lines, _ = block(rows, left, below - 14, right, below, min(self.design.least, 7), low=True)
        return [*lines[:-2], replace(lines[-2], slot="code1"), replace(lines[-1], slot="code2")]

    def _brief(self) -> list[Row]:
        """What a small label says of the goods: the claim whole, else grade and season; who packed."""
        design = self.design
        first = says.names(self.lang, self.passport.product)[0]
        claims = unit_label.claim_lines(self.passport, self.lang, short=True)[:1]
        rows = [Row(self._say(first), design.product, bold=True, lines=2, kept=design.name == "short")]
        for head, detail in claims:
            rows.append(Row(self._say(head), design.body, bold=True, lines=2, whole=True))
            rows.append(Row(self._say(detail), design.body, lines=2, whole=True))
        if not claims:
            rows += [
                Row(self._say(fact), design.body, lines=2) for fact in unit_label.facts_of(self.passport, self.lang)
            ]
        by = says.say(self.lang, "packed_by", organisation=words.clean(self.passport.organisation))
        rows.append(Row(self._say(by), design.body, lines=2, kept=False))
        return rows[:1] if design.name == "short" else rows


def _isolated(text: str) -> str:
    """``printable`` for a sentence that isolates what it was given."""
    parts: list[str] = []
    for part in text.split("\u2068"):
        inner, mark, outer = part.partition("\u2069")
        spaced = [typeset.printable(piece) if piece.strip() else piece for piece in (inner, outer)]
        kept = [_with_ends(piece, said) for piece, said in zip((inner, outer), spaced, strict=True)]
        parts.append(f"{kept[0]}{mark}{kept[1]}")
    return "\u2068".join(parts)


def _with_ends(piece: str, said: str) -> str:
    """The spaces at both ends of a piece belong to the sentence."""
    if not piece.strip():
        return piece
    head = piece[: len(piece) - len(piece.lstrip(" "))]
    tail = piece[len(piece.rstrip(" ")) :]
    return f"{head}{said.strip(' ')}{tail}"


def _texts(items: Sequence[Item]) -> list[str]:
    return [item.text for item in items if isinstance(item, Line)]


def _gtin(link: str | None) -> str | None:
    parts = (link or "").split("/")
    return parts[parts.index("01") + 1] if "01" in parts[:-1] else None


def _mark(passport: Passport, x: float, y: float, side: float) -> list[Item]:
    """The letter in its shape: readable without colour, and from the shape alone."""
    mark = lot_label.mark_of(passport)
    figure: dict[lot_label.Mark, Literal["circle", "triangle", "square"]] = {
        "O": "circle",
        "C": "triangle",
        "N": "square",
    }
    share = 0.36 if mark == "C" else 0.54
    size = side * share / CAP / POINT_MM
    base = y + side * (0.86 if mark == "C" else 0.5 + share / 2)
    return [
        Shape(x, y, side, figure[mark], max(0.3, side * 0.075)),
        Line(x + side / 2, base, size, mark, bold=True, anchor="middle", address=True),
    ]
