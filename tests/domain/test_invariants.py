"""The invariants of the ledger (I01–I22) as properties of random seasons, on the rules alone: no database."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import events as told
from domain.book import Book, LineRow
from domain.fold import Capped, Logged, Original, fold, put_right, reassess, take_back
from domain.judge import Run, World, judge, judge_instead
from domain.lineage import shares
from domain.refusals import Refused
from domain.ruling import Ruling
from domain.values import (
    Actor,
    CertificateFacts,
    EstimateFacts,
    FarmerFacts,
    MembershipFacts,
    PlotFacts,
    Registry,
    Setting,
    Site,
    Vessel,
)
from ledger.profiles import profiles
from ledger.queries import Flows
from ledger.registry import SITE_EVENTS, _Past, _rejudged
from tests.domain import reference as ref
from tests.domain.machine import (
    FARMER,
    NOW,
    SITE,
    Move,
    Season,
    Seen,
    State,
    event_of,
    ident,
    profile,
    uid,
    walk,
)
from tests.domain.reference import DRY, GHOST, HOUR, START, WET, Act, Cluster, Model

SEASON = "2024/25"
SEEDS = 100
GRAMS = ("in", "out", "lost", "shipped")


def registry_of(cluster: Cluster, schemes: tuple[str, ...], *, strict: bool) -> Registry:
    """The registry of the reference, as the rules know it."""
    sites = {ident(code): Site(ident(code), 1, code) for code in ref.SITES}
    vessels = {ident(code): Vessel(ident(code), ident(site), 1, code, ref.BOX_G) for code, site in ref.VESSELS.items()}
    papers = [scheme for scheme in schemes if ref.SCHEMES[scheme].certificate]
    certificates = {
        ident(scheme): CertificateFacts(
            ident(scheme),
            1,
            scheme,
            scheme,
            cluster.papers[scheme].since,
            cluster.papers[scheme].until,
            (("cocoa_beans", None, None),),
            tuple((ident(site), since, until) for site, (since, until) in cluster.papers[scheme].sites.items()),
            cluster.papers[scheme].states,
        )
        for scheme in papers
    }
    farmers = {
        code: FarmerFacts(
            code,
            tuple(MembershipFacts(ident(scheme), held.states) for scheme in papers if ref.SCHEMES[scheme].member),
            held.inspected,
            (
                PlotFacts(
                    "P",
                    "cocoa",
                    held.plot.since,
                    area_m2=held.plot.area_m2,
                    located=held.plot.located,
                    cleared_on=held.plot.cleared,
                ),
            ),
            (EstimateFacts(SEASON, WET, held.estimate_g, held.signed),) if held.estimate_g is not None else (),
        )
        for code, held in cluster.farmers.items()
    }
    begin = date(2024, 1, 1)
    settings = [
        Setting(scheme, begin, claimed=not ref.SCHEMES[scheme].certificate, strict=strict) for scheme in schemes
    ]
    return Registry(sites, vessels, farmers, certificates, {"COOP": 1}, {}, tuple(settings))


class Memory:
    """The ledger's own rules on a book in memory, with the log that rebuilds it."""

    def __init__(self, schemes: tuple[str, ...], *, strict: bool) -> None:
        self.schemes, self.strict = schemes, strict
        self.registry = Registry()
        self.book = Book(profiles().schemes)
        self.log: list[tuple[told.AnyEvent, Ruling, int]] = []
        self.bodies: dict[str, bytes] = {}
        self.seq = 0
        self.inputs: dict[Any, dict[Any, int]] = {}  # lot -> parent -> weight in the mixture, as of the last state

    # --- the world that a judgement sees ---

    def world(self, event: Any, now: int) -> World:
        right = event.instead if isinstance(event, told.Corrected) and event.instead is not None else event
        runs = defaultdict(list)
        for load in self.book.loads.values():
            runs[load.vessel_id].append(load)
        return World(
            self.book,
            self.registry,
            profiles(),
            Actor(1, "COOP", "test"),
            now,
            {lot.code for lot in self.book.by_uid.values()},
            set(self.book.by_uid),
            runs,
            original=self.original,
            delivered=self.delivered(set(told.lots_made(right))),
            line_before=self.line_before,
            cleanings=lambda site, vessel, since, until: [
                (row.cleaned_at, row.told_at)
                for row in self.book.cleanings
                if (row.site_id, row.vessel_id) == (site, vessel) and since <= row.cleaned_at <= until
            ],
            check_of=self.check_of,
            ruling_at=lambda seq: next(ruling for _, ruling, number in self.log if number == seq),
            gone_g=lambda key: sum(line.grams for line in self.lines() if line.lot == key and line.kind in GRAMS[1:3]),
            shipped_g=lambda key: sum(line.grams for line in self.lines() if (line.lot, line.kind) == (key, "shipped")),
        )

    def lines(self) -> list[LineRow]:
        """The lines that count."""
        return [line for line in self.book.lines if line.seq not in self.book.dropped]

    def original(self, identity: str) -> tuple[told.AnyEvent, Ruling, int, bool] | None:
        for event, ruling, seq in self.log:
            if event.id == identity:
                return (*effective(event, ruling), seq, seq in {voided for _, voided, _ in self.book.voided})
        return None

    def check_of(self, identity: str, key: int) -> int | None:
        numbers = {event.id: seq for event, _, seq in self.log}
        seqs = {row.seq for row in self.book.checks[key]}
        return numbers[identity] if numbers.get(identity) in seqs else None

    def delivered(self, but: set[str]) -> dict[tuple[str, str, str], dict[str, int]]:
        answer: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for lot in self.book.by_uid.values():
            if lot.farmer is None or lot.disposition == "void" or lot.uid in but:
                continue
            commodity, _ = profiles().product(lot.product)
            season = commodity.season_of(datetime.fromtimestamp(lot.made_at / 1000, UTC).date())
            for scheme, value in lot.claims.items():
                if profiles().schemes[scheme].value(value).claimable:
                    answer[lot.farmer, scheme, season][lot.product] += lot.initial_g
        return answer

    def line_before(self, site: str, at: int) -> Run | None:
        in_vessels = {by for _, by in self.book.ended_loads.values()}
        found = [
            line
            for line in self.lines()
            if (line.type, line.kind, line.site_id) == ("transformed", "in", site)
            and line.occurred_at < at
            and line.seq not in in_vessels
        ]
        if not found:
            return None
        last = max(found, key=lambda line: (line.occurred_at, line.seq))
        lots = [self.book.by_key[line.lot] for line in found if line.seq == last.seq]
        carried = {}
        for scheme in {scheme for lot in lots for scheme in lot.claims}:
            rules = profiles().schemes[scheme]
            carried[scheme] = min((lot.claims.get(scheme, rules.values[0].code) for lot in lots), key=rules.rank)
        return Run(last.occurred_at, carried)

    # --- telling ---

    def tell(self, event: Any, now: int) -> str | None:
        body = told.canonical(event)
        if event.id in self.bodies:
            return None if self.bodies[event.id] == body else "EVENT_ID_REUSED"
        try:
            ruling = self._take(event, self.world(event, now), Logged(self.seq + 1, 1))
        except Refused as refused:
            if isinstance(event, told.Corrected):
                self.book = self.rebuild()  # as the ledger rolls back to before what was taken back
            return refused.code
        self.seq += 1
        self.bodies[event.id] = body
        self.log.append((event, ruling, self.seq))
        return None

    def _take(self, event: Any, world: World, logged: Logged) -> Ruling:
        ruling = judge(event, world)
        if not isinstance(event, told.Corrected):
            fold(event, ruling, self.book, logged)
            return ruling
        original, at = self._original(self.book, event), told.millis(event.occurred_at)
        remade = take_back(original, self.book, logged, at)
        if event.instead is not None:
            ruling.instead = judge_instead(event.instead, original.event, world, remade)
        put_right(original, event.instead, ruling, self.book, logged, at)
        return ruling

    def _original(self, book: Book, event: told.Corrected) -> Original:
        wrong, _, seq = next(item for item in self.log if item[0].id == event.event)
        lines = [line for line in book.lines if line.seq == seq]
        return Original(
            effective(wrong, Ruling())[0], seq, tuple(sorted(lines, key=lambda line: (line.lot, line.kind)))
        )

    def last(self) -> int:
        return self.seq

    def sync(self, cluster: Cluster, change: tuple[str, str, date] | None) -> None:
        self.registry = registry_of(cluster, self.schemes, strict=self.strict)
        if change is None:
            return
        cause, record, since = change
        start = int(datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp() * 1000)
        past = [item for item in self._past() if self._concerned(item, cause, record, start)]
        standing: dict[tuple[int, int], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for rows in self.book.caps.values():
            for row in rows:
                standing[row.lot, row.of][row.scheme].append(row.value)
        lowered = {item.seq: caps for item in past if (caps := _rejudged(item, self.registry, standing))}
        if not lowered:
            return
        self.seq += 1
        event = told.Reassessed(
            id=uid((1 << 64) + self.seq),
            occurred_at=datetime.fromtimestamp(NOW / 1000, UTC),
            cause=cause,
            record=ident(record),
            events=tuple(sorted(lowered)),
        )
        ruling = Ruling(lowered={str(seq): caps for seq, caps in lowered.items()})
        self.log.append((event, ruling, self.seq))
        reassess(event, ruling, self._capped(self.book, event), self.book, Logged(self.seq, 1))

    def _past(self) -> list[_Past]:
        answer = []
        for event, ruling, seq in self.log:
            past, ruled = effective(event, ruling)
            lots = tuple(sorted(line.lot for line in self.lines() if line.seq == seq and line.kind == "in"))
            if lots and ruled.caps and past.type in SITE_EVENTS:
                answer.append(_Past(seq, 1, past, ruled, lots))
        return answer

    @staticmethod
    def _concerned(item: _Past, cause: str, record: str, start: int) -> bool:
        if told.millis(item.event.occurred_at) < start:
            return False
        return cause == "certificate" or getattr(item.event, "farmer", None) == record

    def _capped(self, book: Book, event: told.Reassessed) -> dict[int, Capped]:
        return {
            seq: Capped(tuple(sorted(line.lot for line in book.lines if line.seq == seq and line.kind == "in")), None)
            for seq in event.events
        }

    # --- what it says ---

    def state(self) -> State:
        lots = {
            lot.uid: Seen(
                lot.initial_g,
                lot.remaining_g,
                lot.deficit_g,
                lot.disposition,
                frozenset(row.kind for row in self.book.open_holds(lot)),
                dict(lot.claims),
                lot.made_at,
            )
            for lot in self.book.by_uid.values()
        }
        papers = {
            (self.book.by_key[key].uid, row.kind, row.scheme, row.number, row.grams, row.state)
            for key, rows in self.book.consignments.items()
            for row in rows
            if lots[self.book.by_key[key].uid].initial_g
        }
        moves = tuple(
            Move(line.seq, self.book.by_key[line.lot].uid, line.kind, line.grams, line.occurred_at)
            for line in self.lines()
            if line.kind in GRAMS
        )
        runs = {name: (load.started_at, load.ended_at) for name, load in self.book.loads.items()}
        into, out = defaultdict(list), defaultdict(list)
        for move in moves:
            if move.kind in ("in", "out"):
                (into if move.kind == "in" else out)[move.seq].append((move.lot, move.grams))
        self.inputs = Flows(into, out, {}).inputs  # type: ignore[arg-type]
        return State(lots, papers, moves, runs)

    def composition(self, lot: str) -> dict[str, int]:
        return shares(lot, self.inputs, self.book.by_uid[lot].initial_g)  # type: ignore[misc]

    def below(self, lot: str) -> set[str]:
        return {self.book.by_key[key].uid for key in self.book.with_descendants({self.book.by_uid[lot].key})}

    def logged(self) -> list[str]:
        return [event.id for event, _, _ in self.log]

    # --- replay ---

    def rebuild(self) -> Book:
        """The book from the stored bytes of events and rulings alone."""
        book = Book(profiles().schemes)
        for event, ruling, seq in self.log:
            stored, ruled = told.parse(told.canonical(event)), Ruling.load(ruling.dump())
            match stored:
                case told.Corrected():
                    original, at = self._original(book, stored), told.millis(stored.occurred_at)
                    take_back(original, book, Logged(seq, 1), at)
                    put_right(original, stored.instead, ruled, book, Logged(seq, 1), at)
                case told.Reassessed():
                    reassess(stored, ruled, self._capped(book, stored), book, Logged(seq, 1))
                case _:
                    fold(stored, ruled, book, Logged(seq, 1))
        return book

    def rebuilt(self) -> bool:
        book = self.rebuild()
        parts: tuple[Callable[[Book], Any], ...] = (
            lambda one: one.by_uid,
            lambda one: one.lines,
            lambda one: {key: rows for key, rows in one.caps.items() if rows},
            lambda one: {key: rows for key, rows in one.holds.items() if rows},
            lambda one: {key: rows for key, rows in one.consignments.items() if rows},
            lambda one: {key: rows for key, rows in one.checks.items() if rows},
            lambda one: (one.loads, one.ended_loads, one.cleanings, one.voided),
            lambda one: {key: below for key, below in one.children.items() if below},
        )
        return all(part(book) == part(self.book) for part in parts)


def effective(event: Any, ruling: Ruling) -> tuple[Any, Ruling]:
    """What an event says that counts: a correction says what it puts in place."""
    if isinstance(event, told.Corrected) and event.instead is not None:
        return event.instead, ruling.instead or ruling
    return event, ruling


def memory(season: Season) -> Memory:
    return Memory(season.schemes, strict=season.strict)


class Rules(Season):
    """A season on the rules in memory."""

    ledger_of = memory


class Organic(Rules):
    """One scheme, the weakest link."""


class Strict(Rules):
    """One scheme, strict mixing."""

    strict = True


class Several(Rules):
    """Schemes that are judged each by its own rules."""

    schemes = ("EU_ORG", "NOP", "GMP")


class Forests(Rules):
    """A scheme without a certificate beside organic."""

    schemes = ("EUDR", "EU_ORG")


MACHINES = (Organic, Strict, Several, Forests)

TestOrganic = Organic.TestCase
TestStrict = Strict.TestCase
TestSeveral = Several.TestCase
TestForests = Forests.TestCase
TestOrganic.settings = TestStrict.settings = TestSeveral.settings = TestForests.settings = profile(500, 14)


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("machine", MACHINES)
def test_seasons_drawn_anew(machine: type[Rules], part: int) -> None:
    """The same rules, with every choice independent of those before: long seasons that go far from each other."""
    tally = Counter[tuple[str, bool]]()
    for seed in range(part * SEEDS, (part + 1) * SEEDS):
        try:
            tally += walk(machine, seed, 24)
        except AssertionError as wrong:
            wrong.add_note(f"{machine.__name__}, seed {seed}")
            raise
    # that they go anywhere: every kind of act is accepted, and refused where it can be
    kinds = {"delivered", "received", "bulked", "split", "transformed", "loaded", "unloaded", "cleaned", "lost", "held"}
    kinds |= {"released", "recalled", "downgraded", "certified", "inspected", "shipped", "put right", "taken back"}
    assert min(tally[kind, True] for kind in kinds) >= 5, tally
    refusable = kinds - {"delivered", "cleaned", "inspected", "recalled", "held", "unloaded", "taken back"}
    assert min(tally[kind, False] for kind in refusable) >= 1, tally


# --- I13: what happened when decides, not when it was told ---

DAYS = st.integers(0, 30)
CHAIN = st.tuples(st.sampled_from(FARMER), st.sampled_from(SITE), st.sampled_from(SITE), DAYS, DAYS)


def chain_of(number: int, farmer: str, gate: str, works: str, day: int, later: int) -> list[Act]:
    """A delivery, its weigh-in and its drying, with lots of their own."""
    lots = [uid(number * 10 + i) for i in range(3)]
    at = START + day * ref.DAY
    return [
        Act("delivered", at, gate, made={lots[0]: 1000}, farmer=farmer),
        Act("received", at + HOUR, gate, {lots[0]: 1000}, {lots[1]: 1000}),
        Act("transformed", at + later * ref.DAY + 2 * HOUR, works, {lots[1]: 1000}, {lots[2]: 400}, DRY),
    ]


def tell_all(memory: Memory, acts: list[Act]) -> dict[str, dict[str, str]]:
    for number, act in enumerate(acts):
        assert memory.tell(event_of(act, uid(1000 + number)), NOW) is None
    return {lot: dict(seen.claims) for lot, seen in memory.state().lots.items()}


@pytest.mark.parametrize("schemes", [("EU_ORG",), ("EU_ORG", "NOP", "GMP"), ("EUDR", "EU_ORG")])
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(chains=st.lists(CHAIN, min_size=2, max_size=4), chance=st.randoms(use_true_random=True))
def test_I13_the_order_of_telling_changes_no_claim(
    schemes: tuple[str, ...], chains: list[tuple[str, str, str, int, int]], chance: random.Random
) -> None:
    told_in_turn = [chain_of(number, *chain) for number, chain in enumerate(chains, 1)]
    waiting = [list(acts) for acts in told_in_turn]
    mixed = []
    while any(waiting):
        mixed.append(chance.choice([acts for acts in waiting if acts]).pop(0))
    first, second = fresh(schemes), fresh(schemes)
    assert tell_all(first, [act for acts in told_in_turn for act in acts]) == tell_all(second, mixed)


@pytest.mark.parametrize("schemes", [("EU_ORG",), ("EU_ORG", "NOP", "GMP"), ("EUDR", "EU_ORG")])
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    chains=st.lists(CHAIN, min_size=1, max_size=4),
    who=st.sampled_from(("OLD", "NEW", "EST", "OUT", "EU_ORG", "NOP", "GMP")),
    day=DAYS,
)
def test_I13_a_suspension_learnt_late_lowers_as_if_it_had_been_known(
    schemes: tuple[str, ...], chains: list[tuple[str, str, str, int, int]], who: str, day: int
) -> None:
    """And as the reference has it: nothing that happened before its day is touched."""
    acts = [act for number, chain in enumerate(chains, 1) for act in chain_of(number, *chain)]
    model, since = Model(schemes), ref.day_of(START + day * ref.DAY)
    late, early = fresh(schemes), Memory(schemes, strict=False)
    tell_all(late, acts)
    for number, act in enumerate(acts):
        model.tell(number, act)
    if who in model.cluster.farmers:
        model.suspend_member(who, since)
        late.sync(model.cluster, ("membership", who, since))
    elif who in schemes:
        model.suspend_certificate(who, since)
        late.sync(model.cluster, ("certificate", who, since))
    early.sync(model.cluster, None)
    claims = {lot: dict(seen.claims) for lot, seen in late.state().lots.items()}
    assert claims == tell_all(early, acts) == model.view.claims


