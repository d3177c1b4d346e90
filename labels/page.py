"""The public page behind the QR: one HTML document without script, and the same facts as JSON.

Law of this page: it says what was checked and what that does not prove, in the words of ``labels.texts``; it asks for
nothing, stores nothing and fetches nothing. The time of the check is not known when the page is prepared: the token
``CHECKED_AT`` stands in its place until the page is served.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache, lru_cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from markupsafe import Markup, escape

from domain.passport import (
    Certificate,
    Claim,
    Measured,
    Origin,
    Params,
    Passport,
    QualityCheck,
    Step,
    Verification,
)
from labels import texts
from labels.texts import LANGS, LANGUAGE_NAMES, Lang

if TYPE_CHECKING:
    from datetime import date, datetime

    from jinja2 import Environment

    from domain.documents import PublicDocument

CHECKED_AT: Final = "@@CHECKED_AT@@"
"""Stands where the time of the check stands; replaced when the page is served."""

_SEAL: Final = re.compile(rb'@@(SEAL|PASSED) (\d{1,19})(?: (\d{1,9}))?@@|"@@(ANSWER|SEALED_AT|WITNESSES) (\d{1,19})@@"')
"""Stands where it is said whether the record is sealed: what, and the number of the newest event that must be."""

FORMAT: Final = "filiere-passport/1"
"""The shape of the JSON. Keys are added, never renamed; a new meaning is a new number."""

JSON_QUERY: Final = "?format=json"
"""Appended to the page's own address for the same facts as JSON."""

FORM_ACTION: Final = "/l/"
"""Where a typed code is sent, as ``?code=``."""

TEMPLATES: Final = Path(__file__).parent / "templates"

PAGE_BYTES: Final = 50_000
"""The page stays below this whatever the lot: what finds no room is in the JSON, and the page says so."""

STEPS_IN_FULL: Final = 6
NEWEST_STEPS: Final = 2
CHECKS_IN_FULL: Final = 5
REASONS_LISTED: Final = 4
NAME_SHOWN: Final = 200
NOTE_SHOWN: Final = 400
VALUE_SHOWN: Final = 60
TYPED_SHOWN: Final = 64

LIMIT_AT: Final = 75
"""Where the limit stands on a bar that is 100 long."""

_PRIVATE: Final = frozenset({"farmer", "plot"})
"""Params of findings that point at a person or a field: neither page nor JSON repeats them."""

_CODES: Final = frozenset({"lot", "certificate"})
"""Params that are codes."""

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DIRECTION: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")
_HARMFUL: Final = re.compile(f"{_CONTROL.pattern}|{_DIRECTION.pattern}|{_HALF_PAIR.pattern}|@@")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,24}")
_PHONE: Final = re.compile(r"\+?[0-9][0-9 ()./-]{5,24}")
_DECIMAL: Final = re.compile(r"\d{1,15}(?:\.\d{1,12})?")
_RANGE: Final = re.compile(
    r"\s*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?"
)
"""A language range with its weight."""

_TONES: Final = {
    "valid": "ok",
    "on_hold": "look",
    "superseded": "look",
    "recalled": "stop",
    "revoked": "stop",
}
_SHAPES: Final = {
    "valid": "tick",
    "on_hold": "alert",
    "superseded": "next",
    "recalled": "cross",
    "revoked": "bar",
}
_MARKS: Final = {"passed": "tick", "failed": "cross", "not_applicable": "none", "not_checked": "ask"}

_WEIGHTY: Final = (
    "recalled",
    "held",
    "transformed",
    "transfer_accepted",
    "shipped",
    "packed",
    "lost",
    "inspected",
)
"""Kinds of steps that a buyer looks for first."""

# Tags are added to text, not formatted around it: adding to ``Markup`` escapes what is not.
_BDI, _BDI_WHOLE, _BDI_CODE = Markup("<bdi>"), Markup('<bdi class="n">'), Markup('<bdi class="c" dir="ltr">')
_END_BDI, _CLOSE = Markup("</bdi>"), Markup('">')
_DATA, _END_DATA = Markup('<data value="'), Markup("</data>")
_TIME, _END_TIME = Markup('<time datetime="'), Markup("</time>")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Room:
    """How many of each the page lists."""

    steps: int
    checks: int
    values_in_full: int
    values_in_brief: int
    certificates: int
    claims: int


