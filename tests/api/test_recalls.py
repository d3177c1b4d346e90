"""Recalls over HTTP: opened, told, reconciled, closed by two people; the papers; the sheet of FSMA 204."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

import models
from domain import events as told
from models.db import system_session
from tests.api.conftest import House
from tests.builders import Cluster, at, kg, uid


class Yard:
    """A packer of mangoes who delivers, packs, dries and ships, with two people; and a stranger."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.org, admin = house.found("GH-P1", "operator")
        self.stranger, other = house.found("GH-P2", "operator")
        self.manager = house.client(self.org, house.user(self.org, "ics_manager"))
        self.admin = house.client(self.org, admin)
        self.viewer = house.client(self.org, house.user(self.org, "viewer"))
        self.foreign = house.client(self.stranger, other)
        self.cluster = cluster = Cluster(house.recorder, orgs={"GH-P1": self.org, "GH-P2": self.stranger})
        cluster.site("SHED", "GH-P1")
        cluster.farmer("AMA", "GH-P1", plots=(("A", "2019-01-01"),))
        with system_session(house.recorder.database, write=True) as session:
            session.add(models.Person(org_id=self.org, farmer_id=uid("AMA"), full_name="=Ama+1", phone="+233 1"))
            row = session.get(models.Plot, (self.org, uid("AMA/A")))
            assert row is not None
            row.crop, row.variety = "mango", "Kent"
            row.geometry = '{"type":"Point","coordinates":[-123456,7654321]}'
        self.tell("Delivered", "M1", site=uid("SHED"), farmer="AMA", plot="AMA-A", receipt="R-1",
                  harvested_on="2025-05-01", lot=self.lot("M1", "mango_fresh", 1000))  # fmt: skip
        self.tell("Split", "cut", site=uid("SHED"), input=self.drawn("M1", 600),
                  outputs=(self.lot("MF", "mango_fresh", 600),))  # fmt: skip
        self.tell("Packed", "pack", lot=uid("MF"), packaging="carton_10", units=60)
        self.tell("Transformed", "dry", site=uid("SHED"), process="dry", inputs=(self.drawn("M1", 400),),
                  outputs=(self.lot("MD", "mango_dried", 30),))  # fmt: skip
        self.tell("Inspected", "check", lot=uid("MF"), measurements=(told.Result(test="moisture", value="80"),))
        self.tell("Shipped", "ship", lot=uid("MF"), quantity=kg(500), to="US-B1", document="BL-9")

    def lot(self, code: str, product: str, weight: int) -> told.NewLot:
        return told.NewLot(lot=uid(code), code=code, product=product, quantity=kg(weight))

    def drawn(self, code: str, weight: int) -> told.Drawn:
        return told.Drawn(lot=uid(code), quantity=kg(weight))

    def tell(self, kind: str, name: str, **values: Any) -> None:
        event = getattr(told, kind)(id=uid(f"y-{name}"), occurred_at=at("2025-05-02T08:00:00Z"), **values)
        answer = self.cluster.tell("GH-P1", event)
        assert answer.refused is None, (name, answer.refused)

    def open(self, kind: str = "real", client: TestClient | None = None, **more: Any) -> Any:
        body = {"kind": kind, "origin": {"kind": "lot", "ref": "M1"}, "reason": "Fruit fly"} | more
        return (client or self.manager).post("/v1/recalls", json=body)


@pytest.fixture
def yard(house: House) -> Yard:
    return Yard(house)


