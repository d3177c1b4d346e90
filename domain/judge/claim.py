"""Claims taken back, and certificates of control bodies on a lot."""

from __future__ import annotations

from domain import events as told
from domain.claims import Cap
from domain.findings import Finding
from domain.judge.shared import grams_of, packaging_of, seen, the_scheme, usable
from domain.judge.world import World
from domain.profiles import Scheme
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.values import Lot


def downgraded(event: told.Downgraded, world: World, at: int) -> Ruling:
    """A claim taken back: lower than what is carried, by whoever made, owns or holds the lot."""
    lot = seen(event.lot, world, at)
    if world.actor.org_id not in (lot.org_id, lot.owner_id, lot.holder_id):
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    scheme = the_scheme(event.scheme, world)
    if event.to not in {value.code for value in scheme.values}:
        raise Refused("CLAIM_VALUE_UNKNOWN", scheme=scheme.id, value=event.to)
    carried = lot.claims.get(scheme.id, scheme.values[0].code)
    if scheme.rank(event.to) >= scheme.rank(carried):
        raise Refused("CLAIM_NOT_LOWER", lot=lot.code, scheme=scheme.id, value=event.to, carried=carried)
    said: dict[str, str | int] = {"scheme": scheme.id, "to": event.to, "reason": event.reason}
    cap = Cap(event.to, (Finding("DOWNGRADED", "notice", said, scheme.rule("DOWNGRADED")),))
    return Ruling(caps={scheme.id: cap}, findings=_flagged(lot, scheme, event.to, world))


def _flagged(lot: Lot, scheme: Scheme, to: str, world: World) -> list[Finding]:
    """Certificates issued for the lot, or for what was made from it, that say more than it will carry."""
    numbers = sorted(
        row.number
        for key in world.book.with_descendants({lot.key})
        for row in world.book.consignments[key]
        if row.scheme == scheme.id and row.state == "issued" and scheme.rank(row.value) > scheme.rank(to)
    )
    if not numbers:
        return []
    said: dict[str, str | int] = {"scheme": scheme.id, "number": numbers[0], "count": len(numbers)}
    return [Finding("CONSIGNMENT_FLAGGED", "alert", said, scheme.rule("CONSIGNMENT_FLAGGED"))]


def certified(event: told.Certified, world: World, at: int) -> Ruling:
    """Certificates of a control body never add up to more than the lot (Reg. (EU) 2021/2306 Art. 3)."""
    lot = usable(event.lot, world, at)
    if lot.owner_id != world.actor.org_id:
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    commodity, _ = world.profiles.product(lot.product)
    packaging = packaging_of(commodity, [event.quantity])
    wanted = grams_of(event.quantity, packaging, "/quantity")
    scheme = the_scheme(event.scheme, world)
    carries(lot, scheme, event.value)
    issued = [row for row in world.book.consignments[lot.key] if row.state != "cancelled"]
    if any(row.number == event.number and row.kind == event.kind for row in issued):
        raise Refused("CERTIFICATE_NUMBER_TAKEN", number=event.number, lot=lot.code)
    certified = sum(row.grams for row in issued if (row.kind, row.scheme) == (event.kind, event.scheme))
    gone = 0 if event.kind == "catch" else world.gone_g(lot.key)  # what was landed counts, whatever became of it
    left = lot.initial_g - gone - certified
    if wanted > left:
        raise Refused("COI_QTY_EXCEEDED", lot=lot.code, number=event.number, left_g=max(0, left), wanted_g=wanted)
    if event.kind == "catch" and lot.kind != "delivery":
        raise Refused("CATCH_CERTIFICATE_OF_LANDINGS", lot=lot.code)
    if event.kind == "processing":
        _catch_suffices(lot, wanted, scheme, event.number, world)
    return Ruling(packaging=packaging)


def _catch_suffices(lot: Lot, wanted: int, scheme: Scheme, number: str, world: World) -> None:
    """The landings behind the product have so much catch left on their catch certificates."""
    if lot.kind == "delivery":
        raise Refused("PROCESSING_STATEMENT_OF_PRODUCTS", lot=lot.code)
    for landing in world.catch_behind(lot.key, wanted, scheme.id):
        if landing.spent_g > landing.left_g:
            raise Refused(
                "CATCH_WEIGHT_EXCEEDED",
                lot=lot.code,
                number=number,
                landing=landing.code,
                left_g=landing.left_g,
                wanted_g=landing.spent_g,
            )


def carries(lot: Lot, scheme: Scheme, value: str) -> None:
    """The lot carries at least the value; a value that claims nothing needs no certificate."""
    if value not in {known.code for known in scheme.values} or not scheme.value(value).claimable:
        raise Refused("CLAIM_VALUE_UNKNOWN", scheme=scheme.id, value=value)
    carried = lot.claims.get(scheme.id, scheme.values[0].code)
    if scheme.rank(carried) < scheme.rank(value):
        raise Refused("CLAIM_NOT_SUPPORTED", lot=lot.code, scheme=scheme.id, value=value, carried=carried)