ROOMS: Final = (Room(24, 40, 7, 2, 8, 8), Room(10, 12, 5, 1, 4, 5), Room(7, 5, 2, 0, 2, 2))
"""The first is for every lot that we can think of; the others keep the promise of size for those that we cannot."""


def page_html(passport: Passport, lang: Lang) -> bytes:
    """The page of a label, with ``CHECKED_AT`` where the time of the check stands."""
    passport = _plain(passport)
    html = b""
    for room in ROOMS:
        html = _page(passport, lang, room)
        if len(html) < PAGE_BYTES:
            break
    return html


def unknown_html(typed: str | None, lang: Lang, host: str) -> bytes:
    """The page for a code that was not issued (404), with a field to type it again."""
    typed = _cut(_plain(typed), TYPED_SHOWN) if typed else ""
    return _form_page("unknown", lang, host, typed)


def forged_html(lang: Lang, host: str) -> bytes:
    """The page for a label that has the form of ours and is not signed by us (404)."""
    return _form_page("forged", lang, host, "")


def start_html(lang: Lang, host: str) -> bytes:
    """The page with one field to type the code."""
    return _form_page("start", lang, host, "")


DOCUMENT_TONES: Final = {"issued": "ok", "superseded": "look", "revoked": "stop", "corrected": "stop"}
DOCUMENT_ICONS: Final = {"issued": "tick", "superseded": "next", "revoked": "bar", "corrected": "bar"}
"""state of a document -> the look of its page, told apart without colour."""


def document_html(held: PublicDocument, lang: Lang, host: str) -> bytes:
    """The page of a document for whoever holds it: which it is, and whether it is still in force.

    ``CHECKED_AT`` stands where the time of the answer belongs.
    """
    voice = _Voice(lang, None)
    kind = texts.text(lang, f"document.{held.kind}")
    return _render(
        "document.html",
        voice,
        host=_plain(host).lower(),
        title=f"{texts.text(lang, f'document.state.{held.state}')} \u00b7 {_plain(held.number)}",
        tone=DOCUMENT_TONES[held.state],
        icon_name=DOCUMENT_ICONS[held.state],
        languages=languages({}),
        d=_plain(held),
        kind=kind,
        checked_at=CHECKED_AT,
        json_query=JSON_QUERY,
    )


def broken(word: str) -> list[str]:
    """A verdict in the lines that it may be broken into: after its colon."""
    return word.replace(": ", ":\n").split("\n")


def page_json(passport: Passport) -> bytes:
    """The same facts and the same numbered checks for machines: sorted keys, integers in grams, instants in UTC."""
    import orjson

    passport = _plain(passport)
    data = _data(passport)
    data["format"] = FORMAT
    data["checked_at"] = CHECKED_AT
    data["verdict"] = {lang: _word(passport, lang) for lang in LANGS}
    data["verifications"] = [_unsealed(item) for item in data["verifications"]]
    options = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_OMIT_MICROSECONDS
    return orjson.dumps(data, option=options)


@dataclass(frozen=True, slots=True)
class Seal:
    """How far the log was sealed when a page is served: until which event, when, and how many outsiders saw it."""

    seq: int
    sealed_at: datetime
    witnesses: int


def sealed(body: bytes, lang: Lang, seal: Seal | None) -> bytes:
    """A prepared page, or its JSON, with what can be said of the seal at this moment; none: nothing is sealed."""

    def said(found: re.Match[bytes]) -> bytes:
        holds = seal is not None and int(found[2] or found[5]) <= seal.seq
        match found[1] or found[4]:
            case b"SEAL":
                return _history(lang, seal if holds else None)
            case b"PASSED":
                return str(int(found[3]) + holds).encode()
            case b"ANSWER":
                return b'"passed"' if holds else b'"not_checked"'
            case b"SEALED_AT":
                return f'"{seal.sealed_at:%Y-%m-%dT%H:%M:%SZ}"'.encode() if seal and holds else b"null"
            case _:
                return str(seal.witnesses).encode() if seal and holds else b"null"

    return _SEAL.sub(said, body)


