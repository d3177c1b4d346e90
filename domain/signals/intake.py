"""Patterns about weighing and telling: digits, repeated weights, pace, hours, late reports, corrections, clerks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from domain.signals.farmers import Found, moves
from domain.signals.figures import at_least, at_most, centre, equal_ones, middle_of, uneven
from domain.signals.rules import Rule, Rules
from domain.signals.values import DAY, MINUTE, Delivery, Season, grouped

KILO, TENTH = 1000, 100
TENTHS_OF_HALVES = (0, 5)
"""Last digits that honest rounding to half a kilogram gives."""


def _weighed_by(season: Season) -> Iterator[tuple[str, str, list[Delivery]]]:
    """Clerks and scales with what they weighed: (kind of subject, code, deliveries)."""
    for clerk, some in season.by_clerk.items():
        yield "user", clerk, _once(some)
    for (kind, code), some in season.by_scale.items():
        yield kind, code, _once(some)


def _once(some: list[Delivery]) -> list[Delivery]:
    """Each weight of a farmer once: that it comes again is another pattern, and says nothing of digits."""
    return list({(one.farmer, one.grams): one for one in some}.values())


def round_weights(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: surprise of multiples of ``step_g`` among the weights in whole ``unit_g``.

    Among whole kilograms only: so a clerk who rounds to whole or half kilograms, which is a habit and no lie, does
    not stand out. A farmer is held against the clerks who told the weights.
    """
    unit, chance = rule["unit_g"], rule["unit_g"] / rule["step_g"]
    habits: dict[str, tuple[int, int]] = {}
    for kind, who, some in _weighed_by(season):
        whole = [one for one in some if one.grams % unit == 0]
        hit = sum(one.grams % rule["step_g"] == 0 for one in whole)
        if kind == "user":
            habits[who] = (hit, len(whole))
        if len(some) >= rule["least"]:
            yield rule.signal(
                kind, who, at_least(hit, len(whole), chance), who=who, round_n=hit, of=len(whole), step_g=rule["step_g"]
            )
    told = {clerk: len(_once(some)) for clerk, some in season.by_clerk.items()}
    for farmer, every in season.by_farmer.items():
        some = _once(every)
        hit = sum(one.grams % rule["step_g"] == 0 for one in some)
        clerks = sorted({one.clerk for one in some})
        others = sum(told[clerk] for clerk in clerks) - len(some)
        usual = (sum(habits[clerk][0] for clerk in clerks) - hit + 1) / (others + 1) if others > 0 else chance
        yield rule.signal(
            "farmer",
            farmer,
            at_least(hit, len(some), min(1.0, max(TENTH / rule["step_g"], usual))),
            who=farmer,
            round_n=hit,
            of=len(some),
            step_g=rule["step_g"],
        )


