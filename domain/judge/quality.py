"""Checks, holds and their release, recalls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from domain import events as told
from domain.book import DeviationRow, HoldRow
from domain.claims import Cap
from domain.findings import Finding
from domain.judge.gate import season_so_far
from domain.judge.shared import (
    HOUR_MS,
    grams_of,
    millis_of,
    no_twice,
    one_product,
    own,
    packaging_of,
    ready_for,
    seen,
    the_site,
    usable,
)
from domain.judge.world import World
from domain.profiles import Commodity, Sampling, Scheme
from domain.quality import CUT_TEST, FAILING, CutTest, Found, Verdict, passed
from domain.quality import judge as judge_quality
from domain.quantity import WHOLE_BP
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.values import Lot

NEVER_RELEASED: Final = {
    "LICENCE_NOT_VALID": "RELEASE_WITHOUT_LICENCE",
    "RETURN_NOT_SALEABLE": "RELEASE_OF_RETURN",
}
"""Holds that no reason ends, and how that is said."""


def sampled(event: told.Sampled, world: World, at: int) -> Ruling:
    """A sample, drawn as the plan of the commodity asks for; where it is not, that is said."""
    lots = [seen(uid, world, at) for uid in event.lots]
    no_twice(event.lots, world)
    commodity, _ = world.profiles.product(one_product(lots))
    if any(row.org_id == world.actor.org_id for row in world.book.samples[event.sample]):
        raise Refused("SAMPLE_CODE_TAKEN", sample=event.sample)
    packaging = packaging_of(commodity, [event.quantity] if event.quantity else [])
    grams = grams_of(event.quantity, packaging, "/quantity") if event.quantity else None
    plan = commodity.sampling_at(event.occurred_at.date())
    findings = _against_plan(event, grams, plan) if plan is not None else []
    return Ruling(packaging=packaging, told_by=world.actor.name, findings=findings)


def _against_plan(event: told.Sampled, grams: int | None, plan: Sampling) -> list[Finding]:
    """Too few bags, too little in all, or increments too large (for cocoa: ISO 2292)."""
    findings = []
    if event.bags is not None and plan.bags_min_bp:
        needed = -(-event.bags * plan.bags_min_bp // WHOLE_BP)
        if (event.drawn_from or 0) < needed:
            said: dict[str, str | int] = {
                "sample": event.sample,
                "drawn_from": event.drawn_from or 0,
                "bags": event.bags,
                "needed": needed,
            }
            findings.append(Finding("SAMPLE_OF_TOO_FEW_BAGS", "notice", said, plan.source))
    if grams is not None and grams < plan.sample_min_g:
        said = {"sample": event.sample, "sample_g": grams, "needed_g": plan.sample_min_g}
        findings.append(Finding("SAMPLE_TOO_SMALL", "notice", said, plan.source))
    if grams is not None and plan.increment_max_g and grams > plan.increment_max_g * event.increments:
        said = {"sample": event.sample, "increments": event.increments, "most_g": plan.increment_max_g}
        findings.append(Finding("SAMPLE_INCREMENT_TOO_LARGE", "notice", said, plan.source))
    return findings


def sample_handed_over(event: told.SampleHandedOver, world: World) -> Ruling:
    """A sample of one's own, whole or not: what was broken on the way is said."""
    rows = [row for row in world.book.samples[event.sample] if row.org_id == world.actor.org_id]
    if not rows:
        raise Refused("SAMPLE_UNKNOWN", sample=event.sample)
    drawn = rows[0].seal
    findings = []
    if not event.intact or (drawn is not None and event.seal != drawn):
        said: dict[str, str | int] = {"sample": event.sample, "seal": drawn or "-", "found": event.seal or "-"}
        findings.append(Finding("SAMPLE_SEAL_BROKEN", "alert", said, None))
    return Ruling(told_by=world.actor.name, findings=findings)


def tests_ordered(event: told.TestsOrdered, world: World, at: int) -> Ruling:
    """Tests that the commodity's profile knows, of a lot of one's own."""
    lot = own(event.lot, world, at)
    commodity, _ = world.profiles.product(lot.product)
    for test in event.tests:
        if test != CUT_TEST and test not in commodity.tests():
            raise Refused("TEST_UNKNOWN", test=test, commodity=commodity.id)
    return Ruling()


