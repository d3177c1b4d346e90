"""Patterns about farmers and their plots: how much they bring, who they are, where and on what paper.

One function a pattern: a season and the figures of the pattern in, signals out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations, pairwise
from typing import TypeAlias

from domain.signals.figures import as_many, centre, deviation, distance_m, logs, middle_of, share_bp
from domain.signals.rules import Rule, Rules
from domain.signals.values import DAY, HOUR, MINUTE, Delivery, Season, Signal, grouped

HECTARE = 10_000
"""Square metres."""

Found: TypeAlias = Iterator[Signal | None]


def _per_hectare(season: Season, least_g: int) -> dict[str, int]:
    return {
        farmer: grams * HECTARE // season.member[farmer].area_m2
        for farmer, grams in sorted(season.delivered_g.items())
        if grams >= least_g and farmer in season.member and season.member[farmer].area_m2 > 0
    }


def area_yield(season: Season, rule: Rule, rules: Rules) -> Found:
    """Measure: where the grams per hectare lie between the top of the usual range (0) and the alarm (10,000)."""
    usual = rules.yields_at(season.commodity, season.country, season.last)
    if usual is None or usual.product != season.product:
        return
    for farmer, grams in _per_hectare(season, rule["least_g"]).items():
        yield rule.signal(
            "farmer",
            farmer,
            (grams - usual.top_g) * 10_000 // (usual.alarm_g - usual.top_g),
            farmer=farmer,
            delivered_g=season.delivered_g[farmer],
            per_ha_g=grams,
            top_g=usual.top_g,
        )


def _above_peers(
    values: dict[str, int], unit_of: dict[str, str], least_peers: int, spread_bp: int
) -> Iterator[tuple[str, int, int, int]]:
    """(key, deviation of its logarithm, median, peers) of each value among those of its unit, or of all."""
    logged = logs(values)
    if len(logged) < least_peers:
        return
    least = math.log1p(spread_bp / 10_000)
    everybody = centre(list(logged.values()), least)
    for unit, members in grouped(sorted(logged), lambda key: unit_of[key]).items():
        near = len(members) >= least_peers and unit != ""
        middle, spread = centre([logged[key] for key in members], least) if near else everybody
        for key in members:
            count = len(members) if near else len(logged)
            yield key, deviation(logged[key], middle, spread), round(math.exp(middle)), count


def area_peers(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: deviation of the logarithm of grams per hectare from the farmers of the unit."""
    grams = _per_hectare(season, rule["least_g"])
    units = {farmer: season.unit_of(farmer) for farmer in grams}
    for farmer, far, middle, peers in _above_peers(grams, units, rule["least_peers"], rule["spread_bp"]):
        yield rule.signal(
            "farmer",
            farmer,
            far,
            farmer=farmer,
            per_ha_g=grams[farmer],
            peers=peers,
            peers_g=middle,
            times_bp=share_bp(grams[farmer], middle),
        )


