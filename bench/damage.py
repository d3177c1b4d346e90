"""Damaged labels: how often one of the two symbols of a sack label still reads, and that none ever reads wrongly.

``python3 dev.py damage`` draws 20,000 pictures of labels whose symbols are blurred, scratched or stained, as a poor
camera sees them (tilted by up to 12 degrees, noise, JPEG at quality 60), and reads each with zxing-cpp. A label counts
as read when a text verifies (``domain.label_token.verify_label``); it is wrong when it verifies and is not what was
printed, which must never happen. ``--images`` draws fewer, ``--seed`` others.

The kinds and amounts of damage, and what is asked of two copies, are those of the design notes (trust 3.6, T23).
Scratches are 1 to 3 dots of the 203-dpi head wide (0.1 to 0.4 mm), two thirds of them of missing ink, a third of dirt;
their width was chosen so that single symbols read about as often as in the table there.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from domain.label_token import BadLabel, verify_label
from domain.note import public_key
from labels import designs, label_pixels
from labels.lot_label import Symbol
from labels.unit_label import UnitLabel
from tests.labels.builders import KEY_SECRET, a_passport, a_unit

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

DESIGN: Final = designs.find("sack")
DPI: Final = 203
UNITS: Final = 40
"""Different labels that are damaged in turn."""

KEYS: Final = {7: public_key(KEY_SECRET)}
TILT: Final = 12.0
QUALITY: Final = 60
NOISE: Final = 8.0
SCRATCH_MM: Final = (0.1, 0.38)


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of damage: pixels that the camera has for a symbol, blur in pixels, and the least share to be read."""

    name: str
    pixels: int
    blur: float = 0.0
    scratches: int = 0
    stained: float = 0.0
    least: float | None = None


CASES: Final = (
    Case("clean", 250, least=1.0),
    Case("blur 1 at 160", 160, blur=1.0, least=0.93),
    Case("blur 1.5 at 200", 200, blur=1.5, least=0.93),
    Case("blur 3 at 400", 400, blur=3.0, least=0.93),
    Case("2 scratches", 250, scratches=2),
    Case("5 scratches", 250, scratches=5, least=0.90),
    Case("10 scratches", 250, scratches=10, least=0.80),
    Case("blobs 1 %", 250, stained=0.01),
    Case("blobs 3 %", 250, stained=0.03),
    Case("blobs 5 %", 250, stained=0.05),
)


