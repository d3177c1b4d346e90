"""One export lot whose bags have labels of their own: some shipped, received by scanning, opened, and one void.

Played after the season, where the deployment has a folder of keys. Nothing of it moves the totals of the season.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from demo.story import quantity
from demo.trade import BAG_G
from domain import events as told
from domain.clones import DAY
from domain.label_token import parse_typed_code, to_base32
from domain.units import UnitToPrint
from domain.values import Actor
from ledger import opening, receipts, units
from ledger.ids import uuid7
from ledger.queries import find_lot
from ledger.record import Recorder, record
from models.db import system_session

LOT: Final = "LR-C1-EX-07"
EXPORTER, BUYER = "LR-E1", "EU-B1"
KEY: Final = 1
SHIPPED: Final = 40
RECEIVED: Final = 38
VOID: Final = 200
"""The last bag: its label was torn."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Two pages to look at: of a bag that was received, and of one that was opened."""

    received: str
    opened: str


def play(recorder: Recorder, ids: Mapping[str, int], turn: Callable[[int], None]) -> Shown:
    """Label the bags of the lot and let some of them go. ``turn``: moves the clock on by so many milliseconds."""
    assert recorder.keys is not None
    if KEY not in recorder.keys.label_publics():
        recorder.keys.make_label(KEY, recorder.entropy)
    exporter, buyer = (Actor(ids[code], code, "user:demo") for code in (EXPORTER, BUYER))
    with system_session(recorder.database, write=False) as session:
        lot = find_lot(session, exporter.org_id, LOT)
    units.label_units(recorder, exporter, LOT, first=1, count=lot.units, key=KEY, design="bag_100x150")
    units.printed(recorder, exporter, LOT, first=1, count=lot.units, design="bag_100x150")
    every = (told.UnitRange(first=1, last=lot.units),)
    gone = (told.UnitRange(first=1, last=SHIPPED),)
    turn(DAY)
    _tell(recorder, exporter, told.UnitsApplied, lot.uid, units=every)
    torn = (told.UnitRange(first=VOID, last=VOID),)
    _tell(recorder, exporter, told.UnitsVoided, lot.uid, units=torn, reason="Torn when the bag was sewn up")
    turn(DAY)
    _tell(
        recorder, exporter, told.Shipped, lot.uid, quantity=quantity(SHIPPED * BAG_G), to=BUYER, units=gone,
        document=f"BL-{LOT}",
    )  # fmt: skip
    turn(30 * DAY)
    with system_session(recorder.database, write=False) as session:
        labels = units.unit_labels(session, recorder, exporter.org_id, LOT, 1, SHIPPED)
    receipts.receive(recorder, buyer, [label.address for label in labels[:RECEIVED]], units.public_keys(recorder))
    turn(7 * DAY)
    opening.open_unit(recorder, _code(labels[0]), labels[0].opening_code)
    return Shown(received=labels[1].address, opened=labels[0].address)


def _code(label: UnitToPrint) -> str:
    return to_base32(parse_typed_code(label.typed_code))


def _tell(recorder: Recorder, actor: Actor, kind: Any, lot: str, **said: Any) -> None:
    now = recorder.clock()
    event = kind(id=uuid7(now, recorder.entropy), occurred_at=datetime.fromtimestamp(now / 1000, UTC), lot=lot, **said)
    (answer,) = record(recorder, actor, [event])
    if answer.refused is not None:
        raise answer.refused
