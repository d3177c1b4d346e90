"""Sessions, users, API keys and organisations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Header, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator
from sqlmodel import select

import models
from api.access import Needs, Public, Routes, SignedIn
from api.auth import caller_of, drop_cookie, require_same_site, set_cookie
from api.deps import Caller, CallerDep, LedgerDep, LedgerReadDep, ReadDep
from api.problems import Problem
from domain.events import Note
from ledger import access
from ledger.access import PASSWORD_MOST, ROLES, SCOPES
from models.db import scoped_session

routes = Routes(prefix="/v1")

# --- shapes ---------------------------------------------------------------------------------------------------------


class Body(BaseModel):
    """What is sent: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


Text = Annotated[Note, StringConstraints(max_length=200, pattern=r"\S")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
UserName = Annotated[str, StringConstraints(pattern=access.USER_NAME)]
OrgCode = Annotated[str, StringConstraints(pattern=access.ORG_CODE)]
Password = Annotated[SecretStr, Field(max_length=PASSWORD_MOST)]
Role = Literal["admin", "operator", "ics_manager", "clerk", "quality", "viewer"]
Scope = Literal[
    "registry:read",
    "registry:write",
    "lots:read",
    "events:write",
    "quality:write",
    "recall:write",
    "labels:issue",
    "users:manage",
    "deployment:manage",
]
Kind = Literal["farmer_group", "facility_operator", "exporter", "buyer", "certifier", "laboratory", "operator"]
assert set(Role.__args__) == set(ROLES)  # type: ignore[attr-defined]
assert set(Scope.__args__) == set(SCOPES)  # type: ignore[attr-defined]


def given(value: Any) -> Any:
    """A change may leave a field out; ``null`` would take away what every record has."""
    if value is None:
        message = "this cannot be taken away: leave it out to keep it"
        raise ValueError(message)
    return value


_LOGIN = "musu.kollie@KOOP-BONG"
_PHRASE = "seven wet boots by the door"


class LoginIn(Body):
    login: Annotated[str, Field(max_length=100, description="name@ORG-CODE", examples=[_LOGIN])]
    password: Annotated[Password, Field(examples=[_PHRASE])]


class SessionOut(BaseModel):
    """Who you are here, and what you may do."""

    organisation: str
    organisation_name: str
    user_id: str | None
    name: str | None = Field(description="full name of the user, or the name of the API key")
    role: Role | None
    scopes: list[Scope]


class UserIn(Body):
    name: Annotated[UserName, Field(examples=["musu.kollie"])]
    full_name: Annotated[Text, Field(examples=["Musu Kollie"])]
    role: Annotated[Role, Field(examples=["clerk"])]
    password: Annotated[Password | None, Field(default=None, examples=[_PHRASE])]


class UserChange(Body):
    full_name: Annotated[Text | None, Field(default=None, examples=["Musu Kollie"])]
    role: Annotated[Role | None, Field(default=None, examples=["ics_manager"])]
    disabled: Annotated[bool | None, Field(default=None, strict=True, examples=[False])]

    _given = field_validator("full_name", "role", "disabled", mode="before")(given)


class UserOut(BaseModel):
    id: str
    name: str
    full_name: str
    role: str
    version: int
    created_at: datetime
    disabled_at: datetime | None


class PasswordIn(Body):
    password: Annotated[Password, Field(examples=["nine dry racks under one roof"])]
    current_password: Annotated[
        Password | None,
        Field(default=None, description="needed when you change your own", examples=[_PHRASE]),
    ]


class KeyIn(Body):
    name: Annotated[Text, Field(examples=["buying station scale"])]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES), examples=[["events:write"]])]
    days: Annotated[int, Field(strict=True, ge=1, le=access.KEY_DAYS, examples=[90])]


class KeyOut(BaseModel):
    id: str
    name: str
    scopes: list[str]
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class NewKeyOut(KeyOut):
    key: str = Field(description="The key itself. It is told once and kept nowhere.")


