"""An error is taken back, and the right event judged in its place."""

from __future__ import annotations

from domain import events as told
from domain.judge.shared import grams_of, packaging_of
from domain.judge.units import newest_of_its_units, not_labelled, not_moved_on
from domain.judge.world import World
from domain.refusals import Refused
from domain.ruling import Ruling

CORRECTABLE = (
    "delivered",
    "received",
    "bulked",
    "split",
    "transformed",
    "sampled",
    "sample_handed_over",
    "tests_ordered",
    "inspected",
    "document_attached",
    "checked",
    "packed",
    "shipped",
    "units_applied",
    "units_received",
    "units_opened",
    "units_voided",
    "returned",
    "labels_reconciled",
    "lost",
    "cleaned",
    "certified",
)


def corrected(event: told.Corrected, world: World) -> Ruling:
    """The error must be the actor's own; what it did is taken back, then the right event is judged in its place."""
    found = world.original(event.event)
    if found is None:
        raise Refused("EVENT_UNKNOWN", event=event.event)
    original, ruling, seq, voided = found
    if voided:
        raise Refused("ALREADY_CORRECTED", event=event.event)
    if original.type not in CORRECTABLE:
        raise Refused("CORRECTION_NOT_ALLOWED", event=event.event, type=original.type)
    if event.instead is not None and event.instead.type != original.type:
        raise Refused("CORRECTION_TYPE_MISMATCH", event=event.event, type=original.type, instead=event.instead.type)
    for uid in told.lots_made(original):
        lot = world.book.by_uid[uid]
        if lot.transfer_seq is not None or world.actor.org_id not in (lot.owner_id, lot.holder_id):
            raise Refused("CORRECTION_NOT_ALLOWED", event=event.event, type=original.type)
    if isinstance(original, told.Packed):
        not_labelled(world.book.by_uid[original.lot], world)
    if isinstance(original, told.UnitsApplied | told.UnitsReceived | told.UnitsOpened | told.UnitsVoided):
        newest_of_its_units(original, event.instead, ruling, seq, world.book.by_uid[original.lot], world)
    if isinstance(original, told.Shipped):
        not_moved_on(original, event.instead, world.book.by_uid[original.lot], world)
        _came_back(original, event.instead, world)
    return Ruling()


def _came_back(wrong: told.Shipped, instead: told.AnyEvent | None, world: World) -> None:
    """What was shipped is no less than what of it came back."""
    lot = world.book.by_uid[wrong.lot]
    commodity, _ = world.profiles.product(lot.product)

    def grams(event: told.Shipped) -> int:
        return grams_of(event.quantity, packaging_of(commodity, [event.quantity]), "/instead/quantity")

    now = grams(instead) if isinstance(instead, told.Shipped) and instead.lot == wrong.lot else 0
    still_out = world.shipped_g(lot.key) - grams(wrong) + now
    if still_out < 0:
        raise Refused("SHIPMENT_RETURNED", lot=lot.code, returned_g=now - still_out, wanted_g=now)
