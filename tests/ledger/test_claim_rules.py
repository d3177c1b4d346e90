"""The rules of claims beyond a single lot: estimates, cleaning, scales, certificates of control bodies, other schemes."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from ledger.claims import explain
from ledger.queries import claims_of, find_lot
from ledger.record import Recorder
from ledger.replay import replay
from models.base import table
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain

SEASON = "2024/25"


@pytest.fixture
def chain(recorder: Recorder) -> Chain:
    return Chain(recorder)


def claims(chain: Chain, code: str) -> dict[str, str]:
    key = chain.lot(code).id
    with system_session(chain.recorder.database, write=False) as session:
        return claims_of(session, [key]).get(key, {})


def findings(answer: Any) -> list[tuple[str, str]]:
    return [(finding.code, finding.level) for finding in answer.findings]


def replays(chain: Chain) -> None:
    report = replay(chain.recorder)
    assert report.identical, (report.missing, report.surplus)


# --- C04: beyond the estimate ---


@pytest.fixture
def estimated(chain: Chain) -> Chain:
    """DORA, expected to bring 1,000 kg wet, has brought 1,090 kg."""
    chain.cluster.farmer(
        "DORA",
        "COOP",
        certificate="GRP",
        inspected=("2024-08-10", "2025-08-10"),
        plots=(("A", "2019-01-01"),),
        estimate=(SEASON, "cocoa_wet_beans", 1000),
    )
    for lot, weight, day in (("E1", 500, "05"), ("E2", 500, "12"), ("E3", 90, "19")):
        answer = chain.ok(chain.deliver(lot, weight, farmer="DORA", when=f"2025-01-{day}T08:00:00Z"))
        assert findings(answer) == ([("OVER_DELIVERY", "notice")] if lot == "E3" else [])
    return chain


def release(chain: Chain, lot: str, n: int = 1) -> told.Released:
    return told.Released(
        id=uid(f"release-{lot}-{n}"), occurred_at=at("2025-02-01T08:00:00Z"), lot=uid(lot), reason="Plots inspected"
    )


def revise(chain: Chain, farmer: str, kilograms: int, *, signed: bool) -> None:
    key = (chain.cluster.orgs["COOP"], uid(farmer), SEASON, "cocoa_wet_beans")
    chain.cluster.change(models.Estimate, key, grams=kilograms * 1000, signed=signed)


def test_C04_the_receipt_that_crosses_the_line_is_held_until_the_estimate_is_revised(estimated: Chain) -> None:
    answer = estimated.ok(estimated.deliver("E4", 60, farmer="DORA", when="2025-01-26T08:00:00Z"))
    assert findings(answer) == [("OVER_DELIVERY", "alert")]
    assert answer.findings[0].params["delivered_g"] == 1_150_000
    assert answer.findings[0].rule == "Reg. (EU) 2021/771 Art. 2(2)(i)"
    assert (estimated.lot("E4").disposition, estimated.claim("E4")) == ("on_hold", "organic")
    assert (
        estimated.refused(estimated.dry("DB", 60, {"E3": 90, "E4": 60}, when="2025-02-02T09:00:00Z")) == "LOT_BLOCKED"
    )
    assert estimated.lot("E3").remaining_g == 90_000
    assert estimated.refused(release(estimated, "E4")) == "ESTIMATE_NOT_REVISED"
    revise(estimated, "DORA", 1100, signed=False)
    estimated.ok(release(estimated, "E4", 2))
    assert estimated.lot("E4").disposition == "available"
    estimated.ok(estimated.dry("DB", 60, {"E3": 90, "E4": 60}, when="2025-02-02T09:00:00Z"))
    replays(estimated)


def test_C04_far_beyond_the_estimate_only_a_signed_revision_releases(estimated: Chain) -> None:
    estimated.ok(estimated.deliver("E4", 200, farmer="DORA", when="2025-01-26T08:00:00Z"))
    revise(estimated, "DORA", 1300, signed=False)
    assert estimated.refused(release(estimated, "E4")) == "ESTIMATE_NOT_REVISED"
    revise(estimated, "DORA", 1300, signed=True)
    estimated.ok(release(estimated, "E4", 2))


def test_C04_or_the_claim_is_given_up(estimated: Chain) -> None:
    estimated.ok(estimated.deliver("E4", 60, farmer="DORA", when="2025-01-26T08:00:00Z"))
    estimated.ok(
        told.Downgraded(
            id=uid("down"),
            occurred_at=at("2025-02-01T07:00:00Z"),
            lot=uid("E4"),
            scheme="EU_ORG",
            to="conventional",
            reason="Origin not proven",
        )
    )
    estimated.ok(release(estimated, "E4"))
    assert (estimated.lot("E4").disposition, estimated.claim("E4")) == ("available", "conventional")
    # what lost the claim no longer counts against the estimate of organic goods
    assert findings(estimated.ok(estimated.deliver("E5", 5, farmer="DORA", when="2025-01-27T08:00:00Z"))) == [
        ("OVER_DELIVERY", "notice")
    ]


def test_an_organisation_may_only_observe(estimated: Chain) -> None:
    estimated.cluster.setting("COOP", over_delivery="observe")
    answer = estimated.ok(estimated.deliver("E4", 500, farmer="DORA", when="2025-01-26T08:00:00Z"))
    assert findings(answer) == [("OVER_DELIVERY", "notice")]
    assert estimated.lot("E4").disposition == "available"


def test_an_estimate_in_dry_beans_is_compared_by_the_typical_yield(chain: Chain) -> None:
    chain.cluster.farmer(
        "DORA", "COOP", certificate="GRP", plots=(("A", "2019-01-01"),), estimate=(SEASON, "cocoa_dry_beans", 400)
    )
    assert findings(chain.ok(chain.deliver("E1", 1000, farmer="DORA"))) == []
    (found,) = chain.ok(chain.deliver("E2", "100.1", farmer="DORA")).findings
    assert (found.level, found.params["delivered_g"], found.params["share_bp"]) == ("alert", 440_040, 11_001)


def test_another_season_counts_anew(estimated: Chain) -> None:
    assert findings(estimated.ok(estimated.deliver("N1", 900, farmer="DORA", when="2025-10-02T08:00:00Z"))) == []


def test_deliveries_of_one_batch_count_for_each_other(chain: Chain) -> None:
    from ledger.record import record

    chain.cluster.farmer(
        "DORA", "COOP", certificate="GRP", plots=(("A", "2019-01-01"),), estimate=(SEASON, "cocoa_wet_beans", 100)
    )
    batch = [chain.deliver(f"B{n}", 37, farmer="DORA") for n in range(4)]
    answers = record(chain.recorder, chain.cluster.actor("COOP"), batch)
    assert [findings(answer) for answer in answers] == [
        [],
        [],
        [("OVER_DELIVERY", "alert")],
        [("OVER_DELIVERY", "alert")],
    ]


def test_a_corrected_delivery_counts_once(estimated: Chain) -> None:
    wrong = estimated.deliver("E3", 9, farmer="DORA", when="2025-01-19T08:00:00Z")
    estimated.ok(
        told.Corrected(
            id=uid("fix"),
            occurred_at=at("2025-01-20T08:00:00Z"),
            event=uid("deliver-E3"),
            reason="One digit too many",
            instead=wrong.model_copy(update={"id": uid("deliver-E3-right")}),
        )
    )
    answer = estimated.ok(estimated.deliver("E4", 91, farmer="DORA", when="2025-01-26T08:00:00Z"))
    assert findings(answer) == [("OVER_DELIVERY", "notice")]  # 1,009 + 91 = 1,100 kg: still within the tolerance
    replays(estimated)


def test_racing_deliveries_never_pass_the_estimate_together(chain: Chain) -> None:
    """Ten scales at once, 20 kg each, 100 kg estimated: what stays available is within 110 kg."""
    chain.cluster.farmer(
        "DORA", "COOP", certificate="GRP", plots=(("A", "2019-01-01"),), estimate=(SEASON, "cocoa_wet_beans", 100)
    )
    threads = [
        threading.Thread(target=chain.tell, args=(chain.deliver(f"R{n}", 20, farmer="DORA"),)) for n in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lot = table(models.Lot)
    with system_session(chain.recorder.database, write=False) as session:
        query = sa.select(lot.c.disposition, sa.func.sum(lot.c.initial_g)).group_by(lot.c.disposition)
        sums: dict[str, int] = {row[0]: int(row[1]) for row in session.execute(query)}
    assert sums == {"available": 100_000, "on_hold": 100_000}


# --- C49: cleaning between runs ---


def run(chain: Chain, name: str, lots: dict[str, Any], start: str, end: str, out: str, weight: Any) -> tuple[Any, Any]:
    """A load in the box from one instant to another, and what came of it."""
    loaded = chain.ok(
        told.Loaded(
            id=uid(f"{name}-in"),
            occurred_at=at(start),
            vessel=uid("BOX"),
            load=uid(name),
            contents=tuple(told.Drawn(lot=uid(lot), quantity=kg(grams)) for lot, grams in lots.items()),
        )
    )
    return loaded, chain.ok(chain.dry(out, weight, lots, when=end, loads=(uid(name),)))


@pytest.fixture
def used(chain: Chain) -> Chain:
    """The box worked on conventional goods until 16 January, 18:00."""
    chain.cluster.farmer("ZED", "COOP")
    chain.ok(chain.deliver("CONV", 100, farmer="ZED"))
    chain.ok(chain.deliver("ORG", 100))
    run(chain, "R1", {"CONV": 100}, "2025-01-10T10:00:00Z", "2025-01-16T18:00:00Z", "CD", 40)
    return chain


def cleaned(when: str = "2025-01-16T20:00:00Z", name: str = "clean", **more: Any) -> told.Cleaned:
    return told.Cleaned(id=uid(name), occurred_at=at(when), site=uid("FERM"), vessel=uid("BOX"), **more)


def test_C49_organic_after_conventional_without_a_cleaning_record_is_held(used: Chain) -> None:
    loaded, done = run(used, "R2", {"ORG": 100}, "2025-01-17T08:00:00Z", "2025-01-23T08:00:00Z", "OD", 40)
    assert findings(loaded) == findings(done) == [("CLEANING_RECORD_MISSING", "alert")]
    assert done.findings[0].rule == "Reg. (EU) 2018/848 Annex II Part IV 1.5, Annex III 7.4(c)"
    assert done.findings[0].params["since"] == "2025-01-16T18:00:00Z"
    assert (used.lot("OD").disposition, used.claim("OD")) == ("on_hold", "organic")
    assert used.refused(release(used, "OD")) == "CLEANING_NOT_RECORDED"
    replays(used)


def test_C49_a_cleaning_recorded_in_time_lets_it_pass(used: Chain) -> None:
    clock(used, "2025-01-17T07:00:00Z")
    used.ok(cleaned())
    clock(used, "2026-01-01T00:00:00Z")
    _, done = run(used, "R2", {"ORG": 100}, "2025-01-17T08:00:00Z", "2025-01-23T08:00:00Z", "OD", 40)
    assert findings(done) == []
    assert used.lot("OD").disposition == "available"
    replays(used)


def clock(chain: Chain, now: str) -> None:
    """From now on it is this time."""
    moment = told.millis(at(now))
    object.__setattr__(chain.recorder, "clock", lambda: moment)


def test_C49_a_cleaning_told_days_later_does_not_count(used: Chain) -> None:
    answer = used.ok(cleaned())  # told years after, by the clock of the test
    assert findings(answer) == [("CLEANING_TOLD_LATE", "notice")]
    _, done = run(used, "R2", {"ORG": 100}, "2025-01-17T08:00:00Z", "2025-01-23T08:00:00Z", "OD", 40)
    assert findings(done) == [("CLEANING_RECORD_MISSING", "alert")]


def test_C49_a_cleaning_before_the_conventional_run_ended_does_not_count(used: Chain) -> None:
    clock(used, "2025-01-16T17:30:00Z")
    used.ok(cleaned("2025-01-16T17:00:00Z"))
    clock(used, "2026-01-01T00:00:00Z")
    _, done = run(used, "R2", {"ORG": 100}, "2025-01-17T08:00:00Z", "2025-01-23T08:00:00Z", "OD", 40)
    assert findings(done) == [("CLEANING_RECORD_MISSING", "alert")]


def test_C49_a_record_told_in_time_after_the_run_began_releases(used: Chain) -> None:
    clock(used, "2025-01-17T12:00:00Z")
    used.ok(
        told.Loaded(
            id=uid("R2-in"),
            occurred_at=at("2025-01-17T08:00:00Z"),
            vessel=uid("BOX"),
            load=uid("R2"),
            contents=(told.Drawn(lot=uid("ORG"), quantity=kg(100)),),
        )
    )
    done = used.ok(used.dry("OD", 40, {"ORG": 100}, when="2025-01-17T11:00:00Z", loads=(uid("R2"),)))
    assert findings(done) == [("CLEANING_RECORD_MISSING", "alert")]
    used.ok(cleaned())
    clock(used, "2026-01-01T00:00:00Z")
    used.ok(release(used, "OD"))
    assert used.lot("OD").disposition == "available"
    replays(used)


def test_C49_conventional_after_organic_needs_no_record(used: Chain) -> None:
    used.ok(used.deliver("CONV2", 100, farmer="ZED"))
    _, done = run(used, "R2", {"CONV2": 100}, "2025-01-17T08:00:00Z", "2025-01-23T08:00:00Z", "CD2", 40)
    assert findings(done) == []


def test_C49_the_line_of_a_site_without_vessels(chain: Chain) -> None:
    chain.cluster.farmer("ZED", "COOP")
    chain.ok(chain.deliver("CONV", 100, farmer="ZED"))
    chain.ok(chain.deliver("ORG", 100))
    chain.ok(chain.deliver("ORG2", 100))
    chain.ok(chain.dry("CD", 40, {"CONV": 100}, when="2025-01-16T18:00:00Z"))
    done = chain.ok(chain.dry("OD", 40, {"ORG": 100}, when="2025-01-17T08:00:00Z"))
    assert findings(done) == [("CLEANING_RECORD_MISSING", "alert")]
    assert findings(chain.ok(chain.dry("OD2", 40, {"ORG2": 100}, when="2025-01-18T08:00:00Z"))) == []


# --- C51: scales ---


def test_C51_a_scale_out_of_calibration_is_accepted_and_says_so(chain: Chain) -> None:
    chain.cluster.scale("SC-2", "FERM", "COOP", ("2024-01-01", "2024-12-31"))
    answers = [
        chain.ok(chain.deliver(f"S{n}", 10).model_copy(update={"scale": uid("SC-2")})) for n in range(37)
    ]  # 10 January 2025
    assert {tuple(findings(answer)) for answer in answers} == {(("SCALE_NOT_CALIBRATED", "alert"),)}
    assert answers[0].findings[0].params["until"] == "2024-12-31"
    assert chain.lot("S0").initial_g == 10_000
    assert chain.claim("S0") == "organic"
    early = chain.deliver("T1", 10, when="2024-12-31T08:00:00Z").model_copy(update={"scale": uid("SC-2")})
    assert findings(chain.ok(early)) == []
    assert chain.refused(chain.deliver("T2", 1).model_copy(update={"scale": uid("nothing")})) == "INSTRUMENT_UNKNOWN"


# --- C45: certificates of control bodies ---


def coi(chain: Chain, number: str, weight: Any, lot: str = "DB", **more: Any) -> told.Certified:
    said: dict[str, Any] = {"kind": "coi", "scheme": "EU_ORG", "value": "organic"} | more
    return told.Certified(
        id=uid(f"coi-{number}-{lot}"),
        occurred_at=at("2025-02-20T09:00:00Z"),
        lot=uid(lot),
        number=number,
        quantity=kg(weight),
        **said,
    )


def test_C45_certificates_of_inspection_never_exceed_the_lot(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 31_250))
    chain.ok(chain.dry("DB", 12_500, {"D1": 31_250}))
    chain.ok(coi(chain, "COI-1", 8000))
    answer = chain.tell(coi(chain, "COI-2", 5000))
    assert answer.refused is not None
    assert (answer.refused.code, answer.refused.params["left_g"]) == ("COI_QTY_EXCEEDED", 4_500_000)
    assert chain.refused(coi(chain, "COI-1", 1).model_copy(update={"id": uid("twice")})) == "CERTIFICATE_NUMBER_TAKEN"
    chain.ok(coi(chain, "TC-1", 12_500, kind="tc"))  # another kind of paper for the same goods
    downgraded = chain.ok(
        told.Downgraded(
            id=uid("down"),
            occurred_at=at("2025-03-01T08:00:00Z"),
            lot=uid("D1"),
            scheme="EU_ORG",
            to="conventional",
            reason="Spray proven",
        )
    )
    assert [finding.code for finding in downgraded.findings] == ["CONSIGNMENT_FLAGGED"]
    assert downgraded.findings[0].params["count"] == 2
    paper = table(models.Consignment)
    with system_session(chain.recorder.database, write=False) as session:
        rows = session.execute(sa.select(paper.c.number, paper.c.state).order_by(paper.c.number)).all()
        states = {row.number: row.state for row in rows}
    assert states == {"COI-1": "flagged", "TC-1": "flagged"}
    late = coi(chain, "COI-3", 100).model_copy(update={"occurred_at": at("2025-03-02T08:00:00Z")})
    assert chain.refused(late) == "CLAIM_NOT_SUPPORTED"
    replays(chain)


def test_what_went_into_other_lots_or_was_lost_is_on_no_certificate(chain: Chain) -> None:
    chain.dry_lot()
    chain.ok(
        told.Lost(
            id=uid("lost"), occurred_at=at("2025-01-20T08:00:00Z"), lot=uid("DB"), quantity=kg(10), reason="rodents"
        )
    )
    chain.ok(
        told.Split(
            id=uid("split"),
            occurred_at=at("2025-01-21T08:00:00Z"),
            site=uid("FERM"),
            input=told.Drawn(lot=uid("DB"), quantity=kg(100)),
            outputs=(told.NewLot(lot=uid("PART"), code="PART", product="cocoa_dry_beans", quantity=kg(100)),),
        )
    )
    assert chain.refused(coi(chain, "COI-1", "290.001")) == "COI_QTY_EXCEEDED"
    chain.ok(coi(chain, "COI-1", 290).model_copy(update={"id": uid("again")}))


def test_a_cancelled_certificate_frees_its_grams(chain: Chain) -> None:
    chain.dry_lot()
    chain.ok(coi(chain, "COI-1", 400))
    assert chain.refused(coi(chain, "COI-2", 1)) == "COI_QTY_EXCEEDED"
    chain.ok(
        told.Corrected(
            id=uid("fix"), occurred_at=at("2025-02-21T08:00:00Z"), event=uid("coi-COI-1-DB"), reason="Never issued"
        )
    )
    chain.ok(coi(chain, "COI-2", 400).model_copy(update={"id": uid("second")}))
    replays(chain)


def test_a_late_suspension_flags_the_certificates_too(chain: Chain) -> None:
    from datetime import date

    from ledger.registry import Change, begin, settle
    from models.db import scoped_session

    chain.dry_lot()
    chain.ok(coi(chain, "COI-1", 400))
    org_id = chain.cluster.orgs["COOP"]
    with scoped_session(chain.recorder.database, org_id, write=True) as session:
        begin(session)
        session.add(
            models.MembershipStatus(
                org_id=org_id, membership_id=uid("ANNA/GRP"), from_day="2025-01-01", status="suspended", recorded_at=1
            )
        )
        session.flush()
        change = Change("membership", uid("ANNA/GRP"), date(2025, 1, 1), farmers=("ANNA",))
        settle(session, chain.recorder, chain.cluster.actor("COOP"), change)
    paper = table(models.Consignment)
    with system_session(chain.recorder.database, write=False) as session:
        assert session.execute(sa.select(paper.c.state)).scalars().all() == ["flagged"]
    replays(chain)


# --- C25: EUDR beside organic ---


def test_C25_deforestation_and_organic_are_independent_claims(chain: Chain) -> None:
    cluster, org = chain.cluster, chain.cluster.orgs["COOP"]
    cluster.setting("COOP", "EUDR", claimed=True)
    plots: dict[str, tuple[int, str, str | None]] = {
        "P1": (18_000, "Point", None),
        "P2": (12_000, "Polygon", "2021-06-01"),
        "P3": (60_000, "Point", None),
        "P4": (40_000, "Point", None),
    }
    cluster.farmer("EVA", "COOP", certificate="GRP", plots=tuple((code, "2019-01-01") for code in plots))
    for code, (area, kind, cleared) in plots.items():
        geometry = f'{{"coordinates":[-8654321,7123456],"type":"{kind}"}}'
        cluster.change(models.Plot, (org, uid(f"EVA/{code}")), area_m2=area, geometry=geometry, cleared_on=cleared)
        delivery = chain.deliver(code, 100, farmer="EVA").model_copy(update={"plot": f"EVA-{code}"})
        chain.ok(delivery)
    assert {code: claims(chain, code) for code in plots} == {
        "P1": {"EUDR": "ready", "EU_ORG": "organic"},
        "P2": {"EUDR": "non_compliant", "EU_ORG": "organic"},
        "P3": {"EUDR": "incomplete", "EU_ORG": "organic"},
        "P4": {"EUDR": "ready", "EU_ORG": "organic"},
    }
    chain.ok(chain.receive("RL", dict.fromkeys(plots, 100)))
    chain.ok(chain.dry("EX1", 160, {"RL": 400}))
    assert claims(chain, "EX1") == {"EUDR": "non_compliant", "EU_ORG": "organic"}
    chain.ok(chain.inspect("EX1"))
    ship = chain.ship("EX1", 10).model_copy(update={"claims": (told.ClaimMade(scheme="EUDR", value="ready"),)})
    assert chain.refused(ship) == "CLAIM_NOT_SUPPORTED"


def test_without_saying_so_no_delivery_is_judged_by_eudr(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 100))
    assert claims(chain, "D1") == {"EU_ORG": "organic"}


# --- C35: a geographical indication is a fact of place ---


def test_C35_a_blend_with_goods_from_outside_the_zone_loses_the_name_and_stays_organic(chain: Chain) -> None:
    cluster, org = chain.cluster, chain.cluster.orgs["COOP"]
    cluster.certificate("GI-1", "COOP", scheme="GI", sites=(("FERM", "2024-06-01", None),))
    cluster.change(models.Certificate, (org, uid("GI-1")), zone="KASSERINE")
    for farmer, zone in (("IN", "KASSERINE"), ("OUT", "SBEITLA")):
        cluster.farmer(farmer, "COOP", certificate="GRP", plots=(("A", "2019-01-01"),))
        cluster.change(models.Plot, (org, uid(f"{farmer}/A")), zone=zone)
        cluster._add(
            models.Membership(
                org_id=org,
                id=uid(f"{farmer}/GI"),
                farmer_id=uid(farmer),
                certificate_id=uid("GI-1"),
                joined_on="2024-06-01",
            )
        )
        cluster._add(
            models.MembershipStatus(
                org_id=org, membership_id=uid(f"{farmer}/GI"), from_day="2024-06-01", status="approved", recorded_at=1
            )
        )
        chain.ok(chain.deliver(f"{farmer}1", 100, farmer=farmer))
    assert claims(chain, "IN1") == {"EU_ORG": "organic", "GI": "gi"}
    assert claims(chain, "OUT1") == {"EU_ORG": "organic", "GI": "outside"}
    chain.ok(chain.receive("BLEND", {"IN1": 100, "OUT1": 100}))
    assert claims(chain, "BLEND") == {"EU_ORG": "organic", "GI": "outside"}


# --- NOP, GMP: independent of each other ---


def test_schemes_are_judged_each_by_its_own_rules(chain: Chain) -> None:
    """In conversion under EU rules is nothing under NOP; GMP asks for the site, not for the farm."""
    cluster, org = chain.cluster, chain.cluster.orgs["COOP"]
    cluster.certificate("NOP-1", "COOP", scheme="NOP", sites=(("FERM", "2024-06-01", None),))
    cluster.certificate("GMP-1", "COOP", scheme="GMP", sites=(("FERM", "2024-06-01", "2025-01-15"),))
    for farmer in ("ANNA", "BEN"):
        cluster._add(
            models.Membership(
                org_id=org,
                id=uid(f"{farmer}/N"),
                farmer_id=uid(farmer),
                certificate_id=uid("NOP-1"),
                joined_on="2024-06-01",
            )
        )
        cluster._add(
            models.MembershipStatus(
                org_id=org, membership_id=uid(f"{farmer}/N"), from_day="2024-06-01", status="approved", recorded_at=1
            )
        )
    chain.ok(chain.deliver("D1", 100))
    chain.ok(chain.deliver("D2", 100, farmer="BEN"))
    assert claims(chain, "D1") == {"EU_ORG": "organic", "GMP": "gmp", "NOP": "organic"}
    assert claims(chain, "D2") == {"EU_ORG": "in_conversion", "GMP": "gmp", "NOP": "conventional"}
    chain.ok(chain.dry("DB", 40, {"D1": 100}, when="2025-01-17T09:00:00Z"))  # after the site left the scope of GMP
    assert claims(chain, "DB") == {"EU_ORG": "organic", "GMP": "outside", "NOP": "organic"}


# --- the strict reading ---


def test_strict_reading_in_conversion_with_organic_claims_nothing(chain: Chain) -> None:
    chain.cluster.setting("COOP", strict=True, since="2025-01-01")
    chain.ok(chain.deliver("D1", 600))
    chain.ok(chain.deliver("D2", 400, farmer="BEN"))
    chain.ok(chain.deliver("D3", 100))
    chain.ok(chain.receive("RL1", {"D1": 500, "D2": 300}))
    chain.ok(chain.receive("RL2", {"D1": 100, "D3": 100}))
    assert (chain.claim("RL1"), chain.claim("RL2")) == ("conventional", "organic")
    chain.ok(  # all organic when it was mixed; one of the two turns out to be in conversion
        told.Downgraded(
            id=uid("down"),
            occurred_at=at("2025-02-01T08:00:00Z"),
            lot=uid("D3"),
            scheme="EU_ORG",
            to="in_conversion",
            reason="Wrong plot",
        )
    )
    assert chain.claim("RL2") == "conventional"
    replays(chain)


def test_strict_mixing_is_named_where_it_cost_the_claim(chain: Chain) -> None:
    chain.cluster.setting("COOP", strict=True, since="2025-01-01")
    chain.ok(chain.deliver("D1", 100))
    chain.ok(chain.deliver("D2", 100, farmer="BEN"))
    chain.ok(chain.deliver("D3", 100, farmer="NOBODY"))
    chain.ok(chain.receive("RL1", {"D1": 50, "D2": 100}))
    chain.ok(chain.receive("RL2", {"D1": 50, "D3": 100}))
    chain.ok(chain.dry("DB1", 60, {"RL1": 150}))
    assert reasons(chain, "DB1") >= {"STRICT_MIXTURE"}
    assert reasons(chain, "RL2") == {"NOT_ON_APPROVED_LIST"}


def reasons(chain: Chain, lot: str) -> set[str]:
    """The codes that say why a lot does not claim organic."""
    org = chain.cluster.orgs["COOP"]
    with system_session(chain.recorder.database, write=False) as session:
        (claim,) = (item for item in explain(session, org, find_lot(session, org, lot)) if item.scheme == "EU_ORG")
    return {reason.finding.code for reason in claim.reasons}


def test_weakest_link_is_the_default(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 600))
    chain.ok(chain.deliver("D2", 400, farmer="BEN"))
    chain.ok(chain.receive("RL1", {"D1": 600, "D2": 400}))
    assert chain.claim("RL1") == "in_conversion"


# --- a scope of products with days ---


def test_a_product_counts_from_the_day_it_entered_the_scope(chain: Chain) -> None:
    key = (chain.cluster.orgs["COOP"], uid("GRP"), "cocoa_beans")
    chain.cluster.change(models.CertificateProduct, key, from_day="2025-01-10", to_day="2025-01-31")
    chain.ok(chain.deliver("D1", 10, when="2025-01-09T08:00:00Z"))
    chain.ok(chain.deliver("D2", 10, when="2025-01-10T08:00:00Z"))
    chain.ok(chain.deliver("D3", 10, when="2025-02-01T08:00:00Z"))
    assert [chain.claim(code) for code in ("D1", "D2", "D3")] == ["conventional", "organic", "conventional"]


# --- other custody models ---

RULES = """
[[values]]
code = "plain"
label = { en = "Plain", fr = "Sans" }
claimable = false

