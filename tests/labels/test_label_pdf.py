"""Labels of units as PDF: every symbol and every text reads back, in four languages, on every stock; and bulk."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from dataclasses import replace
from io import BytesIO
from typing import Any

import pypdfium2
import pytest

from labels import designs, label_pdf, unit_label
from labels import label_texts as says
from labels import print_texts as words
from labels.label_pdf import GRIDS, write_pdf
from labels.label_pdf import label_pdf as pdf_of
from tests.labels.builders import FOUR_NAMES, a_passport, a_unit, an_unclaimed_passport
from tests.labels.reading import decoded, page_images, page_texts, refused, spread

STOCKS = [(design.name, grid) for design in designs.ALL for grid in design.grids]


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("lang", says.TONGUES)
@pytest.mark.parametrize(("name", "grid"), STOCKS)
def test_every_label_reads_back(name: str, grid: str, lang: str, dpi: int) -> None:
    """The symbol to its exact text, with ink spread too; lot code and typed code as text, on every label."""
    units = [a_unit(number) for number in range(1, 4)]
    pdf = pdf_of(units, lang, name, grid)
    design = designs.find(name, grid)
    wanted = sorted([designs.content(unit, design) for unit in units] * design.copies)
    pages = page_images(pdf, dpi)
    assert sorted(text for page in pages for text in decoded(page)) == wanted
    assert sorted(text for page in pages for text in decoded(spread(page, dpi))) == wanted
    said = "\n".join(page_texts(pdf))
    assert said.count("LR-BK-2611-0042") == len(units)
    flat = said.replace("-\n", "-").replace("\x02", "-")
    for unit in units:
        assert flat.count(words.typed(unit.code)) == (design.holds != "nothing")
        assert flat.count(words.typed(unit.opening or "")) == (design.holds == "nothing")
        assert design.name == "retail" or said.count(f"{unit.number} / 300") == 1


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_latin_labels_say_all_as_text(lang: Any) -> None:
    unit = a_unit()
    said = " ".join(page_texts(pdf_of([unit], lang))[0].split())
    for text in (FOUR_NAMES[lang], *unit_label.claim_lines(unit.passport, lang)[0], "62.5" if lang == "en" else "62,5"):
        assert text.replace("\u00a0", " ") in said.replace("\u00a0", " ")


@pytest.mark.parametrize("lang", says.TONGUES)
def test_sheets_of_goods_without_the_claim_carry_none_of_its_words(lang: str) -> None:
    for name, grid in STOCKS:
        pdf = pdf_of([a_unit(passport=an_unclaimed_passport(product=FOUR_NAMES))], lang, name, grid)
        assert not words.CLAIM_WORDS.search(" ".join(page_texts(pdf)))


@pytest.mark.parametrize("grid", GRIDS)
def test_the_stock_fits_the_sheet(grid: str) -> None:
    stock = GRIDS[grid]
    assert stock.left > 4
    assert stock.top > 8
    last = stock.place(stock.columns * stock.rows - 1)
    assert last[0] + stock.width == pytest.approx(210 - stock.left)
    assert last[1] + stock.height == pytest.approx(297 - stock.top)
    design = next(design for design in designs.ALL if grid in design.grids)
    assert (design.width, design.height) == (stock.width, stock.height)


@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("name", designs.NAMES)
def test_a_page_for_a_roll_is_as_large_as_its_label_and_modules_are_whole_dots(name: str, dpi: int) -> None:
    design = designs.find(name)
    document = pypdfium2.PdfDocument(pdf_of([a_unit()], "en", name, dpi=dpi))
    width, height = document[0].get_size()
    assert (width / 72 * 25.4, height / 72 * 25.4) == (
        pytest.approx(design.width, abs=0.01),
        pytest.approx(design.height, abs=0.01),
    )
    dots = design.exact(dpi) * dpi / 25.4
    assert dots == pytest.approx(round(dots))
    assert abs(design.exact(300) * 203 / 25.4 / round(design.exact(300) * 203 / 25.4) - 1) < 0.02


def test_used_places_are_skipped_and_the_first_sheet_has_a_ruler() -> None:
    pages = page_texts(pdf_of([a_unit(number) for number in range(1, 8)], "en", "sack", "2x4", 3))
    assert [text.count("LR-BK-2611-0042") for text in pages] == [5, 2]
    assert ["measures 50 mm" in text for text in pages] == [True, False]
    with refused("SKIP_OUT_OF_RANGE"):
        pdf_of([a_unit()], "en", "sack", "2x4", 8)
    assert len(page_texts(pdf_of([], "ar", "sack", "2x4"))) == 1


def test_units_of_several_lots_stand_on_one_sheet() -> None:
    units = [
        a_unit(1),
        a_unit(2, passport=a_passport(lot_code="LR-BK-2611-0043")),
        replace(a_unit(3), net_g=None, number=None, of=None),
        a_unit(4, passport=an_unclaimed_passport(lot_code="LR-BK-2611-0044")),
    ]
    pdf = pdf_of(units, "ka", "tag", "3x7")
    (text,) = page_texts(pdf)
    assert [text.count(f"LR-BK-2611-004{digit}") for digit in "234"] == [2, 1, 1]
    assert Counter(decoded(page_images(pdf, 300)[0])) == Counter(unit.url for unit in units)


def test_progress_is_told_and_a_break_can_be_made_good() -> None:
    units = [a_unit(number) for number in range(1, 21)]
    told: list[int] = []
    whole = BytesIO()
    assert write_pdf(whole, units, "en", "sack", "2x4", progress=told.append) == 20
    assert told == [8, 16, 20]
    rest = page_texts(pdf_of(units[told[0] :], "en", "sack", "2x4"))
    assert page_texts(whole.getvalue())[1:] == [
        rest[0]
        .replace("\nPrint at 100 %. This line measures 50 mm.", "")
        .replace("Print at 100 %. This line measures 50 mm.\n", ""),
        rest[1],
    ]


def test_the_same_labels_give_the_same_bytes() -> None:
    for lang in says.TONGUES:
        assert pdf_of([a_unit(1), a_unit(2)], lang) == pdf_of([a_unit(1), a_unit(2)], lang)


def test_memory_does_not_grow_with_the_number_of_labels() -> None:
    """Pages are written as they fill. (All labels say the same here: caches of measured texts have a bound of their own.)"""

    class Nowhere:
        def write(self, data: bytes) -> None:
            pass

    lot = replace(unit_label.of_lot(a_passport()), number=17, of=300)

    def peak(count: int) -> int:
        tracemalloc.start()
        write_pdf(Nowhere(), (lot for _ in range(count)), "en", "tag", "3x7")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(21)
    few, many = peak(210), peak(2310)
    assert many - few < 2100 * 60  # bytes a label: where the objects of its page begin


def test_lot_level_codes_are_small() -> None:
    lot = unit_label.of_lot(a_passport())
    pdf = pdf_of([replace(lot, number=number, of=1000) for number in range(1, 1001)], "en", "sack", "2x4")
    assert len(pdf) / 1000 <= 250


def test_a_thread_of_its_own_sets_the_same_lines() -> None:
    from concurrent.futures import ThreadPoolExecutor

    from labels import typeset

    typeset.outline.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda number: pdf_of([a_unit(number)], "ar", "short"), [1, 2, 3, 4] * 2))
    assert made[:4] == made[4:]


@pytest.mark.parametrize("text", ["<script>", "(paren\\thesis) % BI ID EI", "a\u202eb\u2066c", "^XZ~JA"])
def test_hostile_text_stays_text(text: str) -> None:
    unit = a_unit(passport=a_passport(organisation=text, product={"en": text}))
    pdf = pdf_of([unit], "en", "sack", "2x4")
    assert text.replace("\u202e", "").replace("\u2066", "") in page_texts(pdf)[0]
    assert decoded(page_images(pdf, 203)[0]) == [unit.url] * 2


def test_symbols_are_made_once_for_equal_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    real = label_pdf.qr.symbols
    monkeypatch.setattr(label_pdf.qr, "symbols", lambda urls: made.append(len(urls)) or real(urls))
    pdf_of(
        [replace(unit_label.of_lot(a_passport()), number=number, of=99) for number in range(1, 99)], "en", "tag", "3x7"
    )
    assert made == []
    pdf_of([a_unit(number) for number in range(1, 71)], "en", "tag", "3x7")
    assert made == [64, 6]
