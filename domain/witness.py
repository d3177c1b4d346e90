"""A log asks a witness to cosign (c2sp.org/tlog-witness, add-checkpoint): both sides of it, without the HTTP.

A witness keeps of each log the last checkpoint that it cosigned, nothing else, and cosigns the next only if it goes on
from that. Whoever calls ``decide`` stores the new checkpoint before it answers, and only if the last one is still the
one that was given here: two requests at once must not both go on from the same.

A log believes a witness nothing. ``read_answer`` says what an answer claims: lines, which the caller then verifies as
it verifies those that are posted to it, or the size from which to ask again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

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

SIZE_TYPE: Final = "text/x.tlog.size"
"""The media type of an answer that tells the size of the checkpoint cosigned last."""

MOST_ANSWERED: Final = 1 << 16
"""Bytes of an answer that a log reads: some twenty signature lines of the largest kind (ML-DSA-44). Ours."""

FIRST_PAUSE_MS: Final = 15_000
LONGEST_PAUSE_MS: Final = 900_000
"""A witness that failed is asked again after a quarter of a minute, then half, one, …, at last every quarter hour."""

LONGEST_ADDRESS: Final = 500


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


def kept_note(checkpoint: bytes, keys: Sequence[VerifierKey], line: Signature) -> bytes:
    """What a witness keeps and shows to monitors: the checkpoint, the log's signatures it verified, its own line."""
    note = parse_note(checkpoint)
    known = {(key.name, key.id) for key in keys}
    lines = tuple(one for one in note.signatures if (one.name, one.key_id) in known)
    return bytes(Note(note.text, (*lines, line)))


# --- the side of the log ---


class Trouble(Enum):
    """Why a log has no cosignature of a witness that it asked; the value is what is kept of it."""

    UNREACHABLE = "unreachable"
    SLOW = "slow"
    REDIRECT = "redirect"
    TOO_LONG = "too_long"
    STATUS = "status"
    NOT_COSIGNED = "not_cosigned"
    MALFORMED = "malformed"
    NOT_SIGNED = "not_signed"
    UNKNOWN_LOG = "unknown_log"
    AHEAD = "ahead"
    INCONSISTENT = "inconsistent"


_REFUSALS: Final = {
    Why.MALFORMED.value: Trouble.MALFORMED,
    Why.NOT_SIGNED.value: Trouble.NOT_SIGNED,
    Why.UNKNOWN_LOG.value: Trouble.UNKNOWN_LOG,
    Why.INCONSISTENT.value: Trouble.INCONSISTENT,
}
_COSIGNED: Final = 200
_REDIRECTS: Final = range(300, 400)


class NotAnswered(Exception):
    """A witness gave no cosignature; ``detail`` is what else there is to say of it, for the operator."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(f"{trouble.value}: {detail}" if detail else trouble.value)
        self.trouble = trouble
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness answered: HTTP status, media type as it was sent, bytes."""

    status: int
    media: str
    body: bytes


def read_answer(answer: Answer, asked: Request, key: VerifierKey) -> Note | int:
    """What an answer claims: the checkpoint with lines of this witness, not yet verified; or the size to ask from.

    Lines of other keys are passed over (the specification's MUST). Raises ``NotAnswered``.
    """
    if len(answer.body) > MOST_ANSWERED:
        raise NotAnswered(Trouble.TOO_LONG)
    if answer.status == _COSIGNED:
        return _lines(answer.body, asked, key)
    if answer.status == Why.OTHER_SIZE.value:
        return _told_size(answer, asked)
    if answer.status in _REDIRECTS:
        raise NotAnswered(Trouble.REDIRECT, str(answer.status))
    raise NotAnswered(_REFUSALS.get(answer.status, Trouble.STATUS), str(answer.status))


def _lines(body: bytes, asked: Request, key: VerifierKey) -> Note:
    text = parse_note(asked.checkpoint).text
    try:
        note = parse_note(f"{text}\n".encode() + body)
    except BadNote:
        raise NotAnswered(Trouble.NOT_COSIGNED, "no signature lines") from None
    lines = tuple(line for line in note.signatures if (line.name, line.key_id) == (key.name, key.id))
    if note.text != text or not lines:
        raise NotAnswered(Trouble.NOT_COSIGNED, "no line of this witness")
    return Note(text, lines)


def _told_size(answer: Answer, asked: Request) -> int:
    """The size told with a 409. Without another one, at equal sizes: v1.0.0 answers so to another root of one size."""
    is_size = answer.media.partition(";")[0].strip().lower() == SIZE_TYPE and answer.body.endswith(b"\n")
    try:
        size = decode_number(decode_text(answer.body)[:-1]) if is_size else asked.old
    except BadNote:
        size = asked.old
    if size == asked.old:
        same = parse_checkpoint(parse_note(asked.checkpoint).text).size == asked.old
        raise NotAnswered(Trouble.INCONSISTENT if same else Trouble.STATUS, "409 without another size")
    return size


def pause_ms(failures: int) -> int:
    """How long a witness that failed so often in a row is left in peace (milliseconds); none after a cosignature."""
    return min(FIRST_PAUSE_MS << min(failures - 1, 10), LONGEST_PAUSE_MS) if failures else 0


def submission_prefix(url: str) -> str:
    """The address of a witness, without a slash at the end: https, or http on this machine. ``ValueError``.

    ``/add-checkpoint`` is put behind it, so it has no query; and it is kept in the clear, so it has no password.
    """
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST_ADDRESS:
        raise ValueError("The address of a witness is plain ASCII without spaces, at most 500 characters.")
    parts = urlsplit(url)
    host, _ = parts.hostname, parts.port  # a port that is no number is a ValueError
    if not host or any(sign in url for sign in "?#@\\"):
        raise ValueError("The address of a witness is https://HOST/PATH, without user, query and fragment.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _here(host)):
        raise ValueError("The address of a witness begins with https://. Only a witness on this machine may have http.")
    return url.rstrip("/")


def _here(host: str) -> bool:
    """Whether a host is this machine by its very name; nothing is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
