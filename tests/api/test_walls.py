"""The tenancy test: whoever is not of an organisation learns nothing of it, on any path, by any operation.

Every operation of the OpenAPI document is walked, new ones too: path parameters are filled from organisation A's
real ids by name (by all of them where the name is not known here), bodies from the examples and from the schemas,
with A's ids put in wherever an id goes. Every text of A holds the word PLANTED.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import models
from api import docs
from api.access import Needs, Routes
from api.deps import DatabaseDep
from domain import events as told
from ledger import access
from models.base import LOT_SCOPED, ORG_SCOPED, table
from models.db import ScopedSession, ScopeError, enter, scoped_session, system_session
from tests.api.conftest import House
from tests.builders import Cluster, at, kg, uid

MARK = "planted"
A_CODE = "PLANTED-A"
LABEL = "7K3MZ9QW4T5R8X2B"
UNIT = "PY0WMKPTQ4T5R8X2"
PAPER = "0a" * 32
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
ROLES = [*access.ROLES]


@dataclass
class Planted:
    """Organisation A with a row in every table that its kind of organisation writes, and B who has nothing to do with it."""

    house: House
    a: int
    b: int
    ids: dict[str, list[str]]
    a_admin: str
    b_users: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> list[str]:
        """A's ids for a parameter; all of A's ids where the name says nothing."""
        known = self.ids.get(name) or self.ids.get(name.removesuffix("_id")) or self.ids.get(f"{name}_id")
        return known or sorted({one for some in self.ids.values() for one in some})


@pytest.fixture
def planted(house: House, monkeypatch: pytest.MonkeyPatch) -> Planted:
    monkeypatch.setattr(access, "hash_password", lambda *_: access._NOBODY)  # nobody logs in here by password
    a, a_admin = access.found(
        house.recorder,
        A_CODE,
        "Planted Cooperative",
        "farmer_group",
        "LR",
        "Planted Region",
        "planted@example.org",
        "planted.admin",
        "Planted Admin",
        "seven wet boots by the door",
    )
    b, b_admin = house.found("BEE", "operator")
    third, _ = house.found("PLANTED-C", "exporter")
    cluster = Cluster(house.recorder, orgs={A_CODE: a, "BEE": b, "PLANTED-C": third})
    site = cluster.site("PLANTED-S", A_CODE)
    vessel = cluster.vessel("PLANTED-V", "PLANTED-S", A_CODE)
    certificate = cluster.certificate("PLANTED-CERT", A_CODE, sites=(("PLANTED-S", "2024-06-01", None),))
    cluster.farmer("PLANTED-F", A_CODE, certificate="PLANTED-CERT", plots=(("PLANTED-P", "2020-01-01"),))

    def lot(name: str, product: str = "cocoa_wet_beans", weight: str = "100") -> told.NewLot:
        return told.NewLot(lot=uid(name), code=name, product=product, quantity=kg(weight))

    def event(kind: Any, name: str, day: int, **values: Any) -> told.AnyEvent:
        return kind(id=uid(name), occurred_at=at(f"2024-11-{day:02d}T08:00:00Z"), **values)

    story = [
        event(
            told.Delivered, "e1", 5, site=site, farmer="PLANTED-F", lot=lot("PLANTED-D1"), plot="PLANTED-F-PLANTED-P"
        ),
        event(told.Delivered, "e2", 5, site=site, farmer="PLANTED-F", lot=lot("PLANTED-D2")),
        event(told.LabelIssued, "e3", 6, lot=uid("PLANTED-D1"), code=LABEL),
        event(told.Held, "e4", 7, lot=uid("PLANTED-D2"), reason="planted reason"),
        event(told.Delivered, "e5", 7, site=site, farmer="PLANTED-F", lot=lot("PLANTED-D3")),
        event(told.TransferOffered, "e6", 8, lots=(uid("PLANTED-D3"),), to="PLANTED-C"),
        event(
            told.Loaded,
            "e7",
            8,
            vessel=vessel,
            load=uid("load"),
            contents=[told.Drawn(lot=uid("PLANTED-D1"), quantity=kg("10"))],
        ),
        told.DocumentAttached(
            id=uid("e8"),
            occurred_at=at("2024-11-09T08:00:00Z"),
            lot=uid("PLANTED-D1"),
            kind="certificate_of_analysis",
            sha256=PAPER,
            media_type="application/pdf",
            size=7,
            number="PLANTED-COA",
            laboratory="PLANTED-LAB",
        ),
    ]
    for one in story:
        answer = cluster.tell(A_CODE, one)
        assert answer.status == "accepted", (one.type, answer.refused)
    with system_session(house.recorder.database, write=True) as session:
        farmer = uid("PLANTED-F")
        session.add(models.Person(org_id=a, farmer_id=farmer, full_name="Planted Person", phone="+231 planted"))
        session.add(models.Estimate(org_id=a, farmer_id=farmer, season="2024/25", product="planted_product", grams=7))
        session.add(models.Frozen(org_id=a, sha256="planted", facts='{"planted":1}'))
        session.add(
            models.Attachment(
                org_id=a, sha256=PAPER, media_type="application/pdf", size=7, content=b"planted", kept_at=1
            )
        )
        session.add(
            models.ImportRun(
                org_id=a,
                id=uid("import"),
                kind="farmers",
                file_name="planted.csv",
                sha256="planted",
                content=b"Code;Name\nPLANTED-F;Planted Person\n",
                created_by="planted",
                created_at=1,
            )
        )
        session.add(
            models.Contract(
                org_id=a,
                id=uid("PLANTED-K"),
                code="PLANTED-K",
                buyer="Planted Buyer",
                product="cocoa_dry_beans",
                grams=7,
                from_day="2024-11-01",
                to_day="2025-06-30",
            )
        )
        session.add(
            models.Signal(
                org_id=a,
                id=uid("PLANTED-SIGNAL"),
                season="2024/25",
                pattern="shared_identity",
                subject_kind="farmer",
                subject="PLANTED-F",
                score=900,
                evidence='{"figures":{"farmers":2,"first":"PLANTED-F"},"others":["PLANTED-F2"],"strength":900}',
                found_at=1,
                note="planted note",
            )
        )
        session.add_all(planted_control(a))
        session.add_all(planted_prices(a))
        session.add_all(planted_facility(a, vessel))
        session.flush()
        key = table(models.Lot)
        lot_id = session.execute(sa.select(key.c.id).where(key.c.code == "PLANTED-D1")).scalar_one()
        session.add(
            models.Document(
                org_id=a,
                seq=99,
                number="PLANTED-DOC-1",
                kind="certificate",
                lot_id=lot_id,
                language="en",
                issued_at=1,
                facts_sha256="planted",
            )
        )
        session.add(
            models.DocumentFile(
                org_id=a, number="PLANTED-DOC-1", content=b"planted", sha256="planted", signer="planted", signed_at=1
            )
        )
        session.add_all(planted_recall(a, lot_id))
        session.add_all(planted_units(a, lot_id))
    row, _ = access.add_key(
        house.recorder, a, access.EVERYTHING, name="planted key", scopes=["lots:read"], days=3, made_by=a_admin
    )
    ids = {
        "user_id": [a_admin],
        "key_id": [row.id],
        "event_id": [one.id for one in story],
        "lot": [uid("PLANTED-D1"), "PLANTED-D2", "planted-d2"],
        "code": [LABEL],
        "number": ["PLANTED-DOC-1", "1"],
        "sha256": [PAPER],
        "farmer_id": [farmer],
        "plot_id": [uid("PLANTED-F/PLANTED-P")],
        "site_id": [site],
        "vessel_id": [vessel],
        "certificate_id": [certificate],
        "membership_id": [uid("PLANTED-F/PLANTED-CERT")],
        "inspection_id": [uid("PLANTED-F/2024-08-10")],
        "import_id": [uid("import")],
        "transfer_id": [uid("e6")],
        "load_id": [uid("load")],
        "contract_id": [uid("PLANTED-K")],
        "organisation_id": [str(a)],
        "signal_id": [uid("PLANTED-SIGNAL")],
        "inspector_id": [uid("PLANTED-I")],
        "instrument_id": [uid("PLANTED-SC")],
        "finding_id": [uid("PLANTED-NC")],
        "recall_id": [uid("PLANTED-RECALL")],
        "entry_id": [uid("PLANTED-ENTRY")],
        "consignee_id": [uid("PLANTED-CONSIGNEE")],
        "price_list_id": [uid("PLANTED-PL")],
        "booking_id": [uid("PLANTED-B")],
    }
    users = {role: b_admin if role == "operator" else house.user(b, role, f"b.{role}") for role in ROLES}
    return Planted(house, a, b, ids, a_admin, users)


def planted_control(a: int) -> list[Any]:
    """A row in each table of A's internal control system."""
    farmer, certificate, inspection = uid("PLANTED-F"), uid("PLANTED-CERT"), uid("PLANTED-F/2024-08-10")
    inspector, day = uid("PLANTED-I"), "2024-08-10"
    return [
        models.Inspector(org_id=a, id=inspector, code="PLANTED-I", from_day=day),
        models.InspectionReport(org_id=a, inspection_id=inspection, scheme="EU_ORG", scope="planted scope"),
        models.NonConformity(
            org_id=a, id=uid("PLANTED-NC"), scheme="EU_ORG", farmer_id=farmer, code="PLANTED", severity="major",
            found_on=day, note="planted note",
        ),
        models.OfficialControl(
            org_id=a, id=uid("PLANTED-OC"), farmer_id=farmer, scheme="EU_ORG", controlled_on=day, inspector="PLANTED-CB"
        ),
        models.MemberList(
            org_id=a, certificate_id=certificate, number=1, as_of=day, frozen_at=1, frozen_by="planted", rows="[]",
            sha256="planted",
        ),
        models.Holding(org_id=a, farmer_id=farmer, from_day=day, area_m2=7, recorded_at=1),
        models.Instrument(org_id=a, id=uid("PLANTED-SC"), site_id=uid("PLANTED-S"), code="PLANTED-SC", kind="scale"),
        models.Training(org_id=a, id=uid("PLANTED-T"), topic="planted topic", held_on=day, audience="inspector"),
        models.SchemeSetting(org_id=a, scheme="EU_ORG", from_day=day, over_delivery="hold", recorded_at=1),
    ]  # fmt: skip


