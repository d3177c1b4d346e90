"""Price lists and payouts over HTTP and on the command line."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from tests.api.conftest import House
from tests.builders import Cluster, at, uid
from tests.ledger.season import Chain

WET = "cocoa_wet_beans"
STANDARD = {"code": "STD", "product": WET, "per_tonne": 300_000}
LATE = {"code": "LATE", "product": WET, "per_tonne": 1_200_000, "harvested_from": "2025-10-01"}
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Coop:
    house: House
    chain: Chain
    client: TestClient
    rival: TestClient

    def get(self, path: str, **query: str) -> Any:
        answer = self.client.get(f"/v1/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, status: int, **body: Any) -> Any:
        headers = {"if-match": str(body.pop("version"))} if "version" in body else {}
        answer = self.client.post(f"/v1/{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def deliver(self, lot: str, weight: Any, day: str) -> None:
        event = self.chain.deliver(lot, weight, when=f"{day}T08:00:00Z")
        self.chain.ok(event.model_copy(update={"harvested_on": date.fromisoformat(day)}))


@pytest.fixture
def coop(house: House) -> Coop:
    org, admin = house.found("COOP")
    rival, rival_admin = house.found("RIVAL", "exporter")
    chain = Chain.__new__(Chain)
    chain.recorder = house.recorder
    cluster = chain.cluster = Cluster(house.recorder, orgs={"COOP": org, "RIVAL": rival})
    cluster.site("FERM", "COOP")
    cluster.certificate("GRP", "COOP", sites=(("FERM", "2024-06-01", None),))
    cluster.farmer("ANNA", "COOP", certificate="GRP", plots=(("A", "2019-01-01"),))
    cluster.farmer("BEN", "COOP", certificate="GRP", plots=(("A", "2023-03-01"),))
    house.clock.now = round(at("2025-12-01T08:00:00Z").timestamp() * 1000)
    return Coop(house, chain, house.client(org, admin), house.client(rival, rival_admin))


def gate(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"from_day": "2025-07-01", "currency": "TND", "lines": list(lines)} | more


def listed(coop: Coop, **more: Any) -> Any:
    return coop.post("price-lists", 201, id=uid("GATE"), code="GATE", name="Gate", **gate(STANDARD, LATE, **more))


def test_a_list_is_made_once_and_grows_by_versions(coop: Coop) -> None:
    made = listed(coop)
    assert (made["version"], len(made["versions"])) == (1, 1)
    again = gate(STANDARD, LATE)
    assert coop.post("price-lists", 200, id=uid("GATE"), code="GATE", name="Gate", **again) == made
    coop.post("price-lists", 409, id=uid("GATE"), code="GATE", name="Gate", **gate(STANDARD))
    assert coop.post("price-lists", 409, code="GATE", name="Other", **gate())["code"] == "taken"
    path = f"price-lists/{uid('GATE')}/versions"
    assert coop.post(path, 428, **gate(STANDARD))["code"] == "version-required"
    grown = coop.post(path, 201, version=1, **gate(STANDARD, from_day="2026-01-01"))
    assert [one["from_day"] for one in grown["versions"]] == ["2025-07-01", "2026-01-01"]
    assert coop.post(path, 412, version=1, **gate(STANDARD))["code"] == "CHANGED_MEANWHILE"
    assert [one["version"] for one in coop.get("price-lists")["data"]] == [2]
    assert coop.rival.get(f"/v1/price-lists/{uid('GATE')}").status_code == 404
    assert coop.rival.get("/v1/price-lists").json()["data"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (gate(STANDARD, STANDARD), 409, "PRICE_LINE_TWICE"),
        (gate(LATE, STANDARD | {"code": "ZONE", "zone": "KASSERINE"}), 409, "PRICE_TIE"),
        (gate(STANDARD, currency="XXX"), 422, "CURRENCY_UNKNOWN"),
        (gate(STANDARD | {"product": "unobtainium"}), 422, "PRODUCT_UNKNOWN"),
        (gate(STANDARD | {"claims": {"NONE": "organic"}}), 422, "SCHEME_UNKNOWN"),
        (gate(STANDARD | {"claims": {"EU_ORG": "bio"}}), 422, "CLAIM_VALUE_UNKNOWN"),
        (gate(LATE | {"harvested_to": "2025-09-01"}), 422, "malformed"),
        (gate(STANDARD | {"per_tonne": 0.3}), 422, "malformed"),
        (gate(STANDARD, deductions=[{"code": "R", "kind": "share"}]), 422, "malformed"),
        (gate(STANDARD, deductions=[{"code": "F", "kind": "fixed"}]), 422, "malformed"),
        (gate(STANDARD, round_to=0), 422, "malformed"),
    ],
)
def test_a_list_that_does_not_say_one_price_is_refused(coop: Coop, body: Any, status: int, code: str) -> None:
    found = coop.post("price-lists", status, code="GATE", name="Gate", **body)
    assert found["code"] == code
    assert coop.get("price-lists")["data"] == []


def test_a_product_has_its_prices_in_one_list(coop: Coop) -> None:
    listed(coop)
    found = coop.post("price-lists", 409, code="TWO", name="Second", **gate(STANDARD))
    assert (found["code"], found["params"]) == ("PRICED_ELSEWHERE", {"product": WET, "list": "GATE"})


def test_a_change_that_reaches_back_needs_a_reason(coop: Coop) -> None:
    listed(coop)
    coop.deliver("D1", 100, "2025-09-10")
    coop.deliver("D2", 100, "2025-09-20")
    path, dearer = f"price-lists/{uid('GATE')}/versions", gate(STANDARD | {"per_tonne": 400_000}, from_day="2025-09-15")
    found = coop.post(path, 409, version=1, **dearer)
    assert (found["code"], found["params"]["count"]) == ("PRICES_IN_USE", 1)
    coop.post(path, 201, version=1, **dearer, reason="Agreed on 15 September")
    rows = coop.get("payouts/deliveries", farmer="ANNA")["data"]
    assert [(row["lot_code"], row["amount"], row["version"]) for row in rows] == [
        ("D1", "30.000", 1), ("D2", "40.000", 2),
    ]  # fmt: skip
    coop.post(path, 201, version=2, **gate(STANDARD, from_day="2025-12-02"))  # nothing was brought since


def test_a_quote_says_every_step_and_refuses_a_late_price_for_an_early_harvest(coop: Coop) -> None:
    listed(coop)
    query = {"product": WET, "grams": "1200000", "day": "2025-10-07", "harvested_on": "2025-10-05"}
    found = coop.get("prices/quote", **query, line="LATE")
    assert (found["minor"], found["amount"], found["currency"], found["line"]) == (1_440_000, "1440.000", "TND", "LATE")
    assert [one["detail"] for one in found["reasons"]] == [
        "1\u202f200 kg were brought.",
        "Line LATE of GATE, version 1: 1.200 TND a kilogram.",
        "Rounded to 0.001 TND: 1440.000 TND.",
    ]
    early = coop.client.get("/v1/prices/quote", params=query | {"harvested_on": "2025-09-28", "line": "LATE"})
    assert (early.status_code, early.json()["code"]) == (409, "HARVEST_OUTSIDE_WINDOW")
    assert early.json()["detail"] == "Harvested on 28 Sep 2025; LATE is for harvests from 1 Oct 2025 on."
    before = coop.get("prices/quote", **(query | {"day": "2025-06-01"}))
    assert (before["minor"], before["reasons"][-1]["code"]) == (None, "NO_PRICE")


@pytest.fixture
def season(coop: Coop) -> Coop:
    listed(coop)
    coop.deliver("D1", 800, "2025-09-28")
    coop.deliver("D2", 1200, "2025-10-05")
    coop.deliver("D0", 10, "2025-06-01")  # before there were prices
    event = coop.chain.deliver("D3", 200, "BEN", "2025-10-06T08:00:00Z")
    coop.chain.ok(event.model_copy(update={"harvested_on": date(2025, 10, 6)}))
    return coop


def test_payouts_lead_to_their_deliveries(season: Coop) -> None:
    page = season.get("payouts")
    assert page["totals"] == [{"currency": "TND", "minor": 1_920_000, "amount": "1920.000"}]
    assert (page["deliveries"], page["unpriced"]) == (4, 1)
    assert [(one["farmer"], one["currency"], one["amount"]) for one in page["data"]] == [
        ("ANNA", None, None), ("ANNA", "TND", "1680.000"), ("BEN", "TND", "240.000"),
    ]  # fmt: skip
    for one in page["data"]:
        rows = season.get("payouts/deliveries", farmer=one["farmer"])["data"]
        assert sum(row["minor"] or 0 for row in rows if row["currency"] == one["currency"]) == one["minor"]
    autumn = season.get("payouts", season="2025/26")
    assert (autumn["totals"][0]["minor"], autumn["deliveries"]) == (1_680_000, 2)
    days = season.get("payouts", from_day="2025-09-28", to_day="2025-10-05")
    assert (days["totals"][0]["minor"], days["deliveries"]) == (1_680_000, 2)
    both = season.client.get("/v1/payouts", params={"season": "2025/26", "from_day": "2025-09-28"})
    assert both.status_code == 422
    assert season.client.get("/v1/payouts/deliveries", params={"farmer": "NOBODY"}).status_code == 404
    assert season.rival.get("/v1/payouts").json()["data"] == []


def test_the_files_say_the_same(season: Coop) -> None:
    answer = season.client.get("/v1/payouts.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["Lot"], row["Amount (–)"], row["currency"]) for row in rows] == [
        ("D0", "", ""), ("D1", "240.000", "TND"), ("D2", "1440.000", "TND"), ("D3", "240.000", "TND"),
    ]  # fmt: skip
    answer = season.client.get("/v1/payouts.xlsx", params={"lang": "fr"})
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["Paiement", "Producteurs TND", "Livraisons TND", "Sans prix"]
    sums = book.get_sheet_by_name("Producteurs TND").to_python()
    assert [row[:5] for row in sums[4:]] == [["ANNA", 2, 2000, 2000, 1680], ["BEN", 1, 200, 200, 240]]
    assert "identique" in str(book.get_sheet_by_name("Paiement").to_python())


def test_the_command_line_prints_and_writes_payouts(season: Coop, tmp_path: Path) -> None:
    environment = os.environ | {"FILIERE_DATABASE_URL": season.house.recorder.database.url}
    command = [sys.executable, "-m", "api", "payout", "--organisation", "COOP", "--season", "2025/26"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "farmer\tdeliveries\tkg\tamount", "ANNA\t1\t1200.000\t1440.000 TND", "BEN\t1\t200.000\t240.000 TND",
    ]  # fmt: skip
    assert done.stderr.strip() == "2 deliveries, 0 without a price: 1680.000 TND."
    for name in ("payout.xlsx", "payout.csv"):
        subprocess.run([*command, "-o", tmp_path / name], cwd=ROOT, env=environment, check=True, capture_output=True)
        assert (tmp_path / name).stat().st_size > 300
