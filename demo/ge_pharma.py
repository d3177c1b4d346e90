"""Medicines in Georgia: three manufacturers, twelve products, sixty batches; yield, deviations, results out of limits.

The figures come from ``random.Random(20240919).random()`` alone, batch by batch: tablets in theory, yield, a
deviation, a result out of specification. Batches are told in tablets and kept in grams: the profile says what a
tablet weighs.
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
from domain.profiles import Commodity
from domain.quantity import WHOLE_BP
from ledger.issue import new_code
from ledger.profiles import profiles
from models.db import SystemSession

BOX = 30  # tablets
SEED = 20240919
START = date(2025, 1, 13)
MANUFACTURERS, BATCHES, PRODUCTS_EACH = 3, 20, 4
TABLET = "tablet_1g"
FOUNDED = date(2025, 1, 2)
VALID = ("2025-01-01", "2027-12-31")
BODY = ("Medicines Inspectorate (demo)", "GE-MI")

PARTIES = (
    Party("GE-OP", "Georgia Pharma Cluster Office", "operator", None, "office@pharma.example", "operator", "GE"),
    Party("GE-M1", "Mtkvari Pharma", "facility_operator", "Tbilisi", "qa@mtkvari.example", "qa", "GE"),
    Party("GE-M2", "Kolkhida Medicines", "facility_operator", "Kutaisi", "qa@kolkhida.example", "qa", "GE"),
    Party("GE-M3", "Iveria Laboratories", "facility_operator", "Rustavi", "qa@iveria.example", "qa", "GE"),
    Party("GE-W1", "Caucasus Medicines Wholesale", "exporter", "Tbilisi", "rp@cmw.example", "rp", "GE"),
    Party("GE-CB", "Medicines Inspectorate (demo)", "certifier", None, "desk@gmp.example", "certifier", "GE"),
)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of one product: tablets in theory and made, whether it deviated, whether a result is out of limits."""

    manufacturer: int
    number: int
    theoretical: int
    made: int
    deviation: bool
    oos: bool

    @property
    def code(self) -> str:
        return f"GE-M{self.manufacturer}-{self.number:03d}"

    @property
    def product(self) -> str:
        """The products of a manufacturer take turns."""
        position = (self.manufacturer - 1) * PRODUCTS_EACH + (self.number - 1) % PRODUCTS_EACH
        return [code for code, item in _pharma().products.items() if item.form == "tablet"][position]


def generate() -> Iterator[Batch]:
    """The batches, in the order of draws."""
    draw = random.Random(SEED).random
    for manufacturer in range(1, MANUFACTURERS + 1):
        for number in range(1, BATCHES + 1):
            theoretical = 100_000 + 1_000 * int(100 * draw())
            made = int(theoretical * (96.5 + 3.3 * draw()) / 100)
            yield Batch(manufacturer, number, theoretical, made, draw() < 0.10, draw() < 0.04)


def story() -> Story:
    """The year, to be played."""
    other = random.Random(SEED + 1)
    tale = Story("GE_PHARMA", SEED, FOUNDED, PARTIES)
    register = Register(tale.uid, "GE", VALID[0], told.millis(morning(FOUNDED, 0)))
    for number in range(1, MANUFACTURERS + 1):
        org = f"GE-M{number}"
        register.site(org, f"{org}-S", f"Tablet works {number}")
        register.farmer(org, f"{org}-WEIGH")  # the dispensary: where the blend comes from
        register.certificate(
            org, f"GMP-GE-{number:04d}", "GMP", BODY, VALID, categories=["medicine"], sites=[f"{org}-S"]
        )
    register.site("GE-W1", "GE-W1-WH", "Wholesale store, Tbilisi", "warehouse")
    tale.registry = register.write
    for batch in generate():
        _batch(tale, batch, other)
    tale.in_time()
    return tale


def _batch(tale: Story, batch: Batch, other: random.Random) -> None:
    who, code = f"GE-M{batch.manufacturer}", batch.code
    site, lot = tale.uid(f"{who}-S"), tale.uid(code)
    start = morning(START, (batch.number - 1) * 12, batch.manufacturer * 20)
    tale.say(
        who,
        told.Delivered,
        f"dispensed/{code}",
        start,
        site=site,
        farmer=f"{who}-WEIGH",
        lot=told.NewLot(
            lot=tale.uid(f"{code}-B"), code=f"{code}-B", product="pharma_blend", quantity=_tablets(batch.theoretical)
        ),
    )
    made = start + timedelta(days=2)
    tale.say(
        who,
        told.Transformed,
        f"made/{code}",
        made,
        site=site,
        process="manufacture",
        inputs=(told.Drawn(lot=tale.uid(f"{code}-B"), quantity=_tablets(batch.theoretical)),),
        outputs=(told.NewLot(lot=lot, code=code, product=batch.product, quantity=_tablets(batch.made)),),
    )
    _review(tale, batch, made)
    _yield(tale, batch, made)
    tested = made + timedelta(days=8)
    assay = other.randint(920, 947) if batch.oos else other.randint(970, 1030)
    tale.say(
        who,
        told.Inspected,
        f"tested/{code}",
        tested,
        lot=lot,
        stage="lot",
        measurements=measured(
            identity="1",
            assay=f"{assay // 10}.{assay % 10}",
            uniformity="1",
            impurities_total=f"0.{other.randint(1, 7)}",
            dissolution=str(other.randint(84, 99)),
            microbial="1",
        ),
    )
    if not batch.oos:
        printed = batch.made // BOX + 20
        tale.say(
            who,
            told.LabelsReconciled,
            f"labels/{code}",
            tested + timedelta(hours=6),
            lot=lot,
            printed=printed,
            used=batch.made // BOX,
            spoiled=12,
            put_back=8,
        )
        certified = tested + timedelta(hours=12)
        tale.say(f"{who}:QP", told.BatchCertified, f"certified/{code}", certified, lot=lot, register_no=f"REG-{code}")
    if not batch.oos and batch.number % 5 == 1:
        _released(tale, batch, tested, other)


