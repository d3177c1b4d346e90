"""The service on a database, with a clock that a test can turn and short ways to organisations and their people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import Service, build
from api.settings import Settings
from ledger import access
from ledger.record import Recorder
from tests.api.hop import Browser, hashed_once, one_loop, prepared_routes

PHRASE = "seven wet boots by the door"
HOST = "http://testserver"


@dataclass
class Clock:
    """UTC milliseconds; stands still until it is turned."""

    now: int = 1_900_000_000_000

    def __call__(self) -> int:
        return self.now

    def turn(self, *, minutes: float = 0, days: float = 0) -> None:
        self.now += round(minutes * access.MINUTE + days * access.DAY)


@dataclass
class House:
    """A deployment: its service, its ledger, its clock."""

    recorder: Recorder
    clock: Clock
    settings: Settings
    app: Service = field(init=False)

    def __post_init__(self) -> None:
        self.app = build(self.settings, self.recorder)

    def found(self, code: str, kind: str = "farmer_group", name: str | None = None) -> tuple[int, str]:
        """An organisation whose administrator is ``admin@CODE`` with ``PHRASE``."""
        named = name or f"Organisation {code}"
        return access.found(self.recorder, code, named, kind, "LR", "Bong", None, "admin", "Admin Person", PHRASE)

    def user(self, org_id: int, role: str, name: str | None = None) -> str:
        row = access.add_user(
            self.recorder,
            org_id,
            access.EVERYTHING,
            name=name or role.replace("_", "."),
            full_name=f"Person {role}",
            role=role,
            password=None,
        )
        return row.id

    def client(self, org_id: int | None = None, user_id: str | None = None, **headers: str) -> TestClient:
        """A browser: of nobody, or logged in as a user."""
        client = Browser(self.app, base_url=self.settings.public_url, headers=headers)
        if org_id is not None and user_id is not None:
            begun = access.begin_session(self.recorder, org_id, user_id)
            assert begun is not None
            client.cookies.set("filiere", begun[0])
        return client

    def key(self, org_id: int, maker: str, *scopes: str, days: int = 30) -> str:
        made = access.add_key(
            self.recorder, org_id, access.EVERYTHING, name="a key", scopes=scopes, days=days, made_by=maker
        )
        return made[1]


@pytest.fixture(scope="session", autouse=True)
def _once() -> Iterator[None]:
    """One event loop, one preparation of the routes and one hash of ``PHRASE`` for all services of the session."""
    with one_loop(), prepared_routes(), hashed_once(PHRASE):
        yield


@pytest.fixture
def house(recorder: Recorder, tmp_path: Path) -> House:
    clock = Clock()
    told = replace(recorder, clock=clock, host=HOST)
    return House(told, clock, Settings(recorder.database.url, tmp_path, HOST))
