"""The read side: where a lot comes from, where it went, and the sums of a deployment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, select

import models
from domain.lineage import SCALE, shares
from domain.quantity import proportion
from domain.refusals import Refused
from domain.trace import Direction, Edge, Node, Share, Trace
from ledger.facts import among, ask
from models.base import table
from models.db import SystemSession
from models.graph import family

_LOT = table(models.Lot)
_LINE = table(models.Line)
_PARTY = table(models.LotParty)
_CLAIM, _EVENT = table(models.LotClaim), table(models.Event)

_LOTS = select(_LOT).where(among(_LOT.c.id))
_MOVES = select(_LINE.c.lot_id, _LINE.c.seq, _LINE.c.kind, _LINE.c.grams, _LINE.c.type, _LINE.c.occurred_at).where(
    among(_LINE.c.lot_id), _LINE.c.kind.in_(("in", "out"))
)
_CLAIMS = (
    select(_CLAIM.c.lot_id, _CLAIM.c.scheme, _CLAIM.c.value).where(among(_CLAIM.c.lot_id)).order_by(_CLAIM.c.scheme)
)
_EVENT_IDS = select(_EVENT.c.seq, _EVENT.c.id).where(among(_EVENT.c.seq))
CHUNK = 5_000


def instant(at: int) -> datetime:
    """Milliseconds as an instant."""
    return datetime.fromtimestamp(at / 1000, UTC)


def find_lot(session: SystemSession, org_id: int | None, wanted: str) -> Any:
    """A lot by id or code, as far as an organisation may see it (``None``: the deployment's own command line)."""
    query = select(_LOT).where(sa.or_(_LOT.c.uid == wanted.lower(), _LOT.c.code == wanted.upper()))
    if org_id is not None:
        mine = select(_PARTY.c.lot_id).where(_PARTY.c.org_id == org_id)
        query = query.where(_LOT.c.id.in_(mine))
    rows = session.execute(query.order_by(_LOT.c.id)).all()
    if not rows:
        raise Refused("LOT_UNKNOWN", lot=wanted)
    own = [row for row in rows if row.org_id == org_id]
    return (own or rows)[0]


@dataclass
class Flows:
    """The lines between some lots: what went into each event and what came out."""

    into: dict[int, list[tuple[int, int]]]  # seq -> [(lot, grams)] made
    out: dict[int, list[tuple[int, int]]]  # seq -> [(lot, grams)] drawn
    events: dict[int, tuple[str, int]]  # seq -> (type, occurred_at)

    @cached_property
    def inputs(self) -> dict[int, dict[int, int]]:
        """For each lot, the weight of each parent in its mixture (see ``lineage.shares``)."""
        made_by: dict[int, list[int]] = defaultdict(list)
        for seq, made in self.into.items():
            if seq in self.out:
                for lot, _ in made:
                    made_by[lot].append(seq)
        answer: dict[int, dict[int, int]] = {}
        for lot, seqs in made_by.items():
            weights: dict[int, int] = defaultdict(int)
            for seq in sorted(seqs):
                total = sum(grams for _, grams in self.out[seq])
                came = dict(self.into[seq])[lot]
                for parent, grams in sorted(self.out[seq]):
                    weights[parent] += grams if len(seqs) == 1 else grams * came * SCALE // total
            answer[lot] = dict(weights)
        return answer

    def edges(self) -> Iterator[tuple[int, int, int, int]]:
        """(seq, parent, child, grams): what was drawn, shared over the outputs by weight, to the gram."""
        for seq, made in sorted(self.into.items()):
            children = sorted(made)
            for parent, grams in sorted(self.out.get(seq, ())):
                parts = proportion(grams, [came for _, came in children]) if len(children) > 1 else [grams]
                for (child, _), part in zip(children, parts, strict=True):
                    yield seq, parent, child, part


def flows(session: SystemSession, keys: Collection[int]) -> Flows:
    """All lines of lots by events that move goods between lots."""
    return flows_of(session.connection(), keys)


def flows_of(connection: Connection, keys: Collection[int]) -> Flows:
    """The same, over a connection."""
    into: dict[int, list[tuple[int, int]]] = defaultdict(list)
    out: dict[int, list[tuple[int, int]]] = defaultdict(list)
    events: dict[int, tuple[str, int]] = {}
    for lot, seq, kind, grams, kind_of, at in ask(connection, _MOVES, keys):
        (into if kind == "in" else out)[seq].append((lot, grams))
        events[seq] = (kind_of, at)
    return Flows(into, out, events)


def trace(session: SystemSession, org_id: int | None, wanted: str, direction: Direction) -> Trace:
    """The whole trace of a lot in one answer.

    Backward it ends at the deliveries, or at the lot beyond which the former owner did not disclose; the shares sum
    to the lot exactly. Forward it ends where goods left, or went to somebody who did not share.
    """
    return trace_of(session, org_id, [find_lot(session, org_id, wanted)], direction)


def trace_of(session: SystemSession, org_id: int | None, roots: Sequence[Any], direction: Direction) -> Trace:
    """The trace of one lot, or of several together: then the first stands for them, and there are no shares."""
    root, starts = roots[0], {row.id for row in roots}
    keys = family(session.connection(), starts, direction)
    lots = {row.id: row for row in ask(session.connection(), _LOTS, keys)}
    flow = flows(session, keys)
    shown, withheld = (
        _disclosed_back(session, org_id, starts, flow)
        if direction == "back"
        else _disclosed_forward(session, org_id, lots)
    )
    reached = _reached(starts, flow, withheld, direction)
    nodes = _nodes(session, {key: lots[key] for key in reached}, shown)
    ids = {key: nodes[key].id for key in reached}
    event_ids = _event_ids(session, flow.events)
    edges = tuple(
        Edge(ids[parent], ids[child], grams, flow.events[seq][0], event_ids[seq], instant(flow.events[seq][1]))
        for seq, parent, child, grams in flow.edges()
        if parent in reached and child in reached and not (direction == "back" and child in withheld)
    )
    alone = direction == "back" and len(starts) == 1
    composition = _composition(root, lots, flow, withheld, nodes) if alone else ()
    sums = _sums(session, lots.values()) if direction == "forward" else (0, 0, 0)
    ordered = tuple(sorted((nodes[key] for key in reached), key=lambda node: (node.at, node.id)))
    hidden = len(withheld) if direction == "back" else sum(not node.disclosed for node in ordered)
    return Trace(nodes[root.id], direction, ordered, edges, composition, hidden, *sums)


def disclosed_ancestors(session: SystemSession, org_id: int | None, key: int) -> dict[int, str]:
    """Codes of a lot and of all upstream that an organisation may follow, by key."""
    keys = family(session.connection(), [key], "back")
    flow = flows(session, keys)
    _, withheld = _disclosed_back(session, org_id, {key}, flow)
    reached = _reached({key}, flow, withheld, "back")
    return {
        lot: code
        for chunk in chunks(reached)
        for lot, code in session.execute(select(_LOT.c.id, _LOT.c.code).where(_LOT.c.id.in_(chunk)))
    }


def _disclosed_back(
    session: SystemSession, org_id: int | None, roots: set[int], flow: Flows
) -> tuple[set[int] | None, set[int]]:
    """Lots whose inputs are withheld: walking back ends there. ``None``: everything else is shown."""
    if org_id is None:
        return None, set()
    keys = {lot for made in (*flow.into.values(), *flow.out.values()) for lot, _ in made} | roots
    upstream: dict[int, bool] = {}
    for chunk in chunks(keys):
        query = select(_PARTY.c.lot_id, _PARTY.c.upstream).where(_PARTY.c.org_id == org_id, _PARTY.c.lot_id.in_(chunk))
        upstream.update({lot: bool(may) for lot, may in session.execute(query)})
    parents = {lot: set(of) for lot, of in flow.inputs.items()}
    withheld = {lot for lot, may in upstream.items() if not may and parents.get(lot)}
    return None, withheld


def _disclosed_forward(
    session: SystemSession, org_id: int | None, lots: Mapping[int, Any]
) -> tuple[set[int] | None, set[int]]:
    if org_id is None:
        return None, set()
    shown: set[int] = set()
    for chunk in chunks(lots):
        query = select(_PARTY.c.lot_id).where(_PARTY.c.org_id == org_id, _PARTY.c.lot_id.in_(chunk))
        shown.update(session.execute(query).scalars())
    return shown, set(lots) - shown


def _reached(roots: set[int], flow: Flows, withheld: set[int], direction: Direction) -> set[int]:
    """The lots that the walk reaches when it stops at what is withheld."""
    following: dict[int, set[int]] = defaultdict(set)
    for child, parents in flow.inputs.items():
        for parent in parents:
            if direction == "back":
                following[child].add(parent)
            else:
                following[parent].add(child)
    seen, todo = set(roots), sorted(roots)
    while todo:
        lot = todo.pop()
        if lot in withheld:
            continue
        for other in following[lot] - seen:
            seen.add(other)
            todo.append(other)
    return seen


def _nodes(session: SystemSession, lots: Mapping[int, Any], shown: set[int] | None) -> dict[int, Node]:
    organisation, site = table(models.Organisation), table(models.Site)
    names = {row[0]: row[1] for row in session.execute(select(organisation.c.id, organisation.c.name))}
    wanted = {row.site_id for row in lots.values() if row.site_id}
    sites: dict[str, str] = {}
    for chunk in chunks(wanted):
        query = select(site.c.id, site.c.name).where(site.c.id.in_(chunk))
        sites.update({row[0]: row[1] for row in session.execute(query)})
    claims = claims_of(session, lots)
    answer = {}
    for key, row in lots.items():
        open_to_us = shown is None or key in shown
        answer[key] = Node(
            id=row.uid if open_to_us else f"hidden-{key}",
            code=row.code if open_to_us else "",
            kind="delivery" if row.kind == "delivery" else "lot",
            product=row.product,
            grams=row.initial_g,
            at=instant(row.made_at),
            organisation=names.get(row.org_id, "") if open_to_us else "",
            site=sites.get(row.site_id or "") if open_to_us else None,
            farmer=row.farmer if open_to_us else None,
            plot=row.plot if open_to_us else None,
            disposition=row.disposition if open_to_us else "",
            claims=claims.get(key, {}) if open_to_us else {},
            disclosed=open_to_us,
        )
    return answer


def claims_of(session: SystemSession, keys: Collection[int]) -> dict[int, dict[str, str]]:
    """The claims of some lots: scheme -> value."""
    answer: dict[int, dict[str, str]] = defaultdict(dict)
    for key, scheme, value in ask(session.connection(), _CLAIMS, keys):
        answer[key][scheme] = value
    return answer


def _event_ids(session: SystemSession, seqs: Collection[int]) -> dict[int, str]:
    return {seq: identity for seq, identity in ask(session.connection(), _EVENT_IDS, seqs)}  # noqa: C416 - rows


def _composition(
    root: Any, lots: Mapping[int, Any], flow: Flows, withheld: set[int], nodes: Mapping[int, Node]
) -> tuple[Share, ...]:
    inputs = {lot: of for lot, of in flow.inputs.items() if lot not in withheld}
    grams = shares(root.id, inputs, root.initial_g)
    return tuple(
        Share(
            lot=nodes[key].id,
            code=nodes[key].code,
            farmer=nodes[key].farmer,
            plot=nodes[key].plot,
            at=nodes[key].at,
            delivered_g=lots[key].initial_g,
            grams=part,
        )
        for key, part in sorted(grams.items(), key=lambda item: (lots[item[0]].made_at, item[0]))
    )


def _sums(session: SystemSession, lots: Iterable[Any]) -> tuple[int, int, int]:
    """(shipped, lost, in stock) over some lots, in grams."""
    rows = list(lots)
    moved: dict[str, int] = defaultdict(int)
    for chunk in chunks([row.id for row in rows]):
        query = select(_LINE.c.kind, sa.func.sum(_LINE.c.grams)).where(
            _LINE.c.lot_id.in_(chunk), _LINE.c.kind.in_(("shipped", "lost"))
        )
        for kind, grams in session.execute(query.group_by(_LINE.c.kind)):
            moved[kind] += int(grams)
    return moved["shipped"], moved["lost"], sum(row.remaining_g for row in rows)


def chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    """Values in sorted pieces that fit into one statement."""
    ordered: Sequence[Any] = sorted(values)
    for start in range(0, len(ordered), CHUNK):
        yield list(ordered[start : start + CHUNK])
