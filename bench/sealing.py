"""Writing while the log is sealed beside it, against writing without a log: goals 12 and 13."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from api.sealing import Sealer
from bench.data import Cooperative, World, all_told
from bench.measure import Effort, Record, median, ratio, spent
from domain import events as told
from ledger.keys import Keys
from ledger.log import SealedLog, open_log
from ledger.record import record

WRITERS: Final = 8
EVERY_S: Final = 1
"""Seconds between seals: ten times as often as a service does by default."""


def sealed_capture(world: World, effort: Effort) -> list[Record]:
    """Single deliveries, each a transaction, by eight writers at once: with a sequencer and without."""
    count, rounds = effort.of(1600, 80), effort.of(7, 2)
    with world.copies(2) as (sealed, plain), TemporaryDirectory() as folder, ThreadPoolExecutor(WRITERS) as pool:

        def told_by_all(cooperative: Cooperative, events: list[told.AnyEvent]) -> None:
            def one(event: told.AnyEvent) -> None:
                (answer,) = record(cooperative.recorder, cooperative.actor, [event])
                assert answer.status == "accepted", answer

            list(pool.map(one, events))

        def beside_the_log(events: list[told.AnyEvent]) -> None:
            """All told, and sealed to the last: what the sequencer is behind counts too."""
            sealer = Sealer(log, EVERY_S)
            sealer.start()
            told_by_all(sealed, events)
            sealer.stop()
            sealer.once()
            assert sealer.refused is None
            assert sealer.state is not None

        def both(turn: int) -> tuple[float, float]:
            events = all_told(plain.deliveries(count))
            if turn % 2:
                mine = spent(lambda: beside_the_log(events))
                return mine, spent(lambda: told_by_all(plain, events))
            bare = spent(lambda: told_by_all(plain, events))
            return spent(lambda: beside_the_log(events)), bare

        root = Path(folder)
        log = SealedLog(sealed.recorder, Keys(root / "keys"), root / "log", root / "last")
        open_log(log)
        both(0)
        times = [both(turn) for turn in range(rounds)]
    goal = {"sqlite": ">= 0.8", "postgresql": ">= 0.6"}[world.place.name]
    number = {"sqlite": 12, "postgresql": 13}[world.place.name]
    return [
        Record(
            "sealed_capture", world.place.name, count / median(times, 0), "events/s", count / median(times, 1),
            ratio(times, 1, 0), goal,
            f"goal {number}; {WRITERS} writers, one event a transaction, sealed every {EVERY_S} s / without a log",
        )
    ]  # fmt: skip