def plot_peers(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: the same for what was told as harvested on one plot, of farmers who have several."""
    brought: dict[str, int] = {}
    for one in season.in_order:
        if one.plot is not None:
            brought[one.plot] = brought.get(one.plot, 0) + one.equivalent_g
    several = {farmer for farmer, some in grouped(season.plots, lambda plot: plot.farmer).items() if len(some) > 1}
    grams = {
        code: brought[code] * HECTARE // season.plot[code].area_m2
        for code in sorted(brought)
        if code in season.plot and brought[code] >= rule["least_g"] and season.plot[code].area_m2 > 0
    }
    units = {code: season.unit_of(season.plot[code].farmer) for code in grams}
    for code, far, middle, _ in _above_peers(grams, units, rule["least_peers"], rule["spread_bp"]):
        if season.plot[code].farmer in several:
            yield rule.signal(
                "plot",
                code,
                far,
                plot=code,
                farmer=season.plot[code].farmer,
                per_ha_g=grams[code],
                peers_g=middle,
                times_bp=share_bp(grams[code], middle),
            )


def over_estimate(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: delivered in basis points of the estimate, less what the whole unit brings above its estimates."""
    ratios = {
        farmer: share_bp(grams, season.member[farmer].estimate_g or 0)
        for farmer, grams in sorted(season.delivered_g.items())
        if farmer in season.member and season.member[farmer].estimate_g
    }
    for members in grouped(ratios, season.unit_of).values():
        unit = middle_of(ratios[farmer] for farmer in members)
        for farmer in members:
            if season.delivered_g[farmer] >= rule["least_g"]:
                yield rule.signal(
                    "farmer",
                    farmer,
                    ratios[farmer] * 10_000 // max(10_000, unit),
                    farmer=farmer,
                    delivered_g=season.delivered_g[farmer],
                    estimate_g=season.member[farmer].estimate_g or 0,
                    share_bp=ratios[farmer],
                    unit_bp=unit,
                )


def fills_estimate(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: the last delivery in basis points of the median of the others, where all hit the estimate, late."""
    if not season.in_order:
        return
    late = season.in_order[len(season.in_order) * rule["late_bp"] // 10_000].at
    for farmer, some in season.by_farmer.items():
        estimate = season.member[farmer].estimate_g if farmer in season.member else None
        total, last = season.delivered_g[farmer], some[-1]
        if not estimate or len(some) < rule["least_deliveries"] or last.at < late:
            continue
        usual = middle_of(one.equivalent_g for one in some[:-1])
        if usual > 0 and abs(total - estimate) * 10_000 <= estimate * rule["near_bp"]:
            yield rule.signal(
                "farmer",
                farmer,
                share_bp(last.equivalent_g, usual),
                farmer=farmer,
                delivered_g=total,
                estimate_g=estimate,
                last_g=last.equivalent_g,
                usual_g=usual,
                day=season.day(last.at).isoformat(),
            )


def landing(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: surprise of how many farmers of a site end right at their estimate, by how many end near it."""
    low, high = 10_000 - rule["below_bp"], 10_000 + rule["above_bp"]
    width, band = high - low, rule["band_bp"]
    for site, some in season.by_site.items():
        ratios = [
            season.delivered_g[farmer] * 10_000 / estimate
            for farmer in {one.farmer for one in some}
            if farmer in season.member and (estimate := season.member[farmer].estimate_g)
        ]
        at_it = sum(low <= ratio <= high for ratio in ratios)
        around = sum(low - band <= ratio < low or high < ratio <= high + band for ratio in ratios)
        expected = (around + 1) * width / (2 * band)  # one more than seen: a small count is not certain
        yield rule.signal(
            "site",
            site,
            as_many(at_it, expected),
            site=site,
            farmers=at_it,
            expected=round(expected),
            of=at_it + around,
        )


def estimate_raised(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: the new estimate in basis points of the old, where it was raised when nearly reached."""
    revisions = sorted(season.revisions, key=lambda one: (one.farmer, one.number))
    for farmer, versions in grouped(revisions, lambda one: one.farmer).items():
        best: tuple[int, int, int, int, int] | None = None
        for before, after in pairwise(versions):
            delivered = sum(one.equivalent_g for one in season.by_farmer.get(farmer, ()) if one.at <= after.recorded)
            if before.grams > 0 and delivered * 10_000 >= before.grams * rule["near_bp"]:
                raised = share_bp(after.grams, before.grams)
                best = max(best or (0, 0, 0, 0, 0), (raised, before.grams, after.grams, delivered, after.recorded))
        if best is not None:
            yield rule.signal(
                "farmer",
                farmer,
                best[0],
                farmer=farmer,
                before_g=best[1],
                after_g=best[2],
                delivered_g=best[3],
                day=season.day(best[4]).isoformat(),
            )


def huge_delivery(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: deviation of the logarithm of the largest delivery of a farmer among all of its site."""
    largest: dict[str, tuple[int, Delivery, int]] = {}
    for some in season.by_site.values():
        if len(some) < rule["least_peers"]:
            continue
        middle, spread = centre(
            [math.log(one.grams) for one in some if one.grams > 0], math.log1p(rule["spread_bp"] / 10_000)
        )
        for one in some:
            far = deviation(math.log(one.grams), middle, spread) if one.grams > 0 else 0
            if one.farmer not in largest or far > largest[one.farmer][0]:
                largest[one.farmer] = (far, one, round(math.exp(middle)))
    for farmer, (far, one, median_g) in sorted(largest.items()):
        yield rule.signal(
            "farmer",
            farmer,
            far,
            farmer=farmer,
            lot=one.id,
            delivery_g=one.grams,
            median_g=median_g,
            times_bp=share_bp(one.grams, median_g),
        )


def many_a_day(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: deliveries of a farmer on one day."""
    for farmer, some in season.by_farmer.items():
        days = grouped(some, lambda one: season.day(one.at))
        day = max(days, key=lambda one: (len(days[one]), one))
        yield rule.signal(
            "farmer",
            farmer,
            len(days[day]),
            farmer=farmer,
            deliveries=len(days[day]),
            day=day.isoformat(),
            grams_g=sum(one.grams for one in days[day]),
        )


def after_window(season: Season, rule: Rule, rules: Rules) -> Found:
    """Measure: what was brought outside the harvest, in basis points of all that the farmer brought."""
    window = rules.harvest_at(season.commodity, season.country, season.last)
    if window is None:
        return
    for farmer, some in season.by_farmer.items():
        outside = sum(one.grams for one in some if not window.holds(one.harvested_on or season.day(one.at)))
        total = sum(one.grams for one in some)
        if outside >= rule["least_g"]:
            share = share_bp(outside, total)
            yield rule.signal(
                "farmer", farmer, share, farmer=farmer, outside_g=outside, delivered_g=total, share_bp=share
            )


def old_harvest(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: median days from harvest to delivery."""
    for farmer, some in season.by_farmer.items():
        days = [(season.day(one.at) - one.harvested_on).days for one in some if one.harvested_on is not None]
        if len(days) >= rule["least_deliveries"]:
            usual = middle_of(days)
            yield rule.signal("farmer", farmer, usual, farmer=farmer, days=usual, deliveries=len(days))


def told_after_end(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: deliveries told after the last day of certification, long after a date that lies before it."""
    for farmer, some in season.by_farmer.items():
        until = season.member[farmer].certified_until if farmer in season.member else None
        if until is None:
            continue
        late = [
            one
            for one in some
            if season.day(one.at) <= until < season.day(one.received)
            and one.received - one.at >= rule["least_days"] * DAY
        ]
        if late:
            yield rule.signal(
                "farmer",
                farmer,
                len(late),
                farmer=farmer,
                deliveries=len(late),
                until=until.isoformat(),
                days=max((one.received - one.at) // DAY for one in late),
                grams_g=sum(one.grams for one in late),
            )


def certificate_rush(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: deliveries of the last days of certification, in basis points of what is to be expected.

    That is what the site took in the weeks before, times the pace of the other sites in the same days.
    """
    rush, before = timedelta(days=rule["rush_days"]), timedelta(days=rule["before_days"])
    days = {site: [season.day(one.at) for one in some] for site, some in season.by_site.items()}
    ends = {site: until for site, some in season.by_site.items() if (until := _common_end(season, some)) is not None}
    for site, until in ends.items():
        now, earlier = _rushed(days[site], until, rush, before)
        others = [_rushed(days[other], until, rush, before) for other in days if ends.get(other) != until]
        there, there_before = sum(one for one, _ in others), sum(one for _, one in others)
        pace = there / there_before if there_before else rush / before
        expected = max(1.0, earlier * pace)
        if now >= rule["least_deliveries"]:
            times = round(now * 10_000 / expected)
            yield rule.signal(
                "site",
                site,
                times,
                site=site,
                deliveries=now,
                expected=round(expected),
                until=until.isoformat(),
                times_bp=times,
            )


def _common_end(season: Season, some: list[Delivery]) -> date | None:
    """The day within the season on which certification ends for most of those who deliver here."""
    farmers = {one.farmer for one in some}
    dated = [season.member[code].certified_until for code in farmers if code in season.member]
    known = sorted(day for day in dated if day is not None and season.first < day < season.last)
    return known[len(known) // 2] if 2 * len(known) > len(farmers) else None


def _rushed(days: list[date], until: date, rush: timedelta, before: timedelta) -> tuple[int, int]:
    """Deliveries within the rush up to a day, and in the time before that."""
    begun = until - rush
    return sum(begun < day <= until for day in days), sum(begun - before < day <= begun for day in days)


# --- who ---


def shared_phone(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: 100 for each farmer with the number, and more for each further unit that they are of."""
    for members in grouped([one for one in season.members if one.phone], lambda one: one.phone).values():
        codes = sorted(one.code for one in members)
        units = len({one.unit for one in members})
        measure = 100 * len(codes) + rule["per_unit"] * (units - 1)
        if len(codes) > 1:
            yield rule.signal(
                "farmer", codes[0], measure, tuple(codes[1:]), farmers=len(codes), units=units, first=codes[0]
            )


def shared_identity(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: farmers with one paper."""
    for members in grouped([one for one in season.members if one.identity], lambda one: one.identity).values():
        codes = sorted(one.code for one in members)
        yield rule.signal("farmer", codes[0], len(codes), tuple(codes[1:]), farmers=len(codes), first=codes[0])


def photo_reused(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: 100 for each farmer with one photo."""
    for photos in grouped(season.photos, lambda one: one.digest).values():
        codes = sorted({one.farmer for one in photos})
        yield rule.signal("farmer", codes[0], 100 * len(codes), tuple(codes[1:]), farmers=len(codes), first=codes[0])


def plot_overlap(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: basis points of the smaller plot that a plot of another farmer covers."""
    worst: dict[str, tuple[int, str]] = {}
    for one in season.overlaps:
        first, second = sorted((one.first, one.second))
        if first in season.plot and second in season.plot and season.plot[first].farmer != season.plot[second].farmer:
            worst[first] = max(worst.get(first, (0, "")), (one.share_bp, second))
    for code, (share, other) in sorted(worst.items()):
        yield rule.signal(
            "plot",
            code,
            share,
            (other,),
            plot=code,
            other=other,
            farmer=season.plot[code].farmer,
            neighbour=season.plot[other].farmer,
            share_bp=share,
        )


def plot_copied(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: plots with one outline."""
    for plots in grouped([one for one in season.plots if one.shape], lambda one: one.shape).values():
        codes = sorted(one.code for one in plots)
        yield rule.signal(
            "plot",
            codes[0],
            len(codes),
            tuple(codes[1:]),
            plots=len(codes),
            farmers=len({one.farmer for one in plots}),
            first=codes[0],
        )


def plot_borrowed(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: deliveries that name a plot of another farmer."""
    for farmer, some in season.by_farmer.items():
        foreign = [one for one in some if one.plot in season.plot and season.plot[one.plot].farmer != farmer]
        if foreign:
            plot = season.plot[foreign[0].plot or ""]
            yield rule.signal(
                "farmer",
                farmer,
                len(foreign),
                farmer=farmer,
                deliveries=len(foreign),
                plot=plot.code,
                owner=plot.farmer,
            )


def area_inflated(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: declared area in basis points of the measured."""
    for plot in season.plots:
        if plot.measured_m2 and plot.area_m2 - plot.measured_m2 >= rule["least_m2"]:
            share = share_bp(plot.area_m2, plot.measured_m2)
            yield rule.signal(
                "plot",
                plot.code,
                share,
                plot=plot.code,
                farmer=plot.farmer,
                declared_m2=plot.area_m2,
                measured_m2=plot.measured_m2,
                share_bp=share,
            )


def ghost(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: points. Not inspected, by itself, is an open task and no signal; it counts with what comes with it."""
    visited = {
        one.farmer for one in season.inspections if one.valid and (season.first - one.day).days <= rule["interval_days"]
    }
    if not visited:
        return  # inspections are kept elsewhere
    plotted = {one.farmer for one in season.plots if one.shape or one.position}
    clerks = {site: len({one.clerk for one in some}) for site, some in season.by_site.items()}
    for farmer, some in season.by_farmer.items():
        member = season.member.get(farmer)
        if farmer in visited or member is None or not member.estimate_g or len(some) < rule["least_deliveries"]:
            continue
        share = share_bp(season.delivered_g[farmer], member.estimate_g)
        days = (season.day(some[0].at) - member.registered).days if member.registered else None
        alone = len({one.clerk for one in some}) == 1 and all(clerks[one.site] > 1 for one in some)
        marks = {
            "full": share >= rule["full_bp"],
            "new": days is not None and days <= rule["new_days"],
            "one_clerk": alone,
            "no_phone": not member.phone,
            "no_shape": farmer not in plotted,
        }
        points = rule["uninspected"] + sum(rule[name] for name, holds in marks.items() if holds)
        yield rule.signal(
            "farmer",
            farmer,
            points,
            farmer=farmer,
            delivered_g=season.delivered_g[farmer],
            share_bp=share,
            marks=", ".join(name for name, holds in marks.items() if holds) or "-",
        )


# --- where, and on what paper ---


def moves(season: Season, some: list[Delivery], least_m: int) -> Iterator[tuple[int, Delivery, Delivery, int]]:
    """(metres an hour, earlier, later, metres) of deliveries after each other at sites far apart."""
    for one, other in pairwise(some):
        if one.site != other.site and one.site in season.places and other.site in season.places:
            metres = distance_m(season.places[one.site], season.places[other.site])
            if metres >= least_m:
                yield metres * HOUR // max(MINUTE, other.at - one.at), one, other, metres


def two_places(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: metres an hour between two sites."""
    for farmer, some in season.by_farmer.items():
        fastest = max(moves(season, some, rule["least_m"]), key=lambda one: one[0], default=None)
        if fastest is not None:
            speed, one, other, metres = fastest
            yield rule.signal(
                "farmer",
                farmer,
                speed,
                farmer=farmer,
                from_site=one.site,
                to_site=other.site,
                km=metres // 1000,
                minutes=(other.at - one.at) // MINUTE,
            )


def receipt_reused(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: 100 for each delivery on one receipt of a site, and more for each that repeats the weight too."""
    told = [one for one in season.in_order if one.receipt is not None]
    by_farmer: dict[str, tuple[int, list[Delivery], int]] = {}
    for some in grouped(told, lambda one: (one.site, one.receipt)).values():
        if len(some) > 1:
            same = sum(one.grams == some[0].grams for one in some[1:])
            measure = 100 * (len(some) - 1) + rule["same_weight"] * same
            known = by_farmer.get(some[-1].farmer)
            by_farmer[some[-1].farmer] = (measure + (known[0] if known else 0), some, same)
    for farmer, (measure, some, same) in sorted(by_farmer.items()):
        yield rule.signal(
            "farmer",
            farmer,
            measure,
            tuple(sorted({one.farmer for one in some} - {farmer})),
            receipt=some[0].receipt or "",
            deliveries=len(some),
            same=same + 1 if same else 0,
            first=some[0].farmer,
        )


def presented_twice(season: Season, rule: Rule, _rules: Rules) -> Found:
    """Measure: pairs of deliveries of one weight at two sites within days."""
    for farmer, some in season.by_farmer.items():
        pairs = [
            (one, other)
            for one, other in combinations(some, 2)
            if one.grams == other.grams and one.site != other.site and other.at - one.at <= rule["within_days"] * DAY
        ]
        if pairs:
            one, other = pairs[0]
            yield rule.signal(
                "farmer",
                farmer,
                len(pairs),
                farmer=farmer,
                times=len(pairs),
                grams_g=one.grams,
                from_site=one.site,
                to_site=other.site,
            )
