"""One chain for both databases: up, down, up, no drift; the log append-only; the second wall on every table."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

import models
from ledger.record import Recorder
from models.base import LOT_SCOPED, ORG_SCOPED, table
from models.db import Database, enter, migration_connection, system_session
from models.schema import current, head, migrate, unmigrate
from tests.ledger.season import Chain


def test_up_down_up_leaves_no_drift(database: Database) -> None:
    assert current(database) == head()
    unmigrate(database)
    assert current(database) is None
    migrate(database)
    assert current(database) == head()
    with migration_connection(database) as connection:
        assert compare_metadata(MigrationContext.configure(connection), models.metadata) == []


@pytest.mark.parametrize("act", ["UPDATE event SET body = '{}'", "DELETE FROM event"])
def test_the_log_takes_no_change_even_from_its_owner(recorder: Recorder, act: str) -> None:
    chain = Chain(recorder)
    chain.ok(chain.deliver("D1", 10))
    with migration_connection(recorder.database) as connection:
        if recorder.database.is_postgresql:
            connection.execute(sa.text("SELECT set_config('app.system', 'on', true)"))
        with pytest.raises(DBAPIError, match=r"append-only|permission"):
            connection.execute(sa.text(act))
        connection.rollback()
    with system_session(recorder.database, write=False) as session:
        assert session.execute(sa.select(sa.func.count()).select_from(table(models.Event))).scalar_one() == 1


def test_the_log_cannot_be_truncated(recorder: Recorder) -> None:
    if not recorder.database.is_postgresql:
        pytest.skip("SQLite has no TRUNCATE")
    with migration_connection(recorder.database) as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(sa.text("TRUNCATE event"))


def test_every_table_of_an_organisation_has_forced_row_level_security(database: Database) -> None:
    if not database.is_postgresql:
        pytest.skip("SQLite has no row-level security: it is for one trust domain")
    query = sa.text(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relrowsecurity AND c.relforcerowsecurity "
        "AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)"
    )
    with migration_connection(database) as connection:
        walled = set(connection.execute(query).scalars())
    assert set(models.metadata.tables) - walled == set()
    assert {table(model).name for model in (*ORG_SCOPED, *LOT_SCOPED)} <= walled


def test_the_service_works_as_a_role_that_owns_and_bypasses_nothing(database: Database) -> None:
    if not database.is_postgresql:
        pytest.skip("SQLite has no roles")
    with database.writer.connect() as connection:
        role = connection.execute(
            sa.text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        ).one()
    assert tuple(role) == ("filiere_app", False, False)


def test_without_an_organisation_nothing_is_seen_and_with_one_only_its_own(recorder: Recorder) -> None:
    if not recorder.database.is_postgresql:
        pytest.skip("SQLite has no row-level security")
    chain = Chain(recorder)
    chain.ok(chain.deliver("D1", 10))
    count = sa.select(sa.func.count()).select_from(table(models.Lot))
    seen = []
    for org_id in (None, chain.cluster.orgs["COOP"], chain.cluster.orgs["RIVAL"]):
        with recorder.database.reader.connect() as connection:
            if org_id is not None:
                enter(connection, org_id=org_id)
            seen.append(connection.execute(count).scalar_one())
    assert seen == [0, 1, 0]


def test_an_organisation_stated_once_does_not_leak_into_the_next_transaction(recorder: Recorder) -> None:
    if not recorder.database.is_postgresql:
        pytest.skip("SQLite has no row-level security")
    chain = Chain(recorder)
    chain.ok(chain.deliver("D1", 10))
    count = sa.select(sa.func.count()).select_from(table(models.Lot))
    for _ in range(50):
        with recorder.database.reader.connect() as connection:
            enter(connection, org_id=chain.cluster.orgs["COOP"])
            assert connection.execute(count).scalar_one() == 1
        with recorder.database.reader.connect() as connection:
            assert connection.execute(count).scalar_one() == 0
