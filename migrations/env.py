"""Alembic's environment. Filière hands it an open connection (``ledger.schema``); it never opens one itself."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

import models


def run(connection: Connection) -> None:
    """Run the chain on a connection, in batch mode for SQLite."""
    context.configure(
        connection=connection,
        target_metadata=models.metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
