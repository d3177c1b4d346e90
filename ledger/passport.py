"""Build the public view of a labelled lot from the rows as they stand. What is personal never gets in."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

import models
from domain.findings import Finding
from domain.passport import (
    Answer,
    Certificate,
    Claim,
    Measured,
    Origin,
    Params,
    Passport,
    QualityCheck,
    State,
    Step,
    Verification,
)
from domain.quality import Ordered, ordered_of, outcome_of
from domain.values import CertificateFacts
from ledger.facts import certificate_facts
from ledger.profiles import profiles
from ledger.queries import chunks, claims_of, instant
from models.base import table
from models.db import SystemSession
from models.graph import family

ENOUGH_FARMERS = 5
"""Figures about fewer people than this would point at persons; they are left out."""

CHECKS_SHOWN = 40
COUNTRIES = {
    "LR": {"en": "Liberia", "fr": "Libéria"},
    "GH": {"en": "Ghana", "fr": "Ghana"},
    "TN": {"en": "Tunisia", "fr": "Tunisie"},
    "GE": {"en": "Georgia", "fr": "Géorgie"},
}

_LOT = table(models.Lot)
_LINE = table(models.Line)


@dataclass(slots=True)
class View:
    """A passport, and the instant after which a certificate's state may change without any event."""

    passport: Passport
    review_at: int | None


def public_url(host: str, code: str) -> str:
    """The address in the QR: capitals, so that the symbol needs the fewest modules."""
    return f"{host.rstrip('/')}/l/{code}".upper()


@dataclass(slots=True)
class _Facts:
    """Rows about one lot and all that it was made from."""

    lot: Any
    label: Any
    family: dict[int, Any]
    organisations: dict[int, Any]
    sites: dict[str, Any]
    today: date


def build(session: SystemSession, host: str, label: Any, now: int) -> View:
    """The public view behind a label, as of ``now`` (milliseconds)."""
    lot = session.execute(select(_LOT).where(_LOT.c.id == label.lot_id)).one()
    keys = family(session.connection(), [lot.id], "back")
    rows = {row.id: row for chunk in chunks(keys) for row in session.execute(select(_LOT).where(_LOT.c.id.in_(chunk)))}
    organisation, site = table(models.Organisation), table(models.Site)
    organisations = {row.id: row for row in session.execute(select(organisation))}
    site_ids = {row.site_id for row in rows.values() if row.site_id}
    sites = {
        row.id: row for chunk in chunks(site_ids) for row in session.execute(select(site).where(site.c.id.in_(chunk)))
    }
    facts = _Facts(lot, label, rows, organisations, sites, instant(now).date())
    carried = claims_of(session, [lot.id]).get(lot.id, {})
    claims = _claims(session, facts, carried)
    papers, known = _certificates(session, facts, [claim.scheme for claim in claims if claim.granted])
    state, reason, since = _state(session, facts, carried, papers)
    commodity, product = profiles().product(lot.product)
    packaging = commodity.packaging.get(lot.unit_code) if lot.unit_code else None
    steps, newest, events, last = _steps(session, facts)
    issuer = organisations[label.org_id]
    passport = Passport(
        url=public_url(host, label.code),
        code=label.code,
        state=state,
        state_reason=reason,
        state_since=instant(since) if since else None,
        version=events,
        as_of=instant(max(newest, label.issued_at)),
        lot_code=lot.code,
        product=dict(product.name),
        hs_code=product.hs,
        net_g=lot.initial_g,
        units=lot.units or None,
        unit_name=dict(packaging.name) if packaging else None,
        season=_season(facts),
        grade=lot.grade,
        organisation=issuer.name,
        contact=issuer.contact,
        origin=_origin(facts),
        claims=claims,
        certificates=papers,
        steps=steps,
        checks=_checks(session, facts),
        verifications=_verifications(session, facts, claims, papers, state, events, max(last, label.seq)),
        issued_at=instant(label.issued_at),
        superseded_by=public_url(host, label.superseded_by) if label.superseded_by else None,
        declares=tuple(json.loads(label.declares)),
        ordered=_ordered(session, lot.id),
    )
    return View(passport, _review_at(known, lot.expires_on, facts.today))


