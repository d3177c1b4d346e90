"""Labelled units over HTTP: the routes, the public page of a unit, its forms, and who may what."""

from __future__ import annotations

import csv
import io
import random
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import models
from api import cli_labels
from api.scan_log import position
from domain import events as told
from domain.label_token import parse_typed_code, to_base32
from domain.units import UnitToPrint
from labels import designs
from ledger import access, opening, scans, units
from ledger.keys import Keys
from models.base import table
from models.db import ScopeError, scoped_session, system_session
from tests.api.conftest import House
from tests.api.conftest import house as house  # noqa: PLC0414 - a fixture
from tests.builders import Cluster, at, kg, uid
from tests.labels.reading import decoded, page_images, page_texts

PACKED = "2025-01-21T09:00:00Z"
_SCAN, _TRY = table(models.Scan), table(models.OpeningTry)


@dataclass
class Yard:
    """COOP has a lot D-1 of 100 kg in four units of 25 kg; EXP gets them."""

    house: House
    cluster: Cluster
    coop: Any
    exporter: Any

    def label(self, first: int = 1, count: int = 4, **more: Any) -> Any:
        return self.coop.post("/v1/lots/D-1/unit-labels", json={"first": first, "count": count, "key": 1} | more)

    def print(self, first: int = 1, count: int = 4) -> list[UnitToPrint]:
        with system_session(self.house.recorder.database, write=False) as session:
            return units.unit_labels(session, self.house.recorder, self.cluster.orgs["COOP"], "D-1", first, count)

    def code(self, number: int) -> str:
        return to_base32(parse_typed_code(self.print(number, 1)[0].typed_code))

    def page(self, path: str, **headers: str) -> Any:
        return self.house.client().get(path, headers=headers)

    def tell(self, kind: Any, name: str, when: str = PACKED, **values: Any) -> None:
        answer = self.cluster.tell("COOP", kind(id=uid(name), occurred_at=at(when), lot=uid("D-1"), **values))
        assert answer.refused is None, answer.refused

    def state(self, number: int) -> str | None:
        found = self.coop.get("/v1/lots/D-1/units", params={"first": number, "limit": 1}).json()["data"][0]
        return found["state"]

    def scanned(self) -> list[Any]:
        assert self.house.app.public is not None
        self.house.app.public.scan_log.flush()
        with system_session(self.house.recorder.database, write=False) as session:
            return list(session.execute(sa.select(_SCAN).order_by(_SCAN.c.id)))


@pytest.fixture
def yard(house: House, tmp_path: Path) -> Yard:
    keys = Keys(tmp_path / "keys")
    keys.make_label(1, house.recorder.entropy)
    settings = replace(house.settings, country_header="x-country")
    own = House(replace(house.recorder, keys=keys), house.clock, settings)
    coop, coop_admin = own.found("COOP")
    exporter, exporter_admin = own.found("EXP", "exporter")
    cluster = Cluster(own.recorder, orgs={"COOP": coop, "EXP": exporter})
    site = cluster.site("S1", "COOP")
    lot = told.NewLot(lot=uid("D-1"), code="D-1", product="cocoa_dry_beans", quantity=kg("100"))
    told_all = [
        told.Delivered(id=uid("e1"), occurred_at=at("2025-01-20T08:00:00Z"), site=site, farmer="F-1", lot=lot),
        told.Inspected(
            id=uid("e2"), occurred_at=at("2025-01-20T09:00:00Z"), lot=uid("D-1"),
            measurements=(told.Result(test="moisture", value="7.0"),), cut_test=told.CutTest(),
        ),
        told.Packed(
            id=uid("e3"), occurred_at=at(PACKED), lot=uid("D-1"), packaging="jute_62.5", units=1, rest=kg("37.5")
        ),
    ]  # fmt: skip
    for event in told_all:
        answer = cluster.tell("COOP", event)
        assert answer.refused is None, answer.refused
    return Yard(own, cluster, own.client(coop, coop_admin), own.client(exporter, exporter_admin))


