"""Which claim a lot can carry, and why not more. The weakest link decides; a claim never rises by processing.

A *cap* is what one event allows: the delivery (member, plot, inspection, certificate, product), and every site that
the goods pass. The claim of a lot is the lowest of its own caps and of the claims of what it was made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from domain.findings import Finding
from domain.profiles import Scheme, SchemeParams, add_months
from domain.values import CertificateFacts, FarmerFacts, PlotFacts, dated


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that one event lets a lot claim under a scheme. No reasons: nothing stands against the top value."""

    value: str
    reasons: tuple[Finding, ...] = ()


def lowest(scheme: Scheme, values: Iterable[str]) -> str:
    """The weakest of some values of a scheme."""
    return min(values, key=scheme.rank)


def mixture(scheme: Scheme, values: Iterable[str], *, strict: bool = False) -> str:
    """What goods carry that were mixed from goods with these values.

    The weakest link decides. ``strict``: of different values, one that is claimable and not the highest (in
    conversion) makes the whole claim nothing (Reg. (EU) 2018/848 Annex II Part IV 2.1). Under a mass balance the
    mixture keeps the highest value; how many grams may carry it is counted apart (``domain.balance``).
    """
    found = set(values)
    if scheme.chain_of_custody == "mass_balance":
        return max(found, key=scheme.rank)
    between = {value.code for value in scheme.values[:-1] if value.claimable}
    if strict and len(found) > 1 and found & between:
        return scheme.values[0].code
    return min(found, key=scheme.rank)


@dataclass(frozen=True, slots=True)
class Brought:
    """A delivery as the claim rules see it."""

    day: date
    harvested_on: date | None
    category: str
    crop_type: str
    site_id: str
    farmer: str
    plot: str | None
    caught: tuple[date, date] | None = None  # first and last day of a catch

    @property
    def taken(self) -> tuple[date, date]:
        """The first and the last day on which the goods were harvested or caught."""
        day = self.harvested_on or self.day
        return self.caught or (day, day)


def judge_delivery(
    scheme: Scheme, brought: Brought, farmer: FarmerFacts | None, certificates: Sequence[CertificateFacts]
) -> Cap:
    """What a farmer's delivery may carry on the day it is delivered.

    Membership, inspection and certificate are tested on the day of delivery, conversion and harvest window on the
    day of harvest (Reg. (EU) 2018/848 Annex II Part I 1.7; 2021/771 Art. 2(2)), a licence on every day of the catch.
    """
    limits = scheme.params_at(brought.day)
    caps = [Cap(scheme.values[-1].code)]
    held: tuple[CertificateFacts, ...] = ()
    if limits.member_required:
        held = _memberships(scheme, farmer, certificates)
        if farmer is None or not held:
            bottom = scheme.values[0].code
            return Cap(bottom, (_because(scheme, "NOT_ON_APPROVED_LIST", level="alert", farmer=brought.farmer),))
        caps.append(_as_member(scheme, limits, brought, farmer, held))
    if limits.plot_checks:
        caps.append(_of_plots(scheme, brought, farmer, held))
    if limits.licence is not None:
        caps.append(_licensed(scheme, limits.licence, brought, farmer))
    caps.append(_of_harvest(scheme, limits, brought))
    caps.append(judge_site(scheme, "delivered", day=brought.day, site_id=brought.site_id, certificates=certificates))
    return together(scheme, caps)


def judge_site(scheme: Scheme, step: str, *, day: date, site_id: str, certificates: Sequence[CertificateFacts]) -> Cap:
    """What goods may carry that are handled at a site on a day: it must be in the scope of a certificate in force.

    ``step`` is the event type; a scheme names those at which it asks.
    """
    top, bottom = scheme.values[-1].code, scheme.values[0].code
    limits = scheme.params_at(day)
    if step not in limits.site_in_scope_at:
        return Cap(top)
    covering = [held for held in certificates if held.scheme == scheme.id and held.covers_site(site_id, day)]
    if not covering:
        return Cap(bottom, (_because(scheme, "SITE_NOT_IN_SCOPE", site=site_id, day=day.isoformat()),))
    states = [held.status_on(day, limits.certificate_grace_days) for held in covering]
    if "active" in states:
        return Cap(top)
    said = {"site": site_id, "day": day.isoformat(), "certificate": covering[0].number, "status": states[0]}
    return Cap(bottom, (_because(scheme, "SITE_CERT_NOT_ACTIVE", **said),))


