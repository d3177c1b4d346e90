"""Why a lot claims no more: the facts that lower it, with the lot and the event that each comes from."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, select

import models
from domain import events as told
from domain.claimed import Move, claimed
from domain.findings import Finding
from domain.grounds import Ground
from domain.profiles import Scheme, SchemeParams
from ledger.facts import among, ask
from ledger.profiles import profiles
from ledger.queries import chunks, claims_of, disclosed_ancestors
from models.base import table
from models.db import SystemSession
from models.graph import family, fills_into

MOST_REASONS = 100


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact that lowers a claim."""

    finding: Finding
    lot_code: str  # the lot that it concerns: this one, or one that it was made from
    event_id: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A claim of a lot, why not more, and how many of the grams that are left may carry it."""

    scheme: str
    name: dict[str, str]
    value: str
    label: dict[str, str]
    claimable: bool
    reasons: tuple[Reason, ...]
    grounds: tuple[Ground, ...]
    remaining_g: int
    claimed_g: int


def explain(session: SystemSession, org_id: int | None, lot: Any) -> list[Explained]:
    """The claims of a lot; the reasons are those of the lots upstream that the organisation may see."""
    carried = claims_of(session, [lot.id]).get(lot.id, {})
    codes = disclosed_ancestors(session, org_id, lot.id)
    answer = []
    for scheme, value in sorted(carried.items()):
        rules = profiles().schemes[scheme]
        known = rules.value(value)
        top = rules.values[-1].code
        reasons = () if value == top else _reasons(session, codes, scheme, value, top)
        left = claimed_g(session.connection(), lot.id, rules, value) if known.claimable else 0
        answer.append(
            Explained(
                scheme,
                dict(rules.name),
                value,
                dict(known.label),
                known.claimable,
                reasons,
                _grounds(session, codes, rules, value) if known.claimable else (),
                lot.remaining_g,
                lot.remaining_g if left is None else left,
            )
        )
    return answer


def _grounds(session: SystemSession, codes: Collection[int], scheme: Scheme, value: str) -> tuple[Ground, ...]:
    """What was found in order at the deliveries and the sites upstream, as far as they are disclosed."""
    brought = [row for row in ask(session.connection(), _BROUGHT, codes) if row.kind == "delivery"]
    if not brought:
        return ()
    days = sorted(datetime.fromtimestamp(row.made_at / 1000, UTC).date() for row in brought)
    limits = scheme.params_at(days[-1])
    farmers = len({(row.org_id, row.farmer) for row in brought})
    said: dict[str, str | int] = {
        "deliveries": len(brought),
        "farmers": farmers,
        "since": days[0].isoformat(),
        "until": days[-1].isoformat(),
    }
    grounds = [Ground("DELIVERIES", said, scheme.rule("INHERITED"))]
    if limits.member_required:
        grounds.append(Ground("MEMBERS_APPROVED", {}, scheme.rule("MEMBER_NOT_APPROVED")))
        if limits.inspection_interval_days is not None:
            interval: dict[str, str | int] = {"days": limits.inspection_interval_days}
            grounds.append(Ground("MEMBERS_INSPECTED", interval, scheme.rule("INTERNAL_INSPECTION_OVERDUE")))
    if limits.licence is not None:
        grounds.append(Ground("LICENSED", {}, scheme.rule("LICENCE_NOT_VALID")))
    grounds += _plot_grounds(brought[0].product, scheme, limits, value)
    grounds += _site_grounds(session, codes, scheme)
    mixing = "CLAIM_COUNTED" if scheme.chain_of_custody == "mass_balance" else "NOTHING_LESS_MIXED_IN"
    return (*grounds, Ground(mixing, {}, scheme.rule("COMMINGLING")))


def _plot_grounds(product: str, scheme: Scheme, limits: SchemeParams, value: str) -> list[Ground]:
    grounds = []
    commodity = profiles().commodity_of(product)
    if "conversion" in limits.plot_checks and commodity is not None:
        top = value == scheme.values[-1].code
        months = limits.conversion_months(commodity.crop_type) if top else limits.in_conversion_min_months
        code = "PLOT_IN_CONVERSION" if top else "PLOT_CONVERTED_LESS_THAN_MINIMUM"
        rule = scheme.rule(code) or scheme.rule("PLOT_CONVERSION_NOT_BEGUN")
        grounds.append(Ground("PLOTS_CONVERTED", {"months": months or 0}, rule))
    if "zone" in limits.plot_checks:
        grounds.append(Ground("PLOTS_IN_ZONE", {}, scheme.rule("PLOT_OUTSIDE_ZONE")))
    if "eudr" in limits.plot_checks and limits.cut_off is not None:
        cut_off = {"cut_off": limits.cut_off.isoformat()}
        grounds.append(Ground("PLOTS_DEFORESTATION_FREE", dict(cut_off), scheme.rule("DEFORESTED_AFTER_CUTOFF")))
    return grounds


def _site_grounds(session: SystemSession, codes: Collection[int], scheme: Scheme) -> list[Ground]:
    """The sites at which the scheme asks for a certificate, and the certificates that cover them."""
    asked = {step for params in scheme.params for step in params.site_in_scope_at}
    passed = {row.site_id: row.code for row in ask(session.connection(), _SITES_PASSED, codes) if row.type in asked}
    if not passed:
        return []
    covering = ask(session.connection(), _COVERING, passed, scheme=scheme.id)
    numbers = sorted({row.number for row in covering})
    rule = scheme.rule("SITE_NOT_IN_SCOPE")
    grounds = [Ground("SITES_IN_SCOPE", {"sites": ", ".join(sorted(set(passed.values())))}, rule)]
    if numbers:
        grounds.append(
            Ground("CERTIFICATES", {"certificates": ", ".join(numbers)}, scheme.rule("SITE_CERT_NOT_ACTIVE"))
        )
    return grounds


def claimed_g(connection: Connection, key: int, scheme: Scheme, value: str) -> int | None:
    """Under a mass balance, the grams of a lot that may still leave with a value; none: all of them or nothing."""
    if scheme.chain_of_custody != "mass_balance":
        return None
    keys = family(connection, [key], "back")
    carried = {row.lot_id: row.value for row in ask(connection, _VALUES, keys, scheme=scheme.id)}
    bottom = scheme.values[0].code
    barred = {lot for lot in keys if scheme.rank(carried.get(lot, bottom)) < scheme.rank(value)}
    rows = list(ask(connection, _MOVES, keys))
    bodies = ask(connection, _BODIES, {row.seq for row in rows if row.kind == "shipped"})
    spending = {row.seq for row in bodies if _ships_with(told.parse(row.body), scheme, value)}
    moves = [Move(row.seq, row.lot_id, row.kind, row.grams, row.seq in spending) for row in rows]
    return claimed(moves, barred).get(key, 0)


def _ships_with(event: told.AnyEvent, scheme: Scheme, value: str) -> bool:
    if isinstance(event, told.Corrected):
        return event.instead is not None and _ships_with(event.instead, scheme, value)
    return isinstance(event, told.Shipped) and any(
        made.scheme == scheme.id and scheme.rank(made.value) >= scheme.rank(value) for made in event.claims
    )


def origins(connection: Connection, keys: Collection[int]) -> int:
    """How many farmers the goods of some lots come from."""
    found = ask(connection, _FARMERS, family(connection, keys, "back"))
    return len({(row.org_id, row.farmer) for row in found})


_LOT, _LINE, _EVENT = table(models.Lot), table(models.Line), table(models.Event)
_CLAIM = table(models.LotClaim)
_SITE, _SCOPE, _CERTIFICATE = table(models.Site), table(models.CertificateSite), table(models.Certificate)
_BROUGHT = select(_LOT.c.org_id, _LOT.c.farmer, _LOT.c.made_at, _LOT.c.kind, _LOT.c.product).where(among(_LOT.c.id))
_SITES_PASSED = (
    select(_LINE.c.site_id, _LINE.c.type, _SITE.c.code)
    .join(_SITE, _SITE.c.id == _LINE.c.site_id)
    .where(among(_LINE.c.lot_id))
    .distinct()
)
_COVERING = (
    select(_CERTIFICATE.c.number)
    .join(_SCOPE, _SCOPE.c.certificate_id == _CERTIFICATE.c.id)
    .where(among(_SCOPE.c.site_id), _CERTIFICATE.c.scheme == sa.bindparam("scheme"))
    .distinct()
)
_VALUES = select(_CLAIM.c.lot_id, _CLAIM.c.value).where(
    among(_CLAIM.c.lot_id), _CLAIM.c.scheme == sa.bindparam("scheme")
)
_MOVES = (
    select(_LINE.c.seq, _LINE.c.lot_id, _LINE.c.kind, _LINE.c.grams)
    .where(among(_LINE.c.lot_id), _LINE.c.kind != "note")
    .order_by(_LINE.c.seq)
)
_BODIES = select(_EVENT.c.seq, _EVENT.c.body).where(among(_EVENT.c.seq))
_FARMERS = select(_LOT.c.org_id, _LOT.c.farmer).where(among(_LOT.c.id), _LOT.c.farmer.is_not(None)).distinct()


def _reasons(session: SystemSession, codes: dict[int, str], scheme: str, value: str, top: str) -> tuple[Reason, ...]:
    """What lowers to the value. The mark of strict mixing, kept at any value, is named where the mixing cost it."""
    cap, event = table(models.LotCap), table(models.Event)
    found: list[tuple[Finding, int, str]] = []
    for chunk in chunks(codes):
        query = (
            select(cap.c.lot_id, cap.c.reasons, event.c.id)
            .join(event, event.c.seq == cap.c.seq)
            .where(cap.c.lot_id.in_(chunk), cap.c.scheme == scheme, cap.c.value.in_((value, top)))
            .order_by(cap.c.seq, cap.c.lot_id)
        )
        for key, text, event_id in session.execute(query):
            found += [(Finding.from_dict(plain), key, event_id) for plain in json.loads(text)]
    mixed = {key for finding, key, _ in found if finding.code == "STRICT_MIXTURE"}
    lost = _lost_by_mixing(session.connection(), mixed, profiles().schemes[scheme]) if mixed else set[int]()
    named = [item for item in found if item[0].code != "STRICT_MIXTURE" or item[1] in lost]
    return tuple(Reason(finding, codes[key], event_id) for finding, key, event_id in named[:MOST_REASONS])


def _lost_by_mixing(connection: Connection, keys: set[int], scheme: Scheme) -> set[int]:
    """Lots that carry less than anything that they were mixed from."""
    parents = {key: set[int]() for key in keys}
    for fill in fills_into(connection, keys):
        parents[fill.lot].update(fill.parents)
    wanted = keys.union(*parents.values())
    carried = {row.lot_id: row.value for row in ask(connection, _VALUES, wanted, scheme=scheme.id)}
    bottom = scheme.values[0].code

    def rank(key: int) -> int:
        return scheme.rank(carried.get(key, bottom))

    return {key for key in keys if all(rank(key) < rank(parent) for parent in parents[key])}
