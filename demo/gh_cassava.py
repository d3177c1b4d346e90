"""Cassava chips in Ghana: 120 farmers, six processors, before the new procedures: almost half fail at first.

The figures come from ``random.Random(20240917).random()`` alone, in the order of draws of the scenario: deliveries
farmer by farmer, then batches in the order of day, farmer and delivery. Batches go to the processors in turn.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from demo import tally
from demo.register import Names, Register
from demo.story import Party, Story, closed_at, measured, morning, tenths
from domain import events as told
from ledger.issue import new_code
from models.db import SystemSession

SEED = 20240917
START = date(2025, 1, 6)
DAYS = 300
FARMERS, PROCESSORS = 120, 6
BATCH_G = 2_000_000  # a batch is closed when it reaches so much
FOUNDED = date(2025, 1, 2)

PARTIES = (
    Party("GH-OP", "Ghana Cassava Cluster Office", "operator", None, "office@cassava.example", "operator", "GH"),
    Party("GH-CA", "Volta Cassava Growers", "farmer_group", "Volta", "office@vcg.example", "office", "GH"),
    *(
        Party(f"GH-P{number}", name, "facility_operator", "Volta", f"qa@p{number}.example", "qa", "GH")
        for number, name in enumerate(
            ("Adaklu Chips", "Ho Valley Mills", "Kpando Chips", "Hohoe Starch", "Anloga Foods", "Sogakope Chips"), 1
        )
    ),
)
NAMES = Names(
    ("Afi", "Esinam", "Dzifa", "Mawusi", "Enyonam", "Sena", "Akpene", "Yayra"),
    ("Kodzo", "Komla", "Kwami", "Yao", "Kofi", "Selorm", "Edem", "Mawuli"),
    ("Agbeko", "Dogbe", "Amegashie", "Tsikata", "Klutse", "Ahiable", "Gbeho", "Adzo"),
    ("Adaklu", "Kpetoe", "Tsito", "Akatsi", "Dabala", "Kpeve"),
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Roots that a farmer brings on a day of the season."""

    day: int
    farmer: int
    number: int
    grams: int

    @property
    def code(self) -> str:
        return f"GH-C{self.farmer:03d}-{self.number}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Roots that are peeled, chipped and dried together, and what the first check finds."""

    number: int
    deliveries: list[Delivery]
    peeled_g: int
    chips_g: int
    moisture: float
    hcn: float
    raised: bool

    @property
    def code(self) -> str:
        return f"GH-B{self.number:03d}"

    @property
    def processor(self) -> str:
        return f"GH-P{(self.number - 1) % PROCESSORS + 1}"

    @property
    def fresh_g(self) -> int:
        return sum(item.grams for item in self.deliveries)


def generate() -> list[Batch]:
    """The batches with their deliveries, in the order of draws."""
    draw = random.Random(SEED).random
    deliveries = [
        Delivery(int(DAYS * draw()), farmer, number, int(100 + 700 * draw()) * 1000)
        for farmer in range(1, FARMERS + 1)
        for number in range(1, 5 + int(5 * draw()))
    ]
    deliveries.sort(key=lambda item: (item.day, item.farmer, item.number))
    batches = []
    for number, held in enumerate(closed_at(deliveries, lambda item: item.grams, BATCH_G), start=1):
        kilograms = sum(item.grams for item in held) / 1000
        peeled, chips = tenths(kilograms * (0.76 + 0.10 * draw())), tenths(kilograms * (0.32 + 0.06 * draw()))
        moisture, hcn = round(10 + 4 * draw(), 1), round(3 + 9 * draw(), 1)
        batches.append(Batch(number, held, peeled, chips, moisture, hcn, draw() < 0.92))
    return batches


def story() -> Story:
    """The season, to be played."""
    batches = generate()
    other = random.Random(SEED + 1)
    tale = Story("GH_CASSAVA", SEED, FOUNDED, PARTIES)
    tale.registry = _registry(tale, batches, other).write
    minutes: dict[int, int] = {}
    for batch in batches:
        _batch(tale, batch, minutes, other)
    tale.in_time()
    return tale


