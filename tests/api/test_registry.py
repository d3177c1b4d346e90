"""The registry over HTTP: what is registered, listed, changed and erased, and what a late change lowers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

import models
from api.app import create_app
from api.settings import Settings
from ledger import access
from ledger.profiles import profiles
from ledger.record import Recorder
from models.db import Database, system_session
from tests.api.hop import Browser
from tests.builders import uid

RIGHTS = frozenset({"registry:read", "registry:write", "lots:read", "events:write"})
KIND = "Send a GeoJSON geometry of type Point, Polygon or MultiPolygon."
LATITUDE = "Latitude lies between -90 and 90 degrees, and comes second, after longitude."
LONGITUDE = "Longitude lies between -180 and 180 degrees, and comes first."
NUMBERS = "Longitude and latitude are numbers in decimal degrees."
TWO = "A position is two numbers: longitude, then latitude, for example [-9.471234, 6.998765]."
OPEN = "The ring is not closed: repeat its first position at the end."
FOUR = "A ring has at least four positions: three corners, and the first once more."
THREE = "A ring has at least three different corners."
MANY = "There are more positions than a plot may have: record fewer, or simplify the outline."
SQUARE = [[-9.471234, 6.998765], [-9.470111, 6.998765], [-9.470111, 6.999901], [-9.471234, 6.998765]]


class Org:
    """An organisation that calls the service with a key of its own."""

    def __init__(self, client: TestClient, recorder: Recorder, code: str) -> None:
        self.client, self.code = client, code
        self.id, user = access.found(
            recorder,
            code,
            f"Org {code}",
            "farmer_group",
            "LR",
            None,
            None,
            "ada",
            "Ada",
            "seven wet boots by the door",
        )
        _, key = access.add_key(recorder, self.id, RIGHTS, name="test", scopes=RIGHTS, days=30, made_by=user)
        self.headers = {"authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        more["headers"] = self.headers | more.get("headers", {})
        answer = self.client.request(method, f"/v1{path}", **more)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer

    def get(self, path: str, status: int = 200, /, **query: Any) -> Any:
        return self.ask("GET", path, status, params=query).json()

    def post(self, path: str, body: Any, status: int = 201, **headers: str) -> Any:
        return self.ask("POST", path, status, json=body, headers=headers).json()

    def patch(self, path: str, body: Any, status: int = 200, *, version: Any = None) -> Any:
        return self._from_version("PATCH", path, body, status, version)

    def put(self, path: str, body: Any, status: int = 200, *, version: Any = None) -> Any:
        return self._from_version("PUT", path, body, status, version)

    def _from_version(self, method: str, path: str, body: Any, status: int, version: Any) -> Any:
        headers = {} if version is None else {"if-match": f'"{version}"'}
        return self.ask(method, path, status, json=body, headers=headers).json()

    def farmer(self, code: str, **person: Any) -> str:
        body = {"id": uid(code), "code": code, **({"person": person} if person else {})}
        return str(self.post("/farmers", body)["id"])


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
    return Org(client, recorder, "OTHER")


# --- records ---


def test_a_farmer_is_registered_shown_changed_and_ended(coop: Org) -> None:
    body = {"code": "LR-1", "person": {"full_name": "  Anna  Kollie ", "sex": "F", "village": "Zo\u0301a"}}
    answer = coop.ask("POST", "/farmers", 201, json=body)
    made = answer.json()
    assert answer.headers["location"] == f"/v1/farmers/{made['id']}"
    assert answer.headers["etag"] == '"1"'
    assert made["person"] == {
        "full_name": "Anna  Kollie",
        "sex": "F",
        "birth_year": None,
        "phone": None,
        "village": "Z\u00f3a",
        "identity_no": None,
    }
    assert made["id"][14] == "7"

    change = {"person": {"phone": "+231 770 000 000", "sex": None}, "ended": True}
    changed = coop.patch(f"/farmers/{made['id']}", change, version=1)
    assert (changed["version"], changed["ended_at"]) == (2, "2030-03-17T17:46:40Z")
    assert changed["person"]["phone"] == "+231 770 000 000"
    assert changed["person"]["sex"] is None
    assert changed["person"]["full_name"] == "Anna  Kollie"
    assert coop.patch(f"/farmers/{made['id']}", {"ended": True}, version=2)["version"] == 2

    detail = coop.get(f"/farmers/{made['id']}")
    assert detail["memberships"] == detail["plots"] == detail["inspections"] == detail["estimates"] == []


def test_the_same_id_with_the_same_content_is_the_same_record(coop: Org) -> None:
    body = {"id": uid("F"), "code": "LR-1", "person": {"full_name": "Anna"}}
    first = coop.post("/farmers", body)
    assert coop.post("/farmers", body, 200) == first
    problem = coop.post("/farmers", body | {"code": "LR-2"}, 409)
    assert (problem["code"], problem["errors"][0]["pointer"]) == ("id-reused", "#/code")
    assert coop.post("/farmers", body | {"person": {"full_name": "Eve"}}, 409)["code"] == "id-reused"


def test_a_code_is_there_once(coop: Org, other: Org) -> None:
    coop.farmer("LR-1")
    problem = coop.post("/farmers", {"code": "LR-1"}, 409)
    assert (problem["code"], problem["errors"][0]["pointer"]) == ("taken", "#/code")
    other.post("/farmers", {"code": "LR-1"})  # another organisation's own


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"code": "lr-1"}, "#/code"),
        ({"code": "LR-1", "name": "x"}, "#/name"),
        ({"code": "LR-1", "person": {"full_name": "   "}}, "#/person/full_name"),
        ({"code": "LR-1", "person": {"full_name": "An\u202ena"}}, "#/person/full_name"),
        ({"code": "LR-1", "person": {"sex": "X"}}, "#/person/sex"),
        ({"code": "LR-1", "person": {"birth_year": "1980"}}, "#/person/birth_year"),
        ({"code": "LR-1", "person": {"phone": "call me"}}, "#/person/phone"),
        ({"code": "LR-1", "id": "7"}, "#/id"),
    ],
)
def test_what_cannot_be_read_is_named(coop: Org, body: Any, pointer: str) -> None:
    problem = coop.post("/farmers", body, 422)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_a_batch_answers_each_farmer(coop: Org) -> None:
    coop.farmer("LR-1")
    sent = [
        {"code": "LR-2", "person": {"full_name": "Ben"}},
        {"code": "LR-1"},
        {"id": uid("LR-1"), "code": "LR-1"},
        {"code": "LR-2"},
        {"code": "bad", "person": {"sex": "Q"}},
        "what",
        {"id": uid("LR-3"), "code": "LR-3"},
        {"id": uid("LR-3"), "code": "LR-3"},
    ]
    answer = coop.post("/farmers/batch", {"farmers": sent}, 200)
    assert [one["status"] for one in answer["results"]] == [
        "accepted", "refused", "duplicate", "refused", "refused", "refused", "accepted", "duplicate",
    ]  # fmt: skip
    assert answer["summary"] == {"accepted": 2, "duplicate": 2, "refused": 4}
    assert answer["results"][1]["problem"]["errors"][0]["pointer"] == "#/farmers/1/code"
    assert {error["pointer"] for error in answer["results"][4]["problem"]["errors"]} == {
        "#/farmers/4/code",
        "#/farmers/4/person/sex",
    }
    assert [one["code"] for one in coop.get("/farmers")["data"]] == ["LR-1", "LR-2", "LR-3"]


# --- lists ---


def test_a_list_is_read_in_three_pages(coop: Org) -> None:
    codes = [f"LR-{number:03}" for number in range(7)]
    coop.post("/farmers/batch", {"farmers": [{"code": code} for code in reversed(codes)]}, 200)
    seen, path = [], "/farmers?limit=3&active=true"
    for pages in (1, 2, 3):
        answer = coop.ask("GET", path)
        seen.append([one["code"] for one in answer.json()["data"]])
        assert (answer.json()["next"] is None) == (pages == 3) == ("link" not in answer.headers)
        if "link" in answer.headers:
            target, relation = answer.headers["link"].split(";", 1)
            assert relation.strip() == 'rel="next"'
            path = target.strip("<>").removeprefix("/v1")
    assert seen == [codes[:3], codes[3:6], codes[6:]]


def test_inspections_are_paged_newest_first(coop: Org) -> None:
    farmer = coop.farmer("LR-1")
    days = [f"2024-0{month}-10" for month in range(1, 6)]
    for day in [*days, days[2]]:
        coop.post("/inspections", {"farmer_id": farmer, "inspected_on": day, "inspector": "I-1"})
    seen: list[str] = []
    cursor = None
    while True:
        page = coop.get("/inspections", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [one["inspected_on"] for one in page["data"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == sorted([*days, days[2]], reverse=True)
    between = coop.get("/inspections", **{"from": "2024-02-10", "to": "2024-03-10"})["data"]
    assert [one["inspected_on"] for one in between] == [days[2], days[2], days[1]]
    assert coop.get("/inspections", inspector="I-2")["data"] == []
    assert len(coop.get("/inspections", farmer=farmer)["data"]) == 6


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=abc", "cursor=%FF", "nonsense=1", "q=a%00"]
)
def test_a_list_refuses_what_it_does_not_know(coop: Org, query: str) -> None:
    problem = coop.ask("GET", f"/farmers?{query}", 422).json()
    assert problem["code"] == "malformed"
    assert problem["errors"][0]["parameter"] == query.split("=", 1)[0]


def test_a_cursor_belongs_to_its_list(coop: Org) -> None:
    coop.post("/farmers/batch", {"farmers": [{"code": "A-1"}, {"code": "A-2"}]}, 200)
    cursor = coop.get("/farmers", limit=1)["next"]
    coop.get("/plots", 422, cursor=cursor)


def test_farmers_are_found_by_code_village_group_and_state(coop: Org, other: Org) -> None:
    anna = coop.farmer("LR-C1-0001", full_name="Anna", village="Gbarnga")
    ben = coop.farmer("LR-C1-0002", full_name="Ben", village="Totota")
    coop.farmer("XX-1")
    other.farmer("LR-C1-0009", village="Gbarnga")
    coop.patch(f"/farmers/{ben}", {"ended": True}, version=1)
    group = coop.post("/certificates", certificate())["id"]
    coop.post("/memberships", {"farmer_id": anna, "certificate_id": group, "joined_on": "2024-06-01"})

    def codes(**query: Any) -> list[str]:
        return [one["code"] for one in coop.get("/farmers", **query)["data"]]

    assert codes(q="lr-c1-") == ["LR-C1-0001", "LR-C1-0002"]
    assert codes(q="_") == []  # no wildcard
    assert codes(village="Gbarnga") == ["LR-C1-0001"]
    assert codes(certificate=group) == ["LR-C1-0001"]
    assert codes(active="false") == ["LR-C1-0002"]
    assert codes(active="true", q="LR") == ["LR-C1-0001"]
    other.farmer("LR-C1-0001")
    assert [one["code"] for one in other.get("/farmers", certificate=group)["data"]] == []


# --- versions ---


def test_a_change_says_from_which_version(coop: Org) -> None:
    site = coop.post("/sites", site_body("FERM"))["id"]
    assert coop.patch(f"/sites/{site}", {"name": "New"}, 428)["code"] == "version-required"
    assert coop.patch(f"/sites/{site}", {"name": "New", "region": "Bong"}, version=1)["version"] == 2
    stale = coop.patch(f"/sites/{site}", {"name": "Newer"}, 412, version=1)
    assert (stale["code"], stale["params"]) == ("CHANGED_MEANWHILE", {"version": 2, "sent": 1})
    coop.patch(f"/sites/{site}", {"name": "Newer"}, 412, version="x")
    coop.patch(f"/sites/{site}", {"name": None}, 422, version=2)
    assert coop.patch(f"/sites/{site}", {"region": None}, version=2)["region"] is None


def test_a_read_that_knows_the_version_is_not_sent_again(coop: Org) -> None:
    farmer = coop.farmer("LR-1")
    etag = coop.ask("GET", f"/farmers/{farmer}").headers["etag"]
    answer = coop.ask("GET", f"/farmers/{farmer}", 304, headers={"if-none-match": f'"9", {etag}'})
    assert (answer.content, answer.headers["etag"]) == (b"", etag)
    coop.post("/inspections", {"farmer_id": farmer, "inspected_on": "2024-08-01", "inspector": "I-1"})
    newer = coop.ask("GET", f"/farmers/{farmer}", headers={"if-none-match": etag}).headers["etag"]
    assert newer != etag  # what hangs on it is a part of the answer
    coop.ask("PATCH", f"/farmers/{farmer}", json={"ended": True}, headers={"if-match": newer})


# --- who may ---


def test_the_rows_of_others_are_as_unknown(coop: Org, other: Org) -> None:
    farmer = coop.farmer("LR-1")
    group = coop.post("/certificates", certificate())["id"]
    site = coop.post("/sites", site_body("FERM"))["id"]
    vessel = coop.post(f"/sites/{site}/vessels", vessel_body("BOX"))["id"]
    plot = coop.post("/plots", plot_body(farmer))["id"]
    visit = coop.post("/inspections", {"farmer_id": farmer, "inspected_on": "2024-08-01", "inspector": "I-1"})["id"]
    member = {"farmer_id": farmer, "certificate_id": group, "joined_on": "2024-06-01"}
    membership = coop.post("/memberships", member)["id"]
    unknown = uid("nowhere")
    status = {"from_day": "2024-06-01", "status": "suspended"}

    def paths(of: dict[str, str]) -> list[tuple[str, str, Any]]:
        return [
            ("GET", f"/farmers/{of['farmer']}", None),
            ("PATCH", f"/farmers/{of['farmer']}", {"ended": True}),
            ("POST", f"/farmers/{of['farmer']}/erase-person", None),
            ("GET", f"/memberships/{of['membership']}", None),
            ("POST", f"/memberships/{of['membership']}/statuses", status),
            ("GET", f"/inspections/{of['visit']}", None),
            ("PATCH", f"/inspections/{of['visit']}", {"valid": False}),
            (
                "POST",
                "/inspections",
                {"farmer_id": of["farmer"], "inspected_on": "2024-08-01", "inspector": "I"},
            ),
            ("PUT", "/estimates", estimate(of["farmer"])),
            ("GET", f"/plots/{of['plot']}", None),
            ("PATCH", f"/plots/{of['plot']}", {"crop": "x"}),
            ("POST", "/plots", plot_body(of["farmer"]) | {"code": "Z"}),
            ("GET", f"/sites/{of['site']}", None),
            ("PATCH", f"/sites/{of['site']}", {"name": "x"}),
            ("PUT", f"/sites/{of['site']}/shares/COOP", None),
            ("DELETE", f"/sites/{of['site']}/shares/COOP", None),
            ("GET", f"/sites/{of['site']}/vessels", None),
            ("POST", f"/sites/{of['site']}/vessels", vessel_body("B")),
            ("GET", f"/sites/{of['site']}/vessels/{of['vessel']}", None),
            ("PATCH", f"/sites/{of['site']}/vessels/{of['vessel']}", {"capacity_g": 1}),
            ("GET", f"/certificates/{of['group']}", None),
            ("PATCH", f"/certificates/{of['group']}", {"body": "x"}),
            ("PUT", f"/certificates/{of['group']}/sites", {"sites": []}),
            ("PUT", f"/certificates/{of['group']}/products", {"products": []}),
            ("POST", f"/certificates/{of['group']}/statuses", status),
            ("POST", "/memberships", member | {"farmer_id": of["farmer"]}),
            ("POST", "/certificates", certificate(sites=[{"site_id": of["site"], "from_day": "2024-06-01"}])),
        ]

    theirs = {
        "farmer": farmer,
        "membership": membership,
        "visit": visit,
        "plot": plot,
        "site": site,
        "vessel": vessel,
    }
    theirs["group"] = group
    for foreign, missing in zip(paths(theirs), paths(dict.fromkeys(theirs, unknown)), strict=True):
        said = [
            other.ask(method, path, 404, json=body, headers={"if-match": '"1"'}).json()
            for method, path, body in (foreign, missing)
        ]
        assert said[0] == said[1], foreign
    mine = other.farmer("LR-1")
    answer = [
        other.post("/memberships", member | {"farmer_id": mine, "certificate_id": one}, 404) for one in (group, unknown)
    ]
    assert answer[0] == answer[1]
    for path in ("farmers", "plots", "inspections", "sites", "certificates", "shared-sites"):
        assert len(other.get(f"/{path}")["data"]) == (path == "farmers")


def test_an_id_that_others_refer_to_is_one_organisations_alone(coop: Org, other: Org) -> None:
    site = coop.post("/sites", site_body("FERM") | {"id": uid("S")})["id"]
    assert other.post("/sites", site_body("FERM") | {"id": site}, 409)["code"] == "id-reused"
    coop.post("/certificates", certificate() | {"id": uid("C")})
    assert other.post("/certificates", certificate() | {"id": uid("C")}, 409)["code"] == "id-reused"


def test_a_reader_does_not_write(client: TestClient, coop: Org, recorder: Recorder) -> None:
    with system_session(recorder.database, write=False) as session:
        user = session.execute(sa.select(models.User.id)).scalar_one()  # type: ignore[call-overload]
    read = frozenset({"registry:read"})
    _, key = access.add_key(recorder, coop.id, RIGHTS, name="read", scopes=read, days=1, made_by=user)
    headers = {"authorization": f"Bearer {key}"}
    assert client.get("/v1/farmers", headers=headers).status_code == 200
    assert client.post("/v1/farmers", headers=headers, json={"code": "A"}).status_code == 403
    assert client.get("/v1/farmers").status_code == 401


# --- persons ---


def test_an_erased_person_is_nowhere_in_the_database(coop: Org, database: Database) -> None:
    farmer = coop.farmer("LR-1", full_name="Quaquaversal Kpelle", phone="+231 770 123 456", village="Xanadu")
    answer = coop.post(f"/farmers/{farmer}/erase-person", None, 200)
    assert answer == {"id": farmer, "code": "LR-1", "version": 2, "erased": ["full_name", "phone", "village"]}
    assert coop.post(f"/farmers/{farmer}/erase-person", None, 200)["erased"] == []
    assert coop.get(f"/farmers/{farmer}")["person"] is None
    again = {"id": farmer, "code": "LR-1", "person": {"full_name": "Quaquaversal Kpelle"}}
    coop.post("/farmers", again, 409)  # a late copy from a device does not bring it back

    with system_session(database, write=False) as session:
        for table in models.metadata.sorted_tables:
            for row in session.execute(sa.select(table)):
                text = repr(tuple(row))
                assert not any(word in text for word in ("Quaquaversal", "770 123 456", "Xanadu")), table.name
    if not database.is_postgresql:
        path = Path(database.url.removeprefix("sqlite:///"))
        assert b"Quaquaversal" not in path.read_bytes()


# --- plots ---


def test_a_plot_keeps_whole_micro_degrees(coop: Org, database: Database) -> None:
    farmer = coop.farmer("LR-1")
    polygon = {"type": "Polygon", "coordinates": [[[*place, 210.5] for place in SQUARE]]}
    body = plot_body(farmer) | {"id": uid("P"), "geometry": polygon}
    made = coop.post("/plots", body)
    assert made["geometry"] == {"type": "Polygon", "coordinates": [SQUARE]}
    assert coop.post("/plots", body, 200) == made
    with system_session(database, write=False) as session:
        kept = session.execute(sa.select(models.Plot.geometry)).scalar_one()  # type: ignore[call-overload]
    assert kept.startswith('{"type":"Polygon","coordinates":[[[-9471234,6998765],[-9470111,6998765]')
    point = {"type": "Point", "coordinates": [-9.1, 6.12345649]}
    changed = coop.patch(f"/plots/{made['id']}", {"geometry": point, "area_m2": 5}, version=1)
    assert (changed["geometry"]["coordinates"], changed["area_m2"]) == ([-9.1, 6.123456], 5)
    assert coop.patch(f"/plots/{made['id']}", {"geometry": None}, version=2)["geometry"] is None
    assert coop.get(f"/plots/{made['id']}") == coop.get("/plots", farmer=farmer, crop="cocoa")["data"][0]


@pytest.mark.parametrize(
    ("geometry", "pointer", "said"),
    [
        ({"type": "LineString", "coordinates": SQUARE}, "", KIND),
        ("6.99,-9.47", "", KIND),
        ({"type": "Point", "coordinates": [6.9, 123.4]}, "/coordinates", LATITUDE),
        ({"type": "Point", "coordinates": [-190, 4]}, "/coordinates", LONGITUDE),
        ({"type": "Point", "coordinates": ["9.4 W", "6.9"]}, "/coordinates", NUMBERS),
        ({"type": "Point", "coordinates": [True, 6]}, "/coordinates", NUMBERS),
        ({"type": "Point", "coordinates": [1]}, "/coordinates", TWO),
        ({"type": "Polygon", "coordinates": [[*SQUARE[:3], [1, 1]]]}, "/coordinates/0", OPEN),
        ({"type": "Polygon", "coordinates": [[*SQUARE[:2], SQUARE[0]]]}, "/coordinates/0", FOUR),
        ({"type": "Polygon", "coordinates": [[[1, 1], [2, 2], [2, 2], [1, 1]]]}, "/coordinates/0", THREE),
        ({"type": "Polygon", "coordinates": [[[1, 1]] * 5001]}, "/coordinates", MANY),
        (
            {"type": "Polygon", "coordinates": [[*SQUARE[:2], [0, 91], SQUARE[0]]]},
            "/coordinates/0/2",
            LATITUDE,
        ),
    ],
)
def test_a_malformed_geometry_is_told_in_a_sentence(coop: Org, geometry: Any, pointer: str, said: str) -> None:
    body = plot_body(uid("F")) | {"geometry": geometry}
    (error,) = coop.post("/plots", body, 422)["errors"]
    assert (error["pointer"], error["detail"]) == (f"#/geometry{pointer}", said)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_position_is_a_finite_number(coop: Org, number: str) -> None:
    geometry = '{"type": "Point", "coordinates": [NUMBER, 1]}'.replace("NUMBER", number)
    body = json.dumps(plot_body(uid("F")) | {"geometry": "HERE"}).replace('"HERE"', geometry)
    headers = {"content-type": "application/json"}
    assert coop.ask("POST", "/plots", 422, content=body, headers=headers).json()["errors"]


# --- sites ---


def test_a_site_is_shared_and_seen_by_the_other(coop: Org, other: Org) -> None:
    site = coop.post("/sites", site_body("FERM"))["id"]
    vessel = coop.post(f"/sites/{site}/vessels", vessel_body("BOX"))
    assert coop.put(f"/sites/{site}/shares/OTHER", None)["shared_with"] == ["OTHER"]
    assert coop.put(f"/sites/{site}/shares/OTHER", None)["version"] == 2
    assert coop.put(f"/sites/{site}/shares/NOBODY", None, 404)["code"] == "ORGANISATION_UNKNOWN"
    assert coop.put(f"/sites/{site}/shares/COOP", None, 409)["code"] == "own-site"
    assert coop.get("/sites")["data"][0]["shared_with"] == ["OTHER"]
    (seen,) = other.get("/shared-sites")["data"]
    assert seen == {
        "id": site,
        "code": "FERM",
        "name": "Fermentary",
        "kind": "facility",
        "country": "LR",
        "region": None,
        "operator": "COOP",
        "vessels": [{"id": vessel["id"], "code": "BOX", "kind": "fermentation_box", "capacity_g": 1000}],
    }
    assert coop.get("/shared-sites")["data"] == []
    other.get(f"/sites/{site}", 404)
    # a certificate of the other may cover it, as a subcontractor's
    other.post("/certificates", certificate(sites=[{"site_id": site, "from_day": "2024-06-01"}]))

    changed = coop.patch(f"/sites/{site}/vessels/{vessel['id']}", {"ended": True}, version=1)
    assert changed["ended_at"] is not None
    assert other.get("/shared-sites")["data"][0]["vessels"] == []
    assert len(coop.get(f"/sites/{site}/vessels")["data"]) == 1
    assert coop.get(f"/sites/{site}/vessels", active=True)["data"] == []
    coop.post(f"/sites/{site}/vessels", vessel_body("BOX"), 409)
    second = coop.post("/sites", site_body("SECOND"))["id"]
    coop.get(f"/sites/{second}/vessels/{vessel['id']}", 404)

    coop.ask("DELETE", f"/sites/{site}/shares/OTHER", 204)
    coop.ask("DELETE", f"/sites/{site}/shares/OTHER", 404)
    assert other.get("/shared-sites")["data"] == []


# --- certificates and profiles ---


def test_a_certificate_is_registered_with_its_scope(coop: Org) -> None:
    site = coop.post("/sites", site_body("FERM"))["id"]
    scope = [{"site_id": site, "from_day": "2024-06-01", "to_day": None}]
    body = certificate(id=uid("C"), sites=scope, status={"from_day": "2024-06-01", "status": "active"})
    made = coop.post("/certificates", body)
    assert (made["version"], made["products"], made["sites"]) == (1, ["cocoa_beans"], scope)
    assert coop.post("/certificates", body, 200) == made
    assert coop.post("/certificates", body | {"sites": []}, 409)["code"] == "id-reused"
    assert coop.post("/certificates", body | {"id": uid("D")}, 409)["errors"][0]["pointer"] == "#/number"
    assert coop.post("/certificates", certificate(scheme="NOPE"), 422)["code"] == "SCHEME_UNKNOWN"
    assert "cocoa_beans" in coop.post("/certificates", certificate(products=["coca"]), 422)["errors"][0]["detail"]
    coop.post("/certificates", certificate(valid_to="2024-01-01"), 422)
    coop.post("/certificates", certificate(products=["cocoa_beans", "cocoa_beans"]), 422)
    coop.post("/certificates", certificate(sites=[scope[0] | {"to_day": "2024-01-01"}]), 422)

    path = f"/certificates/{made['id']}"
    coop.put(f"{path}/sites", {"sites": []}, 428)
    closed = coop.put(f"{path}/sites", {"sites": [scope[0] | {"to_day": "2025-01-01"}]}, version=1)
    assert (closed["version"], closed["sites"][0]["to_day"], closed["lowered"]) == (2, "2025-01-01", [])
    assert coop.put(f"{path}/products", {"products": []}, version=2)["products"] == []
    assert coop.patch(path, {"valid_to": "2024-01-01"}, 422, version=3)["errors"][0]["pointer"] == "#/valid_to"
    assert coop.patch(path, {"valid_to": "2026-12-31"}, version=3)["valid_to"] == "2026-12-31"


def test_certificates_are_found_by_their_status_on_a_day(coop: Org) -> None:
    first = coop.post("/certificates", certificate(status={"from_day": "2024-06-01", "status": "active"}))["id"]
    coop.post("/certificates", certificate(number="N-2"))
    suspension = {"from_day": "2025-02-01", "status": "suspended", "reason": "Audit"}
    coop.post(f"/certificates/{first}/statuses", suspension)
    coop.post(f"/certificates/{first}/statuses", suspension, 200)

    def numbers(**query: str) -> list[str]:
        found = coop.get("/certificates", **query)["data"]
        assert {one["status"] for one in found} <= {query.get("status", "expired")}
        return sorted(one["number"] for one in found)

    assert numbers(status="active", on="2025-01-31") == ["N-1"]
    assert numbers(status="suspended", on="2025-02-01") == ["N-1"]
    assert numbers(status="not_yet", on="2025-01-31") == ["N-2"]
    assert numbers(status="not_yet", on="2024-05-31") == ["N-1", "N-2"]
    assert numbers(status="expired", on="2026-01-01") == ["N-1", "N-2"]
    assert numbers(scheme="EU_ORG") == ["N-1", "N-2"]
    assert numbers(scheme="GI") == []


def test_a_second_status_for_a_day_takes_the_place_of_the_first_only_when_said(coop: Org) -> None:
    group = coop.post("/certificates", certificate(status={"from_day": "2024-06-01", "status": "active"}))["id"]
    path, other_status = f"/certificates/{group}/statuses", {"from_day": "2024-06-01", "status": "withdrawn"}
    assert coop.post(path, other_status, 409)["errors"][0]["pointer"] == "#/from_day"
    assert [one["status"] for one in coop.get(f"/certificates/{group}")["statuses"]] == ["active"]
    replaced = coop.post(path, other_status, 201, **{"if-match": '"1"'})
    assert ([one["status"] for one in replaced["statuses"]], replaced["version"]) == (["withdrawn"], 2)


def test_estimates_are_said_once_a_season(coop: Org) -> None:
    farmer = coop.farmer("LR-1")
    assert coop.put("/estimates", estimate(farmer), 201)["version"] == 1
    assert coop.put("/estimates", estimate(farmer))["version"] == 1
    assert coop.put("/estimates", estimate(farmer) | {"grams": 5}, 422)["errors"][0]["pointer"] == "#/reason"
    assert coop.put("/estimates", estimate(farmer) | {"grams": 5, "reason": "Storm"})["version"] == 2
    assert coop.put("/estimates", estimate(farmer) | {"product": "tea"}, 422)["code"] == "PRODUCT_UNKNOWN"
    coop.put("/estimates", estimate(farmer) | {"season": "2024/26"}, 422)
    coop.put("/estimates", estimate(farmer) | {"grams": 1.5}, 422)
    (kept,) = coop.get(f"/farmers/{farmer}")["estimates"]
    assert (kept["season"], kept["grams"]) == ("2024/25", 5)


def test_a_farmer_is_a_member_once_under_a_certificate(coop: Org) -> None:
    farmer, group = coop.farmer("LR-1"), coop.post("/certificates", certificate())["id"]
    body = {"id": uid("M"), "farmer_id": farmer, "certificate_id": group, "joined_on": "2024-06-01"}
    made = coop.post("/memberships", body)
    assert coop.post("/memberships", body, 200) == made == coop.get(f"/memberships/{made['id']}")
    assert coop.post("/memberships", body | {"id": uid("N")}, 409)["code"] == "taken"
    assert coop.post("/memberships", body | {"joined_on": "2024-06-02"}, 409)["code"] == "id-reused"


def test_the_profiles_are_told(coop: Org) -> None:
    products = {one["code"]: one for one in coop.get("/products", commodity="cocoa")["data"]}
    assert products["cocoa_wet_beans"]["category"] == "cocoa_beans"
    assert coop.get("/products", commodity="tea")["data"] == []
    assert coop.get("/commodities/cocoa")["crop_type"] == "perennial"
    assert coop.get("/commodities/tea", 404)["code"] == "not-found"
    (scheme,) = [one for one in coop.get("/schemes")["data"] if one["id"] == "EU_ORG"]
    assert [value["code"] for value in scheme["values"]] == ["conventional", "in_conversion", "organic"]


def test_a_commodity_of_the_deployments_own_is_told(coop: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILIERE_PROFILES", str(Path(__file__).resolve().parents[1] / "own_profiles"))
    profiles.cache_clear()
    try:
        assert [one["code"] for one in coop.get("/products", commodity="coffee")["data"]] == [
            "coffee_cherries",
            "coffee_parchment",
            "coffee_green",
        ]
        found = coop.get("/commodities/coffee")
        assert found["storage"]["dry_store"]["shelf_life_months"] == 12
        assert [one["method"] for one in found["samplings"]] == ["Ten samples of a lot, put together", "ISO 4072"]
    finally:
        monkeypatch.undo()
        profiles.cache_clear()


# --- what a late fact lowers ---


class Season:
    """A certified farmer's delivery, recorded as organic."""

    def __init__(self, coop: Org) -> None:
        self.coop = coop
        self.site = coop.post("/sites", site_body("FERM"))["id"]
        scope = [{"site_id": self.site, "from_day": "2024-06-01"}]
        status = {"from_day": "2024-06-01", "status": "active"}
        self.certificate = coop.post("/certificates", certificate(sites=scope, status=status))["id"]
        self.farmer = coop.farmer("LR-1", full_name="Anna")
        joined = {"farmer_id": self.farmer, "certificate_id": self.certificate, "joined_on": "2024-06-01"}
        self.membership = coop.post("/memberships", joined)["id"]
        coop.post(f"/memberships/{self.membership}/statuses", {"from_day": "2024-06-01", "status": "approved"})
        visit = {"farmer_id": self.farmer, "inspected_on": "2024-08-10", "inspector": "I-07"}
        self.inspection = coop.post("/inspections", visit)["id"]
        self.plot = coop.post("/plots", plot_body(self.farmer))["id"]
        delivered = {
            "id": uid("delivery"),
            "type": "delivered",
            "occurred_at": "2025-01-10T08:00:00Z",
            "site": self.site,
            "farmer": "LR-1",
            "plot": "LR-1-A",
            "lot": {
                "lot": uid("D1"),
                "code": "D1",
                "product": "cocoa_wet_beans",
                "quantity": {"value": "62.5", "unit": "kg"},
            },
        }
        coop.post("/events", delivered)
        assert self.claim() == "organic"

    def claim(self) -> str:
        return str(self.coop.get("/lots/D1")["claims"]["EU_ORG"])

    def fallen(self, answer: Any, to: str = "conventional") -> None:
        assert answer["lowered"] == [{"lot": uid("D1"), "code": "D1", "claims": {"EU_ORG": to}}]
        assert self.claim() == to


