"""The rules of the internal control system: eligibility, inspections that count, samples, plans, sanctions."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.findings import Finding, sentence
from domain.ics import (
    Candidate,
    Due,
    Holding,
    InspectorFacts,
    Visit,
    counts,
    deficiencies,
    draw,
    eligibility,
    group_size,
    judge_visit,
    must_notify,
    new_members,
    next_step,
    plan,
    risk,
)
from domain.profiles import Scheme, load_scheme

SCENARIOS = Path(__file__).resolve().parents[3] / "shared" / "domain" / "scenarios.json"
SCHEMES = Path(__file__).resolve().parents[2] / "profiles" / "schemes"
DAY = date(2024, 8, 1)


def scheme(name: str) -> Scheme:
    return load_scheme((SCHEMES / f"{name}.toml").read_text("utf-8"), name)


EU, NOP, GG = scheme("eu-organic"), scheme("nop"), scheme("globalgap-ifa")
LIMITS, RULES = EU.group_at(DAY), EU.ics_at(DAY)
assert LIMITS is not None
assert RULES is not None


def holding(ha: str, **more: Any) -> Holding:
    return Holding(area_m2=round(float(ha) * 10_000), **more)


# --- C27 ---


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (holding("4.9"), "ELIGIBLE_BY_AREA"),
        (holding("5.0"), "ELIGIBLE_BY_AREA"),
        (holding("5.0001"), "NOT_ELIGIBLE"),
        (holding("4", greenhouse_m2=5_001), "NOT_ELIGIBLE"),
        (holding("15", grassland_only=True), "ELIGIBLE_BY_AREA"),
        (holding("22", grassland_only=True), "NOT_ELIGIBLE"),
        (holding("7", organic_turnover_cents=900_000, cost_share_bp=400), "ELIGIBLE_BY_TURNOVER"),
        (holding("7", organic_turnover_cents=900_000, cost_share_bp=200), "NOT_ELIGIBLE"),
        (holding("7", standard_output_cents=1_500_000, cost_share_bp=201), "ELIGIBLE_BY_TURNOVER"),
        (
            holding("7", organic_turnover_cents=3_000_000, standard_output_cents=1_600_000, cost_share_bp=400),
            "NOT_ELIGIBLE",
        ),
        (holding("22"), "NOT_ELIGIBLE"),
    ],
)
def test_C27_who_may_be_a_member(told: Holding, code: str) -> None:
    found = eligibility(LIMITS, "F-1", told)
    assert found.code == code
    assert found.rule == "Reg. (EU) 2018/848 Art. 36(1)(b); Reg. (EU) 2021/279 Art. 4"


def test_C27_a_group_has_at_most_two_thousand_members() -> None:
    assert group_size(LIMITS, 2000) is None
    found = group_size(LIMITS, 2001)
    assert found is not None
    assert (found.code, found.params["most"]) == ("GROUP_SIZE_LIMIT", 2000)


def test_C27_the_limits_are_dated_data() -> None:
    limits = json.loads(SCENARIOS.read_text("utf-8"))["cases"] if SCENARIOS.exists() else []
    said = next((case["expected"]["limits_are_config"] for case in limits if case["id"] == "C27"), None)
    if said is None:
        pytest.skip("the shared scenarios are not beside this checkout")
    assert LIMITS.max_members == said["max_members"]
    assert LIMITS.holding_max_m2 == said["max_ha"] * 10_000
    assert LIMITS.turnover_max_cents == said["max_turnover_eur"] * 100
    assert LIMITS.standard_output_max_cents == said["max_standard_output_eur"] * 100
    assert LIMITS.cost_share_min_bp == said["min_cert_cost_share_pct"] * 100


def test_new_members_of_a_globalgap_group_wait_beyond_ten_percent() -> None:
    limits = GG.group_at(DAY)
    assert limits is not None
    assert new_members(limits, 100, 10) is None
    assert new_members(limits, 100, 11) is not None
    assert new_members(LIMITS, 100, 99) is None


# --- C28 ---

N = [8, 10, 60, 150, 200, 201, 475, 540, 1015, 2000]
SIZES = {
    ("EU_ORG", "reinspection"): [8, 10, 10, 10, 10, 11, 24, 27, 51, 100],
    ("EU_ORG", "sampling"): [1, 1, 2, 3, 4, 5, 10, 11, 21, 40],
    ("NOP", "external"): [4, 5, 11, 18, 20, 20, 31, 33, 45, 63],
    ("GLOBALGAP_IFA", "external"): [3, 4, 8, 13, 15, 15, 22, 24, 32, 45],
}


@pytest.mark.parametrize(("of", "code"), SIZES)
def test_C28_sample_sizes(of: str, code: str) -> None:
    (rule,) = [item for one in (EU, NOP, GG) if one.id == of for item in one.samples if item.code == code]
    assert [rule.size(n) for n in N] == SIZES[of, code]


def test_C28_as_the_scenarios_have_them() -> None:
    if not SCENARIOS.exists():
        pytest.skip("the shared scenarios are not beside this checkout")
    case = next(item for item in json.loads(SCENARIOS.read_text("utf-8"))["cases"] if item["id"] == "C28")
    assert case["given"]["n_members"] == N
    names = ["eu_reinspection_5pct_min10", "eu_sampling_2pct", "nop_max_1_4_sqrt_2pct", "globalgap_sqrt"]
    assert [case["expected"][name] for name in names] == list(SIZES.values())


members = st.lists(
    st.builds(Candidate, st.text("ABCDEF0123456789", min_size=4, max_size=6), st.sampled_from("XYZ"), st.integers(0, 120)),
    min_size=1, max_size=80, unique_by=lambda member: member.code,
)  # fmt: skip


@given(members, st.text(min_size=1, max_size=8))
def test_a_sample_is_drawn_again_by_its_seed_whatever_the_order(group: list[Candidate], seed: str) -> None:
    for of in (EU, NOP, GG):
        for rule in of.samples:
            sample = draw(rule, group, seed, high_risk=50)
            assert sample == draw(rule, group[::-1], seed, high_risk=50)
            picked = {code for code, _ in sample.picked}
            assert len(picked) >= rule.size(len(group)) == sample.size
            assert picked <= {member.code for member in group}
            if not rule.every_unit and not rule.every_high_risk:
                assert len(picked) == sample.size
    (nop,) = NOP.samples
    picked = {code for code, _ in draw(nop, group, seed, high_risk=50).picked}
    assert {member.unit for member in group if member.code in picked} == {member.unit for member in group}
    assert {member.code for member in group if member.points >= 50} <= picked


def test_half_of_a_reinspection_is_by_risk() -> None:
    group = [Candidate(f"F{n:03d}", "V", 10 if n < 40 else 0) for n in range(400)]
    sample = draw(EU.samples[0], group, "seed 1")
    assert sample.size == len(sample.picked) == 20
    assert sorted(why for _, why in sample.picked) == ["chance"] * 10 + ["risk"] * 10
    assert draw(EU.samples[0], group, "seed 2").picked != sample.picked


# --- C29 ---


def inspector(code: str = "I2", **more: Any) -> InspectorFacts:
    held: dict[str, Any] = {"trained": (date(2024, 5, 20),), "statements": (date(2024, 5, 20),)}
    return InspectorFacts(code, **(held | more))


def judged(
    by: InspectorFacts | None, years: frozenset[int] = frozenset(), same_day: int = 1, **more: Any
) -> list[tuple[str, bool]]:
    held: dict[str, Any] = {"inspector": by.code if by else "I9", "farmer": "F-1", "day": DAY, "minutes": 30}
    found = judge_visit(RULES, Visit(**(held | more)), by, years=years, same_day=same_day)
    assert all(sentence(one, "fr") and sentence(one, "en") and one.rule for one in found)
    return [(one.code, one.level == "alert") for one in found]


def test_C29_an_inspection_in_order_counts() -> None:
    assert judged(inspector()) == []


def test_C29_inspections_that_do_not_count_or_ask_for_a_look() -> None:
    assert judged(inspector("I1"), farmer="I1") == [("INVALID_SELF", True)]
    assert judged(inspector(farmer="F-1")) == [("INVALID_SELF", True)]
    assert judged(inspector("I1", ties={"F-1": "family"})) == [("INVALID_CONFLICT", True)]
    assert judged(inspector("M", manager=True)) == [("INVALID_ROLE", True)]
    assert judged(inspector(trained=(date(2023, 5, 1),))) == [("INVALID_TRAINING_EXPIRED", True)]
    assert judged(inspector(), years=frozenset({2022, 2023})) == [("WARN_ROTATION", False)]
    assert judged(inspector(), years=frozenset({2021, 2023})) == []
    assert judged(inspector(), minutes=4) == [("WARN_TOO_SHORT", False)]
    assert judged(inspector(), minutes=20) == []
    assert judged(inspector(), member_signed=False) == [("INVALID_UNSIGNED", True)]
    assert judged(inspector(), same_day=19) == [("WARN_TOO_MANY_PER_DAY", False)]
    assert judged(inspector(), same_day=8) == []
    assert judged(None) == [("INVALID_INSPECTOR_UNKNOWN", True)]
    assert judged(inspector(statements=())) == [("WARN_STATEMENT_MISSING", False)]


def test_C29_a_warning_lets_it_count_and_an_alert_does_not() -> None:
    visit = Visit("I2", "F-1", DAY, 4)
    assert counts(judge_visit(RULES, visit, inspector(), same_day=19))
    assert not counts(judge_visit(RULES, visit, inspector(trained=())))


def test_a_training_counts_for_twelve_months_to_the_day() -> None:
    trained = inspector(trained=(date(2023, 8, 2),))
    assert judged(trained) == []
    assert judged(trained, day=date(2024, 8, 2))[0] == ("INVALID_TRAINING_EXPIRED", True)


# --- risk, plan, sanctions ---


def test_the_points_of_a_member_add_up_once_each() -> None:
    assert risk(RULES, ["new_member", "open_major", "open_major", "unheard of"]) == 60


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("XYZ"), st.integers(0, 60)), max_size=60, unique_by=lambda row: row[0]),
    st.integers(1, 6),
    st.data(),
)  # fmt: skip
def test_a_plan_never_assigns_a_tie_nor_a_third_year_and_is_even(
    rows: list[tuple[int, str, int]], people: int, data: st.DataObject
) -> None:
    farmers = [f"F{number}" for number, _, _ in rows]
    able = [
        inspector(
            f"I{n}",
            unit=data.draw(st.sampled_from("XYZ")),
            ties=dict.fromkeys(data.draw(st.sets(st.sampled_from(farmers or ["-"]))), "family"),
        )
        for n in range(people)
    ]
    history = {
        farmer: tuple((2024 - back, f"I{data.draw(st.integers(0, people - 1))}") for back in range(1, 3)) for farmer in farmers
    }  # fmt: skip
    due = [
        Due(f"F{number}", unit, date(2024, 7, 1) if days < 30 else date(2024, 9, 1), history[f"F{number}"])
        for number, unit, days in rows
    ]
    first, last = date(2024, 6, 1), date(2024, 8, 31)
    made = plan(RULES, due, [*able, inspector("M", manager=True)], first, last)
    assert {one.farmer for one in made.planned} | {farmer for farmer, _ in made.left} == set(farmers)
    a_day: dict[tuple[str, date], int] = {}
    for one in made.planned:
        by = next(item for item in able if item.code == one.inspector)
        assert one.farmer not in (by.ties or {})
        assert [code for _, code in history[one.farmer]] != [one.inspector] * 2
        assert first <= one.due_on <= last
        a_day[one.inspector, one.due_on] = a_day.get((one.inspector, one.due_on), 0) + 1
    assert all(number <= (RULES.per_day_max or 0) for number in a_day.values())
    assert sum(made.load.values()) == len(made.planned)


def test_C29_the_load_of_an_inspector() -> None:
    due = [Due(f"F{n}", None, date(2024, 8, 1)) for n in range(2515)]
    made = plan(RULES, due, [inspector(f"I{n:02d}") for n in range(72)], date(2024, 6, 1), date(2024, 8, 31))
    assert made.left == ()
    assert {min(made.load.values()), max(made.load.values())} == {34, 35}  # 34.93 each


def test_the_ladder_of_sanctions_only_climbs() -> None:
    assert next_step("minor", []) == "warning"
    assert next_step("minor", ["warning"]) == "warning"
    assert next_step("major", []) == "lot_excluded"
    assert next_step("major", ["lot_excluded"]) == "suspension"
    assert next_step("critical", []) == "suspension"
    assert next_step("critical", ["suspension"]) == "expulsion"
    assert next_step("critical", ["expulsion"]) == "expulsion"
    assert next_step("minor", [], prohibited_input=True) == "expulsion"
    assert [must_notify(step) for step in ("warning", "lot_excluded", "suspension", "expulsion")] == [
        False, True, True, True,
    ]  # fmt: skip


def test_serious_deficiencies_are_named_with_their_cases() -> None:
    assert deficiencies({"annual_inspection_missing": 3, "sale_despite_ban": 0}) == (("annual_inspection_missing", 3),)


def test_every_finding_of_this_module_is_in_the_catalogue() -> None:
    assert isinstance(eligibility(LIMITS, "F-1", holding("1")), Finding)