def planted_recall(a: int, lot: int) -> list[Any]:
    """A row in each table of A's recalls."""
    case = uid("PLANTED-RECALL")
    return [
        models.RecallCase(
            org_id=a, id=case, number="RC-PLANTED-1", kind="real", origin="lot", ref="PLANTED-D1",
            reason="planted reason", roots=f"[{lot}]", opened_at=1, opened_by="planted", took_ms=1,
        ),
        models.RecallNotification(
            org_id=a, case_id=case, recipient="PLANTED-R", notified_at=1, notified_by="planted", how="planted"
        ),
        models.RecallReturn(
            org_id=a, id=uid("PLANTED-ENTRY"), case_id=case, lot_id=lot, recipient="PLANTED-R", outcome="returned",
            grams=7, on_day="2024-08-10", place="planted place", recorded_at=1, recorded_by="planted",
        ),
        models.Consignee(org_id=a, id=uid("PLANTED-CONSIGNEE"), code="PLANTED-R", name="Planted Recipient"),
    ]  # fmt: skip


def planted_units(a: int, lot: int) -> list[Any]:
    """A row in each table around the labels of A's units."""
    return [
        models.LabelRun(
            org_id=a, seq=98, lot_id=lot, key=1, commodity=1, packed_on="2024-11-06", nets="[[1,7]]", seed=b"planted", opening_seed=b"planted"
        ),
        models.TradeItem(org_id=a, product="planted", gtin="09521321000018", prefix="9521321", recorded_at=1),
        models.LabelRegister(
            org_id=a, seq=98, lot_id=lot, kind="void", units="[[1,1]]", labels=1, copies=1, reason="planted reason", at=1
        ),
        models.UnitCode(code=UNIT, lot_id=lot, number=1, run=98),
        models.Unit(
            lot_id=lot, number=1, seq=98, grams=7, packaging="planted", state="issued", state_seq=98, label_seq=98,
            labelled_by=a,
        ),
        models.OpeningTry(code=UNIT, lot_id=lot, tries=1, day=1),
        models.Scan(lot_id=lot, code=UNIT, number=1, at=1, kind="public", visitor="planted"),
        models.LabelAlert(
            org_id=a, code=UNIT, lot_id=lot, number=1, points=80, first_at=1, last_at=1, closed_by="planted",
            facts='[{"rule":"after_opened","points":80,"at":1,"countries":["planted"]}]',
        ),
    ]  # fmt: skip


