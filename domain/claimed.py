"""The second balance of a lot: how many of its grams may still leave with a claim.

Under a segregated scheme it is all of them or none. Under a mass balance, goods that carry a claim are mixed with
goods that do not: the grams that carry it are counted along, never more come out than went in times the yield of the
run, and what leaves with the claim is spent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby

from domain.quantity import proportion


@dataclass(frozen=True, slots=True)
class Move:
    """A line of a lot: grams in, out, lost or shipped by an event. ``spends``: shipped with the claim."""

    seq: int
    lot: int
    kind: str  # "in", "out", "lost", "shipped"
    grams: int
    spends: bool = False


def claimed(moves: Iterable[Move], barred: Collection[int] = ()) -> dict[int, int]:
    """Grams of each lot that may still leave with the claim, by the lines of the lots and of all upstream.

    ``barred`` are lots that do not carry the claim, whatever went into them. A draw takes its share of the claim,
    rounded down; a loss takes its share, rounded up; what is shipped without the claim takes goods without it first.
    """
    held: dict[int, int] = defaultdict(int)  # grams there
    carried: dict[int, int] = defaultdict(int)  # of them with the claim
    ordered = sorted(moves, key=lambda move: (move.seq, move.grams >= 0, move.kind != "out"))  # what came back: first
    for _, group in groupby(ordered, key=lambda move: move.seq):
        lines = list(group)
        for move in lines:
            if move.grams < 0:
                held[move.lot] -= move.grams
        drawn = sum(_draw(move, held, carried) for move in lines if move.kind == "out")
        gone = sum(move.grams for move in lines if move.kind == "out")
        for move in lines:
            if move.kind in ("lost", "shipped") and move.grams >= 0:
                _leave(move, held, carried)
        made = [move for move in lines if move.kind == "in"]
        total = sum(move.grams for move in made)
        claim = drawn * min(total, gone) // gone if gone else total
        for move, share in zip(made, proportion(claim, [move.grams for move in made]) if total else (), strict=False):
            held[move.lot] += move.grams
            carried[move.lot] += 0 if move.lot in barred else share
    return dict(carried)


def _draw(move: Move, held: dict[int, int], carried: dict[int, int]) -> int:
    share = carried[move.lot] * move.grams // held[move.lot] if held[move.lot] else 0
    carried[move.lot] -= share
    held[move.lot] -= move.grams
    carried[move.lot] = min(carried[move.lot], held[move.lot])
    return share


def _leave(move: Move, held: dict[int, int], carried: dict[int, int]) -> None:
    if move.kind == "lost" and held[move.lot]:
        carried[move.lot] -= -(-carried[move.lot] * move.grams // held[move.lot])
    elif move.spends:
        carried[move.lot] -= move.grams
    held[move.lot] -= move.grams
    carried[move.lot] = max(0, min(carried[move.lot], held[move.lot]))
