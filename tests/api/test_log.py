# ruff: noqa: F811 - a fixture of another module
"""The log over HTTP: published files, keys and proofs, the page that says what is sealed, witnesses outside."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.sealing import Sealer
from api.witness import NotWitnessed, Seen, signer_of, witness
from domain.label_token import ALPHABET
from domain.merkle import nodes_of_tiles, parse_bundle, root
from domain.note import Policy, parse_checkpoint, parse_key, parse_note, verify_checkpoint, verify_proof
from ledger.audit import audit
from ledger.log import SealedLog, name_witness, open_log, rotate_log_key, seal
from ledger.queries import instant
from tests.api.test_events import Trade, trade, uid  # noqa: F401 - fixture


@pytest.fixture
def log(trade: Trade) -> SealedLog:
    """The log of the trade's service, open."""
    held: SealedLog = trade.house.app.state.log
    open_log(held)
    return held


@pytest.fixture
def anybody(trade: Trade) -> TestClient:
    return trade.house.client()


def labelled(trade: Trade) -> str:
    trade.chain()
    code: str = trade.keys["EXP"].post("/v1/lots/X/labels").json()["code"]
    return code


def sealer(trade: Trade) -> Sealer:
    held: Sealer = trade.house.app.state.sealer
    return held


def policy(anybody: TestClient) -> Policy:
    """From the published keys alone."""
    told = anybody.get("/.well-known/filiere-keys").json()
    keys = [parse_key(item) for item in told["log"]["keys"]]
    return Policy(told["log"]["origin"], tuple(keys), tuple(parse_key(item) for item in told["witnesses"]))


def test_before_it_is_sealed_nothing_is_published(trade: Trade, log: SealedLog, anybody: TestClient) -> None:
    code = labelled(trade)
    assert anybody.get("/checkpoint").status_code == 404
    assert anybody.get(f"/l/{code}/proof").status_code == 404
    answer = trade.keys["COOP"].get(f"/v1/events/{uid('deliver')}/proof")
    assert answer.status_code in (404, 409)


def test_the_published_files_make_the_root_that_was_signed(trade: Trade, log: SealedLog, anybody: TestClient) -> None:
    labelled(trade)
    sealer(trade).once()
    answer = anybody.get("/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-cache"
    checkpoint = verify_checkpoint(answer.content, policy(anybody)).checkpoint
    found = root(checkpoint.size, nodes_of_tiles(checkpoint.size, lambda tile: anybody.get(f"/{tile.path()}").content))
    assert found == checkpoint.root
    entries = anybody.get(f"/tile/entries/000.p/{checkpoint.size}")
    assert entries.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert len(parse_bundle(entries.content)) == checkpoint.size
    for nothing in ("/tile/0/001", "/tile/0/000.p/0", "/tile/0/../../keys", "/tile/0/%2e%2e/checkpoint", "/tile/9/000"):
        assert anybody.get(nothing).status_code == 404, nothing
    assert anybody.post("/checkpoint").status_code == 405
    assert [item["type"] for item in anybody.get("/log/notices").json()["notices"]] == [
        "log_opened",
        "log_key",
        "label_key",
    ]


def test_the_proof_of_a_label_verifies_with_what_is_published(
    trade: Trade, log: SealedLog, anybody: TestClient
) -> None:
    code = labelled(trade)
    sealer(trade).once()
    bundle = anybody.get(f"/l/{code.lower()}/proof").json()
    proven = verify_proof(bundle["proof"].encode(), bundle["event"].encode(), policy(anybody))
    event = json.loads(bundle["event"])["event"]
    assert (bundle["format"], bundle["code"]) == ("filiere-proof/1", code)
    assert (event["type"], event["code"]) == ("label_issued", code)
    assert proven.size == parse_checkpoint(parse_note(anybody.get("/checkpoint").content).text).size
    other = code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % 32]
    assert anybody.get(f"/l/{other}/proof").status_code == 404


