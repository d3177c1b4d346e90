"""Tell the ledger what happened: the only way to change a lot."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Body, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from sqlalchemy import select

import models
from api.access import SCOPES, Needs, Routes
from api.deps import CallerDep, LedgerDep, ReadDep
from api.problems import Problem, language, malformed, of_refusal
from domain import events as told
from domain.findings import sentence
from domain.refusals import Refused
from ledger.record import MAX_BATCH, Answer, Recorder, record
from models.base import table
from models.db import system_session

routes = Routes(prefix="/v1/events", tags=["events"])

QUALITY = {"inspected", "document_attached", "held", "released"}
RECALL = {"recalled", "downgraded"}
LABELS = {"units_voided"}

_EVENT = table(models.Event)


class FindingOut(BaseModel):
    """A fact stated with an event: it was recorded all the same."""

    code: str
    level: str
    detail: str
    rule: str | None
    params: dict[str, str | int]


class Recorded(BaseModel):
    """What became of an event. ``duplicate``: it was known already, and nothing changed."""

    id: str
    status: Literal["accepted", "duplicate"]
    seq: int
    findings: list[FindingOut]


class BatchItem(BaseModel):
    """What became of one event of a batch; ``problem`` says why it was refused."""

    id: str | None
    status: Literal["accepted", "duplicate", "refused"]
    seq: int | None = None
    findings: list[FindingOut] = []
    problem: dict[str, Any] | None = None


class Summary(BaseModel):
    """How many of each."""

    accepted: int
    duplicate: int
    refused: int


class BatchAnswer(BaseModel):
    """One answer an event, in the order sent."""

    summary: Summary
    results: list[BatchItem]


class EventOut(BaseModel):
    """An event as it stands in the log, with its three times and its ruling."""

    id: str
    seq: int
    type: str
    occurred_at: int = Field(description="when it happened, UTC milliseconds")
    received_at: int = Field(description="when the server received it")
    logged_at: int = Field(description="when it was logged")
    actor: str
    body: dict[str, Any]
    ruling: dict[str, Any]


class EventPage(BaseModel):
    """A page of the log, newest first."""

    data: list[EventOut]
    next: str | None


_EXAMPLE = {
    "id": "0193b2c4-8a11-7c3e-9a57-3f0d5b1e2a01",
    "type": "delivered",
    "occurred_at": "2025-01-10T08:00:00Z",
    "site": "0193b2c4-8a11-7c3e-9a57-3f0d5b1e2a02",
    "farmer": "LR-C1-0001",
    "plot": "LR-C1-0001-A",
    "harvested_on": "2025-01-09",
    "lot": {
        "lot": "0193b2c4-8a11-7c3e-9a57-3f0d5b1e2a03",
        "code": "D-2501-0001",
        "product": "cocoa_wet_beans",
        "quantity": {"value": "62.5", "unit": "kg"},
    },
}


def _scope(kind: str) -> str:
    if kind in QUALITY:
        return "quality:write"
    if kind in LABELS:
        return "labels:issue"
    return "recall:write" if kind in RECALL else "events:write"


def _needed(event: told.AnyEvent, caller: Any, ledger: Recorder) -> set[str]:
    """The scopes that an event needs; a correction those of what it takes back and of what it puts in its place."""
    scopes: set[str] = set()
    with system_session(ledger.database, write=False) as session:
        while isinstance(event, told.Corrected):
            if event.instead is not None:
                scopes.add(_scope(event.instead.type))
            body = session.execute(
                select(_EVENT.c.body).where(_EVENT.c.org_id == caller.org_id, _EVENT.c.id == event.event)
            ).scalar_one_or_none()
            if body is None:
                return scopes or {_scope(event.type)}
            event = told.parse(body)
    return scopes | {_scope(event.type)}


def _may(caller: Any, event: told.AnyEvent, ledger: Recorder) -> None:
    plain = not isinstance(event, told.Corrected)
    lacking = sorted(({_scope(event.type)} if plain else _needed(event, caller, ledger)) - set(caller.scopes))
    if lacking:
        raise Problem(
            403,
            "not-permitted",
            f"Your account cannot record “{event.type}”: it lacks “{lacking[0]}” ({SCOPES[lacking[0]]}).",
            advice="Ask an administrator of your organisation.",
        )


def _findings(answer: Answer, lang: str) -> list[FindingOut]:
    return [
        FindingOut(
            code=finding.code,
            level=finding.level,
            detail=sentence(finding, "fr" if lang == "fr" else "en"),
            rule=finding.rule,
            params=dict(finding.params),
        )
        for finding in answer.findings
    ]


@routes.post("", access=Needs("lots:read"), status_code=201, summary="Record one event")
def record_event(
    request: Request,
    response: Response,
    caller: CallerDep,
    ledger: LedgerDep,
    event: Annotated[told.Told, Body(openapi_examples={"delivery": {"value": _EXAMPLE}})],
) -> Recorded:
    """Recorded, or refused with a sentence; an event whose id is known already answers 200 and changes nothing.

    The scope needed depends on the type: ``events:write``, ``quality:write`` (inspected, document_attached, held,
    released), ``recall:write`` (recalled, downgraded) or ``labels:issue`` (units_voided). A correction needs those of
    what it takes back and of what it puts in its place.
    """
    _may(caller, event, ledger)
    (answer,) = record(ledger, caller.actor, [event])
    if answer.refused is not None:
        raise answer.refused
    assert answer.seq is not None
    assert answer.status != "refused"
    if answer.status == "duplicate":
        response.status_code = 200
    return Recorded(id=answer.id, status=answer.status, seq=answer.seq, findings=_findings(answer, language(request)))


class Batch(BaseModel):
    """Events in the order in which they happened; each is judged after those before it."""

    events: Annotated[
        list[Any], Field(min_length=1, max_length=MAX_BATCH, json_schema_extra={"examples": [[_EXAMPLE]]})
    ]


_TOLD: TypeAdapter[told.AnyEvent] = TypeAdapter(told.Told)


@routes.post("/batch", access=Needs("lots:read"), summary="Record up to 500 events")
def record_batch(
    request: Request,
    caller: CallerDep,
    ledger: LedgerDep,
    batch: Batch,
    *,
    atomic: Annotated[bool, Query(description="all or nothing")] = False,
) -> BatchAnswer:
    """One answer an event; a refused one does not touch the others (unless ``atomic``)."""
    lang = language(request)
    parsed: dict[int, told.AnyEvent] = {}
    results: dict[int, BatchItem] = {}
    for position, plain in enumerate(batch.events):
        identity = plain.get("id") if isinstance(plain, dict) and isinstance(plain.get("id"), str) else None
        try:
            event = _TOLD.validate_python(plain)
            _may(caller, event, ledger)
            parsed[position] = event
        except ValidationError as error:
            unread = malformed(error.errors(), plain, at=f"/events/{position}")
            results[position] = BatchItem(id=identity, status="refused", problem=unread)
        except Refused as refused:
            results[position] = BatchItem(id=identity, status="refused", problem=of_refusal(refused, lang))
        except Problem as problem_raised:
            body = {"status": 403, "code": problem_raised.code, "detail": problem_raised.detail}
            results[position] = BatchItem(id=identity, status="refused", problem=body)
    if not (atomic and results):
        answers = record(ledger, caller.actor, list(parsed.values()), atomic=atomic) if parsed else []
        for position, answer in zip(parsed, answers, strict=True):
            problem = of_refusal(answer.refused, lang) if answer.refused is not None else None
            results[position] = BatchItem(
                id=answer.id,
                status=answer.status,
                seq=answer.seq,
                findings=_findings(answer, lang),
                problem=problem,
            )
    ordered = [results[position] for position in sorted(results)]
    counts = {status: sum(item.status == status for item in ordered) for status in ("accepted", "duplicate", "refused")}
    if atomic and counts["refused"]:
        raise Problem(
            409,
            "batch-refused",
            f"{counts['refused']} of {len(batch.events)} events were refused; none was recorded.",
            advice="Correct the events named, or send the batch without atomic=true.",
            extra={"results": [item.model_dump() for item in ordered if item.status == "refused"]},
        )
    return BatchAnswer(summary=Summary(**counts), results=ordered)


@routes.get("", access=Needs("lots:read"), summary="Your organisation's log")
def list_events(
    session: ReadDep,
    type: Annotated[str | None, Query(max_length=40)] = None,  # noqa: A002 - the field's own name
    since: Annotated[int | None, Query(ge=0, description="occurred at or after, UTC milliseconds")] = None,
    until: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> EventPage:
    """Newest first. ``next`` continues where the page ends."""
    event = models.Event
    query = select(event)
    if type is not None:
        query = query.where(event.type == type)  # type: ignore[arg-type]
    if since is not None:
        query = query.where(event.occurred_at >= min(since, 2**53))  # type: ignore[arg-type]
    if until is not None:
        query = query.where(event.occurred_at <= until)  # type: ignore[arg-type]
    if cursor is not None:
        query = query.where(event.seq < int(cursor))  # type: ignore[arg-type]
    rows = list(session.scalars(query.order_by(event.seq.desc()).limit(limit + 1)))  # type: ignore[attr-defined]
    more = len(rows) > limit
    return EventPage(data=[_out(row) for row in rows[:limit]], next=str(rows[limit - 1].seq) if more else None)


@routes.get("/{event_id}", access=Needs("lots:read"), summary="One event of your organisation")
def get_event(session: ReadDep, event_id: told.Id) -> EventOut:
    """As it was told, with its ruling."""
    row = session.scalars(select(models.Event).where(models.Event.id == event_id)).one_or_none()  # type: ignore[arg-type]
    if row is None:
        raise Problem(404, "not-found", "There is no such event in your organisation.")
    return _out(row)


def _out(row: models.Event) -> EventOut:
    import orjson

    return EventOut(
        id=row.id,
        seq=row.seq,
        type=row.type,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        logged_at=row.logged_at,
        actor=row.actor,
        body=orjson.loads(row.body),
        ruling=orjson.loads(row.ruling),
    )
