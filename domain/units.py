"""The life of a labelled unit (a bag, a box): its codes, what may follow what, and what it may weigh. Pure functions.

    packed → issued → applied → shipped → received → opened, and void from each of them; returned, once it left

A label is issued for a packed unit, put on it (applied), and goes with it. Recording lags behind what is done: a unit
may be shipped though nobody told that its label was put on, and received though the shipment named no units. What has
been received may be shipped again; nothing is received twice in a row; what was opened only becomes void. A void unit
may be labelled again, under another code.

What comes back (returned) is part of another lot from then on, the lot of the return: it leaves with that lot, and is
not shipped again as a unit of its own. Whoever gets it then may receive and open it by its label.

The codes of a run of labels follow from its secret seed, 32 random bytes that are kept beside the log; the event holds
the Merkle root over what its labels say. A second seed gives the opening codes that stand under a tear-off.
"""

from __future__ import annotations

import hmac
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Final, Literal

from domain.clones import Fact
from domain.label_token import ALPHABET, MOST_COMMODITIES, UNIT_BYTES, Token, net_that_fits, to_base32
from domain.profiles import ProfileMistake
from domain.toml_lines import line_of

SEED_BYTES: Final = 32
_UNIT: Final = b"filiere/unit/v1\x00"
_OPENING: Final = b"filiere/opening/v1\x00"
_NUMBER_BYTES: Final = 8
_OPENING_BYTES: Final = 5

OPENING_CHARACTERS: Final = 8
OPENING_TRIES: Final = 5
"""Opening codes that are tried for one unit in a day (UTC); then its form is shut until the next.

There are 32^8 codes, about 1.1 × 10^12. Five a day for ten years are 18,262: one chance in 60 million for a unit that
somebody tries every day. Shut for ever, anybody who reads the 16 characters on a bag could take the form from whoever
buys it; so they take it for the day.
"""

OPENING_DESIGN: Final = "opening"
"""The design under which opening codes are printed: its prints are counted for themselves."""

OPENED_BY_CODE: Final = "public:opening"
"""Who tells that a unit was opened, when somebody typed its opening code: nobody takes that back."""

State = Literal["issued", "applied", "shipped", "received", "returned", "opened", "void"]
STATES: Final[tuple[State, ...]] = ("issued", "applied", "shipped", "received", "returned", "opened", "void")

FOLLOWS: Final[Mapping[State | None, frozenset[State]]] = {
    None: frozenset({"issued"}),
    "issued": frozenset({"applied", "shipped", "received", "returned", "opened", "void"}),
    "applied": frozenset({"shipped", "received", "returned", "opened", "void"}),
    "shipped": frozenset({"received", "returned", "opened", "void"}),
    "received": frozenset({"shipped", "returned", "opened", "void"}),
    "returned": frozenset({"received", "opened", "void"}),
    "opened": frozenset({"void"}),
    "void": frozenset({"issued"}),
}
"""What may follow what; none: packed, and never labelled."""


def may_become(state: State | None, then: State) -> bool:
    """Whether a unit in a state may go on to another."""
    return then in FOLLOWS[state]


def labelled(state: str | None) -> bool:
    """Whether a label of the unit is about."""
    return state not in (None, "void")


# --- codes ---


def unit_code(seed: bytes, number: int) -> bytes:
    """The 10 bytes of the code of a unit, from the seed of its run."""
    return sha256(_UNIT + seed + number.to_bytes(_NUMBER_BYTES, "big")).digest()[:UNIT_BYTES]


def opening_code(seed: bytes, number: int) -> str:
    """The 8 characters under the tear-off of a unit, from the opening seed of its run."""
    return to_base32(sha256(_OPENING + seed + number.to_bytes(_NUMBER_BYTES, "big")).digest()[:_OPENING_BYTES])


def said_in_run(
    seed: bytes, first: int, nets: Iterable[tuple[int, int]], packed_on: date, commodity: int
) -> list[bytes]:
    """What the labels of a run say (``Token.said``), in the order of their units from ``first`` on.

    ``nets``: how many units in a row are so many grams. ``BadLabel`` for what no label can say.
    """
    said: list[bytes] = []
    for count, grams in nets:
        tail = Token(0, bytes(UNIT_BYTES), packed_on, net_that_fits(grams), commodity).said[UNIT_BYTES:]
        begin = first + len(said)
        said += [unit_code(seed, number) + tail for number in range(begin, begin + count)]
    return said


_READ_AS: Final = str.maketrans({"I": "1", "L": "1", "O": "0"})


def opens(seed: bytes, number: int, typed: str) -> bool:
    """Whether somebody typed the opening code of a unit. Case, spaces and hyphens are forgiven, O, I and L too."""
    plain = "".join(character for character in typed.upper().translate(_READ_AS) if character in ALPHABET)
    return hmac.compare_digest(plain.encode(), opening_code(seed, number).encode())


