"""Every pattern on a small season that must score, and on a near miss that must not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.profiles import ProfileMistake
from domain.signals import (
    CATALOGUE,
    SCORERS,
    Batch,
    Check,
    Correction,
    Delivery,
    Inspection,
    Member,
    Overlap,
    Photo,
    Plot,
    Revision,
    Season,
    Signal,
    load_rules,
    look,
    scan,
    sentence,
)
from domain.signals.figures import as_many, at_least, at_most, centre, distance_m, equal_ones, normal_tail, uneven

TEXT = (Path(__file__).resolve().parents[2] / "profiles" / "signals.toml").read_text("utf-8")
RULES = load_rules(TEXT, "signals.toml")
DAY, HOUR, MINUTE = 86_400_000, 3_600_000, 60_000
FIRST, LAST = date(2024, 10, 1), date(2025, 9, 30)
ZERO = int(datetime(2024, 10, 1, tzinfo=UTC).timestamp()) * 1000


def at(day: float, hour: float = 9) -> int:
    return ZERO + round(day * DAY + hour * HOUR)


def season(**records: Any) -> Season:
    base = Season("2024/25", FIRST, LAST, "cocoa", "LR", product="cocoa_dry_beans")
    return replace(base, **records)


def bring(
    farmer: str, day: float, kilos: float, *, hour: float = 9, clerk: str = "user:a", site: str = "S1", **more: Any
) -> Delivery:
    grams = round(kilos * 1000)
    values: dict[str, Any] = {
        "id": f"{farmer}-{day}-{hour}-{site}",
        "farmer": farmer,
        "site": site,
        "grams": grams,
        "equivalent_g": grams * 4 // 10,
        "at": at(day, hour),
        "received": at(day, hour) + HOUR,
        "clerk": clerk,
        "scale": f"SC-{site}",
    }
    return Delivery(**(values | more))


def odd(i: int) -> float:
    """Kilograms between 30 and 80 that neither repeat nor round."""
    return 30.1 + (i * 37 % 500) / 10


def farmers(count: int, **more: Any) -> list[Member]:
    return [Member(f"F{i:03d}", 10_000, 200_000, "U1", **more) for i in range(count)]


def crowd(count: int = 40) -> list[Delivery]:
    """One delivery of each of many farmers, of ordinary size."""
    return [bring(f"F{i:03d}", i, 380 + 6.3 * (i % 23), hour=8 + i % 8) for i in range(count)]


# --- a season for each pattern: (must score, near miss) ---

Case = Callable[[bool], tuple[Season, str]]
CASES: dict[str, Case] = {}


def case(build: Case) -> Case:
    CASES[build.__name__] = build
    return build


@case
def area_yield(strong: bool) -> tuple[Season, str]:
    return season(members=farmers(1), deliveries=[bring("F000", 5, 2600 if strong else 1600)]), "F000"


@case
def area_peers(strong: bool) -> tuple[Season, str]:
    more = bring("F007", 60, 900 if strong else 150)
    return season(members=farmers(40), deliveries=[*crowd(), more]), "F007"


@case
def plot_peers(strong: bool) -> tuple[Season, str]:
    plots = [Plot(f"F{i:03d}-A", f"F{i:03d}", 10_000) for i in range(40)]
    plots[7] = replace(plots[7], area_m2=1_500 if strong else 7_000)
    plots.append(Plot("F007-B", "F007", 8_500))
    told = [replace(one, plot=f"{one.farmer}-A") for one in crowd()]
    return season(members=farmers(40), plots=plots, deliveries=told), "F007-A"


@case
def over_estimate(strong: bool) -> tuple[Season, str]:
    more = bring("F007", 60, 500 if strong else 100)
    return season(members=farmers(40), deliveries=[*crowd(), more]), "F007"


@case
def fills_estimate(strong: bool) -> tuple[Season, str]:
    some = [bring("F000", day, 100) for day in (10, 20, 30)]
    last = bring("F000", 140, 200 if strong else 190)
    return season(members=farmers(1), deliveries=[*some, last]), "F000"


@case
def landing(strong: bool) -> tuple[Season, str]:
    kilos = [498.5] * (12 if strong else 3) + [470.0] * 8 + [520.0] * 8
    return season(
        members=farmers(40), deliveries=[bring(f"F{i:03d}", 30 + i, one) for i, one in enumerate(kilos)]
    ), "S1"


@case
def estimate_raised(strong: bool) -> tuple[Season, str]:
    told = at(40) if strong else at(5)  # before anything was delivered
    revisions = [Revision("F000", 1, 200_000, at(-90)), Revision("F000", 2, 300_000, told)]
    some = [bring("F000", 20, 250), bring("F000", 30, 225), bring("F000", 60, 200)]
    return season(members=farmers(1), revisions=revisions, deliveries=some), "F000"


@case
def area_inflated(strong: bool) -> tuple[Season, str]:
    return season(plots=[Plot("P", "F000", 16_000 if strong else 12_000, 10_000)]), "P"


@case
def huge_delivery(strong: bool) -> tuple[Season, str]:
    return season(deliveries=[*crowd(), bring("F007", 60, 2500 if strong else 700)]), "F007"


@case
def many_a_day(strong: bool) -> tuple[Season, str]:
    return season(deliveries=[bring("F000", 5, odd(i), hour=8 + i) for i in range(4 if strong else 2)]), "F000"


@case
def after_window(strong: bool) -> tuple[Season, str]:
    late = bring("F000", 200 if strong else 170, 100)  # April 19, March 20
    return season(deliveries=[bring("F000", 20, 60), late]), "F000"


@case
def old_harvest(strong: bool) -> tuple[Season, str]:
    days = 9 if strong else 2
    harvest = [FIRST + timedelta(days=day - days) for day in (20, 30, 40)]
    some = [bring("F000", day, odd(day), harvested_on=told) for day, told in zip((20, 30, 40), harvest, strict=True)]
    return season(deliveries=some), "F000"


@case
def told_after_end(strong: bool) -> tuple[Season, str]:
    until = FIRST + timedelta(days=100)
    lag = 15 if strong else 5  # a phone that sends once a week
    some = [bring("F000", day, odd(day), received=at(day + lag)) for day in (97, 98, 99)]
    return season(members=farmers(1, certified_until=until), deliveries=some), "F000"


@case
def certificate_rush(strong: bool) -> tuple[Season, str]:
    until = FIRST + timedelta(days=100)
    some = [bring(f"F{i:03d}", 61 + i, odd(i)) for i in range(30)]
    some += [bring(f"F{i:03d}", 91 + i % 10, odd(i), hour=10 + i / 9) for i in range(30 if strong else 12)]
    return season(members=farmers(40, certified_until=until), deliveries=some), "S1"


@case
def shared_phone(strong: bool) -> tuple[Season, str]:
    some = farmers(4, phone="digest")
    if strong:
        some = [replace(one, unit=f"U{i}") for i, one in enumerate(some)]
    return season(members=some), "F000"


@case
def shared_identity(strong: bool) -> tuple[Season, str]:
    return season(members=farmers(2 if strong else 1, identity="digest")), "F000"


@case
def photo_reused(strong: bool) -> tuple[Season, str]:
    return season(photos=[Photo("digest", f"F{i:03d}") for i in range(3 if strong else 1)]), "F000"


@case
def plot_overlap(strong: bool) -> tuple[Season, str]:
    plots = [Plot("P1", "F000", 10_000), Plot("P2", "F001", 10_000)]
    return season(plots=plots, overlaps=[Overlap("P2", "P1", 6_000 if strong else 1_400)]), "P1"


@case
def plot_copied(strong: bool) -> tuple[Season, str]:
    plots = [Plot(f"P{i}", f"F00{i}", 10_000, shape="same" if strong else f"own {i}") for i in range(3)]
    return season(plots=plots), "P0"


@case
def plot_borrowed(strong: bool) -> tuple[Season, str]:
    plots = [Plot("P0", "F000", 10_000), Plot("P1", "F001", 10_000)]
    count = 3 if strong else 1
    some = [bring("F000", day, odd(day), plot="P1" if day < count else "P0") for day in range(5)]
    return season(plots=plots, deliveries=some), "F000"


@case
def ghost(strong: bool) -> tuple[Season, str]:
    seen = [Inspection(f"I{i}", "I1", f"F{i:03d}", date(2024, 8, 1)) for i in range(1, 40)]
    some = [
        *crowd(),
        bring("F000", 30, 120),
        *(bring(f"F{i:03d}", 61 + i, odd(i), clerk="user:b") for i in range(1, 9)),
    ]
    if not strong:
        seen.append(Inspection("I0", "I1", "F000", date(2024, 8, 1)))
    return season(members=farmers(40), deliveries=some, inspections=seen), "F000"


def _two_sites(strong: bool, **who: Any) -> Season:
    """Sites thirty kilometres apart, each with farmers around it."""
    plots = [
        Plot(f"P{i}", f"F{i:03d}", 10_000, position=(-9_000_000 + 270_000 * (i >= 20), 7_000_000)) for i in range(40)
    ]
    some = [
        bring(f"F{i:03d}", i / 10, odd(i), site="S1" if i < 20 else "S2", clerk=f"user:{i >= 20}") for i in range(40)
    ]
    one = bring("F005", 50, 41.3, site="S1", **who)
    other = bring("F005", 50, 52.7, site="S2", hour=9.5 if strong else 13, **who)
    return season(plots=plots, deliveries=[*some, one, other])


@case
def two_places(strong: bool) -> tuple[Season, str]:
    return _two_sites(strong), "F005"


@case
def clerk_two_places(strong: bool) -> tuple[Season, str]:
    return _two_sites(strong, clerk="user:lent"), "user:lent"


@case
def receipt_reused(strong: bool) -> tuple[Season, str]:
    some = [bring("F000", day, 41.3, receipt="R-1") for day in range(3 if strong else 1)]
    return season(deliveries=[*some, bring("F000", 30, 41.3, receipt="R-2", site="S2")]), "F000"


@case
def presented_twice(strong: bool) -> tuple[Season, str]:
    there = bring("F000", 6, 41.3 if strong else 41.4, site="S2")
    again = bring("F000", 12, 52.1 if strong else 52.3, site="S2")
    return season(deliveries=[bring("F000", 5, 41.3), there, bring("F000", 11, 52.1), again]), "F000"


def _clerk(weights: Iterable[float], *, clerk: str = "user:a", site: str = "S1") -> list[Delivery]:
    return [
        bring(f"F{i:03d}", 1 + i // 8, one, hour=8 + i % 8, clerk=clerk, site=site) for i, one in enumerate(weights)
    ]


@case
def round_weights(strong: bool) -> tuple[Season, str]:
    honest = [round(odd(i) * 2) / 2 for i in range(120)]  # rounds to half a kilogram: a habit
    return season(deliveries=_clerk([50 if strong and i % 3 == 0 else one for i, one in enumerate(honest)])), "user:a"


@case
def end_digits(strong: bool) -> tuple[Season, str]:
    honest = [30 + i % 47 + (i * 7 % 10) / 10 for i in range(160)]
    invented = [int(one) + (0.3, 0.7, 0.7, 0.2)[i % 4] for i, one in enumerate(honest)]
    return season(deliveries=_clerk(invented if strong else honest)), "user:a"


@case
def repeated_weights(strong: bool) -> tuple[Season, str]:
    same = 4 if strong else 2
    some = [bring("F000", day, 47.3 if day < same else odd(day * 11)) for day in range(5)]
    return season(deliveries=[*some, *_clerk([odd(i) for i in range(60)])]), "F000"


@case
def copied_weights(strong: bool) -> tuple[Season, str]:
    weights = [odd(i - i % 2) if strong and i < 30 else odd(i) for i in range(80)]
    return season(deliveries=_clerk(weights)), "user:a"


@case
def scale_density(strong: bool) -> tuple[Season, str]:
    minutes = 0.5 if strong else 1.5
    return season(deliveries=[bring(f"F{i:03d}", 5, odd(i), hour=9 + i * minutes / 60) for i in range(12)]), "SC-S1"


@case
def odd_hours(strong: bool) -> tuple[Season, str]:
    some = [bring(f"F{i:03d}", i, odd(i), hour=23 if i < (6 if strong else 1) else 10) for i in range(40)]
    return season(deliveries=some), "user:a"


@case
def told_late(strong: bool) -> tuple[Season, str]:
    told = at(45 if strong else 22)
    return season(
        deliveries=[bring(f"F{i:03d}", 8 + i, odd(i), received=told + i * MINUTE) for i in range(12)]
    ), "user:a"


@case
def corrections_rate(strong: bool) -> tuple[Season, str]:
    some = _clerk([odd(i) for i in range(100)])
    fixed = [Correction("user:a", "F000", at(9), 40_000, 41_000) for _ in range(12 if strong else 2)]
    return season(deliveries=some, corrections=fixed), "user:a"


@case
def corrections_up(strong: bool) -> tuple[Season, str]:
    fixed = [Correction("user:a", f"F{i:03d}", at(9), 40_000, 47_000 if strong or i % 2 else 35_000) for i in range(10)]
    return season(corrections=fixed), "user:a"


@case
def clerk_weighs(strong: bool) -> tuple[Season, str]:
    some = []
    for i in range(40):
        base, noise = 50.0, math.sin(i * 12.9) * 6
        some.append(bring(f"F{i:03d}", i, base + noise, clerk="user:b"))
        some.append(bring(f"F{i:03d}", i + 50, (base - noise) * (1.2 if strong else 1.0)))
    return season(deliveries=some), "user:a"


def _batch(i: int, share: float, *, site: str = "D1", moist: int | None = 720) -> Batch:
    output = round(900_000 * share * 9_300 / (10_000 - (moist or 700)))
    return Batch(f"{site}-{i:03d}", site, "ferment_dry", 900_000, output, at(20 + i), None, moist)


def _shares(i: int) -> float:
    return 0.40 + 0.011 * math.sin(i * 12.9)


@case
def batch_yield(strong: bool) -> tuple[Season, str]:
    some = [_batch(i, _shares(i)) for i in range(60)]
    return season(batches=[*some, _batch(99, 0.50 if strong else 0.415)]), "D1-099"


@case
def dry_matter_gain(strong: bool) -> tuple[Season, str]:
    one = Batch("L", "D1", "redry", 300_000, 302_000 if strong else 297_200, at(40), 840, 750)
    return season(batches=[one]), "L"


@case
def dry_matter_loss(strong: bool) -> tuple[Season, str]:
    one = Batch("L", "D1", "redry", 300_000, 284_000 if strong else 294_500, at(40), 840, 750)
    return season(batches=[one]), "L"


@case
def facility_yield(strong: bool) -> tuple[Season, str]:
    own = [_batch(i, _shares(i) * (0.95 if strong else 0.995)) for i in range(40)]
    return season(batches=[*own, *(_batch(i, _shares(i + 7), site=f"D{2 + i % 3}") for i in range(90))]), "D1"


@case
def facility_uniform(strong: bool) -> tuple[Season, str]:
    own = [_batch(i, 0.40 + (_shares(i) - 0.40) * (0.1 if strong else 0.9)) for i in range(40)]
    return season(batches=[*own, *(_batch(i, _shares(i + 7), site=f"D{2 + i % 3}") for i in range(90))]), "D1"


@case
def moisture_bunching(strong: bool) -> tuple[Season, str]:
    def check(i: int, moist: int, site: str) -> Check:
        return Check(f"{site}-{i}", site, at(i), moist <= 800, moist, 800)

    others = [check(i, 780 + 10 * (i % 6), f"D{2 + i % 3}") for i in range(60)]
    own = [check(i, 790 if strong or i % 2 else 820, "D1") for i in range(12)]
    return season(checks=[*others, *own]), "D1"


@case
def retests(strong: bool) -> tuple[Season, str]:
    count = 3 if strong else 1
    return season(checks=[Check("L", "D1", at(i), i == count, 810, 800) for i in range(count + 1)]), "L"


def _visits(inspector: str, count: int, **more: Any) -> list[Inspection]:
    return [
        Inspection(f"{inspector}-{i}", inspector, f"{inspector}-{i}", date(2024, 7, 1) + timedelta(days=i // 5), **more)
        for i in range(count)
    ]


@case
def inspections_day(strong: bool) -> tuple[Season, str]:
    day = date(2024, 8, 1)
    return season(inspections=[replace(one, day=day) for one in _visits("I1", 13 if strong else 8)]), "I1"


@case
def inspection_minutes(strong: bool) -> tuple[Season, str]:
    own = [replace(one, minutes=8 if i < (10 if strong else 1) else 40) for i, one in enumerate(_visits("I1", 40))]
    return season(inspections=[*own, *_visits("I2", 40, minutes=45)]), "I1"


@case
def inspection_answers(strong: bool) -> tuple[Season, str]:
    def sheet(i: int) -> str:
        return "all yes" if i % 3 else f"a no at {i % 7}"

    others = [replace(one, answers=sheet(i)) for i, one in enumerate(_visits("I2", 60))]
    own = [replace(one, answers="all yes" if strong else sheet(i + 1)) for i, one in enumerate(_visits("I1", 40))]
    return season(inspections=[*others, *own]), "I1"


@case
def inspection_told_late(strong: bool) -> tuple[Season, str]:
    told = at(-92 + (50 if strong else 20))  # July 1 is 92 days before the season
    return season(
        inspections=[replace(one, recorded=told + i * MINUTE) for i, one in enumerate(_visits("I1", 20))]
    ), "I1"


def best(signals: list[Signal], pattern: str, subject: str) -> int:
    return max((one.score for one in signals if one.pattern == pattern and one.subject == subject), default=0)


@pytest.mark.parametrize("pattern", sorted(SCORERS))
def test_a_pattern_scores_what_stands_out_and_no_near_miss(pattern: str) -> None:
    listed = RULES.settings_at(LAST).listed_from
    records, subject = CASES[pattern](True)
    strong = scan(records, RULES)
    near = scan(CASES[pattern](False)[0], RULES)
    assert best(strong, pattern, subject) >= listed
    assert best(near, pattern, subject) < listed
    (found,) = [one for one in strong if one.pattern == pattern and one.subject == subject]
    assert found.score == min(1000, found.strength)
    for lang in ("en", "fr"):
        said = sentence(found, lang)
        assert "{" not in said and said.endswith((".", "…"))
        assert look(pattern, lang)
    assert sentence(found, "en") != sentence(found, "fr")


def test_there_is_a_case_and_a_text_for_every_pattern() -> None:
    assert CASES.keys() == SCORERS.keys() == CATALOGUE.keys() - {"common"}


def test_the_documentation_lists_every_pattern_with_its_figures() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "signals.md").read_text("utf-8")
    for code in SCORERS:
        rule = RULES.rule(code, LAST)
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{code}` |")]
        assert row.endswith(f"| {rule.low} | {rule.high} |"), row


def test_sentences_accuse_nobody() -> None:
    words = ("fraud", "cheat", "fake", "forg", "steal", "false", "illegal", "fraude", "faux", "vol ", "trich")
    for code, kind in CATALOGUE.items():
        for texts in (kind.title, kind.sentence, kind.look):
            for said in texts.values():
                assert not [word for word in words if word in said.lower()], (code, said)


def test_what_nearly_everybody_shows_is_said_once() -> None:
    """A form that writes the same weight for every delivery of a farmer says something of the form."""
    some = [bring(f"F{i:03d}", day, 30 + i * 1.3) for i in range(50) for day in range(5)]
    found = [one for one in scan(season(deliveries=some), RULES) if one.score >= 500]
    assert "repeated_weights" not in {one.pattern for one in found}
    (one,) = [one for one in found if one.evidence.get("pattern") == "repeated_weights"]
    assert (one.pattern, one.kind, one.evidence["subjects"], one.evidence["of"]) == ("common", "season", 50, 50)
    assert "The same weight again and again" in sentence(one)


def test_an_empty_season_says_nothing() -> None:
    assert scan(season(), RULES) == []


def test_the_order_of_the_records_does_not_matter() -> None:
    records, _ = CASES["two_places"](True)
    turned = replace(records, deliveries=list(reversed(records.deliveries)), plots=list(reversed(records.plots)))
    assert scan(turned, RULES) == scan(records, RULES)


def test_signals_are_integers_highest_first() -> None:
    records, _ = CASES["area_peers"](True)
    signals = scan(records, RULES)
    assert [one.score for one in signals] == sorted((one.score for one in signals), reverse=True)
    for one in signals:
        assert all(type(value) in (int, str) for value in (one.score, one.strength, *one.evidence.values()))


# --- the statistics, against values worked out by hand ---


def test_surprises_are_the_logarithms_of_exact_chances() -> None:
    assert at_least(10, 10, 0.5) == 301  # 1 in 1024
    assert at_least(2, 3, 0.25) == math.floor(-100 * math.log10(10 / 64))
    assert at_most(0, 10, 0.5) == 301
    assert at_least(5, 10, 0.5) == 0  # no more than is to be expected
    assert at_least(3, 3, 0.0) == 100_000
    assert as_many(3, 1.0) == math.floor(-100 * math.log10(1 - 2.5 / math.e))
    assert as_many(1, 2.0) == 0
    assert equal_ones(5, 3, 0.01) == 300  # 10 triples x 0.01²
    assert (equal_ones(5, 1, 0.01), at_least(0, 5, 0.1), as_many(0, 0.0)) == (0, 0, 0)


def test_a_far_tail_of_the_normal_distribution_has_a_logarithm_too() -> None:
    assert abs(normal_tail(1.6449) - 130) <= 1  # 1 in 20
    assert abs(normal_tail(6.0) - 900) <= 1  # 9.9e-10
    assert normal_tail(60.0) > 70_000
    assert normal_tail(-1.0) == 0


def test_even_counts_do_not_surprise_and_uneven_ones_do() -> None:
    assert uneven([20] * 10) == 0
    assert abs(uneven([30, 10]) - 280) <= 10  # chi-square 10 of one degree of freedom: 0.00157
    assert abs(uneven([60, *([20] * 9)]) - 887) <= 50  # 60 of nine: 1.3e-9; the cube root is a little careful
    assert (uneven([]), uneven([5])) == (0, 0)


def test_the_centre_is_not_moved_by_those_who_stand_out() -> None:
    assert centre([1.0, 2.0, 3.0, 4.0, 1000.0])[0] == 3.0
    assert centre([5.0, 5.0, 5.0], 0.25) == (5.0, 0.25)


def test_a_degree_of_latitude_is_a_hundred_and_eleven_kilometres() -> None:
    assert abs(distance_m((0, 0), (0, 1_000_000)) - 111_195) <= 1


# --- the figures as data ---


def test_every_figure_has_a_day_and_a_source() -> None:
    everything = [
        *RULES.settings,
        *RULES.yields,
        *RULES.hours,
        *RULES.harvests,
        *(rule for some in RULES.patterns.values() for rule in some),
    ]
    assert len(everything) > 50
    assert all(one.source and one.valid_from <= FIRST for one in everything)


def test_a_later_set_of_figures_holds_from_its_day() -> None:
    later = TEXT + (
        '\n[[patterns]]\ncode = "shared_identity"\nlow = 3\nhigh = 5\nvalid_from = 2025-10-01\nsource = "a new rule"\n'
    )
    rules = load_rules(later, "signals.toml")
    assert rules.rule("shared_identity", LAST).high == 2
    assert rules.rule("shared_identity", date(2026, 9, 30)).high == 5


def test_yields_of_a_country_go_before_those_of_anywhere() -> None:
    assert RULES.yields_at("cocoa", "LR", LAST).top_g == 600_000  # type: ignore[union-attr]
    assert RULES.yields_at("cocoa", "CI", LAST).top_g == 1_000_000  # type: ignore[union-attr]
    assert RULES.yields_at("coffee", "LR", LAST) is None
    assert RULES.hours_at("GE", LAST).offset_min == 240


@pytest.mark.parametrize(
    ("old", "new", "key", "todo"),
    [
        ("[[settings]]", "[[settings", "", "not TOML"),
        ('code = "landing"', 'code = "landed"', "].code", "is not a pattern"),
        ('code = "landing"', 'code = "ghost"', "].params", "takes these figures"),
        ("low = 300 # surprise\nhigh = 900", "low = 900\nhigh = 900", "].high", "another figure than low"),
        ("low = 300 # surprise", 'low = "300"', "].low", "a whole number"),
        ("low = 300 # surprise", "low = true", "].low", "a whole number"),
        ("low = 300 # surprise", "lowest = 300", "].lowest", "leave it out"),
        ("band_bp = 800", "band_bp = 8.0", "params.band_bp", "a whole number"),
        ('country = "*"\noffset_min', 'country = "XX"\noffset_min', "hours", "add the hours"),
        ("top_g = 600000", "top_g = 1300000", "].alarm_g", "more than top_g"),
        ("listed_from = 500", "", "settings[0].listed_from", "is missing"),
    ],
)
def test_a_mistake_in_the_profile_is_named(old: str, new: str, key: str, todo: str) -> None:
    assert old in TEXT
    with pytest.raises(ProfileMistake) as mistake:
        load_rules(TEXT.replace(old, new, 1), "signals.toml")
    assert mistake.value.file == "signals.toml"
    assert key in mistake.value.key
    assert todo in mistake.value.todo


def test_a_pattern_without_figures_is_named() -> None:
    start = TEXT.index('[[patterns]]\ncode = "retests"')
    end = TEXT.index("# --- internal inspections")
    with pytest.raises(ProfileMistake, match="add the figures of retests"):
        load_rules(TEXT[:start] + TEXT[end:], "signals.toml")
