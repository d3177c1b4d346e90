"""Lots into lots: put together, parted, changed by a process."""

from __future__ import annotations

from collections.abc import Mapping

from domain import events as told
from domain.balance import yield_finding
from domain.findings import Finding, found
from domain.judge.shared import (
    caps_at,
    commingled,
    draw,
    fresh,
    grams_of,
    one_owner,
    one_product,
    owners_of,
    packaging_of,
    ready_for,
    seen,
    the_organisation,
    the_site,
    use_by_of,
)
from domain.judge.vessels import not_cleaned, open_load
from domain.judge.world import World
from domain.profiles import Commodity
from domain.quantity import proportion
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.values import Load, Lot, Site


def bulked(event: told.Bulked, world: World, at: int) -> Ruling:
    """Lots of one product and owner put together."""
    site = the_site(event.site, world)
    lots = [seen(item.lot, world, at) for item in event.inputs]
    commodity, _ = world.profiles.product(one_product(lots))
    packaging = packaging_of(commodity, [item.quantity for item in event.inputs])
    draw(event.inputs, world, at, packaging)
    fresh([event.into], world)
    for lot in lots:
        ready_for("bulked", lot, event.occurred_at.date(), world)
    return Ruling(
        holder=site.org_id,
        site=site.id,
        owners={event.into.lot: one_owner(lots)},
        expires=use_by_of([event.into], lots, event.occurred_at.date(), world),
        packaging=packaging,
        caps=caps_at(lots, site, event, world),
        findings=commingled(lots, event, world),
    )


def split(event: told.Split, world: World, at: int) -> Ruling:
    """A lot in parts of the same product that make it up. What quality holds may be parted: the parts are held too."""
    site = the_site(event.site, world)
    lot = seen(event.input.lot, world, at)
    commodity, _ = world.profiles.product(lot.product)
    packaging = packaging_of(commodity, [event.input.quantity, *(item.quantity for item in event.outputs)])
    made = [grams_of(item.quantity, packaging, f"/outputs/{i}/quantity") for i, item in enumerate(event.outputs)]
    drawn = draw([event.input], world, at, packaging, rework=True)
    if sum(made) != drawn:
        raise Refused("OUTPUT_MISMATCH", output_g=sum(made), input_g=drawn)
    for item in event.outputs:
        if item.product != lot.product:
            raise Refused("PRODUCT_MISMATCH", lot=item.code, product=item.product, expected=lot.product)
    fresh(event.outputs, world)
    return Ruling(
        holder=site.org_id,
        site=site.id,
        owners=owners_of(event.outputs, [lot], world),
        expires=use_by_of(event.outputs, [lot], event.occurred_at.date(), world),
        packaging=packaging,
        caps=caps_at([lot], site, event, world),
        batch=commodity.release_of(lot.product, event.occurred_at.date()) is not None,
    )


