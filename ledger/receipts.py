"""Receive by scanning: what was read off many labels becomes receipts in one transaction, and each gets its answer."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sqlalchemy import select

import models
from domain import events as told
from domain.clones import Sighting, second_receipt
from domain.label_token import (
    CHECK_CHARACTERS,
    CODE_CHARACTERS,
    SIGNED_CHARACTERS,
    BadLabel,
    Token,
    from_base32,
    parse_typed_code,
    to_base32,
    verify_label,
)
from domain.units import State
from domain.values import Actor
from ledger import scans
from ledger.facts import among, ask
from ledger.ids import uuid7
from ledger.record import Recorder, record
from models.base import table
from models.db import SystemSession, system_session

Status = Literal["received", "already_yours", "elsewhere", "not_sent", "void", "twice", "unknown", "mistyped", "forged"]
"""received: booked now. already_yours: by your organisation before. elsewhere: somebody received or opened it before.
not_sent: labelled by you, and not shipped. void: the label counts no more. twice: it stands above already. unknown: we
issued no such code. mistyped: the check characters do not fit. forged: it is as long as our labels, and our key did
not sign it."""

TRIES: Final = 3
_ADDRESS: Final = re.compile(r"(?:[^/]*//[^/]*)?/?[Ll]/([0-9A-Za-z]+)/?")
_UNIT, _CODE, _LOT = table(models.Unit), table(models.UnitCode), table(models.Lot)
_FIND = (
    select(
        _CODE.c.code,
        _CODE.c.run,
        _CODE.c.number,
        _LOT.c.uid,
        _LOT.c.code.label("lot_code"),
        _LOT.c.units,
        _UNIT.c.grams,
        _UNIT.c.state,
        _UNIT.c.state_at,
        _UNIT.c.state_org,
        _UNIT.c.label_seq,
        _UNIT.c.labelled_by,
        _UNIT.c.received_at,
        _UNIT.c.shipped_at,
    )
    .join(_LOT, _LOT.c.id == _CODE.c.lot_id)
    .join(_UNIT, (_UNIT.c.lot_id == _CODE.c.lot_id) & (_UNIT.c.number == _CODE.c.number), isouter=True)
    .where(among(_CODE.c.code))
)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What became of one scan. Only whoever scanned a code of ours learns what stands behind it."""

    text: str
    status: Status
    code: str | None = None
    lot: str | None = None
    lot_code: str | None = None
    number: int | None = None
    of: int | None = None
    net_g: int | None = None
    state: State | None = None
    state_at: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """All answers, in the order scanned, and the events that were recorded."""

    scans: tuple[Scanned, ...]
    events: tuple[str, ...]
    grams: int


def read(text: str, keys: Mapping[int, bytes]) -> tuple[str | None, Status, Token | None]:
    """The code in what a scanner read or somebody typed: an address, a token of 132, or a typed code of 18 characters.

    A token is held against the public keys; a typed code against its check characters.
    """
    plain = text.strip()
    address = _ADDRESS.fullmatch(plain)
    inner = address[1] if address is not None else plain
    try:
        if len(inner) == SIGNED_CHARACTERS:
            token = verify_label(inner.upper(), keys)
            return token.code, "received", token
        if address is not None and len(inner) == CODE_CHARACTERS:
            return to_base32(from_base32(inner.upper())), "received", None
        return to_base32(parse_typed_code(inner)), "received", None
    except BadLabel:
        long = len(inner) > CODE_CHARACTERS + CHECK_CHARACTERS + 8
        return None, "forged" if long else "mistyped", None


