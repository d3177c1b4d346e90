"""``python -m bench``: every figure a ratio against a baseline of the same run, on both databases.

The goals are those of performance.md, section 10. Absolute figures say something of this machine only.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator

from bench import labels
from bench.capture import bulk_capture, delivery_capture, transformation_30
from bench.data import World, place
from bench.measure import Effort, Record, say
from bench.reading import traces, verification_page
from bench.reassess import suspension
from bench.sealing import sealed_capture
from bench.startup import startup
from ledger import memory

Measure = Callable[[World, Effort], list[Record]]
MEASURES: dict[str, Measure] = {
    "delivery_capture": delivery_capture,
    "bulk_capture": bulk_capture,
    "transformation_30": transformation_30,
    "sealed_capture": sealed_capture,
    "trace_back": traces,
    "verification_page": verification_page,
    "suspension": suspension,
    "startup": startup,
}
PAPER = ("label_sheet", "qr_symbols", "certificate", "unit_labels_pdf", "unit_labels_zpl", "unit_labels_memory")


def on_paper(name: str, effort: Effort) -> Record:
    """Labels, symbols and certificates: no database."""
    rounds = effort.of(3, 1)
    if name.startswith("unit_labels"):
        return of_units(name, effort)
    if name == "qr_symbols":
        rates = [labels.symbol_rates(effort.of(100, 20)) for _ in range(effort.of(7, 1))]
    elif name == "label_sheet":
        size, few = effort.of(400, 40), effort.of(60, 16)
        rates = [labels.sheet_rates(size, few)["distinct symbols"] for _ in range(rounds)]
    else:
        times = [labels.certificate_times(effort.of(200, 50)) for _ in range(rounds)]
        return Record(
            name, "-", 1000 * statistics.median(each.ours for each in times), "ms",
            1000 * statistics.median(each.plain for each in times), statistics.median(each.ratio for each in times),
            "<= 3", "goal 17; 200 farmers, embedded font / bare canvas with as many rows",
        )  # fmt: skip
    goals = {
        "qr_symbols": (">= 5", "symbols/s", "goal 14; a batch by qrcode with one mask / qrcode's default, one by one"),
        "label_sheet": (">= 6", "labels/s", "goal 15; distinct symbols / naive sheet with qrcode, PIL and drawImage"),
    }
    goal, unit, note = goals[name]
    ours, naive = (statistics.median(getattr(each, which) for each in rates) for which in ("ours", "naive"))
    return Record(name, "-", ours, unit, naive, statistics.median(each.ratio for each in rates), goal, note)


def of_units(name: str, effort: Effort) -> Record:
    """Labels of units in bulk, every symbol another, of version 7."""
    form = "zpl" if name.endswith("zpl") else "pdf"
    many = labels.bulk(form, effort.of(10_000, 400))
    said = f"{many.size / many.count:.0f} bytes a label, {many.peak:.0f} MB at most"
    if name.endswith("memory"):
        few = labels.bulk(form, effort.of(1000, 200))
        return Record(
            name, "-", many.peak, "MB", few.peak, many.peak / few.peak, "<= 1.3", f"{many.count} / {few.count} labels"
        )
    naive = labels.naive_units(effort.of(40, 8))
    goal = {"pdf": ">= 6", "zpl": ">= 1000"}[form]
    number = {"pdf": 15, "zpl": 16}[form]
    note = f"goal {number}; {many.count} labels of units / naive sheet with the same addresses; {said}"
    return Record(name, "-", many.rate, "labels/s", naive.rate, many.rate / naive.rate, goal, note)


def measured(databases: list[str], only: set[str], effort: Effort) -> Iterator[Record]:
    """All records, as they come."""
    for kind in databases if not only or only & set(MEASURES) else []:
        with place(kind) as where:
            say(f"{kind}: founding a cooperative")
            world = World.make(where)
            for name, measure in MEASURES.items():
                if not only or name in only:
                    say(f"{kind}: {name}")
                    yield from measure(world, effort)
    for name in PAPER:
        if not only or name in only:
            say(name)
            yield on_paper(name, effort)


def table(records: list[Record]) -> None:
    """For people."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(title="Filière: ratios against baselines of the same run")
    for head, justify in (
        ("measure", "left"), ("database", "left"), ("value", "right"), ("baseline", "right"), ("unit", "left"),
        ("ratio", "right"), ("goal", "left"), ("", "left"), ("note", "left"),
    ):  # fmt: skip
        shown.add_column(head, justify=justify, no_wrap=head not in ("note", ""))  # type: ignore[arg-type]
    for each in records:
        met = {True: "met", False: "[bold red]missed[/]", None: ""}[each.met]
        baseline = "" if each.baseline is None else _number(each.baseline)
        shown.add_row(
            each.name, each.database, _number(each.value), baseline, each.unit, f"{each.ratio:.2f}", each.goal or "",
            met, each.note,
        )  # fmt: skip
    Console(width=None if sys.stdout.isatty() else 200).print(shown)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"


def main() -> int:
    """Exit status 1 only with ``--strict``, when a ratio misses its goal."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="a list of records instead of a table")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--quick", action="store_true", help="small and few: shows that it runs, the figures are rough")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a goal is missed")
    parser.add_argument("--only", action="append", choices=[*MEASURES, *PAPER], help="this measure; may be repeated")
    options = parser.parse_args()
    databases = ["sqlite", "postgresql"] if options.database == "both" else [options.database]
    os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")
    memory.settle()  # as the service does
    records = list(measured(databases, set(options.only or ()), Effort(quick=options.quick)))
    if options.json:
        json.dump([each.as_json() for each in records], sys.stdout, indent=2)
        print()
    else:
        table(records)
    return int(options.strict and any(each.met is False for each in records))


if __name__ == "__main__":
    sys.exit(main())
