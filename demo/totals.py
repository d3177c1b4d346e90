"""The totals of a season, worked out from the database alone: the registry and what follows from the log."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

import models
from demo import lr_cocoa
from models.base import table
from models.db import SystemSession

_LOT, _LINE, _CLAIM = table(models.Lot), table(models.Line), table(models.LotClaim)
_PARTY, _FARMER, _PERSON = table(models.Organisation), table(models.Farmer), table(models.Person)
_PLOT, _ESTIMATE, _VISIT = table(models.Plot), table(models.Estimate), table(models.Inspection)
_CHECK, _SITE = table(models.Check), table(models.Site)


def totals(session: SystemSession, cluster: str) -> dict[str, Any]:
    """The figures of a cluster's season, named as the scenario names them: kilograms and hectares as printed."""
    if cluster != "LR_COCOA":
        message = f"There are no totals for {cluster}."
        raise ValueError(message)
    groups = {
        row.code: _group(session, row.id)
        for row in session.execute(select(_PARTY).where(_PARTY.c.kind == "farmer_group").order_by(_PARTY.c.code))
    }
    over = _over_deliverers(session)
    wet = sum(group["wet_g"] for group in groups.values())
    dry = sum(group["dry_g"] for group in groups.values())
    by_claim = _dry_by_claim(session)
    contracts = sum(lr_cocoa.CONTRACTS_KG) * 1000
    return {
        "farmers": _count(session, select(_FARMER.c.id)),
        "women": _count(session, select(_PERSON.c.farmer_id).where(_PERSON.c.sex == "F")),
        "deliveries": _count(session, select(_LOT.c.id).where(_LOT.c.kind == "delivery", _LOT.c.disposition != "void")),
        "inspectors": _count(session, select(_VISIT.c.org_id, _VISIT.c.inspector).distinct()),
        "over_deliverers": [code for code, _, _ in over],
        "over_delivery_excess_dry_eq_kg": round(sum(excess for _, excess, _ in over) / 1000, 2),
        "over_delivery_excess_dry_eq_kg_organic": round(
            sum(excess for _, excess, organic in over if organic) / 1000, 2
        ),
        "by_coop": {code: _shown(group) for code, group in groups.items()},
        "wet_kg": wet / 1000,
        "dry_kg": dry / 1000,
        "process_and_redry_loss_kg": _process_loss(session) / 1000,
        "organic_dry_kg": by_claim["organic"] / 1000,
        "in_conversion_dry_kg": by_claim["in_conversion"] / 1000,
        "overall_yield": round(dry / wet, 4),
        "contract_kg": contracts / 1000,
        "contract_coverage_pct": round(by_claim["organic"] * 100 / contracts, 2),
    }


def _count(session: SystemSession, query: Any) -> int:
    return int(session.execute(select(sa.func.count()).select_from(query.subquery())).scalar_one())


def _sum(session: SystemSession, column: Any, *where: Any) -> int:
    return int(session.execute(select(sa.func.coalesce(sa.func.sum(column), 0)).where(*where)).scalar_one())


def _final_dry() -> Any:
    """Dry lots made by drying, and not dried again: what the season yields."""
    again = select(_LINE.c.lot_id).where(
        _LINE.c.type == "transformed", _LINE.c.process == "redry", _LINE.c.kind == "out"
    )
    made = select(_LINE.c.lot_id).where(_LINE.c.type == "transformed", _LINE.c.kind == "in")
    return sa.and_(_LOT.c.id.in_(made), _LOT.c.id.not_in(again))


def _owner(org_id: int) -> Any:
    """Lots that belonged to a group when they were dried: its deliveries' receiving lots lead there."""
    return _LOT.c.owner_id == org_id


