"""The internal control system of the five cooperatives: inspectors, reports, findings, trainings, outside controls.

Everything follows from the number of a member: no draw, so that the season stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import models
from demo import lr_cocoa
from ledger.project import dumps

Insert = Callable[[Any, list[dict[str, Any]]], None]
Rows = dict[Any, list[dict[str, Any]]]

CHECKLIST = (
    "AGREEMENT",
    "PLOTS",
    "NO_PROHIBITED_INPUT",
    "BUFFER",
    "SEPARATION",
    "SOIL",
    "HARVEST_RECORDS",
    "STORAGE",
    "SOLD_ELSEWHERE",
    "YIELD_ESTIMATE",
)
FINDINGS = {
    53: ("BUFFER", "minor", "Plant a hedge towards the neighbour"),
    61: ("STORAGE", "minor", "Keep bags off the floor"),
    211: ("HARVEST_RECORDS", "major", "Write down every sale; shown how"),
}
"""Every so many members a finding: code, severity, action agreed."""
CONTROLLED_EVERY = 20  # the control body looked at one in twenty


def members(
    insert: Insert, found: list[lr_cocoa.Member], org: int, group: lr_cocoa.Group, uid: Callable[[str], str]
) -> None:
    """Inspectors of a cooperative and what they reported of each member."""
    rows: Rows = {
        model: []
        for model in (
            models.Inspector,
            models.InspectorStatement,
            models.Training,
            models.TrainingRecord,
            models.InspectionReport,
            models.NonConformity,
            models.OfficialControl,
            models.Holding,
            models.EstimateRevision,
        )
    }
    _inspectors(rows, group, uid)
    for number, item in enumerate(found, start=1):
        _report(rows, number, item, uid)
        _outside(rows, number, item, uid)
        rows[models.Holding].append(
            {
                "farmer_id": uid(item.code),
                "from_day": lr_cocoa.VALID[0],
                "area_m2": item.area_m2 + 10_000 * (number % 3),
                "greenhouse_m2": 0,
                "grassland_only": False,
                "recorded_at": _at("2024-06-01", 9),
            }
        )
        rows[models.EstimateRevision].append(
            {
                "farmer_id": uid(item.code),
                "season": lr_cocoa.SEASON,
                "product": "cocoa_dry_beans",
                "number": 1,
                "grams": item.estimate_g,
                "inspection_id": uid(f"{item.code}/inspection"),
                "recorded_at": _at(item.inspected_on, 12),
            }
        )
    for model, each in rows.items():
        insert(model, [{"org_id": org, **row} for row in each])


def _inspectors(rows: Rows, group: lr_cocoa.Group, uid: Callable[[str], str]) -> None:
    training = uid(f"{group.code}/training")
    rows[models.Training].append(
        {
            "id": training,
            "topic": "Internal inspection under Reg. (EU) 2018/848",
            "held_on": "2024-05-20",
            "audience": "inspector",
            "trainer": "LR-BIO-149",
            "minutes": 420,
            "version": 1,
        }
    )
    codes = [f"{group.code}-I{number:02d}" for number in range(1, group.inspectors + 1)]
    for code in (*codes, f"{group.code}-ICS"):
        rows[models.Inspector].append(
            {"id": uid(code), "code": code, "manager": code.endswith("-ICS"), "from_day": "2024-05-01", "version": 1}
        )
        rows[models.InspectorStatement].append({"inspector_id": uid(code), "signed_on": "2024-05-20"})
        rows[models.TrainingRecord].append({"training_id": training, "person": code, "passed": True})


def _report(rows: Rows, number: int, item: lr_cocoa.Member, uid: Callable[[str], str]) -> None:
    inspection = uid(f"{item.code}/inspection")
    found = [finding for every, finding in FINDINGS.items() if number % every == 0]
    failed = {code for code, _, _ in found}
    began = _at(item.inspected_on, 8) + (number % 5) * 75 * 60_000
    answers = [{"code": code, "answer": "no" if code in failed else "yes"} for code in CHECKLIST]
    rows[models.InspectionReport].append(
        {
            "inspection_id": inspection,
            "scheme": "EU_ORG",
            "scope": f"Plot {item.code}-A, store, records",
            "started_at": began,
            "ended_at": began + (25 + number % 20) * 60_000,
            "answers": dumps(answers),
            "inspector_signed_on": item.inspected_on,
            "member_signed_on": item.inspected_on,
            "issued_on": item.inspected_on,
            "judged": "[]",
            "decision": "conditions" if any(severity == "major" for _, severity, _ in found) else "approved",
            "decided_by": "system",
            "decided_at": _at(item.inspected_on, 17) + 3 * 86_400_000,
            "version": 1,
        }
    )
    day = date.fromisoformat(item.inspected_on)
    for code, severity, action in found:
        rows[models.NonConformity].append(
            {
                "id": uid(f"{item.code}/{code}"),
                "scheme": "EU_ORG",
                "farmer_id": uid(item.code),
                "inspection_id": inspection,
                "code": code,
                "severity": severity,
                "found_on": item.inspected_on,
                "action": action,
                "due_on": (day + timedelta(days=30)).isoformat(),
                "closed_on": (day + timedelta(days=24)).isoformat() if number % 2 else None,
                "closed_by": "system" if number % 2 else None,
                "effective": True if number % 2 else None,
                "version": 1,
            }
        )


def _outside(rows: Rows, number: int, item: lr_cocoa.Member, uid: Callable[[str], str]) -> None:
    if number % CONTROLLED_EVERY:
        return
    rows[models.OfficialControl].append(
        {
            "id": uid(f"{item.code}/control"),
            "farmer_id": uid(item.code),
            "scheme": "EU_ORG",
            "controlled_on": (date(2024, 9, 16) + timedelta(days=number // CONTROLLED_EVERY % 12)).isoformat(),
            "inspector": "LR-BIO-149-A3",
            "conform": True,
            "version": 1,
        }
    )


def places(insert: Insert, ids: dict[str, int], uid: Callable[[str], str]) -> None:
    """A calibrated scale at each centre, and what the certified exporter has sold ahead."""
    scales = [(f"{site}-SC", site) for site in lr_cocoa.FACILITIES]
    insert(
        models.Instrument,
        [
            {
                "org_id": ids["LR-FAC"],
                "id": uid(code),
                "site_id": uid(site),
                "code": code,
                "kind": "scale",
                "version": 1,
            }
            for code, site in scales
        ],
    )
    insert(
        models.Calibration,
        [
            {
                "org_id": ids["LR-FAC"],
                "instrument_id": uid(code),
                "from_day": "2024-09-02",
                "to_day": "2025-09-01",
                "error_bp": 10,
                "recorded_at": _at("2024-09-02", 10),
            }
            for code, _ in scales
        ],
    )
    insert(
        models.Contract,
        [
            {
                "org_id": ids["LR-E1"],
                "id": uid(f"contract/{buyer}"),
                "code": f"SC-2024-{number:02d}",
                "buyer": buyer,
                "product": "cocoa_dry_beans",
                "scheme": "EU_ORG",
                "value": "organic",
                "grams": kilograms * 1000,
                "from_day": "2024-10-01",
                "to_day": "2025-09-30",
                "version": 1,
            }
            for number, (buyer, kilograms) in enumerate(
                zip(("EU-B1", "EU-B2"), lr_cocoa.CONTRACTS_KG, strict=True), start=1
            )
        ],
    )


def _at(day: str, hour: int) -> int:
    when = date.fromisoformat(day)
    return int(datetime(when.year, when.month, when.day, hour, tzinfo=UTC).timestamp() * 1000)
