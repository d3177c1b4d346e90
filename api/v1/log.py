"""The transparency log over HTTP: how far it is sealed, the proof of an event, cosignatures of witnesses.

The published files (``/checkpoint``, ``/tile/…``) stand before the application: see ``api.log_files``.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

import models
from api.access import Needs, Public, Routes
from api.deps import CallerDep, LedgerDep
from api.problems import Problem
from api.versions import Instant
from domain import events as told
from domain.note import BadNote, encode_base64
from domain.refusals import Refused
from ledger.brackets import told_after
from ledger.log import SealedLog, cosigned, proof_of, standing
from ledger.queries import instant
from models.base import table
from models.db import system_session

routes = Routes(prefix="/v1", tags=["log"])

_EVENT = table(models.Event)


class WitnessOut(BaseModel):
    """A witness, and the newest state of the log that it saw."""

    name: str
    at: Instant
    size: int


class LogOut(BaseModel):
    """How far the log is sealed: ``size`` entries, the events up to number ``seq``; ``waiting`` events are not yet.

    ``root``: of the newest checkpoint, which an event may give as its ``beacon``.
    """

    origin: str
    size: int
    root: str | None
    seq: int
    sealed_at: Instant | None
    waiting: int
    witnesses: list[WitnessOut]


class ProofOut(BaseModel):
    """The record of an event and a ``.tlog-proof`` of it (docs/log-format.md).

    Entry ``index`` of the log. It was written down after ``told_after``, when the state was signed that it gives as its
    ``beacon`` (none without one, or where it is no state of this log), and before ``in_log_by``, the first state that
    holds it.
    """

    event: str
    proof: str
    index: int
    told_after: Instant | None
    in_log_by: Instant


class Cosigned(BaseModel):
    """A checkpoint of this log with one cosignature, as a signed note."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"note": "t.example.org/log\n…\n\n— witness.example.org …\n"}]}
    )

    note: Annotated[str, Field(max_length=100_000)]


class CosignedOut(BaseModel):
    """Whose cosignature was taken, and the second that it names."""

    witness: str
    at: Instant


def _log(request: Request) -> SealedLog:
    held: SealedLog = request.app.state.log
    return held


@routes.get("/log", access=Needs("lots:read"), summary="How far the log is sealed")
def get_log(ledger: LedgerDep) -> LogOut:
    """The size that was signed last, when, and who else saw it."""
    with system_session(ledger.database, write=False) as session:
        now = standing(session)
    return LogOut(
        origin=now.origin,
        size=now.size,
        root=encode_base64(now.root) if now.root is not None else None,
        seq=now.seq,
        sealed_at=instant(now.signed_at) if now.signed_at is not None else None,
        waiting=now.waiting,
        witnesses=[WitnessOut(name=name, at=instant(at), size=size) for name, at, size in now.witnesses],
    )


@routes.get("/events/{event}/proof", access=Needs("lots:read"), summary="The proof that an event is in the log")
def get_proof(caller: CallerDep, ledger: LedgerDep, request: Request, event: str) -> ProofOut:
    """An event of your organisation, by its id. What is not sealed yet is within a minute."""
    with system_session(ledger.database, write=False) as session:
        query = select(_EVENT.c.seq, _EVENT.c.body).where(_EVENT.c.org_id == caller.org_id, _EVENT.c.id == event)
        row = session.execute(query).one_or_none()
        if row is None:
            raise Refused("EVENT_UNKNOWN", event=event)
        after = told_after(session, told.parse(row.body).beacon)
    found = proof_of(_log(request), caller.org_id, row.seq)
    if found is None:
        raise Refused("EVENT_NOT_SEALED", event=event)
    return ProofOut(
        event=found.record.decode(),
        proof=found.proof.decode(),
        index=found.index,
        told_after=instant(after) if after is not None else None,
        in_log_by=instant(found.by),
    )


@routes.post(
    "/log/cosignatures",
    access=Public("a witness proves itself by its signature"),
    status_code=201,
    summary="Take the cosignature of a witness",
)
def take_cosignature(body: Cosigned, request: Request) -> CosignedOut:
    """Of a witness that the log has named, on a checkpoint that this log signed; everything else is refused."""
    if (wait := request.app.state.limits.page(request.scope)) is not None:
        said = f"Too many requests. Try again in {wait} s."
        raise Problem(429, "too-many-requests", said, headers={"retry-after": str(wait)})
    try:
        witness, second = cosigned(_log(request), body.note.encode())
    except (BadNote, UnicodeEncodeError):
        raise Refused("COSIGNATURE_REFUSED") from None
    return CosignedOut(witness=witness, at=instant(second * 1000))
