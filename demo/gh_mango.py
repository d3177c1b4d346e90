"""Mango in Ghana: 160 farmers, two seasons, sorted, prepared and dried in solar domes of one tonne each.

The figures come from ``random.Random(20240916).random()`` alone, in the order of draws of the scenario: farmers;
deliveries season by season and farmer by farmer; sorting, then loads, by season and scheme. The members of the
producer organisation sell under its GLOBALG.A.P. certificate; the processor buys from everybody else. The two are
never mixed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import select
from sqlalchemy.sql.functions import max as most

from demo import tally
from demo.register import Names, Register
from demo.story import Party, Story, cut, measured, morning, quantity, tenths
from domain import events as told
from ledger.issue import new_code
from models.db import SystemSession

SEED = 20240916
FARMERS, MEMBERS = 160, 60
SEASONS = ((date(2025, 5, 5), 80), (date(2025, 11, 3), 26))  # major and minor: first day, days
LOAD_G = 1_800_000  # fresh mangoes for one load
DOMES = ("GH-DOME-1", "GH-DOME-2")
DOME_G = 1_000_000
CYCLE = timedelta(days=2)
FOUNDED = date(2025, 1, 2)
VALID = ("2025-01-01", "2025-12-31")
CERTIFICATE = "GGN-4059883000016"
BODY = ("Savanna Farm Certification", "GH-CB-07")

PARTIES = (
    Party("GH-OP", "Ghana Mango Cluster Office", "operator", None, "office@mango.example", "operator", "GH"),
    Party("GH-PO", "Yilo Mango Producer Organisation", "farmer_group", "Eastern", "qms@yilo.example", "qms", "GH"),
    Party("GH-PR", "Dangme Dried Fruit", "facility_operator", "Eastern", "qa@dangme.example", "qa", "GH"),
    Party("GH-CB", "Savanna Farm Certification", "certifier", None, "desk@sfc.example", "certifier", "GH"),
    Party("EU-B3", "Fruits Secs du Midi", "buyer", None, "achats@midi.example", "buyer", "FR"),
)
NAMES = Names(
    ("Akosua", "Adwoa", "Abena", "Akua", "Yaa", "Afia", "Ama", "Dede", "Korkor", "Maku"),
    ("Kwasi", "Kwadwo", "Kwabena", "Kwaku", "Yaw", "Kofi", "Kwame", "Tetteh", "Narh", "Teye"),
    ("Tetteh", "Narh", "Odonkor", "Nartey", "Agbo", "Mensah", "Boateng", "Amoah", "Ofori", "Quaye"),
    ("Somanya", "Agormanya", "Nkurakan", "Asesewa", "Akuse", "Kpong"),
)


@dataclass(slots=True)
class Delivery:
    """Mangoes that a farmer brings, and what sorting takes out."""

    season: int
    day: int
    farmer: int
    grams: int
    rejected_g: int = 0
    code: str = ""
    sorted_at: datetime = field(default_factory=lambda: morning(FOUNDED, 0))

    @property
    def member(self) -> bool:
        return self.farmer <= MEMBERS


@dataclass(slots=True)
class Load:
    """Sorted mangoes of one season and scheme that are prepared and dried together."""

    number: int
    owner: str
    parts: list[tuple[Delivery, int]]
    prepared_g: int
    dried_g: int
    water_activity: float

    @property
    def code(self) -> str:
        return f"GH-L{self.number:02d}"

    @property
    def fresh_g(self) -> int:
        return sum(grams for _, grams in self.parts)


def generate() -> tuple[list[bool], list[Delivery], list[Load]]:
    """Women among the farmers, deliveries and loads, in the order of draws."""
    draw = random.Random(SEED).random
    women = [draw() < 0.35 for _ in range(FARMERS)]
    deliveries = []
    for season, (_, days) in enumerate(SEASONS):
        for farmer in range(1, FARMERS + 1):
            for _ in range(1 + int(3 * draw()) if season == 0 else int(2 * draw())):
                grams = int(150 + 450 * draw()) * 1000
                deliveries.append(Delivery(season, int(days * draw()), farmer, grams))
    streams = [
        sorted(
            (item for item in deliveries if (item.season, item.member) == (season, member)),
            key=lambda item: (item.day, item.farmer, item.grams),
        )
        for season, member in product(range(len(SEASONS)), (True, False))
    ]
    for stream in streams:
        for item in stream:
            item.rejected_g = tenths(item.grams / 1000 * (0.02 + 0.10 * draw()))
    loads: list[Load] = []
    for stream in streams:
        for parts in cut(((item, item.grams - item.rejected_g) for item in stream), LOAD_G):
            kilograms = sum(grams for _, grams in parts) / 1000
            prepared, dried = tenths(kilograms * (0.50 + 0.05 * draw())), tenths(kilograms * (0.068 + 0.022 * draw()))
            owner = "GH-PO" if parts[0][0].member else "GH-PR"
            loads.append(Load(len(loads) + 1, owner, parts, prepared, dried, 0.52 + 0.16 * draw()))
    return women, [item for stream in streams for item in stream], loads


def story() -> Story:
    """The two seasons, to be played."""
    women, deliveries, loads = generate()
    other = random.Random(SEED + 1)
    tale = Story("GH_MANGO", SEED, FOUNDED, PARTIES)
    tale.registry = _registry(tale, women, deliveries, other).write
    _deliveries(tale, deliveries)
    _loads(tale, loads, other)
    tale.in_time()
    return tale


def _seller(farmer: int) -> str:
    return "GH-PO" if farmer <= MEMBERS else "GH-PR"


def _registry(tale: Story, women: list[bool], deliveries: list[Delivery], other: random.Random) -> Register:
    register = Register(tale.uid, "GH", VALID[0], told.millis(morning(FOUNDED, 0)))
    register.site("GH-PR", "GH-PACK", "Somanya Packhouse", "packhouse", shared=["GH-PO"])
    register.site("GH-PR", "GH-DOME", "Somanya Solar Domes", shared=["GH-PO"])
    for dome in DOMES:
        register.vessel("GH-PR", "GH-DOME", dome, "dryer", DOME_G)
    register.certificate(
        "GH-PO",
        CERTIFICATE,
        "GLOBALGAP_IFA",
        BODY,
        VALID,
        categories=["mango"],
        sites=["GH-PACK", "GH-DOME"],
    )
    brought = dict.fromkeys(range(1, FARMERS + 1), 0)
    for item in deliveries:
        brought[item.farmer] += item.grams
    for number, woman in enumerate(women, start=1):
        code, member = f"GH-{number:03d}", number <= MEMBERS
        org = _seller(number)
        register.farmer(
            org,
            code,
            NAMES.person(other, woman=woman),
            certificates=[CERTIFICATE] if member else [],
            inspected_on=(date(2025, 2, 3) + timedelta(days=number % 50)).isoformat() if member else None,
        )
        position = (6_100_000 + other.randint(-60_000, 60_000), -20_000 + other.randint(-60_000, 60_000))
        estimate_g = brought[number] * other.randint(102, 130) // 100
        register.plot(org, code, "mango", max(2_000, estimate_g // 800), position)  # 8 t a hectare
        register.estimate(org, code, "2025", "mango_fresh", estimate_g)
    return register


def _deliveries(tale: Story, deliveries: list[Delivery]) -> None:
    """Each delivery is weighed, then sorted: what is rejected is lost to the chain, with its reason."""
    minutes: dict[tuple[int, int], int] = {}
    numbers: dict[int, int] = {}
    for item in deliveries:
        day = (item.season, item.day)
        minutes[day] = minutes.get(day, 0) + 8
        numbers[item.farmer] = numbers.get(item.farmer, 0) + 1
        farmer, who = f"GH-{item.farmer:03d}", _seller(item.farmer)
        item.code = f"{farmer}-{numbers[item.farmer]}"
        when = morning(SEASONS[item.season][0], item.day, minutes[day])
        item.sorted_at = when + timedelta(hours=2)
        tale.say(
            who,
            told.Delivered,
            f"delivered/{item.code}",
            when,
            site=tale.uid("GH-PACK"),
            farmer=farmer,
            plot=f"{farmer}-A",
            harvested_on=when.date(),
            lot=tale.made(item.code, "mango_fresh", item.grams),
        )
        tale.say(
            who,
            told.Lost,
            f"sorted/{item.code}",
            item.sorted_at,
            lot=tale.uid(item.code),
            quantity=quantity(item.rejected_g),
            reason="Sorting: bruised, over-ripe or fruit fly",
        )


def _loads(tale: Story, loads: list[Load], other: random.Random) -> None:
    """First come, first served: a load waits for a free dome."""
    free = dict.fromkeys(DOMES, morning(SEASONS[0][0], 0))
    for load in sorted(loads, key=lambda item: max(part.sorted_at for part, _ in item.parts)):
        ready = max(part.sorted_at for part, _ in load.parts) + timedelta(hours=1)
        dome = min(free, key=lambda code: (free[code], code))
        start = max(ready + timedelta(hours=5), free[dome])
        tale.longest_wait = max(tale.longest_wait, start - ready - timedelta(hours=5))
        free[dome] = start + CYCLE
        _dried(tale, load, dome, ready, start, other)


def _dried(tale: Story, load: Load, dome: str, ready: datetime, start: datetime, other: random.Random) -> None:
    fresh, prepared, dried = f"{load.code}-F", f"{load.code}-P", f"{load.code}-D"
    tale.say(
        load.owner,
        told.Received,
        f"received/{fresh}",
        ready,
        site=tale.uid("GH-PACK"),
        inputs=tuple(tale.drawn(item.code, grams) for item, grams in load.parts),
        into=tale.named(fresh),
    )
    tale.say(
        "GH-PR",
        told.Transformed,
        f"prepared/{prepared}",
        start - timedelta(minutes=30),
        site=tale.uid("GH-PACK"),
        process="prepare",
        inputs=(tale.drawn(fresh, load.fresh_g),),
        outputs=(tale.made(prepared, "mango_prepared", load.prepared_g),),
    )
    run, done = tale.uid(f"run/{load.code}"), start + CYCLE - timedelta(hours=1)
    tale.say(
        "GH-PR",
        told.Loaded,
        f"loaded/{load.code}",
        start,
        vessel=tale.uid(dome),
        load=run,
        contents=(tale.drawn(prepared, load.prepared_g),),
    )
    for hours in (6, 24):
        values = measured(drying_temperature=str(other.randint(57, 68)), air_humidity=str(other.randint(40, 75)))
        tale.say(
            "GH-PR",
            told.Read,
            f"read/{load.code}/{hours}",
            start + timedelta(hours=hours),
            load=run,
            measurements=values,
        )
    tale.say(
        "GH-PR",
        told.Transformed,
        f"dried/{dried}",
        done,
        site=tale.uid("GH-DOME"),
        process="dry_prepared",
        inputs=(tale.drawn(prepared, load.prepared_g),),
        outputs=(tale.made(dried, "mango_dried", load.dried_g),),
        loads=(run,),
    )
    tale.say(
        "GH-PR",
        told.Inspected,
        f"inspected/{dried}",
        done + timedelta(hours=4),
        lot=tale.uid(dried),
        measurements=measured(water_activity=f"{load.water_activity:.3f}", metal="1"),
    )
    if load.number % 8 == 1:
        tale.say(
            load.owner,
            told.LabelIssued,
            f"label/{dried}",
            done + timedelta(hours=2),  # before the result: a page that turns
            lot=tale.uid(dried),
            code=new_code(other.randbytes(10)),
        )


def totals(session: SystemSession) -> dict[str, Any]:
    """The figures of the two seasons, from the ledger."""
    under = select(tally.MEMBERSHIP.c.farmer_id).distinct()
    processed, dried = tally.into_g(session, "prepare"), tally.out_of_g(session, "dry_prepared")
    ggn = tally.carrying(tally.LINE.c.lot_id, "GLOBALGAP_IFA", "ggn")
    return {
        "farmers": tally.count(session, select(tally.FARMER.c.id)),
        "globalgap_members": tally.count(session, under),
        "women": tally.women(session),
        "deliveries": tally.deliveries(session),
        "fresh_received_kg": tally.delivered_g(session) / 1000,
        "sorting_reject_kg": tally.total(session, tally.LINE.c.grams, tally.LINE.c.kind == "lost") / 1000,
        "fresh_processed_kg": processed / 1000,
        "prepared_kg": tally.out_of_g(session, "prepare") / 1000,
        "dryer_batches": tally.count(session, select(tally.LOAD.c.seq)),
        "max_prepared_load_kg": session.execute(select(most(tally.LOAD.c.grams))).scalar_one() / 1000,
        "dried_kg": dried / 1000,
        "dried_globalgap_kg": tally.out_of_g(session, "dry_prepared", ggn) / 1000,
        "fresh_globalgap_processed_kg": tally.into_g(session, "prepare", ggn) / 1000,
        "aw_fail_batches": tally.failed(session, "water_activity"),
        "overall_ratio": round(processed / dried, 2),
    }