def planted_prices(a: int) -> list[Any]:
    """A row in each table of A's prices."""
    line = {"code": "PLANTED", "product": "cocoa_wet_beans", "per_tonne": 7, "grade": None, "claims": {}}
    window = {"zone": "planted", "harvested_from": None, "harvested_to": None}
    terms = {"currency": "LRD", "rounding": "down", "round_to": 1, "lines": [line | window], "deductions": []}
    return [
        models.PriceList(org_id=a, id=uid("PLANTED-PL"), code="PLANTED-PL", name="Planted prices", created_at=1),
        models.PriceVersion(
            org_id=a, list_id=uid("PLANTED-PL"), number=1, from_day="2024-10-01", terms=json.dumps(terms),
            reason="planted reason", recorded_at=1,
        ),
        models.PricedProduct(org_id=a, product="cocoa_wet_beans", list_id=uid("PLANTED-PL")),
    ]  # fmt: skip


def planted_facility(a: int, vessel: str) -> list[Any]:
    """A row in each table around A's facility."""
    site = uid("PLANTED-S")
    return [
        models.Booking(
            org_id=a, id=uid("PLANTED-B"), site_id=site, vessel_id=vessel, for_org_id=a, from_at=1, to_at=2, grams=7,
            note="planted note", booked_by=a, booked_at=1,
        ),
        models.Tariff(org_id=a, site_id=site, from_day="2024-10-01", currency="LRD", fee_per_tonne=7, recorded_at=1),
        models.LossBaseline(
            org_id=a, site_id=site, measured_on="2024-06-30", loss_bp=7, source="planted source", recorded_at=1
        ),
        models.SensorReading(
            org_id=a, load_id=uid("load"), name="mass_temperature", device="PLANTED-T", read_at=1, value="7",
            unit="°C", received_at=1,
        ),
    ]  # fmt: skip