# --- corrections and mixtures, in as few events as show it ---


def fresh(schemes: tuple[str, ...] = ("EU_ORG",), *, strict: bool = False) -> Memory:
    memory = Memory(schemes, strict=strict)
    memory.sync(ref.cluster(), None)
    return memory


class Story:
    """Acts told one after the other, by short names."""

    def __init__(self, *schemes: str, strict: bool = False) -> None:
        self.memory = fresh(schemes or ("EU_ORG",), strict=strict)
        self.at = START

    def say(self, name: str, kind: str, took: dict[str, int], made: dict[str, int], **more: Any) -> None:
        """An hour later, unless it says when."""
        self.at = more.pop("at", self.at + HOUR)
        named = {"took": {ident(lot): weight for lot, weight in took.items()}}
        named["made"] = {ident(lot): weight for lot, weight in made.items()}
        self.act(name, Act(kind, self.at, **named, **more))

    def act(self, name: str, act: Act) -> None:
        refused = self.memory.tell(event_of(act, ident(name)), NOW)
        assert refused is None, refused

    def bring(self, lot: str, weight: int = 100, farmer: str = "OLD", **more: Any) -> None:
        self.say(f"bring {lot}", "delivered", {}, {lot: weight}, farmer=farmer, **more)

    def fix(
        self, name: str, event: str, took: dict[str, int] | None = None, made: dict[str, int] | None = None, **more: Any
    ) -> str | None:
        """Put an event right (another weight, farmer, time), or take it back where nothing is put in its place."""
        wrong = next(effective(*item[:2])[0] for item in self.memory.log if item[0].id == ident(event))
        instead = None
        if made is not None:
            act = Act(
                wrong.type,
                more.pop("at", told.millis(wrong.occurred_at)),
                took={ident(lot): weight for lot, weight in (took or {}).items()},
                made={ident(lot): weight for lot, weight in made.items()},
                **more,
            )
            instead = event_of(act, ident(f"{name} right"))
        when = datetime.fromtimestamp((self.at + 90 * ref.DAY) / 1000, UTC)
        event_told = told.Corrected(id=ident(name), occurred_at=when, event=ident(event), reason="x", instead=instead)
        return self.memory.tell(event_told, NOW)

    def claim(self, lot: str, scheme: str = "EU_ORG") -> str:
        return self.lot(lot).claims[scheme]

    def lot(self, lot: str) -> Seen:
        return self.memory.state().lots[ident(lot)]


