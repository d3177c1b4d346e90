"""Recalls and their tests: both sets at once, holds in the same transaction, every gram, and whom to tell.

A recall is events first: ``recalled`` for each lot where it begins, which blocks all that was made from it. A test
reads the same, and blocks nothing. Whoever supplied an organisation tells it: each sees its own recipients.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Literal

import orjson
import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy import select

import models
from domain import events as told
from domain.lineage import oldest_first
from domain.quantity import grams as to_grams
from domain.recall import (
    Account,
    Back,
    Case,
    Consigned,
    Contact,
    Destroyed,
    Kind,
    LotPart,
    Moved,
    Notified,
    OriginKind,
    Outcome,
    Report,
    Returned,
    Rules,
    Survey,
    accounts,
    findings,
    load_rules,
    notice,
    sums,
)
from domain.refusals import NONE, Lang, Refused
from domain.trace import Trace
from domain.values import Actor
from ledger.access import AccessRefused
from ledger.facts import among, ask
from ledger.ids import uuid7
from ledger.profiles import FOLDER, profiles
from ledger.queries import find_lot, flows, instant, trace_of
from ledger.record import Recorder, lock, record_in
from models.base import table
from models.db import SystemSession, system_session
from models.graph import family

_CASE, _NOTICE = table(models.RecallCase), table(models.RecallNotice)
_TOLD, _BACK, _CONSIGNEE = table(models.RecallNotification), table(models.RecallReturn), table(models.Consignee)
_LOT, _LINE, _PARTY = table(models.Lot), table(models.Line), table(models.LotParty)
_EVENT, _CHECK, _LABEL = table(models.Event), table(models.Check), table(models.Label)
_LOAD, _ITEM, _VESSEL = table(models.Load), table(models.LoadItem), table(models.Vessel)
_TRANSFER, _ORG, _SITE = table(models.Transfer), table(models.Organisation), table(models.Site)
_USER = table(models.User)

_LOTS = select(_LOT).where(among(_LOT.c.id))
_PARTIES = select(_PARTY.c.org_id, _PARTY.c.lot_id).where(among(_PARTY.c.lot_id))
_LINES = select(
    _LINE.c.lot_id, _LINE.c.seq, _LINE.c.kind, _LINE.c.grams, _LINE.c.type, _LINE.c.org_id, _LINE.c.occurred_at
).where(among(_LINE.c.lot_id), sa.or_(_LINE.c.kind != "note", _LINE.c.type == "transfer_offered"))
_DRAWN = select(_LINE.c.lot_id, _LINE.c.seq, _LINE.c.grams).where(among(_LINE.c.seq), _LINE.c.kind == "out")
_BODIES = select(_EVENT.c.seq, _EVENT.c.id, _EVENT.c.body).where(among(_EVENT.c.seq))
_OFFERS = select(_TRANSFER, _ORG.c.code).join(_ORG, _ORG.c.id == _TRANSFER.c.to_org_id).where(among(_TRANSFER.c.seq))
_LABELS = select(_LABEL.c.code).where(among(_LABEL.c.lot_id))
_LOADED = select(_ITEM.c.lot_id).where(among(_ITEM.c.load_seq))
_SITES = select(_SITE.c.id, _SITE.c.name).where(among(_SITE.c.id))

_SURVEY: TypeAdapter[Survey] = TypeAdapter(Survey)


@cache
def rules() -> Rules:
    """The figures of ``profiles/recall.toml``."""
    path = FOLDER / "recall.toml"
    return load_rules(path.read_text("utf-8"), path.name)


@dataclass(frozen=True, slots=True)
class Origin:
    """From what a recall is opened: ``ref`` is a code or id; the days are of the runs of a vessel."""

    kind: OriginKind
    ref: str
    since: date | None = None
    until: date | None = None


# --- where it begins ---


def roots(session: SystemSession, actor: Actor, origin: Origin) -> tuple[list[Any], int]:
    """The lots where a recall from ``origin`` begins, and how many more only others can recall."""
    keys = _named(session, actor, origin)
    rows = sorted((row for row in ask(session.connection(), _LOTS, keys)), key=lambda row: row.id)
    rows = [row for row in rows if row.disposition != "void"]
    mine = [row for row in rows if actor.org_id in (row.org_id, row.owner_id, row.holder_id)]
    if rows and not mine:
        raise Refused("LOT_NOT_YOURS", lot=rows[0].code)
    if not mine:
        raise Refused("RECALL_NOTHING_THERE", origin=origin.kind, ref=origin.ref)
    return _foremost(session, mine), len(rows) - len(mine)


def _named(session: SystemSession, actor: Actor, origin: Origin) -> set[int]:
    """Keys of the lots that the origin names, as far as the actor may see them."""
    if origin.kind in ("lot", "input"):
        return {find_lot(session, actor.org_id, origin.ref).id}
    if origin.kind == "plot":
        query = select(_LOT.c.id).where(_LOT.c.org_id == actor.org_id, _LOT.c.plot == origin.ref)
        return set(session.execute(query).scalars())
    if origin.kind == "check":
        return _checked(session, actor, origin.ref)
    return set(ask_scalars(session, _LOADED, _runs(session, actor, origin)))


def _checked(session: SystemSession, actor: Actor, event_id: str) -> set[int]:
    mine = select(_PARTY.c.lot_id).where(_PARTY.c.org_id == actor.org_id)
    rows = session.execute(
        select(_CHECK.c.lot_id, _CHECK.c.verdict)
        .join(_EVENT, _EVENT.c.seq == _CHECK.c.seq)
        .where(_EVENT.c.id == event_id.lower(), _CHECK.c.lot_id.in_(mine))
    ).all()
    if rows and all(row.verdict != "fail" for row in rows):
        raise Refused("RECALL_NOT_A_FAILURE", check=event_id)
    return {row.lot_id for row in rows}


def _runs(session: SystemSession, actor: Actor, origin: Origin) -> list[int]:
    """Numbers of the runs: of one load, or of a vessel in some days. Seen by who runs the site or has a lot in it."""
    mine = select(_ITEM.c.load_seq).join(_PARTY, _PARTY.c.lot_id == _ITEM.c.lot_id)
    query = select(_LOAD.c.seq).where(
        sa.or_(_LOAD.c.org_id == actor.org_id, _LOAD.c.seq.in_(mine.where(_PARTY.c.org_id == actor.org_id)))
    )
    if origin.kind == "load":
        return list(session.execute(query.where(_LOAD.c.uid == origin.ref.lower())).scalars())
    vessel = select(_VESSEL.c.id).where(
        sa.or_(
            _VESSEL.c.id == origin.ref.lower(),
            sa.and_(_VESSEL.c.code == origin.ref.upper(), _VESSEL.c.org_id == actor.org_id),
        )
    )
    query = query.where(_LOAD.c.vessel_id.in_(vessel))
    if origin.since is not None:
        query = query.where(sa.or_(_LOAD.c.ended_at.is_(None), _LOAD.c.ended_at >= _begins(origin.since)))
    if origin.until is not None:
        query = query.where(_LOAD.c.started_at < _begins(origin.until + timedelta(days=1)))
    return list(session.execute(query).scalars())


def _begins(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def _foremost(session: SystemSession, rows: list[Any]) -> list[Any]:
    """The lots of which none was made from another of them: recalling these recalls them all."""
    if len(rows) == 1:
        return rows
    starts = {row.id for row in rows}
    keys = family(session.connection(), starts, "forward")
    inputs = flows(session, keys).inputs
    parents = {key: set(inputs.get(key, ())) for key in keys}
    below: set[int] = set()
    for key in oldest_first(parents):
        if any(parent in starts or parent in below for parent in parents[key]):
            below.add(key)
    return [row for row in rows if row.id not in below]


# --- opening ---


def open_case(
    recorder: Recorder, actor: Actor, kind: Kind, origin: Origin, reason: str, identity: str | None = None
) -> tuple[str, bool]:
    """Open a recall, which blocks the whole set in the same transaction, or a test, which touches nothing.

    Answers the id of the case, and whether it is new: the same id again changes nothing.
    """
    started = time.perf_counter()
    now = recorder.clock()
    identity = identity or uuid7(now, recorder.entropy)
    found: tuple[list[Any], int, Survey] | None = None
    if kind == "mock":  # all that takes time is read before the lock is taken
        with system_session(recorder.database, write=False) as session:
            known = _known(session, actor, identity)
            if known:
                return identity, False
            begin, left_out = roots(session, actor, origin)
            found = begin, left_out, survey(session, actor.org_id, identity, [row.id for row in begin], now=now)
    with system_session(recorder.database, write=True) as session:
        lock(session, alone=True)
        if _known(session, actor, identity):
            return identity, False
        if found is None:
            begin, left_out = roots(session, actor, origin)
            seqs = _recall(session, recorder, actor, begin, reason, now)
            found = (
                begin,
                left_out,
                survey(session, actor.org_id, identity, [r.id for r in begin], now=now, since=min(seqs)),
            )
        else:
            seqs = []
        begin, left_out, seen = found
        keys = family(session.connection(), [row.id for row in begin], "forward") if seqs else set[int]()
        session.connection().execute(
            sa.insert(_CASE).values(
                org_id=actor.org_id,
                id=identity,
                number=_next_number(session, actor, kind, now),
                kind=kind,
                state="open",
                origin=origin.kind,
                ref=origin.ref,
                from_day=origin.since.isoformat() if origin.since else None,
                to_day=origin.until.isoformat() if origin.until else None,
                reason=reason,
                roots=json.dumps([row.id for row in begin]),
                events=json.dumps(seqs),
                left_out=left_out,
                held_lots=len(keys),
                pages=len(list(ask(session.connection(), _LABELS, keys))),
                opened_at=now,
                opened_by=actor.name,
                took_ms=max(1, round(1000 * (time.perf_counter() - started))),
                record=_kept(seen) if kind == "mock" else None,
                version=1,
            )
        )
        _tell_others(session, actor, identity, keys, now)
    return identity, True


def _kept(seen: Survey) -> str:
    """What was found, to be kept with the case. Whom to reach is not: persons stay in rows that can be erased."""
    return _SURVEY.dump_json(replace(seen, contacts=())).decode()


def _known(session: SystemSession, actor: Actor, identity: str) -> bool:
    """Whether the organisation has this case. An id that another organisation uses is refused: notices name it."""
    row = session.execute(select(_CASE.c.org_id).where(_CASE.c.id == identity)).first()
    if row is not None and row.org_id != actor.org_id:
        raise Refused("RECALL_ID_TAKEN", recall=identity)
    return row is not None


def _recall(
    session: SystemSession, recorder: Recorder, actor: Actor, begin: Sequence[Any], reason: str, now: int
) -> list[int]:
    """Tell the events that block the set; answers their numbers."""
    events = [
        told.Recalled(
            id=uuid7(now, recorder.entropy),
            occurred_at=datetime.fromtimestamp(now / 1000, UTC),
            lot=row.uid,
            reason=reason,
        )
        for row in begin
    ]
    answers = record_in(session, recorder, actor, events, now, alone=True)
    for answer in answers:
        if answer.refused is not None:
            raise answer.refused
    return [answer.seq for answer in answers if answer.seq is not None]


def _next_number(session: SystemSession, actor: Actor, kind: Kind, now: int) -> str:
    prefix = f"{'RC' if kind == 'real' else 'MR'}-{actor.org_code}-{instant(now).year}-"
    query = select(sa.func.count()).where(_CASE.c.org_id == actor.org_id, _CASE.c.number.like(f"{prefix}%"))
    return f"{prefix}{session.execute(query).scalar_one() + 1:04d}"


def _tell_others(session: SystemSession, actor: Actor, identity: str, keys: Collection[int], now: int) -> None:
    """A notice to every other organisation that may see a lot of the set."""
    lots: dict[int, int] = defaultdict(int)
    for org_id, _ in ask(session.connection(), _PARTIES, keys):
        lots[org_id] += 1
    rows = [
        {"org_id": org_id, "case_id": identity, "by_org_id": actor.org_id, "lots": count, "opened_at": now}
        for org_id, count in sorted(lots.items())
        if org_id != actor.org_id
    ]
    if rows:
        session.connection().execute(sa.insert(_NOTICE), rows)


# --- looking ---


def ask_scalars(session: SystemSession, query: Any, ids: Collection[Any]) -> list[Any]:
    """The first column of what is asked for some values."""
    return [row[0] for row in ask(session.connection(), query, ids)]


def survey(
    session: SystemSession,
    org_id: int,
    case_id: str,
    starts: Collection[int],
    *,
    now: int,
    since: int | None = None,
    part: bool = False,
) -> Survey:
    """Both sets from some lots, every account, and whom the goods of ``org_id`` went to, as of now.

    ``since``: number of the event that recalled. ``part``: the organisation sees only the lots that it is a party of.
    """
    connection = session.connection()
    keys = family(connection, starts, "forward")
    seen = {lot for org, lot in ask(connection, _PARTIES, keys) if org == org_id}
    starts = set(starts)
    if part:
        keys = seen
        starts = keys - flows(session, keys).inputs.keys()
    lots = {row.id: row for row in ask(connection, _LOTS, keys)}
    lines = list(ask(connection, _LINES, keys))
    moves = [Moved(row.lot_id, row.seq, row.kind, row.grams, row.type) for row in lines if row.kind != "note"]
    entries = _entries(session, case_id, keys)
    back = [Back(row.lot_id, row.outcome, row.grams) for row in entries]
    of = accounts({key: (row.remaining_g, row.deficit_g) for key, row in lots.items()}, moves, back, since)
    reader = _Reader(session, org_id, lots, lines, since)
    consigned = tuple(reader.consigned())
    contacts = tuple(_contacts(session, org_id, {one.recipient for one in consigned} - {NONE}))
    shown = {key for key in keys if key in seen}
    begin = [lots[key] for key in sorted(starts)]
    return Survey(
        made_at=instant(now),
        roots=tuple(row.code for row in begin),
        lots=tuple(reader.parts(shown, starts, of)),
        hidden_lots=len(keys - shown),
        hidden=sum((of[key] for key in keys - shown), Account()),
        consigned=consigned,
        destroyed=tuple(reader.destroyed(shown)),
        unreachable=tuple(one.code for one in contacts if not one.reachable),
        contacts=contacts,
        sums=None if part else sums(starts, of, moves, _others_in(session, moves, keys), _unknown(consigned, entries)),
        forward=trace_of(session, org_id, begin, "forward"),
        back=trace_of(session, org_id, begin, "back"),
    )


def _entries(session: SystemSession, case_id: str, keys: Collection[int]) -> list[Any]:
    query = select(_BACK).where(_BACK.c.case_id == case_id, _BACK.c.withdrawn_at.is_(None))
    return [row for row in session.execute(query) if row.lot_id in keys]


def _others_in(session: SystemSession, moves: Iterable[Moved], keys: Collection[int]) -> dict[int, int]:
    """Grams that lots outside the set put into the events that drew from it."""
    grams: dict[int, int] = defaultdict(int)
    for lot, seq, drawn in ask(session.connection(), _DRAWN, {move.seq for move in moves if move.kind == "out"}):
        if lot not in keys:
            grams[seq] += drawn
    return grams


def _unknown(consigned: Iterable[Consigned], entries: Iterable[Any]) -> int:
    """Grams shipped without saying to whom, less what came back of them."""
    out = sum(one.grams for one in consigned if one.recipient == NONE)
    return out - sum(int(one.grams) for one in entries if one.recipient == NONE)


@dataclass
class _Reader:
    """What a survey reads of the lots and lines of a set, for one organisation."""

    session: SystemSession
    org_id: int
    lots: Mapping[int, Any]
    lines: Sequence[Any]
    since: int | None

    def parts(self, shown: Collection[int], starts: Collection[int], of: Mapping[int, Account]) -> Iterable[LotPart]:
        """The lots that are disclosed, oldest first."""
        rows = sorted((self.lots[key] for key in shown), key=lambda row: (row.made_at, row.id))
        names = dict(self.session.execute(select(_ORG.c.id, _ORG.c.name)).all())
        sites = dict(ask(self.session.connection(), _SITES, {row.site_id for row in rows if row.site_id}))
        for row in rows:
            yield LotPart(
                id=row.uid,
                code=row.code,
                product=row.product,
                organisation=names.get(row.holder_id, ""),
                site=sites.get(row.site_id),
                at=instant(row.made_at),
                root=row.id in starts,
                disposition=row.disposition,
                disclosed=True,
                account=of[row.id],
            )

    def consigned(self) -> list[Consigned]:
        """What the organisation itself sent away: shipped, or handed over to another organisation."""
        own = [line for line in self.lines if line.org_id == self.org_id]
        shipped = [line for line in own if line.kind == "shipped" and line.type != "returned"]
        back = [line for line in own if line.kind == "shipped" and line.type == "returned"]
        offered = {line.seq for line in own if line.type == "transfer_offered"}
        offers = {row.seq: row for row in ask(self.session.connection(), _OFFERS, offered) if row.state == "accepted"}
        bodies = events_of(self.session, {line.seq for line in (*shipped, *back)} | set(offers))
        found = []
        consignee: dict[str, str] = {}
        for line in shipped:
            identity, event = bodies[line.seq]
            assert isinstance(event, told.Shipped)
            consignee[identity] = event.to or NONE
            found.append(self._sent(line, event.to or NONE, "shipped", line.grams, event.document, identity))
        for line in back:
            identity, event = bodies[line.seq]
            assert isinstance(event, told.Returned)
            to = consignee.get(event.shipment, NONE)
            found.append(self._sent(line, to, "shipped", line.grams, None, identity))
        for line in own:
            offer = offers.get(line.seq)
            if offer is None or line.type != "transfer_offered":
                continue
            identity, event = bodies[line.seq]
            grams = {one["lot"]: one["grams"] for one in json.loads(offer.items)}[self.lots[line.lot_id].uid]
            document = getattr(event, "document", None)
            found.append(self._sent(line, offer.code, "transferred", grams, document, identity))
        return sorted(found, key=lambda one: (one.at, one.code, one.recipient))

    def _sent(
        self, line: Any, to: str, how: Literal["shipped", "transferred"], grams: int, document: str | None, event: str
    ) -> Consigned:
        lot = self.lots[line.lot_id]
        return Consigned(lot.uid, lot.code, lot.product, to, how, grams, instant(line.occurred_at), document, event)

    def destroyed(self, shown: Collection[int]) -> list[Destroyed]:
        """What was told as lost of disclosed lots since the recall."""
        if self.since is None:
            return []
        lines = [
            line
            for line in self.lines
            if line.kind == "lost" and line.type == "lost" and line.seq > self.since and line.lot_id in shown
        ]
        bodies = events_of(self.session, {line.seq for line in lines})
        return [
            Destroyed(
                self.lots[line.lot_id].code,
                line.grams,
                instant(line.occurred_at),
                getattr(bodies[line.seq][1], "reason", ""),
            )
            for line in lines
        ]


def events_of(session: SystemSession, seqs: Collection[int]) -> dict[int, tuple[str, told.AnyEvent]]:
    """Events by number, with their ids; of a correction, what it put in the place."""
    answer = {}
    for seq, identity, body in ask(session.connection(), _BODIES, seqs):
        event = told.parse(body)
        if isinstance(event, told.Corrected) and event.instead is not None:
            event = event.instead
        answer[seq] = (identity, event)
    return answer


def _contacts(session: SystemSession, org_id: int, codes: Collection[str]) -> list[Contact]:
    """Whom to reach: the organisation's own list of consignees first, then the organisations of the deployment."""
    known = {}
    for row in ask(session.connection(), select(_ORG).where(among(_ORG.c.code)), codes):
        mail = row.contact if row.contact and "@" in row.contact else None
        known[row.code] = Contact(row.code, row.name, phone=None if mail else row.contact, email=mail)
    query = select(_CONSIGNEE).where(_CONSIGNEE.c.org_id == org_id, _CONSIGNEE.c.ended_at.is_(None))
    for row in session.execute(query):
        if row.code in codes:
            known[row.code] = Contact(row.code, row.name, row.person, row.phone, row.email, row.address)
    return [known.get(code, Contact(code, code)) for code in sorted(codes)]