@pytest.fixture
def season(coop: Org) -> Season:
    return Season(coop)


def test_a_back_dated_suspension_lowers_what_was_delivered_since(season: Season) -> None:
    path = f"/memberships/{season.membership}/statuses"
    later = season.coop.post(path, {"from_day": "2025-01-11", "status": "suspended"})
    assert (later["lowered"], season.claim()) == ([], "organic")
    season.fallen(season.coop.post(path, {"from_day": "2025-01-09", "status": "suspended", "reason": "Pesticide"}))
    again = season.coop.post(path, {"from_day": "2025-01-09", "status": "suspended", "reason": "Pesticide"}, 200)
    assert again["lowered"] == []
    assert [one["from_day"] for one in again["statuses"]] == ["2024-06-01", "2025-01-09", "2025-01-11"]
    cleared = season.coop.post(path, {"from_day": "2025-01-09", "status": "approved"}, 201, **{"if-match": '"4"'})
    assert (cleared["lowered"], season.claim()) == ([], "conventional")  # a claim never rises by a late fact


def test_an_inspection_that_does_not_count_lowers(season: Season) -> None:
    path = f"/inspections/{season.inspection}"
    season.fallen(season.coop.patch(path, {"valid": False}, version=1))
    assert season.coop.patch(path, {"valid": True}, version=2)["lowered"] == []


