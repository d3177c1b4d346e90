"""Whether an event can have happened to these lots, and what the registry makes of it. One function an event type.

Refusals are about the lots: what is not there cannot be drawn, what is blocked cannot leave. Goods on the scale are
a fact: a delivery is never refused for a claim; the claim that it loses is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from domain import events as told
from domain.book import Book
from domain.claims import Brought, Cap, judge_delivery, judge_site, mixture, together
from domain.findings import Finding, found
from domain.fold import RELEASABLE
from domain.profiles import Commodity, Product, Scheme
from domain.quality import CutTest
from domain.quality import judge as judge_quality
from domain.quantity import WHOLE_BP
from domain.quantity import grams as to_grams
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.values import Actor, CertificateFacts, EstimateFacts, Load, Lot, Registry, Site, Transfer

CLOCK_SKEW_MS = 10 * 60 * 1000
"""How far a device's clock may run ahead of ours before an event counts as told of the future."""

HOUR_MS = 60 * 60 * 1000

CORRECTABLE = (
    "delivered",
    "received",
    "bulked",
    "split",
    "transformed",
    "inspected",
    "packed",
    "shipped",
    "lost",
    "cleaned",
    "certified",
)


@dataclass(slots=True)
class Profiles:
    """The commodities and schemes that this deployment knows."""

    commodities: Mapping[str, Commodity]
    schemes: Mapping[str, Scheme]
    _products: dict[str, tuple[Commodity, Product]] = field(default_factory=dict)
    _rejecting: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for commodity in self.commodities.values():
            for product in commodity.products.values():
                self._products[product.code] = (commodity, product)
        self._rejecting = frozenset(
            item.test
            for commodity in self.commodities.values()
            for item in commodity.specifications
            if item.severity == "reject"
        )

    @property
    def rejecting(self) -> frozenset[str]:
        """Tests whose failure rejects a lot, and so reaches what was made from it."""
        return self._rejecting

    def commodity_of(self, product: str) -> Commodity | None:
        """The commodity of a product; none where no profile knows it."""
        known = self._products.get(product)
        return known[0] if known else None

    def product(self, code: str) -> tuple[Commodity, Product]:
        try:
            return self._products[code]
        except KeyError:
            raise Refused("PRODUCT_UNKNOWN", product=code) from None


@dataclass(slots=True)
class World:
    """Everything that a judgement may look at."""

    book: Book
    registry: Registry
    profiles: Profiles
    actor: Actor
    now: int  # UTC milliseconds
    taken_codes: set[str] = field(default_factory=set)  # lot codes of the actor's organisation
    taken_lots: set[str] = field(default_factory=set)  # lot ids of the actor's organisation
    vessel_runs: dict[str, list[Load]] = field(default_factory=dict)
    remade: set[str] = field(default_factory=set)  # lots that a correction makes again
    correcting: bool = False  # what is only short after a correction may be drawn, to put it right
    original: Callable[[str], tuple[told.AnyEvent, Ruling, int, bool] | None] = lambda _id: None
    """The event of the actor's organisation with an id: the event, its ruling, its number, whether it is voided."""
    delivered: dict[tuple[str, str, str], dict[str, int]] = field(default_factory=dict)
    """(farmer, scheme, season) -> product -> grams delivered with a claim, corrected events left out."""
    run_claims: dict[str, dict[str, str]] = field(default_factory=dict)
    """What earlier runs of a vessel carried: load -> scheme -> lowest value."""
    line_before: Callable[[str, int], Run | None] = lambda _site, _at: None
    """The last transformation at a site, before an instant, that named no vessel."""
    cleanings: Callable[[str, str | None, int, int], list[tuple[int, int]]] = lambda _site, _vessel, _from, _to: []
    """Cleanings of a site's vessel (or line) between two instants: when they were done, and when told."""
    ruling_at: Callable[[int], Ruling] = lambda _seq: Ruling()
    gone_g: Callable[[int], int] = lambda _lot: 0
    """Grams of a lot (by key) that went into other lots or were lost: on no certificate any more."""
    claimed_g: Callable[[int, str, str], int] = lambda _lot, _scheme, _value: 0
    """Under a mass balance: grams of a lot (by key) that may still leave with a value."""
    origins: Callable[[set[int]], int] = lambda _lots: 1
    """How many farmers the goods of some lots (by key) come from."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that ended: when, and the lowest value that its goods carried, by scheme."""

    ended_at: int
    claims: Mapping[str, str]


