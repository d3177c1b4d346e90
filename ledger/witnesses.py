"""The witnesses that the log asks by itself: where they are, what is asked of them, and how it went.

Whom the log believes stands in its notices, for ever. Where a witness is asked stands here and can change: an address
proves nothing, and may be one inside a house. The asking itself is ``api.pushing``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain.merkle import consistency_proof, nodes_of_tiles
from domain.note import BadNote, Checkpoint, Note, VerifierKey
from domain.witness import NotAnswered, Request, Trouble, pause_ms, submission_prefix
from ledger.log import SealedLog, cosigned, dismiss_witness, known_keys, name_witness, read_tile
from models.base import table
from models.db import SystemSession, system_session

_ADDRESS, _CHECKPOINT, _COSIGNATURE = (
    table(models.WitnessAddress),
    table(models.LogCheckpoint),
    table(models.Cosignature),
)

_TROUBLES: Final = {trouble.value: trouble for trouble in Trouble}

MOST_DETAIL: Final = 300
"""Characters that are kept of what else there is to say of a failure."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A witness with an address: the size that it cosigned last in this tree, and how it went (UTC milliseconds)."""

    key: VerifierKey
    url: str
    tree: int
    size: int
    tried_at: int | None
    failures: int
    failing_since: int | None
    trouble: Trouble | None
    detail: str

    @property
    def next_at(self) -> int:
        """From when it is asked again; there must be something to cosign, too."""
        return (self.tried_at or 0) + pause_ms(self.failures)


def name(log: SealedLog, written: str, url: str | None) -> VerifierKey | None:
    """Name a witness, if it is not named yet, with the address where it is asked; ``''`` takes the address away.

    Answers its key if it is new. ``ValueError`` for an address that cannot be one, before anything is entered.
    """
    address = submission_prefix(url) if url else url
    with system_session(log.recorder.database, write=False) as session:
        there = written in map(str, known_keys(session).witnesses)
    key = None if there else name_witness(log, written)
    if address is not None:
        with system_session(log.recorder.database, write=True) as session:
            session.connection().execute(sa.delete(_ADDRESS).where(_ADDRESS.c.witness == written))
            if address:
                row = {"witness": written, "url": address, "tree": 0, "size": 0, "failures": 0}
                session.connection().execute(sa.insert(_ADDRESS).values(row))
    return key


def dismiss(log: SealedLog, written: str) -> None:
    """A witness whose cosignatures are taken no more, and which is not asked."""
    dismiss_witness(log, written)
    with system_session(log.recorder.database, write=True) as session:
        session.connection().execute(sa.delete(_ADDRESS).where(_ADDRESS.c.witness == written))


def asked(session: SystemSession) -> list[Asked]:
    """The witnesses that the log believes and asks, in the order of their naming."""
    rows = {row.witness: row for row in session.execute(select(_ADDRESS))}
    known = known_keys(session)
    return [_asked(key, known.tree, rows[str(key)]) for key in known.witnesses if str(key) in rows]


def _asked(key: VerifierKey, tree: int, row: Any) -> Asked:
    size = row.size if row.tree == tree else 0
    trouble = _TROUBLES.get(row.trouble, Trouble.STATUS) if row.trouble is not None else None
    return Asked(key, row.url, tree, size, row.tried_at, row.failures, row.failing_since, trouble, row.detail or "")


def due(log: SealedLog, *, patient: bool = True) -> list[Asked]:
    """Whoever has not cosigned the newest checkpoint; ``patient``: and does not rest after a failure."""
    now = log.recorder.clock()
    with system_session(log.recorder.database, write=False) as session:
        everybody = asked(session)
        if not everybody:
            return []
        newest = _newest(session, everybody[0].tree)
        if newest is None:
            return []
        query = select(_COSIGNATURE.c.witness).where(
            _COSIGNATURE.c.tree == newest.tree, _COSIGNATURE.c.size == newest.size
        )
        had = set(session.execute(query).scalars())
    return [one for one in everybody if one.key.name not in had and (not patient or one.next_at <= now)]


def request_of(log: SealedLog, one: Asked, old: int | None = None) -> Request:
    """What to ask of a witness: the newest checkpoint, from the size that it had last (``old``: that it told now).

    Raises ``NotAnswered`` if it told a size that the log does not have.
    """
    with system_session(log.recorder.database, write=False) as session:
        known = known_keys(session)
        newest = _newest(session, known.tree)
    assert newest is not None
    if old is not None and old > newest.size:
        raise NotAnswered(Trouble.AHEAD, f"{old} entries, here {newest.size}")
    if old is None:
        old = one.size if one.tree == known.tree and one.size <= newest.size else 0
    proof = consistency_proof(old, newest.size, nodes_of_tiles(newest.size, partial(read_tile, log.folder)))
    checkpoint = f"{Checkpoint(known.origin, newest.size, bytes(newest.root))}\n{newest.signature}"
    return Request(old, tuple(proof), checkpoint.encode())


def take(log: SealedLog, one: Asked, note: Note, size: int) -> bool:
    """Take the lines of an answer as if they had been posted, and note it; whether the witness had failed before.

    Raises ``NotAnswered`` where they do not hold.
    """
    try:
        cosigned(log, bytes(note))
    except BadNote as error:
        raise NotAnswered(Trouble.NOT_COSIGNED, str(error)) from None
    values = {"tree": one.tree, "size": size, "failures": 0, "failing_since": None, "trouble": None, "detail": None}
    return _note(log, one, values) is not None


def failed(log: SealedLog, one: Asked, why: NotAnswered) -> bool:
    """Note that a witness gave no cosignature; whether that is another trouble than the last time."""
    now = log.recorder.clock()
    values = {
        "failures": _ADDRESS.c.failures + 1,
        "failing_since": sa.func.coalesce(_ADDRESS.c.failing_since, now),
        "trouble": why.trouble.value,
        "detail": "".join(sign if sign.isprintable() else "?" for sign in why.detail[:MOST_DETAIL]),
    }
    return _note(log, one, values) != why.trouble.value


def _note(log: SealedLog, one: Asked, values: dict[str, Any]) -> str | None:
    """Changes the row of a witness that is still asked there; answers its trouble before."""
    at = (_ADDRESS.c.witness == str(one.key), _ADDRESS.c.url == one.url)
    with system_session(log.recorder.database, write=True) as session:
        before: str | None = session.execute(select(_ADDRESS.c.trouble).where(*at)).scalar_one_or_none()
        changed = {"tried_at": log.recorder.clock(), **values}
        session.connection().execute(sa.update(_ADDRESS).where(*at).values(changed))
    return before


def _newest(session: SystemSession, tree: int) -> Any:
    query = select(_CHECKPOINT).where(_CHECKPOINT.c.tree == tree).order_by(_CHECKPOINT.c.size.desc()).limit(1)
    return session.execute(query).one_or_none()
