"""Hold the database against the published log: what was changed, taken out, put in or moved since, and where.

The tiles are the measure, not the database's own hashes, which whoever can change an event can change too. They are
bound to a checkpoint: the one on this host, or better one that somebody outside kept.

(1) The tiles are those of a checkpoint that the log signed. (2) A checkpoint that somebody kept is a beginning of it.
(3) Every entry of the tree is the one that was published. (4) Every event is the one that its entry commits to.
(5) No event stands in the database, up to the last one entered, that the tree does not know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, Literal

from sqlalchemy import select

import models
from domain import events as told
from domain.log import Published, Stored, notice_entry
from domain.merkle import (
    HASH_BYTES,
    TILE_WIDTH,
    TileReader,
    consistency_proof,
    leaf_hash,
    nodes_of_tiles,
    root,
    root_of,
    tile_at,
    verify_consistency,
)
from domain.note import BadNote, Checkpoint, verify_checkpoint
from ledger.log import SealedLog, known_keys, read_tile, stored
from models.base import table
from models.db import SystemSession, reading_anything, system_session

Kind = Literal[
    "checkpoint", "tiles", "entry_altered", "entry_missing", "altered", "deleted", "inserted", "moved", "renumbered"
]

_EVENT, _ENTRY, _NOTICE = table(models.Event), table(models.LogEntry), table(models.LogNotice)
_CHUNK: Final = 5_000

MOST_MOVED: Final = 2_000
"""Where more events than this were altered, it is not tried which of them only changed places."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was published: of an event (``seq``), an entry (``index``), or the whole log."""

    kind: Kind
    seq: int | None
    index: int | None
    said: str


@dataclass(slots=True)
class Audit:
    """What was checked, and what was found; ``waiting`` events are not sealed yet."""

    origin: str
    size: int = 0
    events: int = 0
    waiting: int = 0
    kept: int | None = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.faults


