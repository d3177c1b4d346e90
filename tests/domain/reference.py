"""What the ledger must say, worked out in the simplest way: the facts that count are kept in a list, and everything
else is counted again from the first of them each time it is asked. Nothing here imports the product.

Grams are whole numbers, instants UTC milliseconds, claims the codes of the schemes.
"""

from __future__ import annotations

import pickle
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import cache, cached_property

HOUR = 3_600_000
DAY = 24 * HOUR
START = int(datetime(2025, 1, 6, 6, tzinfo=UTC).timestamp() * 1000)

# --- the rules, as the regulations put them ---


@dataclass(frozen=True)
class Rules:
    """A scheme: values from the lowest to the highest, and what it asks for."""

    values: tuple[str, ...]
    claimable: frozenset[str]
    member: bool = False
    sites_at: frozenset[str] = frozenset()  # steps at which the site must be under a certificate
    full_months: int | None = None
    partial_months: int | None = None
    plots: bool = False  # located, and not cleared
    cleaning: bool = False
    estimates: bool = False
    certificate: bool = True

    def rank(self, value: str) -> int:
        return self.values.index(value)

    @property
    def bottom(self) -> str:
        return self.values[0]

    @property
    def top(self) -> str:
        return self.values[-1]


MAKING = frozenset({"received", "bulked", "split", "transformed"})
SCHEMES = {
    "EU_ORG": Rules(
        ("conventional", "in_conversion", "organic"),
        frozenset({"in_conversion", "organic"}),
        member=True,
        sites_at=MAKING | {"delivered"},
        full_months=36,
        partial_months=12,
        cleaning=True,
        estimates=True,
    ),
    "NOP": Rules(
        ("conventional", "organic"),
        frozenset({"organic"}),
        member=True,
        sites_at=MAKING | {"delivered"},
        full_months=36,
        cleaning=True,
        estimates=True,
    ),
    "GMP": Rules(("outside", "gmp"), frozenset({"gmp"}), sites_at=MAKING),
    "EUDR": Rules(("non_compliant", "incomplete", "ready"), frozenset({"ready"}), plots=True, certificate=False),
}
INSPECTION_DAYS = 365
TOLERANCE = Fraction(11, 10)  # of the estimate: beyond it a delivery is held
FAR = Fraction(12, 10)  # beyond it only a signed estimate releases
MOST_YIELD = Fraction(45, 100)  # dry beans of wet beans
CLEANING_HOURS = 24
CUT_OFF = date(2020, 12, 31)
POLYGON_ABOVE_M2 = 40_000
WET, DRY, NIBS = "cocoa_wet_beans", "cocoa_dry_beans", "cocoa_nibs"
PROCESSES = {"ferment_dry": (WET, DRY), "redry": (DRY, DRY), "winnow": (DRY, NIBS)}
BOX_G = 150_000

# --- the cluster ---


@dataclass(frozen=True)
class Plot:
    """A plot: under conversion since, where it is (none: not located), how large, cleared when."""

    since: date
    located: str | None = "Polygon"
    area_m2: int = 10_000
    cleared: date | None = None


@dataclass(frozen=True)
class Farmer:
    """A member with dated states, inspections, a plot, and what it is expected to bring in the season (wet)."""

    plot: Plot
    states: tuple[tuple[date, str], ...] = ((date(2024, 1, 1), "approved"),)
    inspected: tuple[date, ...] = (date(2024, 11, 20),)
    estimate_g: int | None = None
    signed: bool = False


@dataclass(frozen=True)
class Paper:
    """A certificate of a scheme: valid from and to, its dated states, the sites in its scope."""

    since: date
    until: date
    states: tuple[tuple[date, str], ...]
    sites: dict[str, tuple[date, date | None]]

    def active(self, day: date) -> bool:
        return self.since <= day <= self.until and state_on(self.states, day) == "active"


@dataclass
class Cluster:
    """The registry as it is known now."""

    farmers: dict[str, Farmer]
    papers: dict[str, Paper]


GHOST = "GHOST"
"""A code on a receipt that no list knows."""

OLD = Plot(date(2019, 1, 1))
FARMERS = {
    "OLD": Farmer(OLD),
    "NEW": Farmer(Plot(date(2022, 1, 25), "Point", 60_000)),  # 36 months on 25 January
    "YOUNG": Farmer(Plot(date(2024, 1, 20), "Point", 40_000)),  # 12 months on 20 January
    "LAPSED": Farmer(Plot(date(2019, 1, 1), None), inspected=(date(2024, 1, 14),)),  # a year on 13 January
    "OUT": Farmer(
        Plot(date(2019, 1, 1), cleared=date(2021, 5, 1)),
        ((date(2024, 1, 1), "approved"), (date(2025, 1, 15), "suspended")),
    ),
    "EST": Farmer(OLD, estimate_g=150_000),
}
SITES = ("GATE", "LATE", "WILD")
VESSELS = {"BOX": "GATE"}


