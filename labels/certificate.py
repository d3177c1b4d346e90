"""The traceability certificate of a lot: A4, two pages or a few more, for certifier, buyer and customs.

It says what the record held at one moment, how that was checked, and what paper cannot prove. The same facts
give the same bytes. Text that the shipped typeface cannot set (Arabic, Georgian) is refused; such documents
are set by typst.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from labels import lot_label, texts
from labels import print_texts as words
from labels.document import (
    ACCENT,
    BOTTOM,
    CAREFUL,
    IN_ORDER,
    INK,
    LEFT,
    MUTED,
    RIGHT,
    STOP,
    Column,
    Flow,
    Frame,
    Look,
    framed,
    pdf_bytes,
)
from labels.lot_label import ASCENT, CAP, POINT_MM, Bar, Text
from labels.print_texts import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.documents import Seal
    from domain.passport import Certificate as Paper
    from domain.passport import Claim, Measured, Passport, QualityCheck, State, Step, Verification
    from domain.trace import Share

LOOKS: Final[dict[State, Look]] = {
    "valid": IN_ORDER,
    "on_hold": CAREFUL,
    "superseded": CAREFUL,
    "recalled": STOP,
    "revoked": STOP,
}
"""state -> colour, ground, shape and sign: as on the public page, and told apart without colour."""

ANNEX_ROWS: Final = 400
PAPERS_SHOWN: Final = 8
CHECKS_SHOWN: Final = 3
STEPS_SHOWN: Final = 40
PLACES_SHOWN: Final = 8


def certificate_pdf(
    passport: Passport,
    number: str,
    issued_at: datetime,
    composition: Sequence[Share],
    lang: str,
    frozen_sha256: str,
    seal: Seal | None = None,
) -> bytes:
    """The certificate as PDF.

    ``number``: its number in the issuer's register. ``issued_at``: the moment whose state it shows.
    ``composition``: the shares of the deliveries, which sum to the lot. ``frozen_sha256``: digest of the data
    that it was made from. ``seal``: what it says of its signature.
    """
    sheet = _Certificate(passport, number, issued_at, list(composition), words.language(lang), frozen_sha256, seal)
    return sheet.pdf()


def claim_words(lang: words.Lang, scheme: str, scheme_name: str, value: str) -> str:
    """A claim as a paper names it: the term, and the rules that it is made under."""
    rules = words.RULES.get(scheme, {}).get(lang, scheme_name)
    if value in lot_label.ORGANIC_CLAIMS:
        return say(lang, f"claim.{value}", rules=rules)
    named = f"value.{value}"
    return f"{rules} – {texts.text(lang, named) if texts.has(named) else texts.words(value)}"


def papers_table(flow: Flow, lang: words.Lang, papers: Sequence[Paper]) -> None:
    """The certificates behind a claim: number, holder, control body, validity, status."""
    columns = [
        Column(say(lang, "col.certificate"), 36, lines=2),
        Column(say(lang, "col.holder"), 44, lines=2),
        Column(say(lang, "col.body"), 40, lines=2),
        Column(say(lang, "col.valid"), 26, lines=2),
        Column(say(lang, "col.status"), 20),
    ]
    rows = [
        (
            paper.number,
            paper.holder,
            f"{paper.body} ({paper.body_code})" if paper.body_code else paper.body,
            f"{paper.valid_from} – {paper.valid_to}",
            texts.text(lang, f"certificate.{paper.status}"),
        )
        for paper in papers[:PAPERS_SHOWN]
    ]
    if rows:
        flow.table(columns, rows)
    if len(papers) > PAPERS_SHOWN:
        flow.y += 1.2
        flow.paragraph(say(lang, "more_papers", n=len(papers) - PAPERS_SHOWN), 8, colour=MUTED)


@dataclass(slots=True)
class _Certificate:
    """One certificate: its facts, and its parts in the order in which they stand on the paper."""

    passport: Passport
    number: str
    issued_at: datetime
    shares: list[Share]
    lang: words.Lang
    digest: str
    seal: Seal | None = None
    flow: Flow = field(default_factory=Flow)

    def pdf(self) -> bytes:
        for part in (
            self.head, self.state, self.facts, self.claims, self.composition, self.quality, self.steps,
            self.verified, self.limits, self.check_copy, self.annex,
        ):  # fmt: skip
            part()
        number = lot_label.printable(self.say("number", number=self.number))
        running = f"{self.say('certificate')}  ·  {number}  ·  {texts.text(self.lang, 'lot')} {self.passport.lot_code}"
        framed(self.flow, Frame(self.lang, number, running, self.digest))
        lot_label.guarded(self.passport, [item for items in self.flow.pages for item in items])
        subject = self.say("certificate_subject", lot=self.passport.lot_code, number=self.number)
        passport = self.passport
        return pdf_bytes(self.flow, self.say("certificate"), passport.organisation, self.lang, subject, passport.url)

    def say(self, key: str, **params: str | int) -> str:
        return say(self.lang, key, **params)

    # --- the first page ---

    def head(self) -> None:
        """Title, number, issuer; the symbol at the right with what to type below it."""
        flow, passport = self.flow, self.passport
        issuer = self.say("issued_by", organisation=words.clean(passport.organisation))
        number = self.say("number", number=words.clean(self.number))
        typed = lot_label.host_and_code(passport)
        flow.title(self.say("certificate"), number, (issuer, self._at()), passport.url, typed)
        first, second = words.two_languages(self.lang, passport.product)
        named = words.clean(f"{first} · {second}" if second else first)
        flow.subject(texts.text(self.lang, "lot"), passport.lot_code, named)

    def state(self) -> None:
        """How the lot stood at the moment of issue, in word, shape and colour; and where it stands now."""
        passport = self.passport
        sentence = self.say(f"state_on.{passport.state}", at=self._at())
        if passport.state_since and passport.state != "valid":
            since = words.day(self.lang, passport.state_since.date())
            sentence += " " + self.say("since", day=since)
        word, live = self.say(f"state.{passport.state}"), self.say("live_long")
        self.flow.state(LOOKS[passport.state], word, sentence, live, passport.url)

    def facts(self) -> None:
        """What a buyer looks for first, in a grid of three columns."""
        passport = self.passport
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
        self.flow.grid([(self.say(key), words.clean(value)) for key, value in cells if value])

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
        for claim in granted:
            flow.need(20)
            flow.paragraph(self._claim_words(claim), 10, bold=True, after=1.4)
            papers = [paper for paper in self.passport.certificates if paper.scheme == claim.scheme]
            papers_table(flow, self.lang, papers)
            flow.y += 2.2
        flow.y -= 2.2

    def _claim_words(self, claim: Claim) -> str:
        return claim_words(self.lang, claim.scheme, claim.scheme_name, claim.value)

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
            x = flow.figure(x, figure, self.say(texts.counted(self.lang, f"big.{key}", count)))
        x = flow.figure(x, words.kilograms(self.lang, self.passport.net_g), self.say("big.net"))
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
            "–" if limit is None else texts.limit(self.lang, limit, measured.unit),
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
        keys = [
            key
            for key in ("goods", "later", "weight", "sample", "paper")
            if key != "paper" or self.passport.certificates
        ]
        said = [self.say(f"limit.{key}", at=self._at()) for key in keys]
        self.flow.dashed(self.say("section.limits"), said)

    def check_copy(self) -> None:
        self.flow.seal(self.seal, self.lang)

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

    def _at(self) -> str:
        return words.moment(self.lang, self.issued_at)
