"""Signals: read a season of an organisation from the ledger, score it, keep what stands out as a list to work off.

    scanned = scan(recorder, org_id, "2024/25")

Reading and scoring hold no lock; the list is brought up to date in one transaction. What somebody explained stays
explained unless it grew clearly stronger; what no longer stands out is closed, and open again when it comes back.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

import orjson
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

import models
from domain import signals as found
from domain.geo import Geometry, Ground, Neighbour
from domain.profiles import Commodity
from domain.quantity import WHOLE_BP, grams
from domain.signals import Rules, Season, Signal, load_rules
from domain.signals.values import DAY
from ledger.profiles import FOLDER, profiles
from ledger.project import dumps
from ledger.record import Recorder
from models.base import table
from models.db import SystemSession, system_session

NAMESPACE = UUID("5f0c6d0e-3c0a-5d4e-9a35-73a9b1d0f1a1")
NOBODY = "system"
"""Who closes a signal that no longer stands out."""

TRIES = 3
MOISTURE = "moisture"

_LOT, _LINE, _EVENT = table(models.Lot), table(models.Line), table(models.Event)
_SITE, _SHARE, _SCALE = table(models.Site), table(models.SiteShare), table(models.Instrument)
_FARMER, _PERSON, _PLOT = table(models.Farmer), table(models.Person), table(models.Plot)
_MEMBER, _STATE = table(models.Membership), table(models.MembershipStatus)
_PAPER, _STATUS = table(models.Certificate), table(models.CertificateStatus)
_ESTIMATE, _REVISION = table(models.Estimate), table(models.EstimateRevision)
_VISIT, _REPORT = table(models.Inspection), table(models.InspectionReport)
_CHECK, _SIGNAL = table(models.Check), table(models.Signal)
_ORGANISATION = table(models.Organisation)


class SeasonUnknown(ValueError):
    """No commodity has a season of this name; the sentence says how seasons are written."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan did to the list: signals that stand out now, new ones, those open again, those closed."""

    season: str
    listed: int
    opened: int
    reopened: int
    closed: int


@cache
def signal_rules() -> Rules:
    """The figures of the signals, read once."""
    path = FOLDER / "signals.toml"
    return load_rules(path.read_text("utf-8"), path.name)


def scan(recorder: Recorder, org_id: int, season: str) -> Scanned:
    """Score a season and bring the list up to date. ``SeasonUnknown`` where no commodity has such a season."""
    with system_session(recorder.database, write=False) as session:
        read = list(seasons(session, org_id, season))
    signals: dict[str, Signal] = {}
    for one in read:
        settings = signal_rules().settings_at(one.last)
        for signal in found.scan(one, signal_rules()):
            key = signal_id(season, signal)
            if signal.score >= settings.listed_from and (key not in signals or signal.score > signals[key].score):
                signals[key] = signal
    for attempt in range(TRIES):
        try:
            with system_session(recorder.database, write=True) as session:
                return _keep(session, org_id, season, signals, recorder.clock())
        except IntegrityError:  # another scan of the same season was first
            if attempt == TRIES - 1:
                raise
    raise AssertionError


def signal_id(season: str, signal: Signal) -> str:
    """The id that follows from season, pattern and subject: found again, it is the same."""
    return str(uuid5(NAMESPACE, f"{season}\n{signal.pattern}\n{signal.kind}\n{signal.subject}"))


# --- the list ---


def _keep(session: SystemSession, org_id: int, season: str, signals: Mapping[str, Signal], now: int) -> Scanned:
    query = select(_SIGNAL).where(_SIGNAL.c.org_id == org_id, _SIGNAL.c.season == season).with_for_update()
    known = {row.id: row for row in session.execute(query.order_by(_SIGNAL.c.id))}
    new, changed = [], []
    reopened = 0
    for key, signal in sorted(signals.items()):
        row = known.get(key)
        if row is None:
            new.append(_row(signal) | {"org_id": org_id, "id": key, "season": season, "found_at": now, "version": 1})
            continue
        opens = row.state == "explained" and (row.decided_by == NOBODY or _stronger(row, signal))
        if row.state == "explained" and not opens:
            continue
        values = _row(signal) | ({} if opens else {"state": row.state})
        if opens or any(getattr(row, name) != value for name, value in values.items()):
            changed.append({"key": key, "next": row.version + 1, **{f"new_{k}": v for k, v in values.items()}})
            reopened += opens
    gone = [key for key, row in known.items() if key not in signals and row.state == "open"]
    connection = session.connection()
    if new:
        connection.execute(sa.insert(_SIGNAL), new)
    if changed:
        connection.execute(_UPDATE, [{"org": org_id, **one} for one in changed])
    for start in range(0, len(gone), 5_000):
        connection.execute(
            sa.update(_SIGNAL)
            .where(_SIGNAL.c.org_id == org_id, _SIGNAL.c.id.in_(gone[start : start + 5_000]))
            .values(state="explained", note=None, decided_by=NOBODY, decided_at=now, version=_SIGNAL.c.version + 1)
        )
    return Scanned(season, len(signals), len(new), reopened, len(gone))


