"""A witness cosigns what goes on from what it cosigned last, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.merkle import EMPTY_ROOT, consistency_proof, nodes_of_leaves, root_of
from domain.note import (
    COSIGNATURE,
    ED25519,
    BadNote,
    Checkpoint,
    Note,
    Signature,
    SignerKey,
    cosign,
    parse_checkpoint,
    parse_note,
    sign_note,
    verify_note,
)
from domain.witness import (
    MOST_ANSWERED,
    SIZE_TYPE,
    Answer,
    KnownLog,
    NotAnswered,
    NotCosigned,
    Request,
    Trouble,
    Why,
    decide,
    kept_note,
    parse_request,
    pause_ms,
    read_answer,
    submission_prefix,
)
from tests.domain import notes
from tests.domain.notes import LEAVES, LOG, ORIGIN, TIME, WITNESSES

SIGNER = WITNESSES[0]

# c2sp.org/tlog-witness, add-checkpoint, the example of a request.
EXAMPLE = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
""".encode()


def state(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root_of(LEAVES[:size]))


def request(old: int, size: int, *, signer: SignerKey = LOG) -> Request:
    proof = tuple(consistency_proof(old, size, nodes_of_leaves(LEAVES[:size])))
    return Request(old, proof, bytes(sign_note(str(state(size)), signer)))


def known(last: int | None) -> dict[str, KnownLog]:
    return {ORIGIN: KnownLog([LOG.verifier], None if last is None else state(last))}


def refusal(told: Request | bytes, last: int | None) -> tuple[Why, int]:
    with pytest.raises(NotCosigned) as refused:
        decide(bytes(told), known(last), SIGNER, TIME)
    return refused.value.why, refused.value.size


def test_the_request_of_the_specification_is_read() -> None:
    told = parse_request(EXAMPLE)
    assert (told.old, len(told.proof)) == (20_852_014, 4)
    assert parse_checkpoint(parse_note(told.checkpoint).text).size == 20_852_163
    assert bytes(told) == EXAMPLE


@given(st.integers(0, 600), st.integers(0, 600))
@settings(max_examples=60, deadline=None)
def test_what_goes_on_is_cosigned(one: int, other: int) -> None:
    old, size = sorted((one, other))
    stored, line = decide(bytes(request(old, size)), known(old or None), SIGNER, TIME)
    assert stored == state(size)
    (verified,) = verify_note(Note(str(stored), (line,)), [SIGNER.verifier])
    assert verified.time == TIME


def test_a_witness_says_why_it_does_not() -> None:
    good = request(100, 300)
    stranger = SignerKey(ORIGIN, ED25519, sha256(b"stranger").digest())
    assert refusal(b"old 1\n", 100) == (Why.MALFORMED, 0)
    assert refusal(replace(good, old=301), 100) == (Why.MALFORMED, 0)
    assert refusal(request(100, 300, signer=stranger), 100) == (Why.NOT_SIGNED, 0)
    assert refusal(EXAMPLE, 100) == (Why.UNKNOWN_LOG, 0)
    assert refusal(good, 99) == (Why.OTHER_SIZE, 99)
    assert refusal(good, None) == (Why.OTHER_SIZE, 0)
    assert refusal(request(0, 300), 100) == (Why.OTHER_SIZE, 100)
    assert refusal(replace(good, proof=good.proof[:-1]), 100) == (Why.INCONSISTENT, 0)
    assert refusal(replace(request(0, 300), proof=(bytes(32),)), None) == (Why.INCONSISTENT, 0)
    assert [why.value for why in Why] == [400, 403, 404, 409, 422]
    spoilt = replace(good, checkpoint=good.checkpoint.replace(b"\n300\n", b"\n301\n"))
    assert refusal(spoilt, 100) == (Why.NOT_SIGNED, 0)


def test_a_rewritten_history_is_not_cosigned_though_its_log_signs_it() -> None:
    """Sizes, signature and proof are right for the other history; only the witness remembers the first."""
    others = [sha256(leaf).digest() if at == 7 else leaf for at, leaf in enumerate(LEAVES)]
    text = str(Checkpoint(ORIGIN, 300, root_of(others[:300])))
    proof = tuple(consistency_proof(100, 300, nodes_of_leaves(others[:300])))
    told = Request(100, proof, bytes(sign_note(text, LOG)))
    assert refusal(told, 100) == (Why.INCONSISTENT, 0)
    same_size = Request(300, (), bytes(sign_note(text, LOG)))
    assert refusal(same_size, 300) == (Why.INCONSISTENT, 0)
    wrong_empty = Request(0, (), bytes(sign_note(str(Checkpoint(ORIGIN, 0, bytes(32))), LOG)))
    assert refusal(wrong_empty, None) == (Why.INCONSISTENT, 0)
    empty = Request(0, (), bytes(sign_note(str(Checkpoint(ORIGIN, 0, EMPTY_ROOT)), LOG)))
    assert decide(bytes(empty), known(None), SIGNER, TIME)[0].size == 0


