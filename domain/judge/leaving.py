"""Units, shipments with their claims, losses, labels."""

from __future__ import annotations

from datetime import date

from domain import events as told
from domain.claims import Cap
from domain.findings import Finding
from domain.judge.claim import carries
from domain.judge.shared import (
    batch_certified_before,
    enough,
    fresh,
    grams_of,
    not_expired,
    own,
    packaging_of,
    ready_for,
    seen,
    the_scheme,
    the_site,
    usable,
)
from domain.judge.units import units_returned, units_shipped
from domain.judge.world import World
from domain.profiles import Product, Scheme
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.values import CertificateFacts, Lot


def packed(event: told.Packed, world: World, at: int) -> Ruling:
    """Units that the lot can fill, once."""
    lot = usable(event.lot, world, at)
    commodity, _ = world.profiles.product(lot.product)
    packaging = commodity.packaging.get(event.packaging)
    if packaging is None:
        raise Refused("PACKAGING_UNKNOWN", packaging=event.packaging, commodity=commodity.id)
    weights = {event.packaging: packaging.grams}
    if event.rest:
        weights |= packaging_of(commodity, [event.rest])
    wanted = packaging.grams * event.units + (grams_of(event.rest, weights, "/rest") if event.rest else 0)
    if lot.units or wanted > lot.remaining_g:
        have = 0 if lot.units else lot.remaining_g
        raise Refused("UNITS_EXCEED_LOT", lot=lot.code, have_g=have, wanted_g=wanted)
    ready_for("packed", lot, event.occurred_at.date(), world)
    return Ruling(packaging=weights)


def shipped(event: told.Shipped, world: World, at: int) -> Ruling:
    """Goods leave: enough, checked, and with no claim that they do not carry."""
    lot = usable(event.lot, world, at)
    if lot.owner_id != world.actor.org_id:  # whoever only holds goods cannot send them away
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    commodity, product = world.profiles.product(lot.product)
    packaging = packaging_of(commodity, [event.quantity])
    grams = grams_of(event.quantity, packaging, "/quantity")
    enough(lot, grams, world, at)
    units_shipped(event, lot, grams, world)
    for made in event.claims:
        _claim_holds(made, lot, product, event, grams, world)
    if lot.qc != "pass":
        raise Refused("QC_PENDING", lot=lot.code, qc=lot.qc)
    day = event.occurred_at.date()
    lawful(lot, product, day, world)
    ready_for("shipped", lot, day, world)
    batch_certified_before(lot, day, world)
    if lot.expires_on is not None and event.reason is None:
        earlier = world.expiring_before(lot.key, day.isoformat())
        if earlier is not None:
            raise Refused("FEFO_VIOLATION", lot=lot.code, earlier=earlier[0], expires_on=earlier[1])
    return Ruling(packaging=packaging)


def shipped_less(event: told.Shipped, wrong: told.Shipped, world: World) -> Ruling | None:
    """A shipment as it was told, but lighter or with other papers; none: it is another one."""
    told_alike = (event.lot, event.occurred_at, event.claims) == (wrong.lot, wrong.occurred_at, wrong.claims)
    if not told_alike:
        return None
    lot = world.book.by_uid[event.lot]
    commodity, _ = world.profiles.product(lot.product)
    packaging = packaging_of(commodity, [event.quantity, wrong.quantity])
    grams = grams_of(event.quantity, packaging, "/quantity")
    if grams > grams_of(wrong.quantity, packaging, "/quantity"):
        return None
    world.correcting = True
    units_shipped(event, lot, grams, world)
    return Ruling(packaging=packaging)


def lawful(lot: Lot, product: Product, day: date, world: World) -> None:
    """What the law asks of such goods is proven: of fish, that it was caught under a licence."""
    for scheme in world.profiles.schemes.values():
        if product.category not in scheme.params_at(day).mandatory_for:
            continue
        carried = lot.claims.get(scheme.id, scheme.values[0].code)
        if not scheme.value(carried).claimable:
            raise Refused("LAW_NOT_MET", lot=lot.code, scheme=scheme.id, carried=carried)


