"""The certifier's pack as a PDF to read and to file: cover with figures, balances, findings, the list of members. A4.

Long registers (purchases, plots, every run and lot) are in the workbook; here stand their sums. The same pack gives
the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from domain.balance import Balance
from domain.pack import Pack, PackRun
from domain.quantity import WHOLE_BP
from domain.refusals import Lang
from exchange.pack_tables import CELLS, by_excess, checks, facts, nothing, say, tables, told, word
from exchange.paper import ACCENT, ALERT, MM, MUTED, NBSP, PAGE, SIDE, TINT, Col, Paper, bookmarks, register_fonts
from exchange.workbook import Kind

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
    pages = _Document(pack=pack, lang=lang).build()[1]
    return _Document(pack=pack, lang=lang, pages=pages).build()[0]


@dataclass(slots=True, kw_only=True)
class _Document(Paper):
    """The pack on its way to paper."""

    pack: Pack

    def build(self) -> tuple[bytes, int]:
        register_fonts()
        for part in (
            self.cover, self.balances, self.findings, self.estimates, self.runs, self.purchases, self.lots,
            self.control_system, self.contracts, self.corrections, self.members,
        ):  # fmt: skip
            part()
        paper = self.pack.paper
        head = self.say("subtitle", holder=paper.holder, number=paper.number, season=self.pack.season)
        head = f"{say('pack', self.lang)} · {head}"
        made = self.say("fact.made.at", at=f"{self.pack.made_at:%Y-%m-%d %H:%M}", events=self.pack.events)
        foot = f"{say('fact.made', self.lang)} {made}"
        return self.set(head, paper.holder, head, foot, self.say("page", n="{n}", m="{m}"))

    # --- words and figures ---

    def say(self, key: str, **params: object) -> str:
        texts = TEXTS.get(key)
        text = texts[0 if self.lang == "en" else 1] if texts else say(key, self.lang)
        return text.format(**params) if params else text

    def name(self, code: str | None) -> str:
        return self.pack.name(code, self.lang)

    def hectares(self, area_m2: int) -> str:
        text = f"{area_m2 / 10_000:.2f}"
        return text.replace(".", ",") if self.lang == "fr" else text

    # --- pieces of the story ---

    def nothing(self, key: str) -> None:
        self.add(self.text(nothing(key, self.lang), 9))

    # --- cover ---

    def cover(self) -> None:
        from reportlab.platypus import Spacer, Table

        pack = self.pack
        paper, whole = pack.paper, pack.whole
        self.add(bookmarks()(self.clean(say("pack", self.lang))))
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
        self.facts(columns, facts(pack, self.lang))
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
