"""A trace drawn as a graph: oldest on the left, boxes for lots, lines for the kilograms between them.

Layered drawing: a column for each step, long links led through empty places of the columns between, boxes
ordered by the mean of their neighbours (Sugiyama's method, its crossing step by barycentres). Large traces
are summed until they can be read. The SVG holds no script, no style sheet and no font; colours repeat what
words and shapes say.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

from domain.lineage import oldest_first
from labels import print_texts as words
from labels.lot_label import FONT, POINT_MM, Mark, cut, text_width, wrapped
from labels.print_texts import counted, say

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from domain.trace import Node, Trace

MOST_BOXES: Final = 60
MOST_COLUMNS: Final = 12

WIDE: Final = 1280
"""Pixels: a drawing of up to six columns is read without scrolling."""

EDGE: Final = 24
GUTTER: Final = (92.0, 140.0)
"""Between two columns: the weight of a link, and where there is room also its bend."""

GAP: Final = 16
PORT: Final = 17
"""Pixels between two links at the same box: room for their weights."""

LETTERS: Final = 12
WEIGHT: Final = 10.5
"""Pixels of letters: of the drawing, and on a link."""

ACCENT: Final = "#0b5d3b"
INK: Final = "#1c2320"
MUTED: Final = "#5a655f"
LINE: Final = "#a9b5ae"
BADGE: Final = {"on_hold": "#7a4a00", "rejected": "#9b1c1c", "recalled": "#9b1c1c", "void": "#9b1c1c"}


@dataclass(slots=True)
class _Box:
    """A lot, several lots summed, or (without members) a place where a long link passes a column."""

    key: Hashable
    members: list[Node]
    column: int
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0
    into: list[_Link] = field(default_factory=list)
    out: list[_Link] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def grams(self) -> int:
        return sum(node.grams for node in self.members)

    def port(self, link: _Link, side: Literal["into", "out"]) -> float:
        """Where a link meets this box: the links of a side stand evenly between top and bottom."""
        links = self.into if side == "into" else self.out
        return self.y + self.height * (links.index(link) + 0.5) / len(links)


@dataclass(slots=True, eq=False)
class _Link:
    """Grams that went from one box to another, through the places that it passes."""

    parent: _Box
    child: _Box
    grams: int
    via: list[_Box] = field(default_factory=list)
    hidden: bool = False


def trace_svg(trace: Trace, lang: str = "en") -> bytes:
    """The trace as SVG. More than 60 lots are summed: deliveries into one lot first, then lots at a site."""
    return _Drawing(trace, words.language(lang)).svg()


class _Drawing:
    """One drawing: what is summed, where it stands, and how it looks."""

    def __init__(self, trace: Trace, lang: words.Lang) -> None:
        self.trace, self.lang = trace, lang
        boxes, self.links = _graph(trace)
        self.columns = 1 + max(box.column for box in boxes)
        self.boxes = boxes
        self.grid: list[list[_Box]] = [[] for _ in range(self.columns)]
        for box in boxes:
            self.grid[box.column].append(box)
        self._route()
        inside = WIDE - 2 * EDGE
        self.gutter = min(GUTTER[1], max(GUTTER[0], (inside - 190.0 * self.columns) / max(1, self.columns - 1)))
        self.box_width = min(230.0, max(150.0, (inside - self.gutter * (self.columns - 1)) / self.columns))
        self.top = 74.0
        self._order()
        self._place()

    # --- where things stand ---

    def _route(self) -> None:
        """Long links get a place in every column that they pass, so that no box stands on them."""
        for link in self.links:
            link.parent.out.append(link)
            link.child.into.append(link)
            for column in range(link.parent.column + 1, link.child.column):
                place = _Box(("via", id(link), column), [], column)
                link.via.append(place)
                self.grid[column].append(place)

    def _order(self) -> None:
        """Neighbours near each other: columns sorted by the mean place of what they are linked to."""
        for column in self.grid:
            column.sort(
                key=lambda box: (
                    not box.members,
                    min((node.at, node.code) for node in box.members) if box.members else (),
                ),
            )
        before: dict[int, list[_Box]] = defaultdict(list)
        after: dict[int, list[_Box]] = defaultdict(list)
        for link in self.links:
            chain = [link.parent, *link.via, link.child]
            for left, right in pairwise(chain):
                before[id(right)].append(left)
                after[id(left)].append(right)
        self.before, self.after = before, after
        for _ in range(4):
            for columns, near in ((self.grid[1:], before), (self.grid[-2::-1], after)):
                for column in columns:
                    self._sort(column, near)

    def _sort(self, column: list[_Box], near: Mapping[int, list[_Box]]) -> None:
        rank = {id(box): place for boxes in self.grid for place, box in enumerate(boxes)}

        def mean(box: _Box) -> float:
            places = [rank[id(other)] for other in near.get(id(box), ())]
            return sum(places) / len(places) if places else rank[id(box)]

        column.sort(key=mean)

    def _place(self) -> None:
        """Sizes, then the fullest column from top to bottom, the others beside what they are linked to."""
        for number, column in enumerate(self.grid):
            for box in column:
                box.x = EDGE + number * (self.box_width + self.gutter)
                box.width = self.box_width
                ports = max(len(box.into), len(box.out))
                box.height = max(66.0, 10 + PORT * ports) if box.members else 6.0
        tall = [sum(box.height + GAP for box in column) for column in self.grid]
        fullest = max(range(self.columns), key=lambda number: tall[number])
        y = self.top
        for box in self.grid[fullest]:
            box.y = y
            y += box.height + GAP
        for number in range(fullest + 1, self.columns):
            self._beside(self.grid[number], self.before)
        for number in range(fullest - 1, -1, -1):
            self._beside(self.grid[number], self.after)
        shift = self.top - min(box.y for column in self.grid for box in column)
        for column in self.grid:
            for box in column:
                box.y += shift
        for box in self.boxes:
            box.into.sort(key=lambda link: (link.via[-1] if link.via else link.parent).middle)
            box.out.sort(key=lambda link: (link.via[0] if link.via else link.child).middle)

    def _beside(self, column: list[_Box], near: Mapping[int, list[_Box]]) -> None:
        wanted = []
        for box in column:
            middles = [other.middle for other in near.get(id(box), ())]
            wanted.append((sum(middles) / len(middles) if middles else self.top + box.height / 2) - box.height / 2)
        y = float("-inf")
        for box, want in zip(column, wanted, strict=True):
            box.y = max(want, y)
            y = box.y + box.height + GAP
        drift = sum(want - box.y for box, want in zip(column, wanted, strict=True)) / max(1, len(column))
        for box in column:
            box.y += drift

    # --- how they look ---

    def svg(self) -> bytes:
        lot = words.clean(self.trace.root.code)
        title = say(self.lang, f"trace.{self.trace.direction}", lot=lot)
        about = self._about()
        wide = max(2 * EDGE + self.columns * self.box_width + (self.columns - 1) * self.gutter, 560.0)
        notes = self._notes()
        low = max(box.y + box.height for column in self.grid for box in column)
        high = low + 30 + 20 * len(notes) + (24 if self._marked() else 0)
        most = max((link.grams for link in self.links), default=1)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high:.0f}" '
            f'viewBox="0 0 {wide:.0f} {high:.0f}" xml:lang="{self.lang}" role="img" '
            f'font-size="{LETTERS}" {FONT}>',
            f"<title>{escape(title)}</title><desc>{escape(about)}</desc>",
            f'<path fill="#fff" d="M0 0h{wide:.0f}v{high:.0f}h-{wide:.0f}z"/>',
            _text(EDGE, 34, _within(title, wide - 2 * EDGE, 18, bold=True), 18, bold=True),
            _text(EDGE, 54, _within(about, wide - 2 * EDGE, 12), 12, colour=MUTED),
            *(self._line(link, most) for link in self.links),
            *(self._weight(link) for link in self.links),
            *(self._box(box) for box in self.boxes),
        ]
        y = low + 34
        if self._marked():
            parts.append(self._key(y))
            y += 24
        for note in notes:
            parts.append(_text(EDGE, y, note, 12, colour=MUTED))
            y += 20
        return "\n".join([*parts, "</svg>\n"]).encode()

    def _about(self) -> str:
        nodes = self.trace.nodes
        deliveries = sum(node.kind == "delivery" for node in nodes)
        lots = counted(self.lang, "lots", len(nodes) - deliveries)
        if deliveries:
            lots = say(
                self.lang,
                "trace.lots_and",
                lots=lots,
                deliveries=counted(self.lang, "deliveries", deliveries),
            )
        return say(self.lang, "trace.about", lots=lots, links=counted(self.lang, "links", len(self.trace.edges)))

    def _notes(self) -> list[str]:
        trace, notes = self.trace, []
        if trace.direction == "forward":
            sums = (("shipped", trace.shipped_g), ("lost", trace.lost_g), ("stock", trace.stock_g))
            notes.append(" · ".join(say(self.lang, key, kg=words.kilograms(self.lang, grams)) for key, grams in sums))
        if trace.hidden:
            notes.append(counted(self.lang, "hidden", trace.hidden))
        return notes

    def _line(self, link: _Link, most: int) -> str:
        """A link, as thick as it is heavy."""
        points = [(link.parent.x + link.parent.width, link.parent.port(link, "out"))]
        for place in link.via:
            points += [(place.x, place.middle), (place.x + place.width, place.middle)]
        points.append((link.child.x - 6, link.child.port(link, "into")))
        data = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
        if self.gutter > (GUTTER[0] + GUTTER[1]) / 2:  # straight below its weight, then the bend
            points[0] = (
                points[0][0] + _pixels(words.kilograms(self.lang, link.grams), WEIGHT) + 10,
                points[0][1],
            )
            data += f"H{points[0][0]:.1f}"
        for index in range(0, len(points), 2):
            (x, y), (to_x, to_y) = points[index], points[index + 1]
            bend = (to_x - x) * 0.5
            data += f"C{x + bend:.1f} {y:.1f} {to_x - bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
            if index + 2 < len(points):
                data += f"H{points[index + 2][0]:.1f}"
        thick = 1.2 + 3.8 * link.grams / max(most, 1)
        dashes = ' stroke-dasharray="4 3"' if link.hidden else ""
        tip_x, tip_y = points[-1]
        tip = f'<path fill="{LINE}" d="M{tip_x - 2:.1f} {tip_y - 4.5:.1f}l8 4.5-8 4.5z"/>'
        return f'<path fill="none" stroke="{LINE}" stroke-width="{thick:.1f}"{dashes} d="{data}"/>{tip}'

    def _weight(self, link: _Link) -> str:
        """The kilograms of a link, where it leaves its box, on a white ground."""
        x, y = link.parent.x + link.parent.width + 5, link.parent.port(link, "out") + 3.8
        text = words.kilograms(self.lang, link.grams)
        wide = _pixels(text, WEIGHT)
        data = f"M{x - 1:.1f} {y - 9.5:.1f}h{wide + 3:.1f}v12h-{wide + 3:.1f}z"
        ground = f'<path fill="#fff" fill-opacity=".88" d="{data}"/>'
        return ground + _text(x, y, text, WEIGHT, colour=INK)

    def _box(self, box: _Box) -> str:
        node = box.members[0]
        alone = len(box.members) == 1
        shown = all(member.disclosed for member in box.members)
        root = alone and node.id == self.trace.root.id
        troubled = (
            next((member.disposition for member in box.members if member.disposition in BADGE), None) if shown else None
        )
        stroke = ACCENT if root else BADGE.get(troubled or "", LINE)
        fill = "#eef5f1" if root else "#fff" if shown else "#e7eaec"
        edge = 2 if root or troubled else 1
        look = f'fill="{fill}" stroke="{stroke}" stroke-width="{edge}"' + ("" if shown else ' stroke-dasharray="4 3"')
        parts = [
            f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="5" {look}/>',
        ]
        marks = self._marks(box, shown=shown)
        right = box.x + box.width - 10
        left, room = box.x + 10, box.width - 20
        y = box.middle - 12
        for mark, count in reversed(marks):
            label = "" if alone else str(count)
            wide = _pixels(label, 10.5)
            if label:
                parts.append(_text(right, y + 0.5, label, 10.5, anchor="end"))
                right -= wide + 3
            parts.append(_mark(mark, right - 15, y - 11, 15))
            right -= 15 + 6
        head, lines = self._said(box, alone=alone, shown=shown)
        head_room = right - left + (10 if not marks else 0)
        if shown:
            parts.append(_text(left, y, _within(head, head_room, 12.5, bold=True), 12.5, bold=True))
            parts.append(_text(left, y + 17, _within(lines[0][0], room, 11), 11, colour=lines[0][1]))
        else:
            for row, line in enumerate(wrapped(head, room * POINT_MM, 11, lines=2)):
                parts.append(_text(left, y + 16 * row, line, 11, colour=INK))
        kg = words.kilograms(self.lang, box.grams)
        parts.append(_text(left, y + 35, kg, 12, bold=True))
        side = room - _pixels(kg, 12, bold=True) - 10
        tail, colour, bold = lines[1][0] if len(lines) > 1 else "", MUTED, False
        if troubled:
            tail, colour, bold = say(self.lang, f"disposition.{troubled}"), BADGE[troubled], True
        if tail:
            parts.append(
                _text(
                    box.x + box.width - 10,
                    y + 35,
                    _within(tail, side, 10.5, bold=bold),
                    10.5,
                    bold=bold,
                    anchor="end",
                    colour=colour,
                ),
            )
        return f"<g><title>{escape(self._spoken(box, head))}</title>{''.join(parts)}</g>"

    def _said(self, box: _Box, *, alone: bool, shown: bool) -> tuple[str, list[tuple[str, str]]]:
        """Head line and the lines under it."""
        node = box.members[0]
        if not shown:
            held = say(self.lang, "held_by_other")
            return (
                held[:1].upper() + held[1:] if alone else f"{counted(self.lang, 'lots', len(box.members))} {held}",
                [],
            )
        if alone:
            return words.clean(node.code), [
                (words.clean(node.product), MUTED),
                (node.at.date().isoformat(), MUTED),
            ]
        deliveries = all(member.kind == "delivery" for member in box.members)
        head = counted(self.lang, "deliveries" if deliveries else "lots", len(box.members))
        farmers = {member.farmer for member in box.members if member.farmer}
        about = counted(self.lang, "farmers", len(farmers)) if deliveries and farmers else ""
        products = {member.product for member in box.members}
        sites = {member.site or member.organisation for member in box.members}
        product = words.clean(products.pop()) if len(products) == 1 else ""
        where = words.clean(sites.pop()) if len(sites) == 1 and not deliveries else ""
        return head, [
            (product or where, MUTED),
            (about or (where if product else ""), INK if about else MUTED),
        ]

    def _spoken(self, box: _Box, head: str) -> str:
        """What a reader of the drawing is told when it rests on a box."""
        node = box.members[0]
        said = [head, words.kilograms(self.lang, box.grams)]
        if len(box.members) == 1 and node.disclosed:
            said[1:1] = [words.clean(node.product), words.clean(node.organisation)]
        marks = self._marks(box, shown=node.disclosed)
        said += [say(self.lang, f"key.{mark}") for mark, _ in marks if len(box.members) == 1]
        return ", ".join(part for part in said if part)

    def _marks(self, box: _Box, *, shown: bool) -> list[tuple[Mark, int]]:
        counts: dict[Mark, int] = {}
        if shown:
            for node in box.members:
                mark = mark_of(node)
                if mark:
                    counts[mark] = counts.get(mark, 0) + 1
        order: tuple[Mark, ...] = ("O", "C", "N")
        return [(mark, counts[mark]) for mark in order if mark in counts]

    def _marked(self) -> bool:
        return any(node.disclosed and mark_of(node) for node in self.trace.nodes)

    def _key(self, y: float) -> str:
        """What the shapes mean."""
        x, parts = float(EDGE), []
        order: tuple[Mark, ...] = ("O", "C", "N")
        for mark in order:
            text = say(self.lang, f"key.{mark}")
            parts += [_mark(mark, x, y - 12, 15), _text(x + 21, y, text, 12, colour=MUTED)]
            x += 21 + _pixels(text, 12) + 22
        return "".join(parts)


def mark_of(node: Node) -> Mark | None:
    """O, C or N as printed on the bag; nothing for a lot that no scheme has judged."""
    values = set(node.claims.values())
    if not values:
        return None
    return "O" if "organic" in values else "C" if "in_conversion" in values else "N"


# --- what is summed ---


def _graph(trace: Trace) -> tuple[list[_Box], list[_Link]]:
    """Boxes and links: every lot by itself, or summed step by step until they are few."""
    layers = _layers(trace)
    children: dict[str, set[str]] = defaultdict(set)
    for edge in trace.edges:
        children[edge.parent].add(edge.child)
    deepest = max(layers.values())

    def alone(node: Node) -> Hashable:
        return node.id

    def by_child(node: Node) -> Hashable:
        return ("into", frozenset(children[node.id])) if node.kind == "delivery" else node.id

    def by_site(node: Node) -> Hashable:
        place = (node.site or node.organisation, node.product) if node.disclosed else None
        return ("at", layers[node.id], node.kind, place)

    def by_layer(node: Node) -> Hashable:
        return ("layer", layers[node.id])

    def by_band(node: Node) -> Hashable:
        return ("band", layers[node.id] * (MOST_COLUMNS - 1) // max(deepest, 1))

    boxes: list[_Box] = []
    for rule in (alone, by_child, by_site, by_layer, by_band):
        boxes = _summed(trace, layers, rule)
        if len(boxes) <= MOST_BOXES:
            break
    used = {column: place for place, column in enumerate(sorted({box.column for box in boxes}))}
    for box in boxes:
        box.column = used[box.column]
    return boxes, _links(trace, boxes)


def _summed(trace: Trace, layers: Mapping[str, int], rule: Callable[[Node], Hashable]) -> list[_Box]:
    groups: dict[Hashable, list[Node]] = defaultdict(list)
    for node in trace.nodes:
        groups["root" if node.id == trace.root.id else rule(node)].append(node)
    return [_Box(key, nodes, min(layers[node.id] for node in nodes)) for key, nodes in groups.items()]


def _links(trace: Trace, boxes: Iterable[_Box]) -> list[_Link]:
    """Grams between boxes; what stays inside one box, or would run back, is left out."""
    box_of = {node.id: box for box in boxes for node in box.members}
    grams: dict[tuple[int, int], int] = defaultdict(int)
    ends: dict[tuple[int, int], tuple[_Box, _Box]] = {}
    for edge in trace.edges:
        parent, child = box_of.get(edge.parent), box_of.get(edge.child)
        if parent is None or child is None or parent.column >= child.column:
            continue
        key = (id(parent), id(child))
        grams[key] += edge.grams
        ends[key] = (parent, child)
    return [
        _Link(*ends[key], sum_g, hidden=not all(node.disclosed for box in ends[key] for node in box.members))
        for key, sum_g in grams.items()
    ]


def _layers(trace: Trace) -> dict[str, int]:
    """Column of every lot: back, the traced lot is last and the others near it; forward, it is first."""
    parents: dict[str, list[str]] = {node.id: [] for node in trace.nodes}
    for edge in trace.edges:
        if edge.parent in parents and edge.child in parents:
            parents[edge.child].append(edge.parent)
    ranked = oldest_first(parents)
    if trace.direction == "forward":
        depth = dict.fromkeys(ranked, 0)
        for uid in ranked:
            depth[uid] = max((depth[parent] + 1 for parent in parents[uid]), default=0)
        return depth
    height = dict.fromkeys(ranked, 0)
    for uid in reversed(ranked):
        for parent in parents[uid]:
            height[parent] = max(height[parent], height[uid] + 1)
    most = max(height.values())
    return {uid: most - height[uid] for uid in ranked}


# --- marks and text ---


def _pixels(text: str, size: float, *, bold: bool = False) -> float:
    return text_width(text, size, bold=bold) / POINT_MM


def _within(text: str, width: float, size: float, *, bold: bool = False) -> str:
    return cut(text, max(width, 0) * POINT_MM, size, bold=bold)


def _text(
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    bold: bool = False,
    anchor: str = "start",
    colour: str = INK,
) -> str:
    look = f' font-size="{size:g}"' if size != LETTERS else ""
    look += ' font-weight="bold"' if bold else ""
    look += f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{look}>{escape(text)}</text>'


def _mark(mark: Mark, x: float, y: float, side: float) -> str:
    """The letter in its shape, as on the bag."""
    look = f'fill="#fff" stroke="{INK}" stroke-width="1.4" stroke-linejoin="round"'
    half = side / 2
    if mark == "O":
        shape = f'<circle {look} cx="{x + half:.1f}" cy="{y + half:.1f}" r="{half - 0.7:.1f}"/>'
    elif mark == "C":
        shape = f'<path {look} d="M{x + half:.1f} {y:.1f}l{half:.1f} {side - 0.7:.1f}h-{side:.1f}z"/>'
    else:
        inner = side - 1.4
        shape = f'<path {look} d="M{x + 0.7:.1f} {y + 0.7:.1f}h{inner:.1f}v{inner:.1f}h-{inner:.1f}z"/>'
    size, base = (8.0, 12.6) if mark == "C" else (10.0, 11.2)
    return shape + _text(x + half, y + base * side / 15, mark, size, bold=True, anchor="middle")
