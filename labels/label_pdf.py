"""Labels of units as PDF: die-cut A4 sheets, or one label a page for a roll. Streamed: pages are written as they fill.

What is the same on all labels of a lot is one form, drawn again and again; a line in Arabic or Georgian is one form of
curves; a symbol is a mask of one bit a module. Between pages nothing is kept but where each object began, so that
10,000 labels need the memory of a few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any, Final, Protocol

from domain.passport import Passport
from domain.refusals import Refused
from labels import designs, qr, sheet_a4, typeset, unit_label
from labels import label_texts as says
from labels.designs import Design, Item, Line
from labels.label_texts import Tongue
from labels.lot_label import CAP, POINT_MM, Bar, Symbol
from labels.sheet_a4 import PAGE_MM, RULER_MM, STOCKS, Stock, points
from labels.unit_label import UnitLabel

GRIDS: Final[dict[str, Stock]] = {
    **STOCKS,
    "3x6": Stock(63.5, 46.6, 3, 6, 66.04),  # Avery L7161
    "2x2": Stock(99.1, 139.0, 2, 2, 101.6),  # Avery L7169
}

BATCH: Final = 64
"""Labels whose symbols are made together."""

SHEET_DPI: Final = 300
"""Modules of PDFs are whole dots at 300 and 600, and within 2 % at 203, unless another head is named."""

Progress = Callable[[int], None]
"""Called with how many labels are done."""


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Template:
    """A label laid out once: what all labels of the lot share, and the places that differ."""

    design: Design
    shared: tuple[Item, ...]
    slots: tuple[Line, ...]
    symbols: tuple[Symbol, ...]

    @classmethod
    def of(cls, label: UnitLabel, lang: Tongue, design: Design, dpi: int, matrix: qr.Matrix) -> Template:
        made = designs.items(label, lang, design, module=design.exact(dpi), matrix=matrix)
        return cls(
            design,
            tuple(item for item in made if not isinstance(item, Symbol) and not (isinstance(item, Line) and item.slot)),
            tuple(item for item in made if isinstance(item, Line) and item.slot),
            tuple(item for item in made if isinstance(item, Symbol)),
        )

    def filled(self, label: UnitLabel, lang: Tongue) -> list[Line]:
        """The places, with what stands there on this label."""
        return [line.said(unit_label.slot(label, lang, line.slot)) for line in self.slots]


class Kinds:
    """Which labels share a template: all but what the slots say and the modules of the symbol is the same."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        self.kept: list[Passport] = []  # what is known by its id stays alive

    def of(self, label: UnitLabel, modules: int, size: int = 0) -> tuple[object, ...]:
        """The kind of a label whose symbol has so many modules a side. ``size``: ``designs.code_size``."""
        net, _ = unit_label.net_of(label)
        said = label.number is None, net, label.packed_on, label.link is None, len(label.code), size
        return self._number(label.passport), modules, *said

    def _number(self, passport: Passport) -> int:
        """Equal passports have one number; the same one, as the labels of a lot have it, is found at once."""
        number = self.numbers.get(id(passport))
        if number is None:
            number = next((self.numbers[id(each)] for each in self.kept if each == passport), len(self.kept))
            self.numbers[id(passport)] = number
            self.kept.append(passport)
        return number


def with_symbols(labels: Iterable[UnitLabel], design: Design) -> Iterator[tuple[UnitLabel, qr.Matrix]]:
    """Labels with their symbols; symbols are made in batches, once for equal neighbours."""
    if design.holds == "nothing":
        yield from ((label, ()) for label in labels)
        return
    waiting = iter(labels)
    while batch := list(islice(waiting, BATCH)):
        held = [designs.content(label, design) for label in batch]
        once = list(dict.fromkeys(held))
        made = {once[0]: qr.symbol(once[0])} if len(once) == 1 else dict(zip(once, qr.symbols(once), strict=True))
        for label, content in zip(batch, held, strict=True):
            yield label, made[content]


