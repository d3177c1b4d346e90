"""Shared facilities over HTTP: the operator sees all, who uses it its own part, others nothing."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

import models
from domain import events as told
from tests.api.conftest import House
from tests.builders import Cluster, at, kg, uid
from tests.ledger.season import Chain

DAYS = {"from_day": "2025-01-01", "to_day": "2025-01-31"}
SITE = f"/v1/sites/{uid('FERM')}"


@dataclass
class Shared:
    house: House
    chain: Chain
    admins: tuple[tuple[int, str], ...]

    def at(self, when: str) -> None:
        """It is then, and everybody signs in again."""
        self.house.clock.now = round(at(when).timestamp() * 1000)
        self.operator, self.user, self.stranger = (self.house.client(*one) for one in self.admins)

    operator: TestClient = field(init=False)
    user: TestClient = field(init=False)
    stranger: TestClient = field(init=False)


@pytest.fixture
def shared(house: House) -> Shared:
    """COOP operates a box; GUEST brings goods there; RIVAL does not."""
    found = {code: house.found(code) for code in ("COOP", "GUEST", "RIVAL")}
    chain = Chain.__new__(Chain)
    chain.recorder = house.recorder
    orgs = {code: org for code, (org, _) in found.items()}
    cluster = chain.cluster = Cluster(house.recorder, orgs=orgs)
    cluster.site("FERM", "COOP", shared=("GUEST",))
    cluster.vessel("BOX", "FERM", "COOP")
    made = Shared(house, chain, tuple(found.values()))
    made.at("2025-01-05T08:00:00Z")
    return made


def slot(since: str, until: str, **more: Any) -> dict[str, Any]:
    return {"vessel": uid("BOX"), "since": since, "until": until, "grams": 900_000} | more


def test_a_box_is_booked_seen_and_given_back(shared: Shared) -> None:
    wanted = slot("2025-01-10T06:00:00Z", "2025-01-16T06:00:00Z", id=uid("B1"), note="Wet beans")
    made = shared.user.post(f"{SITE}/bookings", json=wanted)
    assert made.status_code == 201, made.text
    assert (made.json()["organisation"], made.json()["state"]) == ("GUEST", "booked")
    assert shared.user.post(f"{SITE}/bookings", json=wanted).status_code == 200
    clash = shared.operator.post(f"{SITE}/bookings", json=slot("2025-01-15T06:00:00Z", "2025-01-20T06:00:00Z"))
    assert (clash.status_code, clash.json()["code"]) == (409, "VESSEL_BOOKED")
    assert clash.json()["detail"] == "BOX is booked from 10 Jan 2025, 06:00 UTC to 16 Jan 2025, 06:00 UTC."
    assert shared.operator.post(
        f"{SITE}/bookings", json=slot("2025-01-16T06:00:00Z", "2025-01-20T06:00:00Z")
    ).status_code == 201  # fmt: skip
    backwards = shared.user.post(f"{SITE}/bookings", json=slot("2025-02-16T06:00:00Z", "2025-02-10T06:00:00Z"))
    assert backwards.status_code == 422
    seen = {
        name: [(one["vessel"], one["organisation"], one["grams"]) for one in page.json()["data"]]
        for name, page in (
            ("operator", shared.operator.get(f"{SITE}/bookings", params=DAYS)),
            ("user", shared.user.get(f"{SITE}/bookings", params=DAYS)),
        )
    }
    assert seen == {
        "operator": [("BOX", "GUEST", 900_000), ("BOX", "COOP", 900_000)],
        "user": [("BOX", "GUEST", 900_000), ("BOX", None, None)],
    }
    assert shared.stranger.get(f"{SITE}/bookings", params=DAYS).status_code == 404
    assert shared.stranger.post(f"{SITE}/bookings", json=wanted).status_code == 404
    assert shared.stranger.delete(f"{SITE}/bookings/{uid('B1')}").status_code == 404
    assert shared.user.delete(f"{SITE}/bookings/{uid('B1')}").status_code == 204
    assert len(shared.operator.get(f"{SITE}/bookings", params=DAYS).json()["data"]) == 1


def work(shared: Shared) -> None:
    chain = shared.chain
    shared.at("2025-02-05T08:00:00Z")
    chain.ok(chain.deliver("D1", 600, when="2025-01-10T06:00:00Z"))
    chain.ok(chain.deliver("G1", 300, farmer="GUESTS", when="2025-01-10T06:00:00Z"), "GUEST")
    contents = tuple(told.Drawn(lot=uid(lot), quantity=kg(weight)) for lot, weight in (("D1", 600), ("G1", 300)))
    chain.ok(
        told.Loaded(
            id=uid("in"), occurred_at=at("2025-01-10T08:00:00Z"), vessel=uid("BOX"), load=uid("RUN"), contents=contents
        )
    )
    chain.ok(told.Unloaded(id=uid("out"), occurred_at=at("2025-01-15T08:00:00Z"), load=uid("RUN")))
    chain.ok(
        told.Lost(
            id=uid("lost"), occurred_at=at("2025-01-16T08:00:00Z"), lot=uid("D1"), quantity=kg(90), reason="Mould"
        )
    )


def test_tariff_cost_share_use_and_losses(shared: Shared) -> None:
    work(shared)
    terms = {"from_day": "2025-01-01", "currency": "USD", "fee_per_tonne": 2_000}
    capital = {"capital_minor": 2_400_000, "users_share_bp": 3_000}
    made = shared.operator.post(f"{SITE}/tariffs", json=terms | capital)
    assert made.status_code == 201, made.text
    assert made.json()["fee_per_kg"] == "0.02"
    assert (made.json()["users_minor"], made.json()["others_minor"]) == (720_000, 1_680_000)
    assert shared.operator.post(f"{SITE}/tariffs", json=terms | capital).status_code == 200
    assert shared.operator.post(f"{SITE}/tariffs", json=terms).status_code == 409
    assert shared.user.post(f"{SITE}/tariffs", json=terms).status_code == 404
    assert shared.operator.post(f"{SITE}/tariffs", json=terms | {"currency": "XXX"}).status_code == 422
    page = shared.operator.get(f"{SITE}/cost-share", params=DAYS).json()
    assert [(one["organisation"], one["fee_minor"], one["capital_minor"], one["total"]) for one in page["data"]] == [
        ("COOP", 1_200, 480_000, "4812.00"), ("GUEST", 600, 240_000, "2406.00"),
    ]  # fmt: skip
    mine = shared.user.get(f"{SITE}/cost-share", params=DAYS).json()
    assert mine["data"] == page["data"][1:]
    assert shared.stranger.get(f"{SITE}/cost-share", params=DAYS).status_code == 404
    sheet = shared.operator.get(f"{SITE}/cost-share.xlsx", params=DAYS)
    book = CalamineWorkbook.from_filelike(io.BytesIO(sheet.content))
    assert book.sheet_names == ["Cost share", "Users USD", "Tariffs USD"]
    rows = book.get_sheet_by_name("Users USD").to_python()
    assert [row[:5] for row in rows[4:]] == [["COOP", 600, 12, 4800, 4812], ["GUEST", 300, 6, 2400, 2406]]

    use = shared.operator.get(f"{SITE}/utilisation", params=DAYS).json()
    assert use["site"] == {
        "runs": 1, "used_hours": 120, "available_hours": 744, "used_bp": 1_612, "grams": 900_000,
        "capacity_g": 1_000_000, "filled_bp": 9_000,
    }  # fmt: skip
    assert shared.user.get(f"{SITE}/utilisation", params=DAYS).status_code == 404

    baseline = {"measured_on": "2024-06-30", "loss_bp": 3_400, "source": "Survey"}
    assert shared.operator.post(f"{SITE}/baselines", json=baseline).status_code == 201
    assert shared.operator.post(f"{SITE}/baselines", json=baseline).status_code == 200
    found = shared.operator.get(f"{SITE}/losses", params=DAYS).json()
    assert (found["handled_g"], found["lost_g"], found["loss_bp"]) == (900_000, 90_000, 1_000)
    assert (found["baseline"]["loss_bp"], found["reduction_bp"]) == (3_400, 7_059)
    assert found["reasons"] == [{"reason": "Mould", "grams": 90_000}]
    odd = shared.operator.get(f"{SITE}/losses", params={"from_day": "2025-02-01", "to_day": "2025-01-01"})
    assert odd.status_code == 422
    assert len(shared.operator.get(f"{SITE}/baselines").json()["data"]) == 1
    assert shared.user.get(f"{SITE}/baselines").status_code == 404
    assert len(shared.user.get(f"{SITE}/tariffs").json()["data"]) == 1


def test_a_vessel_out_of_service_cannot_be_booked(shared: Shared) -> None:
    shared.chain.cluster.change(models.Vessel, (shared.chain.cluster.orgs["COOP"], uid("BOX")), ended_at=1)
    answer = shared.user.post(f"{SITE}/bookings", json=slot("2025-01-10T06:00:00Z", "2025-01-16T06:00:00Z"))
    assert (answer.status_code, answer.json()["code"]) == (404, "VESSEL_UNKNOWN")
