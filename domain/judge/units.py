"""Labels of units, and what becomes of the units: put on, received, opened, void."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from domain import events as told
from domain.book import UnitRow
from domain.judge.shared import grams_of, not_before, not_expired, own, packaging_of, seen
from domain.judge.world import World
from domain.refusals import Refused
from domain.ruling import Ruling, units_meant
from domain.units import OPENED_BY_CODE, State, labelled, may_become, numbers_of
from domain.values import Lot


def units_labelled(event: told.UnitsLabelled, world: World, at: int) -> Ruling:
    """Packed units without a label, of a lot that has a page; all labels together name no more grams than it has."""
    lot = own(event.lot, world, at)
    if lot.disposition != "available":
        raise Refused("LOT_BLOCKED", lot=lot.code, disposition=lot.disposition)
    not_expired(lot, at)
    if not any(label.lot == lot.key and label.state == "issued" for label in world.book.labels.values()):
        raise Refused("LOT_WITHOUT_LABEL", lot=lot.code)
    units = _named(lot, numbers_of(told.units_named(event)), world)
    _all_may(units, "issued", lot)
    about = about_g(lot, world)
    wanted = about + sum(unit.grams for unit in units)
    have = lot.initial_g - world.gone_g(lot.key)
    if wanted > have:
        raise Refused("LABELS_EXCEED_LOT", lot=lot.code, have_g=have, wanted_g=wanted)
    return Ruling(told_by=world.actor.name)


def about_g(lot: Lot, world: World) -> int:
    """Grams that the labels of a lot name. Units that came back are goods of another lot since."""
    units = world.book.units_of[lot.key].values()
    return sum(unit.grams for unit in units if labelled(unit.state) and unit.returned_at is None)


def labels_printed(event: told.LabelsPrinted, world: World, at: int) -> Ruling:
    """Labels that count; printed again, they are the same labels, and the reason is said.

    Opening codes are printed under a design of their own: the first time is no second print of the label.
    """
    lot = own(event.lot, world, at)
    for unit in _named(lot, numbers_of(told.units_named(event)), world):
        if not labelled(unit.state):
            raise Refused("UNIT_WITHOUT_LABEL", lot=lot.code, unit=unit.number)
        if unit.printed(event.design) and event.reason is None:
            raise Refused("REPRINT_WITHOUT_REASON", lot=lot.code, unit=unit.number)
    return Ruling(told_by=world.actor.name)


def units_applied(event: told.UnitsApplied, world: World, at: int) -> Ruling:
    """Issued labels; what was weighed is within the tolerance for units of this weight."""
    lot = own(event.lot, world, at)
    numbers = _some(numbers_of(told.units_named(event)), lot)
    units = _named(lot, numbers, world)
    _all_may(units, "applied", lot)
    commodity, _ = world.profiles.product(lot.product)
    packaging = packaging_of(commodity, [item.net for item in event.weighed])
    named = {unit.number: unit for unit in units}
    for i, item in enumerate(event.weighed):
        unit = named.get(item.unit)
        if unit is None:
            raise Refused("NO_SUCH_UNIT", lot=lot.code, unit=item.unit)
        net = grams_of(item.net, packaging, f"/weighed/{i}/net")
        _weighs(unit, net, lot, event.occurred_at.date(), world)
    return Ruling(packaging=packaging)


def _weighs(unit: UnitRow, net: int, lot: Lot, day: date, world: World) -> None:
    tolerance = world.profiles.register.tolerance_g(unit.grams, day)
    if abs(net - unit.grams) > tolerance:
        raise Refused(
            "UNIT_WEIGHT_OFF",
            lot=lot.code,
            unit=unit.number,
            weighed_g=net,
            label_g=unit.grams,
            tolerance_g=tolerance,
        )


def units_shipped(event: told.Shipped, lot: Lot, grams: int, world: World) -> None:
    """Units that a shipment names can leave, and weigh what it says. What came to its receiver since stands."""
    if event.units is None:
        return
    units = _named(lot, _some(numbers_of(told.units_named(event)), lot), world)
    moved_on = set(MOVED_ON) if world.correcting else set[str]()
    _all_may((unit for unit in units if unit.state not in moved_on), "shipped", lot)
    together = sum(unit.grams for unit in units)
    if together != grams:
        raise Refused("UNITS_WEIGH_OTHERWISE", lot=lot.code, units_g=together, wanted_g=grams)


MOVED_ON: Final = ("received", "returned", "opened")
"""What became of units after they were shipped; a correction of the shipment does not undo it."""


def units_returned(event: told.Returned, shipment: told.Shipped, lot: Lot, grams: int, world: World) -> list[int]:
    """The units that come back, by number.

    Those named; else all that left with the shipment and are not back yet, if together they are what comes back; else
    nobody said which. What was opened stays so, and is not said to be unopened.
    """
    left = set(numbers_of(told.units_named(shipment)))
    if event.units is None:
        known = world.book.units_of[lot.key]
        units = [known[number] for number in sorted(left & known.keys()) if known[number].returned_at is None]
        if sum(unit.grams for unit in units) != grams:
            return []
        units = [unit for unit in units if labelled(unit.state) and unit.shipped_at is not None]
    else:
        units = _named(lot, _some(numbers_of(told.units_named(event)), lot), world)
        for unit in units:
            if shipment.units is not None and unit.number not in left:
                raise Refused("UNIT_NOT_SHIPPED", lot=lot.code, unit=unit.number)
            if unit.returned_at is not None:
                said = {"unit_state": "unit_returned", "unit_becomes": "unit_returned"}
                raise Refused("UNIT_STATE", lot=lot.code, unit=unit.number, **said)
        together = sum(unit.grams for unit in units)
        if together < grams or (event.unopened and together != grams):
            raise Refused("UNITS_WEIGH_OTHERWISE", lot=lot.code, units_g=together, wanted_g=grams)
    closed = [unit for unit in units if event.unopened or unit.state != "opened"]
    _all_may(closed, "returned", lot)
    return [unit.number for unit in closed]


def units_received(event: told.UnitsReceived, world: World, at: int) -> Ruling:
    """By whoever has the codes, or is named in the shipment; each unit once until it is shipped again.

    Who has neither learns nothing of the lot, not even that it is there.
    """
    lot = world.book.by_uid.get(event.lot)
    by_code = _behind(event, lot, world)
    by_number = numbers_of(told.units_named(event))
    if lot is None or not (by_code or world.actor.org_id in lot.parties or world.shipped_to_me(lot.key)):
        raise Refused("LOT_UNKNOWN", lot=event.lot)
    not_before(lot, at)
    numbers = sorted({*_some(by_code + by_number, lot)})
    units = _named(lot, numbers, world)
    _all_may(units, "received", lot)
    me, sent = world.actor.org_id, world.shipped_to_me(lot.key)
    for unit in units:
        if unit.labelled_by == me and unit.state != "shipped":
            raise Refused("UNIT_NOT_SENT", lot=lot.code, unit=unit.number)
        known = unit.number in by_code or me in (lot.owner_id, lot.holder_id)
        if not known and not any(named is None or unit.number in named for named in sent):
            raise Refused("UNITS_NOT_FOR_YOU", lot=lot.code, unit=unit.number)
    return Ruling(numbers=sorted(by_code))


def _behind(event: told.UnitsReceived, lot: Lot | None, world: World) -> list[int]:
    """The units behind the codes of an event: all of its lot, and each the code of a label that counts."""
    numbers = []
    for code in event.codes:
        known = world.unit_codes.get(code)
        unit = world.book.units_of[known[0]].get(known[1]) if known is not None else None
        if known is None or lot is None or known[0] != lot.key or unit is None or unit.label_seq != known[2]:
            raise Refused("UNIT_CODE_UNKNOWN", label=code)
        numbers.append(unit.number)
    return numbers


def units_opened(event: told.UnitsOpened, world: World, at: int) -> Ruling:
    """By the owner or holder of the lot, or by whoever received the units."""
    lot = seen(event.lot, world, at)
    units = _named(lot, _some(numbers_of(told.units_named(event)), lot), world)
    me = world.actor.org_id
    if me not in (lot.owner_id, lot.holder_id) and any(unit.state_org != me for unit in units):
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    _all_may(units, "opened", lot)
    return Ruling(told_by=world.actor.name)


def units_voided(event: told.UnitsVoided, world: World, at: int) -> Ruling:
    """By the owner or holder of the lot, or by whoever issued the labels; also of a lot that is blocked."""
    lot = seen(event.lot, world, at)
    units = _named(lot, _some(numbers_of(told.units_named(event)), lot), world)
    me = world.actor.org_id
    if me not in (lot.owner_id, lot.holder_id) and any(unit.labelled_by != me for unit in units):
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    _all_may(units, "void", lot)
    return Ruling(told_by=world.actor.name)


def not_labelled(lot: Lot, world: World) -> None:
    """Units cannot be packed otherwise while labels of them are about."""
    about = sum(labelled(unit.state) for unit in world.book.units_of[lot.key].values())
    if about:
        raise Refused("UNITS_LABELLED", lot=lot.code, units=about)


def newest_of_its_units(
    wrong: told.AnyEvent, instead: told.AnyEvent | None, ruling: Ruling, seq: int, lot: Lot, world: World
) -> None:
    """What was told of units is taken back as long as nothing followed; what their opening code said is not.

    Labels that were void count again: together they still name no more grams than the lot has.
    """
    known, meant = world.book.units_of[lot.key], units_meant(wrong, ruling)
    for number in meant:
        if isinstance(wrong, told.UnitsOpened) and ruling.told_by == OPENED_BY_CODE:
            raise Refused("UNIT_OPENED_BY_CODE", lot=lot.code, unit=number)
        state = known[number].state if number in known else None
        if number not in known or known[number].state_seq != seq:
            raise Refused("UNIT_CHANGED_SINCE", lot=lot.code, unit=number, unit_state=f"unit_{state or 'packed'}")
    if isinstance(wrong, told.UnitsVoided):
        void = set(numbers_of(told.units_named(instead))) if isinstance(instead, told.UnitsVoided) else set[int]()
        again = (known[number] for number in meant if number not in void)
        wanted = about_g(lot, world) + sum(unit.grams for unit in again if unit.returned_at is None)
        have = lot.initial_g - world.gone_g(lot.key)
        if wanted > have:
            raise Refused("LABELS_EXCEED_LOT", lot=lot.code, have_g=have, wanted_g=wanted)


def not_moved_on(wrong: told.Shipped, instead: told.AnyEvent | None, lot: Lot, world: World) -> None:
    """Units that came to their receiver were shipped: a correction of the shipment names them too."""
    still = set(numbers_of(told.units_named(instead))) if isinstance(instead, told.Shipped) else set[int]()
    for unit in _named(lot, numbers_of(told.units_named(wrong)), world):
        if unit.state in MOVED_ON and unit.number not in still:
            raise Refused("UNIT_MOVED_ON", lot=lot.code, unit=unit.number, unit_state=f"unit_{unit.state}")


def _named(lot: Lot, numbers: Iterable[int], world: World) -> list[UnitRow]:
    known = world.book.units_of[lot.key]
    units = []
    for number in sorted(set(numbers)):
        if number not in known:
            raise Refused("NO_SUCH_UNIT", lot=lot.code, unit=number)
        units.append(known[number])
    return units


def _some(numbers: list[int], lot: Lot) -> list[int]:
    if not numbers:
        raise Refused("NO_UNITS", lot=lot.code)
    return numbers


def _all_may(units: Iterable[UnitRow], then: State, lot: Lot) -> None:
    for unit in units:
        state: State | None = unit.state  # type: ignore[assignment]
        if not may_become(state, then):
            said = {"unit_state": f"unit_{unit.state or 'packed'}", "unit_becomes": f"unit_{then}"}
            raise Refused("UNIT_STATE", lot=lot.code, unit=unit.number, **said)
