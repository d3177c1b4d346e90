"""The transparency log: a sequencer beside the writers, its signed checkpoints, proofs, and what it says of itself.

Writers append events and know nothing of the tree. ``seal`` enters what is new into the tree, in the order of the
events' numbers, writes the tiles as files (c2sp.org/tlog-tiles), and signs a checkpoint. It runs every few seconds in
the service, and whenever somebody calls it.

Three things hold an operator, and a mistake, to one history:

(1) The last signed checkpoint lies in a file of its own, best on another volume than the database. Nothing is signed
    that does not go on from it; so a database that was restored from a backup cannot sign another history.
(2) The file is exchanged only if it is still the one that was read (compare and swap).
(3) Witnesses cosign only what goes on from what they saw.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

import models
from domain.log import (
    Notice,
    Published,
    Stored,
    canonical_notice,
    next_label_key,
    notice_entry,
    published,
    published_salt,
)
from domain.merkle import (
    EMPTY_ROOT,
    TILE_WIDTH,
    Tile,
    bundle,
    consistency_proof,
    grow,
    inclusion_proof,
    leaf_hash,
    nodes_of_tiles,
    root,
    verify_consistency,
)
from domain.note import (
    COSIGNATURE,
    BadNote,
    Checkpoint,
    Note,
    Policy,
    Proof,
    SignerKey,
    VerifierKey,
    encode_base64,
    parse_checkpoint,
    parse_key,
    parse_note,
    sign_note,
    verify_checkpoint,
    verify_note,
)
from ledger.keys import Keys, locked, write_private, write_public
from ledger.record import Recorder, lock
from models.base import table
from models.db import SystemSession, system_session

SEAL_LOCK: Final = 0xF112
CHUNK: Final = 5_000
"""Events that are entered in one transaction."""

PATIENCE_MS: Final = 1_000
"""So long does the sequencer wait for the writers, and keep new ones waiting."""

LOCK_NOT_AVAILABLE: Final = "55P03"

NEXT: Final = 1_000
"""So many cosignatures are looked at for the checkpoint of a proof: with one witness a minute, those of 16 hours."""

FUTURE_MS: Final = 300_000
"""So far may the clock of a witness be ahead of ours."""

_EVENT, _ENTRY, _NOTICE = table(models.Event), table(models.LogEntry), table(models.LogNotice)
_CHECKPOINT, _COSIGNATURE = table(models.LogCheckpoint), table(models.Cosignature)

Progress = Callable[[int, int], None]


class CannotSeal(ValueError):
    """The log must not be signed as it stands; the sentence says why, and what to do."""


@dataclass(frozen=True, slots=True)
class SealedLog:
    """The log of a deployment: its events, its secrets, the folder of published files, the last checkpoint."""

    recorder: Recorder
    keys: Keys
    folder: Path
    last: Path

    @property
    def host(self) -> str:
        return self.recorder.host.partition("://")[2] or self.recorder.host


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed state of the tree: the events up to ``seq`` are in it."""

    checkpoint: Checkpoint
    seq: int
    signed_at: int


# --- what the log says of itself ---


def notices(session: SystemSession) -> list[Notice]:
    """All notices, oldest first."""
    return [json.loads(body) for body in session.execute(select(_NOTICE.c.body).order_by(_NOTICE.c.number)).scalars()]


def known_keys(session: SystemSession) -> Published:
    """The keys that the notices name."""
    return published(notices(session))


def say(session: SystemSession, notice: Notice) -> None:
    """One more notice; it is entered with the next seal."""
    last = session.execute(select(sa.func.max(_NOTICE.c.number))).scalar_one() or 0
    values = {"number": last + 1, "at": notice["at"], "body": canonical_notice(notice).decode()}
    session.connection().execute(sa.insert(_NOTICE).values(values))