def label_pdf(
    labels: Iterable[UnitLabel],
    lang: str,
    design: str = "sack",
    grid: str = "roll",
    skip: int = 0,
    *,
    dpi: int = SHEET_DPI,
) -> bytes:
    """``write_pdf`` into memory."""
    out = BytesIO()
    write_pdf(out, labels, lang, design, grid, skip, dpi=dpi)
    return out.getvalue()


def write_pdf(
    sink: Sink,
    labels: Iterable[UnitLabel],
    lang: str,
    design: str = "sack",
    grid: str = "roll",
    skip: int = 0,
    *,
    dpi: int = SHEET_DPI,
    progress: Progress | None = None,
) -> int:
    """Write labels as PDF, in the order given; answers how many. ``progress`` is told after every page.

    ``grid``: ``roll`` (one label a page, as large as the label) or the die-cut A4 stock. ``skip``: places already
    used on the first sheet. To go on after a break, give the labels that are missing, and the places that were filled.

    The same labels give the same bytes.
    """
    made = designs.find(design, grid)
    stock = GRIDS.get(grid)
    places = stock.columns * stock.rows if stock else 1
    if not 0 <= skip < places:
        raise Refused("SKIP_OUT_OF_RANGE", skip=str(skip), places=str(places))
    paper = _Paper(sink, says.tongue(lang), made, stock, dpi)
    count = 0
    for count, (label, matrix) in enumerate(with_symbols(labels, made), start=1):
        place = (skip + count - 1) % places
        if count == 1 or place == 0:
            if count > 1:
                paper.end_page()
                if progress:
                    progress(count - 1)
            paper.begin_page(label, first=count == 1)
        paper.label(label, matrix, place)
    paper.end(empty=count == 0)
    if progress:
        progress(count)
    return count