def plain(page: Any) -> str:
    """The text of a page, its no-break spaces as spaces."""
    return page.text.replace("\u00a0", " ").replace("\u202f", " ")


def span(first: int, last: int | None = None) -> list[dict[str, int]]:
    return [{"first": first, "last": last or first}]


def test_units_are_labelled_printed_listed_and_registered(yard: Yard) -> None:
    done = yard.label(count=2, design="bag")
    assert done.status_code == 201, done.text
    assert done.json()["lot_code"] == "D-1"
    twice = yard.label(count=1)
    assert (twice.status_code, twice.json()["code"]) == (409, "UNIT_STATE")
    assert "Unit 1 of D-1 is labelled" in twice.json()["detail"]
    assert yard.coop.post("/v1/lots/D-1/unit-labels/printed", json={"first": 1, "count": 2}).status_code == 201
    again = yard.coop.post("/v1/lots/D-1/unit-labels/printed", json={"first": 1, "count": 1})
    assert (again.status_code, again.json()["code"]) == (409, "REPRINT_WITHOUT_REASON")
    reason = {"first": 1, "count": 1, "reason": "=1+1"}
    assert yard.coop.post("/v1/lots/D-1/unit-labels/printed", json=reason).status_code == 201
    told_units = yard.coop.get("/v1/lots/D-1/units", params={"limit": 1}).json()
    assert (told_units["of"], told_units["next"]) == (2, 2)
    assert told_units["data"][0] | {"since": None} == {
        "number": 1, "net_g": 62_500, "weighed_g": None, "state": "issued", "since": None, "by": "COOP", "prints": 2,
        "opening_prints": 0,
    }  # fmt: skip
    register = yard.coop.get("/v1/label-register", params={"limit": 2}).json()
    assert [line["kind"] for line in register["data"]] == ["reprinted", "printed"]
    rest = yard.coop.get("/v1/label-register", params={"before": register["next"]}).json()
    assert [(line["kind"], line["units"], line["labels"]) for line in rest["data"]] == [
        ("issued", [[1, 2]], 2),
        ("lot_issued", [], 1),
    ]
    table_of = yard.coop.get("/v1/label-register", params={"format": "csv", "kind": "reprinted"})
    rows = list(csv.DictReader(io.StringIO(table_of.text)))
    assert [(row["lot"], row["units"], row["reason"]) for row in rows] == [("D-1", "1-1", "'=1+1")]
    assert yard.coop.get("/v1/label-register", params={"since": "2031-01-01"}).json()["data"] == []
    assert yard.exporter.get("/v1/label-register").json()["data"] == []
    assert yard.exporter.get("/v1/lots/D-1/units").status_code == 404


def test_a_clerk_receives_but_issues_nothing(yard: Yard) -> None:
    clerk = yard.house.client(yard.cluster.orgs["COOP"], yard.house.user(yard.cluster.orgs["COOP"], "clerk"))
    body = {"first": 1, "count": 1, "key": 1}
    assert clerk.post("/v1/lots/D-1/unit-labels", json=body).status_code == 403
    yard.label(count=2)
    assert clerk.post("/v1/lots/D-1/units/void", json={"units": span(1), "reason": "x"}).status_code == 403
    void = {
        "id": uid("v"),
        "type": "units_voided",
        "occurred_at": PACKED,
        "lot": uid("D-1"),
        "units": span(1),
        "reason": "x",
    }
    assert clerk.post("/v1/events", json=void).status_code == 403
    assert clerk.post("/v1/lots/D-1/units/applied", json={"units": span(1)}).status_code == 201
    own = {"id": uid("o"), "type": "units_labelled", "occurred_at": PACKED, "lot": uid("D-1"), "first": 1, "count": 1, "key": 1,
           "packed_on": "2025-01-21", "codes_root": "0a" * 32}  # fmt: skip
    assert yard.coop.post("/v1/events", json=own).status_code == 422  # the ledger tells it, nobody else


