"""Readings over HTTP: by row, once, shown as a curve with alarms; control charts of what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from starlette.testclient import TestClient

from domain import events as told
from tests.api.conftest import House
from tests.builders import Cluster, at, kg, uid
from tests.ledger.season import Chain

LOAD = f"/v1/loads/{uid('RUN')}"


@dataclass
class Fermentary:
    chain: Chain
    operator: TestClient
    owner: TestClient
    stranger: TestClient


@pytest.fixture
def fermentary(house: House) -> Fermentary:
    """COOP's box holds 600 kg of COOP and 300 kg of GUEST since 10 January, 08:00."""
    found = {code: house.found(code) for code in ("COOP", "GUEST", "RIVAL")}
    chain = Chain.__new__(Chain)
    chain.recorder = house.recorder
    cluster = chain.cluster = Cluster(house.recorder, orgs={code: org for code, (org, _) in found.items()})
    cluster.site("FERM", "COOP", shared=("GUEST",))
    cluster.vessel("BOX", "FERM", "COOP")
    house.clock.now = round(at("2025-02-05T08:00:00Z").timestamp() * 1000)
    chain.ok(chain.deliver("D1", 600, when="2025-01-10T06:00:00Z"))
    chain.ok(chain.deliver("G1", 300, farmer="GUESTS", when="2025-01-10T06:00:00Z"), "GUEST")
    contents = tuple(told.Drawn(lot=uid(lot), quantity=kg(weight)) for lot, weight in (("D1", 600), ("G1", 300)))
    box = {"vessel": uid("BOX"), "load": uid("RUN"), "contents": contents}
    chain.ok(told.Loaded(id=uid("in"), occurred_at=at("2025-01-10T08:00:00Z"), **box))
    return Fermentary(chain, *(house.client(*one) for one in found.values()))


def reading(day: int, hour: int, value: Any, test: str = "mass_temperature", **more: Any) -> dict[str, Any]:
    return {"at": f"2025-01-{day:02}T{hour:02}:00:00Z", "test": test, "value": value} | more


def test_readings_are_taken_once_and_errors_are_told_by_row(fermentary: Fermentary) -> None:
    rows = [
        reading(10, 9, 28.5),
        reading(12, 10, "53.0"),
        reading(9, 9, "20"),
        reading(10, 10, "warm"),
        reading(10, 10, "30", test="mood"),
        reading(28, 10, "30") | {"at": "2026-01-01T00:00:00Z"},
        reading(10, 9, "28.50"),  # the same again, within one request
        reading(10, 9, "29"),
    ]
    answer = fermentary.operator.post(f"{LOAD}/readings", json={"device": "T-17", "readings": rows})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["added"], found["known"]) == (2, 1)
    assert [(one["row"], one["code"]) for one in found["errors"]] == [
        (3, "EVENT_BEFORE_LOT_EXISTS"), (4, "value"), (5, "TEST_UNKNOWN"), (6, "EVENT_IN_FUTURE"),
        (8, "READING_DIFFERS"),
    ]  # fmt: skip
    again = fermentary.operator.post(f"{LOAD}/readings", json={"device": "T-17", "readings": rows}).json()
    assert (again["added"], again["known"]) == (0, 3)
    french = fermentary.operator.post(
        f"{LOAD}/readings", json={"readings": rows[4:5]}, headers={"accept-language": "fr"}
    ).json()
    assert "mood" in french["errors"][0]["detail"]
    assert french["errors"][0]["detail"] != found["errors"][2]["detail"]
    for body in ({"device": "T"}, {"readings": rows, "sensorElementList": [{}]}):
        assert fermentary.operator.post(f"{LOAD}/readings", json=body).status_code == 422


def test_all_ways_in_lead_to_one_curve(fermentary: Fermentary) -> None:
    """A sensor as JSON, one as CSV by the owner of a part, one as EPCIS, and a thermometer told as an event."""
    operator, chain = fermentary.operator, fermentary.chain
    assert operator.get(f"{LOAD}/readings").json()["series"] == []
    assert b"Nothing was read" in operator.get(f"{LOAD}/curve.svg").content
    heap = [reading(10 + hour // 24, hour % 24, str(30 + hour / 4)) for hour in range(8, 104, 4)]
    assert operator.post(f"{LOAD}/readings", json={"device": "T-17", "readings": heap}).json()["added"] == 24
    lines = "at;test;value\n2025-01-12T09:00:00Z;mass_temperature;38.5\n2025-01-12T10:00:00Z;ph;4.1\n"
    taken = fermentary.owner.post(f"{LOAD}/readings.csv?device=G-1", content=lines).json()
    assert taken == {"added": 2, "known": 0, "errors": []}
    assert fermentary.owner.post(f"{LOAD}/readings.csv", content="a;b\n").status_code == 422
    element = {
        "sensorMetadata": {"time": "2025-01-12T11:00:00Z", "deviceID": "E-1"},
        "sensorReport": [{"type": "Temperature", "value": 118.4, "uom": "FAH"}],
    }
    body = {"sensorElementList": [element], "tests": {"Temperature": "mass_temperature"}}
    assert operator.post(f"{LOAD}/readings", json=body).json()["added"] == 1
    by_hand = (told.Measurement(test="mass_temperature", value="47"),)
    chain.ok(told.Read(id=uid("r"), occurred_at=at("2025-01-12T08:00:00Z"), load=uid("RUN"), measurements=by_hand))
    chain.ok(told.Turned(id=uid("t"), occurred_at=at("2025-01-12T09:30:00Z"), load=uid("RUN")))

    found = fermentary.owner.get(f"{LOAD}/readings").json()
    assert (found["test"], found["tests"]) == ("mass_temperature", ["mass_temperature", "ph"])
    assert {one["device"]: len(one["points"]) for one in found["series"]} == {
        "E-1": 1, "G-1": 1, "T-17": 24, "by hand": 1,
    }  # fmt: skip
    assert (found["min"], found["max"], found["min_from_hours"]) == ("40", "52", 48)
    assert [(one["device"], one["side"], one["since"], one["until"]) for one in found["alarms"]] == [
        ("G-1", "low", "2025-01-12T09:00:00Z", None),
        ("T-17", "high", "2025-01-13T20:00:00Z", None),
    ]
    assert found["turned"] == ["2025-01-12T09:30:00Z"]
    assert operator.get(f"{LOAD}/readings", params={"test": "ph"}).json()["series"][0]["points"][0]["value"] == "4.1"
    assert operator.get(f"{LOAD}/readings", params={"test": "mood"}).status_code == 422

    for lang, said in (("en", "Above since"), ("fr", "Au-dessus depuis")):
        picture = operator.get(f"{LOAD}/curve.svg", params={"lang": lang})
        assert picture.headers["content-type"] == "image/svg+xml"
        root = ET.fromstring(picture.content)
        texts = " ".join(root.itertext())
        assert said in texts
        assert "BOX · FERM · 900 kg" in texts
        assert ("turned" if lang == "en" else "brassé") in texts


def test_strangers_and_loads_that_ended_take_no_readings(fermentary: Fermentary) -> None:
    rows = {"readings": [reading(20, 9, 48)]}
    for answer in (
        fermentary.stranger.post(f"{LOAD}/readings", json=rows),
        fermentary.stranger.post(f"{LOAD}/readings.csv", content="at;test;value\n"),
        fermentary.stranger.get(f"{LOAD}/readings"),
        fermentary.stranger.get(f"{LOAD}/curve.svg"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "LOAD_UNKNOWN")
    chain = fermentary.chain
    chain.ok(told.Unloaded(id=uid("out"), occurred_at=at("2025-01-16T08:00:00Z"), load=uid("RUN")))
    (wrong,) = fermentary.operator.post(f"{LOAD}/readings", json=rows).json()["errors"]
    assert wrong["code"] == "LOAD_ENDED"


def test_too_many_rows_are_refused(fermentary: Fermentary) -> None:
    rows = {"readings": [reading(10, 9, 1)] * 5_001}
    assert fermentary.operator.post(f"{LOAD}/readings", json=rows).status_code == 422
    lines = "at,test,value\n" + "2025-01-12T09:00:00Z,ph,4\n" * 5_001
    answer = fermentary.operator.post(f"{LOAD}/readings.csv", content=lines)
    assert answer.json()["code"] == "READINGS_TOO_MANY"


def test_a_control_chart_follows_what_was_measured(fermentary: Fermentary) -> None:
    chain = fermentary.chain
    moistures = [*["7.0", "7.1"] * 6, "7.9"]
    for number, moisture in enumerate(moistures):
        chain.ok(chain.deliver(f"W{number}", 100, when="2025-01-11T06:00:00Z"))
        chain.ok(chain.dry(f"B{number}", 40, {f"W{number}": 100}, when="2025-01-17T09:00:00Z"))
        chain.ok(
            chain.inspect(
                f"B{number}", when=f"2025-01-{18 + number // 2}T{8 + number % 2:02}:00:00Z", moisture=moisture
            )
        )
    wanted = {"product": "cocoa_dry_beans", "test": "moisture"}
    found = fermentary.operator.get("/v1/control-chart", params=wanted).json()
    assert (found["mean"], found["max"], found["unit"], len(found["values"])) == ("7.115", "8.0", "%", 13)
    assert found["values"][-1]["rules"] == ["beyond_limits"]
    assert (found["values"][-1]["lot_code"], found["values"][0]["rules"]) == ("B12", [])
    few = fermentary.operator.get("/v1/control-chart", params=wanted | {"to_day": "2025-01-19"}).json()
    assert (len(few["values"]), few["upper"]) == (4, None)
    picture = fermentary.operator.get("/v1/control-chart.svg", params=wanted | {"lang": "fr"})
    said = " ".join(ET.fromstring(picture.content).itertext())
    assert "au-delà des limites de contrôle" in said
    assert "limite 8,0" in said
    assert fermentary.stranger.get("/v1/control-chart", params=wanted).json()["values"] == []
    assert fermentary.operator.get("/v1/control-chart", params=wanted | {"test": "mood"}).status_code == 422
    assert fermentary.operator.get("/v1/control-chart", params=wanted | {"product": "gold"}).status_code == 422


def test_the_shares_of_a_load_are_shown_to_whom_they_concern(fermentary: Fermentary) -> None:
    path = f"{LOAD}/shares"
    found = fermentary.operator.get(path, params={"grams": 360_001}).json()
    assert [(one["organisation"], one["share_g"]) for one in found] == [("COOP", 240_001), ("GUEST", 120_000)]
    agreed = {"grams": 100, "key": ["COOP:1", "GUEST:3"]}
    assert [one["share_g"] for one in fermentary.owner.get(path, params=agreed).json()] == [75]
    assert fermentary.stranger.get(path, params={"grams": 1}).status_code == 404
    assert fermentary.operator.get(path, params=agreed | {"key": ["COOP:1"]}).json()["code"] == "KEY_OF_OTHERS"
    assert fermentary.operator.get(path, params=agreed | {"key": ["COOP=1"]}).status_code == 422
