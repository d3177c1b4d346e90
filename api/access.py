"""Wall 0: every route declares who may use it, or the service does not start.

    routes = Routes(prefix="/v1/farmers", tags=["registry"])

    @routes.get("", access=Needs("registry:read"))
    def list_farmers(caller: CallerDep, session: ReadDep) -> Page[FarmerOut]: ...

A role is a set of scopes; an API key carries scopes of its own, never more than its maker had.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

SCOPES = {
    "registry:read": "see farmers, plots, sites, vessels and certificates",
    "registry:write": "change farmers, plots, sites, vessels and certificates",
    "lots:read": "see lots, events, traces and checks",
    "events:write": "record deliveries, transformations, transfers and shipments",
    "quality:write": "record inspections, holds and releases",
    "recall:write": "recall and downgrade lots",
    "labels:issue": "issue and revoke labels, issue certificates",
    "users:manage": "manage users and API keys",
    "deployment:manage": "found organisations",
}

_READ = {"registry:read", "lots:read"}
ROLES: dict[str, frozenset[str]] = {
    "admin": frozenset(SCOPES) - {"deployment:manage"},
    "operator": frozenset(SCOPES),
    "ics_manager": frozenset(_READ | {"registry:write", "events:write", "quality:write", "recall:write", "labels:issue"}),
    "clerk": frozenset(_READ | {"events:write"}),
    "quality": frozenset(_READ | {"quality:write"}),
    "viewer": frozenset(_READ),
}
"""What each role may do. ``operator`` exists only in the deployment's own organisation."""


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


class UndeclaredAccess(RuntimeError):
    """A route does not say who may use it."""


class Routes(APIRouter):
    """A router whose routes say who may use them."""

    def api_route(self, path: str, *, access: Access | None = None, **kwargs: Any) -> Callable[[Any], Any]:
        extra = dict(kwargs.pop("openapi_extra", None) or {})
        if access is not None:
            extra["x-access"] = _described(access)
            kwargs["dependencies"] = [*(kwargs.get("dependencies") or []), *_guards(access)]
        kwargs["openapi_extra"] = extra

        def decorate(endpoint: Any) -> Any:
            result = super(Routes, self).api_route(path, **kwargs)(endpoint)
            self.routes[-1].access = access  # type: ignore[attr-defined]
            return result

        return decorate

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.api_route(path, methods=["GET"], **kwargs)

    def post(self, path: str, **kwargs: Any) -> Any:
        return self.api_route(path, methods=["POST"], **kwargs)

    def put(self, path: str, **kwargs: Any) -> Any:
        return self.api_route(path, methods=["PUT"], **kwargs)

    def patch(self, path: str, **kwargs: Any) -> Any:
        return self.api_route(path, methods=["PATCH"], **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Any:
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
    from fastapi import Depends  # noqa: PLC0415

    from api import deps  # noqa: PLC0415 - deps needs the scopes of this module

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
        route.path
        for route in app.router.routes
        if isinstance(route, APIRoute) and "x-access" not in (route.openapi_extra or {})
    ]
    if undeclared:
        message = f"these routes do not declare who may use them: {', '.join(undeclared)}"
        raise UndeclaredAccess(message)