@dataclass(frozen=True, slots=True)
class UnitToPrint:
    """Everything that a label of one unit shows and holds.

    ``address``: in the symbol. ``typed_code``: 18 characters, to be printed in groups. ``opening_code``: under a
    tear-off, and nowhere else. ``net_grams``: as the token says it, never above what was packed.
    """

    number: int
    of: int
    net_grams: int
    packed_on: date
    address: str
    typed_code: str
    opening_code: str
    state: State


@dataclass(frozen=True, slots=True)
class UnitView:
    """What the page of a unit says of it. Instants in UTC milliseconds; ``signed``: its label was read and is ours.

    ``facts``: what the rules on copies found, where it is enough to be told.
    """

    code: str
    number: int
    of: int
    net_g: int
    state: State
    labelled_at: int | None = None
    applied_at: int | None = None
    shipped_at: int | None = None
    received_at: int | None = None
    returned_at: int | None = None
    opened_at: int | None = None
    facts: tuple[Fact, ...] = ()
    signed: bool = False

    @property
    def severity(self) -> Literal["ok", "look", "stop"]:
        """How loud the page is: stop for a void label, look for a unit opened or come back, or for facts to tell."""
        if self.state == "void":
            return "stop"
        return "look" if self.state in ("opened", "returned") or self.facts else "ok"


# --- numbers ---


def numbers_of(ranges: Iterable[tuple[int, int]]) -> list[int]:
    """The numbers in ranges of first and last."""
    return [number for first, last in ranges for number in range(first, last + 1)]


def ranges_of(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as ranges of first and last, as few as there can be, in order."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


# --- the register of commodities, and how far a weighing may be off ---


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far the net weight of a unit may be off from ``from_g`` on: basis points of it, or grams."""

    from_g: int
    off_bp: int | None
    off_g: int | None
    valid_from: date
    source: str


@dataclass(frozen=True, slots=True)
class Register:
    """``profiles/label-commodities.toml``: the numbers of commodities in tokens, and tolerances by weight."""

    numbers: Mapping[str, int]
    tolerances: Sequence[Tolerance]

    def number(self, commodity: str) -> int:
        """The number of a commodity; 0, not stated, for one that is not in the register."""
        return self.numbers.get(commodity, 0)

    def tolerance_g(self, grams: int, on: date) -> int:
        """Grams by which a unit of this weight may be off on a day, rounded down."""
        held = [item for item in self.tolerances if item.valid_from <= on and item.from_g <= grams]
        if not held:
            return 0
        rule = max(held, key=lambda item: (item.from_g, item.valid_from))
        return rule.off_g if rule.off_g is not None else grams * (rule.off_bp or 0) // 10_000


def load_register(text: str, name: str) -> Register:
    """The register that a TOML text gives; ``name`` is its file name. ``ProfileMistake`` says what is wrong."""
    try:
        top = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileMistake(name, "", f"the file is not TOML: {error}") from error
    for key in sorted(top.keys() - {"commodity", "tolerance"}):
        raise ProfileMistake(name, key, "remove it or correct its name; known here: commodity, tolerance")
    numbers: dict[str, int] = {}
    for i, table in enumerate(top.get("commodity", [])):
        _fields(table, {"id": str, "number": int, "valid_from": date}, f"commodity[{i}]", text, name)
        if not 1 <= table["number"] <= MOST_COMMODITIES:
            key = f"commodity[{i}].number"
            raise ProfileMistake(name, key, f"write a number from 1 to {MOST_COMMODITIES}", line_of(text, key))
        if table["id"] in numbers or table["number"] in numbers.values():
            todo = "a commodity has one number, and a number is never given to another one"
            raise ProfileMistake(name, f"commodity[{i}]", todo, line_of(text, f"commodity[{i}]"))
        numbers[table["id"]] = table["number"]
    return Register(numbers, [_tolerance(table, i, text, name) for i, table in enumerate(top.get("tolerance", []))])


def _tolerance(table: Mapping[str, Any], i: int, text: str, name: str) -> Tolerance:
    off = "off_g" if "off_g" in table else "off_bp"
    _fields(table, {"from_g": int, off: int, "valid_from": date, "source": str}, f"tolerance[{i}]", text, name)
    return Tolerance(table["from_g"], table.get("off_bp"), table.get("off_g"), table["valid_from"], table["source"])


def _fields(table: Mapping[str, Any], wanted: Mapping[str, type], key: str, text: str, name: str) -> None:
    if table.keys() != wanted.keys() or any(type(table[field]) is not kind for field, kind in wanted.items()):
        raise ProfileMistake(name, key, f"write exactly these: {', '.join(wanted)}", line_of(text, key))