# --- one case ---


def find_case(session: SystemSession, org_id: int | None, wanted: str) -> tuple[Any, bool]:
    """A case by id or number, and whether it is the organisation's own; else it has notice of it."""
    query = select(_CASE).where(sa.or_(_CASE.c.id == wanted.lower(), _CASE.c.number == wanted.upper()))
    for row in session.execute(query):
        if org_id in (None, row.org_id):
            return row, True
        heard = select(_NOTICE.c.case_id).where(
            _NOTICE.c.org_id == org_id, _NOTICE.c.case_id == row.id, _NOTICE.c.by_org_id == row.org_id
        )
        if session.execute(heard).first() is not None:
            return row, False
    raise Refused("RECALL_UNKNOWN", recall=wanted)


def report(session: SystemSession, org_id: int | None, wanted: str, *, now: int) -> Report:
    """A case as an organisation may see it: its opener the whole, others their part.

    What a test found is told as it was when it was opened, what a recall found as it was when it was closed.
    """
    row, mine = find_case(session, org_id, wanted)
    viewer = row.org_id if org_id is None else org_id
    if mine and row.record is not None:
        seen = _SURVEY.validate_json(row.record)
        contacts = _contacts(session, viewer, set(seen.recipients()) - {NONE})
        seen = replace(seen, contacts=tuple(contacts))
    else:
        since = min(orjson.loads(row.events), default=None)
        seen = survey(session, viewer, row.id, orjson.loads(row.roots), now=now, since=since, part=not mine)
    names = _logins(session, {row.org_id, viewer})
    case = _case(session, row, names, mine=mine)
    notified = tuple(
        Notified(one.recipient, instant(one.notified_at), names.get(one.notified_by, one.notified_by), one.how)
        for one in session.execute(
            select(_TOLD)
            .where(_TOLD.c.org_id == viewer, _TOLD.c.case_id == row.id)
            .order_by(_TOLD.c.notified_at, _TOLD.c.recipient)
        )
    )
    told_to = {one.recipient for one in notified}
    waiting = [code for code in seen.recipients() if code not in told_to and code != NONE]
    day = case.opened_at.date()
    returned = tuple(_returned(session, viewer, row.id, names))
    said = findings(case, seen, waiting, rules())
    return Report(case, seen, notified, returned, rules().target(day), rules().interval(day), said)


