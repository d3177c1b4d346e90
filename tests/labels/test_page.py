"""The public page: what it says in every state and both languages, how it says figures, and what it never says."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from typing import get_args

import pytest

from domain.documents import DocumentState, PublicDocument
from domain.events import EVENT_TYPES
from domain.passport import (
    Answer,
    Certificate,
    Claim,
    Measured,
    Origin,
    Passport,
    QualityCheck,
    State,
    Step,
    Verification,
)
from labels import page, texts
from labels.page import (
    CHECKED_AT,
    DOCUMENT_TONES,
    csp_style_hash,
    document_html,
    negotiate,
    page_html,
    page_json,
    start_html,
    unknown_html,
)
from labels.texts import LANGS, TEXTS, Lang
from ledger.profiles import profiles

ORG = "Nimba Hills Cocoa Farmers' Cooperative"
EXPORTER = "Mesurado Cocoa Exports Ltd"
LAB = "Ganta Quality Laboratory"
HOST = "t.filiere.example"
URL = "HTTPS://T.FILIERE.EXAMPLE/L/7Q4K9ZTM2HXD1R8W"
LOT = "LR-NH-2501-0042"
NEVER = re.compile(r"genuine|authenti|guarant|garanti|100\s?%", re.IGNORECASE)


# --- a realistic lot: 12.5 t of Liberian cocoa -----------------------------------------------------------------------


def cut_test(mouldy: int = 9, slaty: int = 4, other: int = 5, moisture: str = "7.1") -> tuple[Measured, ...]:
    """A moisture reading and an ISO 1114 cut test against grade 1."""

    def share(n: int) -> str:
        return f"{n / 3:.1f}"

    return (
        Measured("moisture", moisture, "%", "8.0", passed=float(moisture) <= 8),
        Measured("mouldy", share(mouldy), "%", "3", passed=mouldy <= 9, count=mouldy, of=300),
        Measured("slaty", share(slaty), "%", "3", passed=slaty <= 9, count=slaty, of=300),
        Measured("insect_germinated_flat", share(other), "%", "3", passed=other <= 9, count=other, of=300),
        Measured("violet", "14.0", "%", None, passed=None, count=42, of=300),
        Measured("bean_count", "96", "beans/100 g", "100", passed=True),
    )


def a_check(day: date, lot: str = LOT, *, passed: bool = True) -> QualityCheck:
    return QualityCheck(
        lot_code=lot,
        at=day,
        method="ISO 1114, ISO 2291",
        by=LAB,
        verdict="pass" if passed else "fail",
        grade="G1" if passed else None,
        measured=cut_test() if passed else cut_test(mouldy=14, moisture="8.3"),
    )


COOP_CERTIFICATE = Certificate(
    scheme="EU_ORG",
    scheme_name="EU organic 2018/848",
    number="LR-BIO-149-0001",
    holder=ORG,
    body="Harbour Certification GmbH",
    body_code="LR-BIO-149",
    valid_from=date(2025, 1, 1),
    valid_to=date(2025, 12, 31),
    status="active",
)
EXPORT_CERTIFICATE = replace(COOP_CERTIFICATE, number="LR-BIO-149-0017", holder=EXPORTER)

ORGANIC = Claim("EU_ORG", "EU organic 2018/848", "organic", granted=True)
IN_CONVERSION = Claim(
    "EU_ORG",
    "EU organic 2018/848",
    "in_conversion",
    granted=True,
    reasons=(
        (
            "PLOT_IN_CONVERSION",
            {
                "scheme": "EU_ORG",
                "plot": "NH-0231-P2",
                "since": "2023-03-01",
                "harvested_on": "2024-12-04",
                "organic_from": "2026-03-01",
            },
        ),
    ),
)
NOT_GRANTED = Claim(
    "EU_ORG",
    "EU organic 2018/848",
    "conventional",
    granted=False,
    reasons=(
        ("NOT_ON_APPROVED_LIST", {"scheme": "EU_ORG", "farmer": "NH-0999"}),
        ("NOT_ON_APPROVED_LIST", {"scheme": "EU_ORG", "farmer": "NH-1001"}),
        ("SITE_NOT_IN_SCOPE", {"scheme": "EU_ORG", "site": "Dryer D2, Ganta", "day": "2024-10-09"}),
    ),
)

STEPS = (
    Step("delivered", None, date(2024, 11, 18), date(2024, 12, 20), ORG, "Buying station Ganta", "LR", 281, None, 34_210_500),
    Step("received", None, date(2024, 11, 18), date(2024, 12, 20), ORG, "Ganta fermentary", "LR", 24, 34_210_500, 34_178_000),
    Step("loaded", None, date(2024, 11, 18), date(2024, 12, 21), ORG, "Ganta fermentary", "LR", 36, 34_178_000, None),
    Step("turned", None, date(2024, 11, 20), date(2024, 12, 25), ORG, "Ganta fermentary", "LR", 108, None, None),
    Step(
        "transformed", "ferment_dry", date(2024, 11, 28), date(2025, 1, 4), ORG, "Ganta fermentary", "LR", 36,
        34_178_000, 12_978_400,
    ),
    Step("inspected", None, date(2024, 11, 29), date(2025, 1, 6), LAB, None, "LR", 9, None, None),
    Step("bulked", None, date(2025, 1, 7), date(2025, 1, 7), ORG, "Ganta warehouse", "LR", 1, 12_978_400, 12_978_400),
    Step("transformed", "redry", date(2025, 1, 9), date(2025, 1, 10), ORG, "Ganta warehouse", "LR", 1, 12_978_400, 12_548_300),
    Step("lost", None, date(2025, 1, 10), date(2025, 1, 10), ORG, "Ganta warehouse", "LR", 1, 48_300, None),
    Step("transfer_accepted", None, date(2025, 1, 14), date(2025, 1, 14), EXPORTER, "Monrovia warehouse", "LR", 1, None, 12_500_000),
    Step("packed", None, date(2025, 1, 15), date(2025, 1, 15), EXPORTER, "Monrovia warehouse", "LR", 1, None, 12_500_000),
    Step("shipped", None, date(2025, 1, 21), date(2025, 1, 21), EXPORTER, "Freeport of Monrovia", "LR", 1, 12_500_000, None),
)  # fmt: skip

VERIFICATIONS = (
    Verification(1, "label_known", "passed"),
    Verification(2, "not_blocked", "passed"),
    Verification(3, "balance", "passed"),
    Verification(4, "members", "passed", {"farmers": 240, "deliveries": 281}),
    Verification(5, "certificates", "passed", {"until": "2025-12-31"}),
    Verification(6, "quality", "passed"),
    Verification(7, "history", "not_checked"),
)


def a_passport(**changes: object) -> Passport:
    """The lot in order; name only what is different."""
    passport = Passport(
        url=URL,
        code="7Q4K9ZTM2HXD1R8W",
        state="valid",
        state_reason=None,
        state_since=None,
        version=17,
        as_of=datetime(2025, 1, 21, 9, 40, tzinfo=UTC),
        lot_code=LOT,
        product={"en": "Cocoa beans, dry", "fr": "Fèves de cacao séchées"},
        hs_code="1801",
        net_g=12_500_000,
        units=200,
        unit_name={"en": "jute bag 62.5 kg", "fr": "sac de jute 62,5 kg"},
        season="2024/25",
        grade="G1",
        organisation=ORG,
        contact="office@nimbahills.example",
        origin=Origin(
            country="LR",
            country_name={"en": "Liberia", "fr": "Libéria"},
            region="Nimba County",
            deliveries=281,
            farmers=240,
            harvested_from=date(2024, 11, 16),
            harvested_to=date(2024, 12, 19),
        ),
        claims=(ORGANIC,),
        certificates=(COOP_CERTIFICATE, EXPORT_CERTIFICATE),
        steps=STEPS,
        checks=(a_check(date(2025, 1, 13)), a_check(date(2025, 1, 6), "LR-NH-2501-0039")),
        verifications=VERIFICATIONS,
        issued_at=datetime(2025, 1, 15, 16, 20, tzinfo=UTC),
    )
    return replace(passport, **changes)  # type: ignore[arg-type]


def blocked(answer: Answer = "failed") -> tuple[Verification, ...]:
    return (VERIFICATIONS[0], Verification(2, "not_blocked", answer), *VERIFICATIONS[2:])


SINCE = datetime(2025, 2, 3, 8, 12, tzinfo=UTC)
STATES: dict[str, Passport] = {
    "valid": a_passport(),
    "in_conversion": a_passport(claims=(IN_CONVERSION,)),
    "not_granted": a_passport(
        claims=(NOT_GRANTED,),
        verifications=(
            *VERIFICATIONS[:4],
            Verification(5, "certificates", "not_applicable"),
            *VERIFICATIONS[5:],
        ),
    ),
    "on_hold": a_passport(
        state="on_hold",
        state_reason=("HOLD", {"reason": "Second moisture reading before loading"}),
        state_since=SINCE,
        verifications=blocked(),
    ),
    "failed_quality": a_passport(
        state="on_hold",
        state_reason=(
            "QUALITY_FAILED",
            {"lot": LOT, "test": "mouldy", "value": "4.7", "unit": "%", "limit": "3"},
        ),
        state_since=SINCE,
        checks=(a_check(date(2025, 2, 3), passed=False), *a_passport().checks),
        verifications=(*blocked()[:5], Verification(6, "quality", "failed"), VERIFICATIONS[6]),
    ),
    "cert_expired": a_passport(
        state="on_hold",
        state_reason=("CERT_EXPIRED", {"certificate": COOP_CERTIFICATE.number}),
        state_since=SINCE,
        certificates=(replace(COOP_CERTIFICATE, status="expired"), EXPORT_CERTIFICATE),
        verifications=(*VERIFICATIONS[:4], Verification(5, "certificates", "failed"), *VERIFICATIONS[5:]),
    ),
    "claim_lowered": a_passport(
        state="on_hold",
        state_reason=("CLAIM_LOWERED", {"scheme": "EU_ORG"}),
        state_since=SINCE,
        claims=(IN_CONVERSION,),
    ),
    "recalled": a_passport(
        state="recalled",
        state_reason=("RECALLED", {"reason": "PAH above 30 \u00b5g/kg in a retained sample"}),
        state_since=SINCE,
        verifications=blocked(),
    ),
    "superseded": a_passport(
        state="superseded",
        state_reason=("SUPERSEDED", {}),
        state_since=SINCE,
        superseded_by="HTTPS://T.FILIERE.EXAMPLE/L/3M8XQ0ZB6VDK5N1T",
    ),
    "revoked": a_passport(
        state="revoked",
        state_reason=("REVOKED", {"reason": "Printed for the wrong lot"}),
        state_since=SINCE,
        verifications=blocked(),
    ),
}


def a_big_passport(**changes: object) -> Passport:
    """As much as a page has to carry: 12 steps, 40 checks, three claims, six certificates."""
    first = date(2024, 11, 20)
    checks = tuple(
        a_check(first + timedelta(days=n), f"LR-NH-24{11 + n // 20}-{n:04d}", passed=n % 13 != 7) for n in range(40)
    )
    certificates = tuple(replace(COOP_CERTIFICATE, number=f"LR-BIO-149-{n:04d}") for n in range(6))
    claims = (
        IN_CONVERSION,
        replace(NOT_GRANTED, scheme="NOP", scheme_name="USDA NOP"),
        Claim("GLOBALGAP_IFA", "GLOBALG.A.P. IFA", "ggn", granted=True),
    )
    return a_passport(checks=checks, certificates=certificates, claims=claims, **changes)


# --- helpers -----------------------------------------------------------------------------------------------------------


class Document(HTMLParser):
    """Tags with their attributes, the text that is shown, and how deep elements are still open at the end."""

    VOID = frozenset({"meta", "link", "br", "input", "path", "circle", "use"})

    def __init__(self, html: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "title"):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def words(self) -> str:
        """The text in one line with ordinary spaces."""
        return " ".join(re.sub(r"[\u00a0\u202f]", " ", self.text).split())


def shown(passport: Passport, lang: Lang) -> str:
    return Document(page_html(passport, lang)).words


@cache
def every_page(lang: Lang) -> dict[str, bytes]:
    pages = {name: page_html(passport, lang) for name, passport in STATES.items()}
    pages["big"] = page_html(a_big_passport(), lang)
    pages["unknown"] = unknown_html("7Q4K-9ZTM-2HXD-1R8X", lang, HOST)
    pages["start"] = start_html(lang, HOST)
    return pages


ALL_PAGES = [(lang, name) for lang in LANGS for name in every_page("en")]


# --- the verdict -------------------------------------------------------------------------------------------------------

WORDS = {
    "valid": ("In order", "En règle"),
    "on_hold": ("Look closer: on hold", "À vérifier : en attente"),
    "recalled": ("Do not use: recalled", "Ne pas utiliser : rappelé"),
    "superseded": ("Look closer: replaced", "À vérifier : remplacé"),
    "revoked": ("Do not use: label cancelled", "Ne pas utiliser : étiquette annulée"),
    "cert_expired": ("Look closer: certificate ended", "À vérifier : certificat échu"),
    "claim_lowered": ("Look closer: claim lowered", "À vérifier : mention déclassée"),
}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", WORDS)
def test_each_state_says_its_word_with_its_own_shape_and_tone(name: str, lang: Lang) -> None:
    html = page_html(STATES[name], lang)
    word = WORDS[name][LANGS.index(lang)]
    assert word in Document(html).words
    assert html.decode().count(CHECKED_AT) == 1
    assert f"<time>{CHECKED_AT}</time>" in html.decode()


def test_words_shapes_and_tones_differ_between_states() -> None:
    seen = set()
    for name in ("valid", "on_hold", "recalled", "superseded", "revoked"):
        html = page_html(STATES[name], "en").decode()
        tone = re.search(r'<body class="(\w+)">', html)
        shape = re.search(r'<section class="verdict">\s*<svg class="i (\w+)"', html)
        assert tone
        assert shape
        assert f'<symbol id="{shape[1]}"' in html
        seen.add((tone[1], shape[1], WORDS[name][0]))
    assert len({shape for _, shape, _ in seen}) == 5
    assert {tone for tone, _, _ in seen} == {"ok", "look", "stop"}
    unknown = unknown_html(None, "en", HOST).decode()
    assert '<body class="unknown">' in unknown
    assert '<svg class="i what"' in unknown


def test_every_state_and_reason_has_a_sentence() -> None:
    for state in get_args(State):
        for code in (
            "HOLD", "QUALITY_FAILED", "PARENT_FAILED", "RECALLED", "REVOKED", "SUPERSEDED", "CERT_EXPIRED",
            "CERT_NOT_ACTIVE", "CLAIM_LOWERED", "STOCK_MISMATCH",
        ):  # fmt: skip
            assert texts.has(f"why.{code}")
        for lang in LANGS:
            page_html(a_passport(state=state), lang)  # without a reason
            assert "NEW_CODE" not in shown(a_passport(state=state, state_reason=("NEW_CODE", {"x": "y"})), lang)


def test_a_hold_says_since_when_why_and_whom_to_ask() -> None:
    said = shown(STATES["on_hold"], "en")
    assert "On hold since 3 February 2025. Do not use" in said
    assert "Reason given: Second moisture reading before loading" in said
    assert "Contact: office@nimbahills.example" in said
    assert "En attente depuis le 3 février 2025." in shown(STATES["on_hold"], "fr")


def test_a_replaced_label_leads_to_the_new_one_but_never_to_another_host() -> None:
    new = "HTTPS://T.FILIERE.EXAMPLE/L/3M8XQ0ZB6VDK5N1T"
    assert new in [link["href"] for link in Document(page_html(STATES["superseded"], "en")).all("a")]
    for elsewhere in ("https://evil.example/l/3M8X", "javascript:alert(1)", "//evil.example/x", ""):
        html = page_html(replace(STATES["superseded"], superseded_by=elsewhere), "en")
        assert b"evil" not in html
        assert b"javascript" not in html


def test_the_summary_counts_the_checks() -> None:
    assert "6 of 7 checks passed, none failed" in shown(STATES["valid"], "en")
    assert "2 of 7 checks failed" in shown(STATES["failed_quality"], "en")
    assert "1 point sur 7 non conforme" in shown(STATES["recalled"], "fr")
    page_html(a_passport(verifications=()), "en")


def test_a_scheme_has_its_name_in_both_languages() -> None:
    for code, scheme in profiles().schemes.items():
        for lang in LANGS:
            assert texts.scheme(lang, code, scheme.name["en"]).replace("\u2019", "'") == scheme.name[lang]
    assert texts.scheme("fr", "EU_ORG", "A name of one's own") == "A name of one's own"
    assert "Biologique UE 2018/848" in shown(STATES["valid"], "fr")
    assert "EU organic" not in shown(STATES["claim_lowered"], "fr")


# --- the facts ---------------------------------------------------------------------------------------------------------


def test_the_lot_in_english() -> None:
    said = shown(STATES["valid"], "en")
    for fact in (
        HOST, LOT, "Cocoa beans, dry", "12 500 kg", "200 \u00d7 jute bag 62.5 kg", ORG.replace("'", "'"), "Nimba County, Liberia",
        "281 deliveries from 240 farmers", "16 November \u2013 19 December 2024", "2024/25", "G1", "1801", "Organic",
        "LR-BIO-149-0001", "Harbour Certification GmbH", "code LR-BIO-149", "Valid until 31 December 2025",
        "281 deliveries by farmers", "Fermented and dried, 36 runs", "34 178 kg in, 12 978.4 kg out",
        "9 of 300 beans mouldy", "limit 3 %", "7.1 %", "96 beans/100 g", "1. Did we issue this label?", "could not be checked",
        "What this page does not prove", "A copied label scans the same", "7Q4K-9ZTM-2HXD-1R8W", URL,
        "15 January 2025, 16:20 UTC", "office@nimbahills.example",
    ):  # fmt: skip
        assert fact in said, fact


def test_the_lot_in_french() -> None:
    said = shown(STATES["valid"], "fr")
    for fact in (
        "Fèves de cacao séchées", "12 500 kg", "200 \u00d7 sac de jute 62,5 kg", "Libéria", "281 livraisons de 240 producteurs",
        "Biologique", "Valable jusqu\u2019au 31 décembre 2025", "du 1er janvier 2025 au 31 décembre 2025",
        "34 178 kg entrés, 12 978,4 kg sortis", "9 fèves moisies sur 300", "limite 3 %", "7,1 %",
        "1. Avons-nous émis cette étiquette ?", "Ce que cette page ne prouve pas", "15 janvier 2025, 16:20 UTC",
    ):  # fmt: skip
        assert fact in said, fact


def test_a_weight_carries_its_grams() -> None:
    grams = [item["value"] for item in Document(page_html(STATES["valid"], "fr")).all("data")]
    assert grams[0] == "12500000"
    assert "12978400" in grams


def test_a_claim_in_conversion_says_why_not_more_and_names_no_plot() -> None:
    said = shown(STATES["in_conversion"], "en")
    assert "In conversion to organic farming" in said
    assert "Why not more: Part of the goods was harvested on 4 December 2024 on a plot in conversion" in said
    assert "organic only from 1 March 2026" in said
    assert "NH-0231" not in page_html(STATES["in_conversion"], "en").decode()


def test_a_claim_that_is_not_granted_is_said_plainly() -> None:
    said = shown(STATES["not_granted"], "en")
    assert "Not granted The lot may not be sold under EU organic 2018/848. Why:" in said
    assert "not on the list of approved members. (2 cases)" in said
    assert "Dryer D2, Ganta, where the goods were handled on 9 October 2024, was not on the certificate." in said
    assert "Non accordée" in shown(STATES["not_granted"], "fr")
    for lang in LANGS:
        assert "NH-0999" not in page_html(STATES["not_granted"], lang).decode()


@pytest.mark.parametrize("lang", LANGS)
def test_every_reason_has_a_sentence_and_a_strange_one_a_general_one(lang: Lang) -> None:
    codes = [
        "PLOT_IN_CONVERSION",
        "PLOT_CONVERSION_NOT_BEGUN",
        "PLOT_CONVERTED_LESS_THAN_MINIMUM",
        "PLOT_UNKNOWN",
        "SITE_NOT_IN_SCOPE",
        "SITE_CERT_NOT_ACTIVE",
        "PRODUCT_NOT_IN_SCOPE",
        "NO_CERTIFICATE",
        "DOWNGRADED",
        "INHERITED",
        "CERT_NOT_ACTIVE",
        "MEMBER_NOT_APPROVED",
        "NOT_ON_APPROVED_LIST",
        "INTERNAL_INSPECTION_OVERDUE",
    ]
    for code in codes:
        assert texts.has(f"reason.{code}")
        said = shown(a_passport(claims=(replace(NOT_GRANTED, reasons=((code, {}),)),)), lang)
        assert code not in said
        assert "{" not in said
    strange = shown(a_passport(claims=(replace(NOT_GRANTED, reasons=(("BRAND_NEW", {"n": 1}),)),)), lang)
    assert "BRAND_NEW" not in strange
    assert texts.text(lang, "reason.other") in strange


def test_an_id_or_a_dash_says_nothing_to_a_reader() -> None:
    reason = ("SITE_NOT_IN_SCOPE", {"site": "0197b0a0-1111-7222-8333-444455556666", "day": "2024-10-09"})
    html = page_html(a_passport(claims=(replace(NOT_GRANTED, reasons=(reason,)),)), "en")
    assert b"0197b0a0" not in html
    assert b"A place where the goods were handled" in html


def test_equal_steps_are_counted_and_every_event_has_a_word() -> None:
    for event in EVENT_TYPES:
        kind = event.model_fields["type"].default
        for form in ("one", "many"):
            assert texts.has(f"step.{kind}.{form}"), kind
    many = replace(STEPS[0], count=412, grams_out=25_000_000)
    assert "412 deliveries by farmers 25 000 kg" in shown(a_passport(steps=(many,)), "en")
    assert "1 livraison d\u2019un producteur" in shown(a_passport(steps=(replace(many, count=1),)), "fr")
    strange = replace(many, kind="beamed_up", process="warp")
    assert "Other step" in shown(a_passport(steps=(strange,)), "en")
    assert "Processed" in shown(a_passport(steps=(replace(many, kind="transformed", process="winnow", count=1),)), "en")


def test_long_stories_fold_in_order_and_nothing_is_lost() -> None:
    runs, left = page._story(STEPS, page.ROOMS[0])
    assert [step for run in runs for step in run.steps] == list(STEPS)
    assert not left
    assert any(run.folded for run in runs)
    assert not runs[0].folded
    assert runs[0].steps[0].kind == "delivered"
    long = STEPS * 20
    runs, left = page._story(long, page.ROOMS[0])
    assert sum(len(run.steps) for run in runs) + left == len(long)
    assert "more steps are in the data (JSON)" in shown(a_passport(steps=long), "en")


def test_checks_beyond_five_are_folded_failed_ones_first() -> None:
    big = a_big_passport()
    full, brief, left = page._checks(big, page.ROOMS[0])
    assert len(full) == 5
    assert len(full) + len(brief) + left == 40
    assert [check.verdict for check in full] == ["fail", "fail", "fail", "pass", "pass"]
    said = shown(big, "en")
    assert "3 failed, 37 passed" in said
    assert "Show 35 more checks" in said
    assert "14 of 300 beans mouldy, limit 3 %" not in said
    assert "9 of 300 beans mouldy, limit 3 %" in said


def test_measured_values_of_every_kind() -> None:
    measured = (
        Measured("odour", "free", "pass/fail", None, passed=True),
        Measured("odour", "1", "pass/fail", "≥ 1", passed=True),
        Measured("mouldy", "9", "% of 300 beans", "3", passed=True, count=9, of=300),
        Measured("brix_ratio", "12.50", "\u00b0Bx", "0", passed=None),
        Measured("benzo_a_pyrene", "1250.5", "ug/kg", "none", passed=False),
    )
    check = replace(a_check(date(2025, 1, 13)), measured=measured)
    said = shown(a_passport(checks=(check,)), "fr")
    assert "Odeur free" in said
    assert "Odeur en ordre" in said
    assert "limite ≥" not in said
    assert "Brix ratio 12,50 \u00b0Bx" in said
    assert "Benzo(a)pyrène 1 250,5 \u00b5g/kg" in said


def test_a_passport_with_nothing_but_the_least() -> None:
    bare = a_passport(
        state_reason=None, units=None, unit_name=None, season=None, grade=None, hs_code=None, contact=None, claims=(),
        certificates=(), steps=(), checks=(), verifications=(),
        origin=Origin("LR", {"en": "Liberia", "fr": "Libéria"}, None, 0, None, None, None),
    )  # fmt: skip
    for lang in LANGS:
        said = shown(bare, lang)
        assert "12 500 kg" in said
        assert "None" not in said
    assert "The issuer has given no contact." in shown(bare, "en")


@pytest.mark.parametrize(
    ("contact", "href"),
    [
        ("office@nimbahills.example", "mailto:office@nimbahills.example?subject="),
        ("+231 77 012 3456", "tel:+231770123456"),
        ("Box 12, Ganta", None),
        ("javascript:alert(1)", None),
        ("a@b.example?cc=x@y.example", None),
    ],
)
def test_a_contact_becomes_a_link_only_where_it_surely_is_one(contact: str, href: str | None) -> None:
    html = page_html(a_passport(contact=contact), "en")
    assert contact in Document(html).text
    links = [link["href"] or "" for link in Document(html).all("a")]
    outside = [link for link in links if not link.startswith(("?", "#", "/"))]
    assert all(link.startswith(href) for link in outside) if href else not outside


# --- what the page never does -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "name"), ALL_PAGES)
def test_no_page_promises_too_much(lang: Lang, name: str) -> None:
    html = every_page(lang)[name]
    without_style = re.sub(r"<style>.*?</style>", "", html.decode(), flags=re.DOTALL)
    assert not NEVER.search(without_style)
    assert not NEVER.search(Document(html).words)


def test_no_sentence_promises_too_much() -> None:
    for key, by_language in TEXTS.items():
        for sentence in by_language.values():
            assert not NEVER.search(sentence.replace(texts.THIN, " ")), key


@pytest.mark.parametrize(("lang", "name"), ALL_PAGES)
def test_one_document_without_script_style_attribute_or_foreign_address(lang: Lang, name: str) -> None:
    document = Document(every_page(lang)[name])
    names = {tag for tag, _ in document.tags}
    assert not names & {"script", "iframe", "img", "object", "embed", "video", "base", "font"}
    assert not document.open
    assert document.all("html")[0]["lang"] == lang
    assert [link["href"] for link in document.all("link")] == ["data:,"]
    for tag, attributes in document.tags:
        assert "style" not in attributes
        assert "src" not in attributes
        assert not [key for key in attributes if key.startswith("on")]
        if tag == "input":
            assert attributes["type"] in ("text", "hidden")
        if tag == "form":
            assert (attributes["action"], attributes["method"]) == ("/l/", "get")
        if tag == "use":
            assert f'<symbol id="{(attributes["href"] or "")[1:]}"' in every_page(lang)[name].decode()
    ids = [attributes["id"] for _, attributes in document.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("lang", "name"), ALL_PAGES)
def test_the_style_is_allowed_by_its_hash(lang: Lang, name: str) -> None:
    styles = re.findall(rb"<style>(.*?)</style>", every_page(lang)[name], re.DOTALL)
    assert len(styles) == 1
    assert csp_style_hash() == "sha256-" + b64encode(sha256(styles[0]).digest()).decode()
    assert b"url(" not in styles[0]
    assert b"@import" not in styles[0]


HOSTILE = [
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}",
    "\u202eevil\u2066\u2069\u200f\x00\n\x1b[31m\ud800",
    "x" * 5_000,
]


def poisoned(value: object, poison: str) -> object:
    """The value with every free text replaced."""
    kept = {
        "valid",
        "pass",
        "fail",
        "passed",
        "not_checked",
        "active",
        "delivered",
        "mouldy",
        "EU_ORG",
        "label_known",
        URL,
    }
    if isinstance(value, str):
        return value if value in kept else poison
    if isinstance(value, tuple):
        return tuple(poisoned(item, poison) for item in value)
    if isinstance(value, dict):
        return {key: poisoned(item, poison) for key, item in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return replace(value, **{name: poisoned(getattr(value, name), poison) for name in value.__dataclass_fields__})  # type: ignore[type-var]
    return value


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("poison", HOSTILE)
def test_hostile_text_stays_text(poison: str, lang: Lang) -> None:
    reasons = (("DOWNGRADED", {"reason": poison}), (poison, {poison: poison}))
    passport = a_passport(claims=(replace(NOT_GRANTED, reasons=reasons),), state_reason=("HOLD", {"reason": poison}))
    evil = poisoned(passport, poison)
    assert isinstance(evil, Passport)
    html = page_html(replace(evil, state="on_hold", superseded_by=poison), lang)
    document = Document(html)
    assert not document.open
    assert not document.all("script")
    assert not document.all("img")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00\x1b]", html.decode())
    json.loads(page_json(evil))
    assert len(html) < 50_000
    assert len(gzip.compress(html, 6)) < 14_000
    typed = Document(unknown_html(poison, lang, HOST))
    assert not typed.all("script")
    assert len(typed.all("input")[0]["value"] or "") <= 64


# --- sizes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "name"), ALL_PAGES)
def test_a_page_is_small(lang: Lang, name: str) -> None:
    html = every_page(lang)[name]
    assert len(html) < 50_000
    assert len(gzip.compress(html, 6)) < 14_000


@pytest.mark.parametrize("lang", LANGS)
def test_even_a_monster_is_small(lang: Lang) -> None:
    measured = tuple(replace(cut_test()[0], value=f"{n}.5") for n in range(100))
    big = a_big_passport()
    monster = replace(
        big,
        steps=tuple(replace(step, first_at=date(2024, 1, 1) + timedelta(days=n)) for n, step in enumerate(STEPS * 40)),
        checks=tuple(replace(check, measured=measured) for check in big.checks * 10),
        certificates=big.certificates * 10,
        claims=tuple(replace(NOT_GRANTED, scheme=f"S{n}", reasons=NOT_GRANTED.reasons * 200) for n in range(6)),
    )
    html = page_html(monster, lang)
    assert len(html) < 50_000
    assert len(gzip.compress(html, 6)) < 14_000
    assert len(json.loads(page_json(monster))["checks"]) == 400


# --- words and figures ------------------------------------------------------------------------------------------------


def test_every_sentence_stands_in_both_languages_with_the_same_placeholders() -> None:
    for key, by_language in TEXTS.items():
        assert set(by_language) == set(LANGS)
        assert all(sentence.strip() for sentence in by_language.values()), key
        assert texts.placeholders(by_language["en"]) == texts.placeholders(by_language["fr"]), key


def test_every_counted_sentence_has_both_forms_and_every_fuller_one_a_plain_one() -> None:
    for key in TEXTS:
        if key.endswith(".one"):
            assert f"{key[:-4]}.many" in TEXTS
        if key.endswith("+"):
            assert key[:-1] in TEXTS


def test_every_question_has_its_four_answers() -> None:
    for code in ("label_known", "not_blocked", "balance", "members", "certificates", "quality", "history"):
        assert texts.has(f"check.{code}")
        for answer in get_args(Answer):
            assert texts.has(f"check.{code}.{answer}")
            assert texts.has(f"answer.{answer}")
            for lang in LANGS:
                sentence = texts.text(lang, f"check.{code}.{answer}")
                assert texts.placeholders(sentence) <= {"organisation", "issued"}
    assert "Another check (new_one)" in shown(a_passport(verifications=(Verification(8, "new_one", "passed"),)), "en")


def test_every_key_that_a_template_names_exists() -> None:
    for template in page.TEMPLATES.glob("*.html"):
        for key in re.findall(r"""say\("([a-z_.]+)"[,)]""", template.read_text("utf-8")):
            assert texts.has(key), (template.name, key)
        for key in re.findall(r"""v\.count\("([a-z_.]+)\"""", template.read_text("utf-8")):
            assert texts.has(f"{key}.one"), (template.name, key)


