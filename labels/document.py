"""What our A4 documents are made of: pages filled from top to bottom, states, tables, frames; and the bytes.

What a document says is decided by its own module (``labels.certificate``, ``labels.analysis_certificate``); nothing
here knows a lot. The same items give the same bytes. Text that the shipped typeface cannot set is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from labels import lot_label, qr, sheet_a4
from labels import print_texts as words
from labels.lot_label import ASCENT, POINT_MM, Bar, Item, Shape, Symbol, Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from domain.documents import Seal

LEFT: Final = 22.0
RIGHT: Final = 188.0
TOP: Final = 27.0
NEXT_TOP: Final = 24.5
BOTTOM: Final = 274.0
"""The text block in mm, of the first page and of those that follow; below it stands the footer."""

MODULE_MM: Final = 0.762
"""2.16 pt: 9 dots at 300 dpi, 18 at 600, within 2 % of 6 at 203."""

INK: Final = "#1c2320"
MUTED: Final = "#5a655f"
HAIR: Final = "#ccd4cf"
ACCENT: Final = "#0b5d3b"
TINT: Final = "#eef5f1"

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom in mm."""


class Look(NamedTuple):
    """How a state is shown: colour, ground, shape and sign, told apart without colour."""

    colour: str
    ground: str
    shape: Literal["circle", "triangle", "octagon"]
    sign: str


IN_ORDER: Final = Look(ACCENT, TINT, "circle", "")
CAREFUL: Final = Look("#7a4a00", "#fff6e0", "triangle", "!")
STOP: Final = Look("#9b1c1c", "#fdf0f0", "octagon", "×")


class Column(NamedTuple):
    """A column of a table: heading, width in mm, side that it is set to, lines that a cell may take."""

    title: str
    width: float
    align: Literal["start", "end"] = "start"
    lines: int = 1


