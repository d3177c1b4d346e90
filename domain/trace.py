"""The answer to "where is it from" and "where did it go": nodes, edges and the composition to the gram."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Direction = Literal["back", "forward"]


@dataclass(frozen=True, slots=True)
class Node:
    """A lot in the trace. ``disclosed`` is false for a lot of another organisation that is only counted."""

    id: str  # lot id (UUID)
    code: str  # "" when not disclosed
    kind: Literal["delivery", "lot"]
    product: str
    grams: int  # what the lot was made with
    at: datetime
    organisation: str
    site: str | None
    farmer: str | None  # the farmer's code, deliveries only
    plot: str | None
    disposition: str
    claims: dict[str, str] = field(default_factory=dict)  # scheme -> value
    disclosed: bool = True


@dataclass(frozen=True, slots=True)
class Edge:
    """``grams`` of ``parent`` went into ``child`` by ``event``."""

    parent: str
    child: str
    grams: int
    event: str  # event type, e.g. "transformed"
    event_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Share:
    """How many grams of the traced lot come from one delivery. The shares sum to the lot exactly."""

    lot: str
    code: str
    farmer: str | None
    plot: str | None
    at: datetime
    delivered_g: int  # what was delivered in all
    grams: int  # of the traced lot


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole answer: nodes oldest first; going back, the shares sum to the root exactly."""

    root: Node
    direction: Direction
    nodes: tuple[Node, ...]  # root included, oldest first
    edges: tuple[Edge, ...]
    composition: tuple[Share, ...]  # back: sums to root.grams; forward: empty
    hidden: int  # nodes that belong to others and are not disclosed
    shipped_g: int = 0  # forward: grams that left
    lost_g: int = 0
    stock_g: int = 0
