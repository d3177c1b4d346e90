"""The cases of the shared scenarios, by their id, told to the ledger as a client would tell them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from domain.quantity import decimal_text
from ledger.queries import claims_of, trace
from ledger.record import Recorder
from models.base import table
from models.db import system_session
from tests.builders import Cluster, at, kg, uid

SCENARIOS = Path(__file__).resolve().parents[3] / "shared" / "domain" / "scenarios.json"
REQUIRED = ["C01", "C03", "C05", "C06", "C07", "C08", "C10", "C14", "C15", "C16", "C18", "C20", "C22", "C24", "C43"]
LEDGER_CASES = [*REQUIRED, "C04", "C09", "C12", "C30", "C31", "C52"]
TOP, BOTTOM = {"organic", "ggn"}, {"conventional", "uncertified"}

pytestmark = pytest.mark.skipif(not SCENARIOS.exists(), reason="the shared scenarios are not beside this checkout")

_LOT, _LINE = table(models.Lot), table(models.Line)


def case(identity: str) -> dict[str, Any]:
    cases = json.loads(SCENARIOS.read_text("utf-8"))["cases"]
    return next(item for item in cases if item["id"] == identity)


class Told:
    """A case on its way through the ledger."""

    def __init__(self, recorder: Recorder, context: dict[str, Any], events: list[dict[str, Any]]) -> None:
        self.cluster = cluster = Cluster(recorder)
        self.errors: list[tuple[str, str]] = []
        self.alerts: list[tuple[str, str]] = []
        self.notices: list[tuple[str, str]] = []
        self.products = {item["lot"]: "cocoa_nibs" for item in events if item.get("product") == "cocoa_nibs"}
        self.held_as: dict[str, str] = {}
        self.capacities = {
            code: facts["capacity_kg"] for code, facts in context["facilities"].items() if "capacity_kg" in facts
        }
        mango = any(code.startswith("GH-") for code in context["facilities"])
        self.teller, self.scheme = ("GH-PO", "GLOBALGAP_IFA") if mango else ("LR-C1", "EU_ORG")
        for code in sorted({held["holder"] for held in context["certs"].values()}):
            cluster.org(code, "exporter" if code.startswith("LR-E") else "farmer_group")
        for code in context["facilities"]:
            warehouse = code.endswith("-WH")
            holder = "GH-PO" if code.startswith("GH-") else "LR-E1" if warehouse else "LR-C1"
            cluster.site(code, holder, shared=("LR-C1",) if warehouse else ())
            if code in self.capacities:
                cluster.vessel(f"{code}-V", code, holder, self.capacities[code])
        for number, held in context["certs"].items():
            sites = [
                (site, since, until)
                for site, facts in context["facilities"].items()
                for since, until in facts["scope"]
                if (site.startswith("GH-"), site.endswith("-WH"))
                == (held["holder"] == "GH-PO", held["holder"] == "LR-E1")
            ]
            cluster.certificate(
                number,
                held["holder"],
                scheme=held["scheme"],
                products=tuple(held["products"]),
                sites=tuple(sites),
                valid=(held["valid_from"], held["valid_to"]),
                status=tuple(map(tuple, held["status"])),
            )
        for code, member in context["members"].items():
            estimate = member.get("estimate_kg")
            cluster.farmer(
                code,
                context["certs"][member["cert"]]["holder"],
                certificate=member["cert"],
                status=tuple(map(tuple, member["status"])),
                inspected=tuple(member["inspections"]),
                plots=tuple((plot, context["plots"][plot]["conversion_start"]) for plot in member["plots"]),
                estimate=("2024/25", "cocoa_wet_beans", estimate) if estimate is not None else None,
            )
        for event in events:
            getattr(self, f"_{event['type']}")(event)

    def _tell(self, event: dict[str, Any], body: told.AnyEvent) -> bool:
        answer = self.cluster.tell(self.teller, body)
        if answer.refused is not None:
            self.errors.append((event["id"], answer.refused.code))
        for finding in answer.findings:
            (self.alerts if finding.level == "alert" else self.notices).append((event["id"], finding.code))
        return answer.refused is None

    def _delivery(self, event: dict[str, Any]) -> None:
        site, when = uid(event["facility"]), at(event["t"])
        delivered = told.Delivered(
            id=uid(event["id"]),
            occurred_at=when,
            site=site,
            farmer=event["farmer"],
            plot=f"{event['farmer']}-{event['plot']}" if "plot" in event else None,
            harvested_on=event.get("harvest_date"),
            lot=told.NewLot(
                lot=uid(f"lot-{event['id']}"),
                code=event["id"],
                product="mango_fresh" if event.get("product") == "mango" else "cocoa_wet_beans",
                quantity=kg(event["qty_kg"]),
            ),
        )
        if not self._tell(event, delivered):
            return
        if (event["id"], "OVER_DELIVERY") in self.alerts:  # it stays by itself, held, as the delivery that it is
            self.held_as[event["into_lot"]] = event["id"]
            return
        received = told.Received(
            id=uid(f"{event['id']}-received"),
            occurred_at=when,
            site=site,
            inputs=(told.Drawn(lot=uid(f"lot-{event['id']}"), quantity=kg(event["qty_kg"])),),
            into=told.Named(lot=uid(f"lot-{event['into_lot']}"), code=event["into_lot"]),
        )
        assert self._tell(event, received)

    def _drawn(self, items: list[dict[str, Any]]) -> tuple[told.Drawn, ...]:
        return tuple(
            told.Drawn(
                lot=uid(f"lot-{self.held_as.get(item['lot'], item['lot'])}"),
                quantity=kg(item["qty_kg"]),
            )
            for item in items
        )

    def _made(self, items: list[dict[str, Any]], product: str) -> tuple[told.NewLot, ...]:
        return tuple(
            told.NewLot(
                lot=uid(f"lot-{item['lot']}"),
                code=item["lot"],
                product=self.products.get(item["lot"], product),
                quantity=kg(item["qty_kg"]),
            )
            for item in items
        )

    def _transform(self, event: dict[str, Any]) -> None:
        mango = event["facility"].startswith("GH-")
        process, product = ("dry", "mango_dried") if mango else ("ferment_dry", "cocoa_dry_beans")
        loads: tuple[str, ...] = ()
        if event["facility"] in self.capacities:
            loads = (uid(f"load-{event['id']}"),)
            loaded = told.Loaded(
                id=uid(f"{event['id']}-loaded"),
                occurred_at=at(event["t"]),
                vessel=uid(f"{event['facility']}-V"),
                load=loads[0],
                contents=self._drawn(event["inputs"]),
            )
            if not self._tell(event, loaded):
                return
        body = told.Transformed(
            id=uid(event["id"]),
            occurred_at=at(event["t"]),
            site=uid(event["facility"]),
            process=process if "yield_range" in event else None,
            inputs=self._drawn(event["inputs"]),
            outputs=self._made(event["outputs"], product),
            loads=loads,
        )
        self._tell(event, body)

    def _split(self, event: dict[str, Any]) -> None:
        source = event["inputs"][0]["lot"]
        product = "cocoa_wet_beans" if source.startswith("RL") else "cocoa_dry_beans"
        body = told.Split(
            id=uid(event["id"]),
            occurred_at=at(event["t"]),
            site=uid(event["facility"]),
            input=self._drawn(event["inputs"])[0],
            outputs=self._made(event["outputs"], product),
        )
        self._tell(event, body)

    def _merge(self, event: dict[str, Any]) -> None:
        into = event["outputs"][0]["lot"]
        body = told.Bulked(
            id=uid(event["id"]),
            occurred_at=at(event["t"]),
            site=uid(event["facility"]),
            inputs=self._drawn(event["inputs"]),
            into=told.Named(lot=uid(f"lot-{into}"), code=into),
        )
        self._tell(event, body)

    def _qc(self, event: dict[str, Any]) -> None:
        measured = ("moisture", "7.0") if event["result"] == "pass" else ("benzo_a_pyrene", "7.1")
        body = told.Inspected(
            id=uid(event["id"]),
            occurred_at=at(event["t"]),
            lot=uid(f"lot-{event['lot']}"),
            measurements=(told.Result(test=measured[0], value=measured[1]),),
            cut_test=told.CutTest() if event["result"] == "pass" else None,
        )
        self._tell(event, body)

    def _dispatch(self, event: dict[str, Any]) -> None:
        claim = told.ClaimMade(
            scheme="EU_ORG",
            value=event["claim"],
            certificates=tuple(uid(number) for number in event["certs"]),
        )
        body = told.Shipped(
            id=uid(event["id"]),
            occurred_at=at(event["t"]),
            lot=uid(f"lot-{event['lot']}"),
            quantity=kg(event["qty_kg"]),
            claims=(claim,),
        )
        self._tell(event, body)

    def _loss(self, event: dict[str, Any]) -> None:
        body = told.Lost(
            id=uid(event["id"]),
            occurred_at=at(event["t"]),
            lot=uid(f"lot-{event['lot']}"),
            quantity=kg(event["qty_kg"]),
            reason=event["reason"],
        )
        self._tell(event, body)

    def _recall(self, event: dict[str, Any]) -> None:
        body = told.Recalled(
            id=uid(event["id"]), occurred_at=at(event["t"]), lot=uid(f"lot-{event['lot']}"), reason="recall"
        )
        self._tell(event, body)

    def _downgrade(self, event: dict[str, Any]) -> None:
        body = told.Downgraded(
            id=uid(event["id"]),
            occurred_at=at(event["t"]),
            lot=uid(f"lot-{event['target']}"),
            scheme="EU_ORG",
            to=event["to"],
            reason=event["reason"],
        )
        self._tell(event, body)

    def _note(self, event: dict[str, Any]) -> None:
        """A label is issued; test_pages looks at what its page says."""

    # --- what came of it ---

    def lots(self) -> dict[str, dict[str, Any]]:
        with system_session(self.cluster.recorder.database, write=False) as session:
            held = list(self.held_as.values())
            rows = session.execute(
                sa.select(_LOT).where(sa.or_(_LOT.c.kind != "delivery", _LOT.c.code.in_(held)))
            ).all()
            claims = claims_of(session, [row.id for row in rows])
        receipts = {delivery: lot for lot, delivery in self.held_as.items()}
        return {
            receipts.get(row.code, row.code): {
                "qty_kg": row.remaining_g / 1000,
                "claim": self._claim(claims[row.id].get(self.scheme)),
                "disposition": row.disposition,
                "qc": row.qc,
            }
            for row in rows
        }

    def _claim(self, value: str | None) -> str | None:
        return "organic" if value in TOP else "conventional" if value in BOTTOM else value

    def totals(self) -> dict[str, float]:
        with system_session(self.cluster.recorder.database, write=False) as session:
            rows = session.execute(sa.select(_LOT)).all()
            lines = session.execute(sa.select(_LINE)).all()
        moved = {
            kind: sum(line.grams for line in lines if line.kind == kind) for kind in ("in", "out", "lost", "shipped")
        }
        received = sum(row.initial_g for row in rows if row.kind == "delivery")
        return {
            "received_kg": received / 1000,
            "stock_kg": sum(row.remaining_g for row in rows) / 1000,
            "dispatched_kg": moved["shipped"] / 1000,
            "loss_kg": (moved["lost"] + moved["out"] - (moved["in"] - received)) / 1000,
        }


@pytest.mark.parametrize("identity", LEDGER_CASES)
def test_case(identity: str, recorder: Recorder) -> None:
    wanted = case(identity)
    run = Told(recorder, wanted["context"], wanted["events"])
    expected = wanted["expected"]
    assert run.errors == [(item["event"], item["code"]) for item in expected["errors"]]
    assert [alert for alert in run.alerts if alert[1] != "QUALITY_FAILED"] == [
        (item["event"], item["code"]) for item in expected["alerts"]
    ]
    assert run.lots() == expected["lots"]
    assert run.totals() == expected["totals"]


def test_C07_handling_loss_above_tolerance_is_noticed(recorder: Recorder) -> None:
    run = Told(recorder, case("C07")["context"], case("C07")["events"])
    assert ("L1", "LOSS_ABOVE_TOLERANCE") in run.notices


def test_C01_the_mixture_is_named(recorder: Recorder) -> None:
    run = Told(recorder, case("C01")["context"], case("C01")["events"])
    with system_session(recorder.database, write=False) as session:
        answer = trace(session, run.cluster.orgs["LR-C1"], "DB1", "back")
    assert {share.code: share.grams for share in answer.composition} == {"D1": 240_000, "D2": 160_000}


def test_C08_the_recall_reconciles(recorder: Recorder) -> None:
    run = Told(recorder, case("C08")["context"], case("C08")["events"])
    report = case("C08")["also_expected"]["recall_report"]
    with system_session(recorder.database, write=False) as session:
        answer = trace(session, run.cluster.orgs["LR-C1"], "DB1", "forward")
    assert answer.stock_g == report["in_house_kg"] * 1000
    assert answer.shipped_g == report["shipped_kg"] * 1000
    assert answer.stock_g + answer.shipped_g == report["affected_output_kg"] * 1000
    assert {node.code for node in answer.nodes if node.disposition == "recalled"} == {"DB1", "EX1", "EX2"}


def test_C10_split_and_merge_is_an_identity(recorder: Recorder) -> None:
    run = Told(recorder, case("C10")["context"], case("C10")["events"])
    with system_session(recorder.database, write=False) as session:
        answer = trace(session, run.cluster.orgs["LR-C1"], "DB2", "back")
    assert {share.code: share.grams for share in answer.composition} == {"D1": 240_000, "D2": 160_000}
    assert {share.farmer for share in answer.composition} == {"ANNA", "CORA"}


def test_C14_before_the_downgrade_only_the_late_delivery_is_lost(recorder: Recorder) -> None:
    wanted = case("C14")
    before = [event for event in wanted["events"] if event["id"] != "DG"]
    run = Told(recorder, wanted["context"], before)
    assert {code: lot["claim"] for code, lot in run.lots().items()} == wanted["also_expected"]["before_DG"] | {
        "DB1": "organic"
    }


def test_C22_the_unexplained_kilograms_are_named(recorder: Recorder) -> None:
    wanted = case("C22")
    run = Told(recorder, wanted["context"], wanted["events"][:2])
    with system_session(recorder.database, write=False) as session:
        ruling = session.execute(
            sa.select(table(models.Event).c.ruling).where(table(models.Event).c.type == "transformed")
        ).scalar_one()
    (finding,) = json.loads(ruling)["findings"]
    assert finding["params"]["explained_g"] == wanted["also_expected"]["max_explainable_kg"] * 1000
    assert finding["params"]["unexplained_g"] == wanted["also_expected"]["unexplained_kg"] * 1000
    assert run.alerts == [("T1", "YIELD_ABOVE_RANGE")]


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e309", "abc", "", "12,5", True, None, [], float("nan")]
)
def test_C43_what_is_not_a_number_is_malformed(value: Any) -> None:
    from domain.refusals import Refused

    with pytest.raises(Refused) as refused:
        decimal_text(value)
    assert refused.value.status == "malformed"
