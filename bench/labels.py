"""Labels and certificates against a naive baseline, interleaved in one run: goals 14, 15 and 17 of performance.md.

``python -m bench.labels`` prints the ratios. CPU time is measured, so a busy machine changes them little; each figure
is the median of a few rounds. The naive baseline is what a first version would do: ``qrcode`` with its defaults, one
PIL image a label, drawn by reportlab's ``drawImage``.
"""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from labels import qr, sheet_a4
from labels.certificate import certificate_pdf
from tests.labels.builders import a_passport, an_address, shares

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.passport import Passport


@dataclass(frozen=True, slots=True)
class Rates:
    """Things a second, ours and the baseline's."""

    ours: float
    naive: float

    @property
    def ratio(self) -> float:
        return self.ours / self.naive


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds for the same document, ours and the baseline's."""

    ours: float
    plain: float

    @property
    def ratio(self) -> float:
        return self.ours / self.plain


def _spent(work: Callable[[], Any]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _urls(count: int) -> list[str]:
    return [an_address(seed)[1] for seed in range(count)]


# --- goal 14: symbols ---


def naive_symbols(urls: list[str]) -> list[Any]:
    """The library as its page shows it."""
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    made = []
    for url in urls:
        code: Any = QRCode(error_correction=ERROR_CORRECT_M)
        code.add_data(url)
        code.make()
        made.append(code.modules)
    return made


def symbol_rates(count: int = 100) -> Rates:
    """Symbols a second, in a batch and one by one as the library does by default."""
    urls = _urls(count)
    naive_symbols(urls[:1])
    naive = count / _spent(lambda: naive_symbols(urls))
    return Rates(count / _spent(lambda: qr.symbols(urls)), naive)


def share_decoded(count: int = 400) -> float:
    """The share of batch symbols that zxing-cpp reads to the exact address; it must be 1."""
    import zxingcpp
    from PIL import Image

    urls = _urls(count)
    right = 0
    for url, matrix in zip(urls, qr.symbols(urls), strict=True):
        side = len(matrix) + 2 * qr.QUIET
        image = Image.new("L", (side, side), 255)
        for row, line in enumerate(matrix):
            for column, dark in enumerate(line):
                if dark:
                    image.putpixel((column + qr.QUIET, row + qr.QUIET), 0)
        found = zxingcpp.read_barcodes(image.resize((side * 4, side * 4), Image.Resampling.NEAREST))
        right += [item.text for item in found] == [url]
    return right / count


DEGRADED = ((1.95, 0.75, 6), (2.0, 0.78, 6), (2.3, 1.0, 12), (3.2, 1.4, 12), (2.0, 0.6, 45))
"""Pixels a module, blur in pixels, tilt to either side in degrees: near the edge of what zxing-cpp reads."""


def read_when_degraded(count: int = 60, seed: int = 1) -> tuple[int, int]:
    """How many poor pictures are read, over all of ``DEGRADED``: our symbols, and those of lowest penalty."""
    import zxingcpp
    from PIL import Image, ImageFilter

    pick = random.Random(seed)
    urls = _urls(count)
    tilts = [pick.uniform(-1, 1) for _ in urls]

    def read(matrix: Any, url: str, tilt: float, look: tuple[float, float, float]) -> bool:
        side = len(matrix) + 2 * qr.QUIET
        image = Image.new("L", (side, side), 255)
        for row, line in enumerate(matrix):
            for column, dark in enumerate(line):
                if dark:
                    image.putpixel((column + qr.QUIET, row + qr.QUIET), 0)
        big = image.resize((side * 8, side * 8), Image.Resampling.NEAREST).rotate(tilt * look[2], fillcolor=255)
        small = big.resize((int(side * look[0]), int(side * look[0])), Image.Resampling.BILINEAR)
        out = BytesIO()
        small.filter(ImageFilter.GaussianBlur(look[1])).save(out, "JPEG", quality=45)
        return [item.text for item in zxingcpp.read_barcodes(Image.open(out))] == [url]

    ours, lowest = qr.symbols(urls), naive_symbols(urls)
    return (
        sum(read(*each, look) for look in DEGRADED for each in zip(ours, urls, tilts, strict=True)),
        sum(read(*each, look) for look in DEGRADED for each in zip(lowest, urls, tilts, strict=True)),
    )


# --- goal 15: sheets ---


def naive_sheet(passports: list[Passport], *, with_symbols: bool = True, pictures: list[Any] | None = None) -> bytes:
    """Eight labels on A4: a PIL image of the symbol by ``drawImage`` (two a label) and twelve lines of text."""
    from qrcode.main import make
    from reportlab.lib.units import mm
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    pdf = Canvas(out, pagesize=(210 * mm, 297 * mm), pageCompression=1)
    for index, passport in enumerate(passports):
        place = index % 8
        x, y = (4.6 + 101.6 * (place % 2)) * mm, (297 - 13.1 - 67.7 * (place // 2 + 1)) * mm
        if with_symbols:
            picture = pictures[index] if pictures else make(passport.url).get_image()
            image = ImageReader(picture)
            pdf.drawImage(image, x + 2 * mm, y + 2 * mm, 18.5 * mm, 18.5 * mm)
            pdf.drawImage(image, x + 78 * mm, y + 47 * mm, 18.5 * mm, 18.5 * mm)
        for row in range(12):
            pdf.setFont("Helvetica", 9)
            pdf.drawString(x + 24 * mm, y + (4 + 5 * row) * mm, f"{passport.lot_code} bag {index + 1} row {row}")
        if place == 7:
            pdf.showPage()
    pdf.save()
    return out.getvalue()


def _lots(count: int) -> list[Passport]:
    lots = []
    for seed in range(count):
        code, url = an_address(seed)
        lots.append(replace(a_passport(), code=code, url=url))
    return lots


def sheet_rates(ours: int = 400, naive: int = 60) -> dict[str, Rates]:
    """Labels a second: distinct symbols, one symbol shared by all bags, and drawing alone.

    Drawing alone is the time of a shared sheet (its one symbol counts nothing) against the naive sheet less what
    the library spends on encoding: pictures made before the clock starts.
    """
    from qrcode.main import make

    lots, lot = _lots(max(ours, naive)), a_passport()
    bags = [(lot, (number, ours)) for number in range(1, ours + 1)]
    sheet_a4.sheet_pdf(bags[:8], "en")
    naive_sheet(lots[:2])
    qr.symbol.cache_clear()
    distinct = ours / _spent(lambda: sheet_a4.sheet_pdf([(each, (1, 1)) for each in lots[:ours]], "en"))
    plain = naive / _spent(lambda: naive_sheet(lots[:naive]))
    shared = ours / _spent(lambda: sheet_a4.sheet_pdf(bags, "en"))
    pictures = [make(each.url).get_image() for each in lots[:naive]]
    drawing = naive / _spent(lambda: naive_sheet(lots[:naive], pictures=pictures))
    return {
        "distinct symbols": Rates(distinct, plain),
        "one symbol for all bags": Rates(shared, plain),
        "drawing without encoding": Rates(shared, drawing),
    }


def sheet_bytes_per_label(count: int = 1000) -> float:
    """Bytes of the file for each label where all bags share one symbol."""
    passport = a_passport()
    return len(sheet_a4.sheet_pdf([(passport, (number, count)) for number in range(1, count + 1)], "en")) / count


# --- goal 17: certificate ---


def plain_certificate(rows: int) -> bytes:
    """Title, eight facts and rows of five cells by a bare canvas in a base-14 font."""
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    pdf = Canvas(out, pageCompression=1)
    pdf.setFont("Helvetica-Bold", 20)
    pdf.drawString(60, 780, "Traceability certificate")
    pdf.setFont("Helvetica", 10)
    for fact in range(8):
        pdf.drawString(60, 750 - 14 * fact, f"Fact {fact}: 12 500 kg, Liberia, 2024/25")
    y = 620
    for row in range(rows):
        if y < 60:
            pdf.showPage()
            y = 780
        pdf.setFont("Helvetica", 8.5)
        for cell in range(5):
            pdf.drawString(60 + 100 * cell, y, f"LR-C1-{row:04d}"[: 4 + 2 * cell])
        pdf.line(60, y - 3, 560, y - 3)
        y -= 14
    pdf.save()
    return out.getvalue()


def certificate_times(rows: int = 200) -> Times:
    """Seconds for a certificate with an annex of so many farmers, and for the bare canvas with as many rows."""
    passport, composition = a_passport(), shares(2 * rows, rows)
    at = datetime(2025, 1, 20, tzinfo=UTC)

    def ours() -> bytes:
        return certificate_pdf(passport, "TV-1", at, composition, "en", "00" * 32)

    ours(), plain_certificate(rows)
    return Times(min(_spent(ours) for _ in range(3)), min(_spent(lambda: plain_certificate(rows)) for _ in range(3)))


def signing_times(rows: int = 200) -> Times:
    """Seconds to sign a certificate of so many farmers with its attachments, and to draw it."""
    import tempfile
    from pathlib import Path

    from ledger.keys import Keys
    from ledger.signing import File, signatures, signer_of

    passport, composition = a_passport(), shares(2 * rows, rows)
    at = datetime(2025, 1, 20, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        signer = signer_of(Keys(Path(folder) / "keys"), "https://t.example.org", round(at.timestamp()) * 1000)

    def draw() -> bytes:
        return certificate_pdf(passport, "TC-1", at, composition, "en", "00" * 32)

    files = [File("facts.json", "application/json", "facts", b'{"grams":12500000}' * 2000)]
    pdf = draw()
    (found,) = signatures(signer.sign(pdf, files, "TC-1", at))
    assert found.holds
    signed = min(_spent(lambda: signer.sign(pdf, files, "TC-1", at)) for _ in range(5))
    return Times(signed, min(_spent(draw) for _ in range(5)))


def main(rounds: int = 3) -> None:
    """Print every ratio beside its goal."""
    symbols = statistics.median(symbol_rates().ratio for _ in range(2 * rounds + 1))
    print(f"14  symbols in a batch / library default        {symbols:6.1f} x   goal 5, stretch 7")
    print(f"14  batch symbols decoded exactly               {share_decoded():6.1%}     goal 100 %")
    read, of = read_when_degraded(), 60 * len(DEGRADED)
    print(f"14  poor pictures read, our mask / lowest penalty  {read[0]} / {read[1]} of {of}   goal: no fewer")
    sheets = [sheet_rates() for _ in range(rounds)]
    goals = {"distinct symbols": "6, stretch 8", "one symbol for all bags": "-", "drawing without encoding": "30"}
    for name, goal in goals.items():
        ratio = statistics.median(each[name].ratio for each in sheets)
        rate = statistics.median(each[name].ours for each in sheets)
        print(f"15  sheets, {name:<26} {ratio:14.1f} x   goal {goal} ({rate:,.0f} labels/s)")
    print(f"15  bytes a label, 1,000 bags of one lot        {sheet_bytes_per_label():6.0f}     goal 250")
    times = [certificate_times() for _ in range(rounds)]
    ratio, spent = statistics.median(each.ratio for each in times), times[0].ours * 1000
    print(f"17  certificate, 200 farmers / bare canvas      {ratio:6.2f} x   goal at most 3 ({spent:.0f} ms)")
    times = [signing_times() for _ in range(rounds)]
    ratio, spent = statistics.median(each.ratio for each in times), times[0].ours * 1000
    print(f"17  signing it / drawing it                     {ratio:6.2f} x   goal at most 1 ({spent:.0f} ms)")


if __name__ == "__main__":
    main()
