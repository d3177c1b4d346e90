"""Labels of units: issued from a secret seed, printed and printed again, void; and the codes that lead back to them.

The event that issues labels holds the Merkle root over what they say. The seed they are made from, the codes and the
opening codes are kept beside the log: whoever reads the log cannot make a label. The weights are kept there too, as the
labels said them: the lot may be packed otherwise once they are void, and what was issued is still proven.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain import events as told
from domain.label_token import (
    UNIT_BYTES,
    BadLabel,
    Token,
    net_that_fits,
    signed_label,
    to_base32,
    typed_code,
)
from domain.log import unit_proof, units_root
from domain.refusals import Refused
from domain.units import SEED_BYTES, State, UnitToPrint, labelled, opening_code, said_in_run, unit_code
from domain.values import Actor
from ledger import issue
from ledger.brackets import newest_root
from ledger.ids import uuid7
from ledger.keys import KeysUnsafe
from ledger.log import CannotSeal, known_keys, label_key
from ledger.profiles import profiles
from ledger.queries import find_lot
from ledger.record import Answer, Recorder, record
from models.base import table
from models.db import SystemSession, system_session

TRIES: Final = 3
_LOT, _UNIT, _LABEL = table(models.Lot), table(models.Unit), table(models.Label)
_RUN, _CODE, _EVENT = table(models.LabelRun), table(models.UnitCode), table(models.Event)
_REGISTER = table(models.LabelRegister)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Units that got labels: the lot's own code, and the number of the event."""

    lot_code: str
    first: int
    count: int
    label: str
    event: str
    seq: int
    codes_root: str


def label_units(
    recorder: Recorder,
    actor: Actor,
    wanted: str,
    *,
    first: int,
    count: int,
    key: int | None = None,
    design: str | None = None,
    declares: Sequence[str] = (),
) -> Labelled:
    """Labels for packed units of a lot (by id or code) that have none, signed by the label key in force.

    ``key``: its number, where the caller expects a certain one; another is refused. A lot without a public code gets
    one with it (``declares``: the allergens that it names). All or nothing.
    """
    for _ in range(TRIES):
        try:
            return _label_units(recorder, actor, wanted, first, count, key, design, declares)
        except _PackedAnew:
            continue
    raise Refused("UNITS_LABELLED", lot=wanted, units=count)


class _PackedAnew(Exception):
    """The lot was packed otherwise while labels were made for it: begin again."""


def _label_units(
    recorder: Recorder,
    actor: Actor,
    wanted: str,
    first: int,
    count: int,
    key: int | None,
    design: str | None,
    declares: Sequence[str],
) -> Labelled:
    with system_session(recorder.database, write=False) as session:
        lot = find_lot(session, actor.org_id, wanted)
        public = session.execute(
            select(_LABEL.c.code).where(_LABEL.c.lot_id == lot.id, _LABEL.c.state == "issued")
        ).scalar()
        packed_on = _packed_on(session, lot)
        nets = _nets(session, lot.id, first, count)
        too_heavy = _too_heavy(session, lot.id, first, count)
        key = _in_force(session, key)
        beacon = newest_root(session)
    if too_heavy is not None:
        raise Refused("UNIT_TOO_HEAVY", lot=lot.code, unit=too_heavy.number, have_g=too_heavy.grams)
    _secret(recorder, key)  # labels that nobody can sign are not issued
    now = recorder.clock()
    when = datetime.fromtimestamp(now / 1000, UTC)
    events: list[told.AnyEvent] = []
    if public is None:
        public = issue.new_code(recorder.entropy(10))
        declared = tuple(declares) or None
        events.append(
            told.LabelIssued(
                id=uuid7(now, recorder.entropy),
                occurred_at=when,
                lot=lot.uid,
                code=public,
                declares=declared,
                beacon=beacon,
            )
        )
    seed, opening_seed = recorder.entropy(SEED_BYTES), recorder.entropy(SEED_BYTES)
    packed_on = packed_on or when.date()
    commodity = profiles().register.number(profiles().product(lot.product)[0].id)
    said = said_in_run(seed, first, nets, packed_on, commodity)
    event = told.UnitsLabelled(
        id=uuid7(now, recorder.entropy),
        occurred_at=when,
        lot=lot.uid,
        first=first,
        count=count,
        key=key,
        packed_on=packed_on,
        codes_root=units_root(said).hex(),
        design=design,
        beacon=beacon,
    )
    events.append(event)

    def beside(session: SystemSession) -> None:
        if nets != _nets(session, lot.id, first, count):
            raise _PackedAnew
        seq = session.execute(
            select(_EVENT.c.seq).where(_EVENT.c.org_id == actor.org_id, _EVENT.c.id == event.id)
        ).scalar_one()
        connection = session.connection()
        connection.execute(
            sa.insert(_RUN).values(
                org_id=actor.org_id,
                seq=seq,
                lot_id=lot.id,
                key=key,
                commodity=commodity,
                packed_on=event.packed_on.isoformat(),
                nets=json.dumps(nets),
                seed=seed,
                opening_seed=opening_seed,
            )
        )
        connection.execute(
            sa.insert(_CODE),
            [
                {"code": to_base32(one[:UNIT_BYTES]), "lot_id": lot.id, "number": first + i, "run": seq}
                for i, one in enumerate(said)
            ],
        )

    answers = record(recorder, actor, events, atomic=True, beside=beside)
    _stood(answers)
    seq = answers[-1].seq
    assert seq is not None
    return Labelled(lot.code, first, count, public, event.id, seq, event.codes_root)


