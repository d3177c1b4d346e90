"""A witness cosigns what goes on from what it cosigned last, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.merkle import EMPTY_ROOT, consistency_proof, nodes_of_leaves, root_of
from domain.note import (
    ED25519,
    BadNote,
    Checkpoint,
    Note,
    SignerKey,
    parse_checkpoint,
    parse_note,
    sign_note,
    verify_note,
)
from domain.witness import KnownLog, NotCosigned, Request, Why, decide, parse_request
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