def _case(session: SystemSession, row: Any, names: Mapping[str, str], *, mine: bool) -> Case:
    holder = session.execute(select(_ORG.c.code, _ORG.c.name).where(_ORG.c.id == row.org_id)).one()
    return Case(
        id=row.id,
        number=row.number,
        organisation=holder.code,
        organisation_name=holder.name,
        kind=row.kind,
        state=row.state,
        origin=row.origin if mine else "lot",
        ref=row.ref if mine else "",
        reason=row.reason,
        opened_at=instant(row.opened_at),
        opened_by=names.get(row.opened_by, row.opened_by) if mine else "",
        took_ms=row.took_ms,
        left_out=row.left_out if mine else 0,
        held_lots=row.held_lots if mine else 0,
        pages=row.pages if mine else 0,
        closed_at=instant(row.closed_at) if row.closed_at is not None else None,
        closed_by=names.get(row.closed_by, row.closed_by) if mine and row.closed_by else None,
        note=row.note if mine else None,
        version=row.version,
        mine=mine,
    )


def _logins(session: SystemSession, orgs: Collection[int]) -> dict[str, str]:
    """Login names of the users who may have acted."""
    query = select(_USER.c.id, _USER.c.name).where(_USER.c.org_id.in_(sorted(orgs)))
    return {f"user:{identity}": name for identity, name in session.execute(query)}


