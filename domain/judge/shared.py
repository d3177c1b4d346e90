"""What the judgements of several events share: lots that are there, grams that are enough, caps that hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

from domain import events as told
from domain.claims import Cap, judge_site, mixture, together
from domain.findings import Finding
from domain.judge.world import World
from domain.profiles import Commodity, Scheme
from domain.quality import passed
from domain.quantity import grams as to_grams
from domain.refusals import Refused
from domain.values import Lot, Site

HOUR_MS = 60 * 60 * 1000


def the_site(site_id: str, world: World) -> Site:
    """A site that is there and open to the teller."""
    site = world.registry.sites.get(site_id)
    if site is None:
        raise Refused("SITE_UNKNOWN", site=site_id)
    if not site.open_to(world.actor.org_id):
        raise Refused("SITE_UNKNOWN", site=site_id)
    return site


def the_organisation(code: str, world: World) -> int:
    """The organisation of a code."""
    try:
        return world.registry.organisations[code]
    except KeyError:
        raise Refused("ORGANISATION_UNKNOWN", organisation=code) from None


def the_scheme(code: str, world: World) -> Scheme:
    """A scheme that this deployment knows."""
    try:
        return world.profiles.schemes[code]
    except KeyError:
        raise Refused("SCHEME_UNKNOWN", scheme=code) from None


def packaging_of(commodity: Commodity, quantities: Iterable[told.Quantity]) -> dict[str, int]:
    """The weights of the packagings that these quantities are told in."""
    return {
        quantity.unit: commodity.packaging[quantity.unit].grams
        for quantity in quantities
        if quantity.unit in commodity.packaging
    }


def grams_of(quantity: told.Quantity, packaging: Mapping[str, int], pointer: str) -> int:
    """Grams of a quantity; what is wrong with it is said at ``pointer``."""
    try:
        return to_grams(quantity.value, quantity.unit, packaging)
    except Refused as refused:
        raise refused.at(pointer) from None


def seen(uid: str, world: World, at: int) -> Lot:
    """A lot that the actor may know of, at a time when it existed."""
    lot = world.book.by_uid.get(uid)
    if lot is None or world.actor.org_id not in lot.parties:
        raise Refused("LOT_UNKNOWN", lot=uid)
    not_before(lot, at)
    return lot


def not_before(lot: Lot, at: int) -> None:
    """Nothing happens to a lot before it was made."""
    if at < lot.made_at:
        raise Refused("EVENT_BEFORE_LOT_EXISTS", lot=lot.code, made=instant_of(lot.made_at), occurred=instant_of(at))


def own(uid: str, world: World, at: int) -> Lot:
    """A lot that the actor owns or holds."""
    lot = seen(uid, world, at)
    if world.actor.org_id not in (lot.owner_id, lot.holder_id):
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    if lot.disposition == "void":
        raise Refused("LOT_VOID", lot=lot.code)
    return lot


def usable(uid: str, world: World, at: int, *, rework: bool = False) -> Lot:
    """A lot of the actor's that nothing blocks. A rework step may take what only quality holds."""
    lot = own(uid, world, at)
    if lot.transfer_seq is not None:
        raise Refused("LOT_IN_TRANSFER", lot=lot.code)
    not_expired(lot, at)
    if lot.disposition != "available":
        kinds = {row.kind for row in world.book.open_holds(lot)}
        passing = {"quality", "reject"} if rework else set[str]()
        passing |= {"stock"} if world.correcting else set()
        if not kinds <= passing:
            raise Refused("LOT_BLOCKED", lot=lot.code, disposition=lot.disposition)
    return lot


def not_expired(lot: Lot, at: int) -> None:
    """From midnight after its last day of use nothing is made of a lot, and it does not leave."""
    day = datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
    if lot.expires_on is not None and day > lot.expires_on:
        raise Refused("LOT_EXPIRED", lot=lot.code, expires_on=lot.expires_on)


def batch_certified_before(lot: Lot, day: date, world: World) -> None:
    """Where the profile asks for it, no batch leaves before the qualified person certified it."""
    commodity, _ = world.profiles.product(lot.product)
    if commodity.release_of(lot.product, day) is not None and lot.certified_seq is None:
        raise Refused("LOT_NOT_RELEASED", lot=lot.code)


