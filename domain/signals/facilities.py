"""Patterns about processing and quality: what comes out of what went in, and what is measured of it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from domain.signals.farmers import Found
from domain.signals.figures import NORMAL_MAD, at_least, centre, deviation, share_bp
from domain.signals.rules import Rule, Rules
from domain.signals.values import Batch, Season, grouped

WHOLE = 10_000


def _yields(season: Season, dry_bp: int) -> Iterator[tuple[str, dict[str, tuple[Batch, float]]]]:
    """(process, lot -> batch and its yield at equal moisture) of batches whose moisture after is known or not.

    Output is reckoned as if it were ``dry_bp`` moist, so that a batch dried less does not yield more.
    """
    for process, batches in grouped(season.batches, lambda one: one.process).items():
        found = {}
        for one in batches:
            if one.input_g > 0 and one.output_g > 0 and one.input_moisture_bp is None:
                moist = one.output_moisture_bp if one.output_moisture_bp is not None else dry_bp
                found[one.lot] = (one, one.output_g * (WHOLE - moist) / (WHOLE - dry_bp) / one.input_g)
        if found:
            yield process, found


def batch_yield(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: deviation of the yield from all batches of the process, up or down."""
    for _, found in _yields(season, rule["dry_bp"]):
        if len(found) < rule["least_peers"]:
            continue
        logged = {lot: math.log(one) for lot, (_, one) in found.items()}
        middle, spread = centre(list(logged.values()), math.log1p(rule["spread_bp"] / WHOLE))
        for lot, (batch, share) in found.items():
            yield rule.signal(
                "lot",
                lot,
                abs(deviation(logged[lot], middle, spread)),
                lot=lot,
                site=batch.site,
                input_g=batch.input_g,
                output_g=batch.output_g,
                median_bp=round(WHOLE * math.exp(middle)),
                yield_bp=round(WHOLE * share),
            )


def _expected_g(batch: Batch) -> int | None:
    """What can come out by the moistures: dry matter is kept, in x (1 - m1) / (1 - m2)."""
    if batch.input_moisture_bp is None or batch.output_moisture_bp is None:
        return None
    return batch.input_g * (WHOLE - batch.input_moisture_bp) // (WHOLE - batch.output_moisture_bp)


def dry_matter_gain(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: basis points by which more came out than dry matter allows."""
    for one in season.batches:
        expected = _expected_g(one)
        if expected and one.output_g > expected:
            yield rule.signal(
                "lot",
                one.lot,
                share_bp(one.output_g - expected, expected),
                lot=one.lot,
                site=one.site,
                output_g=one.output_g,
                expected_g=expected,
                surplus_g=one.output_g - expected,
            )


def dry_matter_loss(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: basis points by which less came out than the dry matter that went in."""
    for one in season.batches:
        expected = _expected_g(one)
        if expected and one.output_g < expected:
            yield rule.signal(
                "lot",
                one.lot,
                share_bp(expected - one.output_g, expected),
                lot=one.lot,
                site=one.site,
                output_g=one.output_g,
                expected_g=expected,
                missing_g=expected - one.output_g,
            )


def _sites(season: Season, dry_bp: int, least: int) -> Iterator[tuple[str, list[float], list[float]]]:
    """(site, its yields, those of all others) where both are enough to tell."""
    for _, found in _yields(season, dry_bp):
        by_site = grouped(found.values(), lambda one: one[0].site)
        for site, own in sorted(by_site.items()):
            others = [share for other, some in by_site.items() if other != site for _, share in some]
            if len(own) >= least and len(others) >= least:
                yield site, [share for _, share in own], others


def facility_yield(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: basis points between the median yield of a facility and of the others, if it is not chance."""
    for site, own, others in _sites(season, rule["dry_bp"], rule["least_batches"]):
        (mine, spread), (usual, _) = centre(own, 1e-6), centre(others)
        apart = round(WHOLE * (mine / usual - 1))
        if abs(mine - usual) * 100 >= rule["least_z"] * 1.2533 * spread / math.sqrt(len(own)):
            yield rule.signal(
                "site",
                site,
                abs(apart),
                site=site,
                batches=len(own),
                yield_bp=round(WHOLE * mine),
                others_bp=round(WHOLE * usual),
                difference_bp=apart,
            )


def facility_uniform(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: how many hundredths more the yields of others spread about their medians."""
    for site, own, others in _sites(season, rule["dry_bp"], rule["least_batches"]):
        mine, theirs = centre(own)[1] / NORMAL_MAD, centre(others)[1] / NORMAL_MAD
        if theirs > 0:
            yield rule.signal(
                "site",
                site,
                round(100 * theirs / max(mine, theirs / 100)),
                site=site,
                batches=len(own),
                spread_bp=round(WHOLE * mine),
                others_bp=round(WHOLE * theirs),
            )


def moisture_bunching(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: surprise of moistures just within the limit among those near it, by the share at other sites."""
    near: dict[str, tuple[int, int]] = {}
    limits: dict[str, int] = {}
    for site, checks in grouped(season.checks, lambda one: one.site).items():
        distances = [
            (one.moisture_bp - one.limit_bp)
            for one in checks
            if one.moisture_bp is not None and one.limit_bp is not None
        ]
        below = sum(-rule["below_bp"] < apart <= 0 for apart in distances)
        above = sum(0 < apart <= rule["above_bp"] for apart in distances)
        near[site] = (below, below + above)
        limits[site] = max((one.limit_bp for one in checks if one.limit_bp is not None), default=0)
    for site, (below, of) in sorted(near.items()):
        others = [counts for other, counts in near.items() if other != site]
        whole = sum(count for _, count in others)
        if of >= rule["least"] and whole >= rule["least"]:
            chance = (sum(count for count, _ in others) + 1) / (whole + 2)
            yield rule.signal(
                "site",
                site,
                at_least(below, of, chance),
                site=site,
                below=below,
                near=of,
                others_bp=round(WHOLE * chance),
                limit_bp=limits[site],
            )


def retests(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: checks of one lot that failed before one passed."""
    for lot, checks in grouped(sorted(season.checks, key=lambda one: (one.at, one.lot)), lambda one: one.lot).items():
        passed = next((i for i, one in enumerate(checks) if one.passed), None)
        if passed:
            yield rule.signal("lot", lot, passed, lot=lot, failed=passed, checks=passed + 1)
