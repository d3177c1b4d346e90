"""Mass balance: opening + in = closing + out + loss, to the gram, over any span of event time.

The lines in the books of the lots become movements: grams that go from one place to another, come into the ledger or
leave it. A place is a lot, where it lies, who holds it and whose it is. An account is any question about places
("held by us", "at this site", "organic", or several at once): what comes into it and what goes out of it makes its
statement, product by product. Because every movement has two ends, no account can gain or lose a gram unseen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Literal, TypeAlias

from domain.book import LineRow
from domain.findings import Finding, found
from domain.profiles import Step
from domain.quantity import WHOLE_BP

Kind: TypeAlias = Literal["delivered", "moved", "made", "used", "shipped", "lost"]
Cell: TypeAlias = Literal["delivered", "moved_in", "made", "used", "moved_out", "shipped", "lost"]
"""delivered: brought by farmers. moved: from or to another lot, site, holder, owner or claim that the account leaves
out. made and used: by transformations. shipped: left the ledger. lost: told as lost, or missing on the scale."""

CELLS_IN: Final[tuple[Cell, ...]] = ("delivered", "moved_in", "made")
CELLS_OUT: Final[tuple[Cell, ...]] = ("used", "moved_out", "shipped")

REARRANGED: Final = frozenset({"received", "bulked", "split"})
"""Events that put goods into other lots and change nothing else about them."""


@dataclass(frozen=True, slots=True)
class Goods:
    """A lot: what it is, and whose it was when it was made."""

    product: str
    owner: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where goods are: in which lot, at which site, held by whom, whose."""

    lot: int
    site: str | None
    holder: int | None
    owner: int


@dataclass(frozen=True, slots=True)
class Movement:
    """Grams of a product from a place (none: from outside) to a place (none: gone), by an event."""

    seq: int
    at: int  # UTC milliseconds, when it happened
    type: str
    process: str | None
    kind: Kind
    product: str
    grams: int
    source: Place | None
    target: Place | None


Account: TypeAlias = Callable[[Place], bool]
"""Whether goods at a place belong to the account."""


@dataclass(frozen=True, slots=True)
class Span:
    """Event time from an instant on, until before another (UTC milliseconds); none: without end."""

    since: int | None = None
    until: int | None = None

    def before(self, at: int) -> bool:
        return self.since is not None and at < self.since

    def after(self, at: int) -> bool:
        return self.until is not None and at >= self.until


@dataclass(slots=True)
class Balance:
    """The statement of a product, in grams. ``opening_g`` + in = ``closing_g`` + out + ``lost_g``."""

    opening_g: int = 0
    delivered_g: int = 0
    moved_in_g: int = 0
    made_g: int = 0
    used_g: int = 0
    moved_out_g: int = 0
    shipped_g: int = 0
    lost_g: int = 0
    closing_g: int = 0

    @property
    def in_g(self) -> int:
        return self.delivered_g + self.moved_in_g + self.made_g

    @property
    def out_g(self) -> int:
        return self.used_g + self.moved_out_g + self.shipped_g

    @property
    def difference_g(self) -> int:
        """What the statement cannot explain: zero."""
        return self.opening_g + self.in_g - self.out_g - self.lost_g - self.closing_g

    def add(self, cell: str, grams: int) -> None:
        name = f"{cell}_g"
        setattr(self, name, getattr(self, name) + grams)


def total(balances: Iterable[Balance]) -> Balance:
    """Several products as one: what was used and not made again is loss (drainage, drying, shells)."""
    answer = Balance()
    for one in balances:
        for cell in ("opening", "delivered", "moved_in", "moved_out", "shipped", "lost", "closing"):
            answer.add(cell, getattr(one, f"{cell}_g"))
        answer.lost_g += one.used_g - one.made_g
    return answer


# --- from lines to movements ---


def movements(
    goods: Mapping[int, Goods],
    lines: Iterable[LineRow],
    operators: Mapping[str, int],
    sold: Collection[tuple[int, int]],
) -> list[Movement]:
    """The movements behind the lines of some lots, in the order in which they happened.

    ``goods`` by key of lot, ``operators`` by id of site. ``sold`` are the takeovers, as (lot, instant), by which goods
    changed their owner too. Lines of voided events are not in the book, and so not here. A lot whose event is told of
    only in part (the other lots are not among ``goods``) moves from or to outside.
    """
    ordered = sorted(
        (line for line in lines if line.lot in goods and _counts(line)),
        key=lambda line: (line.occurred_at, line.seq, line.lot),
    )
    journey = _Journey(goods, operators, sold)
    for line in ordered:
        if line.kind == "in":
            journey.begin(line)
    answer: list[Movement] = []
    for _, told in groupby(ordered, key=lambda line: (line.occurred_at, line.seq)):
        answer.extend(journey.move(list(told)))
    return answer