@lru_cache(maxsize=64)
def _history(lang: Lang, seal: Seal | None) -> bytes:
    """The question whether the record is unchanged, as it is answered now."""
    voice = _Voice(lang, None)
    params: Params = {}
    if seal is not None:
        params = {"sealed_at": voice.day(texts.utc(seal.sealed_at).date()), "witnesses": seal.witnesses}
    answer = "passed" if seal is not None else "not_checked"
    sentence = voice.because(f"check.history.{answer}", params)
    question = _Question(7, voice.say("check.history"), answer, _MARKS[answer], sentence)
    html = _environment().get_template("parts.html").module.question(voice.say, question)  # type: ignore[attr-defined]
    return re.sub(r"\s*\n\s*", "\n", str(html)).strip().encode()


def negotiate(accept_language: str | None, query_lang: str | None) -> Lang:
    """The language of the answer: the one asked for in the address, else the best of the header, else English.

    Weights are obeyed and ties go to the earlier; a range that cannot be read is passed over (RFC 9110, 12.5.4).
    """
    if query_lang and (asked := texts.language(query_lang)):
        return asked
    weights: dict[str, float] = {}
    for part in (accept_language or "")[:1000].split(","):
        if (found := _RANGE.fullmatch(part)) is None:
            continue
        tag = "*" if found[1] == "*" else texts.language(found[1])
        if tag is not None:
            weights.setdefault(tag, float(found[2] or "1"))
    for lang in LANGS:
        if "*" in weights:
            weights.setdefault(lang, weights["*"])
    best = max((weights.get(lang, 0.0) for lang in LANGS), default=0.0)
    if best <= 0:
        return "en"
    liked = [lang for lang in LANGS if weights.get(lang) == best]
    return min(liked, key=[*weights].index)


@cache
def csp_style_hash() -> str:
    """The hash source of the inline style, without quotes: ``style-src 'sha256-…'``."""
    return f"sha256-{b64encode(sha256(_css().encode()).digest()).decode()}"


def host_of(url: str) -> str:
    """The host of an address, in small letters, with its port where one is given."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def grouped(code: str) -> str:
    """A public code as it is printed, in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


# --- the template ---------------------------------------------------------------------------------------------------


@cache
def _css() -> str:
    return style_sheet("page.css")


def style_sheet(*names: str) -> str:
    """Style sheets as one, without comments and needless spaces."""
    whole = "\n".join((TEMPLATES / name).read_text("utf-8") for name in names)
    css = re.sub(r"/\*.*?\*/", "", whole, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r" ?([{};,>]) ?", r"\1", css).replace(": ", ":").replace(";}", "}").strip()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def render(template: str, lang: Lang, css: str, **context: object) -> bytes:
    """A page of a template that stands for no label, with a style sheet of its own."""
    return _render(template, _Voice(lang, None), **context, css=Markup(css))  # noqa: S704 - our own file


def _render(template: str, voice: _Voice, **context: object) -> bytes:
    context.setdefault("css", Markup(_css()))  # noqa: S704 - our own file
    html = _environment().get_template(template).render(context, lang=voice.lang, v=voice, say=voice.say)
    return re.sub(r"\s*\n\s*", "\n", html).encode()


