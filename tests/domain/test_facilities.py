"""Slots, cost shares, use and losses of shared facilities, as figures."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facilities import (
    CostShare,
    Handled,
    Loss,
    Slot,
    Tariff,
    Use,
    VesselRun,
    cost_shares,
    losses,
    reduction_bp,
    share_bp,
    taken,
    tariff_on,
    together,
    use_of,
)

START = date(2024, 10, 1)
FERMENTARY = Tariff(START, "USD", 2_000, 2_400_000, 3_000)
"""The example of the cluster: 24,000 USD, of which cooperatives bear 30 %, and 0.02 USD a wet kilogram."""

SLOTS = st.tuples(st.integers(0, 50), st.integers(1, 20)).map(lambda one: Slot(one[0], one[0] + one[1]))
DAYS = st.dates(START, date(2030, 1, 1))


@given(SLOTS, SLOTS)
def test_two_slots_meet_exactly_if_they_share_an_instant(one: Slot, other: Slot) -> None:
    shared = set(range(one.since, one.until)) & set(range(other.since, other.until))
    assert one.meets(other) == other.meets(one) == bool(shared)
    assert one.within(other) == len(shared)


def test_the_first_slot_in_the_way_is_named_and_touching_ones_are_not() -> None:
    booked = [Slot(20, 30), Slot(10, 15), Slot(0, 5)]
    assert taken(Slot(5, 10), booked) is None
    assert taken(Slot(14, 21), booked) == Slot(10, 15)


# --- costs ---


def test_the_cost_share_of_the_cocoa_cluster() -> None:
    assert (FERMENTARY.users_minor, FERMENTARY.others_minor) == (720_000, 1_680_000)
    handled = [Handled("C1", START, 60_000_000), Handled("C2", START, 30_000_000), Handled("C1", START, 10_000_000)]
    assert cost_shares(handled, [FERMENTARY], START, date(2025, 9, 30)) == [
        CostShare("C1", "USD", 70_000_000, 140_000, 504_000),
        CostShare("C2", "USD", 30_000_000, 60_000, 216_000),
    ]


def test_a_fee_is_that_of_the_day_of_loading_and_a_spread_goes_on() -> None:
    spread = Tariff(START, "USD", 2_000, 2_400_000, 3_000, 60)
    dearer = Tariff(date(2025, 1, 1), "USD", 3_000)
    assert tariff_on([spread, dearer], date(2024, 12, 31)) == spread
    assert tariff_on([spread, dearer], date(2024, 9, 30)) is None
    handled = [Handled("C1", date(2024, 12, 31), 1_000_000), Handled("C1", date(2025, 1, 1), 1_000_000)]
    (owed,) = cost_shares(handled, [spread, dearer], START, date(2025, 9, 30))
    assert (owed.fee_minor, owed.capital_minor) == (5_000, 720_000 * 365 // 1826)
    assert owed.total_minor == owed.fee_minor + owed.capital_minor


@given(st.lists(DAYS, min_size=1, max_size=6, unique=True), st.sampled_from([None, 1, 7, 60]))
def test_periods_that_follow_each_other_bill_the_whole_once(cuts: list[date], months: int | None) -> None:
    tariff = Tariff(START, "USD", 0, 2_400_001, 3_333, months)
    days = [START, *sorted(cuts), date(2031, 1, 1)]
    parts = [tariff.due(first, last - timedelta(days=1)) for first, last in itertools.pairwise(days) if first < last]
    assert sum(parts) == tariff.users_minor
    assert min(parts) >= 0


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 10**9)), min_size=1, max_size=20))
def test_the_capital_cost_is_shared_to_the_minor_unit(loads: list[tuple[str, int]]) -> None:
    owed = cost_shares([Handled(org, START, grams) for org, grams in loads], [FERMENTARY], START, START)
    assert sum(one.capital_minor for one in owed) == 720_000
    assert sum(one.grams for one in owed) == sum(grams for _, grams in loads)


def test_where_nothing_was_loaded_nobody_owes() -> None:
    assert cost_shares([], [FERMENTARY], START, START) == []
    assert cost_shares([Handled("A", START, 5)], [FERMENTARY], date(2025, 1, 1), date(2025, 1, 31)) == []


# --- use ---


def test_hours_are_cut_at_the_ends_and_grams_count_where_the_run_began() -> None:
    period = Slot(100, 200)
    runs = [VesselRun(Slot(50, 120), 900), VesselRun(Slot(120, 150), 800), VesselRun(Slot(190, 260), 1000)]
    use = use_of([*runs, VesselRun(Slot(200, 300), 1)], 1000, period)
    assert use == Use(2, 20 + 30 + 10, 100, 1800, 2000)
    assert (use.used_bp, use.filled_bp) == (6_000, 9_000)
    both = together([use, use_of([], 500, period)])
    assert (both.used_bp, both.filled_bp, both.runs) == (3_000, 9_000, 2)
    assert (use_of([], 500, Slot(5, 5)).used_bp, use_of([], 500, period).filled_bp) == (0, 0)


# --- losses ---


def test_losses_are_summed_by_reason_however_it_was_typed() -> None:
    told = [("Mould", 10), ("rain", 40), (" mould ", 35), ("MOULD", 5)]
    assert losses(told) == [Loss("Mould", 50), Loss("rain", 40)]


def test_GH_MANGO_the_loss_fell_by_more_than_40_percent() -> None:
    assert reduction_bp(3_400, 1_950) == 4_265  # 42.647 %: said as 42.6 %
    assert share_bp(195, 1_000) == 1_950
    assert share_bp(0, 0) is None


@pytest.mark.parametrize(("before", "now", "fell"), [(3_400, 3_400, 0), (1_000, 0, 10_000), (1_000, 1_500, -5_000)])
def test_a_reduction_is_relative_to_what_it_was(before: int, now: int, fell: int) -> None:
    assert reduction_bp(before, now) == fell