def test_a_later_start_of_conversion_lowers(season: Season) -> None:
    path = f"/plots/{season.plot}"
    assert season.coop.patch(path, {"conversion_start": "2018-01-01"}, version=1)["lowered"] == []
    changed = season.coop.patch(path, {"conversion_start": "2023-06-01"}, version=2)
    season.fallen(changed, "in_conversion")
    season.fallen(season.coop.patch(path, {"conversion_start": None}, version=3))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/statuses", {"from_day": "2025-01-10", "status": "withdrawn"}),
        ("PATCH", "", {"valid_to": "2025-01-09"}),
        ("PATCH", "", {"valid_from": "2025-01-11"}),
        ("PUT", "/sites", {"sites": []}),
        ("PUT", "/products", {"products": []}),
    ],
)
def test_a_certificate_that_covers_less_lowers(season: Season, method: str, path: str, body: Any) -> None:
    target = f"/certificates/{season.certificate}{path}"
    status = 201 if method == "POST" else 200
    headers = {"if-match": '"1"'}
    season.fallen(season.coop.ask(method, target, status, json=body, headers=headers).json())


def test_a_certificate_that_covers_less_elsewhere_lowers_nothing(season: Season) -> None:
    path = f"/certificates/{season.certificate}"
    assert season.coop.patch(path, {"valid_to": "2025-01-10"}, version=1)["lowered"] == []
    until = {"sites": [{"site_id": season.site, "from_day": "2024-06-01", "to_day": "2025-01-10"}]}
    assert season.coop.put(f"{path}/sites", until, version=2)["lowered"] == []
    assert season.claim() == "organic"