def test_I04_a_delivery_that_fills_a_lot_twice_still_counts_when_one_fill_is_taken_back() -> None:
    story = Story()
    story.bring("Z", farmer=GHOST)
    story.bring("O")
    for name, lot, weight in (("f1", "O", 100), ("f2", "Z", 50), ("f3", "Z", 50)):
        story.say(name, "received", {lot: weight}, {"R": weight})
    assert story.fix("c", "f2") is None
    assert story.claim("R") == "conventional"  # 50 g of Z are still in it
    assert ident("R") in story.memory.below(ident("Z"))


def test_I04_goods_that_rise_by_a_correction_are_held_to_the_sites_that_they_passed() -> None:
    story = Story()
    story.bring("D", farmer=GHOST)
    story.say("dry", "transformed", {"D": 100}, {"B": 40}, product=DRY, site="WILD")
    assert story.fix("c", "bring D", {}, {"D": 100}, farmer="OLD") is None
    assert story.claim("D") == "organic"
    assert story.claim("B") == "conventional"  # dried at a site that no certificate covers


def test_I04_goods_that_rise_by_a_correction_are_held_to_strict_mixing() -> None:
    story = Story(strict=True)
    for lot in ("D", "E"):
        story.bring(lot, farmer=GHOST)
    story.say("mix", "bulked", {"D": 100, "E": 100}, {"M": 200})
    assert story.fix("c1", "bring D", {}, {"D": 100}, farmer="OLD") is None
    assert story.fix("c2", "bring E", {}, {"E": 100}, farmer="NEW") is None
    assert (story.claim("D"), story.claim("E")) == ("organic", "in_conversion")
    assert story.claim("M") == "conventional"


