"""Measurements and a cut test become a verdict and a grade; a bean counts once, and counts are exact."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.profiles import CUT_DEFECTS, load_commodity
from domain.quality import CutTest, Found, Line, Verdict, grade_of, judge
from domain.refusals import Refused

PROFILES = Path(__file__).resolve().parents[2] / "profiles"
COCOA = load_commodity((PROFILES / "commodities" / "cocoa.toml").read_text("utf-8"), "cocoa.toml")
ANCHOVY = load_commodity((PROFILES / "commodities" / "anchovy.toml").read_text("utf-8"), "anchovy.toml")
DAY = date(2025, 1, 21)
GRADES = ["G1", "G2", "SS"]
GRADING = COCOA.gradings[0]


def check(
    *measurements: tuple[str, str],
    cut: CutTest | None = None,
    on: date = DAY,
    stage: str = "lot",
    product: str = "cocoa_dry_beans",
) -> Verdict:
    return judge(measurements, cut, COCOA, on, stage, product=product)


def cut(defects: dict[str, int], beans: int = 300) -> CutTest:
    mouldy, slaty, insect_damaged, germinated, flat, violet = (defects.get(name, 0) for name in CUT_DEFECTS)
    return CutTest(beans, mouldy, slaty, insect_damaged, germinated, flat, violet)


def code_of(call: Callable[..., object], *args: object, **kwargs: object) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **kwargs)
    return refused.value.code


@pytest.mark.parametrize(
    ("defects", "grade"),
    [
        ({}, "G1"),
        ({"mouldy": 9}, "G1"),
        ({"mouldy": 10}, "G2"),
        ({"mouldy": 12}, "G2"),
        ({"mouldy": 13}, "SS"),
        ({"slaty": 9}, "G1"),
        ({"slaty": 24}, "G2"),
        ({"slaty": 25}, "SS"),
        ({"insect_damaged": 3, "germinated": 3, "flat": 3}, "G1"),
        ({"insect_damaged": 4, "germinated": 3, "flat": 3}, "G2"),
        ({"insect_damaged": 18}, "G2"),
        ({"flat": 19}, "SS"),
        ({"mouldy": 9, "slaty": 9, "germinated": 9}, "G1"),
        ({"mouldy": 12, "slaty": 24, "flat": 18}, "G2"),
        ({"mouldy": 1, "slaty": 25}, "SS"),
        ({"violet": 300}, "G1"),
    ],
)
def test_the_worst_class_decides_the_grade(defects: dict[str, int], grade: str) -> None:
    assert check(cut=cut(defects)).grade == grade


def test_a_first_grade_lot_passes_and_shows_its_counts_beside_the_limits() -> None:
    verdict = check(cut=CutTest(300, mouldy=9, slaty=2, violet=41))
    assert (verdict.verdict, verdict.severity, verdict.grade) == ("pass", None, "G1")
    assert verdict.lines == (
        Line("mouldy", "3", "%", "3", passed=True, count=9, of=300, method="ISO 1114"),
        Line("slaty", "0.67", "%", "3", passed=True, count=2, of=300, method="ISO 1114"),
        Line("insect_germinated_flat", "0", "%", "3", passed=True, count=0, of=300, method="ISO 1114"),
        Line("violet", "13.67", "%", None, passed=None, count=41, of=300, method="ISO 1114"),
    )


def test_a_second_grade_lot_passes_beside_the_limits_of_its_grade() -> None:
    verdict = check(cut=CutTest(300, mouldy=10))
    assert (verdict.verdict, verdict.severity, verdict.grade) == ("pass", "downgrade_grade", "G2")
    assert verdict.lines[0] == Line("mouldy", "3.33", "%", "4", passed=True, count=10, of=300, method="ISO 1114")


def test_a_sub_standard_lot_waits_for_a_special_contract() -> None:
    verdict = check(cut=CutTest(300, mouldy=13))
    assert (verdict.verdict, verdict.severity, verdict.grade) == ("fail", "hold", "SS")
    first = verdict.lines[0]
    assert (first.test, first.value, first.limit, first.passed, first.count) == (
        "mouldy",
        "4.33",
        "4",
        False,
        13,
    )


@pytest.mark.parametrize(
    ("value", "stage", "verdict"),
    [
        ("8.0", "loading", "pass"),
        ("8.04", "loading", "pass"),
        ("8.1", "loading", "fail"),
        ("8.4", "lot", "fail"),
        ("7.5", "discharge", "pass"),
        ("7.6", "discharge", "fail"),
    ],
)
def test_moisture_is_judged_by_the_stage(value: str, stage: str, verdict: str) -> None:
    judged = check(("moisture", value), stage=stage)
    assert judged.verdict == verdict
    assert judged.severity == ("hold" if verdict == "fail" else None)


def test_the_lot_keeps_its_moisture_in_basis_points() -> None:
    assert check(("moisture", "8.35")).moisture_bp == 835
    assert check(("foreign_matter", "0.1")).moisture_bp is None


def test_a_contaminant_above_the_limit_is_rejected_and_stands_first() -> None:
    verdict = check(("moisture", "7.1"), ("bean_count", "104"), ("benzo_a_pyrene", "7.1"))
    assert (verdict.verdict, verdict.severity) == ("fail", "reject")
    assert [(line.test, line.passed, line.severity) for line in verdict.lines] == [
        ("benzo_a_pyrene", False, "reject"),
        ("bean_count", None, "info"),
        ("moisture", True, None),
    ]
    assert verdict.lines[0].limit == "5.0"


def test_what_is_for_information_never_fails_a_lot() -> None:
    verdict = check(("cadmium", "1.2"))
    assert (verdict.verdict, verdict.severity, verdict.lines[0].passed) == ("pass", "info", None)


def test_a_pass_or_fail_test_is_told_as_one_or_nought() -> None:
    assert check(("odour", "1")).verdict == "pass"
    assert check(("odour", "0")).severity == "reject"


def test_a_limit_does_not_reach_back_before_its_day() -> None:
    verdict = check(("benzo_a_pyrene", "7.1"), on=date(2023, 5, 24))
    assert verdict.verdict == "pass"
    assert (verdict.lines[0].limit, verdict.lines[0].passed, verdict.lines[0].unit) == (None, None, "µg/kg")


def test_wet_beans_have_no_moisture_limit() -> None:
    assert check(("moisture", "58"), product="cocoa_wet_beans").lines[0].passed is None


@pytest.mark.parametrize("test", ["mouldy", "aflatoxin", ""])
def test_a_test_that_the_profile_does_not_know_is_refused(test: str) -> None:
    assert code_of(check, (test, "1")) == "TEST_UNKNOWN"


def test_a_stage_that_the_profile_does_not_know_is_refused() -> None:
    assert code_of(check, ("moisture", "7"), stage="laoding") == "STAGE_UNKNOWN"


def test_a_check_of_nothing_is_no_check() -> None:
    assert code_of(check) == "NOTHING_MEASURED"


@pytest.mark.parametrize("value", ["dry", "7,5", "NaN"])
def test_a_value_is_a_number(value: str) -> None:
    assert code_of(check, ("moisture", value)) == "QTY_NOT_A_NUMBER"
    assert code_of(check, ("moisture", value), product="cocoa_wet_beans") == "QTY_NOT_A_NUMBER"


def test_three_hundred_beans_are_cut_unless_a_reason_is_given() -> None:
    assert code_of(check, cut=CutTest(100)) == "CUT_TEST_COUNT"
    assert check(cut=CutTest(100, mouldy=3, reason="pre-shipment spot check")).grade == "G1"
    assert check(cut=CutTest(100, mouldy=4, reason="pre-shipment spot check")).grade == "G2"


def test_a_bean_counts_once() -> None:
    assert code_of(CutTest, 300, mouldy=200, slaty=101) == "CUT_TEST_SUM"
    assert CutTest(300, mouldy=200, slaty=100).counts()["mouldy"] == 200


def test_counts_are_not_negative() -> None:
    with pytest.raises(ValueError, match="not negative"):
        CutTest(300, mouldy=-1)


def test_a_verdict_is_plain_json() -> None:
    plain = check(("moisture", "7.1"), cut=CutTest(300, slaty=2)).to_dict()
    assert plain["verdict"] == "pass"
    assert plain["lines"][0] == {
        "test": "moisture",
        "value": "7.1",
        "unit": "%",
        "limit": "8.0",
        "passed": True,
        "count": None,
        "of": None,
        "severity": None,
        "method": "ISO 2291",
        "below": False,
        "uncertainty": None,
        "counts": True,
        "samples": 1,
    }


COUNTS = st.lists(st.integers(0, 45), min_size=len(CUT_DEFECTS), max_size=len(CUT_DEFECTS))


@given(COUNTS, st.sampled_from(CUT_DEFECTS))
def test_one_more_bad_bean_never_raises_the_grade(counts: list[int], defect: str) -> None:
    before = dict(zip(CUT_DEFECTS, counts, strict=True))
    after = before | {defect: before[defect] + 1}
    first, second = (grade_of(cut(held), GRADING).code for held in (before, after))
    assert GRADES.index(second) >= GRADES.index(first)


@given(COUNTS, st.integers(1, 20))
def test_the_same_shares_give_the_same_grade(counts: list[int], times: int) -> None:
    held = dict(zip(CUT_DEFECTS, counts, strict=True))
    more = {defect: count * times for defect, count in held.items()}
    assert grade_of(cut(held), GRADING) == grade_of(cut(more, 300 * times), GRADING)


@given(COUNTS)
def test_a_line_fails_exactly_when_the_lot_is_sub_standard(counts: list[int]) -> None:
    verdict = check(cut=cut(dict(zip(CUT_DEFECTS, counts, strict=True))))
    failed = any(line.passed is False for line in verdict.lines)
    assert failed == (verdict.grade == "SS") == (verdict.verdict == "fail")
    assert verdict.lines[0].passed is not failed


# --- grades by values ---

COFFEE = load_commodity(
    (Path(__file__).resolve().parents[1] / "own_profiles" / "commodities" / "coffee.toml").read_text("utf-8"),
    "coffee.toml",
)


@pytest.mark.parametrize(
    ("values", "grade", "severity"),
    [
        ({"defects": "3", "cup": "85.0"}, "G1", None),
        ({"defects": "3", "cup": "84.96"}, "G1", None),  # as exactly as the limit is written
        ({"defects": "3", "cup": "84.9"}, "G2", None),
        ({"defects": "4", "cup": "90"}, "G2", None),
        ({"defects": "13", "cup": "90"}, "G3", None),
        ({"defects": "25", "cup": "60"}, "G3", "info"),
        ({"defects": "26", "cup": "90"}, "UG", "downgrade_grade"),
        ({"defects": "3"}, None, None),  # what the best grade asks for is not known
        ({"cup": "90"}, None, None),
    ],
)
def test_the_best_grade_whose_limits_all_values_meet(
    values: dict[str, str], grade: str | None, severity: str | None
) -> None:
    verdict = judge([*values.items(), ("moisture", "11.0")], None, COFFEE, DAY, "lot", product="coffee_green")
    assert (verdict.grade, verdict.severity, verdict.verdict) == (grade, severity, "pass")


def test_of_several_values_all_meet_the_grade_and_less_than_can_be_measured_proves_no_minimum() -> None:
    found = [("defects", "2"), ("defects", "5"), ("cup", "90")]
    assert judge(found, None, COFFEE, DAY, "lot", product="coffee_green").grade == "G2"
    below = [Found("defects", "3", below=True), Found("cup", "90", below=True)]
    assert judge(below, None, COFFEE, DAY, "lot", product="coffee_green").grade == "G3"
    assert (
        judge([("defects", "2"), ("cup", "90")], None, COFFEE, date(2021, 1, 1), "lot", product="coffee_green").grade
        is None
    )


# --- several samples tested apart: n = 9, c = 2, m = 100, M = 200 ---


@pytest.mark.parametrize(
    ("values", "failed"),
    [
        ((100,) * 9, []),
        ((100.4,) * 9, []),  # as exactly as m is written
        ((150, 200, *(20,) * 7), []),  # c of them above m, none above M
        ((150, 200, 101, *(20,) * 6), ["101", "150", "200"]),  # one more
        ((201, *(20,) * 8), ["201"]),
        ((201, 150, 150, 150, *(20,) * 5), ["150", "150", "150", "201"]),
    ],
)
def test_of_nine_samples_two_may_lie_between_m_and_the_limit(values: tuple[float, ...], failed: list[str]) -> None:
    found = [("histamine", str(value)) for value in values]
    verdict = judge(found, None, ANCHOVY, DAY, "lot", product="anchovy_whole")
    assert sorted(line.value for line in verdict.lines if line.passed is False) == failed
    assert verdict.verdict == ("fail" if failed else "pass")
    assert verdict.severity == ("reject" if failed else None)
    assert {line.limit for line in verdict.lines if line.value == "150" and line.passed is False} <= {"100"}


@pytest.mark.parametrize(("above", "verdict"), [(2, "pass"), (3, "fail")])
def test_a_value_counts_for_as_many_samples_as_gave_it(above: int, verdict: str) -> None:
    found = [Found("histamine", "150", samples=above), Found("histamine", "20", samples=9 - above)]
    assert judge(found, None, ANCHOVY, DAY, "lot", product="anchovy_whole").verdict == verdict


def test_less_than_a_limit_of_quantification_is_not_above_m() -> None:
    found = [Found("histamine", "150", below=True, samples=9)]
    assert judge(found, None, ANCHOVY, DAY, "lot", product="anchovy_whole").verdict == "pass"


def test_one_value_below_does_not_speak_for_another_of_its_test() -> None:
    found = [Found("benzo_a_pyrene", "0.5", below=True), Found("benzo_a_pyrene", "7.1")]
    assert [line.below for line in judge(found, None, COCOA, DAY, "lot").lines] == [False, True]
    assert judge(found, None, COCOA, DAY, "lot").verdict == "fail"
