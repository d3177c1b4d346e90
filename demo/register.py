"""The registry of a demo cluster, gathered row by row and written at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import models
from demo.story import Insert

MODELS: Final = (
    models.Site,
    models.SiteShare,
    models.Vessel,
    models.Certificate,
    models.CertificateProduct,
    models.CertificateSite,
    models.CertificateStatus,
    models.Farmer,
    models.Person,
    models.Membership,
    models.MembershipStatus,
    models.Inspection,
    models.Plot,
    models.Estimate,
    models.Licence,
)
"""In the order in which rows may refer to each other."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names that the fictional people of a place have."""

    women: tuple[str, ...]
    men: tuple[str, ...]
    families: tuple[str, ...]
    villages: tuple[str, ...]

    def person(self, chance: random.Random, *, woman: bool) -> dict[str, Any]:
        """Somebody made up."""
        first = chance.choice(self.women if woman else self.men)
        return {
            "full_name": f"{first} {chance.choice(self.families)}",
            "sex": "F" if woman else "M",
            "birth_year": chance.randint(1950, 2003),
            "village": chance.choice(self.villages),
        }


class Register:
    """Rows by table. Organisations are named by code until they are written."""

    def __init__(self, uid: Callable[[str], str], country: str, since: str, recorded_at: int) -> None:
        self._uid = uid
        self._country = country
        self._since = since  # the day from which memberships and scopes hold
        self._recorded_at = recorded_at
        self._rows: dict[Any, list[dict[str, Any]]] = {model: [] for model in MODELS}

    def write(self, insert: Insert, ids: dict[str, int]) -> None:
        """Insert everything; ``ids`` are those of the organisations."""
        for model, rows in self._rows.items():
            found = [{"org_id": ids[row["org"]], **{k: v for k, v in row.items() if k != "org"}} for row in rows]
            for row in found:
                if "to_org" in row:
                    row["to_org_id"] = ids[row.pop("to_org")]
            if found:
                insert(model, found)

    def site(self, org: str, code: str, name: str, kind: str = "facility", shared: Sequence[str] = ()) -> None:
        """A site, and the organisations that may bring goods to it."""
        site = self._uid(code)
        self._rows[models.Site].append(
            {
                "org": org,
                "id": site,
                "code": code,
                "name": name,
                "kind": kind,
                "country": self._country,
                "version": 1,
            }
        )
        self._rows[models.SiteShare] += [{"org": org, "site_id": site, "to_org": other} for other in shared]

    def vessel(self, org: str, site: str, code: str, kind: str, capacity_g: int) -> None:
        """A vessel of a site."""
        self._rows[models.Vessel].append(
            {
                "org": org,
                "id": self._uid(code),
                "site_id": self._uid(site),
                "code": code,
                "kind": kind,
                "capacity_g": capacity_g,
                "version": 1,
            }
        )

    def certificate(
        self,
        org: str,
        number: str,
        scheme: str,
        body: tuple[str, str],
        valid: tuple[str, str],
        *,
        categories: Sequence[str],
        sites: Sequence[str],
        zone: str | None = None,
    ) -> None:
        """A certificate in force, with its products and sites."""
        identity = self._uid(number)
        key = {"org": org, "certificate_id": identity}
        self._rows[models.Certificate].append(
            {
                "org": org,
                "id": identity,
                "scheme": scheme,
                "number": number,
                "body": body[0],
                "body_code": body[1],
                "valid_from": valid[0],
                "valid_to": valid[1],
                "version": 1,
                "created_at": self._recorded_at,
                "zone": zone,
            }
        )
        self._rows[models.CertificateProduct] += [{**key, "category": category} for category in categories]
        self._rows[models.CertificateSite] += [
            {**key, "site_id": self._uid(site), "from_day": valid[0]} for site in sites
        ]
        self._rows[models.CertificateStatus].append(
            {**key, "from_day": valid[0], "status": "active", "recorded_at": self._recorded_at}
        )

    def farmer(
        self,
        org: str,
        code: str,
        person: dict[str, Any] | None = None,
        *,
        certificates: Sequence[str] = (),
        inspected_on: str | None = None,
    ) -> None:
        """A producer, its memberships under certificates (by number), and its internal inspection."""
        farmer = self._uid(code)
        self._rows[models.Farmer].append(
            {"org": org, "id": farmer, "code": code, "version": 1, "created_at": self._recorded_at}
        )
        if person is not None:
            self._rows[models.Person].append({"org": org, "farmer_id": farmer, **person})
        for number in certificates:
            membership = self._uid(f"{code}/{number}")
            self._rows[models.Membership].append(
                {
                    "org": org,
                    "id": membership,
                    "farmer_id": farmer,
                    "certificate_id": self._uid(number),
                    "joined_on": self._since,
                    "agreement_on": self._since,
                    "agreement_ref": f"MA-{code}",
                    "version": 1,
                }
            )
            self._rows[models.MembershipStatus].append(
                {
                    "org": org,
                    "membership_id": membership,
                    "from_day": self._since,
                    "status": "approved",
                    "recorded_at": self._recorded_at,
                }
            )
        if inspected_on is not None:
            self._rows[models.Inspection].append(
                {
                    "org": org,
                    "id": self._uid(f"{code}/inspection"),
                    "farmer_id": farmer,
                    "inspected_on": inspected_on,
                    "inspector": f"{org}-I1",
                    "valid": True,
                    "version": 1,
                    "recorded_at": self._recorded_at,
                }
            )

    def plot(
        self,
        org: str,
        farmer: str,
        crop: str,
        area_m2: int,
        position: tuple[int, int],
        *,
        conversion_start: str | None = None,
        zone: str | None = None,
    ) -> None:
        """The plot ``<farmer>-A`` at a point (latitude, longitude in micro-degrees)."""
        self._rows[models.Plot].append(
            {
                "org": org,
                "id": self._uid(f"{farmer}-A"),
                "farmer_id": self._uid(farmer),
                "code": f"{farmer}-A",
                "crop": crop,
                "area_m2": area_m2,
                "conversion_start": conversion_start,
                "country": self._country,
                "geometry": f'{{"coordinates":[{position[1]},{position[0]}],"type":"Point"}}',
                "version": 1,
                "zone": zone,
            }
        )

    def licence(self, org: str, vessel: str, number: str, valid: tuple[date, date], **known: str) -> None:
        """A licence to fish; ``known``: authority, flag, registration and IMO number of the vessel."""
        self._rows[models.Licence].append(
            {
                "org": org,
                "id": self._uid(number),
                "farmer_id": self._uid(vessel),
                "kind": "fishing",
                "number": number,
                "valid_from": valid[0].isoformat(),
                "valid_to": valid[1].isoformat(),
                "version": 1,
                **known,
            }
        )

    def estimate(self, org: str, farmer: str, season: str, product: str, grams: int) -> None:
        """What a farmer is expected to bring in a season."""
        self._rows[models.Estimate].append(
            {
                "org": org,
                "farmer_id": self._uid(farmer),
                "season": season,
                "product": product,
                "grams": grams,
                "version": 1,
            }
        )