class OrganisationIn(Body):
    code: Annotated[OrgCode, Field(examples=["KOOP-BONG"])]
    name: Annotated[Text, Field(examples=["Bong Cocoa Cooperative"])]
    kind: Annotated[Kind, Field(examples=["farmer_group"])]
    country: Annotated[Country, Field(examples=["LR"])]
    region: Annotated[Text | None, Field(default=None, examples=["Bong"])]
    contact: Annotated[Text | None, Field(default=None, examples=["office@koop-bong.example"])]
    admin_name: Annotated[UserName, Field(examples=["musu.kollie"])]
    admin_full_name: Annotated[Text, Field(examples=["Musu Kollie"])]
    password: Annotated[Password, Field(examples=[_PHRASE])]


class OrganisationChange(Body):
    name: Annotated[Text | None, Field(default=None, examples=["Bong Cocoa Cooperative"])]
    region: Annotated[Text | None, Field(default=None, examples=["Bong"])]
    contact: Annotated[Text | None, Field(default=None, examples=["office@koop-bong.example"])]

    _given = field_validator("name", mode="before")(given)


class OrganisationOut(BaseModel):
    id: int
    code: str
    name: str
    kind: str
    country: str
    region: str | None
    contact: str | None
    version: int
    created_at: datetime


class FoundedOut(BaseModel):
    organisation: OrganisationOut
    admin_user_id: str
    login: str


class UserPage(BaseModel):
    data: list[UserOut]
    next: str | None


class KeyPage(BaseModel):
    data: list[KeyOut]
    next: str | None


class OrganisationPage(BaseModel):
    data: list[OrganisationOut]
    next: str | None


class Listing(Body):
    """Which part of a list."""

    limit: int = Field(50, ge=1, le=200)
    after: str | None = Field(None, max_length=40, description="``next`` of the page before")


ListingDep = Annotated[Listing, Query()]
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


def version_sent(if_match: Annotated[str | None, Header(description="the ETag that was read")] = None) -> int:
    """The version that a change was made from; 428 where it is not said."""
    if if_match is None:
        raise Problem(428, "version-required", "Send If-Match with the ETag of the record that you read.")
    digits = if_match.strip().removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):  # noqa: PLR2004 - a column of 32 bits
        raise Problem(412, "CHANGED_MEANWHILE", "If-Match names no version of this record.")
    return int(digits)


VersionDep = Annotated[int, Depends(version_sent)]


def _at(millis: int | None) -> datetime | None:
    return None if millis is None else datetime.fromtimestamp(millis / 1000, UTC)


def _shown(row: Any, **more: Any) -> dict[str, Any]:
    """A row with its instants as such. The answer's model picks what leaves; hashes are in none of them."""
    values: dict[str, Any] = row.model_dump()
    for name in ("created_at", "disabled_at", "expires_at", "used_at", "revoked_at"):
        if name in values:
            values[name] = _at(values[name])
    return values | more


def _user(row: models.User) -> UserOut:
    return UserOut.model_validate(_shown(row))


def _key(row: models.ApiKey) -> KeyOut:
    return KeyOut.model_validate(_shown(row, scopes=row.scopes.split()))


def _organisation(row: models.Organisation) -> OrganisationOut:
    return OrganisationOut.model_validate(_shown(row))


def _tagged(response: Response, version: int) -> None:
    response.headers["etag"] = f'"{version}"'


def _next(rows: list[Any], limit: int, field: str) -> tuple[list[Any], str | None]:
    """One more row than asked for was read: there is a next page if it is there."""
    return rows[:limit], (str(getattr(rows[limit - 1], field)) if len(rows) > limit else None)


# --- session --------------------------------------------------------------------------------------------------------


def _session_out(caller: Caller) -> SessionOut:
    return SessionOut.model_validate(
        {
            "organisation": caller.org_code,
            "organisation_name": caller.org_name,
            "user_id": caller.user_id,
            "name": caller.full_name,
            "role": caller.role,
            "scopes": sorted(caller.scopes),
        }
    )


@routes.post(
    "/session",
    access=Public("this is the login"),
    tags=["session"],
    name="begin",
    summary="Log in: answers a cookie",
    status_code=201,
)
def begin_session(body: LoginIn, request: Request, response: Response, recorder: LedgerDep) -> SessionOut:
    """Five attempts a minute for an account, whether they succeed or not."""
    require_same_site(request)
    request.app.state.limits.login(request.scope, body.login.strip().casefold())
    begun = access.log_in(recorder, body.login, body.password.get_secret_value())
    if begun is None:
        raise Problem(401, "wrong-login", "The login name or the password is not right.")
    token, signed = begun
    set_cookie(response, request.app.state.settings, token)
    return _session_out(caller_of(signed))