# --- what may be said ---


def _claims(session: SystemSession, facts: _Facts, carried: Mapping[str, str]) -> tuple[Claim, ...]:
    answer = []
    for code, value in sorted(carried.items()):
        scheme = profiles().schemes[code]
        granted = next(item.claimable for item in scheme.values if item.code == value)
        reasons = () if value == scheme.values[-1].code else _reasons(session, facts, code, value)
        answer.append(Claim(code, scheme.name["en"], value, granted, reasons))
    return tuple(answer)


def _reasons(session: SystemSession, facts: _Facts, scheme: str, value: str) -> tuple[tuple[str, Params], ...]:
    """Why not more: the caps at or below the value, with the farmer left out, equal reasons once."""
    cap = table(models.LotCap)
    counted: dict[str, int] = defaultdict(int)
    samples: dict[str, Params] = {}
    for chunk in chunks(facts.family):
        query = select(cap.c.reasons).where(cap.c.lot_id.in_(chunk), cap.c.scheme == scheme, cap.c.value == value)
        for text in session.execute(query.order_by(cap.c.lot_id, cap.c.seq)).scalars():
            for plain in json.loads(text):
                reason = Finding.from_dict(plain)
                counted[reason.code] += 1
                samples.setdefault(reason.code, _public(reason.params, facts))
    return tuple((code, {**samples[code], "count": count}) for code, count in sorted(counted.items()))


def _public(params: Mapping[str, str | int], facts: _Facts) -> Params:
    """Parameters without farmers and plots; a site by its name."""
    shown = {key: value for key, value in params.items() if key not in ("farmer", "plot", "last", "days")}
    if "site" in shown:
        site = facts.sites.get(str(shown["site"]))
        shown["site"] = site.name if site else "-"
    return shown


def _certificates(
    session: SystemSession, facts: _Facts, schemes: Collection[str]
) -> tuple[tuple[Certificate, ...], list[CertificateFacts]]:
    """The papers behind the claims granted: of the groups that delivered, and of the sites passed."""
    if not schemes:
        return (), []
    groups = {row.org_id for row in facts.family.values() if row.kind == "delivery"}
    certificate, scope = table(models.Certificate), table(models.CertificateSite)
    covering = select(scope.c.certificate_id).where(scope.c.site_id.in_(list(facts.sites)))
    query = select(certificate).where(
        certificate.c.scheme.in_(list(schemes)),
        sa.or_(certificate.c.org_id.in_(groups), certificate.c.id.in_(covering)),
    )
    rows = session.execute(query.order_by(certificate.c.scheme, certificate.c.number)).all()
    known = certificate_facts(session.connection(), rows)
    papers = tuple(
        Certificate(
            scheme=row.scheme,
            scheme_name=profiles().schemes[row.scheme].name["en"],
            number=row.number,
            holder=facts.organisations[row.org_id].name,
            body=row.body,
            body_code=row.body_code,
            valid_from=known[row.id].valid_from,
            valid_to=known[row.id].valid_to,
            status=paper_status(known[row.id], facts.today),
        )
        for row in rows
    )
    return papers, list(known.values())


def paper_status(held: CertificateFacts, today: date) -> Any:
    """How a certificate stands on a day; where nothing is known of it, it is not said to be in force."""
    status = held.status_on(today)
    return status if status in ("active", "suspended", "withdrawn", "expired") else "suspended"


def _review_at(known: Sequence[CertificateFacts], expires_on: str | None, today: date) -> int | None:
    """Midnight (UTC) of the next day on which a certificate's state, or the lot's, may change by the calendar alone."""
    days = [date.fromisoformat(expires_on) + timedelta(days=1)] if expires_on is not None else []
    days += [held.valid_to + timedelta(days=1) for held in known]
    days += [since for held in known for since, _ in held.statuses]
    days += [held.valid_from for held in known]
    coming = [day for day in days if day > today]
    return int(datetime.combine(min(coming), datetime.min.time(), UTC).timestamp() * 1000) if coming else None


