"""A browser that reaches the service in one hop, and a service whose routes are prepared once a session.

The stock client starts an event loop for every request and crosses threads nine times; the framework prepares
all routes anew for every service. A suite that asks ten thousand times, of a thousand services, spends half its
time there. What is asked and what answers stay the real thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import APIRouter
from starlette.routing import BaseRoute
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Scope

from api.app import PARTS, Service
from ledger import access


class Browser(TestClient):
    """Asks the service on the loop of the session, or on its own inside ``with``."""

    def __init__(self, app: ASGIApp, **options: Any) -> None:
        super().__init__(app, **options)
        self._transport = OneHop(self)


class OneHop(httpx2.BaseTransport):
    """The whole exchange runs on the loop: the request goes over, the answer comes back. Errors come back raised."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        portal = self.browser.portal
        assert portal is not None, "no loop: tests.api.conftest starts one"
        said = portal.call(_exchange, self.browser.app, _scope(request), request.read())
        start, body = said[0], b"".join(one.get("body", b"") for one in said[1:])
        return httpx2.Response(
            start["status"],
            headers=start["headers"],
            content=b"" if request.method == "HEAD" else body,
            request=request,
        )


async def _exchange(app: ASGIApp, scope: Scope, body: bytes) -> list[Message]:
    """What the service says to a request: a start, then bodies of which the last and no other is the last."""
    unread, said, over = [body], list[Message](), anyio.Event()

    async def receive() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        wanted = "http.response.body" if said else "http.response.start"
        assert message["type"] == wanted, f"{message['type']} where {wanted} is due"
        assert not over.is_set(), "something is said after the end"
        said.append(message)
        if said[1:] and not message.get("more_body", False):
            over.set()

    await app(scope, receive, send)
    assert over.is_set(), "the answer has no end"
    return said


def _scope(request: httpx2.Request) -> Scope:
    url = request.url
    path, _, query = url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "path": url.path,
        "raw_path": path,
        "root_path": "",
        "scheme": url.scheme,
        "query_string": query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("testclient", 50000),
        "server": (url.host, url.port or {"http": 80, "https": 443}[url.scheme]),
        "state": {},
    }


@contextmanager
def one_loop() -> Iterator[BlockingPortal]:
    """A loop for all clients that do not start their own; it lasts as a server's does."""
    with start_blocking_portal() as portal:
        TestClient.portal = portal
        yield portal
        TestClient.portal = None


@contextmanager
def prepared_routes() -> Iterator[None]:
    """The routes of ``PARTS`` are prepared for the first service; the next ones hang the same ones in.

    They hold nothing of a service: settings, ledger and limits come from ``app.state`` of the one that is asked.
    """
    include, known = Service.include_router, {id(part.routes) for part in PARTS}
    prepared: dict[int, list[BaseRoute]] = {}

    def include_router(self: Service, router: APIRouter, **options: Any) -> None:
        if id(router) not in known or options:
            return include(self, router, **options)
        if id(router) not in prepared:
            before = len(self.router.routes)
            include(self, router)
            prepared[id(router)] = list(self.router.routes[before:])
        else:
            self.router.routes.extend(prepared[id(router)])
        return None

    Service.include_router = include_router  # type: ignore[method-assign, assignment]
    yield
    Service.include_router = include  # type: ignore[method-assign]


@contextmanager
def hashed_once(known: str) -> Iterator[None]:
    """One password, that of the organisations which fixtures found, is hashed once; whoever gives it is still verified.

    Every other password is hashed each time. Argon2 takes a quarter of a short test.
    """
    hash_password, kept = access.hash_password, list[str]()

    def hashed(password: str, *names: str) -> str:
        if password != known:
            return hash_password(password, *names)
        access.require_good(password, *names)
        if not kept:
            kept.append(hash_password(password, *names))
        return kept[0]

    access.hash_password = hashed
    yield
    access.hash_password = hash_password
