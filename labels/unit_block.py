"""What the page of a lot says of one of its units: put into the prepared page when it is served.

There is one prepared page a lot, never one a unit. It holds two marks: around its verdict, which a void or opened unit
replaces with its own unless the lot's is graver, and where the block of the unit goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

import orjson
from markupsafe import Markup, escape

from domain.clones import Fact
from domain.label_token import from_base32, typed_code
from domain.units import UnitView
from labels import texts
from labels.page import CHECKED_AT, broken, grouped
from labels.texts import LANGS, Lang

VERDICT, VERDICT_ENDS, UNIT = b"<!--verdict-->", b"<!--/verdict-->", b"<!--unit-->"
Notice = Literal["wrong", "locked", "differs"]
NOTICES: Final[tuple[Notice, ...]] = ("wrong", "locked", "differs")

_GRAVITY: Final = {"ok": 0, "look": 1, "stop": 2}
_TONE: Final = re.compile(rb'<body class="(ok|look|stop)">')
_TITLE: Final = re.compile(rb"<title>.*?( \xc2\xb7 .*?)</title>", re.DOTALL)
_TYPED: Final = re.compile(rb'(<p class="typed"><bdi[^>]*>)[^<]*(</bdi>)')
_ADDRESS: Final = re.compile(rb'(<bdi (?:class="url" )?dir="ltr">[^<]*/L/|<a href="/l/)[0-9A-Z]{16}')
"""Where the page says the code and the address of its label, and leads to its proof."""

_ICONS: Final = {"look": "ask", "stop": "cross"}


def html_with_unit(page: bytes, unit: UnitView, lang: Lang, notice: Notice | None = None) -> bytes:
    """A prepared page with its unit; the time of the check is still to be put in."""
    found = _TONE.search(page)
    graver = found is not None and _GRAVITY[unit.severity] > _GRAVITY[found[1].decode()]
    if graver:
        before, _, rest = page.partition(VERDICT)
        _, _, after = rest.partition(VERDICT_ENDS)
        page = before + _verdict(unit, lang).encode() + after
        page = _TONE.sub(f'<body class="{unit.severity}">'.encode(), page, count=1)
        word = str(escape(_word(unit, lang))).encode()
        page = _TITLE.sub(lambda title: b"<title>" + word + title[1] + b"</title>", page, count=1)
    page = _TYPED.sub(lambda found: found[1] + grouped(typed_code(from_base32(unit.code))).encode() + found[2], page)
    page = _ADDRESS.sub(lambda found: found[1] + unit.code.encode(), page)
    return page.replace(UNIT, _block(unit, lang, notice, said=not graver).encode(), 1)


def json_with_unit(data: bytes, unit: UnitView) -> bytes:
    """The JSON of a lot with its unit. The state of a void label is that of a cancelled one, whatever the lot's is."""
    plain: dict[str, Any] = orjson.loads(data)
    plain["unit"] = {
        "code": unit.code,
        "number": unit.number,
        "of": unit.of,
        "net_g": unit.net_g,
        "state": unit.state,
        "signed": unit.signed,
        "verdict": unit.severity,
        "facts": [
            {"rule": fact.rule, "day": _day_of(fact.at).isoformat(), "countries": list(fact.countries)}
            for fact in unit.facts
        ],
        **{f"{state}_at": _instant(at) for state, at in _life(unit)},
    }
    if unit.state == "void" and plain.get("state") != "recalled":
        plain["state"] = "revoked"
        plain["state_reason"] = ["UNIT_VOID", {}]
    if unit.severity != "ok" and plain.get("state") in ("valid", "revoked"):
        plain["verdict"] = {lang: _word(unit, lang) for lang in LANGS}
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def _instant(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at // 1000, UTC).isoformat().replace("+00:00", "Z")


def _day_of(at: int) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date()


def _life(unit: UnitView) -> Iterable[tuple[str, int | None]]:
    yield "issued", unit.labelled_at
    for state in ("applied", "shipped", "received", "returned", "opened"):
        yield state, getattr(unit, f"{state}_at")


def _word(unit: UnitView, lang: Lang) -> str:
    """The verdict on a unit, in words: what became of it, or that there is something to tell."""
    if unit.state == "void":
        return texts.text(lang, "word.revoked")
    known = unit.state in ("opened", "returned")
    return texts.text(lang, f"unit.{unit.state}.word" if known else "unit.look")


def _said(unit: UnitView, lang: Lang) -> list[str]:
    """What stands against the unit, in sentences."""
    said = []
    if unit.state == "void":
        said.append(texts.text(lang, "unit.void.said"))
    if unit.opened_at is not None and unit.state != "void":
        said.append(texts.text(lang, "unit.opened.said").format(day=texts.day(lang, _day_of(unit.opened_at))))
    if unit.returned_at is not None and unit.state == "returned":
        said.append(texts.text(lang, "unit.returned.said").format(day=texts.day(lang, _day_of(unit.returned_at))))
    return said + [_fact(fact, lang) for fact in unit.facts]


def _fact(fact: Fact, lang: Lang) -> str:
    key = f"unit.{fact.rule}"
    both = len(set(fact.countries)) > 1 and texts.has(f"{key}+")
    sentence = texts.text(lang, f"{key}+" if both else key)
    return sentence.format(day=texts.day(lang, _day_of(fact.at)), countries=", ".join(fact.countries))


def _verdict(unit: UnitView, lang: Lang) -> Markup:
    icon = _ICONS[unit.severity]
    sentences = Markup("").join(Markup("<p>{}</p>").format(sentence) for sentence in _said(unit, lang))
    time = texts.text(lang, "checked_at").format(time=CHECKED_AT)
    lines = Markup("").join(Markup("<span>{}</span> ").format(line) for line in broken(_word(unit, lang)))
    return Markup(
        '<section class="verdict"><svg class="i {icon}" aria-hidden="true"><use href="#{icon}"/></svg>'
        '<h1>{lines}</h1><div>{sentences}<p class="at">{time}</p>'
        '<p class="sum"><a href="#report">{report}</a></p></div></section>'
    ).format(icon=icon, lines=lines, sentences=sentences, time=time, report=texts.text(lang, "report"))


def _block(unit: UnitView, lang: Lang, notice: Notice | None, *, said: bool) -> Markup:
    number = texts.text(lang, "unit.number").format(n=texts.number(unit.number), of=texts.number(unit.of))
    steps = Markup("").join(
        Markup("<li><b>{}</b> {}</li>").format(texts.text(lang, f"unit.{state}"), texts.day(lang, _day_of(at)))
        for state, at in _life(unit)
        if at is not None
    )
    lines = _said(unit, lang) if said else []
    if notice is not None:
        key = {"wrong": "unit.open.wrong", "locked": "unit.open.locked", "differs": "unit.differs.thanks"}[notice]
        lines = [texts.text(lang, key), *lines]
    sentences = Markup("").join(Markup('<p class="said" role="status">{}</p>').format(line) for line in lines)
    return Markup(
        '<section class="unit"><h2>{number}</h2><p class="net"><span class="s">{net}</span> '
        '<data value="{grams}">{weight}</data></p><ol>{steps}</ol>{sentences}{forms}</section>'
    ).format(
        number=number,
        net=texts.text(lang, "net_weight"),
        grams=unit.net_g,
        weight=texts.kilograms(lang, unit.net_g),
        steps=steps,
        sentences=sentences,
        forms=_forms(unit, lang, notice),
    )


def _forms(unit: UnitView, lang: Lang, notice: Notice | None) -> Markup:
    """To say that the unit was opened, with the code under the tear-off; and that the goods are other ones."""
    if unit.state == "void":
        return Markup("")
    query = f"?lang={lang}"
    opening = Markup(
        '<form method="post" action="/l/{code}/open{query}"><label for="opening">{label}</label>'
        '<input id="opening" name="opening" required maxlength="24" autocomplete="off" autocapitalize="characters" '
        'spellcheck="false" aria-describedby="means"><p class="s" id="means">{means}</p>'
        "<button>{button}</button></form>"
    ).format(
        code=unit.code,
        query=query,
        label=texts.text(lang, "unit.open.label"),
        means=texts.text(lang, "unit.open.means"),
        button=texts.text(lang, "unit.open.button"),
    )
    if unit.state == "opened" or notice == "locked":
        opening = Markup("")
    return Markup(
        '<details{open}><summary>{summary}</summary>{opening}<form method="post" action="/l/{code}/differs{query}">'
        '<button class="plain">{differs}</button></form></details>'
    ).format(
        open=Markup(" open") if notice == "wrong" else "",
        summary=texts.text(lang, "unit.say" if opening else "unit.say.differs"),
        opening=opening,
        code=unit.code,
        query=query,
        differs=texts.text(lang, "unit.differs.button"),
    )
