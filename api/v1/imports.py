"""Lists brought in as spreadsheets: received and checked, columns chosen, applied, taken back."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeAlias, get_args

from fastapi import File, Form, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.auth import Caller
from api.deps import CallerDep, LedgerDep, ReadDep
from api.paging import Listing, Order, Page, turn
from api.problems import Problem, language
from api.versions import Body, Instant, LoweredOut, Shown, Text, example, lowered, refused
from domain import events as told
from domain.cells import COLUMNS, Kind
from domain.faults import Fault, Level
from domain.importing import Row
from domain.refusals import Lang
from exchange.columns import Layout
from exchange.error_sheet import MEDIA_TYPE, heading_of
from exchange.tables import TableError
from ledger import importing
from ledger.importing import Checked, Options
from models.db import ScopedSession
from models.imports import IMPORT_KINDS, IMPORT_STATES

routes = Routes(prefix="/v1/imports", tags=["imports"])
READ, WRITE = Needs("registry:read"), Needs("registry:write")

assert get_args(Kind) == IMPORT_KINDS
RunState: TypeAlias = Literal["checked", "applied", "undone"]
assert get_args(RunState) == IMPORT_STATES
RowState: TypeAlias = Literal["new", "change", "unchanged", "correct"]
Wanted: TypeAlias = Literal["new", "change", "unchanged", "correct", "warning", "duplicate"]
MOST_PROBLEMS = 1_000
"""Problems in the answer to an upload; all of them are at the rows."""

# --- shapes ---


class ColumnOut(BaseModel):
    """A column of the list: what stands above it, what it means, and, where that is not known, what it holds."""

    place: Annotated[int, Field(description="0 is column A")]
    heading: str
    column: str | None
    samples: list[str] = []


class ProblemOut(BaseModel):
    """Something about a cell: what is the case, and what to do."""

    row: Annotated[int, Field(description="as numbered in the sheet")]
    cell: Annotated[str | None, Field(description="such as D412; none: the sheet has no such column")]
    heading: str
    column: str
    value: str
    level: Level
    code: str
    detail: str
    advice: str


class CountsOut(BaseModel):
    """Rows by what would become of them; `warnings` and `duplicates` count rows of any state."""

    rows: int
    new: int
    change: int
    unchanged: int
    correct: int
    warnings: int
    duplicates: int


class ImportOut(Shown):
    """An import: what came, what was said of it, what became of it."""

    id: str
    kind: Kind
    file_name: str
    sha256: str
    state: RunState
    detail: str
    counts: CountsOut
    skipped: Annotated[list[int], Field(description="rows at the end that are totals")]
    missing: Annotated[list[str], Field(description="columns that it cannot do without; then no row is checked")]
    idle: Annotated[list[str], Field(description="columns of which nothing becomes: no certificate, or no product")]
    left_out: Annotated[list[int], Field(description="rows left out on purpose when it was applied")]
    done: Annotated[int, Field(description="rows applied so far")]
    sheet: str
    header: Annotated[int, Field(description="row of the headings")]
    columns: list[ColumnOut]
    certificate: str | None
    season: str | None
    product: str | None
    corrects: str | None
    created_by: str
    created_at: Instant
    applied_by: str | None
    applied_at: Instant | None
    undone_by: str | None
    undone_at: Instant | None
    kept: Annotated[bool, Field(description="the file is still there, and can be applied")]
    version: int


class BeforeOut(BaseModel):
    """The import that brought in the same file before."""

    id: str
    by: str
    at: Instant


class CheckedOut(ImportOut):
    """An import after a check."""

    imported_before: BeforeOut | None
    problems: list[ProblemOut]
    problems_total: int


class AppliedOut(ImportOut):
    """An import after it was applied, and the lots whose claims it lowered."""

    lowered: list[LoweredOut]


class ChangeOut(BaseModel):
    """A value that a row changes: as registered, and as it will be."""

    column: str
    old: Any
    new: Any


class MadeOut(BaseModel):
    """A record that a row made, or changed."""

    part: str
    record: str
    made: bool


class RowOut(BaseModel):
    """A row of the list. Before it is applied: what would become of it; after: what it made."""

    row: int
    code: str
    state: RowState
    changes: list[ChangeOut] = []
    problems: list[ProblemOut] = []
    records: list[MadeOut] = []


class MappingIn(Body):
    """Which heading means which column (null: leave it out). It is remembered for the next list of this kind."""

    model_config = example(columns={"Code planteur": "farmer_code", "Remarques": None}, decimal=",")

    columns: Annotated[
        dict[Annotated[str, Field(max_length=500)], told.Word | None], Field(default_factory=dict, max_length=200)
    ]
    sheet: Text | None = None
    header: Annotated[int | None, Field(strict=True, ge=1, le=50_000)] = None
    decimal: Literal[",", "."] | None = None
    date_order: Literal["dmy", "mdy"] | None = None


class ApplyIn(Body):
    """Rows to correct that are left out on purpose: all of them, or by number."""

    model_config = example(leave_out=[412, 587])

    leave_out: Annotated[bool, Field(strict=True)] | Annotated[list[int], Field(max_length=50_000)] = False


class Imports(Listing):
    """Which imports."""

    kind: Kind | None = None
    state: RunState | None = None


class Rows(BaseModel):
    """Which rows; ``cursor`` is `next` of the part before."""

    model_config = {"extra": "forbid"}

    state: Wanted | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Annotated[str | None, Field(pattern=r"^[0-9]{1,8}$")] = None


def _lang(request: Request) -> Lang:
    return "fr" if language(request) == "fr" else "en"


def _run_out(session: ScopedSession, run: models.ImportRun, lang: Lang) -> dict[str, Any]:
    """The fields of ``ImportOut``."""
    summary = json.loads(run.summary)
    kept = ("skipped", "missing", "idle", "left_out", "done", "sheet", "header", "columns", "certificate")
    users = _names(session, [run.created_by, run.applied_by, run.undone_by])
    people = {name: users.get(actor, actor) for name in BY if (actor := getattr(run, name)) is not None}
    return {
        **{name: getattr(run, name) for name in ImportOut.model_fields if hasattr(run, name)},
        **people,
        **{name: summary[name] for name in (*kept, "season", "product")},
        "corrects": Options.load(run.options).corrects,
        "detail": importing.said(run, lang),
        "counts": {name: summary[name] for name in CountsOut.model_fields},
        "kept": run.content is not None,
    }


BY = ("created_by", "applied_by", "undone_by")


def _names(session: ScopedSession, actors: Iterable[str | None]) -> dict[str, str]:
    """The full names of users, by what an actor is called."""
    ids = {one.removeprefix("user:") for one in actors if one is not None and one.startswith("user:")}
    if not ids:
        return {}
    user = models.User
    found = session.execute(select(col(user.id), col(user.full_name)).where(col(user.id).in_(ids)))
    return {f"user:{identity}": name for identity, name in found}


def _checked_out(session: ScopedSession, checked: Checked, lang: Lang) -> CheckedOut:
    same, values = checked.same, _run_out(session, checked.run, lang)
    values["columns"] = [
        ColumnOut(place=one.place, heading=one.text, column=one.column, samples=[] if one.column else list(one.samples))
        for one in checked.layout.headings
    ]
    before = None
    if same is not None and same.applied_by is not None:
        who = _names(session, [same.applied_by]).get(same.applied_by, same.applied_by)
        before = BeforeOut(id=same.id, by=who, at=same.applied_at)
    faults = checked.faults
    return CheckedOut(
        **values,
        imported_before=before,
        problems=[_problem(one, checked.layout, lang) for one in faults[:MOST_PROBLEMS]],
        problems_total=len(faults),
    )


def _problem(fault: Fault, layout: Layout, lang: Lang) -> ProblemOut:
    return ProblemOut(
        row=fault.row,
        cell=layout.cell(fault.column, fault.row),
        heading=heading_of(fault.column, layout.headings, lang),
        column=fault.column,
        value=fault.value[:200],
        level=fault.level,
        code=fault.code,
        detail=fault.said(lang),
        advice=fault.todo(lang),
    )


def _unreadable(error: TableError, lang: Lang) -> Problem:
    return Problem(
        422,
        "malformed",
        error.said(lang),
        advice=error.todo(lang),
        errors=[{"parameter": "file", "code": error.code, "detail": f"{error.said(lang)} {error.todo(lang)}"}],
    )


def _may(caller: Caller, kind: str) -> None:
    """Deliveries are events: to bring them in, or to take them back, is to record events."""
    if kind == "deliveries" and "events:write" not in caller.scopes:
        raise Problem(
            403,
            "not-permitted",
            "Your account cannot do this: it lacks “events:write”.",
            advice="Ask an administrator of your organisation.",
        )


# --- routes ---

BY_TIME = Order("imports", (col(models.ImportRun.id),), lambda row: (row.id,), newest_first=True)


@routes.post("", access=WRITE, name="add", summary="Bring in a list, and check it", status_code=201)
def add_import(
    caller: CallerDep,
    recorder: LedgerDep,
    request: Request,
    response: Response,
    file: Annotated[UploadFile, File(description="XLSX, XLS, ODS or CSV, at most 10 MiB")],
    kind: Annotated[Kind, Form(description="what the rows are")],
    certificate: Annotated[Text | None, Form(description="number or id: farmers become members under it")] = None,
    season: Annotated[told.Word | None, Form(description="of the estimates, such as 2024/25")] = None,
    product: Annotated[told.Word | None, Form(description="of estimates, and of deliveries that tell none")] = None,
    crop: Annotated[told.Word | None, Form(description="of plots that tell none")] = None,
    site: Annotated[told.Code | None, Form(description="of deliveries that tell none")] = None,
    sheet: Annotated[Text | None, Form(description="none: the one that fits best")] = None,
    header: Annotated[int | None, Form(ge=1, le=50_000, description="row of the headings; none: it is found")] = None,
    decimal: Annotated[Literal[",", "."] | None, Form(description="decimal mark of numbers that are text")] = None,
    date_order: Annotated[Literal["dmy", "mdy"] | None, Form(description="of dates that are text")] = None,
    utc_offset: Annotated[int | None, Form(ge=-840, le=840, description="minutes ahead of UTC")] = None,
    corrects: Annotated[told.Id | None, Form(description="the import whose rows this list corrects")] = None,
) -> CheckedOut:
    """Nothing is written but the import itself: `problems` names every cell to correct, and what to do.

    The workbook of rows to correct (`errors.xlsx`), sent here again, is matched by row and code.
    """
    _may(caller, kind)
    lang = _lang(request)
    options = Options(
        certificate=certificate,
        season=season,
        product=product,
        crop=crop,
        site=site,
        sheet=sheet,
        header=header,
        decimal=decimal,
        date_order=date_order,
        utc_offset=utc_offset,
        corrects=corrects,
    )
    name = file.filename or "list"
    try:
        checked = importing.receive(recorder, caller.actor, kind, name, file.file.read(), options)
    except TableError as error:
        raise _unreadable(error, lang) from None
    response.headers["location"] = f"/v1/imports/{checked.run.id}"
    return _answer(recorder, caller, checked, lang)


def _answer(recorder: LedgerDep, caller: Caller, checked: Checked, lang: Lang) -> CheckedOut:
    with importing.reading(recorder, caller.actor) as session:
        return _checked_out(session, checked, lang)


@routes.get("", access=READ, name="list", summary="Your imports, newest first")
def list_imports(
    session: ReadDep, listing: Annotated[Imports, Query()], request: Request, response: Response
) -> Page[ImportOut]:
    """Several filters narrow each other."""
    run, query = models.ImportRun, select(models.ImportRun)
    if listing.kind is not None:
        query = query.where(run.kind == listing.kind)
    if listing.state is not None:
        query = query.where(run.state == listing.state)
    rows, following = turn(session, query, BY_TIME, listing, request, response)
    lang = _lang(request)
    return Page(data=[ImportOut(**_run_out(session, row, lang)) for row in rows], next=following)


@routes.get("/{import_id}", access=READ, name="show", summary="One import, and how far it is")
def show_import(session: ReadDep, import_id: told.Id, request: Request) -> ImportOut:
    """While deliveries are applied, `done` grows."""
    return ImportOut(**_run_out(session, importing.find(session, import_id), _lang(request)))


@routes.get("/{import_id}/rows", access=READ, name="rows", summary="Rows of an import by what becomes of them")
def list_rows(
    caller: CallerDep,
    recorder: LedgerDep,
    import_id: told.Id,
    wanted: Annotated[Rows, Query()],
    request: Request,
) -> Page[RowOut]:
    """Not applied: checked against the registry as it stands now. Applied: the records that each row made."""
    lang, after = _lang(request), int(wanted.cursor or 0)
    with importing.reading(recorder, caller.actor) as session:
        run = importing.find(session, import_id)
        rows = _made(session, run) if run.state != "checked" else None
    if rows is None:
        checked = importing.look(recorder, caller.actor, import_id)
        rows = [_row(row, checked.layout, lang) for row in checked.rows]
    some = [one for one in rows if one.row > after and _is(one, wanted.state)]
    page = some[: wanted.limit]
    return Page(data=page, next=str(page[-1].row) if len(some) > wanted.limit else None)


def _is(row: RowOut, wanted: Wanted | None) -> bool:
    if wanted in ("warning", "duplicate"):
        return any(one.level == wanted for one in row.problems)
    return wanted is None or row.state == wanted


def _row(row: Row, layout: Layout, lang: Lang) -> RowOut:
    return RowOut(
        row=row.number,
        code=row.code,
        state=row.state,
        changes=[ChangeOut(column=one.column, old=one.old, new=one.new) for one in row.changes],
        problems=[_problem(one, layout, lang) for one in row.faults],
    )


def _made(session: ScopedSession, run: models.ImportRun) -> list[RowOut]:
    """The rows of an applied import by the records that they made."""
    held, rows = models.ImportRecord, defaultdict[int, list[MadeOut]](list)
    query = select(held).where(held.run_id == run.id).order_by(col(held.row), col(held.part))
    for one in session.scalars(query):
        rows[one.row].append(MadeOut(part=one.part, record=one.record, made=one.before is None))
    new = {"farmer", "plot", "event", "inspection"}
    return [
        RowOut(
            row=number,
            code="",
            state="new" if any(one.made and one.part in new for one in records) else "change",
            records=records,
        )
        for number, records in rows.items()
    ]


@routes.get("/{import_id}/errors.xlsx", access=READ, name="errors", summary="The rows to correct, as a workbook")
def error_workbook(caller: CallerDep, recorder: LedgerDep, import_id: told.Id, request: Request) -> Response:
    """The same columns, faulty cells marked; in front the row, and what to do. Correct it, and bring it in."""
    checked = importing.look(recorder, caller.actor, import_id)
    name = f'attachment; filename="rows-to-correct-{import_id[:8]}.xlsx"'
    return Response(
        importing.error_sheet(checked, _lang(request)), media_type=MEDIA_TYPE, headers={"content-disposition": name}
    )


@routes.post("/{import_id}/mapping", access=WRITE, name="map", summary="Say which columns mean what")
def map_columns(
    caller: CallerDep, recorder: LedgerDep, import_id: told.Id, body: MappingIn, request: Request
) -> CheckedOut:
    """Checked anew with it. Your organisation's choices go before the names that are known."""
    lang = _lang(request)
    with importing.reading(recorder, caller.actor) as session:
        kind: Any = importing.find(session, import_id).kind
    _may(caller, kind)
    known = {one.name for one in COLUMNS[kind]}
    for heading, column in body.columns.items():
        if column is not None and column not in known:
            said = f"“{column}” is not a column of a list of {kind}."
            raise refused(f"columns/{heading}", "column", said, f"Use one of: {', '.join(sorted(known))}.")
    options = Options(sheet=body.sheet, header=body.header, decimal=body.decimal, date_order=body.date_order)
    try:
        checked = importing.choose(recorder, caller.actor, import_id, body.columns, options)
    except TableError as error:
        raise _unreadable(error, lang) from None
    return _answer(recorder, caller, checked, lang)