def test_I03_a_lot_short_for_two_reasons_is_blocked_until_both_are_put_right() -> None:
    story = Story()
    for lot in ("A", "B"):
        story.bring(lot)
    story.say("in", "received", {"A": 100, "B": 100}, {"R": 200})
    for name, lot in (("c1", "A"), ("c2", "B")):
        assert story.fix(name, f"bring {lot}", {}, {lot: 10}, farmer="OLD") is None
    assert story.fix("c3", "c1", {}, {"A": 100}, farmer="OLD") is None
    assert story.lot("B").deficit_g == 90
    assert story.lot("R").disposition == "on_hold"


def test_a_lot_that_is_no_longer_made_from_a_short_one_is_free() -> None:
    story = Story()
    for lot in ("A", "B"):
        story.bring(lot)
    story.say("in 1", "received", {"B": 50}, {"R": 50})
    story.say("in 2", "received", {"A": 50}, {"R": 50})
    story.say("in 3", "received", {"A": 50}, {"Q": 50})
    assert story.fix("c1", "bring A", {}, {"A": 10}, farmer="OLD") is None
    assert story.fix("c2", "in 2") is None  # R is of B alone
    assert story.fix("c3", "c1", {}, {"A": 100}, farmer="OLD") is None  # and A is not short any more
    assert story.lot("R").holds == frozenset()


