"""The tree against other people's vectors, against the RFC's recursive definitions, and against every spoilt proof.

A million spoilt proofs each time; the whole campaign, some thirty million::

    LOG_CAMPAIGN=1 .venv/bin/python -m pytest -n 2 tests/domain/test_merkle.py tests/domain/test_note.py
"""

from __future__ import annotations

import os
import random
from collections import Counter
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import merkle
from domain.merkle import (
    EMPTY_ROOT,
    Frontier,
    Tile,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    new_tiles,
    nodes_of_leaves,
    nodes_of_tiles,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.domain.merkle_proofs import (
    Consistency,
    Inclusion,
    mth,
    path,
    spoilt_consistencies,
    spoilt_inclusions,
    subproof,
)

CAMPAIGN = bool(os.environ.get("LOG_CAMPAIGN"))

# The reference tree of Certificate Transparency: github.com/transparency-dev/merkle, testonly/constants.go and
# reference_test.go.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    bytes.fromhex(root)
    for root in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
INCLUSIONS = {
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
CONSISTENCIES = {
    (1, 1): (),
    (1, 8): INCLUSIONS[0, 8],
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}

LEAVES = [leaf_hash(sha256(number.to_bytes(4, "big")).digest()) for number in range(1 << 17)]
LARGE = [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_536 + 256, 70_000, 100_003]


@pytest.fixture(scope="module")
def nodes() -> merkle.Nodes:
    return nodes_of_leaves(LEAVES)


@pytest.fixture(scope="module")
def roots() -> list[bytes]:
    """Of every size from 0 to 1,024, each from the one before it."""
    edge, found = Frontier(), [EMPTY_ROOT]
    for leaf in LEAVES[:1024]:
        edge = edge.append([leaf])
        found.append(edge.root())
    return found


def test_the_roots_are_those_of_certificate_transparency() -> None:
    leaves = [leaf_hash(entry) for entry in ENTRIES]
    assert ROOTS[0] == EMPTY_ROOT
    for size, root in enumerate(ROOTS):
        assert root_of(leaves[:size]) == root
        assert merkle.root(size, nodes_of_leaves(leaves)) == root
        assert mth(ENTRIES[:size]) == root


@pytest.mark.parametrize(("index", "size"), INCLUSIONS)
def test_the_inclusion_proofs_are_those_of_certificate_transparency(index: int, size: int) -> None:
    leaves = [leaf_hash(entry) for entry in ENTRIES]
    proof = inclusion_proof(index, size, nodes_of_leaves(leaves))
    assert tuple(hashed.hex() for hashed in proof) == INCLUSIONS[index, size]
    assert verify_inclusion(leaves[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize(("old", "size"), CONSISTENCIES)
def test_the_consistency_proofs_are_those_of_certificate_transparency(old: int, size: int) -> None:
    leaves = [leaf_hash(entry) for entry in ENTRIES]
    proof = consistency_proof(old, size, nodes_of_leaves(leaves))
    assert tuple(hashed.hex() for hashed in proof) == CONSISTENCIES[old, size]
    assert verify_consistency(old, size, proof, ROOTS[old], ROOTS[size])


def test_proofs_are_those_of_the_recursive_definition() -> None:
    entries = [bytes([number]) * 3 for number in range(33)]
    read = nodes_of_leaves([leaf_hash(entry) for entry in entries])
    for size in range(1, 34):
        assert merkle.root(size, read) == mth(entries[:size])
        for index in range(size):
            assert inclusion_proof(index, size, read) == path(index, entries[:size])
            assert consistency_proof(index + 1, size, read) == subproof(index + 1, entries[:size])


def test_every_inclusion_in_every_tree_up_to_256_is_proven(nodes: merkle.Nodes, roots: list[bytes]) -> None:
    count = 0
    for size in range(1, 257):
        for index in range(size):
            proof = inclusion_proof(index, size, nodes)
            assert verify_inclusion(LEAVES[index], index, size, proof, roots[size])
            count += 1
    assert count == 32_896


def test_every_consistency_of_trees_up_to_256_is_proven(nodes: merkle.Nodes, roots: list[bytes]) -> None:
    count = 0
    for size in range(257):
        for old in range(size + 1):
            proof = consistency_proof(old, size, nodes)
            assert verify_consistency(old, size, proof, roots[old], roots[size])
            count += 1
    assert count == 33_153


@pytest.mark.parametrize("seed", range(16 if CAMPAIGN else 1))
def test_no_spoilt_inclusion_proof_is_accepted(nodes: merkle.Nodes, roots: list[bytes], seed: int) -> None:
    rng = random.Random(seed)
    refused: Counter[str] = Counter()
    sizes = range(1, 257) if not seed else rng.sample(range(1, 1025), 64)
    for size in sizes:
        for index in range(0, size, 1 if CAMPAIGN else 1 + size // 100):
            good = Inclusion(LEAVES[index], index, size, inclusion_proof(index, size, nodes), roots[size])
            assert verify_inclusion(*good)
            for name, bad in spoilt_inclusions(good, rng):
                assert not verify_inclusion(*bad), (name, index, size)
                refused[name] += 1
    assert refused.total() >= 300_000
    assert min(refused.values()) >= 1_000, refused


@pytest.mark.parametrize("seed", range(16 if CAMPAIGN else 1))
def test_no_spoilt_consistency_proof_is_accepted(nodes: merkle.Nodes, roots: list[bytes], seed: int) -> None:
    rng = random.Random(seed)
    refused: Counter[str] = Counter()
    sizes = range(1, 257) if not seed else rng.sample(range(1, 1025), 64)
    for size in sizes:
        for old in range(1, size + 1, 1 if CAMPAIGN else 1 + size // 100):
            proof = consistency_proof(old, size, nodes)
            good = Consistency(old, size, proof, roots[old], roots[size])
            assert verify_consistency(*good)
            for name, bad in spoilt_consistencies(good, rng):
                assert not verify_consistency(*bad), (name, old, size)
                refused[name] += 1
    assert refused.total() >= 300_000
    assert min(refused.values()) >= 100, refused


def test_the_empty_tree_and_equal_trees_need_no_proof_and_take_none() -> None:
    some, other = LEAVES[0], LEAVES[1]
    assert verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    assert verify_consistency(0, 5, [], EMPTY_ROOT, some)
    assert verify_consistency(5, 5, [], some, some)
    assert not verify_consistency(0, 5, [], other, some)
    assert not verify_consistency(0, 5, [some], EMPTY_ROOT, some)
    assert not verify_consistency(0, 0, [], EMPTY_ROOT, some)
    assert not verify_consistency(5, 5, [], some, other)
    assert not verify_consistency(5, 5, [some], some, some)
    assert not verify_consistency(4, 5, [], some, some)
    assert not verify_inclusion(EMPTY_ROOT, 0, 0, [], EMPTY_ROOT)


def test_truth_values_and_floats_are_no_sizes() -> None:
    leaf = LEAVES[0]
    assert verify_inclusion(leaf, 0, 1, [], leaf)
    assert not verify_inclusion(leaf, False, 1, [], leaf)
    assert not verify_inclusion(leaf, 0, True, [], leaf)
    assert not verify_inclusion(leaf, 0, 1.0, [], leaf)  # type: ignore[arg-type]
    assert not verify_consistency(True, True, [], leaf, leaf)


def test_a_leaf_is_no_node() -> None:
    """The prefixes hold leaves and nodes apart: the two hashes of a node, logged as an entry, are not that node."""
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != merkle.node_hash(left, right)
    assert not verify_inclusion(leaf_hash(left + right), 0, 1, [], root_of([left, right]))


@pytest.mark.parametrize("size", [1 << 40, (1 << 40) + 12_345, (1 << 63) - 1])
def test_trees_beyond_memory_are_proven(size: int) -> None:
    """Every node is a hash of its place, except on the way down; so a proof is verified at sizes nobody can build."""
    index = size * 2 // 3

    def node(level: int, place: int) -> bytes:
        return sha256(f"{level}/{place}".encode()).digest()

    proof = inclusion_proof(index, size, node)
    assert len(proof) <= 63
    top = node(0, index)
    turns = merkle_sides(index, size)
    for hashed, turn in zip(proof, turns, strict=True):
        top = merkle.node_hash(top, hashed) if turn == "l" else merkle.node_hash(hashed, top)
    assert verify_inclusion(node(0, index), index, size, proof, top)
    assert not verify_inclusion(node(0, index), index, size, proof[:-1], top)


def merkle_sides(index: int, size: int) -> str:
    from tests.domain.merkle_proofs import sides

    turns = sides(index, size)
    assert turns is not None
    return turns[::-1]


def test_what_is_not_in_the_tree_is_not_proven(nodes: merkle.Nodes) -> None:
    for index, size in ((0, 0), (5, 5), (-1, 5), (0, -1), (0, 1 << 63)):
        with pytest.raises(ValueError, match="no such entry"):
            inclusion_proof(index, size, nodes)
    for old, size in ((6, 5), (-1, 5), (0, 1 << 63)):
        with pytest.raises(ValueError, match="smaller"):
            consistency_proof(old, size, nodes)


@given(st.lists(st.integers(0, 300), max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_appending_in_steps_is_the_same_as_building_whole(steps: list[int], rng: random.Random) -> None:
    edge, at = Frontier(), rng.randrange(1000)
    start = at
    for step in steps:
        edge = edge.append(LEAVES[at : at + step])
        at += step
    assert edge.size == sum(steps)
    assert edge.root() == root_of(LEAVES[start:at])
    assert edge == merkle.frontier(edge.size, nodes_of_leaves(LEAVES[start:at]))


def test_a_frontier_of_the_wrong_shape_is_refused() -> None:
    for size, hashes in ((0, (LEAVES[0],)), (3, (LEAVES[0],)), (-1, ()), (1, (b"short",)), (1 << 63, (LEAVES[0],))):
        with pytest.raises(ValueError, match="frontier"):
            Frontier(size, hashes)
    with pytest.raises(ValueError, match="32 bytes"):
        Frontier().append([b"short"])


class Stored:
    """Tiles as a log publishes them; counts what is read."""

    def __init__(self) -> None:
        self.tiles: dict[Tile, bytes] = {}
        self.read: list[Tile] = []

    def __call__(self, tile: Tile) -> bytes:
        self.read.append(tile)
        return self.tiles[tile]


@pytest.fixture(scope="module")
def stored() -> dict[int, Stored]:
    """The tiles of a log that was published at each of the large sizes, as they were then."""
    states, tiles, size = {}, Stored(), 0
    for upto in LARGE:
        tiles.read.clear()
        written = merkle.grow(size, LEAVES[size:upto], tiles)
        assert sorted(written) == new_tiles(size, upto)
        assert len(tiles.read) <= 3
        tiles.tiles |= written
        states[upto], size = Stored(), upto
        states[upto].tiles = dict(tiles.tiles)
    return states


@pytest.mark.parametrize("size", LARGE)
def test_proofs_from_tiles_are_proofs_from_leaves(nodes: merkle.Nodes, stored: dict[int, Stored], size: int) -> None:
    rng = random.Random(size)
    tiles = stored[size]
    from_tiles = nodes_of_tiles(size, tiles)
    root = merkle.root(size, from_tiles)
    assert root == root_of(LEAVES[:size]) == merkle.root(size, nodes)
    for index in {0, size - 1, size // 2, *(rng.randrange(size) for _ in range(50))}:
        proof = inclusion_proof(index, size, from_tiles)
        assert proof == inclusion_proof(index, size, nodes)
        assert verify_inclusion(LEAVES[index], index, size, proof, root)
    for old in {1, size, *LARGE[: LARGE.index(size)], *(rng.randrange(1, size) for _ in range(50))}:
        proof = consistency_proof(old, size, from_tiles)
        assert proof == consistency_proof(old, size, nodes)
        assert verify_consistency(old, size, proof, merkle.root(old, nodes), root)


def test_one_proof_reads_one_path_of_tiles(stored: dict[int, Stored]) -> None:
    tiles = stored[70_000]
    tiles.read.clear()
    inclusion_proof(40_000, 70_000, nodes_of_tiles(70_000, tiles))
    assert len(tiles.read) <= 5
    assert len(set(tiles.read)) == len(tiles.read)


@given(st.integers(0, 3000), st.integers(0, 3000))
@settings(max_examples=150, deadline=None)
def test_growing_writes_what_building_whole_writes(first: int, second: int) -> None:
    tiles = Stored()
    tiles.tiles |= merkle.grow(0, LEAVES[:first], tiles)
    written = merkle.grow(first, LEAVES[first : first + second], tiles)
    whole = merkle.grow(0, LEAVES[: first + second], Stored())
    assert sorted(written) == new_tiles(first, first + second)
    assert {tile: whole[tile] for tile in written} == written
    assert tiles.tiles | written == tiles.tiles | whole


def test_the_tiles_of_the_specifications_example() -> None:
    """tlog-tiles, Partial Tiles: size 70,000 and size 256."""
    tiles = new_tiles(0, 70_000)
    assert [(tile.level, tile.width) for tile in tiles if tile.width < 256] == [(0, 112), (1, 17), (2, 1)]
    assert sum(tile.level == 0 and tile.width == 256 for tile in tiles) == 273
    assert sum(tile.level == 1 and tile.width == 256 for tile in tiles) == 1
    assert len(tiles) == 277
    assert new_tiles(0, 256) == [Tile(0, 0), Tile(1, 0, 1)]
    assert new_tiles(256, 256) == []
    assert new_tiles(0, 0) == []


def test_the_paths_of_the_specifications_example() -> None:
    """tlog-tiles, Merkle Tree: index 1234067 is x001/x234/067."""
    assert Tile(0, 1_234_067).path() == "tile/0/x001/x234/067"
    assert Tile(63, 5, 255).path() == "tile/63/005.p/255"
    assert Tile(1, 1000).path() == "tile/1/x001/000"
    assert Tile(0, 273, 112).entries_path() == "tile/entries/273.p/112"
    with pytest.raises(ValueError, match="level 0"):
        Tile(1, 0).entries_path()


@given(st.integers(0, 63), st.integers(0, 10**18), st.integers(1, 256))
def test_a_path_is_read_as_it_is_written(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert merkle.parse_tile_path(tile.path()) == tile
    entries = Tile(0, index, width)
    assert merkle.parse_entries_path(entries.entries_path()) == entries


@pytest.mark.parametrize(
    "path",
    [
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/x001",
        "tile/0/001/000",
        "tile/0/x01/000",
        "tile/0/X001/000",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/0/../000",
        "tile/entries/x000/000",
        "tile/0/" + "x001/" * 400 + "000",
        "",
    ],
)
def test_another_spelling_of_a_path_is_refused(path: str) -> None:
    for parse in (merkle.parse_tile_path, merkle.parse_entries_path):
        with pytest.raises(ValueError, match=r"path|no such tile"):
            parse(path)


def test_tiles_of_the_wrong_length_and_nodes_that_are_not_are_refused(stored: dict[int, Stored]) -> None:
    whole = stored[257]
    for spoilt in (whole.tiles[Tile(0, 0)][:-1], whole.tiles[Tile(0, 0)] + b"\0", b""):
        with pytest.raises(ValueError, match="length of its width"):
            inclusion_proof(3, 257, nodes_of_tiles(257, lambda tile, spoilt=spoilt: spoilt))
    for level, index in ((0, 257), (8, 1), (9, 0), (-1, 0), (0, -1)):
        with pytest.raises(ValueError, match="no full subtree"):
            nodes_of_tiles(257, whole)(level, index)
        with pytest.raises(ValueError, match="no full subtree"):
            nodes_of_leaves(LEAVES[:257])(level, index)
    for level, index, width in ((0, 0, 0), (0, 0, 257), (-1, 0, 1), (64, 0, 1), (0, -1, 1)):
        with pytest.raises(ValueError, match="no such tile"):
            Tile(level, index, width)
    with pytest.raises(ValueError, match="no such tile"):
        merkle.tile_at(0, 2, 512)


@given(st.lists(st.binary(max_size=80), min_size=1, max_size=256))
def test_a_bundle_is_read_as_it_is_written(entries: list[bytes]) -> None:
    assert merkle.parse_bundle(merkle.bundle(entries)) == entries


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\x01", b"\0\x02a", b"\0\x01ab", b"\0\0" * 257])
def test_a_bundle_cut_short_or_overfull_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="bundle"):
        merkle.parse_bundle(data)


def test_an_entry_too_long_for_its_length_is_refused() -> None:
    assert merkle.parse_bundle(merkle.bundle([b"x" * 65_535])) == [b"x" * 65_535]
    with pytest.raises(ValueError, match="65,535"):
        merkle.bundle([b"x" * 65_536])