def _counts(line: LineRow) -> bool:
    return line.grams != 0 or line.type == "transfer_accepted"


@dataclass(slots=True)
class _Journey:
    """Where every lot is, and how much of it, while its lines are read in the order of event time."""

    goods: Mapping[int, Goods]
    operators: Mapping[str, int]
    sold: Collection[tuple[int, int]]
    places: dict[int, Place] = field(default_factory=dict)
    stock: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def begin(self, line: LineRow) -> None:
        """A lot first lies where the event that makes it happens."""
        if line.lot not in self.places:
            self.places[line.lot] = self._here(line)

    def _here(self, line: LineRow) -> Place:
        return Place(line.lot, line.site_id, self._operator(line.site_id), self.goods[line.lot].owner)

    def _operator(self, site: str | None) -> int | None:
        return self.operators.get(site) if site is not None else None

    def _place(self, line: LineRow) -> Place:
        if line.lot not in self.places:
            self.places[line.lot] = self._here(line)
        return self.places[line.lot]

    def move(self, told: Sequence[LineRow]) -> Iterator[Movement]:
        """The movements of one event."""
        first = told[0]
        if first.type == "transfer_accepted":
            for line in told:
                yield from self._taken_over(line)
        elif first.type == "returned":
            for line in told:
                if line.kind == "in":  # the lot that it left from never held it again
                    self.stock[line.lot] += line.grams
                    yield self._movement(line, "moved", None, self._place(line))
        elif first.type in REARRANGED:
            yield from self._rearranged(told)
        else:
            for line in told:
                yield from self._plain(line)

    def _plain(self, line: LineRow) -> Iterator[Movement]:
        here = self._place(line)
        if line.kind == "in":
            self.stock[line.lot] += line.grams
            yield self._movement(line, "delivered" if line.type == "delivered" else "made", None, here)
            return
        self.stock[line.lot] -= line.grams
        if line.kind == "out":
            worked = Place(line.lot, line.site_id, self._operator(line.site_id), here.owner)
            if worked != here:  # brought from elsewhere to where it is worked on
                yield self._movement(line, "moved", here, worked)
            yield self._movement(line, "used", worked, None)
        else:
            yield self._movement(line, "shipped" if line.kind == "shipped" else "lost", here, None)

    def _rearranged(self, told: Sequence[LineRow]) -> Iterator[Movement]:
        drawn = [line for line in told if line.kind == "out"]
        made = [line for line in told if line.kind == "in"]
        for line in told:
            self.stock[line.lot] += line.grams if line.kind == "in" else -line.grams
        if len(drawn) == 1 and len(made) > 1:
            source = self._place(drawn[0])
            for line in made:
                yield self._movement(line, "moved", source, self._place(line))
            missing, where = drawn[0].grams - sum(line.grams for line in made), source
        elif made:
            where = self._place(made[0])
            for line in drawn:
                yield self._movement(line, "moved", self._place(line), where)
            missing = sum(line.grams for line in drawn) - made[0].grams
            if not drawn:
                yield self._movement(made[0], "moved", None, where)
                missing = 0
        else:
            for line in drawn:
                yield self._movement(line, "moved", self._place(line), None)
            return
        if missing:
            yield self._movement(told[0], "lost", where, None, missing)

    def _taken_over(self, line: LineRow) -> Iterator[Movement]:
        before = self._place(line)
        owner = line.org_id if (line.lot, line.occurred_at) in self.sold else before.owner
        now = Place(line.lot, line.site_id, line.org_id, owner)
        grams = self.stock[line.lot]
        if grams > 0 and now != before:
            yield self._movement(line, "moved", before, now, grams)
        elif grams < 0 and now != before:  # more was drawn than it held: the deficit goes along
            yield self._movement(line, "moved", now, before, -grams)
        self.places[line.lot] = now
        if line.kind == "lost":
            self.stock[line.lot] -= line.grams
            yield self._movement(line, "lost", now, None)

    def _movement(
        self, line: LineRow, kind: Kind, source: Place | None, target: Place | None, grams: int | None = None
    ) -> Movement:
        return Movement(
            line.seq,
            line.occurred_at,
            line.type,
            line.process,
            kind,
            self.goods[line.lot].product,
            line.grams if grams is None else grams,
            source,
            target,
        )


# --- statements ---


