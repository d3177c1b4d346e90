"""ZPL: what a printer makes of it reads back; other scripts are pictures; nothing in a name is a command."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labels import designs
from labels import label_texts as says
from labels import print_texts as words
from labels.label_zpl import label_zpl, stream_zpl
from tests.labels.builders import COOP, a_passport, a_unit, an_unclaimed_passport
from tests.labels.reading import decoded, spread
from tests.labels.zpl import printed


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("lang", says.TONGUES)
@pytest.mark.parametrize("name", designs.NAMES)
def test_every_label_reads_back(name: str, lang: str, dpi: int) -> None:
    units = [a_unit(number) for number in (1, 2, 300)]
    design = designs.find(name)
    labels = printed(label_zpl(units, lang, name, dpi=dpi))
    assert len(labels) == len(units)
    for unit, label in zip(units, labels, strict=True):
        assert label.image.size == (round(design.width * dpi / 25.4), round(design.height * dpi / 25.4))
        wanted = [designs.content(unit, design)] * design.copies
        assert decoded(label.image) == wanted
        assert decoded(spread(label.image, dpi)) == wanted
        joined = " ".join(label.texts).replace("- ", "-")
        assert (words.typed(unit.code) in joined) is (name != "opening")
        assert (words.typed(unit.opening or "") in label.texts) is (name == "opening")
        assert "LR-BK-2611-0042" in joined
        assert name == "retail" or f"{unit.number} / 300" in label.texts


def test_a_wide_opening_code_is_set_smaller_and_the_others_as_large_as_they_were() -> None:
    """The printer cannot shrink a line: wide codes have a stored format of their own."""
    units = [
        replace(a_unit(number), opening=code) for number, code in ((1, "WWWWWWWW"), (2, "7Q4K9ZTM"), (3, "11111111"))
    ]
    for dpi in (203, 300):
        zpl = label_zpl(units, "en", "opening", dpi=dpi)
        assert zpl.count(b"^DF") == 2
        assert b"^BQ" not in zpl
        assert b"^GF" not in zpl  # one sentence, one font
        assert b"t.example.org/l/... with" in zpl
        for label in printed(zpl):
            ink = label.image.convert("L").point(lambda value: 255 - value).getbbox()
            assert ink is not None
            edge = 1.5 * dpi / 25.4
            assert min(ink[0], ink[1], label.image.width - ink[2], label.image.height - ink[3]) > edge


def test_the_printer_draws_symbols_and_latin_text() -> None:
    zpl = label_zpl([a_unit(passport=a_passport())], "fr", "sack").decode()
    assert "^BQN,2,6^" in zpl
    assert "^CI28" in zpl
    assert "séchées" in zpl
    assert "^GF" not in zpl
    assert "^BQN,2,9^" in label_zpl([a_unit()], "fr", "sack", dpi=300).decode()
    (label,) = printed(zpl.encode())
    assert label.symbols == [a_unit().url] * 2


@pytest.mark.parametrize("lang", ["ar", "ka"])
def test_arabic_and_georgian_lines_are_pictures(lang: str) -> None:
    zpl = label_zpl([a_unit()], lang, "carton").decode()
    assert zpl.count("^GFA,") >= 5
    assert all(ord(character) < 0x250 for character in zpl)


def test_letters_that_font_0_may_lack_are_pictures() -> None:
    zpl = label_zpl([a_unit(passport=a_passport(organisation="Ɛkuafoɔ Kuo"))], "en", "sack").decode()
    assert "^GFA," in zpl
    assert "Ɛ" not in zpl


def test_a_module_beyond_what_printers_draw_is_a_picture() -> None:
    zpl = label_zpl([a_unit(passport=a_passport())], "en", "pallet").decode()
    assert "^BQ" not in zpl
    assert zpl.count("^GFA,") == 2


@pytest.mark.parametrize("text", ["^XZ^XA^FDforged", "~JA", "under_score", "back\\slash^", "_5E"])
def test_a_name_is_never_a_command(text: str) -> None:
    unit = a_unit(passport=an_unclaimed_passport(organisation=text))
    (label,) = printed(label_zpl([unit], "en", "sack"))
    assert text in " ".join(label.texts)
    assert decoded(label.image) == [unit.url] * 2


def test_what_is_the_same_goes_to_the_printer_once() -> None:
    def stream(count: int) -> bytes:
        return label_zpl([a_unit(number, 9999) for number in range(1000, 1000 + count)], "en", "sack")

    assert stream(5).decode().count("^DF") == 1
    assert stream(5).count(COOP.split()[0].encode()) == 1
    assert (len(stream(9)) - len(stream(1))) / 8 < 480
    two = label_zpl([a_unit(1), a_unit(2, passport=an_unclaimed_passport(lot_code="B-2")), a_unit(3)], "en", "sack")
    assert two.decode().count("^DF") == 2
    assert [("LR-BK-2611-0042" in label.texts, "B-2" in label.texts) for label in printed(two)] == [
        (True, False), (False, True), (True, False),
    ]  # fmt: skip


def test_progress_is_told() -> None:
    told: list[int] = []
    units = [a_unit(number) for number in range(1, 200)]
    pieces = list(stream_zpl(units, "en", "sack", progress=told.append))
    assert len(pieces) >= 2
    assert told == sorted(told)
    assert told[-1] == 199


def test_lots_get_labels_too() -> None:
    unit = replace(a_unit(), number=None, of=None, net_g=None)
    (label,) = printed(label_zpl([unit], "en", "sack"))
    assert "bags" in label.texts