def test_what_is_refused_leaves_nothing(season: Season, database: Database) -> None:
    """A stale change takes the lock, and is rolled back whole."""
    season.coop.patch(f"/plots/{season.plot}", {"conversion_start": None}, 412, version=9)
    season.coop.put(f"/certificates/{season.certificate}/sites", {"sites": []}, 412, version=9)
    assert season.claim() == "organic"
    assert len(season.coop.get(f"/certificates/{season.certificate}")["sites"]) == 1
    with system_session(database, write=False) as session:
        kinds = session.execute(sa.select(models.Event.type)).scalars().all()  # type: ignore[call-overload]
    assert kinds == ["delivered"]


# --- the description ---


def test_every_operation_is_described_and_its_example_is_taken(coop: Org) -> None:
    described = coop.client.get("/openapi.json").json()
    examples: dict[str, tuple[str, str, Any]] = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if operation.get("x-access", "").startswith("registry:"):
                assert 0 < len(operation["summary"]) <= 60, operation["summary"]
                content = operation.get("requestBody", {}).get("content", {}).get("application/json")
                if content is not None and operation["tags"] not in (["signals"], ["imports"]):  # nor has a file
                    name = content["schema"]["$ref"].rsplit("/", 1)[1]
                    (example,) = described["components"]["schemas"][name]["examples"]
                    examples[operation["operationId"]] = (method, path, example)
    first = ["farmers_add", "sites_add", "certificates_add", "memberships_add"]
    others = {"inspections_decide"}  # takes a second user: tests/api/test_ics.py
    rest = sorted(examples.keys() - set(first) - others, key=lambda one: (examples[one][0] != "post", one))
    assert len(first + rest) >= 19
    for operation_id in first + rest:
        method, path, example = examples[operation_id]
        for number, name in enumerate(NUMBERED, start=1):
            path = path.replace(f"{{{name}}}", f"0193b2c4-8a11-7c3e-9a57-{number:012}")
        if "{" in path:
            continue  # a record that has a test of its own
        holder = path.removesuffix("/sites").removesuffix("/products")
        known = coop.client.get(holder, headers=coop.headers).json()
        headers = coop.headers | {"if-match": f'"{known.get("version", 1)}"'}
        answer = coop.client.request(method, path, json=example, headers=headers)
        assert answer.status_code in (200, 201), (method, path, answer.text)


# --- bodies ---

NUMBERED = (
    "farmer_id",
    "certificate_id",
    "membership_id",
    "inspection_id",
    "plot_id",
    "site_id",
    "vessel_id",
)
"""The records of the examples, which have ids that end in 1, 2, 3 …"""


def site_body(code: str) -> dict[str, Any]:
    return {"code": code, "name": "Fermentary", "kind": "facility", "country": "LR"}


def vessel_body(code: str) -> dict[str, Any]:
    return {"code": code, "kind": "fermentation_box", "capacity_g": 1000}


def plot_body(farmer: str) -> dict[str, Any]:
    return {
        "farmer_id": farmer,
        "code": "LR-1-A",
        "crop": "cocoa",
        "area_m2": 18_400,
        "conversion_start": "2019-01-01",
    }


def estimate(farmer: str) -> dict[str, Any]:
    return {"farmer_id": farmer, "season": "2024/25", "product": "cocoa_wet_beans", "grams": 1_800_000}


def certificate(**more: Any) -> dict[str, Any]:
    return {
        "scheme": "EU_ORG",
        "number": "N-1",
        "body": "Test Certifier",
        "valid_from": "2024-06-01",
        "valid_to": "2025-12-31",
        "products": ["cocoa_beans"],
    } | more
