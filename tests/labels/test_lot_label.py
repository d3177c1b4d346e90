"""The bag label: nothing overlaps, nothing is claimed that was not granted, everything reads back."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from labels import lot_label, qr
from labels import print_texts as words
from labels.lot_label import HEIGHT_MM, WIDTH_MM, Text, bag_items, label_png, label_svg, printable
from labels.sheet_a4 import MODULE_MM, STOCKS, small_items
from tests.labels.builders import (
    CONVENTIONAL,
    COOP,
    IN_CONVERSION,
    ORGANIC,
    PAPER,
    URL,
    a_passport,
    an_unclaimed_passport,
)
from tests.labels.reading import (
    decoded,
    outside,
    overlaps,
    png,
    refused,
    spread,
    svg_image,
    svg_texts,
    symbols_of,
    texts_of,
)

NOP = replace(ORGANIC, scheme="NOP", scheme_name="USDA NOP producer group")
LONG = "Société coopérative simplifiée des producteurs de cacao de la vallée de la Tumutu et de ses environs"
CLAIMS: dict[str, dict[str, Any]] = {
    "organic": {},
    "in conversion": {"claims": (IN_CONVERSION,)},
    "none": {"claims": (CONVENTIONAL,), "certificates": ()},
    "two": {"claims": (ORGANIC, NOP), "certificates": (PAPER, replace(PAPER, scheme="NOP", body_code=None))},
    "ggn": {
        "claims": (replace(ORGANIC, scheme="GLOBALGAP_IFA", value="ggn"),),
        "certificates": (replace(PAPER, scheme="GLOBALGAP_IFA", number="4056186000013"),),
    },
}
NAMES: dict[str, dict[str, Any]] = {
    "usual": {},
    "bare": {"contact": None, "grade": None, "season": None, "units": None, "product": {"en": "Nibs"}},
    "long": {
        "organisation": LONG,
        "lot_code": "LR-C1-CB-2425-F1-017",
        "product": {
            "en": "Cocoa beans, dry, main crop, well fermented",
            "fr": "Fèves de cacao fermentées et séchées au soleil",
        },
        "url": "HTTPS://TRACABILITE.COOPERATIVE-TUMUTU-VALLEY.EXAMPLE.ORG/L/7Q4K9ZTM2HXD1R8W",
    },
    "wide": {"lot_code": "WWWWWWWWWWWWWWWWWWWW", "organisation": "W" * 60, "contact": "W" * 40, "grade": "M" * 30},
}
UNITS = (None, (1, 1), (200, 200), (12_345, 20_000, 1_234_567_890))
VARIANTS = list(product(CLAIMS, NAMES, ("en", "fr"), UNITS))


def variant(claims: str, names: str) -> Any:
    return a_passport(**{**CLAIMS[claims], **NAMES[names]})


@pytest.mark.parametrize(("claims", "names", "lang", "unit"), VARIANTS)
@pytest.mark.parametrize(("module", "smallest"), [(0.5, 7.0), (MODULE_MM, 7.0), (4 * 25.4 / 203, 9.0)])
def test_nothing_overlaps_on_the_bag_label(
    claims: str, names: str, lang: str, unit: Any, module: float, smallest: float
) -> None:
    items = bag_items(variant(claims, names), lang, unit, module=module, smallest=smallest, setting=printable)
    assert overlaps(items) == []
    assert outside(items, WIDTH_MM, HEIGHT_MM, 1.5) == []


@pytest.mark.parametrize(("claims", "names", "lang", "unit"), VARIANTS)
def test_nothing_overlaps_on_the_small_label(claims: str, names: str, lang: Any, unit: Any) -> None:
    passport, stock = variant(claims, names), STOCKS["3x7"]
    items = small_items(passport, lang, unit, qr.symbol(passport.url), "all")
    assert overlaps(items) == []
    assert outside(items, stock.width, stock.height, 0.9) == []


@pytest.mark.parametrize(
    "code", ["LR-BK-2611-0042", "LR-C1-CB-2425-F1-017", "LR-LONGNAME-26110042", "12345678901234567890"]
)
def test_the_lot_code_is_the_largest_text(code: str) -> None:
    items = bag_items(a_passport(lot_code=code), "en", (1, 2), setting=printable)
    texts = [item for item in items if isinstance(item, Text)]
    largest = [item for item in texts if item.size >= lot_label.LOT_POINTS - 0.1]
    assert "".join(item.text for item in largest) == code


def test_two_copies_stand_at_opposite_corners() -> None:
    first, second = symbols_of(bag_items(a_passport(), "en", None))
    assert first.x > WIDTH_MM / 2 > second.x
    assert first.y < HEIGHT_MM / 2 < second.y + second.side
    assert first.module == second.module == 0.5


@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("claims", CLAIMS)
def test_png_reads_back(dpi: int, claims: str) -> None:
    image = png(label_png(variant(claims, "usual"), "fr", dpi, (17, 200)))
    assert image.mode == "1"
    assert image.size == (round(WIDTH_MM * dpi / 25.4), round(HEIGHT_MM * dpi / 25.4))
    assert decoded(image) == [URL, URL]
    assert decoded(spread(image, dpi)) == [URL, URL]


def test_svg_reads_back() -> None:
    svg = label_svg(a_passport(), "en", (17, 200))
    assert decoded(svg_image(svg, 300 / 25.4)) == [URL, URL]
    root = ET.fromstring(svg)
    assert (root.attrib["width"], root.attrib["height"]) == ("99.1mm", "67.7mm")


def test_the_label_says_what_a_bag_must_say() -> None:
    said = svg_texts(label_svg(a_passport(), "en", (17, 200)))
    for text in (
        "LR-BK-2611-0042",
        "bag 17 / 200",
        "62.5\u00a0kg",
        "Cocoa beans, dry",
        "Fèves de cacao séchées",
        "Grade\u00a01 · Crop 2024/25",
        "Origin: Liberia, Bong County",
        "t.example.org",
        "7Q4K-9ZTM-2HXD-1R8W",
        "ORGANIC – EU\u00a02018/848",
        "LR-BIO-149 · Liberia Agriculture",
    ):
        assert text in said
    assert f"Packed by {COOP}" in " ".join(said)


def test_french_is_french() -> None:
    said = " ".join(svg_texts(label_svg(a_passport(claims=(IN_CONVERSION,)), "fr-CI", (17, 200))))
    assert "62,5\u00a0kg" in said
    assert "EN CONVERSION vers l’agriculture biologique – UE\u00a02018/848" in said
    assert "LR-BIO-149 · Agriculture Libéria" in said
    assert "Origine\u00a0: Libéria" in said


def test_a_language_that_we_do_not_print_becomes_english() -> None:
    assert "bag 1 / 2" in svg_texts(label_svg(a_passport(), "ka", (1, 2)))


# --- weights ---


def test_the_weight_of_a_bag() -> None:
    passport = a_passport()
    assert lot_label.net_of(passport, (1, 200)) == ("net", 62_500)
    assert lot_label.net_of(passport, (1, 200, 61_300)) == ("net", 61_300)
    assert lot_label.net_of(passport, None) == ("net", 12_500_000)
    assert lot_label.net_of(a_passport(net_g=12_500_001), (1, 200)) == ("lot_net", 12_500_001)  # bags differ
    assert lot_label.net_of(passport, (1, 150)) == ("lot_net", 12_500_000)  # not the number of bags packed


# --- claims ---


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("unit", UNITS)
def test_an_unclaimed_lot_carries_no_claim_word(lang: str, unit: Any) -> None:
    passport = an_unclaimed_passport(certificates=(PAPER,))
    svg = label_svg(passport, lang, unit).decode()
    assert not words.CLAIM_WORDS.search(svg)
    assert "BIO" not in svg.replace("7Q4K", "")
    assert lot_label.mark_of(passport) == "N"


@pytest.mark.parametrize(
    "changed",
    [
        {"organisation": "Bong Organic Farmers"},
        {"product": {"en": "Cocoa", "fr": "Cacao bio"}},
        {"product": {"en": "Cocoa", "fr": "Cacao biologique"}},
        {"origin": replace(a_passport().origin, region="O\u200brganic County")},
        {"grade": "BIO"},
        {"organisation": "ORGANIC Ltd"},
        {"product": {"en": "Öko-Kakao"}},
    ],
)
def test_a_claim_word_typed_somewhere_is_refused_on_an_unclaimed_lot(changed: dict[str, Any]) -> None:
    with refused("CLAIM_WORD_WITHOUT_CLAIM"):
        label_svg(an_unclaimed_passport(**changed), "en")
    assert label_svg(a_passport(**changed), "en")


@pytest.mark.parametrize(
    "name", ["Organisation of Cocoa Growers", "Biodiversity Cocoa", "Bionda & Co", "Symbio Trading"]
)
def test_words_that_only_look_alike_are_no_claim(name: str) -> None:
    assert label_svg(an_unclaimed_passport(organisation=name), "en")


def test_an_address_may_hold_what_it_holds() -> None:
    svg = label_svg(an_unclaimed_passport(url="HTTPS://T.BIO-COOP.EXAMPLE/L/7Q4K9ZTM2HXD1R8W"), "en")
    assert b"t.bio-coop.example" in svg


def test_an_organic_claim_without_control_body_is_refused() -> None:
    for papers in ((), (replace(PAPER, body_code=None),)):
        with refused("CLAIM_WITHOUT_CONTROL_BODY"):
            label_svg(a_passport(certificates=papers), "en")


def test_the_certificate_in_force_gives_the_code() -> None:
    old = replace(PAPER, number="A", body_code="LR-BIO-999", status="expired")
    svg = label_svg(a_passport(certificates=(old, PAPER)), "en")
    assert b"LR-BIO-149" in svg
    assert b"LR-BIO-999" not in svg


@pytest.mark.parametrize(
    ("claims", "mark"), [((ORGANIC,), "O"), ((IN_CONVERSION,), "C"), ((ORGANIC, IN_CONVERSION), "C"), ((), "N")]
)
def test_the_letter_for_the_warehouse(claims: Any, mark: str) -> None:
    assert lot_label.mark_of(a_passport(claims=claims)) == mark


# --- text that means harm ---

HOSTILE = [
    "<script>alert(1)</script>",
    "Tom & Jerry \"quoted\" 'single'",
    "left\u202eright\u2066isolate\u2069",
    "line\nbreak\ttab\x00nul\x1b[31m",
    "lone\ud800surrogate",
    "]]>--><!DOCTYPE x>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    passport = a_passport(
        organisation=text, lot_code=text, grade=text, contact=text, season=text, product={"en": text, "fr": text + "2"}
    )
    svg = label_svg(passport, "en", (1, 2))
    ET.fromstring(svg)
    assert b"<script" not in svg
    assert b"<!DOCTYPE" not in svg
    assert not any(lot_label.words.clean(item) != item for item in svg_texts(svg))
    assert decoded(png(label_png(passport, "en", 203, (1, 2)))) == [URL, URL]


def test_letters_that_the_typeface_lacks() -> None:
    assert printable("Ŋgɔ́ Kpɛlɛ\u202fŵ") == "Ngo Kpele w"
    with refused("GLYPH_MISSING"):
        label_png(a_passport(organisation="تعاونية"), "en", 203)
    assert "تعاونية" in label_svg(a_passport(organisation="تعاونية"), "en").decode()  # a browser has the letters


def test_an_address_too_long_for_the_label_is_refused() -> None:
    with refused("ADDRESS_TOO_LONG"):
        label_svg(a_passport(url="HTTPS://T.EXAMPLE.ORG/L/" + "A" * 110), "en")


def test_the_same_label_gives_the_same_bytes() -> None:
    assert label_svg(a_passport(), "en", (1, 2)) == label_svg(a_passport(), "en", (1, 2))
    assert label_png(a_passport(), "en", 203, (1, 2)) == label_png(a_passport(), "en", 203, (1, 2))


def test_bag_and_lot_parts_make_the_whole() -> None:
    whole = texts_of(bag_items(a_passport(), "en", (1, 2)))
    parts = [bag_items(a_passport(), "en", (1, 2), part="lot"), bag_items(a_passport(), "en", (1, 2), part="bag")]
    assert sorted(whole) == sorted(text for part in parts for text in texts_of(part))
    assert "bag 1 / 2" not in texts_of(parts[0])
