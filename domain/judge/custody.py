"""Offers of lots to others, and their answers."""

from __future__ import annotations

from domain import events as told
from domain.judge.shared import (
    batch_certified_before,
    grams_of,
    no_twice,
    not_before,
    packaging_of,
    site_caps,
    the_organisation,
    the_site,
    usable,
)
from domain.judge.world import World
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.values import Transfer


def offered(event: told.TransferOffered, world: World, at: int) -> Ruling:
    """Custody offered: of lots that the teller may give, with something left, not in a vessel."""
    to = the_organisation(event.to, world)
    if to == world.actor.org_id:
        raise Refused("ORGANISATION_UNKNOWN", organisation=event.to)
    for uid in event.lots:
        lot = usable(uid, world, at)
        if event.ownership and lot.owner_id != world.actor.org_id:
            raise Refused("LOT_NOT_YOURS", lot=lot.code)
        if event.ownership:
            batch_certified_before(lot, event.occurred_at.date(), world)
        if lot.remaining_g == 0:
            raise Refused("NOTHING_LEFT", lot=lot.code)
        if world.book.loaded_g(lot.key):
            raise Refused("LOT_IN_VESSEL", lot=lot.code)
    no_twice(event.lots, world)
    return Ruling(to=to)


def _offer(uid: str, world: World, *, by_receiver: bool) -> Transfer:
    transfer = world.book.transfers.get(uid)
    if transfer is None or world.actor.org_id not in (transfer.org_id, transfer.to_org_id):
        raise Refused("TRANSFER_UNKNOWN", transfer=uid)
    if by_receiver and transfer.to_org_id != world.actor.org_id:
        raise Refused("TRANSFER_NOT_FOR_YOU", transfer=uid)
    if transfer.state != "offered":
        raise Refused("TRANSFER_CLOSED", transfer=uid, state=transfer.state)
    return transfer


def accepted(event: told.TransferAccepted, world: World, at: int) -> Ruling:
    """An offer taken over at a site of the receiver, with its own weights."""
    transfer = _offer(event.offer, world, by_receiver=True)
    site = the_site(event.site, world)
    if site.org_id != world.actor.org_id:
        raise Refused("SITE_UNKNOWN", site=event.site)
    offered = dict(transfer.lots)
    lots = [world.book.by_uid[uid] for uid in offered]
    packaging: dict[str, int] = {}
    no_twice([item.lot for item in event.weighed], world)
    for i, item in enumerate(event.weighed):
        if item.lot not in offered:
            raise Refused("LOT_UNKNOWN", lot=item.lot)
        lot = world.book.by_uid[item.lot]
        packaging |= packaging_of(world.profiles.product(lot.product)[0], [item.quantity])
        weighed = grams_of(item.quantity, packaging, f"/weighed/{i}/quantity")
        if weighed > lot.remaining_g:
            raise Refused("WEIGHT_ABOVE_OFFER", lot=lot.code, offered_g=lot.remaining_g, weighed_g=weighed)
    for lot in lots:
        not_before(lot, at)
        if lot.disposition != "available":
            raise Refused("LOT_BLOCKED", lot=lot.code, disposition=lot.disposition)
    return Ruling(holder=site.org_id, site=site.id, packaging=packaging, caps=site_caps(lots, site, event, world))


def rejected(event: told.TransferRejected, world: World) -> Ruling:
    """An offer turned down, by either side."""
    transfer = _offer(event.offer, world, by_receiver=False)
    return Ruling(to=transfer.to_org_id)