def together(scheme: Scheme, caps: Iterable[Cap]) -> Cap:
    """Several caps as one: the lowest value, with the reasons of all, gravest first."""
    ordered = sorted(caps, key=lambda cap: scheme.rank(cap.value))
    seen: dict[tuple[str, str], Finding] = {}
    for cap in ordered:
        for reason in cap.reasons:
            seen.setdefault((reason.code, str(sorted(reason.params.items()))), reason)
    return Cap(ordered[0].value, tuple(seen.values()))


def _memberships(
    scheme: Scheme, farmer: FarmerFacts | None, certificates: Sequence[CertificateFacts]
) -> tuple[CertificateFacts, ...]:
    """The certificates of the scheme under which the farmer is, or was, or asked to be a member."""
    known = {item.id: item for item in certificates if item.scheme == scheme.id}
    under = farmer.memberships if farmer else ()
    return tuple(known[held.certificate_id] for held in under if held.certificate_id in known)


def _as_member(
    scheme: Scheme, limits: SchemeParams, brought: Brought, farmer: FarmerFacts, held: Sequence[CertificateFacts]
) -> Cap:
    """The best that any of the farmer's memberships allows."""
    caps = [_under_certificate(scheme, limits, brought, farmer, certificate) for certificate in held]
    return max(caps, key=lambda cap: scheme.rank(cap.value))


def _under_certificate(
    scheme: Scheme, limits: SchemeParams, brought: Brought, farmer: FarmerFacts, certificate: CertificateFacts
) -> Cap:
    reasons: list[Finding] = []
    day = brought.day
    statuses = next(member.statuses for member in farmer.memberships if member.certificate_id == certificate.id)
    state = dated(statuses, day) or "applied"
    if state != "approved":
        reasons.append(_because(scheme, "MEMBER_NOT_APPROVED", "alert", farmer=farmer.code, status=state))
    status = certificate.status_on(day, limits.certificate_grace_days)
    if status != "active":
        said = {"certificate": certificate.number, "status": status, "day": day.isoformat()}
        reasons.append(_because(scheme, "CERT_NOT_ACTIVE", "alert", **said))
    last = max((inspected for inspected in farmer.inspections if inspected <= day), default=None)
    interval = limits.inspection_interval_days
    if interval is not None and (last is None or (day - last).days > interval + limits.inspection_grace_days):
        overdue: dict[str, str | int] = {
            "farmer": farmer.code,
            "last": last.isoformat() if last else "-",
            "days": (day - last).days if last else -1,
        }
        reasons.append(_because(scheme, "INTERNAL_INSPECTION_OVERDUE", "alert", **overdue))
    if "delivered" in limits.product_in_scope_at and not certificate.covers_product(brought.category, day):
        reasons.append(
            _because(scheme, "PRODUCT_NOT_IN_SCOPE", product=brought.category, certificate=certificate.number)
        )
    values = scheme.values
    return Cap(values[0].code if reasons else values[-1].code, tuple(reasons))


def _licensed(scheme: Scheme, kind: str, brought: Brought, farmer: FarmerFacts | None) -> Cap:
    """The producer held a licence of the kind on each day of the catch."""
    since, until = brought.taken
    day = since if farmer is None else farmer.unlicensed(kind, since, until)
    if day is None:
        return Cap(scheme.values[-1].code)
    said = {"farmer": brought.farmer, "day": day.isoformat(), "since": since.isoformat(), "until": until.isoformat()}
    return Cap(scheme.values[0].code, (_because(scheme, "LICENCE_NOT_VALID", "alert", **said),))


def _of_harvest(scheme: Scheme, limits: SchemeParams, brought: Brought) -> Cap:
    """Within one of the harvest windows of the product, if there are any."""
    top, bottom = scheme.values[-1].code, scheme.values[0].code
    windows = [window for window in limits.harvest if window.category == brought.category]
    harvested_on = brought.harvested_on or brought.day
    if not windows or any(window.holds(harvested_on) for window in windows):
        return Cap(top)
    first, last = windows[0].first, windows[0].last
    said = {"harvested_on": harvested_on.isoformat(), "first": first, "last": last}
    return Cap(bottom, (_because(scheme, "HARVEST_OUTSIDE_WINDOW", **said),))


