"""Who calls: the API key or the session cookie of a request, asked anew each time."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import Problem
from api.settings import Settings
from domain.values import Actor
from ledger.access import ABSOLUTE, Signed, by_key, by_token, used

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_LOG = logging.getLogger("filiere.access")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an organisation, a user or a key, and what they may do."""

    org_id: int
    org_code: str
    user_id: str | None
    name: str  # "user:<id>" or "key:<id>"
    role: str | None
    scopes: frozenset[str]
    org_name: str = ""
    full_name: str | None = None
    mark: str = ""  # the session's or key's own mark: see ledger.access.Signed

    @property
    def actor(self) -> Actor:
        return Actor(self.org_id, self.org_code, self.name)


def authenticate(request: Request) -> Caller | None:
    """The caller, or none. A key that is not good is not saved by a cookie that is."""
    recorder = request.app.state.recorder
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        signed = by_key(recorder, key.strip()) if scheme.lower() == "bearer" else None
    else:
        token = request.cookies.get(cookie_name(request.app.state.settings))
        signed = by_token(recorder, token) if token else None
        if signed is not None:
            require_same_site(request)
    if signed is None:
        return None
    if signed.stale:
        request.scope["filiere.used"].append(signed)
    return caller_of(signed)


def caller_of(signed: Signed) -> Caller:
    """The caller that a session or key stands for."""
    name = f"user:{signed.user_id}" if signed.user_id else f"key:{signed.key_id}"
    return Caller(
        signed.org_id,
        signed.org_code,
        signed.user_id,
        name,
        signed.role,
        signed.scopes,
        signed.org_name,
        signed.full_name,
        signed.mark,
    )


def require_same_site(request: Request) -> None:
    """Refuse a change that another site asked the browser for.

    The order of Go's ``CrossOriginProtection``: ``Sec-Fetch-Site`` where the browser sends it, else ``Origin``
    against the host asked; a client that sends neither is no browser, and nobody rides on it.
    """
    if request.method in SAFE_METHODS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        fine = site in ("same-origin", "none")
    elif origin is not None:
        ours = urlsplit(request.app.state.settings.public_url).netloc
        fine = urlsplit(origin).netloc in (request.headers.get("host"), ours)
    else:
        fine = True
    if not fine:
        raise Problem(403, "cross-site", "Another site asked for this change.", advice="Do it from the console itself.")


def cookie_name(settings: Settings) -> str:
    """``__Host-`` where the public address is https: no other host and no other path can set it."""
    return "__Host-filiere" if settings.secure_cookies else "filiere"


def set_cookie(response: Response, settings: Settings, token: str) -> None:
    """Hand the token of a session to the browser; no script reads it."""
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=ABSOLUTE // 1000,
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, settings: Settings) -> None:
    """Take the cookie back."""
    response.delete_cookie(
        cookie_name(settings), path="/", secure=settings.secure_cookies, httponly=True, samesite="lax"
    )


class NoteUse:
    """Notes the last use of a session or key, once the answer is sent and at most once a minute.

    In a transaction of its own; where it cannot be noted (a database that only reads), the answer stands all the same.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        noted: list[Signed] = []
        scope["filiere.used"] = noted  # a list: the router may hand a copy of the scope on
        await self.app(scope, receive, send)
        for signed in noted:
            try:
                await run_in_threadpool(used, scope["app"].state.recorder, signed)
            except SQLAlchemyError:
                _LOG.warning("the last use of a session or key could not be noted", exc_info=True)
