"""Documents on A4 for people: text, headings, tables between hairlines, a running head and foot.

What the certifier's pack and the report of a recall have in common. The same content gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from io import BytesIO
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

from domain.refusals import Lang
from domain.refusals import kg as said_kg

MM: Final = 72 / 25.4
PAGE: Final = (210.0, 297.0)
SIDE, HEAD, FOOT = 20.0, 22.0, 20.0
INK, MUTED, HAIR, ACCENT, TINT = "#1c2320", "#5a655f", "#ccd4cf", "#0b5d3b", "#eef5f1"
ALERT: Final = "#9b1c1c"
PLAIN, BOLD = "Vera", "Vera-Bold"
SMALL: Final = 7.2
NBSP: Final = "\u00a0"


@dataclass(frozen=True, slots=True)
class Col:
    """A column of a printed table: heading, width in mm, side."""

    title: str
    width: float
    side: Literal["left", "right"] = "left"


@dataclass(slots=True, kw_only=True)
class Paper:
    """One document on its way to paper: its story, and how many pages it has (0: not known yet)."""

    lang: Lang
    pages: int = 0
    story: list[Any] = field(default_factory=list)
    missing: bool = False  # a character could not be set

    def set(self, title: str, author: str, head: str, foot: str, turn: str) -> tuple[bytes, int]:
        """The story as PDF and its pages. ``head`` runs from the second page on; ``turn``: "Page {n} of {m}"."""
        from reportlab import rl_config
        from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

        rl_config.useA85 = 0
        out = BytesIO()
        document = BaseDocTemplate(
            out,
            pagesize=(PAGE[0] * MM, PAGE[1] * MM),
            invariant=1,
            pageCompression=1,
            title=self.clean(title),
            author=self.clean(author),
            creator="Filière",
            lang=self.lang,
        )
        upright, wide = PAGE, (PAGE[1], PAGE[0])
        document.addPageTemplates(
            [
                PageTemplate(
                    name,
                    [Frame(SIDE * MM, FOOT * MM, (x - 2 * SIDE) * MM, (y - HEAD - FOOT) * MM, 0, 0, 0, 0)],
                    onPage=lambda canvas, doc, size=(x, y): self._frame(canvas, doc.page, size, head, foot, turn),
                    pagesize=(x * MM, y * MM),
                )
                for name, (x, y) in (("upright", upright), ("wide", wide))
            ]
        )
        document.build(self.story)
        return out.getvalue(), int(document.page)

    # --- figures ---

    def kg(self, grams: int | None) -> str:
        """Kilograms with three decimals, as columns of figures are read."""
        if grams is None:
            return ""
        whole, part = divmod(abs(grams), 1000)
        mark = "," if self.lang == "fr" else "."
        return f"{'−' if grams < 0 else ''}{whole:,}".replace(",", NBSP) + f"{mark}{part:03d}"

    def short_kg(self, grams: int) -> str:
        """Kilograms within a sentence: as many decimals as it takes."""
        return said_kg(grams, self.lang).replace("\u202f", NBSP).replace(" kg", f"{NBSP}kg")

    def percent(self, basis_points: int | None) -> str:
        if basis_points is None:
            return ""
        text = f"{basis_points // 100}.{basis_points % 100 // 10}"
        return (text.replace(".", ",") if self.lang == "fr" else text) + f"{NBSP}%"

    def count(self, number: int) -> str:
        return f"{number:,}".replace(",", NBSP)

    def day(self, on: date | datetime | None) -> str:
        return f"{on:%Y-%m-%d}" if on is not None else ""

    def clean(self, text: str) -> str:
        """Text as the typeface can set it."""
        text = text.replace("\u202f", NBSP).replace("\u2011", "-")
        known = glyphs()
        if any(ord(sign) not in known and sign != NBSP for sign in text):
            self.missing = True
            text = "".join(sign if ord(sign) in known or sign == NBSP else "?" for sign in text)
        return text

    # --- pieces of the story ---

    def text(self, text: str, size: float = 9, colour: str = INK, *, bold: bool = False, after: float = 1.5) -> Any:
        from reportlab.lib.colors import HexColor
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.platypus import Paragraph

        style = ParagraphStyle(
            "text",
            fontName=BOLD if bold else PLAIN,
            fontSize=size,
            leading=size * 1.35,
            textColor=HexColor(colour),
            spaceAfter=after * MM,
        )
        return Paragraph(escape(self.clean(text)), style)

    def add(self, *pieces: Any) -> None:
        self.story.extend(pieces)

    def heading(self, title: str, note: str = "", *, level: int = 0) -> None:
        from reportlab.lib.colors import HexColor
        from reportlab.platypus import CondPageBreak, Spacer
        from reportlab.platypus.flowables import HRFlowable

        self.add(CondPageBreak((45 if level == 0 else 30) * MM), Spacer(1, (5 if level == 0 else 2.5) * MM))
        if level == 0:
            self.add(bookmarks()(self.clean(title)))
            self.add(HRFlowable("100%", 1, color=HexColor(ACCENT), spaceAfter=2 * MM))
        self.add(self.text(title, 12 if level == 0 else 9.5, ACCENT if level == 0 else INK, bold=True, after=1))
        if note:
            self.add(self.text(note, 8, MUTED, after=2))

    def table(
        self,
        columns: Sequence[Col],
        rows: Sequence[Sequence[str]],
        *,
        total: Sequence[str] | None = None,
        size: float = SMALL,
    ) -> None:
        """Rows between hairlines; the heading comes again on every page; long cells are wrapped."""
        from reportlab.platypus import LongTable

        head = [self.cell(column.title, column, size, bold=True, colour=MUTED) for column in columns]
        body = [[self.cell(text, column, size) for column, text in zip(columns, row, strict=True)] for row in rows]
        if total is not None:
            body.append([self.cell(text, column, size, bold=True) for column, text in zip(columns, total, strict=True)])
        right = [i for i, column in enumerate(columns) if column.side == "right"]
        last = [
            ("BACKGROUND", (0, -1), (-1, -1), TINT),
            ("LINEABOVE", (0, -1), (-1, -1), 0.6, ACCENT),
            ("FONT", (0, -1), (-1, -1), BOLD, size, size * 1.25),
        ]
        style = [
            ("FONT", (0, 0), (-1, -1), PLAIN, size, size * 1.25),
            ("FONT", (0, 0), (-1, 0), BOLD, size, size * 1.25),
            ("TEXTCOLOR", (0, 0), (-1, -1), INK),
            ("TEXTCOLOR", (0, 0), (-1, 0), MUTED),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
            ("TOPPADDING", (0, 0), (-1, -1), 1.6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.2),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("LINEBELOW", (0, 0), (-1, 0), 0.6, MUTED),
            ("LINEBELOW", (0, 1), (-1, -1), 0.3, HAIR),
            *(("ALIGN", (i, 0), (i, -1), "RIGHT") for i in right),
            *(("RIGHTPADDING", (i, 0), (i, -1), 8) for i in right if i + 1 < len(columns) and i + 1 not in right),
            *(last if total is not None else []),
        ]
        widths = [column.width * MM for column in columns]
        self.add(LongTable([head, *body], widths, repeatRows=1, style=style, hAlign="LEFT"))

    def cell(self, text: str, column: Col, size: float, *, bold: bool = False, colour: str = INK) -> Any:
        """Plain text where it fits into its column, a paragraph where it does not."""
        from reportlab.lib.colors import HexColor
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.pdfbase.pdfmetrics import stringWidth
        from reportlab.platypus import Paragraph

        text = self.clean(text)
        font = BOLD if bold else PLAIN
        if stringWidth(text, font, size) <= column.width * MM - 8:
            return text
        style = ParagraphStyle(
            "cell",
            fontName=font,
            fontSize=size,
            leading=size * 1.25,
            textColor=HexColor(colour),
            alignment={"left": 0, "right": 2}[column.side],
            splitLongWords=1,
        )
        return Paragraph(escape(text), style)

    def facts(self, columns: Sequence[Col], rows: Sequence[tuple[str, str]]) -> None:
        from reportlab.platypus import Table

        body = [
            [self.cell(name, columns[0], 8.5, colour=MUTED), self.cell(value, columns[1], 8.5)] for name, value in rows
        ]
        style = [
            ("FONT", (0, 0), (-1, -1), PLAIN, 8.5, 11),
            ("TEXTCOLOR", (0, 0), (0, -1), MUTED),
            ("TEXTCOLOR", (1, 0), (1, -1), INK),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ("LINEBELOW", (0, 0), (-1, -1), 0.3, HAIR),
        ]
        self.add(Table(body, [column.width * MM for column in columns], style=style, hAlign="LEFT"))

    # --- the frame ---

    def _frame(self, canvas: Any, page: int, size: tuple[float, float], head: str, foot: str, turn: str) -> None:
        """The running head from the second page on, and the foot of every page."""
        from reportlab.lib.colors import HexColor

        wide, high = size
        canvas.saveState()
        canvas.setFillColor(HexColor(MUTED))
        canvas.setStrokeColor(HexColor(HAIR))
        canvas.setLineWidth(0.4)
        canvas.setFont(PLAIN, 7.5)
        if page > 1:
            canvas.drawString(SIDE * MM, (high - 14) * MM, self.clean(head))
            canvas.line(SIDE * MM, (high - 16) * MM, (wide - SIDE) * MM, (high - 16) * MM)
        canvas.line(SIDE * MM, 15 * MM, (wide - SIDE) * MM, 15 * MM)
        canvas.drawString(SIDE * MM, 11 * MM, self.clean(foot))
        canvas.drawRightString((wide - SIDE) * MM, 11 * MM, turn.format(n=page, m=self.pages))
        canvas.restoreState()


@cache
def bookmarks() -> Any:
    """The kind of piece that takes no room and enters its title into the outline."""
    from reportlab.platypus import Flowable

    class Bookmark(Flowable):  # type: ignore[misc]
        """A place that the outline leads to."""

        def __init__(self, title: str) -> None:
            super().__init__()
            self.title = title

        def wrap(self, *_room: float) -> tuple[float, float]:
            return 0, 0

        def draw(self) -> None:
            self.canv.bookmarkHorizontal(self.title, 0, 0)
            self.canv.addOutlineEntry(self.title, self.title, 0, closed=False)

    return Bookmark


@cache
def register_fonts() -> None:
    """Make the typeface known, once."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    for name, file in ((PLAIN, "Vera.ttf"), (BOLD, "VeraBd.ttf")):
        registerFont(TTFont(name, file))


@cache
def glyphs() -> frozenset[int]:
    """The characters of the typeface that reportlab ships."""
    from reportlab.pdfbase.ttfonts import TTFont

    return frozenset(TTFont(PLAIN, "Vera.ttf").face.charToGlyph)