def test_ranges_that_overlap_are_malformed(yard: Yard) -> None:
    for ranges in ([*span(1, 2), *span(2)], [{"first": 2, "last": 1}], [{"first": 0, "last": 1}]):
        assert yard.coop.post("/v1/lots/D-1/units/applied", json={"units": ranges}).status_code == 422


def test_scanning_receives_and_says_what_came(yard: Yard) -> None:
    yard.label(count=2)
    first, second = yard.print(1, 2)
    answer = yard.exporter.post("/v1/receipts/scan", json={"scans": [first.address, second.typed_code, "rubbish"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["counts"] == {"received": 2, "mistyped": 1}
    assert answer.json()["grams"] == 100_000
    assert [scan["number"] for scan in answer.json()["scans"]] == [1, 2, None]
    again = yard.exporter.post("/v1/receipts/scan", json={"scans": [first.address]})
    assert (again.json()["counts"], again.json()["events"]) == ({"already_yours": 1}, [])
    assert yard.exporter.get("/v1/lots/D-1/units").json()["data"][0]["by"] == "EXP"
    assert yard.exporter.post("/v1/lots/D-1/units/opened", json={"units": span(1)}).status_code == 201
    assert yard.state(1) == "opened"


def test_the_page_of_a_unit_is_that_of_its_lot_with_the_unit_on_top(yard: Yard) -> None:
    yard.label(count=2)
    unit = yard.print(2, 1)[0]
    signed = unit.address.partition("testserver")[2] or unit.address.partition("TESTSERVER")[2]
    for path in (f"/l/{yard.code(2)}", signed, f"/l/{unit.typed_code}"):
        answer = yard.page(path)
        assert answer.status_code == 200, path
        assert "Unit 2 of 2" in answer.text
        assert "37.5" in answer.text
        assert '<body class="ok">' in answer.text
        assert "D-1" in answer.text
        assert "@@" not in answer.text
    french = yard.page(f"/l/{yard.code(2)}?lang=fr").text
    assert "Unité 2 sur 2" in french
    data = yard.page(signed, accept="application/json").json()
    assert (data["unit"]["number"], data["unit"]["state"], data["unit"]["signed"]) == (2, "issued", True)
    assert data["lot_code"] == "D-1"
    assert yard.page(f"/l/{yard.code(2)}.json").json()["unit"]["signed"] is False
    lot = yard.page(data["url"].partition("TESTSERVER")[2])
    assert "<!--unit-->" in lot.text
    assert "Unit 2" not in lot.text


def test_the_page_of_a_unit_follows_its_life(yard: Yard) -> None:
    yard.label(count=2)
    path = f"/l/{yard.code(1)}"
    first = yard.page(path)
    assert first.headers["cache-control"] == "no-cache"
    known = {"if-none-match": first.headers["etag"]}
    assert yard.page(path, **known).status_code == 304
    yard.tell(told.Shipped, "s", "2030-03-01T09:00:00Z", quantity=kg("62.5"), to="EXP", units=span(1))
    shipped = yard.page(path, **known)
    assert shipped.status_code == 200
    assert "shipped</b> 1 March 2030" in plain(shipped)
    yard.tell(told.UnitsOpened, "o", "2030-03-05T09:00:00Z", units=span(1))
    opened = yard.page(path)
    assert '<body class="look">' in opened.text
    assert "<title>Look closer: unit opened" in opened.text
    assert plain(opened).count("This unit was opened on 5 March 2030. If you see it full and closed, report it") == 1
    assert "opened" not in yard.page(f"/l/{yard.code(2)}").text.partition("</section>")[0]
    assert yard.page(path, accept="application/json").json()["unit"]["verdict"] == "look"


def test_a_void_label_is_loud_and_stays_void_when_the_unit_is_labelled_anew(yard: Yard) -> None:
    yard.label(count=2)
    old = yard.print(1, 1)[0]
    path, signed = f"/l/{yard.code(1)}", old.address.partition("TESTSERVER")[2]
    assert yard.coop.post("/v1/lots/D-1/units/void", json={"units": span(1), "reason": "Torn"}).status_code == 201
    for again in (False, True):
        if again:
            assert yard.label(count=1).status_code == 201
        for address in (path, signed):
            page = yard.page(address)
            assert '<body class="stop">' in page.text
            assert "<h1><span>Do not use:</span> <span>label cancelled</span>" in page.text
            assert "was cancelled" in page.text
            assert "<form" not in page.text
        data = yard.page(path, accept="application/json").json()
        assert (data["state"], data["unit"]["state"]) == ("revoked", "void")
        assert data["verdict"]["en"] == "Do not use: label cancelled"
    assert '<body class="ok">' in yard.page(f"/l/{yard.code(1)}").text


def test_what_weighs_more_against_the_lot_stays_on_top(yard: Yard) -> None:
    yard.label(count=2)
    yard.tell(told.UnitsOpened, "o", units=span(1))
    yard.tell(told.Recalled, "r", reason="Salmonella")
    page = yard.page(f"/l/{yard.code(1)}")
    assert '<body class="stop">' in page.text
    assert "Salmonella" in page.text
    assert "This unit was opened" in page.text


def test_a_label_that_we_did_not_sign_is_not_ours(yard: Yard) -> None:
    yard.label(count=2)
    label = yard.print(1, 1)[0].address.rpartition("/")[2]
    for changed in (label[:40] + ("2" if label[40] != "2" else "3") + label[41:], "0" * 132, label[:-1] + "1"):
        page = yard.page(f"/L/{changed}")
        assert (page.status_code, "Not our label" in page.text) == (404, True)
        assert '<body class="stop">' in page.text
        assert yard.page(f"/L/{changed}", accept="application/json").status_code == 404
    unknown = yard.page("/l/0123456789ABCDEF")
    assert (unknown.status_code, "Not our label" in unknown.text) == (404, False)


def test_the_opening_code_opens_once_without_a_script(yard: Yard) -> None:
    yard.label(count=2)
    unit, code = yard.print(1, 1)[0], yard.code(1)
    form = re.search(r'action="(/l/[^"]+/open[^"]*)"', yard.page(f"/l/{code}").text)
    assert form is not None
    client = yard.house.client()
    wrong = client.post(form[1], data={"opening": "00000000"}, follow_redirects=False)
    assert (wrong.status_code, wrong.headers["location"]) == (303, f"/l/{code}?lang=en&said=wrong")
    assert "That is not the opening code" in yard.page(wrong.headers["location"]).text
    assert yard.state(1) == "issued"
    typed = f" {unit.opening_code[:4].lower()}-{unit.opening_code[4:]}"
    right = client.post(form[1], data={"opening": typed}, follow_redirects=False)
    assert (right.status_code, right.headers["location"]) == (303, f"/l/{code}?lang=en")
    assert yard.state(1) == "opened"
    event = yard.coop.get("/v1/events").json()["data"][0]
    assert (event["type"], event["actor"]) == ("units_opened", "public:opening")
    assert "/open" not in yard.page(f"/l/{code}").text
    again = client.post(f"/l/{code}/open", data={"opening": "x"}, headers={"accept": "application/json"})
    assert again.json() == {"answer": "opened"}


def test_five_wrong_codes_shut_the_form_until_the_next_day_even_for_the_right_one(yard: Yard) -> None:
    yard.label(count=2)
    unit, code, clock, client = yard.print(1, 1)[0], yard.code(1), yard.house.clock, yard.house.client()
    second, code_of_second = yard.print(2, 1)[0], yard.code(2)

    def type_code(typed: str, of: str = code) -> str:
        return opening.open_unit(yard.house.recorder, of, typed)

    midnight = (clock() // access.DAY + 1) * access.DAY
    clock.now = midnight - 60 * access.MINUTE
    assert [type_code("0" * 8) for _ in range(6)] == ["wrong"] * 5 + ["locked"]
    clock.now = midnight - 1
    assert type_code(unit.opening_code) == "locked"
    assert type_code(second.opening_code, code_of_second) == "opened"  # of the same lot
    for lang, said in (("en", "shut until tomorrow"), ("fr", "à demain (00:00 UTC)")):
        shut = client.post(f"/l/{code}/open?lang={lang}", data={"opening": unit.opening_code}, follow_redirects=False)
        assert shut.headers["location"] == f"/l/{code}?lang={lang}&said=locked"
        page = plain(client.get(shut.headers["location"]))
        assert said in page
        assert "/open?" not in page
    clock.now = midnight
    assert [type_code("0" * 8) for _ in range(4)] == ["wrong"] * 4  # four, and the right one is the fifth
    assert client.post(f"/l/{code}/open?format=json", data={"opening": unit.opening_code}).json() == {
        "answer": "opened"
    }
    clock.turn(days=1)
    assert type_code("0" * 8) == "opened"  # it stays so


@pytest.mark.parametrize(("lang", "grid"), [("en", "roll"), ("fr", "3x7"), ("ar", "roll"), ("ka", "3x7")])
def test_opening_codes_are_printed_and_what_is_read_there_opens_the_unit(yard: Yard, lang: str, grid: str) -> None:
    yard.label(count=2)
    codes = [unit.opening_code for unit in yard.print(1, 2)]
    path = "/v1/lots/D-1/unit-labels/print"
    labels = yard.coop.post(path, json={"count": 2, "design": "tag"})
    assert labels.status_code == 200, labels.text
    assert found_in(labels.content) == []
    body = {"count": 2, "design": "opening", "lang": lang, "grid": grid}
    printed = yard.coop.post(path, json=body)  # the labels were printed: that is no reason to ask for one
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf"), printed.text
    read = found_in(printed.content)
    assert [code.replace("-", "") for code in read] == codes
    assert symbols_in(printed.content) == []
    again = yard.coop.post(path, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "REPRINT_WITHOUT_REASON")
    zpl = yard.coop.post(path, json=body | {"form": "zpl", "reason": "Jam", "dpi": 203})
    assert all(code.encode() in zpl.content for code in read)
    register = yard.coop.get("/v1/label-register").json()["data"]
    assert [(line["kind"], line["design"], line["labels"], line["reason"]) for line in register[:3]] == [
        ("reprinted", "opening", 2, "Jam"),
        ("printed", "opening", 2, None),
        ("printed", "tag", 2, None),
    ]
    listed = yard.coop.get("/v1/lots/D-1/units").json()["data"]
    assert [(unit["prints"], unit["opening_prints"]) for unit in listed] == [(1, 2), (1, 2)]
    page = yard.house.client().post(f"/l/{yard.code(2)}/open", data={"opening": read[1]}, follow_redirects=False)
    assert page.status_code == 303
    assert (yard.state(1), yard.state(2)) == ("issued", "opened")


def found_in(pdf: bytes) -> list[str]:
    """What looks like an opening code on the pages of a PDF: two groups of four characters, and no third."""
    said = "\n".join(page_texts(pdf)).replace("-\n", "-").replace("\x02", "-")
    return re.findall(r"(?<![\w-])[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}(?![\w-])", said)


def symbols_in(pdf: bytes) -> list[str]:
    return [text for page in page_images(pdf, 300) for text in decoded(page)]


def test_no_other_design_is_handed_an_opening_code(yard: Yard) -> None:
    yard.label(count=2)
    unit = yard.print(1, 1)[0]
    for design in designs.NAMES:
        for form in ("pdf", "zpl", "svg"):
            body = {"count": 1, "design": design, "form": form, "reason": "Again"}
            answer = yard.coop.post("/v1/lots/D-1/unit-labels/print", json=body)
            assert answer.status_code == 200, answer.text
            said = "\n".join(page_texts(answer.content)) if form == "pdf" else answer.text
            plain = re.sub("[^0-9A-Z]", "", said.upper())
            assert (unit.opening_code in plain) is (design == "opening"), (design, form)
            assert design != "opening" or form != "zpl" or "^BQ" not in answer.text


def test_opening_codes_are_for_units_and_for_who_may_issue_labels(yard: Yard) -> None:
    yard.label(count=2)
    path = "/v1/lots/D-1/unit-labels/print"
    clerk = yard.house.client(yard.cluster.orgs["COOP"], yard.house.user(yard.cluster.orgs["COOP"], "clerk"))
    assert clerk.post(path, json={"count": 1, "design": "opening"}).status_code == 403
    assert yard.exporter.post(path, json={"count": 1, "design": "opening"}).status_code == 404
    assert yard.coop.get("/v1/lots/D-1/label", params={"format": "pdf", "design": "opening"}).status_code == 422
    before = yard.coop.get("/v1/label-register").json()["data"]
    no_sheet = yard.coop.post(path, json={"count": 1, "design": "opening", "grid": "2x4"})
    assert (no_sheet.status_code, no_sheet.json()["code"]) == (422, "GRID_UNKNOWN")
    assert yard.coop.get("/v1/label-register").json()["data"] == before  # nothing was drawn


def tries(yard: Yard) -> list[tuple[int, int]]:
    with system_session(yard.house.recorder.database, write=False) as session:
        return [(row.tries, row.day) for row in session.execute(sa.select(_TRY))]


def test_tries_are_swept_when_their_day_is_over(yard: Yard) -> None:
    yard.label(count=2)
    recorder, today = yard.house.recorder, yard.house.clock() // access.DAY
    assert opening.open_unit(recorder, yard.code(1), "0" * 8) == "wrong"
    assert opening.sweep(recorder) == 0
    assert tries(yard) == [(1, today)]
    yard.house.clock.turn(days=1)
    with yard.house.client():  # with its lifespan
        pass
    assert tries(yard) == []


def test_many_tries_at_once_gain_nothing_on_a_new_day_either(yard: Yard) -> None:
    yard.label(count=2)
    code = yard.code(1)
    for _ in range(2):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: opening.open_unit(yard.house.recorder, code, "0" * 8), range(12)))
        assert sorted(answers) == ["locked"] * 7 + ["wrong"] * 5
        yard.house.clock.turn(days=1)


def test_forms_are_limited_by_address_and_by_size(yard: Yard) -> None:
    yard.label(count=2)
    client, path = yard.house.client(), f"/l/{yard.code(1)}/differs"
    assert client.post(path, content=b"x" * 3_000).status_code == 413
    statuses = [client.post(path, follow_redirects=False).status_code for _ in range(14)]
    assert statuses == [303] * 11 + [429] * 3
    assert client.post("/l/0123456789ABCDEF/else").status_code == 405
    assert yard.house.client().post("/l/0123456789ABCDEF/open", data={"opening": "x"}).status_code in (404, 429)


def test_scans_are_kept_coarse_and_name_nobody(yard: Yard) -> None:
    yard.label(count=2)
    code = yard.code(1)
    yard.page(f"/l/{code}?at=53.5511,9.9937", **{"x-country": "de"})
    yard.page(f"/l/{yard.print(1, 1)[0].typed_code}")
    yard.page(f"/l/{code}", **{"x-country": "not a country"})
    yard.page("/l/0123456789ABCDEF")
    rows = yard.scanned()
    assert [(row.kind, row.country, row.lat_udeg, row.lon_udeg) for row in rows] == [
        ("public", "DE", 53_600_000, 10_000_000),
        ("typed", None, None, None),
        ("public", None, None, None),
    ]
    assert {row.number for row in rows} == {1}
    assert len({row.visitor for row in rows}) == 1
    assert "testclient" not in str(rows)
    yard.house.clock.turn(days=1)
    yard.page(f"/l/{code}")
    assert len({row.visitor for row in yard.scanned()}) == 2


def test_all_processes_hash_alike_and_no_salt_outlives_its_day(yard: Yard) -> None:
    """One visitor at two processes is one device, also after a restart; the next day it is another."""
    yard.label(count=2)
    path, clock = f"/l/{yard.code(1)}", yard.house.clock
    other = House(replace(yard.house.recorder, entropy=random.Random(2).randbytes), clock, yard.house.settings)
    for process in (yard.house, other):
        process.client().get(path)
        assert process.app.public is not None
        process.app.public.scan_log.flush()
    assert len({row.visitor for row in yard.scanned()}) == 1
    (today,) = salts(yard)
    assert (today.day, len(today.salt)) == (clock() // access.DAY, 32)
    clock.turn(days=1)
    other.client().get(path)
    assert other.app.public is not None
    other.app.public.scan_log.flush()  # makes the next salt, and the one before is gone
    (tomorrow,) = salts(yard)
    assert (tomorrow.day, tomorrow.salt != today.salt) == (today.day + 1, True)
    yard.page(path)
    assert len({row.visitor for row in yard.scanned()}) == 2
    clock.turn(days=1)
    scans.sweep(yard.house.recorder)
    assert salts(yard) == []


def salts(yard: Yard) -> list[Any]:
    with system_session(yard.house.recorder.database, write=False) as session:
        return list(session.execute(sa.select(table(models.ScanSalt))))


def test_of_many_that_need_a_salt_at_once_all_get_the_same(yard: Yard) -> None:
    recorders = [replace(yard.house.recorder, entropy=random.Random(seed).randbytes) for seed in range(8)]
    for _ in range(3):
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(scans.salt_of_today, recorders))) == 1
        yard.house.clock.turn(days=1)


def test_no_organisation_reads_the_salt(yard: Yard) -> None:
    database = yard.house.recorder.database
    scans.salt_of_today(yard.house.recorder)
    with scoped_session(database, yard.cluster.orgs["COOP"], write=False) as session, pytest.raises(ScopeError):
        session.execute(sa.select(table(models.ScanSalt)))
    if not database.is_postgresql:
        pytest.skip("SQLite has no row-level security: it is for one trust domain")
    with scoped_session(database, yard.cluster.orgs["COOP"], write=False) as session:
        assert session.execute(sa.select(models.ScanSalt)).all() == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("53.55,9.99", (53_600_000, 10_000_000)),
        ("-6.44,-10.06", (-6_400_000, -10_100_000)),
        ("91,0", None),
        ("nan,1", None),
        ("inf,1", None),
        ("1", None),
        ("1,2,3", None),
        ("", None),
        (None, None),
    ],
)
def test_a_place_is_rounded_to_a_tenth_of_a_degree(sent: str | None, kept: tuple[int, int] | None) -> None:
    assert position(sent) == kept


