"""The seeded season with planted fraud: what is found stays found, and the honest are left alone."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from demo import fraud
from domain.signals import SCORERS
from ledger.signals import signal_rules

LISTED = signal_rules().settings_at(fraud.LAST).listed_from


@pytest.fixture(scope="module")
def result() -> fraud.Evaluation:
    """One round: every manner once at every strength, at the threshold of this release."""
    return fraud.evaluate(1, LISTED)


def test_the_honest_season_is_of_the_size_promised() -> None:
    season = fraud.honest(fraud.SEED).season()
    assert len(season.members) == 5_000
    assert 20_000 <= len(season.deliveries) <= 24_000
    assert len({one.id for one in season.deliveries}) == len(season.deliveries)
    assert all(type(one.grams) is int and one.grams % 100 == 0 for one in season.deliveries)
    assert fraud.honest(fraud.SEED).season() == season
    assert fraud.honest(fraud.SEED + 1).season() != season


def test_there_are_forty_manners_of_fraud_or_more_and_each_meets_every_strength() -> None:
    assert len(fraud.MANNERS) >= 40
    planted = [one for turn in range(5) for one in fraud.season(fraud.SEED + 7, turn).planted]
    assert {(one.manner, one.strength) for one in planted} == {
        (name, strength) for name in fraud.MANNERS for strength in fraud.STRENGTHS
    }
    assert all(one.subjects for one in planted)


def test_an_honest_season_lists_at_most_two_in_a_hundred_farmers() -> None:
    assert fraud.threshold() <= LISTED
    for seed in (501, 502, 503):  # seasons that set nothing
        world = fraud.honest(fraud.SEED + seed)
        scores = fraud.Listed.of(world, fraud.scored(world)[0]).scores
        listed = [code for code in world.members if scores.get(("farmer", code), (0, ""))[0] >= LISTED]
        assert len(listed) <= 100, len(listed)


def test_honest_subjects_of_every_kind_are_left_alone_among_fraud(result: fraud.Evaluation) -> None:
    assert {"farmer", "user", "instrument", "site", "inspector", "lot"} == result.honest.keys()
    for kind, cell in result.honest.items():
        assert cell.planted > 0
        assert result.honest_share(kind) <= 0.02, (kind, cell)


def test_strong_and_medium_fraud_is_found(result: fraud.Evaluation) -> None:
    """The floors are what was measured, less a few manners: see docs/signals.md."""
    assert result.share(4, 5) >= FLOOR_STRONG
    assert result.share(3) >= FLOOR_MEDIUM
    assert result.share(5) >= result.share(3) >= result.share(1)  # stronger is easier to see
    flagrant = [name for name in fraud.MANNERS if result.cells[name, 5].found == 0]
    assert len(flagrant) <= 2, flagrant


FLOOR_STRONG, FLOOR_MEDIUM = 0.93, 0.80


def test_fraud_is_found_by_the_pattern_that_it_shows(result: fraud.Evaluation) -> None:
    finders = {pattern for found in result.by.values() for pattern in found}
    assert len(finders) >= 40
    assert finders <= SCORERS.keys()


def test_the_evaluation_is_the_same_each_time() -> None:
    one, other = (fraud.scored(fraud.season(fraud.SEED + 9, 2)) for _ in range(2))
    assert one[0] == other[0]


def test_the_scoring_sees_only_records() -> None:
    """Whoever scores is given a season of plain records: nothing in it says what was planted."""
    world = fraud.season(fraud.SEED + 9, 4)
    shown = repr(replace(world.season(), deliveries=world.season().deliveries[:50]))
    for word in ("planted", "strength", "manner", "touched"):
        assert word not in shown


def test_a_season_of_five_thousand_farmers_is_scored_in_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    world = fraud.season(fraud.SEED, 0)
    season = world.season()
    began = time.perf_counter()
    _, seconds = fraud.scored(world)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(season.members):,} farmers, {len(season.deliveries):,} deliveries scored in {seconds:.2f} s\n"
        )
    assert seconds <= time.perf_counter() - began <= 60


def test_the_documentation_lists_every_manner() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "signals.md").read_text("utf-8")
    for name, (row, _) in fraud.MANNERS.items():
        assert f"| {row} | {name} |" in text


def test_the_table_is_printed(result: fraud.Evaluation, capsys: pytest.CaptureFixture[str]) -> None:
    fraud.table(result)
    said = capsys.readouterr().out
    for name in ("a farmer who does not exist", "Honest subjects listed", "scoring"):
        assert name in said
