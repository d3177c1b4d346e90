"""What every cluster's season is told with: parties, stable ids, quantities, and the grouping of lots into batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid5

from domain import events as told

Told = tuple[str, told.AnyEvent]
"""Who tells an event, and the event."""

Insert = Callable[[Any, list[dict[str, Any]]], None]
T = TypeVar("T")

_NAMESPACE = UUID("5c1d8f0e-3a52-5f6b-8f7c-2024091600aa")


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation of the demo."""

    code: str
    name: str
    kind: str
    region: str | None
    contact: str
    admin: str
    country: str = "LR"


@dataclass(slots=True)
class Story:
    """A season as it is told: who takes part, what the registry knows, and the events in the order of telling."""

    cluster: str
    seed: int
    founded: date
    parties: tuple[Party, ...]
    registry: Callable[[Insert, dict[str, int]], None] = lambda _insert, _ids: None
    events: list[Told] = field(default_factory=list)
    longest_wait: timedelta = timedelta(0)

    def uid(self, name: str) -> str:
        """The id of a thing of this cluster, always the same."""
        return str(uuid5(_NAMESPACE, f"{self.cluster}/{name}"))

    def say(self, who: str, kind: type[told.Base], name: str, when: datetime, **fields: object) -> None:
        """One more event; ``name`` makes its id."""
        event: Any = kind(id=self.uid(name), occurred_at=when, **fields)
        self.events.append((who, event))

    def drawn(self, lot: str, grams: int) -> told.Drawn:
        """So many grams of a lot."""
        return told.Drawn(lot=self.uid(lot), quantity=quantity(grams))

    def made(self, lot: str, product: str, grams: int, owner: str | None = None) -> told.NewLot:
        """A new lot of so many grams."""
        return told.NewLot(lot=self.uid(lot), code=lot, product=product, quantity=quantity(grams), owner=owner)

    def named(self, lot: str) -> told.Named:
        """A new lot whose product and grams follow."""
        return told.Named(lot=self.uid(lot), code=lot)

    def in_time(self) -> None:
        """Order what was told by when it happened."""
        self.events.sort(key=lambda item: item[1].occurred_at)


def quantity(grams: int) -> told.Quantity:
    """Grams as a clerk types them: kilograms."""
    whole, rest = divmod(grams, 1000)
    return told.Quantity(value=f"{whole}.{rest:03d}".rstrip("0").rstrip("."), unit="kg")


def measured(**values: str) -> tuple[told.Result, ...]:
    """Test -> value, as a check tells them."""
    return tuple(told.Result(test=test, value=value) for test, value in values.items())


def morning(first: date, day: int, minutes: int = 0) -> datetime:
    """So many minutes after six in the morning of a day of the season."""
    return datetime(first.year, first.month, first.day, 6, tzinfo=UTC) + timedelta(days=day, minutes=minutes)


def tenths(kilograms: float) -> int:
    """Kilograms of a draw in grams, cut to 0.1 kg as scales show them."""
    return int(kilograms * 10) * 100


def hundredths(kilograms: float) -> int:
    """Kilograms of a draw in grams, cut to 0.01 kg: small lots on a finer scale."""
    return int(kilograms * 100) * 10


def closed_at(items: Iterable[T], grams: Callable[[T], int], least: int) -> Iterator[list[T]]:
    """Items in their order, in batches that are closed when they reach ``least`` grams; the last as it is."""
    held: list[T] = []
    for item in items:
        held.append(item)
        if sum(map(grams, held)) >= least:
            yield held
            held = []
    if held:
        yield held


def cut(items: Iterable[tuple[T, int]], size: int) -> Iterator[list[tuple[T, int]]]:
    """Items with their grams, in their order, in lots of ``size`` grams; one across the line is shared."""
    held: list[tuple[T, int]] = []
    room = size
    for item, grams in items:
        left = grams
        while left:
            part = min(left, room)
            held.append((item, part))
            left, room = left - part, room - part
            if not room:
                yield held
                held, room = [], size
    if held:
        yield held