@dataclass(frozen=True, slots=True)
class Entry:
    """One event behind a figure: grams of a lot. In ``opening`` and ``closing`` what went out is negative."""

    movement: Movement
    cell: Cell
    lot: int
    grams: int  # as the cell counts them: in or out, never negative

    @property
    def signed_g(self) -> int:
        return self.grams if self.cell in CELLS_IN else -self.grams


def entries(moved: Iterable[Movement], account: Account) -> Iterator[Entry]:
    """What comes into an account and goes out of it; what moves within it is left out."""
    for movement in moved:
        out = movement.source is not None and account(movement.source)
        into = movement.target is not None and account(movement.target)
        if out == into:
            continue
        place = movement.source if out else movement.target
        assert place is not None
        yield Entry(movement, _cell(movement, out=out), place.lot, movement.grams)


def _cell(movement: Movement, *, out: bool) -> Cell:
    match movement.kind:
        case "moved":
            return "moved_out" if out else "moved_in"
        case _:
            return movement.kind


def statement(moved: Iterable[Movement], account: Account, span: Span) -> dict[str, Balance]:
    """The statement of an account, by product; products of which nothing was there and nothing moved are left out."""
    answer: dict[str, Balance] = defaultdict(Balance)
    for entry in entries(moved, account):
        at = entry.movement.at
        if span.after(at):
            continue
        balance = answer[entry.movement.product]
        balance.closing_g += entry.signed_g
        if span.before(at):
            balance.opening_g += entry.signed_g
        else:
            balance.add(entry.cell, entry.grams)
    return {product: one for product, one in sorted(answer.items()) if one != Balance()}


def stock_by_lot(moved: Iterable[Movement], account: Account, span: Span) -> dict[int, int]:
    """Grams of each lot in an account when a span ends; lots with nothing left are not in it."""
    answer: dict[int, int] = defaultdict(int)
    for movement in moved:
        if span.after(movement.at):
            continue
        if movement.source is not None and account(movement.source):
            answer[movement.source.lot] -= movement.grams
        if movement.target is not None and account(movement.target):
            answer[movement.target.lot] += movement.grams
    return {lot: grams for lot, grams in answer.items() if grams}


def behind(moved: Iterable[Movement], account: Account, span: Span, product: str, cell: str) -> list[Entry]:
    """The events behind a figure of a statement. Those of ``opening`` and ``closing`` are all that came before."""
    answer = []
    for entry in entries(moved, account):
        at = entry.movement.at
        if entry.movement.product != product or span.after(at):
            continue
        if cell == "closing" or (span.before(at) if cell == "opening" else entry.cell == cell and not span.before(at)):
            answer.append(entry)
    return answer


def figure(entry: Entry, cell: str) -> int:
    """Grams that an entry adds to a figure: the sum over ``behind`` is the figure."""
    return entry.signed_g if cell in ("opening", "closing") else entry.grams


# --- runs ---


@dataclass(slots=True)
class Run:
    """One transformation: what an account put into it and what came out, by product."""

    seq: int
    at: int
    process: str | None
    site: str | None
    inputs: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    outputs: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def used_g(self) -> int:
        return sum(self.inputs.values())

    @property
    def made_g(self) -> int:
        return sum(self.outputs.values())

    @property
    def loss_g(self) -> int:
        return self.used_g - self.made_g

    @property
    def yield_bp(self) -> int:
        """Conversion factor, in basis points of the input."""
        return self.made_g * WHOLE_BP // self.used_g if self.used_g else 0


def runs(moved: Iterable[Movement], account: Account, span: Span) -> list[Run]:
    """The transformations of an account, in the order in which they happened."""
    answer: dict[int, Run] = {}
    for movement in moved:
        place = movement.source if movement.kind == "used" else movement.target
        if movement.kind not in ("used", "made") or span.before(movement.at) or span.after(movement.at):
            continue
        assert place is not None
        if not account(place):
            continue
        run = answer.setdefault(movement.seq, Run(movement.seq, movement.at, movement.process, place.site))
        (run.inputs if movement.kind == "used" else run.outputs)[movement.product] += movement.grams
    return list(answer.values())


def yield_finding(step: Step, used_g: int, made_g: int) -> Finding | None:
    """The conversion factor against the plausible range of its step; none where it is within, or none is known."""
    if not used_g:
        return None
    said: dict[str, str | int] = {
        "process": step.code,
        "input_g": used_g,
        "output_g": made_g,
        "yield_bp": made_g * WHOLE_BP // used_g,
    }
    if step.yield_max_bp is not None and made_g * WHOLE_BP > used_g * step.yield_max_bp:
        explained = used_g * step.yield_max_bp // WHOLE_BP
        return found("YIELD_ABOVE_RANGE", step.source, **said, explained_g=explained, unexplained_g=made_g - explained)
    if step.yield_min_bp is not None and made_g * WHOLE_BP < used_g * step.yield_min_bp:
        return found("YIELD_BELOW_RANGE", step.source, **said)
    return None


