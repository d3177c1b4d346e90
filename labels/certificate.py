"""The traceability certificate of a lot: A4, two pages or a few more, for certifier, buyer and customs.

It says what the record held at one moment, how that was checked, and what paper cannot prove. The same facts
give the same bytes. Text that the shipped typeface cannot set (Arabic, Georgian) is refused; such documents
are set by typst.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from labels import lot_label, qr, sheet_a4, texts
from labels import print_texts as words
from labels.lot_label import ASCENT, CAP, POINT_MM, Bar, Item, Shape, Symbol, Text
from labels.print_texts import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.passport import Claim, Measured, Passport, QualityCheck, State, Step, Verification
    from domain.trace import Share

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

LOOKS: Final[dict[State, tuple[str, str, Literal["circle", "triangle", "octagon"], str]]] = {
    "valid": (ACCENT, TINT, "circle", ""),
    "on_hold": ("#7a4a00", "#fff6e0", "triangle", "!"),
    "superseded": ("#7a4a00", "#fff6e0", "triangle", "!"),
    "recalled": ("#9b1c1c", "#fdf0f0", "octagon", "×"),
    "revoked": ("#9b1c1c", "#fdf0f0", "octagon", "×"),
}
"""state -> colour, ground, shape and sign: as on the public page, and told apart without colour."""

ANNEX_ROWS: Final = 400
PAPERS_SHOWN: Final = 8
CHECKS_SHOWN: Final = 3
STEPS_SHOWN: Final = 40
PLACES_SHOWN: Final = 8


class Column(NamedTuple):
    """A column of a table: heading, width in mm, side that it is set to, lines that a cell may take."""

    title: str
    width: float
    align: Literal["start", "end"] = "start"
    lines: int = 1


def certificate_pdf(
    passport: Passport,
    number: str,
    issued_at: datetime,
    composition: Sequence[Share],
    lang: str,
    frozen_sha256: str,
) -> bytes:
    """The certificate as PDF.

    ``number``: its number in the issuer's register. ``issued_at``: the moment whose state it shows.
    ``composition``: the shares of the deliveries, which sum to the lot. ``frozen_sha256``: digest of the data
    that it was made from.
    """
    sheet = _Certificate(passport, number, issued_at, list(composition), words.language(lang), frozen_sha256)
    return sheet.pdf()


@dataclass(slots=True)
class _Flow:
    """Pages of items, filled from top to bottom."""

    pages: list[list[Item]] = field(default_factory=lambda: [[]])
    y: float = TOP
    contents: list[tuple[str, int]] = field(default_factory=list)

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
    ) -> None:
        """Rows of text between hairlines; the heading is repeated on every page."""
        self.need(14)
        self._table_head(columns, x)
        for row in rows:
            self._table_row(columns, row, x, bold=False)
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


@dataclass(slots=True)
class _Certificate:
    """One certificate: its facts, and its parts in the order in which they stand on the paper."""

    passport: Passport
    number: str
    issued_at: datetime
    shares: list[Share]
    lang: words.Lang
    digest: str
    flow: _Flow = field(default_factory=_Flow)
    links: list[tuple[int, tuple[float, float, float, float]]] = field(default_factory=list)

    def pdf(self) -> bytes:
        for part in (
            self.head, self.state, self.facts, self.claims, self.composition, self.quality, self.steps,
            self.verified, self.limits, self.annex,
        ):  # fmt: skip
            part()
        pages = self.flow.pages
        for number, items in enumerate(pages, start=1):
            items.extend(self._frame(number, len(pages)))
        lot_label.guarded(self.passport, [item for items in pages for item in items])
        subject = self.say("certificate_subject", lot=self.passport.lot_code, number=self.number)
        pdf, out = sheet_a4.new_pdf(self.say("certificate"), self.passport.organisation, self.lang, subject)
        for number, items in enumerate(pages, start=1):
            self._outline(pdf, number)
            sheet_a4.draw(pdf, items, sheet_a4.PAGE_MM[1])
            self._link(pdf, number)
            pdf.showPage()
        pdf.save()
        return out.getvalue()

    def say(self, key: str, **params: str | int) -> str:
        return say(self.lang, key, **params)

    # --- the first page ---

    def head(self) -> None:
        """Title, number, issuer; the symbol at the right with what to type below it."""
        flow, passport = self.flow, self.passport
        matrix = qr.symbol(passport.url)
        side = len(matrix) * MODULE_MM
        flow.add(Symbol(RIGHT - side, TOP - 6, MODULE_MM, matrix))
        self._linked((RIGHT - side, TOP - 6, RIGHT, TOP - 6 + side))
        room = RIGHT - LEFT - max(side, 34) - 10
        flow.add(Bar(LEFT, TOP - 6, 16, 1.1, ACCENT))
        flow.y = TOP - 1.2
        flow.line(self.say("certificate"), 22, bold=True, after=2.2)
        flow.paragraph(self.say("number", number=words.clean(self.number)), 10.5, width=room, bold=True, after=0.6)
        issuer = self.say("issued_by", organisation=words.clean(passport.organisation))
        for text in (issuer, self._at()):
            flow.paragraph(text, 9, width=room, colour=MUTED)
        under = TOP - 6 + side + qr.QUIET * MODULE_MM + 2.5
        host, code = lot_label.host_and_code(passport)
        for typed, wanted, bold in ((host, 8.5, True), (code, 8, False)):
            text, size = lot_label.fitted(typed, max(side, 40), wanted, 5, bold=bold)
            flow.add(Text(RIGHT, under, size, text, bold=bold, anchor="end", colour=INK, address=True))
            under += 3.8
        flow.y = max(flow.y + 5, under + 0.8)
        flow.line(texts.text(self.lang, "lot"), 8, colour=MUTED, after=1.0)
        code, size = lot_label.fitted(lot_label.printable(passport.lot_code), RIGHT - LEFT, 21, 9, bold=True)
        flow.line(code, size, bold=True, after=0.8)
        first, second = words.two_languages(self.lang, passport.product)
        named = words.clean(f"{first} · {second}" if second else first)
        flow.paragraph(named, 11, after=3.2)

    def state(self) -> None:
        """How the lot stood at the moment of issue, in word, shape and colour; and where it stands now."""
        flow, passport = self.flow, self.passport
        colour, ground, shape, sign = LOOKS[passport.state]
        left, width = LEFT + 17, RIGHT - LEFT - 21
        sentence = self.say(f"state_on.{passport.state}", at=self._at())
        if passport.state_since and passport.state != "valid":
            since = words.day(self.lang, passport.state_since.date())
            sentence += " " + self.say("since", day=since)
        lines = lot_label.wrapped(sentence, width, 9)
        height = 17.6 + 4.2 * (len(lines) - 1)
        top = flow.y
        flow.add(Bar(LEFT, top, RIGHT - LEFT, height, ground), Bar(LEFT, top, 1.2, height, colour))
        size, x, y = 8.4, LEFT + 5, top + height / 2 - 4.2
        flow.add(Shape(x, y, size, shape, 0.75, colour))
        if sign:
            low = 0.84 if shape == "triangle" else 0.5 + 15 * POINT_MM * 0.313 / size
            flow.add(Text(x + size / 2, y + size * low, 15, sign, bold=True, anchor="middle", colour=colour))
        else:
            flow.add(Shape(x + 2.3, y + 2.4, 3.9, "tick", 0.85, colour))
        flow.y = top + 2.7
        flow.line(self.say(f"state.{passport.state}"), 12.5, x=left, bold=True, colour=colour, after=0.5)
        for text in lines:
            flow.line(text, 9, x=left, after=1.0)
        live = lot_label.printable(self.say("live_long"))
        flow.y += 8 * POINT_MM * ASCENT
        flow.add(Text(left, flow.y, 8, live, colour=MUTED))
        wide = lot_label.text_width(live, 8) + 1.6
        url, size = lot_label.fitted(lot_label.printable(passport.url), width - wide, 8, 4)
        flow.add(Text(left + wide, flow.y, size, url, colour=INK, address=True))
        self._linked((left + wide, flow.y - 3, left + wide + lot_label.text_width(url, size), flow.y + 1))
        flow.y = top + height + 4.6

    def facts(self) -> None:
        """What a buyer looks for first, in a grid of three columns."""
        passport, flow = self.passport, self.flow
        cells = [
            ("fact.net", words.kilograms(self.lang, passport.net_g)),
            ("fact.units", self._packed()),
            ("fact.origin", lot_label.place_of(passport, self.lang)),
            ("fact.season", passport.season),
            ("fact.harvest", self._harvest()),
            ("fact.grade", lot_label.grade_words(passport.grade, self.lang) if passport.grade else None),
            ("fact.hs", passport.hs_code),
            ("fact.label", words.day(self.lang, passport.issued_at.date())),
            ("fact.contact", passport.contact),
        ]
        known = [(self.say(key), words.clean(value)) for key, value in cells if value]
        width = (RIGHT - LEFT) / 3
        for start in range(0, len(known), 3):
            row = [
                (label, lot_label.wrapped(value, width - 4, 9.5, lines=2)) for label, value in known[start : start + 3]
            ]
            for column, (label, lines) in enumerate(row):
                x, y = LEFT + column * width, flow.y + 7.5 * POINT_MM * ASCENT
                flow.add(Text(x, y, 7.5, lot_label.printable(label), colour=MUTED))
                for line in lines:
                    y += 4.3
                    flow.add(Text(x, y, 9.5, lot_label.printable(line), colour=INK))
            flow.y += 8.7 + 4.3 * (max(len(lines) for _, lines in row) - 1) + 1.3
        flow.y -= 2.4

    def _packed(self) -> str | None:
        passport = self.passport
        if not passport.units:
            return None
        count = texts.number(passport.units)
        if not passport.unit_name:
            return self.say("units", n=count)
        return self.say("units_of", n=count, unit=words.of_language(self.lang, passport.unit_name))

    def _harvest(self) -> str | None:
        origin = self.passport.origin
        if not origin.harvested_from or not origin.harvested_to:
            return None
        return texts.days(self.lang, origin.harvested_from, origin.harvested_to)

    # --- the sections ---

    def claims(self) -> None:
        """Each claim granted, with the papers behind it as they stood on the day."""
        flow = self.flow
        flow.heading(self.say("section.claims"))
        granted = [claim for claim in self.passport.claims if claim.granted]
        if not granted:
            flow.paragraph(self.say("no_claims"), 9)
        columns = [
            Column(self.say("col.certificate"), 36, lines=2),
            Column(self.say("col.holder"), 44, lines=2),
            Column(self.say("col.body"), 40, lines=2),
            Column(self.say("col.valid"), 26, lines=2),
            Column(self.say("col.status"), 20),
        ]
        for claim in granted:
            flow.need(20)
            flow.paragraph(self._claim_words(claim), 10, bold=True, after=1.4)
            papers = [paper for paper in self.passport.certificates if paper.scheme == claim.scheme]
            if papers:
                rows = [
                    (
                        paper.number,
                        paper.holder,
                        f"{paper.body} ({paper.body_code})" if paper.body_code else paper.body,
                        f"{paper.valid_from} – {paper.valid_to}",
                        texts.text(self.lang, f"certificate.{paper.status}"),
                    )
                    for paper in papers[:PAPERS_SHOWN]
                ]
                flow.table(columns, rows)
            if len(papers) > PAPERS_SHOWN:
                flow.y += 1.2
                flow.paragraph(self.say("more_papers", n=len(papers) - PAPERS_SHOWN), 8, colour=MUTED)
            flow.y += 2.2
        flow.y -= 2.2

    def _claim_words(self, claim: Claim) -> str:
        rules = words.RULES.get(claim.scheme, {}).get(self.lang, claim.scheme_name)
        if claim.value in lot_label.ORGANIC_CLAIMS:
            return self.say(f"claim.{claim.value}", rules=rules)
        value = f"value.{claim.value}"
        return f"{rules} – {texts.text(self.lang, value) if texts.has(value) else texts.words(claim.value)}"

    def composition(self) -> None:
        """How many deliveries and farmers, when and where, and that the grams add up."""
        flow, origin = self.flow, self.passport.origin
        flow.heading(self.say("section.composition"), 44)
        figures = [
            (
                texts.number(len(self.shares) or origin.deliveries),
                "deliveries",
                len(self.shares) or origin.deliveries,
            ),
        ]
        if origin.farmers is not None:
            figures.append((texts.number(origin.farmers), "farmers", origin.farmers))
        flow.y += 17 * POINT_MM * CAP + 0.8
        x = LEFT
        for figure, key, count in figures:
            x = self._figure(x, figure, self.say(texts.counted(self.lang, f"big.{key}", count)))
        x = self._figure(x, words.kilograms(self.lang, self.passport.net_g), self.say("big.net"))
        flow.y += 4.8
        if self.shares:
            if origin.farmers is not None:
                self._months()
                flow.y += 1.8
            known = sum(share.grams for share in self.shares)
            net = self.passport.net_g
            numbers = {"known": texts.number(known), "net": texts.number(net)}
            said = self.say("exact") if known == net else self.say("inexact", **numbers)
            if origin.farmers is not None:
                said += " " + self.say("annex_follows" if self._annexed() else "annex_in_data")
            flow.paragraph(said, 8.5, colour=MUTED)
        self._places()

    def _figure(self, x: float, figure: str, unit: str) -> float:
        """A large figure and what it counts; answers where the next one stands."""
        figure, unit = lot_label.printable(figure), lot_label.printable(unit)
        self.flow.add(Text(x, self.flow.y, 17, figure, bold=True, colour=INK))
        x += lot_label.text_width(figure, 17, bold=True) + 1.8
        self.flow.add(Text(x, self.flow.y, 9, unit, colour=MUTED))
        return x + lot_label.text_width(unit, 9) + 9

    def _months(self) -> None:
        months: dict[tuple[int, int], list[Share]] = defaultdict(list)
        for share in self.shares:
            months[share.at.year, share.at.month].append(share)
        known = sum(share.grams for share in self.shares)
        columns = [
            Column(self.say("col.month"), 38),
            Column(self.say("col.deliveries"), 22, "end"),
            Column(self.say("col.delivered"), 32, "end"),
            Column(self.say("col.grams"), 32, "end"),
            Column(self.say("col.share"), 20, "end"),
            Column("", 22),
        ]
        begun = self.flow.y
        page = len(self.flow.pages)
        rows, bars = [], []
        for (year, month), parts in sorted(months.items()):
            grams = sum(share.grams for share in parts)
            delivered = sum(share.delivered_g for share in parts)
            rows.append((self._month(year, month), *self._counts(parts, delivered, grams, known), ""))
            bars.append(grams)
        delivered = sum(share.delivered_g for share in self.shares)
        total = (self.say("total"), *self._counts(self.shares, delivered, known, known), "")
        self.flow.table(columns, rows, total)
        if page == len(self.flow.pages):  # a bar for each month, where the table stands on one page
            top = begun + 7.5 * POINT_MM * ASCENT + 1.5
            for index, grams in enumerate(bars):
                wide = round(18 * grams / max(*bars, 1), 2)
                self.flow.add(Bar(RIGHT - 18, top + 4.9 * index + 1.4, wide, 2.1, ACCENT))

    def _counts(self, parts: Sequence[Share], delivered: int, grams: int, known: int) -> tuple[str, str, str, str]:
        counts = (texts.number(len(parts)), texts.number(delivered), texts.number(grams))
        return (*counts, words.percent(self.lang, grams, known))

    def _month(self, year: int, month: int) -> str:
        named = texts.day(self.lang, date(year, month, 2)).partition(texts.NBSP)[2]
        return named[:1].upper() + named[1:]

    def _places(self) -> None:
        """Where the deliveries were taken in: from the steps, as shares do not say it."""
        steps = [step for step in self.passport.steps if step.kind == "delivered"]
        if len(steps) <= 1 or self.passport.origin.farmers is None:
            return
        columns = [
            Column(self.say("col.place"), 92),
            Column(self.say("col.deliveries"), 26, "end"),
            Column(self.say("col.delivered_kg"), 48, "end"),
        ]
        ranked = sorted(steps, key=lambda step: (-step.count, step.site or ""))
        rows = [
            (
                step.site or step.organisation,
                texts.number(step.count),
                self._kg(step.grams_in or step.grams_out),
            )
            for step in ranked[:PLACES_SHOWN]
        ]
        self.flow.y += 1.6
        self.flow.table(columns, rows)

    def quality(self) -> None:
        """The checks of this very lot value by value; those of the lots that it was made from as a count."""
        flow, passport = self.flow, self.passport
        flow.heading(self.say("section.quality"), 34)
        own = [check for check in passport.checks if check.lot_code == passport.lot_code][:CHECKS_SHOWN]
        others = [check for check in passport.checks if check.lot_code != passport.lot_code]
        if not passport.checks:
            flow.paragraph(self.say("no_quality"), 9)
        for check in own:
            self._check(check)
        if others:
            passed = sum(check.verdict == "pass" for check in others)
            flow.y += 0.6
            params: dict[str, str | int] = {"passed": passed, "failed": len(others) - passed}
            flow.paragraph(words.counted(self.lang, "more_checks", len(others), **params), 8.5, colour=MUTED)

    def _check(self, check: QualityCheck) -> None:
        flow = self.flow
        flow.need(20)
        day = words.day(self.lang, check.at)
        said = self.say("check_of", lot=check.lot_code, day=day, by=words.clean(check.by))
        verdict = texts.text(self.lang, check.verdict)
        if check.grade:
            verdict += ", " + lot_label.grade_words(check.grade, self.lang).lower()
        flow.paragraph(f"{said}{words.colon(self.lang)} {verdict}", 9, bold=True, after=0.4)
        if check.method:
            flow.paragraph(words.clean(check.method), 8, colour=MUTED, after=0.8)
        columns = [
            Column(self.say("col.test"), 70),
            Column(self.say("col.result"), 28, "end"),
            Column(self.say("col.limit"), 28, "end"),
            Column(self.say("col.count"), 22, "end"),
            Column(self.say("col.verdict"), 18, "end"),
        ]
        flow.table(columns, [self._measured(measured) for measured in check.measured])
        flow.y += 2

    def _measured(self, measured: Measured) -> tuple[str, str, str, str, str]:
        key = f"test.{measured.test}"
        name = (measured.name or {}).get(self.lang) or texts.words(measured.test)
        limit = measured.limit
        counted = measured.count is not None and measured.of
        return (
            texts.text(self.lang, key) if texts.has(key) else name,
            texts.amount(self.lang, measured.value, measured.unit),
            "–" if limit is None else self.say("at_most", value=texts.amount(self.lang, limit, measured.unit)),
            self.say("of", n=measured.count or 0, of=measured.of or 0) if counted else "",
            {True: texts.text(self.lang, "pass"), False: texts.text(self.lang, "fail"), None: "–"}[measured.passed],
        )

    def steps(self) -> None:
        flow = self.flow
        flow.heading(self.say("section.steps"), 30)
        if not self.passport.steps:
            flow.paragraph(self.say("no_steps"), 9)
            return
        columns = [
            Column(self.say("col.when"), 41, lines=2),
            Column(self.say("col.step"), 51, lines=2),
            Column(self.say("col.where"), 40, lines=2),
            Column(self.say("col.in"), 17, "end"),
            Column(self.say("col.out"), 17, "end"),
        ]
        flow.table(columns, [self._step(step) for step in self.passport.steps[:STEPS_SHOWN]])

    def _step(self, step: Step) -> tuple[str, str, str, str, str]:
        keys = (f"step.{step.kind}.{step.process}", f"step.{step.kind}", "step.other")
        key = next(key for key in keys if texts.has(f"{key}.one"))
        named = texts.text(self.lang, texts.counted(self.lang, key, step.count)).format(n=texts.number(step.count))
        parts = [
            step.site,
            step.organisation if step.organisation != self.passport.organisation or not step.site else None,
        ]
        where = ", ".join(part for part in parts if part)
        into = None if step.kind == "delivered" else step.grams_in
        return (
            words.short_days(step.first_at, step.last_at),
            named,
            where,
            self._kg(into),
            self._kg(step.grams_out),
        )

    def _kg(self, grams: int | None) -> str:
        return "" if grams is None else words.kilogram_figure(self.lang, grams)

    def verified(self) -> None:
        """The numbered questions of the public page, with the same numbers, and their answers on the day."""
        flow = self.flow
        flow.heading(self.say("section.verified"), 26)
        for check in self.passport.verifications:
            key = f"check.{check.code}"
            asked = texts.text(self.lang, key) if texts.has(key) else texts.words(check.code)
            said = self._answer(check)
            lines = lot_label.wrapped(said, RIGHT - LEFT - 7, 8.5)
            flow.need(5 + 4.1 * len(lines))
            y = flow.y + 9 * POINT_MM * ASCENT
            answer = lot_label.printable(texts.text(self.lang, f"answer.{check.answer}"))
            flow.add(
                Text(LEFT, y, 9, str(check.number), bold=True, colour=ACCENT),
                Text(LEFT + 7, y, 9, lot_label.printable(asked), bold=True, colour=INK),
                Text(RIGHT, y, 8.5, answer, bold=check.answer == "failed", anchor="end", colour=INK),
            )
            for line in lines:
                y += 4.1
                flow.add(Text(LEFT + 7, y, 8.5, lot_label.printable(line), colour=MUTED))
            flow.y = y + 2.5

    def _answer(self, check: Verification) -> str:
        """The sentence that says most with what is known."""
        if check.code == "not_blocked" and check.answer == "failed":
            return self.say("check.blocked")
        known = {name: texts.parameter(self.lang, name, value) for name, value in check.params.items()}
        known["organisation"] = words.clean(self.passport.organisation)
        known["issued"] = words.day(self.lang, self.passport.issued_at.date())
        farmers = self.passport.origin.farmers
        if farmers is not None:
            known["farmers"] = texts.text(self.lang, texts.counted(self.lang, "farmers", farmers)).format(
                n=texts.number(farmers),
            )
        active = [paper.valid_to for paper in self.passport.certificates if paper.status == "active"]
        if active:
            known["until"] = words.day(self.lang, min(active))
        sentence = texts.richest(self.lang, f"check.{check.code}.{check.answer}", frozenset(known))
        return words.clean(sentence.format_map(known)) if sentence else ""

    def limits(self) -> None:
        """What nobody should read into this paper."""
        flow, left = self.flow, LEFT + 7
        keys = [
            key
            for key in ("goods", "later", "weight", "sample", "paper")
            if key != "paper" or self.passport.certificates
        ]
        items = [lot_label.wrapped(self.say(f"limit.{key}", at=self._at()), RIGHT - left, 8.5) for key in keys]
        flow.heading(self.say("section.limits"), 9 + sum(3.9 * len(lines) + 0.9 for lines in items))
        for lines in items:
            flow.add(Bar(LEFT, flow.y + 1.25, 2.2, 0.4, ACCENT))
            for line in lines:
                flow.line(line, 8.5, x=left, after=0.9)
            flow.y += 0.9

    # --- the annex ---

    def _annexed(self) -> bool:
        farmers = {share.farmer for share in self.shares}
        return bool(self.shares) and self.passport.origin.farmers is not None and len(farmers) <= ANNEX_ROWS

    def annex(self) -> None:
        """Grams by farmer code, in two columns; not where it would point at few persons or fill a book."""
        if not self._annexed():
            return
        flow = self.flow
        flow.heading(self.say("section.annex"), 90)
        flow.paragraph(self.say("annex_about"), 8.5, colour=MUTED, after=2.6)
        known = sum(share.grams for share in self.shares)
        grams: dict[str, int] = defaultdict(int)
        counts: dict[str, int] = defaultdict(int)
        for share in self.shares:
            code = words.clean(share.farmer) if share.farmer else self.say("not_stated")
            grams[code] += share.grams
            counts[code] += 1
        rows = [
            (code, str(counts[code]), texts.number(grams[code]), words.percent(self.lang, grams[code], known))
            for code in sorted(grams)
        ]
        gutter = 10.0
        width = (RIGHT - LEFT - gutter) / 2
        columns = [
            Column(self.say("col.farmer"), width - 53),
            Column(self.say("col.deliveries"), 18, "end"),
            Column(self.say("col.annex_grams"), 20, "end"),
            Column(self.say("col.share"), 15, "end"),
        ]
        rest = rows
        while rest:
            top = flow.y
            fits = max(1, int((BOTTOM - top - 6.5) / 4.9))
            half = min(fits, (len(rest) + 1) // 2)
            for column, part in enumerate((rest[:half], rest[half : 2 * half])):
                flow.y = top
                if part:
                    flow.table(columns, part, x=LEFT + column * (width + gutter))
            rest = rest[2 * half :]
            flow.y = top + 6.5 + 4.9 * half
            if rest:
                flow.turn()
        flow.need(8)
        flow.y += 2
        deliveries = words.counted(self.lang, "deliveries", len(self.shares))
        flow.paragraph(self.say("annex_total", deliveries=deliveries, grams=texts.number(known)), 9, bold=True)

    # --- the frame ---

    def _frame(self, page: int, pages: int) -> list[Item]:
        """The running head from the second page on; number, page and digest below."""
        number = lot_label.printable(self.say("number", number=self.number))
        lot = f"{texts.text(self.lang, 'lot')} {self.passport.lot_code}"
        items: list[Item] = []
        if page > 1:
            title = f"{self.say('certificate')}  ·  {number}  ·  {lot}"
            title = lot_label.cut(lot_label.printable(title), RIGHT - LEFT, 8)
            items += [Text(LEFT, 16.5, 8, title, colour=MUTED), Bar(LEFT, 19, RIGHT - LEFT, 0.12, HAIR)]
        items.append(Bar(LEFT, 279.4, RIGHT - LEFT, 0.12, HAIR))
        where = lot_label.printable(self.say("page", n=page, m=pages))
        room = RIGHT - LEFT - lot_label.text_width(where, 8) - 4
        items.append(Text(LEFT, 283.6, 8, lot_label.cut(number, room, 8), colour=MUTED))
        items.append(Text(RIGHT, 283.6, 8, where, anchor="end", colour=MUTED))
        digest, size = lot_label.fitted(lot_label.printable(self.say("digest", digest=self.digest)), RIGHT - LEFT, 7, 5)
        items.append(Text(LEFT, 287.4, size, digest, colour=MUTED))
        return items

    def _at(self) -> str:
        return words.moment(self.lang, self.issued_at)

    def _linked(self, box: tuple[float, float, float, float]) -> None:
        self.links.append((len(self.flow.pages), box))

    def _link(self, pdf: Any, page: int) -> None:
        """Symbol and address can be clicked; only an address of the web becomes a link."""
        if not self.passport.url.lower().startswith(("https://", "http://")):
            return
        for number, (left, top, right, bottom) in self.links:
            if number == page:
                low, high = sheet_a4.PAGE_MM[1] - bottom, sheet_a4.PAGE_MM[1] - top
                pdf.linkURL(self.passport.url, tuple(map(sheet_a4.points, (left, low, right, high))))

    def _outline(self, pdf: Any, page: int) -> None:
        for index, (title, number) in enumerate(self.flow.contents):
            if number == page:
                pdf.bookmarkPage(f"section{index}")
                pdf.addOutlineEntry(title, f"section{index}", 0, closed=False)