def inspected(event: told.Inspected, world: World, at: int) -> Ruling:
    """A check, by the specification of its day and stage."""
    lot = seen(event.lot, world, at)
    commodity, _ = world.profiles.product(lot.product)
    for item in event.measurements:
        if item.instrument is not None and item.instrument not in world.registry.instruments:
            raise Refused("INSTRUMENT_UNKNOWN", instrument=item.instrument)
    verdict = judge_quality(
        [
            Found(item.test, item.value, bool(item.below), item.samples or 1, item.method, item.uncertainty)
            for item in event.measurements
        ],
        CutTest(**event.cut_test.model_dump()) if event.cut_test else None,
        commodity,
        on=event.occurred_at.date(),
        stage=event.stage,
        product=lot.product,
    )
    verdict, findings = _counted(verdict, event, lot, commodity, world)
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
    findings += [
        Finding(
            "LIMIT_OF_QUANTIFICATION_TOO_HIGH",
            "notice",
            {"test": line.test, "value": line.value, "unit": line.unit, "limit": line.limit},
            None,
        )
        for line in verdict.lines
        if line.below and line.passed is None and line.limit is not None
    ]
    together = _sampled_with(event, lot, world)
    caps = _consequences(event, lot, (world.book.by_uid[uid] for uid in together), commodity, world)
    findings += [reason for cap in caps.values() for reason in cap.reasons]
    return Ruling(
        verdict=verdict.to_dict(),
        caps=caps,
        retest_of=_repeated(event, lot, world),
        lots=together,
        findings=findings,
    )


def _counted(
    verdict: Verdict, event: told.Inspected, lot: Lot, commodity: Commodity, world: World
) -> tuple[Verdict, list[Finding]]:
    """What passed but was not come by as the sampling plan asks for does not count; what failed counts from anybody."""
    lines, findings = [], dict[str, Finding]()
    for line in verdict.lines:
        test = CUT_TEST if line.of is not None else line.test
        why = None if line.severity in FAILING else _why_not(test, event, lot, commodity, world)
        lines.append(line if why is None else replace(line, counts=False))
        if why is not None:
            said: dict[str, str | int] = {"test": test, "why": why}
            plan = commodity.sampling_at(event.occurred_at.date(), lot.product, test)
            findings[test] = Finding("RESULT_DOES_NOT_COUNT", "notice", said, plan.source if plan else None)
    return replace(verdict, lines=tuple(lines)), list(findings.values())


def _why_not(test: str, event: told.Inspected, lot: Lot, commodity: Commodity, world: World) -> str | None:
    """Why a result that passed does not count; none: it does."""
    rows = world.book.samples[event.sample] if event.sample is not None else []
    if any(row.broken for row in world.book.handovers[event.sample or ""]):
        return "seal_broken"
    told_of = [item for item in event.measurements if item.test == test]
    if any(item.instrument is not None and not _calibrated(item.instrument, event, world) for item in told_of):
        return "not_calibrated"
    plan = commodity.sampling_at(event.occurred_at.date(), lot.product, test)
    if plan is None:
        return None
    if sum(item.samples or 1 for item in told_of) < plan.units:
        return "too_few_samples"
    if plan.accredited and event.accreditation is None:
        return "not_accredited"
    if plan.apart and not rows:
        return "not_sampled"
    outside = event.laboratory is not None and event.laboratory != world.actor.org_code
    if "sampler" in plan.apart and not outside and any(row.told_by == world.actor.name for row in rows):
        return "same_person"
    if "owner" in plan.apart and not outside and lot.owner_id == world.actor.org_id:
        return "owner_tested"
    return None


def _calibrated(instrument: str, event: told.Inspected, world: World) -> bool:
    return world.registry.instruments[instrument].calibrated_on(event.occurred_at.date())


def _consequences(
    event: told.Inspected, lot: Lot, others: Iterable[Lot], commodity: Commodity, world: World
) -> dict[str, Cap]:
    """The claims that a value takes, whatever the limit of the food says: one result, several decisions."""
    caps: dict[str, Cap] = {}
    judged = {scheme for one in (lot, *others) for scheme in one.claims}
    day = event.occurred_at.date()
    for item in commodity.consequences:
        for result in event.measurements:
            if result.below or not item.follows(lot.product, result.test, result.value, day):
                continue
            for scheme in sorted(judged & set(item.lowers)):
                said: dict[str, str | int] = {
                    "scheme": scheme,
                    "test": result.test,
                    "value": result.value,
                    "above": item.above,
                }
                bottom = world.profiles.schemes[scheme].values[0].code
                caps[scheme] = Cap(bottom, (Finding("CLAIM_LOST_BY_TEST", "alert", said, item.source),))
    return caps


