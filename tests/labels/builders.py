"""A lot of Liberian cocoa of a co-operative that does not exist, and what one changes of it for a test."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from domain.gs1 import digital_link
from domain.label_token import Token, label_url, signed_label, typed_code
from domain.passport import (
    Certificate,
    Claim,
    Measured,
    Origin,
    Passport,
    QualityCheck,
    Step,
    Verification,
)
from domain.trace import Edge, Node, Share, Trace
from domain.units import opening_code
from labels.unit_label import UnitLabel

URL = "HTTPS://T.EXAMPLE.ORG/L/7Q4K9ZTM2HXD1R8W"
ISSUED = datetime(2025, 1, 20, 9, 30, tzinfo=UTC)
COOP = "Tumutu Valley Cocoa Growers Co-operative"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

ORGANIC = Claim("EU_ORG", "EU organic 2018/848", "organic", True)
IN_CONVERSION = Claim("EU_ORG", "EU organic 2018/848", "in_conversion", True, (("PLOT_IN_CONVERSION", {"count": 3}),))
CONVENTIONAL = Claim("EU_ORG", "EU organic 2018/848", "conventional", False, (("COMMINGLED", {"count": 1}),))

PAPER = Certificate(
    scheme="EU_ORG",
    scheme_name="EU organic 2018/848",
    number="LR-BIO-149-0001",
    holder=COOP,
    body="Example Certification West Africa",
    body_code="LR-BIO-149",
    valid_from=date(2024, 9, 1),
    valid_to=date(2025, 12, 31),
    status="active",
)


def a_passport(**changes: Any) -> Passport:
    """An export lot of 200 bags, organic, in order. Named arguments replace what matters to a test."""
    return replace(_PASSPORT, **changes)


def an_unclaimed_passport(**changes: Any) -> Passport:
    """The same lot, conventional: it may not be called anything else."""
    return a_passport(**{"claims": (CONVENTIONAL,), "certificates": (), **changes})


def an_address(seed: int) -> tuple[str, str]:
    """A public code and its address, as the ledger makes them."""
    pick = random.Random(seed)
    code = "".join(pick.choice(ALPHABET) for _ in range(16))
    return code, f"HTTPS://T.EXAMPLE.ORG/L/{code}"


KEY_SECRET = sha256(b"label key of the tests").digest()
FOUR_NAMES = {
    "en": "Cocoa beans, dry",
    "fr": "Fèves de cacao séchées",
    "ar": "حبوب كاكاو مجففة",
    "ka": "კაკაოს მარცვალი, მშრალი",
}


def a_unit(number: int = 17, of: int = 300, passport: Passport | None = None, **changes: Any) -> UnitLabel:
    """A bag of the lot, with a code of its own and a signed label: symbol of version 7."""
    unit = sha256(f"unit {number}".encode()).digest()[:10]
    token = Token(7, unit, date(2025, 1, 18), 62_500, 3)
    link = digital_link("t.example.org", "09521321000018", "9521321", "LR-BK-2611-0042", token.code)
    made = UnitLabel(
        passport or a_passport(product=FOUR_NAMES),
        label_url("t.example.org", signed_label(token, KEY_SECRET)),
        typed_code(unit),
        number,
        of,
        62_500,
        link,
        date(2025, 1, 18),
        opening_code(KEY_SECRET, number),
    )
    return replace(made, **changes)


def shares(deliveries: int = 312, farmers: int = 128, grams: int = 12_500_000, seed: int = 7) -> list[Share]:
    """Deliveries of wet cocoa that make up ``grams`` of dry beans to the gram."""
    pick = random.Random(seed)
    weights = [pick.randint(400, 2000) for _ in range(deliveries)]
    parts = [grams * weight // sum(weights) for weight in weights]
    parts[-1] += grams - sum(parts)
    wet = [31_557_100 * weight // sum(weights) // 100 * 100 for weight in weights]
    wet[-1] += 31_557_100 - sum(wet)
    first = datetime(2024, 10, 3, 8, 0, tzinfo=UTC)
    return [
        Share(
            lot=f"00000000-0000-7000-8000-{number:012d}",
            code=f"LR-C1-D-{number:05d}",
            farmer=f"LR-C1-{pick.randint(1, farmers) if number >= farmers else number + 1:04d}",
            plot=None,
            at=first + timedelta(days=number * 88 // deliveries, minutes=pick.randint(0, 500)),
            delivered_g=delivered,
            grams=part,
        )
        for number, (delivered, part) in enumerate(zip(wet, parts, strict=True))
    ]


def a_trace(batches: int = 3, deliveries: int = 4, seed: int = 3, direction: str = "back") -> Trace:
    """An export lot from some fermented batches from some deliveries each."""
    pick = random.Random(seed)
    start = datetime(2024, 11, 4, 8, 0, tzinfo=UTC)
    nodes: list[Node] = []
    edges: list[Edge] = []
    dry: list[tuple[str, int, datetime]] = []
    for batch in range(batches):
        wet = 0
        at = start + timedelta(days=batch)
        dried = f"dry-{batch}"
        for number in range(deliveries):
            node = _node(
                f"d-{batch}-{number}",
                f"LR-C1-D-{batch * deliveries + number:05d}",
                "delivery",
                pick.randint(400, 2000) * 100,
                at,
            )
            value = "organic" if pick.random() < 0.7 else "in_conversion"
            farmer = f"LR-C1-{pick.randint(1, 400):04d}"
            nodes.append(replace(node, product="Cocoa beans, wet", farmer=farmer, claims={"EU_ORG": value}))
            edges.append(Edge(node.id, dried, node.grams, "transformed", f"e-{batch}", at))
            wet += node.grams
        grams = wet * 397 // 1000
        nodes.append(_node(dried, f"LR-F1-CB-{batch + 17:04d}", "lot", grams, at + timedelta(days=12)))
        dry.append((dried, grams, at))
    total = sum(grams for _, grams, _ in dry)
    root = replace(_node("root", "LR-BK-2611-0042", "lot", total, start + timedelta(days=40)), organisation=COOP)
    edges += [Edge(lot, "root", grams, "bulked", "e-bulk", root.at) for lot, grams, _ in dry]
    nodes.append(root)
    nodes.sort(key=lambda node: (node.at, node.id))
    return Trace(root, "back" if direction == "back" else "forward", tuple(nodes), tuple(edges), (), 0)


def _node(uid: str, code: str, kind: Any, grams: int, at: datetime) -> Node:
    return Node(
        id=uid,
        code=code,
        kind=kind,
        product="Cocoa beans, dry",
        grams=grams,
        at=at,
        organisation=COOP,
        site="Tumutu fermentary",
        farmer=None,
        plot=None,
        disposition="available",
        claims={"EU_ORG": "in_conversion"},
    )


_PASSPORT = Passport(
    url=URL,
    code="7Q4K9ZTM2HXD1R8W",
    state="valid",
    state_reason=None,
    state_since=None,
    version=1287,
    as_of=datetime(2025, 1, 20, 9, 30, tzinfo=UTC),
    lot_code="LR-BK-2611-0042",
    product={"en": "Cocoa beans, dry", "fr": "Fèves de cacao séchées"},
    hs_code="1801.00",
    net_g=12_500_000,
    units=200,
    unit_name={"en": "jute bag 62.5 kg", "fr": "sac de jute 62,5 kg"},
    season="2024/25",
    grade="G1",
    organisation=COOP,
    contact="office@tumutu.example, +231 555 0142",
    origin=Origin(
        country="LR",
        country_name={"en": "Liberia", "fr": "Libéria"},
        region="Bong County",
        deliveries=312,
        farmers=128,
        harvested_from=date(2024, 10, 2),
        harvested_to=date(2024, 12, 29),
    ),
    claims=(ORGANIC,),
    certificates=(PAPER,),
    steps=(
        Step("delivered", None, date(2024, 10, 3), date(2024, 12, 30), COOP, "Tumutu buying station", "LR", 201, 20_310_400, 20_310_400),
        Step("delivered", None, date(2024, 10, 5), date(2024, 12, 29), COOP, "Gbonota buying station", "LR", 111, 11_246_700, 11_246_700),
        Step("transformed", "ferment_dry", date(2024, 10, 4), date(2025, 1, 9), COOP, "Tumutu fermentary, boxes B1–B12", "LR", 34, 31_557_100, 12_528_600),
        Step("inspected", None, date(2025, 1, 10), date(2025, 1, 13), "Paynesville Quality Laboratory", "Paynesville", "LR", 34, None, None),
        Step("transformed", "redry", date(2025, 1, 11), date(2025, 1, 14), COOP, "Tumutu solar dryer D2", "LR", 6, 2_241_300, 2_212_700),
        Step("bulked", None, date(2025, 1, 16), date(2025, 1, 16), COOP, "Tumutu warehouse", "LR", 1, 12_500_000, 12_500_000),
        Step("inspected", None, date(2025, 1, 17), date(2025, 1, 17), "Paynesville Quality Laboratory", "Paynesville", "LR", 1, None, None),
        Step("packed", None, date(2025, 1, 18), date(2025, 1, 18), COOP, "Tumutu warehouse", "LR", 1, 12_500_000, 12_500_000),
    ),
    checks=(
        QualityCheck(
            "LR-BK-2611-0042",
            date(2025, 1, 17),
            "ISO 1114, ISO 2291",
            "Paynesville Quality Laboratory",
            "pass",
            "G1",
            (
                Measured("moisture", "7.1", "%", "8.0", True),
                Measured("mouldy", "1.33", "% of 300 beans", "3.0", True, 4, 300),
                Measured("slaty", "2.00", "% of 300 beans", "3.0", True, 6, 300),
                Measured("insect_germinated_flat", "0.67", "% of 300 beans", "3.0", True, 2, 300),
                Measured("violet", "4.00", "% of 300 beans", None, None, 12, 300),
                Measured("foreign_matter", "0.20", "% m/m", "0.75", True),
                Measured("bean_count", "97", "beans/100 g", None, None),
            ),
        ),
        QualityCheck("LR-F1-CB-0021", date(2025, 1, 13), "ISO 2291", "Paynesville Quality Laboratory", "pass", "G1",
                     (Measured("moisture", "7.4", "%", "8.0", True),)),
        QualityCheck("LR-F1-CB-0019", date(2025, 1, 11), "ISO 2291", "Paynesville Quality Laboratory", "fail", None,
                     (Measured("moisture", "8.3", "%", "8.0", False),)),
    ),
    verifications=(
        Verification(1, "label_known", "passed"),
        Verification(2, "not_blocked", "passed"),
        Verification(3, "balance", "passed", {"lots": 382}),
        Verification(4, "members", "passed", {"deliveries": 312, "failed": 0}),
        Verification(5, "certificates", "passed", {"certificates": 1, "ended": 0}),
        Verification(6, "quality", "passed", {"grade": "G1"}),
        Verification(7, "history", "not_checked", {"events": 1287}),
    ),
    issued_at=ISSUED,
)  # fmt: skip