def open_log(log: SealedLog) -> Published:
    """The log opened and its keys made, where there are none; answers the keys as they stand."""
    log.keys.check()
    with _alone(log), system_session(log.recorder.database, write=True) as session:
        known = known_keys(session)
        if known.tree:
            return known
        if log.last.exists():
            message = (
                f"{log.last} holds a signed checkpoint, but the database has no log: it is another one, or an old "
                "copy. Restore the database that belongs to it, or name another file (FILIERE_CHECKPOINT_FILE)."
            )
            raise CannotSeal(message)
        _open_tree(session, log, 1)
        _new_label_key(session, log)
        return known_keys(session)


def _open_tree(session: SystemSession, log: SealedLog, tree: int, **more: str) -> None:
    now = log.recorder.clock()
    origin = f"{log.host}/log" if tree == 1 else f"{log.host}/log-{tree}"
    signer = log.keys.make_log(origin, log.recorder.entropy)
    say(session, {"type": "log_opened", "at": now, "tree": tree, "origin": origin, **more})
    say(session, {"type": "log_key", "at": now, "key": str(signer.verifier)})


def _new_label_key(session: SystemSession, log: SealedLog) -> int:
    now, number = log.recorder.clock(), next_label_key(known_keys(session))
    there = log.keys.label_publics()  # left by a crash before the notice was written, or put there
    public = there[number] if number in there else log.keys.make_label(number, log.recorder.entropy)
    say(session, {"type": "label_key", "at": now, "number": number, "public": public.hex()})
    return number


def rotate_label_key(log: SealedLog) -> int:
    """A new key for labels; the one before signs no more and stays published for ever. Answers its number."""
    with _alone(log), system_session(log.recorder.database, write=True) as session:
        for item in known_keys(session).labels:
            if item.until is None:
                say(session, {"type": "key_ended", "at": log.recorder.clock(), "number": item.number})
        return _new_label_key(session, log)


def rotate_log_key(log: SealedLog) -> str:
    """A new key for checkpoints under the same name; answers it as verifiers write it."""
    with _alone(log), system_session(log.recorder.database, write=True) as session:
        known, now = known_keys(session), log.recorder.clock()
        signer = log.keys.make_log(known.origin, log.recorder.entropy)
        for item in known.log:
            if item.until is None:
                say(session, {"type": "key_ended", "at": now, "key": str(item.key)})
        say(session, {"type": "log_key", "at": now, "key": str(signer.verifier)})
        return str(signer.verifier)


def compromised(log: SealedLog, key: str, since: int) -> None:
    """Somebody else may have had a key (a label key by its number, or a log key as written) since an instant.

    The key signs no more; a new one takes its place. ``CannotSeal`` for a key that the log never named.
    """
    with _alone(log), system_session(log.recorder.database, write=True) as session:
        known, now = known_keys(session), log.recorder.clock()
        said: Notice = {"type": "key_compromised", "at": now, "since": since}
        if key.isdigit() and any(item.number == int(key) for item in known.labels):
            say(session, said | {"number": int(key)})
        elif any(str(item.key) == key for item in known.log):
            say(session, said | {"key": key})
        else:
            message = f"The log has named no key {key}. “filiere keys list” names them."
            raise CannotSeal(message)
        known = known_keys(session)
        if not any(item.until is None for item in known.labels):
            _new_label_key(session, log)
        if not any(item.until is None for item in known.log if item.key.name == known.origin):
            signer = log.keys.make_log(known.origin, log.recorder.entropy)
            say(session, {"type": "log_key", "at": now, "key": str(signer.verifier)})


def name_witness(log: SealedLog, written: str) -> VerifierKey:
    """A witness whose cosignatures are taken from now on; ``BadNote`` for what is no witness's key."""
    key = parse_key(written)
    if key.kind != COSIGNATURE:
        message = "a witness has a key of type 0x04"
        raise BadNote(message)
    with _alone(log), system_session(log.recorder.database, write=True) as session:
        known = known_keys(session)
        Policy(known.origin, known.policy().log_keys, (*known.witnesses, key))  # no key stands twice
        say(session, {"type": "witness", "at": log.recorder.clock(), "key": written})
    return key


