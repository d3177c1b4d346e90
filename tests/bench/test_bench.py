"""The benchmark runs, and says what it promises to say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.measure import Record

ROOT = Path(__file__).resolve().parents[2]
NAMES = {
    "delivery_capture": "sqlite", "delivery_capture_vs_tryton": "sqlite",
    "bulk_capture": "sqlite", "bulk_capture_vs_add_all": "sqlite",
    "transformation_30": "sqlite",
    "sealed_capture": "sqlite",
    "trace_back": "sqlite", "trace_back_endpoint": "sqlite", "trace_growth": "sqlite",
    "verification_page": "sqlite", "verification_page_json": "sqlite", "verification_page_304": "sqlite",
    "suspension": "sqlite", "suspension_among_others": "sqlite", "suspension_growth": "sqlite",
    "startup": "sqlite", "startup_heavy_modules": "sqlite",
    "label_sheet": "-", "qr_symbols": "-", "certificate": "-",
    "unit_labels_pdf": "-", "unit_labels_zpl": "-", "unit_labels_memory": "-",
}  # fmt: skip


@pytest.mark.slow
def test_a_quick_run_yields_every_figure() -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--json", "--database", "sqlite"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    records = json.loads(done.stdout)
    assert {each["name"]: each["database"] for each in records} == NAMES
    assert len(records) == len(NAMES)
    for each in records:
        assert set(each) == {"name", "database", "value", "unit", "baseline", "ratio", "goal", "met", "note"}
        assert (each["met"] is None) == (each["goal"] is None)
        if each["name"] != "startup_heavy_modules":
            assert min(each["value"], each["baseline"], each["ratio"]) > 0
    (heavy,) = [each for each in records if each["name"] == "startup_heavy_modules"]
    assert heavy["met"], heavy["note"]


@pytest.mark.parametrize(
    ("goal", "ratio", "met"),
    [(">= 0.5", 0.5, True), (">= 0.5", 0.49, False), ("<= 2.0", 2.1, False), ("== 0", 0, True), (None, 1, None)],
)
def test_a_ratio_meets_its_goal_or_not(goal: str | None, ratio: float, met: bool | None) -> None:
    assert Record("x", "-", 1, "s", 1, ratio, goal, "").met is met
