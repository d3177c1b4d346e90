"""Licences over HTTP, and the catches behind a lot as a processing statement lists them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.settings import Settings
from ledger.record import Recorder
from tests.api.hop import Browser
from tests.api.test_registry import Org


@pytest.fixture
def coop(recorder: Recorder, tmp_path: Path) -> Iterator[Org]:
    settings = Settings(recorder.database.url, tmp_path, "http://testserver")
    with Browser(create_app(settings, recorder)) as opened:
        yield Org(opened, recorder, "COOP")


def licence(farmer: str, **more: Any) -> dict[str, Any]:
    return {
        "farmer_id": farmer,
        "kind": "fishing",
        "number": "GE-1",
        "valid_from": "2025-11-01",
        "valid_to": "2025-11-30",
        "flag": "GE",
        "imo": "9123456",
    } | more


@pytest.fixture
def vessel(coop: Org) -> str:
    return str(coop.post("/farmers", {"code": "GE-V01"})["id"])


def landed(coop: Org, site: str, code: str, day: str) -> dict[str, Any]:
    event = {
        "id": f"0193b2c4-8a11-7c3e-9a57-0000000005{code[1:]:0>2}",
        "type": "delivered",
        "occurred_at": f"{day}T18:00:00Z",
        "site": site,
        "farmer": "GE-V01",
        "lot": {
            "lot": f"0193b2c4-8a11-7c3e-9a57-0000000006{code[1:]:0>2}",
            "code": code,
            "product": "anchovy_whole",
            "quantity": {"value": "1000", "unit": "kg"},
        },
        "catch": {"area": "37.4.2", "since": day, "until": day, "gear": "PS"},
    }
    answer: dict[str, Any] = coop.post("/events", event)
    return answer


def test_a_licence_is_registered_prolonged_and_withdrawn(coop: Org, vessel: str) -> None:
    made = coop.post("/licences", licence(vessel))
    assert (made["valid_to"], made["version"]) == ("2025-11-30", 1)
    wrong = coop.post("/licences", licence(vessel, number="GE-2", valid_to="2025-10-01"), 422)
    assert wrong["errors"][0]["pointer"] == "#/valid_to"
    assert coop.post("/licences", licence(vessel), 409)["detail"]
    prolonged = coop.patch(f"/licences/{made['id']}", {"valid_to": "2025-12-31"}, version=1)
    assert (prolonged["valid_to"], prolonged["lowered"]) == ("2025-12-31", [])
    assert [one["number"] for one in coop.get("/licences", valid_on="2025-12-15")["data"]] == ["GE-1"]
    ended = coop.patch(f"/licences/{made['id']}", {"ended_on": "2025-12-10", "reason": "Gear"}, version=2)
    assert ended["ended_on"] == "2025-12-10"
    assert coop.get("/licences", valid_on="2025-12-10")["data"] == []
    assert [one["number"] for one in coop.get("/licences", valid_on="2025-12-09")["data"]] == ["GE-1"]


def test_withdrawing_a_licence_back_to_a_day_lowers_the_landings_since(coop: Org, vessel: str) -> None:
    made = coop.post("/licences", licence(vessel))
    site = coop.post("/sites", {"code": "QUAY", "name": "Quay", "kind": "port", "country": "GE"})["id"]
    landed(coop, site, "L1", "2025-11-10")
    landed(coop, site, "L2", "2025-11-20")
    changed = coop.patch(f"/licences/{made['id']}", {"ended_on": "2025-11-15"}, version=1)
    assert [lot["code"] for lot in changed["lowered"]] == ["L2"]
    again = coop.patch(f"/licences/{made['id']}", {"ended_on": "2025-11-25"}, version=2)
    assert again["lowered"] == []


def test_the_catches_behind_a_lot_name_vessel_licence_area_and_days(coop: Org, vessel: str) -> None:
    coop.post("/licences", licence(vessel))
    site = coop.post("/sites", {"code": "QUAY", "name": "Quay", "kind": "port", "country": "GE"})["id"]
    landed(coop, site, "L1", "2025-11-10")
    found = coop.get("/lots/L1/catches")
    (landing,) = found["landings"]
    assert found["processed_g"] == found["made_g"] == landing["landed_g"] == 1_000_000
    assert (landing["vessel"], landing["port"]) == ("GE-V01", "Quay")
    assert landing["catch"]["area"] == "37.4.2"
    assert (landing["licence"]["number"], landing["licence"]["flag"], landing["licence"]["imo"]) == (
        "GE-1",
        "GE",
        "9123456",
    )
    assert (landing["certificates"], landing["left_g"]) == ([], 0)