def _stood(answers: Iterable[Answer]) -> None:
    for answer in answers:
        if answer.refused is not None:
            raise answer.refused


def _packed_on(session: SystemSession, lot: Any) -> date | None:
    """The day on which a lot was packed: of a correction, the day of what it put in place."""
    query = select(_EVENT.c.body).join(_UNIT, _UNIT.c.seq == _EVENT.c.seq).where(_UNIT.c.lot_id == lot.id)
    body = session.execute(query.limit(1)).scalar()
    event = None if body is None else told.parse(body)
    if isinstance(event, told.Corrected):
        event = event.instead
    return None if event is None else event.occurred_at.astimezone(UTC).date()


def _nets(session: SystemSession, lot: int, first: int, count: int) -> list[tuple[int, int]]:
    """What some units of a lot weigh: how many in a row are so many grams."""
    query = select(_UNIT.c.grams).where(_UNIT.c.lot_id == lot, _UNIT.c.number.between(first, first + count - 1))
    weights = session.execute(query.order_by(_UNIT.c.number)).scalars()
    return [(len(list(alike)), grams) for grams, alike in groupby(weights)]


def _too_heavy(session: SystemSession, lot: int, first: int, count: int) -> Any:
    """A unit that no token has a weight for."""
    query = select(_UNIT.c.number, _UNIT.c.grams).where(
        _UNIT.c.lot_id == lot, _UNIT.c.number.between(first, first + count - 1)
    )
    heaviest = session.execute(query.order_by(_UNIT.c.grams.desc()).limit(1)).first()
    try:
        net_that_fits(heaviest.grams if heaviest is not None else 0)
    except BadLabel:
        return heaviest
    return None


def _in_force(session: SystemSession, key: int | None) -> int:
    """The number of the key that signs labels; refused where it is not the one expected. Without a log: that one."""
    known = known_keys(session)
    if not known.labels and key is not None:
        return key
    try:
        number = label_key(session)
    except CannotSeal:
        raise Refused("LABEL_KEY_MISSING", key=key or 0) from None
    if key not in (None, number):
        raise Refused("LABEL_KEY_MISSING", key=key)
    return number


def _secret(recorder: Recorder, key: int) -> bytes:
    """The secret of a label key; refused where this deployment has it not."""
    if recorder.keys is None:
        raise Refused("LABEL_KEY_MISSING", key=key)
    try:
        return recorder.keys.label(key)
    except KeysUnsafe:
        raise Refused("LABEL_KEY_MISSING", key=key) from None


def unit_labels(
    session: SystemSession, recorder: Recorder, org: int, lot: str, first: int, count: int
) -> list[UnitToPrint]:
    """What the labels of some units of a lot (by id or code) show and hold: the same every time.

    ``org`` owns or holds the lot. Every unit has a label that counts; else ``Refused``.
    """
    found = find_lot(session, org, lot)
    if org not in (found.owner_id, found.holder_id):
        raise Refused("LOT_NOT_YOURS", lot=found.code)
    query = (
        select(_UNIT.c.number, _UNIT.c.grams, _UNIT.c.state, _RUN)
        .join(_RUN, _RUN.c.seq == _UNIT.c.label_seq)
        .where(_UNIT.c.lot_id == found.id, _UNIT.c.number.between(first, first + count - 1))
        .order_by(_UNIT.c.number)
    )
    rows = [row for row in session.execute(query) if labelled(row.state)]
    missing = sorted(set(range(first, first + count)) - {row.number for row in rows})
    if missing:
        raise Refused("UNIT_WITHOUT_LABEL", lot=found.code, unit=missing[0])
    secrets = {key: _secret(recorder, key) for key in {row.key for row in rows}}
    return [_to_print(row, secrets[row.key], recorder.host, found.units) for row in rows]


