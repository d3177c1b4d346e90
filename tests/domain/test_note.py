"""Notes, checkpoints, cosignatures and proofs: as others write them, and never in another spelling."""

from __future__ import annotations

import base64
import os
import random
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import note
from domain.merkle import EMPTY_ROOT, root_of
from domain.note import (
    BadNote,
    Checkpoint,
    Note,
    Policy,
    Proof,
    Signature,
    SignerKey,
    VerifierKey,
    commitment,
    cosign,
    parse_checkpoint,
    parse_key,
    parse_note,
    parse_proof,
    sign_note,
    verify_checkpoint,
    verify_note,
    verify_proof,
)
from tests.domain import notes
from tests.domain.notes import EVENTS, LEAVES, LOG, ORIGIN, POLICY, SALTS, TIME, WITNESSES

CAMPAIGN = bool(os.environ.get("LOG_CAMPAIGN"))
NAMES = st.text(st.characters(exclude_characters="+", exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n")).map(lambda text: text + "\n")
HASHES = st.binary(min_size=32, max_size=32)
SIZES = st.integers(0, 2**63 - 1)
LINES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1)
SIGNATURES = st.builds(Signature, NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=100))


def signature_refused(data: bytes, keys: list[VerifierKey]) -> bool:
    try:
        verify_note(parse_note(data), keys)
    except BadNote:
        return True
    return False


def test_the_note_of_the_specification_verifies() -> None:
    key = parse_key(notes.SPEC_KEY)
    assert str(key) == notes.SPEC_KEY
    parsed = parse_note(notes.SPEC_NOTE)
    assert parsed.text == "This is an example message.\n"
    (verified,) = verify_note(parsed, [key])
    assert (verified.key, verified.time) == (key, None)
    assert bytes(parsed) == notes.SPEC_NOTE


def test_the_note_of_gos_documentation_is_signed_the_same() -> None:
    signer = SignerKey("PeterNeumann", note.ED25519, notes.GO_SECRET)
    assert str(signer.verifier) == notes.GO_KEY
    assert bytes(sign_note(notes.GO_TEXT, signer)).decode() == notes.GO_NOTE


def test_a_checkpoint_of_a_public_log_verifies_with_its_witnesses() -> None:
    witnessed = verify_checkpoint(notes.ARCHE.encode(), notes.ARCHE_POLICY)
    assert witnessed.checkpoint.size == 1_432_088_532
    assert [name for name, _ in witnessed.seen] == sorted(key.name for key in notes.ARCHE_POLICY.witnesses)
    assert {time for _, time in witnessed.seen} == {0x6A122120}
    assert bytes(parse_note(notes.ARCHE.encode())) == notes.ARCHE.encode()


def test_the_checkpoint_of_the_specification_is_read() -> None:
    parsed = parse_note(notes.SOFA.encode())
    assert parse_checkpoint(parsed.text) == Checkpoint(
        "example.com/behind-the-sofa", 20_852_163, base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    )
    cosigned = parsed.signatures[1]
    assert cosigned.key_id.hex() == "8d66cf3f"
    assert int.from_bytes(cosigned.data[:8], "big") == 1_679_315_147  # the time that the specification names
    assert note._cosigned(parsed.text, 1_679_315_147).startswith(
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
    )


def test_no_bit_of_the_specifications_note_can_be_other() -> None:
    keys = [parse_key(notes.SPEC_KEY)]
    data = notes.SPEC_NOTE
    for bit in range(8 * len(data)):
        spoilt = data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]
        assert signature_refused(spoilt, keys), bit
    assert 8 * len(data) == 1_136  # as many as the plan says


