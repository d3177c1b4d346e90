"""The block of a unit in the page of its lot: every state, both languages, and nothing that convicts anybody."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest

from domain.clones import RULES, Fact
from domain.units import STATES, State, UnitView
from labels import texts
from labels.page import page_html, page_json
from labels.texts import LANGS, Lang
from labels.unit_block import NOTICES, UNIT, VERDICT, html_with_unit, json_with_unit
from tests.labels.builders import a_passport

AT = int(datetime(2025, 5, 3, 12, tzinfo=UTC).timestamp() * 1000)
VIEW = UnitView("Y3RZ5WZMYQVFFY7S", 17, 300, 62_500, "shipped", labelled_at=AT, shipped_at=AT)
FACTS = tuple(Fact(rule, 20, AT, ("DE", "ES")) for rule in RULES)
RECALLED = a_passport(state="recalled", state_reason=("RECALLED", {"reason": "Salmonella"}))


def of_state(state: State) -> UnitView:
    returned, opened = (AT if state == wanted else None for wanted in ("returned", "opened"))
    return replace(VIEW, state=state, returned_at=returned, opened_at=opened)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("state", STATES)
def test_every_state_is_said_in_both_languages(lang: Lang, state: State) -> None:
    page = html_with_unit(page_html(a_passport(), lang), of_state(state), lang)
    text = page.decode()
    assert len(page) < 50_000
    assert text.count("<body") == text.count("<h1>") == text.count("<title>") == 1
    assert UNIT.decode() not in text
    assert "<script" not in text
    assert text.count("Y3RZ-5WZM-YQVF-FY7S-R2") == 1
    assert "/L/Y3RZ5WZMYQVFFY7S" in text
    assert a_passport().code not in text
    assert texts.text(lang, "seen.kept") in text
    assert " style=" not in text
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    tone = {"void": "stop", "opened": "look", "returned": "look"}.get(state, "ok")
    assert f'<body class="{tone}">' in text
    assert ("/open?" in text) == (state not in ("opened", "void"))
    assert ("/differs?" in text) == (state != "void")
    assert (texts.text(lang, "unit.returned") + "</b>" in text) == (state == "returned")
    if tone != "ok":
        word = texts.text(lang, {"stop": "word.revoked", "look": f"unit.{state}.word"}[tone])
        assert f"<title>{word} " in text
        (said,) = re.findall("<h1>(.*?)</h1>", text)
        assert " ".join(re.sub("<[^>]+>", "", said).split()) == word.replace("\u00a0", " ")
        assert 'href="#report"' in text.partition("</section>")[0]
        assert 'id="report"' in text
        assert VERDICT.decode() not in text


@pytest.mark.parametrize("lang", LANGS)
def test_every_rule_is_a_sentence_and_none_is_an_accusation(lang: Lang) -> None:
    page = html_with_unit(page_html(a_passport(), lang), replace(VIEW, facts=FACTS), lang).decode()
    for fact in FACTS:
        assert texts.has(f"unit.{fact.rule}")
    said = re.search(r'<section class="verdict">.*?</section>', page, re.DOTALL)
    assert said is not None
    assert said[0].count("<p>") == len(FACTS)
    assert "{" not in said[0]
    assert "DE, ES" in said[0]
    assert not re.search(r"fake|forged|fraud|copied|counterfeit|contrefa|faux|fraude|copi[ée]", said[0], re.IGNORECASE)


@pytest.mark.parametrize("lang", LANGS)
def test_a_graver_verdict_of_the_lot_stays_and_the_unit_says_its_own(lang: Lang) -> None:
    opened = html_with_unit(page_html(RECALLED, lang), of_state("opened"), lang).decode()
    assert '<body class="stop">' in opened
    assert "Salmonella" in opened
    assert texts.text(lang, "unit.opened.said").split("{")[0] in opened
    void = html_with_unit(page_html(RECALLED, lang), of_state("void"), lang).decode()
    assert "Salmonella" in void
    assert texts.text(lang, "unit.void.said") in void


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("notice", NOTICES)
def test_what_a_form_has_to_say_stands_in_the_block(lang: Lang, notice: str) -> None:
    page = html_with_unit(page_html(a_passport(), lang), VIEW, lang, notice).decode()  # type: ignore[arg-type]
    assert page.count('role="status"') == 1
    assert ("<details open><summary>" in page) == (notice == "wrong")
    assert ("/open?" in page) == (notice != "locked")


def test_machines_read_the_same() -> None:
    plain = orjson.loads(json_with_unit(page_json(a_passport()), replace(of_state("opened"), facts=FACTS[:1])))
    assert (plain["state"], plain["verdict"]["en"]) == ("valid", "Look closer: unit opened")
    assert plain["unit"]["verdict"] == "look"
    assert plain["unit"]["opened_at"] == "2025-05-03T12:00:00Z"
    assert plain["unit"]["facts"] == [{"rule": FACTS[0].rule, "day": "2025-05-03", "countries": ["DE", "ES"]}]
    recalled = orjson.loads(json_with_unit(page_json(RECALLED), of_state("void")))
    assert (recalled["state"], recalled["unit"]["state"]) == ("recalled", "void")
    assert recalled["verdict"] == orjson.loads(page_json(RECALLED))["verdict"]