def judge(event: told.AnyEvent, world: World) -> Ruling:
    """The ruling on an event, or ``Refused``."""
    at = told.millis(event.occurred_at)
    if at > world.now + CLOCK_SKEW_MS:
        raise Refused("EVENT_IN_FUTURE", occurred_at=event.occurred_at.isoformat(), now=_instant(world.now))
    match event:
        case told.Delivered():
            return _delivered(event, world)
        case told.Received():
            return _received(event, world, at)
        case told.Bulked():
            return _bulked(event, world, at)
        case told.Split():
            return _split(event, world, at)
        case told.Loaded():
            return _loaded(event, world, at)
        case told.Read():
            return _read(event, world, at)
        case told.Turned() | told.Unloaded():
            return Ruling(site=_open_load(event.load, world, at).site_id)
        case told.Transformed():
            return _transformed(event, world, at)
        case told.Inspected():
            return _inspected(event, world, at)
        case told.Held():
            return _held(event, world, at)
        case told.Released():
            return _released(event, world, at)
        case told.TransferOffered():
            return _offered(event, world, at)
        case told.TransferAccepted():
            return _accepted(event, world, at)
        case told.TransferRejected():
            return _rejected(event, world)
        case told.Packed():
            return _packed(event, world, at)
        case told.Shipped():
            return _shipped(event, world, at)
        case told.Lost():
            return _lost(event, world, at)
        case told.Recalled():
            return _recalled(event, world, at)
        case told.Downgraded():
            return _downgraded(event, world, at)
        case told.Cleaned():
            return _cleaned(event, world, at)
        case told.Certified():
            return _certified(event, world, at)
        case told.Corrected():
            return _corrected(event, world)
        case told.LabelIssued():
            return _label_issued(event, world, at)
        case told.LabelRevoked():
            return _label_revoked(event, world)
        case told.DocumentIssued():
            _seen(event.lot, world, at)
            return Ruling()
        case told.Reassessed():
            return Ruling()


# --- the deliveries ---


def _delivered(event: told.Delivered, world: World) -> Ruling:
    site = _site(event.site, world)
    commodity, product = world.profiles.product(event.lot.product)
    packaging = _packaging(commodity, [event.lot.quantity])
    grams = _grams(event.lot.quantity, packaging, "/lot/quantity")
    _fresh([event.lot], world)
    brought = brought_by(event, commodity, product)
    farmer = world.registry.farmers.get(event.farmer)
    certificates = tuple(world.registry.certificates.values())
    schemes = _schemes_at_the_gate(world, brought.day)
    caps = {scheme.id: judge_delivery(scheme, brought, farmer, certificates) for scheme in schemes}
    findings = [reason for cap in caps.values() for reason in cap.reasons if reason.level == "alert"]
    findings += _scale(event.scale, brought.day, world)
    over = [_over_delivery(scheme, event, caps[scheme.id], grams, world) for scheme in schemes]
    findings += [finding for finding in over if finding is not None]
    held = any(finding is not None and finding.level == "alert" for finding in over)
    return Ruling(
        holder=site.org_id,
        site=site.id,
        owners={event.lot.lot: _organisation(event.lot.owner, world) if event.lot.owner else world.actor.org_id},
        packaging=packaging,
        caps=caps,
        findings=findings,
        holds={event.lot.lot: "OVER_DELIVERY"} if held else {},
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
    )


def _schemes_at_the_gate(world: World, day: date) -> list[Scheme]:
    """The schemes that the actor's organisation claims under: it holds a certificate, or it said so."""
    held = {item.scheme for item in world.registry.certificates.values() if item.org_id == world.actor.org_id}
    for scheme in world.profiles.schemes.values():
        setting = world.registry.setting(scheme.id, day)
        if not scheme.params_at(day).certificate_required and setting is not None and setting.claimed:
            held.add(scheme.id)
    return [world.profiles.schemes[scheme] for scheme in sorted(held) if scheme in world.profiles.schemes]


def _scale(scale: str | None, day: date, world: World) -> list[Finding]:
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
    standing = _standing(event.farmer, scheme, event.lot.product, day, world)
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


