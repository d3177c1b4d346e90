"""Between which two signed states of the log an event was written down.

A checkpoint cannot be known before it is signed. Who puts its root into an event (``beacon``) shows that the event was
written after it; the first checkpoint that holds the event, that it was written before that one. Both times are by the
clock of the log; witnesses bear out the later one.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain.note import decode_hash, encode_base64
from ledger.record import Recorder
from models.base import table
from models.db import SystemSession, system_session

_CHECKPOINT = table(models.LogCheckpoint)

_NEWEST: Final = select(_CHECKPOINT.c.root).order_by(_CHECKPOINT.c.tree.desc(), _CHECKPOINT.c.size.desc()).limit(1)


def newest_root(session: SystemSession) -> str | None:
    """The root of the newest checkpoint, as its third line writes it; none before the first."""
    found = session.execute(_NEWEST).scalar_one_or_none()
    return None if found is None else encode_base64(bytes(found))


def beacon_now(recorder: Recorder) -> str | None:
    """The beacon of an event that is written now."""
    with system_session(recorder.database, write=False) as session:
        return newest_root(session)


def told_after(session: SystemSession, beacon: str | None) -> int | None:
    """When the checkpoint was signed that an event gives as its beacon, UTC milliseconds.

    None without a beacon, and where it is no state of this log: then it proves nothing.
    """
    if beacon is None:
        return None
    query = select(sa.func.min(_CHECKPOINT.c.signed_at)).where(_CHECKPOINT.c.root == decode_hash(beacon))
    signed_at: int | None = session.execute(query).scalar_one()
    return signed_at
