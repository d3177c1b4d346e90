"""Samples, orders, results, retests, checklists, and what follows from a value: on both databases."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from domain.refusals import Refused
from ledger.issue import issue_label
from ledger.passport import build
from ledger.profiles import profiles
from ledger.readings import watched
from ledger.record import Recorder
from ledger.replay import replay
from models.base import table
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain

_HOLD = table(models.Hold)


@pytest.fixture
def chain(recorder: Recorder) -> Chain:
    """A lot of 400 kg of dry beans, DB."""
    chain = Chain(recorder)
    chain.dry_lot()
    return chain


def results(lot: str, when: str, *, name: str = "", **values: str) -> told.Inspected:
    """Values of tests; ``cut_test`` of 300 beans without a defect unless told otherwise."""
    return told.Inspected(
        id=uid(f"check-{lot}-{when}-{name}"),
        occurred_at=at(when),
        lot=uid(lot),
        measurements=tuple(told.Result(test=test, value=value) for test, value in values.items()),
    )


def ordered(lot: str, *tests: str, when: str = "2025-01-19T09:00:00Z") -> told.TestsOrdered:
    return told.TestsOrdered(id=uid(f"order-{lot}-{when}"), occurred_at=at(when), lot=uid(lot), tests=tests)


def holds(chain: Chain, lot: str) -> list[tuple[str, str]]:
    """Kind and code of what blocks a lot."""
    with system_session(chain.recorder.database, write=False) as session:
        query = sa.select(_HOLD.c.kind, _HOLD.c.code).where(
            _HOLD.c.lot_id == chain.lot(lot).id, _HOLD.c.ended_seq.is_(None)
        )
        return sorted((row.kind, row.code) for row in session.execute(query))


def replays(chain: Chain) -> None:
    report = replay(chain.recorder)
    assert report.identical, (report.missing, report.surplus)


# --- orders and what is due ---


def test_a_lot_leaves_when_every_test_ordered_is_decided(chain: Chain) -> None:
    chain.ok(ordered("DB", "benzo_a_pyrene", "pah4"))
    chain.ok(chain.inspect("DB"))  # moisture and cut test
    assert chain.lot("DB").qc == "pending"
    assert chain.refused(chain.ship("DB", 1)) == "QC_PENDING"
    chain.ok(results("DB", "2025-01-21T09:00:00Z", benzo_a_pyrene="1.1"))
    assert chain.lot("DB").qc == "pending"
    chain.ok(results("DB", "2025-01-22T09:00:00Z", pah4="4"))
    assert chain.lot("DB").qc == "pass"
    chain.ok(chain.ship("DB", 1))
    replays(chain)


def test_what_the_profile_asks_for_before_shipping_is_passed_first(chain: Chain) -> None:
    chain.ok(results("DB", "2025-01-20T09:00:00Z", moisture="7.1"))
    assert chain.lot("DB").qc == "pass"
    assert chain.refused(chain.ship("DB", 1)) == "TESTS_NOT_PASSED"  # the cut test
    chain.ok(chain.inspect("DB", "2025-01-21T09:00:00Z"))
    chain.ok(chain.ship("DB", 1))


def test_an_order_made_in_error_is_taken_back(chain: Chain) -> None:
    order = ordered("DB", "pah4")
    chain.ok(chain.inspect("DB"))
    chain.ok(order)
    assert chain.lot("DB").qc == "pending"
    back = told.Corrected(
        id=uid("back"), occurred_at=at("2025-02-01T09:00:00Z"), event=order.id, reason="Another lot was meant"
    )
    chain.ok(back)
    assert chain.lot("DB").qc == "pass"
    replays(chain)


def test_a_test_that_no_profile_knows_is_not_ordered(chain: Chain) -> None:
    assert chain.refused(ordered("DB", "colour")) == "TEST_UNKNOWN"


def test_below_a_limit_of_quantification_that_is_low_enough_passes(chain: Chain) -> None:
    chain.ok(ordered("DB", "benzo_a_pyrene"))
    found = told.Result(test="benzo_a_pyrene", value="9.0", below=True)
    unclear = results("DB", "2025-01-20T09:00:00Z").model_copy(update={"measurements": (found,)})
    answer = chain.ok(unclear)
    assert [finding.code for finding in answer.findings] == ["LIMIT_OF_QUANTIFICATION_TOO_HIGH"]
    assert chain.lot("DB").qc == "pending"
    found = told.Result(test="benzo_a_pyrene", value="0.5", below=True)
    chain.ok(results("DB", "2025-01-21T09:00:00Z").model_copy(update={"measurements": (found,)}))
    assert chain.lot("DB").qc == "pass"


# --- retests ---


def test_testing_again_until_it_passes_changes_nothing(chain: Chain) -> None:
    failed = results("DB", "2025-01-20T09:00:00Z", benzo_a_pyrene="7.1")
    chain.ok(failed)
    chain.ok(results("DB", "2025-01-21T09:00:00Z", benzo_a_pyrene="1.0"))
    assert chain.lot("DB").qc == "fail"
    assert chain.lot("DB").disposition == "rejected"
    again = results("DB", "2025-01-22T09:00:00Z", benzo_a_pyrene="1.0")
    assert chain.refused(again.model_copy(update={"retest_of": failed.id})) == "RETEST_WITHOUT_REASON"
    assert chain.refused(again.model_copy(update={"retest_of": again.id, "reason": "x"})) == "RETEST_OF_NOTHING"


def test_a_retest_with_its_reason_stands_beside_and_the_lot_is_released(chain: Chain) -> None:
    chain.ok(chain.inspect("DB"))
    failed = results("DB", "2025-01-21T09:00:00Z", benzo_a_pyrene="7.1")
    chain.ok(failed)
    release = told.Released(
        id=uid("release"), occurred_at=at("2025-01-23T09:00:00Z"), lot=uid("DB"), reason="Error of the laboratory"
    )
    assert chain.refused(release) == "NOT_ON_HOLD"  # a rejection is not released
    said = {"retest_of": failed.id, "reason": "The standard had expired; second laboratory, same sample"}
    chain.ok(results("DB", "2025-01-22T09:00:00Z", benzo_a_pyrene="1.0").model_copy(update=said))
    assert chain.lot("DB").qc == "pass"
    assert chain.lot("DB").disposition == "rejected"  # until somebody decides
    chain.ok(release)
    assert chain.lot("DB").disposition == "available"
    chain.ok(chain.ship("DB", 1))
    replays(chain)


# --- samples ---


def sample(*lots: str, **more: Any) -> told.Sampled:
    said = {"sample": "S-1", "bags": 10, "drawn_from": 3, "increments": 3, "quantity": kg(2), **more}
    return told.Sampled(
        id=uid(f"sample-{said['sample']}"),
        occurred_at=at("2025-01-19T09:00:00Z"),
        lots=tuple(uid(lot) for lot in lots),
        **said,
    )


def test_a_result_on_a_common_sample_holds_for_each_of_its_lots(chain: Chain) -> None:
    parts = tuple(
        told.NewLot(lot=uid(lot), code=lot, product="cocoa_dry_beans", quantity=kg(200)) for lot in ("P1", "P2")
    )
    whole = told.Drawn(lot=uid("DB"), quantity=kg(400))
    chain.ok(
        told.Split(
            id=uid("split"), occurred_at=at("2025-01-18T09:00:00Z"), site=uid("FERM"), input=whole, outputs=parts
        )
    )
    chain.ok(sample("P1", "P2"))
    check = results("P1", "2025-01-20T09:00:00Z", benzo_a_pyrene="7.1").model_copy(update={"sample": "S-1"})
    chain.ok(check)
    assert {chain.lot(lot).qc for lot in ("P1", "P2")} == {"fail"}
    assert {chain.lot(lot).disposition for lot in ("P1", "P2")} == {"rejected"}
    assert chain.refused(check.model_copy(update={"id": uid("other"), "lot": uid("DB")})) == "SAMPLE_OF_OTHER_LOTS"
    chain.ok(
        told.Corrected(
            id=uid("back"), occurred_at=at("2025-02-01T09:00:00Z"), event=check.id, reason="Result of another sample"
        )
    )
    assert {chain.lot(lot).disposition for lot in ("P1", "P2")} == {"available"}
    replays(chain)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, []),
        ({"drawn_from": 2}, ["SAMPLE_OF_TOO_FEW_BAGS"]),  # ISO 2292: 30 % of the bags
        ({"quantity": kg(1)}, ["SAMPLE_TOO_SMALL"]),
        ({"quantity": kg(4)}, ["SAMPLE_INCREMENT_TOO_LARGE"]),
    ],
)
def test_a_sample_is_held_to_the_plan(chain: Chain, said: dict[str, Any], found: list[str]) -> None:
    answer = chain.ok(sample("DB", **said))
    assert [finding.code for finding in answer.findings] == found
    assert chain.refused(sample("DB").model_copy(update={"id": uid("again")})) == "SAMPLE_CODE_TAKEN"


# --- other commodities: C32, C33, C34 ---


def covered(chain: Chain, *categories: str) -> None:
    """The group's certificate covers these products too."""
    with system_session(chain.recorder.database, write=True) as session:
        for category in categories:
            session.add(
                models.CertificateProduct(
                    org_id=chain.cluster.orgs["COOP"], certificate_id=uid("GRP"), category=category
                )
            )


