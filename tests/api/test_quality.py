"""Quality control over HTTP: a chain with a laboratory, and the page that says what was ordered and what was found."""

from __future__ import annotations

from typing import Any

from tests.api.test_events import Trade, trade, uid  # noqa: F401 - fixture

ORDERED = ("benzo_a_pyrene", "pah4", "moisture")


def found(trade: Trade, when: str, **values: str) -> dict[str, Any]:  # noqa: F811
    measured = [{"test": test, "value": value} for test, value in values.items()]
    answer = trade.tell("EXP", "inspected", when, lot=uid("X"), measurements=measured, laboratory="LAB-1")
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_the_page_says_three_ordered_one_passed(trade: Trade) -> None:  # noqa: F811
    trade.chain()
    exporter = trade.keys["EXP"]
    path = "/" + exporter.post("/v1/lots/X/labels").json()["url"].split("/", 3)[3]
    client = trade.house.client()
    assert "Tests ordered" not in client.get(path).text
    trade.tell("EXP", "tests_ordered", "2025-01-22T08:00:00Z", lot=uid("X"), tests=ORDERED, due="2025-01-31")
    found(trade, "2025-01-23T08:00:00Z", moisture="7.4")
    assert "Tests ordered: 3; passed: 1; failed: 0; awaited: 2." in client.get(path).text
    page = client.get(path, headers={"accept": "application/json"}).json()
    assert page["ordered"] == {"ordered": 3, "passed": 1, "failed": 0}
    found(trade, "2025-01-24T08:00:00Z", benzo_a_pyrene="7.1")
    assert "Tests ordered: 3; passed: 1; failed: 1; awaited: 1." in client.get(path).text
    found(trade, "2025-01-25T08:00:00Z", benzo_a_pyrene="1.0")  # again until it passes: what was found stays
    assert "Analyses commandées : 3 ; réussies : 1 ; échouées : 1 ; attendues : 1." in (
        client.get(path, params={"lang": "fr"}).text.replace("\u202f", " ").replace("\u00a0", " ")
    )


def test_what_a_lot_still_has_to_show(trade: Trade) -> None:  # noqa: F811
    trade.chain()
    exporter = trade.keys["EXP"]
    trade.tell(
        "EXP", "sampled", "2025-01-21T10:00:00Z", lots=[uid("X")], sample="S-1", bags=4, drawn_from=2,
        quantity={"value": 2, "unit": "kg"}, increments=2,
    )  # fmt: skip
    trade.tell("EXP", "tests_ordered", "2025-01-22T08:00:00Z", lot=uid("X"), tests=ORDERED, due="2025-01-31")
    wrong = found(trade, "2025-01-24T08:00:00Z", benzo_a_pyrene="7.1")
    told = exporter.get("/v1/lots/X/quality").json()
    assert (told["verdict"], told["due"]) == ("fail", [])  # moisture and cut test were passed before
    assert told["counted"] == {"ordered": 3, "passed": 0, "failed": 1, "awaited": 2}
    (order,) = told["orders"]
    assert [(item["test"], item["state"]) for item in order["tests"]] == [
        ("benzo_a_pyrene", "failed"),
        ("pah4", "awaited"),
        ("moisture", "awaited"),
    ]
    assert order["late"]  # since 1 February
    assert [(item["code"], item["lots"], item["drawn_from"]) for item in told["samples"]] == [("S-1", 1, 2)]
    retest = trade.tell(
        "EXP", "inspected", "2025-01-26T08:00:00Z", lot=uid("X"), retest_of=wrong["id"],
        measurements=[{"test": "benzo_a_pyrene", "value": "1.0"}], reason="The first extract was contaminated",
    )  # fmt: skip
    assert retest.status_code == 201, retest.text
    checks = exporter.get("/v1/lots/X/quality").json()["checks"]
    assert [(item["verdict"], item["lifted"]) for item in checks] == [("pass", False), ("fail", True), ("pass", False)]
    assert checks[2]["retest_of"] == wrong["id"]


