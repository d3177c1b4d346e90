"""Who looked at labels: kept for some days, held against the rules on copies, and told to whoever issued the label."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain.clones import DAY, Fact, Life, Rules, Sighting, assess, points
from domain.refusals import Refused
from domain.values import Actor
from ledger.facts import among, ask
from ledger.profiles import label_rules
from ledger.record import Recorder
from models.base import table
from models.db import SystemSession, system_session

_SCAN, _ALERT, _CODE = table(models.Scan), table(models.LabelAlert), table(models.UnitCode)
_UNIT, _LABEL, _LOT = table(models.Unit), table(models.Label), table(models.Lot)
_SALT: Final = table(models.ScanSalt)
_ORG, _SITE, _RUN = table(models.Organisation), table(models.Site), table(models.LabelRun)

_CODES = select(_CODE.c.code, _CODE.c.lot_id, _CODE.c.number).where(among(_CODE.c.code))
_LABELS = select(_LABEL.c.code, _LABEL.c.lot_id).where(among(_LABEL.c.code))


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody looked at the label with this code."""

    code: str
    sighting: Sighting


def rules_at(at: int) -> Rules:
    """The rules on copies in force at an instant, UTC milliseconds."""
    return label_rules().on(datetime.fromtimestamp(at / 1000, UTC).date())


def keep(session: SystemSession, seen: Sequence[Seen]) -> None:
    """Write down who looked, and look at the labels concerned. Codes that nobody issued are passed over."""
    codes = {one.code for one in seen}
    places: dict[str, tuple[int, int | None]] = {
        row.code: (row.lot_id, None) for row in ask(session.connection(), _LABELS, codes)
    }
    places |= {row.code: (row.lot_id, row.number) for row in ask(session.connection(), _CODES, codes)}
    rows = [_row(one, *places[one.code]) for one in seen if one.code in places]
    if rows:
        session.connection().execute(sa.insert(_SCAN), rows)
    latest = {
        one.code: one.sighting.at for one in seen if one.sighting.kind != "receipt"
    }  # a receipt alone is in order
    for code, at in sorted(latest.items()):
        lot, number = places.get(code, (0, None))
        if number is not None:
            _look(session, code, lot, number, at)


def _row(one: Seen, lot: int, number: int | None) -> dict[str, Any]:
    latitude, longitude = one.sighting.position or (None, None)
    return {
        "lot_id": lot,
        "code": one.code,
        "number": number,
        "at": one.sighting.at,
        "kind": one.sighting.kind,
        "country": one.sighting.country,
        "lat_udeg": latitude,
        "lon_udeg": longitude,
        "visitor": one.sighting.visitor,
    }


def _look(session: SystemSession, code: str, lot: int, number: int, now: int) -> None:
    """Hold everything seen of a label against the rules; enough points are an alert of whoever issued it."""
    rules = rules_at(now)
    row = session.execute(
        select(_UNIT, _CODE.c.run, _RUN.c.org_id.label("issuer"))
        .join(_CODE, sa.and_(_CODE.c.lot_id == _UNIT.c.lot_id, _CODE.c.number == _UNIT.c.number))
        .join(_RUN, _RUN.c.seq == _CODE.c.run)
        .where(_CODE.c.code == code)
    ).one_or_none()
    if row is None or row.run != row.label_seq:
        return  # void: its page says so to everybody
    seen = [
        Sighting(scan.at, scan.kind, scan.country, _position(scan), scan.visitor)
        for scan in session.execute(select(_SCAN).where(_SCAN.c.code == code, _SCAN.c.at > now - rules.kept))
    ]
    life = Life(row.applied_at, row.shipped_at, row.received_at, row.opened_at, _route(session, lot, row))
    facts = assess(life, seen, rules)
    total = points(facts)
    own = sa.and_(_ALERT.c.org_id == row.issuer, _ALERT.c.code == code)
    known = session.execute(select(_ALERT.c.points).where(own)).scalar()
    values = {"points": total, "facts": json.dumps([asdict(fact) for fact in facts]), "last_at": now}
    if known is None and total >= rules.alert:
        first = {"org_id": row.issuer, "code": code, "lot_id": lot, "number": number, "first_at": now}
        session.connection().execute(sa.insert(_ALERT).values(**first, **values))
    elif known is not None and total > known:  # more came to light: whoever closed it looks again
        session.connection().execute(sa.update(_ALERT).where(own).values(**values, closed_at=None, closed_by=None))


def _position(scan: Any) -> tuple[int, int] | None:
    return None if scan.lat_udeg is None or scan.lon_udeg is None else (scan.lat_udeg, scan.lon_udeg)


