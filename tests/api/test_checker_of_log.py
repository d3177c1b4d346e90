"""The checks on what the service itself publishes: its keys, its log, the proof of a label that it issued."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from domain import verification
from domain.merkle import consistency_proof, nodes_of_tiles
from domain.verification import Report
from ledger.log import compromised, open_log, rotate_label_key, seal
from tests.api.conftest import House
from tests.api.test_public import CODE, issue


@pytest.fixture
def client(house: House) -> TestClient:
    open_log(house.app.state.log)
    issue(house)
    seal(house.app.state.log)
    return house.client()


def checked(client: TestClient, text: str | None, kept: bytes | None = None) -> Report:
    keys = verification.parse_keys(client.get("/.well-known/filiere-keys").content)
    evidence = verification.parse_evidence(client.get(f"/l/{CODE}/proof").content)
    given = replace(verification.read(text) if text else verification.Given(), evidence=evidence)
    consistency = None
    if kept is not None:
        sizes = [int(note.split(b"\n")[1]) for note in (kept, client.get("/checkpoint").content)]
        nodes = nodes_of_tiles(sizes[1], lambda tile: client.get(f"/{tile.path()}").content)
        consistency = consistency_proof(*sizes, nodes)
    return verification.check(
        given, keys, verification.default_policy(keys, given.evidence), kept=kept, consistency=consistency
    )  # fmt: skip


def test_a_label_that_was_issued_is_proven_by_what_is_published(house: House, client: TestClient) -> None:
    report = checked(client, f"http://testserver/l/{CODE}")
    assert (report.verdict, report.code) == ("proven", CODE)
    answers = {one.code: one.answer for one in report.checks}
    assert answers["address"] == answers["event"] == answers["log"] == answers["inclusion"] == "passed"
    assert answers["witnesses"] == "not_applicable"  # none is named
    assert checked(client, "/l/7K3MZ9QW4T5R8X2C").verdict != "proven"
    assert checked(client, "http://testserver/l/7K3MZ9QW4T5R8X2C").verdict == "not_proven"


def test_the_log_goes_on_from_the_checkpoint_that_was_kept(house: House, client: TestClient) -> None:
    kept = client.get("/checkpoint").content
    rotate_label_key(house.app.state.log)
    seal(house.app.state.log)
    assert client.get("/checkpoint").content != kept
    report = checked(client, None, kept)
    assert {one.code: one.answer for one in report.checks}["history"] == "passed"


def test_keys_that_ended_or_were_withdrawn_are_read_as_they_are_published(house: House, client: TestClient) -> None:
    rotate_label_key(house.app.state.log)
    since = house.clock.now - 86_400_000
    compromised(house.app.state.log, "1", since)
    keys = verification.parse_keys(client.get("/.well-known/filiere-keys").content)
    assert keys.labels[1].withdrawn == since // 1000
    assert keys.labels[1].last is not None
    assert (keys.labels[2].withdrawn, keys.labels[2].last) == (None, None)