def _of_plots(scheme: Scheme, brought: Brought, farmer: FarmerFacts | None, held: Sequence[CertificateFacts]) -> Cap:
    """The plot harvested, or, where it was not recorded, the lowest of the farmer's plots."""
    harvested_on = brought.harvested_on or brought.day
    checks = scheme.params_at(harvested_on).plot_checks
    plots = farmer.plots if farmer else ()
    known = [plot for plot in plots if brought.plot in (None, plot.code) and plot.worked_on(harvested_on)]
    if not known:
        reason = _because(scheme, "PLOT_UNKNOWN", farmer=brought.farmer, plot=brought.plot or "-")
        lacking = scheme.values[-2] if "eudr" in checks else scheme.values[0]
        return Cap(lacking.code, (reason,))
    caps = []
    for plot in known:
        if "conversion" in checks:
            caps.append(_converted(scheme, harvested_on, plot, brought.crop_type))
        if "zone" in checks:
            caps.append(_in_zone(scheme, plot, held))
        if "eudr" in checks:
            caps.append(_deforestation_free(scheme, harvested_on, plot))
    return together(scheme, caps)


def _in_zone(scheme: Scheme, plot: PlotFacts, held: Sequence[CertificateFacts]) -> Cap:
    """The plot lies in the delimited zone of one of the member's certificates."""
    zones = {certificate.zone for certificate in held if certificate.zone is not None}
    if plot.zone is not None and plot.zone in zones:
        return Cap(scheme.values[-1].code)
    said = {"plot": plot.code, "zone": ", ".join(sorted(zones)) or "-"}
    return Cap(scheme.values[0].code, (_because(scheme, "PLOT_OUTSIDE_ZONE", **said),))


def _deforestation_free(scheme: Scheme, harvested_on: date, plot: PlotFacts) -> Cap:
    """Located as exactly as its size asks for, and not cleared after the cut-off (Reg. (EU) 2023/1115 Art. 2, 9)."""
    limits = scheme.params_at(harvested_on)
    bottom, incomplete, top = scheme.values[0].code, scheme.values[-2].code, scheme.values[-1].code
    if plot.cleared_on is not None and limits.cut_off is not None and plot.cleared_on > limits.cut_off:
        said = {"plot": plot.code, "cleared_on": plot.cleared_on.isoformat(), "cut_off": limits.cut_off.isoformat()}
        return Cap(bottom, (_because(scheme, "DEFORESTED_AFTER_CUTOFF", "alert", **said),))
    if plot.located is None or not plot.precise:
        return Cap(incomplete, (_because(scheme, "PLOT_NOT_LOCATED", plot=plot.code),))
    above = limits.polygon_above_m2
    if plot.located == "Point" and above is not None and plot.area_m2 > above:
        reason = _because(scheme, "PLOT_NEEDS_POLYGON", plot=plot.code, area_m2=plot.area_m2, above_m2=above)
        return Cap(incomplete, (reason,))
    return Cap(top)


def _converted(scheme: Scheme, harvested_on: date, plot: PlotFacts, crop_type: str) -> Cap:
    """Months of conversion before the harvest: none, too few, enough for "in conversion", or enough."""
    limits = scheme.params_at(harvested_on)
    top, bottom = scheme.values[-1].code, scheme.values[0].code
    months = limits.conversion_months(crop_type)
    if months is None:
        return Cap(top)
    start = plot.conversion_start
    if start is None or start > harvested_on:
        return Cap(bottom, (_because(scheme, "PLOT_CONVERSION_NOT_BEGUN", plot=plot.code),))
    if add_months(start, months) <= harvested_on:
        return Cap(top)
    minimum = limits.in_conversion_min_months
    said = {"plot": plot.code, "since": start.isoformat(), "harvested_on": harvested_on.isoformat()}
    if minimum is None or len(scheme.values) < 3 or add_months(start, minimum) > harvested_on:  # noqa: PLR2004
        reason = _because(scheme, "PLOT_CONVERTED_LESS_THAN_MINIMUM", **said, months=minimum or months)
        return Cap(bottom, (reason,))
    organic_from = add_months(start, months).isoformat()
    return Cap(scheme.values[-2].code, (_because(scheme, "PLOT_IN_CONVERSION", **said, organic_from=organic_from),))


def _because(scheme: Scheme, code: str, level: str = "notice", **params: str | int) -> Finding:
    return Finding(code, "alert" if level == "alert" else "notice", {"scheme": scheme.id, **params}, scheme.rule(code))