def dismiss_witness(log: SealedLog, written: str) -> None:
    """A witness whose cosignatures are taken no more."""
    with _alone(log), system_session(log.recorder.database, write=True) as session:
        if written not in map(str, known_keys(session).witnesses):
            message = "The log has no such witness. “filiere keys list” names them."
            raise CannotSeal(message)
        say(session, {"type": "key_ended", "at": log.recorder.clock(), "key": written})


def label_key(session: SystemSession) -> int:
    """The number of the key that signs labels now; ``CannotSeal`` where none does."""
    for item in reversed(known_keys(session).labels):
        if item.until is None:
            return item.number
    message = "No key signs labels. Run: filiere keys rotate label"
    raise CannotSeal(message)


# --- the sequencer ---


def seal(log: SealedLog, progress: Progress | None = None) -> Sealed | None:
    """Enter what is new, and sign it; none if nothing is. ``CannotSeal``, and nothing signed, where it must not be.

    (1) the checkpoint that was signed last, (2) enter, (3) the tree goes on from it, (4) tiles, (5) sign, (6) exchange
    the last checkpoint, (7) publish.
    """
    with _alone(log):
        with system_session(log.recorder.database, write=False) as session:
            known = known_keys(session)
            if not known.tree:
                return None
            held = log.last.read_bytes() if log.last.exists() else None
            before = _last_signed(session, log, held, known)
        _enter(log, known.tree, progress)
        return _sign(log, known, held, before)


def _enter(log: SealedLog, tree: int, progress: Progress | None) -> None:
    """(2) New notices, then the events that follow the last one entered, in the order of their numbers."""
    database = log.recorder.database
    try:
        with system_session(database, write=True) as session:
            if session.is_postgresql:  # whoever waits for this lock holds up all writers: not for longer than that
                session.connection().execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE_MS}ms'"))
            lock(session, alone=True)  # every writer has committed: no smaller number can still come
            until, size, since = _new_notices(session, tree)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        return  # a long import is under way: what is new is entered the next time
    first = size
    while since < until:
        with system_session(database, write=True) as session:
            events = session.execute(
                select(_EVENT).where(_EVENT.c.seq > since, _EVENT.c.seq <= until).order_by(_EVENT.c.seq).limit(CHUNK)
            ).all()
            if not events:
                return
            rows = [
                {"tree": tree, "index": size + place, "seq": row.seq, "entry": stored(row).entry()}
                for place, row in enumerate(events)
            ]
            session.connection().execute(sa.insert(_ENTRY), rows)
        size, since = size + len(rows), events[-1].seq
        if progress is not None:
            progress(size - first, size - first + max(0, until - since))


def _new_notices(session: SystemSession, tree: int) -> tuple[int, int, int]:
    """Enters what the log said of itself; answers the newest event, the size of the tree, and the last event in it."""
    until = session.execute(select(sa.func.max(_EVENT.c.seq))).scalar_one() or 0
    size, since = _entered(session, tree)
    entered = select(_ENTRY.c.notice).where(_ENTRY.c.tree == tree, _ENTRY.c.notice.is_not(None))
    fresh = session.execute(select(_NOTICE).where(_NOTICE.c.number.not_in(entered)).order_by(_NOTICE.c.number)).all()
    fresh = sorted(fresh, key=lambda row: not _opens(row.body, tree))  # a tree begins with why there is one
    rows = [
        {"tree": tree, "index": size + place, "notice": row.number, "entry": notice_entry(row.body.encode())}
        for place, row in enumerate(fresh)
    ]
    if rows:
        session.connection().execute(sa.insert(_ENTRY), rows)
    return until, size + len(rows), since


def _opens(body: str, tree: int) -> bool:
    notice = json.loads(body)
    return bool(notice["type"] == "log_opened" and notice["tree"] == tree)


