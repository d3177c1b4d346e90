"""Where the grams of a lot come from: exact shares over the graph of lots, diamonds and all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

SCALE = 1 << 96
"""Shares are integers over 2**96: finer than a gram of a shipload by many orders of magnitude."""

NOISE = 1 << 40
"""Remainders closer than this are equal: rounding in the scaled shares must not decide who gets a gram."""


class Circular(ValueError):
    """A lot would be its own ancestor."""


def oldest_first(parents: Mapping[K, Iterable[K]]) -> list[K]:
    """Every lot after all that it was made from."""
    try:
        return list(TopologicalSorter({child: list(of) for child, of in parents.items()}).static_order())
    except CycleError as error:
        raise Circular(str(error.args[1])) from error


def shares(root: K, inputs: Mapping[K, Mapping[K, int]], grams: int) -> dict[K, int]:
    """How many of ``grams`` of ``root`` come from each lot that has no inputs itself.

    ``inputs[lot][parent]`` are the grams of parent that went into the lot's making. A lot is a homogeneous pool:
    each output carries the same mixture as its inputs. The shares sum to ``grams`` exactly (largest remainder).
    """
    weight: dict[K, int] = defaultdict(int)
    weight[root] = grams * SCALE
    reachable = _reachable(root, inputs)
    for lot in reversed(oldest_first({lot: inputs.get(lot, {}) for lot in reachable})):
        into = inputs.get(lot)
        if not into or not weight[lot]:
            continue
        total = sum(into.values())
        share = left = weight.pop(lot)
        for parent, drawn in into.items():
            part = share * drawn // total
            weight[parent] += part
            left -= part
        weight[next(iter(into))] += left
    return _round({lot: scaled for lot, scaled in weight.items() if scaled}, grams)


def drawn(root: K, inputs: Mapping[K, Mapping[K, int]], made: Mapping[K, int], grams: int) -> dict[K, int]:
    """How many grams of each lot without inputs were drawn to make ``grams`` of ``root``, in whole grams.

    ``inputs[lot][parent]`` are the grams of parent that this lot took, processing loss and all; ``made[lot]`` what it
    came to. What is taken for parts of a lot never adds up to more than what is taken for the whole.
    """
    needed: dict[K, Fraction] = defaultdict(Fraction)
    needed[root] = Fraction(grams)
    for lot in reversed(oldest_first({lot: inputs.get(lot, {}) for lot in _reachable(root, inputs)})):
        taken = inputs.get(lot)
        if taken and made[lot]:
            part = needed.pop(lot) / made[lot]
            for parent, drew in taken.items():
                needed[parent] += part * drew
    return {lot: int(amount) for lot, amount in needed.items()}


def _reachable(root: K, inputs: Mapping[K, Mapping[K, int]]) -> set[K]:
    seen, todo = {root}, [root]
    while todo:
        for parent in inputs.get(todo.pop(), {}):
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    return seen


def _round(scaled: Mapping[K, int], grams: int) -> dict[K, int]:
    fine = SCALE // NOISE
    exact = {lot: (share + NOISE // 2) // NOISE for lot, share in scaled.items()}
    whole = {lot: share // fine for lot, share in exact.items()}
    missing = grams - sum(whole.values())
    ranked = sorted(exact, key=lambda lot: (-(exact[lot] % fine), str(lot)))
    for lot in ranked[:missing]:
        whole[lot] += 1
    return whole
