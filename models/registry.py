"""The registry: farmers and memberships, plots, sites and vessels, certificates. Ordinary versioned records.

A farmer is a code; name, sex, birth, contact live in ``person``, which can be erased without touching the log.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import grams, maybe_millis, millis, one_of, org_scoped, text

MEMBERSHIP_STATES = ("applied", "approved", "suspended", "withdrawn")
CERTIFICATE_STATES = ("active", "suspended", "withdrawn")
LICENCE_KINDS = ("fishing",)
SITE_KINDS = ("buying_station", "facility", "warehouse", "packhouse", "office", "port")
VESSEL_KINDS = ("fermentation_box", "drying_rack", "dryer", "tank", "silo")


@org_scoped
class Farmer(SQLModel, table=True):
    """A producer, known by a code that is never reused."""

    __tablename__ = "farmer"
    __table_args__ = (
        ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        UniqueConstraint("org_id", "code"),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    code: str
    version: int = 1
    created_at: int = millis()
    ended_at: int | None = maybe_millis()


@org_scoped
class Person(SQLModel, table=True):
    """The person behind a farmer's code: erasable."""

    __tablename__ = "person"
    __table_args__ = (ForeignKeyConstraint(["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"]),)

    org_id: int = Field(primary_key=True)
    farmer_id: str = Field(primary_key=True)
    full_name: str | None = None
    sex: str | None = None  # "F", "M", or not stated
    birth_year: int | None = None
    phone: str | None = None
    village: str | None = None
    identity_no: str | None = None  # of an official paper: one registration a person and product


@org_scoped
class Membership(SQLModel, table=True):
    """A farmer in the group that a certificate covers (EU 2018/848 Art. 36)."""

    __tablename__ = "membership"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"]),
        UniqueConstraint("org_id", "farmer_id", "certificate_id"),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    farmer_id: str
    certificate_id: str = Field(index=True)
    joined_on: str
    unit: str | None = None  # production unit: village or section
    agreement_on: str | None = None  # day the membership agreement was signed
    agreement_ref: str | None = None
    version: int = 1


@org_scoped
class MembershipStatus(SQLModel, table=True):
    """The state of a membership from a day on; back-dated states are further rows."""

    __tablename__ = "membership_status"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "membership_id"], ["membership.org_id", "membership.id"]),
        one_of("status", MEMBERSHIP_STATES),
    )

    org_id: int = Field(primary_key=True)
    membership_id: str = Field(primary_key=True)
    from_day: str = Field(primary_key=True)
    status: str
    reason: str | None = text(None)
    recorded_at: int = millis()


@org_scoped
class Inspection(SQLModel, table=True):
    """An internal inspection of a farmer: day, inspector, whether it counts."""

    __tablename__ = "inspection"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"]),
        Index("ix_inspection_farmer", "org_id", "farmer_id", "inspected_on"),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    farmer_id: str
    inspected_on: str
    inspector: str  # inspector's code
    valid: bool = True
    version: int = 1
    recorded_at: int = millis()


@org_scoped
class Plot(SQLModel, table=True):
    """A field: point or polygon (micro-degrees, GeoJSON order lon/lat), area, crop, start of conversion."""

    __tablename__ = "plot"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"]),
        UniqueConstraint("org_id", "code"),
        Index("ix_plot_farmer", "org_id", "farmer_id"),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    farmer_id: str
    code: str
    crop: str
    area_m2: int = Field(sa_type=BigInteger)
    conversion_start: str | None = None
    from_day: str | None = None  # since when the farmer works it; none: always
    geometry: str | None = text(None)  # JSON {"type": "Point"|"Polygon", "coordinates": micro-degrees}
    version: int = 1
    measured_m2: int | None = Field(default=None, sa_type=BigInteger)  # by geometry
    country: str | None = None
    zone: str | None = None  # delimited zone of a geographical indication
    variety: str | None = None
    planted_year: int | None = None
    last_treated_on: str | None = None  # last use of a substance that the scheme does not allow
    cleared_on: str | None = None  # forest cleared (EUDR: after 2020-12-31 disqualifies)
    screened_on: str | None = None  # looked up for deforestation
    screened_by: str | None = None
    judged: str = text("[]")  # JSON of findings about the geometry
    ended_at: int | None = maybe_millis()


@org_scoped
class Estimate(SQLModel, table=True):
    """What a farmer is expected to harvest in a season, in grams of the product named."""

    __tablename__ = "estimate"
    __table_args__ = (ForeignKeyConstraint(["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"]),)

    org_id: int = Field(primary_key=True)
    farmer_id: str = Field(primary_key=True)
    season: str = Field(primary_key=True)
    product: str = Field(primary_key=True)
    grams: int = grams()
    version: int = 1
    signed: bool = False  # the newest revision is signed by the ICS manager


