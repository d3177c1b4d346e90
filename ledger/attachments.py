"""Papers of others that are attached to lots: the digest is told to the log, the bytes are kept beside it.

The bytes are those that the laboratory sent, neither read nor changed: their SHA-256 is the point of it. They lie in a
row of whoever attached them, and can be erased; the event, which holds the digest only, stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain import events as told
from domain.attachments import media_type_of
from domain.refusals import Refused
from domain.values import Actor
from ledger.ids import uuid7
from ledger.queries import find_lot
from ledger.record import Recorder, record
from models.base import table
from models.db import SystemSession, system_session

_FILED, _KEPT = table(models.AttachedDocument), table(models.Attachment)
_LOT, _PARTY, _EVENT = table(models.Lot), table(models.LotParty), table(models.Event)
_ORG = table(models.Organisation)


@dataclass(frozen=True, slots=True)
class Attached:
    """A paper attached to a lot. ``kept``: its bytes are here, and can be fetched."""

    event: str
    lot: str
    code: str
    kind: str
    sha256: str
    media_type: told.MediaType
    size: int
    number: str | None
    laboratory: str | None
    checks: tuple[str, ...]
    at: int
    by: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What the sender says of a paper. ``at``: when it was attached, UTC milliseconds; none: now."""

    kind: Literal["certificate_of_analysis"] = "certificate_of_analysis"
    event: str | None = None
    number: str | None = None
    laboratory: str | None = None
    checks: tuple[str, ...] = ()
    at: datetime | None = None