def _returned(session: SystemSession, org_id: int, case_id: str, names: Mapping[str, str]) -> Iterable[Returned]:
    rows = session.execute(
        select(_BACK, _LOT.c.uid, _LOT.c.code)
        .join(_LOT, _LOT.c.id == _BACK.c.lot_id)
        .where(_BACK.c.org_id == org_id, _BACK.c.case_id == case_id)
        .order_by(_BACK.c.recorded_at, _BACK.c.id)
    )
    for row in rows:
        yield Returned(
            row.id, row.uid, row.code, row.recipient, row.outcome, row.grams, date.fromisoformat(row.on_day), row.place,
            row.document, instant(row.recorded_at), names.get(row.recorded_by, row.recorded_by),
            instant(row.withdrawn_at) if row.withdrawn_at is not None else None,
        )  # fmt: skip


# --- acting on a case ---


def _held(session: SystemSession, actor: Actor, wanted: str) -> tuple[Any, bool]:
    """The case, locked, and open."""
    row, mine = find_case(session, actor.org_id, wanted)
    locked = select(_CASE).where(_CASE.c.org_id == row.org_id, _CASE.c.id == row.id).with_for_update()
    row = session.execute(locked).one()
    if row.state == "closed":
        raise Refused("RECALL_CLOSED", recall=row.number)
    return row, mine


