"""What farmers get, computed from the log: dated lists, corrections, deliveries told late, on both databases."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from typing import Any

import pytest

import models
from domain import events as told
from domain.balance import Span
from domain.prices import Conditions, Deduction, Goods, PriceLine, Terms, plain
from domain.refusals import Refused
from ledger import prices
from ledger.record import Recorder, record
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain

WET = "cocoa_wet_beans"
LATE = date(2025, 10, 1)
STANDARD = PriceLine("STD", 300_000, Conditions(WET))
LATE_HARVEST = PriceLine("LATE", 1_200_000, Conditions(WET, harvested_from=LATE))


@pytest.fixture
def chain(recorder: Recorder) -> Chain:
    return Chain(recorder)


def price(chain: Chain, from_day: str, *lines: PriceLine, number: int = 1, currency: str = "TND", **more: Any) -> None:
    """A version of COOP's price list GATE."""
    org = chain.cluster.orgs["COOP"]
    if number == 1:
        chain.cluster._add(models.PriceList(org_id=org, id=uid("GATE"), code="GATE", name="Gate", created_at=1))
    chain.cluster._add(
        models.PriceVersion(
            org_id=org,
            list_id=uid("GATE"),
            number=number,
            from_day=from_day,
            terms=json.dumps(plain(Terms(currency, lines, **more))),
            recorded_at=1,
        )
    )


def brought(chain: Chain, lot: str, weight: Any, day: str, **more: Any) -> told.Delivered:
    """A delivery of ANNA harvested on its day, unless said otherwise."""
    plain = chain.deliver(lot, weight, more.pop("farmer", "ANNA"), f"{day}T08:00:00Z")
    return plain.model_copy(update={"harvested_on": date.fromisoformat(day)} | more)


def paid(chain: Chain, **wanted: Any) -> dict[str, int | None]:
    with system_session(chain.recorder.database, write=False) as session:
        rows = prices.wanted(session, chain.cluster.orgs["COOP"], **wanted)
        return {row.lot_code: row.amount.minor for row in rows}


def test_C35_late_harvest_is_paid_by_the_day_of_harvest_inside_and_outside_the_zone(chain: Chain) -> None:
    price(chain, "2025-07-01", STANDARD, LATE_HARVEST)
    cluster, org = chain.cluster, chain.cluster.orgs["COOP"]
    cluster.farmer("OUT", "COOP", certificate="GRP", inspected=("2025-08-10",), plots=(("A", "2019-01-01"),))
    cluster.change(models.Plot, (org, uid("OUT/A")), zone="SBEITLA")
    cluster.change(models.Plot, (org, uid("ANNA/A")), zone="KASSERINE")
    chain.ok(brought(chain, "D1", 1200, "2025-10-07", harvested_on=date(2025, 10, 5), plot="ANNA-A"))
    chain.ok(brought(chain, "D2", 800, "2025-10-07", harvested_on=date(2025, 9, 28), plot="ANNA-A"))
    chain.ok(brought(chain, "D3", 200, "2025-10-07", harvested_on=date(2025, 10, 6), plot="OUT-A", farmer="OUT"))
    assert paid(chain) == {"D1": 1_440_000, "D2": 240_000, "D3": 240_000}
    with system_session(chain.recorder.database, write=False) as session:
        late = Goods(WET, 800_000, harvested_on=date(2025, 9, 28))
        with pytest.raises(Refused, match="HARVEST_OUTSIDE_WINDOW"):
            prices.quote(session, org, late, date(2025, 10, 7), "LATE")
        farmers = prices.payouts(prices.wanted(session, org))
    assert [(one.farmer, one.currency, one.minor, one.grams) for one in farmers] == [
        ("ANNA", "TND", 1_680_000, 2_000_000),
        ("OUT", "TND", 240_000, 200_000),
    ]


def test_TN_PEAR_the_whole_season_through_the_log(chain: Chain) -> None:
    """The scenario's draw order, told as deliveries: 726,878.1 TND for 500 farmers."""
    price(chain, "2025-07-01", STANDARD, LATE_HARVEST)
    draw, start, season = random.Random(20240918).random, date(2025, 7, 15), list[told.AnyEvent]()
    for cooperative in range(4):
        for member in range(125):
            draw(), draw(), draw()  # sex, area, zone
            for number in range(1 + int(3 * draw())):
                day, weight = start + timedelta(days=int(120 * draw())), int(300 + 1700 * draw())
                farmer = f"C{cooperative}-{member:03}"
                season.append(brought(chain, f"{farmer}-{number}", weight, day.isoformat(), farmer=farmer))
    for first in range(0, len(season), 250):
        answers = record(chain.recorder, chain.cluster.actor("COOP"), season[first : first + 250])
        assert {answer.status for answer in answers} == {"accepted"}
    with system_session(chain.recorder.database, write=False) as session:
        rows = prices.deliveries(session, chain.cluster.orgs["COOP"], Span())
    farmers = prices.payouts(rows)
    assert (len(rows), len(farmers)) == (1_026, 500)
    assert sum(one.grams for one in farmers) == 1_183_780_000
    assert sum(one.minor for one in farmers) == 726_878_100
    assert {one.currency for one in farmers} == {"TND"}


def test_a_change_from_a_day_on_never_changes_what_was_brought_before(chain: Chain) -> None:
    price(chain, "2025-01-01", STANDARD)
    chain.ok(brought(chain, "D1", 100, "2025-01-10"))
    chain.ok(brought(chain, "D2", 100, "2025-01-20"))
    before = paid(chain)
    price(chain, "2025-01-15", PriceLine("NEW", 500_000, Conditions(WET)), number=2)
    assert (before, paid(chain)) == ({"D1": 30_000, "D2": 30_000}, {"D1": 30_000, "D2": 50_000})


