"""UUID version 7 (RFC 9562): made from a given instant and given chance, so that tests and the demo repeat."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID


def uuid7(at: int, entropy: Callable[[int], bytes]) -> str:
    """An id whose first 48 bits are UTC milliseconds; the rest is chance. Nobody may trust the time inside."""
    chance = int.from_bytes(entropy(10), "big")
    number = (
        (at & ((1 << 48) - 1)) << 80 | 0x7 << 76 | (chance >> 68 & 0xFFF) << 64 | 0b10 << 62 | chance & ((1 << 62) - 1)
    )
    return str(UUID(int=number))
