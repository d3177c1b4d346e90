"""Bring a database to the schema of this release, and say where it stands."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import migrations
from models.db import Database, migration_connection

FOLDER = Path(migrations.__file__).resolve().parent


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file."""
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER))
    settings.set_main_option("path_separator", "os")
    if connection is not None:
        settings.attributes["connection"] = connection
    return settings


def head() -> str:
    """The newest revision of the chain."""
    newest = ScriptDirectory.from_config(config()).get_current_head()
    assert newest is not None
    return newest


def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade to a revision."""
    with migration_connection(database) as connection:
        command.upgrade(config(connection), revision)
        connection.commit()


def unmigrate(database: Database, revision: str = "base") -> None:
    """Downgrade to a revision."""
    with migration_connection(database) as connection:
        command.downgrade(config(connection), revision)
        connection.commit()


def current(database: Database) -> str | None:
    """The revision that the database stands at; none for an empty one."""
    with migration_connection(database) as connection:
        return MigrationContext.configure(connection).get_current_revision()
