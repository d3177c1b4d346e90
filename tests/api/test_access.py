"""Who may: founding, logging in, users, keys, and what the service refuses before it starts."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import models
from api import limits, problems
from api.access import Needs, Routes, UndeclaredAccess, refuse_undeclared
from api.app import RefusedToStart, build, create_app, refuse_unsafe
from api.auth import cookie_name
from api.settings import Settings
from domain import refusals
from ledger import access
from ledger.access import AccessRefused, require_good
from ledger.record import Recorder
from models.db import Database, system_session
from models.schema import unmigrate
from tests.api.conftest import PHRASE, House

LOGIN = {"login": "admin@KOOP", "password": PHRASE}


def log_in(house: House, **other: str) -> TestClient:
    client = house.client()
    answer = client.post("/v1/session", json=LOGIN | other)
    assert answer.status_code == 201, answer.text
    return client


# --- founding and passwords -------------------------------------------------------------------------------------------


def test_an_organisation_is_founded_with_its_first_administrator(house: House) -> None:
    assert house.found("KOOP")[0] == 1
    assert house.found("OTHER")[0] == 2
    with pytest.raises(AccessRefused, match="ORGANISATION_TAKEN"):
        house.found("KOOP")
    shown = log_in(house).get("/v1/session").json()
    assert (shown["organisation"], shown["role"]) == ("KOOP", "admin")
    assert "deployment:manage" not in shown["scopes"]


@pytest.mark.parametrize(
    ("code", "kind", "admin", "refused"),
    [
        ("koop", "exporter", "admin", "ORGANISATION_CODE_MALFORMED"),
        ("KOOP\n", "exporter", "admin", "ORGANISATION_CODE_MALFORMED"),
        ("KOOP", "guild", "admin", "ORGANISATION_KIND_UNKNOWN"),
        ("KOOP", "exporter", "Admin@X", "USER_NAME_MALFORMED"),
        ("KOOP", "exporter", "admin\n", "USER_NAME_MALFORMED"),
    ],
)
def test_a_code_and_a_login_name_have_a_form(house: House, code: str, kind: str, admin: str, refused: str) -> None:
    with pytest.raises(AccessRefused, match=refused):
        access.found(house.recorder, code, "Name", kind, "LR", None, None, admin, "Person", PHRASE)


@pytest.mark.parametrize(
    ("password", "refused"),
    [
        ("eleven char", "PASSWORD_TOO_SHORT"),
        ("x" * 257, "PASSWORD_TOO_SHORT"),
        ("Password2026!", "PASSWORD_COMMON"),
        ("1q2w3e4r5t6y", "PASSWORD_COMMON"),
        ("aaaaaaaaaaaaaaaa", "PASSWORD_COMMON"),
        ("2026 Chocolate 2026", "PASSWORD_COMMON"),
        ("the KOOP-BONG beans", "PASSWORD_NAMES_YOU"),
        ("the koop bong beans", "PASSWORD_NAMES_YOU"),
        ("musu.kollie was here", "PASSWORD_NAMES_YOU"),
        ("twelve chars", None),
        ("почва и дождь над холмом", None),
        ("x7é-" * 64, None),
        ("qwmnpzrt vbkd", None),
    ],
)
def test_a_password_is_long_and_not_common(password: str, refused: str | None) -> None:
    if refused is None:
        require_good(password, "KOOP-BONG", "musu.kollie")
    else:
        with pytest.raises(AccessRefused, match=refused):
            require_good(password, "KOOP-BONG", "musu.kollie")


def test_a_hash_has_the_parameters_decided() -> None:
    assert access.hash_password(PHRASE).startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert access._NOBODY.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert not access.is_password(PHRASE, None)


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_wrong_name_and_wrong_password_answer_alike(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    org_id, _ = house.found("KOOP")
    verified = []
    right = access._HASHER.verify
    monkeypatch.setattr(access._HASHER, "verify", lambda *a: verified.append(a[1]) or right(*a))
    house.user(org_id, "clerk")  # has no password
    bodies = set()
    for login, password in (
        ("admin@KOOP", "not the phrase at all"),
        ("nobody@KOOP", PHRASE),
        ("admin@NOWHERE", PHRASE),
        ("clerk@KOOP", PHRASE),
        ("admin", PHRASE),
    ):
        answer = house.client().post("/v1/session", json={"login": login, "password": password})
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        bodies.add(answer.text)
    assert len(bodies) == 1
    assert len(verified) == 5, "each takes one verification"


def test_a_login_name_is_not_case_sensitive(house: House) -> None:
    house.found("KOOP")
    assert log_in(house, login=" Admin@koop ").get("/v1/session").status_code == 200


def test_a_session_idles_out_and_grows_old(house: House) -> None:
    house.found("KOOP")
    client = log_in(house)
    for _ in range(24):
        house.clock.turn(minutes=29)
        assert client.get("/v1/session").status_code == 200
    house.clock.turn(minutes=25)  # 12 h 1 min since the login, 25 min since the last use
    assert client.get("/v1/session").status_code == 401
    client = log_in(house)
    house.clock.turn(minutes=31)
    assert client.get("/v1/session").status_code == 401


def test_logging_out_ends_the_session_for_good(house: House) -> None:
    house.found("KOOP")
    client = log_in(house)
    token = client.cookies["filiere"]
    ended = client.delete("/v1/session")
    assert ended.status_code == 204
    assert "Max-Age=0" in ended.headers["set-cookie"]
    client.cookies.set("filiere", token)
    assert client.get("/v1/session").status_code == 401


def test_only_the_hash_of_a_token_is_kept(house: House) -> None:
    house.found("KOOP")
    token = log_in(house).cookies["filiere"]
    with system_session(house.recorder.database, write=False) as session:
        row = session.get_one(models.WebSession, (1, access._digest(token)))
        assert token not in str(row)


def test_the_cookie_is_locked_down(house: House) -> None:
    house.found("KOOP")
    cookie = house.client().post("/v1/session", json=LOGIN).headers["set-cookie"]
    assert cookie.startswith("filiere=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    secure = replace(house.settings, public_url="https://testserver", secure_cookies=True)
    client = TestClient(build(secure, house.recorder), base_url="https://testserver")
    answer = client.post("/v1/session", json=LOGIN)
    assert answer.headers["set-cookie"].startswith("__Host-filiere=")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"]
    assert client.get("/v1/session").status_code == 200
    assert cookie_name(secure) == "__Host-filiere"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 204),
        ({"sec-fetch-site": "same-origin"}, 204),
        ({"sec-fetch-site": "none"}, 204),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://testserver"}, 204),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://testserver.evil.example"}, 403),
        ({"origin": "http://testserver", "sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_another_site_changes_nothing_through_a_browser(house: House, headers: dict[str, str], status: int) -> None:
    org_id, admin = house.found("KOOP")
    client = house.client(org_id, admin)
    answer = client.delete("/v1/session", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "cross-site"
        assert client.get("/v1/session", headers=headers).status_code == 200, "reading is free"
        refused = house.client().post("/v1/session", json=LOGIN, headers=headers)
        assert refused.status_code == 403, "nobody is logged in as somebody else either"


def test_a_key_needs_no_such_check(house: House) -> None:
    org_id, admin = house.found("KOOP")
    key = house.key(org_id, admin, "users:manage")
    headers = {"authorization": f"Bearer {key}", "origin": "http://evil.example"}
    body = {"name": "musu", "full_name": "Musu", "role": "viewer"}
    assert house.client().post("/v1/users", json=body, headers=headers).status_code == 403  # beyond its rights
    key = house.key(org_id, admin, "users:manage", "lots:read", "registry:read")
    headers["authorization"] = f"bearer {key}"
    assert house.client().post("/v1/users", json=body, headers=headers).status_code == 201


def test_a_bad_key_is_not_saved_by_a_good_cookie(house: House) -> None:
    house.found("KOOP")
    client = log_in(house)
    for header in ("Bearer nonsense", "Bearer ", "Basic YTpi", f"Bearer flk_{'0' * 32}_{'0' * 64}"):
        answer = client.get("/v1/session", headers={"authorization": header})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


# --- limits -----------------------------------------------------------------------------------------------------------


def test_five_guesses_a_minute_whatever_the_headers(house: House) -> None:
    house.found("KOOP")
    statuses = []
    for turn in range(8):
        headers = {"x-forwarded-for": f"10.0.0.{turn}", "forwarded": f"for=10.1.0.{turn}"}
        login = "admin@KOOP" if turn % 2 else "ADMIN@koop"
        body = {"login": login, "password": "a guess of mine"}
        statuses.append(house.client().post("/v1/session", json=body, headers=headers))
    assert [answer.status_code for answer in statuses] == [401] * 5 + [429] * 3
    assert 1 <= int(statuses[-1].headers["retry-after"]) <= 60
    assert statuses[-1].json()["code"] == "too-many-requests"


def test_no_spelling_of_an_account_gets_guesses_of_its_own(house: House) -> None:
    house.found("KIND")
    spellings = ["admin@KIND", "admin@K\u0131ND", "ADMIN@k\u0131nd", "\u2003admin@kInd", "Admin@KIND\t", "admin@kind"]
    body = {"password": "a guess of mine"}
    statuses = [house.client().post("/v1/session", json=body | {"login": one}).status_code for one in spellings]
    assert statuses == [401] * 5 + [429]


def test_an_address_tries_twenty_accounts_a_minute(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "is_password", lambda *_: False)
    statuses = [
        house.client().post("/v1/session", json={"login": f"u{n}@X", "password": "a"}).status_code for n in range(22)
    ]
    assert statuses == [401] * 20 + [429] * 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_an_address_in_ipv6_is_its_64(one: str, other: str, same: bool) -> None:
    known = [limits.address({"client": (host, 1)}) for host in (one, other)]
    assert (known[0] == known[1]) is same


# --- users ------------------------------------------------------------------------------------------------------------


def test_a_user_is_changed_from_the_version_that_was_read(house: House) -> None:
    org_id, admin = house.found("KOOP")
    client = house.client(org_id, admin)
    body = {"name": "musu.kollie", "full_name": "Musu Kollie", "role": "clerk", "password": PHRASE}
    made = client.post("/v1/users", json=body)
    assert made.status_code == 201
    path = made.headers["location"]
    assert made.headers["etag"] == '"1"'
    assert client.post("/v1/users", json=body).json()["code"] == "USER_TAKEN"
    assert client.patch(path, json={"role": "quality"}).status_code == 428
    for stale in ('"7"', '"x"', "*", '"99999999999999999999"'):
        answer = client.patch(path, json={"role": "quality"}, headers={"if-match": stale})
        assert (answer.status_code, answer.json()["code"]) == (412, "CHANGED_MEANWHILE")
    changed = client.patch(path, json={"role": "quality"}, headers={"if-match": made.headers["etag"]})
    assert (changed.status_code, changed.json()["role"], changed.headers["etag"]) == (200, "quality", '"2"')
    assert client.get(path).headers["etag"] == '"2"'
    assert client.get(path, headers={"if-none-match": '"2"'}).status_code == 304
    again = client.patch(path, json={"role": "quality"}, headers={"if-match": '"2"'})
    assert again.headers["etag"] == '"2"', "what is said again changes nothing"
    for wrong in ({"role": None}, {"role": "king"}, {"disabled": "yes"}, {"password_hash": "x"}):
        assert client.patch(path, json=wrong, headers={"if-match": '"2"'}).status_code == 422


def test_disabling_a_user_ends_all_that_lets_them_in(house: House) -> None:
    org_id, admin = house.found("KOOP")
    second = house.user(org_id, "admin", "second")
    theirs, key = house.client(org_id, second), house.key(org_id, second, "lots:read")
    with_key = house.client(authorization=f"Bearer {key}")
    assert theirs.get("/v1/session").status_code == with_key.get("/v1/session").status_code == 200
    client = house.client(org_id, admin)
    answer = client.patch(f"/v1/users/{second}", json={"disabled": True}, headers={"if-match": '"1"'})
    assert answer.json()["disabled_at"] is not None
    assert theirs.get("/v1/session").status_code == with_key.get("/v1/session").status_code == 401
    assert access.begin_session(house.recorder, org_id, second) is None
    client.patch(f"/v1/users/{second}", json={"disabled": False}, headers={"if-match": '"2"'})
    assert theirs.get("/v1/session").status_code == 401, "the old session stays ended"
    assert with_key.get("/v1/session").status_code == 200


def test_a_new_role_ends_the_sessions_and_bounds_the_keys(house: House) -> None:
    org_id, admin = house.found("KOOP")
    second = house.user(org_id, "admin", "second")
    theirs, key = house.client(org_id, second), house.key(org_id, second, "lots:read", "events:write")
    access.change_user(house.recorder, org_id, access.EVERYTHING, second, 1, role="viewer")
    assert theirs.get("/v1/session").status_code == 401
    scopes = house.client(authorization=f"Bearer {key}").get("/v1/session").json()["scopes"]
    assert scopes == ["lots:read"]


def test_somebody_always_can_manage_users(house: House) -> None:
    org_id, admin = house.found("KOOP")
    client = house.client(org_id, admin)
    for change in ({"role": "viewer"}, {"disabled": True}):
        answer = client.patch(f"/v1/users/{admin}", json=change, headers={"if-match": '"1"'})
        assert (answer.status_code, answer.json()["code"]) == (409, "LAST_ADMINISTRATOR")
    house.user(org_id, "admin", "second")
    answer = client.patch(f"/v1/users/{admin}", json={"role": "viewer"}, headers={"if-match": '"1"'})
    assert answer.status_code == 200


def test_nobody_gives_away_or_takes_over_more_than_they_hold(house: House) -> None:
    org_id, operator = house.found("DEPLOY", "operator")
    admin = house.user(org_id, "admin", "boss")
    client = house.client(org_id, admin)
    body = {"name": "mine", "full_name": "Mine", "role": "operator"}
    beyond = (403, "BEYOND_YOUR_RIGHTS")
    answer = client.post("/v1/users", json=body)
    assert (answer.status_code, answer.json()["code"]) == beyond
    for change in ({"role": "viewer"}, {"disabled": True}, {"full_name": "Other"}):
        answer = client.patch(f"/v1/users/{operator}", json=change, headers={"if-match": '"1"'})
        assert (answer.status_code, answer.json()["code"]) == beyond
    answer = client.post(f"/v1/users/{operator}/password", json={"password": "nine dry racks in a row"})
    assert (answer.status_code, answer.json()["code"]) == beyond
    answer = client.post("/v1/api-keys", json={"name": "k", "scopes": ["deployment:manage"], "days": 1})
    assert (answer.status_code, answer.json()["code"]) == beyond


def test_ones_own_password_needs_the_current_one(house: House) -> None:
    org_id, admin = house.found("KOOP")
    client, elsewhere = log_in(house), log_in(house)
    path, new = f"/v1/users/{admin}/password", "nine dry racks in a row"
    for body, status in (
        ({"password": new}, 403),
        ({"password": new, "current_password": "not the phrase"}, 403),
        ({"password": "short", "current_password": PHRASE}, 422),
    ):
        assert client.post(path, json=body).status_code == status
    assert client.post(path, json={"password": new, "current_password": PHRASE}).status_code == 204
    assert client.get("/v1/session").status_code == 200, "a new session came with the answer"
    assert elsewhere.get("/v1/session").status_code == 401
    assert access.log_in(house.recorder, "admin@KOOP", PHRASE) is None
    assert access.log_in(house.recorder, "admin@KOOP", new) is not None


def test_an_administrator_sets_anothers_password(house: House) -> None:
    org_id, admin = house.found("KOOP")
    clerk = house.user(org_id, "clerk")
    theirs = house.client(org_id, clerk)
    path = f"/v1/users/{clerk}/password"
    assert theirs.post(f"/v1/users/{admin}/password", json={"password": PHRASE}).status_code == 403
    assert house.client(org_id, admin).post(path, json={"password": PHRASE}).status_code == 204
    assert theirs.get("/v1/session").status_code == 401
    assert log_in(house, login="clerk@KOOP").get("/v1/session").json()["role"] == "clerk"


def test_lists_come_in_pages_and_know_their_filters(house: House) -> None:
    org_id, admin = house.found("KOOP")
    for number in range(4):
        house.clock.turn(minutes=1)
        house.user(org_id, "viewer", f"v{number}")
    client, seen, after = house.client(org_id, admin), [], ""
    while after is not None:
        page = client.get("/v1/users", params={"limit": 2} | ({"cursor": after} if after else {})).json()
        seen += [row["name"] for row in page["data"]]
        after = page["next"]
    assert seen == ["admin", "v0", "v1", "v2", "v3"]
    assert client.get("/v1/users?role=viewer").status_code == 422
    assert client.get("/v1/users?limit=201").status_code == 422


# --- keys -------------------------------------------------------------------------------------------------------------


def test_a_key_is_told_once_and_ends(house: House) -> None:
    org_id, admin = house.found("KOOP")
    client = house.client(org_id, admin)
    body = {"name": "scale", "scopes": ["lots:read"], "days": 365}
    made = client.post("/v1/api-keys", json=body).json()
    key = made["key"]
    assert key.startswith("flk_")
    with_key = house.client(authorization=f"Bearer {key}")
    assert with_key.get("/v1/session").json()["scopes"] == ["lots:read"]
    refused = with_key.get("/v1/users")
    assert (refused.status_code, refused.json()["code"]) == (403, "not-permitted")
    listed = client.get("/v1/api-keys")
    assert key.rsplit("_", 1)[1] not in listed.text
    assert access._digest(key.rsplit("_", 1)[1]) not in listed.text
    assert listed.json()["data"][0]["used_at"] is not None
    revoked = client.post(f"/v1/api-keys/{made['id']}/revoke")
    assert revoked.json()["revoked_at"] is not None
    assert with_key.get("/v1/session").status_code == 401
    house.clock.turn(minutes=1)
    assert client.post(f"/v1/api-keys/{made['id']}/revoke").json() == revoked.json(), "the first time stands"
    for wrong in ({"days": 366}, {"days": 0}, {"scopes": []}, {"scopes": ["everything"]}):
        assert client.post("/v1/api-keys", json=body | wrong).status_code == 422


def test_a_key_expires_and_must_be_whole(house: House) -> None:
    org_id, admin = house.found("KOOP")
    key = house.key(org_id, admin, "lots:read", days=1)
    other = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert house.client(authorization=f"Bearer {other}").get("/v1/session").status_code == 401
    assert house.client(authorization=f"Bearer {key}").get("/v1/session").status_code == 200
    house.clock.turn(days=1)
    assert house.client(authorization=f"Bearer {key}").get("/v1/session").status_code == 401


def test_a_key_makes_no_keys(house: House) -> None:
    org_id, admin = house.found("KOOP")
    key = house.key(org_id, admin, "users:manage", "lots:read")
    body = {"name": "child", "scopes": ["lots:read"], "days": 1}
    answer = house.client(authorization=f"Bearer {key}").post("/v1/api-keys", json=body)
    assert answer.status_code == 403


def test_the_last_use_is_noted_once_a_minute_and_never_in_the_way(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    org_id, admin = house.found("KOOP")
    client = house.client(authorization=f"Bearer {house.key(org_id, admin, 'lots:read')}")
    noted = []
    right = access.used
    monkeypatch.setattr("api.auth.used", lambda *a: noted.append(a) or right(*a))
    for _ in range(5):
        client.get("/v1/session")
    assert len(noted) == 1
    house.clock.turn(minutes=1)
    client.get("/v1/users")  # refused, and a use all the same
    assert len(noted) == 2

    def fails(*_: object) -> None:
        raise access.sa.exc.OperationalError("UPDATE", {}, Exception("read-only"))

    monkeypatch.setattr("api.auth.used", fails)
    house.clock.turn(minutes=1)
    assert client.get("/v1/session").status_code == 200


# --- organisations ----------------------------------------------------------------------------------------------------


def test_only_the_operator_founds_organisations(house: House) -> None:
    org_id, operator = house.found("DEPLOY", "operator")
    koop, admin = house.found("KOOP")
    body = {
        "code": "NEW",
        "name": "New one",
        "kind": "exporter",
        "country": "CI",
        "admin_name": "awa",
        "admin_full_name": "Awa Koné",
        "password": PHRASE,
    }
    assert house.client(koop, admin).post("/v1/organisations", json=body).status_code == 403
    assert house.client(koop, admin).get("/v1/organisations").status_code == 403
    client = house.client(org_id, operator)
    made = client.post("/v1/organisations", json=body)
    assert (made.status_code, made.json()["login"]) == (201, "awa@NEW")
    assert client.post("/v1/organisations", json=body).json()["code"] == "ORGANISATION_TAKEN"
    short = client.post("/v1/organisations", json=body | {"code": "NEXT", "password": "short"})
    assert short.json()["errors"][0]["pointer"] == "#/password"
    del body["password"]
    assert client.post("/v1/organisations", json=body).status_code == 422, "there is no default password"
    listed = client.get("/v1/organisations?limit=2").json()
    assert [row["code"] for row in listed["data"]] == ["DEPLOY", "KOOP"]
    assert client.get(f"/v1/organisations?cursor={listed['next']}").json()["data"][0]["code"] == "NEW"
    assert log_in(house, login="awa@NEW").get("/v1/session").json()["role"] == "admin"


def test_an_organisation_changes_its_own_record(house: House) -> None:
    org_id, admin = house.found("KOOP")
    client = house.client(org_id, admin)
    read = client.get("/v1/organisation")
    changed = client.patch(
        "/v1/organisation",
        json={"contact": " office@koop.example "},
        headers={"if-match": read.headers["etag"]},
    )
    assert changed.json() == read.json() | {"contact": "office@koop.example", "version": 2}
    fetched = client.patch("/v1/organisation", json={"contact": None}, headers={"if-match": '"2"'})
    assert fetched.json()["contact"] is None
    for wrong in ({"name": None}, {"name": " "}, {"name": "a\u202eb"}, {"code": "OTHER"}):
        answer = client.patch("/v1/organisation", json=wrong, headers={"if-match": '"3"'})
        assert answer.status_code == 422
    viewer = house.client(org_id, house.user(org_id, "viewer"))
    assert viewer.get("/v1/organisation").status_code == 200
    assert viewer.patch("/v1/organisation", json={"region": "X"}).status_code == 403


# --- what HTTP answers ------------------------------------------------------------------------------------------------


def test_every_error_is_a_problem(house: House) -> None:
    org_id, admin = house.found("KOOP")
    client = house.client(org_id, admin)
    answers = {
        "not-signed-in": house.client().get("/v1/users"),
        "not-found": client.get("/v1/nothing"),
        "method-not-allowed": client.put("/v1/users"),
        "malformed": client.post("/v1/users", json={"name": "A", "role": "clerk", "odd/~": 1}),
        "USER_UNKNOWN": client.get("/v1/users/01900000-0000-7000-8000-000000000001"),
        "too-large": client.post("/v1/users", content=b"x" * (1 << 20) + b"y"),
    }
    for code, answer in answers.items():
        assert answer.headers["content-type"] == "application/problem+json", code
        body = answer.json()
        assert (body["code"], body["status"]) == (code, answer.status_code)
        assert body["type"] == f"/docs/problems#{code}"
    pointers = {one["pointer"] for one in answers["malformed"].json()["errors"]}
    assert pointers == {"#/name", "#/full_name", "#/odd~1~0"}
    french = client.get("/v1/nothing", headers={"accept-language": "fr"}).json()
    assert french["title"] == "Introuvable"
    unknown = client.get("/v1/users/01900000-0000-7000-8000-000000000001", headers={"accept-language": "fr"}).json()
    assert unknown["detail"] == "Votre organisation n'a pas cet utilisateur."


def test_the_size_of_a_body_is_counted_as_it_comes(house: House) -> None:
    org_id, admin = house.found("KOOP")
    sent = []

    def stream():
        for _ in range(40):
            sent.append(1)
            yield b" " * 65_536

    headers = {"content-type": "application/json"}
    answer = house.client(org_id, admin).post("/v1/users", content=stream(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_a_mistake_of_ours_says_nothing_about_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    org_id, admin = house.found("KOOP")
    browser = house.client(org_id, admin)
    client = TestClient(house.app, base_url=house.settings.public_url, raise_server_exceptions=False)
    client.cookies = browser.cookies
    monkeypatch.setattr(access, "add_user", lambda *_, **__: 1 / 0)
    answer = client.post("/v1/users", json={"name": "musu", "full_name": "M", "role": "viewer"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "division" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_answer_carries_the_headers(house: House) -> None:
    org_id, admin = house.found("KOOP")
    client = house.client(org_id, admin)
    for path in ("/v1/session", "/v1/nothing", "/docs", "/docs/problems", "/openapi.json", "/", "/l/X"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'"), path
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex"
        assert "strict-transport-security" not in headers
        if path.startswith("/v1"):
            assert headers["cache-control"] == "no-store"


# --- the description --------------------------------------------------------------------------------------------------


def test_the_reference_names_every_operation_and_every_refusal(house: House) -> None:
    client = house.client()
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    page, explained = client.get("/docs").text, client.get("/docs/problems?lang=fr").text
    ids = [one["operationId"] for operations in document["paths"].values() for one in operations.values()]
    assert len(ids) == len(set(ids))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert f'id="{operation["operationId"]}"' in page
            assert 0 < len(operation["summary"]) <= 60, (method, path)
            assert operation["tags"], (method, path)
            assert operation["x-access"], (method, path)
    for code in (*access.CATALOGUE, *refusals.CATALOGUE, *problems.PROBLEMS):
        assert f'id="{code}"' in explained
    for text in (page, explained):
        assert "<script" not in text
        assert "//cdn" not in text
    assert "HTTPValidationError" not in client.get("/openapi.json").text


def test_every_code_in_the_source_is_explained() -> None:
    source = Path(problems.__file__).parent.rglob("*.py")
    text = "\n".join(path.read_text("utf-8") for path in source)
    codes = set(re.findall(r'Problem\(\s*\d{3},\s*"([^"]+)"', text))
    assert "taken" in codes
    assert codes <= {*problems.PROBLEMS, *access.CATALOGUE}


# --- before it starts -------------------------------------------------------------------------------------------------


def test_it_starts_on_a_migrated_database_only(database: Database, tmp_path) -> None:
    settings = Settings(database.url, tmp_path, "http://testserver")
    assert isinstance(create_app(settings, Recorder(database)), FastAPI)
    unmigrate(database)
    with pytest.raises(RefusedToStart, match="filiere migrate"):
        create_app(settings, Recorder(database))


def test_a_route_without_access_stops_the_start(house: House) -> None:
    from fastapi import APIRouter

    plain, ours = APIRouter(), Routes(prefix="/v1")

    @plain.get("/v1/open")
    def _open() -> int:
        return 1

    @ours.get("/fine", access=Needs("lots:read"))
    def _fine() -> int:
        return 1

    @ours.get("/forgotten")
    def _forgotten() -> int:
        return 1

    for router, named in ((plain, "/v1/open"), (ours, "/v1/forgotten")):
        app = build(house.settings, house.recorder)
        outer = APIRouter()
        outer.include_router(router)
        app.include_router(outer)
        with pytest.raises(UndeclaredAccess, match=named):
            refuse_undeclared(app)
    app = build(house.settings, house.recorder)
    app.mount("/files", FastAPI())
    with pytest.raises(UndeclaredAccess, match="/files"):
        refuse_undeclared(app)


def test_it_does_not_start_without_assertions(tmp_path) -> None:
    code = (
        "from api.app import refuse_unsafe, RefusedToStart\n"
        "from models.db import connect\n"
        f"try: refuse_unsafe(connect('sqlite:///{tmp_path / 'x.db'}'))\n"
        "except RefusedToStart as e: print(e)"
    )
    run = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True, check=True)
    assert "python -O" in run.stdout


def test_it_does_not_start_as_a_role_that_nothing_binds(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_unsafe(database)
    if not database.is_postgresql:
        return
    from sqlalchemy import event

    @event.listens_for(database.reader, "checkout")
    def _as_owner(connection, *_: object) -> None:
        connection.cursor().execute("RESET ROLE")

    with pytest.raises(RefusedToStart, match="row-level security"):
        refuse_unsafe(database)
