"""Trees by the recursive definition of RFC 9162 (2.1.1, 2.1.3.1, 2.1.4.1), and every way of spoiling a proof."""

from __future__ import annotations

import random
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

EMPTY = sha256(b"").digest()


def split(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(entries: list[bytes]) -> bytes:
    """MTH(D_n), word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: list[bytes]) -> list[bytes]:
    """PATH(m, D_n), word for word."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D_n, b), word for word; PROOF(m, D_n) = SUBPROOF(m, D_n, true)."""
    if m == len(entries):
        return [] if whole else [mth(entries)]
    k = split(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], whole), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def sides(m: int, n: int) -> str | None:
    """On which side the siblings of entry m stand: two trees in which they stand the same way verify the same proof."""
    if not 0 <= m < n:
        return None
    turns = ""
    while n > 1:
        k = split(n)
        turns += "l" if m < k else "r"
        m, n = (m, k) if m < k else (m - k, n - k)
    return turns


def consistency_sides(m: int, n: int) -> str | None:
    if not 0 < m <= n:
        return None
    turns = ""
    while m != n:
        k = split(n)
        turns += "l" if m <= k else "r"
        m, n = (m, k) if m <= k else (m - k, n - k)
    return turns


class Inclusion(NamedTuple):
    leaf: bytes
    index: int
    size: int
    proof: list[bytes]
    root: bytes


class Consistency(NamedTuple):
    old: int
    size: int
    proof: list[bytes]
    old_root: bytes
    root: bytes


def flipped(value: bytes, rng: random.Random) -> bytes:
    bit = rng.randrange(8 * len(value))
    return value[: bit // 8] + bytes([value[bit // 8] ^ 1 << bit % 8]) + value[bit // 8 + 1 :]


def spoilt_lists(proof: list[bytes], rng: random.Random) -> Iterator[tuple[str, list[bytes]]]:
    """The hashes of a proof, spoilt: every result differs from the proof, and no two trees share a hash by chance."""
    count = len(proof)
    if count:
        at = rng.randrange(count)
        yield "flip a bit", [*proof[:at], flipped(proof[at], rng), *proof[at + 1 :]]
        yield "drop one", proof[:at] + proof[at + 1 :]
        yield "drop the last", proof[:-1]
        yield "drop the first", proof[1:]
        yield "drop all", []
        yield "repeat one", [*proof[: at + 1], *proof[at:]]
        yield "shorten a hash", [*proof[:at], proof[at][:-1], *proof[at + 1 :]]
        yield "lengthen a hash", [*proof[:at], proof[at] + b"\x00", *proof[at + 1 :]]
        yield "replace one", [*proof[:at], rng.randbytes(32), *proof[at + 1 :]]
    if count > 1:
        a, b = rng.sample(range(count), 2)
        swapped = list(proof)
        swapped[a], swapped[b] = swapped[b], swapped[a]
        yield "swap two", swapped
        yield "reverse", proof[::-1]
    at = rng.randrange(count + 1)
    yield "add one", [*proof[:at], rng.randbytes(32), *proof[at:]]
    yield "trail a hash", [*proof, rng.randbytes(32)]
    yield "trail zeros", [*proof, bytes(32)]
    yield "trail nothing", [*proof, b""]


def spoilt_inclusions(good: Inclusion, rng: random.Random) -> Iterator[tuple[str, Inclusion]]:
    """Every result is one that must be refused."""
    for name, proof in spoilt_lists(good.proof, rng):
        yield name, good._replace(proof=proof)
    yield "flip a bit of the leaf", good._replace(leaf=flipped(good.leaf, rng))
    yield "flip a bit of the root", good._replace(root=flipped(good.root, rng))
    yield "shorten the leaf", good._replace(leaf=good.leaf[:-1])
    yield "shorten the root", good._replace(root=good.root[:-1])
    yield "negative index", good._replace(index=-1 - good.index)
    yield "index beyond", good._replace(index=good.size + rng.randrange(3))
    yield "size zero", good._replace(size=0)
    yield "huge size", good._replace(size=1 << 63)
    turns = sides(good.index, good.size)
    if turns:  # the same bytes are hashed, cut at another place
        left, right = (good.leaf, good.proof[0]) if turns[-1] == "l" else (good.proof[0], good.leaf)
        left, right = left[:-1], left[-1:] + right
        leaf, hashed = (left, right) if turns[-1] == "l" else (right, left)
        yield "cut elsewhere", good._replace(leaf=leaf, proof=[hashed, *good.proof[1:]])
    for index in {good.index - 1, good.index + 1, good.index ^ 2, rng.randrange(good.size)} - {good.index}:
        yield "another index", good._replace(index=index)
    for size in {good.size - 1, good.size + 1, 2 * good.size, good.size // 2, rng.randrange(1, 600)} - {good.size}:
        if sides(good.index, size) != turns:
            yield "another size", good._replace(size=size)


def spoilt_consistencies(good: Consistency, rng: random.Random) -> Iterator[tuple[str, Consistency]]:
    """Every result is one that must be refused. The good proof has 0 < old <= size."""
    for name, proof in spoilt_lists(good.proof, rng):
        yield name, good._replace(proof=proof)
    yield "flip a bit of the old root", good._replace(old_root=flipped(good.old_root, rng))
    yield "flip a bit of the root", good._replace(root=flipped(good.root, rng))
    yield "shorten the old root", good._replace(old_root=good.old_root[:-1])
    yield "lengthen the root", good._replace(root=good.root + b"\x00")
    yield "negative old size", good._replace(old=-good.old)
    yield "old size zero", good._replace(old=0)
    yield "shrink", good._replace(old=good.size + 1)
    yield "huge size", good._replace(size=1 << 63)
    if good.old != good.size:
        yield "exchange the sizes", good._replace(old=good.size, size=good.old)
        yield "exchange the roots", good._replace(old_root=good.root, root=good.old_root)
        yield "equal sizes", good._replace(old=good.size)
    turns = (consistency_sides(good.old, good.size), good.old & (good.old - 1) == 0)
    if turns[1] and good.proof:  # the old root is hashed first, with a hash to its right
        old_root, hashed = good.old_root[:-1], good.old_root[-1:] + good.proof[0]
        yield "cut elsewhere", good._replace(old_root=old_root, proof=[hashed, *good.proof[1:]])
    for old in {good.old - 1, good.old + 1, rng.randrange(1, good.size + 1)} - {good.old, 0}:
        if (consistency_sides(old, good.size), old & (old - 1) == 0) != turns:
            yield "another old size", good._replace(old=old)
    for size in {good.size - 1, good.size + 1, 2 * good.size, rng.randrange(1, 600)} - {good.size, 0}:
        if (consistency_sides(good.old, size), turns[1]) != turns:
            yield "another size", good._replace(size=size)
