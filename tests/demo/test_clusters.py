"""Every small cluster is played on both databases: its totals are the scenario's, and every row follows from the log."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import models
from demo import ge_fish, ge_pharma, gh_cassava, gh_mango, tn_pear
from demo.clusters import CLUSTERS
from demo.play import play
from demo.story import closed_at, cut
from demo.totals import totals
from ledger.queries import trace
from ledger.record import Recorder
from ledger.replay import PROJECTIONS, replay, snapshot
from models.base import table
from models.db import Database, connect, system_session

SCENARIOS = Path(__file__).resolve().parents[3] / "shared" / "domain" / "scenarios.json"
BOTH = ["sqlite", "postgresql"]
PLAYED = (pytest.mark.slow, pytest.mark.xdist_group("clusters"))
SMALL = [code for code in CLUSTERS if code != "LR_COCOA"]
KNOWN: dict[str, dict[str, Any]] = {
    "GH_MANGO": {
        "women": 50,
        "deliveries": 417,
        "fresh_received_kg": 151952.0,
        "dried_kg": 11111.2,
        "dried_globalgap_kg": 4595.8,
        "aw_fail_batches": 12,
        "overall_ratio": 12.69,
    },
    "TN_PEAR": {
        "companies": 13,
        "fruit_kg": 1183780.0,
        "gi_zone_fruit_kg": 1040439.0,
        "oil_kg": 1186.2,
        "oil_litres_at_0_92": 1289.3,
        "farmer_payout_tnd": 726878.1,
    },
    "GE_PHARMA": {
        "products": 12,
        "theoretical_units": 9204000,
        "yielded_units": 9044339,
        "batches_releasable": 55,
        "batches_below_97pct": 9,
    },
    "GH_CASSAVA": {
        "deliveries": 719,
        "fresh_kg": 322221.0,
        "batches": 143,
        "peeled_kg": 261000.5,
        "chips_kg": 113255.6,
        "moisture_over_13_batches": 38,
        "hcn_over_10_batches": 30,
        "ground_dried_batches": 7,
        "first_pass_fail_batches": 65,
        "first_pass_fail_pct": 45.5,
    },
    "GE_FISH": {
        "landings": 96,
        "landed_kg": 2761764.0,
        "licence_blocked_landings": 2,
        "licence_blocked_kg": 33833.0,
    },
}


@pytest.fixture(scope="module")
def played(
    empty_sqlite: Path, postgresql: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str, str], Database]]:
    """A cluster, played once on each database that is asked for."""
    import psycopg

    held: dict[tuple[str, str], Database] = {}

    def opened(cluster: str, name: str) -> Database:
        if (cluster, name) not in held:
            if name == "sqlite":
                path = tmp_path_factory.mktemp("cluster") / "season.db"
                shutil.copy(empty_sqlite, path)
                url = f"sqlite:///{path}"
            else:
                with psycopg.connect(postgresql("postgres"), autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {cluster.lower()} TEMPLATE filiere_empty")
                url = postgresql(cluster.lower())
            held[cluster, name] = connect(url)
            play(Recorder(held[cluster, name]), cluster)
        return held[cluster, name]

    yield opened
    for database in held.values():
        database.close()


def each(test: Any) -> Any:
    """The test of every small cluster on each database."""
    for mark in (*PLAYED, pytest.mark.parametrize("cluster", SMALL), pytest.mark.parametrize("name", BOTH)):
        test = mark(test)
    return test


@each
def test_the_totals_are_the_scenarios(played: Callable[[str, str], Database], cluster: str, name: str) -> None:
    with system_session(played(cluster, name), write=False) as session:
        found = totals(session, cluster)
    assert {key: found[key] for key in KNOWN[cluster]} == KNOWN[cluster]
    if SCENARIOS.exists():
        scenarios = json.loads(SCENARIOS.read_text("utf-8"))["clusters"]
        golden = next(item for item in scenarios if item["id"] == cluster).get("golden", found)
        assert json.dumps(found, indent=1) == json.dumps(golden, indent=1)


@each
def test_replay_rebuilds_every_row(played: Callable[[str, str], Database], cluster: str, name: str) -> None:
    report = replay(Recorder(played(cluster, name)))
    assert report.events == len(CLUSTERS[cluster].story().events)
    assert report.identical, (report.missing, report.surplus)


@each
def test_no_gram_is_lost_or_found(played: Callable[[str, str], Database], cluster: str, name: str) -> None:
    """Brought = still there + lost + gone in processes, whatever the cluster."""
    lot, line = table(models.Lot), table(models.Line)
    with system_session(played(cluster, name), write=False) as session:
        brought, left = (
            session.execute(sa.select(sa.func.sum(column)).where(where)).scalar_one()
            for column, where in ((lot.c.initial_g, lot.c.kind == "delivery"), (lot.c.remaining_g, sa.true()))
        )
        moved = dict(
            tuple(row)
            for row in session.execute(sa.select(line.c.kind, sa.func.sum(line.c.grams)).group_by(line.c.kind))
        )
    gone_in_processes = moved["out"] - (moved["in"] - brought)
    assert brought == left + moved.get("lost", 0) + gone_in_processes
    assert gone_in_processes > 0


@pytest.mark.slow
@pytest.mark.xdist_group("clusters")
@pytest.mark.parametrize("cluster", SMALL)
def test_both_databases_hold_the_same_rows(played: Callable[[str, str], Database], cluster: str) -> None:
    def everything(name: str) -> dict[str, set[tuple[Any, ...]]]:
        with system_session(played(cluster, name), write=False) as session:
            rows = snapshot(session)
            rows["event"] = {tuple(row) for row in session.execute(sa.select(table(models.Event)))}
        return rows

    left, right = everything("sqlite"), everything("postgresql")
    assert len(left) == len(PROJECTIONS) + 1
    for name, rows in left.items():
        assert rows == right[name], name


@pytest.mark.slow
@pytest.mark.xdist_group("clusters")
def test_members_and_others_are_never_mixed_and_a_dried_lot_names_its_deliveries(
    played: Callable[[str, str], Database],
) -> None:
    _, _, loads = gh_mango.generate()
    with system_session(played("GH_MANGO", "sqlite"), write=False) as session:
        for load in loads[::9]:
            back = trace(session, None, f"{load.code}-D", "back")
            assert {int(share.code[3:6]) <= gh_mango.MEMBERS for share in back.composition} == {load.owner == "GH-PO"}
            assert sum(share.grams for share in back.composition) == load.dried_g


@pytest.mark.slow
@pytest.mark.xdist_group("clusters")
@pytest.mark.parametrize(
    ("cluster", "season", "words"),
    [
        ("GH_MANGO", "2025", ("Mangoes, dried", "Mangues séchées")),
        (
            "GH_CASSAVA",
            "2025",
            ("Cassava chips, dried", "Dried raised, not on the ground", "Séché surélevé, pas au sol"),
        ),
        ("TN_PEAR", "2025/26", ("Prickly pear seed oil", "Indice de peroxyde")),
        ("GE_PHARMA", "2025", ("tablets", "Dissolved in 30 minutes", "carton de 100 boîtes")),
        ("GE_FISH", "2025/26", ("Fishmeal", "Protéines brutes")),
    ],
)
def test_the_pages_speak_the_words_of_the_profile(
    played: Callable[[str, str], Database], cluster: str, season: str, words: tuple[str, ...]
) -> None:
    page = table(models.PublicPage)
    with system_session(played(cluster, "sqlite"), write=False) as session:
        rows = session.execute(sa.select(page.c.data, page.c.html_en, page.c.html_fr)).all()
    assert len(rows) >= 8
    assert {json.loads(bytes(row.data))["season"] for row in rows} == {season}
    shown = "".join((bytes(row.html_en) + bytes(row.html_fr)).decode() for row in rows)
    assert [word for word in words if word not in shown] == []


# --- what is drawn, without a ledger ---


def test_the_draws_alone_give_the_scenarios_sums() -> None:
    women, deliveries, loads = gh_mango.generate()
    assert (sum(women), len(deliveries), len(loads)) == (50, 417, 80)
    assert max(load.prepared_g for load in loads) == 987_000
    farmers, pressings = tn_pear.generate()
    assert (sum(item.woman for item in farmers), len(pressings)) == (360, 58)
    batches = list(ge_pharma.generate())
    assert (sum(item.deviation for item in batches), sum(item.oos for item in batches)) == (8, 5)
    assert len(gh_cassava.generate()) == 143
    assert sum(not item.licensed for item in ge_fish.generate()) == 2


def test_a_batch_is_closed_when_it_reaches_its_weight_and_a_lot_is_cut_to_it() -> None:
    assert list(closed_at([4, 4, 4, 1], int, 8)) == [[4, 4], [4, 1]]
    assert list(cut([("a", 5), ("b", 6)], 4)) == [[("a", 4)], [("a", 1), ("b", 3)], [("b", 3)]]
    assert list(closed_at([], int, 8)) == list(cut([], 4)) == []


def test_the_same_season_is_told_each_time() -> None:
    for cluster in SMALL:
        assert CLUSTERS[cluster].story().events == CLUSTERS[cluster].story().events
