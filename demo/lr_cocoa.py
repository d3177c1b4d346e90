"""A season of Liberian cocoa, full size: 2,515 farmers, 11,291 deliveries, four shared facilities, two exporters.

The figures come from ``random.Random(20240915).random()`` alone, in a fixed order of draws; names, villages and the
small counts of a cut test come from a second generator, so that they never disturb the first. Weights are integers
of 100 g in the generator and grams in the ledger. All organisations and persons are fictional.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from demo.story import Party, Told, quantity
from domain import events as told

SEED = 20240915
START = date(2024, 10, 1)
DAYS = 150
SEASON = "2024/25"
NAMESPACE = UUID("b6f1c1de-7c1e-5b9d-9d0e-20240915c0c0")

BATCH = 9_000  # a batch is closed at 900 kg of wet beans
BOX_G = 1_000_000
COMPARTMENT_G = 250_000
PARTED = {"LR-F1": 1, "LR-F2": 1, "LR-F3": 1, "LR-F4": 2}  # boxes parted into four compartments for what is left over
COMPARTMENTS = 4
FERMENTATION = timedelta(days=5)
DRYING = timedelta(days=7)
TURNAROUND = timedelta(minutes=10)
EXPORT_LOT_G = 12_500_000
WET_PER_DRY = 0.40
MOST_MOISTURE = 8.0
REDRIED_TO = 7.5
OVER_DELIVERS = 97  # every 97th member brings 125 % of the estimate

PRODUCTS = ("cocoa_beans",)
VALID = ("2024-06-01", "2028-05-31")


@dataclass(frozen=True, slots=True)
class Group:
    """A cooperative: members, conversion, the facility it uses, its internal inspectors."""

    code: str
    members: int
    conversion_start: str
    facility: str
    inspectors: int
    county: tuple[int, int]  # around which its plots lie, micro-degrees (latitude, longitude)


GROUPS = (
    Group("LR-C1", 540, "2019-05-01", "LR-F1", 16, (7_000_000, -8_900_000)),
    Group("LR-C2", 475, "2019-05-01", "LR-F2", 14, (6_850_000, -8_780_000)),
    Group("LR-C3", 520, "2023-03-01", "LR-F3", 15, (7_780_000, -9_480_000)),
    Group("LR-C4", 505, "2023-03-01", "LR-F4", 14, (7_000_000, -9_550_000)),
    Group("LR-C5", 475, "2023-03-01", "LR-F4", 13, (6_800_000, -9_400_000)),
)
BOXES = {"LR-F1": 12, "LR-F2": 10, "LR-F3": 12, "LR-F4": 22}
CONTRACTS_KG = (120_000, 80_000)

PARTIES = (
    Party("LR-OP", "Liberia Cocoa Cluster Office", "operator", None, "office@cluster.example", "operator"),
    Party(
        "LR-C1", "Nimba Hills Cocoa Farmers' Cooperative", "farmer_group", "Nimba", "office@nimbahills.example", "ics"
    ),
    Party("LR-C2", "Saint John River Cocoa Growers", "farmer_group", "Nimba", "office@stjohnriver.example", "ics"),
    Party("LR-C3", "Lofa Green Cocoa Cooperative", "farmer_group", "Lofa", "office@lofagreen.example", "ics"),
    Party("LR-C4", "Bong Range Farmers' Cooperative", "farmer_group", "Bong", "office@bongrange.example", "ics"),
    Party("LR-C5", "Suakoko Valley Cocoa Cooperative", "farmer_group", "Bong", "office@suakoko.example", "ics"),
    Party(
        "LR-FAC", "Shared Fermentation and Drying Centres", "facility_operator", None, "desk@centres.example", "desk"
    ),
    Party("LR-E1", "Mesurado Organic Cocoa Exporters", "exporter", "Montserrado", "trace@mesurado.example", "export"),
    Party("LR-E2", "Cape Mount Trading", "exporter", "Grand Cape Mount", "office@capemount.example", "export"),
    Party("EU-B1", "Hansekontor Kakao", "buyer", None, "einkauf@hansekontor.example", "buyer", "DE"),
    Party("EU-B2", "Maison du Cacao Équitable", "buyer", None, "achats@maisoncacao.example", "buyer", "FR"),
    Party("LR-CB", "Savanna Organic Certification", "certifier", None, "desk@savanna.example", "certifier"),
    Party("LR-LAB", "Monrovia Food Laboratory", "laboratory", None, "lab@mfl.example", "lab"),
)
FACILITIES = {
    "LR-F1": ("Kpein Fermentation and Drying Centre", "Nimba"),
    "LR-F2": ("Saclepea Fermentation and Drying Centre", "Nimba"),
    "LR-F3": ("Zorzor Fermentation and Drying Centre", "Lofa"),
    "LR-F4": ("Gbarnga Fermentation and Drying Centre", "Bong"),
}
WAREHOUSES = {
    "LR-E1-WH": ("LR-E1", "Mesurado Warehouse, Freeport of Monrovia"),
    "LR-E2-WH": ("LR-E2", "Cape Mount Shed, Bushrod Island"),
}
CERTIFICATES = {
    "LR-C1": ("LR-BIO-149-0001", "LR-F1"),
    "LR-C2": ("LR-BIO-149-0002", "LR-F2"),
    "LR-C3": ("LR-BIO-149-0003", "LR-F3"),
    "LR-C4": ("LR-BIO-149-0004", "LR-F4"),
    "LR-C5": ("LR-BIO-149-0005", "LR-F4"),
    "LR-E1": ("LR-BIO-149-0101", "LR-E1-WH"),
}
BODY = ("Savanna Organic Certification", "LR-BIO-149")

_FIRST_F = (
    "Musu",
    "Korpo",
    "Kebbeh",
    "Garmai",
    "Yassah",
    "Lorpu",
    "Hawa",
    "Fatu",
    "Tenneh",
    "Siah",
    "Martha",
    "Comfort",
)
_FIRST_M = ("Flomo", "Mulbah", "Sumo", "Togar", "Varney", "Boakai", "Saah", "Tamba", "Moses", "Prince", "Dolo", "Gaye")
_LAST = ("Kollie", "Flomo", "Mulbah", "Dolo", "Gaye", "Suah", "Zeon", "Karnga", "Togba", "Paye", "Saye", "Sumo")
_VILLAGES = ("Karnplay", "Bahn", "Flumpa", "Zorgowee", "Sehyi", "Kpein", "Gbedin", "Duoplay", "Garplay", "Zuluyee")


def uid(name: str) -> str:
    """The id of a thing of the demo, always the same."""
    return str(uuid5(NAMESPACE, name))


def instant(day: int, minutes: int = 0) -> datetime:
    """So many minutes after six in the morning of a day of the season."""
    return datetime(START.year, START.month, START.day, 6, tzinfo=UTC) + timedelta(days=day, minutes=minutes)


@dataclass(frozen=True, slots=True)
class Member:
    """A farmer: what the golden generator drew, and what the other one made up."""

    code: str
    group: str
    area_m2: int
    estimate_g: int
    woman: bool
    name: str
    birth_year: int
    village: str
    position: tuple[int, int]
    inspector: str
    inspected_on: str
    deliveries: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """Wet beans that a member brings on a day of the season."""

    group: str
    day: int
    member: int
    number: int
    grams: int

    @property
    def farmer(self) -> str:
        return f"{self.group}-{self.member:04d}"

    @property
    def lot(self) -> str:
        return f"{self.farmer}-{self.number}"


@dataclass(slots=True)
class Batch:
    """Deliveries that are fermented and dried together."""

    group: str
    number: int
    deliveries: list[Delivery]
    dry_g: int
    moisture: float
    mouldy: int
    redried_g: int | None
    received_at: datetime = field(default_factory=lambda: instant(0))
    loaded_at: datetime = field(default_factory=lambda: instant(0))
    vessels: list[tuple[str, int]] = field(default_factory=list)  # (vessel code, grams)

    @property
    def code(self) -> str:
        return f"{self.group[3:]}-{self.number:04d}"

    @property
    def wet_g(self) -> int:
        return sum(delivery.grams for delivery in self.deliveries)

    @property
    def final_lot(self) -> str:
        return f"{self.code}-DR" if self.redried_g is not None else f"{self.code}-D"

    @property
    def final_g(self) -> int:
        return self.redried_g if self.redried_g is not None else self.dry_g

    @property
    def dried_at(self) -> datetime:
        return self.loaded_at + FERMENTATION + DRYING

    @property
    def ready_at(self) -> datetime:
        return self.dried_at + (timedelta(days=2, hours=3) if self.redried_g is not None else timedelta(hours=3))


@dataclass(slots=True)
class Season:
    """Everything that the season is made of."""

    members: dict[str, list[Member]]
    deliveries: dict[str, list[Delivery]]
    batches: dict[str, list[Batch]]
    longest_wait: timedelta = timedelta(0)


def generate() -> Season:
    """Draw the season, in the order of draws that the scenario prescribes."""
    golden, other = random.Random(SEED), random.Random(SEED + 1)
    draw = golden.random
    members: dict[str, list[Member]] = {}
    deliveries: dict[str, list[Delivery]] = {}
    for group in GROUPS:
        members[group.code], deliveries[group.code] = [], []
        for index in range(1, group.members + 1):
            area = round(0.50 + 1.50 * draw(), 2)
            per_hectare = 120 + 120 * draw()
            woman = draw() < 0.30
            estimate = int(area * per_hectare)
            count = 3 + int(4 * draw())
            fraction = 0.78 + 0.20 * draw()
            if index % OVER_DELIVERS == 0:
                fraction = 1.25
            wet = round(estimate / WET_PER_DRY * fraction * 10)
            parts = [wet // count] * (count - 1)
            parts.append(wet - sum(parts))
            days = [int(DAYS * draw()) for _ in range(count)]
            members[group.code].append(_member(group, index, area, estimate, woman, count, other))
            deliveries[group.code] += [
                Delivery(group.code, day, index, number, part * 100)
                for number, (day, part) in enumerate(zip(days, parts, strict=True), 1)
            ]
        deliveries[group.code].sort(key=lambda item: (item.day, item.member, item.number))
    batches = {group.code: list(_batches(deliveries[group.code], golden)) for group in GROUPS}
    season = Season(members, deliveries, batches)
    _schedule(season)
    return season


def _member(
    group: Group, index: int, area: float, estimate: int, woman: bool, count: int, other: random.Random
) -> Member:
    first = other.choice(_FIRST_F if woman else _FIRST_M)
    latitude, longitude = group.county
    return Member(
        code=f"{group.code}-{index:04d}",
        group=group.code,
        area_m2=round(area * 10_000),
        estimate_g=estimate * 1000,
        woman=woman,
        name=f"{first} {other.choice(_LAST)}",
        birth_year=other.randint(1948, 2003),
        village=other.choice(_VILLAGES),
        position=(latitude + other.randint(-50_000, 50_000), longitude + other.randint(-50_000, 50_000)),
        inspector=f"{group.code}-I{(index - 1) % group.inspectors + 1:02d}",
        inspected_on=(date(2024, 8, 1) + timedelta(days=(index * 7) % 55)).isoformat(),
        deliveries=count,
    )


def _batches(deliveries: list[Delivery], golden: random.Random) -> Iterator[Batch]:
    """Deliveries in order of day, member and number; a batch is closed when it reaches 900 kg, the last as it is."""
    held: list[Delivery] = []
    number = 0
    for position, delivery in enumerate(deliveries):
        held.append(delivery)
        wet = sum(item.grams for item in held) // 100
        if wet < BATCH and position < len(deliveries) - 1:
            continue
        number += 1
        dry = int(wet * (0.375 + 0.045 * golden.random()))
        moisture = round(6.2 + 2.2 * golden.random(), 1)
        mouldy = int(12 * golden.random())
        redried = int(dry * (100 - moisture) / (100 - REDRIED_TO)) if moisture > MOST_MOISTURE else None
        yield Batch(
            delivery.group, number, held, dry * 100, moisture, mouldy, redried * 100 if redried is not None else None
        )
        held = []


# --- the shared facilities ---


def vessels(facility: str) -> list[tuple[str, int]]:
    """Boxes of a facility and the compartments of its parted boxes, with what they hold."""
    boxes = [(f"{facility}-B{number:02d}", BOX_G) for number in range(1, BOXES[facility] - PARTED[facility] + 1)]
    parts = range(1, PARTED[facility] * COMPARTMENTS + 1)
    return boxes + [(f"{facility}-P{number}", COMPARTMENT_G) for number in parts]


def _schedule(season: Season) -> None:
    """First come, first served: a batch waits for a free box, and for a compartment if it is more than a box holds."""
    for group in GROUPS:
        minutes: dict[int, int] = {}
        moments = {}
        for delivery in season.deliveries[group.code]:
            minutes[delivery.day] = minutes.get(delivery.day, 0) + 9
            moments[delivery.lot] = instant(delivery.day, minutes[delivery.day])
        for batch in season.batches[group.code]:
            batch.received_at = moments[batch.deliveries[-1].lot] + timedelta(minutes=4)
    for facility in BOXES:
        free = {code: instant(0) for code, _ in vessels(facility)}
        users = [group.code for group in GROUPS if group.facility == facility]
        queue = [batch for code in users for batch in season.batches[code]]
        for batch in sorted(queue, key=lambda item: (item.received_at, item.group)):
            ready = batch.received_at + timedelta(minutes=30)
            box = min((code for code in free if "-B" in code), key=lambda code: (free[code], code))
            chosen = [(box, min(batch.wet_g, BOX_G))]
            if batch.wet_g > BOX_G:
                others = [code for code in free if code != box]
                part = min(others, key=lambda code: (max(free[code], ready, free[box]), "-B" in code, code))
                chosen.append((part, batch.wet_g - BOX_G))
            start = max(ready, *(free[code] for code, _ in chosen))
            batch.loaded_at, batch.vessels = start, chosen
            season.longest_wait = max(season.longest_wait, start - ready)
            for code, _ in chosen:
                free[code] = start + FERMENTATION + TURNAROUND


# --- the season as events ---


def drawn(lot: str, grams: int) -> told.Drawn:
    """So many grams of a lot."""
    return told.Drawn(lot=uid(lot), quantity=quantity(grams))


def made(lot: str, product: str, grams: int) -> told.NewLot:
    """A new lot of so many grams."""
    return told.NewLot(lot=uid(lot), code=lot, product=product, quantity=quantity(grams))


def events(season: Season) -> Iterator[Told]:
    """What the cooperatives and the facilities tell of the harvest, in no order but each one's own."""
    other = random.Random(SEED + 2)
    for group in GROUPS:
        yield from _deliveries(season, group)
        for batch in season.batches[group.code]:
            yield from _fermentation(batch, group, other)