# --- the verdict ---


def _state(
    session: SystemSession, facts: _Facts, carried: Mapping[str, str], papers: Sequence[Certificate]
) -> tuple[State, tuple[str, Params] | None, int | None]:
    label, lot = facts.label, facts.lot
    if label.state == "revoked":
        return "revoked", ("REVOKED", {"reason": label.reason or ""}), label.ended_at
    hold = table(models.Hold)
    query = select(hold).where(hold.c.lot_id == lot.id, hold.c.ended_seq.is_(None))
    holds = {row.kind: row for row in session.execute(query.order_by(hold.c.since, hold.c.seq))}
    if "recall" in holds:
        return "recalled", ("RECALLED", {"reason": holds["recall"].reason or ""}), holds["recall"].since
    if label.state == "superseded":
        return "superseded", ("SUPERSEDED", {}), label.ended_at
    codes = {
        "reject": "QUALITY_FAILED",
        "quality": "QUALITY_FAILED",
        "parent": "PARENT_FAILED",
        "stock": "STOCK_MISMATCH",
    }
    for kind in ("void", "reject", "parent", "quality", "stock", "claim", "hold"):
        if kind in holds:
            row = holds[kind]
            params: Params = {"reason": row.reason or ""} if kind in ("claim", "hold") else {}
            return "on_hold", (codes.get(kind, "HOLD"), params), row.since
    for scheme, printed in sorted(json.loads(label.claims).items()):
        rules = profiles().schemes[scheme]
        now = carried.get(scheme, rules.values[0].code)
        if rules.rank(now) < rules.rank(printed):
            return "on_hold", ("CLAIM_LOWERED", {"scheme": scheme, "printed": printed, "now": now}), None
    if lot.expires_on is not None and facts.today.isoformat() > lot.expires_on:
        return "on_hold", ("EXPIRED", {"expires_on": lot.expires_on}), None
    for paper in papers:
        if paper.status in ("suspended", "withdrawn"):
            return "on_hold", ("CERT_NOT_ACTIVE", {"certificate": paper.number, "status": paper.status}), None
    return "valid", None, None


# --- the story ---


def _steps(session: SystemSession, facts: _Facts) -> tuple[tuple[Step, ...], int, int, int]:
    """What happened, equal steps summed; the instant of the newest line, how many events, and the last one's number."""
    grouped: dict[tuple[str, str | None, int, str | None], dict[str, Any]] = {}
    newest, events = 0, set()
    for chunk in chunks(facts.family):
        query = select(_LINE).where(_LINE.c.lot_id.in_(chunk)).order_by(_LINE.c.seq)
        for row in session.execute(query):
            events.add(row.seq)
            newest = max(newest, row.occurred_at)
            if row.kind == "out" and row.type in ("bulked", "split", "received", "transformed"):
                key = (row.type, row.process, row.org_id, row.site_id)
                inside = _group(grouped, key, row)
                inside["in"] += row.grams
                continue
            if row.type in (
                "label_issued",
                "document_issued",
                "document_revoked",
                "reassessed",
                "transfer_offered",
                "read",
            ):
                continue
            key = (row.type, row.process, row.org_id, row.site_id)
            inside = _group(grouped, key, row)
            if row.kind == "in":
                inside["out"] += row.grams
            elif row.kind in ("shipped", "lost") and row.grams > 0:
                inside["in"] += row.grams
    steps = [
        Step(
            kind=kind,
            process=process,
            first_at=instant(inside["first"]).date(),
            last_at=instant(inside["last"]).date(),
            organisation=facts.organisations[org_id].name,
            site=facts.sites[site_id].name if site_id in facts.sites else None,
            country=facts.sites[site_id].country if site_id in facts.sites else None,
            count=len(inside["seqs"]),
            grams_in=inside["in"] or None,
            grams_out=inside["out"] or None,
        )
        for (kind, process, org_id, site_id), inside in grouped.items()
    ]
    order = {id(step): position for position, step in enumerate(steps)}
    steps.sort(key=lambda step: (step.first_at, order[id(step)]))
    return tuple(steps), newest, len(events), max(events, default=0)


