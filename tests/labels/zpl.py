"""A small printer: draws the ZPL that we emit, and no other. A command that it does not know is a mistake."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from labels import qr
from labels.typeset import FONTS


@dataclass
class Field:
    at: tuple[int, int] = (0, 0)
    on_line: bool = False
    font: int = 0
    block: tuple[int, str] | None = None
    symbol: int = 0
    number: int = 0
    hexed: bool = False
    graphic: Any = None


@dataclass
class Printed:
    """A label: its picture, the texts on it, and what its symbols were told to hold."""

    image: Image.Image
    texts: list[str] = field(default_factory=list)
    symbols: list[str] = field(default_factory=list)


def printed(zpl: bytes) -> list[Printed]:
    """The labels of a stream."""
    stored: dict[str, list[str]] = {}
    labels = []
    for job in re.findall(r"\^XA(.*?)\^XZ", zpl.decode(), re.DOTALL):
        commands = re.findall(r"\^[A-Z][A-Z0-9@](?:[^^])*", job.replace("\n", ""))
        if commands[0].startswith("^DF"):
            stored[commands[0][3:]] = commands[1:]
        else:
            assert commands[0].startswith("^XF")
            labels.append(_draw(stored[commands[0][3:]], commands[1:]))
    return labels


def _fields(commands: list[str]) -> dict[int, str]:
    """The data of numbered fields."""
    found: dict[int, str] = {}
    number, hexed = 0, False
    for command in commands:
        name, rest = command[1:3], command[3:]
        if name == "FN":
            number = int(rest)
        elif name == "FH":
            hexed = True
        elif name == "FD" and number:
            found[number] = _plain(rest, hexed)
        elif name == "FS":
            number, hexed = 0, False
    return found


def _plain(text: str, hexed: bool) -> str:
    if not hexed:
        assert "~" not in text
        return text
    return re.sub("_([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)


def _draw(  # noqa: PLR0915 - one case a command
    format_: list[str], filling: list[str]
) -> Printed:
    filled = _fields(filling)
    size: dict[str, int] = {}
    for command in format_:
        if command[1:3] in ("PW", "LL"):
            size[command[1:3]] = int(command[3:])
    label = Printed(Image.new("1", (size["PW"], size["LL"]), 1))
    pen = ImageDraw.Draw(label.image)
    pen.fontmode = "1"
    now = Field()
    data: str | None = None
    recalled = [command for command in filling if command[1:3] in ("FO", "GF") or command == "^FS"]
    for command in [*format_, *recalled]:
        name, rest = command[1:3], command[3:]
        match name:
            case "FO" | "FT":
                x, y = rest.split(",")[:2]
                now, data = Field((int(x), int(y)), name == "FT"), None
            case "A0":
                now.font = int(rest.split(",")[1])
            case "FB":
                parts = rest.split(",")
                now.block = int(parts[0]), parts[3]
            case "BQ":
                now.symbol = int(rest.split(",")[2])
                assert 1 <= now.symbol <= 10
            case "FN":
                data = filled[int(rest)]
            case "FH":
                assert rest == "_"
                now.hexed = True
            case "FD":
                data = _plain(rest, now.hexed)
            case "GB":
                wide, high, stroke = map(int, rest.split(",")[:3])
                _box(pen, now.at, wide, high, stroke)
            case "GC":
                side, stroke = map(int, rest.split(",")[:2])
                x, y = now.at
                pen.ellipse((x, y, x + side - 1, y + side - 1), outline=0, width=stroke)
            case "GD":
                wide, high, stroke = map(int, rest.split(",")[:3])
                x, y = now.at
                leaning = rest.split(",")[4]
                ends = ((x, y + high), (x + wide, y)) if leaning == "R" else ((x, y), (x + wide, y + high))
                pen.line(ends, fill=0, width=stroke)
            case "GF":
                kind, total, again, row, digits = rest.split(",", 4)
                assert (kind, total) == ("A", again)
                raw = _unpacked(digits, int(row))
                assert len(raw) == int(total)
                rows = Image.frombytes("1", (int(row) * 8, len(raw) // int(row)), raw)
                label.image.paste(0, now.at, rows)
            case "FS":
                if data is not None:
                    _write(label, pen, now, data)
                now, data = Field(), None
            case "CI":
                assert rest == "28"
            case "PW" | "LL" | "LH" | "PO":
                pass
            case _:
                raise AssertionError(f"no such command on this printer: {command[:20]}")
    return label


def _unpacked(digits: str, row: int) -> bytes:
    """Rows in hexadecimal; a comma is a white row, a colon the row before once more."""
    rows: list[bytes] = []
    at = 0
    while at < len(digits):
        if digits[at] in ",:":
            rows.append(bytes(row) if digits[at] == "," else rows[-1])
            at += 1
        else:
            rows.append(bytes.fromhex(digits[at : at + 2 * row]))
            at += 2 * row
    return b"".join(rows)


def _box(pen: ImageDraw.ImageDraw, at: tuple[int, int], wide: int, high: int, stroke: int) -> None:
    x, y = at
    wide, high = max(wide, stroke), max(high, stroke)
    pen.rectangle((x, y, x + wide - 1, y + high - 1), outline=0, width=stroke)


def _write(label: Printed, pen: ImageDraw.ImageDraw, now: Field, data: str) -> None:
    x, y = now.at
    if now.symbol:
        assert data.startswith("MA,")
        label.symbols.append(data[3:])
        for row, line in enumerate(qr.symbol(data[3:])):
            for column, dark in enumerate(line):
                if dark:
                    left, top = x + column * now.symbol, y + row * now.symbol
                    pen.rectangle((left, top, left + now.symbol - 1, top + now.symbol - 1), fill=0)
        return
    label.texts.append(data)
    font = ImageFont.truetype(str(FONTS / "NotoSans-Bold.ttf"), now.font * 0.9)  # font 0 is bold and condensed
    wide = font.getlength(data)
    if now.block:
        x += {"L": 0, "C": (now.block[0] - wide) / 2, "R": now.block[0] - wide}[now.block[1]]
    assert now.on_line
    pen.text((x, y), data, fill=0, font=font, anchor="ls")
