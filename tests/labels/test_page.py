"""The public page: what it says in every state and both languages, how it says figures, and what it never says."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from typing import get_args

import pytest

from domain.events import EVENT_TYPES
from domain.passport import (
    Answer,
    Certificate,
    Claim,
    Measured,
    Origin,
    Passport,
    QualityCheck,
    State,
    Step,
    Verification,
)
from labels import page, texts
from labels.page import (
    CHECKED_AT,
    csp_style_hash,
    negotiate,
    page_html,
    page_json,
    start_html,
    unknown_html,
)
from labels.texts import LANGS, TEXTS, Lang

ORG = "Nimba Hills Cocoa Farmers' Cooperative"
EXPORTER = "Mesurado Cocoa Exports Ltd"
LAB = "Ganta Quality Laboratory"
HOST = "t.filiere.example"
URL = "HTTPS://T.FILIERE.EXAMPLE/L/7Q4K9ZTM2HXD1R8W"
LOT = "LR-NH-2501-0042"
NEVER = re.compile(r"genuine|authenti|guarant|garanti|100\s?%", re.IGNORECASE)


# --- a realistic lot: 12.5 t of Liberian cocoa -----------------------------------------------------------------------


def cut_test(mouldy: int = 9, slaty: int = 4, other: int = 5, moisture: str = "7.1") -> tuple[Measured, ...]:
    """A moisture reading and an ISO 1114 cut test against grade 1."""

    def share(n: int) -> str:
        return f"{n / 3:.1f}"

    return (
        Measured("moisture", moisture, "%", "8.0", passed=float(moisture) <= 8),
        Measured("mouldy", share(mouldy), "%", "3", passed=mouldy <= 9, count=mouldy, of=300),
        Measured("slaty", share(slaty), "%", "3", passed=slaty <= 9, count=slaty, of=300),
        Measured("insect_germinated_flat", share(other), "%", "3", passed=other <= 9, count=other, of=300),
        Measured("violet", "14.0", "%", None, passed=None, count=42, of=300),
        Measured("bean_count", "96", "beans/100 g", "100", passed=True),
    )


def a_check(day: date, lot: str = LOT, *, passed: bool = True) -> QualityCheck:
    return QualityCheck(
        lot_code=lot,
        at=day,
        method="ISO 1114, ISO 2291",
        by=LAB,
        verdict="pass" if passed else "fail",
        grade="G1" if passed else None,
        measured=cut_test() if passed else cut_test(mouldy=14, moisture="8.3"),
    )


COOP_CERTIFICATE = Certificate(
    scheme="EU_ORG",
    scheme_name="EU organic 2018/848",
    number="LR-BIO-149-0001",
    holder=ORG,
    body="Harbour Certification GmbH",
    body_code="LR-BIO-149",
    valid_from=date(2025, 1, 1),
    valid_to=date(2025, 12, 31),
    status="active",
)
EXPORT_CERTIFICATE = replace(COOP_CERTIFICATE, number="LR-BIO-149-0017", holder=EXPORTER)

ORGANIC = Claim("EU_ORG", "EU organic 2018/848", "organic", granted=True)
IN_CONVERSION = Claim(
    "EU_ORG",
    "EU organic 2018/848",
    "in_conversion",
    granted=True,
    reasons=(
        (
            "PLOT_IN_CONVERSION",
            {
                "scheme": "EU_ORG",
                "plot": "NH-0231-P2",
                "since": "2023-03-01",
                "harvested_on": "2024-12-04",
                "organic_from": "2026-03-01",
            },
        ),
    ),
)
NOT_GRANTED = Claim(
    "EU_ORG",
    "EU organic 2018/848",
    "conventional",
    granted=False,
    reasons=(
        ("NOT_ON_APPROVED_LIST", {"scheme": "EU_ORG", "farmer": "NH-0999"}),
        ("NOT_ON_APPROVED_LIST", {"scheme": "EU_ORG", "farmer": "NH-1001"}),
        ("SITE_NOT_IN_SCOPE", {"scheme": "EU_ORG", "site": "Dryer D2, Ganta", "day": "2024-10-09"}),
    ),
)

STEPS = (
    Step("delivered", None, date(2024, 11, 18), date(2024, 12, 20), ORG, "Buying station Ganta", "LR", 281, None, 34_210_500),
    Step("received", None, date(2024, 11, 18), date(2024, 12, 20), ORG, "Ganta fermentary", "LR", 24, 34_210_500, 34_178_000),
    Step("loaded", None, date(2024, 11, 18), date(2024, 12, 21), ORG, "Ganta fermentary", "LR", 36, 34_178_000, None),
    Step("turned", None, date(2024, 11, 20), date(2024, 12, 25), ORG, "Ganta fermentary", "LR", 108, None, None),
    Step(
        "transformed", "ferment_dry", date(2024, 11, 28), date(2025, 1, 4), ORG, "Ganta fermentary", "LR", 36,
        34_178_000, 12_978_400,
    ),
    Step("inspected", None, date(2024, 11, 29), date(2025, 1, 6), LAB, None, "LR", 9, None, None),
    Step("bulked", None, date(2025, 1, 7), date(2025, 1, 7), ORG, "Ganta warehouse", "LR", 1, 12_978_400, 12_978_400),
    Step("transformed", "redry", date(2025, 1, 9), date(2025, 1, 10), ORG, "Ganta warehouse", "LR", 1, 12_978_400, 12_548_300),
    Step("lost", None, date(2025, 1, 10), date(2025, 1, 10), ORG, "Ganta warehouse", "LR", 1, 48_300, None),
    Step("transfer_accepted", None, date(2025, 1, 14), date(2025, 1, 14), EXPORTER, "Monrovia warehouse", "LR", 1, None, 12_500_000),
    Step("packed", None, date(2025, 1, 15), date(2025, 1, 15), EXPORTER, "Monrovia warehouse", "LR", 1, None, 12_500_000),
    Step("shipped", None, date(2025, 1, 21), date(2025, 1, 21), EXPORTER, "Freeport of Monrovia", "LR", 1, 12_500_000, None),
)  # fmt: skip

VERIFICATIONS = (
    Verification(1, "label_known", "passed"),
    Verification(2, "not_blocked", "passed"),
    Verification(3, "balance", "passed"),
    Verification(4, "members", "passed", {"farmers": 240, "deliveries": 281}),
    Verification(5, "certificates", "passed", {"until": "2025-12-31"}),
    Verification(6, "quality", "passed"),
    Verification(7, "history", "not_checked"),
)


def a_passport(**changes: object) -> Passport:
    """The lot in order; name only what is different."""
    passport = Passport(
        url=URL,
        code="7Q4K9ZTM2HXD1R8W",
        state="valid",
        state_reason=None,
        state_since=None,
        version=17,
        as_of=datetime(2025, 1, 21, 9, 40, tzinfo=UTC),
        lot_code=LOT,
        product={"en": "Cocoa beans, dry", "fr": "Fèves de cacao séchées"},
        hs_code="1801",
        net_g=12_500_000,
        units=200,
        unit_name={"en": "jute bag 62.5 kg", "fr": "sac de jute 62,5 kg"},
        season="2024/25",
        grade="G1",
        organisation=ORG,
        contact="office@nimbahills.example",
        origin=Origin(
            country="LR",
            country_name={"en": "Liberia", "fr": "Libéria"},
            region="Nimba County",
            deliveries=281,
            farmers=240,
            harvested_from=date(2024, 11, 16),
            harvested_to=date(2024, 12, 19),
        ),
        claims=(ORGANIC,),
        certificates=(COOP_CERTIFICATE, EXPORT_CERTIFICATE),
        steps=STEPS,
        checks=(a_check(date(2025, 1, 13)), a_check(date(2025, 1, 6), "LR-NH-2501-0039")),
        verifications=VERIFICATIONS,
        issued_at=datetime(2025, 1, 15, 16, 20, tzinfo=UTC),
    )
    return replace(passport, **changes)  # type: ignore[arg-type]


def blocked(answer: Answer = "failed") -> tuple[Verification, ...]:
    return (VERIFICATIONS[0], Verification(2, "not_blocked", answer), *VERIFICATIONS[2:])


SINCE = datetime(2025, 2, 3, 8, 12, tzinfo=UTC)
STATES: dict[str, Passport] = {
    "valid": a_passport(),
    "in_conversion": a_passport(claims=(IN_CONVERSION,)),
    "not_granted": a_passport(
        claims=(NOT_GRANTED,),
        verifications=(*VERIFICATIONS[:4], Verification(5, "certificates", "not_applicable"), *VERIFICATIONS[5:]),
    ),
    "on_hold": a_passport(
        state="on_hold",
        state_reason=("HOLD", {"reason": "Second moisture reading before loading"}),
        state_since=SINCE,
        verifications=blocked(),
    ),
    "failed_quality": a_passport(
        state="on_hold",
        state_reason=("QUALITY_FAILED", {"lot": LOT, "test": "mouldy", "value": "4.7", "unit": "%", "limit": "3"}),
        state_since=SINCE,
        checks=(a_check(date(2025, 2, 3), passed=False), *a_passport().checks),
        verifications=(*blocked()[:5], Verification(6, "quality", "failed"), VERIFICATIONS[6]),
    ),
    "cert_expired": a_passport(
        state="on_hold",
        state_reason=("CERT_EXPIRED", {"certificate": COOP_CERTIFICATE.number}),
        state_since=SINCE,
        certificates=(replace(COOP_CERTIFICATE, status="expired"), EXPORT_CERTIFICATE),
        verifications=(*VERIFICATIONS[:4], Verification(5, "certificates", "failed"), *VERIFICATIONS[5:]),
    ),
    "claim_lowered": a_passport(
        state="on_hold",
        state_reason=("CLAIM_LOWERED", {"scheme": "EU_ORG"}),
        state_since=SINCE,
        claims=(IN_CONVERSION,),
    ),
    "recalled": a_passport(
        state="recalled",
        state_reason=("RECALLED", {"reason": "PAH above 30 \u00b5g/kg in a retained sample"}),
        state_since=SINCE,
        verifications=blocked(),
    ),
    "superseded": a_passport(
        state="superseded",
        state_reason=("SUPERSEDED", {}),
        state_since=SINCE,
        superseded_by="HTTPS://T.FILIERE.EXAMPLE/L/3M8XQ0ZB6VDK5N1T",
    ),
    "revoked": a_passport(
        state="revoked",
        state_reason=("REVOKED", {"reason": "Printed for the wrong lot"}),
        state_since=SINCE,
        verifications=blocked(),
    ),
}


def a_big_passport(**changes: object) -> Passport:
    """As much as a page has to carry: 12 steps, 40 checks, three claims, six certificates."""
    first = date(2024, 11, 20)
    checks = tuple(
        a_check(first + timedelta(days=n), f"LR-NH-24{11 + n // 20}-{n:04d}", passed=n % 13 != 7) for n in range(40)
    )
    certificates = tuple(replace(COOP_CERTIFICATE, number=f"LR-BIO-149-{n:04d}") for n in range(6))
    return a_passport(checks=checks, certificates=certificates, claims=(IN_CONVERSION, NOT_GRANTED, ORGANIC), **changes)