def _claim_holds(
    made: told.ClaimMade, lot: Lot, product: Product, event: told.Shipped, grams: int, world: World
) -> None:
    """A claim at dispatch: the lot carries it, and each certificate named is in force and covers the product."""
    scheme = the_scheme(made.scheme, world)
    if made.value not in {value.code for value in scheme.values}:
        raise Refused("CLAIM_VALUE_UNKNOWN", scheme=scheme.id, value=made.value)
    if not scheme.value(made.value).claimable:
        return
    carries(lot, scheme, made.value)
    day = event.occurred_at.date()
    limits = scheme.params_at(day)
    if scheme.chain_of_custody == "mass_balance":
        left = world.claimed_g(lot.key, scheme.id, made.value)
        if grams > left:
            raise Refused("CLAIM_BALANCE_EXCEEDED", lot=lot.code, scheme=scheme.id, left_g=left, wanted_g=grams)
    if not limits.certificate_required:
        return
    if not made.certificates:
        raise Refused("CERT_UNKNOWN", certificate="-", scheme=scheme.id)
    held = [_in_force(identity, scheme, product, day, world) for identity in made.certificates]
    if "shipped" in limits.operator_in_scope_at and all(item.org_id != lot.owner_id for item in held):
        raise Refused("OPERATOR_NOT_CERTIFIED", scheme=scheme.id)


def _in_force(identity: str, scheme: Scheme, product: Product, day: date, world: World) -> CertificateFacts:
    certificate = world.registry.certificates.get(identity)
    if certificate is None or certificate.scheme != scheme.id:
        raise Refused("CERT_UNKNOWN", certificate=identity, scheme=scheme.id)
    limits = scheme.params_at(day)
    status = certificate.status_on(day, limits.certificate_grace_days)
    if status != "active":
        said = {"certificate": certificate.number, "status": status, "day": day.isoformat()}
        raise Refused("CERT_NOT_ACTIVE_AT_DISPATCH", **said)
    if "shipped" in limits.product_in_scope_at and not certificate.covers_product(product.category, day):
        raise Refused("PRODUCT_NOT_IN_CERT_SCOPE", certificate=certificate.number, product=product.category)
    return certificate


def returned(event: told.Returned, world: World, at: int) -> Ruling:
    """Goods of a shipment of one's own, no more than was shipped; what cannot be sold again stays in quarantine."""
    site = the_site(event.site, world)
    lot = seen(event.lot, world, at)
    if lot.owner_id != world.actor.org_id:
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    known = world.original(event.shipment)
    if known is None or known[3] or not isinstance(known[0], told.Shipped) or known[0].lot != event.lot:
        raise Refused("SHIPMENT_UNKNOWN", lot=lot.code, shipment=event.shipment)
    shipment, day = known[0], event.occurred_at.date()
    if event.occurred_at < shipment.occurred_at:
        raise Refused("RETURN_BEFORE_SHIPMENT", lot=lot.code, day=shipment.occurred_at.date().isoformat())
    commodity, _ = world.profiles.product(lot.product)
    packaging = packaging_of(commodity, [event.quantity, shipment.quantity])
    grams = grams_of(event.quantity, packaging, "/quantity")
    out = min(grams_of(shipment.quantity, packaging, "/quantity"), world.shipped_g(lot.key))
    if grams > out:
        raise Refused("RETURN_EXCEEDS_SHIPMENT", lot=lot.code, shipped_g=out, wanted_g=grams)
    fresh([event.into], world)
    units = units_returned(event, shipment, lot, grams, world)
    days = (day - shipment.occurred_at.date()).days
    rule = commodity.return_of(lot.product, day)
    saleable = rule is None or (
        days <= rule.most_days
        and (event.unopened or not rule.unopened)
        and (event.kept_as_required or not rule.kept_as_required)
    )
    findings = []
    if rule is not None and not saleable:
        said: dict[str, str | int] = {"lot": event.into.code, "days": days, "most_days": rule.most_days}
        findings.append(Finding("RETURN_NOT_SALEABLE", "alert", said, rule.source))
    return Ruling(
        holder=site.org_id,
        site=site.id,
        owners={event.into.lot: lot.owner_id},
        packaging=packaging,
        expires={event.into.lot: lot.expires_on} if lot.expires_on is not None else {},
        caps={} if event.unopened else _custody_lost(lot, world),
        holds={event.into.lot: "RETURNED" if saleable else "RETURN_NOT_SALEABLE"},
        numbers=units,
        findings=findings,
    )


