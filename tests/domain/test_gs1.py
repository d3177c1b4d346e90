"""GTINs and links: the vectors of the GS1 engine, and what may not leave a company."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import gs1

GTIN, PREFIX = "09521321000018", "9521321"
VECTORS = Path(__file__).resolve().parents[3] / "shared/standards/data/gs1"
lots = st.text(st.sampled_from(sorted(gs1.CSET_82)), min_size=1, max_size=20).filter(lambda lot: lot not in (".", ".."))


@pytest.mark.parametrize("name", ["dl-vectors-agri.json", "dl-vectors-engine-tests.json"])
def test_links_to_trade_items_are_judged_as_the_engine_judges_them(name: str) -> None:
    """Every vector without query whose key is a GTIN, or that has no key at all; other keys are not ours to print."""
    if not (VECTORS / name).exists():
        pytest.skip("the vectors are not beside this checkout")
    ran = 0
    for vector in json.loads((VECTORS / name).read_text("utf-8"))["vectors"]:
        canonical = vector.get("canonical") or ""
        if "?" in vector["uri"] or (vector["ok"] and not canonical.startswith("https://id.gs1.org/01/")):
            continue
        ran += 1
        try:
            item = gs1.parse_link(vector["uri"])
        except gs1.BadIdentifier:
            assert not vector["ok"], vector
        else:
            assert vector["ok"], vector
            assert canonical == f"https://id.gs1.org{item.path}"
    assert ran >= 10


@given(lots, lots)
def test_what_is_built_is_read(lot: str, serial: str) -> None:
    link = gs1.digital_link("t.example.org", GTIN, PREFIX, lot, serial)
    assert gs1.parse_link(link) == gs1.Item(GTIN, lot, serial)
    assert urlsplit(link).hostname == "t.example.org"


@given(st.text(min_size=1, max_size=20))
def test_a_lot_is_never_silently_altered(lot: str) -> None:
    if set(lot) <= gs1.CSET_82 and lot not in (".", ".."):
        assert gs1.parse_link(gs1.digital_link("a", GTIN, PREFIX, lot)).lot == lot
    else:
        with pytest.raises(gs1.BadIdentifier):
            gs1.digital_link("a", GTIN, PREFIX, lot)


def test_capitals_where_they_make_the_symbol_smaller() -> None:
    link = gs1.digital_link("t.example.org", "9521321000018", PREFIX, "LR-BK-2611-0042", "7Q4K9ZTM2HXD1R8W")
    assert link == "HTTPS://T.EXAMPLE.ORG/01/09521321000018/10/LR-BK-2611-0042/21/7Q4K9ZTM2HXD1R8W"
    assert gs1.digital_link("T.Example.org", GTIN, PREFIX, "lot1").startswith("https://t.example.org/01/")


@pytest.mark.parametrize(
    ("gtin", "prefix"),
    [
        ("09521321000019", PREFIX),  # check digit
        ("0952132100001", PREFIX),
        ("0952132100001８", PREFIX),
        ("09521321000018", "9521322"),  # of somebody else
        ("09521321000018", "952"),
        ("0200000000002", "2000000"),  # restricted circulation
        ("2112345678900", "211234567"),
        ("0412345678903", "4123456789"),
        ("00000000000000", "0000000"),
        ("10000000000007", "0000000"),
        ("12112345678907", "2112345"),
    ],
)
def test_numbers_that_may_not_leave_are_refused(gtin: str, prefix: str) -> None:
    with pytest.raises(gs1.BadIdentifier):
        gs1.digital_link("t.example.org", gtin, prefix, "LOT1")


@pytest.mark.parametrize("lot", ["", "A" * 21, "LOT 1", "café", "a#b", "a^b", "."])
def test_lots_that_gs1_does_not_know_are_refused(lot: str) -> None:
    with pytest.raises(gs1.BadIdentifier):
        gs1.digital_link("t.example.org", GTIN, PREFIX, lot)


@pytest.mark.parametrize(
    ("body", "digit"), [("0952132100001", "8"), ("952132100001", "8"), ("7351353", "7"), ("629104150021", "3")]
)
def test_check_digits(body: str, digit: str) -> None:
    assert gs1.check_digit(body) == digit
    if len(body) in (7, 12, 13):
        assert gs1.gtin14(body + digit) == (body + digit).zfill(14)