def audit(
    log: SealedLog,
    *,
    note: bytes | None = None,
    kept: bytes | None = None,
    read: TileReader | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Check the whole log. ``note``: the checkpoint to hold it against, else the last one signed here.

    ``kept``: an earlier checkpoint that somebody outside kept. ``read``: other tiles than those of this host.
    """
    read = read or partial(read_tile, log.folder)
    with system_session(log.recorder.database, write=False) as session, reading_anything(session):
        try:
            known = known_keys(session)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            said = f"A notice of the log that names keys cannot be read: {error!r}."
            return Audit("", faults=[Fault("checkpoint", None, None, said)])
        found = Audit(known.origin)
        if note is None:
            note = log.last.read_bytes() if log.last.exists() else b""
        leaves = _published(note, kept, known, read, found)
        if leaves is not None:
            _Comparison(session, known, leaves, found, progress).run()
    return found


def _published(note: bytes, kept: bytes | None, known: Published, read: TileReader, found: Audit) -> list[bytes] | None:
    """(1), (2): the leaf hashes that were published, or none where there is nothing to measure with."""
    try:
        checkpoint = verify_checkpoint(note, known.policy()).checkpoint
        before = verify_checkpoint(kept, known.policy()).checkpoint if kept is not None else None
    except (BadNote, ValueError) as error:
        found.faults.append(Fault("checkpoint", None, None, f"No checkpoint of this log: {error}."))
        return None
    found.size = checkpoint.size
    try:
        nodes = nodes_of_tiles(checkpoint.size, read)
        sound = root(checkpoint.size, nodes) == checkpoint.root
        leaves = list(_leaves(checkpoint.size, read))
        proof = consistency_proof(min(before.size, checkpoint.size), checkpoint.size, nodes) if before else []
    except (OSError, ValueError) as error:
        found.faults.append(Fault("tiles", None, None, f"The published tiles cannot be read: {error}."))
        return None
    if not sound or not _leaves_are_of(leaves, checkpoint):
        found.faults.append(Fault("tiles", None, None, "The published tiles are not those of the signed checkpoint."))
        return None
    if before is not None:
        found.kept = before.size
        goes_on = before.size <= checkpoint.size and verify_consistency(
            before.size, checkpoint.size, proof, before.root, checkpoint.root
        )
        if not goes_on:
            said = (
                f"The log does not go on from the checkpoint that was kept at {before.size} entries: it was rewritten."
            )
            found.faults.append(Fault("checkpoint", None, None, said))
    return leaves


def _leaves(size: int, read: TileReader) -> Iterator[bytes]:
    for place in range(-(-size // TILE_WIDTH)):
        data = read(tile_at(0, place, size))
        yield from (data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))


def _leaves_are_of(leaves: list[bytes], checkpoint: Checkpoint) -> bool:
    """The leaves themselves, and not only the upper tiles, make the signed root."""
    return len(leaves) == checkpoint.size and root_of(leaves) == checkpoint.root


@dataclass(slots=True)
class _Comparison:
    """(3) to (5): the database beside the leaves that were published."""

    session: SystemSession
    known: Published
    leaves: list[bytes]
    found: Audit
    progress: Progress | None
    altered: dict[int, Any] = field(default_factory=dict)  # place -> the event that stands there
    strangers: list[Any] = field(default_factory=list)  # events that no signed entry names

    def run(self) -> None:
        entries = self._entries()
        of_event = {row.seq: place for place, row in entries.items() if row.seq is not None}
        self._notices(entries)
        gone = self._events(of_event)
        self._altered(of_event)
        self._gone(gone)

    def _entries(self) -> dict[int, Any]:
        """(3) The entries of the tree, by place, as far as it was signed."""
        query = select(_ENTRY.c.index.label("place"), _ENTRY.c.seq, _ENTRY.c.notice, _ENTRY.c.entry)
        query = query.where(_ENTRY.c.tree == self.known.tree).order_by(_ENTRY.c.index)
        rows: dict[int, Any] = {row.place: row for row in self.session.execute(query) if row.place < len(self.leaves)}
        for place, leaf in enumerate(self.leaves):
            if place not in rows:
                self._fault("entry_missing", None, place, f"Entry {place} of the log is not in the database.")
            elif leaf_hash(bytes(rows[place].entry)) != leaf:
                said = f"Entry {place} of the log (event {rows[place].seq}) is not the one that was published."
                self._fault("entry_altered", rows[place].seq, place, said)
        return rows

    def _notices(self, entries: dict[int, Any]) -> None:
        bodies = {row.number: row.body for row in self.session.execute(select(_NOTICE.c.number, _NOTICE.c.body))}
        for place, row in entries.items():
            if row.notice is None:
                continue
            body = bodies.get(row.notice)
            if body is None or leaf_hash(notice_entry(body.encode())) != self.leaves[place]:
                said = f"Notice {row.notice} of the log (entry {place}) is not the one that was published."
                self._fault("altered", None, place, said)

    def _events(self, of_event: dict[int, int]) -> dict[int, int]:
        """(4), (5): every event that is there; answers the places of those that are not, by their numbers."""
        last, since, seen = max(of_event, default=0), -(2**63), set[int]()
        while True:
            query = select(_EVENT).where(_EVENT.c.seq > since).order_by(_EVENT.c.seq).limit(_CHUNK)
            rows = self.session.execute(query).all()
            if not rows:
                return {seq: place for seq, place in of_event.items() if seq not in seen}
            for row in rows:
                place = of_event.get(row.seq)
                if place is not None:
                    seen.add(row.seq)
                    self._event(row, place)
                    continue
                self.strangers.append(row)
                if isinstance(row.seq, int) and row.seq > last:
                    self.found.waiting += 1
                else:
                    said = f"Event {row.seq} stands among events that are sealed, and the log does not know it."
                    self._fault("inserted", row.seq, None, said)
            since = rows[-1].seq
            self.found.events += len(rows)
            if self.progress is not None:
                self.progress(self.found.events, max(self.found.events, len(of_event)))

    def _event(self, row: Any, place: int) -> None:
        """(4) An event at its place: what it commits to, and the columns that repeat its body."""
        if leaf_of(row) != self.leaves[place]:
            self.altered[place] = row
        elif wrong := repeated_wrongly(row):
            said = f"Event {row.seq} (entry {place}): {', '.join(wrong)} in the table differ from the event itself."
            self._fault("altered", row.seq, place, said)

    def _altered(self, of_event: dict[int, int]) -> None:
        """What stands at a place and is not what was published there: another event, or the same one changed."""
        numbers = {place: seq for seq, place in of_event.items() if place in self.altered}
        wanted = {self.leaves[place]: place for place in self.altered}
        for place, row in sorted(self.altered.items()):
            came_from = None
            if len(numbers) <= MOST_MOVED:
                leaves = (leaf_of(row, seq) for seq in numbers.values())
                came_from = next((wanted[leaf] for leaf in leaves if leaf in wanted), None)
            if came_from is not None:
                said = f"Event {row.seq} (entry {place}) is the one that was published at entry {came_from}."
                self._fault("moved", row.seq, place, said)
            else:
                said = f"Event {row.seq} (entry {place}) is not the one that was published: {_changed(row)}."
                self._fault("altered", row.seq, place, said)

    def _gone(self, gone: dict[int, int]) -> None:
        """An event whose number is missing may stand under another one; else it was deleted."""
        for seq, place in sorted(gone.items()):
            twin = next((row for row in self.strangers if leaf_of(row, seq) == self.leaves[place]), None)
            if twin is not None:
                said = f"Event {seq} (entry {place}) stands under the number {twin.seq}."
                self._fault("renumbered", seq, place, said)
            else:
                self._fault("deleted", seq, place, f"Event {seq} (entry {place}) is not in the database.")

    def _fault(self, kind: Kind, seq: int | None, index: int | None, said: str) -> None:
        self.found.faults.append(Fault(kind, seq, index, said))


def leaf_of(row: Any, seq: int | None = None) -> bytes | None:
    """The leaf hash of a stored event, or of the same under another number; none where it cannot even be hashed."""
    try:
        held: Stored = stored(row)
        return leaf_hash((held if seq is None else replace(held, seq=seq)).entry())
    except (ValueError, AttributeError, TypeError):
        return None


def repeated_wrongly(row: Any) -> list[str]:
    """The columns that repeat what the body says, and do not say the same."""
    try:
        event = told.parse(row.body)
    except ValueError:
        return ["body"]
    return [
        name
        for name, wanted in (
            ("id", event.id),
            ("type", event.type),
            ("version", event.version),
            ("occurred_at", told.millis(event.occurred_at)),
        )
        if getattr(row, name) != wanted
    ]


def _changed(row: Any) -> str:
    """What can be said of a change without knowing what stood there."""
    try:
        json.loads(row.body)
    except (ValueError, TypeError):
        return "its body is no event any more"
    return "its body, a time, its organisation, who told it, its ruling or its salt was changed"


__all__ = ["Audit", "Fault", "audit", "leaf_of", "repeated_wrongly"]