def _standing(
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


def _received(event: told.Received, world: World, at: int) -> Ruling:
    site = _site(event.site, world)
    lots = [_seen(item.lot, world, at) for item in event.inputs]
    for lot in lots:
        if lot.kind != "delivery":
            raise Refused("NOT_A_DELIVERY", lot=lot.code)
    product = _one_product(lots)
    commodity, _ = world.profiles.product(product)
    packaging = _packaging(
        commodity, [item.quantity for item in event.inputs] + ([event.weighed] if event.weighed else [])
    )
    drawn = _draw(event.inputs, world, at, packaging)
    owner = _one_owner(lots)
    into = world.book.by_uid.get(event.into.lot)
    if into is None:
        _fresh([event.into], world)
    elif event.into.lot not in world.remade and (
        into.kind != "receiving" or into.sealed or into.disposition != "available" or into.site_id != site.id
    ):
        raise Refused("RECEIVING_LOT_CLOSED", lot=into.code)
    elif into.product != product or into.owner_id != owner:
        raise Refused("PRODUCT_MISMATCH", lot=into.code, product=product, expected=into.product)
    findings = []
    if event.weighed is not None:
        weighed = _grams(event.weighed, packaging, "/weighed")
        if weighed > drawn:
            raise Refused("OUTPUT_EXCEEDS_INPUT", output_g=weighed, input_g=drawn)
        if weighed < drawn:
            findings.append(Finding("WEIGH_IN_DIFFERENCE", "notice", {"input_g": drawn, "output_g": weighed}, None))
    findings += _scale(event.scale, event.occurred_at.date(), world)
    mixed = lots if into is None or event.into.lot in world.remade else [*lots, into]
    findings += _commingled(mixed, event, world)
    return Ruling(
        holder=site.org_id,
        site=site.id,
        owners={event.into.lot: owner},
        packaging=packaging,
        caps=_caps(mixed, site, event, world),
        findings=findings,
    )


# --- lots into lots ---


def _bulked(event: told.Bulked, world: World, at: int) -> Ruling:
    site = _site(event.site, world)
    lots = [_seen(item.lot, world, at) for item in event.inputs]
    commodity, _ = world.profiles.product(_one_product(lots))
    packaging = _packaging(commodity, [item.quantity for item in event.inputs])
    _draw(event.inputs, world, at, packaging)
    _fresh([event.into], world)
    return Ruling(
        holder=site.org_id,
        site=site.id,
        owners={event.into.lot: _one_owner(lots)},
        packaging=packaging,
        caps=_caps(lots, site, event, world),
        findings=_commingled(lots, event, world),
    )


def _split(event: told.Split, world: World, at: int) -> Ruling:
    site = _site(event.site, world)
    lot = _seen(event.input.lot, world, at)
    commodity, _ = world.profiles.product(lot.product)
    packaging = _packaging(commodity, [event.input.quantity, *(item.quantity for item in event.outputs)])
    made = [_grams(item.quantity, packaging, f"/outputs/{i}/quantity") for i, item in enumerate(event.outputs)]
    drawn = _draw([event.input], world, at, packaging)
    if sum(made) != drawn:
        raise Refused("OUTPUT_MISMATCH", output_g=sum(made), input_g=drawn)
    for item in event.outputs:
        if item.product != lot.product:
            raise Refused("PRODUCT_MISMATCH", lot=item.code, product=item.product, expected=lot.product)
    _fresh(event.outputs, world)
    return Ruling(
        holder=site.org_id,
        site=site.id,
        owners=_owners(event.outputs, [lot], world),
        packaging=packaging,
        caps=_caps([lot], site, event, world),
    )


def _transformed(event: told.Transformed, world: World, at: int) -> Ruling:
    site = _site(event.site, world)
    lots = [_seen(item.lot, world, at) for item in event.inputs]
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
    loads = [_open_load(uid, world, at) for uid in event.loads]
    said = [item.quantity for item in event.inputs] + [item.quantity for item in event.outputs]
    said += [event.loss] if event.loss else []
    packaging = _packaging(commodity, said)
    made = sum(_grams(item.quantity, packaging, f"/outputs/{i}/quantity") for i, item in enumerate(event.outputs))
    drawn = _draw(
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
    if event.loss is not None and _grams(event.loss, packaging, "/loss") != drawn - made:
        raise Refused("LOSS_MISMATCH", loss_g=_grams(event.loss, packaging, "/loss"), expected_g=drawn - made)
    _fresh(event.outputs, world)
    findings = _commingled(lots, event, world)
    if step is not None:
        findings += _yield(drawn, made, step)
    caps = _caps(lots, site, event, world)
    unclean = _not_cleaned(lots, loads, site, caps, at, event.occurred_at.date(), world)
    return Ruling(
        holder=site.org_id,
        site=site.id,
        owners=_owners(event.outputs, lots, world),
        packaging=packaging,
        caps=caps,
        findings=findings + unclean,
        holds={item.lot: "CLEANING_RECORD_MISSING" for item in event.outputs} if unclean else {},
    )


def _yield(drawn: int, made: int, step: Any) -> list[Finding]:
    """Outputs against what the step can plausibly give (domain facts 5: conversion factors)."""
    said: dict[str, str | int] = {
        "process": step.code,
        "input_g": drawn,
        "output_g": made,
        "yield_bp": made * 10_000 // drawn,
    }
    if step.yield_max_bp is not None and made * 10_000 > drawn * step.yield_max_bp:
        explained = drawn * step.yield_max_bp // 10_000
        params = {**said, "explained_g": explained, "unexplained_g": made - explained}
        return [Finding("YIELD_ABOVE_RANGE", "alert", params, step.source)]
    if step.yield_min_bp is not None and made * 10_000 < drawn * step.yield_min_bp:
        return [Finding("YIELD_BELOW_RANGE", "notice", said, step.source)]
    return []


# --- cleaning between runs ---


def _not_cleaned(
    lots: list[Lot], loads: list[Load], site: Site, caps: Mapping[str, Cap], at: int, day: date, world: World
) -> list[Finding]:
    """Vessels, or the line, that worked on goods of less value before, with no cleaning recorded in between.

    Reg. (EU) 2018/848 Annex II Part IV 1.5: the cleaning comes first, and is recorded.
    """
    findings = []
    for scheme in _asking_for_cleaning(lots, day, world):
        limits = scheme.params_at(day)
        bottom = scheme.values[0].code
        value = min((lot.claims.get(scheme.id, bottom) for lot in lots), key=scheme.rank)
        value = min((value, caps[scheme.id].value if scheme.id in caps else value), key=scheme.rank)
        for vessel, start, before in _runs_before(loads, site, at, world):
            carried = before.claims.get(scheme.id, bottom)
            if scheme.rank(carried) >= scheme.rank(value):
                continue
            cleanings = world.cleanings(site.id, vessel, before.ended_at, start)
            hours = limits.cleaning_within_hours
            if any(hours is None or told_at - done <= hours * HOUR_MS for done, told_at in cleanings):
                continue
            said: dict[str, str | int] = {
                "scheme": scheme.id,
                "site": site.id,
                "vessel": vessel or "-",
                "since": _instant(before.ended_at),
                "until": _instant(start),
                "value": carried,
            }
            findings.append(Finding("CLEANING_RECORD_MISSING", "alert", said, scheme.rule("CLEANING_RECORD_MISSING")))
    return findings


def _asking_for_cleaning(lots: Iterable[Lot], day: date, world: World) -> list[Scheme]:
    """Schemes that ask for a cleaning record and under which any of the lots still carries something."""
    carried = {scheme for lot in lots for scheme, value in lot.claims.items()}
    schemes = [world.profiles.schemes[scheme] for scheme in sorted(carried)]
    return [scheme for scheme in schemes if scheme.params_at(day).cleaning_required]


def _runs_before(loads: list[Load], site: Site, at: int, world: World) -> list[tuple[str | None, int, Run]]:
    """For each vessel of the run (none: the line of the site): when this run starts, and the run before it."""
    if not loads:
        before = world.line_before(site.id, at)
        return [(None, at, before)] if before is not None else []
    answer: list[tuple[str | None, int, Run]] = []
    for load in loads:
        earlier = [
            run
            for run in world.vessel_runs.get(load.vessel_id, ())
            if run.uid != load.uid and run.started_at < load.started_at and run.ended_at is not None
        ]
        if earlier:
            last = max(earlier, key=lambda run: run.started_at)
            assert last.ended_at is not None
            answer.append((load.vessel_id, load.started_at, Run(last.ended_at, _carried_in(last, world))))
    return answer


def _carried_in(load: Load, world: World) -> Mapping[str, str]:
    """The lowest value of what lay in a load, by scheme."""
    if load.uid in world.run_claims:
        return world.run_claims[load.uid]
    lots = [world.book.by_key[key] for key in load.contents if key in world.book.by_key]
    schemes = {scheme for lot in lots for scheme in lot.claims}
    return {
        scheme: min(
            (lot.claims.get(scheme, world.profiles.schemes[scheme].values[0].code) for lot in lots),
            key=world.profiles.schemes[scheme].rank,
        )
        for scheme in schemes
    }


def _cleaned(event: told.Cleaned, world: World, at: int) -> Ruling:
    site = _site(event.site, world)
    if event.vessel is not None:
        vessel = world.registry.vessels.get(event.vessel)
        if vessel is None or vessel.site_id != site.id:
            raise Refused("VESSEL_UNKNOWN", vessel=event.vessel)
    within = [scheme.params_at(event.occurred_at.date()).cleaning_within_hours for scheme in _all(world)]
    hours = min((item for item in within if item is not None), default=None)
    late = max(0, world.now - at) // HOUR_MS
    findings = [found("CLEANING_TOLD_LATE", hours=late)] if hours is not None and late >= hours else []
    return Ruling(holder=site.org_id, site=site.id, told_at=world.now, findings=findings)


def _all(world: World) -> Iterable[Scheme]:
    return world.profiles.schemes.values()


# --- vessels ---


def _loaded(event: told.Loaded, world: World, at: int) -> Ruling:
    vessel = world.registry.vessels.get(event.vessel)
    if vessel is None:
        raise Refused("VESSEL_UNKNOWN", vessel=event.vessel)
    site = _site(vessel.site_id, world)
    lots = [_seen(item.lot, world, at) for item in event.contents]
    packaging: dict[str, int] = {}
    for lot, item in zip(lots, event.contents, strict=True):
        packaging |= _packaging(world.profiles.product(lot.product)[0], [item.quantity])
    total = _draw(event.contents, world, at, packaging)
    if total > vessel.capacity_g:
        raise Refused("FACILITY_OVER_CAPACITY", vessel=vessel.code, capacity_g=vessel.capacity_g, wanted_g=total)
    for run in world.vessel_runs.get(vessel.id, ()):
        if run.ended_at is None or run.ended_at > at:
            until = _instant(run.ended_at) if run.ended_at is not None else "-"
            raise Refused("FACILITY_BUSY", vessel=vessel.code, since=_instant(run.started_at), until=until)
    if event.load in world.book.loads:
        raise Refused("FACILITY_BUSY", vessel=vessel.code, since=_instant(at), until="-")
    load = Load(0, event.load, site.org_id, vessel.id, site.id, at, {})
    unclean = _not_cleaned(lots, [load], site, {}, at, event.occurred_at.date(), world)
    return Ruling(holder=site.org_id, site=site.id, packaging=packaging, findings=unclean)


def _read(event: told.Read, world: World, at: int) -> Ruling:
    load = _open_load(event.load, world, at)
    lot = world.book.by_key[min(load.contents)]
    commodity, _ = world.profiles.product(lot.product)
    ruling = Ruling(site=load.site_id)
    for item in event.measurements:
        limit = commodity.process.get(item.test)
        if limit is None:
            raise Refused("TEST_UNKNOWN", test=item.test, commodity=commodity.id)
        ruling.units[item.test] = limit.unit
        within = limit.holds(item.value, (at - load.started_at) // 3_600_000)
        ruling.ranges[item.test] = within
        if not within:
            said: dict[str, str | int] = {"test": item.test, "value": item.value, "unit": limit.unit}
            ruling.findings.append(Finding("READING_OUT_OF_RANGE", "notice", said, limit.source))
    return ruling


def _open_load(uid: str, world: World, at: int) -> Load:
    load = world.book.loads.get(uid)
    if load is None or not (load.org_id == world.actor.org_id or _has_a_part(load, world)):
        raise Refused("LOAD_UNKNOWN", load=uid)
    if load.ended_at is not None and load.ended_at <= at:
        raise Refused("LOAD_ENDED", load=uid, ended=_instant(load.ended_at))
    if at < load.started_at:
        raise Refused("EVENT_BEFORE_LOT_EXISTS", lot=uid, made=_instant(load.started_at), occurred=_instant(at))
    return load


def _has_a_part(load: Load, world: World) -> bool:
    return any(world.actor.org_id == world.book.by_key[key].owner_id for key in load.contents)


# --- quality and what blocks ---


def _inspected(event: told.Inspected, world: World, at: int) -> Ruling:
    lot = _seen(event.lot, world, at)
    commodity, _ = world.profiles.product(lot.product)
    verdict = judge_quality(
        [(item.test, item.value) for item in event.measurements],
        CutTest(**event.cut_test.model_dump()) if event.cut_test else None,
        commodity,
        on=event.occurred_at.date(),
        stage=event.stage,
        product=lot.product,
    )
    findings = []
    if verdict.verdict == "fail":
        failed = next(line for line in verdict.lines if line.passed is False)
        said: dict[str, str | int] = {
            "lot": lot.code,
            "test": failed.test,
            "value": failed.value,
            "unit": failed.unit,
            "limit": failed.limit or "-",
        }
        findings.append(Finding("QUALITY_FAILED", "alert", said, None))
    return Ruling(verdict=verdict.to_dict(), findings=findings)


def _held(event: told.Held, world: World, at: int) -> Ruling:
    _own(event.lot, world, at)
    return Ruling()


def _released(event: told.Released, world: World, at: int) -> Ruling:
    lot = _own(event.lot, world, at)
    holds = [row for row in world.book.open_holds(lot) if row.kind in RELEASABLE]
    if not holds:
        raise Refused("NOT_ON_HOLD", lot=lot.code)
    for row in holds:
        if row.kind == "claim":
            for finding in _reasons_of(world.ruling_at(row.seq)):
                _release_of_claim(finding, lot, event.occurred_at.date(), world)
    return Ruling()


def _reasons_of(ruling: Ruling) -> list[Finding]:
    """The findings for which a ruling, or the one that a correction put in its place, held its lots."""
    held = [finding for finding in ruling.findings if finding.level == "alert"]
    return held + (_reasons_of(ruling.instead) if ruling.instead is not None else [])


def _release_of_claim(finding: Finding, lot: Lot, day: date, world: World) -> None:
    """A hold for the sake of a claim ends when its cause is put right, or when the claim is given up."""
    scheme = world.profiles.schemes.get(str(finding.params.get("scheme")))
    if scheme is None or not scheme.value(lot.claims.get(scheme.id, scheme.values[0].code)).claimable:
        return
    if finding.code == "OVER_DELIVERY":
        _estimate_covers(finding, scheme, lot, day, world)
    elif finding.code == "CLEANING_RECORD_MISSING":
        vessel = str(finding.params["vessel"])
        since, until = str(finding.params["since"]), str(finding.params["until"])
        hours = scheme.params_at(day).cleaning_within_hours
        site = str(finding.params["site"])
        cleanings = world.cleanings(site, None if vessel == "-" else vessel, _millis(since), _millis(until))
        if not any(hours is None or told_at - done <= hours * HOUR_MS for done, told_at in cleanings):
            raise Refused("CLEANING_NOT_RECORDED", lot=lot.code, since=since, until=until)


def _estimate_covers(finding: Finding, scheme: Scheme, lot: Lot, day: date, world: World) -> None:
    """The estimate was revised so far that the season's deliveries fit; beyond the last threshold it is signed."""
    made = datetime.fromtimestamp(lot.made_at / 1000, UTC).date()
    limits = scheme.params_at(day)
    standing = _standing(str(finding.params["farmer"]), scheme, lot.product, made, world)
    assert limits.over_delivery_hold_bp is not None
    if standing is not None:
        season, estimate, delivered = standing
        estimate_g = estimate.grams
        fits = delivered * WHOLE_BP <= estimate.grams * limits.over_delivery_hold_bp
        refuse_bp = limits.over_delivery_refuse_bp
        told_g = int(finding.params["estimate_g"])
        far = refuse_bp is not None and delivered * WHOLE_BP > told_g * refuse_bp
        if fits and (estimate.signed or not far):
            return
    else:
        season, delivered, estimate_g = str(finding.params["season"]), int(finding.params["delivered_g"]), 0
    raise Refused(
        "ESTIMATE_NOT_REVISED",
        lot=lot.code,
        farmer=str(finding.params["farmer"]),
        season=season,
        delivered_g=delivered,
        estimate_g=estimate_g,
    )


def _recalled(event: told.Recalled, world: World, at: int) -> Ruling:
    lot = _seen(event.lot, world, at)
    if world.actor.org_id not in (lot.org_id, lot.owner_id, lot.holder_id):
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    return Ruling()


def _downgraded(event: told.Downgraded, world: World, at: int) -> Ruling:
    lot = _seen(event.lot, world, at)
    if world.actor.org_id not in (lot.org_id, lot.owner_id, lot.holder_id):
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    scheme = _scheme(event.scheme, world)
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


def _certified(event: told.Certified, world: World, at: int) -> Ruling:
    """Certificates of a control body never add up to more than the lot (Reg. (EU) 2021/2306 Art. 3)."""
    lot = _usable(event.lot, world, at)
    if lot.owner_id != world.actor.org_id:
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    commodity, _ = world.profiles.product(lot.product)
    packaging = _packaging(commodity, [event.quantity])
    wanted = _grams(event.quantity, packaging, "/quantity")
    scheme = _scheme(event.scheme, world)
    _carries(lot, scheme, event.value)
    issued = [row for row in world.book.consignments[lot.key] if row.state != "cancelled"]
    if any(row.number == event.number and row.kind == event.kind for row in issued):
        raise Refused("CERTIFICATE_NUMBER_TAKEN", number=event.number, lot=lot.code)
    certified = sum(row.grams for row in issued if (row.kind, row.scheme) == (event.kind, event.scheme))
    left = lot.initial_g - world.gone_g(lot.key) - certified
    if wanted > left:
        raise Refused("COI_QTY_EXCEEDED", lot=lot.code, number=event.number, left_g=max(0, left), wanted_g=wanted)
    return Ruling(packaging=packaging)


def _carries(lot: Lot, scheme: Scheme, value: str) -> None:
    """The lot carries at least the value; a value that claims nothing needs no certificate."""
    if value not in {known.code for known in scheme.values} or not scheme.value(value).claimable:
        raise Refused("CLAIM_VALUE_UNKNOWN", scheme=scheme.id, value=value)
    carried = lot.claims.get(scheme.id, scheme.values[0].code)
    if scheme.rank(carried) < scheme.rank(value):
        raise Refused("CLAIM_NOT_SUPPORTED", lot=lot.code, scheme=scheme.id, value=value, carried=carried)


# --- custody ---


def _offered(event: told.TransferOffered, world: World, at: int) -> Ruling:
    to = _organisation(event.to, world)
    if to == world.actor.org_id:
        raise Refused("ORGANISATION_UNKNOWN", organisation=event.to)
    for uid in event.lots:
        lot = _usable(uid, world, at)
        if event.ownership and lot.owner_id != world.actor.org_id:
            raise Refused("LOT_NOT_YOURS", lot=lot.code)
        if lot.remaining_g == 0:
            raise Refused("NOTHING_LEFT", lot=lot.code)
        if world.book.loaded_g(lot.key):
            raise Refused("LOT_IN_VESSEL", lot=lot.code)
    _no_twice(event.lots, world)
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


def _accepted(event: told.TransferAccepted, world: World, at: int) -> Ruling:
    transfer = _offer(event.offer, world, by_receiver=True)
    site = _site(event.site, world)
    if site.org_id != world.actor.org_id:
        raise Refused("SITE_UNKNOWN", site=event.site)
    offered = dict(transfer.lots)
    lots = [world.book.by_uid[uid] for uid in offered]
    packaging: dict[str, int] = {}
    _no_twice([item.lot for item in event.weighed], world)
    for i, item in enumerate(event.weighed):
        if item.lot not in offered:
            raise Refused("LOT_UNKNOWN", lot=item.lot)
        lot = world.book.by_uid[item.lot]
        packaging |= _packaging(world.profiles.product(lot.product)[0], [item.quantity])
        weighed = _grams(item.quantity, packaging, f"/weighed/{i}/quantity")
        if weighed > lot.remaining_g:
            raise Refused("WEIGHT_ABOVE_OFFER", lot=lot.code, offered_g=lot.remaining_g, weighed_g=weighed)
    for lot in lots:
        _not_before(lot, at)
        if lot.disposition != "available":
            raise Refused("LOT_BLOCKED", lot=lot.code, disposition=lot.disposition)
    return Ruling(holder=site.org_id, site=site.id, packaging=packaging, caps=_site_caps(lots, site, event, world))


def _rejected(event: told.TransferRejected, world: World) -> Ruling:
    transfer = _offer(event.offer, world, by_receiver=False)
    return Ruling(to=transfer.to_org_id)


# --- units and leaving ---


def _packed(event: told.Packed, world: World, at: int) -> Ruling:
    lot = _usable(event.lot, world, at)
    commodity, _ = world.profiles.product(lot.product)
    packaging = commodity.packaging.get(event.packaging)
    if packaging is None:
        raise Refused("PACKAGING_UNKNOWN", packaging=event.packaging, commodity=commodity.id)
    weights = {event.packaging: packaging.grams}
    if event.rest:
        weights |= _packaging(commodity, [event.rest])
    wanted = packaging.grams * event.units + (_grams(event.rest, weights, "/rest") if event.rest else 0)
    if lot.units or wanted > lot.remaining_g:
        have = 0 if lot.units else lot.remaining_g
        raise Refused("UNITS_EXCEED_LOT", lot=lot.code, have_g=have, wanted_g=wanted)
    return Ruling(packaging=weights)


def _shipped(event: told.Shipped, world: World, at: int) -> Ruling:
    lot = _usable(event.lot, world, at)
    if lot.owner_id != world.actor.org_id:  # whoever only holds goods cannot send them away
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    commodity, product = world.profiles.product(lot.product)
    packaging = _packaging(commodity, [event.quantity])
    grams = _grams(event.quantity, packaging, "/quantity")
    _enough(lot, grams, world)
    for made in event.claims:
        _claim_holds(made, lot, product, event, grams, world)
    if lot.qc != "pass":
        raise Refused("QC_PENDING", lot=lot.code, qc=lot.qc)
    return Ruling(packaging=packaging)


def _claim_holds(
    made: told.ClaimMade, lot: Lot, product: Product, event: told.Shipped, grams: int, world: World
) -> None:
    """A claim at dispatch: the lot carries it, and each certificate named is in force and covers the product."""
    scheme = _scheme(made.scheme, world)
    if made.value not in {value.code for value in scheme.values}:
        raise Refused("CLAIM_VALUE_UNKNOWN", scheme=scheme.id, value=made.value)
    if not scheme.value(made.value).claimable:
        return
    _carries(lot, scheme, made.value)
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


def _lost(event: told.Lost, world: World, at: int) -> Ruling:
    lot = _own(event.lot, world, at)
    commodity, _ = world.profiles.product(lot.product)
    packaging = _packaging(commodity, [event.quantity])
    gone = _grams(event.quantity, packaging, "/quantity")
    _enough(lot, gone, world)
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


# --- labels ---


def _label_issued(event: told.LabelIssued, world: World, at: int) -> Ruling:
    lot = _own(event.lot, world, at)
    if lot.disposition != "available":
        raise Refused("LOT_BLOCKED", lot=lot.code, disposition=lot.disposition)
    return Ruling()


def _label_revoked(event: told.LabelRevoked, world: World) -> Ruling:
    label = world.book.labels.get(event.code)
    if label is None or label.org_id != world.actor.org_id or label.state == "revoked":
        raise Refused("LABEL_UNKNOWN", label=event.code)
    return Ruling()


# --- corrections ---


def _corrected(event: told.Corrected, world: World) -> Ruling:
    """The error must be the actor's own; what it did is taken back, then the right event is judged in its place."""
    found = world.original(event.event)
    if found is None:
        raise Refused("EVENT_UNKNOWN", event=event.event)
    original, _, _, voided = found
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
    return Ruling()


def judge_instead(event: told.AnyEvent, world: World, remade: Iterable[str]) -> Ruling:
    """Judge the event that stands in for an error, once the error is taken back.

    ``remade`` are the lots that the error made: the right event may make them again.
    """
    world.taken_lots -= set(remade)
    world.taken_codes -= {world.book.by_uid[uid].code for uid in remade}
    world.correcting, world.remade = True, set(remade)
    ruling = judge(event, world)
    made = set(told.lots_made(event))
    below = {
        lot.uid
        for key in world.book.with_descendants({world.book.by_uid[uid].key for uid in made & set(remade)})
        if (lot := world.book.by_key[key])
    }
    for uid in told.lots_named(event):
        if uid in below and uid not in made:
            raise Refused("CYCLE", lot=world.book.by_uid[uid].code)
    return ruling


# --- what the functions above share ---


def _site(site_id: str, world: World) -> Site:
    site = world.registry.sites.get(site_id)
    if site is None:
        raise Refused("SITE_UNKNOWN", site=site_id)
    if not site.open_to(world.actor.org_id):
        raise Refused("SITE_UNKNOWN", site=site_id)
    return site


def _organisation(code: str, world: World) -> int:
    try:
        return world.registry.organisations[code]
    except KeyError:
        raise Refused("ORGANISATION_UNKNOWN", organisation=code) from None


def _scheme(code: str, world: World) -> Scheme:
    try:
        return world.profiles.schemes[code]
    except KeyError:
        raise Refused("SCHEME_UNKNOWN", scheme=code) from None


def _packaging(commodity: Commodity, quantities: Iterable[told.Quantity]) -> dict[str, int]:
    """The weights of the packagings that these quantities are told in."""
    return {
        quantity.unit: commodity.packaging[quantity.unit].grams
        for quantity in quantities
        if quantity.unit in commodity.packaging
    }


def _grams(quantity: told.Quantity, packaging: Mapping[str, int], pointer: str) -> int:
    try:
        return to_grams(quantity.value, quantity.unit, packaging)
    except Refused as refused:
        raise refused.at(pointer) from None


def _seen(uid: str, world: World, at: int) -> Lot:
    """A lot that the actor may know of, at a time when it existed."""
    lot = world.book.by_uid.get(uid)
    if lot is None or world.actor.org_id not in lot.parties:
        raise Refused("LOT_UNKNOWN", lot=uid)
    _not_before(lot, at)
    return lot


def _not_before(lot: Lot, at: int) -> None:
    if at < lot.made_at:
        raise Refused("EVENT_BEFORE_LOT_EXISTS", lot=lot.code, made=_instant(lot.made_at), occurred=_instant(at))


def _own(uid: str, world: World, at: int) -> Lot:
    """A lot that the actor owns or holds."""
    lot = _seen(uid, world, at)
    if world.actor.org_id not in (lot.owner_id, lot.holder_id):
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    if lot.disposition == "void":
        raise Refused("LOT_VOID", lot=lot.code)
    return lot


def _usable(uid: str, world: World, at: int, *, rework: bool = False) -> Lot:
    """A lot of the actor's that nothing blocks. A rework step may take what only quality holds."""
    lot = _own(uid, world, at)
    if lot.transfer_seq is not None:
        raise Refused("LOT_IN_TRANSFER", lot=lot.code)
    if lot.disposition != "available":
        kinds = {row.kind for row in world.book.open_holds(lot)}
        passing = {"quality", "reject"} if rework else set[str]()
        passing |= {"stock"} if world.correcting else set()
        if not kinds <= passing:
            raise Refused("LOT_BLOCKED", lot=lot.code, disposition=lot.disposition)
    return lot


def _enough(lot: Lot, wanted: int, world: World, ending: frozenset[str] = frozenset()) -> None:
    if wanted > lot.remaining_g:
        raise Refused("INSUFFICIENT_STOCK", lot=lot.code, have_g=lot.remaining_g, wanted_g=wanted)
    if wanted > lot.remaining_g - world.book.loaded_g(lot.key, but=ending):
        raise Refused("LOT_IN_VESSEL", lot=lot.code)


def _draw(
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
    _no_twice([item.lot for item in items], world)
    total = 0
    weights = [_grams(item.quantity, packaging, f"/inputs/{i}/quantity") for i, item in enumerate(items)]
    for item, wanted in zip(items, weights, strict=True):
        lot = _usable(item.lot, world, at, rework=rework)
        _enough(lot, wanted, world, ending)
        total += wanted
    return total


def _no_twice(uids: Iterable[str], world: World) -> None:
    seen: set[str] = set()
    for uid in uids:
        if uid in seen:
            raise Refused("DUPLICATE_LOT", lot=world.book.by_uid[uid].code if uid in world.book.by_uid else uid)
        seen.add(uid)


def _fresh(outputs: Iterable[told.NewLot | told.Named], world: World) -> None:
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


def _one_product(lots: Iterable[Lot]) -> str:
    lots = list(lots)
    for lot in lots[1:]:
        if lot.product != lots[0].product:
            raise Refused("PRODUCT_MISMATCH", lot=lot.code, product=lot.product, expected=lots[0].product)
    return lots[0].product


def _one_owner(lots: Iterable[Lot]) -> int:
    lots = list(lots)
    for lot in lots[1:]:
        if lot.owner_id != lots[0].owner_id:
            raise Refused("OWNER_REQUIRED", lot=lot.code)
    return lots[0].owner_id


def _owners(outputs: Iterable[told.NewLot], inputs: Iterable[Lot], world: World) -> dict[str, int]:
    """Who owns what comes out: the owner of what went in; where several shared a load, each output says whose it is."""
    owners = {lot.owner_id for lot in inputs}
    answer = {}
    for item in outputs:
        if item.owner is None and len(owners) > 1:
            raise Refused("OWNER_REQUIRED", lot=item.code)
        owner = _organisation(item.owner, world) if item.owner is not None else next(iter(owners))
        if owner not in owners:
            raise Refused("OWNER_REQUIRED", lot=item.code)
        answer[item.lot] = owner
    return answer


def _caps(lots: list[Lot], site: Site, event: told.AnyEvent, world: World) -> dict[str, Cap]:
    """What the site allows goods that are put together, and which rule of mixing stays with the lot."""
    caps = _site_caps(lots, site, event, world)
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
        elif len(lots) > 1 and _is_strict(scheme, day, world):
            mark = Finding("STRICT_MIXTURE", "notice", {"scheme": code}, scheme.rule("STRICT_MIXTURE"))
            caps[code] = together(scheme, (cap, Cap(scheme.values[-1].code, (mark,))))
    return caps


def _is_strict(scheme: Scheme, day: date, world: World) -> bool:
    setting = world.registry.setting(scheme.id, day)
    return scheme.params_at(day).strict_same_ingredient or (setting is not None and setting.strict)


def _site_caps(lots: Iterable[Lot], site: Site, event: told.AnyEvent, world: World) -> dict[str, Cap]:
    """What the site allows, for each scheme under which any of the lots still carries something."""
    carried = {
        scheme
        for lot in lots
        for scheme, value in lot.claims.items()
        if value != world.profiles.schemes[scheme].values[0].code
    }
    day = event.occurred_at.date()
    certificates = tuple(world.registry.certificates.values())
    return {
        scheme: judge_site(
            world.profiles.schemes[scheme], event.type, day=day, site_id=site.id, certificates=certificates
        )
        for scheme in sorted(carried)
    }


def _commingled(lots: Iterable[Lot], event: told.AnyEvent, world: World) -> list[Finding]:
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
                "value": mixture(rules, values.values(), strict=_is_strict(rules, day, world)),
                "lot": lowering[0],
                "lots": len(lowering),
            }
            findings.append(Finding("COMMINGLING", "notice", said, rules.rule("COMMINGLING")))
    return findings


def _millis(instant: str) -> int:
    return told.millis(datetime.fromisoformat(instant))


def _instant(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


__all__ = ["CORRECTABLE", "Profiles", "Run", "World", "brought_by", "judge", "judge_instead"]
