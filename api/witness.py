"""A witness outside: it follows a log over HTTP, and cosigns only what goes on from what it saw before.

It needs nothing of the log but its address, and keeps nothing but the last checkpoint and the keys that it met first,
in one file. Whoever does not trust the operator runs one: a buyer, a certifier, a university.

(1) the newest checkpoint, (2) signed by a key that this witness knows, (3) consistent with the last one, by the tiles
that the log publishes, (4) kept, (5) cosigned and sent back.

Or it waits for the log to ask (``api.witness_server``). Both ways keep the same file of a log, and exchange it only if
it is still the one that was read: one key never cosigns two histories, however it is run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from domain.merkle import Tile, consistency_proof, nodes_of_tiles
from domain.note import (
    COSIGNATURE,
    KEY_BYTES,
    BadNote,
    Checkpoint,
    SignerKey,
    VerifierKey,
    parse_checkpoint,
    parse_key,
    parse_note,
)
from domain.witness import KnownLog, NotCosigned, Request, Why, decide, kept_note
from ledger.keys import locked, write_private

Get = Callable[[str], bytes]
"""Fetches a path of the log; ``OSError`` where it does not come."""

_WHY: Final = {
    Why.MALFORMED: "the log's answer is no checkpoint",
    Why.NOT_SIGNED: (
        "the checkpoint is not signed by a key that this witness knows. If the operator has a new key, ask by another "
        "way whether it is his, and name it with --trust"
    ),
    Why.UNKNOWN_LOG: "the checkpoint is of another log than the one that this witness follows",
    Why.OTHER_SIZE: "the log shows less than this witness saw before: it was cut off, or restored from an old copy",
    Why.INCONSISTENT: "THE LOG WAS REWRITTEN: it does not go on from the checkpoint that this witness kept",
}


class NotWitnessed(ValueError):
    """The witness does not cosign; the sentence says why. Keep the file: it is the evidence."""


@dataclass(slots=True)
class Seen:
    """What a witness keeps of one log."""

    keys: list[VerifierKey] = field(default_factory=list)
    note: str | None = None

    @property
    def last(self) -> Checkpoint | None:
        return parse_checkpoint(parse_note(self.note.encode()).text) if self.note is not None else None

    @classmethod
    def read(cls, path: Path) -> Seen:
        """From its file; empty before the first time."""
        return cls.parse(path.read_bytes()) if path.exists() else cls()

    @classmethod
    def parse(cls, held: bytes | None) -> Seen:
        """From the bytes of its file; empty where there is none yet. ``ValueError`` if they are spoilt."""
        if held is None:
            return cls()
        plain = json.loads(held)
        return cls([parse_key(item) for item in plain["keys"]], plain["note"])

    def __bytes__(self) -> bytes:
        plain = {"keys": [str(key) for key in self.keys], "note": self.note}
        return json.dumps(plain, indent=1, ensure_ascii=False).encode() + b"\n"

    def of(self, origin: str) -> bool:
        """Whether this is what was kept of the log of that name."""
        last = self.last
        return last.origin == origin if last is not None else origin in {key.name for key in self.keys}


KEY_FILE: Final = "witness.key.json"


def file_of(folder: Path, origin: str) -> Path:
    """Where a witness keeps what it saw of a log: the file that is there, else one of the log's name."""
    there = []
    for path in folder.glob("*.json"):
        held = path.read_bytes()
        if json.loads(held).keys() >= {"keys", "note"} and (seen := Seen.parse(held)).of(origin):
            there.append((seen.last.size if seen.last is not None else 0, path))
    if there:
        return max(there)[1]
    named = "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in origin)[:60]
    return folder / f"{named}-{sha256(origin.encode()).hexdigest()[:8]}.json"


def held_in(path: Path) -> bytes | None:
    """The bytes of a file of what was seen; none if there is no such file."""
    return path.read_bytes() if path.exists() else None