def _entered(session: SystemSession, tree: int) -> tuple[int, int]:
    """How many entries a tree has, and the number of the last event in it."""
    query = select(sa.func.max(_ENTRY.c.index), sa.func.max(_ENTRY.c.seq)).where(_ENTRY.c.tree == tree)
    index, seq = session.execute(query).one()
    return (-1 if index is None else index) + 1, seq or 0


def stored(row: Any) -> Stored:
    """A row of the table ``event`` as the log commits to it."""
    return Stored(row.org_id, row.seq, row.received_at, row.logged_at, row.actor, row.body, row.ruling, bytes(row.salt))


def _sign(log: SealedLog, known: Published, held: bytes | None, before: Checkpoint) -> Sealed | None:
    database, policy = log.recorder.database, known.policy()
    with system_session(database, write=False) as session:
        size, seq = _entered(session, known.tree)
        newest = _newest(session, known.tree)
    _complete(log, known.tree, before)  # (3)
    if size > before.size:
        _write_tiles(log, known.tree, before.size, size)  # (4)
    nodes = nodes_of_tiles(size, partial(read_tile, log.folder))
    checkpoint = Checkpoint(policy.origin, size, root(size, nodes))
    proof = consistency_proof(before.size, size, nodes)
    if not verify_consistency(before.size, size, proof, before.root, checkpoint.root):
        raise CannotSeal(_other_history(log, before))
    note = sign_note(str(checkpoint), _signer(log, known))  # (5)
    signed_at = newest.signed_at if newest is not None and newest.size == size else log.recorder.clock()
    if newest is None or newest.size < size:
        with system_session(database, write=True) as session:
            values = {
                "tree": known.tree,
                "size": size,
                "root": checkpoint.root,
                "seq": seq,
                "signed_at": signed_at,
                "signature": str(note.signatures[0]),
            }
            session.connection().execute(sa.insert(_CHECKPOINT).values(values))
    elif newest.size > size or bytes(newest.root) != checkpoint.root:
        raise CannotSeal(_other_history(log, before))
    if before.size < size or held is None:
        _exchange(log.last, held, bytes(note))  # (6)
    publish(log, known)  # (7)
    return Sealed(checkpoint, seq, signed_at) if before.size < size else None


def _last_signed(session: SystemSession, log: SealedLog, held: bytes | None, known: Published) -> Checkpoint:
    """(1) The checkpoint in the file, which the database must know. Only a tree never signed begins without one."""
    newest = _newest(session, known.tree)
    empty = Checkpoint(known.origin, 0, EMPTY_ROOT)
    if held is None:
        if newest is None:
            return empty
        message = (
            f"{log.last} is missing, though the log was signed at {newest.size} entries. On a new host, copy the file "
            "from the old one, or run “filiere log pin” with a checkpoint that you trust."
        )
        raise CannotSeal(message)
    try:
        checkpoint = parse_checkpoint(parse_note(held).text)
        earlier = {item.key.name for item in known.log} - {known.origin}
        if checkpoint.origin in earlier and newest is None:  # the log goes on under a new name
            return empty
        checkpoint = verify_checkpoint(held, known.policy()).checkpoint
    except BadNote as error:
        message = f"{log.last} holds no checkpoint of this log ({error}). Is it the file of another database?"
        raise CannotSeal(message) from None
    at = (_CHECKPOINT.c.tree == known.tree, _CHECKPOINT.c.size == checkpoint.size)
    root_there = session.execute(select(_CHECKPOINT.c.root).where(*at)).scalar_one_or_none()
    if root_there is None:
        message = (
            f"The log was signed at {checkpoint.size} entries ({log.last}), and others may hold that checkpoint, but "
            "this database does not know it: it was restored from an older copy. Nothing is signed, because that would "
            "make a second history. Restore a newer copy; if there is none, run “filiere log reopen”: the log goes on "
            "under a new name, and says why."
        )
        raise CannotSeal(message)
    if bytes(root_there) != checkpoint.root:
        raise CannotSeal(_other_history(log, checkpoint))
    return checkpoint


