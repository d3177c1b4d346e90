"""Sheets of labels for an office printer: A4 stock with 8 or 21 labels, as PDF by reportlab.

A symbol is a mask of one bit a module, not a picture and not hundreds of rectangles; what is the same on
every bag of a lot is written once (a form XObject) and called again. Modules are 1.44 pt = 0.508 mm, and
symbols stand on the same grid: 6 dots at 300 dpi, 12 at 600, and within 2 % of 4 dots at 203. Print at 100 %.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from labels import lot_label, qr
from labels import print_texts as words
from labels.lot_label import CAP, POINT_MM, Bar, Item, Part, Shape, Symbol, Text, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

from domain.passport import Passport
from domain.refusals import Refused

PAGE_MM: Final = (210.0, 297.0)
MODULE_MM: Final = 0.508
DOT_MM: Final = MODULE_MM / 12
"""One dot at 600 dpi."""

RULER_MM: Final = 50.0


@dataclass(frozen=True, slots=True)
class Stock:
    """Label stock: size of a label, columns and rows, distance from one column to the next, in mm."""

    width: float
    height: float
    columns: int
    rows: int
    pitch: float

    @property
    def left(self) -> float:
        """Margin of the sheet."""
        return (PAGE_MM[0] - (self.columns - 1) * self.pitch - self.width) / 2

    @property
    def top(self) -> float:
        """Margin of the sheet."""
        return (PAGE_MM[1] - self.rows * self.height) / 2

    def place(self, position: int) -> tuple[float, float]:
        """Top left corner of the n-th label, counted row by row from 0."""
        row, column = divmod(position, self.columns)
        return self.left + column * self.pitch, self.top + row * self.height


STOCKS: Final[dict[str, Stock]] = {
    "2x4": Stock(lot_label.WIDTH_MM, lot_label.HEIGHT_MM, 2, 4, 101.6),  # Avery L7165
    "3x7": Stock(63.5, 38.1, 3, 7, 66.04),  # Avery L7160
}


def sheet_pdf(
    labels: Sequence[tuple[Passport, Unit | None]],
    lang: str,
    grid: str = "2x4",
    skip: int = 0,
    *,
    crop_marks: bool = False,
) -> bytes:
    """Labels on A4 sheets, in the order given.

    ``grid``: ``2x4`` (99.1 x 67.7 mm, two symbols a label) or ``3x7`` (63.5 x 38.1 mm, one symbol). ``skip``: label
    places already used on the first sheet.

    The same labels give the same bytes. On the first sheet stands a line of 50 mm to measure, off the labels.
    """
    if grid not in STOCKS:
        raise Refused("GRID_UNKNOWN", grid=grid, grids=", ".join(STOCKS))
    stock = STOCKS[grid]
    tongue = words.language(lang)
    per_page = stock.columns * stock.rows
    if not 0 <= skip < per_page:
        raise Refused("SKIP_OUT_OF_RANGE", skip=str(skip), places=str(per_page))
    lots = list(dict.fromkeys(passport.lot_code for passport, _ in labels))
    pdf, out = new_pdf(lots[0] if len(lots) == 1 else f"{len(labels)} × {grid}", "", tongue)
    sheet = _Sheet(pdf, tongue, grid, stock)
    sheet.prepare([passport for passport, _ in labels])
    for position, (passport, unit) in enumerate(labels, start=skip):
        if position == skip or position % per_page == 0:
            if position > skip:
                pdf.showPage()
            sheet.begin(first=position == skip, crop_marks=crop_marks)
        sheet.label(passport, unit, position % per_page)
    if not labels:
        sheet.begin(first=True, crop_marks=crop_marks)
    pdf.showPage()
    pdf.save()
    return out.getvalue()


class _Sheet:
    """The document being written, and which lots already have their form in it."""

    def __init__(self, pdf: Any, lang: words.Lang, grid: str, stock: Stock) -> None:
        self.pdf, self.lang, self.grid, self.stock = pdf, lang, grid, stock
        self.matrices: dict[str, qr.Matrix] = {}
        self.forms: dict[int, str] = {}

    def prepare(self, passports: Sequence[Passport]) -> None:
        """The symbols in one batch, and a form for every lot that has more than one label."""
        urls = list(dict.fromkeys(passport.url for passport in passports))
        self.matrices = dict(zip(urls, qr.symbols(urls), strict=True))
        uses = Counter(map(id, passports))
        for passport in {id(passport): passport for passport in passports}.values():
            if uses[id(passport)] > 1:
                name = f"lot{len(self.forms)}"
                self.pdf.beginForm(name, 0, 0, points(self.stock.width), points(self.stock.height))
                draw(self.pdf, self.items(passport, None, "lot"), self.stock.height)
                self.pdf.endForm()
                self.forms[id(passport)] = name

    def begin(self, *, first: bool, crop_marks: bool) -> None:
        """What stands on a sheet beside its labels."""
        items: list[Item] = []
        if first:
            y = PAGE_MM[1] - self.stock.top / 2
            left = self.stock.left
            items += [
                Bar(left, y, RULER_MM, 0.2),
                Bar(left, y - 1.2, 0.2, 2.6),
                Bar(left + RULER_MM - 0.2, y - 1.2, 0.2, 2.6),
            ]
            said = lot_label.printable(words.say(self.lang, "measure_me"))
            items.append(Text(left + RULER_MM + 3, y + 7 * POINT_MM * CAP / 2, 7, said))
        if crop_marks:
            items += self._crop_marks()
        draw(self.pdf, items, PAGE_MM[1])

    def label(self, passport: Passport, unit: Unit | None, position: int) -> None:
        x, y = self.stock.place(position)
        left, bottom = on_grid(x), on_grid(PAGE_MM[1] - y - self.stock.height)
        form = self.forms.get(id(passport))
        self.pdf._code.append(f"q 1 0 0 1 {left:.6g} {bottom:.6g} cm")  # noqa: SLF001 - the library has no form placed by one operator
        if form:
            self.pdf.doForm(form)
        draw(self.pdf, self.items(passport, unit, "bag" if form else "all"), self.stock.height)
        self.pdf._code.append("Q")  # noqa: SLF001

    def items(self, passport: Passport, unit: Unit | None, part: Part) -> list[Item]:
        matrix = self.matrices[passport.url]
        if self.grid == "2x4":
            return lot_label.bag_items(
                passport,
                self.lang,
                unit,
                module=MODULE_MM,
                setting=lot_label.printable,
                matrix=matrix,
                part=part,
            )
        return small_items(passport, self.lang, unit, matrix, part)

    def _crop_marks(self) -> list[Item]:
        """Hairlines in the margins, in line with the edges of the labels."""
        stock, long, thin = self.stock, 3.0, 0.1
        items: list[Item] = []
        for column in range(stock.columns):
            for x in (stock.left + column * stock.pitch, stock.left + column * stock.pitch + stock.width):
                ends = (stock.top - long - 1, PAGE_MM[1] - stock.top + 1)
                items += [Bar(x - thin / 2, y, thin, long) for y in ends]
        for row in range(stock.rows + 1):
            y = stock.top + row * stock.height - thin / 2
            items += [
                Bar(stock.left - long - 0.5, y, long, thin),
                Bar(PAGE_MM[0] - stock.left + 0.5, y, long, thin),
            ]
        return items


def small_items(passport: Passport, lang: words.Lang, unit: Unit | None, matrix: qr.Matrix, part: Part) -> list[Item]:
    """The items of a label of 63.5 x 38.1 mm: one symbol, the lot code across, the rest beside the symbol."""
    if qr.version_of(matrix) > lot_label.LARGEST_VERSION:
        raise Refused("ADDRESS_TOO_LONG", url=passport.url)
    setting, stock = lot_label.printable, STOCKS["3x7"]
    margin, mark = 3.0, 5.4
    right, bottom = stock.width - margin, stock.height - margin
    side = len(matrix) * MODULE_MM
    room = right - side - (qr.QUIET + 1) * MODULE_MM - margin
    items: list[Item] = []

    def line(y: float, text: str, size: float, *, bold: bool = False) -> None:
        text, size = lot_label.fitted(setting(text), room, size, 7, bold=bold)
        items.append(Text(margin, y, size, text, bold=bold))

    code = setting(passport.lot_code)
    size = min(17.0, int((right - margin) / lot_label.text_width(code, 1, bold=True) * 10) / 10)
    y = margin + size * POINT_MM * CAP
    if part != "bag":
        items.append(Symbol(right - side, bottom - side, MODULE_MM, matrix))
        items.append(Text(margin - 0.05 * size * POINT_MM, y, size, code, bold=True))
        items += lot_label.mark_items(lot_label.mark_of(passport), right - mark, 8.9, mark)
        first, _ = words.two_languages(lang, passport.product)
        line(17.2, first, 8.5, bold=True)
        y = 17.3
        for text, bold in _small_lines(passport, lang, room):
            y += 2.75
            items.append(Text(margin, y, 7, setting(text), bold=bold))
        host, typed = lot_label.host_and_code(passport)
        host, size = lot_label.fitted(host, room, 8.5, 5, bold=True)
        items.append(Text(margin, bottom - 3.4, size, host, bold=True, address=True))
        items.append(Text(margin, bottom, 8, typed, address=True))
    if part != "lot":
        y = 13.2
        name, grams = lot_label.net_of(passport, unit)
        kg = setting(words.kilograms(lang, grams))
        net = setting(words.say(lang, name))
        left = right - mark - 2 - lot_label.text_width(kg, 10, bold=True) - 1
        items.append(Text(right - mark - 2, y, 10, kg, bold=True, anchor="end"))
        items.append(Text(left, y, 7, net, anchor="end"))
        if text := setting(lot_label.unit_words(passport, unit, lang)):
            text, size = lot_label.fitted(text, left - lot_label.text_width(net, 7) - 1 - margin, 10, 6)
            items.append(Text(margin, y, size, text))
    return lot_label.guarded(passport, items)


def _small_lines(passport: Passport, lang: words.Lang, room: float) -> list[tuple[str, bool]]:
    """Four lines at most: the claim whole, else grade and season; then who packed."""
    lines: list[tuple[str, bool]] = []
    for head, detail in lot_label.claim_lines(passport, lang)[:1]:
        lines += [(text, True) for text in lot_label.wrapped(head, room, 7, bold=True, lines=3)]
        lines.append((lot_label.cut(detail, room, 7), False))
    if not lines and (facts := lot_label.facts_of(passport, lang)):
        lines.append((lot_label.cut(facts, room, 7), False))
    free = min(2, 4 - len(lines))
    if free > 0:
        by = words.say(lang, "packed_by", organisation=words.clean(passport.organisation))
        lines += [(text, False) for text in lot_label.wrapped(by, room, 7, lines=free)]
    return lines


# --- PDF ---


def points(mm: float) -> float:
    """Millimetres as points of 1/72 inch."""
    return mm / POINT_MM


def on_grid(mm: float) -> float:
    """A place in points, moved to the nearest dot at 600 dpi, so that every module begins on a dot."""
    return points(round(mm / DOT_MM) * DOT_MM)


def new_pdf(title: str, author: str, lang: words.Lang, subject: str = "") -> tuple[Any, BytesIO]:
    """An empty A4 document and where its bytes will be. The same content gives the same bytes."""
    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    rl_config.useA85 = 0  # binary streams: a fifth smaller
    _register_fonts()
    out = BytesIO()
    pdf: Any = Canvas(out, pagesize=tuple(map(points, PAGE_MM)), pageCompression=1, invariant=1)
    pdf.setTitle(words.clean(title))
    pdf.setAuthor(words.clean(author))
    pdf.setSubject(words.clean(subject))
    pdf.setCreator("Filière")
    pdf.setCatalogEntry("Lang", lang)
    return pdf, out


@cache
def _register_fonts() -> None:
    from reportlab.pdfbase.pdfmetrics import registerFont

    registerFont(lot_label.typeface(bold=False))
    registerFont(lot_label.typeface(bold=True))


def draw(pdf: Any, items: Sequence[Item], height: float) -> None:
    """Draw items into a page or form that is ``height`` mm high. Texts must be ``printable``."""
    colour = "#000000"
    for item in items:
        wanted = "#000000" if isinstance(item, Symbol) else item.colour
        if wanted != colour and not isinstance(item, Shape):
            pdf.setFillColorRGB(*_rgb(wanted))
            colour = wanted
        match item:
            case Text():
                pdf.setFont("Vera-Bold" if item.bold else "Vera", item.size)
                x, y = points(item.x), points(height - item.y)
                if item.anchor != "start":
                    wide = points(lot_label.text_width(item.text, item.size, bold=item.bold))
                    x -= wide if item.anchor == "end" else wide / 2
                pdf.drawString(x, y, item.text)
            case Bar():
                x, y = points(item.x), points(height - item.y - item.height)
                box = f"{x:.6g} {y:.6g} {points(item.width):.6g} {points(item.height):.6g}"
                pdf._code.append(f"{box} re f")  # noqa: SLF001 - half of a page is hairlines
            case Symbol():
                pdf._code.append(_mask(item, height))  # noqa: SLF001 - the library has no mask of one bit
            case Shape():
                _draw_shape(pdf, item, height)
    if colour != "#000000":
        pdf.setFillColorRGB(0, 0, 0)


def _mask(item: Symbol, height: float) -> str:
    """The symbol as an inline image mask, one bit a module (ISO 32000-1 8.9.6.2, 8.9.7), painted in black."""
    count = len(item.matrix)
    side = points(item.side)
    x, y = on_grid(item.x), on_grid(height - item.y - item.side)
    data = mask_data(item.matrix)
    head = f"BI /W {count} /H {count} /IM true /D [1 0] /F /AHx"
    return f"q {side:.6g} 0 0 {side:.6g} {x:.6g} {y:.6g} cm {head} ID {data}> EI Q"


@lru_cache(maxsize=2)
def mask_data(matrix: qr.Matrix) -> str:
    """Packed modules as hexadecimal digits; both copies of a label use the same."""
    return qr.bitmap(matrix).hex()


def _draw_shape(pdf: Any, item: Shape, height: float) -> None:
    pdf.setStrokeColorRGB(*_rgb(item.colour))
    pdf.setLineWidth(points(item.stroke))
    pdf.setLineJoin(1)
    if item.figure == "circle":
        half = item.side / 2
        pdf.circle(points(item.x + half), points(height - item.y - half), points(half - item.stroke / 2), 1, 0)
        return
    path = pdf.beginPath()
    first, *others = [(points(x), points(height - y)) for x, y in item.corners()]
    path.moveTo(*first)
    for corner in others:
        path.lineTo(*corner)
    if item.figure != "tick":
        path.close()
    pdf.drawPath(path, 1, 0)


@cache
def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue
