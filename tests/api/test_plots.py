"""Plots over HTTP: judged when they are recorded, taken in from files, given out as GeoJSON, drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

import models
from api.app import create_app
from api.settings import Settings
from api.v1.plots import concerned
from domain.geo import Geometry
from ledger.record import Recorder
from models.base import table
from models.db import Database, system_session
from tests.api.hop import Browser
from tests.api.test_registry import Org, plot_body

WEST, SOUTH = -8_654_321, 7_123_456


def degrees(micro: int) -> str:
    return f"{'-' if micro < 0 else ''}{abs(micro) // 10**6}.{abs(micro) % 10**6:06}"


def box(wide: int = 1_200, high: int = 1_200, x: int = WEST, y: int = SOUTH) -> dict[str, Any]:
    """About 1.76 hectares. Coordinates are text, so that zeros at the end are told."""
    corners = [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high), (x, y)]
    return {"type": "Polygon", "coordinates": [[[degrees(a), degrees(b)] for a, b in corners]]}


def point(longitude: str = "-8.654321", latitude: str = "7.123456") -> dict[str, Any]:
    return {"type": "Point", "coordinates": [longitude, latitude]}


BOW_TIE = {
    "type": "Polygon",
    "coordinates": [[[-8.65, 7.12], [-8.64, 7.13], [-8.64, 7.12], [-8.65, 7.13], [-8.65, 7.12]]],
}


@pytest.fixture
def client(recorder: Recorder, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(recorder.database.url, tmp_path, "http://testserver")
    with Browser(create_app(settings, recorder)) as opened:
        yield opened


@pytest.fixture
def coop(client: TestClient, recorder: Recorder) -> Org:
    return Org(client, recorder, "COOP")


@pytest.fixture
def other(client: TestClient, recorder: Recorder, coop: Org) -> Org:
    return Org(client, recorder, "RIVAL")


def add(org: Org, farmer: str, code: str, geometry: Any, **more: Any) -> Any:
    return org.post("/plots", plot_body(farmer) | {"code": code, "area_m2": 17_600, "geometry": geometry} | more)


def codes(plot: Any) -> list[str]:
    return [one["code"] for one in plot["findings"]]


def rows(database: Database, *columns: str) -> list[tuple[Any, ...]]:
    held = table(models.Plot)
    with system_session(database, write=False) as session:
        return [
            tuple(row) for row in session.execute(sa.select(*(held.c[name] for name in columns)).order_by(held.c.code))
        ]


# --- judged when recorded ---


def test_a_plot_is_measured_and_judged(coop: Org, database: Database) -> None:
    made = add(coop, coop.farmer("LR-1"), "A", box(), area_m2=30_000)
    assert (codes(made), made["measured_m2"]) == (["AREA_MISMATCH"], 17_592)
    (found,) = made["findings"]
    assert found["level"] == "alert"
    assert "30\u202f000 m²" in found["detail"]
    assert coop.get(f"/plots/{made['id']}") == made
    ((kept, judged),) = rows(database, "measured_m2", "judged")
    assert (kept, json.loads(judged)[0]["code"]) == (17_592, "AREA_MISMATCH")


@pytest.mark.parametrize(
    ("geometry", "found"),
    [
        (point(), []),
        (point("7.123456", "-8.654321"), ["OUTSIDE_COUNTRY"]),
        (point("-8.65", "7.12"), ["PRECISION_BELOW_6_DECIMALS"]),
        ({"type": "Point", "coordinates": [-8.65, 7.12]}, ["PRECISION_BELOW_6_DECIMALS"]),
        (point("-8.650000", "7.120000"), []),
    ],
)
def test_C26_over_http(coop: Org, geometry: Any, found: list[str]) -> None:
    assert codes(add(coop, coop.farmer("LR-1"), "A", geometry)) == found


def test_zeros_at_the_end_of_a_json_number_count(coop: Org) -> None:
    """They are read from the text of the request: a float has none."""
    body = json.dumps(plot_body(coop.farmer("LR-1")) | {"geometry": "HERE"})
    text = body.replace('"HERE"', '{"type":"Point","coordinates":[-8.650000,7.120000]}')
    made = coop.ask("POST", "/plots", 201, content=text, headers={"content-type": "application/json"}).json()
    assert made["findings"] == []


def test_a_bow_tie_is_refused_with_its_place(coop: Org, database: Database) -> None:
    farmer = coop.farmer("LR-1")
    body = plot_body(farmer) | {"geometry": BOW_TIE}
    problem = coop.post("/plots", body, 422)
    assert "position 1–2, 3–4: The outline crosses itself" in problem["detail"]
    assert problem["errors"][0]["pointer"] == "#/geometry/coordinates/0"
    assert rows(database, "id") == []
    made = coop.post("/plots", plot_body(farmer))
    coop.patch(f"/plots/{made['id']}", {"geometry": BOW_TIE}, 422, version=1)
    assert coop.get(f"/plots/{made['id']}") == made


def test_the_country_is_named_and_may_be_another(coop: Org) -> None:
    farmer = coop.farmer("LR-1")
    (found,) = add(coop, farmer, "A", point(), country="GH")["findings"]
    assert (found["code"], "outside of Ghana" in found["detail"]) == ("OUTSIDE_COUNTRY", True)
    assert codes(add(coop, farmer, "B", point("-8.554321"), country="XX")) == ["COUNTRY_BOUNDS_UNKNOWN"]


def test_more_than_four_hectares_need_an_outline(coop: Org) -> None:
    farmer = coop.farmer("LR-1")
    made = add(coop, farmer, "A", point(), area_m2=40_000)
    assert codes(made) == []
    changed = coop.patch(f"/plots/{made['id']}", {"area_m2": 40_001}, version=1)
    assert (codes(changed), changed["version"]) == (["PLOT_NEEDS_POLYGON"], 2)
    assert codes(coop.patch(f"/plots/{made['id']}", {"geometry": None}, version=2)) == []


def test_an_overlap_names_the_member_of_ones_own(coop: Org) -> None:
    add(coop, coop.farmer("LR-1"), "A", box())
    (found,) = add(coop, coop.farmer("LR-2"), "B", box(x=WEST + 780))["findings"]
    assert (found["code"], found["params"]["other"], found["params"]["farmer"]) == ("OVERLAP", "A", "LR-1")
    assert found["params"]["share_bp"] == 3_500


def test_an_overlap_with_another_organisation_does_not_say_whose(coop: Org, other: Org) -> None:
    add(coop, coop.farmer("SECRET-1"), "SECRET-A", box(), variety="SECRET")
    made = add(other, other.farmer("R-1"), "A", box(x=WEST + 780))
    (found,) = made["findings"]
    assert found["code"] == "OVERLAP"
    assert found["params"] == {"plot": "A", "other": "-", "farmer": "-", "share_bp": 4_000}  # in rough steps
    assert "SECRET" not in json.dumps(made)
    assert "COOP" not in json.dumps(made)
    svg = other.ask("GET", f"/plots/{made['id']}/map.svg").text
    assert "SECRET" not in svg
    assert "No other plot of yours" in svg


def test_a_plot_that_ended_is_no_neighbour(coop: Org, other: Org) -> None:
    farmer = coop.farmer("LR-1")
    first = add(coop, farmer, "A", box())
    coop.patch(f"/plots/{first['id']}", {"ended": True}, version=1)
    assert codes(add(other, other.farmer("R-1"), "A", box())) == []
    assert codes(add(coop, farmer, "B", box())) == ["OVERLAP"]
    own = add(coop, farmer, "C", box(x=WEST + 9_000))
    coop.patch(f"/plots/{own['id']}", {"ended": True}, version=1)
    assert codes(add(coop, farmer, "D", box(x=WEST + 9_000))) == []


def test_a_geometry_sent_again_is_judged_anew_and_keeps_its_decimals(coop: Org) -> None:
    farmer = coop.farmer("LR-1")
    first = add(coop, farmer, "A", box())
    second = add(coop, farmer, "B", box())
    assert codes(second) == ["OVERLAP"]
    coop.patch(f"/plots/{first['id']}", {"geometry": box(y=SOUTH + 50_000)}, version=1)
    again = coop.patch(f"/plots/{second['id']}", {"geometry": second["geometry"]}, version=1)
    assert (codes(again), again["version"]) == ([], 2)
    round_ = add(coop, farmer, "R", point("-8.500000", "7.200000"))
    assert round_["geometry"]["coordinates"] == [-8.5, 7.2]  # an answer has no zeros at the end
    assert codes(coop.patch(f"/plots/{round_['id']}", {"geometry": round_["geometry"]}, version=1)) == []
    coarse = add(coop, farmer, "C", point("-8.55", "7.12"))
    changed = coop.patch(f"/plots/{coarse['id']}", {"area_m2": 9}, version=1)
    assert codes(changed) == ["PRECISION_BELOW_6_DECIMALS"]
    exact = coop.patch(f"/plots/{coarse['id']}", {"geometry": point("-8.551111", "7.121111")}, version=2)
    assert codes(exact) == []


def test_what_else_is_known_of_a_plot_is_kept(coop: Org) -> None:
    known = {
        "country": "LR",
        "zone": "KASSERINE",
        "variety": "Amelonado",
        "planted_year": 2009,
        "last_treated_on": "2019-05-01",
        "cleared_on": "2018-01-01",
        "screened_on": "2026-01-31",
        "screened_by": "satellite service",
    }
    farmer = coop.farmer("LR-1")
    made = add(coop, farmer, "A", None, **known)
    assert known.items() <= made.items()
    changed = coop.patch(f"/plots/{made['id']}", dict.fromkeys(known), version=1)
    assert all(changed[name] is None for name in known)
    assert coop.patch(f"/plots/{made['id']}", known, version=2)["variety"] == "Amelonado"
    for name, value in (("country", "Liberia"), ("planted_year", 1), ("cleared_on", 20180101), ("screened_by", "")):
        (error,) = coop.patch(f"/plots/{made['id']}", {name: value}, 422, version=3)["errors"]
        assert error["pointer"] == f"#/{name}"


def test_parts_of_a_plot_are_one_plot(coop: Org) -> None:
    parts = {
        "type": "MultiPolygon",
        "coordinates": [box()["coordinates"], box(x=WEST + 5_000)["coordinates"]],
    }
    made = add(coop, coop.farmer("LR-1"), "A", parts, area_m2=35_000)
    assert (made["geometry"]["type"], made["measured_m2"], codes(made)) == ("MultiPolygon", 35_184, [])
    assert coop.get(f"/farmers/{made['farmer_id']}")["plots"] == [made]


@pytest.mark.parametrize("depth", [900, 20_000])
def test_deep_nesting_is_refused(coop: Org, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    body = json.dumps(plot_body(coop.farmer("LR-1")) | {"geometry": "HERE"})
    text = body.replace('"HERE"', f'{{"type":"Polygon","coordinates":{deep}}}')
    answer = coop.client.post("/v1/plots", content=text, headers=coop.headers | {"content-type": "application/json"})
    assert answer.status_code in (400, 422)


# --- files ---


def feature(plot: str, geometry: Any, **properties: Any) -> dict[str, Any]:
    written = json.loads(json.dumps(geometry))
    numbers = _numbers(written["coordinates"])
    return {
        "type": "Feature",
        "properties": {"plot": plot, **properties},
        "geometry": written | {"coordinates": numbers},
    }


def _numbers(value: Any) -> Any:
    return [_numbers(one) for one in value] if isinstance(value, list) else float(value)


def collection(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def send(org: Org, data: bytes, status: int = 200, name: str = "plots.geojson", **form: Any) -> Any:
    return org.ask("POST", "/plots/file", status, files={"file": (name, data)}, data=form).json()


def test_a_file_is_tried_then_taken(coop: Org, database: Database) -> None:
    farmer = coop.farmer("LR-1")
    coop.farmer("LR-2")
    known = add(coop, farmer, "LR-1-A", point(), area_m2=17_600)
    data = collection(
        feature("LR-1-A", box(), farmer="LR-1", area_ha=1.76),
        feature("lr-2-b", box(x=WEST + 780), farmer="lr-2"),
        feature("LR-2-C", box(x=WEST + 9_000), farmer="LR-2", area_ha="5.2", crop="coffee"),
    )
    before = rows(database, "id", "version", "geometry", "judged", "area_m2")
    tried = send(coop, data, dry_run="true", crop="cocoa")
    assert rows(database, "id", "version", "geometry", "judged", "area_m2") == before
    assert (tried["written"], tried["added"], tried["changed"], tried["refused"]) == (False, 2, 1, 0)

    done = send(coop, data, crop="cocoa")
    assert done["features"] == tried["features"]
    assert (done["written"], done["added"], done["changed"]) == (True, 2, 1)
    assert [(one["feature"], one["plot"], one["status"]) for one in done["features"]] == [
        (1, "LR-1-A", "changed"),
        (2, "LR-2-B", "added"),
        (3, "LR-2-C", "added"),
    ]
    found = [codes(one) for one in done["features"]]
    assert found == [["OVERLAP"], ["OVERLAP"], ["AREA_MISMATCH"]]  # of the file with each other, too
    assert done["features"][1]["findings"][0]["params"]["farmer"] == "LR-1"
    kept = {one["code"]: one for one in coop.get("/plots")["data"]}
    assert (kept["LR-1-A"]["version"], kept["LR-1-A"]["id"]) == (2, known["id"])
    assert (kept["LR-2-B"]["crop"], kept["LR-2-B"]["area_m2"]) == ("cocoa", 17_592)  # by the outline
    assert (kept["LR-2-C"]["crop"], kept["LR-2-C"]["area_m2"]) == ("coffee", 52_000)

    again = send(coop, data, crop="cocoa")
    assert (again["unchanged"], again["changed"], again["added"]) == (3, 0, 0)
    assert [one["version"] for one in coop.get("/plots")["data"]] == [2, 1, 1]


REFUSED = [
    (feature("", box(), farmer="LR-1"), "plot_missing"),
    (feature("no code!", box(), farmer="LR-1"), "plot_malformed"),
    (feature("N", box()), "farmer_missing"),
    (feature("N", box(), farmer="LR-9"), "farmer_unknown"),
    (feature("LR-1-A", box(), farmer="LR-2"), "farmer_differs"),
    (feature("N", box(), farmer="LR-1", crop=""), "crop_missing"),
    (feature("N", point(), farmer="LR-1", crop="cocoa"), "area_missing"),
    (feature("N", box(), farmer="LR-1", crop="cocoa", area_ha="much"), "area_malformed"),
    (feature("N", box(), farmer="LR-1", crop="cocoa", area_ha="-1"), "area_malformed"),
    (feature("N", box(), farmer="LR-1", crop="cocoa", area_ha="1e99"), "area_malformed"),
    (feature("N", box(), farmer="LR-1", crop="cocoa", area_ha="NaN"), "area_malformed"),
    (feature("N", BOW_TIE, farmer="LR-1", crop="cocoa"), "INVALID_GEOMETRY"),
    (feature("N", point("-8.6", "97.1"), farmer="LR-1", crop="cocoa"), "INVALID_GEOMETRY"),
    (feature("GOOD", box(), farmer="LR-1", crop="cocoa"), "plot_twice"),
]


def test_one_feature_that_cannot_be_taken_stops_the_file(coop: Org, database: Database) -> None:
    farmer = coop.farmer("LR-1")
    coop.farmer("LR-2")
    add(coop, farmer, "LR-1-A", point())
    good = feature("GOOD", box(), farmer="LR-1", crop="cocoa")
    before = rows(database, "id", "geometry", "version")
    for bad, code in REFUSED:
        problem = send(coop, collection(good, bad), 422)
        (error,) = problem["errors"]
        assert (error["feature"], error["code"]) == (2, code), problem
        assert problem["detail"] == "1 of 2 features cannot be taken; nothing was written."
        tried = send(coop, collection(good, bad), dry_run="true")
        assert [one["status"] for one in tried["features"]] == ["added", "refused"]
        assert tried["features"][1]["detail"] == error["detail"]
    assert rows(database, "id", "geometry", "version") == before
    french = coop.ask(
        "POST", "/plots/file", 422, files={"file": ("f", collection(REFUSED[2][0]))}, headers={"accept-language": "fr"}
    )
    assert "parcelle" in french.json()["errors"][0]["detail"]


def test_what_is_worth_a_question_does_not_stop_a_file(coop: Org) -> None:
    coop.farmer("LR-1")
    data = collection(feature("N", point("7.123456", "-8.654321"), farmer="LR-1", crop="cocoa", area_ha=5))
    (one,) = send(coop, data)["features"]
    assert (one["status"], codes(one)) == ("added", ["OUTSIDE_COUNTRY", "PLOT_NEEDS_POLYGON"])


def test_properties_may_have_any_names_and_areas_square_metres(coop: Org) -> None:
    coop.farmer("LR-1")
    one = feature("X", box(), **{"Code parcelle": "LR-1-A", "Producteur": "LR-1", "m²": "17600.4"})
    names = {"plot_property": "Code parcelle", "farmer_property": "Producteur", "area_property": "m²"}
    done = send(coop, collection(one), crop="cocoa", area_unit="m2", **names)
    assert done["features"][0]["plot"] == "LR-1-A"
    assert coop.get("/plots")["data"][0]["area_m2"] == 17_600


def test_a_kml_file_is_taken(coop: Org) -> None:
    coop.farmer("LR-1")
    places = " ".join(f"{x},{y},200" for x, y in box()["coordinates"][0])
    kml = f"""<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><ExtendedData>
        <Data name="plot"><value>LR-1-A</value></Data><Data name="farmer"><value>LR-1</value></Data></ExtendedData>
        <Polygon><outerBoundaryIs><LinearRing><coordinates>{places}</coordinates></LinearRing></outerBoundaryIs>
        </Polygon></Placemark></kml>"""
    (one,) = send(coop, kml.encode(), name="plots.kml", crop="cocoa")["features"]
    assert (one["status"], one["measured_m2"], one["findings"]) == ("added", 17_592, [])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04", "compressed"),
        (b"plot,lat,lon", "not JSON"),
        (b"[" * 300_000, "nested too deeply"),
        (b"<!DOCTYPE k [<!ENTITY a 'b'>]><kml>&a;</kml>", "entities"),
        (b" " * (10 << 20) + b"{}", "10.0 MiB"),
        (b'{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null}]}', "no geometry"),
    ],
)
def test_a_file_that_is_no_map_is_told(coop: Org, data: bytes, said: str) -> None:
    problem = send(coop, data, 422)
    assert said in problem["errors"][0]["detail"]
    assert problem["advice"]


def test_hostile_names_come_back_as_text(coop: Org) -> None:
    data = b'{"type":"Feature","properties":{"plot":"\\ud800<script>","farmer":"\\u202e"},"geometry":{"type":"Point","coordinates":[1,2]}}'
    (error,) = send(coop, data, 422)["errors"]
    assert error["code"] == "plot_malformed"


def test_a_request_beyond_its_size_is_refused(coop: Org) -> None:
    answer = coop.client.post("/v1/plots/file", files={"file": ("f", b" " * (12 << 20))}, headers=coop.headers)
    assert answer.status_code == 413
    assert coop.client.post("/v1/plots", content=b" " * (2 << 20), headers=coop.headers).status_code == 413


def test_without_a_file_or_with_the_wrong_words_it_is_malformed(coop: Org) -> None:
    coop.ask("POST", "/plots/file", 422, json={})
    coop.ask("POST", "/plots/file", 422, files={"file": ("f", b"{}")}, data={"area_unit": "acre"})


def test_a_file_knows_ones_own_farmers_only(coop: Org, other: Org) -> None:
    coop.farmer("LR-1")
    add(coop, coop.get("/farmers")["data"][0]["id"], "LR-1-A", box())
    data = collection(feature("LR-1-A", box(), farmer="LR-1", crop="cocoa"))
    (error,) = send(other, data, 422)["errors"]
    assert error["code"] == "farmer_unknown"
    other.farmer("LR-1")
    (one,) = send(other, data)["features"]
    assert (one["status"], one["findings"][0]["params"]["other"]) == ("added", "-")
    assert coop.get("/plots")["data"][0]["version"] == 1


def test_many_plots_are_taken_in_seconds(coop: Org, database: Database) -> None:
    import time

    for n in range(20):
        coop.farmer(f"LR-{n}")
    some = [
        feature(f"LR-{n % 20}-{n}", box(x=WEST + 2_000 * (n % 40), y=SOUTH - 2_000 * (n // 40)), farmer=f"LR-{n % 20}")
        for n in range(1_000)
    ]
    start = time.perf_counter()
    assert send(coop, collection(*some), crop="cocoa")["added"] == 1_000
    assert send(coop, collection(*some), crop="cocoa")["unchanged"] == 1_000
    assert time.perf_counter() - start < 20
    assert len(rows(database, "id")) == 1_000


# --- claims ---

KEPT = {
    "conversion_start": "2019-01-01",
    "crop": "cocoa",
    "cleared_on": None,
    "zone": "Z",
    "area_m2": 10,
    "judged": "[]",
}
OUTLINE = Geometry.stored('{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,0]]]}').store()
POINT = '{"type":"Point","coordinates":[0,0]}'
COARSE = '[{"code":"PRECISION_BELOW_6_DECIMALS"}]'


@pytest.mark.parametrize(
    ("was", "now", "since"),
    [
        ({}, {}, None),
        ({}, {"area_m2": 9, "geometry": OUTLINE}, None),
        ({}, {"conversion_start": "2018-01-01"}, None),
        ({}, {"conversion_start": "2019-01-02"}, "2019-01-01"),
        ({}, {"conversion_start": None}, "2019-01-01"),
        ({}, {"crop": "coffee"}, "2019-01-01"),
        ({"conversion_start": None}, {"conversion_start": "2020-01-01", "crop": "coffee"}, None),
        ({}, {"cleared_on": "2021-06-01"}, "1970-01-01"),
        ({"cleared_on": "2021-06-01"}, {"cleared_on": None}, None),
        ({}, {"zone": None}, "1970-01-01"),
        ({}, {"area_m2": 11}, "1970-01-01"),
        ({"geometry": OUTLINE}, {"geometry": POINT}, "1970-01-01"),
        ({"geometry": POINT}, {"geometry": OUTLINE}, None),
        ({"geometry": POINT}, {"geometry": None}, "1970-01-01"),
        ({"geometry": POINT}, {"geometry": POINT, "judged": COARSE}, "1970-01-01"),
        ({"geometry": POINT, "judged": COARSE}, {"geometry": POINT}, None),
    ],
)
def test_deliveries_are_judged_again_where_a_claim_may_fall(
    was: dict[str, Any], now: dict[str, Any], since: str | None
) -> None:
    before = {"geometry": None, **KEPT} | was
    row = models.Plot(org_id=1, id="p", farmer_id="f", code="P", **(before | {"judged": "[]"} | now))
    found = concerned(before, row)
    assert (found and found.isoformat()) == since


# --- GeoJSON out ---


def test_plots_leave_as_due_diligence_reads_them_and_come_back(coop: Org, other: Org) -> None:
    farmer = coop.farmer("LR-1", full_name="Secret Person")
    add(coop, farmer, "A", box(), area_m2=17_600)
    add(coop, farmer, "B", point("-8.550000", "7.120001"), country="GH", crop="coffee")
    add(coop, farmer, "C", None)
    ended = add(coop, farmer, "D", point("-8.450001"))
    coop.patch(f"/plots/{ended['id']}", {"ended": True}, version=1)
    answer = coop.ask("GET", "/plots.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    assert "Secret" not in answer.text
    first, second = answer.json()["features"]
    assert first["properties"] == {
        "ProducerName": "LR-1",
        "ProducerCountry": "LR",
        "ProductionPlace": "A",
        "Area": 1.76,
    }
    assert second["properties"]["ProducerCountry"] == "GH"
    assert '"coordinates":[-8.550000,7.120001]' in answer.text
    assert '"Area": 1.7600' in answer.text
    done = send(coop, answer.content)
    assert (done["unchanged"], done["changed"], done["added"]) == (2, 0, 0)
    assert [one["properties"]["ProductionPlace"] for one in coop.get("/plots.geojson", crop="coffee")["features"]] == [
        "B"
    ]
    assert coop.get("/plots.geojson", farmer=farmer, limit=1)["features"] == [first]
    assert other.get("/plots.geojson")["features"] == []


def test_geojson_comes_in_pages(coop: Org) -> None:
    farmer = coop.farmer("LR-1")
    for n in range(3):
        add(coop, farmer, f"P{n}", point(f"-8.65432{n}"))
    answer, seen = coop.ask("GET", "/plots.geojson", params={"limit": 2}), []
    while True:
        seen += [one["properties"]["ProductionPlace"] for one in answer.json()["features"]]
        if "link" not in answer.headers:
            break
        address = answer.headers["link"].split(">")[0].removeprefix("</v1")
        answer = coop.ask("GET", address)
    assert seen == ["P0", "P1", "P2"]
    coop.get("/plots.geojson", 422, limit=9_999)


# --- drawings ---


def test_a_plot_is_drawn_with_what_lies_on_it(coop: Org, other: Org) -> None:
    farmer = coop.farmer("LR-1")
    first = add(coop, farmer, "LR-1-A", box())
    add(coop, farmer, "LR-1-B", point("-8.641111", "7.123456"))
    add(coop, coop.farmer("LR-2"), "LR-2-A", box(x=WEST + 780))
    answer = coop.ask("GET", f"/plots/{first['id']}/map.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert ET.fromstring(answer.content)[0].text == "Plot LR-1-A"
    assert "LR-2-A (LR-2): 35" in answer.text
    assert "LR-1-B" not in answer.text
    drawn = coop.ask("GET", f"/farmers/{farmer}/map.svg", params={"lang": "fr"}).text
    assert ET.fromstring(drawn)[0].text == "Parcelles de LR-1"
    for code in ("LR-1-A", "LR-1-B", "LR-2-A"):
        assert code in drawn
    other.ask("GET", f"/plots/{first['id']}/map.svg", 404)
    other.ask("GET", f"/farmers/{farmer}/map.svg", 404)


def test_two_plots_of_a_farmer_that_lie_on_each_other_are_told_once(coop: Org) -> None:
    farmer = coop.farmer("LR-1")
    add(coop, farmer, "LR-1-A", box())
    add(coop, farmer, "LR-1-B", box(x=WEST + 780))
    drawn = coop.ask("GET", f"/farmers/{farmer}/map.svg").text
    assert drawn.count("of the smaller plot</text>") == 1


def test_what_has_no_position_is_not_drawn(coop: Org) -> None:
    farmer = coop.farmer("LR-1")
    made = add(coop, farmer, "A", None)
    for path in (f"/plots/{made['id']}/map.svg", f"/farmers/{farmer}/map.svg"):
        problem = coop.get(path, 404)
        assert "no position" in problem["detail"]