def _repeated(event: told.Inspected, lot: Lot, world: World) -> int | None:
    """The number of the failed check that a retest names; it says why it was made."""
    if event.retest_of is None:
        return None
    seq = world.check_of(event.retest_of, lot.key)
    if seq is None or all(item.seq != seq or not item.failed for item in world.book.outcomes(lot.key)):
        raise Refused("RETEST_OF_NOTHING", lot=lot.code, check=event.retest_of)
    if event.reason is None:
        raise Refused("RETEST_WITHOUT_REASON", lot=lot.code)
    return seq


def _sampled_with(event: told.Inspected, lot: Lot, world: World) -> list[str]:
    """The other lots of a sample that was drawn of several together: the result holds for them too."""
    rows = world.book.samples[event.sample] if event.sample is not None else []
    if not rows:
        return []
    others = [world.book.by_key[row.lot].uid for row in rows if row.lot != lot.key]
    if len(others) == len(rows):
        raise Refused("SAMPLE_OF_OTHER_LOTS", sample=str(event.sample), lot=lot.code)
    return others


def document_attached(event: told.DocumentAttached, world: World, at: int) -> Ruling:
    """A paper about a lot that one knows of, once; it backs checks that were made of this lot."""
    lot = seen(event.lot, world, at)
    for check in event.checks:
        if world.check_of(check, lot.key) is None:
            raise Refused("CHECK_UNKNOWN", lot=lot.code, check=check)
    if world.attached(lot.key, event.sha256):
        raise Refused("DOCUMENT_ATTACHED_BEFORE", lot=lot.code, sha256=event.sha256)
    return Ruling()


def checked(event: told.Checked, world: World, at: int) -> Ruling:
    """A checklist that the commodity's profile knows, every point answered."""
    site = the_site(event.site, world)
    lots = [usable_for_check(uid, world, at) for uid in event.lots]
    if event.vessel is not None:
        vessel = world.registry.vessels.get(event.vessel)
        if vessel is None or vessel.site_id != site.id:
            raise Refused("VESSEL_UNKNOWN", vessel=event.vessel)
    known = [world.profiles.product(one_product(lots))[0]] if lots else list(world.profiles.commodities.values())
    checklist = next((c.checklists[event.checklist] for c in known if event.checklist in c.checklists), None)
    if checklist is None:
        raise Refused("CHECKLIST_UNKNOWN", checklist=event.checklist)
    answered = {answer.point: answer for answer in event.answers}
    for point in answered:
        if point not in checklist.points:
            raise Refused("POINT_UNKNOWN", checklist=checklist.code, point=point)
    missing = [code for code in checklist.points if code not in answered]
    if missing:
        raise Refused("POINTS_NOT_ANSWERED", checklist=checklist.code, points=", ".join(missing))
    wrong = [point for point in checklist.points.values() if not answered[point.code].ok]
    findings = [
        Finding(
            "CRITICAL_POINT_FAILED" if point.critical else "POINT_NOT_IN_ORDER",
            "alert" if point.critical else "notice",
            {"checklist": checklist.code, "point": point.code},
            point.source,
        )
        for point in wrong
    ]
    critical = [point.code for point in wrong if point.critical]
    since = world.made_meanwhile(site.id, event.vessel, checklist.code, at) if critical and not lots else []
    return Ruling(
        holder=site.org_id,
        site=site.id,
        lots=since,
        failed_points=critical,
        findings=findings,
    )


def usable_for_check(uid: str, world: World, at: int) -> Lot:
    """A lot that is there; a checklist may be told of a lot that is held."""
    lot = seen(uid, world, at)
    if lot.disposition == "void":
        raise Refused("LOT_VOID", lot=lot.code)
    return lot


def deviation_raised(event: told.DeviationRaised, world: World, at: int) -> Ruling:
    """Of a lot of one's own, under a new id."""
    own(event.lot, world, at)
    if event.deviation in world.book.deviations:
        raise Refused("DEVIATION_EXISTS", deviation=event.deviation)
    return Ruling()


def deviation_closed(event: told.DeviationClosed, world: World) -> Ruling:
    """By whoever raised it, once."""
    row = _deviation(event.deviation, world)
    if row.closed_at is not None:
        raise Refused("DEVIATION_ENDED", deviation=event.deviation)
    return Ruling()


