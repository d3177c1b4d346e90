"""The service: ``create_app`` puts the parts together, and refuses to start what would not be safe."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import docs, problems, public
from api.access import refuse_undeclared
from api.auth import NoteUse
from api.limits import Limits
from api.log_files import LogFiles
from api.scan_log import ScanLog
from api.sealing import Sealer
from api.settings import Settings
from api.v1 import (
    access,
    attachments,
    balances,
    checklists,
    contracts,
    curves,
    documents,
    events,
    facilities,
    imports,
    labels,
    log,
    lots,
    prices,
    quality,
    recalls,
    registry,
    seasons,
    signals,
    trade_items,
    units,
)
from ledger import memory
from ledger.documents import desk_of
from ledger.log import open_log
from ledger.profiles import profiles
from ledger.record import Recorder
from models.db import Database, connect
from models.schema import current, head

PARTS = (
    access,
    registry,
    events,
    lots,
    labels,
    log,
    documents,
    signals,
    units,
    trade_items,
    balances,
    contracts,
    seasons,
    imports,
    recalls,
    prices,
    quality,
    checklists,
    attachments,
    facilities,
    curves,
)
"""The parts of version 1, each with its ``routes``."""

MAX_BODY = 1 << 20
MAX_FILE = 11 << 20
UPLOADS = re.compile(r"/v1/(?:plots/file|imports|attachments/verify|documents/verify|lots/[^/]+/attachments)")
"""Paths that take a file: a request with one holds at most ``MAX_FILE`` bytes."""


class RefusedToStart(RuntimeError):
    """The service would not be safe as it stands; the sentence says what to do."""


class Headers:
    """The headers of an answer that does not set them itself, and nothing else."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        more = {"strict-transport-security": "max-age=31536000"} if https else {}
        self._all = [(name.encode(), value.encode()) for name, value in (problems.PLAIN_HEADERS | more).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(one for one in self._all if one[0] not in present),
                ]
            await send(message)

        return await self.app(scope, receive, send_with_headers)


class BodyLimit:
    """No body beyond ``MAX_BODY`` (``UPLOADS``: ``MAX_FILE``), counted as it comes. FastAPI answers in plain text."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        most = MAX_FILE if UPLOADS.fullmatch(scope["path"]) else MAX_BODY
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced[:20]) > most:
            body = problems.of_code("too-large", "en")
            return await problems.answer(body)(scope, receive, send)
        size = 0

        async def receive_counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise HTTPException(413)
            return message

        return await self.app(scope, receive_counted, send)


class Service(FastAPI):
    """FastAPI with the public pages before it: no router and no middleware stands in their way."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.public: public.Public | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.public is None or scope["type"] != "http" or not await self.public(scope, receive, send):
            await super().__call__(scope, receive, send)


def service() -> FastAPI:
    """The service in a process of its own."""
    app = create_app()
    memory.settle()
    return app


def create_app(settings: Settings | None = None, recorder: Recorder | None = None) -> FastAPI:
    """The service on its database, which must stand at the schema of this release."""
    settings = settings or Settings.from_env()
    if recorder is None:
        database = connect(settings.database_url, settings.read_database_url)
        recorder = Recorder(database, host=settings.public_url, keys=settings.keys)
    refuse_unsafe(recorder.database)
    profiles()  # a mistake in a profile is said now, not when the first goods come
    if settings.seal_seconds:
        open_log(settings.log(recorder))
    return build(settings, recorder)


def build(settings: Settings, recorder: Recorder) -> FastAPI:
    """The service itself. Nothing is asked of the database yet."""
    limits, rows = Limits(settings.pages_per_minute), public.rows_of(recorder.database)
    sealed = settings.log(recorder)
    sealer = Sealer(sealed, settings.seal_seconds)
    scan_log = ScanLog(recorder, settings.country_header)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sealer.start()
        scan_log.start()
        yield
        await run_in_threadpool(scan_log.stop)
        await run_in_threadpool(sealer.stop)
        await rows.close()

    app = Service(
        title="Filière",
        version="1",
        summary="The shared, verifiable logbook of a cluster value chain",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        separate_input_output_schemas=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.settings, app.state.recorder, app.state.limits = settings, recorder, limits
    app.state.log, app.state.sealer = sealed, sealer
    app.state.desk = desk_of(sealed, seals=settings.seal_seconds > 0)
    app.add_middleware(NoteUse)
    app.add_middleware(BodyLimit)
    app.add_middleware(Headers, https=settings.public_url.startswith("https://"))
    problems.install(app)
    for part in PARTS:
        app.include_router(part.routes)
    docs.install(app)
    refuse_undeclared(app)
    app.public = public.Public(recorder, limits, rows, scan_log, app.state.desk, LogFiles(sealed), sealer)
    return app


def _operation_id(route: APIRoute) -> str:
    tag = str(route.tags[0]).replace("-", "_") if route.tags else "other"
    return f"{tag}_{route.name}"


def refuse_unsafe(database: Database) -> None:
    """Assertions on, the schema at head, and on PostgreSQL a role that row-level security binds."""
    if not __debug__:
        message = "Filière does not run under python -O: its assertions guard the balance of the lots."
        raise RefusedToStart(message)
    stands = current(database)
    if stands != head():
        message = f"The database stands at {stands or 'nothing'}, this release needs {head()}: run “filiere migrate”."
        raise RefusedToStart(message)
    if database.is_postgresql:
        for engine in (database.writer, database.reader):
            with engine.connect() as connection:
                query = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
                row: Any = connection.execute(text(query)).one()
            if row.rolsuper or row.rolbypassrls:
                message = (
                    f"The service would work as {row.rolname}, whom row-level security does not bind: "
                    "run “filiere migrate” as the owner of the tables, which makes the role filiere_app."
                )
                raise RefusedToStart(message)