def test_I17_certificates_are_cancelled_or_flagged_when_the_lot_turns_out_to_be_less() -> None:
    story = Story()
    story.bring("A")
    paper = {"paper": "coi", "number": "1", "scheme": "EU_ORG", "value": "organic"}
    story.act("coi", Act("certified", START + ref.DAY, lot=ident("A"), grams=100, **paper))
    refused = story.fix("c", "bring A", {}, {"A": 60}, farmer="OLD")
    issued = [state for *_, weight, state in story.memory.state().papers if weight > story.lot("A").initial_g]
    assert refused is not None or issued == ["flagged"]


def test_I03_more_is_not_drawn_than_there_was_at_that_time() -> None:
    story = Story()
    for lot in ("A", "B"):
        story.bring(lot)
    story.say("in 1", "received", {"A": 100}, {"R": 100})
    story.say("in 2", "received", {"B": 100}, {"R": 100}, at=START + 10 * ref.DAY)
    drawn = Act("lost", START + ref.DAY, lot=ident("R"), grams=150)
    assert story.memory.tell(event_of(drawn, ident("lost")), NOW) == "INSUFFICIENT_STOCK"


def test_I04_a_corrected_fill_is_still_mixed_strictly() -> None:
    story = Story(strict=True)
    story.bring("A")
    story.bring("B", farmer="NEW")
    story.say("in 1", "received", {"A": 100}, {"R": 100})
    story.say("in 2", "received", {"B": 100}, {"R": 100})
    assert story.claim("R") == "conventional"
    assert story.fix("c", "in 2", {"B": 90}, {"R": 90}) is None
    assert story.claim("R") == "conventional"


