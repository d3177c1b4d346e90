"""All patterns over a season. Adding one: a function, its texts in the catalogue, its figures in the profile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from domain.signals import control, facilities, farmers, intake
from domain.signals.rules import FULL, Rule, Rules
from domain.signals.values import Season, Signal, grouped

Scorer = Callable[[Season, Rule, Rules], Iterable[Signal | None]]

SCORERS: Final[dict[str, Scorer]] = {
    scorer.__name__: scorer
    for scorer in (
        farmers.area_yield,
        farmers.area_peers,
        farmers.plot_peers,
        farmers.over_estimate,
        farmers.fills_estimate,
        farmers.landing,
        farmers.estimate_raised,
        farmers.huge_delivery,
        farmers.many_a_day,
        farmers.after_window,
        farmers.old_harvest,
        farmers.told_after_end,
        farmers.certificate_rush,
        farmers.shared_phone,
        farmers.shared_identity,
        farmers.photo_reused,
        farmers.plot_overlap,
        farmers.plot_copied,
        farmers.plot_borrowed,
        farmers.area_inflated,
        farmers.ghost,
        farmers.two_places,
        farmers.receipt_reused,
        farmers.presented_twice,
        intake.round_weights,
        intake.end_digits,
        intake.repeated_weights,
        intake.copied_weights,
        intake.clerk_two_places,
        intake.scale_density,
        intake.odd_hours,
        intake.told_late,
        intake.corrections_rate,
        intake.corrections_up,
        intake.clerk_weighs,
        facilities.batch_yield,
        facilities.dry_matter_gain,
        facilities.dry_matter_loss,
        facilities.facility_yield,
        facilities.facility_uniform,
        facilities.moisture_bunching,
        facilities.retests,
        control.inspections_day,
        control.inspection_minutes,
        control.inspection_answers,
        control.inspection_told_late,
    )
}
"""By pattern."""


def scan(season: Season, rules: Rules) -> list[Signal]:
    """Everything in a season that stands out, highest first; at most one signal for a pattern and subject."""
    found: dict[tuple[str, str, str], Signal] = {}
    for code, scorer in SCORERS.items():
        mine = [one for one in scorer(season, rules.rule(code, season.last), rules) if one is not None]
        for signal in _unless_common(season, rules, mine):
            key = (signal.pattern, signal.kind, signal.subject)
            if key not in found or signal.score > found[key].score:
                found[key] = signal
    return sorted(found.values(), key=lambda one: (-one.score, one.pattern, one.kind, one.subject))


def _unless_common(season: Season, rules: Rules, signals: list[Signal]) -> Iterator[Signal]:
    """What nearly everybody shows is stated once, of the season."""
    settings = rules.settings_at(season.last)
    for kind, mine in grouped(signals, lambda one: one.kind).items():
        listed = {one.subject for one in mine if one.score >= settings.listed_from}
        of = _subjects(season, kind)
        if len(listed) >= settings.common_least and len(listed) * 10_000 > of * settings.common_bp:
            pattern = mine[0].pattern
            figures: dict[str, str | int] = {"pattern": pattern, "subjects": len(listed), "of": of}
            yield Signal("common", "season", f"{season.code}/{pattern}/{kind}", FULL, figures, (), FULL)
        else:
            yield from mine


def _subjects(season: Season, kind: str) -> int:
    """How many subjects of a kind there are, at least one."""
    return max(
        1,
        {
            "farmer": len(season.by_farmer.keys() | season.member.keys()),
            "plot": len(season.plots),
            "site": len({*season.by_site, *(one.site for one in season.batches), *(one.site for one in season.checks)}),
            "user": len(season.by_clerk),
            "inspector": len({one.inspector for one in season.inspections}),
            "instrument": sum(of == "instrument" for of, _ in season.by_scale),
            "lot": len({*(one.lot for one in season.batches), *(one.lot for one in season.checks)}),
        }[kind],
    )
