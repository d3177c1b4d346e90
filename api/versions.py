"""Versioned records over HTTP: found or 404, changed only from the version read, made once under one id.

The strong ETag of a record is its version. A record that is answered together with what hangs on it (a farmer
with plots and inspections) adds a digest behind a dot: ``"3.9f86d081884c7d65"``. If-Match takes both and
compares the version.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeAlias, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from api.problems import Problem
from domain import events as told
from ledger import registry
from ledger.access import AccessRefused
from ledger.ids import uuid7
from ledger.record import Recorder
from models.base import table
from models.db import ScopedSession, as_system

T = TypeVar("T", bound=BaseModel)
M = TypeVar("M", bound=SQLModel)

# --- shapes ---


class Body(BaseModel):
    """What is sent: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


def example(**values: Any) -> ConfigDict:
    """The settings of a body, with an example that a test sends."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [values]})


class Shown(BaseModel):
    """What is answered: read from the columns of a row."""

    model_config = ConfigDict(from_attributes=True)


def left_out() -> Any:
    """The value of a field that a PATCH did not send. It is never read: see ``sent``."""
    return None


def sent(body: BaseModel, *but: str) -> dict[str, Any]:
    """The fields of a PATCH that were sent, days as text."""
    values = body.model_dump(exclude_unset=True, exclude=set(but))
    return {name: iso(value) for name, value in values.items()}


def iso(value: Any) -> Any:
    """A day as the text that a column holds; all else as it is."""
    return value.isoformat() if isinstance(value, date) else value


def _instant(value: Any) -> Any:
    return datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) else value


Instant: TypeAlias = Annotated[datetime, BeforeValidator(_instant)]
"""A column of UTC milliseconds as an instant."""

Text: TypeAlias = Annotated[
    str, AfterValidator(told._clean), StringConstraints(min_length=1, max_length=200)  # noqa: SLF001
]
"""A line of text: NFC, trimmed, no control or direction characters."""

# --- versions ---

_TAG = re.compile(r'(?:W/)?"([0-9]{1,9})(?:\.[0-9a-f]{16})?"|([0-9]{1,9})')


def maybe_version(
    if_match: Annotated[str | None, Header(description="the ETag that was read", max_length=100)] = None,
) -> int | None:
    """The version that a change was made from, if it is said."""
    if if_match is None:
        return None
    matched = _TAG.fullmatch(if_match.strip())
    if matched is None:
        raise Problem(
            412,
            "CHANGED_MEANWHILE",
            "If-Match names no version of this record.",
            advice="Send the ETag as it was read.",
        )
    return int(matched[1] or matched[2])


def version_sent(version: Annotated[int | None, Depends(maybe_version)]) -> int:
    """The version that a change was made from; 428 where it is not said."""
    if version is None:
        raise Problem(
            428,
            "version-required",
            "Send If-Match with the ETag of the record that you read.",
            advice="Read the record, and send its ETag along with the change.",
        )
    return version


VersionDep = Annotated[int, Depends(version_sent)]
MaybeVersionDep = Annotated[int | None, Depends(maybe_version)]


def tag(response: Response, version: int) -> None:
    """The ETag of a record that was made or changed."""
    response.headers["etag"] = f'"{version}"'


def shown(request: Request, response: Response, record: T, version: int, *, whole: bool = False) -> T | Response:
    """The record with its ETag, or 304 where the client has it. ``whole``: with what hangs on it."""
    etag = f'"{version}"'
    if whole:
        digest = hashlib.sha256(record.model_dump_json().encode()).hexdigest()[:16]
        etag = f'"{version}.{digest}"'
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers={"etag": etag})
    response.headers["etag"] = etag
    return record


# --- records ---


def nothing(noun: str) -> Problem:
    """404, word for word the same whether a record is unknown or another organisation's."""
    return Problem(
        404,
        "not-found",
        f"There is no such {noun} in your organisation.",
        advice="Look it up in the list.",
    )


def find(session: ScopedSession, model: type[M], identity: str, noun: str, *, update: bool = False) -> M:
    """A record of the caller's organisation, or 404. ``update``: locked, and as it stands now."""
    row = session.get(model, (session.org_id, identity), with_for_update=update or None, populate_existing=update)
    if row is None:
        raise nothing(noun)
    return row


def change(row: Any, version: int, values: Mapping[str, Any], *, also: bool = False) -> bool:
    """Set fields of a record, from the version that was read; 412 with the present one where it is stale.

    Answers whether anything is new; only then the version grows. ``also``: something that hangs on it is.
    """
    if row.version != version:
        raise AccessRefused("CHANGED_MEANWHILE", version=row.version, sent=version)
    new = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in new.items():
        setattr(row, name, value)
    if new or also:
        row.version += 1
    return bool(new or also)


def ended(values: dict[str, Any], row: Any, now: int) -> dict[str, Any]:
    """``ended`` of a PATCH as the instant that the column holds."""
    if "ended" in values:
        values["ended_at"] = (row.ended_at or now) if values.pop("ended") else None
    return values


def same(row: SQLModel, values: Mapping[str, Any], *, otherwise: bool = False) -> None:
    """A record that has the id sent already: the same content changes nothing, other content is 409."""
    differs = sorted(name for name, value in values.items() if getattr(row, name) != value)
    if differs or otherwise:
        raise reused(differs)


def reused(differs: list[str]) -> Problem:
    """409: the id belongs to a record with other content."""
    return Problem(
        409,
        "id-reused",
        "There is a record with this id already, and it says something else.",
        advice="Send a change of it as PATCH, or give the new record an id of its own.",
        errors=[
            {"pointer": f"#/{name}", "code": "id-reused", "detail": "Not what the record says."} for name in differs
        ],
    )


def taken(field: str, value: str) -> Problem:
    """409: something that must be unique is there already."""
    said = f"There is one with this {field.replace('_', ' ')} already: {value}."
    return Problem(
        409,
        "taken",
        said,
        advice="Look it up in the list, or choose another.",
        errors=[{"pointer": f"#/{field}", "code": "taken", "detail": said}],
    )


def refused(field: str, code: str, said: str, advice: str | None = None) -> Problem:
    """422 for one field that is wrong in itself, though its form is right."""
    return Problem(
        422,
        "malformed",
        said,
        advice=advice,
        errors=[{"pointer": f"#/{field}", "code": code, "detail": said}],
    )


def make(session: ScopedSession, row: SQLModel, *, field: str, value: str) -> None:
    """Write a new record; 409 with the field that must be unique."""
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise taken(field, value) from None


def new_id(recorder: Recorder) -> str:
    """An id for a record that the client gave none."""
    return uuid7(recorder.clock(), recorder.entropy)


def claim_id(session: ScopedSession, model: type[SQLModel], identity: str) -> None:
    """An id that other organisations refer to (sites, vessels, certificates) is one organisation's alone.

    Takes the ledger's lock, so that two do not claim the same id at once.
    """
    registry.begin(session)
    held = table(model)
    with as_system(session) as system:
        query = select(held.c.org_id).where(held.c.id == identity, held.c.org_id != session.org_id)
        other = system.execute(query).first()
    if other is not None:
        raise reused([])


# --- what a change of the registry lowers ---


class LoweredOut(Shown):
    """A lot of yours whose claims fell, and what it claims now under each scheme."""

    lot: str
    code: str
    claims: dict[str, str]


def lowered(found: list[registry.Lowered]) -> list[LoweredOut]:
    """The lots that a change lowered, to answer."""
    return [LoweredOut.model_validate(lot) for lot in found]