# --- the requests ---


@dataclass(frozen=True)
class Operation:
    path: str
    method: str
    declared: dict[str, Any]

    @property
    def public(self) -> bool:
        return self.declared["x-access"].startswith("public")

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


@dataclass(frozen=True)
class Ask:
    """One request, and the texts of A that are in it: to give those back tells nobody anything."""

    operation: Operation
    url: str
    body: Any
    headers: dict[str, str]
    ids: tuple[str, ...]
    aimed: bool

    @property
    def sent(self) -> tuple[str, ...]:
        return (*self.ids, *strings(self.body))

    def of(self, client: TestClient) -> Any:
        content = None if self.body is None else json.dumps(self.body)
        headers = self.headers | ({"content-type": "application/json"} if content is not None else {})
        return client.request(self.operation.method, self.url, content=content, headers=headers, follow_redirects=False)


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The OpenAPI document of the service, to be had from the first one asked: it takes seconds to make."""
    return {}


@pytest.fixture
def document(house: House, described: dict[str, Any]) -> dict[str, Any]:
    if not described:
        described |= house.client().get("/openapi.json").json()
    return described


def operations(document: dict[str, Any]) -> list[Operation]:
    return [
        Operation(path, method, declared)
        for path, methods in document["paths"].items()
        for method, declared in methods.items()
    ]


def bodies(operation: Operation, document: dict[str, Any]) -> list[Any]:
    """Every example of a body, and one made from the schema of each of its kinds."""
    content = operation.declared.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return [None]
    schema = docs.resolved(content["schema"], document)
    kinds = schema.get("oneOf") or [content["schema"]]
    given = [one["value"] for one in content.get("examples", {}).values()]
    return [*given, *(docs.example(kind, document) for kind in kinds)]


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def aimed(value: Any, planted: Planted, name: str = "") -> Any:
    """A body whose references are A's; the ids of the new things in it are new."""
    if isinstance(value, dict):
        return {key: aimed(one, planted, key) for key, one in value.items()}
    if isinstance(value, list):
        return [aimed(one, planted, name) for one in value]
    if name == "id":
        return str(uuid4())
    if isinstance(value, str) and UUID.match(value):
        wanted = {"lots": "lot", "site": "site_id", "vessel": "vessel_id", "event": "event_id", "load": "load_id"}
        return planted.of(wanted.get(name, name if name in planted.ids else "lot"))[0]
    if name in ("farmer", "plot", "to", "owner"):
        return {"farmer": "PLANTED-F", "plot": "PLANTED-F-PLANTED-P", "to": "PLANTED-C", "owner": A_CODE}[name]
    return value


