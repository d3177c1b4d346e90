"""Print labels of units: what each shows, put into the register first, then drawn for the printer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Literal

from domain.units import OPENING_DESIGN
from domain.values import Actor
from labels import designs
from labels.unit_label import UnitLabel
from ledger.issue import label_of
from ledger.queries import find_lot
from ledger.record import Recorder
from ledger.trade_items import links_of
from ledger.units import printed, unit_labels
from models.db import SystemSession, system_session

Form = Literal["pdf", "zpl", "png", "svg"]


@dataclass(frozen=True, slots=True)
class Job:
    """Which units of a lot, and how they are drawn. PNG and SVG draw the first one alone."""

    lot: str
    first: int
    count: int
    form: Form = "pdf"
    design: str = "sack"
    lang: str = "en"
    dpi: int = 300
    grid: str = "roll"
    skip: int = 0
    copies: int = 1
    reason: str | None = None


def labels_of(session: SystemSession, recorder: Recorder, org_id: int, job: Job) -> list[UnitLabel]:
    """The labels as they are drawn: the public view of the lot, and what differs from unit to unit.

    Only the design that is made for them is handed the opening codes.
    """
    passport = label_of(session, recorder, org_id, job.lot).passport
    wanted = unit_labels(session, recorder, org_id, job.lot, job.first, job.count)
    lot = find_lot(session, org_id, job.lot)
    links = links_of(session, recorder.host, lot.id, [one.number for one in wanted])
    return [
        UnitLabel(
            passport,
            one.address,
            one.typed_code,
            number=one.number,
            of=one.of,
            net_g=one.net_grams,
            link=links.get(one.number),
            packed_on=one.packed_on,
            opening=one.opening_code if job.design == OPENING_DESIGN else None,
        )
        for one in wanted
    ]


def print_units(
    recorder: Recorder, actor: Actor, job: Job, sink: IO[bytes], progress: Callable[[int, int], None] | None = None
) -> int:
    """Write the labels of a job to ``sink``; answers how many. ``progress``: how many of how many.

    The register says who printed what before anything is drawn; units that were printed before need a reason. What
    cannot be drawn (no such design or sheet, a label too small) is refused before the register says anything.
    """
    design = designs.find(job.design, "roll" if job.form == "zpl" else job.grid)
    with system_session(recorder.database, write=False) as session:
        labels = labels_of(session, recorder, actor.org_id, job)
    for label in labels[:1]:
        designs.items(label, job.lang, design)
    if job.form in ("png", "svg"):
        labels = labels[:1]
    printed(
        recorder,
        actor,
        job.lot,
        first=job.first,
        count=len(labels),
        copies=job.copies,
        design=job.design,
        reason=job.reason,
    )

    def done(count: int) -> None:
        if progress is not None:
            progress(count, len(labels))

    if job.form == "pdf":
        from labels.label_pdf import write_pdf

        write_pdf(sink, labels, job.lang, job.design, job.grid, job.skip, progress=done)
    elif job.form == "zpl":
        from labels.label_zpl import stream_zpl

        for part in stream_zpl(labels, job.lang, job.design, dpi=job.dpi, progress=done):
            sink.write(part)
    else:
        from labels.formats import UNITS

        made = UNITS[f"unit-{job.form}"]
        sink.write(made.make(labels, job.lang, job.design, job.grid, job.skip, job.dpi))
    done(len(labels))
    return len(labels)