def use_by_of(
    outputs: Iterable[told.NewLot | told.Named], inputs: Iterable[Lot], day: date, world: World, *, new: bool = False
) -> dict[str, str]:
    """The last day of use of lots made on a day: never after that of an input (GMP: unless stability data say so).

    ``new``: goods that were not there before; their day is the one told, or the one that the profile gives them.
    """
    of_inputs = [lot.expires_on for lot in inputs if lot.expires_on is not None]
    answer = {}
    for item in outputs:
        days = list(of_inputs)
        if new and isinstance(item, told.NewLot):
            own = item.expires_on or world.profiles.product(item.product)[0].use_by(item.product, day)
            days += [own.isoformat()] if own is not None else []
        if days:
            answer[item.lot] = min(days)
    return answer


def enough(lot: Lot, wanted: int, world: World, at: int, ending: frozenset[str] = frozenset()) -> None:
    """So much was there then and is left, and not in a vessel that goes on."""
    have = world.book.spare_g(lot, at)
    if wanted > have:
        raise Refused("INSUFFICIENT_STOCK", lot=lot.code, have_g=have, wanted_g=wanted)
    if wanted > lot.remaining_g - world.book.loaded_g(lot.key, but=ending):
        raise Refused("LOT_IN_VESSEL", lot=lot.code)


def draw(
    items: Iterable[told.Drawn],
    world: World,
    at: int,
    packaging: Mapping[str, int],
    *,
    ending: frozenset[str] = frozenset(),
    rework: bool = False,
) -> int:
    """Check that so much can be drawn of each lot; answers the grams in all."""
    items = list(items)
    no_twice([item.lot for item in items], world)
    total = 0
    weights = [grams_of(item.quantity, packaging, f"/inputs/{i}/quantity") for i, item in enumerate(items)]
    for item, wanted in zip(items, weights, strict=True):
        lot = usable(item.lot, world, at, rework=rework)
        enough(lot, wanted, world, at, ending)
        total += wanted
    return total


def ready_for(step: str, lot: Lot, day: date, world: World) -> None:
    """The profile's tests and checklists before a step are passed, and what was ordered is decided."""
    commodity, _ = world.profiles.product(lot.product)
    due = [test for item in commodity.due_before(step, lot.product, day) for test in item.tests]
    missing = [test for test in due if test not in passed(world.book.outcomes(lot.key))]
    if missing:
        raise Refused("TESTS_NOT_PASSED", lot=lot.code, tests=", ".join(missing))
    gone_through = {row.checklist for row in world.book.checklists[lot.key] if row.passed}
    for checklist in commodity.checklists_before(step, lot.product, day):
        if checklist.code not in gone_through:
            raise Refused("CHECKLIST_MISSING", lot=lot.code, checklist=checklist.code)


def no_twice(uids: Iterable[str], world: World) -> None:
    """Each lot once in an event."""
    met: set[str] = set()
    for uid in uids:
        if uid in met:
            raise Refused("DUPLICATE_LOT", lot=world.book.by_uid[uid].code if uid in world.book.by_uid else uid)
        met.add(uid)


def fresh(outputs: Iterable[told.NewLot | told.Named], world: World) -> None:
    """Lots to be made: new ids, new codes, each once."""
    ids: set[str] = set()
    codes: set[str] = set()
    for item in outputs:
        if item.lot in world.taken_lots or item.lot in ids:
            raise Refused("LOT_EXISTS", lot=item.code)
        if item.code in world.taken_codes or item.code in codes:
            raise Refused("LOT_CODE_TAKEN", lot=item.code)
        ids.add(item.lot)
        codes.add(item.code)


def one_product(lots: Iterable[Lot]) -> str:
    """The product that all the lots are of."""
    lots = list(lots)
    for lot in lots[1:]:
        if lot.product != lots[0].product:
            raise Refused("PRODUCT_MISMATCH", lot=lot.code, product=lot.product, expected=lots[0].product)
    return lots[0].product


