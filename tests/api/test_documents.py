"""Documents over HTTP and on the command line: fetch, reissue, withdraw, verify; and the page for whoever holds one."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import build
from ledger.documents import MOST_BYTES
from tests.api.conftest import House
from tests.api.test_cli import Shell
from tests.builders import uid
from tests.ledger import papers
from tests.ledger.papers import Office


class Desk:
    """A deployment whose cooperative signs in: the office of the ledger's tests, served."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.office = Office(house.recorder, house.settings.data_dir)
        coop, rival = self.office.chain.cluster.orgs["COOP"], self.office.chain.cluster.orgs["RIVAL"]
        self.coop = house.client(coop, house.user(coop, "ics_manager"))
        self.rival = house.client(rival, house.user(rival, "ics_manager"))
        self.viewer = house.client(coop, house.user(coop, "viewer", "viewer.two"))

    def issue(self, **query: str) -> str:
        answer = self.coop.post("/v1/lots/DB/certificates", params=query)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["number"])

    def pdf(self, number: str, client: TestClient | None = None) -> bytes:
        answer = (client or self.coop).get(f"/v1/documents/{number}")
        assert answer.status_code == 200, answer.text
        return answer.content


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


def verified(client: TestClient, data: bytes) -> Any:
    answer = client.post("/v1/documents/verify", content=data)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_anybody_verifies_a_copy_and_an_edited_one_fails(desk: Desk) -> None:
    number = desk.issue()
    data = desk.pdf(number)
    assert desk.pdf(number, desk.viewer) == data
    nobody = desk.house.client()
    found = verified(nobody, data)
    assert (found["in_order"], found["number"], found["state"]) == (True, number, "issued")
    assert [check["number"] for check in found["checks"]] == [1, 2, 3, 4, 5, 6, 7]
    forged = verified(nobody, papers.edited(data, papers.renumber))
    assert (forged["genuine"], forged["in_order"]) == (False, False)
    assert forged["sentence"]["en"] == "This file is not what was issued: it was changed after it was signed."
    failed = [check for check in forged["checks"] if check["answer"] == "failed"]
    assert [check["code"] for check in failed] == ["whole"]
    assert "octets ont été ajoutés" in failed[0]["sentence"]["fr"]
    assert nobody.post("/v1/documents/verify", content=b"").status_code == 422
    assert nobody.post("/v1/documents/verify", content=bytes(MOST_BYTES + 1)).status_code == 413
    assert nobody.get(f"/v1/documents/{number}").status_code == 401
    assert desk.rival.get(f"/v1/documents/{number}").status_code == 404


def test_reissued_and_withdrawn_over_http(desk: Desk) -> None:
    old = desk.issue(kind="certificate_of_analysis")
    data = desk.pdf(old)
    assert desk.rival.post(f"/v1/documents/{old}/reissue").status_code == 404
    assert desk.viewer.post(f"/v1/documents/{old}/reissue").status_code == 403
    new = desk.coop.post(f"/v1/documents/{old}/reissue", params={"lang": "fr"}).json()["number"]
    held = desk.coop.get(f"/v1/documents/{old}", params={"format": "json"}).json()
    assert (held["state"], held["superseded_by"]) == ("superseded", new)
    assert verified(desk.house.client(), data)["superseded_by"] == new
    assert desk.rival.post(f"/v1/documents/{new}/revoke", json={"reason": "x"}).status_code == 404
    assert desk.coop.post(f"/v1/documents/{new}/revoke", json={"reason": "Wrong lot"}).status_code == 204
    again = desk.coop.post(f"/v1/documents/{new}/revoke", json={"reason": "Wrong lot"})
    assert (again.status_code, again.json()["code"]) == (409, "DOCUMENT_NOT_IN_FORCE")
    held = desk.coop.get(f"/v1/documents/{new}", params={"format": "json"}).json()
    assert (held["state"], held["reason"], held["supersedes"]) == ("revoked", "Wrong lot", old)


def test_a_transaction_statement_takes_an_event_and_nothing_else_does(desk: Desk) -> None:
    number = desk.issue(kind="transaction_statement", about=uid("sale"))
    facts = desk.coop.get(f"/v1/documents/{number}", params={"format": "json"}).json()
    assert (facts["about"], facts["facts"]["transaction"]["quantity_g"]) == (uid("sale"), 150_000)
    assert desk.pdf(number).startswith(b"%PDF-")
    for query in ({"kind": "transaction_statement"}, {"about": uid("sale")}):
        assert desk.coop.post("/v1/lots/DB/certificates", params=query).status_code == 422


