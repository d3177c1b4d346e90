"""Fish: a licence on every day of the catch, and a catch weight that is spent like a lot."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import models
from domain import events as told
from domain.lineage import drawn
from domain.values import FarmerFacts, LicenceFacts
from ledger.catch import landings
from ledger.claims import explain
from ledger.queries import find_lot
from ledger.record import Recorder
from ledger.registry import Change, begin, settle
from ledger.replay import replay
from models.db import scoped_session, system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain

VESSEL = "GE-V01"


@pytest.fixture
def chain(recorder: Recorder) -> Chain:
    chain = Chain(recorder)
    with scoped_session(recorder.database, chain.cluster.orgs["COOP"], write=True) as session:
        org = session.org_id
        session.add(models.Farmer(org_id=org, id=uid(VESSEL), code=VESSEL, created_at=0))
        session.flush()
        session.add(
            models.Licence(
                org_id=org,
                id=uid("licence"),
                farmer_id=uid(VESSEL),
                kind="fishing",
                number="GE-2025-1",
                valid_from="2025-11-01",
                valid_to="2025-11-30",
                flag="GE",
            )
        )
    return chain


def landed(code: str, since: str, until: str, weight: int = 1000, **more: Any) -> told.Delivered:
    return told.Delivered(
        id=uid(f"land-{code}"),
        occurred_at=at(f"{until}T18:00:00Z"),
        site=uid("FERM"),
        farmer=VESSEL,
        lot=told.NewLot(lot=uid(code), code=code, product="anchovy_whole", quantity=kg(weight)),
        catch=told.Catch(area="37.4.2", since=date.fromisoformat(since), until=date.fromisoformat(until), gear="PS"),
        **more,
    )


def cooked(made: str, weight: int, when: str = "2025-11-20T09:00:00Z", **inputs: int) -> told.Transformed:
    return told.Transformed(
        id=uid(f"cook-{made}"),
        occurred_at=at(when),
        site=uid("FERM"),
        process="fishmeal",
        inputs=tuple(told.Drawn(lot=uid(code), quantity=kg(grams)) for code, grams in inputs.items()),
        outputs=(told.NewLot(lot=uid(made), code=made, product="fishmeal", quantity=kg(weight)),),
    )


def certified(
    code: str, number: str, weight: int, kind: str = "catch", when: str = "2025-11-25T09:00:00Z"
) -> told.Certified:
    return told.Certified(
        id=uid(f"{kind}-{number}-{code}"),
        occurred_at=at(when),
        lot=uid(code),
        kind=kind,
        number=number,
        scheme="IUU",
        value="legal",
        quantity=kg(weight),
    )


def released(code: str) -> told.Released:
    return told.Released(
        id=uid(f"free-{code}"), occurred_at=at("2025-12-02T09:00:00Z"), lot=uid(code), reason="The captain says so"
    )


def shipped(code: str, weight: int = 1) -> told.Shipped:
    return told.Shipped(
        id=uid(f"ship-{code}"), occurred_at=at("2025-12-05T09:00:00Z"), lot=uid(code), quantity=kg(weight)
    )


def behind(chain: Chain, code: str) -> dict[str, tuple[int, int]]:
    """Landing -> kilograms that went into the lot, and kilograms that its certificates have left."""
    with system_session(chain.recorder.database, write=False) as session:
        org = chain.cluster.orgs["COOP"]
        found = landings(session, org, find_lot(session, org, code), "IUU")
    return {one.code: (one.processed_g // 1000, one.left_g // 1000) for one in found}


def test_a_catch_under_a_licence_is_legal_and_says_why(chain: Chain) -> None:
    chain.ok(landed("L1", "2025-11-10", "2025-11-12"))
    assert chain.lot("L1").disposition == "available"
    with system_session(chain.recorder.database, write=False) as session:
        org = chain.cluster.orgs["COOP"]
        claim = next(one for one in explain(session, org, find_lot(session, org, "L1")) if one.scheme == "IUU")
    assert (claim.scheme, claim.value, claim.claimable) == ("IUU", "legal", True)
    assert "LICENSED" in {ground.code for ground in claim.grounds}


@pytest.mark.parametrize(
    ("since", "until", "held"),
    [
        ("2025-11-01", "2025-11-01", False),
        ("2025-11-30", "2025-11-30", False),
        ("2025-10-31", "2025-11-01", True),
        ("2025-11-28", "2025-12-01", True),
    ],
)
def test_the_licence_is_valid_on_every_day_of_the_catch(chain: Chain, since: str, until: str, held: bool) -> None:
    answer = chain.ok(landed("L1", since, until))
    assert (chain.lot("L1").disposition == "on_hold") is held
    assert ("LICENCE_NOT_VALID" in {finding.code for finding in answer.findings}) is held


def test_without_days_of_the_catch_the_day_of_landing_counts(chain: Chain) -> None:
    event = landed("L1", "2025-12-01", "2025-12-01")
    chain.ok(event.model_copy(update={"catch": None, "harvested_on": date(2025, 11, 30)}))
    assert chain.lot("L1").disposition == "available"
    second = landed("L2", "2025-12-01", "2025-12-01")
    chain.ok(second.model_copy(update={"catch": None}))
    assert chain.lot("L2").disposition == "on_hold"


def test_a_catch_ends_after_it_begins_and_before_it_is_landed(chain: Chain) -> None:
    wrong = told.Catch(area="37.4.2", since=date(2025, 11, 12), until=date(2025, 11, 11))
    assert (
        chain.refused(landed("L1", "2025-11-10", "2025-11-12").model_copy(update={"catch": wrong}))
        == "CATCH_DAYS_WRONG"
    )
    late = told.Catch(area="37.4.2", since=date(2025, 11, 12), until=date(2025, 11, 13))
    assert (
        chain.refused(landed("L1", "2025-11-10", "2025-11-12").model_copy(update={"catch": late})) == "CATCH_DAYS_WRONG"
    )


def test_a_reason_does_not_replace_a_licence_but_a_licence_and_a_correction_do(chain: Chain) -> None:
    chain.ok(landed("L1", "2025-11-30", "2025-12-01"))
    assert chain.refused(released("L1")) == "RELEASE_WITHOUT_LICENCE"
    assert chain.refused(cooked("M1", 200, "2025-12-02T09:00:00Z", L1=1000)) == "LOT_BLOCKED"
    with scoped_session(chain.recorder.database, chain.cluster.orgs["COOP"], write=True) as session:
        licence = session.get(models.Licence, (session.org_id, uid("licence")))
        assert licence is not None
        licence.valid_to = "2025-12-31"
    right = told.Corrected(
        id=uid("right"),
        occurred_at=at("2025-12-03T09:00:00Z"),
        event=uid("land-L1"),
        reason="The licence had been prolonged",
        instead=landed("L1", "2025-11-30", "2025-12-01").model_copy(update={"id": uid("land-L1-again")}),
    )
    chain.ok(right)
    assert (chain.lot("L1").disposition, claim(chain, "L1")) == ("available", "legal")
    replays(chain)


def claim(chain: Chain, code: str) -> str:
    with system_session(chain.recorder.database, write=False) as session:
        org = chain.cluster.orgs["COOP"]
        return {one.scheme: one.value for one in explain(session, org, find_lot(session, org, code))}["IUU"]


def replays(chain: Chain) -> None:
    report = replay(chain.recorder)
    assert report.identical, (report.missing, report.surplus)


def test_a_licence_withdrawn_later_reaches_all_that_was_made_of_the_catch(chain: Chain) -> None:
    chain.ok(landed("L1", "2025-11-05", "2025-11-06"))
    chain.ok(landed("L2", "2025-11-15", "2025-11-16"))
    chain.ok(cooked("M1", 220, L1=1000))
    chain.ok(cooked("M2", 220, L2=1000))
    chain.ok(chain.inspect("M2", "2025-11-21T09:00:00Z", moisture="8.0"))
    with scoped_session(chain.recorder.database, chain.cluster.orgs["COOP"], write=True) as session:
        begin(session)
        licence = session.get(models.Licence, (session.org_id, uid("licence")))
        assert licence is not None
        licence.ended_on = "2025-11-16"
        session.flush()
        change = Change("licence", licence.id, date(2025, 11, 16), farmers=(VESSEL,))
        lowered = settle(session, chain.recorder, chain.cluster.actor("COOP"), change)
    assert {lot.code for lot in lowered} == {"L2", "M2"}
    assert (claim(chain, "M1"), claim(chain, "M2")) == ("legal", "unproven")
    assert chain.refused(shipped("M2")) == "LAW_NOT_MET"
    replays(chain)


def test_a_catch_weight_is_spent_like_a_lot(chain: Chain) -> None:
    chain.ok(landed("L1", "2025-11-05", "2025-11-06"))
    chain.ok(landed("L2", "2025-11-10", "2025-11-11"))
    chain.ok(cooked("M1", 220, L1=600, L2=400))
    assert chain.refused(certified("M1", "PS-1", 220, "processing")) == "CATCH_WEIGHT_EXCEEDED"
    chain.ok(certified("L1", "CC-1", 600))
    chain.ok(certified("L2", "CC-2", 399))
    assert chain.refused(certified("M1", "PS-1", 220, "processing")) == "CATCH_WEIGHT_EXCEEDED"
    assert chain.refused(certified("L1", "CC-3", 401)) == "COI_QTY_EXCEEDED"
    assert chain.refused(certified("M1", "CC-4", 1)) == "CATCH_CERTIFICATE_OF_LANDINGS"
    assert chain.refused(certified("L1", "PS-2", 1, "processing")) == "PROCESSING_STATEMENT_OF_PRODUCTS"
    chain.ok(certified("L2", "CC-5", 1))
    chain.ok(certified("M1", "PS-1", 110, "processing"))
    assert behind(chain, "M1") == {"L1": (600, 300), "L2": (400, 200)}
    assert chain.refused(certified("M1", "PS-3", 111, "processing")) == "COI_QTY_EXCEEDED"
    chain.ok(certified("M1", "PS-3", 110, "processing"))
    assert behind(chain, "M1") == {"L1": (600, 0), "L2": (400, 0)}
    replays(chain)


def test_two_products_of_one_landing_share_its_catch(chain: Chain) -> None:
    chain.ok(landed("L1", "2025-11-05", "2025-11-06"))
    chain.ok(cooked("M1", 110, L1=500))
    chain.ok(cooked("M2", 125, "2025-11-21T09:00:00Z", L1=500))
    chain.ok(certified("L1", "CC-1", 700))
    chain.ok(certified("M1", "PS-1", 110, "processing"))
    assert behind(chain, "M2") == {"L1": (500, 200)}
    assert chain.refused(certified("M2", "PS-2", 51, "processing")) == "CATCH_WEIGHT_EXCEEDED"
    chain.ok(certified("M2", "PS-2", 50, "processing"))
    cancel = told.Corrected(
        id=uid("cancel"), occurred_at=at("2025-11-26T09:00:00Z"), event=uid("processing-PS-1-M1"), reason="Not exported"
    )
    chain.ok(cancel)
    assert behind(chain, "M1") == {"L1": (500, 500)}


def test_racing_statements_never_spend_a_catch_twice(chain: Chain) -> None:
    chain.ok(landed("L1", "2025-11-05", "2025-11-06"))
    chain.ok(certified("L1", "CC-1", 300))
    products = [f"M{i}" for i in range(10)]
    for made in products:
        chain.ok(cooked(made, 20, L1=100))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda made: chain.tell(certified(made, f"PS-{made}", 20, "processing")), products))
    assert sum(answer.refused is None for answer in answers) == 3
    assert {answer.refused.code for answer in answers if answer.refused} == {"CATCH_WEIGHT_EXCEEDED"}
    assert behind(chain, "M0") == {"L1": (100, 0)}


def test_an_unlicensed_catch_is_on_no_catch_certificate(chain: Chain) -> None:
    chain.ok(landed("L1", "2025-12-05", "2025-12-06"))
    assert chain.refused(certified("L1", "CC-1", 1, when="2025-12-08T09:00:00Z")) == "LOT_BLOCKED"


@given(
    spans=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10)), max_size=5),
    since=st.integers(0, 30),
    days=st.integers(0, 12),
)
def test_the_first_day_without_a_licence(spans: list[tuple[int, int]], since: int, days: int) -> None:
    day = date(2025, 1, 1).toordinal()
    licences = tuple(
        LicenceFacts("fishing", str(i), date.fromordinal(day + a), date.fromordinal(day + a + n))
        for i, (a, n) in enumerate(spans)
    )
    bare = [d for d in range(since, since + days + 1) if not any(a <= d <= a + n for a, n in spans)]
    found = FarmerFacts(VESSEL, licences=licences).unlicensed(
        "fishing", date.fromordinal(day + since), date.fromordinal(day + since + days)
    )
    assert found == (date.fromordinal(day + bare[0]) if bare else None)


@given(
    parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=6),
    landed_g=st.lists(st.integers(1, 10**9), min_size=1, max_size=4),
)
def test_parts_never_take_more_catch_than_the_whole(parts: list[int], landed_g: list[int]) -> None:
    whole = sum(parts)
    inputs = {"meal": {f"L{i}": grams for i, grams in enumerate(landed_g)}}
    made = {"meal": whole}
    taken = [drawn("meal", inputs, made, part) for part in parts]
    for lot, grams in inputs["meal"].items():
        assert sum(one[lot] for one in taken) <= grams
        assert drawn("meal", inputs, made, whole)[lot] == grams
        assert all(one[lot] == int(Fraction(part * grams, whole)) for one, part in zip(taken, parts, strict=True))


# --- histamine ---


def histamine(when: int, *values: tuple[str, int]) -> told.Inspected:
    found = tuple(told.Result(test="histamine", value=value, samples=samples) for value, samples in values)
    day = at(f"2025-11-{when}T09:00:00Z")
    return told.Inspected(id=uid(f"histamine-{when}"), occurred_at=day, lot=uid("L1"), measurements=found)


def test_fewer_samples_than_the_plan_asks_for_decide_nothing(chain: Chain) -> None:
    chain.ok(landed("L1", "2025-11-10", "2025-11-12"))
    answer = chain.ok(histamine(13, ("20", 8)))
    assert [finding.params["why"] for finding in answer.findings] == ["too_few_samples"]
    assert chain.lot("L1").qc == "pending"
    assert chain.ok(histamine(14, ("150", 2), ("20", 7))).findings == ()
    assert chain.lot("L1").qc == "pass"


def test_three_of_nine_between_m_and_the_limit_reject_the_landing_and_what_was_made_of_it(chain: Chain) -> None:
    chain.ok(landed("L1", "2025-11-10", "2025-11-12"))
    chain.ok(cooked("M1", 220, L1=1000))
    answer = chain.ok(histamine(21, ("150", 3), ("20", 6)))
    (failed,) = answer.findings
    assert (failed.code, failed.params["value"], failed.params["limit"]) == ("QUALITY_FAILED", "150", "100")
    assert (chain.lot("L1").disposition, chain.lot("M1").disposition) == ("rejected", "on_hold")
    assert replay(chain.recorder).identical
