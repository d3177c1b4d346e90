"""Engines and sessions for both databases, and the scoped session.

SQLite is one file for one trust domain: write transactions begin ``IMMEDIATE``, reads see a snapshot. PostgreSQL
adds the second wall, row-level security: every transaction states the organisation it works for, as the role
``filiere_app``, which owns nothing and bypasses nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlmodel import SQLModel

from models.access import Organisation
from models.base import LOT_SCOPED, ORG_SCOPED, table
from models.projections import Lot, LotParty

APP_ROLE = "filiere_app"
SAFE_WAL_SQLITE = (3, 51, 3)
"""The first SQLite without the WAL-reset corruption bug; an older one gets a rollback journal."""


class ScopeError(RuntimeError):
    """Request code reached for rows without saying for which organisation, or for those of another."""


@dataclass(frozen=True, slots=True)
class Database:
    """One deployment's database: a writer, a reader, and whether it is PostgreSQL."""

    url: str
    writer: Engine
    reader: Engine
    is_postgresql: bool

    def close(self) -> None:
        self.writer.dispose()
        self.reader.dispose()


def connect(url: str, read_url: str | None = None) -> Database:
    """Open the database behind a URL (``sqlite:///file`` or ``postgresql://…``).

    ``read_url`` may name a streaming replica of the same PostgreSQL.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return Database(url, _sqlite(url, write=True), _sqlite(url, write=False), is_postgresql=False)
    if parsed.get_backend_name() == "postgresql":
        return Database(
            url, _postgresql(url, write=True), _postgresql(read_url or url, write=False), is_postgresql=True
        )
    message = f"{parsed.get_backend_name()} is not a database of Filière: use sqlite:///FILE or postgresql://…"
    raise ValueError(message)


def _sqlite_module() -> Any:
    try:
        bundled = import_module("pysqlite3.dbapi2")  # a newer SQLite than the system's, where there is a wheel
    except ImportError:
        return sqlite3
    return bundled


def _sqlite(url: str, *, write: bool) -> Engine:
    module = _sqlite_module()
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        module=module,
        connect_args={"check_same_thread": False, "timeout": 30},
        pool_size=1 if write else 8,
        max_overflow=0,
        pool_timeout=60,
    )
    journal = "WAL" if module.sqlite_version_info >= SAFE_WAL_SQLITE else "TRUNCATE"

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin event below opens the transactions
        for pragma in (
            f"journal_mode={journal}",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=30000",
            "trusted_schema=OFF",
            "mmap_size=0",
            "secure_delete=ON",
            "cell_size_check=ON",
            "cache_size=-65536",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if not write:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "checkin")
    def _left_open(connection: Any, _record: Any) -> None:
        """A commit that failed (the disk is full) leaves its transaction open: it must not become the next one's."""
        if connection is not None and connection.in_transaction:
            connection.rollback()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _postgresql(url: str, *, write: bool) -> Engine:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=16,
        max_overflow=0,
        pool_timeout=60,
        pool_pre_ping=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '60s'")
            cursor.execute("SET lock_timeout = '30s'")
            cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
            cursor.execute("SET TIME ZONE 'UTC'")
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APP_ROLE,))
            if cursor.fetchone():
                _become_the_service(cursor)
            if not write:
                cursor.execute("SET default_transaction_read_only = on")
        connection.autocommit = False

    @event.listens_for(engine, "checkin")
    def _left_open(connection: Any, _record: Any) -> None:
        """As above; where the server is gone nothing is asked of it."""
        if connection is not None and not connection.closed:
            connection.rollback()

    return engine


def _become_the_service(cursor: Any) -> None:
    from psycopg.errors import InsufficientPrivilege

    try:
        cursor.execute(f"SET ROLE {APP_ROLE}")
    except InsufficientPrivilege as error:
        login = cursor.execute("SELECT session_user").fetchone()[0]
        message = f"{login} may not become {APP_ROLE}. As administrator of the database: GRANT {APP_ROLE} TO {login};"
        raise ScopeError(message) from error


@contextmanager
def migration_connection(database: Database) -> Iterator[Connection]:
    """A connection as the login role itself (the owner of the tables), outside any transaction of ours."""
    with database.writer.connect() as connection:
        if database.is_postgresql:
            connection.execute(text("RESET ROLE"))
            connection.commit()
        try:
            yield connection
        finally:
            connection.rollback()
            connection.detach()  # never hand the owner's connection back to the pool


def enter(connection: Connection, *, org_id: int | None) -> None:
    """State for whom this transaction works: an organisation, or (``None``) the ledger itself."""
    if connection.dialect.name != "postgresql":
        return
    if org_id is None:
        connection.execute(text("SELECT set_config('app.system', 'on', true)"))
    else:
        connection.execute(text("SELECT set_config('app.org', :org, true)"), {"org": str(org_id)})