def made(chain: Chain, product: str, dry: str, process: str, lot: str, **weights: int) -> None:
    """A farmer's goods, and what was made of them."""
    brought = told.NewLot(lot=uid(f"{lot}-0"), code=f"{lot}-0", product=product, quantity=kg(weights["brought"]))
    chain.ok(
        told.Delivered(
            id=uid(f"bring-{lot}"),
            occurred_at=at("2025-01-10T08:00:00Z"),
            site=uid("FERM"),
            farmer="ANNA",
            lot=brought,
            plot="ANNA-A",
        )
    )
    run(chain, process, f"{lot}-0", lot, dry, weights["brought"], weights["made"], "2025-01-12T08:00:00Z")


def run(
    chain: Chain, process: str, used: str, lot: str, product: str, brought: int, weight: int, when: str
) -> told.Transformed:
    event = told.Transformed(
        id=uid(f"run-{lot}"),
        occurred_at=at(when),
        site=uid("FERM"),
        process=process,
        inputs=(told.Drawn(lot=uid(used), quantity=kg(brought)),),
        outputs=(told.NewLot(lot=uid(lot), code=lot, product=product, quantity=kg(weight)),),
    )
    chain.ok(event)
    return event


def test_C32_sulphite_one_result_three_decisions(recorder: Recorder) -> None:
    chain = Chain(recorder)
    covered(chain, "mango", "mango_dried")
    made(chain, "mango_fresh", "mango_dried", "dry", "DM5", brought=1000, made=80)
    assert chain.claim("DM5") == "organic"
    chain.ok(
        told.Split(
            id=uid("split"),
            occurred_at=at("2025-01-13T08:00:00Z"),
            site=uid("FERM"),
            input=told.Drawn(lot=uid("DM5"), quantity=kg(30)),
            outputs=(told.NewLot(lot=uid("DM6"), code="DM6", product="mango_dried", quantity=kg(30)),),
        )
    )
    answer = chain.ok(results("DM5", "2025-01-20T09:00:00Z", so2="180"))
    assert [finding.code for finding in answer.findings] == ["CLAIM_LOST_BY_TEST"]
    assert (chain.claim("DM5"), chain.claim("DM6")) == ("conventional", "conventional")
    assert chain.lot("DM5").qc == "pass"  # legal food
    for lot in ("DM5", "DM6"):
        with pytest.raises(Refused) as refused:
            issue_label(chain.recorder, chain.cluster.actor("COOP"), uid(lot))
        assert refused.value.code == "DECLARATION_MISSING"
        assert issue_label(chain.recorder, chain.cluster.actor("COOP"), uid(lot), declares=("sulphites",))
    replays(chain)


