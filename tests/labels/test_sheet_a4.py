"""A4 sheets: every symbol decodes, every label has its text, and the file stays small."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from labels import print_texts as words
from labels import sheet_a4
from labels.sheet_a4 import MODULE_MM, STOCKS, sheet_pdf
from tests.labels.builders import IN_CONVERSION, URL, a_passport, an_address, an_unclaimed_passport
from tests.labels.reading import decoded, page_images, page_texts, refused, spread

GRIDS = [("2x4", 8, 2), ("3x7", 21, 1)]


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize(("grid", "places", "copies"), GRIDS)
def test_every_symbol_of_a_sheet_reads_back(dpi: int, grid: str, places: int, copies: int) -> None:
    passport = a_passport()
    pdf = sheet_pdf([(passport, (number, 30)) for number in range(1, places + 3)], "en", grid)
    first, second = page_images(pdf, dpi)
    assert decoded(first) == [URL] * places * copies
    assert decoded(spread(first, dpi)) == [URL] * places * copies
    assert decoded(second) == [URL] * 2 * copies


@pytest.mark.parametrize("dpi", [203, 300])
def test_different_lots_have_their_own_symbols(dpi: int) -> None:
    lots = []
    for seed in range(24):
        code, url = an_address(seed)
        lots.append(replace(a_passport(), code=code, url=url, lot_code=f"LR-BK-2611-{seed:04d}"))
    pdf = sheet_pdf([(lot, (1, 1)) for lot in lots], "en")
    found = Counter(text for page in page_images(pdf, dpi) for text in decoded(page))
    assert found == {lot.url: 2 for lot in lots}


@pytest.mark.parametrize(("grid", "places", "copies"), GRIDS)
def test_every_label_has_its_text(grid: str, places: int, copies: int) -> None:
    passport = a_passport()
    pdf = sheet_pdf([(passport, (number, 200)) for number in range(1, 2 * places + 1)], "en", grid)
    for page, text in enumerate(page_texts(pdf)):
        assert text.count("LR-BK-2611-0042") == places
        assert text.count("7Q4K-9ZTM-2HXD-1R8W") == places
        assert text.count("t.example.org") == places
        assert text.count("62.5 kg") == places
        for number in range(page * places + 1, (page + 1) * places + 1):
            assert f"bag {number} / 200" in text


def test_accents_come_out_as_letters() -> None:
    text = page_texts(sheet_pdf([(a_passport(claims=(IN_CONVERSION,)), (1, 2))], "fr"))[0]
    assert "Fèves de cacao séchées" in text
    assert "EN CONVERSION vers l’agriculture" in text
    assert "Agriculture Libéria" in text


@pytest.mark.parametrize("grid", STOCKS)
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_an_unclaimed_sheet_carries_no_claim_word(grid: str, lang: str) -> None:
    pdf = sheet_pdf([(an_unclaimed_passport(), (1, 2)), (an_unclaimed_passport(), None)], lang, grid)
    assert not words.CLAIM_WORDS.search(" ".join(page_texts(pdf)))


def test_used_places_are_skipped() -> None:
    passport = a_passport()
    pages = page_texts(sheet_pdf([(passport, (number, 9)) for number in range(1, 8)], "en", "2x4", 3))
    assert [text.count("LR-BK-2611-0042") for text in pages] == [5, 2]
    with refused("SKIP_OUT_OF_RANGE"):
        sheet_pdf([(passport, None)], "en", "2x4", 8)


def test_an_unknown_grid_is_refused() -> None:
    with refused("GRID_UNKNOWN"):
        sheet_pdf([(a_passport(), None)], "en", "9x9")


def test_no_labels_is_one_empty_sheet() -> None:
    assert len(page_texts(sheet_pdf([], "en"))) == 1


def test_the_stock_fits_the_sheet() -> None:
    for stock in STOCKS.values():
        assert stock.left > 4
        assert stock.top > 12
        last = stock.place(stock.columns * stock.rows - 1)
        assert last[0] + stock.width == pytest.approx(210 - stock.left)
        assert last[1] + stock.height == pytest.approx(297 - stock.top)


@pytest.mark.parametrize(("dpi", "dots"), [(203, 4), (300, 6), (600, 12)])
def test_a_module_is_whole_dots_within_two_percent(dpi: int, dots: int) -> None:
    assert abs(MODULE_MM * dpi / 25.4 / dots - 1) < 0.02


def test_symbols_stand_on_the_dots_of_a_600_dpi_head() -> None:
    for x in (4.65, 8.237, 99.99):
        dots = sheet_a4.on_grid(x) / 72 * 600
        assert dots == pytest.approx(round(dots))


def test_marks_and_ruler_stay_off_the_labels() -> None:
    plain = page_images(sheet_pdf([(a_passport(), None)], "en"), 150)[0]
    marked = page_images(sheet_pdf([(a_passport(), None)], "en", crop_marks=True), 150)[0]
    stock = STOCKS["2x4"]
    box = tuple(round(mm * 150 / 25.4) for mm in (stock.left, stock.top, 210 - stock.left, 297 - stock.top))
    assert plain.crop(box).tobytes() == marked.crop(box).tobytes()
    assert plain.tobytes() != marked.tobytes()
    assert "Print at 100 %. This line measures 50 mm." in page_texts(sheet_pdf([(a_passport(), None)], "en"))[0]


def test_a_thousand_labels_of_a_lot_are_a_small_file() -> None:
    passport = a_passport()
    pdf = sheet_pdf([(passport, (number, 1000)) for number in range(1, 1001)], "en")
    assert len(pdf) <= 250 * 1000
    assert len(page_texts(pdf)) == 125


def test_the_same_sheet_gives_the_same_bytes() -> None:
    labels = [(a_passport(), (1, 2)), (an_unclaimed_passport(), None)]
    assert sheet_pdf(labels, "fr", crop_marks=True) == sheet_pdf(labels, "fr", crop_marks=True)


def test_the_typeface_is_embedded() -> None:
    assert sheet_pdf([(a_passport(), None)], "en").count(b"/FontFile2") == 2


@pytest.mark.parametrize("text", ["<script>", "Tom & Jerry", "a\u202eb\u2066c", "(paren\\thesis) % BI ID EI"])
def test_hostile_text_stays_text(text: str) -> None:
    passport = a_passport(organisation=text, grade=text, product={"en": text})
    pdf = sheet_pdf([(passport, (1, 2)), (passport, (2, 2))], "en")
    assert text.replace("\u202e", "").replace("\u2066", "") in page_texts(pdf)[0]
    assert decoded(page_images(pdf, 203)[0]) == [URL] * 4
