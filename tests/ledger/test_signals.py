"""A season read from the ledger, scored, and kept as a list that remembers what was decided."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from domain.signals import Season, Signal
from ledger import signals
from ledger.record import Recorder
from ledger.signals import Scanned, SeasonUnknown, scan, seasons, signal_id
from models.base import table
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain

SEASON = "2024/25"
SQUARE = [[0, 0], [1000, 0], [1200, 900], [500, 1500], [0, 1000], [0, 0]]


@pytest.fixture
def chain(recorder: Recorder) -> Chain:
    return Chain(recorder)


def outline(east: int, north: int = 0) -> str:
    ring = [[-9_000_000 + x + east, 7_000_000 + y + north] for x, y in SQUARE]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def add(chain: Chain, *rows: Any) -> None:
    with system_session(chain.recorder.database, write=True) as session:
        session.add_all(rows)


def change(chain: Chain, model: Any, where: dict[str, Any], **values: Any) -> None:
    with system_session(chain.recorder.database, write=True) as session:
        held = table(model)
        matches = [held.c[name] == value for name, value in where.items()]
        assert session.execute(sa.update(held).where(*matches).values(**values)).rowcount == 1  # type: ignore[attr-defined]


def read(chain: Chain, org: str = "COOP", season: str = SEASON) -> Season:
    with system_session(chain.recorder.database, write=False) as session:
        found = list(seasons(session, chain.cluster.orgs[org], season))
    return next(one for one in found if one.commodity == "cocoa")


def rows(chain: Chain, org: str = "COOP") -> list[Any]:
    with system_session(chain.recorder.database, write=False) as session:
        held = table(models.Signal)
        query = sa.select(held).where(held.c.org_id == chain.cluster.orgs[org]).order_by(held.c.pattern, held.c.subject)
        return list(session.execute(query))


def look(chain: Chain, org: str = "COOP", season: str = SEASON) -> Scanned:
    return scan(chain.recorder, chain.cluster.orgs[org], season)


def delivered(lot: str, weight: Any, day: str, **more: Any) -> told.Delivered:
    return told.Delivered(
        id=uid(f"deliver-{lot}"),
        occurred_at=at(f"{day}T08:00:00Z"),
        site=uid("FERM"),
        farmer=more.pop("farmer", "ANNA"),
        lot=told.NewLot(lot=uid(lot), code=lot, product="cocoa_wet_beans", quantity=kg(weight)),
        **more,
    )


# --- reading ---


def test_a_season_is_read_as_it_was_told(chain: Chain) -> None:
    coop, anna = chain.cluster.orgs["COOP"], uid("ANNA")
    add(
        chain,
        models.Person(org_id=coop, farmer_id=anna, full_name="Anna A.", phone="+231 77 000", identity_no="ab-1"),
        models.Person(org_id=coop, farmer_id=uid("BEN"), full_name="Ben B.", phone="+231-77000", identity_no="AB 1"),
        models.Estimate(org_id=coop, farmer_id=anna, season=SEASON, product="cocoa_dry_beans", grams=300_000),
        models.Estimate(org_id=coop, farmer_id=uid("BEN"), season=SEASON, product="cocoa_wet_beans", grams=500_000),
        models.Instrument(org_id=coop, id=uid("SC"), site_id=uid("FERM"), code="SC-1", kind="scale"),
    )
    chain.ok(
        delivered(
            "D1",
            "412.5",
            "2025-01-10",
            plot="ANNA-A",
            receipt="R-7",
            harvested_on=date(2025, 1, 9),
            scale=uid("SC"),
        )
    )
    chain.ok(delivered("OLD", 100, "2024-09-30"))  # the season before
    season = read(chain)
    (one,) = season.deliveries
    assert (season.first, season.last, season.country) == (date(2024, 10, 1), date(2025, 9, 30), "LR")
    assert (one.id, one.farmer, one.plot, one.site, one.scale, one.receipt) == (
        "D1",
        "ANNA",
        "ANNA-A",
        "FERM",
        "SC-1",
        "R-7",
    )
    assert (one.grams, one.equivalent_g, one.clerk) == (412_500, 165_000, "user:test")
    assert (one.at, one.received) == (told.millis(at("2025-01-10T08:00:00Z")), chain.recorder.clock())
    assert one.harvested_on == date(2025, 1, 9)
    members = season.member
    assert (members["ANNA"].estimate_g, members["BEN"].estimate_g) == (300_000, 200_000)  # in dry beans
    assert members["ANNA"].area_m2 == 10_000
    assert (members["ANNA"].registered, members["ANNA"].certified_until) == (date(2024, 6, 1), date(2025, 12, 31))
    assert members["ANNA"].phone == members["BEN"].phone != None  # noqa: E711
    assert members["ANNA"].identity == members["BEN"].identity != members["ANNA"].phone
    assert "77000" not in repr(season) and "Anna A." not in repr(season)
    assert [(visit.inspector, visit.farmer, visit.day) for visit in season.inspections] == [
        ("I1", "ANNA", date(2024, 8, 10)),
        ("I1", "BEN", date(2024, 8, 10)),
    ]


def test_a_membership_that_was_ended_stands_until_the_day_before(chain: Chain) -> None:
    coop, held = chain.cluster.orgs["COOP"], uid("ANNA/GRP")
    add(
        chain,
        models.MembershipStatus(
            org_id=coop, membership_id=held, from_day="2025-02-01", status="suspended", recorded_at=1
        ),
        models.MembershipStatus(
            org_id=coop, membership_id=held, from_day="2025-02-10", status="approved", recorded_at=1
        ),
        models.MembershipStatus(
            org_id=coop, membership_id=held, from_day="2025-03-01", status="withdrawn", recorded_at=1
        ),
    )
    members = read(chain).member
    assert (members["ANNA"].certified_until, members["BEN"].certified_until) == (date(2025, 2, 28), date(2025, 12, 31))


def test_a_correction_keeps_who_told_the_delivery_first(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 60))
    first = chain.recorder.clock()
    later = replace(chain.recorder, clock=lambda: first + 40 * 86_400_000)
    cluster = chain.cluster
    cluster.recorder = later
    twice = chain.deliver("D1", 72).model_copy(update={"id": uid("second")})
    thrice = chain.deliver("D1", 65).model_copy(update={"id": uid("third")})
    chain.ok(
        told.Corrected(
            id=uid("fix"), occurred_at=at("2025-01-11T08:00:00Z"), event=uid("deliver-D1"), reason="x", instead=twice
        )
    )
    chain.ok(
        told.Corrected(
            id=uid("fix2"), occurred_at=at("2025-01-11T09:00:00Z"), event=uid("fix"), reason="x", instead=thrice
        )
    )
    season = read(chain)
    (one,) = season.deliveries
    assert (one.grams, one.received) == (65_000, first)
    assert [(fix.before_g, fix.after_g, fix.farmer, fix.clerk) for fix in season.corrections] == [
        (60_000, 72_000, "ANNA", "user:test"),
        (72_000, 65_000, "ANNA", "user:test"),
    ]


def test_a_delivery_taken_back_is_no_delivery(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 60))
    chain.ok(chain.deliver("D2", 61))
    chain.ok(
        told.Corrected(id=uid("fix"), occurred_at=at("2025-01-11T08:00:00Z"), event=uid("deliver-D1"), reason="twice")
    )
    season = read(chain)
    assert [one.id for one in season.deliveries] == ["D2"]
    assert [(fix.before_g, fix.after_g) for fix in season.corrections] == [(60_000, 0)]


def test_batches_know_the_moisture_before_and_after(chain: Chain) -> None:
    chain.dry_lot()
    chain.ok(chain.inspect("DB", moisture="9.5"))
    redried = told.Transformed(
        id=uid("redry"),
        occurred_at=at("2025-01-22T09:00:00Z"),
        site=uid("FERM"),
        process="redry",
        inputs=(told.Drawn(lot=uid("DB"), quantity=kg(400)),),
        outputs=(told.NewLot(lot=uid("DR"), code="DR", product="cocoa_dry_beans", quantity=kg(399)),),
    )
    chain.ok(redried)
    chain.ok(chain.inspect("DR", when="2025-01-22T12:00:00Z", moisture="7.5"))
    season = read(chain)
    assert [
        (one.lot, one.site, one.input_g, one.output_g, one.input_moisture_bp, one.output_moisture_bp)
        for one in season.batches
    ] == [("DB", "FERM", 1_000_000, 400_000, None, 950), ("DR", "FERM", 400_000, 399_000, 950, 750)]
    assert [(one.lot, one.site, one.passed, one.moisture_bp, one.limit_bp) for one in season.checks] == [
        ("DB", "FERM", False, 950, 800),
        ("DR", "FERM", True, 750, 800),
    ]
    look(chain)
    (row,) = [one for one in rows(chain) if one.pattern == "dry_matter_gain"]
    assert (row.subject_kind, row.subject) == ("lot", "DR")
    assert json.loads(row.evidence)["figures"]["surplus_g"] == 399_000 - 400_000 * 9050 // 9250


def test_outlines_are_compared_wherever_they_lie(chain: Chain) -> None:
    change(chain, models.Plot, {"code": "ANNA-A"}, geometry=outline(0), measured_m2=6_000)
    change(chain, models.Plot, {"code": "BEN-A"}, geometry=outline(700), measured_m2=9_900)
    season = read(chain)
    plots = season.plot
    assert plots["ANNA-A"].shape == plots["BEN-A"].shape != None  # noqa: E711
    assert plots["ANNA-A"].position == (-8_999_400, 7_000_750)
    (one,) = season.overlaps
    assert (one.first, one.second) == ("ANNA-A", "BEN-A")
    assert 1_500 < one.share_bp < 5_000
    look(chain)
    found = {row.pattern: row for row in rows(chain)}
    assert {"area_inflated", "plot_copied"} <= found.keys()
    assert found["area_inflated"].subject == "ANNA-A"
    change(chain, models.Plot, {"code": "BEN-A"}, geometry=outline(200_000))
    assert read(chain).overlaps == []


def test_inspection_reports_give_minutes_and_answers(chain: Chain) -> None:
    coop = chain.cluster.orgs["COOP"]
    sheet = '[{"code": "PLOTS", "answer": "yes"}, {"code": "BUFFER", "answer": "no", "note": "%s"}]'
    add(
        chain,
        *(
            models.InspectionReport(
                org_id=coop,
                inspection_id=uid(f"{farmer}/2024-08-10"),
                scheme="EU_ORG",
                started_at=1_723_280_400_000,
                ended_at=1_723_280_400_000 + 25 * 60_000,
                answers=sheet % farmer,
            )
            for farmer in ("ANNA", "BEN")
        ),
    )
    one, other = read(chain).inspections
    assert (one.minutes, other.minutes) == (25, 25)
    assert one.answers == other.answers != None  # noqa: E711 - notes are not compared


def test_revisions_come_in_dry_beans(chain: Chain) -> None:
    coop, anna = chain.cluster.orgs["COOP"], uid("ANNA")
    key = {"org_id": coop, "farmer_id": anna, "season": SEASON, "product": "cocoa_wet_beans"}
    add(chain, models.Estimate(**key, grams=500_000))
    add(
        chain,
        models.EstimateRevision(**key, number=1, grams=500_000, recorded_at=1),
        models.EstimateRevision(**key, number=2, grams=750_000, recorded_at=2),
    )
    assert [(one.farmer, one.number, one.grams) for one in read(chain).revisions] == [
        ("ANNA", 1, 200_000),
        ("ANNA", 2, 300_000),
    ]


def test_a_season_that_nobody_has_is_refused(chain: Chain) -> None:
    for name in ("2024/26", "soon", "99999/00"):
        with pytest.raises(SeasonUnknown, match="write 2024/25"):
            look(chain, season=name)


# --- the list ---


@pytest.fixture
def heavy(chain: Chain) -> Chain:
    """ANNA brings far more than a hectare gives: 2.6 t of wet beans."""
    for i in range(4):
        chain.ok(delivered(f"D{i}", 650 + i, f"2025-01-{10 + i}"))
    return chain


def test_a_scan_lists_what_stands_out_once(heavy: Chain) -> None:
    done = look(heavy)
    assert (done.opened, done.reopened, done.closed) == (done.listed, 0, 0)
    assert done.listed == len(rows(heavy))
    (row,) = [one for one in rows(heavy) if one.pattern == "area_yield"]
    assert (row.subject_kind, row.subject, row.state, row.version, row.season) == ("farmer", "ANNA", "open", 1, SEASON)
    kept = json.loads(row.evidence)
    assert kept["figures"] == {
        "farmer": "ANNA",
        "delivered_g": 1_042_400,
        "per_ha_g": 1_042_400,
        "top_g": 600_000,
    }
    assert (row.score, kept["strength"]) == (737, 737)
    assert row.id == signal_id(SEASON, Signal("area_yield", "farmer", "ANNA", 1, {}))
    before = rows(heavy)
    again = look(heavy)
    assert (again.listed, again.opened, again.reopened, again.closed) == (done.listed, 0, 0, 0)
    assert rows(heavy) == before


def decide(chain: Chain, pattern: str, state: str) -> None:
    where = {"org_id": chain.cluster.orgs["COOP"], "pattern": pattern}
    change(chain, models.Signal, where, state=state, note="looked at", decided_by="user:x", decided_at=5, version=2)


def state_of(chain: Chain, pattern: str) -> tuple[str, int, str | None]:
    (row,) = [one for one in rows(chain) if one.pattern == pattern]
    return row.state, row.score, row.note


def test_what_was_explained_stays_explained_until_it_is_clearly_stronger(heavy: Chain) -> None:
    look(heavy)
    decide(heavy, "area_yield", "explained")
    heavy.ok(delivered("D5", 50, "2025-02-01"))  # 20 kg of dry beans more: not clearly
    look(heavy)
    assert state_of(heavy, "area_yield") == ("explained", 737, "looked at")
    heavy.ok(delivered("D6", 300, "2025-02-02"))  # 140 kg in all
    done = look(heavy)
    assert done.reopened >= 1
    assert state_of(heavy, "area_yield") == ("open", 970, "looked at")


def test_a_full_score_that_grows_is_open_again_too(heavy: Chain) -> None:
    heavy.ok(delivered("D7", 500, "2025-02-02"))
    look(heavy)
    assert state_of(heavy, "area_yield")[1] == 1000
    decide(heavy, "area_yield", "explained")
    look(heavy)
    assert state_of(heavy, "area_yield")[0] == "explained"
    heavy.ok(delivered("D8", 700, "2025-02-03"))
    look(heavy)
    assert state_of(heavy, "area_yield")[:2] == ("open", 1000)


def test_what_was_confirmed_stays_confirmed_with_the_new_figures(heavy: Chain) -> None:
    look(heavy)
    decide(heavy, "area_yield", "confirmed")
    heavy.ok(delivered("D6", 300, "2025-02-02"))
    look(heavy)
    assert state_of(heavy, "area_yield") == ("confirmed", 937, "looked at")


def test_what_no_longer_stands_out_is_closed_and_comes_back(heavy: Chain) -> None:
    look(heavy)
    change(heavy, models.Plot, {"code": "ANNA-A"}, area_m2=40_000)  # the farm is larger than was registered
    assert look(heavy).closed >= 1
    (row,) = [one for one in rows(heavy) if one.pattern == "area_yield"]
    assert (row.state, row.decided_by, row.note) == ("explained", "system", None)
    assert look(heavy).closed == 0
    change(heavy, models.Plot, {"code": "ANNA-A"}, area_m2=10_000)
    assert look(heavy).reopened >= 1
    assert state_of(heavy, "area_yield")[:2] == ("open", 737)


def test_each_organisation_sees_its_own_season_only(heavy: Chain) -> None:
    look(heavy)
    assert look(heavy, "RIVAL") == Scanned(SEASON, 0, 0, 0, 0)
    empty = read(heavy, "RIVAL")
    assert (empty.deliveries, empty.members, empty.plots, empty.batches) == ([], [], [], [])
    assert rows(heavy, "RIVAL") == []
    assert rows(heavy, "COOP") != []


def test_another_scan_that_was_first_is_not_an_error(heavy: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    look(heavy)
    kept, calls = signals._keep, []

    def blind(session: Any, org_id: int, season: str, found: Any, now: int) -> Scanned:
        """The first time it does not see the rows of the other scan."""
        calls.append(season)
        if len(calls) == 1:
            row = rows(heavy)[0]
            session.execute(sa.insert(table(models.Signal)), [row._asdict()])
        return kept(session, org_id, season, found, now)

    monkeypatch.setattr(signals, "_keep", blind)
    assert look(heavy).opened == 0
    assert len(calls) == 2
