"""Claims over HTTP: what stands behind them, products that enter and leave the scope, certificates of control bodies."""

from __future__ import annotations

from tests.api.test_registry import Org, Season, client, coop, other, uid  # noqa: F401 - fixtures


def test_a_claim_names_what_stands_behind_it_and_its_law(coop: Org) -> None:  # noqa: F811
    Season(coop)
    (claim,) = coop.get("/lots/D1/claims")["claims"]
    assert (claim["value"], claim["remaining_g"], claim["claimed_g"], claim["reasons"]) == ("organic", 62500, 62500, [])
    said = {ground["code"]: ground for ground in claim["grounds"]}
    assert list(said) == [
        "DELIVERIES",
        "MEMBERS_APPROVED",
        "MEMBERS_INSPECTED",
        "PLOTS_CONVERTED",
        "SITES_IN_SCOPE",
        "CERTIFICATES",
        "NOTHING_LESS_MIXED_IN",
    ]
    assert said["MEMBERS_APPROVED"]["rule"] == "Reg. (EU) 2021/771 Art. 2(2)(f)"
    french = coop.ask("GET", "/lots/D1/claims", headers={"accept-language": "fr"}).json()["claims"][0]
    assert (
        french["grounds"][1]["detail"]
        == "Le jour de la livraison, chaque agriculteur était membre agréé du groupement."
    )


def test_a_reason_says_the_fact_the_event_and_what_the_law_asks(coop: Org) -> None:  # noqa: F811
    season = Season(coop)
    status = {"from_day": "2025-01-01", "status": "suspended", "reason": "Audit"}
    lowered = coop.post(f"/memberships/{season.membership}/statuses", status)["lowered"]
    assert [lot["code"] for lot in lowered] == ["D1"]
    (claim,) = coop.get("/lots/D1/claims")["claims"]
    assert (claim["value"], claim["claimed_g"], claim["grounds"]) == ("conventional", 0, [])
    (reason,) = claim["reasons"]
    assert (reason["code"], reason["lot"]) == ("MEMBER_NOT_APPROVED", "D1")
    assert reason["rule"] == "Reg. (EU) 2021/771 Art. 2(2)(f)"
    assert reason["law"].startswith("A member counts once the ICS manager has approved it")


def test_a_product_leaves_the_scope_from_a_day_on(coop: Org) -> None:  # noqa: F811
    season = Season(coop)
    path = f"/certificates/{season.certificate}"
    version = coop.get(path)["version"]
    until = {"category": "cocoa_beans", "to_day": "2025-01-31"}
    changed = coop.put(f"{path}/products", {"products": [until]}, version=version)
    assert (changed["products"], changed["lowered"]) == (["cocoa_beans"], [])  # the delivery was on 10 January
    assert changed["product_scope"] == [until | {"from_day": None}]
    until["to_day"] = "2025-01-09"
    changed = coop.put(f"{path}/products", {"products": [until]}, version=version + 1)
    assert [lot["code"] for lot in changed["lowered"]] == ["D1"]
    wrong = {"products": [until | {"from_day": "2025-02-01"}]}
    assert coop.put(f"{path}/products", wrong, 422, version=version + 2)["code"] == "malformed"


def test_a_certificate_of_inspection_stands_with_the_lot_and_is_flagged(coop: Org) -> None:  # noqa: F811
    season = Season(coop)
    coi = {
        "id": uid("coi"),
        "type": "certified",
        "occurred_at": "2025-01-20T08:00:00Z",
        "lot": uid("D1"),
        "kind": "coi",
        "number": "COI.LR.2025.0000001",
        "scheme": "EU_ORG",
        "value": "organic",
        "quantity": {"value": "60", "unit": "kg"},
    }
    coop.post("/events", coi)
    problem = coop.post("/events", coi | {"id": uid("coi2"), "number": "COI.LR.2025.0000002"}, 409)
    assert problem["code"] == "COI_QTY_EXCEEDED"
    assert "2.5 kg" in problem["detail"]
    assert [paper["state"] for paper in coop.get("/lots/D1")["consignments"]] == ["issued"]
    status = {"from_day": "2025-01-01", "status": "suspended", "reason": "Audit"}
    coop.post(f"/memberships/{season.membership}/statuses", status)
    assert [paper["state"] for paper in coop.get("/lots/D1")["consignments"]] == ["flagged"]


def test_a_zone_stands_on_a_certificate(coop: Org) -> None:  # noqa: F811
    body = {
        "id": uid("GI"),
        "scheme": "GI",
        "number": "GI-1",
        "body": "Zone council",
        "valid_from": "2024-06-01",
        "valid_to": "2025-12-31",
        "zone": "KASSERINE",
    }
    assert coop.post("/certificates", body)["zone"] == "KASSERINE"
