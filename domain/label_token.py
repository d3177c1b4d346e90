"""What is printed in the symbol on a bag: a signed token of 82 bytes, and the code that is typed when it does not read.

The token, 18 bytes, numbers big-endian::

    version 1 | key 2 | unit 10 | packed 2 | net 2 | commodity 1

- version: 1.
- key: number of the label key that signs, as the deployment publishes it.
- unit: the bag or box, 80 random bits; the typed code is the same bits.
- packed: day of packing, days since 2020-01-01.
- net: net weight, ``m * 10**e`` grams, e in the upper two bits and m in the lower fourteen, in the smallest e that
  holds it: to the gram up to 16 kg, to 10 g up to 163 kg, to 100 g up to 1.6 t, to the kilogram up to 16 t. 0: not
  stated.
- commodity: its number in the register of the profiles; 0: not stated.

64 bytes follow: Ed25519 (RFC 8032) over ``filiere-label-v1``, a zero byte and the token. All 82 bytes are written in
Crockford's base32 in capitals: 132 characters, the last with four zero bits. The symbol has one spelling, read
strictly; people who type are forgiven case, spaces, hyphens and O, I, L.

The typed code is the unit, 16 characters, and two check characters: a Reed-Solomon code over GF(32) with x^5 + x^2 + 1,
roots 1 and x. It has distance 3: one or two wrong characters, and any two characters exchanged, are always found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from domain.note import SIGNATURE_BYTES, sign, signed

VERSION: Final = 1
CONTEXT: Final = b"filiere-label-v1\x00"
"""What is signed begins with it, so that no other signature of the key is one of a label."""

UNIT_BYTES: Final = 10
TOKEN_BYTES: Final = 18
SAID_FROM: Final = 3
SAID_BYTES: Final = TOKEN_BYTES - SAID_FROM
SIGNED_BYTES: Final = TOKEN_BYTES + SIGNATURE_BYTES
SIGNED_CHARACTERS: Final = 132
CODE_CHARACTERS: Final = 16
CHECK_CHARACTERS: Final = 2

FIRST_DAY: Final = date(2020, 1, 1)
LAST_DAY: Final = date(2199, 6, 6)
MOST_KEYS: Final = 0xFFFF
MOST_COMMODITIES: Final = 0xFF

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: ten digits, and the capitals without I, L, O, U."""

_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
_TYPED: Final = {
    **_VALUES,
    **{character.lower(): value for character, value in _VALUES.items()},
    **dict.fromkeys("Oo", 0),
    **dict.fromkeys("IiLl", 1),
}
SKIPPED: Final = frozenset(" -\u00a0\u202f\u2010\u2011")
"""Characters that people put between those of a code, and that do not count."""

_BITS: Final = 5
_MANTISSA_BITS: Final = 14
_MANTISSA: Final = (1 << _MANTISSA_BITS) - 1
_LARGEST_EXPONENT: Final = 3

MOST_GRAMS: Final = _MANTISSA * 10**_LARGEST_EXPONENT
"""16,383 kg: the heaviest unit that a token names."""


class BadLabel(ValueError):
    """Not a label of ours: malformed, of another version, of an unknown key, or not signed by the key it names."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a label says of one unit; ``BadLabel`` for what a token cannot hold."""

    key: int
    unit: bytes
    packed: date
    net_grams: int
    commodity: int

    def __post_init__(self) -> None:
        held = (
            0 <= self.key <= MOST_KEYS
            and len(self.unit) == UNIT_BYTES
            and FIRST_DAY <= self.packed <= LAST_DAY
            and 0 <= self.commodity <= MOST_COMMODITIES
        )
        if not held or net_that_fits(self.net_grams) != self.net_grams:
            raise BadLabel("a token does not hold this")

    @property
    def code(self) -> str:
        """The unit as 16 characters, without check characters: the path of its page."""
        return to_base32(self.unit)

    @property
    def said(self) -> bytes:
        """What the label says of its unit, whichever key signs it: the token without version and key, 15 bytes.

        The event that issued the unit commits to it (``domain.log.units_root``).
        """
        return bytes(self)[SAID_FROM:]

    def __bytes__(self) -> bytes:
        return b"".join(
            (
                VERSION.to_bytes(1, "big"),
                self.key.to_bytes(2, "big"),
                self.unit,
                (self.packed - FIRST_DAY).days.to_bytes(2, "big"),
                _packed_net(self.net_grams).to_bytes(2, "big"),
                self.commodity.to_bytes(1, "big"),
            )
        )


def net_that_fits(grams: int) -> int:
    """The heaviest weight that a token can name and that is not above ``grams``: a label never says too much.

    ``BadLabel`` below zero and above ``MOST_GRAMS``.
    """
    if not 0 <= grams <= MOST_GRAMS:
        raise BadLabel("no unit has this weight")
    step: int = 10 ** _exponent(grams)
    return grams // step * step


def parse_token(data: bytes) -> Token:
    """The token in 18 bytes; ``BadLabel`` for another length or version, or a weight in another than its one form."""
    if len(data) != TOKEN_BYTES or data[0] != VERSION:
        raise BadLabel("not a token of version 1")
    exponent, mantissa = divmod(int.from_bytes(data[15:17], "big"), _MANTISSA + 1)
    token = Token(
        key=int.from_bytes(data[1:3], "big"),
        unit=data[3:13],
        packed=FIRST_DAY + timedelta(days=int.from_bytes(data[13:15], "big")),
        net_grams=mantissa * 10**exponent,
        commodity=data[17],
    )
    if bytes(token) != data:
        raise BadLabel("a weight has one form")
    return token


