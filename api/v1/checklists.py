"""Checklists of good practice that were gone through at the caller's sites."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

import models
from api.access import Needs, Routes
from api.deps import ReadDep
from api.versions import Body, Instant
from domain import events as told

routes = Routes(prefix="/v1/checklists", tags=["quality"])

MOST = 1_000


class Wanted(Body):
    """Which checklists; several filters narrow each other."""

    site: told.Id | None = None
    vessel: told.Id | None = None
    checklist: told.Word | None = None
    failed: Annotated[bool | None, Field(description="a critical point was not in order, or all were")] = None
    since: told.Day | None = None
    until: Annotated[told.Day | None, Field(description="the last day")] = None


class SiteChecklistOut(BaseModel):
    """A checklist as it was gone through. ``failed``: its critical points that were not in order."""

    site: str
    vessel: str | None
    checklist: str
    at: Instant
    failed: list[str]
    of_lots: bool
    answers: list[dict[str, Any]]


class SiteChecklistsOut(BaseModel):
    """The newest first; ``more``: older ones are left out, name days to see them."""

    data: list[SiteChecklistOut]
    more: bool


@routes.get("", access=Needs("registry:read"), name="list", summary="Checklists gone through at your sites")
def list_checklists(session: ReadDep, wanted: Annotated[Wanted, Query()]) -> SiteChecklistsOut:
    """With every answer, also those of lots. What a failed one of a site or vessel holds: docs/quality.md."""
    row, query = models.SiteChecklist, select(models.SiteChecklist)
    for column, value in (
        (row.site_id, wanted.site),
        (row.vessel_id, wanted.vessel),
        (row.checklist, wanted.checklist),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    if wanted.failed is not None:
        query = query.where(row.failed != "[]" if wanted.failed else row.failed == "[]")
    if wanted.since is not None:
        query = query.where(row.checked_at >= _midnight(wanted.since))
    if wanted.until is not None:
        query = query.where(row.checked_at < _midnight(wanted.until + timedelta(days=1)))
    rows = session.scalars(query.order_by(col(row.checked_at).desc(), col(row.seq).desc()).limit(MOST + 1)).all()
    return SiteChecklistsOut(data=[_shown(one) for one in rows[:MOST]], more=len(rows) > MOST)


def _midnight(day: date) -> int:
    return told.millis(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _shown(row: models.SiteChecklist) -> SiteChecklistOut:
    return SiteChecklistOut(
        site=row.site_id,
        vessel=row.vessel_id,
        checklist=row.checklist,
        at=row.checked_at,
        failed=json.loads(row.failed),
        of_lots=not row.general,
        answers=json.loads(row.answers),
    )
