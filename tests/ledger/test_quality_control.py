"""Samples, orders, results, retests, checklists, and what follows from a value: on both databases."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from domain.refusals import Refused
from ledger.issue import issue_label
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