def _touched(session: SystemSession, row: Any) -> None:
    session.connection().execute(
        sa.update(_CASE).where(_CASE.c.org_id == row.org_id, _CASE.c.id == row.id).values(version=row.version + 1)
    )


def notify(recorder: Recorder, actor: Actor, wanted: str, recipient: str, how: str) -> None:
    """A recipient of the actor's was told, or in a test reached. Told again, the first time stands."""
    now = recorder.clock()
    with system_session(recorder.database, write=True) as session:
        row, _ = _held(session, actor, wanted)
        seen = report(session, actor.org_id, row.id, now=now).survey
        if recipient not in seen.recipients() or recipient == NONE:
            raise Refused("RECALL_RECIPIENT_UNKNOWN", recall=row.number, recipient=recipient)
        key = (_TOLD.c.org_id == actor.org_id, _TOLD.c.case_id == row.id, _TOLD.c.recipient == recipient)
        if session.execute(select(_TOLD.c.recipient).where(*key)).first() is None:
            session.connection().execute(
                sa.insert(_TOLD).values(
                    org_id=actor.org_id, case_id=row.id, recipient=recipient, notified_at=now, notified_by=actor.name,
                    how=how, version=1,
                )
            )  # fmt: skip
            _touched(session, row)


@dataclass(frozen=True, slots=True)
class Came:
    """What became of shipped goods, as it is told."""

    lot: str  # code or id
    recipient: str
    outcome: Outcome
    quantity: told.Quantity
    on: date
    place: str
    document: str | None = None
    identity: str | None = None