def test_C32_ten_milligrams_count_as_none(recorder: Recorder) -> None:
    chain = Chain(recorder)
    covered(chain, "mango", "mango_dried")
    made(chain, "mango_fresh", "mango_dried", "dry", "DM5", brought=1000, made=80)
    chain.ok(results("DM5", "2025-01-20T09:00:00Z", so2="10"))
    assert chain.claim("DM5") == "organic"
    assert issue_label(chain.recorder, chain.cluster.actor("COOP"), uid("DM5"))


def test_C32_a_result_taken_back_gives_the_claim_back(recorder: Recorder) -> None:
    chain = Chain(recorder)
    covered(chain, "mango", "mango_dried")
    made(chain, "mango_fresh", "mango_dried", "dry", "DM5", brought=1000, made=80)
    wrong = results("DM5", "2025-01-20T09:00:00Z", so2="180")
    chain.ok(wrong)
    chain.ok(told.Corrected(id=uid("c"), occurred_at=at("2025-01-21T09:00:00Z"), event=wrong.id, reason="Other sample"))
    assert chain.claim("DM5") == "organic"
    replays(chain)


def test_C33_cyanide_above_the_limit_is_reworked_not_diluted(recorder: Recorder) -> None:
    chain = Chain(recorder)
    made(chain, "cassava_peeled", "cassava_chips", "chip_dry", "CC1", brought=2300, made=850)
    made(chain, "cassava_peeled", "cassava_chips", "chip_dry", "CC2", brought=2300, made=850)
    chain.ok(results("CC1", "2025-01-20T09:00:00Z", hcn_total="12.0", moisture="12.0"))
    assert (chain.lot("CC1").disposition, chain.lot("CC1").qc) == ("rejected", "fail")
    diluted = told.Bulked(
        id=uid("dilute"),
        occurred_at=at("2025-01-21T09:00:00Z"),
        site=uid("FERM"),
        inputs=tuple(told.Drawn(lot=uid(lot), quantity=kg(100)) for lot in ("CC1", "CC2")),
        into=told.Named(lot=uid("MIX"), code="MIX"),
    )
    assert chain.refused(diluted) == "LOT_BLOCKED"
    run(chain, "soak_redry", "CC1", "CC1-R1", "cassava_chips", 850, 790, "2025-01-22T08:00:00Z")
    reworked = chain.lot("CC1-R1")
    assert (reworked.initial_g, reworked.qc, reworked.disposition) == (790_000, "pending", "available")
    assert (chain.lot("CC1").remaining_g, chain.lot("CC1").disposition) == (0, "rejected")
    chain.ok(results("CC1-R1", "2025-01-25T09:00:00Z", hcn_total="7.5", moisture="12.0"))
    assert chain.lot("CC1-R1").qc == "pass"
    assert chain.lot("CC1").qc == "fail"  # what was found stays
    chain.ok(chain.ship("CC1-R1", 790))
    replays(chain)


