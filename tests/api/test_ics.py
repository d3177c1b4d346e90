"""The internal control system over HTTP: inspections that count, decisions, lists, samples, plans, sanctions."""

from __future__ import annotations

from typing import Any

import pytest

from ledger import access
from tests.api.test_registry import RIGHTS, Org, Season, client, coop, other, uid  # noqa: F401 - fixtures

REPORT: dict[str, Any] = {
    "scheme": "EU_ORG",
    "started_at": "2024-08-10T08:00:00Z",
    "ended_at": "2024-08-10T08:35:00Z",
    "answers": [{"code": "BUFFER", "answer": "no"}],
    "findings": [{"code": "BUFFER", "severity": "minor", "action": "Hedge", "due_on": "2024-09-30"}],
    "inspector_signed_on": "2024-08-10",
    "member_signed_on": "2024-08-10",
}


@pytest.fixture
def group(coop: Org) -> Org:  # noqa: F811
    """A certified group with one inspector who is trained, and one who is not."""
    coop.post(
        "/certificates",
        {
            "id": uid("GRP"),
            "scheme": "EU_ORG",
            "number": "GRP",
            "body": "Test Certifier",
            "valid_from": "2024-06-01",
            "valid_to": "2035-12-31",
            "products": ["cocoa_beans"],
            "status": {"from_day": "2024-06-01", "status": "active"},
        },
    )
    coop.post(
        "/inspectors",
        {
            "id": uid("I-1"),
            "code": "I-1",
            "from_day": "2024-05-01",
            "ties": [{"farmer": "F-2", "kind": "family", "declared_on": "2024-05-20"}],
            "statements": ["2024-05-20"],
        },
    )
    coop.post("/inspectors", {"code": "I-2", "from_day": "2024-05-01", "statements": ["2024-05-20"]})
    records = [{"person": "I-1", "passed": True}, {"person": "I-2", "passed": False}]
    coop.post("/trainings", {"topic": "ICS", "held_on": "2024-05-20", "audience": "inspector", "records": records})
    return coop


def member(group: Org, code: str, **more: Any) -> str:
    farmer = group.farmer(code, **more)
    body = {"id": uid(f"{code}/m"), "farmer_id": farmer, "certificate_id": uid("GRP"), "joined_on": "2024-06-01"}
    group.post("/memberships", body | {"unit": "Gbarnga", "agreement_on": "2024-06-01"})
    return farmer


def colleague(group: Org) -> Org:
    """Another user of the same organisation, with a key of their own."""
    twin = object.__new__(Org)
    twin.client, twin.code, twin.id = group.client, group.code, group.id
    recorder = group.client.app.state.recorder  # type: ignore[attr-defined]
    _, key = access.add_key(recorder, group.id, RIGHTS, name="manager", scopes=RIGHTS, days=30, made_by="system")
    twin.headers = {"authorization": f"Bearer {key}"}
    return twin


def inspect(group: Org, farmer: str, status: int = 201, **more: Any) -> Any:
    report = REPORT | more.pop("report", {})
    body = {"farmer_id": farmer, "inspected_on": "2024-08-10", "inspector": "I-1", "report": report}
    return group.post("/inspections", body | more, status)


def test_whether_an_inspection_counts_is_worked_out(group: Org) -> None:
    farmer, kin = member(group, "F-1"), member(group, "F-2")
    good = inspect(group, farmer)
    assert (good["valid"], good["report"]["judged"]) == (True, [])
    tied = inspect(group, kin)
    assert tied["valid"] is False
    assert [(one["code"], one["level"]) for one in tied["report"]["judged"]] == [("INVALID_CONFLICT", "alert")]
    assert "declared tie with F-2" in tied["report"]["judged"][0]["detail"]
    untrained = inspect(group, farmer, inspector="I-2")
    assert [one["code"] for one in untrained["report"]["judged"]] == ["INVALID_TRAINING_EXPIRED"]
    nobody = inspect(group, farmer, inspector="I-9")
    assert [one["code"] for one in nobody["report"]["judged"]] == ["INVALID_INSPECTOR_UNKNOWN"]
    quick = inspect(group, farmer, report={"ended_at": "2024-08-10T08:04:00Z"})
    assert (quick["valid"], [one["code"] for one in quick["report"]["judged"]]) == (True, ["WARN_TOO_SHORT"])
    unsigned = inspect(group, farmer, report={"member_signed_on": None})
    assert [one["code"] for one in unsigned["report"]["judged"]] == ["INVALID_UNSIGNED"]
    french = group.ask("GET", f"/inspections/{tied['id']}", headers={"accept-language": "fr"}).json()
    assert "lien déclaré" in french["report"]["judged"][0]["detail"]
    assert len(group.get("/inspections", valid=False)["data"]) == 4