def _complete(log: SealedLog, tree: int, before: Checkpoint) -> None:
    """(3) The published tiles are those of the last checkpoint; lost files are made again from the database."""
    try:
        found = root(before.size, nodes_of_tiles(before.size, partial(read_tile, log.folder)))
    except (OSError, ValueError):
        _write_tiles(log, tree, 0, before.size, lost=True)
        found = root(before.size, nodes_of_tiles(before.size, partial(read_tile, log.folder)))
    if found != before.root:
        raise CannotSeal(_other_history(log, before))


def _other_history(log: SealedLog, before: Checkpoint) -> str:
    return (
        f"The entries in the database or in {log.folder} are not those that were signed at size {before.size}. "
        "Nothing is signed. “filiere audit” says which events were changed."
    )


def _write_tiles(log: SealedLog, tree: int, old: int, size: int, *, lost: bool = False) -> None:
    """(4) The tiles that are new between two sizes, and the entries below them; ``lost``: only what is not there."""
    at = old
    while at < size:
        upper = min(size, (at // TILE_WIDTH + 64) * TILE_WIDTH)
        first = at // TILE_WIDTH * TILE_WIDTH
        with system_session(log.recorder.database, write=False) as session:
            query = select(_ENTRY.c.index.label("place"), _ENTRY.c.entry).where(
                _ENTRY.c.tree == tree, _ENTRY.c.index >= first, _ENTRY.c.index < upper
            )
            rows = session.execute(query.order_by(_ENTRY.c.index)).all()
        if [row.place for row in rows] != list(range(first, upper)):
            message = f"Entries of the log between {first} and {upper} are missing. “filiere audit” says which."
            raise CannotSeal(message)
        entries = [bytes(row.entry) for row in rows]
        leaves = [leaf_hash(entry) for entry in entries[at - first :]]
        for tile, data in grow(at, leaves, partial(read_tile, log.folder)).items():
            _put(log.folder, tile, tile.path(), data, lost=lost)
        for start in range(0, len(entries), TILE_WIDTH):
            part = entries[start : start + TILE_WIDTH]
            tile = Tile(0, (first + start) // TILE_WIDTH, len(part))
            _put(log.folder, tile, tile.entries_path(), bundle(part), lost=lost)
        at = upper


def _put(folder: Path, tile: Tile, place: str, data: bytes, *, lost: bool) -> None:
    """A file of the published tree, whole on the disk before it has its name. Parts of a tile go when it is full."""
    path = folder / place
    if lost and path.exists() and path.stat().st_size == len(data):
        return
    write_public(path, data)
    if tile.width == TILE_WIDTH:
        parts = path.with_name(f"{path.name}.p")
        for old in parts.glob("*") if parts.exists() else ():
            old.unlink(missing_ok=True)
        with suppress(OSError):
            parts.rmdir()


def read_tile(folder: Path, tile: Tile) -> bytes:
    """The hashes of a published tile; of a part, the beginning of the whole where only that is kept. ``OSError``."""
    path = folder / tile.path()
    if tile.width < TILE_WIDTH and not path.exists():
        path = folder / Tile(tile.level, tile.index).path()
        return path.read_bytes()[: 32 * tile.width]
    return path.read_bytes()


def _signer(log: SealedLog, known: Published) -> SignerKey:
    for item in reversed(known.log):
        if item.key.name == known.origin and item.until is None:
            signer = log.keys.log(item.key.public)
            if signer is not None:
                return signer
    message = f"The secret of the log's key is not in {log.keys.folder}. Copy it there, or run: filiere keys rotate log"
    raise CannotSeal(message)


def _exchange(path: Path, before: bytes | None, after: bytes) -> None:
    """(6) Compare and swap: the file is exchanged only if it is still the one that was read."""
    now = path.read_bytes() if path.exists() else None
    if now != before:
        message = (
            f"{path} was changed by somebody else while the log was sealed. Does another service use the same file?"
        )
        raise CannotSeal(message)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, after)


def publish(log: SealedLog, known: Published) -> None:
    """(7) The newest checkpoint with the cosignatures that it has, for everybody.

    One at a time: a cosignature that comes while the next checkpoint is signed must not put the older one back.
    """
    with locked(log.last.with_name(f"{log.last.name}.published.lock")):
        with system_session(log.recorder.database, write=False) as session:
            newest = _newest(session, known.tree)
            note = signed_note(session, known, newest) if newest is not None else None
        if note is not None:
            write_public(log.folder / "checkpoint", note)


def _newest(session: SystemSession, tree: int) -> Any:
    query = select(_CHECKPOINT).where(_CHECKPOINT.c.tree == tree).order_by(_CHECKPOINT.c.size.desc()).limit(1)
    return session.execute(query).one_or_none()


def signed_note(session: SystemSession, known: Published, row: Any) -> bytes:
    """A checkpoint of the present tree as it was signed, with every cosignature that came in since."""
    text = str(Checkpoint(known.origin, row.size, bytes(row.root)))
    query = select(_COSIGNATURE.c.line).where(_COSIGNATURE.c.tree == row.tree, _COSIGNATURE.c.size == row.size)
    lines = session.execute(query.order_by(_COSIGNATURE.c.seen_at, _COSIGNATURE.c.witness)).scalars()
    return f"{text}\n{row.signature}{''.join(lines)}".encode()


@contextmanager
def _alone(log: SealedLog) -> Iterator[None]:
    """One at a time: on this host by a locked file, on PostgreSQL among all hosts by a lock of the database."""
    with locked(log.last.with_name(f"{log.last.name}.lock")):
        if not log.recorder.database.is_postgresql:
            yield
            return
        with log.recorder.database.writer.connect() as connection:
            try:
                connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": SEAL_LOCK})
                connection.commit()
                yield
            finally:
                connection.invalidate()  # the lock goes with the session, whatever else went wrong


# --- when it cannot go on ---


def reopen(log: SealedLog, why: str) -> str:
    """A new tree under a new name, whose first entry is the last checkpoint of the old one and what happened.

    Every event that is there is entered anew. Proofs of the old tree stay valid; whoever compares sees that the log
    could not go on, and why. Answers the new name.
    """
    with _alone(log), system_session(log.recorder.database, write=True) as session:
        known = known_keys(session)
        after = log.last.read_text("utf-8") if log.last.exists() else ""
        now = log.recorder.clock()
        for item in known.log:
            if item.until is None:
                say(session, {"type": "key_ended", "at": now, "key": str(item.key)})
        _open_tree(session, log, max(known.tree, _number(after)) + 1, after=after, why=why)
        name = known_keys(session).origin
    _set_aside(log)
    return name


def _number(note: str) -> int:
    """The number of the tree in a checkpoint's name: a restored database may not know how many there were."""
    last = note.partition("\n")[0].rpartition("/log")[2].removeprefix("-")
    return int(last) if last.isdigit() else 1


def _set_aside(log: SealedLog) -> None:
    """The published files of a tree that goes on no more are kept beside those of the new one."""
    old = log.folder / "tile"
    if old.exists():
        number = 1
        while (kept := log.folder / f"ended-{number}").exists():
            number += 1
        kept.mkdir()
        old.rename(kept / "tile")
        if (log.folder / "checkpoint").exists():
            (log.folder / "checkpoint").rename(kept / "checkpoint")


def pin(log: SealedLog, note: bytes) -> Checkpoint:
    """Trust a checkpoint as the last one on this host, where there is none yet. ``BadNote`` if it is not this log's."""
    with _alone(log), system_session(log.recorder.database, write=False) as session:
        if log.last.exists():
            message = f"{log.last} holds a checkpoint already; it is never replaced by hand."
            raise CannotSeal(message)
        checkpoint = verify_checkpoint(note, known_keys(session).policy()).checkpoint
        write_private(log.last, note)
        return checkpoint


# --- witnesses ---


def cosigned(log: SealedLog, note: bytes) -> tuple[str, int]:
    """Take a witness's cosignature on a checkpoint of ours; answers who, and the second. ``BadNote`` otherwise."""
    now = log.recorder.clock()
    with system_session(log.recorder.database, write=True) as session:
        known = known_keys(session)
        parsed: Note = parse_note(note)
        checkpoint = parse_checkpoint(parsed.text)
        row = session.execute(
            select(_CHECKPOINT).where(_CHECKPOINT.c.tree == known.tree, _CHECKPOINT.c.size == checkpoint.size)
        ).one_or_none()
        if row is None or str(Checkpoint(known.origin, row.size, bytes(row.root))) != parsed.text:
            message = "not a checkpoint of this log"
            raise BadNote(message)
        if not known.witnesses:
            message = "the log has named no witness"
            raise BadNote(message)
        verified = verify_note(parsed, known.witnesses)
        witness = verified[0]
        assert witness.time is not None
        if witness.time * 1000 > now + FUTURE_MS:
            message = "the cosignature is of a time to come"
            raise BadNote(message)
        line = next(
            str(item) for item in parsed.signatures if (item.name, item.key_id) == (witness.key.name, witness.key.id)
        )
        at = (
            _COSIGNATURE.c.tree == known.tree,
            _COSIGNATURE.c.size == row.size,
            _COSIGNATURE.c.witness == witness.key.name,
        )
        there = session.execute(select(_COSIGNATURE.c.line).where(*at)).first()
        if there is None:
            values = {
                "tree": known.tree,
                "size": row.size,
                "witness": witness.key.name,
                "line": line,
                "seen_at": witness.time * 1000,
            }
            session.connection().execute(sa.insert(_COSIGNATURE).values(values))
    publish(log, known)
    return witness.key.name, witness.time


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the log is sealed, and who else saw it last: name, when (UTC milliseconds) and at what size."""

    tree: int
    origin: str
    size: int
    root: bytes | None
    seq: int
    signed_at: int | None
    waiting: int
    witnesses: tuple[tuple[str, int, int], ...]


def standing(session: SystemSession) -> Standing:
    """How far the log is sealed."""
    known = known_keys(session)
    newest = _newest(session, known.tree)
    size, seq = (newest.size, newest.seq) if newest is not None else (0, 0)
    root_there = bytes(newest.root) if newest is not None else None
    signed_at = newest.signed_at if newest is not None else None
    waiting = session.execute(select(sa.func.count()).select_from(_EVENT).where(_EVENT.c.seq > seq)).scalar_one()
    latest = (
        select(_COSIGNATURE.c.witness, sa.func.max(_COSIGNATURE.c.seen_at), sa.func.max(_COSIGNATURE.c.size))
        .where(_COSIGNATURE.c.tree == known.tree)
        .group_by(_COSIGNATURE.c.witness)
        .order_by(_COSIGNATURE.c.witness)
    )
    names = {key.name for key in known.witnesses}
    seen = tuple((name, at, until) for name, at, until in session.execute(latest) if name in names)
    return Standing(known.tree, known.origin, size, root_there, seq, signed_at, waiting, seen)


# --- proofs ---


@dataclass(frozen=True, slots=True)
class EventProof:
    """The record of an event, the proof that it is in the log, and by when it was (UTC milliseconds)."""

    record: bytes
    proof: bytes
    index: int
    by: int


def proof_of(log: SealedLog, org_id: int, seq: int) -> EventProof | None:
    """The proof of an event under the first checkpoint that most witnesses saw; none before it is sealed.

    Where a key was withdrawn since, a checkpoint that was seen before that is taken, if there is one: only that shows
    that the event was there in time.
    """
    with system_session(log.recorder.database, write=False) as session:
        known = known_keys(session)
        row = session.execute(select(_EVENT).where(_EVENT.c.org_id == org_id, _EVENT.c.seq == seq)).one_or_none()
        index = session.execute(
            select(_ENTRY.c.index).where(_ENTRY.c.tree == known.tree, _ENTRY.c.seq == seq)
        ).scalar_one_or_none()
        if row is None or index is None:
            return None
        first = _first(session, _CHECKPOINT.c.tree == known.tree, _CHECKPOINT.c.size > index)
        if first is None:
            return None
        chosen = _chosen(session, known, index, _label_withdrawn(known, row.body))
        note = signed_note(session, known, chosen)
    held = stored(row)
    hashes = inclusion_proof(index, chosen.size, nodes_of_tiles(chosen.size, partial(read_tile, log.folder)))
    proof = Proof(index, tuple(hashes), note, published_salt(held.salt))
    return EventProof(held.record(), bytes(proof), index, first.signed_at)


def _label_withdrawn(known: Published, body: str) -> int | None:
    """Since when the key of the labels that an event issues is withdrawn, if it is."""
    number = json.loads(body).get("key") if '"units_labelled"' in body else None
    since = [item.compromised_since for item in known.labels if item.number == number]
    return since[0] if since else None


def _chosen(session: SystemSession, known: Published, index: int, label_withdrawn: int | None) -> Any:
    """The first checkpoint over an entry that most witnesses saw, among those that keys withdrawn since leave."""
    over = (_CHECKPOINT.c.tree == known.tree, _CHECKPOINT.c.size > index)
    lost = [item for item in known.log if item.key.name == known.origin and item.compromised_since is not None]
    since = [at for at in (label_withdrawn, *(item.compromised_since for item in lost)) if at is not None]
    if since and (seen := _most_seen(session, known, *over, _COSIGNATURE.c.seen_at < min(since))) is not None:
        return seen
    ours = (*over, *(~_CHECKPOINT.c.signature.startswith(_line(item.key), autoescape=True) for item in lost))
    return _most_seen(session, known, *ours) or _first(session, *ours) or _first(session, *over)


def _line(key: VerifierKey) -> str:
    """How every signature line of a key begins: its name, and the first 30 bits of its id."""
    return f"\u2014 {key.name} {encode_base64(key.id)[:5]}"


def _first(session: SystemSession, *conditions: sa.ColumnElement[bool]) -> Any:
    return session.execute(select(_CHECKPOINT).where(*conditions).order_by(_CHECKPOINT.c.size).limit(1)).one_or_none()


def _most_seen(session: SystemSession, known: Published, *conditions: sa.ColumnElement[bool]) -> Any:
    """Of the checkpoints that the next cosignatures are under, the one with the most; of those, the first."""
    under = sa.and_(_COSIGNATURE.c.tree == _CHECKPOINT.c.tree, _COSIGNATURE.c.size == _CHECKPOINT.c.size)
    next_ones = (
        select(_CHECKPOINT.c.tree, _CHECKPOINT.c.size)
        .join(_COSIGNATURE, under)
        .where(*conditions, _COSIGNATURE.c.witness.in_([key.name for key in known.witnesses]))
        .order_by(_CHECKPOINT.c.size)
        .limit(NEXT)
        .subquery()
    )
    most = (
        select(next_ones.c.tree, next_ones.c.size)
        .group_by(next_ones.c.tree, next_ones.c.size)
        .order_by(sa.func.count().desc(), next_ones.c.size)
        .limit(1)
        .subquery()
    )
    at = sa.and_(_CHECKPOINT.c.tree == most.c.tree, _CHECKPOINT.c.size == most.c.size)
    return session.execute(select(_CHECKPOINT).join(most, at)).one_or_none()


__all__ = [
    "CannotSeal",
    "EventProof",
    "Sealed",
    "SealedLog",
    "Standing",
    "compromised",
    "cosigned",
    "dismiss_witness",
    "known_keys",
    "label_key",
    "name_witness",
    "notices",
    "open_log",
    "pin",
    "proof_of",
    "publish",
    "read_tile",
    "reopen",
    "rotate_label_key",
    "rotate_log_key",
    "seal",
    "standing",
    "stored",
]
