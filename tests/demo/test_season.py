"""The demo season as the whole-system test: played on both databases, equal to the scenario, rebuilt by replay."""

from __future__ import annotations

import itertools
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import models
from demo import lr_cocoa, trade
from demo.totals import totals
from domain.values import Actor
from ledger import recall
from ledger.queries import find_lot, trace
from ledger.record import Recorder
from ledger.replay import PROJECTIONS, replay, snapshot
from models.base import table
from models.db import Database, connect, system_session
from tests.conftest import create

SCENARIOS = Path(__file__).resolve().parents[3] / "shared" / "domain" / "scenarios.json"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("season")]


@pytest.fixture(scope="module")
def played(
    season_on_sqlite: Path,
    season_on_postgresql: str,
    postgresql: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Database]]:
    """The full season on a SQLite file and on PostgreSQL."""
    path = tmp_path_factory.mktemp("season") / "season.db"
    shutil.copy(season_on_sqlite, path)
    create(postgresql, "season", season_on_postgresql)
    databases = {"sqlite": connect(f"sqlite:///{path}"), "postgresql": connect(postgresql("season"))}
    yield databases
    for database in databases.values():
        database.close()


BOTH = pytest.mark.parametrize("name", ["sqlite", "postgresql"])


@BOTH
@pytest.mark.skipif(not SCENARIOS.exists(), reason="the shared scenarios are not beside this checkout")
def test_the_totals_equal_the_scenario_digit_for_digit(played: dict[str, Database], name: str) -> None:
    clusters = json.loads(SCENARIOS.read_text("utf-8"))["clusters"]
    golden = next(cluster["golden"] for cluster in clusters if cluster["id"] == "LR_COCOA")
    with system_session(played[name], write=False) as session:
        assert json.dumps(totals(session, "LR_COCOA"), indent=1) == json.dumps(golden, indent=1)


@BOTH
def test_the_totals_that_everybody_knows(played: dict[str, Database], name: str) -> None:
    with system_session(played[name], write=False) as session:
        found = totals(session, "LR_COCOA")
    assert (found["farmers"], found["women"], found["deliveries"]) == (2515, 744, 11291)
    assert (found["wet_kg"], found["dry_kg"], found["organic_dry_kg"]) == (1248485.3, 495784.2, 201634.6)
    assert sum(group["export_lots"] for group in found["by_coop"].values()) == 43


@BOTH
def test_replay_rebuilds_every_row_from_the_log(played: dict[str, Database], name: str) -> None:
    report = replay(Recorder(played[name]))
    assert report.events == 23_897
    assert report.identical, (report.missing, report.surplus)


def test_both_databases_hold_the_same_rows(played: dict[str, Database]) -> None:
    event = table(models.Event)

    def everything(database: Database) -> dict[str, set[tuple[Any, ...]]]:
        with system_session(database, write=False) as session:
            rows = snapshot(session)
            rows["event"] = {tuple(row) for row in session.execute(sa.select(event))}
        return rows

    left, right = everything(played["sqlite"]), everything(played["postgresql"])
    assert len(left) == len(PROJECTIONS) + 1
    for name, rows in left.items():
        assert rows == right[name], name


@BOTH
def test_the_composition_of_every_export_lot_sums_to_it_exactly(played: dict[str, Database], name: str) -> None:
    lots = trade.export_lots(lr_cocoa.generate())
    assert len(lots) == 43
    with system_session(played[name], write=False) as session:
        for lot in lots:
            found = trace(session, None, lot.code, "back")
            assert sum(share.grams for share in found.composition) == lot.grams == found.root.grams
            wanted = {item.lot for batch, _ in lot.parts for item in batch.deliveries}
            assert {share.code for share in found.composition} == wanted


@BOTH
def test_a_delivery_leads_forward_to_the_lots_that_name_it(played: dict[str, Database], name: str) -> None:
    with system_session(played[name], write=False) as session:
        forward = trace(session, None, "LR-C1-0001-1", "forward")
        exported = [node.code for node in forward.nodes if "-EX-" in node.code]
        assert exported
        for code in exported:
            back = trace(session, None, code, "back")
            assert "LR-C1-0001-1" in {share.code for share in back.composition}


@BOTH
def test_the_stories_of_the_season_show_on_the_pages(played: dict[str, Database], name: str) -> None:
    label, lot, page = table(models.Label), table(models.Lot), table(models.PublicPage)
    with system_session(played[name], write=False) as session:
        rows = session.execute(
            sa.select(lot.c.code, page.c.state)
            .join(label, label.c.lot_id == lot.c.id)
            .join(page, page.c.code == label.c.code)
        ).all()
        uncertified = find_lot(session, None, trade.TO_UNCERTIFIED[0])
        claim = table(models.LotClaim)
        value = session.execute(sa.select(claim.c.value).where(claim.c.lot_id == uncertified.id)).scalar_one()
    states: dict[str, set[str]] = {}
    for code, state in rows:
        states.setdefault(code, set()).add(state)
    assert states["LR-C1-EX-01"] == {"valid"}
    assert states[trade.HELD] == {"on_hold"}
    assert states[trade.RECALLED] == {"recalled"}
    assert states[trade.REPLACED] == {"superseded", "valid"}
    assert states[trade.CANCELLED] == {"revoked"}
    assert states[trade.CONTAMINATED] == {"on_hold"}
    assert value == "conventional"