@pytest.mark.parametrize(
    ("grams", "en", "fr"),
    [
        (12_500_000, "12\u202f500\u00a0kg", "12\u202f500\u00a0kg"),
        (978_400, "978.4\u00a0kg", "978,4\u00a0kg"),
        (62_500, "62.5\u00a0kg", "62,5\u00a0kg"),
        (1, "0.001\u00a0kg", "0,001\u00a0kg"),
        (0, "0\u00a0kg", "0\u00a0kg"),
        (1_234_567_891, "1\u202f234\u202f567.891\u00a0kg", "1\u202f234\u202f567,891\u00a0kg"),
        (-48_300, "\u221248.3\u00a0kg", "\u221248,3\u00a0kg"),
    ],
)
def test_kilograms_are_exact(grams: int, en: str, fr: str) -> None:
    assert (texts.kilograms("en", grams), texts.kilograms("fr", grams)) == (en, fr)


@pytest.mark.parametrize(
    ("first", "last", "en", "fr"),
    [
        (date(2025, 1, 1), date(2025, 1, 1), "1 January 2025", "1er janvier 2025"),
        (date(2025, 1, 1), date(2025, 1, 14), "1\u201314 January 2025", "1er\u201314 janvier 2025"),
        (
            date(2025, 2, 3),
            date(2025, 8, 1),
            "3 February \u2013 1 August 2025",
            "3 février \u2013 1er août 2025",
        ),
        (
            date(2024, 12, 31),
            date(2025, 1, 2),
            "31 December 2024 \u2013 2 January 2025",
            "31 décembre 2024 \u2013 2 janvier 2025",
        ),
    ],
)
def test_dates_are_written_out(first: date, last: date, en: str, fr: str) -> None:
    assert texts.days("en", first, last).replace("\u00a0", " ") == en
    assert texts.days("fr", first, last).replace("\u00a0", " ") == fr


