"""A refusal says what is the case, with figures, and what to do next, in the field's words."""

import ast
import copy
import pickle
import re
import string
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from domain.refusals import (
    CATALOGUE,
    LISTED,
    Lang,
    Refused,
    _merged,
    advice,
    kg,
    lots,
    moment,
    percent,
    sentence,
    title,
)

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("domain", "ledger", "labels", "exchange", "api", "demo")
UNSPEAKABLE = re.compile(
    r"\b(invalide?|please|oops|forbidden|interdit|veuillez|error|erreur|s'il vous pla[iî]t)\b", re.IGNORECASE
)

NEEDED = """
NON_POSITIVE_QTY QTY_NOT_A_NUMBER QTY_ABSURD UNIT_UNKNOWN DENSITY_REQUIRED INSUFFICIENT_STOCK LOT_UNKNOWN
LOT_CODE_TAKEN LOT_EXISTS LOT_BLOCKED LOT_NOT_YOURS LOT_VOID LOT_IN_TRANSFER LOT_IN_VESSEL
EVENT_BEFORE_LOT_EXISTS EVENT_IN_FUTURE EVENT_ID_REUSED EVENT_UNKNOWN CYCLE OUTPUT_EXCEEDS_INPUT LOSS_MISMATCH
OUTPUT_MISMATCH DUPLICATE_LOT TOO_MANY_LOTS PRODUCT_UNKNOWN PRODUCT_MISMATCH STEP_UNKNOWN SITE_UNKNOWN
SITE_NOT_SHARED VESSEL_UNKNOWN FACILITY_OVER_CAPACITY FACILITY_BUSY LOAD_UNKNOWN LOAD_ENDED LOT_NOT_IN_LOAD
RECEIVING_LOT_CLOSED NOT_A_DELIVERY OWNER_REQUIRED ORGANISATION_UNKNOWN TRANSFER_UNKNOWN TRANSFER_NOT_FOR_YOU
TRANSFER_CLOSED WEIGHT_ABOVE_OFFER CLAIM_NOT_SUPPORTED CERT_UNKNOWN CERT_NOT_ACTIVE_AT_DISPATCH
PRODUCT_NOT_IN_CERT_SCOPE QC_PENDING CUT_TEST_COUNT TEST_UNKNOWN UNITS_EXCEED_LOT PACKAGING_UNKNOWN
NOT_ON_HOLD SCHEME_UNKNOWN CLAIM_VALUE_UNKNOWN CLAIM_NOT_LOWER CORRECTION_NOT_ALLOWED ALREADY_CORRECTED
CORRECTION_TYPE_MISMATCH FARMER_CODE_MALFORMED NOT_PERMITTED LABEL_UNKNOWN NOTHING_LEFT
"""


def example(code: str) -> Refused:
    """A refusal with a plausible value for every param."""
    values: dict[str, str | int] = {}
    for name in CATALOGUE[code].params:
        if name.endswith(("_g", "_bp")) or name in ("count", "most", "beans", "counted", "expected"):
            values[name] = 1_000
        else:
            values[name] = "suspended" if name in LISTED else "X"
    return Refused(code, pointer=None, **values)


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_the_lot_that_does_not_hold_that_much() -> None:
    refused = Refused("INSUFFICIENT_STOCK", lot="LR-C1-0042", have_g=412_500, wanted_g=500_000)
    assert sentence(refused) == "LR-C1-0042 holds 412.5 kg; you asked for 500 kg."
    assert advice(refused) == "Draw at most 412.5 kg, or record a correction of the weight first."
    assert sentence(refused, "fr") == "LR-C1-0042 contient 412,5 kg ; vous avez demandé 500 kg."
    assert title(refused) == "Lot does not hold that much"
    assert refused.status == "conflict"
    assert str(refused) == "INSUFFICIENT_STOCK: LR-C1-0042 holds 412.5 kg; you asked for 500 kg."


@pytest.mark.parametrize("code", NEEDED.split())
def test_every_code_that_the_rules_need_is_there(code: str) -> None:
    assert code in CATALOGUE


@pytest.mark.parametrize("code", CATALOGUE)
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_refusal_speaks_both_languages_politely(code: str, lang: Lang) -> None:
    kind = CATALOGUE[code]
    for texts in (kind.title, kind.sentence, kind.advice, *kind.without.values()):
        assert texts[lang].strip()
        assert not UNSPEAKABLE.search(texts[lang]), texts[lang]
        assert fields(texts[lang]) <= set(kind.params)
    refused = example(code)
    assert sentence(refused, lang).endswith((".", "}."))
    assert advice(refused, lang).endswith(".")
    assert "{" not in sentence(refused, lang) + advice(refused, lang)


@pytest.mark.parametrize("code", CATALOGUE)
def test_both_languages_give_the_same_figures(code: str) -> None:
    kind = CATALOGUE[code]
    assert fields(kind.sentence["en"]) == fields(kind.sentence["fr"])
    assert fields(kind.advice["en"]) == fields(kind.advice["fr"])


@pytest.mark.parametrize("code", CATALOGUE)
def test_no_param_is_asked_for_in_vain(code: str) -> None:
    kind = CATALOGUE[code]
    said = fields(kind.sentence["en"]) | fields(kind.advice["en"]) | set(kind.without)
    assert said == set(kind.params)