def test_I04_a_downgrade_raises_nothing() -> None:
    story = Story(strict=True)
    story.bring("A")
    story.bring("B", farmer="NEW")
    story.say("in", "received", {"A": 100, "B": 100}, {"R": 200})
    assert story.claim("R") == "conventional"
    story.act("d", Act("downgraded", story.at, lot=ident("A"), scheme="EU_ORG", value="in_conversion"))
    assert story.claim("R") == "conventional"


def test_I04_a_certificate_is_flagged_when_a_fill_lowers_what_its_lot_claims() -> None:
    story = Story()
    story.bring("A")
    story.bring("B", farmer=GHOST)
    story.say("in 1", "received", {"A": 100}, {"R": 100})
    paper = {"paper": "coi", "number": "1", "scheme": "EU_ORG", "value": "organic"}
    story.act("coi", Act("certified", story.at, lot=ident("R"), grams=100, **paper))
    story.say("in 2", "received", {"B": 100}, {"R": 100})
    assert story.claim("R") == "conventional"
    assert {state for *_, state in story.memory.state().papers} == {"flagged"}


def test_a_downgraded_lot_takes_nothing_more() -> None:
    story = Story()
    for lot in ("A", "B"):
        story.bring(lot)
    story.say("in 1", "received", {"A": 100}, {"R": 100})
    story.act("d1", Act("downgraded", story.at, lot=ident("R"), scheme="EU_ORG", value="in_conversion"))
    more = Act("received", story.at + HOUR, took={ident("B"): 100}, made={ident("R"): 100})
    assert story.memory.tell(event_of(more, ident("in 2")), NOW) == "RECEIVING_LOT_CLOSED"


