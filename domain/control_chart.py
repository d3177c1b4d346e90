"""Shewhart's chart of individual values: mean, limits from the moving range, and the patterns that ask for a look.

Exact throughout: values are decimal text read as fractions, and with d2 a decimal the limits are fractions too (no root
is drawn). The rules are data (``profiles/control_chart.toml``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from domain.profiles import Names, _once, _Table


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern of the newest values; see the file of the rules."""

    code: str
    name: Names
    kind: Literal["beyond", "trend"]
    points: int
    of: int
    sigmas_tenths: int
    source: str


@dataclass(frozen=True, slots=True)
class Rules:
    """How charts are made: the width of the limits, d2 in thousandths, the fewest values, and the patterns."""

    sigmas: int
    d2_thousandths: int
    least_values: int
    valid_from: date
    source: str
    patterns: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Signal:
    """A pattern that the value at ``index`` completes."""

    index: int
    rule: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Mean, sigma and limits of some values, and what stands out; too few values: mean alone, or nothing."""

    mean: Fraction | None
    sigma: Fraction | None
    lower: Fraction | None
    upper: Fraction | None
    signals: tuple[Signal, ...]


def load_rules(text: str, name: str) -> Rules:
    """The rules that a TOML text describes; ``name`` is its file name. Raises ``ProfileMistake``."""
    top = _Table.parse(text, name)
    patterns = []
    for table in top.tables("rules"):
        patterns.append(
            Rule(
                table.text("code"),
                table.names("name"),
                table.one_of("kind", ("beyond", "trend")),  # type: ignore[arg-type]
                table.integer("points", least=1),
                table.integer("of", least=1),
                table.integer("sigmas_tenths"),
                table.text("source"),
            )
        )
        table.end()
    _once([one.code for one in patterns], name, "rules")
    rules = Rules(
        top.integer("sigmas", least=1),
        top.integer("d2_thousandths", least=1),
        top.integer("least_values", least=2),
        top.day("valid_from"),
        top.text("source"),
        tuple(patterns),
    )
    top.end()
    return rules


def chart(values: Sequence[Fraction], rules: Rules) -> Chart:
    """The chart of values in the order in which they were measured."""
    if len(values) < rules.least_values:
        return Chart(sum(values, Fraction()) / len(values) if values else None, None, None, None, ())
    mean = sum(values, Fraction()) / len(values)
    moving = sum((abs(later - earlier) for earlier, later in pairwise(values)), Fraction()) / (len(values) - 1)
    sigma = moving * 1000 / rules.d2_thousandths
    found = [
        Signal(index, rule.code)
        for rule in rules.patterns
        for index in range(rule.of - 1, len(values))
        if _shows(values[index - rule.of + 1 : index + 1], rule, mean, sigma)
    ]
    wide = rules.sigmas * sigma
    return Chart(mean, sigma, mean - wide, mean + wide, tuple(sorted(found, key=lambda one: (one.index, one.rule))))


def _shows(window: Sequence[Fraction], rule: Rule, mean: Fraction, sigma: Fraction) -> bool:
    """Whether a window shows a pattern that its last value completes."""
    if rule.kind == "trend":
        steps = [later - earlier for earlier, later in pairwise(window)]
        return all(step > 0 for step in steps) or all(step < 0 for step in steps)
    far = sigma * rule.sigmas_tenths / 10
    above, below = [value > mean + far for value in window], [value < mean - far for value in window]
    return any(side[-1] and sum(side) >= rule.points for side in (above, below))
