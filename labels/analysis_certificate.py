"""The certificate of analysis of a lot: A4, for buyer, authority and laboratory.

It states every result and hides none. The headline says whether the lot conforms, does not, or cannot be told yet; a
retest stands in the row below the result that it repeats, and a failure that it lifted is said to be lifted. It claims
nothing, so the words kept for organic goods are not looked for: a source or a test may well be named by one. The same
facts give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from labels import lot_label, texts
from labels import print_texts as words
from labels.document import (
    ACCENT,
    CAREFUL,
    IN_ORDER,
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
from labels.lot_label import ASCENT, CAP, POINT_MM, Text
from labels.print_texts import say

if TYPE_CHECKING:
    from datetime import date, datetime

    from domain.analysis import Analysis, Check, Names, OrderedTest, SampleDrawn, Standing, TestLine
    from domain.documents import Seal

LOOKS: Final[dict[Standing, Look]] = {"conforms": IN_ORDER, "does_not_conform": STOP, "incomplete": CAREFUL}
"""standing -> colour, ground, shape and sign: the verdict can be told apart without colour."""

NAMED: Final = 6
"""Tests that the headline names; the rest are counted."""

CODE_MM: Final = 26.0
"""The width of a column of codes."""


def analysis_pdf(
    analysis: Analysis, number: str, issued_at: datetime, lang: str, frozen_sha256: str, seal: Seal | None = None
) -> bytes:
    """The certificate as PDF.

    ``number``: its number in the issuer's register. ``issued_at``: the moment whose state it shows.
    ``frozen_sha256``: digest of the data that it was made from. ``seal``: what it says of its signature.
    """
    return _Certificate(analysis, number, issued_at, words.language(lang), frozen_sha256, seal).pdf()


@dataclass(slots=True)
class _Certificate:
    """One certificate: its facts, and its parts in the order in which they stand on the paper."""

    analysis: Analysis
    number: str
    issued_at: datetime
    lang: words.Lang
    digest: str
    seal: Seal | None = None
    flow: Flow = field(default_factory=Flow)
    sources: list[tuple[str, date]] = field(default_factory=list)

    def pdf(self) -> bytes:
        for part in (self.head, self.standing, self.facts, self.results, self.ordered, self.due, self.sampling,
                     self.written, self.limits, self.check_copy):  # fmt: skip
            part()
        analysis, number = self.analysis, lot_label.printable(self.say("number", number=self.number))
        running = f"{self.say('analysis')}  ·  {number}  ·  {texts.text(self.lang, 'lot')} {analysis.lot_code}"
        framed(self.flow, Frame(self.lang, number, running, self.digest))
        subject = self.say("certificate_subject", lot=analysis.lot_code, number=self.number)
        return pdf_bytes(self.flow, self.say("analysis"), analysis.issuer, self.lang, subject, analysis.url)

    def say(self, key: str, **params: str | int) -> str:
        return say(self.lang, key, **params)

    # --- the first page ---

    def head(self) -> None:
        """Title, number, issuer; the symbol of the lot's public page where it has one."""
        flow, analysis = self.flow, self.analysis
        issuer = self.say("issued_by", organisation=words.clean(analysis.issuer))
        typed: tuple[str, ...] = ()
        if analysis.url is not None and analysis.label is not None:
            typed = (words.host_of(analysis.url), words.typed(analysis.label))
        number = self.say("number", number=words.clean(self.number))
        flow.title(self.say("analysis"), number, (issuer, self._at()), analysis.url, typed)
        first, second = words.two_languages(self.lang, analysis.product)
        named = words.clean(f"{first} · {second}" if second else first)
        flow.subject(texts.text(self.lang, "lot"), analysis.lot_code, named)

    def standing(self) -> None:
        """Whether the lot conforms, with what stands in the way; then what else the reader must not overlook."""
        analysis = self.analysis
        said = [self.say(f"standing_on.{analysis.standing}", at=self._at(), tests=self._in_the_way())]
        lifted = sum(check.lifted_by is not None for check in analysis.checks)
        if lifted:
            said.append(words.counted(self.lang, "standing.lifted", lifted))
        if any(line.verdict == "lowers_grade" for check in analysis.checks for line in check.lines):
            said.append(self.say("standing.lowered"))
        if analysis.disposition != "available":
            key = f"disposition.{analysis.disposition}"
            said.append(self.say("standing.blocked", disposition=self.say(key)))
        below = self.say("live_long") if analysis.url is not None else self.say("no_label")
        word = self.say(f"standing.{analysis.standing}")
        self.flow.state(LOOKS[analysis.standing], word, " ".join(said), below, analysis.url)

    def _in_the_way(self) -> str:
        """The tests that failed and stand, or those that are awaited or due; named once each."""
        analysis = self.analysis
        if analysis.standing == "does_not_conform":
            named = [
                self.say("in_check", test=self._name(line.test, line.name), n=check.number)
                for check in analysis.checks
                if check.verdict == "fail" and check.lifted_by is None
                for line in check.lines
                if line.verdict == "failed"
            ]
            named = named or [self.say("fact.grade")]
        else:
            waiting = [(test.test, test.name) for test in analysis.ordered if test.state == "awaited"]
            waiting += [test for due in analysis.due for test in due.tests]
            named = [self._name(test, name) for test, name in waiting]
        named = list(dict.fromkeys(named))
        more = [f"+ {len(named) - NAMED}"] if len(named) > NAMED else []
        return ", ".join(named[:NAMED] + more)

    def facts(self) -> None:
        """What a buyer looks for first, and how many tests became what."""
        analysis, flow = self.analysis, self.flow
        laboratories = dict.fromkeys(check.laboratory for check in analysis.checks if check.laboratory)
        cells = [
            ("fact.net", words.kilograms(self.lang, analysis.net_g)),
            ("fact.made", words.day(self.lang, analysis.made_on)),
            ("fact.expires", words.day(self.lang, analysis.expires_on) if analysis.expires_on else None),
            ("fact.owner", analysis.owner),
            ("fact.samples", ", ".join(sample.code for sample in analysis.samples)),
            ("fact.laboratories", ", ".join(laboratories)),
        ]
        flow.grid([(self.say(key), words.clean(value or self.say("none_stated"))) for key, value in cells])
        counted = analysis.counted
        flow.y += 17 * POINT_MM * CAP + 4.6
        x = LEFT
        if not counted.ordered:
            checks = len(analysis.checks)
            flow.figure(x, texts.number(checks), self.say(texts.counted(self.lang, "big.checks", checks)))
            return
        figures = (
            ("ordered", counted.ordered),
            ("passed", counted.passed),
            ("failed", counted.failed),
            ("awaited", counted.awaited),
        )
        for key, count in figures:
            x = flow.figure(x, texts.number(count), self.say(texts.counted(self.lang, f"big.{key}", count)))

    # --- the sections ---

    def results(self) -> None:
        """Every check of the lot, line by line; below a result that was repeated, what the retest found."""
        flow = self.flow
        flow.heading(self.say("section.results"), 40)
        for check in self.analysis.checks:
            self._check(check)
        lines = [line for check in self.analysis.checks for line in check.lines]
        if any(line.uncertainty for line in lines):
            flow.paragraph(self.say("about_uncertainty"), 8, colour=MUTED)
        if any(line.below for line in lines):
            flow.paragraph(self.say("about_loq"), 8, colour=MUTED)
        if any(line.verdict == "does_not_count" for line in lines):
            flow.paragraph(self.say("about_counting"), 8, colour=MUTED)

    def _check(self, check: Check) -> None:
        flow = self.flow
        flow.need(26)
        day, by = words.day(self.lang, check.at.date()), words.clean(check.by)
        verdict = self._verdict(check)
        title = self.say("check_no", n=check.number, day=day, by=by)
        flow.paragraph(f"{title}{words.colon(self.lang)} {verdict}", 9, bold=True, after=0.4)
        for said in self._about(check):
            flow.paragraph(said, 8, colour=MUTED)
        flow.y += 0.8
        columns = [
            Column(self.say("col.test"), 37, lines=3),
            Column(self.say("col.method"), 28.5, lines=4),
            Column(self.say("col.result"), 24.5, "end", lines=2),
            Column(self.say("col.unit"), 18, lines=2),
            Column("±", 11, "end", lines=2),
            Column(self.say("col.limit"), 18, "end", lines=2),
            Column(self.say("col.source"), 8.5, "end"),
            Column(self.say("col.verdict"), 20.5, "end", lines=2),
        ]
        rows: list[tuple[str, ...]] = []
        strong: list[int] = []
        retests = [other for other in self.analysis.checks if other.retest_of == check.number]
        for line in check.lines:
            if line.verdict == "failed":
                strong.append(len(rows))
            rows.append(self._line(line, self._name(line.test, line.name)))
            for other in retests:
                rows += [
                    self._line(found, self.say("retest_row", n=other.number))
                    for found in other.lines
                    if found.test == line.test
                ]
        flow.table(columns, rows, strong=strong)
        flow.y += 1.4
        self._fate(check, retests)
        flow.y += 2.4

    def _verdict(self, check: Check) -> str:
        """Passed or failed; what passed and does not count, or was not decided, is not called passed."""
        found = {line.verdict for line in check.lines} if check.verdict == "pass" else set()
        short = next((said for said in ("does_not_count", "not_decided") if said in found), None)
        verdict = self.say(f"verdict.{short}") if short else texts.text(self.lang, check.verdict)
        return f"{verdict}, {lot_label.grade_words(check.grade, self.lang).lower()}" if check.grade else verdict

    def _about(self, check: Check) -> list[str]:
        """Sample, laboratory and stage; for a retest what it repeats and why."""
        stage = f"stage.{check.stage}"
        known = [
            self.say("check_sample", sample=check.sample) if check.sample else None,
            self.say("check_laboratory", laboratory=check.laboratory) if check.laboratory else None,
            self.say("check_accreditation", accreditation=check.accreditation) if check.accreditation else None,
            self.say("check_stage", stage=self.say(stage) if stage in words.TEXTS else texts.words(check.stage)),
        ]
        lines = ["  ·  ".join(part for part in known if part)]
        if check.retest_of is not None:
            reason = words.clean(check.reason or self.say("none_stated"))
            lines.append(self.say("check_retest", n=check.retest_of, reason=reason))
        return lines

    def _fate(self, check: Check, retests: list[Check]) -> None:
        """What became of a failure: lifted, by which retest, or standing."""
        if check.verdict != "fail":
            return
        if check.lifted_by is not None:
            by = self.analysis.checks[check.lifted_by - 1]
            said = self.say("check_lifted", n=by.number, day=words.day(self.lang, by.at.date()))
        else:
            said = self.say("check_stands") + (" " + self.say("check_again") if retests else "")
        self.flow.paragraph(said, 8.5, bold=True)

    def _line(self, line: TestLine, name: str) -> tuple[str, ...]:
        column = line.unit if line.unit == texts.YES_NO else ""  # other units have a column of their own
        limit = "–" if line.limit is None else texts.limit(self.lang, line.limit, column)
        uncertainty = texts.decimal(self.lang, line.uncertainty) if line.uncertainty else ""
        unit = "" if line.unit == texts.YES_NO else texts.unit(self.lang, line.unit)
        verdict = self.say(f"verdict.{line.verdict}")
        return name, line.method or "", self._value(line), unit, uncertainty, limit, self._reference(line), verdict

    def _value(self, line: TestLine) -> str:
        if line.unit == texts.YES_NO:
            return texts.amount(self.lang, line.value, line.unit)
        value = texts.decimal(self.lang, line.value)
        if line.below:
            return self.say("below", value=value)
        return f"{value} ({line.count}/{line.of})" if line.count is not None and line.of else value

    def _reference(self, line: TestLine) -> str:
        """The number of a source in the list below; the same source has one number."""
        if line.source is None or line.source_from is None:
            return ""
        source = (line.source, line.source_from)
        if source not in self.sources:
            self.sources.append(source)
        return str(self.sources.index(source) + 1)

    def _name(self, test: str, name: Names | None) -> str:
        """The word that the public page uses, else the profile's, else the code."""
        key = f"test.{test}"
        if texts.has(key):
            return texts.text(self.lang, key)
        return words.of_language(self.lang, name) if name else texts.words(test)

    def ordered(self) -> None:
        """Every test ordered, and what became of it; none is left out because of what it found."""
        if not self.analysis.ordered:
            return
        flow = self.flow
        flow.heading(self.say("section.ordered"))
        columns = [
            Column(self.say("col.test"), 58, lines=2),
            Column(self.say("col.ordered"), 24),
            Column(self.say("col.laboratory"), 30),
            Column(self.say("col.due"), 24),
            Column(self.say("col.state"), 30, "end"),
        ]
        flow.table(columns, [self._order(test) for test in self.analysis.ordered])

    def _order(self, test: OrderedTest) -> tuple[str, ...]:
        state = "late" if test.late else test.state
        due = test.due.isoformat() if test.due else ""
        day = test.at.date().isoformat()
        return self._name(test.test, test.name), day, test.laboratory or "", due, self.say(f"state_of.{state}")

    def due(self) -> None:
        """What the specification still asks for before the next steps."""
        said = [
            self.say(
                "due",
                step=self.say(f"before.{item.before}"),
                tests=", ".join(self._name(test, name) for test, name in item.tests),
            )
            for item in self.analysis.due
        ]
        self.flow.dashed(self.say("section.due"), said or [self.say("due_none")])

    def sampling(self) -> None:
        """How the samples were drawn."""
        flow, samples = self.flow, self.analysis.samples
        flow.heading(self.say("section.sampling"))
        if not samples:
            flow.paragraph(self.say("no_samples"), 9)
            return
        columns = [
            Column(self.say("col.sample"), CODE_MM, lines=4),
            Column(self.say("col.drawn"), 21),
            Column(self.say("col.by"), 33, lines=4),
            Column(self.say("col.bags"), 21, "end", lines=2),
            Column(self.say("col.increments"), 22, "end"),
            Column(self.say("col.weight"), 17, "end"),
            Column(self.say("col.seal"), CODE_MM, "end", lines=4),
        ]
        flow.table(columns, [self._sample(sample) for sample in samples])
        for sample in samples:
            if sample.lots > 1:
                flow.y += 1.2
                flow.paragraph(self.say("shared_sample", sample=sample.code, n=sample.lots), 8, colour=MUTED)

    def _sample(self, sample: SampleDrawn) -> tuple[str, ...]:
        drawn = sample.drawn_from
        bags = self.say("of", n=drawn or 0, of=sample.bags) if sample.bags is not None else ""
        weight = words.kilograms(self.lang, sample.grams) if sample.grams is not None else ""
        day, increments = sample.at.date().isoformat(), texts.number(sample.increments)
        return _broken(sample.code), day, sample.by, bags, increments, weight, _broken(sample.seal or "")

    def written(self) -> None:
        """The sources of the limits, by the numbers that the results refer to."""
        flow = self.flow
        flow.heading(self.say("section.sources"), 18)
        if not self.sources:
            flow.paragraph(self.say("no_sources"), 9)
        left = LEFT + 7
        for number, (source, since) in enumerate(self.sources, start=1):
            said = self.say("source", source=words.clean(source).rstrip("."), day=words.day(self.lang, since))
            flow.need(3.8 * len(lot_label.wrapped(said, RIGHT - left, 8.5)))
            flow.add(Text(LEFT, flow.y + 8.5 * POINT_MM * ASCENT, 8.5, str(number), bold=True, colour=ACCENT))
            flow.paragraph(said, 8.5, x=left, width=RIGHT - left, after=0.8)

    def limits(self) -> None:
        """What nobody should read into this paper."""
        analysis = self.analysis
        keys = ["goods_sampled", "sample", "results", "later_results"]
        if any(check.accreditation for check in analysis.checks):
            keys.insert(3, "accreditation")
        issuer = words.clean(analysis.issuer)
        said = [self.say(f"limit.{key}", at=self._at(), organisation=issuer) for key in keys]
        self.flow.dashed(self.say("section.limits"), said)

    def check_copy(self) -> None:
        self.flow.seal(self.seal, self.lang)

    def _at(self) -> str:
        return words.moment(self.lang, self.issued_at)


def _broken(code: str) -> str:
    """A code with spaces where it must be broken to fit its column: it is never cut."""
    parts = [""]
    for character in code:
        if lot_label.text_width(parts[-1] + character, 8.5) > CODE_MM - 2:
            parts.append("")
        parts[-1] += character
    return " ".join(parts)