def one_owner(lots: Iterable[Lot]) -> int:
    """The organisation that owns all the lots."""
    lots = list(lots)
    for lot in lots[1:]:
        if lot.owner_id != lots[0].owner_id:
            raise Refused("OWNER_REQUIRED", lot=lot.code)
    return lots[0].owner_id


def owners_of(outputs: Iterable[told.NewLot], inputs: Iterable[Lot], world: World) -> dict[str, int]:
    """Who owns what comes out: the owner of what went in; where several shared a load, each output says whose it is."""
    owners = {lot.owner_id for lot in inputs}
    answer = {}
    for item in outputs:
        if item.owner is None and len(owners) > 1:
            raise Refused("OWNER_REQUIRED", lot=item.code)
        owner = the_organisation(item.owner, world) if item.owner is not None else next(iter(owners))
        if owner not in owners:
            raise Refused("OWNER_REQUIRED", lot=item.code)
        answer[item.lot] = owner
    return answer


def caps_at(lots: list[Lot], site: Site, event: told.AnyEvent, world: World) -> dict[str, Cap]:
    """What the site allows goods that are put together, and which rule of mixing stays with the lot."""
    caps = site_caps(lots, site, event, world)
    day = event.occurred_at.date()
    for code, cap in caps.items():
        scheme = world.profiles.schemes[code]
        if scheme.chain_of_custody == "identity_preserved" and len(lots) > 1:
            origins = world.origins({lot.key for lot in lots})
            if origins > 1:
                lost = Finding(
                    "IDENTITY_LOST", "notice", {"scheme": code, "origins": origins}, scheme.rule("COMMINGLING")
                )
                caps[code] = together(scheme, (cap, Cap(scheme.values[0].code, (lost,))))
        elif (len(lots) > 1 or event.type == "received") and is_strict(scheme, day, world):
            mark = Finding("STRICT_MIXTURE", "notice", {"scheme": code}, scheme.rule("STRICT_MIXTURE"))
            caps[code] = together(scheme, (cap, Cap(scheme.values[-1].code, (mark,))))
    return caps


def is_strict(scheme: Scheme, day: date, world: World) -> bool:
    """Whether the strict reading of mixing applies: by the scheme, or by the organisation's own choice."""
    setting = world.registry.setting(scheme.id, day)
    return scheme.params_at(day).strict_same_ingredient or (setting is not None and setting.strict)


def site_caps(lots: Iterable[Lot], site: Site, event: told.AnyEvent, world: World) -> dict[str, Cap]:
    """What the site allows, for each scheme that any of the lots was judged by: also where it carries nothing now."""
    day = event.occurred_at.date()
    certificates = tuple(world.registry.certificates.values())
    return {
        scheme: judge_site(
            world.profiles.schemes[scheme], event.type, day=day, site_id=site.id, certificates=certificates
        )
        for scheme in sorted({scheme for lot in lots for scheme in lot.claims})
    }


def commingled(lots: Iterable[Lot], event: told.AnyEvent, world: World) -> list[Finding]:
    """Lots that carry more are mixed with lots that carry less: the mixture carries the least."""
    findings = []
    lots = list(lots)
    day = event.occurred_at.date()
    for scheme in sorted({scheme for lot in lots for scheme in lot.claims}):
        rules = world.profiles.schemes[scheme]
        bottom = rules.values[0].code
        values = {lot.key: lot.claims.get(scheme, bottom) for lot in lots}
        least = min(values.values(), key=rules.rank)
        if any(value != least for value in values.values()) and rules.chain_of_custody != "mass_balance":
            lowering = [lot.code for lot in lots if values[lot.key] == least]
            said: dict[str, str | int] = {
                "scheme": scheme,
                "value": mixture(rules, values.values(), strict=is_strict(rules, day, world)),
                "lot": lowering[0],
                "lots": len(lowering),
            }
            findings.append(Finding("COMMINGLING", "notice", said, rules.rule("COMMINGLING")))
    return findings


def millis_of(instant: str) -> int:
    """UTC milliseconds of an instant as told in a finding."""
    return told.millis(datetime.fromisoformat(instant))


def instant_of(at: int) -> str:
    """An instant as told in a finding or refusal."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