def test_C34_chips_dried_on_the_ground_are_held_until_tests_show_that_they_are_fit(recorder: Recorder) -> None:
    chain = Chain(recorder)
    made(chain, "cassava_peeled", "cassava_chips", "chip_dry", "CB7", brought=2300, made=850)
    points = ("drying_surface", "hand_hygiene", "water")
    checked = told.Checked(
        id=uid("drying"),
        occurred_at=at("2025-01-12T09:00:00Z"),
        site=uid("FERM"),
        checklist="drying",
        answers=tuple(told.Answered(point=point, ok=point != "drying_surface") for point in points),
        lots=(uid("CB7"),),
    )
    partly = checked.model_copy(update={"answers": checked.answers[:2]})
    assert chain.refused(partly) == "POINTS_NOT_ANSWERED"
    answer = chain.ok(checked)
    assert [(finding.code, finding.params["point"]) for finding in answer.findings] == [
        ("CRITICAL_POINT_FAILED", "drying_surface")
    ]
    assert chain.lot("CB7").disposition == "on_hold"
    assert holds(chain, "CB7") == [("quality", "CRITICAL_POINT_FAILED")]
    release = told.Released(
        id=uid("release"), occurred_at=at("2025-01-23T09:00:00Z"), lot=uid("CB7"), reason="Tests in order"
    )
    assert chain.refused(release) == "RELEASE_TESTS_MISSING"
    chain.ok(results("CB7", "2025-01-20T09:00:00Z", e_coli="5", yeast_mould="100"))
    assert chain.refused(release) == "RELEASE_TESTS_MISSING"
    chain.ok(results("CB7", "2025-01-21T09:00:00Z", acid_insoluble_ash="0.05"))
    chain.ok(release)
    assert chain.lot("CB7").disposition == "available"
    replays(chain)


# --- parts of a lot ---


def parted(**parts: int) -> told.Split:
    made = tuple(
        told.NewLot(lot=uid(code), code=code, product="cocoa_dry_beans", quantity=kg(weight))
        for code, weight in parts.items()
    )
    return told.Split(
        id=uid("split"),
        occurred_at=at("2025-01-25T09:00:00Z"),
        site=uid("FERM"),
        input=told.Drawn(lot=uid("DB"), quantity=kg(sum(parts.values()))),
        outputs=made,
    )