def test_every_entry_of_the_package_is_in_the_catalogue() -> None:
    files = {path.stem for path in (ROOT / "domain" / "refusals").glob("*.py")} - {"__init__", "kinds", "words"}
    areas = [import_module(f"domain.refusals.{name}").REFUSALS for name in sorted(files)]
    assert _merged(areas) == CATALOGUE
    assert len(areas) > 10


def test_a_code_stands_in_one_area_of_the_catalogue() -> None:
    again = {"NOTHING_LEFT": CATALOGUE["NOTHING_LEFT"]}
    with pytest.raises(AssertionError, match="two areas of the catalogue: NOTHING_LEFT"):
        _merged([lots.REFUSALS, again])


def test_the_code_has_to_be_in_the_catalogue() -> None:
    with pytest.raises(LookupError, match="LOT_SAD"):
        Refused("LOT_SAD")


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"lot": "A", "have_g": 1},
        {"lot": "A", "have_g": 1, "wanted_g": 2, "more": 3},
        {"lot": "A", "have_g": True, "wanted_g": 1},
    ],
)
def test_the_params_have_to_be_those_of_the_code(params: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="INSUFFICIENT_STOCK"):
        Refused("INSUFFICIENT_STOCK", **params)


def test_a_refusal_can_be_told_of_a_field_of_the_event() -> None:
    refused = Refused("NOTHING_LEFT", lot="A")
    placed = refused.at("/inputs/0/quantity")
    assert (placed.pointer, refused.pointer) == ("/inputs/0/quantity", None)
    assert placed.params == refused.params


def test_a_refusal_survives_copying() -> None:
    refused = Refused("NOTHING_LEFT", pointer="/lot", lot="A")
    for same in (copy.copy(refused), pickle.loads(pickle.dumps(refused))):
        assert (same.code, same.params, same.pointer) == ("NOTHING_LEFT", {"lot": "A"}, "/lot")


def test_a_param_without_a_value_has_a_sentence_of_its_own() -> None:
    busy = Refused("FACILITY_BUSY", vessel="BOX-3", since="2025-01-10T08:00:00Z", until="-")
    assert sentence(busy) == "BOX-3 is in use since 10 Jan 2025, 08:00 UTC."
    unnamed = Refused("CERT_UNKNOWN", certificate="-", scheme="EU_ORG")
    assert sentence(unnamed) == "A claim under EU_ORG is made and no certificate is named."


def test_words_of_a_closed_list_and_labels_of_codes_are_translated() -> None:
    blocked = Refused("LOT_BLOCKED", lot="A", disposition="on_hold")
    assert sentence(blocked).startswith("A is on hold:")
    assert sentence(blocked, "fr").startswith("A est bloqué :")
    more = Refused("CLAIM_NOT_SUPPORTED", lot="A", scheme="EU_ORG", value="organic", carried="in_conversion")
    said = sentence(more, "en", {"organic": "organic", "in_conversion": "in conversion", "EU_ORG": "EU organic"})
    assert said == "A carries “in conversion” under EU organic; “organic” is more."


@pytest.mark.parametrize(
    ("grams", "english", "french"),
    [
        (412_500, "412.5 kg", "412,5 kg"),
        (500_000, "500 kg", "500 kg"),
        (396_108, "396.108 kg", "396,108 kg"),
        (1, "0.001 kg", "0,001 kg"),
        (0, "0 kg", "0 kg"),
        (-2_400, "-2.4 kg", "-2,4 kg"),
        (12_500_000, "12\u202f500 kg", "12\u202f500 kg"),
        (201_634_600_000, "201\u202f634\u202f600 kg", "201\u202f634\u202f600 kg"),
    ],
)
def test_grams_are_said_in_kilograms_exactly(grams: int, english: str, french: str) -> None:
    assert kg(grams) == english
    assert kg(grams, "fr") == french


def test_basis_points_are_said_in_percent() -> None:
    assert [percent(5_200), percent(750), percent(1, "fr")] == ["52 %", "7.5 %", "0,01 %"]


@pytest.mark.parametrize(
    ("text", "english", "french"),
    [
        ("2025-01-09", "9 Jan 2025", "9 janv. 2025"),
        ("2025-08-01T23:30:00+02:00", "1 Aug 2025, 21:30 UTC", "1 août 2025, 21:30 UTC"),
        ("2025-01-10T08:00:07Z", "10 Jan 2025, 08:00:07 UTC", "10 janv. 2025, 08:00:07 UTC"),
        ("-", "-", "-"),
        ("not a day", "not a day", "not a day"),
    ],
)
def test_days_and_instants_are_said_as_people_write_them(text: str, english: str, french: str) -> None:
    assert moment(text) == english
    assert moment(text, "fr") == french


def refusals_in(path: Path) -> Iterator[tuple[str, str, set[str]]]:
    """Every ``Refused("CODE", …)`` of a module that uses the catalogue, with the names of its params."""
    text = path.read_text("utf-8")
    if "Refused(" not in text or "domain.refusals" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Name(id="Refused"), args=[ast.Constant(value=str(code)), *_], keywords=keywords):
                names = [keyword.arg for keyword in keywords]
                given = {name for name in names if name is not None and name != "pointer"}
                if None not in names:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", code, given


def test_every_refusal_in_the_code_is_in_the_catalogue_with_its_params() -> None:
    written = [item for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) for item in refusals_in(path)]
    assert written
    astray = [
        f"{place} {code}({', '.join(sorted(names))})"
        for place, code, names in written
        if code not in CATALOGUE or names != set(CATALOGUE[code].params)
    ]
    assert astray == []