class _Paper:
    """The document being written."""

    def __init__(self, sink: Sink, lang: Tongue, design: Design, stock: Stock | None, dpi: int) -> None:
        self.sink, self.lang, self.design, self.stock, self.dpi = sink, lang, design, stock, dpi
        self.size = PAGE_MM if stock else (design.width, design.height)
        self.stream: _Stream | None = None
        self.templates: dict[tuple[object, ...], tuple[Template, str]] = {}
        self.lines: dict[tuple[str, bool], str] = {}
        self.kinds = Kinds()

    def begin_page(self, label: UnitLabel | None, *, first: bool) -> None:
        if self.stream is None:
            title = typeset.printable(label.passport.lot_code) if label else ""
            self.stream = _Stream(self.sink, self.size, title, self.lang)
        if first and self.stock:
            self._ruler(self.stock)

    @property
    def pdf(self) -> Any:
        assert self.stream is not None
        return self.stream.pdf

    def end_page(self) -> None:
        assert self.stream is not None
        self.stream.show_page()

    def end(self, *, empty: bool) -> None:
        if empty:
            self.begin_page(None, first=True)
        self.end_page()
        assert self.stream is not None
        self.stream.close()

    def label(self, label: UnitLabel, matrix: qr.Matrix, place: int) -> None:
        kind = self.kinds.of(label, len(matrix), designs.code_size(label, self.design))
        if kind not in self.templates:
            self.templates[kind] = self._new_form(label, matrix)
        template, form = self.templates[kind]
        height = self.design.height
        x, y = self.stock.place(place) if self.stock else (0.0, 0.0)
        left, bottom = self._on_grid(x), self._on_grid(self.size[1] - y - height)
        self.pdf._code.append(f"q 1 0 0 1 {left:.6g} {bottom:.6g} cm")  # noqa: SLF001 - the library has no form placed by one operator
        self.pdf.doForm(form)
        for line in template.filled(label, self.lang):
            self._write(line, height)
        for symbol in template.symbols:
            self._stamp(symbol, matrix, height)
        self.pdf._code.append("Q")  # noqa: SLF001

    def _new_form(self, label: UnitLabel, matrix: qr.Matrix) -> tuple[Template, str]:
        template = Template.of(label, self.lang, self.design, self.dpi, matrix)
        for item in template.shared:
            if isinstance(item, Line) and not typeset.is_latin(item.text):
                self._curves(item)
        name = f"lot{len(self.templates)}"
        self.pdf.beginForm(name, 0, 0, points(self.design.width), points(self.design.height))
        for item in template.shared:
            if isinstance(item, Line):
                self._write(item, self.design.height)
            else:
                sheet_a4.draw(self.pdf, [item], self.design.height)
        self.pdf.endForm()
        return template, name

    def _write(self, line: Line, height: float) -> None:
        x, y = points(line.left), points(height - line.y)
        if typeset.is_latin(line.text):
            self.pdf.setFont(f"NotoSans-{'Bold' if line.bold else 'Regular'}", line.size)
            self.pdf.drawString(x, y, line.text)
            return
        form = self._curves(line)
        self.pdf._code.append(f"q {line.size:.6g} 0 0 {line.size:.6g} {x:.6g} {y:.6g} cm")  # noqa: SLF001
        self.pdf.doForm(form)
        self.pdf._code.append("Q")  # noqa: SLF001

    def _curves(self, line: Line) -> str:
        """The form of a line that typst has set, 1 point high; made once in a document."""
        key = line.text, line.bold
        if key not in self.lines:
            outline = typeset.outline(line.text, bold=line.bold)
            self.lines[key] = name = f"line{len(self.lines)}"
            left, bottom, right, top = outline.ink
            self.pdf.beginForm(name, left - 0.01, bottom - 0.01, right + 0.01, top + 0.01)
            said = line.text.translate({0x2068: None, 0x2069: None}).encode("utf-16-be").hex()
            self.pdf._code.append(f"/Span <</ActualText <feff{said}>>> BDC")  # noqa: SLF001
            self.pdf._code.append(path_of(outline))  # noqa: SLF001
            self.pdf._code.append("EMC")  # noqa: SLF001
            self.pdf.endForm()
        return self.lines[key]

    def _stamp(self, place: Symbol, matrix: qr.Matrix, height: float) -> None:
        """The symbol as an inline image mask, one bit a module (ISO 32000-1 8.9.6.2, 8.9.7)."""
        count, side = len(matrix), points(place.side)
        x, y = self._on_grid(place.x), self._on_grid(height - place.y - place.side)
        self.pdf._code.append(  # noqa: SLF001
            f"q {side:.7g} 0 0 {side:.7g} {x:.6g} {y:.6g} cm "
            f"BI /W {count} /H {count} /IM true /D [1 0] /F /AHx ID {sheet_a4.mask_data(matrix)}> EI Q"
        )

    def _on_grid(self, mm: float) -> float:
        """A place in points, moved to the nearest dot of the head, so that every module begins on a dot."""
        dot = qr.INCH_MM / (self.dpi if self.dpi != SHEET_DPI else 2 * SHEET_DPI)
        return points(round(mm / dot) * dot)

    def _ruler(self, stock: Stock) -> None:
        """A line to measure, beside the labels of the first sheet."""
        y, left = PAGE_MM[1] - min(stock.top / 2, 6.0), stock.left
        bars = [
            Bar(left, y, RULER_MM, 0.2), Bar(left, y - 1.2, 0.2, 2.6), Bar(left + RULER_MM - 0.2, y - 1.2, 0.2, 2.6),
        ]  # fmt: skip
        sheet_a4.draw(self.pdf, bars, PAGE_MM[1])
        said = says.say(self.lang, "measure_me")
        self._write(Line(left + RULER_MM + 3, y + 7 * POINT_MM * CAP / 2, 7, said), PAGE_MM[1])