@routes.post("/{import_id}/apply", access=WRITE, name="apply", summary="Write the rows of an import")
def apply_import(
    caller: CallerDep, recorder: LedgerDep, import_id: told.Id, body: ApplyIn, request: Request
) -> AppliedOut:
    """All or nothing; deliveries batch by batch, and again from where it stopped. Applied again, nothing changes.

    The registry is asked once more. Rows to correct stop it, unless they are left out on purpose.
    """
    with importing.reading(recorder, caller.actor) as session:
        _may(caller, importing.find(session, import_id).kind)
    applied = importing.apply(recorder, caller.actor, import_id, leave_out=body.leave_out)
    with importing.reading(recorder, caller.actor) as session:
        values = _run_out(session, importing.find(session, import_id), _lang(request))
    return AppliedOut(**values, lowered=lowered(list(applied.lowered)))


@routes.post("/{import_id}/undo", access=WRITE, name="undo", summary="Take an import back")
def undo_import(caller: CallerDep, recorder: LedgerDep, import_id: told.Id, request: Request) -> ImportOut:
    """While nothing used what it made; else the answer names what did. Deliveries are corrected, not deleted."""
    with importing.reading(recorder, caller.actor) as session:
        _may(caller, importing.find(session, import_id).kind)
    importing.undo(recorder, caller.actor, import_id)
    with importing.reading(recorder, caller.actor) as session:
        return ImportOut(**_run_out(session, importing.find(session, import_id), _lang(request)))
