"""A commodity never seen before is one TOML file: captured, made, checked, labelled and shown, with no code for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from domain.prices import Conditions, PriceLine
from domain.profiles import ProfileMistake
from ledger import prices
from ledger.issue import issue_label, label_of, printed
from ledger.profiles import check, profiles
from ledger.queries import find_lot, trace
from ledger.record import Answer, Recorder, record
from ledger.replay import replay
from models.base import table
from models.db import system_session
from tests.builders import Cluster, at, kg, uid
from tests.ledger.test_prices import price

OWN = Path(__file__).resolve().parents[1] / "own_profiles"
COFFEE = OWN / "commodities" / "coffee.toml"


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A deployment with a folder of its own."""
    monkeypatch.setenv("FILIERE_PROFILES", str(OWN))
    profiles.cache_clear()
    yield
    monkeypatch.undo()
    profiles.cache_clear()


class Washing:
    """A cooperative of coffee farmers with a washing station and an organic certificate."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.cluster = Cluster(recorder)
        self.cluster.org("COOP")
        self.cluster.site("STATION", "COOP")
        self.cluster.certificate("GRP", "COOP", products=("coffee",), sites=(("STATION", "2024-06-01", None),))
        self.cluster.farmer("ANNA", "COOP", certificate="GRP", plots=(("A", "2019-01-01"),))

    def tell(self, kind: type[told.Base], name: str, when: str, **fields: Any) -> Answer:
        event: Any = kind(id=uid(name), occurred_at=at(when), **fields)
        return self.cluster.tell("COOP", event)

    def made(self, lot: str, product: str, quantity: told.Quantity) -> told.NewLot:
        return told.NewLot(lot=uid(lot), code=lot, product=product, quantity=quantity)

    def drawn(self, lot: str, kilograms: int) -> told.Drawn:
        return told.Drawn(lot=uid(lot), quantity=kg(kilograms))

    def season(self, moisture: str = "11.4") -> list[Answer]:
        site = uid("STATION")
        return [
            self.tell(
                told.Delivered,
                "d",
                "2025-01-10T08:00:00Z",
                site=site,
                farmer="ANNA",
                lot=self.made("CH1", "coffee_cherries", kg(1000)),
            ),
            self.tell(
                told.Received,
                "r",
                "2025-01-10T10:00:00Z",
                site=site,
                inputs=(self.drawn("CH1", 1000),),
                into=told.Named(lot=uid("RL1"), code="RL1"),
            ),
            self.tell(
                told.Transformed,
                "w",
                "2025-01-24T10:00:00Z",
                site=site,
                process="wash",
                inputs=(self.drawn("RL1", 1000),),
                outputs=(self.made("PA1", "coffee_parchment", kg(200)),),
            ),
            self.tell(
                told.Transformed,
                "h",
                "2025-02-10T10:00:00Z",
                site=site,
                process="hull",
                inputs=(self.drawn("PA1", 200),),
                outputs=(self.made("GR1", "coffee_green", told.Quantity(value="2.5", unit="bag_60")),),
            ),
            self.tell(
                told.Inspected,
                "q",
                "2025-02-11T10:00:00Z",
                lot=uid("GR1"),
                measurements=(
                    told.Result(test="moisture", value=moisture),
                    told.Result(test="defects", value="41"),
                ),
            ),
        ]


def page(recorder: Recorder, code: str) -> tuple[dict[str, Any], str]:
    """The public page of a label, as data and as text."""
    row = table(models.PublicPage)
    with system_session(recorder.database, write=False) as session:
        found = session.execute(sa.select(row).where(row.c.code == code)).mappings().one()
    return json.loads(bytes(found["data"])), (bytes(found["html_en"]) + bytes(found["html_fr"])).decode()


def test_coffee_is_captured_made_checked_labelled_and_shown(recorder: Recorder, own: None) -> None:
    washing = Washing(recorder)
    answers = washing.season()
    assert [answer.refused for answer in answers] == [None] * 5
    assert [finding.code for answer in answers for finding in answer.findings] == []
    with system_session(recorder.database, write=False) as session:
        green = find_lot(session, None, "GR1")
        back = trace(session, None, "GR1", "back")
    assert (green.product, green.initial_g, green.qc, green.moisture_bp) == ("coffee_green", 150_000, "pass", 1_140)
    assert {share.code: share.grams for share in back.composition} == {"CH1": 150_000}
    code = issue_label(recorder, washing.cluster.actor("COOP"), uid("GR1"))
    data, html = page(recorder, code)
    assert (data["state"], data["product"], data["net_g"]) == (
        "valid",
        {"en": "Green coffee", "fr": "Café vert"},
        150_000,
    )
    assert data["season"] == "2024/25"
    for word in ("Green coffee", "Café vert", "GR1", "Defects in 300 g", "Défauts dans 300 g"):
        assert word in html
    with system_session(recorder.database, write=False) as session:
        labelled = label_of(session, recorder, None, "GR1")
    drawn, _ = printed(labelled, "svg", lang="fr")
    assert "Café vert" in drawn.decode()
    assert replay(recorder).identical


def test_coffee_is_graded_by_its_values_paid_by_its_grade_and_shown_with_it(recorder: Recorder, own: None) -> None:
    washing = Washing(recorder)
    org = washing.cluster.orgs["COOP"]
    rest = PriceLine("REST", 2_000_000, Conditions("coffee_green"))
    best = PriceLine("BEST", 5_000_000, Conditions("coffee_green", grade="G1"))
    price(washing, "2025-01-01", rest, best)  # type: ignore[arg-type]  # it needs a cluster alone
    for lot, cup in (("A", "86.0"), ("B", "81.0"), ("C", None)):
        made = washing.made(lot, "coffee_green", kg(100))
        washing.tell(told.Delivered, f"d{lot}", "2025-02-10T08:00:00Z", site=uid("STATION"), farmer="ANNA", lot=made)
        found = [told.Result(test="defects", value="3"), *([told.Result(test="cup", value=cup)] if cup else [])]
        washing.tell(told.Inspected, f"q{lot}", "2025-02-10T09:00:00Z", lot=uid(lot), measurements=tuple(found))
    with system_session(recorder.database, write=False) as session:
        assert [find_lot(session, None, lot).grade for lot in "ABC"] == ["G1", "G2", None]
        rows = prices.wanted(session, org)
    assert {row.lot_code: row.amount.minor for row in rows} == {"A": 500_000, "B": 200_000, "C": 200_000}
    data, html = page(recorder, issue_label(recorder, washing.cluster.actor("COOP"), uid("A")))
    assert data["grade"] == "G1"
    assert "G1" in html
    assert replay(recorder).identical


def test_coffee_is_held_by_its_own_limit_and_noticed_by_its_own_yield(recorder: Recorder, own: None) -> None:
    washing = Washing(recorder)
    *_, checked = washing.season(moisture="12.6")
    assert [finding.code for finding in checked.findings] == ["QUALITY_FAILED"]
    with system_session(recorder.database, write=False) as session:
        assert find_lot(session, None, "GR1").disposition == "on_hold"
    washing.tell(
        told.Delivered,
        "d2",
        "2025-01-12T08:00:00Z",
        site=uid("STATION"),
        farmer="ANNA",
        lot=washing.made("CH2", "coffee_cherries", kg(100)),
    )
    low = washing.tell(
        told.Transformed,
        "w2",
        "2025-01-25T10:00:00Z",
        site=uid("STATION"),
        process="wash",
        inputs=(washing.drawn("CH2", 100),),
        outputs=(washing.made("PA2", "coffee_parchment", kg(30)),),
    )
    assert [finding.code for finding in low.findings] == ["YIELD_ABOVE_RANGE"]
    unknown = washing.tell(
        told.Inspected,
        "q2",
        "2025-01-26T10:00:00Z",
        lot=uid("PA2"),
        measurements=(told.Result(test="caffeine", value="1.2"),),
    )
    assert unknown.refused is not None
    assert unknown.refused.code == "TEST_UNKNOWN"


@pytest.mark.parametrize(
    ("sampled", "said", "why"),
    [
        (True, {"laboratory": "LAB", "accreditation": "17025-1"}, None),
        (True, {"laboratory": "LAB"}, "not_accredited"),
        (False, {"laboratory": "LAB", "accreditation": "17025-1"}, "not_sampled"),
        (True, {"accreditation": "17025-1"}, "same_person"),
        (True, {"laboratory": "COOP", "accreditation": "17025-1"}, "same_person"),
    ],
)
def test_who_tests_is_neither_the_sampler_nor_the_owner_where_the_profile_says_so(
    recorder: Recorder, own: None, sampled: bool, said: dict[str, str], why: str | None
) -> None:
    station = Washing(recorder)
    for answer in station.season():
        assert answer.refused is None, answer.refused
    if sampled:
        station.tell(told.Sampled, "s", "2025-02-12T08:00:00Z", lots=(uid("GR1"),), sample="S-1", quantity=kg(1))
        said = {**said, "sample": "S-1"}
    ordered = {"lot": uid("GR1"), "tests": ("ochratoxin_a",)}
    assert station.tell(told.TestsOrdered, "o", "2025-02-12T09:00:00Z", **ordered).refused is None
    found = (told.Result(test="ochratoxin_a", value="1.0"),)
    answer = station.tell(told.Inspected, "x", "2025-02-13T09:00:00Z", lot=uid("GR1"), measurements=found, **said)
    assert [finding.params.get("why") for finding in answer.findings] == ([why] if why else [])
    with system_session(recorder.database, write=False) as session:
        assert find_lot(session, None, "GR1").qc == ("pending" if why else "pass")


def test_the_owner_does_not_test_its_own_goods_by_another_person(recorder: Recorder, own: None) -> None:
    station = Washing(recorder)
    for answer in station.season():
        assert answer.refused is None, answer.refused
    station.tell(told.Sampled, "s", "2025-02-12T08:00:00Z", lots=(uid("GR1"),), sample="S-1", quantity=kg(1))
    check = told.Inspected(
        id=uid("x"),
        occurred_at=at("2025-02-13T09:00:00Z"),
        lot=uid("GR1"),
        measurements=(told.Result(test="ochratoxin_a", value="1.0"),),
        sample="S-1",
        accreditation="17025-1",
    )
    (answer,) = record(recorder, replace(station.cluster.actor("COOP"), name="user:chemist"), [check])
    assert [finding.params["why"] for finding in answer.findings] == ["owner_tested"]


def test_without_the_folder_nobody_knows_coffee() -> None:
    assert profiles().commodity_of("coffee_green") is None


def test_with_the_folder_all_that_ships_is_still_there(own: None) -> None:
    assert profiles().commodities.keys() == {"anchovy", "cassava", "cocoa", "coffee", "mango", "pharma", "prickly_pear"}
    assert profiles().commodity_of("coffee_green") is profiles().commodities["coffee"]
    assert check(COFFEE) == profiles().commodities["coffee"]  # one of the deployment's own is checked as well


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('id = "coffee"', 'id = "cocoa"', 4, "“cocoa” is taken by another profile"),
        ('code = "coffee_green"', 'code = "fishmeal"', 26, "“fishmeal” is taken by another profile"),
    ],
)
def test_a_file_adds_and_never_takes_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, line: int, says: str
) -> None:
    (tmp_path / "commodities").mkdir()
    text = (
        COFFEE.read_text("utf-8").replace('"coffee_green"', new.split(" = ")[1])
        if "code" in old
        else COFFEE.read_text("utf-8")
    )
    (tmp_path / "commodities" / "mine.toml").write_text(text.replace(old, new, 1), "utf-8")
    monkeypatch.setenv("FILIERE_PROFILES", str(tmp_path))
    profiles.cache_clear()
    try:
        with pytest.raises(ProfileMistake, match=says) as mistake:
            profiles()
        assert (mistake.value.file, mistake.value.line) == ("mine.toml", line)
        (tmp_path / "commodities" / "mine.toml").unlink()
        shutil.copy(COFFEE, tmp_path / "commodities")
        assert "coffee" in profiles().commodities
    finally:
        monkeypatch.undo()
        profiles.cache_clear()


def test_a_folder_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FILIERE_PROFILES", str(tmp_path / "nowhere"))
    profiles.cache_clear()
    try:
        with pytest.raises(ProfileMistake, match="correct FILIERE_PROFILES, or leave it out"):
            profiles()
    finally:
        monkeypatch.undo()
        profiles.cache_clear()