def test_the_decision_is_somebody_elses_and_approves_the_member(group: Org) -> None:
    farmer = member(group, "F-1")
    visit = inspect(group, farmer)
    decision = {"decision": "approved", "from_day": "2024-08-15"}
    assert group.post(f"/inspections/{visit['id']}/decision", decision, 409)["code"] == "FOUR_EYES"
    manager = colleague(group)
    decided = manager.post(f"/inspections/{visit['id']}/decision", decision, 200)
    assert decided["report"]["decision"] == "approved"
    assert manager.post(f"/inspections/{visit['id']}/decision", decision, 409)["code"] == "INSPECTION_DECIDED"
    statuses = group.get(f"/memberships/{uid('F-1/m')}")["statuses"]
    assert [(one["from_day"], one["status"]) for one in statuses] == [("2024-08-15", "approved")]
    bad = inspect(group, farmer, inspector="I-9")
    assert manager.post(f"/inspections/{bad['id']}/decision", decision, 409)["code"] == "INSPECTION_DOES_NOT_COUNT"


def test_findings_are_listed_and_closed(group: Org) -> None:
    inspect(group, member(group, "F-1"))
    (found,) = group.get("/non-conformities", open=True)["data"]
    assert (found["code"], found["severity"], found["due_on"]) == ("BUFFER", "minor", "2024-09-30")
    closed = group.patch(f"/non-conformities/{found['id']}", {"closed_on": "2024-09-20", "effective": True}, version=1)
    assert (closed["closed_on"], closed["effective"], closed["closed_by"][:4]) == ("2024-09-20", True, "key:")
    assert group.get("/non-conformities", open=True)["data"] == []


def test_the_list_of_members_as_of_a_day_frozen_and_compared(group: Org) -> None:
    farmer = member(group, "F-1")
    inspect(group, farmer)
    path = f"/certificates/{uid('GRP')}/members"
    status = {"from_day": "2024-08-15", "status": "approved"}
    group.post(f"/memberships/{uid('F-1/m')}/statuses", status)
    early, late = group.get(path, as_of="2024-08-01"), group.get(path, as_of="2024-09-01")
    assert (early["counts"], late["counts"]) == ({"applied": 1}, {"approved": 1})
    (one,) = late["data"]
    assert (one["inspected_on"], one["inspector"], one["open_findings"], one["unit"]) == (
        "2024-08-10",
        "I-1",
        1,
        "Gbarnga",
    )
    first = group.post(f"{path}/freeze", {"as_of": "2024-09-01", "reason": "Audit"})
    assert group.post(f"{path}/freeze", {"as_of": "2024-09-01"})["number"] == first["number"] == 1
    member(group, "F-2")
    assert group.post(f"{path}/freeze", {"as_of": "2024-09-01"})["number"] == 2
    group.post(f"/memberships/{uid('F-1/m')}/statuses", {"from_day": "2024-08-20", "status": "suspended"})
    assert group.post(f"{path}/freeze", {"as_of": "2024-09-01"})["number"] == 3
    assert group.get(f"{path}/difference", before=1, after=3) == {
        "added": ["F-2"], "removed": [], "changed": {"F-1": ["status", "status_since"]},
    }  # fmt: skip
    kept = group.get(f"{path}/versions/1")
    assert [one["status"] for one in kept["data"]] == ["approved"]
    assert "full_name" not in str(kept)
    assert [one["number"] for one in group.get(f"{path}/versions")["data"]] == [1, 2, 3]