def _route(session: SystemSession, lot: int, unit: Any) -> frozenset[str]:
    """Countries where the unit may be: of its lot's site and parties. Unknown where it left to somebody not here.

    What came back leaves with another lot: unknown until it is received again.
    """
    if unit.received_at is None or (unit.returned_at is not None and unit.state == "returned"):
        return frozenset()
    party = table(models.LotParty)
    query = select(_ORG.c.country).join(party, party.c.org_id == _ORG.c.id).where(party.c.lot_id == lot)
    sites = select(_SITE.c.country).join(_LOT, _LOT.c.site_id == _SITE.c.id).where(_LOT.c.id == lot)
    return frozenset([*session.execute(query).scalars(), *session.execute(sites).scalars()])


def keep_now(recorder: Recorder, seen: Sequence[Seen]) -> None:
    """A batch of scans, in a transaction of its own."""
    with system_session(recorder.database, write=True) as session:
        keep(session, seen)


SALT_BYTES: Final = 32


def salt_of_today(recorder: Recorder) -> tuple[int, bytes]:
    """The day (since 1970, UTC), and the salt of it under which addresses are hashed: one for all processes.

    Whoever needs it first makes it, and deletes those of days that are over: then nobody can tell any more which
    hashes of two days are one device.
    """
    day = recorder.clock() // DAY
    with system_session(recorder.database, write=False) as session:
        known = session.execute(select(_SALT.c.salt).where(_SALT.c.day == day)).scalar()
    if known is not None:
        return day, bytes(known)
    with system_session(recorder.database, write=True) as session:
        _forget_salts(session, day)
        first = sa.text("INSERT INTO scan_salt (day, salt) VALUES (:day, :salt) ON CONFLICT (day) DO NOTHING")
        session.connection().execute(first, {"day": day, "salt": recorder.entropy(SALT_BYTES)})
        # Another process may have been first: what stands there counts.
        return day, bytes(session.execute(select(_SALT.c.salt).where(_SALT.c.day == day)).scalar_one())


def _forget_salts(session: SystemSession, day: int) -> None:
    session.connection().execute(sa.delete(_SALT).where(_SALT.c.day < day))


def sweep(recorder: Recorder) -> int:
    """Delete what was kept long enough, and salts whose day is over; answers how many scans went."""
    with system_session(recorder.database, write=True) as session:
        _forget_salts(session, recorder.clock() // DAY)
        now = recorder.clock()
        before = now - rules_at(now).kept
        result: Any = session.connection().execute(sa.delete(_SCAN).where(_SCAN.c.at < before))
        return int(result.rowcount)


# --- alerts ---


@dataclass(frozen=True, slots=True)
class Alert:
    """A label that may have been copied, and why."""

    code: str
    lot: str
    lot_code: str
    number: int
    points: int
    facts: tuple[Fact, ...]
    first_at: int
    last_at: int
    closed_at: int | None
    closed_by: str | None


def facts_of(text: str) -> tuple[Fact, ...]:
    """Facts as they are stored."""
    return tuple(
        Fact(plain["rule"], plain["points"], plain["at"], tuple(plain["countries"])) for plain in json.loads(text)
    )


def alerts(session: SystemSession, org_id: int, *, closed: bool = False) -> list[Alert]:
    """The alerts of an organisation that are open (or closed), heaviest first."""
    query = (
        select(_ALERT, _LOT.c.uid, _LOT.c.code.label("lot_code"))
        .join(_LOT, _LOT.c.id == _ALERT.c.lot_id)
        .where(_ALERT.c.org_id == org_id, _ALERT.c.closed_at.is_not(None) if closed else _ALERT.c.closed_at.is_(None))
        .order_by(_ALERT.c.points.desc(), _ALERT.c.last_at.desc(), _ALERT.c.code)
    )
    return [
        Alert(
            row.code,
            row.uid,
            row.lot_code,
            row.number,
            row.points,
            facts_of(row.facts),
            row.first_at,
            row.last_at,
            row.closed_at,
            row.closed_by,
        )
        for row in session.execute(query)
    ]


def close(recorder: Recorder, actor: Actor, code: str) -> None:
    """Somebody looked into an alert. It opens again when more comes to light."""
    with system_session(recorder.database, write=True) as session:
        own = sa.and_(_ALERT.c.org_id == actor.org_id, _ALERT.c.code == code, _ALERT.c.closed_at.is_(None))
        closed = sa.update(_ALERT).where(own).values(closed_at=recorder.clock(), closed_by=actor.name)
        result: Any = session.connection().execute(closed)
        if result.rowcount == 0:
            raise Refused("ALERT_UNKNOWN", label=code)