def asks(operation: Operation, planted: Planted, document: dict[str, Any], *, real: bool) -> Iterator[Ask]:
    """The requests of an operation, with A's ids or with unknown ones of the same form."""
    parameters = operation.declared.get("parameters", ())
    names = re.findall(r"\{(\w+)\}", operation.path)
    choices = [planted.of(name) for name in names]
    for turn in range(max([len(some) for some in choices], default=1)):
        url, sent = operation.path, list[str]()
        for name, some in zip(names, choices, strict=True):
            value = some[turn % len(some)]
            value = value if real else unknown(value)
            sent.append(value)
            url = url.replace(f"{{{name}}}", value)
        query = {
            one["name"]: docs.example(one["schema"], document)
            for one in parameters
            if one["in"] == "query" and one.get("required")
        }
        if query:
            url += "?" + "&".join(f"{name}={value}" for name, value in query.items())
        headers = {"if-match": '"1"'} if any(one["name"] == "if-match" for one in parameters) else {}
        for body in bodies(operation, document):
            yield Ask(operation, url, body, headers, tuple(sent), aimed=False)
            if real and body is not None:
                yield Ask(operation, url, aimed(body, planted), headers, tuple(sent), aimed=True)


LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"


def unknown(value: str) -> str:
    """An id of the same form that nobody has."""
    if UUID.match(value):
        return str(uuid4())
    if value == PAPER:
        return "0b" * 32
    return "".join(LETTERS[LETTERS.index(one) - 7] if one in LETTERS else one for one in value)


def told_of_a(answer: Any, ask: Ask) -> str | None:
    """What an answer holds of A, beyond what was sent."""
    said = answer.text + json.dumps(dict(answer.headers))
    said = said.replace("planted_year", "")  # a field of plots, not the mark
    for one in sorted(ask.sent, key=len, reverse=True):
        said = re.sub(re.escape(one), "", said, flags=re.IGNORECASE)
    found = re.search(rf".{{0,60}}{MARK}.{{0,60}}", said, re.IGNORECASE | re.DOTALL)
    return found[0] if found else None


def rows_of_a(planted: Planted) -> dict[str, list[Any]]:
    """Everything that is A's, but when its sessions were last seen."""
    kept = {}
    with system_session(planted.house.recorder.database, write=False) as session:
        own = sa.select(table(models.Lot).c.id).where(table(models.Lot).c.org_id == planted.a)
        for model in (models.Lot, *ORG_SCOPED):
            held = table(model)
            if model not in (models.WebSession,):
                query = sa.select(held).where(held.c.org_id == planted.a).order_by(*held.primary_key)
                kept[held.name] = session.execute(query).all()
        for model in LOT_SCOPED:
            held = table(model)
            query = sa.select(held).where(held.c.lot_id.in_(own)).order_by(*held.primary_key)
            kept[held.name] = session.execute(query).all()
    return kept


# --- the walks ---