class SystemSession(Session):
    """The ledger's own session: sees every organisation. Never handed to request code."""

    @property
    def is_postgresql(self) -> bool:
        return self.get_bind().dialect.name == "postgresql"


@contextmanager
def system_session(database: Database, *, write: bool) -> Iterator[SystemSession]:
    """One transaction of the ledger: committed when the block ends, rolled back when it raises."""
    with SystemSession(database.writer if write else database.reader, expire_on_commit=False) as session:
        enter(session.connection(), org_id=None)
        yield session
        if write:
            session.commit()


@contextmanager
def reading_anything(session: SystemSession) -> Iterator[None]:
    """Text that is not UTF-8 is read too, so that an audit can name the row (PostgreSQL does not take such text)."""
    if session.is_postgresql:
        yield
        return
    driver = session.connection().connection.driver_connection
    assert driver is not None
    driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str


class ScopedSession(Session):
    """A session that sees one organisation only, fixed when it is made.

    It refuses raw SQL and Core statements: they would pass by the filter on the organisation.
    """

    def __init__(self, engine: Engine, org_id: int) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.org_id = org_id
        self._entered = False
        enter(super().connection(), org_id=org_id)
        self._entered = True

    def connection(self, *args: Any, **kwargs: Any) -> Connection:
        if getattr(self, "_entered", False):
            message = "Request code has no connection of its own: ask the scoped session, or the ledger."
            raise ScopeError(message)
        return super().connection(*args, **kwargs)

    def _past_the_check(self, *_args: Any, **_kwargs: Any) -> Any:
        message = "A scoped session takes new rows by add(): bulk methods pass by the check of their organisation."
        raise ScopeError(message)

    bulk_save_objects = bulk_insert_mappings = bulk_update_mappings = _past_the_check


@contextmanager
def scoped_session(database: Database, org_id: int, *, write: bool) -> Iterator[ScopedSession]:
    """One transaction of request code for one organisation."""
    with ScopedSession(database.writer if write else database.reader, org_id) as session:
        yield session
        if write:
            session.commit()


@cache
def _criteria(org_id: int) -> tuple[Any, ...]:
    """What limits every entity, aliased or not, to one organisation."""
    party = table(LotParty)
    own_lots = select(party.c.lot_id).where(party.c.org_id == org_id)
    own: list[tuple[Any, Any]] = [(model, model.org_id == org_id) for model in (*ORG_SCOPED, LotParty)]  # type: ignore[attr-defined]
    own += [(model, model.lot_id.in_(own_lots)) for model in LOT_SCOPED if model is not LotParty]  # type: ignore[attr-defined]
    own += [(Lot, Lot.id.in_(own_lots)), (Organisation, Organisation.id == org_id)]  # type: ignore[attr-defined]
    return tuple(with_loader_criteria(model, limit, include_aliases=True) for model, limit in own)


@event.listens_for(ScopedSession, "do_orm_execute")
def _only_own_rows(state: ORMExecuteState) -> None:
    session = state.session
    assert isinstance(session, ScopedSession)
    if not state.is_orm_statement:
        message = "A scoped session takes ORM statements only: text and Core pass by the organisation's filter."
        raise ScopeError(message)
    if state.is_insert:
        message = "A scoped session takes new rows by add(): an INSERT passes by the check of their organisation."
        raise ScopeError(message)
    state.statement = state.statement.options(*_criteria(session.org_id))


@event.listens_for(ScopedSession, "before_flush")
def _only_own_writes(session: ScopedSession, _context: Any, _instances: Any) -> None:
    for row in [*session.new, *session.dirty, *session.deleted]:
        if not isinstance(row, tuple(ORG_SCOPED)) or row.org_id != session.org_id:  # type: ignore[attr-defined]
            message = f"{type(row).__name__} is not this organisation's to write."
            raise ScopeError(message)


def row_values(row: SQLModel) -> dict[str, Any]:
    """The columns of a row as a plain dict."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}  # type: ignore[attr-defined]


@contextmanager
def as_system(session: ScopedSession) -> Iterator[SystemSession]:
    """The ledger's session on the transaction of a scoped one, which is flushed first and stays open.

    For the few acts of request code that reach beyond its organisation: re-judging what other organisations made
    from its goods.
    """
    session.flush()
    connection = Session.connection(session)
    enter(connection, org_id=None)
    with SystemSession(bind=connection, join_transaction_mode="rollback_only", expire_on_commit=False) as system:
        yield system
        system.flush()
    leave_system(connection)
    session.expire_all()


def leave_system(connection: Connection) -> None:
    """Back to the organisation alone."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT set_config('app.system', '', true)"))
