"""What anybody may ask without a login: the page behind a label, the start page, the checker, and whether we are well.

These answers stand before the application: no session, no cookie, no pool. A label's page is one prepared row, read
with one statement on connections of its own; nothing here takes a pooled connection on the event loop, which would
hang the server. Each address is limited (``api.limits``).
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import parse_qs, quote

import orjson
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope, Send

from api.checker import File, checker
from api.limits import Limits
from api.log_files import Found, LogFiles
from api.problems import MEDIA_TYPE, PLAIN_HEADERS, of_code
from api.sealing import Sealer
from domain.refusals import MONTHS
from labels import page
from labels.texts import Lang
from ledger import documents, pages
from ledger.record import Recorder, lock
from models import PublicPage
from models.base import table
from models.db import APP_ROLE, Database, system_session
from models.schema import head

if TYPE_CHECKING:
    import psycopg

Form = Literal["html_en", "html_fr", "data"]
FORMS: tuple[Form, ...] = ("html_en", "html_fr", "data")
Row = tuple[int, str, int | None, bytes]  # version, digest, review_at, body
Headers = list[tuple[bytes, bytes]]

HTML, JSON = b"text/html; charset=utf-8", b"application/json"
CODE_SHOWN = 64
DOCUMENT_FORMAT = "filiere-document/1"
"""The shape of a document's JSON. Keys are added, never renamed; a new meaning is a new number."""
_DATES = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
PATIENCE = 5.0
"""Seconds that a page waits for a database that is being written (only where SQLite has no WAL)."""

CHECKED_AT = page.CHECKED_AT.encode()
_PAGE = table(PublicPage)
_SELECT = "SELECT version, digest, review_at, {form} FROM public_page WHERE code = ?"
_SELECT_MANY = "SELECT code, version, digest, review_at, {form} FROM public_page WHERE code = ANY(%s)"
_OF_LOG = frozenset(("/checkpoint", "/.well-known/filiere-keys", "/log/notices"))
_REVISION = "SELECT version_num FROM alembic_version"
_FORM = re.compile(r"[0-9A-Z]{1,40}")
_CROCKFORD = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None, "\u00a0": None, "\u202f": None})
_LOG = logging.getLogger("filiere.public")


class Unavailable(Exception):
    """The database does not answer."""


# --- rows ---


class Rows(Protocol):
    """A way to one row at a time that never blocks the event loop."""

    async def page(self, code: str, form: Form) -> Row | None: ...

    async def revision(self) -> str | None: ...

    async def close(self) -> None: ...