# --- checks ---


def difference(product: str, book_g: int, stock_g: int) -> Finding | None:
    """The closing stock of the statement against the stock that the lots themselves say, or that was counted."""
    if book_g == stock_g:
        return None
    return found("BALANCE_DIFFERENCE", product=product, book_g=book_g, stock_g=stock_g, difference_g=stock_g - book_g)


def shrinkage(product: str, balance: Balance, tolerance_bp: int, source: str) -> Finding | None:
    """Loss without a process, over a season, against what was there to lose."""
    held = balance.opening_g + balance.in_g
    if balance.lost_g * WHOLE_BP <= held * tolerance_bp:
        return None
    return found(
        "STORAGE_LOSS_ABOVE_TOLERANCE",
        source,
        product=product,
        lost_g=balance.lost_g,
        held_g=held,
        share_bp=balance.lost_g * WHOLE_BP // max(1, held),
        tolerance_bp=tolerance_bp,
    )


@dataclass(frozen=True, slots=True)
class Claimed:
    """What goods of a product with a claim could come from, and what left with it, in grams of that product.

    ``sold_g`` left, ``opening_g`` was in stock and ``bought_g`` came from others. ``explained_g`` is the most that the
    goods received can have given (by the highest plausible yield), ``estimate_g`` what the members were estimated to
    harvest; none: no estimate is kept.
    """

    scheme: str
    value: str
    product: str
    sold_g: int
    opening_g: int
    bought_g: int
    explained_g: int
    estimate_g: int | None


def oversold(claimed: Claimed, rule: str | None = None) -> list[Finding]:
    """Goods sold with a claim beyond what was received with it, or beyond what the members could harvest."""
    said: dict[str, str | int] = {
        "scheme": claimed.scheme,
        "value": claimed.value,
        "product": claimed.product,
        "sold_g": claimed.sold_g,
    }
    before = claimed.opening_g + claimed.bought_g
    answer = []
    if claimed.sold_g > before + claimed.explained_g:
        answer.append(found("CLAIM_ABOVE_RECEIVED", rule, **said, explained_g=before + claimed.explained_g))
    if claimed.estimate_g is not None and claimed.sold_g > before + claimed.estimate_g:
        answer.append(found("CLAIM_ABOVE_ESTIMATES", rule, **said, estimate_g=before + claimed.estimate_g))
    return answer


@dataclass(frozen=True, slots=True)
class Commitment:
    """What is promised of a product, with a claim, in a season, and what there is to keep the promise with."""

    scheme: str  # "-": without a claim
    value: str
    season: str
    product: str
    contracted_g: int
    estimate_g: int
    available_g: int  # in stock, sold and shipped
    ended: bool  # the season is over: nothing more is to come

    @property
    def missing_g(self) -> int:
        """Grams that nothing stands behind. While the season lasts, the estimates do; after it, the goods alone."""
        cover = self.available_g if self.ended else max(self.estimate_g, self.available_g)
        return max(0, self.contracted_g - cover)


def overcommitted(commitment: Commitment) -> Finding | None:
    """Contracts beyond what the members are estimated to harvest and beyond what is in stock, sold or shipped."""
    if not commitment.missing_g:
        return None
    return found(
        "CONTRACT_OVERCOMMITTED",
        scheme=commitment.scheme,
        value=commitment.value,
        season=commitment.season,
        product=commitment.product,
        contracted_g=commitment.contracted_g,
        estimate_g=commitment.estimate_g,
        available_g=commitment.available_g,
        missing_g=commitment.missing_g,
    )


# --- the next season ---

Basis: TypeAlias = Literal["last_estimate", "delivered_less", "delivered_more", "delivered_only"]
"""Why so much is proposed: see ``proposed_estimate``."""


def proposed_estimate(estimate_g: int | None, delivered_g: int) -> tuple[int, Basis] | None:
    """What is proposed as the estimate of the next season, unsigned, and why; none: there is nothing to go by.

    The last estimate, or what was delivered (in grams of the estimate's product) where that was less. Deliveries
    beyond an estimate never raise the next one by themselves: that takes an inspection and a signature.
    """
    if estimate_g is None:
        return (delivered_g, "delivered_only") if delivered_g else None
    if 0 < delivered_g < estimate_g:
        return delivered_g, "delivered_less"
    return estimate_g, "delivered_more" if delivered_g > estimate_g else "last_estimate"
