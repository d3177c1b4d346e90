"""From measurements and a cut test to a verdict and a grade, by the specification in force on the day.

1. Every measurement is of a test that the commodity's profile knows; its limit is the one in force on the
   day, at the stage, for the product. The value is compared as exactly as the limit is written.
2. A cut test counts each bean once, in its gravest class. Shares are compared on the counts, as whole
   numbers; the percent shown is only how it is printed.
3. Where the sampling plan has several samples tested apart (n), and at most so many (c) of them may lie between a
   value (m) and the limit (M), those that do are failed when there are more: Reg. (EC) 2073/2005.
4. The worst test decides. "hold" and "reject" fail the lot, "downgrade_grade" lowers its grade, "info" is
   said.
5. A check that failed stands until a retest that names it finds otherwise; tests that were ordered are
   awaited until they are decided (``standing``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any, Final, Literal, NamedTuple

from domain.profiles import (
    CUT_DEFECTS,
    SEVERITIES,
    Classing,
    Commodity,
    CutClass,
    Grade,
    Grading,
    Severity,
    Specification,
    ValueGrade,
    within,
)
from domain.quantity import WHOLE_BP, rounded
from domain.refusals import Refused

FAILING: Final = frozenset({"hold", "reject"})
"""Severities that fail the lot."""

CUT_TEST: Final = "cut_test"
"""What the cut test is called among the tests of an order."""

MOISTURE: Final = "moisture"
"""The test whose value the lot keeps, for weights at another moisture."""


@dataclass(frozen=True, slots=True)
class CutTest:
    """Beans cut, and how many have their gravest defect in each class.

    ``reason`` says why the number of beans is not the method's. Refuses with CUT_TEST_SUM when the classes
    hold more beans than were cut.
    """

    beans: int
    mouldy: int = 0
    slaty: int = 0
    insect_damaged: int = 0
    germinated: int = 0
    flat: int = 0
    violet: int = 0
    reason: str | None = None

    def __post_init__(self) -> None:
        counts = self.counts()
        if self.beans < 1 or min(counts.values()) < 0:
            message = "a cut test is of one bean or more, and counts are not negative"
            raise ValueError(message)
        counted = sum(counts.values())
        if counted > self.beans:
            raise Refused("CUT_TEST_SUM", counted=counted, beans=self.beans)

    def counts(self) -> dict[str, int]:
        """Defect -> beans."""
        return {defect: getattr(self, defect) for defect in CUT_DEFECTS}


class Found(NamedTuple):
    """A value as it was found, plain decimal text.

    ``below``: it is the limit of quantification, and less than that was found. ``samples``: how many gave this value.
    """

    test: str
    value: str
    below: bool = False
    samples: int = 1
    method: str | None = None
    uncertainty: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One test and how it came out.

    ``passed`` is none where nothing is limited, or the limit is for information; ``severity`` is how grave it
    is that the limit is not met, and none when it is. A class of the cut test has its ``count`` ``of`` beans.
    ``below``: the value is the limit of quantification, and less than that was found. ``counts``: false where it passed
    but was not come by as the sampling plan asks for. ``samples``: how many gave this value, of those tested apart.
    """

    test: str
    value: str
    unit: str
    limit: str | None
    passed: bool | None
    count: int | None = None
    of: int | None = None
    severity: Severity | None = None
    method: str | None = None
    below: bool = False
    uncertainty: str | None = None
    counts: bool = True
    samples: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says: ``severity`` is of the gravest limit not met, ``lines`` are gravest first."""

    verdict: Literal["pass", "fail"]
    severity: Severity | None
    grade: str | None
    lines: tuple[Line, ...]
    moisture_bp: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain JSON values."""
        return {
            "verdict": self.verdict,
            "severity": self.severity,
            "grade": self.grade,
            "lines": [asdict(line) for line in self.lines],
            "moisture_bp": self.moisture_bp,
        }


def judge(
    measurements: Sequence[Found | tuple[str, str]],
    cut_test: CutTest | None,
    commodity: Commodity,
    on: date,
    stage: str,
    *,
    product: str | None = None,
) -> Verdict:
    """The verdict on measurements (test, plain decimal text) and a cut test, made on a day at a stage.

    ``product`` narrows the limits to those of the product checked; left out, those of all products count. What lies
    below a limit of quantification is met when that limit is, and else undecided.
    Refuses with TEST_UNKNOWN, STAGE_UNKNOWN, CUT_TEST_COUNT, NOTHING_MEASURED and QTY_NOT_A_NUMBER.
    """
    if not measurements and cut_test is None:
        raise Refused("NOTHING_MEASURED")
    if stage not in commodity.stages:
        raise Refused("STAGE_UNKNOWN", stage=stage, commodity=commodity.id)
    values = [item if isinstance(item, Found) else Found(*item) for item in measurements]
    limits = [commodity.specification(item.test, stage, on, product) for item in values]
    lines = [
        _measured(item, _any_specification(item.test, commodity), limit)
        for item, limit in zip(values, limits, strict=True)
    ]
    lines = _by_plan(lines, commodity, on, stage, product)
    grade: Grade | ValueGrade | None = None
    if cut_test is not None:
        grading = _grading(cut_test, commodity, on)
        by_beans = grade_of(cut_test, grading)
        grade = by_beans
        lines += _cut_lines(cut_test, grading, by_beans)
    classed = class_of(values, commodity.classes_of(product, on)) if grade is None else None
    grade = grade or classed
    severity = _gravest([line.severity for line in lines] + ([grade.severity] if grade else []))
    moistures = [rounded(item.value, 2) for item in values if item.test == MOISTURE and not item.below]
    return Verdict(
        "fail" if severity in FAILING else "pass",
        severity,
        grade.code if grade else None,
        tuple(sorted(lines, key=lambda line: -_gravity(line.severity))),
        moistures[-1] if moistures else None,
    )