def action_verified(event: told.ActionVerified, world: World) -> Ruling:
    """After the deviation was closed."""
    row = _deviation(event.deviation, world)
    if row.closed_at is None:
        raise Refused("DEVIATION_OPEN", lot=world.book.by_key[row.lot].code, count=1)
    return Ruling()


def _deviation(uid: str, world: World) -> DeviationRow:
    row = world.book.deviations.get(uid)
    if row is None or row.org_id != world.actor.org_id:
        raise Refused("DEVIATION_UNKNOWN", deviation=uid)
    return row


def batch_certified(event: told.BatchCertified, world: World, at: int) -> Ruling:
    """Nothing blocks the batch, every test is passed, no deviation is open, and somebody else made it."""
    lot = usable(event.lot, world, at)
    if lot.certified_seq is not None:
        raise Refused("BATCH_CERTIFIED_BEFORE", lot=lot.code)
    if lot.qc != "pass":
        raise Refused("QC_PENDING", lot=lot.code, qc=lot.qc)
    ready_for("batch_certified", lot, event.occurred_at.date(), world)
    count = sum(row.lot == lot.key and row.closed_at is None for row in world.book.deviations.values())
    if count:
        raise Refused("DEVIATION_OPEN", lot=lot.code, count=count)
    if world.actor.name in world.makers(lot.key):
        raise Refused("BATCH_FOUR_EYES", lot=lot.code)
    _reconciled(lot, event.occurred_at.date(), world)
    return Ruling()


def _reconciled(lot: Lot, day: date, world: World) -> None:
    """Labels and yield add up, or a deviation says why they do not."""
    commodity, _ = world.profiles.product(lot.product)
    rule = commodity.release_of(lot.product, day)
    explained = any(row.lot == lot.key for row in world.book.deviations.values())
    if rule is None:
        return
    if rule.labels:
        counts = world.book.label_counts[lot.key]
        if not counts:
            raise Refused("LABELS_NOT_RECONCILED", lot=lot.code)
        if counts[-1].missing and not explained:
            raise Refused("LABELS_MISSING", lot=lot.code, count=abs(counts[-1].missing))
    if rule.yields and not explained:
        unlikely = {finding.code for ruling in world.rulings_of(lot.key) for finding in ruling.findings}
        if unlikely & {"YIELD_ABOVE_RANGE", "YIELD_BELOW_RANGE"}:
            raise Refused("YIELD_NOT_EXPLAINED", lot=lot.code)


def labels_reconciled(event: told.LabelsReconciled, world: World, at: int) -> Ruling:
    """Printed labels of a batch of one's own; what is missing, or too many, is said."""
    lot = own(event.lot, world, at)
    missing = event.printed - event.used - event.spoiled - event.put_back
    if not missing:
        return Ruling()
    said: dict[str, str | int] = {"lot": lot.code, "printed": event.printed, "missing": missing}
    return Ruling(findings=[Finding("LABELS_DO_NOT_ADD_UP", "alert", said, None)])


def held(event: told.Held, world: World, at: int) -> Ruling:
    """A hold, by the owner or holder."""
    own(event.lot, world, at)
    return Ruling()


def released(event: told.Released, world: World, at: int) -> Ruling:
    """Holds that a release can end; those for the sake of a claim only when their cause is put right."""
    lot = own(event.lot, world, at)
    holds = world.book.releasable(lot)
    if not holds:
        raise Refused("NOT_ON_HOLD", lot=lot.code)
    for row in holds:
        if row.code in NEVER_RELEASED:
            raise Refused(NEVER_RELEASED[row.code], lot=lot.code)
        if row.kind == "claim":
            for finding in _reasons_of(world.ruling_at(row.seq)):
                _release_of_claim(finding, lot, event.occurred_at.date(), world)
        if row.code == "CRITICAL_POINT_FAILED":
            _release_of_point(row, lot, world)
    return Ruling()


def _release_of_point(row: HoldRow, lot: Lot, world: World) -> None:
    """What was not made as it must be is released when the tests that the profile names found it fit."""
    commodity, _ = world.profiles.product(lot.product)
    wanted: set[str] = set()
    for failed in (row.reason or "").split("; "):
        checklist, _, points = failed.partition(": ")
        known = commodity.checklists[checklist].points
        wanted.update(test for code in points.split(", ") for test in known[code].release_tests)
    missing = wanted - passed(world.book.outcomes(lot.key), row.seq)
    if missing:
        raise Refused("RELEASE_TESTS_MISSING", lot=lot.code, tests=", ".join(sorted(missing)))


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
