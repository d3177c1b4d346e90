"""The words on paper: two languages, one set of placeholders, letters that the typeface has, figures that cannot be misread."""

from __future__ import annotations

from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.refusals import Refused
from labels import lot_label, texts
from labels import print_texts as words


@pytest.mark.parametrize("key", words.TEXTS)
def test_both_languages_say_the_same(key: str) -> None:
    english, french = words.TEXTS[key]["en"], words.TEXTS[key]["fr"]
    names = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, french)]
    assert names[0] == names[1]


@pytest.mark.parametrize("key", words.TEXTS)
def test_every_sentence_can_be_set(key: str) -> None:
    for text in words.TEXTS[key].values():
        assert lot_label.printable(text)


def test_what_is_taken_from_the_page_can_be_set() -> None:
    for sentences in texts.TEXTS.values():
        for text in sentences.values():
            lot_label.printable(text)


def test_only_claims_hold_claim_words() -> None:
    for key, sentences in words.TEXTS.items():
        if not key.startswith(("claim.", "key.")):
            words.refuse_claim_words(sentences.values())


@pytest.mark.parametrize(
    ("grams", "english", "french"),
    [
        (62_500, "62.5", "62,5"),
        (0, "0", "0"),
        (5, "0.01", "0,01"),
        (4, "0", "0"),
        (61_234, "61.23", "61,23"),
        (999_995, "1\u202f000", "1\u202f000"),
        (12_500_000, "12\u202f500", "12\u202f500"),
    ],
)
def test_kilograms_never_have_three_decimals(grams: int, english: str, french: str) -> None:
    assert words.kilograms("en", grams) == f"{english}\u00a0kg"
    assert words.kilograms("fr", grams) == f"{french}\u00a0kg"


def test_percent_is_rounded_half_up_from_integers() -> None:
    assert words.percent("en", 1, 3) == "33.33\u202f%"
    assert words.percent("fr", 2, 3) == "66,67\u202f%"
    assert words.percent("en", 1, 20_000) == "0.01\u202f%"
    assert words.percent("en", 0, 0) == "–"


@given(st.text())
def test_clean_text_is_clean_for_good(text: str) -> None:
    once = words.clean(text)
    assert words.clean(once) == once
    assert "\n" not in once
    once.encode()


@given(st.text(max_size=40))
def test_text_is_set_or_refused_never_a_box(text: str) -> None:
    known = lot_label.typeface(bold=False).face.charWidths
    bold = lot_label.typeface(bold=True).face.charWidths
    try:
        printed = lot_label.printable(text)
    except Refused as refused:
        assert refused.code == "GLYPH_MISSING"
    else:
        assert all(ord(character) in known and ord(character) in bold for character in printed)


def test_hosts_as_people_type_them() -> None:
    assert words.host_of("HTTPS://T.EXAMPLE.ORG/L/AAAA") == "t.example.org"
    assert words.host_of("HTTP://127.0.0.1:8000/L/AAAA") == "127.0.0.1:8000"
    assert words.host_of("https://user:secret@t.example.org/l/a") == "t.example.org"


def test_codes_in_groups_of_four() -> None:
    assert words.typed("7Q4K9ZTM2HXD1R8W") == "7Q4K-9ZTM-2HXD-1R8W"


def test_a_second_name_is_english_or_french_and_another() -> None:
    names = {"en": "Fonio", "fr": "Fonio", "ar": "فونيو"}
    assert words.two_languages("fr", names) == ("Fonio", None)  # papers and small lot labels have no Arabic letters
    assert words.two_languages("fr", {**names, "en": "Fonio grain"}) == ("Fonio", "Fonio grain")