@dataclass(slots=True)
class Count:
    """What became of the labels of a case. ``one``: single symbols read, of twice as many."""

    case: Case
    images: int = 0
    read: int = 0
    one: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.read / self.images if self.images else 0.0

    @property
    def met(self) -> bool:
        return not self.wrong and (self.case.least is None or self.share >= self.case.least)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A label as it left the printer, and where its symbols are."""

    unit: UnitLabel
    picture: Image.Image
    symbols: list[Symbol]


def printed(count: int = UNITS) -> list[Drawn]:
    """Labels of different units."""
    passport = a_passport()
    found = []
    for number in range(1, count + 1):
        unit = a_unit(number, passport=passport)
        made = designs.items(unit, "en", DESIGN, module=DESIGN.exact(DPI))
        symbols = [item for item in made if isinstance(item, Symbol)]
        found.append(Drawn(unit, label_pixels.image(made, DESIGN, DPI).convert("L"), symbols))
    return found


def seen(label: Drawn, case: Case, pick: random.Random) -> Image.Image:
    """The label as a camera sees it, damaged."""
    from PIL import Image, ImageDraw, ImageFilter

    picture = label.picture.copy()
    pen = ImageDraw.Draw(picture)
    for symbol in label.symbols:
        box = tuple(edge * DPI / 25.4 for edge in symbol.box())
        for _ in range(case.scratches):
            _scratch(pen, box, pick)
        if case.stained:
            _stain(pen, box, case.stained, pick)
    left, _, right, _ = label.symbols[0].box()
    scale = case.pixels / ((right - left) * DPI / 25.4)
    size = round(picture.width * scale), round(picture.height * scale)
    small = picture.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
    small = small.rotate(pick.uniform(-TILT, TILT), Image.Resampling.BILINEAR, expand=True, fillcolor=255)
    if case.blur:
        small = small.filter(ImageFilter.GaussianBlur(case.blur))
    out = BytesIO()
    _noisy(small, pick).save(out, "JPEG", quality=QUALITY)
    return Image.open(out)


def _scratch(pen: ImageDraw.ImageDraw, box: tuple[float, ...], pick: random.Random) -> None:
    """A straight line from somewhere on the symbol to somewhere else on it."""
    left, top, right, bottom = box
    ends = [(pick.uniform(left, right), pick.uniform(top, bottom)) for _ in range(2)]
    width = max(1, round(pick.uniform(*SCRATCH_MM) * DPI / 25.4))
    pen.line(ends, fill=255 if pick.random() < 2 / 3 else 40, width=width)


def _stain(pen: ImageDraw.ImageDraw, box: tuple[float, ...], share: float, pick: random.Random) -> None:
    """Round spots of dirt or missing ink that cover this share of the symbol together."""
    left, top, right, bottom = box
    side, covered = right - left, 0.0
    while covered < share * side * side:
        radius = side * pick.uniform(0.015, 0.06)
        x, y = pick.uniform(left, right), pick.uniform(top, bottom)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255 if pick.random() < 0.5 else 30)
        covered += 3.1416 * radius * radius


def _noisy(picture: Image.Image, pick: random.Random) -> Image.Image:
    """Grey ink on grey paper, and noise of a sensor."""
    import numpy as np
    from PIL import Image

    values = np.asarray(picture, dtype=np.int16) * 7 // 10 + 35
    start = pick.randrange(_noise().size - values.size)
    noise = _noise()[start : start + values.size].reshape(values.shape)
    return Image.fromarray(np.clip(values + noise, 0, 255).astype(np.uint8))


@cache
def _noise() -> Any:
    """A strip of noise, from which every picture takes a piece."""
    import numpy as np

    return np.random.default_rng(1).normal(0, NOISE, 4_000_000).astype(np.int16)


def tally(count: Count, label: Drawn, texts: list[str]) -> None:
    """Count what was read on a picture of a label: accepted is what verifies, and nothing else."""
    count.images += 1
    right = 0
    for text in texts:
        try:
            token = verify_label(text.rpartition("/")[2], KEYS)
        except BadLabel:
            count.refused += 1
            continue
        if text != label.unit.url or token.code != label.unit.code[:16]:
            count.wrong.append(text)
        else:
            right += 1
    count.one += right
    count.read += right > 0


def campaign(images: int, seed: int = 1) -> Iterator[Count]:
    """Every case with its share of the pictures, one after the other."""
    import zxingcpp

    labels = printed()
    for index, case in enumerate(CASES):
        pick = random.Random(f"{seed} {case.name}")
        count = Count(case)
        for number in range(images // len(CASES) + (index < images % len(CASES))):
            label = labels[number % len(labels)]
            found = zxingcpp.read_barcodes(seen(label, case, pick), formats=zxingcpp.BarcodeFormat.QRCode)
            tally(count, label, [each.text for each in found])
        yield count


def main() -> int:
    """Exit status 1 where a share is missed, or anything was read wrongly."""
    parser = argparse.ArgumentParser(prog="dev.py damage", description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=20_000, help="pictures, over all kinds of damage")
    parser.add_argument("--seed", type=int, default=1, help="other pictures")
    parser.add_argument("--json", action="store_true", help="a list instead of a table")
    options = parser.parse_args()
    counts = []
    if not options.json:
        print("damage            images  one symbol  one of two  at least  refused  wrong")
    for count in campaign(options.images, options.seed):
        counts.append(count)
        if not options.json:
            least = "" if count.case.least is None else f"{count.case.least:.2f}"
            print(
                f"{count.case.name:<16} {count.images:>7} {count.one / max(1, 2 * count.images):>11.3f} "
                f"{count.share:>11.3f} {least:>9} {count.refused:>8} {len(count.wrong):>6}"
                f"{'' if count.met else '   missed'}",
                flush=True,
            )
    if options.json:
        said = [
            {
                "damage": each.case.name, "images": each.images, "one": each.one / max(1, 2 * each.images),
                "read": each.share, "least": each.case.least, "refused": each.refused, "wrong": each.wrong,
            }
            for each in counts
        ]  # fmt: skip
        json.dump(said, sys.stdout, indent=2)
        print()
    return int(not all(count.met for count in counts))


if __name__ == "__main__":
    sys.exit(main())
