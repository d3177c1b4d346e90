"""Prickly pear seed oil in Tunisia: four cooperatives, 500 farmers, late harvest, a zone of origin, 13 companies.

The figures come from ``random.Random(20240918).random()`` alone, in the order of draws of the scenario: cooperatives,
their farmers, their deliveries; then pressings of the fruit of all cooperatives together, in the order of day, farmer
and delivery. The cooperatives weigh the fruit in for the press that buys it; exporters take the oil that passed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from demo import tally
from demo.payout import payout
from demo.register import Names, Register
from demo.story import Party, Story, closed_at, hundredths, measured, morning, tenths
from domain import events as told
from ledger.issue import new_code
from ledger.profiles import profiles
from models.db import SystemSession

SEED = 20240918
START = date(2025, 7, 15)
LATE = date(2025, 10, 1)
DAYS = 120
COOPERATIVES, FARMERS_EACH, PRESSES, EXPORTERS = 4, 125, 3, 10
PRESSING_G = 20_000_000  # a pressing is closed when it reaches so much fruit
ZONE = "Kasserine"
FOUNDED = date(2025, 6, 2)
VALID = ("2025-06-01", "2028-05-31")
BODY = ("Carthage Contrôle Biologique", "TN-BIO-099")
PRODUCTS = ("prickly_pear", "prickly_pear_seed", "prickly_pear_oil")

PARTIES = (
    Party("TN-OP", "Grappement figue de Barbarie", "operator", None, "bureau@figue.example", "operator", "TN"),
    *(
        Party(f"TN-C{number}", f"SMSA {name}", "farmer_group", name, f"bureau@c{number}.example", "sci", "TN")
        for number, name in enumerate(("Zelfen", "Thala", "Foussana", "Feriana"), 1)
    ),
    *(
        Party(f"TN-P{number}", name, "facility_operator", ZONE, f"qualite@p{number}.example", "qualite", "TN")
        for number, name in enumerate(("Presse de Zelfen", "Huilerie Chambi", "Nopal Kasserine"), 1)
    ),
    *(
        Party(f"TN-E{one:02d}", f"Opuntia Export {one}", "exporter", None, f"export@e{one}.example", "export", "TN")
        for one in range(1, EXPORTERS + 1)
    ),
    Party("TN-CB", "Carthage Contrôle Biologique", "certifier", None, "bureau@ccb.example", "certifier", "TN"),
)
NAMES = Names(
    ("Aïcha", "Fatma", "Khadija", "Latifa", "Mabrouka", "Najet", "Radhia", "Saïda", "Zohra", "Habiba"),
    ("Ali", "Bechir", "Habib", "Khaled", "Lotfi", "Mohamed", "Ridha", "Salah"),
    ("Abidi", "Bouazizi", "Dhahri", "Gharsalli", "Hermassi", "Jlassi", "Mhamdi", "Nasri", "Omri", "Rtibi"),
    ("Zelfen", "Aïn Jannet", "Bouderies", "Hydra", "Skhirat", "El Garaa"),
)


@dataclass(frozen=True, slots=True)
class Farmer:
    """A farmer: what the golden generator drew."""

    cooperative: int
    number: int
    woman: bool
    area_m2: int
    in_zone: bool

    @property
    def org(self) -> str:
        return f"TN-C{self.cooperative}"

    @property
    def code(self) -> str:
        return f"{self.org}-{self.number:03d}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Fruit that a farmer brings on a day of the season."""

    farmer: Farmer
    number: int
    day: int
    grams: int

    @property
    def code(self) -> str:
        return f"{self.farmer.code}-{self.number}"


@dataclass(frozen=True, slots=True)
class Pressing:
    """Fruit that becomes seed and oil together, and what the oil is found to be."""

    number: int
    deliveries: list[Delivery]
    seed_g: int
    oil_g: int
    peroxide: float
    acidity: float

    @property
    def code(self) -> str:
        return f"TN-L{self.number:02d}"

    @property
    def press(self) -> str:
        return f"TN-P{(self.number - 1) % PRESSES + 1}"

    @property
    def exporter(self) -> str:
        return f"TN-E{(self.number - 1) % EXPORTERS + 1:02d}"

    @property
    def fruit_g(self) -> int:
        return sum(item.grams for item in self.deliveries)


