"""Read printed matter back: rasterise, decode, extract text, look for overlaps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from domain.refusals import Refused, sentence
from labels.designs import Line
from labels.lot_label import Bar, Item, Shape, Symbol, Text

SVG = "{http://www.w3.org/2000/svg}"


def decoded(image: Image.Image) -> list[str]:
    """The text of every QR symbol, sorted; each must be a QR code of model 2 (``]Q1``)."""
    found = zxingcpp.read_barcodes(image.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    assert all(code.symbology_identifier == "]Q1" for code in found)
    return sorted(code.text for code in found)


def page_images(pdf: bytes, dpi: int) -> list[Image.Image]:
    """Every page as a printer of one bit would put it on paper."""
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.render(scale=dpi / 72).to_pil().convert("L") for page in document]
    document.close()
    return [page.point(lambda value: 255 if value > 127 else 0).convert("1") for page in pages]


def page_texts(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    found = [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in document]
    document.close()
    return found


def spread(image: Image.Image, dpi: int, millimetres: float = 0.1) -> Image.Image:
    """Ink spreads: dark areas grow by so much on all sides together."""
    dots = round(millimetres * dpi / 25.4)
    grown = image.convert("L")
    for _ in range(max(1, dots // 2)):
        grown = grown.filter(ImageFilter.MinFilter(3))
    return grown


def svg_image(svg: bytes, dots_per_unit: float) -> Image.Image:
    """What the rectangles of an SVG draw (symbols, rules); text and outlines are left out."""
    root = ET.fromstring(svg)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    image = Image.new("L", (round(width * dots_per_unit), round(height * dots_per_unit)), 255)
    pen = ImageDraw.Draw(image)
    for path in root.iter(f"{SVG}path"):
        fill = path.attrib.get("fill", "#000")
        if fill == "none":
            continue
        for x, y, wide, high in re.findall(r"M(\S+) ([\d.]+)h([\d.]+)v([\d.]+)h", path.attrib["d"]):
            left, top = float(x) * dots_per_unit, float(y) * dots_per_unit
            right, bottom = left + float(wide) * dots_per_unit, top + float(high) * dots_per_unit
            pen.rectangle(
                (round(left), round(top), round(right) - 1, round(bottom) - 1), fill=255 if fill == "#fff" else 0
            )
    return image


def svg_texts(svg: bytes) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def png(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


Box = tuple[float, float, float, float]


def overlaps(items: Sequence[Item], slack: float = 0.02) -> list[tuple[Any, Any]]:
    """Pairs of items that touch: texts, rules, shapes, and symbols with their quiet zone."""
    solid = [item for item in items if not (isinstance(item, Bar) and is_ground(item, items))]
    found = []
    for index, one in enumerate(solid):
        for other in solid[index + 1 :]:
            if belongs(one, other) or belongs(other, one):
                continue
            if touch(one.box(), other.box(), slack):
                found.append((one, other))
    return found


def touch(one: Box, other: Box, slack: float) -> bool:
    return (
        one[0] < other[2] - slack
        and other[0] < one[2] - slack
        and one[1] < other[3] - slack
        and other[1] < one[3] - slack
    )


def is_ground(bar: Bar, items: Iterable[Item]) -> bool:
    """A tinted ground carries what stands on it."""
    return bar.height > 3 and bar.colour.lower() not in ("#000000", "#0b5d3b")


def belongs(inner: Item, outer: Item) -> bool:
    """A letter or tick inside its shape."""
    if not isinstance(outer, Shape) or outer.figure == "tick" or not isinstance(inner, (Text, Line, Shape)):
        return False
    left, top, right, bottom = outer.box()
    a, b, c, d = inner.box()
    return left <= (a + c) / 2 <= right and top <= (b + d) / 2 <= bottom


def outside(items: Iterable[Item], width: float, height: float, margin: float = 0) -> list[Item]:
    """Items that reach beyond the paper."""
    return [
        item
        for item in items
        for box in [item.box()]
        if box[0] < margin or box[1] < margin or box[2] > width - margin or box[3] > height - margin
    ]


def symbols_of(items: Iterable[Item]) -> list[Symbol]:
    return [item for item in items if isinstance(item, Symbol)]


def texts_of(items: Iterable[Item]) -> list[str]:
    return [item.text for item in items if isinstance(item, (Text, Line))]


@contextmanager
def refused(code: str) -> Iterator[None]:
    """What is inside is refused with this code, and a sentence for it exists in both languages."""
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.code == code
    assert sentence(caught.value, "fr") != sentence(caught.value, "en")
