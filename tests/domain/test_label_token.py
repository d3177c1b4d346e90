"""Label tokens and typed codes: one spelling, every single bit signed, every slip of the finger noticed."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import label_token
from domain.label_token import (
    ALPHABET,
    MOST_GRAMS,
    BadLabel,
    Token,
    from_base32,
    label_url,
    net_that_fits,
    parse_token,
    parse_typed_code,
    signed_label,
    to_base32,
    typed_code,
    verify_label,
)
from domain.log import units_root
from domain.merkle import leaf_hash
from domain.note import ED25519, SignerKey, commitment, public_key
from labels.qr import ALPHANUMERIC, symbol, version_of

SECRET = sha256(b"label key").digest()
KEYS = {7: public_key(SECRET), 8: public_key(sha256(b"another").digest())}
UNIT = bytes(range(0xF0, 0xFA))
TOKEN = Token(key=7, unit=UNIT, packed=date(2026, 11, 23), net_grams=62_500, commodity=3)

TOKENS = st.builds(
    Token,
    key=st.integers(0, 0xFFFF),
    unit=st.binary(min_size=10, max_size=10),
    packed=st.dates(date(2020, 1, 1), date(2199, 6, 6)),
    net_grams=st.integers(0, MOST_GRAMS).map(net_that_fits),
    commodity=st.integers(0, 255),
)


def test_the_token_has_the_bytes_that_the_format_says() -> None:
    """By hand: 23 November 2026 is day 2,518; 62.5 kg is 6,250 times 10 g."""
    assert bytes(TOKEN).hex() == "01" + "0007" + "f0f1f2f3f4f5f6f7f8f9" + "09d6" + f"{(1 << 14) + 6250:04x}" + "03"
    assert (date(2026, 11, 23) - date(2020, 1, 1)).days == 0x09D6


@given(TOKENS)
def test_a_token_is_read_as_it_is_written(token: Token) -> None:
    data = bytes(token)
    assert len(data) == 18
    assert parse_token(data) == token


@given(st.binary(min_size=17, max_size=17))
def test_what_is_read_is_written_the_same(rest: bytes) -> None:
    data = b"\x01" + rest
    try:
        token = parse_token(data)
    except BadLabel:
        assert rest[14] >> 6  # a weight in a larger exponent than it needs
        return
    assert bytes(token) == data


def test_another_version_or_length_is_refused() -> None:
    data = bytes(TOKEN)
    for bad in (b"", data[:-1], data + b"\0", b"\0" + data[1:], b"\2" + data[1:]):
        with pytest.raises(BadLabel):
            parse_token(bad)


@pytest.mark.parametrize(
    ("grams", "named"),
    [
        (0, 0),
        (1, 1),
        (16_383, 16_383),
        (16_384, 16_380),
        (16_390, 16_390),
        (60_000, 60_000),
        (69_001, 69_000),
        (163_839, 163_830),
        (163_840, 163_800),
        (1_000_000, 1_000_000),
        (1_638_399, 1_638_300),
        (1_638_400, 1_638_000),
        (16_383_000, 16_383_000),
    ],
)
def test_a_weight_is_never_said_too_large(grams: int, named: int) -> None:
    assert net_that_fits(grams) == named
    assert parse_token(bytes(replace(TOKEN, net_grams=named))).net_grams == named


@given(st.integers(0, MOST_GRAMS))
def test_a_weight_is_named_within_a_thousandth(grams: int) -> None:
    named = net_that_fits(grams)
    assert 0 <= grams - named <= grams / 1000
    assert net_that_fits(named) == named


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": -1},
        {"key": 0x10000},
        {"unit": UNIT[:-1]},
        {"unit": UNIT + b"\0"},
        {"packed": date(2019, 12, 31)},
        {"packed": date(2199, 6, 7)},
        {"net_grams": -1},
        {"net_grams": 16_385},
        {"net_grams": MOST_GRAMS + 1},
        {"commodity": -1},
        {"commodity": 256},
    ],
)
def test_what_a_token_does_not_hold_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadLabel):
        replace(TOKEN, **wrong)  # type: ignore[arg-type]


def test_a_label_fits_a_symbol_of_version_7_at_level_m() -> None:
    label = signed_label(TOKEN, SECRET)
    url = label_url("t.example.org", label)
    assert url.startswith("HTTPS://T.EXAMPLE.ORG/L/")
    assert len(label) == 132
    assert len(url) == 156
    assert set(url) <= ALPHANUMERIC
    assert version_of(symbol(url)) <= 7
    assert verify_label(url.rsplit("/", 1)[1], KEYS) == TOKEN


@given(TOKENS)
@settings(max_examples=50, deadline=None)
def test_a_signed_label_verifies(token: Token) -> None:
    keys = {token.key: public_key(SECRET)}
    assert verify_label(signed_label(token, SECRET), keys) == token


def test_no_bit_of_a_label_can_be_other() -> None:
    data = from_base32(signed_label(TOKEN, SECRET))
    for bit in range(8 * len(data)):
        spoilt = bytearray(data)
        spoilt[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadLabel):
            verify_label(to_base32(bytes(spoilt)), KEYS)


def test_no_character_of_a_label_can_be_other() -> None:
    label = signed_label(TOKEN, SECRET)
    for at, other in itertools.product(range(len(label)), ALPHABET + "abcxyzILOU-ıſ٠"):
        if label[at] != other:
            with pytest.raises(BadLabel):
                verify_label(label[:at] + other + label[at + 1 :], KEYS)


@pytest.mark.parametrize("why", ["lower", "short", "long", "space", "empty", "newline"])
def test_the_machine_form_has_one_spelling(why: str) -> None:
    label = signed_label(TOKEN, SECRET)
    spelt = {
        "lower": label.lower(),
        "short": label[:-1],
        "long": label + "0",
        "space": label[:66] + " " + label[66:],
        "empty": "",
        "newline": label + "\n",
    }[why]
    with pytest.raises(BadLabel):
        verify_label(spelt, KEYS)


def test_the_key_that_is_named_must_have_signed() -> None:
    with pytest.raises(BadLabel, match="not known"):
        verify_label(signed_label(replace(TOKEN, key=9), SECRET), KEYS)
    with pytest.raises(BadLabel, match="did not sign"):
        verify_label(signed_label(replace(TOKEN, key=8), SECRET), KEYS)


def test_a_signature_of_something_else_is_no_label() -> None:
    """The context holds signatures of labels apart from every other use of a key."""
    from domain.note import sign

    bare = bytes(TOKEN) + sign(SECRET, bytes(TOKEN))
    with pytest.raises(BadLabel, match="did not sign"):
        verify_label(to_base32(bare), KEYS)


@given(st.binary(max_size=90))
def test_base32_is_read_as_it_is_written(data: bytes) -> None:
    assert from_base32(to_base32(data)) == data


@given(st.text(ALPHABET, max_size=40))
def test_base32_has_one_spelling(text: str) -> None:
    try:
        data = from_base32(text)
    except BadLabel:
        return
    assert to_base32(data) == text


def test_base32_is_crockfords() -> None:
    """Base 32 by Douglas Crockford (crockford.com/base32.html): symbols of the values 0 to 31."""
    symbols = "".join(to_base32(bytes([value << 3]))[0] for value in range(32))
    assert symbols == "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_loose_bits_are_refused() -> None:
    assert from_base32("00") == b"\0"
    for text in ("01", "03", "0", "000", "0000001", "00000000" + "0"):
        with pytest.raises(BadLabel):
            from_base32(text)


CODE = typed_code(UNIT)


def as_values(code: str) -> list[int]:
    return [ALPHABET.index(character) for character in code]


def field() -> tuple[list[int], dict[int, int]]:
    """GF(32) by its definition: the powers of x modulo x^5 + x^2 + 1, and their logarithms."""
    powers, value = [], 1
    for _ in range(31):
        powers.append(value)
        value <<= 1
        if value & 32:
            value ^= 0b100101
    assert value == 1
    assert len(set(powers)) == 31
    return powers, {power: log for log, power in enumerate(powers)}


@given(st.binary(min_size=10, max_size=10))
def test_the_check_characters_are_those_of_the_reed_solomon_code(unit: bytes) -> None:
    """The word, as a polynomial with the first character highest, is zero at 1 and at x."""
    powers, logs = field()
    values = as_values(typed_code(unit))
    plain = weighted = 0
    for place, value in enumerate(reversed(values)):
        plain ^= value
        weighted ^= powers[(logs[value] + place) % 31] if value else 0
    assert (plain, weighted) == (0, 0)
    assert len(values) == 18
    assert parse_typed_code(typed_code(unit)) == unit
    assert typed_code(unit)[:16] == to_base32(unit)


def refused(code: str) -> bool:
    try:
        parse_typed_code(code)
    except BadLabel:
        return True
    return False


def test_every_single_slip_is_noticed() -> None:
    for at, other in itertools.product(range(18), ALPHABET):
        if CODE[at] != other:
            assert refused(CODE[:at] + other + CODE[at + 1 :])


def test_every_exchange_of_two_characters_is_noticed() -> None:
    for unit in (UNIT, bytes(9) + b"\1", sha256(b"unit").digest()[:10]):
        code = typed_code(unit)
        for a, b in itertools.combinations(range(18), 2):
            if code[a] != code[b]:
                turned = list(code)
                turned[a], turned[b] = turned[b], turned[a]
                assert refused("".join(turned)), (a, b)


def test_every_double_slip_is_noticed() -> None:
    """By linearity one code stands for all: any two of eighteen places, any two errors."""
    values = as_values(CODE)
    count = 0
    for a, b in itertools.combinations(range(18), 2):
        for left, right in itertools.product(range(1, 32), repeat=2):
            spoilt = list(values)
            spoilt[a] ^= left
            spoilt[b] ^= right
            assert any(label_token._syndromes(spoilt))
            count += 1
    assert count == 153 * 961


@pytest.mark.parametrize("seed", range(5))
def test_typing_is_forgiven_case_spaces_and_lookalikes(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(200):
        unit = rng.randbytes(10)
        typed = "".join(
            rng.choice({"0": "0Oo", "1": "1IiLl"}.get(character, character + character.lower()))
            + rng.choice(["", "", " ", "-", "\u00a0", "\u202f"])
            for character in typed_code(unit)
        )
        assert parse_typed_code(typed) == unit


@pytest.mark.parametrize(
    "typed",
    [
        "",
        CODE[:-1],
        CODE + "0",
        CODE[:16],
        CODE.replace(CODE[0], "U", 1),
        "ſ" + CODE[1:],
        "\u212a" + CODE[1:],
        CODE + "\n",
        "٠" * 18,
    ],
)
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(BadLabel):
        parse_typed_code(typed)


def test_letters_that_only_upper_case_makes_ours_are_refused() -> None:
    """Python's upper() makes S of U+017F and I of U+0131; lower() makes k of U+212A."""
    code = typed_code(from_base32("S1KS1KS1KS1KS1KS"))
    assert parse_typed_code(code)
    for ours, other in (("S", "\u017f"), ("1", "\u0131"), ("K", "\u212a")):
        with pytest.raises(BadLabel):
            parse_typed_code(code.replace(ours, other))


def test_a_unit_has_ten_bytes() -> None:
    for unit in (b"", UNIT[:-1], UNIT + b"\0"):
        with pytest.raises(BadLabel):
            typed_code(unit)


def test_the_vectors_in_the_documents_are_true() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "log-format.md").read_text("utf-8").split("## Vectors")[1]
    label = signed_label(TOKEN, SECRET)
    entry = commitment(bytes(range(32)), b'{"id":"1","type":"received"}')
    log = SignerKey("log.example.org/2026", ED25519, sha256(b"log").digest())
    for told in (public_key(SECRET).hex(), bytes(TOKEN).hex(), label[:66], label[66:], CODE, entry.hex()):
        assert f"`{told}`" in text
    assert f"`{leaf_hash(entry).hex()}`" in text
    assert f"`{TOKEN.said.hex()}`" in text
    assert f"`{units_root([TOKEN.said]).hex()}`" in text  # of a run of one: its leaf
    assert replace(TOKEN, key=9).said == TOKEN.said
    assert f"`{log.verifier}`" in text