def signed_label(token: Token, secret: bytes) -> str:
    """The 132 characters of a label: the token and its signature by a secret of 32 bytes."""
    plain = bytes(token)
    return to_base32(plain + sign(secret, CONTEXT + plain))


def label_url(host: str, label: str) -> str:
    """``HTTPS://T.EXAMPLE.ORG/L/`` and the label or code: capitals only, so that the symbol stays small."""
    return f"HTTPS://{host.upper()}/L/{label}"


def verify_label(label: str, keys: Mapping[int, bytes]) -> Token:
    """The token in the 132 characters of a label, signed by the key that it names; ``BadLabel`` otherwise.

    ``keys``: the public keys of the deployment, 32 bytes each, by number. Says what was issued, not what is so today:
    whether a key or a unit was withdrawn is asked elsewhere.
    """
    if len(label) != SIGNED_CHARACTERS:
        raise BadLabel(f"a label has {SIGNED_CHARACTERS} characters")
    data = from_base32(label)
    token = parse_token(data[:TOKEN_BYTES])
    public = keys.get(token.key)
    if public is None:
        raise BadLabel("the key of this label is not known")
    if not signed(public, CONTEXT + data[:TOKEN_BYTES], data[TOKEN_BYTES:]):
        raise BadLabel("the key that the label names did not sign it")
    return token


def to_base32(data: bytes) -> str:
    """Crockford's base32 in capitals, bits from the left, the last character filled up with zero bits."""
    characters = -(-8 * len(data) // _BITS)
    number = int.from_bytes(data, "big") << (_BITS * characters - 8 * len(data))
    return "".join(ALPHABET[number >> (_BITS * place) & 31] for place in reversed(range(characters)))


def from_base32(text: str) -> bytes:
    """The bytes that ``to_base32`` writes so; ``BadLabel`` for every other spelling of them and every other text."""
    if not _VALUES.keys() >= set(text):
        raise BadLabel("not in Crockford's base32 in capitals")
    number = 0
    for character in text:
        number = number << _BITS | _VALUES[character]
    spare = _BITS * len(text) % 8
    if spare >= _BITS or number & ((1 << spare) - 1):
        raise BadLabel("loose bits at the end")
    return (number >> spare).to_bytes(_BITS * len(text) // 8, "big")


def typed_code(unit: bytes) -> str:
    """The 18 characters that people type: the unit, 10 bytes, and its two check characters."""
    if len(unit) != UNIT_BYTES:
        raise BadLabel("a unit has 10 bytes")
    code = to_base32(unit)
    total, weighted = _syndromes([_VALUES[character] for character in code] + [0, 0])
    # The check values a, b satisfy a + b = total and x a + b = weighted; so (x + 1) a = total + weighted.
    first = _times(_INVERSE_OF_X_PLUS_1, total ^ weighted)
    return code + ALPHABET[first] + ALPHABET[total ^ first]


def parse_typed_code(text: str) -> bytes:
    """The unit in a code that somebody typed, in any case, with spaces or hyphens, O for 0, I or L for 1.

    ``BadLabel`` for other characters, another length, or check characters that do not fit.
    """
    values = [_TYPED.get(character) for character in text if character not in SKIPPED]
    known = [value for value in values if value is not None]
    if len(known) != len(values) or len(known) != CODE_CHARACTERS + CHECK_CHARACTERS:
        raise BadLabel("a code has 18 characters")
    if any(_syndromes(known)):
        raise BadLabel("the code is mistyped")
    return from_base32("".join(ALPHABET[value] for value in known[:CODE_CHARACTERS]))


def plain_code(text: str) -> str:
    """The 16 characters of a code without check characters, forgiven like a typed one: as they stand in an address.

    ``BadLabel`` for other characters or another length.
    """
    values = [_TYPED.get(character) for character in text if character not in SKIPPED]
    known = [value for value in values if value is not None]
    if len(known) != len(values) or len(known) != CODE_CHARACTERS:
        raise BadLabel(f"a code has {CODE_CHARACTERS} characters")
    return "".join(ALPHABET[value] for value in known)


def _exponent(grams: int) -> int:
    """The smallest power of ten whose steps reach ``grams``."""
    return next(exponent for exponent in range(_LARGEST_EXPONENT + 1) if grams < (_MANTISSA + 1) * 10**exponent)


def _packed_net(grams: int) -> int:
    exponent = _exponent(grams)
    step: int = 10**exponent
    return exponent << _MANTISSA_BITS | grams // step


def _syndromes(values: list[int]) -> tuple[int, int]:
    """The word as a polynomial at 1 and at x, first character highest: both zero for a word of the code."""
    total = weighted = 0
    for value in values:
        total ^= value
        weighted = _times_x(weighted) ^ value
    return total, weighted


def _times_x(value: int) -> int:
    """Multiplied by x in GF(32), reduced by x^5 + x^2 + 1."""
    return value << 1 ^ (0b100101 if value & 0b10000 else 0)


def _times(left: int, right: int) -> int:
    product = 0
    for bit in f"{right:05b}":
        product = _times_x(product) ^ (left if bit == "1" else 0)
    return product


_INVERSE_OF_X_PLUS_1: Final = next(value for value in range(32) if _times(value, 0b00011) == 1)
