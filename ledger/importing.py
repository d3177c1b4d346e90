"""Lists brought in: received and checked, applied, taken back.

    receive → a run: its file is kept, every row is checked, nothing else is written
    choose  → which column means what; checked anew, and remembered for the next list
    apply   → checked once more against the registry as it stands, then written: all of it, or nothing
    undo    → taken back, while nothing used it

Farmers, plots and inspections are one transaction. Deliveries are events: one batch after another, each whole, with ids
that follow from the file and the row, so that an import that was cut off goes on where it stopped, and the same file
again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, cast
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlmodel import col, select

import models
from domain import events as told
from domain.cells import COLUMNS, Kind, required
from domain.faults import Fault
from domain.importing import Line, Row, check
from domain.refusals import Lang, Refused
from domain.values import Actor
from exchange import tables
from exchange.columns import ROW, TODO, Layout, key, lay_out
from exchange.tables import Book, TableError
from ledger import import_known as registry_of
from ledger import import_undo, registry
from ledger.ids import uuid7
from ledger.import_known import Options, Wanted
from ledger.import_write import Writer, rows_of
from ledger.record import MAX_BATCH, Recorder, record
from models.db import ScopedSession, scoped_session

NAMESPACE: Final = UUID("6f3c1d0a-52f5-4c1e-9d39-6f1f0f0c1a53")
"""Of the ids of events that follow from a file and a row."""

KEPT_MS: Final = 30 * 86_400_000
"""How long the file of an import that nobody applied is kept: 30 days."""

NAMED: Final = 10
"""Rows that a refusal names."""

SHEET: Final = "import-"
"""How the sheet of an error workbook is called: this, and the first 20 digits of the import's id."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """An import as it stands: its run, how its sheet is read, and every row.

    ``missing``: columns that it cannot do without and that no heading is known for; then no row is checked. ``idle``:
    columns of which nothing becomes. ``same``: the run that brought in the same file before.
    """

    run: models.ImportRun
    layout: Layout
    rows: tuple[Row, ...]
    missing: tuple[str, ...]
    idle: tuple[str, ...]
    aim: Wanted
    same: models.ImportRun | None = None

    @property
    def faults(self) -> list[Fault]:
        return [fault for row in self.rows for fault in row.faults]

    def to_correct(self) -> list[int]:
        """Numbers of the rows to correct."""
        return [row.number for row in self.rows if row.state == "correct"]


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying wrote: the run, and the lots whose claims it lowered."""

    run: models.ImportRun
    lowered: tuple[registry.Lowered, ...] = ()


def reading(recorder: Recorder, actor: Actor) -> AbstractContextManager[ScopedSession]:
    """A session that sees the actor's organisation, and cannot write."""
    return scoped_session(recorder.database, actor.org_id, write=False)


# --- receive and check ---


def receive(recorder: Recorder, actor: Actor, kind: Kind, file_name: str, data: bytes, options: Options) -> Checked:
    """Keep a file, and check every row. Raises ``TableError`` where it is no table, ``Refused`` for the options."""
    book = tables.read(data, options.sheet)
    now = recorder.clock()
    with reading(recorder, actor) as session:
        before = _corrected(session, actor, kind, book, options)
        if before is not None:
            options = replace(options.over(Options.load(before.options)), corrects=before.id)
            options = replace(options, origin=options.origin or before.sha256)
        digest = sha256(data).hexdigest()
        turn = _turns(session, kind, options.origin or digest)
        options = replace(options, turn=turn or None)
        run = models.ImportRun(
            org_id=actor.org_id,
            id=uuid7(now, recorder.entropy),
            kind=kind,
            file_name=file_name[:200] or "list",
            sha256=digest,
            content=data,
            options=options.dump(),
            created_by=actor.name,
            created_at=now,
        )
        chain = [(run, book), *_chain(session, before)]
        checked = _checked(session, run, _source(session, chain), now)
    with scoped_session(recorder.database, actor.org_id, write=True) as session:
        _forget(session, now)
        session.add(run)
    return checked


def _turns(session: ScopedSession, kind: Kind, origin: str) -> int:
    """How often the list was taken back: what is brought in after that are other events."""
    held = models.ImportRun
    of_it = (col(held.sha256) == origin) | col(held.options).contains(origin, autoescape=True)
    query = select(sa.func.count()).select_from(held).where(held.kind == kind, held.state == "undone", of_it)
    return session.scalar(query) or 0


