"""Sessions, users, API keys and organisations."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field, SecretStr, StringConstraints
from sqlmodel import col, select

import models
from api.access import Needs, Public, Routes, SignedIn
from api.auth import Caller, caller_of, drop_cookie, require_same_site, set_cookie
from api.deps import CallerDep, LedgerDep, LedgerReadDep, ReadDep
from api.paging import Listing, Order, Page, turn
from api.problems import Problem
from api.versions import Body, Instant, Shown, Text, VersionDep, left_out, sent, shown, tag
from ledger import access
from ledger.access import PASSWORD_MOST, ROLES, SCOPES
from models.db import scoped_session

routes = Routes(prefix="/v1")

# --- shapes ---

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

_LOGIN = "musu.kollie@KOOP-BONG"
_PHRASE = "seven wet boots by the door"


class LoginIn(Body):
    """Who says to be whom."""

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
    """A new user: login name, full name, role, and perhaps a first password."""

    name: Annotated[UserName, Field(examples=["musu.kollie"])]
    full_name: Annotated[Text, Field(examples=["Musu Kollie"])]
    role: Annotated[Role, Field(examples=["clerk"])]
    password: Annotated[Password | None, Field(default=None, examples=[_PHRASE])]


class UserChange(Body):
    """What changes of a user."""

    full_name: Annotated[Text, Field(default_factory=left_out, examples=["Musu Kollie"])]
    role: Annotated[Role, Field(default_factory=left_out, examples=["ics_manager"])]
    disabled: Annotated[bool, Field(default_factory=left_out, strict=True, examples=[False])]


class UserOut(Shown):
    """A user, without anything that lets somebody in."""

    id: str
    name: str
    full_name: str
    role: str
    version: int
    created_at: Instant
    disabled_at: Instant | None


class PasswordIn(Body):
    """A new password: 12 characters or more, not a common one, without the names of the account."""

    password: Annotated[Password, Field(examples=["nine dry racks under one roof"])]
    current_password: Annotated[
        Password | None,
        Field(default=None, description="needed when you change your own", examples=[_PHRASE]),
    ]


class KeyIn(Body):
    """A new key: what it is for, what it may do, how many days it lives."""

    name: Annotated[Text, Field(examples=["buying station scale"])]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES), examples=[["events:write"]])]
    days: Annotated[int, Field(strict=True, ge=1, le=access.KEY_DAYS, examples=[90])]


def _listed(value: Any) -> Any:
    return value.split() if isinstance(value, str) else value


class KeyOut(Shown):
    """A key, without its secret."""

    id: str
    name: str
    scopes: Annotated[list[str], BeforeValidator(_listed)]
    created_by: str
    created_at: Instant
    expires_at: Instant
    used_at: Instant | None
    revoked_at: Instant | None


class NewKeyOut(KeyOut):
    """A key just made."""

    key: str = Field(description="The key itself. It is told once and kept nowhere.")


class OrganisationIn(Body):
    """A new organisation with its first administrator."""

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
    """What changes of an organisation. `null` clears region or contact; the code never changes."""

    name: Annotated[Text, Field(default_factory=left_out, examples=["Bong Cocoa Cooperative"])]
    region: Annotated[Text | None, Field(default=None, examples=["Bong"])]
    contact: Annotated[Text | None, Field(default=None, examples=["office@koop-bong.example"])]


class OrganisationOut(Shown):
    """An organisation of the cluster."""

    id: int
    code: str
    name: str
    kind: str
    country: str
    region: str | None
    contact: str | None
    version: int
    created_at: Instant


class FoundedOut(BaseModel):
    """The organisation, and how its administrator logs in."""

    organisation: OrganisationOut
    admin_user_id: str
    login: str


ListingDep = Annotated[Listing, Query()]
BY_ID = Order("users", (col(models.User.id),), lambda row: (row.id,))
KEYS_BY_ID = Order("api-keys", (col(models.ApiKey.id),), lambda row: (row.id,))
BY_CODE = Order("organisations", (col(models.Organisation.code),), lambda row: (row.code,))
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


def _user(row: models.User) -> UserOut:
    return UserOut.model_validate(row)


def _key(row: models.ApiKey) -> KeyOut:
    return KeyOut.model_validate(row)


def _organisation(row: models.Organisation) -> OrganisationOut:
    return OrganisationOut.model_validate(row)


# --- session ---


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
    request.app.state.limits.login(request.scope, "@".join(access.account(body.login)))
    begun = access.log_in(recorder, body.login, body.password.get_secret_value())
    if begun is None:
        raise Problem(401, "wrong-login", "The login name or the password is not right.")
    token, signed = begun
    set_cookie(response, request.app.state.settings, token)
    return _session_out(caller_of(signed))


@routes.get("/session", access=SignedIn(), tags=["session"], name="show", summary="Who you are, and your rights")
def show_session(caller: CallerDep) -> SessionOut:
    """Whose session or key this is."""
    return _session_out(caller)


@routes.delete("/session", access=SignedIn(), tags=["session"], name="end", summary="Log out", status_code=204)
def end_session(caller: CallerDep, request: Request, recorder: LedgerDep) -> Response:
    """Ends the session of the cookie. An API key has none: revoke it instead."""
    response = Response(status_code=204)
    if caller.user_id is not None:
        access.end_session(recorder, caller.org_id, caller.mark)
        drop_cookie(response, request.app.state.settings)
    return response


# --- users ---


@routes.get("/users", access=Needs("users:manage"), tags=["users"], name="list", summary="The organisation's users")
def list_users(session: ReadDep, listing: ListingDep, request: Request, response: Response) -> Page[UserOut]:
    """In the order in which they were made."""
    rows, following = turn(session, select(models.User), BY_ID, listing, request, response)
    return Page(data=[_user(row) for row in rows], next=following)


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
    tag(response, row.version)
    response.headers["location"] = f"/v1/users/{row.id}"
    return _user(row)


@routes.get(
    "/users/{user_id}",
    access=Needs("users:manage"),
    tags=["users"],
    name="show",
    summary="One user",
    response_model=UserOut,
)
def show_user(
    user_id: Id, caller: CallerDep, session: ReadDep, request: Request, response: Response
) -> UserOut | Response:
    """Its ETag is needed to change it."""
    row = access.user(session, caller.org_id, user_id)
    return shown(request, response, _user(row), row.version)


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
        **sent(body),
    )
    tag(response, row.version)
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


# --- API keys ---


@routes.get("/api-keys", access=Needs("users:manage"), tags=["api-keys"], name="list", summary="API keys")
def list_keys(session: ReadDep, listing: ListingDep, request: Request, response: Response) -> Page[KeyOut]:
    """What each may do, who made it, and when it was last used. The keys themselves are kept nowhere."""
    rows, following = turn(session, select(models.ApiKey), KEYS_BY_ID, listing, request, response)
    return Page(data=[_key(row) for row in rows], next=following)


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
    """It opens nothing from now on. Revoked again, the first time stands."""
    return _key(access.revoke_key(recorder, caller.org_id, key_id))


# --- organisations ---


@routes.get(
    "/organisation",
    access=SignedIn(),
    tags=["organisations"],
    name="own",
    summary="Your organisation",
    response_model=OrganisationOut,
)
def show_organisation(
    caller: CallerDep, session: LedgerReadDep, request: Request, response: Response
) -> OrganisationOut | Response:
    """Its ETag is needed to change it."""
    row = session.get_one(models.Organisation, caller.org_id)
    return shown(request, response, _organisation(row), row.version)


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
    """Needs `If-Match` with the ETag that you read."""
    row = access.change_organisation(recorder, caller.org_id, version, sent(body))
    tag(response, row.version)
    return _organisation(row)


@routes.get(
    "/organisations",
    access=Needs("deployment:manage"),
    tags=["organisations"],
    name="list",
    summary="All organisations of this deployment",
)
def list_organisations(
    session: LedgerReadDep, listing: ListingDep, request: Request, response: Response
) -> Page[OrganisationOut]:
    """For whoever runs the deployment."""
    rows, following = turn(session, select(models.Organisation), BY_CODE, listing, request, response)
    return Page(data=[_organisation(row) for row in rows], next=following)


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