def test_I04_what_was_made_from_a_lot_that_never_was_claims_no_more_than_before() -> None:
    story = Story()
    story.bring("A", farmer=GHOST)
    story.say("in", "received", {"A": 100}, {"R": 100})
    story.say("dry", "transformed", {"R": 100}, {"B": 40}, product=DRY)
    assert story.fix("c", "in") is None
    assert (story.claim("R"), story.claim("B")) == ("conventional", "conventional")


def test_I22_a_run_that_is_open_again_does_not_overlap_the_next() -> None:
    story = Story()
    for lot in ("A", "B"):
        story.bring(lot)
    story.say("load 1", "loaded", {"A": 100}, {}, vessel="BOX", load=ident("run1"))
    story.say("dry", "transformed", {"A": 100}, {"D": 40}, product=DRY, loads=(ident("run1"),))
    story.say("load 2", "loaded", {"B": 100}, {}, vessel="BOX", load=ident("run2"))
    refused = story.fix("c", "dry")
    runs = story.memory.state().runs.values()
    assert refused is not None or sum(end is None for _, end in runs) == 1


def test_I22_a_run_does_not_end_after_the_next_one_began() -> None:
    story = Story()
    for lot in ("A", "B"):
        story.bring(lot)
    story.say("load 1", "loaded", {"A": 100}, {}, vessel="BOX", load=ident("run1"))
    story.say("dry", "transformed", {"A": 100}, {"D": 40}, product=DRY, loads=(ident("run1"),))
    story.say("load 2", "loaded", {"B": 100}, {}, vessel="BOX", load=ident("run2"))
    later = {"product": DRY, "loads": (ident("run1"),), "at": story.at + ref.DAY}
    assert story.fix("c", "dry", {"A": 100}, {"D": 40}, **later) == "LOAD_ENDED"