def _to_print(row: Any, secret: bytes, host: str, of: int) -> UnitToPrint:
    code, packed_on = unit_code(row.seed, row.number), date.fromisoformat(row.packed_on)
    token = Token(row.key, code, packed_on, net_that_fits(row.grams), row.commodity)
    return UnitToPrint(
        number=row.number,
        of=of,
        net_grams=token.net_grams,
        packed_on=packed_on,
        address=f"{host.rstrip('/')}/L/{signed_label(token, secret)}".upper(),
        typed_code=typed_code(code),
        opening_code=opening_code(row.opening_seed, row.number),
        state=row.state,
    )


def printed(
    recorder: Recorder,
    actor: Actor,
    wanted: str,
    *,
    first: int,
    count: int,
    copies: int = 1,
    design: str | None = None,
    reason: str | None = None,
) -> str:
    """Write into the register that labels went to a printer; ``reason``: why again. Answers the id of the event."""
    with system_session(recorder.database, write=False) as session:
        lot = find_lot(session, actor.org_id, wanted)
    now = recorder.clock()
    event = told.LabelsPrinted(
        id=uuid7(now, recorder.entropy),
        occurred_at=datetime.fromtimestamp(now / 1000, UTC),
        lot=lot.uid,
        first=first,
        count=count,
        copies=copies,
        design=design,
        reason=reason,
    )
    _stood(record(recorder, actor, [event]))
    return event.id


# --- the register ---

Kind = Literal["issued", "printed", "reprinted", "void", "lot_issued", "lot_revoked"]
"""What was done with labels of units, and with the label of a lot."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the register of labels; ``code``: of the label of a lot."""

    seq: int
    kind: Kind
    lot: str
    lot_code: str
    units: tuple[tuple[int, int], ...]
    labels: int
    copies: int
    design: str | None
    reason: str | None
    at: int
    told_by: str | None
    code: str | None = None


def register(
    session: SystemSession,
    org_id: int,
    *,
    lot: str | None = None,
    kind: Kind | None = None,
    since: int | None = None,
    until: int | None = None,
    before: int | None = None,
    limit: int = 200,
) -> list[Entry]:
    """What an organisation issued, printed and voided, newest first. ``since``, ``until``: UTC milliseconds.

    ``before``: only lines with a smaller number, for the next page.
    """
    lot_id = None if lot is None else find_lot(session, org_id, lot).id

    def asked(query: sa.Select[Any], at: Any, seq: Any, of_lot: Any) -> sa.Select[Any]:
        """The newest lines of a table that were asked for."""
        bounds = [
            *([of_lot == lot_id] if lot_id is not None else []),
            *([at >= since] if since is not None else []),
            *([at < until] if until is not None else []),
            *([seq < before] if before is not None else []),
        ]
        return query.join(_LOT, _LOT.c.id == of_lot).where(*bounds).order_by(seq.desc()).limit(limit)

    lines = [
        *_unit_lines(session, org_id, kind, asked),
        *(_lot_lines(session, org_id, "lot_issued", asked) if kind in (None, "lot_issued") else ()),
        *(_lot_lines(session, org_id, "lot_revoked", asked) if kind in (None, "lot_revoked") else ()),
    ]
    return sorted(lines, key=lambda line: -line.seq)[:limit]


def _unit_lines(session: SystemSession, org_id: int, kind: Kind | None, asked: Callable[..., Any]) -> list[Entry]:
    query = select(_REGISTER, _LOT.c.uid, _LOT.c.code.label("lot_code")).where(_REGISTER.c.org_id == org_id)
    if kind is not None:
        query = query.where(_REGISTER.c.kind == kind)
    query = asked(query, _REGISTER.c.at, _REGISTER.c.seq, _REGISTER.c.lot_id)
    return [
        Entry(
            row.seq,
            row.kind,
            row.uid,
            row.lot_code,
            tuple((first, last) for first, last in json.loads(row.units)),
            row.labels,
            row.copies,
            row.design,
            row.reason,
            row.at,
            row.told_by,
        )
        for row in session.execute(query)
    ]