def _page(passport: Passport, lang: Lang, room: Room) -> bytes:
    voice = _Voice(lang, passport)
    verdict = _verdict(passport, voice)
    story, steps_left = _story(passport.steps, room)
    shown, brief, checks_left = _checks(passport, room)
    host = host_of(passport.url)
    return _render(
        "page.html",
        voice,
        host=host,
        title=f"{verdict.word} \u00b7 {_cut(passport.lot_code, NAME_SHOWN)} \u00b7 {host}",
        tone=verdict.tone,
        languages=languages({}),
        p=passport,
        room=room,
        verdict=verdict,
        summary=_summary(passport.verifications, voice),
        claims=[_claim(claim, passport, voice) for claim in passport.claims[: room.claims]],
        claims_left=max(0, len(passport.claims) - room.claims),
        story=story,
        steps_left=steps_left,
        checks=shown,
        brief_checks=brief,
        checks_left=checks_left,
        certificates=passport.certificates[: room.certificates],
        certificates_left=max(0, len(passport.certificates) - room.certificates),
        questions=[_question(asked, passport, voice) for asked in passport.verifications],
        limits=("copy", "weight", "sample", "certificate", "history", "time"),
        typed_code=grouped(passport.code),
        contact=_contact(passport, voice),
        json_query=JSON_QUERY,
        form_action=FORM_ACTION,
        checked_at=CHECKED_AT,
    )


def _form_page(kind: str, lang: Lang, host: str, typed: str) -> bytes:
    host = _plain(host).lower()
    return _render(
        f"{kind}.html",
        _Voice(lang, None),
        host=host,
        title=f"{texts.text(lang, f'{kind}.title')} \u00b7 {host}",
        tone="stop" if kind == "forged" else kind,
        languages=languages({"code": typed} if typed else {}),
        typed=typed,
        typed_max=TYPED_SHOWN,
        form_action=FORM_ACTION,
    )


def languages(kept: Mapping[str, str]) -> list[tuple[Lang, str, str]]:
    """Each language: its code, its own name, and the query that asks for it and keeps the rest."""
    return [(lang, LANGUAGE_NAMES[lang], "?" + urlencode({**kept, "lang": lang})) for lang in LANGS]


