"""The certifier's pack as a PDF to read and to file: cover with figures, balances, findings, the list of members. A4.

Long registers (purchases, plots, every run and lot) are in the workbook; here stand their sums. The same pack gives
the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from io import BytesIO
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

from domain.balance import Balance
from domain.pack import Pack, PackRun
from domain.quantity import WHOLE_BP
from domain.refusals import Lang
from domain.refusals import kg as said_kg
from exchange.pack_tables import CELLS, by_excess, checks, facts, nothing, say, tables, told, word
from exchange.workbook import Kind

MM: Final = 72 / 25.4
PAGE: Final = (210.0, 297.0)
SIDE, HEAD, FOOT = 20.0, 22.0, 20.0
INK, MUTED, HAIR, ACCENT, TINT = "#1c2320", "#5a655f", "#ccd4cf", "#0b5d3b", "#eef5f1"
ALERT: Final = "#9b1c1c"
PLAIN, BOLD = "Vera", "Vera-Bold"
SMALL: Final = 7.2
NBSP: Final = "\u00a0"

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "delivered": ("delivered by {n} members", "livrés par {n} membres"),
    "processed_to": ("came out of processing", "sortis de la transformation"),
    "left": ("sold or shipped", "vendus ou expédiés"),
    "stock": ("in stock at the end", "en stock à la fin"),
    "rest": (
        "Every delivery, plot, run and lot stands in the workbook of the same pack.",
        "Chaque livraison, parcelle, transformation et lot figure dans le classeur du même dossier.",
    ),
    "findings.none": ("The checks found nothing that asks for a look.", "Les contrôles n'ont rien trouvé à examiner."),
    "findings.one": (
        "{n} finding asks for a look: see “{title}”.",
        "{n} constat demande un examen : voir « {title} ».",
    ),
    "findings.some": (
        "{n} findings ask for a look: see “{title}”.",
        "{n} constats demandent un examen : voir « {title} ».",
    ),
    "balance.closes": (
        "Opening + in = closing + out + loss holds to the gram for every line below.",
        "Stock initial + entrées = stock final + sorties + pertes : exact au gramme pour chaque ligne ci-dessous.",
    ),
    "whole": (
        "All products together: {delivered} delivered, {gone} handed over or shipped, {stock} in stock, {lost} lost, "
        "of which {process} in processing (drainage, drying).",
        "Tous produits confondus : {delivered} livrés, {gone} cédés ou expédiés, {stock} en stock, {lost} perdus, dont "
        "{process} par la transformation (égouttage, séchage).",
    ),
    "balance.claims": ("By claim", "Par allégation"),
    "balance.sites": ("By site", "Par site"),
    "told_as": ("Shipped with the claim told: {told}.", "Expédié sous l'allégation déclarée : {told}."),
    "over.some": (
        "{n} of {all} members delivered more than was estimated, {excess} in all. All are in the workbook.",
        "{n} membres sur {all} ont livré plus que l'estimation, {excess} en tout. Tous sont dans le classeur.",
    ),
    "over.none": (
        "None of {all} members delivered more than was estimated.",
        "Aucun des {all} membres n'a livré plus que l'estimation.",
    ),
    "runs.count": ("Runs", "Nombre"),
    "runs.lowest": ("Lowest", "Minimum"),
    "runs.highest": ("Highest", "Maximum"),
    "runs.range": ("Range", "Plage"),
    "month": ("Month", "Mois"),
    "total": ("Total", "Total"),
    "stock.title": ("Lots in stock at the end", "Lots en stock à la fin"),
    "lowered.title": (
        "Why lots claim no more: one example each",
        "Pourquoi des lots n'allèguent pas plus : un exemple chacun",
    ),
    "lots.count": ("Lots", "Lots"),
    "inspected": (
        "{n} internal inspections by {by} inspectors; {none} members have none that counts.",
        "{n} inspections internes par {by} inspecteurs ; {none} membres n'en ont aucune qui compte.",
    ),
    "glyphs": (
        "A “?” stands for a character that this typeface cannot set; the workbook holds it.",
        "Un « ? » remplace un caractère que cette police ne peut composer ; le classeur le contient.",
    ),
    "page": ("Page {n} of {m}", "Page {n} sur {m}"),
}


def pack_pdf(pack: Pack, lang: Lang = "en") -> bytes:
    """The pack as PDF."""
    pages = _Document(pack, lang, 0).build()[1]
    return _Document(pack, lang, pages).build()[0]


@dataclass(frozen=True, slots=True)
class Col:
    """A column of a printed table: heading, width in mm, side."""

    title: str
    width: float
    side: Literal["left", "right"] = "left"


@dataclass(slots=True)
class _Document:
    """One document on its way to paper: its story, and how many pages it has (0: not known yet)."""

    pack: Pack
    lang: Lang
    pages: int
    story: list[Any] = field(default_factory=list)
    missing: bool = False  # a character could not be set

    def build(self) -> tuple[bytes, int]:
        from reportlab import rl_config
        from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

        rl_config.useA85 = 0
        _register_fonts()
        for part in (
            self.cover, self.balances, self.findings, self.estimates, self.runs, self.purchases, self.lots,
            self.control_system, self.contracts, self.corrections, self.members,
        ):  # fmt: skip
            part()
        out = BytesIO()
        title = self.say(
            "subtitle", holder=self.pack.paper.holder, number=self.pack.paper.number, season=self.pack.season
        )
        document = BaseDocTemplate(
            out,
            pagesize=(PAGE[0] * MM, PAGE[1] * MM),
            invariant=1,
            pageCompression=1,
            title=self.clean(f"{say('pack', self.lang)} · {title}"),
            author=self.clean(self.pack.paper.holder),
            creator="Filière",
            lang=self.lang,
        )
        upright, wide = PAGE, (PAGE[1], PAGE[0])
        document.addPageTemplates(
            [
                PageTemplate(
                    name,
                    [Frame(SIDE * MM, FOOT * MM, (x - 2 * SIDE) * MM, (y - HEAD - FOOT) * MM, 0, 0, 0, 0)],
                    onPage=lambda canvas, doc, size=(x, y): self._frame(canvas, doc.page, size),
                    pagesize=(x * MM, y * MM),
                )
                for name, (x, y) in (("upright", upright), ("wide", wide))
            ]
        )
        document.build(self.story)
        return out.getvalue(), int(document.page)

    # --- words and figures ---

    def say(self, key: str, **params: object) -> str:
        texts = TEXTS.get(key)
        text = texts[0 if self.lang == "en" else 1] if texts else say(key, self.lang)
        return text.format(**params) if params else text

    def name(self, code: str | None) -> str:
        return self.pack.name(code, self.lang)

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

    def hectares(self, area_m2: int) -> str:
        text = f"{area_m2 / 10_000:.2f}"
        return text.replace(".", ",") if self.lang == "fr" else text

    def count(self, number: int) -> str:
        return f"{number:,}".replace(",", NBSP)

    def day(self, on: date | datetime | None) -> str:
        return f"{on:%Y-%m-%d}" if on is not None else ""

    def clean(self, text: str) -> str:
        """Text as the typeface can set it."""
        text = text.replace("\u202f", NBSP).replace("\u2011", "-")
        known = _glyphs()
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
            self.add(_bookmarks()(self.clean(title)))
            self.add(HRFlowable("100%", 1, color=HexColor(ACCENT), spaceAfter=2 * MM))
        self.add(self.text(title, 12 if level == 0 else 9.5, ACCENT if level == 0 else INK, bold=True, after=1))
        if note:
            self.add(self.text(note, 8, MUTED, after=2))

    def nothing(self, key: str) -> None:
        self.add(self.text(nothing(key, self.lang), 9))

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

        head = [self._cell(column.title, column, size, bold=True, colour=MUTED) for column in columns]
        body = [[self._cell(text, column, size) for column, text in zip(columns, row, strict=True)] for row in rows]
        if total is not None:
            body.append(
                [self._cell(text, column, size, bold=True) for column, text in zip(columns, total, strict=True)]
            )
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

    def _cell(self, text: str, column: Col, size: float, *, bold: bool = False, colour: str = INK) -> Any:
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

    # --- cover ---

    def cover(self) -> None:
        from reportlab.platypus import Spacer, Table

        pack = self.pack
        paper, whole = pack.paper, pack.whole
        self.add(_bookmarks()(self.clean(say("pack", self.lang))))
        self.add(self.text(say("pack", self.lang), 24, ACCENT, bold=True, after=2))
        self.add(self.text(paper.holder, 13, bold=True, after=0.5))
        under = self.say("subtitle", holder=self.name(paper.scheme), number=paper.number, season=pack.season)
        self.add(self.text(under, 10, MUTED, after=6))
        brought = sum(one.deliveries > 0 for one in pack.members)
        figures = (
            (whole.delivered_g, self.say("delivered", n=self.count(brought))),
            (self._came_out(), self.say("processed_to")),
            (whole.moved_out_g + whole.shipped_g, self.say("left")),
            (whole.closing_g, self.say("stock")),
        )
        width = (PAGE[0] - 2 * SIDE) / 2
        cells = [
            [self.text(self.short_kg(grams), 17, bold=True, after=0), self.text(said, 8.5, MUTED)]
            for grams, said in figures
        ]
        grid = [cells[:2], cells[2:]]
        style = [
            ("BACKGROUND", (0, 0), (-1, -1), TINT),
            ("LEFTPADDING", (0, 0), (-1, -1), 4 * MM),
            ("TOPPADDING", (0, 0), (-1, -1), 3 * MM),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2 * MM),
        ]
        self.add(Table(grid, [width * MM] * 2, style=style, hAlign="LEFT"), Spacer(1, 4 * MM))
        if pack.findings:
            key = "findings.one" if len(pack.findings) == 1 else "findings.some"
            said = self.say(key, n=len(pack.findings), title=say("findings.title", self.lang))
            self.add(self.text(said, 10, ALERT, bold=True, after=4))
        else:
            self.add(self.text(self.say("findings.none"), 10, ACCENT, bold=True, after=4))
        columns = [Col("", 42), Col("", PAGE[0] - 2 * SIDE - 42)]
        self._facts(columns, facts(pack, self.lang))
        self.add(Spacer(1, 5 * MM))
        self._checks()
        for text in (self.say("rest"), say("read.3", self.lang), say("read.4", self.lang)):
            self.add(self.text(text, 8, MUTED, after=1))
        at = len(self.story)
        self.add(Spacer(1, 0.1))
        if self._unsettable():
            self.story[at] = self.text(self.say("glyphs"), 8, MUTED)

    def _checks(self) -> None:
        """What the ledger says by itself, and what the rows of the pack add up to."""
        from reportlab.platypus import Spacer

        columns = [
            Col(say("check.figure", self.lang), 76),
            Col(say("check.ledger", self.lang), 34, "right"),
            Col(say("check.sheet", self.lang), 34, "right"),
            Col(say("check.check", self.lang), 26, "right"),
        ]
        rows = [
            (
                one.title,
                self._figure(one.ledger, one.kind),
                self._figure(one.sheet, one.kind),
                say("same" if one.ledger == one.sheet else "differs", self.lang),
            )
            for one in checks(self.pack, tables(self.pack, self.lang), self.lang)
        ]
        self.table(columns, rows, size=8)
        self.add(Spacer(1, 4 * MM))

    def _figure(self, value: int, kind: Kind) -> str:
        match kind:
            case "kg":
                return self.kg(value)
            case "ha":
                return self.hectares(value)
            case _:
                return self.count(value)

    def _unsettable(self) -> bool:
        """Whether any name holds a character that the typeface does not have."""
        self.missing = False
        for one in self.pack.members:
            self.clean(one.name or "")
            self.clean(one.village or "")
        return self.missing

    def _came_out(self) -> int:
        """What processing gave in the end: made, less what was processed again into the same product."""
        return sum(
            max(0, one.balance.made_g - (one.balance.used_g if one.balance.made_g else 0))
            for one in self.pack.of("certificate")
        )

    def _facts(self, columns: Sequence[Col], rows: Sequence[tuple[str, str]]) -> None:
        from reportlab.platypus import Table

        body = [
            [self._cell(name, columns[0], 8.5, colour=MUTED), self._cell(value, columns[1], 8.5)]
            for name, value in rows
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

    # --- the balances ---

    def balances(self) -> None:
        from reportlab.platypus import NextPageTemplate, PageBreak

        self.add(NextPageTemplate("wide"), PageBreak())
        self.heading(say("balances.title", self.lang), self.say("balance.closes"))
        whole = self.pack.whole
        process = sum(one.balance.used_g - one.balance.made_g for one in self.pack.of("certificate"))
        said = self.say(
            "whole",
            delivered=self.short_kg(whole.delivered_g),
            gone=self.short_kg(whole.moved_out_g + whole.shipped_g),
            stock=self.short_kg(whole.closing_g),
            lost=self.short_kg(whole.lost_g),
            process=self.short_kg(process),
        )
        self._statements("certificate", said)
        self.heading(self.say("balance.claims"), level=1)
        shipped = ", ".join(f"{self.name(value)} {self.short_kg(grams)}" for value, grams in self.pack.shipped.items())
        self._statements("claim", self.say("told_as", told=shipped) if shipped else "")
        self.heading(self.say("balance.sites"), level=1)
        self._statements("site", "")

    def _statements(self, account: str, said: str) -> None:
        from reportlab.platypus import Spacer

        keyed = account != "certificate"
        first = [Col(say(account, self.lang), 36)] if keyed else []
        columns = [*first, Col(say("product", self.lang), 34)]
        width = (PAGE[1] - 2 * SIDE - sum(column.width for column in columns)) / len(CELLS)
        columns += [Col(say(cell, self.lang), width, "right") for cell in CELLS]
        rows = [
            (*((self.name(one.key),) if keyed else ()), self.name(one.product), *self._cells(one.balance))
            for one in self.pack.of(account)
        ]
        if rows:
            self.table(columns, rows)
        else:
            self.nothing(account)
        if said:
            self.add(Spacer(1, 1.5 * MM), self.text(said, 8.5, after=1))

    def _cells(self, one: Balance) -> tuple[str, ...]:
        return tuple(self.kg(getattr(one, cell)) if getattr(one, cell) else "–" for cell in CELLS)

    # --- what asks for a look ---

    def findings(self) -> None:
        self.heading(say("findings.title", self.lang))
        if not self.pack.findings:
            self.nothing("findings")
            return
        columns = [
            Col(say("level", self.lang), 18),
            Col(say("finding", self.lang), 185),
            Col(say("rule", self.lang), 54),
        ]
        rows = [
            (word(one.level, self.lang), told(one, self.pack, self.lang), one.rule or "") for one in self.pack.findings
        ]
        self.table(columns, rows)

    def estimates(self) -> None:
        self.heading(say("member_balances.title", self.lang))
        over = [one for one in by_excess(self.pack) if one.excess_g]
        known = {"n": len(over), "all": self.count(len(self.pack.members))}
        if not over:
            self.add(self.text(self.say("over.none", **known)))
            return
        excess = self.short_kg(sum(one.excess_g for one in over))
        self.add(self.text(self.say("over.some", **known, excess=excess), after=2))
        columns = [
            Col(say("member", self.lang), 32), Col(say("name", self.lang), 58),
            Col(say("deliveries", self.lang), 22, "right"), Col(say("as_estimated_g", self.lang), 32, "right"),
            Col(say("estimate_g", self.lang), 32, "right"), Col(say("share_bp", self.lang), 26, "right"),
            Col(say("excess_g", self.lang), 30, "right"), Col(say("previous_g", self.lang), 25, "right"),
        ]  # fmt: skip
        rows = [
            (
                one.code, one.name or "", str(one.deliveries), self.kg(one.delivered_g), self.kg(one.estimate_g),
                self.percent(one.share_bp), self.kg(one.excess_g), self.kg(one.previous_g),
            )
            for one in over
        ]  # fmt: skip
        self.table(columns, rows)

    def runs(self) -> None:
        """By process and site; those outside their range are among the findings."""
        self.heading(say("runs.title", self.lang), say("runs.note", self.lang))
        if not self.pack.runs:
            self.nothing("runs")
            return
        grouped: dict[tuple[str, str], list[PackRun]] = defaultdict(list)
        for one in self.pack.runs:
            grouped[self.name(one.process), one.site or ""].append(one)
        columns = [
            Col(say("process", self.lang), 54), Col(say("site", self.lang), 26),
            Col(self.say("runs.count"), 18, "right"),
            Col(say("input_g", self.lang), 32, "right"), Col(say("output_g", self.lang), 32, "right"),
            Col(say("loss_g", self.lang), 32, "right"), Col(say("yield_bp", self.lang), 16, "right"),
            Col(self.say("runs.lowest"), 16, "right"), Col(self.say("runs.highest"), 16, "right"),
            Col(self.say("runs.range"), 15, "right"),
        ]  # fmt: skip
        self.table(columns, [self._runs(key, runs) for key, runs in sorted(grouped.items())])

    def _runs(self, key: tuple[str, str], runs: Sequence[PackRun]) -> tuple[str, ...]:
        used, made = sum(one.used_g for one in runs), sum(one.made_g for one in runs)
        least, most = runs[0].least_bp, runs[0].most_bp
        plausible = f"{least // 100}–{most // 100}{NBSP}%" if least is not None and most is not None else "–"
        return (
            *key,
            self.count(len(runs)),
            self.kg(used),
            self.kg(made),
            self.kg(used - made),
            self.percent(made * WHOLE_BP // used if used else None),
            self.percent(min(one.yield_bp for one in runs)),
            self.percent(max(one.yield_bp for one in runs)),
            plausible,
        )

    def purchases(self) -> None:
        """The register by month; every line of it is in the workbook."""
        pack = self.pack
        self.heading(say("purchases.title", self.lang))
        if not pack.purchases:
            self.nothing("purchases")
            return
        values = [value for value in pack.values if any(one.value == value for one in pack.purchases)]
        months: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for one in pack.purchases:
            month = months[f"{one.at:%Y-%m}"]
            month["count"] += 1
            month["grams"] += one.grams
            month[one.value] += one.grams
        columns = [
            Col(self.say("month"), 30),
            Col(say("deliveries", self.lang), 28, "right"),
            Col(say("net_g", self.lang), 40, "right"),
            *(Col(f"{self.name(value)} (kg)", 44, "right") for value in values),
        ]
        keys = ("count", "grams", *values)
        rows = [(month, *self._month(found, keys)) for month, found in sorted(months.items())]
        whole = {key: sum(found[key] for found in months.values()) for key in keys}
        self.table(columns, rows, total=(self.say("total"), *self._month(whole, keys)))

    def _month(self, found: dict[str, int], keys: Sequence[str]) -> list[str]:
        return [self.count(found[key]) if key == "count" else self.kg(found[key]) for key in keys]

    def lots(self) -> None:
        pack = self.pack
        stock = [one for one in pack.lots if one.stock_g]
        self.heading(self.say("stock.title"))
        if stock:
            columns = [
                Col(say("lot", self.lang), 40), Col(say("product", self.lang), 44), Col(say("made_at", self.lang), 26),
                Col(say("site", self.lang), 26), Col(say("stock_g", self.lang), 36, "right"),
                Col(say("grade", self.lang), 18), Col(say("disposition", self.lang), 24),
                Col(say("claim_now", self.lang), 43),
            ]  # fmt: skip
            rows = [
                (
                    one.code, self.name(one.product), self.day(one.made_at), one.site or "", self.kg(one.stock_g),
                    one.grade or "", word(one.disposition, self.lang), self.name(one.value),
                )
                for one in stock
            ]  # fmt: skip
            total = (self.say("total"), "", "", "", self.kg(sum(one.stock_g for one in stock)), "", "", "")
            self.table(columns, rows, total=total)
        else:
            self.nothing("lots")
        lowered: dict[str, list[Any]] = defaultdict(list)
        for lot in pack.lots:
            for reason in lot.reasons:
                lowered[reason.finding.code].append((lot, reason))
        if lowered:
            self.heading(self.say("lowered.title"), level=1)
            columns = [Col(say("reason", self.lang), 225), Col(self.say("lots.count"), 25, "right")]
            ranked = sorted(lowered.values(), key=lambda found: -len(found))
            self.table(
                columns, [(told(found[0][1].finding, pack, self.lang), self.count(len(found))) for found in ranked]
            )

    # --- the control system ---

    def control_system(self) -> None:
        pack = self.pack
        self.heading(say("inspections.title", self.lang))
        said = self.say(
            "inspected",
            n=self.count(len(pack.inspections)),
            by=self.count(len({one.inspector for one in pack.inspections})),
            none=self.count(sum(one.inspected_on is None for one in pack.members)),
        )
        self.add(self.text(said))
        self._non_conformities()
        self._sanctions()

    def _non_conformities(self) -> None:
        self.heading(say("non_conformities.title", self.lang), level=1)
        if not self.pack.non_conformities:
            self.nothing("non_conformities")
            return
        columns = [
            Col(say("subject", self.lang), 28), Col(say("code", self.lang), 44), Col(say("severity", self.lang), 20),
            Col(say("found_on", self.lang), 21), Col(say("action", self.lang), 80), Col(say("due_on", self.lang), 21),
            Col(say("closed_on", self.lang), 21), Col(say("notified_on", self.lang), 22),
        ]  # fmt: skip
        rows = [
            (
                one.subject, one.code, word(one.severity, self.lang), self.day(one.found_on), one.action or "",
                self.day(one.due_on), self.day(one.closed_on), self.day(one.notified_on),
            )
            for one in self.pack.non_conformities
        ]  # fmt: skip
        self.table(columns, rows)

    def _sanctions(self) -> None:
        self.heading(say("sanctions.title", self.lang), level=1)
        if not self.pack.sanctions:
            self.nothing("sanctions")
            return
        columns = [
            Col(say("member", self.lang), 28), Col(say("step", self.lang), 30), Col(say("from_day", self.lang), 21),
            Col(say("reason", self.lang), 106), Col(say("decided_by", self.lang), 30),
            Col(say("notified_on", self.lang), 21), Col(say("lifted_on", self.lang), 21),
        ]  # fmt: skip
        rows = [
            (
                one.member, word(one.step, self.lang), self.day(one.from_day), one.reason, one.decided_by,
                self.day(one.notified_on), self.day(one.lifted_on),
            )
            for one in self.pack.sanctions
        ]  # fmt: skip
        self.table(columns, rows)

    def contracts(self) -> None:
        pack = self.pack
        self.heading(say("contracts.title", self.lang), say("contracts.note", self.lang) if pack.contracts else "")
        if not pack.contracts:
            self.nothing("contracts")
            return
        columns = [
            Col(say("code", self.lang), 28), Col(say("buyer", self.lang), 40), Col(say("product", self.lang), 36),
            Col(say("claim", self.lang), 31), Col(say("contract_g", self.lang), 32, "right"),
            Col(say("expected_g", self.lang), 30, "right"), Col(say("available_g", self.lang), 30, "right"),
            Col(say("missing_g", self.lang), 30, "right"),
        ]  # fmt: skip
        rows = [
            (
                one.code, one.buyer, self.name(one.product), self.name(one.value), self.kg(one.grams),
                self.kg(one.estimate_g), self.kg(one.available_g), self.kg(one.missing_g),
            )
            for one in pack.contracts
        ]  # fmt: skip
        self.table(columns, rows)

    def corrections(self) -> None:
        pack = self.pack
        self.heading(say("corrections.title", self.lang), say("corrections.note", self.lang))
        if not pack.corrections:
            self.nothing("corrections")
            return
        columns = [
            Col(say("corrected_at", self.lang), 24), Col(say("by", self.lang), 28), Col(say("type", self.lang), 26),
            Col(say("lots_named", self.lang), 56), Col(say("was_g", self.lang), 28, "right"),
            Col(say("now_g", self.lang), 28, "right"), Col(say("reason", self.lang), 67),
        ]  # fmt: skip
        rows = [
            (
                self.day(one.corrected_at), one.by, one.type, ", ".join(one.lots), self.kg(one.was_g),
                self.kg(one.now_g), one.reason,
            )
            for one in pack.corrections
        ]  # fmt: skip
        self.table(columns, rows)

    def members(self) -> None:
        from reportlab.platypus import PageBreak

        pack = self.pack
        if not pack.members:
            return
        self.add(PageBreak())
        self.heading(say("members.title", self.lang), say("members.note", self.lang))
        values = [value for value in pack.values if any(one.area_m2.get(value) for one in pack.members)]
        since: dict[str, date] = {}
        for plot in pack.plots:
            if plot.conversion_start is not None:
                since[plot.member] = min(plot.conversion_start, since.get(plot.member, plot.conversion_start))
        columns = [
            Col(say("code", self.lang), 24), Col(say("name", self.lang), 33), Col(say("village", self.lang), 20),
            Col(say("registered_on", self.lang), 20), Col(say("status", self.lang), 20),
            Col(say("conversion_start", self.lang), 20),
            *(Col(f"{self.name(value)} (ha)", 34 / max(1, len(values)), "right") for value in values),
            Col(say("estimate_g", self.lang), 25, "right"), Col(say("inspected_on", self.lang), 21),
            Col(say("inspector", self.lang), 20), Col(say("controlled_on", self.lang), 20),
        ]  # fmt: skip
        rows = [
            (
                one.code, one.name or "", one.village or "", self.day(one.registered_on), word(one.status, self.lang),
                self.day(since.get(one.code)), *(self.hectares(one.area_m2.get(value, 0)) for value in values),
                self.kg(one.estimate_g), self.day(one.inspected_on), one.inspector or "", self.day(one.controlled_on),
            )
            for one in pack.members
        ]  # fmt: skip
        areas = (self.hectares(sum(one.area_m2.get(value, 0) for one in pack.members)) for value in values)
        estimate = self.kg(sum(one.estimate_g or 0 for one in pack.members))
        total = (self.say("total"), self.count(len(rows)), "", "", "", "", *areas, estimate, "", "", "")
        self.table(columns, rows, total=total)

    # --- the frame ---

    def _frame(self, canvas: Any, page: int, size: tuple[float, float]) -> None:
        """The running head from the second page on, and the foot of every page."""
        from reportlab.lib.colors import HexColor

        wide, high = size
        paper = self.pack.paper
        canvas.saveState()
        canvas.setFillColor(HexColor(MUTED))
        canvas.setStrokeColor(HexColor(HAIR))
        canvas.setLineWidth(0.4)
        canvas.setFont(PLAIN, 7.5)
        if page > 1:
            head = self.say("subtitle", holder=paper.holder, number=paper.number, season=self.pack.season)
            canvas.drawString(SIDE * MM, (high - 14) * MM, self.clean(f"{say('pack', self.lang)} · {head}"))
            canvas.line(SIDE * MM, (high - 16) * MM, (wide - SIDE) * MM, (high - 16) * MM)
        canvas.line(SIDE * MM, 15 * MM, (wide - SIDE) * MM, 15 * MM)
        made = self.say("fact.made.at", at=f"{self.pack.made_at:%Y-%m-%d %H:%M}", events=self.pack.events)
        canvas.drawString(SIDE * MM, 11 * MM, self.clean(f"{say('fact.made', self.lang)} {made}"))
        canvas.drawRightString((wide - SIDE) * MM, 11 * MM, self.say("page", n=page, m=self.pages))
        canvas.restoreState()


@cache
def _bookmarks() -> Any:
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
def _register_fonts() -> None:
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    for name, file in ((PLAIN, "Vera.ttf"), (BOLD, "VeraBd.ttf")):
        registerFont(TTFont(name, file))


@cache
def _glyphs() -> frozenset[int]:
    """The characters of the typeface that reportlab ships."""
    from reportlab.pdfbase.ttfonts import TTFont

    return frozenset(TTFont(PLAIN, "Vera.ttf").face.charToGlyph)