_FIELDS = ("pattern", "subject_kind", "subject", "score", "evidence", "state")
_UPDATE = (
    sa.update(_SIGNAL)
    .where(_SIGNAL.c.org_id == sa.bindparam("org"), _SIGNAL.c.id == sa.bindparam("key"))
    .values({name: sa.bindparam(f"new_{name}") for name in _FIELDS} | {"version": sa.bindparam("next")})
)


def _row(signal: Signal) -> dict[str, Any]:
    evidence = {"figures": dict(signal.evidence), "others": list(signal.others), "strength": signal.strength}
    return {
        "pattern": signal.pattern,
        "subject_kind": signal.kind,
        "subject": signal.subject,
        "score": signal.score,
        "evidence": dumps(evidence),
        "state": "open",
    }


def _stronger(row: Any, signal: Signal) -> bool:
    """Whether the evidence grew clearly since it was explained: by so many points, and by that share."""
    before = int(json.loads(row.evidence)["strength"])
    least = signal_rules().settings_at(date.max).reopened_by
    return signal.strength >= before + max(least, before * least // 1000)


def stored(row: models.Signal) -> Signal:
    """The signal that a row keeps."""
    kept = json.loads(row.evidence)
    return Signal(
        row.pattern, row.subject_kind, row.subject, row.score, kept["figures"], tuple(kept["others"]), kept["strength"]
    )


# --- a season as it stands in the ledger ---


def seasons(session: SystemSession, org_id: int, season: str) -> Iterator[Season]:
    """A season of an organisation, for each commodity that has a season of this name."""
    named = []
    for commodity in profiles().commodities.values():
        try:
            first, last = commodity.season_days(season)
        except (ValueError, OverflowError):
            continue
        if commodity.season_of(first) == season:
            named.append((commodity, first, last))
    if not named:
        message = f"“{season}” is not a season: write 2024/25, or 2025 where the season begins in January."
        raise SeasonUnknown(message)
    for commodity, first, last in named:
        yield _Reader(session, org_id, commodity, season, first, last).season()


class _Reader:
    """Reads one season, table by table, and states the organisation in every query."""

    def __init__(
        self, session: SystemSession, org_id: int, commodity: Commodity, season: str, first: date, last: date
    ) -> None:
        self.session, self.org_id, self.commodity = session, org_id, commodity
        self.code, self.first, self.last = season, first, last
        self.country = session.execute(select(_ORGANISATION.c.country).where(_ORGANISATION.c.id == org_id)).scalar_one()
        self.hours = signal_rules().hours_at(self.country, last)
        self.since = _midnight(first) - self.hours.offset_min * 60_000
        self.until = _midnight(last) + DAY - self.hours.offset_min * 60_000
        self.products = sorted(commodity.products)
        shared = select(_SHARE.c.site_id).where(_SHARE.c.to_org_id == org_id)
        open_to_us = sa.or_(_SITE.c.org_id == org_id, _SITE.c.id.in_(shared))
        self.sites = dict(self._rows(select(_SITE.c.id, _SITE.c.code).where(open_to_us)))
        there = sa.or_(_SCALE.c.org_id == org_id, _SCALE.c.site_id.in_(shared))
        self.scales = dict(self._rows(select(_SCALE.c.id, _SCALE.c.code).where(there)))

    def _rows(self, query: Any) -> Iterator[Any]:
        return iter(self.session.execute(query))

    def season(self) -> Season:
        """Everything that the scorers see."""
        product = self._reference()
        deliveries, corrections = self._deliveries(product)
        plots, overlaps = self._plots()
        batches, checks = self._batches(), self._checks()
        return Season(
            code=self.code,
            first=self.first,
            last=self.last,
            commodity=self.commodity.id,
            country=self.country,
            product=product or "",
            deliveries=deliveries,
            members=self._members(plots, product),
            plots=plots,
            overlaps=overlaps,
            inspections=self._inspections(),
            revisions=self._revisions(product),
            corrections=corrections,
            batches=batches,
            checks=checks,
            offset_min=self.hours.offset_min,
        )

    def _reference(self) -> str | None:
        """The product in which all is compared: that of the yields, else the one most estimates speak of."""
        usual = signal_rules().yields_at(self.commodity.id, self.country, self.last)
        if usual is not None and usual.product in self.commodity.products:
            return usual.product
        query = (
            select(_ESTIMATE.c.product, sa.func.count())
            .where(_ESTIMATE.c.org_id == self.org_id, _ESTIMATE.c.season == self.code)
            .where(_ESTIMATE.c.product.in_(self.products))
            .group_by(_ESTIMATE.c.product)
        )
        counted = sorted(((-count, product) for product, count in self._rows(query)))
        return counted[0][1] if counted else None

    def _equivalent(self, weight: int, product: str, reference: str | None) -> int:
        """Grams of a product in the reference product, by the typical yield of the step between, either way."""
        if reference is None:
            return weight
        forward = self.commodity.equivalent(weight, product, reference)
        if forward is not None:
            return forward
        unit = self.commodity.equivalent(WHOLE_BP, reference, product)
        return weight * WHOLE_BP // unit if unit else weight

    # --- deliveries and their corrections ---

    def _deliveries(self, reference: str | None) -> tuple[list[found.Delivery], list[found.Correction]]:
        corrected, corrections = self._corrected()
        query = (
            select(
                _LOT.c.code,
                _LOT.c.farmer,
                _LOT.c.plot,
                _LOT.c.site_id,
                _LOT.c.initial_g,
                _LOT.c.product,
                _LOT.c.made_at,
                _LOT.c.harvested_on,
                _EVENT.c.id,
                _EVENT.c.type,
                _EVENT.c.actor,
                _EVENT.c.received_at,
                _EVENT.c.body,
            )
            .join(_LINE, sa.and_(_LINE.c.lot_id == _LOT.c.id, _LINE.c.kind == "in"))
            .join(_EVENT, sa.and_(_EVENT.c.org_id == _LOT.c.org_id, _EVENT.c.seq == _LINE.c.seq))
            .where(_LOT.c.org_id == self.org_id, _LOT.c.kind == "delivery", _LOT.c.product.in_(self.products))
            .where(_LOT.c.made_at >= self.since, _LOT.c.made_at < self.until, _LOT.c.disposition != "void")
            .order_by(_LOT.c.id)
        )
        answer = []
        for row in self._rows(query):
            body = orjson.loads(row.body)
            actor, received = corrected.get(row.id, (row.actor, row.received_at))
            told = body["instead"] if row.type == "corrected" else body
            answer.append(
                found.Delivery(
                    id=row.code,
                    farmer=row.farmer,
                    site=self.sites.get(row.site_id, row.site_id or ""),
                    grams=row.initial_g,
                    equivalent_g=self._equivalent(row.initial_g, row.product, reference),
                    at=row.made_at,
                    received=received,
                    clerk=actor,
                    product=row.product,
                    plot=row.plot,
                    scale=self.scales.get(told.get("scale"), told.get("scale")),
                    receipt=told.get("receipt"),
                    harvested_on=_day(row.harvested_on),
                )
            )
        return answer, corrections

    def _corrected(self) -> tuple[dict[str, tuple[str, int]], list[found.Correction]]:
        """Of corrected deliveries: who told them first and when, by the id of each correction; and what changed."""
        fixes = {
            row.id: (row, orjson.loads(row.body))
            for row in self._rows(
                select(_EVENT.c.id, _EVENT.c.actor, _EVENT.c.received_at, _EVENT.c.body)
                .where(_EVENT.c.org_id == self.org_id, _EVENT.c.type == "corrected")
                .order_by(_EVENT.c.seq)
            )
        }
        wanted = sorted({body["event"] for _, body in fixes.values()} - fixes.keys())
        originals = {}
        for start in range(0, len(wanted), 5_000):
            query = select(_EVENT.c.id, _EVENT.c.actor, _EVENT.c.received_at, _EVENT.c.body).where(
                _EVENT.c.org_id == self.org_id,
                _EVENT.c.type == "delivered",
                _EVENT.c.id.in_(wanted[start : start + 5_000]),
            )
            originals.update({row.id: (row, orjson.loads(row.body)) for row in self._rows(query)})
        first: dict[str, tuple[str, int]] = {}
        corrections = []
        for key, (row, body) in fixes.items():
            before, origin = body["event"], body["event"]
            while origin in fixes:
                origin = fixes[origin][1]["event"]
            if origin not in originals:
                continue  # a correction of something else
            teller = originals[origin][0]
            first[key] = (teller.actor, teller.received_at)
            told = originals[before][1] if before in originals else fixes[before][1].get("instead")
            instead = body.get("instead")
            if told is not None and self.since <= _at(told) < self.until and told["lot"]["product"] in self.products:
                corrections.append(
                    found.Correction(
                        clerk=row.actor,
                        farmer=told["farmer"],
                        at=row.received_at,
                        before_g=self._grams(told),
                        after_g=self._grams(instead) if instead else 0,
                    )
                )
        return first, corrections

    def _grams(self, told: Mapping[str, Any]) -> int:
        quantity = told["lot"]["quantity"]
        return grams(quantity["value"], quantity["unit"], self.commodity.packaging_grams())

    # --- farmers ---

    def _members(self, plots: Sequence[found.Plot], reference: str | None) -> list[found.Member]:
        area = Counter[str]()
        for plot in plots:
            area[plot.farmer] += plot.area_m2
        estimates = self._estimates(reference)
        papers = self._papers()
        query = (
            select(
                _FARMER.c.code,
                _FARMER.c.created_at,
                _PERSON.c.phone,
                _PERSON.c.identity_no,
                _PERSON.c.village,
                _MEMBER.c.id.label("membership"),
                _MEMBER.c.unit,
                _MEMBER.c.joined_on,
                _MEMBER.c.certificate_id,
            )
            .outerjoin(_PERSON, _of_farmer(_PERSON))
            .outerjoin(_MEMBER, _of_farmer(_MEMBER))
            .where(_FARMER.c.org_id == self.org_id)
            .order_by(_FARMER.c.code, _MEMBER.c.id)
        )
        answer = []
        for code, rows in groupby(self._rows(query), key=lambda row: row.code):
            held = list(rows)
            one = held[0]
            joined = [day for row in held if (day := _day(row.joined_on)) is not None]
            ends = [papers(row.membership, row.certificate_id) for row in held if row.membership is not None]
            answer.append(
                found.Member(
                    code=code,
                    area_m2=area[code],
                    estimate_g=estimates.get(code),
                    unit=next((row.unit for row in held if row.unit), one.village),
                    phone=self._digest(re.sub(r"\D", "", one.phone or "")),
                    identity=self._digest(re.sub(r"\W", "", one.identity_no or "").upper()),
                    registered=min(joined) if joined else datetime.fromtimestamp(one.created_at / 1000, UTC).date(),
                    certified_until=max(ends) if ends else None,
                )
            )
        return answer

    def _digest(self, text: str) -> str | None:
        return hashlib.sha256(f"{self.org_id}/{text}".encode()).hexdigest()[:24] if text else None

    def _papers(self) -> Any:
        """The last day on which a membership under a certificate stands."""
        until = {row.id: _day(row.valid_to) for row in self._rows(select(_PAPER).where(_PAPER.c.org_id == self.org_id))}
        broken = {"suspended", "withdrawn"}
        ends: dict[str, list[date]] = defaultdict(list)
        for held, key in ((_STATUS, _STATUS.c.certificate_id), (_STATE, _STATE.c.membership_id)):
            query = select(key.label("key"), held.c.from_day, held.c.status).where(held.c.org_id == self.org_id)
            for _, group in groupby(self._rows(query.order_by(key, held.c.from_day)), key=lambda row: row.key):
                last = list(group)[-1]
                if last.status in broken:
                    ends[last.key].append(date.fromisoformat(last.from_day) - timedelta(days=1))

        def stands(membership: str, certificate: str) -> date:
            return min([until.get(certificate) or date.max, *ends[membership], *ends[certificate]])

        return stands

    def _estimates(self, reference: str | None) -> dict[str, int]:
        query = (
            select(_FARMER.c.code, _ESTIMATE.c.product, _ESTIMATE.c.grams)
            .join(_FARMER, _of_farmer(_ESTIMATE))
            .where(_ESTIMATE.c.org_id == self.org_id, _ESTIMATE.c.season == self.code)
            .where(_ESTIMATE.c.product.in_(self.products))
        )
        answer = Counter[str]()
        for code, product, weight in self._rows(query):
            answer[code] += self._equivalent(weight, product, reference)
        return dict(answer)

    def _revisions(self, reference: str | None) -> list[found.Revision]:
        query = (
            select(_FARMER.c.code, _REVISION.c.number, _REVISION.c.product, _REVISION.c.grams, _REVISION.c.recorded_at)
            .join(_FARMER, _of_farmer(_REVISION))
            .where(_REVISION.c.org_id == self.org_id, _REVISION.c.season == self.code)
            .where(_REVISION.c.product.in_(self.products))
            .order_by(_FARMER.c.code, _REVISION.c.product, _REVISION.c.number)
        )
        return [
            found.Revision(row.code, row.number, self._equivalent(row.grams, row.product, reference), row.recorded_at)
            for row in self._rows(query)
        ]

    # --- plots ---

    def _plots(self) -> tuple[list[found.Plot], list[found.Overlap]]:
        query = (
            select(_PLOT, _FARMER.c.code.label("whose"))
            .join(_FARMER, _of_farmer(_PLOT))
            .where(_PLOT.c.org_id == self.org_id, _PLOT.c.crop == self.commodity.id, _PLOT.c.ended_at.is_(None))
            .order_by(_PLOT.c.code)
        )
        plots, outlined = [], []
        for row in self._rows(query):
            geometry = Geometry.stored(row.geometry) if row.geometry else None
            drawn = geometry is not None and geometry.kind != "Point"
            plots.append(
                found.Plot(
                    code=row.code,
                    farmer=row.whose,
                    area_m2=row.area_m2,
                    measured_m2=row.measured_m2 if drawn else None,
                    shape=_shape(geometry) if geometry is not None and drawn else None,
                    position=_middle(geometry) if geometry is not None else None,
                    conversion_start=_day(row.conversion_start),
                )
            )
            if geometry is not None and drawn:
                outlined.append(Neighbour(geometry, row.code, row.whose))
        ground = Ground(outlined)
        overlaps = [
            found.Overlap(one.plot or "", other.neighbour.plot or "", other.share_bp)
            for one in outlined
            for other in ground.overlaps(one.geometry, one.plot)
            if (one.plot or "") < (other.neighbour.plot or "")
        ]
        return plots, overlaps

    # --- inspections ---

    def _inspections(self) -> list[found.Inspection]:
        """Those of the season and of the year before it: an inspection counts for a year."""
        query = (
            select(_VISIT, _FARMER.c.code, _REPORT.c.started_at, _REPORT.c.ended_at, _REPORT.c.answers)
            .join(_FARMER, _of_farmer(_VISIT))
            .outerjoin(_REPORT, sa.and_(_REPORT.c.org_id == _VISIT.c.org_id, _REPORT.c.inspection_id == _VISIT.c.id))
            .where(_VISIT.c.org_id == self.org_id)
            .where(_VISIT.c.inspected_on >= (self.first - timedelta(days=365)).isoformat())
            .where(_VISIT.c.inspected_on <= self.last.isoformat())
            .order_by(_VISIT.c.inspected_on, _VISIT.c.id)
        )
        answer = []
        for row in self._rows(query):
            timed = row.started_at is not None and row.ended_at is not None
            sheet = sorted((one["code"], one["answer"]) for one in json.loads(row.answers or "[]"))
            answer.append(
                found.Inspection(
                    id=row.id,
                    inspector=row.inspector,
                    farmer=row.code,
                    day=date.fromisoformat(row.inspected_on),
                    valid=bool(row.valid),
                    minutes=(row.ended_at - row.started_at) // 60_000 if timed else None,
                    answers=self._digest(json.dumps(sheet)) if sheet else None,
                    recorded=row.recorded_at,
                )
            )
        return answer

    # --- processing and quality ---

    def _batches(self) -> list[found.Batch]:
        query = (
            select(
                _LINE.c.seq,
                _LINE.c.kind,
                _LINE.c.grams,
                _LINE.c.process,
                _LINE.c.occurred_at,
                _LINE.c.site_id,
                _LOT.c.code,
                _LOT.c.product,
                _LOT.c.moisture_bp,
            )
            .join(_LOT, _LOT.c.id == _LINE.c.lot_id)
            .where(_LINE.c.org_id == self.org_id, _LINE.c.type == "transformed", _LINE.c.kind.in_(("in", "out")))
            .where(_LINE.c.occurred_at >= self.since, _LINE.c.occurred_at < self.until)
            .order_by(_LINE.c.seq, _LOT.c.code)
        )
        answer = []
        for _, group in groupby(self._rows(query), key=lambda row: row.seq):
            rows = list(group)
            out = [row for row in rows if row.kind == "in"]  # a line of the lot that was made
            drawn = [row for row in rows if row.kind == "out"]
            if not out or not drawn or out[0].process is None or out[0].product not in self.commodity.products:
                continue
            answer.append(
                found.Batch(
                    lot=out[0].code,
                    site=self.sites.get(out[0].site_id, out[0].site_id or ""),
                    process=out[0].process,
                    input_g=sum(row.grams for row in drawn),
                    output_g=sum(row.grams for row in out),
                    at=out[0].occurred_at,
                    input_moisture_bp=_mean_moisture(drawn),
                    output_moisture_bp=_mean_moisture(out),
                )
            )
        return answer

    def _checks(self) -> list[found.Check]:
        query = (
            select(_CHECK.c.seq, _CHECK.c.checked_at, _CHECK.c.verdict, _CHECK.c.lines, _LOT.c.code, _LOT.c.site_id)
            .join(_LOT, _LOT.c.id == _CHECK.c.lot_id)
            .where(_CHECK.c.org_id == self.org_id, _LOT.c.product.in_(self.products))
            .where(_CHECK.c.checked_at >= self.since, _CHECK.c.checked_at < self.until)
            .order_by(_CHECK.c.checked_at, _CHECK.c.seq, _CHECK.c.lot_id)
        )
        answer = []
        for _, (row, *_) in groupby(self._rows(query), key=lambda row: row.seq):  # a common sample is measured once
            line = next((one for one in json.loads(row.lines) if one["test"] == MOISTURE), None)
            answer.append(
                found.Check(
                    lot=row.code,
                    site=self.sites.get(row.site_id, row.site_id or ""),
                    at=row.checked_at,
                    passed=row.verdict == "pass",
                    moisture_bp=_bp(line["value"]) if line else None,
                    limit_bp=_bp(line["limit"]) if line and line["limit"] else None,
                )
            )
        return answer


def _of_farmer(held: Any) -> Any:
    return sa.and_(held.c.org_id == _FARMER.c.org_id, held.c.farmer_id == _FARMER.c.id)


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def _at(told: Mapping[str, Any]) -> int:
    return int(datetime.fromisoformat(told["occurred_at"]).timestamp() * 1000)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _shape(geometry: Geometry) -> str:
    """A digest of an outline, wherever it lies: each position as seen from the first."""
    positions = list(geometry.positions())
    steps = [(x - positions[0][0], y - positions[0][1]) for x, y in positions]
    return hashlib.sha256(repr(steps).encode()).hexdigest()[:24]


def _middle(geometry: Geometry) -> tuple[int, int]:
    west, south, east, north = geometry.bounds()
    return (west + east) // 2, (south + north) // 2


def _mean_moisture(rows: Iterable[Any]) -> int | None:
    """The moisture of lots together, by weight; none unless that of each is known."""
    known = [(row.moisture_bp, row.grams) for row in rows]
    if any(moisture is None for moisture, _ in known):
        return None
    total: int = sum(weight for _, weight in known)
    return sum(moisture * weight for moisture, weight in known) // total if total else None


def _bp(text: str) -> int | None:
    """Percent as decimal text in basis points; none for a limit that is a range."""
    return int(Decimal(text) * 100) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else None