[[values]]
code = "certified"
label = { en = "Certified", fr = "Certifié" }
claimable = true

[[params]]
valid_from = 2022-01-01
source = "A scheme for this test"
member_required = true

[rules.COMMINGLING]
source = "A scheme for this test"
text = { en = "-", fr = "-" }
"""


def scheme_of(model: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A scheme of a custody model, as if its file lay among the profiles."""
    from domain.profiles import load_scheme
    from ledger.profiles import profiles

    text = f'id = "TEST"\nname = {{ en = "Test", fr = "Test" }}\nchain_of_custody = "{model}"\n{RULES}'
    monkeypatch.setitem(profiles().schemes, "TEST", load_scheme(text, "test.toml"))  # type: ignore[arg-type]
    return "TEST"


def member(chain: Chain, farmer: str, certificate: str) -> None:
    org = chain.cluster.orgs["COOP"]
    identity = uid(f"{farmer}/{certificate}")
    chain.cluster._add(
        models.Membership(
            org_id=org, id=identity, farmer_id=uid(farmer), certificate_id=uid(certificate), joined_on="2024-06-01"
        )
    )
    chain.cluster._add(
        models.MembershipStatus(
            org_id=org, membership_id=identity, from_day="2024-06-01", status="approved", recorded_at=1
        )
    )