def test_files_are_limited_by_address(desk: Desk) -> None:
    settings = replace(desk.house.settings, pages_per_minute=2)
    client = TestClient(build(settings, desk.house.recorder), base_url=settings.public_url)
    statuses = [client.post("/v1/documents/verify", content=b"%PDF-").status_code for _ in range(4)]
    assert statuses[:2] == [200, 200]
    assert 429 in statuses


def test_whoever_holds_the_paper_reads_what_became_of_it(desk: Desk) -> None:
    number = desk.issue()
    digest = desk.coop.get(f"/v1/documents/{number}", params={"format": "json"}).json()["facts_sha256"]
    address, nobody = f"/d/{number}.{digest[:16]}", desk.house.client()
    page = nobody.get(address)
    assert page.status_code == 200
    assert all(said in page.text for said in ("In force", "Traceability certificate", number, "Organisation COOP"))
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "Checked <time>17 Mar 2030 17:46 UTC</time>" in page.text.replace("\u00a0", " ")
    assert "En vigueur" in nobody.get(address, params={"lang": "fr"}).text
    found = nobody.get(address, params={"format": "json"}).json()
    assert (found["number"], found["state"], found["proof"]) == (number, "issued", None)
    for wrong in (number, f"{number}.{'0' * 16}", f"{number}.{digest[:15]}", f"{number}.", f"X{number}.{digest[:16]}"):
        assert nobody.get(f"/d/{wrong}").status_code == 404
    assert nobody.post(address).status_code == 405
    desk.coop.post(f"/v1/documents/{number}/revoke", json={"reason": "<b>Wrong</b> buyer"})
    page = nobody.get(address, params={"lang": "fr"})
    assert "Retiré" in page.text
    assert "&lt;b&gt;Wrong&lt;/b&gt; buyer" in page.text


def test_the_page_hands_out_the_proof_once_the_log_has_sealed_the_issue(desk: Desk) -> None:
    number = desk.issue()
    digest = desk.coop.get(f"/v1/documents/{number}", params={"format": "json"}).json()["facts_sha256"]
    state = desk.house.app.state
    app = build(desk.house.settings, desk.house.recorder)
    assert app.public is not None
    app.public._desk = replace(state.desk, proof_of=desk.office.proof_of)
    client = TestClient(app, base_url=desk.house.settings.public_url)
    found = client.get(f"/d/{number}.{digest[:16]}", params={"format": "json"}).json()
    assert found["proof"].startswith("c2sp.org/tlog-proof@v1")
    assert json.loads(found["record"])["event"]["facts_sha256"] == digest


def test_the_command_issues_verifies_reissues_and_withdraws(house: House) -> None:
    desk = Desk(house)
    shell = Shell(house.settings.data_dir, house.recorder.database.url)
    made = shell.run("certificate", "DB", "--kind", "transaction", "--shipment", uid("sale"), "-o", "ts.pdf")
    assert made.returncode == 0, made.stderr
    first = shell.run("verify", "ts.pdf", "--here")
    assert first.returncode == 0, first.stderr
    assert b"is genuine and in force." in first.stdout
    number = _number(made.stderr)
    (house.settings.data_dir / "forged.pdf").write_bytes(
        papers.edited((house.settings.data_dir / "ts.pdf").read_bytes(), papers.renumber)
    )
    forged = shell.run("verify", "forged.pdf", "--here", "--lang", "fr")
    assert forged.returncode == 1
    assert "2. failed" in forged.stdout.decode()
    anew = shell.run("certificate", "--reissue", number, "--lang", "fr", "-o", "ts2.pdf")
    assert anew.returncode == 0, anew.stderr
    assert b"is superseded." in anew.stderr
    gone = shell.run("certificate", "--revoke", _number(anew.stderr), "--reason", "Wrong buyer")
    assert gone.returncode == 0, gone.stderr
    assert desk.office.document(_number(anew.stderr)).reason == "Wrong buyer"
    assert shell.run("verify", "ts.pdf", "--here").returncode == 1
    assert shell.run("certificate", "DB", "--kind", "transaction").returncode == 2
    assert shell.run("certificate", "DB", "--reissue", number).returncode == 2
    assert shell.run("certificate", "--revoke", number).returncode == 2
    assert desk.office.document(number).state == "superseded"


def _number(said: bytes) -> str:
    """The number in what the command says."""
    found = re.search(r"Issued (\S+)\.", said.decode())
    assert found is not None
    return found[1]
