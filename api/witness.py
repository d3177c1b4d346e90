"""A witness outside: it follows a log over HTTP, and cosigns only what goes on from what it saw before.

It needs nothing of the log but its address, and keeps nothing but the last checkpoint and the keys that it met first,
in one file. Whoever does not trust the operator runs one: a buyer, a certifier, a university.

(1) the newest checkpoint, (2) signed by a key that this witness knows, (3) consistent with the last one, by the tiles
that the log publishes, (4) kept, (5) cosigned and sent back.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from domain.merkle import Tile, consistency_proof, nodes_of_tiles
from domain.note import (
    COSIGNATURE,
    KEY_BYTES,
    BadNote,
    Checkpoint,
    Signature,
    SignerKey,
    VerifierKey,
    parse_checkpoint,
    parse_key,
    parse_note,
)
from domain.witness import KnownLog, NotCosigned, Request, Why, decide
from ledger.keys import write_private

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
        if not path.exists():
            return cls()
        plain = json.loads(path.read_text("utf-8"))
        return cls([parse_key(item) for item in plain["keys"]], plain["note"])

    def write(self, path: Path) -> None:
        plain = {"keys": [str(key) for key in self.keys], "note": self.note}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, json.dumps(plain, indent=1, ensure_ascii=False).encode() + b"\n")


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

    ``trusted``: keys that the operator named by another way. ``NotWitnessed`` where it must not be cosigned.
    """
    seen = Seen.read(state)
    try:
        note = get("checkpoint")  # (1)
        text = parse_note(note).text
        checkpoint = parse_checkpoint(text)
    except BadNote as error:
        message = f"Not cosigned: {_WHY[Why.MALFORMED]} ({error})."
        raise NotWitnessed(message) from None
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
    seen.note = note.decode()
    seen.write(state)  # (4)
    return checkpoint, _note(text, line)  # (5)


def _note(text: str, line: Signature) -> str:
    return f"{text}\n{line}"


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