@pytest.mark.parametrize(
    ("value", "unit", "en", "fr"),
    [
        ("7.1", "%", "7.1 %", "7,1 %"),
        ("3", "% of 300 beans", "3 %", "3 %"),
        ("1250.50", "ug/kg", "1 250.50 \u00b5g/kg", "1 250,50 \u00b5g/kg"),
        ("-0.5", "C", "\u22120.5 \u00b0C", "\u22120,5 \u00b0C"),
        ("5.4", "pH", "5.4", "5,4"),
        ("absent", "in 25 g", "absent in 25 g", "absent dans 25 g"),
    ],
)
def test_values_are_written_with_their_units(value: str, unit: str, en: str, fr: str) -> None:
    def spaced(written: str) -> str:
        return re.sub(r"[\u00a0\u202f]", " ", written)

    assert (spaced(texts.amount("en", value, unit)), spaced(texts.amount("fr", value, unit))) == (en, fr)


@pytest.mark.parametrize(
    ("header", "query", "lang"),
    [
        (None, None, "en"),
        ("", "", "en"),
        ("fr", None, "fr"),
        ("fr-CI, en;q=0.8", None, "fr"),
        ("FR-fr", None, "fr"),
        ("en;q=0.5, fr;q=0.9", None, "fr"),
        ("fr;q=0.2, en;q=0.7", None, "en"),
        ("de, fr;q=0.3", None, "fr"),
        ("de", None, "en"),
        ("fr, en", None, "fr"),
        ("en, fr", None, "en"),
        ("fr;q=0", None, "en"),
        ("en;q=0, *;q=0.5", None, "fr"),
        ("*", None, "en"),
        ("*;q=0.1, fr;q=0.5", None, "fr"),
        ("de-CH, de;q=0.9, fr-CH;q=0.8, en;q=0.7", None, "fr"),
        ("fr;q=high", None, "en"),
        ("fr;q=2", None, "en"),
        ("fr;q=0.1234", None, "en"),
        (";;;,,,=q", None, "en"),
        ("french", None, "en"),
        ("fr\n", None, "fr"),
        ("a" * 100_000, None, "en"),
        ("fr," * 100_000, None, "fr"),
        ("en", "fr", "fr"),
        ("fr", "en-GB", "en"),
        ("fr", "de", "fr"),
        (None, "<script>", "en"),
    ],
)
def test_the_language_is_negotiated(header: str | None, query: str | None, lang: str) -> None:
    assert negotiate(header, query) == lang


