"""Wall 0: every route declares who may use it, or the service does not start.

    routes = Routes(prefix="/v1/farmers", tags=["registry"])

    @routes.get("", access=Needs("registry:read"))
    def list_farmers(caller: CallerDep, session: ReadDep) -> Page[FarmerOut]: ...

A role is a set of scopes; an API key carries scopes of its own, never more than its maker had.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import iter_route_contexts

from ledger.access import ROLES, SCOPES

__all__ = [
    "ROLES",
    "SCOPES",
    "Access",
    "Needs",
    "Public",
    "Routes",
    "SignedIn",
    "UndeclaredAccess",
    "refuse_undeclared",
]

OPEN_PATHS = {
    "/openapi.json": "the description of this interface holds no data",
    "/docs": "the same, to read",
    "/docs/problems": "what the codes of refusals mean",
}
"""Paths that are served without a declaration of access, and why. Reviewed; everything else is declared.

The public pages (``api.public``) stand before this application and touch one prepared row.
"""


@dataclass(frozen=True, slots=True)
class Public:
    """Anybody may ask, without a login; the reason is reviewed."""

    reason: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whoever has a session or a key, whatever its scopes."""


@dataclass(frozen=True, slots=True)
class Needs:
    """A session or key with this scope."""

    scope: str

    def __post_init__(self) -> None:
        if self.scope not in SCOPES:
            message = f"unknown scope {self.scope}"
            raise ValueError(message)


Access = Public | SignedIn | Needs
F = TypeVar("F", bound=Callable[..., Any])


class Decorator(Protocol):
    """What registers an endpoint and hands it back as it is."""

    def __call__(self, endpoint: F, /) -> F: ...


class UndeclaredAccess(RuntimeError):
    """A route does not say who may use it."""


class Routes(APIRouter):
    """A router whose routes say who may use them."""

    def api_route(self, path: str, *, access: Access | None = None, **kwargs: Any) -> Decorator:
        extra = dict(kwargs.pop("openapi_extra", None) or {})
        if access is not None:
            extra["x-access"] = _described(access)
            kwargs["dependencies"] = [*(kwargs.get("dependencies") or []), *_guards(access)]
        kwargs["openapi_extra"] = extra

        def decorate(endpoint: F) -> F:
            result: F = super(Routes, self).api_route(path, **kwargs)(endpoint)
            self.routes[-1].access = access  # type: ignore[attr-defined]
            return result

        return decorate

    def get(self, path: str, **kwargs: Any) -> Decorator:
        return self.api_route(path, methods=["GET"], **kwargs)

    def post(self, path: str, **kwargs: Any) -> Decorator:
        return self.api_route(path, methods=["POST"], **kwargs)

    def put(self, path: str, **kwargs: Any) -> Decorator:
        return self.api_route(path, methods=["PUT"], **kwargs)

    def patch(self, path: str, **kwargs: Any) -> Decorator:
        return self.api_route(path, methods=["PATCH"], **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Decorator:
        return self.api_route(path, methods=["DELETE"], **kwargs)


def _described(access: Access) -> str:
    match access:
        case Public():
            return f"public: {access.reason}"
        case SignedIn():
            return "signed in"
        case Needs():
            return access.scope


def _guards(access: Access) -> list[Any]:
    from api import deps

    match access:
        case Public():
            return []
        case SignedIn():
            return [Depends(deps.caller)]
        case Needs():
            return [Depends(deps.needs(access.scope))]


def refuse_undeclared(app: FastAPI) -> None:
    """Called when the service starts: a route without ``access`` stops it."""
    undeclared = [
        str(route.path)
        for route in iter_route_contexts(app.router.routes)
        if getattr(route.original_route, "access", None) is None and route.path not in OPEN_PATHS
    ]
    if undeclared:
        message = f"these routes do not declare who may use them: {', '.join(undeclared)}"
        raise UndeclaredAccess(message)
