"""The transaction statement, and what a signed paper says of itself: all of it, in both languages, nothing touching."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.documents import Seal
from domain.transaction import ClaimStated, Party, Transaction
from labels import print_texts as words
from labels import transaction_statement
from labels.analysis_certificate import analysis_pdf
from labels.certificate import certificate_pdf
from labels.transaction_statement import statement_pdf
from tests.labels.builders import COOP, PAPER, URL, a_passport, shares
from tests.labels.reading import decoded, outside, overlaps, page_images, page_texts
from tests.labels.test_analysis_certificate import an_analysis

AT = datetime(2025, 1, 20, 14, 5, tzinfo=UTC)
DIGEST = "3f7a9c1e5b2d8046af13c97e60d4b8a2159ec3f07d6b48a1e2c5f90837d1b64a"
SEAL = Seal("trace.example.org", f"https://trace.example.org/d/TS-2025-0007.{DIGEST[:16]}", True, True)
LONG = "Société coopérative simplifiée des producteurs de cacao de la vallée de la Tumutu et de ses environs"
CLAIM = ClaimStated(
    "EU_ORG", {"en": "EU organic 2018/848", "fr": "Biologique UE 2018/848"}, "organic",
    {"en": "Organic", "fr": "Biologique"}, False, (PAPER,), 2_500_000,
)  # fmt: skip
SALE = Transaction(
    kind="shipment", event="e", at=AT, lot="l", lot_code="LR-C1-EX-01",
    product={"en": "Cocoa beans, dry", "fr": "Fèves de cacao séchées"}, hs_code="180100", made_on=date(2025, 1, 12),
    country={"en": "Liberia", "fr": "Libéria"}, seller=Party("LR-C1", COOP, "LR"),
    buyer=Party("NL-B1", "Harbour Cocoa B.V.", "NL"), quantity_g=10_000_000, returned_g=0, lot_g=12_500_000,
    shipped_g=10_000_000, remaining_g=2_500_000, claims=(CLAIM,), document="CMR-77", container="MSKU1234565",
    seal="S-0042", paper_kind=None, paper_number=None, url=URL, label="7Q4K9ZTM2HXD1R8W",
)  # fmt: skip
VARIANTS: dict[str, Transaction] = {
    "usual": SALE,
    "no claim, no label, no buyer": replace(SALE, claims=(), url=None, label=None, buyer=None),
    "came back": replace(SALE, returned_g=400_000, shipped_g=9_600_000),
    "consignment": replace(
        SALE, kind="consignment", paper_kind="coi", paper_number="COI.NL.2025.0000777", document=None, container=None,
        claims=(replace(CLAIM, certificates=()),),
    ),
    "long and many": replace(
        SALE, seller=Party("LR-C1", LONG, "LR"), buyer=Party("NL-B1", LONG, "NL"), lot_code="W" * 20,
        claims=tuple(
            replace(CLAIM, mass_balance=bool(n % 2), certificates=(replace(PAPER, holder=LONG, body=LONG),) * 11)
            for n in range(4)
        ),
    ),
}  # fmt: skip


def made(sale: Transaction = SALE, lang: str = "en", seal: Seal | None = SEAL) -> bytes:
    return statement_pdf(sale, "TS-2025-0007", AT, lang, DIGEST, seal)


def pages_of(sale: Transaction, lang: Any) -> list[Any]:
    sheet = transaction_statement._Statement(sale, "TS-2025-0007", AT, lang, DIGEST, SEAL)
    sheet.pdf()
    return sheet.flow.pages


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_touches_or_leaves_the_page(variant: str, lang: str) -> None:
    for items in pages_of(VARIANTS[variant], lang):
        assert overlaps(items) == []
        assert outside(items, 210, 297) == []


def test_it_says_who_sold_what_to_whom_under_which_claim() -> None:
    text = " ".join(" ".join(page_texts(made())).split())
    for said in (
        "Transaction statement", "No. TS-2025-0007", f"Issued by {COOP}", "Harbour Cocoa B.V. (NL)", "MSKU1234565",
        "ORGANIC – EU 2018/848", "LR-BIO-149", "10 000 kg shipped on 20 January 2025", "10 000 000", "12 500 000",
        "2 500 kg of the lot may still leave with this claim", "It is no transaction certificate",
        "What this statement does not prove", "That the buyer received the goods.",
    ):  # fmt: skip
        assert said in text.replace("\u00a0", " ").replace("\u202f", " "), said
    assert made() == made()


def test_the_symbol_leads_to_the_live_page() -> None:
    assert set(decoded(page_images(made(), 150)[0])) == {URL}


def test_without_a_claim_no_word_kept_for_organic_goods_is_said() -> None:
    bare = replace(SALE, claims=(), seller=Party("LR-C1", "Growers", "LR"))
    for lang in ("en", "fr"):
        assert not words.CLAIM_WORDS.search(" ".join(page_texts(made(bare, lang))))


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_signed_paper_says_how_it_is_checked_and_an_unsigned_one_does_not(lang: str) -> None:
    papers = {
        True: [
            made(SALE, lang),
            certificate_pdf(a_passport(), "TC-1", AT, shares(), lang, DIGEST, SEAL),
            analysis_pdf(an_analysis(), "CA-1", AT, lang, DIGEST, SEAL),
        ],
        False: [made(SALE, lang, None), certificate_pdf(a_passport(), "TC-1", AT, shares(), lang, DIGEST)],
    }
    for signed, made_papers in papers.items():
        for pdf in made_papers:
            text = " ".join(" ".join(page_texts(pdf)).split())
            assert (words.say(words.language(lang), "section.seal") in text) is signed
            assert (SEAL.address in text) is signed
            assert ("proof.tlog-proof" in text) is signed


def test_a_paper_without_a_proof_says_where_it_is() -> None:
    text = " ".join(" ".join(page_texts(made(seal=replace(SEAL, proven=False, label=False)))).split())
    assert "its proof can be fetched from that address" in text
    assert "proof.tlog-proof" not in text
    assert "label.txt" not in text
