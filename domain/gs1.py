"""GS1 identifiers of trade items, and the GS1 Digital Link of a unit: ``HTTPS://HOST/01/GTIN/10/LOT/21/SERIAL``.

Source: GS1 Syntax Dictionary, release 2026-01-27, and GS1 Digital Link: URI Syntax. Only GTINs that a party was given
are used: nothing here makes one up, and numbers that every company may use inside its own walls are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

CSET_82: Final = frozenset("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
"""Characters of lots and serials."""

MOST: Final = {"22": 20, "10": 20, "21": 20, "235": 28}
"""Characters of a qualifier of a GTIN: variant, lot, serial; third party's extension."""

RESTRICTED: Final = ("02", "04", "2", "0000000")
"""Prefixes of restricted circulation, and of none: they mean something else in every company."""

_LENGTHS: Final = (8, 12, 13, 14)
_PREFIX_DIGITS: Final = range(4, 13)
_ALPHANUMERIC: Final = re.compile(r"[0-9A-Z $%*+\-./:]*")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9.\-:\[\]]+")
_PATH: Final = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*")


class BadIdentifier(ValueError):
    """Not an identifier of GS1, or not one that may leave a company."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a link to a trade item says. ``gtin`` has 14 digits."""

    gtin: str
    lot: str | None = None
    serial: str | None = None
    variant: str | None = None
    extension: str | None = None

    @property
    def path(self) -> str:
        """The canonical path, from ``/01/`` on."""
        if self.extension is not None:
            return f"/01/{self.gtin}/235/{quote(self.extension, safe='')}"
        parts = (("22", self.variant), ("10", self.lot), ("21", self.serial))
        said = (f"/{ai}/{quote(value, safe='')}" for ai, value in parts if value is not None)
        return f"/01/{self.gtin}{''.join(said)}"


def check_digit(digits: str) -> str:
    """The check digit after these digits: modulo 10 with weights 3 and 1 from the right."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def gtin14(text: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits as 14; ``BadIdentifier`` for a wrong check digit."""
    if not text.isascii() or not text.isdigit() or len(text) not in _LENGTHS:
        raise BadIdentifier("a GTIN has 8, 12, 13 or 14 digits")
    if check_digit(text[:-1]) != text[-1]:
        raise BadIdentifier("the check digit of the GTIN is wrong")
    return text.zfill(14)


def gtin_of_party(text: str, prefix: str) -> str:
    """The GTIN as 14 digits, if it may be on goods that leave, and begins with the GS1 company prefix of the party.

    ``prefix``: 4 to 12 digits, as GS1 gave them. Restricted circulation numbers (02, 04, 20-29) and 0000000
    are refused.
    """
    gtin = gtin14(text)
    if not prefix.isascii() or not prefix.isdigit() or len(prefix) not in _PREFIX_DIGITS:
        raise BadIdentifier("a GS1 company prefix has 4 to 12 digits")
    body = gtin[1:]
    if body.startswith(RESTRICTED):
        raise BadIdentifier("a number of restricted circulation may not leave the company")
    if not body.startswith(prefix):
        raise BadIdentifier("the GTIN does not begin with the GS1 company prefix of the party")
    return gtin


def checked(ai: str, value: str) -> str:
    """The value of a lot (10), serial (21), variant (22) or extension (235), or ``BadIdentifier``."""
    if not 1 <= len(value) <= MOST[ai]:
        raise BadIdentifier(f"({ai}) has 1 to {MOST[ai]} characters")
    if not set(value) <= CSET_82:
        raise BadIdentifier(f"({ai}) has a character that GS1 does not allow")
    return value


def digital_link(host: str, gtin: str, prefix: str, lot: str, serial: str | None = None) -> str:
    """The link of a unit. In capitals where lot and serial are: the symbol is then smaller (alphanumeric mode)."""
    if {lot, serial} & {".", ".."}:
        raise BadIdentifier("a browser would take a single point for the folder it is in")
    item = Item(
        gtin_of_party(gtin, prefix),
        checked("10", lot),
        None if serial is None else checked("21", serial),
    )
    loud = f"HTTPS://{host.upper()}{item.path}"
    return loud if _ALPHANUMERIC.fullmatch(loud) else f"https://{host.lower()}{item.path}"


def parse_link(uri: str) -> Item:
    """The trade item that a link without query names; ``BadIdentifier`` for other keys and for every mistake.

    The rightmost ``/01/`` counts, as a domain may have paths of its own before it; a fragment is no part of the link.
    """
    found = re.fullmatch(r"(?:https?|HTTPS?)://([^/?#]+)(/[^?#]*)(?:#.*)?", uri)
    if not found or not _DOMAIN.fullmatch(found[1]) or not _PATH.fullmatch(found[2]):
        raise BadIdentifier("not an address that a GS1 Digital Link may have")
    parts = found[2].split("/")[1:]
    starts = [place for place in range(len(parts) - 1, -1, -1) if parts[place] == "01"]
    for start in starts:
        path = parts[start:]
        keys = tuple(path[2::2])
        if len(path) % 2 == 0 and _in_order(keys):
            values = dict(zip(keys, (unquote(value) for value in path[3::2]), strict=True))
            return _item(unquote(path[1]), values)
    raise BadIdentifier("the address names no trade item")


def _item(gtin: str, values: dict[str, str]) -> Item:
    if len(gtin) != 14:  # noqa: PLR2004 - shorter ones are written out in links
        raise BadIdentifier("a GTIN in a link has 14 digits")
    for ai, value in values.items():
        checked(ai, value)
    return Item(gtin14(gtin), values.get("10"), values.get("21"), values.get("22"), values.get("235"))


def _in_order(keys: tuple[str, ...]) -> bool:
    """Variant, lot and serial in this order, each at most once; or a third party's extension alone."""
    order = ("22", "10", "21")
    return keys == ("235",) or keys == tuple(ai for ai in order if ai in keys)