def _registry(tale: Story, batches: list[Batch], other: random.Random) -> Register:
    register = Register(tale.uid, "GH", FOUNDED.isoformat(), told.millis(morning(FOUNDED, 0)))
    for number in range(1, PROCESSORS + 1):
        register.site(f"GH-P{number}", f"GH-P{number}-S", f"Chipping and drying yard {number}", shared=["GH-CA"])
    brought = dict.fromkeys(range(1, FARMERS + 1), 0)
    for item in (item for batch in batches for item in batch.deliveries):
        brought[item.farmer] += item.grams
    for number, grams in brought.items():
        code = f"GH-C{number:03d}"
        register.farmer("GH-CA", code, NAMES.person(other, woman=other.random() < 0.45))
        position = (6_600_000 + other.randint(-90_000, 90_000), 470_000 + other.randint(-90_000, 90_000))
        register.plot("GH-CA", code, "cassava", grams // 1_200, position)  # 12 t a hectare
        register.estimate("GH-CA", code, "2025", "cassava_fresh", grams * other.randint(100, 125) // 100)
    return register


def _batch(tale: Story, batch: Batch, minutes: dict[int, int], other: random.Random) -> None:
    who, site = batch.processor, tale.uid(f"{batch.processor}-S")
    for item in batch.deliveries:
        minutes[item.day] = minutes.get(item.day, 0) + 9
        when = morning(START, item.day, minutes[item.day])
        tale.say(
            "GH-CA",
            told.Delivered,
            f"delivered/{item.code}",
            when,
            site=site,
            farmer=f"GH-C{item.farmer:03d}",
            plot=f"GH-C{item.farmer:03d}-A",
            harvested_on=when.date(),
            lot=tale.made(item.code, "cassava_fresh", item.grams),
        )
    closed = when + timedelta(minutes=30)
    fresh, peeled, chips = f"{batch.code}-F", f"{batch.code}-P", f"{batch.code}-C"
    tale.say(
        "GH-CA",
        told.Received,
        f"received/{fresh}",
        closed,
        site=site,
        inputs=tuple(tale.drawn(item.code, item.grams) for item in batch.deliveries),
        into=tale.named(fresh),
    )
    tale.say(
        who,
        told.Transformed,
        f"peeled/{peeled}",
        closed + timedelta(hours=6),
        site=site,
        process="peel",
        inputs=(tale.drawn(fresh, batch.fresh_g),),
        outputs=(tale.made(peeled, "cassava_peeled", batch.peeled_g),),
    )
    dried = closed + timedelta(days=2, hours=6)
    tale.say(
        who,
        told.Transformed,
        f"dried/{chips}",
        dried,
        site=site,
        process="chip_dry",
        inputs=(tale.drawn(peeled, batch.peeled_g),),
        outputs=(tale.made(chips, "cassava_chips", batch.chips_g),),
    )
    tale.say(
        who,
        told.Inspected,
        f"inspected/{chips}",
        dried + timedelta(hours=4),
        lot=tale.uid(chips),
        measurements=measured(
            moisture=f"{batch.moisture:.1f}",
            hcn_total=f"{batch.hcn:.1f}",
            drying_surface_raised="1" if batch.raised else "0",
        ),
    )
    if batch.number % 12 == 1:
        tale.say(
            "GH-CA",
            told.LabelIssued,
            f"label/{chips}",
            dried + timedelta(hours=2),
            lot=tale.uid(chips),
            code=new_code(other.randbytes(10)),
        )


def totals(session: SystemSession) -> dict[str, Any]:
    """The figures of the season, from the ledger."""
    fresh, chips = tally.into_g(session, "peel"), tally.out_of_g(session, "chip_dry")
    batches, failed = tally.runs(session, "chip_dry"), tally.failed(session)
    return {
        "farmers": tally.count(session, select(tally.FARMER.c.id)),
        "processors": tally.parties(session, "facility_operator"),
        "deliveries": tally.deliveries(session),
        "fresh_kg": tally.delivered_g(session) / 1000,
        "batches": batches,
        "peeled_kg": tally.out_of_g(session, "peel") / 1000,
        "chips_kg": chips / 1000,
        "process_loss_kg": (fresh - chips) / 1000,
        "overall_yield": round(chips / fresh, 4),
        "overall_ratio": round(fresh / chips, 2),
        "moisture_over_13_batches": tally.failed(session, "moisture"),
        "hcn_over_10_batches": tally.failed(session, "hcn_total"),
        "ground_dried_batches": tally.failed(session, "drying_surface_raised"),
        "first_pass_fail_batches": failed,
        "first_pass_fail_pct": round(failed * 100 / batches, 1),
    }
