"""Values read in a run of a vessel over time: what is out of range, since when and until when, and what is missing.

Instants are UTC milliseconds, values decimal text, as they were told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from domain.profiles import ProcessLimit, within

HOUR_MS: Final = 3_600_000
FIRST_TURN: Final = "first_turn_hours"
"""The reading of a profile that says between which hours a load is turned first."""

Side: TypeAlias = Literal["low", "high"]


@dataclass(frozen=True, slots=True)
class Point:
    """A value at an instant."""

    at: int
    value: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Values out of range one after another: since the first of them, until the first that is back (none: not yet).

    ``last``: the last of them. What lies between it and a value that came hours later was not read.
    """

    side: Side
    since: int
    until: int | None
    extreme: str
    values: int
    last: int

    @property
    def seen_until(self) -> int:
        """Until when the values say that it was so."""
        back = self.until is not None and self.until - self.last <= MOST_GAP_MS
        return self.until if back and self.until is not None else self.last


def side_of(value: str, limit: ProcessLimit, hours: int) -> Side | None:
    """On which side of the range a value lies so many hours after the start; none: within."""
    if limit.max is not None and not within(value, None, limit.max):
        return "high"
    if limit.min is not None and hours >= limit.min_from_hours and not within(value, limit.min, None):
        return "low"
    return None


def alarms(points: Iterable[Point], limit: ProcessLimit, start: int) -> list[Alarm]:
    """The stretches of one series that lie out of range, oldest first."""
    answer: list[Alarm] = []
    side: Side | None = None
    stretch: list[Point] = []

    def close(until: int | None) -> None:
        if side is not None:
            pick = max if side == "high" else min
            extreme = pick(stretch, key=lambda point: Fraction(point.value)).value
            answer.append(Alarm(side, stretch[0].at, until, extreme, len(stretch), stretch[-1].at))

    for point in sorted(points, key=lambda one: one.at):
        now = side_of(point.value, limit, (point.at - start) // HOUR_MS)
        if now != side:
            close(point.at)
            side, stretch = now, []
        stretch.append(point)
    close(None)
    return answer


GAP_TIMES: Final = 5
LEAST_GAP_MS: Final = 2 * HOUR_MS
MOST_GAP_MS: Final = 6 * HOUR_MS


def stretches(points: Sequence[Point]) -> list[list[Point]]:
    """A series cut where data is missing: at pauses of five usual ones (two hours at least), or of six hours.

    What lies between was not read: no line is drawn there.
    """
    if len(points) < 2:  # noqa: PLR2004 - a line has two ends
        return [list(points)] if points else []
    pauses = sorted(later.at - earlier.at for earlier, later in pairwise(points))
    most = min(max(GAP_TIMES * pauses[len(pauses) // 2], LEAST_GAP_MS), MOST_GAP_MS)
    answer = [[points[0]]]
    for earlier, later in pairwise(points):
        if later.at - earlier.at > most:
            answer.append([])
        answer[-1].append(later)
    return answer