def test_a_delivery_told_late_gets_the_price_of_its_day(chain: Chain) -> None:
    price(chain, "2025-01-01", STANDARD)
    price(chain, "2025-01-15", PriceLine("NEW", 500_000, Conditions(WET)), number=2)
    chain.ok(brought(chain, "NOW", 100, "2025-02-01"))
    chain.ok(brought(chain, "TOLD-LATE", 100, "2025-01-14"))
    assert paid(chain) == {"TOLD-LATE": 30_000, "NOW": 50_000}


def correct(chain: Chain, lot: str, instead: told.Delivered | None) -> None:
    if instead is not None:
        instead = instead.model_copy(update={"id": uid(f"right-{lot}")})
    chain.ok(
        told.Corrected(
            id=uid(f"fix-{lot}-{instead is None}"),
            occurred_at=at("2025-03-01T08:00:00Z"),
            event=uid(f"deliver-{lot}"),
            reason="Typed wrong",
            instead=instead,
        )
    )


def test_a_corrected_delivery_counts_as_it_was_put_right_and_a_void_one_not_at_all(chain: Chain) -> None:
    price(chain, "2025-01-01", STANDARD)
    price(chain, "2025-02-01", PriceLine("NEW", 500_000, Conditions(WET)), number=2)
    for lot in ("D1", "D2", "D3"):
        chain.ok(brought(chain, lot, 100, "2025-01-10"))
    correct(chain, "D1", brought(chain, "D1", 10, "2025-02-02", farmer="BEN"))  # weight, day and farmer were wrong
    correct(chain, "D2", None)
    assert paid(chain) == {"D3": 30_000, "D1": 5_000}
    assert paid(chain, farmer="BEN") == {"D1": 5_000}
    assert paid(chain, last=date(2025, 1, 31)) == {"D3": 30_000}
    assert paid(chain, season="2024/25", commodity="cocoa") == {"D3": 30_000, "D1": 5_000}
    assert paid(chain, season="2025/26") == {}


def test_the_claim_at_the_gate_decides_and_a_later_loss_does_not(chain: Chain) -> None:
    organic = PriceLine("ORG", 400_000, Conditions(WET, claims=frozenset({("EU_ORG", "organic")})))
    price(chain, "2025-01-01", STANDARD, organic)
    chain.ok(brought(chain, "D1", 100, "2025-01-10"))
    chain.ok(brought(chain, "D2", 100, "2025-01-10", farmer="BEN"))  # in conversion
    assert paid(chain) == {"D1": 40_000, "D2": 30_000}
    chain.ok(
        told.Downgraded(
            id=uid("down"),
            occurred_at=at("2025-02-01T07:00:00Z"),
            lot=uid("D1"),
            scheme="EU_ORG",
            to="conventional",
            reason="Residues found",
        )
    )
    assert chain.claim("D1") == "conventional"
    assert paid(chain) == {"D1": 40_000, "D2": 30_000}


def test_moisture_measured_on_the_delivery_is_taken_off(chain: Chain) -> None:
    dry = "cocoa_dry_beans"
    deductions = (Deduction("WET", "moisture", free_bp=800),)
    price(chain, "2025-01-01", PriceLine("DRY", 450_000, Conditions(dry)), currency="USD", deductions=deductions)
    lot = told.NewLot(lot=uid("D1"), code="D1", product=dry, quantity=kg(1000))
    chain.ok(chain.deliver("D1", 1000).model_copy(update={"lot": lot}))
    assert paid(chain) == {"D1": 450_000}
    chain.ok(chain.inspect("D1", moisture="8.8"))
    with system_session(chain.recorder.database, write=False) as session:
        (row,) = prices.deliveries(session, chain.cluster.orgs["COOP"], Span())
    assert (row.amount.paid_g, row.amount.minor) == (991_304, 446_087)
    assert row.event == uid("deliver-D1")
    chain.ok(chain.inspect("D1", when="2025-01-21T09:00:00Z", moisture="7.9"))  # after drying: the newest value counts
    assert paid(chain) == {"D1": 450_000}


def test_several_currencies_are_never_added_and_what_has_no_price_is_counted(chain: Chain) -> None:
    price(chain, "2025-01-05", STANDARD, currency="LRD")
    price(chain, "2025-02-01", STANDARD, number=2, currency="USD")
    for lot, day in (("D0", "2025-01-01"), ("D1", "2025-01-10"), ("D2", "2025-02-10")):
        chain.ok(brought(chain, lot, 100, day))
    with system_session(chain.recorder.database, write=False) as session:
        rows = prices.wanted(session, chain.cluster.orgs["COOP"])
    assert [(one.currency, one.minor, one.unpriced) for one in prices.payouts(rows)] == [
        (None, 0, 1), ("LRD", 30_000, 0), ("USD", 30_000, 0),
    ]  # fmt: skip


def test_another_organisation_pays_nothing_for_it(chain: Chain) -> None:
    price(chain, "2025-01-01", STANDARD)
    chain.ok(brought(chain, "D1", 100, "2025-01-10"))
    with system_session(chain.recorder.database, write=False) as session:
        assert prices.deliveries(session, chain.cluster.orgs["EXP"], Span()) == []
        assert prices.versions(session, chain.cluster.orgs["EXP"]) == {}