@pytest.mark.parametrize(
    "head",
    ["", "old\n\n", "old 01\n\n", "old -1\n\n", " old 1\n\n", "new 1\n\n", "old 1\nAAAA\n\n", "old 1\n", "old 1\n\n\n"],
)
def test_what_is_no_request_is_refused(head: str) -> None:
    checkpoint = notes.SOFA.encode()
    assert parse_request(b"old 1\n\n" + checkpoint)
    with pytest.raises(BadNote):
        parse_request(head.encode() + checkpoint)


def test_no_more_than_63_hashes_are_read() -> None:
    hashes = (bytes(32),) * 63
    assert len(parse_request(bytes(Request(1, hashes, notes.SOFA.encode()))).proof) == 63
    with pytest.raises(BadNote):
        parse_request(bytes(Request(1, (*hashes, bytes(32)), notes.SOFA.encode())))


def test_what_is_kept_is_a_checkpoint_with_the_logs_signature_and_ours() -> None:
    told = request(100, 300)
    stranger = sign_note(str(state(300)), SignerKey("x.example", ED25519, bytes(32))).signatures
    note = parse_note(told.checkpoint)
    _, line = decide(bytes(told), known(100), SIGNER, TIME)
    kept = parse_note(kept_note(bytes(Note(note.text, (*stranger, *note.signatures))), [LOG.verifier], line))
    assert kept.text == note.text
    assert [verified.key for verified in verify_note(kept, [LOG.verifier, SIGNER.verifier])] == [
        LOG.verifier,
        SIGNER.verifier,
    ]
    assert len(kept.signatures) == 2


# --- the side of the log ---

ASKED = request(100, 300)
TEXT = str(state(300))
LINE = str(cosign(TEXT, SIGNER, TIME))
OTHER_LINE = str(cosign(TEXT, WITNESSES[1], TIME))
SAME_NAME = str(cosign(TEXT, SignerKey(SIGNER.name, COSIGNATURE, bytes(32)), TIME))
UNKNOWN_KIND = str(Signature(SIGNER.name, b"mldsa"[:4], bytes(2428)))
PLAIN = "text/plain; charset=utf-8"


def answer(body: str | bytes, status: int = 200, media: str = PLAIN) -> Note | int:
    raw = body.encode() if isinstance(body, str) else body
    return read_answer(Answer(status, media, raw), ASKED, SIGNER.verifier)


@pytest.mark.parametrize("body", [LINE, OTHER_LINE + LINE, SAME_NAME + LINE + UNKNOWN_KIND])
def test_of_an_answer_the_lines_of_the_witness_are_taken_and_no_others(body: str) -> None:
    found = answer(body)
    assert isinstance(found, Note)
    assert (found.text, list(map(str, found.signatures))) == (TEXT, [LINE])


def test_two_lines_of_one_key_are_both_there_to_be_verified() -> None:
    later = str(cosign(TEXT, SIGNER, TIME + 1))
    found = answer(LINE + later)
    assert isinstance(found, Note)
    assert list(map(str, found.signatures)) == [LINE, later]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "ok\n",
        LINE[:-1],
        LINE.replace("—", "-"),
        f"\n{LINE}",
        f"more\n\n{LINE}",
        f"<html>\n{LINE}",
        OTHER_LINE,
        SAME_NAME,
        UNKNOWN_KIND,
        LINE * 65,
        b"\xff\xfe",
    ],
)
def test_an_answer_without_a_line_of_the_witness_is_none(body: str | bytes) -> None:
    with pytest.raises(NotAnswered) as why:
        answer(body)
    assert why.value.trouble is Trouble.NOT_COSIGNED


def test_lines_are_handed_on_unverified_and_verification_finds_the_false_ones() -> None:
    found = answer(str(cosign(str(state(299)), SIGNER, TIME)))
    assert isinstance(found, Note)
    with pytest.raises(BadNote):
        verify_note(found, [SIGNER.verifier])