def test_a_recall_from_opening_to_closing(yard: Yard) -> None:
    answer = yard.open(id=uid("case"))
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert found["number"].startswith("RC-GH-P1-")
    assert {lot["code"]: lot["disposition"] for lot in found["affected"]} == dict.fromkeys(
        ("M1", "MF", "MD"), "recalled"
    )
    sums = found["sums"]
    assert sums["affected_g"] == sums["in_house_g"] + sums["shipped_g"] == 630_000
    assert sums["process_loss_g"] == 370_000
    assert yard.open(id=uid("case")).status_code == 200
    assert yard.open(id=uid("case"), reason="Other").json()["code"] == "RECALL_ID_TAKEN"

    path = f"/v1/recalls/{found['id']}"
    (consignee,) = found["recipients"]
    assert (consignee["code"], consignee["grams"], consignee["phone"]) == ("US-B1", 500_000, None)
    contact = {"code": "US-B1", "name": "Fruit Importers", "phone": "+1 555", "address": "Newark, USA"}
    added = yard.manager.post("/v1/consignees", json=contact)
    assert added.status_code == 201
    text = yard.manager.get(f"{path}/text?recipient=US-B1").text
    for said in ("Fruit Importers", "MF, Mangoes, fresh: 500 kg, 2 May 2025, BL-9", "Fruit fly", found["number"]):
        assert said in text
    assert "Motif : Fruit fly" in yard.manager.get(f"{path}/text?recipient=US-B1&lang=fr").text

    back = {"lot": "MF", "recipient": "US-B1", "outcome": "returned", "quantity": {"value": 20, "unit": "carton_10"},
            "on_day": "2025-05-20", "place": "Tema", "document": "RN-1"}  # fmt: skip
    after = yard.manager.post(f"{path}/returns", json=back).json()
    assert (after["sums"]["returned_g"], after["sums"]["shipped_g"]) == (200_000, 300_000)
    entry = after["returns"][0]["id"]
    again = yard.manager.post(f"{path}/returns/{entry}/withdraw").json()
    assert again["sums"]["returned_g"] == 0
    too_much = yard.manager.post(f"{path}/returns", json=back | {"quantity": {"value": 501, "unit": "kg"}})
    assert (too_much.status_code, too_much.json()["code"]) == (409, "RECALL_RETURN_EXCEEDS")

    def close(client: TestClient, etag: str) -> Any:
        return client.post(f"{path}/close", json={"note": "Traps were empty"}, headers={"if-match": etag})

    etag = yard.manager.get(path).headers["etag"]
    assert close(yard.manager, etag).json()["code"] == "RECALL_FOUR_EYES"
    assert close(yard.admin, etag).json()["code"] == "RECALL_NOT_NOTIFIED"
    told_to = yard.manager.post(f"{path}/notified", json={"recipient": "US-B1", "how": "Telephone"}).json()
    assert told_to["recipients"][0]["notified_by"] == "ics.manager"
    assert close(yard.admin, etag).status_code == 412
    closed = close(yard.admin, yard.manager.get(path).headers["etag"]).json()
    assert (closed["state"], closed["closed_by"]) == ("closed", "admin")
    assert yard.manager.post(f"{path}/returns", json=back).json()["code"] == "RECALL_CLOSED"


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("kind", ["real", "mock"])
def test_the_report_holds_what_an_auditor_asks_for(yard: Yard, kind: str, lang: str) -> None:
    found = yard.open(kind).json()
    paper = yard.viewer.get(f"/v1/recalls/{found['id']}/report.pdf?lang={lang}")
    assert paper.headers["content-type"] == "application/pdf"
    said = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(paper.content)).replace(
        "\xa0", " "
    )
    for word in (found["number"], "M1", "MF", "MD", "US-B1", "AMA", "Fruit fly", "630", "ics.manager"):
        assert word in said, word
    assert ("Opening to closing" in said) == (lang == "en")
    assert ("240" in said or "4 h 00 min" in said) == (kind == "mock")
    again = yard.viewer.get(f"/v1/recalls/{found['id']}/report.pdf?lang={lang}")
    assert kind == "real" or again.content == paper.content


def test_a_mock_recall_blocks_nothing(yard: Yard) -> None:
    found = yard.open("mock").json()
    assert found["kind"] == "mock"
    assert found["took_ms"] >= 1
    assert found["target_minutes"] == 240
    assert {lot["disposition"] for lot in found["affected"]} == {"available"}
    assert yard.viewer.get("/v1/recalls?kind=mock").json()["data"][0]["number"] == found["number"]


def test_who_may(yard: Yard) -> None:
    assert yard.open(client=yard.viewer).status_code == 403
    assert yard.open(client=yard.foreign).json()["code"] == "LOT_UNKNOWN"
    found = yard.open().json()
    path = f"/v1/recalls/{found['id']}"
    for url in (path, f"{path}/report.pdf", f"{path}/text?recipient=US-B1", f"/v1/fsma204.xlsx?recall={found['id']}"):
        assert yard.foreign.get(url).status_code == 404, url
        assert yard.viewer.get(url).status_code == 200, url
    assert yard.foreign.get("/v1/recalls").json()["data"] == []
    assert yard.foreign.get("/v1/recall-notices").json()["data"] == []


def test_a_buyer_in_the_deployment_has_notice_and_sees_its_part(yard: Yard) -> None:
    yard.cluster.site("STORE", "GH-P2")
    yard.tell("TransferOffered", "offer", lots=(uid("MD"),), to="GH-P2")
    accept = told.TransferAccepted(
        id=uid("y-accept"), occurred_at=at("2025-05-03T08:00:00Z"), offer=uid("y-offer"), site=uid("STORE")
    )
    assert yard.cluster.tell("GH-P2", accept).refused is None
    found = yard.open().json()
    (notice,) = yard.foreign.get("/v1/recall-notices").json()["data"]
    part = yard.foreign.get(f"/v1/recalls/{notice['id']}").json()
    assert notice["id"] == found["id"]
    assert (part["mine"], part["sums"], part["ref"], part["opened_by"]) == (False, None, "", "")
    assert [lot["code"] for lot in part["affected"]] == ["MD"]
    assert yard.foreign.get(f"/v1/recalls/{notice['id']}/report.pdf").status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "fake"}, "#/kind"),
        ({"origin": {"kind": "lot"}}, "#/origin/ref"),
        ({"origin": {"kind": "moon", "ref": "X"}}, "#/origin/kind"),
        ({"origin": {"kind": "lot", "ref": "M1", "from_day": "2025-01-01"}}, "#/origin"),
        ({"reason": ""}, "#/reason"),
        ({"more": 1}, "#/more"),
    ],
)
def test_what_is_malformed_names_the_field(yard: Yard, body: dict[str, Any], field: str) -> None:
    answer = yard.open(**body)
    assert answer.status_code == 422
    assert field in {error["pointer"] for error in answer.json()["errors"]}


