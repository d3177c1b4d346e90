"""A cosmetic is bottled in batches: tested, its labels counted, released by somebody else, used by a day."""

from __future__ import annotations

from datetime import date

from domain import events as told
from ledger.quality import quality_of
from ledger.record import Recorder
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain
from tests.ledger.test_batches import by_the_qualified_person, certificate, counted, measured, replays, shipped

FIT = {"peroxide_value": "4.1", "tamc": "50", "specified_organisms": "1"}


def oil(chain: Chain, code: str, product: str = "prickly_pear_oil") -> None:
    brought = told.NewLot(lot=uid(code), code=code, product=product, quantity=kg(100))
    when = at("2025-03-09T08:00:00Z")
    chain.ok(told.Delivered(id=uid(f"d-{code}"), occurred_at=when, site=uid("FERM"), farmer="PRESS", lot=brought))


def bottled(chain: Chain, code: str, weight: int) -> None:
    made = told.NewLot(lot=uid(code), code=code, product="prickly_pear_cosmetic", quantity=kg(weight))
    step = told.Transformed(
        id=uid(f"fill-{code}"), occurred_at=at("2025-03-10T08:00:00Z"), site=uid("FERM"), process="bottle",
        inputs=(told.Drawn(lot=uid("OIL"), quantity=kg(100)),), outputs=(made,),
    )  # fmt: skip
    chain.ok(step)


def test_oil_in_bulk_is_tested_before_it_is_shipped(recorder: Recorder) -> None:
    chain = Chain(recorder)
    oil(chain, "OIL")
    measured(chain, "OIL", peroxide_value="4.1")
    assert chain.refused(shipped("OIL", 10)) == "TESTS_NOT_PASSED"
    measured(chain, "OIL", "2025-03-19T08:00:00Z", acid_value="1.0")
    chain.ok(shipped("OIL", 10))


def test_a_cosmetic_leaves_when_somebody_else_released_it_and_not_after_its_last_day(recorder: Recorder) -> None:
    chain = Chain(recorder)
    oil(chain, "OIL")
    bottled(chain, "BOT", 98)
    assert chain.lot("BOT").expires_on == "2025-09-10"
    measured(chain, "BOT", **FIT)
    assert chain.refused(shipped("BOT", 10)) == "LOT_NOT_RELEASED"
    assert by_the_qualified_person(chain, certificate("BOT")) == "LABELS_NOT_RECONCILED"
    counted(chain, "BOT")
    assert chain.refused(certificate("BOT")) == "BATCH_FOUR_EYES"
    assert by_the_qualified_person(chain, certificate("BOT")) is None
    chain.ok(shipped("BOT", 10))
    assert chain.refused(shipped("BOT", 10, "2025-09-11T08:00:00Z")) == "LOT_EXPIRED"
    with system_session(recorder.database, write=False) as session:
        kept = quality_of(session, None, "BOT", date(2025, 4, 1)).batch.keep_until
    assert kept == date(2035, 3, 20)  # ten years after its release
    replays(chain)


def test_a_filling_that_loses_too_much_is_explained_first(recorder: Recorder) -> None:
    chain = Chain(recorder)
    oil(chain, "OIL")
    bottled(chain, "BOT", 90)
    measured(chain, "BOT", **FIT)
    counted(chain, "BOT")
    assert by_the_qualified_person(chain, certificate("BOT")) == "YIELD_NOT_EXPLAINED"
