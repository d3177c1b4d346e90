"""What anybody may ask without a login: the page behind a label, the start page, the checker, and whether we are well.

These answers stand before the application: no session, no cookie, no pool. A label's page is one prepared row, read
with one statement on connections of its own; nothing here takes a pooled connection on the event loop, which would
hang the server. Each address is limited (``api.limits``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import parse_qs, quote, urlencode

import orjson
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from api.checker import File, checker
from api.limits import Limits
from api.log_files import Found, LogFiles
from api.problems import MEDIA_TYPE, PLAIN_HEADERS, of_code
from api.scan_log import ScanLog
from api.sealing import Sealer
from domain.clones import Kind
from domain.gs1 import BadIdentifier, Item, parse_link
from domain.label_token import (
    CHECK_CHARACTERS,
    CODE_CHARACTERS,
    SIGNED_CHARACTERS,
    BadLabel,
    parse_typed_code,
    to_base32,
    verify_label,
)
from domain.refusals import MONTHS
from domain.units import UnitView
from labels import page, unit_block
from labels.texts import Lang
from ledger import documents, opening, pages, trade_items, units
from ledger.record import Recorder, lock
from ledger.scans import facts_of
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
_SELECT_UNIT = (
    "SELECT p.version, p.digest, p.review_at, p.{form}, p.code, c.number, "
    "(SELECT max(x.number) FROM unit x WHERE x.lot_id = c.lot_id), c.run, u.label_seq, u.state, u.state_seq, u.grams, "
    "u.labelled_at, u.applied_at, u.shipped_at, u.received_at, u.opened_at, u.returned_at, a.facts, a.last_at "
    "FROM unit_code c "
    "JOIN public_page p ON p.code = (SELECT q.code FROM public_page q WHERE q.lot_id = c.lot_id "
    "ORDER BY CASE q.state WHEN 'superseded' THEN 2 WHEN 'revoked' THEN 1 ELSE 0 END, q.code LIMIT 1) "
    "LEFT JOIN unit u ON u.lot_id = c.lot_id AND u.number = c.number "
    "LEFT JOIN label_alert a ON a.code = c.code AND a.closed_at IS NULL "
    "WHERE c.code = {mark}"
)
"""A unit and the prepared page of its lot: the one in force, else one that was cancelled, else one superseded."""
_REVISION = "SELECT version_num FROM alembic_version"
_FORM = re.compile(r"[0-9A-Z]{1,40}")
_POSTED = re.compile(r"/[lL]/([0-9A-Za-z-]{16,40})/(open|differs)")
MOST_FORM = 2_000
KEYS_FOR = 60_000
"""Milliseconds for which the public label keys are taken as read."""
_CROCKFORD = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None, "\u00a0": None, "\u202f": None})
_LOG = logging.getLogger("filiere.public")


UnitRow = tuple[Row, str, UnitView, str]  # the page of its lot, that page's code, the unit, a version of the unit


def _unit_row(code: str, row: Any) -> UnitRow:
    """A unit as it was read. A label of an earlier run, or of a lot that was packed anew, is void."""
    version, digest, review_at, body, lot_code, number, of, run, label_seq, state, state_seq, grams, *more = row
    labelled_at, applied_at, shipped_at, received_at, opened_at, returned_at, facts, last_at = more
    view = UnitView(
        code=code,
        number=number,
        of=of or number,
        net_g=grams or 0,
        state="void" if state is None or label_seq != run else state,
        facts=facts_of(facts) if facts else (),
    )
    if label_seq == run:
        view = replace(
            view,
            labelled_at=labelled_at,
            applied_at=applied_at,
            shipped_at=shipped_at,
            received_at=received_at,
            opened_at=opened_at,
            returned_at=returned_at,
        )
    return (version, digest, review_at, body), lot_code, view, f"{state_seq}-{last_at}"


class Unavailable(Exception):
    """The database does not answer."""


# --- rows ---


class Rows(Protocol):
    """A way to one row at a time that never blocks the event loop."""

    async def page(self, code: str, form: Form) -> Row | None: ...

    async def unit(self, code: str, form: Form) -> UnitRow | None: ...

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
        self._units = {form: _SELECT_UNIT.format(form=form, mark="?") for form in FORMS}

    async def unit(self, code: str, form: Form) -> UnitRow | None:
        row = await self._one(self._units[form], (code,))
        return _unit_row(code, row) if row else None

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
        self._units = {form: _SELECT_UNIT.format(form=form, mark="%s") for form in FORMS}

    async def unit(self, code: str, form: Form) -> UnitRow | None:
        rows = await self._all(self._units[form], [code])
        return _unit_row(code, rows[0]) if rows else None

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
            await opened.execute("SET app.public = 'on'")
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
        scan_log: ScanLog,
        desk: documents.Desk | None = None,
        files: LogFiles | None = None,
        sealer: Sealer | None = None,
    ) -> None:
        self._files = files
        self._sealer = sealer
        self._recorder = recorder
        self._desk = desk
        self.scan_log = scan_log
        self._keys: tuple[int, Mapping[int, bytes]] = (-KEYS_FOR, {})
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer, if it is a public path; else say so."""
        path: str = scope["path"]
        answer = self._paths.get(path)
        if path[:3] in ("/l/", "/L/"):
            answer = self._label
        elif path[:3] == "/d/" and self._desk is not None:
            answer = self._document
        elif path[:4] == "/01/":
            answer = self._item
        if self._files is not None and (path.startswith("/tile/") or path in _OF_LOG or path.endswith("/proof")):
            answer = self._of_log if path[:4] != "/v1/" else None
        if answer is None:
            return False
        asked = _Asked(scope)
        try:
            if scope["method"] in ("GET", "HEAD"):
                await answer(asked, send)
            elif scope["method"] == "POST" and (form := _POSTED.fullmatch(path)) is not None:
                await self._posted(asked, receive, send, normal(form[1]), form[2])
            else:
                await self._problem(asked, send, "method-not-allowed", [(b"allow", b"GET, HEAD")])
        except Exception:  # noqa: BLE001 - nothing stands around this that would answer
            _LOG.exception("a public page failed")
            await self._problem(asked, send, "internal", [])
        return True

    async def _label(self, asked: _Asked, send: Send) -> None:
        """(1) limit, (2) the code, (3) its row, of a lot or a unit, (4) renewed if its day has come, (5) answer."""
        if (wait := self._limits.page(asked.scope)) is not None:
            return await self._problem(asked, send, "too-many-requests", [(b"retry-after", str(wait).encode())])
        typed = asked.scope["path"][3:]
        if not typed.strip(" -"):
            return await self._start(asked, send)
        wants_json = asked.wants_json
        if typed[-5:].lower() == ".json":
            typed, wants_json = typed[:-5], True
        form: Form = "data" if wants_json else "html_fr" if asked.lang == "fr" else "html_en"
        now = self._recorder.clock()
        try:
            code, kind, signed = self._code(typed)
        except BadLabel:
            return await self._forged(asked, send, wants_json=wants_json)
        unit: tuple[UnitView, str] | None = None
        try:
            row = await self._rows.page(code, form) if _FORM.fullmatch(code) and not signed else None
            of_lot = code
            if row is None and len(code) == CODE_CHARACTERS and _FORM.fullmatch(code):
                found = await self._rows.unit(code, form)
                if found is not None:
                    row, of_lot, view, changed = found
                    unit = (replace(view, signed=signed), changed)
            if row is not None and row[2] is not None and row[2] <= now:
                row = await self._renewed(of_lot, form)
        except (Unavailable, SQLAlchemyError):
            _LOG.exception("a public page could not be read")
            return await self._problem(asked, send, "busy", [(b"retry-after", b"5")])
        if row is None:
            return await self._unknown(asked, send, typed, wants_json=wants_json)
        if asked.scope["method"] == "GET":
            self.scan_log.note(code, kind, asked.scope, asked.query.get("at", [None])[0])
        version, digest, _, body = row
        etag = f'W/"{code}.{version}.{form[-2:]}.{digest}"'.encode()
        headers = self._of_form[form]
        if unit is not None:
            notice = asked.notice
            etag = f'W/"{code}.{version}.{form[-2:]}.{digest}.{unit[1]}.{signed:d}.{notice}"'.encode()
            headers = [(name, b"no-cache" if name == b"cache-control" else value) for name, value in headers]
        headers = [(b"etag", etag), *headers]
        if asked.knows(etag):
            return await _send(send, 304, headers, None)
        seal = self._sealer.state if self._sealer is not None else None
        body = page.sealed(body, "fr" if form == "html_fr" else "en", seal)
        if unit is not None and form == "data":
            body = unit_block.json_with_unit(body, unit[0])
        elif unit is not None:
            body = unit_block.html_with_unit(body, unit[0], asked.lang, asked.notice)
        return await self._answer(asked, send, 200, headers, body.replace(CHECKED_AT, self._time(form, now)))

    def _code(self, typed: str) -> tuple[str, Kind, bool]:
        """The code in an address, how it came, whether it was signed. ``BadLabel``: as long as ours, and not ours."""
        if len(typed) == SIGNED_CHARACTERS:
            return verify_label(typed.upper(), self._label_keys()).code, "public", True
        code = normal(typed)
        if len(code) == CODE_CHARACTERS + CHECK_CHARACTERS:
            with contextlib.suppress(BadLabel):
                return to_base32(parse_typed_code(code)), "typed", False
        return code, "public", False

    def _label_keys(self) -> Mapping[int, bytes]:
        """The public label keys, read again now and then."""
        now = self._recorder.clock()
        if now - self._keys[0] >= KEYS_FOR:
            self._keys = (now, units.public_keys(self._recorder))
        return self._keys[1]

    async def _forged(self, asked: _Asked, send: Send, *, wants_json: bool) -> None:
        if wants_json:
            return await self._problem(asked, send, "not-found", [])
        return await self._html(asked, send, 404, page.forged_html(asked.lang, self._host))

    async def _posted(self, asked: _Asked, receive: Receive, send: Send, code: str, act: str) -> None:
        """(1) limit, (2) the form, (3) what it asks for, (4) back to the page. Works without a script."""
        if (wait := self._limits.form(asked.scope)) is not None:
            return await self._problem(asked, send, "too-many-requests", [(b"retry-after", str(wait).encode())])
        fields = await _form(receive)
        if fields is None:
            return await self._problem(asked, send, "too-large", [])
        try:
            found = await self._rows.unit(code, "data") if _FORM.fullmatch(code) else None
            if found is None:
                return await self._unknown(asked, send, code, wants_json=asked.wants_json)
            notice = "differs"
            if act == "differs":
                self.scan_log.note(code, "differs", asked.scope)
            else:
                typed = fields.get("opening", [""])[0][:CODE_SHOWN]
                notice = await run_in_threadpool(opening.open_unit, self._recorder, code, typed)
        except (Unavailable, SQLAlchemyError):
            _LOG.exception("a form of a public page failed")
            return await self._problem(asked, send, "busy", [(b"retry-after", b"5")])
        if asked.wants_json:
            return await self._plain(asked, send, 200, {"answer": notice})
        said: dict[str, str] = {"lang": asked.lang} if "lang" in asked.query else {}
        said |= {"said": notice} if notice in unit_block.NOTICES else {}
        target = f"/l/{code}?{urlencode(said)}".rstrip("?").encode()
        return await _send(send, 303, [(b"location", target), (b"content-length", b"0"), *self._always], b"")

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

    async def _item(self, asked: _Asked, send: Send) -> None:
        """A GS1 Digital Link on our own address leads to the page of the unit or lot that it names."""
        if (wait := self._limits.page(asked.scope)) is not None:
            return await self._problem(asked, send, "too-many-requests", [(b"retry-after", str(wait).encode())])
        raw: bytes = asked.scope.get("raw_path") or asked.scope["path"].encode()
        try:
            item = parse_link(f"https://host{raw.decode('ascii')}")
            code = await run_in_threadpool(self._behind, item)
        except (BadIdentifier, UnicodeDecodeError):
            return await self._problem(asked, send, "malformed", [], status=400)  # as GS1 asks of a resolver
        except SQLAlchemyError:
            _LOG.exception("a link could not be followed")
            return await self._problem(asked, send, "busy", [(b"retry-after", b"5")])
        if code is None:
            return await self._problem(asked, send, "not-found", [])
        query = asked.scope["query_string"].decode("latin-1")
        target = f"/l/{code}{'?' if query else ''}{query}".encode("latin-1")
        return await _send(send, 307, [(b"location", target), (b"content-length", b"0"), *self._always], b"")

    def _behind(self, item: Item) -> str | None:
        with system_session(self._recorder.database, write=False) as session:
            return trade_items.code_behind(session, item)

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
        body = page.document_html(found, asked.lang, self._host)
        form: Form = "html_fr" if asked.lang == "fr" else "html_en"
        return await self._html(asked, send, 200, body.replace(CHECKED_AT, self._time(form, self._recorder.clock())))

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
        said = {"status": "ready", "schema": revision}
        if self._sealer is not None and self._sealer.state is not None:
            said["log_sealed_at"] = f"{self._sealer.state.sealed_at:%Y-%m-%dT%H:%M:%SZ}"
        if self._sealer is not None and self._sealer.refused is not None:
            said["log"] = "not sealed: see the messages of the service"  # capture goes on; whoever watches is told
        if self._sealer is not None and self._sealer.silent:
            said["witnesses"] = f"{len(self._sealer.silent)} did not cosign: see filiere log status"
        return await self._plain(asked, send, 200, said)

    async def _plain(self, asked: _Asked, send: Send, status: int, body: dict[str, str]) -> None:
        headers = [(b"content-type", JSON), (b"cache-control", b"no-store"), *self._always]
        await self._answer(asked, send, status, headers, orjson.dumps(body))

    async def _problem(self, asked: _Asked, send: Send, code: str, more: Headers, *, status: int | None = None) -> None:
        body = of_code(code, asked.lang)
        body |= {"status": status or body["status"]}
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

    @property
    def notice(self) -> unit_block.Notice | None:
        """What a form that was sent has to say."""
        said = self.query.get("said", [""])[0]
        return next((notice for notice in unit_block.NOTICES if notice == said), None)

    def knows(self, etag: bytes) -> bool:
        if not self.known:
            return False
        bare = etag.removeprefix(b"W/")
        return any(one.strip().removeprefix(b"W/") in (bare, b"*") for one in self.known.split(b","))


async def _form(receive: Receive) -> dict[str, list[str]] | None:
    """The fields of a short form; none for a long one."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False) and message["type"] == "http.request"
        if len(body) > MOST_FORM:
            return None
    return parse_qs(body.decode("latin-1"), max_num_fields=20)


async def _send(send: Send, status: int, headers: Headers, body: bytes | None) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body or b""})