def test_facts_on_copies_reach_the_owner_and_the_page(yard: Yard) -> None:
    yard.label(count=2)
    address, code = yard.print(1, 1)[0].address, yard.code(1)
    third, third_admin = yard.house.found("THIRD", "exporter")
    yard.exporter.post("/v1/receipts/scan", json={"scans": [address]})
    assert yard.coop.get("/v1/label-alerts").json() == {"data": []}
    copy = yard.house.client(third, third_admin).post("/v1/receipts/scan", json={"scans": [address]})
    assert copy.json()["counts"] == {"elsewhere": 1}
    (alert,) = yard.coop.get("/v1/label-alerts").json()["data"]
    assert (alert["code"], alert["points"], alert["facts"][0]["rule"]) == (code, 100, "second_receipt")
    assert yard.exporter.get("/v1/label-alerts").json() == {"data": []}
    due = {"code": "LABELS_SEEN_ELSEWHERE", "count": 1, "due_on": None, "subjects": [code]}
    assert (due in yard.coop.get("/v1/today").json()["data"], due in yard.exporter.get("/v1/today").json()["data"]) == (
        True,
        False,
    )
    page = plain(yard.page(f"/l/{code}"))
    assert '<body class="look">' in page
    assert "came in a second time on 17 March 2030" in page
    assert not re.search("copy|fake|forge|fraud", page.partition("</section>")[0], re.IGNORECASE)
    assert yard.page(f"/l/{code}.json").json()["unit"]["facts"] == [
        {"rule": "second_receipt", "day": "2030-03-17", "countries": []}
    ]
    assert yard.exporter.post(f"/v1/label-alerts/{code}/close").status_code == 404
    assert yard.coop.post(f"/v1/label-alerts/{code}/close").status_code == 204
    assert due not in yard.coop.get("/v1/today").json()["data"]
    assert yard.coop.get("/v1/label-alerts", params={"closed": True}).json()["data"][0]["closed_by"]
    assert '<body class="ok">' in yard.page(f"/l/{code}").text


