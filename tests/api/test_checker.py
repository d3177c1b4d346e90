"""The checker as it is served: typed bytes with an ETag, a strict policy, one version; and the words that it says."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from api.checker import STATIC, checker
from domain import verification
from labels import texts
from labels.check_page import LIMITS, check_html
from labels.check_texts import TEXTS
from labels.texts import LANGS, Lang
from tests.api.conftest import House
from tests.labels.test_page import NEVER

FILES = ("/sw.js", "/check/check.js", "/check/verdict.js", "/check/verify.js")


def test_the_page_runs_the_scripts_of_this_host_and_no_other(house: House) -> None:
    answer = house.client().get("/check")
    assert answer.status_code == 200
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "worker-src": "'self'",
        "connect-src": "'self'",
        "style-src": f"'sha256-{digest}'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert re.findall(r"<script[^>]*>", answer.text) == [
        '<script type="module" src="/check/check.js">',
        '<script type="application/json" id="texts">',
    ]
    assert "set-cookie" not in answer.headers
    for word in ("password", "login", "style=", "onclick", "http://", "https://"):
        assert word not in answer.text, word


@pytest.mark.parametrize("path", FILES)
def test_scripts_are_typed_and_asked_for_again_by_their_etag(house: House, path: str) -> None:
    client = house.client()
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-cache", "nosniff")
    again = client.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200
    head = client.head(path)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(answer.content)))
    assert client.post(path).status_code == 405


def test_no_file_is_served_that_is_not_named(house: House) -> None:
    client = house.client()
    for path in ("/check/", "/check/sw.js", "/check/../api/cli.py", "/check/verify", "/static/verify.js", "/verify.js"):
        assert client.get(path).status_code == 404, path


def test_the_page_speaks_the_readers_language(house: House) -> None:
    client = house.client()
    for headers, query, lang in (({}, "", "en"), ({"accept-language": "fr-CI"}, "", "fr"), ({}, "?lang=fr", "fr")):
        answer = client.get(f"/check{query}", headers=headers)
        assert answer.headers["content-language"] == lang
        assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept-Language", "no-cache")
        assert f'<html lang="{lang}"' in answer.text
        assert client.get("/check?lang=en").headers["etag"] != client.get("/check?lang=fr").headers["etag"]


def test_the_worker_may_ask_this_host_and_carries_the_version_of_all(tmp_path: Path) -> None:
    made = checker("t.example.org")
    worker = made.files["/sw.js"]
    assert worker.policy == "default-src 'none'; connect-src 'self'"
    (version,) = re.findall(rb'VERSION = "([0-9a-f]{16})"', worker.body)
    assert checker("other.example.org").files["/sw.js"].body != worker.body  # another page, another version
    assert version in worker.body
    assert b"@@" not in worker.body
    kept = re.search(rb"MODULES = \[(.*?)\]", worker.body, re.DOTALL)
    assert kept is not None
    assert set(re.findall(r'"(.*?)"', kept[1].decode())) == {path for path in made.files if path != "/sw.js"}
    assert b"/v1" not in re.sub(rb"/\*.*?\*/", b"", worker.body, flags=re.DOTALL)


def test_scripts_ask_no_other_host_and_build_no_page_out_of_text() -> None:
    for path in STATIC.glob("*.js"):
        text = re.sub(r"/\*.*?\*/|//.*", "", path.read_text("utf-8").replace("http://www.w3.org/2000/svg", ""))
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
            "Function(",
            "https://",
            "(?<",
        ):
            assert word not in text, (path.name, word)


@pytest.mark.parametrize("key", TEXTS)
def test_a_sentence_stands_in_both_languages_and_never_says_too_much(key: str) -> None:
    english, french = TEXTS[key]["en"], TEXTS[key]["fr"]
    assert texts.placeholders(english) == texts.placeholders(french)
    assert not NEVER.search(english)
    assert not NEVER.search(french)
    assert "'" not in english + french


def test_every_verdict_and_every_check_has_its_words() -> None:
    for verdict in verification.Verdict.__args__:  # type: ignore[attr-defined]
        assert {f"word.{verdict}", f"why.{verdict}"} <= TEXTS.keys()
        assert re.search(rf'^  "?{verdict}"?: \["', (STATIC / "check.js").read_text("utf-8"), re.MULTILINE), verdict
    for check in verification.CHECKS:
        assert f"what.{check}" in TEXTS
    script = (STATIC / "check.js").read_text("utf-8") + (STATIC / "verdict.js").read_text("utf-8")
    for reason in ("other_code", "other_event", "other_label", "other_unit", "strange_event", "no_log"):
        assert f'"{reason}"' in script
        assert f"said.event.{reason}" in TEXTS


def test_every_sentence_that_the_script_says_is_there() -> None:
    script = (STATIC / "check.js").read_text("utf-8")
    said = set(re.findall(r'(?:say|plain|row|alert)\((?:"\w+", )?"([a-z_.]+)"', script))
    assert len(said) > 15
    assert said <= TEXTS.keys()


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_says_what_it_does_not_prove_and_is_light(lang: Lang) -> None:
    html = check_html(lang, "t.example.org")
    for limit in LIMITS:
        assert TEXTS[f"limits.{limit}"][lang][:40].split("{")[0] in html.decode()
    assert len(html) < 50_000
    found = re.search(r'<script type="application/json" id="texts">(.*?)</script>', html.decode(), re.DOTALL)
    assert found is not None
    assert json.loads(found[1])["say"]["word.sound"] == TEXTS["word.sound"][lang]


def test_a_hostile_host_name_cannot_end_the_sentences() -> None:
    html = check_html("en", "</script><img src=x>").decode()
    assert "<img" not in html
    assert html.count("</script>") == 2


def test_every_check_and_verdict_is_documented() -> None:
    text = (STATIC.parents[1] / "docs" / "verification.md").read_text("utf-8")
    for code in (*verification.CHECKS, *verification.Verdict.__args__):  # type: ignore[attr-defined]
        assert f"`{code}`" in text, code
    for verdict in verification.Verdict.__args__:  # type: ignore[attr-defined]
        assert TEXTS[f"word.{verdict}"]["en"] in text, verdict