def test_who_is_not_signed_in_is_told_nothing_anywhere(planted: Planted, document: dict[str, Any]) -> None:
    house = planted.house
    expired = house.client(planted.a, planted.a_admin)
    disabled_user = house.user(planted.a, "ics_manager", "gone")
    disabled = house.client(planted.a, disabled_user)
    disabled_key = house.key(planted.a, disabled_user, "lots:read")
    revoked_key = house.key(planted.a, planted.a_admin, *access.SCOPES)
    access.revoke_key(house.recorder, planted.a, next(_key_ids(planted, revoked_key)))
    access.change_user(house.recorder, planted.a, access.EVERYTHING, disabled_user, 1, disabled=True)
    house.clock.turn(minutes=31)
    garbage = house.client()
    garbage.cookies.set("filiere", "garbage")
    who = {
        "anonymous": house.client(),
        "garbage cookie": garbage,
        "garbage key": house.client(authorization="Bearer flk_garbage"),
        "garbage scheme": house.client(authorization="Negotiate abcd"),
        "expired session": expired,
        "disabled user": disabled,
        "key of a disabled user": house.client(authorization=f"Bearer {disabled_key}"),
        "revoked key": house.client(authorization=f"Bearer {revoked_key}"),
    }
    before, walked = rows_of_a(planted), 0
    for operation in operations(document):
        for name, client in who.items():
            for ask in asks(operation, planted, document, real=True):
                answer = ask.of(client)
                walked += 1
                if not operation.public:
                    assert answer.status_code == 401, (str(operation), name, answer.text)
                    assert told_of_a(answer, ask) is None, (str(operation), name)
                assert answer.status_code < 500, (str(operation), name)
    assert rows_of_a(planted) == before
    assert walked > 8 * len(operations(document))


def _key_ids(planted: Planted, key: str) -> Iterator[str]:
    with system_session(planted.house.recorder.database, write=False) as session:
        held = table(models.ApiKey)
        for row in session.execute(sa.select(held)):
            if row.secret_sha256 == access._digest(key.rsplit("_", 1)[1]):
                yield row.id


@pytest.mark.parametrize("role", ROLES)
def test_another_organisation_is_told_nothing_anywhere(planted: Planted, document: dict[str, Any], role: str) -> None:
    house = planted.house
    before = rows_of_a(planted)
    client = house.client(planted.b, planted.b_users[role])
    ordered = sorted(operations(document), key=lambda one: (one.method != "get", one.path.startswith("/v1/session")))
    for operation in ordered:  # what B told itself must not come back as if it were A's: reads first
        if operation.path.startswith("/l/"):
            continue  # the page of a label is for everybody: see test_public
        if operation.declared["x-access"] == "deployment:manage" and role == "operator":
            continue  # who runs the deployment sees which organisations there are: that is the right
        if operation.path.startswith("/v1/session"):
            client = house.client(planted.b, planted.b_users[role])
        statuses = set()
        strangers = asks(operation, planted, document, real=False)
        for ask in asks(operation, planted, document, real=True):
            answer = ask.of(client)
            where = (str(operation), ask.url, ask.body, answer.status_code, answer.text[:500])
            assert answer.status_code < 500, where
            assert told_of_a(answer, ask) is None, where
            if "{" not in operation.path:
                continue
            statuses.add(answer.status_code)
            if ask.aimed:
                assert answer.status_code in (403, 404, 422), where
                continue
            stranger = next(strangers)
            other = stranger.of(client)
            assert _shape(answer, ask) == _shape(other, stranger), where
            assert answer.status_code in (403, 404, 422), where
        if "{" in operation.path:
            assert statuses & {403, 404}, f"{operation} never got as far as its object: {statuses}"
    assert rows_of_a(planted) == before


def _shape(answer: Any, ask: Ask) -> tuple[int, str, tuple[tuple[str, str], ...]]:
    """An answer without the id that was sent, which may be said back."""
    text = answer.text
    for one in ask.ids:
        text = re.sub(re.escape(one), "<id>", text, flags=re.IGNORECASE)
    skipped = ("content-length", "date")
    return answer.status_code, text, tuple(sorted((k, v) for k, v in answer.headers.items() if k not in skipped))


def test_a_new_route_is_walked_without_touching_this_test(planted: Planted) -> None:
    """A route that forgets the organisation is caught, though nobody told this test of it."""
    leaky = Routes(prefix="/v1/leaks", tags=["leaks"])

    @leaky.get("/{thing}", access=Needs("lots:read"), summary="Leaks")
    def _leak(thing: str, database: DatabaseDep) -> dict[str, str]:
        with system_session(database, write=False) as session:
            held = table(models.Lot)
            row = session.execute(sa.select(held.c.code).where(held.c.uid == thing)).one_or_none()
        return {"code": row.code if row else "none"}

    planted.house.app.include_router(leaky)
    document = planted.house.client().get("/openapi.json").json()
    with pytest.raises(AssertionError, match="leaks"):
        test_another_organisation_is_told_nothing_anywhere(planted, document, "viewer")