def exchange(path: Path, before: bytes | None, after: Seen) -> bool:
    """Compare and swap: exchanged, whole on the disk, only if it is still what was read, and no other has come."""
    last = after.last
    assert last is not None
    with locked(path.parent / ".lock"):
        if held_in(path) != before or (before is None and file_of(path.parent, last.origin).exists()):
            return False
        write_private(path, bytes(after))
        return True


def signer_of(path: Path, name: str | None, entropy: Callable[[int], bytes]) -> SignerKey:
    """The witness's own key from its file, made there the first time under the name given."""
    if path.exists():
        plain = json.loads(path.read_text("utf-8"))
        return SignerKey(plain["name"], COSIGNATURE, bytes.fromhex(plain["secret"]))
    if name is None:
        message = f"{path} holds no key yet. Name the witness: --name witness.example.org"
        raise NotWitnessed(message)
    signer = SignerKey(name, COSIGNATURE, entropy(KEY_BYTES))
    _ = signer.verifier  # a name that a key cannot have is refused before anything is written
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, json.dumps({"name": name, "secret": signer.secret.hex()}, indent=1).encode() + b"\n")
    return signer


def witness(
    get: Get, signer: SignerKey, state: Path, trusted: list[str], now: Callable[[], float] = time.time
) -> tuple[Checkpoint, str] | None:
    """Look at the log once: the checkpoint that was cosigned, and the note to send back; none if nothing is new.

    ``state``: the file of what was seen, unless another beside it is of the same log. ``trusted``: keys that the
    operator named by another way. ``NotWitnessed`` where it must not be cosigned.
    """
    try:
        note = get("checkpoint")  # (1)
        text = parse_note(note).text
        checkpoint = parse_checkpoint(text)
    except BadNote as error:
        message = f"Not cosigned: {_WHY[Why.MALFORMED]} ({error})."
        raise NotWitnessed(message) from None
    if not state.exists() and (other := file_of(state.parent, checkpoint.origin)).exists():
        state = other
    held = held_in(state)
    seen = Seen.parse(held)
    _meet(seen, get, trusted)
    last = seen.last
    if last is not None and (checkpoint.origin, checkpoint.size, checkpoint.root) == (
        last.origin,
        last.size,
        last.root,
    ):
        return None
    proof = _proof(get, last, checkpoint)  # (3)
    request = Request(last.size if last is not None else 0, proof, note)
    known = {last.origin if last is not None else checkpoint.origin: KnownLog(seen.keys, last)}
    try:
        _, line = decide(bytes(request), known, signer, int(now()))  # (2), (3)
    except NotCosigned as refused:
        smaller = last is not None and checkpoint.size < last.size and refused.why is Why.MALFORMED
        message = f"Not cosigned: {_WHY[Why.OTHER_SIZE if smaller else refused.why]}."
        raise NotWitnessed(message) from None
    seen.note = kept_note(note, seen.keys, line).decode()
    if not exchange(state, held, seen):  # (4)
        return None  # the log asked in the meantime
    return checkpoint, f"{text}\n{line}"  # (5)


def _meet(seen: Seen, get: Get, trusted: list[str]) -> None:
    """The keys of the log: those met first, and those that were named by another way."""
    if not seen.keys and not trusted:
        directory: dict[str, Any] = json.loads(get(".well-known/filiere-keys"))
        seen.keys = [parse_key(item) for item in directory["log"]["keys"]]
    known = {str(key) for key in seen.keys}
    seen.keys += [parse_key(item) for item in trusted if item not in known]


def _proof(get: Get, last: Checkpoint | None, checkpoint: Checkpoint) -> tuple[bytes, ...]:
    """The consistency proof from the last checkpoint, out of the tiles of the new one."""
    if last is None or not 0 < last.size < checkpoint.size:
        return ()

    def read(tile: Tile) -> bytes:
        return get(tile.path())

    try:
        return tuple(consistency_proof(last.size, checkpoint.size, nodes_of_tiles(checkpoint.size, read)))
    except ValueError as error:
        message = f"Not cosigned: the tiles of the log are not what they must be ({error})."
        raise NotWitnessed(message) from None
