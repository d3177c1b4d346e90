"""The certificate of analysis: every result, a headline that cannot be misread, nothing that touches, the same bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest

from domain.analysis import Analysis, Check, DueTests, OrderedTest, SampleDrawn, Standing, TestLine
from domain.quality import Ordered
from labels import analysis_certificate, lot_label
from labels import print_texts as words
from labels.analysis_certificate import analysis_pdf
from labels.document import BOTTOM, LEFT, RIGHT
from labels.lot_label import Text
from ledger.profiles import profiles
from tests.labels.builders import COOP, URL
from tests.labels.reading import decoded, outside, overlaps, page_images, page_texts, refused

AT = datetime(2025, 2, 3, 14, 5, tzinfo=UTC)
DIGEST = "3f7a9c1e5b2d8046af13c97e60d4b8a2159ec3f07d6b48a1e2c5f90837d1b64a"
EXPORTER = "Mount Barclay Exports Ltd"
PAH = "Reg. (EU) 2023/915 Annex I 5.1.2: benzo(a)pyrene 5.0 and sum of four 30.0 µg/kg of fat of cocoa beans"
WATER = "ISO 2451:2017 3.2 and trade contracts: 8.0 % at most"


def at(day: int) -> datetime:
    return datetime(2025, 1, day, 9, tzinfo=UTC)


def a_line(test: str = "moisture", value: str = "7.1", **changes: Any) -> TestLine:
    known = {
        "name": None, "unit": "%", "limit": "8.0", "verdict": "passed", "below": False, "uncertainty": "0.3",
        "method": "ISO 2291", "count": None, "of": None, "source": WATER, "source_from": date(2020, 1, 1),
    } | changes  # fmt: skip
    return TestLine(test, value=value, **known)


def pah(value: str, verdict: str = "passed", **changes: Any) -> TestLine:
    known = {
        "unit": "µg/kg", "limit": "5.0", "method": "EN 16619", "uncertainty": "0.2", "source": PAH,
        "source_from": date(2023, 5, 25),
    }  # fmt: skip
    return a_line("benzo_a_pyrene", value, verdict=verdict, **known | changes)


def cut(test: str, count: int, **changes: Any) -> TestLine:
    share = f"{count / 3:.2f}".rstrip("0").rstrip(".")
    known = {
        "limit": "3", "method": "ISO 1114", "uncertainty": None, "count": count, "of": 300,
        "source": "ISO 2451 Tables 1 and 2", "source_from": date(2014, 1, 1),
    }  # fmt: skip
    return a_line(test, share, **known | changes)


def a_check(number: int = 1, *lines: TestLine, day: int = 20, **changes: Any) -> Check:
    known = {
        "event": f"event-{number}", "at": at(day), "by": EXPORTER, "stage": "loading", "verdict": "pass", "grade": None,
        "sample": "S-2501-07", "laboratory": "LAB-MONROVIA", "accreditation": "LR-T-0042", "retest_of": None,
        "reason": None, "lifted_by": None, "lines": lines,
    } | changes  # fmt: skip
    return Check(number, **known)


SAMPLE = SampleDrawn("S-2501-07", at(19), EXPORTER, 200, 60, 60, 9_000, "SEAL-4471", 1)
FIRST = a_check(
    1, a_line(), cut("mouldy", 4), cut("slaty", 5), cut("insect_germinated_flat", 2), cut("violet", 31, limit=None,
    verdict="information", source=None, source_from=None), grade="G1", laboratory=None, accreditation=None,
)  # fmt: skip


def an_analysis(*checks: Check, **changes: Any) -> Analysis:
    known = {
        "lot": "0193b2c4-8a11-7c3e-9a57-000000000201", "lot_code": "LR-BK-2611-0042",
        "product": {"en": "Cocoa beans, dry", "fr": "Fèves de cacao séchées"}, "net_g": 12_500_000,
        "made_on": date(2025, 1, 17), "expires_on": date(2027, 1, 16), "owner": EXPORTER, "issuer": EXPORTER,
        "disposition": "available", "standing": "conforms", "counted": Ordered(3, 3, 0),
        "checks": checks or (FIRST, a_check(2, pah("0.5", below=True, uncertainty=None), a_line(
            "pah4", "4.1", unit="µg/kg", limit="30.0", method="EN 16619", source=PAH, source_from=date(2023, 5, 25)),
            day=28)),
        "samples": (SAMPLE,),
        "ordered": tuple(
            OrderedTest(test, None, "passed", at(19), "LAB-MONROVIA", date(2025, 1, 31), False)
            for test in ("benzo_a_pyrene", "pah4", "moisture")
        ),
        "due": (), "url": URL, "label": "7Q4K9ZTM2HXD1R8W",
    } | changes  # fmt: skip
    return Analysis(**known)


FAILED = a_check(2, pah("7.1", "failed"), day=22, verdict="fail", stage="lot")
REASON = "The first extract was contaminated by the solvent of the run before; second laboratory, same sample"
RETEST = a_check(
    3, pah("1.0"), day=26, stage="lot", retest_of=2, reason=REASON, laboratory="LAB-ACCRA", accreditation="GH-T-0007"
)
LONG = "Société coopérative simplifiée des producteurs de cacao de la vallée de la Tumutu et de ses environs"


def many_checks() -> tuple[Check, ...]:
    tests = [
        ("cadmium", "mg/kg", "0.8"), ("lead", "mg/kg", "0.2"), ("ochratoxin_a", "µg/kg", "3.0"), ("aflatoxin_b1", "µg/kg", "5.0"),
        ("aflatoxin_total", "µg/kg", "10.0"), ("pesticides_organic", "mg/kg", "0.01"), ("salmonella", "in 25 g", "0"),
        ("e_coli", "CFU/g", "10"), ("yeast_mould", "CFU/g", "10000"), ("water_activity", "aw", "0.65"),
    ]  # fmt: skip
    return tuple(
        a_check(
            number,
            *(
                a_line(test, "0.05", unit=unit, limit=limit, method="EN 15662:2018, LC-MS/MS and GC-MS/MS", source=f"{WATER}, {test}")
                for test, unit, limit in tests
            ),
            a_line("bean_count", "97", unit="beans/100 g", limit="90–100"),
            a_line("odour", "1", unit="pass/fail", limit="≥ 1", uncertainty=None),
            a_line("a_test_that_nobody_has_a_word_for_yet", "12.75", unit="mg KOH/g", limit="≥ 1", name={"en": "Name of the profile", "fr": "Nom du profil"}),
            by=LONG,
            day=number + 1,
        )
        for number in range(1, 9)
    )  # fmt: skip


VARIANTS: dict[str, Analysis] = {
    "conforms": an_analysis(),
    "does not conform": an_analysis(
        FIRST, FAILED, standing="does_not_conform", counted=Ordered(3, 1, 1), disposition="rejected",
        ordered=(
            OrderedTest("benzo_a_pyrene", None, "failed", at(19), "LAB-MONROVIA", date(2025, 1, 31), False),
            OrderedTest("pah4", None, "awaited", at(19), "LAB-MONROVIA", date(2025, 1, 31), True),
            OrderedTest("moisture", None, "passed", at(19), "LAB-MONROVIA", date(2025, 1, 31), False),
        ),
    ),
    "lifted by a retest": an_analysis(FIRST, replace(FAILED, lifted_by=3), RETEST),
    "a retest that failed too": an_analysis(
        FIRST, FAILED, replace(RETEST, verdict="fail", lines=(pah("6.8", "failed"),)), standing="does_not_conform",
        disposition="rejected", url=None, label=None,
    ),
    "incomplete": an_analysis(
        a_check(1, pah("9.0", "not_decided", below=True, uncertainty=None)), standing="incomplete", url=None, label=None,
        counted=Ordered(1, 0, 0), samples=(), expires_on=None,
        ordered=(OrderedTest("benzo_a_pyrene", None, "awaited", at(19), None, None, False),),
        due=(DueTests("shipped", (("moisture", None), ("cut_test", None))), DueTests("packed", (("moisture", None),))),
    ),
    "a sample whose seal was broken": an_analysis(
        a_check(1, pah("0.9", "does_not_count", uncertainty=None)), standing="incomplete", counted=Ordered(1, 0, 0),
        ordered=(OrderedTest("benzo_a_pyrene", None, "awaited", at(19), None, None, False),),
    ),
    "nothing ordered, lower grade": an_analysis(
        replace(FIRST, grade="G2", lines=(cut("mouldy", 10, verdict="lowers_grade"),)), ordered=(), counted=Ordered(0, 0, 0)
    ),
    "long": an_analysis(
        *many_checks(), owner=LONG, issuer=LONG, lot_code="LR-C1-CB-2425-F1-017",
        samples=tuple(replace(SAMPLE, code=f"S-2501-{n:02d}-NORTH-STORE", by=LONG, lots=n % 3 + 1) for n in range(12)),
        ordered=tuple(OrderedTest("salmonella", None, "awaited", at(19), "LAB-MONROVIA", date(2025, 1, 31), True) for _ in range(30)),
        counted=Ordered(30, 0, 0), standing="incomplete",
        due=tuple(DueTests(step, tuple((test, None) for test in ("cadmium", "lead", "e_coli", "histamine", "acid_insoluble_ash")))
                  for step in ("transformed", "bulked", "packed", "batch_certified", "shipped", "label_issued")),
        url="HTTPS://TRACABILITE.COOPERATIVE-TUMUTU-VALLEY.EXAMPLE.ORG/L/7Q4K9ZTM2HXD1R8W",
    ),
}  # fmt: skip


def made(analysis: Analysis | None = None, lang: str = "en", number: str = "CA-LR-E1-2025-0007") -> bytes:
    return analysis_pdf(analysis or an_analysis(), number, AT, lang, DIGEST)


def pages_of(analysis: Analysis, lang: Any) -> list[Any]:
    sheet = analysis_certificate._Certificate(analysis, "CA-LR-E1-2025-0007", AT, lang, DIGEST)
    sheet.pdf()
    return sheet.flow.pages


def flat(analysis: Analysis, lang: str = "en") -> str:
    return " ".join(" ".join(page_texts(made(analysis, lang))).replace("\u202f", " ").replace("\u00a0", " ").split())


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", VARIANTS)
def test_nothing_touches(name: str, lang: str) -> None:
    for items in pages_of(VARIANTS[name], lang):
        assert overlaps(items, 0.06) == []
        assert outside(items, 210, 297, 8.5) == []
        texts = [item for item in items if isinstance(item, Text)]
        assert all(item.size >= 7 for item in texts if not item.address)
        assert all(item.box()[0] >= LEFT - 1 and item.box()[2] <= RIGHT + 1 for item in texts)
        assert all(item.y <= BOTTOM or item.y > 282 for item in texts)


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", VARIANTS)
def test_no_figure_and_no_code_is_cut_short(name: str, lang: str) -> None:
    said = [
        item
        for items in pages_of(VARIANTS[name], lang)
        for item in items
        if isinstance(item, Text) and "…" in item.text
    ]
    assert [item.text for item in said if item.anchor == "end" and not item.address] == []
    assert [item.text for item in said if item.size == 8.5 and item.text.startswith("S-2501")] == []


@pytest.mark.parametrize("name", VARIANTS)
def test_the_symbol_leads_to_the_live_page_where_the_lot_has_one(name: str) -> None:
    analysis = VARIANTS[name]
    first, *others = page_images(made(analysis), 203)
    assert decoded(first) == ([analysis.url] if analysis.url else [])
    assert all(decoded(page) == [] for page in others)
    assert ("This lot had no label" in flat(analysis)) is (analysis.url is None)


def test_it_says_what_a_buyer_looks_for() -> None:
    text = flat(VARIANTS["conforms"])
    for part in (
        "Certificate of analysis", "No. CA-LR-E1-2025-0007", f"Issued by {EXPORTER}", "3 February 2025, 14:05 UTC",
        "LR-BK-2611-0042", "Cocoa beans, dry", "12 500 kg", "17 January 2025", "16 January 2027", "Conforms", URL,
        "3 tests ordered", "3 passed", "0 failed", "0 awaited", "Check 1 of 20 January 2025", "passed, grade 1",
        "Moisture ISO 2291 7.1 % 0.3 ≤ 8.0 1 passed", "1.33 (4/300)", "information", "< LOQ (0.5)",
        "Laboratory LAB-MONROVIA", "ISO/IEC 17025 no. LR-T-0042", "60 of 200", "SEAL-4471", "9 kg",
        "No test is due before a next step.", WATER, PAH, "In force here since 25 May 2023", "does not prove",
    ):  # fmt: skip
        assert part in text, part


@pytest.mark.parametrize("standing", get_args(Standing))
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_standing_has_word_shape_and_sentence(standing: Any, lang: Any) -> None:
    first = pages_of(an_analysis(standing=standing), lang)[0]
    said = " ".join(item.text for item in first if isinstance(item, Text))
    assert lot_label.printable(words.say(lang, f"standing.{standing}")) in said
    figure = analysis_certificate.LOOKS[standing].shape
    assert any(isinstance(item, lot_label.Shape) and item.figure == figure for item in first)
    assert len({(look.shape, look.sign) for look in analysis_certificate.LOOKS.values()}) == 3


def test_a_lot_that_failed_says_so_first_and_names_the_test() -> None:
    text = flat(VARIANTS["does not conform"])
    head = text[: text.index("Results")]
    assert "Does not conform" in head
    assert "stood against this lot: Benzo(a)pyrene (check 2)." in head
    assert "blocked: rejected" in head
    assert "Benzo(a)pyrene EN 16619 7.1 µg/kg 0.2 ≤ 5.0 3 FAILED" in text
    assert "This failure stands." in text
    assert "awaited, late" in text


def test_a_retest_stands_below_the_first_result_and_never_instead_of_it() -> None:
    text = flat(VARIANTS["lifted by a retest"])
    first = text.index("Benzo(a)pyrene EN 16619 7.1 µg/kg 0.2 ≤ 5.0 3 FAILED")
    beside = text.index("Retest (check 3) EN 16619 1.0 µg/kg 0.2 ≤ 5.0 3 passed")
    lifted = text.index("lifted by the retest, check 3 of 26 January 2025. This result stays on record.")
    again = text.index("Retest of check 2. Reason: The first extract was contaminated")
    assert first < beside < lifted < again
    assert "A failure was lifted by a retest; both are shown." in text[:first]
    assert "This failure stands" not in text
    assert "LAB-ACCRA" in text[again - 300 : again]


def test_a_retest_that_failed_too_lifts_nothing() -> None:
    text = flat(VARIANTS["a retest that failed too"])
    assert "This failure stands. A retest did not lift it." in text
    assert "lifted by" not in text
    assert "Benzo(a)pyrene (check 2), Benzo(a)pyrene (check 3)" in text


def test_what_is_awaited_or_due_makes_it_incomplete() -> None:
    text = flat(VARIANTS["incomplete"])
    head = text[: text.index("Results")]
    assert "Incomplete" in head
    assert "not every test was decided: Benzo(a)pyrene, Moisture, Cut test." in head
    assert "< LOQ (9.0)" in text
    assert "not decided" in text
    assert "Before shipping: Moisture, Cut test." in text
    assert "No sampling is recorded." in text


def test_every_line_of_every_check_is_printed_however_many() -> None:
    analysis = VARIANTS["long"]
    pages = page_texts(made(analysis))
    text = flat(analysis)
    assert len(pages) > 5
    assert text.count("Cadmium EN 15662") == 8
    assert text.count("Name of the profile") == 8
    assert text.count("Salmonella 2025-01-19") == 30
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in page
        assert f"SHA-256 of the frozen data: {DIGEST}" in page


def test_french_is_french() -> None:
    text = flat(VARIANTS["lifted by a retest"], "fr")
    for part in (
        "Certificat d’analyse",
        "Conforme",
        "7,1 % 0,3 ≤ 8,0",
        "NON conforme",
        "Contre-analyse (contrôle 3)",
        "µg/kg",
    ):
        assert part in text, part
    assert "< LQ (0,5)" in flat(VARIANTS["conforms"], "fr")
    own = an_analysis(FIRST, replace(FAILED, lifted_by=3), replace(RETEST, reason="Extrait contaminé"))
    own = replace(own, issuer=COOP, checks=tuple(replace(check, lines=tuple(replace(line, source=None) for line in check.lines)) for check in own.checks))  # fmt: skip
    assert not re.search(r"\b(the|of|and|with)\b", flat(own, "fr"))


def test_every_source_of_every_profile_can_be_printed() -> None:
    for commodity in profiles().commodities.values():
        for item in commodity.specifications:
            assert lot_label.printable(item.source)
            assert lot_label.printable(item.unit)


def test_what_cannot_be_set_is_refused() -> None:
    with refused("GLYPH_MISSING"):
        made(an_analysis(owner="კოოპერატივი"))


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "A & B", "a\u202eb\u2066c\x00", "(paren\\thesis)"])
def test_hostile_text_stays_text(text: str) -> None:
    odd = replace(RETEST, reason=text, by=text)
    pdf = made(an_analysis(FIRST, FAILED, odd, owner=text, issuer=text), number=text)
    assert decoded(page_images(pdf, 203)[0]) == [URL]
    assert words.clean(text) in " ".join(page_texts(pdf))


def test_only_addresses_of_the_web_become_links() -> None:
    assert b"/URI" in made()
    assert b"/URI" not in made(an_analysis(url="javascript:alert(1)"))
    assert b"/URI" not in made(VARIANTS["incomplete"])


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_same_facts_give_the_same_bytes(lang: str) -> None:
    assert made(lang=lang) == made(lang=lang)
    assert made(lang=lang) != made(an_analysis(net_g=1), lang=lang)