def test_a_person_is_registered_once_for_a_product(group: Org, other: Org) -> None:  # noqa: F811
    member(group, "F-1", identity_no="LR-77-1")
    twin = group.farmer("F-9", identity_no="LR-77-1")
    second = {
        "id": uid("GRP2"),
        "scheme": "EU_ORG",
        "number": "GRP2",
        "body": "Test Certifier",
        "valid_from": "2025-01-01",
        "valid_to": "2035-12-31",
        "products": ["cocoa_beans"],
    }
    group.post("/certificates", second)
    body = {"farmer_id": twin, "certificate_id": uid("GRP2"), "joined_on": "2025-01-01"}
    assert group.post("/memberships", body, 409)["code"] == "ALREADY_MEMBER_FOR_PRODUCT"
    other.post("/certificates", second | {"id": uid("OTHER")})
    stranger = other.farmer("X-1", identity_no="LR-77-1")
    body = {"farmer_id": stranger, "certificate_id": uid("OTHER"), "joined_on": "2025-01-01"}
    problem = other.post("/memberships", body, 409)
    assert problem["code"] == "ALREADY_MEMBER_FOR_PRODUCT"
    assert "COOP" not in str(problem)
    group.post(f"/memberships/{uid('F-1/m')}/statuses", {"from_day": "2024-12-01", "status": "withdrawn"})
    other.post("/memberships", body)


def test_a_suspension_says_first_what_it_would_lower(coop: Org) -> None:  # noqa: F811
    season = Season(coop)
    path = f"/memberships/{season.membership}/sanctions"
    step = {"step": "suspension", "from_day": "2025-01-01", "reason": "Spray found"}
    tried = coop.post(path, step | {"dry_run": True}, 200)
    assert ([lot["code"] for lot in tried["lowered"]], tried["lowered_g"], tried["notify"]) == (["D1"], 62_500, True)
    assert season.claim() == "organic"
    done = coop.post(path, step)
    assert (done["dry_run"], [lot["code"] for lot in done["lowered"]]) == (False, ["D1"])
    assert season.claim() == "conventional"
    warning = coop.post(path, {"step": "warning", "from_day": "2025-02-01", "reason": "Records late"})
    assert (warning["notify"], warning["lowered"]) == (False, [])


def test_a_sample_is_drawn_again_by_its_seed(group: Org) -> None:
    for number in range(12):
        member(group, f"F-{number:02d}")
        status = {"from_day": "2024-06-15", "status": "approved"}
        group.post(f"/memberships/{uid(f'F-{number:02d}/m')}/statuses", status)
    path = f"/certificates/{uid('GRP')}/sample"
    drawn = group.get(path, rule="reinspection", seed="audit 2025", on="2025-01-10")
    assert (drawn["members"], drawn["size"], len(drawn["data"])) == (12, 10, 10)
    assert group.get(path, rule="reinspection", seed="audit 2025", on="2025-01-10") == drawn
    assert group.get(path, rule="reinspection", seed="another", on="2025-01-10")["data"] != drawn["data"]
    assert "has no sample rule" in group.get(path, 422, rule="nothing", seed="x")["detail"]


def test_inspections_are_planned_without_ties_and_done_when_they_come_in(group: Org) -> None:
    for code in ("F-1", "F-2", "F-3"):
        member(group, code)
    path = f"/certificates/{uid('GRP')}/inspection-plan"
    wanted = {"season": "2024/25", "from_day": "2024-07-01", "to_day": "2024-09-30"}
    tried = group.post(path, wanted, 200)
    assert tried["stored"] is False
    assert {one["farmer"]: one["inspector"] for one in tried["planned"]}["F-2"] == "I-2"
    assert (tried["left"], sum(tried["load"].values())) == ([], 3)
    assert group.post(path, wanted | {"dry_run": False}, 200)["stored"] is True
    tasks = {one["code"]: one["count"] for one in group.get("/today", on="2024-07-01")["data"]}
    assert tasks["INSPECTIONS_PLANNED"] == 2  # inspectors with inspections this week
    for one in tried["planned"]:
        inspect(group, uid(one["farmer"]), inspector=one["inspector"])
    assert "INSPECTIONS_PLANNED" not in {one["code"] for one in group.get("/today", on="2024-07-01")["data"]}