def grade_of(cut_test: CutTest, grading: Grading) -> Grade:
    """The best grade whose limits the counts all meet, exactly: 9 of 300 is 3 %, 10 of 300 is more."""
    for grade in grading.grades[:-1]:
        if all(_allowed(cut_test, item, grade) for item in grading.classes):
            return grade
    return grading.grades[-1]


def class_of(values: Sequence[Found], classing: Classing | None) -> ValueGrade | None:
    """The best grade whose limits all values meet, each as exactly as it is written.

    None: there are no such grades, or a test that they ask for is not among the values. Less than a limit of
    quantification meets what that limit meets.
    """
    if classing is None or not classing.tests() <= {item.test for item in values}:
        return None
    for grade in classing.grades[:-1]:
        if all(
            within(item.value, None if item.below else grade.min.get(item.test), grade.max.get(item.test))
            and not (item.below and item.test in grade.min)
            for item in values
        ):
            return grade
    return classing.grades[-1]


def _grading(cut_test: CutTest, commodity: Commodity, on: date) -> Grading:
    grading = commodity.grading_at(on)
    if grading is None:
        raise Refused("TEST_UNKNOWN", test="cut_test", commodity=commodity.id)
    if cut_test.beans != grading.beans and not cut_test.reason:
        raise Refused("CUT_TEST_COUNT", beans=cut_test.beans, expected=grading.beans)
    return grading


def _any_specification(test: str, commodity: Commodity) -> Specification:
    for item in commodity.specifications:
        if item.test == test:
            return item
    raise Refused("TEST_UNKNOWN", test=test, commodity=commodity.id)


def _measured(item: Found, known: Specification, limit: Specification | None) -> Line:
    """The line of a measurement; ``known`` names test and unit where no limit is in force."""
    rounded(item.value, 0)  # a number, also where nothing is limited
    stated, met = limit or known, None
    if limit is not None:
        met = _met_below(item.value, limit) if item.below else within(item.value, limit.min, limit.max)
    return Line(
        known.test,
        item.value,
        stated.unit,
        limit.limit if limit is not None else None,
        met if limit is not None and limit.severity != "info" and limit.limit is not None else None,
        severity=limit.severity if limit is not None and met is False else None,
        method=item.method or stated.method,
        below=item.below,
        uncertainty=item.uncertainty,
        samples=item.samples,
    )


def _by_plan(lines: list[Line], commodity: Commodity, on: date, stage: str, product: str | None) -> list[Line]:
    """Samples of which more lie above m, though none above the limit, than their plan allows: they fail too."""
    answer = list(lines)
    for test in {line.test for line in lines}:
        plan = commodity.sampling_at(on, product, test)
        limit = commodity.specification(test, stage, on, product)
        if plan is None or plan.exceed_from is None or test not in plan.tests or limit is None:
            continue
        over = [
            at
            for at, line in enumerate(lines)
            if line.test == test and line.passed and not line.below and not within(line.value, None, plan.exceed_from)
        ]
        if sum(lines[at].samples for at in over) > plan.may_exceed:
            for at in over:
                answer[at] = replace(lines[at], passed=False, severity=limit.severity, limit=plan.exceed_from)
    return answer


def _met_below(quantified: str, limit: Specification) -> bool | None:
    """Whether what lies somewhere below a limit of quantification meets a limit; none: it cannot be told."""
    if limit.min is not None:
        return None if not within(quantified, None, limit.min) else False
    return True if within(quantified, None, limit.max) else None


def _cut_lines(cut_test: CutTest, grading: Grading, grade: Grade) -> list[Line]:
    """A line for each class beside what the lot's grade allows; for the last grade, the one above."""
    last = grade is grading.grades[-1]
    beside = grading.grades[-2] if last else grade
    lines = []
    for item in grading.classes:
        most = beside.max_bp.get(item.code)
        passed = None if most is None else _allowed(cut_test, item, beside)
        lines.append(
            Line(
                item.code,
                _percent(_count(cut_test, item), cut_test.beans),
                "%",
                None if most is None else _percent(most, WHOLE_BP),
                passed,
                count=_count(cut_test, item),
                of=cut_test.beans,
                severity=grading.grades[-1].severity if passed is False else None,
                method=grading.method,
            )
        )
    return lines