def test_a_part_of_a_lot_that_passed_is_tested_itself(chain: Chain) -> None:
    chain.ok(chain.inspect("DB"))
    chain.ok(parted(P1=100, P2=300))
    assert {chain.lot(code).qc for code in ("P1", "P2")} == {"pending"}
    assert chain.lot("P1").grade == chain.lot("DB").grade
    assert chain.refused(chain.ship("P1", 100)) == "QC_PENDING"
    chain.ok(chain.inspect("P1", "2025-01-26T09:00:00Z"))
    chain.ok(chain.ship("P1", 100))
    replays(chain)


def test_what_is_awaited_of_a_lot_is_awaited_of_its_parts(chain: Chain) -> None:
    chain.ok(ordered("DB", "moisture", "cut_test"))
    chain.ok(results("DB", "2025-01-20T09:00:00Z", moisture="7.0"))
    chain.ok(parted(P1=100, P2=300))
    chain.ok(results("P1", "2025-01-26T09:00:00Z", moisture="7.0"))
    assert (chain.lot("P1").qc, chain.lot("P2").qc) == ("pending", "pending")
    chain.ok(chain.inspect("P1", "2025-01-27T09:00:00Z"))
    assert (chain.lot("P1").qc, chain.lot("P2").qc) == ("pass", "pending")
    replays(chain)


def test_what_was_tested_before_a_parting_was_measured_once(chain: Chain) -> None:
    chain.ok(results("DB", "2025-01-21T09:00:00Z", moisture="8.9"))
    chain.ok(parted(P1=100, P2=300))
    failed = uid("check-DB-2025-01-21T09:00:00Z-")
    again = results("P1", "2025-01-26T09:00:00Z", moisture="7.1")
    chain.ok(again.model_copy(update={"retest_of": failed, "reason": "Sorted: this part is dry"}))
    chain.ok(
        told.Released(id=uid("free"), occurred_at=at("2025-01-27T09:00:00Z"), lot=uid("P1"), reason="Sorted and tested")
    )
    issue_label(chain.recorder, chain.cluster.actor("COOP"), uid("P1"))
    with system_session(chain.recorder.database, write=False) as session:
        owner, stage, day = chain.cluster.orgs["COOP"], "lot", date(2025, 2, 1)
        chart = watched(session, owner, "cocoa_dry_beans", "moisture", stage, None, day)
        label = session.execute(sa.select(table(models.Label))).one()
        page = build(session, "filiere.example", label, chain.recorder.clock()).passport
    assert [(value.lot_code, value.value) for value in chart.values] == [("DB", "8.9"), ("P1", "7.1")]
    assert [check.lot_code for check in page.checks] == ["P1", "P1"]


def test_what_quality_holds_is_parted_to_accept_one_part(chain: Chain) -> None:
    failed = results("DB", "2025-01-21T09:00:00Z", moisture="8.9")
    chain.ok(failed)
    chain.ok(parted(GOOD=300, WET=100))
    assert {chain.lot(code).disposition for code in ("GOOD", "WET")} == {"on_hold"}
    assert {chain.lot(code).qc for code in ("GOOD", "WET")} == {"fail"}
    again = chain.inspect("GOOD", "2025-01-26T09:00:00Z").model_copy(
        update={"retest_of": failed.id, "reason": "Sorted: this part is dry"}
    )
    chain.ok(again)
    release = told.Released(
        id=uid("release"), occurred_at=at("2025-01-27T09:00:00Z"), lot=uid("GOOD"), reason="Sorted and tested"
    )
    chain.ok(release)
    assert (chain.lot("GOOD").disposition, chain.lot("WET").disposition) == ("available", "on_hold")
    chain.ok(chain.ship("GOOD", 300))
    assert chain.refused(chain.ship("WET", 1)) == "LOT_BLOCKED"
    replays(chain)


def test_a_failure_taken_back_frees_the_parts_too(chain: Chain) -> None:
    chain.ok(chain.inspect("DB"))
    failed = results("DB", "2025-01-21T09:00:00Z", moisture="8.9")
    chain.ok(failed)
    chain.ok(parted(P1=100, P2=300))
    chain.ok(
        told.Corrected(id=uid("back"), occurred_at=at("2025-02-01T09:00:00Z"), event=failed.id, reason="Another lot")
    )
    assert {code: (chain.lot(code).disposition, chain.lot(code).qc) for code in ("DB", "P1", "P2")} == {
        "DB": ("available", "pass"),
        "P1": ("available", "pending"),
        "P2": ("available", "pending"),
    }
    chain.ok(chain.inspect("P2", "2025-02-02T09:00:00Z"))
    chain.ok(chain.ship("P2", 300))
    replays(chain)


