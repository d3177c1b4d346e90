"""The second balance: grams that may leave with a claim under a mass balance never exceed what came in with it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.claimed import Move, claimed


def test_half_and_half_carries_half() -> None:
    moves = [
        Move(1, 1, "in", 10_000),
        Move(2, 2, "in", 10_000),
        Move(3, 1, "out", 10_000),
        Move(3, 2, "out", 10_000),
        Move(3, 3, "in", 20_000),
    ]
    assert claimed(moves, barred={2})[3] == 10_000


def test_the_yield_of_the_run_applies_to_the_claim() -> None:
    moves = [Move(1, 1, "in", 1_000), Move(2, 1, "out", 1_000), Move(2, 2, "in", 400)]
    assert claimed(moves) == {1: 0, 2: 400}
    assert claimed([*moves, Move(3, 2, "shipped", 150, spends=True)])[2] == 250
    assert claimed([*moves, Move(3, 2, "shipped", 150)])[2] == 250  # nothing without the claim is there to take first
    assert claimed([*moves, Move(3, 2, "lost", 10)])[2] == 390


def test_what_leaves_without_the_claim_takes_goods_without_it_first() -> None:
    mixed = [Move(1, 1, "in", 600), Move(2, 2, "in", 400), Move(3, 1, "out", 600), Move(3, 2, "out", 400)]
    mixed.append(Move(3, 3, "in", 1_000))
    assert claimed([*mixed, Move(4, 3, "shipped", 400)], barred={2})[3] == 600
    assert claimed([*mixed, Move(4, 3, "shipped", 500)], barred={2})[3] == 500


@given(st.data())
def test_more_claim_never_comes_out_than_went_in(data: st.DataObject) -> None:
    """Random mixing, splitting, losing and shipping: claimed grams only shrink, and never exceed what is there."""
    held: dict[int, int] = {}
    barred: set[int] = set()
    moves: list[Move] = []
    came = spent = 0
    for seq in range(1, data.draw(st.integers(2, 14))):
        stocked = [lot for lot, grams in held.items() if grams]
        act = data.draw(st.sampled_from(["in", "make", "ship", "lose"] if stocked else ["in"]))
        if act == "in":
            grams = data.draw(st.integers(1, 1000))
            moves.append(Move(seq, seq * 10, "in", grams))
            held[seq * 10] = grams
            if data.draw(st.booleans()):
                barred.add(seq * 10)
            else:
                came += grams
            continue
        lot = data.draw(st.sampled_from(stocked))
        grams = data.draw(st.integers(1, held[lot]))
        if act == "make":
            chosen = {lot: grams}
            other = data.draw(st.sampled_from(stocked))
            if other != lot:
                chosen[other] = data.draw(st.integers(1, held[other]))
            total = sum(chosen.values())
            for key, out in chosen.items():
                moves.append(Move(seq, key, "out", out))
                held[key] -= out
            made = data.draw(st.integers(1, total))
            parts = [made] if made == 1 else [made // 2, made - made // 2]
            for position, part in enumerate(parts):
                moves.append(Move(seq, seq * 10 + position, "in", part))
                held[seq * 10 + position] = part
        else:
            free = claimed(moves, barred).get(lot, 0)
            spends = act == "ship" and free >= grams and data.draw(st.booleans())
            spent += grams if spends else 0
            moves.append(Move(seq, lot, "lost" if act == "lose" else "shipped", grams, spends=spends))
            held[lot] -= grams
    now = claimed(moves, barred)
    assert all(0 <= now.get(lot, 0) <= grams for lot, grams in held.items())
    assert sum(now.values()) + spent <= came
    assert not any(now.get(lot) for lot in barred)
