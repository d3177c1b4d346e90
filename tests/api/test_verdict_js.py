"""What the checker in the browser says of labels and proof files, ``domain.verification`` says too, spoilt or sound."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from domain import verification
from domain.label_token import ALPHABET, typed_code
from tests import published
from tests.domain.notes import spoilt_bytes

STATIC = Path(__file__).resolve().parents[2] / "api" / "static"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="no node on the PATH")

JUDGE = """
import { readFileSync } from "node:fs";
import { Invalid, base64 } from "./verify.js";
import * as c from "./verdict.js";
const bytes = (text) => (text === "" ? new Uint8Array() : base64(text));
const told = [];
for (const { keys, text, evidence, kept, tiles } of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    const published = c.parseKeys(bytes(keys));
    const given = text === null
      ? { label: null, code: null, host: null, mistyped: false, strange: false } : c.read(text);
    if (evidence !== null) {
      try {
        given.evidence = c.parseEvidence(bytes(evidence));
      } catch (error) {
        if (!(error instanceof Invalid)) throw error;
        given.strangeEvidence = true;
      }
    }
    const consistency = tiles === null ? undefined
      : (old, size) => c.consistencyProof(old, size, (path) => bytes(tiles[path]));
    const report = await c.check(given, published, { kept: kept === null ? null : bytes(kept), consistency });
    const { verdict, checks, code, label, logged } = report;
    told.push([
      verdict,
      checks.map(({ number, code, answer, why }) => `${number} ${code} ${answer} ${why}`),
      code,
      label && [label.key, label.code, label.packed, label.netGrams, label.commodity],
      logged && [logged.index, logged.size, logged.seen, logged.at],
    ]);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    told.push("bad keys");
  }
}
const plain = (_, value) => (typeof value === "bigint" ? Number(value) : value);
process.stdout.write(JSON.stringify(told, plain));
"""

Case = dict[str, Any]


@pytest.fixture(scope="module")
def in_node(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[Case]], list[Any]]:
    folder = tmp_path_factory.mktemp("node")
    for name in ("verify.js", "verdict.js"):
        shutil.copy(STATIC / name, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "judge.js").write_text(JUDGE, "utf-8")

    def run(cases: list[Case]) -> list[Any]:
        given = json.dumps(cases).encode()
        done = subprocess.run([str(NODE), "judge.js"], cwd=folder, input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        answers: list[Any] = json.loads(done.stdout)
        return answers

    return run


def in_python(case: Case) -> Any:
    try:
        keys = verification.parse_keys(base64.b64decode(case["keys"]))
    except verification.BadKeys:
        return "bad keys"
    given = verification.Given() if case["text"] is None else verification.read(case["text"])
    if case["evidence"] is not None:
        try:
            given = replace(given, evidence=verification.parse_evidence(base64.b64decode(case["evidence"])))
        except verification.BadBundle:
            given = replace(given, strange_evidence=True)
    kept = None if case["kept"] is None else base64.b64decode(case["kept"])
    report = verification.check(
        given, keys, verification.default_policy(keys, given.evidence), kept=kept, consistency=case["consistency"]
    )
    token, logged = report.token, report.logged
    return [
        report.verdict,
        [f"{one.number} {one.code} {one.answer} {one.why}" for one in report.checks],
        report.code,
        token and [token.key, token.code, token.packed.isoformat(), token.net_grams, token.commodity],
        logged and [logged.index, logged.size, [list(one) for one in logged.seen], logged.at],
    ]


def case(
    text: str | None = None,
    evidence: dict[str, Any] | bytes | None = None,
    keys: dict[str, Any] | bytes | None = None,
    kept: bytes | None = None,
    consistency: list[bytes] | None = None,
    tiles: dict[str, bytes] | None = None,
) -> Case:
    def told(value: dict[str, Any] | bytes | None) -> str | None:
        if value is None:
            return None
        return base64.b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).decode()

    return {
        "keys": told(published.keys() if keys is None else keys),
        "text": text,
        "evidence": told(evidence),
        "kept": told(kept),
        "consistency": consistency,
        "tiles": None if tiles is None else {path: base64.b64encode(data).decode() for path, data in tiles.items()},
    }


def told_to_node(one: Case) -> Case:
    return {name: value for name, value in one.items() if name != "consistency"}


LOG = published.PUBLISHED
FORKED = published.Published(events=[b"{}", *LOG.events[1:]])
BEFORE, AFTER = published.SEEN, 1_800_000_000  # 2026-11-18, 2027-01-15: on both sides of the day key 2 was withdrawn


def withdrawn_since(at: str) -> dict[str, Any]:
    return published.keys(labels=[published.label_key(2, compromised_since=at)])


OTHER = published.OTHER_LOG
OLDER = published.Published(log=published.SignerKey("t.example.org/2025", 1, bytes(32)))


def with_an_older_log(since: int | None = None) -> dict[str, Any]:
    return published.keys(log=published.logs((OLDER.log, since), (published.LOG, None)))


def log_withdrawn(since: str | int, *more: published.SignerKey) -> dict[str, Any]:
    return published.keys(log=published.logs((published.LOG, since), *((key, None) for key in more)))


def sentences() -> dict[str, tuple[Case, str]]:
    """Each verdict by what leads to it."""
    label, two, three, nine = (published.label(number) for number in (1, 2, 3, 9))
    unit, lot = published.unit_bundle(), published.bundle()
    flipped = label[:40] + ALPHABET[ALPHABET.index(label[40]) ^ 1] + label[41:]
    late = published.unit_bundle(at=AFTER)
    return {
        "a label": (case(label), "sound"),
        "its address": (case(f"HTTPS://T.EXAMPLE.ORG/L/{label}"), "sound"),
        "this page on it": (case(f"https://t.example.org/check?lang=fr#{label}"), "sound"),
        "with spaces around": (case(f"\n {label} \r\n"), "sound"),
        "in small letters": (case(label.lower()), "malformed"),
        "a letter short": (case(label[:-1]), "malformed"),
        "one bit flipped": (case(flipped), "unsigned"),
        "of another's key": (case(nine), "unknown_key"),
        "at another's address": (case(f"https://t.example.com/l/{label}"), "other_host"),
        "of a withdrawn key": (case(two), "withdrawn"),
        "logged before": (case(two, unit), "proven"),
        "logged after": (case(two, late), "withdrawn_before"),
        "logged the very second": (case(two, unit, withdrawn_since("2026-11-18T11:06:40Z")), "withdrawn_before"),
        "logged a second before": (case(two, unit, withdrawn_since("2026-11-18T11:06:41Z")), "proven"),
        "nobody saw it before": (case(two, published.unit_bundle(witnesses=())), "withdrawn"),
        "packed after the key was retired": (case(three), "retired"),
        "packed before": (case(published.label(3, packed=date(2026, 6, 30))), "sound"),
        "a typed code": (case(published.TYPED), "typed"),
        "typed in groups": (case(f"{published.TYPED[:4].lower()}-{published.TYPED[4:]}"), "typed"),
        "a code in an address": (case(f"https://t.example.org/l/{published.CODE}"), "typed"),
        "mistyped": (case("0" + published.TYPED[1:]), "mistyped"),
        "nonsense": (case("hello"), "malformed"),
        "nothing": (case(""), "malformed"),
        "proof of a unit": (case(None, unit), "proven"),
        "proof of a label": (case(None, lot), "proven"),
        "an event without its record": (case(None, published.bundle(event=published.BARE)), "proven"),
        "keys with days": (case(two, unit, withdrawn_since("2026-12-01")), "proven"),
        "keys of a log before": (case(None, unit, with_an_older_log()), "proven"),
        "signed by a log before": (case(None, published.unit_bundle(OLDER), with_an_older_log()), "proven"),
        "by a log before, whose key was withdrawn": (
            case(None, published.unit_bundle(OLDER), with_an_older_log(BEFORE * 1000)), "not_proven"
        ),
        "by a log that is not named": (case(None, published.unit_bundle(OLDER)), "not_proven"),
        "the log's key withdrawn, seen before": (case(None, unit, log_withdrawn("2026-11-18T11:06:41Z")), "proven"),
        "the log's key withdrawn that second": (case(None, unit, log_withdrawn("2026-11-18T11:06:40Z")), "not_proven"),
        "the log's key withdrawn, seen by none": (
            case(None, published.unit_bundle(witnesses=()), log_withdrawn("2027-11-18")), "not_proven"
        ),
        "another key of the log withdrawn": (
            case(None, unit, published.keys(log=published.logs((published.OTHER_LOG, BEFORE * 1000), (published.LOG, None)))),
            "proven",
        ),
        "a label, the log's key withdrawn": (case(label, late, log_withdrawn("2026-12-01", OTHER)), "not_proven"),
        "a seal of a log before": (case(None, unit, with_an_older_log(), kept=OLDER.checkpoint(900)), "proven"),
        "a seal of a log not named": (case(None, unit, kept=OLDER.checkpoint(900)), "forked"),
        "a log without keys": (case(label, unit, published.keys(log={"origin": "", "keys": []}, witnesses=[])), "sound"),
        "label and proof": (case(label, unit), "proven"),
        "code and proof": (case(published.TYPED, unit), "proven"),
        "proof of another": (case(label, lot), "not_proven"),
        "another code": (case(None, {**lot, "code": published.CODE}), "not_proven"),
        "another place": (case(None, {**unit, "unit": {**unit["unit"], "index": 17}}), "not_proven"),
        "another size": (case(None, {**unit, "unit": {**unit["unit"], "size": 301}}), "not_proven"),
        "without the way": (case(None, {**unit, "unit": None}), "not_proven"),
        "of another log": (case(None, published.unit_bundle(published.Published(log=published.OTHER_LOG))), "not_proven"),
        "one witness": (case(None, published.unit_bundle(witnesses=published.WITNESSES[1:])), "proven"),
        "no witness": (case(None, published.unit_bundle(witnesses=())), "unwitnessed"),
        "a genuine code on a label with another weight": (case(published.label(1, net=60_000), unit), "not_proven"),
        "a genuine code with another day": (case(published.label(1, packed=date(2026, 11, 24)), unit), "not_proven"),
        "another weight, by the stolen key": (case(published.label(2, net=60_000), unit), "not_proven"),
        "printed again under a newer key": (case(published.label(3, packed=date(2026, 11, 23)), unit), "retired"),
        "a code that the proof does not say": (
            case(None, {**unit, "unit": {**unit["unit"], "said": published.SAID[17].hex()}}), "not_proven"
        ),
        "another weight in the proof": (
            case(None, {**unit, "unit": {**unit["unit"], "said": unit["unit"]["said"][:-6] + "586b03"}}), "not_proven"
        ),
        "what is said in capitals": (
            case(None, {**unit, "unit": {**unit["unit"], "said": unit["unit"]["said"].upper()}}), "not_proven"
        ),
        "nothing said": (case(None, {**unit, "unit": {**unit["unit"], "said": None}}), "not_proven"),
        "a signed label with the code of a lot": (case(published.label(code=published.LABEL_CODE), lot), "not_proven"),
        "no proof": (case(None, b"{}"), "not_proven"),
        "label and no proof": (case(label, b"hello"), "not_proven"),
        "no witness asked": (
            case(None, published.unit_bundle(witnesses=()), published.keys(witnesses=[])), "proven"
        ),
        "withdrawn, no witness asked": (
            case(two, published.unit_bundle(witnesses=()), published.keys(witnesses=[])), "withdrawn_before"
        ),
        "no log yet": (case(label, unit, published.keys(log=None)), "sound"),
        "the same tree": (case(None, unit, kept=LOG.checkpoint(900)), "proven"),
        "another tree": (case(None, unit, kept=FORKED.checkpoint(900)), "forked"),
        "no checkpoint": (case(None, unit, kept=b"hello"), "forked"),
        "no tiles": (case(None, unit, kept=LOG.checkpoint(800)), "proven"),
        "goes on": (
            case(None, unit, kept=LOG.checkpoint(715), consistency=LOG.consistency(715, 900), tiles=LOG.tiles(900)),
            "proven",
        ),
        "goes back": (
            case(None, unit, kept=LOG.checkpoint(1000), consistency=LOG.consistency(900, 1000), tiles=LOG.tiles(1000)),
            "proven",
        ),
        "does not go on": (
            case(
                None, unit, kept=FORKED.checkpoint(715), consistency=LOG.consistency(715, 900), tiles=LOG.tiles(900)
            ),
            "forked",
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", sentences())
def test_a_verdict_by_what_leads_to_it(name: str) -> None:
    one, verdict = sentences()[name]
    report = in_python(one)
    assert report[0] == verdict, report
    assert [line.split(" ")[:2] for line in report[1]] == [[str(n + 1), c] for n, c in enumerate(verification.CHECKS)]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a genuine code on a label with another weight", "other_label"),
        ("a genuine code with another day", "other_label"),
        ("another weight, by the stolen key", "other_label"),
        ("a signed label with the code of a lot", "other_label"),
        ("a code that the proof does not say", "other_code"),
        ("another weight in the proof", "other_unit"),
        ("proof of another", "other_code"),
    ],
)
def test_why_an_event_issues_something_else(name: str, why: str) -> None:
    assert f"5 event failed {why}" in in_python(sentences()[name][0])[1]


def test_each_verdict_is_led_to() -> None:
    assert {verdict for _, verdict in sentences().values()} == set(verification.Verdict.__args__)  # type: ignore[attr-defined]


def test_the_browser_says_the_same(in_node: Callable[[list[Case]], list[Any]]) -> None:
    cases = [one for one, _ in sentences().values()]
    answers = in_node([told_to_node(one) for one in cases])
    for name, one, answer in zip(sentences(), cases, answers, strict=True):
        assert answer == in_python(one), name


def spoilt_bundles(rng: random.Random) -> Iterator[Case]:
    """Bundles in which a byte, a line, a value or a name is another, and labels with one character changed."""
    values = [None, True, 0, -1, 16.0, 1.5, 1e400, 2**53, "", "16", [], {}, "\ud800", "x" * 16, published.CODE]
    makers = [published.unit_bundle(), published.bundle(), published.unit_bundle(at=AFTER)]
    while True:
        good = json.loads(json.dumps(rng.choice(makers)))
        held: Any = rng.choice([None, None, published.label(1), published.label(2), published.TYPED])
        kind = rng.randrange(7)
        if kind == 0:
            yield case(held, spoilt_bytes(json.dumps(good).encode(), rng))
            continue
        if kind == 1:
            part = rng.choice(["event", "proof"])
            good[part] = spoilt_bytes(good[part].encode(), rng).decode("utf-8", "replace")
        elif kind == 2:
            inner = rng.choice([good, good.get("unit", good)])
            inner[rng.choice(list(inner))] = rng.choice(values)
        elif kind == 3:
            inner = rng.choice([good, good.get("unit", good)])
            del inner[rng.choice(list(inner))]
        elif kind == 4 and "unit" in good:
            hashes = good["unit"]["hashes"]
            at = rng.randrange(len(hashes))
            hashes[at] = rng.choice([hashes[at][:-2] + "B=", hashes[at - 1], hashes[at] + "\n"])
        elif kind == 5:
            other = json.loads(json.dumps(rng.choice(makers)))
            good[part] = other[part := rng.choice(["event", "proof", "code"])]
        else:
            held = published.label(1)
            at = rng.randrange(132)
            held = held[:at] + rng.choice(ALPHABET + "ilo ") + held[at + 1 :]
        yield case(held, good)


def spoilt_keys(rng: random.Random) -> Iterator[Case]:
    values = [None, True, -1, 65536, 1.0, "", "2026-02-30", "2026-02-28", "2026-12-01T12:00:00Z", "0000-01-01", [], {}]
    values += [1_795_000_000_000, 1_795_000_000_999, 1_795_000_001_000, 253_402_300_800_000, -1, 1e14, "0"]
    values += ["2026-12-01T24:00:00Z", "2026-11-18T11:06:40Z", "2026-11-18T11:06:41Z", published.HOST]
    while True:
        good = json.loads(json.dumps(published.keys()))
        inner = rng.choice(
            [
                good,
                good["log"],
                good["log"]["history"][0],
                *good["labels"],
                good["commodities"][0],
                good["commodities"][0]["name"],
            ]
        )
        inner[rng.choice(list(inner))] = rng.choice(values)
        if rng.random() < 0.1:
            good["witnesses"].append(rng.choice([good["witnesses"][0], str(published.LOG.verifier)]))
        yield case(published.label(2), published.unit_bundle(), good)


@cache
def mutated() -> list[Case]:
    bundles, keys = spoilt_bundles(random.Random(1)), spoilt_keys(random.Random(2))
    codes = random.Random(3)
    typed = [typed_code(codes.randbytes(10)) for _ in range(40)]
    odd = [
        code[:at] + codes.choice(ALPHABET + "Uuio-\u017f\u00df\u0660") + code[at + 1 :] for at, code in enumerate(typed)
    ]
    return [
        *(next(bundles) for _ in range(600)),
        *(next(keys) for _ in range(300)),
        *(case(text) for text in (*typed, *odd, *(code[:16] for code in odd))),
    ]


def test_they_agree_on_a_thousand_spoilt_files(in_node: Callable[[list[Case]], list[Any]]) -> None:
    cases = mutated()
    ours = [in_python(one) for one in cases]
    kinds = Counter(one if isinstance(one, str) else one[0] for one in ours)
    for verdict, least in {"not_proven": 300, "bad keys": 60, "proven": 60, "typed": 40, "mistyped": 15}.items():
        assert kinds[verdict] >= least, kinds
    differing = [
        (one, python, script)
        for one, python, script in zip(cases, ours, in_node([told_to_node(one) for one in cases]), strict=True)
        if python != script
    ]
    assert differing == []


def test_the_module_asks_for_nothing() -> None:
    text = (STATIC / "verdict.js").read_text("utf-8")
    for word in ("fetch(", "XMLHttpRequest", "eval(", "Function(", "Date.now", "Math.random", "document.", "window"):
        assert word not in text, word
    assert text.count("import ") == 1