def _forget(session: ScopedSession, now: int) -> None:
    """Files that nobody applied are not kept for ever: they hold names and phones."""
    held = models.ImportRun
    old = select(held).where(held.state == "checked", held.created_at < now - KEPT_MS, col(held.content).is_not(None))
    for run in session.scalars(old):
        run.content = None
        run.version += 1


def find(session: ScopedSession, run_id: str, *, update: bool = False) -> models.ImportRun:
    """A run of the caller's organisation. ``update``: locked, and as it stands now."""
    row = session.get(
        models.ImportRun, (session.org_id, run_id), with_for_update=update or None, populate_existing=update
    )
    if row is None:
        raise Refused("IMPORT_UNKNOWN", run=run_id)
    return row


def look(recorder: Recorder, actor: Actor, run_id: str) -> Checked:
    """An import that is not applied, checked against the registry as it stands now. Nothing is written."""
    books = _books(recorder, actor, run_id)
    with reading(recorder, actor) as session:
        run = find(session, run_id)
        return _checked(session, run, _source(session, books), recorder.clock())


def choose(
    recorder: Recorder,
    actor: Actor,
    run_id: str,
    columns: Mapping[str, str | None],
    options: Options,
) -> Checked:
    """Say which heading means which column (none: leave it out); it is remembered. Answers the check done anew.

    ``options``: what is said of the list besides goes over what was said before.
    """
    with scoped_session(recorder.database, actor.org_id, write=True) as session:
        run = find(session, run_id, update=True)
        _open(run)
        for heading, column in columns.items():
            identity = (session.org_id, run.kind, key(heading))
            held = session.get(models.ImportMapping, identity)
            if held is None:
                held = models.ImportMapping(org_id=session.org_id, kind=run.kind, heading=key(heading), column="")
                session.add(held)
            held.column = column or ""
        said = options.over(Options.load(run.options))
        before = Options.load(run.options)
        run.options = replace(said, sheet=options.sheet or before.sheet, header=options.header or before.header).dump()
        run.version += 1
    checked = look(recorder, actor, run_id)
    with scoped_session(recorder.database, actor.org_id, write=True) as session:
        run = find(session, run_id, update=True)
        run.summary = checked.run.summary
    return checked


def _open(run: models.ImportRun) -> None:
    if run.state != "checked" or run.content is None:
        raise Refused("IMPORT_CONTENT_GONE", run=run.id)


# --- the rows of a file, and of the file that it corrects ---


@dataclass(frozen=True, slots=True)
class _Source:
    """What is to be checked: how it is read, its lines, and what is found about them before they are.

    ``origin``: the digest of the first file, from which ids of events follow.
    """

    layout: Layout
    book: Book
    faults: tuple[Fault, ...]
    origin: str


def _books(recorder: Recorder, actor: Actor, run_id: str) -> list[tuple[models.ImportRun, Book]]:
    """The file of a run and of those that it corrects, newest first. Read outside of any transaction that writes."""
    with reading(recorder, actor) as session:
        run = find(session, run_id)
        _open(run)
        return _chain(session, run)


def _chain(session: ScopedSession, run: models.ImportRun | None) -> list[tuple[models.ImportRun, Book]]:
    answer: list[tuple[models.ImportRun, Book]] = []
    while run is not None and run.content is not None:
        options = Options.load(run.options)
        answer.append((run, tables.read(run.content, options.sheet)))
        run = session.get(models.ImportRun, (session.org_id, options.corrects)) if options.corrects else None
    return answer


def _corrected(
    session: ScopedSession, actor: Actor, kind: Kind, book: Book, options: Options
) -> models.ImportRun | None:
    """The run that a file corrects: as said, or as the name of its sheet tells."""
    if options.corrects is not None:
        return find(session, options.corrects)
    for sheet in book.sheets:
        digits = sheet.name.removeprefix(SHEET)
        if sheet.name.startswith(SHEET) and len(digits) == 20 and digits.isalnum():  # noqa: PLR2004 - see SHEET
            begins = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:]}-"
            held = models.ImportRun
            query = select(held).where(
                held.org_id == actor.org_id, held.kind == kind, col(held.id).startswith(begins, autoescape=True)
            )
            return session.scalars(query).first()
    return None