# --- how things are said --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Voice:
    """Sentences and figures of one page in one language, as safe HTML."""

    lang: Lang
    passport: Passport | None

    def say(self, key: str, **params: object) -> Markup:
        """The sentence of a key with its figures; what comes from outside is escaped."""
        return fill(texts.text(self.lang, key), params)

    def count(self, key: str, n: int, **params: object) -> Markup:
        """The sentence for a number of things."""
        return self.say(texts.counted(self.lang, key, n), n=texts.number(n), **params)

    def because(self, key: str, params: Mapping[str, Any]) -> Markup | None:
        """The sentence that says most with the params of a code, or nothing for a strange code."""
        sentence = texts.richest(self.lang, key, frozenset(params))
        return None if sentence is None else fill(sentence, params)

    def params(self, params: Params, **more: object) -> dict[str, object]:
        """The params of a code as they are written. Ids and absent values say nothing to a reader."""
        said: dict[str, object] = {}
        for name, value in params.items():
            if name in _PRIVATE or value in ("", "-") or (isinstance(value, str) and _UUID.fullmatch(value)):
                continue
            if name == "scheme" and isinstance(value, str):
                said[name] = self.name(self.scheme(value))
            elif name.endswith("_g") and isinstance(value, int):
                said[name] = self.kg(value)
            else:
                written = texts.parameter(self.lang, name, value)
                outside = self.whole if name in _CODES else self.name
                said[name] = written if written != value else outside(written)
        return said | more

    def scheme(self, code: str) -> str:
        """The name of a scheme."""
        if self.passport is None:
            return code
        named: tuple[Claim | Certificate, ...] = (*self.passport.claims, *self.passport.certificates)
        given = next((each.scheme_name for each in named if each.scheme == code), code)
        return texts.scheme(self.lang, code, given)

    def scheme_of(self, named: Claim | Certificate) -> Markup:
        """The name of the scheme of a claim or certificate."""
        return self.name(texts.scheme(self.lang, named.scheme, named.scheme_name))

    def name(self, value: str) -> Markup:
        """A name or code from outside, kept apart from the direction of the text around it."""
        return _BDI + _cut(value, NAME_SHOWN) + _END_BDI

    def declared(self, allergens: Sequence[str]) -> str:
        """The allergens that the label names."""
        return texts.declared(self.lang, allergens)

    def whole(self, value: str) -> Markup:
        """A code from outside in a sentence, not broken at its hyphens."""
        return _BDI_WHOLE + _cut(value, NAME_SHOWN) + _END_BDI

    def code(self, value: str) -> Markup:
        """A code as it is typed."""
        return _BDI_CODE + _cut(value, NAME_SHOWN) + _END_BDI

    def bold(self, said: Markup) -> Markup:
        return Markup("<b>{}</b>").format(said)

    def kg(self, grams: int) -> Markup:
        return _DATA + str(grams) + _CLOSE + texts.kilograms(self.lang, grams) + _END_DATA

    def day(self, on: date) -> Markup:
        return _TIME + on.isoformat() + _CLOSE + texts.day(self.lang, on) + _END_TIME

    def days(self, first: date, last: date) -> Markup:
        if first == last:
            return self.day(first)
        return Markup("{}").format(texts.days(self.lang, first, last))

    def moment(self, at: datetime) -> Markup:
        return _TIME + at.isoformat() + _CLOSE + texts.moment(self.lang, at) + _END_TIME

    def checked_at(self, token: str) -> Markup:
        return self.say("checked_at", time=Markup("<time>{}</time>").format(token))

    def valid(self, held: Certificate) -> Markup:
        """From when to when a certificate is valid."""
        return self.say("valid_from_to", first=self.day(held.valid_from), last=self.day(held.valid_to))

    def origin(self, origin: Origin) -> Markup:
        """How many deliveries of how many farmers; with fewer than five farmers, no figures of them."""
        deliveries = self.count("deliveries", origin.deliveries)
        if origin.farmers is None:
            return deliveries
        return self.say("from_farmers", deliveries=deliveries, farmers=self.count("farmers", origin.farmers))

    def verdicts(self, checks: Sequence[QualityCheck]) -> Markup:
        """How many quality checks passed, and how many failed."""
        verdicts = [check.verdict for check in checks]
        said = [(verdict, verdicts.count(verdict)) for verdict in ("fail", "pass") if verdict in verdicts]
        return Markup(", ").join(self.count(f"quality_{verdict}", n) for verdict, n in said)

    def number(self, n: int) -> str:
        return texts.number(n)

    def value(self, code: str) -> str:
        """The value of a claim."""
        return texts.text(self.lang, key) if texts.has(key := f"value.{code}") else texts.words(_cut(code, VALUE_SHOWN))

    def country(self, code: str) -> str:
        """The country's name where the passport gives it, else its code."""
        origin = self.passport.origin if self.passport else None
        return self.either(origin.country_name) or code if origin and origin.country == code else code

    def either(self, names: Mapping[str, str]) -> str:
        """The name in the language of the page, else in any that there is."""
        return names.get(self.lang) or next((name for name in names.values() if name), "")

    def step(self, step: Step) -> Markup:
        """What happened, and how often."""
        key = f"step.{step.kind}.{step.process}" if step.process else f"step.{step.kind}"
        if not texts.has(f"{key}.one"):
            key = f"step.{step.kind}" if texts.has(f"step.{step.kind}.one") else "step.other"
        return self.count(key, step.count)

    def weights(self, step: Step) -> Markup | None:
        """What went in and what came out of a step."""
        grams_in, grams_out = step.grams_in, step.grams_out
        if grams_in is not None and grams_out is not None and grams_in != grams_out:
            return self.say("in_out", weight_in=self.kg(grams_in), weight_out=self.kg(grams_out))
        grams = grams_out if grams_in is None else grams_in
        return None if grams is None else self.kg(grams)

    def place(self, step: Step) -> Markup:
        """Who did it, and where."""
        parts = [step.organisation, step.site, self.country(step.country) if step.country else None]
        said = list(dict.fromkeys(part for part in parts if part))
        return Markup(" \u00b7 ").join(self.name(part) for part in said)

    def test(self, measured: Measured) -> Markup:
        """What was measured: a test, or so many found of so many looked at."""
        known = texts.has(key := f"test.{measured.test}")
        name = _cut((measured.name or {}).get(self.lang) or texts.words(measured.test), VALUE_SHOWN)
        test = texts.text(self.lang, key) if known else name
        if measured.count is None or measured.of is None:
            return Markup("{}").format(test)
        counts = {"n": texts.number(measured.count), "of": texts.number(measured.of)}
        if texts.has(key := f"found.{measured.test}"):
            return self.say(key, **counts)
        return self.say("counted", test=test, **counts)

    def amount(self, value: str, unit: str) -> str:
        return texts.amount(self.lang, _cut(value, VALUE_SHOWN), _cut(unit, VALUE_SHOWN))

    def found(self, measured: Measured) -> str | None:
        """The value with its unit, unless it is the count that the name already says."""
        if measured.count is not None and measured.value == str(measured.count):
            return None
        found = self.amount(measured.value, measured.unit)
        found = f"<\u00a0{found}" if measured.below else found
        return self.say("of_samples", found=found, n=measured.samples) if measured.samples else found

    def limit(self, measured: Measured) -> Markup | None:
        if measured.limit is None or measured.unit == texts.YES_NO:
            return None
        unit = measured.unit if measured.unit.startswith("%") else ""
        return self.say("limit", limit=self.amount(measured.limit, unit))

    def brief(self, measured: Measured) -> Markup:
        """A measured value in one run of words: «9 of 300 beans mouldy, limit 3 %»."""
        parts = [self.test(measured)]
        if measured.count is None and (found := self.found(measured)) is not None:
            parts[0] = Markup("{} {}").format(parts[0], found)
        if (limit := self.limit(measured)) is not None:
            parts.append(limit)
        return Markup(", ").join(parts)

    def bar(self, measured: Measured) -> int | None:
        """How far a bar reaches on 100, where the limit stands at ``LIMIT_AT``."""
        limit = measured.limit
        if limit is None or not _DECIMAL.fullmatch(measured.value) or not _DECIMAL.fullmatch(limit):
            return None
        value, most = float(measured.value), float(limit)
        if most <= 0:
            return 100 if value > 0 else 0
        return min(100, round(LIMIT_AT * value / most))


