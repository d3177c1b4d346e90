"""The Liberian cocoa season as it is played: what the registry knows, and the events week by week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

import models
from demo import control, lr_cocoa, trade
from demo.lr_cocoa import Season, uid
from demo.story import Insert, Story, Told

FOUNDED = 1_717_200_000_000  # 1 June 2024
COOPERATIVES = frozenset(group.code for group in lr_cocoa.GROUPS)


def story() -> Story:
    """The season, to be played."""
    season = lr_cocoa.generate()
    return Story(
        cluster="LR_COCOA",
        seed=lr_cocoa.SEED,
        founded=date(2024, 6, 1),
        parties=lr_cocoa.PARTIES,
        registry=partial(_registry, season=season),
        events=list(_week_by_week(season)),
        longest_wait=season.longest_wait,
    )


def _week_by_week(season: Season) -> Iterator[Told]:
    """As devices that send once a week: the cooperatives' harvest, then the facilities, then all trade, each in time.

    Within a week nothing depends on what comes later in it.
    """
    harvest = [(item, 0 if item[0] != "LR-FAC" else 1) for item in lr_cocoa.events(season)]
    trading = [(item, 2 if item[0] in COOPERATIVES else 3) for item in trade.events(season)]
    begin = lr_cocoa.instant(0)
    ranked = [
        ((event.occurred_at - begin) // timedelta(days=7), phase, who, event.occurred_at, order, event)
        for order, ((who, event), phase) in enumerate([*harvest, *trading])
    ]
    for _, _, who, _, _, event in sorted(ranked, key=lambda item: item[:5]):
        yield who, event


def _registry(insert: Insert, ids: dict[str, int], season: Season) -> None:
    """Sites, vessels, certificates, farmers, memberships, inspections, plots and estimates."""
    _places(insert, ids)
    _certificates(insert, ids)
    _settings(insert, ids)
    control.places(insert, ids, uid)
    for group in lr_cocoa.GROUPS:
        _members(insert, season.members[group.code], ids[group.code], group)
        control.members(insert, season.members[group.code], ids[group.code], group, uid)


def _places(insert: Insert, ids: dict[str, int]) -> None:
    facility = ids["LR-FAC"]
    places = [(facility, code, name, "facility", region) for code, (name, region) in lr_cocoa.FACILITIES.items()] + [
        (ids[owner], code, name, "warehouse", "Montserrado") for code, (owner, name) in lr_cocoa.WAREHOUSES.items()
    ]
    insert(
        models.Site,
        [
            {
                "org_id": org_id,
                "id": uid(code),
                "code": code,
                "name": name,
                "kind": kind,
                "country": "LR",
                "region": region,
                "version": 1,
            }
            for org_id, code, name, kind, region in places
        ],
    )
    insert(
        models.SiteShare,
        [
            {"org_id": facility, "site_id": uid(group.facility), "to_org_id": ids[group.code]}
            for group in lr_cocoa.GROUPS
        ],
    )
    insert(
        models.Vessel,
        [
            {
                "org_id": facility,
                "id": uid(code),
                "site_id": uid(site),
                "code": code,
                "kind": "fermentation_box",
                "capacity_g": grams,
                "version": 1,
            }
            for site in lr_cocoa.FACILITIES
            for code, grams in lr_cocoa.vessels(site)
        ],
    )


def _certificates(insert: Insert, ids: dict[str, int]) -> None:
    body, body_code = lr_cocoa.BODY
    since, until = lr_cocoa.VALID
    held = [
        ({"org_id": ids[holder], "certificate_id": uid(number)}, number, site)
        for holder, (number, site) in lr_cocoa.CERTIFICATES.items()
    ]
    insert(
        models.Certificate,
        [
            {
                "org_id": key["org_id"],
                "id": key["certificate_id"],
                "scheme": "EU_ORG",
                "number": number,
                "body": body,
                "body_code": body_code,
                "valid_from": since,
                "valid_to": until,
                "version": 1,
                "created_at": FOUNDED,
            }
            for key, number, _ in held
        ],
    )
    insert(models.CertificateProduct, [{**key, "category": "cocoa_beans"} for key, _, _ in held])
    insert(models.CertificateSite, [{**key, "site_id": uid(site), "from_day": since} for key, _, site in held])
    insert(
        models.CertificateStatus,
        [{**key, "from_day": since, "status": "active", "recorded_at": FOUNDED} for key, _, _ in held],
    )


def _settings(insert: Insert, ids: dict[str, int]) -> None:
    """The groups watch deliveries beyond the estimate and hold none of them this season."""
    insert(
        models.SchemeSetting,
        [
            {
                "org_id": ids[group.code],
                "scheme": "EU_ORG",
                "from_day": lr_cocoa.VALID[0],
                "claimed": False,
                "strict": False,
                "over_delivery": "observe",
                "recorded_at": FOUNDED,
            }
            for group in lr_cocoa.GROUPS
        ],
    )


def _members(insert: Insert, members: list[lr_cocoa.Member], org: int, group: lr_cocoa.Group) -> None:
    certificate = uid(lr_cocoa.CERTIFICATES[group.code][0])
    rows: dict[Any, list[dict[str, Any]]] = {
        model: []
        for model in (
            models.Farmer,
            models.Person,
            models.Membership,
            models.MembershipStatus,
            models.Inspection,
            models.Plot,
            models.Estimate,
        )
    }
    for item in members:
        farmer, membership = uid(item.code), uid(f"{item.code}/member")
        rows[models.Farmer].append({"id": farmer, "code": item.code, "version": 1, "created_at": FOUNDED})
        rows[models.Person].append(
            {
                "farmer_id": farmer,
                "full_name": item.name,
                "sex": "F" if item.woman else "M",
                "birth_year": item.birth_year,
                "village": item.village,
            }
        )
        rows[models.Membership].append(
            {
                "id": membership,
                "farmer_id": farmer,
                "certificate_id": certificate,
                "joined_on": lr_cocoa.VALID[0],
                "unit": item.village,
                "agreement_on": lr_cocoa.VALID[0],
                "agreement_ref": f"MA-{item.code}",
                "version": 1,
            }
        )
        rows[models.MembershipStatus].append(
            {
                "membership_id": membership,
                "from_day": lr_cocoa.VALID[0],
                "status": "approved",
                "recorded_at": FOUNDED,
            }
        )
        rows[models.Inspection].append(
            {
                "id": uid(f"{item.code}/inspection"),
                "farmer_id": farmer,
                "inspected_on": item.inspected_on,
                "inspector": item.inspector,
                "valid": True,
                "version": 1,
                "recorded_at": FOUNDED,
            }
        )
        rows[models.Plot].append(
            {
                "id": uid(f"{item.code}-A"),
                "farmer_id": farmer,
                "code": f"{item.code}-A",
                "crop": "cocoa",
                "area_m2": item.area_m2,
                "conversion_start": group.conversion_start,
                "country": "LR",
                "geometry": f'{{"coordinates":[{item.position[1]},{item.position[0]}],"type":"Point"}}',
                "version": 1,
            }
        )
        rows[models.Estimate].append(
            {
                "farmer_id": farmer,
                "season": lr_cocoa.SEASON,
                "product": "cocoa_dry_beans",
                "grams": item.estimate_g,
                "version": 1,
            }
        )
    for model, found_rows in rows.items():
        insert(model, [{"org_id": org, **row} for row in found_rows])