def test_a_parting_told_again_is_tested_once(chain: Chain) -> None:
    chain.ok(chain.inspect("DB"))
    chain.ok(parted(P1=100, P2=300))
    right = told.Corrected(
        id=uid("right"),
        occurred_at=at("2025-02-01T09:00:00Z"),
        event=uid("split"),
        reason="Weighed again",
        instead=parted(P1=120, P2=280).model_copy(update={"id": uid("split-again")}),
    )
    chain.ok(right)
    assert [chain.lot(code).initial_g for code in ("P1", "P2")] == [120_000, 280_000]
    assert chain.lot("P1").qc == "pending"
    replays(chain)


def test_a_part_that_was_released_stays_released_when_its_parting_is_told_again(chain: Chain) -> None:
    failed = results("DB", "2025-01-21T09:00:00Z", moisture="8.9")
    chain.ok(failed)
    chain.ok(parted(P1=100, P2=300))
    again = chain.inspect("P1", "2025-01-26T09:00:00Z").model_copy(
        update={"retest_of": failed.id, "reason": "Sorted: this part is dry"}
    )
    chain.ok(again)
    chain.ok(
        told.Released(id=uid("free"), occurred_at=at("2025-01-27T09:00:00Z"), lot=uid("P1"), reason="Sorted and tested")
    )
    right = told.Corrected(
        id=uid("right"),
        occurred_at=at("2025-02-01T09:00:00Z"),
        event=uid("split"),
        reason="Weighed again",
        instead=parted(P1=120, P2=280).model_copy(update={"id": uid("split-again")}),
    )
    chain.ok(right)
    assert {code: chain.lot(code).disposition for code in ("P1", "P2")} == {"P1": "available", "P2": "on_hold"}
    replays(chain)


def test_what_was_found_of_the_rest_later_says_nothing_of_a_part(chain: Chain) -> None:
    chain.ok(chain.inspect("DB", "2025-01-26T09:00:00Z"))
    chain.ok(parted(P1=100, P2=300))
    assert {chain.lot(code).qc for code in ("P1", "P2")} == {"pending"}
    replays(chain)


def test_nothing_decided_is_nothing_passed(chain: Chain) -> None:
    event = results("DB", "2025-01-21T09:00:00Z")
    unsure = told.Result(test="benzo_a_pyrene", value="9.0", below=True)
    chain.ok(event.model_copy(update={"measurements": (unsure,)}))
    assert chain.lot("DB").qc == "pending"


# --- the way of a sample ---


def handed(name: str = "S-1", **more: Any) -> told.SampleHandedOver:
    said = {"to": "LAB", "intact": True, "seal": "SEAL-1", **more}
    return told.SampleHandedOver(id=uid(f"hand-{name}"), occurred_at=at("2025-01-19T12:00:00Z"), sample=name, **said)


@pytest.mark.parametrize(
    ("more", "counts"), [({}, True), ({"seal": "SEAL-2"}, False), ({"seal": None}, False), ({"intact": False}, False)]
)
def test_what_a_sample_passes_whose_seal_was_broken_does_not_count(
    chain: Chain, more: dict[str, Any], counts: bool
) -> None:
    chain.ok(sample("DB", seal="SEAL-1"))
    answer = chain.ok(handed(**more))
    assert bool(answer.findings) is not counts
    chain.ok(chain.inspect("DB").model_copy(update={"sample": "S-1"}))
    assert chain.lot("DB").qc == ("pass" if counts else "pending")
    replays(chain)


def test_what_such_a_sample_fails_counts(chain: Chain) -> None:
    chain.ok(sample("DB", seal="SEAL-1"))
    chain.ok(handed(intact=False))
    chain.ok(results("DB", "2025-01-21T09:00:00Z", benzo_a_pyrene="7.1").model_copy(update={"sample": "S-1"}))
    assert chain.lot("DB").qc == "fail"