def _group(session: SystemSession, org_id: int) -> dict[str, Any]:
    mine = _owner(org_id)
    deliveries = sa.and_(_LOT.c.org_id == org_id, _LOT.c.kind == "delivery", _LOT.c.disposition != "void")
    final = sa.and_(mine, _final_dry())
    first = select(_LINE.c.lot_id).where(
        _LINE.c.type == "transformed", _LINE.c.process == "ferment_dry", _LINE.c.kind == "in"
    )
    redried = select(_LINE.c.lot_id).where(
        _LINE.c.type == "transformed", _LINE.c.process == "redry", _LINE.c.kind == "in"
    )
    facility = session.execute(select(_SITE.c.code).join(_LOT, _LOT.c.site_id == _SITE.c.id).where(deliveries).limit(1))
    claims = session.execute(
        select(_CLAIM.c.value).join(_LOT, _LOT.c.id == _CLAIM.c.lot_id).where(deliveries).distinct()
    ).scalars()
    return {
        "members": _count(session, select(_FARMER.c.id).where(_FARMER.c.org_id == org_id)),
        "status": min(claims, key=("conventional", "in_conversion", "organic").index),
        "facility": facility.scalar_one(),
        "inspectors": _count(session, select(_VISIT.c.inspector).where(_VISIT.c.org_id == org_id).distinct()),
        "estimate_g": _sum(session, _ESTIMATE.c.grams, _ESTIMATE.c.org_id == org_id),
        "area_m2": _sum(session, _PLOT.c.area_m2, _PLOT.c.org_id == org_id),
        "wet_g": _sum(session, _LOT.c.initial_g, deliveries),
        "batches": _count(session, select(_LOT.c.id).where(mine, _LOT.c.kind == "receiving")),
        "dry_before_g": _sum(session, _LOT.c.initial_g, mine, _LOT.c.id.in_(first)),
        "dry_g": _sum(session, _LOT.c.initial_g, final),
        "redried": _count(session, select(_LOT.c.id).where(mine, _LOT.c.id.in_(redried))),
        "grade2": _count(session, select(_LOT.c.id).where(final, _LOT.c.grade == "G2")),
        "export_lots": _count(
            session,
            select(_LINE.c.lot_id).where(_LINE.c.org_id == org_id, _LINE.c.type == "bulked", _LINE.c.kind == "in"),
        ),
    }


def _shown(group: dict[str, Any]) -> dict[str, Any]:
    return {
        "members": group["members"],
        "status": group["status"],
        "facility": group["facility"],
        "inspectors": group["inspectors"],
        "estimate_dry_kg": group["estimate_g"] // 1000,
        "area_ha": group["area_m2"] / 10_000,
        "wet_kg": group["wet_g"] / 1000,
        "batches": group["batches"],
        "dry_kg_before_redry": group["dry_before_g"] / 1000,
        "dry_kg": group["dry_g"] / 1000,
        "redried_batches": group["redried"],
        "grade2_batches": group["grade2"],
        "export_lots": group["export_lots"],
    }


def _dry_by_claim(session: SystemSession) -> dict[str, int]:
    answer: dict[str, int] = defaultdict(int)
    query = (
        select(_CLAIM.c.value, sa.func.sum(_LOT.c.initial_g))
        .join(_LOT, _LOT.c.id == _CLAIM.c.lot_id)
        .where(_CLAIM.c.scheme == "EU_ORG", _final_dry())
        .group_by(_CLAIM.c.value)
    )
    for value, grams in session.execute(query):
        answer[value] = int(grams)
    return answer


def _process_loss(session: SystemSession) -> int:
    """Grams that went into transformations and did not come out."""
    moved = {
        kind: _sum(session, _LINE.c.grams, _LINE.c.type == "transformed", _LINE.c.kind == kind)
        for kind in ("in", "out")
    }
    return moved["out"] - moved["in"]


def _over_deliverers(session: SystemSession) -> list[tuple[str, int, bool]]:
    """Farmers who brought more than their estimate, in dry equivalent: (code, excess in grams, organic)."""
    brought = (
        select(
            _LOT.c.org_id,
            _LOT.c.farmer,
            sa.func.sum(_LOT.c.initial_g).label("wet"),
            sa.func.min(sa.case((_CLAIM.c.value == "organic", 1), else_=0)).label("organic"),
        )
        .join(_CLAIM, sa.and_(_CLAIM.c.lot_id == _LOT.c.id, _CLAIM.c.scheme == "EU_ORG"))
        .where(_LOT.c.kind == "delivery", _LOT.c.disposition != "void")
        .group_by(_LOT.c.org_id, _LOT.c.farmer)
        .subquery()
    )
    query = (
        select(_FARMER.c.code, brought.c.wet, _ESTIMATE.c.grams, brought.c.organic)
        .join(brought, sa.and_(brought.c.org_id == _FARMER.c.org_id, brought.c.farmer == _FARMER.c.code))
        .join(_ESTIMATE, sa.and_(_ESTIMATE.c.org_id == _FARMER.c.org_id, _ESTIMATE.c.farmer_id == _FARMER.c.id))
        .order_by(_FARMER.c.code)
    )
    answer = []
    for code, wet, estimate, organic in session.execute(query):
        excess = int(wet) * 2 // 5 - int(estimate)  # 0.40 kg dry for 1 kg wet
        if excess > 0:
            answer.append((code, excess, bool(organic)))
    return answer
