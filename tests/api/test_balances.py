"""Mass balance, contracts, roll-over and the pack over HTTP and on the command line."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

import models
from models.base import table
from models.db import system_session
from tests.api.conftest import House
from tests.builders import Cluster, at, uid
from tests.ledger.season import Chain

WET, DRY, SEASON = "cocoa_wet_beans", "cocoa_dry_beans", "2024/25"
ROOT = Path(__file__).resolve().parents[2]
CELLS_IN = ("opening_g", "delivered_g", "moved_in_g", "made_g")
CELLS_OUT = ("used_g", "moved_out_g", "shipped_g", "lost_g", "closing_g")


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


@pytest.fixture
def coop(house: House) -> Coop:
    """A cooperative with a season: two deliveries, a receiving lot, dry beans; and one that has nothing to do with it."""
    org, admin = house.found("COOP")
    rival, rival_admin = house.found("RIVAL", "exporter")
    chain = Chain.__new__(Chain)
    chain.recorder = house.recorder
    cluster = chain.cluster = Cluster(house.recorder, orgs={"COOP": org, "RIVAL": rival})
    cluster.site("FERM", "COOP")
    cluster.certificate("GRP", "COOP", sites=(("FERM", "2024-06-01", None),))
    cluster.farmer("ANNA", "COOP", certificate="GRP", plots=(("A", "2019-01-01"),))
    cluster.farmer("BEN", "COOP", certificate="GRP", plots=(("A", "2023-03-01"),))
    chain.dry_lot()
    chain.ok(chain.deliver("D3", 100, "BEN"))
    house.clock.now = round(at("2025-03-01T08:00:00Z").timestamp() * 1000)
    return Coop(house, chain, house.client(org, admin), house.client(rival, rival_admin))


def closes(one: dict[str, Any]) -> bool:
    return sum(one[cell] for cell in CELLS_IN) == sum(one[cell] for cell in CELLS_OUT) and one["difference_g"] == 0


# --- statements ---


@pytest.mark.parametrize(
    "path", ["balances/organisation", f"balances/sites/{uid('FERM')}", f"balances/certificates/{uid('GRP')}"]
)
def test_a_statement_closes_and_each_figure_leads_to_its_events(coop: Coop, path: str) -> None:
    stated = coop.get(path, season=SEASON)
    assert stated["findings"] == []
    products = {one["product"]: one for one in stated["products"]}
    assert products[WET]["delivered_g"] == 1_100_000
    assert (products[DRY]["made_g"], products[DRY]["closing_g"]) == (400_000, 400_000)
    assert stated["total"]["lost_g"] == 600_000
    assert all(map(closes, [*stated["products"], stated["total"]]))
    for product, one in products.items():
        for cell in (*CELLS_IN, *CELLS_OUT):
            behind = coop.get(f"{path}/events", season=SEASON, product=product, cell=cell.removesuffix("_g"))
            assert behind["grams"] == one[cell] == sum(row["grams"] for row in behind["data"])
    claims = {(one["value"], row["product"]): row for one in stated["claims"] for row in one["products"]}
    assert {key: row["closing_g"] for key, row in claims.items()} == {
        ("organic", WET): 0, ("organic", DRY): 400_000, ("in_conversion", WET): 100_000,
    }  # fmt: skip
    part = coop.get(
        f"{path}/events", season=SEASON, product=WET, cell="delivered", scheme="EU_ORG", value="in_conversion"
    )
    assert [(row["lot_code"], row["farmer"], row["grams"]) for row in part["data"]] == [("D3", "BEN", 100_000)]
    (run,) = coop.get(f"{path}/runs", season=SEASON)["data"]
    assert (run["used_g"], run["made_g"], run["loss_g"], run["yield_bp"], run["finding"]) == (
        1_000_000, 400_000, 600_000, 4_000, None,
    )  # fmt: skip


def test_any_span_of_time_can_be_asked_for(coop: Coop) -> None:
    before = coop.get("balances/organisation", until="2025-01-17T09:00:00Z")
    after = coop.get("balances/organisation", since="2025-01-17T09:00:00Z")
    closing = {one["product"]: one["closing_g"] for one in before["products"]}
    assert closing == {WET: 1_100_000}
    assert {one["product"]: one["opening_g"] for one in after["products"]} == {WET: 1_100_000, DRY: 0}
    assert coop.get("balances/organisation", season="2025/26")["total"]["opening_g"] == 500_000
    assert coop.get("balances/organisation", season="2023/24")["products"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"season": "2024/26"}, "SEASON_UNKNOWN"),
        ({"season": "last"}, "malformed"),
        ({"season": SEASON, "commodity": "tea"}, "COMMODITY_UNKNOWN"),
        ({"season": SEASON, "since": "2025-01-01T00:00:00Z"}, "malformed"),
        ({"since": "yesterday"}, "malformed"),
        ({"year": "2024"}, "malformed"),
        ({"basis": "lent"}, "malformed"),
    ],
)
def test_a_question_that_cannot_be_read_is_answered_so(coop: Coop, query: dict[str, str], code: str) -> None:
    answer = coop.client.get("/v1/balances/organisation", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"scheme": "EU_ORG"}, "malformed"),
        ({"scheme": "EU_ORG", "value": "bliss"}, "CLAIM_VALUE_UNKNOWN"),
        ({"scheme": "BLISS", "value": "organic"}, "SCHEME_UNKNOWN"),
        ({"cell": "guess"}, "malformed"),
    ],
)
def test_a_figure_that_is_not_one_is_refused(coop: Coop, more: dict[str, str], code: str) -> None:
    query = {"product": WET, "cell": "delivered"} | more
    answer = coop.client.get("/v1/balances/organisation/events", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


def test_nobody_else_sees_a_balance_or_a_pack(coop: Coop) -> None:
    for path in (
        f"balances/sites/{uid('FERM')}",
        f"balances/sites/{uid('FERM')}/runs",
        f"balances/certificates/{uid('GRP')}",
        f"balances/certificates/{uid('GRP')}/runs",
        f"balances/certificates/{uid('GRP')}/members?season={SEASON}",
        f"balances/certificates/{uid('GRP')}/members/{uid('ANNA')}/events?season={SEASON}",
        f"certificates/{uid('GRP')}/pack.xlsx?season={SEASON}",
        f"certificates/{uid('GRP')}/pack.pdf?season={SEASON}",
    ):
        assert coop.rival.get(f"/v1/{path}").status_code == 404, path
    assert coop.rival.get("/v1/balances/organisation").json()["products"] == []


def test_an_untrue_yield_is_said_in_the_readers_language(coop: Coop) -> None:
    coop.chain.ok(coop.chain.receive("R3", {"D3": 100}))
    coop.chain.ok(coop.chain.dry("B3", 50, {"R3": 100}))
    stated = coop.client.get(
        "/v1/balances/organisation", params={"season": SEASON}, headers={"accept-language": "fr"}
    ).json()
    (finding,) = stated["findings"]
    assert finding["code"] == "YIELD_ABOVE_RANGE"
    assert finding["detail"].startswith("ferment_dry : 50 kg sont sortis de 100 kg (50 %)")


def test_members_are_listed_with_the_largest_excess_first(coop: Coop) -> None:
    estimate(coop, "BEN", 30_000)
    estimate(coop, "ANNA", 500_000)
    found = coop.get(f"balances/certificates/{uid('GRP')}/members", season=SEASON)["data"]
    assert [(one["farmer"], one["delivered_g"], one["share_bp"], one["excess_g"]) for one in found] == [
        ("BEN", 40_000, 13_333, 10_000),
        ("ANNA", 400_000, 8_000, 0),
    ]
    behind = coop.get(f"balances/certificates/{uid('GRP')}/members/{uid('ANNA')}/events", season=SEASON)
    assert (behind["grams"], len(behind["data"])) == (1_000_000, 2)
    unknown = f"/v1/balances/certificates/{uid('GRP')}/members/{uid('NOBODY')}/events"
    assert coop.client.get(unknown, params={"season": SEASON}).status_code == 404


def estimate(coop: Coop, farmer: str, grams: int, season: str = SEASON) -> None:
    with system_session(coop.house.recorder.database, write=True) as session:
        session.add(
            models.Estimate(
                org_id=coop.chain.cluster.orgs["COOP"], farmer_id=uid(farmer), season=season, product=DRY, grams=grams
            )
        )


# --- contracts ---

CONTRACT = {
    "id": uid("K1"),
    "code": "K-1",
    "buyer": "Hansekontor",
    "product": DRY,
    "scheme": "EU_ORG",
    "value": "organic",
    "grams": 450_000,
    "from_day": "2024-11-01",
    "to_day": "2025-06-30",
}


def test_a_contract_is_noted_changed_and_ended(coop: Coop) -> None:
    made = coop.client.post("/v1/contracts", json=CONTRACT)
    assert (made.status_code, made.headers["etag"], made.headers["location"]) == (
        201,
        '"1"',
        f"/v1/contracts/{uid('K1')}",
    )
    assert coop.client.post("/v1/contracts", json=CONTRACT).status_code == 200
    assert coop.client.post("/v1/contracts", json=CONTRACT | {"grams": 1}).json()["code"] == "id-reused"
    taken = coop.client.post("/v1/contracts", json=CONTRACT | {"id": uid("K2")})
    assert (taken.status_code, taken.json()["code"]) == (409, "taken")
    path = f"/v1/contracts/{uid('K1')}"
    assert coop.client.patch(path, json={"grams": 90}).status_code == 428
    changed = coop.client.patch(path, json={"grams": 900_000}, headers={"if-match": '"1"'})
    assert (changed.json()["grams"], changed.json()["version"]) == (900_000, 2)
    assert coop.client.patch(path, json={"grams": 1}, headers={"if-match": '"1"'}).status_code == 412
    assert [one["code"] for one in coop.get("contracts", active="true")["data"]] == ["K-1"]
    ended = coop.client.patch(path, json={"ended": True}, headers={"if-match": '"2"'}).json()
    assert ended["ended_at"] is not None
    assert coop.get("contracts", active="true")["data"] == []
    assert coop.get("balances/contracts", season=SEASON)["data"] == []
    assert coop.rival.get(path).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"product": "tea"}, "PRODUCT_UNKNOWN"),
        ({"scheme": "BLISS"}, "SCHEME_UNKNOWN"),
        ({"value": "bliss"}, "CLAIM_VALUE_UNKNOWN"),
        ({"value": "conventional"}, "malformed"),
        ({"value": None}, "malformed"),
        ({"grams": 0}, "malformed"),
        ({"to_day": "2024-10-01"}, "malformed"),
        ({"buyer": "a\u202eb"}, "malformed"),
    ],
)
def test_a_contract_that_cannot_be_is_refused(coop: Coop, wrong: dict[str, Any], code: str) -> None:
    answer = coop.client.post("/v1/contracts", json=CONTRACT | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


def test_what_nothing_stands_behind_is_said(coop: Coop) -> None:
    estimate(coop, "ANNA", 420_000)
    assert coop.client.post("/v1/contracts", json=CONTRACT).status_code == 201
    (one,) = coop.get("balances/contracts", season=SEASON)["data"]
    assert (one["contracted_g"], one["estimate_g"], one["available_g"], one["missing_g"]) == (
        450_000, 420_000, 400_000, 30_000,
    )  # fmt: skip
    assert one["finding"]["code"] == "CONTRACT_OVERCOMMITTED"
    assert "30 kg have nothing behind them" in one["finding"]["detail"]


# --- the next season ---


def test_a_roll_over_is_tried_first_and_changes_nothing_twice(coop: Coop) -> None:
    estimate(coop, "ANNA", 500_000)
    estimate(coop, "BEN", 30_000)
    body = {"from": SEASON, "to": "2025/26", "certificate": uid("GRP")}
    tried = coop.client.post("/v1/seasons/roll-over", json=body)
    assert (tried.status_code, tried.json()["dry_run"], tried.json()["made"]) == (200, True, 0)
    assert estimates(coop, "2025/26") == {}
    done = coop.client.post("/v1/seasons/roll-over", json=body | {"dry_run": False}).json()
    assert [(one["farmer"], one["grams"], one["basis"], one["signed"]) for one in done["estimates"]] == [
        ("ANNA", 400_000, "delivered_less", False),
        ("BEN", 30_000, "delivered_more", False),
    ]
    assert done["estimates"] == tried.json()["estimates"]
    assert done["opening"] == [{"product": DRY, "grams": 400_000}, {"product": WET, "grams": 100_000}]
    assert estimates(coop, "2025/26") == {uid("ANNA"): 400_000, uid("BEN"): 30_000}
    again = coop.client.post("/v1/seasons/roll-over", json=body | {"dry_run": False}).json()
    assert (again["made"], {one["state"] for one in again["estimates"]}) == (0, {"kept"})
    with system_session(coop.house.recorder.database, write=False) as session:
        rows = session.execute(sa.select(table(models.EstimateRevision)).order_by(sa.text("grams"))).all()
    assert [(row.grams, row.number, row.signed_by, row.reason) for row in rows] == [
        (30_000, 1, None, "Rolled over from 2024/25: delivered more"),
        (400_000, 1, None, "Rolled over from 2024/25: delivered less"),
    ]


def estimates(coop: Coop, season: str) -> dict[str, int]:
    held = table(models.Estimate)
    with system_session(coop.house.recorder.database, write=False) as session:
        query = sa.select(held.c.farmer_id, held.c.grams).where(held.c.season == season, held.c.signed.is_(False))
        return {row[0]: row[1] for row in session.execute(query)}


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"to": "2026/27"}, 422, "SEASON_NOT_NEXT"),
        ({"from": "2024/26", "to": "2025/26"}, 422, "SEASON_UNKNOWN"),
        ({"certificate": uid("NOPE")}, 404, "CERT_UNKNOWN"),
        ({"dry_run": "no"}, 422, "malformed"),
    ],
)
def test_a_roll_over_that_cannot_be_is_refused(coop: Coop, wrong: dict[str, Any], status: int, code: str) -> None:
    body = {"from": SEASON, "to": "2025/26", "certificate": uid("GRP")} | wrong
    answer = coop.client.post("/v1/seasons/roll-over", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_who_may_only_look_rolls_nothing_over(coop: Coop) -> None:
    org = coop.chain.cluster.orgs["COOP"]
    viewer = coop.house.client(org, coop.house.user(org, "viewer"))
    body = {"from": SEASON, "to": "2025/26", "certificate": uid("GRP"), "dry_run": False}
    assert viewer.post("/v1/seasons/roll-over", json=body).status_code == 403
    assert viewer.post("/v1/contracts", json=CONTRACT).status_code == 403
    assert viewer.get("/v1/balances/organisation").status_code == 200


# --- the pack ---


def test_the_pack_comes_as_workbook_and_as_pdf(coop: Coop) -> None:
    path = f"/v1/certificates/{uid('GRP')}/pack"
    workbook = coop.client.get(f"{path}.xlsx", params={"season": SEASON, "lang": "fr"})
    assert workbook.status_code == 200, workbook.text
    assert workbook.headers["content-disposition"] == 'attachment; filename="GRP-2024-25.xlsx"'
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook.content))
    assert "Membres" in book.sheet_names
    assert {row[4] for row in book.get_sheet_by_index(0).to_python()[15:26]} == {"en règle"}
    paper = coop.client.get(f"{path}.pdf", params={"season": SEASON})
    assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    for bad in ({}, {"season": "2024/26"}, {"season": SEASON, "lang": "de"}, {"season": SEASON, "x": "y"}):
        assert coop.client.get(f"{path}.pdf", params=bad).status_code == 422, bad


# --- the command line ---


def filiere(coop: Coop, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "FILIERE_DATABASE_URL": coop.house.recorder.database.url,
        "FILIERE_DATA_DIR": str(folder),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, "-m", "api", *words], capture_output=True, check=False, cwd=folder, env=environment, text=True,
        timeout=120,
    )  # fmt: skip


def test_the_balance_is_printed_as_a_table(coop: Coop, tmp_path: Path) -> None:
    done = filiere(coop, tmp_path, "balance", "--certificate", "GRP", "--season", SEASON)
    assert done.returncode == 0, done.stderr
    lines = [line.split("  ") for line in done.stdout.splitlines()]
    cells = {line[0].strip(): [cell.strip() for cell in line[1:] if cell.strip()] for line in lines}
    assert cells[DRY] == ["0", "0", "0", "400", "0", "0", "0", "0", "400"]
    assert cells["Σ"] == ["0", "1\u202f100", "0", "0", "0", "0", "0", "600", "500"]
    french = filiere(coop, tmp_path, "balance", "--organisation", "COOP", "--basis", "held", "--lang", "fr")
    assert french.stdout.startswith("Produit")
    assert filiere(coop, tmp_path, "balance", "--site", "FERM", "--season", "2024/25").returncode == 0
    for words, status in (
        ((), 2),
        (("--certificate", "NOPE"), 1),
        (("--organisation", "NOPE"), 1),
        (("--site", "X"), 1),
    ):
        wrong = filiere(coop, tmp_path, "balance", *words)
        assert (wrong.returncode, wrong.stdout) == (status, ""), words
        assert wrong.stderr.strip() and "Traceback" not in wrong.stderr


def test_the_pack_is_written_into_a_folder(coop: Coop, tmp_path: Path) -> None:
    done = filiere(coop, tmp_path, "pack", "--certificate", "GRP", "--season", SEASON, "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["GRP-2024-25.pdf", "GRP-2024-25.xlsx"]
    assert "2 members, 3 deliveries, 0 findings." in done.stderr
    wrong = filiere(coop, tmp_path, "pack", "--certificate", "GRP", "--season", "2024/26")
    assert wrong.returncode == 1
    assert "is not a season" in wrong.stderr
