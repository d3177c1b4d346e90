"""The verifier in the page and the one in Python give the same verdict on ten thousand proofs, sound and spoilt.

They were written apart, from the specifications; so what one of them takes by mistake, the other refuses. The cases run
in Chromium where it is, and in Node where it is.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from domain.label_token import (
    ALPHABET,
    BadLabel,
    Token,
    parse_typed_code,
    signed_label,
    to_base32,
    typed_code,
    verify_label,
)
from domain.merkle import (
    consistency_proof,
    inclusion_proof,
    nodes_of_leaves,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from domain.note import (
    BadNote,
    Signature,
    Witnessed,
    parse_key,
    parse_note,
    public_key,
    sign,
    verify_checkpoint,
    verify_note,
    verify_proof,
)
from tests.domain import notes
from tests.domain.merkle_proofs import Consistency, Inclusion, spoilt_consistencies, spoilt_inclusions

MODULE = Path(__file__).resolve().parents[2] / "api" / "static" / "verify.js"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NODE = shutil.which("node")

# What stands between the cases, which are JSON, and the functions of the module. A verdict is a text, or null.
JUDGE = """
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16));
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const policyOf = ({ origin, log, witnesses, quorum }) =>
  ({ origin, logKeys: log.map(v.parseKey), witnesses: witnesses.map(v.parseKey), quorum });