def came_back(recorder: Recorder, actor: Actor, wanted: str, told_of: Came) -> str:
    """Grams that the actor shipped came back, or were destroyed by the consignee. No stock comes of it."""
    now = recorder.clock()
    identity = told_of.identity or uuid7(now, recorder.entropy)
    with system_session(recorder.database, write=True) as session:
        row, _ = _held(session, actor, wanted)
        if row.kind == "mock":
            raise Refused("RECALL_IS_A_TEST", recall=row.number)
        if session.execute(select(_BACK.c.id).where(_BACK.c.org_id == actor.org_id, _BACK.c.id == identity)).first():
            return identity
        seen = report(session, actor.org_id, row.id, now=now).survey
        lot = find_lot(session, actor.org_id, told_of.lot)
        sent = [one for one in seen.to(told_of.recipient) if one.lot == lot.uid and one.how == "shipped"]
        if not sent:
            raise Refused("RECALL_RECIPIENT_UNKNOWN", recall=row.number, recipient=told_of.recipient)
        entered = sum(
            one.grams
            for one in _entries(session, row.id, {lot.id})
            if one.org_id == actor.org_id and one.recipient == told_of.recipient
        )
        out = sum(one.grams for one in sent) - entered
        packaging = profiles().product(lot.product)[0].packaging_grams()
        try:
            grams = to_grams(told_of.quantity.value, told_of.quantity.unit, packaging)
        except Refused as refused:
            raise refused.at("/quantity") from None
        if grams > out:
            raise Refused(
                "RECALL_RETURN_EXCEEDS",
                lot=lot.code,
                recipient=told_of.recipient,
                shipped_g=out,
                wanted_g=grams,
            )
        session.connection().execute(
            sa.insert(_BACK).values(
                org_id=actor.org_id, id=identity, case_id=row.id, lot_id=lot.id, recipient=told_of.recipient,
                outcome=told_of.outcome, grams=grams, on_day=told_of.on.isoformat(), place=told_of.place,
                document=told_of.document, recorded_at=now, recorded_by=actor.name, version=1,
            )
        )  # fmt: skip
        _touched(session, row)
    return identity


