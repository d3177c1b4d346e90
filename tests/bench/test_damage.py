"""Damaged labels, the short form of ``python3 dev.py damage``: two copies help, and nothing wrong is ever accepted."""

from __future__ import annotations

import random

import pytest
import zxingcpp

from bench import damage


@pytest.fixture(scope="module")
def counts() -> dict[str, damage.Count]:
    return {count.case.name: count for count in damage.campaign(300, seed=2)}


def test_nothing_wrong_is_accepted(counts: dict[str, damage.Count]) -> None:
    assert [count.wrong for count in counts.values() if count.wrong] == []
    assert sum(count.images for count in counts.values()) == 300


def test_a_label_reads_as_often_as_asked(counts: dict[str, damage.Count]) -> None:
    """Thirty pictures a kind: three standard deviations below what is asked of the long form."""
    assert counts["clean"].share == 1
    for count in counts.values():
        least = count.case.least
        if least is not None and least < 1:
            assert count.share >= least - 3 * (least * (1 - least) / count.images) ** 0.5, count.case.name


def test_two_copies_read_where_one_does_not(counts: dict[str, damage.Count]) -> None:
    for name in ("10 scratches", "blobs 3 %", "blobs 5 %"):
        count = counts[name]
        assert count.share > count.one / (2 * count.images) + 0.05, name


def test_damage_is_done() -> None:
    """The pictures do differ: a campaign on undamaged labels would prove nothing."""
    (label,) = damage.printed(1)
    clean = damage.seen(label, damage.CASES[0], random.Random(1))
    for case in damage.CASES[4:]:
        assert damage.seen(label, case, random.Random(1)).tobytes() != clean.tobytes()
    assert max(count.images * 2 - count.one for count in damage.campaign(30, seed=3)) > 0


def test_a_label_that_says_another_unit_would_be_found() -> None:
    first, second = damage.printed(2)
    count = damage.Count(damage.CASES[0])
    found = zxingcpp.read_barcodes(damage.seen(second, damage.CASES[0], random.Random(1)))
    damage.tally(count, first, [each.text for each in found])
    assert count.wrong == [second.unit.url] * 2
    assert not count.met


def test_a_text_that_does_not_verify_is_not_accepted() -> None:
    (label,) = damage.printed(1)
    count = damage.Count(damage.CASES[0])
    url = label.unit.url
    swapped = url[:-1] + ("0" if url[-1] != "0" else "G")
    changed = url[:60] + ("A" if url[60] != "A" else "B") + url[61:]
    damage.tally(count, label, [swapped, changed, "HTTPS://T.EXAMPLE.ORG/L/7Q4K9ZTM2HXD1R8W", ""])
    assert (count.refused, count.read, count.wrong) == (4, 0, [])
