"""What a certificate of analysis says of one lot, as it is frozen when it is issued.

It states results and hides none: every check with every line, what was ordered and what became of it, what is still
due. A check that failed stays; a retest stands beside it and may lift it. It claims nothing, and names no person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from domain.quality import FAILING, Ordered

Standing: TypeAlias = Literal["conforms", "does_not_conform", "incomplete"]
Verdict: TypeAlias = Literal["passed", "failed", "lowers_grade", "does_not_count", "not_decided", "information"]
Names: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class TestLine:
    """One test of a check, its value beside its limit, and where the limit is written.

    ``below``: less than the limit of quantification was found, and ``value`` is that limit. ``uncertainty``: expanded,
    in ``unit``. A class of a cut test has its ``count`` ``of`` beans.
    """

    __test__ = False

    test: str
    name: Names | None
    value: str
    unit: str
    limit: str | None
    verdict: Verdict
    below: bool
    uncertainty: str | None
    method: str | None
    count: int | None
    of: int | None
    source: str | None
    source_from: date | None  # since when that source is in force


@dataclass(frozen=True, slots=True)
class Check:
    """One quality-control act. ``number`` counts the checks of the lot from 1, in the order in which they were told.

    ``retest_of``: the number of the check that it repeats. ``lifted_by``: the number of the retest that found
    otherwise, where what failed no longer stands.
    """

    number: int
    event: str
    at: datetime
    by: str
    stage: str
    verdict: Literal["pass", "fail"]
    grade: str | None
    sample: str | None
    laboratory: str | None  # code
    accreditation: str | None  # number under ISO/IEC 17025
    retest_of: int | None
    reason: str | None
    lifted_by: int | None
    lines: tuple[TestLine, ...]


@dataclass(frozen=True, slots=True)
class SampleDrawn:
    """A sample of the lot; ``lots``: how many lots it was drawn of together."""

    code: str
    at: datetime
    by: str
    bags: int | None
    drawn_from: int | None
    increments: int
    grams: int | None
    seal: str | None
    lots: int


@dataclass(frozen=True, slots=True)
class OrderedTest:
    """A test that was ordered, and what became of it. ``late``: awaited after the day that it was due."""

    test: str
    name: Names | None
    state: Literal["awaited", "passed", "failed"]
    at: datetime
    laboratory: str | None
    due: date | None
    late: bool


@dataclass(frozen=True, slots=True)
class DueTests:
    """Tests that the lot must still pass before a step: code and name of each."""

    before: str
    tests: tuple[tuple[str, Names | None], ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that the certificate says. ``url``: the lot's public page; none: it has no label."""

    lot: str
    lot_code: str
    product: Names
    net_g: int
    made_on: date
    expires_on: date | None
    owner: str
    issuer: str
    disposition: str
    standing: Standing
    counted: Ordered
    checks: tuple[Check, ...]
    samples: tuple[SampleDrawn, ...]
    ordered: tuple[OrderedTest, ...]
    due: tuple[DueTests, ...]
    url: str | None
    label: str | None


def standing_of(verdict: str, due: tuple[DueTests, ...]) -> Standing:
    """What the results come to: they conform only where nothing is awaited and no test is still due."""
    if verdict == "fail":
        return "does_not_conform"
    return "conforms" if verdict == "pass" and not any(item.tests for item in due) else "incomplete"


def verdict_of(line: dict[str, Any]) -> Verdict:
    """The verdict on a stored line of a check. Above a limit that lowers the grade is not a failure of the lot."""
    if line["passed"] is True:
        return "passed" if line.get("counts", True) else "does_not_count"
    if line["passed"] is False:
        return "failed" if line.get("severity") in FAILING else "lowers_grade"
    undecided = line.get("below") and line["limit"] is not None
    return "not_decided" if undecided else "information"