const seenText = (seen) => seen.map(([name, time]) => `${name}@${time}`).join(",");
const judges = {
  inclusion: ({ leaf, index, size, proof, root }) =>
    v.verifyInclusion(bytes(leaf), BigInt(index), BigInt(size), proof.map(bytes), bytes(root)) ? "yes" : null,
  consistency: ({ old, size, proof, oldRoot, root }) =>
    v.verifyConsistency(BigInt(old), BigInt(size), proof.map(bytes), bytes(oldRoot), bytes(root)) ? "yes" : null,
  proof: async ({ data, event, policy }) => {
    const told = await v.verifyProof(bytes(data), bytes(event), policyOf(policy));
    return `${told.index} ${told.size} ${hex(told.root)} ${seenText(told.seen)} ${told.at}`;
  },
  checkpoint: async ({ data, policy }) => {
    const { checkpoint, seen } = await v.verifyCheckpoint(bytes(data), policyOf(policy));
    return `${checkpoint.origin} ${checkpoint.size} ${hex(checkpoint.root)} ${seenText(seen)}`;
  },
  note: async ({ data, keys }) => {
    const note = v.parseNote(bytes(data));
    const verified = await v.verifyNote(note, keys.map(v.parseKey));
    return note.text + verified.map(({ key, time }) => `${key.name} ${time}`).join();
  },
  key: ({ text }) => { const key = v.parseKey(text); return `${key.name} ${key.kind} ${hex(key.key)}`; },
  label: async ({ text, keys }) => {
    const told = await v.verifyLabel(text, new Map(keys.map(([id, key]) => [id, bytes(key)])));
    return `${told.key} ${hex(told.unit)} ${told.code} ${told.packed} ${told.netGrams} ${told.commodity}`;
  },
  code: ({ text }) => v.typedCode(v.readTypedCode(text)),
  slow: ({ key, message, signature }) =>
    v.verifyEd25519Slowly(bytes(key), bytes(message), bytes(signature)) ? "yes" : null,
  fast: async ({ key, message, signature }) =>
    await v.verifyEd25519(bytes(key), bytes(message), bytes(signature)) ? "yes" : null,
  sha256: ({ data }) => hex(v.sha256(bytes(data))),
  sha512: ({ data }) => hex(v.sha512(bytes(data))),
  commitment: ({ salt, event }) => hex(v.commitment(bytes(salt), bytes(event))),
};
const verdicts = [];
for (const { kind, ...told } of cases) {
  try {
    verdicts.push(await judges[kind](told));
  } catch (error) {
    if (!(error instanceof v.Invalid)) throw error;
    verdicts.push(null);
  }
}
return verdicts;
"""

WITHOUT_WEBCRYPTO = """
Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
"""

Run = Callable[..., list[str | None]]


@pytest.fixture(scope="module")
def in_browser() -> Iterator[Run]:
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no chromium, chromium-browser or google-chrome on the PATH")

    def answer(route: object) -> None:
        script = route.request.url.endswith(".js")  # type: ignore[attr-defined]
        route.fulfill(  # type: ignore[attr-defined]
            body=MODULE.read_bytes() if script else b"<!doctype html><title>verify</title>",
            headers={
                "content-type": "text/javascript" if script else "text/html",
                "content-security-policy": "default-src 'none'; script-src 'self'",
            },
        )

    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)

        def run(cases: list[dict[str, object]], before: str = "") -> list[str | None]:
            page = chromium.new_page()
            page.route("**/*", answer)
            page.goto("https://t.example.org/")
            verdicts: list[str | None] = []
            for at in range(0, len(cases), 2500):
                script = f"async (cases) => {{ {before} const v = await import('/verify.js'); {JUDGE} }}"
                verdicts += page.evaluate(script, cases[at : at + 2500])
            page.close()
            return verdicts

        yield run
        chromium.close()


@pytest.fixture(scope="module")
def in_node(tmp_path_factory: pytest.TempPathFactory) -> Run:
    if NODE is None:
        pytest.skip("no node on the PATH")
    folder = tmp_path_factory.mktemp("node")
    shutil.copy(MODULE, folder / "verify.mjs")

    def run(cases: list[dict[str, object]], before: str = "") -> list[str | None]:
        script = (
            f"{before}; const v = await import('./verify.mjs'); const {{ readFileSync }} = await import('node:fs');"
            f"const judge = async (cases) => {{ {JUDGE} }};"
            "process.stdout.write(JSON.stringify(await judge(JSON.parse(readFileSync(0, 'utf8')))));"
        )
        (folder / "judge.mjs").write_text(script, "utf-8")
        done = subprocess.run(
            [NODE, "judge.mjs"], cwd=folder, input=json.dumps(cases).encode(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        verdicts: list[str | None] = json.loads(done.stdout)
        return verdicts

    return run


@pytest.fixture(params=[pytest.param("in_browser", marks=pytest.mark.browser), "in_node"])
def run(request: pytest.FixtureRequest) -> Run:
    found: Run = request.getfixturevalue(request.param)
    return found


POLICY = {
    "origin": notes.ORIGIN,
    "log": [str(key) for key in notes.POLICY.log_keys],
    "witnesses": [str(key) for key in notes.POLICY.witnesses],
    "quorum": 2,
}
SECRET = sha256(b"label key").digest()
LABEL_KEYS = {7: public_key(SECRET), 8: public_key(sha256(b"another").digest())}
LABEL_KEYS_TOLD = [[number, key.hex()] for number, key in LABEL_KEYS.items()]


def seen(witnessed: tuple[tuple[str, int], ...]) -> str:
    return ",".join(f"{name}@{time}" for name, time in witnessed)


def case_of_inclusion(told: Inclusion) -> dict[str, object]:
    proof = [hashed.hex() for hashed in told.proof]
    numbers = {"index": str(told.index), "size": str(told.size)}
    return {"kind": "inclusion", "leaf": told.leaf.hex(), **numbers, "proof": proof, "root": told.root.hex()}


def case_of_consistency(told: Consistency) -> dict[str, object]:
    proof = [hashed.hex() for hashed in told.proof]
    numbers = {"old": str(told.old), "size": str(told.size)}
    return {"kind": "consistency", "oldRoot": told.old_root.hex(), **numbers, "proof": proof, "root": told.root.hex()}


def verdict_on_proof(data: bytes, event: bytes) -> str | None:
    try:
        told = verify_proof(data, event, notes.POLICY)
    except BadNote:
        return None
    return f"{told.index} {told.size} {told.root.hex()} {seen(told.seen)} {told.at}"


def verdict_on_checkpoint(data: bytes) -> str | None:
    try:
        told: Witnessed = verify_checkpoint(data, notes.POLICY)
    except BadNote:
        return None
    return f"{told.checkpoint.origin} {told.checkpoint.size} {told.checkpoint.root.hex()} {seen(told.seen)}"


def verdict_on_note(data: bytes, keys: list[str]) -> str | None:
    try:
        note = parse_note(data)
        verified = verify_note(note, [parse_key(key) for key in keys])
    except BadNote:
        return None
    return note.text + ",".join(f"{item.key.name} {'null' if item.time is None else item.time}" for item in verified)


def verdict_on_label(text: str) -> str | None:
    try:
        told = verify_label(text, LABEL_KEYS)
    except BadLabel:
        return None
    return f"{told.key} {told.unit.hex()} {told.code} {told.packed} {told.net_grams} {told.commodity}"


def verdict_on_code(text: str) -> str | None:
    try:
        return typed_code(parse_typed_code(text))
    except BadLabel:
        return None


Case = tuple[dict[str, object], str | None]


def inclusions(rng: random.Random) -> Iterator[Case]:
    while True:
        size = rng.randrange(1, 600)
        index = rng.randrange(size)
        proof = inclusion_proof(index, size, nodes_of_leaves(notes.LEAVES[:size]))
        good = Inclusion(notes.LEAVES[index], index, size, proof, root_of(notes.LEAVES[:size]))
        bad = [told for _, told in spoilt_inclusions(good, rng)]
        other = good._replace(size=rng.randrange(1, 600))  # where the path is the same, both take it
        for told in (*[good] * 8, other, *rng.sample(bad, 9)):
            yield case_of_inclusion(told), "yes" if verify_inclusion(*told) else None


def consistencies(rng: random.Random) -> Iterator[Case]:
    while True:
        size = rng.randrange(1, 600)
        old = rng.randrange(1, size + 1)
        proof = consistency_proof(old, size, nodes_of_leaves(notes.LEAVES[:size]))
        roots = root_of(notes.LEAVES[:old]), root_of(notes.LEAVES[:size])
        good = Consistency(old, size, proof, *roots)
        bad = [told for _, told in spoilt_consistencies(good, rng)]
        other = good._replace(size=rng.randrange(1, 600))
        for told in (*[good] * 8, other, *rng.sample(bad, 9)):
            yield case_of_consistency(told), "yes" if verify_consistency(*told) else None


def proofs(rng: random.Random) -> Iterator[Case]:
    while True:
        size = rng.randrange(1, 600)
        index = rng.randrange(size)
        good = notes.proof(index, size)
        for turn in range(24):
            data = notes.spoilt_bytes(good, rng) if turn % 2 else good
            event = notes.EVENTS[rng.randrange(600)] if turn % 8 == 0 else notes.EVENTS[index]
            case = {"kind": "proof", "data": data.hex(), "event": event.hex(), "policy": POLICY}
            yield case, verdict_on_proof(data, event)


def checkpoints(rng: random.Random) -> Iterator[Case]:
    while True:
        good = notes.checkpoint(rng.randrange(1, 600))
        for turn in range(16):
            data = notes.spoilt_bytes(good, rng) if turn else good
            yield {"kind": "checkpoint", "data": data.hex(), "policy": POLICY}, verdict_on_checkpoint(data)


def notes_of_others(rng: random.Random) -> Iterator[Case]:
    keys = [notes.SPEC_KEY, notes.GO_KEY, notes.ARCHE_LOG, *notes.ARCHE_WITNESSES]
    while True:
        good = rng.choice([notes.SPEC_NOTE, notes.GO_NOTE.encode(), notes.ARCHE.encode()])
        data = rng.choice([good, notes.spoilt_bytes(good, rng)])
        yield {"kind": "note", "data": data.hex(), "keys": keys}, verdict_on_note(data, keys)


def labels(rng: random.Random) -> Iterator[Case]:
    while True:
        day = date.fromordinal(rng.randrange(date(2020, 1, 1).toordinal(), date(2199, 6, 7).toordinal()))
        net = rng.randrange(1 << 14) * 10 ** rng.randrange(4) // 10 * 10
        token = Token(rng.choice([7, 7, 7, 8]), rng.randbytes(10), day, 0, rng.randrange(256))
        plain = bytearray(bytes(token))
        plain[15:17] = rng.randbytes(2)  # a weight in any form, also one that is not its only one
        label = to_base32(bytes(plain) + sign(SECRET, b"filiere-label-v1\0" + bytes(plain)))
        at = rng.randrange(132)
        spoilt = label[:at] + rng.choice(ALPHABET + "abcILOU-ı ") + label[at + 1 :]
        sound = signed_label(replace(token, key=7, net_grams=net % 16_000), SECRET)
        loose = sound[:-1] + ALPHABET[ALPHABET.index(sound[-1]) + rng.randrange(1, 16)]
        for text in (sound, sound, label, spoilt, loose, label.lower(), label[:-1], label + "0"):
            yield {"kind": "label", "text": text, "keys": LABEL_KEYS_TOLD}, verdict_on_label(text)


def codes(rng: random.Random) -> Iterator[Case]:
    while True:
        code = typed_code(rng.randbytes(10))
        at = rng.randrange(18)
        for text in (
            code,
            code.lower(),
            " ".join((code[:4], code[4:8], code[8:12], code[12:16], code[16:])),
            code.replace("1", "l").replace("0", "o"),
            code.replace("S", "\u017f").replace("1", "\u0131"),  # what upper() makes S and I
            code[:at] + rng.choice(ALPHABET + "UuIl-ſı٠ß") + code[at + 1 :],
            code[:at] + code[at + 1 :] + code[at],
        ):
            yield {"kind": "code", "text": text}, verdict_on_code(text)


@cache
def ten_thousand() -> list[Case]:
    shares = ((inclusions, 3500), (consistencies, 3000), (proofs, 2000), (checkpoints, 500), (notes_of_others, 300))
    shares += ((labels, 400), (codes, 300))
    cases: list[Case] = []
    for seed, (made, count) in enumerate(shares):
        stream = made(random.Random(seed))
        cases += [next(stream) for _ in range(count)]
    return cases


def disagreements(
    run: Run, cases: list[Case], before: str = ""
) -> list[tuple[dict[str, object], str | None, str | None]]:
    told = run([case for case, _ in cases], before)
    assert len(told) == len(cases)
    return [(case, ours, theirs) for (case, ours), theirs in zip(cases, told, strict=True) if ours != theirs]


def test_python_and_javascript_agree_on_ten_thousand_proofs(run: Run) -> None:
    cases = ten_thousand()
    assert len(cases) == 10_000
    sound = Counter(case["kind"] for case, verdict in cases if verdict is not None)
    spoilt = Counter(case["kind"] for case, verdict in cases if verdict is None)
    for kind in ("inclusion", "consistency", "proof", "checkpoint", "note", "label", "code"):
        assert sound[kind] >= 30, kind
        assert spoilt[kind] >= 30, kind
    assert sound.total() >= 4_000
    assert spoilt.total() >= 4_000
    assert disagreements(run, cases) == []


def test_they_agree_where_the_browser_lacks_ed25519(run: Run) -> None:
    """And where the page is not served by https, so that there is no WebCrypto at all."""
    cases = [case for case in ten_thousand() if case[0]["kind"] in ("proof", "checkpoint", "note", "label")][::40]
    assert disagreements(run, cases, WITHOUT_WEBCRYPTO) == []


# RFC 8032 section 7.1: TEST 1, 2, 3 and SHA(abc): public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize("kind", ["slow", "fast"])
def test_ed25519_verifies_the_vectors_of_the_rfc_and_nothing_near_them(run: Run, kind: str) -> None:
    cases: list[Case] = []
    for key, message, signature in RFC_8032:
        cases.append(({"kind": kind, "key": key, "message": message, "signature": signature}, "yes"))
        data = bytes.fromhex(signature)
        s = int.from_bytes(data[32:], "little")
        near = [
            data[:32] + (s + ORDER).to_bytes(32, "little"),  # the same modulo the order: RFC 8032 8.4
            data[:-1],
            data + b"\0",
            bytes(64),
            *(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :] for at in range(0, 64, 7)),
        ]
        cases += [({"kind": kind, "key": key, "message": message, "signature": bad.hex()}, None) for bad in near]
        cases.append(({"kind": kind, "key": key, "message": message + "00", "signature": signature}, None))
        for wrong in (bytes(31), bytes(33), b"\xff" * 32, bytes.fromhex(key)[::-1]):
            cases.append(({"kind": kind, "key": wrong.hex(), "message": message, "signature": signature}, None))
    assert disagreements(run, cases) == []


def test_its_hashes_are_sha2(run: Run) -> None:
    """FIPS 180-4 through hashlib, at the edges of blocks."""
    from hashlib import sha512

    rng = random.Random(1)
    texts = [
        b"",
        b"abc",
        *(rng.randbytes(size) for size in (55, 56, 63, 64, 65, 111, 112, 119, 120, 127, 128, 129, 1000)),
    ]
    cases: list[Case] = [({"kind": "sha256", "data": text.hex()}, sha256(text).hexdigest()) for text in texts]
    cases += [({"kind": "sha512", "data": text.hex()}, sha512(text).hexdigest()) for text in texts]
    assert disagreements(run, cases) == []


def test_it_verifies_what_others_signed(run: Run) -> None:
    policy = {
        "origin": notes.ARCHE_POLICY.origin,
        "log": [notes.ARCHE_LOG],
        "witnesses": list(notes.ARCHE_WITNESSES),
        "quorum": 4,
    }
    told = run(
        [
            {"kind": "note", "data": notes.SPEC_NOTE.hex(), "keys": [notes.SPEC_KEY]},
            {"kind": "checkpoint", "data": notes.ARCHE.encode().hex(), "policy": policy},
        ]
    )
    assert told[0] == "This is an example message.\nexample.com/foo null"
    assert told[1] is not None
    assert told[1].startswith("arche2025h1.staging.ct.transparency.dev 1432088532 53b58cef")
    assert told[1].count("@1779573024") == 4


def test_no_bit_of_the_specifications_note_can_be_other_in_the_page(run: Run) -> None:
    data = notes.SPEC_NOTE
    cases: list[Case] = [
        (
            {
                "kind": "note",
                "keys": [notes.SPEC_KEY],
                "data": (data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]).hex(),
            },
            None,
        )
        for bit in range(8 * len(data))
    ]
    assert len(cases) == 1_136
    assert disagreements(run, cases) == []


# What is written, what is signed, and whether that is a note.
ODD_TEXTS = [
    (b"text\n", b"text\n", True),
    ("\ufefftext\n".encode(), "\ufefftext\n".encode(), True),
    ("\ufefftext\n".encode(), b"text\n", False),
    (b"te\xffxt\n", "te\ufffdxt\n".encode(), False),
    (b"te\xed\xa0\x80xt\n", "te\ufffd\ufffd\ufffdxt\n".encode(), False),
    *((b"te%cxt\n" % byte, b"te%cxt\n" % byte, False) for byte in range(32) if byte != 10),
    ("te\x7fxt\x85\u2028\n".encode(), "te\x7fxt\x85\u2028\n".encode(), True),
    (b"a\n\nb\n", b"a\n\nb\n", True),
    (b"\n", b"\n", True),
]


def test_a_text_is_read_strictly_though_it_is_signed(run: Run) -> None:
    key = notes.LOG.verifier
    cases: list[Case] = []
    for written, signed, sound in ODD_TEXTS:
        line = str(Signature(key.name, key.id, sign(notes.LOG.secret, signed))).encode()
        data = written + b"\n" + line
        verdict = verdict_on_note(data, [str(key)])
        assert (verdict is not None) == sound, written
        cases.append(({"kind": "note", "data": data.hex(), "keys": [str(key)]}, verdict))
    assert disagreements(run, cases) == []


def test_keys_and_commitments_are_the_same(run: Run) -> None:
    from domain.note import commitment

    rng = random.Random(2)
    keys = [notes.SPEC_KEY, notes.GO_KEY, notes.ARCHE_LOG, *notes.ARCHE_WITNESSES]
    cases: list[Case] = []
    for text in keys:
        key = parse_key(text)
        cases.append(({"kind": "key", "text": text}, f"{key.name} {key.kind} {key.public.hex()}"))
        for _ in range(40):
            at = rng.randrange(len(text))
            spoilt = text[:at] + rng.choice("aA0+/= \n\u00a0Ä") + text[at + 1 :]
            if spoilt != text:
                with pytest.raises(BadNote):
                    parse_key(spoilt)
                cases.append(({"kind": "key", "text": spoilt}, None))
    for size in (0, 1, 31, 500):
        salt, event = rng.randbytes(32), rng.randbytes(size)
        cases.append(({"kind": "commitment", "salt": salt.hex(), "event": event.hex()}, commitment(salt, event).hex()))
    cases.append(({"kind": "commitment", "salt": "00" * 31, "event": ""}, None))
    assert disagreements(run, cases) == []


def test_the_module_asks_for_nothing() -> None:
    text = MODULE.read_text("utf-8")
    for word in ("import ", "fetch(", "XMLHttpRequest", "eval(", "Function(", "Date.now", "Math.random", "document."):
        assert word not in text, word
