"""Signals over HTTP: scan, list, show, decide; nobody sees those of another organisation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain import events as told
from ledger.record import record
from tests.api.conftest import House
from tests.builders import Cluster, at, kg, uid

PATH = "/v1/signals"


class Org:
    """An organisation that asks with a key."""

    def __init__(self, house: House, code: str) -> None:
        self.house = house
        self.org_id, self.admin = house.found(code)
        self.client = house.client()
        self.headers = self.key("registry:read", "registry:write")

    def key(self, *scopes: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.house.key(self.org_id, self.admin, *scopes)}"}

    def ask(self, method: str, path: str, status: int, **more: Any) -> Any:
        headers = self.headers | more.pop("headers", {})
        answer = self.client.request(method, f"{PATH}{path}", headers=headers, **more)
        assert answer.status_code == status, answer.text
        return answer

    def scan(self, season: str = "2024/25", status: int = 200) -> Any:
        return self.ask("POST", "/scan", status, json={"season": season}).json()

    def list(self, **filters: Any) -> Any:
        return self.ask("GET", "", 200, params=filters).json()["data"]


@pytest.fixture
def coop(house: House) -> Org:
    """ANNA brings 2.6 t of wet beans from a hectare, BEN 1.8 t; both deliver a lot on one day."""
    org = Org(house, "COOP")
    cluster = Cluster(house.recorder, orgs={"COOP": org.org_id})
    cluster.site("FERM", "COOP")
    for farmer in ("ANNA", "BEN"):
        cluster.farmer(farmer, "COOP", plots=(("A", "2019-01-01"),))
    for i in range(4):
        for farmer, weight in (("ANNA", 650), ("BEN", 450)):
            lot = f"{farmer}-{i}"
            event = told.Delivered(
                id=uid(lot),
                occurred_at=at(f"2025-01-10T{8 + i:02d}:{'00' if farmer == 'ANNA' else '30'}:00Z"),
                site=uid("FERM"),
                farmer=farmer,
                lot=told.NewLot(lot=uid(f"{lot}/lot"), code=lot, product="cocoa_wet_beans", quantity=kg(weight + i)),
            )
            assert cluster.tell("COOP", event).status == "accepted"
    return org


def test_a_scan_makes_a_list_highest_first(coop: Org) -> None:
    done = coop.scan()
    found = coop.list()
    assert done == {"season": "2024/25", "listed": len(found), "opened": len(found), "reopened": 0, "closed": 0}
    scores = [one["score"] for one in found]
    assert scores == sorted(scores, reverse=True) and min(scores) >= 500
    (one,) = coop.list(pattern="area_yield")
    assert (one["subject_kind"], one["subject"], one["state"], one["season"]) == ("farmer", "ANNA", "open", "2024/25")
    assert one["figures"]["per_ha_g"] == 1_042_400
    assert one["sentence"] == {
        "en": "ANNA brought 1\u202f042.4 kg, 1\u202f042.4 kg per hectare; the usual range ends at 600 kg.",
        "fr": "ANNA a apporté 1\u202f042,4 kg, soit 1\u202f042,4 kg par hectare ; la plage habituelle s'arrête à 600 kg.",
    }
    assert set(one["title"]) == set(one["look"]) == {"en", "fr"}
    assert coop.scan()["opened"] == 0


def test_filters_narrow_each_other_and_pages_follow(coop: Org) -> None:
    coop.scan()
    everything = coop.list()
    assert len(everything) >= 3
    days = coop.list(pattern="many_a_day", kind="farmer")
    assert {one["subject"] for one in days} == {"ANNA", "BEN"}
    assert {one["subject"] for one in coop.list(pattern="many_a_day", subject="BEN")} == {"BEN"}
    assert coop.list(season="2023/24") == coop.list(state="confirmed") == []
    top = everything[0]["score"]
    assert all(one["score"] == top for one in coop.list(min_score=top))
    seen, query = [], {"limit": "1"}
    while True:
        answer = coop.ask("GET", "", 200, params=query)
        seen += [one["id"] for one in answer.json()["data"]]
        if answer.json()["next"] is None:
            break
        assert 'rel="next"' in answer.headers["link"]
        query = {"limit": "1", "cursor": answer.json()["next"]}
    assert seen == [one["id"] for one in everything]


def test_a_decision_needs_a_note_and_the_version_that_was_read(coop: Org) -> None:
    coop.scan()
    (one,) = coop.list(pattern="area_yield")
    path, decide = f"/{one['id']}", f"/{one['id']}/decide"
    shown = coop.ask("GET", path, 200)
    assert shown.json() == one and shown.headers["etag"] == '"1"'
    assert coop.ask("GET", path, 304, headers={"if-none-match": '"1"'}).content == b""
    body = {"state": "explained", "note": "Two plots more since October."}
    assert coop.ask("POST", decide, 428, json=body).json()["code"] == "version-required"
    assert coop.ask("POST", decide, 412, json=body, headers={"if-match": '"7"'}).json()["code"] == "CHANGED_MEANWHILE"
    for wrong in ({"state": "explained"}, {**body, "note": "  "}, {**body, "state": "guilty"}, {**body, "score": 0}):
        coop.ask("POST", decide, 422, json=wrong, headers={"if-match": '"1"'})
    done = coop.ask("POST", decide, 200, json=body, headers={"if-match": '"1"'})
    assert done.headers["etag"] == '"2"'
    assert (done.json()["state"], done.json()["note"]) == ("explained", "Two plots more since October.")
    assert done.json()["decided_by"].startswith("key:") and done.json()["decided_at"] is not None
    assert [found["id"] for found in coop.list(state="explained")] == [one["id"]]
    coop.scan()
    assert [found["id"] for found in coop.list(state="explained")] == [one["id"]]
    again = coop.ask("POST", decide, 200, json={"state": "open", "note": "Look again."}, headers={"if-match": '"2"'})
    assert again.json()["version"] == 3


def test_a_user_is_named_by_login(coop: Org, house: House) -> None:
    clerk = house.user(coop.org_id, "clerk", "marie")
    cluster = Cluster(house.recorder, orgs={"COOP": coop.org_id})
    actor = cluster.actor("COOP")
    events = [
        told.Delivered(
            id=uid(f"n{i}"),
            occurred_at=at(f"2025-02-{1 + i // 2:02d}T{23 if i % 2 else 10}:{i:02d}:00Z"),
            site=uid("FERM"),
            farmer="ANNA" if i % 3 else "BEN",
            lot=told.NewLot(
                lot=uid(f"n{i}/lot"), code=f"N-{i}", product="cocoa_wet_beans", quantity=kg(f"{40 + i}.{i % 10}")
            ),
        )
        for i in range(30)
    ]
    record(house.recorder, replace(actor, name=f"user:{clerk}"), events)
    coop.scan()
    (one,) = coop.list(pattern="odd_hours")
    assert (one["subject"], one["subject_name"]) == (f"user:{clerk}", "marie")
    assert one["sentence"]["en"].startswith("15 of 30 deliveries told by marie ")
    assert clerk not in one["sentence"]["fr"]


def test_a_season_is_written_as_people_write_it(coop: Org) -> None:
    for wrong in ("2024/26", "24/25", "soon"):
        answer = coop.scan(wrong, 422)
        assert answer["errors"][0]["pointer"] == "#/season", answer
    assert "write 2024/25" in coop.scan("2024/26", 422)["detail"]


def test_who_may(coop: Org, house: House) -> None:
    coop.scan()
    one = coop.list()[0]["id"]
    reader, other = coop.key("registry:read"), coop.key("lots:read")
    coop.ask("GET", "", 200, headers=reader)
    coop.ask("POST", "/scan", 403, json={"season": "2024/25"}, headers=reader)
    body = {"state": "explained", "note": "x"}
    coop.ask("POST", f"/{one}/decide", 403, json=body, headers=reader | {"if-match": '"1"'})
    coop.ask("GET", "", 403, headers=other)
    nobody: TestClient = house.client()
    assert nobody.get(PATH).status_code == 401


def test_another_organisation_sees_nothing(coop: Org, house: House) -> None:
    coop.scan()
    one = coop.list()[0]
    rival = Org(house, "RIVAL")
    assert rival.scan() == {"season": "2024/25", "listed": 0, "opened": 0, "reopened": 0, "closed": 0}
    assert rival.list() == []
    unknown = rival.ask("GET", f"/{uid('nothing')}", 404).json()
    assert rival.ask("GET", f"/{one['id']}", 404).json() == unknown
    body = {"state": "explained", "note": "x"}
    rival.ask("POST", f"/{one['id']}/decide", 404, json=body, headers={"if-match": '"1"'})
    assert coop.list()[0] == one


def test_the_examples_of_the_description_are_taken(coop: Org) -> None:
    described = coop.client.get("/openapi.json").json()["components"]["schemas"]
    (season,), (decision,) = (described[name]["examples"] for name in ("ScanIn", "DecideIn"))
    coop.ask("POST", "/scan", 200, json=season)
    one = coop.list()[0]
    coop.ask("POST", f"/{one['id']}/decide", 200, json=decision, headers={"if-match": '"1"'})


def test_a_scan_that_knows_more_seasons_than_one_commodity(coop: Org) -> None:
    assert coop.scan("2025")["listed"] == 0  # mangoes go by the calendar year; nobody brought any