def _source(session: ScopedSession, chain: Sequence[tuple[models.ImportRun, Book]]) -> _Source:
    """The lines of the newest file; where it corrects another, those of the other with the corrected ones put in."""
    (run, book), older = chain[0], chain[1:]
    kind, options = cast("Kind", run.kind), Options.load(run.options)
    held = rows_of(session, models.ImportMapping, "kind", [kind])
    remembered = {one.heading: one.column for one in held}
    layout = lay_out(book, kind, remembered, options.header, options.sheet)
    origin = options.origin or run.sha256
    if options.corrects is None or layout.place(ROW) is None:
        return _Source(layout, book, (), origin)
    front = sum(one.column in (ROW, TODO) for one in layout.headings)
    own = [one for one in layout.headings if one.column not in (ROW, TODO)]
    shifted = replace(layout, headings=tuple(replace(one, place=one.place - front) for one in own))
    before = find(session, options.corrects)
    faulty = {int(number): code for number, code in json.loads(before.summary).get("to_correct", {}).items()}
    if older:
        base = _source(session, older)
        known = {line.number: line for line in base.layout.lines}
    else:
        base, known = None, {number: Line(number, {"farmer_code": code or ""}) for number, code in faulty.items()}
    lines, faults = _numbered(layout, front, known, faulty)
    if base is None:
        return _Source(replace(shifted, lines=tuple(lines), skipped=()), book, tuple(faults), origin)
    merged = {**known, **{line.number: line for line in lines}}
    ordered = tuple(merged[number] for number in sorted(merged))
    return _Source(replace(base.layout, lines=ordered), base.book, (*base.faults, *faults), origin)


def _numbered(
    layout: Layout, front: int, known: Mapping[int, Line], faulty: Mapping[int, str | None]
) -> tuple[list[Line], list[Fault]]:
    """The lines of an error sheet under the numbers of the list that they correct, held against its codes.

    ``front``: columns before those of the list. ``faulty``: rows that were to be corrected, with the code that they
    had; none: the code itself was at fault.
    """
    lines, faults = [], []
    for line in layout.lines:
        said = line.cells.get(ROW, "").strip()
        number = int(said) if said.isdigit() and len(said) < 8 else 0  # noqa: PLR2004 - more rows than any sheet has
        if number not in known:
            number = max(known, default=0) + line.number  # a number that no row has
            faults.append(Fault(number, "row", "ROW_UNKNOWN", said))
        else:
            code = known[number].cells.get("farmer_code", "").strip()
            now = line.cells.get("farmer_code", "").strip()
            if code and now.upper() != code.upper() and faulty.get(number, code) is not None:
                faults.append(Fault(number, "farmer_code", "ROW_OF_ANOTHER", now, {"row": number, "code": code}))
        before = known.get(number)
        same = {name for name in before.numbers if before.cells.get(name) == line.cells.get(name)} if before else ()
        lines.append(replace(line, number=number, numbers=frozenset(same), whole=line.whole[front:]))
    return lines, faults


def _checked(
    session: ScopedSession, run: models.ImportRun, source: _Source, now: int, left: Collection[int] = ()
) -> Checked:
    """Check the lines of a run, and put the outcome into its summary (which the caller may keep)."""
    kind, options, layout = cast("Kind", run.kind), Options.load(run.options), source.layout
    aim = registry_of.wanted(session, kind, options, now)
    terms = replace(aim.terms, units=layout.units(), decimal=options.decimal or source.book.decimal)
    aim = replace(aim, terms=terms)
    present = [one.column for one in layout.headings if one.column]
    otherwise = {"site_code": options.site, "product": options.product}
    missing = tuple(
        one
        for one in (*required(kind), *otherwise)
        if one in {column.name for column in COLUMNS[kind]} and one not in present and otherwise.get(one) is None
    )
    rows: tuple[Row, ...] = ()
    if not missing:
        lines = [line for line in layout.lines if line.number not in left]
        rows = tuple(_rows(session, run, kind, aim, lines, source))
    idle = tuple(registry_of.idle(kind, aim, present))
    same = _same(session, run)
    checked = Checked(run, layout, rows, missing, idle, aim, same)
    run.summary = _summary(checked, source, left)
    return checked