def fill(sentence: str, params: Mapping[str, object]) -> Markup:
    """A sentence with its figures as safe HTML."""
    return escape(sentence).format(**params)


# --- what the page shows --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Verdict:
    tone: str
    shape: str
    word: str
    lines: Sequence[str]  # the word, where it may be broken
    sentence: Markup
    reason: str | None
    ask: bool  # say how to reach the issuer
    new_label: str | None


@dataclass(frozen=True, slots=True)
class _Run:
    steps: Sequence[Step]
    folded: bool


@dataclass(frozen=True, slots=True)
class _ClaimView:
    claim: Claim
    mark: str
    certificates: Sequence[Certificate]
    reasons: Sequence[Markup]
    reasons_left: int


@dataclass(frozen=True, slots=True)
class _Question:
    number: int
    title: Markup
    answer: str
    mark: str
    sentence: Markup | None
    waits: str | None = None  # the mark in whose place it stands


def _word(passport: Passport, lang: Lang) -> str:
    """The verdict in a word. A label may be looked at closer for more reasons than a hold: the word says which."""
    code = passport.state_reason[0] if passport.state_reason else ""
    special = f"word.{passport.state}.{code}"
    return texts.text(lang, special if texts.has(special) else f"word.{passport.state}")


def _verdict(passport: Passport, voice: _Voice) -> _Verdict:
    state, params = passport.state, passport.state_reason[1] if passport.state_reason else {}
    default = {"valid": "valid", "on_hold": "other", "recalled": "RECALLED", "superseded": "SUPERSEDED"}
    code = passport.state_reason[0] if passport.state_reason else default.get(state, "REVOKED")
    said = voice.params(params, organisation=voice.name(passport.organisation))
    if passport.state_since is not None:
        said["since"] = voice.day(texts.utc(passport.state_since).date())
    sentence = voice.because(f"why.{code}", said) or voice.say("why.other")
    reason = params.get("reason")
    return _Verdict(
        tone=_TONES[state],
        shape=_SHAPES[state],
        word=(word := _word(passport, voice.lang)),
        lines=broken(word),
        sentence=sentence,
        reason=_cut(str(reason), NOTE_SHOWN) if reason else None,
        ask=state != "valid",
        new_label=_same_host(passport.superseded_by, passport.url) if state == "superseded" else None,
    )