def _yield(tale: Story, batch: Batch, made: datetime) -> None:
    """A yield below the range of the profile is a deviation, closed with its cause before the batch is certified."""
    step = _pharma().steps["manufacture"]
    assert step.yield_min_bp is not None
    if batch.made * WHOLE_BP >= batch.theoretical * step.yield_min_bp:
        return
    who, code, deviation = f"GE-M{batch.manufacturer}", batch.code, tale.uid(f"yield/{batch.code}")
    tale.say(
        who,
        told.DeviationRaised,
        f"low/{code}",
        made + timedelta(hours=3),
        lot=tale.uid(code),
        deviation=deviation,
        grade="minor",
        description="Yield below the range of the batch record",
    )
    tale.say(
        who,
        told.DeviationClosed,
        f"explained/{code}",
        made + timedelta(days=4),
        deviation=deviation,
        root_cause="Blend left in the dust extraction of the press",
        action="Extraction set anew before each campaign",
        owner="PRODUCTION",
        due=(made + timedelta(days=30)).date(),
    )


def _review(tale: Story, batch: Batch, made: datetime) -> None:
    """The batch record is read the next day; a deviation holds the batch until it is assessed."""
    who, code = f"GE-M{batch.manufacturer}", batch.code
    tale.say(
        who,
        told.Inspected,
        f"reviewed/{code}",
        made + timedelta(days=1),
        lot=tale.uid(code),
        stage="in_process",
        measurements=measured(open_deviations="1" if batch.deviation else "0"),
    )
    if batch.deviation:
        assessed = f"Deviation DEV-{code} assessed: no effect on quality; corrective action under way"
        tale.say(
            who,
            told.Inspected,
            f"closed/{code}",
            made + timedelta(days=5),
            lot=tale.uid(code),
            stage="in_process",
            measurements=measured(open_deviations="0"),
            retest_of=tale.uid(f"reviewed/{code}"),
            reason=assessed,
        )
        tale.say(
            who,
            told.Released,
            f"assessed/{code}",
            made + timedelta(days=6),
            lot=tale.uid(code),
            reason=assessed,
        )


def _released(tale: Story, batch: Batch, tested: datetime, other: random.Random) -> None:
    """Packed, labelled, and handed to the wholesaler."""
    who, lot = f"GE-M{batch.manufacturer}", tale.uid(batch.code)
    packaging = _pharma().packaging_grams()
    units, rest = divmod(batch.made * packaging[TABLET], packaging["shipper_3000"])
    tale.say(
        who,
        told.Packed,
        f"packed/{batch.code}",
        tested + timedelta(days=1),
        lot=lot,
        packaging="shipper_3000",
        units=units,
        rest=_tablets(rest // packaging[TABLET]) if rest else None,
    )
    tale.say(
        who,
        told.LabelIssued,
        f"label/{batch.code}",
        tested + timedelta(days=2),
        lot=lot,
        code=new_code(other.randbytes(10)),
    )
    offer = tale.uid(f"offer/{batch.code}")
    tale.say(
        who,
        told.TransferOffered,
        f"offer/{batch.code}",
        tested + timedelta(days=3),
        lots=(lot,),
        to="GE-W1",
        ownership=True,
    )
    tale.say(
        "GE-W1",
        told.TransferAccepted,
        f"accepted/{batch.code}",
        tested + timedelta(days=4),
        offer=offer,
        site=tale.uid("GE-W1-WH"),
    )


def _pharma() -> Commodity:
    return profiles().commodities["pharma"]


def _tablets(number: int) -> told.Quantity:
    """So many tablets, told as such."""
    return told.Quantity(value=str(number), unit=TABLET)


def totals(session: SystemSession) -> dict[str, Any]:
    """The figures of the year, from the ledger; tablets are grams by what the profile says that one weighs."""
    tablet_g = _pharma().packaging_grams()[TABLET]
    took, gave = tally.taken_by_run(session, "manufacture"), tally.given_by_run(session, "manufacture")
    oos = tally.failed(session, *_tests("lot"))
    return {
        "manufacturers": tally.parties(session, "facility_operator"),
        "products": tally.count(session, select(tally.LOT.c.product).where(tally.made_by("manufacture")).distinct()),
        "batches": len(gave),
        "theoretical_units": sum(took.values()) // tablet_g,
        "yielded_units": sum(gave.values()) // tablet_g,
        "batches_with_deviation": tally.failed(session, *_tests("in_process")),
        "batches_oos": oos,
        "batches_releasable": tally.count(
            session,
            select(tally.LOT.c.id).where(
                tally.made_by("manufacture"), tally.LOT.c.disposition == "available", tally.LOT.c.qc == "pass"
            ),
        ),
        "batches_below_97pct": sum(gave[run] * 100 < took[run] * 97 for run in gave),
    }


def _tests(stage: str) -> list[str]:
    """The tests of a stage, by the profile."""
    return [item.test for item in _pharma().specifications if stage in item.stages]
