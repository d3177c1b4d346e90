"""The transaction statement: A4, for the buyer and its control body: who sold what to whom, under which claims.

It is computed from one shipment, or from one certificate of a control body, and says that it is no certificate itself.
The same facts give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labels import lot_label, texts
from labels import print_texts as words
from labels.certificate import claim_words, papers_table
from labels.document import CAREFUL, IN_ORDER, MUTED, Column, Flow, Frame, framed, pdf_bytes
from labels.print_texts import say

if TYPE_CHECKING:
    from datetime import datetime

    from domain.documents import Seal
    from domain.transaction import ClaimStated, Party, Transaction


def statement_pdf(
    transaction: Transaction,
    number: str,
    issued_at: datetime,
    lang: str,
    frozen_sha256: str,
    seal: Seal | None = None,
) -> bytes:
    """The statement as PDF.

    ``number``: its number in the seller's register. ``issued_at``: the moment whose state it shows.
    ``frozen_sha256``: digest of the data that it was made from. ``seal``: what it says of its signature.
    """
    return _Statement(transaction, number, issued_at, words.language(lang), frozen_sha256, seal).pdf()


@dataclass(slots=True)
class _Statement:
    """One statement: its facts, and its parts in the order in which they stand on the paper."""

    transaction: Transaction
    number: str
    issued_at: datetime
    lang: words.Lang
    digest: str
    seal: Seal | None = None
    flow: Flow = field(default_factory=Flow)

    def pdf(self) -> bytes:
        for part in (self.head, self.nature, self.facts, self.claims, self.weights, self.limits, self.check_copy):
            part()
        sale = self.transaction
        number = lot_label.printable(self.say("number", number=self.number))
        running = f"{self.say('statement')}  ·  {number}  ·  {texts.text(self.lang, 'lot')} {sale.lot_code}"
        framed(self.flow, Frame(self.lang, number, running, self.digest))
        subject = self.say("certificate_subject", lot=sale.lot_code, number=self.number)
        author = sale.seller.name or sale.seller.code
        return pdf_bytes(self.flow, self.say("statement"), author, self.lang, subject, sale.url)

    def say(self, key: str, **params: str | int) -> str:
        return say(self.lang, key, **params)

    def head(self) -> None:
        """Title, number, seller; the symbol of the lot's public page where it has one."""
        flow, sale = self.flow, self.transaction
        issuer = self.say("issued_by", organisation=words.clean(sale.seller.name or sale.seller.code))
        typed: tuple[str, ...] = ()
        if sale.url is not None and sale.label is not None:
            typed = (words.host_of(sale.url), words.typed(sale.label))
        number = self.say("number", number=words.clean(self.number))
        flow.title(self.say("statement"), number, (issuer, self._at()), sale.url, typed)
        first, second = words.two_languages(self.lang, sale.product)
        named = words.clean(f"{first} · {second}" if second else first)
        flow.subject(texts.text(self.lang, "lot"), sale.lot_code, named)

    def nature(self) -> None:
        """What happened, and what kind of paper this is; a tick only where a claim was made."""
        sale = self.transaction
        word = self.say(f"statement.{sale.kind}", net=words.kilograms(self.lang, sale.net_g), day=self._day())
        said = [] if sale.claims else [self.say("statement.unclaimed")]
        said.append(self.say("statement.nature", at=self._at()))
        below = self.say("live_long") if sale.url is not None else self.say("no_label")
        self.flow.state(IN_ORDER if sale.claims else CAREFUL, word, " ".join(said), below, sale.url)

    def facts(self) -> None:
        """Who, what, when; only what was told."""
        sale = self.transaction
        paper = None
        if sale.paper_kind is not None:
            paper = f"{sale.paper_number} ({self.say(f'paper.{sale.paper_kind}')})"
        cells = [
            ("fact.seller", self._party(sale.seller)),
            ("fact.buyer", self._party(sale.buyer) if sale.buyer is not None else self.say("none_stated")),
            ("fact.shipped" if sale.kind == "shipment" else "fact.certified", self._day()),
            ("fact.hs", sale.hs_code),
            ("fact.made", words.day(self.lang, sale.made_on)),
            ("fact.country", words.of_language(self.lang, sale.country) if sale.country else None),
            ("fact.document", sale.document),
            ("fact.container", sale.container),
            ("fact.seal", sale.seal),
            ("fact.paper", paper),
        ]
        self.flow.grid([(self.say(key), words.clean(value)) for key, value in cells if value])

    def _party(self, party: Party) -> str:
        """Name and country; the code where no name is known."""
        named = party.name or party.code
        return f"{named} ({party.country})" if party.country else named

    def claims(self) -> None:
        """Each claim made, the papers behind it on that day, and what of the lot may still leave with it."""
        flow, sale = self.flow, self.transaction
        flow.heading(self.say("section.claims"), 40)
        if not sale.claims:
            flow.paragraph(self.say("statement.unclaimed"), 9)
            return
        for claim in sale.claims:
            self._claim(claim)
        flow.y -= 2.6

    def _claim(self, claim: ClaimStated) -> None:
        flow = self.flow
        flow.need(26)
        named = claim.scheme_name.get(self.lang) or claim.scheme_name["en"]
        flow.paragraph(claim_words(self.lang, claim.scheme, named, claim.value), 10, bold=True, after=1.4)
        papers_table(flow, self.lang, claim.certificates)
        if not claim.certificates and self.transaction.kind == "shipment":
            flow.paragraph(self.say("no_papers"), 8.5, colour=MUTED)
        key = "statement.left_balance" if claim.mass_balance else "statement.left"
        key = key if self.transaction.kind == "shipment" else "statement.left_certified"
        flow.y += 1.4
        flow.paragraph(self.say(key, left=words.kilograms(self.lang, claim.left_g)), 9, after=3.4)

    def weights(self) -> None:
        """The figures that must add up: what went, what the lot was, what is left of it."""
        flow, sale = self.flow, self.transaction
        flow.heading(self.say("section.weights"), 44)
        rows = [(f"weight.this.{sale.kind}", sale.quantity_g)]
        if sale.returned_g:
            rows.append(("weight.returned", sale.returned_g))
        rows += [("weight.lot", sale.lot_g), ("weight.shipped", sale.shipped_g), ("weight.remaining", sale.remaining_g)]
        columns = [
            Column("", 90),
            Column(self.say("col.kilograms"), 38, "end"),
            Column(self.say("col.in_grams"), 38, "end"),
        ]
        cells = [(self.say(key), words.kilogram_figure(self.lang, grams), texts.number(grams)) for key, grams in rows]
        flow.table(columns, cells, strong=(0,))

    def limits(self) -> None:
        """What nobody should read into this paper."""
        keys = ["uncertified"] if self.transaction.kind == "shipment" else []
        keys += ["buyer", "goods", "later", "weight"]
        if any(claim.certificates for claim in self.transaction.claims):
            keys.append("paper")
        said = [self.say(f"limit.{key}", at=self._at()) for key in keys]
        self.flow.dashed(self.say("section.statement_limits"), said)

    def check_copy(self) -> None:
        self.flow.seal(self.seal, self.lang)

    def _day(self) -> str:
        return words.day(self.lang, self.transaction.at.date())

    def _at(self) -> str:
        return words.moment(self.lang, self.issued_at)