def transformed(event: told.Transformed, world: World, at: int) -> Ruling:
    """Goods changed by a step of their profile: outputs and loss are the inputs, to the gram."""
    site = the_site(event.site, world)
    lots = [seen(item.lot, world, at) for item in event.inputs]
    commodity, _ = world.profiles.product(lots[0].product)
    step = commodity.steps.get(event.process) if event.process is not None else None
    if event.process is not None:
        if step is None:
            raise Refused("STEP_UNKNOWN", process=event.process, commodity=commodity.id)
        for lot in lots:
            if lot.product not in step.from_products:
                raise Refused("PRODUCT_MISMATCH", lot=lot.code, product=lot.product, expected=step.from_products[0])
    for item in event.outputs:
        world.profiles.product(item.product)
        if step is not None and item.product not in step.to_products:
            raise Refused("PRODUCT_MISMATCH", lot=item.code, product=item.product, expected=step.to_products[0])
    loads = [open_load(uid, world, at) for uid in event.loads]
    said = [item.quantity for item in event.inputs] + [item.quantity for item in event.outputs]
    said += [event.loss] if event.loss else []
    packaging = packaging_of(commodity, said)
    made = sum(grams_of(item.quantity, packaging, f"/outputs/{i}/quantity") for i, item in enumerate(event.outputs))
    drawn = draw(
        event.inputs,
        world,
        at,
        packaging,
        ending=frozenset(event.loads),
        rework=step is not None and step.rework,
    )
    for load in loads:
        outside = set(load.contents) - {lot.key for lot in lots}
        if outside:
            raise Refused("LOT_NOT_IN_LOAD", lot=world.book.by_key[min(outside)].code, load=load.uid)
    if made > drawn and not (step is not None and step.mass_adding):
        raise Refused("OUTPUT_EXCEEDS_INPUT", output_g=made, input_g=drawn)
    if event.loss is not None and grams_of(event.loss, packaging, "/loss") != drawn - made:
        raise Refused("LOSS_MISMATCH", loss_g=grams_of(event.loss, packaging, "/loss"), expected_g=drawn - made)
    fresh(event.outputs, world)
    for lot in lots:
        ready_for("transformed", lot, event.occurred_at.date(), world)
    findings = commingled(lots, event, world)
    unlikely = yield_finding(step, drawn, made) if step is not None else None
    findings += [unlikely] if unlikely is not None else []
    owners = owners_of(event.outputs, lots, world)
    findings += _shared(event, lots, owners, packaging, world)
    caps = caps_at(lots, site, event, world)
    unclean = not_cleaned(lots, loads, site, caps, at, event.occurred_at.date(), world)
    return Ruling(
        holder=site.org_id,
        site=site.id,
        owners=owners,
        expires=use_by_of(event.outputs, lots, event.occurred_at.date(), world, new=True),
        packaging=packaging,
        caps=caps,
        findings=findings + unclean,
        holds={item.lot: "CLEANING_RECORD_MISSING" for item in event.outputs} if unclean else {},
        unfit=_unfit(loads, commodity, site, at, world),
    )


def _shared(
    event: told.Transformed, lots: list[Lot], owners: Mapping[str, int], packaging: Mapping[str, int], world: World
) -> list[Finding]:
    """Who got less than its share of what came out, by the agreed key or by the weight of what went in.

    A share is exact to the gram; a gram either way is rounding. What each got is a fact and is kept as told.
    """
    first = {lot.owner_id: lot for lot in reversed(lots)}
    key = {the_organisation(part.owner, world): part.parts for part in event.key or ()}
    if event.key is not None and (key.keys() != first.keys() or len(key) != len(event.key)):
        raise Refused("KEY_OF_OTHERS", owners=", ".join(part.owner for part in event.key))
    if len(first) < 2:  # noqa: PLR2004 - one owner shares with nobody
        return []
    brought, got = dict.fromkeys(first, 0), dict.fromkeys(first, 0)
    for i, (lot, item) in enumerate(zip(lots, event.inputs, strict=True)):
        brought[lot.owner_id] += grams_of(item.quantity, packaging, f"/inputs/{i}/quantity")
    for i, made in enumerate(event.outputs):
        got[owners[made.lot]] += grams_of(made.quantity, packaging, f"/outputs/{i}/quantity")
    shares = proportion(sum(got.values()), [key.get(owner, brought[owner]) for owner in first])
    why = "by_key" if key else "by_weight"
    return [
        found("SHARED_OTHERWISE", lot=first[owner].code, got_g=got[owner], share_g=share, why=why)
        for owner, share in zip(first, shares, strict=True)
        if share - got[owner] > 1
    ]


def _unfit(loads: list[Load], commodity: Commodity, site: Site, at: int, world: World) -> list[str]:
    """Checklists of the site, or of the vessels of the run, that stood with a critical point not in order."""
    if not any(point.critical for checklist in commodity.checklists.values() for point in checklist.points.values()):
        return []
    found = {failed for load in loads for failed in world.unfit(site.id, load.vessel_id, load.started_at, at)}
    found.update(world.unfit(site.id, None, at, at))
    return [f"{checklist}: {points}" for checklist, points in sorted(found) if checklist in commodity.checklists]