def generate() -> tuple[list[Farmer], list[Pressing]]:
    """Farmers, and pressings with their deliveries, in the order of draws."""
    draw = random.Random(SEED).random
    farmers, deliveries = [], []
    for cooperative in range(1, COOPERATIVES + 1):
        for number in range(1, FARMERS_EACH + 1):
            woman, area_m2, in_zone = draw() < 0.72, int(10_000 * (1 + 9 * draw())), draw() < 0.88
            farmer = Farmer(cooperative, number, woman, area_m2, in_zone)
            farmers.append(farmer)
            deliveries += [
                Delivery(farmer, one, int(DAYS * draw()), int(300 + 1700 * draw()) * 1000)
                for one in range(1, 2 + int(3 * draw()))
            ]
    deliveries.sort(key=lambda item: (item.day, item.farmer.code, item.number))
    return farmers, list(_pressings(deliveries, draw))


def _pressings(deliveries: list[Delivery], draw: Any) -> Iterator[Pressing]:
    for number, held in enumerate(closed_at(deliveries, lambda item: item.grams, PRESSING_G), start=1):
        seed_g = tenths(sum(item.grams for item in held) / 1000 * (0.024 + 0.012 * draw()))
        oil_g = hundredths(seed_g / 1000 * (0.028 + 0.012 * draw()))
        yield Pressing(number, held, seed_g, oil_g, 1.5 + 9.5 * draw(), 0.4 + 2.2 * draw())


def story() -> Story:
    """The season, to be played."""
    farmers, pressings = generate()
    other = random.Random(SEED + 1)
    tale = Story("TN_PEAR", SEED, FOUNDED, PARTIES)
    tale.registry = _registry(tale, farmers, pressings, other).write
    minutes: dict[tuple[str, int], int] = {}
    for pressing in pressings:
        _pressing(tale, pressing, minutes, other)
    tale.in_time()
    return tale


def _registry(tale: Story, farmers: list[Farmer], pressings: list[Pressing], other: random.Random) -> Register:
    register = Register(tale.uid, "TN", VALID[0], told.millis(morning(FOUNDED, 0)))
    presses = [f"TN-P{number}" for number in range(1, PRESSES + 1)]
    for org in [f"TN-C{number}" for number in range(1, COOPERATIVES + 1)]:
        register.site(org, f"{org}-S", f"Collection centre {org}", "buying_station", shared=presses)
        _certified(register, org, f"{org}-S", gi=True)
    for org in presses:
        register.site(org, f"{org}-S", f"Press {org}")
        _certified(register, org, f"{org}-S", gi=True)
    for org in [f"TN-E{number:02d}" for number in range(1, EXPORTERS + 1)]:
        register.site(org, f"{org}-S", f"Store {org}", "warehouse")
        _certified(register, org, f"{org}-S", gi=False)
    brought = {farmer.code: 0 for farmer in farmers}
    for item in (item for pressing in pressings for item in pressing.deliveries):
        brought[item.farmer.code] += item.grams
    for farmer in farmers:
        register.farmer(
            farmer.org,
            farmer.code,
            NAMES.person(other, woman=farmer.woman),
            certificates=[_number("EU_ORG", farmer.org), _number("GI", farmer.org)],
            inspected_on=(date(2025, 5, 5) + timedelta(days=farmer.number % 40)).isoformat(),
        )
        position = (35_200_000 + other.randint(-200_000, 200_000), 8_700_000 + other.randint(-200_000, 200_000))
        register.plot(
            farmer.org,
            farmer.code,
            "prickly_pear",
            farmer.area_m2,
            position,
            conversion_start="2019-03-01",
            zone=ZONE if farmer.in_zone else None,
        )
        estimate_g = brought[farmer.code] * other.randint(100, 130) // 100
        register.estimate(farmer.org, farmer.code, "2025/26", "prickly_pear_fruit", estimate_g)
    return register


def _number(scheme: str, org: str) -> str:
    return f"{'BIO' if scheme == 'EU_ORG' else 'IG'}-{org}"


def _certified(register: Register, org: str, site: str, *, gi: bool) -> None:
    """Organic, and where fruit is brought or pressed, the indication of origin."""
    register.certificate(org, _number("EU_ORG", org), "EU_ORG", BODY, VALID, categories=PRODUCTS, sites=[site])
    if gi:
        register.certificate(org, _number("GI", org), "GI", BODY, VALID, categories=PRODUCTS, sites=[site], zone=ZONE)


