"""What was read on a load, by hand (events) and by sensors (rows of their own), as curves; control charts of checks.

Sensor values are kept beside the log: see docs/decisions/0012-sensor-readings.md.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

import models
from domain import control_chart, readings
from domain.control_chart import Chart
from domain.facilities import Slot
from domain.profiles import Commodity, ProcessLimit, Product, Specification
from domain.quantity import decimals
from domain.readings import FIRST_TURN, Alarm, Point
from domain.refusals import Refused
from domain.values import Actor
from exchange.readings import Row, Unreadable
from labels.curve import Control, Curve, Measured, Series, Warned
from ledger.facts import among, ask
from ledger.profiles import FOLDER, profiles
from ledger.queries import instant
from ledger.record import TRIES, Recorder, _passing
from models.base import table
from models.db import SystemSession, system_session

_LOAD, _ITEM, _LOT, _LINE = table(models.Load), table(models.LoadItem), table(models.Lot), table(models.Line)
_READING, _SENSOR, _CHECK = table(models.Reading), table(models.SensorReading), table(models.Check)
_VESSEL, _SITE = table(models.Vessel), table(models.Site)

_TOLD = select(_READING.c.seq, _READING.c.name, _READING.c.value, _READING.c.read_at).where(among(_READING.c.lot_id))
_TURNED = select(_LINE.c.occurred_at).where(_LINE.c.type == "turned", among(_LINE.c.lot_id))

MOST: Final = 50_000
"""Readings of a load: five sensors, a value a minute, for a week."""

BY_HAND: Final = "by hand"
"""The device of readings that somebody told as events."""

TOLERANCE_MS: Final = 300_000
"""How far the clock of a device may run ahead of ours."""


@dataclass(frozen=True, slots=True)
class Run:
    """A load as those see it who operate the site or have goods in it."""

    org_id: int
    seq: int
    uid: str
    vessel: str
    site: str
    grams: int
    started_at: int
    ended_at: int | None
    lots: tuple[int, ...]
    commodity: Commodity


def run(session: SystemSession, org_id: int, load_id: str) -> Run:
    """A load of the organisation's site, or with goods of it. Refuses with LOAD_UNKNOWN."""
    query = (
        select(_LOAD, _VESSEL.c.code.label("vessel"), _SITE.c.code.label("site"))
        .join(_VESSEL, sa.and_(_VESSEL.c.org_id == _LOAD.c.org_id, _VESSEL.c.id == _LOAD.c.vessel_id))
        .join(_SITE, sa.and_(_SITE.c.org_id == _LOAD.c.org_id, _SITE.c.id == _LOAD.c.site_id))
        .where(_LOAD.c.uid == load_id)
        .order_by(_LOAD.c.org_id != org_id)
    )
    for row in session.execute(query):
        items = select(_ITEM.c.lot_id, _LOT.c.owner_id, _LOT.c.product).join(_LOT, _LOT.c.id == _ITEM.c.lot_id)
        inside = list(session.execute(items.where(_ITEM.c.load_seq == row.seq).order_by(_ITEM.c.lot_id)))
        if inside and (row.org_id == org_id or any(one.owner_id == org_id for one in inside)):
            commodity, _ = profiles().product(inside[0].product)
            lots = tuple(one.lot_id for one in inside)
            return Run(
                row.org_id, row.seq, row.uid, row.vessel, row.site, row.grams, row.started_at, row.ended_at, lots,
                commodity,
            )  # fmt: skip
    raise Refused("LOAD_UNKNOWN", load=load_id)


# --- taking in ---


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that was not taken, and why."""

    row: int
    code: str
    reason: Refused | str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the rows: new, known already, and not taken."""

    added: int
    known: int
    wrong: tuple[Wrong, ...]


def take(recorder: Recorder, actor: Actor, load_id: str, rows: Sequence[Row]) -> Taken:
    """Keep readings of a load; those that cannot be kept are answered by their row, and do not stop the others.

    A reading is known by load, test, device and instant: the same again changes nothing, another value is refused.
    Refuses as a whole with LOAD_UNKNOWN and READINGS_TOO_MANY.
    """
    for attempt in range(TRIES):
        try:
            with system_session(recorder.database, write=True) as session:
                return _take(session, recorder, actor, load_id, rows)
        except IntegrityError:
            if attempt == TRIES - 1:
                raise
        except DBAPIError as error:
            if attempt == TRIES - 1 or not _passing(error):
                raise
        time.sleep(0.02 * (attempt + 1))
    message = "unreachable"
    raise AssertionError(message)


