"""From the farm gate to a scanned label over HTTP, as a client would do it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.api.conftest import House
from tests.builders import Cluster, uid

zxingcpp = pytest.importorskip("zxingcpp")
PDF = b"%PDF-"


class Trade:
    """A cooperative with a certified farmer, and an exporter with a certified warehouse, signed in by API keys."""

    def __init__(self, house: House) -> None:
        self.house = house
        cluster = Cluster(house.recorder)
        self.keys: dict[str, TestClient] = {}
        for code, kind in (("COOP", "farmer_group"), ("EXP", "exporter")):
            org_id, maker = house.found(code, kind)
            cluster.orgs[code] = org_id
            scopes = ("lots:read", "events:write", "quality:write", "recall:write", "labels:issue", "registry:read")
            key = house.key(org_id, maker, *scopes)
            self.keys[code] = house.client(authorization=f"Bearer {key}")
        cluster.site("FERM", "COOP")
        cluster.site("STORE", "EXP")
        cluster.certificate("GRP", "COOP", sites=(("FERM", "2024-06-01", None),), valid=("2024-06-01", "2031-12-31"))
        cluster.certificate("EXPC", "EXP", sites=(("STORE", "2024-06-01", None),), valid=("2024-06-01", "2031-12-31"))
        cluster.farmer("ANNA", "COOP", certificate="GRP", plots=(("A", "2019-01-01"),))

    def tell(self, org: str, kind: str, when: str, **fields: Any) -> Any:
        body = {"id": uid(f"{kind}-{when}-{fields}"), "type": kind, "occurred_at": when, **fields}
        return self.keys[org].post("/v1/events", json=body)

    def chain(self) -> None:
        """600 kg of wet beans become 240 kg of dry beans that the exporter holds, checked."""
        steps: list[tuple[str, str, str, dict[str, Any]]] = [
            ("COOP", "delivered", "2025-01-10T08:00:00Z", {
                "site": uid("FERM"), "farmer": "ANNA", "plot": "ANNA-A", "harvested_on": "2025-01-09",
                "lot": {"lot": uid("D"), "code": "D", "product": "cocoa_wet_beans", "quantity": {"value": "600", "unit": "kg"}},
            }),
            ("COOP", "received", "2025-01-10T09:00:00Z", {
                "site": uid("FERM"), "inputs": [{"lot": uid("D"), "quantity": {"value": 600, "unit": "kg"}}],
                "into": {"lot": uid("R"), "code": "R"},
            }),
            ("COOP", "transformed", "2025-01-17T09:00:00Z", {
                "site": uid("FERM"), "process": "ferment_dry",
                "inputs": [{"lot": uid("R"), "quantity": {"value": "0.6", "unit": "t"}}],
                "outputs": [{"lot": uid("X"), "code": "X", "product": "cocoa_dry_beans", "quantity": {"value": 240.0, "unit": "kg"}}],
                "loss": {"value": "360", "unit": "kg"},
            }),
            ("COOP", "transfer_offered", "2025-01-18T09:00:00Z", {"lots": [uid("X")], "to": "EXP"}),
        ]  # fmt: skip
        offer = ""
        for org, kind, when, fields in steps:
            answer = self.tell(org, kind, when, **fields)
            assert answer.status_code == 201, answer.text
            offer = answer.json()["id"]
        assert (
            self.tell("EXP", "transfer_accepted", "2025-01-19T09:00:00Z", offer=offer, site=uid("STORE")).status_code
            == 201
        )
        inspected = self.tell(
            "EXP", "inspected", "2025-01-20T09:00:00Z", lot=uid("X"), stage="loading",
            measurements=[{"test": "moisture", "value": "7.2"}], cut_test={"beans": 300, "mouldy": 9, "slaty": 2},
        )  # fmt: skip
        assert inspected.status_code == 201
        packed = self.tell("EXP", "packed", "2025-01-21T09:00:00Z", lot=uid("X"), packaging="jute_62.5", units=3,
                           rest={"value": "52.5", "unit": "kg"})  # fmt: skip
        assert packed.status_code == 201, packed.text


@pytest.fixture
def trade(house: House) -> Trade:
    return Trade(house)


def test_from_the_farm_gate_to_a_scanned_label(trade: Trade) -> None:
    trade.chain()
    exporter = trade.keys["EXP"]
    lot = exporter.get("/v1/lots/X").json()
    assert (lot["remaining_g"], lot["claims"], lot["grade"], lot["units"]) == (240_000, {"EU_ORG": "organic"}, "G1", 4)
    assert exporter.get("/v1/lots/X/label").json()["code"] == "LOT_WITHOUT_LABEL"
    issued = exporter.post("/v1/lots/X/labels")
    assert issued.status_code == 201
    url = issued.json()["url"]
    png = exporter.get("/v1/lots/X/label", params={"format": "png", "dpi": 300})
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(png.content)))
    assert {symbol.text for symbol in found} == {url}
    svg = exporter.get("/v1/lots/X/label", params={"format": "svg"})
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert exporter.get("/v1/lots/X/label", params={"format": "pdf"}).content.startswith(PDF)
    for lang in ("en", "fr", "ar", "ka"):
        for design in ("sack", "carton", "pallet", "tag", "short"):
            drawn = exporter.get(
                "/v1/lots/X/label", params={"format": "png", "lang": lang, "design": design, "dpi": 203}
            )
            found = {symbol.text for symbol in zxingcpp.read_barcodes(Image.open(io.BytesIO(drawn.content)))}
            assert found == {url}, (lang, design)
    zpl = exporter.get("/v1/lots/X/label", params={"format": "zpl", "lang": "ar", "count": 3})
    assert zpl.headers["content-type"] == "application/zpl"
    assert zpl.content.count(b"^XF") == 3
    sheet = exporter.get("/v1/lots/X/label", params={"format": "pdf", "design": "tag", "grid": "3x7", "count": 3})
    assert sheet.content.startswith(PDF)
    assert (
        exporter.get("/v1/lots/X/label", params={"format": "pdf", "design": "pallet", "grid": "3x7"}).json()["code"]
        == "GRID_UNKNOWN"
    )
    assert exporter.get("/v1/lots/X/label", params={"design": "poster"}).status_code == 422
    path = "/" + url.split("/", 3)[3]
    page = trade.house.client().get(path)
    assert page.status_code == 200
    assert "In order" in page.text
    told = trade.house.client().get(path, headers={"accept": "application/json"}).json()
    assert (told["state"], told["lot_code"], told["net_g"]) == ("valid", "X", 240_000)


def test_a_certificate_is_numbered_frozen_and_drawn_the_same_every_time(trade: Trade) -> None:
    trade.chain()
    exporter = trade.keys["EXP"]
    assert exporter.post("/v1/lots/X/certificates").json()["code"] == "LOT_WITHOUT_LABEL"
    exporter.post("/v1/lots/X/labels")
    first = exporter.post("/v1/lots/X/certificates").json()
    before = exporter.get(first["url"])
    assert before.content.startswith(PDF)
    assert trade.tell("EXP", "held", "2025-01-22T09:00:00Z", lot=uid("X"), reason="smell").status_code == 201
    assert exporter.get(first["url"]).content == before.content
    assert exporter.post("/v1/lots/X/certificates").json()["code"] == "LOT_BLOCKED"
    assert trade.keys["COOP"].get(first["url"]).status_code == 404
    trade.tell("EXP", "released", "2025-01-23T09:00:00Z", lot=uid("X"), reason="aired")
    assert exporter.post("/v1/lots/X/certificates").json()["number"].endswith("-0002")


@pytest.mark.parametrize(
    ("kind", "fields", "state"),
    [
        ("held", {"reason": "smell"}, "on_hold"),
        ("recalled", {"reason": "insects"}, "recalled"),
        ("downgraded", {"scheme": "EU_ORG", "to": "conventional", "reason": "spray proven"}, "on_hold"),
        ("inspected", {"measurements": [{"test": "benzo_a_pyrene", "value": "7.1"}]}, "on_hold"),
    ],
)
def test_whatever_befalls_a_lot_shows_on_its_page_at_once(trade: Trade, kind: str, fields: Any, state: str) -> None:
    trade.chain()
    url = trade.keys["EXP"].post("/v1/lots/X/labels").json()["url"]
    client, path = trade.house.client(), "/" + url.split("/", 3)[3]
    fresh = client.get(path)
    assert client.get(path, headers={"if-none-match": fresh.headers["etag"]}).status_code == 304
    answer = trade.tell("EXP", kind, "2025-01-25T09:00:00Z", lot=uid("X"), **fields)
    assert answer.status_code == 201, answer.text
    after = client.get(path, headers={"if-none-match": fresh.headers["etag"]})
    assert after.status_code == 200
    assert client.get(path, headers={"accept": "application/json"}).json()["state"] == state


def test_a_fact_upstream_reaches_the_page_of_what_was_made_from_it(trade: Trade) -> None:
    trade.chain()
    url = trade.keys["EXP"].post("/v1/lots/X/labels").json()["url"]
    path = "/" + url.split("/", 3)[3]
    down = trade.tell(
        "COOP", "downgraded", "2025-02-15T09:00:00Z", lot=uid("D"), scheme="EU_ORG", to="conventional", reason="spray"
    )
    assert down.status_code == 201
    told = trade.house.client().get(path, headers={"accept": "application/json"}).json()
    assert told["state"] == "on_hold"
    assert told["state_reason"]["code"] == "CLAIM_LOWERED"
    reasons = trade.keys["EXP"].get("/v1/lots/X/claims").json()["claims"][0]["reasons"]
    assert [(reason["code"], reason["lot"]) for reason in reasons] == [("DOWNGRADED", "D")]


def test_a_replaced_and_a_cancelled_label_say_so(trade: Trade) -> None:
    trade.chain()
    exporter = trade.keys["EXP"]
    first, second = exporter.post("/v1/lots/X/labels").json(), exporter.post("/v1/lots/X/labels").json()
    client = trade.house.client()
    state = lambda label: client.get(f"/l/{label['code']}", headers={"accept": "application/json"}).json()["state"]
    assert (state(first), state(second)) == ("superseded", "valid")
    assert trade.keys["COOP"].post(f"/v1/labels/{second['code']}/revoke", json={"reason": "x"}).status_code == 404
    assert exporter.post(f"/v1/labels/{second['code']}/revoke", json={"reason": "misprint"}).status_code == 204
    assert state(second) == "revoked"


def test_the_trace_in_one_request_in_three_forms(trade: Trade) -> None:
    trade.chain()
    exporter = trade.keys["EXP"]
    found = exporter.get("/v1/lots/X/trace").json()
    assert [(share["code"], share["grams"]) for share in found["composition"]] == [("D", 240_000)]
    assert {node["code"] for node in found["nodes"]} == {"D", "R", "X"}
    rows = exporter.get("/v1/lots/X/trace", params={"format": "csv"}).text.splitlines()
    assert rows[1].endswith(",600000,240000")
    assert exporter.get("/v1/lots/X/trace", params={"format": "svg"}).text.startswith("<")
    forward = trade.keys["COOP"].get("/v1/lots/D/trace", params={"direction": "forward"}).json()
    assert forward["stock_g"] == 240_000


def test_a_refusal_is_a_problem_with_code_sentence_and_advice(trade: Trade) -> None:
    trade.chain()
    answer = trade.tell("EXP", "shipped", "2025-01-26T09:00:00Z", lot=uid("X"), quantity={"value": "241", "unit": "kg"})
    assert answer.status_code == 409
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json()
    assert body["code"] == "INSUFFICIENT_STOCK"
    assert "240 kg" in body["detail"]
    assert body["params"] == {"lot": "X", "have_g": 240_000, "wanted_g": 241_000}
    unknown = trade.tell(
        "EXP", "lost", "2025-01-26T09:00:00Z", lot=uid("nothing"), quantity={"value": "1", "unit": "kg"}, reason="x"
    )
    assert unknown.status_code == 404


@pytest.mark.parametrize("value", ["abc", "", True, None, [], "1e5", "12,5"])
def test_what_cannot_be_read_is_malformed_with_a_pointer_into_what_was_sent(trade: Trade, value: Any) -> None:
    answer = trade.tell(
        "COOP", "lost", "2025-01-26T09:00:00Z", lot=uid("X"), quantity={"value": value, "unit": "kg"}, reason="x"
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/quantity/value"


@pytest.mark.parametrize("raw", ["NaN", "Infinity", "-Infinity", "1e309"])
def test_numbers_that_are_none_are_malformed(trade: Trade, raw: str) -> None:
    body = (
        f'{{"id":"{uid("n")}","type":"lost","occurred_at":"2025-01-26T09:00:00Z","lot":"{uid("X")}",'
        f'"quantity":{{"value":{raw},"unit":"kg"}},"reason":"x"}}'
    )
    answer = trade.keys["COOP"].post("/v1/events", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert trade.keys["COOP"].get("/v1/events").json()["data"] == []


def test_a_batch_answers_each_event_and_the_same_batch_again_changes_nothing(trade: Trade) -> None:
    def delivery(name: str, value: Any) -> dict[str, Any]:
        return {
            "id": uid(f"e-{name}"), "type": "delivered", "occurred_at": "2025-01-10T08:00:00Z", "site": uid("FERM"), "farmer": "ANNA",
            "lot": {"lot": uid(name), "code": name, "product": "cocoa_wet_beans", "quantity": {"value": value, "unit": "kg"}},
        }  # fmt: skip

    batch = {"events": [delivery("A", 10), delivery("B", "x"), delivery("C", 0), "nonsense", delivery("E", 5)]}
    first = trade.keys["COOP"].post("/v1/events/batch", json=batch).json()
    assert [item["status"] for item in first["results"]] == ["accepted", "refused", "refused", "refused", "accepted"]
    assert first["results"][1]["problem"]["errors"][0]["pointer"] == "#/events/1/lot/quantity/value"
    assert first["results"][2]["problem"]["code"] == "NON_POSITIVE_QTY"
    again = trade.keys["COOP"].post("/v1/events/batch", json=batch).json()
    assert [item["status"] for item in again["results"]] == ["duplicate", "refused", "refused", "refused", "duplicate"]
    atomic = trade.keys["COOP"].post(
        "/v1/events/batch", params={"atomic": "true"}, json={"events": [delivery("F", 1), delivery("G", 0)]}
    )
    assert atomic.status_code == 409
    assert {item["code"] for item in trade.keys["COOP"].get("/v1/lots").json()["data"]} == {"A", "E"}


def test_lots_are_listed_in_pages_and_filtered(trade: Trade) -> None:
    trade.chain()
    coop = trade.keys["COOP"]
    first = coop.get("/v1/lots", params={"limit": 2}).json()
    second = coop.get("/v1/lots", params={"limit": 2, "cursor": first["next"]}).json()
    assert [item["code"] for item in (*first["data"], *second["data"])] == ["X", "R", "D"]
    assert second["next"] is None
    assert [
        item["code"]
        for item in coop.get("/v1/lots", params={"claim": "EU_ORG:organic", "kind": "delivery"}).json()["data"]
    ] == ["D"]
    assert coop.get("/v1/lots", params={"in_stock": "false"}).json()["data"][0]["code"] == "R"


def packed_id(trade: Trade) -> str:
    (packed,) = trade.keys["EXP"].get("/v1/events", params={"type": "packed"}).json()["data"]
    return str(packed["id"])


def test_a_clerk_may_not_release_and_a_quality_officer_may_not_deliver(house: House) -> None:
    trade = Trade(house)
    trade.chain()
    org_id = trade.house.recorder and 2
    clerk = house.client(org_id, house.user(org_id, "clerk"))
    body = {"id": uid("h"), "type": "held", "occurred_at": "2025-01-26T09:00:00Z", "lot": uid("X"), "reason": "x"}
    headers = {"sec-fetch-site": "same-origin"}
    answer = clerk.post("/v1/events", json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted")
    officer = house.client(org_id, house.user(org_id, "quality"))
    assert officer.post("/v1/events", json=body, headers=headers).status_code == 201
    lost = {
        "id": uid("l"),
        "type": "lost",
        "occurred_at": "2025-01-26T09:00:00Z",
        "lot": uid("X"),
        "quantity": {"value": 1, "unit": "kg"},
        "reason": "x",
    }
    assert officer.post("/v1/events", json=lost, headers=headers).status_code == 403
    back = {
        "id": uid("b"),
        "type": "corrected",
        "occurred_at": "2025-01-26T10:00:00Z",
        "event": uid("h"),
        "reason": "x",
    }
    answer = clerk.post("/v1/events", json=back, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (
        403,
        "not-permitted",
    )  # what he may not say, he may not unsay
    assert "quality:write" in answer.json()["detail"]
    packed = {**back, "event": packed_id(trade)}
    answer = officer.post("/v1/events", json=packed, headers=headers)
    assert (answer.status_code, "events:write" in answer.json()["detail"]) == (403, True)
    assert officer.post("/v1/events", json=back, headers=headers).json()["code"] != "not-permitted"
