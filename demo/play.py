"""Play a season through the ledger: found the organisations, fill the registry, tell the events as clients would."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from typing import Any

import sqlalchemy as sa

from demo import unit_labels
from demo.clusters import CLUSTERS
from demo.story import Party, Story, Told
from domain import events as told
from domain.refusals import advice, sentence
from domain.values import Actor
from ledger.access import found
from ledger.record import MAX_BATCH, Recorder, record
from models.base import table
from models.db import SystemSession, system_session

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Played:
    """What was played, and how to sign in. Passwords are made for this run and kept nowhere."""

    cluster: str
    events: int
    longest_wait_hours: int
    logins: list[tuple[str, str]] = field(default_factory=list)
    bags: unit_labels.Shown | None = None


class DemoRefused(RuntimeError):
    """The ledger refused an event of the demo: the demo or a rule is wrong."""


def play(recorder: Recorder, cluster: str, progress: Progress = lambda _done, _all: None) -> Played:
    """Play a cluster's season. The same season makes the same rows on every database; only passwords differ."""
    story = CLUSTERS[cluster].story()
    clock = _Clock(int(datetime.combine(story.founded, time(), UTC).timestamp() * 1000))
    told_by = replace(recorder, clock=clock, entropy=random.Random(story.seed).randbytes)
    logins, ids = _found(told_by, story.parties)
    with system_session(recorder.database, write=True) as session:
        _write(session, story, ids)
    stream = story.events
    done = 0
    for who, batch in _batches(stream):
        clock.now = max(clock.now, *(told.millis(event.occurred_at) + 60_000 for event in batch))
        for event, answer in zip(batch, record(told_by, _actor(who, ids), batch), strict=True):
            if answer.refused is not None:
                message = f"{who} {event.type} {event.id}: {sentence(answer.refused)} {advice(answer.refused)}"
                raise DemoRefused(message)
        done += len(batch)
        progress(done, len(stream))
    played = Played(cluster, done, int(story.longest_wait.total_seconds() // 3600), logins)
    if recorder.keys is not None and cluster == "LR_COCOA":
        played.bags = unit_labels.play(told_by, ids, clock.turn)
    return played


def _actor(who: str, ids: dict[str, int]) -> Actor:
    """An organisation as it is told of; after a colon, another of its users."""
    code, _, user = who.partition(":")
    return Actor(ids[code], code, f"user:{user or 'demo'}")


def _write(session: SystemSession, story: Story, ids: dict[str, int]) -> None:
    """The registry of a story."""

    def insert(model: Any, rows: list[dict[str, Any]]) -> None:
        session.connection().execute(sa.insert(table(model)), rows)

    story.registry(insert, ids)


@dataclass(slots=True)
class _Clock:
    """The time at which the ledger hears: just after what it is told."""

    now: int

    def __call__(self) -> int:
        return self.now

    def turn(self, millis: int) -> None:
        self.now += millis


def _batches(stream: list[Told]) -> Iterator[tuple[str, list[told.AnyEvent]]]:
    """Runs of events of one organisation, at most as many as a batch takes."""
    held: list[told.AnyEvent] = []
    speaker = ""
    for who, event in stream:
        if held and (who != speaker or len(held) == MAX_BATCH):
            yield speaker, held
            held = []
        speaker = who
        held.append(event)
    if held:
        yield speaker, held


def _found(recorder: Recorder, parties: Sequence[Party]) -> tuple[list[tuple[str, str]], dict[str, int]]:
    logins, ids = [], {}
    for party in parties:
        password = secrets.token_urlsafe(12)
        org_id, _ = found(
            recorder,
            code=party.code,
            name=party.name,
            kind=party.kind,
            country=party.country,
            region=party.region,
            contact=party.contact,
            admin_name=party.admin,
            admin_full_name=party.name,
            password=password,
        )
        ids[party.code] = org_id
        logins.append((f"{party.admin}@{party.code}", password))
    return logins, ids
