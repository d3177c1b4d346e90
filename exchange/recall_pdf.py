"""The report of a recall, and the record of a test of one, as PDF: what an authority or an auditor asks to see. A4.

Figures first, then the reconciliation, both graphs, the lots, whom it went to and who was told, where it came from,
and the course of events. The same report gives the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from domain.findings import sentence
from domain.quantity import WHOLE_BP
from domain.recall import Account, LotPart, Report
from domain.refusals import NONE, Lang
from domain.trace import Node
from exchange.drawing import picture
from exchange.pack_tables import word
from exchange.paper import (
    ACCENT,
    ALERT,
    BOLD,
    FOOT,
    HAIR,
    HEAD,
    MM,
    MUTED,
    NBSP,
    PAGE,
    PLAIN,
    SIDE,
    TINT,
    Col,
    Paper,
    bookmarks,
    register_fonts,
)

MOST_SOURCES: Final = 120
"""Rows of the list of sources; beyond it they are summed by farmer or site. The workbook and the API hold every one."""

MOST_LOTS: Final = 400
PARTS: Final = (("in_house", "#0b5d3b"), ("shipped", "#c77700"), ("destroyed", "#5a655f"), ("returned", "#2b6cb0"))
"""Where affected goods are, and the colour of each part of the bar."""

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "title.real": ("Recall report", "Rapport de rappel"),
    "title.mock": ("Record of a recall test", "Procès-verbal d'un essai de rappel"),
    "open": ("open", "ouvert"),
    "closed": ("closed", "clos"),
    "part": ("Your part of a recall of {organisation}", "Votre part d'un rappel de {organisation}"),
    "affected": ("affected", "concernés"),
    "in_house": ("in house", "en stock"),
    "shipped": ("shipped, still out", "expédiés, encore dehors"),
    "destroyed": ("destroyed", "détruits"),
    "returned": ("returned", "revenus"),
    "gone": ("destroyed or returned", "détruits ou revenus"),
    "fact.organisation": ("Organisation", "Organisation"),
    "fact.origin": ("Opened from", "Ouvert à partir de"),
    "fact.reason": ("Reason", "Motif"),
    "fact.opened": ("Opened", "Ouvert"),
    "fact.by": ("{at} UTC by {by}", "{at} UTC par {by}"),
    "fact.at": ("{at} UTC", "{at} UTC"),
    "fact.blocked": ("Blocked", "Bloqués"),
    "blocked": (
        "in the same transaction: {lots} lots, and {pages} of their public pages",
        "dans la même transaction : {lots} lots, et {pages} de leurs pages publiques",
    ),
    "blocked.none": ("Nothing: a test blocks no lot", "Rien : un essai ne bloque aucun lot"),
    "fact.took": ("Time to trace", "Temps de traçage"),
    "took": (
        "{seconds} s back, forward, with quantities and contacts",
        "{seconds} s en amont, en aval, avec quantités et contacts",
    ),
    "fact.whole": ("Opening to closing", "De l'ouverture à la clôture"),
    "whole": ("{took}", "{took}"),
    "whole.mock": ("{took}; target {target}", "{took} ; objectif {target}"),
    "whole.open": ("still open", "encore ouvert"),
    "whole.open.mock": ("still open; target {target}", "encore ouvert ; objectif {target}"),
    "span": ("{hours} h {minutes:02d} min", "{hours} h {minutes:02d} min"),
    "fact.traced": ("Traced", "Tracé"),
    "traced": (
        "lots upstream: {back} · lots downstream: {forward} · recipients: {recipients}",
        "lots en amont : {back} · lots en aval : {forward} · destinataires : {recipients}",
    ),
    "fact.reconciled": ("Reconciled", "Réconcilié"),
    "reconciled": (
        "{bp} of the affected goods; in house, destroyed or returned: {secured}",
        "{bp} des marchandises concernées ; en stock, détruits ou revenus : {secured}",
    ),
    "fact.closed": ("Closed", "Clos"),
    "fact.note": ("Conclusion", "Conclusion"),
    "fact.next": ("Next test due", "Prochain essai dû"),
    "fact.basis": ("Held against", "Mesuré à"),
    "findings": ("Findings", "Constats"),
    "findings.none": ("Nothing was found that asks for a look.", "Rien à examiner n'a été constaté."),
    "reconciliation": ("Reconciliation", "Réconciliation"),
    "reconciliation.note": (
        "Affected = in house + shipped + destroyed + returned, to the gram, as of {at} UTC.",
        "Concernés = en stock + expédiés + détruits + revenus, au gramme, état au {at} UTC.",
    ),
    "sum.roots": ("Lots where the recall begins", "Lots où commence le rappel"),
    "sum.mixed": ("+ mixed in from other lots on the way", "+ ajoutés d'autres lots en chemin"),
    "sum.process": ("− lost in processing", "− perdus à la transformation"),
    "sum.lost": ("− lost in handling before the recall", "− perdus en manutention avant le rappel"),
    "sum.over": ("+ drawn beyond a lot after a correction", "+ sortis au-delà d'un lot après une correction"),
    "sum.affected": ("= affected goods", "= marchandises concernées"),
    "sum.in_house": ("in house", "en stock"),
    "sum.shipped": ("+ shipped, still out", "+ expédiés, encore dehors"),
    "sum.destroyed": ("+ destroyed", "+ détruits"),
    "sum.returned": ("+ returned", "+ revenus"),
    "sum.found": ("= found", "= retrouvés"),
    "sum.difference": ("Difference", "Écart"),
    "graph.back": ("Upstream", "Amont"),
    "graph.forward": ("Downstream", "Aval"),
    "glyphs": (
        "A “?” stands for a character that this typeface cannot set.",
        "Un « ? » remplace un caractère que cette police ne peut composer.",
    ),
    "lots": ("Affected lots", "Lots concernés"),
    "lots.note": (
        "Made = in house + processed on + lost before + destroyed + shipped + returned, for each lot. "
        "A dot marks a lot where the recall begins. In the total, goods count once a lot that they passed.",
        "Fait = en stock + transformé + perdu avant + détruit + expédié + revenu, pour chaque lot. "
        "Un point marque un lot où commence le rappel. Au total, la marchandise compte une fois par lot traversé.",
    ),
    "lots.others": ("{n} lots held by others, not disclosed", "{n} lots chez d'autres, non divulgués"),
    "lots.more": ("{n} more lots", "{n} autres lots"),
    "lot": ("Lot", "Lot"),
    "product": ("Product", "Produit"),
    "where": ("Where", "Où"),
    "made_on": ("Made on", "Fait le"),
    "made_g": ("Made (kg)", "Fait (kg)"),
    "in_house_g": ("In house (kg)", "En stock (kg)"),
    "processed_g": ("Processed on (kg)", "Transformé (kg)"),
    "lost_g": ("Lost before (kg)", "Perdu avant (kg)"),
    "destroyed_g": ("Destroyed (kg)", "Détruit (kg)"),
    "shipped_g": ("Shipped (kg)", "Expédié (kg)"),
    "returned_g": ("Returned (kg)", "Revenu (kg)"),
    "state": ("State", "État"),
    "total": ("Total", "Total"),
    "recipients": ("Recipients", "Destinataires"),
    "recipients.note": (
        "Those whom {organisation} supplied. Each organisation tells its own recipients.",
        "Ceux que {organisation} a fournis. Chaque organisation prévient ses propres destinataires.",
    ),
    "recipients.none": ("Nothing had left.", "Rien n'était parti."),
    "recipient": ("Recipient", "Destinataire"),
    "contact": ("Contact", "Contact"),
    "goods": ("Lots, date, document", "Lots, date, document"),
    "kg": ("kg", "kg"),
    "told": ("Told", "Prévenu"),
    "told.not": ("not yet", "pas encore"),
    "nobody": ("not told to whom", "destinataire non indiqué"),
    "no_contact": ("no telephone, no e-mail", "ni téléphone ni adresse électronique"),
    "transferred": ("handed over", "remis"),
    "sources": ("Where it came from", "Provenance"),
    "sources.note": (
        "Lots upstream as far as they are disclosed. Deliveries: {deliveries}; farmers: {farmers}.",
        "Lots en amont, pour autant qu'ils soient divulgués. Livraisons : {deliveries} ; producteurs : {farmers}.",
    ),
    "sources.none": ("Nothing upstream is disclosed to you.", "Rien en amont ne vous est divulgué."),
    "sources.summed": (
        "Summed by farmer or site; every lot stands in the answer of the interface.",
        "Par producteur ou site ; chaque lot figure dans la réponse de l'interface.",
    ),
    "farmer": ("Farmer, plot", "Producteur, parcelle"),
    "count": ("Lots", "Lots"),
    "returns": (
        "Goods that came back or were destroyed by the consignee",
        "Marchandises revenues, ou détruites chez le client",
    ),
    "outcome.returned": ("returned", "revenu"),
    "outcome.destroyed": ("destroyed there", "détruit sur place"),
    "place": ("Place", "Lieu"),
    "document": ("Document", "Document"),
    "on": ("Day", "Jour"),
    "what": ("What", "Quoi"),
    "withdrawn": ("withdrawn", "retiré"),
    "timeline": ("Course of events", "Déroulement"),
    "when": ("When (UTC)", "Quand (UTC)"),
    "who": ("Who", "Qui"),
    "t.opened.real": ("Recall opened; {lots} lots blocked", "Rappel ouvert ; {lots} lots bloqués"),
    "t.opened.mock": ("Test begun", "Essai commencé"),
    "t.opened.part": ("Recall opened by {organisation}", "Rappel ouvert par {organisation}"),
    "t.closed.part": ("Closed by {organisation}", "Clos par {organisation}"),
    "t.traced": (
        "Both sets, quantities and contacts found after {seconds} s",
        "Amont, aval, quantités et contacts trouvés après {seconds} s",
    ),
    "t.told.real": ("{recipient} told: {how}", "{recipient} prévenu : {how}"),
    "t.told.mock": ("{recipient} reached: {how}", "{recipient} joint : {how}"),
    "t.returned": ("{kg} kg of {lot} returned by {recipient}", "{kg} kg de {lot} revenus de {recipient}"),
    "t.destroyed": ("{kg} kg of {lot} destroyed at {recipient}", "{kg} kg de {lot} détruits chez {recipient}"),
    "t.lost": ("{kg} kg of {lot} destroyed: {reason}", "{kg} kg de {lot} détruits : {reason}"),
    "t.closed": ("Closed: {note}", "Clos : {note}"),
    "sign.opened": ("For the organisation: name, date, signature", "Pour l'organisation : nom, date, signature"),
    "sign.checked": ("Checked by: name, date, signature", "Vérifié par : nom, date, signature"),
    "page": ("Page {n} of {m}", "Page {n} sur {m}"),
    "foot": (
        "Drawn up {at} UTC · events in the log are proof, this paper is their summary",
        "Établi le {at} UTC · les événements du journal font foi, ce papier les résume",
    ),
    "origin.lot": ("lot {ref}", "lot {ref}"),
    "origin.input": ("input {ref}", "intrant {ref}"),
    "origin.plot": ("plot {ref}", "parcelle {ref}"),
    "origin.load": ("load {ref}", "charge {ref}"),
    "origin.vessel": ("vessel {ref}", "cuve {ref}"),
    "origin.check": ("failed check {ref}", "contrôle échoué {ref}"),
}


def recall_pdf(report: Report, pictures: Mapping[str, bytes], names: Mapping[str, str], lang: Lang = "en") -> bytes:
    """The report as PDF. ``pictures``: SVG drawings of the sets ``back`` and ``forward``. ``names`` of products."""
    _, pages = _Document(lang=lang, report=report, pictures=pictures, names=names).build()
    return _Document(lang=lang, pages=pages, report=report, pictures=pictures, names=names).build()[0]


@dataclass(slots=True, kw_only=True)
class _Document(Paper):
    """A report on its way to paper."""

    report: Report
    pictures: Mapping[str, bytes]
    names: Mapping[str, str]

    def build(self) -> tuple[bytes, int]:
        register_fonts()
        for part in (
            self.cover, self.reconciliation, self.graphs, self.lots, self.recipients, self.returns, self.sources,
            self.timeline, self.signatures,
        ):  # fmt: skip
            part()
        case = self.report.case
        head = f"{self.say(f'title.{case.kind}')} {case.number} · {case.organisation_name}"
        foot = self.say("foot", at=self.moment(self.report.survey.made_at))
        return self.set(head, case.organisation_name, head, foot, self.say("page", n="{n}", m="{m}"))

    def say(self, key: str, **params: object) -> str:
        text = TEXTS[key][0 if self.lang == "en" else 1]
        return text.format(**params) if params else text

    def moment(self, at: datetime) -> str:
        return f"{at:%Y-%m-%d %H:%M}"

    def seconds(self) -> str:
        text = f"{self.report.case.took_ms / 1000:.3f}"
        return text.replace(".", ",") if self.lang == "fr" else text

    def name(self, product: str) -> str:
        return self.names.get(product, product)

    def _span(self, minutes: int) -> str:
        return self.say("span", hours=minutes // 60, minutes=minutes % 60)

    @property
    def width(self) -> float:
        return PAGE[0] - 2 * SIDE

    # --- cover ---

    def cover(self) -> None:
        from reportlab.platypus import Spacer

        report = self.report
        case, seen = report.case, report.survey
        title = self.say(f"title.{case.kind}")
        self.add(bookmarks()(self.clean(title)))
        colour = ALERT if case.kind == "real" else ACCENT
        self.add(self.text(title, 24, colour, bold=True, after=2))
        self.add(self.text(f"{case.number} · {self.say(case.state)}", 13, bold=True, after=0.5))
        under = case.organisation_name if case.mine else self.say("part", organisation=case.organisation_name)
        self.add(self.text(under, 10, MUTED, after=5))
        self._tiles()
        self.add(Spacer(1, 3 * MM))
        if seen.sums is not None and seen.sums.affected_g > 0:
            self._bar()
        columns = [Col("", 42), Col("", self.width - 42)]
        self.facts(columns, [(self.say(f"fact.{key}"), value) for key, value in self._facts()])
        self._findings()

    def _whole(self) -> Account:
        return self.report.survey.whole

    def _tiles(self) -> None:
        from reportlab.platypus import Table

        sums, whole = self.report.survey.sums, self._whole()
        found = whole.in_house_g + whole.shipped_g + whole.destroyed_g + whole.returned_g
        figures = (
            (sums.affected_g if sums is not None else found, "affected"),
            (whole.in_house_g, "in_house"),
            (whole.shipped_g, "shipped"),
            (whole.destroyed_g + whole.returned_g, "gone"),
        )
        cells = [
            [self.text(self.short_kg(grams), 13, bold=True, after=0.5), self.text(self.say(key), 8, MUTED, after=0)]
            for grams, key in figures
        ]
        style = [
            ("BACKGROUND", (0, 0), (-1, -1), TINT),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 3 * MM),
            ("RIGHTPADDING", (0, 0), (-1, -1), 1 * MM),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5 * MM),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5 * MM),
        ]
        self.add(Table([cells], [self.width / 4 * MM] * 4, style=style, hAlign="LEFT"))

    def _bar(self) -> None:
        """The affected goods by where they are, as one bar with its legend below."""
        from reportlab.graphics.shapes import Drawing, Rect, String
        from reportlab.lib.colors import HexColor
        from reportlab.pdfbase.pdfmetrics import stringWidth
        from reportlab.platypus import Spacer

        sums = self.report.survey.sums
        assert sums is not None
        wide = self.width * MM
        drawing = Drawing(wide, 9 * MM)
        x = legend = 0.0
        for name, colour in PARTS:
            grams = getattr(sums, f"{name}_g")
            part = wide * grams / sums.affected_g
            if grams:
                drawing.add(Rect(x, 5 * MM, part, 4 * MM, fillColor=HexColor(colour), strokeColor=None))
            x += part
            drawing.add(Rect(legend, 0.6 * MM, 2 * MM, 2 * MM, fillColor=HexColor(colour), strokeColor=None))
            said = self.clean(f"{self.say(name)} {self.percent(grams * WHOLE_BP // sums.affected_g)}")
            drawing.add(String(legend + 3 * MM, 0.8 * MM, said, fontName=PLAIN, fontSize=7))
            legend += stringWidth(said, PLAIN, 7) + 8 * MM
        self.add(drawing, Spacer(1, 3 * MM))

    def _facts(self) -> list[tuple[str, str]]:
        report = self.report
        case, seen = report.case, report.survey
        back = sum(node.code not in seen.roots for node in seen.back.nodes)
        recipients = sum(code != NONE for code in seen.recipients())
        traced = self.say(
            "traced", back=back, forward=len(seen.lots) + seen.hidden_lots - len(seen.roots), recipients=recipients
        )
        rows = [("organisation", f"{case.organisation_name} ({case.organisation})")]
        if case.mine:
            rows.append(("origin", self.say(f"origin.{case.origin}", ref=case.ref)))
        rows.append(("reason", case.reason))
        opened = self.say("fact.by" if case.opened_by else "fact.at", at=self.moment(case.opened_at), by=case.opened_by)
        rows += [("opened", opened), ("traced", traced)]
        if case.mine:
            rows.insert(-1, ("took", self.say("took", seconds=self.seconds())))
            blocked = self.say("blocked", lots=case.held_lots, pages=case.pages)
            rows.append(("blocked", blocked if case.kind == "real" else self.say("blocked.none")))
        if seen.sums is not None:
            bp, secured = self.percent(seen.sums.reconciled_bp), self.percent(seen.sums.secured_bp)
            rows.append(("reconciled", self.say("reconciled", bp=bp, secured=secured)))
        target = self._span(report.target.value)
        whole = "whole.open" if report.minutes is None else "whole"
        whole += ".mock" if case.kind == "mock" else ""
        rows.append(("whole", self.say(whole, took=self._span(report.minutes or 0), target=target)))
        if case.mine:
            rows.append(("basis", report.target.source))
        if case.closed_at is not None:
            by = case.closed_by or ""
            rows.append(("closed", self.say("fact.by" if by else "fact.at", at=self.moment(case.closed_at), by=by)))
        if case.note:
            rows.append(("note", case.note))
        if case.kind == "mock":
            due = case.opened_at + timedelta(days=report.interval.value)
            rows.append(("next", f"{due:%Y-%m-%d}"))
        return rows

    def _findings(self) -> None:
        self.heading(self.say("findings"))
        if not self.report.findings:
            self.add(self.text(self.say("findings.none"), 9, ACCENT, bold=True))
        for one in self.report.findings:
            self.add(self.text(f"• {sentence(one, self.lang)}", 9, ALERT, after=0.8))

    # --- the grams ---

    def reconciliation(self) -> None:
        sums = self.report.survey.sums
        if sums is None:
            return
        at = self.moment(self.report.survey.made_at)
        self.heading(self.say("reconciliation"), self.say("reconciliation.note", at=at))
        lines = [
            ("roots", sums.roots_g, False),
            ("mixed", sums.mixed_in_g, False),
            ("process", sums.process_loss_g, False),
            ("lost", sums.lost_g, False),
            *([("over", sums.over_g, False)] if sums.over_g else []),
            ("affected", sums.affected_g, True),
            *((name, getattr(sums, f"{name}_g"), False) for name, _ in PARTS),
            ("found", sums.found_g, True),
            ("difference", sums.difference_g, True),
        ]
        self._equation([(self.say(f"sum.{name}"), self.kg(grams), strong) for name, grams, strong in lines])

    def _equation(self, lines: Sequence[tuple[str, str, bool]]) -> None:
        """Lines that add up, their sums set off."""
        from reportlab.platypus import Table

        strong = [at for at, line in enumerate(lines) if line[2]]
        style = [
            ("FONT", (0, 0), (-1, -1), PLAIN, 8.5, 11),
            ("ALIGN", (1, 0), (1, -1), "RIGHT"),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("RIGHTPADDING", (1, 0), (1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 1.8),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
            ("LINEBELOW", (0, 0), (-1, -1), 0.3, HAIR),
            *(("FONT", (0, at), (-1, at), BOLD, 8.5, 11) for at in strong),
            *(("BACKGROUND", (0, at), (-1, at), TINT) for at in strong),
            *(("LINEABOVE", (0, at), (-1, at), 0.6, ACCENT) for at in strong),
        ]
        rows = [[self.clean(title), f"{figure}{NBSP}kg"] for title, figure, _ in lines]
        self.add(Table(rows, [(self.width - 50) * MM, 50 * MM], style=style, hAlign="LEFT"))

    def graphs(self) -> None:
        from reportlab.platypus import NextPageTemplate, PageBreak, Spacer

        self.add(NextPageTemplate("wide"), PageBreak())
        for key in ("forward", "back"):
            svg = self.pictures.get(key)
            if svg is not None:
                self.add(bookmarks()(self.clean(self.say(f"graph.{key}"))))
                room = (PAGE[0] - HEAD - FOOT - 4) * MM
                self.add(picture(svg, (PAGE[1] - 2 * SIDE) * MM, room), Spacer(1, 4 * MM))

    def lots(self) -> None:
        seen = self.report.survey
        self.heading(self.say("lots"), self.say("lots.note"))
        cells = ("made_g", "in_house_g", "processed_g", "lost_g", "destroyed_g", "shipped_g", "returned_g")
        columns = [
            Col(self.say("lot"), 34), Col(self.say("product"), 32), Col(self.say("where"), 38),
            Col(self.say("made_on"), 18), *(Col(self.say(cell), 17, "right") for cell in cells),
            Col(self.say("state"), 16),
        ]  # fmt: skip
        shown = seen.lots[:MOST_LOTS]
        rows = [self._lot(one, cells) for one in shown]
        rest = sum((one.account for one in seen.lots[MOST_LOTS:]), Account())
        if len(seen.lots) > MOST_LOTS:
            rows.append(self._summed(self.say("lots.more", n=len(seen.lots) - MOST_LOTS), rest, cells))
        if seen.hidden_lots:
            rows.append(self._summed(self.say("lots.others", n=seen.hidden_lots), seen.hidden, cells))
        self.table(columns, rows, total=self._summed(self.say("total"), seen.whole, cells), size=6.8)

    def _lot(self, one: LotPart, cells: Sequence[str]) -> tuple[str, ...]:
        return (
            f"{'• ' if one.root else ''}{one.code}",
            self.name(one.product),
            one.site or one.organisation,
            self.day(one.at),
            *(self._grams(getattr(one.account, cell)) for cell in cells),
            word(one.disposition, self.lang),
        )

    def _summed(self, title: str, account: Account, cells: Sequence[str]) -> tuple[str, ...]:
        return (title, "", "", "", *(self._grams(getattr(account, cell)) for cell in cells), "")

    def _grams(self, grams: int) -> str:
        return self.kg(grams) if grams else "–"

    # --- whom it went to ---

    def recipients(self) -> None:
        report = self.report
        note = self.say("recipients.note", organisation=report.case.organisation_name) if report.case.mine else ""
        self.heading(self.say("recipients"), note)
        codes = report.survey.recipients()
        if not codes:
            self.add(self.text(self.say("recipients.none"), 9))
            return
        columns = [
            Col(self.say("recipient"), 50), Col(self.say("contact"), 60), Col(self.say("goods"), 76),
            Col(self.say("kg"), 24, "right"), Col(self.say("told"), 47),
        ]  # fmt: skip
        self.table(columns, [self._recipient(code) for code in codes], total=None, size=7.2)

    def _recipient(self, code: str) -> tuple[str, ...]:
        survey, notified = self.report.survey, self.report.told(code)
        contact, goods = survey.contact(code), survey.to(code)
        reach = ", ".join(part for part in (contact.person, contact.phone, contact.email, contact.address) if part)
        lines = "; ".join(
            " ".join(
                part
                for part in (
                    one.code,
                    self.day(one.at),
                    one.document or "",
                    f"({self.say('transferred')})" if one.how == "transferred" else "",
                )
                if part
            )
            for one in goods
        )
        told = self.say("told.not")
        if notified is not None:
            told = f"{self.moment(notified.at)} {notified.by}: {notified.how}"
        nobody = code == NONE
        return (
            self.say("nobody") if nobody else contact.name if contact.name == code else f"{contact.name} ({code})",
            "" if nobody else reach or self.say("no_contact"),
            lines,
            self.kg(sum(one.grams for one in goods)),
            "" if nobody else told,
        )

    def returns(self) -> None:
        if not self.report.returned:
            return
        self.heading(self.say("returns"))
        columns = [
            Col(self.say("on"), 22), Col(self.say("lot"), 40), Col(self.say("recipient"), 40),
            Col(self.say("what"), 34), Col(self.say("kg"), 26, "right"), Col(self.say("place"), 55),
            Col(self.say("document"), 40),
        ]  # fmt: skip
        rows = [
            (
                self.day(one.on), one.code, self.say("nobody") if one.recipient == NONE else one.recipient,
                self.say(f"outcome.{one.outcome}") + (f", {self.say('withdrawn')}" if one.withdrawn_at else ""),
                self.kg(one.grams), one.place, one.document or "",
            )
            for one in self.report.returned
        ]  # fmt: skip
        self.table(columns, rows)

    # --- where it came from ---

    def sources(self) -> None:
        seen = self.report.survey
        nodes = [
            node
            for node in seen.back.nodes
            if node.disclosed and (node.kind == "delivery" or node.code not in seen.roots)
        ]
        deliveries = [node for node in nodes if node.kind == "delivery"]
        farmers = {node.farmer for node in deliveries if node.farmer}
        said = self.say("sources.note", deliveries=self.count(len(deliveries)), farmers=self.count(len(farmers)))
        self.heading(self.say("sources"), said if nodes else "")
        if not nodes:
            self.add(self.text(self.say("sources.none"), 9))
        elif len(nodes) <= MOST_SOURCES:
            self._each_source(nodes)
        else:
            self._summed_sources(nodes)

    def _each_source(self, nodes: Sequence[Node]) -> None:
        columns = [
            Col(self.say("lot"), 44), Col(self.say("product"), 56), Col(self.say("farmer"), 62),
            Col(self.say("where"), 49), Col(self.say("made_on"), 22), Col(self.say("kg"), 24, "right"),
        ]  # fmt: skip
        rows = [
            (
                node.code, self.name(node.product), ", ".join(part for part in (node.farmer, node.plot) if part),
                node.site or node.organisation, self.day(node.at), self.kg(node.grams),
            )
            for node in nodes
        ]  # fmt: skip
        self.table(columns, rows)

    def _summed_sources(self, nodes: Sequence[Node]) -> None:
        self.add(self.text(self.say("sources.summed"), 8, MUTED))
        grouped: dict[tuple[str, str], list[Node]] = defaultdict(list)
        for node in nodes:
            grouped[node.farmer or node.site or node.organisation, node.product].append(node)
        half = [
            Col(self.say("farmer"), 46), Col(self.say("count"), 10, "right"), Col(self.say("made_on"), 42),
            Col(self.say("kg"), 24, "right"),
        ]  # fmt: skip
        cells = [
            (
                who, self.count(len(found)),
                " – ".join(dict.fromkeys(self.day(at) for at in (found[0].at, found[-1].at))),
                self.kg(sum(node.grams for node in found)),
            )
            for (who, _), found in sorted(grouped.items())
        ]  # fmt: skip
        if len(cells) % 2:
            cells.append(("", "", "", ""))
        middle = len(cells) // 2
        rows = [(*left, "", *right) for left, right in zip(cells[:middle], cells[middle:], strict=True)]
        self.table([*half, Col("", 13), *half], rows)

    # --- the course of events ---

    def timeline(self) -> None:
        self.heading(self.say("timeline"))
        columns = [Col(self.say("when"), 34), Col(self.say("what"), 168), Col(self.say("who"), 55)]
        self.table(columns, [(self.moment(at), what, who) for at, what, who in sorted(self._course(), key=_when)])

    def _course(self) -> list[tuple[datetime, str, str]]:
        report = self.report
        case = report.case
        if case.mine:
            course = [
                (case.opened_at, self.say(f"t.opened.{case.kind}", lots=case.held_lots), case.opened_by),
                (case.opened_at, self.say("t.traced", seconds=self.seconds()), ""),
            ]
        else:
            course = [(case.opened_at, self.say("t.opened.part", organisation=case.organisation_name), "")]
        course += [
            (one.at, self.say(f"t.told.{case.kind}", recipient=one.recipient, how=one.how), one.by)
            for one in report.notified
        ]
        course += [
            (
                one.at,
                self.say(f"t.{one.outcome}", kg=self.kg(one.grams), lot=one.code, recipient=one.recipient),
                one.by,
            )
            for one in report.returned
            if one.withdrawn_at is None
        ]
        course += [
            (one.at, self.say("t.lost", kg=self.kg(one.grams), lot=one.code, reason=one.reason), "")
            for one in report.survey.destroyed
        ]
        if case.closed_at is not None:
            key = "t.closed" if case.mine else "t.closed.part"
            said = self.say(key, note=case.note or "", organisation=case.organisation_name)
            course.append((case.closed_at, said, case.closed_by or ""))
        return course

    def signatures(self) -> None:
        from reportlab.platypus import CondPageBreak, Spacer, Table

        if self.missing:
            self.add(self.text(self.say("glyphs"), 8, MUTED))
        self.add(CondPageBreak(30 * MM), Spacer(1, 16 * MM))
        cells = [self.text(self.say(key), 8, MUTED) for key in ("sign.opened", "sign.checked")]
        style = [("LINEABOVE", (0, 0), (0, 0), 0.5, MUTED), ("LINEABOVE", (2, 0), (2, 0), 0.5, MUTED)]
        self.add(Table([[cells[0], "", cells[1]]], [100 * MM, 20 * MM, 100 * MM], style=style, hAlign="LEFT"))


def _when(entry: tuple[datetime, str, str]) -> Any:
    return entry[0]
