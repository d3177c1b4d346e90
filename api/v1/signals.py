"""Signals: what stands out in a season, as a list to work off. A score and its figures, never a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import Query, Request, Response
from pydantic import Field
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import CallerDep, LedgerDep, ReadDep, WriteDep
from api.paging import Listing, Order, Page, turn
from api.versions import Body, Instant, Shown, VersionDep, change, example, find, refused, shown, tag
from domain import events as told
from domain.season import SEASON
from domain.signals import CATALOGUE, sentence
from ledger import signals
from models.db import ScopedSession

routes = Routes(prefix="/v1/signals", tags=["signals"])
READ, WRITE = Needs("registry:read"), Needs("registry:write")

State = Literal["open", "explained", "confirmed"]
SeasonName = Annotated[str, Field(pattern=SEASON.pattern, description="2024/25, or 2025 where it begins in January")]


class ScanIn(Body):
    """The season to look through."""

    model_config = example(season="2024/25")

    season: SeasonName


class ScanOut(Shown):
    """What the scan did to the list.

    ``listed`` stand out now, ``opened`` are new, ``reopened`` grew clearly stronger since they were explained,
    ``closed`` no longer stand out.
    """

    season: str
    listed: int
    opened: int
    reopened: int
    closed: int


class DecideIn(Body):
    """What somebody made of a signal, and why: the note is kept with it."""

    model_config = example(
        state="explained", note="The farmer took over a second plot in October; it is now registered."
    )

    state: State
    note: told.Note


class SignalOut(Shown):
    """Something that asks for a look: ``score`` from 0 to 1000, ``figures`` behind it, and what to look at first.

    ``others`` are further codes that it is about. ``subject_name`` is the login of a user.
    """

    id: str
    season: str
    pattern: str
    title: dict[str, str]
    subject_kind: str
    subject: str
    subject_name: str | None
    others: list[str]
    score: int
    figures: dict[str, str | int]
    sentence: dict[str, str]
    look: dict[str, str]
    found_at: Instant
    state: State
    note: str | None
    decided_by: str | None
    decided_at: Instant | None
    version: int

    @classmethod
    def of(cls, row: models.Signal, logins: dict[str, str]) -> SignalOut:
        kind, signal = CATALOGUE[row.pattern], signals.stored(row)
        return cls.model_validate(
            row.model_dump(exclude={"evidence"})
            | {
                "title": kind.title,
                "subject_name": logins.get(row.subject),
                "others": list(signal.others),
                "figures": dict(signal.evidence),
                "sentence": {"en": sentence(signal, "en", logins), "fr": sentence(signal, "fr", logins)},
                "look": kind.look,
            }
        )


class Signals(Listing):
    """Which signals."""

    season: SeasonName | None = None
    state: State | None = None
    pattern: told.Word | None = None
    kind: Annotated[told.Word | None, Field(description="farmer, plot, site, lot, user, instrument, inspector")] = None
    subject: Annotated[str | None, Field(max_length=80, description="code of whom or what it is about")] = None
    min_score: Annotated[int | None, Field(ge=0, le=1000)] = None


BY_SCORE = Order(
    "signals",
    (sa.cast(10_000 + col(models.Signal.score), sa.String), col(models.Signal.id)),
    lambda row: (str(10_000 + row.score), row.id),
    newest_first=True,
)
"""Highest first; scores as text of one length, because a cursor holds text."""


@routes.post("/scan", access=WRITE, name="scan", summary="Look through a season")
def scan_season(caller: CallerDep, recorder: LedgerDep, body: ScanIn) -> ScanOut:
    """Scores every pattern over the season's records and brings the list up to date. Repeating it changes nothing."""
    try:
        found = signals.scan(recorder, caller.org_id, body.season)
    except signals.SeasonUnknown as unknown:
        raise refused("season", "season", str(unknown)) from None
    return ScanOut.model_validate(found)


@routes.get("", access=READ, name="list", summary="What stands out, highest score first")
def list_signals(
    session: ReadDep, listing: Annotated[Signals, Query()], request: Request, response: Response
) -> Page[SignalOut]:
    """Several filters narrow each other. A signal says facts; most have an honest reason."""
    signal, query = models.Signal, select(models.Signal)
    for column, wanted in (
        (signal.season, listing.season),
        (signal.state, listing.state),
        (signal.pattern, listing.pattern),
        (signal.subject_kind, listing.kind),
        (signal.subject, listing.subject),
    ):
        if wanted is not None:
            query = query.where(col(column) == wanted)
    if listing.min_score is not None:
        query = query.where(col(signal.score) >= listing.min_score)
    rows, following = turn(session, query, BY_SCORE, listing, request, response)
    logins = _logins(session, rows)
    return Page(data=[SignalOut.of(row, logins) for row in rows], next=following)


@routes.get("/{signal_id}", access=READ, name="show", summary="One signal", response_model=SignalOut)
def show_signal(session: ReadDep, signal_id: told.Id, request: Request, response: Response) -> SignalOut | Response:
    """With its figures and what to look at first."""
    row = find(session, models.Signal, signal_id, "signal")
    return shown(request, response, SignalOut.of(row, _logins(session, [row])), row.version)


@routes.post("/{signal_id}/decide", access=WRITE, name="decide", summary="Say what became of a signal")
def decide_signal(
    session: WriteDep,
    caller: CallerDep,
    recorder: LedgerDep,
    signal_id: told.Id,
    body: DecideIn,
    version: VersionDep,
    response: Response,
) -> SignalOut:
    """Needs `If-Match` and a note. What is explained is not listed again unless it grows clearly stronger."""
    row = find(session, models.Signal, signal_id, "signal", update=True)
    values = {"state": body.state, "note": body.note, "decided_by": caller.name, "decided_at": recorder.clock()}
    change(row, version, values)
    session.flush()
    tag(response, row.version)
    return SignalOut.of(row, _logins(session, [row]))


def _logins(session: ScopedSession, rows: Iterable[models.Signal]) -> dict[str, str]:
    """Login names of the users that signals are about: ``user:<id>`` is for machines."""
    named = {row.subject for row in rows if row.subject_kind == "user"}
    ids = sorted(one.removeprefix("user:") for one in named if one.startswith("user:"))
    if not ids:
        return {}
    query = select(models.User.id, models.User.name).where(col(models.User.id).in_(ids))
    return {f"user:{key}": name for key, name in session.execute(query)}
