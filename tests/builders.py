"""Short ways to a cluster with farmers, sites and certificates: only what matters to a test is named."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import models
from domain import events as told
from domain.values import Actor
from ledger.record import Answer, Recorder, record
from models.db import system_session


def uid(name: str) -> str:
    """A stable id for a name."""
    return str(uuid5(NAMESPACE_URL, f"filiere-test:{name}"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def kg(value: Any) -> told.Quantity:
    return told.Quantity(value=value, unit="kg")


@dataclass
class Cluster:
    """An organisation with sites, farmers and certificates, and a way to tell events of it."""

    recorder: Recorder
    orgs: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)

    def org(self, code: str, kind: str = "farmer_group", name: str | None = None) -> int:
        identity = len(self.orgs) + 1
        self.orgs[code] = identity
        self._add(
            models.Organisation(
                id=identity,
                code=code,
                name=name or f"Organisation {code}",
                kind=kind,
                country="LR",
                created_at=1,
            )
        )
        return identity

    def actor(self, code: str) -> Actor:
        return Actor(self.orgs[code], code, "user:test")

    def site(self, code: str, org: str, *, shared: tuple[str, ...] = ()) -> str:
        self._add(
            models.Site(
                org_id=self.orgs[org],
                id=uid(code),
                code=code,
                name=f"Site {code}",
                kind="facility",
                country="LR",
            )
        )
        for other in shared:
            self._add(models.SiteShare(org_id=self.orgs[org], site_id=uid(code), to_org_id=self.orgs[other]))
        return uid(code)

    def vessel(self, code: str, site: str, org: str, capacity_kg: int = 1000) -> str:
        self._add(
            models.Vessel(
                org_id=self.orgs[org],
                id=uid(code),
                site_id=uid(site),
                code=code,
                kind="fermentation_box",
                capacity_g=capacity_kg * 1000,
            )
        )
        return uid(code)

    def certificate(
        self,
        number: str,
        org: str,
        *,
        scheme: str = "EU_ORG",
        products: tuple[str, ...] = ("cocoa_beans",),
        sites: tuple[tuple[str, str, str | None], ...] = (),
        valid: tuple[str, str] = ("2024-06-01", "2025-12-31"),
        status: tuple[tuple[str, str], ...] = (("2024-06-01", "active"),),
    ) -> str:
        org_id, identity = self.orgs[org], uid(number)
        self._add(
            models.Certificate(
                org_id=org_id,
                id=identity,
                scheme=scheme,
                number=number,
                body="Test Certifier",
                body_code="LR-BIO-000",
                valid_from=valid[0],
                valid_to=valid[1],
                created_at=1,
            )
        )
        for category in products:
            self._add(models.CertificateProduct(org_id=org_id, certificate_id=identity, category=category))
        for site, since, until in sites:
            self._add(
                models.CertificateSite(
                    org_id=org_id, certificate_id=identity, site_id=uid(site), from_day=since, to_day=until
                )
            )
        for day, state in status:
            self._add(
                models.CertificateStatus(
                    org_id=org_id, certificate_id=identity, from_day=day, status=state, recorded_at=1
                )
            )
        return identity

    def farmer(
        self,
        code: str,
        org: str,
        *,
        certificate: str | None = None,
        status: tuple[tuple[str, str], ...] = (("2024-06-01", "approved"),),
        inspected: tuple[str, ...] = ("2024-08-10",),
        plots: tuple[tuple[str, str | None], ...] = (),
        estimate: tuple[str, str, int] | None = None,
        unit: str | None = None,
    ) -> str:
        org_id = self.orgs[org]
        self._add(models.Farmer(org_id=org_id, id=uid(code), code=code, created_at=1))
        if certificate is not None:
            membership = uid(f"{code}/{certificate}")
            self._add(
                models.Membership(
                    org_id=org_id,
                    id=membership,
                    farmer_id=uid(code),
                    certificate_id=uid(certificate),
                    joined_on="2024-06-01",
                    unit=unit,
                )
            )
            for day, state in status:
                self._add(
                    models.MembershipStatus(
                        org_id=org_id, membership_id=membership, from_day=day, status=state, recorded_at=1
                    )
                )
        for day in inspected:
            self._add(
                models.Inspection(
                    org_id=org_id,
                    id=uid(f"{code}/{day}"),
                    farmer_id=uid(code),
                    inspected_on=day,
                    inspector="I1",
                    recorded_at=1,
                )
            )
        for plot, start in plots:
            self._add(
                models.Plot(
                    org_id=org_id,
                    id=uid(f"{code}/{plot}"),
                    farmer_id=uid(code),
                    code=f"{code}-{plot}",
                    crop="cocoa",
                    area_m2=10_000,
                    conversion_start=start,
                )
            )
        if estimate is not None:
            season, product, kilograms = estimate
            self._add(
                models.Estimate(
                    org_id=org_id, farmer_id=uid(code), season=season, product=product, grams=kilograms * 1000
                )
            )
        return code

    def change(self, model: Any, key: tuple[Any, ...], **values: Any) -> None:
        """A registry row as it stands from now on, without what a route would do about the past."""
        with system_session(self.recorder.database, write=True) as session:
            row = session.get(model, key)
            assert row is not None
            for name, value in values.items():
                setattr(row, name, value)

    def setting(self, org: str, scheme: str = "EU_ORG", since: str = "2024-01-01", **values: Any) -> None:
        self._add(models.SchemeSetting(org_id=self.orgs[org], scheme=scheme, from_day=since, recorded_at=1, **values))

    def scale(self, code: str, site: str, org: str, *spans: tuple[str, str]) -> str:
        org_id = self.orgs[org]
        self._add(models.Instrument(org_id=org_id, id=uid(code), site_id=uid(site), code=code, kind="scale"))
        for since, until in spans:
            self._add(
                models.Calibration(org_id=org_id, instrument_id=uid(code), from_day=since, to_day=until, recorded_at=1)
            )
        return uid(code)

    def _add(self, row: Any) -> None:
        with system_session(self.recorder.database, write=True) as session:
            session.add(row)

    def tell(self, org: str, event: told.AnyEvent) -> Answer:
        (answer,) = record(self.recorder, self.actor(org), [event])
        return answer