def _same_host(link: str | None, url: str) -> str | None:
    """A link that stays with us, or nothing: the page sends nobody elsewhere."""
    if link is None or not re.match(r"https?://", link, re.IGNORECASE) or host_of(link) != host_of(url):
        return None
    return link


def _summary(asked: Sequence[Verification], voice: _Voice) -> Markup | None:
    """In a line: how many checks failed, or how many passed when none did."""
    if not asked:
        return None
    answers = [one.answer for one in asked]
    if failed := answers.count("failed"):
        return voice.count("summary.failed", failed, of=len(asked))
    waits = next((one.params["seq"] for one in asked if _waits(one)), None)
    passed: object = answers.count("passed")
    return voice.say("summary.passed", n=passed if waits is None else f"@@PASSED {waits} {passed}@@", of=len(asked))


def _waits(asked: Verification) -> bool:
    """Whether a question is answered when the page is served: how far the log is sealed changes without an event."""
    return asked.code == "history" and isinstance(asked.params.get("seq"), int)


def _unsealed(plain: dict[str, Any]) -> dict[str, Any]:
    """The question about the seal in JSON, with marks where its answer stands when it is served."""
    seq = plain["params"].get("seq") if plain["code"] == "history" else None
    if not isinstance(seq, int):
        return plain
    params = {"events": plain["params"].get("events"), "sealed_at": f"@@SEALED_AT {seq}@@"}
    return plain | {"answer": f"@@ANSWER {seq}@@", "params": params | {"witnesses": f"@@WITNESSES {seq}@@"}}


def _claim(claim: Claim, passport: Passport, voice: _Voice) -> _ClaimView:
    certificates = [held for held in passport.certificates if held.scheme == claim.scheme] if claim.granted else []
    reasons = list(_reasons(claim.reasons, voice))
    in_force = not certificates or any(held.status == "active" for held in certificates)
    mark = "none" if not claim.granted else "half" if reasons or not in_force else "tick"
    return _ClaimView(
        claim,
        mark,
        certificates[:REASONS_LISTED],
        reasons[:REASONS_LISTED],
        max(0, len(reasons) - REASONS_LISTED),
    )


def _reasons(reasons: Iterable[tuple[str, Params]], voice: _Voice) -> Iterable[Markup]:
    """Each code once: with its figures where it stands alone, with the number of cases where it comes often."""
    by_code: dict[str, list[Params]] = {}
    for code, params in reasons:
        by_code.setdefault(code if texts.has(f"reason.{code}") else "other", []).append(params)
    for code, cases in by_code.items():
        if len(cases) == 1:
            yield voice.because(f"reason.{code}", voice.params(cases[0])) or voice.say("reason.other")
        else:
            yield Markup("{} ({})").format(voice.say(f"reason.{code}"), voice.count("times", len(cases)))


def _story(steps: Sequence[Step], room: Room) -> tuple[Sequence[_Run], int]:
    """The steps in runs, oldest first: what matters most stands open, the rest is folded, and how many are left out.

    Open are the first step, the newest two and the weightiest of the others; a single step is not worth a fold.
    """
    if len(steps) <= STEPS_IN_FULL:
        return [_Run(steps, folded=False)], 0
    inner = range(1, len(steps) - NEWEST_STEPS)
    weighty = sorted(inner, key=lambda at: (_weight(steps[at]), -at))[: STEPS_IN_FULL - 1 - NEWEST_STEPS]
    folded_away = [at for at in inner if at not in weighty]
    quiet, dropped = set(folded_away), set(folded_away[: max(0, len(steps) - room.steps)])
    runs = []
    kept = ((at in quiet, step) for at, step in enumerate(steps) if at not in dropped)
    for folded, run in groupby(kept, key=lambda pair: pair[0]):
        told = [step for _, step in run]
        runs.append(_Run(told, folded=folded and len(told) > 1))
    return runs, len(dropped)