def _custody_lost(lot: Lot, world: World) -> dict[str, Cap]:
    """Goods that were opened elsewhere carry no claim any more: nobody knows what was done to them."""
    return {
        scheme: Cap(
            world.profiles.schemes[scheme].values[0].code,
            (Finding("CUSTODY_LOST", "alert", {"scheme": scheme}, world.profiles.schemes[scheme].rule("COMMINGLING")),),
        )
        for scheme in sorted(lot.claims)
    }


def lost(event: told.Lost, world: World, at: int) -> Ruling:
    """Grams that are gone; above the tolerance it is noticed."""
    lot = own(event.lot, world, at)
    commodity, _ = world.profiles.product(lot.product)
    packaging = packaging_of(commodity, [event.quantity])
    gone = grams_of(event.quantity, packaging, "/quantity")
    enough(lot, gone, world, at)
    findings = []
    tolerance = commodity.handling_loss_notice_bp
    if tolerance is not None and gone * 10_000 > lot.initial_g * tolerance.value:
        said: dict[str, str | int] = {
            "lot": lot.code,
            "loss_g": gone,
            "lot_g": lot.initial_g,
            "tolerance_bp": tolerance.value,
        }
        findings.append(Finding("LOSS_ABOVE_TOLERANCE", "notice", said, tolerance.source))
    return Ruling(packaging=packaging, findings=findings)


def label_issued(event: told.LabelIssued, world: World, at: int) -> Ruling:
    """A public code, for a lot that nothing blocks."""
    lot = own(event.lot, world, at)
    if lot.disposition != "available":
        raise Refused("LOT_BLOCKED", lot=lot.code, disposition=lot.disposition)
    not_expired(lot, at)
    day = event.occurred_at.date()
    lawful(lot, world.profiles.product(lot.product)[1], day, world)
    ready_for("label_issued", lot, day, world)
    for product, test, value in world.results(lot.key):
        commodity = world.profiles.commodity_of(product)
        for declared in commodity.declares(product, test, value, day) if commodity is not None else ():
            if declared not in (event.declares or ()):
                raise Refused("DECLARATION_MISSING", lot=lot.code, declares=declared, test=test, value=value)
    return Ruling()


def label_revoked(event: told.LabelRevoked, world: World) -> Ruling:
    """A code of the teller that is still in use."""
    label = world.book.labels.get(event.code)
    if label is None or label.org_id != world.actor.org_id or label.state == "revoked":
        raise Refused("LABEL_UNKNOWN", label=event.code)
    return Ruling()


def document_issued(event: told.DocumentIssued, world: World, at: int) -> Ruling:
    """A document on a lot that the teller sees; what it supersedes is in force, of the same kind and lot."""
    lot = seen(event.lot, world, at)
    if event.supersedes is not None:
        old = world.book.papers.get((world.actor.org_id, event.supersedes))
        if old is None or (old.kind, old.lot, old.about) != (event.kind, lot.key, event.about):
            raise Refused("DOCUMENT_UNKNOWN", document=event.supersedes)
        if old.state != "issued":
            raise Refused("DOCUMENT_NOT_IN_FORCE", document=old.number, state=old.state)
    return Ruling()


def document_revoked(event: told.DocumentRevoked, world: World) -> Ruling:
    """A document of the teller that was not withdrawn before; one that is superseded may be."""
    row = world.book.papers.get((world.actor.org_id, event.number))
    if row is None:
        raise Refused("DOCUMENT_UNKNOWN", document=event.number)
    if row.state == "revoked":
        raise Refused("DOCUMENT_NOT_IN_FORCE", document=row.number, state=row.state)
    return Ruling()
