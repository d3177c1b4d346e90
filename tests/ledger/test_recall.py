"""Recalls: what is affected, that it is blocked at once, and where every gram of it is."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from domain.recall import Report
from domain.refusals import Refused
from ledger import recall
from ledger.recall import Came, Origin
from ledger.record import Recorder
from ledger.replay import replay
from models.base import table
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain
from tests.ledger.test_cases import SCENARIOS, Told, case

LABEL = "7K3MZ9QW4T5R8X2B"
SECOND = "user:second"


class Line(Chain):
    """600 kg of ANNA and 400 kg of BEN go into RL, 400 kg dry come out as DB; EX1 and EX2 are split from it.

    100 kg of EX1 are shipped to EU-B1, EX2 is sold to the exporter, who ships 50 kg of it to US-B9.
    """

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self.ok(self.deliver("D1", 600))
        self.ok(self.deliver("D2", 400, farmer="BEN"))
        self.ok(self.receive("RL", {"D1": 600, "D2": 400}))
        self.ok(self.dry("DB", 400, {"RL": 1000}))
        self.ok(
            told.Split(
                id=uid("split"),
                occurred_at=at("2025-01-20T09:00:00Z"),
                site=uid("FERM"),
                input=told.Drawn(lot=uid("DB"), quantity=kg(390)),
                outputs=tuple(
                    told.NewLot(lot=uid(code), code=code, product="cocoa_dry_beans", quantity=kg(weight))
                    for code, weight in (("EX1", 240), ("EX2", 150))
                ),
            )
        )
        for code in ("EX1", "EX2"):
            self.ok(self.inspect(code, "2025-01-21T09:00:00Z"))
        self.ok(self.shipped("EX1", 100, "EU-B1", document="BL-1"))
        self.ok(
            told.TransferOffered(
                id=uid("offer"), occurred_at=at("2025-01-23T09:00:00Z"), lots=(uid("EX2"),), to="EXP", upstream=False
            )
        )
        self.ok(
            told.TransferAccepted(
                id=uid("accept"), occurred_at=at("2025-01-24T09:00:00Z"), offer=uid("offer"), site=uid("STORE")
            ),
            "EXP",
        )
        self.ok(self.shipped("EX2", 50, "US-B9", "2025-01-25T09:00:00Z"), "EXP")

    def shipped(self, lot: str, weight: Any, to: str | None, when: str = "2025-01-22T09:00:00Z", **more: Any) -> Any:
        return told.Shipped(
            id=uid(f"ship-{lot}-{weight}-{to}"), occurred_at=at(when), lot=uid(lot), quantity=kg(weight), to=to, **more
        )

    def opened(self, ref: str = "DB", kind: Any = "real", origin: Any = "lot", org: str = "COOP", **more: Any) -> str:
        known = Origin(origin, ref, more.pop("since", None), more.pop("until", None))
        return recall.open_case(self.recorder, self.cluster.actor(org), kind, known, "Mouldy on arrival", **more)[0]

    def report(self, identity: str, org: str = "COOP") -> Report:
        with system_session(self.recorder.database, write=False) as session:
            return recall.report(session, self.cluster.orgs[org], identity, now=self.recorder.clock())

    def dispositions(self) -> dict[str, str]:
        lot = table(models.Lot)
        with system_session(self.recorder.database, write=False) as session:
            return {row.code: row.disposition for row in session.execute(sa.select(lot.c.code, lot.c.disposition))}

    def rows(self) -> dict[str, list[Any]]:
        """Everything but the cases."""
        kept = {}
        with system_session(self.recorder.database, write=False) as session:
            for name, held in models.metadata.tables.items():
                if name != "recall_case":
                    kept[name] = session.execute(sa.select(held).order_by(*held.primary_key)).all()
        return kept

    def page(self) -> str:
        held = table(models.PublicPage)
        with system_session(self.recorder.database, write=False) as session:
            return str(session.execute(sa.select(held.c.state).where(held.c.code == LABEL)).scalar_one())

    def label(self, lot: str) -> None:
        self.ok(
            told.LabelIssued(id=uid(f"label-{lot}"), occurred_at=at("2025-01-22T08:00:00Z"), lot=uid(lot), code=LABEL)
        )


@pytest.fixture
def line(recorder: Recorder) -> Line:
    return Line(recorder)


def closes(found: Report) -> bool:
    """Every lot, and the set, to the gram."""
    assert all(one.account.difference_g == 0 for one in found.survey.lots)
    assert found.survey.hidden.difference_g == 0
    assert found.survey.sums is None or found.survey.sums.difference_g == 0
    return True


# --- the set, the holds, the page ---


def test_a_recall_blocks_the_lot_and_all_that_was_made_from_it_whoever_owns_it(line: Line) -> None:
    line.opened("DB")
    blocked = {code for code, state in line.dispositions().items() if state == "recalled"}
    assert blocked == {"DB", "EX1", "EX2"}
    assert line.refused(line.shipped("EX1", 10, "EU-B1", "2030-03-17T00:00:00Z")) == "LOT_BLOCKED"
    assert line.refused(line.shipped("EX2", 10, "US-B9", "2030-03-17T00:00:00Z"), "EXP") == "LOT_BLOCKED"


def test_both_sets_are_there_at_once(line: Line) -> None:
    found = line.report(line.opened("DB"))
    assert {one.code for one in found.survey.lots} == {"DB", "EX1", "EX2"}
    assert {node.code for node in found.survey.back.nodes} == {"D1", "D2", "RL", "DB"}
    assert found.case.held_lots == 3
    assert found.case.took_ms >= 1


def test_the_public_page_turns_in_the_same_transaction(line: Line) -> None:
    line.label("EX1")
    assert line.page() == "valid"
    identity = line.opened("D2", origin="input")
    assert line.page() == "recalled"
    assert line.report(identity).case.pages == 1


def test_replay_gives_the_same_rows_after_a_recall(line: Line) -> None:
    line.opened("DB")
    assert replay(line.recorder).identical


def test_the_same_id_again_opens_nothing(line: Line) -> None:
    first = line.opened("DB", identity=uid("case"))
    before = line.rows()
    assert line.opened("DB", identity=uid("case")) == first
    assert line.rows() == before


def test_an_id_of_another_organisation_is_not_taken_over(line: Line) -> None:
    line.opened("DB", identity=uid("case"))
    with pytest.raises(Refused, match="RECALL_ID_TAKEN"):
        line.opened("EX2", org="EXP", identity=uid("case"))


def test_only_who_made_owns_or_holds_a_lot_recalls_it(line: Line) -> None:
    for ref, org, code in (
        ("DB", "EXP", "LOT_UNKNOWN"),
        ("EX1", "RIVAL", "LOT_UNKNOWN"),
        ("XX", "COOP", "LOT_UNKNOWN"),
    ):
        with pytest.raises(Refused, match=code):
            line.opened(ref, org=org)
    assert "recalled" not in line.dispositions().values()


# --- where it begins ---


def test_a_recall_from_a_plot_begins_at_its_deliveries(recorder: Recorder) -> None:
    line = Line(recorder)
    line.ok(replace_plot(line.deliver("D3", 50), "ANNA-A"))
    line.ok(replace_plot(line.deliver("D4", 50), "ANNA-B"))
    found = line.report(line.opened("ANNA-A", origin="plot"))
    assert found.survey.roots == ("D3",)
    assert line.dispositions()["D4"] == "available"


def replace_plot(event: told.Delivered, plot: str) -> told.Delivered:
    return event.model_copy(update={"plot": plot})


def test_a_recall_from_a_load_or_a_vessel_begins_at_what_lay_in_it(line: Line) -> None:
    line.ok(line.deliver("D5", 50))
    line.ok(line.deliver("D6", 50))
    line.ok(
        told.Loaded(
            id=uid("loaded"), occurred_at=at("2025-01-26T09:00:00Z"), vessel=uid("BOX"), load=uid("run"),
            contents=(told.Drawn(lot=uid("D5"), quantity=kg(50)),),
        )
    )  # fmt: skip
    assert line.report(line.opened(uid("run"), "mock", "load")).survey.roots == ("D5",)
    assert line.report(line.opened("BOX", "mock", "vessel")).survey.roots == ("D5",)
    day = at("2025-01-26T00:00:00Z").date()
    assert line.report(line.opened("BOX", "mock", "vessel", since=day, until=day)).survey.roots == ("D5",)
    with pytest.raises(Refused, match="RECALL_NOTHING_THERE"):
        line.opened("BOX", "mock", "vessel", until=at("2025-01-25T00:00:00Z").date())


def test_a_recall_from_a_check_begins_at_the_lot_that_failed(line: Line) -> None:
    failed = line.inspect("EX1", "2025-01-27T09:00:00Z", benzo_a_pyrene="7.1")
    line.ok(failed)
    assert line.report(line.opened(failed.id, "mock", "check")).survey.roots == ("EX1",)
    passed = line.inspect("EX1", "2025-01-21T09:00:00Z")
    with pytest.raises(Refused, match="RECALL_NOT_A_FAILURE"):
        line.opened(passed.id, "mock", "check")


def test_of_several_lots_only_the_foremost_begin_it(line: Line) -> None:
    line.ok(
        told.Loaded(
            id=uid("l2"), occurred_at=at("2025-01-26T09:00:00Z"), vessel=uid("BOX"), load=uid("run2"),
            contents=(told.Drawn(lot=uid("DB"), quantity=kg(10)), told.Drawn(lot=uid("EX1"), quantity=kg(10))),
        )
    )  # fmt: skip
    assert line.report(line.opened(uid("run2"), "mock", "load")).survey.roots == ("DB",)


# --- every gram ---


@pytest.mark.skipif(not SCENARIOS.exists(), reason="the shared scenarios are not beside this checkout")
def test_C08_reconciles_to_the_gram(recorder: Recorder) -> None:
    wanted = case("C08")
    run = Told(recorder, wanted["context"], [event for event in wanted["events"] if event["type"] != "recall"][:5])
    identity, _ = recall.open_case(recorder, run.cluster.actor("LR-C1"), "real", Origin("lot", "DB1"), "recall")
    with system_session(recorder.database, write=False) as session:
        found = recall.report(session, run.cluster.orgs["LR-C1"], identity, now=recorder.clock())
    expected = wanted["also_expected"]["recall_report"]
    assert found.survey.sums is not None
    assert found.survey.sums.affected_g == expected["affected_output_kg"] * 1000
    assert found.survey.sums.in_house_g == expected["in_house_kg"] * 1000
    assert found.survey.sums.shipped_g == expected["shipped_kg"] * 1000
    assert closes(found)


def test_a_recall_of_one_delivery_counts_what_was_mixed_in_and_what_processing_took(line: Line) -> None:
    found = line.report(line.opened("D1", origin="input"))
    sums = found.survey.sums
    assert sums is not None
    assert (sums.roots_g, sums.mixed_in_g, sums.process_loss_g) == (600_000, 400_000, 600_000)
    assert (sums.affected_g, sums.in_house_g, sums.shipped_g) == (400_000, 250_000, 150_000)
    assert closes(found)


def test_destroying_and_returns_move_grams_and_the_sum_stays(line: Line) -> None:
    identity = line.opened("DB")
    line.ok(lost("EX1", 40, "Destroyed, note 7"))
    line.ok(lost("DB", 10, "Destroyed, note 8"))
    came(line, identity, "EX1", "EU-B1", 25, "returned")
    came(line, identity, "EX1", "EU-B1", 30, "destroyed")
    found = line.report(identity)
    sums = found.survey.sums
    assert sums is not None
    assert (sums.destroyed_g, sums.returned_g, sums.shipped_g) == (80_000, 25_000, 95_000)
    assert sums.affected_g == sums.in_house_g + sums.shipped_g + sums.destroyed_g + sums.returned_g == 400_000
    assert {(one.code, one.grams) for one in found.survey.destroyed} == {("EX1", 40_000), ("DB", 10_000)}
    assert closes(found)
    assert line.lot("EX1").remaining_g == 100_000, "what comes back is no stock"


def lost(lot: str, weight: Any, reason: str, when: str = "2030-03-17T10:00:00Z") -> told.Lost:
    return told.Lost(
        id=uid(f"lost-{lot}-{weight}"), occurred_at=at(when), lot=uid(lot), quantity=kg(weight), reason=reason
    )


def came(line: Line, identity: str, lot: str, to: str, weight: Any, outcome: Any, org: str = "COOP") -> str:
    told_of = Came(lot, to, outcome, kg(weight), at("2030-03-17T00:00:00Z").date(), "Monrovia", "RN-1")
    return recall.came_back(line.recorder, line.cluster.actor(org), identity, told_of)


def test_what_was_lost_before_the_recall_is_not_destroyed(line: Line) -> None:
    line.ok(lost("DB", 4, "Shrinkage", "2025-01-28T00:00:00Z"))
    found = line.report(line.opened("DB"))
    assert found.survey.sums is not None
    assert (found.survey.sums.lost_g, found.survey.sums.destroyed_g) == (4_000, 0)
    assert found.survey.sums.affected_g == 396_000
    assert closes(found)


def test_no_more_comes_back_than_went_out(line: Line) -> None:
    identity = line.opened("DB")
    entry = came(line, identity, "EX1", "EU-B1", 100, "returned")
    with pytest.raises(Refused, match="RECALL_RETURN_EXCEEDS"):
        came(line, identity, "EX1", "EU-B1", "0.001", "returned")
    recall.withdraw(line.recorder, line.cluster.actor("COOP"), identity, entry)
    with pytest.raises(Refused, match="RECALL_RETURN_UNKNOWN"):
        recall.withdraw(line.recorder, line.cluster.actor("COOP"), identity, entry)
    came(line, identity, "EX1", "EU-B1", "99.999", "returned")
    found = line.report(identity)
    assert found.survey.sums is not None
    assert found.survey.sums.returned_g == 99_999
    assert len(found.returned) == 2, "the wrong entry stays"
    assert closes(found)


def test_a_corrected_shipment_counts_as_it_is_now(line: Line) -> None:
    wrong = line.shipped("EX1", 100, "EU-B1", document="BL-1")
    right = wrong.model_copy(update={"quantity": kg(90), "to": "EU-B2", "id": uid("right")})
    line.ok(
        told.Corrected(
            id=uid("corrected"), occurred_at=at("2025-01-28T11:00:00Z"), event=wrong.id, reason="Scale", instead=right
        )
    )
    found = line.report(line.opened("DB"))
    assert [(one.recipient, one.grams) for one in found.survey.to("EU-B2")] == [("EU-B2", 90_000)]
    assert found.survey.to("EU-B1") == []
    assert closes(found)


@pytest.mark.parametrize(
    ("told_now", "refused"),
    [
        ({"quantity": kg(90)}, None),
        ({"to": "EU-B2"}, None),
        ({"quantity": kg(101)}, "LOT_BLOCKED"),
        ({"occurred_at": at("2025-01-26T09:00:00Z")}, "LOT_BLOCKED"),
    ],
    ids=["less", "elsewhere", "more", "another day"],
)
def test_what_left_is_put_right_after_the_recall_too(line: Line, told_now: dict[str, Any], refused: str | None) -> None:
    wrong = line.shipped("EX1", 100, "EU-B1", document="BL-1")
    identity = line.opened("DB")
    right = wrong.model_copy(update={"id": uid("right"), **told_now})
    correction = told.Corrected(
        id=uid("c"), occurred_at=at("2030-03-17T11:00:00Z"), event=wrong.id, reason="Scale", instead=right
    )
    if refused is not None:
        assert line.refused(correction) == refused
        return
    line.ok(correction)
    found = line.report(identity)
    assert [(one.recipient, one.grams) for one in found.survey.to(right.to)][:1] == [
        (right.to, 90_000 if "quantity" in told_now else 100_000)
    ]
    assert closes(found)


def test_a_shipment_taken_back_after_the_recall_is_in_house_again(line: Line) -> None:
    identity = line.opened("DB")
    wrong = line.shipped("EX1", 100, "EU-B1", document="BL-1")
    line.ok(told.Corrected(id=uid("c"), occurred_at=at("2030-03-17T11:00:00Z"), event=wrong.id, reason="Never left"))
    found = line.report(identity)
    assert found.survey.sums is not None
    assert found.survey.sums.shipped_g == 50_000
    assert closes(found)


# --- whom to tell ---


def test_each_organisation_tells_those_whom_it_supplied(line: Line) -> None:
    identity = line.opened("DB")
    ours, theirs = line.report(identity), line.report(identity, "EXP")
    assert ours.waiting == ["EU-B1", "EXP"]
    assert [(one.code, one.grams, one.document) for one in ours.survey.to("EU-B1")] == [("EX1", 100_000, "BL-1")]
    assert [(one.code, one.grams) for one in ours.survey.to("EXP")] == [("EX2", 150_000)]
    assert theirs.waiting == ["US-B9"]
    recall.notify(line.recorder, line.cluster.actor("COOP"), identity, "EU-B1", "Telephone")
    recall.notify(line.recorder, line.cluster.actor("EXP"), identity, "US-B9", "E-mail")
    assert line.report(identity).waiting == ["EXP"]
    assert [one.recipient for one in line.report(identity, "EXP").notified] == ["US-B9"]
    with pytest.raises(Refused, match="RECALL_RECIPIENT_UNKNOWN"):
        recall.notify(line.recorder, line.cluster.actor("COOP"), identity, "US-B9", "Telephone")


def test_foreign_organisations_see_only_their_part(line: Line) -> None:
    identity = line.opened("DB")
    theirs = line.report(identity, "EXP")
    assert not theirs.case.mine
    assert theirs.survey.sums is None
    assert {one.code for one in theirs.survey.lots} == {"EX2"}
    assert {one.recipient for one in theirs.survey.consigned} == {"US-B9"}
    assert {node.code for node in theirs.survey.back.nodes} == {"EX2"}
    assert (theirs.case.ref, theirs.case.opened_by, theirs.case.note) == ("", "", None)
    with pytest.raises(Refused, match="RECALL_UNKNOWN"):
        line.report(identity, "RIVAL")


def test_the_opener_does_not_see_who_bought_from_the_buyer(line: Line) -> None:
    found = line.report(line.opened("DB"))
    assert "US-B9" not in str(found)


def test_goods_that_went_to_nobody_named_are_found_wanting(line: Line) -> None:
    line.ok(line.shipped("EX1", 5, None))
    found = line.report(line.opened("EX1", "mock"))
    assert found.survey.sums is not None
    assert found.survey.sums.unknown_g == 5_000
    assert {one.code for one in found.findings} == {
        "RECALL_CONSIGNEE_UNKNOWN",
        "RECALL_NO_CONTACT",
        "RECALL_NOT_RECONCILED",
    }


def test_contacts_come_from_the_list_of_consignees(line: Line) -> None:
    with system_session(line.recorder.database, write=True) as session:
        session.add(
            models.Consignee(org_id=line.cluster.orgs["COOP"], id="c", code="EU-B1", name="Port", phone="+33 1")
        )
        session.add(models.Consignee(org_id=line.cluster.orgs["RIVAL"], id="c", code="EU-B1", name="Other", phone="+1"))
    found = line.report(line.opened("EX1", "mock"))
    assert (found.survey.contact("EU-B1").name, found.survey.contact("EU-B1").phone) == ("Port", "+33 1")
    assert found.findings == ()
    held = table(models.RecallCase)
    with system_session(line.recorder.database, write=False) as session:
        assert "+33 1" not in session.execute(sa.select(held.c.record)).scalar_one(), "persons can be erased"


# --- closing ---


def test_a_recall_is_closed_by_a_second_person_when_all_were_told(line: Line) -> None:
    identity = line.opened("DB")
    actor = line.cluster.actor("COOP")
    other = replace(actor, name=SECOND)
    with pytest.raises(Refused, match="RECALL_FOUR_EYES"):
        recall.close(line.recorder, actor, identity, "Done")
    with pytest.raises(Refused, match="RECALL_NOT_NOTIFIED"):
        recall.close(line.recorder, other, identity, "Done")
    for recipient in ("EU-B1", "EXP"):
        recall.notify(line.recorder, actor, identity, recipient, "Telephone")
    with pytest.raises(Refused, match="RECALL_UNKNOWN"):
        recall.close(line.recorder, line.cluster.actor("EXP"), identity, "Done")
    recall.close(line.recorder, other, identity, "Cause found")
    found = line.report(identity)
    assert (found.case.state, found.case.note, found.case.closed_by) == ("closed", "Cause found", SECOND)
    assert line.dispositions()["EX1"] == "recalled", "the holds stay"
    with pytest.raises(Refused, match="RECALL_CLOSED"):
        came(line, identity, "EX1", "EU-B1", 1, "returned")
    line.ok(lost("EX1", 40, "Destroyed later"))
    assert line.report(identity).survey == found.survey, "the record stands as it was closed"


# --- tests of a recall ---


def test_a_mock_recall_touches_nothing(line: Line) -> None:
    line.label("EX1")
    before = line.rows()
    identity = line.opened("D1", "mock")
    assert line.rows() == before
    assert line.page() == "valid"
    found = line.report(identity)
    assert found.case.number.startswith("MR-COOP-")
    assert found.survey.sums is not None
    assert found.survey.sums.affected_g == 400_000
    assert found.target.value == 240
    line.ok(line.shipped("EX1", 10, "EU-B1", "2025-01-29T09:00:00Z"))
    assert line.report(identity).survey == found.survey, "a test tells what it found"
    with pytest.raises(Refused, match="RECALL_IS_A_TEST"):
        came(line, identity, "EX1", "EU-B1", 1, "returned")
    recall.close(line.recorder, line.cluster.actor("COOP"), identity, "No findings")
    assert line.report(identity).case.state == "closed"


def test_a_test_beyond_four_hours_is_said(line: Line) -> None:
    identity = line.opened("EX1", "mock")
    late = replace(line.recorder, clock=lambda: line.recorder.clock() + 5 * 60 * 60_000)
    recall.close(late, line.cluster.actor("COOP"), identity, "Nobody answered")
    assert "RECALL_TOO_SLOW" in {one.code for one in line.report(identity).findings}


# --- at the same time ---


def test_no_shipment_slips_between_a_recall_and_its_holds(recorder: Recorder) -> None:
    """Shipments race a recall: each is either counted as shipped, or refused. None is both, none is neither."""
    line = Line(recorder)
    lots = [f"RACE-{number}" for number in range(6)]
    line.ok(line.deliver("DR", 120))
    line.ok(line.dry("DRY", 48, {"DR": 120}, "2025-01-17T09:00:00Z"))
    line.ok(
        told.Split(
            id=uid("race"), occurred_at=at("2025-01-18T09:00:00Z"), site=uid("FERM"),
            input=told.Drawn(lot=uid("DRY"), quantity=kg(48)),
            outputs=tuple(told.NewLot(lot=uid(code), code=code, product="cocoa_dry_beans", quantity=kg(8)) for code in lots),
        )
    )  # fmt: skip
    for code in lots:
        line.ok(line.inspect(code))
    gate, sent, cases = threading.Barrier(4), dict[str, str | None](), list[str]()

    def ship(codes: list[str]) -> None:
        gate.wait()
        for code in codes:
            for part in range(4):
                event = line.shipped(code, 2, f"B{part}", "2025-02-01T09:00:00Z")
                answer = line.tell(event)
                sent[event.id] = answer.refused.code if answer.refused else None

    def stop() -> None:
        gate.wait()
        cases.append(line.opened("DR", origin="input"))

    threads = [threading.Thread(target=ship, args=(lots[turn::3],)) for turn in range(3)]
    threads.append(threading.Thread(target=stop))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 24
    assert {code for code in sent.values() if code} <= {"LOT_BLOCKED"}
    found = line.report(cases[0])
    shipped = sum(code is None for code in sent.values()) * 2_000
    assert found.survey.sums is not None
    assert found.survey.sums.shipped_g == shipped
    assert sum(one.grams for one in found.survey.consigned) == shipped
    assert closes(found)
    hold, line_row = table(models.Hold), table(models.Line)
    with system_session(recorder.database, write=False) as session:
        since = session.execute(sa.select(sa.func.min(hold.c.seq)).where(hold.c.kind == "recall")).scalar_one()
        later = sa.select(line_row.c.seq).where(line_row.c.kind == "shipped", line_row.c.seq > since)
        assert session.execute(later).all() == []


def test_numbers_of_cases_follow_each_other(line: Line) -> None:
    numbers = [line.report(line.opened("EX1", "mock")).case.number for _ in range(3)]
    assert numbers == ["MR-COOP-2030-0001", "MR-COOP-2030-0002", "MR-COOP-2030-0003"]