def test_an_event_is_proven_to_its_organisation(trade: Trade, log: SealedLog) -> None:
    labelled(trade)
    listed = trade.keys["EXP"].get("/v1/events", params={"limit": 1}).json()["data"]
    event = listed[0]["event"]["id"] if "event" in listed[0] else listed[0]["id"]
    assert trade.keys["EXP"].get(f"/v1/events/{event}/proof").json()["code"] == "EVENT_NOT_SEALED"
    seal(log)
    told = trade.keys["EXP"].get(f"/v1/events/{event}/proof").json()
    proven = verify_proof(told["proof"].encode(), told["event"].encode(), policy(trade.house.client()))
    assert proven.index == told["index"]
    assert json.loads(told["event"])["event"]["id"] == event
    assert trade.keys["COOP"].get(f"/v1/events/{event}/proof").status_code == 404
    now = trade.keys["EXP"].get("/v1/log").json()
    assert (now["waiting"], now["size"], now["witnesses"]) == (0, proven.size, [])


def test_an_event_was_written_between_the_state_that_it_names_and_the_one_that_holds_it(
    trade: Trade, log: SealedLog, anybody: TestClient
) -> None:
    first, clock = seal(log), trade.house.clock
    assert first is not None
    beacon = anybody.get("/checkpoint").text.split("\n")[2]
    assert trade.keys["COOP"].get("/v1/log").json()["root"] == beacon
    clock.now += 3_600_000
    lot = {"code": "D", "product": "cocoa_wet_beans", "quantity": {"value": "60", "unit": "kg"}}
    said = {"site": uid("FERM"), "farmer": "ANNA"}

    def deliver(name: str, **more: str) -> str:
        told = trade.tell(
            "COOP", "delivered", "2025-01-10T08:00:00Z", lot={"lot": uid(name), **lot, "code": name}, **said, **more
        )
        assert told.status_code == 201, told.text
        return str(told.json()["id"])

    events = [deliver("D"), deliver("E", beacon=beacon), deliver("F", beacon="A" * 43 + "=")]
    clock.now += 3_600_000
    last = seal(log)
    assert last is not None
    after = []
    for event in events:
        proof = trade.keys["COOP"].get(f"/v1/events/{event}/proof").json()
        assert instant(last.signed_at) == datetime.fromisoformat(proof["in_log_by"])
        after.append(proof["told_after"])
    assert after[0] is None
    assert datetime.fromisoformat(after[1]) == instant(first.signed_at)
    assert after[2] is None  # no state of this log: it proves nothing, and the delivery is recorded
    wrong = trade.tell(
        "COOP", "delivered", "2025-01-10T08:00:00Z", lot={"lot": uid("G"), **lot, "code": "G"}, **said, beacon="x"
    )
    assert wrong.status_code == 422
    assert "beacon" in wrong.text
    assert audit(log).faults == []


def test_a_label_and_a_document_carry_the_state_in_which_they_were_issued(
    trade: Trade, log: SealedLog, anybody: TestClient
) -> None:
    trade.chain()
    seal(log)
    beacon = anybody.get("/checkpoint").text.split("\n")[2]
    exporter = trade.keys["EXP"]
    exporter.post("/v1/lots/X/labels")
    assert exporter.post("/v1/lots/X/certificates").status_code == 201
    listed = exporter.get("/v1/events", params={"limit": 2}).json()["data"]
    assert {one["type"]: one["body"].get("beacon") for one in listed} == {
        "label_issued": beacon,
        "document_issued": beacon,
    }


def test_the_page_says_what_is_sealed_and_who_saw_it(trade: Trade, log: SealedLog, anybody: TestClient) -> None:
    code = labelled(trade)
    path = f"/l/{code}"
    machine = {"accept": "application/json"}

    def said() -> tuple[str, dict[str, object]]:
        history = anybody.get(path, headers=machine).json()["verifications"][6]
        return history["answer"], history["params"]

    before = anybody.get(path).text
    assert "The newest entries are not sealed yet." in before
    assert said()[0] == "not_checked"
    sealer(trade).once()
    page = anybody.get(path).text
    assert "The entries are in a log sealed on" in page
    assert "Outside witnesses: 0." in page
    assert "@@" not in page
    answer, params = said()
    assert (answer, params["witnesses"]) == ("passed", 0)
    passed = next(text.split(">", 1)[1] for text in page.split('href="#checked"')[1:])
    assert passed != next(text.split(">", 1)[1] for text in before.split('href="#checked"')[1:])  # one more passed
    trade.tell(
        "EXP", "inspected", "2025-01-24T08:00:00Z", lot=uid("X"), measurements=[{"test": "moisture", "value": "7.0"}]
    )
    assert said()[0] == "not_checked"  # newer than the seal
    sealer(trade).once()
    assert said()[0] == "passed"
    assert "scellé le" in anybody.get(path, params={"lang": "fr"}).text


