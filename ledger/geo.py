"""Where plots lie, judged when they are recorded: measured, and compared with the plots around.

What other organisations have registered counts too, but nothing is told of it: not whose plot it is, and how much is
shared only in rough steps, so that nobody feels out the outline of a neighbour by moving his own.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Final

from sqlalchemy import select
from sqlmodel import col

import models
from domain.countries import Country, load_country
from domain.findings import Finding
from domain.geo import (
    Box,
    Geometry,
    GeoRules,
    Ground,
    Neighbour,
    area_m2,
    judge_plot,
    load_geo,
    near,
)
from domain.quantity import WHOLE_BP
from domain.refusals import NONE
from ledger.profiles import FOLDER
from ledger.queries import chunks
from models.base import table
from models.db import ScopedSession, as_system

_PLOT = table(models.Plot)

ROUGH_BP: Final = 1_000
"""In steps of so many basis points is told how much is shared with another organisation's plot."""


@cache
def countries() -> dict[str, Country]:
    """The countries of ``profiles/countries`` by code."""
    known = [load_country(path.read_text("utf-8"), path.name) for path in sorted(FOLDER.glob("countries/*.toml"))]
    return {country.id: country for country in known}


@cache
def geo_rules() -> GeoRules:
    """The limits of ``profiles/geo.toml``."""
    path = FOLDER / "geo.toml"
    return load_geo(path.read_text("utf-8"), path.name)


def day_of(now: int) -> date:
    """The day (UTC) of an instant in milliseconds."""
    return datetime.fromtimestamp(now / 1000, UTC).date()


def own_plots(session: ScopedSession, box: Box, but: Collection[str] = ()) -> list[Neighbour]:
    """The worked plots of the caller's organisation that may lie in a box; ``but``: codes that are left out."""
    plot, farmer = models.Plot, models.Farmer
    query = (
        select(col(plot.geometry), col(plot.code), col(farmer.code))
        .join(farmer, (col(farmer.org_id) == plot.org_id) & (col(farmer.id) == plot.farmer_id))
        .where(col(plot.geometry).is_not(None), col(plot.ended_at).is_(None))
        .order_by(col(plot.code))
    )
    return [
        Neighbour(Geometry.stored(text), code, whose)
        for text, code, whose in session.execute(query)
        if text is not None and code not in but and near(text, box)
    ]


def strangers(session: ScopedSession, box: Box) -> list[Neighbour]:
    """Where other organisations of this deployment may have plots in a box; whose they are is not even read."""
    with as_system(session) as system:
        query = select(_PLOT.c.geometry).where(
            _PLOT.c.org_id != session.org_id, _PLOT.c.geometry.is_not(None), _PLOT.c.ended_at.is_(None)
        )
        return [Neighbour(Geometry.stored(text)) for text in system.execute(query).scalars() if near(text, box)]


def ground(session: ScopedSession, geometry: Geometry) -> Ground:
    """Every plot of the deployment that another may lie on."""
    box = geometry.bounds()
    others = strangers(session, box)
    return Ground([*own_plots(session, box), *others])


def country_of(session: ScopedSession) -> str | None:
    """The country of the caller's organisation: that of a plot for which none is told."""
    return session.scalar(select(col(models.Organisation.country)).where(col(models.Organisation.id) == session.org_id))


def judge(row: models.Plot, around: Ground, country: str | None, now: int, decimals: int | None) -> None:
    """Put what the geometry of a plot measures and what is found about it into its row.

    ``country``: where it lies if the row does not say. ``decimals``: with how many the geometry was told; none: it
    was not told anew, and what was found then stands.
    """
    if row.geometry is None:
        row.measured_m2, row.judged = None, "[]"
        return
    on, geometry = day_of(now), Geometry.stored(row.geometry)
    code = row.country or country
    limits = geo_rules().at(on)
    found = judge_plot(
        row.code,
        geometry,
        decimals=_decimals_before(row, limits.decimals.value) if decimals is None else decimals,
        declared_m2=row.area_m2,
        country=code,
        known=countries().get(code or ""),
        ground=around,
        limits=limits,
        on=on,
    )
    row.measured_m2 = area_m2(geometry) or None
    row.judged = json.dumps([_rough(finding).to_dict() for finding in found], ensure_ascii=False, sort_keys=True)


def _rough(finding: Finding) -> Finding:
    """An overlap with another organisation's plot, told in rough steps."""
    share = finding.params.get("share_bp")
    if finding.code != "OVERLAP" or finding.params["other"] != NONE or not isinstance(share, int):
        return finding
    rough = min(WHOLE_BP, -(-share // ROUGH_BP) * ROUGH_BP)
    return replace(finding, params={**finding.params, "share_bp": rough})


def findings(row: models.Plot) -> list[Finding]:
    """What was found about the geometry of a plot."""
    return [Finding.from_dict(one) for one in json.loads(row.judged)]


def _decimals_before(row: models.Plot, enough: int) -> int:
    """With how many decimals the geometry was told, as far as it was too few."""
    told = (one.params["decimals"] for one in findings(row) if one.code == "PRECISION_BELOW_6_DECIMALS")
    return int(next(told, enough))


def farmers_by_code(session: ScopedSession, codes: Collection[str]) -> dict[str, models.Farmer]:
    """The caller's farmers with these codes."""
    found: dict[str, models.Farmer] = {}
    for some in chunks(codes):
        query = select(models.Farmer).where(col(models.Farmer.code).in_(some))
        found |= {row.code: row for row in session.scalars(query)}
    return found


def farmer_codes(session: ScopedSession, ids: Collection[str]) -> dict[str, str]:
    """The codes of the caller's farmers with these ids."""
    found: dict[str, str] = {}
    for some in chunks(ids):
        query = select(col(models.Farmer.id), col(models.Farmer.code)).where(col(models.Farmer.id).in_(some))
        found |= {identity: code for identity, code in session.execute(query)}  # noqa: C416 - rows, not pairs
    return found


def plots_by_code(session: ScopedSession, codes: Collection[str], *, update: bool = False) -> dict[str, models.Plot]:
    """The caller's plots with these codes. ``update``: locked, and as they stand now."""
    found: dict[str, models.Plot] = {}
    for some in chunks(codes):
        query = select(models.Plot).where(col(models.Plot.code).in_(some)).order_by(col(models.Plot.code))
        if update:
            query = query.with_for_update().execution_options(populate_existing=True)
        found |= {row.code: row for row in session.scalars(query)}
    return found