def _take(session: SystemSession, recorder: Recorder, actor: Actor, load_id: str, rows: Sequence[Row]) -> Taken:
    load, now = run(session, actor.org_id, load_id), recorder.clock()
    here = (_SENSOR.c.org_id == load.org_id, _SENSOR.c.load_id == load.uid)
    stored = select(_SENSOR.c.name, _SENSOR.c.device, _SENSOR.c.read_at, _SENSOR.c.value).where(*here)
    have = {(one.name, one.device, one.read_at): one.value for one in session.execute(stored)}
    before, known = len(have), 0
    new, wrong = list[dict[str, Any]](), list[Wrong]()
    for row in rows:
        if isinstance(row, Unreadable):
            wrong.append(Wrong(row.row, row.code, row.detail))
            continue
        at = round(row.at.timestamp() * 1000)
        reason = _not_of(load, row.test, row.unit, at, now)
        key = (row.test, row.device, at)
        if reason is None and have.get(key, row.value) != row.value:
            said = {"device": row.device, "occurred_at": _said(at), "have": have[key], "sent": row.value}
            reason = Refused("READING_DIFFERS", **said)
        if reason is not None:
            wrong.append(Wrong(row.row, reason.code, reason))
        elif key in have:
            known += 1
        else:
            have[key] = row.value
            unit = load.commodity.process[row.test].unit
            new.append(
                {
                    "org_id": load.org_id, "load_id": load.uid, "name": row.test, "device": row.device, "read_at": at,
                    "value": row.value, "unit": unit, "received_at": now,
                }
            )  # fmt: skip
    if before + len(new) > MOST:
        raise Refused("READINGS_TOO_MANY", count=before + len(new), most=MOST)
    if new:
        session.connection().execute(sa.insert(_SENSOR), new)
    return Taken(len(new), known, tuple(wrong))


def _not_of(load: Run, test: str, unit: str | None, at: int, now: int) -> Refused | None:
    """Why a reading is not one of this load; none: it may be."""
    limit = load.commodity.process.get(test)
    if limit is None or (unit is not None and unit != limit.unit):
        return Refused("TEST_UNKNOWN", test=test[:40], commodity=load.commodity.id)
    if at > now + TOLERANCE_MS:
        return Refused("EVENT_IN_FUTURE", occurred_at=_said(at), now=_said(now))
    if at < load.started_at:
        return Refused("EVENT_BEFORE_LOT_EXISTS", lot=load.uid, made=_said(load.started_at), occurred=_said(at))
    if load.ended_at is not None and at > load.ended_at:
        return Refused("LOAD_ENDED", load=load.uid, ended=_said(load.ended_at))
    return None


def _said(at: int) -> str:
    return instant(at).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- curves ---


@dataclass(frozen=True, slots=True)
class Course:
    """What was read of one test in a load, by device, with the alarms of each; ``tests``: all that were read."""

    load: Run
    limit: ProcessLimit | None
    tests: tuple[str, ...]
    series: dict[str, list[Point]]
    alarms: dict[str, list[Alarm]]
    turned: tuple[int, ...]


def course(session: SystemSession, org_id: int, load_id: str, test: str | None = None) -> Course:
    """The course of a test (none named: the one that was read most often). Refuses with LOAD_UNKNOWN, TEST_UNKNOWN."""
    load = run(session, org_id, load_id)
    if test is not None and test not in load.commodity.process:
        raise Refused("TEST_UNKNOWN", test=test, commodity=load.commodity.id)
    points = _points(session, load)
    counts = Counter(name for (name, _), some in points.items() for _ in some)
    chosen = test or (min(counts, key=lambda name: (-counts[name], name)) if counts else None)
    limit = load.commodity.process[chosen] if chosen is not None else None
    series = {device: some for (name, device), some in sorted(points.items()) if name == chosen}
    found = {
        device: readings.alarms(some, limit, load.started_at) if limit is not None else []
        for device, some in series.items()
    }
    turned = {row.occurred_at for row in ask(session.connection(), _TURNED, load.lots)}
    return Course(load, limit, tuple(sorted(counts)), series, found, tuple(sorted(_within(turned, load))))


def _within(instants: Iterable[int], load: Run) -> list[int]:
    until = load.ended_at if load.ended_at is not None else 1 << 62
    return [at for at in instants if load.started_at <= at <= until]


def _points(session: SystemSession, load: Run) -> dict[tuple[str, str], list[Point]]:
    """By test and device, in the order of time. What was told by hand is kept with each lot of the load: once here."""
    told = {
        (row.seq, row.name): Point(row.read_at, row.value)
        for row in ask(session.connection(), _TOLD, load.lots)
        if _within([row.read_at], load)
    }
    answer: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for (_, name), point in told.items():
        answer[name, BY_HAND].append(point)
    query = select(_SENSOR.c.name, _SENSOR.c.device, _SENSOR.c.read_at, _SENSOR.c.value)
    for row in session.execute(query.where(_SENSOR.c.org_id == load.org_id, _SENSOR.c.load_id == load.uid)):
        answer[row.name, row.device].append(Point(row.read_at, row.value))
    for some in answer.values():
        some.sort(key=lambda point: point.at)
    return answer


