"""The laws of the ledger as properties: random chains against an independent model of a few lines.

The rules run on plain values: no database, so thousands of chains are tried.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import events as told
from domain.book import Book
from domain.fold import Logged, fold
from domain.judge import World, judge
from domain.lineage import shares
from domain.refusals import Refused
from domain.values import Actor, CertificateFacts, FarmerFacts, MembershipFacts, PlotFacts, Registry, Site
from ledger.profiles import profiles

ORDER = ("conventional", "in_conversion", "organic")
STARTS = {"OLD": date(2019, 1, 1), "NEW": date(2023, 3, 1)}
START = datetime(2025, 1, 1, tzinfo=UTC)


def uid(number: int) -> str:
    return str(UUID(int=number))


def registry() -> Registry:
    site_in, site_out = Site(uid(1), 1, "IN"), Site(uid(2), 1, "OUT")
    held = CertificateFacts(
        uid(3), 1, "EU_ORG", "C", date(2024, 1, 1), date(2030, 1, 1), (("cocoa_beans", None, None),),
        ((uid(1), date(2024, 1, 1), None),), ((date(2024, 1, 1), "active"),),
    )  # fmt: skip
    farmers = {
        code: FarmerFacts(
            code,
            (MembershipFacts(uid(3), ((date(2024, 1, 1), "approved"),)),),
            (date(2024, 12, 1),),
            (PlotFacts("P", "cocoa", start),),
        )
        for code, start in STARTS.items()
    }
    return Registry({uid(1): site_in, uid(2): site_out}, {}, farmers, {uid(3): held}, {})


class Model:
    """What must be: grams by lot, who went into whom, and the lowest claim of all that went in."""

    def __init__(self) -> None:
        self.grams: dict[str, int] = {}
        self.made: dict[str, int] = {}
        self.own: dict[str, str] = {}
        self.parents: dict[str, set[str]] = defaultdict(set)
        self.lost = 0
        self.delivered = 0

    def claim(self, lot: str) -> str:
        values = [self.own[lot], *(self.claim(parent) for parent in self.parents[lot])]
        return min(values, key=ORDER.index)


class Chain:
    """The ledger's own rules, on a book in memory."""

    def __init__(self) -> None:
        self.book = Book(profiles().schemes)
        self.world = World(self.book, registry(), profiles(), Actor(1, "A", "test"), 1_900_000_000_000)
        self.model = Model()
        self.seq = 0
        self.now = START

    def tell(self, kind: type[told.Base], **fields: Any) -> bool:
        self.seq += 1
        self.now += timedelta(hours=1)
        event: Any = kind(id=uid(10_000 + self.seq), occurred_at=self.now, **fields)
        before = {lot.uid: (lot.remaining_g, dict(lot.claims)) for lot in self.book.by_uid.values()}
        try:
            ruling = judge(event, self.world)
        except Refused:
            assert {lot.uid: (lot.remaining_g, dict(lot.claims)) for lot in self.book.by_uid.values()} == before
            return False
        fold(event, ruling, self.book, Logged(self.seq, 1))
        for made in told.lots_made(event):
            self.world.taken_lots.add(made)
            self.world.taken_codes.add(self.book.by_uid[made].code)
        return True

    def new(self) -> tuple[str, str]:
        return uid(50_000 + self.seq * 10), f"L{self.seq}"


def weight(grams: int) -> told.Quantity:
    return told.Quantity(value=grams, unit="g")