def _rows(
    session: ScopedSession,
    run: models.ImportRun,
    kind: Kind,
    aim: Wanted,
    lines: Sequence[Line],
    source: _Source,
) -> list[Row]:
    done: set[int] = set()
    codes: set[str] = set()
    if kind == "deliveries":
        ids = {line.number: _event_id(run, source.origin, line.number) for line in lines}
        done = registry_of.told(session, ids)
        codes = {line.cells.get("lot_code", "").strip().upper() for line in lines}
    known = registry_of.known(session, kind, aim, done, codes)
    rows = check(kind, lines, aim.terms, known)
    by_number = {row.number: row for row in rows}
    for fault in source.faults:
        row = by_number.get(fault.row)
        if row is not None:
            row.faults.insert(0, fault)
            row.state, row.changes = "correct", []
    return rows


def _same(session: ScopedSession, run: models.ImportRun) -> models.ImportRun | None:
    """The newest run that brought in the same file."""
    held = models.ImportRun
    query = select(held).where(
        held.sha256 == run.sha256, held.kind == run.kind, held.state == "applied", held.id != run.id
    )
    return session.scalars(query.order_by(col(held.applied_at).desc())).first()


def _summary(checked: Checked, source: _Source, left: Collection[int]) -> str:
    """What is kept of a check: counts and places, no value of anybody. Rows left out stay rows to correct."""
    rows, before = checked.rows, json.loads(checked.run.summary)
    bad_codes = {one.row for one in checked.faults if one.column == "farmer_code" and one.level == "correct"}
    lines = {line.number: line for line in checked.layout.lines}
    return json.dumps(
        {
            "rows": len(checked.layout.lines),
            **{state: sum(row.state == state for row in rows) for state in ("new", "change", "unchanged", "correct")},
            "warnings": _count(rows, "warning"),
            "duplicates": _count(rows, "duplicate"),
            "skipped": list(checked.layout.skipped),
            "missing": list(checked.missing),
            "idle": list(checked.idle),
            "left_out": before.get("left_out", []),
            "done": before.get("done", 0),
            "sheet": checked.layout.sheet,
            "header": checked.layout.header,
            "form": source.book.form,
            "encoding": source.book.encoding,
            "delimiter": source.book.delimiter,
            "season": checked.aim.season,
            "product": checked.aim.product,
            "certificate": checked.aim.certificate.number if checked.aim.certificate else None,
            "columns": [
                {"place": one.place, "heading": one.text, "column": one.column} for one in checked.layout.headings
            ],
            "to_correct": (before.get("to_correct", {}) if left else {})
            | {
                str(number): None if number in bad_codes else lines[number].cells.get("farmer_code", "").strip()
                for number in checked.to_correct()
            },
        },
        ensure_ascii=False,
    )


def _count(rows: Sequence[Row], level: str) -> int:
    return sum(any(one.level == level for one in row.faults) for row in rows)


# --- apply ---


def apply(
    recorder: Recorder,
    actor: Actor,
    run_id: str,
    *,
    leave_out: bool | Collection[int] = False,
    progress: Progress | None = None,
) -> Applied:
    """Write the rows of an import. ``leave_out``: all rows to correct, or rows by their number.

    Applied already, it changes nothing. Raises ``Refused``: then nothing was written; of deliveries, nothing of the
    batch that held the row.
    """
    with reading(recorder, actor) as session:
        run = find(session, run_id)
        if run.state == "applied":
            return Applied(run)
        kind = run.kind
    books = _books(recorder, actor, run_id)
    if kind == "deliveries":
        return _deliver(recorder, actor, run_id, books, leave_out, progress)
    with scoped_session(recorder.database, actor.org_id, write=True) as session:
        registry.begin(session)
        run = find(session, run_id, update=True)
        if run.state == "applied":
            return Applied(run)
        _open(run)
        now = recorder.clock()
        checked, left = _ready(session, run, _source(session, books), now, leave_out)
        writer = Writer(session, recorder, run, checked.aim, now, actor)
        getattr(writer, kind)(checked.rows)
        _finish(session, actor, run, left, len(checked.rows), now)
        writer.flush()
        lowered = [one for change in writer.changes() for one in registry.settle(session, recorder, actor, change)]
        if progress is not None:
            progress(len(checked.rows), len(checked.rows))
        session.refresh(run)
    return Applied(run, tuple({one.lot: one for one in lowered}.values()))