def drawn(found: Course, now: int, lang: str) -> Curve:
    """A course as it is drawn."""
    load, limit = found.load, found.limit
    due = load.commodity.process.get(FIRST_TURN)
    last = max((some[-1].at for some in found.series.values()), default=load.started_at)
    turn = (int(due.min), int(due.max)) if due is not None and due.min and due.max and limit is not None else None
    return Curve(
        limit.name[lang] if limit is not None else load.vessel,
        f"{load.vessel} · {load.site} · {load.grams // 1000} kg · {instant(load.started_at):%Y-%m-%d %H:%M} UTC",
        limit.unit if limit is not None else "",
        load.started_at,
        load.ended_at if load.ended_at is not None else min(now, last),
        [
            Series(device, [[(point.at, float(point.value)) for point in some] for some in readings.stretches(points)])
            for device, points in found.series.items()
        ],
        limit.min if limit is not None else None,
        limit.max if limit is not None else None,
        limit.min_from_hours if limit is not None else 0,
        limit.typ if limit is not None else None,
        limit.source if limit is not None else "",
        (limit.aim_min, limit.aim_max) if limit is not None and limit.aim_min and limit.aim_max else None,
        found.turned,
        turn if limit is not None and set(limit.steps) & set(due.steps if due is not None else ()) else None,
        [
            Warned(
                one.side,
                one.since,
                one.until,
                one.extreme,
                one.values,
                one.seen_until,
                device if len(found.series) > 1 else "",
            )
            for device, some in found.alarms.items()
            for one in some
        ],
    )


# --- control charts ---


@cache
def chart_rules() -> control_chart.Rules:
    """The rules of ``profiles/control_chart.toml``."""
    path = FOLDER / "control_chart.toml"
    return control_chart.load_rules(path.read_text("utf-8"), path.name)


@dataclass(frozen=True, slots=True)
class Value:
    """A value that was measured on a lot."""

    at: int
    lot: str
    lot_code: str
    value: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A parameter of a product over time, and its chart."""

    product: Product
    test: str
    unit: str
    limit: Specification | None
    values: tuple[Value, ...]
    chart: Chart


def watched(
    session: SystemSession, org_id: int, product: str, test: str, stage: str, period: Slot | None, today: date
) -> Watched:
    """The values that an organisation measured at a stage, oldest first. Refuses with PRODUCT_UNKNOWN, TEST_UNKNOWN.

    A result that holds for several lots, of a common sample or for the parts of a lot, is one value.
    """
    commodity, known = profiles().product(product)
    limit = commodity.specification(test, stage, today, product)
    if test not in commodity.tests():
        raise Refused("TEST_UNKNOWN", test=test, commodity=commodity.id)
    query = (
        select(_CHECK.c.seq, _CHECK.c.checked_at, _CHECK.c.lines, _LOT.c.uid, _LOT.c.code)
        .join(_LOT, _LOT.c.id == _CHECK.c.lot_id)
        .where(_CHECK.c.org_id == org_id, _CHECK.c.stage == stage, _LOT.c.product == product)
        .order_by(_CHECK.c.checked_at, _CHECK.c.seq, _CHECK.c.lot_id)
    )
    if period is not None:
        query = query.where(_CHECK.c.checked_at >= period.since, _CHECK.c.checked_at < period.until)
    values, units = list[Value](), list[str]()
    for _, (row, *_) in groupby(session.execute(query), key=lambda row: row.seq):
        for line in json.loads(row.lines):
            if line["test"] == test and line.get("count") is None:
                values.append(Value(row.checked_at, row.uid, row.code, line["value"]))
                units.append(line["unit"])
    chart = control_chart.chart([Fraction(one.value) for one in values], chart_rules())
    unit = units[-1] if units else limit.unit if limit is not None else ""
    return Watched(known, test, unit, limit, tuple(values), chart)


def chart_drawn(found: Watched, lang: str) -> Control:
    """A control chart as it is drawn."""
    names = {rule.code: rule.name[lang] for rule in chart_rules().patterns}
    signals: dict[int, list[str]] = defaultdict(list)
    for one in found.chart.signals:
        signals[one.index].append(names[one.rule])
    mean, lower, upper = (
        float(one) if one is not None else None for one in (found.chart.mean, found.chart.lower, found.chart.upper)
    )
    return Control(
        found.limit.name[lang] if found.limit is not None else found.test,
        found.product.name[lang],
        found.unit,
        [
            Measured(one.at, float(one.value), one.value, one.lot_code, signals.get(number, ()))
            for number, one in enumerate(found.values)
        ],
        mean,
        lower,
        upper,
        found.limit.min if found.limit is not None else None,
        found.limit.max if found.limit is not None else None,
        chart_rules().least_values,
        max((decimals(one.value) for one in found.values), default=1),
    )
