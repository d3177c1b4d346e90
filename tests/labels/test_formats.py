"""The register: every format makes bytes of the type that it names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from labels import formats
from tests.labels.builders import URL, a_passport, a_trace, a_unit, shares

CALLS: list[tuple[Any, tuple[Any, ...]]] = [
    (formats.SYMBOLS, (URL,)),
    (formats.LABELS, (a_passport(), "en", (1, 2))),
    (formats.SHEETS, ([(a_passport(), (1, 2))], "en", 1)),
    (formats.UNITS, ([a_unit()], "ar", "sack", "2x4", 1, 203)),
    (formats.CERTIFICATES, (a_passport(), "TV-1", datetime(2025, 1, 20, tzinfo=UTC), shares(9, 6), "en", "00" * 32)),
    (formats.TRACES, (a_trace(), "en")),
]
BEGINS = {"image/svg+xml": b"<svg ", "image/png": b"\x89PNG", "application/pdf": b"%PDF-", "application/zpl": b"^XA^DF"}


@pytest.mark.parametrize(("register", "arguments"), CALLS)
def test_every_format_makes_what_it_says(register: dict[str, Any], arguments: tuple[Any, ...]) -> None:
    for name, item in register.items():
        assert item.name == name
        assert item.make(*arguments).startswith(BEGINS[item.media_type])
        assert item.media_type.startswith(
            {"svg": "image/svg", "png": "image/png", "pdf": "application/pdf", "zpl": "application/zpl"}[item.suffix]
        )


def test_names_are_unique() -> None:
    assert len(set(formats.NAMES)) == len(formats.NAMES) == sum(len(register) for register, _ in CALLS)


def test_the_register_loads_without_the_heavy_modules() -> None:
    import subprocess
    import sys

    script = "import sys, labels.formats; print(sorted({m.split('.')[0] for m in sys.modules} & {'PIL', 'reportlab', 'qrcode', 'typst'}))"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