def cluster() -> Cluster:
    """A cooperative with a certified site, one that leaves the scope on 20 January (GMP: on the 10th), and one outside."""
    begin = date(2024, 1, 1)
    active = ((begin, "active"),)
    return Cluster(
        dict(FARMERS),
        {
            "EU_ORG": Paper(
                begin, date(2026, 12, 31), active, {"GATE": (begin, None), "LATE": (begin, date(2025, 1, 20))}
            ),
            "NOP": Paper(begin, date(2026, 12, 31), active, {"GATE": (begin, None), "LATE": (begin, None)}),
            "GMP": Paper(begin, date(2025, 2, 3), active, {"GATE": (begin, None), "LATE": (begin, date(2025, 1, 10))}),
        },
    )


def state_on(states: tuple[tuple[date, str], ...], day: date) -> str | None:
    held = [state for since, state in states if since <= day]
    return held[-1] if held else None


def with_state(states: tuple[tuple[date, str], ...], day: date, state: str) -> tuple[tuple[date, str], ...]:
    return tuple(sorted((*states, (day, state)), key=lambda item: item[0]))


@cache
def day_of(at: int) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date()


# --- what is told ---


@dataclass(frozen=True)
class Act:
    """Something told of the lots, in the words of both the ledger and this model."""

    kind: str
    at: int
    site: str = "GATE"
    took: dict[str, int] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    product: str = WET  # of what is made
    farmer: str = ""
    process: str | None = None
    loads: tuple[str, ...] = ()
    lot: str = ""  # of which it speaks
    grams: int = 0
    scheme: str = ""
    value: str = ""
    paper: str = ""  # kind of certificate of a control body
    number: str = ""
    vessel: str | None = None
    load: str = ""
    told_at: int = 0
    failed: bool = False  # of a check
    retest: tuple[str, int] | None = None  # the failed check that it repeats: id and number

    @property
    def day(self) -> date:
        return day_of(self.at)


@dataclass
class Fact:
    """An act that was accepted. ``caps``: the most that it lets what it makes claim; ``judged``: the event at which."""

    seq: int
    act: Act
    caps: dict[str, str] = field(default_factory=dict)
    counts: bool = True
    judged: int = 0


@dataclass
class Stop:
    """Something that blocks a lot, and why: ``("over", scheme, farmer, estimate)`` or
    ``("clean", scheme, site, vessel, since, until)``."""

    lot: str
    kind: str
    seq: int
    causes: tuple[tuple[object, ...], ...] = ()
    open: bool = True
    at: int = 0


@dataclass
class Check:
    """A check of a lot: too wet, or in order in everything that is asked for before shipping.

    ``since``: the event from which on it counts; for a part of the lot the split.
    """

    seq: int
    at: int
    failed: bool
    retest: int | None
    since: int


@dataclass
class Goods:
    """A lot: what it is, since when, from whom."""

    kind: str
    product: str
    made_at: int
    site: str
    farmer: str = ""


@dataclass
class Run:
    """A vessel is in use."""

    vessel: str
    start: int
    contents: dict[str, int]
    end: int | None = None


@dataclass
class Issued:
    """Grams of a lot on a certificate of a control body."""

    lot: str
    seq: int
    kind: str
    scheme: str
    value: str
    number: str
    grams: int
    state: str = "issued"