def test_eligibility_and_what_stands_against_the_group(group: Org) -> None:
    farmer = member(group, "F-1")
    group.post(f"/memberships/{uid('F-1/m')}/statuses", {"from_day": "2024-06-15", "status": "approved"})
    path = f"/farmers/{farmer}"
    group.get(f"{path}/eligibility", 409, scheme="EU_ORG")
    group.put(f"{path}/holding", {"from_day": "2024-06-01", "area_m2": 70_000})
    assert group.get(f"{path}/eligibility", scheme="EU_ORG")["finding"]["code"] == "NOT_ELIGIBLE"
    check = group.get(f"/certificates/{uid('GRP')}/check", as_of="2024-09-01")
    assert [one["code"] for one in check["findings"]] == ["NOT_ELIGIBLE"]
    assert check["deficiencies"] == {"annual_inspection_missing": 1, "members_added_without_approval": 1}
    poor = {"from_day": "2024-06-01", "area_m2": 70_000, "organic_turnover_cents": 900_000, "cost_share_bp": 400}
    group.put(f"{path}/holding", poor)
    assert group.get(f"{path}/eligibility", scheme="EU_ORG")["finding"]["code"] == "ELIGIBLE_BY_TURNOVER"
    inspect(group, farmer)
    check = group.get(f"/certificates/{uid('GRP')}/check", as_of="2024-09-01")
    assert (check["findings"], check["deficiencies"]) == ([], {})


def test_every_version_of_an_estimate_is_kept(group: Org) -> None:
    farmer = member(group, "F-1")
    body = {"farmer_id": farmer, "season": "2024/25", "product": "cocoa_wet_beans", "grams": 1_000_000}
    group.put("/estimates", body, 201)
    group.put("/estimates", body | {"grams": 1_200_000}, 422)
    revised = group.put("/estimates", body | {"grams": 1_200_000, "reason": "Recounted trees", "signed": True})
    assert (revised["version"], revised["signed"]) == (2, True)
    group.put("/estimates", body | {"grams": 1_300_000, "reason": "Again"})
    kept = group.get(f"/farmers/{farmer}/estimate-revisions", season="2024/25")["data"]
    assert [(one["number"], one["grams"], one["signed_by"] is not None) for one in kept] == [
        (1, 1_000_000, False), (2, 1_200_000, True), (3, 1_300_000, False),
    ]  # fmt: skip
    group.put("/estimates", body | {"season": "2025"}, 201)


def test_scales_and_settings_reach_the_gate(coop: Org) -> None:  # noqa: F811
    season = Season(coop)
    scale = coop.post("/instruments", {"site_id": season.site, "code": "SC-2", "kind": "scale"})
    span = {"from_day": "2024-01-01", "to_day": "2024-12-31"}
    assert coop.put(f"/instruments/{scale['id']}/calibrations", span)["calibrations"][0]["to_day"] == "2024-12-31"
    coop.put("/scheme-settings", {"scheme": "EUDR", "from_day": "2025-01-01", "claimed": True})
    assert coop.get("/scheme-settings")["data"][0]["claimed"] is True
    coop.put("/scheme-settings", {"scheme": "NOPE", "from_day": "2025-01-01"}, 422)
    delivery = {
        "id": uid("second"),
        "type": "delivered",
        "occurred_at": "2025-01-11T08:00:00Z",
        "site": season.site,
        "farmer": "LR-1",
        "scale": scale["id"],
        "lot": {
            "lot": uid("D2"),
            "code": "D2",
            "product": "cocoa_wet_beans",
            "quantity": {"value": "10", "unit": "kg"},
        },
    }
    said = coop.post("/events", delivery)
    assert [finding["code"] for finding in said["findings"]] == ["SCALE_NOT_CALIBRATED"]
    assert set(coop.get("/lots/D2")["claims"]) == {"EUDR", "EU_ORG"}
    tasks = {one["code"]: one for one in coop.get("/today", on="2025-02-01")["data"]}
    assert tasks["CALIBRATIONS_ENDED"]["subjects"] == ["SC-2"]


def test_controls_from_outside_stand_on_the_list(group: Org) -> None:
    farmer = member(group, "F-1")
    control = {
        "farmer_id": farmer,
        "scheme": "EU_ORG",
        "controlled_on": "2024-09-18",
        "inspector": "CB-A3",
        "conform": False,
    }
    group.post("/official-controls", control)
    (one,) = group.get(f"/certificates/{uid('GRP')}/members", as_of="2024-10-01")["data"]
    assert (one["controlled_on"], one["controller"]) == ("2024-09-18", "CB-A3")
    check = group.get(f"/certificates/{uid('GRP')}/check", as_of="2024-10-01")
    assert check["deficiencies"]["deviation_internal_vs_external"] == 1
