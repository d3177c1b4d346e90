"""Batches of a medicine: deviations, certification by somebody else, last days of use, first expired first out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from domain.picking import Stock, fefo
from domain.refusals import Refused
from ledger.issue import issue_label
from ledger.pages import refresh_all
from ledger.quality import picks, quality_of
from ledger.record import Recorder, record
from ledger.replay import replay
from models.base import table
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain

TABLET = "tablet_paracetamol"
PASSED = {"identity": "1", "assay": "100.0", "impurities_total": "0.2", "dissolution": "90"}
_PAGE = table(models.PublicPage)


@pytest.fixture
def chain(recorder: Recorder) -> Chain:
    return Chain(recorder)


def batch(
    chain: Chain,
    code: str,
    made: str = "2025-03-10T08:00:00Z",
    blend_until: date | None = None,
    grams: int = 98,
    **more: Any,
) -> None:
    """100 kg of a blend become 98 kg of tablets."""
    brought = told.NewLot(
        lot=uid(f"{code}-B"), code=f"{code}-B", product="pharma_blend", quantity=kg(100), expires_on=blend_until
    )
    chain.ok(told.Delivered(id=uid(f"b-{code}"), occurred_at=at(made), site=uid("FERM"), farmer="WEIGH", lot=brought))
    tablets = told.NewLot(lot=uid(code), code=code, product=TABLET, quantity=kg(grams), **more)
    chain.ok(
        told.Transformed(
            id=uid(f"make-{code}"),
            occurred_at=at(made),
            site=uid("FERM"),
            process="manufacture",
            inputs=(told.Drawn(lot=uid(f"{code}-B"), quantity=kg(100)),),
            outputs=(tablets,),
        )
    )


def measured(chain: Chain, code: str, when: str = "2025-03-18T08:00:00Z", **values: str) -> None:
    found = tuple(told.Result(test=test, value=value) for test, value in (values or PASSED).items())
    chain.ok(told.Inspected(id=uid(f"test-{code}-{when}"), occurred_at=at(when), lot=uid(code), measurements=found))


def counted(chain: Chain, code: str, when: str = "2025-03-17T08:00:00Z", printed: int = 5020, **more: int) -> None:
    said = {"used": 5000, "spoiled": 12, "put_back": 8} | more
    chain.ok(
        told.LabelsReconciled(
            id=uid(f"labels-{code}-{when}"), occurred_at=at(when), lot=uid(code), printed=printed, **said
        )
    )


def certificate(code: str, when: str = "2025-03-20T08:00:00Z") -> told.BatchCertified:
    return told.BatchCertified(id=uid(f"qp-{code}-{when}"), occurred_at=at(when), lot=uid(code), register_no="REG-1")


def by_the_qualified_person(chain: Chain, event: told.AnyEvent) -> str | None:
    """The code of the refusal, or none."""
    actor = replace(chain.cluster.actor("COOP"), name="user:qp")
    (answer,) = record(chain.recorder, actor, [event])
    return answer.refused.code if answer.refused is not None else None


def shipped(code: str, weight: int, when: str = "2025-06-01T08:00:00Z", **more: Any) -> told.Shipped:
    said = {
        "id": uid(f"ship-{code}-{weight}-{when}"),
        "occurred_at": at(when),
        "lot": uid(code),
        "quantity": kg(weight),
    }
    return told.Shipped(**said, **more)


def replays(chain: Chain) -> None:
    report = replay(chain.recorder)
    assert report.identical, (report.missing, report.surplus)


def test_C37_a_batch_is_released_by_somebody_else_when_nothing_is_open(chain: Chain) -> None:
    batch(chain, "PB1", blend_until=date(2026, 6, 30))
    assert chain.lot("PB1").expires_on == "2026-06-30"  # the intermediate's, not 2027-03-10
    raised = told.DeviationRaised(
        id=uid("dev"),
        occurred_at=at("2025-03-11T08:00:00Z"),
        lot=uid("PB1"),
        deviation=uid("DEV-1"),
        grade="minor",
        description="Humidity above 60 % for an hour",
    )
    chain.ok(raised)
    assert by_the_qualified_person(chain, certificate("PB1")) == "QC_PENDING"
    measured(chain, "PB1", identity="1", assay="100.0")
    assert by_the_qualified_person(chain, certificate("PB1")) == "TESTS_NOT_PASSED"
    measured(chain, "PB1", "2025-03-19T08:00:00Z")
    assert by_the_qualified_person(chain, certificate("PB1")) == "DEVIATION_OPEN"
    assert chain.refused(shipped("PB1", 10)) == "LOT_NOT_RELEASED"
    closed = told.DeviationClosed(
        id=uid("closed"),
        occurred_at=at("2025-03-19T09:00:00Z"),
        deviation=uid("DEV-1"),
        root_cause="Dehumidifier not serviced",
        action="Service every three months",
        owner="ENGINEERING",
        due=date(2025, 4, 15),
    )
    verified = told.ActionVerified(
        id=uid("verified"),
        occurred_at=at("2025-07-15T09:00:00Z"),
        deviation=uid("DEV-1"),
        effective=True,
        evidence="No reading above 55 %",
    )
    assert chain.refused(verified) == "DEVIATION_OPEN"
    chain.ok(closed)
    assert chain.refused(closed.model_copy(update={"id": uid("twice")})) == "DEVIATION_ENDED"
    assert chain.refused(certificate("PB1")) == "BATCH_FOUR_EYES"  # who recorded the making
    assert by_the_qualified_person(chain, certificate("PB1")) == "LABELS_NOT_RECONCILED"
    counted(chain, "PB1")
    assert by_the_qualified_person(chain, certificate("PB1")) is None
    chain.ok(shipped("PB1", 10))
    chain.ok(verified)
    replays(chain)
    with system_session(chain.recorder.database, write=False) as session:
        known = quality_of(session, chain.cluster.orgs["COOP"], "PB1", date(2025, 8, 1))
    (deviation,) = known.deviations
    assert (deviation.effective, deviation.owner, deviation.late) == (True, "ENGINEERING", False)
    assert known.batch.keep_until == date(2030, 3, 20)  # five years after the certification; expiry plus one is earlier


def test_parts_of_a_certified_batch_are_certified(chain: Chain) -> None:
    batch(chain, "PB1")
    measured(chain, "PB1")
    counted(chain, "PB1")
    assert by_the_qualified_person(chain, certificate("PB1")) is None
    part = told.NewLot(lot=uid("P1"), code="P1", product=TABLET, quantity=kg(20))
    whole = told.Drawn(lot=uid("PB1"), quantity=kg(20))
    when = at("2025-03-21T08:00:00Z")
    chain.ok(told.Split(id=uid("split"), occurred_at=when, site=uid("FERM"), input=whole, outputs=(part,)))
    assert chain.lot("P1").certified_seq == chain.lot("PB1").certified_seq
    assert chain.lot("P1").expires_on == "2027-03-10"
    chain.ok(shipped("P1", 20))  # tested with the whole
    replays(chain)


def test_nothing_asks_for_a_certificate_of_cocoa(chain: Chain) -> None:
    chain.dry_lot()
    chain.ok(chain.inspect("DB"))
    chain.ok(chain.ship("DB", 1))
    assert chain.lot("DB").expires_on is None


def ready(chain: Chain, code: str, expires: date) -> None:
    batch(chain, code, expires_on=expires)
    measured(chain, code)
    counted(chain, code)
    assert by_the_qualified_person(chain, certificate(code)) is None


def test_C38_the_order_is_picked_from_what_expires_first() -> None:
    stock = [Stock("B", 100, "2026-06-30"), Stock("A", 100, "2025-12-31"), Stock("N", 100, None)]
    assert fefo(stock, 120) == ([("A", 100), ("B", 20)], 0)
    assert fefo(stock, 301) == ([("A", 100), ("B", 100), ("N", 100)], 1)


def test_C38_what_expires_first_leaves_first(chain: Chain) -> None:
    ready(chain, "A", date(2025, 12, 31))
    ready(chain, "B", date(2026, 6, 30))
    batch(chain, "C", expires_on=date(2025, 7, 1))  # not certified: it may not leave
    with system_session(chain.recorder.database, write=False) as session:
        found = picks(session, chain.cluster.orgs["COOP"], TABLET, 120_000, date(2025, 6, 1))
    assert found == ([("A", 98_000), ("B", 22_000)], 0)
    assert chain.refused(shipped("B", 20)) == "FEFO_VIOLATION"
    chain.ok(shipped("B", 1, reason="The customer asks for a year of shelf life"))
    chain.ok(shipped("A", 98))
    chain.ok(shipped("B", 20))
    replays(chain)


def test_C38_an_expired_lot_is_blocked_from_midnight(chain: Chain) -> None:
    ready(chain, "A", date(2025, 12, 31))
    ready(chain, "B", date(2026, 6, 30))
    chain.ok(shipped("A", 10, "2025-12-31T23:59:00Z"))
    assert chain.refused(shipped("A", 10, "2026-01-01T00:00:00Z")) == "LOT_EXPIRED"
    chain.ok(shipped("B", 10, "2026-01-01T00:00:00Z"))  # what has expired stands in nobody's way
    gone = told.Lost(
        id=uid("gone"),
        occurred_at=at("2026-01-02T08:00:00Z"),
        lot=uid("A"),
        quantity=kg(88),
        reason="Expired, destroyed",
    )
    chain.ok(gone)
    replays(chain)


def test_C38_the_page_says_that_a_lot_has_expired_without_any_event(recorder: Recorder) -> None:
    now = {"at": int(at("2025-06-01T08:00:00Z").timestamp() * 1000)}
    chain = Chain(replace(recorder, clock=lambda: now["at"]))
    ready(chain, "A", date(2025, 12, 31))
    code = issue_label(chain.recorder, chain.cluster.actor("COOP"), uid("A"))

    def page() -> Any:
        with system_session(recorder.database, write=False) as session:
            return session.execute(sa.select(_PAGE).where(_PAGE.c.code == code)).one()

    midnight = int(at("2026-01-01T00:00:00Z").timestamp() * 1000)
    assert (page().state, page().review_at) == ("valid", midnight)
    now["at"] = midnight
    with system_session(recorder.database, write=True) as session:
        refresh_all(session, recorder.host, now["at"])
    assert page().state == "on_hold"
    with pytest.raises(Refused) as refused:
        issue_label(chain.recorder, chain.cluster.actor("COOP"), uid("A"))
    assert refused.value.code == "LOT_EXPIRED"


# --- labels and yield add up ---


def closed_deviation(chain: Chain, code: str) -> None:
    said = {"occurred_at": at("2025-03-19T08:00:00Z"), "deviation": uid(f"DEV-{code}")}
    chain.ok(
        told.DeviationRaised(
            id=uid(f"raise-{code}"), lot=uid(code), grade="minor", description="Does not add up", **said
        )
    )
    chain.ok(told.DeviationClosed(id=uid(f"close-{code}"), root_cause="Roll torn", action="Count twice", **said))


def test_missing_labels_need_a_deviation(chain: Chain) -> None:
    batch(chain, "PB1")
    measured(chain, "PB1")
    counted(chain, "PB1", printed=5023)
    assert by_the_qualified_person(chain, certificate("PB1")) == "LABELS_MISSING"
    closed_deviation(chain, "PB1")
    assert by_the_qualified_person(chain, certificate("PB1")) is None
    replays(chain)


def test_labels_counted_again_are_the_ones_that_count(chain: Chain) -> None:
    batch(chain, "PB1")
    measured(chain, "PB1")
    counted(chain, "PB1", printed=5023)
    counted(chain, "PB1", "2025-03-18T10:00:00Z", printed=5023, spoiled=15)
    assert by_the_qualified_person(chain, certificate("PB1")) is None


def test_an_unlikely_yield_needs_a_deviation(chain: Chain) -> None:
    batch(chain, "PB1", grams=94)
    measured(chain, "PB1")
    counted(chain, "PB1")
    assert by_the_qualified_person(chain, certificate("PB1")) == "YIELD_NOT_EXPLAINED"
    closed_deviation(chain, "PB1")
    assert by_the_qualified_person(chain, certificate("PB1")) is None


# --- returns ---


def back(
    shipment: told.Shipped, weight: int, when: str = "2025-06-09T08:00:00Z", into: str = "R1", **more: Any
) -> told.Returned:
    said = {"unopened": True, "kept_as_required": True, "reason": "Ordered twice", "site": uid("FERM")} | more
    return told.Returned(
        id=uid(f"back-{into}"),
        occurred_at=at(when),
        lot=shipment.lot,
        into=told.Named(lot=uid(into), code=into),
        quantity=kg(weight),
        shipment=shipment.id,
        **said,
    )


def free(code: str, when: str = "2025-07-01T08:00:00Z") -> told.Released:
    return told.Released(id=uid(f"free-{code}"), occurred_at=at(when), lot=uid(code), reason="Looked at by quality")


@pytest.mark.parametrize(
    ("when", "more", "saleable"),
    [
        ("2025-06-11T08:00:00Z", {}, True),
        ("2025-06-12T08:00:00Z", {}, False),
        ("2025-06-09T08:00:00Z", {"unopened": False}, False),
        ("2025-06-09T08:00:00Z", {"kept_as_required": False}, False),
    ],
)
def test_C38_what_comes_back_is_in_quarantine_and_saleable_only_by_the_rule(
    chain: Chain, when: str, more: dict[str, bool], saleable: bool
) -> None:
    ready(chain, "A", date(2025, 12, 31))
    sent = shipped("A", 30)
    chain.ok(sent)
    chain.ok(back(sent, 10, when, **more))
    assert (chain.lot("R1").disposition, chain.lot("R1").remaining_g) == ("on_hold", 10_000)
    assert chain.lot("R1").expires_on == "2025-12-31"
    assert chain.refused(shipped("R1", 1, "2025-07-02T08:00:00Z")) == "LOT_BLOCKED"
    if saleable:
        chain.ok(free("R1"))
        assert chain.refused(shipped("R1", 1, "2025-07-02T08:00:00Z")) == "QC_PENDING"  # checked anew
        measured(chain, "R1", "2025-07-01T10:00:00Z")
        chain.ok(shipped("R1", 1, "2025-07-02T08:00:00Z"))
    else:
        assert chain.refused(free("R1")) == "RELEASE_OF_RETURN"
        gone = {"lot": uid("R1"), "quantity": kg(10), "reason": "Destroyed"}
        chain.ok(told.Lost(id=uid("gone"), occurred_at=at("2025-07-03T08:00:00Z"), **gone))
    replays(chain)


def test_no_more_comes_back_than_left(chain: Chain) -> None:
    ready(chain, "A", date(2025, 12, 31))
    sent = shipped("A", 30)
    chain.ok(sent)
    assert chain.refused(back(sent, 31)) == "RETURN_EXCEEDS_SHIPMENT"
    assert chain.refused(back(sent, 1, "2025-05-31T08:00:00Z")) == "RETURN_BEFORE_SHIPMENT"
    chain.ok(back(sent, 20))
    assert chain.refused(back(sent, 11, into="R2")) == "RETURN_EXCEEDS_SHIPMENT"
    chain.ok(back(sent, 10, into="R2"))
    assert chain.lot("A").remaining_g == 68_000
    other = sent.model_copy(update={"id": uid("nothing")})
    assert chain.refused(back(other, 1, into="R3")) == "SHIPMENT_UNKNOWN"


def test_a_return_taken_back_is_out_again(chain: Chain) -> None:
    ready(chain, "A", date(2025, 12, 31))
    sent = shipped("A", 30)
    chain.ok(sent)
    event = back(sent, 20)
    chain.ok(event)
    wrong = told.Corrected(
        id=uid("wrong"),
        occurred_at=at("2025-06-20T08:00:00Z"),
        event=event.id,
        reason="Fewer",
        instead=back(sent, 5).model_copy(update={"id": uid("fewer")}),
    )
    chain.ok(wrong)
    assert (chain.lot("R1").initial_g, chain.lot("A").remaining_g) == (5_000, 68_000)
    chain.ok(back(sent, 25, into="R2"))
    chain.ok(shipped("A", 68, "2025-06-25T08:00:00Z"))
    replays(chain)


def test_no_less_was_shipped_than_came_back(chain: Chain) -> None:
    ready(chain, "A", date(2025, 12, 31))
    sent = shipped("A", 30)
    chain.ok(sent)
    chain.ok(back(sent, 20))

    def lighter(weight: int | None) -> told.Corrected:
        right = None if weight is None else sent.model_copy(update={"id": uid(f"l{weight}"), "quantity": kg(weight)})
        when = at("2025-06-20T08:00:00Z")
        return told.Corrected(id=uid(f"c{weight}"), occurred_at=when, event=sent.id, reason="Scale", instead=right)

    assert chain.refused(lighter(None)) == "SHIPMENT_RETURNED"
    assert chain.refused(lighter(19)) == "SHIPMENT_RETURNED"
    chain.ok(lighter(20))
    assert chain.lot("A").remaining_g == 78_000
    replays(chain)


def test_what_is_recalled_stays_recalled_when_it_comes_back(chain: Chain) -> None:
    ready(chain, "A", date(2025, 12, 31))
    sent = shipped("A", 30)
    chain.ok(sent)
    chain.ok(told.Recalled(id=uid("recall"), occurred_at=at("2025-06-05T08:00:00Z"), lot=uid("A"), reason="Glass"))
    chain.ok(back(sent, 30))
    assert chain.lot("R1").disposition == "recalled"
    chain.ok(free("R1"))  # the quarantine ends, the recall does not
    assert chain.lot("R1").disposition == "recalled"
    replays(chain)


def test_a_recall_reaches_what_had_come_back(chain: Chain) -> None:
    ready(chain, "A", date(2025, 12, 31))
    sent = shipped("A", 30)
    chain.ok(sent)
    chain.ok(back(sent, 10))
    chain.ok(told.Recalled(id=uid("recall"), occurred_at=at("2025-06-15T08:00:00Z"), lot=uid("A"), reason="Glass"))
    assert {chain.lot(code).disposition for code in ("A", "R1")} == {"recalled"}
    replays(chain)