@pytest.mark.parametrize(
    ("body", "media", "size"),
    [
        ("0\n", SIZE_TYPE, 0),
        ("250\n", SIZE_TYPE, 250),
        ("301\n", f"{SIZE_TYPE.upper()}; charset=utf-8", 301),
        ("9223372036854775807\n", SIZE_TYPE, 2**63 - 1),
        ("9223372036854775808\n", SIZE_TYPE, None),
        ("100\n", SIZE_TYPE, None),  # the size that it was asked from
        ("250", SIZE_TYPE, None),
        ("0250\n", SIZE_TYPE, None),
        ("-1\n", SIZE_TYPE, None),
        ("250\n\n", SIZE_TYPE, None),
        ("٢٥٠\n", SIZE_TYPE, None),
        ("", SIZE_TYPE, None),
        (b"\xff\n", SIZE_TYPE, None),
        ("250\n", PLAIN, None),
        ("250\n", "", None),
    ],
)
def test_a_witness_that_saw_another_size_tells_it(body: str | bytes, media: str, size: int | None) -> None:
    if size is not None:
        assert answer(body, 409, media) == size
        return
    with pytest.raises(NotAnswered) as why:
        answer(body, 409, media)
    assert why.value.trouble is Trouble.STATUS


@pytest.mark.parametrize(("body", "media"), [("", PLAIN), ("root mismatch\n", PLAIN), ("300\n", SIZE_TYPE)])
def test_at_equal_sizes_a_witness_of_the_first_version_says_so_that_the_root_is_another(body: str, media: str) -> None:
    with pytest.raises(NotAnswered) as why:
        read_answer(Answer(409, media, body.encode()), request(300, 300), SIGNER.verifier)
    assert why.value.trouble is Trouble.INCONSISTENT
    assert read_answer(Answer(409, SIZE_TYPE, b"299\n"), request(300, 300), SIGNER.verifier) == 299


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (400, Trouble.MALFORMED),
        (403, Trouble.NOT_SIGNED),
        (404, Trouble.UNKNOWN_LOG),
        (422, Trouble.INCONSISTENT),
        (301, Trouble.REDIRECT),
        (308, Trouble.REDIRECT),
        (201, Trouble.STATUS),
        (204, Trouble.STATUS),
        (429, Trouble.STATUS),
        (503, Trouble.STATUS),
    ],
)
def test_every_other_status_is_no_cosignature_whatever_stands_in_it(status: int, trouble: Trouble) -> None:
    with pytest.raises(NotAnswered) as why:
        answer(LINE, status)
    assert (why.value.trouble, why.value.detail) == (trouble, str(status))


def test_a_long_answer_is_none() -> None:
    with pytest.raises(NotAnswered) as why:
        answer(LINE + "x" * MOST_ANSWERED)
    assert why.value.trouble is Trouble.TOO_LONG


def test_a_witness_that_fails_is_left_in_peace_ever_longer() -> None:
    assert [pause_ms(count) // 1000 for count in (0, 1, 2, 3, 6, 7, 50)] == [0, 15, 30, 60, 480, 900, 900]


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        ("https://w.example.org", "https://w.example.org"),
        ("https://w.example.org:8443/w1/", "https://w.example.org:8443/w1"),
        ("HTTPS://w.example.org/", "HTTPS://w.example.org"),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]"),
        ("http://localhost:8100", "http://localhost:8100"),
        ("http://127.0.0.1:8100/", "http://127.0.0.1:8100"),
        ("http://[::1]:8100", "http://[::1]:8100"),
        ("http://w.example.org", None),
        ("http://localhost.example.org", None),
        ("http://169.254.169.254/latest", None),
        ("http://0.0.0.0:8100", None),
        ("ftp://w.example.org", None),
        ("file:///etc/passwd", None),
        ("w.example.org", None),
        ("https://", None),
        ("https:///w", None),
        ("https://u:p@w.example.org", None),
        ("https://w.example.org/?q", None),
        ("https://w.example.org/#f", None),
        ("https://w.example.org:port", None),
        ("https://w.example.org:99999", None),
        ("https://w.example.org/a b", None),
        ("https://w.example.org/\n", None),
        ("https://w\\.example.org", None),
        ("https://[::1", None),
        ("https://é.example.org", None),
        ("https://w.example.org/" + "x" * 500, None),
    ],
)
def test_the_address_of_a_witness_is_https_or_this_machine(url: str, prefix: str | None) -> None:
    if prefix is not None:
        assert submission_prefix(url) == prefix
        return
    with pytest.raises(ValueError):
        submission_prefix(url)