def _group(grouped: dict[Any, dict[str, Any]], key: Any, row: Any) -> dict[str, Any]:
    inside = grouped.setdefault(
        key, {"first": row.occurred_at, "last": row.occurred_at, "seqs": set(), "in": 0, "out": 0}
    )
    inside["first"] = min(inside["first"], row.occurred_at)
    inside["last"] = max(inside["last"], row.occurred_at)
    inside["seqs"].add(row.seq)
    return inside


def _origin(facts: _Facts) -> Origin:
    deliveries = [row for row in facts.family.values() if row.kind == "delivery"]
    farmers = {(row.org_id, row.farmer) for row in deliveries}
    days = sorted(row.harvested_on or instant(row.made_at).date().isoformat() for row in deliveries)
    groups = sorted({row.org_id for row in deliveries}) or [facts.lot.org_id]
    group = facts.organisations[groups[0]]
    regions = {facts.organisations[org_id].region for org_id in groups}
    return Origin(
        country=group.country,
        country_name=COUNTRIES.get(group.country, {"en": group.country, "fr": group.country}),
        region=regions.pop() if len(regions) == 1 else None,
        deliveries=len(deliveries),
        farmers=len(farmers) if len(farmers) >= ENOUGH_FARMERS else None,
        harvested_from=date.fromisoformat(days[0]) if days else None,
        harvested_to=date.fromisoformat(days[-1]) if days else None,
    )


def _season(facts: _Facts) -> str | None:
    """The season of the first delivery, as the profile of the lot's product counts seasons."""
    deliveries = [row.made_at for row in facts.family.values() if row.kind == "delivery"]
    if not deliveries:
        return None
    commodity, _ = profiles().product(facts.lot.product)
    return commodity.season_of(instant(min(deliveries)).date())


def _checks(session: SystemSession, facts: _Facts) -> tuple[QualityCheck, ...]:
    """The lot's own checks first, then the newest of the lots that it was made from."""
    check = table(models.Check)
    rows: list[Any] = []
    for chunk in chunks(facts.family):
        rows += session.execute(select(check).where(check.c.lot_id.in_(chunk)))
    rows.sort(key=lambda row: (row.lot_id != facts.lot.id, -row.checked_at, -row.seq, row.lot_id))
    once = {row.seq: row for row in reversed(rows)}  # parts of a lot were tested with it
    return tuple(_check(row, facts) for row in [row for row in rows if once[row.seq] is row][:CHECKS_SHOWN])


def _ordered(session: SystemSession, key: int) -> Ordered | None:
    """The tests ordered of the lot: all of them, whatever they found."""
    order, check = table(models.TestOrder), table(models.Check)
    rows = session.execute(select(order.c.seq, order.c.tests).where(order.c.lot_id == key).order_by(order.c.seq)).all()
    if not rows:
        return None
    found = session.execute(select(check).where(check.c.lot_id == key).order_by(check.c.seq))
    outcomes = [outcome_of(row.seq, row.verdict, json.loads(row.lines), row.retest_of) for row in found]
    return ordered_of([(row.seq, json.loads(row.tests)) for row in rows], outcomes)