@dataclass
class View:
    """Everything that follows from the facts, counted from the first."""

    model: Model

    @cached_property
    def facts(self) -> list[Fact]:
        return [fact for fact in self.model.facts if fact.counts]

    @cached_property
    def makers(self) -> dict[str, list[Fact]]:
        answer: dict[str, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            for lot in fact.act.made:
                answer[lot].append(fact)
        return answer

    @cached_property
    def into(self) -> dict[str, int]:
        return {lot: sum(fact.act.made[lot] for fact in self.makers[lot]) for lot in self.model.lots}

    @cached_property
    def used(self) -> dict[str, int]:
        """Grams that went into other lots or were lost."""
        answer: dict[str, int] = defaultdict(int)
        for fact in self.facts:
            for lot, grams in fact.act.took.items():
                answer[lot] += grams
            if fact.act.kind == "lost":
                answer[fact.act.lot] += fact.act.grams
        return answer

    @cached_property
    def shipped(self) -> dict[str, int]:
        answer: dict[str, int] = defaultdict(int)
        for fact in self.facts:
            if fact.act.kind == "shipped":
                answer[fact.act.lot] += fact.act.grams
        return answer

    def level(self, lot: str) -> int:
        """In less out: below zero where a correction took away what was already spent."""
        return self.into[lot] - self.used[lot] - self.shipped[lot]

    def remaining(self, lot: str) -> int:
        return max(0, self.level(lot))

    @cached_property
    def short(self) -> set[str]:
        return {lot for lot in self.model.lots if any(level < 0 for _, level in self.levels(lot))}

    def void(self, lot: str) -> bool:
        return not self.makers[lot]

    # --- who comes from whom ---

    @cached_property
    def parents(self) -> dict[str, set[str]]:
        return {lot: {parent for fact in self.makers[lot] for parent in fact.act.took} for lot in self.model.lots}

    @cached_property
    def above(self) -> dict[str, set[str]]:
        """Each lot with all that it was made from, itself included."""
        known: dict[str, set[str]] = {}

        def walk(lot: str) -> set[str]:
            if lot not in known:
                known[lot] = {lot}.union(*(walk(parent) for parent in self.parents[lot]))
            return known[lot]

        return {lot: walk(lot) for lot in self.model.lots}

    def below(self, lot: str) -> set[str]:
        """All that was made from a lot, itself included."""
        return {other for other, above in self.above.items() if lot in above}

    @cached_property
    def shares(self) -> dict[str, dict[str, Fraction]]:
        """The part of each lot that comes from each lot without inputs: every lot is one homogeneous pool."""
        known: dict[str, dict[str, Fraction]] = {}

        def walk(lot: str) -> dict[str, Fraction]:
            if lot in known:
                return known[lot]
            answer: dict[str, Fraction] = defaultdict(Fraction)
            for fact in self.makers[lot]:
                drawn = sum(fact.act.took.values())
                for parent, grams in fact.act.took.items():
                    part = Fraction(fact.act.made[lot] * grams, self.into[lot] * drawn)
                    for origin, share in walk(parent).items():
                        answer[origin] += part * share
            known[lot] = dict(answer) or {lot: Fraction(1)}
            return known[lot]

        return {lot: walk(lot) for lot in self.model.lots}

    # --- claims: the weakest link over the whole ancestry ---

    @cached_property
    def claims(self) -> dict[str, dict[str, str]]:
        known: dict[tuple[str, str], str] = {}

        def walk(lot: str, scheme: str) -> str:
            if (lot, scheme) not in known:
                known[lot, scheme] = work(lot, scheme)
            return known[lot, scheme]

        def work(lot: str, scheme: str) -> str:
            rules = SCHEMES[scheme]
            if self.void(lot):
                return rules.bottom  # nothing is known of it
            found = {walk(parent, scheme) for parent in self.parents[lot]}
            if self.model.strict and len(found) > 1 and "in_conversion" in found:
                return rules.bottom  # Reg. (EU) 2018/848 Annex II Part IV 2.1, strictly
            caps = [fact.caps[scheme] for fact in self.makers[lot]]
            caps += [value for which, value in self.model.downgrades[lot] if which == scheme]
            caps += [self.model.stands[lot, scheme]] if (lot, scheme) in self.model.stands else []
            return min((*found, *caps), key=rules.rank)

        return {lot: {scheme: walk(lot, scheme) for scheme in self.model.schemes} for lot in self.model.lots}

    # --- what blocks ---

    def kinds(self, lot: str) -> set[str]:
        found = {stop.kind for stop in self.model.stops if stop.open and stop.lot == lot}
        if self.void(lot):
            found.add("void")
        if self.above[lot] & self.short:
            found.add("stock")
        return found

    def disposition(self, lot: str) -> str:
        kinds = self.kinds(lot)
        if "void" in kinds:
            return "void"
        if "recall" in kinds:
            return "recalled"
        return "on_hold" if kinds else "available"

    def in_vessels(self, lot: str, ending: tuple[str, ...] = ()) -> int:
        return sum(
            run.contents.get(lot, 0) for name, run in self.model.runs.items() if run.end is None and name not in ending
        )

    def free(self, lot: str) -> int:
        """Grams that may be drawn: not lying in a vessel."""
        return max(0, self.remaining(lot) - self.in_vessels(lot))

    def papers(self, lot: str, kind: str, scheme: str) -> int:
        """Grams of a lot on certificates of a kind, those taken back left out."""
        return sum(
            paper.grams
            for paper in self.model.papers
            if (paper.lot, paper.kind, paper.scheme) == (lot, kind, scheme) and paper.state != "cancelled"
        )

    # --- what a farmer brought ---

    def brought(self, farmer: str, scheme: str, but: tuple[str, ...] = ()) -> int:
        """Grams delivered in the season with a claim that still stands."""
        return sum(
            self.into[lot]
            for lot, goods in self.model.lots.items()
            if goods.farmer == farmer
            and lot not in but
            and not self.void(lot)
            and self.claims[lot][scheme] in SCHEMES[scheme].claimable
        )

    # --- event time ---

    def levels(self, lot: str) -> list[tuple[int, int]]:
        """What was in a lot after each move, in the order in which things happened; what came before what went."""
        moves = [(fact.act.at, 0, fact.act.made[lot]) for fact in self.makers[lot]]
        for fact in self.facts:
            out = fact.act.took.get(lot, 0)
            out += fact.act.grams if fact.act.lot == lot and fact.act.kind in ("lost", "shipped") else 0
            moves.append((fact.act.at, 1, -out))
        level, answer = 0, []
        for at, _, grams in sorted(moves):
            level += grams
            answer.append((at, level))
        return answer

    def spare(self, lot: str, at: int) -> int:
        """What may be drawn at an instant: there then, and not needed for what was drawn later."""
        before = [level for when, level in self.levels(lot) if when <= at]
        later = [level for when, level in self.levels(lot) if when > at]
        return max(0, min([*before[-1:], *later], default=0))


class Model:
    """The facts that count. ``refuses`` says why an act must be refused; ``tell`` takes one that is accepted."""

    def __init__(self, schemes: tuple[str, ...], *, strict: bool = False) -> None:
        self.schemes, self.strict = schemes, strict
        self.cluster = cluster()
        self.facts: list[Fact] = []
        self.lots: dict[str, Goods] = {}
        self.stops: list[Stop] = []
        self.runs: dict[str, Run] = {}
        self.papers: list[Issued] = []
        self.downgrades: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.cleanings: list[tuple[str, str | None, int, int]] = []
        self.stands: dict[tuple[str, str], str] = {}  # lot and scheme: mixed strictly, it does not rise by itself
        self.drawn: set[str] = set()  # ever: a receiving lot is closed by the first draw
        self.checks: dict[str, list[Check]] = defaultdict(list)
        self._view: View | None = None

    @property
    def view(self) -> View:
        if self._view is None:
            self._view = View(self)
        return self._view

    def copy(self) -> Model:
        """Another model of the same facts; written and read back, which takes a third of a deep copy's time."""
        self._view = None
        copied: Model = pickle.loads(pickle.dumps(self))
        return copied

    # --- what an act may let its lots claim ---

    def caps(self, act: Act) -> dict[str, str]:
        if act.kind == "delivered":
            return {scheme: self._brought(scheme, act) for scheme in self.schemes}
        return {scheme: self._handled(scheme, act) for scheme in self.schemes}

    def _brought(self, scheme: str, act: Act) -> str:
        rules, farmer = SCHEMES[scheme], self.cluster.farmers.get(act.farmer)
        if rules.plots:
            return _located(farmer)
        if rules.member and not self._member(scheme, farmer, act.day):
            return rules.bottom
        values = [self._handled(scheme, act)]
        if rules.full_months is not None and farmer is not None:
            values.append(_converted(rules, farmer.plot.since, act.day))
        return min(values, key=rules.rank)

    def _member(self, scheme: str, farmer: Farmer | None, day: date) -> bool:
        if farmer is None or not self.cluster.papers[scheme].active(day):
            return False
        last = max((visit for visit in farmer.inspected if visit <= day), default=None)
        return state_on(farmer.states, day) == "approved" and last is not None and (day - last).days <= INSPECTION_DAYS

    def _handled(self, scheme: str, act: Act) -> str:
        rules = SCHEMES[scheme]
        if act.kind not in rules.sites_at:
            return rules.top
        paper = self.cluster.papers[scheme]
        since, until = paper.sites.get(act.site, (date.max, None))
        inside = since <= act.day and (until is None or act.day <= until)
        return rules.top if inside and paper.active(act.day) else rules.bottom

    # --- why an act must be refused ---

    def refuses(self, act: Act, remade: tuple[str, ...] = (), *, correcting: bool = False) -> set[str]:
        """Every reason that stands against an act; none: it must be accepted."""
        view = self.view
        named = [*act.took, *([act.lot] if act.lot else [])]
        early = {"EVENT_BEFORE_LOT_EXISTS" for lot in named if act.at < self.lots[lot].made_at}
        rework = act.kind == "split" or act.process == "redry"
        drawn = set[str]().union(
            *(
                self._draw(lot, grams, act.at, act.loads, correcting=correcting, rework=rework)
                for lot, grams in act.took.items()
            )
        )
        total, made = sum(act.took.values()), sum(act.made.values())
        taken = {"LOT_EXISTS" for lot in act.made if lot in self.lots and lot not in remade}
        match act.kind:
            case "delivered" | "bulked":
                return early | drawn | taken
            case "received":
                (into,) = act.made
                closed = set() if into in remade else self._closed(into, act)
                return early | drawn | closed | ({"OUTPUT_EXCEEDS_INPUT"} if made > total else set())
            case "split":
                return early | drawn | taken | ({"OUTPUT_MISMATCH"} if made != total else set())
            case "transformed":
                return early | drawn | taken | self._ending(act) | ({"OUTPUT_EXCEEDS_INPUT"} if made > total else set())
            case "loaded":
                return early | drawn | self._busy(act, total)
            case "unloaded":
                return self._ending(replace(act, loads=(act.load,)))
            case "lost":
                blocked = {"LOT_VOID"} if view.void(act.lot) else set()
                return early | blocked | self._enough(act.lot, act.grams, act.at)
            case "held":
                return early | ({"LOT_VOID"} if view.void(act.lot) else set())
            case "released":
                return early | self._unreleasable(act.lot)
            case "downgraded":
                rank = SCHEMES[act.scheme].rank
                not_lower = rank(act.value) >= rank(view.claims[act.lot][act.scheme])
                return early | ({"CLAIM_NOT_LOWER"} if not_lower else set())
            case "certified":
                return early | self._blocked(act.lot, correcting=correcting) | self._uncertifiable(act)
            case "shipped":
                unfit = self._unshippable(act)
                return early | self._draw(act.lot, act.grams, act.at, (), correcting=correcting) | unfit
            case "cleaned" | "recalled" | "inspected":
                return early
        raise AssertionError(act.kind)

    def _blocked(self, lot: str, *, correcting: bool, rework: bool = False) -> set[str]:
        kinds = self.view.kinds(lot)
        if "void" in kinds:
            return {"LOT_VOID"}
        passing = ({"stock"} if correcting else set()) | ({"quality"} if rework else set())
        return {"LOT_BLOCKED"} if kinds - passing else set()

    def _enough(self, lot: str, grams: int, at: int, ending: tuple[str, ...] = ()) -> set[str]:
        if grams > self.view.spare(lot, at):
            return {"INSUFFICIENT_STOCK"}
        if grams > self.view.remaining(lot) - self.view.in_vessels(lot, ending):
            return {"LOT_IN_VESSEL"}
        return set()

    def _draw(
        self, lot: str, grams: int, at: int, ending: tuple[str, ...], *, correcting: bool, rework: bool = False
    ) -> set[str]:
        return self._blocked(lot, correcting=correcting, rework=rework) | self._enough(lot, grams, at, ending)

    def _closed(self, into: str, act: Act) -> set[str]:
        goods = self.lots.get(into)
        if goods is None:
            return set()
        shut = goods.kind != "receiving" or into in self.drawn or goods.site != act.site or self.view.kinds(into)
        shut = shut or self.downgrades[into]
        return {"RECEIVING_LOT_CLOSED"} if shut else set()

    def _ending(self, act: Act) -> set[str]:
        found = set()
        for name in act.loads:
            run = self.runs[name]
            since = [other.start for other in self.runs.values() if other.vessel == run.vessel]
            if (run.end is not None and run.end <= act.at) or any(run.start < start < act.at for start in since):
                found.add("LOAD_ENDED")
            if act.at < run.start:
                found.add("EVENT_BEFORE_LOT_EXISTS")
            if act.kind == "transformed" and set(run.contents) - set(act.took):
                found.add("LOT_NOT_IN_LOAD")
        return found

    def _busy(self, act: Act, total: int) -> set[str]:
        found = {"FACILITY_OVER_CAPACITY"} if total > BOX_G else set()
        for run in self.runs.values():
            if run.vessel == act.vessel and (run.end is None or run.end > act.at):
                found.add("FACILITY_BUSY")
        return found

    def _uncertifiable(self, act: Act) -> set[str]:
        view, rank = self.view, SCHEMES[act.scheme].rank
        found = {"CLAIM_NOT_SUPPORTED"} if rank(view.claims[act.lot][act.scheme]) < rank(act.value) else set()
        if any(
            (paper.lot, paper.kind, paper.number) == (act.lot, act.paper, act.number) and paper.state != "cancelled"
            for paper in self.papers
        ):
            found.add("CERTIFICATE_NUMBER_TAKEN")
        left = view.into[act.lot] - view.used[act.lot] - view.papers(act.lot, act.paper, act.scheme)
        return found | ({"COI_QTY_EXCEEDED"} if act.grams > left else set())

    def _unshippable(self, act: Act) -> set[str]:
        found = set() if self.fit(act.lot) else {"QC_PENDING"}
        if not act.scheme:
            return found
        rules, goods = SCHEMES[act.scheme], self.lots[act.lot]
        if rules.rank(self.view.claims[act.lot][act.scheme]) < rules.rank(act.value):
            found.add("CLAIM_NOT_SUPPORTED")
        if rules.certificate and not self.cluster.papers[act.scheme].active(act.day):
            found.add("CERT_NOT_ACTIVE_AT_DISPATCH")
        if rules.certificate and goods.product == NIBS:
            found.add("PRODUCT_NOT_IN_CERT_SCOPE")
        return found

    def fit(self, lot: str) -> bool:
        """Checked, and nothing that failed stands."""
        checks = self.checks[lot]
        return bool(checks) and all(not check.failed or self._lifted(check.seq, checks) for check in checks)

    def _lifted(self, seq: int, checks: list[Check]) -> bool:
        """A retest that names it, and passes, lifts what failed."""
        again = [check for check in checks if check.retest == seq]
        return any(not check.failed or self._lifted(check.seq, checks) for check in again)

    def failing(self, lot: str) -> list[Check]:
        """Failed checks of a lot."""
        return [check for check in self.checks[lot] if check.failed]

    def _unreleasable(self, lot: str) -> set[str]:
        if self.view.void(lot):
            return {"LOT_VOID"}
        stops = self._releasable(lot)
        if not stops:
            return {"NOT_ON_HOLD"}
        return {code for stop in stops for cause in stop.causes for code in self._still(lot, cause)}

    def _releasable(self, lot: str) -> list[Stop]:
        return [
            stop for stop in self.stops if stop.open and stop.lot == lot and stop.kind in ("hold", "quality", "claim")
        ]

    def _still(self, lot: str, cause: tuple[object, ...]) -> set[str]:
        """What keeps a hold for the sake of a claim: its cause is not put right, and the claim is not given up."""
        name, scheme, *said = cause
        assert isinstance(scheme, str)
        if self.view.claims[lot][scheme] not in SCHEMES[scheme].claimable:
            return set()
        if name == "clean":
            site, vessel, since, until = said
            return set() if self._cleaned(site, vessel, since, until) else {"CLEANING_NOT_RECORDED"}
        farmer, told_g = said
        assert isinstance(farmer, str)
        assert isinstance(told_g, int)
        held = self.cluster.farmers[farmer]
        brought = self.view.brought(farmer, scheme)
        fits = held.estimate_g is not None and brought <= held.estimate_g * TOLERANCE
        return set() if fits and (held.signed or brought <= told_g * FAR) else {"ESTIMATE_NOT_REVISED"}

    # --- cleaning ---

    def _cleaned(self, site: object, vessel: object, since: object, until: object) -> bool:
        return any(
            (where, what) == (site, vessel) and since <= done <= until and told - done <= CLEANING_HOURS * HOUR  # type: ignore[operator]
            for where, what, done, told in self.cleanings
        )

    def unclean(self, act: Act) -> tuple[tuple[object, ...], ...]:
        """Runs on goods of less value before this one, with no cleaning recorded in between."""
        view, caps, found = self.view, self.caps(act), list[tuple[object, ...]]()
        for scheme in self.schemes:
            rules = SCHEMES[scheme]
            if not rules.cleaning:
                continue
            value = min((caps[scheme], *(view.claims[lot][scheme] for lot in act.took)), key=rules.rank)
            for vessel, start, end, lots in self._before(act):
                carried = min((view.claims[lot][scheme] for lot in lots), key=rules.rank)
                if rules.rank(carried) < rules.rank(value) and not self._cleaned(act.site, vessel, end, start):
                    found.append(("clean", scheme, act.site, vessel, end, start))
        return tuple(found)

    def _before(self, act: Act) -> list[tuple[str | None, int, int, list[str]]]:
        """For each vessel of a run (none: the line of the site): its start, and end and goods of the run before."""
        if not act.loads:
            earlier = [
                fact
                for fact in self.view.facts
                if fact.act.kind == "transformed"
                and fact.act.site == act.site
                and not fact.act.loads
                and fact.act.at < act.at
            ]
            last = max(earlier, key=lambda fact: (fact.act.at, fact.seq), default=None)
            return [(None, act.at, last.act.at, list(last.act.made))] if last else []
        answer: list[tuple[str | None, int, int, list[str]]] = []
        for name in act.loads:
            this = self.runs[name]
            runs = [run for run in self.runs.values() if run.vessel == this.vessel and run.end is not None]
            runs = [run for run in runs if run.start < this.start]
            if runs:
                last_run = max(runs, key=lambda run: run.start)
                assert last_run.end is not None
                answer.append((this.vessel, this.start, last_run.end, list(last_run.contents)))
        return answer

    # --- taking in ---

    def tell(self, seq: int, act: Act) -> None:
        """An accepted act."""
        before = self.view.claims
        stops = self._stops(seq, act)
        self.facts.append(Fact(seq, act, self.caps(act), judged=seq))
        for lot in act.made:
            kind = {"delivered": "delivery", "received": "receiving"}.get(act.kind, "lot")
            self.lots.setdefault(lot, Goods(kind, act.product, act.at, act.site, act.farmer))
        self.drawn |= set(act.took) if act.kind != "loaded" else set()
        self.stops += stops
        self._view = None
        self._follow(seq, act)
        if act.kind == "downgraded":
            self._keep_low(before)
        self._date()
        self._flag()

    def _keep_low(self, before: dict[str, dict[str, str]]) -> None:
        """Under strict mixing a whole could rise when a part turns out to be less: it stays."""
        for lot, claims in before.items():
            for scheme, value in claims.items():
                if SCHEMES[scheme].rank(self.view.claims[lot][scheme]) > SCHEMES[scheme].rank(value):
                    self.stands[lot, scheme] = value
        self._view = None

    def _date(self) -> None:
        """A lot is there since the first of what was put into it."""
        for lot, goods in self.lots.items():
            goods.made_at = min((fact.act.at for fact in self.view.makers[lot]), default=goods.made_at)

    def _stops(self, seq: int, act: Act) -> list[Stop]:
        if act.kind == "transformed" and (causes := self.unclean(act)):
            return [Stop(lot, "claim", seq, causes) for lot in act.made]
        if act.kind == "delivered" and (causes := self._over(act)):
            return [Stop(lot, "claim", seq, causes) for lot in act.made]
        return []

    def _over(self, act: Act) -> tuple[tuple[object, ...], ...]:
        farmer = self.cluster.farmers.get(act.farmer)
        if farmer is None or farmer.estimate_g is None:
            return ()
        caps = self.caps(act)
        found = []
        for scheme in self.schemes:
            rules = SCHEMES[scheme]
            if rules.estimates and caps[scheme] in rules.claimable:
                brought = self.view.brought(act.farmer, scheme, tuple(act.made)) + sum(act.made.values())
                if brought > farmer.estimate_g * TOLERANCE:
                    found.append(("over", scheme, act.farmer, farmer.estimate_g))
        return tuple(found)

    def _follow(self, seq: int, act: Act) -> None:
        for name in act.loads:
            self.runs[name].end = act.at
        match act.kind:
            case "loaded":
                assert act.vessel is not None
                self.facts[-1].counts = False  # nothing moves between lots
                self.runs[act.load] = Run(act.vessel, act.at, dict(act.took))
            case "unloaded":
                self.runs[act.load].end = act.at
            case "held":
                self.stops.append(Stop(act.lot, "hold", seq))
            case "released":
                for stop in self._releasable(act.lot):
                    stop.open = False
            case "recalled":
                self.stops += [Stop(lot, "recall", seq) for lot in sorted(self.view.below(act.lot))]
            case "downgraded":
                self.downgrades[act.lot].append((act.scheme, act.value))
            case "certified":
                self.papers.append(Issued(act.lot, seq, act.paper, act.scheme, act.value, act.number, act.grams))
            case "split":
                (whole,) = act.took
                for part in act.made:
                    self._part(seq, part, whole, act.at)
            case "inspected":
                retest = act.retest[1] if act.retest else None
                self.checks[act.lot].append(Check(seq, act.at, act.failed, retest, seq))
                if act.failed:
                    self.stops.append(Stop(act.lot, "quality", seq, at=act.at))
            case "cleaned":
                self.cleanings.append((act.site, act.vessel, act.at, act.told_at))
            case _:
                pass
        self._view = None

    def _part(self, seq: int, part: str, whole: str, at: int) -> None:
        """What failed of a lot until it was parted failed of the part: once, also when it is parted again."""
        known = {check.seq for check in self.checks[part]}
        before = [check for check in self.checks[whole] if check.at <= at]
        standing = [check for check in before if check.failed and not self._lifted(check.seq, before)]
        self.checks[part] += [replace(check, since=seq) for check in standing if check.seq not in known]
        held = {stop.seq for stop in self.stops if stop.lot == part and stop.kind == "quality"}
        stops = [stop for stop in self.stops if stop.open and (stop.lot, stop.kind) == (whole, "quality")]
        self.stops += [replace(stop, lot=part) for stop in stops if stop.at <= at and stop.seq not in held]

    def _flag(self) -> None:
        """A certificate that says more than its lot carries is flagged for ever; so is the last one too many."""
        for paper in self.papers:
            rank = SCHEMES[paper.scheme].rank
            if paper.state == "issued" and rank(self.view.claims[paper.lot][paper.scheme]) < rank(paper.value):
                paper.state = "flagged"
        for paper in self.papers:
            issued = [
                other.grams
                for other in self.papers[: self.papers.index(paper)]
                if other.state == "issued"
                and (other.lot, other.kind, other.scheme) == (paper.lot, paper.kind, paper.scheme)
            ]
            if paper.state == "issued" and sum(issued) + paper.grams > self.view.into[paper.lot]:
                paper.state = "flagged"

    # --- reaching back ---

    def take_back(self, fact: Fact) -> None:
        """The fact no longer counts."""
        fact.counts = False
        for stop in self.stops:
            if stop.seq == fact.seq:
                stop.open = False
        for lot, checks in self.checks.items():
            self.checks[lot] = [check for check in checks if check.seq != fact.seq]
        for paper in self.papers:
            if paper.seq == fact.seq:
                paper.state = "cancelled"
        for name in fact.act.loads:
            self.runs[name].end = None
        self._view = None

    def corrected(self, seq: int, fact: Fact, instead: Act | None) -> tuple[Model, set[str]]:
        """The model after a correction, or as it stands with the reasons why it must be refused."""
        after = self.copy()
        after.take_back(next(item for item in after.facts if item.seq == fact.seq))
        if instead is not None:
            remade = tuple(fact.act.made)
            no_more = replace(instead, grams=fact.act.grams) == fact.act and instead.grams <= fact.act.grams
            left = instead.kind == "shipped" and no_more  # what left is not judged again where less of it left
            reasons = set() if left else after.refuses(instead, remade, correcting=True)
            if reasons:
                return self, reasons
            after.tell(seq, instead)
            after.facts[-1].judged = fact.judged if left else seq
        after._close_again(fact.act)
        touched = {
            lot
            for act in (fact.act, instead)
            if act is not None
            for lot in (*act.took, *act.made, act.lot)
            if lot in after.lots
        }
        reached = {other for lot in touched for other in after.view.below(lot)}
        after.stands = {key: value for key, value in after.stands.items() if key[0] not in reached}
        after._view = None
        after._date()
        after._flag()
        return after, set()

    def _close_again(self, wrong: Act) -> None:
        """A run that no transformation ends any more goes on, unless its vessel was filled again since."""
        for name in wrong.loads:
            this = self.runs[name]
            since = any(run.vessel == this.vessel and run.start > this.start for run in self.runs.values())
            if this.end is None and since:
                this.end = wrong.at

    def suspend_member(self, code: str, day: date) -> set[int]:
        """A member turns out to be suspended from a day on; answers the facts that it lowers."""
        held = self.cluster.farmers[code]
        self.cluster.farmers[code] = replace(held, states=with_state(held.states, day, "suspended"))
        return self._rejudge(lambda act: act.farmer == code and act.day >= day)

    def suspend_certificate(self, scheme: str, day: date) -> set[int]:
        """A certificate turns out to be suspended from a day on; answers the facts that it lowers."""
        held = self.cluster.papers[scheme]
        self.cluster.papers[scheme] = replace(held, states=with_state(held.states, day, "suspended"))
        return self._rejudge(lambda act: act.day >= day)

    def _rejudge(self, concerned: object) -> set[int]:
        assert callable(concerned)
        lowered, before = set(), self.view.claims
        for fact in self.facts:
            if not (fact.counts and fact.act.made and concerned(fact.act)):
                continue
            now = self.caps(fact.act)
            for scheme, value in now.items():
                if SCHEMES[scheme].rank(value) < SCHEMES[scheme].rank(fact.caps[scheme]):
                    fact.caps[scheme] = value
                    lowered.add(fact.seq)
        self._view = None
        self._keep_low(before)
        self._flag()
        return lowered


def _located(farmer: Farmer | None) -> str:
    """Reg. (EU) 2023/1115: no plot, no point, or a point for more than four hectares is no proof; cleared is out."""
    if farmer is None:
        return "incomplete"
    plot = farmer.plot
    if plot.cleared is not None and plot.cleared > CUT_OFF:
        return "non_compliant"
    if plot.located is None or (plot.located == "Point" and plot.area_m2 > POLYGON_ABOVE_M2):
        return "incomplete"
    return "ready"


def _converted(rules: Rules, since: date, day: date) -> str:
    months = (day.year - since.year) * 12 + day.month - since.month - (day.day < since.day)
    assert rules.full_months is not None
    if months >= rules.full_months:
        return rules.top
    partial = rules.partial_months is not None and months >= rules.partial_months
    return rules.values[-2] if partial else rules.bottom