def test_I08_a_lot_is_there_since_the_first_fill_that_counts() -> None:
    story = Story()
    for lot in ("A", "B"):
        story.bring(lot)
    story.say("in 1", "received", {"A": 100}, {"R": 100})
    story.say("in 2", "received", {"B": 100}, {"R": 100}, at=START + 10 * ref.DAY)
    assert story.fix("c", "in 1") is None
    assert story.lot("R").made_at == START + 10 * ref.DAY


def test_a_fill_taken_back_takes_along_what_lowered_it() -> None:
    story = Story()
    story.bring("A")
    story.bring("B")
    story.say("in 1", "received", {"A": 100}, {"R": 100})
    story.say("in 2", "received", {"B": 100}, {"R": 100}, at=START + 10 * ref.DAY)
    model, since = Model(("EU_ORG",)), ref.day_of(START + 10 * ref.DAY)
    model.suspend_certificate("EU_ORG", since)
    story.memory.sync(model.cluster, ("certificate", "EU_ORG", since))
    assert story.claim("R") == "conventional"
    assert story.fix("c", "in 2") is None
    assert story.claim("R") == "organic"  # A alone, weighed in while the certificate was in force
    assert not story.memory.book.caps[story.memory.book.by_uid[ident("R")].key]


def test_I05_a_downgrade_under_one_scheme_changes_no_claim_under_another() -> None:
    story = Story("EUDR", "EU_ORG")
    since = date(2025, 1, 10)
    held = story.memory.registry
    strict = (*held.settings, Setting("EU_ORG", since, strict=True))
    story.memory.registry = replace(held, settings=strict)
    story.bring("A")
    for lot in ("B", "C"):
        story.bring(lot, farmer="NEW")
    story.say("in 1", "received", {"A": 100, "B": 100}, {"R": 200})
    story.say("in 2", "received", {"C": 100}, {"R": 100}, at=START + 10 * ref.DAY)
    before = story.claim("R")
    story.act("d", Act("downgraded", story.at, lot=ident("A"), scheme="EUDR", value="non_compliant"))
    assert story.claim("R") == before


def test_I08_a_delivery_is_not_used_before_it_was_made() -> None:
    story = Story()
    story.bring("A")
    story.say("dry", "transformed", {"A": 100}, {"D": 40}, product=DRY)
    refused = story.fix("c", "bring A", {}, {"A": 100}, farmer="OLD", at=START + 30 * ref.DAY)
    brought = next(move.at for move in story.memory.state().moves if (move.lot, move.kind) == (ident("A"), "in"))
    assert refused is not None or brought <= story.lot("D").made_at or story.lot("D").disposition == "on_hold"


def test_I11_a_delivery_counts_in_the_season_to_which_it_was_corrected() -> None:
    story = Story()
    autumn = START + 290 * ref.DAY  # 23 October 2025
    farmer = story.memory.registry.farmers["EST"]
    ready = replace(
        farmer,
        inspections=(date(2025, 9, 1),),
        estimates=(EstimateFacts("2025/26", WET, 100),),
    )
    story.memory.registry = replace(story.memory.registry, farmers={"EST": ready})
    story.bring("A", farmer="EST", at=autumn - 30 * ref.DAY)  # 23 September: the season before
    assert story.fix("c", "bring A", {}, {"A": 100}, farmer="EST", at=autumn) is None
    story.bring("B", farmer="EST", at=autumn + ref.DAY)
    assert "claim" in story.lot("B").holds  # 200 g brought, 100 g expected
