"""What becomes of the dry beans: export lots, custody, packing, labels, shipping, and what goes wrong.

17 organic lots go to the certified exporter; two in-conversion lots go to one without certificate and lose their
claim there. One lot is held, one recalled after shipping, one fails in the laboratory, one label is replaced and one
cancelled: every state of the public page can be looked at.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from demo.lr_cocoa import CERTIFICATES, EXPORT_LOT_G, GROUPS, SEED, Batch, Season, drawn, uid
from demo.story import Told
from domain import events as told
from ledger.issue import new_code

ORGANIC = ("LR-C1", "LR-C2")
TO_UNCERTIFIED = ("LR-C3-EX-01", "LR-C3-EX-02")
SHIPPED = {
    **{f"LR-C1-EX-{number:02d}": "EU-B1" for number in range(1, 7)},
    **{f"LR-C2-EX-{number:02d}": "EU-B2" for number in range(1, 5)},
}
HELD, RECALLED, REPLACED, CANCELLED = "LR-C2-EX-06", "LR-C1-EX-05", "LR-C1-EX-04", "LR-C2-EX-08"
CONTAMINATED = "LR-C4-EX-03"
BAG_G = 62_500


@dataclass(slots=True)
class ExportLot:
    """Dry lots of one cooperative, put together for a contract."""

    code: str
    group: str
    parts: list[tuple[Batch, int]]  # (batch, grams of its dry lot)

    @property
    def grams(self) -> int:
        return sum(grams for _, grams in self.parts)

    @property
    def made_at(self) -> datetime:
        return max(batch.ready_at for batch, _ in self.parts) + timedelta(hours=6)


def export_lots(season: Season) -> list[ExportLot]:
    """Batches in their order into lots of 12,500 kg; one that crosses the line is shared; the last lot is as it is."""
    lots: list[ExportLot] = []
    for group in GROUPS:
        held: list[tuple[Batch, int]] = []
        room = EXPORT_LOT_G
        number = 1
        for batch in season.batches[group.code]:
            left = batch.final_g
            while left:
                part = min(left, room)
                held.append((batch, part))
                left -= part
                room -= part
                if not room:
                    lots.append(ExportLot(f"{group.code}-EX-{number:02d}", group.code, held))
                    held, room, number = [], EXPORT_LOT_G, number + 1
        if held:
            lots.append(ExportLot(f"{group.code}-EX-{number:02d}", group.code, held))
    return lots


def events(season: Season) -> Iterator[Told]:
    """The story of every export lot, each in its order."""
    chance = random.Random(SEED + 3)
    facility = {group.code: group.facility for group in GROUPS}
    for lot in export_lots(season):
        yield from _story(lot, facility[lot.group], chance)


def _story(lot: ExportLot, facility: str, chance: random.Random) -> Iterator[Told]:
    when, code = lot.made_at, lot.code
    yield (
        lot.group,
        told.Bulked(
            id=uid(f"bulked/{code}"),
            occurred_at=when,
            site=uid(facility),
            inputs=tuple(drawn(batch.final_lot, grams) for batch, grams in lot.parts),
            into=told.Named(lot=uid(code), code=code),
        ),
    )
    holder = lot.group
    if lot.group in ORGANIC or code in TO_UNCERTIFIED:
        holder = "LR-E1" if lot.group in ORGANIC else "LR-E2"
        offer = uid(f"offer/{code}")
        yield (
            lot.group,
            told.TransferOffered(id=offer, occurred_at=when + timedelta(days=1), lots=(uid(code),), to=holder),
        )
        yield (
            holder,
            told.TransferAccepted(
                id=uid(f"accept/{code}"),
                occurred_at=when + timedelta(days=3),
                offer=offer,
                site=uid(f"{holder}-WH"),
                weighed=(drawn(code, lot.grams),),
            ),
        )
    yield holder, _inspected(code, when + timedelta(days=4), chance)
    units, rest = divmod(lot.grams, BAG_G)
    yield (
        holder,
        told.Packed(
            id=uid(f"packed/{code}"),
            occurred_at=when + timedelta(days=5),
            lot=uid(code),
            packaging="jute_62.5",
            units=units,
            rest=drawn(code, rest).quantity if rest else None,
        ),
    )
    first = _label(code, when + timedelta(days=6), chance, 1)
    yield holder, first
    if code == REPLACED:
        yield holder, _label(code, when + timedelta(days=8), chance, 2)
    if code in SHIPPED:
        yield holder, _shipped(lot, when + timedelta(days=10))
    yield from _what_goes_wrong(lot, holder, when, first.code)


def _what_goes_wrong(lot: ExportLot, holder: str, when: datetime, label: str) -> Iterator[Told]:
    code, later = lot.code, when + timedelta(days=14)
    if code == HELD:
        yield (
            holder,
            told.Held(
                id=uid("held"),
                occurred_at=later,
                lot=uid(code),
                reason="Damp bags after a roof leak; moisture to be checked again",
            ),
        )
    if code == RECALLED:
        yield (
            holder,
            told.Recalled(id=uid("recalled"), occurred_at=later, lot=uid(code), reason="Live insects found on arrival"),
        )
    if code == CANCELLED:
        yield (
            holder,
            told.LabelRevoked(id=uid("revoked"), occurred_at=later, code=label, reason="Printed for the wrong lot"),
        )
    if code == CONTAMINATED:
        measured = (told.Result(test="benzo_a_pyrene", value="7.1"),)
        yield holder, told.Inspected(id=uid("contaminated"), occurred_at=later, lot=uid(code), measurements=measured)


def _inspected(code: str, when: datetime, chance: random.Random) -> told.Inspected:
    return told.Inspected(
        id=uid(f"inspected/{code}"),
        occurred_at=when,
        lot=uid(code),
        stage="loading",
        measurements=(told.Result(test="moisture", value=f"7.{chance.randint(0, 5)}"),),
        cut_test=told.CutTest(
            mouldy=chance.randint(2, 8),
            slaty=chance.randint(0, 6),
            insect_damaged=chance.randint(0, 3),
            germinated=chance.randint(0, 2),
            flat=chance.randint(0, 2),
            violet=chance.randint(8, 36),
        ),
    )


def _label(code: str, when: datetime, chance: random.Random, number: int) -> told.LabelIssued:
    return told.LabelIssued(
        id=uid(f"label/{code}/{number}"), occurred_at=when, lot=uid(code), code=new_code(chance.randbytes(10))
    )


def _shipped(lot: ExportLot, when: datetime) -> told.Shipped:
    papers = tuple(uid(CERTIFICATES[holder][0]) for holder in (lot.group, "LR-E1"))
    return told.Shipped(
        id=uid(f"shipped/{lot.code}"),
        occurred_at=when,
        lot=uid(lot.code),
        quantity=drawn(lot.code, lot.grams).quantity,
        claims=(told.ClaimMade(scheme="EU_ORG", value="organic", certificates=papers),),
        to=SHIPPED[lot.code],
        document=f"BL-{lot.code}",
    )
