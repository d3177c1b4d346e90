"""Which claim a lot can carry, and why not more. The weakest link decides; a claim never rises by processing.

A *cap* is what one event allows: the delivery (member, plot, inspection, certificate, product), and every site that
the goods pass. The claim of a lot is the lowest of its own caps and of the claims of what it was made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from domain.findings import Finding
from domain.profiles import Scheme, add_months
from domain.values import CertificateFacts, FarmerFacts, PlotFacts, dated


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that one event lets a lot claim under a scheme. No reasons: nothing stands against the top value."""

    value: str
    reasons: tuple[Finding, ...] = ()


def lowest(scheme: Scheme, values: Iterable[str]) -> str:
    """The weakest of some values of a scheme."""
    return min(values, key=scheme.rank)


def judge_delivery(
    scheme: Scheme,
    *,
    day: date,
    harvested_on: date | None,
    category: str,
    site_id: str,
    farmer_code: str,
    farmer: FarmerFacts | None,
    plot: str | None,
    crop_type: str,
    certificates: Sequence[CertificateFacts],
) -> Cap:
    """What a farmer's delivery may carry on the day it is delivered.

    Membership, inspection and certificate are tested on the day of delivery, conversion on the day of harvest
    (Reg. (EU) 2018/848 Annex II Part I 1.7; 2021/771 Art. 2(2)).
    """
    bottom = scheme.values[0].code
    of_scheme = {certificate.id: certificate for certificate in certificates if certificate.scheme == scheme.id}
    memberships = [held for held in (farmer.memberships if farmer else ()) if held.certificate_id in of_scheme]
    if farmer is None or not memberships:
        return Cap(bottom, (_because(scheme, "NOT_ON_APPROVED_LIST", level="alert", farmer=farmer_code),))
    caps = [_as_member(scheme, day, farmer, of_scheme, category)]
    caps.append(_of_plots(scheme, harvested_on or day, farmer, plot, crop_type))
    caps.append(judge_site(scheme, day=day, site_id=site_id, certificates=certificates))
    return together(scheme, caps)


def judge_site(scheme: Scheme, *, day: date, site_id: str, certificates: Sequence[CertificateFacts]) -> Cap:
    """What goods may carry that are handled at a site on a day: it must be in the scope of a certificate in force."""
    top, bottom = scheme.values[-1].code, scheme.values[0].code
    covering = [held for held in certificates if held.scheme == scheme.id and held.covers_site(site_id, day)]
    if not covering:
        return Cap(bottom, (_because(scheme, "SITE_NOT_IN_SCOPE", site=site_id, day=day.isoformat()),))
    in_force = [held for held in covering if held.status_on(day) == "active"]
    if not in_force:
        held = covering[0]
        return Cap(
            bottom,
            (
                _because(
                    scheme,
                    "SITE_CERT_NOT_ACTIVE",
                    site=site_id,
                    day=day.isoformat(),
                    certificate=held.number,
                    status=held.status_on(day),
                ),
            ),
        )
    return Cap(top)


def together(scheme: Scheme, caps: Iterable[Cap]) -> Cap:
    """Several caps as one: the lowest value, with the reasons of all, gravest first."""
    ordered = sorted(caps, key=lambda cap: scheme.rank(cap.value))
    seen: dict[tuple[str, str], Finding] = {}
    for cap in ordered:
        for reason in cap.reasons:
            seen.setdefault((reason.code, str(sorted(reason.params.items()))), reason)
    return Cap(ordered[0].value, tuple(seen.values()))


def _as_member(
    scheme: Scheme, day: date, farmer: FarmerFacts, certificates: dict[str, CertificateFacts], category: str
) -> Cap:
    """The best that any of the farmer's memberships allows."""
    caps = [
        _under_certificate(scheme, day, farmer, certificates[held.certificate_id], held.statuses, category)
        for held in farmer.memberships
        if held.certificate_id in certificates
    ]
    return max(caps, key=lambda cap: scheme.rank(cap.value))


def _under_certificate(
    scheme: Scheme,
    day: date,
    farmer: FarmerFacts,
    certificate: CertificateFacts,
    statuses: tuple[tuple[date, str], ...],
    category: str,
) -> Cap:
    reasons: list[Finding] = []
    state = dated(statuses, day) or "applied"
    if state != "approved":
        reasons.append(_because(scheme, "MEMBER_NOT_APPROVED", "alert", farmer=farmer.code, status=state))
    status = certificate.status_on(day)
    if status != "active":
        reasons.append(
            _because(
                scheme,
                "CERT_NOT_ACTIVE",
                "alert",
                certificate=certificate.number,
                status=status,
                day=str(day),
            )
        )
    limits = scheme.params_at(day)
    last = max((inspected for inspected in farmer.inspections if inspected <= day), default=None)
    interval = limits.inspection_interval_days
    if interval is not None and (last is None or (day - last).days > interval):
        reasons.append(
            _because(
                scheme,
                "INTERNAL_INSPECTION_OVERDUE",
                "alert",
                farmer=farmer.code,
                last=last.isoformat() if last else "-",
                days=(day - last).days if last else -1,
            )
        )
    if category not in certificate.products:
        reasons.append(_because(scheme, "PRODUCT_NOT_IN_SCOPE", product=category, certificate=certificate.number))
    values = scheme.values
    return Cap(values[0].code if reasons else values[-1].code, tuple(reasons))


def _of_plots(scheme: Scheme, harvested_on: date, farmer: FarmerFacts, plot: str | None, crop_type: str) -> Cap:
    """The plot harvested, or, where it was not recorded, the lowest of the farmer's plots."""
    known = [held for held in farmer.plots if plot in (None, held.code) and held.worked_on(harvested_on)]
    if not known:
        reason = _because(scheme, "PLOT_UNKNOWN", farmer=farmer.code, plot=plot or "-")
        return Cap(scheme.values[0].code, (reason,))
    caps = [_of_plot(scheme, harvested_on, held, crop_type) for held in known]
    return min(caps, key=lambda cap: scheme.rank(cap.value))


def _of_plot(scheme: Scheme, harvested_on: date, plot: PlotFacts, crop_type: str) -> Cap:
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
    if minimum is None or add_months(start, minimum) > harvested_on:
        reason = _because(scheme, "PLOT_CONVERTED_LESS_THAN_MINIMUM", **said, months=minimum or months)
        return Cap(bottom, (reason,))
    organic_from = add_months(start, months).isoformat()
    return Cap(scheme.values[-2].code, (_because(scheme, "PLOT_IN_CONVERSION", **said, organic_from=organic_from),))


def _because(scheme: Scheme, code: str, level: str = "notice", **params: str | int) -> Finding:
    return Finding(code, "alert" if level == "alert" else "notice", {"scheme": scheme.id, **params}, scheme.rule(code))
