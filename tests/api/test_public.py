"""What anybody may ask without a login: the page behind a label, and whether the service is well."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import threading
import time
from dataclasses import replace
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa

import models
from api.app import build
from api.public import normal
from domain import events as told
from ledger import pages
from models.base import table
from models.db import system_session
from models.schema import unmigrate
from tests.api.conftest import House
from tests.builders import Cluster, at, kg, uid

CODE = "7K3MZ9QW4T5R8X2B"
_PAGE = table(models.PublicPage)


def put(house: House, code: str = CODE, **other: Any) -> None:
    """A prepared page, without the ledger."""
    values = {
        "code": code,
        "lot_id": 1,
        "version": 1,
        "digest": "d1",
        "state": "valid",
        "review_at": None,
        "html_en": f"<p>{code} in English, @@CHECKED_AT@@</p>".encode(),
        "html_fr": f"<p>{code} en français, @@CHECKED_AT@@</p>".encode(),
        "data": b'{"code":"%s","checked_at":"@@CHECKED_AT@@"}' % code.encode(),
    }
    with system_session(house.recorder.database, write=True) as session:
        session.connection().execute(sa.delete(_PAGE).where(_PAGE.c.code == code))
        session.connection().execute(sa.insert(_PAGE), [values | other])


def issue(house: House) -> str:
    """A labelled lot of a real ledger."""
    cluster = Cluster(house.recorder)
    cluster.org("KOOP")
    site = cluster.site("S1", "KOOP")
    cluster.farmer("F-1", "KOOP")
    lot = told.NewLot(lot=uid("lot"), code="D-1", product="cocoa_wet_beans", quantity=kg("100"))
    delivered = told.Delivered(id=uid("e1"), occurred_at=at("2024-11-05T08:00:00Z"), site=site, farmer="F-1", lot=lot)
    answer = cluster.tell("KOOP", delivered)
    assert answer.status == "accepted", answer.refused
    label = told.LabelIssued(id=uid("e2"), occurred_at=at("2024-11-06T08:00:00Z"), lot=uid("lot"), code=CODE)
    answer = cluster.tell("KOOP", label)
    assert answer.status == "accepted", answer.refused
    return CODE


def test_health_asks_nothing_and_readiness_asks_the_schema(house: House) -> None:
    client = house.client()
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    unmigrate(house.recorder.database)
    stale = client.get("/readyz")
    assert stale.status_code == 503
    assert client.get("/healthz").status_code == 200


def test_a_label_of_the_ledger_has_its_page(house: House) -> None:
    code = issue(house)
    answer = house.client().get(f"/L/{code}")
    assert answer.status_code == 200
    assert "D-1" in answer.text
    assert "@@" not in answer.text
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "script-src" not in policy
    assert "set-cookie" not in answer.headers
    data = house.client().get(f"/l/{code}.json").json()
    assert (data["code"], data["checked_at"]) == (code, "2030-03-17T17:46:00Z")


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({}, "", "en"),
        ({"accept-language": "fr-CI,fr;q=0.9,en;q=0.8"}, "", "fr"),
        ({"accept-language": "fr;q=0.2,en;q=0.8"}, "", "en"),
        ({"accept-language": "de"}, "", "en"),
        ({"accept-language": "en"}, "?lang=fr", "fr"),
        ({"accept-language": "fr"}, "?lang=xx", "fr"),
    ],
)
def test_the_page_speaks_the_readers_language(house: House, headers: dict[str, str], query: str, language: str) -> None:
    put(house)
    answer = house.client().get(f"/l/{CODE}{query}", headers=headers)
    assert answer.headers["content-language"] == language
    assert answer.headers["vary"] == "Accept, Accept-Language"
    time_said = {"en": "17 Mar 2030 17:46 UTC", "fr": "17 mars 2030 17:46 UTC"}[language]
    assert time_said in answer.text
    assert {"en": "in English", "fr": "en français"}[language] in answer.text


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        (f"/l/{CODE}", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        (f"/l/{CODE}", "*/*", "text/html"),
        (f"/l/{CODE}", "application/json", "application/json"),
        (f"/l/{CODE}.json", "text/html", "application/json"),
        (f"/L/{CODE}.JSON", "text/html", "application/json"),
        (f"/l/{CODE}?format=json", "text/html", "application/json"),
    ],
)
def test_machines_ask_the_same_address(house: House, path: str, accept: str, kind: str) -> None:
    put(house)
    answer = house.client().get(path, headers={"accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize(
    "path",
    [f"/l/{CODE.lower()}", f"/L/{CODE}", "/l/7K3M-Z9QW-4T5R-8X2B", "/l/7k3m%20z9qw%204t5r%208x2b", f"/l/{CODE} "],
)
def test_a_code_is_found_as_it_is_typed(house: House, path: str) -> None:
    put(house)
    assert house.client().get(path).status_code == 200


def test_typing_reads_letters_that_codes_do_not_have_as_digits() -> None:
    assert normal(" lO1i-oL ") == "101101"


def test_a_typed_code_is_sent_on(house: House) -> None:
    client = house.client()
    for query, target in (
        ("code=7k3m-z9qw-4t5r-8x2b", f"/l/{CODE}"),
        ("code=7k3m+z9qw+4t5r+8x2b&lang=fr", f"/l/{CODE}?lang=fr"),
        ("code=//evil.example/", "/l///EV11.EXAMP1E/"),
        ("code=a%0d%0ab", "/l/A%0D%0AB"),
    ):
        answer = client.get(f"/l/?{query}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, target)
    for path in ("/", "/l", "/l/", "/L/", "/l/?code=", "/l/-"):
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code == 200
        assert 'name="code"' in answer.text


def test_an_unknown_code_says_so(house: House) -> None:
    client = house.client()
    for code in ("ZZZZ", "A" * 4000, "<script>alert(1)</script>", "%00", "' OR 1=1 --", "é" * 20):
        answer = client.get(f"/l/{code}", headers={"accept-language": "fr"})
        assert answer.status_code == 404
        assert answer.headers["content-language"] == "fr"
        assert "<script" not in answer.text
    answer = client.get("/l/ZZZZ.json")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_what_did_not_change_is_not_sent_again(house: House) -> None:
    put(house)
    client = house.client()
    first = client.get(f"/l/{CODE}")
    assert first.headers["cache-control"] == "public, max-age=60"
    tag = first.headers["etag"]
    for sent in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = client.get(f"/l/{CODE.lower()}", headers={"if-none-match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["vary"] == first.headers["vary"]
    others = {
        client.get(f"/l/{CODE}?lang=fr").headers["etag"],
        client.get(f"/l/{CODE}.json").headers["etag"],
    }
    assert len({tag, *others}) == 3
    put(house, version=2, digest="d2")
    assert client.get(f"/l/{CODE}", headers={"if-none-match": tag}).status_code == 200


def test_it_reads_what_was_committed_and_nothing_older(house: House) -> None:
    client = house.client()
    for version in range(1, 6):
        put(house, version=version, digest=f"d{version}")
        assert f".{version}." in client.get(f"/l/{CODE}").headers["etag"]


def test_other_methods(house: House) -> None:
    put(house)
    client = house.client()
    head = client.head(f"/l/{CODE}")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(client.get(f"/l/{CODE}").content)
    refused = client.post(f"/l/{CODE}", content=b"x")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_pages_are_limited_by_address(house: House) -> None:
    put(house)
    house.app = build(replace(house.settings, pages_per_minute=3), house.recorder)
    client = house.client()
    statuses = [client.get(f"/l/{CODE}", headers={"x-forwarded-for": str(n)}).status_code for n in range(5)]
    if statuses == [200] * 3 + [200, 429]:  # the minute turned while we asked
        return
    assert statuses == [200] * 3 + [429] * 2
    answer = client.get(f"/l/{CODE}")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.json()["code"] == "too-many-requests"
    assert client.get("/healthz").status_code == 200


def test_a_page_is_rendered_again_when_the_calendar_moves_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    issue(house)
    put(house, version=7, review_at=house.clock.now + 60_000)
    rendered = []
    right = pages.refresh_code
    monkeypatch.setattr(pages, "refresh_code", lambda *a: rendered.append(a[2]) or right(*a))
    client = house.client()
    assert "in English" in client.get(f"/l/{CODE}").text
    house.clock.turn(minutes=1)
    answer = client.get(f"/l/{CODE}")
    assert rendered == [CODE]
    assert "D-1" in answer.text
    assert ".8." in answer.headers["etag"]
    client.get(f"/l/{CODE}")
    assert rendered == [CODE], "once is enough"


def test_a_page_that_cannot_be_renewed_is_not_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    put(house, review_at=house.clock.now)

    def fails(*_: object) -> None:
        raise sa.exc.OperationalError("UPDATE", {}, Exception("disk full"))

    monkeypatch.setattr(pages, "refresh_code", fails)
    answer = house.client().get(f"/l/{CODE}")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert "in English" not in answer.text


async def _together(house: House, paths: list[str]) -> list[httpx.Response]:
    transport = httpx.ASGITransport(house.app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await asyncio.gather(*(client.get(path) for path in paths))


def test_many_at_once_each_get_their_own(house: House) -> None:
    codes = [f"C{number:03d}" for number in range(60)]
    for code in codes:
        put(house, code)
    asked = [(code, form) for code in [*codes, "N0NE"] for form in ("", "?lang=fr", ".json")]
    answers = asyncio.run(_together(house, [f"/l/{code}{form}" for code, form in asked]))
    for (code, form), answer in zip(asked, answers, strict=True):
        if code == "N0NE":
            assert answer.status_code == 404
        else:
            assert code in answer.text
            assert ("en français" in answer.text) == (form == "?lang=fr")
            assert ("in English" in answer.text) == (form == "")


def test_many_at_once_renew_a_page_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    issue(house)
    put(house, review_at=house.clock.now)
    rendered = []
    right = pages.refresh_code
    monkeypatch.setattr(pages, "refresh_code", lambda *a: rendered.append(a[2]) or right(*a))
    answers = asyncio.run(_together(house, [f"/l/{CODE}", f"/l/{CODE}?lang=fr"] * 20))
    assert {answer.status_code for answer in answers} == {200}
    assert rendered == [CODE]


def test_pages_are_read_while_the_ledger_writes(house: House) -> None:
    """A writer that takes its time holds up no reader, and no reader holds a pooled connection."""
    put(house)
    started, done = threading.Event(), threading.Event()

    def write() -> None:
        with system_session(house.recorder.database, write=True) as session:
            session.connection().execute(sa.update(_PAGE).values(version=2))
            started.set()
            done.wait(10)

    writer = threading.Thread(target=write)
    writer.start()
    started.wait(10)
    begun = time.monotonic()
    answers = asyncio.run(_together(house, [f"/l/{CODE}"] * 50))
    took = time.monotonic() - begun
    done.set()
    writer.join()
    assert {answer.status_code for answer in answers} == {200}
    assert took < 5
    assert house.recorder.database.reader.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert ".2." in house.client().get(f"/l/{CODE}").headers["etag"]


def test_a_lost_connection_is_replaced(house: House) -> None:
    put(house)
    client = house.client()
    assert client.get(f"/l/{CODE}").status_code == 200
    if not house.recorder.database.is_postgresql:
        return
    with system_session(house.recorder.database, write=True) as session:
        connection = session.connection()
        connection.execute(sa.text("RESET ROLE"))
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert client.get(f"/l/{CODE}").status_code == 200