# --- the same facts for machines --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STATES)
def test_json_says_the_same_with_the_same_numbers(name: str) -> None:
    passport = STATES[name]
    raw = page_json(passport)
    data = json.loads(raw)
    assert list(data) == sorted(data)
    assert data["checked_at"] == CHECKED_AT
    assert data["format"] == "filiere-passport/1"
    assert data["net_g"] == 12_500_000
    assert data["state"] == passport.state
    assert data["issued_at"] == "2025-01-15T16:20:00Z"
    for lang in LANGS:
        document = Document(page_html(passport, lang))
        assert texts_plain(data["verdict"][lang]) in document.words
        numbers = re.findall(r"(\d+)\. (?=[A-ZÀ])", document.words.partition(texts.text(lang, "checked"))[2])
        assert [check["number"] for check in data["verifications"]] == [int(number) for number in numbers[:7]]
        assert str(data["net_g"]) in [item["value"] for item in document.all("data")]
    assert [check["answer"] for check in data["verifications"]] == [check.answer for check in passport.verifications]


def texts_plain(sentence: str) -> str:
    return re.sub(r"[\u00a0\u202f]", " ", sentence)


def test_json_keeps_codes_and_leaves_persons_out() -> None:
    data = json.loads(page_json(STATES["in_conversion"]))
    reason = data["claims"][0]["reasons"][0]
    assert reason["code"] == "PLOT_IN_CONVERSION"
    assert reason["params"]["organic_from"] == "2026-03-01"
    assert b"NH-0231" not in page_json(STATES["in_conversion"])
    assert json.loads(page_json(STATES["on_hold"]))["state_reason"] == {
        "code": "HOLD",
        "params": {"reason": "Second moisture reading before loading"},
    }
    assert json.loads(page_json(a_passport()))["state_reason"] is None