def _ready(
    session: ScopedSession, run: models.ImportRun, source: _Source, now: int, leave_out: bool | Collection[int]
) -> tuple[Checked, list[int]]:
    """The rows to write, all in order, and those left out. Raises ``Refused`` where some are still to be corrected.

    Without a row another may be at fault (it alone told the name): then that one is left out too, if all are to be.
    """
    left = set[int]() if isinstance(leave_out, bool) else set(leave_out)
    while True:
        checked = _checked(session, run, source, now, left)
        if checked.missing:
            raise Refused("IMPORT_COLUMNS_MISSING", columns=", ".join(checked.missing))
        faulty = checked.to_correct()
        if not faulty:
            return checked, sorted(left)
        if leave_out is not True:
            more = ", …" if len(faulty) > NAMED else ""
            raise Refused("IMPORT_TO_CORRECT", count=len(faulty), rows=", ".join(map(str, faulty[:NAMED])) + more)
        left.update(faulty)


def _finish(
    session: ScopedSession, actor: Actor, run: models.ImportRun, left: Sequence[int], done: int, now: int
) -> None:
    """The run is applied: its file, and that of the run that it corrects, is no longer kept."""
    run.state, run.applied_by, run.applied_at, run.content = "applied", actor.name, now, None
    run.summary = json.dumps(json.loads(run.summary) | {"left_out": list(left), "done": done}, ensure_ascii=False)
    run.version += 1
    corrects = Options.load(run.options).corrects
    while corrects is not None:
        before = find(session, corrects, update=True)
        before.content = None
        corrects = Options.load(before.options).corrects


# --- deliveries ---


def _event_id(run: models.ImportRun, origin: str, row: int, part: str = "") -> str:
    """The id of a row's event: the same for the same row of the same file, until it is taken back."""
    turn = Options.load(run.options).turn or 0
    return str(uuid5(NAMESPACE, f"{run.org_id}/{origin}/{turn}/{row}{part}"))


def _deliver(
    recorder: Recorder,
    actor: Actor,
    run_id: str,
    books: Sequence[tuple[models.ImportRun, Book]],
    leave_out: bool | Collection[int],
    progress: Progress | None,
) -> Applied:
    with reading(recorder, actor) as session:
        run = find(session, run_id)
        source = _source(session, books)
        checked, left = _ready(session, run, source, recorder.clock(), leave_out)
    events = {
        row.number: _delivered(run, source.origin, row, checked.aim) for row in checked.rows if row.state == "new"
    }
    total, numbers = len(checked.rows), sorted(events)
    done = total - len(numbers)
    for start in range(0, len(numbers), MAX_BATCH):
        batch = numbers[start : start + MAX_BATCH]
        answers = record(recorder, actor, [events[number] for number in batch], atomic=True)
        for number, answer in zip(batch, answers, strict=True):
            if answer.refused is not None:
                raise answer.refused.at(f"/rows/{number}")
        done += len(batch)
        with scoped_session(recorder.database, actor.org_id, write=True) as session:
            held = find(session, run_id, update=True)
            held.summary = json.dumps(json.loads(checked.run.summary) | {"done": done}, ensure_ascii=False)
            session.flush()
            for number in batch:
                session.add(
                    models.ImportRecord(
                        org_id=actor.org_id, run_id=run_id, row=number, part="event", record=events[number].id
                    )
                )
        if progress is not None:
            progress(done, total)
    with scoped_session(recorder.database, actor.org_id, write=True) as session:
        run = find(session, run_id, update=True)
        if run.state != "applied":
            _finish(session, actor, run, left, total, recorder.clock())
    return Applied(run)


def _delivered(run: models.ImportRun, origin: str, row: Row, aim: Wanted) -> told.Delivered:
    """A row as the event that it tells of. A lot without a code gets one from file and row."""
    values = row.values
    value, unit = values["quantity"]
    harvested = values.get("harvested_on")
    return told.Delivered(
        id=_event_id(run, origin, row.number),
        occurred_at=datetime.fromtimestamp(values["at"] / 1000, UTC),
        site=aim.sites[values["site_code"]],
        farmer=row.code,
        lot=told.NewLot(
            lot=_event_id(run, origin, row.number, "/lot"),
            code=values.get("lot_code") or f"I{origin[:8].upper()}-{row.number}",
            product=values["product"],
            quantity=told.Quantity(value=value, unit=unit),
        ),
        plot=values.get("plot_code"),
        harvested_on=harvested,
        receipt=values.get("receipt"),
    )