def withdraw(recorder: Recorder, actor: Actor, wanted: str, entry: str) -> None:
    """An entry was wrong: it stays, and no longer counts."""
    now = recorder.clock()
    with system_session(recorder.database, write=True) as session:
        row, _ = _held(session, actor, wanted)
        changed = session.connection().execute(
            sa.update(_BACK)
            .where(_BACK.c.org_id == actor.org_id, _BACK.c.case_id == row.id, _BACK.c.id == entry.lower())
            .where(_BACK.c.withdrawn_at.is_(None))
            .values(withdrawn_at=now, withdrawn_by=actor.name, version=_BACK.c.version + 1)
        )
        if changed.rowcount == 0:
            raise Refused("RECALL_RETURN_UNKNOWN", entry=entry)
        _touched(session, row)


def close(recorder: Recorder, actor: Actor, wanted: str, note: str, version: int | None = None) -> None:
    """Close a case of the actor's with a note. What was found is kept as it stands; the holds stay.

    A real recall is closed by somebody else than who opened it, once all recipients were told. ``version``: the change
    was made from it.
    """
    now = recorder.clock()
    with system_session(recorder.database, write=True) as session:
        lock(session, alone=True)  # what is kept is one moment's state
        row, mine = _held(session, actor, wanted)
        if not mine:
            raise Refused("RECALL_UNKNOWN", recall=wanted)
        if version not in (None, row.version):
            raise AccessRefused("CHANGED_MEANWHILE", version=row.version, sent=version)
        found = report(session, actor.org_id, row.id, now=now)
        values: dict[str, Any] = {}
        if row.kind == "real":
            if row.opened_by == actor.name:
                raise Refused("RECALL_FOUR_EYES", recall=row.number)
            if found.waiting:
                raise Refused("RECALL_NOT_NOTIFIED", recall=row.number, recipients=", ".join(found.waiting))
            values["record"] = _kept(found.survey)
        session.connection().execute(
            sa.update(_CASE)
            .where(_CASE.c.org_id == row.org_id, _CASE.c.id == row.id)
            .values(
                state="closed",
                closed_at=now,
                closed_by=actor.name,
                note=note,
                version=row.version + 1,
                **values,
            )
        )