def test_a_handover_taken_back_is_as_if_the_seal_were_whole(chain: Chain) -> None:
    chain.ok(sample("DB", seal="SEAL-1"))
    chain.ok(handed(intact=False))
    chain.ok(
        told.Corrected(id=uid("back"), occurred_at=at("2025-01-19T14:00:00Z"), event=uid("hand-S-1"), reason="Not it")
    )
    chain.ok(chain.inspect("DB").model_copy(update={"sample": "S-1"}))
    assert chain.lot("DB").qc == "pass"
    replays(chain)


def test_only_a_sample_of_ones_own_is_handed_over(chain: Chain) -> None:
    assert chain.refused(handed("S-9")) == "SAMPLE_UNKNOWN"
    chain.ok(sample("DB"))
    assert chain.refused(handed(), "EXP") == "SAMPLE_UNKNOWN"


# --- checklists of a site and its vessels ---

MANGO = "mango_dried"


def gone_through(name: str, when: str, *, ok: bool, vessel: str | None = None) -> told.Checked:
    points = ("drying_surface", "hand_hygiene", "water")
    return told.Checked(
        id=uid(name),
        occurred_at=at(when),
        site=uid("FERM"),
        checklist="drying",
        vessel=uid(vessel) if vessel else None,
        answers=tuple(told.Answered(point=point, ok=ok or point != "drying_surface") for point in points),
    )


def chips(chain: Chain, code: str, day: str, vessel: str | None = None) -> None:
    """100 kg of peeled roots brought, loaded in the morning and dried by the evening of a day."""
    brought = told.NewLot(lot=uid(f"{code}-R"), code=f"{code}-R", product="cassava_peeled", quantity=kg(100))
    chain.ok(
        told.Delivered(
            id=uid(f"d-{code}"), occurred_at=at(f"{day}T07:00:00Z"), site=uid("FERM"), farmer="ANNA", lot=brought
        )
    )
    drawn = told.Drawn(lot=uid(f"{code}-R"), quantity=kg(100))
    loads = ()
    if vessel is not None:
        loads = (uid(f"load-{code}"),)
        chain.ok(
            told.Loaded(
                id=uid(f"l-{code}"),
                occurred_at=at(f"{day}T08:00:00Z"),
                vessel=uid(vessel),
                load=loads[0],
                contents=(drawn,),
            )
        )
    chain.ok(
        told.Transformed(
            id=uid(f"t-{code}"),
            occurred_at=at(f"{day}T18:00:00Z"),
            site=uid("FERM"),
            process="chip_dry",
            inputs=(drawn,),
            outputs=(told.NewLot(lot=uid(code), code=code, product="cassava_chips", quantity=kg(40)),),
            loads=loads,
        )
    )


def test_a_site_that_is_not_in_order_holds_what_is_made_there_until_it_is(recorder: Recorder) -> None:
    chain = Chain(recorder)
    chain.ok(gone_through("bad", "2025-01-10T06:00:00Z", ok=False))
    chips(chain, "C1", "2025-01-10")
    chips(chain, "C2", "2025-01-11")
    chain.ok(gone_through("good", "2025-01-12T06:00:00Z", ok=True))
    chips(chain, "C3", "2025-01-12")
    assert [chain.lot(code).disposition for code in ("C1", "C2", "C3")] == ["on_hold", "on_hold", "available"]
    assert holds(chain, "C1") == [("quality", "CRITICAL_POINT_FAILED")]
    release = told.Released(id=uid("free"), occurred_at=at("2025-01-23T09:00:00Z"), lot=uid("C1"), reason="Tested")
    assert chain.refused(release) == "RELEASE_TESTS_MISSING"
    chain.ok(results("C1", "2025-01-20T09:00:00Z", e_coli="5", yeast_mould="100", acid_insoluble_ash="0.05"))
    chain.ok(release)
    replays(chain)


def test_a_vessel_that_is_not_in_order_holds_its_runs_and_no_others(recorder: Recorder) -> None:
    chain = Chain(recorder)
    chain.cluster.vessel("RACK", "FERM", "COOP")
    chain.ok(gone_through("bad", "2025-01-10T12:00:00Z", ok=False, vessel="BOX"))  # during the run
    chips(chain, "C1", "2025-01-10", "BOX")
    chips(chain, "C2", "2025-01-11", "RACK")
    chips(chain, "C3", "2025-01-11")
    chain.ok(gone_through("good", "2025-01-12T06:00:00Z", ok=True, vessel="BOX"))
    chips(chain, "C4", "2025-01-12", "BOX")
    dispositions = [chain.lot(code).disposition for code in ("C1", "C2", "C3", "C4")]
    assert dispositions == ["on_hold", "available", "available", "available"]
    replays(chain)