def _weight(step: Step) -> int:
    return _WEIGHTY.index(step.kind) if step.kind in _WEIGHTY else len(_WEIGHTY)


def _checks(passport: Passport, room: Room) -> tuple[Sequence[QualityCheck], Sequence[QualityCheck], int]:
    """The checks in full (those of this very lot first, then failed ones, then the newest), in brief, and the rest."""
    newest = sorted(passport.checks, key=lambda check: check.at, reverse=True)
    ranked = sorted(newest, key=lambda check: (check.lot_code != passport.lot_code, check.verdict == "pass"))
    full, rest = ranked[:CHECKS_IN_FULL], ranked[CHECKS_IN_FULL:]
    rest_room = room.checks - CHECKS_IN_FULL
    return (
        [_worst_first(check) for check in full],
        [_worst_first(check) for check in rest[:rest_room]],
        max(0, len(rest) - rest_room),
    )


def _worst_first(check: QualityCheck) -> QualityCheck:
    """Failed values first, values without a limit last, where not all have room."""
    rank = {False: 0, True: 1, None: 2}
    return replace(check, measured=tuple(sorted(check.measured, key=lambda one: rank[one.passed])))


def _question(asked: Verification, passport: Passport, voice: _Voice) -> _Question:
    known = texts.has(f"check.{asked.code}")
    title = voice.say(f"check.{asked.code}") if known else voice.say("check.other", code=voice.name(asked.code))
    said = voice.params(
        asked.params,
        organisation=voice.name(passport.organisation),
        issued=voice.day(texts.utc(passport.issued_at).date()),
    )
    sentence = voice.because(f"check.{asked.code}.{asked.answer}", said) if known else None
    waits = f"@@SEAL {asked.params['seq']}@@" if _waits(asked) else None
    return _Question(asked.number, title, asked.answer, _MARKS[asked.answer], sentence, waits)


def _contact(passport: Passport, voice: _Voice) -> Markup | None:
    """How to reach the issuer's office: a link where the contact is an address or a number, else as written."""
    contact = passport.contact
    if not contact:
        return None
    if _EMAIL.fullmatch(contact):
        subject = voice.say("report_subject", lot=passport.lot_code, code=grouped(passport.code)).unescape()
        query = urlencode({"subject": subject}, quote_via=quote)
        return Markup('<a href="mailto:{}?{}"><bdi>{}</bdi></a>').format(contact, query, contact)
    if _PHONE.fullmatch(contact):
        digits = "".join(character for character in contact if character in "+0123456789")
        return Markup('<a href="tel:{}"><bdi dir="ltr">{}</bdi></a>').format(digits, contact)
    return voice.name(contact)


# --- plain values ---------------------------------------------------------------------------------------------------


def _plain(value: T) -> T:
    """A value in which no text holds controls, direction marks or lone surrogates: they could redraw the page."""
    changed: Any = value
    if isinstance(value, str):
        changed = _harmless(value) if _HARMFUL.search(value) else value
    elif isinstance(value, tuple):
        changed = tuple(_plain(item) for item in value)
    elif isinstance(value, dict):
        changed = {_plain(key): _plain(item) for key, item in value.items()}
    elif is_dataclass(value) and not isinstance(value, type):
        changed = type(value)(**{item.name: _plain(getattr(value, item.name)) for item in fields(value)})
    return changed  # type: ignore[no-any-return]


def _harmless(value: str) -> str:
    return _HALF_PAIR.sub("\ufffd", _DIRECTION.sub("", _CONTROL.sub(" ", value))).replace("@@", "@ @")


def _cut(value: str, most: int) -> str:
    return value if len(value) <= most else value[: most - 1] + "\u2026"


def _data(value: Any) -> Any:
    """A value of the passport as JSON values; (code, params) pairs become objects, private params are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _data(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple):
        if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict):  # noqa: PLR2004
            return {"code": value[0], "params": _data(value[1])}
        return [_data(item) for item in value]
    if isinstance(value, dict):
        return {key: _data(item) for key, item in value.items() if key not in _PRIVATE}
    return value