@dataclass(slots=True)
class Flow:
    """Pages of items, filled from top to bottom."""

    pages: list[list[Item]] = field(default_factory=lambda: [[]])
    y: float = TOP
    contents: list[tuple[str, int]] = field(default_factory=list)
    links: list[tuple[int, Box]] = field(default_factory=list)

    def add(self, *items: Item) -> None:
        self.pages[-1].extend(items)

    def turn(self) -> None:
        self.pages.append([])
        self.y = NEXT_TOP

    def need(self, height: float) -> bool:
        """Turn the page where less than ``height`` is left; answers whether it did."""
        if self.y + height <= BOTTOM:
            return False
        self.turn()
        return True

    def line(
        self,
        text: str,
        size: float,
        *,
        x: float = LEFT,
        bold: bool = False,
        colour: str = INK,
        after: float = 0,
    ) -> None:
        """One line of text, its ascenders at the present height; ``after`` mm follow it."""
        self.y += size * POINT_MM * ASCENT
        self.add(Text(x, self.y, size, lot_label.printable(text), bold=bold, colour=colour))
        self.y += size * POINT_MM * (1 - ASCENT) + after

    def paragraph(
        self,
        text: str,
        size: float = 8.5,
        *,
        x: float = LEFT,
        width: float = RIGHT - LEFT,
        bold: bool = False,
        colour: str = INK,
        after: float = 0,
    ) -> None:
        for line in lot_label.wrapped(text, width, size, bold=bold):
            self.need(size * POINT_MM * 1.3)
            self.line(line, size, x=x, bold=bold, colour=colour, after=size * POINT_MM * 0.3)
        self.y += after

    def heading(self, title: str, keep: float = 24.0) -> None:
        """A section begins, with at least ``keep`` mm of it on the same page."""
        if self.y > TOP:
            self.y += 5.8
        self.need(keep)
        self.contents.append((title, len(self.pages)))
        self.add(Bar(LEFT, self.y, RIGHT - LEFT, 0.35, ACCENT))
        self.y += 2.4
        self.line(title, 11.5, bold=True, colour=ACCENT, after=2.1)

    def table(
        self,
        columns: Sequence[Column],
        rows: Iterable[Sequence[str]],
        total: Sequence[str] | None = None,
        x: float = LEFT,
        strong: Collection[int] = (),
    ) -> None:
        """Rows of text between hairlines, ``strong`` ones in bold; the heading is repeated on every page."""
        self.need(14)
        self._table_head(columns, x)
        for index, row in enumerate(rows):
            self._table_row(columns, row, x, bold=index in strong)
        if total:
            self._table_row(columns, total, x, bold=True)

    def _table_head(self, columns: Sequence[Column], x: float) -> None:
        self.y += 7.5 * POINT_MM * ASCENT
        place = x
        for column in columns:
            self._cell(column, place, lot_label.cut(column.title, column.width - 1, 7.5), 7.5, MUTED)
            place += column.width
        self.y += 1.5
        self.add(Bar(x, self.y, place - x, 0.25, MUTED))

    def _table_row(self, columns: Sequence[Column], row: Sequence[str], x: float, *, bold: bool) -> None:
        cells = [
            lot_label.wrapped(words.clean(text), column.width - 2, 8.5, bold=bold, lines=column.lines)
            for column, text in zip(columns, row, strict=True)
        ]
        height = 4.9 + 3.6 * (max(map(len, cells)) - 1)
        if self.need(height):
            self._table_head(columns, x)
        base, place = self.y + 3.45, x
        for column, lines in zip(columns, cells, strict=True):
            for index, text in enumerate(lines):
                self._cell(column, place, text, 8.5, INK, base + 3.6 * index, bold=bold)
            place += column.width
        self.y += height
        self.add(Bar(x, self.y - 0.12, place - x, 0.12, HAIR))

    def _cell(
        self,
        column: Column,
        x: float,
        text: str,
        size: float,
        colour: str,
        y: float | None = None,
        *,
        bold: bool = False,
    ) -> None:
        if text:
            at = x if column.align == "start" else x + column.width - 1
            text = lot_label.printable(text)
            self.add(Text(at, y or self.y, size, text, bold=bold, anchor=column.align, colour=colour))

    # --- what several documents begin and end with ---

    def linked(self, box: Box) -> None:
        """A place on the present page that leads to the address of the document."""
        self.links.append((len(self.pages), box))

    def title(self, title: str, number: str, said: Sequence[str], url: str | None, typed: Sequence[str] = ()) -> None:
        """Title, number, issuer; where there is an address, its symbol at the right with what to type below it."""
        side, room, under = 0.0, RIGHT - LEFT, 0.0
        if url is not None:
            matrix = qr.symbol(url)
            side = len(matrix) * MODULE_MM
            self.add(Symbol(RIGHT - side, TOP - 6, MODULE_MM, matrix))
            self.linked((RIGHT - side, TOP - 6, RIGHT, TOP - 6 + side))
            room = RIGHT - LEFT - max(side, 34) - 10
            under = TOP - 6 + side + qr.QUIET * MODULE_MM + 2.5
        self.add(Bar(LEFT, TOP - 6, 16, 1.1, ACCENT))
        self.y = TOP - 1.2
        text, size = lot_label.fitted(lot_label.printable(title), room, 22, 14, bold=True)
        self.line(text, size, bold=True, after=2.2)
        self.paragraph(number, 10.5, width=room, bold=True, after=0.6)
        for line in said:
            self.paragraph(line, 9, width=room, colour=MUTED)
        for line, (wanted, bold) in zip(typed, ((8.5, True), (8, False)), strict=False):
            text, size = lot_label.fitted(line, max(side, 40), wanted, 5, bold=bold)
            self.add(Text(RIGHT, under, size, text, bold=bold, anchor="end", colour=INK, address=True))
            under += 3.8
        self.y = max(self.y + 5, under + 0.8)

    def subject(self, label: str, code: str, named: str) -> None:
        """What the document is about: a code in large letters, and what it is."""
        self.line(label, 8, colour=MUTED, after=1.0)
        code, size = lot_label.fitted(lot_label.printable(code), RIGHT - LEFT, 21, 9, bold=True)
        self.line(code, size, bold=True, after=0.8)
        self.paragraph(named, 11, after=3.2)

    def state(self, look: Look, word: str, sentence: str, below: str, url: str | None) -> None:
        """A state in word, shape and colour; ``below`` in small letters, and the address where there is one."""
        colour, ground, shape, sign = look
        left, width = LEFT + 17, RIGHT - LEFT - 21
        lines = lot_label.wrapped(sentence, width, 9)
        height = 17.6 + 4.2 * (len(lines) - 1)
        top = self.y
        self.add(Bar(LEFT, top, RIGHT - LEFT, height, ground), Bar(LEFT, top, 1.2, height, colour))
        size, x, y = 8.4, LEFT + 5, top + height / 2 - 4.2
        self.add(Shape(x, y, size, shape, 0.75, colour))
        if sign:
            low = 0.84 if shape == "triangle" else 0.5 + 15 * POINT_MM * 0.313 / size
            self.add(Text(x + size / 2, y + size * low, 15, sign, bold=True, anchor="middle", colour=colour))
        else:
            self.add(Shape(x + 2.3, y + 2.4, 3.9, "tick", 0.85, colour))
        self.y = top + 2.7
        self.line(word, 12.5, x=left, bold=True, colour=colour, after=0.5)
        for text in lines:
            self.line(text, 9, x=left, after=1.0)
        live = lot_label.cut(lot_label.printable(below), width, 8)
        self.y += 8 * POINT_MM * ASCENT
        self.add(Text(left, self.y, 8, live, colour=MUTED))
        if url is not None:
            wide = lot_label.text_width(live, 8) + 1.6
            url, size = lot_label.fitted(lot_label.printable(url), width - wide, 8, 4)
            self.add(Text(left + wide, self.y, size, url, colour=INK, address=True))
            self.linked((left + wide, self.y - 3, left + wide + lot_label.text_width(url, size), self.y + 1))
        self.y = top + height + 4.6

    def grid(self, cells: Sequence[tuple[str, str]]) -> None:
        """Labels and values in three columns."""
        width = (RIGHT - LEFT) / 3
        for start in range(0, len(cells), 3):
            row = [
                (label, lot_label.wrapped(value, width - 4, 9.5, lines=2)) for label, value in cells[start : start + 3]
            ]
            for column, (label, lines) in enumerate(row):
                x, y = LEFT + column * width, self.y + 7.5 * POINT_MM * ASCENT
                self.add(Text(x, y, 7.5, lot_label.printable(label), colour=MUTED))
                for line in lines:
                    y += 4.3
                    self.add(Text(x, y, 9.5, lot_label.printable(line), colour=INK))
            self.y += 8.7 + 4.3 * (max(len(lines) for _, lines in row) - 1) + 1.3
        self.y -= 2.4

    def figure(self, x: float, figure: str, unit: str) -> float:
        """A large figure and what it counts; answers where the next one stands."""
        figure, unit = lot_label.printable(figure), lot_label.printable(unit)
        self.add(Text(x, self.y, 17, figure, bold=True, colour=INK))
        x += lot_label.text_width(figure, 17, bold=True) + 1.8
        self.add(Text(x, self.y, 9, unit, colour=MUTED))
        return x + lot_label.text_width(unit, 9) + 9

    def seal(self, seal: Seal | None, lang: words.Lang) -> None:
        """How a copy of a signed paper is checked, and what is attached to it."""
        if seal is None:
            return
        files = [("facts.json", "facts"), ("event.json", "event")]
        files += [("label.txt", "label")] if seal.label else []
        files += [("proof.tlog-proof", "proof")] if seal.proven else []
        named = ", ".join(f"{name} ({words.say(lang, f'seal.{key}')})" for name, key in files)
        said = [
            words.say(lang, "seal.signed", host=seal.host),
            words.say(lang, "seal.verify", host=seal.host),
            words.say(lang, "seal.state", address=seal.address),
            words.say(lang, "seal.attached", files=named),
        ]
        if not seal.proven:
            said.append(words.say(lang, "seal.unproven"))
        self.dashed(words.say(lang, "section.seal"), said)

    def dashed(self, title: str, sentences: Sequence[str]) -> None:
        """A section of sentences behind dashes, kept on one page."""
        left = LEFT + 7
        items = [lot_label.wrapped(sentence, RIGHT - left, 8.5) for sentence in sentences]
        self.heading(title, 9 + sum(3.9 * len(lines) + 0.9 for lines in items))
        for lines in items:
            self.add(Bar(LEFT, self.y + 1.25, 2.2, 0.4, ACCENT))
            for line in lines:
                self.line(line, 8.5, x=left, after=0.9)
            self.y += 0.9


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page: the number and the digest below, ``running`` above from the second page on."""

    lang: words.Lang
    number: str
    running: str
    digest: str

    def items(self, page: int, pages: int) -> list[Item]:
        items: list[Item] = []
        if page > 1:
            title = lot_label.cut(lot_label.printable(self.running), RIGHT - LEFT, 8)
            items += [Text(LEFT, 16.5, 8, title, colour=MUTED), Bar(LEFT, 19, RIGHT - LEFT, 0.12, HAIR)]
        items.append(Bar(LEFT, 279.4, RIGHT - LEFT, 0.12, HAIR))
        where = lot_label.printable(words.say(self.lang, "page", n=page, m=pages))
        room = RIGHT - LEFT - lot_label.text_width(where, 8) - 4
        items.append(Text(LEFT, 283.6, 8, lot_label.cut(lot_label.printable(self.number), room, 8), colour=MUTED))
        items.append(Text(RIGHT, 283.6, 8, where, anchor="end", colour=MUTED))
        said = lot_label.printable(words.say(self.lang, "digest", digest=self.digest))
        digest, size = lot_label.fitted(said, RIGHT - LEFT, 7, 5)
        items.append(Text(LEFT, 287.4, size, digest, colour=MUTED))
        return items


def framed(flow: Flow, frame: Frame) -> None:
    """Put the frame around the pages, once all of them are there."""
    for number, items in enumerate(flow.pages, start=1):
        items.extend(frame.items(number, len(flow.pages)))


def pdf_bytes(flow: Flow, title: str, author: str, lang: words.Lang, subject: str, url: str | None) -> bytes:
    """The pages as PDF, with an outline; symbol and address lead to ``url``."""
    pdf, out = sheet_a4.new_pdf(title, author, lang, subject)
    for number, items in enumerate(flow.pages, start=1):
        _outline(pdf, flow, number)
        sheet_a4.draw(pdf, items, sheet_a4.PAGE_MM[1])
        _link(pdf, flow, number, url)
        pdf.showPage()
    pdf.save()
    return out.getvalue()


def _link(pdf: Any, flow: Flow, page: int, url: str | None) -> None:
    """Symbol and address can be clicked; only an address of the web becomes a link."""
    if url is None or not url.lower().startswith(("https://", "http://")):
        return
    for number, (left, top, right, bottom) in flow.links:
        if number == page:
            low, high = sheet_a4.PAGE_MM[1] - bottom, sheet_a4.PAGE_MM[1] - top
            pdf.linkURL(url, tuple(map(sheet_a4.points, (left, low, right, high))))


def _outline(pdf: Any, flow: Flow, page: int) -> None:
    for index, (title, number) in enumerate(flow.contents):
        if number == page:
            pdf.bookmarkPage(f"section{index}")
            pdf.addOutlineEntry(title, f"section{index}", 0, closed=False)
