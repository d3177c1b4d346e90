"""The rules on copies: each alone, and in a simulated market."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import pytest

import domain.clones
from domain.clones import (
    DAY,
    HOUR,
    MINUTE,
    RULES,
    Fact,
    Life,
    Sighting,
    kilometres,
    load_rules,
    points,
)
from domain.profiles import ProfileMistake

TEXT = (Path(__file__).resolve().parents[2] / "profiles" / "label-rules.toml").read_text("utf-8")
IN_FORCE = load_rules(TEXT, "label-rules.toml").on(date(2026, 12, 1))
ALERT = IN_FORCE.alert
second_receipt = partial(domain.clones.second_receipt, rules=IN_FORCE)


def assess(life: Life, seen: Collection[Sighting]) -> list[Fact]:
    return domain.clones.assess(life, seen, IN_FORCE)


T = 1_900_000_000_000
HAMBURG, MUNICH, MADRID = (53_600_000, 10_000_000), (48_100_000, 11_600_000), (40_400_000, -3_700_000)
OUT = Life(applied_at=T)


def rules(life: Life, *seen: Sighting) -> list[str]:
    return [fact.rule for fact in assess(life, seen)]


def public(at: int, country: str | None = None, position: tuple[int, int] | None = None, who: str = "v") -> Sighting:
    return Sighting(at, "public", country, position, who)


def test_a_unit_that_nobody_looks_at_has_no_points() -> None:
    assert assess(OUT, []) == []
    assert rules(OUT, public(T + 1), public(T + DAY)) == []


def test_before_the_label_was_on_its_bag() -> None:
    assert rules(OUT, public(T - 1)) == ["before_applied"]
    assert rules(Life(), public(T)) == ["before_applied"]
    assert rules(Life(shipped_at=T), public(T)) == []


def test_after_it_was_opened_but_not_by_whoever_opened_it() -> None:
    opened = Life(applied_at=T, opened_at=T + DAY)
    assert rules(opened, public(T + DAY + HOUR)) == []
    assert rules(opened, public(T + 2 * DAY + 1)) == ["after_opened"]
    assert points(assess(opened, [public(T + 3 * DAY)])) >= ALERT


def test_received_twice() -> None:
    assert points(assess(OUT, [Sighting(T + 5, "second")])) == 100
    assert rules(OUT, Sighting(T + 5, "receipt"), Sighting(T + 6, "receipt")) == []
    assert second_receipt(T, same_organisation=False, at=T + 1)
    assert not second_receipt(T, same_organisation=True, at=T + HOUR)
    assert second_receipt(T, same_organisation=True, at=T + DAY + 1)
    assert not second_receipt(None, same_organisation=False, at=T)


def test_two_places_far_apart_whatever_the_rounding() -> None:
    assert 615 < kilometres(HAMBURG, MUNICH) < 625
    assert 1770 < kilometres(HAMBURG, MADRID) < 1800
    assert rules(OUT, public(T, None, HAMBURG), public(T + HOUR, None, MADRID)) == ["far_apart"]
    assert rules(OUT, public(T, None, HAMBURG), public(T + HOUR, None, MUNICH)) == []
    assert rules(OUT, public(T, None, HAMBURG), public(T + 2 * DAY, None, MADRID)) == []


def test_two_countries_within_an_hour() -> None:
    (fact,) = assess(OUT, [public(T, "DE"), public(T + 59 * MINUTE, "ES")])
    assert (fact.rule, fact.countries) == ("far_apart", ("DE", "ES"))
    assert rules(OUT, public(T, "DE"), public(T + 61 * MINUTE, "ES")) == []


def test_outside_its_route() -> None:
    life = Life(applied_at=T, route=frozenset({"LR", "DE"}))
    assert rules(life, public(T, "DE"), public(T + DAY)) == []
    assert rules(life, public(T, "ES")) == ["off_route"]
    assert rules(OUT, public(T, "ES")) == []


def test_more_than_thirty_devices_in_seven_days() -> None:
    crowd = [public(T + i * HOUR, who=f"v{i}") for i in range(31)]
    assert rules(OUT, *crowd) == ["many_devices"]
    assert rules(OUT, *crowd[:30]) == []
    slow = [public(T + i * 8 * HOUR, who=f"v{i}") for i in range(31)]
    assert rules(OUT, *slow) == []


def test_the_bag_says_otherwise() -> None:
    assert [fact.points for fact in assess(OUT, [Sighting(T, "differs")])] == [50]


def test_no_rule_but_two_is_enough_alone() -> None:
    assert sorted(rule for rule, given in IN_FORCE.points.items() if given >= ALERT) == [
        "after_opened",
        "second_receipt",
    ]


# --- figures are data ---


def test_a_figure_holds_from_its_day() -> None:
    later = """
[[devices]]
value = 50
valid_from = 2027-06-01
source = "Tried"