def receive(
    recorder: Recorder, actor: Actor, texts: Sequence[str], keys: Mapping[int, bytes], *, at: datetime | None = None
) -> Receipt:
    """Receive what was scanned, all that is good in one transaction; each scan gets its answer.

    The same scans again change nothing: they are the receiver's already. ``at``: when it came; none: now.
    """
    now = recorder.clock()
    readings = [read(text, keys) for text in texts]
    for _ in range(TRIES):
        with system_session(recorder.database, write=False) as session:
            answers, held = _stand(session, actor, texts, readings)
        events = _events(recorder, answers, at or datetime.fromtimestamp(now / 1000, UTC), now)

        def beside(session: SystemSession, answers: list[Scanned] = answers, held: dict[str, Any] = held) -> None:
            seen = _seen(answers, held, actor, now)
            if seen:
                scans.keep(session, seen)

        if not events:
            with system_session(recorder.database, write=True) as session:
                beside(session)
            return Receipt(tuple(answers), (), 0)
        told_all = record(recorder, actor, events, atomic=True, beside=beside)
        if all(answer.status == "accepted" for answer in told_all):
            good = [answer for answer in answers if answer.status == "received"]
            grams = sum(answer.net_g or 0 for answer in good)
            return Receipt(tuple(answers), tuple(event.id for event in events), grams)
        refused = next(answer.refused for answer in told_all if answer.refused is not None)
    raise refused


def _stand(
    session: SystemSession, actor: Actor, texts: Sequence[str], readings: Sequence[tuple[str | None, Status, Any]]
) -> tuple[list[Scanned], dict[str, Any]]:
    """Each scan as it stands before anything is recorded, and the rows behind the codes."""
    codes = {code for code, _, _ in readings if code is not None}
    rows = {row.code: row for row in ask(session.connection(), _FIND, codes)}
    answers: list[Scanned] = []
    above: set[str] = set()
    for text, (code, status, _) in zip(texts, readings, strict=True):
        if code is None or code not in rows:
            answers.append(Scanned(text, status if code is None else "unknown", code))
            continue
        row = rows[code]
        stands = _status(row, actor)
        answer = Scanned(
            text, stands, code, row.uid, row.lot_code, row.number, row.units, row.grams, row.state, row.state_at
        )
        if stands == "void":
            answer = replace(answer, state="void", state_at=None)
        elif code in above:
            answer = replace(answer, status="twice")
        elif stands == "received":
            answer = replace(answer, state="received", state_at=None)
        above.add(code)
        answers.append(answer)
    return answers, rows


def _status(row: Any, actor: Actor) -> Status:
    if row.state in (None, "void") or row.label_seq != row.run:
        return "void"
    if row.state in ("received", "opened"):
        return "already_yours" if row.state_org == actor.org_id else "elsewhere"
    if row.labelled_by == actor.org_id and row.state != "shipped":
        return "not_sent"
    return "received"


def _events(recorder: Recorder, answers: Sequence[Scanned], when: datetime, now: int) -> list[told.AnyEvent]:
    codes: dict[str, list[str]] = defaultdict(list)
    for answer in answers:
        if answer.status == "received":
            assert answer.lot is not None
            assert answer.code is not None
            codes[answer.lot].append(answer.code)
    return [
        told.UnitsReceived(id=uuid7(now, recorder.entropy), occurred_at=when, lot=lot, codes=tuple(sorted(found)))
        for lot, found in sorted(codes.items())
    ]


def _seen(answers: Sequence[Scanned], held: Mapping[str, Any], actor: Actor, now: int) -> list[scans.Seen]:
    """What the rules on copies learn: a receipt, and one of a unit that was received before."""
    seen, rules = [], scans.rules_at(now)
    for answer in answers:
        if answer.code is None or answer.status not in ("received", "already_yours", "elsewhere"):
            continue
        row = held[answer.code]
        again = answer.status != "received" and second_receipt(
            row.received_at or row.state_at, row.state_org == actor.org_id, now, rules
        )
        if again or answer.status == "received":
            seen.append(scans.Seen(answer.code, Sighting(now, "second" if again else "receipt")))
    return seen


__all__ = ["Receipt", "Scanned", "Status", "read", "receive"]