def _count(cut_test: CutTest, item: CutClass) -> int:
    counts = cut_test.counts()
    return sum(counts[name] for name in item.counts)


def _allowed(cut_test: CutTest, item: CutClass, grade: Grade) -> bool:
    most = grade.max_bp.get(item.code)
    return most is None or _count(cut_test, item) * WHOLE_BP <= most * cut_test.beans


def _percent(part: int, whole: int) -> str:
    """A share in percent with at most two decimals, rounded half to even: 10 of 300 is "3.33"."""
    hundredths = round(Fraction(part * WHOLE_BP, whole))
    text = f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0")
    return text.removesuffix(".")


# --- what stands ---


@dataclass(frozen=True, slots=True)
class Outcome:
    """A check of a lot: its number, the tests that it decided, those that failed, and the check that it repeats."""

    seq: int
    decided: frozenset[str]
    failed: frozenset[str]
    retest_of: int | None = None


def outcome_of(seq: int, verdict: str, lines: Sequence[Mapping[str, Any]], retest_of: int | None = None) -> Outcome:
    """A stored check as an outcome. The cut test is one test, whatever its classes."""
    tests: dict[str, bool] = {}
    for line in lines:
        undecided = line.get("below") and line["passed"] is None and line["limit"] is not None
        if not undecided and line.get("counts", True):
            test = CUT_TEST if line.get("of") is not None else line["test"]
            tests[test] = tests.get(test, False) or line.get("severity") in FAILING
    failed = {test for test, fails in tests.items() if fails}
    if verdict == "fail" and not failed:
        failed = {CUT_TEST}
    return Outcome(seq, frozenset(tests), frozenset(failed), retest_of)


def standing(
    outcomes: Sequence[Outcome], ordered: Iterable[tuple[int, Collection[str]]]
) -> Literal["pending", "pass", "fail"]:
    """What all the checks of a lot come to: ``ordered`` are numbers of orders and their tests."""
    if any(not lifted(item, outcomes) for item in outcomes if item.failed):
        return "fail"
    awaited = {test for seq, tests in ordered for test in awaited_of(seq, tests, outcomes)}
    return "pass" if any(item.decided for item in outcomes) and not awaited else "pending"


def awaited_of(seq: int, tests: Collection[str], outcomes: Iterable[Outcome]) -> set[str]:
    """The tests of an order that no later check decided."""
    return set(tests).difference(*(item.decided for item in outcomes if item.seq > seq))


@dataclass(frozen=True, slots=True)
class Ordered:
    """How many tests were ordered of a lot, and what became of them."""

    ordered: int
    passed: int
    failed: int

    @property
    def awaited(self) -> int:
        return self.ordered - self.passed - self.failed


def ordered_of(orders: Iterable[tuple[int, Collection[str]]], outcomes: Sequence[Outcome]) -> Ordered:
    """The tests of all orders of a lot, each counted in its order; nothing is left out because it failed."""
    state = [fate(seq, test, outcomes) for seq, tests in orders for test in tests]
    return Ordered(len(state), state.count("passed"), state.count("failed"))


def fate(seq: int, test: str, outcomes: Sequence[Outcome]) -> Literal["awaited", "passed", "failed"]:
    """What became of a test ordered at a number of the log."""
    decided = [item for item in outcomes if item.seq > seq and test in item.decided]
    if not decided:
        return "awaited"
    return "failed" if any(test in item.failed and not lifted(item, outcomes) for item in decided) else "passed"


def passed(outcomes: Sequence[Outcome], since: int = 0) -> set[str]:
    """The tests that a lot passed after a number of the log, and that no check that stands says otherwise of."""
    failing = {test for item in outcomes if item.failed and not lifted(item, outcomes) for test in item.failed}
    return {test for item in outcomes if item.seq > since for test in item.decided - item.failed} - failing


def lifted(wrong: Outcome, outcomes: Sequence[Outcome]) -> bool:
    """A retest decided everything that failed, and passed, or was lifted itself."""
    return lifted_by(wrong, outcomes) is not None


def lifted_by(wrong: Outcome, outcomes: Sequence[Outcome]) -> Outcome | None:
    """The first retest that decided everything that failed, and passed, or was lifted itself; none: it stands."""
    return next(
        (
            item
            for item in outcomes
            if item.retest_of == wrong.seq
            and item.decided >= wrong.failed
            and (not item.failed & wrong.failed or lifted(item, outcomes))
        ),
        None,
    )


def _gravest(severities: Sequence[Severity | None]) -> Severity | None:
    return max(severities, key=_gravity, default=None)


def _gravity(severity: Severity | None) -> int:
    return -1 if severity is None else SEVERITIES.index(severity)