# --- the walls of models/db.py, one path after another ---


def _lot_of_a(planted: Planted) -> int:
    with system_session(planted.house.recorder.database, write=False) as session:
        held = table(models.Lot)
        return int(session.execute(sa.select(held.c.id).where(held.c.code == "PLANTED-D1")).scalar_one())


READS = {
    "select": lambda s, _: s.scalars(sa.select(models.Farmer)).all(),
    "columns": lambda s, _: s.execute(sa.select(models.Farmer.code)).all(),
    "count": lambda s, _: s.scalar(sa.select(sa.func.count()).select_from(models.Farmer)) or [],
    "count of a column": lambda s, _: s.scalar(sa.select(sa.func.count(models.Farmer.id))) or [],
    "sum": lambda s, _: s.scalar(sa.select(sa.func.sum(models.Lot.remaining_g))) or [],
    "alias": lambda s, _: s.scalars(sa.select(sa.orm.aliased(models.Plot))).all(),
    "subquery": lambda s, _: s.execute(sa.select(sa.select(models.Plot).subquery())).all(),
    "cte": lambda s, _: s.execute(sa.select(sa.select(models.Plot.code).cte("c"))).all(),
    "exists": lambda s, _: s.scalars(
        sa.select(models.Organisation.id).where(sa.exists().where(models.Lot.org_id != models.Organisation.id))
    ).all(),
    "join": lambda s, _: s.execute(
        sa.select(models.Plot.code, models.Farmer.code).join(
            models.Farmer,
            sa.and_(models.Farmer.id == models.Plot.farmer_id, models.Farmer.org_id == models.Plot.org_id),
        )
    ).all(),
    "join from an open table": lambda s, _: s.execute(
        sa.select(models.Organisation.id, models.User.name)
        .join(models.User, models.User.org_id == models.Organisation.id)
        .where(models.User.full_name == "Planted Admin")
    ).all(),
    "union": lambda s, _: s.execute(sa.union_all(sa.select(models.Farmer.code), sa.select(models.Site.code))).all(),
    "lot": lambda s, lot: s.scalars(sa.select(models.Lot).where(models.Lot.id == lot)).all(),
    "line of a lot": lambda s, lot: s.scalars(sa.select(models.Line).where(models.Line.lot_id == lot)).all(),
    "label of a lot": lambda s, lot: s.scalars(sa.select(models.Label).where(models.Label.lot_id == lot)).all(),
    "party of a lot": lambda s, lot: s.scalars(sa.select(models.LotParty).where(models.LotParty.lot_id == lot)).all(),
    "event": lambda s, _: s.scalars(sa.select(models.Event)).all(),
    "organisation": lambda s, _: s.scalars(
        sa.select(models.Organisation).where(models.Organisation.code == A_CODE)
    ).all(),
}
"""Reads that an ORM session can be asked for. Each must come back empty for another organisation."""


def test_a_scoped_session_reads_nothing_of_another(planted: Planted) -> None:
    lot, leaks = _lot_of_a(planted), {}
    for path, read in READS.items():
        with scoped_session(planted.house.recorder.database, planted.b, write=False) as session:
            try:
                found = read(session, lot)
            except ScopeError:
                continue
        if found:
            leaks[path] = found
    assert leaks == {}