@pytest.mark.parametrize(("index", "size"), [(0, 1), (4, 7), (299, 600)])
def test_no_bit_of_a_proof_can_be_other(index: int, size: int) -> None:
    data, event = notes.proof(index, size), EVENTS[index]
    assert verify_proof(data, event, POLICY).index == index
    for bit in range(8 * len(data)):
        spoilt = data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]
        with pytest.raises(BadNote):
            verify_proof(spoilt, event, POLICY)
    for bit in range(8 * len(event)):
        spoilt = event[: bit // 8] + bytes([event[bit // 8] ^ 1 << bit % 8]) + event[bit // 8 + 1 :]
        with pytest.raises(BadNote):
            verify_proof(data, spoilt, POLICY)


@pytest.mark.parametrize("seed", range(100 if CAMPAIGN else 4))
def test_no_spoilt_proof_says_something_else(seed: int) -> None:
    """Signature lines may be moved or doubled, as notes allow; then the proof still says the same."""
    rng = random.Random(seed)
    size = rng.randrange(1, 600)
    index = rng.randrange(size)
    data = notes.proof(index, size)
    truth = verify_proof(data, EVENTS[index], POLICY)
    accepted = 0
    for _ in range(2_500):
        spoilt = notes.spoilt_bytes(data, rng)
        try:
            told = verify_proof(spoilt, EVENTS[index], POLICY)
        except BadNote:
            continue
        accepted += 1
        assert told == truth
        assert sorted(set(spoilt.split(b"\n"))) == sorted(set(data.split(b"\n")))
    assert accepted < 250


@given(TEXTS, st.lists(SIGNATURES, min_size=1, max_size=16))
@settings(deadline=None)
def test_a_note_is_read_as_it_is_written(text: str, signatures: list[Signature]) -> None:
    whole = Note(text, tuple(signatures))
    assert parse_note(bytes(whole)) == whole


@given(st.binary(max_size=300) | TEXTS.map(lambda text: (text + "\n— a AAAAAAA=\n").encode()))
@settings(max_examples=1000, deadline=None)
def test_what_is_read_is_written_the_same(data: bytes) -> None:
    try:
        parsed = parse_note(data)
    except BadNote:
        return
    assert bytes(parsed) == data


@given(LINES, SIZES, HASHES, st.lists(LINES, max_size=3))
def test_a_checkpoint_is_read_as_it_is_written(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    whole = Checkpoint(origin, size, root, tuple(extensions))
    assert parse_checkpoint(str(whole)) == whole


@given(NAMES, st.sampled_from([note.ED25519, note.COSIGNATURE]), HASHES)
def test_a_key_is_read_as_it_is_written(name: str, kind: int, public: bytes) -> None:
    key = VerifierKey(name, kind, public)
    assert parse_key(str(key)) == key


@given(SIZES, st.lists(HASHES, max_size=63), st.none() | st.binary(min_size=1, max_size=100))
@settings(deadline=None)
def test_a_proof_is_read_as_it_is_written(index: int, hashes: list[bytes], extra: bytes | None) -> None:
    whole = Proof(index, tuple(hashes), notes.SOFA.encode(), extra)
    assert parse_proof(bytes(whole)) == whole


LINE = "— a AAAAAAA=\n"


@pytest.mark.parametrize(
    ("why", "data"),
    [
        ("no signature", "text\n\n"),
        ("no text", LINE),
        ("no empty line", f"text\n{LINE}"),
        ("no newline at the end", f"text\n\n{LINE[:-1]}"),
        ("two empty lines at the end", f"text\n\n{LINE}\n"),
        ("a carriage return", f"text\r\n\n{LINE}"),
        ("a tab", f"te\txt\n\n{LINE}"),
        ("a null", f"te\0xt\n\n{LINE}"),
        ("a vertical tab, where splitlines would split", f"text\n\n{LINE[:-1]}\x0b{LINE}"),
        ("a record separator, where splitlines would split", f"text\n\n{LINE[:-1]}\x1e{LINE}"),
        ("a next line, where splitlines would split", f"text\n\n{LINE[:-1]}\x85{LINE}"),
        ("a line separator, where splitlines would split", f"text\n\n{LINE[:-1]}\u2028{LINE}"),
        ("a hyphen for the dash", "text\n\n- a AAAAAAA=\n"),
        ("an en dash", "text\n\n– a AAAAAAA=\n"),
        ("no space after the dash", "text\n\n—a AAAAAAA=\n"),
        ("two spaces", "text\n\n— a  AAAAAAA=\n"),
        ("no name", "text\n\n—  AAAAAAA=\n"),
        ("no signature", "text\n\n— a\n"),
        ("a plus in the name", "text\n\n— a+b AAAAAAA=\n"),
        ("a no-break space in the name", "text\n\n— a\u00a0b AAAAAAA=\n"),
        ("an ideographic space in the name", "text\n\n— a\u3000b AAAAAAA=\n"),
        ("a space at the end", "text\n\n— a AAAAAAA= \n"),
        ("only a key id", "text\n\n— a AAAAAA==\n"),
        ("less than a key id", "text\n\n— a AAAA\n"),
        ("an empty signature", "text\n\n— a \n"),
        ("no padding", "text\n\n— a AAAAAAA\n"),
        ("too much padding", "text\n\n— a AAAAAAA==\n"),
        ("loose bits", "text\n\n— a AAAAAAB=\n"),
        ("the URL alphabet", "text\n\n— a AAAA-AA=\n"),
        ("padding within", "text\n\n— a AA==AAAAAAA=\n"),
        ("a letter that is not ASCII", "text\n\n— a AAAAAAÄ=\n"),
    ],
)
def test_what_is_no_note_is_refused(why: str, data: str) -> None:
    assert parse_note(f"text\n\n{LINE}".encode())
    with pytest.raises(BadNote):
        parse_note(data.encode())


def test_bytes_that_are_not_utf8_and_notes_too_large_are_refused() -> None:
    good = f"text\n\n{LINE}".encode()
    for bad in (b"\xff" + good, b"\xc0\x80" + good, b"\xed\xa0\x80" + good, good[:-10] + b"\xe2\x80\n"):
        with pytest.raises(BadNote):
            parse_note(bad)
    with pytest.raises(BadNote, match="more than"):
        parse_note(b"x" * note.MOST_BYTES + good)
    assert len(parse_note(b"text\n\n" + LINE.encode() * 64).signatures) == 64
    with pytest.raises(BadNote, match="1 to 64"):
        parse_note(b"text\n\n" + LINE.encode() * 65)


def test_a_text_may_hold_empty_lines_and_lines_like_signatures() -> None:
    for text in ("\n", "a\n\nb\n", f"a\n\n{LINE}\nb\n", "\n\n"):
        assert parse_note(bytes(sign_note(text, LOG))).text == text


def test_unknown_keys_are_passed_over_and_known_keys_must_verify() -> None:
    stranger = SignerKey("stranger", note.ED25519, sha256(b"stranger").digest())
    same_name = SignerKey(ORIGIN, note.ED25519, sha256(b"another").digest())
    whole = sign_note("text\n", stranger, same_name, LOG)
    assert [item.key for item in verify_note(whole, [LOG.verifier])] == [LOG.verifier]
    with pytest.raises(BadNote, match="no known key"):
        verify_note(sign_note("text\n", stranger, same_name), [LOG.verifier])
    wrong = replace(whole.signatures[2], data=whole.signatures[1].data)
    with pytest.raises(BadNote, match="does not verify"):
        verify_note(Note("text\n", (wrong,)), [LOG.verifier])
    with pytest.raises(BadNote, match="does not verify"):  # one good signature does not make up for a bad one
        verify_note(Note("text\n", (whole.signatures[2], wrong)), [LOG.verifier])
    for data in (b"\1", bytes(63), bytes(64), bytes(65)):
        with pytest.raises(BadNote, match="does not verify"):
            verify_note(Note("text\n", (replace(whole.signatures[2], data=data),)), [LOG.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        "example.com/foo+530d903a",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2l",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+Aekye",
        "example.com/foo+530d903a+",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
        " example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        parse_key(text)


def test_a_secret_is_not_shown() -> None:
    assert LOG.secret.hex() not in repr(LOG)
    assert repr(LOG.secret) not in repr(LOG)


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "o\n1\n",
        f"o\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"o\n\n{ROOT}\n",
        f"o\n01\n{ROOT}\n",
        f"o\n+1\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n1 \n{ROOT}\n",
        f"o\n1_0\n{ROOT}\n",
        f"o\n١\n{ROOT}\n",
        f"o\n9223372036854775808\n{ROOT}\n",
        f"o\n{'9' * 5000}\n{ROOT}\n",
        f"o\n1\n{ROOT[:-1]}\n",
        f"o\n1\n{ROOT[:-2]}B=\n",
        "o\n1\nAAAA\n",
        f"o\n1\n{base64.b64encode(bytes(33)).decode()}\n",
        f"o\n1\n{ROOT}\n\n",
        f"o\n1\n{ROOT}\n\nx\n",
        f"o\r\n1\n{ROOT}\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    assert parse_checkpoint(f"o\n1\n{ROOT}\n")
    assert parse_checkpoint(f"o\n9223372036854775807\n{ROOT}\nx\n").extensions == ("x",)
    with pytest.raises(BadNote):
        parse_checkpoint(text)


def test_a_checkpoint_counts_only_as_the_policy_says() -> None:
    data = notes.checkpoint(600)
    assert verify_checkpoint(data, POLICY).seen == (("witness1.example", TIME), ("witness2.example", TIME + 60))
    with pytest.raises(BadNote, match="another log"):
        verify_checkpoint(data, replace(POLICY, origin="log.example.org/2027"))
    with pytest.raises(BadNote, match="1 witnesses saw"):
        verify_checkpoint(notes.checkpoint(600, WITNESSES[:1]), POLICY)
    text = parse_note(data).text
    only_witnesses = Note(text, tuple(cosign(text, witness, TIME) for witness in WITNESSES))
    with pytest.raises(BadNote, match="did not sign"):
        verify_checkpoint(bytes(only_witnesses), POLICY)
    twice = (cosign(text, WITNESSES[0], TIME + 5), cosign(text, WITNESSES[0], TIME))
    with pytest.raises(BadNote, match="1 witnesses saw"):  # a witness that signs twice is one witness
        verify_checkpoint(bytes(Note(text, sign_note(text, LOG).signatures + twice)), POLICY)
    as_log = SignerKey(WITNESSES[0].name, note.ED25519, WITNESSES[0].secret)
    plain = sign_note(text, LOG, as_log)
    with pytest.raises(BadNote, match="0 witnesses saw"):  # a plain signature says no time
        verify_checkpoint(bytes(plain), POLICY)


def test_two_keys_of_one_witness_are_one_witness() -> None:
    turned = SignerKey(WITNESSES[0].name, note.COSIGNATURE, sha256(b"next year").digest())
    policy = replace(POLICY, witnesses=(*POLICY.witnesses, turned.verifier))
    text = parse_note(notes.checkpoint(5)).text
    lines = (cosign(text, turned, TIME + 9), cosign(text, WITNESSES[0], TIME + 7))
    data = bytes(Note(text, sign_note(text, LOG).signatures + lines))
    with pytest.raises(BadNote, match="1 witnesses saw"):
        verify_checkpoint(data, policy)
    assert verify_checkpoint(data, replace(policy, quorum=1)).seen == ((turned.name, TIME + 7),)


def test_a_policy_that_would_count_somebody_twice_is_refused() -> None:
    first = POLICY.witnesses[0]
    again = VerifierKey("another.example", note.COSIGNATURE, first.public)
    logs = VerifierKey("another.example", note.COSIGNATURE, LOG.verifier.public)
    for keys, witnesses, quorum in (
        ((LOG.verifier,), (first, again), 2),
        ((LOG.verifier,), (first, first), 1),
        ((LOG.verifier,), (logs,), 1),
        ((LOG.verifier,), (first,), 2),
        ((LOG.verifier,), (first,), -1),
        ((LOG.verifier,), (LOG.verifier,), 0),
        ((first,), (), 0),
        ((), (first,), 1),
    ):
        with pytest.raises(ValueError, match=r"witness|log"):
            Policy(ORIGIN, keys, witnesses, quorum)


def test_a_cosignature_names_a_time_and_binds_it() -> None:
    text = str(Checkpoint(ORIGIN, 0, EMPTY_ROOT))
    for time in (0, -1, 1 << 63):
        with pytest.raises(BadNote):
            cosign(text, WITNESSES[0], time)
    with pytest.raises(BadNote):
        cosign(text, LOG, TIME)
    with pytest.raises(BadNote):
        cosign("no checkpoint\n", WITNESSES[0], TIME)
    with pytest.raises(BadNote):
        sign_note(text, WITNESSES[0])
    line = cosign(text, WITNESSES[0], TIME)
    later = replace(line, data=(TIME + 1).to_bytes(8, "big") + line.data[8:])
    with pytest.raises(BadNote, match="cosignature"):
        verify_note(Note(text, (later,)), [WITNESSES[0].verifier])
    never = replace(line, data=bytes(8) + note.sign(WITNESSES[0].secret, note._cosigned(text, 0)))
    with pytest.raises(BadNote, match="cosignature"):
        verify_note(Note(text, (never,)), [WITNESSES[0].verifier])


def test_a_proof_says_where_and_since_when() -> None:
    proven = verify_proof(notes.proof(299, 600), EVENTS[299], POLICY)
    assert (proven.index, proven.size, proven.root) == (299, 600, root_of(LEAVES))
    assert proven.at == TIME + 60  # the second of two witnesses
    first = verify_proof(notes.proof(299, 600), EVENTS[299], replace(POLICY, quorum=1))
    assert first.at == TIME
    assert verify_proof(notes.proof(299, 600), EVENTS[299], replace(POLICY, quorum=0)).at is None


def test_a_proof_proves_its_own_event_with_its_own_salt() -> None:
    whole = parse_proof(notes.proof(299, 600))
    for spoilt, why in (
        (replace(whole, extra=SALTS[298]), "not where"),
        (replace(whole, extra=None), "salt"),
        (replace(whole, extra=SALTS[299] + b"\0"), "salt"),
        (replace(whole, index=298), "not where"),
        (replace(whole, hashes=whole.hashes[:-1]), "not where"),
        (replace(whole, hashes=(*whole.hashes, bytes(32))), "not where"),
        (replace(whole, checkpoint=notes.checkpoint(599)), "not where"),
    ):
        with pytest.raises(BadNote, match=why):
            verify_proof(bytes(spoilt), EVENTS[299], POLICY)


HEAD = f"c2sp.org/tlog-proof@v1\nextra AAAA\nindex 5\n{ROOT}\n\n"


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace("@v1", "@v2"),
        HEAD.replace("c2sp", " c2sp"),
        "\n" + HEAD,
        "\ufeff" + HEAD,
        HEAD.replace("extra AAAA\nindex 5", "index 5\nextra AAAA"),
        HEAD.replace("extra AAAA", "extra AAAA\nextra AAAA"),
        HEAD.replace("AAAA\n", "\n", 1),
        HEAD.replace("AAAA\n", "AAB=\n", 1),
        HEAD.replace("extra", "Extra"),
        HEAD.replace("extra ", "extra"),
        HEAD.replace("index 5", "index 05"),
        HEAD.replace("index 5", "index -5"),
        HEAD.replace("index 5", "index"),
        HEAD.replace("index 5\n", ""),
        HEAD.replace("index 5", "index 9223372036854775808"),
        HEAD.replace(ROOT, "AAAA"),
        HEAD.replace(ROOT, ROOT + " "),
        HEAD.replace(ROOT + "\n", (ROOT + "\n") * 64),
        HEAD[:-1],
        HEAD + "\n",
        "c2sp.org/tlog-proof@v1\n\n",
        "",
    ],
)
def test_what_is_no_proof_is_refused(head: str) -> None:
    assert parse_proof((HEAD + notes.SOFA).encode()).extra == bytes(3)
    with pytest.raises(BadNote):
        parse_proof((head + notes.SOFA).encode())


def test_a_proof_holds_a_whole_checkpoint() -> None:
    for tail in ("", "\n", "a\n\n" + LINE, notes.SOFA[:-1], notes.SOFA.split("\n\n")[0] + "\n"):
        with pytest.raises(BadNote):
            parse_proof((HEAD + tail).encode())


def test_the_commitment_is_what_the_format_says() -> None:
    salt, event = bytes(range(32)), b'{"type":"received"}'
    assert commitment(salt, event) == sha256(b"filiere/event/v1" + b"\x00" + salt + event).digest()
    for bad in (b"", salt[:-1], salt + b"\0"):
        with pytest.raises(ValueError, match="32 bytes"):
            commitment(bad, event)