@routes.get("/session", access=SignedIn(), tags=["session"], name="show", summary="Who you are, and your rights")
def show_session(caller: CallerDep) -> SessionOut:
    return _session_out(caller)


@routes.delete("/session", access=SignedIn(), tags=["session"], name="end", summary="Log out", status_code=204)
def end_session(caller: CallerDep, request: Request, recorder: LedgerDep) -> Response:
    """Ends the session of the cookie. An API key has none: revoke it instead."""
    response = Response(status_code=204)
    if caller.user_id is not None:
        access.end_session(recorder, caller.org_id, caller.mark)
        drop_cookie(response, request.app.state.settings)
    return response


# --- users ----------------------------------------------------------------------------------------------------------


@routes.get("/users", access=Needs("users:manage"), tags=["users"], name="list", summary="The organisation's users")
def list_users(session: ReadDep, listing: ListingDep) -> UserPage:
    query = select(models.User).order_by(models.User.id).limit(listing.limit + 1)
    if listing.after is not None:
        query = query.where(models.User.id > listing.after)
    rows, following = _next(list(session.scalars(query)), listing.limit, "id")
    return UserPage(data=[_user(row) for row in rows], next=following)


@routes.post("/users", access=Needs("users:manage"), tags=["users"], name="add", summary="Add a user", status_code=201)
def add_user(body: UserIn, caller: CallerDep, recorder: LedgerDep, response: Response) -> UserOut:
    """You give away no right that you do not have. Without a password nobody logs in until one is set."""
    row = access.add_user(
        recorder,
        caller.org_id,
        caller.scopes,
        name=body.name,
        full_name=body.full_name,
        role=body.role,
        password=body.password.get_secret_value() if body.password else None,
    )
    _tagged(response, row.version)
    response.headers["location"] = f"/v1/users/{row.id}"
    return _user(row)


@routes.get("/users/{user_id}", access=Needs("users:manage"), tags=["users"], name="show", summary="One user")
def show_user(user_id: Id, caller: CallerDep, session: ReadDep, response: Response) -> UserOut:
    row = access.user(session, caller.org_id, user_id)
    _tagged(response, row.version)
    return _user(row)


@routes.patch(
    "/users/{user_id}",
    access=Needs("users:manage"),
    tags=["users"],
    name="change",
    summary="Change a user's name, role or access",
)
def change_user(
    user_id: Id,
    body: UserChange,
    version: VersionDep,
    caller: CallerDep,
    recorder: LedgerDep,
    response: Response,
) -> UserOut:
    """Needs `If-Match` with the ETag that you read. A new role, or none, ends the user's sessions."""
    row = access.change_user(
        recorder,
        caller.org_id,
        caller.scopes,
        user_id,
        version,
        full_name=body.full_name,
        role=body.role,
        disabled=body.disabled,
    )
    _tagged(response, row.version)
    return _user(row)


@routes.post(
    "/users/{user_id}/password",
    access=SignedIn(),
    tags=["users"],
    name="set_password",
    summary="Set a password, your own or another's",
    status_code=204,
)
def set_password(user_id: Id, body: PasswordIn, caller: CallerDep, recorder: LedgerDep, request: Request) -> Response:
    """Your own needs the current one; another's needs the right to manage users. All sessions of the user end."""
    own = user_id == caller.user_id
    if not own and "users:manage" not in caller.scopes:
        raise Problem(
            403,
            "not-permitted",
            "Your account cannot do this: it lacks “users:manage”.",
            advice="Ask an administrator of your organisation.",
        )
    if own:
        request.app.state.limits.login(request.scope, f"{caller.org_id}/{user_id}")
    access.set_password(
        recorder,
        caller.org_id,
        None if own else caller.scopes,
        user_id,
        body.password.get_secret_value(),
        body.current_password.get_secret_value() if body.current_password else None,
    )
    response = Response(status_code=204)
    if own and (begun := access.begin_session(recorder, caller.org_id, user_id)):
        set_cookie(response, request.app.state.settings, begun[0])
    return response