def _deliveries(season: Season, group: Group) -> Iterator[Told]:
    site = uid(group.facility)
    minutes: dict[int, int] = {}
    for delivery in season.deliveries[group.code]:
        minutes[delivery.day] = minutes.get(delivery.day, 0) + 9
        when = instant(delivery.day, minutes[delivery.day])
        yield (
            group.code,
            told.Delivered(
                id=uid(f"delivered/{delivery.lot}"),
                occurred_at=when,
                site=site,
                farmer=delivery.farmer,
                plot=f"{delivery.farmer}-A",
                harvested_on=(when - timedelta(days=1)).date(),
                lot=made(delivery.lot, "cocoa_wet_beans", delivery.grams),
            ),
        )
    for batch in season.batches[group.code]:
        yield (
            group.code,
            told.Received(
                id=uid(f"received/{batch.code}"),
                occurred_at=batch.received_at,
                site=site,
                inputs=tuple(drawn(item.lot, item.grams) for item in batch.deliveries),
                into=told.Named(lot=uid(f"{batch.code}-W"), code=f"{batch.code}-W"),
            ),
        )


def _fermentation(batch: Batch, group: Group, other: random.Random) -> Iterator[Told]:
    """What the facility does with a batch: boxes, turning, a reading, drying, the cut test, and drying again."""
    start, wet = batch.loaded_at, f"{batch.code}-W"
    for position, (vessel, grams) in enumerate(batch.vessels):
        load = f"{batch.code}-L{position}"
        yield _facility(
            told.Loaded,
            f"loaded/{load}",
            start,
            vessel=uid(vessel),
            load=uid(load),
            contents=(drawn(wet, grams),),
        )
        yield _facility(told.Turned, f"turned/{load}/1", start + timedelta(hours=48), load=uid(load))
        yield _facility(
            told.Read,
            f"read/{load}",
            start + timedelta(hours=72),
            load=uid(load),
            measurements=(told.Measurement(test="mass_temperature", value=str(other.randint(45, 50))),),
        )
        yield _facility(told.Turned, f"turned/{load}/2", start + timedelta(hours=96), load=uid(load))
        yield _facility(told.Unloaded, f"unloaded/{load}", start + FERMENTATION, load=uid(load))
    dry = f"{batch.code}-D"
    yield _facility(
        told.Transformed,
        f"dried/{dry}",
        batch.dried_at,
        site=uid(group.facility),
        process="ferment_dry",
        inputs=(drawn(wet, batch.wet_g),),
        outputs=(made(dry, "cocoa_dry_beans", batch.dry_g),),
    )
    cut = _cut_test(batch, other)
    yield _inspection(dry, batch.dried_at + timedelta(hours=2), batch.moisture, cut)
    if batch.redried_g is not None:
        again = f"{batch.code}-DR"
        yield _facility(
            told.Transformed,
            f"redried/{again}",
            batch.dried_at + timedelta(days=2),
            site=uid(group.facility),
            process="redry",
            inputs=(drawn(dry, batch.dry_g),),
            outputs=(made(again, "cocoa_dry_beans", batch.redried_g),),
        )
        yield _inspection(again, batch.dried_at + timedelta(days=2, hours=2), REDRIED_TO, cut)


def _facility(kind: type[told.Base], name: str, when: datetime, **fields: object) -> Told:
    return ("LR-FAC", kind(id=uid(name), occurred_at=when, **fields))  # type: ignore[return-value]


def _inspection(lot: str, when: datetime, moisture: float, cut: told.CutTest) -> Told:
    return _facility(
        told.Inspected,
        f"inspected/{lot}",
        when,
        lot=uid(lot),
        measurements=(told.Result(test="moisture", value=f"{moisture:.1f}"),),
        cut_test=cut,
    )


def _cut_test(batch: Batch, other: random.Random) -> told.CutTest:
    """300 beans: mould as drawn, the rest small enough that mould alone decides the grade."""
    return told.CutTest(
        mouldy=batch.mouldy,
        slaty=other.randint(0, 7),
        insect_damaged=other.randint(0, 3),
        germinated=other.randint(0, 2),
        flat=other.randint(0, 2),
        violet=other.randint(4, 40),
    )