# --- witnesses ---


def test_a_witness_follows_cosigns_and_is_counted(
    trade: Trade,
    log: SealedLog,
    anybody: TestClient,
    tmp_path: Path,
) -> None:
    code = labelled(trade)
    sealer(trade).once()
    signer = signer_of(tmp_path / "w.json", "witness.example.org", log.recorder.entropy)
    assert signer_of(tmp_path / "w.json", None, log.recorder.entropy) == signer
    state = tmp_path / "seen.json"

    def get(path: str) -> bytes:
        answer = anybody.get(f"/{path}")
        if answer.status_code != 200:
            raise OSError(path)
        return answer.content

    def look() -> str | None:
        found = witness(get, signer, state, [], now=lambda: log.recorder.clock() / 1000)
        return found[1] if found is not None else None

    note = look()
    assert note is not None
    refused = anybody.post("/v1/log/cosignatures", json={"note": note})
    assert (refused.status_code, refused.json()["code"]) == (409, "COSIGNATURE_REFUSED")  # nobody named it
    name_witness(log, str(signer.verifier))
    sealer(trade).once()
    note = look()
    assert note is not None
    taken = anybody.post("/v1/log/cosignatures", json={"note": note})
    assert (taken.status_code, taken.json()["witness"]) == (201, "witness.example.org")
    assert look() is None
    sealer(trade).look()
    assert "Outside witnesses: 1." in anybody.get(f"/l/{code}").text
    seen = verify_checkpoint(anybody.get("/checkpoint").content, policy(anybody)).seen
    assert [name for name, _ in seen] == ["witness.example.org"]
    bundle = anybody.get(f"/l/{code}/proof").json()
    strict = policy(anybody)
    asked = Policy(strict.origin, strict.log_keys, strict.witnesses, 1)
    assert verify_proof(bundle["proof"].encode(), bundle["event"].encode(), asked).at is not None
    for spoilt in ("", "x", note.replace("\n\n", "\n"), note[:-10]):
        assert anybody.post("/v1/log/cosignatures", json={"note": spoilt}).status_code in (409, 422)


def test_a_witness_refuses_a_shorter_log_another_key_and_another_history(
    trade: Trade,
    log: SealedLog,
    anybody: TestClient,
    tmp_path: Path,
) -> None:
    labelled(trade)
    seal(log)
    signer = signer_of(tmp_path / "w.json", "witness.example.org", log.recorder.entropy)
    state = tmp_path / "seen.json"
    files: dict[str, bytes] = {}

    def get(path: str) -> bytes:
        return files[path] if path in files else anybody.get(f"/{path}").content

    old = anybody.get("/checkpoint").content
    assert witness(get, signer, state, []) is not None
    trade.keys["EXP"].post("/v1/lots/X/labels")
    seal(log)
    assert witness(get, signer, state, []) is not None
    kept = state.read_bytes()
    files["checkpoint"] = old
    with pytest.raises(NotWitnessed, match="cut off, or restored"):
        witness(get, signer, state, [])
    del files["checkpoint"]
    trade.keys["EXP"].post("/v1/lots/X/labels")
    seal(log)
    size = parse_checkpoint(parse_note(anybody.get("/checkpoint").content).text).size
    tile = f"tile/0/000.p/{size}"
    files[tile] = bytes(32) + anybody.get(f"/{tile}").content[32:]
    with pytest.raises(NotWitnessed, match="THE LOG WAS REWRITTEN"):
        witness(get, signer, state, [])
    del files[tile]
    new = rotate_log_key(log)
    seal(log)
    with pytest.raises(NotWitnessed, match="not signed by a key"):
        witness(get, signer, state, [])
    assert state.read_bytes() == kept  # what it refuses it does not remember
    assert witness(get, signer, state, [new]) is not None
    assert Seen.read(state).last is not None


def test_a_name_that_no_key_can_have_is_refused(tmp_path: Path, log: SealedLog) -> None:
    with pytest.raises(ValueError, match="name"):
        signer_of(tmp_path / "w.json", "a name+", log.recorder.entropy)
    assert not (tmp_path / "w.json").exists()
    with pytest.raises(NotWitnessed, match="--name"):
        signer_of(tmp_path / "w.json", None, log.recorder.entropy)
