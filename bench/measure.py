"""Interleaved rounds, and one record a figure. A figure counts by its ratio, measured in the same run."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from operator import eq, ge, le
from typing import Any

_HOLDS = {">=": ge, "<=": le, "==": eq}


@dataclass(frozen=True, slots=True)
class Record:
    """One figure: ours, the baseline's in the same unit, their ratio, and the goal that the ratio has to meet."""

    name: str
    database: str
    value: float
    unit: str
    baseline: float | None
    ratio: float
    goal: str | None
    note: str

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; nothing where there is none."""
        if self.goal is None:
            return None
        sign, _, bound = self.goal.partition(" ")
        return bool(_HOLDS[sign](self.ratio, float(bound)))

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "database": self.database,
            "value": round(self.value, 4),
            "unit": self.unit,
            "baseline": None if self.baseline is None else round(self.baseline, 4),
            "ratio": round(self.ratio, 4),
            "goal": self.goal,
            "met": self.met,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to look: ``quick`` shows that everything runs, its figures are rough."""

    quick: bool

    def of(self, full: int, quick: int) -> int:
        return quick if self.quick else full


Times = list[tuple[float, ...]]
"""Seconds of each competitor, a tuple a round."""


def spent(work: Callable[[], Any]) -> float:
    """Seconds on the wall: a server in another process counts too."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def interleaved(rounds: int, *competitors: Callable[[], float]) -> Times:
    """Every competitor once a round, the order turned each round; one round before that does not count."""
    for competitor in competitors:
        competitor()
    times: Times = []
    for number in range(rounds):
        order = range(len(competitors))
        taken = {each: competitors[each]() for each in (order if number % 2 == 0 else reversed(order))}
        times.append(tuple(taken[each] for each in order))
    return times


def median(times: Times, which: int) -> float:
    return statistics.median(each[which] for each in times)


def least(times: Times, which: int) -> float:
    return min(each[which] for each in times)


def ratio(times: Times, above: int, below: int) -> float:
    """The median of the ratios of the rounds: what slows a round slows both."""
    return statistics.median(each[above] / each[below] for each in times)


def say(text: str) -> None:
    """Progress goes to stderr."""
    print(text, file=sys.stderr, flush=True)
