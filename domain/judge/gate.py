"""At the gate: what a farmer brings, and the weigh-in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from domain import events as told
from domain.claims import Brought, Cap, judge_delivery
from domain.findings import Finding, found
from domain.judge.shared import (
    caps_at,
    commingled,
    draw,
    fresh,
    grams_of,
    one_owner,
    one_product,
    packaging_of,
    seen,
    the_organisation,
    the_site,
    use_by_of,
)
from domain.judge.world import World
from domain.profiles import Commodity, Product, Scheme
from domain.quantity import WHOLE_BP
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.values import EstimateFacts


def delivered(event: told.Delivered, world: World) -> Ruling:
    """What a farmer brings: recorded whatever it loses; what it may claim is judged now."""
    site = the_site(event.site, world)
    commodity, product = world.profiles.product(event.lot.product)
    packaging = packaging_of(commodity, [event.lot.quantity])
    grams = grams_of(event.lot.quantity, packaging, "/lot/quantity")
    fresh([event.lot], world)
    _of_a_catch(event)
    brought = brought_by(event, commodity, product)
    farmer = world.registry.farmers.get(event.farmer)
    certificates = tuple(world.registry.certificates.values())
    schemes = _schemes_at_the_gate(world, brought)
    caps = {scheme.id: judge_delivery(scheme, brought, farmer, certificates) for scheme in schemes}
    findings = [reason for cap in caps.values() for reason in cap.reasons if reason.level == "alert"]
    findings += calibration(event.scale, brought.day, world)
    over = [_over_delivery(scheme, event, caps[scheme.id], grams, world) for scheme in schemes]
    findings += [finding for finding in over if finding is not None]
    return Ruling(
        holder=site.org_id,
        site=site.id,
        owners={event.lot.lot: the_organisation(event.lot.owner, world) if event.lot.owner else world.actor.org_id},
        packaging=packaging,
        caps=caps,
        findings=findings,
        holds=_held_at_once(event, caps, over),
        expires=use_by_of([event.lot], (), brought.day, world, new=True),
    )


def brought_by(event: told.Delivered, commodity: Commodity, product: Product) -> Brought:
    """A delivery as the claim rules see it."""
    return Brought(
        day=event.occurred_at.date(),
        harvested_on=event.harvested_on,
        category=product.category,
        crop_type=commodity.crop_type,
        site_id=event.site,
        farmer=event.farmer,
        plot=event.plot,
        caught=(event.catch.since, event.catch.until) if event.catch is not None else None,
    )


def _of_a_catch(event: told.Delivered) -> None:
    """A catch ends after it began, and before it is landed."""
    if event.catch is None:
        return
    since, until, landed = event.catch.since, event.catch.until, event.occurred_at.date()
    if not since <= until <= landed:
        said = {"since": since.isoformat(), "until": until.isoformat(), "day": landed.isoformat()}
        raise Refused("CATCH_DAYS_WRONG", **said)


def _held_at_once(event: told.Delivered, caps: Mapping[str, Cap], over: Iterable[Finding | None]) -> dict[str, str]:
    """What is not to be used before somebody has put it right."""
    if any(reason.code == "LICENCE_NOT_VALID" for cap in caps.values() for reason in cap.reasons):
        return {event.lot.lot: "LICENCE_NOT_VALID"}
    if any(finding is not None and finding.level == "alert" for finding in over):
        return {event.lot.lot: "OVER_DELIVERY"}
    return {}


def _schemes_at_the_gate(world: World, brought: Brought) -> list[Scheme]:
    """The schemes that the law asks of such goods, and those that the actor's organisation claims under.

    It holds a certificate, or it said so.
    """
    day = brought.day
    held = {item.scheme for item in world.registry.certificates.values() if item.org_id == world.actor.org_id}
    for scheme in world.profiles.schemes.values():
        setting = world.registry.setting(scheme.id, day)
        if brought.category in scheme.params_at(day).mandatory_for:
            held.add(scheme.id)
        if not scheme.params_at(day).certificate_required and setting is not None and setting.claimed:
            held.add(scheme.id)
    return [world.profiles.schemes[scheme] for scheme in sorted(held) if scheme in world.profiles.schemes]


def calibration(scale: str | None, day: date, world: World) -> list[Finding]:
    """Weights of a scale that is not calibrated are kept as told, and say so."""
    if scale is None:
        return []
    instrument = world.registry.instruments.get(scale)
    if instrument is None:
        raise Refused("INSTRUMENT_UNKNOWN", instrument=scale)
    if instrument.calibrated_on(day):
        return []
    until = instrument.calibrated_until(day)
    said = {
        "instrument": instrument.code,
        "until": until.isoformat() if until else "-",
        "day": day.isoformat(),
    }
    return [found("SCALE_NOT_CALIBRATED", **said)]


def _over_delivery(scheme: Scheme, event: told.Delivered, cap: Cap, grams: int, world: World) -> Finding | None:
    """What a farmer brought in the season against the estimate: a notice above it, an alert where it is held."""
    day = event.occurred_at.date()
    limits = scheme.params_at(day)
    if limits.over_delivery_notice_bp is None or not scheme.value(cap.value).claimable:
        return None
    standing = season_so_far(event.farmer, scheme, event.lot.product, day, world)
    if standing is None:
        return None
    season, estimate, before = standing
    commodity, _ = world.profiles.product(event.lot.product)
    more = commodity.equivalent(grams, event.lot.product, estimate.product)
    delivered = before + (more or 0)
    if delivered * WHOLE_BP <= estimate.grams * limits.over_delivery_notice_bp:
        return None
    setting = world.registry.setting(scheme.id, day)
    observed = setting is not None and setting.over_delivery == "observe"
    hold_bp = limits.over_delivery_hold_bp
    held = hold_bp is not None and delivered * WHOLE_BP > estimate.grams * hold_bp and not observed
    said: dict[str, str | int] = {
        "scheme": scheme.id,
        "farmer": event.farmer,
        "season": season,
        "product": estimate.product,
        "delivered_g": delivered,
        "estimate_g": estimate.grams,
        "share_bp": delivered * WHOLE_BP // max(1, estimate.grams),
    }
    return Finding("OVER_DELIVERY", "alert" if held else "notice", said, scheme.rule("OVER_DELIVERY"))


def season_so_far(
    farmer_code: str, scheme: Scheme, product: str, day: date, world: World
) -> tuple[str, EstimateFacts, int] | None:
    """The season of a day, the farmer's estimate, and what was delivered so far in grams of the estimate's product."""
    commodity, _ = world.profiles.product(product)
    farmer = world.registry.farmers.get(farmer_code)
    season = commodity.season_of(day)
    estimate = farmer.estimate(season, commodity.products) if farmer else None
    if estimate is None:
        return None
    so_far = world.delivered.get((farmer_code, scheme.id, season), {})
    known = [
        commodity.equivalent(grams, code, estimate.product)
        for code, grams in so_far.items()
        if code in commodity.products
    ]
    return season, estimate, sum(grams for grams in known if grams is not None)


def received(event: told.Received, world: World, at: int) -> Ruling:
    """Deliveries weighed in, into one receiving lot of one product and owner."""
    site = the_site(event.site, world)
    lots = [seen(item.lot, world, at) for item in event.inputs]
    for lot in lots:
        if lot.kind != "delivery":
            raise Refused("NOT_A_DELIVERY", lot=lot.code)
    product = one_product(lots)
    commodity, _ = world.profiles.product(product)
    packaging = packaging_of(
        commodity, [item.quantity for item in event.inputs] + ([event.weighed] if event.weighed else [])
    )
    drawn = draw(event.inputs, world, at, packaging)
    owner = one_owner(lots)
    into = world.book.by_uid.get(event.into.lot)
    if into is None:
        fresh([event.into], world)
    elif event.into.lot not in world.remade and (
        into.kind != "receiving" or into.sealed or into.disposition != "available" or into.site_id != site.id
    ):
        raise Refused("RECEIVING_LOT_CLOSED", lot=into.code)
    elif into.product != product or into.owner_id != owner:
        raise Refused("PRODUCT_MISMATCH", lot=into.code, product=product, expected=into.product)
    findings = []
    if event.weighed is not None:
        weighed = grams_of(event.weighed, packaging, "/weighed")
        if weighed > drawn:
            raise Refused("OUTPUT_EXCEEDS_INPUT", output_g=weighed, input_g=drawn)
        if weighed < drawn:
            findings.append(Finding("WEIGH_IN_DIFFERENCE", "notice", {"input_g": drawn, "output_g": weighed}, None))
    findings += calibration(event.scale, event.occurred_at.date(), world)
    mixed = lots if into is None or event.into.lot in world.remade else [*lots, into]
    findings += commingled(mixed, event, world)
    return Ruling(
        holder=site.org_id,
        site=site.id,
        owners={event.into.lot: owner},
        expires=use_by_of([event.into], mixed, event.occurred_at.date(), world),
        packaging=packaging,
        caps=caps_at(mixed, site, event, world),
        findings=findings,
    )
