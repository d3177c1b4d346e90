"""Bookings that never overlap, cost shares and losses from the log, on both databases."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from domain.facilities import CostShare, Loss, Slot
from domain.refusals import Refused
from ledger import facilities
from ledger.facilities import Wanted
from ledger.record import Recorder
from ledger.replay import replay
from models.base import table
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain

HOUR = 3_600_000
NOW = 1_733_000_000_000  # 30 November 2024
FIRST, LAST = date(2025, 1, 1), date(2025, 1, 31)


@pytest.fixture
def chain(recorder: Recorder) -> Chain:
    """COOP operates FERM with the vessel BOX (1,000 kg); EXP may bring goods there, RIVAL may not."""
    made = Chain(replace(recorder, clock=lambda: NOW))
    made.recorder = made.cluster.recorder
    made.cluster._add(
        models.SiteShare(org_id=made.cluster.orgs["COOP"], site_id=uid("FERM"), to_org_id=made.cluster.orgs["EXP"])
    )
    return made


def book(chain: Chain, org: str, since: int, until: int, kg: int = 500, **more: Any) -> tuple[Any, bool]:
    wanted = Wanted(uid("BOX"), Slot(NOW + since * HOUR, NOW + until * HOUR), kg * 1000, **more)
    return facilities.book(chain.recorder, chain.cluster.actor(org), uid("FERM"), wanted)


def refusal(chain: Chain, *args: Any, **more: Any) -> str:
    with pytest.raises(Refused) as refused:
        book(chain, *args, **more)
    return refused.value.code


def calendar(chain: Chain, org: str) -> list[Any]:
    with system_session(chain.recorder.database, write=False) as session:
        period = Slot(NOW - 1000 * HOUR, NOW + 1000 * HOUR)
        return facilities.calendar(session, chain.cluster.orgs[org], uid("FERM"), period, NOW)


def test_a_slot_is_for_whom_the_site_is_shared_with_and_holds_what_the_vessel_holds(chain: Chain) -> None:
    assert book(chain, "EXP", 0, 24, 1000)[1]
    assert book(chain, "COOP", 24, 48, organisation="EXP")[0].organisation == "EXP"
    assert book(chain, "COOP", 48, 72)[0].organisation == "COOP"
    assert refusal(chain, "RIVAL", 100, 124) == "SITE_UNKNOWN"
    assert refusal(chain, "COOP", 100, 124, organisation="RIVAL") == "SITE_NOT_SHARED"
    assert refusal(chain, "EXP", 100, 124, organisation="COOP") == "ORGANISATION_UNKNOWN"
    assert refusal(chain, "EXP", 100, 124, 1001) == "FACILITY_OVER_CAPACITY"
    assert refusal(chain, "EXP", -24, 0) == "BOOKING_PAST"
    for since, until in ((0, 24), (23, 25), (-5, 1), (10, 12), (-5, 80)):
        assert refusal(chain, "EXP", since, until) == "VESSEL_BOOKED"
    assert [one.organisation for one in calendar(chain, "COOP")] == ["EXP", "EXP", "COOP"]
    assert [(one.organisation, one.grams) for one in calendar(chain, "EXP")] == [
        ("EXP", 1_000_000), ("EXP", 500_000), (None, None),
    ]  # fmt: skip


def test_the_same_slot_again_changes_nothing_and_a_cancelled_one_is_free(chain: Chain) -> None:
    first, new = book(chain, "EXP", 0, 24, id=uid("B1"))
    again, newer = book(chain, "EXP", 0, 24, id=uid("B1"))
    assert (new, newer, again) == (True, False, first)
    assert refusal(chain, "EXP", 0, 48, id=uid("B1")) == "EVENT_ID_REUSED"
    actor = chain.cluster.actor
    assert not facilities.cancel(chain.recorder, actor("EXP"), uid("FERM"), uid("B2"))
    assert facilities.cancel(chain.recorder, actor("EXP"), uid("FERM"), uid("B1"))
    assert facilities.cancel(chain.recorder, actor("COOP"), uid("FERM"), uid("B1"))
    assert refusal(chain, "EXP", 0, 24, id=uid("B1")) == "BOOKING_CANCELLED"
    own, _ = book(chain, "COOP", 0, 24)
    assert not facilities.cancel(chain.recorder, actor("EXP"), uid("FERM"), own.id)
    assert [one.id for one in calendar(chain, "COOP")] == [own.id]


def test_I22_slots_never_overlap_however_many_ask_at_once(chain: Chain) -> None:
    """Twelve threads ask for overlapping slots of one box; those that got one share no instant."""
    slots = [(n % 6 * 8, n % 6 * 8 + 12) for n in range(12)]
    got: list[Any] = []
    odd: list[Exception] = []
    gate = threading.Barrier(len(slots))

    def ask(number: int, since: int, until: int) -> None:
        gate.wait()
        try:
            got.append(book(chain, "EXP" if number % 2 else "COOP", since, until)[0])
        except Refused as refused:
            assert refused.code == "VESSEL_BOOKED"
        except Exception as error:
            odd.append(error)

    threads = [threading.Thread(target=ask, args=(n, *slot)) for n, slot in enumerate(slots)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert odd == []
    with system_session(chain.recorder.database, write=False) as session:
        held = table(models.Booking)
        rows = session.execute(sa.select(held.c.from_at, held.c.to_at).order_by(held.c.from_at)).all()
    assert len(rows) == len(got) >= 3
    assert all(one.to_at <= other.from_at for one, other in itertools.pairwise(rows))


# --- what follows from the log ---


@pytest.fixture
def worked(recorder: Recorder) -> Chain:
    """January 2025: COOP and EXP share the box in a first run; COOP alone has a second one that is still open."""
    chain = Chain(recorder)
    cluster = chain.cluster
    cluster._add(models.SiteShare(org_id=cluster.orgs["COOP"], site_id=uid("FERM"), to_org_id=cluster.orgs["EXP"]))
    chain.ok(chain.deliver("D1", 600, when="2025-01-10T06:00:00Z"))
    strange = chain.deliver("X1", 300, farmer="XAVER", when="2025-01-10T06:00:00Z")
    chain.ok(strange, "EXP")
    chain.ok(load("RUN1", "2025-01-10T08:00:00Z", {"D1": 600, "X1": 300}))
    chain.ok(told.Unloaded(id=uid("un1"), occurred_at=at("2025-01-15T08:00:00Z"), load=uid("RUN1")))
    chain.ok(chain.deliver("D2", 500, when="2025-01-20T06:00:00Z"))
    chain.ok(load("RUN2", "2025-01-30T00:00:00Z", {"D2": 400}))
    return chain


def load(name: str, when: str, contents: dict[str, Any]) -> told.Loaded:
    items = tuple(told.Drawn(lot=uid(lot), quantity=kg(weight)) for lot, weight in contents.items())
    return told.Loaded(id=uid(f"in-{name}"), occurred_at=at(when), vessel=uid("BOX"), load=uid(name), contents=items)


def tariff(chain: Chain, from_day: str, **values: Any) -> None:
    org = chain.cluster.orgs["COOP"]
    terms = {"currency": "USD", "fee_per_tonne": 2_000, "capital_minor": 2_400_000, "users_share_bp": 3_000} | values
    chain.cluster._add(models.Tariff(org_id=org, site_id=uid("FERM"), from_day=from_day, recorded_at=1, **terms))


def test_the_cost_share_follows_whose_goods_were_in_the_loads(worked: Chain) -> None:
    tariff(worked, "2025-01-01")
    tariff(worked, "2025-01-30", fee_per_tonne=3_000, capital_minor=0)
    orgs = worked.cluster.orgs
    with system_session(worked.recorder.database, write=False) as session:
        found = facilities.statement(session, orgs["COOP"], uid("FERM"), FIRST, LAST)
        mine = facilities.statement(session, orgs["EXP"], uid("FERM"), FIRST, LAST)
        with pytest.raises(Refused, match="SITE_UNKNOWN"):
            facilities.statement(session, orgs["RIVAL"], uid("FERM"), FIRST, LAST)
    coop, exp = found.shares
    assert coop == CostShare("COOP", "USD", 1_000_000, 1_200 + 1_200, 553_846)
    assert exp == CostShare("EXP", "USD", 300_000, 600, 166_154)
    assert coop.capital_minor + exp.capital_minor == 720_000
    assert mine.shares == (exp,)


def test_goods_that_were_sold_later_are_billed_to_whose_they_were(worked: Chain) -> None:
    tariff(worked, "2025-01-01", capital_minor=0)
    worked.ok(
        told.TransferOffered(id=uid("offer"), occurred_at=at("2025-01-16T08:00:00Z"), lots=(uid("D1"),), to="EXP")
    )
    worked.ok(
        told.TransferAccepted(
            id=uid("accept"), occurred_at=at("2025-01-17T08:00:00Z"), offer=uid("offer"), site=uid("STORE")
        ),
        "EXP",
    )
    with system_session(worked.recorder.database, write=False) as session:
        found = facilities.statement(session, worked.cluster.orgs["COOP"], uid("FERM"), FIRST, LAST)
    assert {one.organisation: one.grams for one in found.shares} == {"COOP": 1_000_000, "EXP": 300_000}


def test_use_is_hours_of_hours_and_grams_of_capacity(worked: Chain) -> None:
    now = round(at("2025-01-31T12:00:00Z").timestamp() * 1000)
    with system_session(worked.recorder.database, write=False) as session:
        (box,) = facilities.utilisation(session, worked.cluster.orgs["COOP"], uid("FERM"), FIRST, LAST, now)
        with pytest.raises(Refused, match="SITE_UNKNOWN"):
            facilities.utilisation(session, worked.cluster.orgs["EXP"], uid("FERM"), FIRST, LAST, now)
    assert box.use.used_ms == (5 * 24 + 36) * HOUR  # the first run, and the open one until now
    assert box.use.available_ms == 31 * 24 * HOUR
    assert (box.use.runs, box.use.grams, box.use.capacity_g) == (2, 1_300_000, 2_000_000)


def test_reality_closes_a_booking(worked: Chain) -> None:
    slot = Slot(*(round(at(day).timestamp() * 1000) for day in ("2025-01-09T00:00:00Z", "2025-01-12T00:00:00Z")))
    early = replace(worked.recorder, clock=lambda: slot.since)
    wanted = Wanted(uid("BOX"), slot, 900_000)
    booked, _ = facilities.book(early, worked.cluster.actor("EXP"), uid("FERM"), wanted)
    assert (booked.state, booked.load) == ("used", uid("RUN1"))


def test_losses_by_reason_and_against_the_baseline(worked: Chain) -> None:
    cluster, org = worked.cluster, worked.cluster.orgs["COOP"]
    for day, bp in (("2024-06-30", 3_400), ("2025-01-20", 100)):  # the second was measured later than the first day
        cluster._add(
            models.LossBaseline(
                org_id=org, site_id=uid("FERM"), measured_on=day, loss_bp=bp, source="Survey", recorded_at=1
            )
        )
    for lot, weight, reason in (("D1", 50, "Mould"), ("D2", 20, "rain"), ("D1", 21, "mould ")):
        worked.ok(
            told.Lost(
                id=uid(f"lost-{reason}"),
                occurred_at=at("2025-01-30T12:00:00Z"),
                lot=uid(lot),
                quantity=kg(weight),
                reason=reason,
            )
        )
    worked.ok(worked.dry("DRY", 200, {"D1": 500}, when="2025-01-31T09:00:00Z"))
    with system_session(worked.recorder.database, write=False) as session:
        found = facilities.losses(session, org, uid("FERM"), FIRST, LAST)
    assert (found.handled_g, found.lost_g, found.loss_bp) == (1_400_000, 91_000, 650)
    assert found.reasons == (Loss("Mould", 71_000), Loss("rain", 20_000))
    assert found.processes == (Loss("ferment_dry", 300_000),)
    assert found.baseline is not None
    assert (found.baseline.loss_bp, found.reduction_bp) == (3_400, 8_088)


# --- what comes out of a shared load ---


def dried(made: dict[str, tuple[str, float]], **more: Any) -> told.Transformed:
    """RUN1, with 600 kg of COOP and 300 kg of EXP, gives some lots: code -> (owner, kilograms)."""
    outputs = tuple(
        told.NewLot(lot=uid(code), code=code, product="cocoa_dry_beans", quantity=kg(weight), owner=owner)
        for code, (owner, weight) in made.items()
    )
    inputs = tuple(told.Drawn(lot=uid(lot), quantity=kg(weight)) for lot, weight in (("D1", 600), ("X1", 300)))
    return told.Transformed(
        id=uid("dried"), occurred_at=at("2025-01-20T08:00:00Z"), site=uid("FERM"), process="ferment_dry", inputs=inputs,
        outputs=outputs, **more,
    )  # fmt: skip


def key(**parts: int) -> tuple[told.Part, ...]:
    return tuple(told.Part(owner=owner, parts=count) for owner, count in parts.items())


def shared(chain: Chain, org: str, grams: int, **parts: int) -> dict[str, tuple[int, int]]:
    with system_session(chain.recorder.database, write=False) as session:
        found = facilities.shares(session, chain.cluster.orgs[org], uid("RUN1"), grams, parts)
    return {one.organisation: (one.loaded_g, one.share_g) for one in found}


def test_what_comes_out_is_shared_by_weight_or_by_the_agreed_key_to_the_gram(worked: Chain) -> None:
    assert shared(worked, "COOP", 360_001) == {"COOP": (600_000, 240_001), "EXP": (300_000, 120_000)}
    assert shared(worked, "COOP", 360_001, COOP=1, EXP=1) == {"COOP": (600_000, 180_001), "EXP": (300_000, 180_000)}
    assert shared(worked, "EXP", 360_001) == {"EXP": (300_000, 120_000)}  # no more than its own part
    for org, parts, code in (("RIVAL", {}, "LOAD_UNKNOWN"), ("COOP", {"COOP": 1}, "KEY_OF_OTHERS")):
        with pytest.raises(Refused) as refused:
            shared(worked, org, 1, **parts)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("made", "agreed", "short"),
    [
        ({"A": ("COOP", 240), "B": ("EXP", 120)}, None, {}),
        ({"A": ("COOP", 239.999), "B": ("EXP", 120.001)}, None, {}),  # a gram is rounding
        ({"A": ("COOP", 250), "B": ("EXP", 110)}, None, {"X1": (110_000, 120_000, "by_weight")}),
        ({"A": ("COOP", 200), "C": ("COOP", 160)}, None, {"X1": (0, 120_000, "by_weight")}),  # nothing at all
        ({"A": ("COOP", 250), "B": ("EXP", 110)}, key(COOP=250, EXP=110), {}),
        ({"A": ("COOP", 240), "B": ("EXP", 120)}, key(COOP=3, EXP=1), {"D1": (240_000, 270_000, "by_key")}),
    ],
)
def test_who_got_less_than_its_share_is_said(
    worked: Chain, made: dict[str, tuple[str, float]], agreed: Any, short: dict[str, tuple[int, int, str]]
) -> None:
    answer = worked.ok(dried(made, key=agreed))
    said = [finding.params for finding in answer.findings if finding.code == "SHARED_OTHERWISE"]
    assert {one["lot"]: (one["got_g"], one["share_g"], one["why"]) for one in said} == short
    assert sum(worked.lot(code).initial_g for code in made) == 360_000
    assert replay(worked.recorder).identical


@pytest.mark.parametrize(
    "agreed", [key(COOP=1, RIVAL=1), key(COOP=1, EXP=1, RIVAL=1), (*key(COOP=1, EXP=1), *key(EXP=1))]
)
def test_a_key_names_just_the_owners_each_once(worked: Chain, agreed: Any) -> None:
    made = {"A": ("COOP", 240.0), "B": ("EXP", 120.0)}
    assert worked.refused(dried(made, key=agreed)) == "KEY_OF_OTHERS"
