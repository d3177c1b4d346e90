"""Every design in four languages: nothing touches, nothing leaves the label, nothing is claimed that was not granted."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import profiles
from domain.profiles import load_commodity
from domain.refusals import Refused
from labels import designs, label_pixels, qr, typeset, unit_label
from labels import label_texts as says
from labels import print_texts as words
from labels.designs import Design, Line
from labels.lot_label import Symbol
from tests.labels.builders import (
    CONVENTIONAL,
    FOUR_NAMES,
    IN_CONVERSION,
    ORGANIC,
    PAPER,
    a_passport,
    a_unit,
    an_unclaimed_passport,
)
from tests.labels.reading import decoded, outside, overlaps, png, refused, spread, svg_image, symbols_of, texts_of

NOP = replace(ORGANIC, scheme="NOP", scheme_name="USDA NOP producer group")
GGN = {
    "claims": (replace(ORGANIC, scheme="GLOBALGAP_IFA", value="ggn"),),
    "certificates": (replace(PAPER, scheme="GLOBALGAP_IFA", number="4056186000013"),),
}
GMP = {
    "claims": (replace(ORGANIC, scheme="GMP", value="gmp"),),
    "certificates": (replace(PAPER, scheme="GMP", number="GE-GMP-0117"),),
}
CLAIMS: dict[str, dict[str, Any]] = {
    "organic": {},
    "in conversion": {"claims": (IN_CONVERSION,)},
    "none": {"claims": (CONVENTIONAL,), "certificates": ()},
    "two": {"claims": (ORGANIC, NOP), "certificates": (PAPER, replace(PAPER, scheme="NOP", body_code=None))},
    "ggn": GGN,
    "gmp": GMP,
}
NAMES: dict[str, dict[str, Any]] = {
    "usual": {"product": FOUR_NAMES},
    "bare": {"contact": None, "grade": None, "season": None, "product": {"en": "Nibs"}},
    "long": {
        "organisation": "Société coopérative simplifiée des producteurs de cacao de la vallée de la Tumutu",
        "lot_code": "LR-C1-CB-2425-F1-017",
        "declares": ("sulphites",),
        "product": {
            "en": "Cocoa beans, dry, main crop, well fermented",
            "fr": "Fèves de cacao fermentées et séchées au soleil",
            "ar": "حبوب كاكاو مخمرة ومجففة تحت الشمس، المحصول الرئيسي",
            "ka": "კაკაოს მარცვალი, ფერმენტირებული და მზეზე გამომშრალი",
        },
    },
    "wide": {"lot_code": "WWWWWWWWWWWWWWWWWWWW", "organisation": "W" * 60, "contact": "W" * 40, "grade": "M" * 30},
}
UNITS: dict[str, dict[str, Any]] = {
    "unit": {"opening": "QQQQQQQQ"},
    "largest": {"number": 99_999, "of": 100_000, "net_g": 1_234_567_890, "opening": "WWWWWWWQ"},
    "no GTIN": {"link": None, "packed_on": None},
}
OPENING = ("opening",)
"""Designs without a symbol, which say nothing of the goods."""
EVERY = [
    pytest.param(design, lang, id=f"{design.name}-{design.width:g}-{lang}")
    for design in designs.ALL
    for lang in says.TONGUES
]

PROFILES = Path(next(iter(profiles.__path__)))
SHIPPED = [
    pytest.param(product.name, id=product.code)
    for path in sorted((PROFILES / "commodities").glob("*.toml"))
    for product in load_commodity(path.read_text("utf-8"), path.name).products.values()
]

LEAST_MM = {
    ("sack", 100): 39.7,
    ("sack", 99.1): 26.5,
    ("carton", 62): 26.5,
    ("carton", 99.1): 26.5,
    ("tag", 63.5): 26.5,
}
LEAST_MM |= {("short", 50): 18.5, ("pallet", 148): 79.5, ("retail", 63.5): 20.5}
"""Table 6.1 of the design notes: the symbol with its quiet zone, of version 7, 3 (short), 4 (retail: 41 modules)."""


@pytest.mark.parametrize(("design", "lang"), EVERY)
def test_nothing_touches_and_nothing_leaves_the_label(design: Design, lang: str) -> None:
    for claimed in CLAIMS.values():
        for named in NAMES.values():
            for changes in UNITS.values():
                unit = a_unit(passport=a_passport(**{**claimed, **named}), **changes)
                for dpi in (203, 300):
                    made = designs.items(unit, lang, design, module=design.exact(dpi))
                    what = (claimed, named, changes, dpi)
                    assert overlaps(made) == [], what
                    drawn = [item for item in made if not isinstance(item, Symbol)]
                    assert outside(drawn, design.width, design.height, 0.9) == [], what
                    assert outside(symbols_of(made), design.width, design.height) == [], what


@pytest.mark.parametrize(("design", "lang"), EVERY)
@pytest.mark.parametrize("dpi", [203, 300])
def test_a_module_is_whole_dots_and_the_symbol_as_large_as_asked(design: Design, lang: str, dpi: int) -> None:
    found = symbols_of(designs.items(a_unit(), lang, design, module=design.exact(dpi)))
    assert len(found) == design.copies
    for symbol in found:
        dots = symbol.module * dpi / qr.INCH_MM
        assert abs(dots - round(dots)) < 0.02
        assert round(dots) >= 4
        left, _, right, _ = symbol.box()
        assert right - left >= LEAST_MM[design.name, design.width] - 0.01
        assert min(*symbol.box()[:2], design.width - right, design.height - symbol.box()[3]) >= -0.01
    if design.copies == 2:
        first, second = found
        assert (first.x + first.side / 2 < design.width / 2) != (second.x + second.side / 2 < design.width / 2)
        assert (first.y + first.side / 2 < design.height / 2) != (second.y + second.side / 2 < design.height / 2)


@pytest.mark.parametrize(("design", "lang"), EVERY)
def test_the_label_says_what_it_must(design: Design, lang: Any) -> None:
    unit = a_unit()
    made = designs.items(unit, lang, design)
    said = texts_of(made)
    joined = " ".join(said)
    assert "LR-BK-2611-0042" in joined
    if design.name in OPENING:
        return
    assert words.typed(unit.code) in joined.replace("- ", "-")
    assert "t.example.org" in joined
    assert says.net_figure(lang, 62_500) in said
    assert design.name == "retail" or "17 / 300" in said
    if design.name != "short" or lang == "en":  # 50 mm are too little
        assert all(word in joined for word in FOUR_NAMES[lang].split(" "))
    assert "2025-01-18" in joined or design.name in ("short", "tag", "retail") or design.figures_below
    assert not any(word in designs.SEPARATORS for text in said for word in (text.split(" ")[0], text.split(" ")[-1]))
    assert min(item.size for item in made if isinstance(item, Line)) >= 7
    if design.name != "short":
        short = design.name == "tag"
        ((head, detail),) = unit_label.claim_lines(unit.passport, lang, short=short)
        for sentence in (head, detail):
            assert all(word in joined for word in words_of(sentence))
        assert "EU\u00a02018/848" in joined or "UE\u00a02018/848" in joined
        assert "LR-BIO-149" in joined
    if design.name != "short" and (design.name, lang) not in (("tag", "ar"), ("tag", "ka")):
        assert "Co-operative" in joined  # the last word of who packed
    if design.name == "retail":
        assert "(01) 09521321000018 (10) LR-BK-2611-0042" in said


@pytest.mark.parametrize("name", SHIPPED)
def test_the_name_of_a_real_product_fits(name: dict[str, str]) -> None:
    """On every design but the smallest, whole, in all four languages, and nothing touches it."""
    for design in designs.ALL:
        for lang in says.TONGUES if design.width > 50 and design.name != "opening" else ():
            for claimed in (CLAIMS["organic"], CLAIMS["none"]):
                unit = a_unit(passport=a_passport(product=name, **claimed))
                made = designs.items(unit, lang, design, module=design.exact(203))
                joined = " ".join(texts_of(made))
                assert all(word in joined for word in name[lang].split(" ")), (design.name, lang)
                assert overlaps(made) == [], (design.name, lang)


@pytest.mark.parametrize(
    ("lang", "given", "stand"),
    [
        ("ar", FOUR_NAMES, ["ar", "en", "fr"]),
        ("ka", FOUR_NAMES, ["ka", "en", "fr"]),
        ("en", FOUR_NAMES, ["en", "fr"]),
        ("fr", FOUR_NAMES, ["fr", "en"]),
        ("ar", {"fr": FOUR_NAMES["fr"], "en": FOUR_NAMES["en"]}, ["en", "fr"]),  # as frozen facts have it
        ("ka", {"en": FOUR_NAMES["en"], "fr": FOUR_NAMES["fr"], "ar": FOUR_NAMES["ar"]}, ["en", "fr"]),
    ],
)
def test_a_product_is_named_in_the_language_else_in_english(lang: Any, given: dict[str, str], stand: list[str]) -> None:
    assert says.names(lang, given) == [FOUR_NAMES[each] for each in stand]
    joined = " ".join(texts_of(designs.items(a_unit(passport=a_passport(product=given)), lang, designs.find("sack"))))
    assert all(word in joined for word in FOUR_NAMES[stand[0]].split(" "))
    assert not any(FOUR_NAMES[each] in joined for each in says.TONGUES if each not in stand)


def words_of(text: str) -> list[str]:
    """The words that must stand there: a mark between two parts is left out where the line breaks."""
    return [word for word in re.sub("[\u2068\u2069]", "", text).split(" ") if word not in designs.SEPARATORS]


@pytest.mark.parametrize(("design", "lang"), EVERY)
@pytest.mark.parametrize("claims", CLAIMS)
def test_the_words_of_a_claim_are_never_cut(design: Design, lang: Any, claims: str) -> None:
    if design.name == "short" or design.name in OPENING:
        return
    for named in NAMES.values():
        passport = a_passport(**{**CLAIMS[claims], **named})
        joined = " ".join(texts_of(designs.items(a_unit(passport=passport), lang, design)))
        forms = [unit_label.claim_lines(passport, lang, short=short)[:1] for short in (False, True)]
        said = [all(word in joined for pair in form for text in pair for word in words_of(text)) for form in forms]
        assert any(said), joined
        assert all(forms) == (claims != "none")
        assert design.name == "tag" or named.get("lot_code") or said[0] or claims == "in conversion"


@pytest.mark.parametrize(("design", "lang"), EVERY)
def test_goods_without_the_claim_carry_none_of_its_words(design: Design, lang: str) -> None:
    made = designs.items(a_unit(passport=an_unclaimed_passport(product=FOUR_NAMES)), lang, design)
    for text in texts_of(made):
        assert not words.CLAIM_WORDS.search(unicodedata.normalize("NFKC", text))
    assert "N" in texts_of(made) or design.name in ("retail", *OPENING)
    assert "O" not in texts_of(made)


@pytest.mark.parametrize("lang", says.TONGUES)
def test_a_claim_that_is_not_granted_is_not_printed(lang: Any) -> None:
    passport = a_passport(claims=(replace(ORGANIC, granted=False),))
    assert unit_label.claim_lines(passport, lang) == []
    for design in designs.ALL:
        said = texts_of(designs.items(a_unit(passport=passport), lang, design))
        assert "O" not in said
        assert not any(words.CLAIM_WORDS.search(text) for text in said)


@pytest.mark.parametrize(
    "word", ["Organic Farms Ltd", "Coopérative bio", "تعاونية عضوية", "زيت بيولوجي", "ორგანული ფერმა"]
)
def test_a_claim_word_in_a_name_is_refused_on_goods_without_the_claim(word: str) -> None:
    for design in designs.ALL:
        with refused("CLAIM_WORD_WITHOUT_CLAIM"):
            designs.items(a_unit(passport=an_unclaimed_passport(product={"en": word})), "en", design)


@pytest.mark.parametrize("lang", says.TONGUES)
def test_an_organic_claim_needs_the_code_of_its_control_body(lang: str) -> None:
    passport = a_passport(certificates=(replace(PAPER, body_code=None),))
    for design in designs.ALL:
        if design.name not in ("short", *OPENING):
            with refused("CLAIM_WITHOUT_CONTROL_BODY"):
                designs.items(a_unit(passport=passport), lang, design)


def test_the_letter_stands_in_its_shape() -> None:
    for changes, letter, figure in (
        ({}, "O", "circle"),
        ({"claims": (IN_CONVERSION,)}, "C", "triangle"),
        ({"claims": (CONVENTIONAL,), "certificates": ()}, "N", "square"),
    ):
        for design in designs.ALL:
            if design.name in ("retail", *OPENING):
                continue
            made = designs.items(a_unit(passport=a_passport(**changes)), "en", design)
            (shape,) = [item for item in made if isinstance(item, designs.Shape)]
            assert shape.figure == figure
            assert letter in texts_of(made)


@pytest.mark.parametrize(("design", "lang"), EVERY)
@pytest.mark.parametrize("dpi", [203, 300])
def test_dots_read_back(design: Design, lang: str, dpi: int) -> None:
    unit = a_unit()
    image = png(label_pixels.png(unit, lang, design, dpi))
    assert image.mode == "1"
    assert image.size == (round(design.width * dpi / 25.4), round(design.height * dpi / 25.4))
    wanted = [designs.content(unit, design)] * design.copies
    assert decoded(image) == wanted
    assert decoded(spread(image, dpi)) == wanted


@pytest.mark.parametrize(("design", "lang"), EVERY)
def test_svg_reads_back(design: Design, lang: str) -> None:
    unit = a_unit()
    svg = label_pixels.svg(unit, lang, design)
    assert decoded(svg_image(svg, 300 / 25.4)) == [designs.content(unit, design)] * design.copies
    assert f'width="{design.width:g}mm"' in svg.decode()


def test_arabic_begins_at_the_right() -> None:
    english = symbols_of(designs.items(a_unit(), "en", designs.find("sack")))
    arabic = symbols_of(designs.items(a_unit(), "ar", designs.find("sack")))
    assert [round(100 - symbol.x - symbol.side, 3) for symbol in arabic] == [round(symbol.x, 3) for symbol in english]
    lot = next(
        item
        for item in designs.items(a_unit(), "ar", designs.find("sack"))
        if isinstance(item, Line) and item.text == "LR-BK-2611-0042"
    )
    assert lot.anchor == "end"


def test_a_lot_label_is_drawn_by_the_same_designs() -> None:
    lot = unit_label.of_lot(a_passport(product=FOUR_NAMES))
    for design in designs.ALL:
        if design.name in OPENING:
            continue
        image = png(label_pixels.png(lot, "en", design, 203))
        assert decoded(image) == [lot.url] * design.copies
        joined = " ".join(texts_of(designs.items(lot, "en", design))).replace("- ", "-")
        assert "7Q4K-9ZTM-2HXD-1R8W" in joined


# --- the opening code

OPENINGS = [
    pytest.param(design, lang, id=f"{design.width:g}-{lang}")
    for design in designs.ALL
    for lang in says.TONGUES
    if design.name in OPENING
]


@pytest.mark.parametrize(("design", "lang"), OPENINGS)
def test_the_opening_code_is_the_largest_of_all_and_nothing_leads_to_the_unit(design: Design, lang: Any) -> None:
    for code in ("7Q4K9ZTM", "WWWWWWWW", "11111111"):
        unit = a_unit(opening=code)
        made = designs.items(unit, lang, design)
        lines = [item for item in made if isinstance(item, Line)]
        largest = max(lines, key=lambda line: line.size)
        assert largest.text == f"{code[:4]}-{code[4:]}"
        assert largest.size >= 1.4 * sorted(line.size for line in lines)[-2]
        assert min(line.size for line in lines) >= 7
        said = [line.text.translate({0x2068: None, 0x2069: None}) for line in lines]
        assert said[0] == says.say(lang, "opening")
        assert "17 / 300" in said
        assert "LR-BK-2611-0042" in said
        sentence = says.say(lang, "opening.type", address="t.example.org/l/…")
        assert all(word in " ".join(said) for word in words_of(sentence))
        assert symbols_of(made) == []
        assert not any(part in " ".join(said) for part in (*words.typed(unit.code).split("-")[:4], "bag", "Cocoa"))


@pytest.mark.parametrize(("design", "lang"), OPENINGS)
def test_a_long_address_gives_way_to_the_symbol_of_the_label(design: Design, lang: Any) -> None:
    unit = a_unit()
    unit = replace(unit, url=unit.url.replace("T.EXAMPLE.ORG", "traceability." + "long-" * 8 + "example.org"))
    joined = " ".join(texts_of(designs.items(unit, lang, design)))
    assert all(word in joined for word in words_of(says.say(lang, "opening.scan")))
    assert "example.org" not in joined
    bio = replace(a_unit(passport=an_unclaimed_passport()), url=unit.url.replace("traceability", "bio"))
    assert designs.items(bio, lang, design)  # a host is no claim


def test_no_other_design_prints_the_opening_code() -> None:
    for design in designs.ALL:
        for lang in says.TONGUES:
            unit = a_unit(opening="7Q4K9ZTM")
            made = designs.items(unit, lang, design)
            slots = [unit_label.slot(unit, lang, item.slot) for item in made if isinstance(item, Line) and item.slot]
            joined = re.sub("[^0-9A-Z]", "", "".join([*texts_of(made), *slots]).upper())
            assert ("7Q4K9ZTM" in joined) is (design.name in OPENING)
            assert ("7Q4K" in joined) is (design.name in OPENING)
            assert "7Q4K9ZTM" not in designs.content(unit, design)


def test_a_label_of_a_lot_has_no_opening_code() -> None:
    for grid in ("roll", "3x7"):
        with refused("DESIGN_UNKNOWN"):
            designs.items(unit_label.of_lot(a_passport(), 1, 300), "en", designs.find("opening", grid))
    assert designs.of_grid("3x7") == "tag"


def test_what_must_stand_there_and_does_not_fit_is_refused() -> None:
    """A certification body with a very long name: the small tag is refused, the large one has room."""
    paper = replace(
        PAPER, scheme="NOP", body_code=None, body="Very Long Name of a Certification Body" + " of the Region" * 8
    )
    passport = a_passport(claims=(NOP,), certificates=(paper,))
    assert designs.items(a_unit(passport=passport), "en", designs.find("sack"))
    with refused("LABEL_TOO_SMALL"):
        designs.items(a_unit(passport=passport), "en", designs.find("tag"))


def test_unknown_designs_and_grids_are_refused() -> None:
    with refused("DESIGN_UNKNOWN"):
        designs.find("poster")
    with refused("GRID_UNKNOWN"):
        designs.find("pallet", "2x4")


def test_an_address_that_is_too_long_is_refused() -> None:
    unit = a_unit()
    with refused("ADDRESS_TOO_LONG"):
        designs.items(
            replace(unit, url=unit.url.replace("T.EXAMPLE.ORG", "T." + "A" * 60 + ".ORG")), "en", designs.find("sack")
        )


# --- words ---


@pytest.mark.parametrize("key", says.TEXTS)
def test_four_languages_say_the_same(key: str) -> None:
    assert set(says.TEXTS[key]) == set(says.TONGUES)
    said = says.TEXTS[key]
    names = [{name for _, name, _, _ in Formatter().parse(said[lang]) if name} for lang in says.TONGUES]
    assert all(each == names[0] for each in names)
    for text in said.values():
        assert text.strip()
        assert typeset.printable(text) == text


@pytest.mark.parametrize("key", [key for key in says.TEXTS if not key.startswith(("claim.", "ggn", "measure_me"))])
def test_arabic_and_georgian_are_in_their_letters(key: str) -> None:
    for lang, block in (("ar", "ARABIC"), ("ka", "GEORGIAN")):
        text = "".join(part for part, _, _, _ in Formatter().parse(says.TEXTS[key][lang]))
        letters = [character for character in text if character.isalpha()]
        assert letters
        assert all(block in unicodedata.name(character) for character in letters)


def test_only_claims_hold_claim_words() -> None:
    for key, sentences in says.TEXTS.items():
        if not key.startswith("claim."):
            words.refuse_claim_words(sentences.values())


def test_every_country_that_ships_has_its_name() -> None:
    shipped = {path.stem.upper() for path in (PROFILES / "countries").glob("*.toml")}
    assert shipped
    assert says.COUNTRIES.keys() >= shipped


@pytest.mark.parametrize("text", ["漢字", "😀", "ไทย"])
def test_a_letter_that_no_font_has_is_refused_never_a_box(text: str) -> None:
    with refused("GLYPH_MISSING"):
        typeset.printable(text)
    with pytest.raises(Refused):
        designs.items(a_unit(passport=a_passport(organisation=text)), "en", designs.find("sack"))


# --- lines that typst sets ---


def test_arabic_is_joined_and_in_order() -> None:
    """Joined letters are narrower than single ones; a date keeps its order; the line begins at the right."""
    assert typeset.outline("كاكاو").width < sum(typeset.outline(letter).width for letter in "كاكاو")
    alone, dated = typeset.outline("2025-01-18 م"), typeset.outline("\u20682025-01-18\u2069 م")
    assert alone.width == pytest.approx(dated.width, abs=0.01)
    plain = typeset.dots("تاريخ \u20682025-01-18\u2069", 20, 203)[0]
    turned = typeset.dots("تاريخ \u206818-01-2025\u2069", 20, 203)[0]
    assert plain.tobytes() != turned.tobytes()
    date = typeset.dots("\u20682025-01-18\u2069 ა", 20, 203)[0]
    width = round(typeset.width("2025-01-18", 20) * 203 / 25.4)
    left = round(typeset._MARGIN * 20 / 100 * 203 / 72)
    assert list(plain.crop((left, 0, left + width - 3, plain.height)).get_flattened_data()) == list(
        date.crop((left, 0, left + width - 3, date.height)).get_flattened_data()
    )


def test_what_an_arabic_sentence_is_given_keeps_its_order() -> None:
    assert says.say("ar", "packed_on", day="2025-01-18").endswith(" \u20682025-01-18\u2069")
    passport = a_passport(product=FOUR_NAMES)
    for head, detail in unit_label.claim_lines(passport, "ar"):
        assert "\u2068EU\u00a02018/848\u2069" in head
        assert detail.startswith("\u2068LR-BIO-149\u2069")
    for text in texts_of(designs.items(a_unit(passport=passport), "ar", designs.find("carton"))):
        assert text.count("\u2068") == text.count("\u2069")


@pytest.mark.parametrize("bold", [False, True])
def test_measured_widths_are_those_of_the_set_line(bold: bool) -> None:
    for sentences in says.TEXTS.values():
        for text in sentences.values():
            if not typeset.is_latin(text):
                assert typeset.ems(text, bold=bold) == pytest.approx(typeset.outline(text, bold=bold).width, abs=0.06)


def test_a_line_is_data_never_a_command() -> None:
    for text in ('ა #panic("x")', 'ა #read("/etc/passwd")', "ა $x$ *b* _i_ \\ @ref <l>"):
        assert typeset.outline(text).width == pytest.approx(typeset.ems(text), abs=0.1)


def test_fonts_and_their_licence_are_shipped_and_small() -> None:
    files = list(typeset.FONTS.iterdir())
    assert len([file for file in files if file.suffix == ".ttf"]) == 6
    assert sum(file.stat().st_size for file in files) < 1_500_000
    assert "SIL OPEN FONT LICENSE" in (typeset.FONTS / "OFL.txt").read_text("utf-8")
    assert "labels/fonts" in (typeset.FONTS.parents[1] / "NOTICE").read_text("utf-8")
