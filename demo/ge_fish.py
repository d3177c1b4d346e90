"""Anchovy in Georgia: twelve vessels, 96 landings at two plants; a licence that was not valid blocks the landing.

The figures come from ``random.Random(20240920).random()`` alone, vessel by vessel: kilograms landed, and whether the
licence was in order on the day of the catch. What is in order becomes fishmeal at the typical yield of the profile.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from demo import tally
from demo.register import Register
from demo.story import Party, Story, measured, morning
from domain import events as told
from domain.quantity import WHOLE_BP
from ledger.issue import new_code
from ledger.profiles import profiles
from models.db import SystemSession

SEED = 20240920
START = date(2025, 11, 17)
VESSELS, LANDINGS = 12, 8
FOUNDED, CLOSES = date(2025, 11, 3), date(2026, 5, 31)

PARTIES = (
    Party("GE-OP", "Georgia Fisheries Cluster Office", "operator", None, "office@fish.example", "operator", "GE"),
    Party("GE-F1", "Poti Fish Processing", "facility_operator", "Poti", "qa@poti.example", "qa", "GE"),
    Party("GE-F2", "Batumi Fish Processing", "facility_operator", "Batumi", "qa@batumi.example", "qa", "GE"),
)


@dataclass(frozen=True, slots=True)
class Landing:
    """What a vessel lands at its plant, and whether its licence was valid on the day of the catch."""

    vessel: int
    number: int
    grams: int
    licensed: bool

    @property
    def code(self) -> str:
        return f"GE-V{self.vessel:02d}-{self.number}"

    @property
    def plant(self) -> str:
        return f"GE-F{(self.vessel - 1) % 2 + 1}"


def generate() -> Iterator[Landing]:
    """The landings, in the order of draws."""
    draw = random.Random(SEED).random
    for vessel in range(1, VESSELS + 1):
        for number in range(1, LANDINGS + 1):
            grams = int(5_000 + 45_000 * draw()) * 1000
            yield Landing(vessel, number, grams, not draw() < 0.03)


def story() -> Story:
    """The season, to be played."""
    other = random.Random(SEED + 1)
    tale = Story("GE_FISH", SEED, FOUNDED, PARTIES)
    register = Register(tale.uid, "GE", FOUNDED.isoformat(), told.millis(morning(FOUNDED, 0)))
    for plant, port in (("GE-F1", "Poti"), ("GE-F2", "Batumi")):
        register.site(plant, f"{plant}-Q", f"Landing quay, {port}", "port")
        register.site(plant, f"{plant}-S", f"Fishmeal works, {port}")
    landings = list(generate())
    for vessel in range(1, VESSELS + 1):
        _vessel(register, vessel, [landing for landing in landings if landing.vessel == vessel])
    tale.registry = register.write
    for landing in landings:
        _landing(tale, landing, other)
    tale.in_time()
    return tale


def _vessel(register: Register, vessel: int, landings: list[Landing]) -> None:
    """A vessel, and licences for every day on which it fished by one: renewed, some of them, a day too late."""
    org, code = f"GE-F{(vessel - 1) % 2 + 1}", f"GE-V{vessel:02d}"
    register.farmer(org, code)
    since = FOUNDED
    gaps = [_caught(landing) for landing in landings if not landing.licensed]
    for number, last in enumerate([*(day - timedelta(days=1) for day in gaps), CLOSES], 1):
        register.licence(
            org,
            code,
            f"GE-{FOUNDED.year}-{vessel:03d}-{number}",
            (since, last),
            authority="National Environmental Agency",
            flag="GE",
            registration=f"PTI-{vessel:04d}",
        )
        since = last + timedelta(days=2)


def _landed(landing: Landing) -> datetime:
    return morning(START, (landing.number - 1) * 9 + landing.vessel % 7, landing.vessel * 25)


def _caught(landing: Landing) -> date:
    return _landed(landing).date() - timedelta(days=1)


def _landing(tale: Story, landing: Landing, other: random.Random) -> None:
    who, code = landing.plant, landing.code
    when, caught = _landed(landing), _caught(landing)
    tale.say(
        who,
        told.Delivered,
        f"landed/{code}",
        when,
        site=tale.uid(f"{who}-Q"),
        farmer=f"GE-V{landing.vessel:02d}",
        harvested_on=caught,
        receipt=f"LD-{code}",
        catch=told.Catch(area="37.4.2", since=caught, until=caught, gear="PS"),
        lot=tale.made(code, "anchovy_whole", landing.grams),
    )
    if not landing.licensed:
        return  # the ledger holds it: no licence was valid on the day of the catch
    core = f"{other.randint(5, 35) / 10:.1f}"
    nine = [told.Result(test="histamine", value=str(other.randint(5, 60))) for _ in range(9)]  # the plan's samples
    tale.say(
        who,
        told.Inspected,
        f"inspected/{code}",
        when + timedelta(hours=1),
        lot=tale.uid(code),
        measurements=(*measured(core_temp=core), *nine),
    )
    step = profiles().commodities["anchovy"].steps["fishmeal"]
    assert step.yield_typ_bp is not None
    meal, cooked = f"{code}-M", when + timedelta(hours=9)
    meal_g = landing.grams * step.yield_typ_bp // WHOLE_BP // 100 * 100  # to 0.1 kg
    tale.say(
        who,
        told.Transformed,
        f"cooked/{meal}",
        cooked,
        site=tale.uid(f"{who}-S"),
        process="fishmeal",
        inputs=(tale.drawn(code, landing.grams),),
        outputs=(tale.made(meal, "fishmeal", meal_g),),
    )
    tale.say(
        who,
        told.Inspected,
        f"inspected/{meal}",
        cooked + timedelta(hours=5),
        lot=tale.uid(meal),
        measurements=measured(moisture=f"{other.randint(70, 98) / 10:.1f}", protein=str(other.randint(62, 68))),
    )
    if landing.number == 1:
        tale.say(
            who,
            told.LabelIssued,
            f"label/{meal}",
            cooked + timedelta(hours=8),
            lot=tale.uid(meal),
            code=new_code(other.randbytes(10)),
        )


def totals(session: SystemSession) -> dict[str, Any]:
    """The figures of the season, from the ledger."""
    blocked = tally.LOT.c.id.in_(
        select(tally.HOLD.c.lot_id).where(tally.HOLD.c.code == "LICENCE_NOT_VALID", tally.HOLD.c.ended_seq.is_(None))
    )
    landed, stopped = tally.delivered_g(session), tally.delivered_g(session, blocked)
    return {
        "vessels": tally.count(session, select(tally.FARMER.c.id)),
        "plants": tally.parties(session, "facility_operator"),
        "landings": tally.deliveries(session),
        "landed_kg": landed / 1000,
        "licence_blocked_landings": tally.count(session, select(tally.LOT.c.id).where(tally.DELIVERED, blocked)),
        "licence_blocked_kg": stopped / 1000,
        "cleared_kg": (landed - stopped) / 1000,
        "fishmeal_kg": tally.out_of_g(session, "fishmeal") / 1000,
    }