# --- on paper ---


def product_names(lang: Lang) -> dict[str, str]:
    """Names of the products of all profiles."""
    return {
        product.code: product.name[lang]
        for commodity in profiles().commodities.values()
        for product in commodity.products.values()
    }


def text_for(found: Report, recipient: str, lang: Lang) -> str:
    """What one recipient is told."""
    if recipient not in found.survey.recipients() or recipient == NONE:
        raise Refused("RECALL_RECIPIENT_UNKNOWN", recall=found.case.number, recipient=recipient)
    return notice(found, recipient, product_names(lang), lang)


def paper(found: Report, lang: Lang) -> bytes:
    """The report as PDF, with the graphs of both sets."""
    from exchange.recall_pdf import recall_pdf
    from labels.lineage import trace_svg

    names = product_names(lang)
    sets = {"back": found.survey.back, "forward": found.survey.forward}
    pictures = {name: trace_svg(_spoken(trace, names), lang) for name, trace in sets.items() if len(trace.nodes) > 1}
    return recall_pdf(found, pictures, names, lang)


def _spoken(trace: Trace, names: Mapping[str, str]) -> Trace:
    """The trace with the names of its products."""
    nodes = tuple(replace(node, product=names.get(node.product, node.product)) for node in trace.nodes)
    root = next(node for node in nodes if node.id == trace.root.id)
    return replace(trace, nodes=nodes, root=root)
