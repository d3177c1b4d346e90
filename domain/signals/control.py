"""Patterns about internal inspections: how many, how long, how alike, how late told."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.signals.farmers import Found
from domain.signals.figures import at_least, commonest, middle_of
from domain.signals.intake import sittings
from domain.signals.rules import Rule, Rules
from domain.signals.values import DAY, MINUTE, Inspection, Season, grouped


def inspections_day(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: farmers inspected by one inspector on one day."""
    for inspector, some in grouped(season.inspections, lambda one: one.inspector).items():
        days = grouped(some, lambda one: one.day)
        day = max(days, key=lambda one: (len({item.farmer for item in days[one]}), one))
        visited = len({item.farmer for item in days[day]})
        yield rule.signal(
            "inspector", inspector, visited, inspector=inspector, inspections=visited, day=day.isoformat()
        )


def inspection_minutes(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: surprise of inspections shorter than ``minutes``, by what other inspectors need."""
    timed = grouped([one for one in season.inspections if one.minutes is not None], lambda one: one.inspector)
    counted = {
        inspector: (sum((one.minutes or 0) < rule["minutes"] for one in some), len(some))
        for inspector, some in timed.items()
    }
    for inspector, (short, of) in sorted(counted.items()):
        rates = sorted(part / whole for who, (part, whole) in counted.items() if who != inspector)
        chance = max(rule["base_bp"] / 10_000, rates[len(rates) // 2] if rates else 0.0)
        yield rule.signal(
            "inspector",
            inspector,
            at_least(short, of, chance),
            inspector=inspector,
            short=short,
            of=of,
            minutes=rule["minutes"],
        )


def inspection_answers(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: surprise of the commonest sheet of answers of an inspector, by how common it is with the others."""
    answered = grouped([one for one in season.inspections if one.answers], lambda one: one.inspector)
    for inspector, some in sorted(answered.items()):
        others = [one.answers for who, all_ in answered.items() if who != inspector for one in all_]
        if len(some) < rule["least"] or len(others) < rule["least"]:
            continue
        sheet, same = commonest(one.answers or "" for one in some)
        chance = (sum(one == sheet for one in others) + 1) / (len(others) + 2)
        yield rule.signal(
            "inspector",
            inspector,
            at_least(same, len(some), chance),
            inspector=inspector,
            same=same,
            of=len(some),
            others_bp=round(10_000 * chance),
        )


def inspection_told_late(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: median days from inspection to record, of ``least`` or more recorded in one sitting."""
    for inspector, some in grouped(season.inspections, lambda one: one.inspector).items():
        told = sorted((one.recorded, _midnight(one)) for one in some if one.recorded is not None)
        best = (0, 0)
        for sitting in sittings(told, rule["sitting_min"] * MINUTE):
            if len(sitting) >= rule["least"]:
                best = max(best, (middle_of((at - day) // DAY for at, day in sitting), len(sitting)))
        yield rule.signal("inspector", inspector, best[0], inspector=inspector, inspections=best[1], days=best[0])


def _midnight(inspection: Inspection) -> int:
    day = inspection.day
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
