"""A drawing of ours (SVG of paths, rectangles, circles and text) as a piece of a PDF, in vectors.

Only what our own drawings use is understood; anything else is a mistake of ours and raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from exchange.paper import BOLD, NBSP, PLAIN, glyphs

SVG: Final = "{http://www.w3.org/2000/svg}"
LETTERS: Final = 12.0
"""Size of letters where an element does not say it."""


_TOKEN = re.compile(r"[A-Za-z]|-?\d*\.?\d+")


def picture(svg: bytes, width: float, height: float) -> Any:
    """The drawing as a flowable that fits into ``width`` x ``height`` points."""
    from defusedxml.ElementTree import fromstring

    root = fromstring(svg)
    return _kind()(root, width, height)


@cache
def _kind() -> Any:
    from reportlab.platypus import Flowable

    class Picture(Flowable):  # type: ignore[misc]
        """A drawing scaled to its room, never enlarged beyond its own size."""

        def __init__(self, root: Any, width: float, height: float) -> None:
            super().__init__()
            self.root = root
            self.own = float(root.get("width")), float(root.get("height"))
            self.scale = min(width / self.own[0], height / self.own[1], 1.0)

        def wrap(self, *_room: float) -> tuple[float, float]:
            return self.own[0] * self.scale, self.own[1] * self.scale

        def draw(self) -> None:
            self.canv.saveState()
            self.canv.scale(self.scale, self.scale)
            _draw(self.canv, self.root, self.own[1])
            self.canv.restoreState()

    return Picture


def _draw(canvas: Any, element: Any, high: float) -> None:
    for child in element:
        name = child.tag.removeprefix(SVG)
        match name:
            case "title" | "desc":
                continue
            case "g":
                _draw(canvas, child, high)
            case "text":
                _text(canvas, child, high)
            case "path" | "rect" | "circle":
                canvas.saveState()
                ink = _look(canvas, child)
                canvas.drawPath(_path(canvas, name, child, high), **ink)
                canvas.restoreState()
            case _:
                message = f"a drawing holds <{name}>, which is not known here"
                raise ValueError(message)


def _look(canvas: Any, element: Any) -> dict[str, int]:
    from reportlab.lib.colors import HexColor

    fill, stroke = element.get("fill", "#000000"), element.get("stroke", "none")
    if fill != "none":
        canvas.setFillColor(HexColor(_long(fill)), alpha=float(element.get("fill-opacity", "1")))
    if stroke != "none":
        canvas.setStrokeColor(HexColor(_long(stroke)))
        canvas.setLineWidth(float(element.get("stroke-width", "1")))
        if element.get("stroke-dasharray"):
            canvas.setDash([float(part) for part in element.get("stroke-dasharray").split()])
    return {"fill": int(fill != "none"), "stroke": int(stroke != "none")}


def _long(colour: str) -> str:
    return "#" + "".join(part * 2 for part in colour[1:]) if len(colour) == len("#fff") else colour


def _text(canvas: Any, element: Any, high: float) -> None:
    from reportlab.lib.colors import HexColor

    size = float(element.get("font-size", LETTERS))
    canvas.setFillColor(HexColor(_long(element.get("fill", "#000000"))))
    canvas.setFont(BOLD if element.get("font-weight") == "bold" else PLAIN, size)
    x, y = float(element.get("x")), high - float(element.get("y"))
    draw = {"start": canvas.drawString, "middle": canvas.drawCentredString, "end": canvas.drawRightString}
    said = (element.text or "").replace("\u202f", NBSP)  # the typeface knows the wider space only
    said = "".join(sign if sign == NBSP or ord(sign) in glyphs() else "?" for sign in said)
    draw[element.get("text-anchor", "start")](x, y, said)


def _path(canvas: Any, name: str, element: Any, high: float) -> Any:
    path = canvas.beginPath()
    if name == "rect":
        x, y, wide, tall = (float(element.get(key)) for key in ("x", "y", "width", "height"))
        path.roundRect(x, high - y - tall, wide, tall, float(element.get("rx", "0")))
    elif name == "circle":
        x, y, radius = (float(element.get(key)) for key in ("cx", "cy", "r"))
        path.circle(x, high - y, radius)
    else:
        for command, numbers in _steps(element.get("d")):
            points = [n if at % 2 == 0 else high - n for at, n in enumerate(numbers)]
            match command:
                case "M":
                    path.moveTo(*points)
                case "L":
                    path.lineTo(*points)
                case "C":
                    path.curveTo(*points)
                case _:
                    path.close()
    return path


def _steps(data: str) -> Iterator[tuple[str, list[float]]]:
    """The steps of a path as absolute M, L, C and Z."""
    tokens = _TOKEN.findall(data)
    at, x, y, command, begun = 0, 0.0, 0.0, "", (0.0, 0.0)
    while at < len(tokens):
        if tokens[at].isalpha():
            command, at = tokens[at], at + 1
        if command in "Zz":
            x, y = begun
            yield "Z", []
            continue
        count = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6}[command.upper()]
        numbers, at = [float(token) for token in tokens[at : at + count]], at + count
        left, top = (x, y) if command.islower() else (0.0, 0.0)
        match command.upper():
            case "H":
                points = [left + numbers[0], y]
            case "V":
                points = [x, top + numbers[0]]
            case _:
                points = [number + (top if index % 2 else left) for index, number in enumerate(numbers)]
        x, y = points[-2:]
        if command.upper() == "M":
            begun = (x, y)
            yield "M", points
            command = "l" if command == "m" else "L"
        else:
            yield ("C" if count == 6 else "L"), points  # noqa: PLR2004 - numbers of a curve
