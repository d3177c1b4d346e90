"""No gram twice: under concurrency, in batches, and across refusals."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

import models
from domain import events as told
from ledger.record import Recorder, record
from models.base import table
from models.db import system_session
from tests.builders import at, kg, uid
from tests.ledger.season import Chain

ATTEMPTS = 1_000
GRAMS = 1_000


@pytest.fixture
def chain(recorder: Recorder) -> Chain:
    return Chain(recorder)


def test_a_thousand_concurrent_double_spends_have_exactly_a_thousand_grams_of_winners(chain: Chain) -> None:
    """4,000 attempts by eight writers to draw 1 g each from a lot that holds 1,000 g."""
    chain.ok(chain.deliver("D1", 600))
    chain.ok(chain.receive("RL", {"D1": 600}))
    one = told.Split(
        id=uid("split"),
        occurred_at=at("2025-01-11T08:00:00Z"),
        site=uid("FERM"),
        input=told.Drawn(lot=uid("RL"), quantity=told.Quantity(value=GRAMS, unit="g")),
        outputs=(
            told.NewLot(
                lot=uid("S"),
                code="S",
                product="cocoa_wet_beans",
                quantity=told.Quantity(value=GRAMS, unit="g"),
            ),
        ),
    )
    chain.ok(one)
    actor = chain.cluster.actor("COOP")

    def attempt(number: int) -> bool:
        event = told.Lost(
            id=uid(f"lost-{number}"),
            occurred_at=at("2025-01-12T08:00:00Z"),
            lot=uid("S"),
            quantity=told.Quantity(value=1, unit="g"),
            reason="race",
        )
        (answer,) = record(chain.recorder, actor, [event])
        if answer.refused is not None:
            assert answer.refused.code == "INSUFFICIENT_STOCK"
        return answer.refused is None

    with ThreadPoolExecutor(8) as pool:
        winners = sum(pool.map(attempt, range(ATTEMPTS + 400)))
    assert winners == GRAMS
    lot = chain.lot("S")
    assert (lot.remaining_g, lot.initial_g, lot.deficit_g) == (0, GRAMS, 0)
    line = table(models.Line)
    with system_session(chain.recorder.database, write=False) as session:
        lost = session.execute(
            sa.select(sa.func.sum(line.c.grams)).where(line.c.lot_id == lot.id, line.c.kind == "lost")
        )
        assert lost.scalar_one() == GRAMS


def test_of_a_thousand_racing_attempts_to_spend_a_whole_lot_one_wins(chain: Chain) -> None:
    chain.ok(chain.deliver("D1", 1))
    actor = chain.cluster.actor("COOP")

    def attempt(number: int) -> bool:
        event = told.Received(
            id=uid(f"r{number}"),
            occurred_at=at("2025-01-10T09:00:00Z"),
            site=uid("FERM"),
            inputs=(told.Drawn(lot=uid("D1"), quantity=kg(1)),),
            into=told.Named(lot=uid(f"R{number}"), code=f"R{number}"),
        )
        (answer,) = record(chain.recorder, actor, [event])
        return answer.refused is None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(ATTEMPTS))) == 1
    assert chain.lot("D1").remaining_g == 0


def test_racing_mixtures_of_shared_lots_neither_make_nor_lose_a_gram(chain: Chain) -> None:
    """Writers draw from the same three lots in different orders: no deadlock survives, no gram is lost."""
    for name in ("D1", "D2", "D3"):
        chain.ok(chain.deliver(name, 100))
    actor = chain.cluster.actor("COOP")
    orders = (("D1", "D2", "D3"), ("D3", "D2", "D1"), ("D2", "D3", "D1"))

    def attempt(number: int) -> int:
        event = told.Bulked(
            id=uid(f"b{number}"),
            occurred_at=at("2025-01-10T09:00:00Z"),
            site=uid("FERM"),
            inputs=tuple(told.Drawn(lot=uid(lot), quantity=kg(1)) for lot in orders[number % 3]),
            into=told.Named(lot=uid(f"B{number}"), code=f"B{number}"),
        )
        (answer,) = record(chain.recorder, actor, [event])
        return 3_000 if answer.refused is None else 0

    with ThreadPoolExecutor(8) as pool:
        moved = sum(pool.map(attempt, range(150)))
    left = sum(chain.lot(name).remaining_g for name in ("D1", "D2", "D3"))
    assert moved + left == 300_000
    assert moved == 300_000


def test_a_downgrade_reaches_a_lot_made_while_it_waits(chain: Chain) -> None:
    """A downgrade of the source races the making of its grandchildren: not one keeps the lost claim."""
    chain.ok(chain.deliver("D1", 100))
    chain.ok(chain.receive("RL", {"D1": 100}))
    actor = chain.cluster.actor("COOP")

    def split(number: int) -> bool:
        event = told.Split(
            id=uid(f"s{number}"),
            occurred_at=at("2025-01-10T09:00:00Z"),
            site=uid("FERM"),
            input=told.Drawn(lot=uid("RL"), quantity=kg(1)),
            outputs=(told.NewLot(lot=uid(f"S{number}"), code=f"S{number}", product="cocoa_wet_beans", quantity=kg(1)),),
        )
        return record(chain.recorder, actor, [event])[0].refused is None

    def downgrade(_number: int) -> bool:
        event = told.Downgraded(
            id=uid("dg"),
            occurred_at=at("2025-01-11T09:00:00Z"),
            lot=uid("D1"),
            scheme="EU_ORG",
            to="conventional",
            reason="x",
        )
        return record(chain.recorder, actor, [event])[0].refused is None

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(split, number) for number in range(40)]
        futures.insert(20, pool.submit(downgrade, 0))
        futures += [pool.submit(split, number) for number in range(40, 60)]
        assert all(future.result() for future in futures)
    claim, lot = table(models.LotClaim), table(models.Lot)
    with system_session(chain.recorder.database, write=False) as session:
        values = session.execute(
            sa.select(claim.c.value).join(lot, lot.c.id == claim.c.lot_id).where(lot.c.code.like("S%"))
        ).scalars()
        assert set(values) == {"conventional"}


def test_a_refused_event_of_a_batch_leaves_its_neighbours_alone(chain: Chain) -> None:
    actor = chain.cluster.actor("COOP")
    batch = [
        chain.deliver("D1", 10),
        chain.receive("RL", {"D1": 11}),
        chain.deliver("D2", 5),
        chain.receive("R2", {"D2": 5}),
    ]
    answers = record(chain.recorder, actor, batch)
    assert [answer.status for answer in answers] == ["accepted", "refused", "accepted", "accepted"]
    assert answers[1].refused is not None
    assert answers[1].refused.code == "INSUFFICIENT_STOCK"
    assert chain.lot("D1").remaining_g == 10_000
    assert chain.lot("R2").remaining_g == 5_000


def test_an_atomic_batch_writes_all_or_nothing(chain: Chain) -> None:
    actor = chain.cluster.actor("COOP")
    answers = record(chain.recorder, actor, [chain.deliver("D1", 10), chain.receive("RL", {"D1": 11})], atomic=True)
    assert [answer.status for answer in answers] == ["accepted", "refused"]
    with system_session(chain.recorder.database, write=False) as session:
        assert session.execute(sa.select(sa.func.count()).select_from(table(models.Event))).scalar_one() == 0
        assert session.execute(sa.select(sa.func.count()).select_from(table(models.Lot))).scalar_one() == 0


def test_the_same_event_again_changes_nothing_and_other_content_is_refused(chain: Chain) -> None:
    first = chain.ok(chain.deliver("D1", 10))
    again = chain.tell(chain.deliver("D1", 10))
    assert (again.status, again.seq) == ("duplicate", first.seq)
    other = chain.deliver("D1", 11)
    assert chain.refused(other) == "EVENT_ID_REUSED"
    assert chain.lot("D1").initial_g == 10_000


def test_the_same_event_sent_twice_at_once_is_recorded_once(chain: Chain) -> None:
    actor = chain.cluster.actor("COOP")
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: record(chain.recorder, actor, [chain.deliver("D1", 10)])[0].status, range(16))
        )
    assert sorted(answers) == ["accepted", *["duplicate"] * 15]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda c: c.receive("RL", {"D1": 601}), "INSUFFICIENT_STOCK"),
        (lambda c: c.receive("RL", {"D1": 0}), "NON_POSITIVE_QTY"),
        (lambda c: c.receive("RL", {"D1": -1}), "NON_POSITIVE_QTY"),
        (lambda c: c.receive("RL", {"D1": "1000000000000"}), "QTY_ABSURD"),
        (lambda c: c.receive("RL", {"D9": 1}), "LOT_UNKNOWN"),
        (lambda c: c.receive("RL", {"D1": 1}, when="2025-01-09T08:00:00Z"), "EVENT_BEFORE_LOT_EXISTS"),
        (lambda c: c.receive("D1", {"D1": 1}), "RECEIVING_LOT_CLOSED"),
        (lambda c: c.deliver("D1", 5).model_copy(update={"id": uid("other")}), "LOT_EXISTS"),
        (lambda c: c.dry("DB", 601, {"D1": 600}), "OUTPUT_EXCEEDS_INPUT"),
        (lambda c: c.dry("DB", 240, {"D1": 600}, loss=kg(300)), "LOSS_MISMATCH"),
        (lambda c: c.dry("D1", 240, {"D1": 600}), "LOT_EXISTS"),
        (lambda c: c.deliver("D5", 5, when="2040-01-01T00:00:00Z"), "EVENT_IN_FUTURE"),
        (lambda c: c.ship("D1", 5), "QC_PENDING"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(chain: Chain, spoil: object, code: str) -> None:
    chain.ok(chain.deliver("D1", 600))
    assert chain.refused(spoil(chain)) == code  # type: ignore[operator]
    with system_session(chain.recorder.database, write=False) as session:
        assert session.execute(sa.select(sa.func.count()).select_from(table(models.Event))).scalar_one() == 1
    assert chain.lot("D1").remaining_g == 600_000


@pytest.mark.parametrize(
    ("value", "unit", "grams"),
    [
        ("600", "kg", 600_000),
        ("0.6", "t", 600_000),
        ("600000", "g", 600_000),
        ("220", "lb", 99_790),
        ("2", "jute_62.5", 125_000),
    ],
)
def test_weights_are_understood_in_the_units_of_the_trade(chain: Chain, value: str, unit: str, grams: int) -> None:
    event = chain.deliver("D1", 1)
    lot = event.lot.model_copy(update={"quantity": told.Quantity(value=value, unit=unit)})
    chain.ok(event.model_copy(update={"lot": lot}))
    assert chain.lot("D1").initial_g == grams


def test_an_unknown_unit_is_refused(chain: Chain) -> None:
    event = chain.deliver("D1", 1)
    lot = event.lot.model_copy(update={"quantity": told.Quantity(value="1", unit="bushel")})
    assert chain.refused(event.model_copy(update={"lot": lot})) == "UNIT_UNKNOWN"
