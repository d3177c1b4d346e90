"""What a witness decides when a log asks it to cosign (c2sp.org/tlog-witness, add-checkpoint), without its HTTP.

A witness keeps of each log the last checkpoint that it cosigned, nothing else, and cosigns the next only if it goes on
from that. Whoever calls ``decide`` stores the new checkpoint before it answers, and only if the last one is still the
one that was given here: two requests at once must not both go on from the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from domain.merkle import EMPTY_ROOT, verify_consistency
from domain.note import (
    MOST_HASHES,
    BadNote,
    Checkpoint,
    Note,
    Signature,
    SignerKey,
    VerifierKey,
    cosign,
    decode_hash,
    decode_number,
    decode_text,
    encode_base64,
    parse_checkpoint,
    parse_note,
    verify_note,
)


class Why(Enum):
    """Why a witness does not cosign; the value is the HTTP status that the protocol prescribes."""

    MALFORMED = 400
    NOT_SIGNED = 403
    UNKNOWN_LOG = 404
    OTHER_SIZE = 409
    INCONSISTENT = 422


class NotCosigned(Exception):
    """The witness does not cosign. ``size``: that of the checkpoint it cosigned last, told with ``OTHER_SIZE``."""

    def __init__(self, why: Why, size: int = 0) -> None:
        super().__init__(f"{why.name.lower()}: last cosigned at size {size}" if size else why.name.lower())
        self.why = why
        self.size = size


@dataclass(frozen=True, slots=True)
class Request:
    """A log asks: the size that the witness saw last, the consistency proof from there, the new checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def __bytes__(self) -> bytes:
        lines = [f"old {self.old}", *map(encode_base64, self.proof), "", ""]
        return "\n".join(lines).encode() + self.checkpoint


@dataclass(frozen=True, slots=True)
class KnownLog:
    """A log that the witness watches: its keys, and the checkpoint that was cosigned last, if any."""

    keys: Sequence[VerifierKey]
    last: Checkpoint | None = None


def parse_request(data: bytes) -> Request:
    """The body of a request; the checkpoint is well-formed, not verified. Raises ``BadNote``."""
    head, gap, tail = decode_text(data).partition("\n\n")
    first, *lines = head.split("\n")
    if not gap or not first.startswith("old ") or len(lines) > MOST_HASHES:
        raise BadNote("a request is an old size, up to 63 hashes, an empty line and a checkpoint")
    checkpoint = tail.encode()
    parse_checkpoint(parse_note(checkpoint).text)
    return Request(decode_number(first.removeprefix("old ")), tuple(map(decode_hash, lines)), checkpoint)


def decide(data: bytes, logs: Mapping[str, KnownLog], signer: SignerKey, time: int) -> tuple[Checkpoint, Signature]:
    """The checkpoint to store, and the line to answer with; raises ``NotCosigned``. ``logs``: by origin."""
    try:
        request = parse_request(data)
    except BadNote:
        raise NotCosigned(Why.MALFORMED) from None
    note: Note = parse_note(request.checkpoint)
    checkpoint = parse_checkpoint(note.text)
    log = logs.get(checkpoint.origin)
    if log is None:
        raise NotCosigned(Why.UNKNOWN_LOG)
    try:
        verify_note(note, log.keys)
    except BadNote:
        raise NotCosigned(Why.NOT_SIGNED) from None
    if request.old > checkpoint.size:
        raise NotCosigned(Why.MALFORMED)
    size, root = (log.last.size, log.last.root) if log.last else (0, EMPTY_ROOT)
    if request.old != size:
        raise NotCosigned(Why.OTHER_SIZE, size)
    if not verify_consistency(size, checkpoint.size, request.proof, root, checkpoint.root):
        raise NotCosigned(Why.INCONSISTENT)
    return checkpoint, cosign(note.text, signer, time)