class SqliteRows:
    """One connection of our own, read on the event loop: 15 µs, where a thread would cost 100."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pool = database.reader.pool.recreate()  # the same connections, in a pool that nobody else empties
        self._held: Any = None
        self._connection: Any = None
        self._statements = {form: _SELECT.format(form=form) for form in FORMS}

    async def page(self, code: str, form: Form) -> Row | None:
        row: Row | None = await self._one(self._statements[form], (code,))
        return row

    async def revision(self) -> str | None:
        row = await self._one(_REVISION, ())
        return row[0] if row else None

    async def _one(self, statement: str, values: tuple[str, ...]) -> Any:
        waited = 0.0
        while True:
            try:
                if self._connection is None:
                    self._connection = self._open()
                rows = self._connection.execute(statement, values).fetchall()  # to the end: no read stays open
            except self._database.reader.dialect.loaded_dbapi.Error as error:
                if waited >= PATIENCE or "locked" not in str(error):
                    raise Unavailable from error
                waited += 0.02
                await asyncio.sleep(0.02)
                continue
            return rows[0] if rows else None

    def _open(self) -> Any:
        self._held = self._pool.connect()
        connection: Any = self._held.dbapi_connection
        connection.execute("PRAGMA busy_timeout=0")  # waiting is done by the loop
        return connection

    async def close(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = self._connection = None
        self._pool.dispose()


class PostgresqlRows:
    """One connection of our own that reads, as the role without rights of its own, all pages asked for meanwhile.

    While a query is under way the codes that come in wait, and the next query takes them together: the busier it
    is, the less a page costs.
    """

    def __init__(self, database: Database) -> None:
        import psycopg

        self._psycopg = psycopg
        url = database.reader.url.set(drivername="postgresql")
        self._url = url.render_as_string(hide_password=False)
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._waiting: dict[Form, dict[str, asyncio.Future[Row | None]]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._alone = asyncio.Lock()
        self._statements = {form: _SELECT_MANY.format(form=form) for form in FORMS}

    async def page(self, code: str, form: Form) -> Row | None:
        loop = asyncio.get_running_loop()
        answer = self._waiting.setdefault(form, {}).setdefault(code, loop.create_future())
        if self._reading is None:
            self._reading = loop.create_task(self._read())
        return await asyncio.shield(answer)

    async def _read(self) -> None:
        try:
            while self._waiting:
                form, asked = self._waiting.popitem()
                try:
                    rows = {row[0]: row[1:] for row in await self._all(self._statements[form], [list(asked)])}
                except BaseException as error:
                    for answer in asked.values():
                        answer.set_exception(Unavailable(str(error)))
                    if not isinstance(error, Unavailable):
                        raise
                else:
                    for code, answer in asked.items():
                        answer.set_result(rows.get(code))
        finally:
            self._reading = None

    async def revision(self) -> str | None:
        rows = await self._all(_REVISION, [])
        return rows[0][0] if rows else None

    async def _all(self, statement: str, values: list[Any]) -> list[Any]:
        """All rows of a statement. A connection that died while it was idle is replaced, once."""
        async with self._alone:
            while True:
                fresh = self._connection is None
                if self._connection is None:
                    self._connection = await self._open()
                try:
                    cursor = self._connection.cursor(binary=True)
                    await cursor.execute(statement.encode(), values, prepare=True)
                    return await cursor.fetchall()
                except self._psycopg.Error as error:
                    await self.close()
                    if fresh:
                        raise Unavailable from error
                except BaseException:
                    await self.close()  # cut off in the middle: its state is not known
                    raise

    async def _open(self) -> psycopg.AsyncConnection[Any]:
        try:
            opened = await self._psycopg.AsyncConnection.connect(self._url, autocommit=True, connect_timeout=5)
            await opened.execute(f"SET ROLE {APP_ROLE}".encode())
            await opened.execute("SET default_transaction_read_only = on")
            await opened.execute("SET statement_timeout = '5s'")
        except self._psycopg.Error as error:
            raise Unavailable from error
        return opened

    async def close(self) -> None:
        if self._connection is not None:
            closing, self._connection = self._connection, None
            await closing.close()


def rows_of(database: Database) -> Rows:
    """The way to the rows of this database."""
    return PostgresqlRows(database) if database.is_postgresql else SqliteRows(database)


# --- pages ---


class Public:
    """The public pages of a deployment. They stand before the application, and no exception leaves them."""

    def __init__(
        self,
        recorder: Recorder,
        limits: Limits,
        rows: Rows,
        desk: documents.Desk | None = None,
        files: LogFiles | None = None,
        sealer: Sealer | None = None,
    ) -> None:
        self._files = files
        self._sealer = sealer
        self._recorder = recorder
        self._desk = desk
        self._limits = limits
        self._rows = rows
        self._host = page.host_of(recorder.host)
        self._renewing: dict[str, asyncio.Task[Row | None]] = {}
        self._times: tuple[int, dict[Form, bytes]] = (-1, {})
        self._head = head()
        self._paths = {"/": self._start, "/l": self._start, "/L": self._start}
        self._paths |= {"/healthz": self._health, "/readyz": self._ready}
        self._checker = checker(self._host)
        self._paths |= {"/check": self._check} | dict.fromkeys(self._checker.files, self._check)
        style = f"default-src 'none'; style-src '{page.csp_style_hash()}'; img-src 'self' data:; "
        always = {
            "content-security-policy": style + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "x-robots-tag": "noindex",
        }
        if recorder.host.startswith("https://"):
            always["strict-transport-security"] = "max-age=31536000"
        self._always = [(name.encode(), value.encode()) for name, value in always.items()]
        varied = [(b"vary", b"Accept, Accept-Language"), (b"cache-control", b"public, max-age=60")]
        self._of_form: dict[Form, Headers] = {
            "html_en": [(b"content-type", HTML), (b"content-language", b"en"), *varied, *self._always],
            "html_fr": [(b"content-type", HTML), (b"content-language", b"fr"), *varied, *self._always],
            "data": [(b"content-type", JSON), *varied, *self._always],
        }

    async def __call__(self, scope: Scope, send: Send) -> bool:
        """Answer, if it is a public path; else say so."""
        path: str = scope["path"]
        answer = self._paths.get(path)
        if path[:3] in ("/l/", "/L/"):
            answer = self._label
        elif path[:3] == "/d/" and self._desk is not None:
            answer = self._document
        if self._files is not None and (path.startswith("/tile/") or path in _OF_LOG or path.endswith("/proof")):
            answer = self._of_log if path[:4] != "/v1/" else None
        if answer is None:
            return False
        asked = _Asked(scope)
        try:
            if scope["method"] in ("GET", "HEAD"):
                await answer(asked, send)
            else:
                await self._problem(asked, send, "method-not-allowed", [(b"allow", b"GET, HEAD")])
        except Exception:  # noqa: BLE001 - nothing stands around this that would answer
            _LOG.exception("a public page failed")
            await self._problem(asked, send, "internal", [])
        return True

    async def _label(self, asked: _Asked, send: Send) -> None:
        """(1) limit, (2) the code, (3) its row, (4) renewed if the calendar moved on, (5) 304 or the page."""
        if (wait := self._limits.page(asked.scope)) is not None:
            return await self._problem(asked, send, "too-many-requests", [(b"retry-after", str(wait).encode())])
        typed = asked.scope["path"][3:]
        if not typed.strip(" -"):
            return await self._start(asked, send)
        wants_json = asked.wants_json
        if typed[-5:].lower() == ".json":
            typed, wants_json = typed[:-5], True
        form: Form = "data" if wants_json else "html_fr" if asked.lang == "fr" else "html_en"
        code, now = normal(typed), self._recorder.clock()
        try:
            row = await self._rows.page(code, form) if _FORM.fullmatch(code) else None
            if row is not None and row[2] is not None and row[2] <= now:
                row = await self._renewed(code, form)
        except (Unavailable, SQLAlchemyError):
            _LOG.exception("a public page could not be read")
            return await self._problem(asked, send, "busy", [(b"retry-after", b"5")])
        if row is None:
            return await self._unknown(asked, send, typed, wants_json=wants_json)
        version, digest, _, body = row
        etag = f'W/"{code}.{version}.{form[-2:]}.{digest}"'.encode()
        headers = [(b"etag", etag), *self._of_form[form]]
        if asked.knows(etag):
            return await _send(send, 304, headers, None)
        seal = self._sealer.state if self._sealer is not None else None
        body = page.sealed(body, "fr" if form == "html_fr" else "en", seal)
        return await self._answer(asked, send, 200, headers, body.replace(CHECKED_AT, self._time(form, now)))

    async def _of_log(self, asked: _Asked, send: Send) -> None:
        """What is published of the log: files at once, what the database knows by a thread."""
        assert self._files is not None
        path: str = asked.scope["path"]
        if (wait := self._limits.page(asked.scope)) is not None:
            return await self._problem(asked, send, "too-many-requests", [(b"retry-after", str(wait).encode())])
        try:
            if path == "/.well-known/filiere-keys":
                found: Found | None = await run_in_threadpool(self._files.keys)
            elif path == "/log/notices":
                found = await run_in_threadpool(self._files.notices)
            elif (code := self._files.label_of(path)) is not None:
                found = await run_in_threadpool(self._files.proof, code)
            else:
                found = self._files.file(path)
        except SQLAlchemyError:
            _LOG.exception("the log could not be read")
            return await self._problem(asked, send, "busy", [(b"retry-after", b"5")])
        if found is None:
            return await self._problem(asked, send, "not-found", [])
        media, keep, body = found
        headers = [(b"content-type", media), (b"cache-control", keep), (b"access-control-allow-origin", b"*")]
        return await self._answer(asked, send, 200, [*headers, *self._always], body)

    async def _document(self, asked: _Asked, send: Send) -> None:
        """What became of a document, for whoever holds it."""
        if (wait := self._limits.page(asked.scope)) is not None:
            return await self._problem(asked, send, "too-many-requests", [(b"retry-after", str(wait).encode())])
        assert self._desk is not None
        try:
            found = await run_in_threadpool(documents.public, self._desk, asked.scope["path"][3:])
        except SQLAlchemyError:
            _LOG.exception("a document could not be read")
            return await self._problem(asked, send, "busy", [(b"retry-after", b"5")])
        if found is None:
            return await self._problem(asked, send, "not-found", [])
        if asked.wants_json:
            headers = [(b"content-type", JSON), (b"cache-control", b"no-cache"), *self._always]
            plain = {"format": DOCUMENT_FORMAT} | asdict(found)
            return await self._answer(asked, send, 200, headers, orjson.dumps(plain, option=_DATES))
        return await self._html(asked, send, 200, page.document_html(found, asked.lang, self._host))

    async def _renewed(self, code: str, form: Form) -> Row | None:
        """The page rendered again, once, however many ask for it at this moment."""
        key = f"{code} {form}"
        task = self._renewing.get(key)
        if task is None:
            task = asyncio.create_task(run_in_threadpool(self._renew, code, form))
            self._renewing[key] = task
            task.add_done_callback(lambda _: self._renewing.pop(key, None))
        return await asyncio.shield(task)

    def _renew(self, code: str, form: Form) -> Row | None:
        """Alone among the writers: an event recorded meanwhile must not be painted over."""
        columns = [_PAGE.c.version, _PAGE.c.digest, _PAGE.c.review_at, _PAGE.c[form]]
        query = _PAGE.select().with_only_columns(*columns).where(_PAGE.c.code == code)
        now = self._recorder.clock()
        with system_session(self._recorder.database, write=True) as session:
            lock(session, alone=True)
            row = session.execute(query).one_or_none()
            if row is not None and row.review_at is not None and row.review_at <= now:
                pages.refresh_code(session, self._recorder.host, code, now)
                row = session.execute(query).one_or_none()
        return None if row is None else (row.version, row.digest, row.review_at, bytes(row[3]))

    async def _unknown(self, asked: _Asked, send: Send, typed: str, *, wants_json: bool) -> None:
        if wants_json:
            return await self._problem(asked, send, "not-found", [])
        body = page.unknown_html(typed[:CODE_SHOWN], asked.lang, self._host)
        return await self._html(asked, send, 404, body)

    async def _start(self, asked: _Asked, send: Send) -> None:
        """The field to type a code; a typed code is sent on to its page."""
        typed = asked.query.get("code", [""])[0].strip()
        if typed:
            language = f"?lang={asked.lang}" if "lang" in asked.query else ""
            target = f"/l/{quote(normal(typed[:CODE_SHOWN]))}{language}".encode()
            return await _send(send, 303, [(b"location", target), (b"content-length", b"0"), *self._always], b"")
        return await self._html(asked, send, 200, page.start_html(asked.lang, self._host))

    async def _html(self, asked: _Asked, send: Send, status: int, body: bytes) -> None:
        headers = [(b"content-type", HTML), (b"content-language", asked.lang.encode())]
        headers += [(b"vary", b"Accept, Accept-Language"), (b"cache-control", b"no-cache"), *self._always]
        return await self._answer(asked, send, status, headers, body)

    async def _check(self, asked: _Asked, send: Send) -> None:
        """The checker's page in the reader's language, or one of its files."""
        found = self._checker.files.get(asked.scope["path"])
        more = [(b"cache-control", b"no-cache")]  # kept, and asked for again: a release is taken at once
        if found is None:
            more += [(b"content-language", asked.lang.encode()), (b"vary", b"Accept-Language")]
            found = self._checker.pages[asked.lang]
        await self._static(asked, send, found, more)

    async def _static(self, asked: _Asked, send: Send, found: File, more: Headers) -> None:
        headers = [(b"etag", found.etag.encode()), *more]
        if found.policy is None:
            headers += self._always
        else:
            headers += [one for one in self._always if one[0] != b"content-security-policy"]
            headers.append((b"content-security-policy", found.policy.encode()))
        if asked.knows(found.etag.encode()):
            return await _send(send, 304, headers, None)
        headers.append((b"content-type", found.media_type.encode()))
        return await self._answer(asked, send, 200, headers, found.body)

    async def _health(self, asked: _Asked, send: Send) -> None:
        """The process answers; nothing else is asked."""
        await self._plain(asked, send, 200, {"status": "ok"})

    async def _ready(self, asked: _Asked, send: Send) -> None:
        """The database answers, and stands at the schema of this release."""
        try:
            revision = await self._rows.revision()
        except Unavailable:
            return await self._plain(asked, send, 503, {"status": "no database"})
        if revision != self._head:
            return await self._plain(asked, send, 503, {"status": "run filiere migrate"})
        return await self._plain(asked, send, 200, {"status": "ready", "schema": revision})

    async def _plain(self, asked: _Asked, send: Send, status: int, body: dict[str, str]) -> None:
        headers = [(b"content-type", JSON), (b"cache-control", b"no-store"), *self._always]
        await self._answer(asked, send, status, headers, orjson.dumps(body))

    async def _problem(self, asked: _Asked, send: Send, code: str, more: Headers) -> None:
        body = of_code(code, asked.lang)
        plain = [(name.encode(), value.encode()) for name, value in PLAIN_HEADERS.items()]
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"vary", b"Accept, Accept-Language"),
            *plain,
            *more,
        ]
        await self._answer(asked, send, body["status"], headers, orjson.dumps(body))

    async def _answer(self, asked: _Asked, send: Send, status: int, headers: Headers, body: bytes) -> None:
        headers = [(b"content-length", str(len(body)).encode()), *headers]
        await _send(send, status, headers, b"" if asked.scope["method"] == "HEAD" else body)

    def _time(self, form: Form, now: int) -> bytes:
        """The time of the check, to the minute; made once a minute."""
        minute = now // 60_000
        if self._times[0] != minute:
            at = datetime.fromtimestamp(minute * 60, UTC)
            self._times = (
                minute,
                {
                    "html_en": f"{at.day} {MONTHS['en'][at.month - 1]} {at:%Y %H:%M} UTC".encode(),
                    "html_fr": f"{at.day} {MONTHS['fr'][at.month - 1]} {at:%Y %H:%M} UTC".encode(),
                    "data": f"{at:%Y-%m-%dT%H:%M:00Z}".encode(),
                },
            )
        return self._times[1][form]


def normal(typed: str) -> str:
    """A code as typed, in capitals, without spaces and dashes; the letters that Crockford left out read as digits."""
    return typed.upper().translate(_CROCKFORD)


_language = lru_cache(1000)(page.negotiate)
"""Browsers send the same few headers over and over."""


class _Asked:
    """The few things of a request that the public pages look at."""

    __slots__ = ("accept", "known", "language", "query", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.accept = self.known = b""
        self.language: str | None = None
        for name, value in scope["headers"]:
            if name == b"accept":
                self.accept = value
            elif name == b"accept-language":
                self.language = value.decode("latin-1")
            elif name == b"if-none-match":
                self.known = value
        raw: bytes = scope["query_string"]
        self.query: dict[str, list[str]] = parse_qs(raw[:2000].decode("latin-1"), max_num_fields=20) if raw else {}

    @property
    def lang(self) -> Lang:
        return _language(self.language, self.query["lang"][0] if "lang" in self.query else None)

    @property
    def wants_json(self) -> bool:
        """Asked for by name; a browser names HTML too and gets the page."""
        if "format" in self.query:
            return self.query["format"][0] == "json"
        return b"json" in self.accept and b"text/html" not in self.accept

    def knows(self, etag: bytes) -> bool:
        if not self.known:
            return False
        bare = etag.removeprefix(b"W/")
        return any(one.strip().removeprefix(b"W/") in (bare, b"*") for one in self.known.split(b","))


async def _send(send: Send, status: int, headers: Headers, body: bytes | None) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body or b""})