@BOTH
def test_no_vessel_ever_held_too_much_or_two_runs_at_once(played: dict[str, Database], name: str) -> None:
    load, vessel = table(models.Load), table(models.Vessel)
    with system_session(played[name], write=False) as session:
        runs = session.execute(
            sa.select(load.c.vessel_id, load.c.started_at, load.c.ended_at, load.c.grams, vessel.c.capacity_g)
            .join(vessel, vessel.c.id == load.c.vessel_id)
            .order_by(load.c.vessel_id, load.c.started_at)
        ).all()
    assert all(run.grams <= run.capacity_g and run.ended_at is not None for run in runs)
    for before, after in itertools.pairwise(runs):
        assert before.vessel_id != after.vessel_id or before.ended_at <= after.started_at


@BOTH
def test_the_log_never_goes_back_in_time(played: dict[str, Database], name: str) -> None:
    event = table(models.Event)
    with system_session(played[name], write=False) as session:
        logged = session.execute(sa.select(event.c.logged_at).order_by(event.c.seq)).scalars().all()
    assert list(logged) == sorted(logged)


@BOTH
def test_every_claim_of_the_demo_is_explained(played: dict[str, Database], name: str) -> None:
    """All lots made by a facility or an exporter, and one delivery in fifty: what stands behind, or why no more."""
    from domain.findings import sentence as why
    from domain.grounds import sentence as ground
    from ledger.claims import explain
    from ledger.profiles import profiles

    lot = table(models.Lot)
    with system_session(played[name], write=False) as session:
        rows = session.execute(sa.select(lot).order_by(lot.c.id)).all()
        chosen = [row for row in rows if row.kind == "lot" and row.product == "cocoa_dry_beans"][::4]
        chosen += [row for row in rows if row.kind == "delivery"][::50]
        assert len(chosen) > 400
        for row in chosen:
            (claim,) = explain(session, None, row)
            top = profiles().schemes[claim.scheme].values[-1].code
            assert (claim.value == top) == (not claim.reasons), row.code
            assert claim.claimable == bool(claim.grounds), row.code
            for said in claim.grounds:
                assert ground(said, "en")
                assert ground(said, "fr")
                assert said.rule is not None
            for reason in claim.reasons:
                assert why(reason.finding, "fr")
                assert reason.finding.rule is not None


@BOTH
def test_a_delivery_is_recalled_in_the_full_season_in_under_two_seconds(played: dict[str, Database], name: str) -> None:
    """Affected set, holds, pages and the report on paper. It stands last, because it changes the season."""
    lot, line = table(models.Lot), table(models.Line)
    with system_session(played[name], write=False) as session:
        gone = sa.select(line.c.lot_id).where(line.c.kind == "shipped")
        shipped = session.execute(sa.select(lot).where(lot.c.id.in_(gone)).order_by(lot.c.id.desc())).first()
        codes = dict(
            session.execute(sa.select(table(models.Organisation).c.id, table(models.Organisation).c.code)).all()
        )
        assert shipped is not None
        source = trace(session, None, shipped.code, "back").composition[0]
        delivery = find_lot(session, None, source.code)
    recorder = Recorder(played[name])
    for kind, begun in (("mock", shipped), ("real", delivery)):
        actor = Actor(begun.org_id, codes[begun.org_id], "user:test")
        since = time.perf_counter()
        identity, _ = recall.open_case(recorder, actor, kind, recall.Origin("lot", begun.code), "Test")
        with system_session(played[name], write=False) as session:
            found = recall.report(session, actor.org_id, identity, now=recorder.clock())
        paper = recall.paper(found, "en")
        took = time.perf_counter() - since
        sums = found.survey.sums
        assert sums is not None
        assert sums.affected_g == sums.in_house_g + sums.shipped_g + sums.destroyed_g + sums.returned_g
        assert all(one.account.difference_g == 0 for one in found.survey.lots)
        assert paper.startswith(b"%PDF")
        assert kind == "mock" or took < 2, f"{name}: {took:.2f} s"  # the test before also loads what writes PDF
    assert find_lot_disposition(played[name], shipped.code) == "recalled"


def find_lot_disposition(database: Database, code: str) -> str:
    with system_session(database, write=False) as session:
        return str(find_lot(session, None, code).disposition)