def _check(row: Any, facts: _Facts) -> QualityCheck:
    measured = tuple(
        Measured(
            line["test"],
            line["value"],
            line["unit"],
            line["limit"],
            line["passed"],
            line.get("count"),
            line.get("of"),
            _test_name(line["test"], facts.family[row.lot_id].product),
            bool(line.get("below")),
            samples,
        )
        for line, samples in _apart(json.loads(row.lines))
    )
    methods = sorted({line["method"] for line in json.loads(row.lines) if line.get("method")})
    return QualityCheck(
        lot_code=facts.family[row.lot_id].code,
        at=instant(row.checked_at).date(),
        method=", ".join(methods) or None,
        by=facts.organisations[row.org_id].name,
        verdict="pass" if row.verdict == "pass" else "fail",
        grade=row.grade,
        measured=measured,
    )


def _apart(lines: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], int | None]]:
    """Each test of a check once: of samples tested apart the worst value, and of how many (one: none)."""
    for test in dict.fromkeys(line["test"] for line in lines):
        same = [line for line in lines if line["test"] == test]
        samples = sum(line.get("samples", 1) for line in same)
        yield max(same, key=_how_bad), samples if samples > 1 else None


def _how_bad(line: Mapping[str, Any]) -> tuple[bool, Fraction]:
    """What failed first; then the highest, or the lowest where there is a lower limit alone."""
    value = Fraction(line["value"])
    return line["passed"] is False, -value if (line["limit"] or "").startswith("≥") else value


def _test_name(test: str, product: str) -> dict[str, str] | None:
    """What the profile of a product calls a test; none where it has no limit for it."""
    commodity = profiles().commodity_of(product)
    found = commodity.specifications if commodity is not None else ()
    return next((dict(item.name) for item in found if item.test == test), None)


def _verifications(
    session: SystemSession,
    facts: _Facts,
    claims: Sequence[Claim],
    papers: Sequence[Certificate],
    state: State,
    events: int,
    last: int,
) -> tuple[Verification, ...]:
    """The numbered questions, each worked out from the rows, none taken on trust."""
    claimed = any(claim.granted for claim in claims)
    balanced = _balanced(session, facts)
    deliveries = sum(row.kind == "delivery" for row in facts.family.values())
    not_approved = sum(
        int(params["count"])
        for claim in claims
        for code, params in claim.reasons
        if code in ("MEMBER_NOT_APPROVED", "NOT_ON_APPROVED_LIST", "INTERNAL_INSPECTION_OVERDUE")
    )
    ended = sum(paper.status != "active" for paper in papers)
    qc: Answer = "passed" if facts.lot.qc == "pass" else "failed" if facts.lot.qc == "fail" else "not_checked"
    blocked = state in ("recalled", "on_hold", "revoked")
    return (
        Verification(1, "label_known", "failed" if state == "revoked" else "passed", {}),
        Verification(2, "not_blocked", "failed" if blocked else "passed", {}),
        Verification(3, "balance", "passed" if balanced else "failed", {"lots": len(facts.family)}),
        Verification(
            4,
            "members",
            ("failed" if not_approved else "passed") if claimed else "not_applicable",
            {"deliveries": deliveries, "failed": not_approved},
        ),
        Verification(
            5,
            "certificates",
            ("failed" if ended else "passed") if claimed else "not_applicable",
            {"certificates": len(papers), "ended": ended},
        ),
        Verification(6, "quality", qc, {"grade": facts.lot.grade or "-"}),
        Verification(7, "history", "not_checked", {"events": events, "seq": last}),
    )


def _balanced(session: SystemSession, facts: _Facts) -> bool:
    """Every lot of the family: grams in = grams out + lost + shipped + still there."""
    sums: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for chunk in chunks(facts.family):
        query = select(_LINE.c.lot_id, _LINE.c.kind, sa.func.sum(_LINE.c.grams)).where(_LINE.c.lot_id.in_(chunk))
        for key, kind, grams in session.execute(query.group_by(_LINE.c.lot_id, _LINE.c.kind)):
            sums[key][kind] += int(grams)
    return all(
        row.deficit_g == 0
        and sums[key]["in"] == row.initial_g
        and row.initial_g == sums[key]["out"] + sums[key]["lost"] + sums[key]["shipped"] + row.remaining_g
        for key, row in facts.family.items()
    )
