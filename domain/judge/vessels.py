"""Runs of vessels, what is read in them, and the cleaning between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from domain import events as told
from domain.claims import Cap
from domain.findings import Finding, found
from domain.judge.shared import HOUR_MS, draw, instant_of, packaging_of, seen, the_site
from domain.judge.world import Run, World
from domain.profiles import Scheme
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.values import Load, Lot, Site


def not_cleaned(
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
                "since": instant_of(before.ended_at),
                "until": instant_of(start),
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


def cleaned(event: told.Cleaned, world: World, at: int) -> Ruling:
    """A cleaning of a vessel or of the line of a site; told late, it says so."""
    site = the_site(event.site, world)
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


def loaded(event: told.Loaded, world: World, at: int) -> Ruling:
    """A run begins: the vessel is free and takes so much."""
    vessel = world.registry.vessels.get(event.vessel)
    if vessel is None:
        raise Refused("VESSEL_UNKNOWN", vessel=event.vessel)
    site = the_site(vessel.site_id, world)
    lots = [seen(item.lot, world, at) for item in event.contents]
    packaging: dict[str, int] = {}
    for lot, item in zip(lots, event.contents, strict=True):
        packaging |= packaging_of(world.profiles.product(lot.product)[0], [item.quantity])
    total = draw(event.contents, world, at, packaging)
    if total > vessel.capacity_g:
        raise Refused("FACILITY_OVER_CAPACITY", vessel=vessel.code, capacity_g=vessel.capacity_g, wanted_g=total)
    for run in world.vessel_runs.get(vessel.id, ()):
        if run.ended_at is None or run.ended_at > at:
            until = instant_of(run.ended_at) if run.ended_at is not None else "-"
            raise Refused("FACILITY_BUSY", vessel=vessel.code, since=instant_of(run.started_at), until=until)
    if event.load in world.book.loads:
        raise Refused("FACILITY_BUSY", vessel=vessel.code, since=instant_of(at), until="-")
    load = Load(0, event.load, site.org_id, vessel.id, site.id, at, {})
    unclean = not_cleaned(lots, [load], site, {}, at, event.occurred_at.date(), world)
    return Ruling(holder=site.org_id, site=site.id, packaging=packaging, findings=unclean)


def read(event: told.Read, world: World, at: int) -> Ruling:
    """Values read in a run, against the range of good practice."""
    load = open_load(event.load, world, at)
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


def open_load(uid: str, world: World, at: int) -> Load:
    """A run that is going on, of the teller's site or with goods of the teller."""
    load = world.book.loads.get(uid)
    if load is None or not (load.org_id == world.actor.org_id or _has_a_part(load, world)):
        raise Refused("LOAD_UNKNOWN", load=uid)
    if load.ended_at is not None and load.ended_at <= at:
        raise Refused("LOAD_ENDED", load=uid, ended=instant_of(load.ended_at))
    if at < load.started_at:
        raise Refused("EVENT_BEFORE_LOT_EXISTS", lot=uid, made=instant_of(load.started_at), occurred=instant_of(at))
    for run in world.vessel_runs.get(load.vessel_id, ()):
        if load.started_at < run.started_at < at:
            raise Refused("LOAD_ENDED", load=uid, ended=instant_of(run.started_at))
    return load


def _has_a_part(load: Load, world: World) -> bool:
    return any(world.actor.org_id == world.book.by_key[key].owner_id for key in load.contents)
