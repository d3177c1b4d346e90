"""What a route may ask for: who calls, a session that sees the caller's organisation only, and the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

from fastapi import Depends, Request

from api.auth import Caller, authenticate
from api.problems import Problem
from ledger.documents import Desk
from ledger.record import Recorder
from models.db import Database, ScopedSession, SystemSession, scoped_session, system_session


def recorder(request: Request) -> Recorder:
    """The ledger of this process."""
    return request.app.state.recorder  # type: ignore[no-any-return]


def database(request: Request) -> Database:
    """The database of this process."""
    return request.app.state.recorder.database  # type: ignore[no-any-return]


def desk(request: Request) -> Desk:
    """Where documents are signed and verified."""
    return request.app.state.desk  # type: ignore[no-any-return]


def caller(request: Request) -> Caller:
    """The session cookie or the API key of the request, or a 401."""
    found = authenticate(request)
    if found is None:
        raise Problem(
            401,
            "not-signed-in",
            "Sign in first, or send an API key.",
            advice="Send the header “Authorization: Bearer flk_…”.",
            headers={"www-authenticate": "Bearer"},
        )
    return found


CallerDep = Annotated[Caller, Depends(caller)]
DeskDep = Annotated[Desk, Depends(desk)]
DatabaseDep = Annotated[Database, Depends(database)]
LedgerDep = Annotated[Recorder, Depends(recorder)]


def needs(scope: str) -> Callable[[Caller], Caller]:
    """A guard: the caller has the scope, or a 403 that says which is missing."""

    def guard(caller: CallerDep) -> Caller:
        if scope not in caller.scopes:
            raise Problem(
                403,
                "not-permitted",
                f"Your account cannot do this: it lacks “{scope}”.",
                advice="Ask an administrator of your organisation.",
            )
        return caller

    return guard


def read_session(caller: CallerDep, database: DatabaseDep) -> Iterator[ScopedSession]:
    """Sees the caller's organisation, and cannot write."""
    with scoped_session(database, caller.org_id, write=False) as session:
        yield session


def write_session(caller: CallerDep, database: DatabaseDep) -> Iterator[ScopedSession]:
    """Committed before the answer is sent (``scope="function"``): a failed commit is an error, not a 201."""
    with scoped_session(database, caller.org_id, write=True) as session:
        yield session


def ledger_read(database: DatabaseDep) -> Iterator[SystemSession]:
    """For queries of the ledger that state the organisation themselves."""
    with system_session(database, write=False) as session:
        yield session


ReadDep = Annotated[ScopedSession, Depends(read_session, scope="function")]
WriteDep = Annotated[ScopedSession, Depends(write_session, scope="function")]
LedgerReadDep = Annotated[SystemSession, Depends(ledger_read, scope="function")]