def end_digits(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: surprise of the last digits, the largest of three.

    Tenths of a kilogram other than 0 and 5 uneven; kilograms uneven; too few tenths 0 and 5, which who invents weights
    avoids. Rounding to half a kilogram is a habit and shows in none of them.
    """
    for kind, who, some in _weighed_by(season):
        if len(some) < rule["least"]:
            continue
        tenths = Counter(one.grams // TENTH % 10 for one in some)
        kilos = Counter(one.grams // KILO % 10 for one in some)
        halves = sum(tenths[digit] for digit in TENTHS_OF_HALVES)
        rest = {digit: tenths[digit] for digit in range(10) if digit not in TENTHS_OF_HALVES}
        seen = (
            (uneven(list(rest.values())) if sum(rest.values()) >= rule["least"] else 0, rest),
            (uneven([kilos[digit] for digit in range(10)]), dict(kilos)),
            (at_most(halves, len(some), len(TENTHS_OF_HALVES) / 10), dict(rest)),
        )
        measure, counts = max(seen, key=lambda one: one[0])
        digit = min(counts, key=lambda one: (-counts[one], one))
        yield rule.signal(kind, who, measure, who=who, weights=len(some), digit=str(digit), seen=counts[digit])


def repeated_weights(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: surprise of the most frequent weight of a farmer.

    By how finely it was weighed, and how far weights of one farmer spread (at least ``spread_bp`` of their mean).
    """
    fine = {clerk: _fineness([one.grams for one in some]) for clerk, some in season.by_clerk.items()}
    for farmer, some in season.by_farmer.items():
        counts = Counter(one.grams for one in some)
        grams, times = max(counts.items(), key=lambda one: (one[1], one[0]))
        if times < 2:  # noqa: PLR2004 - a weight by itself repeats nothing
            continue
        mean = sum(one.grams for one in some) / len(some)
        spread = math.sqrt(sum((one.grams - mean) ** 2 for one in some) / len(some))
        step = max(fine[one.clerk] for one in some)
        chance = min(1.0, step / (2 * math.sqrt(math.pi) * max(spread, mean * rule["spread_bp"] / 10_000, 1)))
        yield rule.signal(
            "farmer",
            farmer,
            equal_ones(len(some), times, chance),
            farmer=farmer,
            times=times,
            of=len(some),
            grams_g=grams,
        )


def _fineness(weights: list[int]) -> int:
    """The step in which most weights are written, up to a kilogram."""
    for step in (KILO, KILO // 2):
        if 2 * sum(grams % step == 0 for grams in weights) > len(weights):
            return step
    return TENTH


def copied_weights(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: surprise of weights that repeat the one before, of another farmer, told by the same clerk."""
    counted = {}
    for clerk, some in season.by_clerk.items():
        pairs = [(one, other) for one, other in pairwise(some) if one.farmer != other.farmer]
        counted[clerk] = (sum(one.grams == other.grams for one, other in pairs), len(pairs))
    for clerk, (times, of) in counted.items():
        if of >= rule["least"]:
            chance = max(rule["base_bp"] / 10_000, _rate_of_others(counted, clerk))
            yield rule.signal("user", clerk, at_least(times, of, chance), clerk=clerk, times=times, of=of)


def _rate_of_others(counted: dict[str, tuple[int, int]], but: str) -> float:
    """The median rate among the others: one who does it always does not hide another."""
    rates = sorted(part / whole for who, (part, whole) in counted.items() if who != but and whole)
    return rates[len(rates) // 2] if rates else 0.0


def clerk_two_places(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: metres an hour between two sites; what is told of several days counts by its fastest."""
    for clerk, some in season.by_clerk.items():
        found = [one for one in moves(season, some, rule["least_m"]) if one[0] > rule.low]
        if found:
            speed, one, other, metres = max(found, key=lambda item: item[0])
            yield rule.signal(
                "user",
                clerk,
                speed,
                clerk=clerk,
                times=len(found),
                from_site=one.site,
                to_site=other.site,
                km=metres // 1000,
                minutes=(other.at - one.at) // MINUTE,
            )


def scale_density(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: seconds between deliveries, on average of the densest run of ``run`` on one scale."""
    run = rule["run"]
    for (kind, who), some in season.by_scale.items():
        if len(some) < run:
            continue
        span, start = min((some[i + run - 1].at - some[i].at, i) for i in range(len(some) - run + 1))
        seconds = span // 1000 // (run - 1)
        yield rule.signal(
            kind, who, seconds, who=who, deliveries=run, seconds=seconds, day=season.day(some[start].at).isoformat()
        )


def odd_hours(season: Season, rule: Rule, rules: Rules) -> Found:
    """Measure: surprise of deliveries outside opening hours, by what other clerks tell of the same hours."""
    hours = rules.hours_at(season.country, season.last)
    counted = {}
    for clerk, some in season.by_clerk.items():
        minutes = (season.local(one.at) for one in some)
        outside = sum(not hours.opens_min <= at.hour * 60 + at.minute < hours.closes_min for at in minutes)
        counted[clerk] = (outside, len(some))
    for clerk, (outside, of) in counted.items():
        if of >= rule["least"]:
            chance = max(rule["base_bp"] / 10_000, _rate_of_others(counted, clerk))
            yield rule.signal("user", clerk, at_least(outside, of, chance), clerk=clerk, outside=outside, of=of)


def told_late(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: median days from happening to telling, of the latest ``least`` or more told in one sitting."""
    for clerk, some in season.by_clerk.items():
        best = (0, 0)
        for sitting in sittings(sorted((one.received, one.at) for one in some), rule["sitting_min"] * MINUTE):
            if len(sitting) >= rule["least"]:
                best = max(best, (middle_of(told - at for told, at in sitting) // DAY, len(sitting)))
        yield rule.signal("user", clerk, best[0], clerk=clerk, deliveries=best[1], days=best[0])


def sittings(told: list[tuple[int, int]], pause: int) -> Iterator[list[tuple[int, int]]]:
    """Runs of (told, happened) without a longer pause."""
    run: list[tuple[int, int]] = []
    for one in told:
        if run and one[0] - run[-1][0] > pause:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def corrections_rate(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: surprise of the number of corrections, by the median rate of the other clerks."""
    corrected = Counter(one.clerk for one in season.corrections)
    counted = {clerk: (corrected[clerk], len(some)) for clerk, some in season.by_clerk.items()}
    for clerk, (times, of) in counted.items():
        chance = max(rule["base_bp"] / 10_000, _rate_of_others(counted, clerk))
        yield rule.signal(
            "user",
            clerk,
            at_least(min(times, of), of, chance),
            clerk=clerk,
            corrections=times,
            deliveries=of,
            others_bp=round(chance * 10_000),
        )


def corrections_up(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: surprise of corrections that raise the weight, where up and down should be even."""
    for clerk, some in grouped(season.corrections, lambda one: one.clerk).items():
        changed = [one for one in some if one.after_g != one.before_g]
        up = sum(one.after_g > one.before_g for one in changed)
        if len(changed) >= rule["least"]:
            yield rule.signal(
                "user",
                clerk,
                at_least(up, len(changed), 0.5),
                clerk=clerk,
                up=up,
                corrections=len(changed),
                net_g=sum(one.after_g - one.before_g for one in changed),
            )


def clerk_weighs(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: deviation, up or down, of a clerk's weights from those of other clerks for the same farmers.

    Of the mean of their logarithms; differences below ``least_bp`` say nothing.
    """
    apart: dict[str, list[float]] = {}
    for some in season.by_farmer.values():
        by_clerk = grouped([one for one in some if one.grams > 0], lambda one: one.clerk)
        if len(by_clerk) > 1:
            means = {clerk: sum(math.log(one.grams) for one in own) / len(own) for clerk, own in by_clerk.items()}
            for clerk, mean in means.items():
                rest = [value for other, value in means.items() if other != clerk]
                apart.setdefault(clerk, []).append(mean - sum(rest) / len(rest))
    for clerk, differences in sorted(apart.items()):
        if len(differences) < rule["least_farmers"]:
            continue
        middle, spread = centre(differences, 0.01)
        mean = _mean_within(differences, middle - 2.5 * spread, middle + 2.5 * spread)
        measure = round(100 * abs(mean) / (spread / math.sqrt(len(differences))))
        difference = round(10_000 * math.expm1(mean))
        if abs(difference) >= rule["least_bp"]:
            yield rule.signal("user", clerk, measure, clerk=clerk, farmers=len(differences), difference_bp=difference)


def _mean_within(values: list[float], low: float, high: float) -> float:
    """The mean of values drawn in to a range: one slip of the pen does not move it."""
    return sum(min(high, max(low, one)) for one in values) / len(values)