def test_two_countries_within_an_hour_and_another_weight_are_told_as_facts(yard: Yard) -> None:
    yard.label(count=2)
    yard.tell(told.UnitsApplied, "a", units=span(1))
    path = f"/l/{yard.code(1)}"
    yard.page(path, **{"x-country": "DE"})
    yard.page(path, **{"x-country": "ES"})
    thanks = yard.house.client().post(f"{path}/differs")
    assert "will look into it" in thanks.text
    assert [row.kind for row in yard.scanned()] == ["public", "public", "differs", "public"]
    (alert,) = yard.coop.get("/v1/label-alerts").json()["data"]
    assert [(fact["rule"], fact["countries"]) for fact in alert["facts"]] == [
        ("label_differs", []), ("far_apart", ["DE", "ES"]),
    ]  # fmt: skip
    assert "seen in two countries within a short time, on 17 March 2030: DE, ES" in plain(yard.page(path))


def test_the_thread_writes_what_waits_and_sweeps(yard: Yard) -> None:
    yard.label(count=2)
    old = scans.Seen(yard.code(2), scans.Sighting(yard.house.clock() - 91 * access.DAY, "public"))
    scans.keep_now(yard.house.recorder, [old])
    with yard.house.client() as client:  # with its lifespan
        client.get(f"/l/{yard.code(1)}")
    with system_session(yard.house.recorder.database, write=False) as session:
        assert [row.number for row in session.execute(sa.select(_SCAN))] == [1]


