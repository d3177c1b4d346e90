"""A label as dots (PNG, one bit a pixel) and as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from labels import designs, lot_label, qr, typeset
from labels import label_texts as says
from labels.designs import Design, Item, Line
from labels.lot_label import POINT_MM
from labels.unit_label import UnitLabel

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont


def png(label: UnitLabel, lang: str, design: Design, dpi: int = 203) -> bytes:
    """The label as PNG of one bit a pixel, ``dpi`` dots an inch; a module is a whole number of them."""
    out = BytesIO()
    image(designs.items(label, lang, design, module=design.exact(dpi)), design, dpi).save(
        out, "PNG", dpi=(dpi, dpi), optimize=True
    )
    return out.getvalue()


def image(items: Sequence[Item], design: Design, dpi: int) -> Image.Image:
    """Items as dots: no grey, so that a thermal head prints what is here."""
    from PIL import Image, ImageDraw

    scale = dpi / qr.INCH_MM
    picture = Image.new("1", (round(design.width * scale), round(design.height * scale)), 1)
    pen = ImageDraw.Draw(picture)
    pen.fontmode = "1"
    for item in items:
        if isinstance(item, Line):
            _write(picture, pen, item, scale, dpi)
        else:
            lot_label.draw_pixels(pen, item, scale)
    return picture


def _write(picture: Image.Image, pen: ImageDraw.ImageDraw, line: Line, scale: float, dpi: int) -> None:
    x, y = round(line.left * scale), round(line.y * scale)
    if typeset.is_latin(line.text):
        pen.text((x, y), line.text, fill=0, font=_font_within(line, scale), anchor="ls")
        return
    ink, left, base = typeset.dots(line.text, line.size, dpi, bold=line.bold)
    picture.paste(0, (x - left, y - base), ink.point(lambda value: 255 - value))


def _font_within(line: Line, scale: float) -> ImageFont.FreeTypeFont:
    """The font of a line, a little smaller where whole pixels would make it wider than it was measured."""
    size = round(line.size * POINT_MM * scale * 4) / 4
    most = line.width * scale + 1
    while (font := _font(size, bold=line.bold)).getlength(line.text) > most and size > 1:
        size -= 0.25
    return font


@lru_cache(maxsize=64)
def _font(size: float, *, bold: bool) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(typeset.face(bold=bold).face.filename, size, layout_engine=ImageFont.Layout.BASIC)


def svg(label: UnitLabel, lang: str, design: Design) -> bytes:
    """The label as SVG in millimetres. Latin lines are text, held to their width; others are outlines."""
    tongue = says.tongue(lang)
    width, height = f"{design.width:.6g}", f"{design.height:.6g}"
    title = says.say(tongue, "label_of", lot=typeset.printable(label.passport.lot_code))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}" '
        f'xml:lang="{tongue}" role="img" font-family="\'Noto Sans\',\'DejaVu Sans\',Verdana,sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<path fill="#fff" d="M0 0h{width}v{height}h-{width}z"/>',
        *(_svg(item) for item in designs.items(label, lang, design)),
        "</svg>\n",
    ]
    return "\n".join(parts).encode()


def _svg(item: Item) -> str:
    if not isinstance(item, Line):
        return lot_label.svg_item(item)
    em = item.size * POINT_MM
    if typeset.is_latin(item.text):
        look = ' font-weight="bold"' if item.bold else ""
        held = f'textLength="{item.width:.5g}" lengthAdjust="spacingAndGlyphs"'
        return (
            f'<text x="{item.left:.6g}" y="{item.y:.6g}" font-size="{em:.5g}" {held}{look}>{escape(item.text)}</text>'
        )
    data = "".join(
        f"{kind.upper()}{' '.join(f'{number:.4g}' for number in numbers)}"
        for kind, numbers in typeset.outline(item.text, bold=item.bold).curves
    )
    place = f"translate({item.left:.6g} {item.y:.6g}) scale({em:.5g} {-em:.5g})"
    said = escape(item.text.replace("\u2068", "").replace("\u2069", ""), quote=True)
    return f'<path transform="{place}" aria-label="{said}" d="{data}"/>'
