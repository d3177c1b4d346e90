"""Papers of laboratories and certificates of analysis over HTTP, as a laboratory, an exporter and a buyer would do it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.events import MAX_ATTACHMENT
from tests.api.test_events import Trade, trade, uid  # noqa: F401 - fixture
from tests.api.test_quality import found
from tests.labels.reading import decoded, page_images, page_texts

PDF = b"%PDF-1.7\n<script>alert(1)</script> Certificate of analysis 4711\n%%EOF"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
DIGEST = hashlib.sha256(PDF).hexdigest()
UPLOAD = "/v1/lots/X/attachments"


@pytest.fixture
def exporter(trade: Trade) -> TestClient:  # noqa: F811
    trade.chain()
    return trade.keys["EXP"]


def stranger(trade: Trade) -> TestClient:  # noqa: F811
    org_id, maker = trade.house.found("BEE", "exporter")
    key = trade.house.key(org_id, maker, "lots:read", "quality:write", "labels:issue")
    return trade.house.client(authorization=f"Bearer {key}")


def test_a_paper_is_attached_listed_fetched_and_verified(trade: Trade, exporter: TestClient) -> None:  # noqa: F811
    check = found(trade, "2025-01-24T08:00:00Z", benzo_a_pyrene="1.1")["id"]
    said = {"number": "COA-4711", "laboratory": "LAB-1", "checks": [check], "event_id": uid("paper")}
    sent = exporter.post(UPLOAD, params=said, content=PDF, headers={"content-type": "text/html"})
    assert sent.status_code == 201, sent.text
    told = sent.json()
    assert (told["event"], told["sha256"], told["media_type"]) == (uid("paper"), DIGEST, "application/pdf")
    assert (told["size"], told["number"], told["laboratory"], told["checks"]) == (
        len(PDF),
        "COA-4711",
        "LAB-1",
        [check],
    )
    again = exporter.post(UPLOAD, content=PDF)
    assert (again.status_code, again.json()) == (200, told)
    for party in ("EXP", "COOP"):  # the cooperative made the lot
        client = trade.keys[party]
        assert client.get(UPLOAD).json()["data"] == [told]
        assert client.get("/v1/lots/X/quality").json()["attached"] == [told]
        file = client.get(f"{UPLOAD}/{DIGEST}")
        assert file.content == PDF
        assert file.headers["content-type"] == "application/pdf"
        assert file.headers["content-disposition"] == f'attachment; filename="X-{DIGEST[:12]}.pdf"'
        assert file.headers["x-content-type-options"] == "nosniff"
        assert file.headers["content-security-policy"] == "sandbox"
        for asked in ({"content": PDF}, {"params": {"sha256": DIGEST}}):
            verified = client.post("/v1/attachments/verify", **asked).json()
            assert verified == {"sha256": DIGEST, "attached": [told]}
    assert exporter.post("/v1/attachments/verify", content=PDF + b" ").json()["attached"] == []
    assert exporter.post("/v1/attachments/verify").status_code == 422
    events = exporter.get("/v1/events", params={"type": "document_attached"}).json()["data"]
    assert [event["body"]["sha256"] for event in events] == [DIGEST]


def test_who_is_no_party_of_the_lot_learns_nothing(trade: Trade, exporter: TestClient) -> None:  # noqa: F811
    exporter.post(UPLOAD, content=PDF)
    other = stranger(trade)
    assert other.post(UPLOAD, content=PDF).status_code == 404
    assert other.get(UPLOAD).status_code == 404
    assert other.get(f"{UPLOAD}/{DIGEST}").status_code == 404
    assert other.post("/v1/attachments/verify", content=PDF).json()["attached"] == []
    assert other.post(f"/v1/attachments/{DIGEST}/erase").json()["code"] == "ATTACHMENT_UNKNOWN"
    assert exporter.get(f"{UPLOAD}/{DIGEST}").content == PDF


def test_only_who_may_write_quality_attaches(trade: Trade, exporter: TestClient) -> None:  # noqa: F811
    org_id, maker = trade.house.found("THIRD", "exporter")
    key = trade.house.key(org_id, maker, "lots:read", "events:write")
    client = trade.house.client(authorization=f"Bearer {key}")
    assert client.post(UPLOAD, content=PDF).status_code == 403
    body = {"id": uid("p"), "type": "document_attached", "occurred_at": "2025-01-24T08:00:00Z", "lot": uid("X"),
            "kind": "certificate_of_analysis", "sha256": DIGEST, "media_type": "application/pdf", "size": 9}  # fmt: skip
    assert client.post("/v1/events", json=body).status_code == 403


def test_a_file_is_taken_for_what_it_is(exporter: TestClient) -> None:
    assert exporter.post(UPLOAD, content=PNG).json()["media_type"] == "image/png"
    name = exporter.get(f"{UPLOAD}/{hashlib.sha256(PNG).hexdigest()}").headers["content-disposition"]
    assert name.endswith('.png"')
    for other in (b"", b"<html>", b"PK\x03\x04"):
        refused = exporter.post(UPLOAD, content=other, headers={"content-type": "application/pdf"})
        assert (refused.status_code, refused.json()["code"]) == (422, "ATTACHMENT_NOT_A_PAPER")
    assert len(exporter.get(UPLOAD).json()["data"]) == 1


def test_a_file_holds_at_most_ten_mebibytes(exporter: TestClient) -> None:
    def in_parts(size: int) -> Iterator[bytes]:
        yield b"%PDF-"
        for _ in range(size // (1 << 20)):
            yield bytes(1 << 20)
        yield bytes(size % (1 << 20) - 5)

    for path in (UPLOAD, "/v1/attachments/verify"):
        assert exporter.post(path, content=in_parts(MAX_ATTACHMENT + 6)).status_code == 413
        assert exporter.post(path, content=b"%PDF-" + bytes(MAX_ATTACHMENT)).json()["code"] == "too-large"
    fits = exporter.post(UPLOAD, content=in_parts(MAX_ATTACHMENT - (1 << 20) + 9))
    assert fits.status_code == 201, fits.text
    assert fits.json()["size"] == MAX_ATTACHMENT - (1 << 20) + 9
    assert exporter.post("/v1/events", content=bytes(2 << 20)).status_code == 413  # other paths: as before


def test_attached_to_the_wrong_lot_is_corrected(trade: Trade, exporter: TestClient) -> None:  # noqa: F811
    coop = trade.keys["COOP"]
    wrong = coop.post("/v1/lots/R/attachments", content=PDF).json()
    right = {"id": uid("right"), "type": "document_attached", "occurred_at": "2025-01-24T08:00:00Z", "lot": uid("X"),
             "kind": "certificate_of_analysis", "sha256": DIGEST, "media_type": "application/pdf", "size": len(PDF)}  # fmt: skip
    answer = trade.tell("COOP", "corrected", "2025-01-25T08:00:00Z", event=wrong["event"], reason="X", instead=right)
    assert answer.status_code == 201, answer.text
    assert coop.get("/v1/lots/R/attachments").json()["data"] == []
    assert exporter.get(f"{UPLOAD}/{DIGEST}").content == PDF
    assert [item["code"] for item in exporter.post("/v1/attachments/verify", content=PDF).json()["attached"]] == ["X"]


def test_the_digest_alone_can_be_told_and_the_bytes_come_later_or_never(trade: Trade, exporter: TestClient) -> None:  # noqa: F811
    body = {"id": uid("p"), "type": "document_attached", "occurred_at": "2025-01-24T08:00:00Z", "lot": uid("X"),
            "kind": "certificate_of_analysis", "sha256": DIGEST, "media_type": "application/pdf", "size": len(PDF)}  # fmt: skip
    answer = exporter.post("/v1/events", json=body)
    assert answer.status_code == 201, answer.text
    assert [item["kept"] for item in exporter.get(UPLOAD).json()["data"]] == [False]
    gone = exporter.get(f"{UPLOAD}/{DIGEST}")
    assert (gone.status_code, gone.json()["code"]) == (409, "ATTACHMENT_GONE")
    assert exporter.post(UPLOAD, content=PDF).status_code == 200
    assert exporter.get(f"{UPLOAD}/{DIGEST}").content == PDF
    assert exporter.post(f"/v1/attachments/{DIGEST}/erase").status_code == 204
    assert exporter.get(f"{UPLOAD}/{DIGEST}").json()["code"] == "ATTACHMENT_GONE"
    assert len(exporter.post("/v1/attachments/verify", content=PDF).json()["attached"]) == 1


def test_the_public_page_says_that_a_paper_was_attached_and_no_more(trade: Trade, exporter: TestClient) -> None:  # noqa: F811
    path = "/" + exporter.post("/v1/lots/X/labels").json()["url"].split("/", 3)[3]
    exporter.post(UPLOAD, params={"number": "COA-4711"}, content=PDF)
    page = trade.house.client().get(path).text
    assert "certificate attached" in page
    assert "COA-4711" not in page
    assert DIGEST not in page


# --- issued by us ---


def certificate(client: TestClient, lot: str = "X", **params: Any) -> Any:
    return client.post(f"/v1/lots/{lot}/certificates", params={"kind": "certificate_of_analysis"} | params)


def test_a_certificate_of_analysis_as_pdf_and_as_data_stays_as_it_was(trade: Trade, exporter: TestClient) -> None:  # noqa: F811
    first = certificate(exporter).json()
    assert first["number"].startswith("CA-EXP-")
    pdf = exporter.get(first["url"])
    text = " ".join(" ".join(page_texts(pdf.content)).split())
    assert pdf.headers["content-type"] == "application/pdf"
    assert "Certificate of analysis" in text
    assert "Conforms" in text
    assert "This lot had no label" in text
    assert decoded(page_images(pdf.content, 203)[0]) == []
    data = exporter.get(first["url"], params={"format": "json"}).json()
    assert (data["kind"], data["number"], data["language"]) == ("certificate_of_analysis", first["number"], "en")
    assert data["facts"]["analysis"]["lot_code"] == "X"
    assert data["facts_sha256"] in pdf.text or data["facts_sha256"] in text
    found(trade, "2025-01-24T08:00:00Z", benzo_a_pyrene="7.1")
    assert exporter.get(first["url"]).content == pdf.content
    assert exporter.get(first["url"], params={"format": "json"}).json() == data
    url = exporter.post("/v1/lots/X/labels").json().get("url")
    assert url is None  # nothing that failed is labelled; its results are stated all the same
    second = certificate(exporter, lang="fr").json()
    text = " ".join(" ".join(page_texts(exporter.get(second["url"]).content)).split())
    assert "Non conforme" in text
    issued = exporter.get("/v1/lots/X/quality").json()["issued"]
    assert [(item["number"], item["own"]) for item in issued] == [(first["number"], True), (second["number"], True)]
    seen = trade.keys["COOP"].get("/v1/lots/X/quality").json()["issued"]
    assert [item["own"] for item in seen] == [False, False]
    assert trade.keys["COOP"].get(first["url"]).status_code == 404


def test_the_symbol_leads_to_the_page_of_a_labelled_lot(exporter: TestClient) -> None:
    url = exporter.post("/v1/lots/X/labels").json()["url"]
    pdf = exporter.get(certificate(exporter).json()["url"]).content
    assert decoded(page_images(pdf, 203)[0]) == [url]


def test_without_a_measurement_there_is_no_certificate(trade: Trade, exporter: TestClient) -> None:  # noqa: F811
    refused = certificate(trade.keys["COOP"], "R")
    assert (refused.status_code, refused.json()["code"]) == (409, "NOTHING_ANALYSED")
    assert certificate(stranger(trade)).status_code == 404
    assert certificate(exporter, kind="certificate_of_beauty").status_code == 422


def test_what_was_issued_without_a_kind_is_a_traceability_certificate_still(exporter: TestClient) -> None:
    exporter.post("/v1/lots/X/labels")
    answer = exporter.post("/v1/lots/X/certificates").json()
    assert answer["number"].startswith("TC-EXP-")
    assert "Traceability certificate" in " ".join(page_texts(exporter.get(answer["url"]).content))
    data = exporter.get(answer["url"], params={"format": "json"}).json()
    assert set(data["facts"]) == {"passport", "composition"}
    assert io.BytesIO(exporter.get(answer["url"]).content).read(5) == b"%PDF-"
