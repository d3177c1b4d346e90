"""An import taken back: what it made is deleted, what it changed is put back. Only while nothing used it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import col, select

import models
from domain.refusals import Refused
from ledger.import_write import rows_of
from ledger.queries import chunks
from models.db import ScopedSession

NAMED: Final = 5
"""Records that a refusal names; of the others it says how many."""

_BY_FARMER: Final[tuple[tuple[Any, str], ...]] = (
    (models.Inspection, "inspection"),
    (models.PlannedInspection, "planned inspection"),
    (models.NonConformity, "non-compliance"),
    (models.OfficialControl, "official control"),
    (models.Holding, "holding"),
    (models.Plot, "plot"),
    (models.Membership, "membership"),
    (models.Estimate, "estimate"),
)
"""What hangs on a farmer, and what it is called."""

Records = Mapping[str, Sequence[models.ImportRecord]]


def records(session: ScopedSession, run_id: str) -> Records:
    """What an import made and changed, by part."""
    held = models.ImportRecord
    answer: dict[str, list[models.ImportRecord]] = defaultdict(list)
    for one in session.scalars(select(held).where(held.run_id == run_id).order_by(col(held.row))):
        answer[one.part].append(one)
    return answer


def take_back(session: ScopedSession, run: models.ImportRun, parts: Records) -> None:
    """Undo what a run wrote in the registry. Raises ``Refused`` where something used or changed it since."""
    used = list(_used(session, run, parts))
    if used:
        raise Refused("IMPORT_IN_USE", used=listed(used))
    changed = list(_changed(session, parts))
    if changed:
        raise Refused("IMPORT_CHANGED_SINCE", records=listed(changed))
    _delete(session, models.InspectionReport, "inspection_id", _made(parts, "report"))
    _restore(session, models.PlannedInspection, "id", parts.get("planned", ()))
    _restore(session, models.Inspection, "id", parts.get("inspection", ()))
    _restore_statuses(session, parts.get("status", ()))
    _delete(session, models.MembershipStatus, "membership_id", _made(parts, "membership"))
    _restore_estimates(session, parts.get("estimate", ()))
    for model, name, part in (
        (models.Plot, "id", "plot"),
        (models.Membership, "id", "membership"),
        (models.Person, "farmer_id", "person"),
        (models.Farmer, "id", "farmer"),
    ):
        _restore(session, model, name, parts.get(part, ()))
    session.flush()


def listed(names: Sequence[str]) -> str:
    """The first of some names, and how many there are besides."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f", + {more}" if more > 0 else "")


def _made(parts: Records, part: str) -> list[str]:
    return [one.record for one in parts.get(part, ()) if one.before is None]


def forget(session: ScopedSession, farmer_id: str) -> None:
    """What imports keep of a person who is erased: what the fields were before. The way back of that is lost."""
    held = models.ImportRecord
    query = select(held).where(held.part == "person", held.record == farmer_id, col(held.before).is_not(None))
    for record in session.scalars(query):
        record.before = json.dumps({"fields": {}, "version": json.loads(record.before or "{}")["version"]})
    session.flush()


# --- what stands in the way ---


def _used(session: ScopedSession, run: models.ImportRun, parts: Records) -> Iterator[str]:
    """What uses the records of a run: deliveries, and whatever hangs on a farmer that is not of the run itself."""
    new = set(_made(parts, "farmer"))
    touched = _farmers(session, parts)
    codes = {row.code: row.id for row in rows_of(session, models.Farmer, "id", touched)}
    lot, line, event = models.Lot, models.Line, models.Event
    for some in chunks(codes):
        query = (
            select(col(lot.code), col(lot.farmer), col(event.logged_at))
            .join(line, (col(line.lot_id) == lot.id) & (col(line.kind) == "in"))
            .join(event, col(event.seq) == line.seq)
            .where(col(lot.farmer).in_(some), lot.kind == "delivery", lot.org_id == session.org_id)
            .order_by(col(lot.code))
        )
        for code, farmer, logged in session.execute(query):
            if codes[str(farmer)] in new or logged >= (run.applied_at or 0):
                yield f"{code} ({farmer})"
    own = {one.record for part in parts.values() for one in part}
    names = {identity: code for code, identity in codes.items()}
    for model, called in _BY_FARMER:
        for row in rows_of(session, model, "farmer_id", new):
            key = (
                f"{row.farmer_id}/{row.season}/{row.product}" if model is models.Estimate else getattr(row, "id", None)
            )
            if key not in own:
                yield f"{called} ({names[row.farmer_id]})"
    for row in rows_of(session, models.Inspector, "farmer", {names[one] for one in new}):
        yield f"{row.code} ({row.farmer})"
    joined = _made(parts, "membership")
    for sanction in rows_of(session, models.Sanction, "membership_id", joined):
        yield f"sanction ({sanction.from_day})"
    if joined:
        certificates = {row.certificate_id for row in rows_of(session, models.Membership, "id", joined)}
        for listing in rows_of(session, models.MemberList, "certificate_id", certificates):
            if listing.frozen_at >= (run.applied_at or 0):
                yield f"member list {listing.number}"
    for visit in rows_of(session, models.NonConformity, "inspection_id", _made(parts, "inspection")):
        yield f"non-compliance {visit.code}"


