"""Corrections, late facts of the registry, recalls and failures: what reaches back, how far, and no further."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from ledger.queries import trace
from ledger.record import Recorder
from ledger.registry import Change, begin, settle
from ledger.replay import replay
from models.base import table
from models.db import scoped_session, system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain


@pytest.fixture
def chain(recorder: Recorder) -> Chain:
    return Chain(recorder)


def correct(event: str, instead: Any = None, when: str = "2025-03-01T08:00:00Z", name: str = "fix") -> told.Corrected:
    return told.Corrected(
        id=uid(f"{name}-{event}"),
        occurred_at=at(when),
        event=uid(event),
        reason="typed wrong",
        instead=instead,
    )


def again(event: Any) -> Any:
    """The right event, told under an id of its own."""
    return event.model_copy(update={"id": uid(f"right-{event.id}")})


def identical(chain: Chain) -> None:
    report = replay(chain.recorder)
    assert report.identical, (report.missing, report.surplus)


# --- corrections ---


def test_C41_a_weighing_corrected_after_it_was_processed(chain: Chain) -> None:
    """600 kg was typed for 60: the chain behind is short, says so, and is freed when each step is put right."""
    chain.ok(chain.deliver("D1", 600))
    chain.ok(chain.receive("RL", {"D1": 600}))
    chain.ok(chain.dry("DB", 240, {"RL": 600}))
    chain.ok(correct("deliver-D1", again(chain.deliver("D1", 60))))
    assert (chain.lot("D1").initial_g, chain.lot("D1").deficit_g) == (60_000, 540_000)
    assert chain.lot("DB").disposition == "on_hold"
    assert chain.refused(chain.ship("DB", 1)) == "LOT_BLOCKED"
    chain.ok(correct(f"receive-RL-{['D1']}", again(chain.receive("RL", {"D1": 60}))))
    assert (chain.lot("D1").deficit_g, chain.lot("RL").deficit_g) == (0, 540_000)
    assert chain.lot("DB").disposition == "on_hold"
    chain.ok(correct("dry-DB", again(chain.dry("DB", 24, {"RL": 60}))))
    assert (chain.lot("RL").deficit_g, chain.lot("DB").initial_g) == (0, 24_000)
    assert chain.lot("DB").disposition == "available"
    with system_session(chain.recorder.database, write=False) as session:
        back = trace(session, None, "DB", "back")
        stored = session.execute(sa.select(sa.func.count()).select_from(table(models.Event))).scalar_one()
    assert [(share.code, share.grams) for share in back.composition] == [("D1", 24_000)]
    assert stored == 6  # both versions remain
    identical(chain)


def test_a_delivery_credited_to_the_wrong_farmer_is_judged_anew_all_the_way_down(chain: Chain) -> None:
    chain.dry_lot()
    assert chain.claim("DB") == "organic"
    chain.ok(correct("deliver-D2", again(chain.deliver("D2", 400, farmer="BEN"))))
    assert chain.claim("D2") == chain.claim("DB") == "in_conversion"
    assert chain.claim("D1") == "organic"
    identical(chain)


def test_a_correction_may_itself_be_corrected_and_a_claim_be_regained(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 600, farmer="BEN"))
    chain.ok(chain.receive("RL", {"D1": 600}))
    assert chain.claim("RL") == "in_conversion"
    first = correct("deliver-D1", again(chain.deliver("D1", 600, farmer="NOBODY")))
    chain.ok(first)
    assert chain.claim("RL") == "conventional"
    right = chain.deliver("D1", 600).model_copy(update={"id": uid("third")})
    chain.ok(
        told.Corrected(
            id=uid("fix2"), occurred_at=at("2025-03-02T08:00:00Z"), event=first.id, reason="x", instead=right
        )
    )
    assert chain.claim("RL") == chain.claim("D1") == "organic"
    identical(chain)


def test_an_event_taken_back_without_replacement_leaves_a_void_lot(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 10))
    chain.ok(correct("deliver-D1"))
    lot = chain.lot("D1")
    assert (lot.initial_g, lot.remaining_g, lot.disposition) == (0, 0, "void")
    assert chain.refused(chain.receive("RL", {"D1": 1})) in {"LOT_VOID", "LOT_BLOCKED"}
    assert chain.refused(correct("deliver-D1", name="twice")) == "ALREADY_CORRECTED"
    identical(chain)


def test_a_loss_and_a_shipment_are_taken_back_to_the_gram(chain: Chain) -> None:
    chain.dry_lot()
    chain.ok(chain.inspect("DB"))
    chain.ok(chain.ship("DB", 100))
    chain.ok(
        told.Lost(
            id=uid("loss"),
            occurred_at=at("2025-02-02T08:00:00Z"),
            lot=uid("DB"),
            quantity=kg(5),
            reason="rats",
        )
    )
    assert chain.lot("DB").remaining_g == 295_000
    chain.ok(correct("ship-DB-100"))
    chain.ok(
        correct(
            "loss",
            told.Lost(
                id=uid("l2"),
                occurred_at=at("2025-02-02T08:00:00Z"),
                lot=uid("DB"),
                quantity=kg("0.5"),
                reason="rats",
            ),
        )
    )
    assert chain.lot("DB").remaining_g == 399_500
    identical(chain)


def test_a_check_entered_for_the_wrong_lot_is_taken_back(chain: Chain) -> None:
    chain.dry_lot()
    chain.ok(chain.inspect("DB"))
    wrong = chain.inspect("DB", "2025-01-21T09:00:00Z", moisture="9.5")
    chain.ok(wrong)
    assert (chain.lot("DB").qc, chain.lot("DB").disposition) == ("fail", "on_hold")
    chain.ok(told.Corrected(id=uid("c"), occurred_at=at("2025-01-22T08:00:00Z"), event=wrong.id, reason="other lot"))
    assert (chain.lot("DB").qc, chain.lot("DB").disposition) == ("pass", "available")
    identical(chain)


def test_a_correction_cannot_make_a_lot_its_own_ancestor(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 600))
    chain.ok(chain.receive("RL", {"D1": 600}))
    split = told.Split(
        id=uid("sp"), occurred_at=at("2025-01-11T08:00:00Z"), site=uid("FERM"),
        input=told.Drawn(lot=uid("RL"), quantity=kg(600)),
        outputs=(told.NewLot(lot=uid("S1"), code="S1", product="cocoa_wet_beans", quantity=kg(600)),),
    )  # fmt: skip
    chain.ok(split)
    more = told.Bulked(
        id=uid("bk"), occurred_at=at("2025-01-12T08:00:00Z"), site=uid("FERM"),
        inputs=(told.Drawn(lot=uid("S1"), quantity=kg(600)),), into=told.Named(lot=uid("B1"), code="B1"),
    )  # fmt: skip
    chain.ok(more)
    circular = split.model_copy(
        update={
            "id": uid("sp2"),
            "occurred_at": at("2025-01-13T08:00:00Z"),
            "input": told.Drawn(lot=uid("B1"), quantity=kg(600)),
        }
    )
    assert (
        chain.refused(
            told.Corrected(
                id=uid("cy"),
                occurred_at=at("2025-01-14T08:00:00Z"),
                event=uid("sp"),
                reason="x",
                instead=circular,
            )
        )
        == "CYCLE"
    )
    assert chain.lot("S1").remaining_g == 0
    assert chain.lot("B1").remaining_g == 600_000
    identical(chain)


def test_what_was_handed_over_cannot_be_corrected_by_the_giver(chain: Chain) -> None:
    chain.dry_lot()
    hand_over(chain, "DB", "EXP", "STORE")
    assert chain.refused(correct("dry-DB", again(chain.dry("DB", 300, {"RL": 1000})))) != ""


def test_a_refused_correction_in_a_batch_leaves_no_trace(chain: Chain) -> None:
    from ledger.record import record

    chain.dry_lot()
    before = chain.lot("DB")
    bad = correct("dry-DB", again(chain.dry("DB", 2000, {"RL": 1000})))
    answers = record(chain.recorder, chain.cluster.actor("COOP"), [chain.deliver("D7", 5), bad, chain.deliver("D8", 5)])
    assert [answer.status for answer in answers] == ["accepted", "refused", "accepted"]
    assert chain.lot("DB") == before
    assert chain.lot("D8").remaining_g == 5_000
    identical(chain)


# --- late facts of the registry ---


def suspend(chain: Chain, farmer: str, day: str) -> list[Any]:
    actor = chain.cluster.actor("COOP")
    membership = uid(f"{farmer}/GRP")
    with scoped_session(chain.recorder.database, actor.org_id, write=True) as session:
        begin(session)
        session.add(
            models.MembershipStatus(
                org_id=actor.org_id, membership_id=membership, from_day=day, status="suspended", recorded_at=2
            )
        )
        change = Change("membership", membership, date.fromisoformat(day), farmers=(farmer,))
        return settle(session, chain.recorder, actor, change)


def test_a_back_dated_suspension_lowers_what_was_made_since_and_nothing_else(chain: Chain) -> None:
    chain.ok(chain.deliver("D0", 100, when="2025-01-05T08:00:00Z"))
    chain.dry_lot()
    lowered = suspend(chain, "ANNA", "2025-01-08")
    assert {item.code for item in lowered} == {"D1", "D2", "RL", "DB"}
    assert chain.claim("D0") == "organic"
    assert {chain.claim(code) for code in ("D1", "D2", "RL", "DB")} == {"conventional"}
    assert suspend_again(chain) == []
    identical(chain)


def suspend_again(chain: Chain) -> list[Any]:
    actor = chain.cluster.actor("COOP")
    with scoped_session(chain.recorder.database, actor.org_id, write=True) as session:
        begin(session)
        return settle(
            session,
            chain.recorder,
            actor,
            Change("membership", uid("ANNA/GRP"), date(2025, 1, 8), farmers=("ANNA",)),
        )


def test_a_back_dated_suspension_reaches_lots_that_others_made(chain: Chain) -> None:
    chain.dry_lot()
    hand_over(chain, "DB", "EXP", "STORE")
    chain.ok(
        told.Split(
            id=uid("exp-split"), occurred_at=at("2025-01-25T08:00:00Z"), site=uid("STORE"),
            input=told.Drawn(lot=uid("DB"), quantity=kg(400)),
            outputs=(told.NewLot(lot=uid("X1"), code="X1", product="cocoa_dry_beans", quantity=kg(400)),),
        ),
        "EXP",
    )  # fmt: skip
    assert chain.claim("X1") == "organic"
    lowered = suspend(chain, "ANNA", "2025-01-08")
    assert chain.claim("X1") == "conventional"
    assert "X1" not in {item.code for item in lowered}  # the cooperative does not learn the exporter's codes
    identical(chain)


def test_a_certificate_withdrawn_for_the_past_lowers_deliveries_and_site(chain: Chain) -> None:
    chain.dry_lot()
    actor = chain.cluster.actor("COOP")
    with scoped_session(chain.recorder.database, actor.org_id, write=True) as session:
        begin(session)
        session.add(
            models.CertificateStatus(
                org_id=actor.org_id,
                certificate_id=uid("GRP"),
                from_day="2025-01-15",
                status="withdrawn",
                recorded_at=2,
            )
        )
        settle(
            session,
            chain.recorder,
            actor,
            Change("certificate", uid("GRP"), date(2025, 1, 15), certificate=uid("GRP")),
        )
    assert chain.claim("RL") == "organic"  # received before
    assert chain.claim("DB") == "conventional"  # dried after, at a site without a certificate
    identical(chain)


# --- custody ---


def hand_over(chain: Chain, lot: str, to: str, site: str, when: str = "2025-01-21T08:00:00Z", **more: Any) -> None:
    chain.ok(told.TransferOffered(id=uid(f"offer-{lot}"), occurred_at=at(when), lots=(uid(lot),), to=to, **more))
    chain.ok(
        told.TransferAccepted(id=uid(f"accept-{lot}"), occurred_at=at(when), offer=uid(f"offer-{lot}"), site=uid(site)),
        to,
    )


def test_custody_passes_by_offer_and_acceptance_with_the_receivers_own_weight(chain: Chain) -> None:
    chain.dry_lot()
    offer = told.TransferOffered(id=uid("of"), occurred_at=at("2025-01-21T08:00:00Z"), lots=(uid("DB"),), to="EXP")
    chain.ok(offer)
    assert chain.refused(chain.ship("DB", 1)) == "LOT_IN_TRANSFER"
    accept = told.TransferAccepted(
        id=uid("ac"), occurred_at=at("2025-01-22T08:00:00Z"), offer=uid("of"), site=uid("STORE"),
        weighed=(told.Drawn(lot=uid("DB"), quantity=kg("399.5")),),
    )  # fmt: skip
    assert chain.refused(accept, "RIVAL") == "TRANSFER_UNKNOWN"
    assert chain.refused(accept) == "TRANSFER_NOT_FOR_YOU"
    chain.ok(accept, "EXP")
    lot = chain.lot("DB")
    assert (lot.owner_id, lot.holder_id, lot.remaining_g) == (
        chain.cluster.orgs["EXP"],
        chain.cluster.orgs["EXP"],
        399_500,
    )
    assert chain.claim("DB") == "organic"
    assert chain.refused(chain.ship("DB", 1)) == "LOT_NOT_YOURS"
    assert chain.refused(accept.model_copy(update={"id": uid("ac2")}), "EXP") == "TRANSFER_CLOSED"
    identical(chain)


def test_a_rejected_offer_changes_nothing(chain: Chain) -> None:
    chain.dry_lot()
    before = chain.lot("DB")
    chain.ok(told.TransferOffered(id=uid("of"), occurred_at=at("2025-01-21T08:00:00Z"), lots=(uid("DB"),), to="EXP"))
    chain.ok(
        told.TransferRejected(id=uid("no"), occurred_at=at("2025-01-22T08:00:00Z"), offer=uid("of"), reason="wet"),
        "EXP",
    )
    assert chain.lot("DB") == before
    identical(chain)


def test_a_warehouse_without_certificate_takes_the_claim_from_then_on_only(chain: Chain) -> None:
    chain.dry_lot()
    chain.ok(
        told.Split(
            id=uid("early"), occurred_at=at("2025-01-18T08:00:00Z"), site=uid("FERM"),
            input=told.Drawn(lot=uid("DB"), quantity=kg(100)),
            outputs=(told.NewLot(lot=uid("E1"), code="E1", product="cocoa_dry_beans", quantity=kg(100)),),
        )
    )  # fmt: skip
    hand_over(chain, "DB", "RIVAL", "SHED")
    assert (chain.claim("DB"), chain.claim("E1")) == ("conventional", "organic")
    suspended = told.Downgraded(
        id=uid("dg"),
        occurred_at=at("2025-02-01T08:00:00Z"),
        lot=uid("RL"),
        scheme="EU_ORG",
        to="in_conversion",
        reason="x",
    )
    chain.ok(suspended)
    assert (chain.claim("DB"), chain.claim("E1")) == ("conventional", "in_conversion")
    identical(chain)


def test_the_receiver_follows_the_lot_upstream_only_as_far_as_was_agreed(chain: Chain) -> None:
    chain.dry_lot()
    hand_over(chain, "DB", "EXP", "STORE", upstream=False)
    exporter = chain.cluster.orgs["EXP"]
    with system_session(chain.recorder.database, write=False) as session:
        closed = trace(session, exporter, "DB", "back")
        own = trace(session, chain.cluster.orgs["COOP"], "DB", "back")
    assert [node.code for node in closed.nodes] == ["DB"]
    assert closed.hidden == 1
    assert sum(share.grams for share in closed.composition) == 400_000
    assert {node.code for node in own.nodes} == {"D1", "D2", "RL", "DB"}


def test_whoever_gave_a_lot_away_is_told_how_much_went_on_not_where(chain: Chain) -> None:
    chain.dry_lot()
    hand_over(chain, "DB", "EXP", "STORE")
    chain.ok(
        told.Split(
            id=uid("exp-split"), occurred_at=at("2025-01-25T08:00:00Z"), site=uid("STORE"),
            input=told.Drawn(lot=uid("DB"), quantity=kg(400)),
            outputs=(told.NewLot(lot=uid("X1"), code="SECRET-1", product="cocoa_dry_beans", quantity=kg(400)),),
        ),
        "EXP",
    )  # fmt: skip
    with system_session(chain.recorder.database, write=False) as session:
        forward = trace(session, chain.cluster.orgs["COOP"], "D1", "forward")
    assert forward.hidden == 1
    assert "SECRET-1" not in str(forward)
    assert uid("X1") not in str(forward)


def test_whoever_only_holds_goods_cannot_sell_or_ship_them(chain: Chain) -> None:
    chain.dry_lot()
    hand_over(chain, "DB", "EXP", "STORE", ownership=False)
    lot = chain.lot("DB")
    assert (lot.owner_id, lot.holder_id) == (chain.cluster.orgs["COOP"], chain.cluster.orgs["EXP"])
    chain.ok(chain.inspect("DB", "2025-01-22T09:00:00Z"), "EXP")
    assert chain.refused(chain.ship("DB", 1), "EXP") == "LOT_NOT_YOURS"
    offer = told.TransferOffered(id=uid("re"), occurred_at=at("2025-01-23T08:00:00Z"), lots=(uid("DB"),), to="RIVAL")
    assert chain.refused(offer, "EXP") == "LOT_NOT_YOURS"
    chain.ok(chain.ship("DB", 1))


# --- what blocks ---


def test_a_hold_blocks_drawing_shipping_and_offering_until_released(chain: Chain) -> None:
    chain.dry_lot()
    chain.ok(chain.inspect("DB"))
    chain.ok(told.Held(id=uid("h"), occurred_at=at("2025-01-21T08:00:00Z"), lot=uid("DB"), reason="smell"))
    assert chain.refused(chain.ship("DB", 1)) == "LOT_BLOCKED"
    offer = told.TransferOffered(id=uid("of"), occurred_at=at("2025-01-21T08:00:00Z"), lots=(uid("DB"),), to="EXP")
    assert chain.refused(offer) == "LOT_BLOCKED"
    chain.ok(told.Released(id=uid("r"), occurred_at=at("2025-01-22T08:00:00Z"), lot=uid("DB"), reason="aired"))
    chain.ok(chain.ship("DB", 1))
    assert (
        chain.refused(told.Released(id=uid("r2"), occurred_at=at("2025-01-22T08:00:00Z"), lot=uid("DB"), reason="x"))
        == "NOT_ON_HOLD"
    )
    identical(chain)


def test_beans_too_wet_are_held_dried_again_and_pass(chain: Chain) -> None:
    chain.dry_lot()
    chain.ok(chain.inspect("DB", moisture="8.4"))
    assert chain.lot("DB").disposition == "on_hold"
    assert chain.refused(chain.dry("X", 300, {"DB": 400}, "2025-01-21T08:00:00Z", name="x")) in {
        "PRODUCT_MISMATCH",
        "LOT_BLOCKED",
    }
    again_dried = told.Transformed(
        id=uid("redry"), occurred_at=at("2025-01-22T08:00:00Z"), site=uid("FERM"), process="redry",
        inputs=(told.Drawn(lot=uid("DB"), quantity=kg(400)),),
        outputs=(told.NewLot(lot=uid("DB2"), code="DB2", product="cocoa_dry_beans", quantity=kg("396.1")),),
    )  # fmt: skip
    chain.ok(again_dried)
    chain.ok(chain.inspect("DB2", "2025-01-23T08:00:00Z"))  # moisture and cut test, in order
    chain.ok(chain.ship("DB2", 396))
    identical(chain)


def test_a_vessel_holds_no_more_than_its_capacity_and_one_run_at_a_time(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 600))
    chain.ok(chain.receive("RL", {"D1": 600}))
    chain.ok(chain.deliver("D2", 900))
    chain.ok(chain.receive("R2", {"D2": 900}))

    def load(name: str, lots: dict[str, int], when: str = "2025-01-11T08:00:00Z") -> told.Loaded:
        return told.Loaded(
            id=uid(f"load-{name}"), occurred_at=at(when), vessel=uid("BOX"), load=uid(name),
            contents=tuple(told.Drawn(lot=uid(lot), quantity=kg(weight)) for lot, weight in lots.items()),
        )  # fmt: skip

    assert chain.refused(load("L0", {"RL": 600, "R2": 401})) == "FACILITY_OVER_CAPACITY"
    chain.ok(load("L1", {"RL": 600, "R2": 400}))
    assert chain.refused(load("L2", {"R2": 500}, "2025-01-12T08:00:00Z")) == "FACILITY_BUSY"
    chain.ok(told.Turned(id=uid("t"), occurred_at=at("2025-01-13T08:00:00Z"), load=uid("L1")))
    chain.ok(
        told.Read(
            id=uid("rd"), occurred_at=at("2025-01-14T08:00:00Z"), load=uid("L1"),
            measurements=(told.Measurement(test="mass_temperature", value="47"),),
        )
    )  # fmt: skip
    assert chain.refused(chain.dry("DB", 240, {"RL": 600})) == "LOT_IN_VESSEL"
    both = told.Transformed(
        id=uid("both"), occurred_at=at("2025-01-17T08:00:00Z"), site=uid("FERM"), process="ferment_dry", loads=(uid("L1"),),
        inputs=(told.Drawn(lot=uid("RL"), quantity=kg(600)), told.Drawn(lot=uid("R2"), quantity=kg(400))),
        outputs=(told.NewLot(lot=uid("DB"), code="DB", product="cocoa_dry_beans", quantity=kg(400)),),
    )  # fmt: skip
    chain.ok(both)
    assert (
        chain.refused(told.Turned(id=uid("t2"), occurred_at=at("2025-01-18T08:00:00Z"), load=uid("L1"))) == "LOAD_ENDED"
    )
    chain.ok(load("L3", {"R2": 500}, "2025-01-17T08:00:00Z"))
    identical(chain)


def test_a_foreign_organisation_can_do_nothing_with_a_lot_not_even_learn_that_it_is_there(
    chain: Chain,
) -> None:
    chain.dry_lot()
    unknown = chain.ship("NOWHERE", 1).model_copy(update={"id": uid("u")})
    theirs = chain.ship("DB", 1)
    first, second = chain.tell(unknown, "RIVAL"), chain.tell(theirs, "RIVAL")
    assert first.refused is not None
    assert second.refused is not None
    assert first.refused.code == second.refused.code == "LOT_UNKNOWN"
    assert chain.refused(chain.deliver("D9", 1), "RIVAL") == "SITE_UNKNOWN"
    assert chain.refused(correct("deliver-D1"), "RIVAL") == "EVENT_UNKNOWN"