def path_of(outline: typeset.Outline) -> str:
    """Filled curves as operators of PDF: quadratic ones become cubic ones."""
    parts: list[str] = []
    here = (0.0, 0.0)
    for kind, numbers in outline.curves:
        match kind:
            case "m" | "l":
                parts.append(f"{numbers[0]:.4g} {numbers[1]:.4g} {kind}")
                here = numbers[0], numbers[1]
            case "q":
                bend, end = numbers[:2], numbers[2:]
                first = [start + 2 / 3 * (control - start) for start, control in zip(here, bend, strict=True)]
                second = [stop + 2 / 3 * (control - stop) for stop, control in zip(end, bend, strict=True)]
                parts.append(" ".join(f"{number:.4g}" for number in (*first, *second, *end)) + " c")
                here = end[0], end[1]
            case "z":
                parts.append("h")
    return "\n".join([*parts, "f"])


class _Stream:
    """A canvas of reportlab whose pages are written, and forgotten, when they are shown."""

    def __init__(self, sink: Sink, size: tuple[float, float], title: str, lang: str) -> None:
        from reportlab import rl_config
        from reportlab.pdfgen.canvas import Canvas

        rl_config.useA85 = 0  # binary streams: a fifth smaller
        _register()
        self.sink = sink
        self.pdf: Any = Canvas(BytesIO(), pagesize=tuple(map(points, size)), pageCompression=1, invariant=1)
        self.pdf.setTitle(title)
        self.pdf.setCreator("Filière")
        self.pdf.setCatalogEntry("Lang", lang)
        self.offset = 0
        self.offsets: dict[int, int] = {}
        self._put(b"%PDF-1.4\n%\x93\x8c\x8b\x9e\n")

    def show_page(self) -> None:
        """Write the page and what it holds."""
        document = self.pdf._doc  # noqa: SLF001 - the library writes only whole documents
        self.pdf.showPage()
        before = document.objectcounter
        page = document.Pages.pages[-1]
        name = page.__InternalName__
        self._object(document.idToObjectNumberAndVersion[name][0])
        for number in range(before + 1, document.objectcounter + 1):  # its contents
            if document.numberToId[number] not in ("BasicFonts", document.Pages.__dict__.get("__InternalName__")):
                self._object(number)
        from reportlab.pdfbase.pdfdoc import PDFObjectReference

        document.Pages.pages[-1] = PDFObjectReference(name)

    def close(self) -> None:
        """Write fonts, forms, the tree of pages and the table of objects."""
        document = self.pdf._doc  # noqa: SLF001
        for font in document.delayedFonts:
            font.addObjects(document)
        document.info.invariant = document.invariant
        document.info.digest(document.signature)
        root, info = document.Reference(document.Catalog), document.Reference(document.info)
        document.Outlines.prepare(document, self.pdf)
        if document.Outlines.ready < 0:
            document.Catalog.Outlines = None
        number = 0
        while (number := number + 1) in document.numberToId:  # writing an object may make others
            if number not in self.offsets:
                self._object(number)
        start = self.offset
        self._put(f"xref\n0 {number}\n0000000000 65535 f \n".encode())
        self._put("".join(f"{self.offsets[each]:010d} 00000 n \n" for each in range(1, number)).encode())
        ends = (each.format(document).decode("latin-1") for each in (root, info))
        marked = document.ID().format(document) if hasattr(document.ID(), "format") else document.ID()
        said = marked.decode("latin-1") if isinstance(marked, bytes) else str(marked)
        root_at, info_at = ends
        self._put(
            f"trailer\n<< /Size {number} /Root {root_at} /Info {info_at} /ID {said} >>\n"
            f"startxref\n{start}\n%%EOF\n".encode("latin-1")
        )

    def _object(self, number: int) -> None:
        from reportlab.pdfbase.pdfdoc import PDFIndirectObject

        document = self.pdf._doc  # noqa: SLF001
        name = document.numberToId[number]
        data = PDFIndirectObject(name, document.idToObject[name]).format(document)
        self.offsets[number] = self.offset
        document.idToObject[name] = None
        self._put(data)

    def _put(self, data: bytes) -> None:
        self.sink.write(data)
        self.offset += len(data)


def _register() -> None:
    from reportlab.pdfbase.pdfmetrics import registerFont

    for bold in (False, True):
        registerFont(typeset.face(bold=bold))