# --- undo ---


def undo(recorder: Recorder, actor: Actor, run_id: str) -> models.ImportRun:
    """Take an import back. Taken back already, it changes nothing. Raises ``Refused`` where something used it."""
    with scoped_session(recorder.database, actor.org_id, write=True) as session:
        registry.begin(session)
        run = find(session, run_id, update=True)
        if run.state == "undone":
            return run
        if run.state != "applied":
            raise Refused("IMPORT_NOT_APPLIED", run=run_id)
        parts = import_undo.records(session, run_id)
        if run.kind != "deliveries":
            import_undo.take_back(session, run, parts)
            _undone(run, actor, recorder.clock())
            session.flush()
            return run
        used = list(_drawn(session, [one.record for one in parts["event"]]))
        if used:
            raise Refused("IMPORT_IN_USE", used=import_undo.listed(used))
        events = [one.record for one in parts["event"]]
    _correct(recorder, actor, run_id, events)
    with scoped_session(recorder.database, actor.org_id, write=True) as session:
        run = find(session, run_id, update=True)
        _undone(run, actor, recorder.clock())
    return run


def _undone(run: models.ImportRun, actor: Actor, now: int) -> None:
    run.state, run.undone_by, run.undone_at = "undone", actor.name, now
    run.version += 1


def _drawn(session: ScopedSession, events: Collection[str]) -> Iterator[str]:
    """Lots of deliveries that something happened to since."""
    line, lot = models.Line, models.Lot
    seqs = {row.seq for row in rows_of(session, models.Event, "id", events)}
    lots: dict[int, int] = {}
    for row in rows_of(session, line, "seq", seqs):
        lots[row.lot_id] = row.seq
    touched = {row.lot_id for row in rows_of(session, line, "lot_id", lots) if row.seq != lots[row.lot_id]}
    for one in sorted(rows_of(session, lot, "id", touched), key=lambda one: one.code):
        yield one.code


def _correct(recorder: Recorder, actor: Actor, run_id: str, events: Sequence[str]) -> None:
    """Events are never deleted: each delivery is declared wrong by a correction with nothing in its place."""
    at = datetime.fromtimestamp(recorder.clock() / 1000, UTC)
    for start in range(0, len(events), MAX_BATCH):
        batch = [
            told.Corrected(
                id=str(uuid5(NAMESPACE, f"{actor.org_id}/{event}/undone")),
                occurred_at=at,
                event=event,
                reason=f"Import {run_id} taken back",
            )
            for event in events[start : start + MAX_BATCH]
        ]
        for answer in record(recorder, actor, batch, atomic=True):
            if answer.refused is not None and answer.refused.code != "ALREADY_CORRECTED":
                raise answer.refused


def error_sheet(checked: Checked, lang: Lang = "en") -> bytes:
    """The rows to correct as a workbook, which is known again by the name of its sheet."""
    from exchange.error_sheet import error_sheet as workbook

    name = SHEET + checked.run.id.replace("-", "")[:20]
    return workbook(name, checked.layout.headings, checked.layout.lines, checked.faults, lang)


def said(run: models.ImportRun, lang: Lang = "en") -> str:
    """The outcome of a check in a sentence or three."""
    counts = json.loads(run.summary)
    rows, new, change, unchanged, correct = (counts[one] for one in ("rows", "new", "change", "unchanged", "correct"))
    if lang == "fr":
        told = f"{rows} lignes : {new + change} prêtes ({new} nouvelles, {change} modifiées), {unchanged} inchangées, "
        told += (
            f"{correct} à corriger, {counts['warnings']} avec avertissement, {counts['duplicates']} doublons possibles."
        )
        end = "Totaux écartés, ligne" if counts["skipped"] else ""
    else:
        told = f"{rows} rows: {new + change} ready ({new} new, {change} change), {unchanged} unchanged, "
        told += (
            f"{correct} to correct, {counts['warnings']} with a warning, {counts['duplicates']} possible duplicates."
        )
        end = "Totals skipped in row" if counts["skipped"] else ""
    return f"{told} {end} {', '.join(map(str, counts['skipped']))}." if end else told


__all__ = [
    "Applied",
    "Checked",
    "Options",
    "TableError",
    "apply",
    "choose",
    "error_sheet",
    "find",
    "look",
    "reading",
    "receive",
    "said",
    "undo",
]
