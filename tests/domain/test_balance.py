"""Statements close to the gram, for any account and any span, whatever happened; and the checks say what is wrong."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import balance
from domain.balance import Balance, Claimed, Commitment, Goods, Movement, Place, Span, statement, total
from domain.book import LineRow
from domain.events import millis
from domain.findings import sentence
from domain.season import days_of, following, season_of
from ledger.profiles import profiles
from tests.domain.test_laws import ACTS, Chain, act, uid

WET, DRY = "cocoa_wet_beans", "cocoa_dry_beans"
OPEN = Span()


def everything(_: Place) -> bool:
    return True


def moved_in(chain: Chain) -> list[Movement]:
    goods = {lot.key: Goods(lot.product, lot.owner_id) for lot in chain.book.by_uid.values()}
    return balance.movements(goods, chain.book.lines, {uid(1): 1, uid(2): 1}, ())


def closes(found: dict[str, Balance]) -> bool:
    return all(one.difference_g == 0 for one in found.values())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTS, st.lists(st.integers(0, 45), min_size=2, max_size=2))
def test_every_statement_closes_for_any_account_and_any_span(
    acts: list[tuple[str, int, int, bool]], cuts: list[int]
) -> None:
    """I01: opening + in = closing + out + loss, against the model of a few lines that the laws are tested with."""
    chain = Chain()
    begun = millis(chain.now)
    for name, pick, grams, certified in acts:
        act(chain, name, pick, grams, certified)
    moved, model = moved_in(chain), chain.model
    whole = total(statement(moved, everything, OPEN).values())
    assert (whole.delivered_g, whole.lost_g, whole.closing_g) == (
        model.delivered,
        model.lost,
        sum(model.grams.values()),
    )
    assert whole.difference_g == 0
    claims = {lot.key: lot.claims["EU_ORG"] for lot in chain.book.by_uid.values()}
    accounts: list[Any] = [everything]
    accounts += [lambda place, site=site: place.site == site for site in (uid(1), uid(2))]
    accounts += [lambda place, value=value: claims[place.lot] == value for value in set(claims.values())]
    accounts += [lambda place, key=lot.key: place.lot == key for lot in chain.book.by_uid.values()]
    first, second = (begun + cut * 3_600_000 for cut in sorted(cuts))
    for account in accounts:
        before, during, after = (
            statement(moved, account, span) for span in (Span(None, first), Span(first, second), Span(second, None))
        )
        entire = statement(moved, account, OPEN)
        assert closes(before) and closes(during) and closes(after) and closes(entire)
        for product, one in during.items():
            assert one.opening_g == before.get(product, Balance()).closing_g
        for product, one in after.items():
            assert one.opening_g == during.get(product, Balance()).closing_g
            assert one.closing_g == entire[product].closing_g
        for product, one in entire.items():
            stock = sum(
                lot.remaining_g
                for lot in chain.book.by_uid.values()
                if lot.product == product and account(Place(lot.key, lot.site_id, 1, 1))
            )
            assert one.closing_g == stock


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTS, st.integers(0, 45))
def test_the_events_behind_a_figure_sum_to_it(acts: list[tuple[str, int, int, bool]], cut: int) -> None:
    chain = Chain()
    span = Span(millis(chain.now) + cut * 3_600_000, None)
    for name, pick, grams, certified in acts:
        act(chain, name, pick, grams, certified)
    moved = moved_in(chain)
    for account in (everything, lambda place: place.site == uid(1)):
        for product, one in statement(moved, account, span).items():
            for cell in ("opening", *balance.CELLS_IN, *balance.CELLS_OUT, "lost", "closing"):
                rows = balance.behind(moved, account, span, product, cell)
                assert sum(balance.figure(row, cell) for row in rows) == getattr(one, f"{cell}_g")


# --- what each movement is ---


def line(lot: int, seq: int, kind: str, grams: int, type_: str, site: str = "F", org: int = 1) -> LineRow:
    return LineRow(lot, seq, kind, grams, type_, "ferment_dry" if type_ == "transformed" else None, seq, org, site)


OPERATORS = {"F": 9, "S": 2, "B": 1}
HELD_BY_COOP = lambda place: place.holder == 1
HELD_BY_CENTRE = lambda place: place.holder == 9
OWNED_BY_COOP = lambda place: place.owner == 1
HELD_BY_EXPORTER = lambda place: place.holder == 2

STORY = [
    line(1, 10, "in", 600, "delivered", "B"),
    line(1, 11, "out", 600, "received"),
    line(2, 11, "in", 590, "received"),  # the scale of the centre says less
    line(2, 12, "out", 590, "transformed"),
    line(3, 12, "in", 236, "transformed"),
    line(3, 13, "lost", 6, "transfer_accepted", "S", 2),  # weighed at the exporter's
    line(3, 14, "lost", 10, "lost", "S", 2),
    line(3, 15, "shipped", 100, "shipped", "S", 2),
]
GOODS = {1: Goods(WET, 1), 2: Goods(WET, 1), 3: Goods(DRY, 1)}


def story(sold: bool = True, lines: list[LineRow] = STORY) -> list[Movement]:
    return balance.movements(GOODS, lines, OPERATORS, {(3, 13)} if sold else ())


def test_a_shared_dryer_changes_custody_and_not_ownership() -> None:
    moved = story()
    station = statement(moved, HELD_BY_COOP, OPEN)
    assert station == {WET: Balance(delivered_g=600, moved_out_g=600)}
    centre = statement(moved, HELD_BY_CENTRE, OPEN)
    assert centre[WET] == Balance(moved_in_g=600, lost_g=10, used_g=590)
    assert centre[DRY] == Balance(made_g=236, moved_out_g=236)
    coop = statement(moved, OWNED_BY_COOP, OPEN)
    assert coop[WET] == Balance(delivered_g=600, lost_g=10, used_g=590)
    assert coop[DRY] == Balance(made_g=236, moved_out_g=236)
    exporter = statement(moved, HELD_BY_EXPORTER, OPEN)
    assert exporter == {DRY: Balance(moved_in_g=236, lost_g=16, shipped_g=100, closing_g=120)}
    assert total(coop.values()) == Balance(delivered_g=600, moved_out_g=236, lost_g=364)
    assert all(closes(one) for one in (station, centre, coop, exporter))


def test_goods_that_change_custody_only_stay_in_the_owners_books() -> None:
    coop = statement(story(sold=False), OWNED_BY_COOP, OPEN)
    assert coop[DRY] == Balance(made_g=236, lost_g=16, shipped_g=100, closing_g=120)


def test_a_deficit_goes_along_with_the_lot_and_no_account_gains_by_it() -> None:
    """After a correction the receiving lot holds less than was drawn from it; then it changes hands."""
    lines = [
        line(1, 10, "in", 300, "delivered", "B"),
        line(1, 11, "lost", 400, "lost", "B"),
        line(1, 12, "note", 0, "transfer_accepted", "S", 2),
    ]
    moved = balance.movements(GOODS, lines, OPERATORS, ())
    coop, exporter = statement(moved, HELD_BY_COOP, OPEN), statement(moved, HELD_BY_EXPORTER, OPEN)
    assert closes(coop) and closes(exporter)
    assert (coop[WET].closing_g, exporter[WET].closing_g) == (0, -100)


def test_lines_in_any_order_give_the_same_statement() -> None:
    shuffled = list(STORY)
    random.Random(3).shuffle(shuffled)
    assert story(lines=shuffled) == story()


def test_runs_are_held_against_their_step() -> None:
    step = profiles().commodities["cocoa"].steps["ferment_dry"]
    (run,) = balance.runs(story(), OWNED_BY_COOP, OPEN)
    assert (run.used_g, run.made_g, run.loss_g, run.yield_bp, run.site) == (590, 236, 354, 4000, "F")
    assert balance.yield_finding(step, 1000, 400) is None
    above = balance.yield_finding(step, 1_000_000, 460_000)
    assert above is not None and (above.code, above.level) == ("YIELD_ABOVE_RANGE", "alert")
    assert above.params["unexplained_g"] == 10_000
    below = balance.yield_finding(step, 1000, 320)
    assert below is not None and (below.code, below.level) == ("YIELD_BELOW_RANGE", "notice")
    assert balance.yield_finding(step, 0, 0) is None


# --- checks ---


def test_stock_that_is_not_what_the_books_say_is_an_alert() -> None:
    assert balance.difference(DRY, 500, 500) is None
    finding = balance.difference(DRY, 500_000, 480_000)
    assert finding is not None and finding.level == "alert"
    assert sentence(finding).startswith(f"{DRY}: the books say 500 kg, the stock is 480 kg: -20 kg are not explained.")


@pytest.mark.parametrize(("lost", "found"), [(20, False), (21, True)])
def test_storage_shrinkage_above_two_percent_is_an_alert(lost: int, found: bool) -> None:
    limit = profiles().commodities["cocoa"].tolerances["storage_shrinkage_season_bp"]
    stated = Balance(opening_g=400, made_g=600, lost_g=lost, closing_g=1000 - lost)
    finding = balance.shrinkage(DRY, stated, limit.value, limit.source)
    assert (finding is not None) == found
    if finding:
        assert finding.params["share_bp"] == 210


CLAIMED = Claimed("EU_ORG", "organic", DRY, 450, 0, 0, 450, 450)


def test_nobody_sells_more_organic_than_was_received_or_estimated() -> None:
    """I10."""
    assert balance.oversold(CLAIMED) == []
    beyond = balance.oversold(replace(CLAIMED, sold_g=451))
    assert [one.code for one in beyond] == ["CLAIM_ABOVE_RECEIVED", "CLAIM_ABOVE_ESTIMATES"]
    assert balance.oversold(replace(CLAIMED, sold_g=451, opening_g=1)) == []
    assert balance.oversold(replace(CLAIMED, sold_g=451, bought_g=1)) == []
    (estimates,) = balance.oversold(replace(CLAIMED, sold_g=451, explained_g=500))
    assert estimates.code == "CLAIM_ABOVE_ESTIMATES"
    assert balance.oversold(replace(CLAIMED, sold_g=451, explained_g=500, estimate_g=None)) == []


def test_contracts_are_covered_by_estimates_while_the_season_lasts_and_by_goods_after_it() -> None:
    early = Commitment("EU_ORG", "organic", "2024/25", DRY, 200, 230, 20, ended=False)
    assert balance.overcommitted(early) is None
    late = balance.overcommitted(replace(early, ended=True))
    assert late is not None and late.params["missing_g"] == 180
    assert balance.overcommitted(replace(early, ended=True, available_g=200)) is None
    too_much = balance.overcommitted(replace(early, contracted_g=231))
    assert too_much is not None and too_much.params["missing_g"] == 1
    assert "have nothing behind them" in sentence(too_much)
    unclaimed = balance.overcommitted(replace(early, contracted_g=231, scheme="-", value="-"))
    assert unclaimed is not None and "“-”" not in sentence(unclaimed)


# --- seasons ---


def test_seasons_are_named_and_spanned() -> None:
    assert days_of("2024/25", "10-01") == (date(2024, 10, 1), date(2025, 9, 30))
    assert days_of("2025", "01-01") == (date(2025, 1, 1), date(2025, 12, 31))
    assert (season_of(date(2025, 9, 30), "10-01"), season_of(date(2025, 10, 1), "10-01")) == ("2024/25", "2025/26")
    assert season_of(date(2025, 1, 1), "01-01") == "2025"
    assert (following("2024/25"), following("1999/00"), following("2025")) == ("2025/26", "2000/01", "2026")
    for wrong in ("2024/26", "2024-25", "24/25", ""):
        with pytest.raises(ValueError, match="is not a season"):
            days_of(wrong, "10-01")


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.sampled_from(("10-01", "01-01", "05-15", "02-28")))
def test_every_day_lies_in_its_season_and_in_no_other(day: date, starts: str) -> None:
    code = season_of(day, starts)
    first, last = days_of(code, starts)
    assert first <= day <= last
    assert days_of(following(code), starts)[0] == date.fromordinal(last.toordinal() + 1)


@pytest.mark.parametrize(
    ("estimate", "delivered", "proposed"),
    [
        (200, 200, (200, "last_estimate")),
        (200, 0, (200, "last_estimate")),
        (200, 150, (150, "delivered_less")),
        (200, 260, (200, "delivered_more")),
        (None, 90, (90, "delivered_only")),
        (None, 0, None),
    ],
)
def test_a_proposed_estimate_never_rises_by_what_was_delivered(
    estimate: int | None, delivered: int, proposed: tuple[int, str] | None
) -> None:
    assert balance.proposed_estimate(estimate, delivered) == proposed