@pytest.mark.parametrize("vessel", [None, "BOX"])
def test_told_late_it_reaches_what_was_made_in_between(recorder: Recorder, vessel: str | None) -> None:
    chain = Chain(recorder)
    chips(chain, "C0", "2025-01-09", vessel)
    chips(chain, "C1", "2025-01-10", vessel)
    chain.ok(gone_through("good", "2025-01-11T06:00:00Z", ok=True, vessel=vessel))
    chips(chain, "C2", "2025-01-11", vessel)
    bad = gone_through("bad", "2025-01-10T06:00:00Z", ok=False, vessel=vessel)
    chain.ok(bad)
    assert [chain.lot(code).disposition for code in ("C0", "C1", "C2")] == ["available", "on_hold", "available"]
    replays(chain)
    chain.ok(told.Corrected(id=uid("no"), occurred_at=at("2025-01-13T09:00:00Z"), event=bad.id, reason="Other site"))
    assert chain.lot("C1").disposition == "available"
    replays(chain)


# --- instruments ---


def metered(when: str, value: str, meter: str = "METER") -> told.Inspected:
    found = told.Result(test="moisture", value=value, instrument=uid(meter))
    return told.Inspected(
        id=uid(f"metered-{when}-{value}"), occurred_at=at(f"{when}T09:00:00Z"), lot=uid("DB"), measurements=(found,)
    )


@pytest.mark.parametrize(
    ("when", "value", "verdict", "said"),
    [
        ("2025-01-31", "7.1", "pass", []),
        ("2025-02-01", "7.1", "pending", [("RESULT_DOES_NOT_COUNT", "not_calibrated")]),
        ("2025-02-01", "8.4", "fail", [("QUALITY_FAILED", None)]),  # what fails counts from anybody
    ],
)
def test_what_a_meter_finds_in_order_counts_while_it_is_calibrated(
    chain: Chain, when: str, value: str, verdict: str, said: list[tuple[str, str | None]]
) -> None:
    chain.cluster.scale("METER", "FERM", "COOP", ("2024-02-01", "2025-01-31"))
    answer = chain.ok(metered(when, value))
    assert [(finding.code, finding.params.get("why")) for finding in answer.findings] == said
    assert chain.lot("DB").qc == verdict
    assert replay(chain.recorder).identical


def test_an_instrument_of_nobody_is_refused(chain: Chain) -> None:
    assert chain.refused(metered("2025-01-31", "7.1", "nothing")) == "INSTRUMENT_UNKNOWN"


# --- checklists that ship ---

CRITICAL = [
    (commodity.id, checklist, point)
    for commodity in profiles().commodities.values()
    for checklist in commodity.checklists.values()
    for point in checklist.points.values()
    if point.critical
]


def test_every_commodity_that_ships_has_a_critical_point_and_no_two_share_a_checklist() -> None:
    commodities = profiles().commodities.values()
    assert {name for name, _, _ in CRITICAL} == {one.id for one in commodities}
    codes = [code for one in commodities for code in one.checklists]
    assert len(codes) == len(set(codes)), "told of a site, a code has one meaning"


def test_beans_dried_over_smoke_are_held_until_they_are_free_of_it(chain: Chain) -> None:
    points = profiles().commodities["cocoa"].checklists["cocoa_drying"].points
    answers = tuple(told.Answered(point=point, ok=point != "no_smoke") for point in points)
    said = {"site": uid("FERM"), "checklist": "cocoa_drying", "answers": answers, "lots": (uid("DB"),)}
    answer = chain.ok(told.Checked(id=uid("smoke"), occurred_at=at("2025-01-19T08:00:00Z"), **said))
    assert [finding.code for finding in answer.findings] == ["CRITICAL_POINT_FAILED"]
    assert chain.lot("DB").disposition == "on_hold"
    release = told.Released(id=uid("free"), occurred_at=at("2025-01-23T09:00:00Z"), lot=uid("DB"), reason="Tested")
    assert chain.refused(release) == "RELEASE_TESTS_MISSING"
    chain.ok(results("DB", "2025-01-22T09:00:00Z", pah4="3.0", benzo_a_pyrene="0.8"))
    chain.ok(release)
    assert chain.lot("DB").disposition == "available"