[[points]]
rule = "off_route"
value = 60
valid_from = 2027-06-01
source = "Tried"
"""
    book = load_rules(TEXT + later, "x")
    before, after = book.on(date(2027, 5, 31)), book.on(date(2027, 6, 1))
    assert before == IN_FORCE == book.on(date(1990, 1, 1))  # before the first day, the first figure
    assert (after.devices, after.points["off_route"], after.far_km) == (50, 60, before.far_km)
    crowd = [public(T + i * HOUR, who=f"v{i}") for i in range(31)]
    assert [fact.rule for fact in domain.clones.assess(OUT, crowd, before)] == ["many_devices"]
    assert domain.clones.assess(OUT, crowd, after) == []
    abroad = Life(applied_at=T, route=frozenset({"DE"}))
    assert points(domain.clones.assess(abroad, [public(T, "ES")], after)) >= after.alert


def test_times_are_milliseconds() -> None:
    assert (IN_FORCE.kept, IN_FORCE.after_opening, IN_FORCE.abroad_within) == (90 * DAY, DAY, HOUR)
    assert set(IN_FORCE.points) == set(RULES)


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ("value = 900", 'value = "900"', "far_km[0].value", "value ="),
        ("value = 900", "value = 0", "far_km[0].value", "value = 0"),
        ("value = 900", "value = true", "far_km[0].value", "value = true"),
        ("value = 900", "value = 900\nunit = 1", "far_km[0].unit", "unit = 1"),
        ("[[far_km]]", "[[far_miles]]", "far_miles", "[[far_miles]]"),
        ('rule = "off_route"', 'rule = "of_route"', "points[4].rule", "of_route"),
        ('rule = "off_route"', 'rule = "far_apart"', "points[4].valid_from", "valid_from"),
        ("[[kept_days]]", "[kept_days]", "kept_days", None),
        ("[[devices]]", "[[devices]", "", "[[devices]"),
    ],
)
def test_a_mistake_names_file_key_and_line(old: str, new: str, key: str, line: str | None) -> None:
    text = TEXT.replace(old, new, 1)
    with pytest.raises(ProfileMistake) as mistake:
        load_rules(text, "label-rules.toml")
    assert (mistake.value.file, mistake.value.key) == ("label-rules.toml", key)
    if line is not None:
        assert mistake.value.line is not None
        assert line in text.split("\n")[mistake.value.line - 1]


def test_a_rule_without_points_is_a_mistake() -> None:
    text = TEXT.replace('rule = "off_route"', 'rule = "far_apart"', 1).replace("2022-01-01", "2023-01-01", 5)
    text = text.replace("2023-01-01", "2022-01-01", 4)
    with pytest.raises(ProfileMistake, match="off_route"):
        load_rules(text, "x")


# --- a market ---


def copied(chance: random.Random, copies: int, scanned: float, received: float) -> bool:
    """Whether a run of copies, each of another genuine unit that was received, is noticed.

    Four of five genuine units were opened before their copy is looked at; of a copy of the fifth a scan says nothing.
    A copy is looked at in public with one chance, and received in the application with another.
    """
    for _ in range(copies):
        opened = T + 20 * DAY if chance.random() < 0.8 else None
        life = Life(applied_at=T, shipped_at=T + DAY, received_at=T + 15 * DAY, opened_at=opened)
        seen = [Sighting(T + 15 * DAY, "receipt", "DE")]
        if chance.random() < scanned:
            seen.append(public(T + 25 * DAY + round(chance.random() * 30 * DAY), "DE"))
        if chance.random() < received:
            again = T + 16 * DAY
            assert second_receipt(life.received_at, same_organisation=False, at=again)
            seen.append(Sighting(again, "second", "DE"))
        if points(assess(life, seen)) >= ALERT:
            return True
    return False


@pytest.mark.parametrize(
    ("copies", "noticed"), [(1, 0.33), (5, 0.86), (20, 1.0), (50, 1.0), (100, 1.0)], ids=lambda value: str(value)
)
def test_copies_are_noticed_as_often_as_the_design_says(copies: int, noticed: float) -> None:
    """Last column of the table: 5 % public scans, 30 % of copies received in the application."""
    chance = random.Random(copies)
    runs = 3_000 if copies == 1 else 1_500
    share = sum(copied(chance, copies, 0.05, 0.30) for _ in range(runs)) / runs
    assert abs(share - noticed) <= 0.03


@pytest.mark.parametrize(
    ("copies", "scanned", "noticed"),
    [(1, 0.10, 0.08), (20, 0.02, 0.27), (20, 0.10, 0.81), (100, 0.02, 0.80)],
)
def test_without_the_receivers_scan_copies_are_noticed_late(copies: int, scanned: float, noticed: float) -> None:
    chance = random.Random(copies)
    share = sum(copied(chance, copies, scanned, 0.0) for _ in range(2_000)) / 2_000
    assert abs(share - noticed) <= 0.03


def honest(chance: random.Random) -> tuple[Life, Sequence[Sighting]]:
    """A genuine unit: tried at the printer now and then, looked at on its way and in the shop, opened, sometimes told."""
    applied = None if chance.random() < 0.1 else T
    shipped, received = T + DAY, T + round(chance.uniform(10, 40) * DAY)
    opened = received + round(chance.uniform(1, 30) * DAY) if chance.random() < 0.5 else None
    life = Life(applied, shipped, received, opened, frozenset({"LR", "DE"}))
    seen = [Sighting(received, "receipt", "DE")]
    if chance.random() < 0.03:
        seen.append(public(T - HOUR, "LR", who="printer"))
    if chance.random() < 0.10:
        end = opened if opened is not None else received + 30 * DAY
        for n in range(chance.randint(1, 4)):
            country = chance.choices(["DE", "FR", None], [0.9, 0.03, 0.07])[0]
            seen.append(public(round(chance.uniform(shipped, end)), country, who=f"v{n}"))
    if opened is not None and chance.random() < 0.3:
        seen.append(public(opened + round(chance.uniform(0, 6) * HOUR), "DE", who="opener"))
    return life, seen


def test_genuine_units_are_seldom_suspected() -> None:
    chance = random.Random(7)
    alarms = sum(points(assess(*honest(chance))) >= ALERT for _ in range(20_000))
    assert alarms / 20_000 < 0.005