def test_the_same_passport_gives_the_same_bytes() -> None:
    assert page_html(a_passport(), "fr") == page_html(a_passport(), "fr")
    assert page_json(a_passport()) == page_json(a_passport())


# --- unknown code, and the start ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_an_unknown_code_is_said_and_can_be_typed_again(lang: Lang) -> None:
    document = Document(unknown_html("7Q4K 9ZTM", lang, HOST))
    assert texts.text(lang, "unknown.title") in document.words
    assert HOST in document.words
    field = document.all("input")[0]
    assert (field["name"], field["value"]) == ("code", "7Q4K 9ZTM")
    links = [link["href"] for link in document.all("a")]
    assert links == ["?code=7Q4K+9ZTM&lang=en", "?code=7Q4K+9ZTM&lang=fr"]
    assert len(Document(unknown_html(None, lang, HOST)).all("input")) == 2


@pytest.mark.parametrize("lang", LANGS)
def test_the_start_page_has_one_field(lang: Lang) -> None:
    document = Document(start_html(lang, HOST))
    assert [field["type"] for field in document.all("input")] == ["text", "hidden"]
    assert texts.text(lang, "start.title") in document.words


# --- colours ------------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    colour = colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: str) -> None:
    blocks = re.findall(r":root\s*\{([^}]*)\}", (page.TEMPLATES / "page.css").read_text("utf-8"))
    colours = dict(re.findall(r"--(\w+):\s*(#[0-9a-f]{3,6})", blocks[("light", "dark").index(scheme)]))
    pairs = [
        ("ink", "page"),
        ("soft", "page"),
        ("ink", "wash"),
        ("soft", "wash"),
        ("stop", "page"),
        ("page", "ink"),
    ]
    pairs += [(tone, f"{tone}b") for tone in ("ok", "look", "stop", "what")]
    for text, ground in pairs:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    if scheme == "light":
        assert (colours["ok"], colours["okb"]) == ("#0b5d3b", "#e6f4ec")
        assert (colours["look"], colours["lookb"]) == ("#7a4a00", "#fff3d6")
        assert (colours["stop"], colours["stopb"]) == ("#9b1c1c", "#fdeaea")
        assert (colours["what"], colours["whatb"]) == ("#3d4852", "#eef1f4")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("state", get_args(DocumentState))
def test_the_page_of_a_document_says_whether_to_rely_on_it(state: DocumentState, lang: Lang) -> None:
    ended = None if state == "issued" else datetime(2026, 5, 3, tzinfo=UTC)
    held = PublicDocument(
        "TS-COOP-2026-0001", "transaction_statement", "DB", "Cooperative", datetime(2026, 5, 1, tzinfo=UTC), "0" * 64,
        state, "Wrong buyer", "TS-COOP-2026-0002", ended, None, None, None,
    )  # fmt: skip
    html = re.sub("</?time[^>]*>", "", document_html(held, lang, "https://t.example.org").decode()).replace("\xa0", " ")
    said = {
        "issued": ("In force", "En vigueur"),
        "corrected": ("declared wrong on 3 May 2026", "déclaré faux le 3 mai 2026"),
    }
    said |= {"superseded": ("TS-COOP-2026-0002", "TS-COOP-2026-0002"), "revoked": ("on 3 May 2026", "le 3 mai 2026")}
    assert said[state][lang == "fr"] in html
    assert f'<body class="{DOCUMENT_TONES[state]}">' in html
