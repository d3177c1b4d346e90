"""Checks, holds and their release, recalls."""

from __future__ import annotations

from datetime import UTC, date, datetime

from domain import events as told
from domain.findings import Finding
from domain.fold import RELEASABLE
from domain.judge.gate import season_so_far
from domain.judge.shared import HOUR_MS, millis_of, own, seen
from domain.judge.world import World
from domain.profiles import Scheme
from domain.quality import CutTest
from domain.quality import judge as judge_quality
from domain.quantity import WHOLE_BP
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.values import Lot


def inspected(event: told.Inspected, world: World, at: int) -> Ruling:
    """A check, by the specification of its day and stage."""
    lot = seen(event.lot, world, at)
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


def held(event: told.Held, world: World, at: int) -> Ruling:
    """A hold, by the owner or holder."""
    own(event.lot, world, at)
    return Ruling()


def released(event: told.Released, world: World, at: int) -> Ruling:
    """Holds that a release can end; those for the sake of a claim only when their cause is put right."""
    lot = own(event.lot, world, at)
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
        cleanings = world.cleanings(site, None if vessel == "-" else vessel, millis_of(since), millis_of(until))
        if not any(hours is None or told_at - done <= hours * HOUR_MS for done, told_at in cleanings):
            raise Refused("CLEANING_NOT_RECORDED", lot=lot.code, since=since, until=until)


def _estimate_covers(finding: Finding, scheme: Scheme, lot: Lot, day: date, world: World) -> None:
    """The estimate was revised so far that the season's deliveries fit; beyond the last threshold it is signed."""
    made = datetime.fromtimestamp(lot.made_at / 1000, UTC).date()
    limits = scheme.params_at(day)
    standing = season_so_far(str(finding.params["farmer"]), scheme, lot.product, made, world)
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


def recalled(event: told.Recalled, world: World, at: int) -> Ruling:
    """A recall, by whoever made, owns or holds the lot."""
    lot = seen(event.lot, world, at)
    if world.actor.org_id not in (lot.org_id, lot.owner_id, lot.holder_id):
        raise Refused("LOT_NOT_YOURS", lot=lot.code)
    return Ruling()
