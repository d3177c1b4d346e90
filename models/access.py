"""Who may: organisations, their users, browser sessions and API keys."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import maybe_millis, millis, one_of, org_scoped, text

ORGANISATION_KINDS = (
    "farmer_group",
    "facility_operator",
    "exporter",
    "buyer",
    "certifier",
    "laboratory",
    "operator",
)


class Organisation(SQLModel, table=True):
    """A party of the cluster. ``id`` is the ``org_id`` of every row that it owns."""

    __tablename__ = "organisation"
    __table_args__ = (one_of("kind", ORGANISATION_KINDS),)

    id: int = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str
    kind: str
    country: str
    region: str | None = None
    contact: str | None = None
    version: int = 1
    created_at: int = millis()


@org_scoped
class User(SQLModel, table=True):
    """A person with a login ``name@ORG-CODE`` and a role."""

    __tablename__ = "app_user"
    __table_args__ = (
        ForeignKeyConstraint(["org_id"], ["organisation.id"]),
        UniqueConstraint("org_id", "name"),
    )

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True)
    name: str
    full_name: str
    role: str
    password_hash: str | None = None
    version: int = 1
    created_at: int = millis()
    disabled_at: int | None = maybe_millis()


@org_scoped
class WebSession(SQLModel, table=True):
    """An opaque browser session; only the SHA-256 of the token is kept."""

    __tablename__ = "web_session"
    __table_args__ = (ForeignKeyConstraint(["org_id", "user_id"], ["app_user.org_id", "app_user.id"]),)

    org_id: int = Field(primary_key=True)
    token_sha256: str = Field(primary_key=True, index=True)
    user_id: str
    created_at: int = millis()
    seen_at: int = millis()
    ended_at: int | None = maybe_millis()


@org_scoped
class ApiKey(SQLModel, table=True):
    """A key ``flk_<id>_<secret>`` of an integration: scopes, an end date; only the SHA-256 of the secret is kept."""

    __tablename__ = "api_key"
    __table_args__ = (ForeignKeyConstraint(["org_id"], ["organisation.id"]),)

    org_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True, index=True)
    name: str
    secret_sha256: str
    scopes: str = text()  # space separated, sorted
    created_by: str
    created_at: int = millis()
    expires_at: int = millis()
    used_at: int | None = maybe_millis()
    revoked_at: int | None = maybe_millis()