def _farmers(session: ScopedSession, parts: Records) -> set[str]:
    """The farmers that a run touched."""
    found = {one.record for part in ("farmer", "person") for one in parts.get(part, ())}
    found |= {one.record.split("/")[0] for one in parts.get("estimate", ())}
    by_id: tuple[tuple[str, Any], ...] = (
        ("plot", models.Plot),
        ("membership", models.Membership),
        ("inspection", models.Inspection),
    )
    for part, model in by_id:
        found |= {row.farmer_id for row in rows_of(session, model, "id", {one.record for one in parts.get(part, ())})}
    return found


def _changed(session: ScopedSession, parts: Records) -> Iterator[str]:
    """Records that somebody changed after the run: their version is not the one that the run left."""
    versioned: tuple[tuple[str, Any], ...] = (
        ("farmer", models.Farmer),
        ("plot", models.Plot),
        ("membership", models.Membership),
        ("inspection", models.Inspection),
        ("planned", models.PlannedInspection),
    )
    for part, model in versioned:
        left = _left(parts.get(part, ()))
        if part == "farmer":  # who the person is counts as a version of the farmer
            left |= {key: version for key, version in _left(parts.get("person", ())).items() if key not in left}
        for row in rows_of(session, model, "id", left):
            if row.version != left[row.id]:
                yield str(getattr(row, "code", None) or f"{part} {row.id}")
    for record in parts.get("estimate", ()):
        held = _estimate(session, record.record)
        before = json.loads(record.before) if record.before else {"version": 1, "revision": 1}
        if held is None or held.version != before["version"] or _newest(session, held) != before["revision"]:
            yield f"estimate {record.record}"


def _left(parts: Iterable[models.ImportRecord]) -> dict[str, int]:
    """The version that the run left each record with."""
    return {one.record: json.loads(one.before)["version"] if one.before else 1 for one in parts}


# --- back ---


def _restore(session: ScopedSession, model: Any, name: str, parts: Iterable[models.ImportRecord]) -> None:
    before = {one.record: json.loads(one.before)["fields"] for one in parts if one.before is not None}
    made = [one.record for one in parts if one.before is None]
    for row in rows_of(session, model, name, before):
        for field, value in before[getattr(row, name)].items():
            setattr(row, field, value)
        if hasattr(row, "version"):
            row.version += 1
    session.flush()
    _delete(session, model, name, made)


def _restore_statuses(session: ScopedSession, parts: Iterable[models.ImportRecord]) -> None:
    for record in parts:
        membership, _, day = record.record.partition("/")
        row = session.get(models.MembershipStatus, (session.org_id, membership, day))
        if row is None:
            continue
        if record.before is None:
            session.delete(row)
        else:
            for field, value in json.loads(record.before)["fields"].items():
                setattr(row, field, value)
    session.flush()


def _estimate(session: ScopedSession, record: str) -> models.Estimate | None:
    farmer_id, season, product = _key(record)
    return session.get(models.Estimate, (session.org_id, farmer_id, season, product))


def _key(record: str) -> tuple[str, str, str]:
    """Farmer, season (which may hold a slash) and product."""
    farmer_id, _, rest = record.partition("/")
    season, _, product = rest.rpartition("/")
    return farmer_id, season, product


def _newest(session: ScopedSession, row: models.Estimate) -> int:
    revision = models.EstimateRevision
    query = select(sa.func.max(col(revision.number))).where(
        revision.farmer_id == row.farmer_id, revision.season == row.season, revision.product == row.product
    )
    return session.scalar(query) or 0


def _restore_estimates(session: ScopedSession, parts: Iterable[models.ImportRecord]) -> None:
    for record in parts:
        row = _estimate(session, record.record)
        assert row is not None
        number = json.loads(record.before)["revision"] if record.before else 1
        revision = session.get(
            models.EstimateRevision, (session.org_id, row.farmer_id, row.season, row.product, number)
        )
        if revision is not None:
            session.delete(revision)
            session.flush()
        if record.before is None:
            session.delete(row)
        else:
            for field, value in json.loads(record.before)["fields"].items():
                setattr(row, field, value)
            row.version += 1
    session.flush()


def _delete(session: ScopedSession, model: Any, name: str, values: Collection[str]) -> None:
    column = getattr(model, name)
    for some in chunks(values):
        session.execute(sa.delete(model).where(column.in_(some)))


def drop_lists(session: ScopedSession) -> None:
    """Lists of farmers that wait to be brought in: they may name somebody who asked to be forgotten."""
    run = models.ImportRun
    for row in session.scalars(select(run).where(run.state == "checked", run.kind == "farmers")):
        row.content = None
    session.flush()
