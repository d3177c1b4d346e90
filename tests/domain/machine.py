"""Random seasons, told to a ledger and to the reference model at once, and compared after every step.

``Ledger`` is what a machine needs of the ledger under test: the rules in memory (``tests/domain/test_invariants.py``)
or the recorder on a database (``tests/ledger/test_invariants.py``).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any, ClassVar, Protocol
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain import events as told
from tests.domain import reference as ref
from tests.domain.reference import Act, Model

NOW = 1_900_000_000_000
"""The clock of the ledger, unless an act says when it was told: after everything that happens here."""


def uid(number: int) -> str:
    return str(UUID(int=number))


def ident(name: str) -> str:
    """A stable id of a site, vessel or certificate."""
    return str(UUID(int=int.from_bytes(name.encode(), "big")))


def grams(weight: int) -> told.Quantity:
    return told.Quantity(value=weight, unit="g")


def event_of(act: Act, identity: str) -> Any:
    """The act as clients tell it."""
    when = datetime.fromtimestamp(act.at / 1000, UTC)
    drawn = tuple(told.Drawn(lot=lot, quantity=grams(weight)) for lot, weight in act.took.items())
    made = tuple(
        told.NewLot(lot=lot, code=code(lot), product=act.product, quantity=grams(weight))
        for lot, weight in act.made.items()
    )
    base: dict[str, Any] = {"id": identity, "occurred_at": when}
    here = {"site": ident(act.site)}
    match act.kind:
        case "delivered":
            return told.Delivered(**base, **here, farmer=act.farmer, lot=made[0])
        case "received":
            total = sum(act.took.values())
            weighed = {"weighed": made[0].quantity} if sum(act.made.values()) != total else {}
            into = told.Named(lot=made[0].lot, code=made[0].code)
            return told.Received(**base, **here, inputs=drawn, into=into, **weighed)
        case "bulked":
            return told.Bulked(**base, **here, inputs=drawn, into=told.Named(lot=made[0].lot, code=made[0].code))
        case "split":
            return told.Split(**base, **here, input=drawn[0], outputs=made)
        case "transformed":
            return told.Transformed(**base, **here, process=act.process, inputs=drawn, outputs=made, loads=act.loads)
        case "loaded":
            assert act.vessel is not None
            return told.Loaded(**base, vessel=ident(act.vessel), load=act.load, contents=drawn)
        case "unloaded":
            return told.Unloaded(**base, load=act.load)
        case "lost":
            return told.Lost(**base, lot=act.lot, quantity=grams(act.grams), reason="x")
        case "held":
            return told.Held(**base, lot=act.lot, reason="x")
        case "released":
            return told.Released(**base, lot=act.lot, reason="x")
        case "recalled":
            return told.Recalled(**base, lot=act.lot, reason="x")
        case "downgraded":
            return told.Downgraded(**base, lot=act.lot, scheme=act.scheme, to=act.value, reason="x")
        case "certified":
            said = {"kind": act.paper, "number": act.number, "scheme": act.scheme, "value": act.value}
            return told.Certified(**base, lot=act.lot, quantity=grams(act.grams), **said)
        case "shipped":
            papers = (ident(act.scheme),) if act.scheme and ref.SCHEMES[act.scheme].certificate else ()
            claim = told.ClaimMade(scheme=act.scheme, value=act.value, certificates=papers) if act.scheme else None
            return told.Shipped(**base, lot=act.lot, quantity=grams(act.grams), claims=(claim,) if claim else ())
        case "inspected":
            moisture = told.Result(test="moisture", value="9.0" if act.failed else "7.0")
            again = {"retest_of": act.retest[0], "reason": "x"} if act.retest else {}
            cut = None if act.failed else told.CutTest()
            return told.Inspected(**base, lot=act.lot, measurements=(moisture,), cut_test=cut, **again)
        case "cleaned":
            vessel = ident(act.vessel) if act.vessel else None
            return told.Cleaned(**base, **here, vessel=vessel)
    raise AssertionError(act.kind)


def code(lot: str) -> str:
    return f"L{UUID(lot).int}"


@dataclass(frozen=True)
class Seen:
    """A lot as the ledger shows it."""

    initial_g: int
    remaining_g: int
    deficit_g: int
    disposition: str
    holds: frozenset[str]
    claims: Mapping[str, str]
    made_at: int


@dataclass(frozen=True)
class Move:
    """A line of a lot that counts."""

    seq: int
    lot: str
    kind: str  # "in", "out", "lost", "shipped"
    grams: int
    at: int


@dataclass(frozen=True)
class State:
    """Everything that the ledger says, by lot id."""

    lots: dict[str, Seen]
    papers: set[tuple[str, str, str, str, int, str]]  # lot, kind, scheme, number, grams, state
    moves: tuple[Move, ...]
    runs: dict[str, tuple[int, int | None]]


class Ledger(Protocol):
    """What a machine asks of the ledger under test."""

    def tell(self, event: Any, now: int) -> str | None:
        """The code of the refusal, or none."""

    def last(self) -> int:
        """The number of the last event accepted."""

    def sync(self, cluster: ref.Cluster, change: tuple[str, str, date] | None) -> None:
        """The registry as it is now known; a change ("membership" or "certificate", what, since) is judged back."""

    def state(self) -> State: ...

    def composition(self, lot: str) -> dict[str, int]: ...

    def below(self, lot: str) -> set[str]: ...

    def logged(self) -> list[str]:
        """The ids of the events in the log, in their order."""

    def rebuilt(self) -> bool:
        """Whether replay gives the very same."""


PICK = range(31)
AMOUNT = (12, 6, 12, 1, 12, 9, 12, 13, 4, 12)  # twelfths of what may be drawn; 13: a gram too many
TOO_MUCH = 13
LATER = (ref.HOUR, ref.HOUR, ref.DAY, 2 * ref.HOUR, 4 * ref.DAY, 0)
WHEN = (*LATER, *LATER, -5 * ref.HOUR, -3 * ref.DAY)
EITHER = (False, True)
FARMER = ("OLD", "OLD", "NEW", "EST", "EST", "YOUNG", "LAPSED", "OUT", ref.GHOST)
SITE = ("GATE", "GATE", "GATE", "GATE", "LATE", "WILD")
WEIGHT = (1, 2, 3, 7, 10_000, 33_333, 50_000, 99_999, 120_000)


def happens(*, first: bool = False, often: int = 1, **choices: Sequence[Any]) -> Callable[[Any], Any]:
    """A rule of the machine; ``choices`` are what may be drawn for it, ``often`` how it is weighted in a walk."""

    def mark(method: Any) -> Any:
        drawn = {name: st.sampled_from(among) for name, among in choices.items()}
        marked = initialize(**drawn)(method) if first else rule(**drawn)(method)
        marked.choices, marked.often = choices, 0 if first else often
        return marked

    return mark


class Season(RuleBasedStateMachine):
    """A season of a cooperative. What is refused must be refused, and nothing else; what is accepted must count."""

    schemes: ClassVar[tuple[str, ...]] = ("EU_ORG",)
    strict: ClassVar[bool] = False
    traced: ClassVar[int] = 1  # after how many steps every lot is traced
    ledger_of: ClassVar[Callable[[Season], Ledger]]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(self.schemes, strict=self.strict)
        self.ledger: Ledger = type(self).ledger_of(self)
        self.ledger.sync(self.model.cluster, None)
        self.now = ref.START
        self.made = 0
        self.steps = 0
        self.events: list[tuple[Any, int]] = []
        self.seqs: dict[str, int] = {}  # of the events, by id
        self.tally: Counter[tuple[str, bool]] = Counter()  # acts told, and whether they were accepted
        self.may_rise = False  # only a correction may raise a claim
        self.state = self.ledger.state()
        self.before = self.state

    def teardown(self) -> None:
        self.trace()
        assert self.ledger.rebuilt(), "I14: replay gives other rows"

    # --- telling ---

    def new(self) -> str:
        self.made += 1
        return uid(self.made)

    def when(self, delta: int) -> int:
        at = self.now + delta
        self.now = max(self.now, at)
        return at

    def do(self, act: Act) -> bool:
        """Tell an act to both. It must be refused exactly when the model says so."""
        reasons = self.model.refuses(act)
        event, told_at = event_of(act, self.new()), act.told_at or NOW
        refused = self.ledger.tell(event, told_at)
        assert (refused is not None) == bool(reasons), (act, refused, reasons)
        assert refused is None or refused in reasons, (act, refused, reasons)
        self.tally[act.kind, refused is None] += 1
        if refused is None:
            self.model.tell(self.ledger.last(), act)
            self.took(event, told_at)
            self.may_rise = False
        self.look()
        return refused is None

    def took(self, event: Any, told_at: int) -> None:
        self.events.append((event, told_at))
        self.seqs[event.id] = self.ledger.last()

    def look(self) -> None:
        self.before, self.state = self.state, self.ledger.state()

    # --- picking ---

    def lots(self, *products: str) -> list[str]:
        """Lots that are not void, newest first: what is newest is deepest."""
        return [
            lot
            for lot, goods in reversed(self.model.lots.items())
            if (not products or goods.product in products) and not self.model.view.void(lot)
        ]

    def pick(self, number: int, *products: str, stocked: bool = False) -> str | None:
        lots = self.lots(*products)
        if stocked:
            lots = [lot for lot in lots if self.model.view.free(lot)] or lots
        return lots[number % len(lots)] if lots else None

    def amount(self, lot: str, part: int) -> int:
        """So many twelfths of what may be drawn; 13 is one gram too many."""
        free = self.model.view.free(lot)
        return free + 1 if part == TOO_MUCH else max(1, free * part // 12)

    def several(self, pick: int, part: int) -> dict[str, int]:
        """One to three lots of one product, and grams of each."""
        first = self.pick(pick, stocked=True)
        if first is None:
            return {}
        others = [
            lot
            for lot in self.lots(self.model.lots[first].product)
            if lot != first and self.model.view.free(lot) and not self.model.view.kinds(lot)
        ]
        chosen = [first, *others[pick % 2 : pick % 3]]
        return {lot: self.amount(lot, part if i == 0 else min(12, part - i)) for i, lot in enumerate(chosen)}

    # --- what happens ---

    @happens(first=True, one=FARMER, two=FARMER, three=FARMER, weight=WEIGHT, stage=range(6), part=AMOUNT)
    def opening(self, one: str, two: str, three: str, weight: int, stage: int, part: int) -> None:
        """A few deliveries, some of them weighed in together, some of it dried and parted, and found fit."""
        lots = {}
        for number, farmer in enumerate((one, two, three)):
            lot = self.new()
            brought = weight + 20_000 * number
            if self.do(Act("delivered", self.when(ref.HOUR), made={lot: brought}, farmer=farmer)):
                lots[lot] = brought
        usable = {lot: grams for lot, grams in lots.items() if not self.model.view.kinds(lot)}
        total = sum(usable.values())
        if stage < 1 or total < 100:
            return
        pool, dry = self.new(), self.new()
        self.do(Act("received", self.when(ref.HOUR), took=usable, made={pool: total}))
        if stage > 1:
            used = total if stage > 4 else max(10, total * part // 16)
            run = ("transformed", self.when(ref.DAY))
            self.do(Act(*run, took={pool: used}, made={dry: used * 2 // 5}, product=ref.DRY, process="ferment_dry"))
        if stage > 2 and dry in self.model.lots:
            self.do(Act("inspected", self.when(ref.HOUR), lot=dry))
        if stage > 3 and dry in self.model.lots and not self.model.view.kinds(dry):
            half = self.model.view.free(dry) // 2
            made = {self.new(): half, self.new(): self.model.view.free(dry) - half}
            self.do(Act("split", self.when(ref.HOUR), took={dry: sum(made.values())}, made=made, product=ref.DRY))

    @happens(often=2, farmer=FARMER, site=SITE, weight=WEIGHT, when=WHEN, limit=(0, 0, 1, 2))
    def deliver(self, farmer: str, site: str, weight: int, when: int, limit: int) -> None:
        """Some weight; or, of whoever has an estimate, exactly as much as is not held yet, or a gram more."""
        held = self.model.cluster.farmers.get(farmer)
        if limit and held is not None and held.estimate_g is not None:
            brought = max(self.model.view.brought(farmer, scheme) for scheme in self.schemes)
            weight = max(1, int(held.estimate_g * ref.TOLERANCE) - brought + limit - 1)
        self.do(Act("delivered", self.when(when), site, made={self.new(): weight}, farmer=farmer))

    @happens(often=3, pick=PICK, part=AMOUNT, site=SITE, when=WHEN, fill=EITHER, short=EITHER)
    def receive(self, pick: int, part: int, site: str, when: int, fill: bool, short: bool) -> None:
        """Into a new lot or one that is open; the scale may say less, and never more."""
        lots = [lot for lot in self.lots(ref.WET) if self.model.lots[lot].kind == "delivery"]
        lots = [lot for lot in lots if self.model.view.free(lot)] or lots
        if not lots:
            return
        chosen = [lots[pick % len(lots)], *lots[: pick % 3]]
        took = {
            lot: self.amount(lot, part if i == 0 else min(12, part - i)) for i, lot in enumerate(dict.fromkeys(chosen))
        }
        open_lots = [lot for lot, goods in self.model.lots.items() if goods.kind == "receiving"]
        open_lots.sort(key=lambda lot: lot not in self.model.drawn)
        into = open_lots[-1 - pick % min(2, len(open_lots))] if fill and open_lots else self.new()
        if into in self.model.lots and site != self.model.lots[into].site and pick % 4:
            site = self.model.lots[into].site
        total = sum(took.values())
        weighed = max(1, total - pick % 3) if short else total + (1 if pick % 8 == 7 else 0)
        self.do(Act("received", self.when(when), site, took=took, made={into: weighed}))

    @happens(often=2, pick=PICK, part=AMOUNT, site=SITE, when=WHEN)
    def bulk(self, pick: int, part: int, site: str, when: int) -> None:
        took = self.several(pick, part)
        if took:
            product = self.model.lots[next(iter(took))].product
            self.do(Act("bulked", self.when(when), site, took, {self.new(): sum(took.values())}, product))

    @happens(often=2, pick=PICK, part=AMOUNT, site=SITE, when=WHEN, merge=EITHER)
    def split(self, pick: int, part: int, site: str, when: int, merge: bool) -> None:
        """In two or three; put together again, nothing changes (I09). A gram too much is refused."""
        lot = self.pick(pick, stocked=True)
        if lot is None or self.model.view.free(lot) < 3:
            return
        drawn = max(3, self.amount(lot, part))
        sizes = [drawn // 3 or 1, drawn - (drawn // 3 or 1) + (pick % 9 == 8)]
        product = self.model.lots[lot].product
        made = {self.new(): size for size in sizes}
        if self.do(Act("split", self.when(when), site, {lot: drawn}, made, product)) and merge:
            whole = self.new()
            if self.do(Act("bulked", self.when(0), site, made, {whole: drawn}, product)):
                self.identity(lot, whole, drawn)

    def identity(self, lot: str, whole: str, drawn: int) -> None:
        """I09: parts put together again carry what they carried before, and come from where they came from."""
        view = self.model.view
        assert view.shares[whole] == view.shares[lot]
        assert self.state.lots[whole].initial_g == drawn
        allowed = self.model.caps(next(fact.act for fact in view.makers[whole]))
        for scheme, value in self.state.lots[lot].claims.items():
            rules = ref.SCHEMES[scheme]
            assert self.state.lots[whole].claims[scheme] == min((value, allowed[scheme]), key=rules.rank)

    @happens(
        often=4,
        pick=PICK,
        part=AMOUNT,
        site=SITE,
        when=WHEN,
        process=("ferment_dry", "ferment_dry", "redry", "winnow", None),
        rate=(100, 330, 400, 400, 400, 450, 451, 820, 1000, 1001),
        run=EITHER,
        washed=("no", "no", "in time", "late", "before"),
    )
    def transform(
        self, pick: int, part: int, site: str, when: int, process: str | None, rate: int, run: bool, washed: str
    ) -> None:
        """At a yield in thousandths; what comes out never exceeds what went in. A run of the box may end with it.

        ``washed``: the line, or the box, is cleaned before; told in time, or late; or it was cleaned too early.
        """
        source, product = ref.PROCESSES[process] if process else (ref.WET, ref.DRY)
        open_runs = [name for name, one in self.model.runs.items() if one.end is None]
        loads: tuple[str, ...] = ()
        if run and open_runs and process != "winnow":
            loads, site = (open_runs[pick % len(open_runs)],), "GATE"
            took = dict(self.model.runs[loads[0]].contents)
            if {self.model.lots[lot].product for lot in took} != {source}:
                return
        else:
            lot = self.pick(pick, source, stocked=True)
            if lot is None:
                return
            took = {other: self.amount(other, part) for other in [lot, *self.lots(source)[: pick % 2]]}
        total = sum(took.values())
        out = max(1, total * rate // 1000) + (rate > 1000)
        made = {self.new(): out - out // 3, self.new(): out // 3} if pick % 3 == 2 and out > 2 else {self.new(): out}
        at = self.when(when)
        if washed != "no":
            since = self.model.runs[loads[0]].start if loads else at
            done = since - 30 * ref.DAY if washed == "before" else since
            told_at = done + (25 if washed == "late" else 24) * ref.HOUR
            self.do(Act("cleaned", done, site, vessel="BOX" if loads else None, told_at=told_at))
        self.do(Act("transformed", at, site, took, made, product, process=process, loads=loads))

    @happens(often=2, pick=PICK, part=AMOUNT, when=WHEN, inside=EITHER)
    def load(self, pick: int, part: int, when: int, inside: bool) -> None:
        """The box takes 150 kg, one run at a time: also of the past."""
        took = self.several(pick, part)
        ended = [run.end for run in self.model.runs.values() if run.end is not None]
        at = ended[-1] - ref.HOUR * (pick % 2) if inside and ended else self.when(when)
        if took:
            self.do(Act("loaded", at, took=took, vessel="BOX", load=self.new()))

    @happens(pick=PICK, when=WHEN)
    def unload(self, pick: int, when: int) -> None:
        runs = list(self.model.runs)
        if runs:
            self.do(Act("unloaded", self.when(when), load=runs[-1 - pick % min(2, len(runs))]))

    @happens(when=WHEN, line=EITHER, late=EITHER, site=SITE)
    def clean(self, when: int, line: bool, late: bool, site: str) -> None:
        """The box, or the line of a site; told within the hour, or days later."""
        at = self.when(when)
        told_at = NOW if late else at + ref.HOUR
        self.do(Act("cleaned", at, site if line else "GATE", vessel=None if line else "BOX", told_at=told_at))

    @happens(pick=PICK, part=AMOUNT, when=WHEN)
    def lose(self, pick: int, part: int, when: int) -> None:
        lot = self.pick(pick, stocked=True)
        if lot is not None:
            grams = self.amount(lot, part) if part == TOO_MUCH else max(1, self.amount(lot, part) // 20)
            self.do(Act("lost", self.when(when), lot=lot, grams=grams))

    @happens(pick=PICK, when=WHEN)
    def hold(self, pick: int, when: int) -> None:
        lot = self.pick(pick)
        if lot is not None:
            self.do(Act("held", self.when(when), lot=lot))

    @happens(often=2, pick=PICK, when=WHEN)
    def release(self, pick: int, when: int) -> None:
        blocked = [lot for lot in self.lots() if self.model.view.kinds(lot)]
        lot = blocked[pick % len(blocked)] if blocked else self.pick(pick)
        if lot is not None:
            self.do(Act("released", self.when(when), lot=lot))

    @happens(pick=PICK, when=WHEN, sure=EITHER)
    def recall(self, pick: int, when: int, sure: bool) -> None:
        lot = self.pick(pick)
        if lot is not None and sure:
            self.do(Act("recalled", self.when(when), lot=lot))

    @happens(often=2, pick=PICK, when=WHEN, scheme=PICK, to=PICK)
    def downgrade(self, pick: int, when: int, scheme: int, to: int) -> None:
        lots = self.lots()[::-1]
        if lots:
            which = self.schemes[scheme % len(self.schemes)]
            value = ref.SCHEMES[which].values[to % 2]
            self.do(Act("downgraded", self.when(when), lot=lots[pick % len(lots)], scheme=which, value=value))

    @happens(often=2, pick=PICK, part=AMOUNT, when=WHEN, scheme=PICK, kind=("coi", "tc"), number=PICK, papers=(1, 2, 3))
    def certify(self, pick: int, part: int, when: int, scheme: int, kind: str, number: int, papers: int) -> None:
        """Certificates of a control body: those of a kind add up to no more than the lot (I17)."""
        lot = self.pick(pick)
        if lot is None:
            return
        which = self.schemes[scheme % len(self.schemes)]
        claimable = sorted(ref.SCHEMES[which].claimable)
        carried = self.model.view.claims[lot][which]
        value = carried if carried in claimable and number % 4 else claimable[number % len(claimable)]
        at = self.when(when)
        for paper in range(papers):
            view = self.model.view
            left = max(0, view.into[lot] - view.used[lot] - view.papers(lot, kind, which))
            weight = left + 1 if part == TOO_MUCH else max(1, left * part // 12)
            if paper < papers - 1:
                weight = max(1, left // 3)
            said = {"paper": kind, "number": f"N{number + paper}", "scheme": which, "value": value}
            self.do(Act("certified", at, lot=lot, grams=weight, **said))

    @happens(often=3, pick=PICK, part=AMOUNT, when=WHEN, scheme=PICK, claim=EITHER, checked=EITHER)
    def ship(self, pick: int, part: int, when: int, scheme: int, claim: bool, checked: bool) -> None:
        """Dry goods leave, checked, with a claim that they carry, or they do not leave."""
        lot = self.pick(pick, ref.DRY, stocked=True) or self.pick(pick)
        if lot is None:
            return
        at = max(self.when(when), self.model.lots[lot].made_at)
        if (checked or pick % 4) and self.model.lots[lot].product == ref.DRY and not self.model.fit(lot):
            self.do(Act("inspected", at, lot=lot))
        which = self.schemes[scheme % len(self.schemes)]
        carried = self.model.view.claims[lot][which]
        value = carried if scheme % 3 else ref.SCHEMES[which].top
        if claim and value in ref.SCHEMES[which].claimable:
            self.do(Act("shipped", at, lot=lot, grams=self.amount(lot, part), scheme=which, value=value))
        else:
            self.do(Act("shipped", at, lot=lot, grams=self.amount(lot, part)))

    @happens(often=2, pick=PICK, when=WHEN, failed=EITHER, retest=EITHER)
    def check(self, pick: int, when: int, failed: bool, retest: bool) -> None:
        """Dry goods are too wet, or not; or a check that failed is repeated, with its reason."""
        lots = [lot for lot in self.lots(ref.DRY) if self.model.failing(lot)] if retest else []
        lot = lots[pick % len(lots)] if lots else self.pick(pick, ref.DRY)
        if lot is None:
            return
        wrong = self.model.failing(lot)[pick % len(self.model.failing(lot))] if lots else None
        named = {seq: identity for identity, seq in self.seqs.items()}
        again = (named[wrong.seq], wrong.seq) if wrong is not None else None
        at = max(self.when(when), self.model.lots[lot].made_at)
        self.do(Act("inspected", at, lot=lot, failed=failed, retest=again))

    @happens(pick=PICK)
    def again(self, pick: int) -> None:
        """I14: the same event told again changes nothing."""
        if self.events:
            event, told_at = self.events[pick % len(self.events)]
            before = self.state
            assert self.ledger.tell(event, told_at) is None
            self.look()
            assert self.state == before

    @happens(pick=PICK)
    def same_lot(self, pick: int) -> None:
        """A lot is made once: another event that makes it again is refused."""
        made = [event for event, _ in self.events if told.lots_made(event) and event.type != "received"]
        if made:
            event = made[pick % len(made)]
            refused = self.ledger.tell(event.model_copy(update={"id": self.new()}), NOW)
            assert refused is not None
            self.look()
            assert self.state == self.before

    # --- reaching back ---

    @happens(often=4, pick=PICK, factor=(0, 1, 3, 5, 8, 10, 11, 14), when=WHEN)
    def correct(self, pick: int, factor: int, when: int) -> None:
        """The weight was another (in tenths), what failed passed, or (none) it never happened."""
        kinds = {"delivered", "received", "bulked", "split", "transformed", "lost", "shipped", "certified", "inspected"}
        facts = [fact for fact in self.model.view.facts if fact.act.kind in kinds]
        if not facts:
            return
        fact = facts[-1 - pick % len(facts)]
        instead = reweighed(fact.act, factor) if factor else None
        at = self.when(when)
        _, reasons = self.model.corrected(0, fact, instead)
        target = next(event for event, _ in self.events if self.seqs[event.id] == fact.seq)
        right = event_of(instead, self.new()) if instead is not None else None
        event = told.Corrected(
            id=self.new(),
            occurred_at=datetime.fromtimestamp(at / 1000, UTC),
            event=target.id,
            reason="x",
            instead=right,
        )
        refused = self.ledger.tell(event, NOW)
        assert (refused is not None) == bool(reasons), (fact, instead, refused, reasons)
        assert refused is None or refused in reasons, (fact, instead, refused, reasons)
        self.tally["put right" if instead is not None else "taken back", refused is None] += 1
        if refused is None:
            self.model, _ = self.model.corrected(self.ledger.last(), fact, instead)
            self.took(event, NOW)
            self.may_rise = True
        self.look()

    @happens(code=("OLD", "EST", "NEW"), back=range(13))
    def suspend_member(self, code: str, back: int) -> None:
        """A member turns out to have been suspended."""
        day = ref.day_of(self.now - back * ref.DAY)
        self.model.suspend_member(code, day)
        self.may_rise = False
        self.ledger.sync(self.model.cluster, ("membership", code, day))
        self.look()

    @happens(pick=PICK, back=range(-3, 7), sure=EITHER)
    def suspend_certificate(self, pick: int, back: int, sure: bool) -> None:
        """A certificate turns out to have been, or will be, suspended."""
        schemes = [scheme for scheme in self.schemes if ref.SCHEMES[scheme].certificate]
        if schemes and sure:
            scheme = schemes[pick % len(schemes)]
            day = ref.day_of(self.now - back * ref.DAY)
            self.model.suspend_certificate(scheme, day)
            self.may_rise = False
            self.ledger.sync(self.model.cluster, ("certificate", scheme, day))
            self.look()

    @happens(grams=(150_000, 200_000, 400_000), signed=EITHER)
    def revise(self, grams: int, signed: bool) -> None:
        """The estimate of a member is revised, and perhaps signed."""
        held = self.model.cluster.farmers["EST"]
        more = max(grams, held.estimate_g or 0)
        self.model.cluster.farmers["EST"] = replace(held, estimate_g=more, signed=held.signed or signed)
        self.ledger.sync(self.model.cluster, None)

    # --- what must hold ---

    @invariant()
    def the_ledger_says_what_the_model_says(self) -> None:
        view, state = self.model.view, self.state
        assert set(state.lots) == set(self.model.lots)
        for lot, seen in state.lots.items():
            assert seen.initial_g == view.into[lot], lot
            assert seen.remaining_g - seen.deficit_g == view.level(lot), lot
            assert seen.disposition == view.disposition(lot), (lot, seen.holds, view.kinds(lot))
            if view.void(lot):
                continue
            assert seen.holds == view.kinds(lot), lot
            assert seen.claims == view.claims[lot], lot
            assert seen.made_at == self.model.lots[lot].made_at, lot
        assert state.papers == {
            (paper.lot, paper.kind, paper.scheme, paper.number, paper.grams, paper.state)
            for paper in self.model.papers
            if not view.void(paper.lot)
        }

    @invariant()
    def I01_conservation(self) -> None:
        """Opening + received + produced = closing + dispatched + consumed + losses, at any cut of event time."""
        moves = self.state.moves
        cut = self.now - ref.DAY
        products = {lot: goods.product for lot, goods in self.model.lots.items()}
        for product in set(products.values()):
            told_of = [move for move in moves if products[move.lot] == product]
            opening = sum(_signed(move) for move in told_of if move.at < cut)
            into = sum(move.grams for move in told_of if move.at >= cut and move.kind == "in")
            out = sum(move.grams for move in told_of if move.at >= cut and move.kind != "in")
            lots = [seen for lot, seen in self.state.lots.items() if products[lot] == product]
            assert opening + into == sum(seen.remaining_g - seen.deficit_g for seen in lots) + out

    @invariant()
    def I02_what_goes_into_an_event_comes_out_of_it_or_is_lost(self) -> None:
        into: dict[int, int] = {}
        out: dict[int, int] = {}
        for move in self.state.moves:
            if move.kind in ("in", "out"):
                side = into if move.kind == "in" else out
                side[move.seq] = side.get(move.seq, 0) + move.grams
        facts = {fact.seq: fact.act for fact in self.model.view.facts}
        for seq, drawn in out.items():
            act = facts[seq]
            assert drawn == sum(act.took.values())
            assert into[seq] == sum(act.made.values()) <= drawn
            assert act.kind in ("received", "transformed") or into[seq] == drawn

    @invariant()
    def I03_no_lot_is_below_zero_at_any_instant(self) -> None:
        """A lot that a correction made short says so, and is blocked with all that was made from it."""
        moves = sorted(self.state.moves, key=lambda move: (move.at, move.kind != "in"))
        level = dict.fromkeys(self.state.lots, 0)
        for move in moves:
            level[move.lot] += _signed(move)
            assert level[move.lot] >= 0 or "stock" in self.state.lots[move.lot].holds
        for seen in self.state.lots.values():
            assert 0 <= seen.remaining_g <= seen.initial_g
            assert seen.deficit_g == 0 or (seen.remaining_g == 0 and seen.disposition != "available")

    @invariant()
    def I04_no_claim_is_above_those_of_what_went_in(self) -> None:
        for lot, parents in self.model.view.parents.items():
            if self.model.view.void(lot):
                continue
            for scheme, value in self.state.lots[lot].claims.items():
                rank = ref.SCHEMES[scheme].rank
                for parent in parents:
                    if not self.model.view.void(parent):
                        assert rank(value) <= rank(self.state.lots[parent].claims[scheme]), (lot, parent)

    @invariant()
    def I05_a_claim_falls_only_with_its_ancestors_and_rises_only_by_a_correction(self) -> None:
        above = self.model.view.above
        changed = {
            lot
            for lot, seen in self.state.lots.items()
            if lot in self.before.lots and seen.claims != self.before.lots[lot].claims
        }
        for lot in changed:
            for scheme, value in self.state.lots[lot].claims.items():
                rank = ref.SCHEMES[scheme].rank
                lower = rank(value) <= rank(self.before.lots[lot].claims[scheme])
                assert lower or self.may_rise
        if len(changed) > 1:  # one cause: whatever changed hangs together
            roots = {lot for lot in changed if not (above[lot] - {lot}) & changed}
            assert all(above[lot] & roots for lot in changed)

    @invariant()
    def I06_I07_I08_every_composition_is_whole_and_every_trace_leads_back(self) -> None:
        self.steps += 1
        if self.steps % self.traced == 0:
            self.trace()

    def trace(self) -> None:
        """Shares sum to the lot and come from its deliveries; who is made from whom is the same from both ends."""
        view = self.model.view
        for lot, seen in self.state.lots.items():
            assert self.ledger.below(lot) == view.below(lot)
            if any(view.void(origin) for origin in view.above[lot]):
                continue
            found = self.ledger.composition(lot)
            assert sum(found.values()) == seen.initial_g
            assert all(self.model.lots[origin].kind == "delivery" for origin in found)
            assert set(found) <= view.above[lot]
            for origin, share in view.shares[lot].items():
                assert abs(found.get(origin, 0) - share * seen.initial_g) <= 1
        for fact in view.facts:
            for lot in fact.act.took:
                assert lot not in fact.act.made
                assert fact.act.at >= self.state.lots[lot].made_at

    @invariant()
    def I10_what_is_sold_as_organic_was_received_as_organic(self) -> None:
        """Dry goods of lots that still carry the claim, less what the runs above the plausible yield name."""
        view = self.model.view
        if view.short:
            return  # then the book says itself that it does not close
        for scheme in {"EU_ORG", "NOP"} & set(self.schemes):
            sold = sum(
                fact.act.grams
                for fact in view.facts
                if fact.act.kind == "shipped" and view.claims[fact.act.lot][scheme] == "organic"
            )
            unexplained = Fraction(0)
            for fact in view.facts:
                if fact.act.kind == "transformed" and any(
                    self.model.lots[lot].product == ref.WET for lot in fact.act.took
                ):
                    used, made = sum(fact.act.took.values()), sum(fact.act.made.values())
                    unexplained += max(Fraction(0), made - used * ref.MOST_YIELD)
            wet = [lot for lot, goods in self.model.lots.items() if goods.kind == "delivery"]
            wet = [lot for lot in wet if view.claims[lot][scheme] == "organic" and lot in self.model.drawn]
            received = sum(self.state.lots[lot].initial_g for lot in wet)
            assert sold <= received * ref.MOST_YIELD + unexplained
            held = self.model.cluster.farmers["EST"]
            if any(self.model.lots[lot].farmer == "EST" and "claim" in view.kinds(lot) for lot in wet):
                continue  # held after it was used: the finding names it
            others = sum(self.state.lots[lot].initial_g for lot in wet if self.model.lots[lot].farmer != "EST")
            assert held.estimate_g is not None
            assert sold <= (held.estimate_g * ref.TOLERANCE + others) * ref.MOST_YIELD + unexplained

    @invariant()
    def I11_deliveries_that_may_be_used_are_within_the_estimate(self) -> None:
        for scheme in {"EU_ORG", "NOP"} & set(self.schemes):
            accepted = sum(
                seen.initial_g
                for lot, seen in self.state.lots.items()
                if self.model.lots[lot].farmer == "EST"
                and seen.claims[scheme] in ref.SCHEMES[scheme].claimable
                and "claim" not in seen.holds
                and seen.disposition != "void"
            )
            estimate = self.model.cluster.farmers["EST"].estimate_g
            assert estimate is not None
            assert accepted <= estimate * ref.TOLERANCE

    @invariant()
    def I17_certificates_never_add_up_to_more_than_the_lot(self) -> None:
        issued: dict[tuple[str, str, str], int] = {}
        for lot, kind, scheme, _, weight, state in self.state.papers:
            if state == "issued":
                issued[lot, kind, scheme] = issued.get((lot, kind, scheme), 0) + weight
        for (lot, _, _), weight in issued.items():
            assert weight <= self.state.lots[lot].initial_g, lot

    @invariant()
    def I16_what_was_made_from_a_recalled_lot_is_blocked(self) -> None:
        for lot, seen in self.state.lots.items():
            if "recall" in seen.holds:
                assert all(self.state.lots[other].disposition != "available" for other in self.model.view.below(lot))

    @invariant()
    def I15_nothing_told_is_deleted(self) -> None:
        """Every event accepted is in the log, in the order told: what was corrected, and what stands in its place."""
        logged = self.ledger.logged()
        assert [identity for identity in logged if identity in self.seqs] == list(self.seqs)

    @invariant()
    def I20_what_failed_has_not_left_since(self) -> None:
        """Unless a retest lifted it."""
        for fact in self.model.view.facts:
            if fact.act.kind == "shipped":
                before = [check for check in self.model.failing(fact.act.lot) if check.since < fact.judged]
                told_before = [check for check in self.model.checks[fact.act.lot] if check.since < fact.judged]
                assert all(any(check.retest is not None for check in told_before) for _ in before)

    @invariant()
    def I22_runs_of_a_vessel_do_not_overlap_and_fit(self) -> None:
        spans = sorted((start, end if end is not None else 1 << 62) for start, end in self.state.runs.values())
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
        assert all(sum(run.contents.values()) <= ref.BOX_G for run in self.model.runs.values())


def _signed(move: Move) -> int:
    return move.grams if move.kind == "in" else -move.grams


def reweighed(act: Act, tenths: int) -> Act | None:
    """The same with another weight; none where that makes no sense."""

    def scaled(weight: int) -> int:
        return max(1, weight * tenths // 10)

    match act.kind:
        case "delivered":
            return replace(act, made={lot: scaled(weight) for lot, weight in act.made.items()})
        case "received" | "bulked":
            took = {lot: scaled(weight) for lot, weight in act.took.items()}
            return replace(act, took=took, made={lot: sum(took.values()) for lot in act.made})
        case "split":
            made = {lot: scaled(weight) for lot, weight in act.made.items()}
            return replace(act, took={lot: sum(made.values()) for lot in act.took}, made=made)
        case "transformed":
            return replace(act, made={lot: scaled(weight) for lot, weight in act.made.items()})
        case "inspected":
            return replace(act, failed=not act.failed)
        case _:
            return replace(act, grams=scaled(act.grams))


def walk(machine: type[Season], seed: int, steps: int) -> Counter[tuple[str, bool]]:
    """A season in which every choice is drawn anew; what the machine draws is often like what it drew before.

    Answers how often each kind of act was accepted, and refused.
    """
    chance = random.Random(seed)
    season = machine()
    acts = [act for name in sorted(dir(machine)) if hasattr(act := getattr(machine, name), "choices")]
    opening = next(act for act in acts if not act.often)
    todo = [opening, *chance.choices(acts, [act.often for act in acts], k=steps)]
    for act in todo:
        act(season, **{name: chance.choice(among) for name, among in act.choices.items()})
        for held in season.invariants:
            held.function(season)
    season.teardown()
    return season.tally


def profile(examples: int, steps: int) -> settings:
    """The same seasons on every machine, every time; ``FILIERE_SEASONS`` multiplies them for a longer search."""
    times = int(os.environ.get("FILIERE_SEASONS", "1"))
    return settings(
        max_examples=examples * times,
        stateful_step_count=steps,
        deadline=None,
        derandomize=times == 1,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
