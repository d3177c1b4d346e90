"""How well do the signals find fraud? A seeded season of 5,000 farmers, honest with all its noise, and what is planted.

    python -m demo.fraud [--rounds N]

The season is made as the ledger would hold it; the scoring sees nothing else. Five seasons make a round: each holds
every manner of fraud once, and every manner passes through the strengths 1 (hardly) to 5 (flagrant). The threshold is
set on seasons of other seeds, so that at most 2 % of honest farmers are listed by all patterns together; the table is
of seasons that took no part in that. All chance is ``random.Random(seed).random()``.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from domain.signals import (
    Batch,
    Check,
    Correction,
    Delivery,
    Inspection,
    Member,
    Overlap,
    Photo,
    Plot,
    Revision,
    Season,
    Signal,
    scan,
)
from domain.signals.values import DAY, HOUR, MINUTE, grouped
from ledger.signals import signal_rules

SEED = 20240915
CALIBRATION = (11, 12, 13)  # seasons that set the threshold
FIRST = date(2024, 10, 1)
LAST = date(2025, 9, 30)
FARMERS, SITES, UNITS, FACILITIES, INSPECTORS = 5_000, 60, 180, 20, 72
DAYS = 150
EARLY_END, EARLY_SITES = 100, 8  # the certificate of the first sites ends on this day of the season
DRY_BP = 4_000  # dry beans in wet beans
LIMIT_BP = 800
SECOND = 1_000
STRENGTHS = (1, 2, 3, 4, 5)
Subject = tuple[str, str]


class Draw:
    """Chance from ``random()`` alone, so that every Python draws the same."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed).random

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.random()

    def whole(self, low: int, high: int) -> int:
        """From low to high, both included."""
        return low + int((high - low + 1) * self.random())

    def normal(self) -> float:
        return math.sqrt(-2 * math.log(1 - self.random())) * math.cos(2 * math.pi * self.random())

    def spread(self, sigma: float) -> float:
        """A factor around one, logarithms normal."""
        return math.exp(sigma * self.normal())

    def chance(self, share: float) -> bool:
        return self.random() < share

    def one(self, items: Sequence[str]) -> str:
        return items[int(len(items) * self.random())]


@dataclass(frozen=True, slots=True)
class Planted:
    """A fraud: its manner, the row of the threat model, how strong, and whom a signal should lead to."""

    manner: str
    row: str
    strength: int
    subjects: frozenset[Subject]