@org_scoped
class Licence(SQLModel, table=True):
    """A licence of a producer with the days on which it is valid; of a fishing vessel, with what it is known by."""

    __tablename__ = "licence"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "farmer_id"], ["farmer.org_id", "farmer.id"]),
        UniqueConstraint("org_id", "kind", "number", "valid_from"),
        Index("ix_licence_farmer", "org_id", "farmer_id"),
        one_of("kind", LICENCE_KINDS),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    farmer_id: str
    kind: str
    number: str
    authority: str | None = None
    valid_from: str
    valid_to: str
    ended_on: str | None = None  # withdrawn: the first day on which it is not valid any more
    flag: str | None = None  # State whose flag the vessel flies (ISO 3166)
    registration: str | None = None
    imo: str | None = None  # number of the International Maritime Organization
    reason: str | None = text(None)  # why it was withdrawn
    version: int = 1


@org_scoped
class Site(SQLModel, table=True):
    """A place where goods are handled; ``org_id`` operates it."""

    __tablename__ = "site"
    __table_args__ = (
        ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        UniqueConstraint("org_id", "code"),
        one_of("kind", SITE_KINDS),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True, index=True)
    code: str
    name: str
    kind: str
    country: str
    region: str | None = None
    version: int = 1
    ended_at: int | None = maybe_millis()


@org_scoped
class SiteShare(SQLModel, table=True):
    """An organisation that may bring goods to a site of another."""

    __tablename__ = "site_share"
    __table_args__ = (ForeignKeyConstraint(["org_id", "site_id"], ["site.org_id", "site.id"]),)

    org_id: int = Field(primary_key=True)
    site_id: str = Field(primary_key=True)
    to_org_id: int = Field(primary_key=True, index=True)


@org_scoped
class Vessel(SQLModel, table=True):
    """A box, rack or dryer of a facility, with what it holds at most."""

    __tablename__ = "vessel"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "site_id"], ["site.org_id", "site.id"]),
        UniqueConstraint("org_id", "site_id", "code"),
        one_of("kind", VESSEL_KINDS),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True, index=True)
    site_id: str
    code: str
    kind: str
    capacity_g: int = grams()
    version: int = 1
    ended_at: int | None = maybe_millis()


@org_scoped
class Certificate(SQLModel, table=True):
    """A certificate: scheme, number, body, validity. ``org_id`` holds it. Scope and status are dated rows."""

    __tablename__ = "certificate"
    __table_args__ = (
        ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        UniqueConstraint("org_id", "scheme", "number"),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True, index=True)
    scheme: str
    number: str
    body: str
    body_code: str | None = None
    valid_from: str
    valid_to: str
    version: int = 1
    created_at: int = millis()
    zone: str | None = None  # delimited zone, of a geographical indication


@org_scoped
class CertificateProduct(SQLModel, table=True):
    """A product category that a certificate covers."""

    __tablename__ = "certificate_product"
    __table_args__ = (ForeignKeyConstraint(["org_id", "certificate_id"], ["certificate.org_id", "certificate.id"]),)

    org_id: int = Field(primary_key=True)
    certificate_id: str = Field(primary_key=True)
    category: str = Field(primary_key=True)
    from_day: str | None = None  # none: as long as the certificate
    to_day: str | None = None


@org_scoped
class CertificateSite(SQLModel, table=True):
    """A site that a certificate covers, from a day to a day (none: open)."""

    __tablename__ = "certificate_site"
    __table_args__ = (ForeignKeyConstraint(["org_id", "certificate_id"], ["certificate.org_id", "certificate.id"]),)

    org_id: int = Field(primary_key=True)
    certificate_id: str = Field(primary_key=True)
    site_id: str = Field(primary_key=True, index=True)
    from_day: str = Field(primary_key=True)
    to_day: str | None = None


@org_scoped
class CertificateStatus(SQLModel, table=True):
    """The status of a certificate from a day on."""

    __tablename__ = "certificate_status"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "certificate_id"], ["certificate.org_id", "certificate.id"]),
        one_of("status", CERTIFICATE_STATES),
    )

    org_id: int = Field(primary_key=True)
    certificate_id: str = Field(primary_key=True)
    from_day: str = Field(primary_key=True)
    status: str
    reason: str | None = text(None)
    recorded_at: int = millis()