def _pressing(tale: Story, pressing: Pressing, minutes: dict[tuple[str, int], int], other: random.Random) -> None:
    last = max(item.day for item in pressing.deliveries)
    for item in pressing.deliveries:
        _delivery(tale, item, pressing.press, minutes)
    who, site = pressing.press, tale.uid(f"{pressing.press}-S")
    fruit, seed, oil = f"{pressing.code}-F", f"{pressing.code}-S", f"{pressing.code}-O"
    collected = morning(START, last + 1)
    tale.say(
        who,
        told.Received,
        f"received/{fruit}",
        collected,
        site=site,
        inputs=tuple(tale.drawn(item.code, item.grams) for item in pressing.deliveries),
        into=tale.named(fruit),
    )
    tale.say(
        who,
        told.Transformed,
        f"seed/{seed}",
        collected + timedelta(days=4),
        site=site,
        process="pulp_dry_seed",
        inputs=(tale.drawn(fruit, pressing.fruit_g),),
        outputs=(tale.made(seed, "prickly_pear_seed", pressing.seed_g),),
    )
    pressed = collected + timedelta(days=6)
    tale.say(
        who,
        told.Transformed,
        f"oil/{oil}",
        pressed,
        site=site,
        process="cold_press",
        inputs=(tale.drawn(seed, pressing.seed_g),),
        outputs=(tale.made(oil, "prickly_pear_oil", pressing.oil_g),),
    )
    peroxide, acidity = f"{pressing.peroxide:.1f}", f"{pressing.acidity:.1f}"
    tale.say(
        who,
        told.Inspected,
        f"inspected/{oil}",
        pressed + timedelta(days=1),
        lot=tale.uid(oil),
        measurements=measured(peroxide_value=peroxide, acid_value=acidity),
    )
    if pressing.peroxide <= 10:
        _sold(tale, pressing, oil, other)


def _delivery(tale: Story, item: Delivery, press: str, minutes: dict[tuple[str, int], int]) -> None:
    org, day = item.farmer.org, (item.farmer.org, item.day)
    minutes[day] = minutes.get(day, 0) + 6
    when = morning(START, item.day, minutes[day])
    tale.say(
        org,
        told.Delivered,
        f"delivered/{item.code}",
        when,
        site=tale.uid(f"{org}-S"),
        farmer=item.farmer.code,
        plot=f"{item.farmer.code}-A",
        harvested_on=when.date(),
        lot=tale.made(item.code, "prickly_pear_fruit", item.grams, owner=press),
    )


def _sold(tale: Story, pressing: Pressing, oil: str, other: random.Random) -> None:
    """The oil goes to an exporter, who labels it."""
    offered = morning(START, max(item.day for item in pressing.deliveries) + 9)
    tale.say(
        pressing.press,
        told.TransferOffered,
        f"offer/{oil}",
        offered,
        lots=(tale.uid(oil),),
        to=pressing.exporter,
        ownership=True,
        upstream=True,
    )
    tale.say(
        pressing.exporter,
        told.TransferAccepted,
        f"accepted/{oil}",
        offered + timedelta(days=2),
        offer=tale.uid(f"offer/{oil}"),
        site=tale.uid(f"{pressing.exporter}-S"),
    )
    if pressing.number % 6 == 1:
        tale.say(
            pressing.exporter,
            told.LabelIssued,
            f"label/{oil}",
            offered + timedelta(days=3),
            lot=tale.uid(oil),
            code=new_code(other.randbytes(10)),
        )


def totals(session: SystemSession) -> dict[str, Any]:
    """The figures of the season, from the ledger; litres by the density that the profile gives the oil."""
    lot = tally.LOT.c
    fruit, oil = tally.delivered_g(session), tally.out_of_g(session, "cold_press")
    millilitres = profiles().commodities["prickly_pear"].products["prickly_pear_oil"].millilitres(oil)
    assert millilitres is not None
    brought = session.execute(select(lot.product, lot.harvested_on, lot.initial_g).where(tally.DELIVERED))
    paid = payout((product, date.fromisoformat(day), grams) for product, day, grams in brought)
    return {
        "cooperatives": tally.parties(session, "farmer_group"),
        "companies": tally.parties(session, "facility_operator", "exporter"),
        "exporters": tally.parties(session, "exporter"),
        "farmers": tally.count(session, select(tally.FARMER.c.id)),
        "women": tally.women(session),
        "deliveries": tally.deliveries(session),
        "fruit_kg": fruit / 1000,
        "late_fruit_kg": tally.delivered_g(session, lot.harvested_on >= LATE.isoformat()) / 1000,
        "gi_zone_fruit_kg": tally.delivered_g(session, tally.carrying(lot.id, "GI", "gi")) / 1000,
        "batches": tally.runs(session, "cold_press"),
        "seed_kg": tally.out_of_g(session, "pulp_dry_seed") / 1000,
        "oil_kg": oil / 1000,
        "oil_litres_at_0_92": round(millilitres / 1000, 1),
        "fruit_kg_per_litre": float(round(fruit / millilitres)),
        "pv_over_10_batches": tally.failed(session, "peroxide_value"),
        "farmer_payout_tnd": paid / 1000,
    }
