"""What the world may know of a labelled lot: the one view behind the page, its JSON, the label and the certificate.

Everything personal is left out by construction: no farmer, no price, no exact position (``docs/decisions``).
Texts are codes with parameters; ``labels.texts`` holds the sentences in English and French.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from domain.quality import Ordered

State = Literal["valid", "on_hold", "recalled", "superseded", "revoked"]
Answer = Literal["passed", "failed", "not_applicable", "not_checked"]
Params = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A paper that stands behind a claim, as it stands today."""

    scheme: str  # "EU_ORG"
    scheme_name: str  # "EU organic 2018/848"
    number: str  # "LR-BIO-149-0001"
    holder: str  # name of the organisation that holds it
    body: str  # name of the certification body
    body_code: str | None  # code number of the control body, e.g. "LR-BIO-149"
    valid_from: date
    valid_to: date
    status: Literal["active", "suspended", "withdrawn", "expired"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What may be said of the lot under one scheme, and why not more."""

    scheme: str
    scheme_name: str
    value: str  # "organic" | "in_conversion" | "conventional"
    granted: bool  # false for the lowest value of the scheme: nothing may be claimed
    reasons: tuple[tuple[str, Params], ...] = ()  # (code, params), gravest first


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story, oldest first. ``count`` sums equal steps (412 deliveries)."""

    kind: str  # event type: "delivered", "received", "transformed", "shipped", ...
    process: str | None  # for "transformed": "ferment_dry", "redry", ...
    first_at: date
    last_at: date
    organisation: str
    site: str | None
    country: str | None
    count: int
    grams_in: int | None
    grams_out: int | None


@dataclass(frozen=True, slots=True)
class Measured:
    """One measured value beside its limit, as printed.

    ``below``: the value is the limit of quantification, and less than that was found. ``samples``: it is the worst
    of so many that were tested apart.
    """

    test: str  # "moisture", "mouldy", "slaty", "insect_germinated_flat", ...
    value: str  # "7.1" (decimal text), or a count
    unit: str  # "%"
    limit: str | None  # "8.0"
    passed: bool | None  # None: information only
    count: int | None = None  # cut test: beans found ...
    of: int | None = None  # ... of how many
    name: dict[str, str] | None = None  # of the test, in the words of the commodity's profile
    below: bool = False
    samples: int | None = None


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """One quality-control act on a sample of this lot or of a lot it was made from."""

    lot_code: str
    at: date
    method: str | None  # "ISO 1114", "ISO 2291"
    by: str  # organisation
    verdict: Literal["pass", "fail"]
    grade: str | None
    measured: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """One numbered question that the page answers. Numbers are the same on page and in JSON."""

    number: int
    code: str  # "label_known", "not_blocked", "balance", "members", "certificates", "quality", "history"
    answer: Answer
    params: Params = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the goods come from, coarse enough to name nobody (fewer than five farmers: no figures)."""

    country: str  # ISO 3166 alpha-2
    country_name: dict[str, str]  # {"en": "Liberia", "fr": "Libéria"}
    region: str | None
    deliveries: int
    farmers: int | None
    harvested_from: date | None
    harvested_to: date | None


@dataclass(frozen=True, slots=True)
class Passport:
    """Everything that the public page, the label and the certificate say about one lot."""

    url: str  # exactly what the QR holds
    code: str  # public code as typed, 16 characters of Crockford base32
    state: State
    state_reason: tuple[str, Params] | None  # why it is not "valid"
    state_since: datetime | None
    version: int  # grows with every change of the facts shown
    as_of: datetime  # the moment of the newest fact
    lot_code: str
    product: dict[str, str]  # {"en": "Cocoa beans, dry", "fr": "Fèves de cacao séchées"}; labels also "ar", "ka"
    hs_code: str | None
    net_g: int
    units: int | None  # bags packed
    unit_name: dict[str, str] | None  # {"en": "jute bag 62.5 kg", ...}
    season: str | None  # "2024/25"
    grade: str | None
    organisation: str  # who issued the label and answers for it
    contact: str | None  # how to reach them (an office, never a person)
    origin: Origin
    claims: tuple[Claim, ...]
    certificates: tuple[Certificate, ...]
    steps: tuple[Step, ...]
    checks: tuple[QualityCheck, ...]
    verifications: tuple[Verification, ...]
    issued_at: datetime
    superseded_by: str | None = None  # URL of the label that replaces this one
    declares: tuple[str, ...] = ()  # allergens that the label names: "sulphites"
    ordered: Ordered | None = None  # tests ordered of this lot; none: none were