# --- API keys -------------------------------------------------------------------------------------------------------


@routes.get("/api-keys", access=Needs("users:manage"), tags=["api-keys"], name="list", summary="API keys")
def list_keys(session: ReadDep, listing: ListingDep) -> KeyPage:
    """What each may do, who made it, and when it was last used. The keys themselves are kept nowhere."""
    query = select(models.ApiKey).order_by(models.ApiKey.id).limit(listing.limit + 1)
    if listing.after is not None:
        query = query.where(models.ApiKey.id > listing.after)
    rows, following = _next(list(session.scalars(query)), listing.limit, "id")
    return KeyPage(data=[_key(row) for row in rows], next=following)


@routes.post(
    "/api-keys",
    access=Needs("users:manage"),
    tags=["api-keys"],
    name="make",
    summary="Make an API key",
    status_code=201,
)
def make_key(body: KeyIn, caller: CallerDep, recorder: LedgerDep) -> NewKeyOut:
    """A person makes it, and it never does more than that person may: not after they were disabled either."""
    if caller.user_id is None:
        raise Problem(403, "not-permitted", "A key cannot make keys.", advice="Log in as a user.")
    row, key = access.add_key(
        recorder,
        caller.org_id,
        caller.scopes,
        name=body.name,
        scopes=body.scopes,
        days=body.days,
        made_by=caller.user_id,
    )
    return NewKeyOut(**_key(row).model_dump(), key=key)


@routes.post(
    "/api-keys/{key_id}/revoke",
    access=Needs("users:manage"),
    tags=["api-keys"],
    name="revoke",
    summary="Revoke an API key at once",
)
def revoke_key(key_id: Id, caller: CallerDep, recorder: LedgerDep) -> KeyOut:
    return _key(access.revoke_key(recorder, caller.org_id, key_id))


# --- organisations --------------------------------------------------------------------------------------------------


@routes.get("/organisation", access=SignedIn(), tags=["organisations"], name="own", summary="Your organisation")
def show_organisation(caller: CallerDep, session: LedgerReadDep, response: Response) -> OrganisationOut:
    row = session.get_one(models.Organisation, caller.org_id)
    _tagged(response, row.version)
    return _organisation(row)


@routes.patch(
    "/organisation",
    access=Needs("users:manage"),
    tags=["organisations"],
    name="change",
    summary="Change your organisation's record",
)
def change_organisation(
    body: OrganisationChange, version: VersionDep, caller: CallerDep, recorder: LedgerDep, response: Response
) -> OrganisationOut:
    """Needs `If-Match` with the ETag that you read. `null` clears region or contact; the code never changes."""
    changes = body.model_dump(exclude_unset=True)
    row = access.change_organisation(recorder, caller.org_id, version, changes)
    _tagged(response, row.version)
    return _organisation(row)


@routes.get(
    "/organisations",
    access=Needs("deployment:manage"),
    tags=["organisations"],
    name="list",
    summary="All organisations of this deployment",
)
def list_organisations(session: LedgerReadDep, listing: ListingDep) -> OrganisationPage:
    query = select(models.Organisation).order_by(models.Organisation.code).limit(listing.limit + 1)
    if listing.after is not None:
        query = query.where(models.Organisation.code > listing.after)
    rows, following = _next(list(session.scalars(query)), listing.limit, "code")
    return OrganisationPage(data=[_organisation(row) for row in rows], next=following)


@routes.post(
    "/organisations",
    access=Needs("deployment:manage"),
    tags=["organisations"],
    name="found",
    summary="Found an organisation",
    status_code=201,
)
def found_organisation(body: OrganisationIn, recorder: LedgerDep) -> FoundedOut:
    """With its first administrator, whose password you give: there is no default."""
    org_id, user_id = access.found(
        recorder,
        body.code,
        body.name,
        body.kind,
        body.country,
        body.region,
        body.contact,
        body.admin_name,
        body.admin_full_name,
        body.password.get_secret_value(),
    )
    with scoped_session(recorder.database, org_id, write=False) as session:
        row = session.get_one(models.Organisation, org_id)
    return FoundedOut(organisation=_organisation(row), admin_user_id=user_id, login=f"{body.admin_name}@{body.code}")