def digest_of(data: bytes) -> str:
    """SHA-256 of bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def attach(recorder: Recorder, actor: Actor, wanted: str, data: bytes, said: Said) -> tuple[Attached, bool]:
    """Attach a paper to a lot (by id or code); answers it, and whether it is new.

    The same bytes to the same lot again change nothing; only what was erased meanwhile is kept again. Refuses with
    LOT_UNKNOWN, ATTACHMENT_NOT_A_PAPER, CHECK_UNKNOWN and EVENT_ID_REUSED.
    """
    with system_session(recorder.database, write=False) as session:
        lot = find_lot(session, actor.org_id, wanted)
    media_type, sha256 = media_type_of(data), digest_of(data)
    if media_type is None:
        raise Refused("ATTACHMENT_NOT_A_PAPER")
    now = recorder.clock()
    event = told.DocumentAttached(
        id=said.event or uuid7(now, recorder.entropy),
        occurred_at=said.at or datetime.fromtimestamp(now / 1000, UTC),
        lot=lot.uid,
        kind=said.kind,
        sha256=sha256,
        media_type=media_type,
        size=len(data),
        number=said.number,
        laboratory=said.laboratory,
        checks=said.checks,
    )

    own = (_FILED.c.lot_id == lot.id, _FILED.c.org_id == actor.org_id, _FILED.c.sha256 == sha256)

    def keep(session: SystemSession) -> None:
        kept = select(_KEPT.c.size).where(_KEPT.c.org_id == actor.org_id, _KEPT.c.sha256 == sha256)
        filed = session.execute(select(_FILED.c.seq).where(*own)).first() is not None
        if filed and session.execute(kept).first() is None:
            row = {"org_id": actor.org_id, "sha256": sha256, "media_type": media_type, "size": len(data)}
            session.connection().execute(sa.insert(_KEPT).values(**row, content=data, kept_at=now))

    new = False
    if _told(recorder, own) is None:
        (answer,) = record(recorder, actor, [event], beside=keep)
        if answer.refused is not None and answer.refused.code != "DOCUMENT_ATTACHED_BEFORE":
            raise answer.refused
        new = answer.status == "accepted"
    if not new:
        with system_session(recorder.database, write=True) as session:
            keep(session)
    found = _told(recorder, own)
    if found is None:  # the event is known, and was taken back since
        raise Refused("ALREADY_CORRECTED", event=event.id)
    return found, new


def _told(recorder: Recorder, own: tuple[Any, ...]) -> Attached | None:
    with system_session(recorder.database, write=False) as session:
        row = session.execute(_PAPERS.where(*own)).first()
    return _attached(row) if row is not None else None


def attached_to(session: SystemSession, key: int) -> tuple[Attached, ...]:
    """The papers of a lot (by key), in the order told."""
    return tuple(map(_attached, session.execute(_PAPERS.where(_FILED.c.lot_id == key).order_by(_FILED.c.seq))))


def papers(session: SystemSession, org_id: int, wanted: str) -> tuple[Attached, ...]:
    """The papers of a lot (by id or code), for its parties."""
    return attached_to(session, find_lot(session, org_id, wanted).id)


def attached_anywhere(session: SystemSession, org_id: int, sha256: str) -> tuple[Attached, ...]:
    """Where a digest is attached, among the lots that an organisation is a party of."""
    mine = select(_PARTY.c.lot_id).where(_PARTY.c.org_id == org_id)
    query = _PAPERS.where(_FILED.c.sha256 == sha256, _FILED.c.lot_id.in_(mine)).order_by(_FILED.c.seq)
    return tuple(map(_attached, session.execute(query)))


def content(session: SystemSession, org_id: int, wanted: str, sha256: str) -> tuple[Attached, bytes]:
    """A paper of a lot and its bytes, for the parties of the lot; out of the row of whoever attached it there.

    Refuses with ATTACHMENT_UNKNOWN, and with ATTACHMENT_GONE where the bytes were erased or never sent.
    """
    lot = find_lot(session, org_id, wanted)
    found = [item for item in attached_to(session, lot.id) if item.sha256 == sha256]
    if not found:
        raise Refused("ATTACHMENT_UNKNOWN", sha256=sha256)
    tellers = select(_FILED.c.org_id).where(_FILED.c.lot_id == lot.id, _FILED.c.sha256 == sha256)
    query = select(_KEPT.c.content).where(_KEPT.c.org_id.in_(tellers), _KEPT.c.sha256 == sha256)
    data = session.execute(query.order_by(_KEPT.c.org_id)).scalars().first()
    if data is None:
        raise Refused("ATTACHMENT_GONE", sha256=sha256)
    return found[0], bytes(data)


def erase(recorder: Recorder, org_id: int, sha256: str) -> None:
    """Erase the bytes that an organisation sent. The events stay, and with them the digest.

    Refuses with ATTACHMENT_UNKNOWN.
    """
    with system_session(recorder.database, write=True) as session:
        own = sa.and_(_KEPT.c.org_id == org_id, _KEPT.c.sha256 == sha256)
        if not session.connection().execute(sa.delete(_KEPT).where(own)).rowcount:
            raise Refused("ATTACHMENT_UNKNOWN", sha256=sha256)


_PAPERS = (
    select(
        _EVENT.c.id.label("event"),
        _LOT.c.uid.label("lot"),
        _LOT.c.code,
        *(_FILED.c[name] for name in ("kind", "sha256", "media_type", "size", "number", "laboratory", "checks")),
        _FILED.c.attached_at.label("at"),
        _ORG.c.name.label("by"),
        _KEPT.c.size.is_not(None).label("kept"),
    )
    .join(_EVENT, _EVENT.c.seq == _FILED.c.seq)
    .join(_LOT, _LOT.c.id == _FILED.c.lot_id)
    .join(_ORG, _ORG.c.id == _FILED.c.org_id)
    .outerjoin(_KEPT, sa.and_(_KEPT.c.org_id == _FILED.c.org_id, _KEPT.c.sha256 == _FILED.c.sha256))
)


def _attached(row: Any) -> Attached:
    values: dict[str, Any] = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own name for a row as a mapping
    checks: Sequence[str] = json.loads(values.pop("checks"))
    return Attached(**values | {"checks": tuple(checks), "kept": bool(values["kept"])})