def test_a_lot_without_its_tests_says_what_is_due(trade: Trade) -> None:  # noqa: F811
    trade.chain()
    due = trade.keys["COOP"].get("/v1/lots/R/quality").json()
    assert (due["verdict"], due["due"]) == ("pending", [])  # wet beans: nothing is asked for


def test_checklists_of_a_site_are_listed_with_their_answers(trade: Trade) -> None:  # noqa: F811
    trade.chain()
    coop = trade.keys["COOP"]
    for day, ok in (("2025-01-12", False), ("2025-01-13", True)):
        answer = trade.tell(
            "COOP", "checked", f"{day}T06:00:00Z", site=uid("FERM"), checklist="drying",
            answers=[{"point": point, "ok": ok} for point in ("drying_surface", "hand_hygiene", "water")],
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
    found_all = coop.get("/v1/checklists", params={"checklist": "drying"}).json()
    assert [one["failed"] for one in found_all["data"]] == [[], ["drying_surface"]]
    assert found_all["more"] is False
    (failed,) = coop.get("/v1/checklists", params={"failed": True}).json()["data"]
    assert failed["at"].startswith("2025-01-12T06:00:00")
    assert [one["ok"] for one in failed["answers"]] == [False, False, False]
    assert coop.get("/v1/checklists", params={"since": "2025-01-13"}).json()["data"][0]["failed"] == []
    assert trade.keys["EXP"].get("/v1/checklists").json()["data"] == []


def test_the_way_of_a_sample_and_counted_labels_are_shown(trade: Trade) -> None:  # noqa: F811
    trade.chain()
    trade.tell("EXP", "sampled", "2025-01-21T10:00:00Z", lots=[uid("X")], sample="S-1", seal="SEAL-1")
    trade.tell("EXP", "sample_handed_over", "2025-01-21T12:00:00Z", sample="S-1", to="LAB", seal="SEAL-2", intact=True)
    trade.tell("EXP", "labels_reconciled", "2025-01-22T12:00:00Z", lot=uid("X"), printed=20, used=17, spoiled=2)
    told = trade.keys["EXP"].get("/v1/lots/X/quality").json()
    assert [(step["to"], step["seal"], step["broken"]) for step in told["samples"][0]["way"]] == [
        ("LAB", "SEAL-2", True)
    ]
    assert [(count["printed"], count["missing"]) for count in told["labels"]] == [(20, 1)]


def test_what_waits_for_somebody_is_on_one_list(trade: Trade) -> None:  # noqa: F811
    trade.chain()
    exporter = trade.keys["EXP"]
    assert exporter.get("/v1/quality").json() == {
        "data": [],
        "counts": {"hold": 0, "tests": 0, "deviation": 0, "action": 0},
        "late": 0,
    }
    trade.tell("EXP", "tests_ordered", "2025-01-22T08:00:00Z", lot=uid("X"), tests=ORDERED, due="2025-01-31")
    trade.tell("EXP", "deviation_raised", "2025-01-22T09:00:00Z", lot=uid("X"), deviation=uid("D1"), grade="major",
               description="Damp sacks")  # fmt: skip
    found(trade, "2025-01-24T08:00:00Z", benzo_a_pyrene="7.1")
    told = exporter.get("/v1/quality").json()
    assert [(item["kind"], item["about"], item["late"]) for item in told["data"]] == [
        ("tests", "pah4, moisture", True),
        ("deviation", "Damp sacks", False),
        ("hold", "QUALITY_FAILED", False),
    ]
    assert (told["counts"], told["late"]) == ({"hold": 1, "tests": 1, "deviation": 1, "action": 0}, 1)
    closed = trade.tell(
        "EXP", "deviation_closed", "2025-01-25T09:00:00Z", deviation=uid("D1"), root_cause="Leaking roof",
        action="Mend the roof", owner="STORE", due="2025-02-10",
    )  # fmt: skip
    assert closed.status_code == 201, closed.text
    found(trade, "2025-01-26T08:00:00Z", pah4="2.0", moisture="7.0")
    kinds = {item["kind"]: item for item in exporter.get("/v1/quality").json()["data"]}
    assert set(kinds) == {"hold", "action"}
    assert [kinds["action"][key] for key in ("about", "reason", "owner", "due", "late", "deviation")] == [
        "Mend the roof", "Leaking roof", "STORE", "2025-02-10", True, uid("D1"),
    ]  # fmt: skip
    trade.tell("EXP", "action_verified", "2025-02-11T09:00:00Z", deviation=uid("D1"), effective=True, evidence="Dry")
    assert [item["kind"] for item in exporter.get("/v1/quality").json()["data"]] == ["hold"]
    assert trade.keys["COOP"].get("/v1/quality").json()["data"] == []


def test_a_late_failure_blocks_the_lot_and_what_was_made_of_it_and_nothing_else(trade: Trade) -> None:  # noqa: F811
    trade.chain()
    exporter, client = trade.keys["EXP"], trade.house.client()
    parts = [
        {"lot": uid(code), "code": code, "product": "cocoa_dry_beans", "quantity": {"value": 100, "unit": "kg"}}
        for code in ("P1", "P2")
    ]
    whole = {"lot": uid("X"), "quantity": {"value": 200, "unit": "kg"}}
    answer = trade.tell("EXP", "split", "2025-01-22T08:00:00Z", site=uid("STORE"), input=whole, outputs=parts)
    assert answer.status_code == 201, answer.text
    paths = {code: f"/l/{exporter.post(f'/v1/lots/{code}/labels').json()['code']}" for code in ("X", "P1", "P2")}

    def states() -> set[str]:
        said = {client.get(path, headers={"accept": "application/json"}).json()["state"] for path in paths.values()}
        assert {"In order" in client.get(path).text for path in paths.values()} == {said == {"valid"}}
        return said

    def others() -> dict[str, str]:
        return {code: trade.keys["COOP"].get(f"/v1/lots/{code}").json()["disposition"] for code in ("D", "R")}

    before = others()
    assert states() == {"valid"}
    found(trade, "2025-01-24T08:00:00Z", benzo_a_pyrene="7.1")
    assert states() == {"on_hold"}
    for code in ("X", "P1", "P2"):
        assert exporter.post(f"/v1/lots/{code}/labels").json()["code"] == "LOT_BLOCKED"
        weight = {"value": 1, "unit": "kg"}
        refused = trade.tell("EXP", "shipped", "2025-01-25T08:00:00Z", lot=uid(code), quantity=weight)
        assert (refused.status_code, refused.json()["code"]) == (409, "LOT_BLOCKED")
    assert others() == before


def test_the_page_says_what_is_below_a_limit_of_quantification_and_the_worst_of_several_samples(trade: Trade) -> None:  # noqa: F811
    trade.chain()
    path = "/" + trade.keys["EXP"].post("/v1/lots/X/labels").json()["url"].split("/", 3)[3]
    measured = [
        {"test": "benzo_a_pyrene", "value": "0.5", "below": True},
        {"test": "moisture", "value": "7.1", "samples": 4},
        {"test": "moisture", "value": "7.6"},
    ]
    answer = trade.tell("EXP", "inspected", "2025-01-24T08:00:00Z", lot=uid("X"), measurements=measured)
    assert answer.status_code == 201, answer.text
    client = trade.house.client()
    page = client.get(path, headers={"accept": "application/json"}).json()
    newest = next(check for check in page["checks"] if check["at"] == "2025-01-24")["measured"]
    assert {one["test"]: (one["value"], one["below"], one["samples"]) for one in newest} == {
        "benzo_a_pyrene": ("0.5", True, None),
        "moisture": ("7.6", False, 5),
    }
    said = client.get(path).text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ")
    assert "&lt; 0.5 µg/kg" in said
    assert "7.6 % (worst of 5 samples)" in said