def _lot_lines(
    session: SystemSession, org_id: int, kind: Literal["lot_issued", "lot_revoked"], asked: Callable[..., Any]
) -> list[Entry]:
    issued = kind == "lot_issued"
    told_by = _EVENT.c.seq == _LABEL.c.seq
    revoked_by = sa.and_(
        _EVENT.c.type == "label_revoked",
        _EVENT.c.occurred_at == _LABEL.c.ended_at,
        _EVENT.c.body.contains(_LABEL.c.code),
    )
    at = _LABEL.c.issued_at if issued else _LABEL.c.ended_at
    query = (
        select(_EVENT.c.seq, _EVENT.c.actor, _LABEL.c.code, _LABEL.c.reason, at.label("at"), _LOT.c.uid)
        .add_columns(_LOT.c.code.label("lot_code"))
        .select_from(_LABEL)
        .join(_EVENT, sa.and_(_EVENT.c.org_id == _LABEL.c.org_id, told_by if issued else revoked_by))
        .where(_LABEL.c.org_id == org_id, sa.true() if issued else _LABEL.c.state == "revoked")
    )
    return [
        Entry(
            row.seq, kind, row.uid, row.lot_code, (), 1, 1, None,
            None if issued else row.reason, row.at, row.actor, row.code,
        )
        for row in session.execute(asked(query, at, _EVENT.c.seq, _LABEL.c.lot_id))
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit as it stands."""

    number: int
    net_g: int
    weighed_g: int | None
    state: State | None
    state_at: int | None
    by: str | None
    prints: int
    opening_prints: int


def units_of(
    session: SystemSession, org_id: int, wanted: str, *, first: int = 1, limit: int = 200
) -> tuple[str, int, list[UnitLine]]:
    """The lot's code, how many units it has, and those from a number on."""
    lot = find_lot(session, org_id, wanted)
    organisation = table(models.Organisation)
    query = (
        select(_UNIT, organisation.c.code.label("by"))
        .join(organisation, organisation.c.id == _UNIT.c.state_org, isouter=True)
        .where(_UNIT.c.lot_id == lot.id, _UNIT.c.number >= first)
        .order_by(_UNIT.c.number)
        .limit(limit)
    )
    lines = [
        UnitLine(row.number, row.grams, row.weighed_g, row.state, row.state_at, row.by, row.prints, row.opening_prints)
        for row in session.execute(query)
    ]
    return lot.code, lot.units, lines


@dataclass(frozen=True, slots=True)
class UnitProof:
    """Where a unit stands in the event that issued it, what its label says, and the hashes that prove it."""

    org_id: int
    seq: int
    index: int
    size: int
    said: bytes
    hashes: list[bytes]


def proof_of_unit(session: SystemSession, code: str) -> UnitProof | None:
    """The place of a unit in its run, as it was issued; none for a code of no unit, and where no weights were kept."""
    row = session.execute(
        select(_CODE.c.number, _RUN, _EVENT.c.body)
        .join(_RUN, _RUN.c.seq == _CODE.c.run)
        .join(_EVENT, _EVENT.c.seq == _RUN.c.seq)
        .where(_CODE.c.code == code)
    ).one_or_none()
    if row is None:
        return None
    run = told.parse(row.body)
    assert isinstance(run, told.UnitsLabelled)
    said = said_in_run(row.seed, run.first, json.loads(row.nets), run.packed_on, row.commodity)
    if len(said) != run.count:
        return None
    index = row.number - run.first
    return UnitProof(row.org_id, row.seq, index, run.count, said[index], unit_proof(said, index))


def public_keys(recorder: Recorder) -> Mapping[int, bytes]:
    """The public keys of labels by number: every one that the log ever named, and those in the folder of keys."""
    held = recorder.keys.label_publics() if recorder.keys is not None else {}
    with system_session(recorder.database, write=False) as session:
        return held | known_keys(session).label_public()


__all__ = [
    "Entry",
    "Kind",
    "Labelled",
    "UnitLine",
    "label_units",
    "printed",
    "public_keys",
    "register",
    "unit_labels",
    "units_of",
]