def test_a_consignee_is_changed_and_erased(yard: Yard) -> None:
    body = {"id": uid("c"), "code": "US-B1", "name": "Fruit Importers", "person": "Jo", "phone": "+1 555"}
    assert yard.manager.post("/v1/consignees", json=body).status_code == 201
    assert yard.manager.post("/v1/consignees", json=body).status_code == 200
    taken = yard.manager.post("/v1/consignees", json=body | {"id": uid("c2")})
    assert (taken.status_code, taken.json()["errors"][0]["pointer"]) == (409, "#/code")
    path = f"/v1/consignees/{uid('c')}"
    changed = yard.manager.patch(path, json={"person": None, "ended": True}, headers={"if-match": '"1"'})
    assert changed.json()["person"] is None
    assert changed.json()["ended_at"] is not None
    assert yard.manager.patch(path, json={"name": "X"}, headers={"if-match": '"1"'}).status_code == 412
    assert yard.foreign.get(path).status_code == 404


# --- FSMA 204 ---


def book(client: TestClient, query: str = "") -> dict[str, list[dict[str, Any]]]:
    """The rows of each sheet by heading."""
    answer = client.get(f"/v1/fsma204.xlsx{query}")
    assert answer.status_code == 200, answer.text
    import io

    opened = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    sheets = {}
    for name in opened.sheet_names[1:]:
        rows = opened.get_sheet_by_name(name).to_python(skip_empty_area=False)
        heading = [str(cell) for cell in rows[3]]
        sheets[name] = [dict(zip(heading, row, strict=True)) for row in rows[4:] if any(cell != "" for cell in row)]
    return sheets


def test_every_tracking_event_of_fresh_mango_is_in_the_sheet(yard: Yard) -> None:
    yard.manager.post("/v1/consignees", json={"code": "US-B1", "name": "Fruit Importers", "address": "Newark, USA"})
    sheets = book(yard.viewer)
    assert {name: len(rows) for name, rows in sheets.items()} == {
        "Harvesting": 1, "Cooling": 0, "Initial packing": 1, "First land-based receiving": 0, "Shipping": 1,
        "Receiving": 0, "Transformation": 2,
    }  # fmt: skip
    (harvest,) = sheets["Harvesting"]
    assert harvest["Commodity and variety"] == "Mango, Kent"
    assert harvest["Quantity (kg)"] == 1000
    assert harvest["Farm: location description"] == "AMA, 7.654321 -0.123456"
    assert harvest["Field or growing area name"] == "AMA-A"
    assert str(harvest["Harvest date"]) == "2025-05-01"
    assert harvest["Reference document number"] == "R-1"
    assert harvest["Harvester: business name"] == "'=Ama+1", "what a spreadsheet would run is text"
    (packing,) = sheets["Initial packing"]
    assert (packing["Traceability lot code"], packing["Packed quantity (kg)"]) == ("MF", 600)
    (shipping,) = sheets["Shipping"]
    assert shipping["Next recipient: name and location"] == "Fruit Importers, Newark, USA"
    assert (shipping["Traceability lot code"], shipping["Quantity (kg)"], shipping["Unit of measure"]) == (
        "MF",
        500,
        "kg",
    )
    used = {row["Traceability lot code"]: row["Input: quantity used (kg)"] for row in sheets["Transformation"]}
    assert used == {"MF": 600, "MD": 400}


def test_the_sheet_is_of_a_lot_of_a_recall_or_of_some_days(yard: Yard) -> None:
    found = yard.open("mock", origin={"kind": "lot", "ref": "MD"}).json()
    assert len(book(yard.viewer, "?lot=MF")["Shipping"]) == 1
    assert len(book(yard.viewer, "?lot=MD")["Shipping"]) == 0
    assert len(book(yard.viewer, f"?recall={found['id']}")["Transformation"]) == 1
    assert all(not rows for rows in book(yard.viewer, "?from=2025-05-03").values())
    assert all(not rows for rows in book(yard.foreign).values())
