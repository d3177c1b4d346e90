"""The sums of a recall: whatever was split, mixed, dried, lost and shipped, every gram of the set is somewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.profiles import ProfileMistake
from domain.quantity import proportion
from domain.recall import Account, Back, Moved, accounts, load_rules, sums

TEXT = (Path(__file__).resolve().parents[2] / "profiles" / "recall.toml").read_text("utf-8")


@dataclass
class Book:
    """A ledger of lots that events draw from and make, as simple as can be."""

    left: dict[int, int] = field(default_factory=dict)
    moves: list[Moved] = field(default_factory=list)
    parents: dict[int, set[int]] = field(default_factory=dict)
    shipped: dict[int, int] = field(default_factory=dict)
    seq: int = 0

    def deliver(self, grams: int) -> int:
        self.seq += 1
        lot = len(self.left)
        self.left[lot], self.parents[lot] = grams, set()
        self.moves.append(Moved(lot, self.seq, "in", grams, "delivered"))
        return lot

    def make(self, drawn: dict[int, int], outputs: int, kept_percent: int) -> None:
        self.seq += 1
        for lot, grams in drawn.items():
            self.left[lot] -= grams
            self.moves.append(Moved(lot, self.seq, "out", grams, "transformed"))
        for part in proportion(sum(drawn.values()) * kept_percent // 100, [1] * outputs):
            lot = len(self.left)
            self.left[lot], self.parents[lot] = part, set(drawn)
            self.moves.append(Moved(lot, self.seq, "in", part, "transformed"))

    def gone(self, lot: int, grams: int, kind: str) -> None:
        self.seq += 1
        self.left[lot] -= grams
        self.moves.append(Moved(lot, self.seq, kind, grams, kind))
        if kind == "shipped":
            self.shipped[lot] = self.shipped.get(lot, 0) + grams

    def below(self, roots: set[int]) -> set[int]:
        found = set(roots)
        for lot in sorted(self.parents):  # children come later
            if self.parents[lot] & found:
                found.add(lot)
        return found


STEPS = st.lists(
    st.tuples(st.sampled_from(["deliver", "make", "lost", "shipped"]), st.integers(0, 10**6), st.integers(0, 100)),
    max_size=25,
)


@settings(max_examples=300, deadline=None)
@given(STEPS, st.sets(st.integers(0, 30), min_size=1, max_size=4), st.integers(0, 30), st.integers(0, 100))
def test_I16_every_gram_of_a_recalled_set_is_somewhere(
    steps: list[tuple[str, int, int]], chosen: set[int], since: int, came: int
) -> None:
    book = Book()
    book.deliver(1_000_003)
    for kind, number, share in steps:
        lots = [lot for lot, grams in book.left.items() if grams > 0]
        if kind == "deliver" or not lots:
            book.deliver(number + 1)
            continue
        lot = lots[number % len(lots)]
        grams = max(1, book.left[lot] * share // 100)
        if kind == "make":
            other = lots[(number // 7) % len(lots)]
            drawn = {lot: grams} | ({other: book.left[other]} if other != lot else {})
            book.make(drawn, 1 + number % 3, 30 + share % 71)
        else:
            book.gone(lot, grams, kind)
    roots = {one % len(book.left) for one in chosen}
    keys = book.below(roots)
    foremost = {lot for lot in roots if not book.parents[lot] & keys}
    moves = [move for move in book.moves if move.lot in keys]
    others: dict[int, int] = {}
    for move in book.moves:
        if move.kind == "out" and move.lot not in keys:
            others[move.seq] = others.get(move.seq, 0) + move.grams
    back = [
        Back(lot, "returned" if lot % 2 else "destroyed", grams * came // 100)
        for lot, grams in book.shipped.items()
        if lot in keys and grams * came // 100
    ]
    of = accounts({lot: (book.left[lot], 0) for lot in keys}, moves, back, since)
    whole = sums(foremost, of, moves, others)
    assert all(account.difference_g == 0 for account in of.values())
    assert whole.difference_g == 0
    assert whole.affected_g == whole.in_house_g + whole.shipped_g + whole.destroyed_g + whole.returned_g
    assert min(whole.in_house_g, whole.shipped_g, whole.destroyed_g, whole.returned_g, whole.process_loss_g) >= 0
    assert whole.reconciled_bp == 10_000


def test_what_was_shipped_to_nobody_named_is_not_reconciled() -> None:
    moves = [Moved(1, 1, "in", 1000, "delivered"), Moved(1, 2, "shipped", 250, "shipped")]
    of = accounts({1: (750, 0)}, moves, [], None)
    assert sums({1}, of, moves, {}, unknown_g=250).reconciled_bp == 7_500
    assert sums({1}, of, moves, {}, unknown_g=250).secured_bp == 7_500


def test_a_lot_that_went_over_after_a_correction_is_told_apart() -> None:
    moves = [Moved(1, 1, "in", 900, "delivered"), Moved(1, 2, "shipped", 1000, "shipped")]
    of = accounts({1: (0, 100)}, moves, [], None)
    assert of[1] == Account(made_g=900, shipped_g=1000, over_g=100)
    assert sums({1}, of, moves, {}).difference_g == 0


def test_the_target_is_dated_data_with_its_source() -> None:
    rules = load_rules(TEXT, "recall.toml")
    assert rules.target(date(2025, 1, 1)).value == 240
    assert "BRCGS" in rules.target(date(2025, 1, 1)).source
    assert rules.reconciled(date(2025, 1, 1)).value == 9_800


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("value = 240", 'value = "four hours"', "target_minutes[0]"),
        ("[[target_minutes]]", "[[target]]", "target"),
        ("value = 9800", "", "reconciled_least_bp[0]"),
        ("valid_from = 2022-01-01", "", "target_minutes[0]"),
    ],
)
def test_a_mistake_in_the_figures_is_explained_by_file_and_key(old: str, new: str, key: str) -> None:
    with pytest.raises(ProfileMistake) as mistake:
        load_rules(TEXT.replace(old, new, 1), "recall.toml")
    assert (mistake.value.file, mistake.value.key) == ("recall.toml", key)