def test_under_a_mass_balance_half_of_a_mixture_may_leave_with_the_claim(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme_of("mass_balance", monkeypatch)
    chain.cluster.certificate("MB", "COOP", scheme="TEST")
    member(chain, "ANNA", "MB")
    chain.ok(chain.deliver("D1", 500))
    chain.ok(chain.deliver("D2", 500, farmer="BEN"))
    assert (claims(chain, "D1")["TEST"], claims(chain, "D2")["TEST"]) == ("certified", "plain")
    chain.ok(chain.receive("RL", {"D1": 500, "D2": 500}))
    chain.ok(chain.dry("DB", 400, {"RL": 1000}))
    chain.ok(chain.inspect("DB"))
    assert claims(chain, "DB") == {"EU_ORG": "in_conversion", "TEST": "certified"}
    made = told.ClaimMade(scheme="TEST", value="certified", certificates=(uid("MB"),))
    with_claim = {"claims": (made,)}
    answer = chain.tell(chain.ship("DB", "200.001").model_copy(update=with_claim))
    assert answer.refused is not None
    assert (answer.refused.code, answer.refused.params["left_g"]) == ("CLAIM_BALANCE_EXCEEDED", 200_000)
    chain.ok(chain.ship("DB", 150, name="a").model_copy(update=with_claim))
    chain.ok(chain.ship("DB", 190, name="b"))  # goods without the claim leave first
    assert chain.refused(chain.ship("DB", "50.001", name="c").model_copy(update=with_claim)) == "CLAIM_BALANCE_EXCEEDED"
    chain.ok(chain.ship("DB", 50, name="d").model_copy(update=with_claim))
    replays(chain)


def test_identity_preserved_goods_of_two_farmers_put_together_lose_the_claim(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme_of("identity_preserved", monkeypatch)
    chain.cluster.certificate("IP", "COOP", scheme="TEST")
    for farmer in ("ANNA", "BEN"):
        member(chain, farmer, "IP")
    for lot, farmer in (("D1", "ANNA"), ("D2", "ANNA"), ("D3", "BEN")):
        chain.ok(chain.deliver(lot, 100, farmer=farmer))
    chain.ok(chain.receive("ONE", {"D1": 100, "D2": 50}))
    assert claims(chain, "ONE")["TEST"] == "certified"
    chain.ok(chain.receive("TWO", {"D2": 50, "D3": 100}))
    assert claims(chain, "TWO")["TEST"] == "plain"


# --- what stands behind a claim ---


def test_a_claim_is_explained_by_what_was_found_in_order(chain: Chain) -> None:
    from domain.grounds import sentence

    chain.dry_lot()
    org = chain.cluster.orgs["COOP"]
    with system_session(chain.recorder.database, write=False) as session:
        (claim,) = explain(session, org, find_lot(session, org, "DB"))
    assert (claim.value, claim.reasons, claim.claimed_g) == ("organic", (), 400_000)
    assert [sentence(ground) for ground in claim.grounds] == [
        "Deliveries behind it: 2 (farmers: 1), from 10 Jan 2025 to 10 Jan 2025.",
        "On the day of delivery each farmer was an approved member of the group.",
        "Each had been inspected internally within 365 days before.",
        "At harvest every plot had been under conversion for 36 months or more.",
        "The goods were handled at FERM, in the scope of a certificate in force on the day.",
        "The certificates of these sites: GRP.",
        "Nothing that carries less was mixed in.",
    ]
    assert all(ground.rule for ground in claim.grounds)
