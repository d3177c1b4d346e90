"""The Merkle tree of the log (RFC 9162 section 2.1) and its tiles (c2sp.org/tlog-tiles), as pure functions.

Hashes are SHA-256, 32 bytes. A *node* ``(level, index)`` is the root of the full subtree over the entries
``index * 2**level`` to ``(index + 1) * 2**level - 1``; level 0 are the leaf hashes. Proofs are made from nodes through
a callable, so whoever stores tiles reads a few of them and never all leaves; ``nodes_of_tiles`` is such a callable.

Verification says true or false and never raises on what it is given: sizes, indexes, lengths and the number of hashes
are all part of what is checked. Everything else raises ``ValueError`` when it is asked for what cannot be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeAlias

HASH_BYTES: Final = 32

LARGEST_SIZE: Final = 2**63 - 1
"""No tree is larger, so no proof of inclusion has more than 63 hashes and none of consistency more than 64."""

EMPTY_ROOT: Final = sha256().digest()
"""The root of the tree without entries (RFC 9162 2.1.1)."""

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
HIGHEST_TILE_LEVEL: Final = 63
LONGEST_ENTRY: Final = 0xFFFF

Nodes: TypeAlias = Callable[[int, int], bytes]
"""Reads the hash of the full subtree at (level, index)."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256 of 0x00 and the entry (RFC 9162 2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01, the left and the right hash (RFC 9162 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: what is needed of it to append, and to know its root.

    ``hashes`` are the roots of the full subtrees that the tree falls into from the left, largest first: one for each
    bit of ``size`` that is set.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not _is_size(self.size) or len(self.hashes) != self.size.bit_count() or not _are_hashes(self.hashes):
            raise ValueError("a frontier has one hash of 32 bytes for each bit of its size")

    def append(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier after these leaf hashes."""
        stack, size = list(self.hashes), self.size
        for leaf in leaves:
            if len(leaf) != HASH_BYTES:
                raise ValueError("a leaf hash has 32 bytes")
            node, rest = leaf, size
            while rest & 1:
                node = sha256(b"\x01" + stack.pop() + node).digest()
                rest >>= 1
            stack.append(node)
            size += 1
        return Frontier(size, tuple(stack))

    def root(self) -> bytes:
        """The root hash of the tree."""
        return _fold(self.hashes) if self.hashes else EMPTY_ROOT


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree over these leaf hashes (RFC 9162 2.1.1)."""
    return Frontier().append(leaves).root()


def frontier(size: int, nodes: Nodes) -> Frontier:
    """The frontier of a stored tree."""
    if not _is_size(size):
        raise ValueError("no such tree")
    return Frontier(size, tuple(nodes(level, index) for level, index in _full_subtrees(0, size)))


def root(size: int, nodes: Nodes) -> bytes:
    """The root of a stored tree at ``size``."""
    return frontier(size, nodes).root()


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """The hashes that prove entry ``index`` in the tree of ``size``, the leaf's sibling first (RFC 9162 2.1.3.1)."""
    if not (_is_size(size) and _is_size(index) and index < size):
        raise ValueError("there is no such entry in a tree of this size")
    proof, first, end = [], 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            proof.append(_range_hash(middle, end, nodes))
            end = middle
        else:
            proof.append(_range_hash(first, middle, nodes))
            first = middle
    return proof[::-1]


def consistency_proof(old: int, size: int, nodes: Nodes) -> list[bytes]:
    """The hashes that prove that the tree of ``size`` goes on from that of ``old`` (RFC 9162 2.1.4.1).

    Empty where nothing needs proof: from size 0, and from a size to itself.
    """
    if not (_is_size(size) and _is_size(old) and old <= size):
        raise ValueError("a tree goes on from a smaller one")
    if old in (0, size):
        return []
    proof, first, end, whole = [], 0, size, True
    while end != old:
        middle = first + _split(end - first)
        if old <= middle:
            proof.append(_range_hash(middle, end, nodes))
            end = middle
        else:
            proof.append(_range_hash(first, middle, nodes))
            first, whole = middle, False
    if not whole:
        proof.append(_range_hash(first, end, nodes))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> bool:
    """Whether ``proof`` shows the leaf hash at ``index`` in the tree of ``size`` with this root (RFC 9162 2.1.3.2)."""
    if not (_is_size(index) and _is_size(size) and index < size and _are_hashes((leaf, root_hash, *proof))):
        return False
    place, last, running = index, size - 1, leaf
    for hashed in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            running = node_hash(hashed, running)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            running = node_hash(running, hashed)
        place, last = place >> 1, last >> 1
    return last == 0 and running == root_hash


def verify_consistency(old: int, size: int, proof: Sequence[bytes], old_root: bytes, root_hash: bytes) -> bool:
    """Whether ``proof`` shows that the tree of ``size`` goes on from that of ``old`` (RFC 9162 2.1.4.2).

    The RFC leaves ``old`` = 0 and ``old`` = ``size`` open. As witnesses do (c2sp.org/tlog-witness): the proof is empty,
    the root of the empty tree is the one it must have, and equal sizes have equal roots.
    """
    if not (_is_size(old) and _is_size(size) and old <= size and _are_hashes((old_root, root_hash, *proof))):
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT and (size > 0 or root_hash == EMPTY_ROOT)
    if old == size:
        return not proof and old_root == root_hash
    if not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for hashed in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(hashed, before), node_hash(hashed, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, hashed)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root_hash


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """``width`` hashes of the tree from ``index * 256`` on, at tree level ``8 * level``; full at 256.

    A bundle of entries has the same shape, at level 0.
    """

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not (0 <= self.level <= HIGHEST_TILE_LEVEL and self.index >= 0 and 0 < self.width <= TILE_WIDTH):
            raise ValueError("no such tile")

    def path(self) -> str:
        """``tile/<L>/<N>[.p/<W>]``, the index in groups of three digits, all but the last with an x before them."""
        return f"tile/{self.level}/{self._place()}"

    def entries_path(self) -> str:
        """``tile/entries/<N>[.p/<W>]``: where the entries under a tile of level 0 lie."""
        if self.level:
            raise ValueError("entries lie under tiles of level 0")
        return f"tile/entries/{self._place()}"

    def _place(self) -> str:
        groups = f"{self.index % 1000:03d}"
        rest = self.index // 1000
        while rest:
            groups = f"x{rest % 1000:03d}/{groups}"
            rest //= 1000
        return groups if self.width == TILE_WIDTH else f"{groups}.p/{self.width}"


TileReader: TypeAlias = Callable[[Tile], bytes]
"""Reads the hashes of a tile, one after the other: 32 bytes times its width."""

_PLACE = r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
_TILE = re.compile(rf"tile/([0-9]|[1-9][0-9])/{_PLACE}", re.ASCII)
_BUNDLE = re.compile(rf"tile/entries/{_PLACE}", re.ASCII)
_LONGEST_PATH = 60


def parse_tile_path(path: str) -> Tile:
    """The tile that a path names; ``ValueError`` for every other spelling than the one of ``Tile.path``."""
    found = _TILE.fullmatch(path) if len(path) <= _LONGEST_PATH else None
    if found is None:
        raise ValueError("not the path of a tile")
    tile = _placed(int(found[1]), found[2], found[3])
    if tile.path() != path:
        raise ValueError("not the path of a tile")
    return tile


def parse_entries_path(path: str) -> Tile:
    """The bundle that a path names, as a tile of level 0; ``ValueError`` for every other spelling."""
    found = _BUNDLE.fullmatch(path) if len(path) <= _LONGEST_PATH else None
    if found is None:
        raise ValueError("not the path of a bundle")
    tile = _placed(0, found[1], found[2])
    if tile.entries_path() != path:
        raise ValueError("not the path of a bundle")
    return tile


def tile_at(level: int, index: int, size: int) -> Tile:
    """The tile at this place in the tree of ``size``, as wide as it is there; ``ValueError`` if it is empty."""
    width = min((size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH, TILE_WIDTH)
    return Tile(level, index, width)


def new_tiles(old: int, size: int) -> list[Tile]:
    """The tiles that a tree of ``size`` has and a tree of ``old`` had not, full or partial, by level and index."""
    if not (_is_size(old) and _is_size(size) and old <= size):
        raise ValueError("a tree goes on from a smaller one")
    tiles = []
    level = 0
    while (now := size >> (TILE_HEIGHT * level)) > 0:
        before = old >> (TILE_HEIGHT * level)
        if now > before:
            tiles += [tile_at(level, index, size) for index in range(before // TILE_WIDTH, -(-now // TILE_WIDTH))]
        level += 1
    return tiles


def grow(old: int, leaves: Sequence[bytes], read: TileReader) -> dict[Tile, bytes]:
    """The contents of all tiles that are new when these leaf hashes are appended to a tree of size ``old``.

    Reads the partial tiles at the right edge of the old tree, one a level at most, and nothing else.
    """
    if not (_is_size(old) and _are_hashes(leaves)):
        raise ValueError("leaf hashes of 32 bytes are appended to a tree")
    written: dict[Tile, bytes] = {}
    fresh = list(leaves)
    before, level = old, 0
    while fresh:
        first = before // TILE_WIDTH
        width = before % TILE_WIDTH
        hashes = _hashes(Tile(level, first, width), read) if width else []
        hashes += fresh
        fresh = []
        for at in range(0, len(hashes), TILE_WIDTH):
            part = hashes[at : at + TILE_WIDTH]
            written[Tile(level, first + at // TILE_WIDTH, len(part))] = b"".join(part)
            if len(part) == TILE_WIDTH:
                fresh.append(_full_root(part))
        before >>= TILE_HEIGHT
        level += 1
    return written


def nodes_of_tiles(size: int, read: TileReader) -> Nodes:
    """Reads nodes of the tree of ``size`` out of its tiles; each tile is read once.

    Asked for a node, ``ValueError`` if the tree has none there or the tile has not the length of its width. Where only
    the full tile is kept, ``read`` answers a partial one with the beginning of it.
    """
    kept: dict[tuple[int, int], list[bytes]] = {}

    def node(level: int, index: int) -> bytes:
        if level < 0 or index < 0 or (index + 1) << level > size:
            raise ValueError("the tree has no full subtree there")
        tile_level, height = divmod(level, TILE_HEIGHT)
        place, offset = divmod(index << height, TILE_WIDTH)
        if (tile_level, place) not in kept:
            kept[tile_level, place] = _hashes(tile_at(tile_level, place, size), read)
        return _full_root(kept[tile_level, place][offset : offset + (1 << height)])

    return node


def nodes_of_leaves(leaves: Sequence[bytes]) -> Nodes:
    """Reads nodes of the tree over leaf hashes that lie in memory; each node is hashed once."""
    known: dict[tuple[int, int], bytes] = {}

    def node(level: int, index: int) -> bytes:
        if level < 0 or index < 0 or (index + 1) << level > len(leaves):
            raise ValueError("the tree has no full subtree there")
        if level == 0:
            return leaves[index]
        if (level, index) not in known:
            known[level, index] = node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))
        return known[level, index]

    return node


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after the other, their lengths before them in two bytes, big-endian (tlog-tiles, Log entries)."""
    parts = []
    for entry in entries:
        if len(entry) > LONGEST_ENTRY:
            raise ValueError("an entry has 65,535 bytes at most")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def parse_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle; ``ValueError`` if it ends within one, or holds none or more than 256."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        end = at + 2 + length
        if at + 2 > len(data) or end > len(data) or len(entries) == TILE_WIDTH:
            raise ValueError("not a bundle of entries")
        entries.append(data[at + 2 : end])
        at = end
    if not entries:
        raise ValueError("a bundle is never empty")
    return entries


def _split(width: int) -> int:
    """The largest power of two below ``width`` (RFC 9162 2.1.1: k < n <= 2k)."""
    return 1 << ((width - 1).bit_length() - 1)


def _full_subtrees(first: int, end: int) -> Iterator[tuple[int, int]]:
    """The full subtrees that entries ``first`` to ``end`` fall into, when ``first`` is where such a run may begin."""
    while first < end:
        level = (end - first).bit_length() - 1
        yield level, first >> level
        first += 1 << level


def _range_hash(first: int, end: int, nodes: Nodes) -> bytes:
    return _fold([nodes(level, index) for level, index in _full_subtrees(first, end)])


def _fold(hashes: Sequence[bytes]) -> bytes:
    """One hash out of the roots of full subtrees, largest first: the smallest two are put together first."""
    running = hashes[-1]
    for left in reversed(hashes[:-1]):
        running = node_hash(left, running)
    return running


def _full_root(hashes: Sequence[bytes]) -> bytes:
    """The root over hashes whose number is a power of two."""
    level = list(hashes)
    while len(level) > 1:
        pairs = iter(level)
        level = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=True)]
    return level[0]


def _hashes(tile: Tile, read: TileReader) -> list[bytes]:
    data = read(tile)
    if len(data) != tile.width * HASH_BYTES:
        raise ValueError(f"{tile.path()} has not the length of its width")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def _placed(level: int, groups: str, width: str | None) -> Tile:
    index = int(groups.replace("x", "").replace("/", ""))
    return Tile(level, index, TILE_WIDTH if width is None else int(width))


def _is_size(number: object) -> bool:
    """A whole number of the right range; truth values are none."""
    return type(number) is int and 0 <= number <= LARGEST_SIZE


def _are_hashes(values: Iterable[object]) -> bool:
    return all(isinstance(value, bytes) and len(value) == HASH_BYTES for value in values)