def test_a_scoped_session_has_no_way_around(planted: Planted) -> None:
    database, lot = planted.house.recorder.database, _lot_of_a(planted)
    farmer = models.Farmer(org_id=planted.a, id=str(uuid4()), code="X", created_at=1)
    with scoped_session(database, planted.b, write=True) as session:
        assert session.get(models.Farmer, (planted.a, uid("PLANTED-F"))) is None
        assert session.get(models.Lot, (planted.a, lot)) is None
        for refused in (
            lambda: session.execute(sa.select(table(models.Farmer))),
            lambda: session.execute(sa.text("SELECT * FROM farmer")),
            lambda: session.connection(),
            lambda: session.execute(sa.insert(table(models.Farmer)).values(org_id=planted.a)),
            lambda: session.execute(sa.select(sa.exists(sa.select(table(models.Lot).c.id)))),
        ):
            with pytest.raises(ScopeError):
                refused()
        assert session.execute(sa.update(models.Farmer).values(code="X")).rowcount == 0  # type: ignore[attr-defined]
        assert session.execute(sa.delete(models.Plot)).rowcount == 0  # type: ignore[attr-defined]
        session.add(farmer)
        with pytest.raises(ScopeError):
            session.flush()
        session.expunge_all()
        session.rollback()
    values = {"org_id": planted.a, "id": "x", "code": "X", "version": 1, "created_at": 1}
    for sneaks_in in (
        lambda session: session.execute(sa.insert(models.Farmer), [values]),
        lambda session: session.bulk_insert_mappings(models.Farmer, [values]),
        lambda session: session.bulk_save_objects([models.Farmer(**values)]),
        lambda session: session.bulk_update_mappings(
            models.Farmer, [{"org_id": planted.a, "id": uid("PLANTED-F"), "code": "X"}]
        ),
    ):
        with pytest.raises(ScopeError), scoped_session(database, planted.b, write=True) as session:
            sneaks_in(session)
    with system_session(database, write=False) as session:
        held = table(models.Farmer)
        assert session.execute(sa.select(held.c.code)).scalars().all() == ["PLANTED-F"]


def test_the_identity_map_is_one_organisations(planted: Planted) -> None:
    """The organisation of a session is fixed: another one is another session, with nothing in it."""
    database = planted.house.recorder.database
    with scoped_session(database, planted.a, write=False) as session:
        assert session.get(models.Farmer, (planted.a, uid("PLANTED-F"))) is not None
        session.org_id = planted.b
        assert session.scalars(sa.select(models.Farmer)).all() == []
        assert isinstance(session, ScopedSession)
    with scoped_session(database, planted.b, write=False) as session:
        assert session.get(models.Farmer, (planted.a, uid("PLANTED-F"))) is None


def test_row_level_security_holds_alone(planted: Planted) -> None:
    """PostgreSQL, with the first wall taken away: a plain session that says for whom it works."""
    database = planted.house.recorder.database
    if not database.is_postgresql:
        pytest.skip("SQLite is for one trust domain, and has no second wall")
    lot = _lot_of_a(planted)
    with Session(database.reader) as session:
        enter(session.connection(), org_id=planted.b)
        for path, read in READS.items():
            found = read(session, lot)
            assert not found, path
        for model in (*ORG_SCOPED, *LOT_SCOPED, models.Lot, models.Organisation):
            held = table(model)
            rows = session.execute(sa.select(held)).all()
            assert not [row for row in rows if MARK in str(row).lower()], held.name
            if "org_id" in held.c:
                assert {row.org_id for row in rows} <= {planted.b}, held.name
    with Session(database.writer) as session:
        enter(session.connection(), org_id=planted.b)
        assert session.execute(sa.update(table(models.Farmer)).values(code="X")).rowcount == 0  # type: ignore[attr-defined]
        assert session.execute(sa.delete(table(models.Plot))).rowcount == 0  # type: ignore[attr-defined]
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            session.execute(
                sa.insert(table(models.Farmer)).values(org_id=planted.a, id="x", code="X", version=1, created_at=1)
            )
    with Session(database.reader) as session:  # nobody said for whom
        assert session.execute(sa.select(table(models.Lot))).all() == []
        assert session.execute(sa.select(table(models.User))).all() == []


def test_every_table_has_its_wall(planted: Planted) -> None:
    """A table with ``org_id`` or ``lot_id`` is in one of the two lists, and on PostgreSQL its policy is forced."""
    database = planted.house.recorder.database
    listed = {table(model).name for model in (*ORG_SCOPED, *LOT_SCOPED)}
    outside = {
        held.name
        for held in models.metadata.tables.values()
        if ("org_id" in held.c or "lot_id" in held.c) and held.name not in listed
    }
    assert outside == {"lot", "public_page"}, "models.db filters lot by its parties; public_page is public"
    if not database.is_postgresql:
        return
    with system_session(database, write=False) as session:
        query = sa.text(
            "SELECT relname, relrowsecurity AND relforcerowsecurity AS forced, "
            "(SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) AS policies FROM pg_class c "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
        )
        bare = [row.relname for row in session.connection().execute(query) if not (row.forced and row.policies)]
    assert bare == []
