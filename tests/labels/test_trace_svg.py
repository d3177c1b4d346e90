"""The drawing of a trace: readable at any size, honest about what it sums and hides."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from domain.trace import Edge, Trace
from labels import lineage
from labels.lineage import MOST_BOXES, trace_svg
from tests.labels.builders import a_trace
from tests.labels.reading import SVG, svg_texts, touch


def drawing(trace: Trace, lang: Any = "en") -> Any:
    return lineage._Drawing(trace, lang)


def boxes_of(trace: Trace) -> list[Any]:
    return [box for box in drawing(trace).boxes if box.members]


def chain(length: int) -> Trace:
    """A lot that was made into the next one, and a side stream at every step: 2^length ways through."""
    root = a_trace().root
    nodes, edges = [replace(root, id="0")], []
    for step in range(1, length):
        at = root.at + timedelta(days=step)
        nodes += [
            replace(root, id=f"{step}a", at=at),
            replace(root, id=f"{step}b", at=at),
            replace(root, id=str(step), at=at),
        ]
        for side in "ab":
            edges += [
                Edge(str(step - 1), f"{step}{side}", 100, "split", "e", at),
                Edge(f"{step}{side}", str(step), 100, "bulked", "e", at),
            ]
    return Trace(nodes[-1], "back", tuple(nodes), tuple(edges), (), 0)


def tangle(seed: int) -> Trace:
    """Lots linked at random, always from older to younger."""
    pick = random.Random(seed)
    root = a_trace().root
    count = pick.randint(1, 45)
    nodes = [
        replace(root, id=str(n), code=f"LOT-{n}", at=root.at + timedelta(days=n), grams=pick.randint(1, 10**9))
        for n in range(count)
    ]
    edges = [
        Edge(str(parent), str(child), pick.randint(1, 10**8), "bulked", "e", root.at)
        for child in range(1, count)
        for parent in sorted(pick.sample(range(child), min(child, pick.randint(1, 3))))
    ]
    direction = pick.choice(["back", "forward"])
    ends = nodes[-1] if direction == "back" else nodes[0]
    return Trace(ends, direction, tuple(nodes), tuple(edges), (), 0)  # type: ignore[arg-type]


def test_it_is_one_document_that_reads_itself_out() -> None:
    root = ET.fromstring(trace_svg(a_trace()))
    assert root.tag == f"{SVG}svg"
    assert root.attrib["role"] == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "Where lot LR-BK-2611-0042 comes from"
    assert root[1].tag == f"{SVG}desc"
    assert root[1].text == "4 lots and 12 deliveries, 15 links; oldest on the left."


def test_it_holds_no_script_style_font_or_foreign_address() -> None:
    svg = trace_svg(a_trace()).decode()
    assert not re.search(r"<script|<style|<image|<use|href|@font|url\(| on\w+=", svg)
    assert set(re.findall(r"https?://[^\"' ]+", svg)) == {"http://www.w3.org/2000/svg"}


def test_every_lot_of_a_small_trace_is_drawn() -> None:
    trace = a_trace()
    said = svg_texts(trace_svg(trace))
    for node in trace.nodes:
        assert node.code in said
    assert len(boxes_of(trace)) == len(trace.nodes)


@pytest.mark.parametrize(
    "trace", [a_trace(), a_trace(9, 6), a_trace(12, 40), a_trace(80, 5), chain(19), chain(200), *map(tangle, range(40))]
)
def test_boxes_and_passing_links_do_not_overlap(trace: Trace) -> None:
    drawn = drawing(trace)
    places = [box for column in drawn.grid for box in column]
    boxes = [(box.x, box.y, box.x + box.width, box.y + box.height) for box in places]
    assert not [
        pair
        for i, one in enumerate(boxes)
        for other in boxes[i + 1 :]
        if touch(one, other, 0.01)
        for pair in [(one, other)]
    ]
    assert len(drawn.boxes) <= MOST_BOXES
    assert all(link.parent.column < link.child.column for link in drawn.links)
    ET.fromstring(drawn.svg())


@pytest.mark.parametrize("trace", [a_trace(), a_trace(9, 6), *map(tangle, range(20))])
def test_weights_on_links_do_not_overlap(trace: Trace) -> None:
    drawn = drawing(trace)
    spots = [(link.parent.x, link.parent.port(link, "out")) for link in drawn.links]
    for index, (x, y) in enumerate(spots):
        assert all(other_x != x or abs(other_y - y) >= 11 for other_x, other_y in spots[index + 1 :])


def test_each_lot_stands_left_of_what_was_made_from_it() -> None:
    for trace in (a_trace(), tangle(3), tangle(4)):
        drawn = drawing(trace)
        place = {node.id: box.x for box in drawn.boxes for node in box.members}
        assert all(place[edge.parent] < place[edge.child] for edge in trace.edges)


def test_many_deliveries_of_one_lot_become_one_box() -> None:
    trace = a_trace(3, 32)
    boxes = boxes_of(trace)
    assert len(boxes) == 3 + 3 + 1
    said = svg_texts(trace_svg(trace))
    group = next(box for box in boxes if len(box.members) == 32)
    farmers = len({node.farmer for node in group.members})
    assert "32 deliveries" in said
    assert f"from {farmers} farmers" in said
    assert lineage.words.kilograms("en", sum(node.grams for node in group.members)) in said


def test_sums_lose_no_gram() -> None:
    for trace in (a_trace(3, 32), a_trace(80, 10), a_trace(12, 40)):
        boxes = boxes_of(trace)
        assert sum(box.grams for box in boxes) == sum(node.grams for node in trace.nodes)
        into_root = sum(link.grams for link in drawing(trace).links if link.child.members[0].id == "root")
        assert into_root == trace.root.grams


def test_a_width_of_1280_pixels_is_enough_for_six_columns() -> None:
    for trace in (a_trace(), a_trace(9, 6), chain(3)):
        svg = ET.fromstring(trace_svg(trace))
        assert float(svg.attrib["width"]) <= 1280


def test_the_letters_of_claims_stand_in_shapes() -> None:
    svg = trace_svg(a_trace()).decode()
    assert svg.count("<circle") > 1
    assert {"O", "C", "N"} <= set(svg_texts(svg.encode()))
    assert "organic" in svg_texts(svg.encode())


def test_what_others_hold_is_grey_and_nameless() -> None:
    trace = a_trace()
    hidden = replace(
        trace.nodes[0],
        disclosed=False,
        code="SECRET",
        product="SECRET",
        site="SECRET",
        farmer="SECRET",
        organisation="SECRET",
        disposition="recalled",
    )
    svg = trace_svg(replace(trace, nodes=(hidden, *trace.nodes[1:]), hidden=1)).decode()
    assert "SECRET" not in svg
    assert "recalled" not in svg
    assert "Held by another organisation" in svg
    assert "1 lot is held by another organisation and not shown." in svg


def test_a_lot_in_trouble_says_so() -> None:
    trace = a_trace()
    nodes = tuple(replace(node, disposition="on_hold") if node.id == "dry-1" else node for node in trace.nodes)
    assert "on hold" in svg_texts(trace_svg(replace(trace, nodes=nodes)))


def test_forward_says_where_the_grams_are() -> None:
    trace = replace(
        tangle(1), direction="forward", root=tangle(1).nodes[0], shipped_g=1_200_000, lost_g=20_500, stock_g=0
    )
    svg = trace_svg(trace).decode()
    assert "shipped 1\u202f200\u00a0kg · lost 20.5\u00a0kg · in stock 0\u00a0kg" in svg


def test_a_lot_alone() -> None:
    root = a_trace().root
    assert b"1 lot, 0 links" in trace_svg(Trace(root, "back", (root,), (), (), 0))


def test_french_is_french() -> None:
    svg = trace_svg(a_trace(3, 32), "fr").decode()
    for text in ("D’où vient le lot LR-BK-2611-0042", "32 livraisons", "biologique", "en conversion"):
        assert text in svg


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "A & B <b>", "a\u202eb\u2066c\x00\ud800", "]]>"])
def test_hostile_text_stays_text(text: str) -> None:
    trace = a_trace()
    nodes = tuple(replace(node, code=text, product=text, organisation=text, site=text) for node in trace.nodes)
    for shown in (trace, a_trace(80, 3)):
        svg = trace_svg(
            replace(shown, nodes=nodes if shown is trace else shown.nodes, root=replace(shown.root, code=text))
        )
        ET.fromstring(svg)
        assert b"<script" not in svg
        assert "\u202e" not in svg.decode()


def test_the_same_trace_gives_the_same_bytes() -> None:
    assert trace_svg(a_trace(9, 12)) == trace_svg(a_trace(9, 12))


def test_a_big_trace_is_drawn_quickly() -> None:
    assert len(trace_svg(a_trace(300, 40))) < 20_000
