"""The totals of the Liberian cocoa season, worked out from the database alone."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

import models
from demo import lr_cocoa
from demo.tally import CLAIM, DELIVERED, FARMER, LINE, LOT, PARTY, count, deliveries, total, women
from models.base import table
from models.db import SystemSession

_PLOT, _ESTIMATE, _VISIT = table(models.Plot), table(models.Estimate), table(models.Inspection)
_SITE = table(models.Site)


def totals(session: SystemSession) -> dict[str, Any]:
    """The figures of the season, named as the scenario names them: kilograms and hectares as printed."""
    groups = {
        row.code: _group(session, row.id)
        for row in session.execute(select(PARTY).where(PARTY.c.kind == "farmer_group").order_by(PARTY.c.code))
    }
    over = _over_deliverers(session)
    wet = sum(group["wet_g"] for group in groups.values())
    dry = sum(group["dry_g"] for group in groups.values())
    by_claim = _dry_by_claim(session)
    contracts = sum(lr_cocoa.CONTRACTS_KG) * 1000
    return {
        "farmers": count(session, select(FARMER.c.id)),
        "women": women(session),
        "deliveries": deliveries(session),
        "inspectors": count(session, select(_VISIT.c.org_id, _VISIT.c.inspector).distinct()),
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


def _final_dry() -> Any:
    """Dry lots made by drying, and not dried again: what the season yields."""
    again = select(LINE.c.lot_id).where(LINE.c.type == "transformed", LINE.c.process == "redry", LINE.c.kind == "out")
    made = select(LINE.c.lot_id).where(LINE.c.type == "transformed", LINE.c.kind == "in")
    return sa.and_(LOT.c.id.in_(made), LOT.c.id.not_in(again))


def _owner(org_id: int) -> Any:
    """Lots that belonged to a group when they were dried: its deliveries' receiving lots lead there."""
    return LOT.c.owner_id == org_id


def _group(session: SystemSession, org_id: int) -> dict[str, Any]:
    mine = _owner(org_id)
    brought = sa.and_(LOT.c.org_id == org_id, DELIVERED)
    final = sa.and_(mine, _final_dry())
    first = select(LINE.c.lot_id).where(
        LINE.c.type == "transformed", LINE.c.process == "ferment_dry", LINE.c.kind == "in"
    )
    redried = select(LINE.c.lot_id).where(LINE.c.type == "transformed", LINE.c.process == "redry", LINE.c.kind == "in")
    facility = session.execute(select(_SITE.c.code).join(LOT, LOT.c.site_id == _SITE.c.id).where(brought).limit(1))
    claims = session.execute(
        select(CLAIM.c.value).join(LOT, LOT.c.id == CLAIM.c.lot_id).where(brought).distinct()
    ).scalars()
    return {
        "members": count(session, select(FARMER.c.id).where(FARMER.c.org_id == org_id)),
        "status": min(claims, key=("conventional", "in_conversion", "organic").index),
        "facility": facility.scalar_one(),
        "inspectors": count(session, select(_VISIT.c.inspector).where(_VISIT.c.org_id == org_id).distinct()),
        "estimate_g": total(session, _ESTIMATE.c.grams, _ESTIMATE.c.org_id == org_id),
        "area_m2": total(session, _PLOT.c.area_m2, _PLOT.c.org_id == org_id),
        "wet_g": total(session, LOT.c.initial_g, brought),
        "batches": count(session, select(LOT.c.id).where(mine, LOT.c.kind == "receiving")),
        "dry_before_g": total(session, LOT.c.initial_g, mine, LOT.c.id.in_(first)),
        "dry_g": total(session, LOT.c.initial_g, final),
        "redried": count(session, select(LOT.c.id).where(mine, LOT.c.id.in_(redried))),
        "grade2": count(session, select(LOT.c.id).where(final, LOT.c.grade == "G2")),
        "export_lots": count(
            session,
            select(LINE.c.lot_id).where(LINE.c.org_id == org_id, LINE.c.type == "bulked", LINE.c.kind == "in"),
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
        select(CLAIM.c.value, sa.func.sum(LOT.c.initial_g))
        .join(LOT, LOT.c.id == CLAIM.c.lot_id)
        .where(CLAIM.c.scheme == "EU_ORG", _final_dry())
        .group_by(CLAIM.c.value)
    )
    for value, grams in session.execute(query):
        answer[value] = int(grams)
    return answer


def _process_loss(session: SystemSession) -> int:
    """Grams that went into transformations and did not come out."""
    moved = {
        kind: total(session, LINE.c.grams, LINE.c.type == "transformed", LINE.c.kind == kind) for kind in ("in", "out")
    }
    return moved["out"] - moved["in"]


def _over_deliverers(session: SystemSession) -> list[tuple[str, int, bool]]:
    """Farmers who brought more than their estimate, in dry equivalent: (code, excess in grams, organic)."""
    brought = (
        select(
            LOT.c.org_id,
            LOT.c.farmer,
            sa.func.sum(LOT.c.initial_g).label("wet"),
            sa.func.min(sa.case((CLAIM.c.value == "organic", 1), else_=0)).label("organic"),
        )
        .join(CLAIM, sa.and_(CLAIM.c.lot_id == LOT.c.id, CLAIM.c.scheme == "EU_ORG"))
        .where(DELIVERED)
        .group_by(LOT.c.org_id, LOT.c.farmer)
        .subquery()
    )
    query = (
        select(FARMER.c.code, brought.c.wet, _ESTIMATE.c.grams, brought.c.organic)
        .join(brought, sa.and_(brought.c.org_id == FARMER.c.org_id, brought.c.farmer == FARMER.c.code))
        .join(_ESTIMATE, sa.and_(_ESTIMATE.c.org_id == FARMER.c.org_id, _ESTIMATE.c.farmer_id == FARMER.c.id))
        .order_by(FARMER.c.code)
    )
    answer = []
    for code, wet, estimate, organic in session.execute(query):
        excess = int(wet) * 2 // 5 - int(estimate)  # 0.40 kg dry for 1 kg wet
        if excess > 0:
            answer.append((code, excess, bool(organic)))
    return answer