def test_the_command_labels_units_and_lists_them(yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILIERE_DATABASE_URL", yard.house.recorder.database.url)
    monkeypatch.setenv("FILIERE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FILIERE_PUBLIC_URL", "https://t.example.org")
    monkeypatch.setattr(cli_labels, "say", lambda _text: None)
    file = tmp_path / "labels.csv"
    cli_labels.units("D-1", label=True, output=file)
    labels = list(csv.DictReader(file.open(encoding="utf-8")))
    assert [(line["unit"], line["of"], line["net_g"]) for line in labels] == [("1", "2", "62500"), ("2", "2", "37500")]
    assert all(line["address"].startswith("HTTPS://T.EXAMPLE.ORG/L/") for line in labels)
    assert [line["opening_code"] for line in labels] == [unit.opening_code for unit in yard.print(1, 2)]
    cli_labels.units("D-1", output=file)
    assert [line["state"] for line in csv.DictReader(file.open(encoding="utf-8"))] == ["issued", "issued"]
    sheet = tmp_path / "opening.pdf"
    cli_labels.units("D-1", print_="pdf", design="opening", grid="3x7", output=sheet)
    assert [code.replace("-", "") for code in found_in(sheet.read_bytes())] == [one["opening_code"] for one in labels]
    cli_labels.units("D-1", output=file)
    counted = [(line["prints"], line["opening_prints"]) for line in csv.DictReader(file.open(encoding="utf-8"))]
    assert counted == [("0", "1"), ("0", "1")]
