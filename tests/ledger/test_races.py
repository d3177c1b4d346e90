"""What many tell at once of the same goods: on PostgreSQL they race, on SQLite they queue; the rules hold on both."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from ledger.record import Recorder
from ledger.replay import replay
from models.base import table
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain

ROUNDS = pytest.mark.parametrize("turn", range(4))
_EVENT = table(models.Event)


@pytest.fixture
def chain(recorder: Recorder) -> Chain:
    """400 kg of dry beans that passed, in DB."""
    chain = Chain(recorder)
    chain.dry_lot()
    chain.ok(chain.inspect("DB"))
    return chain


def raced(chain: Chain, events: Sequence[told.AnyEvent]) -> list[str | None]:
    """The code of each refusal, or none."""
    gate = threading.Barrier(len(events))

    def tell(event: told.AnyEvent) -> str | None:
        gate.wait()
        answer = chain.tell(event)
        return answer.refused.code if answer.refused is not None else None

    with ThreadPoolExecutor(len(events)) as pool:
        return list(pool.map(tell, events))


@ROUNDS
def test_I20_nothing_leaves_after_a_failure_however_many_ask_at_once(chain: Chain, turn: int) -> None:
    """In the log too: what was judged first has the lower number."""
    failure = chain.inspect("DB", "2025-01-31T09:00:00Z", moisture="9.0")
    shipments = [chain.ship("DB", 10, name=f"-{turn}-{n}") for n in range(7)]
    found = raced(chain, [*shipments[:3], failure, *shipments[3:]])
    assert set(found) <= {None, "LOT_BLOCKED"}
    assert found[3] is None
    with system_session(chain.recorder.database, write=False) as session:
        rows = session.execute(sa.select(_EVENT.c.seq, _EVENT.c.id, _EVENT.c.type)).all()
    failed = next(row.seq for row in rows if row.id == failure.id)
    assert [row for row in rows if row.type == "shipped" and row.seq > failed] == []
    assert chain.lot("DB").disposition == "on_hold"
    assert replay(chain.recorder).identical


@ROUNDS
def test_no_more_comes_back_than_left_however_many_bring_it(chain: Chain, turn: int) -> None:
    shipment = chain.ship("DB", 100, name=f"-{turn}")
    chain.ok(shipment)
    back = [
        told.Returned(
            id=uid(f"back-{n}"), occurred_at=at("2025-02-05T08:00:00Z"), site=uid("FERM"), lot=uid("DB"),
            into=told.Named(lot=uid(f"B{n}"), code=f"B{n}"), quantity=kg(30), shipment=shipment.id, unopened=True,
            kept_as_required=True, reason="Damaged pallet",
        )
        for n in range(8)
    ]  # fmt: skip
    assert raced(chain, back).count(None) == 3


@ROUNDS
def test_a_code_names_one_sample_however_many_take_it(chain: Chain, turn: int) -> None:
    chain.ok(chain.deliver("E", 100))
    drawn = [
        told.Sampled(
            id=uid(f"sample-{turn}-{n}"), occurred_at=at("2025-01-31T09:00:00Z"), lots=(uid("DB" if n % 2 else "E"),),
            sample="S-1",
        )
        for n in range(6)
    ]  # fmt: skip
    found = raced(chain, drawn)
    assert found.count(None) == 1
    assert found.count("SAMPLE_CODE_TAKEN") == 5