@dataclass
class World:
    """A season being made."""

    draw: Draw
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    plots: dict[str, Plot] = field(default_factory=dict)
    home: dict[str, str] = field(default_factory=dict)  # farmer -> site
    clerks: dict[str, tuple[str, str]] = field(default_factory=dict)  # site -> its two
    overlaps: list[Overlap] = field(default_factory=list)
    photos: list[Photo] = field(default_factory=list)
    inspections: dict[str, Inspection] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    batches: dict[str, Batch] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)  # farmers whose records somebody else falsified
    used: set[Subject] = field(default_factory=set)

    def season(self) -> Season:
        """What the ledger would hold."""
        return Season(
            code="2024/25",
            first=FIRST,
            last=LAST,
            commodity="cocoa",
            country="LR",
            product="cocoa_dry_beans",
            deliveries=tuple(self.deliveries.values()),
            members=tuple(self.members.values()),
            plots=tuple(self.plots.values()),
            overlaps=tuple(self.overlaps),
            photos=tuple(self.photos),
            inspections=tuple(self.inspections.values()),
            revisions=tuple(self.revisions),
            corrections=tuple(self.corrections),
            batches=tuple(self.batches.values()),
            checks=tuple(self.checks),
        )

    # --- for those who plant ---

    def of(self, farmer: str) -> list[Delivery]:
        return sorted((one for one in self.deliveries.values() if one.farmer == farmer), key=lambda one: one.at)

    def by(self, clerk: str) -> list[Delivery]:
        return sorted((one for one in self.deliveries.values() if one.clerk == clerk), key=lambda one: one.at)

    def put(self, one: Delivery, **changes: object) -> Delivery:
        """Change a delivery, or add one."""
        new = replace(one, **changes)  # type: ignore[arg-type]
        if "grams" in changes:
            new = replace(new, equivalent_g=new.grams * DRY_BP // 10_000)
        self.deliveries[new.id] = new
        return new

    def scale(self, farmer: str, factor: float) -> None:
        for one in self.of(farmer):
            self.put(one, grams=max(1_000, round(one.grams * factor / 100) * 100))

    def add(self, farmer: str, at: int, grams: int, **changes: object) -> Delivery:
        """One more delivery of a farmer, like those that are there."""
        like = self.of(farmer)[0]
        number = sum(one.farmer == farmer for one in self.deliveries.values()) + 1
        return self.put(
            like,
            **{
                "id": f"{farmer}-{number}X",
                "at": at,
                "received": at + 20 * MINUTE,
                "grams": grams,
                "receipt": f"{like.site}-X{len(self.deliveries):06d}",
                "harvested_on": datetime.fromtimestamp(at // SECOND, UTC).date() - timedelta(days=1),
                **changes,
            },
        )

    def farmer(self, least: int = 4, *, early: bool = False) -> str:
        """An honest farmer with so many deliveries, whom nobody used yet."""
        counts = Counter(one.farmer for one in self.deliveries.values())
        codes = [
            code
            for code in self.members
            if counts[code] >= least
            and ("farmer", code) not in self.used
            and code not in self.touched
            and (int(self.home[code][1:]) <= EARLY_SITES) == early
        ]
        found = self.draw.one(codes)
        self.used.add(("farmer", found))
        return found

    def clerk(self) -> str:
        """A clerk whom nobody used yet, at a site of its own."""
        sites = [site for site in list(self.clerks)[EARLY_SITES:] if ("site", site) not in self.used]
        site = self.draw.one(sites)
        self.used.add(("site", site))
        return self.clerks[site][0]

    def site(self, *, early: bool = False) -> str:
        sites = [
            site for site in self.clerks if ("site", site) not in self.used and (int(site[1:]) <= EARLY_SITES) == early
        ]
        site = self.draw.one(sites)
        self.used.add(("site", site))
        return site

    def facility(self) -> str:
        found = self.draw.one([f"F{i:02d}" for i in range(1, FACILITIES + 1) if ("site", f"F{i:02d}") not in self.used])
        self.used.add(("site", found))
        return found

    def inspector(self) -> str:
        codes = sorted({one.inspector for one in self.inspections.values()})
        found = self.draw.one([code for code in codes if ("inspector", code) not in self.used])
        self.used.add(("inspector", found))
        return found

    def lot(self, process: str) -> Batch:
        lots = [
            one.lot
            for one in self.batches.values()
            if one.process == process and ("site", one.site) not in self.used and ("lot", one.lot) not in self.used
        ]
        found = self.draw.one(lots)
        self.used.add(("lot", found))
        return self.batches[found]

    def touch(self, deliveries: Iterable[Delivery]) -> None:
        self.touched.update(one.farmer for one in deliveries)


def millis(day: int, minutes: float = 0) -> int:
    """So many minutes after midnight of a day of the season."""
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    return int(start.timestamp()) * SECOND + day * DAY + round(minutes * MINUTE)


def day_of(at: int) -> int:
    """The day of the season of an instant."""
    return (at - millis(0)) // DAY


# --- an honest season ---


def honest(seed: int) -> World:
    """5,000 farmers, some 22,000 deliveries, and the noise of an ordinary season."""
    world = World(Draw(seed))
    for index in range(1, SITES + 1):
        world.clerks[f"S{index:02d}"] = (f"user:S{index:02d}-A", f"user:S{index:02d}-B")
    wet = _farmers(world)
    _deliveries(world, wet)
    _inspections(world)
    _batches(world)
    return world


def _farmers(world: World) -> dict[str, int]:
    """Members, plots, estimates; answers the wet grams that each brings."""
    draw = world.draw
    bumper = {draw.whole(1, UNITS) for _ in range(4)}  # local rain: everybody there brings more
    centres, goods = {}, {}
    for unit in range(1, UNITS + 1):
        column, row = ((unit - 1) // 3) % 10, ((unit - 1) // 3) // 10
        centres[unit] = (
            -9_500_000 + column * 120_000 + draw.whole(-35_000, 35_000),
            6_500_000 + row * 120_000 + draw.whole(-35_000, 35_000),
            250_000 * draw.spread(0.12),
        )
    lead = {unit for unit in range(1, UNITS + 1) if draw.chance(0.02)}  # members reached through a lead farmer
    earlier: dict[int, str] = {}
    family = Counter[str]()
    for index in range(1, FARMERS + 1):
        unit = (index - 1) * UNITS // FARMERS + 1
        site = (unit - 1) // 3 + 1
        code, longitude, latitude = f"LR-{index:05d}", centres[unit][0], centres[unit][1]
        area = round(min(4.5, max(0.3, 1.2 * draw.spread(0.45))) * 100) * 100
        usual = centres[unit][2] * draw.spread(0.22) * area / 10_000
        usual *= 1.5 if draw.chance(0.01) else 1  # a farm that is simply run well
        estimate = max(20_000, round(usual * 0.95 * draw.spread(0.12) / 1000) * 1000)
        share = 0.55 + 0.45 * draw.random()  # the rest is sold elsewhere
        brought = usual * share * draw.spread(0.10) * (1.35 if unit in bumper else 1)
        goods[code] = round(brought * 10_000 / DRY_BP / 100) * 100
        phone = None
        if draw.chance(0.65):
            phone = f"phone-{code}"
            if unit in earlier and family[earlier[unit]] < 4 and draw.chance(0.15):
                phone = earlier[unit]
            if unit in lead and draw.chance(0.18):
                phone = f"lead-{unit}"
            earlier[unit] = phone
            family[phone] += 1
        registered = date(2024, 5, 1) - timedelta(days=draw.whole(0, 1500))
        if draw.chance(0.02):
            registered = FIRST - timedelta(days=draw.whole(1, 50))
        until = FIRST + timedelta(days=EARLY_END) if site <= EARLY_SITES else date(2027, 5, 31)
        world.members[code] = Member(code, area, estimate, f"U{unit:03d}", phone, f"paper-{code}", registered, until)
        world.home[code] = f"S{site:02d}"
        world.revisions.append(Revision(code, 1, estimate, millis(-60)))
        if draw.chance(0.03):
            day = draw.whole(-20, 120)
            again = round(estimate * draw.spread(0.12) / 1000) * 1000
            world.revisions.append(Revision(code, 2, again, millis(day)))
            world.members[code] = replace(world.members[code], estimate_g=again)
        parts = [area]
        if draw.chance(0.25):
            first = round(area * draw.between(0.35, 0.7) / 100) * 100
            parts = [first, area - first]
        for number, part in enumerate(parts):
            plot = f"{code}-{'AB'[number]}"
            world.plots[plot] = Plot(
                plot,
                code,
                part,
                max(100, round(part / (1 + 0.05 * draw.normal()))) if draw.chance(0.92) else None,
                f"shape-{plot}" if draw.chance(0.92) else None,
                (longitude + draw.whole(-25_000, 25_000), latitude + draw.whole(-25_000, 25_000)),
                date(2019, 5, 1) if number == 0 or draw.chance(0.4) else date(2023, 3, 1),
            )
        if index > 1 and draw.chance(0.08):
            other = f"LR-{index - 1:05d}-A"
            drift = draw.between(0, 1200) if draw.chance(0.985) else draw.between(1200, 3000)
            world.overlaps.append(Overlap(other, f"{code}-A", round(drift)))
    return goods


def _deliveries(world: World, wet: dict[str, int]) -> None:
    draw = world.draw
    plans: dict[tuple[str, int], list[tuple[float, str, int]]] = defaultdict(list)
    for farmer, grams in wet.items():
        count = 3 + int(4 * draw.random()) if draw.chance(0.9) else draw.whole(1, 2)
        weights = [0.5 + draw.random() for _ in range(count)]
        away = draw.chance(0.04)
        for weight in weights:
            day = int(DAYS * (draw.random() + draw.random()) / 2)
            if draw.chance(0.03):
                day = DAYS + draw.whole(0, 40)  # late pods
            site = world.home[farmer]
            if away and draw.chance(0.3):
                site = f"S{min(SITES, int(site[1:]) + 1):02d}"
            minute = 420 + 600 * (draw.random() + draw.random()) / 2
            if draw.chance(0.004):
                minute = draw.between(1200, 1380)  # the lorry came late
            plans[site, day].append((minute, farmer, round(grams * weight / sum(weights))))
    habits = {clerk: draw.random() for pair in world.clerks.values() for clerk in pair}
    offline = {clerk: draw.random() for clerk in habits}
    wrong = {clerk: 0.01 * draw.spread(0.5) for clerk in habits}
    receipts, numbers = Counter[str](), Counter[str]()
    broken = {clerk: draw.whole(20, 120) for clerk in habits if draw.chance(0.02)}  # a telephone at the repairer's
    for (site, day), plan in sorted(plans.items()):
        clerk = world.clerks[site][0 if draw.chance(0.5) else 1]
        free = 0.0
        for minute, farmer, planned in sorted(plan):
            at_minute = max(minute, free)
            free = at_minute + draw.between(95, 260) / 60
            grams = _weighed(max(2_000, planned), habits[clerk], draw)
            at = millis(day, at_minute)
            receipts[site] += 0 if draw.chance(0.001) else 1
            numbers[farmer] += 1
            member_plots = [code for code in (f"{farmer}-A", f"{farmer}-B") if code in world.plots]
            plot = member_plots[0]
            if len(member_plots) == 2:
                whole = sum(world.plots[code].area_m2 for code in member_plots)
                plot = plot if draw.chance(world.plots[plot].area_m2 / whole) else member_plots[1]
            if draw.chance(0.001):
                plot = f"LR-{min(FARMERS, int(farmer[3:]) + 1):05d}-A"
            one = Delivery(
                id=f"{farmer}-{numbers[farmer]}",
                farmer=farmer,
                site=site,
                grams=grams,
                equivalent_g=grams * DRY_BP // 10_000,
                at=at,
                received=_received(at, offline[clerk], broken.get(clerk), draw),
                clerk=clerk,
                product="cocoa_wet_beans",
                plot=plot if draw.chance(0.92) else None,
                scale=f"SC-{site}",
                receipt=f"{site}-{receipts[site]:05d}",
                harvested_on=FIRST + timedelta(days=day - draw.whole(0, 2)) if draw.chance(0.9) else None,
            )
            world.deliveries[one.id] = one
            if draw.chance(wrong[clerk]):
                before = grams * 10 if draw.chance(0.1) else max(1_000, round(grams * draw.spread(0.15) / 100) * 100)
                if before != grams:
                    world.corrections.append(Correction(clerk, farmer, at + 3 * HOUR, before, grams))


def _weighed(grams: int, habit: float, draw: Draw) -> int:
    """What is written of a weight: the scale reads 0.1 kg, and some clerks round."""
    step = 100
    if habit < 0.10:
        step = 500
    elif habit < 0.14:
        step = 1000
    elif habit < 0.40 and draw.chance(0.15):
        step = 500
    return max(step, round(grams / step) * step)


def _received(at: int, offline: float, broken: int | None, draw: Draw) -> int:
    """When the ledger hears: at once, on Sunday evening, every second Sunday; later where a telephone broke."""
    day = day_of(at)
    if broken is not None and broken <= day < broken + 17:
        return millis(broken + 17, 1080) + draw.whole(0, 60) * SECOND
    if offline < 0.60:
        return at + draw.whole(1, 60) * MINUTE
    weeks = 1 if offline < 0.95 else 2
    return millis((day // (7 * weeks) + 1) * 7 * weeks, 1080) + draw.whole(0, 120) * SECOND


def _inspections(world: World) -> None:
    draw = world.draw
    todo: dict[str, list[str]] = defaultdict(list)
    for code, member in world.members.items():
        inspector = f"I{int((member.unit or 'U0')[1:]) % INSPECTORS + 1:02d}"
        if draw.chance(0.975):
            todo[inspector].append(code)
    for inspector, farmers in sorted(todo.items()):
        day, left, slow = date(2024, 7, 1), 0, draw.chance(0.1)
        for farmer in farmers:
            if left == 0:
                day += timedelta(days=draw.whole(1, 4))
                left = draw.whole(4, 7) + (1 if draw.chance(0.1) else 0)
            left -= 1
            fortnight = (day - date(2024, 7, 1)).days // (28 if slow else 14) + 1
            told = date(2024, 7, 1) + timedelta(days=fortnight * (28 if slow else 14))
            world.inspections[farmer] = Inspection(
                id=f"INS-{farmer}",
                inspector=inspector,
                farmer=farmer,
                day=day,
                minutes=draw.whole(22, 80) if draw.chance(0.97) else draw.whole(12, 20),
                answers="".join("n" if draw.chance(0.04) else "y" for _ in range(10)),
                recorded=(told.toordinal() - FIRST.toordinal()) * DAY + millis(0, 960) + draw.whole(0, 40) * MINUTE,
            )
            photo = f"photo-{farmer}"
            if draw.chance(0.0006) and world.photos:
                photo = world.photos[-1].digest  # filed with the wrong farmer
            world.photos.append(Photo(photo, farmer))


def _batches(world: World) -> None:
    """Every facility dries what three sites bring, some 900 kg at a time."""
    draw = world.draw
    waiting: dict[str, list[Delivery]] = defaultdict(list)
    effect = {f"F{i:02d}": draw.spread(0.006) for i in range(1, FACILITIES + 1)}
    number = Counter[str]()
    for one in sorted(world.deliveries.values(), key=lambda item: (item.at, item.id)):
        facility = f"F{(int(one.site[1:]) - 1) // 3 + 1:02d}"
        waiting[facility].append(one)
        wet = sum(item.grams for item in waiting[facility])
        if wet < 900_000:
            continue
        number[facility] += 1
        waiting[facility] = []
        moist = min(950, max(580, round((720 + 55 * draw.normal()) / 10) * 10))
        share = 0.40 * effect[facility] * (1 + 0.028 * draw.normal())
        lot, at = f"{facility}-{number[facility]:04d}", one.at + 12 * DAY
        dry = round(wet * share * (10_000 - 700) / (10_000 - moist) / 100) * 100
        world.batches[lot] = Batch(lot, facility, "ferment_dry", wet, dry, at, None, moist)
        passed = moist <= LIMIT_BP
        world.checks.append(Check(lot, facility, at + 2 * HOUR, passed, moist, LIMIT_BP))
        if passed:
            continue
        if draw.chance(0.1) and moist <= LIMIT_BP + 20:
            world.checks.append(Check(lot, facility, at + DAY, True, LIMIT_BP - 10, LIMIT_BP))
            continue
        after = round((730 + 25 * draw.normal()) / 10) * 10
        real = moist + 12 * draw.normal(), after + 12 * draw.normal()  # the meter errs
        out = round(dry * (10_000 - real[0]) / (10_000 - real[1]) * (1 - draw.between(0.001, 0.008)) / 100) * 100
        world.batches[f"{lot}-R"] = Batch(f"{lot}-R", facility, "redry", dry, out, at + 2 * DAY, moist, after)
        world.checks.append(Check(f"{lot}-R", facility, at + 2 * DAY, after <= LIMIT_BP, after, LIMIT_BP))


# --- what is planted ---

Manner = Callable[[World, int], Iterable[Subject]]
MANNERS: Final[dict[str, tuple[str, Manner]]] = {}
"""Name -> (row of the threat model, what plants it); in the order in which they are planted."""


def manner(row: str, name: str) -> Callable[[Manner], Manner]:
    """Enter a manner of fraud into the list."""

    def enter(plant: Manner) -> Manner:
        MANNERS[name] = (row, plant)
        return plant

    return enter


def _farmer(code: str) -> list[Subject]:
    return [("farmer", code)]


@manner("F1", "bought goods, spread over all deliveries")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer()
    world.scale(code, 1.2 + 0.4 * s)
    return _farmer(code)


@manner("F1", "bought goods, in one lorry-load")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer()
    some = world.of(code)
    world.put(some[len(some) // 2], grams=round(some[0].grams * (1.5 + 1.5 * s) / 100) * 100)
    return _farmer(code)


@manner("F1", "estimate padded beforehand, then filled")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer()
    factor = 1.2 + 0.4 * s
    world.members[code] = replace(world.members[code], estimate_g=round((world.members[code].estimate_g or 0) * factor))
    world.scale(code, factor)
    return _farmer(code)


@manner("F1", "more than the estimate")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer()
    total = sum(one.equivalent_g for one in world.of(code))
    world.scale(code, (world.members[code].estimate_g or 0) * (1.10 + 0.12 * s) / total)
    return _farmer(code)


@manner("F1", "last delivery tops up to the estimate")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer()
    estimate = world.members[code].estimate_g or 0
    some = world.of(code)
    rest = 0.92 - 0.12 * s  # what the farmer really brought
    world.scale(code, estimate * rest / sum(one.equivalent_g for one in some))
    others = sum(one.equivalent_g for one in world.of(code)[:-1])
    at = millis(min(DAYS, 120 + 5 * s), 700)
    last = world.of(code)[-1]
    world.put(last, grams=round((estimate - others) * 10_000 / DRY_BP / 100) * 100, at=max(last.at, at))
    world.put(world.deliveries[last.id], received=world.deliveries[last.id].at + HOUR)
    return _farmer(code)


@manner("F1", "a site tops up many farmers to the estimate")
def _(world: World, s: int) -> Iterable[Subject]:
    site = world.site()
    members = [code for code, home in world.home.items() if home == site and len(world.of(code)) > 1]
    for code in members:
        if world.draw.chance(0.08 * s):
            estimate, some = world.members[code].estimate_g or 0, world.of(code)
            missing = estimate * world.draw.between(0.993, 1.0) - sum(one.equivalent_g for one in some)
            if missing > 0:
                world.put(some[-1], grams=some[-1].grams + round(missing * 10_000 / DRY_BP / 100) * 100)
                world.touched.add(code)
    return [("site", site)]


@manner("F1", "estimate raised once it is reached")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer()
    old = world.members[code].estimate_g or 0
    new = round(old * (1.05 + 0.12 * s))
    world.scale(code, new * 0.97 / sum(one.equivalent_g for one in world.of(code)))
    running, at = 0, world.of(code)[-1].at
    for one in world.of(code):
        running += one.equivalent_g
        if running >= 0.9 * old:
            at = one.at + HOUR
            break
    world.revisions[:] = [one for one in world.revisions if one.farmer != code]
    world.revisions += [Revision(code, 1, old, millis(-60)), Revision(code, 2, new, at)]
    world.members[code] = replace(world.members[code], estimate_g=new)
    return _farmer(code)


@manner("F15", "more area declared than there is")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer()
    plot = world.plots[f"{code}-A"]
    factor = 1.1 + 0.15 * s
    world.plots[plot.code] = replace(plot, area_m2=round(plot.area_m2 * factor), measured_m2=plot.area_m2)
    member = world.members[code]
    world.members[code] = replace(member, area_m2=member.area_m2 + round(plot.area_m2 * (factor - 1)))
    return [*_farmer(code), ("plot", plot.code)]


@manner("F1", "goods of an uncertified plot told as of the certified one")
def _(world: World, s: int) -> Iterable[Subject]:
    draw = world.draw
    code = next(one for one in iter(world.farmer, "") if f"{one}-B" in world.plots)
    whole = world.members[code].area_m2
    small = round(whole * (0.55 - 0.08 * s) / 100) * 100
    world.plots[f"{code}-A"] = replace(world.plots[f"{code}-A"], area_m2=small, measured_m2=small)
    world.plots[f"{code}-B"] = replace(
        world.plots[f"{code}-B"], area_m2=whole - small, measured_m2=None, conversion_start=None
    )
    full = (world.members[code].estimate_g or 0) / sum(one.equivalent_g for one in world.of(code))
    world.scale(code, full * draw.between(0.9, 1.1))
    for one in world.of(code):
        world.put(one, plot=f"{code}-A")
    return [*_farmer(code), ("plot", f"{code}-A")]


@manner("F4", "goods from outside the harvest")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer(5)
    some = world.of(code)
    for i, one in enumerate(some[-min(len(some), s) :]):
        at = millis(200 + 9 * i, 600)
        world.put(one, at=at, received=at + HOUR, harvested_on=FIRST + timedelta(days=199 + 9 * i))
    return _farmer(code)


@manner("F1", "one load split into many deliveries")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer()
    one = world.of(code)[1]
    for i in range(s):
        world.add(code, one.at + (i + 1) * 6 * MINUTE, round(one.grams * world.draw.between(0.7, 1.2) / 100) * 100)
    return _farmer(code)


@manner("F4", "old goods with a fresh date of delivery")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer()
    for one in world.of(code):
        days = round(2.2 * s) + world.draw.whole(0, 2)
        world.put(one, harvested_on=datetime.fromtimestamp(one.at // SECOND, UTC).date() - timedelta(days=days))
    return _farmer(code)


def _invented(world: World, clerk: str, share: float, write: Callable[[int], int]) -> list[Subject]:
    """A clerk writes a share of the weights out of the head."""
    for one in world.by(clerk):
        if world.draw.chance(share):
            world.touch([world.put(one, grams=write(one.grams))])
    return [("user", clerk), ("instrument", f"SC-{clerk[5:8]}")]


@manner("F1", "a clerk invents round weights")
def _(world: World, s: int) -> Iterable[Subject]:
    return _invented(world, world.clerk(), 0.08 * s, lambda grams: max(5_000, round(grams / 5_000) * 5_000))


@manner("F1", "a farmer's weights are all round")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer(6)
    for one in world.of(code)[: s + 1]:
        world.put(one, grams=max(5_000, round(one.grams / 5_000) * 5_000))
    return _farmer(code)


@manner("F1", "a clerk invents last digits")
def _(world: World, s: int) -> Iterable[Subject]:
    liked = (2, 3, 3, 4, 7, 7, 7, 8)

    def write(grams: int) -> int:
        return grams // 1000 * 1000 + liked[int(8 * world.draw.random())] * 100

    return _invented(world, world.clerk(), 0.15 * s, write)


@manner("F1", "a clerk invents weights and avoids 0 and 5")
def _(world: World, s: int) -> Iterable[Subject]:
    digits = (1, 2, 3, 4, 6, 7, 8, 9)

    def write(grams: int) -> int:
        return grams // 1000 * 1000 + digits[int(8 * world.draw.random())] * 100

    return _invented(world, world.clerk(), 0.2 * s, write)


@manner("F1", "the same weight again and again")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer(6)
    some = world.of(code)
    for one in some[: s + 1]:
        world.put(one, grams=some[0].grams)
    return _farmer(code)


@manner("F1", "a clerk repeats the weight before")
def _(world: World, s: int) -> Iterable[Subject]:
    clerk = world.clerk()
    some = world.by(clerk)
    for i in range(1, len(some)):
        if world.draw.chance(0.02 * s):
            world.touch([world.put(some[i], grams=world.deliveries[some[i - 1].id].grams)])
    return [("user", clerk), ("instrument", f"SC-{clerk[5:8]}")]


@manner("F1", "deliveries typed faster than one weighs")
def _(world: World, s: int) -> Iterable[Subject]:
    clerk = world.clerk()
    days = grouped(world.by(clerk), lambda one: day_of(one.at))
    busiest = max(days.values(), key=len)
    at, seconds = busiest[0].at, (80, 62, 48, 34, 15)[s - 1]
    spare = [one for one in world.by(clerk) if one not in busiest]
    for i in range(8 + 3 * s):
        one = busiest[i] if i < len(busiest) else spare[i - len(busiest)]
        at += round(seconds * SECOND * world.draw.between(0.8, 1.2))
        world.touch([world.put(one, at=at, received=at + HOUR)])
    return [("user", clerk), ("instrument", f"SC-{clerk[5:8]}")]


@manner("F1", "a clerk types deliveries at night")
def _(world: World, s: int) -> Iterable[Subject]:
    clerk = world.clerk()
    some = world.by(clerk)
    for i in range(3 * s):
        one = some[(7 * i) % len(some)]
        at = millis(day_of(one.at), world.draw.between(1290, 1430))
        world.touch([world.put(one, at=at, received=at + HOUR)])
    return [("user", clerk)]


def _weighs(world: World, factor: float) -> list[Subject]:
    clerk = world.clerk()
    for one in world.by(clerk):
        world.touch([world.put(one, grams=max(1_000, round(one.grams * factor / 100) * 100))])
    return [("user", clerk), ("instrument", f"SC-{clerk[5:8]}")]


@manner("F1", "a clerk adds to every weight")
def _(world: World, s: int) -> Iterable[Subject]:
    return _weighs(world, 1 + 0.07 * s)


@manner("F16", "a clerk takes from every weight")
def _(world: World, s: int) -> Iterable[Subject]:
    return _weighs(world, 1 - 0.06 * s)


def _several(world: World, count: int) -> list[str]:
    return [world.farmer(2) for _ in range(count)]


@manner("F15", "one telephone for invented farmers")
def _(world: World, s: int) -> Iterable[Subject]:
    codes = _several(world, 2 + s)
    for code in codes:
        world.members[code] = replace(world.members[code], phone=f"phone-{codes[0]}")
    return [("farmer", code) for code in codes]


@manner("F15", "one paper for several farmers")
def _(world: World, s: int) -> Iterable[Subject]:
    codes = _several(world, 1 + s)
    for code in codes:
        world.members[code] = replace(world.members[code], identity=f"paper-{codes[0]}")
    return [("farmer", code) for code in codes]


@manner("F15", "one photo for several farmers")
def _(world: World, s: int) -> Iterable[Subject]:
    codes = _several(world, 1 + s)
    world.photos[:] = [one for one in world.photos if one.farmer not in codes]
    world.photos += [Photo(f"photo-{codes[0]}", code) for code in codes]
    return [("farmer", code) for code in codes]


@manner("F15", "a plot drawn over a neighbour's")
def _(world: World, s: int) -> Iterable[Subject]:
    one, other = _several(world, 2)
    world.overlaps.append(Overlap(f"{one}-A", f"{other}-A", round(10_000 * (0.05 + 0.17 * s))))
    return [("farmer", one), ("farmer", other), ("plot", f"{one}-A"), ("plot", f"{other}-A")]


@manner("F15", "an outline copied and moved")
def _(world: World, s: int) -> Iterable[Subject]:
    codes = _several(world, 1 + (s + 1) // 2)
    for code in codes:
        shape = f"shape-{codes[0]}-A"
        if s == 1 and code != codes[0]:
            shape += "-redrawn"  # a corner was moved: the outline is another
        world.plots[f"{code}-A"] = replace(world.plots[f"{code}-A"], shape=shape)
    return [(kind, code + end) for code in codes for kind, end in (("farmer", ""), ("plot", "-A"))]


@manner("F15", "goods on a plot of somebody else")
def _(world: World, s: int) -> Iterable[Subject]:
    code, owner = world.farmer(6), world.farmer(2)
    for one in world.of(code)[:s]:
        world.put(one, plot=f"{owner}-A")
    return _farmer(code)


@manner("F15", "a farmer who does not exist")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer(3)
    world.inspections.pop(code, None)
    world.photos[:] = [one for one in world.photos if one.farmer != code]
    share = (0.8, 0.92, 0.96, 0.99, 1.0)[s - 1]
    world.scale(code, (world.members[code].estimate_g or 0) * share / sum(one.equivalent_g for one in world.of(code)))
    member = world.members[code]
    if s >= 2:
        member = replace(member, phone=None)
    if s >= 3:
        member = replace(member, registered=FIRST - timedelta(days=20))
    world.members[code] = member
    if s >= 4:
        clerk = world.clerks[world.home[code]][0]
        for one in world.of(code):
            world.put(one, clerk=clerk, site=world.home[code], scale=f"SC-{world.home[code]}")
    if s >= 5:
        world.plots[f"{code}-A"] = replace(world.plots[f"{code}-A"], shape=None, position=None)
        world.plots.pop(f"{code}-B", None)
    return _farmer(code)


def _far(site: str) -> str:
    """A site some thirty kilometres off."""
    column, row = divmod(int(site[1:]) - 1, 10)[1], (int(site[1:]) - 1) // 10
    return f"S{row * 10 + (column + 2) % 10 + 1:02d}" if column < 8 else f"S{row * 10 + column - 1:02d}"


@manner("F3", "a farmer at two far sites within hours")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer()
    one, other = world.of(code)[:2]
    far = _far(one.site)
    at = one.at + round((1.6, 1.1, 0.8, 0.5, 0.15)[s - 1] * HOUR)
    world.put(other, site=far, scale=f"SC-{far}", clerk=world.clerks[far][1], at=at, received=at + HOUR)
    return _farmer(code)


@manner("F10", "a clerk's login used at two sites")
def _(world: World, s: int) -> Iterable[Subject]:
    clerk = world.clerk()
    far = _far(clerk[5:8])
    days = list(grouped(world.by(clerk), lambda one: day_of(one.at)).values())
    for some in days[: 2 * s]:
        at = some[0].at + round((2.5, 1.3, 0.9, 0.5, 0.1)[s - 1] * HOUR)
        strangers = [one for one in world.deliveries.values() if one.site == far and one.clerk != clerk]
        one = strangers[int(len(strangers) * world.draw.random())]
        world.touch([world.put(one, clerk=clerk, at=at, received=at + HOUR)])
    return [("user", clerk)]


@manner("F3", "one receipt for several deliveries")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer(6)
    some = [one for one in world.of(code) if one.site == world.home[code]]
    for one in some[1 : s + 1]:
        world.put(one, receipt=some[0].receipt, **({"grams": some[0].grams} if s >= 3 else {}))
    return _farmer(code)


@manner("F3", "the same goods at two sites")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer(5)
    for one in world.of(code)[: (s + 1) // 2]:
        far = _far(one.site)
        grams = one.grams + (100 if s == 1 else 0)  # at strength 1 the second scale reads a little more
        at = one.at + (2 if s < 4 else 1) * DAY
        world.add(code, at, grams, site=far, scale=f"SC-{far}", clerk=world.clerks[far][0], receipt=None)
    return _farmer(code)


@manner("F4", "a clerk tells many old deliveries at once")
def _(world: World, s: int) -> Iterable[Subject]:
    clerk = world.clerk()
    some = world.by(clerk)
    chosen = some[20 : 20 + 5 * s + 5]
    told = chosen[-1].at + (8 + 6 * s) * DAY
    for i, one in enumerate(chosen):
        world.touch([world.put(one, received=told + i * 40 * SECOND)])
    return [("user", clerk)]


@manner("F4", "deliveries told after the certificate, dated before it")
def _(world: World, s: int) -> Iterable[Subject]:
    code = world.farmer(6, early=True)
    for i, one in enumerate(world.of(code)[-s:]):
        at = millis(EARLY_END - 2 - i, 600)
        world.put(one, at=at, received=millis(EARLY_END + 6 + 4 * s, 700), harvested_on=None)
    return _farmer(code)


@manner("F4", "a rush before the certificate ends")
def _(world: World, s: int) -> Iterable[Subject]:
    site = world.site(early=True)
    some = sorted((one for one in world.deliveries.values() if one.site == site), key=lambda one: one.at)
    late = [one for one in some if day_of(one.at) > EARLY_END]
    for one in late[: round(len(late) * (0.12 + 0.14 * s))]:
        at = millis(EARLY_END - world.draw.whole(0, 9), world.draw.between(430, 1000))
        world.touch([world.put(one, at=at, received=at + HOUR, harvested_on=None)])
    return [("site", site)]


@manner("F14", "a clerk corrects too often")
def _(world: World, s: int) -> Iterable[Subject]:
    clerk = world.clerk()
    for one in world.by(clerk):
        if world.draw.chance(0.015 + 0.02 * s):
            before = max(1_000, round(one.grams * world.draw.spread(0.15) / 100) * 100)
            world.corrections.append(Correction(clerk, one.farmer, one.at + 3 * DAY, before, one.grams))
    return [("user", clerk)]


@manner("F14", "a clerk corrects upwards only")
def _(world: World, s: int) -> Iterable[Subject]:
    clerk = world.clerk()
    world.corrections[:] = [one for one in world.corrections if one.clerk != clerk]
    for one in world.by(clerk)[: 3 + 2 * s]:
        before = max(1_000, round(one.grams * world.draw.between(0.7, 0.95) / 100) * 100)
        world.corrections.append(Correction(clerk, one.farmer, one.at + 3 * DAY, before, one.grams))
    return [("user", clerk)]


def _all_batches(world: World, factor: float) -> list[Subject]:
    facility = world.facility()
    lots = [one for one in world.batches.values() if one.site == facility and one.process == "ferment_dry"]
    for one in lots:
        world.batches[one.lot] = replace(one, output_g=round(one.output_g * factor / 100) * 100)
    return [("site", facility), *(("lot", one.lot) for one in lots)]


@manner("F16", "a facility declares more drying loss")
def _(world: World, s: int) -> Iterable[Subject]:
    return _all_batches(world, 1 - 0.012 * s)


@manner("F2", "dry goods added to every batch of a facility")
def _(world: World, s: int) -> Iterable[Subject]:
    return _all_batches(world, 1 + 0.012 * s)


@manner("F2", "dry goods added to one batch")
def _(world: World, s: int) -> Iterable[Subject]:
    one = world.lot("ferment_dry")
    world.batches[one.lot] = replace(one, output_g=round(one.output_g * (1 + 0.05 * s) / 100) * 100)
    return [("lot", one.lot)]


@manner("F2", "yields written from a table")
def _(world: World, s: int) -> Iterable[Subject]:
    facility = world.facility()
    lots = [one for one in world.batches.values() if one.site == facility and one.process == "ferment_dry"]
    for one in lots:
        moist = one.output_moisture_bp or 700
        table = one.input_g * 0.40 * (10_000 - 700) / (10_000 - moist)
        kept = 1 - 0.19 * s
        world.batches[one.lot] = replace(one, output_g=round((table + kept * (one.output_g - table)) / 100) * 100)
    return [("site", facility)]


@manner("F2", "dry goods added at re-drying")
def _(world: World, s: int) -> Iterable[Subject]:
    one = world.lot("redry")
    world.batches[one.lot] = replace(one, output_g=round(one.output_g * (1 + 0.008 * s) / 100) * 100)
    return [("lot", one.lot)]


@manner("F16", "goods taken at re-drying")
def _(world: World, s: int) -> Iterable[Subject]:
    one = world.lot("redry")
    world.batches[one.lot] = replace(one, output_g=round(one.output_g * (1 - 0.012 * s) / 100) * 100)
    return [("lot", one.lot)]


@manner("F13", "moistures written down to the limit")
def _(world: World, s: int) -> Iterable[Subject]:
    facility = world.facility()
    for i, one in enumerate(world.checks):
        failed = one.moisture_bp is not None and one.moisture_bp > LIMIT_BP
        if one.site == facility and failed and world.draw.chance(0.2 * s):
            told = LIMIT_BP - 10 * world.draw.whole(0, 2)
            world.checks[i] = replace(one, moisture_bp=told, passed=True)
    return [("site", facility)]


@manner("F13", "tested again until it passed")
def _(world: World, s: int) -> Iterable[Subject]:
    one = world.lot("ferment_dry")
    world.checks[:] = [check for check in world.checks if check.lot != one.lot]
    for i in range(s + 1):
        moist = LIMIT_BP + 10 * world.draw.whole(1, 9) if i < s else LIMIT_BP - 10
        world.checks.append(Check(one.lot, one.site, one.at + i * DAY, i == s, moist, LIMIT_BP))
    return [("lot", one.lot)]


def _visits(world: World, inspector: str) -> list[Inspection]:
    return [one for one in world.inspections.values() if one.inspector == inspector]


@manner("ICS", "more inspections a day than one can do")
def _(world: World, s: int) -> Iterable[Subject]:
    inspector = world.inspector()
    some = _visits(world, inspector)
    for one in some[: 8 + 2 * s]:
        world.inspections[one.farmer] = replace(one, day=some[0].day)
    return [("inspector", inspector)]


@manner("ICS", "inspections too short")
def _(world: World, s: int) -> Iterable[Subject]:
    inspector = world.inspector()
    for one in _visits(world, inspector):
        if world.draw.chance(0.1 * s):
            world.inspections[one.farmer] = replace(one, minutes=world.draw.whole(4, 15))
    return [("inspector", inspector)]


@manner("ICS", "the same answers at every farm")
def _(world: World, s: int) -> Iterable[Subject]:
    inspector = world.inspector()
    sheet = "y" * 10 if s >= 3 else "yyyynyyyyy"
    for one in _visits(world, inspector):
        if world.draw.chance((0.15, 0.3, 0.8, 0.95, 1.0)[s - 1]):
            world.inspections[one.farmer] = replace(one, answers=sheet)
    return [("inspector", inspector)]


@manner("ICS", "inspections written long after")
def _(world: World, s: int) -> Iterable[Subject]:
    inspector = world.inspector()
    some = sorted(_visits(world, inspector), key=lambda one: one.day)
    last = (some[-1].day - FIRST).days
    for i, one in enumerate(some[: 10 + 10 * s]):
        world.inspections[one.farmer] = replace(one, recorded=millis(last + 6 * s, 900 + i))
    return [("inspector", inspector)]


def season(seed: int, turn: int | None = None) -> World:
    """An honest season; with ``turn``, every manner of fraud once, at the strength whose turn it is."""
    world = honest(seed)
    if turn is not None:
        world.draw = Draw(seed * 1000 + turn + 1)
        for index, (name, (row, plant)) in enumerate(MANNERS.items()):
            strength = (index + turn) % len(STRENGTHS) + 1
            world.planted.append(Planted(name, row, strength, frozenset(plant(world, strength))))
    return world


# --- how well it is found ---


@dataclass(frozen=True, slots=True)
class Listed:
    """What a scan of a season leads to: each subject's highest score, and by which pattern."""

    scores: dict[Subject, tuple[int, str]]

    @classmethod
    def of(cls, world: World, signals: Iterable[Signal]) -> Listed:
        scores: dict[Subject, tuple[int, str]] = {}
        for one in signals:
            for code in (one.subject, *one.others):
                for subject in _led_to(world, one.kind, code):
                    scores[subject] = max(scores.get(subject, (0, "")), (one.score, one.pattern))
        return cls(scores)


def _led_to(world: World, kind: str, code: str) -> list[Subject]:
    """Who looks at a plot looks at its farmer."""
    return [("plot", code), ("farmer", world.plots[code].farmer)] if kind == "plot" else [(kind, code)]


@dataclass(frozen=True, slots=True)
class Cell:
    """One manner at one strength: how often planted, how often found."""

    planted: int = 0
    found: int = 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found, and whom the list names though he did nothing."""

    threshold: int
    seasons: int
    deliveries: int
    cells: dict[tuple[str, int], Cell]  # (manner, strength)
    by: dict[str, Counter[str]]  # manner -> patterns that found it
    honest: dict[str, Cell]  # kind of subject -> honest subjects, and those listed
    alarms: Counter[str]  # pattern -> honest subjects that it listed
    farmer_alarms: Counter[str]  # pattern -> honest farmers that it listed
    seconds: float  # of scoring one season, on average; not compared

    def share(self, *strengths: int) -> float:
        """The share found of all planted at these strengths."""
        some = [cell for (_, strength), cell in self.cells.items() if strength in strengths]
        return sum(cell.found for cell in some) / sum(cell.planted for cell in some)

    def honest_share(self, kind: str = "farmer") -> float:
        """The share of honest subjects that are listed."""
        return self.honest[kind].found / max(1, self.honest[kind].planted)


def scored(world: World) -> tuple[list[Signal], float]:
    """The signals of a season, and how many seconds it took."""
    ready = world.season()
    began = time.perf_counter()
    return scan(ready, signal_rules()), time.perf_counter() - began


def threshold(seeds: Sequence[int] = CALIBRATION, most: float = 0.02) -> int:
    """The lowest score at which at most this share of honest farmers is listed, over honest seasons of these seeds."""
    best: list[int] = []
    for seed in seeds:
        world = honest(SEED + seed)
        listed = Listed.of(world, scored(world)[0])
        best += [listed.scores.get(("farmer", code), (0, ""))[0] for code in world.members]
    best.sort(reverse=True)
    return best[int(len(best) * most)] + 1


def evaluate(rounds: int = 1, at: int | None = None, first: int = 9_000) -> Evaluation:
    """Plant and look: ``rounds`` times five seasons. ``at``: the threshold; none: by the calibration seasons.

    ``first`` is the number of the first season. From 9,000 on they were not looked at while the figures of the
    patterns were set.
    """
    at = threshold() if at is None else at
    cells: dict[tuple[str, int], Cell] = defaultdict(Cell)
    by: dict[str, Counter[str]] = {name: Counter() for name in MANNERS}
    people: dict[str, Cell] = defaultdict(Cell)
    alarms, farmer_alarms = Counter[str](), Counter[str]()
    seconds, deliveries = 0.0, 0
    seasons = rounds * len(STRENGTHS)
    for number in range(seasons):
        world = season(SEED + first + number, number % len(STRENGTHS))
        signals, took = scored(world)
        seconds, deliveries = seconds + took, deliveries + len(world.deliveries)
        scores = Listed.of(world, signals).scores
        for one in world.planted:
            found = max((scores.get(subject, (0, "")) for subject in one.subjects), default=(0, ""))
            cell = cells[one.manner, one.strength]
            cells[one.manner, one.strength] = Cell(cell.planted + 1, cell.found + (found[0] >= at))
            if found[0] >= at:
                by[one.manner][found[1]] += 1
        for subject in _honest(world):
            score, pattern = scores.get(subject, (0, ""))
            cell = people[subject[0]]
            people[subject[0]] = Cell(cell.planted + 1, cell.found + (score >= at))
            if score >= at:
                alarms[pattern] += 1
                farmer_alarms[pattern] += subject[0] == "farmer"
    return Evaluation(
        at, seasons, deliveries // seasons, dict(cells), by, dict(people), alarms, farmer_alarms, seconds / seasons
    )


def _honest(world: World) -> list[Subject]:
    """Everybody and everything that no fraud was planted on or through."""
    guilty = {subject for one in world.planted for subject in one.subjects}
    bad_sites = {code for kind, code in guilty | world.used if kind == "site"}
    subjects: list[Subject] = [("farmer", code) for code in world.members if code not in world.touched]
    subjects += [("user", clerk) for site, pair in world.clerks.items() for clerk in pair if site not in bad_sites]
    subjects += [("instrument", f"SC-{site}") for site in world.clerks if site not in bad_sites]
    subjects += [("site", site) for site in world.clerks if site not in bad_sites]
    subjects += [("site", f"F{i:02d}") for i in range(1, FACILITIES + 1) if f"F{i:02d}" not in bad_sites]
    subjects += [("inspector", code) for code in sorted({one.inspector for one in world.inspections.values()})]
    subjects += [("lot", one.lot) for one in world.batches.values() if one.site not in bad_sites]
    return [subject for subject in subjects if subject not in guilty and subject not in world.used]


def table(result: Evaluation) -> None:
    """Print what was found."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=140, highlight=False)
    found = Table(title="Planted fraud found, by strength", title_justify="left")
    for heading in ("row", "manner", *(str(one) for one in STRENGTHS), "planted", "found", "share", "by"):
        found.add_column(heading, justify="left" if heading in ("row", "manner", "by") else "right")
    for name, (row, _) in MANNERS.items():
        cells = [result.cells.get((name, strength), Cell()) for strength in STRENGTHS]
        planted, hits = sum(cell.planted for cell in cells), sum(cell.found for cell in cells)
        found.add_row(
            row,
            name,
            *(f"{cell.found}/{cell.planted}" for cell in cells),
            str(planted),
            str(hits),
            f"{100 * hits // max(1, planted)} %",
            ", ".join(pattern for pattern, _ in result.by[name].most_common(2)),
        )
    found.add_section()
    found.add_row(
        "",
        "all",
        *(f"{100 * result.share(strength):.0f} %" for strength in STRENGTHS),
        str(sum(cell.planted for cell in result.cells.values())),
        str(sum(cell.found for cell in result.cells.values())),
        f"{100 * result.share(*STRENGTHS):.0f} %",
        "",
    )
    console.print(found)
    people = Table(title="Honest subjects listed", title_justify="left")
    for heading in ("kind", "honest", "listed", "share"):
        people.add_column(heading, justify="left" if heading == "kind" else "right")
    for kind, cell in sorted(result.honest.items()):
        people.add_row(kind, f"{cell.planted:,}", str(cell.found), f"{100 * result.honest_share(kind):.2f} %")
    console.print(people)
    alarms = Table(title="False alarms by pattern", title_justify="left")
    for heading in ("pattern", "all", "farmers"):
        alarms.add_column(heading, justify="left" if heading == "pattern" else "right")
    for pattern, count in sorted(result.alarms.items(), key=lambda one: (-one[1], one[0])):
        alarms.add_row(pattern, str(count), str(result.farmer_alarms[pattern]))
    console.print(alarms)
    console.print(
        f"{result.seasons} seasons of {FARMERS:,} farmers and about {result.deliveries:,} deliveries; threshold "
        f"{result.threshold}; strong (4-5) {100 * result.share(4, 5):.0f} %, medium (3) {100 * result.share(3):.0f} %, "
        f"weak (1-2) {100 * result.share(1, 2):.0f} %; honest farmers listed {100 * result.honest_share():.2f} %; "
        f"scoring {result.seconds:.1f} s a season."
    )


def main(arguments: Sequence[str]) -> None:
    """Evaluate and print."""
    rounds = int(arguments[arguments.index("--rounds") + 1]) if "--rounds" in arguments else 1
    table(evaluate(rounds))


if __name__ == "__main__":
    main(sys.argv[1:])