ACTS = st.lists(
    st.tuples(
        st.sampled_from(("deliver", "receive", "bulk", "split", "dry", "lose", "downgrade", "overdraw")),
        st.integers(0, 10**6),
        st.integers(1, 200_000),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


def act(chain: Chain, name: str, pick: int, grams: int, certified: bool) -> None:  # noqa: PLR0915 - one case an act
    model, book = chain.model, chain.book
    site = uid(1) if certified else uid(2)
    here = "organic" if certified else "conventional"
    lots = [lot for lot in book.by_uid.values() if lot.remaining_g]
    if name == "deliver" or not lots:
        lot, code = chain.new()
        farmer = ("OLD", "NEW", "GHOST")[pick % 3]
        made = told.NewLot(lot=lot, code=code, product="cocoa_wet_beans", quantity=weight(grams))
        assert chain.tell(told.Delivered, site=site, farmer=farmer, lot=made)
        judged = {"OLD": "organic", "NEW": "in_conversion", "GHOST": "conventional"}[farmer]
        model.grams[lot] = model.made[lot] = grams
        model.own[lot] = min(judged, here, key=ORDER.index)
        model.delivered += grams
        return
    source = lots[pick % len(lots)]
    part = min(grams, source.remaining_g)
    drawn = told.Drawn(lot=source.uid, quantity=weight(part))
    lot, code = chain.new()
    if name == "overdraw":
        more = told.Drawn(lot=source.uid, quantity=weight(source.remaining_g + grams))
        assert not chain.tell(told.Bulked, site=site, inputs=(more,), into=told.Named(lot=lot, code=code))
    elif name == "lose":
        assert chain.tell(told.Lost, lot=source.uid, quantity=weight(part), reason="x")
        model.grams[source.uid] -= part
        model.lost += part
    elif name == "downgrade":
        if chain.tell(told.Downgraded, lot=source.uid, scheme="EU_ORG", to="conventional", reason="x"):
            model.own[source.uid] = "conventional"
    elif name == "dry":
        if source.product != "cocoa_wet_beans" or part < 10:
            return
        out = part * 4 // 10
        made = told.NewLot(lot=lot, code=code, product="cocoa_dry_beans", quantity=weight(out))
        assert chain.tell(told.Transformed, site=site, process="ferment_dry", inputs=(drawn,), outputs=(made,))
        _moved(model, {source.uid: part}, {lot: out}, here)
        model.lost += part - out
    elif name == "split":
        if part < 2:
            return
        sizes = (part // 3 or 1, part - (part // 3 or 1))
        outs = {uid(50_000 + chain.seq * 10 + 1 + i): size for i, size in enumerate(sizes)}
        made_all = tuple(
            told.NewLot(lot=key, code=f"{code}-{i}", product=source.product, quantity=weight(size))
            for i, (key, size) in enumerate(outs.items())
        )
        assert chain.tell(told.Split, site=site, input=drawn, outputs=made_all)
        _moved(model, {source.uid: part}, outs, here)
    else:
        others = [one for one in lots if one.product == source.product and one.uid != source.uid][:3]
        if name == "receive":
            others = [one for one in others if one.kind == "delivery"]
            if source.kind != "delivery":
                return
        inputs = {source.uid: part} | {one.uid: max(1, one.remaining_g // 2) for one in others}
        told_inputs = tuple(told.Drawn(lot=key, quantity=weight(size)) for key, size in inputs.items())
        kind = told.Received if name == "receive" else told.Bulked
        assert chain.tell(kind, site=site, inputs=told_inputs, into=told.Named(lot=lot, code=code))
        _moved(model, inputs, {lot: sum(inputs.values())}, here)


def _moved(model: Model, inputs: dict[str, int], outputs: dict[str, int], here: str) -> None:
    for lot, grams in inputs.items():
        model.grams[lot] -= grams
    for lot, grams in outputs.items():
        model.grams[lot] = model.made[lot] = grams
        model.own[lot] = here
        model.parents[lot] = set(inputs)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTS)
def test_every_chain_keeps_every_gram_and_the_weakest_claim(acts: list[tuple[str, int, int, bool]]) -> None:
    """I01–I05: balances to the gram, never negative, claims never above those of what went in, downgrades complete."""
    chain = Chain()
    for name, pick, grams, certified in acts:
        act(chain, name, pick, grams, certified)
    model, book = chain.model, chain.book
    assert {lot.uid: lot.remaining_g for lot in book.by_uid.values()} == model.grams
    assert all(0 <= lot.remaining_g <= lot.initial_g and lot.deficit_g == 0 for lot in book.by_uid.values())
    assert model.delivered == sum(model.grams.values()) + model.lost
    assert {lot.uid: lot.claims["EU_ORG"] for lot in book.by_uid.values()} == {
        key: model.claim(key) for key in model.grams
    }


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTS)
def test_every_composition_sums_to_its_lot_and_names_only_its_deliveries(
    acts: list[tuple[str, int, int, bool]],
) -> None:
    """I06–I08: shares to the gram over any graph; only ancestors; no circle."""
    chain = Chain()
    for name, pick, grams, certified in acts:
        act(chain, name, pick, grams, certified)
    inputs: dict[str, dict[str, int]] = defaultdict(dict)
    outs: dict[int, list[Any]] = defaultdict(list)
    for line in chain.book.lines:
        outs[line.seq].append(line)
    for lines in outs.values():
        for made in (line for line in lines if line.kind == "in"):
            for drawn in (line for line in lines if line.kind == "out"):
                inputs[chain.book.by_key[made.lot].uid][chain.book.by_key[drawn.lot].uid] = drawn.grams
    for lot, grams in chain.model.made.items():
        found = shares(lot, inputs, grams)
        assert sum(found.values()) == grams
        assert set(found) <= _origins(chain.model, lot)


def _origins(model: Model, lot: str) -> set[str]:
    if not model.parents[lot]:
        return {lot}
    return set().union(*(_origins(model, parent) for parent in model.parents[lot]))


@settings(max_examples=500, deadline=None)
@given(st.text(min_size=1, max_size=80), st.integers(1, 10**9), st.sampled_from(("kg", "g", "t")))
def test_stored_bytes_are_canonical_json(text: str, value: int, unit: str) -> None:
    """RFC 8785, byte for byte, whatever people type."""
    import rfc8785
    from pydantic import ValidationError

    try:
        event = told.Lost(
            id=uid(1), occurred_at=START, lot=uid(2), quantity=told.Quantity(value=value, unit=unit), reason=text
        )
    except ValidationError:
        return
    stored = told.canonical(event)
    assert stored == rfc8785.dumps(event.model_dump(mode="json", exclude_none=True))
    assert told.parse(stored) == event


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=30), st.data())
def test_splitting_and_merging_back_changes_no_share(parts: list[int], data: st.DataObject) -> None:
    """I09: whatever way a lot is cut and put together again, its composition is the same to the gram."""
    deliveries = {f"D{i}": grams for i, grams in enumerate(parts)}
    total = sum(parts)
    direct = shares("R", {"R": deliveries}, total)
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, total - 1)), max_size=8)))
    edges = [0, *[cut for cut in cuts if cut < total], total]
    pieces = {f"P{i}": after - before for i, (before, after) in enumerate(itertools.pairwise(edges))}
    inputs: dict[str, dict[str, int]] = {"R": deliveries, "M": pieces}
    inputs |= {piece: {"R": grams} for piece, grams in pieces.items()}
    assert shares("M", inputs, total) == direct
